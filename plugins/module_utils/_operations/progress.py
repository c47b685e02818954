# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Lines for people about the progress of a long run."""

from __future__ import annotations

import time
from collections.abc import Callable

PROGRESS_EVERY = 5.0
"""Seconds between two lines."""


class Progress:
    """Counts what a run has done, and shows a line about it every few seconds. A quick run shows none."""

    def __init__(self, show: Callable[[str], None], total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self._total = total
        self._clock = clock
        self._last = self._began_writing = clock()
        self._has_shown = False
        self.read = self.to_change = self.written = self.throttled = 0

    def start_writing(self) -> None:
        """Measure from now on how long the rest takes."""
        self._began_writing = self._clock()

    def update(self) -> None:
        """Show a line if it is time for one."""
        now = self._clock()
        if now - self._last < PROGRESS_EVERY:
            return
        self._last, self._has_shown = now, True
        elapsed = now - self._began_writing
        left = (self.to_change - self.written) * elapsed / self.written if self.written else 0
        self._show(f"{self._counts()}, about {left:,.0f} s left" if left else self._counts())

    def finish(self) -> None:
        """Show a last line, if there was one before."""
        if self._has_shown:
            self._show(self._counts())

    def _counts(self) -> str:
        return (
            f"{self.read:,} of {self._total:,} read, {self.to_change:,} to change, {self.written:,} written,"
            f" {self.throttled:,} throttled"
        )
