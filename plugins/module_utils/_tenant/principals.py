# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Principals of a tenant and their assignments: found, listed, written, and read again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from .._core.assignment_plan import Plan, overtaken
from .._core.model import (
    KINDS,
    LOOKUP_TITLES,
    SERVICE_PRINCIPAL,
    USER,
    Assignments,
    AttributeName,
    Principal,
    PrincipalKind,
    PrincipalReference,
    is_guid,
)
from .._errors import (
    AmbiguousPrincipal,
    EntraError,
    GraphError,
    NotFound,
    PrincipalNotFound,
    WriteNotConfirmed,
)
from .._graph.batches import Batches, Part, first_pages
from .._graph.client import PAGE_SIZE, Graph
from .._graph.odata import encoded, key, literal
from .._graph.replication import wait_until
from .._graph.shapes import count
from .permissions import READ_ASSIGNMENTS, WRITE_ASSIGNMENTS
from .ranges import PAGES_OF_A_RANGE, ranges
from .wire import (
    AGENT_TYPE,
    AGENTS_PATH,
    GUID_PROPERTIES,
    LOOKUP_PROPERTIES,
    NAME_PROPERTY,
    condition,
    parse_id,
    parse_outline,
    parse_principal,
    patch_body,
    principal_query,
)

REPEATED_WRITES = 3
"""How often a principal is planned and written again because another writer changed the same attributes."""
FILTER_SIZE = 15
"""Expressions that a filter may have (graph-facts 3)."""


class Directory:
    """The tenant's principals, behind a Graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def find(self, who: PrincipalReference) -> Principal:
        """Return the principal that is named so, in one request.

        Raises PrincipalNotFound for none, AmbiguousPrincipal for several.
        """
        if who.kind is USER and not who.by:
            return self._user(who)
        name = literal(who.name)
        if who.by:
            properties: tuple[str, ...] = (LOOKUP_PROPERTIES[who.by],)
        else:
            properties = GUID_PROPERTIES[who.kind] if is_guid(who.name) else (NAME_PROPERTY[who.kind],)
        query = {**principal_query(who.kind), "$filter": " or ".join(f"{known} eq {name}" for known in properties)}
        items = self._graph.pages(who.kind.path, need=READ_ASSIGNMENTS[who.kind], query=query)
        return exactly_one(who, [parse_principal(who.kind, item) for item in items])

    def select(
        self,
        kind: PrincipalKind,
        condition: str = "",
        properties: Collection[str] = (),
        *,
        paths: Collection[str] = (),
        names: Sequence[str] = (),
        size: int | None = None,
        passes: Callable[[str, str, Assignments], bool] | None = None,
    ) -> Iterator[Principal]:
        """Yield all principals of a kind, or those that an OData filter selects, each once.

        `properties` are those by which somebody is looked up; `paths` lead to others that are read. All of a large
        directory are read in ranges of names, side by side. `names` are some of those that are expected, so that the
        ranges are even; `size` is the number of principals where it is known. `passes` gets the id, key
        and assignments of each, and returns whether it is left out.
        """
        query = principal_query(kind, properties, paths)
        if condition:
            query |= {"$top": str(PAGE_SIZE), "$filter": condition}
            for item in self._graph.pages(kind.path, need=READ_ASSIGNMENTS[kind], query=query, advanced=True):
                yield parse_principal(kind, item, properties, paths)
            return
        seen: set[str] = set()
        for item in self._everyone(kind, query, names, size):
            if passes and (outline := parse_outline(kind, item)) and passes(*outline):
                continue
            principal = parse_principal(kind, item, properties, paths)
            if principal.id not in seen:
                seen.add(principal.id)
                yield principal

    def _everyone(
        self, kind: PrincipalKind, query: Mapping[str, str], names: Sequence[str], size: int | None
    ) -> Iterator[dict[str, Any]]:
        """Yield all principals of a kind, some of them more than once.

        Without a `size`, a directory of one page takes one request; a larger one is counted.
        """
        graph, need = self._graph, READ_ASSIGNMENTS[kind]
        queries: list[dict[str, str]] = []

        def divide() -> Sequence[dict[str, str]]:
            if graph.serves_ranges:
                pages = -(-(self.size(kind) if size is None else size) // graph.page_size)
                filters = ranges(NAME_PROPERTY[kind], names, pages // PAGES_OF_A_RANGE, nameless=kind is not USER)
                queries[:] = [{**query, "$filter": text} for text in filters]
            return queries

        chain = partial(graph.pages, kind.path, need=need, query={**query, "$top": str(PAGE_SIZE)})
        try:
            if size is not None and divide():
                yield from graph.side_by_side(kind.path, queries, need=need)
            else:
                yield from chain(divide=divide)
            return
        except GraphError as error:
            if error.status != 400 or not queries:
                raise
            graph.serves_ranges = False  # whether Graph serves them is unknown (graph-facts 3)
        yield from chain()

    def agents(self, paths: Collection[str] = ()) -> Iterator[Principal]:
        """Yield all agent identities with the properties at `paths`, page by page (graph-facts 15)."""
        kind = SERVICE_PRINCIPAL
        query = {**principal_query(kind, paths=paths), "$top": str(PAGE_SIZE)}
        for item in self._graph.pages(AGENTS_PATH, need=READ_ASSIGNMENTS[kind], query=query):
            principal = parse_principal(kind, item, paths=paths)
            yield principal if principal.agent_type else replace(principal, agent_type=AGENT_TYPE)

    def assign(self, principal: Principal, planned: Plan) -> None:
        """Send a plan as the one PATCH of this principal. Raises GraphError."""
        body = patch_body(principal, planned)
        self._graph.patch(principal.path, body, need=WRITE_ASSIGNMENTS[principal.kind])

    def verify(
        self, written: Sequence[tuple[Principal, Sequence[Plan]]], update: Callable[[], None] = lambda: None
    ) -> dict[str, WriteNotConfirmed]:
        """Read again until Graph shows the last of each principal's plans, for half a minute at most.

        Returns, by id, why a principal does not have its plan. Each round asks only for principals not shown yet,
        and calls `update` after each answer. A new value may be missing for a while (graph-facts 6.4). Another error
        settles the matter, and so does a value that another writer put there.
        """
        unseen = {principal.id: (principal, plans) for principal, plans in written}
        failed: dict[str, WriteNotConfirmed] = {}

        def shown() -> bool:
            for kind in KINDS.values():
                asked = [(principal, plans) for principal, plans in unseen.values() if principal.kind is kind]
                parts = [Part("GET", encoded(principal.path, principal_query(kind))) for principal, _plans in asked]
                for number, answer in Batches(self._graph, READ_ASSIGNMENTS[kind]).run(parts):
                    update()
                    principal, plans = asked[number]
                    try:
                        if isinstance(answer, EntraError):
                            raise answer
                        now = parse_principal(kind, answer).assignments
                        if overtaken(now, plans):
                            failed[principal.id] = WriteNotConfirmed(principal, shown=now)
                        elif not plans[-1].fulfilled(now):
                            continue
                    except NotFound:
                        continue
                    except EntraError as error:
                        failed[principal.id] = WriteNotConfirmed(principal, error)
                    del unseen[principal.id]
            return not unseen

        if not wait_until(self._graph.patience, shown):
            failed |= {principal.id: WriteNotConfirmed(principal) for principal, _plans in unseen.values()}
        return failed

    def ensure_applied(self, principal: Principal, planned: Plan, error: EntraError) -> None:
        """Read again until Graph shows a write that got no answer. Raise its error if Graph does not show it."""
        if self.verify([(principal, [planned])]):
            raise error

    def size(self, kind: PrincipalKind) -> int:
        """Return how many principals of a kind there are."""
        return self._graph.count(kind.path, "", need=READ_ASSIGNMENTS[kind])

    def filters(self, kind: PrincipalKind, wanted: Sequence[PrincipalReference]) -> int:
        """Return how many filters `look_up` would need."""
        named = Counter(who.by or is_guid(who.name) for who in wanted)
        ids = -(-named.pop(True, 0) // (FILTER_SIZE // len(GUID_PROPERTIES[kind])))
        return ids + sum(-(-count // FILTER_SIZE) for count in named.values())

    def look_up(
        self, kind: PrincipalKind, names: Sequence[PrincipalReference], paths: Collection[str] = ()
    ) -> Iterator[Principal]:
        """Yield the principals of a kind that are named so, with the properties at `paths`.

        Fifteen names go to a filter, and 20 filters to a batch.
        """
        yield from self._found(kind, [([by] if by else [], text) for by, text in _filters(kind, names)], paths)

    def look_up_ids(self, kind: PrincipalKind, ids: Sequence[str], paths: Collection[str] = ()) -> Iterator[Principal]:
        """Yield the principals of a kind with these object ids, with the properties at `paths`."""
        texts = [f"id in ({','.join(group)})" for group in _groups([literal(item) for item in ids], FILTER_SIZE)]
        yield from self._found(kind, [([], text) for text in texts], paths)

    def _found(
        self, kind: PrincipalKind, wanted: Sequence[tuple[list[str], str]], paths: Collection[str]
    ) -> Iterator[Principal]:
        """Yield the principals that filters find, each filter with the lookup properties to read."""
        lists = [(kind.path, {**principal_query(kind, by, paths), "$filter": text}) for by, text in wanted]
        for number, answer in first_pages(self._graph, READ_ASSIGNMENTS[kind], lists):
            if isinstance(answer, EntraError):
                raise answer
            for item in self._graph.rest(answer, f"GET {kind.path}", need=READ_ASSIGNMENTS[kind]):
                yield parse_principal(kind, item, wanted[number][0], paths)

    def ids(self, kind: PrincipalKind, condition: str, *, agents: bool = False) -> Iterator[str]:
        """Yield the object ids that an OData filter selects, of agent identities alone if `agents`."""
        query = {"$select": "id", "$top": str(PAGE_SIZE), "$filter": condition}
        path = AGENTS_PATH if agents else kind.path
        for item in self._graph.pages(path, need=READ_ASSIGNMENTS[kind], query=query, advanced=True):
            yield parse_id(item, f"GET {path}")

    def counts(self, kind: PrincipalKind, conditions: Sequence[str]) -> Iterator[tuple[int, int | EntraError]]:
        """Yield the number of each OData filter with how many principals it selects, or with its error."""
        query = {"$select": "id", "$top": "1", "$count": "true"}
        parts = [
            Part("GET", encoded(kind.path, {**query, "$filter": condition}), advanced=True) for condition in conditions
        ]
        for number, answer in Batches(self._graph, READ_ASSIGNMENTS[kind]).run(parts):
            yield number, answer if isinstance(answer, EntraError) else count(answer, f"GET {kind.path}")

    def count(self, kind: PrincipalKind, attribute: AttributeName) -> int:
        """Return how many principals of a kind hold an attribute. Raises GraphError, also if it is not searchable."""
        return self._graph.count(kind.path, condition(attribute, "ne", None), need=READ_ASSIGNMENTS[kind])

    def _user(self, who: PrincipalReference) -> Principal:
        try:
            path, query = USER.path + key(who.name), principal_query(USER)
            return parse_principal(USER, self._graph.get(path, need=READ_ASSIGNMENTS[USER], query=query))
        except GraphError as error:
            malformed = error.status == 400 and "invalid object identifier" in error.said.lower()  # graph-facts 6.2
            if not (isinstance(error, NotFound) or malformed):
                raise
            raise PrincipalNotFound(
                f"user: there is no {who} in this tenant.", "Give an object id or a user principal name."
            ) from None


def exactly_one(who: PrincipalReference, found: Sequence[Principal]) -> Principal:
    """Return the one that was found. Raises PrincipalNotFound for none, AmbiguousPrincipal for several."""
    kind = who.kind
    if not found:
        raise PrincipalNotFound(f"{kind.name}: there is no {who} in this tenant.")
    if len(found) > 1:
        listed = "; ".join(f"id {principal.id}, {kind.key_title} {principal.key}" for principal in found)
        message = f"service_principal: {len(found)} service principals are called '{who.name}': {listed}."
        if who.by:
            message = f"user: {len(found)} users have the {LOOKUP_TITLES[who.by]} '{who.name}': {listed}."
        candidates = [principal.as_result() for principal in found]
        raise AmbiguousPrincipal(message, f"Name one by its id or {kind.key_title}.", candidates)
    return found[0]


def _filters(kind: PrincipalKind, wanted: Sequence[PrincipalReference]) -> Iterator[tuple[str, str]]:
    """Yield property and OData filters that find principals, of at most 15 expressions each (graph-facts 3)."""
    names = [who.name for who in wanted if not who.by]
    guids = [literal(name) for name in names if is_guid(name)]
    others = [literal(name) for name in names if not is_guid(name)]
    for group in _groups(guids, FILTER_SIZE // len(GUID_PROPERTIES[kind])):
        yield "", " or ".join(f"{known} in ({','.join(group)})" for known in GUID_PROPERTIES[kind])
    for group in _groups(others, FILTER_SIZE):
        yield "", f"{NAME_PROPERTY[kind]} in ({','.join(group)})"
    for by, known in LOOKUP_PROPERTIES.items():
        for group in _groups([literal(who.name) for who in wanted if who.by == by], FILTER_SIZE):
            yield by, f"{known} in ({','.join(group)})"


def _groups(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))
