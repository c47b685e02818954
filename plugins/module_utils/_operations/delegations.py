# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The delegations of a reconcile: they are planned as a whole, created before any is deleted, and undone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._core.delegations import (
    HOLDER_KINDS,
    Delegation,
    DelegationPlan,
    DelegationStep,
    DesiredDelegation,
    Holder,
    delegation_of,
    find_duty_problems,
    plan_delegations,
)
from .._core.model import SERVICE_PRINCIPAL, USER
from .._core.names import counted
from .._core.schema_plan import Placed
from .._core.tenant_plan import DELEGATION, Finding, Key, TenantPlan
from .._errors import (
    AmbiguousPrincipal,
    EntraError,
    InvalidDeclaration,
    NameCaseMismatch,
    PermissionDenied,
    PlanRefused,
    PrincipalNotFound,
)
from .._graph.client import Graph
from .._tenant.permissions import READ_ROLE_ASSIGNMENTS, Access
from .._tenant.roles import Roles


def approved_delegations(plan: TenantPlan) -> list[Placed[DesiredDelegation]]:
    """Return what an approved plan wants of delegations. Raises PlanRefused for a step that cannot be read."""
    try:
        return [Placed(delegation_of(step), step.place) for step in plan.delegations]
    except (KeyError, ValueError):
        raise PlanRefused("The plan has a delegation that this release cannot read. Nothing was written.") from None


def read_delegations(graph: Graph, attribute_sets: Collection[str] | None) -> tuple[list[dict[str, Any]], str]:
    """Return the delegations as declarations, of these attribute sets only if there are any, and why some are missing.

    Nothing is sent where the token shows that Graph would refuse it.
    """
    hint = "Give the identity the permission, or set delegations=false."
    if Access.of(graph.claims()).allows(READ_ROLE_ASSIGNMENTS) is False:
        return [], f"the token does not have the permission {READ_ROLE_ASSIGNMENTS.permissions[0]}. {hint}"
    roles = Roles(graph)
    try:
        found = roles.assignments()
    except PermissionDenied as error:
        return [], f"{error} {hint}"
    wanted = [known for known in found if not attribute_sets or known.attribute_set in attribute_sets]
    unnamed = sum(not known.holder.kind for known in wanted)
    items = [_with_unique_name(roles, known).as_export() for known in wanted if known.holder.kind]
    items.sort(key=lambda item: [str(value).casefold() for value in item.values()])
    number = counted(unnamed, "role assignment")
    return items, f"the principal of {number} cannot be read." if unnamed else ""


def _with_unique_name(roles: Roles, found: Delegation) -> Delegation:
    """Return a delegation whose service principal has no app id if others have the same, as agents have."""
    holder = found.holder
    if holder.kind != SERVICE_PRINCIPAL.name or not holder.key:
        return found
    try:
        roles.find(SERVICE_PRINCIPAL, holder.key)
    except AmbiguousPrincipal:
        return replace(found, holder=replace(holder, key=""))
    return found


class DelegationRun:
    """Reads, plans and writes delegations. Role assignments that are not declared stay."""

    def __init__(self, graph: Graph, force: bool, on_missing: str, on_error: str) -> None:
        self._graph, self._force = graph, force
        self._on_missing, self._on_error = on_missing, on_error
        self._roles = Roles(graph)
        self._known: dict[tuple[str, str], Holder] = {}
        self.current: list[Delegation] = []
        self.plan = DelegationPlan()
        self.missing: list[Finding] = []
        self.refused: list[Finding] = []
        self.warnings: list[str] = []
        self.written: list[DelegationStep] = []
        self.failed: list[tuple[DelegationStep, EntraError]] = []

    def read_and_plan(self, wanted: Sequence[Placed[DesiredDelegation]], new_sets: Collection[str]) -> None:
        """Read who holds the roles, and plan. `new_sets` are about to be created. Raises GraphError."""
        if not wanted:
            return
        self.current = self._roles.assignments()
        for delegation in self.current:
            holder = delegation.holder
            names = (holder.id, holder.key if holder.kind == USER.name else "")  # an app id can have several
            self._known.update({(holder.kind, name.lower()): holder for name in names if name})
        scopes = {known.attribute_set for known in self.current if known.attribute_set} | set(new_sets)
        holders = [(placed, self._holder(placed, scopes)) for placed in wanted]
        found = [(placed, holder) for placed, holder in holders if holder]
        losing = {placed.desired.held_by(holder).key: holder for placed, holder in found if placed.desired.absent}
        held = {known.key for known in self.current}
        own = self._roles.owned([holder for key, holder in losing.items() if key in held], self.current)
        forced = [
            (replace(placed, desired=replace(placed.desired, force=placed.desired.force or self._force)), holder)
            for placed, holder in found
        ]
        self.plan = plan_delegations(forced, self.current, own)
        self.refused += self.plan.refused

    def _holder(self, placed: Placed[DesiredDelegation], scopes: Collection[str]) -> Holder | None:
        """Return the principal of a declared delegation; null if the delegation is left out, which is noted."""
        desired = placed.desired
        try:
            if desired.attribute_set:
                problem, certain = self._roles.set_problem(desired.attribute_set, scopes)
                if problem and certain:
                    raise InvalidDeclaration(str(desired), [problem.rstrip(".")])
                self.warnings += [problem] if problem else []
            name = (desired.kind, desired.name.lower())
            if name not in self._known:
                self._known[name] = self._roles.find(HOLDER_KINDS[desired.kind], desired.name)
            return self._known[name]
        except PrincipalNotFound as error:
            finding = Finding(DELEGATION, desired.identity, placed.place, f"{desired}: {error}")
            (self.refused if self._on_missing == "fail" else self.missing).append(finding)
            self.warnings += [f"{placed.place}: {error}"] if self._on_missing == "warn" else []
        except (AmbiguousPrincipal, InvalidDeclaration, NameCaseMismatch) as error:
            self.refused.append(Finding(DELEGATION, desired.identity, placed.place, f"{desired}: {error}"))
        return None

    @property
    def steps(self) -> tuple[DelegationStep, ...]:
        """The steps in their order."""
        return self.plan.steps

    def keep(self, keys: Collection[Key], without: Collection[Key] = ()) -> None:
        """Leave out the steps that are not among these objects, or that are among those `without`."""
        kept = [step for step in self.steps if step.as_step().key in keys and step.as_step().key not in without]
        self.plan = replace(self.plan, steps=tuple(kept))

    def blocked(self) -> list[str]:
        """Return why nothing of the plan must be written."""
        refused = ["delegations cannot be made as they are declared"] if self.refused else []
        return refused + self.plan.dangers

    def notes(self) -> list[str]:
        """Return where the plan leads to roles that do not separate duties, or that limit nothing."""
        known = {problem.message for problem in find_duty_problems(self.current)}
        after = find_duty_problems(self.plan.after(self.current))
        return [problem.message for problem in after if problem.message not in known]

    def before(self, kept: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the declarations that undo the run. `kept` are those of a run that was cut off, which stay."""
        items = {_item_key(item): dict(item) for item in kept}
        for item in self.plan.before:
            items.setdefault(_item_key(item), item)
        return list(items.values())

    def write(self) -> None:
        """Send the steps. After a failed creation, no step deletes."""
        for step in self.steps:
            if self.failed and not step.creates and any(failed.creates for failed, _error in self.failed):
                return
            try:
                self._write_step(step)
                self.written.append(step)
            except EntraError as error:
                error.message = f"{step.delegation}: {error.message}"
                self.failed.append((step, error))
                if error.in_doubt or self._on_error == "stop":
                    return

    def _write_step(self, step: DelegationStep) -> None:
        """Send a step; a conflict or a lost answer is followed by another look."""
        roles, tried = Roles(self._graph), False

        def attempt() -> None:
            nonlocal tried
            found = [step.delegation]
            if tried:
                own = roles.assignments_of(step.delegation.holder)
                found = [known for known in own if known.key == step.delegation.key]
                if bool(found) == step.creates:
                    return
            tried = True
            if step.creates:
                roles.create(step.delegation)
            else:
                roles.delete(found[0])

        roles.persist(attempt)

    @property
    def wrote(self) -> bool:
        """Return whether anything was written, or may have been."""
        return bool(self.written) or any(error.changed or error.in_doubt for _step, error in self.failed)

    def names(self, planned: bool) -> list[str]:
        """Return the delegations that were changed, or would be."""
        return [str(step.delegation) for step in (self.steps if planned else self.written)]

    def failures(self) -> list[str]:
        """Return why each delegation failed or is refused."""
        refused = [f"{finding.place}: {finding.message}" for finding in self.refused]
        return refused + [f"{step.place}: {error}" for step, error in self.failed]


def _item_key(item: Mapping[str, Any]) -> tuple[Any, ...]:
    return item["role"], item.get("attribute_set"), *(item.get(kind) for kind in HOLDER_KINDS)
