# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The quick comparison of a light run, against the planner: it says yes only where a plan changes nothing."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import (
    Adjust,
    Exactly,
    Moved,
    holds,
    needs_definition,
    plan,
)
from ansible_collections.entra.attributes.plugins.module_utils._core.model import AttributeName
from ansible_collections.entra.attributes.plugins.module_utils._core.values import checked
from ansible_collections.entra.attributes.plugins.module_utils._declarations.assignments import parse_desired
from ansible_collections.entra.attributes.plugins.module_utils._declarations.locations import Only
from ansible_collections.entra.attributes.plugins.module_utils._errors import EntraError

NAMES = [AttributeName("Set", "A"), AttributeName("Set", "a"), AttributeName("Other", "B"), AttributeName("Other", "C")]
HELD: list[Any] = [
    1,
    0,
    -5,
    True,
    False,
    "1",
    "0",
    "true",
    "True",
    "x",
    "-5",
    "05",
    " 1",
    [1],
    [1, 2],
    ["1"],
    ["x", "y"],
]
WANTED: list[Any] = [
    *HELD,
    "+1",
    "false",
    "FALSE",
    "1.0",
    "-0",
    "x ",
    [2, 1],
    ["2", "1"],
    ["y", "x"],
    [],
    None,
    Only("x"),
]


def desired(chosen: random.Random, held: Any) -> Any:
    """What is desired of an attribute: mostly something near to what it has."""
    near = [held, str(held), str(held).lower()]
    if isinstance(held, list):
        near = [held, held[::-1], list(map(str, held))]
    value = chosen.choice(near if held is not None and chosen.random() < 0.7 else WANTED)
    kind = chosen.random()
    if kind < 0.1 and isinstance(value, list):
        return Adjust(add=value)
    if kind < 0.13:
        return Moved(NAMES[0])
    if kind < 0.2 and value not in (None, []):
        return Exactly(checked("A", value), type=chosen.choice([None, "Integer", "String", "Boolean"]))
    return parse_desired("A", value)


def test_what_holds_is_never_planned() -> None:
    chosen = random.Random(21)  # noqa: S311 - repeatable
    held = 0
    for _round in range(20_000):
        current = {name: chosen.choice(HELD) for name in NAMES if chosen.random() < 0.5}
        named = chosen.sample(NAMES, chosen.randint(0, 2))
        wanted = {name: desired(chosen, current.get(name)) for name in named}
        sets = {name.attribute_set for name in named} | ({"Other"} if chosen.random() < 0.2 else set())
        purge = chosen.random() < 0.3
        if not holds(current, wanted, tuple(sets), purge=purge):
            continue
        held += 1
        assert needs_definition(current, wanted, sets) == []
        planned = plan(current, wanted, sets=sets, purge=purge)
        assert not planned.changes, (current, wanted)
        assert planned.before == planned.after == {name: current[name] for name in named}
        assert sets == {name.attribute_set for name in current if name in named}
    assert held > 1_000


@pytest.mark.parametrize("now", HELD)
def test_what_a_plan_leaves_alone_holds(now: Any) -> None:
    """Every spelling that a file usually has is recognized, so that a light run is light."""
    (name, *_others) = NAMES
    spelled = str(now).lower() if isinstance(now, bool) else str(now)
    for value in [now, spelled] if not isinstance(now, list) else [now, now[::-1], list(map(str, now))]:
        wanted = {name: parse_desired("A", value)}
        try:
            unchanged = not plan({name: now}, wanted).changes
        except EntraError:
            unchanged = False
        assert holds({name: now}, wanted, ("Set",)) == unchanged
