# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Exposures as they are declared: consumers of attributes that no API lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.model import AttributeName, Exposure, Scalar
from .._core.names import name_problem, read_as
from .._core.options import LIST, TEXT
from .._core.values import checked, elements
from .._errors import InvalidDeclaration, InvalidValue

EXPOSURE_SPEC = {
    "name": {"type": TEXT, "required": True},
    "owner": {"type": TEXT, "required": True},
    "attributes": {"type": LIST, "elements": "raw", "required": True},
    "description": {"type": TEXT},
    "url": {"type": TEXT},
}


def exposure(params: Mapping[str, Any]) -> Exposure:
    """Return the exposure of validated options. Raises InvalidDeclaration with everything that is wrong."""
    problems = [f"{key} is empty" for key in ("name", "owner") if not params[key].strip()]
    problems += [] if params["attributes"] else ["attributes is empty"]
    used: dict[AttributeName, list[Scalar]] = {}
    for item in params["attributes"]:
        try:
            for text, given in item.items() if isinstance(item, Mapping) else [(item, [])]:
                attribute = _attribute(text)
                if attribute in used:
                    problems.append(f"attributes lists {attribute} twice")
                used[attribute] = elements(checked(attribute, given)) if given not in (None, []) else []
        except InvalidValue as error:
            problems.append(f"attributes: {error.message}")
        except ValueError as error:
            problems.append(f"attributes: {error}")
    if problems:
        raise InvalidDeclaration(f"exposure {params['name']}", problems)
    return Exposure(params["name"], params["owner"], used, params["description"], params["url"])


def _attribute(text: Any) -> AttributeName:
    """Return the attribute of a text `Set.Name`. Raises ValueError."""
    attribute_set, _dot, name = text.partition(".") if isinstance(text, str) else ("", "", "")
    if name_problem(attribute_set) or name_problem(name):
        raise ValueError(f"{read_as(text)} must be an attribute as Set.Name, or a dictionary of Set.Name and values")
    return AttributeName(attribute_set, name)
