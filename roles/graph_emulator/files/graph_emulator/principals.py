# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, service principals, groups and devices: read, list, count, update (graph-facts 1.5, 6.2 and 9)."""

from __future__ import annotations

import re
from typing import Any, Final

from . import assignments, query
from .access import AGENT_PERMISSIONS, Caller
from .audits import Audits
from .directory import Collection, Directory, Principal, Resource
from .exchange import GraphError, Request, Response, bad_request, denied, not_emulated, not_found, wrong_method
from .faults import Quirks
from .pages import respond, selected_context
from .properties import ATTRIBUTES, DEFAULT_PROPERTIES, NEVER_NULL, PROPERTIES, TYPE_NAMES, selected, shown

_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_GUIDISH: Final = re.compile(r"[0-9a-f]+(-[0-9a-f]*)+", re.IGNORECASE)
_AGENT_DEFAULTS: Final = {
    "#microsoft.graph.agentIdentity": ("agentIdentityBlueprintId", "createdByAppId"),
    "#microsoft.graph.agentUser": ("identityParentId",),
}
_AGENTS_ALONE: Final = {"agentIdentityBlueprintId"}  # other service principals lack them
_READ_ONLY: Final = {"id", "appId", "createdDateTime", "deletedDateTime", "servicePrincipalType"}


class Principals:
    """Handler of the requests on one collection of principals."""

    def __init__(self, collection: Collection, directory: Directory, quirks: Quirks, audits: Audits) -> None:
        self.collection = collection
        self.directory = directory
        self.quirks = quirks
        self.audits = audits

    def many(self, request: Request, caller: Caller, base: str, agents: str | None = None) -> Response:
        """Answer a request on the collection itself, or on those of one type of agents.

        `base` is the URL of the service with the version.
        """
        if request.method == "POST":
            raise not_emulated(f"the creation of {self.collection}")
        if request.method != "GET":
            raise wrong_method()
        self._require_read(caller, agents)
        names = self._selected(request, caller)
        page = query.find(self.directory, self.collection, request, caller, self.quirks, self._of_type(agents))
        response = respond(
            request, base, self._path(agents), names, page, lambda principal: self.shown(principal, names, caller)
        )
        cost = (2 if self.collection == "users" else 1) - (names is not None) - (query.top(request.query) < 20)
        response.headers["x-ms-resource-unit"] = str(max(cost, 1))
        return response

    def count(self, request: Request, caller: Caller, agents: str | None = None) -> Response:
        """Answer `/$count`."""
        self._require_read(caller, agents)
        number = query.count(self.directory, self.collection, request, caller, self.quirks, self._of_type(agents))
        return Response(200, str(number), {"Content-Type": "text/plain"})

    def one(
        self,
        key: str,
        request: Request,
        caller: Caller,
        base: str,
        agents: str | None = None,
        *,
        by_name: bool = False,
    ) -> Response:
        """Answer a request on one object of the type `agents`. Raises GraphError, see `found`."""
        if request.method == "DELETE":
            raise not_emulated(f"the deletion of {self.collection}")
        if request.method not in ("GET", "PATCH"):
            raise wrong_method()
        if request.method == "GET":
            self._require_read(caller, agents)
            query.check_options(request, frozenset({"$select"}), f"one of {self.collection}")
        names = self._selected(request, caller)
        found = self.found(key, by_name=by_name, derived_type=agents)
        if request.method == "PATCH":
            if not isinstance(found, Principal):
                raise not_emulated(f"the update of {self.collection}")
            self._patch(found, request, caller, agents)
            shows = found.derived_type == "#microsoft.graph.agentUser" and base.endswith("/beta")
            if not shows or self.quirks.agent_user_status == 204:
                return Response(204)
        body = {"@odata.context": f"{base}/$metadata#{selected_context(self._path(agents), names)}/$entity"}
        return Response(200, {**body, **self.shown(found, names, caller)})

    def _path(self, agents: str | None) -> str:
        return "/".join(filter(None, (self.collection, agents)))

    def _of_type(self, agents: str | None) -> list[Resource] | None:
        """Return the agents of one type, or None for the whole collection."""
        if agents is None:
            return None
        return [item for item in self.directory.members[self.collection].kept() if item.derived_type == f"#{agents}"]

    def found(self, key: str, *, by_name: bool = False, derived_type: str | None = None) -> Resource:
        """Find an object by object ID, a user by UPN, and by the alternate key if the path has it.

        Raises GraphError: 404 if the object does not exist, 400 for an ID that is not a GUID. A user's key has to
        look like one for that, since it can be a UPN.
        """
        malformed = not _GUID.fullmatch(key) and (self.collection != "users" or _GUIDISH.fullmatch(key))
        found: Resource | None
        if by_name and self.collection == "groups":
            found = self.directory.group_by_unique_name(key)
        elif by_name:
            found = self.directory.by_name(self.collection, key)
        elif malformed:
            raise bad_request(f"Invalid object identifier '{key}'.")
        else:
            found = self.directory.resource(self.collection, key)
            if found is None and self.collection == "users":
                found = self.directory.by_name(self.collection, key)
        if found is None or (derived_type and found.derived_type != f"#{derived_type}"):
            raise not_found(key)
        return found

    def _require_read(self, caller: Caller, agents: str | None) -> None:
        if not caller.may_read_objects(self.collection, agents):
            raise denied()

    def _selected(self, request: Request, caller: Caller) -> list[str] | None:
        known = PROPERTIES[self.collection]
        names = selected(request.query.get("$select"), known, TYPE_NAMES[self.collection])
        if names and "signInActivity" in names and "AuditLog.Read.All" not in caller.permissions:
            raise denied()  # (consumer-facts 7)
        return names

    def shown(self, principal: Resource, names: list[str] | None, caller: Caller) -> dict[str, Any]:
        """Return the object as JSON, with attributes only if they are selected (graph-facts 1.5)."""
        properties = principal.properties
        item: dict[str, Any] = {"@odata.type": principal.derived_type} if principal.derived_type else {}
        of_agent = _AGENT_DEFAULTS.get(principal.derived_type or "", ())
        wanted = (*DEFAULT_PROPERTIES[self.collection], *of_agent) if names is None else names
        foreign = _AGENTS_ALONE.difference(of_agent)
        item |= {
            name: shown(properties, name) if name in NEVER_NULL else properties.get(name)
            for name in wanted
            if name not in foreign
        }  # a page has tens of thousands of properties, so only few of them may cost a call
        if ATTRIBUTES in wanted:
            stored = principal.visible_attributes()
            item[ATTRIBUTES] = assignments.read(self.directory, stored, caller.readable_assignments, self.quirks)
        return item

    def _patch(self, principal: Principal, request: Request, caller: Caller, agents: str | None) -> None:
        """Change a principal completely, or not at all."""
        body = request.json()
        if not isinstance(body, dict):
            raise GraphError(400, "BadRequest", "The request body is not an object.")
        self._check_type(principal, body.get("@odata.type"), agents)
        others = {name: value for name, value in body.items() if name != ATTRIBUTES and "@" not in name}
        for name in others:
            if name not in PROPERTIES[self.collection]:
                raise assignments.invalid_property(name)
            if name in _READ_ONLY:
                raise bad_request(f"Property '{name}' is read-only and cannot be set.")
        for_agents = agents in AGENT_PERMISSIONS and caller.delegated
        if (others or for_agents) and not caller.may_write_objects(self.collection, agents):
            raise denied()  # even to assign only attributes, a user needs the permission of agents too (graph-facts 15)
        if ATTRIBUTES in body:
            writable = caller.writable_assignments
            if not writable:
                raise denied()
            before = principal.attributes
            changed = assignments.write(self.directory, before, body[ATTRIBUTES], writable, self.quirks)
            principal.store(changed, self.quirks.read_lag)
            self.audits.note_assignment(request, caller, principal, before, changed)
        self.directory.update(principal, others)

    def _check_type(self, principal: Principal, stated: Any, agents: str | None) -> None:
        """Raise GraphError (400) if the type in the body is not that of the object.

        The types of agents must be named (graph-facts 1.5), but for agent users, where pages say both, and where the
        path names it (graph-facts 15). The base types may be named.
        """
        own = principal.derived_type
        required = own and not agents
        if own == "#microsoft.graph.agentUser":
            required = self.quirks.agent_user_type == "required"
        allowed = (own or f"#{TYPE_NAMES[self.collection]}", *(() if required else (None,)))
        if stated not in allowed:
            raise bad_request(f"The '@odata.type' of the request body is {stated!r}, not that of the object.")
