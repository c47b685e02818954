# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Rules after a move: the same rule with the new attribute and the new values. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..._errors import InvalidValue
from ..assignment_plan import moved_value
from ..model import AttributeName, Definition, Scalar
from ..values import elements, scalar_text
from .conditions import (
    Attribute,
    Call,
    Comparison,
    Dialect,
    InvalidRule,
    Leaf,
    Literal,
    Literals,
    Node,
    Operand,
    values_of,
    with_leaves,
)
from .odata import ODATA
from .problems import find_problems

_PARTIAL = re.compile(r"startswith|endswith|contains", re.IGNORECASE)
_PATTERN = re.compile(r"match|like", re.IGNORECASE)
"""Operators that may compare with a part of a value, and those that compare with a pattern."""


@dataclass(frozen=True)
class Renaming:
    """A move as rules see it: `source` becomes `target`, whose definition is known, and some values change."""

    source: AttributeName
    target: Definition
    values: Mapping[str, Scalar]

    def rule(self, text: str, dialect: Dialect) -> tuple[str | None, str]:
        """Return the rule as it must become, and what a person has to check in it, or an empty text.

        The rule is null where it cannot be written; then the text is the reason.
        """
        doubts: list[str] = []

        def changed(leaf: Leaf) -> Node:
            if isinstance(leaf, Call):
                return replace(leaf, argument=self._operand(leaf.argument))
            if not isinstance(leaf, Comparison) or not any(map(self._is_source, (leaf.left, leaf.right))):
                return leaf
            if self._is_doubtful(leaf):
                doubts.append(f"{leaf.operator} may compare with a part of a value that changes in this move")
            left, right = (self._value(self._operand(side), dialect) for side in (leaf.left, leaf.right))
            return replace(leaf, left=left, right=right)

        try:
            written = dialect.write(with_leaves(dialect.parse(text, ()), changed))
            found = find_problems(dialect.parse(written, ()), dialect, {self.target.attribute: self.target})
        except InvalidRule as error:
            return None, f"the rule cannot be read: {error}"
        except InvalidValue as error:
            return None, error.reason
        doubts += [problem.message for problem in found if str(self.target.attribute) in problem.message]
        return written, "; ".join(dict.fromkeys(doubts))

    def _is_doubtful(self, leaf: Comparison) -> bool:
        """Return whether the operator may find a value by its part or by a pattern, and the move changes that value."""
        if _PATTERN.search(leaf.operator):
            return bool(self.values)
        texts = [str(literal.value) for side in (leaf.left, leaf.right) for literal in values_of(side)]
        partial = _PARTIAL.search(leaf.operator) is not None
        return partial and any(text != old and text.lower() in old.lower() for text in texts for old in self.values)

    def _is_source(self, operand: Operand) -> bool:
        return isinstance(operand, Attribute) and str(operand.named).lower() == str(self.source).lower()

    def _operand(self, operand: Operand) -> Operand:
        return Attribute(*self.target.attribute) if self._is_source(operand) else operand

    def _value(self, operand: Operand, dialect: Dialect) -> Operand:
        """Return values as the target holds them. Raises InvalidValue for one that it cannot hold."""
        if isinstance(operand, Literals):
            return Literals(tuple(self._literal(item, dialect) for item in operand.items))
        return self._literal(operand, dialect) if isinstance(operand, Literal) else operand

    def _literal(self, literal: Literal, dialect: Dialect) -> Literal:
        if literal.value is None:
            return literal
        moved = self.values.get(scalar_text(literal.value), literal.value)
        if dialect is ODATA:  # the other dialects write every value as text, or choose the operator by its type
            (moved,) = elements(moved_value(self.target.attribute, moved, {}, self.target.type, is_list=False))
        elif isinstance(literal.value, str):
            moved = scalar_text(moved)
        return Literal(moved)
