# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""A plan as people read it: lines for a terminal or a job's log, and Markdown for a pull request."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .._core.delegations import FORCED
from .._core.tenant_plan import (
    ATTRIBUTE_SET,
    DEFINITION,
    PREDEFINED,
    Change,
    Finding,
    RuleChange,
    Step,
    TenantPlan,
    display,
    groups,
)

HEAD, CREATE, CHANGE, REMOVE, PROBLEM, PLAIN = "head", "create", "change", "remove", "problem", "plain"
"""What a line is about. The edge chooses its color."""
MOST_GROUPS = 24
MOST_SCHEMA = 20
MOST_FINDINGS = 10
MOST_MARKDOWN = 60_000
"""Bytes of a comment that all forges take."""
SIGNS = {CREATE: "+", CHANGE: "~", REMOVE: "-"}
INDENT = "  "
_MARKUP = {ord(character): f"&#{ord(character)};" for character in "|`*_[]@~!\\"}
_DELEGATED = (("created", "assign"), ("removed", "remove"))
_TITLES = {ATTRIBUTE_SET: "attribute set", DEFINITION: "definition"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the view."""

    text: str
    tone: str = PLAIN


def headline(plan: TenantPlan) -> str:
    """Return the counts of a plan in one sentence."""
    counts = plan.counts()
    parts = []
    for verb in ("created", "changed"):
        sets, definitions = counts[f"attribute_sets_{verb}"], counts[f"definitions_{verb}"]
        named = [_number(sets, "set")] * bool(sets) + [_number(definitions, "definition")] * bool(definitions)
        if named:
            parts.append(f"{' and '.join(named)} to {'create' if verb == 'created' else 'change'}")
    if counts["principals_changed"]:
        values = [f"{counts['values_set']:,} values set"] if counts["values_set"] != 1 else ["1 value set"]
        values = values if counts["values_set"] else []
        values += [f"{counts['values_removed']:,} removed"] if counts["values_removed"] else []
        parts.append(f"{_number(counts['principals_changed'], 'principal')} to change ({', '.join(values)})")
    for verb, word in _DELEGATED:
        number = counts[f"delegations_{verb}"]
        parts += [f"{_number(number, 'role')} to {word}"] if number else []
    parts = parts or ["nothing to change"]
    parts += [f"{counts['unchanged']:,} unchanged"]
    parts += [f"{counts[left]:,} {left}" for left in ("missing", "refused") if counts[left]]
    return f"Plan: {', '.join(parts)}"


def lines(plan: TenantPlan, width: int, advice: str = "") -> list[Line]:
    """Return the view: counts, changes by what happens, what is left out with its place, and what to do."""
    shown = [Line(headline(plan), HEAD)]
    sections = (
        ("Attribute sets and definitions", list(_schema(plan))),
        ("Assignments", list(_assignments(plan.principals, width))),
        ("Delegations", list(_delegations(plan.delegations))),
        ("Policies and workflows", list(_affected(plan.affected))),
        ("Rules to change", list(_rules(plan.rules))),
        ("Missing", list(_findings(plan.missing))),
        ("Refused", list(_findings(plan.refused))),
        ("Notes", [Line(note) for note in plan.notes]),
    )
    titled = sum(bool(body) for _title, body in sections) > 1 or not plan.principals
    for title, body in sections:
        shown += [Line(title, HEAD)] if body and titled else []
        shown += [Line(INDENT + line.text, line.tone) for line in body]
    if advice and (plan.changed or len(shown) > 1):
        shown.append(Line(advice))
    return [Line(part, line.tone) for line in shown for part in wrapped(line.text, width)]


def wrapped(text: str, width: int, most: int = 4) -> list[str]:
    """Return a text in lines of at most `width` columns, the later ones indented; the end of a long one is left out."""
    indent = " " * (len(text) - len(text.lstrip()) + 2 * len(INDENT))
    parts, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line.strip() else line + word if word else f"{line} "
        if columns(longer) <= width or not line.strip():
            line = longer
        else:
            parts.append(line)
            line = indent + word
    parts.append(line)
    kept = parts[: most - 1] + ([" ".join([parts[most - 1], "..."])] if len(parts) > most else parts[most - 1 :])
    return [fitted(part, width) for part in kept]


def fitted(text: str, width: int) -> str:
    """Return a text in at most `width` columns; the end of a longer one is left out."""
    if columns(text) <= width:
        return text
    room, kept = width - 3, ""
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        kept += character
    return kept + "..."


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _schema(plan: TenantPlan) -> Iterator[Line]:
    """Yield a line for each set and definition that changes, with all that becomes of it."""
    whole: dict[tuple[str, str], list[Step]] = {}
    for step in plan.steps:
        if step.is_schema:
            whole.setdefault(step.key, []).append(step)
    for number, steps in enumerate(whole.values()):
        if number == MOST_SCHEMA:
            yield Line(f"and {len(whole) - MOST_SCHEMA} more")
            return
        created = any(step.creates for step in steps)
        tone = CREATE if created else CHANGE
        changes = [change for step in steps for change in step.changes]
        title = _TITLES[steps[0].kind]
        details = _created(changes) if created else "; ".join(map(_property, changes))
        yield Line(f"{SIGNS[tone]} {title} {display(steps[0].name)}{': ' if details else ''}{details}", tone)


def _created(changes: Sequence[Change]) -> str:
    now = {change.attribute: change.after for change in changes}
    parts = [str(now["type"])] if "type" in now else []
    parts += ["multi-valued"] if now.get("multi_valued") else []
    parts += ["predefined values only"] if now.get("predefined_values_only") else []
    values = sum(name.startswith(PREDEFINED) for name in now)
    parts += [_number(values, "predefined value")] if values else []
    parts += ["deprecated afterwards"] if now.get("state") == "deprecated" else []
    return ", ".join(parts)


def _property(change: Change) -> str:
    if not change.attribute.startswith(PREDEFINED):
        return f"{change.attribute} {display(change.before)} -> {display(change.after)}"
    value = display(change.attribute.removeprefix(PREDEFINED))
    if change.before is None:
        return f"value {value} added" + ("" if change.after == "active" else " as inactive")
    return f"value {value} {'activated' if change.after == 'active' else 'deactivated'}"


def _assignments(steps: Sequence[Step], width: int) -> Iterator[Line]:
    """Yield the changes of principals, the same ones together, each with names as far as they fit."""
    found = groups(steps)
    for group in found[:MOST_GROUPS]:
        tone = CREATE if group.before is None else REMOVE if group.after is None else CHANGE
        what = f"{group.attribute}: {display(group.before)} -> {display(group.after)}"
        if len(group.names) == 1:
            yield Line(f"{SIGNS[tone]} {what}  {display(group.names[0])}", tone)
        else:
            yield Line(f"{SIGNS[tone]} {len(group.names):,} x {what}", tone)
            yield Line(INDENT + INDENT + _names(group.names, width - 4 * len(INDENT)))
    rest = found[MOST_GROUPS:]
    if rest:
        yield Line(f"and {len(rest):,} more kinds of changes; plan_path keeps them all")


def _names(names: Sequence[str], width: int) -> str:
    """Return as many names as fit in a line, and how many do not."""
    text = ""
    for number, name in enumerate(names):
        longer = f"{text}{', ' if text else ''}{display(name)}"
        left = len(names) - number - 1
        if text and columns(longer) + (len(f" and {left:,} more") if left else 0) > width:
            return f"{text} and {left + 1:,} more"
        text = longer
    return text


def _delegations(steps: Sequence[Step]) -> Iterator[Line]:
    """Yield a line for each role to assign or to remove."""
    for step in steps[:MOST_GROUPS]:
        tone = CREATE if step.creates else REMOVE
        forced = " (forced)" if any(change.attribute == FORCED for change in step.changes) else ""
        yield Line(f"{SIGNS[tone]} {display(step.name)}{forced}", tone)
    if len(steps) > MOST_GROUPS:
        yield Line(f"and {len(steps) - MOST_GROUPS:,} more")


def _affected(sentences: Sequence[str]) -> Iterator[Line]:
    """Yield what opens or closes; names of policies are somebody's text."""
    for sentence in sentences[:MOST_GROUPS]:
        yield Line(display(sentence))
    if len(sentences) > MOST_GROUPS:
        yield Line(f"and {len(sentences) - MOST_GROUPS:,} more")


def _rules(rules: Sequence[RuleChange]) -> Iterator[Line]:
    """Yield each rule as it is and as it must become."""
    for rule in rules[:MOST_GROUPS]:
        yield Line(f"{display(rule.consumer)} names {rule.attribute} in {display(rule.place)}")
        if rule.rule is not None:
            yield Line(f"{INDENT}now: {display(rule.rule)}")
        if rule.becomes is not None:
            yield Line(f"{INDENT}new: {display(rule.becomes)}")
        if rule.remark:
            yield Line(INDENT + display(rule.remark))
    if len(rules) > MOST_GROUPS:
        yield Line(f"and {len(rules) - MOST_GROUPS:,} more; plan_path keeps them all")


def _findings(findings: Sequence[Finding]) -> Iterator[Line]:
    for finding in findings[:MOST_FINDINGS]:
        yield Line(f"{finding.place}: {finding.message}", PROBLEM)
    if len(findings) > MOST_FINDINGS:
        yield Line(f"and {len(findings) - MOST_FINDINGS:,} more", PROBLEM)


# Markdown


def markdown(plan: TenantPlan, sha256: str, most: int = MOST_MARKDOWN) -> str:
    """Return the plan for a pull request: counts, tables, and details that unfold, in at most `most` bytes."""
    head = f"### {_code_free(headline(plan))}\n"
    foot = f"\nDigest of the plan: `{sha256}`\n"
    left = most - len((head + foot).encode()) - 200
    sections = []
    for title, rows in (
        ("Attribute sets and definitions", [f"- {_code(line.text)}\n" for line in _whole_schema(plan)]),
        ("Assignments", _group_rows(plan)),
        ("Delegations", [f"- {_code(line.text)}\n" for step in plan.delegations for line in _delegations([step])]),
        ("Policies and workflows", [f"- {_code_free(sentence)}\n" for sentence in plan.affected]),
        ("Rules to change", _rule_rows(plan)),
        ("Missing", [f"- {_code(item.place)}: {_code_free(item.message)}\n" for item in plan.missing]),
        ("Refused", [f"- {_code(item.place)}: {_code_free(item.message)}\n" for item in plan.refused]),
        ("Blocked", [f"- {_code_free(reason)}\n" for reason in plan.blocked]),
        ("Notes", [f"- {_code_free(note)}\n" for note in plan.notes]),
        ("Every principal", _principal_rows(plan)),
    ):
        folds = title == "Every principal"
        begin = f"\n<details><summary>{title}</summary>\n\n" if folds else f"\n#### {title}\n\n"
        begin += "| Principal | Attribute | Before | After | Declared in |\n|---|---|---|---|---|\n" if folds else ""
        begin += "| Principals | Attribute | Before | After |\n|---|---|---|---|\n" if title == "Assignments" else ""
        end = "\n</details>\n" if folds else ""
        left -= len((begin + end).encode())
        kept = list(_within(rows, left))
        if not kept:
            continue
        left -= sum(len(row.encode()) for row in kept)
        more = len(rows) - len(kept)
        sections.append(begin + "".join(kept) + (f"\nand {more:,} more\n" if more else "") + end)
        left -= 40
    return head + "".join(sections) + foot


def _within(rows: Iterable[str], most: int) -> Iterator[str]:
    for row in rows:
        most -= len(row.encode())
        if most < 0:
            return
        yield row


def _whole_schema(plan: TenantPlan) -> list[Line]:
    return [line for step in plan.steps if step.is_schema for line in _schema(TenantPlan((step,)))]


def _group_rows(plan: TenantPlan) -> list[str]:
    rows = []
    for group in groups(plan.principals):
        names = ", ".join(map(_code, group.names[:3]))
        names += f" and {len(group.names) - 3:,} more" if len(group.names) > 3 else ""
        cells = (names, _code(group.attribute), _value(group.before), _value(group.after))
        rows.append(f"| {' | '.join(cells)} |\n")
    return rows


def _rule_rows(plan: TenantPlan) -> list[str]:
    return [
        f"- {_code_free(rule.consumer)} names {_code(rule.attribute)} in {_code(rule.place)}\n"
        + (f"  - now: {_code(rule.rule)}\n" if rule.rule is not None else "")
        + (f"  - new: {_code(rule.becomes)}\n" if rule.becomes is not None else "")
        + (f"  - {_code_free(rule.remark)}\n" if rule.remark else "")
        for rule in plan.rules
    ]


def _principal_rows(plan: TenantPlan) -> list[str]:
    return [
        f"| {_code(step.name)} | {_code(change.attribute)} | {_value(change.before)} | {_value(change.after)}"
        f" | {_code(change.place or step.place)} |\n"
        for step in plan.principals
        for change in step.changes
    ]


def _value(value: object) -> str:
    return "" if value is None else _code(display(value))


def _code_free(text: str) -> str:
    """Return text that Markdown shows as it is: no markup, no mention, no second line."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return html.escape(shown).translate(_MARKUP)


def _code(text: str) -> str:
    return f"<code>{_code_free(text)}</code>"
