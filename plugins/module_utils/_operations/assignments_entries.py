# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The declarations of a run on their way to a result, and the file that keeps the results."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from .._core.assignment_plan import Plan
from .._core.model import Principal, nested
from .._core.rules.effects import EFFECTS, Effect
from .._core.selection import Reason, why
from .._core.values import in_order
from .._declarations.assignments import Declaration
from .._declarations.storage import RECORD, RESULTS, Journal, header, now
from .._errors import EntraError, PrincipalNotFound
from .._graph.batches import Part
from .._operation import diff
from .._tenant.wire import patch_body

OUTCOMES = ("changed", "unchanged", "failed", "missing", "unknown", "skipped")
NOT_REACHED = "The run stopped before this principal was written."
JOURNAL_LINES = 500
"""Lines of the results file that are written at once, where no answer is waited for."""


@dataclass(frozen=True)
class Settings:
    """The options of a run that decide about reading, planning and writing, with the names and defaults of the module.

    `option` is the option that declares the principals, for errors about them as a whole.
    """

    option: str = "src"
    purge: bool = False
    force: bool = False
    on_error: str = "continue"
    on_missing: str = "fail"
    priority: str = "normal"
    verify: bool = False
    report: str = "all"
    diff_limit: int = 100
    results_path: str | None = None
    snapshot_path: str | None = None
    tenant_id: str | None = None
    consumers: str = "ignore"

    @property
    def stops(self) -> bool:
        """Return whether the first failure ends the run."""
        return self.on_error == "stop"


@dataclass(slots=True)
class AssignmentEntry:
    """The progress of one declaration: matching principals, plan, error, and whether Graph accepted the write.

    A write that Graph accepted and does not show has an error. It counts as failed, and as a change.
    """

    declaration: Declaration
    found: tuple[Principal, ...] = ()
    seen: str = ""
    """The id of a principal that has what is desired, where a light run keeps no more of it."""
    plan: Plan | None = None
    former: tuple[Plan, ...] = ()
    """Plans that were carried out before another writer changed the same attributes."""
    error: EntraError | None = None
    lags: bool = False
    """Whether replication may be to blame for the error."""
    written: bool = False
    skipped: bool = False
    """Whether the run stopped before this declaration was written."""
    missing: PrincipalNotFound | None = None
    """The reason why it is left out, where `on_missing` tolerates principals that do not exist."""
    effects: tuple[Effect, ...] | None = None
    """What the plan changes for consumers, if that was asked for."""
    noted: tuple[bool, EntraError | None] | None = None
    """Whether it was written and what failed, by its last line in the results file."""

    @property
    def principal(self) -> Principal | None:
        """Return the principal, unless there is none or more than one."""
        return self.found[0] if len(self.found) == 1 else None

    @property
    def failure(self) -> str:
        """Return where and why it failed, with the principal if items decided about it."""
        decided = self.principal if self.declaration.reasons else None
        return f"{self.declaration.label}: {f'{decided}: ' if decided else ''}{self.error}"

    @property
    def pending(self) -> bool:
        """Return whether there is something to write, or was before it was written."""
        return self.error is None and self.plan is not None and self.plan.changed

    @property
    def settled(self) -> bool:
        """Return whether it has what is desired, and had it before."""
        return (
            self.plan is not None
            and not self.plan.changes
            and self.error is None
            and not (self.missing or self.skipped or self.written)
        )

    @property
    def change(self) -> tuple[Principal, Plan] | None:
        """Return the principal with its plan, if both are known."""
        principal = self.principal
        return (principal, self.plan) if principal and self.plan else None

    @property
    def reasons(self) -> list[Reason]:
        """Return why the principal is to have, or to lose, each of the values that are planned."""
        if self.plan is None:
            return []
        return self.declaration.reasons_for({**self.plan.before, **self.plan.after})

    def patch(self, priority: str) -> Part:
        """Return the request that fulfills the plan of a pending entry."""
        if not self.change:
            raise ValueError("nothing is planned")
        principal, planned = self.change
        return Part("PATCH", principal.path, patch_body(principal, planned), priority=priority)

    @property
    def unknown(self) -> bool:
        """Return whether the write may have been applied, because its answer was lost."""
        return self.error is not None and self.error.in_doubt and not self.written

    def changed(self, planned: bool) -> bool:
        """Return whether Graph accepted the write, or may have. In a `planned` run, return whether it would be sent."""
        return self.written or self.unknown or (planned and self.pending)

    def outcome(self, planned: bool) -> str:
        """Return the outcome that the summary counts and `report` selects by."""
        if self.unknown:
            return "unknown"
        if self.error is not None:
            return "failed"
        if self.missing is not None:
            return "missing"
        if self.skipped:
            return "skipped"
        return "changed" if self.changed(planned) else "unchanged"

    def as_result(self, planned: bool) -> dict[str, Any]:
        """Return an entry of `results`. A principal that was not written has the same values after as before."""
        changed = self.changed(planned)
        first = self.former[0] if self.former else self.plan
        before = first.before if first else {}
        return {
            "principal": (self.principal or self.declaration.who).as_result(),
            "changed": changed,
            "failed": self.error is not None,
            "skipped": self.skipped,
            "unknown": self.unknown,
            "missing": self.missing is not None,
            "msg": str(self.error or self.missing or (NOT_REACHED if self.skipped else "")),
            "before": nested(before),
            "after": nested(self.plan.after if self.plan and changed else before),
            "reasons": [reason.as_result() for reason in self.reasons],
            **({"consumers": _consumers(self.effects)} if changed and self.effects is not None else {}),
            **({"candidates": [principal.as_result() for principal in self.found]} if len(self.found) > 1 else {}),
        }


def _consumers(effects: Iterable[Effect]) -> dict[str, list[dict[str, str | None]]]:
    """Return the consumers of each effect, all effects with a list."""
    found: dict[str, list[dict[str, str | None]]] = {effect: [] for effect in EFFECTS}
    for effect in effects:
        found[effect.effect].append(effect.as_result())
    return found


class EntryPlanner(Protocol):
    """Plans the declarations of a run."""

    def plan(self, entry: AssignmentEntry, principal: Principal) -> None:
        """Set the plan of an entry. Raises EntraError."""

    def permitted(self, changes: Sequence[tuple[AssignmentEntry, Principal]]) -> list[AssignmentEntry]:
        """Return the entries that can be written again, given their principals as these are now."""

    def explain(self, error: EntraError, entry: AssignmentEntry) -> bool:
        """Add the reason to a refusal. Return whether replication may be to blame."""


def selected_results(entries: Iterable[AssignmentEntry], report: str, planned: bool) -> list[dict[str, Any]]:
    """Return the results of the entries that `report` selects."""
    return [
        entry.as_result(planned)
        for entry in entries
        if report in ("all", entry.outcome(planned)) or (report == "changed" and entry.changed(planned))
    ]


def diffs(entries: Iterable[AssignmentEntry], limit: int, planned: bool) -> list[dict[str, str]]:
    """Return the changes of at most `limit` principals, sorted by principal."""
    changed = {str(entry.principal): entry for entry in entries if entry.changed(planned) and entry.plan}
    return [_diff(title, changed[title]) for title in sorted(changed)[:limit]]


def _diff(title: str, entry: AssignmentEntry) -> dict[str, str]:
    plan = entry.plan or Plan({}, {}, {})
    reasons = entry.declaration.reasons_for(plan.changes)
    return diff(title, in_order(plan.before), in_order(plan.after), why=why(reasons))


class ResultsFile:
    """The file of `results_path`: a line for each entry as soon as it is known, and the summary at the end.

    Without a path, nothing is written.
    """

    def __init__(self, path: str | None, entries: Sequence[AssignmentEntry]) -> None:
        self._path = path
        self._entries = entries
        self._journal: Journal | None = None
        self._numbers: dict[int, int] = {}

    def begin(self, tenant: str | None, check_mode: bool) -> None:
        """Replace the former file by one that has what is known before the first write. Raises OptionError."""
        if self._path is None:
            return
        first = header(RESULTS, tenant, run_id=str(uuid.uuid4()), check_mode=check_mode)
        self._journal = Journal("results_path", Path(self._path), first)
        self._numbers = {id(entry): number for number, entry in enumerate(self._entries)}
        self.note(entry for entry in self._entries if not entry.pending)

    def note(self, entries: Iterable[AssignmentEntry], planned: bool = False) -> None:
        """Write a line for each entry."""
        if self._journal is None:
            return
        waiting = iter(entries)
        while some := list(islice(waiting, JOURNAL_LINES)):
            self._journal.add(self._line(entry, planned) for entry in some)

    def _line(self, entry: AssignmentEntry, planned: bool) -> dict[str, Any]:
        entry.noted = (entry.written, entry.error)
        where = {"index": self._numbers[id(entry)], "declared_in": entry.declaration.label}
        return {RECORD: "result", **where, **entry.as_result(planned)}

    def finish(self, summary: Mapping[str, Any], planned: bool) -> None:
        """Write what the file lacks or has in an older state, and the summary."""
        if self._journal is None:
            return
        self.note((entry for entry in self._entries if entry.noted != (entry.written, entry.error)), planned)
        self._journal.add([{RECORD: "summary", "time": now(), **summary}])
        self._journal.close()

    def close(self) -> None:
        """Close the file."""
        if self._journal:
            self._journal.close()

    @property
    def problem(self) -> str:
        """Return why the file lacks something, or an empty text."""
        return self._journal.problem if self._journal else ""
