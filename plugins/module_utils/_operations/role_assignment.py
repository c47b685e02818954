# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The options, runs and results of the modules for role assignments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .._core.delegations import (
    GROUP,
    HOLDER_KINDS,
    ROLE_TITLES,
    Delegation,
    DelegationPlan,
    DesiredDelegation,
    Holder,
    find_duty_problems,
    including,
    plan_delegations,
)
from .._core.model import SERVICE_PRINCIPAL
from .._core.options import TEXT
from .._core.schema_plan import Placed
from .._declarations.delegations import (
    DELEGATION_CONSTRAINTS,
    DELEGATION_SPEC,
    desired_delegation,
    named_delegation,
)
from .._errors import GraphError, PlanRefused, UndefinedAttribute
from .._graph.client import Graph
from .._operation import Operation, diff
from .._tenant.permissions import WRITE_ROLE_ASSIGNMENTS, foreseen_refusals, tenant_of
from .._tenant.roles import Roles

DELEGATION_INFO_SPEC: dict[str, Any] = {
    "role": {"type": "str", "choices": list(ROLE_TITLES)},
    "attribute_set": {"type": TEXT},
    **{kind: {"type": TEXT} for kind in HOLDER_KINDS},
}
DELEGATION_INFO_CONSTRAINTS = {"mutually_exclusive": [tuple(HOLDER_KINDS)]}


def run_delegation(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`attribute_role_assignment`: a few GETs, and one POST or DELETE if something differs."""
    roles, wanted = Roles(graph), desired_delegation(params)
    holder = roles.find(HOLDER_KINDS[wanted.kind], wanted.name)
    warnings: list[str] = []
    before: Delegation | None = None

    def attempt() -> tuple[DelegationPlan, Delegation | None]:
        nonlocal before
        current = roles.assignments(including(wanted.role)) if wanted.absent else roles.assignments_of(holder)
        found = next((known for known in current if known.key == wanted.held_by(holder).key), None)
        warnings[:] = [] if found else _ensure_set(roles, wanted, check_mode)
        own = {holder.id: roles.belongs(holder)} if found and wanted.absent else {}
        own |= {
            known.holder.id: roles.belongs(known.holder) for known in current if own and own[holder.id] is not False
        }
        planned = plan_delegations([(Placed(wanted), holder)], current, own)
        if not (roles.written or roles.in_doubt):
            before = found
        if planned.dangers:
            raise PlanRefused(f"Nothing was written: {planned.dangers[0]}.")
        warnings.extend(_new_problems(current, planned, holder))
        return planned, found if check_mode else _write(roles, planned, found)

    planned, after = roles.persist(attempt)
    if check_mode:
        after = next((step.delegation for step in planned.steps if step.creates), None if planned.steps else after)
        warnings += foreseen_refusals(graph.claims(), WRITE_ROLE_ASSIGNMENTS) if planned.steps else []
    results = [found.as_result() if found else None for found in (before, after)]
    return {
        "changed": bool(planned.steps) or roles.written or roles.in_doubt,
        "role_assignment": results[1],
        "previous_role_assignment": results[0],
        "diff": diff(f"role assignment {wanted}", *map(_without_id, results)),
        **({"warnings": warnings} if warnings else {}),
    }


def _ensure_set(roles: Roles, wanted: DesiredDelegation, check_mode: bool) -> list[str]:
    """Return a warning where it is unknown whether the set exists. Raises UndefinedAttribute where it does not."""
    problem, certain = roles.set_problem(wanted.attribute_set, ()) if wanted.attribute_set else ("", True)
    if not problem:
        return []
    if not certain:
        return [problem]
    if check_mode:
        return [f"{problem} Unless an earlier task creates it, the run will fail."]
    raise UndefinedAttribute(problem, "Names are matched exactly. Create the set with attribute_set first.")


def _write(roles: Roles, planned: DelegationPlan, found: Delegation | None) -> Delegation | None:
    """Send what a plan needs, and return the role assignment that there is afterwards."""
    for step in planned.steps:
        if not step.creates:
            roles.delete(step.delegation)
            return None
        return replace(step.delegation, id=roles.create(step.delegation))
    return found


def _new_problems(current: list[Delegation], planned: DelegationPlan, holder: Holder) -> list[str]:
    """Return the problems of separation of duties that a plan makes for a principal."""
    known = {problem.message for problem in find_duty_problems(current)}
    problems = find_duty_problems(planned.after(current))
    return [f"{problem.message}." for problem in problems if problem.holder == holder and problem.message not in known]


def _without_id(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a result without the id, which is not known before."""
    return {name: value for name, value in result.items() if name not in ("id", "principal")} if result else None


def run_delegation_info(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`attribute_role_assignment_info`: who holds which role, and what the roles do not separate."""
    roles = Roles(graph)
    kind, name, attribute_set = named_delegation(params)
    holder = roles.find(HOLDER_KINDS[kind], name) if kind else None
    current = roles.assignments()
    members, permissions, not_read = _around(roles, current)
    wanted = [
        found
        for found in current
        if params["role"] in (None, found.role)
        and attribute_set in (None, found.attribute_set)
        and (holder is None or found.holder.id == holder.id)
    ]
    shown = {found.id for found in wanted}
    problems = find_duty_problems(current, members, permissions)
    wanted.sort(key=_order)
    return {
        "changed": False,
        "role_assignments": [found.as_result() for found in wanted],
        "problems": [
            problem.as_result() for problem in problems if shown & {found.id for found in problem.delegations}
        ],
        "not_read": not_read,
        "tenant_id": tenant_of(graph.claims(), params.get("tenant_id")),
    }


def describe_delegations(graph: Graph) -> tuple[dict[str, Any] | None, list[dict[str, str]]]:
    """Return who holds which role and what the roles do not separate, null if that cannot be read.

    The list has what could not be read of groups and applications, as `not_read` of the module.
    """
    roles = Roles(graph)
    try:
        current = roles.assignments()
    except GraphError:
        return None, []  # the source of consumers reports it
    members, permissions, not_read = _around(roles, current)
    problems = find_duty_problems(current, members, permissions)
    current.sort(key=_order)
    found = {
        "role_assignments": [known.as_result() for known in current],
        "problems": [problem.as_result() for problem in problems],
    }
    return found, not_read


def _order(found: Delegation) -> tuple[str, ...]:
    return found.role, found.attribute_set or "", str(found.holder), found.holder.id


def _around(
    roles: Roles, current: list[Delegation]
) -> tuple[dict[str, list[Holder]], dict[str, set[str]], list[dict[str, str]]]:
    """Return the members of groups, the permissions of applications, and what could not be read of them."""
    members: dict[str, list[Holder]] = {}
    permissions: dict[str, set[str]] = {}
    not_read: dict[str, dict[str, str]] = {}
    holders = {found.holder.id: found.holder for found in current}
    for holder in holders.values():
        if holder.kind not in (GROUP.name, SERVICE_PRINCIPAL.name):
            continue
        source = "group_members" if holder.kind == GROUP.name else "application_permissions"
        if source in not_read:
            continue
        try:
            if holder.kind == GROUP.name:
                members[holder.id] = roles.members(holder)
            else:
                permissions[holder.id] = roles.permissions(holder)
        except GraphError as error:
            not_read[source] = {"source": source, "message": str(error)}
    return members, permissions, list(not_read.values())


DELEGATION_INFO = Operation(run_delegation_info, DELEGATION_INFO_SPEC, DELEGATION_INFO_CONSTRAINTS)
DELEGATION = Operation(run_delegation, DELEGATION_SPEC, DELEGATION_CONSTRAINTS)
