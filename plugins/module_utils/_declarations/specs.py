# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The options of attribute sets and definitions, of modules and of declared items alike, and what they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from .._core.options import CHOICE, INTEGER, LIST, TEXT, TEXT_OR_INTEGER
from .._core.schema_plan import DesiredDefinition, DesiredSet
from .._errors import InvalidDeclaration

RETIRED = "retired"
SET_SPEC = {
    "name": {"type": TEXT, "required": True},
    "description": {"type": TEXT},
    "max_attributes_per_set": {"type": INTEGER},
    "state": {"type": "str", "choices": ["present"], "default": "present"},
}
DEFINITION_SPEC = {
    "attribute_set": {"type": TEXT, "required": True},
    "name": {"type": TEXT, "required": True},
    "description": {"type": TEXT},
    "type": {"type": CHOICE, "choices": ["string", "integer", "boolean"]},
    "multi_valued": {"type": "bool"},
    "searchable": {"type": "bool"},
    "predefined_values_only": {"type": "bool"},
    "predefined_values": {"type": LIST, "elements": TEXT_OR_INTEGER},
    "inactive_predefined_values": {"type": LIST, "elements": TEXT_OR_INTEGER},
    "retired_predefined_values": {"type": LIST, "elements": TEXT_OR_INTEGER},
    "purge_predefined_values": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "deprecated", RETIRED], "default": "present"},
    "in_use": {"type": "str", "choices": ["fail", "warn", "ignore"]},
}
DEFINITION_CONSTRAINTS = {"required_if": [("purge_predefined_values", True, ("predefined_values",))]}

AnyDesired = TypeVar("AnyDesired", DesiredSet, DesiredDefinition)


def desired_set(params: Mapping[str, Any]) -> DesiredSet:
    """Return what validated options ask for. Raises InvalidDeclaration for what no tenant can have."""
    desired = DesiredSet(params["name"], params["description"], params["max_attributes_per_set"])
    return _ensure_possible(f"attribute set {desired.name}", desired)


def desired_definition(params: Mapping[str, Any]) -> DesiredDefinition:
    """Return what validated options ask for. Raises InvalidDeclaration for what no tenant can have."""
    active, inactive = params["predefined_values"], params["inactive_predefined_values"]
    desired = DesiredDefinition(
        attribute_set=params["attribute_set"],
        name=params["name"],
        description=params["description"],
        type=params["type"].capitalize() if params["type"] else None,
        collection=params["multi_valued"],
        searchable=params["searchable"],
        predefined_only=params["predefined_values_only"],
        predefined=None if active is None else [str(value) for value in active],
        inactive=None if inactive is None else [str(value) for value in inactive],
        integers=frozenset(value for value in (*(active or ()), *(inactive or ())) if isinstance(value, int)),
        purge=params["purge_predefined_values"],
        retired=tuple(map(str, params["retired_predefined_values"] or ())),
        deprecated=params["state"] != "present",
    )
    possible = _ensure_possible(f"attribute {desired.attribute}", desired)
    return replace(possible, type=None) if params["state"] == RETIRED else possible  # nothing is created to be retired


def usage_policy(params: Mapping[str, Any]) -> str:
    """Return what `in_use` says or, without it, the default: a retirement that takes values away is stricter."""
    takes_away = params["state"] == RETIRED or params["retired_predefined_values"]
    return str(params["in_use"] or ("fail" if takes_away else "warn"))


def _ensure_possible(what: str, desired: AnyDesired) -> AnyDesired:
    """Return what is desired. Raises InvalidDeclaration with its problems."""
    problems = desired.problems()
    if problems:
        raise InvalidDeclaration(what, problems)
    return desired
