# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The consumers that the module finds in the local Graph, and the sources that it reports as not read."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from _emulator import Emulator
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._errors import OptionError, UnexpectedResponse
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._operations.consumer_info import (
    CONSUMER_INFO_CONSTRAINTS,
    CONSUMER_INFO_SPEC,
    run_consumer_info,
)

DEFINITIONS, POLICIES = "CustomSecAttributeDefinition.Read.All", "Policy.Read.All"
WORKFLOWS, ROLES = "LifecycleWorkflows-Workflow.Read.All", "RoleManagement.Read.Directory"
ALL = {DEFINITIONS, "CustomSecAttributeAssignment.Read.All", POLICIES, WORKFLOWS, ROLES}
SOURCES = {
    "definitions": {DEFINITIONS},
    "conditional_access_policies": {POLICIES},
    "app_management_policies": {POLICIES},
    "lifecycle_workflows": {WORKFLOWS},
    "directory_role_assignments": {ROLES},
}


def run(graph: Graph, **options: Any) -> dict[str, Any]:
    """Return the result of a run, with options validated as a module does."""
    validated = ArgumentSpecValidator(CONSUMER_INFO_SPEC, **CONSUMER_INFO_CONSTRAINTS).validate(options)
    assert not validated.error_messages
    return run_consumer_info(validated.validated_parameters, graph, True)


def places(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the end of the id and the place of each consumer."""
    return [(consumer["id"][-2:], consumer["place"]) for consumer in result["consumers"]]


def test_all_consumers_of_the_tenant(graph: Graph) -> None:
    result = run(graph)
    assert result["not_read"] == []
    assert places(result) == [
        ("01", "conditions.applications.applicationFilter"),
        ("02", "conditions.clientApplications.servicePrincipalFilter"),
        ("03", "conditions.clientApplications.agentIdServicePrincipalFilter"),
        ("03", "conditions.agents.agentFilter"),
        ("00", "applicationRestrictions.passwordCredentials[0].excludeActors"),
        ("11", "restrictions.keyCredentials[0].excludeActors"),
        ("21", "scope"),
        ("21", "tasks.Generate TAP and send email.to"),
        ("22", "trigger"),
        ("-1", "/attributeSets/Engineering"),
        ("-1", "/attributeSets/Marketing"),
    ]
    assert result["consumers"][0] == {
        "kind": "conditional_access_policy",
        "id": "99999999-9999-4999-8999-999999999901",
        "display_name": "Require MFA for the applications of Baker",
        "state": "enabled",
        "place": "conditions.applications.applicationFilter",
        "mode": "include",
        "rule": 'CustomSecurityAttribute.Engineering_Project -contains "Baker"',
        "attributes": [
            {"attribute_set": "Engineering", "name": "Project", "operator": "contains", "values": ["Baker"]}
        ],
        "problems": [],
    }
    found = {(consumer["id"][-2:], consumer["place"]): consumer for consumer in result["consumers"]}
    exemption = found["11", "restrictions.keyCredentials[0].excludeActors"]
    assert (exemption["state"], exemption["mode"], exemption["rule"]) == ("enabled", "exclude", None)
    assert exemption["attributes"] == [
        {"attribute_set": "Engineering", "name": "ProjectDate", "operator": "equals", "values": ["2026-12-31"]}
    ]
    role = found["-1", "/attributeSets/Marketing"]
    assert role["display_name"].startswith("Attribute Assignment Administrator: ")
    assert role["attributes"] == [{"attribute_set": "Marketing", "name": None, "operator": None, "values": []}]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ({"attribute_set": "Engineering", "name": "Project"}, ["01", "03", "22", "-1"]),
        ({"attribute_set": "engineering", "name": "PROJECT"}, ["01", "03", "22", "-1"]),
        ({"attribute_set": "Engineering", "name": "Project", "value": "Baker"}, ["01", "22", "-1"]),
        ({"attribute_set": "Engineering", "name": "Project", "value": "Alpine"}, ["03", "22", "-1"]),
        ({"attribute_set": "Engineering", "name": "Certification", "value": True}, ["21", "-1"]),
        ({"attribute_set": "Engineering", "name": "Certification", "value": False}, ["-1"]),
        ({"attribute_set": "Marketing"}, ["02", "00", "21", "-1"]),
        ({"attribute_set": "Marketing", "name": "EmployeeId"}, ["00", "21", "-1"]),
        ({"attribute_set": "Nothing"}, []),
        ({"sources": ["app_management_policies"]}, ["00", "11"]),
    ],
)
def test_narrowed(graph: Graph, options: dict[str, Any], ids: list[str]) -> None:
    assert [found for found, _place in places(run(graph, **options))] == ids


@pytest.mark.parametrize("missing", sorted(ALL - {"CustomSecAttributeAssignment.Read.All"}))
def test_what_cannot_be_read_is_said(emulator: Emulator, connect: Callable[..., Graph], missing: str) -> None:
    graph = connect(access_token=emulator.token(permissions=sorted(ALL - {missing})))
    result = run(graph)
    refused = [source for source, needed in SOURCES.items() if missing in needed]
    assert [found["source"] for found in result["not_read"]] == refused
    assert {found["permission"] for found in result["not_read"]} == {missing}
    assert all("403" in found["message"] for found in result["not_read"])
    assert result["consumers"]


def test_without_the_permission_for_tasks_the_rest_of_a_workflow_is_read(
    emulator: Emulator, connect: Callable[..., Graph]
) -> None:
    granted = ALL - {WORKFLOWS} | {"LifecycleWorkflows-Workflow.ReadBasic.All"}
    result = run(connect(access_token=emulator.token(permissions=sorted(granted))), sources=["lifecycle_workflows"])
    assert places(result) == [("21", "scope"), ("22", "trigger")]
    (not_read,) = result["not_read"]
    assert (not_read["permission"], not_read["message"][:6]) == (WORKFLOWS, "Tasks:")


@pytest.mark.parametrize("form", ["null", "empty", "absent"])
def test_a_hidden_rule_may_name_any_attribute(emulator: Emulator, connect: Callable[..., Graph], form: str) -> None:
    emulator.quirks(unreadable_rule=form, unreadable_scope=form)
    graph = connect(access_token=emulator.token(permissions=[POLICIES, WORKFLOWS]))
    result = run(graph, attribute_set="Nothing", sources=["conditional_access_policies", "lifecycle_workflows"])
    hidden = {found["id"][-2:]: found for found in result["consumers"]}
    assert {"01", "21"} <= hidden.keys()
    for consumer in hidden.values():
        assert (consumer["rule"], consumer["attributes"]) == (None, [])
        assert "may be hidden" in consumer["problems"][0]["message"]


@pytest.mark.parametrize(
    ("conditions", "certain"),
    [
        (None, False),
        ({"@odata.type": "#microsoft.graph.identityGovernance.onDemandExecutionOnly"}, True),
        ({"scope": {"rule": "customSecurityAttributes/Marketing/EmployeeId eq '1'"}}, True),
    ],
)
def test_a_scope_that_is_not_shown_is_not_none(
    emulator: Emulator, graph: Graph, conditions: dict[str, Any] | None, certain: bool
) -> None:
    workflow = {"id": "1", "displayName": "Joiner", "isEnabled": True, "executionConditions": conditions, "tasks": []}
    path = "/v1.0/identityGovernance/lifecycleWorkflows/workflows.*"
    body = {**workflow, "value": [workflow]}
    emulator.faults(
        {"match": {"path": f"{path}/tasks"}, "times": 9, "do": {"status": 200, "body": {"value": []}}},
        {"match": {"path": path}, "times": 9, "do": {"status": 200, "body": body}},
    )
    found = run(graph, attribute_set="Engineering", sources=["lifecycle_workflows"])["consumers"]
    assert [consumer["place"] for consumer in found] == ([] if certain else ["scope"])
    narrowed = run(graph, attribute_set="Marketing", sources=["lifecycle_workflows"])["consumers"]
    assert len(narrowed) == (not certain or "scope" in (conditions or {}))


def test_beta_that_fails_leaves_the_filters_for_agents_unread(emulator: Emulator, graph: Graph) -> None:
    emulator.faults({"match": {"path": "/beta/identity.*"}, "do": {"status": 400}})
    result = run(graph, sources=["conditional_access_policies"])
    assert [found for found, _place in places(result)] == ["01", "02"]
    (not_read,) = result["not_read"]
    assert not_read["message"].startswith("Filters for agents, which only beta has: ")


def test_rules_are_checked(emulator: Emulator, graph: Graph) -> None:
    tenant = emulator.tenant()
    first, second, third = tenant["conditionalAccessPolicies"][:3]
    first["conditions"]["applications"]["includeApplications"] = ["All"]
    second["conditions"]["clientApplications"]["servicePrincipalFilter"]["rule"] = (
        'CustomSecurityAttribute.Engineering.Project -eq "Baker"'
    )
    third["conditions"]["devices"] = {"deviceFilter": {"mode": "include", "rule": "device.isCompliant -eq True"}}
    third["conditions"]["agents"]["agentFilter"]["rule"] = 'CustomSecurityAttribute.Engineering_Projct -eq "x"'
    emulator.tenant(tenant)
    result = run(graph, sources=["conditional_access_policies"])
    found = {(consumer["id"][-2:], consumer["place"].rpartition(".")[2]): consumer for consumer in result["consumers"]}
    assert "targets every application" in found["01", "applicationFilter"]["problems"][0]["message"]
    (wrong,) = found["02", "servicePrincipalFilter"]["problems"]
    assert wrong["right_form"] == 'CustomSecurityAttribute.Engineering_Project -eq "Baker"'
    assert "did you mean Engineering.Project?" in found["03", "agentFilter"]["problems"][0]["message"]
    assert ("03", "deviceFilter") not in found


@pytest.mark.parametrize("name", ["PROJECT", "Other"])
def test_an_attribute_that_a_rule_mentions_in_another_way_may_decide(
    emulator: Emulator, graph: Graph, name: str
) -> None:
    tenant = emulator.tenant()
    scope = tenant["lifecycleWorkflows"][0]["executionConditions"]["scope"]
    scope["rule"] = f"customSecurityAttributes/Engineering/{name}/any(value: value eq 'Baker')"
    tenant["conditionalAccessPolicies"][0]["conditions"]["applications"]["applicationFilter"]["rule"] = (
        'device.displayName -eq "CustomSecurityAttribute.Engineering_Project"'
    )
    emulator.tenant(tenant)
    result = run(graph, attribute_set="Engineering", name="Project", value="Baker")
    assert {("21", "scope"), ("01", "conditions.applications.applicationFilter")} <= set(places(result))


def test_a_policy_without_an_id_hides_no_other_one(emulator: Emulator, graph: Graph) -> None:
    tenant = emulator.tenant()
    policy = {**tenant["conditionalAccessPolicies"][0], "id": None}
    body = {"value": [policy, {"id": None, "conditions": None}]}
    emulator.faults({"match": {"path": "/v1.0/identity.*"}, "times": 9, "do": {"status": 200, "body": body}})
    with pytest.raises(UnexpectedResponse, match="id"):
        run(graph, sources=["conditional_access_policies"])


def test_requests_are_few(emulator: Emulator, graph: Graph) -> None:
    tenant = emulator.tenant()
    policy, workflow = tenant["conditionalAccessPolicies"][0], tenant["lifecycleWorkflows"][0]
    tenant["conditionalAccessPolicies"] = [{**policy, "id": f"{policy['id'][:-3]}{n:03}"} for n in range(200)]
    tenant["lifecycleWorkflows"] = [{**workflow, "id": f"{workflow['id'][:-3]}{n:03}"} for n in range(20)]
    emulator.tenant(tenant)
    emulator.clear()
    assert len(run(graph)["consumers"]) > 200
    assert len(emulator.requests()) <= 60


@pytest.mark.parametrize("value", [1.5, ["Baker"], {}])
def test_a_value_is_a_scalar(graph: Graph, value: Any) -> None:
    with pytest.raises(OptionError, match="value: "):
        run(graph, attribute_set="Engineering", name="Project", value=value)


ODD = [
    {"conditions": []},
    {"id": 1, "conditions": {"agents": {"agentFilter": {"mode": "include", "rule": "x"}}}},
    {"conditions": {"applications": []}},
    {
        "conditions": {
            "applications": {"includeApplications": "All", "applicationFilter": {"mode": "include", "rule": "x"}}
        }
    },
    {"conditions": {"agents": {"agentFilter": {"mode": 1, "rule": "x"}}}},
    {"conditions": {"agents": {"agentFilter": {"mode": "include", "rule": {"rule": []}}}}},
    {"displayName": [], "conditions": {"agents": {"agentFilter": {"rule": "x"}}}},
    {"executionConditions": "x"},
    {"executionConditions": {"scope": []}},
    {"executionConditions": {"trigger": {"triggerAttributes": [1]}}},
    {"arguments": {}},
    {"restrictions": {"excludeActors": {"customSecurityAttributes": {}}}},
    {"restrictions": [{"excludeActors": {"customSecurityAttributes": [None]}}]},
    {"excludeActors": {"customSecurityAttributes": [{"id": 1}]}},
    {"excludeActors": {"customSecurityAttributes": [{"id": "A_B", "operator": "equals", "value": {}}]}},
    {"directoryScopeId": 1},
    {"directoryScopeId": "/attributeSets/X", "principal": "x"},
]


def answer_always(emulator: Emulator, item: dict[str, Any]) -> None:
    """Have each source answer with an object, which is also a list of this object."""
    body = {"id": "a", **item, "value": [{"id": "a", **item}]}
    match = {"path": "/(v1.0|beta)/(identity|policies|roleManagement).*"}
    emulator.faults({"match": match, "times": 100, "do": {"status": 200, "body": body}})


@pytest.mark.parametrize("item", ODD, ids=str)
def test_an_odd_answer_is_an_error_of_ours(emulator: Emulator, graph: Graph, item: dict[str, Any]) -> None:
    answer_always(emulator, item)
    failures = 0
    for source in SOURCES:
        if source != "definitions":
            try:
                run(graph, sources=[source])
            except UnexpectedResponse as error:
                failures += len(str(error)) > 0
    assert failures


def test_objects_are_found_at_any_depth(emulator: Emulator, graph: Graph) -> None:
    rule = 'CustomSecurityAttribute.Engineering_Project -eq "x"'
    deep: dict[str, Any] = {"newFilter": {"mode": "include", "rule": rule}}
    for _level in range(300):
        deep = {"a": [deep]}
    answer_always(emulator, {"displayName": "Deep", "state": "enabled", "conditions": deep})
    (consumer,) = run(graph, sources=["conditional_access_policies"])["consumers"]
    assert consumer["place"].endswith(".newFilter")


# Random tenants, whose map is known to who made them.
NAMES = [
    f"{attribute_set}_{name}"
    for attribute_set in ("Engineering", "Marketing", "Other")
    for name in ("Project", "Level")
]


def csa_rule(random: Random, named: set[str]) -> str:
    """Return a filter, and add what it names."""
    chosen = random.choices(NAMES, k=random.choice((1, 1, 2, 3)))
    named.update(chosen)
    return " -or ".join(f'CustomSecurityAttribute.{name} -contains "v{random.randrange(3)}"' for name in chosen)


def random_policy(random: Random, number: int, expected: dict[tuple[str, str], set[str]]) -> dict[str, Any]:
    """Return a policy with filters at some places, and add what each of them names."""
    identity = f"99999999-9999-4999-8999-9999999991{number:02}"
    conditions: dict[str, Any] = {
        "applications": {"includeApplications": ["All"]},
        "clientApplications": {},
        "agents": {},
    }
    for place in (
        "applications.applicationFilter",
        "clientApplications.servicePrincipalFilter",
        "clientApplications.agentIdServicePrincipalFilter",
        "agents.agentFilter",
    ):
        if random.random() < 0.35:
            owner, name = place.split(".")
            rule = csa_rule(random, expected.setdefault((identity, f"conditions.{place}"), set()))
            conditions.setdefault(owner, {})[name] = {"mode": random.choice(("include", "exclude")), "rule": rule}
    return {"id": identity, "displayName": f"Policy {number}", "state": "enabled", "conditions": conditions}


def random_app_policy(random: Random, number: int, expected: dict[tuple[str, str], set[str]]) -> dict[str, Any]:
    identity = f"99999999-9999-4999-8999-9999999992{number:02}"
    restrictions: dict[str, Any] = {"passwordCredentials": [], "keyCredentials": []}
    for kind in restrictions:
        for place in range(random.randrange(3)):
            restriction: dict[str, Any] = {"state": "enabled"}
            if names := random.sample(NAMES, random.randrange(3)):
                kind_of = {"@odata.type": "#microsoft.graph.customSecurityAttributeStringValueExemption"}
                exemptions = [{**kind_of, "id": name, "operator": "equals", "value": "x"} for name in names]
                restriction["excludeActors"] = {"customSecurityAttributes": exemptions}
                expected[identity, f"restrictions.{kind}[{place}].excludeActors"] = set(names)
            restrictions[kind].append(restriction)
    return {"id": identity, "displayName": f"App policy {number}", "isEnabled": True, "restrictions": restrictions}


def random_workflow(random: Random, number: int, expected: dict[tuple[str, str], set[str]]) -> dict[str, Any]:
    identity = f"99999999-9999-4999-8999-9999999993{number:02}"
    prefix = "#microsoft.graph.identityGovernance."
    conditions: dict[str, Any] = {"@odata.type": f"{prefix}triggerAndScopeBasedConditions"}
    paths = {name: f"customSecurityAttributes/{name.replace('_', '/')}" for name in NAMES}
    scoped, changed, sent = (random.sample(NAMES, random.randrange(3)) for _place in range(3))
    rule = " and ".join(["department eq 'x'", *(f"({paths[name]} eq 'v1')" for name in scoped)])
    conditions["scope"] = {"@odata.type": f"{prefix}ruleBasedSubjectSet", "rule": rule}
    changes = [{"name": random.choice(("", "User/")) + paths[name]} for name in changed]
    conditions["trigger"] = {"@odata.type": f"{prefix}attributeChangeTrigger", "triggerAttributes": changes}
    arguments = [{"name": f"a{place}", "value": f"see {paths[name]}"} for place, name in enumerate(sent)]
    expected.update({(identity, "scope"): set(scoped)} if scoped else {})
    expected.update({(identity, "trigger"): set(changed)} if changed else {})
    expected.update({(identity, f"tasks.Send.a{place}"): {name} for place, name in enumerate(sent)})
    return {
        "id": identity,
        "displayName": f"Workflow {number}",
        "isEnabled": True,
        "executionConditions": conditions,
        "tasks": [{"id": f"{identity[:-4]}0000", "displayName": "Send", "arguments": arguments}],
    }


@pytest.mark.slow
def test_the_map_of_random_tenants(emulator: Emulator, connect: Callable[..., Graph]) -> None:
    random = Random(20261126)  # noqa: S311 - a seed of tests
    sources = ["conditional_access_policies", "app_management_policies", "lifecycle_workflows"]
    tenant = emulator.tenant()
    tenant["defaultAppManagementPolicy"] = {"id": "0", "displayName": "Default", "isEnabled": False}
    count = 0
    for _tenant in range(200):
        expected: dict[tuple[str, str], set[str]] = {}
        for collection, make, most in (
            ("conditionalAccessPolicies", random_policy, 5),
            ("appManagementPolicies", random_app_policy, 4),
            ("lifecycleWorkflows", random_workflow, 3),
        ):
            tenant[collection] = [make(random, number, expected) for number in range(random.randrange(most))]
        emulator.tenant(tenant)
        result = run(connect(), sources=sources)
        assert result["not_read"] == []
        found = {
            (consumer["id"], consumer["place"]): {f"{a['attribute_set']}_{a['name']}" for a in consumer["attributes"]}
            for consumer in result["consumers"]
        }
        assert found == expected
        count += len(found)
    assert count > 1000
