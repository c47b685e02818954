# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans of delegations and separation of duties, against a naive reading that lists the rights of each principal."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product
from random import Random

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.delegations import (
    ROLE_TITLES,
    Delegation,
    DesiredDelegation,
    Holder,
    delegation_of,
    find_duty_problems,
    plan_delegations,
)
from ansible_collections.entra.attributes.plugins.module_utils._core.schema_plan import Placed

SCOPES = (None, "Engineering", "Marketing")
SETS = ("Engineering", "Marketing", "a set of tomorrow")
RIGHTS = {
    "attribute_assignment_administrator": {"assign", "read values", "read definitions"},
    "attribute_assignment_reader": {"read values", "read definitions"},
    "attribute_definition_administrator": {"define", "read definitions"},
    "attribute_definition_reader": {"read definitions"},
    "attribute_log_administrator": {"send log", "read log"},
    "attribute_log_reader": {"read log"},
}
MAIN = {
    **RIGHTS,
    **{
        f"attribute_assignment_{kind}": RIGHTS[f"attribute_assignment_{kind}"] - {"read definitions"}
        for kind in ("administrator", "reader")
    },
}
PERMISSIONS = {
    "CustomSecAttributeAssignment.ReadWrite.All": {"assign", "read values"},
    "CustomSecAttributeAssignment.Read.All": {"read values"},
    "CustomSecAttributeDefinition.ReadWrite.All": {"define", "read definitions"},
    "CustomSecAttributeDefinition.Read.All": {"read definitions"},
    "CustomSecAttributeAuditLogs.Read.All": {"read log"},
    "User.Read.All": set(),
}
USERS = [Holder("user", f"u{number}", f"User {number}", f"u{number}@contoso.com") for number in range(3)]
APPS = [Holder("service_principal", f"a{number}", f"App {number}", f"app-{number}") for number in range(2)]
GROUPS = [Holder("group", f"g{number}", f"Group {number}") for number in range(2)]
EVERYBODY = [*USERS, *APPS, *GROUPS]


def some_delegations(random: Random) -> list[Delegation]:
    """Return delegations at random, each once."""
    every = list(product(ROLE_TITLES, SCOPES, EVERYBODY))
    chosen = random.sample(every, random.randrange(12))
    return [Delegation(role, scope, holder, f"id{number}") for number, (role, scope, holder) in enumerate(chosen)]


def rights(delegations: Sequence[Delegation], granted: Collection[str] = ()) -> set[tuple[str, str]]:
    """Return each right in each set."""
    held = {
        (right, name)
        for delegation in delegations
        for right in RIGHTS[delegation.role]
        for name in SETS
        if delegation.attribute_set in (None, name)
    }
    return held | {(right, name) for permission in granted for right in PERMISSIONS[permission] for name in SETS}


def naive_problems(
    delegations: Sequence[Delegation],
    members: Mapping[str, Collection[Holder]],
    permissions: Mapping[str, Collection[str]],
) -> set[tuple[str, str, str]]:
    """Return kind, principal, and role assignment of each problem; of both duties in one hand without the last."""
    found = set()
    for holder in EVERYBODY:
        own = [
            delegation
            for delegation in delegations
            if delegation.holder == holder or holder in members.get(delegation.holder.id, ())
        ]
        granted = permissions.get(holder.id, ())
        held = rights(own, granted)
        if own and any({("define", name), ("assign", name)} <= held for name in SETS):
            found.add(("defines_and_assigns", holder.id, ""))
        tenant = rights([delegation for delegation in own if delegation.attribute_set is None])
        for delegation in own:
            if delegation.attribute_set and rights([delegation]) <= tenant:
                found.add(("included_in_tenant_role", holder.id, delegation.id))
            if any(MAIN[delegation.role] <= PERMISSIONS[permission] for permission in granted):
                found.add(("included_in_permission", holder.id, delegation.id))
    return found


def test_separation_of_duties_is_what_a_naive_reading_finds() -> None:
    random, kinds = Random(20), set()  # noqa: S311
    for _round in range(3000):
        delegations = some_delegations(random)
        members = {group.id: random.sample([*USERS, *APPS], random.randrange(3)) for group in GROUPS}
        permissions = {app.id: random.sample([*PERMISSIONS], random.randrange(3)) for app in APPS}
        problems = find_duty_problems(delegations, members, permissions)
        found = {
            (
                problem.kind,
                problem.holder.id,
                "" if problem.kind == "defines_and_assigns" else problem.delegations[0].id,
            )
            for problem in problems
        }
        assert found == naive_problems(delegations, members, permissions)
        assert len(found) == len(problems)
        kinds |= {kind for kind, _holder, _delegation in found}
        for problem in problems:
            assert set(problem.delegations) <= set(delegations)
    assert len(kinds) == 3


def naive_dangers(
    removed: Sequence[Delegation], left: Sequence[Delegation], own: Mapping[str, bool | None]
) -> set[tuple[str, str, str]]:
    """Return the keys of removals that lock out: no administrator for the tenant, or own rights that are lost."""
    found = set()
    mine = rights([delegation for delegation in left if own.get(delegation.holder.id)])
    for delegation in removed:
        administers = delegation.role.endswith("administrator") and delegation.attribute_set is None
        others = [known for known in left if (known.role, known.attribute_set) == (delegation.role, None)]
        loses = own.get(delegation.holder.id) is not False and not rights([delegation]) <= mine
        if (administers and not others) or loses:
            found.add(delegation.key)
    return found


def test_plans_lead_to_what_is_wanted_and_know_their_dangers() -> None:
    random, dangers = Random(21), 0  # noqa: S311
    for _round in range(3000):
        current = some_delegations(random)
        wanted = {}
        for role, scope, holder in random.sample(list(product(ROLE_TITLES, SCOPES, EVERYBODY)), 6):
            wanted[role, scope, holder.id] = (role, scope, holder, random.random() < 0.5)
        for known in random.sample(current, min(len(current), 4)):
            wanted[known.role, known.attribute_set, known.holder.id] = (
                known.role,
                known.attribute_set,
                known.holder,
                random.random() < 0.8,
            )
        own: dict[str, bool | None] = {holder.id: random.choice([True, False, False, None]) for holder in EVERYBODY}
        items = [
            (Placed(DesiredDelegation(role, scope, holder.kind, holder.id, absent), f"f:{number}"), holder)
            for number, (role, scope, holder, absent) in enumerate(wanted.values())
        ]
        planned = plan_delegations(items, current, own)
        after = {delegation.key for delegation in planned.after(current)}
        expected = {delegation.key for delegation in current}
        expected |= {placed.desired.held_by(holder).key for placed, holder in items if not placed.desired.absent}
        expected -= {placed.desired.held_by(holder).key for placed, holder in items if placed.desired.absent}
        assert after == expected
        assert len(planned.steps) + planned.unchanged == len(items)
        creates = [step.creates for step in planned.steps]
        assert creates == sorted(creates, reverse=True)
        removed = [step.delegation for step in planned.steps if not step.creates]
        found = {step.delegation.key for step in planned.steps if step.danger}
        assert found == naive_dangers(removed, planned.after(current), own)
        dangers += len(found)
        again = [(Placed(delegation_of(step.as_step())), step.delegation.holder) for step in planned.steps]
        assert plan_delegations(again, planned.after(current), own).steps == ()
        undo = [
            (
                Placed(
                    DesiredDelegation(
                        item["role"], item.get("attribute_set"), holder.kind, holder.id, item["state"] == "absent"
                    )
                ),
                holder,
            )
            for item, holder in zip(planned.before, [step.delegation.holder for step in planned.steps], strict=True)
        ]
        undone = plan_delegations(undo, planned.after(current), {}).after(planned.after(current))
        assert {delegation.key for delegation in undone} == {delegation.key for delegation in current}
    assert dangers > 100


def test_the_same_delegation_twice_is_refused_with_both_places() -> None:
    items = [
        (Placed(DesiredDelegation("attribute_log_reader", None, "user", name), place), USERS[0])
        for name, place in (("u0", "a.yml:1"), ("u0@contoso.com", "b.yml:7"))
    ]
    (finding,) = plan_delegations(items, [], {}).refused
    assert (finding.place, "also in a.yml:1" in finding.message) == ("b.yml:7", True)


@pytest.mark.parametrize("identity", ["a:b:c", "owner:/:user:1", "attribute_log_reader:/:device:1", ""])
def test_a_step_that_no_plan_has_is_an_error(identity: str) -> None:
    (step,) = plan_delegations(
        [(Placed(DesiredDelegation("attribute_log_reader", None, "user", "u0")), USERS[0])], [], {}
    ).steps
    with pytest.raises(ValueError, match=r"."):
        delegation_of(replace(step.as_step(), id=identity))
