# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
short_description: Deliver an event for each change of custom security attributes
description:
  - Reads the audit log of custom security attributes regularly and delivers an event for each new entry, in the order
    of their times. An event has the keys of an entry that the module
    entra.attributes.custom_security_attribute_audit_info returns.
  - Entries appear in the log some minutes late, and not in order. Each read starts O(overlap) seconds before the newest
    entry, and leaves out entries that were delivered before.
  - If Graph throttles or cannot be reached, the source waits up to ten minutes between attempts, and continues where it
    was.
  - Needs the Graph permission CustomSecAttributeAuditLogs.Read.All. A signed-in user also needs the Entra role
    Attribute Log Reader.
options:
  interval:
    description: Seconds between two reads of the log. Graph allows an application five reads in ten seconds.
    type: float
    default: 60
  overlap:
    description: Seconds by which an entry can appear later than another one of the same time.
    type: float
    default: 900
  since:
    description: Where to begin without a state. A time in ISO 8601, or an age such as 24h. Now by default.
    type: str
  state_path:
    description:
      - File that remembers which events were delivered, so that a restart continues there. Without it, each start
        begins at O(since).
      - The source writes it at the start, about once a second while there are events, and at the end. The folder must
        exist.
      - After a restart, the source delivers the last event again, because it cannot know whether that was handled.
        After a crash, it also delivers those since the last write of the file, which are those of about a second.
    type: path
  retries:
    description: As in the modules, but 0 by default, because the source itself waits and tries again. With more, a
      stopped source continues until the repeats of its current request end.
    type: int
    default: 0
  tenant_id, client_id, client_secret and the other connection options of the modules:
    description: As in the modules, with the same environment variables.
"""

EXAMPLES = r"""
- name: Attributes
  hosts: localhost
  sources:
    - entra.attributes.attribute_changes:
        state_path: /var/lib/eda/attribute_changes.json
  rules:
    - name: Report who assigned what
      condition: event.activity is match("Update attribute values assigned")
      action:
        debug:
          msg: "{{ event.actor.display_name }} changed {{ event.targets[0].display_name }}"
"""

import asyncio
import importlib.util
import json
import logging
import math
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator


def _importable() -> bool:
    try:
        return importlib.util.find_spec("ansible_collections.entra.attributes.plugins") is not None
    except ModuleNotFoundError:
        return False


if not _importable():
    # ansible-rulebook runs this file by its path, and unlike Ansible makes no collection importable. Ansible's own way
    # would keep it from running the next file.
    tree = Path(__file__).absolute().parents[6]
    sys.path.append(str(tree.parent))
    import ansible_collections

    if str(tree) not in ansible_collections.__path__:  # which is elsewhere, and no namespace
        ansible_collections.__path__.append(str(tree))

from ansible_collections.entra.attributes.plugins.module_utils._connection import connection_spec, is_set, read_files
from ansible_collections.entra.attributes.plugins.module_utils._declarations.storage import (
    check_apart,
    check_file,
    read_regular,
    replace_file,
)
from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    EntraError,
    GraphError,
    OptionError,
    TransportError,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph.patience import RETRIED_STATUSES
from ansible_collections.entra.attributes.plugins.module_utils._operation import connect
from ansible_collections.entra.attributes.plugins.module_utils._operations.audit_info import moment
from ansible_collections.entra.attributes.plugins.module_utils._tenant.audit_log import AuditLog, Entry, instant

LOGGER = logging.getLogger(__name__)
LONGEST_PAUSE = 600.0
"""Seconds between two attempts while Graph cannot be reached."""
LEAST_INTERVAL = 0.5
"""Seconds from which these grow, however short the interval is."""
SAVE_SECONDS = 1.0
"""Between two times that the state is written while events are given, as it holds all ids of the overlap."""
YEAR = 31_536_000.0
"""Seconds; longer than Entra keeps any log."""
SPEC: dict[str, Any] = {
    "interval": {"type": "float", "default": 60.0},
    "overlap": {"type": "float", "default": 900.0},
    "since": {"type": "str"},
    "state_path": {"type": "path"},
    "retries": {**connection_spec({})["retries"], "default": 0},
}


@dataclass
class Position:
    """Progress of the delivery: the interval from `since` to `newest`, and the entries delivered within the overlap."""

    since: datetime
    newest: datetime
    overlap: timedelta
    path: Path | None = None
    given: dict[str, datetime] = field(default_factory=dict)  # time by id
    unsaved: bool = True
    tried: float = -math.inf  # when it was last written, or could not be

    @classmethod
    def load(cls, path: Path | None, since: datetime, overlap: timedelta) -> Position:
        """Return the saved position, or the one to begin with. Raises OptionError for a file that is not a state."""
        if path is None:
            return cls(since, since, overlap)
        try:
            saved = json.loads(read_regular(path))
            given = {one: instant(at) for one, at in dict(saved["ids"]).items()}
            return cls(instant(saved["since"]), instant(saved["time"]), overlap, path, given)
        except FileNotFoundError:
            return cls(since, since, overlap, path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OptionError("state_path", f"{path} cannot be read as a state: {error}") from None

    def begin(self) -> datetime:
        """Return where to read from, and forget the entries delivered before that time."""
        self.since, self.given = self._kept()
        return self.since

    def _kept(self) -> tuple[datetime, dict[str, datetime]]:
        """Return where the next read begins, and the entries delivered since that time.

        The time never moves back: after a restart with a longer overlap, forgotten entries would be delivered again.
        """
        since = self.newest - self.overlap if self.newest - self.since > self.overlap else self.since
        return since, {one: at for one, at in self.given.items() if at >= since}

    def note(self, entry: Entry) -> None:
        """Record an entry as delivered. Save the position if the last write is more than SAVE_SECONDS ago."""
        at = instant(entry["time"])
        self.newest = max(self.newest, at)
        self.given[entry["id"]] = at
        self.unsaved = True
        if time.monotonic() - self.tried >= SAVE_SECONDS:
            self.keep()

    def save(self) -> None:
        """Replace the state file if the position has changed. Raises OSError."""
        if self.path is None or not self.unsaved:
            return
        since, given = self._kept()  # the memory keeps the others, which the current read can still return
        ids = {one: at.isoformat() for one, at in given.items()}
        saved = {"since": since.isoformat(), "time": self.newest.isoformat(), "ids": ids}
        replace_file(self.path, json.dumps(saved).encode())
        self.unsaved = False

    def keep(self) -> None:
        """Save the position. If that fails, log a warning and continue: a restart then repeats the unsaved events."""
        try:
            self.save()
        except OSError as error:
            LOGGER.warning("The state cannot be written to %s: %s", self.path, error.strerror)
        self.tried = time.monotonic()


class Source:
    """Reader of the log that puts events on the queue. Slow work runs in a separate thread."""

    def __init__(self, queue: Any, log: AuditLog, position: Position) -> None:
        self._queue = queue
        self._log = log
        self._position = position
        self._last: Entry | None = None
        self.proven = False  # whether Graph has ever returned the log

    async def poll(self) -> None:
        """Deliver an event for each new entry. Raises EntraError."""
        position = self._position
        entries = self._log.entries(since=position.begin())
        while (entry := await asyncio.to_thread(next, entries, None)) is not None:
            self.proven = True
            if entry["id"] in position.given or (self._last and self._last["id"] == entry["id"]):
                continue
            await self._queue.put(dict(entry))
            # The queue of ansible-rulebook has room for one event, so the event before was taken.
            if self._last:
                await asyncio.to_thread(position.note, self._last)
            self._last = entry
        self.proven = True


async def main(queue: Any, args: dict[str, Any], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Deliver events until cancelled. Raises EntraError at the start for a failure that waiting cannot repair."""
    params = _params(args)
    since = moment("since", params["since"] or "0s", datetime.now(timezone.utc))
    path = None if params["state_path"] is None else check_file("state_path", params["state_path"])
    if path:
        check_apart([("state_path", path)], read_files(params))
    position = Position.load(path, since, timedelta(seconds=params["overlap"]))
    interval, failures = params["interval"], 0
    with connect(params, dict(os.environ)) as graph:
        try:
            await asyncio.to_thread(position.save)  # so that a restart before the second event begins here
        except OSError as error:
            raise OptionError("state_path", f"{path} cannot be written: {error.strerror}") from None
        source = Source(queue, AuditLog(graph), position)
        try:
            while True:
                graph.patience.restart()
                try:
                    await source.poll()
                    failures, pause = 0, interval
                except EntraError as error:
                    if not source.proven and _is_lasting(error):
                        raise
                    failures = min(failures + 1, 20)
                    pause = min(max(interval, LEAST_INTERVAL) * 2**failures, max(LONGEST_PAUSE, interval))
                    LOGGER.warning("The audit log cannot be read, next attempt in %.0f s: %s", pause, error)
                await asyncio.to_thread(position.keep)
                await sleep(pause)
        finally:
            position.keep()


def _params(args: dict[str, Any]) -> dict[str, Any]:
    """Return the options, read and checked as in the modules. Raises OptionError."""
    spec = {**connection_spec(os.environ), **SPEC}
    own = SPEC.keys() - connection_spec(os.environ).keys()
    given = {
        name: value for name, value in args.items() if name != "eda_feedback_queue" and (name in own or is_set(value))
    }
    validated = ArgumentSpecValidator(spec).validate(given)
    if validated.error_messages:
        raise OptionError("attribute_changes", f"wrong options: {'; '.join(validated.error_messages)}")
    params: dict[str, Any] = validated.validated_parameters
    for name in ("interval", "overlap"):
        if not 0 <= params[name] <= YEAR:
            raise OptionError(name, f"must be seconds from 0 to {YEAR:.0f}, a year, not {params[name]}")
    return params


def _is_lasting(error: EntraError) -> bool:
    """Return whether the cause is a credential, a permission or an option, not the network or the service."""
    if isinstance(error, GraphError):
        return error.status not in RETRIED_STATUSES
    return not isinstance(error, TransportError)
