# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Graph's JSON and the domain model, in both directions. No other file knows the keys of principals and of the schema.

The parsers raise UnexpectedResponse for any other shape; `what` names the request that was answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._core.assignment_plan import Plan
from .._core.model import (
    INTEGER,
    SERVICE_PRINCIPAL,
    USER,
    Assignments,
    AttributeName,
    AttributeSet,
    Definition,
    Principal,
    PrincipalKind,
    Value,
    attribute_name,
)
from .._core.shared import Shared
from .._core.values import type_of, unique
from .._errors import printable
from .._graph.odata import literal
from .._graph.shapes import TYPE_NAMES, member, objects, odd

ASSIGNMENTS = "customSecurityAttributes"
SET_TYPE = "#Microsoft.DirectoryServices.CustomSecurityAttributeValue"
KEY = {USER: "userPrincipalName", SERVICE_PRINCIPAL: "appId"}
"""The property of each kind that `Principal.key` holds."""
GUID_PROPERTIES = {USER: ("id",), SERVICE_PRINCIPAL: ("id", "appId")}
"""The properties that a GUID may be meant for."""
NAME_PROPERTY = {USER: "userPrincipalName", SERVICE_PRINCIPAL: "displayName"}
"""The property that any other name is meant for."""
LOOKUP_PROPERTIES = {"mail": "mail", "employee_id": "employeeId"}
"""The other properties by which a user can be referred to."""

_WHAT = {kind: f"GET {kind.path}" for kind in KEY}
_AGENT = re.compile(r"#microsoft\.graph\.(agent\w+)", re.IGNORECASE)
_INTEGER = re.compile(r"-?[0-9]{1,10}")
_SET_PROPERTIES = {"description": "description", "max_attributes": "maxAttributesPerSet"}
_STATUS = {False: "Available", True: "Deprecated"}

_NONE: Assignments = {}
_NO_PROPERTIES: Mapping[str, Any] = {}
_parsed: Shared[Assignments] = Shared()
"""Most principals have the same few assignments. Nothing changes them in place, so they share one object."""

MEMBER_TYPES = {USER: "microsoft.graph.user", SERVICE_PRINCIPAL: "microsoft.graph.servicePrincipal"}
"""The types that narrow the members of a group to a kind (consumer-facts 6)."""
GROUP_TYPE = "microsoft.graph.group"
GROUP_QUERY = {"$select": "id,displayName,visibility"}
AGENT_TYPE = "agentIdentity"
AGENTS_PATH = f"{SERVICE_PRINCIPAL.path}/microsoft.graph.{AGENT_TYPE}"
"""The path that lists agent identities alone (graph-facts 15)."""


# Principals and assignments


def principal_query(kind: PrincipalKind, properties: Iterable[str] = (), paths: Iterable[str] = ()) -> dict[str, str]:
    """Return the query for what is read of each principal.

    `properties` are those by which it is looked up. `paths` lead to others, as `employeeOrgData.costCenter` does.
    """
    others = sorted({LOOKUP_PROPERTIES[name] for name in properties} | {path.partition(".")[0] for path in paths})
    return {"$select": ",".join(dict.fromkeys(["id", "displayName", KEY[kind], *others, ASSIGNMENTS]))}


def condition(attribute: AttributeName, operator: str, value: Value | None) -> str:
    """Return an OData condition on an attribute.

    `operator` is eq, ne or startswith (graph-facts 3), `value` has the attribute's type or is null.
    """
    path = f"{ASSIGNMENTS}/{attribute.attribute_set}/{attribute.name}"
    if operator == "startswith":
        return f"startsWith({path},{literal(value)})"
    return f"{path} {operator} {literal(value)}"


def parse_principal(
    kind: PrincipalKind, item: Mapping[str, Any], properties: Iterable[str] = (), paths: Iterable[str] = ()
) -> Principal:
    """Return a principal, with those of the lookup properties and of the properties at `paths` that it has."""
    what = _WHAT[kind]
    agent = _AGENT.fullmatch(member(item, "@odata.type", str, what) or "") if "@odata.type" in item else None
    return Principal(
        kind,
        member(item, "id", str, what, required=True),
        printable(member(item, "displayName", str, what) or ""),
        member(item, KEY[kind], str, what) or "",
        agent.group(1) if agent else "",
        parse_assignments(item, what),
        _others(item, properties, what) if properties else (),
        {path: value for path in paths if (value := _at(item, path)) is not None} if paths else _NO_PROPERTIES,
    )


def parse_outline(kind: PrincipalKind, item: Mapping[str, Any]) -> tuple[str, str, Assignments] | None:
    """Return id, key and assignments of a principal; null where `parse_principal` has to say what is wrong."""
    known, key, members = item.get("id"), item.get(KEY[kind]), item.get(ASSIGNMENTS)
    if not (isinstance(known, str) and isinstance(key, str)):
        return None
    if members is None:
        return known, key, _NONE
    shared = _parsed.recall(members)
    return known, key, parse_assignments(item, _WHAT[kind]) if shared is None else shared


def _others(item: Mapping[str, Any], properties: Iterable[str], what: str) -> tuple[tuple[str, str], ...]:
    """Return those of the lookup properties that a principal has."""
    found = ((name, member(item, LOOKUP_PROPERTIES[name], str, what)) for name in properties)
    return tuple((name, text) for name, text in found if text)


def _at(item: Mapping[str, Any], path: str) -> Any:
    """Return the property at a path, null if it is missing."""
    if "." not in path:
        return item.get(path)
    owner, _dot, name = path.partition(".")
    inner = item.get(owner)
    return inner.get(name) if isinstance(inner, dict) else None


@dataclass(frozen=True)
class Group:
    """A group. If its membership is hidden, its members are shown only with a permission (consumer-facts 6)."""

    id: str
    name: str
    hidden: bool

    def __str__(self) -> str:
        return f"'{self.name}' ({self.id})"

    def as_result(self) -> dict[str, str]:
        """Return the group as results name it."""
        return {"id": self.id, "type": "group", "display_name": self.name}


def parse_group(item: Mapping[str, Any], what: str) -> Group:
    """Return a group."""
    return Group(
        id=member(item, "id", str, what, required=True),
        name=printable(member(item, "displayName", str, what) or ""),
        hidden=member(item, "visibility", str, what) == "HiddenMembership",
    )


def parse_id(item: Mapping[str, Any], what: str) -> str:
    """Return the id of an object, where only the id was asked for."""
    return member(item, "id", str, what, required=True)


def parse_assignments(item: Mapping[str, Any], what: str) -> Assignments:
    """Return the assignments of a principal.

    Takes every shape that was seen (graph-facts 2.3, 2.4): null, `{}`, sets with nothing but their type, either
    spelling of the set's type, annotations there or not. Annotations decide the type where JSON and they differ.
    """
    members = member(item, ASSIGNMENTS, dict, what)
    return _parsed.get(members, lambda: _parse_assignments(members, what)) if members else _NONE


def _parse_assignments(given: Mapping[str, Any], what: str) -> Assignments:
    assignments: Assignments = {}
    for attribute_set, members in given.items():
        if not isinstance(members, dict):
            if members is not None and "@" not in attribute_set:
                raise odd(what, f"the attribute set {attribute_set} is {TYPE_NAMES[type(members)]}, not an object")
            continue
        integers = []
        for name, value in members.items():
            kind = type(value)
            if kind is list:
                kinds = set(map(type, value))
                if len(kinds) > 1 or not kinds <= {str, int, bool}:
                    names = " and ".join(sorted(TYPE_NAMES[kind] for kind in kinds))
                    raise odd(what, f"{attribute_set}.{name} is a list of {names}")
                value = unique(value)
            elif not (kind is str or kind is int or kind is bool or value is None):
                raise odd(what, f"{attribute_set}.{name} is {TYPE_NAMES[kind]}")
            if "@" in name:
                if kind is str and "Int32" in value:
                    integers.append(name.partition("@")[0])
            elif not (value is None or value == "" or value == []):
                assignments[attribute_name(attribute_set, name)] = value
        for name in integers:
            _read_integers(assignments, attribute_name(attribute_set, name), what)
    return assignments


def _read_integers(assignments: Assignments, attribute: AttributeName, what: str) -> None:
    """Make the value of an attribute integers, which its annotation says that it has. Raises UnexpectedResponse."""
    value = assignments.get(attribute)
    for text in value if isinstance(value, list) else [] if value is None else [value]:
        if not _INTEGER.fullmatch(str(text)):
            where = f"{what}, {attribute.attribute_set}"
            raise odd(where, f"{attribute.name} has a value that is not an integer, though its annotation says so")
    if value is not None:
        assignments[attribute] = unique(map(int, value)) if isinstance(value, list) else int(value)


def patch_body(principal: Principal, planned: Plan) -> dict[str, Any]:
    """Return the body of the PATCH that carries out a plan; it names the type of an agent (graph-facts 1.5).

    Null removes a single value, `[]` a collection (graph-facts 2.1).
    """
    body: dict[str, Any] = {}
    for (attribute_set, name), value in planned.changes.items():
        members = body.setdefault(attribute_set, {"@odata.type": SET_TYPE})
        if value is None:
            members[name] = [] if isinstance(planned.before.get(AttributeName(attribute_set, name)), list) else None
            continue
        if annotation := _annotation(value):
            members[f"{name}@odata.type"] = annotation
        members[name] = value
    agent = {"@odata.type": f"#microsoft.graph.{principal.agent_type}"} if principal.agent_type else {}
    return {**agent, ASSIGNMENTS: body}


def _annotation(value: Value) -> str:
    integer = type_of(value) == INTEGER
    if isinstance(value, list):
        return "#Collection(Int32)" if integer else "#Collection(String)"
    return "#Int32" if integer else ""


# Attribute sets, definitions and predefined values


def parse_set(item: Mapping[str, Any], what: str) -> AttributeSet:
    """Return an attribute set."""
    return AttributeSet(
        member(item, "id", str, what, required=True),
        member(item, "description", str, what) or "",
        member(item, "maxAttributesPerSet", int, what),
    )


def set_body(attribute_set: AttributeSet) -> dict[str, Any]:
    """Return the body of the POST that creates an attribute set."""
    given = {"description": attribute_set.description, "max_attributes": attribute_set.max_attributes}
    return {"id": attribute_set.name, **set_changes({name: value for name, value in given.items() if value})}


def set_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of the PATCH that changes these properties of an attribute set."""
    return {_SET_PROPERTIES[name]: value for name, value in changes.items()}


def parse_definition(item: Mapping[str, Any], what: str) -> Definition:
    """Return a definition with its predefined values, as far as Graph expanded them."""
    return Definition(
        attribute_set=member(item, "attributeSet", str, what, required=True),
        name=member(item, "name", str, what, required=True),
        type=member(item, "type", str, what, required=True),
        collection=bool(member(item, "isCollection", bool, what)),
        deprecated=member(item, "status", str, what) == "Deprecated",
        predefined_only=bool(member(item, "usePreDefinedValuesOnly", bool, what)),
        predefined=parse_predefined_values(objects(member(item, "allowedValues", list, what) or [], what), what),
        description=member(item, "description", str, what) or "",
        searchable=member(item, "isSearchable", bool, what) is not False,
        id=member(item, "id", str, what, required=True),
    )


def has_more_values(item: Mapping[str, Any]) -> bool:
    """Return whether Graph expanded only a part of a definition's predefined values."""
    return "allowedValues@odata.nextLink" in item


def parse_predefined_values(items: Iterable[Mapping[str, Any]], what: str) -> dict[str, bool]:
    """Return predefined values, each with whether it is active."""
    return {member(item, "id", str, what, required=True): bool(member(item, "isActive", bool, what)) for item in items}


def definition_body(definition: Definition) -> dict[str, Any]:
    """Return the body of the POST that creates a definition with its predefined values."""
    body: dict[str, Any] = {
        "attributeSet": definition.attribute_set,
        "name": definition.name,
        "type": definition.type,
        "status": _STATUS[definition.deprecated],
        "isCollection": definition.collection,
        "isSearchable": definition.searchable,
        "usePreDefinedValuesOnly": definition.predefined_only,
    }
    if definition.description:
        body["description"] = definition.description
    if definition.predefined:
        body["allowedValues"] = [predefined_value_body(*item) for item in definition.predefined.items()]
    return body


def definition_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of the PATCH that changes these properties of a definition."""
    body = {}
    if "description" in changes:
        body["description"] = changes["description"]
    if "deprecated" in changes:
        body["status"] = _STATUS[changes["deprecated"]]
    if "predefined_only" in changes:
        body["usePreDefinedValuesOnly"] = changes["predefined_only"]
    return body


def predefined_value_body(value: str, active: bool) -> dict[str, Any]:
    """Return the body of the POST that adds a predefined value."""
    return {"id": value, **activity_body(active)}


def activity_body(active: bool) -> dict[str, Any]:
    """Return the body of the PATCH that activates or deactivates a predefined value."""
    return {"isActive": active}
