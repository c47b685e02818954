# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what (graph-facts 5): application permissions, or delegated scopes together with Entra roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from .directory import Collection

ROLE_TEMPLATES: Final[dict[str, str]] = {
    "Attribute Assignment Administrator": "58a13ea3-c632-46ae-9ee0-9c0d43cd7f3d",
    "Attribute Assignment Reader": "ffd52fa5-98dc-465c-991d-fc073eb59f8f",
    "Attribute Definition Administrator": "8424c6f0-a189-499e-bbd0-26c1753c96d4",
    "Attribute Definition Reader": "1d336d2c-4ae8-42ef-9711-b3604ce3fc2c",
    "Attribute Log Administrator": "5b784334-f94b-471a-a387-e7219fc49ca2",
    "Attribute Log Reader": "9c99539d-8186-4804-835f-fd51ef9e2dcd",
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
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
# What does for one type of agents alone, by the path that names it (graph-facts 15).
AGENT_PERMISSIONS: Final[dict[str, tuple[str, str]]] = {
    "microsoft.graph.agentIdentity": ("AgentIdentity.Read.All", "AgentIdentity.ReadWrite.All"),
}
_WRITE_OBJECTS: Final[dict[Collection, tuple[str, ...]]] = {
    "users": ("User.ReadWrite.All", "User.ReadUpdate.All", "Directory.ReadWrite.All"),
    "servicePrincipals": ("Application.ReadWrite.All", "Directory.ReadWrite.All"),
}


@dataclass(frozen=True)
class Sets:
    """Attribute sets a caller may touch: all of the tenant, or those named."""

    everything: bool = False
    names: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        return self.everything or name in self.names

    def __bool__(self) -> bool:
        return self.everything or bool(self.names)


@dataclass(frozen=True)
class Caller:
    """The bearer of a token. `roles` are Entra roles with the sets they are scoped to; they count when delegated."""

    name: str  # app id, or UPN when delegated
    app_id: str
    object_id: str
    permissions: frozenset[str]  # application permissions, or the scopes of a delegated token
    delegated: bool = False
    roles: Mapping[str, Sets] = field(default_factory=dict)

    def may_read_objects(self, collection: Collection, cast: str | None = None) -> bool:
        """Whether users, service principals, groups or devices may be read at all, or those of one type of agents."""
        enough = (*_READ_OBJECTS[collection], *AGENT_PERMISSIONS.get(cast or "", ()))
        return not self.permissions.isdisjoint(enough)

    @property
    def may_read_memberships(self) -> bool:
        """Whether the members of groups may be listed (consumer-facts 6)."""
        return "GroupMember.ReadBasic.All" in self.permissions or self.may_read_objects("groups")

    def may_write_objects(self, collection: Collection, cast: str | None = None) -> bool:
        """Whether properties other than custom security attributes may be changed."""
        return not self.permissions.isdisjoint(
            (*_WRITE_OBJECTS[collection], *AGENT_PERMISSIONS.get(cast or "", ())[1:])
        )

    @cached_property  # asked once per object of a page
    def readable_assignments(self) -> Sets:
        """The sets whose assignments this caller sees."""
        permissions = ("CustomSecAttributeAssignment.Read.All", "CustomSecAttributeAssignment.ReadWrite.All")
        return self._sets(permissions, _ASSIGNMENT_READERS)

    @property
    def writable_assignments(self) -> Sets:
        """The sets whose attributes this caller may assign."""
        return self._sets(("CustomSecAttributeAssignment.ReadWrite.All",), ("Attribute Assignment Administrator",))

    @property
    def readable_definitions(self) -> Sets:
        """The sets that this caller sees, with their definitions."""
        permissions = ("CustomSecAttributeDefinition.Read.All", "CustomSecAttributeDefinition.ReadWrite.All")
        return self._sets(permissions, _DEFINITION_READERS)

    @property
    def writable_definitions(self) -> Sets:
        """The sets whose definitions this caller may create and change."""
        return self._sets(("CustomSecAttributeDefinition.ReadWrite.All",), ("Attribute Definition Administrator",))

    @property
    def may_read_audits(self) -> bool:
        """Whether the audit log may be read (graph-facts 5.2)."""
        roles = ("Attribute Log Reader", "Attribute Log Administrator")
        return self._sets(("CustomSecAttributeAuditLogs.Read.All",), roles).everything

    def _sets(self, permissions: Iterable[str], roles: Iterable[str]) -> Sets:
        if self.permissions.isdisjoint(permissions):
            return Sets()
        if not self.delegated:
            return Sets(everything=True)  # no application permission can be narrowed to one set (graph-facts 5.2)
        held = [self.roles[role] for role in roles if role in self.roles]
        names = frozenset[str]().union(*(sets.names for sets in held))
        return Sets(any(sets.everything for sets in held), names)
