# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log of custom security attributes, which only beta serves (graph-facts 1.6, 5.2 and 8).

A single sample documents the properties of an entry: `MaxAttributesPerSet`, `[25]` and `[20]`.
By its pattern the rest is this emulator's own, such as `Engineering_Project` for an assignment.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Final

from odata_query import ast

from . import filters, query
from .access import Caller
from .directory import Collection, Directory, Principal
from .exchange import GraphError, Request, Response, denied, not_found, unsupported_query, wrong_method
from .faults import Quirks

PATH: Final = "auditLogs/customSecurityAttributeAudits"
PAGE_SIZE: Final = 100
LOG_LENGTH: Final = 100_000
_SERVED: Final = frozenset({"$filter", "$top", "$orderby", "$skiptoken"})
ACTIVITIES: Final[dict[str, str]] = {
    "add set": "Add an attribute set",
    "update set": "Update an attribute set",
    "add definition": "Add custom security attribute definition in an attribute set",
    "update definition": "Update custom security attribute definition in an attribute set",
    "users": "Update attribute values assigned to a user",
    "servicePrincipals": "Update attribute values assigned to a servicePrincipal",
}
UPDATED: Final = "Included Updated Properties"  # the change that lists all others (graph-facts 1.6)
_TARGET_TYPES: Final[dict[Collection, str]] = {"users": "User", "servicePrincipals": "ServicePrincipal"}

Item = dict[str, Any]
Test = Callable[[Item], bool]


@dataclass
class Entry:
    """An entry as Graph shows it, from `shown_at` on."""

    item: Item
    shown_at: float

    @property
    def position(self) -> tuple[str, str]:
        """Return its place in the log."""
        return self.item["activityDateTime"], self.item["id"]


class Audits:
    """The log, and the requests below `/auditLogs`."""

    def __init__(self, directory: Directory, quirks: Quirks) -> None:
        self.directory = directory
        self.quirks = quirks
        self.entries: deque[Entry] = deque(maxlen=LOG_LENGTH)
        self._noted = 0

    def note_assignment(
        self, request: Request, caller: Caller, principal: Principal, before: Item, after: Item
    ) -> None:
        """Record a change of a principal's attributes, each as `<Set>_<Name>`."""
        properties = principal.properties
        target = {
            "id": principal.id,
            "displayName": properties.get("displayName"),
            "type": _TARGET_TYPES[principal.collection],
            "userPrincipalName": properties.get("userPrincipalName"),
        }
        self._note(request, caller, principal.collection, target, _flat(before), _flat(after))

    def note_schema(self, request: Request, caller: Caller, what: str, name: str, before: Item, after: Item) -> None:
        """Record a change of a set or definition: `what` is one of ACTIVITIES, `name` its ID."""
        target = {
            "id": str(uuid.uuid5(uuid.UUID(self.directory.tenant_id), name)),
            "displayName": name,
            "type": "Other",
            "userPrincipalName": None,
        }
        self._note(request, caller, what, target, _capitalized(before), _capitalized(after))

    def _note(self, request: Request, caller: Caller, what: str, target: Item, before: Item, after: Item) -> None:
        names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        # One text in JSON, as in entries of other audit logs.
        summary = {"displayName": UPDATED, "oldValue": None, "newValue": json.dumps(", ".join(names))}
        if not names:
            return
        self._noted += 1
        now, step = time.time(), self.quirks.audit_resolution
        at = datetime.fromtimestamp(now - now % step if step else now, timezone.utc)
        agent = request.headers.get("user-agent")
        changes = [
            {"displayName": name, "oldValue": _as_text(before.get(name)), "newValue": _as_text(after.get(name))}
            for name in names
        ]
        item = {
            "id": f"Directory_{uuid.uuid4()}_EMULA_{self._noted:09}",
            "category": "AttributeManagement",
            "correlationId": str(uuid.uuid4()),
            "result": "success",
            "resultReason": "",
            "activityDisplayName": ACTIVITIES[what],
            "activityDateTime": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "loggedByService": "Core Directory",
            "operationType": "Add" if what.startswith("add") else "Update",
            "userAgent": None,
            "initiatedBy": self._initiator(caller),
            "targetResources": [{**target, "groupType": None, "modifiedProperties": [*changes, summary]}],
            "additionalDetails": [{"key": "User-Agent", "value": agent}] if agent else [],
        }
        delay = self.quirks.random.uniform(0, self.quirks.audit_delay) if self.quirks.audit_delay else 0.0
        self.entries.append(Entry(item, time.monotonic() + delay))

    def _initiator(self, caller: Caller) -> Item:
        if caller.delegated:
            found = self.directory.by_id("users", caller.object_id)
            properties = found.properties if found else {}
            user = {
                "id": caller.object_id,
                "displayName": properties.get("displayName"),
                "userPrincipalName": caller.name,
                "ipAddress": "127.0.0.1",
                "userType": properties.get("userType"),
                "homeTenantId": self.directory.tenant_id,
                "homeTenantName": self.directory.domains[0] if self.directory.domains else None,
            }
            return {"app": None, "user": user}
        application = self.directory.applications.get(caller.app_id)
        app = {"appId": caller.app_id, "displayName": application.display_name if application else None}
        return {"app": {**app, "servicePrincipalId": caller.object_id, "servicePrincipalName": None}, "user": None}

    def many(self, request: Request, caller: Caller, base: str) -> Response:
        """Answer a request on the log: the newest entry first, or in the order of `$orderby`."""
        _require_reader(request, caller)
        options = request.query
        query.check_options(request, _SERVED, f"/{PATH}", refused=frozenset({"$count", "$skip"}))
        test = _test(filters.parse(options["$filter"])) if "$filter" in options else lambda _item: True
        size = query.top(options, PAGE_SIZE)
        order = options.get("$orderby", "activityDateTime desc").split()
        if order not in (["activityDateTime"], ["activityDateTime", "asc"], ["activityDateTime", "desc"]):
            raise unsupported_query(f"Unsupported sort property '{' '.join(order)}'.")
        newest_first = order[-1] == "desc"
        found = sorted((entry for entry in self._shown() if test(entry.item)), key=lambda entry: entry.position)
        if newest_first:
            found.reverse()
        if "$skiptoken" in options:
            last = _position(options["$skiptoken"])
            found = [entry for entry in found if (entry.position < last if newest_first else entry.position > last)]
        body: Item = {"@odata.context": f"{base}/$metadata#{PATH}"}
        if len(found) > size:
            token = base64.urlsafe_b64encode("|".join(found[size - 1].position).encode()).decode()
            body["@odata.nextLink"] = f"{base}/{PATH}?{query.next_query(options, token)}"
        body["value"] = [entry.item for entry in found[:size]]
        return Response(200, body)

    def one(self, key: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer a request on one entry, which takes no query options."""
        _require_reader(request, caller)
        query.check_options(request, frozenset(), f"/{PATH}/{{id}}", refused=query.KNOWN)
        found = next((entry.item for entry in self._shown() if entry.item["id"] == key), None)
        if found is None:
            raise not_found(key)
        return Response(200, {"@odata.context": f"{base}/$metadata#{PATH}/$entity", **found})

    def _shown(self) -> list[Entry]:
        now = time.monotonic()
        return [entry for entry in self.entries if entry.shown_at <= now]


def _require_reader(request: Request, caller: Caller) -> None:
    if request.method != "GET":
        raise wrong_method()
    if not caller.may_read_audits:
        raise denied()


def _flat(attributes: Item) -> Item:
    return {f"{set_name}_{name}": value for set_name, values in attributes.items() for name, value in values.items()}


def _capitalized(members: Item) -> Item:
    return {name[:1].upper() + name[1:]: value for name, value in members.items()}


def _as_text(value: Any) -> str | None:
    """Return a value in the form of the log: the JSON text of a list."""
    if value is None:
        return None
    return json.dumps(value if isinstance(value, list) else [value], ensure_ascii=False)


def _position(token: str) -> tuple[str, str]:
    try:
        at, _separator, identifier = base64.urlsafe_b64decode(token.encode()).decode().partition("|")
    except (ValueError, binascii.Error):
        raise GraphError(400, "BadRequest", "Skip token is invalid.") from None
    return at, identifier


# The documentation of the resource lists the filters: properties of the entry, of the actor and of the target.
_OPERATORS: Final[dict[str, str]] = {
    "activityDateTime": "eq ge le",
    "activityDisplayName": "eq startswith",
    "loggedByService": "eq",
    "initiatedBy/user/id": "eq",
    "initiatedBy/user/displayName": "eq",
    "initiatedBy/user/userPrincipalName": "eq startswith",
    "initiatedBy/app/appId": "eq",
    "initiatedBy/app/displayName": "eq",
}
_TARGET_OPERATORS: Final[dict[str, str]] = {"id": "eq", "displayName": "eq startswith"}


def _test(node: ast._Node) -> Test:
    """Return the test of a filter. Raises GraphError (400) for a filter that the log does not support."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        left, right = _test(node.left), _test(node.right)
        return lambda item: left(item) and right(item)
    if isinstance(node, ast.CollectionLambda) and node.lambda_ is not None:  # the lexer accepts only one kind
        inner = _comparison(node.lambda_.expression, _TARGET_OPERATORS, f"{node.lambda_.identifier.name}/")
        return lambda item: any(inner(target) for target in item["targetResources"])
    return _comparison(node, _OPERATORS)


def _comparison(node: ast._Node, operators: dict[str, str], prefix: str = "") -> Test:
    if isinstance(node, ast.Compare):
        left, right = node.left, node.right
        operator = {ast.Eq: "eq", ast.GtE: "ge", ast.LtE: "le"}.get(type(node.comparator), "")
    elif isinstance(node, ast.Call) and node.func.name == "startswith":
        (left, right), operator = node.args, "startswith"
    else:
        raise unsupported_query("Unsupported or invalid query filter clause.")
    path = _path(left).removeprefix(prefix)
    wanted = right.val if isinstance(right, (ast.String, ast.GUID)) else getattr(right, "py_val", None)
    if operator not in operators.get(path, "").split() or isinstance(wanted, datetime) != (path == "activityDateTime"):
        raise unsupported_query(f"Unsupported or invalid query filter clause specified for property '{path}'.")
    if isinstance(wanted, datetime):
        at = wanted.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return lambda item: bool(_COMPARED[operator](item[path], at))
    return lambda item: bool(_COMPARED[operator](str(_get(item, path) or "").lower(), str(wanted).lower()))


_COMPARED: Final[dict[str, Callable[[str, str], bool]]] = {
    "eq": lambda value, wanted: value == wanted,
    "ge": lambda value, wanted: value >= wanted,
    "le": lambda value, wanted: value <= wanted,
    "startswith": lambda value, wanted: value.startswith(wanted),
}


def _path(node: ast._Node) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_path(node.owner)}/{node.attr}"
    return str(node.name) if isinstance(node, ast.Identifier) else ""


def _get(item: Item, path: str) -> Any:
    value: Any = item
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, dict) else None
    return value
