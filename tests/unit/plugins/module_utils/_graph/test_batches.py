# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Batches of requests: what is sent again, and a pace that uses the quota up without running into it."""

from __future__ import annotations

import heapq
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from email.utils import formatdate
from time import time as wall
from typing import Any

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    ConnectionFailed,
    EntraError,
    GraphError,
    RequestTimeout,
    TransportError,
    UnexpectedResponse,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._graph.batches import (
    Batches,
    Part,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._graph.pace import BATCH_SIZE, InFlight, Pace
from ansible_collections.entra.attributes.plugins.module_utils._graph.patience import Patience
from ansible_collections.entra.attributes.plugins.module_utils._graph.responses import refusal
from ansible_collections.entra.attributes.plugins.module_utils._graph.shapes import BatchAnswer, header_texts

from ...conftest import NEED


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Scripted(Graph):
    """A Graph whose batches are answered by a script: number of the request and its try -> status and headers."""

    def __init__(self, answer: Callable[[str, int], tuple[int, dict[str, str]] | None], **options: int) -> None:
        self.answer = answer
        self.clock = Clock()
        self._patience = Patience(**options, clock=self.clock, sleep=self.clock.sleep, jitter=lambda: 1.0)
        self.tries: dict[str, int] = {}
        self.sizes: list[int] = []
        self.parts: list[Mapping[str, Any]] = []
        self.renewed = 0
        self.trace_lines: list[str] = []

    def show(self, line: str) -> None:
        self.trace_lines.append(line)

    @property
    def patience(self) -> Patience:
        return self._patience

    def batch(self, parts: Sequence[Mapping[str, Any]], *, need: Any) -> dict[str, BatchAnswer]:
        self.sizes.append(len(parts))
        self.parts += parts
        answers = {}
        for part in parts:
            number = part["id"]
            self.tries[number] = self.tries.get(number, 0) + 1
            told = self.answer(number, self.tries[number])
            if told:
                answers[number] = BatchAnswer(told[0], header_texts(told[1]), {"number": number})
        return answers

    def renew(self) -> bool:
        self.renewed += 1
        return self.renewed == 1


def run(graph: Scripted, count: int, method: str = "PATCH") -> dict[int, Any]:
    batches = Batches(graph, NEED, pace=Pace(graph.clock))
    answers = list(batches.run([Part(method, f"/users/{n}", {"n": n}) for n in range(count)]))
    assert len(answers) == len(dict(answers)) == count
    return dict(answers)


def test_twenty_to_a_batch_and_each_answered_once() -> None:
    graph = Scripted(lambda number, time: (200, {}))
    answers = run(graph, 45)
    assert answers == {n: {"number": str(n)} for n in range(45)}
    assert sorted(graph.sizes) == [5, 20, 20]
    assert graph.parts[0] == {
        "id": "0",
        "method": "PATCH",
        "url": "/users/0",
        "headers": {"Content-Type": "application/json"},
        "body": {"n": 0},
    }


def test_headers_of_a_part() -> None:
    assert Part("GET", "/users", advanced=True, priority="low").in_batch(7) == {
        "id": "7",
        "method": "GET",
        "url": "/users",
        "headers": {"ConsistencyLevel": "eventual", "x-ms-throttle-priority": "low"},
    }
    assert "headers" not in Part("GET", "/users").in_batch(7)


def test_only_what_was_throttled_is_sent_again_after_its_own_wait() -> None:
    waits = {"3": 7.25, "4": 2.128}
    sent_at: list[tuple[str, float]] = []

    def answer(number: str, time: int) -> tuple[int, dict[str, str]]:
        sent_at.append((number, graph.clock.now))
        return (429, {"Retry-After": str(waits[number])}) if number in waits and time == 1 else (204, {})

    graph = Scripted(answer)
    run(graph, 5)
    assert {number: tries for number, tries in graph.tries.items() if tries > 1} == {"3": 2, "4": 2}
    for number, seconds in waits.items():
        first, second = (at for sent, at in sent_at if sent == number)
        assert second - first >= seconds


def test_the_trace_has_a_line_for_each_request_that_fails_in_a_batch() -> None:
    def answer(number: str, time: int) -> tuple[int, dict[str, str]] | None:
        if number == "1":
            return (429, {"Retry-After": "1", "request-id": f"id-{time}"}) if time < 3 else (403, {})
        return None if number == "2" and time == 1 else (204, {})

    graph = Scripted(answer)
    for _answer in Batches(graph, NEED).run([Part("PATCH", f"/users/{number}?x=y") for number in range(4)]):
        pass
    assert sorted(graph.trace_lines) == [
        "in a batch: PATCH /users/1: 403, attempt 3",
        "in a batch: PATCH /users/1: 429, request-id id-1, attempt 1",
        "in a batch: PATCH /users/1: 429, request-id id-2, attempt 2",
        "in a batch: PATCH /users/2: UnexpectedResponse, attempt 1",
    ]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize("retries", [0, 2, 5])
def test_retries_count_inside_a_batch(status: int, retries: int) -> None:
    passing = Scripted(lambda number, time: (status, {}) if time <= retries else (204, {}), retries=retries)
    assert not any(isinstance(answer, EntraError) for answer in run(passing, 3).values())
    broken = Scripted(lambda number, time: (status, {"Retry-After": "0.5"}), retries=retries)
    answers = run(broken, 2)
    assert all(isinstance(answer, GraphError) and answer.status == status for answer in answers.values())
    assert set(broken.tries.values()) == {retries + 1}


def test_a_missing_answer_is_asked_for_again_and_in_doubt_in_the_end() -> None:
    silent = Scripted(lambda number, time: None if time < 3 else (204, {}))
    assert not any(isinstance(answer, EntraError) for answer in run(silent, 3).values())
    answers = run(Scripted(lambda number, time: None if number == "1" else (204, {})), 3)
    assert isinstance(answers[1], UnexpectedResponse)
    assert answers[1].in_doubt
    assert "may have been applied" in str(answers[1])


@pytest.mark.parametrize(
    ("method", "answers", "in_doubt"),
    [
        ("PATCH", [400], False),
        ("PATCH", [429] * 6, False),
        ("PATCH", [302], True),
        ("PATCH", [503] * 6, True),
        ("PATCH", [None, 400], True),
        ("PATCH", [None, *[429] * 5], True),
        ("GET", [503] * 6, False),
        ("GET", [None] * 6, False),
    ],
)
def test_a_write_is_in_doubt_if_any_attempt_may_have_been_applied(
    method: str, answers: list[int | None], in_doubt: bool
) -> None:
    def answer(number: str, time: int) -> tuple[int, dict[str, str]] | None:
        status = answers[time - 1]
        return None if status is None else (status, {})

    error = run(Scripted(answer), 1, method)[0]
    assert isinstance(error, EntraError)
    assert error.in_doubt is in_doubt


def test_each_success_refills_the_budget_of_a_request() -> None:
    """One request fails 40 times while others succeed, one after the other."""

    def answer(number: str, time: int) -> tuple[int, dict[str, str]]:
        if number == "0":
            return (503, {"Retry-After": "1"}) if graph.tries[number] <= 7 else (204, {})
        others = sum(tries - 1 for each, tries in graph.tries.items() if each != "0")
        return (204, {}) if int(number) <= graph.tries.get("0", 0) or others > 200 else (429, {"Retry-After": "1"})

    graph = Scripted(answer, retries=2)
    assert not any(isinstance(answer, EntraError) for answer in run(graph, 8).values())
    assert graph.tries["0"] == 8


@pytest.mark.parametrize("seed", range(6))
def test_faults_on_every_third_request_lose_nothing_and_make_no_storm_of_batches(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret

    class Faulty(Scripted):
        def batch(self, parts: Sequence[Mapping[str, Any]], *, need: Any) -> dict[str, BatchAnswer]:
            fault = chance.choice(["503", "cut", "", "", "", ""])
            if not fault:
                return super().batch(parts, need=need)
            self.sizes.append(len(parts))
            error = refusal("POST /$batch", 503, None, {}, need) if fault == "503" else ConnectionFailed("cut")
            error.in_doubt = True
            raise error

    def answer(number: str, time: int) -> tuple[int, dict[str, str]]:
        return (429, {"Retry-After": "1.5"}) if chance.random() < 1 / 3 else (204, {})

    graph = Faulty(answer)
    answers = run(graph, 400)
    assert not any(isinstance(answer, EntraError) for answer in answers.values())
    # 20 batches at best; with these faults each request is sent 2.25 times on average.
    assert len(graph.sizes) <= 75
    assert sum(size < BATCH_SIZE for size in graph.sizes) <= 20


def test_max_wait_ends_a_run_with_what_is_known() -> None:
    def answer(number: str, time: int) -> tuple[int, dict[str, str]]:
        return (204, {}) if number == "0" else (429, {"Retry-After": "150"})

    graph = Scripted(answer, retries=1000, max_wait=600)
    answers = run(graph, 45)
    assert answers[0] == {"number": "0"}
    refused = [str(answer) for answer in answers.values() if isinstance(answer, RequestTimeout)]
    assert len(refused) == 44
    assert all("max_wait=600" in message for message in refused)
    assert graph.clock.now <= 600


def test_a_date_is_a_retry_after_inside_a_batch() -> None:
    def answer(number: str, time: int) -> tuple[int, dict[str, str]]:
        return (429, {"Retry-After": formatdate(wall() + 60, usegmt=True)}) if time == 1 else (204, {})

    graph = Scripted(answer)
    assert run(graph, 1) == {0: {"number": "0"}}
    assert 55 < graph.clock.now < 65


def test_a_token_is_renewed_once_for_a_batch_and_refused_then() -> None:
    expired = Scripted(lambda number, time: (401, {}) if time == 1 else (204, {}))
    assert not any(isinstance(answer, EntraError) for answer in run(expired, 20).values())
    assert expired.renewed == 1
    worthless = Scripted(lambda number, time: (401, {}))
    answers = run(worthless, 1)
    assert isinstance(answers[0], GraphError)
    assert answers[0].status == 401
    assert worthless.tries == {"0": 2}


def test_a_refusal_is_of_its_request_alone() -> None:
    answers = run(Scripted(lambda number, time: (400 if number == "1" else 204, {"request-id": "r1"})), 3)
    assert isinstance(answers[1], GraphError)
    assert (answers[1].operation, answers[1].request_id) == ("PATCH /users/1", "r1")
    assert not isinstance(answers[0], EntraError)


def test_a_batch_that_gets_no_answer_fails_all_its_requests() -> None:
    class Unreachable(Scripted):
        def batch(self, parts: Sequence[Mapping[str, Any]], *, need: Any) -> dict[str, BatchAnswer]:
            self.sizes.append(len(parts))
            raise ConnectionFailed("graph.example: cannot be reached.")

    graph = Unreachable(lambda number, time: None)
    answers = run(graph, 25)
    assert all(isinstance(answer, TransportError) and not answer.in_doubt for answer in answers.values())
    assert 25 * 5 < sum(graph.sizes) <= 25 * 6


def test_after_a_stop_nothing_is_begun() -> None:
    graph = Scripted(lambda number, time: (400, {}))
    batches = Batches(graph, NEED)
    answered = 0
    for _answer in batches.run([Part("PATCH", f"/users/{n}") for n in range(500)]):
        batches.stopped = True
        answered += 1
    assert answered == len(graph.parts) <= BATCH_SIZE * InFlight.FEWEST


class Bucket:
    """The write quota of graph-facts 8, as the local Graph has it, shared with `others` who write so many a second."""

    def __init__(self, clock: Clock, quota: float, seconds: float, others: Callable[[float], float]) -> None:
        self.clock, self.quota, self.rate, self.others = clock, quota, quota / seconds, others
        self.level, self.at, self.taken = quota, 0.0, 0.0

    def flow(self) -> None:
        """Let time pass in the bucket."""
        elapsed = self.clock.now - self.at
        self.at = self.clock.now
        taken = min(self.others(self.at) * elapsed, self.level)
        self.taken += taken
        self.level = min(self.quota, self.level + elapsed * self.rate - taken)

    def write(self) -> tuple[float | None, float]:
        """Seconds to wait if it is refused, and the used share of the quota, which is reported above 80 %."""
        if self.level < 1:
            return (1 - self.level) / self.rate, 1.0
        self.level -= 1
        self.taken += 1
        used = round(1 - self.level / self.quota, 2)
        return None, used if used > 0.8 else 0.0


class Run:
    """A run that writes so much by a `Pace`, with as many batches in flight as `InFlight` says."""

    def __init__(self, clock: Clock, bucket: Bucket, writes: int) -> None:
        self.clock, self.bucket, self.fresh = clock, bucket, writes
        self.pace, self.in_flight = Pace(clock), InFlight()
        self.flying: list[tuple[float, int, int, float, list[float]]] = []
        self.again: list[float] = []
        self.sent = self.throttled = 0

    @property
    def writes(self) -> bool:
        return bool(self.fresh or self.again or self.flying)

    def send(self, latency: float) -> None:
        """Send as many batches as may be sent now."""
        while len(self.flying) < self.in_flight.most:
            ready = sum(at <= self.clock.now for at in self.again)
            size, room = min(ready + self.fresh, BATCH_SIZE), self.pace.room()
            if not size or not room or (room < size and self.pace.delay() > 0):
                break
            size = min(size, room)
            for _again in range(min(size, ready)):
                heapq.heappop(self.again)
            self.fresh -= max(size - ready, 0)
            self.pace.spend(size)
            self.sent += size
            told = [self.bucket.write() for _write in range(size)]
            refused = [wait for wait, _used in told if wait is not None]
            used = max(used for _wait, used in told)
            heapq.heappush(self.flying, (self.clock.now + latency, self.sent, size - len(refused), used, refused))

    def land(self, latency: float) -> None:
        """Take the answers that have arrived."""
        while self.flying and self.flying[0][0] <= self.clock.now:
            _at, _sent, accepted, used, refused = heapq.heappop(self.flying)
            for wait in refused:
                heapq.heappush(self.again, self.clock.now + wait)
            self.throttled += len(refused)
            self.in_flight.land(latency, plain=not used)
            self.pace.learn(accepted, used, max(refused, default=None), len(refused))


def paced(
    writes: int,
    *,
    quota: float = 3000,
    seconds: float = 150,
    latency: float = 0.3,
    begin: float = 1.0,
    others: Callable[[float], float] = lambda now: 0.0,
    runs: int = 1,
) -> tuple[float, float]:
    """Write so much in each of some runs at once; the share of the quota used, and of writes throttled."""
    clock = Clock()
    bucket = Bucket(clock, quota, seconds, others)
    bucket.level = quota * begin
    every = [Run(clock, bucket, writes) for _run in range(runs)]
    while any(run.writes for run in every):
        bucket.flow()
        for run in every:
            run.send(latency)
            run.land(latency)
        clock.sleep(0.01)
    throttled = sum(run.throttled for run in every)
    sent = sum(run.sent for run in every)
    assert sent == writes * runs + throttled == writes * runs + sum(run.pace.throttled for run in every)
    return bucket.taken / (quota * begin + clock.now * bucket.rate), throttled / sent


@pytest.mark.parametrize(
    "case",
    [
        {"writes": 8000},
        {"writes": 8000, "latency": 1.5},
        {"writes": 8000, "seconds": 10, "latency": 0.05},
        {"writes": 8000, "begin": 0.5},
        {"writes": 8000, "begin": 0.03},
        {"writes": 8000, "others": lambda now: 10.0},
        {"writes": 8000, "others": lambda now: 10.0 if now > 60 else 0.0},
        {"writes": 8000, "others": lambda now: 10.0 if 60 < now < 160 else 0.0},
        {"writes": 5000, "quota": 300, "seconds": 15, "latency": 0.1},
        {"writes": 4000, "quota": 1500},
        {"writes": 20000, "quota": 10000, "latency": 0.1},
        {"writes": 2000, "runs": 4, "latency": 0.1},
        {"writes": 2500, "runs": 4, "seconds": 30},
    ],
    ids=[
        "as published",
        "slow network",
        "scaled in time",
        "half used before",
        "used up before",
        "half used by others",
        "others begin in the middle",
        "others come and go",
        "a tenth of the quota",
        "half of the quota",
        "more than the quota",
        "four slices",
        "four slices, scaled in time",
    ],
)
def test_the_pace_uses_the_quota_without_running_into_it(case: dict[str, Any]) -> None:
    used, throttled = paced(**case)
    assert used >= 0.95
    assert throttled <= 0.02


def landed(in_flight: InFlight, *seconds: float, plain: bool = True) -> int:
    """Return how many batches may be in flight after full rounds of answers that took so long."""
    for took in seconds:
        for _batch in range(in_flight.most):
            in_flight.land(took, plain=plain)
    return in_flight.most


def test_batches_in_flight_grow_by_one_in_each_round_of_answers() -> None:
    in_flight = InFlight()
    assert landed(in_flight, 9.9) == 4, "connections are made first"
    assert [landed(in_flight, 0.1) for _round in range(14)] == [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 16, 16]


def test_answers_that_come_slower_halve_the_batches_in_flight() -> None:
    in_flight = InFlight()
    assert landed(in_flight, *[0.1] * 9) == 12
    assert landed(in_flight, 0.14) == 13
    assert landed(in_flight, 0.16) == 6
    assert landed(in_flight, 0.3, 0.3, 0.3) == 4
    assert landed(in_flight, 0.1) == 5


def test_after_a_word_of_the_quota_four_batches_are_enough() -> None:
    in_flight = InFlight()
    assert landed(in_flight, *[0.1] * 9) == 12
    in_flight.land(0.1, plain=False)
    assert in_flight.most == 4
    assert landed(in_flight, *[0.1] * 8) == 4


def test_batches_in_flight_can_be_kept_few() -> None:
    assert landed(InFlight(grows=False), *[0.1] * 9) == 4


@pytest.mark.parametrize(
    ("headers", "count", "most", "patience"),
    [({}, 150, 16, 0.0), ({"x-ms-throttle-limit-percentage": "0.81"}, 30, 4, 10.0)],
)
def test_as_many_batches_are_sent_at_once(headers: dict[str, str], count: int, most: int, patience: float) -> None:
    class Slow(Scripted):
        """A Graph that counts the batches that it answers at once."""

        flying = 0
        at_once = 0

        def batch(self, parts: Sequence[Mapping[str, Any]], *, need: Any) -> dict[str, BatchAnswer]:
            with lock:
                self.flying += 1
                self.at_once = max(self.at_once, self.flying)
                if self.flying == most:
                    reached.set()
            reached.wait(patience)  # on a busy machine, threads start late
            never.wait(0.01)
            with lock:
                self.flying -= 1
                return super().batch(parts, need=need)

    lock, never, reached = threading.Lock(), threading.Event(), threading.Event()
    graph = Slow(lambda number, time: (200, headers))
    run(graph, count * BATCH_SIZE)
    assert graph.at_once == most


def test_without_a_word_of_a_quota_nothing_is_held_back() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _batch in range(100):
        assert pace.room() == BATCH_SIZE
        assert pace.delay() == 0
        pace.spend(BATCH_SIZE)
        pace.learn(BATCH_SIZE, 0.0, None, 0)


def test_a_429_stops_everything_until_it_may_be_tried_again() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.learn(15, 0.0, 4.5, 5)
    assert (pace.room(), pace.delay()) == (0, 4.5)
    clock.sleep(4.0)
    assert (pace.room(), pace.delay()) == (0, 0.5)
    clock.sleep(2.0)
    assert pace.room() > 0


def test_an_abandoned_run_waits_for_no_thread() -> None:
    answered = threading.Event()
    with _graph.threads(1) as pool:
        pool.submit(answered.wait, 30)
    assert not answered.is_set()
    answered.set()
