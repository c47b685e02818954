# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What `report` does: read the tenant, compute the figures, and write them as a page and as files for pipelines."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from .._connection import read_files
from .._core.model import KINDS_BY_PLURAL, AttributeSet, Definition, PrincipalKind
from .._core.options import DICT, LIST, TEXT
from .._declarations.assignments import Declaration
from .._declarations.csv_files import FORMULA
from .._declarations.declared import Declared, declared
from .._declarations.locations import Decrypt, no_secret
from .._declarations.storage import (
    check_apart,
    check_file,
    check_folder,
    replace_file,
)
from .._errors import InvalidDeclaration, OptionError
from .._graph.client import Graph
from .._operation import Entry
from .._report.figures import KINDS, Figures, Requirement
from .._report.page import HAS_PYGAL, page, told, xml
from .._tenant.principals import Directory
from .._tenant.schema import Schema
from .._tenant.visibility import PERHAPS_HIDDEN, Visibility
from .reconcile import schema_steps

REPORT_SPEC: dict[str, Any] = {
    "dest": {"type": "path", "required": True},
    "desired": {"type": "path"},
    "required": {
        "type": LIST,
        "elements": DICT,
        "default": [],
        "options": {
            "attribute_set": {"type": TEXT, "required": True},
            "name": {"type": TEXT, "required": True},
            "principal_type": {"type": "str", "choices": ["user", "service_principal", "agent"]},
        },
    },
    "masked_attribute_sets": {"type": LIST, "elements": TEXT, "default": []},
    "principals": {
        "type": "list",
        "elements": "str",
        "choices": list(KINDS_BY_PLURAL),
        "default": list(KINDS_BY_PLURAL),
    },
    "formats": {
        "type": "list",
        "elements": "str",
        "choices": ["html", "json", "csv", "junit"],
        "default": ["html", "json", "csv", "junit"],
    },
}
NAMES = {
    "html": ("index.html",),
    "json": ("report.json",),
    "csv": ("report.csv", "principals.csv"),
    "junit": ("junit.xml",),
}
"""The files of each format."""
_MADE = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ")
_VALUES = ("predefined_values", "inactive_predefined_values")
"""The properties of a definition that hold values."""

Report = Mapping[str, Any]


def run_report(
    params: Mapping[str, Any], graph: Graph, check_mode: bool, decrypt: Decrypt = no_secret
) -> dict[str, Any]:
    """`report`: everything is read, then the files are written. It has changed if it says something else than before.

    Raises before it writes anything.
    """
    dest = check_folder("dest", params["dest"])
    wanted = declared(params["desired"], {}, decrypt) if params["desired"] else None
    written = [dest / name for one in params["formats"] for name in NAMES[one]]
    if os.path.lexists(dest):
        written = [check_file("dest", path) for path in written]
    read = [("desired", params["desired"])] * bool(params["desired"]) + read_files(params)
    for path in written:
        check_apart([("dest", path)], read)
    schema = Schema(graph)
    sets, definitions = schema.sets(), schema.definitions()
    required = [Requirement(**one) for one in params["required"]]
    figures = Figures(sets, definitions, required, params["masked_attribute_sets"], compares=wanted is not None)
    if wanted:
        _compare_schema(figures, wanted, sets, definitions)
    certain = True
    for plural in dict.fromkeys(params["principals"]):
        certain = _read(figures, graph, KINDS_BY_PLURAL[plural], wanted) and certain
    made = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    tenant = params["tenant_id"] or graph.claims().get("tid") or ""
    report = {"made": made, "tenant": tenant, **figures.as_result()}
    files = {name: text for one in dict.fromkeys(params["formats"]) for name, text in _FORMATS[one](report).items()}
    outcome = _write(dest, files, check_mode)
    warnings = []
    others = [kind for plural, kind in KINDS_BY_PLURAL.items() if plural not in params["principals"]]
    left_out = [
        f"{kind.title}s" for kind in others if wanted and any(one.who.kind is kind for one in wanted.assignments)
    ]
    if left_out:
        warnings.append(f"desired declares {' and '.join(left_out)}, which principals leaves out.")
    if not certain:
        warnings.append(f"{PERHAPS_HIDDEN} What is hidden is missing in the report.")
    if "html" in params["formats"] and not HAS_PYGAL:
        warnings.append("The page has no charts, only tables, as the Python library pygal is not installed.")
    result = {**outcome, "figures": report["summary"]}
    return {**result, "warnings": warnings} if warnings else result


def _read(figures: Figures, graph: Graph, kind: PrincipalKind, wanted: Declared | None) -> bool:
    """Count all principals of a kind and compare those that are declared; return whether nothing may be hidden.

    Raises OptionError for one that is declared twice, AttributesHidden where Graph hides what is assigned.
    """
    declarations = [one for one in (wanted.assignments if wanted else ()) if one.who.kind is kind]
    by_name = {one.who.identity: one for one in declarations}
    properties = {one.who.by for one in declarations} - {""}
    met: dict[tuple[str, str], list[str]] = {}
    seen: set[str] = set()
    for principal in Directory(graph).select(kind, properties=properties):
        shown = principal.as_result()
        seen.update(attribute.attribute_set for attribute in principal.assignments)
        figures.add(shown, principal.assignments)
        for one in (by_name[identity] for identity in principal.identities if identity in by_name):
            met.setdefault(one.who.identity, []).append(principal.id)
            figures.compare(_key(one), shown, one.who.name, principal.assignments, one.desired, one.attribute_sets)
    by_id: dict[str, Declaration] = {}
    for one in declarations:
        found = met.get(one.who.identity, [])
        if len(found) == 1 and (other := by_id.setdefault(found[0], one)) is not one:
            labels = f"{other.label} and {one.label}"
            raise OptionError("desired", f"{kind.title} {found[0]} is declared twice, in {labels}")
        if not found:
            figures.declare(_key(one), kind.name, one.who.name, problem=f"There is no {kind.title} of that name.")
        elif len(found) > 1:
            figures.declare(
                _key(one), kind.name, one.who.name, problem=f"Several {kind.title}s are called so: {', '.join(found)}."
            )
    unseen = {attribute.attribute_set for attribute in figures.definitions} - seen
    hidden = [one for one in figures.definitions.values() if one.attribute_set in unseen]
    return Visibility(graph).check_unseen(kind, hidden, unseen, named=False)


def _key(declaration: Declaration) -> str:
    who = declaration.who
    return " ".join(filter(None, [who.kind.name, who.by, who.name]))


def _compare_schema(
    figures: Figures, wanted: Declared, sets: Sequence[AttributeSet], definitions: Sequence[Definition]
) -> None:
    """Note how attribute sets and definitions differ from what is declared, as the role reconcile would see each."""
    tenant = {
        "attribute_sets": [attribute_set.as_result() for attribute_set in sets],
        "definitions": [definition.as_result() for definition in definitions],
    }
    declared_sets = {item["name"]: item for item in wanted.attribute_sets}
    for item in wanted.attribute_sets:
        differences = _differences({"attribute_sets": [item], "definitions": []}, tenant, item["name"])
        figures.declare(f"attribute_set {item['name']}", "attribute_set", item["name"], *differences)
    for item in wanted.definitions:
        home, name = item["attribute_set"], f"{item['attribute_set']}.{item['name']}"
        around = [declared_sets[home]] if home in declared_sets else []
        changes, problem = _differences({"attribute_sets": around, "definitions": [item]}, tenant, name)
        for change in changes:
            if change["what"] in _VALUES:
                change.update({key: figures.shown(home, change[key]) for key in ("before", "after")})
        if problem and figures.is_masked(home):
            problem = "It cannot be made so. Why is masked."
        figures.declare(f"definition {name}", "definition", name, changes, problem)


def _differences(item: Mapping[str, Any], tenant: Mapping[str, Any], name: str) -> tuple[list[dict[str, Any]], str]:
    """The properties that differ, and why it cannot be made so, if that is the case."""
    try:
        drifts = [one for one in schema_steps(item, tenant, {}).drifts if one["object"] == name]
    except InvalidDeclaration as error:
        return [], str(error)
    new = {"what": "state", "before": "absent", "after": "present"}
    return [
        {"what": one["attribute"], "before": one["before"], "after": one["after"]} if one["attribute"] else new
        for one in drifts
    ], ""


def _html(report: Report) -> dict[str, str]:
    return {"index.html": page(report)}


def _json(report: Report) -> dict[str, str]:
    return {"report.json": json.dumps(report, ensure_ascii=False, indent=1) + "\n"}


def _csv(report: Report) -> dict[str, str]:
    """A row per attribute, and a row per principal with a column per attribute."""
    columns = [
        *("attribute_set", "name", "state", "type", "multi_valued", "predefined_values_only", *KINDS),
        *("distinct_values", "inactive", "outside"),
    ]
    attributes = ([one[column] for column in columns] for one in report["attributes"])
    names = [(one["attribute_set"], one["name"]) for one in report["attributes"]]
    who = ["type", "agent_type", "id", "display_name", "user_principal_name", "app_id"]
    principals = (
        [
            *(one.get(column) for column in who),
            *(one["values"], one["missing"], [bad["attribute"] for bad in one["bad_values"]], one["drift"]),
            *(one["custom_security_attributes"].get(group, {}).get(name) for group, name in names),
        ]
        for one in report["principals"]
    )
    header = [*who, "values", "missing", "bad_values", "drift", *(f"{group}.{name}" for group, name in names)]
    return {"report.csv": _table(columns, attributes), "principals.csv": _table(header, principals)}


def _table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(map(_cell, header))
    writer.writerows(map(_cell, row) for row in rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe goes before whatever could begin one."""
    text = "" if value is None or value == [] else told(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _junit(report: Report) -> dict[str, str]:
    """Test cases for what is declared, required, and predefined; what is not so is a failure."""
    suites = []
    if report["declared"] is not None:
        cases = ((f"{one['type']} {one['name']}", _told(one)) for one in report["declared"])
        suites.append(_suite("drift", report["made"], cases))
    lacking: dict[str, list[str]] = {}
    bad: dict[str, list[str]] = {}
    for one in report["principals"]:
        who = f"{one['type']} {one['display_name']} ({one['id']})"
        for attribute in one["missing"]:
            lacking.setdefault(attribute, []).append(who)
        for found in one["bad_values"]:
            bad.setdefault(found["attribute"], []).append(f"{who}: {found['standing']} {told(found['value'])}")
    required = dict.fromkeys(f"{one['attribute_set']}.{one['name']}" for one in report["required"])
    attributes = (f"{one['attribute_set']}.{one['name']}" for one in report["attributes"])
    suites.append(_suite("required", report["made"], ((name, lacking.get(name, [])) for name in required)))
    suites.append(_suite("values", report["made"], ((name, bad.get(name, [])) for name in attributes)))
    root = ElementTree.Element("testsuites", name="custom security attributes")
    for number in ("tests", "failures"):
        root.set(number, str(sum(int(suite.attrib[number]) for suite in suites)))
    root.extend(suites)
    return {"junit.xml": ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"}


def _suite(name: str, made: str, cases: Iterable[tuple[str, Sequence[str]]]) -> ElementTree.Element:
    """A test suite of named cases, each with its failures, if any."""
    suite = ElementTree.Element("testsuite", name=name, timestamp=made)
    failures = 0
    for title, failed in cases:
        case = ElementTree.SubElement(suite, "testcase", classname=f"entra.attributes.{name}", name=xml(title))
        if failed:
            failures += 1
            message = failed[0] if len(failed) == 1 else f"{len(failed)} differ"
            ElementTree.SubElement(case, "failure", message=xml(message)).text = xml("\n".join(failed))
    suite.attrib.update(tests=str(len(suite)), failures=str(failures))
    return suite


def _told(declaration: Mapping[str, Any]) -> list[str]:
    """How something differs from what is declared, and why it cannot be made so."""
    changes = [
        f"{one['what']}: is {told(one['before'])}, declared is {told(one['after'])}" for one in declaration["changes"]
    ]
    return [*changes, declaration["problem"]] if declaration["problem"] else changes


_FORMATS: dict[str, Callable[[Report], dict[str, str]]] = {"html": _html, "json": _json, "csv": _csv, "junit": _junit}


def _write(dest: Path, files: Mapping[str, str], check_mode: bool) -> dict[str, Any]:
    """Write the files, and tell which say something else than before, the time aside. Raises OptionError."""
    outcomes = []
    try:
        for name, text in sorted(files.items()):
            path, content = dest / name, text.encode(errors="replace")
            before = path.read_bytes() if path.exists() else None
            changed = before is None or _timeless(name, before) != _timeless(name, content)
            if not check_mode and before != content:
                os.makedirs(dest, exist_ok=True)
                replace_file(path, content)
            outcomes.append({"path": str(path), "changed": changed})
    except OSError as error:
        raise OptionError("dest", f"{error.filename or dest} cannot be read or written: {error.strerror}") from None
    return {"changed": any(one["changed"] for one in outcomes), "files": outcomes}


def _timeless(name: str, content: bytes) -> bytes:
    """A file without the time it was made at, which stands in it before anything else of that form."""
    made = None if name.endswith(".csv") else _MADE.search(content)
    return content.replace(made.group(), b"") if made else content


REPORT = Entry(run_report, REPORT_SPEC)
