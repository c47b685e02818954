# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attribute sets, definitions and predefined values (graph-facts 1.2 to 1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from odata_query import ast

from . import filters, query, rules
from .access import Caller, Sets
from .audits import Audits
from .directory import AttributeSet, Definition, Directory
from .exchange import GraphError, Request, Response, denied, not_emulated, not_found, unsupported_query, wrong_method
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
_VALUE_PROPERTIES: Final = frozenset({"id", "isActive"})


@dataclass(frozen=True)
class _Kind:
    """The properties of one of the three types, and the query options of its lists beyond `$select` and `$top`."""

    type_name: str
    properties: frozenset[str]
    served: frozenset[str] = frozenset()
    expands: frozenset[str] = frozenset()


_SET: Final = _Kind("microsoft.graph.attributeSet", _SET_PROPERTIES, frozenset({"$orderby"}))
_DEFINITION: Final = _Kind(
    "microsoft.graph.customSecurityAttributeDefinition",
    _DEFINITION_PROPERTIES,
    frozenset({"$filter", "$orderby", "$expand"}),
    frozenset({"allowedValues"}),
)
_VALUE: Final = _Kind("microsoft.graph.allowedValue", _VALUE_PROPERTIES)


class Schema:
    """Handler of the requests below `/directory`. Module `rules` rejects invalid ones."""

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
        return _listed(request, items, SETS, _SET, base)

    def set(self, name: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer `/directory/attributeSets/{id}`."""
        if request.method == "PATCH":
            self._require_tenant_wide(caller)  # a role on the set itself is not enough (graph-facts 5.3)
        else:
            _readable(request, caller)
        name = self.quirks.known_as(name, self.directory.sets)
        found = self.directory.sets.get(name)
        if found is None or not self._shows(name):
            raise not_found(name)
        if request.method == "PATCH":
            before = _set_as_json(found)
            rules.update_set(self.directory, found, request.json(), self.quirks)
            self.audits.note_schema(request, caller, "update set", name, before, _set_as_json(found))
            return Response(204)
        if name not in caller.readable_definitions:
            raise denied()
        return _single(request, _set_as_json(found), SETS, _SET, base)

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
        expand = _expand(request, _DEFINITION)
        items = [
            _definition_as_json(definition) | (self._expanded(definition, base) if expand else {})
            for definition in self.directory.definitions.values()
            if definition.attributeSet in readable and self._shows(definition.attributeSet, definition.name)
        ]
        return _listed(request, items, DEFINITIONS, _DEFINITION, base)

    def definition(self, key: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer `/directory/customSecurityAttributeDefinitions/{id}`."""
        found = self._definition(key, request, caller, "PATCH")
        if request.method == "PATCH":
            before, version = _with_values(found), request.headers.get("odata-version", "4.0")
            rules.update_definition(self.directory, found, request.json(), version, self.quirks)
            self._note_update(request, caller, found, before)
            return Response(204)
        expand = _expand(request, _DEFINITION)
        if expand and self.quirks.single_expand == "refuse":
            raise GraphError(400, "BadRequest", "The query specified in the URI is not valid.")
        item = _definition_as_json(found) | (self._expanded(found, base) if expand else {})
        return _single(request, item, DEFINITIONS, _DEFINITION, base)

    def values(self, key: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer `/directory/customSecurityAttributeDefinitions/{id}/allowedValues`."""
        definition = self._definition(key, request, caller, "POST")
        context = f"{DEFINITIONS}('{key}')/allowedValues"
        if request.method == "POST":
            before = _with_values(definition)
            value = rules.create_value(self.directory, definition, request.json(), self.quirks)
            self._note_update(request, caller, definition, before)
            return Response(201, _entity(_value_as_json(definition, value), context, base))
        return _listed(request, self._values(definition), context, _VALUE, base)

    def value(self, key: str, value: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer `/directory/customSecurityAttributeDefinitions/{id}/allowedValues/{value}`."""
        definition = self._definition(key, request, caller, "PATCH")
        if value not in definition.allowedValues or not self._shows(definition.attributeSet, definition.name, value):
            raise not_found(value)
        if request.method == "PATCH":
            before = _with_values(definition)
            rules.update_value(definition, value, request.json(), self.quirks)
            self._note_update(request, caller, definition, before)
            return Response(204)
        item = _value_as_json(definition, value)
        context = f"{DEFINITIONS}('{key}')/allowedValues"
        return _single(request, item, context, _VALUE, base)

    def _shows(self, *part: str) -> bool:
        """Return whether reads return a set, definition or value, which takes a moment (graph-facts 6.4)."""
        return self.quirks.shows(self.directory.age(*part))

    def _values(self, definition: Definition) -> list[dict[str, Any]]:
        """Return the predefined values of a definition that reads return."""
        return [
            _value_as_json(definition, value)
            for value in definition.allowedValues
            if self._shows(definition.attributeSet, definition.name, value)
        ]

    def _expanded(self, definition: Definition, base: str) -> dict[str, Any]:
        """Return the members that `$expand` adds. A long collection can continue on a next page."""
        values, shown = self._values(definition), self.quirks.expanded_values
        path = f"{DEFINITIONS}('{definition.id}')/allowedValues"
        context = {"allowedValues@odata.context": f"{base}/$metadata#{path}"}
        if shown is None or shown >= len(values):
            return {**context, "allowedValues": values}
        rest = f"{base}/{path}?{query.next_query({}, query.token({}, path, shown))}"
        return {**context, "allowedValues@odata.nextLink": rest, "allowedValues": values[:shown]}

    def _note_update(self, request: Request, caller: Caller, definition: Definition, before: dict[str, Any]) -> None:
        after = _with_values(definition)
        self.audits.note_schema(request, caller, "update definition", definition.id, before, after)

    def _require_tenant_wide(self, caller: Caller) -> None:
        if not caller.writable_definitions.everything:
            raise denied()

    def _definition(self, key: str, request: Request, caller: Caller, writing: str) -> Definition:
        """Find a definition by its ID, to read it or to write it with a method.

        Raises GraphError: 404 if it is unknown, 403 outside the caller's scope, 405 for another method.
        """
        scope = caller.writable_definitions if request.method == writing else _readable(request, caller)
        set_name, _separator, name = key.partition("_")
        if not scope:
            raise denied()
        set_name = self.quirks.known_as(set_name, self.directory.sets)
        name = self.quirks.known_as(name, (known for owner, known in self.directory.definitions if owner == set_name))
        found = self.directory.definitions.get((set_name, name))
        if found is None or not self._shows(set_name, name):
            raise not_found(key)
        if set_name not in scope:
            raise denied()
        return found


def _readable(request: Request, caller: Caller) -> Sets:
    """Return the sets with readable definitions. Raises GraphError: 405 for other methods than GET, 403 for none."""
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


def _equalities(text: str) -> list[tuple[str, Any]]:
    """Return the names and values of a filter of `eq` and `and`, the only kind for definitions (graph-facts 1.3)."""
    found: list[tuple[str, Any]] = []

    def collect(node: ast._Node) -> None:
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            collect(node.left)
            collect(node.right)
            return
        plain = isinstance(node, ast.Compare) and isinstance(node.comparator, ast.Eq)
        literal = plain and isinstance(node.right, (ast.String, ast.Integer, ast.Boolean, ast.Null))
        if not literal or not isinstance(node.left, ast.Identifier) or node.left.name not in _DEFINITION_PROPERTIES:
            raise unsupported_query("Unsupported or invalid query filter clause.")
        found.append((node.left.name, node.right.py_val))

    collect(filters.parse(text))
    return found


def _expand(request: Request, kind: _Kind) -> bool:
    """Return whether `$expand` names a member. Raises GraphError: 400 for another name, 501 for nested options."""
    option = request.query.get("$expand")
    if not option:
        return False
    for part in option.split(","):
        name, nested, _options = part.strip().partition("(")
        if name not in kind.expands:
            text = f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type"
            raise GraphError(400, "BadRequest", f"{text} '{kind.type_name}'.")
        if nested:
            raise not_emulated("options within $expand")
    return True


def _ordered(items: list[dict[str, Any]], option: str | None, kind: _Kind) -> list[dict[str, Any]]:
    """Return items in the order of `$orderby`: text regardless of case, null first."""
    for part in reversed(option.split(",") if option else []):
        name, _separator, direction = part.strip().partition(" ")
        if name not in kind.properties or direction.strip() not in ("", "asc", "desc"):
            text = f"Could not find a property named '{name}' on type '{kind.type_name}'."
            raise GraphError(400, "BadRequest", f"Invalid orderby clause: {text}")

        def key(item: dict[str, Any], name: str = name) -> tuple[bool, Any]:
            value = item[name]
            return value is not None, value.casefold() if isinstance(value, str) else value or 0

        items = sorted(items, key=key, reverse=direction.strip() == "desc")
    return items


def _listed(request: Request, items: list[dict[str, Any]], path: str, kind: _Kind, base: str) -> Response:
    """Return one page of plain items."""
    options = request.query
    query.check_options(request, kind.served | {"$select", "$top", "$skiptoken"}, f"/{path}")
    names = selected(options.get("$select"), kind.properties, kind.type_name)
    for name, value in _equalities(options["$filter"]) if "$filter" in options else []:
        items = [item for item in items if type(item[name]) is type(value) and item[name] == value]
    items = _ordered(items, options.get("$orderby"), kind)
    size, start = query.top(options), query.position(options, path)
    body: dict[str, Any] = {"@odata.context": f"{base}/$metadata#{_context(request, path, names)}"}
    if start + size < len(items):
        following = query.next_query(options, query.token(options, path, start + size))
        body["@odata.nextLink"] = f"{base}/{path}?{following}"
    body["value"] = [_cut(item, names) for item in items[start : start + size]]
    return Response(200, body)


def _single(request: Request, item: dict[str, Any], path: str, kind: _Kind, base: str) -> Response:
    query.check_options(request, frozenset({"$select", *(("$expand",) if kind.expands else ())}), f"one of /{path}")
    names = selected(request.query.get("$select"), kind.properties, kind.type_name)
    return Response(200, _entity(_cut(item, names), _context(request, path, names), base))


def _entity(item: dict[str, Any], context: str, base: str) -> dict[str, Any]:
    return {"@odata.context": f"{base}/$metadata#{context}/$entity", **item}


def _context(request: Request, path: str, names: list[str] | None) -> str:
    """Return the path with the selected and expanded names, in the form of contexts."""
    expanded = [f"{name}()" for name in request.query.get("$expand", "").split(",") if name]
    shown = [*(names or []), *expanded]
    return f"{path}({','.join(shown)})" if shown else path


def _cut(item: dict[str, Any], names: list[str] | None) -> dict[str, Any]:
    """Return the selected properties, and the expanded members."""
    if names is None:
        return item
    return {name: item[name] for name in names} | {name: item[name] for name in item if "allowedValues" in name}
