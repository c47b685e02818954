# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The options, runs and results of `custom_security_attribute_info` and of the inventory `directory`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._core.assignment_plan import Definitions, definition_of
from .._core.model import (
    KINDS,
    STRING,
    AttributeName,
    Definition,
    Principal,
    Value,
    nested,
    read_reference,
)
from .._core.names import text_problem
from .._core.options import DICT, LIST, TEXT
from .._core.values import checked, coerced
from .._errors import AttributesHidden, InvalidValue, OptionError, PermissionDenied, PrincipalNotFound
from .._graph.client import Graph
from .._operation import Operation
from .._tenant.principals import Directory
from .._tenant.schema import Schema
from .._tenant.visibility import PERHAPS_HIDDEN, Visibility
from .._tenant.wire import condition
from .assignment import PRINCIPAL_SPEC, check_names
from .planner import SetDefinitions

SELECTION_SPEC = {
    "where": {
        "type": LIST,
        "elements": DICT,
        "options": {
            "attribute_set": {"type": TEXT, "required": True},
            "name": {"type": TEXT, "required": True},
            "operator": {"type": "str", "choices": ["eq", "ne", "startswith"], "default": "eq"},
            "value": {"type": "raw"},
        },
    },
    "filter": {"type": TEXT},
}

INFO_SPEC = {
    **PRINCIPAL_SPEC,
    **SELECTION_SPEC,
    "principal_type": {"type": "str", "choices": list(KINDS)},
    "attribute_set": {"type": TEXT},
    "name": {"type": TEXT},
}
INFO_CONSTRAINTS = {
    "mutually_exclusive": [("user", "service_principal", "principal_type")],
    "required_one_of": [("user", "service_principal", "principal_type")],
    "required_by": {"where": ("principal_type",), "filter": ("principal_type",), "name": ("attribute_set",)},
}
INVENTORY_SPEC = {
    **SELECTION_SPEC,
    "principal_type": {"type": "str", "choices": list(KINDS), "default": "user"},
    "strict_permissions": {"type": "bool", "default": True},
}


def run_info(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`custom_security_attribute_info`: the principals asked for and what is assigned to them."""
    check_names(params)
    directory = Directory(graph)
    attribute_set, name = params["attribute_set"], params["name"]
    if params["principal_type"]:
        kind = KINDS[params["principal_type"]]
        principals = _selected(params, graph)
    else:
        who = read_reference(params)
        kind = who.kind
        try:
            principals = iter([directory.find(who)])
        except PrincipalNotFound:
            principals = iter(())
    found = [_listed(principal, attribute_set, name) for principal in principals]
    attribute = AttributeName(attribute_set, name) if attribute_set and name else None
    seen = any(principal["custom_security_attributes"] for principal in found)
    known = Visibility(graph).check_shown(kind, seen, attribute)
    return {"changed": False, "principals": found, **({} if known else {"warnings": [PERHAPS_HIDDEN]})}


def run_inventory(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """The inventory `directory`: the principals that are selected and what is assigned to them.

    Unless `strict_permissions` is set, a missing permission is a warning, and the readable principals are listed.
    """
    found: list[dict[str, Any]] = []
    warnings = []
    try:
        found.extend(_listed(principal) for principal in _selected(params, graph))
        seen = any(principal["custom_security_attributes"] for principal in found)
        if not Visibility(graph).check_shown(KINDS[params["principal_type"]], seen, None):
            warnings = [PERHAPS_HIDDEN]
    except (AttributesHidden, PermissionDenied) as error:
        if params["strict_permissions"]:
            raise
        warnings = [str(error)]
    return {"principals": found, "warnings": warnings}


def _selected(params: Mapping[str, Any], graph: Graph) -> Iterator[Principal]:
    """The principals that `where` and `filter` select. Raises what `selection` does."""
    return Directory(graph).select(KINDS[params["principal_type"]], selection(params, Schema(graph)))


def _listed(principal: Principal, attribute_set: str | None = None, name: str | None = None) -> dict[str, Any]:
    """A principal with its assignments, narrowed to a set and an attribute where those are given."""
    assignments = {
        attribute: value
        for attribute, value in principal.assignments.items()
        if attribute_set in (None, attribute.attribute_set) and name in (None, attribute.name)
    }
    return {**principal.as_result(), "custom_security_attributes": nested(assignments)}


def selection(params: Mapping[str, Any], schema: Schema) -> str:
    """Return the OData filter of `where` and `filter`, empty without them.

    Raises OptionError, UndefinedAttribute and GraphError.
    """
    where = params["where"] or []
    for index, item in enumerate(where):
        check_names(item, f"where[{index}].")
        _compared(index, item, None)
    if params["filter"] and (problem := text_problem(params["filter"])):
        raise OptionError("filter", problem)
    definitions = _definitions_of({item["attribute_set"] for item in where}, schema)
    conditions = []
    for index, item in enumerate(where):
        attribute = AttributeName(item["attribute_set"], item["name"])
        definition = definition_of(attribute, definitions) if definitions else None
        conditions.append(condition(attribute, item["operator"], _compared(index, item, definition)))
        if definition and not definition.searchable:
            raise OptionError(
                f"where[{index}].name",
                f"{attribute} is not searchable, so that Graph finds nobody by it",
                "Read all principals instead, and choose by what they have.",
            )
    if params["filter"]:
        conditions.append(f"({params['filter']})" if conditions else params["filter"])
    return " and ".join(conditions)


def _definitions_of(attribute_sets: set[str], schema: Schema) -> Definitions:
    """Return the definitions of these sets, or none where the identity cannot read them."""
    try:
        return SetDefinitions(schema).read(sorted(attribute_sets))
    except PermissionDenied:
        return {}


def _compared(index: int, item: Mapping[str, Any], definition: Definition | None) -> Value | None:
    """Return the value that a condition compares with, in the type of its definition. Raises OptionError."""
    attribute = f"{item['attribute_set']}.{item['name']}"
    value: Value | None = item["value"]
    starts = item["operator"] == "startswith"
    try:
        if isinstance(value, list):
            raise InvalidValue(attribute, "must be a single value; eq matches collections that hold it")
        if starts and definition and definition.type != STRING:
            raise InvalidValue(attribute, f"its type is {definition.type}; startswith goes with String attributes")
        if value is None and not starts:
            return None
        wanted = STRING if starts else definition.type if definition else None
        return coerced(attribute, checked(attribute, value), wanted) if wanted else checked(attribute, value)
    except InvalidValue as error:
        raise OptionError(f"where[{index}].value", f"{attribute}: {error.reason}") from None


INFO = Operation(run_info, INFO_SPEC, INFO_CONSTRAINTS)
INVENTORY = Operation(run_inventory, INVENTORY_SPEC)
