# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The options, runs and results of the modules for attribute sets and definitions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from .._core.options import (
    CHOICE,
    INTEGER,
    LIST,
    TEXT,
    TEXT_OR_INTEGER,
)
from .._core.schema_plan import (
    ALL,
    CHANGES,
    FORBID,
    PERMIT,
    AttributeSet,
    DefinitionPlan,
    DefinitionWish,
    SetPlan,
    SetWish,
    plan_definition,
    plan_set,
)
from .._core.values import Definition, counted
from .._declarations.storage import tenant_of
from .._errors import EntraError, GraphError, InvalidDeclaration
from .._graph.client import Graph
from .._operation import Entry, diff
from .._tenant.principals import KINDS, Directory, Kind, condition
from .._tenant.schema import Schema, is_conflict

SET_SPEC = {
    "name": {"type": TEXT, "required": True},
    "description": {"type": TEXT},
    "max_attributes_per_set": {"type": INTEGER},
    "state": {"type": "str", "choices": ["present"], "default": "present"},
}
SET_INFO_SPEC = {"name": {"type": TEXT}}

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
    "purge_predefined_values": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "deprecated"], "default": "present"},
    "in_use": {"type": "str", "choices": ["fail", "warn", "ignore"], "default": "warn"},
}
CHANGES_SPEC = {
    "changes": {"type": "str", "choices": list(CHANGES), "default": ALL},
    "released": {"type": "list", "elements": "str", "default": []},
}
DEFINITION_CONSTRAINTS = {"required_if": [("purge_predefined_values", True, ("predefined_values",))]}
DEFINITION_INFO_SPEC = {"attribute_set": {"type": TEXT}, "name": {"type": TEXT}}
DEFINITION_INFO_CONSTRAINTS = {"required_by": {"name": ("attribute_set",)}}

AnyResult = TypeVar("AnyResult")
AnyWish = TypeVar("AnyWish", SetWish, DefinitionWish)


def set_result(attribute_set: AttributeSet | None) -> dict[str, Any] | None:
    """An attribute set as results name it; the keys are the module's options."""
    if attribute_set is None:
        return None
    return {
        "name": attribute_set.name,
        "description": attribute_set.description,
        "max_attributes_per_set": attribute_set.max_attributes,
    }


def set_from(result: Mapping[str, Any]) -> AttributeSet:
    """The attribute set that `set_result()` gave that for."""
    return AttributeSet(result["name"], result["description"], result["max_attributes_per_set"])


def definition_result(definition: Definition | None) -> dict[str, Any] | None:
    """A definition as results name it; the keys are options, active and inactive values apart."""
    if definition is None:
        return None
    return {
        "attribute_set": definition.attribute_set,
        "name": definition.name,
        "description": definition.description,
        "type": definition.type.lower(),
        "multi_valued": definition.collection,
        "searchable": definition.searchable,
        "predefined_values_only": definition.predefined_only,
        "predefined_values": sorted(value for value, active in definition.predefined.items() if active),
        "inactive_predefined_values": sorted(value for value, active in definition.predefined.items() if not active),
        "state": "deprecated" if definition.deprecated else "present",
    }


def definition_from(result: Mapping[str, Any]) -> Definition:
    """The definition that `definition_result()` gave that for."""
    values = ((True, result["predefined_values"]), (False, result["inactive_predefined_values"]))
    return Definition(
        attribute_set=result["attribute_set"],
        name=result["name"],
        type=result["type"].capitalize(),
        collection=result["multi_valued"],
        deprecated=result["state"] == "deprecated",
        predefined_only=result["predefined_values_only"],
        predefined={value: active for active, listed in values for value in listed},
        description=result["description"],
        searchable=result["searchable"],
    )


def set_wish(params: Mapping[str, Any]) -> SetWish:
    """What validated options of the module ask for. Raises InvalidDeclaration for what cannot be, whatever there is."""
    wish = SetWish(params["name"], params["description"], params["max_attributes_per_set"])
    return _possible(f"attribute set {wish.name}", wish)


def run_set(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`attribute_set`: one GET, and one POST or PATCH if something differs."""
    schema = Schema(graph)
    wish = set_wish(params)
    before: dict[str, Any] | None = None

    def attempt() -> SetPlan:
        nonlocal before
        planned = plan_set(wish, schema.sets())
        if not schema.touched:
            before = set_result(planned.before)
        if not check_mode:
            schema.apply_set(planned)
        return planned

    planned = _applied(attempt, schema, graph)
    after = set_result(planned.after)
    return {
        "changed": planned.changed or schema.touched,
        "attribute_set": after,
        "previous_attribute_set": before,
        "diff": diff(f"attribute set {params['name']}", before, after),
    }


def run_set_info(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`attribute_set_info`: all attribute sets, or the one of that name."""
    sets = [found for found in Schema(graph).sets() if params["name"] in (None, found.name)]
    return {
        "changed": False,
        "attribute_sets": [set_result(found) for found in sorted(sets, key=lambda one: one.name)],
        "tenant_id": tenant_of(graph.claims(), params.get("tenant_id")),
    }


def run_definition(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`custom_security_attribute_definition`: one GET, and what has to be written if something differs.

    What is created or reactivated is checked against the whole tenant, which takes two more reads.
    """
    schema = Schema(graph)
    wish = definition_wish(params)
    before: dict[str, Any] | None = None

    def attempt() -> tuple[DefinitionPlan, dict[str, Any]]:
        nonlocal before
        planned, known, set_missing = _planned(wish, schema, check_mode)
        if not schema.touched:
            before = definition_result(planned.before)
        usage: dict[str, Any] = {"in_use": None}
        if set_missing and planned.create and wish.changes == ALL:  # else sets were planned before
            missing = f"There is no attribute set {wish.attribute_set}."
            usage["warnings"] = [f"{missing} Unless an earlier task creates it, the run will fail."]
        if wish.deprecated and wish.forbids and known and params["in_use"] != "ignore":
            # In check mode, what is to be unassigned between what permits and what forbids still is assigned.
            in_use = "warn" if check_mode and not wish.permits else params["in_use"]
            usage = _usage(known, in_use, Directory(graph), set(params.get("released") or ()))
        if not check_mode:
            schema.apply_definition(planned)
        return planned, usage

    planned, usage = _applied(attempt, schema, graph)
    after = definition_result(planned.after)
    return {
        "changed": planned.changed or schema.touched,
        "definition": after,
        "previous_definition": before,
        "diff": diff(f"attribute {wish.attribute_set}.{wish.name}", before, after),
        **usage,
    }


def _applied(attempt: Callable[[], AnyResult], schema: Schema, graph: Graph) -> AnyResult:
    """Read, plan and write; again where a conflict or a lost answer shows that the tenant is not as it was read."""
    try:
        return graph.persist(attempt, lambda error: is_conflict(error) or error.in_doubt)
    except EntraError as error:
        error.changed = schema.written
        error.in_doubt |= schema.in_doubt
        raise


def definition_wish(params: Mapping[str, Any]) -> DefinitionWish:
    """What validated options of the module ask for. Raises InvalidDeclaration for what cannot be, whatever there is."""
    active, inactive = params["predefined_values"], params["inactive_predefined_values"]
    wish = DefinitionWish(
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
        deprecated=params["state"] == "deprecated",
        changes=params.get("changes", ALL),
    )
    return _possible(f"attribute {wish.attribute_set}.{wish.name}", wish)


def _possible(what: str, wish: AnyWish) -> AnyWish:
    problems = wish.problems()
    if problems:
        raise InvalidDeclaration(what, problems)
    return wish


def _planned(wish: DefinitionWish, schema: Schema, check_mode: bool) -> tuple[DefinitionPlan, Definition | None, bool]:
    """The plan, the definition there is, and whether its set was looked for and is not there.

    It takes the definitions of the set; where there is none of the name, or it becomes active, all of the tenant.

    In check mode a set that is not there is not held against the plan, since an earlier task may be about to create it;
    nor is what permits more, before what forbids is planned.
    """
    definitions = schema.definitions(wish.attribute_set)
    known = next((one for one in definitions if one.name == wish.name), None)
    if check_mode and wish.changes == FORBID:
        permitted = plan_definition(replace(wish, changes=PERMIT), definitions).after
        return plan_definition(wish, [permitted, *definitions] if permitted else definitions), known, False
    if known and (wish.deprecated or not known.deprecated or not wish.permits):
        return plan_definition(wish, definitions), known, False
    sets = schema.sets()
    absent = all(one.name.lower() != wish.attribute_set.lower() for one in sets)
    return plan_definition(wish, schema.definitions(), None if check_mode and absent else sets), known, absent


def _holders(directory: Directory, kind: Kind, definition: Definition, released: Collection[str]) -> int:
    """Count who holds an attribute. Those who are about to lose it, or just did, are told apart by their IDs."""
    count = directory.count(kind, definition.attribute_set, definition.name)
    if not count or not released:
        return count
    holds = condition(definition.attribute_set, definition.name, "ne", None)
    return sum(principal.id not in released for principal in directory.select(kind, holds))


def _usage(definition: Definition, in_use: str, directory: Directory, released: Collection[str] = ()) -> dict[str, Any]:
    """Count the principals with a value of an attribute, and word a warning. Raises InvalidDeclaration for in_use=fail.

    What is not searchable is not counted, since a filter may find nothing instead of being refused (graph-facts 3).
    """
    attribute = f"{definition.attribute_set}.{definition.name}"
    counts: dict[str, int] | None = None
    told = "how many principals hold it cannot be told: it is not searchable"
    try:
        if definition.searchable:
            counts = {f"{kind.name}s": _holders(directory, kind, definition, released) for kind in KINDS.values()}
            names = {f"{kind.name}s": kind.name.replace("_", " ") for kind in KINDS.values()}
            held = [counted(count, names[key]) for key, count in counts.items() if count]
            told = f"{' and '.join(held)} {'holds' if sum(counts.values()) == 1 else 'hold'} it"
    except GraphError as error:
        told = f"how many principals hold it cannot be told: {error}".rstrip(".")
    if counts is not None and not any(counts.values()):
        return {"in_use": counts}
    if in_use == "fail" and not definition.deprecated:
        raise InvalidDeclaration(f"attribute {attribute}", [told, "in_use=fail forbids to deprecate it"])
    return {"in_use": counts, "warnings": [f"Attribute {attribute} is deprecated, but {told}."]}


def run_definition_info(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`custom_security_attribute_definition_info`: the definitions of the tenant, of a set, or the one of that name."""
    found = Schema(graph).definitions(params["attribute_set"], params["name"])
    found.sort(key=lambda one: (one.attribute_set, one.name))
    return {"changed": False, "definitions": [definition_result(one) for one in found]}


SET = Entry(run_set, SET_SPEC)
DEFINITION = Entry(run_definition, {**DEFINITION_SPEC, **CHANGES_SPEC}, DEFINITION_CONSTRAINTS)
