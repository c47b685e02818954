# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""A folder's attribute sets, definitions and assignments, checked together before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._core.names import case_variant
from .._core.options import without_omitted
from .._errors import InvalidDeclaration
from .assignments import (
    Declaration,
    Declarations,
    Once,
    refuse,
)
from .files import read
from .locations import (
    ASSIGNMENTS,
    DEFINITIONS,
    SECTIONS,
    SETS,
    Decrypt,
    Place,
    listed,
    no_secret,
)
from .specs import (
    DEFINITION_CONSTRAINTS,
    DEFINITION_SPEC,
    SET_SPEC,
    desired_definition,
    desired_set,
)


@dataclass(frozen=True)
class Declared:
    """What is declared: sets and definitions as they were written but for nulls, and the assignments."""

    attribute_sets: list[Any] = field(default_factory=list)
    definitions: list[Any] = field(default_factory=list)
    assignments: list[Declaration] = field(default_factory=list)


def declared(src: str | None, variables: Mapping[str, Sequence[Any]], decrypt: Decrypt = no_secret) -> Declared:
    """What variables (by section) and the file or folder `src` declare together.

    Raises InvalidDeclaration with everything that is wrong in any tenant, each with its place, and OptionError where
    there is nothing to read.
    """
    problems: list[str] = []
    once = Once(problems)
    found = Declared()
    assigned = Declarations(problems)
    homes: dict[str, str] = {}
    sets: list[str] = []
    variable_items = (listed(section, without_omitted(variables.get(section) or [])) for section in SECTIONS)
    for section, place, item in chain(*variable_items, read(src, problems, decrypt) if src else ()):
        if section == ASSIGNMENTS:
            assigned.add(place, item)
        elif section == SETS and (params := _validated(place, SET_SPEC, {}, item, problems)):
            name = params["name"]
            problems += [
                f"{place.label}: attribute set {name}: {problem}" for problem in _problems(desired_set, params)
            ]
            once.note(place.label, f"attribute set '{name}'", ("attribute set", name.lower()))
            sets.append(name)
            found.attribute_sets.append(without_nulls(item))
        elif section == DEFINITIONS and (
            params := _validated(place, DEFINITION_SPEC, DEFINITION_CONSTRAINTS, item, problems)
        ):
            name = f"{params['attribute_set']}.{params['name']}"
            wrong = _problems(desired_definition, params)
            problems += [f"{place.label}: definition {name}: {problem}" for problem in wrong]
            once.note(place.label, f"definition '{name}'", ("definition", name.lower()))
            homes.setdefault(params["attribute_set"], place.label)
            found.definitions.append(without_nulls(item))
    for home, label in homes.items():
        if home not in sets and (other := case_variant(home, sets)):
            problems.append(f"{label}: attribute set {home} is declared as {other}")
    refuse(problems)
    found.assignments.extend(assigned.found)
    return found


def _validated(
    place: Place, spec: Mapping[str, Any], constraints: Mapping[str, Any], item: Any, problems: list[str]
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


def _problems(build: Callable[[Mapping[str, Any]], object], params: Mapping[str, Any]) -> list[str]:
    try:
        build(params)
    except InvalidDeclaration as forbidden:
        return forbidden.problems
    return []
