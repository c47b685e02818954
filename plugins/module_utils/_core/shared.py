# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""One object for what is equal: less memory, and what follows from it is worked out once."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Hashable, Sized
from typing import Any, Generic, TypeVar

MOST = 4096
"""Objects that are remembered. Where more differ, remembering gains nothing."""

T = TypeVar("T")


class Shared(Generic[T]):
    """What was made of plain data, by its content: equal data in equal types gives the same object."""

    def __init__(self) -> None:
        self._made: dict[Hashable, T] = {}

    def get(self, data: Any, make: Callable[[], T], problems: Sized = ()) -> T:
        """Return what was made of equal data before, else what `make` returns.

        That is remembered, unless `make` raised an error or added to the problems.
        """
        try:
            key = marshal.dumps(data, 2)  # without references, which depend on more than the content
        except ValueError:  # it has other types, of which the content may not be all
            return make()
        found = self._made.get(key)
        return self.make(key, make, problems) if found is None else found

    def recall(self, data: Any) -> T | None:
        """Return what `get` made of equal data, null if nothing was. The data are of JSON."""
        return self._made.get(marshal.dumps(data, 2))

    def find(self, key: Hashable) -> T | None:
        """Return what was made for a key, null if nothing was. Equal keys must mean the same."""
        return self._made.get(key)

    def make(self, key: Hashable, make: Callable[[], T], problems: Sized = ()) -> T:
        """Return what `make` returns, and remember it for the key as `get` does."""
        before = len(problems)
        found = make()
        if len(self._made) >= MOST:
            self._made.clear()
        if len(problems) == before:
            self._made[key] = found
        return found


class SharedByObject(Generic[T]):
    """Results by the identity of the objects that they follow from. These objects must not change in place."""

    def __init__(self) -> None:
        self._made: dict[Hashable, tuple[T, tuple[object, ...]]] = {}
        """The objects are kept as well, so that no other object gets the identity of one of them."""

    def get(self, objects: tuple[object, ...], rest: Hashable, make: Callable[[], T]) -> T:
        """Return what was made of the same objects, and the same rest, before, else what `make` returns."""
        key = (*map(id, objects), rest)
        known = self._made.get(key)
        if known is None:
            if len(self._made) >= MOST:
                self._made.clear()
            known = self._made[key] = (make(), objects)
        return known[0]
