# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The sections of the page about findings, attributes and principals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .finding import RULES, SEVERITIES, as_text, counted, type_title
from .markup import (
    Child,
    Html,
    chip,
    data_table,
    join,
    meter,
    section,
    select,
    share_cell,
    table_cell,
    table_row,
    table_rows,
    tag,
)
from .page_data import NO_FACTS, Facts, admin_links, encoded, find_evidence, key, value_index

MOST_NAMED = 5
"""Principals and lines of declarations that the page lists for a finding; the table of principals has all."""
MOST_VALUES = 8
"""Values that the page lists for an attribute; report.json has all."""

Report = Mapping[str, Any]
Row = Mapping[str, Any]


def findings(report: Report) -> Html:
    found = report["findings"]
    by_id = {row["id"]: row for row in report["principals"]}
    evidence, links = find_evidence(report), admin_links(report)
    cards = [_finding(number, finding, by_id, evidence, links) for number, finding in enumerate(found)]
    kinds = dict.fromkeys(finding["kind"] for finding in found)
    bad = ("inactive not-predefined", "Inactive or not predefined")
    subjects = [f"{attribute['attribute_set']}.{attribute['name']}" for attribute in report["attributes"]]
    filters = tag(
        "div",
        select("severity", "Severity", [(severity, severity) for severity in SEVERITIES]),
        select("kind", "Kind", [*((kind, RULES[kind].title) for kind in kinds), bad]),
        select("group", "Attribute set", [(group["name"], group["name"]) for group in report["attribute_sets"]]),
        select("attribute", "Attribute", [(str(number), name) for number, name in enumerate(subjects)]),
        class_="bar",
        hidden=True,
    )
    return section(
        "findings",
        "Findings",
        tag("p", "The filters apply to the findings and to the principals.", class_="soft screen"),
        filters,
        cards or tag("p", "Nothing needs attention."),
        tag("p", "No finding matches.", id="none", hidden=True),
    )


def _finding(
    number: int,
    finding: Row,
    by_id: Mapping[str, Row],
    evidence: Mapping[tuple[str, str], Facts],
    links: Mapping[str, str],
) -> Html:
    count = len(finding["principals"])
    inside: list[Child] = []
    if count:
        ids = finding["principals"][:MOST_NAMED]
        shown = {name: evidence.get((name, finding["key"]), NO_FACTS) for name in ids}
        heads = ("Has", "Declared", "Declared in", "Why", "Last changed")
        used = [column for column in range(len(heads)) if any(facts[column] for facts in shown.values())]
        named = [
            table_row(_who(name, by_id.get(name), links), [table_cell(heads[column], facts[column]) for column in used])
            for name, facts in shown.items()
        ]
        caption = counted(count, "principal") if count <= MOST_NAMED else f"{MOST_NAMED} of {count:,} principals"
        columns = ["Principal", *(heads[column] for column in used)]
        inside.append(data_table(caption, columns, [table_rows(named)], label=f"Principals of finding {number + 1}"))
    lines = [*finding["details"], *([] if count else finding["places"])]
    if lines:
        left = len(lines) - MOST_NAMED
        listed = [tag("li", line) for line in lines[:MOST_NAMED]]
        inside.append(tag("ul", listed, tag("li", f"and {left:,} more; report.json has all") if left > 0 else None))
    inside.append(tag("p", finding["advice"]))
    if finding["code"]:
        inside.append(
            tag("pre", finding["code"], tabindex=0, role="region", aria_label=f"Repair of finding {number + 1}")
        )
    if count:
        show = tag(
            "a",
            f"Show {'it' if count == 1 else f'all {count:,}'} in the table of principals",
            href="#principals",
            data_filter=json.dumps({"finding": number}),
            data_title=finding["message"],
        )
        inside.append(tag("p", show, class_="more"))
    return tag(
        "article",
        tag(
            "div",
            tag("h3", chip(finding["severity"]), " ", finding["message"]),
            tag("p", finding["reason"], class_="why"),
            tag("details", tag("summary", "Details and repair"), inside),
        ),
        class_=f"finding is-{finding['severity']}",
        id=f"finding-{number}",
        data_finding=number,
    )


def _who(name: str, row: Row | None, links: Mapping[str, str]) -> list[Child]:
    """Return the name of a principal with a link to it; its id if nothing else is known."""
    return [_link(row, links), tag("small", key(row))] if row else [name]


def _link(row: Row, links: Mapping[str, str]) -> Html:
    name = row["display_name"] or row["id"]
    template = links.get(row["type"])
    if not template:
        return tag("span", name)
    address = template.replace("{id}", encoded(row["id"])).replace("{key}", encoded(key(row)))
    return tag("a", name, href=address, target="_blank", rel="noreferrer noopener")


def coverage(report: Report) -> Html:
    summary = report["summary"]
    kinds = (("users", "Users"), ("service_principals", "Service principals"), ("agents", "Agents"))
    by_set: dict[str, list[Row]] = {}
    for attribute in report["attributes"]:
        by_set.setdefault(attribute["attribute_set"], []).append(attribute)
    groups = []
    for group in report["attribute_sets"]:
        rows = [
            table_row(
                group["name"],
                [
                    table_cell("Type", "attribute set"),
                    *(share_cell(title, group[kind], summary[kind]) for kind, title in kinds),
                ],
                "group",
            )
        ]
        for attribute in by_set.get(group["name"], ()):
            state = None if attribute["state"] == "present" else tag("small", attribute["state"], class_="chip medium")
            type_ = (attribute["type"] or "not known") + (", multi-valued" if attribute["multi_valued"] else "")
            cells = [
                table_cell("Type", type_),
                *(share_cell(title, attribute[kind], summary[kind]) for kind, title in kinds),
            ]
            rows.append(table_row([f"{attribute['attribute_set']}.{attribute['name']}", " ", state], cells))
        groups.append(table_rows(rows))
    caption = (
        f"Attributes by the principals that hold them, of {counted(summary['users'], 'user')}, "
        f"{counted(summary['service_principals'], 'service principal')} and {counted(summary['agents'], 'agent')}"
    )
    note = (
        "Agents are agent identities, their blueprints and agent users. They also count as service principals or users."
    )
    empty = tag("p", "The tenant has no attribute sets.")
    heads = ["Attribute", "Type", *(title for _kind, title in kinds)]
    table = data_table(caption, heads, groups, (2, 3, 4), label="Coverage by attribute") if groups else empty
    return section("coverage", "Coverage", tag("p", note, class_="soft"), table)


def values(report: Report) -> Html:
    numbers = {
        number: attribute for number, attribute in enumerate(report["attributes"]) if attribute["distinct_values"]
    }
    index = value_index(report)
    cards = [_value_card(number, attribute, index[number]) for number, attribute in numbers.items()]
    note = "The most frequent values of each attribute. Select a value to see who holds it."
    return section(
        "values",
        "Values",
        tag("p", note, class_="soft screen") if cards else tag("p", "No attribute has a value."),
        tag("div", cards, class_="values"),
    )


def _value_card(number: int, attribute: Row, index: Mapping[Any, int]) -> Html:
    name = f"{attribute['attribute_set']}.{attribute['name']}"
    if attribute["distribution"] is None:
        return tag(
            "article",
            tag("h3", name),
            tag("p", f"{counted(attribute['distinct_values'], 'different value')}, masked."),
            class_="value",
        )
    held = [entry for entry in attribute["distribution"] if entry["principals"]]
    unused = len(attribute["distribution"]) - len(held)
    most = held[0]["principals"]
    items = []
    for entry in held[:MOST_VALUES]:
        value = as_text(entry["value"])
        filters = json.dumps({"attribute": number, "value": index[entry["value"]]})
        bad = {"inactive": "inactive", "outside": "not predefined"}.get(entry["standing"])
        link = tag("a", value, href="#principals", data_filter=filters, data_title=f"{name} = {value}")
        mark = tag("span", bad, class_="chip medium") if bad else None
        items.append(
            tag(
                "li",
                tag("span", link, " ", mark),
                meter(entry["principals"], most),
                tag("span", entry["principals"], class_="n"),
            )
        )
    more = [
        *(
            [f"{counted(len(held) - MOST_VALUES, 'more value')}; report.json has all"]
            if len(held) > MOST_VALUES
            else []
        ),
        *([f"{counted(unused, 'predefined value')} held by nobody"] if unused else []),
    ]
    return tag(
        "article",
        tag("h3", name),
        tag("ul", items),
        tag("p", tag("small", "; ".join(more))) if more else None,
        class_="value",
    )


def required(report: Report) -> Html | None:
    if not report["required"]:
        return None
    rows = [
        table_row(
            f"{item['attribute_set']}.{item['name']}",
            [
                table_cell(
                    "Required of",
                    f"{type_title(item['principal_type'])}s" if item["principal_type"] else "all principals",
                ),
                table_cell("Principals", item["principals"], number=True),
                share_cell("Lack it", item["missing"], item["principals"]),
            ],
        )
        for item in report["required"]
    ]
    table = data_table(
        "Required attributes by the principals that lack them",
        ["Attribute", "Required of", "Principals", "Lack it"],
        [table_rows(rows)],
        (2, 3),
        label="Required attributes by principals",
    )
    return section("required", "Required attributes", table)


def limits(report: Report) -> Html:
    rows = [
        table_row(
            [limit["limit"], tag("small", limit["of"]) if limit["of"] else None],
            [share_cell("Used", limit["used"], limit["allowed"]), table_cell("Allowed", limit["allowed"], number=True)],
        )
        for limit in report["limits"]
    ]
    note = "The limits of the tenant, and those of attribute sets, definitions and principals from 80 % on."
    table = data_table(
        "Limits by how much of them is used",
        ["Limit", "Used", "Allowed"],
        [table_rows(rows)],
        (1, 2),
        label="Limits by use",
    )
    return section("limits", "Limits", tag("p", note, class_="soft"), table)


def principals(report: Report) -> Html:
    rows = report["principals"]
    others = report["summary"]["principals"] - len(rows)
    listed = f"{counted(len(rows), 'principal')} with values or findings."
    rest = f" The other {others:,} are only counted." if others > 0 else ""
    heads = ["Principal", "Type", "Attributes", "Values", "Findings"]
    cells = [
        tag("th", head, scope="col", role="columnheader", class_="n" if head == "Values" else None) for head in heads
    ]
    table = tag(
        "table",
        tag("caption", "Principals with their attributes and findings"),
        tag("thead", tag("tr", cells, role="row"), role="rowgroup"),
        tag("tbody", role="rowgroup"),
        id="all",
        class_="cards",
        role="table",
    )
    search = tag("input", type="search", id="search", autocomplete="off", spellcheck="false")
    types = [("user", "Users"), ("service_principal", "Service principals"), ("agent", "Agents")]
    listing = section(
        "principals",
        "Principals",
        tag("p", listed, rest, class_="soft"),
        tag("p", "This table needs JavaScript. The same rows are in principals.csv.", id="static"),
        tag(
            "div",
            tag("label", "Search ", search, class_="wide"),
            select("type", "Type", types),
            tag("button", id="chip", type="button", hidden=True),
            class_="bar",
            hidden=True,
        ),
        tag("div", table, class_="table", tabindex=0, role="region", aria_label="Table of principals"),
        tag(
            "div",
            tag("p", role="status", id="state", class_="status"),
            tag("label", tag("input", type="checkbox", id="annex", autocomplete="off"), " Print them", class_="check"),
            tag("button", "Download as CSV", id="csv", type="button"),
            tag("button", "Previous", id="back", type="button"),
            tag("button", "Next", id="on", type="button"),
            class_="bar",
            hidden=True,
        ),
        class_="annex",
    )
    return join([listing, tag("p", f"The list of {counted(len(rows), 'principal')} is not printed.", class_="paper")])
