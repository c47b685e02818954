# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The progress of a long run, for people: as a line, or as a bar for a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable

PROGRESS_EVERY = 5.0
"""Seconds between two lines."""


MOST_BAR = 30
"""Columns of a bar."""


class Progress:
    """Counts what a run has done, and shows itself every few seconds. A quick run shows nothing."""

    def __init__(self, show: Show, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self.total = total
        self._clock = clock
        self._last = self._began_writing = clock()
        self._has_shown = self._is_writing = self._has_ended = False
        self.read = self.to_change = self.written = self.throttled = 0

    def start_writing(self) -> None:
        """Measure from now on how long the rest takes."""
        self._is_writing, self._began_writing = True, self._clock()

    def update(self) -> None:
        """Show it if it is time for that."""
        now = self._clock()
        if now - self._last >= PROGRESS_EVERY:
            self._last, self._has_shown = now, True
            self._show(self)

    def finish(self) -> None:
        """Show it a last time, if it was shown before."""
        self._has_ended = True
        if self._has_shown:
            self._show(self)

    def line(self) -> str:
        """Return all counts, and how many seconds are left."""
        return (
            f"{self.read:,} of {self.total:,} read, {self.to_change:,} to change, {self.written:,} written,"
            f" {self.throttled:,} throttled{self._left()}"
        )

    def bar_line(self, width: int) -> str:
        """Return a bar with the counts that matter now, in at most `width` columns."""
        done, whole, what = self.read, self.total, "read"
        if self._is_writing and self.to_change:
            done, whole, what = self.written, self.to_change, "written"
        throttled = f", {self.throttled:,} throttled" if self.throttled else ""
        text = f" {done:,} of {whole:,} {what}{throttled}{self._left()}"
        columns = min(MOST_BAR, width - len(text) - 2)
        filled = columns * done // whole if whole else columns
        return f"[{'#' * filled}{'.' * (columns - filled)}]{text}" if columns > 0 else text.strip()[:width]

    def _left(self) -> str:
        """Return how long the rest of the writing takes, if that is known."""
        if self._has_ended or not self.written or self.written >= self.to_change:
            return ""
        elapsed = self._last - self._began_writing
        return f", about {(self.to_change - self.written) * elapsed / self.written:,.0f} s left"


Show = Callable[[Progress], None]
"""Shows a progress to people."""


def show_nothing(progress: Progress) -> None:
    """Show a progress to nobody."""
