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
    AGENTS,
    SERVICE_PRINCIPALS,
    USERS,
    Derived,
    Expiry,
    Item,
    Reason,
    Selection,
    Where,
    class_of,
)
from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidDeclaration, InvalidValue

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

    def decided(self, items: Sequence[Item], now: float = NOW, purge: bool = False) -> DesiredState:
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
        return resolve(items, selected_by, names, self.principals, now, DEFINITIONS, purge=purge)

    def after(self, items: Sequence[Item], now: float = NOW, purge: bool = False) -> Directory:
        """Return the directory after a run."""
        decisions = self.decided(items, now, purge).decisions
        found = {}
        for known, principal in self.principals.items():
            if known in decisions:
                held = dict(principal.assignments)
                made = decisions[known]
                planned = plan(held, made.desired, DEFINITIONS, sets=made.attribute_sets, purge=purge)
                for attribute, value in planned.changes.items():
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


@pytest.mark.parametrize("seed", range(5))
def test_a_second_run_that_purges_changes_nothing(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - cases that can be repeated
    changed = 0
    for _case in range(100):
        found = random_directory(chance)
        items = random_items(chance, found)
        items = [
            replace(item, attribute_sets=()) if item.selection and item.selection.where else item for item in items
        ]
        if not found.decided(items, purge=True).conflicts:
            once = found.after(items, purge=True)
            assert once.after(items, purge=True).held() == once.held(), (items, found)
            changed += once.held() != found.held()
    assert changed > 20


@pytest.mark.parametrize("seed", range(5))
def test_an_exclusive_item_touches_no_other_value(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - cases that can be repeated
    taken = 0
    for _case in range(100):
        found = random_directory(chance)
        given = chance.choice(["a", "b"])
        wishes = {TAGS: Adjust([given]), REGION: Exactly("EMEA")}
        item = selecting(wishes, group=chance.choice("pqr"), exclusive=True, allow_empty=True)
        after = found.after([item]).held()
        for known, held in found.held().items():
            if known in found.groups[item.who.group]:  # type: ignore[union-attr]
                continue
            assert after[known].get(TIER) == held.get(TIER)
            assert after[known].get(TAGS, set()) == held.get(TAGS, set()) - {given}
            assert after[known].get(REGION) == (None if held.get(REGION) == "EMEA" else held.get(REGION))
            taken += after[known] != held
    assert taken > 20


@pytest.mark.parametrize("seed", range(5))
def test_an_end_acts_once_at_any_time(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - cases that can be repeated
    for _case in range(100):
        found = random_directory(chance)
        at = chance.uniform(0, 100)
        wishes = {TAGS: Adjust(["new"]), TIER: Exactly("platinum")}
        items = [selecting(wishes, group=chance.choice("pqr"), expires=Expiry("then", at))]
        acted = 0
        state = found
        for now in sorted(chance.uniform(0, 200) for _time in range(6)):
            following = state.after(items, now)
            if now < at:
                members = found.groups[items[0].who.group]  # type: ignore[union-attr]
                assert all(following.held()[known][TIER] == "platinum" for known in members)
            elif following.held() != state.held():
                acted += 1
                lost = [held.get(TAGS, set()) for held in following.held().values()]
                assert not any("new" in tags for tags in lost)
            state = following
        assert acted <= 1


# Each rule by itself


def held_after(found: Directory, *items: Item, now: float = NOW, purge: bool = False) -> dict[str, dict[str, Any]]:
    return {
        known: {attribute.name: value for attribute, value in held.items()}
        for known, held in found.after(items, now, purge).held().items()
    }


def test_agent_users_take_what_agents_take_from_blueprints_after_the_run() -> None:
    found = directory(
        app("blueprint", agent="agentIdentityBlueprintPrincipal"),
        app("agent", {TIER: "old"}, agent="agentIdentity", agentIdentityBlueprintId="APP-BLUEPRINT"),
        user("bot", identityParentId="agent"),
        user("adele"),
    )
    items = [
        selecting({TIER: Derived("agent.Sales.Tier", {"gold": "GOLD"})}, "a.yml:1"),
        selecting({TIER: Derived("blueprint.Sales.Tier")}, "a.yml:2", selection=Selection(AGENTS, everyone=True)),
        Item("a.yml:3", PrincipalReference(SERVICE_PRINCIPAL, "blueprint"), {TIER: Exactly("gold")}),
    ]
    state = found.decided(items)
    assert dict(state.left_alone) == {"missing_properties": 1}
    assert held_after(found, *items) == {
        "blueprint": {"Tier": "gold"},
        "agent": {"Tier": "gold"},
        "bot": {"Tier": "GOLD"},
        "adele": {},
    }


@pytest.mark.parametrize(
    ("wish", "value", "expected"),
    [
        (Derived("city"), "Oslo", "Oslo"),
        (Derived("city"), "", None),
        (Derived("city"), None, None),
        (Derived("city", default="x"), None, "x"),
        (Derived("city", {"Oslo": "N"}), "Oslo", "N"),
        (Derived("city", {"Oslo": "N"}), "Rome", None),
        (Derived("city", {"Oslo": "N"}, "x"), "Rome", "x"),
        (Derived("city", {"true": "yes", "false": "no"}), False, "no"),
    ],
)
def test_derived_values(wish: Derived, value: Any, expected: Any) -> None:
    found = directory(user("adele", city=value))
    assert held_after(found, selecting({REGION: wish}))["adele"].get("Region") == expected


@pytest.mark.parametrize(
    ("attribute", "wish", "value", "expected"),
    [
        (TAGS, Derived("city"), ["a", "b"], {"a", "b"}),
        (TAGS, Derived("city"), "a", {"a"}),
        (TAGS, Derived("city"), [], None),
        (TAGS, Derived("city", {"a": "A", "b": ["B", "C"]}), ["a", "b", "z"], {"A", "B", "C"}),
        (TAGS, Derived("city", {"a": "A"}, "other"), ["a", "z"], {"A", "other"}),
        (SEATS, Derived("city"), "8", 8),
        (SEATS, Derived("city", {"x": 9}), "x", 9),
    ],
)
def test_derived_values_have_the_type_of_the_attribute(
    attribute: AttributeName, wish: Derived, value: Any, expected: Any
) -> None:
    found = directory(user("adele", city=value))
    assert found.after([selecting({attribute: wish})]).held()["adele"].get(attribute) == expected


@pytest.mark.parametrize(
    ("attribute", "value", "words"),
    [
        (SEATS, "08", "the property city is '08': its type is Integer"),
        (REGION, True, "the property city is the Boolean true: the attribute is of the type String"),
        (REGION, "x" * 65, "text of 65 characters; at most 64 are allowed"),
        (REGION, ["a"], "the attribute is single-valued"),
        (REGION, "a\u200bb", "has U+200B"),
        (REGION, 1.5, "the property city is the number 1.5: the attribute is of the type String"),
    ],
)
def test_a_property_that_no_attribute_can_hold(attribute: AttributeName, value: Any, words: str) -> None:
    found = directory(user("adele", city=value), user("alex", city="9"))
    decisions = found.decided([selecting({attribute: Derived("city")})]).decisions
    problem = decisions["adele"].error or refusal(found, decisions["adele"].desired)
    assert words in str(problem)
    assert decisions["alex"].error is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("Rome", "the property city is 'Rome', so the value is 'many': its type is Integer"),
        ("Oslo", "the property city is 'Oslo', so the value is 'few': its type is Integer"),
        ("", "the property city is missing, so the default is 'few': its type is Integer"),
    ],
)
def test_a_value_of_map_or_default_that_the_attribute_cannot_hold(value: str, words: str) -> None:
    found = directory(user("adele", city=value))
    decisions = found.decided([selecting({SEATS: Derived("city", {"Rome": "many"}, "few")})]).decisions
    assert words in str(decisions["adele"].error)


def refusal(found: Directory, desired: Any) -> InvalidValue | None:
    try:
        plan(found.principals["adele"].assignments, desired, DEFINITIONS)
    except InvalidValue as error:
        return error
    return None


def test_purge_keeps_what_a_derived_value_leaves_alone() -> None:
    found = directory(user("adele", {REGION: "EMEA", TIER: "gold", TAGS: ["a"]}))
    items = [selecting({REGION: Derived("city"), TAGS: Exactly(["b"])})]
    assert held_after(found, *items, purge=True)["adele"] == {"Region": "EMEA", "Tags": {"b"}}


def test_a_condition_sees_what_a_purge_removes() -> None:
    found = directory(user("adele", {TIER: "gold"}))
    where = Selection(USERS, where=(Where(TIER, "eq", "gold"),))
    items = [
        selecting({REGION: Exactly("EMEA")}, "a.yml:1"),
        Item("a.yml:2", where, {AttributeName("Other", "Level"): Exactly("x")}, ("Other",)),
    ]
    assert held_after(found, *items, purge=True)["adele"] == {"Region": "EMEA"}
    assert held_after(found, *items)["adele"] == {"Tier": "gold", "Region": "EMEA", "Level": "x"}


def test_reasons_name_every_item_that_gives_a_value() -> None:
    found = directory(user("adele", {TAGS: ["z"]}), p="adele")
    items = [
        selecting({TAGS: Adjust(["a"]), REGION: Exactly("EMEA")}, "a.yml:1", group="p"),
        selecting({TAGS: Adjust(["b"]), REGION: Exactly("EMEA")}, "b.yml:1", selection=Selection(USERS, everyone=True)),
        named("adele", {TIER: Exactly("gold")}, "c.yml:1", expires=LATER),
        selecting({TIER: Exactly("silver")}, "d.yml:1", group="p"),
    ]
    in_group = "users in the group 'p'"
    assert set(found.decided(items).decisions["adele"].reasons) == {
        Reason(TAGS, "a.yml:1", "group", in_group),
        Reason(TAGS, "b.yml:1", "all", "all users"),
        Reason(REGION, "a.yml:1", "group", in_group),
        Reason(REGION, "b.yml:1", "all", "all users"),
        Reason(TIER, "c.yml:1", "name", "", "later"),
    }


def test_ten_thousand_conflicts_are_one() -> None:
    found = directory(*(user(f"u{number}") for number in range(10_000)))
    items = [selecting({REGION: Exactly(text)}, f"{text}.yml:1") for text in ("EMEA", "Asia")]
    (conflict,) = found.decided(items).conflicts
    assert str(conflict) == (
        "EMEA.yml:1 and Asia.yml:1 want different values of Sales.Region for"
        " user u0@contoso.com (u0), user u1@contoso.com (u1), user u2@contoso.com (u2) and 9997 more"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Exactly(["a"]), Exactly(["b"])),
        (Exactly(["a"]), Exactly(None)),
        (Exactly(["a"]), Adjust(["a"])),
        (Adjust(["a"]), Adjust([], ["a"])),
    ],
)
def test_wishes_that_contradict_each_other(first: Any, second: Any) -> None:
    found = directory(user("adele"))
    for items in ([first, second], [second, first]):
        placed = [selecting({TAGS: wish}, f"a.yml:{number}") for number, wish in enumerate(items)]
        assert len(found.decided(placed).conflicts) == 1


def test_an_item_whose_own_condition_reads_what_it_changes_is_evaluated_before() -> None:
    where = Selection(USERS, where=(Where(TIER, "eq", "silver"),))
    found = directory(user("adele", {TIER: "silver"}), user("alex", {TIER: "gold"}))
    items = [selecting({TIER: Exactly("gold"), REGION: Exactly("EMEA")}, selection=where)]
    assert held_after(found, *items) == {"adele": {"Tier": "gold", "Region": "EMEA"}, "alex": {"Tier": "gold"}}


def test_a_circle_names_only_the_items_in_it() -> None:
    def item(place: str, reads: AttributeName, gives: AttributeName) -> Item:
        return selecting({gives: Exactly("x")}, place, selection=Selection(USERS, where=(Where(reads, "eq", "x"),)))

    items = [item("a.yml:1", REGION, TIER), item("a.yml:2", TIER, SEATS), item("a.yml:3", SEATS, TIER)]
    with pytest.raises(InvalidDeclaration, match=r"wrong: a.yml:2 and a.yml:3: each of these items"):
        directory(user("adele")).decided(items)


def test_kinds_do_not_depend_on_each_other() -> None:
    agents = Selection(AGENTS, where=(Where(TIER, "eq", "x"),))
    apps = Selection(SERVICE_PRINCIPALS, where=(Where(REGION, "eq", "x"),))
    items = [
        selecting({REGION: Exactly("x")}, "a.yml:1", selection=agents),
        selecting({TIER: Exactly("x")}, "a.yml:2", selection=apps),
    ]
    found = directory(app("app", {REGION: "x"}), app("agent", {TIER: "x"}, agent="agentIdentity"))
    assert held_after(found, *items) == {"app": {"Region": "x", "Tier": "x"}, "agent": {"Tier": "x", "Region": "x"}}


@pytest.mark.parametrize("attribute_set", ["Engineering", "engineering"])
def test_a_filter_on_a_masked_set_is_masked_in_any_case(attribute_set: str) -> None:
    selection = Selection(USERS, filter=f"customSecurityAttributes/{attribute_set}/Project eq 'Skagit'")
    assert selection.text(["Engineering"]) == "users with (masked)"
    assert selection.text(["Marketing"]).endswith("eq 'Skagit'")
