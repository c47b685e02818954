# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Comparison of a report with an earlier one of the same tenant. Pure: no I/O, no Ansible, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .finding import SEVERITIES
from .findings import find, state, verdict

FORMAT, VERSION = "entra.attributes/report", 1
MOST_POINTS = 60
"""Earlier reports of which a report keeps the figures."""


@dataclass(frozen=True)
class Earlier:
    """The part of an earlier report that later ones are compared with.

    `findings` holds the message and the principals of each finding by its key, `history` the figures of the report
    and of those before it, the oldest first.
    """

    made: str
    tenant_id: str
    summary: Mapping[str, int | None]
    findings: Mapping[str, tuple[str, frozenset[str]]]
    history: tuple[Mapping[str, Any], ...]


def parse_report(document: object) -> Earlier | None:
    """Return what a JSON document says, or nothing if it is not a report of this format."""
    if not isinstance(document, dict) or document.get("format") != FORMAT or document.get("version") != VERSION:
        return None
    try:
        return Earlier(
            str(document["made"]),
            str(document["tenant"]["id"] or ""),
            {str(name): _figure(value) for name, value in document["summary"].items()},
            {
                str(finding["key"]): (str(finding["message"]), frozenset(map(str, finding["principals"])))
                for finding in document["findings"]
            },
            (*map(_point, document["history"]), point(document)),
        )
    except (AttributeError, KeyError, TypeError):
        return None


def point(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a report as a point of the time series."""
    return _point({"made": report["made"], "state": report["state"], **report["summary"]})


def _point(values: Mapping[str, Any]) -> dict[str, Any]:
    named = {"made": str(values["made"]), "state": str(values["state"])}
    return {**named, **{str(name): _figure(value) for name, value in values.items() if name not in named}}


def _figure(value: object) -> int | None:
    return value if isinstance(value, int) else None


def series(earlier: Iterable[Earlier], made: str) -> list[Mapping[str, Any]]:
    """Return the figures of all earlier reports that were made before `made`, the oldest first."""
    points = {entry["made"]: entry for report in earlier for entry in report.history if entry["made"] < made}
    return [points[time] for time in sorted(points)][-MOST_POINTS:]


def changes(report: Mapping[str, Any], before: Earlier) -> dict[str, Any]:
    """Return which findings are new, gone, or concern other principals, and how each figure moved."""
    now = {finding["key"]: finding for finding in report["findings"]}
    moved = []
    for key, finding in now.items():
        if key in before.findings:
            earlier, current = before.findings[key][1], set(finding["principals"])
            if earlier != current:
                joined, left = len(current - earlier), len(earlier - current)
                moved.append({"key": key, "message": finding["message"], "new": joined, "gone": left})
    figures = {name: value for name, value in report["summary"].items() if value is not None}
    return {
        "made": before.made,
        "new": [{"key": key, "message": now[key]["message"]} for key in now if key not in before.findings],
        "gone": [{"key": key, "message": text} for key, (text, _ids) in before.findings.items() if key not in now],
        "moved": moved,
        "figures": {
            name: {"before": before.summary.get(name), "now": value}
            for name, value in figures.items()
            if before.summary.get(name) != value
        },
    }


def complete(report: dict[str, Any], earlier: Sequence[Earlier]) -> None:
    """Add to the figures of a report its findings, its verdict, and how it differs from the newest earlier report."""
    found = find(report, report["desired"])
    for severity in SEVERITIES:
        report["summary"][severity] = sum(finding.severity == severity for finding in found)
    verdict_ = {"state": state(found), "verdict": verdict(report, found)}
    report.update(verdict_, findings=[finding.as_result() for finding in found])
    report["history"] = series(earlier, report["made"])
    before = [entry for entry in earlier if entry.made < report["made"]]
    report["since"] = changes(report, before[-1]) if before else None
