# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What `report` does: read the tenant, compute the figures, and write them as a page and as files for pipelines."""

from __future__ import annotations

import json
import os
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .._connection import read_files
from .._core.model import KINDS_BY_PLURAL, AttributeSet, Definition, PrincipalKind
from .._core.options import DICT, LIST, TEXT
from .._declarations.assignments import Declaration
from .._declarations.declared import Declared, declared
from .._declarations.locations import Decrypt, no_secret
from .._declarations.storage import (
    Place,
    check_apart,
    check_file,
    check_folder,
    read_regular,
    replace_file,
)
from .._errors import InvalidDeclaration, OptionError
from .._graph.client import Graph
from .._operation import Entry
from .._report.figures import Figures, Requirement
from .._report.findings import SEVERITIES, counted
from .._report.formats import NAMES, files, metrics
from .._report.history import FORMAT, VERSION, Earlier, complete, parse_report
from .._report.page import times
from .._tenant.organization import Organization, describe_identity, read_organization
from .._tenant.permissions import tenant_of
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
        "choices": list(NAMES),
        "default": ["html", "json", "csv", "junit"],
    },
    "compare_to": {"type": "path"},
    "title": {"type": "str", "default": "Custom security attributes"},
    "logo": {"type": "path"},
    "metrics_path": {"type": "path"},
}
MOST_LOGO = 256 * 1024
"""Bytes of a logo."""
_PICTURES: dict[str, bytes | tuple[bytes, ...]] = {
    "image/png": b"\x89PNG\r\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/webp": b"RIFF",
    "image/svg+xml": (b"<svg", b"<?xml"),
}
_MADE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LOCAL = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
_METRIC_TIME = re.compile(r"(?<=timestamp_seconds\{).*")
_SHOWN = ("kind", "severity", "subject", "message", "advice")
"""What the result has of a finding."""
_VALUES = ("predefined_values", "inactive_predefined_values")
"""The properties of a definition that hold values."""

Report = Mapping[str, Any]


def run_report(
    params: Mapping[str, Any],
    graph: Graph,
    check_mode: bool,
    decrypt: Decrypt = no_secret,
    version: str = "",
) -> dict[str, Any]:
    """Run `report`: read everything, then write the files. It has changed if they say something else than before.

    `version` is that of the collection, if known. Raises before it writes anything.
    """
    dest, metrics_path = check_folder("dest", params["dest"]), params["metrics_path"]
    desired = params["desired"]
    wanted = declared(desired, {}, decrypt) if desired else None
    written = [dest / name for form in params["formats"] for name in NAMES[form]]
    if os.path.lexists(dest):
        written = [check_file("dest", path) for path in written]
    outputs: list[Place] = [("dest", path) for path in written]
    inputs: list[Place] = [(name, params[name]) for name in ("desired", "logo") if params[name]]
    inputs += read_files(params)
    for output in outputs:
        check_apart([output], inputs)
    if metrics_path:
        check_apart([("metrics_path", check_file("metrics_path", metrics_path))], [*outputs, *inputs])
    logo = _logo(params["logo"])
    claims = graph.claims()
    organization = read_organization(graph)
    tenant_id = organization.id or tenant_of(claims, params["tenant_id"]) or ""
    earlier = _earlier(params["compare_to"], tenant_id)
    schema = Schema(graph)
    sets, definitions = schema.sets(), schema.definitions()
    required = [Requirement(**one) for one in params["required"]]
    figures = Figures(sets, definitions, required, params["masked_attribute_sets"], compares=wanted is not None)
    if wanted:
        _compare_schema(figures, wanted, sets, definitions)
    certain = True
    for plural in dict.fromkeys(params["principals"]):
        certain = _read(figures, graph, KINDS_BY_PLURAL[plural], wanted) and certain
    now = datetime.now(timezone.utc)
    report: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "made": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "made_local": now.astimezone().isoformat(timespec="seconds"),
        "title": params["title"],
        "tenant": {"id": tenant_id or None, "display_name": organization.display_name, "domain": organization.domain},
        "cloud": params["cloud_environment"],
        "identity": describe_identity(claims),
        "collection_version": version,
        "desired": desired,
        "not_read": _not_read(params, wanted, certain, organization),
        **figures.as_result(),
    }
    complete(report, earlier)
    outcomes = _write(dest, files(report, params["formats"], logo), check_mode)
    if metrics_path:
        text = metrics(report, int(now.timestamp()))
        outcomes.append(_write_metrics(Path(metrics_path), text, check_mode))
    result: dict[str, Any] = {
        "changed": any(outcome["changed"] for outcome in outcomes),
        "files": outcomes,
        "figures": report["summary"],
        "state": report["state"],
        "findings": [
            {key: finding[key] for key in _SHOWN} | {"principals": len(finding["principals"])}
            for finding in report["findings"]
        ],
        "msg": _message(report, dest, outcomes, check_mode),
    }
    warnings = _warnings(params, wanted, certain)
    return {**result, "warnings": warnings} if warnings else result


def _message(report: Report, dest: Path, outcomes: Sequence[Mapping[str, Any]], check_mode: bool) -> str:
    """Return the verdict, the figures and where the files are, in one line."""
    summary = report["summary"]
    names = ", ".join(
        os.path.relpath(outcome["path"], dest) if Path(outcome["path"]).parent == dest else outcome["path"]
        for outcome in outcomes
    )
    figures = ", ".join(f"{summary[severity]} {severity}" for severity in SEVERITIES)
    return (
        f"{report['verdict']} {counted(summary['principals'], 'principal')}, findings: {figures}."
        f" {'Would be' if check_mode else 'Files'} in {dest}: {names}"
    )


def _not_read(
    params: Mapping[str, Any], wanted: Declared | None, certain: bool, organization: Organization
) -> list[dict[str, str]]:
    """Return what the report does not cover, with the reason."""
    left_out = [kind.title for plural, kind in KINDS_BY_PLURAL.items() if plural not in params["principals"]]
    found = [{"what": f"{title}s", "reason": "the option principals leaves them out"} for title in left_out]
    if organization.problem:
        found.append({"what": "name of the tenant", "reason": organization.problem})
    if not certain:
        found.append({"what": "attributes that are hidden from the identity", "reason": PERHAPS_HIDDEN})
    if wanted is None:
        found.append({"what": "drift", "reason": "no declarations were given"})
    if not params["required"]:
        found.append({"what": "required attributes", "reason": "none were given"})
    return found


def _warnings(params: Mapping[str, Any], wanted: Declared | None, certain: bool) -> list[str]:
    warnings = []
    compare_to = params["compare_to"]
    if compare_to and not os.path.lexists(compare_to):
        warnings.append(f"compare_to: {compare_to} does not exist, so this report is compared with none.")
    others = [kind for plural, kind in KINDS_BY_PLURAL.items() if plural not in params["principals"]]
    left_out = [
        f"{kind.title}s" for kind in others if wanted and any(one.who.kind is kind for one in wanted.assignments)
    ]
    if left_out:
        warnings.append(f"desired declares {' and '.join(left_out)}, which principals leaves out.")
    if not certain:
        warnings.append(f"{PERHAPS_HIDDEN} What is hidden is missing in the report.")
    return warnings


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


def _write(dest: Path, files: Iterable[tuple[str, str]], check_mode: bool) -> list[dict[str, Any]]:
    """Write the files, and return which say something else than before, the time aside. Raises OptionError."""
    outcomes = []
    for name, text in files:
        path, content = dest / name, text.encode(errors="replace")
        try:
            before = path.read_bytes() if path.exists() else None
            changed = before is None or _timeless(name, before) != _timeless(name, content)
            if not check_mode and before != content:
                os.makedirs(dest, exist_ok=True)
                replace_file(path, content)
        except OSError as error:
            raise OptionError("dest", f"{error.filename or dest} cannot be used: {error.strerror}") from None
        outcomes.append({"path": str(path), "changed": changed})
    return sorted(outcomes, key=lambda outcome: str(outcome["path"]))


def _timeless(name: str, content: bytes) -> bytes:
    """Return a file without the time it was made at, which stands in it before anything else of that form."""
    made = None if name.endswith(".csv") else _MADE.search(content)
    if not made:
        return content
    local = _LOCAL.search(content) if name.endswith((".html", ".json")) else None
    written = times(made[0].decode(), local[0].decode() if local else made[0].decode())
    for form in sorted(written, key=len, reverse=True):
        content = content.replace(form.encode(), b"")
    return content


def _write_metrics(path: Path, text: str, check_mode: bool) -> dict[str, Any]:
    """Write the metrics, which other accounts can read, since the node exporter has its own. Raises OptionError."""
    try:
        before = path.read_text(errors="replace") if path.exists() else None
        changed = before is None or _METRIC_TIME.sub("", before) != _METRIC_TIME.sub("", text)
        if not check_mode:
            replace_file(path, text.encode())
            if before is None:
                path.chmod(0o644)
    except OSError as error:
        raise OptionError("metrics_path", f"{error.filename or path} cannot be used: {error.strerror}") from None
    return {"path": str(path), "changed": changed}


def _logo(path: str | None) -> str | None:
    """Return a picture as a data URL. Raises OptionError for a file that is not a small picture."""
    if not path:
        return None
    try:
        content = read_regular(path, MOST_LOGO + 1)
    except OSError as error:
        raise OptionError("logo", f"{path} cannot be read: {error.strerror}") from None
    if len(content) > MOST_LOGO:
        raise OptionError("logo", f"{path} is larger than {MOST_LOGO // 1024} KiB")
    for type_, starts in _PICTURES.items():
        if content.lstrip().startswith(starts):
            return f"data:{type_};base64,{b64encode(content).decode()}"
    raise OptionError("logo", f"{path} is not a PNG, JPEG, WebP or SVG picture")


def _earlier(path: str | None, tenant_id: str) -> list[Earlier]:
    """Return the earlier reports of the tenant in a file or folder, the oldest first.

    Reports of other tenants in a folder are left out. Raises OptionError for a file that is no report of the tenant.
    """
    if not path or not os.path.lexists(path):
        return []
    is_folder = os.path.isdir(path)
    paths = sorted([*Path(path).glob("*.json"), *Path(path).glob("*/report.json")]) if is_folder else [Path(path)]
    found = []
    for file in paths:
        try:
            earlier = parse_report(json.loads(read_regular(file)))
        except (OSError, ValueError, RecursionError) as error:
            if is_folder:
                continue
            reason = error.strerror if isinstance(error, OSError) else "it is not JSON"
            raise OptionError("compare_to", f"{file} cannot be read: {reason}") from None
        if earlier and tenant_id in ("", earlier.tenant_id):
            found.append(earlier)
        elif not is_folder:
            reason = "a report of another tenant" if earlier else "not a report.json of this collection"
            raise OptionError("compare_to", f"{file} is {reason}")
    return sorted(found, key=lambda report: report.made)


REPORT = Entry(run_report, REPORT_SPEC)
