# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Values of custom security attributes: types, limits, coercion, Graph's JSON and back. Pure.

There are five value types (graph-facts 2.1): String, Integer and Boolean, the first two also as collections. A
collection is a set: its order means nothing and no element counts twice (graph-facts 2.3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidValue

Scalar: TypeAlias = "str | int | bool"
Value: TypeAlias = "str | int | bool | list[str] | list[int]"
Assignments: TypeAlias = "dict[str, dict[str, Value]]"
"""`{attribute set: {attribute: value}}`, only what is assigned, names as their owners spelled them."""

STRING, INTEGER, BOOLEAN = "String", "Integer", "Boolean"
MAX_TEXT = 64
MAX_VALUES_PER_PRINCIPAL = 50
WRITTEN_SET_TYPE = "#Microsoft.DirectoryServices.CustomSecurityAttributeValue"

_INTEGER = re.compile(r"[+-]?[0-9]+")
_BOOLEAN = {"true": True, "false": False}
_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NO_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ESCAPED_IN_YAML = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_FORBIDDEN_IN_NAMES = frozenset("`~!@#$%^&*()_-+={[}]|\\:;\"'<,>.?/")


@dataclass(frozen=True)
class Definition:
    """A custom security attribute definition.

    `type` is String, Integer or Boolean; `predefined` maps every predefined value to whether it is active; `id`
    is the one that Graph gave, by which it is addressed.
    """

    attribute_set: str
    name: str
    type: str
    collection: bool = False
    deprecated: bool = False
    predefined_only: bool = False
    predefined: Mapping[str, bool] = field(default_factory=dict)
    description: str = ""
    searchable: bool = True
    id: str = ""


def text_problem(text: str) -> str:
    """Why `text` cannot be sent, or an empty text: UTF-8 has no lone surrogates, though JSON can escape them."""
    half = None if text.isascii() else _SURROGATE.search(text)
    return f"has half a character, U+{ord(half[0]):04X}" if half else ""


@lru_cache
def name_problem(name: str) -> str:
    """Why `name` cannot be the name of an attribute set or attribute (graph-facts 4), or an empty text."""
    if not name:
        return "is empty"
    if problem := text_problem(name):
        return f"'{name}' {problem}"
    if len(name) > 32:
        return f"'{name}' has {len(name)} characters; at most 32 are allowed"
    if name[0].isdecimal():
        return f"'{name}' starts with a digit"
    wrong = sorted(char for char in set(name) if char in _FORBIDDEN_IN_NAMES or char.isspace())
    if wrong:
        return f"'{name}' has characters that names cannot hold: {' '.join(repr(char) for char in wrong)}"
    return ""


def twin(name: str, names: Iterable[str]) -> str:
    """The one of `names` that differs from `name` by case only, or an empty text (graph-facts 4).

    Case is what `lower()` takes away, here and wherever names are compared: `casefold()` would take ß for ss.
    """
    lower = name.lower()
    return next((other for other in names if other.lower() == lower and other != name), "")


def type_of(value: Value) -> str:
    """The type that a typed, non-empty value has by itself."""
    first = value[0] if isinstance(value, list) else value
    if isinstance(first, bool):
        return BOOLEAN
    return INTEGER if isinstance(first, int) else STRING


def same(one: Value | None, other: Value | None) -> bool:
    """Whether two values are equal: by type (1 is not true), and for collections regardless of order and repetition."""
    if isinstance(one, list) and isinstance(other, list):
        return {(type(item), item) for item in one} == {(type(item), item) for item in other}
    return type(one) is type(other) and one == other


def unique(items: Iterable[Any]) -> list[Any]:
    """The items in their order, each once."""
    return list(dict.fromkeys(items))


def checked(attribute: str, value: Any) -> Value:
    """What a person gave as a value, if any attribute could hold it; repeated elements of a list are given once.

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


def _checked_scalar(attribute: str, value: Any) -> Scalar:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -(2**31) <= value < 2**31:
            raise InvalidValue(attribute, f"{value} is outside the range of 32-bit integers, -2147483648 to 2147483647")
        return value
    if isinstance(value, str):
        if not value:
            raise InvalidValue(
                attribute,
                "empty text cannot be assigned (a template of a null value gives it)",
                "To remove the attribute, use state=absent without a value.",
            )
        if len(value) > MAX_TEXT:
            raise InvalidValue(attribute, f"text of {len(value)} characters; at most {MAX_TEXT} are allowed")
        if problem := text_problem(value):
            raise InvalidValue(attribute, f"the text {problem}")
        return str(value)
    if value is None:
        raise InvalidValue(
            attribute, "null cannot be assigned", "To remove the attribute, use state=absent without a value."
        )
    if hasattr(value, "isoformat"):
        raise InvalidValue(attribute, f"{value} is a date, as YAML reads it without quotes; put it in quotes")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**31:
        raise InvalidValue(attribute, f"{value} is no integer; write {value:.0f}")
    raise InvalidValue(
        attribute,
        f"{value!r} ({type(value).__name__}) is no value; use text, integer, Boolean, or a list of texts or integers",
    )


def elements(value: Value | None) -> list[Any]:
    """The values that an attribute holds: the elements of a collection, a single value, or none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def values_held(assignments: Assignments) -> int:
    """How many values these are, as the limit of a principal counts them (graph-facts 4)."""
    return sum(len(elements(value)) for values in assignments.values() for value in values.values())


def doubtful(value: Value) -> bool:
    """Whether a value may have lost its type to a template: text that reads as an integer or a Boolean."""
    return any(
        isinstance(item, str) and (item.lower() in _BOOLEAN or _INTEGER.fullmatch(item)) for item in elements(value)
    )


def coerced(attribute: str, value: Value, wanted: str) -> Value:
    """`value` as `wanted`, where nothing is lost by it. Raises InvalidValue otherwise.

    Types are plain text to Graph (graph-facts 1.1): one other than String, Integer and Boolean is refused, too.
    """
    if isinstance(value, list):
        if wanted == BOOLEAN:
            raise InvalidValue(attribute, "it is a Boolean attribute, which holds a single value, not a list")
        return unique(_coerced_scalar(attribute, item, wanted) for item in value)
    return _coerced_scalar(attribute, value, wanted)


def _coerced_scalar(attribute: str, value: Scalar, wanted: str) -> Scalar:
    if type_of(value) == wanted:
        return value
    if wanted == STRING and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and wanted == INTEGER and _INTEGER.fullmatch(value):
        return _checked_scalar(attribute, int(value))
    if isinstance(value, str) and wanted == BOOLEAN and value.lower() in _BOOLEAN:
        return _BOOLEAN[value.lower()]
    expected = {STRING: "text (put it in quotes)", INTEGER: "an integer", BOOLEAN: "true or false"}.get(wanted)
    if expected is None:
        raise InvalidValue(attribute, f"its type is {wanted}, which is none that is known here")
    raise InvalidValue(attribute, f"its type is {wanted} and {json.dumps(value, ensure_ascii=False)} is not {expected}")


def definition_problem(value: Value, definition: Definition, now: Value | None = None) -> str:
    """Why Graph refuses `value` for this definition (graph-facts 4), or an empty text; values it has `now` may stay."""
    new = [item for item in elements(value) if item not in elements(now)]
    if definition.collection and not isinstance(value, list):
        return "the attribute is multi-valued; give a list"
    if not definition.collection and isinstance(value, list):
        return "the attribute is single-valued; give one value, not a list"
    if type_of(value) != definition.type:
        return f"its type is {definition.type}, not {type_of(value)}"
    if definition.deprecated and new:
        return "the attribute is deprecated and can no longer be assigned"
    active = [text for text, is_active in definition.predefined.items() if is_active]
    refused = [str(item) for item in new if definition.predefined_only and str(item) not in active]
    if refused:
        return f"{', '.join(refused)} is not among its active predefined values: {', '.join(sorted(active))}"
    return ""


def read(customs: Mapping[str, Any] | None) -> Assignments:
    """The `customSecurityAttributes` of a principal as plain assignments.

    Takes every shape that was seen (graph-facts 2.3, 2.4): null, `{}`, sets with nothing but their type, either
    spelling of the set's type, annotations there or not. Annotations decide the type where JSON and they differ.
    """
    assignments: Assignments = {}
    for attribute_set, members in (customs or {}).items():
        if not isinstance(members, Mapping):
            continue
        values = {
            name: _read_value(value, str(members.get(f"{name}@odata.type", "")))
            for name, value in members.items()
            if "@" not in name and value not in (None, [], "")
        }
        if values:
            assignments[attribute_set] = values
    return assignments


def _read_value(value: Any, annotation: str) -> Value:
    if "Int32" in annotation:
        return unique(int(item) for item in value) if isinstance(value, list) else int(value)
    return unique(value) if isinstance(value, list) else value


def written(changes: Mapping[str, Mapping[str, Value | None]]) -> dict[str, Any]:
    """The PATCH body that makes `changes`; null removes a single value, `[]` a collection (graph-facts 2.1)."""
    body: dict[str, Any] = {}
    for attribute_set, values in changes.items():
        body[attribute_set] = {"@odata.type": WRITTEN_SET_TYPE}
        for name, value in values.items():
            annotation = _annotation(value)
            if annotation:
                body[attribute_set][f"{name}@odata.type"] = annotation
            body[attribute_set][name] = value
    return {"customSecurityAttributes": body}


def _annotation(value: Value | None) -> str:
    if value is None or value == []:
        return ""
    integer = type_of(value) == INTEGER
    if isinstance(value, list):
        return "#Collection(Int32)" if integer else "#Collection(String)"
    return "#Int32" if integer else ""


def in_order(assignments: Assignments) -> Assignments:
    """The same assignments with sets, attributes and the elements of collections sorted."""
    return {
        attribute_set: {name: _sorted(value) for name, value in sorted(values.items())}
        for attribute_set, values in sorted(assignments.items())
    }


def _sorted(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value


def as_yaml(document: Mapping[str, Any]) -> str:
    """A dictionary of dictionaries, lists and scalars as YAML, in its order; an empty one is no text, as diffs want it.

    JSON is YAML, so the target needs no library for it.
    """
    return "".join(f"{line}\n" for line in _yaml_lines(document)) if document else ""


def _yaml_lines(node: Any) -> list[str]:
    if isinstance(node, Mapping) and node:
        lines = []
        for key, value in node.items():
            inner, name = _yaml_lines(value), _yaml_key(key)
            if isinstance(value, Mapping | list) and value:
                lines += [f"{name}:", *(f"  {line}" for line in inner)]
            else:
                lines.append(f"{name}: {inner[0]}")
        return lines
    if isinstance(node, list) and node:
        return [f"{'  ' if number else '- '}{line}" for item in node for number, line in enumerate(_yaml_lines(item))]
    return [_yaml_scalar(node)]


def _yaml_key(name: str) -> str:
    """A key in quotes only where it would not be text without them, as the attribute set `No` would not."""
    return name if _PLAIN_KEY.fullmatch(name) and name.lower() not in _NO_TEXT else _yaml_scalar(name)


def _yaml_scalar(value: Any) -> str:
    """JSON, with what YAML forbids or takes for a line break escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return _ESCAPED_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
