# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The permissions and roles that each job needs, and what the claims of a token say (graph-facts 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.model import SERVICE_PRINCIPAL, USER, is_guid
from .._errors import Need

_USERS, _SERVICE_PRINCIPALS = "User.Read.All", "Application.Read.All"
_PRINCIPALS = {USER: _USERS, SERVICE_PRINCIPAL: _SERVICE_PRINCIPALS}
_READ, _WRITE = "CustomSecAttributeAssignment.Read.All", "CustomSecAttributeAssignment.ReadWrite.All"
_READER, _ADMINISTRATOR = "Attribute Assignment Reader", "Attribute Assignment Administrator"

READ_ASSIGNMENTS = {
    kind: Need((_READ, permission), (_READER, _ADMINISTRATOR)) for kind, permission in _PRINCIPALS.items()
}
WRITE_ASSIGNMENTS = {kind: Need((_WRITE, permission), (_ADMINISTRATOR,)) for kind, permission in _PRINCIPALS.items()}
READ_DEFINITIONS = Need(("CustomSecAttributeDefinition.Read.All",), ("Attribute Definition Reader", _READER))
READ_ORGANIZATION = Need(("Organization.Read.All",), ("Directory Readers",))
WRITE_DEFINITIONS = Need(("CustomSecAttributeDefinition.ReadWrite.All",), ("Attribute Definition Administrator",))
READ_AUDITS = Need(("CustomSecAttributeAuditLogs.Read.All",), ("Attribute Log Reader", "Attribute Log Administrator"))
# What reads the consumers of attributes (consumer-facts 10).
READ_POLICIES = Need(("Policy.Read.All",), ("Security Reader", "Conditional Access Administrator"))
READ_WORKFLOWS = Need(("LifecycleWorkflows-Workflow.Read.All",), ("Lifecycle Workflows Administrator",))
READ_ROLE_ASSIGNMENTS = Need(("RoleManagement.Read.Directory",), ("Privileged Role Administrator",))

ROLE_IDS = {
    _READER: "ffd52fa5-98dc-465c-991d-fc073eb59f8f",
    _ADMINISTRATOR: "58a13ea3-c632-46ae-9ee0-9c0d43cd7f3d",
    "Attribute Definition Reader": "1d336d2c-4ae8-42ef-9711-b3604ce3fc2c",
    "Attribute Definition Administrator": "8424c6f0-a189-499e-bbd0-26c1753c96d4",
    "Attribute Log Reader": "9c99539d-8186-4804-835f-fd51ef9e2dcd",
    "Attribute Log Administrator": "5b784334-f94b-471a-a387-e7219fc49ca2",
}
"""The template IDs of roles, which tokens carry (graph-facts 5.3)."""


def tenant_of(claims: Mapping[str, Any], tenant_id: str | None) -> str | None:
    """Return the tenant's ID by the claims of the token, else by the option if it is a GUID; null if it is unknown."""
    known = str(claims.get("tid") or tenant_id or "")
    return known.lower() if is_guid(known) else None


def may_read(claims: Mapping[str, Any]) -> bool | None:
    """Return whether a token with these claims may read assignments; null where the claims leave it open."""
    delegated = "scp" in claims
    granted = set(str(claims["scp"]).split()) if delegated else _texts(claims.get("roles"))
    has_role = bool({ROLE_IDS[_READER], ROLE_IDS[_ADMINISTRATOR]} & _texts(claims.get("wids")))
    if not claims:
        return None
    if delegated:
        return (True if has_role else None) if granted & {_READ, _WRITE} else False
    return True if granted & {_READ, _WRITE} else (None if has_role else False)


def _texts(claim: Any) -> set[str]:
    """Return the texts of a claim that should be a list of them."""
    return {text for text in claim if isinstance(text, str)} if isinstance(claim, list) else set()
