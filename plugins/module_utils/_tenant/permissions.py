# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The permissions and roles that each job needs, and what the claims of a token say (graph-facts 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._core.model import SERVICE_PRINCIPAL, USER, is_guid
from .._errors import Need


class AzureNeed(Need):
    """A role of Azure, which is assigned at a scope."""

    def __str__(self) -> str:
        return (
            f"The identity needs the Azure role {' and '.join(self.permissions)} at each subscription,"
            " or at a management group above them."
        )


_USERS, _SERVICE_PRINCIPALS = "User.Read.All", "Application.Read.All"
_PRINCIPALS = {USER: _USERS, SERVICE_PRINCIPAL: _SERVICE_PRINCIPALS}
_READ, _WRITE = "CustomSecAttributeAssignment.Read.All", "CustomSecAttributeAssignment.ReadWrite.All"
_READER, _ADMINISTRATOR = "Attribute Assignment Reader", "Attribute Assignment Administrator"

READ_ATTRIBUTES, ASSIGN_ATTRIBUTES = Need((_READ,), (_READER, _ADMINISTRATOR)), Need((_WRITE,), (_ADMINISTRATOR,))
READ_PRINCIPALS = {kind: Need((permission,), ()) for kind, permission in _PRINCIPALS.items()}
READ_ASSIGNMENTS = {
    kind: Need((_READ, permission), (_READER, _ADMINISTRATOR)) for kind, permission in _PRINCIPALS.items()
}
WRITE_ASSIGNMENTS = {kind: Need((_WRITE, permission), (_ADMINISTRATOR,)) for kind, permission in _PRINCIPALS.items()}
READ_DEFINITIONS = Need(("CustomSecAttributeDefinition.Read.All",), ("Attribute Definition Reader", _READER))
READ_ORGANIZATION = Need(("Organization.Read.All",), ("Directory Readers",))
WRITE_DEFINITIONS = Need(("CustomSecAttributeDefinition.ReadWrite.All",), ("Attribute Definition Administrator",))
READ_AUDITS = Need(("CustomSecAttributeAuditLogs.Read.All",), ("Attribute Log Reader", "Attribute Log Administrator"))
# The permissions to read the consumers of attributes (consumer-facts 10).
READ_POLICIES = Need(("Policy.Read.All",), ("Security Reader", "Conditional Access Administrator"))
READ_WORKFLOWS = Need(("LifecycleWorkflows-Workflow.Read.All",), ("Lifecycle Workflows Administrator",))
READ_ROLE_ASSIGNMENTS = Need(("RoleManagement.Read.Directory",), ("Privileged Role Administrator",))
WRITE_ROLE_ASSIGNMENTS = Need(("RoleManagement.ReadWrite.Directory",), ("Privileged Role Administrator",))
READ_ROLE_CONDITIONS = AzureNeed(("Reader",), ())
READ_GROUPS = Need(("GroupMember.Read.All",), ())
READ_HIDDEN_MEMBERS = Need(("Member.Read.Hidden",), ())

ROLE_IDS = {
    _READER: "ffd52fa5-98dc-465c-991d-fc073eb59f8f",
    _ADMINISTRATOR: "58a13ea3-c632-46ae-9ee0-9c0d43cd7f3d",
    "Attribute Definition Reader": "1d336d2c-4ae8-42ef-9711-b3604ce3fc2c",
    "Attribute Definition Administrator": "8424c6f0-a189-499e-bbd0-26c1753c96d4",
    "Attribute Log Reader": "9c99539d-8186-4804-835f-fd51ef9e2dcd",
    "Attribute Log Administrator": "5b784334-f94b-471a-a387-e7219fc49ca2",
}
"""The template IDs of roles, which tokens carry (graph-facts 5.3)."""
OTHER_ROLE_IDS = {
    "Conditional Access Administrator": "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9",
    "Directory Readers": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Global Reader": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
    "Lifecycle Workflows Administrator": "59d46f88-662b-457b-bceb-5c3809e5908f",
    "Privileged Role Administrator": "e8611ab8-c189-46e8-94e1-60213ab1f814",
    "Security Reader": "5d6b6bb7-de71-4623-b4af-96380a352509",
}
"""The template IDs of other roles that decide what a user can read, or who can delegate."""
ROLE_NAMES = {identifier: name for name, identifier in {**ROLE_IDS, **OTHER_ROLE_IDS}.items()}
PERMISSIONS_BY_ID = {
    "3b37c5a4-1226-493d-bec3-5d6c6b866f3f": _READ,
    "de89b5e4-5b8f-48eb-8925-29c2b33bd8bd": _WRITE,
    "b185aa14-d8d2-42c1-a685-0f5596613624": "CustomSecAttributeDefinition.Read.All",
    "12338004-21f4-4896-bf5e-b75dfaf1016d": "CustomSecAttributeDefinition.ReadWrite.All",
    "2a4f026d-e829-4e84-bdbf-d981a2703059": "CustomSecAttributeAuditLogs.Read.All",
}
"""The application permissions on attributes by the ids of their app roles (graph-facts 5.2)."""

APPLICATION, SIGNED_IN_USER = "application", "user"


@dataclass(frozen=True)
class Access:
    """What a token shows of its access: the kind of identity, its permissions, and its Entra roles for the tenant.

    `kind` is null for an opaque token, which shows nothing.
    """

    kind: str | None
    permissions: frozenset[str]
    roles: frozenset[str]

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> Access:
        """Return what claims show (graph-facts 5)."""
        if not claims:
            return cls(None, frozenset(), frozenset())
        roles = frozenset(ROLE_NAMES[role] for role in _texts(claims.get("wids")) & ROLE_NAMES.keys())
        if "scp" in claims:
            return cls(SIGNED_IN_USER, frozenset(str(claims["scp"]).split()), roles)
        return cls(APPLICATION, frozenset(_texts(claims.get("roles"))), roles)

    def missing(self, need: Need) -> tuple[str, ...]:
        """Return the permissions of a need that the token does not show. A ReadWrite permission includes reading."""
        return tuple(
            permission
            for permission in need.permissions
            if self.permissions.isdisjoint({permission, permission.replace(".Read.", ".ReadWrite.")})
        )

    def has_role(self, need: Need) -> bool:
        """Return whether the token shows a role that the need accepts, or the need has none.

        An Administrator reads what a Reader does.
        """
        accepted = {*need.roles, *(role.replace(" Reader", " Administrator") for role in need.roles)}
        return not need.roles or not self.roles.isdisjoint(accepted)

    def allows(self, need: Need) -> bool | None:
        """Return whether the token is enough for a need; null where it leaves that open.

        A role can be limited to an attribute set, which a token does not show. Whether a role is enough for an
        application without the permission is unknown.
        """
        if self.kind is None:
            return None
        if self.kind == APPLICATION:
            return True if not self.missing(need) else (None if need.roles and self.has_role(need) else False)
        return False if self.missing(need) else (True if self.has_role(need) else None)


def foreseen_refusals(claims: Mapping[str, Any], *needs: Need) -> list[str]:
    """Return a warning for each need of which the token shows that Graph will refuse the write."""
    access = Access.of(claims)
    return [
        f"Without check mode, Graph will refuse this change: the token does not have the permission"
        f" {' and '.join(access.missing(need))}. {need}"
        for need in needs
        if access.allows(need) is False
    ]


def tenant_of(claims: Mapping[str, Any], tenant_id: str | None) -> str | None:
    """Return the tenant's ID by the claims of the token, else by the option if it is a GUID; null if it is unknown."""
    known = str(claims.get("tid") or tenant_id or "")
    return known.lower() if is_guid(known) else None


def may_read(claims: Mapping[str, Any]) -> bool | None:
    """Return whether a token with these claims may read assignments; null where the claims leave it open."""
    return Access.of(claims).allows(READ_ATTRIBUTES)


def _texts(claim: Any) -> set[str]:
    """Return the texts of a claim that should be a list of them."""
    return {text for text in claim if isinstance(text, str)} if isinstance(claim, list) else set()
