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
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from .._errors import InvalidValue, quoted

Scalar: TypeAlias = "str | int | bool"
Value: TypeAlias = "str | int | bool | list[str] | list[int]"
Assignments: TypeAlias = "dict[str, dict[str, Value]]"
"""`{attribute set: {attribute: value}}`, only what is assigned, names as their owners spelled them."""

STRING, INTEGER, BOOLEAN = "String", "Integer", "Boolean"
MAX_TEXT = 64
MAX_NAME = 32
MAX_VALUES_PER_PRINCIPAL = 50
GIVE_LIST = "the attribute is multi-valued; give a list"
GIVE_ONE = "the attribute is single-valued; give one value, not a list"
WRITTEN_SET_TYPE = "#Microsoft.DirectoryServices.CustomSecurityAttributeValue"

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
"""Text that an integer has as its digits: nothing is lost by reading it as one."""
_NUMBER = re.compile(r"\s*([+-]?[0-9]{1,10})(?:\.0*)?\s*")
"""Text that means an integer, written otherwise."""
_BOOLEAN = {"true": True, "false": False}
_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NO_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ESCAPED_IN_YAML = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_MASK = re.compile(r"VALUE_SPECIFIED_IN_NO_LOG_PARAMETER|\*{8}|\$REDACTED\$")
"""Text that Ansible puts in place of a secret, the last one since ansible-core 2.22."""
_JOINERS = "\u200c\u200d"
"""Invisible characters that scripts and emoji need between two others."""
_SIGNS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Characters of the category Cf that can be seen."""
_UNSEEN = frozenset("\u034f\u115f\u1160\u2028\u2029\u2800\u3164\uffa0\ufffd")
"""Characters of other categories that cannot be seen, that break lines, or that stand for a lost character."""
_SPOKEN = {"\0": "NUL", "\t": "tab", "\n": "line break", "\r": "line break"}
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


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, which takes an `s` unless there is one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def text_problem(text: str) -> str:
    """Why `text` cannot be sent, or an empty text: UTF-8 has no lone surrogates, though JSON can escape them."""
    half = None if text.isascii() else _SURROGATE.search(text)
    return f"has half a character, U+{ord(half[0]):04X}" if half else ""


def visible(char: str) -> str:
    """Return a character in a form that a message can show: its code point and its name."""
    return f"U+{ord(char):04X} ({_SPOKEN.get(char) or unicodedata.name(char, 'control character').lower()})"


def new_text_problem(text: str) -> str:
    """Why `text` must not be written where it is not yet, or an empty text.

    Nobody means to write a mask of Ansible, or a character that cannot be seen. Entra takes them, so that existing
    text may hold them and must be left alone or removed.
    """
    if problem := text_problem(text):
        return problem
    if mask := _MASK.search(text):
        return f"has {mask[0]}, by which Ansible masks a secret; give the value itself"
    if text.isascii() and text.isprintable() and text == text.strip():
        return ""
    for number, char in enumerate(text, 1):
        category = unicodedata.category(char)
        at_end = number in (1, len(text))
        if (
            (category == "Cc" or char in _UNSEEN)
            or (category == "Cf" and char not in _SIGNS and (char not in _JOINERS or at_end))
            or (category == "Zs" and at_end)
        ):
            block = "; a YAML block scalar has none at its end if it begins with |-" if char == "\n" else ""
            return f"has {visible(char)} at position {number}; remove it{block}"
    return ""


def principal_problem(name: str) -> str:
    """Why `name`, without blanks at its ends, cannot name a principal, or an empty text."""
    if problem := new_text_problem(name) if name else "is empty":
        return problem
    odd = next((number for number, char in enumerate(name) if char.isspace() and char != " "), None)
    return "" if odd is None else f"has {visible(name[odd])} at position {odd + 1}; remove it"


def read_as(value: Any) -> str:
    """Return what YAML made of a value, in words that do not grow with it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the Boolean {str(value).lower()}"
    if isinstance(value, int):
        return f"the integer {value}" if abs(value) < 2**63 else f"an integer of {value.bit_length()} bits"
    if isinstance(value, float):
        return f"the number {value}"
    if hasattr(value, "isoformat"):
        return f"the date {value}"
    if isinstance(value, str):
        return f"the text '{value[:MAX_TEXT]}'"
    return "a dictionary" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else "binary data"


def not_text(value: Any, *, secret: bool = False) -> str:
    """Return why a value is not text, and how to write it as text. A secret is not shown."""
    if value is None or isinstance(value, list | Mapping):
        return f"{read_as(value)} is not text"
    shown = "something else than text" if secret else read_as(value)
    return f"YAML read {shown} where text is needed; put it in quotes, or use the filter string in a template"


def integer_problem(value: int) -> str:
    """Why no Integer attribute can hold `value`, or an empty text."""
    held = -(2**31) <= value < 2**31
    return "" if held else f"{read_as(value)} is outside the range of 32-bit integers, -2147483648 to 2147483647"


def utf16_length(text: str) -> int:
    """Return the length of a text as the limits of Entra count it: in UTF-16 units (graph-facts 16)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def spoken_length(text: str) -> str:
    """Return the length of a text for a message, in UTF-16 units where that is more than its characters."""
    units, characters = utf16_length(text), len(text)
    if units == characters:
        return f"{characters} characters"
    return f"{units} UTF-16 units ({characters} characters; an emoji counts as two units)"


@lru_cache
def name_problem(name: str) -> str:
    """Why `name` cannot be the name of an attribute set or attribute (graph-facts 4), or an empty text."""
    if not name:
        return "is empty"
    if problem := text_problem(name):
        return f"'{name}' {problem}"
    if utf16_length(name) > MAX_NAME:
        return f"'{quoted(name)}' has {spoken_length(name)}; at most {MAX_NAME} are allowed"
    if name[0].isdecimal():
        return f"'{name}' starts with a digit"
    wrong = sorted(char for char in set(name) if char in _FORBIDDEN_IN_NAMES or char.isspace())
    if wrong:
        return f"'{name}' has characters that names cannot hold: {' '.join(repr(char) for char in wrong)}"
    if problem := new_text_problem(name):
        return f"'{name}' {problem}"
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


def coerced(attribute: str, value: Value, wanted: str, *, named: bool = False) -> Value:
    """`value` as `wanted`, where nothing is lost by it. Raises InvalidValue otherwise.

    An integer becomes text only where the user `named` the type. Types are plain text to Graph (graph-facts 1.1): one
    other than String, Integer and Boolean is refused, too.
    """
    if isinstance(value, list):
        if wanted == BOOLEAN:
            raise InvalidValue(attribute, "it is a Boolean attribute, which holds a single value, not a list")
        return unique(_coerced_scalar(attribute, item, wanted, named) for item in value)
    return _coerced_scalar(attribute, value, wanted, named)


def _coerced_scalar(attribute: str, value: Scalar, wanted: str, named: bool) -> Scalar:
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
    """Why a value does not fit an attribute of the type `wanted`."""
    if wanted == STRING:
        return f"its type is String; {not_text(value)}"
    expected = {INTEGER: "an integer", BOOLEAN: "true or false"}.get(wanted)
    if expected is None:
        return f"its type is {wanted}, which is none that is known here"
    meant = _NUMBER.fullmatch(value) if wanted == INTEGER and isinstance(value, str) else None
    write = f"; write {int(meant[1])}" if meant else ""
    return f"its type is {wanted} and {json.dumps(value, ensure_ascii=False)} is not {expected}{write}"


def definition_problem(value: Value, definition: Definition, now: Value | None = None) -> str:
    """Why Graph refuses `value` for this definition (graph-facts 4), or an empty text; values it has `now` may stay."""
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
