# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures of a report, counted again here from the raw tenant; the files; and that masked values are in none."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from _emulator import Emulator
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import Exactly
from ansible_collections.entra.attributes.plugins.module_utils._core.model import (
    KINDS,
    USER,
    AttributeSet,
    Definition,
    Principal,
    PrincipalReference,
    flat,
)
from ansible_collections.entra.attributes.plugins.module_utils._declarations.assignments import Declaration
from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    AttributesHidden,
    GraphError,
    OptionError,
    UndefinedAttribute,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._report.compare import Comparison
from ansible_collections.entra.attributes.plugins.module_utils._report.figures import Figures, Mask, Requirement
from ansible_collections.entra.attributes.plugins.module_utils._tenant.wire import parse_assignments

from ...conftest import ADELE
from .conftest import FORMULA, NASTY, report

AGENT_TYPES = ["agentUser", "agentIdentity", "agentIdentityBlueprintPrincipal"]
SETS = [AttributeSet("One", max_attributes=2), AttributeSet("Two")]
DEFINITIONS = [
    Definition("One", "Free", "String"),
    Definition("One", "Listed", "String", collection=True, predefined_only=True, predefined={"a": True, "b": False}),
    Definition("Two", "Number", "Integer", collection=True, predefined_only=True, predefined={"1": True, "-2": False}),
    Definition("Two", "Old", "Boolean", deprecated=True),
]
TEXTS = st.sampled_from(["a", "b", "c", "=1+1", "<b>"])
CUSTOMS = st.fixed_dictionaries(
    {},
    optional={
        "One": st.fixed_dictionaries({}, optional={"Free": TEXTS, "Listed": st.lists(TEXTS, unique=True)}),
        "Two": st.fixed_dictionaries(
            {}, optional={"Number": st.lists(st.integers(-3, 3), unique=True), "Old": st.booleans()}
        ),
    },
)


@st.composite
def principals(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Objects as Graph has them, with `type` besides."""
    found = []
    for number in range(draw(st.integers(0, 12))):
        type_ = draw(st.sampled_from(["user", "service_principal"]))
        agents = AGENT_TYPES[:1] if type_ == "user" else AGENT_TYPES[1:]
        found.append(
            {
                "id": f"id-{number}",
                "type": type_,
                "agent": draw(st.sampled_from(["", *agents])),
                "customs": draw(st.one_of(st.none(), CUSTOMS)),
            }
        )
    return found


def figures_of(found: list[dict[str, Any]], *required: Requirement, masked: tuple[str, ...] = ()) -> dict[str, Any]:
    figures = Figures(SETS, DEFINITIONS, required, Mask(masked))
    for one in found:
        held = parse_assignments({"customSecurityAttributes": one["customs"]}, "GET /users")
        kind = KINDS[one["type"]]
        figures.add(Principal(kind, one["id"], f"Name of {one['id']}", f"key-{one['id']}", one["agent"], held))
    return figures.as_result()


def values_of(one: dict[str, Any], attribute_set: str, name: str) -> list[Any]:
    value = ((one["customs"] or {}).get(attribute_set) or {}).get(name, [])
    return value if isinstance(value, list) else [value]


def holders(found: list[dict[str, Any]], attribute_set: str, name: str) -> list[dict[str, Any]]:
    return [one for one in found if values_of(one, attribute_set, name)]


@pytest.mark.slow
@given(principals())
def test_coverage_and_distribution_are_those_of_the_raw_tenant(found: list[dict[str, Any]]) -> None:
    told = figures_of(found)
    for one in told["attributes"]:
        held = holders(found, one["attribute_set"], one["name"])
        assert one["users"] == sum(other["type"] == "user" for other in held)
        assert one["service_principals"] == len(held) - one["users"]
        assert one["agents"] == sum(bool(other["agent"]) for other in held)
        values = [value for other in held for value in values_of(other, one["attribute_set"], one["name"])]
        shown = {str(value["value"]): value["principals"] for value in one["distribution"] if value["principals"]}
        assert shown == {str(value): values.count(value) for value in values}
        assert one["distinct_values"] == len(shown)
    for attribute_set in told["attribute_sets"]:
        held = [one for one in found if any((one["customs"] or {}).get(attribute_set["name"], {}).get(name) not in
                (None, []) for name in ("Free", "Listed", "Number", "Old"))]  # fmt: skip
        assert attribute_set["users"] + attribute_set["service_principals"] == len(held)
    assert told["summary"]["principals"] == len(found)
    assert told["summary"]["with_values"] == sum(row["values"] > 0 for row in told["principals"])


@pytest.mark.slow
@given(principals())
def test_bad_values_and_missing_ones_are_those_of_the_raw_tenant(found: list[dict[str, Any]]) -> None:
    told = figures_of(found, Requirement("One", "Free"), Requirement("Two", "Number", "agent"))
    bad = {
        one["id"]
        for one in found
        if set(values_of(one, "One", "Listed")) - {"a"} or set(values_of(one, "Two", "Number")) - {1}
    }
    lacking = {one["id"] for one in found if not values_of(one, "One", "Free")}
    lacking |= {one["id"] for one in found if one["agent"] and not values_of(one, "Two", "Number")}
    assert {row["id"] for row in told["principals"] if row["bad_values"]} == bad
    assert {row["id"] for row in told["principals"] if row["missing"]} == lacking
    assert told["summary"]["bad_values"] == len(bad)
    assert told["summary"]["missing_required"] == len(lacking)
    assert told["required"][1]["principals"] == sum(bool(one["agent"]) for one in found)
    inactive = sum("b" in values_of(one, "One", "Listed") for one in found)
    outside = sum(bool(set(values_of(one, "One", "Listed")) - {"a", "b"}) for one in found)
    listed = next(one for one in told["attributes"] if one["name"] == "Listed")
    assert (listed["inactive"], listed["outside"]) == (inactive, outside)
    assert told["summary"]["deprecated_in_use"] == bool(holders(found, "Two", "Old"))


@pytest.mark.slow
@given(principals())
def test_of_masked_sets_only_counts_are_told(found: list[dict[str, Any]]) -> None:
    told = figures_of(found, masked=("One",))
    assert not re.search(r'"(a|b|c|=1\+1|<b>)"', json.dumps(told))
    assert [one["users"] for one in told["attributes"]] == [one["users"] for one in figures_of(found)["attributes"]]


def test_limits_nearly_reached() -> None:
    many = [Definition("Two", f"A{number}", "String") for number in range(398)]
    full = Definition("One", "Full", "String", predefined_only=True, predefined={str(n): n % 2 == 0 for n in range(80)})
    figures = Figures(SETS, [*DEFINITIONS[:1], full, *many, *DEFINITIONS[3:]])
    held = flat({"Two": {"A1": [str(number) for number in range(40)]}})
    figures.add(Principal(USER, "x", "X", "x@contoso.com", "", held))
    told = figures.as_result()
    assert [(one["limit"], one["of"], one["used"], one["allowed"]) for one in told["limits"] if one["near"]] == [
        ("active definitions in the set", "One", 2, 2),
        ("active definitions in the tenant", "", 400, 500),
        ("predefined values", "One.Full", 80, 100),
        ("values of a principal", "X", 40, 50),
    ]
    assert told["summary"]["limits_near"] == 4


@pytest.mark.parametrize(
    ("masked", "required", "said"),
    [(["one"], [], "there is no attribute set one"), ([], [Requirement("One", "free")], "One.free: there is One.Free")],
)
def test_a_wrong_name_is_an_error(masked: list[str], required: list[Requirement], said: str) -> None:
    with pytest.raises(UndefinedAttribute, match=said):
        Figures(SETS, DEFINITIONS, required, Mask(masked))


# The files, of the local Graph's tenant


@pytest.mark.usefixtures("assigned")
def test_drift_is_what_differs(graph: _graph.Graph, tmp_path: Path, desired: Path) -> None:
    report(graph, tmp_path / "made", desired=str(desired), formats=["json"])
    told = json.loads((tmp_path / "made" / "report.json").read_text())
    drift = {one["name"]: (one["changes"], one["problem"]) for one in told["declared"]}
    assert drift["Engineering"] == (
        [{"what": "description", "before": "Attributes for engineering team", "after": "Other"}],
        "",
    )
    assert drift["Marketing"] == drift["payroll-api"] == drift["dara@contoso.com"] == ([], "")
    assert drift["Marketing.New"][0] == [{"what": "state", "before": "absent", "after": "present"}]
    assert "type is string and cannot become integer" in drift["Marketing.EmployeeId"][1]
    reasons = [{"place": f"{desired}/people.csv:2", "by": "name", "selection": None, "expires": None}]
    assert drift["adele@contoso.com"][0] == [
        {"what": "Engineering.Project", "before": ["Skagit", "Baker"], "after": ["Baker"], "reasons": reasons},
        {"what": "Marketing.EmployeeId", "before": FORMULA, "after": "secret", "reasons": reasons},
    ]
    assert drift["ghost@contoso.com"][1] == "There is no user of that name."
    assert "Nowhere is not among its active predefined values" in drift["alex@contoso.com"][1]
    assert drift["Reports"][1].startswith("More than one service principal has this name: ")
    assert told["summary"]["drift"] == 7
    assert {row["display_name"] for row in told["principals"] if row["drift"]} == {"Adele Vance", "Alex Wilber"}


@pytest.mark.usefixtures("assigned")
def test_masked_values_are_in_no_file(graph: _graph.Graph, tmp_path: Path, desired: Path) -> None:
    result = report(graph, tmp_path / "made", desired=str(desired), masked_attribute_sets=["Engineering", "Marketing"])
    values = ["Skagit", "Baker", "Nowhere", "cmd|", "7*7", "secret", "hush", "Canada", ">8<"]
    texts = [*((file, file.read_text()) for file in (tmp_path / "made").iterdir()), ("result", json.dumps(result))]
    assert [(file, value) for file, text in texts for value in values if value in text] == []
    assert len(texts) == 6


@pytest.mark.usefixtures("assigned")
def test_declarations_can_mask_and_have_their_places(graph: _graph.Graph, tmp_path: Path, desired: Path) -> None:
    (desired / "masks.yml").write_text("masked_sets: [Engineering, New]\n")
    report(graph, tmp_path / "made", desired=str(desired), formats=["html", "json"])
    texts = [file.read_text() for file in (tmp_path / "made").iterdir()]
    assert [value for value in ("Skagit", "Baker", "Nowhere") if any(value in text for text in texts)] == []
    document = json.loads((tmp_path / "made" / "report.json").read_text())
    places = {item["name"]: Path(item["place"]).name for item in document["declared"]}
    assert places["Engineering"] == "sets.yml:1"
    assert places["Marketing.New"] == "sets.yml:2"
    assert places["adele@contoso.com"] == "people.csv:2"


@pytest.mark.usefixtures("assigned")
def test_files_hold_text(graph: _graph.Graph, tmp_path: Path) -> None:
    report(graph, tmp_path, required=[{"attribute_set": "Engineering", "name": "Project"}])
    page = (tmp_path / "index.html").read_text()
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert NASTY in [value for values in data["values"] for value in values]
    assert page.count("</script>") == 2
    assert "<b>&" not in page
    rows = {row["display_name"]: row for row in csv.DictReader((tmp_path / "principals.csv").open())}
    assert rows["Adele Vance"]["Marketing.EmployeeId"] == f"'{FORMULA}"
    assert rows["payroll-api"]["Engineering.NumVendors"] == "'-8"
    junit = ElementTree.fromstring((tmp_path / "junit.xml").read_bytes())  # noqa: S314 # just written
    suites = {suite.get("name"): suite for suite in junit}
    assert [suites["required"].get("failures"), suites["values"].get("failures")] == ["1", "1"]
    assert "Adele Vance" in str(suites["values"].findtext("testcase/failure"))


@pytest.mark.slow
@pytest.mark.usefixtures("assigned")
def test_it_has_changed_if_it_says_something_else(graph: _graph.Graph, emulator: Emulator, tmp_path: Path) -> None:
    dest = tmp_path / "made"
    assert report(graph, dest, check_mode=True)["changed"]
    assert not dest.exists()
    assert report(graph, dest)["changed"]
    made = json.loads((dest / "report.json").read_text())["made"]
    assert {file.stat().st_mode & 0o777 for file in dest.iterdir()} == {0o600}
    for file in dest.iterdir():
        file.write_text(re.sub(rf"{made[:10]}([T ])", r"1999-01-01\1", file.read_text()))
    assert "1999" in (dest / "index.html").read_text()
    again = report(graph, dest)
    assert not again["changed"]
    assert "1999" not in (dest / "index.html").read_text()
    emulator.tenant({**emulator.tenant(), "users": []})
    assert report(graph, dest, check_mode=True)["changed"]
    assert "Adele Vance" in (dest / "index.html").read_text()


def test_a_folder_that_cannot_be_is_told(graph: _graph.Graph, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"dest: .* cannot be used: File name too long"):
        report(graph, tmp_path / ("x" * 300))


def test_only_what_is_asked_for_is_read_and_written(graph: _graph.Graph, emulator: Emulator, tmp_path: Path) -> None:
    result = report(graph, tmp_path, principals=["users"], formats=["junit"], sources=["lifecycle_workflows"])
    assert [Path(one["path"]).name for one in result["files"]] == ["junit.xml"]
    assert result["figures"]["service_principals"] == 0
    assert not [one for one in emulator.requests() if "servicePrincipals" in one["path"]]


def test_what_is_declared_and_not_read_is_a_warning(graph: _graph.Graph, tmp_path: Path) -> None:
    (tmp_path / "adele.yml").write_text(
        "assignments: [{user: adele@contoso.com, attributes: {Engineering: {NumVendors: 1}}}]\n"
    )
    desired = str(tmp_path / "adele.yml")
    result = report(graph, tmp_path / "made", desired=desired, principals=["service_principals"], formats=["json"])
    assert result["warnings"] == ["desired declares users, which principals leaves out."]
    assert result["figures"]["drift"] == 0
    assert json.loads((tmp_path / "made" / "report.json").read_text())["declared"] == []
    result = report(graph, tmp_path / "made", desired=desired, principals=["users"], formats=["json"])
    assert (result["figures"]["drift"], result.get("warnings")) == (1, None)


def test_what_cannot_be_read_or_written_is_told(
    connect: Callable[..., _graph.Graph], emulator: Emulator, tmp_path: Path
) -> None:
    blind = emulator.token(permissions=["CustomSecAttributeDefinition.Read.All", "User.Read.All"])
    with pytest.raises(AttributesHidden, match="Graph hides them"):
        report(connect(access_token=blind), tmp_path / "made", principals=["users"])
    nothing = emulator.token(permissions=["User.Read.All"])
    with pytest.raises(GraphError, match=r"CustomSecAttributeDefinition\.Read\.All"):
        report(connect(access_token=nothing), tmp_path / "made")
    assert not (tmp_path / "made").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="is a file, not a folder"):
        report(connect(), tmp_path / "file")


def test_one_that_is_declared_twice_is_refused(graph: _graph.Graph, tmp_path: Path) -> None:
    attributes = {"attributes": {"Engineering": {"NumVendors": 1}}}
    twice = [{"user": "adele@contoso.com", **attributes}, {"user": ADELE, **attributes}]
    (tmp_path / "twice.json").write_text(json.dumps({"assignments": twice}))
    with pytest.raises(OptionError, match=r"declared twice, in .*twice\.json:1"):
        report(graph, tmp_path / "made", desired=str(tmp_path / "twice.json"))


def test_who_has_an_ambiguous_name_may_be_declared_by_the_id(
    emulator: Emulator, graph: _graph.Graph, tmp_path: Path
) -> None:
    attributes = {"attributes": {"Engineering": {"NumVendors": 1}}}
    reports = [one["id"] for one in emulator.tenant()["servicePrincipals"] if one["displayName"] == "Reports"]
    items = [{"service_principal": "Reports", **attributes}, {"service_principal": reports[0], **attributes}]
    (tmp_path / "wanted.json").write_text(json.dumps({"assignments": items}))
    report(graph, tmp_path / "made", desired=str(tmp_path / "wanted.json"))
    told = json.loads((tmp_path / "made" / "report.json").read_text())["declared"]
    assert {one["name"]: (one["problem"] or "")[:7] for one in told} == {"Reports": "More th", reports[0]: ""}


def test_a_declared_name_in_another_case_is_a_problem_of_the_principal() -> None:
    figures = Figures(SETS, DEFINITIONS)
    comparison = Comparison(figures.definitions, figures.mask)
    desired = flat({"One": {"free": Exactly(None)}})
    compared = comparison.of_kind([Declaration("a.yml:1", PrincipalReference(USER, "adele"), desired)])
    assert compared.compare(Principal(USER, "adele", "Adele", "adele@contoso.com", "", flat({"One": {"Free": "a"}})))
    compared.finish()
    (told,) = comparison.as_result()
    assert "One.free: the principal has One.Free" in told["problem"]
    assert (told["changes"], told["place"]) == ([], "a.yml:1")


@pytest.mark.usefixtures("assigned")
def test_a_principal_that_differs_is_listed_even_without_values(graph: _graph.Graph, tmp_path: Path) -> None:
    (tmp_path / "wanted.yml").write_text(
        "assignments:\n- user: dara@contoso.com\n  attributes: {Engineering: {NumVendors: 1}}\n"
    )
    desired = str(tmp_path / "wanted.yml")
    emptied = report(graph, tmp_path / "made", desired=desired, formats=["json"], principals=["users"])
    document = json.loads((tmp_path / "made" / "report.json").read_text())
    (row,) = [row for row in document["principals"] if row["drift"]]
    assert row["user_principal_name"] == "dara@contoso.com"
    (finding,) = [finding for finding in document["findings"] if finding["kind"] == "drift"]
    assert finding["principals"] == [row["id"]]
    assert finding["places"] == [f"{desired}:2"]
    assert emptied["figures"]["drift"] == 1
