# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network layer: an ASGI application, the control endpoints, and connections that faults can cut."""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from .directory import COLLECTIONS, as_json
from .exchange import Request
from .faults import Fault
from .service import Service

CONTROL_HEADER: Final = "X-Emulator-Secret"
GATHERED: Final = 65_536  # bytes that are sent without waiting for more
_open_connections: Final[dict[tuple[str, int], asyncio.Transport]] = {}


class Gathering:
    """A transport that sends the pieces of an answer together: each piece alone costs a system call on both sides."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._pieces = bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Keep a piece until the event loop is reached, or until there is enough for a write of its own."""
        if data and not self._pieces:
            asyncio.get_running_loop().call_soon(self._send)
        self._pieces += data
        if len(self._pieces) >= GATHERED:
            self._send()

    def close(self) -> None:
        """Send what is left, and close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._pieces and not self._transport.is_closing():
            self._transport.write(bytes(self._pieces))
        self._pieces.clear()


class Protocol(H11Protocol):
    """HTTP/1.1, with the connections known by the client's address, so that a fault can cut one."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as the base class has it
        """Remember the connection."""
        super().connection_made(Gathering(transport))  # type: ignore[arg-type] # as good as one
        if self.client:
            _open_connections[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        if self.client:
            _open_connections.pop(self.client, None)

    def shutdown(self) -> None:
        """Close an idle connection at once, without waiting for the client's end of TLS."""
        super().shutdown()
        if self.transport.is_closing():
            self.transport.abort()


class Edge:
    """The ASGI application: `/_emulator/...` controls the local Graph, all other paths are the service."""

    def __init__(self, service: Service, stop: Callable[[], None]) -> None:
        self.service = service
        self.stop = stop
        self.last_request = time.monotonic()
        self.control = Starlette(
            routes=[
                Route("/_emulator/ready", self._ready),
                Route("/_emulator/requests", self._requests, methods=["GET", "DELETE"]),
                Route("/_emulator/findings", self._findings),
                Route("/_emulator/state", self._state, methods=["GET", "PUT"]),
                Route("/_emulator/principals/{key}", self._principal),
                Route("/_emulator/faults", self._faults, methods=["GET", "POST", "DELETE"]),
                Route("/_emulator/quirks", self._quirks, methods=["POST"]),
                Route("/_emulator/token", self._token, methods=["POST"]),
                Route("/_emulator/reset", self._reset, methods=["POST"]),
                Route("/_emulator/stop", self._stop, methods=["POST"]),
            ],
            exception_handlers={ValueError: _refused, KeyError: _refused, TypeError: _refused},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        self.last_request = time.monotonic()
        if scope["path"].startswith("/_emulator/"):
            control = self.control if self._has_secret(scope) else _WITHOUT_SECRET
            await control(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = await StarletteRequest(scope, receive).body()
        path, query = scope["raw_path"].decode("ascii"), scope["query_string"].decode("ascii")
        request = Request(scope["method"], path, query, headers, body)
        request.to_resource_manager = self.service.resource_manager_url.endswith(f":{scope['server'][1]}")
        response = self.service.exchange(request)
        delay = response.delay + self.service.quirks.latency
        if delay:
            await asyncio.sleep(delay)
        if response.cut:
            _open_connections[tuple(scope["client"])].abort()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        content = response.content()
        reply = StarletteResponse(content, response.status, {"Content-Type": response.media_type, **response.headers})
        await reply(scope, receive, send)

    def _has_secret(self, scope: Scope) -> bool:
        """Return whether a request has the secret of this start, which only the owner of the files can read."""
        shown = StarletteRequest(scope).headers.get(CONTROL_HEADER, "")
        return hmac.compare_digest(shown.encode(), self.service.control_secret.encode())

    # Control. A wrong request of a test is answered with 400 and the reason.

    async def _ready(self, request: StarletteRequest) -> StarletteResponse:
        return JSONResponse({"pid": os.getpid()})

    async def _requests(self, request: StarletteRequest) -> StarletteResponse:
        if request.method == "DELETE":
            self.service.log.clear()
        kind = request.query_params.get("kind")
        return JSONResponse([entry for entry in self.service.log if kind in (None, entry["kind"])])

    async def _findings(self, request: StarletteRequest) -> StarletteResponse:
        return JSONResponse(list(self.service.findings))

    async def _state(self, request: StarletteRequest) -> StarletteResponse:
        if request.method == "PUT":
            self.service.replace_state(await request.json())
        return StreamingResponse(self._pieces(), media_type="application/json")

    async def _pieces(self) -> AsyncIterator[bytes]:
        """Yield the state as JSON, without a separate thread, so that no request changes the state in between."""
        for piece in as_json(self.service.state()):
            yield piece.encode("utf-8", "backslashreplace")

    async def _principal(self, request: StarletteRequest) -> StarletteResponse:
        key, directory = request.path_params["key"], self.service.directory
        for collection in COLLECTIONS:
            found = directory.by_id(collection, key) or directory.by_name(collection, key)
            if found:
                return JSONResponse(found.attributes)
        return JSONResponse({"error": f"no principal {key}"}, 404)

    async def _faults(self, request: StarletteRequest) -> StarletteResponse:
        if request.method == "DELETE":
            self.service.faults.clear()
        elif request.method == "POST":
            self.service.faults += [Fault(**fault) for fault in await request.json()]
        return JSONResponse([vars(fault) for fault in self.service.faults])

    async def _quirks(self, request: StarletteRequest) -> StarletteResponse:
        self.service.quirks.update(await request.json())
        return JSONResponse({})

    async def _token(self, request: StarletteRequest) -> StarletteResponse:
        wanted = json.loads(await request.body() or b"{}")
        tokens, lifetime = self.service.identity.tokens, wanted.get("expires_in")
        audience = self.service.resource_manager_url if wanted.get("audience") == "resource_manager" else None
        if "user" in wanted:
            scopes, roles = wanted.get("scopes", []), wanted.get("roles", [])
            role_scopes = wanted.get("role_scopes", {})
            token = tokens.issue_for_user(wanted["user"], scopes, roles, role_scopes, lifetime, audience)
        else:
            token = tokens.issue_for_permissions(wanted["permissions"], lifetime, audience)
        return JSONResponse({"access_token": token})

    async def _reset(self, request: StarletteRequest) -> StarletteResponse:
        self.service.reset()
        return JSONResponse({})

    async def _stop(self, request: StarletteRequest) -> StarletteResponse:
        self.stop()
        return PlainTextResponse("stopping")


_WITHOUT_SECRET: Final = JSONResponse(
    {"error": f"the control endpoints need the secret of ready.json in the header {CONTROL_HEADER}"}, 403
)


async def _refused(request: StarletteRequest, error: Exception) -> StarletteResponse:
    return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
