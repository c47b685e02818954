# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The options and run of the lookup `custom_security_attribute`, which reads all its principals at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.model import KINDS, AttributeName, Principal, PrincipalKind, PrincipalReference, nested
from .._core.names import principal_problem
from .._core.options import LIST, TEXT
from .._core.values import unique
from .._errors import (
    AttributeNotAssigned,
    AttributesHidden,
    EntraError,
    OptionError,
    PermissionDenied,
    PrincipalNotFound,
)
from .._graph.client import Graph
from .._operation import Operation
from .._tenant.principals import Directory, exactly_one
from .._tenant.visibility import PERHAPS_HIDDEN, Visibility
from .assignment import check_names

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
    """Return `values` of the principals in their order, and `warnings` about principals that are missing or denied.

    Raises AmbiguousPrincipal always, and PrincipalNotFound, AttributeNotAssigned, AttributesHidden and
    PermissionDenied as `on_missing` and `on_denied` ask for.
    """
    check_names(params)
    kind, names = KINDS[params["principal_type"]], [name.strip() for name in params["principals"]]
    attribute_set, name = params["attribute_set"], params["name"]
    wanted = AttributeName(attribute_set, name) if attribute_set and name else None
    for reference in names:
        if problem := principal_problem(reference):
            raise OptionError("principals", f"one of them {problem}")
    if not names:
        return {"values": [], "warnings": []}
    directory = Directory(graph)
    try:
        found = _found(directory, kind, names)
    except PermissionDenied as error:
        return {"values": [], "warnings": _tolerated(error, params["on_denied"])}
    shown = {
        principal.id: _shown(principal, attribute_set, name)
        for principals in found.values()
        for principal in principals
    }
    hidden, warnings = _hidden(graph, kind, wanted if None in shown.values() else None)
    values = []
    for reference in names:
        try:
            principal = exactly_one(PrincipalReference(kind, reference), found[reference.lower()])
        except PrincipalNotFound as error:
            warnings += _tolerated(error, params["on_missing"])
            continue
        value = shown[principal.id]
        if value is None and hidden:
            warnings += _tolerated(hidden, params["on_denied"])
        elif value is None and wanted:
            warnings += _tolerated(AttributeNotAssigned(f"{principal} has no {wanted}."), params["on_missing"])
        else:
            values.append({} if value is None else value)
    return {"values": values, "warnings": unique(warnings)}


def _found(directory: Directory, kind: PrincipalKind, names: list[str]) -> dict[str, list[Principal]]:
    """Who has these names, which are the keys without case."""
    found: dict[str, dict[str, Principal]] = {name.lower(): {} for name in names}
    for principal in directory.look_up(kind, [PrincipalReference(kind, name) for name in unique(names)]):
        for name in principal.identities:
            if name in found:
                found[name][principal.id] = principal
    return {name: list(several.values()) for name, several in found.items()}


def _shown(principal: Principal, attribute_set: str | None, name: str | None) -> Any:
    """Return what was asked for, as far as Graph shows it; null where it shows nothing."""
    if attribute_set and name:
        return principal.assignments.get(AttributeName(attribute_set, name))
    values = nested(principal.assignments)
    return values.get(attribute_set) if attribute_set else values or None


def _hidden(
    graph: Graph, kind: PrincipalKind, attribute: AttributeName | None
) -> tuple[AttributesHidden | None, list[str]]:
    """Return the access error, if reading is denied, and a warning if that is unknown."""
    try:
        return None, [] if Visibility(graph).check(kind, attribute) else [PERHAPS_HIDDEN]
    except AttributesHidden as error:
        return error, []


def _tolerated(error: EntraError, reaction: str) -> list[str]:
    """The warning about an error, if one is wanted. Raises it for the reaction `error`."""
    if reaction == "error":
        raise error
    return [str(error)] if reaction == "warn" else []


LOOKUP = Operation(run_lookup, LOOKUP_SPEC, {"required_by": {"name": ("attribute_set",)}})
