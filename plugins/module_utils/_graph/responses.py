# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Graph's refusals as exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._errors import Conflict, GraphError, Need, NotFound, PermissionDenied, Throttled
from . import shapes
from .patience import retry_after

REFUSALS = {403: PermissionDenied, 404: NotFound, 409: Conflict, 429: Throttled}


def refusal(operation: str, status: int, content: Any, headers: Mapping[str, str], need: Need) -> GraphError:
    """Return Graph's error of any shape: empty, HTML from a proxy, `innerError` or `innererror` (graph-facts 6.1).

    `headers` are in lower case.
    """
    texts = shapes.error_texts(content)
    hints = {
        401: "The token is not accepted: check the tenant, the cloud, and that it was made for Graph.",
        403: str(need),
        429: "Graph still throttles after all retries; run fewer tasks at once, or raise retries.",
    }
    error = REFUSALS.get(status, GraphError)(
        operation,
        status,
        texts.get("code", ""),
        texts.get("message", ""),
        headers.get("request-id") or texts.get("request-id", ""),
        headers.get("client-request-id") or texts.get("client-request-id", ""),
        hints.get(status, ""),
    )
    error.retry_after = retry_after(headers)
    return error
