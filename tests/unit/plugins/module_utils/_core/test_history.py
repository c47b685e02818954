# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state at a time, from random histories: it is right, or said to be uncertain."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.history import (
    Changed,
    Observed,
    Reach,
    State,
    Values,
    state_at,
)

CHOICES: list[Values] = [(), (1,), (True,), ("1",), (1, 2), (2, 1), ("a", "b")]


def at(hours: float) -> float:
    return 1_793_000_000 + hours * 3600


class History:
    """A random history of an attribute from hour 0 to 100: what happened, and what is left of it."""

    def __init__(self, seed: int) -> None:
        chosen = random.Random(seed)  # noqa: S311
        self.values: list[tuple[int, Values]] = [(0, chosen.choice(CHOICES))]
        changes = []
        for hour in sorted(chosen.choices(range(1, 101), k=chosen.randint(0, 8))):
            before, after = self.values[-1][1], chosen.choice(CHOICES)
            self.values.append((hour, after))
            changes.append(Changed(at(hour), before, after, f"entry of hour {hour}"))
        since, until = sorted(chosen.sample(range(101), 2))
        self.reach = Reach(at(since), at(until)) if chosen.random() < 0.9 else None
        # Outside of its reach, the log has some entries and lacks others.
        self.changes = [
            change
            for change in changes
            if (self.reach and self.reach.covers(change.at, change.at)) or chosen.random() < 0.5
        ]
        if chosen.random() < 0.2:
            self.changes = [replace(change, before=None, after=None) for change in self.changes]
        self.observed = []
        for _number in range(chosen.randint(0, 3)):
            start = chosen.randint(0, 99)
            end = min(100, start + chosen.randint(0, 5))
            seen = self.at(chosen.randint(start, end))
            self.observed.append(Observed(at(start), at(end), seen, f"backup of hour {start}"))
        chosen.shuffle(self.observed)
        chosen.shuffle(self.changes)

    def at(self, hour: float) -> Values:
        """Return what was true."""
        return [values for since, values in self.values if since <= hour][-1]

    def state(self, hour: float) -> State:
        return state_at(at(hour), self.observed, self.changes, self.reach, exists=True)


def typed(values: Values | None) -> set[tuple[type, object]]:
    return {(type(value), value) for value in values or ()}


@pytest.mark.parametrize("block", range(6))
def test_what_is_certain_is_true(block: int) -> None:
    certain = uncertain = 0
    for seed in range(block * 100, block * 100 + 100):
        history = History(seed)
        for half in range(201):
            state = history.state(half / 2)
            if state.certain:
                certain += 1
                assert typed(state.values) == typed(history.at(half / 2)), (seed, half)
                assert (bool(state.source), state.reason) == (True, "")
            else:
                uncertain += 1
                assert state.reason
    assert certain > 1000
    assert uncertain > 1000


@pytest.mark.parametrize("seed", range(20))
def test_a_log_that_has_everything_leaves_no_doubt(seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311
    held = [chosen.choice(CHOICES) for _number in range(5)]
    hours = sorted(chosen.sample(range(1, 100), 4))
    changes = [Changed(at(hour), held[number], held[number + 1], "log") for number, hour in enumerate(hours)]
    for hour in range(101):
        state = state_at(at(hour), [], changes, Reach(at(0), at(100)), exists=True)
        assert state == State(held[sum(hour >= change for change in hours)], True, "log")


SEEN = Observed(at(10), at(11), ("a",), "the backup")
LOG = Reach(at(0), at(50))


def test_a_value_before_and_after_a_backup_is_certain_only_as_far_as_the_log_reaches() -> None:
    assert state_at(at(20), [SEEN], [], LOG, exists=True) == State(("a",), True, "the backup")
    assert state_at(at(5), [SEEN], [], LOG, exists=True) == State(("a",), True, "the backup")
    late = state_at(at(60), [SEEN], [], LOG, exists=True)
    assert (late.values, late.certain) == (("a",), False)
    assert late.reason == "the backup shows them, but later changes may be missing"
    assert state_at(at(20), [SEEN], [], None, exists=True).certain is False


def test_what_nothing_shows_is_not_known() -> None:
    state = state_at(at(5), [SEEN], [], None, exists=True)
    assert (state.values, state.certain) == (None, False)
    assert "neither a backup nor the audit log reaches back" in state.reason


def test_a_contradiction_is_reported_and_decides_nothing() -> None:
    change = Changed(at(30), ("b",), ("c",), "an entry")
    state = state_at(at(20), [SEEN], [change], LOG, exists=True)
    assert state == State(None, False, reason="the backup and an entry contradict each other")


def test_a_change_that_cannot_be_understood_ends_what_is_certain() -> None:
    change = Changed(at(15), None, None, "an entry")
    assert state_at(at(12), [SEEN], [change], LOG, exists=True).certain is True
    state = state_at(at(20), [SEEN], [change], LOG, exists=True)
    assert state == State(None, False, "an entry", "an entry reports a change that cannot be understood")


def test_of_a_deleted_principal_only_what_was_seen_later_is_certain() -> None:
    change = Changed(at(15), (), ("a",), "an entry")
    assert state_at(at(20), [], [change], LOG, exists=True).certain is True
    assert state_at(at(20), [], [change], LOG, exists=False).certain is False
    assert state_at(at(10), [], [change], LOG, exists=False) == State((), True, "an entry")
    assert state_at(at(20), [SEEN], [], LOG, exists=False).certain is False
    assert state_at(at(5), [SEEN], [], LOG, exists=False).certain is True


def test_the_values_of_now_are_likely_where_the_log_may_lack_the_last_minutes() -> None:
    now = Observed(at(51), at(51), ("z",), "the tenant")
    state = state_at(at(40), [now], [], LOG, exists=True)
    assert state == State(("z",), False, "the tenant", "the tenant shows them, but the log ends before it")
