# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Items that select principals, derive values or end: what a run reads for them, and what they make of its entries."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeAlias

from .._core.assignment_plan import Definitions, Desired, Moved, definition_of
from .._core.desired_state import Decision, DesiredState, Ending
from .._core.model import KINDS, AttributeName, Principal, PrincipalReference
from .._core.names import counted
from .._core.selected import Holder, Wanted
from .._core.selection import (
    AGENTS,
    BLUEPRINTS,
    BY_NAME,
    SELECTED_KINDS,
    STARTS,
    Derived,
    Item,
    OneOf,
    Reason,
    Selection,
    Where,
)
from .._core.values import coerced, elements
from .._declarations.assignments import Declaration
from .._errors import InvalidDeclaration, InvalidValue, OptionError, UndefinedAttribute
from .assignments_entries import AssignmentEntry

Remark: TypeAlias = Callable[[Sequence[str], str], str]
AND = " and "
PLACES_SHOWN = 3
CONFLICTS_SHOWN = 20
ENDINGS_SHOWN = 10
DAY = 86_400


def needs_definitions(items: Iterable[Item]) -> bool:
    """Return whether definitions decide what an item means."""
    return any(
        (item.selection and item.selection.where) or any(isinstance(wish, Derived | OneOf) for wish in wishes)
        for item in items
        if (wishes := item.wishes.values())
    )


def with_typed_conditions(items: Sequence[Item], definitions: Definitions) -> list[Item]:
    """Return the items, with the values of their conditions in the types of the definitions.

    Raises OptionError, with the place of the item, for an attribute that it reads and that is not defined, and for a
    value that its attribute cannot hold.
    """
    if definitions:
        for item in items:
            _ensure_links_defined(item, definitions)
    return [
        replace(item, who=_typed(item.place, item.who, definitions))
        if isinstance(item.who, Selection) and item.who.where and definitions
        else item
        for item in items
    ]


def ensure_stable_filters(items: Sequence[Item], declarations: Iterable[Declaration]) -> None:
    """Raise OptionError for a filter that reads an attribute which another item changes.

    Graph evaluates the filter on what is there before the run, so a second run could change something.
    """
    for item in items:
        path = item.who.filter if isinstance(item.who, Selection) else ""
        if "customsecurityattributes" not in path.lower():
            continue
        others = {name: declared.place_of(name) for declared in declarations for name in declared.desired}
        others |= {name: other.place for other in items if other is not item for name in other.wishes}
        for attribute, place in others.items():
            if re.search(rf"/{attribute.attribute_set}/{attribute.name}\b", path):
                raise OptionError(
                    item.place, f"filter reads {attribute}, which {place} changes", "Write this condition as where."
                )


def _ensure_links_defined(item: Item, definitions: Definitions) -> None:
    for wish in item.derived():
        if wish.link:
            with _placed(item.place, "from"):
                definition_of(wish.link[1], definitions)


def _typed(place: str, selection: Selection, definitions: Definitions) -> Selection:
    return replace(selection, where=tuple(_typed_condition(place, found, definitions) for found in selection.where))


def _typed_condition(place: str, condition: Where, definitions: Definitions) -> Where:
    with _placed(place, "where"):
        definition = definition_of(condition.attribute, definitions)
        if condition.value is None or condition.operator == STARTS:
            return condition
        (value,) = elements(coerced(condition.attribute, condition.value, definition.type))
        return replace(condition, value=value)


@contextmanager
def _placed(place: str, key: str) -> Iterator[None]:
    """Name the item and its key in errors about the attribute that it reads."""
    try:
        yield
    except UndefinedAttribute as error:
        raise OptionError(place, f"{key}: {error.message}", error.hint) from None
    except InvalidValue as error:
        raise OptionError(place, f"{key}: {error.attribute}: {error.reason}") from None


def wanted(items: Sequence[Item], declarations: Iterable[Declaration]) -> Wanted:
    """Return what a run has to read. Items that select stand first, so that their numbers are those of selections."""
    links = [wish.link for item in items for wish in item.derived()]
    owners = {link[0] for link in links if link}
    properties: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for item in items:
        for wish in item.derived():
            properties[item.of.name].update(wish.properties)
    return Wanted(
        names=[declaration.who for declaration in declarations],
        selections=[(item.who, item.place) for item in items if isinstance(item.who, Selection)],
        properties=properties,
        holders=[holder for item in items if item.exclusive for holder in _holders(item)],
        changing=frozenset(attribute for item in items for attribute in item.wishes),
        blueprints=BLUEPRINTS in owners,
        agents=AGENTS in owners,
    )


def _holders(item: Item) -> Iterable[Holder]:
    """Yield whose values an exclusive item takes."""
    if isinstance(item.who, Selection):
        kinds = [item.who.kind]
    else:
        kinds = [name for name, kind in SELECTED_KINDS.items() if kind is item.who.kind]
    for attribute, wish in item.wishes.items():
        for value in [] if isinstance(wish, Derived | OneOf) else elements(wish.assigns):
            yield from (Holder(kind, attribute, value) for kind in kinds)


def refuse(state: DesiredState) -> None:
    """Raise InvalidDeclaration for items that contradict each other, and for exclusive ones that select nobody."""
    problems = [
        f"{place}: selects nobody, and is exclusive, so everyone would lose its values;"
        " set allow_empty: true if that is meant"
        for place in state.empty
    ]
    problems += map(str, state.conflicts[:CONFLICTS_SHOWN])
    if len(state.conflicts) > CONFLICTS_SHOWN:
        problems.append(f"and {len(state.conflicts) - CONFLICTS_SHOWN} more conflicts")
    if problems:
        raise InvalidDeclaration("what is declared is wrong", problems)


def ending_soon(endings: Iterable[Ending], now: float, days: int) -> list[Ending]:
    """Return the items that end within so many days, the first to end first."""
    soon = (ending for ending in endings if ending.at - now <= days * DAY)
    return sorted(soon, key=lambda ending: (ending.at, ending.place))


def ending_sentences(endings: Sequence[Ending], now: float, days: int) -> list[str]:
    """Return which items end within so many days, the first to end first."""
    soon = ending_soon(endings, now, days)
    found = [
        f"{ending.place} ends {ending.expires}: {', '.join(map(str, ending.attributes))}"
        f" of {counted(ending.principals, 'principal')}"
        for ending in soon[:ENDINGS_SHOWN]
    ]
    return found + ([f"and {len(soon) - ENDINGS_SHOWN} more declarations end"] if len(soon) > ENDINGS_SHOWN else [])


def decided_entries(
    entries: Sequence[AssignmentEntry],
    items: Sequence[Item],
    state: DesiredState,
    principals: Mapping[str, Principal],
) -> list[AssignmentEntry]:
    """Return the entries with what was decided for their principals, and one for each other principal that differs."""
    named = {entry.principal.id: entry for entry in entries if entry.principal}
    found = list(entries)
    composed = _Composer(items)
    for known, decision in state.decisions.items():
        entry = named.get(known)
        if entry is None:
            if not decision.desired and not decision.error:
                continue  # whom only items select that have ended, and that gave nothing
            principal = principals[known]
            declaration = composed.declaration(PrincipalReference(principal.kind, known), decision, None)
            found.append(AssignmentEntry(declaration, (principal,)))
        else:
            entry.declaration = composed.declaration(entry.declaration.who, decision, entry.declaration)
    return found


class _Composer:
    """Makes declarations of decisions; those of the same reasons share what follows of them."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._remarks = {item.place: item.remark for item in items}
        self._shared: dict[tuple[int, ...], tuple[str, dict[AttributeName, str], Remark]] = {}

    def declaration(self, who: PrincipalReference, decision: Decision, named: Declaration | None) -> Declaration:
        """Return what was decided for a principal; `named` is what names it."""
        reasons = decision.reasons
        key = tuple(map(id, reasons))  # each reason is one object, and stays
        shared = self._shared.get(key)
        if shared is None:
            places = {reason.attribute: reason.place for reason in reversed(reasons)}
            shared = _together(reason.place for reason in reasons), places, self._remark(reasons)
            self._shared[key] = shared
        label, places, remark = shared
        desired: Desired = decision.desired
        if named:
            label = _together([*named.label.split(AND), *places.values()])
            moving = {
                attribute: wish
                for attribute, wish in named.desired.items()
                if attribute not in desired and (named.gives_way or isinstance(wish, Moved))
            }
            desired = {**moving, **desired} if moving else desired
            if leaving := {reason.attribute: reason for reason in named.reasons if reason.by != BY_NAME}:
                reasons = tuple(_of_leaving(reasons, leaving, moving))
                places = {**places, **{attribute: named.place_of(attribute) for attribute in moving}}
        sets = decision.attribute_sets
        if named:
            return Declaration(label, who, desired, sets, named.expected, remark, places, reasons=reasons)
        return Declaration(label, who, desired, sets, remark=remark, places=places, reasons=reasons)

    def _remark(self, reasons: Sequence[Reason]) -> Remark:
        def remark(path: Sequence[str], why: str) -> str:
            attribute = ".".join(path[1:])
            places = dict.fromkeys(reason.place for reason in reasons if str(reason.attribute) == attribute)
            found = (self._remarks[place](path, why) for place in places if place in self._remarks)
            return next(filter(None, found), "")

        return remark


def _of_leaving(
    reasons: Iterable[Reason], leaving: Mapping[AttributeName, Reason], moving: Collection[AttributeName]
) -> Iterator[Reason]:
    """Yield the reasons of a principal, those of values that leave an attribute in the place of its name."""
    for reason in reasons:
        yield leaving.get(reason.attribute, reason) if reason.by == BY_NAME else reason
    yield from (reason for attribute, reason in leaving.items() if attribute in moving)


def _together(places: Iterable[str]) -> str:
    found = list(dict.fromkeys(places))
    more = f" and {len(found) - PLACES_SHOWN} more" if len(found) > PLACES_SHOWN else ""
    return AND.join(found[:PLACES_SHOWN]) + more


def narrowed_entries(entries: Sequence[AssignmentEntry], only: Collection[str]) -> list[AssignmentEntry]:
    """Return the entries of these principals, which are named in lower case.

    Raises OptionError for a name that is neither declared nor selected.
    """
    if not only:
        return list(entries)
    known: set[str] = set()
    kept = []
    for entry in entries:
        names = {entry.declaration.who.name.lower()}
        if principal := entry.principal:
            names |= {principal.id.lower(), principal.key.lower(), principal.display_name.lower()}
        if names & set(only):
            known |= names
            kept.append(entry)
    if unknown := sorted(set(only) - known):
        raise OptionError("principals", f"{', '.join(unknown)} is neither declared nor selected")
    return kept
