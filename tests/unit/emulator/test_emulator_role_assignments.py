# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directory roles for the tenant or for one attribute set (consumer-facts 5)."""

from __future__ import annotations

from typing import Any

import pytest
from plain_client import ADELE, DARA, Client, error_of

ASSIGNMENTS = "/v1.0/roleManagement/directory/roleAssignments"
ROLES = "/v1.0/roleManagement/directory/roleDefinitions"
WRITE, READ = "RoleManagement.ReadWrite.Directory", "RoleManagement.Read.Directory"
ASSIGNER = "58a13ea3-c632-46ae-9ee0-9c0d43cd7f3d"
DEFINER = "8424c6f0-a189-499e-bbd0-26c1753c96d4"
PRIVILEGED = "e8611ab8-c189-46e8-94e1-60213ab1f814"
ADELE_ID = "33333333-3333-4333-8333-333333333301"
REPORTS = "44444444-4444-4444-8444-444444444402"
ROLE_GROUP, SALES = "66666666-6666-4666-8666-666666666604", "66666666-6666-4666-8666-666666666601"
LAPTOP = "77777777-7777-4777-8777-777777777701"
NOBODY = "00000000-0000-4000-8000-000000000000"
DENIED = (403, "Authorization_RequestDenied")


@pytest.fixture
def admin(as_caller: Any) -> Client:
    """A client that reads and writes role assignments, and reads principals."""
    client: Client = as_caller(permissions=[WRITE, "User.Read.All", "Application.Read.All", "GroupMember.Read.All"])
    return client


def assignment(role: str = ASSIGNER, principal: str = ADELE_ID, scope: str = "/attributeSets/Engineering") -> Any:
    return {
        "@odata.type": "#microsoft.graph.unifiedRoleAssignment",
        "roleDefinitionId": role,
        "principalId": principal,
        "directoryScopeId": scope,
    }


def count(client: Client) -> int:
    return len(client.get(ASSIGNMENTS).json()["value"])


@pytest.mark.parametrize(
    ("condition", "number"),
    [
        (f"roleDefinitionId eq '{ASSIGNER}'", 2),
        (f"principalId eq '{ROLE_GROUP}'", 2),
        (f"roleDefinitionId eq '{ASSIGNER}' and principalId eq '{REPORTS}'", 1),
        (f"roleDefinitionId eq '{NOBODY}'", 0),
        ("directoryScopeId eq '/attributeSets/Marketing'", 1),
    ],
)
def test_5_assignments_are_filtered(admin: Client, condition: str, number: int) -> None:
    assert len(admin.get(f"{ASSIGNMENTS}?$filter={condition}").json()["value"]) == number


def test_5_quirk_the_scope_cannot_be_filtered_by(admin: Client, emulator: Any) -> None:
    emulator.quirks(scope_filter="refuse")
    refusal = admin.get(f"{ASSIGNMENTS}?$filter=directoryScopeId eq '/attributeSets/Marketing'")
    assert error_of(refusal) == (400, "Request_UnsupportedQuery")


def test_5_principals_and_roles_are_expanded(admin: Client, as_caller: Any) -> None:
    path = f"{ASSIGNMENTS}?$filter=principalId eq '{REPORTS}'&$expand=principal,roleDefinition($select=displayName)"
    item = admin.get(path).json()["value"][0]
    assert (item["principal"]["@odata.type"], item["principal"]["displayName"]) == (
        "#microsoft.graph.servicePrincipal",
        "Reports",
    )
    assert item["roleDefinition"] == {"displayName": "Attribute Assignment Administrator"}
    assert admin.get(f"{ASSIGNMENTS}/{item['id']}?$expand=principal").json()["principal"]["id"] == REPORTS
    blind = as_caller(permissions=[READ]).get(path).json()["value"][0]
    assert (blind["principal"]["id"], blind["principal"]["displayName"]) == (REPORTS, None)
    assert error_of(admin.get(f"{ASSIGNMENTS}?$expand=appScope")) == (400, "BadRequest")


def test_5_role_definitions_are_found_by_name(admin: Client) -> None:
    found = admin.get(f"{ROLES}?$filter=displayName eq 'Attribute Assignment Administrator'").json()["value"]
    assert [(item["id"], item["isBuiltIn"]) for item in found] == [(ASSIGNER, True)]
    assert (
        admin.get(f"{ROLES}/{DEFINER}?$select=displayName").json()["displayName"]
        == "Attribute Definition Administrator"
    )
    assert error_of(admin.get(f"{ROLES}/{NOBODY}")) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize("principal", [ADELE_ID, REPORTS, ROLE_GROUP])
@pytest.mark.parametrize("scope", ["/", "/attributeSets/Engineering"])
def test_5_an_assignment_is_created_once_and_deleted(admin: Client, principal: str, scope: str) -> None:
    before = count(admin)
    body = assignment("1d336d2c-4ae8-42ef-9711-b3604ce3fc2c", principal, scope)
    created = admin.call("POST", ASSIGNMENTS, body)
    assert created.status_code == 201
    assert {name: created.json()[name] for name in body if "@" not in name} == {
        name: value for name, value in body.items() if "@" not in name
    }
    one = f"{ASSIGNMENTS}/{created.json()['id']}"
    assert admin.get(one).json()["principalId"] == principal
    assert count(admin) == before + 1
    assert admin.call("DELETE", one).status_code == 204
    assert count(admin) == before
    assert error_of(admin.get(one)) == (404, "Request_ResourceNotFound")
    assert error_of(admin.call("DELETE", one)) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize(
    ("status", "code"), [(409, "Request_MultipleObjectsWithSameKeyValue"), (400, "Request_BadRequest")]
)
def test_5_an_equal_assignment_is_a_conflict(admin: Client, emulator: Any, status: int, code: str) -> None:
    emulator.quirks(conflict_status=status)
    before = count(admin)
    refusal = admin.call("POST", ASSIGNMENTS, assignment(ASSIGNER, REPORTS, "/attributeSets/Marketing"))
    assert error_of(refusal) == (status, code)
    assert "conflicting object" in refusal.json()["error"]["message"]
    assert count(admin) == before
    # The same role of the same principal at another scope is another assignment.
    assert admin.call("POST", ASSIGNMENTS, assignment(ASSIGNER, REPORTS, "/")).status_code == 201


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ({**assignment(), "principalId": None}, 400),
        ({**assignment(), "directoryScopeId": ""}, 400),
        (assignment(role=NOBODY), 404),
        (assignment(principal=NOBODY), 404),
        (assignment(principal=SALES), 400),  # a group that is not role-assignable
        (assignment(principal=LAPTOP), 400),
        (assignment(scope="/attributeSets/Nowhere"), 404),
        (assignment(scope="Engineering"), 400),
        (assignment(role=PRIVILEGED), 400),  # not a role of attributes
    ],
)
def test_5_what_cannot_be_assigned_is_refused(admin: Client, body: Any, status: int) -> None:
    before = count(admin)
    assert admin.call("POST", ASSIGNMENTS, body).status_code == status
    assert count(admin) == before


@pytest.mark.parametrize(
    ("permission", "read", "write"),
    [
        (READ, 200, 403),
        (WRITE, 200, 201),
        ("Directory.Read.All", 200, 403),
        ("User.Read.All", 403, 403),
        ("CustomSecAttributeAssignment.ReadWrite.All", 403, 403),
    ],
)
def test_5_permissions_of_applications(as_caller: Any, permission: str, read: int, write: int) -> None:
    caller = as_caller(permissions=[permission])
    assert caller.get(ASSIGNMENTS).status_code == read
    assert caller.get(ROLES).status_code == read
    assert caller.call("POST", ASSIGNMENTS, assignment()).status_code == write


@pytest.mark.parametrize(
    ("roles", "write"),
    [
        ([], 403),
        (["Attribute Assignment Administrator"], 403),
        (["Global Reader"], 403),
        (["Privileged Role Administrator"], 201),
        (["Global Administrator"], 201),
    ],
)
def test_5_a_signed_in_user_needs_a_role_to_assign_roles(as_caller: Any, roles: list[str], write: int) -> None:
    caller = as_caller(user=DARA, scopes=[WRITE], roles=roles)
    assert caller.call("POST", ASSIGNMENTS, assignment()).status_code == write


SCOPES = ["User.Read.All", "CustomSecAttributeAssignment.ReadWrite.All", "CustomSecAttributeDefinition.ReadWrite.All"]


def test_5_a_role_at_a_set_acts_on_that_set_with_the_next_token(admin: Client, as_caller: Any) -> None:
    early = as_caller(user=ADELE, scopes=SCOPES)
    assert admin.call("POST", ASSIGNMENTS, assignment()).status_code == 201
    assert error_of(early.assign({"ProjectDate": "x"})) == DENIED
    later = as_caller(user=ADELE, scopes=SCOPES)
    assert later.assign({"ProjectDate": "x"}).status_code == 204
    assert error_of(later.assign({"EmployeeId": "x"}, set_name="Marketing")) == DENIED
    assert [item["id"] for item in later.get("/v1.0/directory/attributeSets").json()["value"]] == ["Engineering"]


def test_5_assignments_add_up_and_reach_members_of_groups(admin: Client, as_caller: Any) -> None:
    megan = "megan%2Btest@contoso.com"
    body = assignment(ASSIGNER, "33333333-3333-4333-8333-333333333306", "/attributeSets/Marketing")
    assert admin.call("POST", ASSIGNMENTS, body).status_code == 201
    # The group that Megan is in has the role for the tenant.
    caller = as_caller(user="megan+test@contoso.com", scopes=SCOPES)
    assert caller.assign({"ProjectDate": "x"}, who=f"users/{megan}").status_code == 204
    definition = {"attributeSet": "Engineering", "name": "Extra", "type": "String", "status": "Available"}
    flags = {"isCollection": False, "isSearchable": True, "usePreDefinedValuesOnly": False}
    path = "/v1.0/directory/customSecurityAttributeDefinitions"
    assert caller.call("POST", path, {**definition, **flags}).status_code == 201


def test_5_application_permissions_are_app_role_assignments(admin: Client, as_caller: Any, emulator: Any) -> None:
    path = f"/v1.0/servicePrincipals/{REPORTS}/appRoleAssignments"
    assert admin.get(path).json()["value"] == []
    tenant = emulator.tenant()
    app_id = next(item["appId"] for item in tenant["servicePrincipals"] if item["id"] == REPORTS)
    permissions = ["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All", "Mail.Send"]
    tenant["applications"].append({"client_id": app_id, "permissions": permissions})
    emulator.tenant(tenant)
    reader = as_caller(permissions=["Application.Read.All"])
    items = reader.get(path).json()["value"]
    assert [item["appRoleId"] for item in items] == [
        "de89b5e4-5b8f-48eb-8925-29c2b33bd8bd",
        "df021288-bdef-4463-88db-98f22de89214",
    ]
    assert {(item["principalId"], item["resourceDisplayName"]) for item in items} == {(REPORTS, "Microsoft Graph")}
    assert error_of(as_caller(permissions=[READ]).get(path)) == DENIED
    assert error_of(reader.call("POST", path, {})) == (501, "NotEmulated")


def test_role_assignments_of_a_state_come_back(emulator: Any) -> None:
    tenant = emulator.tenant()
    del tenant["roleAssignments"][1:]
    assert emulator.tenant(tenant) == tenant
    assert count(Client(emulator, emulator.token(permissions=[READ]))) == 1
