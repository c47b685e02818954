# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Attribute sets and definitions, in domain terms."""

from __future__ import annotations

from typing import Any

from ansible_collections.entra.attributes.plugins.module_utils._errors import Need
from ansible_collections.entra.attributes.plugins.module_utils._graph import Graph, literal
from ansible_collections.entra.attributes.plugins.module_utils._values import Definition

READ_DEFINITIONS = Need(
    ("CustomSecAttributeDefinition.Read.All",), ("Attribute Definition Reader", "Attribute Assignment Reader")
)


class Schema:
    """The tenant's definitions, behind a Graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def definitions(self, attribute_set: str, name: str | None = None) -> list[Definition]:
        """The definitions of a set, or just the one of that name, with their predefined values. Raises GraphError."""
        condition = f"attributeSet eq {literal(attribute_set)}" + (f" and name eq {literal(name)}" if name else "")
        path = "/directory/customSecurityAttributeDefinitions"
        query = {"$filter": condition, "$expand": "allowedValues"}
        return [_definition(item) for item in self._graph.pages(path, need=READ_DEFINITIONS, query=query)]


def _definition(item: dict[str, Any]) -> Definition:
    return Definition(
        attribute_set=item["attributeSet"],
        name=item["name"],
        type=item["type"],
        collection=bool(item.get("isCollection")),
        deprecated=item.get("status") == "Deprecated",
        predefined_only=bool(item.get("usePreDefinedValuesOnly")),
        predefined={value["id"]: bool(value["isActive"]) for value in item.get("allowedValues") or []},
    )
