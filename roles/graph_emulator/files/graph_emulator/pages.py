# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The body of one page of a collection, in the one shape that all of Graph's collections have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .directory import Resource
from .exchange import Request, Response
from .query import Page


def respond(
    request: Request,
    base: str,
    context: str,
    names: list[str] | None,
    page: Page,
    show: Callable[[Resource], dict[str, Any]],
) -> Response:
    """Return the page as a response. `names` are those of `$select`, `base` is the service's URL with the version."""
    body: dict[str, Any] = {"@odata.context": f"{base}/$metadata#{selected_context(context, names)}"}
    if page.count is not None:
        body["@odata.count"] = page.count
    if page.next_query:
        path = request.path.strip("/").split("/", 1)[1]  # as it came, without the version
        body["@odata.nextLink"] = f"{base}/{path}?{page.next_query}"
    body["value"] = [show(resource) for resource in page.members]
    return Response(200, body)


def selected_context(context: str, names: list[str] | None) -> str:
    """Return a context with the selected names, as Graph writes it."""
    return f"{context}({','.join(names)})" if names else context
