# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What has to change, and the one request that changes it. Pure: no I/O, no Ansible.

The same `plan()` serves the single module, the bulk module, check mode and diff.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from .._errors import (
    InvalidValue,
    NameCaseMismatch,
    UndefinedAttribute,
)
from .values import (
    GIVE_LIST,
    GIVE_ONE,
    MAX_VALUES_PER_PRINCIPAL,
    Assignments,
    Definition,
    Value,
    coerced,
    definition_problem,
    doubtful,
    elements,
    new_text_problem,
    same,
    twin,
    type_of,
    unique,
    values_held,
    written,
)


@dataclass(frozen=True, slots=True)
class Exactly:
    """The attribute shall have this value; null: none. `type` is the type somebody named, if any.

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
class Adjusted:
    """The collection shall hold `add` and shall not hold `remove`; its other elements stay."""

    add: list[Any] = field(default_factory=list)
    remove: list[Any] = field(default_factory=list)
    type: str | None = None

    @property
    def assigns(self) -> Value | None:
        return self.add or None


Wish: TypeAlias = "Exactly | Adjusted"
Desired = Mapping[str, Mapping[str, Wish]]
Definitions = Mapping[tuple[str, str], Definition]


@dataclass(frozen=True, slots=True)
class Plan:
    """The named attributes before and after, and the body of the PATCH between them (null: nothing to do)."""

    before: Assignments
    after: Assignments
    body: dict[str, Any] | None

    @property
    def changed(self) -> bool:
        return self.body is not None

    def changes(self) -> Iterator[tuple[str, str]]:
        """The attributes that change, as (attribute set, name)."""
        for attribute_set, values in (self.body or {}).get("customSecurityAttributes", {}).items():
            yield from ((attribute_set, name) for name in values if "@" not in name)

    @property
    def adds(self) -> bool:
        """Whether it assigns what was not assigned, which may be too new for some of Graph's servers."""
        return any(
            set(elements(self.after.get(attribute_set, {}).get(name)))
            - set(elements(self.before.get(attribute_set, {}).get(name)))
            for attribute_set, name in self.changes()
        )

    def fulfilled(self, current: Assignments) -> bool:
        """Whether a principal that has this now has all that changes as it shall be."""
        return all(
            same(current.get(attribute_set, {}).get(name), self.after.get(attribute_set, {}).get(name))
            for attribute_set, name in self.changes()
        )


def overtaken(current: Assignments, plans: Sequence[Plan]) -> bool:
    """Return whether another writer changed a principal after all these plans were carried out.

    An attribute with a value from before or after one of the plans may be an outdated answer (graph-facts 6.4).
    """
    return any(
        not any(
            same(current.get(attribute_set, {}).get(name), known.get(attribute_set, {}).get(name))
            for planned in plans
            for known in (planned.before, planned.after)
        )
        for attribute_set, name in plans[-1].changes()
    )


def in_doubt(current: Assignments, desired: Desired) -> list[str]:
    """The sets and attributes that are not assigned and of which only definitions tell what is meant.

    That is so where the principal has another one whose name differs by case only, and of text that a template may have
    made where no type is named.
    """
    doubts = []
    for attribute_set, wishes in desired.items():
        if attribute_set not in current and twin(attribute_set, current):
            doubts.append(attribute_set)
        held = current.get(attribute_set, {})
        for name, wish in wishes.items():
            if name not in held and (twin(name, held) or _may_be_typed(wish)):
                doubts.append(f"{attribute_set}.{name}")
    return doubts


def _may_be_typed(wish: Wish) -> bool:
    if isinstance(wish, Exactly) and wish.either:
        return True
    return wish.type is None and wish.assigns is not None and doubtful(wish.assigns)


def plan(
    current: Assignments, desired: Desired, definitions: Definitions | None = None, *, purge: bool = False
) -> Plan:
    """Compare what a principal has with what is desired of the named attributes; leave the others alone.

    `purge` removes the attributes that are not named, in the attribute sets that are.
    `definitions` holds those that are known, by (attribute set, name); what they forbid is refused here. Raises
    InvalidValue for a value that does not fit its attribute, and where the principal would hold more than 50 values
    (graph-facts 4). Raises NameCaseMismatch for a name that is not known to be defined, where the principal has one
    that differs by case only.
    """
    before: Assignments = {}
    after: Assignments = {}
    changes: dict[str, dict[str, Value | None]] = {}
    growth = 0
    ensure_spelling(current, desired, definitions)
    for attribute_set, wishes in desired.items():
        held = current.get(attribute_set, {})
        for name, wish in ({**dict.fromkeys(held, Exactly(None)), **wishes} if purge else wishes).items():
            now = held.get(name)
            then = _fulfilled(f"{attribute_set}.{name}", wish, now, (definitions or {}).get((attribute_set, name)))
            if now is not None:
                before.setdefault(attribute_set, {})[name] = now
            if then is not None:
                after.setdefault(attribute_set, {})[name] = then
            if not same(now, then):
                removal: Value | None = [] if isinstance(now, list) else None
                changes.setdefault(attribute_set, {})[name] = removal if then is None else then
                growth += len(elements(then)) - len(elements(now))
    if growth > 0 and (total := growth + values_held(current)) > MAX_VALUES_PER_PRINCIPAL:
        attributes = ", ".join(
            f"{attribute_set}.{name}" for attribute_set, values in changes.items() for name in values
        )
        raise InvalidValue(
            attributes, f"the principal would hold {total} values; Entra allows {MAX_VALUES_PER_PRINCIPAL}"
        )
    return Plan(before, after, written(changes) if changes else None)


def ensure_spelling(
    current: Assignments, named: Mapping[str, Iterable[str]], definitions: Definitions | None = None
) -> None:
    """Raise NameCaseMismatch for a set or attribute that a principal has in another case only.

    One that is defined as it is named is no mismatch.

    `named` holds the names of attributes by set, `definitions` those that are known.
    """
    for attribute_set, names in named.items():
        held = current.get(attribute_set)
        if held is None:
            other = twin(attribute_set, current)
            if other and all(defined != attribute_set for defined, _name in definitions or ()):
                raise _misspelt(attribute_set, other)
            continue
        for name in names:
            if name not in held and (attribute_set, name) not in (definitions or ()) and (other := twin(name, held)):
                raise _misspelt(f"{attribute_set}.{name}", f"{attribute_set}.{other}")


def _misspelt(name: str, other: str) -> NameCaseMismatch:
    both = "Spell it so. Where the tenant has both, the identity must be able to read their definitions."
    return NameCaseMismatch(name, f"the principal has {other}", both)


def untouched(current: Assignments, desired: Desired) -> Plan:
    """The plan that leaves the named attributes as they are."""
    named = {
        attribute_set: {name: held[name] for name in wishes if name in held}
        for attribute_set, wishes in desired.items()
        if (held := current.get(attribute_set, {}))
    }
    now = {attribute_set: values for attribute_set, values in named.items() if values}
    return Plan(now, now, None)


def definition_of(attribute_set: str, name: str, definitions: Definitions) -> Definition:
    """The attribute's definition.

    Raises NameCaseMismatch, or UndefinedAttribute with the names that there are.
    """
    if (attribute_set, name) in definitions:
        return definitions[attribute_set, name]
    known = sorted(other for other_set, other in definitions if other_set == attribute_set)
    spelled = f"{attribute_set}.{other}" if (other := twin(name, known)) else ""
    spelled = spelled or twin(attribute_set, {other_set for other_set, _name in definitions} if not known else ())
    if spelled:
        raise NameCaseMismatch(f"{attribute_set}.{name}", f"there is {spelled}")
    if known:
        raise UndefinedAttribute(
            f"Attribute set {attribute_set} has no attribute {name}.",
            f"Its attributes are {', '.join(known)}; names are matched exactly.",
        )
    raise UndefinedAttribute(
        f"There is no attribute set {attribute_set}, or none of its attributes may be read.",
        "Names are matched exactly.",
    )


def check(planned: Plan, definitions: Definitions) -> None:
    """Raise InvalidValue for what definitions forbid of a plan (graph-facts 4), UndefinedAttribute without one."""
    for attribute_set, name in planned.changes():
        definition = definition_of(attribute_set, name, definitions)
        value = planned.after.get(attribute_set, {}).get(name)
        now = planned.before.get(attribute_set, {}).get(name)
        problem = "" if value is None else definition_problem(value, definition, now)
        if problem:
            raise InvalidValue(f"{attribute_set}.{name}", problem)


def lasting_problem(planned: Plan, definitions: Definitions) -> str:
    """Why Graph may refuse for good what `check` allows, or an empty text; graph-facts 4 leave open whether it does."""
    for attribute_set, name in planned.changes():
        definition = definitions[attribute_set, name]
        if definition.deprecated:
            return (
                f"{attribute_set}.{name} is deprecated, which may be why Graph does not take even this."
                " Make its definition active for as long as the change takes."
            )
        held = elements(planned.after.get(attribute_set, {}).get(name)) if definition.predefined_only else []
        inactive = [str(item) for item in held if not definition.predefined.get(str(item))]
        if inactive:
            return (
                f"{attribute_set}.{name} goes on to hold {', '.join(inactive)}, no active predefined value any more,"
                " which may be why Graph refuses the whole. Remove that as well, or make it active again."
            )
    return ""


def ensure_visible(attribute: str, items: Iterable[Any]) -> None:
    """Raise InvalidValue for new text that nobody means to write."""
    for item in items:
        if isinstance(item, str) and (problem := new_text_problem(item)):
            raise InvalidValue(attribute, f"the text {problem}")


def _fulfilled(attribute: str, wish: Wish, now: Value | None, definition: Definition | None) -> Value | None:
    """The attribute's value once the wish is granted; `now` itself where that is the same."""
    then = (
        _exact(attribute, wish, now, definition)
        if isinstance(wish, Exactly)
        else _adjusted(attribute, wish, now, definition)
    )
    if same(now, then):
        return now
    if not (isinstance(wish, Exactly) and wish.restored):
        ensure_visible(attribute, [item for item in elements(then) if item not in elements(now)])
    if then is not None and definition is not None:
        problem = definition_problem(then, definition, now)
        if problem:
            raise InvalidValue(attribute, problem)
    return then


def _exact(attribute: str, wish: Exactly, now: Value | None, definition: Definition | None) -> Value | None:
    if wish.value is None or wish.value == []:
        return None
    if wish.either and (isinstance(now, list) or (now is None and definition is not None and definition.collection)):
        wish = replace(wish, value=elements(wish.value), either=False)
    if isinstance(now, list) and not isinstance(wish.value, list):
        raise InvalidValue(attribute, GIVE_LIST)
    if now is not None and not isinstance(now, list) and isinstance(wish.value, list):
        raise InvalidValue(attribute, GIVE_ONE)
    typed: Value = _typed(attribute, wish.value, wish, now, definition)
    return typed


def _adjusted(attribute: str, wish: Adjusted, now: Value | None, definition: Definition | None) -> Value | None:
    """The values without those to remove, with those to add; null where none is left."""
    if now is not None and not isinstance(now, list):
        if wish.add:
            raise InvalidValue(attribute, "the attribute is single-valued, so nothing can be added to it")
        return None if any(same(now, _typed(attribute, item, wish, now, definition)) for item in wish.remove) else now
    add: list[Any] = _typed(attribute, wish.add, wish, now, definition) if wish.add else []
    remove: list[Any] = _typed(attribute, wish.remove, wish, now, definition) if wish.remove and now else []
    return unique([item for item in now or [] if item not in remove] + add) or None


def _typed(attribute: str, value: Any, wish: Wish, now: Value | None, definition: Definition | None) -> Any:
    """`value` in the attribute's type: that on the principal, else the one named, the definition's, the value's own."""
    if now is not None and wish.type not in (None, type_of(now)):
        raise InvalidValue(
            attribute, f"the attribute holds {type_of(now)} values, but type={str(wish.type).lower()} was given"
        )
    if now is not None:
        return coerced(attribute, value, type_of(now))
    if wish.type is not None:
        return coerced(attribute, value, wish.type)
    return coerced(attribute, value, definition.type) if definition is not None else value
