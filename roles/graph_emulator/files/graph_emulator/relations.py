# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links between directory objects: members of groups, owners, sponsors, managers (consumer-facts 6 and 7)."""

from __future__ import annotations

from typing import Any, Final

from . import properties, query
from .access import Caller
from .directory import Collection, Directory, Resource
from .exchange import Request, Response, denied, not_emulated, not_found, unsupported_query
from .faults import Quirks
from .pages import respond, selected_context
from .principals import Principals
from .properties import ATTRIBUTES, DEFAULT_PROPERTIES, PROPERTIES, TYPE_NAMES, selected

_OF_USERS: Final = ("manager", "sponsors", "memberOf", "transitiveMemberOf")
_OF_SERVICE_PRINCIPALS: Final = ("owners", "memberOf", "transitiveMemberOf")
RELATIONS: Final[dict[str, tuple[str, ...]]] = {
    "users": _OF_USERS,
    "servicePrincipals": _OF_SERVICE_PRINCIPALS,
    "groups": ("members", "transitiveMembers", "owners", "memberOf", "transitiveMemberOf"),
    # Relations of agents only: other service principals do not have sponsors (consumer-facts 7).
    "microsoft.graph.agentUser": _OF_USERS,
    "microsoft.graph.agentIdentity": (*_OF_SERVICE_PRINCIPALS, "sponsors"),
    "microsoft.graph.agentIdentityBlueprintPrincipal": (*_OF_SERVICE_PRINCIPALS, "sponsors"),
}
_MEMBERSHIPS: Final = ("members", "transitiveMembers")
CASTS: Final[dict[str, Collection]] = {
    TYPE_NAMES[collection]: collection for collection in ("users", "servicePrincipals", "groups", "devices")
}


class Relations:
    """Handler of the requests on linked objects."""

    def __init__(self, directory: Directory, principals: dict[Collection, Principals], quirks: Quirks) -> None:
        self.directory = directory
        self.principals = principals
        self.quirks = quirks

    def require_read(self, collection: Collection, relation: str, request: Request, caller: Caller) -> None:
        """Raise GraphError unless the request reads and the caller can follow this relation."""
        if request.method != "GET":
            raise not_emulated(f"changes of {relation}")
        memberships = relation in _MEMBERSHIPS
        if not (caller.may_read_memberships if memberships else caller.may_read_objects(collection)):
            raise denied()

    def many(
        self, owner: Resource, relation: str, cast: str | None, request: Request, caller: Caller, base: str
    ) -> Response:
        """Answer with the objects that a relation leads to, or those of one type."""
        among, collection = self._found(owner, relation, cast, request, caller)
        known = PROPERTIES[collection] - {ATTRIBUTES}
        names = selected(request.query.get("$select"), known, TYPE_NAMES[collection])
        page = query.find(self.directory, collection, request, caller, self.quirks, among)
        return respond(
            request, base, collection, names, page, lambda item: self.shown(item, names, caller, named=cast is None)
        )

    def count(self, owner: Resource, relation: str, cast: str | None, request: Request, caller: Caller) -> Response:
        """Answer `/$count` of a relation."""
        among, collection = self._found(owner, relation, cast, request, caller)
        number = query.count(self.directory, collection, request, caller, self.quirks, among)
        return Response(200, str(number), {"Content-Type": "text/plain"})

    def manager(self, user: Resource, request: Request, caller: Caller, base: str) -> Response:
        """Answer with a user's manager. Raises GraphError (404) for a user without one."""
        query.check_options(request, frozenset({"$select"}), "a manager")
        among, collection = self._found(user, "manager", None, request, caller)
        if not among:
            raise not_found("manager")
        names = selected(request.query.get("$select"), PROPERTIES[collection] - {ATTRIBUTES}, TYPE_NAMES[collection])
        context = selected_context(collection, names)
        body = {"@odata.context": f"{base}/$metadata#{context}/$entity"}
        return Response(200, {**body, **self.shown(among[0], names, caller, named=True)})

    def _found(
        self, owner: Resource, relation: str, cast: str | None, request: Request, caller: Caller
    ) -> tuple[list[Resource], Collection]:
        """Return the objects, and the collection whose properties they have."""
        if relation in _MEMBERSHIPS and self._is_hidden(owner, caller) and self.quirks.hidden_membership == "refuse":
            raise denied()
        among = self._related(owner, relation, caller)
        if cast is None:
            return among, "directoryObjects"
        if self.quirks.plain_cast == "refuse" and not query.is_advanced(request, CASTS[cast]):
            raise unsupported_query("The specified filter to the reference property query is currently not supported.")
        collection = CASTS[cast]
        return [item for item in among if item.collection == collection], collection

    def _related(self, owner: Resource, relation: str, caller: Caller) -> list[Resource]:
        if relation == "members":
            return self._members(owner, caller)
        if relation == "transitiveMembers":
            return self._transitive_members(owner, caller)
        if relation in ("memberOf", "transitiveMemberOf"):
            listed = self._members if relation == "memberOf" else self._transitive_members
            return [group for group in self.directory.members["groups"] if owner in listed(group, caller)]
        return self.directory.linked(owner, relation)

    def _members(self, group: Resource, caller: Caller) -> list[Resource]:
        """Return the direct members of a group. A hidden membership looks empty without its permission."""
        return [] if self._is_hidden(group, caller) else self.directory.linked(group, "members")

    def _transitive_members(self, group: Resource, caller: Caller) -> list[Resource]:
        """Return the members of a group and its nested groups, each object once. Groups can form a cycle."""
        found: dict[str, Resource] = {}
        waiting = [group]
        while waiting:
            for member in self._members(waiting.pop(0), caller):
                if member.id not in found and member is not group:
                    found[member.id] = member
                    waiting.append(member)
        return list(found.values())

    def _is_hidden(self, group: Resource, caller: Caller) -> bool:
        hidden = group.properties.get("visibility") == "HiddenMembership"
        return hidden and "Member.Read.Hidden" not in caller.permissions

    def shown(self, item: Resource, names: list[str] | None, caller: Caller, *, named: bool) -> dict[str, Any]:
        """Return an object as JSON: only its type and id if the caller cannot read its kind (consumer-facts 6)."""
        kind = {"@odata.type": item.derived_type or f"#{TYPE_NAMES[item.collection]}"} if named else {}
        own = PROPERTIES[item.collection]
        wanted = None if names is None else [name for name in names if name in own]
        if caller.may_read_objects(item.collection):
            return {**kind, **self.principals[item.collection].shown(item, wanted, caller)}
        asked = DEFAULT_PROPERTIES[item.collection] if wanted is None else wanted
        return {**kind, **{name: item.id if name == "id" else properties.shown({}, name) for name in asked}}
