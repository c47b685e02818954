# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for writing and reading the custom security attributes of one object (graph-facts 2, 4 and 6).

Where Microsoft documents a status and a code but no message, the message is this emulator's own: no client may depend
on it.
"""

from __future__ import annotations

from typing import Any, Final

from .access import Sets
from .directory import Attributes, Definition, Directory, Value
from .exchange import GraphError, bad_request, denied, has_type
from .faults import Quirks

SET_TYPES: Final = {
    "graph": "#microsoft.graph.customSecurityAttributeValue",
    "directory_services": "#Microsoft.DirectoryServices.CustomSecurityAttributeValue",
}
TYPE_SUFFIX: Final = "@odata.type"
VALUES_PER_OBJECT: Final = 50
VALUE_LENGTH: Final = 64

_PYTHON_TYPES: Final = {"String": str, "Integer": int, "Boolean": bool}
_WIRE_TYPES: Final = {"String": "String", "Integer": "Int32", "Boolean": "Boolean"}


def invalid_property(name: str) -> GraphError:
    """Return a 400 for a set, attribute or property that the object cannot have (graph-facts 6.2)."""
    return bad_request(f"Invalid property '{name}'.")


def write(directory: Directory, current: Attributes, body: Any, writable: Sets, quirks: Quirks) -> Attributes:
    """Return the attributes after the PATCH. `current` stays unchanged, so a rejected PATCH changes nothing.

    `body` is the value of `customSecurityAttributes`. Only what it names changes; a collection is replaced whole
    (graph-facts 2.2). Raises GraphError: 400 for a broken rule, 403 for a set that the caller must not write.
    """
    if not isinstance(body, dict):
        raise bad_request("The value of 'customSecurityAttributes' is not an object.")
    result = {set_name: dict(values) for set_name, values in current.items()}
    touched = 0
    for stated, members in body.items():
        if stated == TYPE_SUFFIX:
            continue
        set_name = quirks.known_as(stated, directory.sets)
        touched += 1
        if members in (None, {}) and quirks.null_set == "remove" and set_name in directory.sets:
            if set_name not in writable:
                raise denied()
            result.pop(set_name, None)
            continue
        if isinstance(members, str):
            continue  # JSON in a string is accepted and ignored (graph-facts 6.2)
        _write_set(directory, result.setdefault(set_name, {}), set_name, members, writable, quirks)
    if not touched:
        raise denied()  # the body has no effect (graph-facts 6.2, on clients that drop null)
    _check_total(result)
    return {set_name: values for set_name, values in result.items() if values}


def _write_set(
    directory: Directory, values: dict[str, Value], set_name: str, members: Any, writable: Sets, quirks: Quirks
) -> None:
    if not isinstance(members, dict) or members.get(TYPE_SUFFIX) not in SET_TYPES.values():
        raise invalid_property(set_name)
    if set_name not in directory.sets:
        raise invalid_property(set_name)
    if set_name not in writable:
        raise denied()
    names = [key for key in members if "@" not in key]
    if not names:
        raise denied()  # the body has no effect
    for key in members:
        owner, at, annotation = key.partition("@")
        if at and owner and (owner not in members or annotation != "odata.type"):
            raise bad_request(f"The annotation '{key}' belongs to no property.")
    for stated in names:
        name = quirks.known_as(stated, (attribute for owner, attribute in directory.definitions if owner == set_name))
        definition = directory.definitions.get((set_name, name))
        if definition is None or not quirks.serves(directory.age(set_name, name)):
            raise invalid_property(stated)
        value, annotation = members[stated], members.get(stated + TYPE_SUFFIX)
        if value is None or value == []:
            if definition.status == "Deprecated" and quirks.deprecated_removal == "refuse":
                raise _refusal(definition, "is deprecated")
            if definition.isCollection != (value == []) and quirks.other_empty == "refuse":
                raise _refusal(definition, f"is not removed by {value}")
            values.pop(name, None)
        else:
            active = {
                text
                for text, is_active in definition.allowedValues.items()
                if is_active and quirks.serves(directory.age(set_name, name, text))
            }
            kept = values.get(name) if quirks.inactive_kept == "accept" else None
            values[name] = _checked(definition, active, value, annotation, kept, quirks)


def _checked(
    definition: Definition, active: set[str], value: Any, annotation: Any, kept: Value | None, quirks: Quirks
) -> Value:
    """Return the value to store. `active` are the predefined values to assign, `kept` the values that can stay.

    Raises GraphError (400) for a value that the definition does not allow.
    """
    if definition.status == "Deprecated":
        raise _refusal(definition, "is deprecated")
    if definition.type not in _WIRE_TYPES:
        raise _refusal(definition, f"is of the type {definition.type}, whose values are unknown here")
    wire_type = _WIRE_TYPES[definition.type]
    expected = f"#Collection({wire_type})" if definition.isCollection else f"#{wire_type}"
    # JSON shows the types String and Boolean; all others need an annotation (graph-facts 2.1).
    implied = not definition.isCollection and definition.type != "Integer"
    if annotation != expected and not (implied and annotation is None):
        raise _refusal(definition, f"must be annotated as '{expected}'")
    if annotation == "#Boolean" and quirks.boolean_annotation == "refuse":
        raise _refusal(definition, "takes no annotation")
    if isinstance(value, list) != definition.isCollection:
        raise _refusal(definition, "takes a collection" if definition.isCollection else "takes a single value")
    items = value if isinstance(value, list) else [value]
    if definition.type == "Integer" and quirks.decimal_integers == "accept":
        items = [int(item) if isinstance(item, float) and item.is_integer() else item for item in items]
    staying = kept if isinstance(kept, list) else [kept]
    for item in items:
        if not has_type(item, _PYTHON_TYPES[definition.type]):
            raise _refusal(definition, f"takes values of the type {definition.type}")
        if isinstance(item, str) and not 0 < quirks.length(item) <= VALUE_LENGTH:
            raise _refusal(definition, f"takes values of 1 to {VALUE_LENGTH} characters")
        if isinstance(item, int) and not -(2**31) <= item < 2**31:
            raise _refusal(definition, "takes integers of 32 bits")
        # A value that stays is not newly assigned, so it can be inactive (graph-facts 4, unknown).
        if definition.usePreDefinedValuesOnly and str(item) not in active and item not in staying:
            raise _refusal(definition, "takes active predefined values only")
    if len(set(items)) < len(items) and quirks.duplicate_items == "refuse":
        raise _refusal(definition, "takes each value once")
    return list(dict.fromkeys(items)) if definition.isCollection else items[0]


def _check_total(attributes: Attributes) -> None:
    count = sum(
        len(value) if isinstance(value, list) else 1 for values in attributes.values() for value in values.values()
    )
    if count > VALUES_PER_OBJECT:
        raise bad_request(f"An object can have at most {VALUES_PER_OBJECT} custom security attribute values assigned.")


def _refusal(definition: Definition, reason: str) -> GraphError:
    return bad_request(f"The custom security attribute '{definition.id}' {reason}.")


def read(directory: Directory, attributes: Attributes, readable: Sets, quirks: Quirks) -> dict[str, Any] | None:
    """Return the attributes as Graph shows them to this caller (graph-facts 2.3 and 2.4).

    None if no value is assigned, and also if the caller cannot read any.
    """
    shown: dict[str, Any] = {}
    for set_name, values in attributes.items():
        if set_name not in readable:
            continue
        members: dict[str, Any] = {TYPE_SUFFIX: SET_TYPES[quirks.set_type_spelling]}
        for name, value in values.items():
            if isinstance(value, list):
                if not quirks.omit_collection_annotations:
                    type_name = directory.definitions[set_name, name].type
                    members[name + TYPE_SUFFIX] = f"#Collection({_WIRE_TYPES.get(type_name, type_name)})"
                members[name] = quirks.shuffled(value) if quirks.shuffle_collections else value
            else:
                members[name] = value
        shown[set_name] = members
    return shown or _empty(directory, readable, quirks)


def _empty(directory: Directory, readable: Sets, quirks: Quirks) -> dict[str, Any] | None:
    sets = [name for name in directory.sets if name in readable]
    if quirks.empty_shape == "null" or not sets:
        return None
    if quirks.empty_shape == "{}":
        return {}
    return {name: {TYPE_SUFFIX: SET_TYPES[quirks.set_type_spelling]} for name in sets}
