# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The section of the page about delegations: who holds which role of attributes, and what the roles do not separate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.delegations import ROLE_TITLES
from .markup import Html, data_table, section, table_cell, table_row, table_rows, tag

MOST_ROWS = 300
"""Rows of the table; report.json has all."""


def delegations(report: Mapping[str, Any]) -> Html | None:
    """Return the section, unless role assignments were not read."""
    found = report.get("delegations")
    if found is None:
        return None
    rows = [_row(item, found["problems"]) for item in found["role_assignments"][:MOST_ROWS]]
    more = len(found["role_assignments"]) - len(rows)
    heads = ["Principal", "Role", "For", "Needs attention"]
    caption = "Roles that define, assign, or read attributes"
    return section(
        "delegations",
        "Delegations",
        data_table(caption, heads, [table_rows(rows)], label=caption) if rows else tag("p", "Nobody holds a role."),
        tag("p", tag("small", f"and {more:,} more")) if more > 0 else None,
    )


def _row(item: Mapping[str, Any], problems: list[Mapping[str, Any]]) -> Html:
    principal = item["principal"]
    name = principal.get("user_principal_name") or principal["display_name"] or principal["id"]
    messages = [problem["message"] for problem in problems if item["id"] in problem["role_assignments"]]
    return table_row(
        name,
        [
            table_cell("Role", ROLE_TITLES[item["role"]]),
            table_cell("For", item["attribute_set"] or "the tenant"),
            table_cell("Needs attention", "; ".join(messages)),
        ],
    )
