# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drift from items that select principals, derive values or end: why each value should be there, and what ends soon."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidDeclaration, OptionError
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BULK

from .conftest import report
from .test_formats import SCHEMA


def day(days: int) -> str:
    """Return the date so many days from now."""
    return (datetime.now(timezone.utc) + timedelta(days=days)).strftime("%Y-%m-%d")


@pytest.fixture
def compared(graph: Graph, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Makes a report that compares with declarations, and returns its JSON."""

    def make(*items: dict[str, Any], **options: Any) -> dict[str, Any]:
        (tmp_path / "desired.json").write_text(json.dumps({"assignments": items}, indent=1))
        options = {"formats": ["html", "json"], "sources": [], **options}
        report(graph, tmp_path / "made", desired=str(tmp_path / "desired.json"), **options)
        document: dict[str, Any] = json.loads((tmp_path / "made" / "report.json").read_text())
        jsonschema.validate(document, SCHEMA)
        return document

    return make


SALES = {"users": {"group": "Sales EMEA"}, "attributes": {"Engineering": {"NumVendors": 7}}}


def drift(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the changes of each principal by its name."""
    return {item["name"]: item["changes"] for item in document["declared"] if item["changes"]}


def test_a_group_is_the_reason_of_a_value(compared: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    document = compared(SALES)
    found = drift(document)
    assert found
    for (change,) in found.values():
        (reason,) = change["reasons"]
        assert (change["what"], change["after"], reason["by"]) == ("Engineering.NumVendors", 7, "group")
        assert "Sales EMEA" in reason["selection"]
        assert "desired.json:" in reason["place"]
    assert all("@" in name for name in found)
    (finding,) = [finding for finding in document["findings"] if finding["kind"] == "drift"]
    assert len(finding["principals"]) == len(found) == document["summary"]["drift"]
    page = (tmp_path / "made" / "index.html").read_text()
    assert ">Why</th>" in page
    assert "users in the group" in page


def test_a_principal_that_has_the_value_knows_its_reason(
    compared: Callable[..., dict[str, Any]], tenant: Tenant, tmp_path: Path
) -> None:
    tenant.run(BULK, assignments=[SALES])
    document = compared(SALES)
    assert drift(document) == {}
    reasons = {item["name"]: item["reasons"] for item in document["declared"]}
    assert reasons
    assert {reason["attribute"] for of_item in reasons.values() for reason in of_item} == {"Engineering.NumVendors"}
    data = json.loads(
        (tmp_path / "made" / "index.html").read_text().partition('id="data">')[2].partition("</script>")[0]
    )
    assert len(data["reasons"]) == 1
    assert "Sales EMEA" in data["reasons"][0]
    assert len([row for row in data["rows"] if len(row) == 7]) == len(reasons)


def test_an_item_that_ends_within_warn_days_is_a_finding(compared: Callable[..., dict[str, Any]]) -> None:
    soon, later = {**SALES, "expires": day(5)}, {**SALES, "expires": day(40)}
    document = compared(soon)
    (ending,) = document["endings"]
    assert (ending["expires"], ending["attributes"]) == (day(5), ["Engineering.NumVendors"])
    (finding,) = [finding for finding in document["findings"] if finding["kind"] == "ends-soon"]
    assert f"lose Engineering.NumVendors after {day(5)}" in finding["message"]
    assert finding["places"] == [ending["place"]]
    assert drift(document)[next(iter(drift(document)))][0]["reasons"][0]["expires"] == day(5)
    assert compared(later)["endings"] == []
    assert len(compared(later, warn_days=60)["endings"]) == 1
    with pytest.raises(OptionError, match="warn_days: must be at least 0, not -1"):
        compared(later, warn_days=-1)


def test_a_value_of_an_item_that_has_ended_is_drift(compared: Callable[..., dict[str, Any]], tenant: Tenant) -> None:
    tenant.run(BULK, assignments=[SALES])
    found = drift(compared({**SALES, "expires": day(-2)}))
    assert found
    assert {change["after"] for changes in found.values() for change in changes} == {None}


def test_a_derived_value_that_does_not_fit_is_a_problem_of_its_principal(
    compared: Callable[..., dict[str, Any]],
) -> None:
    derived = {"NumVendors": {"from": "displayName"}}
    item = {"users": {"group": "Sales EMEA"}, "attributes": {"Engineering": derived}}
    document = compared(item)
    problems = [declared["problem"] for declared in document["declared"]]
    assert all("Engineering.NumVendors" in problem for problem in problems)
    assert problems
    masked = compared(item, masked_attribute_sets=["Engineering"])
    assert {declared["problem"] for declared in masked["declared"]} == {
        "value of Engineering.NumVendors: does not fit, and is masked."
    }


def test_a_property_that_is_missing_is_in_the_scope(compared: Callable[..., dict[str, Any]]) -> None:
    derived = {
        "Project": {"add": ["Baker"]},
        "ProjectDate": {"from": "onPremisesExtensionAttributes.extensionAttribute7"},
    }
    document = compared({"users": {"group": "Sales EMEA"}, "attributes": {"Engineering": derived}})
    assert any("property is missing" in entry["reason"] for entry in document["not_read"])


def test_reasons_quote_no_masked_value(compared: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    where = [{"attribute_set": "Engineering", "name": "NumVendors", "operator": "ne", "value": 4711}]
    item = {"users": {"group": "Sales EMEA", "where": where}, "attributes": {"Marketing": {"EmployeeId": "E-1"}}}
    document = compared(item, masked_attribute_sets=["Engineering"])
    assert drift(document)
    assert [file for file in (tmp_path / "made").iterdir() if "4711" in file.read_text()] == []


def test_items_that_contradict_each_other_are_an_error(compared: Callable[..., dict[str, Any]]) -> None:
    other = {**SALES, "attributes": {"Engineering": {"NumVendors": 8}}}
    with pytest.raises(InvalidDeclaration, match=r"want different values of Engineering\.NumVendors"):
        compared(SALES, other)


def test_items_of_kinds_that_are_not_read_are_a_warning(graph: Graph, tmp_path: Path) -> None:
    (tmp_path / "desired.json").write_text(json.dumps({"assignments": [SALES]}))
    options = {"desired": str(tmp_path / "desired.json"), "principals": ["service_principals"], "formats": ["json"]}
    result = report(graph, tmp_path / "made", **options)
    assert result["warnings"] == ["desired declares users, which principals leaves out."]
