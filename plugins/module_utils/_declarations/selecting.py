# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The keys of items that select principals, derive values or end: read with every mistake and its place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timezone
from typing import Any

from .._core.model import KINDS, AttributeName
from .._core.names import name_problem, new_text_problem, not_text, read_as, text_problem
from .._core.selection import (
    AGENTS,
    LINKED,
    OPERATORS,
    PROPERTIES,
    SELECTED_KINDS,
    STARTS,
    USERS,
    Derived,
    Expiry,
    Item,
    Selection,
    Where,
)
from .._core.values import checked
from .._errors import InvalidValue, OptionError, quoted
from .locations import SourceLocation

SELECTING = tuple(SELECTED_KINDS)
EXCLUSIVE, ALLOW_EMPTY, EXPIRES = "exclusive", "allow_empty", "expires"
FROM = "from"
_CONDITIONS = ("group", "filter", "where", "blueprint", "all")
_WHERE = ("attribute_set", "name", "operator", "value")
_DERIVED = (FROM, "map", "default")
_NEAREST = 3
_DAY = 86_400
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)? ?([Zz]|[+-]\d\d:?\d\d)?)?", re.ASCII)
_FORM = "write a date such as 2026-12-31, or a time with its offset such as 2026-12-31T18:00:00+01:00"


def read_selection(place: SourceLocation, item: Mapping[Any, Any], problems: list[str]) -> Selection | None:
    """Return the principals that an item selects, or null for mistakes, which are noted."""
    kinds = [kind for kind in SELECTING if item.get(kind) is not None]
    named = [kind for kind in KINDS if item.get(kind) is not None]
    before = len(problems)
    if len(kinds) != 1 or named:
        accepted = ", ".join([*KINDS, *SELECTING])
        problems.append(f"{place.label}: {accepted}: exactly one of them is needed")
        return None
    kind = kinds[0]
    problems += [f"{place.at(*path)}: {problem}" for path, problem in _selection_problems(kind, item[kind])]
    problems += [
        f"{place.at(key)}: is only for items that name a principal"
        for key in ("display_name", "expected")
        if item.get(key) is not None
    ]
    if len(problems) > before:
        return None
    given = item[kind]
    return Selection(
        kind,
        group=given.get("group", "").strip(),
        filter=given.get("filter", "").strip(),
        where=tuple(_where(condition) for condition in given.get("where", ())),
        blueprint=given.get("blueprint", "").strip(),
        everyone=given.get("all", False),
    )


def _selection_problems(kind: str, given: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the path and the problem of each mistake in a selection."""
    accepted = [key for key in _CONDITIONS if key != "blueprint" or kind == AGENTS]
    if not isinstance(given, Mapping):
        yield (kind,), f"must be a dictionary with some of {', '.join(accepted)}"
        return
    if not given:
        yield (kind,), f"is empty; give some of {', '.join(accepted)}. To select all {_title(kind)}, write all: true"
        return
    for key in given:
        if key == "blueprint" and kind != AGENTS:
            yield (kind, "blueprint"), "is only for agents"
        elif key not in _CONDITIONS:
            yield (kind,), f"has the unknown key '{quoted(str(key))}'; accepted are {', '.join(accepted)}"
    for key in ("group", "filter", "blueprint"):
        if key in given and (problem := _text_problem(given[key], multiline=key == "filter")):
            yield (kind, key), problem
    if "all" in given:
        if given["all"] is not True:
            yield (kind, "all"), f"must be true, not {read_as(given['all'])}"
        elif len(given) > 1:
            yield (kind, "all"), "selects everyone, so it must be the only condition; leave it out"
    if "where" in given:
        yield from _where_problems(kind, given["where"])


def _title(kind: str) -> str:
    return kind.replace("_", " ")


def _text_problem(value: Any, *, multiline: bool) -> str:
    if not isinstance(value, str):
        return not_text(value)
    if not value.strip():
        return "is empty"
    return text_problem(value) if multiline else new_text_problem(value.strip())


def _where_problems(kind: str, conditions: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    path = (kind, "where")
    if not isinstance(conditions, list | tuple) or not conditions:
        yield path, f"must be a list of dictionaries with {', '.join(_WHERE)}"
        return
    for number, condition in enumerate(conditions):
        at = (*path[:-1], f"where[{number}]")
        if not isinstance(condition, Mapping):
            yield at, f"must be a dictionary with {', '.join(_WHERE)}"
            continue
        if unknown := sorted(str(key) for key in condition if key not in _WHERE):
            yield at, f"has the unknown key '{quoted(unknown[0])}'; accepted are {', '.join(_WHERE)}"
        for key in ("attribute_set", "name"):
            name = condition.get(key)
            if problem := name_problem(name) if isinstance(name, str) else not_text(name):
                yield (*at, key), problem
        operator = condition.get("operator", OPERATORS[0])
        if operator not in OPERATORS:
            yield (*at, "operator"), f"{read_as(operator)} is not one of {', '.join(OPERATORS)}"
        value = condition.get("value")
        if operator == STARTS and not isinstance(value, str):
            yield (*at, "value"), f"{STARTS} compares text, not {read_as(value)}"
        elif isinstance(value, list):
            yield (*at, "value"), "must be a single value; eq matches collections that hold it"
        elif value is not None:
            try:
                checked("value", value)
            except InvalidValue as error:
                yield (*at, "value"), error.reason


def _where(condition: Mapping[str, Any]) -> Where:
    attribute = AttributeName(str(condition["attribute_set"]), str(condition["name"]))
    return Where(attribute, condition.get("operator", OPERATORS[0]), condition.get("value"))


def is_derived(value: Any) -> bool:
    """Return whether a declared value is to be derived from a property."""
    return isinstance(value, Mapping) and (FROM in value or "map" in value)


def read_derived(attribute: str, value: Mapping[Any, Any]) -> Derived:
    """Return a derived value. Raises OptionError and InvalidValue. `ensure_source()` checks the property."""
    if unknown := sorted(str(key) for key in value if key not in _DERIVED):
        raise OptionError(attribute, f"has the unknown key '{quoted(unknown[0])}'; accepted are {', '.join(_DERIVED)}")
    source = value.get(FROM)
    if not isinstance(source, str) or not source.strip():
        raise OptionError(attribute, f"{FROM} must name a property, such as department")
    mapping = value.get("map")
    if "map" in value:
        if not isinstance(mapping, Mapping) or not mapping:
            raise OptionError(attribute, "map must be a dictionary with a value for each text of the property")
        for key, meant in mapping.items():
            if not isinstance(key, str):
                raise OptionError(attribute, f"a key of map is wrong: {not_text(key)}")
            _derivable(attribute, meant, f"map: '{quoted(key)}'")
        mapping = {str(key): meant for key, meant in mapping.items()}
    if "default" in value:
        _derivable(attribute, value["default"], "default")
    return Derived(source.strip(), mapping, value.get("default"))


def _derivable(attribute: str, value: Any, what: str) -> None:
    """Raise InvalidValue for a value that no attribute can hold."""
    if value is None:
        raise InvalidValue(attribute, f"{what}: null is not a value; leave it out to keep what the principal has")
    try:
        checked(attribute, value)
    except InvalidValue as error:
        raise InvalidValue(attribute, f"{what}: {error.reason}") from None


def source_problem(derived: Derived, kind: str) -> str:
    """Return why an item about this kind cannot take a value from that source, or an empty text.

    `kind` is a key of PROPERTIES.
    """
    owner = derived.source.partition(".")[0]
    if owner in LINKED:
        return _link_problem(derived, owner, kind)
    known = PROPERTIES[kind]
    if derived.source in known:
        return ""
    lower = {name.lower(): name for name in known}
    ends = {name.lower().rpartition(".")[2]: name for name in known}
    wanted = derived.source.lower()
    close = [ends[wanted]] if wanted in ends else []
    close += [lower[name] for name in difflib.get_close_matches(wanted, lower, n=_NEAREST, cutoff=0.5)]
    hint = f"; the nearest are {', '.join(dict.fromkeys(close))}" if close else ""
    return f"{FROM}: {_title(kind)} have no property '{quoted(derived.source)}' to take a value from{hint}"


def _link_problem(derived: Derived, owner: str, kind: str) -> str:
    whose, who = ("their blueprint", AGENTS) if owner == "blueprint" else ("their agent", USERS)
    if kind != who:
        return f"{FROM}: only {_title(who)} take a value from {whose}"
    if derived.link is None:
        return f"{FROM}: write {owner}.AttributeSet.Attribute to take an attribute of {whose}"
    for name in derived.link[1]:
        if problem := name_problem(name):
            return f"{FROM}: {problem}"
    return ""


def read_expiry(value: Any, option: str = EXPIRES) -> Expiry:
    """Return when an item ends: at the end of a day in UTC, or at a time with its offset. Raises OptionError."""
    if isinstance(value, datetime):
        value = value.isoformat()
    elif isinstance(value, date):
        value = value.strftime("%Y-%m-%d")
    match = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise OptionError(option, f"{read_as(value)} is not a date; {_FORM}")
    day, clock, offset = match.groups()
    if clock and not offset:
        raise OptionError(option, f"{quoted(value)} has no offset; {_FORM}")
    try:
        if clock:
            offset = "+00:00" if offset in "Zz" else offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"
            at = datetime.fromisoformat(f"{day}T{clock}{offset}").timestamp()
        else:
            at = datetime.combine(date.fromisoformat(day), time.min, timezone.utc).timestamp() + _DAY
        return Expiry(value.strip(), at)
    except ValueError:
        raise OptionError(option, f"{quoted(value)} is not a date that exists; {_FORM}") from None


def item_problems(item: Item) -> Iterator[tuple[AttributeName | None, str]]:
    """Yield what is wrong with an item as a whole; with the attribute, if it is about one."""
    selection = item.selection
    for attribute, wish in item.wishes.items():
        if isinstance(wish, Derived):
            kinds = [selection.kind] if selection else _kinds_of(item)
            found = [source_problem(wish, kind) for kind in kinds]
            if all(found):
                yield attribute, found[0]
        gives = isinstance(wish, Derived) or wish.assigns is not None
        if item.expires and not gives:
            yield attribute, "a removal cannot expire; leave out expires"
        elif item.expires and not isinstance(wish, Derived) and getattr(wish, "remove", None):
            yield attribute, "an item that expires can add values, but not remove any"
        if item.exclusive and (isinstance(wish, Derived) or not gives or getattr(wish, "remove", None)):
            yield attribute, "exclusive is only for exact values and for add"
        if item.exclusive and selection and any(condition.attribute == attribute for condition in selection.where):
            yield attribute, "an exclusive item cannot give an attribute that its own where reads"
    if item.allow_empty and not (item.exclusive and selection):
        yield None, "allow_empty is only for exclusive items that select principals"


def _kinds_of(item: Item) -> list[str]:
    """Return the kinds that an item which names a principal may be about."""
    return [kind for kind, of in SELECTED_KINDS.items() if not item.selection and getattr(item.who, "kind", None) is of]
