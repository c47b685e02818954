# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The figures of a report: holders, values, required attributes and limits. Pure: no I/O, no Ansible, no clock.

Principals are taken one by one, and those with values or findings are kept, so time and memory grow with the tenant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .._core.assignment_plan import definition_of
from .._core.model import (
    KINDS_BY_PLURAL,
    Assignments,
    AttributeName,
    AttributeSet,
    Definition,
    Principal,
    PrincipalKind,
    Scalar,
    nested,
)
from .._core.schema_plan import MAX_ACTIVE_DEFINITIONS, MAX_PREDEFINED_VALUES, MAX_SETS
from .._core.values import MAX_VALUES_PER_PRINCIPAL, elements, values_held
from .._errors import UndefinedAttribute

NEAR = 0.8
"""The share of a limit from which it counts as nearly reached."""
AGENT, AGENTS = "agent", "agents"
"""Agents are agent identities, their blueprints and agent users. They also count as service principals or users."""
FREE, ACTIVE, INACTIVE, OUTSIDE = "free", "active", "inactive", "outside"
"""The relation of a value to the predefined values of its attribute; free where they do not bind."""
UNDEFINED = "undefined"


@dataclass(frozen=True)
class Requirement:
    """An attribute that principals must have: those of a type, agents, or all."""

    attribute_set: str
    name: str
    principal_type: str | None = None

    def concerns(self, principal: Principal) -> bool:
        """Return whether a principal must have it."""
        if self.principal_type == AGENT:
            return bool(principal.agent_type)
        return self.principal_type in (None, principal.kind.name)

    @property
    def attribute(self) -> AttributeName:
        return AttributeName(self.attribute_set, self.name)


class Mask:
    """The attribute sets whose values must not appear in a report: those of the options, and those of declarations."""

    def __init__(self, named: Iterable[str] = (), declared: Iterable[str] = ()) -> None:
        self.named = frozenset(named)
        self.attribute_sets = self.named | frozenset(declared)

    def hides(self, attribute_set: str) -> bool:
        """Return whether the values of a set are masked."""
        return attribute_set in self.attribute_sets

    def shown(self, attribute_set: str, value: Any) -> Any:
        """Return a value as reports have it: itself, or the number of values if the set is masked."""
        if value is None or attribute_set not in self.attribute_sets:
            return value
        return {"masked": len(elements(value))}


_Group: TypeAlias = "tuple[PrincipalKind, bool]"
"""The kind of a principal, and whether it is an agent."""


@dataclass(slots=True)
class _Use:
    """The use of an attribute; `bad` counts the principals with inactive values, and with values that are outside."""

    holders: Counter[_Group] = field(default_factory=Counter)
    values: Counter[Scalar] = field(default_factory=Counter)
    bad: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Row:
    """A principal that the report lists, with the attributes it lacks, and its bad values by attribute and standing."""

    principal: Principal
    values: int
    missing: tuple[AttributeName, ...]
    bad: tuple[tuple[AttributeName, str, list[Scalar]], ...]

    def as_result(self, mask: Mask, drifts: bool) -> dict[str, Any]:
        """Return the principal as JSON has it; `drifts` says whether it differs from its declaration."""
        held = {
            name: mask.shown(name.attribute_set, value) for name, value in sorted(self.principal.assignments.items())
        }
        return {
            **self.principal.as_result(),
            "values": self.values,
            "missing": list(map(str, self.missing)),
            "bad_values": [
                {"attribute": str(name), "standing": standing, "value": mask.shown(name.attribute_set, values)}
                for name, standing, values in self.bad
            ],
            "custom_security_attributes": nested(held),
            "drift": drifts,
        }


def standing(value: Scalar, definition: Definition | None) -> str:
    """Return the relation of a value to predefined ones (graph-facts 4), which are text (graph-facts 1.4)."""
    if definition is None or not definition.predefined_only:
        return FREE
    active = definition.predefined.get(str(value))
    return OUTSIDE if active is None else ACTIVE if active else INACTIVE


class Figures:
    """Takes the principals of a tenant, and returns the figures.

    Of masked attribute sets only the number of values is reported. Raises UndefinedAttribute for a named set or a
    required attribute that the tenant does not have: a wrong name would show what it was to hide, or be missing
    everywhere.
    """

    def __init__(
        self,
        sets: Iterable[AttributeSet],
        definitions: Iterable[Definition],
        required: Iterable[Requirement] = (),
        mask: Mask | None = None,
    ) -> None:
        self.definitions = {definition.attribute: definition for definition in definitions}
        self.mask = mask or Mask()
        self._sets = {attribute_set.name: attribute_set for attribute_set in sets}
        unknown = sorted(self.mask.named - {*self._sets, *(name.attribute_set for name in self.definitions)})
        if unknown:
            raise UndefinedAttribute(
                f"masked_attribute_sets: there is no attribute set {', '.join(unknown)}.",
                f"Names are matched exactly; there are: {', '.join(sorted(self._sets)) or 'none'}.",
            )
        self._missing = dict.fromkeys(required, 0)
        for requirement in self._missing:
            definition_of(requirement.attribute, self.definitions)
        self._binding = {name for name, definition in self.definitions.items() if definition.predefined_only}
        self._concerned: Counter[Requirement] = Counter()
        self._uses: dict[AttributeName, _Use] = {name: _Use() for name in self.definitions}
        self._holders: dict[str, Counter[_Group]] = {name: Counter() for name in self._sets}
        self._principals: Counter[_Group] = Counter()
        self._rows: list[_Row] = []
        self._with_values = 0

    def add(self, principal: Principal, differs: bool = False) -> None:
        """Count a principal; one that may differ from its declaration is kept even without values."""
        group = principal.kind, bool(principal.agent_type)
        self._principals[group] += 1
        assignments = principal.assignments
        for attribute_set in {name.attribute_set for name in assignments}:
            if attribute_set not in self._holders:
                self._holders[attribute_set] = Counter()
            self._holders[attribute_set][group] += 1
        bad: list[tuple[AttributeName, str, list[Scalar]]] = []
        for name, value in assignments.items():
            if name not in self._uses:
                self._uses[name] = _Use()
            use = self._uses[name]
            use.holders[group] += 1
            parts = elements(value)
            for part in parts:
                use.values[part] += 1
            if name in self._binding:
                bad += self._bad(use, name, parts)
        missing = self._lacks(principal)
        count = values_held(assignments)
        self._with_values += count > 0
        if count or missing or differs:
            self._rows.append(_Row(principal, count, missing, tuple(bad)))

    def _bad(
        self, use: _Use, name: AttributeName, held: Sequence[Scalar]
    ) -> Iterator[tuple[AttributeName, str, list[Scalar]]]:
        definition = self.definitions[name]
        for state in (INACTIVE, OUTSIDE):
            values = [value for value in held if standing(value, definition) == state]
            if values:
                use.bad[state] += 1
                yield name, state, values

    def _lacks(self, principal: Principal) -> tuple[AttributeName, ...]:
        """Return the required attributes that a principal does not have."""
        missing = []
        for requirement in self._missing:
            if requirement.concerns(principal):
                self._concerned[requirement] += 1
                if requirement.attribute not in principal.assignments:
                    self._missing[requirement] += 1
                    missing.append(requirement.attribute)
        return tuple(dict.fromkeys(missing))

    def as_result(self, declared: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
        """Return all figures as JSON has them, with the comparison of declared items, if there is one."""
        attributes = [self._attribute(name) for name in sorted(self._uses)]
        drifting = {item["id"] for item in declared or () if "id" in item and (item["changes"] or item["problem"])}
        rows = [row for row in self._rows if row.values or row.missing or row.principal.id in drifting]
        rows.sort(key=lambda row: (row.principal.display_name.casefold(), row.principal.id))
        defined = Counter(name.attribute_set for name in self.definitions)
        deprecated = sum(definition.deprecated for definition in self.definitions.values())
        limits = sorted(self._limits(), key=lambda limit: (not limit["near"], -limit["used"] / limit["allowed"]))
        drift = None if declared is None else sum(bool(item["changes"] or item["problem"]) for item in declared)
        return {
            "summary": {
                "principals": self._principals.total(),
                **_counts(self._principals),
                "with_values": self._with_values,
                "attribute_sets": len(self._holders),
                "definitions": len(self.definitions) - deprecated,
                "deprecated_definitions": deprecated,
                "drift": drift,
                "missing_required": sum(bool(row.missing) for row in rows),
                "bad_values": sum(bool(row.bad) for row in rows),
                "deprecated_in_use": sum(item["state"] == "deprecated" and bool(_held(item)) for item in attributes),
                "limits_near": sum(limit["near"] for limit in limits),
            },
            "masked_attribute_sets": sorted(self.mask.attribute_sets),
            "attribute_sets": [
                {"name": name, "definitions": defined[name], **_counts(holders)}
                for name, holders in sorted(self._holders.items())
            ],
            "attributes": attributes,
            "required": [
                {**vars(requirement), "principals": self._concerned[requirement], "missing": missing}
                for requirement, missing in self._missing.items()
            ],
            "declared": None if declared is None else list(declared),
            "limits": limits,
            "principals": [row.as_result(self.mask, row.principal.id in drifting) for row in rows],
        }

    def holdings(self, kind: PrincipalKind) -> Iterator[tuple[Assignments, bool, int]]:
        """Yield what principals of a kind hold, whether these are agents, and how many they are."""
        left = self._all(kind)
        for row in self._rows:
            principal = row.principal
            if principal.kind is kind:
                is_agent = bool(principal.agent_type)
                left[is_agent] -= 1
                yield principal.assignments, is_agent, 1
        yield from (({}, bool(is_agent), count) for is_agent, count in enumerate(left) if count)

    def _all(self, kind: PrincipalKind) -> list[int]:
        """Return the number of principals of a kind that are not agents, and of those that are."""
        return [self._principals[kind, is_agent] for is_agent in (False, True)]

    def _attribute(self, attribute: AttributeName) -> dict[str, Any]:
        attribute_set, name = attribute
        use, definition = self._uses[attribute], self.definitions.get(attribute)
        return {
            "attribute_set": attribute_set,
            "name": name,
            "state": ("deprecated" if definition.deprecated else "present") if definition else UNDEFINED,
            "type": definition.type.lower() if definition else None,
            "multi_valued": definition.collection if definition else None,
            "predefined_values_only": definition.predefined_only if definition else None,
            **_counts(use.holders),
            "distinct_values": len(use.values),
            **{state: use.bad[state] for state in (INACTIVE, OUTSIDE)},
            "distribution": None if self.mask.hides(attribute_set) else list(_distribution(use, definition)),
        }

    def _limits(self) -> Iterator[dict[str, Any]]:
        """Yield the limits of the tenant, and other limits that are nearly reached (graph-facts 4).

        Deprecated definitions do not count.
        """
        active = Counter(item.attribute_set for item in self.definitions.values() if not item.deprecated)
        yield _limit("active definitions in the tenant", "", sum(active.values()), MAX_ACTIVE_DEFINITIONS)
        yield _limit("attribute sets in the tenant", "", len(self._sets), MAX_SETS)
        others = [
            *(
                _limit("active definitions in the set", item.name, active[item.name], item.max_attributes)
                for item in self._sets.values()
                if item.max_attributes
            ),
            *(
                _limit("predefined values", str(name), len(item.predefined), MAX_PREDEFINED_VALUES)
                for name, item in self.definitions.items()
            ),
            *(
                _limit(
                    "values of a principal",
                    row.principal.display_name or row.principal.id,
                    row.values,
                    MAX_VALUES_PER_PRINCIPAL,
                )
                for row in self._rows
                if row.values >= NEAR * MAX_VALUES_PER_PRINCIPAL
            ),
        ]
        yield from (limit for limit in others if limit["near"])


def _counts(groups: Counter[_Group]) -> dict[str, int]:
    """Return the numbers of users, service principals and agents, which count as either."""
    kinds = KINDS_BY_PLURAL.items()
    by_kind = {plural: groups[kind, False] + groups[kind, True] for plural, kind in kinds}
    return {**by_kind, AGENTS: sum(groups[kind, True] for _plural, kind in kinds)}


def _distribution(use: _Use, definition: Definition | None) -> Iterator[dict[str, Any]]:
    """Yield the values by the number of their holders, then the predefined ones without a holder."""
    for value, principals in sorted(use.values.items(), key=lambda entry: (-entry[1], str(entry[0]))):
        yield {"value": value, "principals": principals, "standing": standing(value, definition)}
    held = set(map(str, use.values))
    for value in sorted(definition.predefined if definition else ()):
        if value not in held:
            yield {"value": value, "principals": 0, "standing": standing(value, definition)}


def _held(attribute: Mapping[str, Any]) -> int:
    return sum(attribute[plural] for plural in KINDS_BY_PLURAL)


def _limit(what: str, of: str, used: int, allowed: int) -> dict[str, Any]:
    return {"limit": what, "of": of, "used": used, "allowed": allowed, "near": used >= NEAR * allowed}
