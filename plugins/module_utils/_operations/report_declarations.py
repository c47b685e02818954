# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The declarations of principals for a report. Items that select, derive or end are decided as in a run.

Nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .._core.assignment_plan import Definitions
from .._core.desired_state import MISSING, UNMAPPED, Ending
from .._core.model import PrincipalKind, PrincipalReference
from .._declarations.assignments import Declaration
from .._declarations.declared import Declared
from .._errors import InvalidValue
from .._graph.client import Graph
from .assignments_entries import Settings
from .assignments_run import AssignmentRun
from .planner import KnownDefinitions

LEFT_ALONE = {
    MISSING: "their property is missing, and they have no default",
    UNMAPPED: "the map does not have the property's value, and they have no default",
}
"""Why derived values are not compared."""


@dataclass(frozen=True)
class Decided:
    """The declarations of principals. `errors` say by id why a derived value cannot be assigned."""

    declarations: Sequence[Declaration] = ()
    errors: Mapping[str, InvalidValue] = field(default_factory=dict)
    endings: Sequence[Ending] = ()
    left_alone: Mapping[str, int] = field(default_factory=dict)


def decide(
    graph: Graph,
    declared: Declared,
    kinds: Collection[PrincipalKind],
    definitions: Definitions,
    masked: Collection[str],
    now: float,
) -> Decided:
    """Return what principals of these kinds are to have. Items cost what a run of them reads.

    Raises InvalidDeclaration for items that contradict each other, and OptionError and GraphError as a run does.
    """
    named = [declaration for declaration in declared.assignments if declaration.who.kind in kinds]
    items = [item for item in declared.items if item.of in kinds]
    if not items:
        return Decided(named)
    run = AssignmentRun(
        named,
        Settings(option="desired", on_missing="skip"),
        graph,
        check_mode=True,
        definitions=KnownDefinitions(definitions.values()),
        items=items,
        masked=masked,
        now=lambda: now,
    )
    run.read_and_plan()
    declarations, errors = [], {}
    for entry in run.entries:
        declaration = entry.declaration
        if principal := entry.principal:
            declaration = replace(declaration, who=PrincipalReference(principal.kind, principal.id))
            decision = run.state.decisions.get(principal.id)
            if decision and decision.error:
                errors[principal.id] = decision.error
        declarations.append(declaration)
    return Decided(declarations, errors, run.state.endings, run.state.left_alone)
