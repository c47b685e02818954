# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Text as OData writes it: paths, keys, queries and literals (graph-facts 9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode


def encoded(path: str, query: Mapping[str, str]) -> str:
    """Return a path with its query, percent-encoded except for the characters that OData itself uses.

    Text that UTF-8 cannot hold is escaped, so that it finds nothing.
    """
    return path + ("?" + urlencode(query, quote_via=quote, safe="$,()'/:", errors="backslashreplace") if query else "")


def literal(value: str | int | bool | list[Any] | None) -> str:
    """Return a value as OData writes it in a filter: text in single quotes, which are doubled inside."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return json.dumps(value)


def alternate_key(name: str, value: str) -> str:
    """Return an alternate key as it follows the path of its collection."""
    return f"({name}='" + quote(value.replace("'", "''"), safe="") + "')"


def key(name: str) -> str:
    """Return a key as it follows the path of its collection: a segment, or parentheses where a segment would not pass.

    Parentheses are needed for names that begin with `$`, and for dots, which lead elsewhere in a path.
    """
    if name.startswith("$") or not name.strip("."):
        return "('" + quote(name.replace("'", "''"), safe="$@") + "')"
    return "/" + quote(name, safe="@")
