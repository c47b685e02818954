# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""YAML without a library, for diffs and exports. JSON scalars are YAML. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NO_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_ESCAPED = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def as_yaml(document: Mapping[str, Any]) -> str:
    """Return a dictionary of dictionaries, lists and scalars as YAML, in its order; an empty one is an empty text."""
    return "".join(f"{line}\n" for line in _yaml_lines(document)) if document else ""


def _yaml_lines(node: Any) -> list[str]:
    if isinstance(node, Mapping) and node:
        lines = []
        for key, value in node.items():
            inner, name = _yaml_lines(value), _yaml_key(key)
            if isinstance(value, Mapping | list) and value:
                lines += [f"{name}:", *(f"  {line}" for line in inner)]
            else:
                lines.append(f"{name}: {inner[0]}")
        return lines
    if isinstance(node, list) and node:
        return [f"{'  ' if number else '- '}{line}" for item in node for number, line in enumerate(_yaml_lines(item))]
    return [_yaml_scalar(node)]


def _yaml_key(name: str) -> str:
    """Return a key, in quotes only where YAML would not read it as text, such as the attribute set `No`."""
    return name if _PLAIN_KEY.fullmatch(name) and name.lower() not in _NO_TEXT else _yaml_scalar(name)


def _yaml_scalar(value: Any) -> str:
    """Return JSON with the characters escaped that YAML forbids or reads as a line break."""
    text = json.dumps(value, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
