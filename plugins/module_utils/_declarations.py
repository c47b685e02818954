# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Declarations of the bulk module, from variables or from a file, with every mistake at once."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from ansible_collections.entra.attributes.plugins.module_utils._directory import KINDS, Kind
from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    EntraError,
    Forbidden,
    MissingLibrary,
    OptionError,
)
from ansible_collections.entra.attributes.plugins.module_utils._plan import Adjusted, Exactly, Wish
from ansible_collections.entra.attributes.plugins.module_utils._values import checked, name_problem

try:
    import yaml

    HAS_YAML = True
except ImportError:
    HAS_YAML = False

CSV_LIST = "[]"
CSV_SEPARATOR = ";"
CSV_REMOVED = "null"
MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one principal shall have; `label` says where it was declared, for people."""

    label: str
    kind: Kind
    name: str
    desired: Mapping[str, Mapping[str, Wish]]


def declarations(items: Sequence[Any] | None, src: str | None) -> list[Declaration]:
    """The declarations of `assignments` or of the file `src`. Raises Forbidden with all mistakes."""
    problems: list[str] = []
    source = _file(src, problems) if src else _listed("assignments", items or [])
    found = [one for place, item in source if (one := _declaration(place, item, problems))]
    first: dict[tuple[str, str], str] = {}
    for one in found:
        other = first.setdefault((one.kind.name, one.name.casefold()), one.label)
        if other != one.label:
            problems.append(f"{one.label}: {one.kind.title} '{one.name}' is declared in {other} already")
    if problems:
        more = [f"and {len(problems) - MOST_PROBLEMS} more"] if len(problems) > MOST_PROBLEMS else []
        raise Forbidden(src or "assignments", problems[:MOST_PROBLEMS] + more)
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an item stands, and how to tell from there where one of its attributes does."""

    label: str
    attributes: str = ".attributes."


_Items = Iterator[tuple[_Place, Any]]


def _listed(label: str, items: Sequence[Any]) -> _Items:
    return ((_Place(f"{label}[{number}]"), item) for number, item in enumerate(items))


def _declaration(place: _Place, item: Any, problems: list[str]) -> Declaration | None:
    label = place.label
    if not isinstance(item, Mapping):
        problems.append(f"{label}: is no dictionary with user or service_principal and attributes")
        return None
    named = [kind for kind in KINDS.values() if str(item.get(kind.name) or "").strip()]
    unknown = sorted(set(item) - {*KINDS, "attributes"})
    if unknown:
        problems.append(f"{label}: has unknown keys: {', '.join(map(str, unknown))}")
    if len(named) != 1:
        problems.append(f"{label}: exactly one of {' and '.join(KINDS)} is needed")
    attributes = item.get("attributes")
    if not isinstance(attributes, Mapping) or not attributes:
        problems.append(f"{label}.attributes: is no dictionary of attribute sets")
        return None
    desired = {
        str(name): _wishes(f"{label}{place.attributes}{name}", str(name), values, problems)
        for name, values in attributes.items()
    }
    return Declaration(label, named[0], str(item[named[0].name]).strip(), desired) if len(named) == 1 else None


def _wishes(label: str, attribute_set: str, values: Any, problems: list[str]) -> dict[str, Wish]:
    """The wishes of a set; a mistake is noted and left out."""
    problem = name_problem(attribute_set)
    if problem:
        problems.append(f"{label}: attribute set {problem}")
    if not isinstance(values, Mapping):
        problems.append(f"{label}: is no dictionary of attributes")
        return {}
    wishes: dict[str, Wish] = {}
    for name, value in values.items():
        problem = name_problem(str(name))
        if problem:
            problems.append(f"{label}: attribute {problem}")
            continue
        try:
            wishes[str(name)] = wish(f"{label}.{name}", value)
        except EntraError as error:
            problems.append(error.message)
    return wishes


def wish(attribute: str, value: Any) -> Wish:
    """What a declared value means: itself, none (null, `[]`) or `{add, remove}`. Raises InvalidValue, OptionError."""
    if value is None or value == []:
        return Exactly(None)
    if not isinstance(value, Mapping):
        return Exactly(checked(attribute, value))
    if not value or set(value) - {"add", "remove"}:
        raise OptionError(attribute, "a dictionary can have the keys add and remove only")
    add, remove = (_elements(attribute, value.get(key)) for key in ("add", "remove"))
    both = [item for item in add if item in remove]
    if both:
        raise OptionError(attribute, f"{', '.join(map(str, both))} is both added and removed")
    return Adjusted(add=add, remove=remove)


def _elements(attribute: str, value: Any) -> list[Any]:
    if value is None or value == []:
        return []
    typed = checked(attribute, value)
    return typed if isinstance(typed, list) else [typed]


def _file(src: str, problems: list[str]) -> _Items:
    """The items of a file with the places where they stand. Raises OptionError if it cannot be read at all."""
    path = Path(src)
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise OptionError("src", f"{src} has none of the endings {', '.join(_READERS)}")
    try:
        # utf-8-sig, as spreadsheets and Windows put a byte order mark in front.
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from read(src, file, problems)
    except OSError as error:
        raise OptionError("src", f"{src} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise OptionError("src", f"{src} is not UTF-8 text") from None


def _document(name: str, file: TextIO, problems: list[str], parse: Callable[[str], Any]) -> _Items:
    """A list of items, as it is or under `assignments`."""
    try:
        content = parse(file.read())
    except ValueError as error:
        problems.append(f"{name}: {' '.join(str(error).split())}")
        return
    items = content.get("assignments") if isinstance(content, Mapping) else content
    if isinstance(items, list):
        yield from _listed(name, items)
    else:
        problems.append(f"{name}: holds no list of assignments")


def _yaml(text: str) -> Any:
    """YAML with the fast loader where it is there. Raises ValueError for what is none."""
    if not HAS_YAML:
        raise MissingLibrary("PyYAML")
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _json_lines(name: str, file: TextIO, problems: list[str]) -> _Items:
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                yield _Place(f"{name}:{number}"), json.loads(line)
            except ValueError as error:
                problems.append(f"{name}:{number}: {error}")


def _csv(name: str, file: TextIO, problems: list[str]) -> _Items:
    """A row per principal, a column per `Set.Attribute`, `[]` behind it if it is multi-valued.

    An empty cell leaves the attribute alone, `null` removes it, `;` separates the values of a multi-valued one.
    """
    rows = csv.reader(file, strict=True)  # else an open quote takes the rest of the file for a cell
    try:
        columns = _columns(f"{name}:1", next(rows, []), problems)
        for row in rows if columns else ():
            label = f"{name}:{rows.line_num}"
            if len(row) > len(columns):
                problems.append(f"{label}: has {len(row)} cells, but the header has {len(columns)}")
            item: dict[str, Any] = {"attributes": {}}
            for (attribute_set, attribute, listed), cell in zip(columns, map(str.strip, row), strict=False):
                if not cell:
                    continue
                if attribute:
                    item["attributes"].setdefault(attribute_set, {})[attribute] = _cell(cell, listed)
                else:
                    item[attribute_set] = cell
            if item["attributes"]:
                yield _Place(label, ", column "), item
    except csv.Error as error:
        problems.append(f"{name}:{rows.line_num}: {error}")


def _columns(label: str, header: Sequence[str], problems: list[str]) -> list[tuple[str, str, bool]]:
    """What each column holds: (kind of principal, "", no) or (attribute set, attribute, multi-valued)."""
    columns: list[tuple[str, str, bool]] = []
    wrong = [] if any(name.strip() in KINDS for name in header) else [f"{label}: no column is {' or '.join(KINDS)}"]
    for number, name in enumerate(map(str.strip, header), 1):
        attribute_set, _dot, attribute = name.removesuffix(CSV_LIST).partition(".")
        column = (attribute_set, attribute)
        if name not in KINDS and (name_problem(attribute_set) or name_problem(attribute)):
            wrong.append(f"{label}: column {number} '{name}' is neither {', '.join(KINDS)} nor Set.Attribute")
        elif column in [other[:2] for other in columns]:
            wrong.append(f"{label}: column {number} '{name}' is there twice")
        columns.append((*column, name.endswith(CSV_LIST)))
    problems += wrong
    return [] if wrong else columns


def _cell(cell: str, listed: bool) -> Any:
    if cell == CSV_REMOVED:
        return None
    return [part.strip() for part in cell.split(CSV_SEPARATOR)] if listed else cell


_READERS: dict[str, Callable[[str, TextIO, list[str]], _Items]] = {
    ".yml": partial(_document, parse=_yaml),
    ".yaml": partial(_document, parse=_yaml),
    ".json": partial(_document, parse=json.loads),
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".csv": _csv,
}
