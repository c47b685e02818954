# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The plan of a reconcile: every step in its order, with what was there before and what is there afterwards. Pure.

A plan holds plain values only, so that it can be printed, written to a file, compared with another one, and read back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .model import AttributeName
from .selection import BY_NAME, Reason
from .values import same

SETS, PERMIT, ASSIGN, DELEGATE, FORBID, LIMITS = PHASES = (
    "attribute_sets",
    "permit",
    "assignments",
    "delegations",
    "forbid",
    "limits",
)
"""The order of a run. Entra accepts every step in it, and takes nothing away before a replacement is there."""
ATTRIBUTE_SET, DEFINITION = SCHEMA_KINDS = ("attribute_set", "definition")
DELEGATION = "delegation"
MOVE = "move"
PREDEFINED = "predefined_value "
"""Precedes a predefined value where it stands as a property of its definition."""
ACTIVE, INACTIVE = "active", "inactive"
MASKED = "masked"
"""The only key of a value that is masked."""
RULE_MASKED = "the rule is masked"

Key = tuple[str, str]
"""The kind and the identity of an object."""


@dataclass(frozen=True, slots=True)
class Change:
    """One property of a set or definition, or one attribute of a principal. Null stands for no value."""

    attribute: str
    before: Any
    after: Any
    place: str = ""
    reasons: tuple[Reason, ...] = ()
    """Why an attribute of a principal changes, where more is known than its place."""

    def is_same(self, other: Change) -> bool:
        """Return whether both change the same thing from and to the same value; the order of values does not matter."""
        return self.attribute == other.attribute and same(self.before, other.before) and same(self.after, other.after)


@dataclass(frozen=True, slots=True)
class Step:
    """All that one phase changes of one object. `place` is where it is declared; `name` is for people."""

    phase: str
    kind: str
    id: str
    name: str
    changes: tuple[Change, ...] = ()
    place: str = ""
    creates: bool = False
    names: tuple[str, ...] = ()
    """Further names of a principal, such as its application ID."""

    @property
    def key(self) -> Key:
        return self.kind, self.id

    @property
    def is_schema(self) -> bool:
        return self.kind in SCHEMA_KINDS

    @property
    def is_delegation(self) -> bool:
        return self.kind == DELEGATION

    def attribute_of(self, change: Change) -> str:
        """Return the attribute that a change is about, as `Set.Name`; of a set or a delegation the name of the set."""
        if self.is_delegation:
            return self.id.split(":")[1]
        return self.id if self.is_schema else change.attribute


@dataclass(frozen=True, slots=True)
class Finding:
    """An object that is declared and left out: it does not exist, or its declaration is refused."""

    kind: str
    name: str
    place: str
    message: str


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A consumer that names an attribute whose values leave: its rule, and the rule as it must become, if known.

    `consumer` is for people, `remark` says what to do or to check.
    """

    attribute: str
    consumer: str
    kind: str
    id: str
    place: str
    rule: str | None
    becomes: str | None
    remark: str = ""


@dataclass(frozen=True)
class TenantPlan:
    """The steps in their order, how many objects of each kind stay as they are, and what is left out.

    `rules` are those that people have to change. `affected` says what opens or closes, a sentence for each policy or
    workflow. `effects` has the same without the numbers of principals; null if that was not asked for. `blocked` holds
    the reasons why the plan as a whole must not be applied. `notes` are for people.
    """

    steps: tuple[Step, ...] = ()
    unchanged: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[Finding, ...] = ()
    refused: tuple[Finding, ...] = ()
    blocked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    affected: tuple[str, ...] = ()
    rules: tuple[RuleChange, ...] = ()
    effects: tuple[Mapping[str, Any], ...] | None = None

    @property
    def changed(self) -> bool:
        return bool(self.steps)

    @property
    def principals(self) -> list[Step]:
        """The steps that change principals."""
        return [step for step in self.steps if not (step.is_schema or step.is_delegation)]

    @property
    def delegations(self) -> list[Step]:
        """The steps that change who holds which role."""
        return [step for step in self.steps if step.is_delegation]

    def counts(self) -> dict[str, int]:
        """Return the numbers that a summary of the plan begins with."""
        created = Counter(step.kind for step in self.steps if step.creates)
        new = {step.key for step in self.steps if step.creates}
        touched = {step.key for step in self.steps if step.is_schema and step.key not in new}
        changed = Counter(kind for kind, _id in touched)
        changes = [change for step in self.principals for change in step.changes]
        removed = sum(change.after is None for change in changes)
        return {
            "attribute_sets_created": created[ATTRIBUTE_SET],
            "attribute_sets_changed": changed[ATTRIBUTE_SET],
            "definitions_created": created[DEFINITION],
            "definitions_changed": changed[DEFINITION],
            "principals_changed": len({step.key for step in self.principals}),
            "values_set": len(changes) - removed,
            "values_removed": removed,
            "delegations_created": created[DELEGATION],
            "delegations_removed": len(self.delegations) - created[DELEGATION],
            "unchanged": sum(self.unchanged.values()),
            "missing": len(self.missing),
            "refused": len(self.refused),
        }

    def masked(self, attribute_sets: Collection[str], mask: Callable[[Any], str]) -> TenantPlan:
        """Return the plan with a mask in place of each value of these attribute sets."""
        if not attribute_sets:
            return self
        hidden = frozenset(attribute_sets)
        rules = tuple(_masked_rule(rule) if _names(rule, hidden) else rule for rule in self.rules)
        return replace(self, steps=tuple(_masked(step, hidden, mask) for step in self.steps), rules=rules)

    def without(self, keys: Collection[Key]) -> TenantPlan:
        """Return the plan without the steps of these objects."""
        return replace(self, steps=tuple(step for step in self.steps if step.key not in keys))


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps in the order of their phases, those of one phase in the order in which they are declared."""
    return tuple(sorted(steps, key=lambda step: PHASES.index(step.phase)))


def stale(approved: TenantPlan, current: TenantPlan) -> dict[Key, str]:
    """Return why objects are no longer as the approved plan found them, by object.

    `current` is planned anew from what the approved plan wants. A change that is in it and not in the approved plan is
    one that nobody approved. An object that has already what the plan wants needs no change, so it is not stale.
    """
    approved_changes: dict[Key, list[Change]] = {}
    for step in approved.steps:
        approved_changes.setdefault(step.key, []).extend(step.changes)
    creates = {step.key for step in approved.steps if step.creates}
    reasons: dict[Key, str] = {}
    for step in current.steps:
        if step.creates and step.key not in creates:
            reasons.setdefault(step.key, f"{step.name}: it no longer exists")
        for change in step.changes:
            known = approved_changes.get(step.key, ())
            if any(change.is_same(other) for other in known):
                continue
            was = next((display(other.before) for other in known if other.attribute == change.attribute), None)
            reason = f"{change.attribute} is {display(change.before)}; the plan was made when it was {was}"
            if was is None:
                reason = f"{change.attribute} would change, and the plan does not say so"
            reasons.setdefault(step.key, f"{step.name}: {reason}")
    return reasons


def protected(plan: TenantPlan, principals: Collection[str], attributes: Collection[str]) -> list[str]:
    """Return what a plan would change of protected principals and attributes.

    Principals are named by object ID, user principal name, application ID or display name, attributes as `Set.Name`, or
    as `Set` for all attributes of a set. Case does not matter.
    """
    names, wanted = {name.lower() for name in principals}, {name.lower() for name in attributes}
    found = []
    for step in plan.steps:
        if not step.is_schema and names & {name.lower() for name in (step.id, step.name, *step.names)}:
            found.append(f"{step.name} is protected")
        touched = [step.attribute_of(change) for change in step.changes] or [step.id]
        for attribute in dict.fromkeys(touched):
            if {attribute.lower(), attribute.partition(".")[0].lower()} & wanted:
                found.append(f"{attribute} is protected" + ("" if step.is_schema else f"; {step.name} would change"))
    return found


def display(value: Any) -> str:
    """Return a value as people read it, on one line and without characters that cannot be seen."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "(masked)"
    if isinstance(value, list):
        return "[" + ", ".join(map(display, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    text = "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in str(value))
    return text if text == text.strip() and text else f'"{text}"'


@dataclass(frozen=True, slots=True)
class Group:
    """The same change of several objects."""

    attribute: str
    before: Any
    after: Any
    names: tuple[str, ...]


def groups(steps: Sequence[Step]) -> list[Group]:
    """Return the changes of principals, equal changes together, the largest groups first."""
    gathered: dict[tuple[str, str, str], list[tuple[str, Change]]] = {}
    for step in steps:
        for change in step.changes:
            identity = (change.attribute, display(change.before), display(change.after))
            gathered.setdefault(identity, []).append((step.name, change))
    found = [
        Group(attribute, members[0][1].before, members[0][1].after, tuple(name for name, _change in members))
        for (attribute, _before, _after), members in gathered.items()
    ]
    return sorted(found, key=lambda group: (-len(group.names), group.attribute, display(group.after), group.names))


def _masked(step: Step, attribute_sets: frozenset[str], mask: Callable[[Any], str]) -> Step:
    def hide(value: Any) -> Any:
        return value if value is None or isinstance(value, Mapping) else {MASKED: mask(value)}

    def changes() -> Iterator[Change]:
        for change in step.changes:
            if step.is_delegation or step.attribute_of(change).partition(".")[0] not in attribute_sets:
                yield change
            elif not step.is_schema:
                yield replace(change, before=hide(change.before), after=hide(change.after))
            elif change.attribute.startswith(PREDEFINED):
                yield replace(change, attribute=PREDEFINED + mask(change.attribute.removeprefix(PREDEFINED)))
            else:
                yield change

    return replace(step, changes=tuple(changes()))


def _names(rule: RuleChange, attribute_sets: Collection[str]) -> bool:
    """Return whether a rule, as it is or as it must become, may hold values of these attribute sets."""
    text = f"{rule.attribute}. {rule.rule} {rule.becomes} {rule.remark}"
    named = "|".join(map(re.escape, attribute_sets))
    return re.search(rf"(?<![a-z0-9])({named})[_/.]", text, re.IGNORECASE) is not None


def _masked_rule(rule: RuleChange) -> RuleChange:
    """Return a rule without its text, which holds values."""
    return replace(rule, rule=None, becomes=None, remark=RULE_MASKED)


# JSON


def plan_document(plan: TenantPlan) -> dict[str, Any]:
    """Return the plan as JSON has it."""
    return {
        "summary": plan.counts(),
        "steps": [_step_document(step) for step in plan.steps],
        "unchanged": dict(plan.unchanged),
        "missing": [_finding_document(finding) for finding in plan.missing],
        "refused": [_finding_document(finding) for finding in plan.refused],
        "blocked": list(plan.blocked),
        "notes": list(plan.notes),
        "affected": list(plan.affected),
        "rules": [asdict(rule) for rule in plan.rules],
        "effects": None if plan.effects is None else [dict(effect) for effect in plan.effects],
    }


def parse_plan(document: Mapping[str, Any]) -> TenantPlan:
    """Return the plan of such a document. Raises KeyError, TypeError, ValueError or AttributeError for another one."""
    steps = tuple(_parse_step(item) for item in document["steps"])
    if steps != in_order(steps):
        raise ValueError("the steps are not in the order of a run")
    return TenantPlan(
        steps,
        {str(kind): int(number) for kind, number in document["unchanged"].items()},
        tuple(_parse_finding(item) for item in document["missing"]),
        tuple(_parse_finding(item) for item in document["refused"]),
        tuple(map(str, document["blocked"])),
        tuple(map(str, document["notes"])),
        tuple(map(str, document["affected"])),
        tuple(RuleChange(**item) for item in document["rules"]),
        None if document["effects"] is None else tuple(dict(item) for item in document["effects"]),
    )


def _step_document(step: Step) -> dict[str, Any]:
    return {
        "phase": step.phase,
        "kind": step.kind,
        "id": step.id,
        "name": step.name,
        "names": list(step.names),
        "creates": step.creates,
        "place": step.place,
        "changes": [
            {"attribute": change.attribute, "before": change.before, "after": change.after} for change in step.changes
        ],
        "reasons": [reason for change in step.changes for reason in _reason_documents(step, change)],
    }


def _reason_documents(step: Step, change: Change) -> list[dict[str, str | None]]:
    if change.reasons:
        return [reason.as_result() for reason in change.reasons]
    place = change.place or step.place
    return [{"attribute": change.attribute, "place": place, "by": BY_NAME, "selection": None, "expires": None}]


def _parse_reasons(change: Mapping[str, Any], item: Mapping[str, Any]) -> tuple[Reason, ...]:
    """Return the reasons of a change of a principal."""
    attribute_set, _dot, name = str(change["attribute"]).partition(".")
    return tuple(
        Reason(
            AttributeName(attribute_set, name),
            reason["place"],
            reason["by"],
            reason["selection"] or "",
            reason["expires"] or "",
        )
        for reason in item["reasons"]
        if reason["attribute"] == change["attribute"]
    )


def _parse_step(item: Mapping[str, Any]) -> Step:
    places = {reason["attribute"]: reason["place"] for reason in reversed(item["reasons"])}
    return Step(
        item["phase"],
        item["kind"],
        item["id"],
        item["name"],
        tuple(
            Change(
                change["attribute"],
                change["before"],
                change["after"],
                places.get(change["attribute"], ""),
                _parse_reasons(change, item) if item["phase"] == ASSIGN else (),
            )
            for change in item["changes"]
        ),
        item["place"],
        item["creates"],
        tuple(item["names"]),
    )


def _finding_document(finding: Finding) -> dict[str, Any]:
    return {"kind": finding.kind, "name": finding.name, "place": finding.place, "message": finding.message}


def _parse_finding(item: Mapping[str, Any]) -> Finding:
    return Finding(item["kind"], item["name"], item["place"], item["message"])
