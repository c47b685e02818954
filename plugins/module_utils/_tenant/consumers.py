# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Consumers: the policies, workflows and role assignments that decide by custom security attributes.

Each source is read once. A source that Graph refuses is not empty: it is in `not_read`, with the permission.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from .._core.model import KINDS, SERVICE_PRINCIPAL, USER, AttributeName, Definition, Exposure
from .._core.rules.conditional_access import CONDITIONAL_ACCESS
from .._core.rules.conditions import MENTION, Dialect, InvalidRule, Node, Problem
from .._core.rules.dialects import attribute_details
from .._core.rules.effects import DecidingRule, state_words
from .._core.rules.evaluation import Evaluator
from .._core.rules.odata import ODATA
from .._core.rules.problems import doubts, find_problems
from .._core.rules.role_conditions import ROLE_CONDITION
from .._errors import GraphError, Need, PermissionDenied
from .._graph.client import Graph
from .._graph.resource_manager import ResourceManager
from .._graph.shapes import member, objects
from .permissions import (
    READ_DEFINITIONS,
    READ_POLICIES,
    READ_ROLE_ASSIGNMENTS,
    READ_ROLE_CONDITIONS,
    READ_WORKFLOWS,
    ROLE_IDS,
)
from .schema import Schema

POLICIES, APP_POLICIES = "conditional_access_policies", "app_management_policies"
WORKFLOWS, ROLES = "lifecycle_workflows", "directory_role_assignments"
ROLE_CONDITIONS = "role_conditions"
SOURCES = (POLICIES, APP_POLICIES, WORKFLOWS, ROLES)
"""What Graph shows. Role conditions are in Azure, so they are read only on request."""
DECIDING_SOURCES = (POLICIES, APP_POLICIES, WORKFLOWS)
"""The sources that decide about a principal by its values; roles name an attribute set as a whole."""

POLICIES_PATH = "/identity/conditionalAccess/policies"
DEFAULT_APP_POLICY_PATH, _APP_POLICIES = "/policies/defaultAppManagementPolicy", "/policies/appManagementPolicies"
WORKFLOWS_PATH = "/identityGovernance/lifecycleWorkflows/workflows"
ROLES_PATH = "/roleManagement/directory/roleAssignments"
ATTRIBUTE_SET_SCOPE = "/attributeSets/"
_CONDITIONS = (
    "authorizationresources | where type =~ 'microsoft.authorization/roleassignments'"
    " | where isnotempty(properties.condition)"
    " | project id, principal=properties.principalId, scope=properties.scope, role=properties.roleDefinitionId,"
    " condition=properties.condition"
    " | order by id asc"
)
"""All conditions: a search for attributes would miss those that are not shown whole (consumer-facts 11)."""
_DATA_ROLES = {
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
}
"""Built-in roles that conditions are mostly for."""
_NO_SUBSCRIPTION = "The identity can read no subscription, so Azure shows it no role assignment"
_KINDS_BY_PLACE = {
    "conditions.applications.applicationFilter": SERVICE_PRINCIPAL,
    "conditions.clientApplications.servicePrincipalFilter": SERVICE_PRINCIPAL,
    "conditions.clientApplications.agentIdServicePrincipalFilter": SERVICE_PRINCIPAL,
    "conditions.agents.agentFilter": USER,
    "scope": USER,
    "trigger": USER,
}
"""Whom a filter or scope selects (consumer-facts 1, 2 and 12); one in another place may select anybody."""
EXPOSURE = "exposure"
TITLES = {
    "conditional_access_policy": "policy",
    "app_management_policy": "app management policy",
    "lifecycle_workflow": "workflow",
    "directory_role_assignment": "role assignment",
    EXPOSURE: "exposure",
    "role_condition": "condition of the role assignment",
}
"""What people call each kind of consumer."""
_AGENT_FILTERS = ("agentIdServicePrincipalFilter", "agentFilter")
_MENTIONED = re.compile(r"customsecurityattribute", re.IGNORECASE)
_PARTIAL = re.compile(r"contains|match|like|startswith", re.IGNORECASE)
"""Operators that compare with a part of a value."""
_HIDDEN = "Graph shows no rule here. It may be hidden from this identity, so it may name any attribute"


@dataclass(frozen=True)
class Consumer:
    """One place that decides by attributes. `tree` is null where it is unknown what the rule decides."""

    kind: str
    id: str
    display_name: str | None
    state: str | None
    place: str
    mode: str | None = None
    rule: str | None = None
    attributes: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[Problem, ...] = ()
    dialect: str | None = None
    tree: Node | None = None
    certain: bool = True
    """Whether all attributes that it names are known."""
    kinds: frozenset[str] = frozenset(KINDS)
    """The kinds of principals that it can select."""
    agents_only: bool = False
    owner: str | None = None
    """Who is responsible for an exposure, which is declared instead of read."""

    def as_result(self) -> dict[str, Any]:
        """Return the consumer as results name it."""
        names = ("kind", "id", "display_name", "state", "place", "mode", "rule")
        return {
            **{name: getattr(self, name) for name in names},
            "attributes": [dict(attribute) for attribute in self.attributes],
            "problems": [vars(problem) for problem in self.problems],
        }

    def __str__(self) -> str:
        state = f" ({state_words(self.state)})" if self.state else f" (owner {self.owner})" if self.owner else ""
        return f'{TITLES[self.kind]} "{self.display_name or self.id}"{state}'

    def names(self, attribute: AttributeName, values: Collection[str] = ()) -> bool:
        """Return whether it names an attribute or one of these values of it; the case of letters does not count."""
        wanted = [value.lower() for value in values]
        return any(
            detail["attribute_set"].lower() == attribute.attribute_set.lower()
            and (detail["name"] is None or detail["name"].lower() == attribute.name.lower())
            and (not wanted or _compares(detail, wanted))
            for detail in self.attributes
        )

    def as_rule(self) -> DecidingRule:
        """Return what the consumer decides about principals."""
        named = [AttributeName(attribute["attribute_set"], attribute["name"]) for attribute in self.attributes]
        evaluator = Evaluator(self.tree, self.dialect) if self.tree is not None and self.dialect else None
        return DecidingRule(self.kinds, frozenset(named) if self.certain else None, evaluator, self.agents_only)


@dataclass(frozen=True)
class NotRead:
    """A source that Graph did not let be read, wholly or in part."""

    source: str
    permission: str
    message: str


@dataclass
class Consumers:
    """All consumers of the sources that were asked for, and what could not be read."""

    found: list[Consumer] = field(default_factory=list)
    not_read: list[NotRead] = field(default_factory=list)
    defined: frozenset[AttributeName] | None = None
    """The attributes that are defined, if they could be read."""


class ConsumerReader:
    """What decides about principals by their attributes, and what is declared to use them.

    It is read once, when it is first asked for.
    """

    def __init__(self, graph: Graph, exposures: Iterable[Exposure] = ()) -> None:
        self._graph = graph
        self._exposures = exposures

    @cached_property
    def consumers(self) -> Consumers:
        """Read the consumers. Raises TransportError and AuthenticationError."""
        consumers = read_consumers(self._graph, DECIDING_SOURCES)
        consumers.found.extend(map(exposed, self._exposures))
        return consumers


def exposed(exposure: Exposure) -> Consumer:
    """Return the consumer that is declared. It has no rule, so what it does with an attribute is unknown."""
    used = [_attribute(*attribute, None, *values) for attribute, values in exposure.attributes.items()]
    identity = (exposure.name, exposure.name, None, exposure.place)
    return Consumer(EXPOSURE, *identity, attributes=tuple(used), owner=exposure.owner)


def read_consumers(
    graph: Graph, sources: Iterable[str] = SOURCES, resource_manager: ResourceManager | None = None
) -> Consumers:
    """Read the sources, and with a `resource_manager` the conditions of Azure role assignments.

    Raises TransportError and AuthenticationError; a refusal by the service is in `not_read`.
    """
    reader = _Reader(graph)
    for source in SOURCES:
        if source in sources:
            reader.read(source)
    if resource_manager:
        reader.read_conditions(resource_manager)
    return reader.consumers


class _Reader:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.consumers = Consumers()
        self.definitions: dict[AttributeName, Definition] | None = None
        try:
            self.definitions = {definition.attribute: definition for definition in Schema(graph).definitions()}
            self.consumers.defined = frozenset(self.definitions)
        except GraphError as error:
            self.refused("definitions", READ_DEFINITIONS, error)

    def read(self, source: str) -> None:
        """Read one source."""
        need, read = {
            POLICIES: (READ_POLICIES, self.conditional_access),
            APP_POLICIES: (READ_POLICIES, self.app_management),
            WORKFLOWS: (READ_WORKFLOWS, self.workflows),
            ROLES: (READ_ROLE_ASSIGNMENTS, self.role_assignments),
        }[source]
        try:
            self.consumers.found.extend(read())
        except GraphError as error:
            self.refused(source, need, error)

    def read_conditions(self, resource_manager: ResourceManager) -> None:
        """Read the conditions of Azure role assignments. Azure shows an identity without a role nothing at all."""
        try:
            rows = list(resource_manager.query(_CONDITIONS, need=READ_ROLE_CONDITIONS))
            for row in rows:
                self.consumers.found.extend(self.condition(row))
            if not rows and not resource_manager.sees_subscriptions(need=READ_ROLE_CONDITIONS):
                message = f"{_NO_SUBSCRIPTION}. {READ_ROLE_CONDITIONS}"
                self.consumers.not_read.append(NotRead(ROLE_CONDITIONS, READ_ROLE_CONDITIONS.permissions[0], message))
        except GraphError as error:
            self.refused(ROLE_CONDITIONS, READ_ROLE_CONDITIONS, error)

    def condition(self, row: Mapping[str, Any]) -> Iterator[Consumer]:
        """Yield the consumer of a condition, unless it names no attribute."""
        what = "Azure Resource Graph"
        role = (member(row, "role", str, what) or "").rpartition("/")[2]
        assignment = {
            "id": member(row, "id", str, what, required=True),
            "displayName": f"{_DATA_ROLES.get(role, role)}: {member(row, 'principal', str, what)}",
        }
        scope, condition = member(row, "scope", str, what) or "", member(row, "condition", str, what)
        yield from self.ruled("role_condition", assignment, scope, condition, ROLE_CONDITION)

    def refused(self, source: str, need: Need, error: GraphError, what: str = "") -> None:
        """Keep that a source could not be read."""
        message = f"{what}: {error}" if what else str(error)
        self.consumers.not_read.append(NotRead(source, " and ".join(need.permissions), message))

    def conditional_access(self) -> Iterator[Consumer]:
        """Yield the filters of Conditional Access; those for agents are in beta only (consumer-facts 1, 12)."""
        policies = self.policies(self.graph.in_version("v1.0"))
        try:
            policies.update(self.policies(self.graph.in_version("beta")))
        except GraphError as error:
            self.refused(POLICIES, READ_POLICIES, error, "Filters for agents, which only beta has")
        for policy in policies.values():
            yield from self.filters(policy)

    def policies(self, graph: Graph) -> dict[str, dict[str, Any]]:
        """Return the policies in one version of Graph by their ids."""
        found = graph.pages(POLICIES_PATH, need=READ_POLICIES)
        return {member(policy, "id", str, f"GET {POLICIES_PATH}", required=True): policy for policy in found}

    def filters(self, policy: Mapping[str, Any]) -> Iterator[Consumer]:
        """Yield each filter below the conditions of a policy, wherever it stands (consumer-facts 12)."""
        what = f"GET {POLICIES_PATH}"
        conditions = member(policy, "conditions", dict, what) or {}
        applications = member(conditions, "applications", dict, what) or {}
        for place, found in _objects_in(conditions, "conditions"):
            if "rule" not in found or place.endswith(".deviceFilter"):
                continue
            mode, rule = member(found, "mode", str, what), member(found, "rule", str, what)
            is_all = applications.get("applicationFilter") is found and mode == "include"
            includes_all = is_all and "All" in (member(applications, "includeApplications", list, what) or [])
            yield from self.ruled(
                "conditional_access_policy", policy, place, rule, CONDITIONAL_ACCESS, mode, includes_all
            )
        selected = [value for name, value in applications.items() if name.startswith("include")]
        if applications and not any(selected) and not applications.get("applicationFilter"):
            place = "conditions.applications.applicationFilter"
            yield from self.ruled("conditional_access_policy", policy, place, None, CONDITIONAL_ACCESS)

    def ruled(
        self,
        kind: str,
        item: Mapping[str, Any],
        place: str,
        rule: str | None,
        dialect: Dialect,
        mode: str | None = None,
        includes_all: bool = False,
    ) -> Iterator[Consumer]:
        """Yield the consumer of a rule, unless the rule names no attribute."""
        common = (kind, *_identity(item, kind), place, mode, rule or None)
        kinds = frozenset([_KINDS_BY_PLACE[place].name] if place in _KINDS_BY_PLACE else KINDS)
        agents_only = place.endswith(_AGENT_FILTERS)
        if not rule:
            hidden = (Problem(_HIDDEN),)
            yield Consumer(*common, problems=hidden, certain=False, kinds=kinds, agents_only=agents_only)
            return
        tree: Node | None = None
        meant: Node | None
        try:
            meant = tree = dialect.parse(rule, self.definitions or ())
            problems = find_problems(tree, dialect, self.definitions, all_applications=includes_all)
        except InvalidRule as error:
            meant, problems = error.meant, error.problems
        attributes = tuple(attribute_details(meant, rule))
        if attributes or _MENTIONED.search(rule) or (tree is None and dialect is not ODATA):
            is_doubtful = tree is not None and self.definitions is not None and doubts(tree, self.definitions)
            yield Consumer(
                *common,
                attributes,
                tuple(problems),
                dialect.name,
                None if is_doubtful else tree,
                certain=tree is not None and bool(attributes),
                kinds=kinds,
                agents_only=agents_only,
            )

    def app_management(self) -> Iterator[Consumer]:
        """Yield the exemptions of app management policies, wherever they stand (consumer-facts 4)."""
        default = self.graph.get(DEFAULT_APP_POLICY_PATH, need=READ_POLICIES)
        for policy in [default, *self.graph.pages(_APP_POLICIES, need=READ_POLICIES)]:
            for place, found in _objects_in(policy, ""):
                if not place.endswith("excludeActors"):
                    continue
                exemptions = objects(member(found, "customSecurityAttributes", list, place) or [], place)
                attributes = [_exempted(exemption, place) for exemption in exemptions]
                if attributes:
                    kind = "app_management_policy"
                    yield Consumer(
                        kind, *_identity(policy, kind), place.lstrip("."), "exclude", attributes=tuple(attributes)
                    )

    def workflows(self) -> Iterator[Consumer]:
        """Yield the scope, the trigger and the arguments of tasks of workflows (consumer-facts 2)."""
        tasks_refused = False
        for listed in self.graph.pages(WORKFLOWS_PATH, need=READ_WORKFLOWS):
            path = f"{WORKFLOWS_PATH}/{quote(member(listed, 'id', str, WORKFLOWS_PATH, required=True), safe='')}"
            workflow = self.graph.get(path, need=READ_WORKFLOWS)
            conditions = member(workflow, "executionConditions", dict, path) or {}
            yield from self.scope(workflow, conditions, path)
            trigger = member(conditions, "trigger", dict, path) or {}
            changes = objects(member(trigger, "triggerAttributes", list, path) or [], path)
            yield from self.mentions(workflow, "trigger", [change.get("name") for change in changes])
            if tasks_refused:
                continue
            try:
                tasks = list(self.graph.pages(f"{path}/tasks", need=READ_WORKFLOWS))
            except PermissionDenied as error:
                tasks_refused = True
                self.refused(WORKFLOWS, READ_WORKFLOWS, error, "Tasks")
                continue
            for task in tasks:
                for argument in objects(member(task, "arguments", list, path) or [], path):
                    place = f"tasks.{task.get('displayName')}.{argument.get('name')}"
                    yield from self.mentions(workflow, place, [argument.get("value")])

    def scope(self, workflow: Mapping[str, Any], conditions: Mapping[str, Any], path: str) -> Iterator[Consumer]:
        """Yield the rule that selects the users of a workflow, which may be hidden."""
        scope = member(conditions, "scope", dict, path)
        if scope is None:
            if not str(conditions.get("@odata.type", "")).endswith("onDemandExecutionOnly"):
                yield from self.ruled("lifecycle_workflow", workflow, "scope", None, ODATA)
        elif "rule" in scope or str(scope.get("@odata.type", "")).endswith("ruleBasedSubjectSet"):
            yield from self.ruled("lifecycle_workflow", workflow, "scope", member(scope, "rule", str, path), ODATA)

    def mentions(self, workflow: Mapping[str, Any], place: str, texts: Iterable[Any]) -> Iterator[Consumer]:
        """Yield a consumer of the attributes that texts name by their paths."""
        found = [match.groups() for text in texts for match in MENTION.finditer(str(text))]
        if found:
            kind = "lifecycle_workflow"
            attributes = tuple(_attribute(*names, None) for names in dict.fromkeys(found))
            yield Consumer(kind, *_identity(workflow, kind), place, attributes=attributes, kinds=frozenset([USER.name]))

    def role_assignments(self) -> Iterator[Consumer]:
        """Yield who has a role at the scope of an attribute set (consumer-facts 5)."""
        for name, role in ROLE_IDS.items():
            query = {"$filter": f"roleDefinitionId eq '{role}'", "$expand": "principal"}
            for item in self.graph.pages(ROLES_PATH, need=READ_ROLE_ASSIGNMENTS, query=query):
                scope = member(item, "directoryScopeId", str, ROLES_PATH) or ""
                if scope.startswith(ATTRIBUTE_SET_SCOPE):
                    principal = member(item, "principal", dict, ROLES_PATH) or {}
                    yield Consumer(
                        "directory_role_assignment",
                        member(item, "id", str, ROLES_PATH, required=True),
                        f"{name}: {principal.get('displayName') or item.get('principalId')}",
                        None,
                        scope,
                        attributes=(_attribute(scope.removeprefix(ATTRIBUTE_SET_SCOPE), None, None),),
                    )


def _compares(detail: Mapping[str, Any], wanted: Collection[str]) -> bool:
    """Return whether a comparison names one of these texts in lower case, or may find a part of one."""
    compared = [str(value).lower() for value in detail["values"]]
    partial = _PARTIAL.search(detail["operator"] or "")
    return not compared or bool(partial) or not set(wanted).isdisjoint(compared)


def _attribute(attribute_set: str, name: str | None, operator: str | None, *values: Any) -> dict[str, Any]:
    return {"attribute_set": attribute_set, "name": name, "operator": operator, "values": list(values)}


def _exempted(exemption: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Return the attribute that an exemption names as `Set_Name`."""
    attribute_set, _separator, name = member(exemption, "id", str, what, required=True).partition("_")
    operator, value = (member(exemption, key, str, what) for key in ("operator", "value"))
    return _attribute(attribute_set, name, operator, *([] if value is None else [value]))


def _identity(item: Mapping[str, Any], kind: str) -> tuple[str, str | None, str | None]:
    """Return the id, the display name and the state of a policy or workflow."""
    enabled = member(item, "isEnabled", bool, kind)
    state = {True: "enabled", False: "disabled", None: member(item, "state", str, kind)}[enabled]
    return member(item, "id", str, kind, required=True), member(item, "displayName", str, kind), state


def _objects_in(value: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all objects in a JSON value, each with the path to it."""
    pending = [(place, value)]
    while pending:
        place, value = pending.pop()
        if isinstance(value, dict):
            yield place, value
            pending += [(f"{place}.{name}", inner) for name, inner in reversed(value.items())]
        elif isinstance(value, list):
            pending += [(f"{place}[{number}]", inner) for number, inner in reversed([*enumerate(value)])]
