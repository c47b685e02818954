# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The tenant's own name, and whose token is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import GraphError
from .._graph.client import Graph
from .permissions import READ_ORGANIZATION


@dataclass(frozen=True)
class Organization:
    """The names of a tenant, as far as they are known; `problem` says why they could not be read."""

    id: str = ""
    display_name: str = ""
    domain: str = ""
    problem: str = ""


def read_organization(graph: Graph) -> Organization:
    """Return the names of the tenant. A refusal is ignored, since only names depend on it (graph-facts 10.1)."""
    query = {"$select": "id,displayName,verifiedDomains"}
    try:
        item = next(graph.pages("/organization", need=READ_ORGANIZATION, query=query), {})
    except GraphError as error:
        return Organization(problem=str(error))
    domains = [domain for domain in item.get("verifiedDomains") or () if isinstance(domain, dict)]
    default = next((domain for domain in domains if domain.get("isDefault")), {})
    return Organization(_text(item.get("id")), _text(item.get("displayName")), _text(default.get("name")))


def describe_identity(claims: Mapping[str, Any]) -> str:
    """Return whose token has these claims, for people: a user, or an application with its id. Empty if unknown."""
    user = next((_text(claims.get(name)) for name in ("upn", "preferred_username") if _text(claims.get(name))), "")
    if user:
        return user
    app = _text(claims.get("appid")) or _text(claims.get("azp"))
    name = _text(claims.get("app_displayname"))
    return f"{name} ({app})" if name and app else name or app


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
