# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Assignments as CSV, read and written. Reading gives back what was written.

The wide form has a row for each principal and a column for each attribute, the long form a row for each value.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, TypeAlias

from .._core.model import KINDS, PrincipalKind, Value
from .._core.names import name_problem
from .._core.shared import Shared
from .._core.values import elements
from .._errors import quoted
from .locations import (
    ASSIGNMENTS,
    DISPLAY_NAME,
    Decrypt,
    Items,
    Only,
    Rows,
    SourceLocation,
)
from .selecting import ALLOW_EMPTY, EXCLUSIVE, EXPIRES, SELECTING

LIST = "[]"
SEPARATOR = ";"
REMOVED = "null"
ROWS_AT_ONCE = 1000
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, the wide forms among them."""
_NO_VALUE = re.compile(
    r"null|\(null\)|<null>|nan|n/a|#n/?[av]|#\w+(?:/\w+)?[!?]|#getting_data|#+|[-\u2013\u2014]+", re.IGNORECASE
)
"""Words by which spreadsheets and exports say that a cell has no value, or a wrong one."""
_SUSPECTS = frozenset("nN(<#-\u2013\u2014")
"""Their first characters."""
_DELIMITERS = (",", ";", "\t")
_SEP = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_ID, _DISPLAY_NAME = "id", DISPLAY_NAME
_WHO: dict[str, tuple[str, str]] = {
    "user": ("user", ""),
    "userprincipalname": ("user", ""),
    "upn": ("user", ""),
    "mail": ("user", "mail"),
    "employeeid": ("user", "employee_id"),
    "serviceprincipal": ("service_principal", ""),
    "appid": ("service_principal", ""),
    "applicationid": ("service_principal", ""),
    "id": (_ID, ""),
    "objectid": (_ID, ""),
    "displayname": (_DISPLAY_NAME, ""),
}
"""Headers that say who it is, as (key of the item, property), without case, blanks and underscores."""
_LONG = {"attributeset": "attribute_set", "name": "name", "value": "value", "value[]": "value[]"}
_PORTAL = frozenset({
    "surname", "givenname", "usertype", "jobtitle", "department", "accountenabled", "usagelocation", "streetaddress",
    "state", "country", "officelocation", "city", "postalcode", "telephonenumber", "mobilephone",
    "alternateemailaddress", "agegroup", "consentprovidedforminor", "legalagegroupclassification", "companyname",
    "creationtype", "directorysynced", "invitationstate", "identityissuer", "createddatetime",
})  # fmt: skip
"""Columns of the file that the portal's *Download users* makes. They are ignored."""
ACCEPTED = (
    "user, userPrincipalName, upn, mail, employeeId, id, service_principal, appId, displayName, Set.Attribute"
    " and Set.Attribute[]; in the long form attribute_set, name and value"
)

_Row: TypeAlias = "tuple[str, list[str]]"
"""Label and cells of a row."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the wide form: an attribute, or who it is (`attribute` is empty, `by` may be a property)."""

    key: str
    attribute: str = ""
    multiple: bool = False
    by: str = ""


def read_csv(name: str, text: str, problems: list[str], decrypt: Decrypt) -> Items:
    """Yield an item for each principal. An empty cell leaves the attribute alone, `null` removes it."""
    stream = io.StringIO(text, newline="")
    first = stream.readline()
    if separator := _SEP.fullmatch(first):  # by which Excel says what it writes
        delimiter, skipped = separator[1], 1
    else:
        stream.seek(0)
        delimiter, skipped = _delimiter(first), 0
    rows = csv.reader(stream, delimiter=delimiter, strict=True)  # else an open quote takes the rest for a cell
    try:
        header = [cell.strip() for cell in next(rows, [])]
        while header and not header[-1]:
            header.pop()
        label = f"{name}:{skipped + 1}"
        if {"attributeset", "name"} <= {_folded(cell) for cell in header}:
            yield from _long(label, header, _rows(rows, header, name, skipped, problems), problems)
        else:
            yield from _wide(label, header, _rows(rows, header, name, skipped, problems), problems)
    except csv.Error as error:  # in the header
        problems.append(f"{name}:{rows.line_num + skipped}: {error}")


def _delimiter(header: str) -> str:
    """Return the delimiter of a header line: the one that it has most of, outside of quotes."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(_DELIMITERS, key=bare.count)


def _folded(header: str) -> str:
    return re.sub(r"[ _-]", "", header).lower()


def _rows(rows: Any, header: Sequence[str], name: str, skipped: int, problems: list[str]) -> Iterator[_Row]:
    """Yield label and cells of each row that has any, at least as many as headers; a cell without one is noted."""
    unnamed = [number for number, cell in enumerate(header) if not cell]
    width = len(header)
    try:
        for row in rows:
            cells = list(map(str.strip, row))
            if any(cells):
                label = f"{name}:{rows.line_num + skipped}"
                if len(cells) < width:
                    cells += [""] * (width - len(cells))
                if unnamed or len(cells) > width:
                    beyond = [*unnamed, *range(width, len(cells))]
                    for number in [number for number in beyond if number < len(cells) and cells[number]][:1]:
                        problems.append(f"{label}: cell {number + 1} '{quoted(cells[number])}' has no header")
                yield label, cells
    except csv.Error as error:
        problems.append(f"{name}:{rows.line_num + skipped}: {error}")


def _wide(label: str, header: Sequence[str], rows: Iterator[_Row], problems: list[str]) -> Items:
    columns = _columns(label, header, problems)
    if columns is None:
        return
    remark = partial(_remark, {(column.key, column.attribute) for column in columns if column and not column.multiple})
    held = [(number, column) for number, column in enumerate(columns) if column and column.attribute]
    naming = [(number, column) for number, column in enumerate(columns) if column and not column.attribute]
    given = itemgetter(*(number for number, _column in held)) if held else tuple
    plain = [(number, column.key) for number, column in naming if column.key in KINDS and not column.by]
    naming_cell, key = plain[0] if len(naming) == len(plain) == 1 else (0, "")
    at_once = Rows(KINDS[key]) if key else None
    shared: Shared[dict[str, dict[str, Any]]] = Shared()
    for label, cells in rows:
        cells_given = given(cells)  # texts, so equal ones mean the same
        attributes = shared.find(cells_given)
        if attributes is None:
            attributes = shared.make(cells_given, partial(_in_cells, label, held, cells, problems), problems)
        if not attributes:
            continue
        if at_once and (name := cells[naming_cell]):
            at_once.labels.append(label)
            at_once.names.append(name)
            at_once.attributes.append(attributes)
            if len(at_once.names) == ROWS_AT_ONCE:
                yield ASSIGNMENTS, SourceLocation(label, _in_row, remark, True), at_once
                at_once = Rows(at_once.kind)
            continue
        filled = [(column, cells[number]) for number, column in naming if cells[number]]
        who = _named(label, columns, filled, problems)
        if who is not None:
            who["attributes"] = attributes
            yield ASSIGNMENTS, SourceLocation(label, _in_row, remark, True), who
    if at_once and at_once.names:
        yield ASSIGNMENTS, SourceLocation(label, _in_row, remark, True), at_once


def _in_cells(
    label: str, held: Sequence[tuple[int, _Column]], cells: Sequence[str], problems: list[str]
) -> dict[str, dict[str, Any]]:
    """Return the attributes of a row."""
    attributes: dict[str, dict[str, Any]] = {}
    for number, column in held:
        if cell := cells[number]:
            value = None if cell == REMOVED else _parts(cell) if column.multiple else cell
            if problem := _no_value(value):
                problems.append(f"{label}: column {column.key}.{column.attribute}: {problem}")
            else:
                attributes.setdefault(column.key, {})[column.attribute] = value
    return attributes


def _in_row(label: str, path: Sequence[str]) -> str:
    return f"{label}: column {'.'.join(path[1:])}"  # without `attributes`


def _remark(columns: set[tuple[str, str]], path: Sequence[str], reason: str) -> str:
    attribute = tuple(path[1:])
    if attribute not in columns or "multi-valued" not in reason:
        return ""
    return f"Name the column {'.'.join(attribute)}{LIST}, and separate values by {SEPARATOR} in its cells"


def _columns(label: str, header: Sequence[str], problems: list[str]) -> list[_Column | None] | None:
    """Return what each column holds, nothing for one that is ignored. Notes what is wrong, and returns null then."""
    columns: list[_Column | None] = []
    wrong: list[str] = []
    for number, name in enumerate(header, 1):
        column = _column(name)
        if column is None and name and _folded(name) not in _PORTAL:
            wrong.append(_unknown(label, number, name))
        elif column and any(known and _same(known, column) for known in columns):
            wrong.append(f"{label}: column {number} '{quoted(name)}' is there twice")
        columns.append(column)
    wrong += _nobody(label, [column for column in columns if column])
    problems += wrong
    return None if wrong else columns


def _unknown(label: str, number: int, name: str) -> str:
    """Return the problem of a column that is not known."""
    if _folded(name) in {_folded(key) for key in (*SELECTING, EXCLUSIVE, ALLOW_EMPTY, EXPIRES)}:
        return f"{label}: column {number} '{quoted(name)}' needs YAML or JSON; accepted are {ACCEPTED}"
    return f"{label}: column {number} '{quoted(name)}' is not known; accepted are {ACCEPTED}"


def _same(column: _Column, other: _Column) -> bool:
    return (column.key, column.attribute, column.by) == (other.key, other.attribute, other.by)


def _column(name: str) -> _Column | None:
    if _folded(name) in _WHO:
        key, by = _WHO[_folded(name)]
        return _Column(key, by=by)
    attribute_set, _dot, attribute = name.removesuffix(LIST).partition(".")
    if name_problem(attribute_set) or name_problem(attribute):
        return None
    return _Column(attribute_set, attribute, name.endswith(LIST))


def _nobody(label: str, columns: Sequence[_Column]) -> list[str]:
    """Return what is wrong with the columns that say who it is."""
    keys = {column.key for column in columns if not column.attribute}
    if keys & KINDS.keys():
        return []
    if _ID in keys:
        return [f"{label}: the column id does not say whose it is; name it user or service_principal"]
    return [f"{label}: no column says who it is, such as user, mail, employeeId or service_principal"]


def _named(
    label: str, columns: Sequence[_Column | None], cells: Sequence[tuple[_Column, str]], problems: list[str]
) -> dict[str, Any] | None:
    """Return the keys of an item that say who it is: an id comes before other names, then the order of `_WHO`."""
    if len(cells) == 1 and cells[0][0].key in KINDS and not cells[0][0].by:
        return {cells[0][0].key: cells[0][1]}
    spoken = {column.key: cell for column, cell in cells if column.key == DISPLAY_NAME}
    possible = {column.key for column in columns if column and column.key in KINDS and not column.attribute}
    filled = {column.key for column, _cell in cells if column.key in KINDS}
    kinds = filled or (possible if any(column.key == _ID for column, _cell in cells) else set())
    if len(kinds) != 1:
        problems.append(f"{label}: {', '.join(KINDS)}: exactly one of them is needed")
        return None
    kind = next(iter(kinds))
    order = [_ID, "", "mail", "employee_id"]
    _rank, by, cell = min(
        (order.index(_ID if column.key == _ID else column.by), column.by, cell)
        for column, cell in cells
        if column.key in (_ID, kind)
    )
    return {kind: {by: cell} if by else cell, **spoken}


def _no_value(value: str | list[str] | None) -> str:
    """Return why a cell does not hold a value, or an empty text."""
    parts = value if isinstance(value, list) else [value] if value else []
    found = next((part for part in parts if part[:1] in _SUSPECTS and _NO_VALUE.fullmatch(part)), "")
    if not found:
        return ""
    return (
        f"'{quoted(found)}' is not taken for a value. Write {REMOVED} to remove the attribute, leave the cell empty to"
        f" keep it, or assign the text '{quoted(found)}' in a YAML or JSON file, in quotes"
    )


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(SEPARATOR)]


@dataclass(slots=True)
class _Gathered:
    """The cells of one principal in the rows of the long form, with their labels, by attribute."""

    label: str
    item: dict[str, Any]
    cells: dict[tuple[str, str], list[tuple[str, str]]]


def _long(label: str, header: Sequence[str], rows: Iterator[_Row], problems: list[str]) -> Items:
    """Yield the items of rows that have one value each; several rows of one attribute make a list."""
    columns = _long_columns(label, header, problems)
    if columns is None:
        return
    multiple = any(column and column.key == f"value{LIST}" for column in columns)
    gathered: dict[tuple[str, str, str], _Gathered] = {}
    for label, cells in rows:
        filled = [(column, cell) for column, cell in zip(columns, cells, strict=False) if column and cell]
        said = {column.key.removesuffix(LIST): cell for column, cell in filled if column.key in _LONG.values()}
        if "value" not in said:
            continue
        who = _named(label, columns, [cell for cell in filled if cell[0].key not in _LONG.values()], problems)
        missing = [key for key in ("attribute_set", "name") if key not in said]
        refused = [f"has a value, but no {' and no '.join(missing)}"] if missing else []
        value = said["value"]
        if problem := _no_value(None if value == REMOVED else _parts(value) if multiple else value):
            refused.append(f"value: {problem}")
        problems += [f"{label}: {problem}" for problem in refused]
        if who is not None and not refused:
            principal = gathered.setdefault(_identity(who), _Gathered(label, who, {}))
            principal.cells.setdefault((said["attribute_set"], said["name"]), []).append((label, said["value"]))
    lists = {
        attribute for principal in gathered.values() for attribute, found in principal.cells.items() if len(found) > 1
    }
    for principal in gathered.values():
        attributes: dict[str, dict[str, Any]] = {}
        for (attribute_set, attribute), found in principal.cells.items():
            listed = multiple or (attribute_set, attribute) in lists
            attributes.setdefault(attribute_set, {})[attribute] = _joined(found, listed, multiple, problems)
        lines = {attribute: found[0][0] for attribute, found in principal.cells.items()}
        yield (
            ASSIGNMENTS,
            SourceLocation(principal.label, partial(_in_rows, lines), literal=True),
            {**principal.item, "attributes": attributes},
        )


def _long_columns(label: str, header: Sequence[str], problems: list[str]) -> list[_Column | None] | None:
    columns: list[_Column | None] = []
    wrong: list[str] = []
    for number, name in enumerate(header, 1):
        folded = _folded(name)
        column = _Column(_LONG[folded]) if folded in _LONG else _column(name) if folded in _WHO else None
        if column is None and name and folded not in _PORTAL:
            wrong.append(_unknown(label, number, name))
        elif column and any(known and _same(known, column) for known in columns):
            wrong.append(f"{label}: column {number} '{quoted(name)}' is there twice")
        columns.append(column)
    found = [column for column in columns if column]
    values = [column for column in found if column.key.removesuffix(LIST) == "value"]
    if len(values) != 1:
        wrong.append(f"{label}: the long form needs one column value or value{LIST}")
    wrong += _nobody(label, [column for column in found if column.key not in _LONG.values()])
    problems += wrong
    return None if wrong else columns


def _identity(item: Mapping[str, Any]) -> tuple[str, str, str]:
    kind = next(kind for kind in KINDS if kind in item)
    by, name = next(iter(item[kind].items())) if isinstance(item[kind], dict) else ("", item[kind])
    return kind, by, name.lower()


def _joined(found: Sequence[tuple[str, str]], listed: bool, multiple: bool, problems: list[str]) -> Any:
    """Return what rows say of one attribute of one principal."""
    removed = [label for label, cell in found if cell == REMOVED]
    kept = [label for label, cell in found if cell != REMOVED]
    if removed and kept:
        problems.append(f"{removed[0]}: removes the attribute to which {kept[0]} gives a value")
    if removed:
        return None
    if not listed:
        return Only(found[0][1])
    return [part for _label, cell in found for part in (_parts(cell) if multiple else [cell])]


def _in_rows(lines: Mapping[tuple[str, str], str], label: str, path: Sequence[str]) -> str:
    attribute = tuple(path[1:3])
    label = next((line for known, line in lines.items() if known[: len(attribute)] == attribute), label)
    return f"{label}: {'.'.join(attribute)}"


def fits(item: Mapping[str, Any]) -> bool:
    """Return whether cells give back every text of an item, since the reader strips and splits them."""
    values = (value for values in item["attributes"].values() for value in values.values())
    names = (value for key, value in item.items() if key != "attributes")
    return all(_is_cell(text, listed) for value in (*names, *values) for text, listed in _texts(value))


def _texts(value: Value) -> Iterator[tuple[str, bool]]:
    listed = isinstance(value, list)
    yield from ((text, listed) for text in elements(value) if isinstance(text, str))


def _is_cell(text: str, listed: bool) -> bool:
    return (
        text.isprintable()
        and text == text.strip()
        and not _NO_VALUE.fullmatch(text)
        and not text.startswith(FORMULA)
        and not (listed and SEPARATOR in text)
    )


def write_csv(kind: PrincipalKind, items: Sequence[Mapping[str, Any]]) -> str:
    """Return the wide form: a row for each principal, a column for each attribute that one of them has."""
    columns = sorted(
        {
            (attribute_set, name, isinstance(value, list))
            for item in items
            for attribute_set, values in item["attributes"].items()
            for name, value in values.items()
        }
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    header = [f"{attribute_set}.{name}{LIST if listed else ''}" for attribute_set, name, listed in columns]
    writer.writerow([kind.name, DISPLAY_NAME, *header])
    for item in items:
        cells = [_cell(item["attributes"].get(attribute_set, {}).get(name)) for attribute_set, name, _listed in columns]
        writer.writerow([item[kind.name], item.get(DISPLAY_NAME, ""), *cells])
    return text.getvalue()


def _cell(value: Value | None) -> str:
    return SEPARATOR.join(
        str(element).lower() if isinstance(element, bool) else str(element) for element in elements(value)
    )
