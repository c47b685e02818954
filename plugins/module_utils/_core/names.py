# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Texts and names: what can be sent to Entra, what nobody means to write, and how messages show it. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from .._errors import quoted

MAX_TEXT = 64
MAX_NAME = 32

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_MASK = re.compile(r"VALUE_SPECIFIED_IN_NO_LOG_PARAMETER|\*{8}|\$REDACTED\$")
"""Text that Ansible puts in place of a secret, the last one since ansible-core 2.22."""
_JOINERS = "\u200c\u200d"
"""Invisible characters that scripts and emoji need between two others."""
_SIGNS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Characters of the category Cf that can be seen."""
_UNSEEN = frozenset("\u034f\u115f\u1160\u2028\u2029\u2800\u3164\uffa0\ufffd")
"""Characters of other categories that cannot be seen, that break lines, or that stand for a lost character."""
_CHARACTER_NAMES = {"\0": "NUL", "\t": "tab", "\n": "line break", "\r": "line break"}
_FORBIDDEN_IN_NAMES = frozenset("`~!@#$%^&*()_-+={[}]|\\:;\"'<,>.?/")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, which takes an `s` unless there is one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def text_problem(text: str) -> str:
    """Return why `text` cannot be sent, or an empty text: UTF-8 has no lone surrogates, though JSON can escape them."""
    half = None if text.isascii() else _SURROGATE.search(text)
    return f"has half a character, U+{ord(half[0]):04X}" if half else ""


def visible(char: str) -> str:
    """Return a character in a form that a message can show: its code point and its name."""
    return f"U+{ord(char):04X} ({_CHARACTER_NAMES.get(char) or unicodedata.name(char, 'control character').lower()})"


def new_text_problem(text: str) -> str:
    """Return why `text` must not be newly written, or an empty text.

    Nobody means to write a mask of Ansible, or a character that cannot be seen. Entra takes them, so that existing
    text may hold them and must be left alone or removed.
    """
    may_be_masked = "*" in text or "_" in text or "$" in text
    if text.isascii() and text.isprintable() and not may_be_masked and text == text.strip():
        return ""
    if problem := text_problem(text):
        return problem
    if may_be_masked and (mask := _MASK.search(text)):
        return f"has {mask[0]}, by which Ansible masks a secret; give the value itself"
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
    """Return why `name`, without blanks at its ends, cannot name a principal, or an empty text."""
    if problem := new_text_problem(name) if name else "is empty":
        return problem
    if name.isascii():
        return ""  # it is printable, so its only white space are blanks
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


def utf16_length(text: str) -> int:
    """Return the length of a text as the limits of Entra count it: in UTF-16 units (graph-facts 16)."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def spoken_length(text: str) -> str:
    """Return the length of a text for a message, in UTF-16 units where that is more than its characters."""
    units, characters = utf16_length(text), len(text)
    if units == characters:
        return f"{characters} characters"
    return f"{units} UTF-16 units ({characters} characters; an emoji counts as two units)"


@lru_cache
def name_problem(name: str) -> str:
    """Return why `name` cannot be the name of an attribute set or attribute (graph-facts 4), or an empty text."""
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


def case_variant(name: str, names: Iterable[str]) -> str:
    """Return the one of `names` that differs from `name` in case only, or an empty text (graph-facts 4).

    Case is what `lower()` takes away, here and wherever names are compared: `casefold()` would take ß for ss.
    """
    lower = name.lower()
    return next((other for other in names if other.lower() == lower and other != name), "")
