# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The page of a report: one file that loads nothing, runs no script but its own, and shows the figures without it.

This file decides what the page shows; `page_assets` has its style and script. Names and values become markup nowhere:
`markup.tag()` escapes them, and the script sets them as text.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from . import page_delegations, page_lineage, page_sections
from .finding import MEDIUM, counted
from .markup import Child, Html, chip, data_table, join, section, table_cell, table_row, table_rows, tag
from .page_assets import PAPER, SCRIPT, STYLE
from .page_data import data

MOST_FIRST = 3
"""Findings that the page suggests to start with."""
MOST_POINTS = 30
"""Points of a line that shows how a figure moved."""
FIGURES = {
    "principals": "Principals",
    "users": "Users",
    "service_principals": "Service principals",
    "agents": "Agents",
    "with_values": "Principals with values",
    "attribute_sets": "Attribute sets",
    "definitions": "Active definitions",
    "deprecated_definitions": "Deprecated definitions",
    "drift": "Not as declared",
    "missing_required": "Principals without a required attribute",
    "bad_values": "Principals with inactive or not predefined values",
    "deprecated_in_use": "Deprecated attributes in use",
    "limits_near": "Limits nearly reached",
    "consumers": "Filters, scopes and roles that name attributes",
    "high": "Findings of high severity",
    "medium": "Findings of medium severity",
    "low": "Findings of low severity",
}
"""The title of each figure of `summary`."""
_ICONS = {
    "at_risk": "M12 3 2.5 20h19zM12 10v4M12 17.2v.1",
    "needs_attention": "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19zM12 7.5v5.5M12 16.3v.1",
    "all_well": "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19zM7.5 12.3l3.1 3.1 6-6.3",
}

Report = Mapping[str, Any]
Row = Mapping[str, Any]


def page(report: Report, logo: str | None = None) -> str:
    """Return the page of a report. `logo` is the data URL of a picture."""
    style = STYLE + PAPER.format(title=_css(report["title"]), tenant=_css(tenant_title(report)))
    policy = (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(SCRIPT)}; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )
    sections = [
        _verdict(report),
        _glance(report),
        _since(report),
        page_sections.findings(report),
        page_sections.coverage(report),
        page_sections.values(report),
        page_lineage.lineage(report),
        page_delegations.delegations(report),
        page_sections.required(report),
        page_sections.limits(report),
        page_sections.principals(report),
        _not_read(report),
    ]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="date", content=report["made"]),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", f"{report['title']}: {tenant_title(report)}"),
        tag("style", Html(style)),
    )
    body = tag(
        "body",
        tag("a", "Skip to the verdict", class_="skip", href="#main"),
        _header(report, logo),
        tag("main", sections, id="main"),
        tag("footer", tag("p", _colophon(report))),
        Html(f'<script type="application/json" id="data">{data(report)}</script>'),
        tag("script", Html(SCRIPT)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def tenant_title(report: Report) -> str:
    """Return the name of the tenant as far as it is known."""
    tenant = report["tenant"]
    return str(tenant["display_name"] or tenant["domain"] or tenant["id"] or "unknown tenant")


def times(made: str, local: str) -> tuple[str, ...]:
    """Return how the page writes the time at which it was made."""
    return made, _time(made), local, _local(local)


def _source(text: str) -> str:
    """Return the source expression that allows an inline style or script."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _css(text: str) -> str:
    """Return text for a string of CSS, each character escaped."""
    return "".join(f"\\{ord(character):06x}" for character in text if character.isprintable())


def _time(made: str) -> str:
    return made.replace("T", " ").replace("Z", " UTC")


# The head of the page


def _header(report: Report, logo: str | None) -> Html:
    tenant = report["tenant"]
    names = dict.fromkeys(filter(None, [tenant["display_name"], tenant["domain"]]))
    facts: list[tuple[str, Child]] = [
        ("Tenant ID", tenant["id"] or "not known"),
        ("Read at", _both_times(report["made"], report["made_local"])),
        ("Read by", report["identity"] or "not known"),
        *([("Collection", f"entra.attributes {report['collection_version']}")] if report["collection_version"] else []),
        *([("Compared with", report["desired"])] if report["desired"] else []),
        *([("Masked", ", ".join(report["masked_attribute_sets"]))] if report["masked_attribute_sets"] else []),
    ]
    links = {
        "glance": "At a glance",
        **({"since": "Since last time"} if report["since"] else {}),
        "findings": "Findings",
        "coverage": "Coverage",
        "values": "Values",
        **({"lineage": "Lineage"} if report["lineage"] else {}),
        **({"delegations": "Delegations"} if report.get("delegations") else {}),
        **({"required": "Required attributes"} if report["required"] else {}),
        "limits": "Limits",
        "principals": "Principals",
        "scope": "Scope",
    }
    return tag(
        "header",
        tag(
            "div",
            tag("div", tag("h1", report["title"]), tag("p", " · ".join(names) or "Unnamed tenant", class_="tenant")),
            tag("img", src=logo, alt="") if logo else None,
            class_="title",
        ),
        tag("dl", [tag("div", tag("dt", term), tag("dd", fact)) for term, fact in facts], class_="facts"),
        tag(
            "nav",
            tag("ul", [tag("li", tag("a", title, href=f"#{name}")) for name, title in links.items()]),
            aria_label="Sections",
        ),
    )


def _both_times(made: str, local: str) -> list[Child]:
    """Return the time where the report was made, and in UTC if that is another."""
    utc = tag("time", _time(made), datetime=made)
    return [utc] if local.endswith("+00:00") else [tag("time", _local(local), datetime=local), " (", utc, ")"]


def _local(made: str) -> str:
    """Return a time with its offset, for people."""
    return f"{made[:10]} {made[11:19]} {made[19:]}".strip()


def _verdict(report: Report) -> Html:
    state = report["state"]
    icon = Html(f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{_ICONS[state]}"/></svg>')
    sentence = report["verdict"]
    title, _colon, rest = sentence.partition(": ")
    words = tag("div", tag("h2", title, id="verdict"), tag("p", rest[:1].upper() + rest[1:]))
    first = [_first(number, finding) for number, finding in enumerate(report["findings"][:MOST_FIRST])]
    start = [tag("h2", "Do this first", id="first"), tag("ol", first, class_="first")] if first else None
    return join(
        [
            tag("section", tag("div", icon, words, class_=f"verdict {state}"), aria_labelledby="verdict"),
            tag("section", start, aria_labelledby="first") if start else None,
        ]
    )


def _first(number: int, finding: Row) -> Html:
    return tag(
        "li",
        tag("h3", chip(finding["severity"]), " ", tag("a", finding["message"], href=f"#finding-{number}")),
        tag("p", finding["reason"], class_="soft"),
        tag("p", finding["advice"]),
        tag("pre", finding["code"], tabindex=0, role="region", aria_label=f"Repair {number + 1}")
        if finding["code"]
        else None,
        class_="card",
    )


# Figures


def _glance(report: Report) -> Html:
    summary = report["summary"]
    tiles = [
        _tile("principals", summary["principals"], "principals", f"{summary['with_values']:,} hold values", {}),
        _tile(
            "coverage",
            summary["definitions"],
            "active attributes",
            f"in {counted(summary['attribute_sets'], 'set')}, {summary['deprecated_definitions']:,} deprecated",
        ),
        *(
            [_problem(summary["drift"], "not as declared", "all as declared", "drift", "high")]
            if summary["drift"] is not None
            else []
        ),
        *(
            [_problem(summary["missing_required"], "lack attributes", "nothing required is missing", "missing", "high")]
            if report["required"]
            else []
        ),
        _problem(
            summary["bad_values"], "hold bad values", "all active and predefined", "inactive not-predefined", "medium"
        ),
        _problem(summary["deprecated_in_use"], "deprecated in use", "none is assigned", "deprecated", "medium"),
        *(_rules_tile(report) if report["lineage"] else []),
        _tile(
            "limits",
            summary["limits_near"],
            "limits near",
            "80 % or more is used",
            look="medium" if summary["limits_near"] else "",
        ),
    ]
    return section("glance", "At a glance", tag("ul", tiles, class_="tiles"))


def _problem(count: int, name: str, fine: str, kind: str, severity: str) -> Html:
    """Return the tile of something that should be 0. It filters the principals by findings of that kind."""
    if not count:
        return _tile("findings", 0, name, fine)
    return _tile("principals", count, name, f"{severity} severity", {"kind": kind}, severity)


def _rules_tile(report: Report) -> list[Html]:
    """Return the tile of the rules that match nobody."""
    count = sum(finding["kind"] == "matches-nobody" for finding in report["findings"])
    if not count:
        return [_tile("lineage", 0, "rules match nobody", f"of {counted(report['summary']['consumers'], 'consumer')}")]
    return [_tile("findings", count, "rules match nobody", "medium severity", {"kind": "matches-nobody"}, MEDIUM)]


def _tile(target: str, count: int, name: str, note: str, filters: Row | None = None, look: str = "") -> Html:
    class_ = {"high": "raised", MEDIUM: "raised soon"}.get(look)
    inside = [tag("b", count), tag("span", name, class_="name"), tag("small", note)]
    data = json.dumps(filters) if filters else None
    return tag("li", tag("a", inside, href=f"#{target}", data_filter=data), class_=class_)


def _since(report: Report) -> Html | None:
    since = report["since"]
    if not since:
        return None
    history = report["history"]
    moves = [
        table_row(
            FIGURES[name],
            [
                table_cell("Before", _number(figure["before"]), number=True),
                table_cell("Now", _number(figure["now"]), number=True),
                table_cell("Change", _change(figure["before"], figure["now"]), number=True),
                table_cell("Over time", _spark(FIGURES[name], [point.get(name) for point in history], figure["now"])),
            ],
        )
        for name, figure in since["figures"].items()
        if name in FIGURES
    ]
    table = data_table(
        f"Figures that moved, of {counted(len(history) + 1, 'report')}",
        ["Figure", "Before", "Now", "Change", "Over time"],
        [table_rows(moves)],
        (1, 2, 3),
        label="Figures over time",
    )
    news = [
        *(tag("li", tag("span", "new", class_="chip high"), " ", entry["message"]) for entry in since["new"]),
        *(tag("li", tag("span", "resolved", class_="chip well"), " ", entry["message"]) for entry in since["gone"]),
        *(
            tag(
                "li",
                tag("span", "changed", class_="chip medium"),
                " ",
                entry["message"],
                f" ({entry['new']:,} new, {entry['gone']:,} resolved)",
            )
            for entry in since["moved"]
        ),
    ]
    return section(
        "since",
        "Since last time",
        tag("p", f"The earlier report was made at {_time(since['made'])}.", class_="soft"),
        tag("ul", news, class_="news") if news else tag("p", "The findings are the same."),
        table if moves else tag("p", "No figure moved."),
    )


def _number(value: int | None) -> str:
    return "not known" if value is None else f"{value:,}"


def _change(before: int | None, now: int) -> str:
    return "" if before is None else f"{now - before:+,}"


def _spark(title: str, points: Sequence[int | None], now: int) -> Html | None:
    """Return a line of a figure's values. The numbers next to it are its ends."""
    values = [*[value for value in points if value is not None][-MOST_POINTS:], now]
    if len(values) < 3:
        return None
    low, high = min(values), max(values)
    step, span = 100 / (len(values) - 1), (high - low) or 1
    line = " ".join(f"{number * step:.1f},{21 - 18 * (value - low) / span:.1f}" for number, value in enumerate(values))
    label = f"{title}: {', '.join(f'{value:,}' for value in values)}"
    return tag(
        "svg",
        Html(f'<polyline points="{line}" vector-effect="non-scaling-stroke"/>'),
        class_="spark",
        role="img",
        viewBox="0 0 100 24",
        preserveAspectRatio="none",
        aria_label=label,
    )


# Findings


# Tables


def _not_read(report: Report) -> Html:
    lines = [tag("li", tag("b", entry["what"]), f": {entry['reason']}") for entry in report["not_read"]]
    known = tag("ul", lines) if lines else tag("p", "Everything that this report covers could be read.")
    return section("scope", "Scope", known)


def _colophon(report: Report) -> str:
    version = f" {report['collection_version']}" if report["collection_version"] else ""
    return f"Made by the Ansible collection entra.attributes{version}. This page loads nothing and sends nothing."
