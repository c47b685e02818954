# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""HTML as text that is escaped by construction: only `tag()` makes markup, and everything else in it stays text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TypeAlias


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Child: TypeAlias = "str | int | Iterable[Child] | None"
_VOID = {"meta", "link", "input", "img"}
_NO_TEXT = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127], "\ufffd")
"""Control characters, which HTML does not allow."""


def text(value: str | int) -> Html:
    """Return a value as HTML; numbers with separators of thousands."""
    if isinstance(value, Html):
        return value
    return Html(escape(value.translate(_NO_TEXT)) if isinstance(value, str) else f"{value:,}")


def join(children: Iterable[Child]) -> Html:
    """Return children as HTML. Null is nothing."""
    parts = []
    for child in children:
        if child is None:
            continue
        parts.append(text(child) if isinstance(child, str | int) else join(child))
    return Html("".join(parts))


def tag(element: str, /, *children: Child, **attributes: str | int | bool | None) -> Html:
    """Return an element, without the attributes that are null or false. `class_` is `class`, `data_of` is `data-of`."""
    listed = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        written = key.rstrip("_").replace("_", "-")
        listed.append(f" {written}" if value is True else f' {written}="{escape(str(value).translate(_NO_TEXT))}"')
    start = f"<{element}{''.join(listed)}>"
    return Html(start if element in _VOID else f"{start}{join(children)}</{element}>")


# Parts of the page


def share(part: int, whole: int) -> str:
    """Return a share as text: 0 % and 100 % only where it is exactly that."""
    if not whole or part in (0, whole):
        return "100 %" if part else "0 %"
    return "< 1 %" if part * 100 < whole else "> 99 %" if part * 100 > 99 * whole else f"{part * 100 / whole:.0f} %"


def meter(part: int, whole: int) -> Html:
    return tag("meter", min=0, max=max(whole, 1), value=part, aria_hidden="true")


def section(name: str, title: str, *children: Child, class_: str | None = None) -> Html:
    heading = tag("h2", title, id=name)
    return tag("section", heading, children, aria_labelledby=name, class_=class_, id=f"{name}-section")


def data_table(
    caption: Child, heads: Sequence[str], groups: Iterable[Child], numbers: Sequence[int] = (), *, label: str
) -> Html:
    """Return a table that scrolls on its own; on a phone its rows become cards. `numbers` are columns."""
    cells = [
        tag("th", head, scope="col", role="columnheader", class_="n" if column in numbers else None)
        for column, head in enumerate(heads)
    ]
    table = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", cells, role="row"), role="rowgroup"),
        groups,
        class_="cards",
        role="table",
    )
    return tag("div", table, class_="table", tabindex=0, role="region", aria_label=label)


def table_rows(rows: Iterable[Child]) -> Html:
    return tag("tbody", rows, role="rowgroup")


def table_row(name: Child, cells: Iterable[Child], class_: str | None = None) -> Html:
    head = tag("th", name, scope="rowgroup" if class_ == "group" else "row", role="rowheader")
    return tag("tr", head, cells, role="row", class_=class_)


def table_cell(label: str, *children: Child, number: bool = False) -> Html:
    """Return a cell; its label stands next to it where rows are cards."""
    class_ = " ".join(
        filter(None, ["n" if number else "", "" if any(child not in (None, "", []) for child in children) else "empty"])
    )
    return tag("td", tag("span", children), data_label=label, role="cell", class_=class_ or None)


def share_cell(label: str, part: int, whole: int) -> Html:
    """Return a cell with a number, its share as a bar, and the share in words."""
    if not part:
        return tag("td", tag("span", 0), data_label=label, role="cell", class_="n share")
    inside = tag("span", part, " ", meter(part, whole), " ", tag("span", share(part, whole)))
    return tag("td", inside, data_label=label, role="cell", class_="n share")


def chip(severity: str) -> Html:
    return tag("span", severity, class_=f"chip {severity}")


def select(name: str, label: str, options: Iterable[tuple[str, str]]) -> Html:
    chosen = [tag("option", "All", value=""), *(tag("option", title, value=value) for value, title in options)]
    return tag("label", label, " ", tag("select", chosen, id=name, autocomplete="off"))
