# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Strict types for argument specs: an option is what the user wrote, or an error. Pure.

Ansible's own types convert in silence: its `str` makes text of a Boolean, its `list` splits text at commas and its
`dict` keeps the key false. A type of this file equals Ansible's name of it, so that documentation says `str`, and is
the function that checks the option. Ansible calls it for an option and for the elements of a list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from .names import not_text, read_as
from .values import integer_problem

_EXPIRES = re.compile(r"(?:declarations\.)?assignments\[[0-9]+\]\.expires")
"""The place of the one key that takes a date. JSON keeps it as its text."""
OMITTED = re.compile(r"__omit_place_holder__[0-9a-f]{40}")
"""The text that `omit` is before ansible-core 2.19, where it stays in lists and in options of plugins."""


class Text(str):
    """Text that stands in quotes or needs none."""

    __name__ = "text"

    def __call__(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(not_text(value))
        return str(value)


class Secret(Text):
    """Text that no message shows."""

    def __call__(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(not_text(value, secret=True))
        return str(value)


class Choice(Text):
    """Text in lower case, for choices that are also known in another case."""

    def __call__(self, value: Any) -> str:
        return super().__call__(value).lower()


class TextOrInteger(Text):
    """Text or an integer, for predefined values: those of an Integer attribute may be written as integers."""

    __name__ = "text or an integer"

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            return super().__call__(value)
        if problem := integer_problem(value):
            raise ValueError(problem)
        return value


class Moment(Text):
    """A date or a time, also as YAML read it."""

    __name__ = "date or time"

    def __call__(self, value: Any) -> Any:
        return value.isoformat() if hasattr(value, "isoformat") else super().__call__(value)


class Integer(str):
    """An integer, also as digits or as a number without decimals."""

    __name__ = "integer"

    def __call__(self, value: Any) -> int:
        number = integer(value)
        if number is None:
            raise ValueError("it is not an integer of at most 18 digits")
        return number


class AsGiven(str):
    """A value as it is, which the code that uses the option checks."""

    __name__ = "value"

    def __call__(self, value: Any) -> Any:
        return value


class List(str):
    """A list. One value stands for a list of one; text is never split at commas."""

    __name__ = "list"

    def __call__(self, value: Any) -> list[Any]:
        if isinstance(value, str):
            value = _from_json(value, list, value)
        if isinstance(value, str):
            if not value.strip():
                raise ValueError("empty text is not a list; write [] for an empty list")
            if "," in value:
                raise ValueError(f"the text '{value}' is not a list; write a list, such as [a, b]")
            value = [value]
        elif isinstance(value, Mapping):
            raise ValueError(f"{read_as(value)} is not a list; begin each item with a hyphen")
        return list(value) if isinstance(value, list | tuple) else [value]


class Dict(str):
    """A dictionary whose keys are text at every level."""

    __name__ = "dictionary"

    def __call__(self, value: Any) -> dict[str, Any]:
        if isinstance(value, str):
            value = _from_json(value, dict, value)
        if not isinstance(value, Mapping):
            raise ValueError(f"{read_as(value)} is not a dictionary; write keys and values")
        for problem in _key_problems(value):
            raise ValueError(problem)
        return dict(value)


class Missing(Enum):
    """Stands for an option that the user left out, where null is an error."""

    LEFT_OUT = "left out"


TEXT, SECRET, CHOICE, TEXT_OR_INTEGER = Text("str"), Secret("str"), Choice("str"), TextOrInteger("str")
MOMENT = Moment("str")
INTEGER, LIST, DICT = Integer("int"), List("list"), Dict("dict")
LEFT_OUT = Missing.LEFT_OUT


def left_out() -> Missing:
    """The `fallback` of an option for which null and leaving it out differ."""
    return LEFT_OUT


def integer(value: Any) -> int | None:
    """Return the integer that a value is without loss, of at most 18 digits; else None."""
    digits = isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value.strip(), re.ASCII)
    whole = isinstance(value, float) and value.is_integer()
    number = int(value) if digits or whole else value
    valid = isinstance(number, int) and not isinstance(number, bool) and abs(number) < 10**18
    return number if valid else None


def without_omitted(value: Any) -> Any:
    """Copy a value without the elements and keys whose value is `omit`, into plain containers."""
    if isinstance(value, Mapping):
        return {key: without_omitted(item) for key, item in value.items() if not _omitted(item)}
    if isinstance(value, list | tuple):
        return [without_omitted(item) for item in value if not _omitted(item)]
    return value


def strict(option: Mapping[str, Any]) -> bool:
    """Return whether an option of an argument spec has a type of this file."""
    return isinstance(option.get("type"), Text | List | Dict | AsGiven)


def json_problems(options: Mapping[Any, Any], spec: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
    """Yield place and problem of each option that JSON changes silently. Ansible gives modules their options as JSON.

    These are dates, except in options of Ansible's own type `str`, and keys that are not text.
    """
    for key, value in options.items():
        if not isinstance(key, str):
            yield place, f"a key is wrong: {not_text(key)}"
            continue
        own = spec.get(key, {})
        inside = f"{place}.{key}" if place else key
        if (own.get("type") != "str" or strict(own)) and not _EXPIRES.fullmatch(inside):
            yield from _json_problems(value, own.get("options", {}), inside, bool(own.get("no_log")))


def _json_problems(value: Any, spec: Mapping[str, Any], place: str, secret: bool) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        yield from json_problems(value, spec, place)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _json_problems(item, spec, f"{place}[{number}]", secret)
    elif hasattr(value, "isoformat") or isinstance(value, bytes):
        yield place, not_text(value, secret=secret)


def _omitted(value: Any) -> bool:
    return isinstance(value, str) and OMITTED.fullmatch(value) is not None


def _key_problems(value: Any) -> Iterator[str]:
    """Yield what is wrong with the keys of a value, at every level."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                yield f"a key is wrong: {not_text(key)}"
            yield from _key_problems(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _key_problems(item)


def _from_json(text: str, wanted: type, default: Any) -> Any:
    """The list or dictionary that text is as JSON, as options of an ad-hoc command are, or the default."""
    if not text.lstrip().startswith(("[", "{")):
        return default
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return default
    return content if isinstance(content, wanted) else default
