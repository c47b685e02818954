# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What has to change in attribute sets, definitions and predefined values, and the requests that change it. Pure.

Neither can be deleted or renamed, and most properties of a definition are fixed when it is created (graph-facts 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._errors import InvalidDeclaration, InvalidValue
from .values import (
    BOOLEAN,
    INTEGER,
    STRING,
    Definition,
    checked,
    coerced,
    name_problem,
    new_text_problem,
    not_text,
    spoken_length,
    text_problem,
    twin,
    utf16_length,
)

MAX_SETS = 500
MAX_ACTIVE_DEFINITIONS = 500
MAX_PREDEFINED_VALUES = 100
MAX_DESCRIPTION = 128
ALL, PERMIT, FORBID = CHANGES = ("all", "permit", "forbid")
"""What to do of a wish: assignments are made after all that permits more, and before all that forbids."""


@dataclass(frozen=True)
class AttributeSet:
    """An attribute set; `max_attributes` is null where only the limit of the tenant counts."""

    name: str
    description: str = ""
    max_attributes: int | None = None


@dataclass(frozen=True)
class SetWish:
    """What an attribute set shall be; null leaves a property as it is, or as the service creates it."""

    name: str
    description: str | None = None
    max_attributes: int | None = None

    def problems(self) -> list[str]:
        """What the service would refuse of this, whatever there is already."""
        problems = _name_problems(name=self.name) + _description_problems(self.description)
        limit = self.max_attributes
        if limit is not None and not 1 <= limit <= MAX_ACTIVE_DEFINITIONS:
            problems.append(f"max_attributes_per_set must be 1 to {MAX_ACTIVE_DEFINITIONS}, not {limit}")
        return problems


@dataclass(frozen=True)
class SetPlan:
    """An attribute set before and after, and the body between them: `create` (POST) or `update` (PATCH)."""

    before: AttributeSet | None
    after: AttributeSet
    create: dict[str, Any] | None = None
    update: dict[str, Any] | None = None

    @property
    def changed(self) -> bool:
        return bool(self.create or self.update)

    @property
    def meanwhile(self) -> AttributeSet:
        """The set while its definitions are changed: a limit that is lower than before has to wait."""
        former, limit = self.before.max_attributes if self.before else None, self.after.max_attributes
        lower = limit is not None and (former is None or limit < former)
        return replace(self.after, max_attributes=former) if lower else self.after


@dataclass(frozen=True)
class DefinitionWish:
    """What a definition shall be; null leaves a property as it is, or as the service creates it.

    `integers` are the predefined values that were written as integers, which only an Integer attribute has.
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
    integers: frozenset[int] = frozenset()
    purge: bool = False
    deprecated: bool = False
    changes: str = ALL

    @property
    def permits(self) -> bool:
        """Whether what lets more be assigned is to be done."""
        return self.changes != FORBID

    @property
    def forbids(self) -> bool:
        """Whether what lets less be assigned is to be done."""
        return self.changes != PERMIT

    @property
    def creates(self) -> bool:
        """Whether it is to be created where it is missing; to be deprecated, only so that it is assigned before."""
        return self.permits and (not self.deprecated or (not self.forbids and self.type is not None))

    @property
    def listed(self) -> list[str]:
        """The predefined values that it names, active and inactive ones."""
        return [*(self.predefined or []), *(self.inactive or [])]

    def problems(self) -> list[str]:
        """What the service would refuse of this, whatever there is already."""
        problems = _name_problems(attribute_set=self.attribute_set, name=self.name)
        problems += _description_problems(self.description) + _typed_problems(self, self.type)
        repeated = sorted({value for value in self.listed if self.listed.count(value) > 1})
        if repeated:
            options = (
                "predefined_values and inactive_predefined_values list" if self.inactive else "predefined_values lists"
            )
            problems.append(f"{options} {', '.join(repeated)} more than once")
        return problems + _number_problems(self.listed)


@dataclass(frozen=True)
class DefinitionPlan:
    """A definition before and after, and the requests between them.

    `create` is the body of a POST, predefined values included. Else `update` is the body of a PATCH, `values` are those
    whose activity changes and `new_values` those to add, each with whether it is active.
    """

    before: Definition | None
    after: Definition | None
    create: dict[str, Any] | None = None
    update: dict[str, Any] | None = None
    values: dict[str, bool] = field(default_factory=dict)
    new_values: dict[str, bool] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return bool(self.create or self.update or self.values or self.new_values)

    @property
    def gives_more(self) -> bool:
        """Whether something can be assigned afterwards that could not be before."""
        reactivated = (self.update or {}).get("status") == "Available"
        return bool(self.create or reactivated or any((self.values | self.new_values).values()))


def plan_set(wish: SetWish, sets: Sequence[AttributeSet]) -> SetPlan:
    """Compare a set, whose wish has no `problems()`, with those there are; a property that is null stays as it is.

    Raises InvalidDeclaration with all that the service would refuse.
    """
    known = {attribute_set.name: attribute_set for attribute_set in sets}
    before = known.get(wish.name)
    problems = [] if before else _twin_problems("name", wish.name, known)
    if before is None and len(sets) >= MAX_SETS:
        problems.append(f"the tenant has {len(sets)} attribute sets; Entra allows {MAX_SETS}")
    problems += _new_description_problems(wish.description, before)
    if problems:
        raise InvalidDeclaration(f"attribute set {wish.name}", problems)
    now = before or AttributeSet(wish.name)
    after = AttributeSet(
        wish.name,
        now.description if wish.description is None else wish.description,
        now.max_attributes if wish.max_attributes is None else wish.max_attributes,
    )
    properties = {"description": wish.description, "maxAttributesPerSet": wish.max_attributes}
    declared = {key: value for key, value in properties.items() if value is not None}
    if before is None:
        return SetPlan(None, after, create={"id": wish.name, **declared})
    held = {"description": before.description, "maxAttributesPerSet": before.max_attributes}
    update = {key: value for key, value in declared.items() if held[key] != value}
    return SetPlan(before, after, update=update or None)


def plan_definition(
    wish: DefinitionWish, definitions: Sequence[Definition], sets: Sequence[AttributeSet] | None = None
) -> DefinitionPlan:
    """Compare a definition, whose wish has no `problems()`, with those there are.

    `definitions` are at least those of its set; where one has to be created or reactivated, all of the tenant. `sets`
    are its attribute sets where no definition of the name was found (null: not to be checked, as in check mode an
    earlier task may create the set). Raises InvalidDeclaration with everything that the service would refuse.
    """
    before = next(
        (known for known in definitions if (known.attribute_set, known.name) == (wish.attribute_set, wish.name)), None
    )
    problems = _change_problems(wish, before) if before else _missing_problems(wish, definitions, sets)
    if wish.creates if before is None else (before.deprecated and wish.permits and not wish.deprecated):
        problems += _room_problems(wish, definitions, sets)
    problems += _new_description_problems(wish.description, before)
    held = before.predefined if before else {}
    new_values = (value for value in wish.listed if value not in held)
    problems += [f"predefined_values: the text {problem}" for text in new_values if (problem := new_text_problem(text))]
    if problems:
        raise InvalidDeclaration(f"attribute {wish.attribute_set}.{wish.name}", problems)
    if before is None:
        return _created(wish) if wish.creates else DefinitionPlan(None, None)
    return _changed(wish, before)


def _created(wish: DefinitionWish) -> DefinitionPlan:
    after = Definition(
        attribute_set=wish.attribute_set,
        name=wish.name,
        type=wish.type or "",
        collection=bool(wish.collection),
        predefined_only=bool(wish.predefined_only),
        predefined={value: value not in (wish.inactive or []) or not wish.forbids for value in wish.listed},
        description=wish.description or "",
        searchable=wish.searchable is not False,
        id=f"{wish.attribute_set}_{wish.name}",
    )
    body = {
        "attributeSet": after.attribute_set,
        "name": after.name,
        "type": after.type,
        "status": "Available",
        "isCollection": after.collection,
        "isSearchable": after.searchable,
        "usePreDefinedValuesOnly": after.predefined_only,
    }
    if wish.description is not None:
        body["description"] = wish.description
    if after.predefined:
        body["allowedValues"] = [{"id": value, "isActive": active} for value, active in after.predefined.items()]
    return DefinitionPlan(None, after, create=body)


def _changed(wish: DefinitionWish, before: Definition) -> DefinitionPlan:
    update: dict[str, Any] = {}
    values: dict[str, bool] = {}
    new_values: dict[str, bool] = {}
    active, inactive = wish.predefined or [], wish.inactive or []
    if wish.permits:
        if wish.description is not None and wish.description != before.description:
            update["description"] = wish.description
        if before.deprecated and not wish.deprecated:
            update["status"] = "Available"
        if wish.predefined_only is False and before.predefined_only:
            update["usePreDefinedValuesOnly"] = False
        values |= {value: True for value in active if before.predefined.get(value) is False}
        new_values |= {value: True for value in active if value not in before.predefined}
    if wish.forbids:
        if wish.deprecated and not before.deprecated:
            update["status"] = "Deprecated"
        unlisted = [value for value in before.predefined if value not in active] if wish.purge else []
        values |= {value: False for value in (*unlisted, *inactive) if before.predefined.get(value)}
        new_values |= {value: False for value in inactive if value not in before.predefined}
    after = replace(
        before,
        description=update.get("description", before.description),
        deprecated=update["status"] == "Deprecated" if "status" in update else before.deprecated,
        predefined_only=update.get("usePreDefinedValuesOnly", before.predefined_only),
        predefined={**before.predefined, **values, **new_values},
    )
    return DefinitionPlan(before, after, update=update or None, values=values, new_values=new_values)


def _name_problems(**names: str) -> list[str]:
    """Why nothing of these names can be, by option."""
    return [f"{option} {problem}" for option, name in names.items() if (problem := name_problem(name))]


def _twin_problems(option: str, name: str, names: Iterable[str]) -> list[str]:
    other = twin(name, names)
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


def _typed_problems(wish: DefinitionWish, type_: str | None) -> list[str]:
    """What an attribute of this type, text if none is known, cannot have."""
    problems = []
    if type_ == BOOLEAN and wish.collection:
        problems.append("a Boolean attribute cannot be multi_valued")
    if type_ == BOOLEAN and (wish.predefined_only or wish.listed):
        problems.append("a Boolean attribute cannot have predefined values")
    if type_ == STRING:
        problems += [f"predefined_values: {not_text(value)}" for value in sorted(wish.integers)]
    for value in wish.listed:
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
    wish: DefinitionWish, definitions: Sequence[Definition], sets: Sequence[AttributeSet] | None
) -> list[str]:
    """Why a definition that is not there cannot be created, or what was meant instead of it."""
    siblings = [known.name for known in definitions if known.attribute_set == wish.attribute_set]
    problems = _twin_problems("name", wish.name, siblings)
    names = [attribute_set.name for attribute_set in sets or ()]
    if wish.attribute_set not in names:
        wrong = _twin_problems("attribute_set", wish.attribute_set, names)
        if not wrong and sets is not None and wish.creates:
            wrong = [f"there is no attribute set {wish.attribute_set}; create it first"]
        problems += wrong
    if wish.type is None and wish.creates:
        problems.append("type must be given to create it")
    return problems


def _change_problems(wish: DefinitionWish, before: Definition) -> list[str]:
    """What can never change, with both values, and what its type and number of predefined values rule out."""
    fixed = [
        ("type", before.type, wish.type),
        ("multi_valued", before.collection, wish.collection),
        ("searchable", before.searchable, wish.searchable),
    ]
    problems = [
        f"{option} is {str(now).lower()} and cannot become {str(wanted).lower()}"
        for option, now, wanted in fixed
        if wanted is not None and wanted != now
    ]
    if wish.predefined_only and not before.predefined_only:
        problems.append("predefined_values_only is false and cannot become true")
    if wish.type is None:
        problems += _typed_problems(wish, before.type)
    return problems + _number_problems([*before.predefined, *wish.listed])


def _room_problems(
    wish: DefinitionWish, definitions: Sequence[Definition], sets: Sequence[AttributeSet] | None
) -> list[str]:
    """The limits on active definitions; deprecated ones do not count (graph-facts 4)."""
    active = [known for known in definitions if not known.deprecated]
    here = sum(known.attribute_set == wish.attribute_set for known in active)
    limit = next((known.max_attributes for known in sets or () if known.name == wish.attribute_set), None)
    problems = []
    if len(active) >= MAX_ACTIVE_DEFINITIONS:
        problems.append(f"the tenant has {len(active)} active definitions; Entra allows {MAX_ACTIVE_DEFINITIONS}")
    if limit is not None and here >= limit:
        problems.append(
            f"attribute set {wish.attribute_set} has {here} active attributes; its max_attributes_per_set is {limit}"
        )
    return problems
