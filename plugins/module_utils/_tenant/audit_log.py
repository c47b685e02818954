# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The audit log of custom security attributes, read at the pace of its quota."""

from __future__ import annotations

import re
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from .._core.values import elements
from .._graph.client import Graph
from .._graph.odata import literal
from .._graph.shapes import member, objects, odd, parse
from .permissions import READ_AUDITS

PAGE_SIZE = 100
"""Entries of a page; Graph has no larger ones (graph-facts 1.6)."""
REQUESTS = 5
SECONDS = 10.0
"""The time in which an app can send that many requests for reports (graph-facts 8)."""
_PATH = "/auditLogs/customSecurityAttributeAudits"
_WHAT = f"GET {_PATH}"
_NAMES = {"id", "display_name", "user_principal_name", "app_id"}
# The last change of an entry names the others, for people who read the log (graph-facts 1.6).
_SUMMARY = "Included Updated Properties"
_TYPES = {"user": "user", "serviceprincipal": "service_principal"}

Entry = dict[str, Any]
"""An entry as results name it: see `_entry`."""


class AuditLog:
    """The log behind a Graph. It is always read in beta, because only that version has it (graph-facts 1.6).

    It is read no faster than the quota allows, instead of until Graph throttles.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._page_size = page_size
        self._graph = graph.in_version("beta")
        self._clock = clock
        self._sleep = sleep
        self._sent: deque[float] = deque(maxlen=REQUESTS)

    def entries(
        self,
        *,
        since: datetime,
        until: datetime | None = None,
        activity: str | None = None,
        actor: str | None = None,
        target: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[Entry]:
        """Yield the entries from `since` to `until`, in the order of their times. Raises GraphError.

        `activity` is a name or its beginning; `actor` and `target` are any of the names of one. Graph filters by what
        it is documented to: a user's UPN as actor, an object id as target. Everything else is compared here.
        """
        conditions = [f"activityDateTime ge {_in_filter(since)}"]
        conditions += [f"activityDateTime le {_in_filter(until)}"] if until else []
        conditions += [f"startswith(activityDisplayName,{literal(activity)})"] if activity else []
        conditions += [f"initiatedBy/user/userPrincipalName eq {literal(actor)}"] if actor and "@" in actor else []
        conditions += [f"targetResources/any(t: t/id eq {literal(target)})"] if target and _is_guid(target) else []
        query = {
            "$filter": " and ".join(conditions),
            "$orderby": f"activityDateTime {'desc' if newest_first else 'asc'}",
            "$top": str(self._page_size if actor or target else min(limit or self._page_size, self._page_size)),
        }
        count = 0
        for item in self._graph.pages(_PATH, need=READ_AUDITS, query=query, before=self._keep_pace):
            entry = _entry(item)
            if _has_name(entry["actor"], actor) and any(_has_name(one, target) for one in entry["targets"] or [{}]):
                yield entry
                count += 1
                if count == limit:
                    return

    def _keep_pace(self) -> None:
        """Wait until one more request is within the quota."""
        if len(self._sent) == REQUESTS:
            self._sleep(max(self._sent[0] + SECONDS - self._clock(), 0.0))
        self._sent.append(self._clock())


def instant(text: str) -> datetime:
    """Return a time that Graph or a person wrote, in UTC, which is also the default. Raises ValueError.

    Python 3.10 knows neither the Z nor any number of decimals.
    """
    text = re.sub(r"[Zz]$", "+00:00", text)
    at = datetime.fromisoformat(re.sub(r"\.([0-9]+)", lambda decimals: f".{decimals[1]:0<6.6}", text))
    try:
        return at.astimezone(timezone.utc) if at.tzinfo else at.replace(tzinfo=timezone.utc)
    except OverflowError:
        raise ValueError(f"{text} is not in the years 1 to 9999 in UTC") from None


def _in_filter(at: datetime) -> str:
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _has_name(found: Mapping[str, Any], name: str | None) -> bool:
    """Return whether an actor or target has this name or ID, without case; null fits all."""
    return name is None or name.lower() in (str(found[key]).lower() for key in _NAMES & found.keys())


def _entry(item: Mapping[str, Any]) -> Entry:
    """Return an entry as results name it. Raises UnexpectedResponse for a shape that Graph does not send."""
    time_ = member(item, "activityDateTime", str, _WHAT, required=True)
    try:
        instant(time_)
    except ValueError:
        raise odd(_WHAT, f"activityDateTime is '{time_}', not a time") from None
    return {
        "id": member(item, "id", str, _WHAT, required=True),
        "time": time_,
        "activity": member(item, "activityDisplayName", str, _WHAT, required=True),
        "result": member(item, "result", str, _WHAT),
        "reason": member(item, "resultReason", str, _WHAT) or "",
        "correlation_id": member(item, "correlationId", str, _WHAT),
        "actor": _actor(member(item, "initiatedBy", dict, _WHAT) or {}),
        "targets": [_target(target) for target in _objects(item, "targetResources")],
    }


def _objects(item: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return objects(member(item, name, list, _WHAT) or [], _WHAT)


def _actor(initiator: Mapping[str, Any]) -> dict[str, Any]:
    """Return the actor with the keys by which results name principals: all of them, so that conditions can use them."""
    user, app = member(initiator, "user", dict, _WHAT) or {}, member(initiator, "app", dict, _WHAT) or {}
    return {
        "id": member(user, "id", str, _WHAT) if user else member(app, "servicePrincipalId", str, _WHAT),
        "type": "user" if user else "service_principal",
        "display_name": member(user or app, "displayName", str, _WHAT),
        "user_principal_name": member(user, "userPrincipalName", str, _WHAT),
        "app_id": member(app, "appId", str, _WHAT),
    }


def _target(target: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": member(target, "id", str, _WHAT),
        "type": _TYPES.get((member(target, "type", str, _WHAT) or "").lower(), "other"),
        "display_name": member(target, "displayName", str, _WHAT),
        "user_principal_name": member(target, "userPrincipalName", str, _WHAT),
        "changes": [
            {
                "property": member(change, "displayName", str, _WHAT),
                "before": _values(change.get("oldValue")),
                "after": _values(change.get("newValue")),
            }
            for change in _objects(target, "modifiedProperties")
            if change.get("displayName") != _SUMMARY
        ],
    }


def _values(value: Any) -> list[Any]:
    """Return the values that the log holds as JSON text of a list or a single value. Other text is a value itself."""
    if value == "":
        return []
    try:
        return elements(parse(value))
    except (TypeError, ValueError):
        return elements(value)
