# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The run and result of the module for access."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from .._graph.client import Graph
from .._operation import Operation
from .._tenant.access import JobReader
from .._tenant.organization import describe_identity, read_organization
from .._tenant.permissions import tenant_of


def run_access_info(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`access_info`: what the token shows, and a few reads that prove what it leaves open."""
    claims = graph.claims()
    reader = JobReader(graph)
    organization = read_organization(graph)
    verdicts = reader.verdicts()
    access = reader.access
    return {
        "changed": False,
        "tenant": {
            "id": tenant_of(claims, organization.id or params.get("tenant_id")),
            "display_name": organization.display_name or None,
            "domain": organization.domain or None,
        },
        "identity": {
            "name": describe_identity(claims) or None,
            "object_id": _text(claims.get("oid")),
            "client_id": _text(claims.get("appid")) or _text(claims.get("azp")),
        },
        "token": {"kind": access.kind or "opaque", "end": _time(claims.get("exp"))},
        "permissions": sorted(access.permissions) if access.kind else None,
        "roles": [{"name": held.name, "attribute_set": held.attribute_set} for held in reader.roles],
        "jobs": [
            {
                "name": name,
                "possible": verdict.possible,
                "missing": list(verdict.missing),
                "reason": verdict.reason,
            }
            for name, verdict in verdicts.items()
        ],
    }


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _time(seconds: object) -> str | None:
    """Return a time of a token in UTC; null if it has none, or one that is no time."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return None


ACCESS_INFO = Operation(run_access_info, {})
