# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Attribute sets, definitions and predefined values of a tenant: read, and changed as planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from .._core.model import AttributeSet, Definition
from .._core.schema_plan import DefinitionPlan, SetPlan
from .._errors import (
    EntraError,
    GraphError,
    NotFound,
)
from .._graph.client import threads
from .._graph.odata import key, literal
from .._graph.replication import PersistentWriter, is_conflict, persist, wait_until
from .permissions import READ_DEFINITIONS, WRITE_DEFINITIONS
from .wire import (
    activity_body,
    definition_body,
    definition_changes,
    has_more_values,
    parse_definition,
    parse_predefined_values,
    parse_set,
    predefined_value_body,
    set_body,
    set_changes,
)

_SETS = "/directory/attributeSets"
_DEFINITIONS = "/directory/customSecurityAttributeDefinitions"
_DEFINITION = f"GET {_DEFINITIONS}"


class Schema(PersistentWriter):
    """The tenant's attribute sets and definitions, behind a Graph."""

    def sets(self) -> list[AttributeSet]:
        """Return all attribute sets that the identity can read. Raises GraphError."""
        return [parse_set(item, f"GET {_SETS}") for item in self._graph.pages(_SETS, need=READ_DEFINITIONS)]

    def sets_and_definitions(self) -> tuple[list[AttributeSet], list[Definition]]:
        """Return all attribute sets and all definitions, read at the same time. Raises GraphError."""
        with threads(1) as thread:
            sets = thread.submit(self.sets)
            try:
                definitions = self.definitions()
            except EntraError:
                sets.result()  # whose error is the one to report, if it has one
                raise
            return sets.result(), definitions

    def definitions(self, attribute_set: str | None = None, name: str | None = None) -> list[Definition]:
        """Return the definitions of the tenant, of a set, or the one with that name. Raises GraphError.

        It is unknown whether this filter of Graph is case-sensitive (graph-facts 1.3), so names are compared again.
        """
        conditions = [f"attributeSet eq {literal(attribute_set)}"] if attribute_set else []
        conditions += [f"name eq {literal(name)}"] if name else []
        query = {"$expand": "allowedValues"}
        if conditions:
            query["$filter"] = " and ".join(conditions)
        pages = self._graph.pages(_DEFINITIONS, need=READ_DEFINITIONS, query=query, large=not conditions)
        return [
            found
            for found in map(self._definition, pages)
            if attribute_set in (None, found.attribute_set) and name in (None, found.name)
        ]

    def _definition(self, item: Mapping[str, Any]) -> Definition:
        """Return a definition with all its predefined values; where Graph expanded but some, all are read."""
        found = parse_definition(item, _DEFINITION)
        if not has_more_values(item):
            return found
        path = f"{_DEFINITIONS}{key(found.id)}/allowedValues"
        values = self._graph.pages(path, need=READ_DEFINITIONS)
        return replace(found, predefined=parse_predefined_values(values, _DEFINITION))

    def apply_set(self, planned: SetPlan) -> None:
        """Send what a plan needs: one request, or none. A new set is waited for until Graph lists it."""
        after = planned.after
        if planned.creates:
            self._write(self._graph.post, _SETS, set_body(after))
            wait_until(self._graph.patience, lambda: any(known.name == after.name for known in self.sets()))
        elif planned.changes:
            self._write(self._graph.patch, _SETS + key(after.name), set_changes(planned.changes))

    def apply_definition(self, planned: DefinitionPlan) -> None:
        """Send what a plan needs: one request to create, or one for properties and one for each predefined value.

        What can be assigned afterwards and could not before is waited for until Graph lists it.
        """
        after = planned.after
        if after is None:
            return
        path = _DEFINITIONS + key(after.id)
        if planned.creates:
            self._create(after)
        if planned.changes:
            self._write(self._graph.patch, path, definition_changes(planned.changes))
        for value, active in planned.added_values.items():
            self._write(self._graph.post, f"{path}/allowedValues", predefined_value_body(value, active))
        for value, active in planned.switched_values.items():
            self._write(self._graph.patch, f"{path}/allowedValues{key(value)}", activity_body(active))
        if planned.gives_more:
            wait_until(self._graph.patience, lambda: self._serves(after))

    def _write(self, send: Callable[..., object], path: str, body: Mapping[str, Any]) -> None:
        """Write to a listed object; 404 then means that not all of Graph knows it yet (graph-facts 6.4)."""
        self._send(lambda: send(path, body, need=WRITE_DEFINITIONS), lambda error: isinstance(error, NotFound))

    def _create(self, definition: Definition) -> None:
        """Create a definition. In a set without definitions, which may be new, 400 means the same as 404.

        Both mean that not all of Graph knows the set yet (graph-facts 6.4).
        """

        def lagging(error: EntraError) -> bool:
            refused = isinstance(error, GraphError) and error.status == 400 and not is_conflict(error)
            return isinstance(error, NotFound) or (refused and not self.definitions(definition.attribute_set))

        body = definition_body(definition)
        self._send(lambda: self._graph.post(_DEFINITIONS, body, need=WRITE_DEFINITIONS), lagging)

    def _send(self, send: Callable[[], object], lagging: Callable[[EntraError], bool]) -> None:
        """Write, and note whether something was written or is in doubt."""
        try:
            persist(self._graph.patience, send, lagging)
        except EntraError as error:
            self.in_doubt |= error.in_doubt
            raise
        self.written = True

    def _serves(self, wanted: Definition) -> bool:
        """Return whether Graph shows a definition with at least the predefined values wanted, ready to be assigned."""
        active = {value for value, is_active in wanted.predefined.items() if is_active}
        return any(
            not known.deprecated and active <= {value for value, is_active in known.predefined.items() if is_active}
            for known in self.definitions(wanted.attribute_set, wanted.name)
        )
