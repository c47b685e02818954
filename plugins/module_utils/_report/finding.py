# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""A finding of a report: its kind, its severity, why it matters, and values as people and YAML read them. Pure.

A finding is one fact, however many principals it concerns. `RULES` is the one table of severities; the guide of the
report lists it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HIGH, MEDIUM, LOW = SEVERITIES = ("high", "medium", "low")
RISK, ATTENTION, WELL = "at_risk", "needs_attention", "all_well"
STATES = {RISK: "At risk", ATTENTION: "Needs attention", WELL: "All well"}
_PLAIN = re.compile(r"[A-Za-z_][\w.@-]*")
"""Text that YAML reads as this very text, words such as `no` aside."""
_WORDS = {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}
_TYPES = {
    "user": "user",
    "service_principal": "service principal",
    "attribute_set": "attribute set",
    "definition": "definition",
    "agent": "agent",
    "agentUser": "agent user",
    "agentIdentity": "agent identity",
    "agentIdentityBlueprintPrincipal": "agent identity blueprint",
}


@dataclass(frozen=True)
class Rule:
    """A kind of finding: how severe it is, what it is called, and why it matters."""

    severity: str
    title: str
    reason: str


RULES = {
    "drift": Rule(HIGH, "Not as declared", "Policies decide by the value in the tenant, not by the declared one."),
    "missing": Rule(
        HIGH, "Required attribute missing", "A policy that filters by this attribute does not match these principals."
    ),
    "invalid": Rule(
        HIGH, "Declaration cannot be applied", "The tenant can never match this declaration until it is corrected."
    ),
    "limit-reached": Rule(HIGH, "Limit reached", "Entra rejects whatever exceeds this limit."),
    "unresolved": Rule(
        MEDIUM, "Declared principal not found", "The declaration has no effect, or its name matches several principals."
    ),
    "schema-drift": Rule(
        MEDIUM, "Definition not as declared", "Later changes are checked against the definition in the tenant."
    ),
    "not-predefined": Rule(
        MEDIUM, "Value not predefined", "The value was assigned before the attribute was limited to predefined values."
    ),
    "inactive": Rule(
        MEDIUM, "Inactive value in use", "Entra no longer assigns this value, but policies still match it."
    ),
    "deprecated": Rule(
        MEDIUM, "Deprecated attribute in use", "The attribute can no longer be assigned, but policies still read it."
    ),
    "matches-nobody": Rule(
        MEDIUM, "Rule matches nobody", "A policy or workflow that selects nobody does nothing for anybody."
    ),
    "rule-problem": Rule(
        MEDIUM, "Problem in a rule", "The rule may select other principals than its author expects, or fail."
    ),
    "excludes-nobody": Rule(
        LOW, "Exclusion matches nobody", "The policy applies to everyone, also to those that should be exempt."
    ),
    "unread-value": Rule(LOW, "Value that nothing reads", "To assign this value or another one makes no difference."),
    "unread-attribute": Rule(LOW, "Attribute that nothing reads", "To assign it opens and closes nothing."),
    "ends-soon": Rule(LOW, "Declaration ends soon", "Afterwards the principals lose the values that it gives them."),
    "limit-near": Rule(LOW, "Limit nearly reached", "Entra rejects whatever exceeds this limit."),
}


@dataclass(frozen=True)
class Finding:
    """One fact that needs attention.

    `subject` is the attribute, attribute set, limit or policy concerned, and `identity` distinguishes equal subjects.
    `principals` are the ids of those concerned, `places` the lines that declare it. `code` is the declaration, rule or
    command that repairs it, as far as one can be suggested.
    """

    kind: str
    subject: str
    message: str
    advice: str
    attribute_set: str = ""
    principals: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    code: str = ""
    details: tuple[str, ...] = field(default=())
    identity: str = ""

    @property
    def severity(self) -> str:
        return RULES[self.kind].severity

    @property
    def key(self) -> str:
        """Return what identifies the finding in every report of the tenant."""
        return f"{self.kind} {self.identity or self.subject}".strip()

    def as_result(self) -> dict[str, Any]:
        """Return the finding as JSON has it."""
        rule = RULES[self.kind]
        return {
            "key": self.key,
            "kind": self.kind,
            "severity": rule.severity,
            "subject": self.subject,
            "attribute_set": self.attribute_set or None,
            "message": self.message,
            "reason": rule.reason,
            "advice": self.advice,
            "code": self.code or None,
            "places": list(self.places),
            "details": list(self.details),
            "principals": list(self.principals),
        }


def type_title(type_: str) -> str:
    """Return a kind of principals or declared items, or the Graph type of an agent, for people."""
    return _TYPES.get(type_, type_)


def counted(count: int, noun: str) -> str:
    """Return a number with separators of thousands and its noun, in the plural unless it is one."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def scalar(value: Any) -> str:
    """Return a value as YAML that is read as this very value."""
    if isinstance(value, list):
        return f"[{', '.join(map(scalar, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value)


def as_text(value: Any) -> str:
    """Return a value for people; of masked values only their number."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(as_text, value)) or "none"
    if isinstance(value, Mapping):
        return f"{value['masked']} masked"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
