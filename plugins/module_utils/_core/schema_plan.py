# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The plans of attribute sets, definitions and predefined values. Pure.

Neither can be deleted or renamed, and most properties of a definition are fixed when it is created (graph-facts 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from .._errors import InvalidDeclaration, InvalidValue
from .model import BOOLEAN, INTEGER, STRING, AttributeName, AttributeSet, Definition, definition_id
from .names import (
    case_variant,
    name_problem,
    new_text_problem,
    not_text,
    spoken_length,
    text_problem,
    utf16_length,
)
from .values import checked, coerced

MAX_SETS = 500
MAX_ACTIVE_DEFINITIONS = 500
MAX_PREDEFINED_VALUES = 100
MAX_DESCRIPTION = 128
ALL, PERMIT, FORBID = CHANGES = ("all", "permit", "forbid")
"""What to do of a desired definition: assignments are made after all that permits more, and before all that forbids."""
Content = TypeVar("Content")


@dataclass(frozen=True)
class DesiredSet:
    """The desired attribute set; null leaves a property as it is, or as the service creates it."""

    name: str
    description: str | None = None
    max_attributes: int | None = None

    def problems(self) -> list[str]:
        """Return what the service would refuse of this in any tenant."""
        problems = _name_problems(name=self.name) + _description_problems(self.description)
        limit = self.max_attributes
        if limit is not None and not 1 <= limit <= MAX_ACTIVE_DEFINITIONS:
            problems.append(f"max_attributes_per_set must be 1 to {MAX_ACTIVE_DEFINITIONS}, not {limit}")
        return problems


@dataclass(frozen=True)
class SetPlan:
    """An attribute set before and after; it is created where there is none before."""

    before: AttributeSet | None
    after: AttributeSet

    @property
    def creates(self) -> bool:
        """Return whether the set is created."""
        return self.before is None

    @property
    def changes(self) -> dict[str, Any]:
        """Return the properties that change of a set that exists, as in the model, with their new values."""
        return _changes(self.before, self.after, ("description", "max_attributes")) if self.before else {}

    @property
    def changed(self) -> bool:
        """Return whether there is anything to write."""
        return self.creates or bool(self.changes)

    @property
    def meanwhile(self) -> AttributeSet:
        """Return the set while its definitions are changed: a limit that is lower than before has to wait."""
        former, limit = self.before.max_attributes if self.before else None, self.after.max_attributes
        lower = limit is not None and (former is None or limit < former)
        return replace(self.after, max_attributes=former) if lower else self.after

    def as_document(self) -> dict[str, Any]:
        """Return the plan in JSON's types, both sides as results name them."""
        return {"before": self.before.as_result() if self.before else None, "after": self.after.as_result()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> SetPlan:
        """Return the inverse of `as_document()`."""
        before, after = (AttributeSet.from_result(side) if side else None for side in _sides(document))
        if after is None:
            raise ValueError("an attribute set cannot be deleted")
        return cls(before, after)


def _sides(document: Mapping[str, Any]) -> tuple[Any, Any]:
    return document["before"], document["after"]


def _changes(before: object, after: object, properties: Iterable[str]) -> dict[str, Any]:
    """Return the properties that differ, with their values after."""
    return {name: getattr(after, name) for name in properties if getattr(before, name) != getattr(after, name)}


@dataclass(frozen=True)
class DesiredDefinition:
    """The desired definition; null leaves a property as it is, or as the service creates it.

    `retired` are predefined values that are deactivated where they exist, after their holders lost them. `integers` are
    the predefined values that were written as integers, which only an Integer attribute has.
    """

    attribute_set: str
    name: str
    description: str | None = None
    type: str | None = None
    collection: bool | None = None
    searchable: bool | None = None
    predefined_only: bool | None = None
    predefined: list[str] | None = None
    inactive: list[str] | None = None
    retired: tuple[str, ...] = ()
    integers: frozenset[int] = frozenset()
    purge: bool = False
    deprecated: bool = False
    changes: str = ALL

    @property
    def attribute(self) -> AttributeName:
        """Return the name of the attribute that it defines."""
        return AttributeName(self.attribute_set, self.name)

    @property
    def permits(self) -> bool:
        """Return whether to do what lets more be assigned."""
        return self.changes != FORBID

    @property
    def forbids(self) -> bool:
        """Return whether to do what lets less be assigned."""
        return self.changes != PERMIT

    @property
    def creates(self) -> bool:
        """Return whether to create it where it is missing; one to be deprecated, only so that it is assigned before."""
        return self.permits and (not self.deprecated or (not self.forbids and self.type is not None))

    @property
    def listed(self) -> list[str]:
        """Return the predefined values that it names, active and inactive ones."""
        return [*(self.predefined or []), *(self.inactive or [])]

    def problems(self) -> list[str]:
        """Return what the service would refuse of this in any tenant."""
        problems = _name_problems(attribute_set=self.attribute_set, name=self.name)
        problems += _description_problems(self.description) + _typed_problems(self, self.type)
        repeated = sorted({value for value in self.listed if self.listed.count(value) > 1})
        if repeated:
            options = (
                "predefined_values and inactive_predefined_values list" if self.inactive else "predefined_values lists"
            )
            problems.append(f"{options} {', '.join(repeated)} more than once")
        twice = sorted(value for value in set(self.retired) if [*self.listed, *self.retired].count(value) > 1)
        if twice:
            problems.append(
                f"retired_predefined_values: {', '.join(twice)} is listed more than once, here or as active or inactive"
            )
        return problems + _number_problems(self.listed)


@dataclass(frozen=True)
class Placed(Generic[Content]):
    """A set or definition that is desired, and where it is declared. `in_use` is what to do before it is deprecated."""

    desired: Content
    place: str = ""
    in_use: str = "warn"


@dataclass(frozen=True)
class DefinitionPlan:
    """A definition before and after; it is created where there is none before and one after."""

    before: Definition | None
    after: Definition | None

    @property
    def creates(self) -> bool:
        """Return whether the definition is created, with all its predefined values."""
        return self.before is None and self.after is not None

    @property
    def changes(self) -> dict[str, Any]:
        """Return the properties that change of a definition that exists, as in the model, with their new values."""
        if self.before is None:
            return {}
        return _changes(self.before, self.after, ("description", "deprecated", "predefined_only"))

    @property
    def added_values(self) -> dict[str, bool]:
        """Return the predefined values that an existing definition gets, each with whether it is active."""
        if self.before is None or self.after is None:
            return {}
        return {value: active for value, active in self.after.predefined.items() if value not in self.before.predefined}

    @property
    def switched_values(self) -> dict[str, bool]:
        """Return the predefined values that are activated or deactivated, in this order."""
        if self.before is None or self.after is None:
            return {}
        held = self.before.predefined
        switched = {value: now for value, now in self.after.predefined.items() if held.get(value, now) != now}
        return dict(sorted(switched.items(), key=lambda item: not item[1]))

    @property
    def changed(self) -> bool:
        """Return whether there is anything to write."""
        return self.creates or bool(self.changes or self.added_values or self.switched_values)

    @property
    def gives_more(self) -> bool:
        """Return whether something can be assigned afterwards that could not be before."""
        reactivated = self.changes.get("deprecated") is False
        return self.creates or reactivated or any((self.switched_values | self.added_values).values())

    def as_document(self) -> dict[str, Any]:
        """Return the plan in JSON's types, both sides as results name them."""
        before, after = (side.as_result() if side else None for side in (self.before, self.after))
        return {"before": before, "after": after}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> DefinitionPlan:
        """Return the inverse of `as_document()`."""
        before, after = (Definition.from_result(side) if side else None for side in _sides(document))
        return cls(before, after)


def plan_set(desired: DesiredSet, sets: Sequence[AttributeSet]) -> SetPlan:
    """Compare a desired set, which has no `problems()`, with those there are; a property that is null stays as it is.

    Raises InvalidDeclaration with all that the service would refuse.
    """
    known = {attribute_set.name: attribute_set for attribute_set in sets}
    before = known.get(desired.name)
    problems = [] if before else _case_problems("name", desired.name, known)
    if before is None and len(sets) >= MAX_SETS:
        problems.append(f"the tenant has {len(sets)} attribute sets; Entra allows {MAX_SETS}")
    problems += _new_description_problems(desired.description, before)
    if problems:
        raise InvalidDeclaration(f"attribute set {desired.name}", problems)
    now = before or AttributeSet(desired.name)
    after = AttributeSet(
        desired.name,
        now.description if desired.description is None else desired.description,
        now.max_attributes if desired.max_attributes is None else desired.max_attributes,
    )
    return SetPlan(before, after)


def plan_definition(
    desired: DesiredDefinition, definitions: Sequence[Definition], sets: Sequence[AttributeSet] | None = None
) -> DefinitionPlan:
    """Compare a desired definition, which has no `problems()`, with those there are.

    `definitions` are at least those of its set; where one has to be created or reactivated, all of the tenant. `sets`
    are its attribute sets where no definition of the name was found (null: not to be checked, as in check mode an
    earlier task may create the set). Raises InvalidDeclaration with everything that the service would refuse.
    """
    before = next((known for known in definitions if known.attribute == desired.attribute), None)
    problems = _change_problems(desired, before) if before else _missing_problems(desired, definitions, sets)
    if desired.creates if before is None else (before.deprecated and desired.permits and not desired.deprecated):
        problems += _room_problems(desired, definitions, sets)
    problems += _new_description_problems(desired.description, before)
    held = before.predefined if before else {}
    new_values = (value for value in desired.listed if value not in held)
    problems += [f"predefined_values: the text {problem}" for text in new_values if (problem := new_text_problem(text))]
    if problems:
        raise InvalidDeclaration(f"attribute {desired.attribute}", problems)
    if before is None:
        return _created(desired) if desired.creates else DefinitionPlan(None, None)
    return _changed(desired, before)


def _created(desired: DesiredDefinition) -> DefinitionPlan:
    after = Definition(
        attribute_set=desired.attribute_set,
        name=desired.name,
        type=desired.type or "",
        collection=bool(desired.collection),
        predefined_only=bool(desired.predefined_only),
        predefined={value: value not in (desired.inactive or []) or not desired.forbids for value in desired.listed},
        description=desired.description or "",
        searchable=desired.searchable is not False,
        id=definition_id(desired.attribute_set, desired.name),
    )
    return DefinitionPlan(None, after)


def _changed(desired: DesiredDefinition, before: Definition) -> DefinitionPlan:
    after = before
    active, inactive = desired.predefined or [], desired.inactive or []
    if desired.permits:
        activated = dict.fromkeys(active, True)
        after = replace(
            after,
            description=before.description if desired.description is None else desired.description,
            deprecated=before.deprecated and desired.deprecated,
            predefined_only=before.predefined_only and desired.predefined_only is not False,
            predefined={**before.predefined, **activated},
        )
    if desired.forbids:
        unlisted = [value for value in before.predefined if value not in active] if desired.purge else []
        retired = [value for value in desired.retired if value in before.predefined]
        deactivated = dict.fromkeys((*unlisted, *inactive, *retired), False)
        after = replace(
            after,
            deprecated=after.deprecated or desired.deprecated,
            predefined={**after.predefined, **deactivated},
        )
    return DefinitionPlan(before, after)


def _name_problems(**names: str) -> list[str]:
    """Return why these names cannot be, by option."""
    return [f"{option} {problem}" for option, name in names.items() if (problem := name_problem(name))]


def _case_problems(option: str, name: str, names: Iterable[str]) -> list[str]:
    other = case_variant(name, names)
    return [f"{option} differs from the existing {other} by case only; spell it so"] if other else []


def _description_problems(description: str | None) -> list[str]:
    text = description or ""
    problem = text_problem(text)
    if utf16_length(text) > MAX_DESCRIPTION:
        problem = f"has {spoken_length(text)}; Entra allows {MAX_DESCRIPTION}"
    return [f"description {problem}"] if problem else []


def _new_description_problems(description: str | None, before: AttributeSet | Definition | None) -> list[str]:
    problem = new_text_problem(description or "") if before is None or description != before.description else ""
    return [f"description {problem}"] if problem else []


def _typed_problems(desired: DesiredDefinition, type_: str | None) -> list[str]:
    """Return what an attribute of this type, text if none is known, cannot have."""
    problems = []
    if type_ == BOOLEAN and desired.collection:
        problems.append("a Boolean attribute cannot be multi_valued")
    if type_ == BOOLEAN and (desired.predefined_only or desired.listed):
        problems.append("a Boolean attribute cannot have predefined values")
    if type_ == STRING:
        problems += [f"predefined_values: {not_text(value)}" for value in sorted(desired.integers)]
    for value in (*desired.listed, *desired.retired):
        try:
            coerced("predefined_values", checked("predefined_values", value), INTEGER if type_ == INTEGER else STRING)
        except InvalidValue as error:
            problems.append(error.message)
    return problems


def _number_problems(values: Iterable[str]) -> list[str]:
    total = len(set(values))
    return (
        [f"there would be {total} predefined values, inactive ones included; Entra allows {MAX_PREDEFINED_VALUES}"]
        if total > MAX_PREDEFINED_VALUES
        else []
    )


def _missing_problems(
    desired: DesiredDefinition, definitions: Sequence[Definition], sets: Sequence[AttributeSet] | None
) -> list[str]:
    """Return why a definition that is not there cannot be created, or what was meant instead of it."""
    siblings = [known.name for known in definitions if known.attribute_set == desired.attribute_set]
    problems = _case_problems("name", desired.name, siblings)
    names = [attribute_set.name for attribute_set in sets or ()]
    if desired.attribute_set not in names:
        wrong = _case_problems("attribute_set", desired.attribute_set, names)
        if not wrong and sets is not None and desired.creates:
            wrong = [f"there is no attribute set {desired.attribute_set}; create it first"]
        problems += wrong
    if desired.type is None and desired.creates:
        problems.append("type must be given to create it")
    return problems


def _change_problems(desired: DesiredDefinition, before: Definition) -> list[str]:
    """Return what can never change, with both values, and what its type and number of predefined values rule out."""
    fixed = [
        ("type", before.type, desired.type),
        ("multi_valued", before.collection, desired.collection),
        ("searchable", before.searchable, desired.searchable),
    ]
    problems = [
        f"{option} is {str(now).lower()} and cannot become {str(wanted).lower()}"
        for option, now, wanted in fixed
        if wanted is not None and wanted != now
    ]
    if desired.predefined_only and not before.predefined_only:
        problems.append("predefined_values_only is false and cannot become true")
    if desired.type is None:
        problems += _typed_problems(desired, before.type)
    return problems + _number_problems([*before.predefined, *desired.listed])


def _room_problems(
    desired: DesiredDefinition, definitions: Sequence[Definition], sets: Sequence[AttributeSet] | None
) -> list[str]:
    """Return which limits on active definitions are reached; deprecated ones do not count (graph-facts 4)."""
    active = [known for known in definitions if not known.deprecated]
    here = sum(known.attribute_set == desired.attribute_set for known in active)
    limit = next((known.max_attributes for known in sets or () if known.name == desired.attribute_set), None)
    problems = []
    if len(active) >= MAX_ACTIVE_DEFINITIONS:
        problems.append(f"the tenant has {len(active)} active definitions; Entra allows {MAX_ACTIVE_DEFINITIONS}")
    if limit is not None and here >= limit:
        problems.append(
            f"attribute set {desired.attribute_set} has {here} active attributes; its max_attributes_per_set is {limit}"
        )
    return problems
