# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Reading the principals of a run: in as few requests as possible, and planned as they arrive."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping

from .._core.assignment_plan import NOTHING, holds, untouched
from .._core.model import KINDS, USER, Assignments, Principal, PrincipalKind, is_guid
from .._errors import (
    AmbiguousPrincipal,
    InvalidDeclaration,
    InvalidValue,
    OptionError,
    PrincipalNotFound,
    UndefinedAttribute,
    ValueConflict,
)
from .._graph.client import PAGE_SIZE, Graph
from .._graph.pace import BATCH_SIZE
from .._tenant.principals import Directory, exactly_one
from .assignments_entries import AssignmentEntry, EntryPlanner, Settings
from .progress import Progress

NAMES_SHOWN = 5


def reading(filters: int, size: Callable[[], int]) -> str:
    """Return how to read principals that so many filters find in a directory of `size()` principals.

    `pages` lists the whole kind, 999 to a request. `filters` asks by name, 15 to a filter (7 where a GUID may be either
    of two ids) and 20 filters to a `$batch`, which makes 300 to a request. Each page and each filter costs a resource
    unit of 3,500 to 8,000 in 10 seconds (graph-facts 8). Neither way comes near that quota, so the number of requests
    decides. Filters win a draw.
    """
    batches = math.ceil(filters / BATCH_SIZE)
    return "pages" if batches > 1 and math.ceil(size() / PAGE_SIZE) < batches else "filters"


class Reader:
    """Finds the principals of the entries, in as few requests as possible, and plans each as it arrives."""

    def __init__(
        self,
        graph: Graph,
        entries: list[AssignmentEntry],
        settings: Settings,
        planner: EntryPlanner,
        warn: Callable[[str], None],
        progress: Progress,
        choose: Callable[[int, Callable[[], int]], str],
        light: bool = False,
    ) -> None:
        self._directory = Directory(graph)
        self._entries = entries
        self._settings = settings
        self._planner = planner
        self._warn = warn
        self._progress = progress
        self._choose = choose
        self._light = light
        self.readings: dict[str, str] = {}
        """How the principals of each kind were read."""
        self._plans_at_once = True

    def match(self, principals: Iterable[Principal], may_lack: Collection[AssignmentEntry]) -> None:
        """Find the principals of the entries among those that were read, without planning.

        Entries of `may_lack` are dropped if their principals do not exist.
        """
        self._plans_at_once = False
        wanted: dict[PrincipalKind, dict[str, list[AssignmentEntry]]] = {kind: {} for kind in KINDS.values()}
        for entry in self._entries:
            if not entry.found:  # of those that were not read before the run
                wanted[entry.declaration.who.kind].setdefault(entry.declaration.who.identity, []).append(entry)
        for principal in principals:
            if of_kind := wanted.get(principal.kind, {}):
                for identity in principal.identities:
                    for named in of_kind.get(identity, ()):
                        self._found(named, principal)
        dropped = {id(entry) for entry in may_lack if not entry.found}
        self._entries[:] = [entry for entry in self._entries if id(entry) not in dropped]
        self._identify()
        self._plans_at_once = True

    def read(self) -> None:
        """Read and plan every entry. An error about one of them is noted in it."""
        for entry in self._entries:
            for principal in entry.found:  # which was read before the run
                self._progress.read += 1
                self.plan(entry, principal)
        unread = [entry for entry in self._entries if not entry.found]
        for kind in KINDS.values():
            wanted: dict[str, AssignmentEntry] = {}
            twins: list[tuple[AssignmentEntry, AssignmentEntry]] = []
            for entry in unread:
                if (who := entry.declaration.who).kind is kind:
                    first = wanted.setdefault(who.identity, entry)
                    if first is not entry:
                        twins.append((first, entry))
            if wanted:
                self._read(kind, wanted, light=self._light and not twins)
            for first, twin in twins:
                for principal in first.found:
                    self._found(twin, principal)
        self._identify()

    def _read(self, kind: PrincipalKind, wanted: Mapping[str, AssignmentEntry], light: bool) -> None:
        names = [entry.declaration.who for entry in wanted.values()]
        properties = {who.by for who in names} - {""}
        directory, sizes = self._directory, []

        def size() -> int:
            sizes.append(directory.size(kind))
            return sizes[-1]

        how = self._choose(directory.filters(kind, names), size)
        self.readings[kind.plural] = how
        unchanged = None
        if how == "pages":
            known = [who.name for who in names if not (who.by or is_guid(who.name))]
            if light and not properties and (kind is USER or not known):
                unchanged = _Unchanged(wanted, len(known) < len(names), self._settings.purge, self._progress)
            found = directory.select(
                kind, properties=properties, names=known, size=sizes[-1] if sizes else None, passes=unchanged
            )
        else:
            found = directory.look_up(kind, names)
        for principal in found:
            for identity in principal.identities:
                if entry := wanted.get(identity):
                    self._found(entry, principal)
            self._progress.update()
        for entry, other in unchanged.doubtful if unchanged else ():
            ids = [entry.seen, other] if entry.seen else [other]
            entry.plan, entry.seen = None, ""
            for principal in directory.look_up_ids(kind, ids):
                self._found(entry, principal)

    def _found(self, entry: AssignmentEntry, principal: Principal) -> None:
        if entry.found and any(known.id == principal.id for known in entry.found):
            return  # the same one comes twice where it is asked for by two names
        entry.found += (principal,)
        if len(entry.found) == 1:
            self._progress.read += 1
            self.plan(entry, principal)
        else:
            self._progress.to_change -= entry.pending
            entry.plan = None

    def plan(self, entry: AssignmentEntry, principal: Principal) -> None:
        """Plan an entry. An error about it is noted in it."""
        if not self._plans_at_once:
            return
        self._progress.to_change -= entry.pending
        try:
            entry.error = None
            self._planner.plan(entry, principal)
        except (InvalidValue, UndefinedAttribute, ValueConflict) as error:
            entry.plan = untouched(principal.assignments, entry.declaration.desired)
            entry.error = entry.declaration.explained(error)
        self._progress.to_change += entry.pending

    def _identify(self) -> None:
        """Note which entries name no principal, or more than one. Two that name the same become one.

        Raises OptionError if both declare the same attribute.
        """
        by_id: dict[str, AssignmentEntry] = {}
        merged: set[int] = set()
        for entry in self._entries:
            if entry.seen:
                continue
            try:
                principal = exactly_one(entry.declaration.who, entry.found)
            except PrincipalNotFound as error:
                if self._settings.on_missing == "fail":
                    entry.error = error
                else:
                    entry.missing = error
                continue
            except AmbiguousPrincipal as error:
                entry.plan, entry.error = None, error
                continue
            other = by_id.setdefault(principal.id, entry)
            if other is not entry:
                merged.add(id(entry))
                self._merge(principal, into=other, entry=entry)
        if merged:
            self._entries[:] = [entry for entry in self._entries if id(entry) not in merged]
        missing = [entry.declaration for entry in self._entries if entry.missing]
        if missing and self._settings.on_missing == "warn":
            first = "; ".join(f"{declaration.label}: {declaration.who}" for declaration in missing[:NAMES_SHOWN])
            more = f" and {len(missing) - NAMES_SHOWN} more" if len(missing) > NAMES_SHOWN else ""
            self._warn(f"{len(missing)} of {len(self._entries)} principals do not exist: {first}{more}.")

    def _merge(self, principal: Principal, *, into: AssignmentEntry, entry: AssignmentEntry) -> None:
        """Plan a principal that two items name in different ways by what both declare."""
        self._progress.to_change -= entry.pending
        try:
            into.declaration = into.declaration.merged(entry.declaration)
        except InvalidDeclaration as twice:
            labels = f"{into.declaration.label} and {entry.declaration.label}"
            problem = f"{principal} is declared twice, in {labels}: {'; '.join(twice.problems)}"
            raise OptionError(self._settings.option, problem) from None
        self.plan(into, principal)


class _Unchanged:
    """Recognizes principals that have what is desired, so that no object is made of each.

    The names are ids, and user principal names or app ids.
    """

    def __init__(
        self,
        wanted: Mapping[str, AssignmentEntry],
        by_id: bool,
        purge: bool,
        progress: Progress,
    ) -> None:
        self._wanted = wanted
        self._by_id = by_id
        self._purge = purge
        self._progress = progress
        self.doubtful: list[tuple[AssignmentEntry, str]] = []
        """Entries whose name another principal has as well, with the id of that one."""

    def __call__(self, known_id: str, key: str, assignments: Assignments) -> bool:
        """Return whether nothing is to do about a principal. Note it in the entry that names it, if there is one."""
        entry = self._wanted.get(key.lower())
        if self._by_id and (other := self._wanted.get(known_id.lower())):
            if entry is not None and entry is not other:
                return False
            entry = other
        if entry is None:
            return True
        if entry.seen:
            if entry.seen != known_id:
                self.doubtful.append((entry, known_id))
            return True
        declaration = entry.declaration
        if entry.found or declaration.expected:
            return False
        if not holds(assignments, declaration.desired, declaration.attribute_sets, purge=self._purge):
            return False
        entry.plan, entry.seen = NOTHING, known_id
        self._progress.read += 1
        if not self._progress.read % PAGE_SIZE:
            self._progress.update()
        return True
