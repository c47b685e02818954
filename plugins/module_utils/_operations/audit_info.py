# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The options, run and result of the module for the audit log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from .._core.options import INTEGER, TEXT
from .._errors import OptionError
from .._graph.client import Graph
from .._operation import Operation
from .._tenant.audit_log import AuditLog, instant

AUDIT_INFO_SPEC: dict[str, Any] = {
    "since": {"type": "str", "default": "24h"},
    "until": {"type": "str"},
    "activity": {"type": TEXT},
    "actor": {"type": TEXT},
    "target": {"type": TEXT},
    "limit": {"type": INTEGER},
}
_AGO = re.compile(r"([0-9]+)([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(option: str, text: str, now: datetime) -> datetime:
    """The time that an option names: ISO 8601, in UTC where it says nothing else, or how long ago, such as `24h`.

    Raises OptionError.
    """
    try:
        ago = _AGO.fullmatch(text)
        at = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])}) if ago else instant(text)
        if at.year < 1000:  # which filters cannot hold
            raise ValueError(text)
        return at
    except (ValueError, OverflowError):
        reason = (
            f"'{text}' is neither a time in ISO 8601 from the year 1000 on nor a number with one of the units s, m, h,"
            " d, w"
        )
        raise OptionError(option, reason, "Write 2026-11-22T08:00:00Z, or 24h for a day ago.") from None


def run_audit_info(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`custom_security_attribute_audit_info`: the entries that the options select, the newest first."""
    now = datetime.now(timezone.utc)
    since = moment("since", params["since"], now)
    until = moment("until", params["until"], now) if params["until"] else None
    if until and until < since:
        raise OptionError("until", f"{params['until']} is before since, {params['since']}")
    limit = params["limit"]
    if limit is not None and limit < 1:
        raise OptionError("limit", f"must be at least 1, not {limit}")
    found = AuditLog(graph).entries(
        since=since,
        until=until,
        activity=params["activity"],
        actor=params["actor"],
        target=params["target"],
        newest_first=True,
        limit=limit,
    )
    return {"changed": False, "audits": list(found)}


AUDIT_INFO = Operation(run_audit_info, AUDIT_INFO_SPEC)
