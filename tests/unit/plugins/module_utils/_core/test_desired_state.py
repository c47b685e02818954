# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is to have which value: random items against a slow evaluator, and each rule by itself."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import Adjust, Exactly, plan
from ansible_collections.entra.attributes.plugins.module_utils._core.desired_state import DesiredState, resolve
from ansible_collections.entra.attributes.plugins.module_utils._core.model import (
    SERVICE_PRINCIPAL,
    USER,
    Assignments,
    AttributeName,
    Definition,
    Principal,
    PrincipalReference,
)
from ansible_collections.entra.attributes.plugins.module_utils._core.selection import (
    USERS,
    Derived,
    Expiry,
    Item,
    Selection,
    Where,
    class_of,
)

REGION, TIER, TAGS, SEATS = (AttributeName("Sales", name) for name in ("Region", "Tier", "Tags", "Seats"))
DEFINITIONS = {
    REGION: Definition("Sales", "Region", "String"),
    TIER: Definition("Sales", "Tier", "String"),
    TAGS: Definition("Sales", "Tags", "String", collection=True),
    SEATS: Definition("Sales", "Seats", "Integer"),
}
NOW = 1000.0
LATER, EARLIER = Expiry("later", NOW + 1), Expiry("earlier", NOW)


def user(name: str, held: Assignments | None = None, **properties: Any) -> Principal:
    return Principal(USER, name, name.title(), f"{name}@contoso.com", "", held or {}, properties=properties)


def app(name: str, held: Assignments | None = None, agent: str = "", **properties: Any) -> Principal:
    return Principal(SERVICE_PRINCIPAL, name, name, f"app-{name}", agent, held or {}, properties=properties)


def named(who: str, wishes: Mapping[AttributeName, Any], place: str = "a.yml:1", **more: Any) -> Item:
    return Item(place, PrincipalReference(USER, who), wishes, ("Sales",), **more)


def selecting(wishes: Mapping[AttributeName, Any], place: str = "a.yml:2", **more: Any) -> Item:
    selection = more.pop("selection", None) or Selection(USERS, group=more.pop("group", "everybody"))
    return Item(place, selection, wishes, ("Sales",), **more)


@dataclass(frozen=True)
class Directory:
    """Principals, and who is in which group."""

    principals: Mapping[str, Principal]
    groups: Mapping[str, frozenset[str]]

    def selects(self, item: Item, principal: Principal) -> bool:
        """Return whether an item selects a principal, without regard to `where`."""
        who = item.who
        if not isinstance(who, Selection) or who.kind != class_of(principal):
            return False
        return not who.group or principal.id in self.groups.get(who.group, ())

    def decided(self, items: Sequence[Item], now: float = NOW) -> DesiredState:
        shared: dict[frozenset[int], frozenset[int]] = {}
        selected_by = {}
        for principal in self.principals.values():
            numbers = frozenset(number for number, item in enumerate(items) if self.selects(item, principal))
            if numbers:
                selected_by[principal.id] = shared.setdefault(numbers, numbers)
        names = {
            number: [item.who.name] if item.who.name in self.principals else []
            for number, item in enumerate(items)
            if isinstance(item.who, PrincipalReference)
        }
        return resolve(items, selected_by, names, self.principals, now, DEFINITIONS)

    def after(self, items: Sequence[Item], now: float = NOW) -> Directory:
        """Return the directory after a run."""
        decisions = self.decided(items, now).decisions
        found = {}
        for known, principal in self.principals.items():
            if known in decisions:
                held = dict(principal.assignments)
                for attribute, value in plan(held, decisions[known].desired, DEFINITIONS).changes.items():
                    if value is None:
                        del held[attribute]
                    else:
                        held[attribute] = value
                principal = replace(principal, assignments=held)
            found[known] = principal
        return replace(self, principals=found)

    def held(self) -> dict[str, dict[AttributeName, Any]]:
        return {
            known: {name: set(value) if isinstance(value, list) else value for name, value in one.assignments.items()}
            for known, one in self.principals.items()
        }


def directory(*principals: Principal, **groups: str) -> Directory:
    everybody = frozenset(principal.id for principal in principals)
    found = {name: frozenset(members.split()) for name, members in groups.items()}
    return Directory({principal.id: principal for principal in principals}, {"everybody": everybody, **found})


# A slow evaluator that shares nothing with the core but the types


class Contradiction(Exception):
    """Two items of the same rank want different values."""


def slowly(found: Directory, items: Sequence[Item], now: float) -> dict[str, dict[AttributeName, Any]]:
    """Return what everybody has after a run, by looking at each item for each attribute of each principal.

    Conditions are on TIER, which no item with a condition gives, so TIER is decided first.
    """
    held = found.held()
    for attribute in (TIER, REGION, TAGS):
        tiers = {known: values.get(TIER) for known, values in held.items()}
        for known, principal in found.principals.items():
            held[known] = slow_attribute(found, items, now, tiers, attribute, principal, held[known])
    return held


def slow_attribute(
    found: Directory,
    items: Sequence[Item],
    now: float,
    tiers: Mapping[str, Any],
    attribute: AttributeName,
    principal: Principal,
    held: dict[AttributeName, Any],
) -> dict[AttributeName, Any]:
    def concerns(item: Item, other: Principal) -> bool:
        if isinstance(item.who, PrincipalReference):
            return item.who.name == other.id
        return found.selects(item, other) and all(
            (tiers[other.id] == condition.value) == (condition.operator == "eq") for condition in item.who.where
        )

    def wish(item: Item) -> Any:
        value = item.wishes[attribute]
        if isinstance(value, Derived):
            text = principal.properties.get(value.source)
            text = (value.mapping.get(text) if value.mapping and text else text) or value.default
            return Exactly(text) if text else None
        return value

    having = [item for item in items if attribute in item.wishes]
    mine = [item for item in having if concerns(item, principal)]
    live = [item for item in mine if not (item.expires and now >= item.expires.at)]
    by_name = [item for item in live if isinstance(item.who, PrincipalReference)]
    wishes = [one for one in map(wish, by_name or live) if one is not None]
    exact = [one.value for one in wishes if isinstance(one, Exactly)]
    changes = [one for one in wishes if isinstance(one, Adjust)]
    if (exact and changes) or any(one != exact[0] for one in exact):
        raise Contradiction
    adding = {element for one in changes for element in one.add}
    removing = {element for one in changes for element in one.remove}
    if adding & removing:
        raise Contradiction
    values = dict(held)
    now_held = held.get(attribute)
    many = now_held if isinstance(now_held, set) else {now_held} - {None}
    if exact:
        kept = set(exact[0]) if isinstance(exact[0], list) else {exact[0]} - {None}
    else:
        lost = set(removing)
        for _again in having + having:  # an item that has ended may find its value only after another one took some
            left = (many - lost) | adding
            for item in having:
                over = item.expires and now >= item.expires.at
                gives = wish(item)
                given = {*gives.add} if isinstance(gives, Adjust) else set()
                if isinstance(gives, Exactly) and gives.value is not None:
                    given = set(gives.value) if isinstance(gives.value, list) else {gives.value}
                same_kind = isinstance(item.who, PrincipalReference) or item.who.kind == class_of(principal)
                if over and item in mine and (isinstance(gives, Adjust) or given in (many, left)):
                    lost |= given
                if item.exclusive and not over and item not in mine and same_kind:
                    lost |= given
        kept = (many - lost) | adding
    values.pop(attribute, None)
    if kept:
        values[attribute] = kept if attribute == TAGS else next(iter(kept))
    return values


def random_directory(chance: random.Random) -> Directory:
    ids = [f"u{number}" for number in range(chance.randint(1, 7))]
    principals = []
    for known in ids:
        held: Assignments = {}
        if chance.random() < 0.5:
            held[REGION] = chance.choice(["EMEA", "Asia", "Mars"])
        if chance.random() < 0.5:
            held[TIER] = chance.choice(["gold", "silver"])
        if chance.random() < 0.5:
            held[TAGS] = chance.sample(["a", "b", "c", "z"], chance.randint(1, 3))
        properties = {"city": chance.choice(["EMEA", "Oslo", "", None])}
        principals.append(user(known, held, **properties))
    groups = {name: " ".join(chance.sample(ids, chance.randint(0, len(ids)))) for name in "pqr"}
    return directory(*principals, **groups)


def random_items(chance: random.Random, found: Directory) -> list[Item]:
    items = []
    for number in range(chance.randint(1, 6)):
        conditional = chance.random() < 0.3
        wishes: dict[AttributeName, Any] = {}
        expires = chance.choice([None, None, None, LATER, EARLIER])
        exclusive = chance.random() < 0.3
        lasting = expires is None and not exclusive
        if chance.random() < 0.4:
            wishes[REGION] = Exactly(chance.choice(["EMEA", "Asia", *([None] if lasting else [])]))
        if chance.random() < 0.3 and not exclusive:
            wishes[REGION] = Derived("city", chance.choice([None, {"Oslo": "EMEA"}]), chance.choice([None, "Asia"]))
        if chance.random() < 0.3 and not conditional:
            wishes[TIER] = Exactly(chance.choice(["gold", "silver"]))
        if chance.random() < 0.5 or not wishes:
            some = chance.sample(["a", "b", "c"], chance.randint(1, 3))
            removing = some[1:] if lasting else []
            wishes[TAGS] = chance.choice([Exactly(some), Adjust(some[:1], removing), Adjust(some[:1], [])])
        options: dict[str, Any] = {"exclusive": exclusive, "expires": expires, "place": f"a.yml:{number + 1}"}
        if chance.random() < 0.3 and not conditional:
            items.append(named(chance.choice(list(found.principals)), wishes, **options))
            continue
        where = (Where(TIER, chance.choice(["eq", "ne"]), "gold"),) if conditional else ()
        selection = Selection(USERS, group=chance.choice(["", "p", "q", "r"]), where=where, everyone=not where)
        items.append(selecting(wishes, selection=selection, allow_empty=True, **options))
    return items


@pytest.mark.parametrize("seed", range(40))
def test_every_decision_is_that_of_a_slow_evaluator(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - cases that can be repeated
    agreed = 0
    for _case in range(60):
        found = random_directory(chance)
        items = random_items(chance, found)
        state = found.decided(items)
        try:
            wanted = slowly(found, items, NOW)
        except Contradiction:
            assert state.conflicts, items
            continue
        assert not state.conflicts, items
        after = found.after(items)
        assert after.held() == wanted, (items, found)
        assert after.after(items).held() == after.held(), "a second run changes something"
        shuffled = chance.sample(items, len(items))
        assert found.after(shuffled).held() == wanted, "the order of items matters"
        agreed += 1
    assert agreed > 10
