# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request, one response, and the error that becomes a response."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Request:
    """One request as received. `path` and `raw_query` are still percent-encoded; header names are lower case."""

    method: str
    path: str
    raw_query: str
    headers: dict[str, str]
    body: bytes = b""
    batch: str | None = None  # ID of the request within a $batch
    to_resource_manager: bool = False  # whether it arrived at the port of Azure Resource Manager
    caller_name: str | None = None  # the caller, for the log

    @classmethod
    def from_url(cls, method: str, url: str, headers: dict[str, str], body: bytes, batch: str | None) -> Request:
        """Make a request of a URL relative to the host, as a $batch carries them."""
        parts = urlsplit(url)
        return cls(method, parts.path, parts.query, headers, body, batch)

    @cached_property
    def query(self) -> dict[str, str]:
        """Return the decoded query options. OData accepts them without `$` and in any case (graph-facts 16)."""
        return {_option(name): value for name, value in parse_qsl(self.raw_query, keep_blank_values=True)}

    @property
    def form(self) -> dict[str, str]:
        """Return the decoded form body of a token request."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> Any:
        """Return the parsed body.

        Raises GraphError (400) for a missing body, a wrong content type and a body that is not JSON.
        """
        if not self.body:
            raise GraphError(400, "BadRequest", "Empty Payload. JSON content expected.")
        if "json" not in self.headers.get("content-type", ""):
            raise GraphError(400, "BadRequest", UNREADABLE)
        try:
            return _parsed(self.body)
        except ValueError as error:
            raise GraphError(400, "BadRequest", UNREADABLE) from error

    def json_or_none(self) -> Any:
        """Return the parsed body for the log, or None without a body."""
        try:
            return _parsed(self.body) if self.body else None
        except ValueError:
            return None


_OPTIONS = {"count", "expand", "filter", "orderby", "search", "select", "skip", "skiptoken", "top"}


def _option(name: str) -> str:
    bare = name.removeprefix("$").lower()
    return f"${bare}" if bare in _OPTIONS else name


def _parsed(body: bytes) -> Any:
    """Return parsed JSON. Raises ValueError, also for lone surrogates, raw or escaped, because they are not text."""
    parsed = json.loads(body)
    json.dumps(parsed, ensure_ascii=False).encode()
    return parsed


UNREADABLE = (
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
)


@dataclass
class Response:
    """One response. `delay` makes the edge hold the answer back, `cut` makes it drop the connection."""

    status: int
    body: Any = None  # JSON, unless it is text
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False
    truncate: bool = False

    def content(self) -> bytes:
        """Return the bytes to send. A broken response has half of them."""
        if self.body is None:
            return b""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)
        data = text.encode("utf-8", "backslashreplace")  # JSON's escape for text from a control request
        return data[: len(data) // 2] if self.truncate else data

    @property
    def media_type(self) -> str:
        """Return the content type. The headers have that of a text body."""
        return "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"


def has_type(value: Any, kind: type) -> bool:
    """Return whether a JSON value has a type. A Boolean does not count as an integer."""
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


class GraphError(Exception):
    """An error of Graph with status, code and message (graph-facts 6.1)."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: dict[str, str] | None = None,
        details: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.details = details

    def response(self) -> Response:
        """Return the error as a response. `innerError` is added with the headers."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details is not None:
            error["details"] = self.details
        return Response(self.status, {"error": error}, dict(self.headers))


def bad_request(message: str) -> GraphError:
    """400 `Request_BadRequest`: the answer to a body or path that Graph does not accept."""
    return GraphError(400, "Request_BadRequest", message)


def unsupported_query(message: str) -> GraphError:
    """Return a 400 `Request_UnsupportedQuery`, for a query that the directory does not support."""
    return GraphError(400, "Request_UnsupportedQuery", message)


def not_found(key: str) -> GraphError:
    """Return a 404 `Request_ResourceNotFound` (graph-facts 6.2)."""
    text = f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
    return GraphError(404, "Request_ResourceNotFound", text)


def not_emulated(what: str) -> GraphError:
    """Return a 501, for a request that Graph may support and the local Graph does not.

    Graph never answers so. An error in Graph's words would be a false claim about Graph.
    """
    return GraphError(501, "NotEmulated", f"The local Graph does not emulate {what}. Microsoft Graph may serve it.")


def conflict(key: str, status: int) -> GraphError:
    """Return a 409 or 400, for an object that exists: the directory is known to give both answers (graph-facts 14)."""
    message = "A conflicting object with one or more of the specified property values is present in the directory."
    code = "Request_MultipleObjectsWithSameKeyValue" if status == 409 else "Request_BadRequest"
    details = [{"code": "ConflictingObjects", "message": message, "target": key}]
    return GraphError(status, code, message, details=details)


def denied() -> GraphError:
    """Return a 403 `Authorization_RequestDenied` (graph-facts 6.2)."""
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def wrong_method() -> GraphError:
    """Return a 405 (graph-facts 6.2)."""
    return GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
