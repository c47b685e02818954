# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups, their members, and the links and properties that values can be derived from (consumer-facts 6 and 7)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from plain_client import ADELE, EVENTUAL, PAYROLL, Client, error_of

READ_GROUPS = ["GroupMember.Read.All"]
READ_ALL = [*READ_GROUPS, "User.Read.All", "Application.Read.All", "Device.Read.All"]
SALES, SALES_UK, ENGINEERING, ROLE_GROUP, COUNCIL, DYNAMIC = (
    f"66666666-6666-4666-8666-66666666660{n}" for n in range(1, 7)
)
ALEX, DARA_ID = "33333333-3333-4333-8333-333333333302", "33333333-3333-4333-8333-333333333303"
AGENT, BLUEPRINT = "44444444-4444-4444-8444-444444444404", "44444444-4444-4444-8444-444444444405"
DENIED = (403, "Authorization_RequestDenied")


@pytest.fixture
def reader(as_caller: Any) -> Client:
    """A client that reads groups and every kind of member."""
    client: Client = as_caller(permissions=READ_ALL)
    return client


def ids(response: Any) -> list[str]:
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["value"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("$filter=displayName eq 'sales emea'", [SALES]),
        ("$filter=startsWith(displayName,'Sales')", [SALES, SALES_UK]),
        ("$filter=mailNickname eq 'sales-uk'", [SALES_UK]),
        (f"$filter=id eq '{SALES}'", [SALES]),
        (f"$filter=id in ('{SALES}','{COUNCIL}')", [SALES, COUNCIL]),
        ("$filter=isAssignableToRole eq true", [ROLE_GROUP]),
        ("$filter=groupTypes/any(c:c eq 'Unified')", [ENGINEERING, COUNCIL]),
        ("$filter=displayName eq 'Nobody'", []),
        ("$orderby=displayName&$top=2", [DYNAMIC, ROLE_GROUP]),
    ],
)
def test_6_groups_are_found_by_filter(reader: Client, query: str, found: list[str]) -> None:
    assert ids(reader.get(f"/v1.0/groups?{query}")) == found


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ('"displayName:sales"', [SALES, SALES_UK]),
        ('"displayName:EMEA sal"', [SALES]),
        ('"displayName:ales"', []),
        ('"description:europe"', [SALES]),
        ('"displayName:uk" OR "displayName:works"', [SALES_UK, COUNCIL]),
        ('"displayName:sales" AND "displayName:uk"', [SALES_UK]),
    ],
)
def test_6_groups_are_searched_by_words(reader: Client, search: str, found: list[str]) -> None:
    assert ids(reader.get(f"/v1.0/groups?$search={quote(search)}", **EVENTUAL)) == found


def test_graph_facts_14_a_search_needs_the_header(reader: Client) -> None:
    refusal = reader.get('/v1.0/groups?$search="displayName:sales"')
    assert error_of(refusal) == (400, "Request_UnsupportedQuery")
    assert "ConsistencyLevel: eventual" in refusal.json()["error"]["message"]


@pytest.mark.parametrize("search", ["displayName:sales", '"mail:sales"', '"displayName:"'])
def test_a_search_that_is_malformed_or_not_indexed_is_refused(reader: Client, search: str) -> None:
    assert error_of(reader.get(f"/v1.0/groups?$search={search}", **EVENTUAL)) == (400, "Request_UnsupportedQuery")


def test_one_group_has_its_properties_and_unknown_names_are_refused(reader: Client) -> None:
    group = reader.get(f"/v1.0/groups/{DYNAMIC}").json()
    assert group["membershipRule"] == 'user.department -eq "Marketing"'
    assert (group["groupTypes"], group["proxyAddresses"], group["mail"]) == (["DynamicMembership"], [], None)
    assert group["@odata.context"].endswith("/v1.0/$metadata#groups/$entity")
    chosen = reader.get(f"/v1.0/groups/{ROLE_GROUP}?$select=isAssignableToRole").json()
    assert chosen["isAssignableToRole"] is True
    assert error_of(reader.get("/v1.0/groups?$select=members")) == (400, "BadRequest")
    assert error_of(reader.get(f"/v1.0/groups/{ALEX}")) == (404, "Request_ResourceNotFound")
    assert error_of(reader.get("/v1.0/groups/Sales")) == (400, "Request_BadRequest")


@pytest.mark.parametrize(("name", "status"), [("sales-uk", 200), ("SALES-UK", 200), ("Sales UK", 404), ("", 404)])
def test_6_a_group_is_found_by_its_unique_name(reader: Client, as_caller: Any, name: str, status: int) -> None:
    answer = reader.get(f"/v1.0/groups(uniqueName='{name}')?$select=id,uniqueName")
    assert answer.status_code == status
    if status == 200:
        assert (answer.json()["id"], answer.json()["uniqueName"]) == (SALES_UK, "sales-uk")
    assert error_of(as_caller(permissions=["User.Read.All"]).get("/v1.0/groups(uniqueName='sales-uk')")) == DENIED


def test_groups_are_paged_and_counted(reader: Client) -> None:
    first = reader.get("/v1.0/groups?$top=4&$count=true&$select=id", **EVENTUAL).json()
    second = reader.get(first["@odata.nextLink"], **EVENTUAL).json()
    assert (first["@odata.count"], len(first["value"]), len(second["value"])) == (6, 4, 2)
    assert "@odata.nextLink" not in second
    assert reader.get("/v1.0/groups/$count", **EVENTUAL).text == "6"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("members", [ALEX, AGENT, SALES_UK]),
        ("transitiveMembers", [ALEX, AGENT, SALES_UK, DARA_ID]),
        ("members/microsoft.graph.user", [ALEX]),
        ("members/microsoft.graph.group", [SALES_UK]),
        ("transitiveMembers/microsoft.graph.user", [ALEX, DARA_ID]),
        ("transitiveMembers/graph.user", [ALEX, DARA_ID]),
        ("transitiveMembers/microsoft.graph.servicePrincipal", [AGENT]),
        ("transitiveMembers/microsoft.graph.device", []),
    ],
)
def test_6_members_directly_and_through_nested_groups(reader: Client, path: str, found: list[str]) -> None:
    assert ids(reader.get(f"/v1.0/groups/{SALES}/{path}")) == found
    assert reader.get(f"/v1.0/groups/{SALES}/{path}/$count", **EVENTUAL).text == str(len(found))


def test_6_members_name_their_types_and_a_cast_does_not(reader: Client) -> None:
    mixed = reader.get(f"/v1.0/groups/{ENGINEERING}/members?$select=id,displayName,appId").json()
    assert [item["@odata.type"].rpartition(".")[2] for item in mixed["value"]] == ["user", "servicePrincipal", "device"]
    assert ["appId" in item for item in mixed["value"]] == [False, True, False]
    assert mixed["@odata.context"].endswith("#directoryObjects(id,displayName,appId)")
    cast = reader.get(f"/v1.0/groups/{ENGINEERING}/members/microsoft.graph.user?$select=userPrincipalName").json()
    assert cast["value"] == [{"userPrincipalName": ADELE}]
    assert cast["@odata.context"].endswith("#users(userPrincipalName)")


def test_6_members_are_paged_with_the_path_of_the_request(reader: Client) -> None:
    query = "$count=true&$select=id,userPrincipalName&$top=1"
    first = reader.get(f"/v1.0/groups/{SALES}/transitiveMembers/microsoft.graph.user?{query}", **EVENTUAL).json()
    assert first["@odata.count"] == 2
    assert f"/v1.0/groups/{SALES}/transitiveMembers/microsoft.graph.user?" in first["@odata.nextLink"]
    assert ids(reader.get(first["@odata.nextLink"], **EVENTUAL)) == [DARA_ID]


@pytest.mark.parametrize("path", ["members", "members/microsoft.graph.user"])
def test_6_attributes_on_a_membership_path_are_refused_because_that_is_unknown(reader: Client, path: str) -> None:
    refusal = reader.get(f"/v1.0/groups/{SALES}/{path}?$select=id,customSecurityAttributes")
    assert error_of(refusal) == (400, "BadRequest")


def test_6_groups_in_a_circle_are_walked_once(reader: Client, emulator: Any) -> None:
    tenant = emulator.tenant()
    for group in tenant["groups"]:
        if group["id"] == SALES_UK:
            group["members"].append(SALES)
    emulator.tenant(tenant)
    client = Client(emulator, emulator.token(permissions=READ_ALL))
    assert ids(client.get(f"/v1.0/groups/{SALES}/transitiveMembers")) == [ALEX, AGENT, SALES_UK, DARA_ID]


@pytest.mark.parametrize(
    ("permissions", "groups", "members"),
    [
        (["GroupMember.ReadBasic.All"], 403, 200),
        (["GroupMember.Read.All"], 200, 200),
        (["Group.Read.All"], 200, 200),
        (["Directory.Read.All"], 200, 200),
        (["User.Read.All"], 403, 403),
        (["Member.Read.Hidden"], 403, 403),
    ],
)
def test_6_permissions_of_groups_and_members(as_caller: Any, permissions: list[str], groups: int, members: int) -> None:
    caller = as_caller(permissions=permissions)
    assert caller.get("/v1.0/groups").status_code == groups
    assert caller.get(f"/v1.0/groups/{SALES}").status_code == groups
    assert caller.get(f"/v1.0/groups/{SALES}/members").status_code == members
    assert caller.get(f"/v1.0/groups/{SALES}/transitiveMembers/microsoft.graph.user").status_code == members


def test_6_members_of_a_kind_that_may_not_be_read_show_type_and_id_alone(as_caller: Any) -> None:
    caller = as_caller(permissions=[*READ_GROUPS, "User.Read.All"])
    items = caller.get(f"/v1.0/groups/{ENGINEERING}/members?$select=id,displayName,tags").json()["value"]
    assert [item["displayName"] for item in items] == ["Adele Vance", None, None]
    assert items[1] == {
        "@odata.type": "#microsoft.graph.servicePrincipal",
        "id": PAYROLL,
        "displayName": None,
        "tags": [],
    }
    assert "tags" not in items[2]


@pytest.mark.parametrize("relation", ["members", "transitiveMembers/microsoft.graph.user"])
def test_6_a_hidden_membership_needs_its_permission(as_caller: Any, emulator: Any, relation: str) -> None:
    path = f"/v1.0/groups/{COUNCIL}/{relation}"
    allowed = as_caller(permissions=[*READ_ALL, "Member.Read.Hidden"])
    plain = as_caller(permissions=[*READ_ALL, "Directory.Read.All"])
    assert len(ids(allowed.get(path))) == 1
    assert ids(plain.get(path)) == []
    emulator.quirks(hidden_membership="refuse")
    assert error_of(plain.get(path)) == DENIED
    assert len(ids(allowed.get(path))) == 1


def test_6_quirk_a_cast_needs_the_advanced_query(reader: Client, emulator: Any) -> None:
    emulator.quirks(plain_cast="refuse")
    path = f"/v1.0/groups/{SALES}/members/microsoft.graph.user"
    assert error_of(reader.get(path)) == (400, "Request_UnsupportedQuery")
    assert error_of(reader.get(path, **EVENTUAL)) == (400, "Request_UnsupportedQuery")
    assert ids(reader.get(f"{path}?$count=true", **EVENTUAL)) == [ALEX]
    assert len(ids(reader.get(f"/v1.0/groups/{SALES}/members"))) == 3


def test_7_groups_that_an_object_is_in(reader: Client, as_caller: Any) -> None:
    assert ids(reader.get(f"/v1.0/users/{DARA_ID}/memberOf")) == [SALES_UK, DYNAMIC]
    assert ids(reader.get(f"/v1.0/users/{DARA_ID}/transitiveMemberOf")) == [SALES, SALES_UK, DYNAMIC]
    assert ids(reader.get(f"/v1.0/servicePrincipals/{PAYROLL}/memberOf/microsoft.graph.group")) == [ENGINEERING]
    assert ids(reader.get(f"/v1.0/users/{ADELE}/memberOf")) == [ENGINEERING]
    hidden = as_caller(permissions=[*READ_ALL, "Member.Read.Hidden"])
    assert ids(hidden.get(f"/v1.0/users/{ADELE}/memberOf")) == [ENGINEERING, COUNCIL]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (f"servicePrincipals/{PAYROLL}/owners", ["Adele Vance", "Alex Wilber"]),
        (f"servicePrincipals/{AGENT}/microsoft.graph.agentIdentity/sponsors", ["Alex Wilber"]),
        (
            f"servicePrincipals/{BLUEPRINT}/microsoft.graph.agentIdentityBlueprintPrincipal/sponsors",
            ["Alex Wilber", "Megan Bowen"],
        ),
        ("users/lidia_fabrikam.com%23EXT%23@contoso.com/sponsors", ["Adele Vance"]),
        (f"groups/{ENGINEERING}/owners", ["Megan Bowen"]),
        (f"users/{DARA_ID}/sponsors", []),
    ],
)
def test_7_owners_and_sponsors(reader: Client, path: str, names: list[str]) -> None:
    answer = reader.get(f"/v1.0/{path}").json()
    assert [item["displayName"] for item in answer["value"]] == names


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"servicePrincipals/{PAYROLL}/sponsors", 400),
        (f"servicePrincipals/{PAYROLL}/microsoft.graph.agentIdentity/sponsors", 404),
        (f"groups/{SALES}/manager", 400),
    ],
)
def test_7_only_agents_and_users_have_sponsors(reader: Client, path: str, status: int) -> None:
    assert reader.get(f"/v1.0/{path}").status_code == status


def test_7_a_manager_is_one_object_or_404(reader: Client) -> None:
    manager = reader.get(f"/v1.0/users/{ADELE}/manager?$select=id,displayName").json()
    assert (manager["@odata.type"], manager["displayName"]) == ("#microsoft.graph.user", "Megan Bowen")
    assert error_of(reader.get(f"/v1.0/users/{DARA_ID}/manager")) == (404, "Request_ResourceNotFound")


def test_7_links_need_the_permission_of_the_object_they_start_from(as_caller: Any) -> None:
    caller = as_caller(permissions=READ_GROUPS)
    for path in ("users/nobody/manager", f"users/{ADELE}/memberOf", f"servicePrincipals/{PAYROLL}/owners"):
        assert error_of(caller.get(f"/v1.0/{path}")) == DENIED


USER_PROPERTIES = (
    "accountEnabled city companyName country creationType department displayName employeeHireDate employeeId "
    "employeeLeaveDateTime employeeOrgData employeeType externalUserState identityParentId jobTitle mail "
    "officeLocation onPremisesDistinguishedName onPremisesExtensionAttributes onPremisesSyncEnabled "
    "preferredDataLocation state usageLocation userType"
)
SERVICE_PRINCIPAL_PROPERTIES = (
    "accountEnabled alternativeNames appDisplayName appId appOwnerOrganizationId applicationTemplateId "
    "appRoleAssignmentRequired createdByAppId description displayName homepage isDisabled notes "
    "notificationEmailAddresses preferredSingleSignOnMode replyUrls servicePrincipalNames servicePrincipalType "
    "signInAudience tags verifiedPublisher createdDateTime"
)


def test_7_service_principals_are_filtered_by_tags(reader: Client) -> None:
    path = "/v1.0/servicePrincipals?$count=true&$filter=tags/any(t:t eq 'HR') or tags/any(t:t eq 'Other')"
    assert ids(reader.get(path, **EVENTUAL)) == [PAYROLL]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"groups/{SALES}/members/$ref", 501),
        (f"groups/{SALES}/members/microsoft.graph.orgContact", 501),
        (f"groups/{SALES}/members/nonsense", 400),
        (f"users/{ADELE}/manager?$expand=manager", 501),
        (f"groups/{SALES}/members?$expand=manager", 501),
        ("users/agent@contoso.com/microsoft.graph.agentUser/manager", 404),
    ],
)
def test_links_that_are_not_served_are_answered_as_such(reader: Client, path: str, status: int) -> None:
    assert reader.get(f"/v1.0/{path}").status_code == status


@pytest.mark.parametrize(
    ("path", "names"),
    [("users", USER_PROPERTIES.split()), ("servicePrincipals", SERVICE_PRINCIPAL_PROPERTIES.split())],
)
def test_7_properties_that_values_are_derived_from(reader: Client, path: str, names: list[str]) -> None:
    items = reader.get(f"/v1.0/{path}?$select=id,{','.join(names)}").json()["value"]
    assert all(set(names) <= item.keys() for item in items)
    assert all(isinstance(item.get("tags", []), list) for item in items)


def test_7_derived_properties_have_their_values(reader: Client) -> None:
    select = "jobTitle,employeeOrgData,onPremisesExtensionAttributes,companyName"
    user = reader.get(f"/v1.0/users/{ADELE}?$select={select}").json()
    assert (user["jobTitle"], user["employeeOrgData"]["costCenter"]) == ("Analyst", "1001")
    agent = reader.get(f"/v1.0/servicePrincipals/{AGENT}?$select=agentIdentityBlueprintId").json()
    blueprint = reader.get(f"/v1.0/servicePrincipals/{BLUEPRINT}?$select=appId").json()
    assert agent["agentIdentityBlueprintId"] == blueprint["appId"]


@pytest.mark.parametrize(
    ("query", "headers", "count"),
    [
        ("$filter=jobTitle eq 'Analyst'", {}, 1),
        ("$filter=department eq 'Marketing' and country eq 'GB'", {}, 1),
        ("$count=true&$filter=employeeOrgData/costCenter eq '1001'", EVENTUAL, 1),
        ("$count=true&$filter=onPremisesExtensionAttributes/extensionAttribute1 eq 'Baker'", EVENTUAL, 1),
    ],
)
def test_7_users_are_filtered_by_properties(reader: Client, query: str, headers: dict[str, str], count: int) -> None:
    assert len(ids(reader.get(f"/v1.0/users?{query}", **headers))) == count


def test_7_members_of_complex_properties_need_the_advanced_query(reader: Client) -> None:
    refusal = reader.get("/v1.0/users?$filter=employeeOrgData/costCenter eq '1001'")
    assert error_of(refusal) == (400, "Request_UnsupportedQuery")


def test_7_the_last_sign_in_needs_its_permission(reader: Client, as_caller: Any) -> None:
    assert error_of(reader.get("/v1.0/users?$select=id,signInActivity")) == DENIED
    allowed = as_caller(permissions=[*READ_ALL, "AuditLog.Read.All"])
    assert allowed.get("/v1.0/users?$select=id,signInActivity").status_code == 200


@pytest.mark.parametrize("path", ["groups", "devices"])
def test_groups_and_devices_cannot_be_written_here(as_caller: Any, path: str) -> None:
    caller = as_caller(permissions=["Directory.ReadWrite.All"])
    assert caller.call("POST", f"/v1.0/{path}", {"displayName": "x"}).status_code in (405, 501)


def test_the_state_returns_groups_devices_and_links(emulator: Any) -> None:
    tenant = emulator.tenant()
    again = emulator.tenant(tenant)
    assert again == tenant
    assert [len(tenant[name]) for name in ("groups", "devices")] == [6, 1]
    assert tenant["servicePrincipals"][0]["owners"][1] == ALEX
