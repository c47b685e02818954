# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of a collection: $filter, $top, $orderby, $count and $skiptoken (graph-facts 3)."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from . import filters, search
from .access import Caller
from .directory import Collection, Directory, Resource
from .exchange import GraphError, Request, bad_request, not_emulated, unsupported_query
from .faults import Quirks
from .generated import Members, Picked
from .properties import ATTRIBUTES

PAGE_SIZE: Final = 100
LARGEST_PAGE: Final = 999
URL_LENGTH: Final = 2048  # of an advanced query

_SORTABLE: Final = {"displayName", "userPrincipalName"}
_SERVED: Final = frozenset({"$filter", "$select", "$top", "$count", "$orderby", "$skiptoken"})
_REFUSED: Final = frozenset({"$skip"})  # for principals, by the directory (graph-facts 3)
KNOWN: Final = _SERVED | {"$deltatoken", "$expand", "$format", "$search", "$skip"}


def check_options(request: Request, served: frozenset[str], what: str, refused: frozenset[str] = frozenset()) -> None:
    """Raise GraphError for a query option that is not supported here: none is ignored silently.

    501 if Graph may support it, 400 if Graph is known to reject it, or if OData does not have it.
    """
    for name in request.query:
        if not name.startswith("$") or name in served:
            continue
        if name == "$search" and not eventual(request):
            raise unsupported_query(search.NEEDS_HEADER)
        if name in KNOWN - refused:
            raise not_emulated(f"the query option '{name}' of {what}")
        raise bad_request(f"'{name}' is not supported by the service.")


def top(options: dict[str, str], largest: int = LARGEST_PAGE) -> int:
    """Return the page size. Raises GraphError (400) outside 1 to 999 (graph-facts 3), or another maximum."""
    text = options.get("$top", str(PAGE_SIZE))
    if not text.isdecimal() or not 1 <= int(text) <= largest:
        raise unsupported_query(f"Invalid page size specified: '{text}'. Must be between 1 and {largest} inclusive.")
    return int(text)


@dataclass
class Page:
    """One page of a collection: its members, the query string of the next page, and the requested count."""

    members: list[Resource]
    next_query: str | None
    count: int | None


def find(
    directory: Directory,
    collection: Collection,
    request: Request,
    caller: Caller,
    quirks: Quirks,
    among: list[Resource] | None = None,
    served: frozenset[str] = frozenset(),
) -> Page:
    """Return the requested page of a collection, or of those members that are `among` some others.

    `served` are query options that the caller of this function handles.

    Raises GraphError: 400 for unsupported queries, 403 for a filter on attributes that the caller can
    not read, 414 for an advanced query that is too long (graph-facts 3).
    """
    options = request.query
    served |= _SERVED | ({"$search"} if collection in search.SEARCHABLE and eventual(request) else frozenset())
    check_options(request, served, f"/{collection}", _REFUSED)
    selection = _selection(directory, collection, request, caller, quirks, among)
    filtered_plainly = "$filter" in options and not selection.advanced
    members = _ordered(selection.members, options.get("$orderby"), filtered_plainly=filtered_plainly)
    size = top(options)
    start = position(options, collection)
    count = selection.count() if selection.advanced and start == 0 else None
    page: list[Resource] = []
    places = selection.places(start) if members is selection.members else range(start, len(members))
    for index in places:
        member = members[index]
        if not selection.test(member):
            continue
        if len(page) == size:
            return Page(page, next_query(options, token(options, collection, index)), count)
        page.append(member)
    return Page(page, None, count)


def count(
    directory: Directory,
    collection: Collection,
    request: Request,
    caller: Caller,
    quirks: Quirks,
    among: list[Resource] | None = None,
) -> int:
    """Return the answer of `/$count`, which needs an advanced query."""
    check_options(
        request,
        _SERVED | {"$search"} if collection in search.SEARCHABLE else _SERVED,
        f"/{collection}/$count",
        _REFUSED,
    )
    if not eventual(request):
        raise GraphError(400, "Request_BadRequest", "$count is not currently supported.")
    return _selection(directory, collection, request, caller, quirks, among, counting=True).count()


def eventual(request: Request) -> bool:
    """Return whether a request accepts eventual consistency, as advanced queries must (graph-facts 3)."""
    stated = request.headers.get("consistencylevel") or request.query.get("ConsistencyLevel", "")
    return stated.lower() == "eventual"


def is_advanced(request: Request, collection: Collection, *, counting: bool = False) -> bool:
    """Return whether a request is an advanced query: it has the header and, unless it counts anyway, `$count`.

    Only the directory needs the header. Policies and workflows are not in the directory.
    """
    in_directory = collection not in ("conditionalAccessPolicies", "appManagementPolicies", "lifecycleWorkflows")
    counts = counting or request.query.get("$count", "").lower() == "true"
    return counts and (eventual(request) or not in_directory)


@dataclass
class _Selection:
    """Return the members that `$filter` selects."""

    members: Sequence[Resource]
    test: filters.Predicate
    advanced: bool  # whether this is an advanced query
    mentioned: frozenset[str] = frozenset()  # properties that the test reads

    def places(self, start: int) -> Iterable[int]:
        """Return the places of `members` from `start` on that can pass the test."""
        if isinstance(self.members, Members):
            return self.members.places(self.test, self.mentioned, start)
        return range(start, len(self.members))

    def count(self) -> int:
        if isinstance(self.members, Members):
            return self.members.count_passing(self.test, self.mentioned)
        return sum(map(self.test, self.members))


def _selection(
    directory: Directory,
    collection: Collection,
    request: Request,
    caller: Caller,
    quirks: Quirks,
    among: list[Resource] | None,
    *,
    counting: bool = False,
) -> _Selection:
    """Return the selection by `$filter`. Raises GraphError, as `find` does."""
    options = request.query
    advanced = is_advanced(request, collection, counting=counting)
    members: Sequence[Resource] = directory.members[collection] if among is None else among
    if "$search" in options:
        members = list(filter(search.compiled(options["$search"], search.SEARCHABLE[collection]), members))
        among = members
    if "$filter" not in options:
        return _Selection(members, lambda _: True, advanced)
    compiler = filters.Compiler(directory, collection, caller, quirks)
    tree = filters.parse(options["$filter"])
    test = compiler.visit(tree)
    if compiler.advanced_because and not advanced:
        raise unsupported_query(compiler.advanced_because)
    selected = options.get("$select", "").lower().split(",")
    if compiler.ranged and ATTRIBUTES.lower() in selected and quirks.range_of_names == "refuse":
        raise unsupported_query(f"Filtering by a range is not supported together with '{ATTRIBUTES}'.")
    if advanced and not request.batch and len(request.path) + len(request.raw_query) > URL_LENGTH:
        raise GraphError(414, "Request_UriTooLong", "The request URI is too long.")
    candidates = compiler.candidates(tree) if among is None else None
    return _Selection(members if candidates is None else candidates, test, advanced, frozenset(compiler.mentioned))


def _ordered(members: Sequence[Resource], option: str | None, *, filtered_plainly: bool) -> Sequence[Resource]:
    if not option:
        return members
    name, _separator, direction = option.strip().partition(" ")
    if name not in _SORTABLE or direction.strip() not in ("", "asc", "desc"):
        raise unsupported_query(f"Unsupported sort property '{name}' for 'DirectoryObject'.")
    if filtered_plainly:
        raise unsupported_query("Sorting not supported for current query.")

    def key(member: Resource) -> str:
        return str(member.properties.get(name, "")).casefold()

    ordered = members.ordered(name, key) if isinstance(members, Members) else None
    by_name = sorted(members, key=key) if ordered is None else Picked(members, ordered)
    return by_name[::-1] if direction.strip() == "desc" else by_name


def _fingerprint(options: dict[str, str], path: str) -> int:
    asked = [path, *(options.get(name) for name in ("$filter", "$search", "$orderby", "$top"))]
    return zlib.crc32(repr(asked).encode())


def token(options: dict[str, str], path: str, start: int) -> str:
    """Return the skip token of the page of a query that begins at `start`."""
    return base64.urlsafe_b64encode(f"{start}:{_fingerprint(options, path)}".encode()).decode()


def position(options: dict[str, str], path: str) -> int:
    """Return the start of a page. Raises GraphError (400) for a token of another query."""
    if "$skiptoken" not in options:
        return 0
    try:
        start, _separator, made_for = (
            base64.urlsafe_b64decode(options["$skiptoken"].encode()).decode("ascii").partition(":")
        )
        if int(made_for) == _fingerprint(options, path) and int(start) > 0:
            return int(start)
    except (ValueError, binascii.Error):
        pass
    text = "The specified page token value has expired and can no longer be included in your request."
    raise GraphError(400, "Directory_ExpiredPageToken", text)


def next_query(options: dict[str, str], skip_token: str) -> str:
    """Return the query string of the next page: the same options and the token, without headers."""
    kept = {name: value for name, value in options.items() if name not in ("$skiptoken", "ConsistencyLevel")}
    return urlencode({**kept, "$skiptoken": skip_token}, safe="$,/'()", quote_via=quote)
