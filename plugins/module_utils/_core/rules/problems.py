# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What is wrong with a rule that can be parsed: its attributes and values compared with the definitions. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..._errors import quoted
from ..model import BOOLEAN, INTEGER, STRING, AttributeName, Definition
from ..names import counted, read_as
from ..values import type_of
from .conditions import (
    And,
    Attribute,
    Comparison,
    Dialect,
    Group,
    Leaf,
    Literal,
    Literals,
    Node,
    Not,
    Operand,
    Or,
    Problem,
    Reference,
    children,
    comparisons,
    leaves,
    nearest,
    shown,
    values_of,
    with_leaves,
)
from .odata import DOCUMENTED
from .role_conditions import MAX_CONDITION

Definitions = Mapping[AttributeName, Definition]
ALL_APPLICATIONS = (
    "The policy includes all applications and this filter, so it targets every application; leave includeApplications"
    " empty"
)
_TAG = re.compile(r"blobs/tags", re.IGNORECASE)
_NOT_IN_TAGS = re.compile(r"[^A-Za-z0-9 +\-./:=_]")
"""What blob index tags cannot hold (consumer-facts 3)."""
_PARTIAL = re.compile(r"match|like|startswith", re.IGNORECASE)
"""Operators that compare with a part of a value."""


def find_problems(
    tree: Node, dialect: Dialect, definitions: Definitions | None = None, *, all_applications: bool = False
) -> list[Problem]:
    """Return what is wrong with a rule, in its order.

    Without definitions only the rule itself is looked at. `all_applications` says that the rule is an including filter
    of a policy that targets all applications (consumer-facts 1).
    """
    lint = _Lint(tree, dialect, definitions)
    found = sorted(lint.problems(), key=lambda problem: problem.column or 0)
    form = lint.right_form()
    whole = [Problem(ALL_APPLICATIONS)] if all_applications else []
    found = [replace(problem, right_form=form) if problem.right_form == _FIXED else problem for problem in found]
    return whole + shown(found)


def doubts(tree: Node, definitions: Definitions) -> list[str]:
    """Return why it is unknown what the service decides: the rule names an undefined or deprecated attribute."""
    attributes = dict.fromkeys(attribute for attribute, _operator, _values in comparisons(tree))
    found = []
    for attribute in attributes:
        definition = definitions.get(attribute.named)
        if definition is None or definition.deprecated:
            state = "is not defined" if definition is None else "is deprecated"
            found.append(f"{attribute} {state}, and how the service evaluates a rule then is not documented")
    return found


_FIXED = "the right form with all corrections"
"""Stands in a problem until all problems are known."""


class _Lint:
    def __init__(self, tree: Node, dialect: Dialect, definitions: Definitions | None) -> None:
        self.tree = tree
        self.dialect = dialect
        self.definitions = definitions
        self.attributes: dict[Attribute, Attribute] = {}
        self.values: dict[int, str | int] = {}
        """Corrections: of attributes, and of values by the identity of the literal."""

    def problems(self) -> Iterator[Problem]:
        """Yield all problems, those of the whole rule first."""
        if self.dialect.name == "role_condition":
            yield from self.condition_problems()
        for leaf in leaves(self.tree):
            yield from self.tag_problems(leaf)
        for attribute, operator, literals in comparisons(self.tree):
            if self.dialect.name == "odata" and operator not in DOCUMENTED:
                message = f"Microsoft does not document {operator} for attributes; use one of {', '.join(DOCUMENTED)}"
                yield Problem(message, attribute.column)
            if self.definitions is None:
                continue
            definition = self.definitions.get(attribute.named)
            if definition is None:
                yield self.undefined(attribute, self.definitions)
                continue
            yield from self.attribute_problems(attribute, definition)
            for literal in literals:
                if literal.value is not None:
                    yield from self.value_problems(attribute, definition, operator, literal)

    def condition_problems(self) -> Iterator[Problem]:
        """Yield what is wrong with a condition of a role assignment as a whole (consumer-facts 12)."""
        size = len(self.dialect.write(self.tree).encode("utf-8", "surrogatepass"))
        if size > MAX_CONDITION:
            yield Problem(f"The condition has {size} bytes; at most {MAX_CONDITION} are allowed")
        if _is_mixed(self.tree):
            yield Problem(
                "AND and OR are mixed without parentheses, which is ambiguous; write the parentheses that you mean",
                right_form=_FIXED,
            )

    def tag_problems(self, leaf: Leaf) -> Iterator[Problem]:
        """Yield values that are compared with a blob index tag, and that no such tag can hold."""
        if not isinstance(leaf, Comparison) or not any(_is_tag(side) for side in (leaf.left, leaf.right)):
            return
        for side in (leaf.left, leaf.right):
            for literal in values_of(side):
                value = str(literal.value)
                wildcards = "*?\\" if "Like" in leaf.operator else ""
                wrong = [char for char in _NOT_IN_TAGS.findall(value) if char not in wildcards]
                if wrong:
                    message = f"'{quoted(value)}' has '{quoted(wrong[0])}', which blob tags cannot hold"
                    yield Problem(message, literal.column)
            definition = (self.definitions or {}).get(side.named) if isinstance(side, Attribute) else None
            if definition is not None and isinstance(side, Attribute):
                active = (value for value, is_active in definition.predefined.items() if is_active)
                wrong = [value for value in active if _NOT_IN_TAGS.search(value)]
                if wrong:
                    message = f"{side} has {counted(len(wrong), 'predefined value')} that blob tags cannot hold: "
                    yield Problem(message + quoted(", ".join(wrong)), side.column)

    def undefined(self, attribute: Attribute, definitions: Definitions) -> Problem:
        """Return the problem of an attribute without a definition, with the one that was most likely meant."""
        of_set = [defined for defined in definitions if defined.attribute_set == attribute.attribute_set]
        by_name = {str(defined): defined for defined in definitions}
        close = by_name.get(nearest(str(attribute), list(by_name)))
        if of_set or not definitions:
            message = f"{attribute} is not defined"
        else:
            message = f"{attribute} is not defined, and neither is any attribute of a set {attribute.attribute_set}"
        if close is None:
            return Problem(message, attribute.column)
        if str(close).lower() == str(attribute).lower():
            message = f"{attribute} is spelled {close}; whether case counts in names is not documented"
        else:
            message += f"; did you mean {close}?"
        self.attributes[attribute] = Attribute(*close)
        return Problem(message, attribute.column, _FIXED)

    def attribute_problems(self, attribute: Attribute, definition: Definition) -> Iterator[Problem]:
        """Yield what is wrong with the use of a defined attribute."""
        if definition.deprecated:
            effect = "; a workflow stops when its scope names it" if self.dialect.name == "odata" else ""
            yield Problem(f"{attribute} is deprecated{effect}", attribute.column)
        if self.dialect.name == "conditional_access" and definition.type not in (STRING, ""):
            yield Problem(
                f"{attribute} is of type {definition.type}; Conditional Access compares String attributes only",
                attribute.column,
            )

    def value_problems(
        self, attribute: Attribute, definition: Definition, operator: str, literal: Literal
    ) -> Iterator[Problem]:
        """Yield what is wrong with a value that a defined attribute is compared with."""
        value = literal.value
        if value is None:
            return
        if definition.type and type_of(value) != definition.type:
            if self.dialect.name != "conditional_access":
                yield self.mistyped(attribute, definition, literal, value)
            return
        if not definition.predefined_only or _PARTIAL.search(operator):
            return
        active = definition.predefined.get(str(value))
        if active is False:
            yield Problem(f"{value} is an inactive value of {attribute} and can no longer be assigned", literal.column)
        if active is None:
            close = nearest(str(value), list(definition.predefined))
            hint = f"; did you mean {close}?" if close else f": {quoted(', '.join(definition.predefined))}"
            message = f"{quoted(str(value))} is not among the predefined values of {attribute}{hint}"
            if close:
                self.values[id(literal)] = close
            yield Problem(message, literal.column, _FIXED if close else None)

    def mistyped(self, attribute: Attribute, definition: Definition, literal: Literal, value: str | int) -> Problem:
        """Return the problem of a value of another type, with its right form if nothing is lost by it."""
        right: str | int | None = None
        if definition.type == STRING:
            right = str(value).lower() if isinstance(value, bool) else str(value)
        elif isinstance(value, str) and definition.type == INTEGER and re.fullmatch(r"0|-?[1-9][0-9]{0,9}", value):
            right = int(value)
        elif isinstance(value, str) and definition.type == BOOLEAN and value.lower() in ("true", "false"):
            right = value.lower() == "true"
        if (
            right is not None and self.dialect.name != "role_condition"
        ):  # there, the operator is of a wrong type as well
            self.values[id(literal)] = right
        message = f"{attribute} is of type {definition.type}, and the rule compares it with {read_as(value)}"
        return Problem(message, literal.column, _FIXED if id(literal) in self.values else None)

    def right_form(self) -> str:
        """Print the rule with all corrections."""

        def value(literal: Literal) -> Literal:
            return replace(literal, value=self.values.get(id(literal), literal.value))

        def operand(given: Operand) -> Operand:
            if isinstance(given, Attribute):
                return self.attributes.get(given, given)
            if isinstance(given, Literals):
                return Literals(tuple(value(item) for item in given.items))
            return value(given) if isinstance(given, Literal) else given

        def leaf(given: Leaf) -> Node:
            if isinstance(given, Comparison):
                return replace(given, left=operand(given.left), right=operand(given.right))
            return given if isinstance(given, Reference) else replace(given, argument=operand(given.argument))

        tree = with_leaves(self.tree, leaf)
        return self.dialect.write(_with_parentheses(tree) if self.dialect.name == "role_condition" else tree)


def _is_tag(operand: Operand) -> bool:
    return isinstance(operand, Reference) and bool(_TAG.search(operand.text))


def _is_mixed(node: Node) -> bool:
    own = isinstance(node, Or) and any(isinstance(part, And) for part in node.parts)
    return own or any(_is_mixed(part) for part in children(node))


def _with_parentheses(node: Node) -> Node:
    """Return a tree in which each conjunction among alternatives has parentheses."""
    if isinstance(node, Or):
        parts = [Group(part) if isinstance(part, And) else part for part in node.parts]
        return Or(tuple(_with_parentheses(part) for part in parts))
    if isinstance(node, And):
        return And(tuple(_with_parentheses(part) for part in node.parts))
    if isinstance(node, Not | Group):
        return replace(node, part=_with_parentheses(node.part))
    return node
