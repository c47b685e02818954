# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The departures of a run: the holders of attributes that move or are retired, and the consumers that name these."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from .._core.assignment_plan import Desired
from .._core.model import KINDS, AttributeName, Definition, Principal, PrincipalKind, PrincipalReference
from .._core.moves import (
    Departure,
    Move,
    Retirement,
    holder_desired,
    moves_of,
    undefined,
    with_deprecations,
)
from .._core.rules.dialects import DIALECTS
from .._core.rules.renaming import Renaming
from .._core.schema_plan import DesiredDefinition, Placed
from .._core.tenant_plan import DEFINITION, MOVE, Finding, RuleChange, TenantPlan
from .._core.values import coerced
from .._declarations.assignments import Declaration
from .._errors import InvalidValue
from .._graph.client import Graph
from .._tenant.consumers import Consumer, ConsumerReader
from .._tenant.principals import Directory
from .._tenant.visibility import PERHAPS_HIDDEN, Visibility
from .._tenant.wire import condition
from .planner import searchable
from .usage import ConsumerUsage, find_usage

Definitions = Mapping[AttributeName, Definition]


class DepartureRun:
    """Plans the departures of a run.

    `with_deprecations()` comes first, then `read()`. They fill `holders`, each with what is declared of it, `rules`,
    `consumers` as results have them, `refused`, `notes` and `warnings`.
    """

    def __init__(self, departures: Sequence[Departure], graph: Graph, consumers: ConsumerReader) -> None:
        self._departures = departures
        self._directory = Directory(graph)
        self._graph = graph
        self._reader = consumers
        self.holders: list[tuple[Declaration, Principal]] = []
        self.rules: list[RuleChange] = []
        self.consumers: list[dict[str, Any]] = []
        self.refused: list[Finding] = []
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def with_deprecations(
        self, wanted: Sequence[Placed[DesiredDefinition]], definitions: Definitions
    ) -> list[Placed[DesiredDefinition]]:
        """Return the desired definitions, with those deprecated whose attributes moved.

        With `keep_old` that is only done once nothing needs the old attribute: no declaration and no consumer. Raises
        TransportError and AuthenticationError.
        """
        stay = {placed.desired.attribute for placed in wanted if not placed.desired.deprecated}
        moved = [
            move
            for move in moves_of(self._departures)
            if not move.keep_old or (move.source not in stay and self._unneeded(move, definitions))
        ]
        return with_deprecations(wanted, moved)

    def _unneeded(self, move: Move, definitions: Definitions) -> bool:
        """Return whether no consumer decides by an attribute whose values are kept; add a note where one does."""
        known = definitions.get(move.source)
        if known is None or known.deprecated or move.in_use == "ignore":
            return True
        usage = find_usage(move.source, self._reader, named="it")
        reasons = [*usage.warnings(), *usage.unread()]
        if move.in_use == "warn":
            self.warnings += [f"Attribute {move.source} is deprecated, but {reason}." for reason in reasons]
            return True
        self.notes += [f"{move.source} is not deprecated yet: {reason}" for reason in reasons]
        return not reasons

    def read(self, before: Definitions, definitions: Definitions, checks: bool = True) -> None:
        """Read holders and, where something is to be done and it `checks`, consumers.

        `before` are the definitions of the tenant, `definitions` those that there are while principals are written.
        Raises AttributesHidden and GraphError.
        """
        possible = [departure for departure in self._departures if self._is_possible(departure, definitions)]
        self._read_holders(possible, definitions)
        for departure in possible if checks else ():
            known = before.get(departure.source)
            held = any(departure.concerns(principal.assignments) for _declaration, principal in self.holders)
            if departure.in_use != "ignore" and (held or (known and departure.ends(known))):
                self._check_consumers(departure, known, definitions)

    def _is_possible(self, departure: Departure, definitions: Definitions) -> bool:
        """Return whether there is something to move, and where to. Else add the reason to `refused` or `notes`."""
        if problem := undefined(departure, definitions):
            self._refuse(departure, problem)
            return False
        if departure.source not in definitions and isinstance(departure, Move):
            self.notes.append(f"{departure.place}: {departure.source} is not defined, so nothing moves")
        return departure.source in definitions

    def _refuse(self, departure: Departure, problem: str) -> None:
        kind = MOVE if isinstance(departure, Move) else DEFINITION
        self.refused.append(Finding(kind, str(departure.source), departure.place, problem))

    def _read_holders(self, departures: Sequence[Departure], definitions: Definitions) -> None:
        visibility = Visibility(self._graph, partial(searchable, definitions))
        for kind in KINDS.values() if departures else ():
            for departure in departures:
                if not visibility.check_set(kind, departure.source.attribute_set, departure.source):
                    self.warnings.append(PERHAPS_HIDDEN)
            found = {principal.id: principal for principal in self._candidates(kind, departures, definitions)}
            shared: dict[tuple[bool, ...], Declaration] = {}
            for principal in found.values():
                concerned = tuple(departure.concerns(principal.assignments) for departure in departures)
                if any(concerned):
                    if concerned not in shared:
                        shared[concerned] = declaration_of(principal, departures)
                    who = PrincipalReference(kind, principal.id)
                    self.holders.append((replace(shared[concerned], who=who), principal))

    def _candidates(
        self, kind: PrincipalKind, departures: Sequence[Departure], definitions: Definitions
    ) -> Iterator[Principal]:
        """Yield principals, all holders among them: by filters, or by pages if one attribute is not searchable."""
        if not all(definitions[departure.source].searchable for departure in departures):
            yield from self._directory.select(kind)
            return
        for filter_ in dict.fromkeys(text for departure in departures for text in _filters(departure, definitions)):
            yield from self._directory.select(kind, filter_)

    def _check_consumers(self, departure: Departure, known: Definition | None, definitions: Definitions) -> None:
        """Note the rules that name the attribute, and refuse or warn as `in_use` says."""
        values = departure.values if isinstance(departure, Retirement) else ()
        named = f"a retired value of {departure.source}" if values else ""
        usage = find_usage(departure.source, self._reader, values, named=named)
        self.consumers += usage.as_result()
        self.rules += [_rule_change(departure, consumer, definitions) for consumer in usage.found]
        if isinstance(departure, Move) and departure.keep_old:
            return
        if known and any(known.predefined.get(value) for value in values):
            return  # their deactivation is checked, like that of all predefined values
        refusals = usage.refusals() if departure.in_use == "fail" else []
        for refusal in refusals:
            self._refuse(departure, f"{refusal}, and in_use=fail forbids to take it away")
        if not refusals:
            self.warnings += [f"{sentence}." for sentence in _warnings(departure, usage)]

    def masked_holders(self, plan: TenantPlan, masked_sets: Collection[str]) -> list[tuple[Declaration, Principal]]:
        """Return what the departures make of the masked sets of a plan's principals, whose values it does not hold."""
        ids = {step.id for step in plan.principals}
        return [
            (replace(declaration, desired=desired), principal)
            for declaration, principal in self.holders
            if principal.id in ids and (desired := _within(declaration, masked_sets))
        ]


def _within(declaration: Declaration, attribute_sets: Collection[str]) -> Desired:
    return {name: value for name, value in declaration.desired.items() if name.attribute_set in attribute_sets}


def _warnings(departure: Departure, usage: ConsumerUsage) -> Iterator[str]:
    verb = "moves" if isinstance(departure, Move) else "is retired"
    yield from (f"Attribute {departure.source} {verb}, but {reason}" for reason in usage.warnings())
    yield from usage.unread()


def _filters(departure: Departure, definitions: Definitions) -> Iterator[str]:
    """Yield the filters that find all holders: one for each value that is retired, or one for any value."""
    if not isinstance(departure, Retirement) or not departure.values:
        yield condition(departure.source, "ne", None)
        return
    for value in departure.values:
        try:
            typed = coerced(departure.source, value, definitions[departure.source].type)
        except InvalidValue:
            continue  # which nobody can hold
        yield condition(departure.source, "eq", typed)


def _rule_change(departure: Departure, consumer: Consumer, definitions: Definitions) -> RuleChange:
    """Return the rule of a consumer as it is and as it must become."""
    becomes, remark = None, "take the attribute out of the rule"
    if isinstance(departure, Move):
        remark = f"write {departure.target} in place of {departure.source}"
        if consumer.rule and consumer.dialect:
            renaming = Renaming(departure.source, definitions[departure.target], departure.values)
            becomes, remark = renaming.rule(consumer.rule, DIALECTS[consumer.dialect])
    elif departure.values:
        remark = f"take {', '.join(departure.values)} out of the rule"
    return RuleChange(
        str(departure.source), str(consumer), consumer.kind, consumer.id, consumer.place, consumer.rule, becomes, remark
    )


def declaration_of(principal: Principal, departures: Sequence[Departure]) -> Declaration:
    """Return what departures make of a principal, as a declaration that gives way to what items declare."""
    wanted = holder_desired(departures, principal.assignments)
    reasons = tuple(reason for _value, reason in wanted.values())
    places = {reason.attribute: reason.place for reason in reasons}
    return Declaration(
        " and ".join(dict.fromkeys(places.values())),
        PrincipalReference(principal.kind, principal.id),
        {attribute: value for attribute, (value, _reason) in wanted.items()},
        places=places,
        gives_way=True,
        reasons=reasons,
    )
