# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The plan of a principal: its attributes before and after, and what changes in between. Pure.

The same `plan()` serves the single module, the bulk module, check mode and diff.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from .._errors import (
    InvalidValue,
    NameCaseMismatch,
    UndefinedAttribute,
    ValueConflict,
)
from .model import INTEGER, STRING, Assignments, AttributeName, Definition, Scalar, Value
from .names import case_variant, new_text_problem
from .values import (
    GIVE_LIST,
    GIVE_ONE,
    MAX_VALUES_PER_PRINCIPAL,
    ambiguous_type,
    coerced,
    definition_problem,
    elements,
    same,
    scalar_text,
    type_of,
    unique,
    values_held,
)


@dataclass(slots=True, unsafe_hash=True)  # not frozen, which takes three times as long: there may be a million
class Exactly:
    """The attribute is to have this value, or none if it is null. `type` is the type that somebody named, if any.

    With `either` a single value is the only one of a list where the attribute is multi-valued. A value that is restored
    from a snapshot or an export is written whatever text it holds.
    """

    value: Value | None
    type: str | None = None
    either: bool = False
    restored: bool = False

    @property
    def assigns(self) -> Value | None:
        return self.value


@dataclass(frozen=True, slots=True)
class Adjust:
    """The collection is to hold `add` and not to hold `remove`; its other elements stay."""

    add: list[Any] = field(default_factory=list)
    remove: list[Any] = field(default_factory=list)
    type: str | None = None

    @property
    def assigns(self) -> Value | None:
        return self.add or None


@dataclass(frozen=True, slots=True)
class Moved:
    """The attribute is to have the value of `source`, in its own type; `values` replace some, by their text.

    Where `source` has no value, the attribute stays as it is.
    """

    source: AttributeName
    values: Mapping[str, Scalar] = field(default_factory=dict)
    type: str | None = None

    @property
    def assigns(self) -> Value | None:
        return None


DesiredValue: TypeAlias = "Exactly | Adjust | Moved"
Desired: TypeAlias = "Mapping[AttributeName, DesiredValue]"
Definitions: TypeAlias = "Mapping[AttributeName, Definition]"


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The named attributes before and after, and the values of those that change; null removes an attribute.

    Two plans are equal if their documents are.
    """

    before: Assignments
    after: Assignments
    changes: Mapping[AttributeName, Value | None]

    @classmethod
    def between(cls, before: Assignments, after: Assignments) -> Plan:
        """Return the plan that leads from these values to those."""
        changed = [name for name in {**before, **after} if not same(before.get(name), after.get(name))]
        return cls(before, after, {name: after.get(name) for name in changed})

    @classmethod
    def from_document(cls, document: Sequence[Mapping[str, Any]]) -> Plan:
        """Return the inverse of `as_document()`."""
        before, after = (
            {
                AttributeName(item["attribute_set"], item["name"]): item[key]
                for item in document
                if item[key] is not None
            }
            for key in ("before", "after")
        )
        return cls.between(before, after)

    def as_document(self) -> list[dict[str, Any]]:
        """Return the plan in JSON's types: an item for each attribute, sorted by name, collections sorted."""
        return [
            {
                "attribute_set": attribute.attribute_set,
                "name": attribute.name,
                "before": _canonical(self.before.get(attribute)),
                "after": _canonical(self.after.get(attribute)),
            }
            for attribute in sorted({*self.before, *self.after})
        ]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> str:
        return json.dumps(self.as_document())

    @property
    def changed(self) -> bool:
        """Return whether there is anything to write."""
        return bool(self.changes)

    @property
    def adds(self) -> bool:
        """Return whether it assigns a value that was not assigned, and that may be too new for some Graph servers."""
        return any(
            set(elements(value)) - set(elements(self.before.get(attribute)))
            for attribute, value in self.changes.items()
        )

    def fulfilled(self, current: Assignments) -> bool:
        """Return whether all attributes that change have their new values in `current`."""
        return all(same(current.get(attribute), value) for attribute, value in self.changes.items())


NOTHING = Plan({}, {}, {})
"""The plan of a principal that has what is desired, where nobody asks what that is."""


def _canonical(value: Value | None) -> Value | None:
    return sorted(unique(value)) if isinstance(value, list) else value


def overtaken(current: Assignments, plans: Sequence[Plan]) -> bool:
    """Return whether another writer changed a principal after all these plans were carried out.

    An attribute with a value from before or after one of the plans may be an outdated answer (graph-facts 6.4).
    """
    return any(
        not any(
            same(current.get(attribute), known.get(attribute))
            for planned in plans
            for known in (planned.before, planned.after)
        )
        for attribute in plans[-1].changes
    )


def needs_definition(current: Assignments, desired: Desired, sets: Iterable[str] = ()) -> list[str]:
    """Return the sets and attributes that the principal does not have and that only a definition can explain.

    A name may differ in case only from one that the principal has. Text without a named type may be what a template
    made of another type. `sets` are sets that are named as a whole.
    """
    missing = [attribute for attribute in desired if attribute not in current]
    found = [str(name) for name, _held in _case_variants(current, missing, sets)]
    return unique([*found, *(str(name) for name in missing if _may_be_typed(desired[name]))])


def _may_be_typed(desired: DesiredValue) -> bool:
    if isinstance(desired, Moved):
        return True
    if isinstance(desired, Exactly) and desired.either:
        return True
    return desired.type is None and desired.assigns is not None and ambiguous_type(desired.assigns)


def holds(current: Assignments, desired: Desired, sets: Collection[str] = (), *, purge: bool = False) -> bool:
    """Return whether a principal certainly has what is desired: `plan()` needs no definition and changes nothing.

    This takes a tenth of the time of a plan. False says nothing.
    """
    for attribute, wanted in desired.items():
        now = current.get(attribute)
        if now is None or not isinstance(wanted, Exactly) or wanted.type is not None:
            return False
        value = wanted.value
        if isinstance(now, list):
            if not isinstance(value, list):
                return False
            held = list(map(str, now)) if type_of(value) == STRING else now
            if (type_of(now) == STRING and type_of(value) != STRING) or sorted(value) != sorted(held):
                return False
        elif not (value == now and type(value) is type(now)) and (isinstance(now, str) or value != scalar_text(now)):
            return False
    if len(sets) != 1 and not {attribute.attribute_set for attribute in desired}.issuperset(sets):
        return False
    return bool(desired) and not (purge and any(name.attribute_set in sets and name not in desired for name in current))


def plan(
    current: Assignments,
    desired: Desired,
    definitions: Definitions | None = None,
    *,
    sets: Collection[str] = (),
    purge: bool = False,
) -> Plan:
    """Compare what a principal has with what is desired of the named attributes; leave the others alone.

    `sets` are attribute sets that are named as a whole; `purge` removes their attributes that are not named.
    `definitions` are the known definitions; a value that they do not allow is refused here. Raises InvalidValue for a
    value that does not fit its attribute, and where the principal would hold more than 50 values (graph-facts 4).
    Raises ValueConflict for a value that moves to an attribute with another one or that would be purged there, and
    NameCaseMismatch for a name that is not known to be defined, where the principal has one that differs in case only.
    """
    before: Assignments = {}
    after: Assignments = {}
    changes: dict[AttributeName, Value | None] = {}
    growth = 0
    ensure_spelling(current, desired, definitions, sets)
    for attribute, wanted in (_with_purged(current, desired, sets) if purge else desired).items():
        now = current.get(attribute)
        definition = definitions.get(attribute) if definitions else None
        if isinstance(wanted, Moved):
            if purge and attribute.attribute_set in sets and wanted.source in current:
                _ensure_stays(attribute, wanted.source, desired)
            wanted = _moved(attribute, wanted, current, definition)
        then = value_after(attribute, wanted, now, definition)
        if now is not None:
            before[attribute] = now
        if then is not None:
            after[attribute] = then
        if not same(now, then):
            changes[attribute] = then
            growth += len(elements(then)) - len(elements(now))
    if growth > 0 and (total := growth + values_held(current)) > MAX_VALUES_PER_PRINCIPAL:
        raise InvalidValue(
            ", ".join(map(str, changes)),
            f"the principal would hold {total} values; Entra allows {MAX_VALUES_PER_PRINCIPAL}",
        )
    return Plan(before, after, changes)


def _ensure_stays(attribute: AttributeName, source: AttributeName, desired: Desired) -> None:
    """Raise ValueConflict for a value that moves away from `source` and that only the move names.

    Nothing names it any more in the next run, which would purge it.
    """
    if isinstance(desired.get(source), Exactly):
        raise ValueConflict(
            f"{attribute} gets its value by the move from {source}, and purge would remove it in the next run",
            f"Declare {attribute} for this principal, or move without purge.",
        )


def _with_purged(current: Assignments, desired: Desired, sets: Collection[str]) -> Desired:
    """Return what is desired, and that the other attributes of these sets have no value."""
    unnamed = [name for name in current if name.attribute_set in sets and name not in desired]
    return {**dict.fromkeys(unnamed, Exactly(None)), **desired}


def ensure_spelling(
    current: Assignments,
    named: Iterable[AttributeName],
    definitions: Definitions | None = None,
    sets: Iterable[str] = (),
) -> None:
    """Raise NameCaseMismatch for a name that the principal has in another case only, unless it is defined as well.

    `sets` are attribute sets that are named as a whole, `definitions` are the known ones.
    """
    missing = [attribute for attribute in named if attribute not in current]
    for name, held in _case_variants(current, missing, sets):
        if isinstance(name, AttributeName):
            defined = name in (definitions or ())
        else:
            defined = any(known.attribute_set == name for known in definitions or ())
        if not defined:
            both = "Spell it so. Where the tenant has both, the identity must be able to read their definitions."
            raise NameCaseMismatch(str(name), f"the principal has {held}", both)


def _case_variants(
    current: Assignments, missing: Iterable[AttributeName], sets: Iterable[str]
) -> Iterator[tuple[str | AttributeName, str | AttributeName]]:
    """Yield each attribute or set that the principal does not have, and the one that it has in another case."""
    held = dict.fromkeys([attribute_set for attribute_set, _name in current])
    for attribute_set in dict.fromkeys([*[attribute_set for attribute_set, _name in missing], *sets]):
        if attribute_set not in held and (other := case_variant(attribute_set, held)):
            yield attribute_set, other
    for attribute in missing:
        attribute_set, name = attribute
        if attribute_set in held:
            names = [other for other_set, other in current if other_set == attribute_set]
            if other := case_variant(name, names):
                yield attribute, AttributeName(attribute_set, other)


def untouched(current: Assignments, desired: Desired) -> Plan:
    """Return the plan that leaves the named attributes as they are."""
    now = {attribute: current[attribute] for attribute in desired if attribute in current}
    return Plan(now, now, {})


def definition_of(attribute: AttributeName, definitions: Definitions) -> Definition:
    """Return the attribute's definition.

    Raises NameCaseMismatch, or UndefinedAttribute with the names that there are.
    """
    if attribute in definitions:
        return definitions[attribute]
    known = sorted(other.name for other in definitions if other.attribute_set == attribute.attribute_set)
    other = case_variant(attribute.name, known)
    spelled = str(AttributeName(attribute.attribute_set, other)) if other else ""
    sets = set() if known else {defined.attribute_set for defined in definitions}
    if spelled := spelled or case_variant(attribute.attribute_set, sets):
        raise NameCaseMismatch(str(attribute), f"there is {spelled}")
    if known:
        raise UndefinedAttribute(
            f"Attribute set {attribute.attribute_set} has no attribute {attribute.name}.",
            f"Its attributes are {', '.join(known)}; names are matched exactly.",
        )
    raise UndefinedAttribute(
        f"There is no attribute set {attribute.attribute_set}, or none of its attributes may be read.",
        "Names are matched exactly.",
    )


def check(planned: Plan, definitions: Definitions) -> None:
    """Raise InvalidValue for what definitions refuse of a plan (graph-facts 4), UndefinedAttribute without one."""
    for attribute, value in planned.changes.items():
        definition = definition_of(attribute, definitions)
        now = planned.before.get(attribute)
        problem = "" if value is None else definition_problem(value, definition, now)
        if problem:
            raise InvalidValue(attribute, problem)


def permanent_refusal_reason(planned: Plan, definitions: Definitions) -> str:
    """Return why Graph may always refuse what `check` allows, or an empty text.

    Whether Graph does that is left open by graph-facts 4.
    """
    for attribute, value in planned.changes.items():
        definition = definitions[attribute]
        if definition.deprecated:
            return (
                f"{attribute} is deprecated, which may be why Graph does not take even this."
                " Make its definition active for as long as the change takes."
            )
        held = elements(value) if definition.predefined_only else []
        inactive = [str(item) for item in held if not definition.predefined.get(str(item))]
        if inactive:
            return (
                f"{attribute} goes on to hold {', '.join(inactive)}, no active predefined value any more,"
                " which may be why Graph refuses the whole. Remove that as well, or make it active again."
            )
    return ""


def ensure_visible(attribute: object, items: Iterable[Any]) -> None:
    """Raise InvalidValue for new text that nobody means to write."""
    for item in items:
        if isinstance(item, str) and (problem := new_text_problem(item)):
            raise InvalidValue(attribute, f"the text {problem}")


def _moved(
    attribute: AttributeName, desired: Moved, current: Assignments, definition: Definition | None
) -> Exactly | Adjust:
    """Return what a move wants of the attribute of one principal. Raises InvalidValue and ValueConflict."""
    held, now = current.get(desired.source), current.get(attribute)
    if held is None:
        return Adjust()
    wanted, is_list = type_of(held), isinstance(held, list)
    if now is not None:
        wanted, is_list = type_of(now), isinstance(now, list)
    elif definition is not None:
        wanted, is_list = definition.type, definition.collection
    value = moved_value(attribute, held, desired.values, wanted, is_list)
    if now is not None and not same(now, value):
        found, moving = (json.dumps(shown, ensure_ascii=False) for shown in (now, value))
        raise ValueConflict(
            f"{attribute} is {found} already, and the move from {desired.source} would set it to {moving}",
            f"Declare the right value of {attribute} for this principal, which then counts, or remove one of both.",
        )
    return Exactly(value, restored=True)


def moved_value(
    attribute: AttributeName, held: Value, values: Mapping[str, Scalar], wanted: str, is_list: bool
) -> Value:
    """Return a value as an attribute of the type `wanted` holds it. Raises InvalidValue where something would be lost.

    An integer becomes text as its digits, text becomes an integer or Boolean where it says one exactly, a single value
    becomes the only one of a list, and a list of one value becomes that value.
    """
    items = unique(_moved_item(attribute, values.get(scalar_text(item), item), wanted) for item in elements(held))
    if is_list:
        return items
    if len(items) > 1:
        listed = ", ".join(map(str, items))
        raise InvalidValue(attribute, f"the attribute is single-valued and cannot hold the values {listed} that move")
    item: Scalar = items[0]
    return item


def _moved_item(attribute: AttributeName, item: Scalar, wanted: str) -> Scalar:
    if isinstance(item, bool) and wanted in (STRING, INTEGER):
        spelled = scalar_text(item)
        raise InvalidValue(
            attribute, f"its type is {wanted}, and the Boolean {spelled} would move", f"Map {spelled} in values."
        )
    (converted,) = elements(coerced(attribute, item, wanted, named=True))
    scalar: Scalar = converted
    return scalar


def value_after(
    attribute: AttributeName, desired: Exactly | Adjust, now: Value | None, definition: Definition | None
) -> Value | None:
    """Return the value that is desired; `now` itself where that is the same."""
    then = (
        _exact(attribute, desired, now, definition)
        if isinstance(desired, Exactly)
        else _adjusted(attribute, desired, now, definition)
    )
    if same(now, then):
        return now
    if not (isinstance(desired, Exactly) and desired.restored):
        ensure_visible(attribute, [item for item in elements(then) if item not in elements(now)])
    if then is not None and definition is not None:
        problem = definition_problem(then, definition, now)
        if problem:
            raise InvalidValue(attribute, problem)
    return then


def _exact(
    attribute: AttributeName, desired: Exactly, now: Value | None, definition: Definition | None
) -> Value | None:
    if desired.value is None or desired.value == []:
        return None
    if desired.either and (isinstance(now, list) or (now is None and definition is not None and definition.collection)):
        desired = replace(desired, value=elements(desired.value), either=False)
    if isinstance(now, list) and not isinstance(desired.value, list):
        raise InvalidValue(attribute, GIVE_LIST)
    if now is not None and not isinstance(now, list) and isinstance(desired.value, list):
        raise InvalidValue(attribute, GIVE_ONE)
    typed: Value = _typed(attribute, desired.value, desired, now, definition)
    return typed


def _adjusted(
    attribute: AttributeName, desired: Adjust, now: Value | None, definition: Definition | None
) -> Value | None:
    """Return the values without those to remove, with those to add; null where none is left."""
    if now is not None and not isinstance(now, list):
        if desired.add:
            raise InvalidValue(attribute, "the attribute is single-valued, so nothing can be added to it")
        removed = any(same(now, _typed(attribute, item, desired, now, definition)) for item in desired.remove)
        return None if removed else now
    add: list[Any] = _typed(attribute, desired.add, desired, now, definition) if desired.add else []
    remove: list[Any] = _typed(attribute, desired.remove, desired, now, definition) if desired.remove and now else []
    return unique([item for item in now or [] if item not in remove] + add) or None


def _typed(
    attribute: AttributeName, value: Any, desired: Exactly | Adjust, now: Value | None, definition: Definition | None
) -> Any:
    """Return `value` in the attribute's type: that on the principal, the one named, the definition's, its own."""
    if now is not None and desired.type not in (None, type_of(now)):
        raise InvalidValue(
            attribute, f"the attribute holds {type_of(now)} values, but type={str(desired.type).lower()} was given"
        )
    if now is not None:
        return coerced(attribute, value, type_of(now))
    if desired.type is not None:
        return coerced(attribute, value, desired.type)
    return coerced(attribute, value, definition.type) if definition is not None else value
