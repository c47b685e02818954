# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules for role assignments against the local Graph: requests sent, role assignments, results."""

from __future__ import annotations

from typing import Any

import pytest
from _emulator import Emulator
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils._errors import EntraError
from ansible_collections.entra.attributes.plugins.module_utils._operations.role_assignment import (
    DELEGATION,
    DELEGATION_INFO,
)
from ansible_collections.entra.attributes.plugins.module_utils._tenant.permissions import ROLE_IDS

from ...conftest import Patient, patience

ADELE, ALEX = "33333333-3333-4333-8333-333333333301", "33333333-3333-4333-8333-333333333302"
PAYROLL = "44444444-4444-4444-8444-444444444401"
ROLE_GROUP = "66666666-6666-4666-8666-666666666604"
OWNER = "33333333-3333-4333-8333-333333333306"
ASSIGNER, READER, DEFINER = (
    "attribute_assignment_administrator",
    "attribute_assignment_reader",
    "attribute_definition_administrator",
)
MANAGE, LIST = "RoleManagement.ReadWrite.Directory", "RoleManagement.Read.Directory"
PERMISSIONS = [MANAGE, "User.Read.All", "Application.Read.All", "GroupMember.Read.All"]
DEFINITIONS = "CustomSecAttributeDefinition.Read.All"
PATH = "/v1.0/roleManagement/directory/roleAssignments"
ENGINEERING = {"role": ASSIGNER, "attribute_set": "Engineering"}


@pytest.fixture
def admin(tenant: Tenant) -> Tenant:
    """The tenant as an application reaches it that can delegate."""
    return tenant.allow(*PERMISSIONS, DEFINITIONS)


def held(tenant: Tenant) -> set[tuple[str, str, str]]:
    """Return the role assignments as role, principal and scope."""
    names = {identifier: name for name, identifier in ROLE_IDS.items()}
    return {
        (names.get(item["roleDefinitionId"], "?"), item["principalId"], item["directoryScopeId"])
        for item in tenant.emulator.tenant()["roleAssignments"]
    }


def hold(tenant: Tenant, *assignments: tuple[str, str, str]) -> None:
    """Let principals hold exactly these roles, given as in `held()`."""
    state = tenant.emulator.tenant()
    state["roleAssignments"] = [
        {"id": f"a{number}", "roleDefinitionId": ROLE_IDS[role], "principalId": who, "directoryScopeId": scope}
        for number, (role, who, scope) in enumerate(assignments)
    ]
    tenant.emulator.tenant(state)


def writes(tenant: Tenant) -> list[str]:
    found = [f"{entry['method']} {entry['path']}" for entry in tenant.log if entry["method"] != "GET"]
    tenant.emulator.clear()
    return found


TITLE = "Attribute Assignment Administrator"


def test_a_role_is_assigned_and_removed_in_one_write_each(admin: Tenant) -> None:
    wanted = {**ENGINEERING, "user": "adele@contoso.com"}
    predicted = admin.run(DELEGATION, check_mode=True, **wanted)
    before = held(admin)
    assert writes(admin) == []
    made = admin.run(DELEGATION, **wanted)
    assert writes(admin) == [f"POST {PATH}"]
    assert held(admin) - before == {(TITLE, ADELE, "/attributeSets/Engineering")}
    result = made["role_assignment"]
    assert result == {
        "id": result["id"],
        **ENGINEERING,
        "user": "adele@contoso.com",
        "service_principal": None,
        "group": None,
        "principal": {
            "id": ADELE,
            "type": "user",
            "display_name": "Adele Vance",
            "user_principal_name": "adele@contoso.com",
        },
    }
    assert predicted == {**made, "role_assignment": {**result, "id": None}}
    assert made["previous_role_assignment"] is None
    again = admin.run(DELEGATION, **wanted)
    assert (again["changed"], again["role_assignment"], writes(admin)) == (False, result, [])
    check = admin.run(DELEGATION, check_mode=True, **wanted, state="absent")
    gone = admin.run(DELEGATION, **wanted, state="absent")
    assert check == gone
    assert (gone["changed"], gone["role_assignment"], gone["previous_role_assignment"]) == (True, None, result)
    assert writes(admin) == [f"DELETE {PATH}/{result['id']}"]
    assert held(admin) == before
    assert admin.run(DELEGATION, **wanted, state="absent")["changed"] is False
    assert writes(admin) == []


@pytest.mark.parametrize(
    ("who", "identifier"),
    [
        ({"user": ADELE.upper()}, ADELE),
        ({"service_principal": "payroll-api"}, PAYROLL),
        ({"service_principal": PAYROLL}, PAYROLL),
        ({"group": "Attribute administrators"}, ROLE_GROUP),
        ({"group": ROLE_GROUP}, ROLE_GROUP),
    ],
)
def test_principals_of_every_kind_and_name(admin: Tenant, who: dict[str, str], identifier: str) -> None:
    made = admin.run(DELEGATION, role=READER, attribute_set="Engineering", **who)
    assert made["role_assignment"]["principal"]["id"] == identifier
    assert ("Attribute Assignment Reader", identifier, "/attributeSets/Engineering") in held(admin)
    assert admin.run(DELEGATION, role=READER, attribute_set="Engineering", **who)["changed"] is False


def test_app_ids_name_service_principals(admin: Tenant) -> None:
    app_id = next(
        principal["appId"] for principal in admin.emulator.tenant()["servicePrincipals"] if principal["id"] == PAYROLL
    )
    made = admin.run(DELEGATION, role=READER, service_principal=app_id)
    assert made["role_assignment"]["service_principal"] == app_id


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({**ENGINEERING, "user": "nobody@contoso.com"}, "PrincipalNotFound", "there is no user 'nobody@contoso.com'"),
        ({**ENGINEERING, "group": "Nobody"}, "PrincipalNotFound", "there is no group 'Nobody'"),
        ({**ENGINEERING, "group": "Engineering"}, "InvalidDeclaration", "only role-assignable groups hold a role"),
        ({"role": READER, "attribute_set": "Nowhere", "user": ADELE}, "UndefinedAttribute", "no attribute set Nowhere"),
        ({"role": READER, "attribute_set": "engineering", "user": ADELE}, "NameCaseMismatch", "there is Engineering"),
        ({"role": READER, "attribute_set": "a b", "user": ADELE}, "InvalidDeclaration", "characters that names cannot"),
        ({**ENGINEERING, "user": " "}, "InvalidDeclaration", "user: is empty"),
    ],
)
@pytest.mark.parametrize("state", ["present", "absent"])
def test_mistakes_are_refused_before_the_write(
    admin: Tenant, options: dict[str, str], kind: str, message: str, state: str
) -> None:
    failed = admin.fail(DELEGATION, **options, state=state)
    assert failed["error"]["type"] == kind
    assert message in failed["msg"]
    assert writes(admin) == []


def test_check_mode_accepts_a_set_that_an_earlier_task_may_create(admin: Tenant) -> None:
    predicted = admin.run(DELEGATION, check_mode=True, role=READER, attribute_set="Sales", user=ADELE)
    assert predicted["changed"] is True
    assert "Unless an earlier task creates it" in predicted["warnings"][0]
    failed = admin.fail(DELEGATION, check_mode=True, role=READER, attribute_set="marketing", user=ADELE)
    assert "there is Marketing" in failed["msg"]


def test_object_ids_need_no_permission_to_read(tenant: Tenant) -> None:
    delegator = tenant.allow(MANAGE)
    made = delegator.run(DELEGATION, **ENGINEERING, user=ADELE)
    assert made["warnings"] == ["It is unknown whether there is an attribute set Engineering: it cannot be read."]
    assert (TITLE, ADELE, "/attributeSets/Engineering") in held(tenant)
    failed = delegator.fail(DELEGATION, **ENGINEERING, user="alex@contoso.com")
    assert "User.Read.All" in failed["msg"]


def test_the_last_administrator_stays(admin: Tenant) -> None:
    hold(admin, (TITLE, ALEX, "/"), (TITLE, ADELE, "/attributeSets/Marketing"), ("Attribute Log Reader", ALEX, "/"))
    admin = admin.allow(*PERMISSIONS, DEFINITIONS)
    failed = admin.fail(DELEGATION, check_mode=True, role=ASSIGNER, user=ALEX, state="absent")
    assert failed == admin.fail(DELEGATION, role=ASSIGNER, user=ALEX, state="absent")
    assert failed["error"]["type"] == "PlanRefused"
    assert "nobody else holds this role for the tenant; force=true removes it anyway" in failed["msg"]
    admin.run(DELEGATION, role="attribute_log_reader", user=ALEX, state="absent")  # readers do not count
    admin.run(DELEGATION, role=ASSIGNER, attribute_set="Marketing", user=ADELE, state="absent")
    assert held(admin) == {(TITLE, ALEX, "/")}
    assert admin.run(DELEGATION, role=ASSIGNER, user=ALEX, state="absent", force=True)["changed"] is True
    assert held(admin) == set()


def as_user(tenant: Tenant, name: str, *scopes: str) -> Tenant:
    roles = ["Privileged Role Administrator", "Attribute Definition Reader"]
    token = tenant.emulator.token(user=name, scopes=list(scopes), roles=roles)
    return tenant.through(tenant.connect(access_token=token))


def test_a_set_that_is_perhaps_hidden_is_left_to_graph(tenant: Tenant) -> None:
    limited = {"Attribute Definition Reader": ["Marketing"]}
    roles, scopes = ["Privileged Role Administrator"], [*PERMISSIONS, DEFINITIONS]
    token = tenant.emulator.token(user="adele@contoso.com", scopes=scopes, roles=roles, role_scopes=limited)
    adele = tenant.through(tenant.connect(access_token=token))
    made = adele.run(DELEGATION, **ENGINEERING, user=ALEX)
    assert made["warnings"] == ["There is no attribute set Engineering, or it cannot be read."]
    assert (TITLE, ALEX, "/attributeSets/Engineering") in held(tenant)
    assert "warnings" not in adele.run(DELEGATION, role=ASSIGNER, attribute_set="Marketing", user=ALEX)


def name_of(tenant: Tenant, identifier: str) -> str:
    users = tenant.emulator.tenant()["users"]
    return str(next(user["userPrincipalName"] for user in users if user["id"] == identifier))


def test_own_access_stays_also_by_a_group(tenant: Tenant) -> None:
    hold(tenant, (TITLE, ALEX, "/"), (TITLE, OWNER, "/attributeSets/Engineering"), (TITLE, ROLE_GROUP, "/"))
    owner = as_user(tenant, name_of(tenant, OWNER), *PERMISSIONS, DEFINITIONS)
    failed = owner.fail(DELEGATION, role=ASSIGNER, group=ROLE_GROUP, state="absent")
    assert "this identity would lose the role" in failed["msg"]
    # The role of the group includes the one for the attribute set.
    owner.run(DELEGATION, **ENGINEERING, user=OWNER, state="absent")
    owner.run(DELEGATION, **ENGINEERING, user=ALEX)
    owner.run(DELEGATION, **ENGINEERING, user=ALEX, state="absent")
    assert held(tenant) == {(TITLE, ALEX, "/"), (TITLE, ROLE_GROUP, "/")}


def test_a_group_whose_members_are_unknown_keeps_its_role(tenant: Tenant) -> None:
    hold(tenant, (TITLE, ALEX, "/"), (TITLE, ROLE_GROUP, "/"))
    adele = as_user(tenant, "adele@contoso.com", MANAGE, DEFINITIONS)
    failed = adele.fail(DELEGATION, role=ASSIGNER, group=ROLE_GROUP, state="absent")
    assert "this identity may lose the role" in failed["msg"]
    adele = as_user(tenant, "adele@contoso.com", MANAGE, DEFINITIONS, "GroupMember.Read.All")
    assert adele.run(DELEGATION, role=ASSIGNER, group=ROLE_GROUP, state="absent")["changed"] is True


def test_an_opaque_token_removes_nothing_without_force(admin: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(admin, (TITLE, ALEX, "/"), (TITLE, ADELE, "/"))
    admin = admin.allow(*PERMISSIONS)
    monkeypatch.setattr(admin.graph, "claims", dict)
    assert "may lose the role" in admin.fail(DELEGATION, role=ASSIGNER, user=ALEX, state="absent")["msg"]
    assert admin.run(DELEGATION, role=ASSIGNER, user=ALEX, state="absent", force=True)["changed"] is True


@pytest.mark.parametrize("status", [400, 409])
def test_a_role_that_somebody_else_just_assigned(admin: Tenant, emulator: Emulator, status: int) -> None:
    emulator.quirks(conflict_status=status)
    listed = admin.graph.pages
    hidden = iter([True])

    def late(path: str, **options: Any) -> Any:
        """Leave out what there is, the first time."""
        found = list(listed(path, **options))
        return [] if path.endswith("roleAssignments") and next(hidden, False) else found

    admin.run(DELEGATION, **ENGINEERING, user=ADELE)
    admin.graph.pages = late  # type: ignore[method-assign]
    again = admin.run(DELEGATION, **ENGINEERING, user=ADELE)
    assert (again["changed"], again["role_assignment"]["principal"]["id"]) == (False, ADELE)


def test_missing_permissions_refer_to_access_info(tenant: Tenant) -> None:
    reader = tenant.allow(LIST, "User.Read.All", DEFINITIONS)
    predicted = reader.run(DELEGATION, check_mode=True, **ENGINEERING, user=ADELE)
    assert "Graph will refuse this change" in predicted["warnings"][0]
    failed = reader.fail(DELEGATION, **ENGINEERING, user=ADELE)
    assert failed["error"]["type"] == "PermissionDenied"
    assert f"{MANAGE} with admin consent" in failed["msg"]
    assert "access_info" in failed["msg"]


def test_a_new_role_that_does_not_separate_duties_is_a_warning(admin: Tenant) -> None:
    admin.run(DELEGATION, **ENGINEERING, user=ADELE)
    made = admin.run(DELEGATION, role=DEFINER, attribute_set="Engineering", user=ADELE)
    assert made["warnings"] == ["user adele@contoso.com both defines and assigns attributes of Engineering."]
    made = admin.run(DELEGATION, role=ASSIGNER, user=ADELE)
    assert made["warnings"] == [
        "user adele@contoso.com holds Attribute Assignment Administrator for the tenant, which includes"
        " Attribute Assignment Administrator for Engineering.",
    ]


def test_info_lists_filters_and_reports(tenant: Tenant) -> None:
    reader = tenant.allow(LIST, "User.Read.All", "Application.Read.All", "GroupMember.Read.All")
    everything = reader.run(DELEGATION_INFO)
    assert {
        (item["role"], item["attribute_set"], item["principal"]["id"]) for item in everything["role_assignments"]
    } == {
        (DEFINER, None, ROLE_GROUP),
        (ASSIGNER, None, ROLE_GROUP),
        (ASSIGNER, "Marketing", "44444444-4444-4444-8444-444444444402"),
        (READER, "Engineering", "33333333-3333-4333-8333-333333333307"),
    }
    assert everything["not_read"] == []
    assert [(item["kind"], item["principal"]["id"]) for item in everything["problems"]] == [
        ("defines_and_assigns", ROLE_GROUP),
        ("defines_and_assigns", OWNER),
    ]
    for options, number in (
        ({"role": ASSIGNER}, 2),
        ({"attribute_set": "Marketing"}, 1),
        ({"group": "Attribute administrators"}, 2),
        ({"user": ADELE}, 0),
        ({"role": READER, "attribute_set": "Marketing"}, 0),
    ):
        assert len(reader.run(DELEGATION_INFO, **options)["role_assignments"]) == number


def test_info_reports_what_it_could_not_read(tenant: Tenant) -> None:
    blind = tenant.allow(LIST)
    found = blind.run(DELEGATION_INFO)
    assert [item["source"] for item in found["not_read"]] == ["group_members", "application_permissions"]
    assert len(found["role_assignments"]) == 4
    with pytest.raises(EntraError, match=LIST):
        tenant.allow("User.Read.All").run(DELEGATION_INFO)


def test_info_sees_that_a_permission_includes_a_role(tenant: Tenant) -> None:
    state = tenant.emulator.tenant()
    payroll = next(principal for principal in state["servicePrincipals"] if principal["id"] == PAYROLL)
    state["applications"].append(
        {"client_id": payroll["appId"], "permissions": ["CustomSecAttributeAssignment.ReadWrite.All"]}
    )
    tenant.emulator.tenant(state)
    hold(tenant, (TITLE, PAYROLL, "/attributeSets/Engineering"), ("Attribute Definition Administrator", PAYROLL, "/"))
    problems = tenant.allow(LIST, "Application.Read.All").run(DELEGATION_INFO)["problems"]
    assert {problem["kind"] for problem in problems} == {"defines_and_assigns", "included_in_permission"}
    assert "for the whole tenant, which includes Attribute Assignment Administrator for Engineering" in str(problems)


def test_a_new_principal_is_waited_for(admin: Tenant, waits: Patient) -> None:
    sent = admin.graph.post
    answers = iter([True, True])

    def late(path: str, body: Any, **options: Any) -> Any:
        """Send it to a principal that Graph does not know yet, twice."""
        wrong = {**body, "principalId": "00000000-0000-4000-8000-000000000000"}
        return sent(path, wrong if next(answers, False) else body, **options)

    admin.graph.post = late  # type: ignore[method-assign]
    admin.graph._http.patience = patience(waits)
    assert admin.run(DELEGATION, **ENGINEERING, user=ADELE)["changed"] is True
    assert waits.waits == [1.0, 2.0]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"user": ""}, "user: is empty"),
        ({"user": "\ud800"}, "user: has half a character"),
        ({"user": " "}, "user: is empty"),
        ({"attribute_set": ""}, "attribute_set: is empty"),
        ({"attribute_set": "a b"}, "attribute_set: 'a b' has characters"),
    ],
)
def test_names_that_cannot_be_are_refused_and_not_listed(admin: Tenant, options: dict[str, str], problem: str) -> None:
    assert problem in admin.fail(DELEGATION_INFO, **options)["msg"]
    assert problem in admin.fail(DELEGATION, **{"role": READER, "user": "adele@contoso.com"} | options)["msg"]


def test_a_principal_that_is_null_is_refused(admin: Tenant) -> None:
    assert "one of user, service_principal, group is needed" in admin.fail(DELEGATION, role=READER, user=None)["msg"]


def test_a_role_that_a_wider_one_includes_is_no_own_access(tenant: Tenant) -> None:
    hold(tenant, ("Attribute Assignment Reader", OWNER, "/attributeSets/Engineering"), (TITLE, OWNER, "/"))
    owner = as_user(tenant, name_of(tenant, OWNER), *PERMISSIONS, DEFINITIONS)
    assert owner.run(DELEGATION, role=READER, attribute_set="Engineering", user=OWNER, state="absent")["changed"]
    assert held(tenant) == {(TITLE, OWNER, "/")}
