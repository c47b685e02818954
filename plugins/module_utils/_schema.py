# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Attribute sets, definitions and predefined values, in domain terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.entra.attributes.plugins.module_utils._errors import Conflict, GraphError, Need, NotFound
from ansible_collections.entra.attributes.plugins.module_utils._graph import Graph, key, literal
from ansible_collections.entra.attributes.plugins.module_utils._plan_schema import AttributeSet, DefinitionPlan, SetPlan
from ansible_collections.entra.attributes.plugins.module_utils._values import Definition

READ_DEFINITIONS = Need(
    ("CustomSecAttributeDefinition.Read.All",), ("Attribute Definition Reader", "Attribute Assignment Reader")
)
WRITE_DEFINITIONS = Need(("CustomSecAttributeDefinition.ReadWrite.All",), ("Attribute Definition Administrator",))
_SETS = "/directory/attributeSets"
_DEFINITIONS = "/directory/customSecurityAttributeDefinitions"


class Schema:
    """The tenant's attribute sets and definitions, behind a Graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.written = False
        """Whether anything of a definition was written, be it by a plan of which the rest was refused."""

    def sets(self) -> list[AttributeSet]:
        """All attribute sets that may be read. Raises GraphError."""
        return [_attribute_set(item) for item in self._graph.pages(_SETS, need=READ_DEFINITIONS)]

    def definitions(self, attribute_set: str | None = None, name: str | None = None) -> list[Definition]:
        """The definitions of the tenant, of a set, or the one of that name. Raises GraphError.

        Graph is not known to tell cases apart in this filter (graph-facts 1.3), hence it is done here again.
        """
        conditions = [f"attributeSet eq {literal(attribute_set)}"] if attribute_set else []
        conditions += [f"name eq {literal(name)}"] if name else []
        query = {"$expand": "allowedValues"}
        if conditions:
            query["$filter"] = " and ".join(conditions)
        return [
            _definition(self._whole(item))
            for item in self._graph.pages(_DEFINITIONS, need=READ_DEFINITIONS, query=query)
            if attribute_set in (None, item["attributeSet"]) and name in (None, item["name"])
        ]

    def _whole(self, item: dict[str, Any]) -> dict[str, Any]:
        """A definition with all its predefined values; where Graph expanded but some, their collection is read."""
        if "allowedValues@odata.nextLink" not in item:
            return item
        path = f"{_DEFINITIONS}{key(item['id'])}/allowedValues"
        return {**item, "allowedValues": list(self._graph.pages(path, need=READ_DEFINITIONS))}

    def apply_set(self, planned: SetPlan) -> None:
        """Send what a plan needs: one request, or none. A new set is waited for until Graph lists it."""
        after = planned.after
        if planned.create:
            self._graph.post(_SETS, planned.create, need=WRITE_DEFINITIONS)
            self._graph.wait_until(lambda: any(known.name == after.name for known in self.sets()))
        elif planned.update:
            self._write(self._graph.patch, _SETS + key(after.name), planned.update)

    def apply_definition(self, planned: DefinitionPlan) -> None:
        """Send what a plan needs: one request to create, or one for properties and one for each predefined value.

        What can be assigned afterwards and could not before is waited for until Graph lists it.
        """
        after = planned.after
        if after is None:
            return
        path = _DEFINITIONS + key(after.id)
        if planned.create:
            self._create(after.attribute_set, planned.create)
        if planned.update:
            self._write(self._graph.patch, path, planned.update)
        for value, active in planned.new_values.items():
            self._write(self._graph.post, f"{path}/allowedValues", {"id": value, "isActive": active})
        for value, active in planned.values.items():
            self._write(self._graph.patch, f"{path}/allowedValues{key(value)}", {"isActive": active})
        if planned.gives_more:
            self._graph.wait_until(lambda: self._serves(after))

    def _write(self, send: Callable[..., object], path: str, body: Mapping[str, Any]) -> None:
        """Write to what Graph has listed; 404 then means that not all of it knows that yet (graph-facts 6.4)."""
        self._graph.persist(lambda: send(path, body, need=WRITE_DEFINITIONS), lambda error: isinstance(error, NotFound))
        self.written = True

    def _create(self, attribute_set: str, body: Mapping[str, Any]) -> None:
        """Create a definition. A set without any may be new, and then 400 means the same as 404 (graph-facts 6.4)."""

        def lagging(error: GraphError) -> bool:
            refused = error.status == 400 and not exists_already(error)
            return isinstance(error, NotFound) or (refused and not self.definitions(attribute_set))

        self._graph.persist(lambda: self._graph.post(_DEFINITIONS, body, need=WRITE_DEFINITIONS), lagging)

    def _serves(self, wanted: Definition) -> bool:
        """Whether Graph shows a definition with at least the predefined values wanted, ready to be assigned."""
        active = {value for value, is_active in wanted.predefined.items() if is_active}
        return any(
            not known.deprecated and active <= {value for value, is_active in known.predefined.items() if is_active}
            for known in self.definitions(wanted.attribute_set, wanted.name)
        )


def exists_already(error: GraphError) -> bool:
    """Whether what had to be created exists, though Graph did not list it yet: made by an earlier run, or by another.

    The directory answers 409 or 400, with one of two sentences (graph-facts 14).
    """
    said = error.said.lower()
    return isinstance(error, Conflict) or "conflicting object" in said or "already exists" in said


def _attribute_set(item: dict[str, Any]) -> AttributeSet:
    return AttributeSet(item["id"], item.get("description") or "", item.get("maxAttributesPerSet"))


def _definition(item: dict[str, Any]) -> Definition:
    return Definition(
        attribute_set=item["attributeSet"],
        name=item["name"],
        type=item["type"],
        collection=bool(item.get("isCollection")),
        deprecated=item.get("status") == "Deprecated",
        predefined_only=bool(item.get("usePreDefinedValuesOnly")),
        predefined={value["id"]: bool(value["isActive"]) for value in item.get("allowedValues") or []},
        description=item.get("description") or "",
        searchable=item.get("isSearchable") is not False,
        id=item["id"],
    )
