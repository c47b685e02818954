# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The progress of a run as a bar: what is counted, the time that is left, and the width of the terminal."""

from __future__ import annotations

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._operations.progress import Progress


def bars(width: int) -> list[str]:
    """Return the bars of a run that reads, writes, is throttled, and ends."""
    shown: list[str] = []
    clock = iter(range(0, 1000, 10))
    progress = Progress(lambda progress: shown.append(progress.bar_line(width)), 2_000, lambda: next(clock))
    progress.read = 500
    progress.update()
    progress.read, progress.to_change = 2_000, 1_000
    progress.start_writing()
    progress.update()
    progress.written, progress.throttled = 750, 3
    progress.update()
    progress.written = 990
    progress.finish()
    return shown


def test_a_bar_fills_with_what_is_read_and_then_with_what_is_written() -> None:
    assert bars(100) == [
        f"[{'#' * 7}{'.' * 23}] 500 of 2,000 read",
        f"[{'.' * 30}] 0 of 1,000 written",
        f"[{'#' * 22}{'.' * 8}] 750 of 1,000 written, 3 throttled, about 7 s left",
        f"[{'#' * 29}.] 990 of 1,000 written, 3 throttled",
    ]


@pytest.mark.parametrize("width", range(1, 90))
def test_a_bar_fits_in_the_terminal(width: int) -> None:
    for text in bars(width):
        assert 0 < len(text) <= width
