# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Groups by their names, and their members through nested groups (consumer-facts 6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from _emulator import Emulator
from _tenant import Tenant, batch

from ansible_collections.entra.attributes.plugins.module_utils._core.model import SERVICE_PRINCIPAL, USER, PrincipalKind
from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    AmbiguousPrincipal,
    EntraError,
    OptionError,
    PermissionDenied,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._tenant.groups import GroupReference, Groups

SALES, SALES_UK, ENGINEERING, COUNCIL = (f"66666666-6666-4666-8666-66666666660{number}" for number in (1, 2, 3, 5))
ADELE, ALEX, DARA = (f"33333333-3333-4333-8333-33333333330{number}" for number in (1, 2, 3))
AGENT = "44444444-4444-4444-8444-444444444404"
READ_GROUPS = "GroupMember.Read.All"
READ_USERS = "User.Read.All"


def members(graph: Graph, name: str, kind: PrincipalKind = USER) -> list[str]:
    """Return the ids of the members of a group that an item in line 3 names, in order."""
    (found,) = Groups(graph).members([(GroupReference(name, "sales.yml:3"), kind)])
    return sorted(found)


def failure(graph: Graph, name: str) -> EntraError:
    """Return the error that reading the members of a group raises."""
    with pytest.raises(EntraError) as caught:
        members(graph, name)
    return caught.value


def change_group(emulator: Emulator, group: str, **properties: object) -> None:
    """Change properties or members of a group; tokens from before are worthless."""
    tenant = emulator.tenant()
    next(item for item in tenant["groups"] if item["id"] == group).update(properties)
    emulator.tenant(tenant)


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("Sales EMEA", USER, [ALEX, DARA]),
        ("sales emea", USER, [ALEX, DARA]),
        (SALES, USER, [ALEX, DARA]),
        (SALES.upper(), USER, [ALEX, DARA]),
        ("sales-uk", USER, [ALEX, DARA]),
        ("Sales EMEA", SERVICE_PRINCIPAL, [AGENT]),
        ("Sales UK", SERVICE_PRINCIPAL, []),
        ("All of marketing", USER, [ALEX, DARA]),
    ],
)
def test_a_group_has_the_members_of_nested_groups(
    tenant: Tenant, name: str, kind: PrincipalKind, found: list[str]
) -> None:
    assert members(tenant.graph, name, kind) == found


def test_a_unique_name_counts_before_a_display_name(tenant: Tenant) -> None:
    change_group(tenant.emulator, ENGINEERING, displayName="sales-uk")
    assert members(tenant.connect(), "sales-uk") == [ALEX, DARA]


def test_each_group_is_found_and_read_once(tenant: Tenant) -> None:
    names = ["Sales EMEA", "sales emea", SALES, "Sales UK", "Engineering", "Engineering"]
    wanted = [(GroupReference(name, f"line {line}"), USER) for line, name in enumerate(names)]
    found = Groups(tenant.graph).members(wanted)
    assert found[0] == found[1] == found[2] == {ALEX, DARA}
    assert found[4] == found[5] == {ADELE}
    read = [entry["path"] for entry in tenant.log if "/transitiveMembers/" in entry["path"]]
    assert len([path for path in read if path.endswith("microsoft.graph.user")]) == 3
    assert sum(batch(entry) for entry in tenant.log) == 2


def test_a_group_of_5000_costs_six_pages_of_members(tenant: Tenant) -> None:
    document = tenant.emulator.tenant()
    several = [f"a0000000-0000-4000-8000-{number:012}" for number in range(5000)]
    document["groups"][0]["members"] = several
    tenant.emulator.tenant({**document, "principals": {"count": 100_000}})
    fresh = tenant.connect()
    tenant.emulator.clear()
    assert members(fresh, "Sales EMEA") == several
    assert sum("microsoft.graph.user" in entry["path"] for entry in tenant.log) == 6
    assert len(tenant.requests) == 7, "one batch finds the group, one has the first page, five pages follow"


@pytest.mark.parametrize("name", ["Nobody", "8d3e6a1c-0000-4000-8000-000000000000", "it's / #1 100%", "$filter"])
def test_a_group_that_does_not_exist(tenant: Tenant, name: str) -> None:
    error = failure(tenant.graph, name)
    assert isinstance(error, OptionError)
    assert str(error).startswith(f"sales.yml:3: there is no group '{name}' in this tenant.")


def test_a_display_name_of_two_groups(tenant: Tenant) -> None:
    change_group(tenant.emulator, ENGINEERING, displayName="Sales UK")
    error = failure(tenant.connect(), "Sales UK")
    assert isinstance(error, AmbiguousPrincipal)
    assert [candidate["id"] for candidate in error.candidates] == [SALES_UK, ENGINEERING]
    assert str(error) == (
        f"sales.yml:3: 2 groups are called 'Sales UK': {SALES_UK}, {ENGINEERING}. Name one by its id."
    )


def test_a_hidden_membership_names_its_permission(tenant: Tenant) -> None:
    error = failure(tenant.graph, "Works council")
    assert str(error) == (
        f"sales.yml:3: the group 'Works council' ({COUNCIL}) hides its members from this identity."
        " It needs the Graph permission Member.Read.Hidden with admin consent."
    )
    assert members(tenant.allow(READ_GROUPS, READ_USERS, "Member.Read.Hidden").graph, "Works council") == [ADELE]


def test_a_hidden_group_inside_of_another_one(tenant: Tenant) -> None:
    change_group(tenant.emulator, SALES_UK, members=[ALEX, COUNCIL])
    error = failure(tenant.connect(), "Sales EMEA")
    assert f"the group 'Works council' ({COUNCIL}), which is in the group 'Sales EMEA'" in str(error)
    assert "Member.Read.Hidden" in error.hint
    allowed = tenant.allow(READ_GROUPS, READ_USERS, "Member.Read.Hidden").graph
    assert members(allowed, "Sales EMEA") == [ADELE, ALEX]


@pytest.mark.parametrize("answer", ["empty", "refuse"])
def test_a_token_that_shows_nothing_does_not_hide_an_empty_group(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    tenant.emulator.quirks(hidden_membership=answer)
    monkeypatch.setattr(tenant.graph, "claims", dict)
    assert "Member.Read.Hidden" in str(failure(tenant.graph, "Works council"))


def test_a_page_size_that_graph_refuses_is_halved(tenant: Tenant) -> None:
    refusal = {"error": {"code": "Request_UnsupportedQuery", "message": "Invalid page size specified: '999'."}}
    match = {"method": "GET", "path": r"transitiveMembers/microsoft\.graph\.user$"}
    tenant.emulator.faults({"match": match, "do": {"status": 400, "body": refusal}})
    assert members(tenant.graph, "Sales EMEA") == [ALEX, DARA]
    assert tenant.graph.page_size == 499


@pytest.mark.parametrize("permissions", [[READ_USERS], ["GroupMember.ReadBasic.All", READ_USERS]])
def test_the_permission_for_groups_is_named(tenant: Tenant, permissions: list[str]) -> None:
    error = failure(tenant.allow(*permissions).graph, "Sales EMEA")
    assert isinstance(error, PermissionDenied)
    assert str(error).startswith("sales.yml:3: GET /groups")
    assert error.hint == "It needs the Graph permission GroupMember.Read.All with admin consent."


def test_members_of_one_kind_need_no_permission_for_another(connect: Callable[..., Graph], tenant: Tenant) -> None:
    assert members(tenant.allow(READ_GROUPS).graph, "Sales EMEA", SERVICE_PRINCIPAL) == [AGENT]
