# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""HTTP with one deadline for each exchange, a limit for each body, and the retry policy of the task.

Everything that the collection sends goes through `Http`: token requests and Graph requests alike.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from .._errors import (
    ConnectionFailed,
    MissingLibrary,
    ProxyError,
    RequestTimeout,
    TlsError,
    TransportError,
    UnexpectedResponse,
    quoted,
)
from .._secrets import Secrets
from .patience import (
    RETRIED_STATUSES,
    Attempts,
    Patience,
    retry_after,
)
from .shapes import IN_BETWEEN, header_texts, parse

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from requests.utils import get_auth_from_url, should_bypass_proxies
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.util.ssl_ import create_urllib3_context

    HAS_REQUESTS = True
except ImportError:
    HTTPAdapter = HTTPConnection = HTTPSConnection = object  # type: ignore[assignment,misc]
    HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[assignment,misc]
    HAS_REQUESTS = False

USER_AGENT = "ansible-entra.attributes"
MOST_CONNECTIONS = 16
"""Requests that are on their way at the same time."""
LONGEST_BODY = 64 * 1024 * 1024
"""Bytes of a decoded body; the largest page of Graph has a few."""
CREDENTIAL_HEADERS = frozenset({"authorization", "secret", "x-identity-header"})
"""Headers that carry a credential; the last two are those of managed identities (graph-facts 10.3)."""
CREDENTIAL_FIELDS = ("client_secret", "client_assertion")
"""Fields of a token request that carry a credential."""
REQUEST_IDS = ("request-id", "x-ms-request-id", "client-request-id")
"""Headers that identify a request for support: those of Graph, of the login host, and our own without an answer."""
WATCHER = "watch of exchanges"
_CHUNK = 64 * 1024
_serving = threading.local()
"""`watch` is the Watch of the exchange that this thread makes."""


class Watch:
    """One exchange, which ends at its deadline, however slowly bytes come.

    A time-out of the socket bounds a single read only, and a header or a body may be any number of reads.
    """

    def __init__(self) -> None:
        self.expired = False
        self.sent = False
        """Whether the connection was there, so that the other side may have received the request."""
        self.connection: Any = None
        self.done = threading.Event()

    def end(self) -> None:
        """Shut down the connection that serves the exchange, until that is done."""
        self.expired = True
        while not self.done.is_set():
            found = getattr(self.connection, "sock", None)
            while found is not None and not isinstance(found, socket.socket):
                found = getattr(found, "socket", None)  # TLS inside the TLS of a proxy
            if found is not None:
                with suppress(OSError):  # it is closed already
                    # Not `found.shutdown`: that of TLS takes the session away from the thread that reads.
                    socket.socket.shutdown(found, socket.SHUT_RDWR)
            self.done.wait(0.05)  # a connection that is being made follows


class Watches:
    """Ends exchanges that take longer than so many seconds. One thread watches all that are on their way.

    It ends with the last of them, so that no thread is left when Ansible forks.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._changed = threading.Condition()
        self._deadlines: dict[Watch, float] = {}
        """All have the same time, so the first is the next to expire."""
        self._runs = False

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """Watch the exchange that this thread makes."""
        watch = _serving.watch = Watch()
        with self._changed:
            if not self._runs:
                threading.Thread(target=self._run, name=WATCHER, daemon=True).start()
                self._runs = True
            self._deadlines[watch] = time.monotonic() + self._seconds
        try:
            yield watch
        finally:
            watch.done.set()
            _serving.watch = None
            with self._changed:
                self._deadlines.pop(watch, None)
                if not self._deadlines:
                    self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while self._deadlines:
                watch, deadline = next(iter(self._deadlines.items()))
                left = deadline - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                else:
                    del self._deadlines[watch]
                    threading.Thread(target=watch.end, daemon=True).start()
            self._runs = False


class _Watched:
    """Lets the Watch of this thread know the connection that serves it, and when the request is sent on it."""

    def connect(self) -> None:
        if watch := getattr(_serving, "watch", None):
            watch.connection = self
        super().connect()  # type: ignore[misc]

    def request(self, *args: Any, **kwargs: Any) -> None:
        if getattr(self, "sock", None) is None:
            self.connect()
        if watch := getattr(_serving, "watch", None):
            watch.connection, watch.sent = self, True
        super().request(*args, **kwargs)  # type: ignore[misc]


class _HttpConnection(_Watched, HTTPConnection):
    pass


class _HttpsConnection(_Watched, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    """The connections to a host, which share the bundle of authorities: to parse it takes longer than a handshake."""

    ConnectionCls = _HttpsConnection
    _shared: tuple[str, ssl.SSLContext] | None = None

    def _new_conn(self) -> Any:
        connection = super()._new_conn()
        bundle = self.ca_certs
        # The TLS of a proxy reads the bundle of the connection.
        if bundle and not self.ca_cert_dir and self.cert_reqs == "CERT_REQUIRED" and self.proxy is None:
            if self._shared is None or self._shared[0] != bundle:
                context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
                context.load_verify_locations(bundle)
                self._shared = bundle, context
            connection.ssl_context, connection.ca_certs = self._shared[1], None
        return connection


class _Adapter(HTTPAdapter):
    """The connections of requests, which can be watched. It repeats nothing."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
        return manager


@dataclass
class Answer:
    """The answer to a request, read to its end.

    `in_doubt` says that an earlier attempt got no answer, so that it may have been applied.
    """

    status_code: int
    headers: Mapping[str, str]
    content: bytes | bytearray
    host: str
    secrets: Secrets
    in_doubt: bool = False
    gave_up: str = ""
    """Why a passing error is the last answer, where that is not for `retries`."""

    @cached_property
    def document(self) -> Any:
        """The JSON of the body, without the credentials that were sent. Raises ValueError."""
        found = parse(self.content)
        if 200 <= self.status_code < 300:
            return self.secrets.masked_data(found, self.content)
        return self.secrets.masked_error(found)

    @property
    def is_framed(self) -> bool:
        """Whether the answer says where it ends, so that an empty body is not a connection that was cut."""
        length, coding = self.headers.get("content-length", ""), self.headers.get("transfer-encoding", "")
        return self.status_code == 204 or length.strip().isdecimal() or coding.strip().lower() == "chunked"

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    @property
    def error(self) -> Any:
        """The JSON of an error, or null where it has none, such as the page of a proxy."""
        try:
            return self.document
        except ValueError:
            return None

    def ensure_object(self, what: str = "") -> None:
        """Raise UnexpectedResponse where the body is not a JSON object; `what` begins the message."""
        try:
            found = self.document
            reason = "" if isinstance(found, dict) else "JSON that is not an object"
        except ValueError:
            kind = self.secrets.masked(self.headers.get("content-type", "no content type")).partition(";")[0]
            reason = f"{kind} that is not JSON" if self.content else "an empty body"
        if reason:
            raise UnexpectedResponse(f"{what}{self.host} answered {self.status_code} with {reason}.", IN_BETWEEN)


Trace = Callable[[str], None]
"""Shows one line about a request: method, URL without query, status, milliseconds, request id, attempt. No secrets."""


def any_answer(answer: Answer) -> None:
    """Accept every answer."""


class Http:
    """One connection pool with the task's TLS, proxy, time-out and retry options.

    `verify` is True (the bundled authorities), False, or the path of a CA bundle. `timeout` bounds each exchange as a
    whole. `environment` gives the proxies (HTTPS_PROXY, NO_PROXY). Redirects are not followed, so that no header goes
    to another host, and cookies are not kept. `secrets` learns each credential that is sent, and masks the answers.
    """

    def __init__(
        self,
        *,
        verify: bool | str = True,
        timeout: float = 60,
        patience: Patience | None = None,
        environment: Mapping[str, str] | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        if not HAS_REQUESTS:
            raise MissingLibrary("requests")
        self.patience = patience or Patience()
        self.secrets = secrets or Secrets()
        self._verify = verify
        self._timeout = timeout
        self._watches = Watches(timeout)
        self._environment = {name.lower(): value for name, value in (environment or {}).items()}
        self.trace: Trace | None = None
        self._adapter = _Adapter(pool_maxsize=MOST_CONNECTIONS)
        self._proven: set[str] = set()
        """Hosts that have given a usable answer."""

    def get(self, url: str, **kwargs: Any) -> Answer:
        """Send a GET for a credential."""
        return self.request("GET", url, repeatable=True, writes=False, check=Answer.ensure_object, **kwargs)

    def post(self, url: str, **kwargs: Any) -> Answer:
        """Send a POST that asks for a token, so that a repeat does no harm."""
        return self.request("POST", url, repeatable=True, writes=False, check=Answer.ensure_object, **kwargs)

    def request(
        self,
        method: str,
        url: str,
        *,
        repeatable: bool,
        writes: bool,
        check: Callable[[Answer], None] = any_answer,
        **kwargs: Any,
    ) -> Answer:
        """Send and return the last answer, after as many attempts as the task's patience allows.

        A throttled request was not carried out, and neither was one that was not sent: both are repeated. After a
        server error, or without a usable answer, only what is `repeatable` is (graph-facts 6.2, 8). `check` raises
        UnexpectedResponse for a success that is of no use. A request that `writes` and is lost is in doubt. Raises
        TransportError where no answer arrives.
        """
        attempts = Attempts(self.patience)
        while True:
            answer, error = None, None
            try:
                answer = self.exchange(method, url, check=check, attempt=attempts.failures + 1, **kwargs)
            except TransportError as failure:
                error = failure
            if answer is not None and answer.status_code not in RETRIED_STATUSES:
                self.patience.succeed()
                answer.in_doubt = attempts.in_doubt
                return answer
            lost = error.in_doubt if error else answer is not None and answer.status_code != 429
            attempts.in_doubt |= lost and writes
            seconds = None
            if (repeatable or not lost) and not isinstance(error, TlsError):
                told = retry_after(answer.headers) if answer else None
                unproven = error is not None and self._unproven(url, error)
                seconds = attempts.fail(told, self.patience.jitter(), unproven=unproven)
            if seconds is not None and self.patience.wait(seconds):
                continue
            gave_up = str(self.patience.exhausted()) if seconds is not None else ""
            if answer is not None:
                answer.in_doubt, answer.gave_up = attempts.in_doubt, gave_up
                return answer
            if error is not None:
                error.in_doubt = attempts.in_doubt
                error.hint = gave_up or error.hint
                raise error

    def exchange(
        self,
        method: str,
        url: str,
        *,
        check: Callable[[Answer], None] = any_answer,
        attempt: int = 1,
        note: str = "",
        **kwargs: Any,
    ) -> Answer:
        """Send once and return the answer, whatever its status. Raises TransportError where there is none.

        Its `in_doubt` says whether the request may have been received. The trace gets a line that ends with `note`.
        """
        began, status, headers = self.patience.clock(), "", {**(kwargs.get("headers") or {})}
        try:
            answer = self._checked(method, url, check, kwargs)
            status, headers = str(answer.status_code), {**headers, **answer.headers}
        except TransportError as error:
            status = type(error).__name__
            raise
        finally:
            if self.trace and status:
                milliseconds = (self.patience.clock() - began) * 1000
                names = (name for name in REQUEST_IDS if headers.get(name))
                ids = [f"{name} {headers[name]}" for name in names][:1]
                again = [f"attempt {attempt}"] if attempt > 1 else []
                line = f"{method} {url.partition('?')[0]}: {status} in {milliseconds:.0f} ms"
                self.show(", ".join([line, *ids, *again, *filter(None, [note])]))
        return answer

    def show(self, line: str) -> None:
        """Give the trace a line, without secrets."""
        if self.trace:
            self.trace(quoted(self.secrets.masked(line), 1000))

    def _checked(self, method: str, url: str, check: Callable[[Answer], None], kwargs: Mapping[str, Any]) -> Answer:
        """Make one exchange and check its success."""
        answer = self._answer(method, url, kwargs)
        if 200 <= answer.status_code < 300:
            try:
                check(answer)
            except UnexpectedResponse as error:
                error.in_doubt = True
                raise
        if answer.status_code not in RETRIED_STATUSES:
            self._proven.add(answer.host)
        return answer

    def _answer(self, method: str, url: str, kwargs: Mapping[str, Any]) -> Answer:
        """Make one exchange, from the connection to the last byte of the body."""
        given = {name: kwargs[name] for name in ("params", "data", "json") if kwargs.get(name) is not None}
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **(kwargs.get("headers") or {})}
        host = urlsplit(url).netloc
        self.secrets.add(*_credentials(headers, given.get("data")))
        with self._watches.watch() as watch:
            try:
                response = self._adapter.send(
                    requests.Request(method, url, headers=headers, **given).prepare(),
                    stream=True,
                    timeout=self._timeout,
                    verify=self._verify,
                    proxies=self._proxies(url),
                )
                try:
                    known = header_texts(response.headers)
                    response.raw.enforce_content_length = True  # the default of urllib3 since 2.0
                    chunks = response.raw.stream(_CHUNK, decode_content=False)
                    content = _decoded(chunks, known.get("content-encoding", ""), host)
                finally:
                    response.close()
            except (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError, ValueError) as failure:
                error = _no_answer(host, failure, watch.sent, watch.expired)
                error.in_doubt = watch.sent
                raise error from None
            except UnexpectedResponse as error:
                error.in_doubt = True
                raise
        if watch.expired:
            late = _too_late(host)
            late.in_doubt = True
            raise late
        if response.status_code >= 300:
            known = self.secrets.masked_error(known)
        return Answer(response.status_code, known, content, host, self.secrets)

    def _unproven(self, url: str, error: TransportError) -> bool:
        """Return whether the host has not given a usable answer yet, and did not because its address may be wrong."""
        strange = not error.in_doubt or isinstance(error, UnexpectedResponse)
        return strange and urlsplit(url).netloc not in self._proven

    def close(self) -> None:
        self._adapter.close()

    def _proxies(self, url: str) -> dict[str, str]:
        scheme = urlsplit(url).scheme
        proxy = self._environment.get(f"{scheme}_proxy") or self._environment.get("all_proxy")
        if not proxy or should_bypass_proxies(url, no_proxy=self._environment.get("no_proxy", "")):
            return {}
        self.secrets.add(get_auth_from_url(proxy)[1])
        return {scheme: proxy}


def _credentials(headers: Mapping[str, str], form: Any) -> Iterator[str]:
    """Yield the credentials of a request."""
    for name, value in headers.items():
        if name.lower() in CREDENTIAL_HEADERS:
            yield str(value).partition(" ")[2] or str(value)
    if isinstance(form, Mapping):
        yield from (str(form[name]) for name in CREDENTIAL_FIELDS if form.get(name))


def _decoded(chunks: Iterable[bytes], encoding: str, host: str) -> bytearray:
    """Return a body without its coding, which is not decoded beyond the limit. Raises UnexpectedResponse."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise UnexpectedResponse(f"{host} answered in the coding '{encoding}', which was not asked for.", IN_BETWEEN)
    decoder = None if encoding in ("", "identity") else zlib.decompressobj(47)  # gzip or zlib, by its header
    body, complete = bytearray(), True
    try:
        for chunk in chunks:
            body += decoder.decompress(chunk, LONGEST_BODY + 1 - len(body)) if decoder else chunk
            complete = decoder is None or decoder.eof
            if len(body) > LONGEST_BODY:
                raise UnexpectedResponse(f"{host} answered with more than {LONGEST_BODY >> 20} MB.", IN_BETWEEN)
    except zlib.error:
        complete = False
    if not complete:
        raise UnexpectedResponse(f"{host} answered with a body that cannot be decompressed.", IN_BETWEEN)
    return body


def _too_late(host: str) -> RequestTimeout:
    return RequestTimeout(f"{host}: no answer in time.", "Check the network, or raise timeout.")


def _no_answer(host: str, error: BaseException, sent: bool, expired: bool) -> TransportError:
    """Return what went wrong, without the library's own text, which may hold the password of a proxy."""
    causes = list(_causes(error))
    if expired or any(isinstance(cause, (TimeoutError, requests.exceptions.Timeout)) for cause in causes):
        return _too_late(host)
    texts = [getattr(cause, "verify_message", None) or getattr(cause, "strerror", None) for cause in causes]
    words = next((str(text) for text in reversed(texts) if text), type(causes[-1]).__name__)
    if sent:
        return ConnectionFailed(
            f"{host}: the connection was cut before the answer was complete: {words}.", "Check the network."
        )
    cut = any(isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError)) for cause in causes)
    if isinstance(error, requests.exceptions.SSLError) and not cut:
        return TlsError(
            f"{host}: the TLS connection failed: {words}.",
            "If the certificate is of an authority of your own, name its bundle in ca_path.",
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return ProxyError(f"{host}: the proxy cannot be used: {words}.", "Check HTTPS_PROXY and NO_PROXY.")
    return ConnectionFailed(
        f"{host}: cannot be reached: {words}.", "Check the network, cloud_environment, authority_url and graph_url."
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the exception and those below it; requests and urllib3 keep them in arguments and in `reason`."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        inner = [getattr(error, "reason", None), *error.args, error.__cause__, error.__context__]
        error = next((cause for cause in inner if isinstance(cause, BaseException)), None)
