# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules by which sets, definitions and predefined values are made and changed (graph-facts 1.2 to 1.4 and 4).

Each function checks everything before it changes anything. Raises GraphError: 400 for what breaks a rule, 404 for a set
that is not there, 409 for what exists already; what is unknown of these is a quirk (graph-facts 6.2, 6.4).
"""

from __future__ import annotations

import re
from typing import Any, Final

from .assignments import VALUE_LENGTH
from .directory import AttributeSet, Definition, Directory
from .exchange import GraphError, bad_request, has_type, not_found
from .faults import Quirks

SETS_PER_TENANT: Final = 500
ACTIVE_DEFINITIONS_PER_TENANT: Final = 500
VALUES_PER_DEFINITION: Final = 100
DESCRIPTION_LENGTH: Final = 128
_NAME: Final = re.compile(r"(?!\d)[^\s`~!@#$%^&*()_\-+={\[}\]|\\:;\"'<,>.?/]{1,32}")
_REQUIRED: Final = {
    "attributeSet": str,
    "name": str,
    "type": str,
    "status": str,
    "isCollection": bool,
    "isSearchable": bool,
    "usePreDefinedValuesOnly": bool,
}


def create_set(directory: Directory, body: Any, quirks: Quirks) -> AttributeSet:
    """Make an attribute set."""
    members = _members(body, {"id", "description", "maxAttributesPerSet"}, required={"id"})
    _check_name(members["id"])
    _check_set_members(members)
    if members["id"] in directory.sets:
        raise _exists(members["id"], quirks)
    if len(directory.sets) >= SETS_PER_TENANT:
        raise bad_request(f"A tenant can have at most {SETS_PER_TENANT} attribute sets.")
    created = directory.sets[members["id"]] = AttributeSet(**members)
    directory.note_creation(created.id)
    return created


def update_set(attribute_set: AttributeSet, body: Any) -> None:
    """Change the description or the maximum of a set; its id never changes."""
    members = _members(body, {"description", "maxAttributesPerSet"})
    _check_set_members(members)
    for name, value in members.items():
        setattr(attribute_set, name, value)


def create_definition(directory: Directory, body: Any, quirks: Quirks) -> Definition:
    """Make a definition, with its predefined values when the body holds some."""
    members = _members(body, {*_REQUIRED, "description", "allowedValues"}, required=set(_REQUIRED))
    for name, kind in _REQUIRED.items():
        if not has_type(members[name], kind):
            raise bad_request(f"Invalid value specified for property '{name}'.")
    _check_name(members["name"])
    _check_description(members)
    if members["type"] not in ("String", "Integer", "Boolean") or members["status"] != "Available":
        raise bad_request("Invalid value specified for property 'type' or 'status'.")
    if members["type"] == "Boolean" and (members["isCollection"] or members["usePreDefinedValuesOnly"]):
        raise bad_request("A Boolean can be neither a collection nor restricted to predefined values.")
    values: dict[str, bool] = {}
    for entry in members.pop("allowedValues", []):
        value, active = _value_members(entry)
        values[value] = active
    _check_values(members["type"], values)
    attribute_set = directory.sets.get(members["attributeSet"])
    if attribute_set is None:
        raise not_found(members["attributeSet"])
    if not quirks.serves(directory.age(attribute_set.id)):
        if quirks.new_set_status == 400:
            raise bad_request("Invalid value specified for property 'attributeSet'.")
        raise not_found(attribute_set.id)
    definition = Definition(**members, allowedValues=values)
    if (definition.attributeSet, definition.name) in directory.definitions:
        raise _exists(definition.id, quirks)
    _check_room(directory, definition)
    directory.definitions[definition.attributeSet, definition.name] = definition
    directory.note_creation(definition.attributeSet, definition.name)
    return definition


def update_definition(directory: Directory, definition: Definition, body: Any, odata_version: str) -> None:
    """Change description, status, `usePreDefinedValuesOnly` from true to false; with OData 4.01 also the values."""
    delta = "allowedValues@delta"
    members = _members(body, {"description", "status", "usePreDefinedValuesOnly", delta})
    _check_description(members)
    values = dict(definition.allowedValues)
    if delta in members:
        if odata_version != "4.01":
            raise bad_request(f"'{delta}' needs the header OData-Version: 4.01.")
        values.update(_value_members(entry) for entry in members.pop(delta))
        _check_values(definition.type, values)
    if members.get("status", "Available") not in ("Available", "Deprecated"):
        raise bad_request("Invalid value specified for property 'status'.")
    restricted = members.get("usePreDefinedValuesOnly", definition.usePreDefinedValuesOnly)
    if not has_type(restricted, bool) or (restricted and not definition.usePreDefinedValuesOnly):
        raise bad_request("'usePreDefinedValuesOnly' can change from true to false only.")
    if members.get("status") == "Available" and definition.status == "Deprecated":
        _check_room(directory, definition)
    for name, value in members.items():
        setattr(definition, name, value)
    for value in values.keys() - definition.allowedValues.keys():
        directory.note_creation(definition.attributeSet, definition.name, value)
    definition.allowedValues = values


def create_value(directory: Directory, definition: Definition, body: Any, quirks: Quirks) -> str:
    """Add a predefined value, and return it."""
    if isinstance(body, dict) and any("@delta" in name for name in body):
        raise GraphError(500, "Service_InternalServerError", "Encountered an internal server error.")
    value, active = _value_members(body)
    if value in definition.allowedValues:
        raise _exists(value, quirks)
    _check_values(definition.type, {**definition.allowedValues, value: active})
    definition.allowedValues[value] = active
    directory.note_creation(definition.attributeSet, definition.name, value)
    return value


def update_value(definition: Definition, value: str, body: Any) -> None:
    """Activate or deactivate a predefined value."""
    members = _members(body, {"isActive"}, required={"isActive"})
    definition.allowedValues[value] = _boolean(members["isActive"])


def _members(body: Any, known: set[str], required: set[str] | None = None) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise bad_request("The request body is not an object.")
    members = {name: value for name, value in body.items() if not name.startswith("@")}
    for name in members:
        if name not in known:
            raise bad_request(f"Property '{name}' is read-only or does not exist.")
    for name in required or set():
        if members.get(name) is None:
            raise bad_request(f"A value is required for property '{name}'.")
    return members


def _value_members(entry: Any) -> tuple[str, bool]:
    members = _members(entry, {"id", "isActive"}, required={"id", "isActive"})
    value = members["id"]
    if not isinstance(value, str) or not 0 < len(value) <= VALUE_LENGTH:
        raise bad_request(f"A predefined value has 1 to {VALUE_LENGTH} characters.")
    return value, _boolean(members["isActive"])


def _boolean(value: Any) -> bool:
    """Return a Boolean, which Microsoft's samples of predefined values also send as text (graph-facts 1.4)."""
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise bad_request("Invalid value specified for property 'isActive'.")


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise bad_request(f"'{name}' is no name: 1 to 32 characters, no space or special ones, no digit first.")


def _check_description(members: dict[str, Any]) -> None:
    description = members.get("description")
    if description is not None and (not isinstance(description, str) or len(description) > DESCRIPTION_LENGTH):
        raise bad_request(f"A description has at most {DESCRIPTION_LENGTH} characters.")


def _check_set_members(members: dict[str, Any]) -> None:
    _check_description(members)
    maximum = members.get("maxAttributesPerSet")
    if maximum is not None and (not has_type(maximum, int) or not 0 < maximum <= ACTIVE_DEFINITIONS_PER_TENANT):
        raise bad_request("Invalid value specified for property 'maxAttributesPerSet'.")


def _check_values(type_name: str, values: dict[str, bool]) -> None:
    if type_name == "Boolean" and values:
        raise bad_request("A Boolean has no predefined values.")
    if len(values) > VALUES_PER_DEFINITION:
        raise bad_request(f"A definition can have at most {VALUES_PER_DEFINITION} predefined values.")


def _check_room(directory: Directory, definition: Definition) -> None:
    """Raise GraphError where one more active definition is too many for the set or the tenant."""
    active = [other for other in directory.definitions.values() if other.status == "Available"]
    in_set = sum(1 for other in active if other.attributeSet == definition.attributeSet)
    maximum = directory.sets[definition.attributeSet].maxAttributesPerSet
    if len(active) >= ACTIVE_DEFINITIONS_PER_TENANT or (maximum is not None and in_set >= maximum):
        raise bad_request("There are as many active definitions as the attribute set or the tenant can have.")


def _exists(key: str, quirks: Quirks) -> GraphError:
    message = f"'{key}' already exists."
    if quirks.conflict_status == 400:
        return bad_request(message)
    return GraphError(409, "Request_ConflictingObjectExists", message)
