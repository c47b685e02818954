# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Desired assignments, as declared in variables and files, with all mistakes together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count, repeat
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from .._core.assignment_plan import Adjust, Desired, Exactly, Moved, ensure_visible
from .._core.model import KINDS, AttributeName, PrincipalReference, Value, attribute_name, read_reference
from .._core.names import name_problem, not_text, principal_problem, read_as
from .._core.selection import Derived, Expiry, Item, Reason, Selection, Wish
from .._core.shared import Shared
from .._core.values import checked, elements
from .._errors import (
    EntraError,
    InvalidDeclaration,
    InvalidValue,
    OptionError,
    quoted,
)
from .files import read
from .locations import (
    ASSIGNMENTS,
    DISPLAY_NAME,
    Decrypt,
    Only,
    Rows,
    SourceLocation,
    listed,
    no_secret,
    nothing,
    overrides_nothing,
    split_override,
)
from .selecting import (
    ALLOW_EMPTY,
    EXCLUSIVE,
    EXPIRES,
    SELECTING,
    is_derived,
    item_problems,
    read_derived,
    read_expiry,
    read_selection,
)

MOST_PROBLEMS = 50
MOST_KEYS = 10

Expected: TypeAlias = "Mapping[AttributeName, Value | None]"


_NO_VALUES: Mapping[AttributeName, Any] = MappingProxyType({})


def _no_values() -> Mapping[AttributeName, Any]:
    """Return no values, the same object for each declaration."""
    return _NO_VALUES


@dataclass(slots=True)  # not frozen, which takes three times as long: there may be a million
class Declaration:
    """The desired values of one principal; `label` says where it was declared, for people.

    `attribute_sets` are the sets that it names, perhaps without an attribute. `expected` is what the principal must
    have before, unless it has what is desired already.
    """

    label: str
    who: PrincipalReference
    desired: Desired
    attribute_sets: tuple[str, ...] = ()
    expected: Expected = field(default_factory=_no_values)
    remark: Callable[[Sequence[str], str], str] = nothing
    places: Mapping[AttributeName, str] = field(default_factory=_no_values)
    """The places of attributes, where several items declare one principal."""
    gives_way: bool = False
    """Whether another declaration of the principal comes first, attribute by attribute."""
    reasons: tuple[Reason, ...] = ()
    """Why the principal is to have the values, where items were decided about."""

    def place_of(self, attribute: AttributeName) -> str:
        """Return where an attribute is declared."""
        return self.places.get(attribute, self.label)

    def reasons_for(self, attributes: Iterable[AttributeName]) -> list[Reason]:
        """Return why the principal is to have these attributes so, or to lose them."""
        if not self.reasons:
            return [Reason(attribute, self.place_of(attribute)) for attribute in attributes]
        found: list[Reason] = []
        for attribute in attributes:
            own = [reason for reason in self.reasons if reason.attribute == attribute]
            found += own or [replace(self.reasons[0], attribute=attribute, place=self.place_of(attribute))]
        return found

    def within(self, attribute_sets: Collection[str]) -> Declaration | None:
        """Return the part in these attribute sets; null if there is none."""
        sets = tuple(name for name in self.attribute_sets if name in attribute_sets)
        desired = {attribute: value for attribute, value in self.desired.items() if attribute.attribute_set in sets}
        expected = {attribute: value for attribute, value in self.expected.items() if attribute.attribute_set in sets}
        return replace(self, desired=desired, expected=expected, attribute_sets=sets) if sets else None

    def merged(self, other: Declaration) -> Declaration:
        """Return both as one. Raises InvalidDeclaration, naming both places, if both declare an attribute.

        One that gives way only adds the attributes that the other does not declare.
        """
        if other.gives_way:
            rest = {attribute: value for attribute, value in other.desired.items() if attribute not in self.desired}
            other = replace(other, desired=rest, gives_way=False)
        twice = [attribute for attribute in other.desired if attribute in self.desired]
        if twice:
            raise InvalidDeclaration(
                str(self.who),
                [
                    f"{other.label}: {attribute} of {other.who} is declared in {self.place_of(attribute)} already"
                    for attribute in twice
                ],
            )
        places = {attribute: side.place_of(attribute) for side in (self, other) for attribute in side.desired}

        def remark(path: Sequence[str], reason: str) -> str:
            return self.remark(path, reason) or other.remark(path, reason)

        return replace(
            self,
            label=f"{self.label} and {other.label}",
            desired={**self.desired, **other.desired},
            attribute_sets=tuple(dict.fromkeys([*self.attribute_sets, *other.attribute_sets])),
            expected={**self.expected, **other.expected},
            remark=remark,
            places=places,
            reasons=tuple(self.reasons_for(self.desired) + other.reasons_for(other.desired))
            if self.reasons or other.reasons
            else (),
        )

    def without(self, attributes: Collection[AttributeName]) -> Declaration:
        """Return it without these attributes."""
        desired = {attribute: value for attribute, value in self.desired.items() if attribute not in attributes}
        expected = {attribute: value for attribute, value in self.expected.items() if attribute not in attributes}
        return replace(self, desired=desired, expected=expected)

    def as_item(self) -> Item:
        """Return this as an item among others, without what a move wants."""
        wishes = {attribute: wish for attribute, wish in self.desired.items() if not isinstance(wish, Moved)}
        return Item(self.label, self.who, wishes, self.attribute_sets, places=self.places, remark=self.remark)

    def explained(self, error: EntraError) -> EntraError:
        """Return an error about a declared value, with what the form of its file adds to it."""
        if isinstance(error, InvalidValue):
            path = ["attributes", *error.attribute.split(".", 1)]
            if remark := self.remark(path, error.reason):
                error.hint = f"{error.hint} {remark}.".lstrip()
        return error


class DeclarationCollector:
    """Gathers declarations, those of one principal as one, and notes what is wrong with them in `problems`.

    `items` are those that select principals, derive values or end: the tenant and the clock decide what they mean.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        self.found: list[Declaration] = []
        self.items: list[Item] = []
        self._reader = _AttributesReader()
        self._numbers: dict[Hashable, int] = {}
        self._earlier, self._earlier_items = 0, 0
        self._item_identities: set[Hashable] = set()
        self._again: set[tuple[Hashable, AttributeName]] = set()
        """What this layer declares of principals that earlier layers declare as well, and what it overrides."""

    def begin_layer(self) -> None:
        """Begin the next entry of `src`, which can override what those before it declare."""
        self._earlier, self._earlier_items = len(self.found), len(self.items)
        self._again = set()

    def end(self) -> None:
        """Forget what only finds declarations of the same principal, since a million of them take much memory."""
        self._numbers.clear()

    def add(self, place: SourceLocation, item: Any) -> None:
        """Take an item of `assignments`, or rows of them."""
        if isinstance(item, Rows):
            self._add_rows(place, item)
            return
        item, overrides = split_override(place, item, self.problems)
        declaration = _declaration(place, item, self.problems, self._reader)
        if not declaration or (overrides and not self._override(place.label, declaration)):
            return
        identity = _identity(declaration.who)
        if isinstance(declaration, Item):
            self.items.append(declaration)
            self._item_identities.add(identity)
            return
        self._take(identity, declaration, overrides)

    def _add_rows(self, place: SourceLocation, rows: Rows) -> None:
        """Take rows, by few steps that take all of them, if nothing is wrong with them and nothing there twice."""
        named = [PrincipalReference(rows.kind, name) for name in rows.names]
        identities = list(map(_identity, named))
        if (
            any(map(principal_problem, rows.names))
            or len(set(identities)) < len(identities)
            or not self._numbers.keys().isdisjoint(identities)
        ):
            for where, item in rows.items(place):
                self.add(where, item)
            return
        said = [
            self._reader.find(attributes) or self._reader.read(replace(place, label=label), attributes, self.problems)
            for label, attributes in zip(rows.labels, rows.attributes, strict=True)
        ]
        self._numbers.update(zip(identities, count(len(self.found)), strict=False))
        self.found += map(
            Declaration,
            rows.labels,
            named,
            [attributes.desired for attributes in said],
            [attributes.sets for attributes in said],
            repeat(_no_values()),
            repeat(place.remark),
        )

    def _take(self, identity: Hashable, declaration: Declaration, overrides: bool) -> None:
        number = self._numbers.setdefault(identity, len(self.found))
        if number < self._earlier:
            self._again.update((identity, attribute) for attribute in declaration.desired)
        if number == len(self.found):
            self.found.append(declaration)
            return
        earlier = self.found[number]
        try:
            sets = tuple(dict.fromkeys([*earlier.attribute_sets, *declaration.attribute_sets]))
            self.found[number] = (
                replace(declaration, attribute_sets=sets)
                if overrides and not earlier.desired
                else earlier.merged(declaration)
            )
        except InvalidDeclaration as refused:
            self.problems += refused.problems

    def _override(self, label: str, declaration: Declaration | Item) -> bool:
        """Take what this declares out of earlier layers; return whether there is all of it, else note what is not."""
        identity = _identity(declaration.who)
        attributes = declaration.wishes if isinstance(declaration, Item) else declaration.desired
        again = {attribute for attribute in attributes if (identity, attribute) in self._again}
        found = self._take_out(identity, attributes.keys() - again)
        self._again.update((identity, attribute) for attribute in found)
        missing = [attribute for attribute in attributes if attribute not in found | again]
        if missing or not attributes:
            what = ", ".join(map(str, missing)) or "no attribute"
            self.problems.append(overrides_nothing(label, f"{what} of {declaration.who}"))
        for attribute in again if isinstance(declaration, Item) else ():
            self.problems.append(f"{label}: {attribute} of {declaration.who} is overridden already")
        return bool(attributes) and not missing

    def _take_out(self, identity: Hashable, attributes: Collection[AttributeName]) -> set[AttributeName]:
        """Remove attributes from earlier layers, and return those that were there."""
        found: set[AttributeName] = set()
        number = self._numbers.get(identity, self._earlier)
        if number < self._earlier:
            found |= self.found[number].desired.keys() & attributes
            self.found[number] = self.found[number].without(found)
        if identity not in self._item_identities:
            return found
        earlier: list[Item] = []
        for item in self.items[: self._earlier_items]:
            taken = item.wishes.keys() & attributes if _identity(item.who) == identity else set()
            wishes = {attribute: wish for attribute, wish in item.wishes.items() if attribute not in taken}
            earlier += [replace(item, wishes=wishes) if taken else item] if wishes or not taken else []
            found |= taken
        self.items[: self._earlier_items] = earlier
        self._earlier_items = len(earlier)
        return found


def _identity(who: PrincipalReference | Selection) -> Hashable:
    """Return what items have in common that are about the same principal, or the same selection."""
    return who if isinstance(who, Selection) else (who.kind.name, who.identity)


class DuplicateCheck:
    """Notes in `problems` what is declared twice, and what overrides nothing."""

    def __init__(self, problems: list[str]) -> None:
        self._problems = problems
        self._first: dict[Hashable, str] = {}
        self._earlier: set[Hashable] = set()

    def begin_layer(self) -> None:
        """Begin the next entry of `src`, which can override what those before it declare."""
        self._earlier = set(self._first)

    def note(self, label: str, title: str, identity: Hashable, overrides: bool = False) -> None:
        """Note that `label` declares what has this title and identity."""
        if overrides and identity not in self._first:
            self._problems.append(overrides_nothing(label, title))
        elif overrides and identity in self._earlier:
            self._earlier.remove(identity)
            self._first[identity] = label
        elif identity in self._first:  # perhaps in the same line, of minified JSON
            self._problems.append(f"{label}: {title} is declared in {self._first[identity]} already")
        self._first.setdefault(identity, label)


def declarations(items: Sequence[Any] | None, src: str | None, decrypt: Decrypt = no_secret) -> DeclarationCollector:
    """Return the declarations of `assignments` and of `src`. Raises InvalidDeclaration with every mistake."""
    gathered = DeclarationCollector([])
    files = read(src, gathered.problems, decrypt) if src else ()
    for section, place, item in chain(listed(ASSIGNMENTS, items or []), files):
        if section == ASSIGNMENTS:
            gathered.add(place, item)
    refuse(gathered.problems)
    gathered.end()
    return gathered


def refuse(problems: Sequence[str]) -> None:
    """Raise InvalidDeclaration if there are problems, with all of them up to a number that can be read."""
    if problems:
        more = [f"and {len(problems) - MOST_PROBLEMS} more"] if len(problems) > MOST_PROBLEMS else []
        raise InvalidDeclaration("what is declared is wrong", [*problems[:MOST_PROBLEMS], *more])


_PLAIN_KEYS = frozenset({*KINDS, DISPLAY_NAME, "attributes"})
_KEYS = _PLAIN_KEYS | {*SELECTING, "expected", EXCLUSIVE, ALLOW_EMPTY, EXPIRES}


@dataclass(frozen=True, slots=True)
class _Attributes:
    """The attributes of an item: all wishes, the plain values alone, and the names of their sets."""

    wishes: Mapping[AttributeName, Wish]
    desired: Desired
    sets: tuple[str, ...]


def _plain_reference(item: Any) -> PrincipalReference | None:
    """Return whom an item names that has nothing but a name and one more key; null where there is more to check."""
    if isinstance(item, dict) and len(item) == 2:
        for kind in KINDS.values():
            name = item.get(kind.name)
            if isinstance(name, str) and not principal_problem(name := name.strip()):
                return PrincipalReference(kind, name) if "attributes" in item else None
    return None


def _who(
    place: SourceLocation, item: Mapping[Any, Any], plain: bool, problems: list[str]
) -> PrincipalReference | Selection | None:
    """Return whom an item names or selects, null where that is wrong. Mistakes are noted."""
    if not [kind for kind in KINDS if item.get(kind) is not None]:
        return read_selection(place, item, problems)
    if not plain and any(item.get(kind) is not None for kind in SELECTING):
        read_selection(place, item, problems)
        return None
    try:
        return read_reference(item)
    except OptionError as error:
        problems.append(f"{place.label}: {error.message}")
        return None


def _declaration(
    place: SourceLocation, item: Any, problems: list[str], reader: _AttributesReader
) -> Declaration | Item | None:
    """Return an item as a declaration, or as an item whose meaning depends on the tenant or the clock."""
    label = place.label
    who: PrincipalReference | Selection | None = _plain_reference(item)
    plain = who is not None
    if not plain:
        if not isinstance(item, Mapping):
            problems.append(f"{label}: must be a dictionary with attributes and either user or service_principal")
            return None
        plain = _PLAIN_KEYS.issuperset(item)
        if not plain and (unknown := sorted(map(str, set(item) - _KEYS))):
            problems.append(f"{label}: has unknown keys: {', '.join(map(quoted, unknown[:MOST_KEYS]))}")
        who = _who(place, item, plain, problems)
    attributes = item.get("attributes")
    said = reader.find(attributes)
    if said is None:
        if not isinstance(attributes, Mapping) or not attributes:
            problems.append(f"{place.at('attributes')}: must be a dictionary of attribute sets")
            return None
        said = reader.read(place, attributes, problems)
    wishes, desired, sets = said.wishes, said.desired, said.sets
    if plain and isinstance(who, PrincipalReference) and len(desired) == len(wishes):
        return Declaration(label, who, desired, sets, remark=place.remark)
    exclusive, allow_empty = (_switch(place, item, key, problems) for key in (EXCLUSIVE, ALLOW_EMPTY))
    expires = _expiry(place, item, problems)
    expected = _expected(place, item.get("expected"), problems)
    if isinstance(who, PrincipalReference) and not (exclusive or expires or allow_empty or len(desired) < len(wishes)):
        return Declaration(label, who, desired, sets, expected, place.remark)
    if expected:
        problems.append(f"{place.at('expected')}: does not go with exclusive, expires and from")
    if who is None:
        return None
    found = Item(label, who, wishes, sets, exclusive, allow_empty, expires, remark=place.remark)
    for attribute, problem in item_problems(found):
        problems.append(f"{place.at('attributes', *attribute) if attribute else label}: {problem}")
    return found


class _AttributesReader:
    """Reads the attributes of items. Items with equal attributes share the result, unless there is a mistake in it."""

    def __init__(self) -> None:
        self._shared: Shared[_Attributes] = Shared()
        self._read: Shared[tuple[object, _Attributes]] = Shared()
        """Results by the identity of the object that was read, which rows of a CSV file share. The object stays."""

    def find(self, attributes: Any) -> _Attributes | None:
        """Return what was read of this very object before, null if nothing was."""
        known = self._read.find(id(attributes))
        return known[1] if known else None

    def read(self, place: SourceLocation, attributes: Mapping[Any, Any], problems: list[str]) -> _Attributes:
        """Return the wishes in the attributes; mistakes are noted."""

        def make() -> _Attributes:
            wishes = _desired(place, "attributes", attributes, problems)
            derived = [attribute for attribute, wish in wishes.items() if isinstance(wish, Derived)]
            rest = {name: wish for name, wish in wishes.items() if name not in derived} if derived else wishes
            desired = cast("Desired", rest)
            return _Attributes(wishes, desired, tuple(name for name in attributes if isinstance(name, str)))

        def keep() -> tuple[object, _Attributes]:
            return attributes, self._shared.get([place.literal, place.restores, attributes], make, problems)

        return self._read.make(id(attributes), keep, problems)[1]


def _switch(place: SourceLocation, item: Mapping[Any, Any], key: str, problems: list[str]) -> bool:
    value = item.get(key)
    if value is not None and not isinstance(value, bool):
        problems.append(f"{place.at(key)}: must be true or false, not {read_as(value)}")
    return value is True


def _expiry(place: SourceLocation, item: Mapping[Any, Any], problems: list[str]) -> Expiry | None:
    if item.get(EXPIRES) is None:
        if EXPIRES in item and not place.literal:  # an option of a module is null where it was left out
            problems.append(f"{place.at(EXPIRES)}: is empty; leave it out if the values stay")
        return None
    try:
        return read_expiry(item[EXPIRES])
    except OptionError as error:
        problems.append(f"{place.at(EXPIRES)}: {error.reason}")
        return None


def _desired(
    place: SourceLocation, key: str, attributes: Mapping[Any, Any], problems: list[str]
) -> dict[AttributeName, Wish]:
    """Return the desired values; a mistake is noted and left out."""
    desired: dict[AttributeName, Wish] = {}
    for attribute_set, values in attributes.items():
        if not isinstance(attribute_set, str):
            problems.append(f"{place.at(key)}: attribute set: {not_text(attribute_set)}")
            continue
        where = (key, str(attribute_set))
        problem = name_problem(str(attribute_set))
        if problem:
            problems.append(f"{place.at(*where)}: attribute set {problem}")
        if not isinstance(values, Mapping):
            problems.append(f"{place.at(*where)}: must be a dictionary of attributes")
            continue
        for name, value in values.items():
            if not isinstance(name, str):
                problems.append(f"{place.at(*where)}: attribute: {not_text(name)}")
                continue
            problem = name_problem(str(name))
            if problem:
                problems.append(f"{place.at(*where)}: attribute {problem}")
                continue
            try:
                wanted = read_wish(str(name), value, place.restores)
                if place.literal and key == "attributes" and not isinstance(wanted, Derived):
                    ensure_visible(name, elements(wanted.assigns))
                desired[attribute_name(str(attribute_set), str(name))] = wanted
            except (InvalidValue, OptionError) as error:
                remark = place.remark((*where, str(name)), error.reason)
                problems.append(f"{place.at(*where, str(name))}: {error.reason}{remark and f'. {remark}'}")
    return desired


def _expected(place: SourceLocation, expected: Any, problems: list[str]) -> Expected:
    if expected is None:
        return _no_values()
    if not isinstance(expected, Mapping):
        problems.append(f"{place.at('expected')}: must be a dictionary of attribute sets")
        return {}
    values: dict[AttributeName, Value | None] = {}
    for attribute, wanted in _desired(place, "expected", expected, problems).items():
        if isinstance(wanted, Exactly):
            values[attribute] = wanted.value
        else:
            problems.append(f"{place.at('expected', *attribute)}: must be an exact value")
    return values


def read_wish(attribute: str, value: Any, restored: bool = False) -> Wish:
    """Return what a declared value means, also one that is derived. Raises InvalidValue and OptionError."""
    if isinstance(value, str) and not isinstance(value, Only):
        return Exactly(checked(attribute, value), restored=restored)
    if is_derived(value):
        return read_derived(attribute, value)
    return parse_desired(attribute, value, restored)


def parse_desired(attribute: str, value: Any, restored: bool = False) -> Exactly | Adjust:
    """Return what a declared value means: itself, none (null, `[]`) or `{add, remove}`.

    Raises InvalidValue and OptionError.
    """
    if value is None or value == []:
        return Exactly(None)
    if not isinstance(value, Mapping):
        return Exactly(checked(attribute, value), either=isinstance(value, Only), restored=restored)
    if not value or set(value) - {"add", "remove"}:
        raise OptionError(attribute, "a dictionary can have the keys add and remove only")
    add, remove = (_elements(attribute, value.get(key)) for key in ("add", "remove"))
    removed = set(remove)
    both = [item for item in add if item in removed]
    if both:
        raise OptionError(attribute, f"{', '.join(map(str, both))} is both added and removed")
    return Adjust(add=add, remove=remove)


def _elements(attribute: str, value: Any) -> list[Any]:
    return elements(checked(attribute, elements(value))) if elements(value) else []
