# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The values that a principal had at a time, from what was observed and from what a log of changes reports. Pure.

A state is certain only if nothing can have happened in between without being in the log. Times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .model import Scalar

Values: TypeAlias = tuple[Scalar, ...]
"""The values of an attribute, of one with a single value as well; empty where nothing is assigned."""
_Claim: TypeAlias = "tuple[Values, str]"
"""Values, and what shows them."""


@dataclass(frozen=True, slots=True)
class Observed:
    """The values at some moment from `start` to `end`. `source` names what shows them."""

    start: float
    end: float
    values: Values
    source: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A change that the log reports. `before` and `after` are null if the log cannot be understood there."""

    at: float
    before: Values | None
    after: Values | None
    source: str


@dataclass(frozen=True, slots=True)
class Reach:
    """The period in which the log has every change."""

    since: float
    until: float

    def covers(self, start: float, end: float) -> bool:
        """Return whether a change from `start` to `end` would be in the log."""
        return self.since <= start and end <= self.until


@dataclass(frozen=True, slots=True)
class State:
    """The values at a time, null if nothing shows them; `reason` says why they are not certain."""

    values: Values | None
    certain: bool
    source: str = ""
    reason: str = ""


def state_at(
    at: float, observed: Sequence[Observed], changes: Sequence[Changed], reach: Reach | None, exists: bool
) -> State:
    """Return the values at a time.

    `exists` says whether the principal is there now. Of one that was deleted, a change before `at` proves nothing.
    """
    claims = list(_claims(at, observed, changes, reach, exists))
    if not claims:
        return _likely(at, observed, changes, reach)
    values, source = claims[0]
    for other, other_source in claims[1:]:
        if not _same(values, other):
            return State(None, False, reason=f"{source} and {other_source} contradict each other")
    return State(values, True, source)


def _claims(
    at: float, observed: Sequence[Observed], changes: Sequence[Changed], reach: Reach | None, exists: bool
) -> Iterator[_Claim]:
    """Yield what proves the values at a time."""
    if not reach or not reach.covers(at, at):
        return
    known = [change for change in changes if reach.covers(change.at, change.at)]
    earlier = [change for change in known if change.at <= at]
    later = [change for change in known if change.at > at]
    for seen in observed:
        start, end = min(seen.start, at), max(seen.end, at)
        lasts = exists or seen.end >= at
        if lasts and reach.covers(start, end) and not any(start <= change.at <= end for change in known):
            yield seen.values, seen.source
    if later:
        yield from _agreed([(change.before, change.source) for change in _first(later)])
    if earlier and (exists or later):
        yield from _agreed([(change.after, change.source) for change in _last(earlier)])


def _first(changes: Iterable[Changed]) -> list[Changed]:
    at = min(change.at for change in changes)
    return [change for change in changes if change.at == at]


def _last(changes: Iterable[Changed]) -> list[Changed]:
    at = max(change.at for change in changes)
    return [change for change in changes if change.at == at]


def _agreed(claims: Sequence[tuple[Values | None, str]]) -> Iterator[_Claim]:
    """Yield what changes of the same moment claim, if they agree: their order is not known."""
    values, source = claims[0]
    if values is not None and all(other is not None and _same(values, other) for other, _source in claims):
        yield values, source


def _likely(at: float, observed: Sequence[Observed], changes: Sequence[Changed], reach: Reach | None) -> State:
    """Return the values that are likely, and why they are not certain."""
    earlier: list[tuple[float, Values | None, str]]
    earlier = [(seen.end, seen.values, seen.source) for seen in observed if seen.end <= at]
    earlier += [(change.at, change.after, change.source) for change in changes if change.at <= at]
    if earlier:
        _time, values, source = max(earlier, key=lambda evidence: evidence[0])
        if values is None:
            return State(None, False, source, f"{source} reports a change that cannot be understood")
        return State(values, False, source, f"{source} shows them, but later changes may be missing")
    if reach and reach.since <= at:
        for seen in sorted(observed, key=lambda seen: seen.end):
            if not any(at <= change.at <= seen.end for change in changes):
                return State(seen.values, False, seen.source, f"{seen.source} shows them, but the log ends before it")
    return State(None, False, reason="nothing shows them: neither a backup nor the audit log reaches back to that time")


def _same(values: Values, others: Values) -> bool:
    """Return whether values are the same, in any order. True is not 1."""
    return {(type(value), value) for value in values} == {(type(value), value) for value in others}
