# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of bodies against Graph's published schema: names, types, nulls, and annotations.

The table covers the resources that this project uses. It does not depend on the local Graph, so it is a second opinion
on the requests of a client and on the answers of the local Graph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final


@dataclass(frozen=True)
class _Member:
    """A property or a link: its type, whether it is a collection, whether null is allowed."""

    kind: str
    is_collection: bool = False
    nullable: bool = True


@dataclass(frozen=True)
class _Type:
    """A structured type. An open type has more properties; a value of an abstract type has the type of a descendant."""

    base: str | None
    members: dict[str, _Member]
    is_open: bool = False
    is_abstract: bool = False
    beta: dict[str, _Member] = field(default_factory=dict)


def _members(text: str) -> dict[str, _Member]:
    """Parse members: `name` is a string, `name:type` has a type, `[]` is a collection, `!` is never null."""
    found: dict[str, _Member] = {}
    for word in text.split():
        name, _colon, kind = word.rstrip("[]!").partition(":")
        found[name] = _Member(kind or "string", "[]" in word, not word.endswith("!"))
    return found


def _type(
    text: str, base: str | None = None, *, beta: str = "", is_open: bool = False, abstract: bool = False
) -> _Type:
    return _Type(base, _members(text), is_open, abstract, _members(beta))


_PRINCIPAL_LINKS: Final = "memberOf:directoryObject[] transitiveMemberOf:directoryObject[]"
# Properties of v1.0 and beta together, for the published schema of beta is that of a national cloud. Published answers
# show `createdDateTime` of service principals and devices, which are open types, without a place in the schema.
_TYPES: Final[dict[str, _Type]] = {
    "service": _type(
        "users:user[] servicePrincipals:servicePrincipal[] groups:group[] devices:device[] organization:organization[] "
        "directory:directory auditLogs:auditLogRoot identity:identityContainer policies:policyRoot "
        "identityGovernance:identityGovernance roleManagement:roleManagement $batch:batch"
    ),
    "directory": _type(
        "attributeSets:attributeSet[] customSecurityAttributeDefinitions:customSecurityAttributeDefinition[]"
    ),
    "auditLogRoot": _type("", beta="customSecurityAttributeAudits:customSecurityAttributeAudit[]"),
    "identityContainer": _type("conditionalAccess:conditionalAccessRoot"),
    "conditionalAccessRoot": _type("policies:conditionalAccessPolicy[]"),
    "policyRoot": _type(
        "defaultAppManagementPolicy:tenantAppManagementPolicy appManagementPolicies:appManagementPolicy[]"
    ),
    "identityGovernance": _type("lifecycleWorkflows:lifecycleWorkflowsContainer"),
    "lifecycleWorkflowsContainer": _type("workflows:identityGovernance.workflow[]"),
    "roleManagement": _type("directory:rbacApplication"),
    "rbacApplication": _type("roleAssignments:unifiedRoleAssignment[] roleDefinitions:unifiedRoleDefinition[]"),
    # Envelopes.
    "batch": _type("requests:batchRequest[] responses:batchResponse[]"),
    "batchRequest": _type("id! method! url! headers:any body:any dependsOn[] atomicityGroup"),
    "batchResponse": _type("id! status:int! headers:any body:any"),
    "errorEnvelope": _type("error:error!"),
    "error": _type("code! message! target details:errorDetail[] innerError:any"),
    "errorDetail": _type("code! message! target"),
    # The schema of attributes, and the audit log.
    "entity": _type("id!"),
    "attributeSet": _type("description maxAttributesPerSet:int", "entity"),
    "allowedValue": _type("isActive:bool", "entity"),
    "customSecurityAttributeDefinition": _type(
        "attributeSet! description isCollection:bool! isSearchable:bool name! status! type! "
        "usePreDefinedValuesOnly:bool allowedValues:allowedValue[]!",
        "entity",
    ),
    "customSecurityAttributeAudit": _type(
        "activityDateTime:time! activityDisplayName! additionalDetails:keyValue[] category! correlationId "
        "initiatedBy:auditActivityInitiator! loggedByService operationType "
        "result:success|failure|timeout|unknownFutureValue resultReason targetResources:targetResource[] userAgent",
        "entity",
    ),
    "auditActivityInitiator": _type("app:appIdentity linkableIdentifiers:any user:userIdentity"),
    "appIdentity": _type("appId displayName servicePrincipalId servicePrincipalName"),
    # An open type: the home tenant and the type of a user are in published answers, not in the schema.
    "userIdentity": _type("displayName homeTenantId homeTenantName id ipAddress userPrincipalName userType"),
    "targetResource": _type(
        "displayName groupType:unifiedGroups|azureAD|unknownFutureValue id modifiedProperties:modifiedProperty[] type "
        "userPrincipalName"
    ),
    "modifiedProperty": _type("displayName newValue oldValue"),
    "keyValue": _type("key value"),
    # Directory objects.
    "directoryObject": _type("deletedDateTime:time", "entity", is_open=True, abstract=True),
    "user": _type(
        "aboutMe accountEnabled:bool ageGroup assignedLicenses:any[]! assignedPlans:any[]! authorizationInfo:any "
        "birthday:time! businessPhones[]! city companyName consentProvidedForMinor country createdDateTime:time "
        "creationType customSecurityAttributes:customSecurityAttributeValue department deviceEnrollmentLimit:int! "
        "displayName employeeHireDate:time employeeId employeeLeaveDateTime:time employeeOrgData:employeeOrgData "
        "employeeType externalUserState externalUserStateChangeDateTime:time faxNumber givenName hireDate:time! "
        "identities:objectIdentity[] identityParentId imAddresses[] interests[] isManagementRestricted:bool "
        "isResourceAccount:bool jobTitle lastPasswordChangeDateTime:time legalAgeGroupClassification "
        "licenseAssignmentStates:any[] mail mailboxSettings:any mailNickname mobilePhone mySite officeLocation "
        "onPremisesDistinguishedName onPremisesDomainName onPremisesExtensionAttributes:onPremisesExtensionAttributes "
        "onPremisesImmutableId onPremisesLastSyncDateTime:time onPremisesProvisioningErrors:any[] "
        "onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncEnabled:bool onPremisesUserPrincipalName "
        "otherMails[]! passwordPolicies passwordProfile:any pastProjects[] postalCode preferredDataLocation "
        "preferredLanguage preferredName provisionedPlans:any[]! proxyAddresses[]! responsibilities[] schools[] "
        "securityIdentifier serviceProvisioningErrors:any[] showInAddressList:bool signInActivity:signInActivity "
        "signInSessionsValidFromDateTime:time skills[] state streetAddress surname usageLocation userPrincipalName "
        f"userType manager:directoryObject sponsors:directoryObject[] {_PRINCIPAL_LINKS}",
        "directoryObject",
        is_open=True,
    ),
    "agentUser": _type("", "user", is_open=True),
    "employeeOrgData": _type("costCenter division"),
    "objectIdentity": _type("issuer issuerAssignedId signInType"),
    "onPremisesExtensionAttributes": _type(" ".join(f"extensionAttribute{n}" for n in range(1, 16))),
    "signInActivity": _type(
        "lastNonInteractiveSignInDateTime:time lastNonInteractiveSignInRequestId lastSignInDateTime:time "
        "lastSignInRequestId lastSuccessfulSignInDateTime:time lastSuccessfulSignInRequestId"
    ),
    "servicePrincipal": _type(
        "accountEnabled:bool addIns:any[]! alternativeNames[]! appDescription appDisplayName appId "
        "applicationTemplateId appOwnerOrganizationId:guid appRoleAssignmentRequired:bool! appRoles:any[]! "
        "createdByAppId createdDateTime:time customSecurityAttributes:customSecurityAttributeValue description "
        "disabledByMicrosoftStatus displayName homepage info:any isDisabled:bool keyCredentials:any[]! loginUrl "
        "logoutUrl notes notificationEmailAddresses[]! oauth2PermissionScopes:any[]! passwordCredentials:any[]! "
        "preferredSingleSignOnMode preferredTokenSigningKeyThumbprint replyUrls[]! "
        "resourceSpecificApplicationPermissions:any[]! samlSingleSignOnSettings:any servicePrincipalNames[]! "
        "servicePrincipalType signInAudience tags[]! tokenEncryptionKeyId:guid verifiedPublisher:any "
        f"owners:directoryObject[] appRoleAssignments:appRoleAssignment[] {_PRINCIPAL_LINKS}",
        "directoryObject",
        is_open=True,
    ),
    "agentIdentity": _type(
        "agentIdentityBlueprintId! sponsors:directoryObject[]",
        "servicePrincipal",
        is_open=True,
    ),
    "agentIdentityBlueprintPrincipal": _type("sponsors:directoryObject[]", "servicePrincipal", is_open=True),
    "group": _type(
        "assignedLabels:any[] assignedLicenses:any[] classification createdDateTime:time description displayName "
        "expirationDateTime:time groupTypes[]! isAssignableToRole:bool isManagementRestricted:bool mail "
        "mailEnabled:bool mailNickname membershipRule membershipRuleProcessingState onPremisesDomainName "
        "onPremisesLastSyncDateTime:time onPremisesNetBiosName onPremisesSamAccountName onPremisesSecurityIdentifier "
        "onPremisesSyncEnabled:bool preferredDataLocation preferredLanguage proxyAddresses[]! renewedDateTime:time "
        "securityEnabled:bool securityIdentifier theme uniqueName visibility members:directoryObject[] "
        f"transitiveMembers:directoryObject[] owners:directoryObject[] {_PRINCIPAL_LINKS}",
        "directoryObject",
        is_open=True,
    ),
    "device": _type(
        "accountEnabled:bool approximateLastSignInDateTime:time createdDateTime:time deviceId deviceOwnership "
        "displayName isCompliant:bool isManaged:bool manufacturer model operatingSystem operatingSystemVersion "
        f"physicalIds[]! profileType registrationDateTime:time trustType {_PRINCIPAL_LINKS}",
        "directoryObject",
        is_open=True,
    ),
    "organization": _type(
        "assignedPlans:any[]! businessPhones[]! city country countryLetterCode createdDateTime:time displayName "
        "marketingNotificationEmails[]! onPremisesLastSyncDateTime:time onPremisesSyncEnabled:bool postalCode "
        "preferredLanguage privacyProfile:any provisionedPlans:any[]! securityComplianceNotificationMails[]! "
        "securityComplianceNotificationPhones[]! state street technicalNotificationMails[]! tenantType "
        "verifiedDomains:verifiedDomain[]!",
        "directoryObject",
        is_open=True,
    ),
    "verifiedDomain": _type("capabilities isDefault:bool isInitial:bool name type"),
    # Conditional Access.
    "conditionalAccessPolicy": _type(
        "createdDateTime:time deletedDateTime:time description displayName! modifiedDateTime:time templateId "
        "state:enabled|disabled|enabledForReportingButNotEnforced! conditions:conditionalAccessConditionSet! "
        "grantControls:conditionalAccessGrantControls sessionControls:any",
        "entity",
    ),
    "conditionalAccessConditionSet": _type(
        "applications:conditionalAccessApplications! authenticationFlows:any "
        "clientApplications:conditionalAccessClientApplications clientAppTypes[]! devices:any insiderRiskLevels "
        "locations:any platforms:any servicePrincipalRiskLevels[]! signInRiskLevels[]! userRiskLevels[]! "
        "users:conditionalAccessUsers!",
        beta="agents:conditionalAccessAgents",
    ),
    "conditionalAccessAgents": _type("agentFilter:conditionalAccessFilter"),
    "conditionalAccessApplications": _type(
        "applicationFilter:conditionalAccessFilter excludeApplications[]! includeApplications[]! "
        "includeAuthenticationContextClassReferences[]! includeUserActions[]!"
    ),
    "conditionalAccessClientApplications": _type(
        "excludeServicePrincipals[]! includeServicePrincipals[]! servicePrincipalFilter:conditionalAccessFilter",
        beta="includeAgentIdServicePrincipals[]! excludeAgentIdServicePrincipals[]! "
        "agentIdServicePrincipalFilter:conditionalAccessFilter",
    ),
    "conditionalAccessFilter": _type("mode:include|exclude! rule!"),
    "conditionalAccessUsers": _type(
        "includeUsers[]! excludeUsers[]! includeGroups[]! excludeGroups[]! includeRoles[]! excludeRoles[]! "
        "includeGuestsOrExternalUsers:any excludeGuestsOrExternalUsers:any"
    ),
    "conditionalAccessGrantControls": _type(
        "authenticationStrength:any builtInControls[]! customAuthenticationFactors[]! operator termsOfUse[]!"
    ),
    # App management policies.
    "policyBase": _type("description displayName!", "directoryObject", is_open=True, abstract=True),
    "tenantAppManagementPolicy": _type(
        "isEnabled:bool! applicationRestrictions:appManagementConfiguration "
        "servicePrincipalRestrictions:appManagementConfiguration",
        "policyBase",
        is_open=True,
    ),
    "appManagementPolicy": _type(
        "isEnabled:bool! restrictions:appManagementConfiguration appliesTo:directoryObject[]",
        "policyBase",
        is_open=True,
    ),
    "appManagementConfiguration": _type(
        "keyCredentials:appManagementRestriction[] passwordCredentials:appManagementRestriction[] identifierUris:any "
        "applicationRestrictions:any"
    ),
    "appManagementRestriction": _type(
        "restrictionType:passwordAddition|passwordLifetime|symmetricKeyAddition|symmetricKeyLifetime|"
        "customPasswordAddition|asymmetricKeyLifetime|trustedCertificateAuthority|unknownFutureValue "
        "state:enabled|disabled|unknownFutureValue maxLifetime:duration restrictForAppsCreatedAfterDateTime:time "
        "excludeActors:appManagementPolicyActorExemptions certificateBasedApplicationConfigurationIds[]!"
    ),
    "appManagementPolicyActorExemptions": _type("customSecurityAttributes:customSecurityAttributeExemption[]"),
    "customSecurityAttributeExemption": _type("operator:equals|unknownFutureValue!", "entity", abstract=True),
    "customSecurityAttributeStringValueExemption": _type("value!", "customSecurityAttributeExemption"),
    # Lifecycle workflows.
    "identityGovernance.workflow": _type(
        "id category:joiner|leaver|mover|unknownFutureValue createdDateTime:time deletedDateTime:time description "
        "displayName! executionConditions:identityGovernance.workflowExecutionConditions isEnabled:bool "
        "isSchedulingEnabled:bool lastModifiedDateTime:time nextScheduleRunDateTime:time "
        "quarantineDetails:identityGovernance.quarantineDetails tasks:identityGovernance.task[] version:int"
    ),
    "identityGovernance.workflowExecutionConditions": _type("", abstract=True),
    "identityGovernance.onDemandExecutionOnly": _type("", "identityGovernance.workflowExecutionConditions"),
    "identityGovernance.triggerAndScopeBasedConditions": _type(
        "scope:identityGovernance.subjectSet trigger:identityGovernance.workflowExecutionTrigger",
        "identityGovernance.workflowExecutionConditions",
    ),
    "identityGovernance.subjectSet": _type("", abstract=True),
    "identityGovernance.ruleBasedSubjectSet": _type("rule", "identityGovernance.subjectSet"),
    "identityGovernance.workflowExecutionTrigger": _type("", abstract=True),
    "identityGovernance.timeBasedAttributeTrigger": _type(
        "offsetInDays:int timeBasedAttribute:employeeHireDate|employeeLeaveDateTime|createdDateTime|unknownFutureValue",
        "identityGovernance.workflowExecutionTrigger",
    ),
    "identityGovernance.attributeChangeTrigger": _type(
        "triggerAttributes:identityGovernance.triggerAttribute[]", "identityGovernance.workflowExecutionTrigger"
    ),
    "identityGovernance.triggerAttribute": _type("name"),
    "identityGovernance.quarantineDetails": _type(
        "quarantinedDateTime:time quarantineReason quarantineType:notQuarantined|countBasedThresholdExceeded|"
        "percentageBasedThresholdExceeded|multipleConditionsExceeded|unknownFutureValue"
    ),
    "identityGovernance.task": _type(
        "arguments:keyValuePair[]! category continueOnError:bool! description displayName! executionSequence:int! "
        "isEnabled:bool! taskDefinitionId!",
        "entity",
    ),
    "keyValuePair": _type("name! value"),
    # Directory roles.
    "appRoleAssignment": _type(
        "appRoleId:guid! createdDateTime:time principalDisplayName principalId:guid principalType resourceDisplayName "
        "resourceId:guid",
        "directoryObject",
    ),
    "unifiedRoleAssignment": _type(
        "appScopeId condition directoryScopeId principalId principalOrganizationId roleDefinitionId "
        "principal:directoryObject roleDefinition:unifiedRoleDefinition",
        "entity",
    ),
    "unifiedRoleDefinition": _type(
        "description displayName isBuiltIn:bool isEnabled:bool resourceScopes[]! rolePermissions:any[]! templateId "
        "version",
        "entity",
    ),
}

_TEXTS: Final[dict[str, re.Pattern[str]]] = {  # types whose values are strings in JSON
    "string": re.compile(r".*", re.DOTALL),
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)"),
    "guid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "duration": re.compile(r"-?P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"),
}
_SET_TYPES: Final = (
    "#microsoft.graph.customSecurityAttributeValue",
    "#Microsoft.DirectoryServices.CustomSecurityAttributeValue",
)
_ANNOTATIONS: Final = {"odata.context", "odata.count", "odata.etag", "odata.id", "odata.nextLink", "odata.type"}
_PREFIX: Final = "microsoft.graph."
_COUNT: Final = _Member("count", nullable=False)


def findings(method: str, path: list[str], body: Any, status: int | None = None) -> list[str]:
    """Return a sentence for each error in a body.

    Args:
        method: of the request.
        path: the segments of the request, the version first.
        body: parsed JSON, or text.
        status: of the answer; None if the body is that of the request.
    """
    is_beta = path[:1] == ["beta"]
    if status is not None and status >= 400:
        return list(_Check(is_beta, is_answer=True).structure("errorEnvelope", body, "error"))
    target = _target(path[1:], is_beta)
    if target is None:
        return [f"no resource of the table has the path /{'/'.join(path)}"]
    check = _Check(is_beta, is_answer=status is not None)
    if target == _COUNT:
        return [] if isinstance(body, str) and body.isdigit() else [f"the count {body!r} is not a number in text"]
    if not isinstance(body, dict):
        return [f"the body {body!r} is not an object"]
    return list(check.body(body, replace(target, is_collection=target.is_collection and method == "GET")))


def _target(path: list[str], is_beta: bool) -> _Member | None:
    """Return the type at the end of a path: of a collection, an object, or a count. A cast changes the type."""
    at = _Member("service")
    for segment in path:
        name = segment.partition("(")[0]
        if name.startswith(_PREFIX) and _descends(name.removeprefix(_PREFIX), at.kind):
            at = replace(at, kind=name.removeprefix(_PREFIX))
        elif at.is_collection:
            at = _COUNT if name == "$count" else replace(at, is_collection=False)
        elif (member := _members_of(at.kind, is_beta).get(name)) is not None:
            at = member
        else:
            return None
    return at


def _members_of(kind: str, is_beta: bool) -> dict[str, _Member]:
    """Return the members of a type, with inherited ones. A type without a structure has none."""
    found = _TYPES.get(kind)
    if found is None:
        return {}
    inherited = _members_of(found.base, is_beta) if found.base else {}
    return {**inherited, **found.members, **(found.beta if is_beta else {})}


def _descends(kind: str | None, ancestor: str) -> bool:
    while kind is not None and kind != ancestor:
        kind = _TYPES[kind].base if kind in _TYPES else None
    return kind is not None


@dataclass(frozen=True)
class _Check:
    """Checker of one body, which yields findings. `where` is the dotted path of a part."""

    is_beta: bool
    is_answer: bool

    def body(self, body: dict[str, Any], target: _Member) -> Iterator[str]:
        """Check a whole body, an object or a page of objects."""
        if self.is_answer and target.kind != "batch" and "@odata.context" not in body:
            yield "the answer lacks @odata.context"
        if not target.is_collection:
            yield from self.structure(target.kind, body, "", is_root=True)
            return
        for name in body:
            if name != "value" and name.removeprefix("@") not in _ANNOTATIONS:
                yield f"a page has no {name}"
        yield from self.member(replace(target, nullable=False), body.get("value"), "value")

    def member(self, member: _Member, value: Any, where: str) -> Iterator[str]:
        """Check the value of a member."""
        if value is None:
            if not member.nullable:
                yield f"{where} is null, which its type {member.kind} does not allow"
        elif not member.is_collection:
            yield from self.single(member.kind, value, where)
        elif not isinstance(value, list):
            yield f"{where} is {value!r}, not a collection"
        else:
            for place, item in enumerate(value):
                yield from self.single(member.kind, item, f"{where}[{place}]")

    def single(self, kind: str, value: Any, where: str) -> Iterator[str]:
        """Check one value that is not null by its type."""
        if kind == "any":
            return
        if kind == "customSecurityAttributeValue":
            yield from self.attribute_sets(value, where)
        elif kind in _TYPES:
            yield from self.structure(kind, value, where)
        elif kind == "bool":
            fits = isinstance(value, bool)
            yield from [] if fits else [f"{where} is {value!r}, not a Boolean"]
        elif kind == "int":
            fits = isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31
            yield from [] if fits else [f"{where} is {value!r}, not an integer of 32 bits"]
        elif "|" in kind:
            yield from [] if value in kind.split("|") else [f"{where} is {value!r}, not one of {kind}"]
        elif not isinstance(value, str) or not _TEXTS[kind].fullmatch(value):
            yield f"{where} is {value!r}, not of the type {kind}"

    def structure(self, kind: str, value: Any, where: str, *, is_root: bool = False) -> Iterator[str]:
        """Check an object: its type, the names in it, its members."""
        if not isinstance(value, dict):
            yield f"{where} is {value!r}, not an object of the type {kind}"
            return
        stated = value.get("@odata.type")
        if stated is not None:
            own = str(stated).removeprefix("#").removeprefix(_PREFIX)
            if not _descends(own, kind):
                yield f"{where or 'the body'} states the type {stated!r}, which is not a {kind}"
                return
            kind = own
        elif _TYPES[kind].is_abstract:
            yield f"{where or 'the body'} lacks @odata.type, for {kind} is abstract"
            return
        members = _members_of(kind, self.is_beta)
        for name, item in value.items():
            place = f"{where}.{name}".lstrip(".")
            owner, at, annotation = name.partition("@")
            if annotation == "delta" and owner in members:
                yield from self.member(members[owner], item, place)
            elif at:
                if annotation not in _ANNOTATIONS or (owner and owner not in members):
                    yield f"{place} is not an annotation of a {kind}"
            elif name in members:
                yield from self.member(members[name], item, place)
            elif not (_TYPES[kind].is_open and "_" in name):  # as the names of directory extensions have
                yield f"{place} is not a property of a {kind}"
        if self.is_answer and is_root and kind == "batch" and "responses" not in value:
            yield "the answer to a batch lacks responses"

    def attribute_sets(self, value: Any, where: str) -> Iterator[str]:
        """Check custom security attributes, whose types are only in annotations (graph-facts 2 and 3)."""
        if not isinstance(value, dict):
            yield f"{where} is {value!r}, not an object"
            return
        for set_name, members in value.items():
            if set_name == "@odata.type":
                continue
            place = f"{where}.{set_name}"
            if not isinstance(members, dict) or members.get("@odata.type") not in _SET_TYPES:
                yield f"{place} lacks the @odata.type of an attribute set"
                continue
            for name, item in members.items():
                owner, at, annotation = name.partition("@")
                if not at:
                    yield from self.attribute(item, members.get(f"{name}@odata.type"), f"{place}.{name}")
                elif annotation != "odata.type" or (owner and owner not in members):
                    yield f"{place}.{name} is not an annotation of an attribute"

    def attribute(self, value: Any, stated: Any, where: str) -> Iterator[str]:
        """Check the value of one attribute and its annotated type."""
        if value is None or value == []:
            return  # the removal of a value
        items = value if isinstance(value, list) else [value]
        kinds = {_ATTRIBUTE_TYPES.get(type(item), "?") for item in items}
        kind = kinds.pop() if len(kinds) == 1 else "?"
        if kind == "?" or (isinstance(value, list) and kind == "Boolean"):
            yield f"{where} is {value!r}, not the value of an attribute"
            return
        yield from self.single({"Int32": "int", "String": "string", "Boolean": "bool"}[kind], items[0], where)
        expected = f"#Collection({kind})" if isinstance(value, list) else f"#{kind}"
        # JSON shows the types String and Boolean, and that of a number in an answer.
        implied = not isinstance(value, list) and (kind != "Int32" or self.is_answer)
        if stated != expected and not (implied and stated is None):
            yield f"{where} is annotated as {stated!r}, not as {expected!r}"


_ATTRIBUTE_TYPES: Final[dict[type, str]] = {bool: "Boolean", int: "Int32", str: "String"}
