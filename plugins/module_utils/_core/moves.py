# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Departures: values that leave an attribute, for another one (a move) or for good (a retirement). Pure.

Entra can neither rename nor delete an attribute (graph-facts 4). A move gives each holder the value in another
attribute; afterwards the old definition is deprecated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, TypeAlias

from .assignment_plan import Adjust, Definitions, Desired, DesiredValue, Exactly, Moved
from .model import Assignments, AttributeName, Definition, Scalar
from .names import case_variant
from .schema_plan import DesiredDefinition, Placed
from .selection import BY_MOVE, BY_RETIREMENT, Derived, OneOf, Reason, Wish
from .values import elements, scalar_text


@dataclass(frozen=True)
class Move:
    """The values of `source` move to `target`; `values` replace some of them, by their text.

    With `keep_old` the holders keep the value of `source` as well.
    """

    source: AttributeName
    target: AttributeName
    values: Mapping[str, Scalar] = field(default_factory=dict)
    keep_old: bool = False
    in_use: str = "fail"
    place: str = ""
    by: ClassVar[str] = BY_MOVE

    @property
    def attribute_sets(self) -> set[str]:
        """Return the names of the attribute sets that it needs."""
        return {self.source.attribute_set, self.target.attribute_set}

    def concerns(self, held: Assignments) -> bool:
        """Return whether a principal with these values is a holder."""
        return self.source in held

    def ends(self, definition: Definition) -> bool:
        """Return whether the definition of `source` is still to be deprecated."""
        return not definition.deprecated

    def desired(self) -> Desired:
        """Return what a holder is to have. A value that is kept is named, so that no purge removes it."""
        kept: DesiredValue = Adjust() if self.keep_old else Exactly(None)
        return {self.target: Moved(self.source, self.values), self.source: kept}


@dataclass(frozen=True)
class Retirement:
    """The values of an attribute that no principal is to hold any more; without `values`, all of them."""

    source: AttributeName
    values: tuple[str, ...] = ()
    in_use: str = "fail"
    place: str = ""
    by: ClassVar[str] = BY_RETIREMENT

    @property
    def attribute_sets(self) -> set[str]:
        """Return the names of the attribute sets that it needs."""
        return {self.source.attribute_set}

    def concerns(self, held: Assignments) -> bool:
        """Return whether a principal with these values is a holder."""
        texts = map(scalar_text, elements(held.get(self.source)))
        return self.source in held and (not self.values or any(text in self.values for text in texts))

    def ends(self, definition: Definition) -> bool:
        """Return whether the definition of `source`, or one of the predefined values, is still to be retired."""
        if not self.values:
            return not definition.deprecated
        return any(definition.predefined.get(value) for value in self.values)

    def desired(self) -> Desired:
        """Return what a holder is to have."""
        return {self.source: Adjust(remove=list(self.values)) if self.values else Exactly(None)}


Departure: TypeAlias = "Move | Retirement"


def holder_desired(
    departures: Iterable[Departure], held: Assignments
) -> dict[AttributeName, tuple[DesiredValue, Reason]]:
    """Return what a principal is to have by all departures that concern it, each with the reason."""
    return {
        attribute: (wanted, Reason(attribute, departure.place, departure.by))
        for departure in departures
        if departure.concerns(held)
        for attribute, wanted in departure.desired().items()
    }


def declaration_problems(
    departures: Sequence[Departure], assigned: Iterable[tuple[AttributeName, Wish | OneOf | DesiredValue, str]]
) -> Iterator[str]:
    """Yield why departures cannot go together, or with assignments, each an attribute, its value and its place."""
    first: dict[AttributeName, Departure] = {}
    for departure in departures:
        if other := first.get(departure.source):
            yield f"{departure.place}: {departure.source} leaves in {other.place} already"
        first.setdefault(departure.source, departure)
    targets: dict[AttributeName, Move] = {}
    for move in moves_of(departures):
        if move.source == move.target:
            yield f"{move.place}: from and to are both {move.source}"
        elif ahead := first.get(move.target):
            yield (f"{move.place}: {move.target} itself leaves in {ahead.place}; move in two runs, the later one first")
        if into := targets.get(move.target):
            yield f"{move.place}: {into.place} moves to {move.target} already"
        targets.setdefault(move.target, move)
    for attribute, wanted, place in assigned:
        leaving, into = first.get(attribute), targets.get(attribute)
        if isinstance(leaving, Move):
            yield f"{place}: {attribute} moves to {leaving.target} in {leaving.place}; assign {leaving.target} instead"
        elif leaving and _gives(wanted, leaving.values):
            yield f"{place}: {attribute} is assigned here and retired in {leaving.place}"
        elif into and isinstance(wanted, Adjust):
            yield f"{place}: {attribute} gets a value that moves in {into.place}; declare the exact value instead"


def _gives(wanted: Wish | OneOf | DesiredValue, values: Collection[str]) -> bool:
    """Return whether a declared value assigns what is retired, one of `values` or anything."""
    if isinstance(wanted, Derived):
        return True
    given = elements(wanted.assigns)
    return any(not values or scalar_text(item) in values for item in given)


def moves_of(departures: Iterable[Departure]) -> list[Move]:
    """Return the moves among departures."""
    return [departure for departure in departures if isinstance(departure, Move)]


def undefined(departure: Departure, definitions: Definitions) -> str:
    """Return why a departure is impossible with these definitions, or an empty text."""
    names = [(known.attribute_set, known.name) for known in definitions]
    wanted = [departure.source, *([departure.target] if isinstance(departure, Move) else [])]
    for attribute in wanted:
        siblings = [name for attribute_set, name in names if attribute_set == attribute.attribute_set]
        other = case_variant(attribute.name, siblings)
        if attribute not in definitions and other:
            return f"{attribute} differs from the existing {attribute.attribute_set}.{other} by case only; spell it so"
    if isinstance(departure, Retirement):
        return ""
    target = definitions.get(departure.target)
    if target is None:
        return f"{departure.target} is neither defined nor declared, so {departure.source} cannot move there"
    if target.deprecated:
        return (
            f"{departure.target} is deprecated, so {departure.source} cannot move there; declare it with state: present"
        )
    return ""


def with_deprecations(
    wanted: Sequence[Placed[DesiredDefinition]], moves: Iterable[Move]
) -> list[Placed[DesiredDefinition]]:
    """Return the desired definitions, with those deprecated whose attributes moved, and not created for that."""
    found = {placed.desired.attribute: placed for placed in wanted}
    for move in moves:
        placed = found.get(move.source) or Placed(DesiredDefinition(*move.source), move.place)
        found[move.source] = replace(
            placed, desired=replace(placed.desired, type=None, deprecated=True), in_use="ignore"
        )
    return list(found.values())
