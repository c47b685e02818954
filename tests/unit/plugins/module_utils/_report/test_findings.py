# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings and verdict of a report, their repairs, and how reports are compared."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.entra.attributes.plugins.module_utils._report import findings as _findings
from ansible_collections.entra.attributes.plugins.module_utils._report.finding import RULES, scalar
from ansible_collections.entra.attributes.plugins.module_utils._report.findings import find, verdict
from ansible_collections.entra.attributes.plugins.module_utils._report.history import (
    FORMAT,
    VERSION,
    changes,
    complete,
    parse_report,
    point,
    series,
)

ROOT = Path(__file__).resolve().parents[5]
ADELE = {"id": "1", "type": "user", "display_name": "Adele", "user_principal_name": "adele@contoso.com"}
AGENT = {"id": "2", "type": "service_principal", "agent_type": "agentIdentity", "display_name": "A", "app_id": "9"}
APP = {"id": "3", "type": "service_principal", "display_name": "B", "app_id": "no"}


def row(principal: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**principal, "missing": [], "bad_values": [], "custom_security_attributes": {}, **more}


def attribute(name: str, state: str = "present", users: int = 0) -> dict[str, Any]:
    return {"attribute_set": "Set", "name": name, "state": state, "users": users, "service_principals": 0}


def report(**more: Any) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "made": "2026-11-26T00:00:00Z",
        "tenant": {"id": "t"},
        "desired": None,
        "summary": {"principals": 3, "drift": None},
        "masked_attribute_sets": [],
        "attributes": [],
        "required": [],
        "declared": None,
        "limits": [],
        "principals": [],
        "lineage": None,
        "endings": None,
        **more,
    }


def missing(*principals: dict[str, Any]) -> dict[str, Any]:
    return report(
        required=[{"attribute_set": "Set", "name": "Name"}],
        principals=[row(principal, missing=["Set.Name"]) for principal in principals],
    )


def test_a_required_attribute_that_is_missing_is_one_finding_with_a_declaration() -> None:
    (finding,) = find(missing(ADELE, AGENT))
    assert (finding.kind, finding.severity, finding.principals) == ("missing", "high", ("1", "2"))
    assert finding.message == "2 principals lack the required attribute Set.Name"
    assert finding.details == ("1 agent identity",)
    assert yaml.safe_load(finding.code) == {
        "assignments": [
            {"user": "adele@contoso.com", "attributes": {"Set": {"Name": "VALUE"}}},
            {"service_principal": "2", "attributes": {"Set": {"Name": "VALUE"}}},
        ]
    }


def test_text_that_yaml_reads_otherwise_is_quoted() -> None:
    (finding,) = find(missing(APP))
    assert yaml.safe_load(finding.code)["assignments"][0]["service_principal"] == "no"
    for value in (
        "no",
        "1",
        "a: b",
        "#",
        "{{ x }}",
        "x\ny",
        "- a",
        'q"',
        "",
        "2026-01-01",
        "null",
        "caf\u00e9",
        True,
        8,
    ):
        assert yaml.safe_load(f"a: {scalar(value)}") == {"a": value}


def test_bad_values_suggest_a_definition_and_masked_ones_do_not() -> None:
    bad = [
        {"attribute": "Set.Name", "standing": "inactive", "value": ["old"]},
        {"attribute": "Set.Name", "standing": "outside", "value": ["odd"]},
    ]
    inactive, outside = find(report(principals=[row(ADELE, bad_values=bad)]))
    assert (inactive.kind, outside.kind) == ("inactive", "not-predefined")
    assert yaml.safe_load(inactive.code)["definitions"][0]["predefined_values"] == ["old"]
    masked = [{**entry, "value": {"masked": 1}} for entry in bad]
    found = find(report(principals=[row(ADELE, bad_values=masked)], masked_attribute_sets=["Set"]))
    assert [finding.code for finding in found] == ["", ""]


def test_deprecated_attributes_and_limits() -> None:
    principal = row(ADELE, custom_security_attributes={"Set": {"Old": "x"}})
    limits = [
        {"limit": "predefined values", "of": "Set.Name", "used": 80, "allowed": 100, "near": True},
        {"limit": "attribute sets in the tenant", "of": "", "used": 500, "allowed": 500, "near": True},
        {"limit": "active definitions in the tenant", "of": "", "used": 5, "allowed": 500, "near": False},
    ]
    found = find(report(attributes=[attribute("Old", "deprecated", 1)], principals=[principal], limits=limits))
    assert [(finding.kind, finding.severity) for finding in found] == [
        ("limit-reached", "high"),
        ("deprecated", "medium"),
        ("limit-near", "low"),
    ]
    assert yaml.safe_load(found[1].code)["assignments"][0]["attributes"] == {"Set": {"Old": None}}
    assert found[2].message == "80 of 100 predefined values (Set.Name)"


def test_drift_names_the_declarations_and_the_command() -> None:
    declared = [
        {**entry, "changes": entry.get("changes", []), "problem": entry.get("problem", "")}
        for entry in (
            {"type": "user", "name": "adele", "id": "1", "place": "a.yml:3",
             "changes": [{"what": "Set.Name", "before": "a", "after": "b"}]},
            {"type": "user", "name": "ghost", "place": "a.yml:5", "problem": "There is no user of that name."},
            {"type": "user", "name": "alex", "id": "4", "place": "a.yml:7", "problem": "Set.Name: does not fit"},
            {"type": "definition", "name": "Set.New",
             "changes": [{"what": "state", "before": "absent", "after": "present"}]},
            {"type": "attribute_set", "name": "Set", "changes": [{"what": "description", "before": "a", "after": "b"}]},
            {"type": "definition", "name": "Set.Name", "problem": "type is string and cannot become integer"},
            {"type": "user", "name": "same", "id": "5"},
        )
    ]  # fmt: skip
    found = find(report(declared=declared), "my folder")
    by_kind = {kind: [finding for finding in found if finding.kind == kind] for kind in RULES}
    (drift,) = by_kind["drift"]
    assert (drift.subject, drift.principals, drift.places) == ("Set.Name", ("1",), ("a.yml:3",))
    assert drift.code.endswith("-e reconcile_src='my folder' --check --diff")
    assert [finding.message for finding in by_kind["schema-drift"]] == [
        "The attribute set Set differs from its declaration in description",
        "The definition Set.New does not exist",
    ]
    (unresolved,) = by_kind["unresolved"]
    assert (unresolved.places, unresolved.details) == (("a.yml:5",), ("ghost: There is no user of that name.",))
    (invalid,) = by_kind["invalid"]
    assert (len(invalid.details), invalid.principals, invalid.places) == (2, ("4",), ("a.yml:7",))


@pytest.mark.parametrize(
    ("found", "state", "sentence"),
    [
        (missing(ADELE), "at_risk", "At risk: 1 principal lacks a required attribute."),
        (
            report(attributes=[attribute("Old", "deprecated", 1)], principals=[row(ADELE)]),
            "needs_attention",
            "Needs attention: 1 deprecated attribute is in use.",
        ),
        (
            report(),
            "all_well",
            "All well: 3 principals checked, nothing needs attention."
            " No declarations and no required attributes were given to check.",
        ),
        (
            report(declared=[], required=[{"attribute_set": "Set", "name": "Name"}]),
            "all_well",
            "All well: 3 principals checked, nothing needs attention.",
        ),
    ],
)
def test_the_verdict_is_one_sentence(found: dict[str, Any], state: str, sentence: str) -> None:
    assert (_findings.state(find(found)), verdict(found, find(found))) == (state, sentence)


def completed(document: dict[str, Any], *earlier: dict[str, Any]) -> dict[str, Any]:
    complete(document, [entry for part in earlier if (entry := parse_report(part))])
    return document


def test_what_changed_since_an_earlier_report() -> None:
    first = completed({**missing(ADELE, APP), "made": "2026-01-01T00:00:00Z"})
    second = completed({**missing(ADELE, AGENT), "made": "2026-02-01T00:00:00Z"}, first)
    assert second["since"]["moved"] == [
        {"key": "missing Set.Name", "message": "2 principals lack the required attribute Set.Name", "new": 1, "gone": 1}
    ]
    third = completed({**report(), "made": "2026-03-01T00:00:00Z"}, second)
    assert third["since"] == {
        "made": "2026-02-01T00:00:00Z",
        "new": [],
        "gone": [{"key": "missing Set.Name", "message": "2 principals lack the required attribute Set.Name"}],
        "moved": [],
        "figures": {"high": {"before": 1, "now": 0}},
    }
    assert [entry["made"][:7] for entry in third["history"]] == ["2026-01", "2026-02"]
    assert [entry["high"] for entry in third["history"]] == [1, 1]
    assert first["since"] is None


def test_a_series_has_each_report_once_and_only_earlier_ones() -> None:
    reports = [completed({**report(), "made": f"2026-0{month}-01T00:00:00Z"}) for month in (3, 1, 2)]
    earlier = [entry for part in [*reports, *reports] if (entry := parse_report(part))]
    assert [entry["made"][:7] for entry in series(earlier, "2026-03-01T00:00:00Z")] == ["2026-01", "2026-02"]


@pytest.mark.parametrize(
    "spoiled",
    [
        [],
        {},
        {"format": FORMAT, "version": 2},
        {**completed(report()), "findings": 8},
        {**completed(report()), "tenant": None},
        {**completed(report()), "summary": []},
        {**completed(report()), "history": [8]},
    ],
)
def test_what_is_no_report_is_nothing(spoiled: object) -> None:
    assert parse_report(spoiled) is None


def test_figures_are_numbers_or_unknown() -> None:
    odd = completed(report(summary={"principals": 3, "drift": "<b>"}))
    earlier = parse_report(odd)
    assert earlier is not None
    assert earlier.summary["drift"] is None
    assert point(odd)["drift"] is None
    assert changes(completed(report(summary={"drift": 1, "principals": 3})), earlier)["figures"]["drift"]["now"] == 1


def test_the_guide_lists_each_kind_with_its_severity() -> None:
    guide = (ROOT / "docs/docsite/rst/guide_report.rst").read_text()
    assert dict(re.findall(r"\* - ``([\w-]+)``\n    - (high|medium|low)\n", guide)) == {
        kind: rule.severity for kind, rule in RULES.items()
    }
