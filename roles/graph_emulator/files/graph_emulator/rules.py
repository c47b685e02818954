# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for creating and changing sets, definitions and predefined values (graph-facts 1.2 to 1.4 and 4).

Each function checks everything before it changes anything. Raises GraphError: 400 for a broken rule, 404 for a set that
does not exist, 409 for an object that exists. Quirks play unknown answers (graph-facts 6.2, 6.4, 13, 16).
"""

from __future__ import annotations

import re
from typing import Any, Final

from .assignments import VALUE_LENGTH
from .directory import AttributeSet, Definition, Directory
from .exchange import GraphError, bad_request, conflict, has_type, not_found
from .faults import Quirks

SETS_PER_TENANT: Final = 500
ACTIVE_DEFINITIONS_PER_TENANT: Final = 500
VALUES_PER_DEFINITION: Final = 100
DESCRIPTION_LENGTH: Final = 128
NAME_LENGTH: Final = 32
_NAME: Final = re.compile(r"(?!\d)[^\s`~!@#$%^&*()_\-+={\[}\]|\\:;\"'<,>.?/]+")
_DECIMAL: Final = re.compile(r"-?[0-9]+")
_IMMUTABLE: Final = ("id", "attributeSet", "name", "type", "isCollection", "isSearchable")
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
    """Create an attribute set."""
    members = _members(body, {"id", "description", "maxAttributesPerSet"}, required={"id"})
    _check_name(members["id"], quirks)
    _check_set_members(members, quirks)
    known = quirks.known_as(members["id"], directory.sets)
    if known in directory.sets:
        raise conflict(known, quirks.conflict_status)
    if len(directory.sets) >= SETS_PER_TENANT:
        raise bad_request(f"A tenant can have at most {SETS_PER_TENANT} attribute sets.")
    created = directory.sets[members["id"]] = AttributeSet(**members)
    directory.note_creation(created.id)
    return created


def update_set(directory: Directory, attribute_set: AttributeSet, body: Any, quirks: Quirks) -> None:
    """Change the description or the maximum of a set; its id never changes."""
    members = _changes(body, {"description", "maxAttributesPerSet"}, {"id": attribute_set.id}, quirks)
    _check_set_members(members, quirks)
    maximum = members.get("maxAttributesPerSet")
    in_use = len(_active(directory, attribute_set.id))
    if maximum is not None and maximum < in_use and quirks.max_below_use == "refuse":
        raise bad_request(f"The attribute set has {in_use} active definitions.")
    for name, value in members.items():
        setattr(attribute_set, name, value)


def create_definition(directory: Directory, body: Any, quirks: Quirks) -> Definition:
    """Create a definition with the predefined values of the body."""
    members = _members(body, {*_REQUIRED, "description", "allowedValues"}, required=set(_REQUIRED))
    for name, kind in _REQUIRED.items():
        if not has_type(members[name], kind):
            raise bad_request(f"Invalid value specified for property '{name}'.")
    _check_name(members["name"], quirks)
    _check_description(members, quirks)
    if members["type"] not in ("String", "Integer", "Boolean"):
        raise bad_request("Invalid value specified for property 'type'.")
    _check_status(members)
    if members["type"] == "Boolean" and (members["isCollection"] or members["usePreDefinedValuesOnly"]):
        raise bad_request("A Boolean can be neither a collection nor restricted to predefined values.")
    values: dict[str, bool] = {}
    for entry in members.pop("allowedValues", []):
        value, active = _value_members(entry, members["type"], quirks)
        if quirks.known_as(value, values) in values:
            raise bad_request(f"The predefined value '{value}' stands more than once in 'allowedValues'.")
        values[value] = active
    _check_values(members["type"], members["usePreDefinedValuesOnly"], values, quirks)
    members["attributeSet"] = quirks.known_as(members["attributeSet"], directory.sets)
    attribute_set = directory.sets.get(members["attributeSet"])
    if attribute_set is None:
        if quirks.unknown_set_status == 400:
            raise bad_request("Invalid value specified for property 'attributeSet'.")
        raise not_found(members["attributeSet"])
    if not quirks.serves(directory.age(attribute_set.id)):
        if quirks.new_set_status == 400:
            raise bad_request("Invalid value specified for property 'attributeSet'.")
        raise not_found(attribute_set.id)
    definition = Definition(**members, allowedValues=values)
    for known in directory.definitions.values():
        if known.attributeSet == definition.attributeSet and quirks.same(known.name, definition.name):
            raise conflict(known.id, quirks.conflict_status)
    if definition.status == "Available":
        _check_room(directory, definition)
    directory.definitions[definition.attributeSet, definition.name] = definition
    directory.note_creation(definition.attributeSet, definition.name)
    return definition


def update_definition(
    directory: Directory, definition: Definition, body: Any, odata_version: str, quirks: Quirks
) -> None:
    """Change description, status, and `usePreDefinedValuesOnly` from true to false. With OData 4.01 also the values."""
    delta = "allowedValues@delta"
    immutable = {name: getattr(definition, name) for name in _IMMUTABLE}
    members = _changes(body, {"description", "status", "usePreDefinedValuesOnly", delta}, immutable, quirks)
    _check_description(members, quirks)
    values = dict(definition.allowedValues)
    if delta in members:
        if odata_version != "4.01":
            raise bad_request(f"'{delta}' needs the header OData-Version: 4.01.")
        values.update(_value_members(entry, definition.type, quirks) for entry in members.pop(delta))
        _check_values(definition.type, definition.usePreDefinedValuesOnly, values, quirks)
    _check_status(members)
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
    value, active = _value_members(body, definition.type, quirks)
    known = quirks.known_as(value, definition.allowedValues)
    if known in definition.allowedValues:
        raise conflict(known, quirks.conflict_status)
    values = {**definition.allowedValues, value: active}
    _check_values(definition.type, definition.usePreDefinedValuesOnly, values, quirks)
    definition.allowedValues[value] = active
    directory.note_creation(definition.attributeSet, definition.name, value)
    return value


def update_value(definition: Definition, value: str, body: Any, quirks: Quirks) -> None:
    """Activate or deactivate a predefined value."""
    members = _changes(body, {"isActive"}, {"id": value}, quirks, required={"isActive"})
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


def _changes(
    body: Any, known: set[str], immutable: dict[str, Any], quirks: Quirks, required: set[str] | None = None
) -> dict[str, Any]:
    """Return the members of a PATCH. A quirk decides whether it can repeat an immutable one unchanged."""
    members = _members(body, known | immutable.keys(), required)
    for name in members.keys() & immutable.keys():
        if quirks.unchanged_immutable == "refuse" or members.pop(name) != immutable[name]:
            raise bad_request(f"Property '{name}' is read-only or does not exist.")
    return members


def _value_members(entry: Any, type_name: str, quirks: Quirks) -> tuple[str, bool]:
    members = _members(entry, {"id", "isActive"}, required={"id", "isActive"})
    value = members["id"]
    if not isinstance(value, str) or not 0 < quirks.length(value) <= VALUE_LENGTH:
        raise bad_request(f"A predefined value has 1 to {VALUE_LENGTH} characters.")
    if type_name == "Integer" and not (_DECIMAL.fullmatch(value) and -(2**31) <= int(value) < 2**31):
        raise bad_request("The predefined values of an Integer are integers of 32 bits.")
    return value, _boolean(members["isActive"])


def _boolean(value: Any) -> bool:
    """Return a Boolean, which Microsoft's samples of predefined values also send as text (graph-facts 1.4)."""
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise bad_request("Invalid value specified for property 'isActive'.")


def _check_name(name: Any, quirks: Quirks) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or quirks.length(name) > NAME_LENGTH:
        raise bad_request(
            f"'{name}' is not a name: 1 to {NAME_LENGTH} characters, no space or special ones, no digit first."
        )


def _check_description(members: dict[str, Any], quirks: Quirks) -> None:
    description = members.get("description")
    if description is None:
        return
    if not isinstance(description, str) or quirks.length(description) > DESCRIPTION_LENGTH:
        raise bad_request(f"A description has at most {DESCRIPTION_LENGTH} characters.")


def _check_status(members: dict[str, Any]) -> None:
    """Raise GraphError for an unknown status. A new definition can be Deprecated (graph-facts 16)."""
    if members.get("status", "Available") not in ("Available", "Deprecated"):
        raise bad_request("Invalid value specified for property 'status'.")


def _check_set_members(members: dict[str, Any], quirks: Quirks) -> None:
    _check_description(members, quirks)
    maximum = members.get("maxAttributesPerSet")
    if maximum is not None and (not has_type(maximum, int) or not 0 < maximum <= ACTIVE_DEFINITIONS_PER_TENANT):
        raise bad_request("Invalid value specified for property 'maxAttributesPerSet'.")


def _check_values(type_name: str, restricted: bool, values: dict[str, bool], quirks: Quirks) -> None:
    if type_name == "Boolean" and values:
        raise bad_request("A Boolean has no predefined values.")
    if values and not restricted and quirks.unrestricted_values == "refuse":
        raise bad_request("The definition is not restricted to predefined values.")
    if len(values) > VALUES_PER_DEFINITION:
        raise bad_request(f"A definition can have at most {VALUES_PER_DEFINITION} predefined values.")


def _active(directory: Directory, set_name: str | None = None) -> list[Definition]:
    """Return the active definitions of the tenant, or of one set."""
    return [
        definition
        for definition in directory.definitions.values()
        if definition.status == "Available" and set_name in (None, definition.attributeSet)
    ]


def _check_room(directory: Directory, definition: Definition) -> None:
    """Raise GraphError if the set or the tenant has no room for another active definition."""
    in_set = len(_active(directory, definition.attributeSet))
    maximum = directory.sets[definition.attributeSet].maxAttributesPerSet
    if len(_active(directory)) >= ACTIVE_DEFINITIONS_PER_TENANT or (maximum is not None and in_set >= maximum):
        raise bad_request("There are as many active definitions as the attribute set or the tenant can have.")
