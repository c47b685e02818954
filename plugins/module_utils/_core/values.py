# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Values of custom security attributes: types, limits, coercion, equality. Pure.

There are five value types (graph-facts 2.1): String, Integer and Boolean, the first two also as collections. A
collection is a set: its order means nothing and no element counts twice (graph-facts 2.3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from .._errors import InvalidValue
from .model import BOOLEAN, INTEGER, STRING, Assignments, Definition, Scalar, Value, nested
from .names import MAX_TEXT, not_text, read_as, spoken_length, text_problem, utf16_length

MAX_VALUES_PER_PRINCIPAL = 50
GIVE_LIST = "the attribute is multi-valued; give a list"
GIVE_ONE = "the attribute is single-valued; give one value, not a list"

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
"""Text that an integer has as its digits: nothing is lost by reading it as one."""
_NUMBER = re.compile(r"\s*([+-]?[0-9]{1,10})(?:\.0*)?\s*")
"""Text that means an integer, written otherwise."""
_BOOLEAN = {"true": True, "false": False}


def integer_problem(value: int) -> str:
    """Return why no Integer attribute can hold `value`, or an empty text."""
    held = -(2**31) <= value < 2**31
    return "" if held else f"{read_as(value)} is outside the range of 32-bit integers, -2147483648 to 2147483647"


def type_of(value: Value) -> str:
    """Return the type of a typed, non-empty value."""
    first = value[0] if isinstance(value, list) else value
    if isinstance(first, bool):
        return BOOLEAN
    return INTEGER if isinstance(first, int) else STRING


def same(value: Value | None, other: Value | None) -> bool:
    """Return whether two values are equal, by type as well: 1 is not true. Collections are compared as sets."""
    if isinstance(value, list) and isinstance(other, list):
        return {(type(item), item) for item in value} == {(type(item), item) for item in other}
    return type(value) is type(other) and value == other


def unique(items: Iterable[Any]) -> list[Any]:
    """Return the items in their order, each once."""
    return list(dict.fromkeys(items))


def checked(attribute: object, value: Any) -> Value:
    """Return a value as a person gave it, if any attribute could hold it, without repeated elements.

    Raises InvalidValue for null, floats, dates, dictionaries, empty text, text over 64 characters or with half a
    character, integers outside 32 bits, empty and mixed lists and lists of Booleans.
    """
    if not isinstance(value, list):
        return _checked_scalar(attribute, value)
    if not value:
        raise InvalidValue(attribute, "the list is empty", "To remove the attribute, use state=absent without a value.")
    items = [_checked_scalar(attribute, item) for item in value]
    types = {type_of(item) for item in items}
    if BOOLEAN in types:
        raise InvalidValue(attribute, "a list cannot hold Booleans; Boolean attributes hold a single value")
    if len(types) > 1:
        raise InvalidValue(attribute, "the list mixes text and integers; give all elements of a list the same type")
    return unique(items)


def _checked_scalar(attribute: object, value: Any) -> Scalar:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if problem := integer_problem(value):
            raise InvalidValue(attribute, problem)
        return value
    if isinstance(value, str):
        if not value:
            raise InvalidValue(
                attribute,
                "empty text cannot be assigned (a template of a null value gives it)",
                "To remove the attribute, use state=absent without a value.",
            )
        if utf16_length(value) > MAX_TEXT:
            raise InvalidValue(attribute, f"text of {spoken_length(value)}; at most {MAX_TEXT} are allowed")
        if problem := text_problem(value):
            raise InvalidValue(attribute, f"the text {problem}")
        return str(value)
    if value is None:
        raise InvalidValue(
            attribute, "null cannot be assigned", "To remove the attribute, use state=absent without a value."
        )
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**31:
        raise InvalidValue(
            attribute, f"YAML read {read_as(value)}; put it in quotes for text, or write {value:.0f} for an integer"
        )
    if isinstance(value, float) or hasattr(value, "isoformat"):
        raise InvalidValue(attribute, not_text(value))
    raise InvalidValue(
        attribute, f"{read_as(value)} is not a value; use text, an integer, a Boolean, or a list of texts or integers"
    )


def elements(value: Value | None) -> list[Any]:
    """Return the values that an attribute holds: the elements of a collection, a single value, or none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def values_held(assignments: Assignments) -> int:
    """Return how many values these are, as the limit of a principal counts them (graph-facts 4)."""
    return len(assignments) + sum(len(value) - 1 for value in assignments.values() if isinstance(value, list))


def scalar_text(value: Scalar) -> str:
    """Return a value as its text: an integer as its digits, a Boolean as JSON writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def ambiguous_type(value: Value) -> bool:
    """Return whether a template may have changed the type of a value: text that reads as an integer or a Boolean."""
    return any(
        isinstance(item, str) and (item.lower() in _BOOLEAN or _INTEGER.fullmatch(item)) for item in elements(value)
    )


def coerced(attribute: object, value: Value, wanted: str, *, named: bool = False) -> Value:
    """Return `value` in the type `wanted`, where nothing is lost by that. Raises InvalidValue otherwise.

    An integer becomes text only where the user `named` the type. Types are plain text to Graph (graph-facts 1.1): a
    type other than String, Integer and Boolean is refused, too.
    """
    if isinstance(value, list):
        if wanted == BOOLEAN:
            raise InvalidValue(attribute, "it is a Boolean attribute, which holds a single value, not a list")
        return unique(_coerced_scalar(attribute, item, wanted, named) for item in value)
    return _coerced_scalar(attribute, value, wanted, named)


def _coerced_scalar(attribute: object, value: Scalar, wanted: str, named: bool) -> Scalar:
    if type_of(value) == wanted:
        return value
    if wanted == STRING and named and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and wanted == INTEGER and _INTEGER.fullmatch(value):
        return _checked_scalar(attribute, int(value))
    if isinstance(value, str) and wanted == BOOLEAN and value.lower() in _BOOLEAN:
        return _BOOLEAN[value.lower()]
    raise InvalidValue(attribute, _mismatch(value, wanted))


def _mismatch(value: Scalar, wanted: str) -> str:
    """Return why a value does not fit an attribute of the type `wanted`."""
    if wanted == STRING:
        return f"its type is String; {not_text(value)}"
    expected = {INTEGER: "an integer", BOOLEAN: "true or false"}.get(wanted)
    if expected is None:
        return f"its type is {wanted}, which is none that is known here"
    meant = _NUMBER.fullmatch(value) if wanted == INTEGER and isinstance(value, str) else None
    write = f"; write {int(meant[1])}" if meant else ""
    return f"its type is {wanted} and {json.dumps(value, ensure_ascii=False)} is not {expected}{write}"


def definition_problem(value: Value, definition: Definition, now: Value | None = None) -> str:
    """Return why Graph refuses `value` for this definition (graph-facts 4), or an empty text.

    Values that the principal has `now` can stay.
    """
    new = [item for item in elements(value) if item not in elements(now)]
    if definition.collection and not isinstance(value, list):
        return GIVE_LIST
    if not definition.collection and isinstance(value, list):
        return GIVE_ONE
    if type_of(value) != definition.type:
        return _mismatch(elements(value)[0], definition.type)
    if definition.deprecated and new:
        return "the attribute is deprecated and can no longer be assigned"
    active = [text for text, is_active in definition.predefined.items() if is_active]
    refused = [str(item) for item in new if definition.predefined_only and str(item) not in active]
    if refused:
        return f"{', '.join(refused)} is not among its active predefined values: {', '.join(sorted(active))}"
    return ""


def in_order(assignments: Assignments) -> dict[str, dict[str, Value]]:
    """Return the nested form of assignments, with sets, attributes and the elements of collections sorted."""
    values = {attribute: _sorted(assignments[attribute]) for attribute in sorted(assignments)}
    return nested(values)


def _sorted(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value
