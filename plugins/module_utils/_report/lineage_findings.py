# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Findings about lineage: rules that match nobody or have problems, values and attributes that nothing reads. Pure.

Nothing is said to be unread while a source could not be read or a rule is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .finding import Finding, as_text, counted

READERS = "policy, workflow or exposure that is known"

Report = Mapping[str, Any]
Row = Mapping[str, Any]


def find(report: Report) -> Iterator[Finding]:
    """Yield the findings of a report whose lineage was read."""
    lineage = report["lineage"]
    if lineage is None:
        return
    for consumer in lineage["consumers"]:
        yield from _rule(consumer)
    if lineage["complete"]:
        yield from _unread(report)


def kind_title(kind: str) -> str:
    """Return what people call a kind of consumer or a source of them."""
    return kind.replace("_", " ").replace("conditional access", "Conditional Access")


def consumer_title(consumer: Row) -> str:
    """Return a consumer by its name, or by its id if the name is not known or masked."""
    return f'{kind_title(consumer["kind"])} "{consumer["display_name"] or consumer["id"]}"'


def selected(matches: Row) -> int:
    """Return how many principals a rule selects."""
    return int(matches["users"] + matches["service_principals"])


def readers(report: Report, attribute_set: str, name: str) -> Iterator[str]:
    """Yield what is known to decide by an attribute."""
    lineage = report["lineage"]
    for traced in lineage["attributes"] if lineage else ():
        if (traced["attribute_set"], traced["name"]) == (attribute_set, name):
            titles = (consumer_title(lineage["consumers"][number]) for number in traced["consumers"])
            yield from (f"read by {title}" for title in dict.fromkeys(titles))


def identity(consumer: Row) -> str:
    """Return the identity of a consumer; a policy can have several rules, each in its place."""
    return f"{consumer['id']} {consumer['place']}"


def attribute_title(attribute: Row) -> str:
    """Return the attribute that a consumer names; directory roles name an attribute set as a whole."""
    return f"{attribute['attribute_set']}.{attribute['name'] or '*'}"


def matches_text(consumer: Row) -> str:
    """Return how many principals a rule selects, for people."""
    matches = consumer["matches"]
    if matches is None:
        return "masked" if consumer["masked"] else ""
    unknown = f", {matches['unknown']:,} unknown" if matches["unknown"] else ""
    return f"{selected(matches):,}{unknown}"


def _rule(consumer: Row) -> Iterator[Finding]:
    """Yield what is wrong with the rule of a consumer."""
    sets = list(dict.fromkeys(attribute["attribute_set"] for attribute in consumer["attributes"]))
    subject = f"{consumer['display_name'] or consumer['id']}"
    attribute_set = sets[0] if len(sets) == 1 else ""
    rule = [f"rule: {consumer['rule']}"] if consumer["rule"] else []
    details = (f"place: {consumer['place']}", *rule)
    matches = consumer["matches"]
    if matches and not selected(matches) and not matches["unknown"] and consumer["state"] != "disabled":
        excludes = consumer["mode"] == "exclude"
        yield Finding(
            "excludes-nobody" if excludes else "matches-nobody",
            subject,
            f"The {'exclusion' if excludes else 'rule'} of the {consumer_title(consumer)} matches no principal",
            "Correct the rule, assign the values that it asks for, or retire the policy.",
            attribute_set,
            details=details,
            identity=identity(consumer),
        )
    problems = consumer["problems"] if consumer["rule"] or consumer["masked"] else ()
    if problems:
        forms = list(dict.fromkeys(problem["right_form"] for problem in problems if problem["right_form"]))
        yield Finding(
            "rule-problem",
            subject,
            f"The rule of the {consumer_title(consumer)} has {counted(len(problems), 'problem')}",
            f"Correct the rule, or the definition that it names.{' The right form is below.' if forms else ''}",
            attribute_set,
            code=forms[0] if forms else "",
            details=(*(problem["message"] for problem in problems), *details),
            identity=identity(consumer),
        )


def _unread(report: Report) -> Iterator[Finding]:
    """Yield what no consumer reads. Values count only where they are predefined; others are free to differ."""
    unread = []
    for attribute, traced in zip(report["attributes"], report["lineage"]["attributes"], strict=True):
        name = f"{traced['attribute_set']}.{traced['name']}"
        if attribute["state"] == "present" and not traced["consumers"]:
            unread.append(f"{name}: {counted(traced['principals'], 'principal')}")
        values = [entry for entry in traced["values"] or () if not entry["consumers"]]
        if traced["consumers"] and attribute["predefined_values_only"] and values:
            yield Finding(
                "unread-value",
                name,
                f"{counted(len(values), 'value')} of {name} {'is' if len(values) == 1 else 'are'} read by no {READERS}",
                "Retire the value unless an application reads it through Microsoft Graph, or correct the rule that"
                " should read it.",
                traced["attribute_set"],
                details=tuple(
                    f"{as_text(entry['value'])}: {counted(entry['principals'], 'principal')}" for entry in values
                ),
            )
    if unread:
        yield Finding(
            "unread-attribute",
            "",
            f"{counted(len(unread), 'attribute')} {'is' if len(unread) == 1 else 'are'} read by no {READERS}",
            "Retire the attribute unless an application reads it through Microsoft Graph.",
            details=tuple(unread),
        )
