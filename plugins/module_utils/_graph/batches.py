# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Many requests as fast as Graph allows: 20 to a `$batch`, several batches in flight, paced by what Graph answers.

Batching saves round trips, not quota: each request in a batch counts and is throttled like any other (graph-facts 7,
8).
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from .._errors import (
    EntraError,
    GraphError,
    Need,
    TlsError,
    TransportError,
    UnexpectedResponse,
)
from .client import Graph, threads
from .odata import encoded
from .pace import BATCH_SIZE, InFlight, Pace, used_share
from .patience import RETRIED_STATUSES, Attempts
from .responses import refusal
from .shapes import BatchAnswer, odd

GATHER = 5.0
"""Seconds that repeats wait for others that may be sent a little later, to share a batch with them."""


@dataclass(frozen=True)
class Part:
    """A request of a batch: `url` is below the version. A body must set values, because it may be sent again."""

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


@dataclass(order=True)
class _Task:
    """A request on its way: when it may be sent, which it is, and how its attempts failed."""

    ready_at: float
    number: int
    part: Part = field(compare=False)
    attempts: Attempts = field(compare=False)
    renewed: bool = field(default=False, compare=False)
    error: EntraError | None = field(default=None, compare=False)

    @property
    def operation(self) -> str:
        return f"{self.part.method} {self.part.url.partition('?')[0]}"


@dataclass(frozen=True)
class _Landed:
    """The outcome of a batch: the answers, or why it was lost, and the seconds that this took."""

    answers: dict[str, BatchAnswer]
    lost: EntraError | None
    seconds: float


class Batches:
    """Sends requests in batches. Repeats requests that are throttled, fail temporarily, or get no answer.

    Each request has its own retry budget, as `Patience` describes, in whichever batch it is sent. Repeats wait for each
    other and for the batches on their way, so that they make few and full batches.
    """

    def __init__(self, graph: Graph, need: Need, *, pace: Pace | None = None, grows: bool = True) -> None:
        """`grows` lets more batches be in flight while answers stay as fast; see `InFlight`."""
        self._graph = graph
        self._need = need
        self._pace = pace
        self._in_flight = InFlight(grows=grows)
        self._patience = graph.patience
        self._lost_in_a_row = 0
        self._gone: EntraError | None = None
        self.stopped = False

    def run(self, parts: Sequence[Part]) -> Iterator[tuple[int, Any | EntraError]]:
        """Yield the number of each request with the content or error of its answer, when it arrives.

        An error of a write is `in_doubt` if an attempt of this request may have been applied. After `stopped` was set
        nothing more is begun; requests that were not sent are not answered. When a whole batch is given up, nothing
        succeeds any more: all other requests then have the same error.
        """
        fresh = deque(_Task(0.0, number, part, Attempts(self._patience)) for number, part in enumerate(parts))
        again: list[_Task] = []
        flying: dict[Future[_Landed], list[_Task]] = {}
        with threads(InFlight.MOST) as pool:
            while (fresh and not self.stopped) or again or flying:
                while len(flying) < self._in_flight.most and (tasks := self._next(fresh, again, bool(flying))):
                    flying[pool.submit(self._send, tasks)] = tasks
                held = self._held(fresh, again, bool(flying))
                pause = min(max(held, self._pace.delay() if self._pace else 0.0, 0.01), 1.0)
                if not flying:
                    if not held:
                        self._patience.sleep(pause)
                    elif not self._patience.wait(pause, held):
                        yield from self._give_up(fresh, again, self._patience.exhausted)
                        return
                    continue
                timeout = pause if len(flying) < self._in_flight.most and math.isfinite(held) else None
                ended, _flying = wait(flying, timeout=timeout, return_when=FIRST_COMPLETED)
                landed = [(future.result(), flying.pop(future)) for future in ended]
                for batch, tasks in sorted(landed, key=lambda pair: pair[0].lost is not None):  # answers first
                    yield from self._settle(tasks, batch, again)
                if gone := self._gone:
                    yield from self._give_up(fresh, again, lambda last: copy(last or gone))

    def _next(self, fresh: deque[_Task], again: list[_Task], flying: bool) -> list[_Task]:
        """Return the requests of the next batch: repeats whose wait is over first, and no more than the pace allows."""
        now = self._patience.clock()
        if self._ready_at(fresh, again, flying) > now:
            return []
        more = len(fresh) if self._begins(fresh, again) else 0
        size = min(sum(task.ready_at <= now for task in again) + more, BATCH_SIZE)
        if size and self._pace:
            room = self._pace.room()
            if room < size and self._pace.delay() > 0:
                return []
            size = min(size, room)
        tasks: list[_Task] = []
        while len(tasks) < size:
            if again and again[0].ready_at <= now:
                tasks.append(heapq.heappop(again))
            elif fresh and more:
                tasks.append(fresh.popleft())
            else:
                break
        if tasks and self._pace:
            self._pace.spend(len(tasks))
        return tasks

    def _begins(self, fresh: deque[_Task], again: list[_Task]) -> bool:
        """Return whether requests may be sent that were not sent yet: not while every batch is lost."""
        return bool(fresh) and not self.stopped and not (again and self._lost_in_a_row >= self._in_flight.most)

    def _ready_at(self, fresh: deque[_Task], again: list[_Task], flying: bool) -> float:
        """Return when the next batch may be sent, infinity where that depends on the answers on their way.

        Repeats alone are sent when they fill a batch. Otherwise they wait for what is on its way, which may have to be
        repeated too, and then for repeats that follow soon.
        """
        if self._begins(fresh, again):
            return -math.inf
        times = [task.ready_at for task in heapq.nsmallest(BATCH_SIZE, again)]
        if flying or not times:
            return times[-1] if len(times) == BATCH_SIZE else math.inf
        return max(at for at in times if at <= times[0] + GATHER)

    def _held(self, fresh: deque[_Task], again: list[_Task], flying: bool) -> float:
        """Return the seconds for which throttling and back-off hold the next batch, whatever the pace allows."""
        now = self._patience.clock()
        throttled = self._pace.throttled_for() if self._pace else 0.0
        return max(self._ready_at(fresh, again, flying) - now, throttled, 0.0)

    def _send(self, tasks: list[_Task]) -> _Landed:
        """Send a batch. Its error is returned, so that the time that it took is known."""
        began, answers, lost = self._patience.clock(), {}, None
        try:
            answers = self._graph.batch([task.part.in_batch(task.number) for task in tasks], need=self._need)
        except EntraError as error:
            lost = error
        return _Landed(answers, lost, self._patience.clock() - began)

    def _settle(
        self, tasks: list[_Task], landed: _Landed, again: list[_Task]
    ) -> Iterator[tuple[int, Any | EntraError]]:
        """Hand out what is answered, and put back what has to be sent again."""
        lost, answers = landed.lost, landed.answers
        self._lost_in_a_row = self._lost_in_a_row + 1 if lost else 0
        used = max((used_share(answer.headers) for answer in answers.values()), default=0.0)
        jitter, done, throttled, longest = self._patience.jitter(), 0, 0, None
        renewed: bool | None = None
        for task in tasks:
            outcome = copy(lost) if lost else self._outcome(task, answers.get(str(task.number)))
            status = outcome.status if isinstance(outcome, GraphError) else 0
            seconds: float | None = None
            if status == 401 and not lost and not task.renewed:
                task.renewed = True
                renewed = self._graph.renew() if renewed is None else renewed
                seconds = 0.0 if renewed else None
            elif _passes(outcome):
                told = outcome.retry_after if isinstance(outcome, GraphError) else None
                seconds = task.attempts.fail(told, jitter)
                if status == 429 and seconds is not None:
                    throttled, longest = throttled + 1, max(longest or 0.0, seconds)
            else:
                self._patience.succeed()
            if isinstance(outcome, EntraError):
                self._graph.show(_line(task, outcome))
                task.attempts.in_doubt |= task.part.method != "GET" and (
                    outcome.in_doubt or 0 < status < 400 or status >= 500
                )
                outcome.in_doubt = task.attempts.in_doubt
            if seconds is None:
                self._gone = lost if _passes(lost) else self._gone
                done += 1
                yield task.number, outcome
            else:
                task.error, task.ready_at = outcome, self._patience.clock() + seconds
                heapq.heappush(again, task)
        self._in_flight.land(landed.seconds, plain=not (lost or used or throttled))
        if self._pace:
            self._pace.learn(done, used, longest, throttled)

    def _outcome(self, task: _Task, answer: BatchAnswer | None) -> Any | EntraError:
        """Return the content of an answer, or the error it is."""
        if answer is None:
            missing = UnexpectedResponse(f"{task.operation}: the batch was answered without a usable answer to it.")
            missing.in_doubt = True
            return missing
        if answer.status >= 300:
            return refusal(task.operation, answer.status, answer.body, answer.headers, self._need)
        if task.part.method == "GET" and not isinstance(answer.body, dict):
            return odd(task.operation, "the answer in a batch is not an object")
        return answer.body

    def _give_up(
        self, fresh: deque[_Task], again: list[_Task], reason: Callable[[EntraError | None], EntraError]
    ) -> Iterator[tuple[int, EntraError]]:
        """Hand out an error for each request that is not on its way; `reason` makes it from its last error."""
        given_up = [*sorted(again), *([] if self.stopped else fresh)]
        again.clear()
        fresh.clear()
        for task in given_up:
            error = reason(task.error)
            error.in_doubt = task.attempts.in_doubt
            yield task.number, error


def first_pages(
    graph: Graph, need: Need, lists: Sequence[tuple[str, Mapping[str, str]]], *, advanced: bool = False
) -> Iterator[tuple[int, Any | EntraError]]:
    """Yield the number of each list, a path with its query, with its first page or its error, when it arrives.

    Pages are as large as Graph allows. `Graph.rest` returns the items of a page and of those that follow it.
    """
    left = dict(enumerate(lists))
    while left:
        size, numbers, refused = graph.page_size, list(left), {}
        counted = {"$count": "true"} if advanced else {}
        queries = [(path, {**query, **counted, "$top": str(size)}) for path, query in left.values()]
        parts = [Part("GET", encoded(path, query), advanced=advanced) for path, query in queries]
        for place, answer in Batches(graph, need).run(parts):
            number = numbers[place]
            if isinstance(answer, GraphError) and graph.halve_pages(answer, size):
                refused[number] = left[number]
            else:
                yield number, answer
        left = refused


def _passes(outcome: Any) -> bool:
    """Return whether an error may pass, so that the request is worth another attempt."""
    if isinstance(outcome, GraphError):
        return outcome.status in RETRIED_STATUSES
    return isinstance(outcome, TransportError) and not isinstance(outcome, TlsError)


def _line(task: _Task, error: EntraError) -> str:
    """Return the line of the trace about a request that failed in a batch."""
    status, request_id = type(error).__name__, ""
    if isinstance(error, GraphError):
        status, request_id = str(error.status), error.request_id
    ids = [f"request-id {request_id}"] if request_id else []
    attempt = task.attempts.failures + (not _passes(error))
    return ", ".join([f"in a batch: {task.operation}: {status}", *ids, f"attempt {attempt}"])
