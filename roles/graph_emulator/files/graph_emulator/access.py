# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access rules (graph-facts 5): application permissions, or delegated scopes together with Entra roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import or_
from typing import Final

from .directory import Collection, Directory

ROLE_TEMPLATES: Final[dict[str, str]] = {
    "Attribute Assignment Administrator": "58a13ea3-c632-46ae-9ee0-9c0d43cd7f3d",
    "Attribute Assignment Reader": "ffd52fa5-98dc-465c-991d-fc073eb59f8f",
    "Attribute Definition Administrator": "8424c6f0-a189-499e-bbd0-26c1753c96d4",
    "Attribute Definition Reader": "1d336d2c-4ae8-42ef-9711-b3604ce3fc2c",
    "Attribute Log Administrator": "5b784334-f94b-471a-a387-e7219fc49ca2",
    "Attribute Log Reader": "9c99539d-8186-4804-835f-fd51ef9e2dcd",
    "Conditional Access Administrator": "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9",
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Global Reader": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
    "Lifecycle Workflows Administrator": "59d46f88-662b-457b-bceb-5c3809e5908f",
    "Privileged Role Administrator": "e8611ab8-c189-46e8-94e1-60213ab1f814",
    "Security Reader": "5d6b6bb7-de71-4623-b4af-96380a352509",
}

_ASSIGNMENT_READERS: Final = ("Attribute Assignment Reader", "Attribute Assignment Administrator")
_DEFINITION_READERS: Final = ("Attribute Definition Reader", "Attribute Definition Administrator", *_ASSIGNMENT_READERS)

_DIRECTORY: Final = ("Directory.Read.All", "Directory.ReadWrite.All")
_READ_OBJECTS: Final[dict[Collection, tuple[str, ...]]] = {
    "users": ("User.Read.All", "User.ReadWrite.All", "User.ReadUpdate.All", *_DIRECTORY),
    "servicePrincipals": ("Application.Read.All", "Application.ReadWrite.All", *_DIRECTORY),
    "groups": (
        "GroupMember.Read.All",
        "GroupMember.ReadWrite.All",
        "Group.Read.All",
        "Group.ReadWrite.All",
        *_DIRECTORY,
    ),
    "devices": ("Device.Read.All", "Device.ReadWrite.All", *_DIRECTORY),
}
# Permissions for one type of agents, on the path that names the type (graph-facts 15).
AGENT_PERMISSIONS: Final[dict[str, tuple[str, str]]] = {
    "microsoft.graph.agentIdentity": ("AgentIdentity.Read.All", "AgentIdentity.ReadWrite.All"),
}
_WRITE_OBJECTS: Final[dict[Collection, tuple[str, ...]]] = {
    "users": ("User.ReadWrite.All", "User.ReadUpdate.All", "Directory.ReadWrite.All"),
    "servicePrincipals": ("Application.ReadWrite.All", "Directory.ReadWrite.All"),
}


_GLOBAL_READERS: Final = ("Global Reader", "Global Administrator")
_WORKFLOW_READERS: Final = ("Lifecycle Workflows Administrator", *_GLOBAL_READERS)
_READ_WORKFLOW_TASKS: Final = (
    "LifecycleWorkflows-Workflow.Read.All",
    "LifecycleWorkflows-Workflow.ReadWrite.All",
    "LifecycleWorkflows.Read.All",
    "LifecycleWorkflows.ReadWrite.All",
)
_WRITE_ROLES: Final = ("RoleManagement.ReadWrite.Directory",)


@dataclass(frozen=True)
class Sets:
    """Attribute sets that a caller can access: all of the tenant, or those named."""

    everything: bool = False
    names: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        return self.everything or name in self.names

    def __bool__(self) -> bool:
        return self.everything or bool(self.names)

    def __or__(self, other: Sets) -> Sets:
        """Return the union: roles add up (consumer-facts 5)."""
        return Sets(self.everything or other.everything, self.names | other.names)


@dataclass(frozen=True)
class Caller:
    """The bearer of a token. `roles` are Entra roles with their attribute sets; they count for delegated tokens."""

    name: str  # app ID, or UPN of a delegated token
    app_id: str
    object_id: str
    permissions: frozenset[str]  # application permissions, or the scopes of a delegated token
    delegated: bool = False
    roles: Mapping[str, Sets] = field(default_factory=dict)

    def may_read_objects(self, collection: Collection, cast: str | None = None) -> bool:
        """Return whether the caller can read a collection, or one type of agents in it."""
        enough = (*_READ_OBJECTS[collection], *AGENT_PERMISSIONS.get(cast or "", ()))
        return not self.permissions.isdisjoint(enough)

    @property
    def may_read_memberships(self) -> bool:
        """Return whether the caller can list members of groups (consumer-facts 6)."""
        return "GroupMember.ReadBasic.All" in self.permissions or self.may_read_objects("groups")

    def may_write_objects(self, collection: Collection, cast: str | None = None) -> bool:
        """Return whether the caller can change properties other than custom security attributes."""
        return not self.permissions.isdisjoint(
            (*_WRITE_OBJECTS[collection], *AGENT_PERMISSIONS.get(cast or "", ())[1:])
        )

    @cached_property  # evaluated for each object of a page
    def readable_assignments(self) -> Sets:
        """Return the sets whose assignments the caller can read."""
        permissions = ("CustomSecAttributeAssignment.Read.All", "CustomSecAttributeAssignment.ReadWrite.All")
        return self._sets(permissions, _ASSIGNMENT_READERS)

    @property
    def writable_assignments(self) -> Sets:
        """Return the sets whose attributes the caller can assign."""
        return self._sets(("CustomSecAttributeAssignment.ReadWrite.All",), ("Attribute Assignment Administrator",))

    @property
    def readable_definitions(self) -> Sets:
        """Return the sets that the caller can read, with their definitions."""
        permissions = ("CustomSecAttributeDefinition.Read.All", "CustomSecAttributeDefinition.ReadWrite.All")
        return self._sets(permissions, _DEFINITION_READERS)

    @property
    def writable_definitions(self) -> Sets:
        """Return the sets whose definitions the caller can create and change."""
        return self._sets(("CustomSecAttributeDefinition.ReadWrite.All",), ("Attribute Definition Administrator",))

    @property
    def may_read_audits(self) -> bool:
        """Return whether the caller can read the audit log (graph-facts 5.2)."""
        roles = ("Attribute Log Reader", "Attribute Log Administrator")
        return self._sets(("CustomSecAttributeAuditLogs.Read.All",), roles).everything

    # Consumers (consumer-facts 1, 2, 4, 5 and 10)

    @property
    def may_read_policies(self) -> bool:
        """Return whether the caller can read Conditional Access and app management policies."""
        roles = ("Security Reader", "Conditional Access Administrator", *_GLOBAL_READERS)
        return self._sets(("Policy.Read.All",), roles).everything

    @property
    def may_read_workflows(self) -> bool:
        """Return whether the caller can read lifecycle workflows, without their tasks."""
        permissions = ("LifecycleWorkflows-Workflow.ReadBasic.All", *_READ_WORKFLOW_TASKS)
        return self._sets(permissions, _WORKFLOW_READERS).everything

    @property
    def may_read_workflow_tasks(self) -> bool:
        """Return whether the caller can read the tasks of lifecycle workflows."""
        return self._sets(_READ_WORKFLOW_TASKS, _WORKFLOW_READERS).everything

    @property
    def may_read_roles(self) -> bool:
        """Return whether the caller can read role definitions and role assignments."""
        permissions = ("RoleManagement.Read.Directory", "RoleManagement.Read.All", *_WRITE_ROLES, *_DIRECTORY)
        roles = ("Privileged Role Administrator", *_GLOBAL_READERS)
        return self._sets(permissions, roles).everything

    @property
    def may_write_roles(self) -> bool:
        """Return whether the caller can create and delete role assignments."""
        return self._sets(_WRITE_ROLES, ("Privileged Role Administrator", "Global Administrator")).everything

    def _sets(self, permissions: Iterable[str], roles: Iterable[str]) -> Sets:
        if self.permissions.isdisjoint(permissions):
            return Sets()
        if not self.delegated:
            return Sets(everything=True)  # an application permission always applies to all sets (graph-facts 5.2)
        return reduce(or_, (self.roles[role] for role in roles if role in self.roles), Sets())


def assigned_roles(directory: Directory, key: str) -> dict[str, Sets]:
    """Return the roles that are assigned to an object or to its groups, by name (consumer-facts 5)."""
    names = {template: name for name, template in ROLE_TEMPLATES.items()}
    who = {key, *(group.id for group in directory.groups_of(key))}
    found: dict[str, Sets] = {}
    for assignment in directory.members["roleAssignments"]:
        properties = assignment.properties
        name, scope = names.get(properties.get("roleDefinitionId", "")), properties.get("directoryScopeId", "")
        if name is None or properties.get("principalId") not in who:
            continue
        narrow = frozenset({scope.removeprefix("/attributeSets/")})
        found[name] = found.get(name, Sets()) | (Sets(everything=True) if scope == "/" else Sets(names=narrow))
    return found
