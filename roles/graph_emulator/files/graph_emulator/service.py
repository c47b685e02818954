# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local Graph without the network: it turns requests into responses, and keeps a log of both."""

from __future__ import annotations

import time
import uuid
from collections import deque
from datetime import datetime, timezone
from typing import Any, Final

from .credentials import Credentials
from .directory import dump, parse
from .exchange import GraphError, Request, Response
from .faults import Fault, Quirks
from .graph import Graph, is_batch, run_batch, segments
from .identity import IdentityService, TokenError
from .resource_manager import ResourceManager
from .unserved import spelled
from .wire_schema import findings

LOG_LENGTH: Final = 500_000
FINDINGS: Final = 1000  # the newest ones
_SECRET_FIELDS: Final = {"client_secret", "client_assertion"}


class Service:
    """One tenant with its identity service, its Graph, its faults and its log."""

    def __init__(
        self,
        document: dict[str, Any],
        credentials: Credentials,
        url: str,
        header_secret: str,
        control_secret: str,
        resource_manager_url: str,
    ) -> None:
        self.url = url
        self.resource_manager_url = resource_manager_url
        self.credentials = credentials
        self.header_secret = header_secret
        self.control_secret = control_secret  # for the control endpoints
        self._initial = document
        self._kept_quirks: dict[str, Any] = {}
        self.quirks = Quirks()
        self.faults: list[Fault] = []
        self.log: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        self.findings: deque[dict[str, Any]] = deque(maxlen=FINDINGS)  # a reset keeps them
        self._received = 0
        self.replace_state(document)

    def replace_state(self, document: dict[str, Any]) -> None:
        """Load the tenant from a document. Tokens issued before become invalid."""
        self.directory = parse(document)
        self.identity = IdentityService(
            self.directory, self.credentials, self.url, self.header_secret, self.quirks, self.resource_manager_url
        )
        self.graph = Graph(self.directory, self.quirks, self.url)
        self.resource_manager = ResourceManager(self.directory, self.quirks)

    def reset(self) -> None:
        """Restore the state at the start: the tenant, no faults, no quirks, an empty log."""
        self.quirks = Quirks(**self._kept_quirks)
        self.faults.clear()
        self.log.clear()
        self.replace_state(self._initial)

    def keep_quirks(self, **quirks: Any) -> None:
        """Set quirks that a reset keeps."""
        self._kept_quirks = quirks
        self.quirks.update(quirks)

    def state(self) -> dict[str, Any]:
        """Return the current state document."""
        return dump(self.directory)

    def exchange(self, request: Request) -> Response:
        """Answer one request, with the fault that matches it, and log it."""
        kind = "resource_manager" if request.to_resource_manager else _kind(request.path)
        entry = self._logged(request, kind)
        fault = next((fault for fault in self.faults if fault.hits(request, kind)), None)
        if fault is not None and fault.do.get("expire_token"):
            self.identity.tokens.expire_all()
        response = fault.instead(request, kind) if fault is not None else None
        if response is None:
            response = self._answer(request, kind)
            if self.quirks.check_schema and kind == "graph":
                self._check(request, response)
        if fault is not None:
            fault.spoil(response)
        if kind == "graph":
            _add_ids(request, response)
        entry["status"] = None if response.cut else response.status
        entry["identity"] = request.caller_name
        return response

    def _check(self, request: Request, response: Response) -> None:
        """Check the answer, and the request unless it was rejected, against Graph's published schema."""
        served = response.status < 400
        version, *path = segments(request.path) if served else [""]
        whole = [version, *spelled(path)]
        found = findings(request.method, whole, request.json_or_none()) if served and request.body else []
        if response.body is not None and not self.quirks.breaks_schema:
            found += findings(request.method, whole, response.body, response.status)
        self.findings += [{"request": f"{request.method} {request.path}", "finding": text} for text in found]

    def _answer(self, request: Request, kind: str) -> Response:
        try:
            if kind == "graph":
                caller = self.identity.tokens.caller(request.headers.get("authorization", ""))
                request.caller_name = caller.name
                if is_batch(request) and request.batch is None:
                    return run_batch(request, self.exchange, self.quirks)
                return self.graph.answer(request, caller)
            if kind == "resource_manager":
                caller = self.identity.tokens.caller(
                    request.headers.get("authorization", ""), self.resource_manager_url
                )
                request.caller_name = caller.name
                return self.resource_manager.answer(request, caller)
            return self._answer_identity(request)
        except (GraphError, TokenError) as error:
            return error.response()

    def _answer_identity(self, request: Request) -> Response:
        if request.path == "/msi/token":
            return self.identity.app_service(request)
        if request.path == "/metadata/identity/oauth2/token":
            return self.identity.metadata_service(request)
        tenant = request.path.split("/")[1]
        if request.path.endswith("/openid-configuration"):
            return self.identity.discovery(tenant)
        if request.path.endswith("/keys"):
            return self.identity.keys(tenant)
        if request.method != "POST":
            raise TokenError(405, "invalid_request", 900561, "The endpoint only accepts POST requests.")
        return self.identity.token(tenant, request)

    def _logged(self, request: Request, kind: str) -> dict[str, Any]:
        self._received += 1
        if kind in ("graph", "resource_manager"):
            body = request.json_or_none()
        else:
            body = {name: value for name, value in request.form.items() if name not in _SECRET_FIELDS} or None
        entry = {
            "n": self._received,
            "time": time.time(),
            "kind": kind,
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "raw_query": request.raw_query,
            "headers": {name: value for name, value in request.headers.items() if name != "authorization"},
            "body": body,
            "status": None,
            "identity": None,
            "batch": request.batch,
        }
        self.log.append(entry)
        return entry


def _kind(path: str) -> str:
    """Return "token" for token requests, "identity" for discovery, "graph" for all others."""
    if path.endswith(("/oauth2/v2.0/token", "/msi/token", "/metadata/identity/oauth2/token")):
        return "token"
    if path.endswith(("/.well-known/openid-configuration", "/discovery/v2.0/keys")):
        return "identity"
    return "graph"


def _add_ids(request: Request, response: Response) -> None:
    """Add the headers that every answer of Graph has (graph-facts 6.1)."""
    response.headers = {"Cache-Control": "no-cache", "OData-Version": "4.0", **response.headers}
    request_id = str(uuid.uuid4())
    client_request_id = request.headers.get("client-request-id", request_id)
    response.headers |= {"request-id": request_id, "client-request-id": client_request_id}
    error = response.body.get("error") if isinstance(response.body, dict) else None
    if isinstance(error, dict):
        date = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        error.setdefault("innerError", {"date": date, "request-id": request_id, "client-request-id": client_request_id})
