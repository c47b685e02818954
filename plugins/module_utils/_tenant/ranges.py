# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Ranges of names that divide a directory, so that its pages can be read side by side.

A border belongs to the ranges on both sides of it. So each name is in at least one of them, in whichever order the
service has names (graph-facts 3): the order and the gaps of names only change how even the ranges are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from .._graph.odata import literal

MOST_RANGES = 8
PAGES_OF_A_RANGE = 2
"""Pages for which a range is worth its request, because its last page is partly empty."""
INITIALS = ("c", "e", "i", "k", "m", "p", "s")
"""Borders between names of people, of which about as many begin with the letters between two of them."""
MOST_NAMES = 1280
"""Names that are looked at for borders. Every so many of a longer list are enough."""
ENOUGH_NAMES = 20
"""Known names for each range from which borders are taken; fewer may all stand close together."""


def ranges(name_property: str, names: Sequence[str], count: int, *, nameless: bool) -> list[str]:
    """Return OData filters of about so many ranges, 8 at most, that cover everyone together; none for less than two.

    `names` are some of the expected names. `nameless` adds the principals without a name.
    """
    count = min(count, MOST_RANGES)
    if count < 2:
        return []
    some = names[:: len(names) // MOST_NAMES + 1]
    borders = [literal(border) for border in _borders(sorted({name.lower() for name in some}), count)]
    filters = [
        f"{name_property} le {borders[0]}",
        *(f"{name_property} ge {low} and {name_property} le {high}" for low, high in pairwise(borders)),
        f"{name_property} ge {borders[-1]}",
    ]
    return [*filters, f"{name_property} eq null"] if nameless else filters


def _borders(names: Sequence[str], count: int) -> list[str]:
    """Return one border less than there are ranges."""
    known = names if len(names) >= count * ENOUGH_NAMES else INITIALS
    return [known[(number * (len(known) + 1)) // count - 1] for number in range(1, count)]
