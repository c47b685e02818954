# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Lineage: what decides by which attribute and value, and how many principals each rule selects. Pure.

Rules quote values, so what decides by a masked attribute set keeps its name and loses its rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from .._core.model import KINDS, PrincipalKind
from .._core.rules.dialects import may_decide, value_text
from .._core.rules.effects import DecidingRule
from .._core.rules.evaluation import Answer, Unknown, evaluate_many
from .._tenant.consumers import DECIDING_SOURCES, Consumer, Consumers
from .figures import AGENTS, Figures, Mask

UNKNOWN = "unknown"
SHORTEST_SECRET = 3
"""Characters from which a masked value is looked for in names. A shorter one is part of many words."""
_MASKED = "It has a problem, which is masked, since it can quote a value."

Attribute = Mapping[str, Any]


def count_matches(
    rules: Sequence[DecidingRule], figures: Figures, known: Collection[PrincipalKind]
) -> list[dict[str, int] | None]:
    """Return how many principals each rule selects, and of how many that is unknown.

    Of the `known` kinds, all principals were read with all their values. Null stands for a rule that cannot be
    evaluated, or that can select others.
    """
    names = {kind.name for kind in known}
    counts = [Counter[str]() if rule.evaluator and names.issuperset(rule.kinds) else None for rule in rules]
    for kind in known:
        places = [place for place, rule in enumerate(rules) if counts[place] is not None and kind.name in rule.kinds]
        if not places:
            continue
        for answers, is_agent, number in _answers([rules[place] for place in places], figures, kind):
            for place, answer in zip(places, answers, strict=True):
                count = counts[place]
                if count is None or not rules[place].can_select(kind.name, is_agent):
                    continue
                if isinstance(answer, Unknown):
                    count[UNKNOWN] += number
                elif answer:
                    count[kind.plural] += number
                    count[AGENTS] += number if is_agent else 0
    groups = (*(kind.plural for kind in KINDS.values()), AGENTS, UNKNOWN)
    return [None if count is None else {group: count[group] for group in groups} for count in counts]


def _answers(
    rules: Sequence[DecidingRule], figures: Figures, kind: PrincipalKind
) -> Iterator[tuple[tuple[Answer, ...], bool, int]]:
    """Yield the answers of rules for the principals of a kind, whether these are agents, and how many they are."""
    evaluators = [rule.evaluator for rule in rules if rule.evaluator]
    answered = evaluate_many(evaluators, (assignments for assignments, _agent, _number in figures.holdings(kind)))
    counts: Counter[tuple[int, bool]] = Counter()
    kept: dict[int, tuple[Answer, ...]] = {}  # equal answers are the same object, whose id is cheap to count
    for (_assignments, is_agent, number), answers in zip(figures.holdings(kind), answered, strict=True):
        kept[id(answers)] = answers
        counts[id(answers), is_agent] += number
    for (key, is_agent), number in counts.items():
        yield kept[key], is_agent, number


def lineage(
    attributes: Sequence[Attribute],
    consumers: Consumers,
    sources: Collection[str],
    matches: Sequence[Mapping[str, int] | None],
    mask: Mask,
) -> dict[str, Any]:
    """Return the lineage as JSON has it.

    `attributes` are those of the figures. `complete` says whether all that may decide by attributes was read, so that
    what is not in the lineage does not exist in these sources.
    """
    found = consumers.found
    hidden = _Hidden(consumers, attributes, mask)
    certain = all(consumer.certain for consumer in found)
    return {
        "sources": list(sources),
        "complete": certain and not consumers.not_read and set(DECIDING_SOURCES) <= set(sources),
        "not_read": [dict(vars(source)) for source in consumers.not_read],
        "consumers": [hidden.shown(consumer, matched) for consumer, matched in zip(found, matches, strict=True)],
        "attributes": [_attribute(attribute, found) for attribute in attributes],
    }


def _attribute(attribute: Attribute, consumers: Sequence[Consumer]) -> dict[str, Any]:
    """Return an attribute with the numbers of its consumers; of masked sets without values."""
    comparisons = [
        (number, details)
        for number, consumer in enumerate(consumers)
        for details in consumer.attributes
        if details["name"] is not None and _folded(details) == _folded(attribute)
    ]
    numbers = list(dict.fromkeys(number for number, _details in comparisons))
    values: list[dict[str, Any]] | None = None
    if attribute["distribution"] is not None:
        named = [value for _number, details in comparisons for value in details["values"]]
        values = [
            {
                "value": value,
                "principals": principals,
                "consumers": list(dict.fromkeys(place for place, details in comparisons if may_decide(details, value))),
            }
            for value, principals in _values(attribute, named)
        ]
    return {
        "attribute_set": attribute["attribute_set"],
        "name": attribute["name"],
        "principals": sum(attribute[kind.plural] for kind in KINDS.values()),
        "consumers": numbers,
        "values": values,
    }


def _values(attribute: Attribute, named: Sequence[Any]) -> Iterator[tuple[Any, int]]:
    """Yield the predefined values of an attribute and those that rules name, each with the number of its holders."""
    held = {value_text(entry["value"]): entry["principals"] for entry in attribute["distribution"]}
    listed = [entry["value"] for entry in attribute["distribution"]] if attribute["predefined_values_only"] else []
    for text, value in {value_text(value): value for value in [*named, *listed]}.items():
        yield value, held.get(text, 0)


def _folded(names: Attribute) -> tuple[str, str]:
    return names["attribute_set"].lower(), names["name"].lower()


class _Hidden:
    """Hides the values of masked sets in consumers."""

    def __init__(self, consumers: Consumers, attributes: Sequence[Attribute], mask: Mask) -> None:
        self._sets = {attribute_set.lower() for attribute_set in mask.attribute_sets}
        values = [
            value
            for consumer in consumers.found
            for details in consumer.attributes
            if details["attribute_set"].lower() in self._sets
            for value in details["values"]
        ]
        texts = {value_text(value).lower() for value in values}
        self._texts = {text for text in texts if len(text) >= SHORTEST_SECRET}

    def _quotes(self, name: str) -> bool:
        """Return whether a name quotes a value."""
        return any(text in name.lower() for text in self._texts)

    def shown(self, consumer: Consumer, matches: Mapping[str, int] | None) -> dict[str, Any]:
        """Return a consumer as JSON has it."""
        result = {**consumer.as_result(), "owner": consumer.owner}
        names = {details["attribute_set"].lower() for details in consumer.attributes}
        hides = bool(self._sets) and (not consumer.certain or not self._sets.isdisjoint(names))
        masked = hides and bool(consumer.rule or any(details["values"] for details in consumer.attributes))
        if self._quotes(consumer.display_name or ""):
            result["display_name"] = None
        if self._quotes(consumer.place):
            result["place"] = "masked"
        if masked:
            result["rule"] = None
            result["problems"] = [{"message": _MASKED, "column": None, "right_form": None}] if consumer.problems else []
            for details in result["attributes"]:
                if details["attribute_set"].lower() in self._sets:
                    details["values"] = {"masked": len(details["values"])}
        return {**result, "masked": masked, "matches": None if masked or matches is None else dict(matches)}
