# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The jobs that an identity can do, cannot do, or perhaps can do.

The token shows most of it. A read that the token leaves open is tried. A write is never tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from urllib.parse import quote

from .._core.model import SERVICE_PRINCIPAL, USER, Definition, PrincipalKind, is_guid
from .._errors import GraphError, Need, PermissionDenied
from .._graph.client import Graph
from .._graph.odata import literal
from .._graph.shapes import member
from .audit_log import AuditLog
from .consumers import (
    APP_POLICIES,
    ATTRIBUTE_SET_SCOPE,
    DEFAULT_APP_POLICY_PATH,
    POLICIES,
    POLICIES_PATH,
    ROLES,
    ROLES_PATH,
    WORKFLOWS,
    WORKFLOWS_PATH,
)
from .permissions import (
    ASSIGN_ATTRIBUTES,
    READ_ATTRIBUTES,
    READ_AUDITS,
    READ_DEFINITIONS,
    READ_GROUPS,
    READ_POLICIES,
    READ_PRINCIPALS,
    READ_ROLE_ASSIGNMENTS,
    READ_WORKFLOWS,
    ROLE_IDS,
    ROLE_NAMES,
    SIGNED_IN_USER,
    WRITE_DEFINITIONS,
    WRITE_ROLE_ASSIGNMENTS,
    Access,
)
from .principals import Directory
from .schema import Schema
from .wire import principal_query

MOST_SETS = 10
"""Attribute sets on which a filter is tried."""
_OPAQUE = "The token is opaque: it shows neither permissions nor roles."
_ROLE_ALONE = "The application has a fitting Entra role, but not the permission. Whether the role is enough is unknown."
_NOT_SHOWN = "A token does not show roles that are limited to attribute sets."


@dataclass(frozen=True)
class Verdict:
    """Whether a job is possible, null if that is unknown; what is missing for it, and why it is not known to be."""

    possible: bool | None
    missing: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class HeldRole:
    """An Entra role of the identity, for one attribute set or the whole tenant."""

    name: str
    attribute_set: str | None = None


@dataclass(frozen=True)
class Job:
    """A job, its need, and the jobs that it takes as well. `proof` is the read that proves it."""

    name: str
    need: Need
    proof: Callable[[JobReader, Verdict], Verdict] | None = None
    after: tuple[str, ...] = ()


class JobReader:
    """Finds out what the identity of a Graph can do. Raises TransportError and AuthenticationError."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._claims = graph.claims()
        self.access = Access.of(self._claims)
        self.roles = [HeldRole(name) for name in sorted(self.access.roles)]
        self._definitions: list[Definition] | None = None

    def verdicts(self) -> dict[str, Verdict]:
        """Return the verdict on each job, in the order of the table."""
        self._read_roles()
        found: dict[str, Verdict] = {}
        for job in JOBS:
            verdict = self._shown(job.need)
            before = [found[name] for name in job.after]
            open_ = verdict.possible is not True or (self.access.kind == SIGNED_IN_USER and not job.need.roles)
            if job.proof and open_ and all(known.possible for known in before):
                verdict = job.proof(self, verdict)
            found[job.name] = _together([*before, verdict])
        return found

    def _shown(self, need: Need) -> Verdict:
        """Return what the token shows."""
        access = self.access
        possible = access.allows(need)
        if possible is True:
            return Verdict(True)
        missing = access.missing(need)
        if possible is False:
            kind = "delegated" if access.kind == SIGNED_IN_USER else "application"
            return Verdict(False, missing, f"The token does not have the {kind} permission {' and '.join(missing)}.")
        if access.kind is None:
            return Verdict(None, (), _OPAQUE)
        if access.kind != SIGNED_IN_USER:
            return Verdict(None, missing, _ROLE_ALONE)
        roles = " or ".join(need.roles)
        if sets := sorted({str(held.attribute_set) for held in self.roles if held.name in need.roles}):
            return Verdict(None, (), f"The Entra role {roles} is limited to: {', '.join(sets)}.")
        return Verdict(None, (roles,), f"The token does not show the Entra role {roles}. {_NOT_SHOWN}")

    def _refused(self, need: Need, shown: Verdict) -> Verdict:
        """Return the verdict on a read that Graph refused. A guest can have the permission and be refused."""
        if shown.possible:
            return Verdict(False, (), "Graph refused to read it, although the token has the permission.")
        missing = shown.missing or (need.permissions if self.access.kind is None else (" or ".join(need.roles),))
        why = shown.reason if shown.possible is False else f"Graph refused to read it. {need}"
        return Verdict(False, tuple(filter(None, missing)), why)

    def _tried(self, need: Need, shown: Verdict, read: Callable[[], object]) -> Verdict:
        """Return the verdict by a read. An error that is not a refusal proves nothing."""
        try:
            read()
        except PermissionDenied:
            return self._refused(need, shown)
        except GraphError as error:
            return Verdict(None, shown.missing, str(error))
        return Verdict(True)

    def _read_roles(self) -> None:
        """Add the roles for attribute sets that role assignments show; those of groups are not among them."""
        identifier = str(self._claims.get("oid") or "")
        if not is_guid(identifier) or self.access.allows(READ_ROLE_ASSIGNMENTS) is False:
            return
        query = {"$filter": f"principalId eq {literal(identifier)}"}
        try:
            for item in self._graph.pages(ROLES_PATH, need=READ_ROLE_ASSIGNMENTS, query=query):
                scope = member(item, "directoryScopeId", str, ROLES_PATH) or ""
                name = ROLE_NAMES.get(str(item.get("roleDefinitionId")).lower())
                if name and scope.startswith(ATTRIBUTE_SET_SCOPE):
                    self.roles.append(HeldRole(name, scope.removeprefix(ATTRIBUTE_SET_SCOPE)))
        except GraphError:
            return

    def principals(self, kind: PrincipalKind, shown: Verdict) -> Verdict:
        """Try to read one principal of a kind, as the modules do."""
        need, query = READ_PRINCIPALS[kind], {**principal_query(kind), "$top": "1"}
        return self._tried(need, shown, lambda: self._graph.get(kind.path, need=need, query=query))

    def definitions(self, shown: Verdict) -> Verdict:
        """Try to read the definitions. A role that is limited to attribute sets shows only those."""
        verdict = self._tried(READ_DEFINITIONS, shown, self._read_definitions)
        if verdict.possible is not True:
            return verdict
        sets = ", ".join(self._sample()) or "none"
        return Verdict(None, shown.missing, f"Definitions can be read in: {sets}. There may be others. {shown.reason}")

    def _read_definitions(self) -> list[Definition]:
        if self._definitions is None:
            self._definitions = Schema(self._graph).definitions()
        return self._definitions

    def _sample(self) -> dict[str, list[Definition]]:
        """Return the searchable attributes of each attribute set."""
        found: dict[str, list[Definition]] = {}
        for definition in self._definitions or ():
            attributes = found.setdefault(definition.attribute_set, [])
            if definition.searchable:
                attributes.append(definition)
        return found

    def attributes(self, kind: PrincipalKind, shown: Verdict) -> Verdict:
        """Try a filter in each attribute set, because Graph refuses filters on values that it hides (graph-facts 3)."""
        directory = Directory(self._graph)
        readable: list[str] = []
        try:
            self._read_definitions()
            sets = self._sample()
            tried = [attributes[0] for attributes in sets.values() if attributes]
            for definition in tried[: 1 if shown.possible is False else MOST_SETS]:
                try:
                    directory.count(kind, definition.attribute)
                    readable.append(definition.attribute_set)
                except PermissionDenied:
                    continue
        except PermissionDenied:
            return shown
        except GraphError as error:
            return Verdict(None, shown.missing, str(error))
        if readable:
            names = ", ".join(readable)
            return Verdict(None, shown.missing, f"Values can be read in: {names}. There may be others. {shown.reason}")
        if tried and len(tried) == len(sets) <= MOST_SETS:
            return self._refused(READ_ATTRIBUTES, shown)
        return shown

    def audits(self, shown: Verdict) -> Verdict:
        """Try to read the newest entry of the audit log."""
        entries = AuditLog(self._graph).entries(since=datetime.now(timezone.utc), limit=1)
        return self._tried(READ_AUDITS, shown, lambda: next(entries, None))

    def groups(self, shown: Verdict) -> Verdict:
        """Try to read one group."""
        return self._get("/groups", READ_GROUPS, shown, {"$select": "id", "$top": "1"})

    def conditional_access(self, shown: Verdict) -> Verdict:
        """Try to read the policies of Conditional Access."""
        return self._get(POLICIES_PATH, READ_POLICIES, shown, {"$top": "1"})

    def app_management(self, shown: Verdict) -> Verdict:
        """Try to read the default app management policy."""
        return self._get(DEFAULT_APP_POLICY_PATH, READ_POLICIES, shown, {})

    def workflows(self, shown: Verdict) -> Verdict:
        """Try to read the tasks of a workflow, for which the permission to list workflows is not enough."""
        graph, path = self._graph, WORKFLOWS_PATH

        def read() -> None:
            for workflow in graph.get(path, need=READ_WORKFLOWS, query={"$top": "1"}).get("value") or ():
                identifier = quote(member(workflow, "id", str, path, required=True), safe="")
                graph.get(f"{path}/{identifier}/tasks", need=READ_WORKFLOWS)

        return self._tried(READ_WORKFLOWS, shown, read)

    def role_assignments(self, shown: Verdict) -> Verdict:
        """Try to read who has a role."""
        role = next(iter(ROLE_IDS.values()))
        query = {"$filter": f"roleDefinitionId eq {literal(role)}", "$top": "1"}
        return self._get(ROLES_PATH, READ_ROLE_ASSIGNMENTS, shown, query)

    def _get(self, path: str, need: Need, shown: Verdict, query: Mapping[str, str]) -> Verdict:
        return self._tried(need, shown, lambda: self._graph.get(path, need=need, query=query))


def _together(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict on a job that takes several: possible if all are, impossible if one is."""
    open_ones = [verdict for verdict in verdicts if verdict.possible is not True]
    decisive = [verdict for verdict in open_ones if verdict.possible is False] or open_ones
    if not decisive:
        return Verdict(True)
    missing = dict.fromkeys(name for verdict in open_ones for name in verdict.missing)
    reasons = dict.fromkeys(verdict.reason for verdict in decisive)
    return replace(decisive[0], missing=tuple(missing), reason=" ".join(reasons))


JOBS = (
    Job("read_users", READ_PRINCIPALS[USER], lambda reader, shown: reader.principals(USER, shown)),
    Job(
        "read_service_principals",
        READ_PRINCIPALS[SERVICE_PRINCIPAL],
        lambda reader, shown: reader.principals(SERVICE_PRINCIPAL, shown),
    ),
    Job("read_definitions", READ_DEFINITIONS, JobReader.definitions),
    Job("write_definitions", WRITE_DEFINITIONS),
    Job(
        "read_user_attributes",
        READ_ATTRIBUTES,
        lambda reader, shown: reader.attributes(USER, shown),
        ("read_users",),
    ),
    Job(
        "read_service_principal_attributes",
        READ_ATTRIBUTES,
        lambda reader, shown: reader.attributes(SERVICE_PRINCIPAL, shown),
        ("read_service_principals",),
    ),
    Job("assign_user_attributes", ASSIGN_ATTRIBUTES, after=("read_users",)),
    Job("assign_service_principal_attributes", ASSIGN_ATTRIBUTES, after=("read_service_principals",)),
    Job("read_audit_log", READ_AUDITS, JobReader.audits),
    Job("read_groups", READ_GROUPS, JobReader.groups),
    Job(f"read_{POLICIES}", READ_POLICIES, JobReader.conditional_access),
    Job(f"read_{APP_POLICIES}", READ_POLICIES, JobReader.app_management),
    Job(f"read_{WORKFLOWS}", READ_WORKFLOWS, JobReader.workflows),
    Job(f"read_{ROLES}", READ_ROLE_ASSIGNMENTS, JobReader.role_assignments),
    Job("delegate", WRITE_ROLE_ASSIGNMENTS),
)
"""The table of jobs. A job stands after those that it takes as well."""
