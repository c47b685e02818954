# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS server that plays bytes: answers of Graph or of the login host that no working server would send.

with hostile(tmp_path) as server:
    server.play(Reply(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\n{", then="cut"))
    ... server.url, server.ca, server.received
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme


@dataclass(frozen=True)
class Reply:
    """What is sent for one request: the bytes, `drip` seconds apart where that is set, and what comes after them.

    `then` is `close` (an orderly end), `cut` (a reset), or `hang` (silence until the client leaves).
    """

    data: bytes
    then: str = "close"
    drip: float = 0.0


def http(
    status: int = 200, body: bytes | str | object = b"", headers: dict[str, str] | None = None, *, length: bool = True
) -> bytes:
    """Return the bytes of an answer; a body that is neither bytes nor text is sent as JSON.

    It announces the end of the connection, so that no client sends its next request on one that is being closed.
    """
    if not isinstance(body, bytes | str):
        body = json.dumps(body)
    content = body.encode() if isinstance(body, str) else body
    known = {
        "Connection": "close",
        "Content-Type": "application/json",
        **({"Content-Length": str(len(content))} if length else {}),
    }
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {text}" for name, text in {**known, **(headers or {})}.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@dataclass
class Request:
    """A request as it was received."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Hostile:
    """A running server. `answer` gives the reply to each request."""

    url: str
    ca: str
    answer: Callable[[Request], Reply]
    received: list[Request] = field(default_factory=list)

    def play(self, *replies: Reply) -> None:
        """Give these replies one after the other, the last one for ever, and forget what was received."""
        left = list(replies)
        self.received.clear()
        self.answer = lambda request: left.pop(0) if len(left) > 1 else left[0]


def _read(connection: ssl.SSLSocket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        data += chunk
    head, _end, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): text.strip() for name, _colon, text in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    method, path, _version = first.split(" ", 2)
    return Request(method, path, headers, body)


def _play(connection: ssl.SSLSocket, reply: Reply) -> None:
    """Send a reply, and what comes after it."""
    if reply.drip:
        for at in range(len(reply.data)):
            connection.sendall(reply.data[at : at + 1])
            time.sleep(reply.drip)
    else:
        connection.sendall(reply.data)
    if reply.then == "hang":
        connection.recv(1)
    if reply.then == "cut":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _serve(server: Hostile, raw: socket.socket, context: ssl.SSLContext) -> None:
    # A client that leaves in the middle of the game is what many of these replies are about.
    with contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as connection:
        if request := _read(connection):
            server.received.append(request)
            _play(connection, server.answer(request))


@contextlib.contextmanager
def hostile(directory: Path) -> Iterator[Hostile]:
    """Run a server whose authority's certificate is kept in `directory`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "hostile-ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://localhost:{listener.getsockname()[1]}"
        server = Hostile(url, str(directory / "hostile-ca.pem"), lambda request: Reply(http(404)))

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    raw, _address = listener.accept()
                    threading.Thread(target=_serve, args=(server, raw, context), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
