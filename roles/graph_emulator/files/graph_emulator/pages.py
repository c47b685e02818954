# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages and single objects of a collection, in the form that all collections of Graph have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .access import Caller
from .directory import Collection, Directory, Resource
from .exchange import Request, Response, not_found
from .faults import Quirks
from .properties import PROPERTIES, TYPE_NAMES, selected
from .query import Page, check_options, find

Show = Callable[[Resource], dict[str, Any]]


def respond(
    request: Request,
    base: str,
    context: str,
    names: list[str] | None,
    page: Page,
    show: Show,
) -> Response:
    """Return the page as a response. `names` are those of `$select`, `base` is the service's URL with the version."""
    body: dict[str, Any] = {"@odata.context": f"{base}/$metadata#{selected_context(context, names)}"}
    if page.count is not None:
        body["@odata.count"] = page.count
    if page.next_query:
        path = request.path.strip("/").split("/", 1)[1]  # as received, without the version
        body["@odata.nextLink"] = f"{base}/{path}?{page.next_query}"
    body["value"] = [show(resource) for resource in page.members]
    return Response(200, body)


def selected_context(context: str, names: list[str] | None) -> str:
    """Return a context with the selected names, in Graph's form."""
    return f"{context}({','.join(names)})" if names else context


class Listing:
    """Reads of one collection. A function returns each object as JSON."""

    def __init__(self, collection: Collection, path: str, directory: Directory, quirks: Quirks) -> None:
        self.collection = collection
        self.path = path
        self.directory = directory
        self.quirks = quirks

    def many(
        self,
        request: Request,
        caller: Caller,
        base: str,
        show: Show,
        among: list[Resource] | None = None,
        options: frozenset[str] = frozenset(),
    ) -> Response:
        """Answer with a page. `options` are query options that the caller of this method serves."""
        names = self._selected(request)
        page = find(self.directory, self.collection, request, caller, self.quirks, among, options)
        return respond(request, base, self.path, names, page, lambda item: _chosen(show(item), names))

    def one(
        self,
        key: str,
        request: Request,
        base: str,
        show: Show,
        also: frozenset[str] = frozenset(),
        options: frozenset[str] = frozenset(),
    ) -> Response:
        """Answer with one object. `also` are properties that the list lacks; `options` as for `many`."""
        found = self.directory.resource(self.collection, key)
        if found is None:
            raise not_found(key)
        return self.single(found, request, base, show, also, options)

    def single(
        self,
        found: Resource,
        request: Request,
        base: str,
        show: Show,
        also: frozenset[str] = frozenset(),
        options: frozenset[str] = frozenset(),
    ) -> Response:
        """Answer with an object."""
        check_options(request, options | {"$select"}, f"one of {self.path}")
        names = self._selected(request, also)
        context = {"@odata.context": f"{base}/$metadata#{selected_context(self.path, names)}/$entity"}
        return Response(200, {**context, **_chosen(show(found), names)})

    def _selected(self, request: Request, also: frozenset[str] = frozenset()) -> list[str] | None:
        known = PROPERTIES[self.collection] | also
        return selected(request.query.get("$select"), known, TYPE_NAMES[self.collection])


def _chosen(item: dict[str, Any], names: list[str] | None) -> dict[str, Any]:
    return item if names is None else {name: item.get(name) for name in names}
