# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults, which change the answers to matching requests, and quirks, which change every answer."""

from __future__ import annotations

import base64
import html
import json
import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import quote, quote_plus

from .exchange import Request, Response


@dataclass
class Quirks:
    """Answers that Graph can give and that surprise clients. The control endpoint switches them."""

    shuffle_collections: bool = False
    empty_shape: Literal["null", "{}", "type_only"] = "null"
    set_type_spelling: Literal["graph", "directory_services"] = "graph"
    omit_collection_annotations: bool = False
    read_lag: float = 0.0  # seconds for which reads show the state before a PATCH
    replication: float = 0.0  # seconds until a new set, definition or predefined value can be used
    new_set_status: Literal[404, 400] = 404  # of the answer to a definition in a set that is too new
    unknown_set_status: Literal[404, 400] = 404  # of the answer to a definition in a set that does not exist
    conflict_status: Literal[409, 400] = 409  # of the answer to creating an object that exists
    names: Literal["case_sensitive", "case_insensitive"] = "case_sensitive"  # of sets, attributes, predefined values
    unrestricted_values: Literal["accept", "refuse"] = "accept"  # predefined values of an unrestricted definition
    max_below_use: Literal["accept", "refuse"] = "accept"  # maxAttributesPerSet below the number of active definitions
    unchanged_immutable: Literal["refuse", "accept"] = "refuse"  # an immutable property that a PATCH repeats as it is
    single_expand: Literal["accept", "refuse"] = "accept"  # $expand=allowedValues of a single definition
    expanded_values: int | None = None  # predefined values of an expanded definition; a link leads to the others
    unsearchable: Literal["refuse", "empty"] = "refuse"  # a filter on an attribute that is not searchable
    deprecated_removal: Literal["accept", "refuse"] = "accept"
    inactive_kept: Literal["accept", "refuse"] = "accept"  # a collection that still holds an inactive value
    hidden_membership: Literal["empty", "refuse"] = "empty"  # to a caller without Member.Read.Hidden
    plain_cast: Literal["accept", "refuse"] = "accept"  # a cast of members without the opt-in of advanced queries
    boolean_annotation: Literal["accept", "refuse"] = "accept"  # "#Boolean" on a Boolean
    duplicate_items: Literal["merge", "refuse"] = "merge"  # equal items of one collection
    other_empty: Literal["accept", "refuse"] = "accept"  # null for a collection, [] for a single value
    null_set: Literal["refuse", "remove"] = "refuse"  # null or {} for a whole set
    decimal_integers: Literal["refuse", "accept"] = "refuse"  # 5.0 as an Integer
    length_unit: Literal["utf16", "code_point"] = "utf16"  # unit of the limits of text
    attribute_or: Literal["accept", "refuse"] = "accept"  # `or` between conditions on attributes
    mistyped_filter: Literal["refuse", "empty"] = "refuse"  # text compared with an Integer attribute, and the like
    range_of_names: Literal["accept", "refuse"] = "accept"  # ge and le of names, with attributes in $select
    agent_user_type: Literal["optional", "required"] = "optional"  # "@odata.type" in the PATCH of an agent user
    agent_user_status: Literal[204, 200] = 204  # of the answer to the PATCH of an agent user in beta
    unreadable_rule: Literal["shown", "null", "empty", "absent"] = "shown"  # of Conditional Access, without CSA rights
    unreadable_scope: Literal["shown", "null", "empty", "absent"] = "empty"  # of a workflow, without CSA rights
    stopped_workflow: Literal["quarantined", "disabled", "silent"] = "quarantined"  # whose scope is invalid
    scope_filter: Literal["accept", "refuse"] = "accept"  # a filter of role assignments on directoryScopeId
    condition_length: int | None = None  # characters of a condition that Azure Resource Graph shows
    conditional_access_rate: float | None = None  # requests per second, for the whole tenant
    check_schema: bool = False  # of each body; GET findings returns the result
    shuffle_batch: bool = False
    fractional_retry_after: bool = True
    audit_delay: float = 0.0  # seconds within which an entry appears in the audit log, each after a different time
    audit_resolution: float = 0.0  # seconds to which the times in the audit log are rounded down
    latency: float = 0.0  # seconds added to every answer
    token_lifetime: int = 3599  # seconds
    throttle: dict[str, float] | None = None  # {"writes": 3000, "seconds": 150, "scale": 1.0}
    read_quota: dict[str, float] | None = None  # {"units": 8000, "seconds": 10}: resource units of reads
    random: random.Random = field(default_factory=lambda: random.Random(2))  # noqa: S311 - repeatable, not secret

    def update(self, changes: dict[str, Any]) -> None:
        """Set quirks. Raises ValueError for an unknown name or value."""
        unknown = changes.keys() - {item.name for item in fields(self) if item.name != "random"}
        if unknown:
            raise ValueError(f"no such quirk: {', '.join(sorted(unknown))}")
        hints = get_type_hints(type(self))
        for name, value in changes.items():
            choices = get_args(hints[name]) if get_origin(hints[name]) is Literal else (value,)
            if value not in choices:
                raise ValueError(f"{name} is one of {', '.join(map(repr, choices))}, not {value!r}")
        for name, value in changes.items():
            setattr(self, name, value)

    @property
    def breaks_schema(self) -> bool:
        """Return whether a quirk makes answers that the schema does not allow."""
        return self.omit_collection_annotations or self.unreadable_rule == "null"

    def shows(self, age: float) -> bool:
        """Return whether reads return a part of the schema that was made `age` seconds ago (graph-facts 6.4)."""
        return age >= self.replication / 2

    def serves(self, age: float) -> bool:
        """Return whether writes can use a part of the schema that was made `age` seconds ago (graph-facts 6.4)."""
        return age >= self.replication

    def length(self, text: str) -> int:
        """Return the length of a text as the limits count it (graph-facts 16)."""
        return len(text.encode("utf-16-le", "surrogatepass")) // 2 if self.length_unit == "utf16" else len(text)

    def same(self, name: str, other: str) -> bool:
        """Return whether two names of the schema are the same (graph-facts 4)."""
        return name == other or (self.names == "case_insensitive" and name.lower() == other.lower())

    def known_as(self, name: str, names: Iterable[str]) -> str:
        """Return the spelling of a name among those known, or the name itself if it is new."""
        return name if self.names == "case_sensitive" else next((a for a in names if self.same(a, name)), name)

    def shuffled(self, items: list[Any]) -> list[Any]:
        """Return the items in another order."""
        return self.random.sample(items, len(items))


ACTIONS = ("status", "cut", "delay", "html", "expire_token", "drop_write", "truncate", "echo")
ECHOES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "json": lambda text: json.dumps(text)[1:-1].replace("/", r"\/"),
    "unicode": lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    "html": html.escape,
    "decimal": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "hexadecimal": lambda text: "".join(f"&#x{ord(one):X};" for one in text),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(b"_" + text.encode()).decode().rstrip("="),
}
"""Encodings of an echoed request."""


@dataclass
class Fault:
    """A fault, for `times` matching requests (None: always) after the first `skip`."""

    do: dict[str, Any]
    match: dict[str, str] = field(default_factory=dict)  # method, path (a regular expression), kind
    times: int | None = 1
    skip: int = 0

    def __post_init__(self) -> None:
        if not any(action in self.do for action in ACTIONS):
            raise ValueError(f"a fault does one of {', '.join(ACTIONS)}, not {self.do}")
        if self.match.keys() - {"method", "path", "kind"}:
            raise ValueError(f"a fault matches by method, path and kind, not {self.match}")
        if self.do.get("echo", "plain") not in ECHOES:
            raise ValueError(f"an echo is one of {', '.join(ECHOES)}, not {self.do['echo']}")

    def hits(self, request: Request, kind: str) -> bool:
        """Return whether this fault is for this request, and count `skip` and `times` down."""
        wanted = self.match
        if wanted.get("method", request.method) != request.method or wanted.get("kind", kind) != kind:
            return False
        if "path" in wanted and not re.search(wanted["path"], request.path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            if self.times <= 0:
                return False
            self.times -= 1
        return True

    def instead(self, request: Request, kind: str) -> Response | None:
        """Return the answer that replaces the handling of the request, if this fault has one."""
        if "echo" in self.do:
            text = ECHOES[self.do["echo"]](_as_text(request))
            status = int(self.do.get("status", 400))
            return Response(status, _echo_body(status, kind, text), {"request-id": text[:2000].strip()})
        if "status" in self.do:
            status = int(self.do["status"])
            body = self.do.get("body", _error_body(status, kind))
            return Response(status, body, {name: str(value) for name, value in self.do.get("headers", {}).items()})
        if self.do.get("cut") == "before":
            return Response(0, cut=True)
        if self.do.get("html"):
            page = "<!DOCTYPE html><html><body><h1>Sign in to the proxy</h1></body></html>"
            return Response(200, page, {"Content-Type": "text/html"})
        if self.do.get("drop_write"):
            return Response(204)
        return None

    def spoil(self, response: Response) -> None:
        """Change the answer of a request that was handled."""
        response.delay += float(self.do.get("delay", 0.0))
        response.cut = response.cut or self.do.get("cut") == "after"
        response.truncate = bool(self.do.get("truncate"))


def _as_text(request: Request) -> str:
    """Return a request in the form in which a proxy could show it on an error page."""
    headers = "; ".join(f"{name}: {value}" for name, value in request.headers.items())
    return f"{request.method} {request.path}?{request.raw_query} {headers} {request.body.decode('utf-8', 'replace')}"


def _echo_body(status: int, kind: str, text: str) -> dict[str, Any]:
    if kind != "graph":
        return {"error": "invalid_request", "error_description": f"AADSTS900000: {text}"}
    if status < 300:
        return {"id": text, "displayName": text, "value": [{"id": text, "displayName": text}]}
    return {"error": {"code": "BadRequest", "message": text}}


_CODES = {429: "TooManyRequests", 500: "InternalServerError", 502: "BadGateway", 504: "GatewayTimeout"}


def _error_body(status: int, kind: str) -> dict[str, Any]:
    code, message = _CODES.get(status, "ServiceUnavailable"), f"Injected fault {status}."
    if kind in ("graph", "resource_manager"):
        return {"error": {"code": code, "message": message}}
    return {"error": "temporarily_unavailable", "error_description": f"AADSTS90033: {message}"}
