# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The formats of a report for programs: JSON, CSV, JUnit, SARIF, Markdown and OpenMetrics. Each is a pure function."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from .._declarations.csv_files import FORMULA
from .finding import RULES, SEVERITIES, STATES, as_text
from .lineage_findings import attribute_title, consumer_title, identity, matches_text
from .page import FIGURES, page, tenant_title

NAMES = {
    "html": ("index.html",),
    "json": ("report.json",),
    "csv": ("report.csv", "principals.csv"),
    "junit": ("junit.xml",),
    "sarif": ("report.sarif",),
    "markdown": ("summary.md",),
}
"""The files of each format."""
HOME = "https://github.com/entra-attributes/entra.attributes"
GUIDE = f"{HOME}/blob/main/docs/docsite/rst/guide_report.rst"
MOST_LINES = 20
"""Findings that a Markdown summary lists."""
RULE_KINDS = ("matches-nobody", "rule-problem")
"""Kinds of findings that fail the test case of a rule."""
LEVELS = dict(zip(SEVERITIES, ("error", "warning", "note"), strict=True))
"""The levels of SARIF."""
_KINDS = ("users", "service_principals", "agents")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Report = Mapping[str, Any]


def files(report: Report, formats: Iterable[str], logo: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield name and content of each file of a report. `logo` is the data URL of a picture for the page."""
    for form in dict.fromkeys(formats):
        contents = [page(report, logo)] if form == "html" else _FORMATS[form](report)
        yield from zip(NAMES[form], contents, strict=True)


def _json(report: Report) -> Iterator[str]:
    """Yield the report as JSON: a line for each principal and each declared item, which differ line by line."""
    parts = []
    for key, value in report.items():
        if isinstance(value, list) and value:
            lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in value)
            parts.append(f'"{key}": [\n{lines}\n]')
        else:
            parts.append(f'"{key}": {json.dumps(value, ensure_ascii=False)}')
    yield "{\n" + ",\n".join(parts) + "\n}\n"


def _csv(report: Report) -> Iterator[str]:
    """Yield a table with a row for each attribute, then one with a row for each principal."""
    columns = [
        *("attribute_set", "name", "state", "type", "multi_valued", "predefined_values_only", *_KINDS),
        *("distinct_values", "inactive", "outside"),
    ]
    traced = _traced(report)
    yield _table(
        [*columns, "consumers", "unread_values"],
        (
            [*(attribute[column] for column in columns), *traced[number]]
            for number, attribute in enumerate(report["attributes"])
        ),
    )
    names = [(attribute["attribute_set"], attribute["name"]) for attribute in report["attributes"]]
    who = ["type", "agent_type", "id", "display_name", "user_principal_name", "app_id"]
    yield _table(
        [*who, "values", "missing", "bad_values", "drift", *(f"{group}.{name}" for group, name in names)],
        (
            [
                *(row.get(column) for column in who),
                *(row["values"], row["missing"], [bad["attribute"] for bad in row["bad_values"]], row["drift"]),
                *(row["custom_security_attributes"].get(group, {}).get(name) for group, name in names),
            ]
            for row in report["principals"]
        ),
    )


def _traced(report: Report) -> list[tuple[list[str] | None, list[Any] | None]]:
    """Return for each attribute its consumers and the values that none of them reads; null where not known."""
    lineage = report["lineage"]
    if lineage is None:
        return [(None, None)] * len(report["attributes"])
    titles = [consumer_title(consumer) for consumer in lineage["consumers"]]
    return [
        (
            list(dict.fromkeys(titles[number] for number in traced["consumers"])),
            [value["value"] for value in traced["values"] or () if lineage["complete"] and not value["consumers"]],
        )
        for traced in lineage["attributes"]
    ]


def _table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(map(_cell, header))
    writer.writerows(map(_cell, row) for row in rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    """Return a cell that no spreadsheet reads as a formula: an apostrophe precedes each character that begins one."""
    text = "" if value is None or value == [] else as_text(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def xml(text: str) -> str:
    """Return text without the characters that no XML can hold."""
    return _NOT_XML.sub("\ufffd", text)


def _junit(report: Report) -> Iterator[str]:
    """Yield test cases for declared items, required attributes, predefined values and rules of consumers.

    A difference is a failure, and so is a finding about a rule that is not of low severity.
    """
    suites = []
    if report["declared"] is not None:
        cases = ((f"{item['type']} {item['name']}", differences(item)) for item in report["declared"])
        suites.append(_suite("drift", report["made"], cases))
    lacking: dict[str, list[str]] = {}
    bad: dict[str, list[str]] = {}
    for row in report["principals"]:
        who = f"{row['type']} {row['display_name']} ({row['id']})"
        for attribute in row["missing"]:
            lacking.setdefault(attribute, []).append(who)
        for found in row["bad_values"]:
            bad.setdefault(found["attribute"], []).append(f"{who}: {found['standing']} {as_text(found['value'])}")
    required = dict.fromkeys(f"{item['attribute_set']}.{item['name']}" for item in report["required"])
    attributes = (f"{attribute['attribute_set']}.{attribute['name']}" for attribute in report["attributes"])
    suites.append(_suite("required", report["made"], ((name, lacking.get(name, [])) for name in required)))
    suites.append(_suite("values", report["made"], ((name, bad.get(name, [])) for name in attributes)))
    if lineage := report["lineage"]:
        failed: dict[str, list[str]] = {}
        for finding in report["findings"]:
            if finding["kind"] in RULE_KINDS:
                failed.setdefault(finding["key"].partition(" ")[2], []).append(finding["message"])
        rules = ((_rule_name(consumer), failed.get(identity(consumer), [])) for consumer in lineage["consumers"])
        suites.append(_suite("consumers", report["made"], rules))
    root = ElementTree.Element("testsuites", name="custom security attributes")
    for number in ("tests", "failures"):
        root.set(number, str(sum(int(suite.attrib[number]) for suite in suites)))
    root.extend(suites)
    yield ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _rule_name(consumer: Mapping[str, Any]) -> str:
    return f"{consumer_title(consumer)} {consumer['place']}"


def _suite(name: str, made: str, cases: Iterable[tuple[str, Sequence[str]]]) -> ElementTree.Element:
    """Return a test suite of named cases, each with its failures."""
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


def differences(declared: Mapping[str, Any]) -> list[str]:
    """Return how an item differs from its declaration, and why it cannot be applied."""
    changes = [
        f"{change['what']}: is {as_text(change['before'])}, declared is {as_text(change['after'])}"
        for change in declared["changes"]
    ]
    return [*changes, declared["problem"]] if declared["problem"] else changes


def _sarif(report: Report) -> Iterator[str]:
    """Yield the findings as SARIF 2.1.0, each at the lines that declare what it is about."""
    rules = [
        {
            "id": kind,
            "name": rule.title,
            "shortDescription": {"text": rule.title},
            "fullDescription": {"text": rule.reason},
            "defaultConfiguration": {"level": LEVELS[rule.severity]},
            "helpUri": GUIDE,
        }
        for kind, rule in RULES.items()
    ]
    results = [
        {
            "ruleId": finding["kind"],
            "level": LEVELS[finding["severity"]],
            "message": {"text": f"{finding['message']}. {finding['reason']} {finding['advice']}"},
            "partialFingerprints": {"finding/v1": finding["key"]},
            "locations": [_location(place) for place in finding["places"]]
            or [{"logicalLocations": [{"fullyQualifiedName": finding["subject"] or finding["kind"]}]}],
        }
        for finding in report["findings"]
    ]
    driver = {"name": "entra.attributes", "informationUri": HOME, "rules": rules}
    if report["collection_version"]:
        driver["version"] = report["collection_version"]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    yield (
        json.dumps(
            {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]},
            ensure_ascii=False,
            indent=1,
        )
        + "\n"
    )


def _location(place: str) -> dict[str, Any]:
    """Return a place, a file and mostly a line, as SARIF has it."""
    path, _colon, line = place.rpartition(":")
    numbered = path and line.isdigit() and int(line) > 0
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(path if numbered else place)}}
    if numbered:
        physical["region"] = {"startLine": int(line)}
    return {"physicalLocation": physical}


def _uri(path: str) -> str:
    """Return a path as a relative or absolute reference, percent-encoded."""
    safe = "/-._~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(chr(byte) if chr(byte) in safe else f"%{byte:02X}" for byte in path.encode(errors="replace"))


def _markdown(report: Report) -> Iterator[str]:
    """Yield a summary for the page of a pipeline: the verdict, the figures, the findings, what changed."""
    marks = dict(zip(STATES, ("\U0001f534", "\U0001f7e0", "\U0001f7e2"), strict=True))
    lines = [
        f"## {marks[report['state']]} {_md(report['title'])}",
        "",
        f"**{_md(report['verdict'])}**",
        "",
        f"{_md(tenant_title(report))} · {report['made']}",
        "",
        "| Severity | Finding | Principals | What to do |",
        "|---|---|---:|---|",
    ]
    found = report["findings"]
    lines += [
        f"| {finding['severity']} | {_md(finding['message'])} | {len(finding['principals']):,} |"
        f" {_md(finding['advice'])} |"
        for finding in found[:MOST_LINES]
    ]
    if not found:
        lines = lines[:-2]
    if len(found) > MOST_LINES:
        lines += ["", f"And {len(found) - MOST_LINES} more findings; the page has all."]
    if since := report["since"]:
        news = f"{len(since['new'])} new and {len(since['gone'])} resolved findings since {since['made']}."
        lines += ["", news]
    lines += _markdown_consumers(report)
    summary = report["summary"]
    lines += ["", "| Figure | |", "|---|---:|"]
    lines += [f"| {title} | {summary[name]:,} |" for name, title in FIGURES.items() if summary[name] is not None]
    yield "\n".join(lines) + "\n"


def _markdown_consumers(report: Report) -> Iterator[str]:
    """Yield a table of the consumers."""
    lineage = report["lineage"]
    if not lineage or not lineage["consumers"]:
        return
    yield from ["", "| Decides by attributes | State | Attributes | Principals |", "|---|---|---|---:|"]
    for consumer in lineage["consumers"][:MOST_LINES]:
        named = ", ".join(dict.fromkeys(map(attribute_title, consumer["attributes"])))
        cells = [_md(consumer_title(consumer)), _md(consumer["state"] or ""), _md(named), matches_text(consumer)]
        yield f"| {' | '.join(cells)} |"
    if len(lineage["consumers"]) > MOST_LINES:
        yield from ["", f"And {len(lineage['consumers']) - MOST_LINES} more; the page has all."]


def _md(text: str) -> str:
    """Return text on one line, in which Markdown and HTML see no markup."""
    flat = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]()#+!|<>&~-])", r"\\\1", flat)


def metrics(report: Report, seconds: int) -> str:
    """Return the figures as OpenMetrics text, made at so many seconds of Unix time."""
    tenant = _label(report["tenant"]["id"] or "")
    lines = []
    for name, title in FIGURES.items():
        if report["summary"][name] is not None:
            metric = f"entra_attributes_{name}"
            lines += [f"# TYPE {metric} gauge", f"# HELP {metric} {title}."]
            lines.append(f'{metric}{{tenant_id="{tenant}"}} {report["summary"][name]}')
    made = "entra_attributes_report_timestamp_seconds"
    lines += [
        f"# TYPE {made} gauge",
        f"# HELP {made} When the report was made.",
        f'{made}{{tenant_id="{tenant}"}} {seconds}',
    ]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


_FORMATS: dict[str, Callable[[Report], Iterator[str]]] = {
    "json": _json,
    "csv": _csv,
    "junit": _junit,
    "sarif": _sarif,
    "markdown": _markdown,
}
