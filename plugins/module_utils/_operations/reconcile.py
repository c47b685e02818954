# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""`reconcile`: a folder of declarations against the tenant, in one run: plan, apply, drift and undo."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .._connection import read_files
from .._core.names import counted
from .._core.options import DICT, INTEGER, LIST, SECRET, TEXT
from .._core.tenant_plan import TenantPlan
from .._declarations.backups import restorable_ids
from .._declarations.declared import Declared, declared, narrowed
from .._declarations.locations import EXPOSURES, MASKED_SETS, PROTECT, SECTIONS, Decrypt, no_secret
from .._declarations.plan_file import (
    PlanFile,
    digest_of,
    ensure_current,
    markdown_path,
    masking,
    new_salt,
    read_plan,
)
from .._declarations.snapshot import Folder, begin, check_kept, ensure_whole, finish, is_snapshot
from .._declarations.storage import check_apart, check_file, now, replace_file
from .._errors import EntraError, Need, OptionError, PlanRefused
from .._graph.client import Graph
from .._operation import Operation
from .._tenant.permissions import (
    ASSIGN_ATTRIBUTES,
    WRITE_DEFINITIONS,
    WRITE_ROLE_ASSIGNMENTS,
    foreseen_refusals,
    tenant_of,
)
from .approved_plan import masked_attributes
from .assignments import WRITING_SPEC, changes_allowed, counts_sentence
from .assignments_entries import OUTCOMES
from .assignments_run import gc_paused
from .consumer_effects import NOTICED
from .plan_view import markdown
from .progress import Show as ShowProgress
from .progress import show_nothing
from .reconcile_result import Outcome
from .reconcile_run import ReconcileRun
from .selections import ending_sentences

RECONCILE_SPEC: dict[str, Any] = {
    "src": {"type": LIST, "elements": "path"},
    "declarations": {"type": DICT},
    "sections": {"type": "list", "elements": "str", "choices": list(SECTIONS), "default": list(SECTIONS)},
    "attribute_sets": {"type": LIST, "elements": TEXT, "default": []},
    "principals": {"type": LIST, "elements": TEXT, "default": []},
    "plan_path": {"type": "path"},
    "apply_plan": {"type": "path"},
    "plan_max_age": {"type": INTEGER, "default": 7},
    "warn_days": {"type": INTEGER, "default": 14},
    "plan_key": {"type": SECRET, "no_log": True},
    "on_stale": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
    "snapshot_path": {"type": "path"},
    "undo": {"type": "bool", "default": False},
    "report_path": {"type": "path"},
    **WRITING_SPEC,
    "report": {**WRITING_SPEC["report"], "default": "changed"},
}
RECONCILE_CONSTRAINTS: dict[str, Any] = {
    "required_one_of": [("src", "declarations", "apply_plan")],
    "mutually_exclusive": [("plan_path", "apply_plan")],
}
FAILURES_IN_MESSAGE = 5
UNDO_LEAVES = "Entra deletes neither attribute sets nor definitions. These definitions stay, deprecated: "

Show = Callable[[TenantPlan, str], None]
"""Show people a plan, and what to do next."""


def run_reconcile(
    params: Mapping[str, Any],
    graph: Graph,
    check_mode: bool,
    show: Show = lambda plan, advice: None,
    progress: ShowProgress = show_nothing,
    decrypt: Decrypt = no_secret,
    clock: Callable[[], float] = time.time,
) -> dict[str, Any]:
    """`reconcile`: everything is read and planned, then the plan is kept and shown, then what differs is written."""
    params = {**params, "src": params["src"] or []}
    outcome = Outcome(params, graph, check_mode)
    report: Path | None = None
    try:
        _check_options(params)
        report = _check_files(params)
        folder = check_kept(params["src"], params["snapshot_path"])
        approved = read_plan(params["apply_plan"]) if params["apply_plan"] else None
        tenants = [known for src in params["src"] if is_snapshot(src) for known in ensure_whole(src)]
        with gc_paused():
            outcome.declared = wanted = _declared(params, decrypt, approved)
        tenant = _ensure_tenant(params, graph, tenants, folder, approved)
        ids = restorable_ids(params["src"], tenant)
        salt = approved.salt if approved else new_salt()
        mask = masking(salt, params["plan_key"] or "")
        outcome.run = run = ReconcileRun(params, graph, wanted, approved, mask, progress, clock)
        with gc_paused():
            run.read_and_plan(folder.kept)
        run.plan = replace(
            run.plan,
            notes=(*_recreated(run, ids), *_notes(params, run)),
            blocked=(*run.plan.blocked, *_limit(params, run)),
        )
        if params["plan_path"]:
            made = PlanFile(
                run.shown(), tenant, _identity(graph), now(), digest_of(wanted, mask), wanted.masked_sets, salt
            )
            _keep(params["plan_path"], made)
        if check_mode:
            run.warnings += foreseen_refusals(graph.claims(), *_needs(run.plan))
        show(run.shown(), _advice(params, check_mode, run.plan))
        refusal = _refusal(params, run.plan)
        outcome.planned = check_mode or refusal is not None
        if refusal:
            raise refusal
        if not check_mode:
            _write(run, params, folder, tenant)
        if failure := _failure(run, check_mode):
            raise failure
    except EntraError as error:
        error.result = outcome.result(error)
        _write_report(report, error.result)
        raise
    result = outcome.result(None)
    _write_report(report, result)
    return result


def _check_options(params: Mapping[str, Any]) -> None:
    """Raise OptionError for options that are wrong by themselves or next to others."""
    if params["max_changes"] is not None:
        changes_allowed(params["max_changes"], 0)
    for option in ("plan_max_age", "warn_days"):
        if params[option] < 0:
            raise OptionError(option, f"must be at least 0, not {params[option]}")
    if params["undo"]:
        declares = set(params["declarations"] or ()) - {MASKED_SETS}
        for option, given in (("declarations", declares), *((name, params[name]) for name in ("purge", "apply_plan"))):
            if given:
                raise OptionError("undo", f"restores only what a snapshot holds; leave out {option}")
        for src in params["src"]:
            if not is_snapshot(src):
                raise OptionError("undo", f"{src} is not the folder of a snapshot")


def _check_files(params: Mapping[str, Any]) -> Path | None:
    """Return the file of the report. Raises OptionError where a file cannot be written, or would overwrite another."""
    written = []
    if params["plan_path"] is not None:
        plan = check_file("plan_path", params["plan_path"])
        written += [("plan_path", plan), ("plan_path", check_file("plan_path", markdown_path(plan)))]
    report = None if params["report_path"] is None else check_file("report_path", params["report_path"])
    written += [("report_path", report)] if report else []
    read = [("src", src) for src in params["src"]]
    read += [(option, params[option]) for option in ("apply_plan", "snapshot_path") if params[option] is not None]
    check_apart(written, [*read, *read_files(params)])
    return report


def _declared(params: Mapping[str, Any], decrypt: Decrypt, approved: PlanFile | None) -> Declared:
    """Return what is declared, narrowed to the part that is asked for; an approved plan declares all by itself."""
    variables = params["declarations"] or {}
    unknown = sorted(set(variables) - {*SECTIONS, MASKED_SETS, PROTECT, EXPOSURES})
    if unknown:
        raise OptionError("declarations", f"has unknown keys: {', '.join(map(str, unknown))}")
    found = declared(params["src"], variables, decrypt)
    if approved:
        hidden = masked_attributes(approved.plan, approved.masked_sets)
        if hidden and not (params["src"] or variables):
            raise OptionError("src", f"is needed, as the plan masks the values of {', '.join(hidden[:5])}")
        return replace(found, masked_sets=tuple(dict.fromkeys([*approved.masked_sets, *found.masked_sets])))
    return narrowed(found, params["sections"], params["attribute_sets"], params["principals"])


def _ensure_tenant(
    params: Mapping[str, Any], graph: Graph, of: Sequence[str], folder: Folder, approved: PlanFile | None
) -> str | None:
    """Return the tenant; `of` holds those of snapshots that are read.

    Raises OptionError for a snapshot of another tenant, PlanRefused for such a plan.
    """
    tenant = tenant_of(graph.claims(), params.get("tenant_id"))
    for option, known in [*(("src", known) for known in of), ("snapshot_path", folder.tenant_id)]:
        if known and tenant and known != tenant:
            raise OptionError(
                option, f"the snapshot is of the tenant {known}, but the token is for {tenant}. Nothing was written"
            )
    if approved:
        ensure_current(params["apply_plan"], approved, tenant, params["plan_max_age"])
    return tenant


def _identity(graph: Graph) -> str:
    """Return who the token is for: an application's ID or a user's name."""
    claims = graph.claims()
    return str(claims.get("upn") or claims.get("appid") or claims.get("azp") or claims.get("oid") or "")


def _notes(params: Mapping[str, Any], run: ReconcileRun) -> list[str]:
    """Return what people should know of the plan: definitions that stay after an undo, and what consumers notice."""
    notes = []
    if any(is_snapshot(src) for src in params["src"]):
        stay = [str(item.desired.attribute) for item in run.declared.placed_definitions if item.desired.type is None]
        notes += [UNDO_LEAVES + ", ".join(stay)] if stay else []
    notes += run.departing.notes if run.departing else []
    notes += run.delegations.notes()
    if run.assignments:
        notes += ending_sentences(run.assignments.state.endings, run.now, params["warn_days"])
    if run.plan.affected:
        notes.append(NOTICED)
    if run.assignments and run.assignments.effects:
        notes += [f"{sentence}, so more may open or close" for sentence in run.assignments.effects.unread()]
    return notes


def _recreated(run: ReconcileRun, ids: Mapping[tuple[str, str], str]) -> list[str]:
    """Return which principals that change have another object id than in the backup, if any."""
    names = []
    for entry in run.entries if ids else ():
        who = entry.declaration.who
        former = ids.get((who.kind.name, who.name))
        if entry.pending and entry.principal and former and entry.principal.id.lower() != former.lower():
            names.append(who.name)
    if not names:
        return []
    more = f" and {len(names) - FAILURES_IN_MESSAGE} more" if len(names) > FAILURES_IN_MESSAGE else ""
    return [
        f"{counted(len(names), 'principal')} with another object ID than in the backup (created again, or somebody else"
        f" with the same name): {', '.join(names[:FAILURES_IN_MESSAGE])}{more}"
    ]


def _needs(plan: TenantPlan) -> list[Need]:
    """Return what the writes of a plan need."""
    definitions = [WRITE_DEFINITIONS] if any(step.is_schema for step in plan.steps) else []
    delegations = [WRITE_ROLE_ASSIGNMENTS] if plan.delegations else []
    return definitions + ([ASSIGN_ATTRIBUTES] if plan.principals else []) + delegations


def _limit(params: Mapping[str, Any], run: ReconcileRun) -> list[str]:
    """Return that more principals would change than max_changes allows, if so."""
    limit, changes, total = params["max_changes"], len(run.plan.principals), len(run.entries)
    if limit is None or changes <= changes_allowed(limit, total):
        return []
    return [f"{changes} of {counted(total, 'principal')} would change; max_changes is {limit}"]


def _advice(params: Mapping[str, Any], check_mode: bool, plan: TenantPlan) -> str:
    """Return the last line of the view: what to do next."""
    if not check_mode or not plan.changed or plan.blocked:
        return ""
    if params["plan_path"]:
        return f"To apply exactly this plan: apply_plan={params['plan_path']}"
    return "To apply it, run without check mode. To keep it for approval, use plan_path."


def _refusal(params: Mapping[str, Any], plan: TenantPlan) -> EntraError | None:
    """Return why nothing of a plan is written, if so."""
    if plan.blocked:
        return PlanRefused(f"Nothing was written: {'; '.join(plan.blocked[:FAILURES_IN_MESSAGE])}.")
    if plan.refused and params["on_error"] == "stop":
        return PlanRefused(
            f"Nothing was written: {counted(len(plan.refused), 'principal')} refused, and on_error is stop."
        )
    return None


def _keep(path: str, made: PlanFile) -> None:
    """Write the plan and its Markdown. Raises OptionError."""
    content = made.content()
    sha256 = json.loads(content)["sha256"]
    try:
        replace_file(Path(path), content, private=True)
        replace_file(markdown_path(path), markdown(made.plan, sha256).encode(), private=True)
    except OSError as error:
        raise OptionError("plan_path", f"{error.filename} cannot be written: {error.strerror}") from None


def _write(run: ReconcileRun, params: Mapping[str, Any], folder: Folder, tenant: str | None) -> None:
    """Keep what undoes the run, then write."""
    path = params["snapshot_path"]
    if path is not None:
        begin(path, folder, run.before(folder.kept), run.changes(), tenant)
    run.write()
    whole = not (params["attribute_sets"] or params["principals"] or set(SECTIONS) - set(params["sections"]))
    if path is not None and not run.failed and (folder.fresh or whole):
        finish(path)


def _failure(run: ReconcileRun, check_mode: bool) -> EntraError | None:
    """Return the error that sums up what failed, if anything did."""
    for _step, error in [*run.outcome.failed, *run.delegations.failed]:
        return error
    if not any(entry.error for entry in run.entries):
        return None
    counts = dict.fromkeys(OUTCOMES, 0) | Counter(entry.outcome(check_mode) for entry in run.entries)
    return EntraError(counts_sentence({"principals": len(run.entries), **counts}, check_mode))


def _write_report(path: Path | None, result: Mapping[str, Any]) -> None:
    """Write the summary as JSON. Raises OptionError."""
    if path is None:
        return
    try:
        text = json.dumps(result["summary"], ensure_ascii=False, indent=4) + "\n"
        replace_file(path, text.encode(errors="backslashreplace"), private=True)
    except OSError as error:
        raise OptionError("report_path", f"{path} cannot be written: {error.strerror}") from None


RECONCILE = Operation(run_reconcile, RECONCILE_SPEC, RECONCILE_CONSTRAINTS)
