# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Effects: what a change of assignments does to the rules that decide by attributes. Pure.

An effect is about the rule, so a principal that enters an excluding rule leaves the policy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..model import Assignments, AttributeName, Value
from .evaluation import Answer, Evaluator, Unknown, evaluate_many

ENTERS, LEAVES, MAY_CHANGE = EFFECTS = ("enters", "leaves", "may_change")


@dataclass(frozen=True, slots=True)
class DecidingRule:
    """A rule that decides about principals.

    `kinds` are the kinds of principals that it can select, and `agents_only` narrows these to agents. `attributes` are
    those that it names; null means that it may name any. Without an evaluator, what it decides is unknown.
    """

    kinds: Collection[str]
    attributes: Collection[AttributeName] | None = None
    evaluator: Evaluator | None = None
    agents_only: bool = False

    def can_select(self, kind: str, is_agent: bool) -> bool:
        """Return whether the rule can select principals of a kind."""
        return kind in self.kinds and (is_agent or not self.agents_only)

    def concerns(self, change: PrincipalChange) -> bool:
        """Return whether the change can matter: the rule can select the principal, and names what changes."""
        if not self.can_select(change.kind, change.is_agent):
            return False
        if self.attributes is None:
            return True
        named = {_folded(attribute) for attribute in self.attributes}
        return any(_folded(attribute) in named for attribute in change.changes)


@dataclass(frozen=True, slots=True)
class PrincipalChange:
    """The assignments of a principal, and the attributes that change; null removes one.

    `hidden` are attribute sets of which the principal may have values that nobody could read.
    """

    kind: str
    before: Assignments
    changes: Mapping[AttributeName, Value | None]
    is_agent: bool = False
    hidden: Collection[str] = ()

    @property
    def after(self) -> Assignments:
        """Return all assignments after the change."""
        merged = {**self.before, **self.changes}
        return {attribute: value for attribute, value in merged.items() if value is not None}


def find_effects(rules: Sequence[DecidingRule], changes: Sequence[PrincipalChange]) -> Iterator[dict[int, str]]:
    """Yield for each change its effects: one of `EFFECTS` by the place of the rule in `rules`.

    A rule that decides the same before and after is left out. Where an answer is unknown, the effect is `MAY_CHANGE`.
    """
    places = [place for place, rule in enumerate(rules) if rule.evaluator]
    evaluators = [rule.evaluator for rule in rules if rule.evaluator]
    states = (assignments for change in changes for assignments in (change.before, change.after))
    answers = iter(evaluate_many(evaluators, states))
    pairs = zip(answers, answers, strict=True)  # before and after of each change
    concerned: dict[tuple[str, bool, frozenset[AttributeName]], list[int]] = {}
    for change, pair in zip(changes, pairs, strict=True):
        before, after = (dict(zip(places, state, strict=True)) for state in pair)
        key = (change.kind, change.is_agent, frozenset(change.changes))
        if key not in concerned:
            concerned[key] = [place for place, rule in enumerate(rules) if rule.concerns(change)]
        effects = {
            place: MAY_CHANGE if _hidden(rules[place], change) else _effect(before.get(place), after.get(place))
            for place in concerned[key]
        }
        yield {place: effect for place, effect in effects.items() if effect}


def _hidden(rule: DecidingRule, change: PrincipalChange) -> bool:
    """Return whether the rule names an attribute set of which values may be hidden."""
    return bool(change.hidden) and any(name.attribute_set in change.hidden for name in rule.attributes or ())


def _effect(before: Answer | None, after: Answer | None) -> str:
    """Return the effect of two answers, or an empty text for none; null stands for a rule without an evaluator."""
    if before is None or after is None or isinstance(before, Unknown) or isinstance(after, Unknown):
        return MAY_CHANGE
    return "" if before == after else ENTERS if after else LEAVES


def _folded(attribute: AttributeName) -> tuple[str, str]:
    return attribute.attribute_set.lower(), attribute.name.lower()


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect, and the consumer whose rule it is about. `title` says what the consumer is."""

    effect: str
    title: str
    id: str
    display_name: str | None
    state: str | None
    mode: str | None
    place: str
    owner: str | None = None
    """Who is responsible for an exposure."""

    @property
    def decides(self) -> bool:
        """Return whether the consumer acts by its rule, or may. An exposure has no rule, so it decides nothing."""
        return self.owner is None and acts(self.state)

    def as_result(self) -> dict[str, str | None]:
        """Return the consumer as results of a changed principal name it."""
        names = ("id", "display_name", "state", "mode", "place")
        return {name: getattr(self, name) for name in names}

    def sentence(self, counts: Mapping[str, int]) -> str:
        """Return the effect on so many principals of each kind: `12 apps leave the policy "Require MFA" (enabled)`."""
        who = [f"{count:,} {_NOUNS[kind]}{'' if count == 1 else 's'}" for kind, count in sorted(counts.items())]
        if self.owner is not None:
            verb = "changes" if sum(counts.values()) == 1 else "change"
            return f'{" and ".join(who)} {verb} what the {self.title} "{self.display_name}" (owner {self.owner}) uses'
        verb = _VERBS[self.effect][sum(counts.values()) != 1]
        inside = "the exclusion of the" if self.mode == "exclude" else "the"
        state = f" ({state_words(self.state)})" if self.state else ""
        return f'{" and ".join(who)} {verb} {inside} {self.title} "{self.display_name or self.id}"{state}'


_VERBS = {ENTERS: ("enters", "enter"), LEAVES: ("leaves", "leave"), MAY_CHANGE: ("may enter or leave",) * 2}
_WITHOUT_ACTION = {"disabled": "disabled", "enabledForReportingButNotEnforced": "report-only"}
_NOUNS = {"user": "user", "service_principal": "app"}


def acts(state: str | None) -> bool:
    """Return whether a consumer in a state acts by its rule, or may: it is neither disabled nor report-only."""
    return state not in _WITHOUT_ACTION


def state_words(state: str) -> str:
    """Return the state of a consumer in words."""
    return _WITHOUT_ACTION.get(state, state)


def effect_sentences(effects: Iterable[tuple[str, Effect]]) -> list[str]:
    """Return a sentence without a period for each effect, with the number of principals.

    Each item is the kind of a principal and an effect on it. What is certain and what acts comes first.
    """
    counts: dict[Effect, Counter[str]] = {}
    for kind, effect in effects:
        counts.setdefault(effect, Counter())[kind] += 1
    grouped = sorted(counts, key=lambda effect: (not effect.decides, EFFECTS.index(effect.effect)))
    return [effect.sentence(counts[effect]) for effect in grouped]
