# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Values that leave an attribute, as declared: the items of `moves`, and the retirements that definitions ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.assignment_plan import ensure_visible
from .._core.model import AttributeName, Scalar
from .._core.moves import Move, Retirement
from .._core.names import name_problem
from .._core.options import DICT, TEXT
from .._core.values import checked
from .._errors import InvalidDeclaration, InvalidValue, quoted
from .specs import RETIRED, usage_policy

MOVE_SPEC = {
    "from": {"type": TEXT, "required": True},
    "to": {"type": TEXT, "required": True},
    "values": {"type": DICT},
    "keep_old": {"type": "bool", "default": False},
    "in_use": {"type": "str", "choices": ["fail", "warn", "ignore"], "default": "fail"},
}


def retirement(params: Mapping[str, Any], place: str = "") -> Retirement | None:
    """Return what validated options of a definition take away from all holders, if anything."""
    source = AttributeName(params["attribute_set"], params["name"])
    if params["state"] == RETIRED:
        return Retirement(source, (), usage_policy(params), place)
    values = tuple(map(str, params["retired_predefined_values"] or ()))
    return Retirement(source, values, usage_policy(params), place) if values else None


def desired_move(params: Mapping[str, Any], place: str) -> Move:
    """Return the move that validated options ask for. Raises InvalidDeclaration for what no tenant can have."""
    problems: list[str] = []
    source, target = (_attribute(key, params[key], problems) for key in ("from", "to"))
    values: dict[str, Scalar] = {}
    for text, value in (params["values"] or {}).items():
        option = f"values.{quoted(text)}"
        try:
            given = checked(option, value)
            ensure_visible(option, [given])
            if isinstance(given, list):
                raise InvalidValue(option, "each value is replaced by one value, not by a list")
            values[text] = given
        except InvalidValue as error:
            problems.append(f"{option}: {error.reason}")
    if problems:
        raise InvalidDeclaration("move", problems)
    return Move(source, target, values, params["keep_old"], params["in_use"], place)


def _attribute(option: str, text: str, problems: list[str]) -> AttributeName:
    """Return the attribute that `Set.Name` names, and note what is wrong with it."""
    attribute_set, dot, name = text.strip().partition(".")
    if not dot:
        problems.append(f"{option}: '{quoted(text)}' is not an attribute as Set.Name, such as Engineering.Project")
    else:
        problems += [f"{option}: {problem}" for part in (attribute_set, name) if (problem := name_problem(part))]
    return AttributeName(attribute_set, name)
