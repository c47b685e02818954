# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What the lookup `custom_security_attribute` does: the values of some principals, all read in one go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.options import LIST, TEXT
from .._core.values import principal_problem, unique
from .._errors import (
    AttributeNotAssigned,
    AttributesHidden,
    EntraError,
    OptionError,
    PermissionDenied,
    PrincipalNotFound,
)
from .._graph.client import Graph
from .._operation import Entry
from .._tenant.principals import (
    KINDS,
    Directory,
    Kind,
    Named,
    Principal,
    only,
)
from .assignment import PERHAPS_HIDDEN, check_names

_REACTION = {"type": "str", "choices": ["error", "warn", "skip"], "default": "error"}
LOOKUP_SPEC: dict[str, Any] = {
    "principals": {"type": LIST, "elements": TEXT, "required": True},
    "principal_type": {"type": "str", "choices": list(KINDS), "default": "user"},
    "attribute_set": {"type": TEXT},
    "name": {"type": TEXT},
    "on_missing": _REACTION,
    "on_denied": _REACTION,
}


def run_lookup(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`values` of the principals in their order, without those that are missing or denied; `warnings` tell of these.

    Raises AmbiguousPrincipal always, and PrincipalNotFound, AttributeNotAssigned, AttributesHidden and
    PermissionDenied as `on_missing` and `on_denied` ask for.
    """
    check_names(params)
    kind, names = KINDS[params["principal_type"]], [name.strip() for name in params["principals"]]
    wanted = (params["attribute_set"], params["name"])
    for name in names:
        if problem := principal_problem(name):
            raise OptionError("principals", f"one of them {problem}")
    if not names:
        return {"values": [], "warnings": []}
    directory = Directory(graph)
    try:
        found = _found(directory, kind, names)
    except PermissionDenied as error:
        return {"values": [], "warnings": _tolerated(error, params["on_denied"])}
    shown = {one.id: _shown(one, *wanted) for several in found.values() for one in several}
    hidden, warnings = _hidden(directory, kind, wanted if all(wanted) and None in shown.values() else None)
    values = []
    for name in names:
        try:
            principal = only(Named(kind, name), found[name.lower()])
        except PrincipalNotFound as error:
            warnings += _tolerated(error, params["on_missing"])
            continue
        value = shown[principal.id]
        if value is None and hidden:
            warnings += _tolerated(hidden, params["on_denied"])
        elif value is None and all(wanted):
            warnings += _tolerated(
                AttributeNotAssigned(f"{principal} has no {'.'.join(wanted)}."), params["on_missing"]
            )
        else:
            values.append({} if value is None else value)
    return {"values": values, "warnings": unique(warnings)}


def _found(directory: Directory, kind: Kind, names: list[str]) -> dict[str, list[Principal]]:
    """Who has these names, which are the keys without case."""
    found: dict[str, dict[str, Principal]] = {name.lower(): {} for name in names}
    for principal in directory.look_up(kind, [Named(kind, name) for name in unique(names)]):
        for _by, name in principal.identities:
            if name in found:
                found[name][principal.id] = principal
    return {name: list(several.values()) for name, several in found.items()}


def _shown(principal: Principal, attribute_set: str | None, name: str | None) -> Any:
    """What was asked for, as far as Graph shows it; None where it shows nothing."""
    values = principal.assignments.get(attribute_set) if attribute_set else principal.assignments
    return values.get(name) if values and name else values or None


def _hidden(
    directory: Directory, kind: Kind, attribute: tuple[str, str] | None
) -> tuple[AttributesHidden | None, list[str]]:
    """Why what Graph does not show may not be read, if so; and a warning where that is not known."""
    try:
        return None, [] if directory.ensure_readable(kind, attribute) else [PERHAPS_HIDDEN]
    except AttributesHidden as error:
        return error, []


def _tolerated(error: EntraError, reaction: str) -> list[str]:
    """The warning about an error, if one is wanted. Raises it for the reaction `error`."""
    if reaction == "error":
        raise error
    return [str(error)] if reaction == "warn" else []


LOOKUP = Entry(run_lookup, LOOKUP_SPEC, {"required_by": {"name": ("attribute_set",)}})
