# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What is known of a reconcile, at any time, as the result of the task."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .._core.delegations import FORCED
from .._core.selection import Reason, why
from .._core.tenant_plan import ATTRIBUTE_SET, DEFINITION, TenantPlan, plan_document
from .._declarations.declared import Declared
from .._errors import EntraError
from .._graph.client import Graph
from .._operation import diff
from .assignments_entries import OUTCOMES, AssignmentEntry
from .reconcile_run import ReconcileRun

MOST_DIFFS = 100


class Outcome:
    """What is known of a run, at any time, as its result."""

    def __init__(self, params: Mapping[str, Any], graph: Graph, check_mode: bool) -> None:
        self._params, self._graph, self._check_mode = params, graph, check_mode
        self._began, self._sent = time.monotonic(), graph.sent
        self.planned = check_mode
        """Whether the result says what would be done, and not what was done."""
        self.declared = Declared()
        self.run: ReconcileRun | None = None

    def result(self, error: EntraError | None) -> dict[str, Any]:
        """Return the result of the task."""
        run = self.run
        failures = [*(run.failures() if run else ())]
        would = self._check_mode and (error is None or not run or not run.plan.blocked)
        changed = bool(run and (run.plan.changed if would else run.wrote))
        plan = run.shown() if run else TenantPlan()
        drifts = _drifts(run, self.declared.masked_sets) if run else []
        result = {
            "changed": changed,
            "plan": plan_document(plan),
            "drifts": drifts,
            "summary": self._summary(error, failures, drifts),
            "results": run.results(self.planned, self._params["report"]) if run else [],
            "diff": _diffs(plan),
        }
        if run and run.assignments and run.assignments.effects:
            result["not_read"] = run.assignments.effects.not_read()
        if failures:
            result["failures"] = failures
        if run and run.warnings:
            result["warnings"] = sorted(set(run.warnings))
        return result

    def _summary(self, error: EntraError | None, failures: Sequence[str], drifts: Sequence[Any]) -> dict[str, Any]:
        run, planned = self.run, self.planned
        entries = run.entries if run else []
        sections = {
            "attribute_sets": (ATTRIBUTE_SET, len(self.declared.placed_sets)),
            "definitions": (DEFINITION, len(self.declared.placed_definitions)),
        }
        schema = {}
        for section, (kind, number) in sections.items():
            names = run.schema_names(kind, planned) if run else []
            failed = run.failed_schema(kind) if run else 0
            schema[section] = {"declared": number, "changed": len(names), "failed": failed, "names": names}
        delegations = run.delegations if run else None
        delegated = delegations.names(planned) if delegations else []
        schema["delegations"] = {
            "declared": len(self.declared.delegations),
            "changed": len(delegated),
            "failed": len(delegations.failed) + len(delegations.refused) if delegations else 0,
            "names": delegated,
        }
        counts = Counter(entry.outcome(planned) for entry in entries)
        changed = [entry for entry in entries if entry.changed(planned)]
        return {
            "check_mode": self._check_mode,
            "failed": error is not None,
            "messages": [str(error), *failures] if error else [],
            **schema,
            "assignments": {
                "declared": len(self.declared.assignments) + len(self.declared.items),
                **{outcome: counts[outcome] for outcome in OUTCOMES},
                "names": list(dict.fromkeys(map(_name, changed))),
                **(run.assignments.left_alone() if run and run.assignments else {}),
            },
            "drifts": list(drifts),
            "snapshot_path": self._params["snapshot_path"] or "",
            "plan_path": self._params["plan_path"] or "",
            "requests": self._graph.sent - self._sent,
            "seconds": round(time.monotonic() - self._began, 1),
        }


def _name(entry: AssignmentEntry) -> str:
    principal = entry.principal
    if principal is None:
        return entry.declaration.who.name
    return str(principal.as_result().get("user_principal_name") or principal.display_name)


def _drifts(run: ReconcileRun, masked_sets: Sequence[str]) -> list[dict[str, Any]]:
    """Return the differences: a property of a set or definition, or an attribute of a principal, in each entry."""
    hidden = {"masked": True}
    schema = [
        {**drift, "before": hidden, "after": hidden}
        if drift["kind"] == DEFINITION and drift["object"].partition(".")[0] in masked_sets
        else dict(drift)
        for drift in run.schema.drifts
    ]
    return schema + [
        {
            "kind": step.kind,
            "object": step.name,
            "id": step.id,
            "attribute": change.attribute,
            "before": change.before,
            "after": change.after,
        }
        for step in (*run.shown().principals, *run.plan.delegations)
        for change in step.changes
        if not (step.is_delegation and change.attribute == FORCED)
    ]


def _diffs(plan: TenantPlan) -> list[dict[str, str]]:
    """Return a diff for each object that changes, in the order of the plan."""
    sides: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    reasons: dict[str, list[Reason]] = {}
    for step in plan.steps:
        title = f"{step.kind.replace('_', ' ')} {step.name}"
        before, after = sides.setdefault(title, ({}, {}))
        for change in step.changes:
            reasons.setdefault(title, []).extend(change.reasons)
            for side, value in ((before, change.before), (after, change.after)):
                if value is not None:
                    side[change.attribute] = "(masked)" if isinstance(value, Mapping) else value
    shown = list(sides.items())[:MOST_DIFFS]
    return [diff(title, before, after, why=why(reasons.get(title, ()))) for title, (before, after) in shown]
