# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of Graph that the emulator does not serve. It answers 501, which differs from every refusal of Graph.

The names are those of Graph's published schema. A name that no list contains does not exist in Graph.
"""

from __future__ import annotations

from typing import Final

from .exchange import GraphError, not_emulated


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Entity sets and singletons, of v1.0 and beta.
_RESOURCES: Final = _names(
    "accessReviewDecisions accessReviews activitystatistics admin administrativeUnits agentRegistry "
    "agreementAcceptances agreements allowedDataLocations app appCatalogs applications applicationTemplates "
    "appRoleAssignments approvalWorkflowProviders auditLogs authenticationMethodConfigurations "
    "authenticationMethodDevices "
    "authenticationMethodsPolicy bookingBusinesses bookingCurrencies businessFlowTemplates "
    "certificateBasedAuthConfiguration chats cloud commands communications compliance connections contacts contracts "
    "copilot dataClassification dataPolicyOperations deviceAppManagement deviceLocalCredentials deviceManagement "
    "devices directory directoryObjects directoryRoles directoryRoleTemplates directorySettingTemplates "
    "domainDnsRecords domains drive drives education employeeExperience external filterOperators financials functions "
    "governanceResources governanceRoleAssignments governanceRoleDefinitions governanceSubjects "
    "groupLifecyclePolicies groups groupSettings groupSettingTemplates identity identityGovernance "
    "identityProtection identityProviders informationProtection invitations localizations me messageEvents "
    "messageRecipients messageTraces monitoring networkAccess oauth2PermissionGrants onPremisesPublishingProfiles "
    "organization permissionGrants places planner policies print privacy privilegedAccess privilegedApproval "
    "privilegedOperationEvents privilegedRoleAssignmentRequests privilegedRoleAssignments privilegedRoles "
    "privilegedSignupStatus programControls programControlTypes programs reports riskDetections riskyUsers "
    "roleManagement schemaExtensions scopedRoleMemberships search security servicePrincipals settings shares sites "
    "solutions storage subscribedSkus subscriptions teams teamsTemplates teamTemplateDefinition teamwork templates "
    "tenantRelationships threatSubmission trustFramework userAccountInformations users workplace"
)

# Navigation properties, functions and actions below resources that the emulator serves in part.
_COMMON: Final = (
    "checkMemberGroups checkMemberObjects delta getByIds getMemberGroups getMemberObjects restore validateProperties"
)
_BELOW: Final[dict[str, frozenset[str]]] = {
    "users": _names(
        f"{_COMMON} activities adhocCalls agreementAcceptances appRoleAssignedResources appRoleAssignments "
        "assignLicense authentication calendar calendarGroups calendars calendarView changePassword chats "
        "cloudClipboard cloudPCs contactFolders contacts createdObjects dataSecurityAndGovernance "
        "deviceManagementTroubleshootingEvents directReports drive drives employeeExperience events extensions "
        "findMeetingTimes followedSites getMailTips inferenceClassification informationProtection insights "
        "invitedBy joinedTeams licenseDetails mailboxSettings mailFolders managedAppRegistrations managedDevices "
        "manager memberOf messages oauth2PermissionGrants onenote onlineMeetings onPremisesSyncBehavior outlook "
        "ownedDevices ownedObjects people permissionGrants photo photos planner presence profile "
        "registeredDevices reprocessLicenseAssignment retryServiceProvisioning revokeSignInSessions "
        "scopedRoleMemberOf sendMail settings solutions sponsorOf sponsors teamwork todo transitiveMemberOf "
        "transitiveReports"
    ),
    "servicePrincipals": _names(
        f"{_COMMON} addKey addPassword addTokenSigningCertificate appManagementPolicies appRoleAssignedTo "
        "appRoleAssignments claimsMappingPolicies claimsPolicy createdObjects delegatedPermissionClassifications "
        "endpoints federatedIdentityCredentials homeRealmDiscoveryPolicies licenseDetails memberOf "
        "oauth2PermissionGrants ownedObjects owners permissionGrantPreApprovalPolicies "
        "remoteDesktopSecurityConfiguration removeKey removePassword synchronization "
        "tokenIssuancePolicies tokenLifetimePolicies transitiveMemberOf"
    ),
    "groups": _names(
        f"{_COMMON} acceptedSenders addFavorite appRoleAssignments assignLicense calendar calendarView "
        "checkGrantedPermissionsForApp conversations createdOnBehalfOf drive drives events extensions "
        "groupLifecyclePolicies memberOf members membersWithLicenseErrors onenote onPremisesSyncBehavior owners "
        "permissionGrants photo photos planner rejectedSenders renew settings sites team threads transitiveMemberOf "
        "transitiveMembers"
    ),
    "devices": _names(
        f"{_COMMON} commands extensions memberOf registeredOwners registeredUsers transitiveMemberOf usageRights"
    ),
    "directory": _names(
        "administrativeUnits attributeSets authenticationMethodDevices certificateAuthorities "
        "customSecurityAttributeDefinitions deletedItems deviceLocalCredentials externalUserProfiles "
        "featureRolloutPolicies federationConfigurations impactedResources inboundSharedUserProfiles "
        "onPremisesSynchronization outboundSharedUserProfiles pendingExternalUserProfiles "
        "publicKeyInfrastructure recommendations "
        "recovery remoteTenantGroups sharedEmailDomains subscriptions templates"
    ),
    "auditLogs": _names("directoryAudits directoryProvisioning provisioning signIns signUps"),
}
_PROPERTIES: Final[dict[str, frozenset[str]]] = {
    "microsoft.graph.user": _names(
        "aboutMe authorizationInfo birthday deviceEnrollmentLimit externalUserStateChangeDateTime hireDate interests "
        "isManagementRestricted isResourceAccount lastPasswordChangeDateTime licenseAssignmentStates mailboxSettings "
        "mySite onPremisesDistinguishedName onPremisesDomainName onPremisesLastSyncDateTime "
        "onPremisesProvisioningErrors onPremisesSamAccountName onPremisesSecurityIdentifier "
        "onPremisesUserPrincipalName passwordProfile pastProjects preferredName print provisionedPlans "
        "refreshTokensValidFromDateTime responsibilities schools serviceProvisioningErrors showInAddressList "
        "signInActivity signInSessionsValidFromDateTime skills"
    ),
    "microsoft.graph.servicePrincipal": _names(
        "addIns errorUrl isDisabled passwordSingleSignOnSettings preferredTokenSigningKeyEndDateTime "
        "preferredTokenSigningKeyThumbprint publishedPermissionScopes publisherName "
        "resourceSpecificApplicationPermissions samlMetadataUrl"
    ),
}
_RESOURCES_BY_LOWER: Final = {name.lower(): name for name in _RESOURCES}
_BELOW_BY_LOWER: Final = {owner: {name.lower(): name for name in names} for owner, names in _BELOW.items()}


def spelled(path: list[str]) -> list[str]:
    """Return a path with Graph's spelling of resources. Graph accepts any case (graph-facts 16)."""
    if not path:
        return path
    name, parenthesis, rest = path[0].partition("(")
    first = _RESOURCES_BY_LOWER.get(name.lower(), name)
    result = [first + parenthesis + rest, *path[1:]]
    place = 1 if first in ("directory", "auditLogs") else 2
    below = _BELOW_BY_LOWER.get(first, {})
    if len(result) > place:
        result[place] = below.get(result[place].lower(), result[place])
    return result


def is_property(type_name: str, name: str) -> bool:
    """Return whether Graph has a property that the local Graph lacks."""
    return name in _PROPERTIES.get(type_name, ())


def unserved(path: list[str]) -> GraphError:
    """Return the answer to an unsupported path: 501 if Graph has it, otherwise 400, as Graph answers."""
    if not path:
        return not_emulated("the list of resources")
    owner = path[0].partition("(")[0]
    place = 1 if owner in ("directory", "auditLogs") else 2
    below = _BELOW.get(owner)
    unknown = path[0]
    if path[0] == "$metadata" or (owner in _RESOURCES and (below is None or len(path) <= place)):
        return not_emulated(f"/{'/'.join(path)}")
    if below is not None:
        unknown = path[place]
        if unknown.partition("(")[0].removeprefix("microsoft.graph.") in below and len(path) > place:
            return not_emulated(f"/{'/'.join(path)}")
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{unknown}'.")
