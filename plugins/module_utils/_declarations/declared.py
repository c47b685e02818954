# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""A folder's attribute sets, definitions, assignments and moves, checked together before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any, TypeVar

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._core.assignment_plan import DesiredValue
from .._core.delegations import DesiredDelegation
from .._core.model import AttributeName, Exposure
from .._core.moves import Departure, Move, declaration_problems, moves_of
from .._core.names import case_variant
from .._core.options import TEXT, without_omitted
from .._core.schema_plan import DesiredDefinition, DesiredSet, Placed
from .._core.selection import Item, OneOf, Wish
from .._errors import InvalidDeclaration, OptionError
from .assignments import (
    Declaration,
    DeclarationCollector,
    DuplicateCheck,
    refuse,
)
from .delegations import DELEGATION_CONSTRAINTS, DELEGATION_SPEC, desired_delegation
from .exposures import EXPOSURE_SPEC, exposure
from .files import read
from .leaving import MOVE_SPEC, desired_move, retirement
from .locations import (
    ASSIGNMENTS,
    BOUNDS,
    DEFINITIONS,
    DELEGATIONS,
    DISPLAY_NAME,
    EXPOSURES,
    MASKED_SETS,
    MOVES,
    PROTECT,
    SECTIONS,
    SETS,
    Decrypt,
    Items,
    SourceLocation,
    listed,
    no_secret,
    split_override,
)
from .specs import (
    DEFINITION_CONSTRAINTS,
    DEFINITION_SPEC,
    RETIRED,
    SET_SPEC,
    desired_definition,
    desired_set,
    usage_policy,
)

PRINCIPALS, ATTRIBUTES = "principals", "attributes"
_DELEGATION = {**DELEGATION_SPEC, DISPLAY_NAME: {"type": TEXT}}
Content = TypeVar("Content")


@dataclass(frozen=True)
class Declared:
    """All that is declared: sets and definitions with their places, assignments, and what binds a whole run.

    `attribute_sets`, `definitions` and `moves` are the items as they were written, without nulls. `departures` are the
    moves and the retirements. `items` are the assignments that select principals, derive values or end. `only` names
    the principals to which a run is narrowed, in lower case, where that can be decided only after reading.
    """

    attribute_sets: list[Any] = field(default_factory=list)
    definitions: list[Any] = field(default_factory=list)
    assignments: list[Declaration] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    only: tuple[str, ...] = ()
    moves: list[Any] = field(default_factory=list)
    departures: list[Departure] = field(default_factory=list)
    placed_sets: list[Placed[DesiredSet]] = field(default_factory=list)
    placed_definitions: list[Placed[DesiredDefinition]] = field(default_factory=list)
    delegations: list[Placed[DesiredDelegation]] = field(default_factory=list)
    masked_sets: tuple[str, ...] = ()
    protected_principals: tuple[str, ...] = ()
    protected_attributes: tuple[str, ...] = ()
    exposures: tuple[Exposure, ...] = ()


def declared(src: str | Sequence[str] | None, variables: Mapping[str, Any], decrypt: Decrypt = no_secret) -> Declared:
    """Return what variables (by section) and the files or folders of `src` declare together.

    An item that overrides replaces what the variables, or an entry of `src` before its own, declare.

    Raises InvalidDeclaration with everything that is wrong in any tenant, each with its place, and OptionError where
    there is nothing to read.
    """
    problems: list[str] = []
    once = DuplicateCheck(problems)
    assigned = DeclarationCollector(problems)
    homes: dict[str, str] = {}
    bounds: dict[str, list[str]] = {MASKED_SETS: [], PRINCIPALS: [], ATTRIBUTES: []}
    sets: dict[str, tuple[Any, Placed[DesiredSet] | None]] = {}
    definitions: dict[str, tuple[Any, Placed[DesiredDefinition] | None]] = {}
    retirements: dict[str, list[Departure]] = {}
    moves: list[tuple[Any, list[Departure]]] = []
    exposures: list[Exposure] = []
    delegations: dict[str, Placed[DesiredDelegation]] = {}
    for section, place, item in _layers(src, variables, problems, decrypt, (once, assigned)):
        overrides = False
        if section in (SETS, DEFINITIONS, DELEGATIONS):
            item, overrides = split_override(place, item, problems)
        if section == ASSIGNMENTS:
            assigned.add(place, item)
        elif section == EXPOSURES:
            if params := _validated(place, EXPOSURE_SPEC, {}, item, problems):
                title = f"exposure '{params['name']}'"
                once.note(place.label, title, ("exposure", params["name"].lower()))
                if found := _built(exposure, params, f"{place.label}: {title}", problems):
                    exposures.append(replace(found, place=place.label))
        elif section in BOUNDS:
            _bind(section, place, item, bounds, problems)
        elif section == SETS and (params := _validated(place, SET_SPEC, {}, item, problems)):
            name = params["name"]
            once.note(place.label, f"attribute set '{name}'", ("attribute set", name.lower()), overrides)
            wanted_set = _built(desired_set, params, f"{place.label}: attribute set {name}", problems)
            placed_set = Placed(wanted_set, place.label) if wanted_set else None
            if overrides or name.lower() not in sets:
                sets[name.lower()] = without_nulls(item), placed_set
        elif section == DEFINITIONS and (
            params := _validated(place, DEFINITION_SPEC, DEFINITION_CONSTRAINTS, item, problems)
        ):
            name = f"{params['attribute_set']}.{params['name']}"
            once.note(place.label, f"definition '{name}'", ("definition", name.lower()), overrides)
            homes.setdefault(params["attribute_set"], place.label)
            wanted = _built(desired_definition, params, f"{place.label}: definition {name}", problems)
            in_use = "ignore" if params["state"] == RETIRED else usage_policy(params)  # its departure is checked
            placed = Placed(wanted, place.label, in_use) if wanted else None
            if overrides or name.lower() not in definitions:
                definitions[name.lower()] = without_nulls(item), placed
                leaving = retirement(params, place.label) if wanted else None
                retirements[name.lower()] = [leaving] if leaving else []
        elif section == MOVES and (params := _validated(place, MOVE_SPEC, {}, item, problems)):
            move = _built(partial(desired_move, place=place.label), params, place.label, problems)
            moves.append((without_nulls(item), [move] if move else []))
        elif section == DELEGATIONS and (
            params := _validated(place, _DELEGATION, DELEGATION_CONSTRAINTS, item, problems)
        ):
            title = f"{place.label}: delegation of {params['role']}"
            if delegated := _built(desired_delegation, params, title, problems):
                if delegated.attribute_set:
                    homes.setdefault(delegated.attribute_set, place.label)
                once.note(place.label, f"delegation '{delegated}'", ("delegation", delegated.identity), overrides)
                if overrides or delegated.identity not in delegations:
                    delegations[delegated.identity] = Placed(delegated, place.label)
    departures = [*chain(*retirements.values()), *chain(*(found for _item, found in moves))]
    names = [known.desired.name for _item, known in sets.values() if known]
    for home, label in homes.items():
        if home not in names and (other := case_variant(home, names)):
            problems.append(f"{label}: attribute set {home} is declared as {other}")
    given: list[tuple[AttributeName, Wish | OneOf | DesiredValue, str]] = [
        (attribute, value, declaration.place_of(attribute))
        for declaration in assigned.found
        for attribute, value in declaration.desired.items()
    ]
    given += [
        (attribute, wish, item.places.get(attribute, item.place))
        for item in assigned.items
        for attribute, wish in item.wishes.items()
    ]
    problems += declaration_problems(departures, given)
    used = {*names, *homes, *(name for departure in departures for name in departure.attribute_sets)}
    used |= {name for declaration in assigned.found for name in declaration.attribute_sets}
    used |= {name for item in assigned.items for name in item.attribute_sets}
    for masked in bounds[MASKED_SETS]:
        if masked not in used and (other := case_variant(masked, used)):
            problems.append(f"{MASKED_SETS}: attribute set {masked} is declared as {other}")
    refuse(problems)
    return Declared(
        attribute_sets=[item for item, _known in sets.values()],
        definitions=[item for item, _known in definitions.values()],
        assignments=assigned.found,
        moves=[item for item, _found in moves],
        departures=departures,
        placed_sets=[known for _item, known in sets.values() if known],
        placed_definitions=[known for _item, known in definitions.values() if known],
        delegations=list(delegations.values()),
        items=assigned.items,
        masked_sets=_masked_sets(bounds[MASKED_SETS], departures),
        protected_principals=tuple(bounds[PRINCIPALS]),
        protected_attributes=tuple(bounds[ATTRIBUTES]),
        exposures=tuple(exposures),
    )


def _masked_sets(named: Sequence[str], departures: Sequence[Departure]) -> tuple[str, ...]:
    """Return the sets to mask: the named sets, and every set that their values move to or from."""
    masked, moving = dict.fromkeys(named), [move.attribute_sets for move in moves_of(departures)]
    while more := {name for sets in moving if sets & masked.keys() for name in sets} - masked.keys():
        masked |= dict.fromkeys(sorted(more))
    return tuple(masked)


def narrowed(
    found: Declared, sections: Collection[str], attribute_sets: Collection[str], principals: Collection[str]
) -> Declared:
    """Return the declarations that a narrowed run covers.

    `attribute_sets` keeps what is in these sets, and moves between them. `principals` keeps the assignments of these
    principals, by the names with which they are declared, and nothing else. Raises OptionError for a name that is not
    declared.
    """
    if not (attribute_sets or principals or set(SECTIONS) - set(sections)):
        return found
    names = {name.lower() for name in principals}
    known_sets = {placed.desired.name for placed in found.placed_sets}
    known_sets |= {placed.desired.attribute_set for placed in found.placed_definitions}
    known_sets |= {name for declaration in found.assignments for name in declaration.attribute_sets}
    known_sets |= {name for item in found.items for name in item.attribute_sets}
    known_sets |= {placed.desired.attribute_set for placed in found.delegations if placed.desired.attribute_set}
    items = found.items if ASSIGNMENTS in sections else []
    known_sets |= {name for departure in found.departures for name in departure.attribute_sets}
    for option, wanted, known in (
        ("attribute_sets", attribute_sets, known_sets),
        # Whom an item selects is known only later.
        ("principals", () if items else names, {declaration.who.name.lower() for declaration in found.assignments}),
    ):
        if unknown := sorted(set(wanted) - known):
            raise OptionError(option, f"{', '.join(unknown)} is not declared")
    chosen = set(attribute_sets) or known_sets
    assignments = [
        part
        for declaration in (found.assignments if ASSIGNMENTS in sections else ())
        if (items or not names or declaration.who.name.lower() in names) and (part := declaration.within(chosen))
    ]
    takes_sets, takes_definitions, takes_moves, delegates = (
        section in sections and not names for section in (SETS, DEFINITIONS, MOVES, DELEGATIONS)
    )
    return replace(
        found,
        assignments=assignments,
        items=[kept for item in items if (kept := within(item, chosen))],
        only=tuple(sorted(names)) if items else (),
        departures=[
            departure
            for departure in found.departures
            if (takes_moves if isinstance(departure, Move) else takes_definitions)
            and departure.attribute_sets <= chosen
        ],
        placed_sets=[placed for placed in found.placed_sets if takes_sets and placed.desired.name in chosen],
        placed_definitions=[
            placed
            for placed in found.placed_definitions
            if takes_definitions and placed.desired.attribute_set in chosen
        ],
        delegations=[
            placed
            for placed in found.delegations
            if delegates and (not attribute_sets or placed.desired.attribute_set in chosen)
        ],
    )


def _layers(
    src: str | Sequence[str] | None,
    variables: Mapping[str, Any],
    problems: list[str],
    decrypt: Decrypt,
    listeners: Sequence[DeclarationCollector | DuplicateCheck],
) -> Items:
    """Yield the items of the variables, then of each entry of `src`; each begins a layer of the listeners."""
    for section in (*SECTIONS, *BOUNDS, EXPOSURES):
        yield from _of_variable(section, variables.get(section) or [], problems)
    for source in [src] if isinstance(src, str) else src or []:
        for listener in listeners:
            listener.begin_layer()
        yield from read(source, problems, decrypt)


def within(item: Item, attribute_sets: Collection[str]) -> Item | None:
    """Return the part of an item in these attribute sets; null if there is none."""
    sets = tuple(name for name in item.attribute_sets if name in attribute_sets)
    wishes = {attribute: wish for attribute, wish in item.wishes.items() if attribute.attribute_set in sets}
    return replace(item, wishes=wishes, attribute_sets=sets) if sets else None


def _of_variable(section: str, items: Any, problems: list[str]) -> Items:
    """Yield the items of a variable."""
    if section == PROTECT:
        yield from ((section, place, item) for _name, place, item in listed(section, [items] if items else []))
    elif isinstance(items, list | tuple):
        yield from listed(section, without_omitted(items))
    else:
        problems.append(f"{section}: must be a list")


def _bind(section: str, place: SourceLocation, item: Any, bounds: dict[str, list[str]], problems: list[str]) -> None:
    """Note names of sets to mask, or of principals and attributes to protect."""
    if section == MASKED_SETS:
        given: Mapping[Any, Any] = {MASKED_SETS: [item]}
    elif isinstance(item, Mapping) and set(item) <= {PRINCIPALS, ATTRIBUTES}:
        given = item
    else:
        problems.append(f"{place.label}: protect must be a dictionary with the lists principals and attributes")
        return
    for key, names in given.items():
        if isinstance(names, list) and all(isinstance(name, str) and name.strip() for name in names):
            bounds[key] += [str(name).strip() for name in names]
        else:
            problems.append(f"{place.label}: {key} must be a list of names")


def _validated(
    place: SourceLocation, spec: Mapping[str, Any], constraints: Mapping[str, Any], item: Any, problems: list[str]
) -> dict[str, Any] | None:
    """The item as a module would have its options, or null if it would not take them, which is noted."""
    if not isinstance(item, Mapping):
        problems.append(f"{place.label}: is no dictionary")
        return None
    unknown = sorted(map(str, set(item) - set(spec)))
    wrong = [f"has unknown keys: {', '.join(unknown)}"] if unknown else []
    try:
        known = {key: value for key, value in without_nulls(item).items() if key in spec}
    except RecursionError:
        problems.append(f"{place.label}: holds itself")
        return None
    validated = ArgumentSpecValidator(spec, **constraints).validate(known)
    wrong += validated.error_messages
    problems += [f"{place.label}: {problem}" for problem in wrong]
    return None if validated.error_messages else validated.validated_parameters


def without_nulls(item: Mapping[str, Any]) -> dict[str, Any]:
    """Copy an item into plain containers, dropping nulls: Ansible's lazy containers are slow to copy."""
    return {key: value for key, value in without_omitted(item).items() if value is not None}


def _built(
    build: Callable[[Mapping[str, Any]], Content], params: Mapping[str, Any], title: str, problems: list[str]
) -> Content | None:
    try:
        return build(params)
    except InvalidDeclaration as refused:
        problems += [f"{title}: {problem}" for problem in refused.problems]
        return None
