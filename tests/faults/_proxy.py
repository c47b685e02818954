# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server between a run and the local Graph: a seed decides which answers it spoils.

The local Graph answers every request that the proxy passes on, and the proxy keeps a history of effects. The
run sees only what the proxy lets through.
"""

from __future__ import annotations

import gzip
import json
import random
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

import trustme
import urllib3
from _emulator import Emulator

PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to the proxy</body></html>"
DRIP_SECONDS = 0.2
"""Seconds between two bytes of an answer that never ends."""


@dataclass
class Answer:
    """An answer of the local Graph, or in its place."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON, or None."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def with_json(self, content: Any) -> Answer:
        """Return the same answer with another body."""
        return Answer(self.status, self.headers, json.dumps(content).encode())


@dataclass
class Write:
    """A PATCH that took effect: whose, and the attributes that it set, by attribute set."""

    principal: str
    values: dict[str, Any]


@dataclass
class Weather:
    """How one run is spoiled: by which faults, how often, and how many times at most."""

    seed: int
    names: list[str]
    chance: float
    limit: int | None
    spared: int = 0
    spoiled: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, seed: int) -> Weather:
        """Return the weather of a seed. Every fourth does not end, so that the run cannot succeed."""
        chance = random.Random(seed)  # noqa: S311 - repeatable
        names = chance.sample(sorted(FAULTS), chance.randint(1, 6))
        limit = None if chance.random() < 0.25 else chance.randint(1, 12)
        return cls(seed, names, chance.choice([0.15, 0.35, 0.6]), limit, chance.choice([0, 0, 2, 4]))

    @classmethod
    def clear(cls) -> Weather:
        """Return the weather in which nothing is spoiled."""
        return cls(0, [], 0.0, 0)


class Connection:
    """One request of the run, and what a fault can do about it."""

    def __init__(self, handler: _Handler, body: bytes) -> None:
        self._handler = handler
        self._proxy = handler.proxy
        self.method = handler.command
        self.path = handler.path
        self.body = body

    @property
    def url(self) -> str:
        """The whole URL, as the run sees it."""
        return self._proxy.url + self.path

    @property
    def is_batch(self) -> bool:
        return self.path.endswith("/$batch")

    @property
    def parts(self) -> list[dict[str, Any]]:
        """The requests in a batch."""
        parts: list[dict[str, Any]] = json.loads(self.body)["requests"]
        return parts

    def forward(self, leave_out: frozenset[str] = frozenset()) -> Answer:
        """Have the local Graph answer, without the parts of a batch with these ids; note what took effect."""
        body = self.body
        if leave_out:
            parts = [part for part in self.parts if part["id"] not in leave_out]
            if not parts:
                return Answer(200, {"Content-Type": "application/json"}, b'{"responses": []}')
            body = json.dumps({"requests": parts}).encode()
        answer = self._proxy.ask(self.method, self.path, dict(self._handler.headers.items()), body)
        if self.is_batch:
            statuses = {one["id"]: one["status"] for one in (answer.json() or {}).get("responses", [])}
            for part in json.loads(body)["requests"]:
                if part["method"] == "PATCH" and statuses.get(part["id"]) == 204:
                    self._proxy.note(part["url"], part["body"])
        elif self.method == "PATCH" and answer.status == 204:
            self._proxy.note(self.path, json.loads(body))
        return answer

    def send(self, answer: Answer, **headers: str) -> None:
        """Send a whole answer."""
        self.raw(head(answer, {"Content-Length": str(len(answer.body)), **headers}) + answer.body)

    def raw(self, content: bytes) -> None:
        """Send bytes as they are."""
        with suppress(OSError):
            self._handler.wfile.write(content)
            self._handler.wfile.flush()

    def cut(self, *, reset: bool = False) -> None:
        """End the connection, with a reset if wanted instead of a goodbye."""
        self._handler.close_connection = True
        raw = self._handler.connection
        with suppress(OSError):
            if reset:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.socket.shutdown(raw, socket.SHUT_RDWR)

    def wait(self, seconds: float) -> bool:
        """Wait, and return whether the proxy still runs."""
        return not self._proxy.stopped.wait(seconds)


def head(answer: Answer, more: Mapping[str, str]) -> bytes:
    """The status line and the headers of an answer."""
    lines = [f"HTTP/1.1 {answer.status} Whatever", *(f"{k}: {v}" for k, v in {**answer.headers, **more}.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


Fault = Callable[[Connection, random.Random], None]
FAULTS: dict[str, Fault] = {}


def fault(make: Callable[..., None]) -> Callable[..., None]:
    """Register a fault under the name of its function."""
    FAULTS[make.__name__] = make
    return make


JSON = {"Content-Type": "application/json"}


# Connections that end too early.


@fault
def cut_before_it_is_handled(con: Connection, chance: random.Random) -> None:
    con.cut(reset=chance.random() < 0.5)


@fault
def cut_before_the_first_byte(con: Connection, chance: random.Random) -> None:
    con.forward()
    con.cut(reset=chance.random() < 0.5)


@fault
def cut_at_any_byte(con: Connection, chance: random.Random) -> None:
    answer = con.forward()
    content = head(answer, {"Content-Length": str(len(answer.body))}) + answer.body
    con.raw(content[: chance.randrange(1, len(content))])
    con.cut(reset=chance.random() < 0.5)


@fault
def cut_behind_the_status_line(con: Connection, chance: random.Random) -> None:
    con.forward()
    con.raw(b"HTTP/1.1 200 OK\r\n")
    con.cut()


@fault
def length_too_long(con: Connection, chance: random.Random) -> None:
    answer = con.forward()
    con.send(answer, **{"Content-Length": str(len(answer.body) + chance.randrange(1, 5000))})
    con.cut()


@fault
def length_too_short(con: Connection, chance: random.Random) -> None:
    answer = con.forward()
    con.send(answer, **{"Content-Length": str(chance.randrange(0, max(len(answer.body), 1)))})
    con.cut()


@fault
def chunks_cut(con: Connection, chance: random.Random) -> None:
    answer = con.forward()
    con.raw(head(answer, {"Transfer-Encoding": "chunked"}) + b"%x\r\n" % (len(answer.body) or 5) + answer.body[:-1])
    con.cut()


@fault
def chunks_of_nonsense(con: Connection, chance: random.Random) -> None:
    con.raw(head(con.forward(), {"Transfer-Encoding": "chunked"}) + b"zz\r\nnonsense\r\n0\r\n\r\n")
    con.cut()


@fault
def never_ends(con: Connection, chance: random.Random) -> None:
    answer = con.forward()
    content = head(answer, {"Content-Length": str(len(answer.body) + 100000)}) + answer.body + b" " * 100000
    for start in range(len(content)):
        con.raw(content[start : start + 1])
        if not con.wait(DRIP_SECONDS) or start > 60:
            break
    con.cut()


@fault
def not_http(con: Connection, chance: random.Random) -> None:
    con.forward()
    con.raw(chance.randbytes(200) + b"\r\n\r\n")
    con.cut()


# Whole answers of another kind, after the request took effect.


def _instead(name: str, make: Callable[[Answer, random.Random], Answer]) -> None:
    def spoil(con: Connection, chance: random.Random) -> None:
        con.send(make(con.forward(), chance))

    FAULTS[name] = spoil


def _half(answer: Answer, chance: random.Random) -> Answer:
    return Answer(answer.status, answer.headers, answer.body[: len(answer.body) // 2])


def _compressed(answer: Answer, body: bytes, how: str) -> Answer:
    return Answer(200, {**JSON, "Content-Encoding": how}, body)


def _gateway(status: int) -> Callable[[Answer, random.Random], Answer]:
    def answered(answer: Answer, chance: random.Random) -> Answer:
        after = {"Retry-After": chance.choice(RETRY_AFTER)} if chance.random() < 0.7 else {}
        return Answer(status, {"Content-Type": "text/html", **after}, PAGE)

    return answered


RETRY_AFTER = ["0", "0.01", "nan", "-3", "inf", "soon", "", "Thu, 01 Jan 1970 00:00:00 GMT", "1e-3", "0,5"]
BODIES: dict[str, Callable[[Answer, random.Random], Answer]] = {
    "half_a_body": _half,
    "empty_200": lambda answer, chance: Answer(200, JSON, b""),
    "empty_202": lambda answer, chance: Answer(202, {}, b""),
    "html_200": lambda answer, chance: Answer(200, {"Content-Type": "text/html"}, PAGE),
    "html_as_json": lambda answer, chance: Answer(200, JSON, PAGE),
    "gzip_garbage": lambda answer, chance: _compressed(answer, b"\x1f\x8b" + chance.randbytes(300), "gzip"),
    "gzip_cut": lambda answer, chance: _compressed(answer, gzip.compress(answer.body)[:-9], "gzip"),
    "deflate_garbage": lambda answer, chance: _compressed(answer, zlib.compress(answer.body)[3:], "deflate"),
    "unknown_encoding": lambda answer, chance: _compressed(answer, answer.body, "snappy"),
    "not_utf_8": lambda answer, chance: Answer(200, JSON, b'{"value": "\xff\xfe\xe4"}'),
    "utf_16": lambda answer, chance: Answer(200, JSON, answer.body.decode().encode("utf-16")),
    "json_and_more": lambda answer, chance: Answer(200, JSON, answer.body + b'{"more": 1}'),
    "nested_deeply": lambda answer, chance: Answer(200, JSON, b'{"value": ' + b"[" * 100_000),
    "a_list": lambda answer, chance: Answer(200, JSON, b"[]"),
    "a_text": lambda answer, chance: Answer(200, JSON, b'"done"'),
    "null": lambda answer, chance: Answer(200, JSON, b"null"),
    "an_empty_object": lambda answer, chance: Answer(200, JSON, b"{}"),
    "error_as_text": lambda answer, chance: Answer(500, JSON, b'{"error": "no", "innerError": 3}'),
    "status_500_after_it_was_done": _gateway(500),
    "status_502_after_it_was_done": _gateway(502),
    "status_503_after_it_was_done": _gateway(503),
    "status_504_after_it_was_done": _gateway(504),
    "redirect": lambda answer, chance: Answer(302, {"Location": "https://localhost:1/elsewhere"}, b""),
    "status_999": lambda answer, chance: Answer(999, JSON, answer.body),
}
for _name, _make in BODIES.items():
    _instead(_name, _make)


def _refused(status: int, headers: Callable[[random.Random], dict[str, str]]) -> Fault:
    def refuse(con: Connection, chance: random.Random) -> None:
        body = json.dumps({"error": {"code": "Whatever", "message": "Not now."}}).encode()
        con.send(Answer(status, {**JSON, **headers(chance)}, body))

    return refuse


def _soon(chance: random.Random) -> dict[str, str]:
    return {"Retry-After": chance.choice(RETRY_AFTER)}


def _date(chance: random.Random) -> dict[str, str]:
    return {"Retry-After": formatdate(time.time() + chance.random(), usegmt=True)}


FAULTS["throttled"] = _refused(429, _soon)
FAULTS["throttled_until_a_date"] = _refused(429, _date)
FAULTS["throttled_for_no_time"] = _refused(429, lambda chance: {})
FAULTS["status_503"] = _refused(503, _soon)
FAULTS["status_500"] = _refused(500, lambda chance: {})
FAULTS["token_refused"] = _refused(401, lambda chance: {})
FAULTS["status_408"] = _refused(408, lambda chance: {})


# Inside of batches.


def _in_batch(make: Callable[[Connection, list[Any], random.Random], Any]) -> Fault:
    """Change the `responses` of a batch that was handled. Other requests lose their answer."""

    def spoil(con: Connection, chance: random.Random) -> None:
        answer = con.forward()
        content = answer.json()
        if con.is_batch and isinstance(content, dict):
            con.send(answer.with_json({**content, "responses": make(con, content["responses"], chance)}))
        else:
            con.cut()

    return spoil


def _one(change: Callable[[dict[str, Any]], Any]) -> Callable[[Connection, list[Any], random.Random], Any]:
    """Change one of the responses."""

    def changed(con: Connection, responses: list[Any], chance: random.Random) -> Any:
        number = chance.randrange(len(responses))
        return [change(one) if number == n else one for n, one in enumerate(responses)]

    return changed


def _without(key: str) -> Callable[[dict[str, Any]], Any]:
    return lambda one: {name: value for name, value in one.items() if name != key}


PARTS: dict[str, Callable[[Connection, list[Any], random.Random], Any]] = {
    "responses_null": lambda con, responses, chance: None,
    "responses_text": lambda con, responses, chance: "none",
    "responses_empty": lambda con, responses, chance: [],
    "responses_by_id": lambda con, responses, chance: {one["id"]: one for one in responses},
    "a_part_is_null": _one(lambda one: None),
    "a_part_is_text": _one(lambda one: "204"),
    "a_part_is_a_number": _one(lambda one: 204),
    "a_part_without_id": _one(_without("id")),
    "a_part_without_status": _one(_without("status")),
    "a_part_with_another_id": _one(lambda one: {**one, "id": "4711"}),
    "a_part_with_a_number_as_id": _one(lambda one: {**one, "id": {"id": one["id"]}}),
    "a_status_of_text": _one(lambda one: {**one, "status": "done"}),
    "a_status_of_null": _one(lambda one: {**one, "status": None}),
    "headers_as_list": _one(lambda one: {**one, "headers": ["Retry-After", "3"]}),
    "a_part_is_missing": lambda con, responses, chance: responses[1:],
    "a_part_is_there_twice": lambda con, responses, chance: [*responses, responses[0]],
    "a_part_contradicts_itself": lambda con, responses, chance: [{**responses[0], "status": 503}, *responses],
    "a_part_is_done_but_says_503": _one(
        lambda one: {"id": one["id"], "status": 503, "headers": {"Retry-After": "nan"}}
    ),
    "a_part_is_done_but_says_504": _one(lambda one: {"id": one["id"], "status": 504, "body": "late"}),
    "all_parts_are_done_but_say_500": lambda con, responses, chance: [
        {"id": one["id"], "status": 500, "body": {"error": "no"}} for one in responses
    ],
}
for _name, _change in PARTS.items():
    FAULTS[_name] = _in_batch(_change)


def _parts_refused(status: int, headers: Callable[[random.Random], dict[str, str]]) -> Fault:
    """Refuse a third of the parts of a batch, which then do not take effect."""

    def refuse(con: Connection, chance: random.Random) -> None:
        if not con.is_batch:
            FAULTS["throttled"](con, chance)
            return
        ids = frozenset(part["id"] for part in con.parts if chance.random() < 0.34)
        answer = con.forward(ids)
        error = {"error": {"code": "Whatever", "message": "Not now."}}
        parts = [{"id": one, "status": status, "headers": headers(chance), "body": error} for one in sorted(ids)]
        con.send(answer.with_json({"responses": [*answer.json()["responses"], *parts]}))

    return refuse


FAULTS["parts_throttled"] = _parts_refused(429, _soon)
FAULTS["parts_throttled_until_a_date"] = _parts_refused(429, _date)
FAULTS["parts_not_now"] = _parts_refused(503, _soon)


# Inside of pages and of single objects.


def _in_page(change: Callable[[dict[str, Any], str], Any]) -> Fault:
    """Change a page that was read. Other requests are passed on as they are."""

    def spoil(con: Connection, chance: random.Random) -> None:
        answer = con.forward()
        content = answer.json()
        if con.method == "GET" and isinstance(content, dict) and "value" in content:
            answer = answer.with_json(change(content, con.url))
        con.send(answer)

    return spoil


FAULTS["a_page_without_value"] = _in_page(lambda page, url: {**page, "value": None})
FAULTS["a_page_of_text"] = _in_page(lambda page, url: {**page, "value": "none"})
FAULTS["a_page_of_nulls"] = _in_page(lambda page, url: {**page, "value": [None, 3, "x"]})
FAULTS["a_page_that_names_itself"] = _in_page(lambda page, url: {**page, "@odata.nextLink": url})
FAULTS["a_next_page_that_is_a_number"] = _in_page(lambda page, url: {**page, "@odata.nextLink": 5})
FAULTS["a_next_page_elsewhere"] = _in_page(lambda page, url: {**page, "@odata.nextLink": "https://localhost:1/next"})
FAULTS["names_that_are_numbers"] = _in_page(
    lambda page, url: {**page, "value": [{**one, "displayName": 5, "id": 7} for one in page["value"]]}
)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    proxy: ClassVar[FaultProxy]

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.proxy.serve(Connection(self, body))

    do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - as the base class calls them

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: connections are cut on purpose."""


class FaultProxy:
    """The proxy: `url` and `bundle` are for the run, `weather` decides, `history` tells the truth."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.emulator = emulator
        self.weather = Weather.clear()
        self.history: list[Write] = []
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._number = 0
        upstream = urlsplit(emulator.url)
        self._pool = urllib3.HTTPSConnectionPool(
            upstream.hostname, upstream.port, ca_certs=emulator.environment["REQUESTS_CA_BUNDLE"], maxsize=16
        )
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        self.bundle = folder / "proxy.pem"
        authority.cert_pem.write_to_path(self.bundle)
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://localhost:{self._server.server_port}"
        self._names = (urlsplit(self.url).netloc, upstream.netloc)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a run that goes through the proxy."""
        return {
            **self.emulator.environment,
            "AZURE_AUTHORITY_HOST": self.url,
            "ENTRA_GRAPH_URL": self.url,
            "REQUESTS_CA_BUNDLE": str(self.bundle),
        }

    @contextmanager
    def running(self) -> Iterator[FaultProxy]:
        """Serve while the context lasts."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.stopped.set()
            self._server.shutdown()
            self._server.server_close()
            self._pool.close()

    def begin(self, weather: Weather) -> None:
        """Forget the history, and change the weather."""
        with self._lock:
            self.weather, self.history, self._number = weather, [], 0

    def serve(self, con: Connection) -> None:
        """Answer a request, spoiled or not. Requests for tokens are spared: other tests spoil them."""
        with self._lock:
            self._number += 1
            number, weather = self._number, self.weather
            chance = random.Random(f"{weather.seed} {number}")  # noqa: S311 - repeatable
            name = chance.choice(weather.names) if weather.names else ""
            left = weather.limit is None or len(weather.spoiled) < weather.limit
            spoiled = left and number > weather.spared and chance.random() < weather.chance
            if spoiled and "/oauth2/" not in con.path and "/.well-known/" not in con.path:
                weather.spoiled.append(name)
            else:
                name = ""
        if name:
            FAULTS[name](con, chance)
        else:
            con.send(con.forward())

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Have the local Graph answer, which knows itself by another name."""
        own, upstream = self._names
        drop = {"host", "content-length", "accept-encoding", "connection"}
        passed = {name: value for name, value in headers.items() if name.lower() not in drop}
        for seen, known in ((own, upstream), (quote(own), quote(upstream))):
            body, path = body.replace(seen.encode(), known.encode()), path.replace(seen, known)
        answer = self._pool.urlopen(method, path, body or None, passed, retries=False, redirect=False)
        own_headers = {"content-length", "date", "server", "connection", "transfer-encoding"}
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in own_headers}
        return Answer(answer.status, kept, answer.data.replace(upstream.encode(), own.encode()))

    def note(self, url: str, body: Mapping[str, Any]) -> None:
        """Keep a PATCH that took effect."""
        values = {
            attribute_set: {name: value for name, value in members.items() if "@" not in name}
            for attribute_set, members in body["customSecurityAttributes"].items()
        }
        with self._lock:
            self.history.append(Write(url.partition("?")[0].rsplit("/", 1)[-1], values))
