# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The options, runs and results of the modules for definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.model import Definition
from .._core.options import TEXT
from .._core.schema_plan import DefinitionPlan, DesiredDefinition, plan_definition
from .._declarations.specs import DEFINITION_CONSTRAINTS, DEFINITION_SPEC, desired_definition
from .._graph.client import Graph
from .._operation import Operation, diff
from .._tenant.consumers import ConsumerReader
from .._tenant.permissions import WRITE_DEFINITIONS, foreseen_refusals
from .._tenant.principals import Directory
from .._tenant.schema import Schema
from .usage import check_usage

DEFINITION_INFO_SPEC = {"attribute_set": {"type": TEXT}, "name": {"type": TEXT}}
DEFINITION_INFO_CONSTRAINTS = {"required_by": {"name": ("attribute_set",)}}


def run_definition(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`custom_security_attribute_definition`: one GET, and what has to be written if something differs.

    What is created or reactivated is checked against the whole tenant, which takes two more reads.
    """
    schema = Schema(graph)
    desired = desired_definition(params)
    reader = ConsumerReader(graph)
    before: Definition | None = None

    def attempt() -> tuple[DefinitionPlan, dict[str, Any]]:
        nonlocal before
        planned, known, set_missing = _planned(desired, schema, check_mode)
        if not schema.touched:
            before = known
        usage: dict[str, Any] = {"in_use": None, "consumers": None}
        if set_missing and planned.creates:
            missing = f"There is no attribute set {desired.attribute_set}."
            usage["warnings"] = [f"{missing} Unless an earlier task creates it, the run will fail."]
        if before and planned.after and params["in_use"] != "ignore":
            usage = check_usage(before, planned.after, params["in_use"], Directory(graph), reader)
        if not check_mode:
            schema.apply_definition(planned)
        return planned, usage

    planned, usage = schema.persist(attempt)
    former, after = (side.as_result() if side else None for side in (before, planned.after))
    if check_mode and planned.changed and (refusals := foreseen_refusals(graph.claims(), WRITE_DEFINITIONS)):
        usage["warnings"] = [*usage.get("warnings", []), *refusals]
    return {
        "changed": planned.changed or schema.touched,
        "definition": after,
        "previous_definition": former,
        "diff": diff(f"attribute {desired.attribute}", former, after),
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


def run_definition_info(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`custom_security_attribute_definition_info`: the definitions of the tenant, of a set, or the one of that name."""
    found = Schema(graph).definitions(params["attribute_set"], params["name"])
    found.sort(key=lambda definition: definition.attribute)
    return {"changed": False, "definitions": [definition.as_result() for definition in found]}


DEFINITION_INFO = Operation(run_definition_info, DEFINITION_INFO_SPEC, DEFINITION_INFO_CONSTRAINTS)
DEFINITION = Operation(run_definition, DEFINITION_SPEC, DEFINITION_CONSTRAINTS)
