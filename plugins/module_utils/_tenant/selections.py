# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Principals that items name and select, read in as few requests as possible.

A kind is read by pages, or by ids and filters; the number of requests decides. On pages, filters on properties are
evaluated here. Where Graph does not document the answer for somebody, it is asked for the ids that a filter selects.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from .._core.assignment_plan import Definitions
from .._core.model import (
    KINDS,
    SERVICE_PRINCIPAL,
    AttributeName,
    Definition,
    Principal,
    PrincipalKind,
    PrincipalReference,
    is_guid,
)
from .._core.rules.evaluation import Answer, Evaluator, evaluate_many
from .._core.rules.property_filter import property_filter
from .._core.selected import Holder, Selected, Wanted
from .._core.selection import (
    AGENT_LINK,
    AGENTS,
    BLUEPRINT_LINK,
    BLUEPRINTS,
    PROPERTIES,
    SERVICE_PRINCIPALS,
    Selection,
    Where,
    class_of,
)
from .._core.values import elements, same
from .._errors import AmbiguousPrincipal, EntraError, GraphError, OptionError
from .._graph.client import PAGE_SIZE, Graph
from .._graph.pace import BATCH_SIZE
from .groups import GroupReference, Groups, placed
from .principals import FILTER_SIZE, Directory
from .visibility import Visibility
from .wire import condition

Choose = Callable[[int, Callable[[], int]], str]
"""How to read principals that so many filters find in a directory of a size: `pages` or `filters`."""
PAGES_OF_A_FILTER = 2
"""Requests that a filter is expected to take before its principals are counted."""


@dataclass(eq=False)
class _Choice:
    """A selection on its way, with what is known of who fulfills it."""

    number: int
    selection: Selection
    place: str
    members: frozenset[str] | None = None
    """The ids of the members of its group."""
    blueprint: str = ""
    """The app id of its blueprint, in lower case."""
    rule: Evaluator | None = None
    """What evaluates its filter, if that can be evaluated here."""
    answered: frozenset[str] | None = None
    """The ids that its filter selects, if Graph was asked for them."""


@dataclass
class _Query:
    """A filter that finds principals, and the place of the item that it is for."""

    text: str
    place: str
    choice: _Choice | None = None
    """The selection whose filter this is, where the query is that filter alone."""


@dataclass
class _Job:
    """What is to be read of one kind."""

    kind: PrincipalKind
    names: Sequence[PrincipalReference]
    choices: Sequence[_Choice]
    paths: set[str]
    holders: Sequence[Holder]
    queries: list[_Query] = field(default_factory=list)
    whole: bool = False


class TenantSelector:
    """Reads who is named and selected in a tenant.

    `choose` decides how to read, and `definitions` reads the definitions of the tenant.
    """

    def __init__(self, graph: Graph, choose: Choose, definitions: Callable[[], Definitions]) -> None:
        self._graph = graph
        self._directory = Directory(graph)
        self._visibility = Visibility(graph)
        self._choose = choose
        self._read_definitions = definitions
        self._definitions: Definitions | None = None

    def read(self, wanted: Wanted, update: Callable[[], None]) -> Selected:
        """Read. `update` is called after each principal. Raises EntraError, with the place where it is about an item.

        Groups and blueprints are found first, so that their errors come before everything else.
        """
        choices = [_Choice(number, *chosen) for number, chosen in enumerate(wanted.selections)]
        self._find_groups(choices)
        self._find_blueprints(choices)
        for choice in choices:
            if choice.selection.filter:
                choice.rule = property_filter(choice.selection.filter, PROPERTIES[choice.selection.kind])
        found = _Found(self._directory)
        readings = {}
        for kind in KINDS.values():
            job = self._job(kind, wanted, choices)
            if job.names or job.choices or job.holders:
                readings[kind.plural] = self._read_kind(job, wanted, found, update)
        if self._needs_agents(wanted):
            readings[AGENTS] = "pages"
            self._read_agents(wanted, choices, found, update)
        if wanted.blueprints:
            self._read_blueprints(wanted, found)
        return Selected(found.principals, found.selected_by, readings)

    def _find_groups(self, choices: Sequence[_Choice]) -> None:
        grouped = [choice for choice in choices if choice.selection.group]
        if not grouped:
            return
        asked = [(GroupReference(choice.selection.group, choice.place), choice.selection.of) for choice in grouped]
        for choice, members in zip(grouped, Groups(self._graph).members(asked), strict=True):
            choice.members = members

    def _find_blueprints(self, choices: Sequence[_Choice]) -> None:
        """Find the app id of each blueprint. Raises OptionError for none, AmbiguousPrincipal for several."""
        asked = [choice for choice in choices if choice.selection.blueprint]
        references = {choice.selection.blueprint.lower(): choice.selection.blueprint for choice in asked}
        if not references:
            return
        names = [PrincipalReference(SERVICE_PRINCIPAL, name) for name in references.values()]
        looked_up = {item.id: item for item in self._directory.look_up(SERVICE_PRINCIPAL, names)}
        blueprints = [item for item in looked_up.values() if class_of(item) == BLUEPRINTS]
        for choice in asked:
            name = choice.selection.blueprint
            named = [item for item in blueprints if name.lower() in item.identities]
            if not named:
                raise OptionError(
                    choice.place,
                    f"there is no blueprint '{name}' in this tenant",
                    "Give the app id, the object id or the display name of a blueprint.",
                )
            if len(named) > 1:
                listed = "; ".join(f"id {item.id}, app id {item.key}" for item in named)
                raise AmbiguousPrincipal(
                    f"{choice.place}: {len(named)} blueprints are called '{name}': {listed}",
                    "Name one by its app id.",
                    [item.as_result() for item in named],
                )
            choice.blueprint = named[0].key.lower()

    def _job(self, kind: PrincipalKind, wanted: Wanted, choices: Sequence[_Choice]) -> _Job:
        """Return what is to be read of a kind, with the queries that may find who is selected by rules or holds."""
        own = [choice for choice in choices if choice.selection.kind == kind.plural]
        paths = set(wanted.properties.get(kind.name, ()))
        if kind is SERVICE_PRINCIPAL:
            paths.discard(BLUEPRINT_LINK)  # agents alone have it, and are read on the path of their type
        elif wanted.agents:
            paths.add(AGENT_LINK)
        paths |= _paths(own)
        holders = [holder for holder in wanted.holders if holder.kind == kind.plural]
        job = _Job(kind, [who for who in wanted.names if who.kind is kind], own, paths, holders)
        for choice in own:
            self._check_visible(kind, choice.selection.where, choice.place)
            if choice.members is not None or any(map(self._is_held_by_nobody, choice.selection.where)):
                continue
            query = self._query(choice)
            if query is None:
                job.whole = True
            else:
                job.queries.append(query)
        for holder in holders:
            holds, place = Where(holder.attribute, "eq", holder.value), f"exclusive {holder.attribute}"
            if self._is_held_by_nobody(holds):
                continue
            self._check_visible(kind, [holds], place)
            if self._is_asked(holds):
                job.queries.append(_Query(condition(holder.attribute, "eq", holder.value), place))
            else:
                job.whole = True
        return job

    def _query(self, choice: _Choice) -> _Query | None:
        """Return the query that finds whom a selection without a group selects now; null for the whole kind.

        A principal that fulfills a `where` only because of this run is read anyway, because the run changes it.
        """
        selection = choice.selection
        where = [item for item in selection.where if self._is_asked(item)]
        conditions = [condition(item.attribute, item.operator, item.value) for item in where]
        if not selection.filter:
            return _Query(" and ".join(conditions), choice.place) if conditions else None
        if not conditions:
            return _Query(selection.filter, choice.place, choice)
        return _Query(" and ".join([f"({selection.filter})", *conditions]), choice.place)

    def _check_visible(self, kind: PrincipalKind, where: Sequence[Where], place: str) -> None:
        """Raise AttributesHidden if the identity cannot read an attribute of a `where`."""
        for item in where:
            try:
                self._visibility.check_set(kind, item.attribute.attribute_set, item.attribute)
            except EntraError as error:
                raise placed(error, place) from None

    def _is_asked(self, where: Where) -> bool:
        """Return whether Graph documents the answer to a condition (graph-facts 3)."""
        known = self._definition(where.attribute)
        starts_many = where.operator == "startswith" and known is not None and known.collection
        return known is not None and known.searchable and where.value is not None and not starts_many

    def _is_held_by_nobody(self, where: Where) -> bool:
        """Return whether a condition asks for a value of an attribute that the tenant does not define yet."""
        missing = self._definition(where.attribute) is None and bool(self._definitions)
        return missing and where.operator != "ne" and where.value is not None

    def _definition(self, attribute: AttributeName) -> Definition | None:
        """Return a definition; null if it does not exist, or definitions cannot be read."""
        if self._definitions is None:
            try:
                self._definitions = self._read_definitions()
            except GraphError:
                self._definitions = {}
        return self._definitions.get(attribute)

    def _read_kind(self, job: _Job, wanted: Wanted, found: _Found, update: Callable[[], None]) -> str:
        """Read the principals of a kind, and return how."""
        kind, directory = job.kind, self._directory
        properties = {who.by for who in job.names} - {""}
        ids = sorted(set(chain.from_iterable(choice.members or () for choice in job.choices)))
        sizes: list[int] = []

        def size() -> int:
            if not sizes:
                sizes.append(directory.size(kind))
            return sizes[0]

        if job.whole or self._prefers_pages(job, len(ids), size):
            self._ask_where_needed(job.choices)
            known = [who.name for who in job.names if not (who.by or is_guid(who.name))]
            everyone = directory.select(
                kind, properties=properties, paths=job.paths, names=known, size=sizes[0] if sizes else None
            )
            needed = _Needed(job.names, job.holders, blueprints=wanted.blueprints)
            found.add(everyone, job.choices, update, needed)
            return "pages"
        found_by_queries = chain.from_iterable(self._selected(job, query) for query in job.queries)
        read = [
            *directory.look_up(kind, job.names, job.paths),
            *directory.look_up_ids(kind, ids, job.paths),
            *found_by_queries,
        ]
        self._ask_where_needed(job.choices)
        found.add(read, job.choices, update)
        return "filters"

    def _selected(self, job: _Job, query: _Query) -> Iterator[Principal]:
        """Yield whom a query finds, and note their ids if it is the filter of a selection."""
        ids = []
        try:
            for principal in self._directory.select(job.kind, query.text, paths=job.paths):
                ids.append(principal.id)
                yield principal
        except EntraError as error:
            raise placed(error, query.place) from None
        if query.choice:
            query.choice.answered = frozenset(ids)

    def _prefers_pages(self, job: _Job, ids: int, size: Callable[[], int]) -> bool:
        """Return whether pages take fewer requests than names, ids and queries.

        A query counts as so many batches as it has pages. Several are counted first, in a batch, where pages are not
        cheaper anyway.
        """
        filters = self._directory.filters(job.kind, job.names) + -(-ids // FILTER_SIZE)
        queries = len(job.queries)
        if queries == 1 and filters <= BATCH_SIZE:
            return False
        if self._choose(filters + BATCH_SIZE * PAGES_OF_A_FILTER * queries, size) == "pages":
            return True
        if queries < 2:
            return False
        pages = 0
        for number, selected in self._directory.counts(job.kind, [query.text for query in job.queries]):
            if isinstance(selected, EntraError):
                raise placed(selected, job.queries[number].place)
            pages += max(1, -(-selected // PAGE_SIZE))
        return self._choose(filters + BATCH_SIZE * pages, size) == "pages"

    def _ask_where_needed(self, choices: Iterable[_Choice]) -> None:
        """Ask Graph for the ids of each filter that is not evaluated here."""
        for choice in choices:
            if choice.selection.filter and not choice.rule and choice.answered is None:
                choice.answered = ask(self._directory, choice)

    @staticmethod
    def _needs_agents(wanted: Wanted) -> bool:
        selected = any(selection.kind == AGENTS for selection, _place in wanted.selections)
        return selected or wanted.agents or wanted.blueprints or any(holder.kind == AGENTS for holder in wanted.holders)

    def _read_agents(
        self, wanted: Wanted, choices: Sequence[_Choice], found: _Found, update: Callable[[], None]
    ) -> None:
        """Read all agent identities on the path of their type, and keep the needed ones."""
        own = [choice for choice in choices if choice.selection.kind == AGENTS]
        for choice in own:
            self._check_visible(SERVICE_PRINCIPAL, choice.selection.where, choice.place)
        self._ask_where_needed(own)
        paths = {*wanted.properties.get(SERVICE_PRINCIPAL.name, ()), BLUEPRINT_LINK}
        paths |= _paths(own)
        linked = {str(item.properties.get(AGENT_LINK)) for item in found.principals.values()} if wanted.agents else ()
        needed = _Needed(
            [who for who in wanted.names if who.kind is SERVICE_PRINCIPAL],
            [holder for holder in wanted.holders if holder.kind == AGENTS],
            ids={*linked, *found.principals},
        )
        found.add(self._directory.agents(paths), own, update, needed)

    def _read_blueprints(self, wanted: Wanted, found: _Found) -> None:
        """Read the blueprints of all agents that were read."""
        read = found.principals.values()
        links = {str(item.properties[BLUEPRINT_LINK]).lower() for item in read if item.properties.get(BLUEPRINT_LINK)}
        links -= {item.key.lower() for item in read if class_of(item) == BLUEPRINTS}
        names = [PrincipalReference(SERVICE_PRINCIPAL, link) for link in sorted(links)]
        paths = set(wanted.properties.get(SERVICE_PRINCIPAL.name, ())) - {BLUEPRINT_LINK}
        for item in self._directory.look_up(SERVICE_PRINCIPAL, names, paths):
            if class_of(item) == BLUEPRINTS:
                found.principals[item.id] = item


def ask(directory: Directory, choice: _Choice) -> frozenset[str]:
    """Return the ids that Graph says the filter of a selection selects. Raises EntraError with the place."""
    selection = choice.selection
    try:
        return frozenset(directory.ids(selection.of, selection.filter, agents=selection.kind == AGENTS))
    except EntraError as error:
        raise placed(error, choice.place) from None


def _paths(choices: Iterable[_Choice]) -> set[str]:
    """Return the properties that the filters read."""
    return {str(path) for choice in choices if choice.rule for path in choice.rule.attributes}


@dataclass
class _Needed:
    """The principals of a whole kind to keep in addition to the selected ones."""

    names: Sequence[PrincipalReference]
    holders: Sequence[Holder] = ()
    ids: Collection[str] = ()
    blueprints: bool = False

    def __post_init__(self) -> None:
        self._identities = {who.identity for who in self.names}

    def __contains__(self, principal: Principal) -> bool:
        if principal.id in self.ids or (self.blueprints and class_of(principal) == BLUEPRINTS):
            return True
        if self._identities and not self._identities.isdisjoint(principal.identities):
            return True
        return any(
            same(item, holder.value)
            for holder in self.holders
            for item in elements(principal.assignments.get(holder.attribute))
        )


class _Found:
    """The principals that were read, and which selections select them."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.principals: dict[str, Principal] = {}
        self.selected_by: dict[str, frozenset[int]] = {}
        self._shared: dict[frozenset[int], frozenset[int]] = {}

    def add(
        self,
        read: Iterable[Principal],
        choices: Sequence[_Choice],
        update: Callable[[], None],
        needed: _Needed | None = None,
    ) -> None:
        """Add principals that were read for the choices of one kind.

        Of a whole kind, whom nothing selects is kept only if `needed`. Principals of the same groups, blueprint and
        answers of filters are decided once.
        """
        combinations = _Combinations(choices)
        undecided: list[tuple[str, frozenset[int], tuple[_Choice, ...]]] = []
        for principal, answers in _with_answers(read, combinations.rules, update):
            selected, unknown = combinations.of(principal, answers)
            if not (selected or unknown or needed is None or principal in needed):
                continue
            known = self.principals.get(principal.id)
            if known and (principal.others or known.others):
                principal = replace(principal, others=tuple(dict.fromkeys(known.others + principal.others)))
            self.principals[principal.id] = principal
            if unknown:
                undecided.append((principal.id, selected, unknown))
            elif selected:
                self.selected_by[principal.id] = self._interned(selected)
        for choice in dict.fromkeys(chain.from_iterable(unknown for _id, _selected, unknown in undecided)):
            choice.answered = ask(self._directory, choice)
        for identifier, selected, unknown in undecided:
            more = {choice.number for choice in unknown if identifier in (choice.answered or ())}
            if selected or more:
                self.selected_by[identifier] = self._interned(selected | more)

    def _interned(self, selected: frozenset[int]) -> frozenset[int]:
        return self._shared.setdefault(selected, selected)


class _Combinations:
    """The selections of one kind that select a principal, found once for all equal principals."""

    def __init__(self, choices: Sequence[_Choice]) -> None:
        ruled = [choice for choice in choices if choice.rule and choice.answered is None]
        self.rules = [choice.rule for choice in ruled if choice.rule]
        """The filters to evaluate."""
        self._ruled = {choice.number: place for place, choice in enumerate(ruled)}
        self._choices = {choice.number: choice for choice in choices}
        self._kind = choices[0].selection.kind if choices else ""
        self._by_id: dict[str, tuple[int, ...]] = {}
        self._everyone: list[int] = []
        self._known: dict[tuple[int, tuple[int, ...], str], tuple[frozenset[int], tuple[_Choice, ...]]] = {}
        for choice in choices:
            listed = [ids for ids in (choice.members, choice.answered) if ids is not None]
            if not listed:
                self._everyone.append(choice.number)
            for identifier in frozenset.intersection(*listed) if listed else ():
                self._by_id[identifier] = (*self._by_id.get(identifier, ()), choice.number)

    def of(self, principal: Principal, answers: tuple[Answer, ...]) -> tuple[frozenset[int], tuple[_Choice, ...]]:
        """Return the numbers of the selections, and those whose filters have an unknown answer.

        `answers` are those of the rules, and the same object where they are equal.
        """
        link = str(principal.properties.get(BLUEPRINT_LINK, "")).lower() if self._kind == AGENTS else ""
        key = (id(answers), self._by_id.get(principal.id, ()), link)
        if self._kind == SERVICE_PRINCIPALS and class_of(principal) != SERVICE_PRINCIPALS:
            return _NOBODY
        decided = self._known.get(key)
        if decided is None:
            decided = self._known[key] = self._decide(answers, [*self._everyone, *key[1]], link)
        return decided

    def _decide(
        self, answers: tuple[Answer, ...], numbers: Iterable[int], link: str
    ) -> tuple[frozenset[int], tuple[_Choice, ...]]:
        selected, unknown = set(), []
        for number in numbers:
            choice = self._choices[number]
            if choice.blueprint and choice.blueprint != link:
                continue
            answer = answers[self._ruled[number]] if number in self._ruled else True
            if answer is True:
                selected.add(number)
            elif answer is not False:
                unknown.append(choice)
        return frozenset(selected), tuple(unknown)


_NOBODY: tuple[frozenset[int], tuple[_Choice, ...]] = (frozenset(), ())


def _with_answers(
    read: Iterable[Principal], rules: Sequence[Evaluator], update: Callable[[], None]
) -> Iterator[tuple[Principal, tuple[Answer, ...]]]:
    """Yield each principal with the answers of the rules."""
    current: list[Principal] = []

    def states() -> Iterator[Mapping[str, Any]]:
        for principal in read:
            update()
            current[:] = [principal]
            yield principal.properties

    for answers in evaluate_many(rules, states()):
        yield current[0], answers
