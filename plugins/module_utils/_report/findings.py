# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The findings of a report, with their repairs, and the verdict. Pure: no I/O, no Ansible, no clock."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from . import lineage_findings
from .finding import (
    ATTENTION,
    HIGH,
    MEDIUM,
    RISK,
    SEVERITIES,
    STATES,
    WELL,
    Finding,
    as_text,
    counted,
    scalar,
    type_title,
)

MOST_NAMED = 2
"""Principals that a suggested declaration names."""

Report = Mapping[str, Any]


def find(report: Report, desired: str | None = None) -> list[Finding]:
    """Return the findings of a report, the most severe first, then those that concern most principals.

    `desired` is the path of the declarations that the report compares with.
    """
    found = [
        *_drift(report, desired),
        *_declarations(report, desired),
        *_missing(report),
        *_bad_values(report),
        *_deprecated(report),
        *_limits(report),
        *_endings(report),
        *lineage_findings.find(report),
    ]
    return sorted(
        found, key=lambda finding: (SEVERITIES.index(finding.severity), -len(finding.principals), finding.key)
    )


def state(findings: Iterable[Finding]) -> str:
    """Return the state of the tenant, by the most severe finding."""
    severities = {finding.severity for finding in findings}
    return RISK if HIGH in severities else ATTENTION if MEDIUM in severities else WELL


def verdict(report: Report, findings: Sequence[Finding]) -> str:
    """Return the state in one sentence, and what the report does not cover in another."""
    now = state(findings)
    severity = {RISK: HIGH, ATTENTION: MEDIUM}.get(now)
    facts = list(_facts([finding for finding in findings if finding.severity == severity]))
    if facts:
        sentence = f"{STATES[now]}: {', '.join(facts[:-1])}{' and ' if facts[1:] else ''}{facts[-1]}."
    else:
        sentence = (
            f"All well: {counted(report['summary']['principals'], 'principal')} checked, nothing needs attention."
        )
    return f"{sentence} {scope}" if (scope := _scope(report)) and now == WELL else sentence


def _facts(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield what the findings of each kind amount to; a principal counts once."""
    phrases = {
        "drift": ("principal differs from its declaration", "principals differ from their declaration"),
        "missing": ("principal lacks a required attribute", "principals lack a required attribute"),
        "invalid": ("declaration cannot be applied", "declarations cannot be applied"),
        "limit-reached": ("limit is reached", "limits are reached"),
        "unresolved": ("declared principal cannot be found", "declared principals cannot be found"),
        "schema-drift": (
            "attribute set or definition differs from its declaration",
            "attribute sets or definitions differ from their declaration",
        ),
        "not-predefined": (
            "principal holds a value that is not predefined",
            "principals hold values that are not predefined",
        ),
        "inactive": ("principal holds an inactive value", "principals hold inactive values"),
        "deprecated": ("deprecated attribute is in use", "deprecated attributes are in use"),
        "matches-nobody": ("rule matches nobody", "rules match nobody"),
        "rule-problem": ("rule has a problem", "rules have problems"),
    }
    for kind, (singular, plural) in phrases.items():
        of_kind = [finding for finding in findings if finding.kind == kind]
        if of_kind:
            by_principal = kind in ("drift", "missing", "not-predefined", "inactive")
            concerned = {name for finding in of_kind for name in finding.principals}
            by_detail = kind in ("invalid", "unresolved", "schema-drift")
            details = sum(len(finding.details) or 1 if by_detail else 1 for finding in of_kind)
            count = len(concerned) if by_principal else details
            yield f"{count:,} {singular if count == 1 else plural}"


def _scope(report: Report) -> str:
    """Return the checks for which nothing was given, and whether something could not be read."""
    left_out = [
        *(["declarations"] if report["declared"] is None else []),
        *([] if report["required"] else ["required attributes"]),
    ]
    sentences = [f"No {' and no '.join(left_out)} were given to check."] if left_out else []
    if report["lineage"] and report["lineage"]["not_read"]:
        sentences.append("Not all policies and workflows could be read.")
    return " ".join(sentences)


def reference(principal: Mapping[str, Any]) -> tuple[str, str]:
    """Return the key and the name by which a declaration names a principal.

    Agents have the app id of their blueprint, so they are named by object id.
    """
    if principal["type"] == "user":
        return "user", str(principal.get("user_principal_name") or principal["id"])
    shared = principal.get("agent_type") or not principal.get("app_id")
    return "service_principal", str(principal["id"] if shared else principal["app_id"])


def _drift(report: Report, desired: str | None) -> Iterator[Finding]:
    """Yield a finding for each attribute that principals hold otherwise than declared."""
    by_attribute: dict[str, list[Mapping[str, Any]]] = {}
    for declared in report["declared"] or ():
        if "id" in declared:
            for change in declared["changes"]:
                by_attribute.setdefault(change["what"], []).append(declared)
    for attribute, entries in sorted(by_attribute.items()):
        yield Finding(
            "drift",
            attribute,
            f"{counted(len(entries), 'principal')} {'does' if len(entries) == 1 else 'do'} not hold the declared value"
            f" of {attribute}",
            "Review the difference in check mode, then apply the declarations. Or declare what the tenant has.",
            attribute.partition(".")[0],
            tuple(entry["id"] for entry in entries),
            _places(entries),
            _reconcile(desired),
        )


def _reconcile(desired: str | None) -> str:
    return (
        f"ansible-playbook entra.attributes.reconcile -e reconcile_src={shlex.quote(desired)} --check --diff"
        if desired
        else ""
    )


def _places(entries: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(entry["place"] for entry in entries if entry.get("place"))


def _declarations(report: Report, desired: str | None) -> Iterator[Finding]:
    """Yield findings about definitions that differ from their declaration, and declarations that cannot be applied."""
    unresolved: list[Mapping[str, Any]] = []
    invalid: list[Mapping[str, Any]] = []
    for declared in report["declared"] or ():
        schema = declared["type"] in ("attribute_set", "definition")
        if declared["problem"]:
            (invalid if schema or "id" in declared else unresolved).append(declared)
        elif schema and declared["changes"]:
            title = declared["type"].replace("_", " ")
            names = [change["what"] for change in declared["changes"]]
            missing = names == ["state"]
            yield Finding(
                "schema-drift",
                declared["name"],
                f"The {title} {declared['name']} "
                + ("does not exist" if missing else f"differs from its declaration in {', '.join(names)}"),
                "Review the difference in check mode, then apply the declarations. Or declare what the tenant has.",
                declared["name"].partition(".")[0],
                (),
                _places([declared]),
                _reconcile(desired),
                tuple(
                    f"{change['what']}: is {as_text(change['before'])}, declared is {as_text(change['after'])}"
                    for change in declared["changes"]
                ),
            )
    for kind, entries in (("unresolved", unresolved), ("invalid", invalid)):
        if entries:
            many = len(entries) > 1
            yield Finding(
                kind,
                "",
                f"{counted(len(entries), 'declared principal')} cannot be found"
                if kind == "unresolved"
                else f"{counted(len(entries), 'declaration')} cannot be applied",
                f"Correct or remove the declaration{'s' if many else ''}. Name a principal by its object ID if its name"
                " is not unique."
                if kind == "unresolved"
                else f"Correct the declaration{'s' if many else ''}, or the definition that forbids the value.",
                "",
                tuple(entry["id"] for entry in entries if "id" in entry),
                _places(entries),
                "",
                tuple(f"{entry['name']}: {entry['problem']}" for entry in entries),
            )


def _missing(report: Report) -> Iterator[Finding]:
    lacking = _by(report["principals"], lambda row: row["missing"])
    for attribute in dict.fromkeys(f"{item['attribute_set']}.{item['name']}" for item in report["required"]):
        rows = lacking.get(attribute, [])
        if rows:
            attribute_set, _dot, name = attribute.partition(".")
            lacks = "lacks" if len(rows) == 1 else "lack"
            yield Finding(
                "missing",
                attribute,
                f"{counted(len(rows), 'principal')} {lacks} the required attribute {attribute}",
                "Declare a value for each of them, and apply the declarations.",
                attribute_set,
                tuple(row["id"] for row in rows),
                code=_assignments(rows, attribute_set, name, "VALUE"),
                details=_agents(rows),
            )


def _agents(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return how many agents of each type there are: an agent counts as tagged only together with its blueprint."""
    counts = Counter(row["agent_type"] for row in rows if row.get("agent_type"))
    return tuple(counted(count, type_title(type_)) for type_, count in sorted(counts.items()))


def _bad_values(report: Report) -> Iterator[Finding]:
    """Yield a finding for each attribute with inactive values, and for each with values that are not predefined."""
    masked = set(report["masked_attribute_sets"])
    for kind, standing, phrase in (
        ("inactive", "inactive", "inactive"),
        ("not-predefined", "outside", "not predefined"),
    ):
        found: dict[str, dict[str, list[Any]]] = {}
        for row in report["principals"]:
            for bad in row["bad_values"]:
                if bad["standing"] == standing:
                    found.setdefault(bad["attribute"], {})[row["id"]] = bad["value"]
        for attribute, values in sorted(found.items()):
            attribute_set, _dot, name = attribute.partition(".")
            distinct: list[Any] = []
            if attribute_set not in masked:
                distinct = sorted({value for held in values.values() for value in held}, key=str)
            one = len(values) == 1
            yield Finding(
                kind,
                attribute,
                f"{counted(len(values), 'principal')} {'holds a value' if one else 'hold values'} of {attribute} that"
                f" {'is' if one else 'are'} {phrase}",
                "Assign an active value instead, or declare the value as active.",
                attribute_set,
                tuple(values),
                code=_definition(attribute_set, name, distinct[:MOST_NAMED]),
            )


def _deprecated(report: Report) -> Iterator[Finding]:
    for attribute in report["attributes"]:
        if attribute["state"] != "deprecated" or not attribute["users"] + attribute["service_principals"]:
            continue
        attribute_set, name = attribute["attribute_set"], attribute["name"]
        rows = [row for row in report["principals"] if name in row["custom_security_attributes"].get(attribute_set, {})]
        one = len(rows) == 1
        yield Finding(
            "deprecated",
            f"{attribute_set}.{name}",
            f"{counted(len(rows), 'principal')} still {'holds' if one else 'hold'} the deprecated attribute"
            f" {attribute_set}.{name}",
            "Remove it from the principals, or make the attribute active again.",
            attribute_set,
            tuple(row["id"] for row in rows),
            code=_assignments(rows, attribute_set, name, "null"),
            details=tuple(lineage_findings.readers(report, attribute_set, name)),
        )


def _limits(report: Report) -> Iterator[Finding]:
    for limit in report["limits"]:
        if limit["near"]:
            kind = "limit-reached" if limit["used"] >= limit["allowed"] else "limit-near"
            of = f" ({limit['of']})" if limit["of"] else ""
            yield Finding(
                kind,
                f"{limit['limit']}{of}",
                f"{limit['used']:,} of {limit['allowed']:,} {limit['limit']}{of}",
                "Retire what is no longer used, or raise the limit of the attribute set where it is your own.",
            )


def _endings(report: Report) -> Iterator[Finding]:
    """Yield a finding for each item that ends soon."""
    for ending in report["endings"] or ():
        names = ", ".join(ending["attributes"])
        sets = {name.partition(".")[0] for name in ending["attributes"]}
        verb = "loses" if ending["principals"] == 1 else "lose"
        yield Finding(
            "ends-soon",
            names,
            f"{counted(ending['principals'], 'principal')} {verb} {names} after {ending['expires']}",
            "Extend the declaration if the principals need the values for longer.",
            sets.pop() if len(sets) == 1 else "",
            places=(ending["place"],),
            identity=f"{ending['place']} {names}",
        )


def _by(rows: Iterable[Mapping[str, Any]], keys: Any) -> dict[str, list[Mapping[str, Any]]]:
    """Group rows by each of their keys."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        for key in keys(row):
            found.setdefault(key, []).append(row)
    return found


def _assignments(rows: Sequence[Mapping[str, Any]], attribute_set: str, name: str, value: str) -> str:
    """Return the declaration of one value for principals, the first of them named."""
    lines = ["assignments:"]
    for row in rows[:MOST_NAMED]:
        key, reference_ = reference(row)
        lines.append(f"  - {key}: {scalar(reference_)}")
        lines.append(f"    attributes:\n      {scalar(attribute_set)}: {{{scalar(name)}: {value}}}")
    if len(rows) > MOST_NAMED:
        lines.append(f"  # and {len(rows) - MOST_NAMED:,} more")
    return "\n".join(lines)


def _definition(attribute_set: str, name: str, values: Sequence[Any]) -> str:
    """Return the declaration of predefined values as active, or an empty text where they are masked."""
    if not values:
        return ""
    listed = scalar([str(value) for value in values])
    return (
        f"definitions:\n  - attribute_set: {scalar(attribute_set)}\n    name: {scalar(name)}\n"
        f"    predefined_values: {listed}"
    )
