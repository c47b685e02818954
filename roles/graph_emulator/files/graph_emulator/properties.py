# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which properties users and service principals have, and which of them come without being asked for."""

from __future__ import annotations

from typing import Final

from .directory import Collection
from .exchange import GraphError

ATTRIBUTES: Final = "customSecurityAttributes"

_USER_DEFAULTS: Final = (
    "businessPhones displayName givenName jobTitle mail mobilePhone officeLocation preferredLanguage surname "
    "userPrincipalName id"
)
_USER_OTHERS: Final = (
    "accountEnabled ageGroup assignedLicenses assignedPlans city companyName consentProvidedForMinor country "
    "createdDateTime creationType customSecurityAttributes deletedDateTime department employeeHireDate employeeId "
    "employeeLeaveDateTime employeeOrgData employeeType externalUserState faxNumber identities imAddresses "
    "legalAgeGroupClassification mailNickname onPremisesExtensionAttributes onPremisesImmutableId "
    "onPremisesSyncEnabled otherMails passwordPolicies postalCode preferredDataLocation proxyAddresses "
    "securityIdentifier state streetAddress usageLocation userType identityParentId"
)
_SERVICE_PRINCIPAL_DEFAULTS: Final = (
    "id accountEnabled alternativeNames appDescription appDisplayName appId appOwnerOrganizationId "
    "appRoleAssignmentRequired appRoles createdDateTime description displayName homepage info keyCredentials loginUrl "
    "logoutUrl notes notificationEmailAddresses oauth2PermissionScopes passwordCredentials preferredSingleSignOnMode "
    "replyUrls servicePrincipalNames servicePrincipalType signInAudience tags tokenEncryptionKeyId"
)
_SERVICE_PRINCIPAL_OTHERS: Final = (
    "applicationTemplateId customSecurityAttributes deletedDateTime disabledByMicrosoftStatus samlSingleSignOnSettings "
    "verifiedPublisher createdByAppId agentIdentityBlueprintId"
)
DEFAULT_PROPERTIES: Final[dict[Collection, tuple[str, ...]]] = {
    "users": tuple(_USER_DEFAULTS.split()),
    "servicePrincipals": tuple(_SERVICE_PRINCIPAL_DEFAULTS.split()),
}
PROPERTIES: Final[dict[Collection, frozenset[str]]] = {
    "users": frozenset(f"{_USER_DEFAULTS} {_USER_OTHERS}".split()),
    "servicePrincipals": frozenset(f"{_SERVICE_PRINCIPAL_DEFAULTS} {_SERVICE_PRINCIPAL_OTHERS}".split()),
}
TYPE_NAMES: Final[dict[Collection, str]] = {
    "users": "microsoft.graph.user",
    "servicePrincipals": "microsoft.graph.servicePrincipal",
}


def selected(option: str | None, known: frozenset[str], type_name: str) -> list[str] | None:
    """Return the names in `$select`, or None without it. Raises GraphError (400) for a name the type has not."""
    if not option:
        return None
    names = [name.strip() for name in option.split(",")]
    for name in names:
        if name not in known:
            text = f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type"
            raise GraphError(400, "BadRequest", f"{text} '{type_name}'.")
    return names
