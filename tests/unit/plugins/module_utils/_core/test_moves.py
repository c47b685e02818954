# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random moves and retirements of one principal, against a model that spells out every case."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import plan
from ansible_collections.entra.attributes.plugins.module_utils._core.model import AttributeName, Definition
from ansible_collections.entra.attributes.plugins.module_utils._core.moves import (
    Departure,
    Move,
    Retirement,
    holder_desired,
)
from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidValue, ValueConflict

SEEDS = 3_000
NAMES = [AttributeName("Set", name) for name in ("A", "B", "C", "D")]
TEXTS = {"String": ["1", "2", "true", "x", "08"], "Integer": [1, 2, 8], "Boolean": [True, False]}


class Refused(Exception):
    """The model refuses to move the values of a principal."""


def model_value(value: Any, values: dict[str, Any], definition: Definition) -> Any:
    """Return a value in another attribute, item by item."""
    moved = []
    for item in value if isinstance(value, list) else [value]:
        text = str(item).lower() if isinstance(item, bool) else str(item)
        new = values.get(text, item)
        kind = "Boolean" if isinstance(new, bool) else "Integer" if isinstance(new, int) else "String"
        if kind == definition.type:
            moved.append(new)
        elif kind == "Integer" and definition.type == "String":
            moved.append(str(new))
        elif kind == "String" and definition.type == "Integer" and new in ("1", "2"):
            moved.append(int(new))
        elif kind == "String" and definition.type == "Boolean" and new == "true":
            moved.append(True)
        else:
            raise Refused
    different = [item for place, item in enumerate(moved) if item not in moved[:place]]
    if definition.collection:
        return different
    if len(different) > 1:
        raise Refused
    return different[0]


def model(
    held: dict[AttributeName, Any], departures: list[Departure], definitions: dict[AttributeName, Definition]
) -> Any:
    """Return what a principal has afterwards."""
    after = dict(held)
    for departure in departures:
        value = held.get(departure.source)
        if value is None:
            continue
        if isinstance(departure, Retirement):
            kept = [item for item in value if str(item) not in departure.values] if isinstance(value, list) else []
            gone = not departure.values or isinstance(value, list) or str(value).lower() in departure.values
            if gone:
                after[departure.source] = kept if departure.values else []
            continue
        new = model_value(value, departure.values, definitions[departure.target])
        there = held.get(departure.target)
        if there is not None and (set(there) != set(new) if isinstance(new, list) else there != new):
            raise Refused
        after[departure.target] = new
        if not departure.keep_old:
            after[departure.source] = None
    return {name: value for name, value in after.items() if value not in (None, [])}


def random_value(dice: Random, definition: Definition) -> Any:
    items = TEXTS[definition.type]
    return dice.sample(items, dice.randint(1, len(items))) if definition.collection else dice.choice(items)


def random_case(dice: Random) -> tuple[dict[AttributeName, Any], list[Departure], dict[AttributeName, Definition]]:
    definitions = {}
    for name in NAMES:
        kind = dice.choice([*TEXTS])
        definitions[name] = Definition(*name, kind, collection=kind != "Boolean" and dice.random() < 0.4)
    values = {str(item).lower() if isinstance(item, bool) else str(item): 0 for kind in TEXTS.values() for item in kind}
    mapping = {text: dice.choice(TEXTS[definitions[NAMES[1]].type]) for text in values if dice.random() < 0.3}
    held = {name: random_value(dice, definitions[name]) for name in NAMES if dice.random() < 0.6}
    departures: list[Departure] = [Move(NAMES[0], NAMES[1], mapping, dice.random() < 0.3, place="m")]
    if dice.random() < 0.7:
        own = [str(item).lower() if isinstance(item, bool) else str(item) for item in TEXTS[definitions[NAMES[2]].type]]
        chosen = tuple(dice.sample(own, dice.randint(0, 2)))
        departures.append(Retirement(NAMES[2], chosen, place="r"))
    return held, departures, definitions


def test_random_departures_do_what_the_model_does_and_nothing_the_second_time() -> None:
    refused = changed = 0
    for seed in range(SEEDS):
        held, departures, definitions = random_case(Random(seed))  # noqa: S311 - repeatable
        desired = {name: wanted for name, (wanted, _reason) in holder_desired(departures, held).items()}
        try:
            expected = model(held, departures, definitions)
        except Refused:
            refused += 1
            with pytest.raises((InvalidValue, ValueConflict)):
                plan(held, desired, definitions)
            continue
        planned = plan(held, desired, definitions)
        after = {name: value for name, value in {**held, **planned.changes}.items() if value not in (None, [])}
        in_order = [
            {name: sorted(value) if isinstance(value, list) else value for name, value in side.items()}
            for side in (after, expected)
        ]
        assert in_order[0] == in_order[1], seed
        changed += planned.changed
        again = {name: wanted for name, (wanted, _reason) in holder_desired(departures, after).items()}
        assert not plan(after, again, definitions).changed, seed
    assert refused > 300
    assert changed > 800
