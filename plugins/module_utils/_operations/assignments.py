# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What `custom_security_attributes` does: read as cheaply as possible, plan everything, then write what differs."""

from __future__ import annotations

import gc
import json
import math
import re
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from .._connection import read_files
from .._core.assignment_plan import (
    Definitions,
    Desired,
    Exactly,
    Plan,
    check,
    ensure_spelling,
    needs_definition,
    permanent_refusal_reason,
    plan,
    untouched,
)
from .._core.model import (
    KINDS,
    Assignments,
    AttributeName,
    Definition,
    Principal,
    PrincipalKind,
    nested,
)
from .._core.names import counted
from .._core.options import DICT, INTEGER, LIST, TEXT
from .._core.schema_plan import PERMIT, plan_definition
from .._core.values import in_order, same
from .._declarations.assignments import Declaration, Expected, declarations
from .._declarations.locations import Decrypt, no_secret
from .._declarations.snapshot import headers, load, record
from .._declarations.storage import (
    RECORD,
    RESULTS,
    Journal,
    check_apart,
    check_file,
    header,
    now,
    tenant_of,
    tenant_problem,
)
from .._errors import (
    AmbiguousPrincipal,
    AttributesHidden,
    EntraError,
    GraphError,
    InvalidDeclaration,
    InvalidValue,
    NameCaseMismatch,
    OptionError,
    PermissionDenied,
    PrincipalNotFound,
    TransportError,
    UndefinedAttribute,
    ValueConflict,
    WriteNotConfirmed,
)
from .._graph.batches import BATCH_SIZE, Batches, Pace, Part
from .._graph.client import PAGE_SIZE, REPLICATION_WAITS, Graph
from .._operation import Entry, diff
from .._tenant.permissions import WRITE_ASSIGNMENTS
from .._tenant.principals import REPEATED_WRITES, Directory, exactly_one
from .._tenant.schema import Schema
from .._tenant.wire import patch_body
from .assignment import PERHAPS_HIDDEN, VERIFY_SPEC
from .definition import (
    DEFINITION_CONSTRAINTS,
    DEFINITION_SPEC,
    desired_definition,
)

BULK_SPEC: dict[str, Any] = {
    "assignments": {
        "type": LIST,
        "elements": DICT,
        "options": {
            "user": {"type": "raw"},
            "service_principal": {"type": TEXT},
            "display_name": {"type": TEXT},
            "attributes": {"type": DICT, "required": True},
            "expected": {"type": DICT},
        },
    },
    "src": {"type": "path"},
    "definitions": {
        "type": LIST,
        "elements": DICT,
        "options": DEFINITION_SPEC,
        **DEFINITION_CONSTRAINTS,
    },
    "purge": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "max_changes": {"type": "str"},
    "on_error": {"type": "str", "choices": ["continue", "stop"], "default": "continue"},
    "on_missing": {"type": "str", "choices": ["fail", "warn", "skip"], "default": "fail"},
    "report": {"type": "str", "choices": ["all", "changed", "failed", "none"], "default": "all"},
    "results_path": {"type": "path"},
    "snapshot_path": {"type": "path"},
    "diff_limit": {"type": INTEGER, "default": 100},
    "priority": {"type": "str", "choices": ["low", "normal"], "default": "normal"},
    **VERIFY_SPEC,
}
BULK_CONSTRAINTS: dict[str, Any] = {
    "required_one_of": [("assignments", "src")],
}
MESSAGES_SHOWN = 5
OUTCOMES = ("changed", "unchanged", "failed", "missing", "unknown", "skipped")
NOT_REACHED = "The run stopped before this principal was written."
JOURNAL_LINES = 500
"""Lines of a journal that are written at once, where no answer is waited for."""
PROGRESS_EVERY = 5.0
"""Seconds between two lines about how far it is."""
_LIMIT = re.compile(r"([0-9]{1,18})|([0-9]{1,18}(?:\.[0-9]{1,18})?)%")


class BulkError(EntraError):
    """Some principals failed, or the whole was refused; `result` is what is known of all."""

    def __init__(self, message: str, result: dict[str, Any], hint: str = "") -> None:
        super().__init__(message, hint)
        self.result = result

    def as_result(self) -> dict[str, Any]:
        return {**self.result, **super().as_result()}


@dataclass(slots=True)
class Item:
    """Progress of one declaration: matching principals, plan, error, and whether Graph accepted the write.

    A write that Graph accepted and does not show has an error. It counts as failed, and as a change.
    """

    declaration: Declaration
    found: tuple[Principal, ...] = ()
    plan: Plan | None = None
    former: tuple[Plan, ...] = ()
    """Plans that were carried out before another writer changed the same attributes."""
    error: EntraError | None = None
    written: bool = False
    skipped: bool = False
    """Whether the run stopped before this declaration was written."""
    missing: PrincipalNotFound | None = None
    """The reason why it is left out, where `on_missing` tolerates principals that do not exist."""
    noted: tuple[bool, EntraError | None] | None = None
    """Whether it was written and what went wrong, by the last line of the journal."""

    @property
    def principal(self) -> Principal | None:
        """The principal that it means, unless there is none or several."""
        return self.found[0] if len(self.found) == 1 else None

    @property
    def pending(self) -> bool:
        """Whether there is something to write, or was until it was written."""
        return self.error is None and self.plan is not None and self.plan.changed

    def patch(self, priority: str) -> Part:
        """The request that fulfils the plan of a pending entry."""
        if self.principal is None or self.plan is None:
            raise ValueError("nothing is planned")
        return Part("PATCH", self.principal.path, patch_body(self.principal, self.plan), priority=priority)

    @property
    def unknown(self) -> bool:
        """Whether the write may have been applied, because its answer was lost."""
        return self.error is not None and self.error.in_doubt and not self.written

    def changed(self, planned: bool) -> bool:
        """Whether Graph accepted the write, or may have, or would be sent one by a planned run."""
        return self.written or self.unknown or (planned and self.pending)

    def outcome(self, planned: bool) -> str:
        """Return what the summary counts and `report` chooses by."""
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
        principal = self.principal
        return {
            "principal": (principal or self.declaration.who).as_result(),
            "changed": changed,
            "failed": self.error is not None,
            "skipped": self.skipped,
            "unknown": self.unknown,
            "missing": self.missing is not None,
            "msg": str(self.error or self.missing or (NOT_REACHED if self.skipped else "")),
            "before": nested(before),
            "after": nested(self.plan.after if self.plan and changed else before),
            **({"candidates": [principal.as_result() for principal in self.found]} if len(self.found) > 1 else {}),
        }


def reading(filters: int, size: Callable[[], int]) -> str:
    """Return how to read principals that so many filters find in a directory of `size()` principals.

    `pages` lists the whole kind, 999 to a request. `filters` asks by name, 15 to a filter (7 where a GUID may be
    either of two ids) and 20 filters to a `$batch`, thus 300 to a request. Each page and each filter costs a resource
    unit of 3,500 to 8,000 in 10 seconds (graph-facts 8); neither way comes near that quota, so the number of requests
    decides. Batches run several at a time, pages one after the other, as each names the next: an equal number goes to
    the filters.
    """
    batches = math.ceil(filters / BATCH_SIZE)
    return "pages" if batches > 1 and math.ceil(size() / PAGE_SIZE) < batches else "filters"


class Bulk:
    """One run of the module."""

    def __init__(
        self,
        params: Mapping[str, Any],
        graph: Graph,
        check_mode: bool,
        say: Callable[[str], None],
        decrypt: Decrypt = no_secret,
        choose: Callable[[int, Callable[[], int]], str] = reading,
    ) -> None:
        self._choose = choose
        self._params = params
        self._graph = graph
        self._sent_before = graph.sent
        self._check_mode = check_mode
        self._directory = Directory(graph)
        self._schema = Schema(graph)
        self._pace = Pace(graph.patience.clock)
        self._definitions: Definitions | GraphError | None = None
        self._proven: set[tuple[PrincipalKind, str]] = set()
        self._began = time.monotonic()
        self._readings: dict[str, str] = {}
        self._warnings: set[str] = set()
        self._lost = ""
        self._journal: Journal | None = None
        self._numbers: dict[int, int] = {}
        self.entries = [
            Item(declaration) for declaration in declarations(params["assignments"], params["src"], decrypt)
        ]
        self._progress = _Progress(say, len(self.entries))

    def read_and_plan(self) -> None:
        """Find every principal and plan its changes. What is wrong with one is noted with it.

        Raises OptionError for a principal that is declared twice, AttributesHidden, and GraphError where reading fails.
        """
        for kind in KINDS.values():
            mine = (entry for entry in self.entries if entry.declaration.who.kind is kind)
            wanted = {entry.declaration.who.identity: entry for entry in mine}
            if wanted:
                self._read(kind, wanted)
        by_id: dict[str, Item] = {}
        for entry in self.entries:
            declaration = entry.declaration
            try:
                principal = exactly_one(declaration.who, entry.found)
            except PrincipalNotFound as error:
                if self._params["on_missing"] == "fail":
                    entry.error = error
                else:
                    entry.missing = error
                continue
            except AmbiguousPrincipal as error:
                entry.plan, entry.error = None, error
                continue
            other = by_id.setdefault(principal.id, entry)
            if other is not entry:
                twice = f"{principal} is declared twice, in {other.declaration.label} and {declaration.label}"
                raise OptionError("src" if self._params["src"] else "assignments", twice)
        missing = [entry.declaration for entry in self.entries if entry.missing]
        if missing and self._params["on_missing"] == "warn":
            first = "; ".join(f"{declaration.label}: {declaration.who}" for declaration in missing[:MESSAGES_SHOWN])
            more = f" and {len(missing) - MESSAGES_SHOWN} more" if len(missing) > MESSAGES_SHOWN else ""
            self._warnings.add(f"{len(missing)} of {len(self.entries)} principals do not exist: {first}{more}.")

    def _read(self, kind: PrincipalKind, wanted: Mapping[tuple[str, str], Item]) -> None:
        names = [entry.declaration.who for entry in wanted.values()]
        properties = {who.by for who in names} - {""}
        how = self._choose(self._directory.filters(kind, names), partial(self._directory.size, kind))
        self._readings[kind.plural] = how
        by_pages = how == "pages"
        directory = self._directory
        found = directory.select(kind, properties=properties) if by_pages else directory.look_up(kind, names)
        for principal in found:
            for identity in principal.identities:
                if entry := wanted.get(identity):
                    self._found(entry, principal)
            self._progress.tell()

    def _found(self, entry: Item, principal: Principal) -> None:
        if any(known.id == principal.id for known in entry.found):
            return  # the same one comes twice where it is asked for by two names
        entry.found += (principal,)
        if len(entry.found) == 1:
            self._progress.read += 1
            try:
                entry.plan = self._planned(entry.declaration, principal)
            except (InvalidValue, UndefinedAttribute, ValueConflict) as error:
                entry.plan = untouched(principal.assignments, entry.declaration.desired)
                entry.error = entry.declaration.explained(error)
            self._progress.to_change += entry.pending
        else:
            self._progress.to_change -= entry.pending
            entry.plan = None

    def _planned(self, declaration: Declaration, principal: Principal) -> Plan:
        """The plan, with the definitions where they matter: to know types, and to foresee what Graph would refuse."""
        current, desired = principal.assignments, declaration.desired
        sets = declaration.attribute_sets
        expected = {} if self._params["force"] else declaration.expected
        shown = {attribute.attribute_set for attribute in current}
        named = {attribute.attribute_set: attribute for attribute in reversed([*desired, *expected])}
        for attribute_set in {**dict.fromkeys(sets), **named}.keys() - shown:
            self._prove(principal.kind, attribute_set, named.get(attribute_set))
        definitions = None
        if doubts := needs_definition(current, desired, sets):
            try:
                definitions = self._defined()
            except PermissionDenied as error:
                ensure_spelling(current, desired, sets=sets)  # which needs no definitions to be wrong
                raise InvalidValue(", ".join(doubts), _doubt(desired), str(error)) from None
        planned = plan(current, desired, definitions, sets=sets, purge=self._params["purge"])
        if expected:
            _ensure_expected(expected, current, desired, planned, definitions)
        if planned.changed:
            self._foresee(planned)
        return planned

    def _prove(self, kind: PrincipalKind, attribute_set: str, named: AttributeName | None) -> None:
        """Make sure, once for each set, that a set that Graph does not show is not hidden, or warn that it may be.

        What is named may not be searchable, and nothing need be named; then another attribute of the set is tried.
        Raises AttributesHidden.
        """
        if (kind, attribute_set) in self._proven:
            return
        self._proven.add((kind, attribute_set))
        known, denied = False, None
        try:
            known = self._directory.ensure_readable(kind, named)
        except AttributesHidden as error:
            denied = error
        if not known and (other := self._searchable(attribute_set)):
            known, denied = self._directory.ensure_readable(kind, other), None
        if denied:
            raise denied
        if not known:
            self._warnings.add(PERHAPS_HIDDEN)

    def _searchable(self, attribute_set: str) -> AttributeName | None:
        """An attribute of the set by which Graph can be asked, if the definitions may be read and there is one."""
        try:
            found = self._defined().values()
        except PermissionDenied:
            return None
        return next(
            (known.attribute for known in found if known.attribute_set == attribute_set and known.searchable), None
        )

    def _defined(self) -> Definitions:
        """All definitions, asked for once. Raises GraphError, each time, where they may not be read."""
        if self._definitions is None:
            try:
                found = self._schema.definitions()
                self._definitions = {known.attribute: known for known in [*found, *self._to_be(found)]}
            except GraphError as error:
                self._definitions = error
        if isinstance(self._definitions, GraphError):
            raise self._definitions.with_traceback(None)  # which would grow each time
        return self._definitions

    def _to_be(self, found: Sequence[Definition]) -> Iterator[Definition]:
        """The definitions as declared tasks make them before this one, in check mode, where they did not."""
        for params in (self._params["definitions"] or []) if self._check_mode else []:
            try:
                after = plan_definition(replace(desired_definition(params), changes=PERMIT), found).after
            except InvalidDeclaration:
                continue  # the task of the definition tells why
            if after:
                yield after

    def _foresee(self, planned: Plan) -> None:
        """Raise InvalidValue or UndefinedAttribute for what Graph would refuse, if the definitions can be read."""
        try:
            check(planned, self._defined())
        except UndefinedAttribute as undefined:
            if not self._check_mode or isinstance(undefined, NameCaseMismatch):
                raise
            self._warnings.add(f"{undefined} Unless an earlier task defines it, the run will fail.")
        except PermissionDenied:
            pass

    def record(self) -> None:
        """Save what is about to change. Raises OptionError."""
        changes = [(entry.principal, entry.plan) for entry in self.entries if entry.pending]
        if changes:
            changed = [(one, plan) for one, plan in changes if one and plan]
            record(self._params["snapshot_path"], changed, self._tenant())

    def _tenant(self) -> str | None:
        return tenant_of(self._graph.claims(), self._params.get("tenant_id"))

    def ensure_tenant(self) -> None:
        """Make sure that snapshots in `src` are of this tenant. Raises OptionError."""
        for path, first in headers(self._params["src"]) if self._params["src"] else ():
            tenant = self._tenant()
            if problem := tenant_problem(first, tenant):
                raise OptionError("src", f"{path} {problem}. Nothing was written")
            if not tenant or not first.get("tenant_id"):
                silent = "the snapshot" if tenant else "the token"
                self._warnings.add(
                    f"The snapshot {path} may be of another tenant, as {silent} does not name its tenant."
                )

    def begin_journal(self) -> None:
        """Replace the former journal by one that has what is known before the first write. Raises OptionError."""
        if self._params["results_path"] is None:
            return
        first = header(RESULTS, self._tenant(), run_id=str(uuid.uuid4()), check_mode=self._check_mode)
        self._journal = Journal("results_path", Path(self._params["results_path"]), first)
        self._numbers = {id(entry): number for number, entry in enumerate(self.entries)}
        self._note((entry for entry in self.entries if not entry.pending), planned=False)

    def _note(self, entries: Iterable[Item], planned: bool) -> None:
        """Write a line of the journal for each entry, some hundred at once."""
        if self._journal is None:
            return
        waiting = iter(entries)
        while some := list(islice(waiting, JOURNAL_LINES)):
            self._journal.add(self._line(entry, planned) for entry in some)

    def _line(self, entry: Item, planned: bool) -> dict[str, Any]:
        entry.noted = (entry.written, entry.error)
        where = {"index": self._numbers[id(entry)], "declared_in": entry.declaration.label}
        return {RECORD: "result", **where, **entry.as_result(planned)}

    def _finish_journal(self, result: Mapping[str, Any], planned: bool) -> None:
        """Write what the journal does not have yet, or has otherwise, and the summary."""
        if self._journal is None:
            return
        self._note((entry for entry in self.entries if entry.noted != (entry.written, entry.error)), planned)
        self._journal.add([{RECORD: "summary", "time": now(), **result["summary"]}])
        self._journal.close()

    def close(self) -> None:
        """Close the journal, whatever happened."""
        if self._journal:
            self._journal.close()

    @property
    def unrecorded(self) -> str:
        """Why the journal lacks something, if it does."""
        return self._journal.problem if self._journal else ""

    def write(self) -> None:
        """Send one PATCH for each principal that differs, paced, and note what came of it."""
        self._progress.start_writing()
        for kind in KINDS.values():
            if not self._write(kind):
                break
        self._read_back()
        if self._lost:
            lost = TransportError(self._lost)
            for entry in self.entries:
                if entry.written and self._params["verify"]:
                    entry.error = WriteNotConfirmed(entry.principal, lost)
                elif entry.pending and not entry.written:
                    entry.error = lost
        elif self._params["verify"]:
            self._verify()

    def interrupt(self, error: Exception) -> None:
        """Note that an error ended the writing: what was not answered until then may have been applied."""
        for entry in self.entries:
            if entry.pending and not entry.written:
                entry.error = EntraError(f"The run ended early: {_named(error)}")
                entry.error.in_doubt = True

    def skip_the_rest(self) -> None:
        """Note that what is pending is not written any more, as on_error=stop wants it."""
        for entry in self.entries:
            entry.skipped = entry.pending and not entry.written

    def _unseen(self, entries: Iterable[Item]) -> list[tuple[Item, WriteNotConfirmed | None]]:
        """Read these entries again, and return why Graph does not show what each of them wrote, if so."""
        asked = [(entry, entry.principal, entry.plan) for entry in entries]
        written = [(one, [*entry.former, plan]) for entry, one, plan in asked if one and plan]
        unseen = self._directory.verify(written, self._progress.tell) if written else {}
        return [(entry, unseen.get(one.id)) for entry, one, plan in asked if one and plan]

    def _read_back(self) -> None:
        """Find out which of the writes were applied whose answers were lost. The others stay unknown."""
        for entry, unseen in self._unseen(entry for entry in self.entries if entry.unknown):
            if unseen is None:
                entry.written, entry.error = True, None

    def _verify(self) -> None:
        """Read again what was written. Plan and write again what another writer changed; the rest fails."""
        written = [entry for entry in self.entries if entry.written]
        for repeats_left in reversed(range(REPEATED_WRITES + 1)):
            overtaken = []
            for entry, unseen in self._unseen(written):
                entry.error = unseen
                if unseen is not None and unseen.shown is not None and repeats_left:
                    overtaken.append((entry, unseen.shown))
            written = [entry for entry, shown in overtaken if self._plan_again(entry, shown)]
            if not written:
                return
            if self._params["snapshot_path"]:
                self.record()
            for kind in KINDS.values():
                self._send(kind, [entry for entry in written if entry.declaration.who.kind is kind])
            written = [entry for entry in written if entry.error is None]

    def _plan_again(self, entry: Item, shown: Assignments) -> bool:
        """Plan an entry by what another writer left, and return whether it has to be written again."""
        if entry.principal is None or entry.plan is None:
            return False
        try:
            planned = self._planned(entry.declaration, replace(entry.principal, assignments=shown))
        except (InvalidValue, UndefinedAttribute, ValueConflict) as error:
            entry.error = error
            return False
        entry.former, entry.plan, entry.error = (*entry.former, entry.plan), planned, None
        return planned.changed

    def _write(self, kind: PrincipalKind) -> bool:
        """Write what is pending of a kind, and again what replication may be to blame for; whether to go on after it.

        With on_error=stop nothing else is sent before that is through, and nothing at all after a refusal that lasts.
        """
        stop, waits = self._params["on_error"] == "stop", iter(REPLICATION_WAITS)
        pending = [entry for entry in self.entries if entry.declaration.who.kind is kind and entry.pending]
        sending = pending
        while sending and not self._lost:
            self._send(kind, sending)
            refused = [entry for entry in sending if entry.error]
            lagging = [entry for entry in refused if self._lagging(entry)]
            seconds = next(waits, None) if lagging else None
            if stop and refused and (lagging != refused or seconds is None):
                return False
            if seconds is not None and self._graph.pause(seconds):
                sending = lagging
            else:
                sending = [entry for entry in pending if entry.pending and not entry.written]
        return not self._lost

    def _send(self, kind: PrincipalKind, entries: Sequence[Item]) -> None:
        """Send these once, with on_error=stop up to the first that is refused."""
        batches = Batches(self._graph, WRITE_ASSIGNMENTS[kind], pace=self._pace)
        parts = [entry.patch("low" if self._params["priority"] == "low" else "") for entry in entries]
        for number, answer in batches.run(parts):
            entry = entries[number]
            if isinstance(answer, EntraError):
                entry.error = self._explained(answer, entry.plan)
                if not isinstance(answer, GraphError) or answer.status == 401:
                    self._lost = f"Nothing more was sent after: {answer}"
                batches.stopped = batches.stopped or bool(self._lost) or self._params["on_error"] == "stop"
            else:
                entry.written, entry.error = True, None
                self._progress.written += 1
            self._note([entry], planned=False)
            self._progress.throttled = self._pace.throttled
            self._progress.tell()

    def _explained(self, error: EntraError, planned: Plan | None) -> EntraError:
        """A refusal that may be for good, with what the definitions tell of it, or that they may not be read.

        One of a whole batch is not about its principals, who share it.
        """
        if isinstance(error, GraphError) and error.status in (400, 404) and "$batch" not in error.operation:
            if isinstance(self._definitions, GraphError):
                error.hint = f"The definition could tell why, but may not be read. {self._definitions.hint}"
            elif self._definitions and planned:
                error.explanation = permanent_refusal_reason(planned, self._definitions)
        return error

    def _lagging(self, entry: Item) -> bool:
        """Whether Graph refused for no reason that is known, as it does for a moment after definitions were made."""
        error, planned = entry.error, entry.plan
        if not isinstance(error, GraphError) or error.status not in (400, 404) or error.hint:
            return False
        return not error.explanation or (planned is not None and planned.adds)

    def check_limit(self) -> None:
        """Refuse what changes more principals than max_changes allows. Raises BulkError with the plan."""
        limit = self._params["max_changes"]
        changes = sum(entry.pending for entry in self.entries)
        if limit is not None and changes > _limit(limit, len(self.entries)):
            failed = f", {len(self.failures)} failed" if self.failures else ""
            raise self.refusal(
                f"{changes} of {counted(len(self.entries), 'principal')} would change{failed}; max_changes is {limit}."
                " Nothing was done.",
                {**self.result(planned=True), "changed": False},
            )

    @property
    def failures(self) -> list[str]:
        """Why each of the entries that failed did."""
        return [f"{entry.declaration.label}: {entry.error}" for entry in self.entries if entry.error]

    def refusal(self, message: str, result: dict[str, Any]) -> BulkError:
        """The error that also tells of the record, and of the entries that failed, of the first few in its message."""
        failures = self.failures
        told = " ".join(filter(None, [message, self.unrecorded, "; ".join(failures[:MESSAGES_SHOWN])]))
        return BulkError(told, {**result, "failures": failures} if failures else result)

    def result(self, planned: bool) -> dict[str, Any]:
        """Return the task's result, of what was done or of what is planned, and finish the journal."""
        self._progress.finish()
        wanted = self._params["report"]
        counts = Counter(entry.outcome(planned) for entry in self.entries)
        result = {
            "changed": any(entry.changed(planned) for entry in self.entries),
            "results": [
                one.as_result(planned)
                for one in self.entries
                if wanted in ("all", one.outcome(planned)) or (wanted == "changed" and one.changed(planned))
            ],
            "summary": {
                "principals": len(self.entries),
                **{outcome: counts[outcome] for outcome in OUTCOMES},
                "requests": self._graph.sent - self._sent_before,
                "throttled": self._pace.throttled,
                "reading": self._readings,
                "seconds": round(time.monotonic() - self._began, 1),
            },
            "diff": self._diff(planned),
        }
        if self._warnings:
            result["warnings"] = sorted(self._warnings)
        self._finish_journal(result, planned)
        return result

    def _diff(self, planned: bool) -> list[dict[str, str]]:
        """What changed, by principal; in sorted order, diff_limit at most."""
        changed = {str(e.principal): e.plan for e in self.entries if e.changed(planned) and e.plan}
        shown = [(title, changed[title]) for title in sorted(changed)[: self._params["diff_limit"]]]
        return [diff(title, in_order(plan.before), in_order(plan.after)) for title, plan in shown]


def _doubt(desired: Desired) -> str:
    """Return why the definitions are needed to know what is meant."""
    if any(isinstance(wanted, Exactly) and wanted.either for wanted in desired.values()):
        return "one row may be the only value or one of several; name the column value[] if it is a list"
    return "text that reads as an integer or Boolean may be either"


def _ensure_expected(
    expected: Expected,
    current: Assignments,
    desired: Desired,
    planned: Plan,
    definitions: Definitions | None,
) -> None:
    """Raise ValueConflict for an attribute with neither its expected nor its desired value, or NameCaseMismatch."""
    ensure_spelling(current, expected, definitions)
    for attribute, value in expected.items():
        now = current.get(attribute)
        fulfilled = attribute in desired and attribute not in planned.changes
        if not fulfilled and not same(now, value):
            said, was = (json.dumps(held, ensure_ascii=False) for held in (value, now))
            raise ValueConflict(
                f"{attribute} is expected to be {said}, but is {was}",
                "It was changed since. Look who did, or write all the same with force=true.",
            )


class _Progress:
    """A line now and then about how far it is, and none where it is quick."""

    def __init__(self, say: Callable[[str], None], total: int) -> None:
        self._say = say
        self._total = total
        self._last = self._writing = time.monotonic()
        self._spoke = False
        self.read = self.to_change = self.written = self.throttled = 0

    def start_writing(self) -> None:
        """From now on it can be told how long the rest takes."""
        self._writing = time.monotonic()

    def tell(self) -> None:
        """Say a line if it is time for one."""
        now = time.monotonic()
        if now - self._last < PROGRESS_EVERY:
            return
        self._last, self._spoke = now, True
        left = (self.to_change - self.written) * (now - self._writing) / self.written if self.written else 0
        self._say(f"{self._counts()}, about {left:,.0f} s left" if left else self._counts())

    def finish(self) -> None:
        """Say a last line, if there was one before."""
        if self._spoke:
            self._say(self._counts())

    def _counts(self) -> str:
        return (
            f"{self.read:,} of {self._total:,} read, {self.to_change:,} to change, {self.written:,} written,"
            f" {self.throttled:,} throttled"
        )


def _check_files(params: Mapping[str, Any]) -> None:
    """Make sure that the files of the run can be written, and overwrite nothing that is read. Raises OptionError."""
    options = ("results_path", "snapshot_path")
    written = [(option, check_file(option, params[option])) for option in options if params[option] is not None]
    check_apart(written, [("src", params["src"])] * bool(params["src"]) + read_files(params))
    if params["snapshot_path"] is not None:
        load(params["snapshot_path"])


def _limit(limit: str, total: int) -> float:
    """A limit as a number of principals. Raises OptionError."""
    match = _LIMIT.fullmatch(limit)
    if not match:
        raise OptionError("max_changes", f"'{limit}' is neither a number nor a percentage such as 10%")
    number, percent = match.groups()
    return int(number) if number else total * float(percent) / 100


@contextmanager
def _at_full_speed() -> Iterator[None]:
    """Meanwhile no garbage is looked for, as none of many declarations is any, and threads take turns quickly.

    The next page is asked for by a thread of its own (`Graph.pages`); it shall not wait until this one is planned.
    """
    collects, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(0.0005)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if collects:
            gc.enable()


def run_bulk(
    params: Mapping[str, Any],
    graph: Graph,
    check_mode: bool,
    progress: Callable[[str], None] = lambda line: None,
    decrypt: Decrypt = no_secret,
    choose: Callable[[int, Callable[[], int]], str] = reading,
) -> dict[str, Any]:
    """`custom_security_attributes`: everything is read, then everything planned, then what differs is written."""
    if params["max_changes"] is not None:
        _limit(params["max_changes"], 0)
    if params["diff_limit"] < 0:
        raise OptionError("diff_limit", f"must be at least 0, not {params['diff_limit']}")
    _check_files(params)
    with _at_full_speed():
        bulk = Bulk(params, graph, check_mode, progress, decrypt, choose)
        bulk.ensure_tenant()
        bulk.read_and_plan()
    bulk.check_limit()
    try:
        return _carried_out(bulk, params, check_mode)
    finally:
        bulk.close()


def _carried_out(bulk: Bulk, params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Write what is planned, and return the result. Raises BulkError where some failed."""
    goes_on = params["on_error"] == "continue" or not bulk.failures
    writes = goes_on and not check_mode
    if writes and params["snapshot_path"]:
        bulk.record()
    bulk.begin_journal()
    if writes:
        try:
            bulk.write()
        except Exception as error:  # noqa: BLE001 - the one guard: the result keeps what is known of every write
            bulk.interrupt(error)
    if not (goes_on and check_mode):
        bulk.skip_the_rest()
    result = bulk.result(planned=check_mode and goes_on)
    if bulk.failures or bulk.unrecorded:
        raise bulk.refusal(_told(result["summary"], check_mode), result)
    return result


def _named(error: Exception) -> str:
    """Return an error in words; one that nobody foresaw by its type, since its text may hold anything."""
    return str(error) if isinstance(error, EntraError) else f"an unexpected {type(error).__name__}; please report it."


def _told(counts: Mapping[str, Any], check_mode: bool) -> str:
    """Return the counts of a run in which not all went well, as a sentence."""
    shown = [("changed", "changed"), ("skipped", "not reached"), ("unchanged", "left unchanged")]
    told = [f"{counts['failed']} of {counted(counts['principals'], 'principal')} failed"]
    told += [f"{counts['unknown']} may have been changed"] if counts["unknown"] else []
    for outcome, words in shown:
        number = counts[outcome]
        be = "would be" if check_mode else "was" if number == 1 else "were"
        told += [f"{number} {be} {words}"] if number or outcome != "skipped" else []
    return ", ".join(told) + "."


BULK = Entry(run_bulk, BULK_SPEC, BULK_CONSTRAINTS)
