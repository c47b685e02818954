# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""`access_info`: each line of its table is proved by really doing the job against the local Graph."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, cycle, product
from random import Random
from typing import Any

import pytest
from _emulator import Emulator
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils._core.delegations import ROLE_TITLES
from ansible_collections.entra.attributes.plugins.module_utils._errors import EntraError
from ansible_collections.entra.attributes.plugins.module_utils._operations.access_info import ACCESS_INFO
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignment import ASSIGNMENT
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignment_info import INFO
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BULK
from ansible_collections.entra.attributes.plugins.module_utils._operations.attribute_set import SET
from ansible_collections.entra.attributes.plugins.module_utils._operations.audit_info import AUDIT_INFO
from ansible_collections.entra.attributes.plugins.module_utils._operations.consumer_info import CONSUMER_INFO
from ansible_collections.entra.attributes.plugins.module_utils._operations.definition import (
    DEFINITION,
    DEFINITION_INFO,
)
from ansible_collections.entra.attributes.plugins.module_utils._operations.reconcile import RECONCILE
from ansible_collections.entra.attributes.plugins.module_utils._operations.role_assignment import DELEGATION
from ansible_collections.entra.attributes.plugins.module_utils._tenant.consumers import SOURCES
from ansible_collections.entra.attributes.plugins.module_utils._tenant.permissions import (
    ROLE_IDS,
    WRITE_ROLE_ASSIGNMENTS,
)

TENANT, ADELE = "11111111-1111-4111-8111-111111111111", "33333333-3333-4333-8333-333333333301"
READ, WRITE = "CustomSecAttributeAssignment.Read.All", "CustomSecAttributeAssignment.ReadWrite.All"
DEFINITIONS, DEFINE = "CustomSecAttributeDefinition.Read.All", "CustomSecAttributeDefinition.ReadWrite.All"
USERS, APPLICATIONS, GROUPS = "User.Read.All", "Application.Read.All", "GroupMember.Read.All"
AUDITS, POLICIES = "CustomSecAttributeAuditLogs.Read.All", "Policy.Read.All"
WORKFLOWS, ROLES = "LifecycleWorkflows-Workflow.Read.All", "RoleManagement.Read.Directory"
DELEGATE = "RoleManagement.ReadWrite.Directory"
EVERY = [WRITE, DEFINE, USERS, APPLICATIONS, GROUPS, AUDITS, POLICIES, WORKFLOWS, DELEGATE]
OTHERS = [READ, DEFINITIONS, ROLES, "Directory.Read.All", "LifecycleWorkflows-Workflow.ReadBasic.All"]
ADMINISTRATORS = [
    "Attribute Assignment Administrator",
    "Attribute Definition Administrator",
    "Attribute Log Reader",
    "Security Reader",
    "Lifecycle Workflows Administrator",
    "Privileged Role Administrator",
]
NUMBERS = count(100)
"""Values that nobody has yet."""
BOTH_SETS = {"Engineering": {"NumVendors": 4}, "Marketing": {"AppCountry": ["FR"]}}

ROLE_ASSIGNMENTS = cycle(product(ROLE_TITLES, (ADELE, ADELE[:-1] + "3", ADELE[:-1] + "4"), BOTH_SETS))
"""Role assignments that a test has not made yet."""


def reads(tenant: Tenant, principal: dict[str, str]) -> None:
    """Read the attributes of a principal, and see those of both sets."""
    (found,) = tenant.run(INFO, **principal)["principals"]
    if set(found["custom_security_attributes"]) != set(BOTH_SETS):
        raise EntraError("Graph hides some attributes.")


def assigns(tenant: Tenant, principal: dict[str, str]) -> None:
    """Assign an attribute of each set to a principal."""
    number = next(NUMBERS)
    tenant.run(ASSIGNMENT, **principal, attribute_set="Engineering", name="NumVendors", value=number)
    tenant.run(ASSIGNMENT, **principal, attribute_set="Marketing", name="AppCountry", value=[f"C{number}"])


def defines(tenant: Tenant) -> None:
    """Change an attribute set, and a definition of each set."""
    description = f"Description {next(NUMBERS)}"
    tenant.run(SET, name="Engineering", description=description)
    for attribute_set, name in (("Engineering", "NumVendors"), ("Marketing", "EmployeeId")):
        tenant.run(DEFINITION, attribute_set=attribute_set, name=name, description=description)


def reads_definitions(tenant: Tenant) -> None:
    """Read the definitions of both sets."""
    found = tenant.run(DEFINITION_INFO)["definitions"]
    if {definition["attribute_set"] for definition in found} != set(BOTH_SETS):
        raise EntraError("Graph hides some definitions.")


def consumes(tenant: Tenant, source: str) -> None:
    """Read one source of consumers whole."""
    for refused in tenant.run(CONSUMER_INFO, sources=[source])["not_read"]:
        if refused["source"] == source:
            raise EntraError(refused["message"])


def delegates(tenant: Tenant) -> None:
    """Give a role for one attribute set to a user."""
    role, user, attribute_set = next(ROLE_ASSIGNMENTS)
    tenant.run(DELEGATION, role=role, user=user, attribute_set=attribute_set)


def collection(path: str) -> Callable[[Tenant], None]:
    """Return what reads a collection whole."""

    def read(tenant: Tenant) -> None:
        list(tenant.graph.pages(path, need=WRITE_ROLE_ASSIGNMENTS))

    return read


USER, APP = {"user": "adele@contoso.com"}, {"service_principal": "payroll-api"}
DOING: dict[str, Callable[[Tenant], object]] = {
    "read_users": collection("/users"),
    "read_service_principals": collection("/servicePrincipals"),
    "read_definitions": reads_definitions,
    "write_definitions": defines,
    "read_user_attributes": lambda tenant: reads(tenant, USER),
    "read_service_principal_attributes": lambda tenant: reads(tenant, APP),
    "assign_user_attributes": lambda tenant: assigns(tenant, USER),
    "assign_service_principal_attributes": lambda tenant: assigns(tenant, APP),
    "read_audit_log": lambda tenant: tenant.run(AUDIT_INFO, since="1h"),
    "read_groups": collection("/groups/66666666-6666-4666-8666-666666666601/members"),
    **{f"read_{source}": lambda tenant, source=source: consumes(tenant, source) for source in SOURCES},
    "delegate": delegates,
}


def can(tenant: Tenant, job: str) -> bool:
    """Return whether the job can be done."""
    try:
        DOING[job](tenant)
    except EntraError:
        return False
    return True


def jobs(tenant: Tenant) -> dict[str, dict[str, Any]]:
    """Return the table of jobs by their names."""
    return {job["name"]: job for job in tenant.run(ACCESS_INFO)["jobs"]}


def proved(tenant: Tenant) -> dict[str, dict[str, Any]]:
    """Return the table of jobs, each line of which is proved by doing the job."""
    table = jobs(tenant)
    assert list(table) == list(DOING)
    for name, job in table.items():
        assert job["possible"] in (None, can(tenant, name)), job
        assert bool(job["reason"]) == (job["possible"] is not True), job
        assert job["missing"] or job["possible"] is not False, job
    return table


def unknown(table: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name, job in table.items() if job["possible"] is None}


@pytest.fixture
def assigned(emulator: Emulator, tenant: Tenant) -> Tenant:
    """The tenant, in which a user and an application have attributes of both sets."""
    state = emulator.tenant()
    for principal in [*state["users"], *state["servicePrincipals"]]:
        if principal.get("userPrincipalName") == USER["user"] or principal["displayName"] == "payroll-api":
            principal["customSecurityAttributes"] = BOTH_SETS
    emulator.tenant(state)
    return tenant


def signed_in(tenant: Tenant, scopes: list[str], roles: list[str], **role_scopes: list[str]) -> Tenant:
    """Return the tenant as a user reaches it, whose roles for single sets are given with underscores."""
    limited = {role.replace("_", " "): sets for role, sets in role_scopes.items()}
    token = tenant.emulator.token(user="alex@contoso.com", scopes=scopes, roles=roles, role_scopes=limited)
    return tenant.through(tenant.connect(access_token=token))


@pytest.mark.parametrize("without", ["nothing", *EVERY])
def test_an_application_that_lacks_one_permission(assigned: Tenant, without: str) -> None:
    table = proved(assigned.allow(*(permission for permission in EVERY if permission != without)))
    assert unknown(table) == set()
    lacking = {name for job in table.values() for name in job["missing"]}
    assert lacking <= {without, without.replace("ReadWrite", "Read")}
    assert bool(lacking) == (without != "nothing")


@pytest.mark.parametrize("without", ["nothing", *EVERY])
def test_a_user_whose_application_lacks_one_permission(assigned: Tenant, without: str) -> None:
    table = proved(signed_in(assigned, [scope for scope in EVERY if scope != without], ADMINISTRATORS))
    assert unknown(table) == set()


@pytest.mark.parametrize("without", ADMINISTRATORS)
def test_a_user_who_lacks_one_role(assigned: Tenant, without: str) -> None:
    table = proved(signed_in(assigned, EVERY, [role for role in ADMINISTRATORS if role != without]))
    attributes = {"assign_user_attributes", "assign_service_principal_attributes"}
    assert unknown(table) <= {"write_definitions", "delegate", *attributes}
    lacking = [job["missing"] for job in table.values() if job["possible"] is not True]
    assert lacking
    assert all(without in names[0] for names in lacking)


@pytest.mark.slow
def test_any_permissions_and_roles(assigned: Tenant) -> None:
    random = Random(20)  # noqa: S311
    for _round in range(12):
        permissions = random.sample(EVERY + OTHERS, random.randrange(10))
        roles = random.sample([*ROLE_IDS, "Global Reader"], random.randrange(4))
        limited = {random.choice([*ROLE_IDS]).replace(" ", "_"): [random.choice(["Engineering", "Marketing"])]}
        proved(assigned.allow(*permissions))
        proved(signed_in(assigned, permissions, roles, **limited))


def test_a_role_for_one_set_is_unknown_and_says_why(assigned: Tenant) -> None:
    limited = {"Attribute_Assignment_Administrator": ["Marketing"]}
    table = proved(signed_in(assigned, [WRITE, DEFINITIONS, USERS], [], **limited))
    assert unknown(table) == {"read_definitions", "read_user_attributes", "assign_user_attributes"}
    assert "Values can be read in: Marketing." in table["read_user_attributes"]["reason"]
    assert "limited to attribute sets" in table["assign_user_attributes"]["reason"]
    assert table["assign_user_attributes"]["missing"] == ["Attribute Assignment Administrator"]


def test_role_assignments_show_the_set_of_a_role(assigned: Tenant, emulator: Emulator) -> None:
    state = emulator.tenant()
    alex = next(user["id"] for user in state["users"] if user["userPrincipalName"] == "alex@contoso.com")
    role = ROLE_IDS["Attribute Assignment Administrator"]
    state["roleAssignments"] = [
        {
            "id": "assignment-1",
            "principalId": alex,
            "roleDefinitionId": role,
            "directoryScopeId": "/attributeSets/Marketing",
        }
    ]
    emulator.tenant(state)
    tenant = signed_in(assigned, [WRITE, DEFINITIONS, USERS, ROLES], ["Privileged Role Administrator"])
    result = tenant.run(ACCESS_INFO)
    assert result["roles"] == [
        {"name": "Privileged Role Administrator", "attribute_set": None},
        {"name": "Attribute Assignment Administrator", "attribute_set": "Marketing"},
    ]
    assert "is limited to: Marketing." in jobs(tenant)["assign_user_attributes"]["reason"]


def test_an_opaque_token(assigned: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = assigned.allow(*EVERY[:3])
    monkeypatch.setattr(tenant.graph, "claims", dict)
    result = tenant.run(ACCESS_INFO)
    assert result["tenant"] == {"id": TENANT, "display_name": "Contoso", "domain": "contoso.com"}
    assert result["identity"] == {"name": None, "object_id": None, "client_id": None}
    assert result["token"] == {"kind": "opaque", "end": None}
    assert result["permissions"] is None
    table = proved(tenant)
    assert table["read_users"]["possible"]
    assert table["read_service_principals"]["missing"] == [APPLICATIONS]
    assert "The token is opaque" in table["assign_user_attributes"]["reason"]


def test_a_token_that_shows_all_takes_two_requests(tenant: Tenant) -> None:
    result = tenant.run(ACCESS_INFO)
    assert all(job["possible"] for job in result["jobs"])
    assert tenant.requests == ["GET /v1.0/organization", "GET /v1.0/roleManagement/directory/roleAssignments"]
    assert result["identity"]["name"].startswith("default (")
    assert result["token"]["kind"] == "application"
    assert result["token"]["end"].endswith("Z")
    assert result["permissions"] == sorted(EVERY)


def test_nothing_is_written(tenant: Tenant) -> None:
    for permission in EVERY:
        tenant.allow(permission).run(ACCESS_INFO)
    assert {entry["method"] for entry in tenant.log} == {"GET"}


def test_a_read_that_fails_otherwise_proves_nothing(tenant: Tenant) -> None:
    limited = tenant.allow(USERS)
    tenant.emulator.faults({"match": {"path": "/groups"}, "do": {"status": 400}, "times": 1})
    job = jobs(limited)["read_groups"]
    assert job["possible"] is None
    assert "400" in job["reason"]


def test_a_guest_with_the_permission_cannot_list_users(tenant: Tenant) -> None:
    guest = signed_in(tenant, [USERS, GROUPS], [])
    tenant.emulator.faults({"match": {"method": "GET", "path": "/users"}, "do": {"status": 403}})
    table = jobs(guest)
    assert table["read_users"]["possible"] is False
    assert table["read_users"]["reason"].startswith("Graph refused to read it")
    assert table["read_groups"]["possible"]


CHANGES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "an attribute": (ASSIGNMENT, {**USER, "attribute_set": "Engineering", "name": "NumVendors", "value": 9}, WRITE),
    "many attributes": (
        BULK,
        {"assignments": [{**USER, "attributes": {"Engineering": {"NumVendors": 9}}}]},
        WRITE,
    ),
    "an attribute set": (SET, {"name": "Engineering", "description": "Changed"}, DEFINE),
    "a definition": (
        DEFINITION,
        {"attribute_set": "Engineering", "name": "NumVendors", "description": "Changed"},
        DEFINE,
    ),
    "reconcile": (
        RECONCILE,
        {"declarations": {"attribute_sets": [{"name": "Engineering", "description": "Changed"}]}},
        DEFINE,
    ),
    "reconcile assignments": (
        RECONCILE,
        {"declarations": {"assignments": [{**USER, "attributes": {"Engineering": {"NumVendors": 9}}}]}},
        WRITE,
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_check_mode_warns_of_a_write_that_will_be_refused(tenant: Tenant, change: str) -> None:
    operation, options, permission = CHANGES[change]
    others = {READ, DEFINITIONS, USERS, APPLICATIONS}
    result = tenant.allow(*others).run(operation, check_mode=True, **options)
    assert result["changed"]
    (warning,) = result["warnings"]
    assert f"Graph will refuse this change: the token does not have the permission {permission}." in warning
    assert "access_info" in warning
    assert permission in str(tenant.allow(*others).fail(operation, **options))
    assert "warnings" not in tenant.allow(*others, permission).run(operation, check_mode=True, **options)


def test_check_mode_does_not_warn_of_what_stays(tenant: Tenant) -> None:
    operation, options, _permission = CHANGES["an attribute"]
    tenant.run(operation, **options)
    assert "warnings" not in tenant.allow(READ, USERS).run(operation, check_mode=True, **options)
