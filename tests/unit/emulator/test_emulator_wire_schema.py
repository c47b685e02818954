# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of Graph's published schema finds wrong bodies, and none among the answers of the local Graph."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from _emulator import FILES, start
from plain_client import ADELE, DARA, SET_TYPE, Client

sys.path.insert(0, str(FILES))

from graph_emulator.wire_schema import findings

USER = ["v1.0", "users", ADELE]
DEFINITIONS = ["v1.0", "directory", "customSecurityAttributeDefinitions"]
POLICIES = ["identity", "conditionalAccess", "policies"]
CONTEXT = {"@odata.context": "https://localhost/$metadata#x"}


def written(**members: Any) -> dict[str, Any]:
    return {"customSecurityAttributes": {"Engineering": {"@odata.type": SET_TYPE, **members}}}


def policy(**conditions: Any) -> dict[str, Any]:
    return {**CONTEXT, "id": "x", "conditions": conditions}


@pytest.mark.parametrize(
    ("method", "path", "body", "finding"),
    [
        ("PATCH", USER, {"accountEnabled": True, "extension_0a1b_team": "x"}, None),
        ("PATCH", USER, {"displayname": "x"}, "displayname is not a property of a user"),
        ("PATCH", USER, {"accountEnabled": "true"}, "accountEnabled is 'true', not a Boolean"),
        ("PATCH", USER, {"businessPhones": None}, "businessPhones is null"),
        ("PATCH", USER, {"businessPhones": "1"}, "businessPhones is '1', not a collection"),
        ("PATCH", USER, {"employeeHireDate": "2024-11-15"}, "employeeHireDate is '2024-11-15', not of the type time"),
        ("PATCH", USER, {"employeeOrgData": {"center": "x"}}, "employeeOrgData.center is not a property"),
        ("PATCH", USER, {"@odata.type": "#microsoft.graph.group"}, "which is not a user"),
        ("PATCH", USER, {"@odata.type": "#microsoft.graph.agentUser", "department": None}, None),
        ("PATCH", USER, {"customSecurityAttributes": {"A": {"B": "x"}}}, "A lacks the @odata.type of an attribute set"),
        ("PATCH", USER, written(A="x", B=True, C=None, D=[]), None),
        ("PATCH", USER, written(A=1), "Engineering.A is annotated as None, not as '#Int32'"),
        ("PATCH", USER, written(A=["x"]), "Engineering.A is annotated as None, not as '#Collection(String)'"),
        ("PATCH", USER, written(A=[1], **{"A@odata.type": "#Collection(String)"}), "not as '#Collection(Int32)'"),
        ("PATCH", USER, written(A=[1], **{"A@odata.type": "#Collection(Int32)"}), None),
        ("PATCH", USER, written(A=1.5), "Engineering.A is 1.5, not the value of an attribute"),
        ("PATCH", USER, written(A={"x": "y"}), "not the value of an attribute"),
        ("PATCH", USER, written(**{"A@odata.type": "#Int32"}), "A@odata.type is not an annotation of an attribute"),
        ("POST", DEFINITIONS, {"name": "x", "allowedValues": [{"id": "x", "isActive": True}]}, None),
        ("POST", DEFINITIONS, {"allowedValues": [{"id": None}]}, "allowedValues[0].id is null"),
        ("PATCH", [*DEFINITIONS, "x"], {"allowedValues@delta": [{"active": True}]}, "[0].active is not a property"),
        ("POST", ["v1.0", "$batch"], {"requests": [{"id": 1, "method": "GET", "url": "/x"}]}, "requests[0].id is 1"),
        ("GET", ["v1.0", "places"], {}, "no resource of the table has the path /v1.0/places"),
    ],
)
def test_a_wrong_request_has_findings(method: str, path: list[str], body: Any, finding: str | None) -> None:
    found = findings(method, path, body)
    assert (finding in found[0]) if finding else found == []


@pytest.mark.parametrize(
    ("path", "body", "finding"),
    [
        (["v1.0", "users"], {**CONTEXT, "@odata.count": 1, "value": [{"id": "x"}]}, None),
        (["v1.0", "users"], {"value": []}, "the answer lacks @odata.context"),
        (["v1.0", "users"], CONTEXT, "value is null"),
        (["v1.0", "users", "$count"], "12", None),
        (["v1.0", "users", "$count"], 12, "the count 12 is not a number in text"),
        (USER, {**CONTEXT, **written(A=1)}, None),
        (USER, {**CONTEXT, **written(A=["x"])}, "annotated as None"),
        (["v1.0", "groups", "x", "members"], {**CONTEXT, "value": [{"id": "x"}]}, "value[0] lacks @odata.type"),
        (["v1.0", "groups", "x", "members", "microsoft.graph.user"], {**CONTEXT, "value": [{"id": "x"}]}, None),
        (["v1.0", *POLICIES, "x"], policy(agents={}), "conditions.agents is not a property"),
        (["beta", *POLICIES, "x"], policy(agents={"agentFilter": {"mode": "include", "rule": "x"}}), None),
        (["beta", *POLICIES, "x"], policy(agents={"agentFilter": {"mode": "all"}}), "mode is 'all', not one of"),
        (["v1.0", "auditLogs", "customSecurityAttributeAudits"], {**CONTEXT, "value": []}, "no resource of the table"),
        (["v1.0", "$batch"], {"responses": [{"id": "1", "status": 200, "body": {}}]}, None),
        (["v1.0", "$batch"], {}, "the answer to a batch lacks responses"),
    ],
)
def test_a_wrong_answer_has_findings(path: list[str], body: Any, finding: str | None) -> None:
    found = findings("GET", path, body, 200)
    assert (finding in found[0]) if finding else found == []


def test_an_error_needs_a_code_and_a_message() -> None:
    assert findings("GET", USER, {"error": {"code": "BadRequest", "message": "x", "innerError": {}}}, 400) == []
    assert findings("GET", USER, {"error": {"code": "BadRequest", "message": None}}, 400) == [
        "error.error.message is null, which its type string does not allow"
    ]


ALL_OF_THEM = [
    "CustomSecAttributeAssignment.ReadWrite.All",
    "CustomSecAttributeDefinition.ReadWrite.All",
    "CustomSecAttributeAuditLogs.Read.All",
    "Directory.Read.All",
    "Policy.Read.All",
    "LifecycleWorkflows-Workflow.Read.All",
    "RoleManagement.Read.Directory",
    "Device.Read.All",
]
LISTS = [
    "users",
    "users?$select=id,customSecurityAttributes,employeeOrgData,onPremisesExtensionAttributes,otherMails",
    "servicePrincipals",
    "servicePrincipals?$select=id,agentIdentityBlueprintId,customSecurityAttributes",
    "servicePrincipals/microsoft.graph.agentIdentity",
    "groups",
    "devices",
    "organization",
    "directory/attributeSets",
    "directory/customSecurityAttributeDefinitions",
    "directory/customSecurityAttributeDefinitions?$expand=allowedValues",
    "identity/conditionalAccess/policies",
    "policies/appManagementPolicies",
    "identityGovernance/lifecycleWorkflows/workflows",
    "roleManagement/directory/roleAssignments",
    "roleManagement/directory/roleAssignments?$expand=principal,roleDefinition",
    "roleManagement/directory/roleDefinitions",
]
BELOW = {
    "users": ["manager", "sponsors", "memberOf", "transitiveMemberOf"],
    "servicePrincipals": ["owners", "memberOf"],
    "groups": ["members", "transitiveMembers", "owners", "members/microsoft.graph.user", "members/$count"],
    "directory/customSecurityAttributeDefinitions": ["allowedValues"],
    "identityGovernance/lifecycleWorkflows/workflows": ["tasks"],
}


@pytest.mark.slow
def test_the_default_tenant_has_no_findings_in_whatever_is_read(tmp_path: Path) -> None:
    emulator = start(tmp_path, check_schema=True)
    try:
        graph = Client(emulator, emulator.token(permissions=ALL_OF_THEM))
        graph.assign({"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": [1, 2], "Certification": True})
        statuses = [graph.get("/beta/auditLogs/customSecurityAttributeAudits").status_code]
        for version in ("v1.0", "beta"):
            statuses.append(graph.get(f"/{version}/policies/defaultAppManagementPolicy").status_code)
            statuses.append(graph.get(f"/{version}/users/$count", ConsistencyLevel="eventual").status_code)
            for path in LISTS:
                answer = graph.get(f"/{version}/{path}")
                statuses.append(answer.status_code)
                bare = path.partition("?")[0]
                for item in answer.json()["value"] if bare == path and path != "organization" else []:
                    statuses.append(graph.get(f"/{version}/{bare}/{item['id']}").status_code)
                    below = [f"/{version}/{bare}/{item['id']}/{name}" for name in BELOW.get(bare, ())]
                    statuses += [graph.get(one, ConsistencyLevel="eventual").status_code for one in below]
        assert len(statuses) > 200
        assert set(statuses) == {200, 404}  # most users have no manager
        assert emulator.findings() == []
    finally:
        emulator.stop()


@pytest.mark.slow
def test_the_local_graph_lists_what_it_found(tmp_path: Path) -> None:
    emulator = start(tmp_path, check_schema=True)
    try:
        graph = Client(emulator, emulator.token(permissions=["User.ReadWrite.All"]))
        wrong = {"accountEnabled": "yes"}
        assert graph.call("PATCH", f"/v1.0/users/{ADELE}", wrong).status_code == 204
        emulator.reset()
        expected = [f"PATCH /v1.0/users/{ADELE}: accountEnabled is 'yes', not a Boolean"]
        assert emulator.findings() == expected
        graph.token = emulator.token(permissions=["User.ReadWrite.All"])
        headers = {"Content-Type": "application/json"}
        part = {"id": "1", "method": "PATCH", "url": f"/users/{DARA}", "headers": headers, "body": wrong}
        assert graph.call("POST", "/v1.0/$batch", {"requests": [part]}).status_code == 200
        expected.append(f"PATCH /v1.0/users/{DARA}: accountEnabled is 'yes', not a Boolean")
        assert emulator.findings() == expected
        emulator.quirks(check_schema=False)
        assert graph.call("PATCH", f"/v1.0/users/{ADELE}", wrong).status_code == 204
        assert emulator.findings() == expected
    finally:
        emulator.stop()
