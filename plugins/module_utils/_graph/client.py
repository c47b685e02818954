# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Microsoft Graph's way of speaking HTTP: versions, pages, batches and errors."""

from __future__ import annotations

import base64
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlsplit

from .._errors import EntraError, GraphError, Need, UnexpectedResponse
from . import shapes
from .odata import encoded
from .patience import Patience
from .responses import refusal
from .transport import Answer, Http, Trace

PAGE_SIZE = 999
"""Objects on a page of the directory, unless Graph refuses that size."""
EMPTY_PAGES = 1000
"""Pages without an item that may follow each other."""


@contextmanager
def threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Lend so many threads, and leave them alone at the end.

    The garbage collector may end an abandoned generator in any thread, even in one that is just starting. Waiting
    for other threads there is a deadlock.
    """
    pool = ThreadPoolExecutor(count)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class TokenSource(Protocol):
    """Where bearer tokens come from; see `_auth`."""

    def token(self) -> str:
        """A valid access token, from a cache where possible. Raises AuthenticationError."""

    def renew(self) -> bool:
        """Forget the cached token, as the service refused it; False where no other can be had."""

    def for_resource(self, url: str) -> TokenSource:
        """Return the tokens of the same identity for another service. Raises OptionError where there can be none."""


class Graph:
    """Microsoft Graph of one cloud, as one identity. At the end of a `with` its connections are closed."""

    def __init__(self, http: Http, tokens: TokenSource, url: str, api_version: str = "v1.0") -> None:
        """`url` is the Graph host with its scheme; tokens go nowhere else."""
        self._http = http
        self._tokens = tokens
        self._lock = threading.Lock()
        self.sent = 0
        self.page_size = PAGE_SIZE
        """The most objects that this run asks for on a page."""
        self.serves_ranges = True
        """Whether this run divides large collections; false once Graph refused a range."""
        self._host = url
        self._base = f"{url}/{api_version}"

    def __enter__(self) -> Graph:
        return self

    def __exit__(self, *_failure: object) -> None:
        self._http.close()

    def in_version(self, api_version: str) -> Graph:
        """Return the same Graph with the same identity and connections, in another version of its interface."""
        return Graph(self._http, self._tokens, self._host, api_version)

    @property
    def http(self) -> Http:
        """The connections, for other hosts that the same identity asks."""
        return self._http

    def tokens_for(self, url: str) -> TokenSource:
        """Return tokens of the same identity for another host. Raises OptionError where there can be none."""
        return self._tokens.for_resource(url)

    @property
    def patience(self) -> Patience:
        """The retry policy and the clock of the task."""
        return self._http.patience

    @property
    def trace(self) -> Trace | None:
        """Where each request of this identity is reported in one line."""
        return self._http.trace

    @trace.setter
    def trace(self, trace: Trace | None) -> None:
        self._http.trace = trace

    def show(self, line: str) -> None:
        """Give the trace a line about a request inside a batch."""
        self._http.show(line)

    def get(
        self, path: str, *, need: Need, query: Mapping[str, str] | None = None, advanced: bool = False
    ) -> dict[str, Any]:
        """Return the object that one GET of `path` (encoded, below the version) answers with.

        `advanced` opts in to advanced queries (graph-facts 3). Raises GraphError, TransportError and
        AuthenticationError, as all requests do.
        """
        return self._json("GET", self._url(path, query, advanced), need, advanced=advanced)

    def pages(
        self,
        path: str,
        *,
        need: Need,
        query: Mapping[str, str] | None = None,
        advanced: bool = False,
        large: bool = False,
        before: Callable[[], None] | None = None,
        divide: Callable[[], Sequence[Mapping[str, str]]] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield the items of all pages, one request per page, in the order Graph gives them.

        `large` asks for large pages where the largest `$top` is unknown (graph-facts 13). If Graph refuses the request,
        it is sent again without a size.

        While the caller takes the items of a page, a thread reads the next one. With a `before`, which is called before
        each request, pages are read one after the other: the caller may stop before it waits for another page.

        `divide` is called where a second page follows. It may return queries that `side_by_side` reads in its place.
        """
        operation = f"GET {urlsplit(self._base).path}{path}"

        def read(url: str) -> shapes.Page:
            if before:
                before()
            return shapes.page(self._json("GET", url, need, advanced=advanced, shape=shapes.page), operation)

        sized = {**(query or {}), **({"$top": str(PAGE_SIZE)} if large else {})}
        while True:
            if "$top" in sized and not large:
                sized["$top"] = str(min(int(sized["$top"]), self.page_size))
            url = self._url(path, sized, advanced)
            try:
                page = read(url)
                break
            except GraphError as error:
                if large and error.status == 400 and "$top" in sized:
                    del sized["$top"]
                elif large or "$top" not in sized or not self.halve_pages(error, int(sized["$top"])):
                    raise
        if divide and page.next_link and (queries := divide()):
            yield from page.items
            yield from self.side_by_side(path, queries, need=need)
            return
        for items in self._read_on(operation, page, read, {url}, ahead=before is None):
            yield from items

    def side_by_side(self, path: str, queries: Sequence[Mapping[str, str]], *, need: Need) -> Iterator[dict[str, Any]]:
        """Yield the items of several listings of a collection. Each listing has a request on its way.

        The order is the same in each run: a page of each listing in turn.
        """
        operation = f"GET {urlsplit(self._base).path}{path}"

        def read(url: str) -> shapes.Page:
            return shapes.page(self._json("GET", url, need, shape=shapes.page), operation)

        with threads(len(queries)) as pool:
            while True:
                size = self.page_size
                urls = [self._url(path, {**query, "$top": str(size)}) for query in queries]
                reads = [pool.submit(read, url) for url in urls]
                try:
                    pages = [first.result() for first in reads]
                    break
                except GraphError as error:
                    if not self.halve_pages(error, size):
                        raise
        listings = deque(
            self._read_on(operation, page, read, {url}, ahead=True) for url, page in zip(urls, pages, strict=True)
        )
        while listings:
            listing = listings.popleft()
            if (items := next(listing, None)) is not None:
                listings.append(listing)
                yield from items

    def rest(
        self, content: Mapping[str, Any], operation: str, *, need: Need, advanced: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Yield the items of a first page that a batch gave, and those of the pages that follow it."""

        def read(url: str) -> shapes.Page:
            return shapes.page(self._json("GET", url, need, advanced=advanced, shape=shapes.page), operation)

        for items in self._read_on(operation, shapes.page(content, operation), read, set(), ahead=False):
            yield from items

    def halve_pages(self, error: GraphError, asked: int) -> bool:
        """Return whether Graph refused a page of the size that was asked for; then later pages have half of it."""
        if error.status != 400 or "invalid page size" not in error.said.lower() or asked <= 1:
            return False
        self.page_size = asked // 2
        return True

    def _read_on(
        self,
        operation: str,
        page: shapes.Page,
        read: Callable[[str], shapes.Page],
        seen: set[str],
        *,
        ahead: bool,
    ) -> Iterator[Sequence[dict[str, Any]]]:
        """Yield the items of each page, of a first one and all that follow it; `ahead` reads one page in advance."""
        empty = 0
        with threads(1) as thread:
            while url := page.next_link:
                if _origin(url) != _origin(self._host):
                    host = url.partition("//")[2].partition("/")[0].rpartition("@")[2]
                    raise UnexpectedResponse(f"{operation}: the next page is on {host}, to which no token is sent.")
                empty = 0 if page.items else empty + 1
                if url in seen or empty > EMPTY_PAGES:
                    raise shapes.odd(operation, "the next page is one that was read before, or pages stay empty")
                seen.add(url)
                following = thread.submit(read, url).result if ahead else partial(read, url)
                yield page.items
                page = following()
        yield page.items

    def patch(self, path: str, body: Mapping[str, Any], *, need: Need) -> None:
        """Send one PATCH. It may be repeated after a failure, so the body must set values, not add to them."""
        self._json("PATCH", self._url(path), need, body=body)

    def post(self, path: str, body: Mapping[str, Any], *, need: Need) -> dict[str, Any]:
        """Send one POST and return what it created, nothing if Graph does not show it.

        It is repeated only if it was not carried out, because a repeat would create again.
        """
        return self._json("POST", self._url(path), need, body=body)

    def delete(self, path: str, *, need: Need) -> None:
        """Send one DELETE. It may be repeated after a failure; NotFound is in doubt if an answer was lost before."""
        self._json("DELETE", self._url(path), need)

    def count(self, path: str, condition: str, *, need: Need) -> int:
        """Return how many items of a collection a filter selects, by an advanced query."""
        query = {"$select": "id", "$top": "1", **({"$filter": condition} if condition else {})}
        url = self._url(path, query, advanced=True)
        content = self._json("GET", url, need, advanced=True, shape=shapes.count)
        return shapes.count(content, f"GET {urlsplit(url).path}")

    def claims(self) -> dict[str, Any]:
        """Return the claims of the token, unverified; none where it is opaque."""
        try:
            payload = self._token().split(".")[1]
            claims = shapes.parse(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (IndexError, ValueError):
            return {}
        return claims if isinstance(claims, dict) else {}

    def identity(self) -> list[str]:
        """Return whose token it is: the tenant and object in its claims, else the token itself, a secret."""
        claims = self.claims()
        known = [claims[name] for name in ("tid", "oid") if isinstance(claims.get(name), str) and claims[name]]
        return known if len(known) == 2 else [self._token()]

    def batch(self, parts: Sequence[Mapping[str, Any]], *, need: Need) -> dict[str, shapes.BatchAnswer]:
        """Send one `$batch` of at most 20 requests in Graph's own form, once; return the answers by their ids.

        An answer that is missing or of no use is left out (graph-facts 7). `_batch` decides what is repeated.
        """
        url = self._url("/$batch")
        body = {"requests": list(parts)}
        content = self._json("POST", url, need, body=body, shape=shapes.batch_answers, batch=len(parts))
        for part in content["responses"]:
            if isinstance(part, dict) and not str(part.get("status")).startswith("2"):
                part.update(self._http.secrets.masked_error(part))
        return shapes.batch_answers(content, f"POST {urlsplit(url).path}")

    def renew(self) -> bool:
        """Drop the token, because Graph refused it; return False where no other can be had."""
        with self._lock:
            return self._tokens.renew()

    def _token(self) -> str:
        """Return the token; one thread at a time asks for it."""
        with self._lock:
            return self._tokens.token()

    def _url(self, path: str, query: Mapping[str, str] | None = None, advanced: bool = False) -> str:
        return self._base + encoded(path, {**(query or {}), **({"$count": "true"} if advanced else {})})

    def _json(
        self,
        method: str,
        url: str,
        need: Need,
        *,
        body: Mapping[str, Any] | None = None,
        advanced: bool = False,
        shape: Callable[[Mapping[str, Any], str], object] | None = None,
        batch: int = 0,
    ) -> dict[str, Any]:
        """Send a request and return the object that Graph answers with, an empty one for a write without content.

        `shape` checks the object; one that it refuses counts as a lost answer. A `batch` of so many is sent once.
        """
        operation = f"{method} {urlsplit(url).path}"

        def check(answer: Answer) -> None:
            if answer.content or method == "GET" or shape:
                answer.ensure_object(f"{operation}: ")
                if shape:
                    shape(answer.document, operation)
            elif not answer.is_framed or (answer.status_code == 200 and method == "POST"):
                raise UnexpectedResponse(
                    f"{operation}: {answer.host} answered {answer.status_code} with an empty body.", shapes.IN_BETWEEN
                )

        def send() -> Answer:
            headers = self._headers(advanced)
            if batch:
                note = f"{batch} requests"
                return self._http.exchange(method, url, check=check, note=note, headers=headers, json=body)
            return self._http.request(
                method,
                url,
                repeatable=method != "POST",
                writes=method != "GET",
                check=check,
                headers=headers,
                json=body,
            )

        answer = send()
        in_doubt = answer.in_doubt
        if answer.status_code == 401 and self.renew():
            try:
                answer = send()
            except EntraError as error:
                error.in_doubt |= in_doubt
                raise
            in_doubt |= answer.in_doubt
        if not 200 <= answer.status_code < 300:
            refused = refusal(operation, answer.status_code, answer.error, answer.headers, need)
            refused.in_doubt = in_doubt or (method != "GET" and not 400 <= answer.status_code < 500)
            refused.hint = answer.gave_up or refused.hint
            raise refused
        return answer.document if answer.content else {}

    def _headers(self, advanced: bool) -> dict[str, str]:
        """Return the headers of one more request."""
        headers = {
            "Authorization": f"Bearer {self._token()}",
            "Accept": "application/json",
            "client-request-id": str(uuid.uuid4()),
        }
        if advanced:
            headers["ConsistencyLevel"] = "eventual"
        with self._lock:
            self.sent += 1
        return headers


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of a URL in one spelling; null if it is not a URL, or has a user in it."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else None)
    except ValueError:
        return None
    return None if "@" in parts.netloc else (parts.scheme, parts.hostname or "", port)
