# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Filters on properties, evaluated by what was read of a principal. Pure."""

from __future__ import annotations

from collections.abc import Collection

from .conditions import Attribute, InvalidRule, Reference, leaves
from .evaluation import Evaluator, operands
from .odata import ODATA


def property_filter(text: str, properties: Collection[str]) -> Evaluator | None:
    """Return the evaluator of a filter that asks for nothing but these properties, and null for any other filter.

    Its `attributes` are the properties that it reads, by their paths, such as `employeeOrgData.costCenter`. It answers
    unknown where Graph does not document the answer.
    """
    try:
        tree = ODATA.parse(text, ())
    except InvalidRule:
        return None
    parts = [operand for leaf in leaves(tree) for operand in operands(leaf)]
    paths = {part.text: part.text.replace("/", ".") for part in parts if isinstance(part, Reference)}
    if any(isinstance(part, Attribute) for part in parts) or not set(properties).issuperset(paths.values()):
        return None
    return Evaluator(tree, ODATA.name, properties=paths)
