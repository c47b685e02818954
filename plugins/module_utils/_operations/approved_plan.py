# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""An approved plan as declarations of exactly the objects and attributes that it names.

A run plans these declarations anew, so that an interrupted one can be run again. `stale()` then compares both plans.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from .._core.assignment_plan import DesiredValue, Exactly
from .._core.model import KINDS, AttributeName, Definition, PrincipalReference, Value
from .._core.schema_plan import DesiredDefinition, DesiredSet, Placed
from .._core.selection import BY_MOVE, BY_RETIREMENT, Item, OneOf, Selection
from .._core.tenant_plan import ACTIVE, ATTRIBUTE_SET, DEFINITION, MASKED, PREDEFINED, Change, Key, Step, TenantPlan
from .._core.values import type_of
from .._declarations.assignments import Declaration
from .._declarations.plan_file import Mask

MOST_ITEMS = 6
"""Items of one masked value whose outcomes are tried."""


def approved_sets(plan: TenantPlan) -> list[Placed[DesiredSet]]:
    """Return what the plan wants of attribute sets."""
    return [
        Placed(DesiredSet(name, after.get("description"), after.get("max_attributes_per_set")), steps[0].place)
        for (kind, name), steps in _by_object(plan).items()
        if kind == ATTRIBUTE_SET and (after := _after(steps)) is not None
    ]


def approved_definitions(
    plan: TenantPlan,
    definitions: Sequence[Definition],
    masked_sets: Collection[str],
    declared: Sequence[Placed[DesiredDefinition]],
) -> list[Placed[DesiredDefinition]]:
    """Return what the plan wants of definitions; `definitions` are those that there are.

    The predefined values of masked sets come from what is `declared`.
    """
    current = {str(known.attribute): known for known in definitions}
    by_name = {str(placed.desired.attribute): placed for placed in declared}
    return [
        by_name[name]
        if name.partition(".")[0] in masked_sets and name in by_name
        else Placed(_definition(name, _after(steps), current.get(name)), steps[0].place, "ignore")
        for (kind, name), steps in _by_object(plan).items()
        if kind == DEFINITION
    ]


def masked_attributes(plan: TenantPlan, masked_sets: Collection[str]) -> list[str]:
    """Return the attributes of which the plan holds no values, because they are masked."""
    found = {
        step.attribute_of(change)
        for step in plan.steps
        for change in step.changes
        if step.attribute_of(change).partition(".")[0] in masked_sets
        and (isinstance(change.before, Mapping) or isinstance(change.after, Mapping) or _is_value(step, change))
    }
    return sorted(found)


def _is_value(step: Step, change: Change) -> bool:
    return step.is_schema and change.attribute.startswith(PREDEFINED)


def masked_assignments(
    plan: TenantPlan, masked_sets: Collection[str], declared: Sequence[Declaration]
) -> list[Declaration]:
    """Return what is declared of masked sets for the principals of the plan, whose values it does not hold."""
    names = {name.lower() for step in plan.principals for name in (step.id, step.name, *step.names)}
    return [
        part
        for declaration in declared
        if (declaration.who.by or declaration.who.name.lower() in names) and (part := declaration.within(masked_sets))
    ]


def masked_purges(
    plan: TenantPlan, masked_sets: Collection[str], declared: Sequence[Declaration], items: Sequence[Item]
) -> list[Declaration]:
    """Return the removals of masked values that the plan wants and that nothing declares: those of a purge.

    `declared` and `items` are what is declared of masked sets for the principals of the plan.
    """
    given = {(part.who.name.lower(), attribute) for part in declared for attribute in part.desired}
    given |= {
        (item.who.name.lower(), name) for item in items if not isinstance(item.who, Selection) for name in item.wishes
    }
    by_property = {attribute for part in declared if part.who.by for attribute in part.desired}
    found = []
    for step in plan.principals:
        names = [name.lower() for name in (step.id, step.name, *step.names)]
        removed = {
            attribute: Exactly(None)
            for change in step.changes
            if (attribute := _attribute(change)).attribute_set in masked_sets
            and change.after is None
            and not any(reason.by in (BY_MOVE, BY_RETIREMENT) for reason in change.reasons)
            and attribute not in by_property
            and not any((name, attribute) in given for name in names)
        }
        if removed:
            found.append(Declaration(step.place, PrincipalReference(KINDS[step.kind], step.id), removed))
    return found


def masked_items(plan: TenantPlan, masked_sets: Collection[str], declared: Sequence[Item], mask: Mask) -> list[Item]:
    """Return the values of masked sets that items declare, for exactly the principals of the plan.

    The reasons of the plan say which items decided. So nobody is selected again, and no end is looked at.
    """
    by_place = {item.place: item for item in declared}
    found = []
    for step in plan.principals:
        who = PrincipalReference(KINDS[step.kind], step.id)
        for change in step.changes:
            attribute = _attribute(change)
            if attribute.attribute_set not in masked_sets:
                continue
            items = [by_place[reason.place] for reason in change.reasons if reason.place in by_place]
            wishes = [item.wishes[attribute] for item in items if attribute in item.wishes][:MOST_ITEMS]
            given = tuple(wish for wish in wishes if not isinstance(wish, OneOf))
            if given:
                wish = OneOf(given, partial(_is_value_of, change.after, mask))
                found.append(Item(change.place or step.place, who, {attribute: wish}, remark=items[0].remark))
    return found


def _is_value_of(wanted: Any, mask: Mask, value: Value | None) -> bool:
    """Return whether a value is the one that a plan holds masked."""
    return bool((None if value is None else {MASKED: mask(value)}) == wanted)


def approved_assignments(plan: TenantPlan) -> list[Declaration]:
    """Return what the plan wants of principals, each by its id.

    Masked values are left out. A principal with nothing else is read all the same, to see whether it has them.
    """
    return [
        Declaration(
            step.place,
            PrincipalReference(KINDS[step.kind], step.id),
            dict(_desired(step.changes)),
            places={_attribute(change): change.place for change in step.changes if change.place},
            reasons=tuple(reason for change in step.changes for reason in change.reasons),
        )
        for step in plan.principals
    ]


def _attribute(change: Change) -> AttributeName:
    attribute_set, _dot, name = change.attribute.partition(".")
    return AttributeName(attribute_set, name)


def _desired(changes: Sequence[Change]) -> Iterator[tuple[AttributeName, DesiredValue]]:
    for change in changes:
        if isinstance(change.before, Mapping) or isinstance(change.after, Mapping):
            continue
        held = change.after if change.after is not None else change.before
        yield _attribute(change), Exactly(change.after, type_of(held), restored=True)


def _by_object(plan: TenantPlan) -> dict[Key, list[Step]]:
    found: dict[Key, list[Step]] = {}
    for step in plan.steps:
        found.setdefault(step.key, []).append(step)
    return found


def _after(steps: Sequence[Step]) -> dict[str, Any]:
    """Return the last value of each property that changes, in the order in which they do."""
    return {change.attribute: change.after for step in steps for change in step.changes}


def _definition(name: str, after: Mapping[str, Any], current: Definition | None) -> DesiredDefinition:
    attribute_set, _dot, own = name.partition(".")
    values = {key.removeprefix(PREDEFINED): state for key, state in after.items() if key.startswith(PREDEFINED)}
    state = after.get("state", "deprecated" if current and current.deprecated else "present")
    return DesiredDefinition(
        attribute_set,
        own,
        after.get("description"),
        str(after["type"]).capitalize() if "type" in after else None,
        after.get("multi_valued"),
        after.get("searchable"),
        after.get("predefined_values_only"),
        [value for value, active in values.items() if active == ACTIVE] or None,
        [value for value, active in values.items() if active != ACTIVE] or None,
        deprecated=state == "deprecated",
    )
