# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Azure Resource Manager: another host than Graph, with tokens of another audience (consumer-facts 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._errors import Need
from . import shapes
from .client import Graph, TokenSource
from .responses import refusal
from .transport import Answer

SERVICE = "Azure Resource Manager"
_QUERY, _QUERY_VERSION = "/providers/Microsoft.ResourceGraph/resources", "2022-10-01"
_SUBSCRIPTIONS, _SUBSCRIPTIONS_VERSION = "/subscriptions", "2022-12-01"
_ROWS = 1000
"""Rows of one answer of Azure Resource Graph, the most that it gives."""
_NOT_ACCEPTED = "The token is not accepted: check tenant_id, cloud_environment and resource_manager_url."


class ResourceManager:
    """Azure Resource Manager of one cloud, as one identity. It shares the connection options of a Graph, not its token.

    `tokens` are made for `url`, and go nowhere else. All methods raise GraphError, TransportError and
    AuthenticationError.
    """

    def __init__(self, graph: Graph, tokens: TokenSource, url: str) -> None:
        self._http = graph.http
        self._tokens = tokens
        self._url = url

    def query(self, text: str, *, need: Need) -> Iterator[dict[str, Any]]:
        """Yield the rows of a query of Azure Resource Graph, page by page. It returns only what the identity can read.

        The query must order its rows, because pages are counted from the beginning.
        """
        operation, options = f"POST {_QUERY}", {"resultFormat": "objectArray", "$top": _ROWS}
        seen: set[str] = set()
        while True:
            answer = self._send(
                "POST", f"{_QUERY}?api-version={_QUERY_VERSION}", need, {"query": text, "options": options}
            )
            yield from shapes.objects(shapes.member(answer, "data", list, operation, required=True), operation)
            token = shapes.member(answer, "$skipToken", str, operation)
            if not token:
                if answer.get("resultTruncated") == "true":
                    raise shapes.odd(operation, "rows are missing, and there is no $skipToken")
                return
            if token in seen:
                raise shapes.odd(operation, "$skipToken is one that was read before")
            seen.add(token)
            options["$skipToken"] = token

    def sees_subscriptions(self, *, need: Need) -> bool:
        """Return whether the identity can read any subscription."""
        answer = self._send("GET", f"{_SUBSCRIPTIONS}?api-version={_SUBSCRIPTIONS_VERSION}", need)
        return bool(shapes.member(answer, "value", list, f"GET {_SUBSCRIPTIONS}", required=True))

    def _send(self, method: str, path: str, need: Need, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send a request that only reads, so that it can be repeated, and return the object in the answer."""
        operation = f"{method} {path.partition('?')[0]}"
        answer = self._exchange(method, path, operation, body)
        if answer.status_code == 401 and self._tokens.renew():
            answer = self._exchange(method, path, operation, body)
        if not 200 <= answer.status_code < 300:
            refused = refusal(operation, answer.status_code, answer.error, answer.headers, need)
            refused.message = refused.message.replace("Graph answered", f"{SERVICE} answered", 1)
            refused.hint = answer.gave_up or (_NOT_ACCEPTED if answer.status_code == 401 else refused.hint)
            raise refused
        document: dict[str, Any] = answer.document
        return document

    def _exchange(self, method: str, path: str, operation: str, body: Mapping[str, Any] | None) -> Answer:
        return self._http.request(
            method,
            self._url + path,
            repeatable=True,
            writes=False,
            check=lambda answer: answer.ensure_object(f"{operation}: "),
            headers={"Authorization": f"Bearer {self._tokens.token()}", "Accept": "application/json"},
            json=body,
        )
