# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Many requests as fast as Graph allows: 20 to a `$batch`, several batches in flight, paced by what Graph answers.

Batching saves round trips, not quota: each request in a batch counts by itself, and is throttled by itself
(graph-facts 7, 8).
"""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.entra.attributes.plugins.module_utils._errors import EntraError, Need, UnexpectedResponse
from ansible_collections.entra.attributes.plugins.module_utils._graph import (
    LONGEST_WAIT,
    RETRIED_STATUSES,
    Graph,
    refusal,
)

BATCH_SIZE = 20
IN_FLIGHT = 4
TRIES = 8
"""How often a request is sent that meets server errors."""
THROTTLED_TRIES = 100
"""How often a request is sent that is throttled; each waits as long as it is told."""


@dataclass(frozen=True)
class Part:
    """A request of a batch: `url` is below the version; a body must set values, as it may be sent again."""

    method: str
    url: str
    body: dict[str, Any] | None = None
    advanced: bool = False
    priority: str = ""

    def in_batch(self, number: int) -> dict[str, Any]:
        """The form that `$batch` takes."""
        headers = {"Content-Type": "application/json"} if self.body is not None else {}
        if self.advanced:
            headers["ConsistencyLevel"] = "eventual"
        if self.priority:
            headers["x-ms-throttle-priority"] = self.priority
        part: dict[str, Any] = {"id": str(number), "method": self.method, "url": self.url}
        if headers:
            part["headers"] = headers
        if self.body is not None:
            part["body"] = self.body
        return part


class Pace:
    """How many requests may be sent now: all of them, until Graph tells how much of the quota is used.

    Above 80 % of the quota Graph says so in each answer. The quota is refilled all the time, and what is used of it is
    what was sent less what was refilled; so the refill is known from two answers. The rate is the refill, and a little
    more or less that leads to `GOAL`. Where Graph says nothing any more the rate grows. A 429 stops all until it may
    be tried again, and makes what is sent more or less half as much, as the quota may be smaller than is published.
    """

    GOAL = 0.96
    QUOTA = 3000.0
    """Writes that an app has in a tenant, refilled in 150 seconds (graph-facts 8)."""
    LEAST_QUOTA = 100.0
    APPROACH = 10.0
    """Seconds in which a distance from the goal shall be closed."""
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
        self._mark: tuple[float, float, int] | None = None
        self._done = 0
        self.throttled = 0

    def room(self) -> int:
        """How many requests may be sent at this moment."""
        now = self._clock()
        if now < self._resume_at:
            return 0
        if self._rate is None:
            return BATCH_SIZE
        # More than a batch may be saved up, as this is asked somewhat later than there is room for one.
        self._credit = min(self._credit + (now - self._credited_at) * self._rate, 2.0 * BATCH_SIZE)
        self._credited_at = now
        return int(self._credit)

    def delay(self) -> float:
        """Seconds until there is room for a batch again."""
        now = self._clock()
        if now < self._resume_at or not self._rate:
            return max(self._resume_at - now, 0.0)
        return max((min(BATCH_SIZE, max(self._rate / 2, 1.0)) - self._credit) / self._rate, 0.0)

    def spend(self, count: int) -> None:
        """Note that so many were sent."""
        self._credit -= count
        if self._mark is None:
            # At the beginning nothing is used, unless others were here before: then the first refill is too small.
            self._mark = (self._clock(), 0.0, 0)

    def learn(self, done: int, used: float, retry_after: float | None, throttled: int) -> None:
        """Take in an answer: requests done, share of the quota used (0: not told), longest wait, count of throttled."""
        now = self._clock()
        self._done += done
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


@dataclass(order=True)
class _Task:
    """A request on its way: when it may be sent, which it is, and how often it was."""

    ready_at: float
    number: int
    part: Part = field(compare=False)
    tries: int = field(default=0, compare=False)
    throttled: int = field(default=0, compare=False)


class Batches:
    """Sends requests in batches; what is throttled or fails for a while is sent again by itself."""

    def __init__(
        self,
        graph: Graph,
        need: Need,
        *,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._graph = graph
        self._need = need
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self.stopped = False

    def run(self, parts: Sequence[Part]) -> Iterator[tuple[int, Any | EntraError]]:
        """The content of each answer (or the error it is), with the number of its request, in the order of arrival.

        After `stopped` was set nothing more is begun; what was not sent is not answered.
        """
        fresh = deque(_Task(0.0, number, part) for number, part in enumerate(parts))
        again: list[_Task] = []
        flying: dict[Future[dict[str, dict[str, Any]]], list[_Task]] = {}
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            while (fresh and not self.stopped) or again or flying:
                while len(flying) < IN_FLIGHT and (tasks := self._next(fresh, again)):
                    flying[pool.submit(self._send, tasks)] = tasks
                if not flying:
                    self._sleep(self._pause(fresh, again))
                    continue
                waiting = len(flying) < IN_FLIGHT and (again or (fresh and not self.stopped))
                timeout = self._pause(fresh, again) if waiting else None
                landed, _flying = wait(flying, timeout=timeout, return_when=FIRST_COMPLETED)
                for future in landed:
                    yield from self._settle(flying.pop(future), future, again)

    def _next(self, fresh: deque[_Task], again: list[_Task]) -> list[_Task]:
        """The tasks of the next batch: those whose wait is over first. Never a part of what the pace has room for."""
        now = self._clock()
        due = sum(task.ready_at <= now for task in again) + (0 if self.stopped else len(fresh))
        size = min(due, BATCH_SIZE)
        if size and self._pace:
            room = self._pace.room()
            if room < size and self._pace.delay() > 0:
                return []
            size = min(size, room)
        tasks: list[_Task] = []
        while len(tasks) < size:
            if again and again[0].ready_at <= now:
                tasks.append(heapq.heappop(again))
            elif fresh and not self.stopped:
                tasks.append(fresh.popleft())
            else:
                break
        if tasks and self._pace:
            self._pace.spend(len(tasks))
        return tasks

    def _pause(self, fresh: deque[_Task], again: list[_Task]) -> float:
        """Seconds until something can be sent, at most one, as an answer may change the pace."""
        due = 0.0 if fresh and not self.stopped else again[0].ready_at - self._clock()
        return min(max(due, self._pace.delay() if self._pace else 0.0, 0.01), 1.0)

    def _send(self, tasks: list[_Task]) -> dict[str, dict[str, Any]]:
        return self._graph.batch([task.part.in_batch(task.number) for task in tasks], need=self._need)

    def _settle(
        self, tasks: list[_Task], future: Future[dict[str, dict[str, Any]]], again: list[_Task]
    ) -> Iterator[tuple[int, Any | EntraError]]:
        """Hand out what is answered, and put back what has to be sent again."""
        try:
            answers = future.result()
        except EntraError as error:
            for task in tasks:
                yield task.number, error
            return
        done, throttled, used, longest = 0, 0, 0.0, None
        renewed: bool | None = None
        for task in tasks:
            answer = answers.get(str(task.number), {"status": 503})
            status, headers = int(answer.get("status", 503)), answer.get("headers") or {}
            known = {name.lower(): value for name, value in headers.items()}
            used = max(used, _number(known.get("x-ms-throttle-limit-percentage"), 0.0))
            task.tries += 1
            if status == 401 and renewed is None:
                renewed = self._graph.renew()
            if status == 429 and task.throttled < THROTTLED_TRIES:
                throttled += 1
                task.throttled += 1
                seconds = min(max(_number(known.get("retry-after"), 2.0 ** min(task.throttled, 6)), 0.0), LONGEST_WAIT)
                longest = max(longest or 0.0, seconds)
                task.ready_at = self._clock() + seconds
                heapq.heappush(again, task)
            elif ((status in RETRIED_STATUSES and status != 429) or (status == 401 and renewed)) and task.tries < TRIES:
                seconds = 0.0 if status == 401 else _number(known.get("retry-after"), float(2 ** (task.tries - 1)))
                task.ready_at = self._clock() + min(max(seconds, 0.0), LONGEST_WAIT)
                heapq.heappush(again, task)
            elif status >= 300:
                operation = f"{task.part.method} {task.part.url.partition('?')[0]}"
                yield task.number, refusal(operation, status, answer.get("body"), headers, self._need)
                done += 1
            elif task.part.method == "GET" and not isinstance(answer.get("body"), dict):
                operation = f"GET {task.part.url.partition('?')[0]}"
                yield task.number, UnexpectedResponse(f"{operation}: what a batch holds as the answer is no JSON.")
                done += 1
            else:
                yield task.number, answer.get("body")
                done += 1
        if self._pace:
            self._pace.learn(done, used, longest, throttled)


def _number(text: Any, otherwise: float) -> float:
    """A header's number, which may be a fraction, or missing, or none."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return otherwise
