# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths that name a type of agents, and who may use them (graph-facts 15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from plain_client import ADELE, EVENTUAL, PAYROLL, SET_TYPE, Client, error_of

AGENT = "44444444-4444-4444-8444-444444444404"
BLUEPRINT = "44444444-4444-4444-8444-444444444405"
BLUEPRINT_APP = "55555555-5555-4555-8555-555555555505"
AGENT_USER = "sales-agent@contoso.com"
IDENTITY = "microsoft.graph.agentIdentity"
PRINCIPAL = "microsoft.graph.agentIdentityBlueprintPrincipal"
ASSIGN = "CustomSecAttributeAssignment.ReadWrite.All"
BODY = {"customSecurityAttributes": {"Engineering": {"@odata.type": SET_TYPE, "ProjectDate": "x"}}}


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (f"/v1.0/servicePrincipals/{AGENT}/{IDENTITY}", AGENT),
        (f"/beta/servicePrincipals/{AGENT}/{IDENTITY}", AGENT),
        (f"/beta/servicePrincipals/{BLUEPRINT}/{PRINCIPAL}", BLUEPRINT),
        (f"/beta/servicePrincipals(appId='{BLUEPRINT_APP}')/{PRINCIPAL}", BLUEPRINT),
    ],
)
def test_15_an_agent_by_its_type(graph: Client, path: str, key: str) -> None:
    cast = path.rsplit("/", 1)[1]
    assert graph.call("PATCH", path, BODY).status_code == 204, "the path names the type"
    assert graph.emulator.state(key) == {"Engineering": {"ProjectDate": "x"}}
    found = graph.get(f"{path}?$select=id,customSecurityAttributes").json()
    context = f"/$metadata#servicePrincipals/{cast}(id,customSecurityAttributes)/$entity"
    assert found["@odata.context"].endswith(context)
    assert (found["id"], found["@odata.type"]) == (key, f"#{cast}")


def test_15_agents_by_their_type(graph: Client) -> None:
    path = f"/v1.0/servicePrincipals/{IDENTITY}"
    found = graph.get(f"{path}?$select=displayName").json()
    assert [item["displayName"] for item in found["value"]] == ["sales-agent"]
    assert found["@odata.context"].endswith(f"$metadata#servicePrincipals/{IDENTITY}(displayName)")
    assert graph.get(f"{path}/$count", **EVENTUAL).text == "1"
    assert graph.get(f"{path}?$filter=displayName eq 'Reports'").json()["value"] == []
    assert graph.get(f"{path}?$filter=id eq '{PAYROLL}'").json()["value"] == []
    blueprints = graph.get(f"/beta/servicePrincipals/{PRINCIPAL}").json()["value"]
    assert [item["id"] for item in blueprints] == [BLUEPRINT]


def test_1_1_agents_show_their_parent_by_default(graph: Client) -> None:
    agent = graph.get(f"/v1.0/servicePrincipals/{AGENT}/{IDENTITY}").json()
    assert agent["agentIdentityBlueprintId"] == BLUEPRINT_APP
    assert graph.get(f"/v1.0/users/{AGENT_USER}").json()["identityParentId"] == AGENT
    assert "agentIdentityBlueprintId" not in graph.get(f"/v1.0/servicePrincipals/{PAYROLL}").json()


def test_15_what_has_another_type_is_not_there(graph: Client) -> None:
    path = f"/v1.0/servicePrincipals/{PAYROLL}/{IDENTITY}"
    assert error_of(graph.get(path)) == (404, "Request_ResourceNotFound")
    assert error_of(graph.call("PATCH", path, BODY)) == (404, "Request_ResourceNotFound")


def test_15_a_type_of_another_collection_is_no_address(graph: Client) -> None:
    assert error_of(graph.get(f"/v1.0/users/{IDENTITY}"))[0] == 404
    users = graph.get("/v1.0/users/microsoft.graph.agentUser").json()["value"]
    assert [user["userPrincipalName"] for user in users] == [AGENT_USER]


@pytest.mark.parametrize("permission", ["AgentIdentity.Read.All", "AgentIdentity.ReadWrite.All"])
def test_15_the_permission_to_read_agents(as_caller: Callable[..., Client], permission: str) -> None:
    caller = as_caller(permissions=[permission])
    assert caller.get(f"/v1.0/servicePrincipals/{AGENT}/{IDENTITY}").status_code == 200
    assert len(caller.get(f"/v1.0/servicePrincipals/{IDENTITY}").json()["value"]) == 1
    assert error_of(caller.get(f"/v1.0/servicePrincipals/{PAYROLL}"))[0] == 403
    assert error_of(caller.get("/v1.0/servicePrincipals"))[0] == 403
    assert error_of(caller.get(f"/beta/servicePrincipals/{BLUEPRINT}/{PRINCIPAL}"))[0] == 403


@pytest.mark.parametrize(
    ("caller", "status"),
    [
        ({"permissions": [ASSIGN]}, 204),
        ({"user": ADELE, "scopes": [ASSIGN], "roles": ["Attribute Assignment Administrator"]}, 403),
        (
            {
                "user": ADELE,
                "scopes": [ASSIGN, "AgentIdentity.ReadWrite.All"],
                "roles": ["Attribute Assignment Administrator"],
            },
            204,
        ),
        ({"permissions": ["AgentIdentity.ReadWrite.All"]}, 403),
    ],
    ids=["application", "user", "user with both", "without the permission to assign"],
)
def test_15_who_may_assign_to_agents(as_caller: Callable[..., Client], caller: dict[str, Any], status: int) -> None:
    path = f"/v1.0/servicePrincipals/{AGENT}/{IDENTITY}"
    assert as_caller(**caller).call("PATCH", path, BODY).status_code == status


def test_15_a_user_assigns_to_a_blueprint_principal_with_the_permission_to_assign(as_caller: Any) -> None:
    caller = as_caller(user=ADELE, scopes=[ASSIGN], roles=["Attribute Assignment Administrator"])
    assert caller.call("PATCH", f"/beta/servicePrincipals/{BLUEPRINT}/{PRINCIPAL}", BODY).status_code == 204


def test_1_5_an_agent_user_need_not_name_its_type(graph: Client) -> None:
    assert graph.call("PATCH", f"/v1.0/users/{AGENT_USER}", BODY).status_code == 204
    graph.emulator.quirks(agent_user_type="required")
    assert error_of(graph.call("PATCH", f"/v1.0/users/{AGENT_USER}", BODY)) == (400, "Request_BadRequest")
    typed = {"@odata.type": "#microsoft.graph.agentUser", **BODY}
    assert graph.call("PATCH", f"/v1.0/users/{AGENT_USER}", typed).status_code == 204


def test_1_5_the_answer_of_beta_to_the_patch_of_an_agent_user(graph: Client) -> None:
    assert graph.call("PATCH", f"/beta/users/{AGENT_USER}", BODY).status_code == 204
    graph.emulator.quirks(agent_user_status=200)
    answer = graph.call("PATCH", f"/beta/users/{AGENT_USER}", BODY)
    assert (answer.status_code, answer.json()["displayName"]) == (200, "Sales Agent")
