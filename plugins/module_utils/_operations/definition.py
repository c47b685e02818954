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
from .._declarations.leaving import retirement
from .._declarations.specs import (
    DEFINITION_CONSTRAINTS,
    DEFINITION_SPEC,
    RETIRED,
    desired_definition,
    usage_policy,
)
from .._graph.client import Graph
from .._operation import Operation, diff
from .._tenant.consumers import ConsumerReader
from .._tenant.permissions import WRITE_DEFINITIONS, foreseen_refusals
from .._tenant.principals import Directory
from .._tenant.schema import Schema
from .retiring import RETIREMENT_SPEC, check_retirement_options, release_holders
from .usage import check_usage

DEFINITION_INFO_SPEC = {"attribute_set": {"type": TEXT}, "name": {"type": TEXT}}
DEFINITION_INFO_CONSTRAINTS = {"required_by": {"name": ("attribute_set",)}}


def run_definition(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`custom_security_attribute_definition`: one GET, and what has to be written if something differs.

    What is created or reactivated is checked against the whole tenant, which takes two more reads. What is retired is
    taken from its holders first.
    """
    schema = Schema(graph)
    desired = desired_definition(params)
    reader = ConsumerReader(graph)
    before: Definition | None = None
    leaving, in_use = retirement(params), usage_policy(params)
    released: dict[str, Any] = {}
    if leaving:
        check_retirement_options(params)
        ahead, held, _missing = _planned(desired, schema, check_mode)  # so that all is checked before the first write
        if held and ahead.after and leaving.values and in_use != "ignore":
            check_usage(held, ahead.after, in_use, Directory(graph), reader)
        if held:
            released = release_holders(leaving, held, params, graph, check_mode, reader)

    def attempt() -> tuple[DefinitionPlan, dict[str, Any]]:
        nonlocal before
        planned, known, set_missing = _planned(desired, schema, check_mode)
        if not schema.touched:
            before = known
        usage: dict[str, Any] = {"in_use": None, "consumers": None}
        if set_missing and planned.creates:
            missing = f"There is no attribute set {desired.attribute_set}."
            usage["warnings"] = [f"{missing} Unless an earlier task creates it, the run will fail."]
        if before and planned.after and in_use != "ignore" and params["state"] != RETIRED:
            usage = check_usage(before, planned.after, in_use, Directory(graph), reader)
        if not check_mode:
            schema.apply_definition(planned)
        return planned, usage

    planned, usage = schema.persist(attempt)
    former, after = (side.as_result() if side else None for side in (before, planned.after))
    if check_mode and planned.changed and (refusals := foreseen_refusals(graph.claims(), WRITE_DEFINITIONS)):
        usage["warnings"] = [*usage.get("warnings", []), *refusals]
    changed, difference = planned.changed or schema.touched, diff(f"attribute {desired.attribute}", former, after)
    result = {"changed": changed, "definition": after, "previous_definition": former, "diff": difference, **usage}
    return _with_holders(result, released) if released else result


def _with_holders(result: Mapping[str, Any], released: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result of a definition together with what became of the holders."""
    warnings = list(dict.fromkeys([*released["warnings"], *result.get("warnings", [])]))
    return {
        **result,
        "changed": result["changed"] or released["changed"],
        "diff": [result["diff"], *released["diff"]],
        "consumers": result["consumers"] or released["consumers"],
        "summary": released["summary"],
        "results": released["results"],
        **({"warnings": warnings} if warnings else {}),
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
DEFINITION = Operation(run_definition, {**DEFINITION_SPEC, **RETIREMENT_SPEC}, DEFINITION_CONSTRAINTS)
