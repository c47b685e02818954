# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated principals: a tenant that computes them answers as one that stores each of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from _emulator import FILES, Emulator, start
from plain_client import EVENTUAL, Client, error_of

COUNT = 2015
PERMISSIONS = [
    "CustomSecAttributeAssignment.ReadWrite.All",
    "User.ReadWrite.All",
    "Application.ReadWrite.All",
]
SELECTED = {
    "users": "id,userPrincipalName,displayName,mail,employeeId,accountEnabled,department,companyName,city,country,"
    "userType,customSecurityAttributes",
    "servicePrincipals": "id,appId,displayName,accountEnabled,servicePrincipalType,signInAudience,tags,"
    "customSecurityAttributes",
}
USER = "user-0000042@contoso.com"
APP_ID = "c0000000-0000-4000-8000-000000000042"


def user_id(number: int) -> str:
    return f"a0000000-0000-4000-8000-{number:012}"


def client(emulator: Emulator) -> Client:
    return Client(emulator, emulator.token(permissions=PERMISSIONS))


def pages(graph: Client, path: str) -> Iterator[Any]:
    """Yield the bodies of all pages, with the address of the server left out."""
    next_link: str | None = path
    while next_link:
        response = graph.get(next_link, **EVENTUAL)
        body = response.json()
        if response.status_code != 200:
            yield error_of(response)
            return
        next_link = body.get("@odata.nextLink")
        here = graph.emulator.url
        yield {name: value.replace(here, "") if isinstance(value, str) else value for name, value in body.items()}


def spelled_out(graph: Client) -> dict[str, Any]:
    """Return the state with every principal in it."""
    state = graph.emulator.tenant()
    del state["principals"]
    for collection, names in SELECTED.items():
        known = {entry["id"] for entry in state[collection]}
        for page in pages(graph, f"/v1.0/{collection}?$top=999&$select={names}"):
            for item in page["value"]:
                sets = (item.pop("customSecurityAttributes") or {}).items()
                attributes = {
                    set_name: {name: value for name, value in values.items() if "@" not in name}
                    for set_name, values in sets
                }
                if item["id"] not in known:
                    state[collection].append({**item, "customSecurityAttributes": attributes})
    return state


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = start(tmp_path_factory.mktemp("computed"), principals=COUNT)
    yield emulator
    emulator.stop()


@pytest.fixture(scope="module")
def storing(computed: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = start(tmp_path_factory.mktemp("storing"))
    computed.reset()
    emulator.tenant(spelled_out(client(computed)))
    yield emulator
    emulator.stop()


@pytest.fixture
def graph(computed: Emulator) -> Client:
    computed.reset()
    return client(computed)


@pytest.fixture
def twins(computed: Emulator, storing: Emulator) -> Iterator[tuple[Client, Client]]:
    """Both tenants, equal. After each test the fixture restores the stored one."""
    computed.reset()
    before = storing.tenant()
    yield client(computed), client(storing)
    storing.quirks(read_lag=0)
    storing.tenant(before)


FILTERS = [
    "Engineering/NumVendors eq 2",
    "Engineering/NumVendors ne 2",
    "Engineering/NumVendors eq null",
    "Engineering/NumVendors eq 77",
    "not(Engineering/NumVendors eq 2)",
    "Engineering/NumVendors eq 2 and Engineering/Certification eq false",
    "startswith(Engineering/ProjectDate,'3')",
    "Engineering/Project eq 'Alpine' and accountEnabled eq true",
    "Engineering/Nonsense eq 'x'",
    "accountEnabled eq false",
    "accountEnabled eq false or startswith(displayName,'A')",
]
ONE_BY_ONE = {
    "users": [
        "department eq 'finance'",
        "department in ('Sales', 'Legal') and country ne 'US'",
        "faxNumber eq null and city eq 'London'",
        f"id eq '{user_id(7)}'",
        f"id in ('{user_id(7)}', '{user_id(8).upper()}', '{user_id(999_999)}')",
        "userPrincipalName eq 'USER-0000042@contoso.com'",
        "userPrincipalName in ('user-0000042@contoso.com', 'adele@contoso.com', 'user-42@contoso.com')",
        "displayName eq 'user 0000042'",
        "displayName eq 'user 42'",
        "displayName in ('User 0000042', 'Adele Vance', 'User 9999999')",
        "displayName ne 'User 0000042'",
        "employeeId eq 'G0000003'",
        "mail eq 'user-0000003@contoso.com' and Engineering/NumVendors eq 4",
        "startswith(userPrincipalName,'user-000004')",
    ],
    "servicePrincipals": [
        "tags/any(t:t eq 'Legal')",
        f"appId eq '{APP_ID}'",
        f"appId in ('{APP_ID}', '55555555-5555-4555-8555-555555555501')",
        f"servicePrincipalNames/any(n:n eq '{APP_ID}')",
        "displayName eq 'App 0000199'",
        "displayName eq 'Reports'",
    ],
}
LISTS = [
    "?$top=999",
    "?$count=true&$top=500&$select=id,customSecurityAttributes",
    "?$orderby=displayName&$top=400&$select=displayName",
    "?$orderby=displayName desc&$count=true&$top=700&$select=id",
    "?$orderby=userPrincipalName&$count=true&$filter=accountEnabled eq true&$select=id&$top=999",
]
QUERIES = [
    *(
        f"/v1.0/{collection}?$count=true&$top=57&$select=id,displayName&$filter="
        + quote(text.replace("Engineering/", "customSecurityAttributes/Engineering/"))
        for collection, own in ONE_BY_ONE.items()
        for text in FILTERS + own
    ),
    *(f"/v1.0/{collection}{options}" for collection in SELECTED for options in LISTS),
    "/beta/servicePrincipals/microsoft.graph.agentIdentity?$count=true",
    f"/v1.0/users/{USER.upper()}?$select=id,displayName,customSecurityAttributes",
    f"/v1.0/servicePrincipals(appId='{APP_ID}')",
    f"/v1.0/servicePrincipals/{APP_ID}",
    "/v1.0/users/user-42@contoso.com",
    "/v1.0/users/user-0009999@contoso.com",
    f"/v1.0/users/{user_id(5)}/memberOf",
]


def check_equal(twins: tuple[Client, Client], queries: list[str]) -> None:
    for query in queries:
        one, other = (list(pages(graph, query)) for graph in twins)
        assert one == other, query


@pytest.mark.slow
@pytest.mark.parametrize("query", QUERIES)
def test_a_computed_tenant_answers_like_a_stored_one(twins: tuple[Client, Client], query: str) -> None:
    check_equal(twins, [query])


@pytest.mark.slow
@pytest.mark.parametrize("collection", SELECTED)
@pytest.mark.parametrize(
    "expression", ["", "accountEnabled eq false", "customSecurityAttributes/Engineering/NumVendors eq 3"]
)
def test_the_count_alone_is_the_same(twins: tuple[Client, Client], collection: str, expression: str) -> None:
    option = f"?$filter={quote(expression)}" if expression else ""
    one, other = (graph.get(f"/v1.0/{collection}/$count{option}", **EVENTUAL).text for graph in twins)
    assert int(one) == int(other) > 0


@pytest.mark.slow
def test_changed_principals_are_found_as_in_a_stored_tenant(twins: tuple[Client, Client]) -> None:
    vendors = {"NumVendors@odata.type": "#Int32", "NumVendors": 77}
    for graph in twins:
        for who in (f"users/{USER}", f"users/{user_id(1)}", f"servicePrincipals(appId='{APP_ID}')"):
            assert graph.assign(vendors, who).status_code == 204
        assert graph.assign({"NumVendors@odata.type": "#Int32", "NumVendors": None}, f"users/{user_id(2)}").ok
        body = {"userPrincipalName": "renamed@contoso.com", "displayName": "Renamed", "department": "Legal"}
        assert graph.call("PATCH", f"/v1.0/users/{user_id(20)}", body).status_code == 204
        assert graph.call("PATCH", f"/v1.0/users/{user_id(21)}", {"accountEnabled": False}).status_code == 204
    seventy_seven = quote("customSecurityAttributes/Engineering/NumVendors eq 77")
    by_name = "/v1.0/users?$filter=" + quote(
        "displayName in ('User 0000020', 'User 0000003', 'Renamed', 'User 0000099')"
    )
    check_equal(
        twins,
        [
            *QUERIES,
            f"/v1.0/users?$count=true&$filter={seventy_seven}",
            "/v1.0/users/user-0000020@contoso.com",
            "/v1.0/users/renamed@contoso.com",
            by_name,
        ],
    )


def test_reads_lag_behind_the_write_of_a_generated_principal(graph: Client) -> None:
    graph.emulator.quirks(read_lag=60)
    before = graph.attributes(f"users/{USER}")
    assert graph.assign({"ProjectDate": "new"}, f"users/{USER}").status_code == 204
    assert graph.attributes(f"users/{USER}") == before
    assert graph.emulator.state(USER)["Engineering"]["ProjectDate"] == "new"


def test_the_principals_of_one_kind_do_not_share_a_change(graph: Client) -> None:
    same_kind = f"users/{user_id(62)}"
    before = graph.attributes(same_kind)
    assert before
    assert graph.attributes(f"users/{USER}") == before
    assert graph.assign({"ProjectDate": "new"}, f"users/{USER}").status_code == 204
    assert graph.attributes(same_kind) == before


def test_the_state_holds_the_changed_principals_and_the_count(graph: Client, computed: Emulator) -> None:
    fresh = computed.tenant()
    assert fresh["principals"]["count"] == COUNT
    graph.assign({"ProjectDate": "new"}, f"users/{USER}")
    graph.call("PATCH", f"/v1.0/users/{user_id(20)}", {"userPrincipalName": "renamed@contoso.com"})
    changed = computed.tenant()
    added = [entry["id"] for entry in changed["users"] if entry not in fresh["users"]]
    assert added == [user_id(20), user_id(42)]
    listed = list(pages(graph, "/v1.0/users?$top=999&$select=id,userPrincipalName,customSecurityAttributes"))
    assert computed.tenant(changed) == changed
    assert list(
        pages(client(computed), "/v1.0/users?$top=999&$select=id,userPrincipalName,customSecurityAttributes")
    ) == (listed)
    computed.reset()
    assert computed.tenant() == fresh


def test_a_state_can_give_the_attributes_of_generated_principals(graph: Client, computed: Emulator) -> None:
    given = {"Marketing": {"AppCountry": "Canada"}}
    state = {**computed.tenant(), "principals": {"count": 100, "attributes": [given]}}
    computed.tenant(state)
    assert [bool(computed.state(user_id(number))) for number in (0, 1, 19, 20)] == [True, False, False, True]
    assert computed.state(user_id(20)) == given
    assert client(computed).get(f"/v1.0/users/{user_id(90)}").status_code == 404


@pytest.mark.parametrize(
    "principals",
    [
        {},
        {"count": -1},
        {"count": "many"},
        {"count": 1, "attributes": [{}] * 21},
        {"count": 1, "attributes": ["Marketing"]},
        {"count": 1, "attributes": {"Marketing": {}}},
        5,
    ],
    ids=["no count", "below 0", "text", "too many attributes", "attributes as text", "no list", "a number"],
)
def test_a_state_with_unusable_principals_is_refused(computed: Emulator, principals: Any) -> None:
    before = computed.tenant()
    with pytest.raises(requests.HTTPError, match="400"):
        computed.tenant({**before, "principals": principals})
    assert computed.tenant() == before


@pytest.mark.slow
@pytest.mark.parametrize("number", ["-1", "many", "1.5"])
def test_a_number_of_principals_that_is_none_is_refused(tmp_path: Path, number: str) -> None:
    command = [sys.executable, "-m", "graph_emulator", f"--directory={tmp_path}", f"--principals={number}"]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(FILES)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert f"argument --principals: '{number}' is not a whole number of 0 or more" in done.stderr
