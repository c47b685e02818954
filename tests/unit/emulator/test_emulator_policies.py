# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditional Access and app management policies, as their readers see them (consumer-facts 1, 4, 11 and 12)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from plain_client import ADELE, Client, error_of

POLICIES = "identity/conditionalAccess/policies"
APPLICATION, WORKLOAD, AGENTS, LEGACY = (f"99999999-9999-4999-8999-99999999990{n}" for n in range(1, 5))
CUSTOM = "99999999-9999-4999-8999-999999999911"
DEFINITIONS = "CustomSecAttributeDefinition.Read.All"
DENIED = (403, "Authorization_RequestDenied")


@pytest.fixture
def reader(as_caller: Any) -> Client:
    """A client that reads policies and definitions."""
    client: Client = as_caller(permissions=["Policy.Read.All", DEFINITIONS])
    return client


def policy(client: Client, key: str, version: str = "v1.0") -> dict[str, Any]:
    response = client.get(f"/{version}/{POLICIES}/{key}")
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def rules(value: Any) -> list[str]:
    """Return every rule that stands anywhere in a policy."""
    if isinstance(value, dict):
        own = [value["rule"]] if "rule" in value else []
        return own + [rule for member in value.values() for rule in rules(member)]
    return [rule for member in value for rule in rules(member)] if isinstance(value, list) else []


@pytest.mark.parametrize(
    ("key", "version", "names"),
    [
        (APPLICATION, "v1.0", ["Engineering_Project"]),
        (APPLICATION, "beta", ["Engineering_Project"]),
        (WORKLOAD, "v1.0", ["Marketing_AppCountry"]),
        (AGENTS, "v1.0", []),
        (AGENTS, "beta", ["Engineering_Datacenter", "Engineering_Project"]),
        (LEGACY, "v1.0", []),
        (LEGACY, "beta", []),
    ],
)
def test_1_each_version_shows_its_own_filters(reader: Client, key: str, version: str, names: list[str]) -> None:
    found = rules(policy(reader, key, version)["conditions"])
    assert len(found) == len(names)
    assert all(name in rule for name, rule in zip(names, found, strict=True))


def test_1_v1_has_no_trace_of_agent_filters_and_null_for_filters_that_are_not_set(reader: Client) -> None:
    conditions = policy(reader, AGENTS)["conditions"]
    assert "agent" not in json.dumps(conditions["clientApplications"]).lower()
    assert "agents" not in conditions
    assert conditions["clientApplications"]["servicePrincipalFilter"] is None
    assert conditions["applications"]["applicationFilter"] is None
    assert policy(reader, LEGACY)["conditions"]["clientApplications"] is None


def test_12_beta_omits_filters_that_are_null(reader: Client) -> None:
    assert "applicationFilter" not in policy(reader, WORKLOAD, "beta")["conditions"]["applications"]
    assert policy(reader, AGENTS, "beta")["conditions"]["agents"]["agentFilter"]["mode"] == "exclude"


def test_1_policies_are_listed_filtered_and_paged(reader: Client) -> None:
    first = reader.get(f"/v1.0/{POLICIES}?$top=3").json()
    second = reader.get(first["@odata.nextLink"]).json()
    assert [item["id"] for item in [*first["value"], *second["value"]]] == [APPLICATION, WORKLOAD, AGENTS, LEGACY]
    enabled = reader.get(f"/beta/{POLICIES}?$filter=state eq 'enabled'&$select=id,state").json()
    assert enabled["value"] == [{"id": APPLICATION, "state": "enabled"}, {"id": AGENTS, "state": "enabled"}]
    assert enabled["@odata.context"].endswith("/beta/$metadata#identity/conditionalAccess/policies(id,state)")
    assert error_of(reader.get(f"/v1.0/{POLICIES}?$select=rule")) == (400, "BadRequest")
    assert error_of(reader.get(f"/v1.0/{POLICIES}/{CUSTOM}")) == (404, "Request_ResourceNotFound")


AGENTS_FILTER = (
    "state eq 'enabled' and (conditions/clientApplications/includeAgentIdServicePrincipals/any() or "
    "conditions/clientApplications/excludeAgentIdServicePrincipals/any() or "
    "conditions/clientApplications/agentIdServicePrincipalFilter ne null or "
    "conditions/users/includeUsers/any(includeUsers:includeUsers in ('AllAgentIdUsers')))"
)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (AGENTS_FILTER, [AGENTS]),
        ("conditions/clientApplications/servicePrincipalFilter ne null", [WORKLOAD]),
        ("conditions/users/includeUsers/any(u:u eq 'All')", [APPLICATION, LEGACY]),
        ("conditions/clientApplications/excludeAgentIdServicePrincipals/any()", []),
    ],
)
def test_1_policies_are_filtered_by_their_conditions(reader: Client, condition: str, found: list[str]) -> None:
    answer = reader.get(f"/beta/{POLICIES}?$count=true&$filter={condition}").json()
    assert [item["id"] for item in answer["value"]] == found
    assert answer["@odata.count"] == len(found)


def test_options_that_are_not_served_are_not_ignored(reader: Client) -> None:
    for path in (f"{POLICIES}/{LEGACY}?$expand=x", "policies/defaultAppManagementPolicy?$select=id"):
        assert error_of(reader.get(f"/v1.0/{path}")) == (501, "NotEmulated")


@pytest.mark.parametrize(
    "path", [POLICIES, f"{POLICIES}/{LEGACY}", "policies/defaultAppManagementPolicy", "policies/appManagementPolicies"]
)
def test_1_4_policies_need_their_permission(as_caller: Any, path: str) -> None:
    for permission in ("Policy.Read.ConditionalAccess", "Directory.Read.All", "Application.Read.All"):
        assert error_of(as_caller(permissions=[permission]).get(f"/v1.0/{path}")) == DENIED
    assert as_caller(permissions=["Policy.Read.All"]).get(f"/v1.0/{path}").status_code == 200


@pytest.mark.parametrize(
    ("roles", "allowed"),
    [
        ([], False),
        (["Attribute Definition Reader"], False),
        (["Security Reader"], True),
        (["Conditional Access Administrator"], True),
        (["Global Reader"], True),
    ],
)
def test_1_a_signed_in_user_needs_a_role_as_well(as_caller: Any, roles: list[str], allowed: bool) -> None:
    response = as_caller(user=ADELE, scopes=["Policy.Read.All"], roles=roles).get(f"/v1.0/{POLICIES}")
    assert response.status_code == (200 if allowed else 403)


@pytest.mark.parametrize(
    ("form", "application_filter"),
    [
        ("shown", {"mode": "include", "rule": 'CustomSecurityAttribute.Engineering_Project -contains "Baker"'}),
        ("empty", {"mode": "include", "rule": ""}),
        ("null", {"mode": "include", "rule": None}),
        ("absent", None),
    ],
)
def test_11_quirk_what_a_reader_without_attribute_permissions_sees(
    as_caller: Any, emulator: Any, form: str, application_filter: Any
) -> None:
    emulator.quirks(unreadable_rule=form)
    plain = as_caller(permissions=["Policy.Read.All"])
    assert policy(plain, APPLICATION)["conditions"]["applications"]["applicationFilter"] == application_filter
    beta = policy(plain, APPLICATION, "beta")["conditions"]["applications"]
    assert beta.get("applicationFilter") == application_filter
    assert ("applicationFilter" in beta) == (application_filter is not None)
    allowed = as_caller(permissions=["Policy.Read.All", DEFINITIONS])
    assert rules(policy(allowed, APPLICATION)) != []


def test_1_the_quota_of_the_tenant_has_no_retry_after(reader: Client, as_caller: Any, emulator: Any) -> None:
    assert [reader.get(f"/v1.0/{POLICIES}").status_code for _time in range(3)] == [200] * 3
    emulator.quirks(conditional_access_rate=1)
    assert reader.get(f"/v1.0/{POLICIES}").status_code == 200
    refusal = as_caller(user=ADELE, scopes=["Policy.Read.All"], roles=["Security Reader"]).get(f"/beta/{POLICIES}")
    assert error_of(refusal) == (429, "TooManyRequests")
    assert "Retry-After" not in refusal.headers
    assert reader.get("/v1.0/policies/appManagementPolicies").status_code == 200


def test_4_app_management_policies_exempt_by_attribute(reader: Client) -> None:
    default = reader.get("/v1.0/policies/defaultAppManagementPolicy").json()
    exemption = default["applicationRestrictions"]["passwordCredentials"][0]["excludeActors"]
    assert exemption["customSecurityAttributes"][0]["id"] == "Marketing_EmployeeId"
    listed = reader.get("/v1.0/policies/appManagementPolicies").json()["value"]
    one = reader.get(f"/v1.0/policies/appManagementPolicies/{CUSTOM}").json()
    assert [item["id"] for item in listed] == [CUSTOM]
    exemption = one["restrictions"]["keyCredentials"][0]["excludeActors"]["customSecurityAttributes"][0]
    # With and without the number sign (consumer-facts 12).
    assert exemption["@odata.type"] == "microsoft.graph.customSecurityAttributeStringValueExemption"
    assert (exemption["id"], exemption["operator"]) == ("Engineering_ProjectDate", "equals")


def test_changes_of_policies_are_not_emulated(reader: Client) -> None:
    for path in (POLICIES, "policies/appManagementPolicies", "policies/defaultAppManagementPolicy"):
        assert error_of(reader.call("PATCH", f"/v1.0/{path}", {})) == (501, "NotEmulated")


def test_policies_of_a_state_come_back(reader: Client, emulator: Any) -> None:
    tenant = emulator.tenant()
    del tenant["conditionalAccessPolicies"][1:]
    tenant["appManagementPolicies"] = []
    tenant["defaultAppManagementPolicy"]["isEnabled"] = False
    assert emulator.tenant(tenant) == tenant
    client = Client(emulator, emulator.token(permissions=["Policy.Read.All"]))
    assert [item["id"] for item in client.get(f"/v1.0/{POLICIES}").json()["value"]] == [APPLICATION]
    assert client.get("/v1.0/policies/defaultAppManagementPolicy").json()["isEnabled"] is False
    assert client.get("/v1.0/policies/appManagementPolicies").json()["value"] == []
