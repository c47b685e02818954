# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The run of `custom_security_attribute_history_info`: what was assigned at a time, by backups and the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from .._core.assignment_plan import Exactly
from .._core.history import Changed, Observed, Reach, Values, state_at
from .._core.model import KINDS, AttributeName, Principal, PrincipalKind, PrincipalReference, read_reference
from .._core.options import TEXT
from .._core.values import elements
from .._declarations.assignments import declarations
from .._declarations.backups import Backup, BrokenBackup, find_backups
from .._declarations.storage import check_path
from .._errors import OptionError, PermissionDenied, PrincipalNotFound
from .._graph.client import Graph
from .._operation import Operation
from .._tenant.audit_log import AuditLog, Entry, instant
from .._tenant.permissions import tenant_of
from .._tenant.principals import Directory
from .._tenant.visibility import PERHAPS_HIDDEN, Visibility
from .assignment import PRINCIPAL_SPEC, check_names
from .audit_info import moment

HISTORY_INFO_SPEC: dict[str, Any] = {
    "at": {"type": "str", "required": True},
    **PRINCIPAL_SPEC,
    "attribute_set": {"type": TEXT},
    "name": {"type": TEXT},
    "backups": {"type": "path"},
}
HISTORY_INFO_CONSTRAINTS: dict[str, Any] = {
    "mutually_exclusive": [("user", "service_principal")],
    "required_one_of": [("user", "service_principal", "attribute_set")],
    "required_by": {"name": ("attribute_set",)},
}
SLACK = timedelta(minutes=5)
"""How far clocks may differ, and how late Graph may show a change (graph-facts 6.4)."""
LATE = timedelta(minutes=15)
"""The time after which a change is expected to be in the log. When an entry appears is unknown (graph-facts 1.6)."""
_EPOCH = datetime(2000, 1, 1, tzinfo=timezone.utc)
_ASSIGNMENT = "update attribute values assigned"
_EVERY = AttributeName("", "")
"""Stands for every attribute, in a change that cannot be understood."""


@dataclass
class _Subject:
    """A principal by its object id, with what shows its values: per attribute, or for the absent ones of a moment."""

    id: str
    kind: PrincipalKind
    name: str | None = None
    display_name: str | None = None
    exists: bool = False
    changes: dict[AttributeName, list[Changed]] = field(default_factory=dict)
    moments: list[tuple[datetime, datetime, dict[AttributeName, Values], str, bool]] = field(default_factory=list)
    """Start and end, the values, their source, and whether what they lack was not assigned."""

    def attributes(self) -> set[AttributeName]:
        """Return the attributes that anything shows."""
        shown = {attribute for _start, _end, held, _source, _whole in self.moments for attribute in held}
        return (shown | self.changes.keys()) - {_EVERY}

    def observed(self, attribute: AttributeName) -> list[Observed]:
        """Return what was observed of an attribute."""
        return [
            Observed(start.timestamp(), end.timestamp(), held.get(attribute, ()), source)
            for start, end, held, source, whole in self.moments
            if whole or attribute in held
        ]

    def note(self, backup: Backup, held: dict[AttributeName, Values]) -> None:
        """Note its values in a backup."""
        start, end = backup.started - SLACK, backup.finished + SLACK
        self.moments.append((start, end, held, f"the backup {backup.path.name}", backup.complete))

    def changed(self, attribute: AttributeName) -> list[Changed]:
        """Return the changes that may be of an attribute."""
        return [*self.changes.get(attribute, ()), *self.changes.get(_EVERY, ())]

    def as_result(self) -> dict[str, Any]:
        """Return the keys by which results name a principal; what is not known is null."""
        return {"id": self.id, "type": self.kind.name, "display_name": self.display_name, self.kind.key: self.name}


class _Subjects:
    """The principals that are asked for: one name, or all."""

    def __init__(self, who: PrincipalReference | None) -> None:
        self._who = who
        self.found: dict[str, _Subject] = {}

    def get(self, kind: PrincipalKind, object_id: str) -> _Subject:
        """Return a principal, which is asked for from now on."""
        return self.found.setdefault(object_id.lower(), _Subject(object_id.lower(), kind))

    def wanted(self, kind: PrincipalKind, object_id: str, names: Iterable[str | None]) -> _Subject | None:
        """Return a principal if it is asked for, by its id or one of the names that it had."""
        if object_id.lower() in self.found or self._who is None:
            return self.get(kind, object_id)
        given = {object_id.lower(), *(name.lower() for name in names if name)}
        return self.get(kind, object_id) if kind is self._who.kind and self._who.name.lower() in given else None


def run_history_info(
    params: Mapping[str, Any], graph: Graph, check_mode: bool, now: datetime | None = None
) -> dict[str, Any]:
    """Return what was assigned at a time, each value with whether it is certain and what shows it."""
    check_names(params)
    now = now or datetime.now(timezone.utc)
    at = moment("at", params["at"], now)
    if at > now:
        raise OptionError("at", f"{params['at']} is in the future")
    named = any(params[kind] not in (None, "") for kind in KINDS)
    who = read_reference(params) if named or params["attribute_set"] is None else None
    subjects = _Subjects(who)
    warnings = _read_now(graph, who, subjects, now)
    used, broken = _choose_backups(params["backups"], at, tenant_of(graph.claims(), params.get("tenant_id")))
    in_backups = [_read_backup(backup, subjects) for backup in used]
    reach, message = _read_log(graph, who, subjects, _since(used, at), now)
    for backup, ids in zip(used, in_backups, strict=True):
        _note_absent(backup, ids, subjects)
    warnings += [f"These folders are not whole backups, and were not read: {', '.join(broken)}."] if broken else []
    return {
        "changed": False,
        "history": list(_history(params, subjects, at.timestamp(), reach, one=who is not None)),
        "reach": {
            "audit_log_since": _shown(reach.since) if reach else None,
            "audit_log_until": _shown(reach.until) if reach else None,
            "backups": [str(backup.path) for backup in used],
            "message": message,
        },
        **({"warnings": warnings} if warnings else {}),
    }


def _shown(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()


def _read_now(graph: Graph, who: PrincipalReference | None, subjects: _Subjects, now: datetime) -> list[str]:
    """Note the values that are read from now on. Return warnings."""
    directory, warnings = Directory(graph), []
    for kind in KINDS.values() if who is None else [who.kind]:
        try:
            principals: Iterable[Principal] = directory.select(kind) if who is None else [directory.find(who)]
            read = list(principals)
        except PrincipalNotFound:
            continue
        whole = Visibility(graph).check_shown(kind, any(principal.assignments for principal in read), None)
        warnings += [] if whole else [PERHAPS_HIDDEN]
        ended = max(now, datetime.now(timezone.utc))
        for principal in read:
            subject = subjects.get(kind, principal.id)
            subject.name, subject.display_name, subject.exists = principal.key, principal.display_name, True
            held = {name: tuple(elements(value)) for name, value in principal.assignments.items()}
            subject.moments.append((now, ended, held, "the tenant as it is now", whole))
    return warnings


def _choose_backups(folder: str | None, at: datetime, tenant: str | None) -> tuple[list[Backup], list[str]]:
    """Return the last backup before a time and the first one after it, and the folders that are not whole backups."""
    if folder is None:
        return [], []
    found, broken = find_backups(check_path("backups", folder, "folder"), tenant, option="backups")
    before = [backup for backup in found if backup.finished <= at]
    return [*before[-1:], *found[len(before) : len(before) + 1]], broken


def _read_backup(backup: Backup, subjects: _Subjects) -> set[str]:
    """Note the values of a backup. Return the ids of the principals that have some. Raises OptionError."""
    try:
        ids = backup.principals()
    except OSError as error:
        raise OptionError("backups", f"{error.filename} cannot be read: {error.strerror}") from None
    except BrokenBackup as reason:
        raise OptionError("backups", f"{backup.path} is not a whole backup: {reason}") from None
    named = set()
    for declaration in declarations(None, str(backup.path)).found:
        who = declaration.who
        object_id = ids.get(who.kind.name, {}).get(who.name, who.name)
        subject = subjects.wanted(who.kind, object_id, [who.name])
        if subject:
            held = {
                attribute: tuple(elements(wanted.value))
                for attribute, wanted in declaration.desired.items()
                if isinstance(wanted, Exactly)
            }
            subject.name = subject.name or who.name
            subject.note(backup, held)
            named.add(subject.id)
    return named


def _note_absent(backup: Backup, named: set[str], subjects: _Subjects) -> None:
    """Note that principals have no values in a backup, unless some may have been hidden from it."""
    for subject in subjects.found.values() if backup.complete else ():
        if subject.id not in named:
            subject.note(backup, {})


def _since(used: Sequence[Backup], at: datetime) -> datetime:
    """Return from when on the log matters: the last backup before a time, else all of it."""
    earlier = [backup.started - SLACK for backup in used if backup.finished <= at]
    return earlier[-1] if earlier else _EPOCH


def _read_log(
    graph: Graph, who: PrincipalReference | None, subjects: _Subjects, since: datetime, now: datetime
) -> tuple[Reach | None, str]:
    """Note the changes of the log. Return the period in which it has all, and why it was not read."""
    log = AuditLog(graph)
    try:
        oldest = next(log.entries(since=_EPOCH, limit=1), None)
        if oldest is None:
            return None, "The audit log has no entry, so it is not known how far back it reaches."
        since = max(instant(oldest["time"]), since)
        reach = Reach(since.timestamp(), (now - LATE).timestamp())
        targets = [None] if who is None else [subject.id for subject in subjects.found.values()] or [who.name]
        for target in targets:
            for entry in log.entries(since=since, target=target):
                _note(entry, subjects)
    except PermissionDenied as error:
        return None, str(error)
    return (reach if reach.since < reach.until else None), ""


def _note(entry: Entry, subjects: _Subjects) -> None:
    """Note the changes of an entry of the log."""
    if entry["result"] == "failure" or not entry["activity"].lower().startswith(_ASSIGNMENT):
        return
    at, source = instant(entry["time"]), f"the audit log entry {entry['id']}"
    for target in entry["targets"]:
        kind = KINDS.get(target["type"])
        subject = kind and target["id"] and subjects.wanted(kind, target["id"], [target["user_principal_name"]])
        if not subject:
            continue
        subject.name = subject.name or target["user_principal_name"]
        subject.display_name = subject.display_name or target["display_name"]
        understood = entry["result"] == "success" and target["changes"]
        for change in target["changes"] if understood else [{"property": None}]:
            attribute = _attribute(change["property"])
            before, after = (_values(change.get(side)) for side in ("before", "after"))
            if attribute is _EVERY or before is None or after is None:
                before = after = None
            subject.changes.setdefault(attribute, []).append(Changed(at.timestamp(), before, after, source))


def _attribute(name: str | None) -> AttributeName:
    """Return the attribute that a property of the log names: set and name with `_` between, which neither can hold."""
    parts = (name or "").split("_")
    return AttributeName(*parts) if len(parts) == 2 and all(parts) else _EVERY


def _values(found: Any) -> Values | None:
    """Return the values of the log; null for what no attribute can hold."""
    return tuple(found) if isinstance(found, list) and all(isinstance(item, str | int) for item in found) else None


def _history(
    params: Mapping[str, Any], subjects: _Subjects, at: float, reach: Reach | None, *, one: bool
) -> Iterator[dict[str, Any]]:
    """Yield the state of each wanted attribute. A list of all principals leaves out those that certainly had none."""
    attribute_set, name = params["attribute_set"], params["name"]
    for subject in sorted(
        subjects.found.values(), key=lambda subject: (subject.kind.name, subject.name or "", subject.id)
    ):
        wanted = {
            attribute
            for attribute in subject.attributes()
            if attribute_set in (None, attribute.attribute_set) and name in (None, attribute.name)
        }
        if one and name:
            wanted = {AttributeName(attribute_set, name)}
        for attribute in sorted(wanted):
            state = state_at(at, subject.observed(attribute), subject.changed(attribute), reach, subject.exists)
            if one or not state.certain or state.values:
                yield {
                    **subject.as_result(),
                    "attribute_set": attribute.attribute_set,
                    "name": attribute.name,
                    "value": None if state.values is None else list(state.values),
                    "certain": state.certain,
                    "source": state.source,
                    "reason": state.reason,
                }


HISTORY_INFO = Operation(run_history_info, HISTORY_INFO_SPEC, HISTORY_INFO_CONSTRAINTS)
