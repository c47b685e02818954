# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that read from the local Graph whom their items select, with the errors of groups, blueprints and filters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from _reconcile import reconcile
from _tenant import Tenant, batch

from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BULK
from ansible_collections.entra.attributes.plugins.module_utils._operations.reconcile import RECONCILE

ADELE, ALEX, DARA = (f"33333333-3333-4333-8333-33333333330{number}" for number in (1, 2, 3))
AGENT, BLUEPRINT = "44444444-4444-4444-8444-444444444404", "44444444-4444-4444-8444-444444444405"
VENDORS = {"Engineering": {"NumVendors": 4}}


def item(kind: str = "users", **selection: Any) -> dict[str, Any]:
    """Return an item that assigns a number of vendors."""
    return {kind: selection, "attributes": VENDORS}


def changed(result: dict[str, Any]) -> list[str]:
    return sorted(entry["principal"]["id"] for entry in result["results"] if entry["changed"])


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (item(group="Sales EMEA"), [ALEX, DARA]),
        (item(group="sales-uk"), [ALEX, DARA]),
        (item(group="All of marketing"), [ALEX, DARA]),
        (item(filter="jobTitle eq 'Analyst'"), [ADELE]),
        (item(group="Engineering", filter="jobTitle ne 'Analyst'"), []),
        (item("agents", all=True), [AGENT]),
        (item("agents", group="Sales EMEA"), [AGENT]),
        (item("service_principals", group="Sales EMEA"), []),
    ],
    ids=str,
)
def test_whom_an_item_selects_gets_its_value_once(
    tenant: Tenant, declared: dict[str, Any], expected: list[str]
) -> None:
    foreseen = tenant.run(BULK, check_mode=True, assignments=[declared])
    done = tenant.run(BULK, assignments=[declared])
    assert changed(foreseen) == changed(done) == expected
    tenant.emulator.clear()
    assert not tenant.run(BULK, assignments=[declared])["changed"]
    assert tenant.writes == []


def test_a_leaver_of_the_group_loses_what_the_item_gave(tenant: Tenant) -> None:
    declared = {**item(group="Sales UK"), "exclusive": True}
    tenant.run(BULK, assignments=[declared, {"user": ADELE, "attributes": VENDORS}])
    document = tenant.emulator.tenant()
    document["groups"][1]["members"].remove(DARA)
    for user in document["users"]:
        if user["id"] == DARA:
            user["customSecurityAttributes"]["Engineering"]["ProjectDate"] = "2026"
    tenant.emulator.tenant(document)
    fresh = tenant.through(tenant.connect())
    result = fresh.run(BULK, assignments=[declared, {"user": ADELE, "attributes": VENDORS}])
    assert changed(result) == [DARA]
    assert fresh.state[DARA]["Engineering"] == {"ProjectDate": "2026"}
    assert fresh.state[ADELE]["Engineering"]["NumVendors"] == 4, "another item gives it"


def test_agents_and_their_users_take_the_attribute_of_the_blueprint(tenant: Tenant) -> None:
    def dated(value: Any) -> dict[str, Any]:
        return {"attributes": {"Engineering": {"ProjectDate": value}}}

    declared = [
        {"users": {"filter": f"identityParentId eq '{AGENT}'"}, **dated({"from": "agent.Engineering.ProjectDate"})},
        {"agents": {"all": True}, **dated({"from": "blueprint.Engineering.ProjectDate"})},
        {"service_principal": BLUEPRINT, **dated("2026")},
    ]
    tenant.run(BULK, assignments=declared)
    written = {entry["path"]: entry["body"] for entry in tenant.writes}
    assert {body["customSecurityAttributes"]["Engineering"]["ProjectDate"] for body in written.values()} == {"2026"}
    assert sorted(body["@odata.type"].rpartition(".")[2] for body in written.values()) == [
        "agentIdentity",
        "agentIdentityBlueprintPrincipal",
        "agentUser",
    ]
    assert not tenant.run(BULK, assignments=declared)["changed"]


def test_an_exclusive_item_of_a_definition_that_the_run_creates(tenant: Tenant, tmp_path: Path) -> None:
    declared = {
        "definitions": [{"attribute_set": "Engineering", "name": "Floor", "type": "string"}],
        "assignments": [
            {"users": {"group": "Sales UK"}, "attributes": {"Engineering": {"Floor": "3"}}, "exclusive": True},
            {
                "users": {"where": [{"attribute_set": "Engineering", "name": "Floor", "value": "3"}]},
                "attributes": {"Engineering": {"NumVendors": 2}},
            },
        ],
    }
    (tmp_path / "floors.json").write_text(json.dumps(declared), encoding="utf-8")
    assert reconcile(tenant.graph, tmp_path, check_mode=True)["changed"]
    assert reconcile(tenant.graph, tmp_path)["changed"]
    assert {known for known, held in tenant.state.items() if held["Engineering"].get("Floor") == "3"} == {ALEX, DARA}
    assert tenant.state[ALEX]["Engineering"]["NumVendors"] == 2
    assert not reconcile(tenant.graph, tmp_path)["changed"]


def test_the_requests_of_a_group(tenant: Tenant) -> None:
    tenant.run(BULK, assignments=[item(group="Sales EMEA")])
    log = tenant.log
    assert sum(batch(entry) for entry in log) == 4, "the group, its members, their attributes, the writes"
    members = [entry for entry in log if "/transitiveMembers/microsoft.graph.user" in entry["path"]]
    assert len(members) == 1
    reads = [entry["path"] for entry in log if entry["batch"] is None and not batch(entry)]
    assert reads == ["/v1.0/directory/customSecurityAttributeDefinitions"]


@pytest.mark.parametrize(
    ("declared", "error", "words"),
    [
        (item(group="Nobody"), "OptionError", "assignments[0]: there is no group 'Nobody' in this tenant. Give an"),
        (item(group="Works council"), "OptionError", "the Graph permission Member.Read.Hidden with admin consent"),
        (
            item(filter="nonsense eq 'x'"),
            "GraphError",
            "assignments[0]: GET /v1.0/users: Graph answered 400 BadRequest",
        ),
        (item(filter="contains(city,'x')"), "GraphError", "Unsupported or invalid query filter clause"),
        (item("agents", blueprint="Nobody"), "OptionError", "assignments[0]: there is no blueprint 'Nobody'"),
        (
            {
                "agents": {"all": True},
                "attributes": {"Engineering": {"ProjectDate": {"from": "blueprint.Engineering.Nope"}}},
            },
            "OptionError",
            "assignments[0]: from: Attribute set Engineering has no attribute Nope. Its attributes are",
        ),
    ],
    ids=str,
)
def test_an_error_names_the_item(tenant: Tenant, declared: dict[str, Any], error: str, words: str) -> None:
    result = tenant.fail(BULK, assignments=[declared])
    assert result["error"]["type"] == error
    assert words in result["msg"]
    assert result["msg"].startswith("assignments[0]: ")
    assert tenant.writes == []


@pytest.mark.parametrize("named", [False, True])
def test_a_value_that_the_attribute_cannot_have_names_the_item(tenant: Tenant, named: bool) -> None:
    derived = {"Engineering": {"NumVendors": {"from": "employeeId"}}}
    who: dict[str, Any] = {"user": ADELE} if named else {"users": {"filter": "jobTitle eq 'Analyst'"}}
    result = tenant.fail(BULK, assignments=[{**who, "attributes": derived}])
    who_failed = f"assignments[0]: user adele@contoso.com ({ADELE}): "
    assert result["failures"][0].startswith(f"{who_failed}value of Engineering.NumVendors: the property employeeId")
    assert tenant.writes == []


def test_a_group_of_the_same_name_has_candidates(tenant: Tenant) -> None:
    document = tenant.emulator.tenant()
    document["groups"][2]["displayName"] = "Sales EMEA"
    tenant.emulator.tenant(document)
    result = tenant.through(tenant.connect()).fail(BULK, assignments=[item(group="Sales EMEA")])
    assert result["error"]["type"] == "AmbiguousPrincipal"
    assert [found["display_name"] for found in result["error"]["candidates"]] == ["Sales EMEA"] * 2
    assert {found["type"] for found in result["error"]["candidates"]} == {"group"}


def test_the_permission_for_groups_is_named(tenant: Tenant) -> None:
    some = ["CustomSecAttributeAssignment.ReadWrite.All", "CustomSecAttributeDefinition.Read.All", "User.Read.All"]
    result = tenant.allow(*some).fail(BULK, assignments=[item(group="Sales EMEA")])
    assert result["error"]["type"] == "PermissionDenied"
    assert "It needs the Graph permission GroupMember.Read.All with admin consent." in result["msg"]


def test_a_plan_that_fails_claims_nothing_of_anybody(tenant: Tenant) -> None:
    """The service principal cannot be read after the users were planned."""
    tenant.emulator.faults({"match": {"path": "/servicePrincipals"}, "do": {"status": 400}})
    named = [{"user": ADELE, "attributes": VENDORS}, {"service_principal": "payroll-api", "attributes": VENDORS}]
    result = tenant.fail(RECONCILE, declarations={"assignments": named}, report="all")
    assert [entry["skipped"] for entry in result["results"]] == [True, True]
    assert result["summary"]["assignments"]["unchanged"] == 0
    assert tenant.writes == []


def test_the_access_to_a_set_is_checked_once(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that shows no permissions makes the run ask Graph, and not again for each condition."""
    monkeypatch.setattr(type(tenant.graph), "claims", lambda graph: {})
    where = [{"attribute_set": "Engineering", "name": "ProjectDate", "value": str(day)} for day in range(3)]
    tenant.run(BULK, check_mode=True, assignments=[item(where=[condition]) for condition in where])
    checks = [entry for entry in tenant.log if entry["query"].get("$filter", "").endswith("ProjectDate ne null")]
    assert len(checks) == 1
