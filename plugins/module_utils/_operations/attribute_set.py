# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The options, runs and results of the modules for attribute sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.options import TEXT
from .._core.schema_plan import SetPlan, plan_set
from .._declarations.specs import SET_SPEC, desired_set
from .._graph.client import Graph
from .._operation import Operation, diff
from .._tenant.permissions import WRITE_DEFINITIONS, foreseen_refusals, tenant_of
from .._tenant.schema import Schema

SET_INFO_SPEC = {"name": {"type": TEXT}}


def run_set(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`attribute_set`: one GET, and one POST or PATCH if something differs."""
    schema = Schema(graph)
    desired = desired_set(params)
    before: dict[str, Any] | None = None

    def attempt() -> SetPlan:
        nonlocal before
        planned = plan_set(desired, schema.sets())
        if not schema.touched:
            before = planned.before.as_result() if planned.before else None
        if not check_mode:
            schema.apply_set(planned)
        return planned

    planned = schema.persist(attempt)
    after = planned.after.as_result()
    refusals = foreseen_refusals(graph.claims(), WRITE_DEFINITIONS) if check_mode and planned.changed else []
    return {
        "changed": planned.changed or schema.touched,
        "attribute_set": after,
        "previous_attribute_set": before,
        "diff": diff(f"attribute set {params['name']}", before, after),
        **({"warnings": refusals} if refusals else {}),
    }


def run_set_info(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`attribute_set_info`: all attribute sets, or the one of that name."""
    sets = [found for found in Schema(graph).sets() if params["name"] in (None, found.name)]
    return {
        "changed": False,
        "attribute_sets": [found.as_result() for found in sorted(sets, key=lambda found: found.name)],
        "tenant_id": tenant_of(graph.claims(), params.get("tenant_id")),
    }


SET = Operation(run_set, SET_SPEC)
SET_INFO = Operation(run_set_info, SET_INFO_SPEC)
