# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attribute sets, definitions and predefined values (graph-facts 1.2 to 1.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from odata_query import ast

from . import filters, query, rules
from .access import Caller, Sets
from .audits import Audits
from .directory import AttributeSet, Definition, Directory
from .exchange import Request, Response, bad_request, denied, not_found, unsupported_query, wrong_method
from .faults import Quirks
from .properties import selected

SETS: Final = "directory/attributeSets"
DEFINITIONS: Final = "directory/customSecurityAttributeDefinitions"

_SET_PROPERTIES: Final = frozenset({"id", "description", "maxAttributesPerSet"})
_DEFINITION_PROPERTIES: Final = frozenset(
    {
        "attributeSet",
        "description",
        "id",
        "isCollection",
        "isSearchable",
        "name",
        "status",
        "type",
        "usePreDefinedValuesOnly",
    }
)
_DEFINITION_TYPE: Final = "microsoft.graph.customSecurityAttributeDefinition"
_VALUE_PROPERTIES: Final = frozenset({"id", "isActive"})


class Schema:
    """Handles the requests below `/directory`. What is refused, and why: `rules`."""

    def __init__(self, directory: Directory, quirks: Quirks, audits: Audits) -> None:
        self.directory = directory
        self.quirks = quirks
        self.audits = audits

    def sets(self, request: Request, caller: Caller, base: str) -> Response:
        """Answer `/directory/attributeSets`."""
        if request.method == "POST":
            self._require_tenant_wide(caller)
            created = rules.create_set(self.directory, request.json(), self.quirks)
            self.audits.note_schema(request, caller, "add set", created.id, {}, _set_as_json(created))
            return Response(201, _entity(_set_as_json(created), SETS, base))
        readable = _readable(request, caller)
        items = [
            _set_as_json(item) for item in self.directory.sets.values() if item.id in readable and self._shows(item.id)
        ]
        return _listed(request, items, SETS, "microsoft.graph.attributeSet", _SET_PROPERTIES, base)

    def set(self, name: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer `/directory/attributeSets/{id}`."""
        if request.method == "PATCH":
            self._require_tenant_wide(caller)  # a role on the set itself does not do (graph-facts 5.3)
        else:
            _readable(request, caller)
        found = self.directory.sets.get(name)
        if found is None or not self._shows(name):
            raise not_found(name)
        if request.method == "PATCH":
            before = _set_as_json(found)
            rules.update_set(found, request.json())
            self.audits.note_schema(request, caller, "update set", name, before, _set_as_json(found))
            return Response(204)
        if name not in caller.readable_definitions:
            raise denied()
        return _single(request, _set_as_json(found), SETS, "microsoft.graph.attributeSet", _SET_PROPERTIES, base)

    def definitions(self, request: Request, caller: Caller, base: str) -> Response:
        """Answer `/directory/customSecurityAttributeDefinitions`."""
        if request.method == "POST":
            body = request.json()
            if not isinstance(body, dict) or str(body.get("attributeSet")) not in caller.writable_definitions:
                raise denied()
            created = rules.create_definition(self.directory, body, self.quirks)
            self.audits.note_schema(request, caller, "add definition", created.id, {}, _with_values(created))
            return Response(201, _entity(_definition_as_json(created), DEFINITIONS, base))
        readable = _readable(request, caller)
        options = request.query
        matches = _equalities(options["$filter"]) if "$filter" in options else {}
        expand = options.get("$expand")
        if expand not in (None, "allowedValues"):
            raise bad_request(f"Could not find a property named '{expand}' to expand.")
        items = [
            _definition_as_json(definition) | (self._expanded(definition, base) if expand else {})
            for definition in self.directory.definitions.values()
            if definition.attributeSet in readable and self._shows(definition.attributeSet, definition.name)
        ]
        items = [item for item in items if all(item.get(name) == value for name, value in matches.items())]
        return _listed(request, items, DEFINITIONS, _DEFINITION_TYPE, _DEFINITION_PROPERTIES, base)

    def definition(self, key: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer `/directory/customSecurityAttributeDefinitions/{id}`."""
        found = self._definition(key, request, caller, "PATCH")
        if request.method == "PATCH":
            before, version = _with_values(found), request.headers.get("odata-version", "4.0")
            rules.update_definition(self.directory, found, request.json(), version)
            self._note_update(request, caller, found, before)
            return Response(204)
        item = _definition_as_json(found)
        return _single(request, item, DEFINITIONS, _DEFINITION_TYPE, _DEFINITION_PROPERTIES, base)

    def values(self, key: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer `/directory/customSecurityAttributeDefinitions/{id}/allowedValues`."""
        definition = self._definition(key, request, caller, "POST")
        context = f"{DEFINITIONS}('{key}')/allowedValues"
        if request.method == "POST":
            before = _with_values(definition)
            value = rules.create_value(self.directory, definition, request.json(), self.quirks)
            self._note_update(request, caller, definition, before)
            return Response(201, _entity(_value_as_json(definition, value), context, base))
        return _listed(
            request, self._values(definition), context, "microsoft.graph.allowedValue", _VALUE_PROPERTIES, base
        )

    def value(self, key: str, value: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer `/directory/customSecurityAttributeDefinitions/{id}/allowedValues/{value}`."""
        definition = self._definition(key, request, caller, "PATCH")
        if value not in definition.allowedValues or not self._shows(definition.attributeSet, definition.name, value):
            raise not_found(value)
        if request.method == "PATCH":
            before = _with_values(definition)
            rules.update_value(definition, value, request.json())
            self._note_update(request, caller, definition, before)
            return Response(204)
        item = _value_as_json(definition, value)
        context = f"{DEFINITIONS}('{key}')/allowedValues"
        return _single(request, item, context, "microsoft.graph.allowedValue", _VALUE_PROPERTIES, base)

    def _shows(self, *part: str) -> bool:
        """Whether reads see a set, definition or value, which takes a moment after it was made (graph-facts 6.4)."""
        return self.quirks.shows(self.directory.age(*part))

    def _values(self, definition: Definition) -> list[dict[str, Any]]:
        """Return the predefined values of a definition that reads see."""
        return [
            _value_as_json(definition, value)
            for value in definition.allowedValues
            if self._shows(definition.attributeSet, definition.name, value)
        ]

    def _expanded(self, definition: Definition, base: str) -> dict[str, Any]:
        """Return the members that `$expand` adds; long collections may go on elsewhere, as anywhere in OData."""
        values, shown = self._values(definition), self.quirks.expanded_values
        if shown is None or shown >= len(values):
            return {"allowedValues": values}
        rest = f"{base}/{DEFINITIONS}/{definition.id}/allowedValues?$skiptoken={shown}"
        return {"allowedValues": values[:shown], "allowedValues@odata.nextLink": rest}

    def _note_update(self, request: Request, caller: Caller, definition: Definition, before: dict[str, Any]) -> None:
        after = _with_values(definition)
        self.audits.note_schema(request, caller, "update definition", definition.id, before, after)

    def _require_tenant_wide(self, caller: Caller) -> None:
        if not caller.writable_definitions.everything:
            raise denied()

    def _definition(self, key: str, request: Request, caller: Caller, writing: str) -> Definition:
        """Find a definition by its id, for reading or for the method that writes here.

        Raises GraphError: 404 unknown, 403 out of the caller's scope, 405 another method.
        """
        scope = caller.writable_definitions if request.method == writing else _readable(request, caller)
        set_name, _separator, name = key.partition("_")
        if not scope:
            raise denied()
        found = self.directory.definitions.get((set_name, name))
        if found is None or not self._shows(set_name, name):
            raise not_found(key)
        if set_name not in scope:
            raise denied()
        return found


def _readable(request: Request, caller: Caller) -> Sets:
    """Return the sets whose definitions may be read. Raises GraphError: 405 where it is no GET, 403 where none may."""
    if request.method != "GET":
        raise wrong_method()
    if not caller.readable_definitions:
        raise denied()
    return caller.readable_definitions


def _set_as_json(attribute_set: AttributeSet) -> dict[str, Any]:
    return {
        "description": attribute_set.description,
        "id": attribute_set.id,
        "maxAttributesPerSet": attribute_set.maxAttributesPerSet,
    }


def _definition_as_json(definition: Definition) -> dict[str, Any]:
    return {name: getattr(definition, name) for name in sorted(_DEFINITION_PROPERTIES)}


def _with_values(definition: Definition) -> dict[str, Any]:
    """Return a definition as JSON with all its predefined values, for the audit log."""
    values = [_value_as_json(definition, value) for value in definition.allowedValues]
    return {**_definition_as_json(definition), "allowedValues": values}


def _value_as_json(definition: Definition, value: str) -> dict[str, Any]:
    return {"id": value, "isActive": definition.allowedValues[value]}


def _equalities(text: str) -> dict[str, Any]:
    """Return what a filter of `eq` joined by `and` asks for: the one kind that definitions serve (graph-facts 1.3)."""
    found: dict[str, Any] = {}

    def collect(node: ast._Node) -> None:
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            collect(node.left)
            collect(node.right)
            return
        plain = isinstance(node, ast.Compare) and isinstance(node.comparator, ast.Eq)
        if not plain or not isinstance(node.left, ast.Identifier) or node.left.name not in _DEFINITION_PROPERTIES:
            raise unsupported_query("Unsupported or invalid query filter clause.")
        found[node.left.name] = node.right.py_val

    collect(filters.parse(text))
    return found


def _listed(
    request: Request, items: list[dict[str, Any]], context: str, type_name: str, known: frozenset[str], base: str
) -> Response:
    """Return one page of plain items; the skip token is the number of those shown before."""
    options = request.query
    cut = _selector(request, type_name, known)
    size = query.top(options)
    start = int(options["$skiptoken"]) if options.get("$skiptoken", "").isdecimal() else 0
    body: dict[str, Any] = {"@odata.context": f"{base}/$metadata#{context}"}
    if start + size < len(items):
        body["@odata.nextLink"] = f"{base}/{context}?{query.next_query(options, str(start + size))}"
    body["value"] = [cut(item) for item in items[start : start + size]]
    return Response(200, body)


def _single(
    request: Request, item: dict[str, Any], context: str, type_name: str, known: frozenset[str], base: str
) -> Response:
    cut = _selector(request, type_name, known)
    return Response(200, _entity(cut(item), context, base))


def _entity(item: dict[str, Any], context: str, base: str) -> dict[str, Any]:
    return {"@odata.context": f"{base}/$metadata#{context}/$entity", **item}


def _selector(request: Request, type_name: str, known: frozenset[str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    names = selected(request.query.get("$select"), known, type_name)
    if names is None:
        return lambda item: item
    return lambda item: {name: item.get(name) for name in names}
