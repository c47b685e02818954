# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The border: the shape of everything that Graph sends is checked here, and nowhere else.

Members that are not known are ignored, and missing members count as null where Graph may leave them out. Any other
shape raises UnexpectedResponse, because a claim must not be built on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar, overload

from .._errors import UnexpectedResponse

_Kind = TypeVar("_Kind", str, int, bool, dict[str, Any], list[Any])
TYPE_NAMES = {
    str: "text",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    type(None): "null",
}
IN_BETWEEN = "Something in between may have answered, such as a proxy or a sign-in page. Check the URLs and the proxy."


def parse(content: bytes | bytearray | str) -> Any:
    """Return the value of a JSON text. Raises ValueError, also for duplicate keys, NaN, and too deep nesting."""
    try:
        return json.loads(content, object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def odd(what: str, problem: str) -> UnexpectedResponse:
    """Return the error for an answer of another shape; `what` names the answer or the object in it."""
    return UnexpectedResponse(f"{what}: Graph does not answer like this: {problem}", IN_BETWEEN)


@overload
def member(item: Mapping[str, Any], name: str, kind: type[_Kind], what: str, *, required: bool) -> _Kind:
    """Return a member that must be there."""


@overload
def member(item: Mapping[str, Any], name: str, kind: type[_Kind], what: str) -> _Kind | None:
    """Return a member that may be missing."""


def member(item: Mapping[str, Any], name: str, kind: type[_Kind], what: str, *, required: bool = False) -> _Kind | None:
    """Return a member of an object that has this type exactly, or None where it is null or missing and may be."""
    value = item.get(name)
    found = type(value)  # exactly: true is not an integer
    if found is kind or (value is None and not required):
        return value
    raise odd(what, f"{name} is {'missing' if name not in item else TYPE_NAMES[type(value)]}, not {TYPE_NAMES[kind]}")


def objects(values: Iterable[Any], what: str) -> list[dict[str, Any]]:
    """Return the items of a list. Each must be an object."""
    found = list(values)
    for value in found:
        if not isinstance(value, dict):
            raise odd(what, f"an item is {TYPE_NAMES[type(value)]}, not an object")
    return found


@dataclass(frozen=True)
class Page:
    """One page of a collection, and the URL of the next one if there is one."""

    items: list[dict[str, Any]]
    next_link: str | None


def page(content: Mapping[str, Any], what: str) -> Page:
    """Return the page that a GET of a collection answers with."""
    items = objects(member(content, "value", list, what, required=True), what)
    return Page(items, member(content, "@odata.nextLink", str, what) or None)


def count(content: Mapping[str, Any], what: str) -> int:
    """Return the number of items that an advanced query counts."""
    number = member(content, "@odata.count", int, what, required=True)
    if number < 0:
        raise odd(what, f"@odata.count is {number}")
    return number


@dataclass(frozen=True)
class BatchAnswer:
    """The answer to one request of a batch; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: Any


def batch_answers(content: Mapping[str, Any], what: str) -> dict[str, BatchAnswer]:
    """Return the answers of a batch by their ids. Parts that are of no use, or come twice, are left out."""
    found: dict[str, BatchAnswer] = {}
    twice = set()
    for part in member(content, "responses", list, what, required=True):
        if not isinstance(part, dict) or not isinstance(part.get("id"), str):
            continue
        number, status = part["id"], part.get("status")
        if number in found:
            twice.add(number)
        if isinstance(status, int) and 200 <= status <= 599:
            found[number] = BatchAnswer(status, header_texts(part.get("headers")), part.get("body"))
    return {number: answer for number, answer in found.items() if number not in twice}


def header_texts(headers: Any) -> dict[str, str]:
    """Return headers with lower-case names, without values other than text and numbers."""
    if not isinstance(headers, Mapping):
        return {}
    return {str(name).lower(): str(text) for name, text in headers.items() if type(text) in (str, int, float)}


def error_texts(content: Any) -> dict[str, str]:
    """Return code, message and request ids of an error body of any shape (graph-facts 6.1)."""
    error = content.get("error") if isinstance(content, dict) else None
    if not isinstance(error, dict):
        return {}
    inner = error.get("innerError") or error.get("innererror")
    known = {**(inner if isinstance(inner, dict) else {}), **error}
    return {name: text for name, text in known.items() if isinstance(text, str) and text}
