# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Role assignments of the six roles of attributes: read, created and deleted (consumer-facts 5)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from .._core.delegations import GROUP, ROLE_TITLES, Delegation, Holder
from .._core.model import SERVICE_PRINCIPAL, USER, PrincipalKind, is_guid
from .._core.names import case_variant
from .._errors import (
    AmbiguousPrincipal,
    EntraError,
    GraphError,
    InvalidDeclaration,
    NameCaseMismatch,
    NotFound,
    PermissionDenied,
    PrincipalNotFound,
)
from .._graph.client import Graph
from .._graph.odata import key, literal
from .._graph.replication import PersistentWriter, persist
from .._graph.shapes import member
from .consumers import ATTRIBUTE_SET_SCOPE, ROLES_PATH
from .permissions import (
    PERMISSIONS_BY_ID,
    READ_DEFINITIONS,
    READ_GROUPS,
    READ_PRINCIPALS,
    READ_ROLE_ASSIGNMENTS,
    ROLE_IDS,
    WRITE_ROLE_ASSIGNMENTS,
    Access,
)
from .schema import Schema
from .wire import GUID_PROPERTIES, NAME_PROPERTY

TENANT_SCOPE = "/"
_WHAT = f"GET {ROLES_PATH}"
_READ_HOLDERS = {**READ_PRINCIPALS, GROUP: READ_GROUPS}
_KEYS = {USER.name: "userPrincipalName", SERVICE_PRINCIPAL.name: "appId"}
_SELECTED = {USER: "id,displayName,userPrincipalName", SERVICE_PRINCIPAL: "id,displayName,appId"}
_GROUP_SELECTED = "id,displayName,isAssignableToRole"
_KINDS_BY_TYPE = {
    "user": USER.name,
    "agentuser": USER.name,
    "serviceprincipal": SERVICE_PRINCIPAL.name,
    "agentidentity": SERVICE_PRINCIPAL.name,
    "agentidentityblueprintprincipal": SERVICE_PRINCIPAL.name,
    "group": GROUP.name,
}
_ROLES_BY_ID = {ROLE_IDS[title]: role for role, title in ROLE_TITLES.items()}
AnyResult = TypeVar("AnyResult")


class Roles(PersistentWriter):
    """The tenant's assignments of roles of attributes, behind a Graph."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._claims = graph.claims()

    # Reading

    def assignments(self, roles: Iterable[str] = tuple(ROLE_TITLES)) -> list[Delegation]:
        """Return who holds the roles. Raises GraphError."""
        return [
            found
            for role in dict.fromkeys(roles)
            for found in self._read(f"roleDefinitionId eq {literal(ROLE_IDS[ROLE_TITLES[role]])}")
        ]

    def assignments_of(self, holder: Holder) -> list[Delegation]:
        """Return the roles that are assigned to a principal itself. Raises GraphError."""
        return list(self._read(f"principalId eq {literal(holder.id)}", holder))

    def _read(self, condition: str, holder: Holder | None = None) -> Iterator[Delegation]:
        query = {"$filter": condition, **({} if holder else {"$expand": "principal"})}
        for item in self._graph.pages(ROLES_PATH, need=READ_ROLE_ASSIGNMENTS, query=query):
            role = _ROLES_BY_ID.get(member(item, "roleDefinitionId", str, _WHAT, required=True).lower())
            scope = member(item, "directoryScopeId", str, _WHAT) or ""
            if role and (scope == TENANT_SCOPE or scope.startswith(ATTRIBUTE_SET_SCOPE)):
                attribute_set = None if scope == TENANT_SCOPE else scope.removeprefix(ATTRIBUTE_SET_SCOPE)
                identifier = member(item, "id", str, _WHAT, required=True)
                yield Delegation(role, attribute_set, holder or _principal_of(item), identifier)

    def find(self, kind: PrincipalKind, name: str) -> Holder:
        """Return the principal that is named so. One that must not be read is known by its object id alone.

        Raises PrincipalNotFound, AmbiguousPrincipal, and InvalidDeclaration for a group that cannot hold a role.
        """
        try:
            items = self._items(kind, name)
        except PermissionDenied:
            if not is_guid(name):
                raise
            return Holder(kind.name, name.lower())
        if not items:
            raise PrincipalNotFound(f"{kind.name}: there is no {kind.title} '{name}' in this tenant.")
        if len(items) > 1:
            candidates = [_holder(kind.name, item) for item in items]
            listed = "; ".join(f"id {holder.id}" for holder in candidates)
            raise AmbiguousPrincipal(
                f"{kind.name}: {len(items)} {kind.title}s are called '{name}': {listed}.",
                "Name one by its id.",
                [holder.as_result() for holder in candidates],
            )
        if kind is GROUP and items[0].get("isAssignableToRole") is not True:
            problem = "Entra lets only role-assignable groups hold a role. A group becomes one only when it is created"
            raise InvalidDeclaration(f"group {name}", [problem])
        return _holder(kind.name, items[0])

    def _items(self, kind: PrincipalKind, name: str) -> list[dict[str, Any]]:
        """Return what Graph shows of the principals that are named so."""
        need, query = _READ_HOLDERS[kind], {"$select": _SELECTED.get(kind, _GROUP_SELECTED)}
        if kind is USER or (kind is GROUP and is_guid(name)):
            try:
                return [self._graph.get(kind.path + key(name), need=need, query=query)]
            except NotFound:
                return []
        properties: tuple[str, ...] = (NAME_PROPERTY.get(kind, "displayName"),)
        if is_guid(name):
            properties = GUID_PROPERTIES[kind]
        query["$filter"] = " or ".join(f"{known} eq {literal(name)}" for known in properties)
        return list(self._graph.pages(kind.path, need=need, query=query))

    def set_problem(self, attribute_set: str, known: Collection[str]) -> tuple[str, bool]:
        """Return why a set cannot be the scope of a role, and whether that is certain; an empty text if it can be.

        `known` are sets that exist or are about to exist. Graph decides if the identity cannot see all sets.
        Raises NameCaseMismatch.
        """
        if attribute_set in known:
            return "", True
        try:
            names = {found.name for found in Schema(self._graph).sets()} | set(known)
        except PermissionDenied:
            return f"It is unknown whether there is an attribute set {attribute_set}: it cannot be read.", False
        if attribute_set in names:
            return "", True
        if other := case_variant(attribute_set, names):
            raise NameCaseMismatch(f"attribute set {attribute_set}", f"there is {other}")
        certain = Access.of(self._claims).allows(READ_DEFINITIONS) is True
        return f"There is no attribute set {attribute_set}" + ("." if certain else ", or it cannot be read."), certain

    def belongs(self, holder: Holder) -> bool | None:
        """Return whether the running identity is a principal or a member of it; null if that is unknown.

        A list of members is empty also where the membership is hidden (consumer-facts 6).
        """
        own = str(self._claims.get("oid") or "").lower()
        if not own:
            return None
        if holder.kind != GROUP.name:
            return holder.id.lower() == own
        try:
            members = {found.id.lower() for found in self.members(holder)}
        except GraphError:
            return None
        return own in members if members else None

    def owned(self, losing: Iterable[Holder], current: Iterable[Delegation]) -> dict[str, bool | None]:
        """Return by id whether the running identity belongs to the principals that lose a role.

        If it belongs to one, or may do so, all principals that keep a role are added.
        """
        found = {holder.id: self.belongs(holder) for holder in losing}
        if any(belongs is not False for belongs in found.values()):
            for holder in (known.holder for known in current if known.holder.id not in found):
                found[holder.id] = self.belongs(holder)
        return found

    def members(self, group: Holder) -> list[Holder]:
        """Return the members of a group. A role-assignable group has no groups in it. Raises GraphError."""
        path = f"{GROUP.path}{key(group.id)}/members"
        query = {"$select": "id,displayName,userPrincipalName,appId"}
        return [_holder(_kind_of(item), item) for item in self._graph.pages(path, need=READ_GROUPS, query=query)]

    def permissions(self, application: Holder) -> set[str]:
        """Return which permissions on attributes an application has (consumer-facts 5). Raises GraphError."""
        path, need = (
            f"{SERVICE_PRINCIPAL.path}{key(application.id)}/appRoleAssignments",
            _READ_HOLDERS[SERVICE_PRINCIPAL],
        )
        granted = (member(item, "appRoleId", str, path) or "" for item in self._graph.pages(path, need=need))
        return {
            PERMISSIONS_BY_ID[identifier.lower()] for identifier in granted if identifier.lower() in PERMISSIONS_BY_ID
        }

    # Writing

    def create(self, wanted: Delegation) -> str:
        """Create a role assignment and return its id.

        Graph finds a new principal or set only after a while (graph-facts 6.4).
        """
        scope = ATTRIBUTE_SET_SCOPE + wanted.attribute_set if wanted.attribute_set else TENANT_SCOPE
        body = {
            "roleDefinitionId": ROLE_IDS[ROLE_TITLES[wanted.role]],
            "principalId": wanted.holder.id,
            "directoryScopeId": scope,
        }

        def send() -> dict[str, Any]:
            return self._graph.post(ROLES_PATH, body, need=WRITE_ROLE_ASSIGNMENTS)

        created = self._written(lambda: persist(self._graph.patience, send, lambda error: isinstance(error, NotFound)))
        return member(created, "id", str, _WHAT) or ""

    def delete(self, found: Delegation) -> None:
        """Delete a role assignment. One that is gone already needs no deletion."""
        path = f"{ROLES_PATH}/{quote(found.id, safe='')}"
        try:
            self._written(lambda: self._graph.delete(path, need=WRITE_ROLE_ASSIGNMENTS))
        except NotFound as error:
            self.written |= error.in_doubt

    def _written(self, send: Callable[[], AnyResult]) -> AnyResult:
        try:
            answer = send()
        except EntraError as error:
            self.in_doubt |= error.in_doubt and not isinstance(error, NotFound)
            raise
        self.written = True
        return answer


def _principal_of(item: Mapping[str, Any]) -> Holder:
    """Return the principal of a role assignment; Graph may show only its id."""
    principal = member(item, "principal", dict, _WHAT) or {}
    identifier = member(item, "principalId", str, _WHAT, required=True)
    return _holder(_kind_of(principal), {**principal, "id": identifier})


def _kind_of(item: Mapping[str, Any]) -> str:
    kind = (member(item, "@odata.type", str, _WHAT) or "").removeprefix("#").rpartition(".")[2].lower()
    return _KINDS_BY_TYPE.get(kind, "")


def _holder(kind: str, item: Mapping[str, Any]) -> Holder:
    """Return a principal. An agent may share its app id with others, so only its object id names it."""
    agent = "agent" in (member(item, "@odata.type", str, _WHAT) or "").lower() and kind == SERVICE_PRINCIPAL.name
    name = "" if agent or kind not in _KEYS else member(item, _KEYS[kind], str, _WHAT) or ""
    identifier = member(item, "id", str, _WHAT, required=True).lower()
    return Holder(kind, identifier, member(item, "displayName", str, _WHAT) or "", name)
