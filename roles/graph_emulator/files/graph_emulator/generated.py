# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated principals, up to a million: computed from their number when read, and stored once changed."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, overload

KINDS: Final = 20  # number N has the kind N % KINDS; principals of a kind differ only in names and IDs

_LONGEST: Final = 12  # digits of a number
_DEPARTMENTS: Final = ("Engineering", "Marketing", "Finance", "Sales", "Legal")
_CITIES: Final = (("Seattle", "US"), ("London", "GB"), ("Toronto", "CA"), ("Munich", "DE"))


@dataclass(frozen=True)
class Name:
    """A property that contains the number: text, a minimum number of digits, text."""

    before: str
    digits: int
    after: str = ""

    @property
    def template(self) -> str:
        """Return the name as a template: `template % number` is fast."""
        before, after = self.before.replace("%", "%%"), self.after.replace("%", "%%")
        return f"{before}%0{self.digits}d{after}"

    def number(self, name: str) -> int | None:
        """Return the number in a name, in any case; None for another name."""
        digits = name[len(self.before) : len(name) - len(self.after)]
        if not (digits.isascii() and digits.isdecimal()) or len(digits) > _LONGEST:
            return None
        number = int(digits)
        return number if (self.template % number).lower() == name.lower() else None


def user_names(domain: str) -> dict[str, Name]:
    """Return the names of generated users by property."""
    return {
        "id": Name("a0000000-0000-4000-8000-", 12),
        "userPrincipalName": Name("user-", 7, f"@{domain}"),
        "displayName": Name("User ", 7),
        "mail": Name("user-", 7, f"@{domain}"),
        "employeeId": Name("G", 7),
    }


def service_principal_names() -> dict[str, Name]:
    """Return the names of generated service principals by property."""
    return {
        "id": Name("b0000000-0000-4000-8000-", 12),
        "appId": Name("c0000000-0000-4000-8000-", 12),
        "displayName": Name("App ", 7),
    }


def user_properties(kind: int) -> dict[str, Any]:
    """Return the properties that all generated users of a kind share."""
    city, country = _CITIES[kind % len(_CITIES)]
    return {
        "accountEnabled": kind % 10 != 9,
        "department": _DEPARTMENTS[kind % len(_DEPARTMENTS)],
        "companyName": "Contoso",
        "city": city,
        "country": country,
        "userType": "Member",
    }


def service_principal_properties(kind: int) -> dict[str, Any]:
    """Return the properties that all generated service principals of a kind share."""
    return {
        "accountEnabled": kind % 10 != 9,
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMyOrg",
        "tags": [_DEPARTMENTS[kind % len(_DEPARTMENTS)]],
    }


T = TypeVar("T")


class Generated(Generic[T]):
    """The principals 0 to `count - 1` of a collection. `make` builds one from properties and attributes.

    `attributes` are those of the first kinds, in order.
    """

    def __init__(
        self,
        count: int,
        names: dict[str, Name],
        properties: Callable[[int], dict[str, Any]],
        attributes: Sequence[dict[str, Any]],
        make: Callable[[dict[str, Any], dict[str, Any]], T],
    ) -> None:
        self.count = count
        self.names = names
        self._make = make
        self._own = [(name, pattern.template) for name, pattern in names.items()]
        self._properties = [properties(kind) for kind in range(KINDS)]
        self._attributes = [attributes[kind] if kind < len(attributes) else {} for kind in range(KINDS)]
        self.shared = frozenset(self._properties[0]) | {"customSecurityAttributes"}  # equal within a kind

    def principal(self, number: int) -> T:
        """Return a principal as generated. Its kind shares the attributes: never change them in place."""
        kind = number % KINDS
        own = {name: text % number for name, text in self._own}
        return self._make({**own, **self._properties[kind]}, self._attributes[kind])

    def number(self, name: str, value: str) -> int | None:
        """Return the number of the principal that is generated with this value of a property, or None."""
        number = self.names[name].number(value) if name in self.names else None
        return number if number is not None and number < self.count else None


class Members(Sequence[T], Generic[T]):
    """The objects of one collection in order: the stored ones, then the generated ones by number.

    A changed one is stored and stays at the place of its number.
    """

    def __init__(self, generated: Generated[T] | None = None) -> None:
        self.generated = generated
        self._stored: list[T] = []
        self._changed: dict[int, T] = {}
        self._orders: dict[str, array[int]] = {}

    def __len__(self) -> int:
        return len(self._stored) + (self.generated.count if self.generated else 0)

    @overload
    def __getitem__(self, place: int) -> T:
        """Return one object."""

    @overload
    def __getitem__(self, place: slice) -> list[T]:
        """Return several objects."""

    def __getitem__(self, place: int | slice) -> T | list[T]:
        if isinstance(place, slice):
            return [self[index] for index in range(len(self))[place]]
        place = range(len(self))[place]
        if place < len(self._stored):
            return self._stored[place]
        return self._numbered(place - len(self._stored))

    def __iter__(self) -> Iterator[T]:
        yield from self._stored
        for number in range(self.generated.count if self.generated else 0):
            yield self._numbered(number)

    def add(self, item: T) -> None:
        """Add an object."""
        self._stored.append(item)
        self.renamed()

    def remove(self, item: T) -> None:
        """Remove a stored object."""
        self._stored.remove(item)
        self.renamed()

    def renamed(self) -> None:
        """Forget every order, because properties have changed."""
        self._orders.clear()

    def keep(self, item: T, key: str) -> bool:
        """Store a changed object with a generated ID. Return whether the ID is generated."""
        number = self.generated.number("id", key) if self.generated else None
        if number is None:
            return False
        self._changed[number] = item
        return True

    def kept(self) -> list[T]:
        """Return the objects that were stored or changed, in order."""
        return [*self._stored, *(self._changed[number] for number in sorted(self._changed))]

    def named(self, name: str, value: str) -> T | None:
        """Return the object that was generated with this value of a property. Its value can have changed since."""
        number = self.generated.number(name, value) if self.generated else None
        return None if number is None else self._numbered(number)

    def candidates(self, name: str, values: Iterable[str]) -> list[T] | None:
        """Return the only objects that can have one of the names; None: any can."""
        if self.generated is None or name not in self.generated.names:
            return None
        named = (self.generated.number(name, value) for value in values)
        numbers = {number for number in named if number is not None} | self._changed.keys()
        return [*self._stored, *map(self._numbered, sorted(numbers))]

    def places(self, test: Callable[[T], bool], mentioned: Iterable[str], start: int = 0) -> Iterator[int]:
        """Yield the places from `start` on whose objects can pass a test that reads only the given properties."""
        if self.generated is None or not self.generated.shared.issuperset(mentioned):
            yield from range(start, len(self))
            return
        first = len(self._stored)
        yield from range(start, first)
        kinds, others = self._passing(self.generated, test)
        least = max(start - first, 0)
        blocks = range(least // KINDS, -(-self.generated.count // KINDS)) if kinds else range(0)
        fresh = (block * KINDS + kind for block in blocks for kind in kinds)
        for number in heapq.merge(fresh, others):
            if least <= number < self.generated.count:
                yield first + number

    def count_passing(self, test: Callable[[T], bool], mentioned: Iterable[str]) -> int:
        """Return the number of objects that pass a test that reads only the given properties."""
        if self.generated is None or not self.generated.shared.issuperset(mentioned):
            return sum(map(test, self))
        kinds, _others = self._passing(self.generated, test)
        fresh = sum(len(range(kind, self.generated.count, KINDS)) for kind in kinds)
        left = sum(number % KINDS in kinds for number in self._changed)
        return fresh - left + sum(map(test, self.kept()))

    def ordered(self, name: str, key: Callable[[T], str]) -> array[int]:
        """Return all places in the order of a key. The order is cached by its name until an object changes."""
        if name not in self._orders:
            keys = list(map(key, self))
            self._orders[name] = array("I", sorted(range(len(keys)), key=keys.__getitem__))
        return self._orders[name]

    def _numbered(self, number: int) -> T:
        if self.generated is None:
            raise IndexError(number)
        found = self._changed.get(number)
        return self.generated.principal(number) if found is None else found

    def _passing(self, generated: Generated[T], test: Callable[[T], bool]) -> tuple[list[int], list[int]]:
        """Return the kinds that pass a test as generated, and the numbers of changed objects of the other kinds."""
        kinds = [kind for kind in range(KINDS) if test(generated.principal(kind))]
        return kinds, sorted(number for number in self._changed if number % KINDS not in kinds)


class Picked(Sequence[T], Generic[T]):
    """Some objects of a sequence by their places, built when they are read."""

    def __init__(self, members: Sequence[T], places: Sequence[int]) -> None:
        self._members = members
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> T:
        """Return one object."""

    @overload
    def __getitem__(self, place: slice) -> Picked[T]:
        """Return several objects."""

    def __getitem__(self, place: int | slice) -> T | Picked[T]:
        if isinstance(place, slice):
            return Picked(self._members, self._places[place])
        return self._members[self._places[place]]
