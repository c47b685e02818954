# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies that evaluate custom security attributes: Conditional Access, app management (consumer-facts 1, 4, 12)."""

from __future__ import annotations

from typing import Any, Final

from .access import Caller
from .directory import Directory, Resource
from .exchange import Request, Response, denied, not_emulated
from .faults import Quirks
from .pages import Listing
from .query import check_options
from .rule_texts import hide_rules

# The parts of conditions that only beta shows (consumer-facts 1 and 12).
_BETA_CONDITIONS: Final = {"agents"}
_BETA_CLIENT_APPLICATIONS: Final = {
    "agentIdServicePrincipalFilter",
    "includeAgentIdServicePrincipals",
    "excludeAgentIdServicePrincipals",
}


class ConditionalAccess:
    """Reads of Conditional Access policies. The state has them in the form of beta."""

    def __init__(self, directory: Directory, quirks: Quirks) -> None:
        self.quirks = quirks
        self.listing = Listing("conditionalAccessPolicies", "identity/conditionalAccess/policies", directory, quirks)

    def many(self, request: Request, caller: Caller, base: str) -> Response:
        """Answer with a page of policies."""
        _require_read(request, caller)
        return self.listing.many(request, caller, base, lambda policy: self._shown(policy, caller, base))

    def one(self, key: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer with one policy."""
        _require_read(request, caller)
        return self.listing.one(key, request, base, lambda policy: self._shown(policy, caller, base))

    def _shown(self, policy: Resource, caller: Caller, base: str) -> dict[str, Any]:
        conditions = policy.properties.get("conditions") or {}
        if not caller.readable_definitions:
            conditions = hide_rules(conditions, self.quirks.unreadable_rule)
        shape = _in_beta if base.endswith("/beta") else _in_v1
        return {**policy.properties, "conditions": shape(conditions)}


def _in_beta(value: Any) -> Any:
    """Return the conditions in the form of beta, without filters that are null (consumer-facts 12)."""
    if isinstance(value, dict):
        kept = {name: member for name, member in value.items() if member is not None or not name.endswith("Filter")}
        return {name: _in_beta(member) for name, member in kept.items()}
    return value


def _in_v1(conditions: dict[str, Any]) -> dict[str, Any]:
    """Return the conditions in the form of v1.0: without agents, with null for a filter that is not set."""
    shown = {name: value for name, value in conditions.items() if name not in _BETA_CONDITIONS}
    shown["applications"] = {"applicationFilter": None, **(shown.get("applications") or {})}
    clients = shown.get("clientApplications")
    if clients is not None:
        known = {name: value for name, value in clients.items() if name not in _BETA_CLIENT_APPLICATIONS}
        clients = {"servicePrincipalFilter": None, **known}
    return {**shown, "clientApplications": clients}


class AppManagement:
    """Reads of app management policies, which exempt actors by their attributes."""

    def __init__(self, directory: Directory, quirks: Quirks) -> None:
        self.directory = directory
        self.listing = Listing("appManagementPolicies", "policies/appManagementPolicies", directory, quirks)

    def default(self, request: Request, caller: Caller, base: str) -> Response:
        """Answer with the policy of the tenant."""
        _require_read(request, caller)
        check_options(request, frozenset(), "the default app management policy")
        context = {"@odata.context": f"{base}/$metadata#policies/defaultAppManagementPolicy/$entity"}
        return Response(200, {**context, **self.directory.default_app_management_policy})

    def many(self, request: Request, caller: Caller, base: str) -> Response:
        """Answer with a page of policies for single applications."""
        _require_read(request, caller)
        return self.listing.many(request, caller, base, lambda policy: policy.properties)

    def one(self, key: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer with one policy."""
        _require_read(request, caller)
        return self.listing.one(key, request, base, lambda policy: policy.properties)


def _require_read(request: Request, caller: Caller) -> None:
    if request.method != "GET":
        raise not_emulated("changes of policies")
    if not caller.may_read_policies:
        raise denied()
