# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The steps that make attribute sets and definitions what is declared, their drifts, and what undoes them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from .._errors import InvalidDeclaration
from .model import AttributeSet, Definition
from .schema_plan import (
    FORBID as FORBIDS,
)
from .schema_plan import (
    PERMIT as PERMITS,
)
from .schema_plan import (
    DefinitionPlan,
    DesiredDefinition,
    DesiredSet,
    Placed,
    SetPlan,
    plan_definition,
    plan_set,
)
from .tenant_plan import (
    ACTIVE,
    ATTRIBUTE_SET,
    DEFINITION,
    FORBID,
    INACTIVE,
    LIMITS,
    PERMIT,
    PREDEFINED,
    SETS,
    Change,
    Finding,
    Step,
)


@dataclass(frozen=True)
class SetStep:
    """The effect of one phase on an attribute set."""

    phase: str
    declared: Placed[DesiredSet]
    plan: SetPlan

    def as_step(self) -> Step:
        """Return the step as a plan has it."""
        name, place = self.plan.after.name, self.declared.place
        before = self.plan.before.as_result() if self.plan.before else {}
        changes = _changes(before, self.plan.after.as_result(), ("description", "max_attributes_per_set"), place)
        return Step(self.phase, ATTRIBUTE_SET, name, name, tuple(changes), place, self.plan.before is None)


@dataclass(frozen=True)
class DefinitionStep:
    """The effect of one phase on a definition. `desired` says which phase it is."""

    phase: str
    declared: Placed[DesiredDefinition]
    plan: DefinitionPlan

    def as_step(self) -> Step:
        """Return the step as a plan has it: a change for each property, and one for each predefined value."""
        name, place = str(self.declared.desired.attribute), self.declared.place
        before = self.plan.before.as_result() if self.plan.before else {}
        after = self.plan.after.as_result() if self.plan.after else {}
        properties = ("description", "type", "multi_valued", "searchable", "predefined_values_only", "state")
        changes = [*_changes(before, after, properties, place), *_value_changes(self.plan, place)]
        return Step(self.phase, DEFINITION, name, name, tuple(changes), place, self.plan.creates)


SchemaStep: TypeAlias = "SetStep | DefinitionStep"


def _changes(
    before: Mapping[str, Any], after: Mapping[str, Any], properties: Iterable[str], place: str
) -> Iterator[Change]:
    for name in properties:
        was, now = before.get(name), after.get(name)
        if was != now and not (not before and now in ("", None)):
            yield Change(name, was, now, place)


def _value_changes(plan: DefinitionPlan, place: str) -> Iterator[Change]:
    held = plan.before.predefined if plan.before else {}
    states = {True: ACTIVE, False: INACTIVE, None: None}
    for value, active in plan.after.predefined.items() if plan.after else ():
        if held.get(value) != active:
            yield Change(PREDEFINED + value, states[held.get(value)], states[active], place)


@dataclass(frozen=True)
class SchemaPlan:
    """The steps in their order, and what follows from them.

    `definitions` are those that there are while assignments are written. `before` is what undoes the steps, as
    declarations. `drifts` are the differences as results name them.
    """

    steps: tuple[SchemaStep, ...] = ()
    definitions: tuple[Definition, ...] = ()
    unchanged: Mapping[str, int] = field(default_factory=dict)
    before: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    drifts: tuple[dict[str, Any], ...] = ()
    problems: tuple[Finding, ...] = ()


def plan_schema(
    desired_sets: Sequence[Placed[DesiredSet]],
    desired_definitions: Sequence[Placed[DesiredDefinition]],
    sets: Sequence[AttributeSet],
    definitions: Sequence[Definition],
    kept: Mapping[str, Any] | None = None,
) -> SchemaPlan:
    """Plan the whole schema, each plan upon the result of those before it, so that limits count for the run as a whole.

    `kept` is the `before` of a run that was cut off: it stays, and new entries are added to it.
    """
    planner = _Planner(list(sets), list(definitions), kept or {})
    for wanted_set in desired_sets:
        planner.take_set(wanted_set)
    for wanted in desired_definitions:
        planner.take_definition(wanted)
    planner.place_limits()
    return planner.result()


class _Planner:
    """Gathers the steps of one schema."""

    def __init__(self, sets: list[AttributeSet], definitions: list[Definition], kept: Mapping[str, Any]) -> None:
        self.found_sets, self.sets = sets, sets
        self.definitions = {definition.attribute: definition for definition in definitions}
        self.final = dict(self.definitions)
        self.steps: list[SchemaStep] = []
        self.changed_sets: list[tuple[Placed[DesiredSet], SetPlan]] = []
        self.before_sets = {entry["name"]: dict(entry) for entry in kept.get("attribute_sets") or []}
        self.before_definitions = {_name(entry): dict(entry) for entry in kept.get("definitions") or []}
        self.drifts: list[dict[str, Any]] = []
        self.problems: list[Finding] = []
        self.unchanged = {ATTRIBUTE_SET: 0, DEFINITION: 0}

    def take_set(self, wanted: Placed[DesiredSet]) -> None:
        """Plan a set. Where it goes in the order depends on the definitions, see `place_limits()`."""
        name = wanted.desired.name
        try:
            planned = plan_set(wanted.desired, self.sets)
        except InvalidDeclaration as refused:
            self._refuse(ATTRIBUTE_SET, name, wanted.place, refused.problems)
            return
        if planned.changed:
            was = planned.before.as_result() if planned.before else None
            self.changed_sets.append((wanted, planned))
            self.drifts.extend(_differences(ATTRIBUTE_SET, name, was, planned.after.as_result()))
            if was:  # an entry for a new set would create it again where it is missing
                self.before_sets.setdefault(name, _without_nulls(was))
        else:
            self.unchanged[ATTRIBUTE_SET] += 1
        self.sets = [planned.meanwhile, *(known for known in self.sets if known.name != name)]

    def take_definition(self, wanted: Placed[DesiredDefinition]) -> None:
        """Plan what a definition permits more, and upon that what it permits less."""
        desired, name = wanted.desired, str(wanted.desired.attribute)
        permits = replace(wanted, desired=replace(desired, changes=PERMITS))
        forbids = replace(wanted, desired=replace(desired, changes=FORBIDS))
        try:
            permitted = plan_definition(permits.desired, self._around(desired), self.sets)
            own = [permitted.after] if permitted.after else list(self.definitions.values())
            forbidden = plan_definition(forbids.desired, own)
        except InvalidDeclaration as refused:
            self._refuse(DEFINITION, name, wanted.place, refused.problems)
            return
        if permitted.after:
            self.definitions[permitted.after.attribute] = permitted.after
        if forbidden.after:
            self.final[forbidden.after.attribute] = forbidden.after
        self.steps += [DefinitionStep(PERMIT, permits, permitted)] if permitted.changed else []
        self.steps += [DefinitionStep(FORBID, forbids, forbidden)] if forbidden.changed else []
        if not (permitted.changed or forbidden.changed):
            self.unchanged[DEFINITION] += 1
            return
        was = permitted.before.as_result() if permitted.before else None
        now = forbidden.after.as_result() if forbidden.after else {}
        self.drifts.extend(_differences(DEFINITION, name, was, now))
        entry = self.before_definitions.setdefault(name, _before(desired, was, now))
        _remember(entry, now)

    def _around(self, desired: DesiredDefinition) -> list[Definition]:
        """Return the definitions that matter: all of them only where one is created or becomes active."""
        known = self.definitions.get(desired.attribute)
        if known and (desired.deprecated or not known.deprecated):
            return [known]
        return list(self.definitions.values())

    def place_limits(self) -> None:
        """Put each set before its definitions, and a lower limit last if more of them are active until then."""
        first: list[SchemaStep] = []
        for wanted, planned in self.changed_sets:
            name, limit = planned.after.name, planned.after.max_attributes or 0
            if planned.meanwhile == planned.after or _active(name, self.definitions.values()) <= limit:
                first.append(SetStep(SETS, wanted, planned))
                continue
            rest = replace(wanted, desired=replace(wanted.desired, max_attributes=None))
            held = plan_set(rest.desired, self.found_sets)
            first += [SetStep(SETS, rest, held)] if held.changed else []
            lower = replace(wanted, desired=DesiredSet(name, max_attributes=wanted.desired.max_attributes))
            self.steps.append(SetStep(LIMITS, lower, plan_set(lower.desired, self.sets)))
            active = _active(name, self.final.values())
            if active > limit:
                problem = f"would have {active} active attributes; its max_attributes_per_set is {limit}"
                self._refuse(ATTRIBUTE_SET, name, wanted.place, [problem])
        self.steps = [*first, *self.steps]

    def result(self) -> SchemaPlan:
        """Return the plan."""
        phases = (SETS, PERMIT, FORBID, LIMITS)
        before = {
            "attribute_sets": list(self.before_sets.values()),
            "definitions": list(self.before_definitions.values()),
        }
        return SchemaPlan(
            tuple(step for phase in phases for step in self.steps if step.phase == phase),
            tuple(self.definitions.values()),
            self.unchanged,
            before,
            tuple(self.drifts),
            tuple(self.problems),
        )

    def _refuse(self, kind: str, name: str, place: str, problems: Iterable[str]) -> None:
        title = "attribute set" if kind == ATTRIBUTE_SET else kind
        self.problems += [Finding(kind, name, place, f"{title} {name}: {problem}") for problem in problems]


def _name(entry: Mapping[str, Any]) -> str:
    return f"{entry['attribute_set']}.{entry['name']}"


def _active(attribute_set: str, definitions: Iterable[Definition]) -> int:
    return sum(known.attribute_set == attribute_set and not known.deprecated for known in definitions)


def _without_nulls(result: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if value is not None}


def _before(desired: DesiredDefinition, was: Mapping[str, Any] | None, now: Mapping[str, Any]) -> dict[str, Any]:
    """Return what undoes the change of a definition, as far as Entra allows it."""
    if was is None:
        return {"attribute_set": desired.attribute_set, "name": desired.name, "state": "deprecated"}
    final = {"predefined_values_only"} if was["predefined_values_only"] != now["predefined_values_only"] else set()
    return {key: value for key, value in _without_nulls(was).items() if key not in final}


def _remember(entry: dict[str, Any], now: Mapping[str, Any]) -> None:
    """Have an entry of `before` deactivate the predefined values that are new."""
    if "type" in entry and now:  # else the whole definition is new
        inactive = entry.get("inactive_predefined_values") or []
        listed = [*(entry.get("predefined_values") or []), *inactive]
        values = [*now["predefined_values"], *now["inactive_predefined_values"]]
        entry["inactive_predefined_values"] = [*inactive, *(value for value in values if value not in listed)]


def _differences(
    kind: str, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield a drift for each property that differs, or one for all of an object that is created."""
    if before is None:
        yield {"kind": kind, "object": name, "attribute": None, "before": None, "after": dict(after)}
        return
    for attribute, value in after.items():
        if before[attribute] != value:
            yield {"kind": kind, "object": name, "attribute": attribute, "before": before[attribute], "after": value}
