# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The pace of requests: as many at once as Graph answers equally fast, and as many writes as the quota allows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from .patience import LONGEST_WAIT

BATCH_SIZE = 20
"""Requests in a batch (graph-facts 7)."""


class Pace:
    """Limits how many requests are sent, so that the quota is used up but not exceeded.

    The pace is unlimited until Graph reports the used share of the quota, which it does above 80 %. The quota is
    refilled all the time. The refill follows from two answers: the requests sent between them, less the growth of
    the used share. The rate is the refill, plus or minus a little that leads to `GOAL`. When Graph stops reporting
    a share, the rate grows. A 429 stops all requests until they may be repeated. It also halves the assumed quota,
    which may be smaller than the published one.
    """

    GOAL = 0.96
    QUOTA = 3000.0
    """Writes that an app has in a tenant, refilled in 150 seconds (graph-facts 8)."""
    LEAST_QUOTA = 100.0
    APPROACH = 10.0
    """Seconds in which a distance from the goal is to be closed."""
    WINDOW = 1.0
    """Seconds over which the refill is computed, and after which the rate grows."""
    GROWTH = 1.5

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._resume_at = 0.0
        self._rate: float | None = None
        self._credit = 0.0
        self._credited_at = clock()
        self._quota = self.QUOTA
        self._refill = self._quota / LONGEST_WAIT
        self._is_told = False
        self._mark: tuple[float, float, int] | None = None
        self._done = 0
        self.throttled = 0

    def room(self) -> int:
        """Return how many requests may be sent now."""
        now = self._clock()
        if now < self._resume_at:
            return 0
        if self._rate is None:
            return BATCH_SIZE
        # More than a batch may be saved up, because this is asked somewhat later than there is room for one.
        self._credit = min(self._credit + (now - self._credited_at) * self._rate, 2.0 * BATCH_SIZE)
        self._credited_at = now
        return int(self._credit)

    def throttled_for(self) -> float:
        """Return the seconds for which Graph wants no request at all."""
        return max(self._resume_at - self._clock(), 0.0)

    def delay(self) -> float:
        """Return the seconds until there is room for a batch again."""
        now = self._clock()
        if now < self._resume_at or not self._rate:
            return max(self._resume_at - now, 0.0)
        # Without a share of the quota, small steps gain nothing and only make more batches.
        wanted = min(BATCH_SIZE, max(self._rate / 2, 1.0)) if self._is_told else BATCH_SIZE
        return max((wanted - self._credit) / self._rate, 0.0)

    def spend(self, count: int) -> None:
        """Note that so many requests were sent."""
        self._credit -= count
        if self._mark is None:
            # At the beginning nothing is used, unless others were here before: then the first refill is too small.
            self._mark = (self._clock(), 0.0, 0)

    def learn(self, done: int, used: float, retry_after: float | None, throttled: int) -> None:
        """Learn from a batch: requests done, used share of the quota (or 0), longest wait, number throttled."""
        now = self._clock()
        self._done += done
        self._is_told |= used > 0
        self.throttled += throttled
        if retry_after is not None:
            if now >= self._resume_at:
                self._quota = max(self._quota / 2, self.LEAST_QUOTA)
            self._resume_at = max(self._resume_at, now + retry_after)
            used = max(used, 1.0)
        since, before, count = self._mark or (now, 0.0, 0)
        if used <= 0 and self._rate is None:
            return
        if used <= 0:
            if now - since >= self.WINDOW:
                self._mark = (now, 0.8, self._done)
                self._rate = (self._rate or 0.0) * self.GROWTH
            return
        if now - since >= self.WINDOW:
            self._refill = max((self._done - count - (used - before) * self._quota) / (now - since), 1.0)
            self._mark = (now, used, self._done)
        if self._rate is None:
            self._credited_at, self._credit = now, 0.0
        self._rate = max(self._refill + (self.GOAL - used) * self._quota / self.APPROACH, 1.0)


class InFlight:
    """Decides how many batches may be on their way: one more for each round of answers that came as fast as before.

    It ends at `MOST`, and shrinks by half when answers come slower. As soon as Graph reports a used share of the quota,
    throttles or loses a batch, `FEWEST` are enough for the rest of the run. Runs that share a quota, such as slices of
    a job, use it up before many of their batches are in flight. Without `grows` it stays at `FEWEST`.
    """

    FEWEST = 4
    MOST = 16
    SLOWER = 1.5
    """How many times as long as in the fastest round answers may take."""

    def __init__(self, *, grows: bool = True) -> None:
        self.most = self.FEWEST
        self._grows = grows
        self._fastest = math.inf
        self._seconds = 0.0
        self._landed = -self.FEWEST
        """Batches of this round. The first ones make the connections, so they do not count."""

    def land(self, seconds: float, *, plain: bool) -> None:
        """Note that a batch was answered after so long; `plain` means in full, and without a word of the quota."""
        if not plain:
            self.most, self._grows = self.FEWEST, False
        if not self._grows:
            return
        self._landed += 1
        if self._landed > 0:
            self._seconds += seconds
        if self._landed < self.most:
            return
        mean = self._seconds / self._landed
        self._seconds, self._landed, self._fastest = 0.0, 0, min(self._fastest, mean)
        slower = mean > self._fastest * self.SLOWER
        self.most = max(self.most // 2, self.FEWEST) if slower else min(self.most + 1, self.MOST)


def used_share(headers: Mapping[str, str]) -> float:
    """Return the used share of the quota that an answer reports, or 0."""
    try:
        share = float(headers.get("x-ms-throttle-limit-percentage", 0.0))
    except ValueError:
        return 0.0
    return share if 0.0 <= share < 10.0 else 0.0
