# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The options of role assignments, of the module and of declared items alike, and what they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.delegations import HOLDER_KINDS, ROLE_TITLES, DesiredDelegation
from .._core.names import name_problem, principal_problem
from .._core.options import TEXT
from .._errors import InvalidDeclaration

DELEGATION_SPEC: dict[str, Any] = {
    "role": {"type": "str", "choices": list(ROLE_TITLES), "required": True},
    "attribute_set": {"type": TEXT},
    **{kind: {"type": TEXT} for kind in HOLDER_KINDS},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "force": {"type": "bool", "default": False},
}
DELEGATION_CONSTRAINTS = {
    "required_one_of": [tuple(HOLDER_KINDS)],
    "mutually_exclusive": [tuple(HOLDER_KINDS)],
}


def desired_delegation(params: Mapping[str, Any]) -> DesiredDelegation:
    """Return what validated options ask for. Raises InvalidDeclaration for what no tenant can have."""
    kind, name, attribute_set = named_delegation(params)
    if kind is None:  # it is null, which counts as given where options are validated
        raise InvalidDeclaration(f"role {params['role']}", [f"one of {', '.join(HOLDER_KINDS)} is needed"])
    return DesiredDelegation(
        params["role"], attribute_set, kind, name, absent=params["state"] == "absent", force=params["force"]
    )


def named_delegation(params: Mapping[str, Any]) -> tuple[str | None, str, str | None]:
    """Return the kind and the name of the principal that options name, if they name one, and the attribute set.

    Raises InvalidDeclaration for names that cannot be.
    """
    kind = next((kind for kind in HOLDER_KINDS if params[kind] is not None), None)
    name, attribute_set = params[kind].strip() if kind else "", params["attribute_set"]
    problems = [f"{kind}: {problem}"] if kind and (problem := principal_problem(name)) else []
    if attribute_set is not None and (problem := name_problem(attribute_set)):
        problems.append(f"attribute_set: {problem}")
    if problems:
        raise InvalidDeclaration(f"role {params['role']}" if params["role"] else "roles", problems)
    return kind, name, attribute_set
