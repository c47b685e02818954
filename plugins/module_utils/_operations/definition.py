# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The options, runs and results of the modules for definitions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .._core.model import KINDS, Definition, PrincipalKind
from .._core.names import counted
from .._core.options import TEXT
from .._core.schema_plan import DefinitionPlan, DesiredDefinition, plan_definition
from .._declarations.specs import DEFINITION_CONSTRAINTS, DEFINITION_SPEC, desired_definition
from .._errors import GraphError, InvalidDeclaration
from .._graph.client import Graph
from .._operation import Operation, diff
from .._tenant.permissions import WRITE_DEFINITIONS, foreseen_refusals
from .._tenant.principals import Directory
from .._tenant.schema import Schema
from .._tenant.wire import condition

DEFINITION_INFO_SPEC = {"attribute_set": {"type": TEXT}, "name": {"type": TEXT}}
DEFINITION_INFO_CONSTRAINTS = {"required_by": {"name": ("attribute_set",)}}


def run_definition(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`custom_security_attribute_definition`: one GET, and what has to be written if something differs.

    What is created or reactivated is checked against the whole tenant, which takes two more reads.
    """
    schema = Schema(graph)
    desired = desired_definition(params)
    before: dict[str, Any] | None = None

    def attempt() -> tuple[DefinitionPlan, dict[str, Any]]:
        nonlocal before
        planned, known, set_missing = _planned(desired, schema, check_mode)
        if not schema.touched:
            before = planned.before.as_result() if planned.before else None
        usage: dict[str, Any] = {"in_use": None}
        if set_missing and planned.creates:
            missing = f"There is no attribute set {desired.attribute_set}."
            usage["warnings"] = [f"{missing} Unless an earlier task creates it, the run will fail."]
        if desired.deprecated and known and params["in_use"] != "ignore":
            usage = check_usage(known, params["in_use"], Directory(graph))
        if not check_mode:
            schema.apply_definition(planned)
        return planned, usage

    planned, usage = schema.persist(attempt)
    after = planned.after.as_result() if planned.after else None
    if check_mode and planned.changed and (refusals := foreseen_refusals(graph.claims(), WRITE_DEFINITIONS)):
        usage["warnings"] = [*usage.get("warnings", []), *refusals]
    return {
        "changed": planned.changed or schema.touched,
        "definition": after,
        "previous_definition": before,
        "diff": diff(f"attribute {desired.attribute}", before, after),
        **usage,
    }


def _planned(
    desired: DesiredDefinition, schema: Schema, check_mode: bool
) -> tuple[DefinitionPlan, Definition | None, bool]:
    """Return the plan, the existing definition, and whether its set was looked for and does not exist.

    It takes the definitions of the set; where there is none of the name, or it becomes active, all of the tenant.

    In check mode a missing set is accepted, since an earlier task may be about to create it.
    """
    definitions = schema.definitions(desired.attribute_set)
    known = next((found for found in definitions if found.name == desired.name), None)
    if known and (desired.deprecated or not known.deprecated):
        return plan_definition(desired, definitions), known, False
    sets = schema.sets()
    absent = all(found.name.lower() != desired.attribute_set.lower() for found in sets)
    return plan_definition(desired, schema.definitions(), None if check_mode and absent else sets), known, absent


def _holders(directory: Directory, kind: PrincipalKind, definition: Definition, released: Collection[str]) -> int:
    """Count the principals with an attribute, without the `released` ones, which are about to lose it or just did."""
    count = directory.count(kind, definition.attribute)
    if not count or not released:
        return count
    holds = condition(definition.attribute, "ne", None)
    return sum(principal.id not in released for principal in directory.select(kind, holds))


def check_usage(
    definition: Definition, in_use: str, directory: Directory, released: Collection[str] = ()
) -> dict[str, Any]:
    """Count the principals with a value of an attribute, and word a warning. Raises InvalidDeclaration for in_use=fail.

    What is not searchable is not counted, since a filter may find nothing instead of being refused (graph-facts 3).
    """
    attribute = definition.attribute
    counts: dict[str, int] | None = None
    told = "how many principals hold it cannot be told: it is not searchable"
    try:
        if definition.searchable:
            counts = {kind.plural: _holders(directory, kind, definition, released) for kind in KINDS.values()}
            held = [counted(counts[kind.plural], kind.title) for kind in KINDS.values() if counts[kind.plural]]
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
    found.sort(key=lambda definition: definition.attribute)
    return {"changed": False, "definitions": [definition.as_result() for definition in found]}


DEFINITION_INFO = Operation(run_definition_info, DEFINITION_INFO_SPEC, DEFINITION_INFO_CONSTRAINTS)
DEFINITION = Operation(run_definition, DEFINITION_SPEC, DEFINITION_CONSTRAINTS)
