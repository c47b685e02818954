# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Principals (users and service principals) and what is assigned to them, in domain terms."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._core.assignment_plan import Plan, overtaken
from .._core.values import (
    Assignments,
    Value,
    not_text,
    principal_problem,
    read,
)
from .._errors import (
    AmbiguousPrincipal,
    AttributesHidden,
    EntraError,
    GraphError,
    Need,
    NotFound,
    OptionError,
    PermissionDenied,
    PrincipalNotFound,
    WriteNotConfirmed,
    printable,
)
from .._graph.batches import Batches, Part
from .._graph.client import PAGE_SIZE, Graph
from .._graph.odata import encoded, key, literal
from .._graph.shapes import assigned, member

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_AGENT = re.compile(r"#microsoft\.graph\.(agent\w+)", re.IGNORECASE)
_READERS = ("Attribute Assignment Reader", "Attribute Assignment Administrator")
_READER_IDS = {"ffd52fa5-98dc-465c-991d-fc073eb59f8f", "58a13ea3-c632-46ae-9ee0-9c0d43cd7f3d"}
_READING = {"CustomSecAttributeAssignment.Read.All", "CustomSecAttributeAssignment.ReadWrite.All"}
REPEATED_WRITES = 3
"""How often a principal is planned and written again because another writer changed the same attributes."""
FILTER_SIZE = 15
"""Expressions that a filter may have (graph-facts 3)."""


BY = {"mail": "mail", "employee_id": "employeeId"}
"""The properties other than names by which a user can be named, in options and in Graph."""
_SPOKEN_BY = {"mail": "mail address", "employeeId": "employee id"}


@dataclass(frozen=True)
class Kind:
    """A kind of principal: the name it has in options and results, its collection in Graph and what is read of it.

    `guids` are the properties that a GUID may be meant for, `spoken` is the one that any other name is meant for.
    """

    name: str
    title: str
    path: str
    key: str
    guids: tuple[str, ...]
    spoken: str
    read: Need
    write: Need

    @property
    def result_key(self) -> str:
        """What `key` is called in results."""
        return "user_principal_name" if self.name == "user" else "app_id"

    def query(self, properties: Iterable[str] = ()) -> dict[str, str]:
        """Return what is read of each principal, with the properties by which it is looked up."""
        return {"$select": ",".join(["id", "displayName", self.key, *sorted(properties), "customSecurityAttributes"])}


def _kind(name: str, path: str, key: str, guids: tuple[str, ...], spoken: str, permission: str) -> Kind:
    return Kind(
        name=name,
        title=name.replace("_", " "),
        path=path,
        key=key,
        guids=guids,
        spoken=spoken,
        read=Need(("CustomSecAttributeAssignment.Read.All", permission), _READERS),
        write=Need(("CustomSecAttributeAssignment.ReadWrite.All", permission), _READERS[1:]),
    )


USER = _kind("user", "/users", "userPrincipalName", ("id",), "userPrincipalName", "User.Read.All")
SERVICE_PRINCIPAL = _kind(
    "service_principal", "/servicePrincipals", "appId", ("id", "appId"), "displayName", "Application.Read.All"
)
KINDS = {kind.name: kind for kind in (USER, SERVICE_PRINCIPAL)}


@dataclass(frozen=True, slots=True)
class Named:
    """A principal as somebody names it: by id, UPN, app id or display name, or `by` a property of Graph's."""

    kind: Kind
    name: str
    by: str = ""

    def __str__(self) -> str:
        return (
            f"{self.kind.title} with the {_SPOKEN_BY[self.by]} '{self.name}'"
            if self.by
            else f"{self.kind.title} '{self.name}'"
        )

    @property
    def identity(self) -> tuple[str, str]:
        """Return the property and the name as they are compared, without case."""
        return self.by, self.name.lower()


def named(item: Mapping[str, Any]) -> Named:
    """Return the principal that an item or the options of a task name. Raises OptionError.

    A user is named by a text, or by a dictionary with the mail address or the employee id.
    """
    given = [kind for kind in KINDS.values() if item.get(kind.name) not in (None, "")]
    if len(given) != 1:
        raise OptionError(", ".join(KINDS), "exactly one of them is needed")
    kind = given[0]
    name, by = item[kind.name], ""
    if isinstance(name, Mapping) and kind is USER:
        if len(name) != 1 or not set(name) <= BY.keys():
            raise OptionError(kind.name, f"a dictionary must have exactly one of the keys {' and '.join(BY)}")
        ((key, name),) = name.items()
        by = BY[key]
    if not isinstance(name, str):
        raise OptionError(kind.name, not_text(name))
    name = name.strip()
    if problem := principal_problem(name):
        raise OptionError(kind.name, problem)
    return Named(kind, name, by)


@dataclass(frozen=True, slots=True)
class Principal:
    """A user or service principal with its assignments; `key` is the UPN or the app id.

    `others` holds the properties by which it was looked up.

    `agent_type` is the Graph type of an agent identity, of its blueprint or of an agent user, else empty. `assignments`
    hold what Graph showed, which may be less than there is: see `Directory.ensure_readable`.
    """

    kind: Kind
    id: str
    display_name: str
    key: str
    agent_type: str
    assignments: Assignments
    others: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.kind.title} {self.key if self.kind is USER else self.display_name} ({self.id})"

    @property
    def identities(self) -> set[tuple[str, str]]:
        """Return all that it may be named by, as `Named.identity` is. A GUID is an id."""
        names = {self.id, self.key}
        if self.kind is SERVICE_PRINCIPAL and not _GUID.fullmatch(self.display_name):
            names.add(self.display_name)
        return {("", name.lower()) for name in names} | {(by, value.lower()) for by, value in self.others}

    def as_result(self) -> dict[str, Any]:
        """The keys by which results name a principal (design 3.2)."""
        result = {"id": self.id, "type": self.kind.name, "display_name": self.display_name}
        result[self.kind.result_key] = self.key
        if self.agent_type:
            result["agent_type"] = self.agent_type
        return result


class Directory:
    """The tenant's principals, behind a Graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def find(self, who: Named) -> Principal:
        """Return the principal that is named so, in one request.

        Raises PrincipalNotFound for none, AmbiguousPrincipal for several.
        """
        if who.kind is USER and not who.by:
            return self._user(who)
        name = literal(who.name)
        if who.by:
            condition = f"{who.by} eq {name}"
        else:
            condition = f"id eq {name} or appId eq {name}" if _GUID.fullmatch(who.name) else f"displayName eq {name}"
        items = self._graph.pages(who.kind.path, need=who.kind.read, query={**who.kind.query(), "$filter": condition})
        return only(who, [_principal(who.kind, item) for item in items])

    def select(self, kind: Kind, condition: str = "", properties: Collection[str] = ()) -> Iterator[Principal]:
        """Yield all principals of a kind, or those that an OData filter selects, page by page."""
        query = {**kind.query(properties), "$top": str(PAGE_SIZE), **({"$filter": condition} if condition else {})}
        for item in self._graph.pages(kind.path, need=kind.read, query=query, advanced=bool(condition)):
            yield _principal(kind, item, properties)

    def assign(self, principal: Principal, body: Mapping[str, Any]) -> None:
        """Send a plan's body as the one PATCH of this principal. Raises GraphError."""
        self._graph.patch(place(principal), typed(principal, body), need=principal.kind.write)

    def verify(
        self, written: Sequence[tuple[Principal, Sequence[Plan]]], tell: Callable[[], None] = lambda: None
    ) -> dict[str, WriteNotConfirmed]:
        """Read again until Graph shows the last of each principal's plans, for half a minute at most.

        Returns why a principal does not have its plan, by id. Each round asks for those alone that are not shown yet;
        `tell` is called after each answer. A new value may be missing for a while (graph-facts 6.4). Another error
        settles the matter, and so does a value that another writer put there.
        """
        unseen = {principal.id: (principal, plans) for principal, plans in written}
        failed: dict[str, WriteNotConfirmed] = {}

        def shown() -> bool:
            for kind in KINDS.values():
                asked = [(one, plans) for one, plans in unseen.values() if one.kind is kind]
                parts = [Part("GET", encoded(place(one), kind.query())) for one, _plans in asked]
                for number, answer in Batches(self._graph, kind.read).run(parts):
                    tell()
                    one, plans = asked[number]
                    try:
                        if isinstance(answer, EntraError):
                            raise answer
                        now = _principal(kind, answer).assignments
                        if overtaken(now, plans):
                            failed[one.id] = WriteNotConfirmed(one, shown=now)
                        elif not plans[-1].fulfilled(now):
                            continue
                    except NotFound:
                        continue
                    except EntraError as error:
                        failed[one.id] = WriteNotConfirmed(one, error)
                    del unseen[one.id]
            return not unseen

        if not self._graph.wait_until(shown):
            failed |= {one.id: WriteNotConfirmed(one) for one, _plans in unseen.values()}
        return failed

    def ensure_applied(self, principal: Principal, planned: Plan, error: EntraError) -> None:
        """Read again until Graph shows a write that got no answer. Raise its error if Graph does not show it."""
        if self.verify([(principal, [planned])]):
            raise error

    def size(self, kind: Kind) -> int:
        """How many principals of a kind there are."""
        return self._graph.count(kind.path, "", need=kind.read)

    def filters(self, kind: Kind, wanted: Sequence[Named]) -> int:
        """Return how many filters `look_up` would need."""
        return sum(1 for _filter in _filters(kind, wanted))

    def look_up(self, kind: Kind, names: Sequence[Named]) -> Iterator[Principal]:
        """Yield the principals of a kind that are named so, 15 to a filter, 20 filters to a batch."""
        wanted = list(_filters(kind, names))
        while wanted:
            size, refused = self._graph.page_size, []
            queries = [{**kind.query([by] if by else []), "$filter": one, "$top": str(size)} for by, one in wanted]
            parts = [Part("GET", encoded(kind.path, query)) for query in queries]
            for number, answer in Batches(self._graph, kind.read).run(parts):
                if isinstance(answer, GraphError) and self._graph.halve_pages(answer, size):
                    refused.append(wanted[number])
                elif isinstance(answer, EntraError):
                    raise answer
                else:
                    by = wanted[number][0]
                    items = self._graph.rest(answer, f"GET {kind.path}", need=kind.read)
                    yield from (_principal(kind, item, [by] if by else []) for item in items)
            wanted = refused

    def count(self, kind: Kind, attribute_set: str, name: str) -> int:
        """How many principals of a kind hold an attribute. Raises GraphError, also if it is not searchable."""
        return self._graph.count(kind.path, condition(attribute_set, name, "ne", None), need=kind.read)

    def ensure_readable(self, kind: Kind, attribute: tuple[str, str] | None = None) -> bool:
        """Whether it is known that what Graph does not show is not assigned.

        Graph shows null, or leaves out attribute sets, as well to whom may not read them (graph-facts 2.4). The token's
        claims tell mostly. Where they do not prove it (an opaque token, an Entra role for single attribute sets, which
        need not be in it) a filter on `attribute` (set, name) is tried: Graph refuses filters to whom it hides values
        (graph-facts 3). Where that does not settle it either, it is as the claims say.

        Raises AttributesHidden.
        """
        allowed = _may_read(self._graph.claims())
        if not allowed and attribute is not None:
            try:
                self.count(kind, *attribute)
                allowed = True
            except PermissionDenied:
                allowed = False
            except GraphError:
                pass  # such as a 400 for an attribute that is not searchable: the claims decide
        if allowed is False:
            raise AttributesHidden(
                f"The identity may not read these custom security attributes of {kind.title}s: Graph hides them,"
                " which is no proof that nothing is assigned.",
                str(kind.read),
            )
        return allowed is True

    def _user(self, who: Named) -> Principal:
        try:
            return _principal(USER, self._graph.get(USER.path + key(who.name), need=USER.read, query=USER.query()))
        except GraphError as error:
            malformed = error.status == 400 and "invalid object identifier" in error.said.lower()  # graph-facts 6.2
            if not (isinstance(error, NotFound) or malformed):
                raise
            raise PrincipalNotFound(
                f"user: there is no {who} in this tenant.", "Give an object id or a user principal name."
            ) from None


def only(who: Named, found: Sequence[Principal]) -> Principal:
    """Return the one that was found. Raises PrincipalNotFound for none, AmbiguousPrincipal for several."""
    kind = who.kind
    if not found:
        raise PrincipalNotFound(f"{kind.name}: there is no {who} in this tenant.")
    if len(found) > 1:
        key = "user principal name" if kind is USER else "app id"
        listed = "; ".join(f"id {principal.id}, {key} {principal.key}" for principal in found)
        message = f"service_principal: {len(found)} service principals are called '{who.name}': {listed}."
        if who.by:
            message = f"user: {len(found)} users have the {_SPOKEN_BY[who.by]} '{who.name}': {listed}."
        raise AmbiguousPrincipal(message, f"Name one by its id or {key}.", [one.as_result() for one in found])
    return found[0]


def unknown(who: Named) -> dict[str, Any]:
    """Return what `Principal.as_result()` is where no principal, or more than one, is named so."""
    upn = who.name if who.kind is USER and "@" in who.name and not who.by else None
    return {"id": None, "type": who.kind.name, "display_name": who.name, who.kind.result_key: upn}


def place(principal: Principal) -> str:
    """The path of a principal below the version."""
    return f"{principal.kind.path}/{principal.id}"


def typed(principal: Principal, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a PATCH, which names the type of an agent (graph-facts 1.5)."""
    return {"@odata.type": f"#microsoft.graph.{principal.agent_type}", **body} if principal.agent_type else dict(body)


def condition(attribute_set: str, name: str, operator: str, value: Value | None) -> str:
    """An OData condition on an attribute; `operator` is eq, ne or startswith (graph-facts 3), `value` typed or null."""
    path = f"customSecurityAttributes/{attribute_set}/{name}"
    if operator == "startswith":
        return f"startsWith({path},{literal(value)})"
    return f"{path} {operator} {literal(value)}"


def _filters(kind: Kind, wanted: Sequence[Named]) -> Iterator[tuple[str, str]]:
    """Yield property and OData filters that find principals, of at most 15 expressions each (graph-facts 3)."""
    names = [who.name for who in wanted if not who.by]
    guids = [literal(name) for name in names if _GUID.fullmatch(name)]
    others = [literal(name) for name in names if not _GUID.fullmatch(name)]
    for group in _groups(guids, FILTER_SIZE // len(kind.guids)):
        yield "", " or ".join(f"{key} in ({','.join(group)})" for key in kind.guids)
    for group in _groups(others, FILTER_SIZE):
        yield "", f"{kind.spoken} in ({','.join(group)})"
    for by in BY.values():
        for group in _groups([literal(who.name) for who in wanted if who.by == by], FILTER_SIZE):
            yield by, f"{by} in ({','.join(group)})"


def _groups(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _may_read(claims: Mapping[str, Any]) -> bool | None:
    """Whether a token with these claims may read assignments; None where the claims leave it open (graph-facts 5)."""
    delegated = "scp" in claims
    granted = set(str(claims["scp"]).split()) if delegated else _texts(claims.get("roles"))
    has_role = bool(_READER_IDS & _texts(claims.get("wids")))
    if not claims:
        return None
    if delegated:
        return (True if has_role else None) if granted & _READING else False
    return True if granted & _READING else (None if has_role else False)


def _texts(claim: Any) -> set[str]:
    """Return the texts of a claim that should be a list of them."""
    return {text for text in claim if isinstance(text, str)} if isinstance(claim, list) else set()


def _principal(kind: Kind, item: Mapping[str, Any], properties: Iterable[str] = ()) -> Principal:
    what = f"GET {kind.path}"
    agent = _AGENT.fullmatch(member(item, "@odata.type", str, what) or "")
    return Principal(
        kind=kind,
        id=member(item, "id", str, what, required=True),
        display_name=printable(member(item, "displayName", str, what) or ""),
        key=member(item, kind.key, str, what) or "",
        agent_type=agent.group(1) if agent else "",
        assignments=read(assigned(item, what)),
        others=tuple((name, text) for name in properties if (text := member(item, name, str, what))),
    )
