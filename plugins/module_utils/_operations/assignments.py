# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The options, run and messages of `custom_security_attributes`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from .._connection import read_files
from .._core.names import counted
from .._core.options import DICT, INTEGER, LIST, MOMENT, TEXT
from .._declarations.assignments import declarations
from .._declarations.locations import Decrypt, no_secret
from .._declarations.selecting import SELECTING
from .._declarations.snapshot import headers, load
from .._declarations.storage import check_apart, check_file, tenant_problem
from .._errors import EntraError, OptionError
from .._graph.client import Graph
from .._operation import Operation
from .assignment import VERIFY_SPEC
from .assignments_entries import Settings
from .assignments_reader import reading
from .assignments_run import AssignmentRun, gc_paused
from .consumer_effects import CONSUMERS_SPEC, NOTICED
from .progress import Show, show_nothing

WRITING_SPEC: dict[str, Any] = {
    "purge": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "max_changes": {"type": "str"},
    "on_error": {"type": "str", "choices": ["continue", "stop"], "default": "continue"},
    "on_missing": {"type": "str", "choices": ["fail", "warn", "skip"], "default": "fail"},
    "report": {"type": "str", "choices": ["all", "changed", "failed", "none"], "default": "all"},
    **CONSUMERS_SPEC,
    **VERIFY_SPEC,
}
"""Options of every run that writes to many principals."""
BULK_SPEC: dict[str, Any] = {
    "assignments": {
        "type": LIST,
        "elements": DICT,
        "options": {
            "user": {"type": "raw"},
            "service_principal": {"type": TEXT},
            "display_name": {"type": TEXT},
            "attributes": {"type": DICT, "required": True},
            "expected": {"type": DICT},
            **{kind: {"type": DICT} for kind in SELECTING},
            "exclusive": {"type": "bool"},
            "allow_empty": {"type": "bool"},
            "expires": {"type": MOMENT},
        },
    },
    "src": {"type": "path"},
    "results_path": {"type": "path"},
    "snapshot_path": {"type": "path"},
    "diff_limit": {"type": INTEGER, "default": 100},
    "priority": {"type": "str", "choices": ["low", "normal"], "default": "normal"},
    **WRITING_SPEC,
}
BULK_CONSTRAINTS: dict[str, Any] = {
    "required_one_of": [("assignments", "src")],
}
MESSAGES_SHOWN = 5
_LIMIT = re.compile(r"([0-9]{1,18})|([0-9]{1,18}(?:\.[0-9]{1,18})?)%")


class BulkError(EntraError):
    """Some principals failed, or the whole run was refused; `result` has what is known about all of them."""

    def __init__(self, message: str, result: dict[str, Any], hint: str = "") -> None:
        super().__init__(message, hint)
        self.result = result

    def as_result(self) -> dict[str, Any]:
        return {**self.result, **super().as_result()}


def run_bulk(
    params: Mapping[str, Any],
    graph: Graph,
    check_mode: bool,
    progress: Show = show_nothing,
    decrypt: Decrypt = no_secret,
    choose: Callable[[int, Callable[[], int]], str] = reading,
    now: Callable[[], float] = time.time,
) -> dict[str, Any]:
    """Do what `custom_security_attributes` does: read and plan everything, then write what differs.

    Raises BulkError where some principals failed, and what reading raises.
    """
    if params["max_changes"] is not None:
        changes_allowed(params["max_changes"], 0)
    if params["diff_limit"] < 0:
        raise OptionError("diff_limit", f"must be at least 0, not {params['diff_limit']}")
    _check_files(params)
    with gc_paused():
        declared = declarations(params["assignments"], params["src"], decrypt)
        run = AssignmentRun(
            declared.found,
            settings(params),
            graph,
            check_mode=check_mode,
            show=progress,
            choose=choose,
            items=declared.items,
            now=now,
            light=params["report"] != "all" and params["results_path"] is None,
        )
        _ensure_tenant(params, run)
        run.read_and_plan()
    check_limit(params["max_changes"], run)
    _check_consumers(run)
    result = run.write()
    if run.failures or run.results.problem:
        raise refusal(run, counts_sentence(result["summary"], check_mode), result)
    return result


def settings(params: Mapping[str, Any]) -> Settings:
    """Return the settings of a run, of the options of the module."""
    names = Settings.__dataclass_fields__.keys() - {"option"}
    given = {name: params[name] for name in names if name in params}
    return Settings(option="src" if params["src"] else "assignments", **given)


def _check_files(params: Mapping[str, Any]) -> None:
    """Make sure that the files of the run can be written, and overwrite nothing that is read. Raises OptionError."""
    options = ("results_path", "snapshot_path")
    written = [(option, check_file(option, params[option])) for option in options if params[option] is not None]
    check_apart(written, [("src", params["src"])] * bool(params["src"]) + read_files(params))
    if params["snapshot_path"] is not None:
        load(params["snapshot_path"])


def _ensure_tenant(params: Mapping[str, Any], run: AssignmentRun) -> None:
    """Make sure that snapshots in `src` are of this tenant. Raises OptionError."""
    for path, first in headers(params["src"]) if params["src"] else ():
        tenant = run.tenant()
        if problem := tenant_problem(first, tenant):
            raise OptionError("src", f"{path} {problem}. Nothing was written")
        if not tenant or not first.get("tenant_id"):
            silent = "the snapshot" if tenant else "the token"
            run.warnings.add(f"The snapshot {path} may be of another tenant, as {silent} does not name its tenant.")


def changes_allowed(limit: str, total: int) -> float:
    """Return `max_changes` as a number of principals. Raises OptionError."""
    match = _LIMIT.fullmatch(limit)
    if not match:
        raise OptionError("max_changes", f"'{limit}' is neither a number nor a percentage such as 10%")
    number, percent = match.groups()
    return int(number) if number else total * float(percent) / 100


def check_limit(limit: str | None, run: AssignmentRun) -> None:
    """Refuse a run that would change more principals than `max_changes` allows. Raises BulkError with the plan."""
    changes = sum(entry.pending for entry in run.entries)
    if limit is None or changes <= changes_allowed(limit, len(run.entries)):
        return
    failed = f", {len(run.failures)} failed" if run.failures else ""
    raise refusal(
        run,
        f"{changes} of {counted(len(run.entries), 'principal')} would change{failed}; max_changes is {limit}."
        " Nothing was done.",
        {**run.result(planned=True), "changed": False},
    )


def _check_consumers(run: AssignmentRun) -> None:
    """Refuse what `consumers=fail` forbids. Raises BulkError with the plan."""
    reasons = run.consumer_refusals()
    if reasons:
        more = f"; and {len(reasons) - MESSAGES_SHOWN} more" if len(reasons) > MESSAGES_SHOWN else ""
        raise refusal(
            run,
            f"Nothing was done: {'; '.join(reasons[:MESSAGES_SHOWN])}{more}.",
            {**run.result(planned=True), "changed": False},
            f"{NOTICED} To do it nevertheless, set consumers=report.",
        )


def refusal(run: AssignmentRun, message: str, result: dict[str, Any], hint: str = "") -> BulkError:
    """Return the error that also reports a problem with the results file, and the first failures."""
    failures = run.failures
    parts = [message, run.results.problem, "; ".join(failures[:MESSAGES_SHOWN])]
    return BulkError(" ".join(filter(None, parts)), {**result, "failures": failures} if failures else result, hint)


def counts_sentence(summary: Mapping[str, Any], check_mode: bool) -> str:
    """Return the counts of a run with failures as a sentence."""
    shown = [("changed", "changed"), ("skipped", "not reached"), ("unchanged", "left unchanged")]
    parts = [f"{summary['failed']} of {counted(summary['principals'], 'principal')} failed"]
    parts += [f"{summary['unknown']} may have been changed"] if summary["unknown"] else []
    for outcome, words in shown:
        number = summary[outcome]
        be = "would be" if check_mode else "was" if number == 1 else "were"
        parts += [f"{number} {be} {words}"] if number or outcome != "skipped" else []
    return ", ".join(parts) + "."


BULK = Operation(run_bulk, BULK_SPEC, BULK_CONSTRAINTS)
