# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Delegations: who holds which role of attributes, for the tenant or one attribute set, and what has to change. Pure.

Roles add up: a role for the tenant is not narrowed by one for an attribute set (consumer-facts 5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._errors import quoted
from .model import KINDS, PrincipalKind
from .schema_plan import Placed
from .tenant_plan import DELEGATE, DELEGATION, Change, Finding, Step

ROLE_TITLES = {
    "attribute_assignment_administrator": "Attribute Assignment Administrator",
    "attribute_assignment_reader": "Attribute Assignment Reader",
    "attribute_definition_administrator": "Attribute Definition Administrator",
    "attribute_definition_reader": "Attribute Definition Reader",
    "attribute_log_administrator": "Attribute Log Administrator",
    "attribute_log_reader": "Attribute Log Reader",
}
"""The roles as options name them, with their names in Entra (graph-facts 5.3)."""
ASSIGNER, DEFINER = "attribute_assignment_administrator", "attribute_definition_administrator"
_ADMINISTRATOR = "_administrator"
_INCLUDED = {
    ASSIGNER: ("attribute_assignment_reader", "attribute_definition_reader"),
    "attribute_assignment_reader": ("attribute_definition_reader",),
    DEFINER: ("attribute_definition_reader",),
    "attribute_log_administrator": ("attribute_log_reader",),
}
"""The roles whose rights another role has as well (graph-facts 5.2 and 5.3)."""


def including(role: str) -> list[str]:
    """Return a role and those whose rights include it."""
    return [role, *(wider for wider, narrower in _INCLUDED.items() if role in narrower)]


GROUP = PrincipalKind("group", "display_name", "/groups")
HOLDER_KINDS = {**KINDS, GROUP.name: GROUP}
"""The kinds of principals that can hold a role."""

PRESENT, ABSENT = "present", "absent"
STATE, FORCED = "state", "force"
"""What a step of a plan changes of a delegation; the second only where a removal is made despite its danger."""


@dataclass(frozen=True)
class Holder:
    """A principal that holds a role, or is to hold one. `key` is the UPN of a user or the app id of an application.

    `kind` is empty where Graph does not show it.
    """

    kind: str
    id: str
    display_name: str = ""
    key: str = ""

    def __str__(self) -> str:
        name = self.key if self.kind == "user" and self.key else self.display_name or self.id
        return f"{self.kind.replace('_', ' ') or 'principal'} {quoted(name)}"

    @property
    def reference(self) -> str:
        """Return the name by which options refer to it."""
        return (self.display_name if self.kind == GROUP.name else self.key) or self.id

    @property
    def names(self) -> tuple[str, ...]:
        """Return all that names it, without duplicates."""
        return tuple(dict.fromkeys(filter(None, (self.id, self.display_name, self.key))))

    def as_result(self) -> dict[str, Any]:
        """Return the keys by which results name a principal."""
        result: dict[str, Any] = {"id": self.id, "type": self.kind or None, "display_name": self.display_name or None}
        if self.kind in KINDS:
            result[KINDS[self.kind].key] = self.key or None
        return result


@dataclass(frozen=True)
class Delegation:
    """A role that a principal holds for an attribute set, or for the tenant where that is null."""

    role: str
    attribute_set: str | None
    holder: Holder
    id: str = ""

    def __str__(self) -> str:
        return f"{ROLE_TITLES[self.role]} for {self.attribute_set or 'the tenant'}: {self.holder}"

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what makes it unique."""
        return self.role, self.attribute_set or "", self.holder.id.lower()

    def covers(self, other: Delegation) -> bool:
        """Return whether this delegation includes the rights of another one."""
        wider = other.role in (self.role, *_INCLUDED.get(self.role, ()))
        return wider and self.attribute_set in (None, other.attribute_set)

    def as_result(self) -> dict[str, Any]:
        """Return the delegation as results name it; the keys are the module's options, `id`, and the principal."""
        names = {kind: self.holder.reference if kind == self.holder.kind else None for kind in HOLDER_KINDS}
        return {
            "id": self.id or None,
            "role": self.role,
            "attribute_set": self.attribute_set,
            **names,
            "principal": self.holder.as_result(),
        }

    def as_export(self) -> dict[str, Any]:
        """Return the declaration of this delegation for people: a group by its id, which alone is unique."""
        scope = {"attribute_set": self.attribute_set} if self.attribute_set else {}
        holder = self.holder
        name = holder.id if holder.kind == GROUP.name else holder.reference
        title = {"display_name": holder.display_name} if holder.display_name else {}
        return {"role": self.role, **scope, holder.kind: name, **title}

    def as_item(self, state: str) -> dict[str, Any]:
        """Return the declaration of this delegation, by the id of its principal."""
        scope = {"attribute_set": self.attribute_set} if self.attribute_set else {}
        return {"role": self.role, **scope, self.holder.kind: self.holder.id, "state": state}


@dataclass(frozen=True)
class DesiredDelegation:
    """A declared delegation: its principal by any name, whether it is to be absent, and whether danger is accepted."""

    role: str
    attribute_set: str | None
    kind: str
    name: str
    absent: bool = False
    force: bool = False

    def __str__(self) -> str:
        kind = self.kind.replace("_", " ")
        return f"{ROLE_TITLES[self.role]} for {self.attribute_set or 'the tenant'}: {kind} {self.name}"

    @property
    def identity(self) -> str:
        """Return what a plan calls it, where the principal is named by its object id."""
        return _identity(self.role, self.attribute_set, self.kind, self.name.lower())

    def held_by(self, holder: Holder) -> Delegation:
        """Return the delegation of the principal that was found."""
        return Delegation(self.role, self.attribute_set, holder)


@dataclass(frozen=True)
class DelegationStep:
    """A role assignment to create, or to delete. `danger` says why a deletion takes `force`."""

    delegation: Delegation
    creates: bool
    place: str = ""
    danger: str = ""
    force: bool = False

    def as_step(self) -> Step:
        """Return the step as a plan has it."""
        found = self.delegation
        before, after = (ABSENT, PRESENT) if self.creates else (PRESENT, ABSENT)
        changes = [Change(STATE, before, after, self.place)]
        changes += [Change(FORCED, None, True, self.place)] if self.danger and self.force else []
        identity = _identity(found.role, found.attribute_set, found.holder.kind, found.holder.id)
        return Step(
            DELEGATE, DELEGATION, identity, str(found), tuple(changes), self.place, self.creates, found.holder.names
        )


@dataclass(frozen=True)
class DelegationPlan:
    """The steps, those that create first. `dangers` are the reasons why the plan as a whole must not be applied."""

    steps: tuple[DelegationStep, ...] = ()
    unchanged: int = 0
    refused: tuple[Finding, ...] = ()

    @property
    def dangers(self) -> list[str]:
        """Return the dangers that `force` does not accept."""
        return [
            f"{step.delegation}: {step.danger}; force=true removes it anyway"
            for step in self.steps
            if step.danger and not step.force
        ]

    @property
    def before(self) -> list[dict[str, Any]]:
        """Return the declarations that undo the plan."""
        return [step.delegation.as_item(ABSENT if step.creates else PRESENT) for step in self.steps]

    def after(self, current: Iterable[Delegation]) -> list[Delegation]:
        """Return the delegations that there are afterwards."""
        removed = {step.delegation.key for step in self.steps if not step.creates}
        kept = [known for known in current if known.key not in removed]
        return kept + [step.delegation for step in self.steps if step.creates]


def _identity(role: str, attribute_set: str | None, kind: str, identifier: str) -> str:
    return ":".join((role, attribute_set or "/", kind, identifier))


def delegation_of(step: Step) -> DesiredDelegation:
    """Return what a step of a plan wants. Raises ValueError for a step that this release did not make."""
    role, attribute_set, kind, identifier = step.id.split(":")
    if role not in ROLE_TITLES or kind not in HOLDER_KINDS:
        raise ValueError(f"{step.id} is not a delegation")
    changes = {change.attribute: change.after for change in step.changes}
    scope = None if attribute_set == "/" else attribute_set
    return DesiredDelegation(role, scope, kind, identifier, changes[STATE] == ABSENT, FORCED in changes)


def plan_delegations(
    wanted: Sequence[tuple[Placed[DesiredDelegation], Holder]],
    current: Sequence[Delegation],
    own: Mapping[str, bool | None],
) -> DelegationPlan:
    """Plan what is wanted of principals that were found, against the current delegations.

    `own` says by object id whether the running identity is a principal, or belongs to it; null if that is unknown.
    """
    known = {delegation.key: delegation for delegation in current}
    declared: dict[tuple[str, str, str], str] = {}
    creations, deletions, refused, unchanged = [], [], [], 0
    for placed, holder in wanted:
        delegation, place = placed.desired.held_by(holder), placed.place
        if delegation.key in declared:
            message = f"{delegation} is declared twice, also in {declared[delegation.key]}"
            refused.append(Finding(DELEGATION, placed.desired.identity, place, message))
            continue
        declared[delegation.key] = place
        found = known.get(delegation.key)
        if bool(found) != placed.desired.absent:
            unchanged += 1
        elif found:
            deletions.append(DelegationStep(found, False, place, force=placed.desired.force))
        else:
            creations.append(DelegationStep(delegation, True, place))
    planned = DelegationPlan((*creations, *deletions))
    left = planned.after(current)
    deletions = [
        DelegationStep(step.delegation, False, step.place, _danger(step.delegation, left, own), step.force)
        for step in deletions
    ]
    return DelegationPlan((*creations, *deletions), unchanged, tuple(refused))


def _danger(removed: Delegation, left: Sequence[Delegation], own: Mapping[str, bool | None]) -> str:
    """Return why a delegation is removed with `force` only; an empty text if it is not dangerous."""
    administers = removed.role.endswith(_ADMINISTRATOR) and removed.attribute_set is None
    if administers and not any(other.role == removed.role and other.attribute_set is None for other in left):
        return "nobody else holds this role for the tenant"
    is_own = own.get(removed.holder.id, False)
    if is_own is False or any(own.get(other.holder.id, False) and other.covers(removed) for other in left):
        return ""
    return "this identity would lose the role" if is_own else "this identity may lose the role"


# Separation of duties

DEFINES_AND_ASSIGNS = "defines_and_assigns"
IN_TENANT_ROLE, IN_PERMISSION = "included_in_tenant_role", "included_in_permission"
DEFINE, ASSIGN = "CustomSecAttributeDefinition.ReadWrite.All", "CustomSecAttributeAssignment.ReadWrite.All"
PERMISSION_ROLES = {
    ASSIGN: (ASSIGNER, "attribute_assignment_reader"),
    DEFINE: (DEFINER, "attribute_definition_reader"),
    "CustomSecAttributeAssignment.Read.All": ("attribute_assignment_reader",),
    "CustomSecAttributeDefinition.Read.All": ("attribute_definition_reader",),
    "CustomSecAttributeAuditLogs.Read.All": ("attribute_log_reader",),
}
"""The roles that an application permission includes, for the whole tenant (graph-facts 5.2)."""


@dataclass(frozen=True)
class DutyProblem:
    """A principal whose roles do not separate duties, or do not limit it as they seem to."""

    kind: str
    holder: Holder
    message: str
    delegations: tuple[Delegation, ...] = field(default=())

    def as_result(self) -> dict[str, Any]:
        """Return the problem as results name it."""
        return {
            "kind": self.kind,
            "principal": self.holder.as_result(),
            "role_assignments": [found.id for found in self.delegations if found.id],
            "message": self.message,
        }


def find_duty_problems(
    delegations: Sequence[Delegation],
    members: Mapping[str, Collection[Holder]] | None = None,
    permissions: Mapping[str, Collection[str]] | None = None,
) -> list[DutyProblem]:
    """Return what the delegations do not separate, sorted by principal.

    `members` are those of groups that hold roles, by the ids of groups. `permissions` are application permissions by
    the ids of service principals. Either may be incomplete: then fewer problems are found.
    """
    members, permissions = members or {}, permissions or {}
    held: dict[str, tuple[Holder, list[Delegation]]] = {}
    for delegation in delegations:
        for holder in (delegation.holder, *members.get(delegation.holder.id, ())):
            held.setdefault(holder.id, (holder, []))[1].append(delegation)
    found: list[DutyProblem] = []
    for holder, own in held.values():
        granted = permissions.get(holder.id, ())
        found += [
            *_in_one_hand(holder, own, granted),
            *_in_tenant_role(holder, own),
            *_in_permission(holder, own, granted),
        ]
    return sorted(found, key=lambda problem: (str(problem.holder), problem.holder.id, problem.kind, problem.message))


def _in_one_hand(holder: Holder, own: Sequence[Delegation], granted: Collection[str]) -> Iterator[DutyProblem]:
    """Yield where a principal both defines and assigns the attributes of a set."""
    defines = _scopes(own, DEFINER, DEFINE in granted)
    assigns = _scopes(own, ASSIGNER, ASSIGN in granted)
    overlap = (
        {None}
        if None in defines & assigns
        else assigns
        if None in defines
        else defines
        if None in assigns
        else defines & assigns
    )
    if not overlap:
        return
    scopes = ", ".join(sorted(map(str, overlap))) if overlap != {None} else "the tenant"
    involved = [
        delegation
        for delegation in own
        if delegation.role in (DEFINER, ASSIGNER) and delegation.attribute_set in (None, *overlap)
    ]
    yield DutyProblem(
        DEFINES_AND_ASSIGNS, holder, f"{holder} both defines and assigns attributes of {scopes}", tuple(involved)
    )


def _scopes(own: Sequence[Delegation], role: str, has_permission: bool) -> set[str | None]:
    """Return the attribute sets for which a role is held; null stands for all of the tenant."""
    held = {delegation.attribute_set for delegation in own if delegation.role == role}
    return held | {None} if has_permission else held


def _in_tenant_role(holder: Holder, own: Sequence[Delegation]) -> Iterator[DutyProblem]:
    """Yield each role for an attribute set that a role for the tenant includes."""
    for scoped in own:
        if scoped.attribute_set is None:
            continue
        wider = next((other for other in own if other.attribute_set is None and other.covers(scoped)), None)
        if wider:
            message = (
                f"{holder} holds {ROLE_TITLES[wider.role]} for the tenant,"
                f" which includes {ROLE_TITLES[scoped.role]} for {scoped.attribute_set}"
            )
            yield DutyProblem(IN_TENANT_ROLE, holder, message, (scoped, wider))


def _in_permission(holder: Holder, own: Sequence[Delegation], granted: Collection[str]) -> Iterator[DutyProblem]:
    """Yield each role of an application that a permission of the application includes for the whole tenant."""
    for delegation in own:
        for permission in sorted(granted):
            if delegation.role in PERMISSION_ROLES.get(permission, ()):
                message = (
                    f"{holder} has the application permission {permission} for the whole tenant,"
                    f" which includes {ROLE_TITLES[delegation.role]} for {delegation.attribute_set or 'the tenant'}"
                )
                yield DutyProblem(IN_PERMISSION, holder, message, (delegation,))
                break
