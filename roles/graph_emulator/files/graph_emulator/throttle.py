# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's quotas of writes and of reports as token buckets (graph-facts 8)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Final

from .access import Caller
from .exchange import GraphError

_WARN_ABOVE: Final = 0.8  # of the quota, as in the service


@dataclass
class _Bucket:
    level: float
    at: float = field(default_factory=time.monotonic)


class Throttle:
    """Counters of the writes and the reports of each application in the tenant."""

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self._conditional_access_at = -math.inf
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def count_write(self, caller: Caller, quota: dict[str, float], *, fractional: bool) -> dict[str, str]:
        """Take one write from the caller's quota, and return response headers.

        `quota`: `writes` in `seconds`, both multiplied by `scale`. Raises GraphError (429) if it is used up. A
        rejected write costs nothing, but a write before Retry-After has passed is rejected again.
        """
        capacity = quota.get("writes", 3000) * quota.get("scale", 1.0)
        kind = ("ReadWrite", "WriteLimitExceeded")
        return self._take(caller, "writes", kind, capacity, quota.get("seconds", 150), fractional=fractional)

    def count_report(self, caller: Caller, quota: dict[str, float], *, fractional: bool) -> None:
        """Take one request from the quota of reports: 5 in 10 seconds, scaled like the other quotas."""
        capacity = max(5 * quota.get("scale", 1.0), 1.0)
        kind = ("Read", "ResourceUnitLimitExceeded")
        self._take(caller, "reports", kind, capacity, 10 * quota.get("seconds", 150) / 150, fractional=fractional)

    def count_read(self, caller: Caller, units: float, quota: dict[str, float], *, fractional: bool) -> None:
        """Take the resource units of one read from the caller's quota, of 8,000 in 10 seconds in a large tenant."""
        kind = ("Read", "ResourceUnitLimitExceeded")
        capacity, seconds = quota.get("units", 8000), quota.get("seconds", 10)
        self._take(caller, "reads", kind, capacity, seconds, units, fractional=fractional)

    def count_conditional_access(self, rate: float) -> None:
        """Take one request from the tenant's quota of Conditional Access.

        Raises GraphError (429) without a time to wait (consumer-facts 1).
        """
        now = time.monotonic()
        if now - self._conditional_access_at < 1 / rate:
            raise GraphError(429, "TooManyRequests", "Too many requests.")
        self._conditional_access_at = now

    def _take(
        self,
        caller: Caller,
        name: str,
        kind: tuple[str, str],
        capacity: float,
        seconds: float,
        cost: float = 1,
        *,
        fractional: bool,
    ) -> dict[str, str]:
        rate = capacity / seconds
        now = time.monotonic()
        bucket = self._buckets.setdefault((caller.app_id, name), _Bucket(capacity))
        bucket.level = min(capacity, bucket.level + (now - bucket.at) * rate)
        bucket.at = now
        cost = min(cost, capacity)
        if bucket.level < cost:
            wait = (cost - bucket.level) / rate
            scope = f"Tenant_Application/{kind[0]}/{caller.app_id}/{self.tenant_id}"
            headers = {
                "Retry-After": f"{wait:.3f}" if fractional else str(math.ceil(wait)),
                "x-ms-throttle-scope": scope,
                "x-ms-throttle-information": kind[1],
                "x-ms-throttle-limit-percentage": "1.0",
            }
            raise GraphError(429, "TooManyRequests", "Too many requests.", headers)
        bucket.level -= cost
        used = 1 - bucket.level / capacity
        return {"x-ms-throttle-limit-percentage": f"{used:.2f}"} if used > _WARN_ABOVE else {}
