# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routing of Microsoft Graph's paths to handlers, and JSON batching (graph-facts 1, 6.2, 7, 9, 14)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import unquote_plus

from .access import Caller
from .audits import Audits
from .directory import DIRECTORY_OBJECTS, Collection, Directory, Resource
from .exchange import GraphError, Request, Response, not_emulated, wrong_method
from .faults import Quirks
from .organization import organization
from .policies import AppManagement, ConditionalAccess
from .principals import Principals
from .relations import CASTS, RELATIONS, Relations
from .role_assignments import AppPermissions, RoleAssignments
from .schema import Schema
from .throttle import Throttle
from .unserved import spelled, unserved
from .workflows import Workflows

VERSIONS: Final = ("v1.0", "beta")
BATCH_SIZE: Final = 20
# Types of agents that can narrow a path (graph-facts 15), each with its collection.
_AGENTS: Final[dict[str, Collection]] = {
    "microsoft.graph.agentIdentity": "servicePrincipals",
    "microsoft.graph.agentIdentityBlueprintPrincipal": "servicePrincipals",
    "microsoft.graph.agentUser": "users",
}
_ALIASED: Final = re.compile(r"^graph\.(?=[a-zA-Z])")  # the alias of the schema, which msgraph-sdk uses in casts
_QUOTED_KEY: Final = re.compile(r"(\w+)\((?:(\w+)=)?'((?:[^']|'')*)'\)")


def segments(path: str) -> list[str]:
    """Split a percent-encoded path. `users('x')` becomes two segments, `users(appId='x')` "users(appId)" and "x".

    A plus sign in a path reads as a space, which is why clients have to encode it (graph-facts 9). Raises GraphError
    (400) for a segment that begins with `$` and is not a system resource.
    """
    found: list[str] = []
    for raw in path.strip("/").split("/"):
        segment = _ALIASED.sub("microsoft.graph.", unquote_plus(raw))
        quoted = _QUOTED_KEY.fullmatch(segment)
        if quoted:
            name, key_name, key = quoted.groups()
            found += [f"{name}({key_name})" if key_name else name, key.replace("''", "'")]
        elif segment.startswith("$") and segment not in ("$count", "$batch", "$metadata", "$ref", "$value"):
            raise _unknown_segment(segment)
        else:
            found.append(segment)
    return found


def _unknown_segment(segment: str) -> GraphError:
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


class Graph:
    """Handler of authenticated requests to Graph."""

    def __init__(self, directory: Directory, quirks: Quirks, url: str) -> None:
        self.directory = directory
        self.quirks = quirks
        self.url = url
        self.audits = Audits(directory, quirks)
        self.principals = {name: Principals(name, directory, quirks, self.audits) for name in DIRECTORY_OBJECTS}
        self.relations = Relations(directory, self.principals, quirks)
        self.conditional_access = ConditionalAccess(directory, quirks)
        self.app_management = AppManagement(directory, quirks)
        self.workflows = Workflows(directory, quirks)
        self.app_permissions = AppPermissions(directory, quirks)
        self.role_assignments = RoleAssignments(directory, self.relations, quirks)
        self.schema = Schema(directory, quirks, self.audits)
        self.throttle = Throttle(directory.tenant_id)

    def answer(self, request: Request, caller: Caller) -> Response:
        """Answer one request, not a batch. Raises GraphError."""
        version, *path = segments(request.path)
        if version not in VERSIONS:
            raise GraphError(400, "BadRequest", f"Invalid version: {version}.")
        headers: dict[str, str] = {}
        if self.quirks.throttle:
            fractional = self.quirks.fractional_retry_after
            if path[:1] == ["auditLogs"]:
                self.throttle.count_report(caller, self.quirks.throttle, fractional=fractional)
            elif request.method != "GET":
                headers = self.throttle.count_write(caller, self.quirks.throttle, fractional=fractional)
        if self.quirks.conditional_access_rate and path[:2] == ["identity", "conditionalAccess"]:
            self.throttle.count_conditional_access(self.quirks.conditional_access_rate)
        response = self._route(spelled(path), request, caller, f"{self.url}/{version}")
        response.headers = {"x-ms-resource-unit": "1", **headers, **response.headers}
        if self.quirks.read_quota and request.method == "GET" and path[:1] != ["auditLogs"]:
            units = float(response.headers["x-ms-resource-unit"])
            self.throttle.count_read(
                caller, units, self.quirks.read_quota, fractional=self.quirks.fractional_retry_after
            )
        return response

    def _route(self, path: list[str], request: Request, caller: Caller, base: str) -> Response:
        path, agents = self._without_agents(path)
        match path:
            case ["users" | "servicePrincipals" | "groups" | "devices" as name]:
                return self._of(name).many(request, caller, base, agents)
            case ["users" | "servicePrincipals" | "groups" | "devices" as name, "$count"]:
                return self._of(name).count(request, caller, agents)
            case ["users" | "servicePrincipals" | "groups" | "devices" as name, "delta" | "delta()", *_]:
                raise unserved([name, "", "delta"])
            case ["users" | "servicePrincipals" | "groups" | "devices" as name, key]:
                return self._of(name).one(key, request, caller, base, agents)
            case ["servicePrincipals(appId)", app_id]:
                return self._of("servicePrincipals").one(app_id, request, caller, base, agents, by_name=True)
            case ["groups(uniqueName)", name]:
                return self._of("groups").one(name, request, caller, base, by_name=True)
            case ["servicePrincipals", key, "appRoleAssignments"]:
                owner = self._of("servicePrincipals").found(key, derived_type=agents)
                return self.app_permissions.many(owner, request, caller, base)
            case ["users" | "servicePrincipals" | "groups" as name, key, relation, *rest] if (
                relation in RELATIONS[agents or name]
            ):
                self.relations.require_read(cast(Collection, name), relation, request, caller)
                owner = self._of(name).found(key, derived_type=agents)
                return self._related(owner, relation, rest, request, caller, base)
            case ["organization"] | ["organization", _]:
                return organization(path, self.directory, request, caller, base)
            case ["directory", "attributeSets"]:
                return self.schema.sets(request, caller, base)
            case ["directory", "attributeSets", name]:
                return self.schema.set(name, request, caller, base)
            case ["directory", "customSecurityAttributeDefinitions"]:
                return self.schema.definitions(request, caller, base)
            case ["directory", "customSecurityAttributeDefinitions", key]:
                return self.schema.definition(key, request, caller, base)
            case ["directory", "customSecurityAttributeDefinitions", key, "allowedValues"]:
                return self.schema.values(key, request, caller, base)
            case ["directory", "customSecurityAttributeDefinitions", key, "allowedValues", value]:
                return self.schema.value(key, value, request, caller, base)
            case ["auditLogs", "customSecurityAttributeAudits"] if base.endswith("/beta"):
                return self.audits.many(request, caller, base)
            case ["auditLogs", "customSecurityAttributeAudits", key] if base.endswith("/beta"):
                return self.audits.one(key, request, caller, base)
            case ["identity", "conditionalAccess", "policies"]:
                return self.conditional_access.many(request, caller, base)
            case ["identity", "conditionalAccess", "policies", key]:
                return self.conditional_access.one(key, request, caller, base)
            case ["policies", "defaultAppManagementPolicy"]:
                return self.app_management.default(request, caller, base)
            case ["policies", "appManagementPolicies"]:
                return self.app_management.many(request, caller, base)
            case ["policies", "appManagementPolicies", key]:
                return self.app_management.one(key, request, caller, base)
            case ["identityGovernance", "lifecycleWorkflows", "workflows"]:
                return self.workflows.many(request, caller, base)
            case ["identityGovernance", "lifecycleWorkflows", "workflows", key]:
                return self.workflows.one(key, request, caller, base)
            case ["identityGovernance", "lifecycleWorkflows", "workflows", key, "tasks"]:
                return self.workflows.tasks(key, request, caller, base)
            case ["roleManagement", "directory", "roleDefinitions"]:
                return self.role_assignments.definition_list(request, caller, base)
            case ["roleManagement", "directory", "roleDefinitions", key]:
                return self.role_assignments.definition(key, request, caller, base)
            case ["roleManagement", "directory", "roleAssignments"]:
                return self.role_assignments.many(request, caller, base)
            case ["roleManagement", "directory", "roleAssignments", key]:
                return self.role_assignments.one(key, request, caller, base)
        raise unserved(path)

    def _without_agents(self, path: list[str]) -> tuple[list[str], str | None]:
        """Return a path without the type of agents that narrows it, and that type."""
        for place, segment in enumerate(path[1:], start=1):
            if _AGENTS.get(segment) == path[0].partition("(")[0]:
                return path[:place] + path[place + 1 :], segment
        return path, None

    def _related(
        self, owner: Resource, relation: str, rest: list[str], request: Request, caller: Caller, base: str
    ) -> Response:
        match rest:
            case [] if relation == "manager":
                return self.relations.manager(owner, request, caller, base)
            case [] | [_] if not rest or rest[0] in CASTS:
                return self.relations.many(owner, relation, "".join(rest) or None, request, caller, base)
            case [*kind, "$count"] if not kind or (len(kind) == 1 and kind[0] in CASTS):
                return self.relations.count(owner, relation, "".join(kind) or None, request, caller)
        if rest[0] == "$ref" or rest[0].startswith("microsoft.graph."):
            raise not_emulated(f"/{relation}/{'/'.join(rest)}")
        raise _unknown_segment(rest[-1])

    def _of(self, name: str) -> Principals:
        return self.principals[cast(Collection, name)]


def is_batch(request: Request) -> bool:
    """Return whether the request is one to `/$batch`."""
    return request.path.endswith("/$batch")


def run_batch(request: Request, exchange: Callable[[Request], Response], quirks: Quirks) -> Response:
    """Answer a batch by running its requests one after the other through `exchange` (graph-facts 7).

    Raises GraphError (400) for a batch that is malformed as a whole.
    """
    if request.method != "POST":
        raise wrong_method()
    document = request.json()
    steps = document.get("requests") if isinstance(document, dict) else None
    if not isinstance(steps, list) or not steps or not all(isinstance(step, dict) for step in steps):
        raise GraphError(400, "BadRequest", "Invalid batch payload format.")
    if len(steps) > BATCH_SIZE:
        text = f"Number of batch request steps exceeds the maximum value of {BATCH_SIZE}."
        raise GraphError(400, "BadRequest", text)
    known: set[str] = set()
    for step in steps:
        identifier = str(step.get("id", "")).lower()
        if not identifier or identifier in known or not {"method", "url"} <= step.keys():
            raise GraphError(400, "BadRequest", f"Request Id {identifier} has to be present and unique in a batch.")
        if not {str(item).lower() for item in step.get("dependsOn") or []} <= known:
            raise GraphError(400, "BadRequest", f"Request Id {identifier} depends on one that does not precede it.")
        _check_content_type(step)
        known.add(identifier)
    version = request.path.strip("/").split("/")[0]
    outer = Response(200)
    answers: list[dict[str, Any]] = []
    failed: set[str] = set()
    for step in steps:
        identifier = str(step["id"])
        if any(str(item).lower() in failed for item in step.get("dependsOn") or []):
            error = {"code": "FailedDependency", "message": "A request that this one depends on has failed."}
            response = Response(424, {"error": error})
        else:
            response = exchange(_sub_request(step, version, request))
        if response.status >= 400:
            failed.add(identifier.lower())
        outer.delay = max(outer.delay, response.delay)
        outer.cut = outer.cut or response.cut
        answer: dict[str, Any] = {"id": identifier, "status": response.status, "headers": response.headers}
        if response.body is not None:
            answer["headers"].setdefault("Content-Type", response.media_type)
            answer["body"] = response.body
        answers.append(answer)
    outer.body = {"responses": quirks.shuffled(answers) if quirks.shuffle_batch else answers}
    return outer


def _check_content_type(step: dict[str, Any]) -> None:
    """Raise GraphError (400) for a write without content type, which invalidates the whole batch (graph-facts 14)."""
    if str(step["method"]).upper() not in ("POST", "PATCH", "PUT"):
        return
    if any(name.lower() == "content-type" for name in step.get("headers") or {}):
        return
    text = f"Write request with id '{step['id']}' does not contain a Content-Type header."
    if "body" not in step:
        text = f"Write request id : {step['id']} does not contain Content-Type header or body."
    raise GraphError(400, "BadRequest", text)


def _sub_request(step: dict[str, Any], version: str, outer: Request) -> Request:
    headers = {name.lower(): str(value) for name, value in (step.get("headers") or {}).items()}
    headers["authorization"] = outer.headers.get("authorization", "")
    body = json.dumps(step["body"]).encode() if "body" in step else b""
    url = f"/{version}/{str(step['url']).lstrip('/')}"
    return Request.from_url(str(step["method"]).upper(), url, headers, body, batch=str(step["id"]))
