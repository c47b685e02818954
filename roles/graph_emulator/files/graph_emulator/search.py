# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`$search` on the names of groups (consumer-facts 6), which finds the beginnings of words."""

from __future__ import annotations

import re
from typing import Final

from .directory import Collection, Resource
from .exchange import unsupported_query
from .filters import Predicate

SEARCHABLE: Final[dict[Collection, tuple[str, ...]]] = {"groups": ("displayName", "description")}
NEEDS_HEADER: Final = (
    "Request with $search query parameter only works through MSGraph with a special request header: "
    "'ConsistencyLevel: eventual'"
)
_CLAUSE: Final = re.compile(r'\s*"(?P<property>\w+):(?P<words>(?:[^"\\]|\\.)*)"\s*')
_WORD: Final = re.compile(r"[^\W\d_]+|\d+")


def compiled(text: str, names: tuple[str, ...]) -> Predicate:
    """Return the test of a search: clauses such as `"displayName:sales"`, joined by AND or OR.

    Raises GraphError (400) for another syntax, and for a property that is not indexed.
    """
    alternatives = [
        [_clause(clause, names) for clause in re.split(r"\sAND\s", part)] for part in re.split(r"\sOR\s", text)
    ]
    return lambda resource: any(all(test(resource) for test in tests) for tests in alternatives)


def _clause(text: str, names: tuple[str, ...]) -> Predicate:
    match = _CLAUSE.fullmatch(text)
    if match is None:
        raise unsupported_query(f"Invalid search query clause: {text}.")
    name, words = match["property"], _words(match["words"])
    if name not in names or not words:
        raise unsupported_query(f"Unsupported or invalid search query clause specified for property '{name}'.")

    def test(resource: Resource) -> bool:
        there = _words(str(resource.properties.get(name) or ""))
        return all(any(word.startswith(wanted) for word in there) for wanted in words)

    return test


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]
