# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Write the plans of a run: batches of PATCH, repeats after replication, and verification."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from .._core.model import KINDS, Principal, PrincipalKind
from .._errors import (
    EntraError,
    GraphError,
    InvalidValue,
    TransportError,
    UndefinedAttribute,
    ValueConflict,
    WriteNotConfirmed,
)
from .._graph.batches import Batches
from .._graph.client import Graph
from .._graph.pace import Pace
from .._graph.replication import REPLICATION_WAITS
from .._tenant.permissions import WRITE_ASSIGNMENTS
from .._tenant.principals import REPEATED_WRITES, Directory
from .assignments_entries import AssignmentEntry, EntryPlanner, ResultsFile, Settings
from .progress import Progress


class Writer:
    """Sends one PATCH for each principal that differs, at the pace of the quota, and notes what came of it.

    `record` extends the snapshot before an entry that another writer changed is written again.
    """

    def __init__(
        self,
        graph: Graph,
        entries: Sequence[AssignmentEntry],
        settings: Settings,
        planner: EntryPlanner,
        record: Callable[[], None],
        results: ResultsFile,
        progress: Progress,
    ) -> None:
        self._graph = graph
        self._directory = Directory(graph)
        self._entries = entries
        self._settings = settings
        self._planner = planner
        self._record = record
        self._results = results
        self._progress = progress
        self._pace = Pace(graph.patience.clock)
        self._lost = ""

    @property
    def throttled(self) -> int:
        """Return the number of writes that Graph throttled."""
        return self._pace.throttled

    def write(self) -> None:
        """Write all pending entries."""
        self._progress.start_writing()
        for kind in KINDS.values():
            if not self._write(kind):
                break
        self._read_back()
        if self._lost:
            lost = TransportError(self._lost)
            for entry in self._entries:
                if entry.written and self._settings.verify:
                    entry.error = WriteNotConfirmed(entry.principal, lost)
                elif entry.pending and not entry.written:
                    entry.error = lost
        elif self._settings.verify:
            self._verify()

    def _write(self, kind: PrincipalKind) -> bool:
        """Write the pending entries of a kind, and repeat those that replication may have refused.

        Return whether the run continues. With on_error=stop, nothing else is sent before the repeats are done, and
        nothing at all after a permanent refusal.
        """
        waits = iter(REPLICATION_WAITS)
        pending = [entry for entry in self._entries if entry.declaration.who.kind is kind and entry.pending]
        sending = pending
        while sending and not self._lost:
            self._send(kind, sending)
            refused = [entry for entry in sending if entry.error]
            lagging = [entry for entry in refused if entry.lags]
            seconds = next(waits, None) if lagging else None
            if self._settings.stops and refused and (lagging != refused or seconds is None):
                return False
            if seconds is not None and self._graph.patience.pause(seconds):
                sending = lagging
            else:
                sending = [entry for entry in pending if entry.pending and not entry.written]
        return not self._lost

    def _send(self, kind: PrincipalKind, entries: Sequence[AssignmentEntry]) -> None:
        """Send these once, with on_error=stop up to the first that is refused."""
        priority = "low" if self._settings.priority == "low" else ""
        # With on_error=stop, what is on its way at the first refusal is carried out too.
        batches = Batches(
            self._graph, WRITE_ASSIGNMENTS[kind], pace=self._pace, grows=not (priority or self._settings.stops)
        )
        for number, answer in batches.run([entry.patch(priority) for entry in entries]):
            entry = entries[number]
            if isinstance(answer, EntraError):
                entry.error = answer
                # The refusal of a whole batch is not about its principals.
                refused = isinstance(answer, GraphError) and "$batch" not in answer.operation
                entry.lags = refused and self._planner.explain(answer, entry)
                if not isinstance(answer, GraphError) or answer.status == 401:
                    self._lost = f"Nothing more was sent after: {answer}"
                batches.stopped = batches.stopped or bool(self._lost) or self._settings.stops
            else:
                entry.written, entry.error = True, None
                self._progress.written += 1
            self._results.note([entry])
            self._progress.throttled = self._pace.throttled
            self._progress.update()

    def _read_back(self) -> None:
        """Find out which of the writes were applied whose answers were lost. The others stay unknown."""
        for entry, unseen in self._unseen(entry for entry in self._entries if entry.unknown):
            if unseen is None:
                entry.written, entry.error = True, None

    def _verify(self) -> None:
        """Read again what was written. Plan and write again what another writer changed; the rest fails."""
        written = [entry for entry in self._entries if entry.written]
        for repeats_left in reversed(range(REPEATED_WRITES + 1)):
            overtaken = []
            for entry, unseen in self._unseen(written):
                entry.error = unseen
                if unseen is not None and unseen.shown is not None and repeats_left and entry.principal:
                    overtaken.append((entry, replace(entry.principal, assignments=unseen.shown)))
            again = [(entry, principal) for entry, principal in overtaken if self._plan_again(entry, principal)]
            written = self._planner.permitted(again) if again else []
            if not written:
                return
            self._record()
            for kind in KINDS.values():
                self._send(kind, [entry for entry in written if entry.declaration.who.kind is kind])
            written = [entry for entry in written if entry.error is None]

    def _unseen(self, entries: Iterable[AssignmentEntry]) -> list[tuple[AssignmentEntry, WriteNotConfirmed | None]]:
        """Read these entries again. Return them with the reason why Graph does not show what they wrote, if so."""
        asked = [(entry, *entry.change) for entry in entries if entry.change]
        written = [(principal, [*entry.former, planned]) for entry, principal, planned in asked]
        unseen = self._directory.verify(written, self._progress.update) if written else {}
        return [(entry, unseen.get(principal.id)) for entry, principal, _planned in asked]

    def _plan_again(self, entry: AssignmentEntry, principal: Principal) -> bool:
        """Plan an entry for the values that another writer left. Return whether it has to be written again."""
        if not entry.change:
            return False
        former = entry.change[1]
        try:
            self._planner.plan(entry, principal)
        except (InvalidValue, UndefinedAttribute, ValueConflict) as error:
            entry.error = error
            return False
        entry.former, entry.error = (*entry.former, former), None
        return entry.pending

    def interrupt(self, error: Exception) -> None:
        """Note that an error ended the writing: what was not answered until then may have been applied."""
        for entry in self._entries:
            if entry.pending and not entry.written:
                entry.error = EntraError(f"The run ended early: {_name(error)}")
                entry.error.in_doubt = True


def _name(error: Exception) -> str:
    """Return an error in words. An unforeseen one is named by its type, since its text may hold anything."""
    return str(error) if isinstance(error, EntraError) else f"an unexpected {type(error).__name__}; please report it."
