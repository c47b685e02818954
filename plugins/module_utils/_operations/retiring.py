# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Retirement by the module for definitions: all holders lose an attribute or predefined values, before these end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._connection import read_files
from .._core.model import Definition
from .._core.moves import Retirement
from .._declarations.snapshot import load
from .._declarations.storage import check_apart, check_file
from .._errors import InvalidDeclaration
from .._graph.client import Graph
from .._tenant.consumers import ConsumerReader
from .assignments import changes_allowed, check_limit, counts_sentence, refusal
from .assignments_entries import Settings
from .assignments_run import AssignmentRun
from .departures import DepartureRun
from .planner import KnownDefinitions

RETIREMENT_SPEC: dict[str, Any] = {"max_changes": {"type": "str"}, "snapshot_path": {"type": "path"}}


def check_retirement_options(params: Mapping[str, Any]) -> None:
    """Raise OptionError for a limit or a snapshot that cannot be."""
    if params["max_changes"] is not None:
        changes_allowed(params["max_changes"], 0)
    if params["snapshot_path"] is not None:
        check_apart([("snapshot_path", check_file("snapshot_path", params["snapshot_path"]))], read_files(params))
        load(params["snapshot_path"])


def release_holders(
    retirement: Retirement,
    definition: Definition,
    params: Mapping[str, Any],
    graph: Graph,
    check_mode: bool,
    reader: ConsumerReader,
) -> dict[str, Any]:
    """Take the values from all holders, one PATCH each, and return what became of them as the task has it.

    Raises InvalidDeclaration where consumers forbid it, and BulkError with max_changes or where principals failed.
    """
    known = {definition.attribute: definition}
    departing = DepartureRun([retirement], graph, reader)
    departing.read(known, known)
    if departing.refused:
        raise InvalidDeclaration(f"attribute {definition.attribute}", [found.message for found in departing.refused])
    settings = Settings("state", report="changed", snapshot_path=params["snapshot_path"])
    definitions = KnownDefinitions([definition])
    run = AssignmentRun(
        [], settings, graph, check_mode=check_mode, definitions=definitions, consumers=reader, holders=departing.holders
    )
    run.read_and_plan()
    check_limit(params["max_changes"], run)
    result = run.write()
    if run.failures:
        raise refusal(run, counts_sentence(result["summary"], check_mode), result)
    return {
        "changed": result["changed"],
        "summary": result["summary"],
        "results": result["results"],
        "diff": result["diff"],
        "consumers": departing.consumers,
        "warnings": [*departing.warnings, *result.get("warnings", [])],
    }
