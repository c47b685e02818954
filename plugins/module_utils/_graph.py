# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Transport: HTTP with retries, and Microsoft Graph's way of speaking it (pages, errors, throttling).

Everything that is sent by the collection goes through `Http`: token requests and Graph requests alike.
"""

from __future__ import annotations

import base64
import binascii
import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    Conflict,
    ConnectionFailed,
    GraphError,
    MissingLibrary,
    Need,
    NotFound,
    PermissionDenied,
    ProxyError,
    RequestTimeout,
    Throttled,
    TlsError,
    TransportError,
    UnexpectedResponse,
)

try:
    import requests
    from requests.adapters import HTTPAdapter
    from requests.utils import should_bypass_proxies
    from urllib3.util.retry import Retry

    HAS_REQUESTS = True
except ImportError:
    Retry = object  # type: ignore[assignment,misc]
    HAS_REQUESTS = False

_Answer = TypeVar("_Answer")

LONGEST_WAIT = 150.0
"""Seconds; the write quota of an app in a tenant is counted over 150 seconds (graph-facts 8)."""
REPLICATION_WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between attempts on what was just created, as it may be refused for a moment (graph-facts 6.4)."""
REFUSALS = {403: PermissionDenied, 404: NotFound, 409: Conflict, 429: Throttled}
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})


class Backoff(Retry):
    """urllib3's Retry for Graph: fractional and capped Retry-After, full jitter, and a wait that tests can replace.

    A throttled request was not carried out, so it is repeated whatever its method; after a server error or a cut
    connection only the methods in `allowed_methods` are (graph-facts 6.2, 8).
    """

    def __init__(
        self,
        *args: Any,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._wait = sleep
        self._jitter = jitter

    def new(self, **kwargs: Any) -> Backoff:
        return super().new(sleep=self._wait, jitter=self._jitter, **kwargs)

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        if status_code == 429:
            return bool(self.total)
        return super().is_retry(method, status_code, has_retry_after)

    def parse_retry_after(self, retry_after: str) -> float:
        try:
            seconds = float(retry_after)
        except ValueError:
            seconds = super().parse_retry_after(retry_after)
        return min(max(seconds, 0.0), LONGEST_WAIT)

    def get_backoff_time(self) -> float:
        return min(float(2 ** len(self.history)), 60.0) * self._jitter()

    def sleep(self, response: Any = None) -> None:
        told = self.get_retry_after(response) if response is not None else None
        self._wait(self.get_backoff_time() if told is None else told)


class Http:
    """One connection pool with the task's TLS, proxy, time-out and retry options; also the `http_client` of MSAL.

    `verify` is True (the bundled authorities), False, or the path of a CA bundle. `environment` gives the proxies
    (HTTPS_PROXY, NO_PROXY). Options are applied to each request, because requests lets variables of the process
    override those of a session. Redirects are not followed, so that no header goes to another host.
    """

    def __init__(
        self,
        *,
        verify: bool | str = True,
        timeout: float = 60,
        retries: int = 5,
        environment: Mapping[str, str] | None = None,
        repeatable: tuple[str, ...] = (),
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`repeatable` are URL prefixes to which a POST may be repeated after a failure, such as a token endpoint."""
        if not HAS_REQUESTS:
            raise MissingLibrary("requests")
        self._sleep = sleep
        self._jitter = jitter
        self._verify = verify
        self._timeout = timeout
        self._environment = {name.lower(): value for name, value in (environment or {}).items()}
        self._session = requests.Session()
        self._session.trust_env = False

        def adapter(*methods: str) -> HTTPAdapter:
            retry = Backoff(
                total=retries,
                connect=min(retries, 2),
                other=0,
                status_forcelist=RETRIED_STATUSES,
                allowed_methods=frozenset(methods),
                raise_on_status=False,
                sleep=sleep,
                jitter=jitter,
            )
            return HTTPAdapter(max_retries=retry, pool_maxsize=8)

        self._session.mount("https://", adapter("GET", "PATCH"))
        self._session.mount("http://", adapter("GET"))
        for prefix in repeatable:
            self._session.mount(prefix, adapter("GET", "POST"))

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        """Send and return the last answer. Raises TransportError where there is none."""
        kwargs.setdefault("timeout", self._timeout)
        try:
            return self._session.request(
                method, url, verify=self._verify, proxies=self._proxies(url), allow_redirects=False, **kwargs
            )
        except requests.exceptions.RequestException as error:
            raise _no_answer(url, error) from None

    def get(self, url: str, **kwargs: Any) -> requests.Response:
        return self.request("GET", url, **kwargs)

    def post(self, url: str, **kwargs: Any) -> requests.Response:
        return self.request("POST", url, **kwargs)

    def close(self) -> None:
        self._session.close()

    def pause(self, seconds: float) -> None:
        """Wait for about so long: between half of it and all."""
        self._sleep(seconds * (1 + self._jitter()) / 2)

    def _proxies(self, url: str) -> dict[str, str]:
        scheme = urlsplit(url).scheme
        proxy = self._environment.get(f"{scheme}_proxy") or self._environment.get("all_proxy")
        if not proxy or should_bypass_proxies(url, no_proxy=self._environment.get("no_proxy", "")):
            return {}
        return {scheme: proxy}


def _no_answer(url: str, error: requests.exceptions.RequestException) -> TransportError:
    """What went wrong, told without the library's own text, which may hold the password of a proxy."""
    host = urlsplit(url).netloc
    causes = list(_causes(error))
    told = [getattr(cause, "verify_message", None) or getattr(cause, "strerror", None) for cause in causes]
    words = next((str(text) for text in reversed(told) if text), type(causes[-1]).__name__)
    if isinstance(error, requests.exceptions.SSLError):
        return TlsError(
            f"{host}: the TLS connection failed: {words}.",
            "If the certificate is of an authority of your own, name its bundle in ca_path.",
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return ProxyError(f"{host}: the proxy cannot be used: {words}.", "Check HTTPS_PROXY and NO_PROXY.")
    if any(isinstance(cause, (TimeoutError, requests.exceptions.Timeout)) for cause in causes):
        return RequestTimeout(f"{host}: no answer in time.", "Check the network, or raise timeout.")
    return ConnectionFailed(
        f"{host}: cannot be reached: {words}.", "Check the network, cloud_environment, authority_url and graph_url."
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and those below it; requests and urllib3 keep them in arguments and in `reason`."""
    while error is not None:
        yield error
        inner = [getattr(error, "reason", None), *error.args, error.__cause__, error.__context__]
        error = next((cause for cause in inner if isinstance(cause, BaseException)), None)


class TokenSource(Protocol):
    """Where bearer tokens come from; see `_auth`."""

    def token(self) -> str:
        """A valid access token, from a cache where possible. Raises AuthenticationError."""

    def renew(self) -> bool:
        """Forget the cached token, as the service refused it; False where no other can be had."""


class Graph:
    """Microsoft Graph of one cloud, as one identity. At the end of a `with` its connections are closed."""

    def __init__(self, http: Http, tokens: TokenSource, url: str, api_version: str = "v1.0") -> None:
        """`url` is the Graph host with its scheme; tokens go nowhere else."""
        self._http = http
        self._tokens = tokens
        self._lock = threading.Lock()
        self.sent = 0
        self._host = url
        self._base = f"{url}/{api_version}"

    def __enter__(self) -> Graph:
        return self

    def __exit__(self, *_failure: object) -> None:
        self._http.close()

    def in_version(self, api_version: str) -> Graph:
        """The same Graph as the same identity on the same connections, in another version of its interface."""
        return Graph(self._http, self._tokens, self._host, api_version)

    def get(
        self, path: str, *, need: Need, query: Mapping[str, str] | None = None, advanced: bool = False
    ) -> dict[str, Any]:
        """One GET of `path` (encoded, below the version); `advanced` opts in to advanced queries (graph-facts 3).

        Raises GraphError, TransportError and AuthenticationError, as all requests do.
        """
        return self._json("GET", self._url(path, query, advanced), need, advanced=advanced)

    def pages(
        self,
        path: str,
        *,
        need: Need,
        query: Mapping[str, str] | None = None,
        advanced: bool = False,
        before: Callable[[], None] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """The items of all pages, one request per page, in the order Graph gives them.

        While the items of a page are taken the next one is on its way. Not so with a `before`, which is called before
        each request: who has to wait for a request may not want another.
        """

        def fetched(url: str) -> dict[str, Any]:
            if before:
                before()
            return self._json("GET", url, need, advanced=advanced)

        page = fetched(self._url(path, query, advanced))
        with ThreadPoolExecutor(1) as ahead:
            while url := page.get("@odata.nextLink"):
                if _origin(url) != _origin(self._host):
                    host = url.partition("//")[2].partition("/")[0].rpartition("@")[2]
                    raise UnexpectedResponse(
                        f"The next page of {path} is said to be on {host}, to which no token is sent."
                    )
                following = partial(fetched, url) if before else ahead.submit(fetched, url).result
                yield from page.get("value", [])
                page = following()
            yield from page.get("value", [])

    def patch(self, path: str, body: Mapping[str, Any], *, need: Need) -> None:
        """One PATCH; repeated after cut connections and server errors, so the body must set values, not add to them."""
        self._json("PATCH", self._url(path), need, body=body)

    def post(self, path: str, body: Mapping[str, Any], *, need: Need) -> dict[str, Any]:
        """One POST; repeated only where Graph throttled it, as a repeat would create a second time."""
        return self._json("POST", self._url(path), need, body=body)

    def count(self, path: str, condition: str, *, need: Need) -> int:
        """How many items of a collection a filter selects, by an advanced query."""
        query = {"$select": "id", "$top": "1", **({"$filter": condition} if condition else {})}
        return int(self.get(path, need=need, query=query, advanced=True)["@odata.count"])

    def persist(self, attempt: Callable[[], _Answer], lagging: Callable[[GraphError], bool]) -> _Answer:
        """Repeat `attempt` while it raises what `lagging` blames on replication, for half a minute at most."""
        waits = iter(REPLICATION_WAITS)
        while True:
            try:
                return attempt()
            except GraphError as error:
                seconds = next(waits, None)
                if not lagging(error) or seconds is None:
                    raise
            self._http.pause(seconds)

    def wait_until(self, shown: Callable[[], bool]) -> bool:
        """Wait until Graph shows what was written, for half a minute at most. Returns whether it does."""
        for seconds in REPLICATION_WAITS:
            if shown():
                return True
            self._http.pause(seconds)
        return shown()

    def pause(self, seconds: float) -> None:
        """Wait for about so long."""
        self._http.pause(seconds)

    def claims(self) -> dict[str, Any]:
        """The claims of the token, unverified; empty where it is opaque."""
        try:
            payload = self._token().split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (IndexError, ValueError, binascii.Error):
            return {}
        return claims if isinstance(claims, dict) else {}

    def identity(self) -> list[str]:
        """What tells whose token it is: the tenant and object in its claims, else the token itself, a secret."""
        claims = self.claims()
        known = [str(claims[name]) for name in ("tid", "oid") if claims.get(name)]
        return known if len(known) == 2 else [self._token()]

    def batch(self, parts: Sequence[Mapping[str, Any]], *, need: Need) -> dict[str, dict[str, Any]]:
        """One `$batch` of at most 20 requests in Graph's own form; the answers by their ids (graph-facts 7).

        `_module.connect` lets it be repeated after cut connections and server errors, so the requests must set values.
        """
        answer = self._json("POST", self._url("/$batch"), need, body={"requests": list(parts)})
        return {str(part["id"]): part for part in answer.get("responses", [])}

    def renew(self) -> bool:
        """Drop the token, as a request in a batch was refused for it; False where no other can be had."""
        with self._lock:
            return self._tokens.renew()

    def _token(self) -> str:
        """The token, asked for by one thread at a time."""
        with self._lock:
            return self._tokens.token()

    def _url(self, path: str, query: Mapping[str, str] | None = None, advanced: bool = False) -> str:
        return self._base + encoded(path, {**(query or {}), **({"$count": "true"} if advanced else {})})

    def _json(
        self, method: str, url: str, need: Need, *, body: Mapping[str, Any] | None = None, advanced: bool = False
    ) -> dict[str, Any]:
        answer = self._send(method, url, body, advanced)
        if answer.status_code == 401 and self.renew():
            answer = self._send(method, url, body, advanced)
        operation = f"{method} {urlsplit(url).path}"
        if answer.status_code >= 300:
            raise refusal(operation, answer.status_code, _content(answer), answer.headers, need)
        if answer.status_code == 204:
            return {}
        content = _content(answer)
        if not isinstance(content, dict):
            kind = answer.headers.get("Content-Type", "no content type").split(";")[0]
            raise UnexpectedResponse(
                f"{operation}: {urlsplit(url).netloc} answered {answer.status_code} with {kind} that is not JSON.",
                "Something in between answered, such as a proxy or a sign-in page; check graph_url and the proxy.",
            )
        return content

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None, advanced: bool) -> requests.Response:
        headers = {
            "Authorization": f"Bearer {self._token()}",
            "Accept": "application/json",
            "User-Agent": "ansible-entra.attributes",
            "client-request-id": str(uuid.uuid4()),
        }
        if advanced:
            headers["ConsistencyLevel"] = "eventual"
        with self._lock:
            self.sent += 1
        return self._http.request(method, url, headers=headers, json=body)


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port of a URL in one spelling; None for what is no URL, or has a user in it."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else None)
    except ValueError:
        return None
    return None if "@" in parts.netloc else (parts.scheme, parts.hostname or "", port)


def encoded(path: str, query: Mapping[str, str]) -> str:
    """A path with its query, percent-encoded but for what OData uses itself; what UTF-8 cannot hold finds nothing."""
    return path + ("?" + urlencode(query, quote_via=quote, safe="$,()'/:", errors="backslashreplace") if query else "")


def literal(value: str | int | bool | list[Any] | None) -> str:
    """A value as OData writes it in a filter: text in single quotes, which are doubled inside (graph-facts 9)."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return json.dumps(value)


def key(name: str) -> str:
    """A key as it follows the path of its collection: a segment, or in parentheses what would not pass as one.

    That is what begins with `$` (graph-facts 9), and dots, which lead elsewhere in a path.
    """
    if name.startswith("$") or not name.strip("."):
        return "('" + quote(name.replace("'", "''"), safe="$@") + "')"
    return "/" + quote(name, safe="@")


def _content(answer: requests.Response) -> Any:
    """The JSON of an answer; null where it is none."""
    try:
        return answer.json()
    except ValueError:
        return None


def refusal(operation: str, status: int, content: Any, headers: Mapping[str, str], need: Need) -> GraphError:
    """Graph's error of any shape: empty, HTML from a proxy, `innerError` or `innererror` (graph-facts 6.1)."""
    error = content.get("error") if isinstance(content, dict) else None
    if not isinstance(error, dict):
        error = {}
    inner = error.get("innerError") or error.get("innererror") or {}
    known = {name.lower(): value for name, value in headers.items()}
    hints = {
        401: "The token is not accepted: check the tenant, the cloud, and that it was made for Graph.",
        403: str(need),
        429: "Graph still throttles after all retries; run fewer tasks at once, or raise retries.",
    }
    return REFUSALS.get(status, GraphError)(
        operation,
        status,
        str(error.get("code") or ""),
        str(error.get("message") or ""),
        str(known.get("request-id") or inner.get("request-id") or ""),
        str(known.get("client-request-id") or inner.get("client-request-id") or ""),
        hints.get(status, ""),
    )
