# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The retry policy: how often a request is repeated, how long it waits before, and how long a task waits in all."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timezone
from email.utils import parsedate_to_datetime

from .._errors import EntraError, RequestTimeout

LONGEST_WAIT = 150.0
"""Seconds; Graph counts the write quota of an app in a tenant over 150 seconds (graph-facts 8)."""
LONGEST_BACKOFF = 60.0
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
FIRST_REPEATS = 2
"""Repeats for a host that has not given a single usable answer yet: its address is probably wrong."""


class Patience:
    """The options `retries` and `max_wait` of one task, with the clock by which the task waits.

    `retries` is a budget that each success refills. A request is given up after `retries` repeats during which no
    request of the task succeeded; so it is given up only when nothing succeeds any more. `max_wait` bounds the seconds
    that the task waits in all: for throttling, after errors, and for replication. It does not bound the time in which
    requests are paced or answered.
    """

    def __init__(
        self,
        retries: int = 5,
        max_wait: float = 1800,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.retries = retries
        self.max_wait = max_wait
        self.clock = clock
        self.sleep = sleep
        self.jitter = jitter
        self.successes = 0
        self.waited = 0.0
        self._lock = threading.Lock()

    def restart(self) -> None:
        """Begin another task on the same connections: seconds that were waited before do not count."""
        self.waited = 0.0

    def succeed(self) -> None:
        """Note that a request succeeded, which refills the budget of all others."""
        with self._lock:
            self.successes += 1

    def wait(self, seconds: float, total: float = 0.0) -> bool:
        """Wait. Return False at once where `max_wait` does not allow these seconds, or the `total` they are part of."""
        with self._lock:
            if self.waited + max(seconds, total) > self.max_wait:
                return False
            self.waited += seconds
        self.sleep(seconds)
        return True

    def pause(self, seconds: float) -> bool:
        """Wait for between half of these seconds and all of them. Return False where `max_wait` does not allow it."""
        return self.wait(seconds * (1 + self.jitter()) / 2)

    def exhausted(self, last: EntraError | None = None) -> RequestTimeout:
        """Return the error of a request that `max_wait` does not let wait any longer."""
        error = RequestTimeout(
            f"The task has waited as long as max_wait={self.max_wait:g} allows"
            + (f". The last answer was: {last}" if last else ""),
            "Run the task again later, run fewer tasks at once, or raise max_wait.",
        )
        error.in_doubt = last is not None and last.in_doubt
        return error


class Attempts:
    """The failures of one request, and whether one of its lost attempts may have been applied."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._seen = patience.successes
        self._in_a_row = 0
        self.failures = 0
        self.in_doubt = False

    def fail(self, retry_after: float | None, jitter: float, *, unproven: bool = False) -> float | None:
        """Note a failure. Return the seconds to wait before the next attempt, or None if the request is given up.

        `unproven` says that the host has not given a usable answer yet, and did not this time either.
        """
        if self._seen != self._patience.successes:
            self._seen, self._in_a_row = self._patience.successes, 0
        self._in_a_row += 1
        self.failures += 1
        retries = self._patience.retries
        if self._in_a_row > (min(retries, FIRST_REPEATS) if unproven else retries):
            return None
        backoff = min(2.0 ** min(self.failures, 10), LONGEST_BACKOFF) * jitter
        if retry_after is None:
            return backoff
        return retry_after if self.failures <= retries else max(retry_after, backoff)


def retry_after(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds that `Retry-After` (in lower case) names, by number or date; None for anything else."""
    text = headers.get("retry-after")
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
            seconds = (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp() - now()
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None
