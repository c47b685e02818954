# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure Resource Manager, next to Graph: role assignments whose conditions name attributes (consumer-facts 3).

It is another host, which accepts tokens of another audience. It supports role assignments of a scope, subscriptions,
and the queries of Azure Resource Graph that search for conditions.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, Final

from .access import Caller
from .directory import AzureRoleAssignment, Directory
from .exchange import GraphError, Request, Response, not_emulated, wrong_method
from .faults import Quirks

FIRST_WITH_CONDITIONS: Final = "2020-03-01"
ROWS: Final = 1000  # of one answer of Resource Graph
_READERS: Final = {  # built-in roles that permit reading role assignments
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
_TYPE: Final = "Microsoft.Authorization/roleAssignments"
_PATH: Final = re.compile(r"(?P<scope>.*)/providers/Microsoft\.Authorization/roleAssignments", re.IGNORECASE)
_VERSION: Final = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
_PRINCIPAL: Final = re.compile(r"principalId eq '([^']+)'")

Row = dict[str, Any]


class ResourceManager:
    """Handler of requests to Azure Resource Manager."""

    def __init__(self, directory: Directory, quirks: Quirks) -> None:
        self.directory = directory
        self.quirks = quirks

    def answer(self, request: Request, caller: Caller) -> Response:
        """Answer one request. Raises GraphError: errors of Resource Manager have the form of Graph's."""
        version = request.query.get("api-version", "")
        if not version:
            text = "The api-version query parameter (?api-version=) is required for all requests."
            raise GraphError(400, "MissingApiVersionParameter", text)
        if not _VERSION.fullmatch(version):
            raise GraphError(400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid.")
        path = request.path.rstrip("/")
        assignments = _PATH.fullmatch(path)
        if path.lower() == "/providers/microsoft.resourcegraph/resources":
            _require(request, "POST")
            return self._query(request, caller)
        _require(request, "GET")
        if assignments:
            return self._assignments(assignments["scope"] or "/", version, request, caller)
        if path.lower() == "/subscriptions":
            return self._subscriptions(caller)
        raise not_emulated(f"{request.path} of Azure Resource Manager")

    def _assignments(self, scope: str, version: str, request: Request, caller: Caller) -> Response:
        """Answer with the role assignments at a scope, above it and, unless the filter is atScope(), below it."""
        if not any(self._covers(readable, scope) for readable in self._readable(caller)):
            text = (
                f"The client '{caller.app_id}' with object id '{caller.object_id}' does not have authorization to "
                f"perform action 'Microsoft.Authorization/roleAssignments/read' over scope '{scope}' or the scope is "
                "invalid. If access was recently granted, please refresh your credentials."
            )
            raise GraphError(403, "AuthorizationFailed", text)
        option = request.query.get("$filter", "")
        principal = _PRINCIPAL.fullmatch(option)
        if option not in ("", "atScope()") and not principal:
            raise not_emulated(f"the filter {option} of role assignments")
        found = [
            item
            for item in self.directory.azure_role_assignments
            if self._covers(item.scope, scope) or (option != "atScope()" and self._covers(scope, item.scope))
            if not principal or item.principalId == principal[1]
        ]
        conditions = version[:10] >= FIRST_WITH_CONDITIONS
        return Response(200, {"value": [self._row(item, conditions=conditions) for item in found]})

    def _subscriptions(self, caller: Caller) -> Response:
        seen = [
            {
                "id": f"/subscriptions/{item.subscriptionId}",
                "subscriptionId": item.subscriptionId,
                "tenantId": self.directory.tenant_id,
                "displayName": item.displayName,
                "state": "Enabled",
            }
            for item in self.directory.subscriptions
            if any(self._covers(scope, f"/subscriptions/{item.subscriptionId}") for scope in self._readable(caller))
        ]
        return Response(200, {"value": seen, "count": {"type": "Total", "value": len(seen)}})

    def _query(self, request: Request, caller: Caller) -> Response:
        """Answer a query of Resource Graph with the objects that the caller can read."""
        body = request.json()
        if not isinstance(body, dict) or not isinstance(body.get("query"), str):
            raise GraphError(400, "BadRequest", "The request body has no query.")
        options = body.get("options") or {}
        if options.get("resultFormat", "objectArray") != "objectArray":
            raise not_emulated("the result format table of Resource Graph")
        rows = [
            self._row(item, conditions=True)
            for item in self.directory.azure_role_assignments
            if any(self._covers(scope, item.scope) for scope in self._readable(caller))
        ]
        if "subscriptions" in body:
            rows = [row for row in rows if _subscription(row) in body["subscriptions"]]
        for row in rows:
            if self.quirks.condition_length is not None and row["properties"].get("condition"):
                row["properties"]["condition"] = row["properties"]["condition"][: self.quirks.condition_length]
        data = _run(body["query"], [{**row, "subscriptionId": _subscription(row)} for row in rows])
        start, size = _position(options.get("$skipToken")), min(int(options.get("$top", ROWS)), ROWS)
        page = data[start : start + size]
        answer: dict[str, Any] = {"totalRecords": len(data), "count": len(page), "data": page, "facets": []}
        answer["resultTruncated"] = "false"
        if start + size < len(data):
            answer["$skipToken"] = base64.b64encode(f"from {start + size}".encode()).decode()
        return Response(200, answer)

    def _row(self, item: AzureRoleAssignment, *, conditions: bool) -> Row:
        properties = {name: value for name, value in vars(item).items() if name != "name"}
        if not conditions:
            del properties["condition"], properties["conditionVersion"]
        base = "" if item.scope == "/" else item.scope
        return {
            "id": f"{base}/providers/{_TYPE}/{item.name}",
            "name": item.name,
            "type": _TYPE,
            "properties": properties,
        }

    def _readable(self, caller: Caller) -> list[str]:
        """Return the scopes whose role assignments a caller can read: its own and those of its groups."""
        who = {caller.object_id, *(group.id for group in self.directory.groups_of(caller.object_id))}
        return [
            item.scope
            for item in self.directory.azure_role_assignments
            if item.principalId in who and item.roleDefinitionId.rpartition("/")[2] in _READERS
        ]

    def _covers(self, outer: str, inner: str) -> bool:
        """Return whether a scope equals another one or is above it. The tenant's management group is above all."""
        outer, inner = outer.lower().rstrip("/"), inner.lower().rstrip("/")
        root = f"/providers/microsoft.management/managementgroups/{self.directory.tenant_id}".lower()
        if outer == root:
            return inner != ""
        return outer in ("", inner) or inner.startswith(f"{outer}/")


def _require(request: Request, method: str) -> None:
    if request.method != method:
        raise wrong_method()


def _subscription(row: Row) -> str:
    match = re.match(r"/subscriptions/([^/]+)", row["properties"]["scope"])
    return match[1] if match else ""


def _position(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token).decode("ascii").removeprefix("from "))
    except (ValueError, binascii.Error):
        raise GraphError(400, "BadRequest", "The skip token is invalid.") from None


# The query language: the table, and the steps that a search for conditions needs.

_STEPS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str], list[Row]], list[Row]]], ...]] = (
    (
        re.compile(r"where\s+type\s*=~\s*'([^']*)'"),
        lambda match, rows: [row for row in rows if row["type"].lower() == match[1].lower()],
    ),
    (
        re.compile(r"where\s+isnotempty\(\s*([\w.]+)\s*\)"),
        lambda match, rows: [row for row in rows if _get(row, match[1])],
    ),
    (
        re.compile(r"where\s+(?:tostring\(\s*)?([\w.]+)\s*\)?\s+contains\s+'([^']*)'"),
        lambda match, rows: [row for row in rows if match[2].lower() in str(_get(row, match[1]) or "").lower()],
    ),
    (
        re.compile(r"order\s+by\s+([\w.]+)(?:\s+(asc|desc))?"),
        lambda match, rows: sorted(rows, key=lambda row: str(_get(row, match[1])), reverse=match[2] != "asc"),
    ),
    (
        re.compile(r"project\s+(.*)", re.DOTALL),
        lambda match, rows: [_projected(row, match[1]) for row in rows],
    ),
)


def _run(query: str, rows: list[Row]) -> list[Row]:
    """Return the result of a query. Raises GraphError (501) for a step that is not supported here."""
    table, *steps = [part.strip() for part in query.split("|")]
    if table.lower() != "authorizationresources":
        raise not_emulated(f"the table {table} of Resource Graph")
    for step in steps:
        for pattern, run in _STEPS:
            match = pattern.fullmatch(step)
            if match:
                rows = run(match, rows)
                break
        else:
            raise not_emulated(f"the step '{step}' of Resource Graph")
    return rows


def _projected(row: Row, columns: str) -> Row:
    found: Row = {}
    for column in columns.split(","):
        alias, _equals, path = (part.strip() for part in column.partition("="))
        if not re.fullmatch(r"[\w.]+", path or alias):
            raise not_emulated(f"the column '{column.strip()}' of Resource Graph")
        found[alias.replace(".", "_")] = _get(row, path or alias)
    return found


def _get(row: Row, path: str) -> Any:
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
