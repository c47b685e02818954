# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs whose items select principals, derive values or end, against the local Graph: bulk and reconcile alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    EntraError,
    InvalidDeclaration,
    OptionError,
    PlanRefused,
)
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BULK, run_bulk
from ansible_collections.entra.attributes.plugins.module_utils._operations.reconcile import RECONCILE, run_reconcile

from ...conftest import ADELE, PAYROLL

ALEX, DARA = "33333333-3333-4333-8333-333333333302", "33333333-3333-4333-8333-333333333303"
LIDIA, AGENT_USER = "33333333-3333-4333-8333-333333333304", "33333333-3333-4333-8333-333333333308"
AGENT, BLUEPRINT = "44444444-4444-4444-8444-444444444404", "44444444-4444-4444-8444-444444444405"
GROUP = {"users": {"group": "Sales EMEA"}}
NOON = datetime(2026, 12, 31, 12, tzinfo=timezone.utc).timestamp()
Bulk = Callable[..., dict[str, Any]]


@pytest.fixture(params=["bulk", "reconcile"])
def run(request: pytest.FixtureRequest, tenant: Tenant) -> Bulk:
    """Run items through the bulk module, or through reconcile; `now` is the time."""

    def bulk(*items: Any, now: float = NOON, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        operation = replace(BULK, run=partial(run_bulk, now=lambda: now))
        return tenant.run(operation, check_mode=check_mode, assignments=list(items), **options)

    def reconcile(*items: Any, now: float = NOON, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        operation = replace(RECONCILE, run=partial(run_reconcile, clock=lambda: now))
        given = {"declarations": {"assignments": list(items)}, "report": "all", **options}
        return tenant.run(operation, check_mode=check_mode, **given)

    return bulk if request.param == "bulk" else reconcile


def settled(tenant: Tenant, run: Bulk, *items: Any, **options: Any) -> dict[str, Any]:
    """Run twice: check mode plans what the run does, and the second run writes nothing."""
    planned = run(*items, check_mode=True, **options)
    assert not tenant.writes or all(entry["method"] != "PATCH" for entry in tenant.writes)
    result = run(*items, **options)
    assert [after(one) for one in result["results"]] == [after(one) for one in planned["results"]]
    tenant.emulator.clear()
    again = run(*items, **options)
    assert not again["changed"]
    assert [entry for entry in tenant.writes if entry["method"] == "PATCH"] == []
    return result


def after(one: dict[str, Any]) -> tuple[str, Any, Any]:
    return one["principal"]["id"], one["after"], one["reasons"]


def reasons(result: dict[str, Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the reasons of each principal: attribute, place, by, selection, expires."""
    return {one["principal"]["id"]: [tuple(reason.values()) for reason in one["reasons"]] for one in result["results"]}


def give(tenant: Tenant, values: dict[str, Any]) -> None:
    """Assign values by object id."""
    state = tenant.emulator.tenant()
    for principal in state["users"] + state["servicePrincipals"]:
        if principal["id"] in values:
            principal["customSecurityAttributes"] = values[principal["id"]]
    tenant.emulator.tenant(state)
    tenant.emulator.clear()


def test_members_of_a_group_get_a_value_and_a_name_beats_the_group(tenant: Tenant, run: Bulk) -> None:
    result = settled(
        tenant,
        run,
        {**GROUP, "attributes": {"Engineering": {"NumVendors": 4, "ProjectDate": "soon"}}},
        {"user": "alex@contoso.com", "attributes": {"Engineering": {"NumVendors": 8}}},
    )
    assert tenant.state[ALEX] == {"Engineering": {"NumVendors": 8, "ProjectDate": "soon"}}
    assert tenant.state[DARA]["Engineering"] == {"NumVendors": 4, "ProjectDate": "soon"}
    words = "users in the group 'Sales EMEA'"
    assert reasons(result)[DARA] == [
        ("Engineering.NumVendors", "assignments[0]", "group", words, None),
        ("Engineering.ProjectDate", "assignments[0]", "group", words, None),
    ]
    assert sorted(reasons(result)[ALEX]) == [
        ("Engineering.NumVendors", "assignments[1]", "name", None, None),
        ("Engineering.ProjectDate", "assignments[0]", "group", words, None),
    ]


def test_values_are_derived_from_properties(tenant: Tenant, run: Bulk) -> None:
    grade = {"from": "jobTitle", "map": {"Analyst": "L1", "Manager": "L2"}, "default": "L0"}
    result = settled(
        tenant,
        run,
        {
            "users": {"filter": "userType eq 'Member'"},
            "attributes": {
                "Marketing": {"EmployeeId": {"from": "employeeId"}},
                "Engineering": {"ProjectDate": grade, "NumVendors": {"from": "employeeOrgData.costCenter"}},
            },
        },
        {
            "service_principals": {"filter": "tags/any(t:t eq 'HR')"},
            "attributes": {"Marketing": {"AppCountry": {"from": "tags"}}},
        },
        {
            "service_principal": "payroll-api",
            "attributes": {"Engineering": {"Certification": {"from": "accountEnabled"}}},
        },
    )
    assert tenant.state[ADELE] == {
        "Marketing": {"EmployeeId": "E1001"},
        "Engineering": {"ProjectDate": "L1", "NumVendors": 1001},
    }
    assert tenant.state[PAYROLL] == {"Marketing": {"AppCountry": ["HR"]}, "Engineering": {"Certification": True}}
    assert LIDIA not in tenant.state
    summary = result["summary"].get("assignments", result["summary"])
    assert (summary["missing_properties"], summary["unmapped_properties"]) == (10, 0)


def test_a_property_that_does_not_fit_is_the_error_of_its_principal(tenant: Tenant, run: Bulk) -> None:
    item = {"users": {"filter": "department ne null"}, "attributes": {"Engineering": {"NumVendors": {"from": "city"}}}}
    with pytest.raises(EntraError) as failed:
        run(item)
    failures = failed.value.as_result()["failures"]
    assert "the property city is 'Seattle'" in failures[0]
    assert "its type is Integer" in failures[0]
    assert len(failures) == 2  # Dara has no city


def test_agents_take_values_from_their_blueprint_and_agent_users_from_their_agent(tenant: Tenant, run: Bulk) -> None:
    settled(
        tenant,
        run,
        {
            "users": {"filter": "userType eq 'Member'"},
            "attributes": {"Engineering": {"ProjectDate": {"from": "agent.Engineering.ProjectDate"}}},
        },
        {
            "agents": {"blueprint": "sales-agents-blueprint"},
            "attributes": {"Engineering": {"ProjectDate": {"from": "blueprint.Engineering.ProjectDate"}}},
        },
        {"service_principal": BLUEPRINT, "attributes": {"Engineering": {"ProjectDate": "2027"}}},
    )
    assert {known: tenant.state[known]["Engineering"] for known in (BLUEPRINT, AGENT, AGENT_USER)} == {
        BLUEPRINT: {"ProjectDate": "2027"},
        AGENT: {"ProjectDate": "2027"},
        AGENT_USER: {"ProjectDate": "2027"},
    }
    assert ADELE not in tenant.state


def test_a_condition_sees_what_the_run_gives(tenant: Tenant, run: Bulk) -> None:
    give(tenant, {ADELE: {"Engineering": {"NumVendors": 4}}, DARA: {"Engineering": {"NumVendors": 3}}})
    where = {"attribute_set": "Engineering", "name": "NumVendors", "value": "4"}
    settled(
        tenant,
        run,
        {"users": {"where": [where]}, "attributes": {"Engineering": {"ProjectDate": "x"}}},
        {**GROUP, "attributes": {"Engineering": {"NumVendors": 4}}},
        {"user": ADELE, "attributes": {"Engineering": {"NumVendors": None}}},
    )
    assert tenant.state[ALEX]["Engineering"] == {"NumVendors": 4, "ProjectDate": "x"}
    assert tenant.state[DARA]["Engineering"] == {"NumVendors": 4, "ProjectDate": "x"}
    assert ADELE not in tenant.state


def test_an_exclusive_item_takes_its_value_from_all_others_of_its_kind(tenant: Tenant, run: Bulk) -> None:
    held = {"Marketing": {"AppCountry": ["Canada", "India"], "EmployeeId": "7"}}
    give(tenant, {ADELE: held, DARA: held, PAYROLL: held, AGENT: held})
    item = {**GROUP, "attributes": {"Marketing": {"AppCountry": {"add": ["India"]}}}, "exclusive": True}
    result = settled(tenant, run, item, {"user": AGENT_USER, "attributes": {"Marketing": {"AppCountry": ["India"]}}})
    assert tenant.state[ADELE] == {"Marketing": {"AppCountry": ["Canada"], "EmployeeId": "7"}}
    assert tenant.state[ALEX] == {"Marketing": {"AppCountry": ["India"]}}
    assert tenant.state[DARA] == held
    assert tenant.state[PAYROLL] == tenant.state[AGENT] == held
    assert tenant.state[AGENT_USER] == {"Marketing": {"AppCountry": ["India"]}}
    words = "users in the group 'Sales EMEA'"
    assert reasons(result)[ADELE] == [("Marketing.AppCountry", "assignments[0]", "group", words, None)]


def test_an_exclusive_item_that_selects_nobody_is_refused(tenant: Tenant, run: Bulk) -> None:
    give(tenant, {ADELE: {"Engineering": {"NumVendors": 4}}})
    nobody = {"users": {"filter": "department eq 'Space'"}, "attributes": {"Engineering": {"NumVendors": 4}}}
    with pytest.raises(InvalidDeclaration, match=r"assignments\[0\]: selects nobody, and is exclusive"):
        run({**nobody, "exclusive": True})
    assert tenant.state[ADELE] == {"Engineering": {"NumVendors": 4}}
    settled(tenant, run, {**nobody, "exclusive": True, "allow_empty": True})
    assert ADELE not in tenant.state


def test_losers_count_for_the_limit(tenant: Tenant, run: Bulk) -> None:
    give(tenant, {ADELE: {"Engineering": {"NumVendors": 4}}, LIDIA: {"Engineering": {"NumVendors": 4}}})
    item = {"user": DARA, "attributes": {"Engineering": {"NumVendors": 4}}, "exclusive": True}
    with pytest.raises(EntraError, match="3 of 3 principals would change; max_changes is 2"):
        run(item, max_changes="2")
    assert tenant.state[ADELE]


def test_an_item_that_has_ended_takes_back_what_it_gave(tenant: Tenant, run: Bulk) -> None:
    items = [
        {**GROUP, "attributes": {"Engineering": {"NumVendors": 4}}, "expires": "2026-12-31"},
        {
            "user": ADELE,
            "attributes": {"Marketing": {"AppCountry": {"add": ["India"]}}},
            "expires": "2026-12-31T13:00Z",
        },
        {"user": DARA, "attributes": {"Engineering": {"NumVendors": 5}}},
    ]
    give(tenant, {ADELE: {"Marketing": {"AppCountry": ["Canada"]}}})
    result = settled(tenant, run, *items)
    assert tenant.state[ALEX] == {"Engineering": {"NumVendors": 4}}
    assert tenant.state[ADELE] == {"Marketing": {"AppCountry": ["Canada", "India"]}}
    assert reasons(result)[ADELE] == [("Marketing.AppCountry", "assignments[1]", "name", None, "2026-12-31T13:00Z")]
    settled(tenant, run, *items, now=NOON + 3600)
    assert tenant.state[ALEX] == {"Engineering": {"NumVendors": 4}}, "the day has not ended"
    assert tenant.state[ADELE] == {"Marketing": {"AppCountry": ["Canada"]}}
    settled(tenant, run, *items, now=NOON + 12 * 3600)
    assert ALEX not in tenant.state
    assert tenant.state[DARA]["Engineering"] == {"NumVendors": 5}


def test_a_conflict_names_both_places_and_the_principals_once(tenant: Tenant, run: Bulk) -> None:
    everyone = {"users": {"all": True}}
    with pytest.raises(InvalidDeclaration) as refused:
        run(
            {**everyone, "attributes": {"Engineering": {"NumVendors": 4}}},
            {**everyone, "attributes": {"Engineering": {"NumVendors": 5, "ProjectDate": "x"}}},
        )
    (problem,) = refused.value.problems
    assert problem.startswith(
        "assignments[0] and assignments[1] want different values of Engineering.NumVendors for user"
    )
    assert problem.endswith(" and 5 more")
    assert not tenant.writes


def test_a_circle_of_conditions_is_refused(tenant: Tenant, run: Bulk) -> None:
    def item(reads: str, gives: str) -> Any:
        where = {"attribute_set": "Engineering", "name": reads, "operator": "ne"}
        return {"users": {"where": [where]}, "attributes": {"Engineering": {gives: "x"}}}

    with pytest.raises(InvalidDeclaration, match=r"assignments\[0\] and assignments\[1\]: each of these items changes"):
        run(item("ProjectDate", "Secret"), item("Secret", "ProjectDate"))


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"attribute_set": "engineering", "name": "NumVendors"}, "there is Engineering; names are matched"),
        ({"attribute_set": "Engineering", "name": "NumVendor"}, "has no attribute NumVendor"),
        ({"attribute_set": "Engineering", "name": "NumVendors", "value": "four"}, "its type is Integer"),
    ],
)
def test_a_condition_on_an_attribute_that_cannot_be_is_refused(
    tenant: Tenant, run: Bulk, where: Any, words: str
) -> None:
    with pytest.raises(OptionError, match=words) as refused:
        run({"users": {"where": [where]}, "attributes": {"Engineering": {"NumVendors": 4}}})
    assert str(refused.value).startswith("assignments[0]: where")


def test_a_named_principal_that_does_not_exist(tenant: Tenant, run: Bulk) -> None:
    items = [
        {**GROUP, "attributes": {"Engineering": {"NumVendors": 4}}},
        {"user": "nobody@contoso.com", "attributes": {"Engineering": {"NumVendors": 5}}, "expires": "2027-01-01"},
    ]
    with pytest.raises(EntraError) as failed:
        run(*items)
    assert "there is no user 'nobody@contoso.com'" in failed.value.as_result()["failures"][0]
    assert tenant.state[ALEX]
    result = run(*items, on_missing="skip")
    assert [one["missing"] for one in result["results"]].count(True) == 1


def test_a_principal_that_is_gone_does_not_fail_an_item_that_has_ended(tenant: Tenant, run: Bulk) -> None:
    gone = {"user": "nobody@contoso.com", "attributes": {"Engineering": {"NumVendors": 5}}, "expires": "2026-12-30"}
    result = settled(tenant, run, gone, {**GROUP, "attributes": {"Engineering": {"NumVendors": 4}}})
    assert {one["principal"]["id"] for one in result["results"]} == {ALEX, DARA}


@pytest.mark.parametrize("expires", ["2027-01-01", None])
def test_a_filter_on_an_attribute_that_another_item_changes_is_refused(
    tenant: Tenant, run: Bulk, expires: str | None
) -> None:
    path = "customSecurityAttributes/Engineering/NumVendors eq 4"
    own = {"users": {"filter": path}, "attributes": {"Engineering": {"NumVendors": 5, "ProjectDate": "x"}}}
    other = {"user": ADELE, "attributes": {"Engineering": {"NumVendors": 5}}, "expires": expires}
    give(tenant, {ALEX: {"Engineering": {"NumVendors": 4}}})
    with pytest.raises(OptionError, match=r"assignments\[0\]: filter reads Engineering.NumVendors, which assignments"):
        run(own, other)
    run(own)
    assert tenant.state[ALEX] == {"Engineering": {"NumVendors": 5, "ProjectDate": "x"}}


def test_a_principal_that_two_items_name_in_different_ways(tenant: Tenant, run: Bulk) -> None:
    settled(
        tenant,
        run,
        {"user": "alex@contoso.com", "attributes": {"Engineering": {"NumVendors": 4}}, "expires": "2027-01-01"},
        {"user": ALEX, "attributes": {"Engineering": {"ProjectDate": {"from": "city"}}}},
        {"user": ALEX.upper(), "attributes": {"Marketing": {"EmployeeId": "7"}}},
    )
    assert tenant.state[ALEX] == {
        "Engineering": {"NumVendors": 4, "ProjectDate": "London"},
        "Marketing": {"EmployeeId": "7"},
    }


def test_purge_counts_what_every_item_gives(tenant: Tenant, run: Bulk) -> None:
    give(tenant, {ALEX: {"Engineering": {"ProjectDate": "x", "NumVendors": 3}, "Marketing": {"EmployeeId": "7"}}})
    settled(
        tenant,
        run,
        {**GROUP, "attributes": {"Engineering": {"NumVendors": 4}}},
        {"user": ALEX, "attributes": {"Engineering": {"Certification": True}}},
        purge=True,
    )
    assert tenant.state[ALEX] == {
        "Engineering": {"NumVendors": 4, "Certification": True},
        "Marketing": {"EmployeeId": "7"},
    }


def test_an_exclusive_item_cannot_select_by_what_purge_removes(tenant: Tenant, run: Bulk) -> None:
    give(tenant, {ALEX: {"Engineering": {"ProjectDate": "x"}}})
    where = [{"attribute_set": "Engineering", "name": "ProjectDate", "value": "x"}]
    item = {"users": {"where": where}, "attributes": {"Engineering": {"NumVendors": 4}}, "exclusive": True}
    with pytest.raises(InvalidDeclaration) as refusal:
        run(item, purge=True)
    assert refusal.value.problems == [
        "assignments[0]: an exclusive item cannot select by Engineering.ProjectDate, which purge removes"
    ]
    assert tenant.writes == []
    keeps = {"user": ALEX, "attributes": {"Engineering": {"ProjectDate": "x"}}}
    settled(tenant, run, item, keeps, purge=True)
    assert tenant.state[ALEX] == {"Engineering": {"ProjectDate": "x", "NumVendors": 4}}


def test_the_diff_says_which_item_selected(tenant: Tenant, run: Bulk) -> None:
    selecting = {**GROUP, "attributes": {"Engineering": {"NumVendors": 4}}, "expires": "2027-01-01"}
    named = {"user": LIDIA, "attributes": {"Engineering": {"NumVendors": 4}}}
    headers = sorted(one["after_header"] for one in run(selecting, named)["diff"])
    assert len(headers) == 3
    assert headers[0].endswith(", by assignments[0] (users in the group 'Sales EMEA', until 2027-01-01)")
    assert ", by " not in headers[2], "its name"


# What only reconcile has


def reconciled(tenant: Tenant, *items: Any, now: float = NOON, check_mode: bool = False, **options: Any) -> Any:
    operation = replace(RECONCILE, run=partial(run_reconcile, clock=lambda: now))
    masked = {"masked_sets": options.pop("masked_sets")} if "masked_sets" in options else {}
    given = {"declarations": {"assignments": list(items), **masked}} if items or masked else {}
    return tenant.run(operation, check_mode=check_mode, **given, **options)


def test_a_plan_of_selections_is_applied_without_selecting_again(tenant: Tenant, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    give(tenant, {ADELE: {"Engineering": {"NumVendors": 4}}})
    reconciled(
        tenant,
        {**GROUP, "attributes": {"Engineering": {"NumVendors": 4}}, "exclusive": True, "expires": "2027-01-01"},
        check_mode=True,
        plan_path=str(plan),
    )
    document = json.loads(plan.read_text())
    steps = {step["id"]: step for step in document["steps"]}
    assert steps[ALEX]["reasons"] == [
        {
            "attribute": "Engineering.NumVendors",
            "place": "assignments[0]",
            "by": "group",
            "selection": "users in the group 'Sales EMEA'",
            "expires": "2027-01-01",
        }
    ]
    state = tenant.emulator.tenant()
    for group in state["groups"]:
        group["members"] = []
    tenant.emulator.tenant(state)
    tenant.emulator.clear()
    reconciled(tenant, apply_plan=str(plan), now=NOON + 3600 * 24 * 30)
    assert not [entry for entry in tenant.log if "/groups" in entry["path"]]
    assert tenant.state[ALEX] == {"Engineering": {"NumVendors": 4}}
    assert ADELE not in tenant.state


def test_a_plan_of_masked_selections_is_applied_without_selecting_again(tenant: Tenant, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    where = {"attribute_set": "Engineering", "name": "ProjectDate", "value": "sesame"}
    give(tenant, {ADELE: {"Engineering": {"NumVendors": 7, "ProjectDate": "sesame"}}})
    items = [
        {**GROUP, "attributes": {"Engineering": {"NumVendors": 4, "Datacenter": {"add": ["x"]}}}},
        {"users": {"where": [where]}, "attributes": {"Engineering": {"Secret": {"from": "city"}}}},
        {"user": ADELE, "attributes": {"Engineering": {"NumVendors": 7}}, "expires": "2026-01-01"},
    ]
    result = reconciled(tenant, *items, masked_sets=["Engineering"], check_mode=True, plan_path=str(plan), report="all")
    assert "Seattle" not in plan.read_text()
    assert "sesame" not in plan.read_text()
    assert "sesame" not in json.dumps(result)
    tenant.emulator.clear()
    reconciled(tenant, *items, masked_sets=["Engineering"], apply_plan=str(plan))
    assert not [entry for entry in tenant.log if "/groups" in entry["path"]]
    assert tenant.state[ALEX] == {"Engineering": {"NumVendors": 4, "Datacenter": ["x"]}}
    assert tenant.state[ADELE] == {"Engineering": {"ProjectDate": "sesame", "Secret": "Seattle"}}


@pytest.mark.parametrize("late", [0, 3600 * 24 * 30])
def test_masked_values_that_are_taken_are_applied_from_a_plan(tenant: Tenant, tmp_path: Path, late: float) -> None:
    plan = str(tmp_path / "plan.json")
    held = {"Marketing": {"AppCountry": ["Canada", "India", "Chile"]}}
    give(tenant, {ADELE: held, DARA: held})
    tags = {"Marketing": {"AppCountry": {"add": ["India", "Peru"]}}}
    chile = {"Marketing": {"AppCountry": {"add": ["Chile"]}}}
    items = [
        {**GROUP, "attributes": tags, "exclusive": True},
        {"users": {"all": True}, "attributes": chile, "expires": "2026-12-30"},
        {"user": "alex@contoso.com", "attributes": {"Marketing": {"EmployeeId": {"from": "city"}}}},
        {**GROUP, "attributes": {"Engineering": {"NumVendors": 4}}, "expires": "2027-01-01"},
    ]
    sets = ["Marketing", "Engineering"]
    reconciled(tenant, *items, masked_sets=sets, check_mode=True, plan_path=plan)
    tenant.emulator.clear()
    for _again in range(2):  # as after an interruption
        reconciled(tenant, *items, masked_sets=sets, apply_plan=plan, now=NOON + late)
        assert not [entry for entry in tenant.log if "/groups" in entry["path"]]
        assert tenant.state[ADELE] == {"Marketing": {"AppCountry": ["Canada"]}}
        assert set(tenant.state[DARA]["Marketing"]["AppCountry"]) == {"Canada", "India", "Peru"}
        assert set(tenant.state[ALEX]["Marketing"].pop("AppCountry")) == {"India", "Peru"}
        assert tenant.state[ALEX]["Marketing"]["EmployeeId"] == "London"
        assert tenant.state[ALEX]["Engineering"] == {"NumVendors": 4}


def test_a_masked_plan_of_principals_that_are_named_by_id_is_applied(tenant: Tenant, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    item = {"service_principal": PAYROLL, "attributes": {"Engineering": {"NumVendors": 4}}}
    reconciled(tenant, item, masked_sets=["Engineering"], check_mode=True, plan_path=str(plan))
    assert reconciled(tenant, item, masked_sets=["Engineering"], apply_plan=str(plan))["changed"]
    assert tenant.state[PAYROLL] == {"Engineering": {"NumVendors": 4}}


@pytest.mark.parametrize("name", [PAYROLL, "payroll-api"])
def test_a_masked_plan_of_a_purge_is_applied(tenant: Tenant, tmp_path: Path, name: str) -> None:
    give(tenant, {PAYROLL: {"Engineering": {"NumVendors": 4, "ProjectDate": "x", "Project": ["Baker"]}}})
    options = {"masked_sets": ["Engineering"], "purge": True}
    item = {"service_principal": name, "attributes": {"Engineering": {"Certification": True, "ProjectDate": None}}}
    reconciled(tenant, item, check_mode=True, plan_path=str(tmp_path / "plan.json"), **options)
    reconciled(tenant, item, apply_plan=str(tmp_path / "plan.json"), **options)
    assert tenant.state[PAYROLL] == {"Engineering": {"Certification": True}}


def test_a_masked_plan_of_a_named_value_that_is_the_last_is_applied(tenant: Tenant, tmp_path: Path) -> None:
    give(tenant, {PAYROLL: {"Engineering": {"Project": ["Baker"]}}})
    named = {"service_principal": PAYROLL, "attributes": {"Engineering": {"Project": {"remove": ["Baker"]}}}}
    items = [named, {**GROUP, "attributes": {"Engineering": {"NumVendors": 4}}}]
    plan = str(tmp_path / "plan.json")
    reconciled(tenant, *items, masked_sets=["Engineering"], check_mode=True, plan_path=plan)
    reconciled(tenant, *items, masked_sets=["Engineering"], apply_plan=plan)
    assert PAYROLL not in tenant.state


def test_a_masked_value_that_is_declared_otherwise_is_refused(tenant: Tenant, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    item = {**GROUP, "attributes": {"Engineering": {"NumVendors": 4}}}
    reconciled(tenant, item, masked_sets=["Engineering"], check_mode=True, plan_path=str(plan))
    other = {**GROUP, "attributes": {"Engineering": {"NumVendors": 5}}}
    with pytest.raises(PlanRefused, match="stale"):
        reconciled(tenant, other, masked_sets=["Engineering"], apply_plan=str(plan))
    assert ALEX not in tenant.state


@pytest.mark.parametrize("name", ["alex@contoso.com", ALEX, "Alex Wilber"])
def test_a_narrowed_run_leaves_all_other_principals_alone(tenant: Tenant, name: str) -> None:
    give(tenant, {ADELE: {"Engineering": {"NumVendors": 4}}})
    items = [
        {**GROUP, "attributes": {"Engineering": {"NumVendors": 4, "ProjectDate": "x"}}, "exclusive": True},
        {"user": ALEX, "attributes": {"Engineering": {"ProjectDate": "named"}, "Marketing": {"EmployeeId": "7"}}},
    ]
    items[0]["attributes"]["Engineering"].pop("ProjectDate")
    result = reconciled(tenant, *items, principals=[name], attribute_sets=["Engineering"])
    assert tenant.state[ALEX] == {"Engineering": {"NumVendors": 4, "ProjectDate": "named"}}
    assert tenant.state[ADELE] == {"Engineering": {"NumVendors": 4}}
    assert "Engineering" not in tenant.state[DARA]
    assert result["plan"]["summary"]["principals_changed"] == 1


def test_a_narrowed_run_refuses_a_name_that_is_neither_declared_nor_selected(tenant: Tenant) -> None:
    item = {**GROUP, "attributes": {"Engineering": {"NumVendors": 4}}}
    with pytest.raises(OptionError, match=r"principals: adele@contoso.com is neither declared nor selected"):
        reconciled(tenant, item, principals=["adele@contoso.com"])


def test_a_move_gives_way_to_what_is_selected(tenant: Tenant) -> None:
    give(tenant, {ALEX: {"Engineering": {"ProjectDate": "old"}}, ADELE: {"Engineering": {"ProjectDate": "old"}}})
    item = {**GROUP, "attributes": {"Engineering": {"Secret": "new"}}}
    move = {"from": "Engineering.ProjectDate", "to": "Engineering.Secret", "in_use": "ignore"}
    tenant.run(RECONCILE, declarations={"assignments": [item], "moves": [move]})
    assert tenant.state[ALEX] == {"Engineering": {"Secret": "new"}}
    assert tenant.state[ADELE] == {"Engineering": {"Secret": "old"}}


def test_an_undo_restores_the_principals_that_a_selection_touched(tenant: Tenant, tmp_path: Path) -> None:
    give(tenant, {ADELE: {"Engineering": {"NumVendors": 4}}})
    before = tenant.state
    item = {**GROUP, "attributes": {"Engineering": {"NumVendors": 4}}, "exclusive": True}
    reconciled(tenant, item, snapshot_path=str(tmp_path / "undo"))
    assert ADELE not in tenant.state
    tenant.run(RECONCILE, src=[str(tmp_path / "undo")], undo=True)
    assert tenant.state == before


def test_a_plan_lists_what_ends_soon(tenant: Tenant) -> None:
    items = [
        {**GROUP, "attributes": {"Engineering": {"NumVendors": 4, "Certification": True}}, "expires": "2027-01-13"},
        {**GROUP, "attributes": {"Marketing": {"EmployeeId": "7"}}, "expires": "2027-01-15"},
        {"user": ADELE, "attributes": {"Marketing": {"EmployeeId": "7"}}, "expires": "2026-12-31T18:00Z"},
        {"user": ADELE, "attributes": {"Engineering": {"NumVendors": 7}}, "expires": "2026-12-30"},
    ]
    first = "assignments[2] ends 2026-12-31T18:00Z: Marketing.EmployeeId of 1 principal"
    second = "assignments[0] ends 2027-01-13: Engineering.NumVendors, Engineering.Certification of 2 principals"
    assert reconciled(tenant, *items, check_mode=True)["plan"]["notes"] == [first, second]
    assert reconciled(tenant, *items, check_mode=True, warn_days=1)["plan"]["notes"] == [first]
    with pytest.raises(OptionError, match="warn_days: must be at least 0, not -1"):
        reconciled(tenant, *items, warn_days=-1)
