# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties of users and service principals, and which of them come by default."""

from __future__ import annotations

from typing import Any, Final

from .directory import Collection
from .exchange import GraphError, not_emulated
from .unserved import is_property

ATTRIBUTES: Final = "customSecurityAttributes"

_USER_DEFAULTS: Final = (
    "businessPhones displayName givenName jobTitle mail mobilePhone officeLocation preferredLanguage surname "
    "userPrincipalName id"
)
_USER_OTHERS: Final = (
    "accountEnabled ageGroup assignedLicenses assignedPlans city companyName consentProvidedForMinor country "
    "createdDateTime creationType customSecurityAttributes deletedDateTime department employeeHireDate employeeId "
    "employeeLeaveDateTime employeeOrgData employeeType externalUserState externalUserStateChangeDateTime faxNumber "
    "identities identityParentId imAddresses isManagementRestricted isResourceAccount lastPasswordChangeDateTime "
    "legalAgeGroupClassification mailNickname onPremisesDistinguishedName onPremisesDomainName "
    "onPremisesExtensionAttributes onPremisesImmutableId onPremisesLastSyncDateTime onPremisesSamAccountName "
    "onPremisesSecurityIdentifier onPremisesSyncEnabled onPremisesUserPrincipalName otherMails passwordPolicies "
    "postalCode preferredDataLocation proxyAddresses securityIdentifier showInAddressList signInActivity state "
    "streetAddress usageLocation userType"
)
_SERVICE_PRINCIPAL_DEFAULTS: Final = (
    "id accountEnabled addIns alternativeNames appDescription appDisplayName appId applicationTemplateId "
    "appOwnerOrganizationId appRoleAssignmentRequired appRoles createdDateTime deletedDateTime description "
    "disabledByMicrosoftStatus displayName homepage info keyCredentials loginUrl logoutUrl notes "
    "notificationEmailAddresses oauth2PermissionScopes passwordCredentials preferredSingleSignOnMode "
    "preferredTokenSigningKeyThumbprint replyUrls resourceSpecificApplicationPermissions samlSingleSignOnSettings "
    "servicePrincipalNames servicePrincipalType signInAudience tags tokenEncryptionKeyId verifiedPublisher"
)
_SERVICE_PRINCIPAL_OTHERS: Final = "agentIdentityBlueprintId createdByAppId customSecurityAttributes isDisabled"
_GROUP_DEFAULTS: Final = (
    "id deletedDateTime classification createdDateTime description displayName expirationDateTime groupTypes "
    "isAssignableToRole mail mailEnabled mailNickname membershipRule membershipRuleProcessingState "
    "onPremisesDomainName onPremisesLastSyncDateTime onPremisesNetBiosName onPremisesSamAccountName "
    "onPremisesSecurityIdentifier onPremisesSyncEnabled preferredDataLocation preferredLanguage proxyAddresses "
    "renewedDateTime securityEnabled securityIdentifier theme uniqueName visibility"
)
_DEVICE_DEFAULTS: Final = (
    "id deletedDateTime accountEnabled approximateLastSignInDateTime createdDateTime deviceId displayName isCompliant "
    "isManaged manufacturer model operatingSystem operatingSystemVersion trustType"
)
_POLICY: Final = (
    "id templateId displayName createdDateTime modifiedDateTime state conditions grantControls sessionControls"
)
_APP_MANAGEMENT_POLICY: Final = "id displayName description isEnabled restrictions"
_WORKFLOW: Final = (  # of the list, which lacks executionConditions (consumer-facts 2)
    "category description displayName isEnabled isSchedulingEnabled lastModifiedDateTime createdDateTime "
    "deletedDateTime id nextScheduleRunDateTime version quarantineDetails"
)
_ROLE_ASSIGNMENT: Final = "id principalId directoryScopeId roleDefinitionId"
_ROLE_DEFINITION: Final = "id displayName description isBuiltIn isEnabled templateId"
_APP_ROLE_ASSIGNMENT: Final = (
    "id deletedDateTime appRoleId createdDateTime principalDisplayName principalId principalType resourceDisplayName "
    "resourceId"
)
# A membership path returns all but the attributes: whether it can return those is unknown (consumer-facts 6).
_DIRECTORY_OBJECT: Final = " ".join(
    name
    for name in f"{_USER_DEFAULTS} {_USER_OTHERS} {_SERVICE_PRINCIPAL_DEFAULTS} {_SERVICE_PRINCIPAL_OTHERS} "
    f"{_GROUP_DEFAULTS} {_DEVICE_DEFAULTS}".split()
    if name != ATTRIBUTES
)
_NAMES: Final[dict[Collection, tuple[str, str, str]]] = {  # type, properties without $select, others
    "users": ("user", _USER_DEFAULTS, _USER_OTHERS),
    "servicePrincipals": ("servicePrincipal", _SERVICE_PRINCIPAL_DEFAULTS, _SERVICE_PRINCIPAL_OTHERS),
    "groups": ("group", _GROUP_DEFAULTS, ""),
    "devices": ("device", _DEVICE_DEFAULTS, ""),
    "directoryObjects": ("directoryObject", "id", _DIRECTORY_OBJECT),
    "conditionalAccessPolicies": ("conditionalAccessPolicy", _POLICY, ""),
    "appManagementPolicies": ("appManagementPolicy", _APP_MANAGEMENT_POLICY, ""),
    "lifecycleWorkflows": ("identityGovernance.workflow", _WORKFLOW, ""),
    "roleAssignments": ("unifiedRoleAssignment", _ROLE_ASSIGNMENT, ""),
    "roleDefinitions": ("unifiedRoleDefinition", _ROLE_DEFINITION, ""),
    "appRoleAssignments": ("appRoleAssignment", _APP_ROLE_ASSIGNMENT, ""),
}
TYPE_NAMES: Final[dict[Collection, str]] = {
    name: f"microsoft.graph.{kind}" for name, (kind, _defaults, _others) in _NAMES.items()
}
DEFAULT_PROPERTIES: Final[dict[Collection, tuple[str, ...]]] = {
    name: tuple(defaults.split()) for name, (_kind, defaults, _others) in _NAMES.items()
}
PROPERTIES: Final[dict[Collection, frozenset[str]]] = {
    name: frozenset(f"{defaults} {others}".split()) for name, (_kind, defaults, others) in _NAMES.items()
}
COMPLEX: Final = frozenset({"employeeOrgData", "onPremisesExtensionAttributes"})  # filters can use their members
NESTED: Final = frozenset({"conditions"})  # filters can use their members at any depth (consumer-facts 1)
_LISTS: Final = (
    "addIns alternativeNames appRoles assignedLicenses assignedPlans businessPhones groupTypes identities imAddresses "
    "keyCredentials notificationEmailAddresses oauth2PermissionScopes otherMails passwordCredentials proxyAddresses "
    "replyUrls resourceSpecificApplicationPermissions servicePrincipalNames tags"
)
LISTS: Final = frozenset(_LISTS.split())  # never null
NEVER_NULL: Final = LISTS | {"appRoleAssignmentRequired"}


def shown(properties: dict[str, Any], name: str) -> Any:
    """Return a property as Graph does: null, or an empty list where null is not allowed, if it is not stored."""
    value = properties.get(name)
    if value is not None or name not in NEVER_NULL:
        return value
    if name == "appRoleAssignmentRequired":
        return False
    return [properties["appId"]] if name == "servicePrincipalNames" and "appId" in properties else []


def selected(option: str | None, known: frozenset[str], type_name: str) -> list[str] | None:
    """Return the names in `$select`, or None without it. They can have any case (graph-facts 16).

    Raises GraphError for a name that the type lacks (400), or that only Graph supports (501).
    """
    if not option:
        return None
    spelled = {name.lower(): name for name in known}
    names = [spelled.get(name.strip().lower(), name.strip()) for name in option.split(",")]
    for name in names:
        if name not in known:
            if is_property(type_name, name):
                raise not_emulated(f"the property '{name}'")
            text = f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type"
            raise GraphError(400, "BadRequest", f"{text} '{type_name}'.")
    return names
