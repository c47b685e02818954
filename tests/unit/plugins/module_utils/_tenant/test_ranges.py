# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ranges of names: whatever the names and their order, everyone is found, once, with the fewest requests."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils._core.model import (
    SERVICE_PRINCIPAL,
    USER,
    PrincipalKind,
)
from ansible_collections.entra.attributes.plugins.module_utils._errors import PermissionDenied
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._tenant.principals import Directory
from ansible_collections.entra.attributes.plugins.module_utils._tenant.ranges import MOST_RANGES, ranges

CHARACTERS = "abcmswzABCMSWZ019$'#._-+@ \u00e9\u00df\u03c9\u4e2d\U0001f600"
CONDITION = re.compile(r"name (le|ge) '((?:[^']|'')*)'")
PAGE = 5

Order = Callable[[str], Any]


def dice(seed: int) -> random.Random:
    """Return a source of the same numbers in each run."""
    return random.Random(seed)  # noqa: S311 - repeatable


def some_names(chosen: random.Random, count: int) -> list[str]:
    """Return random names, some of which differ by case only."""
    names = ["".join(chosen.choices(CHARACTERS, k=chosen.randint(1, 6))) for _name in range(count)]
    return [*names, *(name.swapcase() for name in names[::5])]


def some_order(chosen: random.Random) -> Order:
    """Return the key of a random order of texts, in which case may not matter."""
    places = {character: chosen.random() for character in {*CHARACTERS, *CHARACTERS.lower(), *CHARACTERS.upper()}}
    folds = chosen.random() < 0.5

    def key(text: str) -> Any:
        text = text.lower() if folds else text
        return [places.setdefault(character, ord(character)) for character in text]

    return key


def passes(text: str, name: str | None, order: Order) -> bool:
    """Return whether a filter of a range selects a name, in an order."""
    if text == "name eq null":
        return name is None
    found = CONDITION.findall(text)
    assert " and ".join(f"name {operator} '{border}'" for operator, border in found) == text
    borders = [(operator, border.replace("''", "'")) for operator, border in found]
    return name is not None and all(
        order(name) <= order(border) if operator == "le" else order(name) >= order(border)
        for operator, border in borders
    )


@pytest.mark.parametrize("seed", range(60))
def test_everyone_is_in_a_range_in_every_order(seed: int) -> None:
    chosen = dice(seed)
    declared = some_names(chosen, chosen.choice([0, 3, 300]))
    filters = ranges("name", declared, chosen.randint(2, 12), nameless=True)
    order = some_order(chosen)
    for name in [*some_names(chosen, 100), *declared, "", None]:
        assert any(passes(text, name, order) for text in filters), (name, filters)


def test_ranges_of_known_names_are_even() -> None:
    names = [f"user{number}@contoso.com" for number in range(4000)]
    filters = ranges("name", names, MOST_RANGES, nameless=False)
    assert len(filters) == MOST_RANGES
    assert all(490 <= sum(passes(text, name, str) for name in names) <= 510 for text in filters)


@pytest.mark.parametrize("count", [-1, 0, 1])
def test_one_range_needs_no_filter(count: int) -> None:
    assert ranges("name", ["a", "b"], count, nameless=True) == []


@pytest.mark.parametrize("count", range(2, 12))
def test_few_names_leave_the_borders_to_the_alphabet(count: int) -> None:
    filters = ranges("name", ["x1", "x2"], count, nameless=False)
    assert len(filters) == min(count, MOST_RANGES)
    assert not any("x1" in text or "x2" in text for text in filters)


@pytest.fixture
def small_pages(tenant: Tenant) -> Tenant:
    """The tenant, of which a page has few principals."""
    tenant.graph.page_size = PAGE
    return tenant


def populate(tenant: Tenant, seed: int, count: int) -> dict[PrincipalKind, set[str]]:
    """Have random users and service principals, some without a display name, and return their ids by kind."""
    chosen = dice(seed)
    state = tenant.emulator.tenant()
    names = list({name.lower(): name for name in some_names(chosen, count) if name.strip()}.values())
    state["users"] = [
        {"id": f"a0000000-0000-4000-8000-{number:012}", "userPrincipalName": name, "displayName": name}
        for number, name in enumerate(names)
    ]
    state["servicePrincipals"] = [
        {
            "id": f"b0000000-0000-4000-8000-{number:012}",
            "appId": f"c0000000-0000-4000-8000-{number:012}",
            **({} if number % 7 == 3 else {"displayName": name}),
        }
        for number, name in enumerate([*names, *names[:3]])
    ]
    tenant.emulator.tenant(state)
    tenant.emulator.clear()
    return {
        USER: {entry["id"] for entry in state["users"]},
        SERVICE_PRINCIPAL: {entry["id"] for entry in state["servicePrincipals"]},
    }


def ids(graph: Graph, kind: PrincipalKind, **known: Any) -> list[str]:
    """Return the ids of all principals of a kind, as they are read."""
    return [principal.id for principal in Directory(graph).select(kind, **known)]


def filtered(tenant: Tenant) -> list[str]:
    """Return the filters of the requests since they were looked at last."""
    requests = tenant.log
    tenant.emulator.clear()
    return [request["query"].get("$filter", "") for request in requests if request["path"].count("/") == 2]


@pytest.mark.parametrize("kind", [USER, SERVICE_PRINCIPAL])
@pytest.mark.parametrize("seed", range(3))
def test_each_principal_is_read_once(small_pages: Tenant, kind: PrincipalKind, seed: int) -> None:
    everyone = populate(small_pages, seed, 60)[kind]
    for known in ({}, {"size": len(everyone)}, {"size": len(everyone), "names": some_names(dice(seed), 200)}):
        found = ids(small_pages.graph, kind, **known)
        assert len(found) == len(everyone)
        assert set(found) == everyone


def test_the_order_is_the_same_in_each_run(small_pages: Tenant) -> None:
    populate(small_pages, 1, 60)
    assert ids(small_pages.graph, USER) == ids(small_pages.graph, USER)


def test_a_directory_of_one_page_takes_one_request(tenant: Tenant) -> None:
    populate(tenant, 1, 60)
    ids(tenant.graph, USER)
    assert tenant.requests == ["GET /v1.0/users"]


def test_a_directory_of_few_pages_is_read_page_by_page(small_pages: Tenant) -> None:
    everyone = populate(small_pages, 1, 11)[USER]
    pages = -(-len(everyone) // PAGE)
    assert sorted(ids(small_pages.graph, USER, size=len(everyone))) == sorted(everyone)
    assert small_pages.requests == ["GET /v1.0/users"] * pages


def test_ranges_that_are_refused_are_not_asked_for_again(small_pages: Tenant) -> None:
    everyone = populate(small_pages, 1, 60)[USER]
    small_pages.emulator.quirks(range_of_names="refuse")
    assert sorted(ids(small_pages.graph, USER)) == sorted(everyone)
    assert any(filtered(small_pages))
    assert sorted(ids(small_pages.graph, USER, size=len(everyone))) == sorted(everyone)
    assert not any(filtered(small_pages))


def test_another_refusal_is_raised(small_pages: Tenant) -> None:
    populate(small_pages, 1, 60)
    small_pages.emulator.faults({"match": {"path": "users$"}, "skip": 9, "do": {"status": 403}})
    with pytest.raises(PermissionDenied):
        ids(small_pages.graph, USER, size=60)
    assert small_pages.graph.serves_ranges


FAULTS = [
    {"status": 503},
    {"status": 429, "headers": {"Retry-After": "3"}},
    {"cut": "before"},
    {"cut": "after"},
    {"truncate": True},
    {"html": True},
]


@pytest.mark.parametrize("seed", range(4))
def test_each_principal_is_read_once_whatever_happens_to_pages(patient: Tenant, seed: int) -> None:
    patient.graph.page_size = PAGE
    everyone = populate(patient, seed, 60)[USER]
    chosen = dice(seed)
    match = {"path": "users$"}
    patient.emulator.faults(*({"match": match, "skip": chosen.randrange(20), "do": fault} for fault in FAULTS))
    found = ids(patient.graph, USER, size=len(everyone))
    assert len(found) == len(everyone)
    assert set(found) == everyone


def test_ranges_of_a_size_that_is_refused_are_asked_for_by_half(small_pages: Tenant) -> None:
    everyone = populate(small_pages, 1, 60)[USER]
    small_pages.graph.page_size = 1200
    found = ids(small_pages.graph, USER, size=50_000)
    assert sorted(found) == sorted(everyone)
    assert (small_pages.graph.page_size, small_pages.graph.serves_ranges) == (600, True)
