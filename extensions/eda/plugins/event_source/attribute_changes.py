# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
short_description: An event for each change of custom security attributes
description:
  - Looks into the audit log of custom security attributes from time to time and gives an event for each new entry, in
    the order of their times. The keys of an event are those of an entry that the module
    entra.attributes.custom_security_attribute_audit_info returns.
  - Entries appear in the log some minutes late, and not in order. Each time the log is read again from O(overlap)
    before the newest entry, and what was given already is left out.
  - When Graph throttles or cannot be reached, it waits longer and longer, up to ten minutes, and goes on where it was.
  - Needs the Graph permission CustomSecAttributeAuditLogs.Read.All, and of a signed-in user the Entra role Attribute
    Log Reader.
options:
  interval:
    description: Seconds between two looks into the log. All of an application may look five times in ten seconds.
    type: float
    default: 60
  overlap:
    description: Seconds by which an entry may appear later than another with the same time.
    type: float
    default: 900
  since:
    description: Where to begin if there is no state yet. A time in ISO 8601, or how long ago, such as 24h. Now by
      default.
    type: str
  state_path:
    description:
      - File that remembers which events were given, so that a restart goes on there. Without it, each start begins at
        O(since).
      - It is written at the start, about once a second while there are events, and at the end. Its folder must exist.
      - After a restart the last event comes again, as nobody knows whether it was dealt with. After a crash so do those
        since the file was last written, which are those of about a second.
    type: path
  retries:
    description: As in the modules, but 0 by default, as the source waits by itself. While it repeats a request it goes
      on after it was stopped.
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
    - name: Tell who assigned what
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
    """How far events were given: nothing from before `since`, up to `newest`, and which of the time of the overlap."""

    since: datetime
    newest: datetime
    overlap: timedelta
    path: Path | None = None
    given: dict[str, datetime] = field(default_factory=dict)  # time by id
    unsaved: bool = True
    tried: float = -math.inf  # when it was last written, or could not be

    @classmethod
    def load(cls, path: Path | None, since: datetime, overlap: timedelta) -> Position:
        """The position that was saved, else the one to begin with. Raises OptionError for a file that is none."""
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
        """Where to read from. What was given before that will not be met again, and is forgotten."""
        self.since, self.given = self._kept()
        return self.since

    def _kept(self) -> tuple[datetime, dict[str, datetime]]:
        """Where the next reading begins, and what of it was given.

        It never goes back, as a longer overlap after a restart would meet what is forgotten.
        """
        since = self.newest - self.overlap if self.newest - self.since > self.overlap else self.since
        return since, {one: at for one, at in self.given.items() if at >= since}

    def note(self, entry: Entry) -> None:
        """Take an entry for dealt with, and save that if the last time is a while ago."""
        at = instant(entry["time"])
        self.newest = max(self.newest, at)
        self.given[entry["id"]] = at
        self.unsaved = True
        if time.monotonic() - self.tried >= SAVE_SECONDS:
            self.keep()

    def save(self) -> None:
        """Write what is not written yet, all of it or nothing. Raises OSError."""
        if self.path is None or not self.unsaved:
            return
        since, given = self._kept()  # all the same, the reading that goes on may still meet the others
        ids = {one: at.isoformat() for one, at in given.items()}
        saved = {"since": since.isoformat(), "time": self.newest.isoformat(), "ids": ids}
        replace_file(self.path, json.dumps(saved).encode())
        self.unsaved = False

    def keep(self) -> None:
        """Save; where that fails, events go on, and a restart gives again those that are not saved."""
        try:
            self.save()
        except OSError as error:
            LOGGER.warning("The state cannot be written to %s: %s", self.path, error.strerror)
        self.tried = time.monotonic()


class Source:
    """Reads the log and puts events on the queue. Whatever takes time runs in a thread of its own."""

    def __init__(self, queue: Any, log: AuditLog, position: Position) -> None:
        self._queue = queue
        self._log = log
        self._position = position
        self._last: Entry | None = None
        self.proven = False  # whether Graph ever gave the log

    async def poll(self) -> None:
        """Give an event for each entry that is new. Raises EntraError."""
        position = self._position
        entries = self._log.entries(since=position.begin())
        while (entry := await asyncio.to_thread(next, entries, None)) is not None:
            self.proven = True
            if entry["id"] in position.given or (self._last and self._last["id"] == entry["id"]):
                continue
            await self._queue.put(dict(entry))
            # The queue of ansible-rulebook holds one event: that there was room means that the one before was taken.
            if self._last:
                await asyncio.to_thread(position.note, self._last)
            self._last = entry
        self.proven = True


async def main(queue: Any, args: dict[str, Any]) -> None:
    """Give events until cancelled. Raises EntraError for what waiting does not heal when it starts."""
    params = _params(args)
    since = moment("since", params["since"] or "0s", datetime.now(timezone.utc))
    path = None if params["state_path"] is None else check_file("state_path", params["state_path"])
    if path:
        check_apart([("state_path", path)], read_files(params))
    position = Position.load(path, since, timedelta(seconds=params["overlap"]))
    interval, failures = params["interval"], 0
    with connect(params, dict(os.environ)) as graph:
        try:
            await asyncio.to_thread(position.save)  # else a restart before the second event would begin at its own now
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
                await asyncio.sleep(pause)
        finally:
            position.keep()


def _params(args: dict[str, Any]) -> dict[str, Any]:
    """The options as modules read theirs. Raises OptionError."""
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
    """Whether it is a matter of credentials, permissions, options and the like, not of the network or the service."""
    if isinstance(error, GraphError):
        return error.status not in RETRIED_STATUSES
    return not isinstance(error, TransportError)
