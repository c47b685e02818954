# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The section of the page about lineage: what decides by which attribute and value, drawn and as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._core.rules.effects import state_words
from .finding import as_text, counted
from .lineage_findings import attribute_title, kind_title, matches_text, selected
from .markup import Child, Html, data_table, section, table_cell, table_row, table_rows, tag

MOST_DRAWN, MOST_LINES, MOST_ROWS = 24, 8, 300
"""Attributes that are drawn, values and consumers of a drawing, and rows of a table; report.json has all."""
WIDTH, LEFT, RIGHT, STEP = 320, 128, 178, 24
"""Pixels of a drawing: its width, where values end, where consumers begin, and the height of a line."""
LONGEST_VALUE, LONGEST_NAME = 17, 17
"""Characters of a drawing; its table has the whole text."""

Report = Mapping[str, Any]
Row = Mapping[str, Any]


def lineage(report: Report) -> Html | None:
    """Return the section, unless no source was asked for."""
    traced = report["lineage"]
    if traced is None:
        return None
    consumers = traced["consumers"]
    nothing = "nothing" if traced["complete"] else "nothing that was read"
    read = [attribute for attribute in traced["attributes"] if attribute["consumers"]]
    drawn = [_drawing(attribute, consumers) for attribute in read[:MOST_DRAWN]]
    scope = (
        "Everything that these sources have was read."
        if traced["complete"]
        else "Not everything could be read, so there can be more. The section Scope has the reasons."
    )
    sources = ", ".join(map(kind_title, traced["sources"]))
    legend = "A dashed line is a consumer that is disabled or only reports." if drawn else None
    return section(
        "lineage",
        "Lineage",
        tag("p", f"What decides by attributes, in {sources}. {scope} ", legend, class_="soft"),
        tag("div", drawn, class_="flows") if drawn else tag("p", f"By attributes decides {nothing}."),
        _by_attribute(traced["attributes"], consumers, nothing),
        _by_consumer(consumers) if consumers else None,
    )


def _drawing(attribute: Row, consumers: Sequence[Row]) -> Html:
    """Return the lines from the values of an attribute to what decides by them."""
    name = f"{attribute['attribute_set']}.{attribute['name']}"
    numbers = attribute["consumers"][:MOST_LINES]
    places = {number: place for place, number in enumerate(numbers)}
    values = [entry for entry in attribute["values"] or () if entry["consumers"]][:MOST_LINES]
    nodes = [(f"{as_text(entry['value'])} ({entry['principals']:,})", entry["consumers"]) for entry in values]
    reached = {number for _text, ends in nodes for number in ends}
    rest = [number for number in numbers if number not in reached]
    if rest:
        nodes.append(("any value", rest))
    lines, told = [], []
    for row, (text, ends) in enumerate(nodes):
        lines.append(tag("text", _short(text, LONGEST_VALUE), x=LEFT - 6, y=_y(row) + 4, class_="from"))
        for number in ends:
            if number in places:
                consumer = consumers[number]
                off = consumer["state"] not in (None, "enabled")
                lines.append(_curve(_y(row), _y(places[number]), "off" if off else None))
                told.append(f"{text} to {_name(consumer)}")
    for number, place in places.items():
        lines.append(tag("text", _short(_name(consumers[number]), LONGEST_NAME), x=RIGHT + 6, y=_y(place) + 4))
    height = STEP * max(len(nodes), len(places))
    picture = tag(
        "svg",
        lines,
        role="img",
        viewBox=f"0 0 {WIDTH} {height}",
        width=WIDTH,
        height=height,
        aria_label="; ".join(told),
    )
    more = len(attribute["consumers"]) - len(numbers)
    note = tag("p", tag("small", f"and {more:,} more consumers")) if more > 0 else None
    return tag("article", tag("h3", name), picture, note, class_="value")


def _y(row: int) -> int:
    return STEP * row + STEP // 2


def _curve(start: int, end: int, class_: str | None) -> Html:
    middle = (LEFT + RIGHT) // 2
    return tag("path", d=f"M{LEFT} {start}C{middle} {start} {middle} {end} {RIGHT} {end}", class_=class_)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}\u2026"


def _name(consumer: Row) -> str:
    return str(consumer["display_name"] or consumer["id"])


def _by_attribute(attributes: Sequence[Row], consumers: Sequence[Row], nothing: str) -> Child:
    """Return the table of attributes and values with what decides by them."""
    groups = [table_rows(_attribute_rows(attribute, consumers, nothing)) for attribute in attributes[:MOST_ROWS]]
    if not groups:
        return None
    heads = ["Attribute and value", "Principals", "Decides by it"]
    caption = "Attributes and values with what decides by them"
    return data_table(caption, heads, groups, (1,), label="Attributes by what decides by them")


def _attribute_rows(attribute: Row, consumers: Sequence[Row], nothing: str) -> Iterator[Html]:
    """Yield the row of an attribute, then those of its values."""
    yield table_row(
        f"{attribute['attribute_set']}.{attribute['name']}",
        [
            table_cell("Principals", attribute["principals"], number=True),
            table_cell("Decides by it", _names(attribute["consumers"], consumers) or nothing),
        ],
        "group" if attribute["values"] else None,
    )
    values = attribute["values"] or ()
    for entry in values[:MOST_LINES]:
        cells = [
            table_cell("Principals", entry["principals"], number=True),
            table_cell("Decides by it", _names(entry["consumers"], consumers) or nothing),
        ]
        yield table_row(as_text(entry["value"]), cells, "held")
    if len(values) > MOST_LINES:
        yield table_row(f"and {counted(len(values) - MOST_LINES, 'more value')}", [], "held")


def _names(numbers: Sequence[int], consumers: Sequence[Row]) -> str:
    return ", ".join(dict.fromkeys(_name(consumers[number]) for number in numbers))


def _by_consumer(consumers: Sequence[Row]) -> Html:
    """Return the table of consumers with what they read and whom they select."""
    rows = [
        table_row(
            [_name(consumer), tag("small", f"{kind_title(consumer['kind'])}, {consumer['place']}")],
            [
                table_cell("State", _state(consumer)),
                table_cell("Reads", _reads(consumer)),
                table_cell("Rule", consumer["rule"] or ("masked" if consumer["masked"] else None)),
                table_cell("Selects", *_selects(consumer), number=True),
            ],
        )
        for consumer in consumers[:MOST_ROWS]
    ]
    left = len(consumers) - MOST_ROWS
    caption = "Policies, workflows and roles that name attributes"
    return data_table(
        f"{caption}; report.json has {left:,} more" if left > 0 else caption,
        ["Consumer", "State", "Reads", "Rule", "Selects"],
        [table_rows(rows)],
        (4,),
        label="Consumers of attributes",
    )


def _state(consumer: Row) -> str | None:
    if consumer["owner"]:
        return f"owner: {consumer['owner']}"
    state = state_words(consumer["state"]) if consumer["state"] else None
    return f"{state}, excludes" if state and consumer["mode"] == "exclude" else state


def _reads(consumer: Row) -> list[Child]:
    """Return the attributes that a consumer names, each on a line, with their values unless the rule has these."""
    named = []
    for attribute in consumer["attributes"]:
        compared = attribute["values"] and not consumer["rule"] and not consumer["masked"]
        words = f" {attribute['operator'] or 'with'} {as_text(attribute['values'])}" if compared else ""
        named.append(f"{attribute_title(attribute)}{words}")
    return [tag("span", name, class_="line") for name in dict.fromkeys(named)]


def _selects(consumer: Row) -> tuple[Child, ...]:
    """Return how many principals of each kind a rule selects."""
    matches = consumer["matches"]
    if not matches or not selected(matches):
        return (matches_text(consumer),)
    kinds = [
        counted(matches[kind], noun)
        for kind, noun in (("users", "user"), ("service_principals", "service principal"), ("agents", "agent"))
        if matches[kind]
    ]
    return matches_text(consumer), tag("small", ", ".join(kinds))
