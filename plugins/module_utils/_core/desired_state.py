# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Who is to have which value, and why: the one place that decides between items. Pure.

For each attribute of a principal, items that name the principal beat items that select it, and live items beat
ended ones. Equal wishes agree, and added values are united. Any other two wishes are a conflict. An
exclusive item takes its values from all others of its kind, and an item that has ended takes back what it gave, unless
another item gives it. Items are decided in an order in which each finds what the others leave, so a second run changes
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, TypeAlias

from .._errors import InvalidDeclaration, InvalidValue
from .assignment_plan import Adjust, Definitions, Exactly, ensure_visible, value_after
from .model import Assignments, AttributeName, Principal, Value
from .selection import (
    AGENT_LINK,
    BLUEPRINT_LINK,
    BLUEPRINTS,
    BY_NAME,
    Derived,
    Item,
    OneOf,
    Reason,
    Selection,
    Where,
    Wish,
    class_of,
    shown,
)
from .values import checked, coerced, elements, same, type_of, unique

Decided: TypeAlias = "Exactly | Adjust"
NAMES_SHOWN = 3
MISSING, UNMAPPED = "missing_properties", "unmapped_properties"
"""Why a derived value leaves an attribute alone, as summaries count it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The desired values of a principal, with the reasons. `attribute_sets` are the sets that its items name.

    `error` says why a derived value cannot be assigned.
    """

    desired: Mapping[AttributeName, Decided]
    reasons: tuple[Reason, ...] = ()
    attribute_sets: tuple[str, ...] = ()
    error: InvalidValue | None = None


@dataclass(slots=True)
class Conflict:
    """Two items that want different values of an attribute, of one principal or more."""

    attribute: AttributeName
    places: tuple[str, str]
    principals: list[str] = field(default_factory=list)
    count: int = 0

    def __str__(self) -> str:
        more = self.count - len(self.principals)
        names = ", ".join(self.principals) + (f" and {more} more" if more else "")
        return f"{self.places[0]} and {self.places[1]} want different values of {self.attribute} for {names}"


@dataclass(frozen=True, slots=True)
class Ending:
    """An item that ends: where it stands, when, what it gives, and to how many principals."""

    place: str
    expires: str
    at: float
    attributes: tuple[AttributeName, ...]
    principals: int


@dataclass(frozen=True)
class DesiredState:
    """The decisions by principal, in the order of the principals, and what was found on the way.

    `left_alone` counts attributes that a derived value leaves alone, by the reason. `empty` holds the places of
    exclusive items that select nobody.
    """

    decisions: Mapping[str, Decision]
    conflicts: Sequence[Conflict] = ()
    left_alone: Mapping[str, int] = field(default_factory=dict)
    empty: Sequence[str] = ()
    endings: Sequence[Ending] = ()


def resolve(
    items: Sequence[Item],
    selected_by: Mapping[str, frozenset[int]],
    named: Mapping[int, Collection[str]],
    principals: Mapping[str, Principal],
    now: float,
    definitions: Definitions | None = None,
    masked: Collection[str] = (),
    purge: bool = False,
) -> DesiredState:
    """Return what these principals are to have.

    `selected_by` has for each id the numbers of the items that select it, without regard to `where`; `named` has for
    the number of each item that names a principal the ids of that name. `now` is in seconds since 1970. `definitions`
    are the known ones. Reasons do not quote values of `masked` attribute sets. With `purge`, the run removes what is
    not declared in a set that an item names. Raises InvalidDeclaration for items that depend on each other in a circle.
    """
    words = [item.selection.text(masked) if item.selection else "" for item in items]
    return _Resolution(items, words, selected_by, named, principals, now, definitions or {}, purge).state()


class _Clash(Exception):
    """Two items that want different values."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__()
        self.items = (first, second)


@dataclass(frozen=True, slots=True)
class _Combination:
    """The wishes of all items that concern a principal, as far as they are the same for all principals.

    `others` are the attributes that each principal decides; `derived` are those of one item alone, with the item.
    """

    decision: Decision
    clashes: tuple[tuple[AttributeName, int, int], ...]
    others: tuple[AttributeName, ...]
    derived: Mapping[AttributeName, int]


class _Resolution:
    def __init__(
        self,
        items: Sequence[Item],
        words: Sequence[str],
        selected_by: Mapping[str, frozenset[int]],
        named: Mapping[int, Collection[str]],
        principals: Mapping[str, Principal],
        now: float,
        definitions: Definitions,
        purge: bool,
    ) -> None:
        self.words, self.purge = words, purge
        self.items, self.named, self.principals, self.definitions = items, named, principals, definitions
        self.ended = [item.expires is not None and item.expires.passed(now) for item in items]
        self.conditional = frozenset(number for number, item in enumerate(items) if _where(item))
        self.alike: dict[frozenset[int], list[str]] = {}
        """The principals that the same items select, without regard to `where`."""
        for known, numbers in selected_by.items():
            if known in principals:
                self.alike.setdefault(numbers, []).append(known)
        self.concerned: dict[str, tuple[int, ...]] = {}
        """The items that concern a principal, as far as that is decided."""
        self.sizes = [0] * len(items)
        self.takers: dict[AttributeName, list[tuple[int, set[str]]]] = {}
        """The exclusive items of each attribute with the classes they are about, once it is known whom they select."""
        self.left_alone: Counter[str] = Counter()
        self.conflicts: dict[tuple[AttributeName, int, int], Conflict] = {}
        self._reasons: dict[tuple[int, AttributeName], Reason] = {}
        self._by_app_id: dict[str, str] | None = None

    # Order and selection

    def state(self) -> DesiredState:
        """Decide everything."""
        order = self.order()
        self.begin()
        for number in order:
            self.choose(number)
        self.ensure_lasting()
        decisions = dict(self.decisions())
        empty = [
            item.place
            for number, item in enumerate(self.items)
            if item.exclusive and item.selection and not (item.allow_empty or self.ended[number] or self.sizes[number])
        ]
        conflicts = sorted(self.conflicts.values(), key=lambda conflict: (conflict.places, conflict.attribute))
        return DesiredState(decisions, conflicts, self.left_alone, empty, list(self.endings()))

    def order(self) -> list[int]:
        """Return the numbers of the items in the order in which they are decided. Raises InvalidDeclaration."""
        reads = {number: found for number, item in enumerate(self.items) if (found := _reads(item))}
        wanted = {read for found in reads.values() for read in found}
        if not wanted:
            return list(range(len(self.items)))
        attributes = {attribute for _class, attribute in wanted}
        writers: dict[tuple[str, AttributeName], list[int]] = {}
        for number in range(len(self.items)):
            written = {attribute for attribute in attributes if self.touches(number, attribute)}
            for kind in self.classes(number) if written else ():
                for attribute in written:
                    writers.setdefault((kind, attribute), []).append(number)
        waiting = {
            number: {writer for read in found for writer in writers.get(read, ()) if writer != number}
            for number, found in reads.items()
        }
        order = [number for number in range(len(self.items)) if number not in reads]
        while waiting:
            ready = [number for number, needed in waiting.items() if not needed & waiting.keys()]
            if not ready:
                raise self.circle(waiting)
            order += ready
            for number in ready:
                del waiting[number]
        return order

    def classes(self, number: int) -> set[str]:
        """Return the classes of principals that an item concerns."""
        selection = self.items[number].selection
        if selection:
            return {selection.kind}
        return {class_of(self.principals[known]) for known in self.named.get(number, ()) if known in self.principals}

    def touches(self, number: int, attribute: AttributeName) -> bool:
        """Return whether an item may change an attribute of those that it concerns.

        What an item with `where` purges does not count, because its set is often that of its conditions.
        """
        item = self.items[number]
        purges = self.purge and not (self.ended[number] or number in self.conditional)
        return attribute in item.wishes or (purges and attribute.attribute_set in item.attribute_sets)

    def circle(self, waiting: Mapping[int, set[int]]) -> InvalidDeclaration:
        """Return the error for items that need the outcome of each other."""
        path = [next(iter(waiting))]
        while True:
            following = min(waiting[path[-1]] & waiting.keys())
            if following in path:
                break
            path.append(following)
        places = [self.items[number].place for number in sorted(path[path.index(following) :])]
        return InvalidDeclaration(
            "what is declared is wrong",
            [f"{' and '.join(places)}: each of these items changes an attribute by which another one selects"],
        )

    def begin(self) -> None:
        """Note whom the items concern that have no `where`."""
        for numbers, ids in self.alike.items():
            certain = tuple(sorted(numbers - self.conditional))
            if certain:
                self.concerned.update(dict.fromkeys(ids, certain))
            for number in certain:
                self.sizes[number] += len(ids)
        for number, names in self.named.items():
            self.concern(number, names)

    def concern(self, number: int, ids: Iterable[str]) -> None:
        """Note that an item concerns these principals."""
        for known in ids:
            if known in self.principals:
                self.concerned[known] = (*self.concerned.get(known, ()), number)
                self.sizes[number] += 1

    def choose(self, number: int) -> None:
        """Note whom an item with `where` selects, on the state that the items before it leave; begin its exclusion."""
        item = self.items[number]
        where = _where(item)
        if where:
            changing = [
                condition.attribute
                for condition in where
                if any(self.touches(other, condition.attribute) for other in range(len(self.items)))
            ]
            ids = [known for numbers, ids in self.alike.items() if number in numbers for known in ids]
            self.concern(
                number,
                [known for known in ids if all(condition.holds(self.seen(known, changing)) for condition in where)],
            )
        if item.exclusive and not self.ended[number]:
            for attribute in item.wishes:
                self.takers.setdefault(attribute, []).append((number, self.classes(number)))

    def ensure_lasting(self) -> None:
        """Raise InvalidDeclaration for an exclusive item that selects by an attribute which the run purges.

        The next run would take the values that this one gives.
        """
        for number in self.conditional if self.purge else ():
            if not self.items[number].exclusive or self.ended[number]:
                continue
            needed = [condition.attribute for condition in _where(self.items[number]) if not condition.holds({})]
            for numbers in self.concerned.values():
                for attribute in needed if number in numbers else ():
                    if self.is_purged(numbers, attribute):
                        problem = f"an exclusive item cannot select by {attribute}, which purge removes"
                        raise InvalidDeclaration(
                            "what is declared is wrong", [f"{self.items[number].place}: {problem}"]
                        )

    def seen(self, known: str, changing: Iterable[AttributeName]) -> Assignments:
        """Return the assignments of a principal, these attributes as they are after the items decided so far."""
        held = self.principals[known].assignments
        after = {attribute: self.after(known, attribute) for attribute in changing}
        if not after:
            return held
        return {name: value for name, value in {**held, **after}.items() if value is not None}

    def after(self, known: str, attribute: AttributeName) -> Value | None:
        """Return the value of an attribute after the items decided so far."""
        held = self.principals[known].assignments.get(attribute)
        try:
            desired, _contributors = self.outcome(known, attribute)
            purging = [number for number in self.concerned.get(known, ()) if self.touches(number, attribute)]
            if self.is_purged(purging, attribute):
                return None
            if desired is None:
                return held
            return value_after(attribute, desired, held, self.definitions.get(attribute))
        except (_Clash, InvalidValue):
            return held  # which fails the run, or leaves the principal as it is

    def is_purged(self, numbers: Iterable[int], attribute: AttributeName) -> bool:
        """Return whether a purge removes an attribute, as some of these items name its set and none declares it."""
        items = [self.items[number] for number in numbers if not self.ended[number]] if self.purge else []
        return any(attribute.attribute_set in item.attribute_sets for item in items) and not any(
            attribute in item.wishes for item in items
        )

    # Decisions

    def decisions(self) -> Iterator[tuple[str, Decision]]:
        """Yield the decision of each principal that an item concerns or takes a value from."""
        combinations: dict[tuple[int, ...], _Combination] = {}
        for known, principal in self.principals.items():
            numbers = self.concerned.get(known, ())
            losing = [name for name in principal.assignments if name in self.takers and self.taken(known, name, None)]
            if not numbers and not losing:
                continue
            combination = combinations.get(numbers)
            if combination is None:
                combination = combinations[numbers] = self.combination(sorted(numbers))
            for clash in combination.clashes:
                self.note(principal, *clash)
            others = unique([*combination.others, *losing]) if losing else combination.others
            if others:
                yield known, self.decision(principal, combination, others)
            else:
                yield known, combination.decision

    def combination(self, numbers: Sequence[int]) -> _Combination:
        """Return what these items want together."""
        desired: dict[AttributeName, Decided] = {}
        reasons: list[Reason] = []
        clashes, others = [], []
        derived: dict[AttributeName, int] = {}
        for attribute in dict.fromkeys(name for number in numbers for name in self.items[number].wishes):
            live, ended = self.rivals(numbers, attribute)
            wishes = [
                (number, wish)
                for number in live
                if not isinstance(wish := self.wish(number, attribute), Derived | OneOf)
            ]
            if ended or len(wishes) < len(live):
                others.append(attribute)
                if len(live) == 1 and not ended:
                    derived[attribute] = live[0]
                continue
            try:
                desired[attribute] = _merged(wishes)
            except _Clash as clash:
                clashes.append((attribute, *clash.items))
                continue
            reasons += [self.reason(number, attribute) for number in live]
        sets = unique(
            name for number in numbers if not self.ended[number] for name in self.items[number].attribute_sets
        )
        return _Combination(Decision(desired, tuple(reasons), tuple(sets)), tuple(clashes), tuple(others), derived)

    def decision(self, principal: Principal, combination: _Combination, others: Iterable[AttributeName]) -> Decision:
        """Return a decision with the attributes that depend on the principal."""
        desired, reasons = dict(combination.decision.desired), list(combination.decision.reasons)
        error = None
        for attribute in others:
            number = combination.derived.get(attribute)
            try:
                if number is None or attribute in self.takers:
                    wanted, contributors = self.outcome(principal.id, attribute, self.left_alone)
                else:
                    wish = self.items[number].wishes[attribute]
                    wanted, contributors = self.made(principal.id, attribute, wish, self.left_alone), [number]
            except _Clash as clash:
                self.note(principal, attribute, *clash.items)
                continue
            except InvalidValue as wrong:
                error = wrong
                blamed = self.concerned.get(principal.id, ()) if number is None else [number]
                reasons += [self.reason(at, attribute) for at in blamed if attribute in self.items[at].wishes]
                continue
            concerned = self.concerned.get(principal.id, ()) if self.purge else ()
            if self.is_purged(concerned, attribute):
                continue  # so that nothing of it stays
            if wanted is None and self.rivals(concerned, attribute)[0]:
                desired[attribute] = Adjust()  # which keeps what a derived value leaves alone
            elif wanted is not None:
                desired[attribute] = wanted
                if attribute in combination.decision.desired:
                    reasons = [reason for reason in reasons if reason.attribute != attribute]
                reasons += [self.reason(number, attribute) for number in contributors]
        return Decision(desired, tuple(reasons), combination.decision.attribute_sets, error)

    def outcome(
        self, known: str, attribute: AttributeName, left_alone: Counter[str] | None = None
    ) -> tuple[Decided | None, list[int]]:
        """Return what is wanted of an attribute of a principal, and the items that want it.

        Raises _Clash, and InvalidValue for a derived value that cannot be assigned.
        """
        live, ended = self.rivals(sorted(self.concerned.get(known, ())), attribute)
        wishes = []
        for number in live:
            wanted = self.made(known, attribute, self.wish(number, attribute), left_alone)
            if wanted is not None:
                wishes.append((number, wanted))
        desired = _merged(wishes) if wishes else None
        contributors = [number for number, _wanted in wishes]
        if isinstance(desired, Exactly):
            return desired, contributors
        removed = self.taken(known, attribute, desired)
        removed += self.given_back(known, attribute, ended, desired, removed)
        if not removed:
            return desired, contributors
        add, remove = (desired.add, desired.remove) if desired else ([], [])
        lost = unique([*remove, *(item for _number, item in removed)])
        return Adjust(add, lost), unique([*contributors, *(number for number, _item in removed)])

    def rivals(self, numbers: Iterable[int], attribute: AttributeName) -> tuple[list[int], list[int]]:
        """Return the items that decide about an attribute, and the ended ones."""
        having = [number for number in numbers if attribute in self.items[number].wishes]
        ended = [number for number in having if self.ended[number]]
        live = [number for number in having if not self.ended[number]]
        named = [number for number in live if self.items[number].by == BY_NAME]
        return named or live, ended

    def wish(self, number: int, attribute: AttributeName) -> Wish | OneOf:
        return self.items[number].wishes[attribute]

    def given_back(
        self,
        known: str,
        attribute: AttributeName,
        ended: Iterable[int],
        desired: Adjust | None,
        removed: Iterable[tuple[int, Any]],
    ) -> list[tuple[int, Any]]:
        """Return the values that items gave which have ended: added ones, and exact ones if nothing else is held.

        That counts for what the principal holds and for what the others leave it, so that a second run finds nothing.
        """
        held = self.principals[known].assignments.get(attribute)
        waiting = dict.fromkeys(ended) if held is not None else {}
        if held is None or not waiting:
            return []
        added = elements(_as_held(desired.add, held)) if desired and desired.add else []
        lost = {_typed(item) for _number, item in removed}
        lost |= (
            {_typed(item) for item in elements(_as_held(desired.remove, held))} if desired and desired.remove else set()
        )
        kept = {_typed(item) for item in added}
        values = {_typed(item) for item in elements(held)}
        found: list[tuple[int, Any]] = []
        while True:
            left = (values - lost) | kept
            acting = [
                (number, given)
                for number in waiting
                if (given := self.given(known, attribute, number, held)) is not None
                and (isinstance(self.wish(number, attribute), Adjust) or set(given) in (values, left))
            ]
            if not acting:
                return found
            for number, given in acting:
                del waiting[number]
                gone = [item for item in given if item in values - kept]
                found += [(number, item) for _type, item in gone]
                lost.update(gone)

    def given(self, known: str, attribute: AttributeName, number: int, held: Value) -> list[tuple[type, Any]] | None:
        """Return the values that an item gave, in the type of the held value; null if it cannot have given any."""
        try:
            wish = self.made(known, attribute, self.wish(number, attribute), None)
        except InvalidValue:
            return None
        if wish is None or wish.assigns is None:
            return None
        return [_typed(item) for item in elements(_as_held(wish.assigns, held))]

    def taken(self, known: str, attribute: AttributeName, desired: Adjust | None) -> list[tuple[int, Any]]:
        """Return the values that exclusive items take from a principal that they do not select."""
        held = self.principals[known].assignments.get(attribute)
        if held is None:
            return []
        found = []
        kept = elements(_as_held(desired.add, held)) if desired and desired.add else []
        own = class_of(self.principals[known])
        for number, classes in self.takers.get(attribute, ()):
            if own not in classes or number in self.concerned.get(known, ()):
                continue
            wish = self.wish(number, attribute)
            if isinstance(wish, Derived | OneOf) or wish.assigns is None:
                continue
            values = elements(_as_held(wish.assigns, held))
            found += [(number, item) for item in elements(held) if _is_in(item, values) and not _is_in(item, kept)]
        return found

    # Derived values

    def made(
        self, known: str, attribute: AttributeName, wish: Wish | OneOf, left_alone: Counter[str] | None
    ) -> Decided | None:
        """Return what a wish is for this principal, null if it leaves the attribute alone. Raises InvalidValue."""
        if isinstance(wish, OneOf):
            return self.fitting(known, attribute, wish)
        if not isinstance(wish, Derived):
            return wish
        principal = self.principals[known]
        source = value = self.source(principal, wish)
        why = MISSING
        if value not in (None, "", []) and wish.mapping is not None:
            value, why = _mapped(value, wish), UNMAPPED
        if value in (None, "", []):
            value = wish.default
        if value in (None, "", []):
            if left_alone is not None:
                left_alone[why] += 1
            return None
        held, definition = principal.assignments.get(attribute), self.definitions.get(attribute)
        wanted = definition.type if definition else type_of(held) if held is not None else None
        try:
            fitting = checked(attribute, list(value) if isinstance(value, tuple) else value)
            if wanted:
                fitting = coerced(attribute, fitting, wanted)
            ensure_visible(attribute, [item for item in elements(fitting) if item not in elements(held)])
        except InvalidValue as error:
            raise InvalidValue(
                attribute, f"{_origin(wish, source, value)}: {_in_other_words(error.reason, wanted)}"
            ) from None
        many = isinstance(held, list) or (held is None and definition is not None and definition.collection)
        return Exactly(elements(fitting) if many else fitting, wanted)

    def fitting(self, known: str, attribute: AttributeName, wish: OneOf) -> Decided | None:
        """Return what the items together want, each giving or taking its value, so that the outcome fits."""
        held, definition = self.principals[known].assignments.get(attribute), self.definitions.get(attribute)
        parts = [made for part in wish.wishes if (made := self.made(known, attribute, part, None)) is not None]
        options = []
        for taking in product((False, True), repeat=len(parts)):
            option = [
                (number, Adjust([], elements(part.assigns)) if takes else part)
                for number, (part, takes) in enumerate(zip(parts, taking, strict=True))
            ]
            try:
                merged = _merged(option) if option else Adjust()
                if wish.fits(value_after(attribute, merged, held, definition)):
                    return merged
                options.append(merged)
            except (_Clash, InvalidValue):
                continue
        return options[0] if options else None

    def source(self, principal: Principal, wish: Derived) -> Any:
        """Return the property, or the attribute of the blueprint or agent as it is after the run."""
        link = wish.link
        if link is None:
            return principal.properties.get(wish.source)
        owner = self.owner(principal, link[0])
        return self.after(owner, link[1]) if owner else None

    def owner(self, principal: Principal, kind: str) -> str:
        """Return the id of the blueprint or agent that a principal belongs to, or an empty text."""
        if kind == BLUEPRINTS:
            if self._by_app_id is None:
                self._by_app_id = {
                    other.key.lower(): other.id for other in self.principals.values() if class_of(other) == BLUEPRINTS
                }
            return self._by_app_id.get(str(principal.properties.get(BLUEPRINT_LINK) or "").lower(), "")
        parent = str(principal.properties.get(AGENT_LINK) or "")
        return parent if parent in self.principals else ""

    # What is reported

    def reason(self, number: int, attribute: AttributeName) -> Reason:
        """Return the reason that an item is for an attribute; each is made once."""
        found = self._reasons.get((number, attribute))
        if found is None:
            item = self.items[number]
            expires = item.expires.text if item.expires else ""
            found = Reason(attribute, item.place_of(attribute), item.by, self.words[number], expires)
            self._reasons[number, attribute] = found
        return found

    def note(self, principal: Principal, attribute: AttributeName, first: int, second: int) -> None:
        """Note a conflict."""
        conflict = self.conflicts.get((attribute, first, second))
        if conflict is None:
            places = (self.items[first].place_of(attribute), self.items[second].place_of(attribute))
            conflict = self.conflicts[attribute, first, second] = Conflict(attribute, places)
        conflict.count += 1
        if len(conflict.principals) < NAMES_SHOWN:
            conflict.principals.append(str(principal))

    def endings(self) -> Iterator[Ending]:
        """Yield the items that end and have not yet."""
        for number, item in enumerate(self.items):
            if item.expires and not self.ended[number] and self.sizes[number]:
                yield Ending(item.place, item.expires.text, item.expires.at, tuple(item.wishes), self.sizes[number])


def _where(item: Item) -> tuple[Where, ...]:
    return item.who.where if isinstance(item.who, Selection) else ()


def _reads(item: Item) -> set[tuple[str, AttributeName]]:
    """Return the attributes whose values decide what an item does, each with the class of the principals."""
    links = {wish.link for wish in item.derived()}
    kind = item.who.kind if isinstance(item.who, Selection) else ""
    return {link for link in links if link} | {(kind, condition.attribute) for condition in _where(item)}


def _merged(wishes: Sequence[tuple[int, Decided]]) -> Decided:
    """Return what items want together. Raises _Clash."""
    first, desired = wishes[0]
    if len(wishes) == 1:
        return desired
    if isinstance(desired, Exactly):
        for number, other in wishes[1:]:
            if not isinstance(other, Exactly) or not same(_plain(other), _plain(desired)):
                raise _Clash(first, number)
        return desired
    adding: dict[Any, int] = {}
    removing: dict[Any, int] = {}
    for number, other in wishes:
        if isinstance(other, Exactly):
            raise _Clash(first, number)
        for mine, items, theirs in ((adding, other.add, removing), (removing, other.remove, adding)):
            for item in items:
                key = _typed(item)
                if key in theirs and theirs[key] != number:
                    raise _Clash(theirs[key], number)
                mine.setdefault(key, number)
    return Adjust([item for _type, item in adding], [item for _type, item in removing], desired.type)


def _plain(wish: Exactly) -> Value | None:
    """Return a value, null also for an empty list."""
    return None if wish.value == [] else wish.value


def _typed(item: Any) -> tuple[type, Any]:
    return type(item), item


def _is_in(item: Any, values: Iterable[Any]) -> bool:
    return any(same(item, value) for value in values)


def _as_held(value: Any, held: Value) -> Any:
    """Return a value in the type of the held value, or unchanged where that would lose something."""
    try:
        return coerced("", value, type_of(held))
    except InvalidValue:
        return value


def _mapped(value: Any, wish: Derived) -> Any:
    """Return what `map` has for a property, null if it has nothing; of a list what it has for each element."""
    mapping = wish.mapping or {}
    if isinstance(value, list):
        found = [mapping.get(_key(item), wish.default) for item in value]
        return unique(item for each in found if each is not None for item in elements(each))
    return mapping.get(_key(value))


def _key(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _origin(wish: Derived, source: Any, value: Any) -> str:
    """Return where a derived value comes from, with the property and what it became."""
    if value is source:
        return f"the property {wish.source} is {shown(value)}"
    is_held = source not in (None, "", [])
    became = f"is {shown(source)}, so the value" if is_held else "is missing, so the default"
    return f"the property {wish.source} {became} is {shown(value)}"


def _in_other_words(reason: str, wanted: str | None) -> str:
    """Return why a property does not fit, in words for somebody who did not write the value."""
    if "YAML" in reason:
        return f"the attribute is of the type {wanted}" if wanted else "no attribute can hold it"
    return reason
