# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directory roles and their assignments, for the tenant or one attribute set (consumer-facts 5)."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from typing import Any, Final

from .access import ROLE_TEMPLATES, Caller
from .directory import Directory, Resource
from .exchange import (
    GraphError,
    Request,
    Response,
    bad_request,
    conflict,
    denied,
    not_emulated,
    not_found,
    unsupported_query,
    wrong_method,
)
from .faults import Quirks
from .pages import Listing
from .relations import Relations

ASSIGNMENTS: Final = "roleManagement/directory/roleAssignments"
DEFINITIONS: Final = "roleManagement/directory/roleDefinitions"
_EXPANDED: Final = re.compile(r"(principal|roleDefinition)(?:\(\$select=([\w,]+)\))?")
_SETS: Final = "/attributeSets/"


class RoleAssignments:
    """Handler of the requests on role definitions and role assignments."""

    def __init__(self, directory: Directory, relations: Relations, quirks: Quirks) -> None:
        self.directory = directory
        self.relations = relations
        self.quirks = quirks
        self.listing = Listing("roleAssignments", ASSIGNMENTS, directory, quirks)
        self.roles = Listing("roleDefinitions", DEFINITIONS, directory, quirks)
        self.definitions = {template: _definition(name, template) for name, template in ROLE_TEMPLATES.items()}

    def definition_list(self, request: Request, caller: Caller, base: str) -> Response:
        """Answer with a page of the built-in role definitions."""
        _require_read(request, caller)
        among = list(self.definitions.values())
        return self.roles.many(request, caller, base, lambda role: role.properties, among)

    def definition(self, key: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer with one role definition."""
        _require_read(request, caller)
        found = self.definitions.get(key.lower())
        if found is None:
            raise not_found(key)
        return self.roles.single(found, request, base, lambda role: role.properties)

    def many(self, request: Request, caller: Caller, base: str) -> Response:
        """Answer with a page of assignments, or create one."""
        if request.method == "POST":
            return self._create(request, caller, base)
        _require_read(request, caller)
        if self.quirks.scope_filter == "refuse" and "directoryScopeId" in request.query.get("$filter", ""):
            raise unsupported_query("Unsupported or invalid query filter clause specified for 'directoryScopeId'.")
        expanded = _expanded(request.query.get("$expand"))
        return self.listing.many(
            request, caller, base, lambda item: self._shown(item, expanded, caller), options=frozenset({"$expand"})
        )

    def one(self, key: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer with one assignment, or delete it."""
        if request.method == "DELETE":
            _require_write(caller)
            found = self.directory.resource("roleAssignments", key)
            if found is None:
                raise not_found(key)
            self.directory.remove(found)
            return Response(204)
        _require_read(request, caller)
        expanded = _expanded(request.query.get("$expand"))
        return self.listing.one(
            key, request, base, lambda item: self._shown(item, expanded, caller), options=frozenset({"$expand"})
        )

    def _shown(self, assignment: Resource, expanded: dict[str, list[str] | None], caller: Caller) -> dict[str, Any]:
        item = dict(assignment.properties)
        if "principal" in expanded:
            principal = self.directory.directory_object(item.get("principalId", ""))
            item["principal"] = principal and self.relations.shown(principal, expanded["principal"], caller, named=True)
        if "roleDefinition" in expanded:
            definition, names = self.definitions.get(item.get("roleDefinitionId", "")), expanded["roleDefinition"]
            item["roleDefinition"] = definition and {
                name: value for name, value in definition.properties.items() if names is None or name in names
            }
        return item

    def _create(self, request: Request, caller: Caller, base: str) -> Response:
        """Create an assignment. Raises GraphError for an invalid body, role, principal or scope."""
        body = request.json()
        _require_write(caller)
        if not isinstance(body, dict):
            raise GraphError(400, "BadRequest", "The request body is not an object.")
        members = {name: body.get(name) for name in ("roleDefinitionId", "principalId", "directoryScopeId")}
        for name, value in members.items():
            if not isinstance(value, str) or not value:
                raise bad_request(f"The property '{name}' is missing or is not a string.")
        role, principal, scope = (str(value) for value in members.values())
        members |= {"roleDefinitionId": role.lower(), "principalId": principal.lower()}
        self._check_role(role)
        self._check_principal(principal)
        self._check_scope(role, scope)
        if any(other.properties.items() >= members.items() for other in self.directory.members["roleAssignments"]):
            raise conflict(principal, self.quirks.conflict_status)
        properties = {"id": assignment_id(role, principal, scope), **members}
        self.directory.add(Resource("roleAssignments", properties))
        return Response(201, {"@odata.context": f"{base}/$metadata#{ASSIGNMENTS}/$entity", **properties})

    def _check_role(self, role: str) -> None:
        if role.lower() not in self.definitions:
            raise not_found(role)

    def _check_principal(self, key: str) -> None:
        principal = self.directory.directory_object(key)
        if principal is None:
            raise not_found(key)
        if principal.collection == "devices":
            raise bad_request("A directory role cannot be assigned to a device.")
        if principal.collection == "groups" and not principal.properties.get("isAssignableToRole"):
            raise bad_request("A directory role can be assigned to a group only if the group is role-assignable.")

    def _check_scope(self, role: str, scope: str) -> None:
        """Raise GraphError unless the scope is the tenant or, for a role of attributes, an attribute set."""
        if scope == "/":
            return
        if not scope.startswith(_SETS):
            raise bad_request(f"The directory scope '{scope}' is not supported.")
        if scope.removeprefix(_SETS) not in self.directory.sets:
            raise not_found(scope.removeprefix(_SETS))
        if not self.definitions[role.lower()].properties["displayName"].startswith("Attribute "):
            raise bad_request("This role cannot be assigned at the scope of an attribute set.")


class AppPermissions:
    """Handler of the requests on the application permissions of a service principal (consumer-facts 5)."""

    def __init__(self, directory: Directory, quirks: Quirks) -> None:
        self.directory = directory
        self.listing = Listing("appRoleAssignments", "appRoleAssignments", directory, quirks)

    def many(self, owner: Resource, request: Request, caller: Caller, base: str) -> Response:
        """Answer with a page of app role assignments of Microsoft Graph."""
        if request.method != "GET":
            raise not_emulated("changes of appRoleAssignments")
        if not caller.may_read_objects("servicePrincipals"):
            raise denied()
        application = self.directory.applications.get(owner.properties.get("appId", ""))
        granted = [APP_ROLES[name] for name in application.permissions if name in APP_ROLES] if application else []
        among = [_app_role_assignment(owner, role) for role in granted]
        return self.listing.many(request, caller, base, lambda item: item.properties, among)


APP_ROLES: Final = {
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "CustomSecAttributeAssignment.Read.All": "3b37c5a4-1226-493d-bec3-5d6c6b866f3f",
    "CustomSecAttributeAssignment.ReadWrite.All": "de89b5e4-5b8f-48eb-8925-29c2b33bd8bd",
    "CustomSecAttributeAuditLogs.Read.All": "2a4f026d-e829-4e84-bdbf-d981a2703059",
    "CustomSecAttributeDefinition.Read.All": "b185aa14-d8d2-42c1-a685-0f5596613624",
    "CustomSecAttributeDefinition.ReadWrite.All": "12338004-21f4-4896-bf5e-b75dfaf1016d",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
}
"""Application permissions of Microsoft Graph by the ids that they have everywhere; others are left out."""
_GRAPH: Final = "00000003-0000-0000-c000-000000000000"


def _app_role_assignment(owner: Resource, role: str) -> Resource:
    """Return an app role assignment. The id of the resource is made up: no state has Graph's service principal."""
    properties = {
        "id": assignment_id(role, owner.id, "/"),
        "deletedDateTime": None,
        "appRoleId": role,
        "createdDateTime": "2026-01-01T00:00:00Z",
        "principalDisplayName": owner.properties.get("displayName"),
        "principalId": owner.id,
        "principalType": "ServicePrincipal",
        "resourceDisplayName": "Microsoft Graph",
        "resourceId": str(uuid.uuid5(uuid.UUID(_GRAPH), "resource")),
    }
    return Resource("appRoleAssignments", properties)


def assignment_id(role: str, principal: str, scope: str) -> str:
    """Return an ID in Graph's form: text of the role, the principal, and a scope below the tenant."""
    data = b"".join(
        uuid.UUID(key).bytes_le if _is_guid(key) else hashlib.sha256(key.encode()).digest()[:16]
        for key in (role, principal)
    )
    if scope != "/":
        data += hashlib.sha256(scope.encode()).digest()[:16]
    return f"{base64.urlsafe_b64encode(data).decode().rstrip('=')}-1"


def _is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _definition(name: str, template: str) -> Resource:
    properties = {
        "id": template,
        "displayName": name,
        "description": None,
        "isBuiltIn": True,
        "isEnabled": True,
        "templateId": template,
    }
    return Resource("roleDefinitions", properties)


def _expanded(option: str | None) -> dict[str, list[str] | None]:
    """Return what `$expand` names, with the properties it selects. Raises GraphError (400) for anything else."""
    found: dict[str, list[str] | None] = {}
    for part in re.split(r",(?![^(]*\))", option) if option else []:
        match = _EXPANDED.fullmatch(part.strip())
        if match is None:
            raise GraphError(400, "BadRequest", f"Parsing OData Select and Expand failed: '{part}' cannot be expanded.")
        found[match[1]] = match[2].split(",") if match[2] else None
    return found


def _require_read(request: Request, caller: Caller) -> None:
    if request.method != "GET":
        raise wrong_method()
    if not caller.may_read_roles:
        raise denied()


def _require_write(caller: Caller) -> None:
    if not caller.may_write_roles:
        raise denied()
