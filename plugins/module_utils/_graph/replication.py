# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Replication: retry writes to objects that some Graph servers do not know yet, and wait until Graph shows a write.

Graph answers 400 or 404 where an object is too new (graph-facts 6.4). The caller decides whether a refusal can have
another reason: an object that Graph lists exists, and a value that a definition allows cannot be wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .._errors import Conflict, EntraError, GraphError
from .client import Graph
from .patience import Patience

_Answer = TypeVar("_Answer")

REPLICATION_WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between attempts on new objects."""
_CONFLICTS = ("conflicting", "already exists", "multipleobjectswithsamekeyvalue")


def may_be_too_new(error: EntraError) -> bool:
    """Return whether Graph refused a write in the way it refuses a write that depends on a new object."""
    return isinstance(error, GraphError) and error.status in (400, 404)


def persist(patience: Patience, attempt: Callable[[], _Answer], lagging: Callable[[EntraError], bool]) -> _Answer:
    """Repeat `attempt` while it raises errors that `lagging` blames on replication, for half a minute at most."""
    waits = iter(REPLICATION_WAITS)
    while True:
        try:
            return attempt()
        except EntraError as error:
            seconds = next(waits, None)
            if not lagging(error) or seconds is None:
                raise
            if not patience.pause(seconds):
                error.hint = str(patience.exhausted())
                raise


def wait_until(patience: Patience, shown: Callable[[], bool]) -> bool:
    """Wait until `shown` is true, for half a minute at most. Return whether it is."""
    for seconds in REPLICATION_WAITS:
        if shown():
            return True
        if not patience.pause(seconds):
            return False
    return shown()


class PersistentWriter:
    """Writes through a Graph, tries again where the tenant was not as it was read, and knows what was written."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.written = False
        """Whether anything was written, even if the rest of the plan was refused."""
        self.in_doubt = False
        """Whether a write got no answer, so that it may have been applied."""

    @property
    def touched(self) -> bool:
        """Return whether the tenant may have changed."""
        return self.written or self.in_doubt

    def persist(self, attempt: Callable[[], _Answer]) -> _Answer:
        """Read, plan and write by `attempt()`, and do it again where the tenant turns out not to be as it was read.

        A conflict or a lost answer shows that. Raises the error of the last attempt, with what may have been written.
        """
        try:
            return persist(self._graph.patience, attempt, lambda error: is_conflict(error) or error.in_doubt)
        except EntraError as error:
            error.changed = self.written
            error.in_doubt |= self.in_doubt
            raise


def is_conflict(error: EntraError) -> bool:
    """Return whether an object that a request creates exists, though Graph did not list it yet (graph-facts 6.2, 14).

    An earlier run or somebody else made it. Graph answers 409, or 400 with one of several texts.
    """
    if not isinstance(error, GraphError) or error.status not in (400, 409):
        return False
    text = f"{error.code} {error.said}".lower()
    return isinstance(error, Conflict) or any(sign in text for sign in _CONFLICTS)
