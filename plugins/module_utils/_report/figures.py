# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The figures of a report: who holds what, and what of it somebody should look at. Pure: no I/O, no Ansible, no clock.

Principals are taken one by one. What is kept of each is what it holds, so time and memory grow with the tenant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._core.assignment_plan import Desired, definition_of, plan
from .._core.model import Assignments, AttributeName, AttributeSet, Definition, Scalar, nested
from .._core.schema_plan import MAX_ACTIVE_DEFINITIONS, MAX_PREDEFINED_VALUES, MAX_SETS
from .._core.values import MAX_VALUES_PER_PRINCIPAL, elements, values_held
from .._errors import InvalidValue, UndefinedAttribute

NEAR = 0.8
"""The share of a limit from which it counts as nearly reached."""
USERS, SERVICE_PRINCIPALS, AGENTS = KINDS = ("users", "service_principals", "agents")
"""Agents are agent identities, their blueprints and agent users, hence service principals or users as well."""
FREE, ACTIVE, INACTIVE, OUTSIDE = "free", "active", "inactive", "outside"
"""What a value is to the predefined values of its attribute; free where they do not bind."""
UNDEFINED = "undefined"

Named = Mapping[str, Any]
"""A principal as results name it: `id`, `type`, `display_name`, and `agent_type` of an agent."""


@dataclass(frozen=True)
class Requirement:
    """An attribute that principals must have: those of a type, agents, or all."""

    attribute_set: str
    name: str
    principal_type: str | None = None

    def concerns(self, principal: Named) -> bool:
        """Whether a principal must have it."""
        return self.principal_type is None or f"{self.principal_type}s" in kinds(principal)

    @property
    def attribute(self) -> AttributeName:
        return AttributeName(self.attribute_set, self.name)


@dataclass(slots=True)
class _Use:
    """How an attribute is used; `bad` are the principals with values that are inactive or outside, by which of it."""

    holders: Counter[str] = field(default_factory=Counter)
    values: Counter[Scalar] = field(default_factory=Counter)
    bad: Counter[str] = field(default_factory=Counter)


def kinds(principal: Named) -> Iterator[str]:
    """What a principal counts as: users or service principals, and agents."""
    yield f"{principal['type']}s"
    if principal.get("agent_type"):
        yield AGENTS


def standing(value: Scalar, definition: Definition | None) -> str:
    """What a value is to the predefined values of its attribute (graph-facts 4), which are text (graph-facts 1.4)."""
    if definition is None or not definition.predefined_only:
        return FREE
    active = definition.predefined.get(str(value))
    return OUTSIDE if active is None else ACTIVE if active else INACTIVE


class Figures:
    """Takes the principals of a tenant, and what is declared of it, and tells the figures.

    Of the attribute sets in `masked` only the number of values is reported. Raises UndefinedAttribute for a masked
    set or a required attribute that the tenant does not have: a wrong name would show what it was to hide,
    or be missing all over. `compares` says whether there is a declaration that it may differ from.
    """

    def __init__(
        self,
        sets: Iterable[AttributeSet],
        definitions: Iterable[Definition],
        required: Iterable[Requirement] = (),
        masked: Iterable[str] = (),
        compares: bool = False,
    ) -> None:
        self.definitions = {definition.attribute: definition for definition in definitions}
        self._sets = {one.name: one for one in sets}
        self._masked = set(masked)
        unknown = sorted(self._masked - {*self._sets, *(attribute.attribute_set for attribute in self.definitions)})
        if unknown:
            raise UndefinedAttribute(
                f"masked_attribute_sets: there is no attribute set {', '.join(unknown)}.",
                f"Names are matched exactly; there are: {', '.join(sorted(self._sets)) or 'none'}.",
            )
        self._missing: dict[Requirement, int] = {}
        self._concerned: Counter[Requirement] = Counter()
        for one in required:
            definition_of(one.attribute, self.definitions)
            self._missing[one] = 0
        self._uses: dict[AttributeName, _Use] = {key: _Use() for key in self.definitions}
        self._holders: dict[str, Counter[str]] = {name: Counter() for name in self._sets}
        self._principals: Counter[str] = Counter()
        self._rows: list[dict[str, Any]] = []
        self._with_values = 0
        self._declared: dict[str, dict[str, Any]] = {}
        self._compares = compares

    def add(self, principal: Named, assignments: Assignments) -> None:
        """Count a principal with what is assigned to it."""
        counted = list(kinds(principal))
        self._principals.update(counted)
        bad: list[dict[str, Any]] = []
        for attribute_set in {attribute.attribute_set for attribute in assignments}:
            self._holders.setdefault(attribute_set, Counter()).update(counted)
        for attribute, value in assignments.items():
            use = self._uses.setdefault(attribute, _Use())
            use.holders.update(counted)
            use.values.update(elements(value))
            bad += self._bad(use, attribute, elements(value))
        missing = self._lacks(principal, assignments)
        count = values_held(assignments)
        self._with_values += count > 0
        if count or missing:
            shown = nested({name: self.shown(name.attribute_set, value) for name, value in sorted(assignments.items())})
            row = {"values": count, "missing": missing, "bad_values": bad, "custom_security_attributes": shown}
            self._rows.append({**principal, **row})

    def _bad(self, use: _Use, attribute: AttributeName, held: Sequence[Scalar]) -> Iterator[dict[str, Any]]:
        definition = self.definitions.get(attribute)
        for state in (INACTIVE, OUTSIDE):
            values = [value for value in held if standing(value, definition) == state]
            if values:
                use.bad[state] += 1
                yield {
                    "attribute": str(attribute),
                    "standing": state,
                    "value": self.shown(attribute.attribute_set, values),
                }

    def _lacks(self, principal: Named, assignments: Assignments) -> list[str]:
        """The attributes that a principal must have and has not."""
        concerned = [one for one in self._missing if one.concerns(principal)]
        missing = [one for one in concerned if one.attribute not in assignments]
        self._concerned.update(concerned)
        for one in missing:
            self._missing[one] += 1
        return list(dict.fromkeys(str(one.attribute) for one in missing))

    def shown(self, attribute_set: str, value: Any) -> Any:
        """A value as reports tell it: itself, or how many there are if the set is masked."""
        if value is None or attribute_set not in self._masked:
            return value
        return {"masked": len(elements(value))}

    def declare(
        self, key: str, title: str, name: str, changes: Iterable[Mapping[str, Any]] = (), problem: str = ""
    ) -> None:
        """Note how something that is declared differs from what there is, under a key of its own."""
        self._declared[key] = {"type": title, "name": name, "changes": list(changes), "problem": problem}

    def compare(
        self,
        key: str,
        principal: Named,
        name: str,
        assignments: Assignments,
        desired: Desired,
        sets: Collection[str] = (),
    ) -> None:
        """Note how a principal differs from what is declared of it, as `plan()` sees it.

        `sets` are the attribute sets that the declaration names.
        """
        changes, problem = [], ""
        try:
            planned = plan(assignments, desired, self.definitions, sets=sets)
        except UndefinedAttribute as error:
            problem = str(error)
        except InvalidValue as error:
            sets = {attribute.partition(".")[0] for attribute in error.attribute.split(", ")}
            hidden = f"value of {error.attribute}: does not fit, and is masked."
            problem = hidden if sets & self._masked else str(error)
        else:
            changes = [
                {
                    "what": str(attribute),
                    "before": self.shown(attribute.attribute_set, planned.before.get(attribute)),
                    "after": self.shown(attribute.attribute_set, value),
                }
                for attribute, value in planned.changes.items()
            ]
        self.declare(key, principal["type"], name, changes, problem)
        self._declared[key]["id"] = principal["id"]

    def is_masked(self, attribute_set: str) -> bool:
        """Whether values of a set are told nowhere."""
        return attribute_set in self._masked

    def as_result(self) -> dict[str, Any]:
        """All figures, as JSON has them; `summary` holds those that count."""
        attributes = [self._attribute(name) for name in sorted(self._uses)]
        required = [
            {**vars(one), "principals": self._concerned[one], "missing": missing}
            for one, missing in self._missing.items()
        ]
        drifting = {one.get("id") for one in self._declared.values() if one["changes"] or one["problem"]}
        rows = sorted(self._rows, key=lambda row: (row["display_name"].casefold(), row["id"]))
        principals = [{**row, "drift": row["id"] in drifting} for row in rows]
        defined = Counter(one.attribute_set for one in self.definitions.values())
        limits = sorted(self._limits(), key=lambda limit: (not limit["near"], -limit["used"] / limit["allowed"]))
        return {
            "summary": {
                "principals": self._principals[USERS] + self._principals[SERVICE_PRINCIPALS],
                **{kind: self._principals[kind] for kind in KINDS},
                "with_values": self._with_values,
                "attribute_sets": len(self._holders),
                "definitions": sum(not one.deprecated for one in self.definitions.values()),
                "deprecated_definitions": sum(one.deprecated for one in self.definitions.values()),
                "drift": sum(bool(one["changes"] or one["problem"]) for one in self._declared.values())
                if self._compares
                else None,
                "missing_required": sum(bool(row["missing"]) for row in principals),
                "bad_values": sum(bool(row["bad_values"]) for row in principals),
                "deprecated_in_use": sum(bool(one["state"] == "deprecated" and _held(one)) for one in attributes),
                "limits_near": sum(limit["near"] for limit in limits),
            },
            "masked_attribute_sets": sorted(self._masked),
            "attribute_sets": [
                {
                    "name": name,
                    "definitions": defined[name],
                    **{kind: holders[kind] for kind in KINDS},
                }
                for name, holders in sorted(self._holders.items())
            ],
            "attributes": attributes,
            "required": required,
            "declared": list(self._declared.values()) if self._compares else None,
            "limits": limits,
            "principals": principals,
        }

    def _attribute(self, attribute: AttributeName) -> dict[str, Any]:
        attribute_set, name = attribute
        use, definition = self._uses[attribute], self.definitions.get(attribute)
        masked = attribute_set in self._masked
        return {
            "attribute_set": attribute_set,
            "name": name,
            "state": ("deprecated" if definition.deprecated else "present") if definition else UNDEFINED,
            "type": definition.type.lower() if definition else None,
            "multi_valued": definition.collection if definition else None,
            "predefined_values_only": definition.predefined_only if definition else None,
            **{kind: use.holders[kind] for kind in KINDS},
            "distinct_values": len(use.values),
            **{state: use.bad[state] for state in (INACTIVE, OUTSIDE)},
            "distribution": None if masked else list(_distribution(use, definition)),
        }

    def _limits(self) -> Iterator[dict[str, Any]]:
        """The tenant's limits, and those of sets, definitions and principals that are nearly reached (graph-facts 4).

        Deprecated definitions do not count.
        """
        active = Counter(one.attribute_set for one in self.definitions.values() if not one.deprecated)
        yield _limit("active definitions in the tenant", "", sum(active.values()), MAX_ACTIVE_DEFINITIONS)
        yield _limit("attribute sets in the tenant", "", len(self._sets), MAX_SETS)
        some = [
            _limit("active definitions in the set", one.name, active[one.name], one.max_attributes)
            for one in self._sets.values()
            if one.max_attributes
        ]
        some += [
            _limit("predefined values", ".".join(key), len(one.predefined), MAX_PREDEFINED_VALUES)
            for key, one in self.definitions.items()
        ]
        some += [
            _limit("values of a principal", row["display_name"] or row["id"], row["values"], MAX_VALUES_PER_PRINCIPAL)
            for row in self._rows
        ]
        yield from (one for one in some if one["near"])


def _distribution(use: _Use, definition: Definition | None) -> Iterator[dict[str, Any]]:
    """The values by how many hold them, the most frequent first; then the predefined ones that nobody holds."""
    for value, principals in sorted(use.values.items(), key=lambda one: (-one[1], str(one[0]))):
        yield {"value": value, "principals": principals, "standing": standing(value, definition)}
    held = set(map(str, use.values))
    for value in sorted(definition.predefined if definition else ()):
        if value not in held:
            yield {"value": value, "principals": 0, "standing": standing(value, definition)}


def _held(attribute: Mapping[str, Any]) -> int:
    return int(attribute[USERS] + attribute[SERVICE_PRINCIPALS])


def _limit(what: str, of: str, used: int, allowed: int) -> dict[str, Any]:
    return {"limit": what, "of": of, "used": used, "allowed": allowed, "near": used >= NEAR * allowed}
