# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is selected, in how many requests, whatever the way in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
from _tenant import Tenant, batch

from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import Definitions
from ansible_collections.entra.attributes.plugins.module_utils._core.model import (
    SERVICE_PRINCIPAL,
    USER,
    AttributeName,
    PrincipalReference,
)
from ansible_collections.entra.attributes.plugins.module_utils._core.selected import Holder, Selected, Wanted
from ansible_collections.entra.attributes.plugins.module_utils._core.selection import (
    AGENTS,
    SERVICE_PRINCIPALS,
    USERS,
    Selection,
    Where,
)
from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    AmbiguousPrincipal,
    AttributesHidden,
    EntraError,
    GraphError,
    Need,
    OptionError,
    PermissionDenied,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments_reader import reading
from ansible_collections.entra.attributes.plugins.module_utils._tenant.schema import Schema
from ansible_collections.entra.attributes.plugins.module_utils._tenant.selections import TenantSelector

NEED = Need(("Some.Permission",), ())
ADELE, ALEX, DARA, MEGAN = (f"33333333-3333-4333-8333-33333333330{number}" for number in (1, 2, 3, 6))
AGENT, BLUEPRINT = "44444444-4444-4444-8444-444444444404", "44444444-4444-4444-8444-444444444405"
PAYROLL = "44444444-4444-4444-8444-444444444401"
PROJECT = AttributeName("Engineering", "Project")
VENDORS = AttributeName("Engineering", "NumVendors")
ALL_USERS = Selection(USERS, everyone=True)
WAYS: Mapping[str, Callable[..., str]] = {
    "pages": lambda filters, size: "pages",
    "filters": lambda filters, size: "filters",
    "reading": reading,
}


def read(
    graph: Graph,
    *selections: Selection,
    names: tuple[PrincipalReference, ...] = (),
    choose: Callable[..., str] = reading,
    properties: Mapping[str, list[str]] | None = None,
    **options: Any,
) -> Selected:
    """Read who is named and selected; the item of selection N is at `rules.yml:N`."""
    placed = [(selection, f"rules.yml:{number}") for number, selection in enumerate(selections)]

    def definitions() -> Definitions:
        return {known.attribute: known for known in Schema(graph).definitions()}

    wanted = Wanted(names, placed, properties or {}, **options)
    return TenantSelector(graph, choose, definitions).read(wanted, lambda: None)


def selected(found: Selected, number: int = 0) -> list[str]:
    """Return the ids that a selection selects, in order."""
    assert found.selected_by.keys() <= found.principals.keys()
    return sorted(identifier for identifier, numbers in found.selected_by.items() if number in numbers)


def ids_of(tenant: Tenant, kind: str = "users") -> set[str]:
    return {item["id"] for item in tenant.emulator.tenant()[kind]}


def answered(tenant: Tenant, path: str, filter_text: str) -> set[str]:
    """Return the ids that the local Graph finds by a filter."""
    items = tenant.graph.pages(
        path, need=NEED, query={"$select": "id", "$filter": filter_text, "$top": "999"}, advanced=True
    )
    return {item["id"] for item in items}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(USERS, group="Sales EMEA"), [ALEX, DARA]),
        (Selection(USERS, filter="jobTitle eq 'Analyst'"), [ADELE]),
        (Selection(USERS, group="Sales EMEA", filter="department eq 'Sales'"), None),
        (Selection(SERVICE_PRINCIPALS, group="Sales EMEA"), []),
        (Selection(AGENTS, group="Sales EMEA"), [AGENT]),
        (Selection(AGENTS, everyone=True), [AGENT]),
        (Selection(AGENTS, filter="displayName eq 'sales-agent'"), [AGENT]),
        (Selection(AGENTS, filter="displayName eq 'SALES-AGENT'"), [AGENT]),
        (Selection(AGENTS, filter="displayName eq 'other'"), []),
        (Selection(SERVICE_PRINCIPALS, filter="tags/any(t:t eq 'HR')"), [PAYROLL]),
    ],
    ids=str,
)
def test_who_is_selected(tenant: Tenant, way: str, selection: Selection, expected: list[str] | None) -> None:
    found = read(tenant.graph, selection, choose=WAYS[way])
    if expected is None:
        expected = sorted({ALEX, DARA} & answered(tenant, "/users", selection.filter))
    assert selected(found) == expected


FILTERS = (
    "department eq 'Sales'",
    "department eq 'marketing'",
    "department ne 'Marketing'",
    "department ne null",
    "department eq null",
    "department in ('Sales','Engineering','Legal')",
    "not(department eq 'Marketing')",
    "startsWith(displayName,'A')",
    "startsWith(displayName,'a')",
    "startsWith(userPrincipalName,'dara')",
    "country eq 'GB' and department eq 'Marketing'",
    "country eq 'GB' or jobTitle eq 'Analyst'",
    "accountEnabled eq true",
    "employeeOrgData/costCenter eq '1001'",
    "onPremisesExtensionAttributes/extensionAttribute1 eq 'baker'",
    "userType eq 'Guest'",
    "customSecurityAttributes/Engineering/NumVendors ne null",
)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_every_way_of_reading_selects_the_same(tenant: Tenant, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    texts = random.sample(FILTERS, 5)
    groups = ["", "", "Sales EMEA", "Engineering", "All of marketing"]
    where = [(), (), (Where(VENDORS, "eq", 4),), (Where(PROJECT, "ne", "Baker"),)]
    selections = [
        Selection(USERS, group=random.choice(groups), filter=text, where=random.choice(where)) for text in texts
    ]
    names = tuple(PrincipalReference(USER, name) for name in random.sample(["adele@contoso.com", MEGAN], 1))
    expected = [answered(tenant, "/users", text) for text in texts]
    members = {
        group: set(ids_of(tenant)) if not group else set(selected(read(tenant.graph, Selection(USERS, group=group))))
        for group in groups
    }
    for way in WAYS.values():
        found = read(tenant.graph, *selections, names=names, choose=way)
        for number, selection in enumerate(selections):
            all_of_it = expected[number] & members[selection.group]
            assert set(selected(found, number)) == all_of_it & found.principals.keys(), selection
            everyone = read(tenant.graph, ALL_USERS).principals
            now = {
                identifier
                for identifier in all_of_it
                if all(condition.holds(everyone[identifier].assignments) for condition in selection.where)
            }
            assert now <= found.principals.keys(), selection
        assert all(
            any(who.identity in principal.identities for principal in found.principals.values()) for who in names
        )


def test_those_who_are_alike_share_one_set(tenant: Tenant) -> None:
    found = read(tenant.graph, ALL_USERS, Selection(USERS, filter="department eq 'Marketing'"))
    numbers = [found.selected_by[identifier] for identifier in (ALEX, DARA)]
    assert numbers[0] == {0, 1}
    assert numbers[0] is numbers[1]


def test_properties_and_lookup_names_come_with_the_same_requests(tenant: Tenant) -> None:
    mail = tenant.emulator.tenant()["users"][0].get("mail")
    names = (PrincipalReference(USER, str(mail), "mail"), PrincipalReference(USER, ADELE))
    paths = {"user": ["jobTitle", "employeeOrgData.costCenter"]}
    found = read(tenant.graph, Selection(USERS, group="Engineering"), names=names, properties=paths)
    adele = found.principals[ADELE]
    assert adele.properties == {"jobTitle": "Analyst", "employeeOrgData.costCenter": "1001"}
    assert names[0].identity in adele.identities


def test_who_holds_an_exclusive_value_comes_too(tenant: Tenant) -> None:
    document = tenant.emulator.tenant()
    for user in document["users"][1:3]:
        user["customSecurityAttributes"] = {"Engineering": {"Project": ["Alpine", "Baker"]}}
    tenant.emulator.tenant(document)
    tenant = tenant.through(tenant.connect())
    holders = [Holder(USERS, PROJECT, "Baker")]
    expected = {user["id"] for user in document["users"][1:3]}
    for way in WAYS.values():
        found = read(tenant.graph, Selection(USERS, group="Engineering"), holders=holders, choose=way)
        assert found.principals.keys() == expected | {ADELE}
        assert selected(found) == [ADELE]


def test_an_attribute_that_is_not_defined_yet_is_held_by_nobody(tenant: Tenant) -> None:
    new = AttributeName("Engineering", "New")
    rule = Selection(USERS, where=(Where(new, "eq", "x"),))
    group = Selection(USERS, group="Engineering")
    found = read(tenant.graph, rule, group, holders=[Holder(USERS, new, "x")])
    assert found.principals.keys() == {ADELE}, "the rule may select her once the run has written"
    assert found.selected_by[ADELE] == {0, 1}
    everyone = read(tenant.graph, Selection(USERS, where=(Where(new, "ne", "x"),)))
    assert everyone.principals.keys() == ids_of(tenant)


def test_an_attribute_that_is_not_searchable_is_read_by_pages(tenant: Tenant) -> None:
    definitions = tenant.emulator.tenant()["definitions"]
    hidden = next(known for known in definitions if known.get("isSearchable") is False)
    attribute = AttributeName(hidden["attributeSet"], hidden["name"])
    found = read(tenant.graph, Selection(USERS, group="Engineering"), holders=[Holder(USERS, attribute, "x")])
    assert found.readings == {"users": "pages"}


# Requests


def counted(tenant: Tenant) -> tuple[int, int]:
    """Return the pages of members that were read since the last look, and all requests but those for the token."""
    log = tenant.log
    tenant.emulator.clear()
    members = sum("/transitiveMembers/microsoft.graph.user" in entry["path"] for entry in log)
    return members, sum(entry["batch"] is None for entry in log)


def enlarged(tenant: Tenant, count: int) -> Tenant:
    """Return a tenant with so many principals, whose first group has up to 5,000 members."""
    document = tenant.emulator.tenant()
    document["groups"][0]["members"] = [f"a0000000-0000-4000-8000-{number:012}" for number in range(5000)]
    tenant.emulator.tenant({**document, "principals": {"count": count}})
    fresh = tenant.through(tenant.connect())
    fresh.graph.claims()
    fresh.emulator.clear()
    return fresh


@pytest.mark.slow
def test_a_group_of_5000_is_read_by_ids(tenant: Tenant) -> None:
    large = enlarged(tenant, 100_000)
    found = read(large.graph, Selection(USERS, group="Sales EMEA"))
    members, requests = counted(large)
    assert (len(found.selected_by), found.readings) == (5000, {"users": "filters"})
    assert members == 6
    assert requests == 7 + 17 + 1, "to find the group, its members, and 334 filters in 17 batches; the size is counted"
    read(large.graph, Selection(USERS, group="Sales EMEA"), holders=[Holder(USERS, VENDORS, 77)])
    assert counted(large) == (6, requests + 2), "the definitions, and one filtered read of the holders"


@pytest.mark.slow
def test_many_rules_add_nothing_to_the_pages(tenant: Tenant) -> None:
    large = enlarged(tenant, 8_000)
    texts = [f"department eq 'Legal' and city eq 'City {number}'" for number in range(30)]
    rules = [Selection(USERS, filter=text) for text in [*texts, "department eq 'Sales'"]]
    found = read(large.graph, *rules)
    _members, requests = counted(large)
    read(large.graph, ALL_USERS)
    assert requests <= counted(large)[1]
    assert found.readings == {"users": "pages"}
    assert set(found.selected_by.values()) == {frozenset({30})}


def test_one_filter_is_one_read(tenant: Tenant) -> None:
    large = enlarged(tenant, 8_000)
    found = read(large.graph, Selection(USERS, filter="userPrincipalName eq 'user-0000007@contoso.com'"))
    assert counted(large) == (0, 1)
    assert len(found.principals) == 1


@pytest.mark.slow
def test_filters_are_counted_before_they_are_read(tenant: Tenant) -> None:
    large = enlarged(tenant, 16_000)
    rules = [Selection(USERS, filter=f"department eq '{name}'") for name in ("Sales", "Legal", "Finance")]
    found = read(large.graph, *rules, names=(PrincipalReference(USER, "user-0000007@contoso.com"),))
    log = [entry for entry in large.log if entry["batch"] is None]
    assert sum(batch(entry) for entry in log) == 2, "one counts, one finds the name"
    assert found.readings == {"users": "filters"}
    assert len(log) == 3 + 3 * 3
    large.emulator.clear()
    everyone = [Selection(USERS, filter=f"accountEnabled eq true and country ne '{name}'") for name in ("A", "B")]
    assert read(large.graph, *everyone).readings == {"users": "pages"}


# Agents


def test_agents_by_their_blueprint(tenant: Tenant) -> None:
    app_id = tenant.graph.get(f"/servicePrincipals/{BLUEPRINT}", need=NEED)["appId"]
    name = tenant.graph.get(f"/servicePrincipals/{BLUEPRINT}", need=NEED)["displayName"]
    for blueprint in (app_id, BLUEPRINT, name, name.upper()):
        found = read(tenant.graph, Selection(AGENTS, blueprint=blueprint))
        assert selected(found) == [AGENT]
        assert found.principals[AGENT].agent_type == "agentIdentity"
        assert found.principals[AGENT].properties == {"agentIdentityBlueprintId": app_id}
    assert selected(read(tenant.graph, Selection(AGENTS, blueprint=app_id, filter="displayName eq 'x'"))) == []


def test_blueprints_and_agents_of_agent_users_are_read_where_values_come_from_them(tenant: Tenant) -> None:
    found = read(tenant.graph, Selection(AGENTS, everyone=True), blueprints=True)
    assert found.principals.keys() == {AGENT, BLUEPRINT}
    found = read(tenant.graph, ALL_USERS, agents=True, blueprints=True)
    agent_user = next(item for item in found.principals.values() if item.agent_type == "agentUser")
    assert agent_user.properties["identityParentId"] == AGENT
    assert {AGENT, BLUEPRINT} < found.principals.keys()
    assert AGENT not in found.selected_by


def test_a_named_agent_has_its_link(tenant: Tenant) -> None:
    names = (PrincipalReference(SERVICE_PRINCIPAL, AGENT),)
    found = read(tenant.graph, names=names, blueprints=True)
    assert found.principals[AGENT].properties.keys() == {"agentIdentityBlueprintId"}
    assert BLUEPRINT in found.principals


def test_service_principals_leave_agents_and_blueprints_out(tenant: Tenant) -> None:
    for way in WAYS.values():
        found = read(tenant.graph, Selection(SERVICE_PRINCIPALS, everyone=True), choose=way)
        assert set(selected(found)) == ids_of(tenant, "servicePrincipals") - {AGENT, BLUEPRINT}


# Errors


def failure(graph: Graph, *selections: Selection, **options: Any) -> EntraError:
    with pytest.raises(EntraError) as caught:
        read(graph, *selections, **options)
    return caught.value


@pytest.mark.parametrize("text", ["nonsense eq 'x'", "department ge 'x' and", "jobTitle eq 5 eq", "contains(city,'x')"])
@pytest.mark.parametrize("way", WAYS)
def test_a_filter_that_graph_refuses_has_its_words_and_the_place(tenant: Tenant, way: str, text: str) -> None:
    error = failure(tenant.graph, ALL_USERS, Selection(USERS, filter=text), choose=WAYS[way])
    assert isinstance(error, GraphError)
    assert str(error).startswith("rules.yml:1: GET ")
    assert "Graph answered 400" in str(error)
    assert error.said
    assert error.said in str(error)
    error = failure(tenant.graph, Selection(USERS, filter=text), choose=WAYS[way])
    assert str(error).startswith("rules.yml:0: GET ")


def test_a_blueprint_that_does_not_exist_or_is_not_the_only_one(tenant: Tenant) -> None:
    error = failure(tenant.graph, Selection(AGENTS, blueprint="sales-agent"))
    assert isinstance(error, OptionError)
    assert str(error).startswith("rules.yml:0: there is no blueprint 'sales-agent' in this tenant.")
    document = tenant.emulator.tenant()
    for principal in document["servicePrincipals"]:
        if principal["id"] == BLUEPRINT:
            twin = {**principal, "id": "44444444-4444-4444-8444-4444444444ff", "appId": "twin", "displayName": "Twin"}
            principal["displayName"] = "Twin"
    tenant.emulator.tenant({**document, "servicePrincipals": [*document["servicePrincipals"], twin]})
    error = failure(tenant.connect(), Selection(AGENTS, blueprint="Twin"))
    assert isinstance(error, AmbiguousPrincipal)
    assert len(error.candidates) == 2
    assert str(error).startswith("rules.yml:0: 2 blueprints are called 'Twin': id ")


def test_attributes_of_a_condition_that_the_identity_cannot_read(tenant: Tenant) -> None:
    blind = tenant.allow("User.Read.All", "CustomSecAttributeDefinition.Read.All").graph
    error = failure(blind, Selection(USERS, where=(Where(VENDORS, "eq", 2),)))
    assert isinstance(error, AttributesHidden)
    assert str(error).startswith("rules.yml:0: ")


def test_the_permission_to_read_groups_is_named(tenant: Tenant) -> None:
    error = failure(tenant.allow("User.Read.All").graph, Selection(USERS, group="Sales EMEA"))
    assert isinstance(error, PermissionDenied)
    assert str(error).startswith("rules.yml:0: ")
    assert "GroupMember.Read.All" in str(error)
