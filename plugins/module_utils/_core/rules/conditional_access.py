# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Filter rules of Conditional Access: `CustomSecurityAttribute.Engineering_Project -contains "Baker"`. Pure.

The grammar is that of membership rules of groups, for attributes alone (consumer-facts 1). A filter for devices has
the same type in Graph, so its properties are read as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import ClassVar

from ..._errors import quoted
from ..model import AttributeName
from .conditions import (
    EQUALITIES,
    MISQUOTED,
    WORD,
    Attribute,
    Comparison,
    Dialect,
    Leaf,
    Literal,
    Literals,
    Node,
    Operand,
    Parser,
    Reference,
    Scalars,
    Style,
    Token,
    attribute_text,
    nearest,
    plain_dash,
)

PREFIX = "CustomSecurityAttribute."
OPERATORS = {
    name.lower(): name
    for name in (
        "eq",
        "ne",
        "startsWith",
        "notStartsWith",
        "contains",
        "notContains",
        "in",
        "notIn",
        "match",
        "notMatch",
    )
}
_OTHER = {"in": "eq", "notin": "ne", "eq": "in", "ne": "notIn"}
"""The operator for one value, where a list is needed, and the other way round."""
_GROUP_RULE = re.compile(r"(?:user|device)\.[a-z]\w*", re.IGNORECASE)
_ESCAPED = re.compile(r'`([`"])')


class _Parser(Parser):
    quote = '"'
    example = f'{PREFIX}<AttributeSet>_<Attribute> -eq "<value>"'
    tokens = re.compile(
        rf'(?P<space>(?:\s|&nbsp;)+)|(?P<text>"(?:`.|[^"`])*")|(?P<misquoted>{MISQUOTED[chr(34)]})'
        r"|(?P<open>\()|(?P<close>\))|(?P<list>\[)|(?P<end_of_list>\])|(?P<comma>,)"
        rf"|(?P<symbol>==|!=|<>|=|&&|&amp;&amp;|\|\||!)|(?P<word>{WORD})",
        re.IGNORECASE | re.DOTALL,
    )
    logic: ClassVar = {"-and": "and", "-or": "or", "-not": "not"}
    words: ClassVar = {
        **{spelled: f"-{meaning}" for meaning in ("and", "or", "not") for spelled in (meaning, f"-{meaning}")},
        **{"&&": "-and", "&amp;&amp;": "-and", "||": "-or", "!": "-not"},
    }

    def condition(self) -> Node:
        """Return a comparison of an attribute with values."""
        token = self.take()
        if token.kind != "word" or plain_dash(token.text).startswith("-"):
            raise self.failure(f"Expected a comparison such as {self.example}, not {self.shown(token)}", token.column)
        left = self.operand(token)
        spelled = self.operator()
        right = self.values(spelled, isinstance(left, Reference))
        if isinstance(right, Literals) != (spelled in ("in", "notIn")):
            spelled, right = self.fitting(spelled, right)
        return Comparison(left, f"-{spelled}", right)

    def operand(self, token: Token) -> Attribute | Reference:
        """Return the attribute or, in a filter for devices, the property that a word names."""
        found = attribute_text(token.text)
        if found is None and token.text.lower().startswith("device."):
            return Reference(token.text)
        if found is None:
            if _GROUP_RULE.fullmatch(token.text):
                raise self.failure(
                    f"'{quoted(token.text)}' belongs to a membership rule of a group. Conditional Access compares"
                    f" custom security attributes only: {self.example}",
                    token.column,
                )
            self.wrong(f"'{quoted(token.text)}' has no prefix; write {PREFIX} in front of it", token.column)
            return self.names(token.text, "_", token.column)
        owner, rest = found
        if owner:
            self.wrong(
                f"'{owner}' belongs to a membership rule of a group, which cannot name attributes; write {PREFIX}",
                token.column,
            )
        elif token.text.lower()[: len(PREFIX)] != PREFIX.lower():
            self.wrong(f"'{quoted(token.text)}' has another prefix; write {PREFIX}", token.column)
        return self.names(rest, "_", token.column)

    def operator(self) -> str:
        """Return the operator, without its hyphen."""
        token = self.take()
        word = plain_dash(token.text).lower()
        bare = word.removeprefix("-")
        name = OPERATORS.get(bare) or EQUALITIES.get(bare)
        if token.kind not in ("word", "symbol") or name is None:
            accepted = ", ".join(f"-{operator}" for operator in OPERATORS.values())
            close = nearest(bare, OPERATORS)
            hint = f"; did you mean -{OPERATORS[close]}?" if close else ""
            raise self.failure(f"Expected one of {accepted}, not {self.shown(token)}{hint}", token.column)
        if token.text.lower() != f"-{name.lower()}":
            self.wrong(f"'{token.text}' is not an operator; write -{name}", token.column)
        return name

    def values(self, operator: str, bare: bool) -> Literal | Literals:
        """Return the value or the list of values; `bare` says whether values can stand without quotes."""
        closing = {"list": "end_of_list", "open": "close"}.get(self.next.kind)
        if closing is None:
            return self.single(bare)
        opening = self.take()
        items = [self.single(bare)]
        while self.accept("comma"):
            items.append(self.single(bare))
        if not self.accept(closing):
            raise self.failure(
                f"Expected a comma or the end of the list, not '{quoted(self.next.text)}'", self.next.column
            )
        if opening.kind == "open":
            self.wrong("A list stands in brackets, [ and ]", opening.column)
        return Literals(tuple(items))

    def single(self, bare: bool) -> Literal:
        """Return one value."""
        token = self.take()
        if token.kind == "text":
            return self.value(_ESCAPED.sub(r"\1", token.text[1:-1]), token.column)
        if token.kind == "misquoted":
            return self.value(self.unquoted(token), token.column)
        if token.kind != "word" or token.text.startswith("-"):
            raise self.failure(
                f'Expected a value in double quotes, such as "Baker", not {self.shown(token)}', token.column
            )
        if token.text.lower() == "null":
            return Literal(None, token.column)
        if bare and token.text.lower() in ("true", "false"):
            return Literal(token.text.lower() == "true", token.column)
        return self.without_quotes(token)

    def fitting(self, operator: str, values: Literal | Literals) -> tuple[str, Literal | Literals]:
        """Return what an operator for one value and a list, or the other way round, mean."""
        column = (values.items[0] if isinstance(values, Literals) else values).column
        if isinstance(values, Literal):
            self.wrong(f'-{operator} takes a list, such as ["Baker"]', column)
            return operator, Literals((values,))
        other = _OTHER.get(operator)
        if other is None:
            raise self.failure(f"-{operator} takes one value, not a list", column)
        self.wrong(f"-{operator} takes one value; for a list, write -{other}", column)
        return other, values


def parse(text: str, defined: Collection[AttributeName] = ()) -> Node:
    """Return the tree of a rule; `defined` completes names. Raises InvalidRule."""
    return _Parser(text, defined).rule(write)


def write(node: Node) -> str:
    """Print a tree."""
    return _STYLE.write(node)


def _leaf(leaf: Leaf) -> str:
    if isinstance(leaf, Comparison):
        return f"{_operand(leaf.left)} {leaf.operator} {_operand(leaf.right)}"
    return str(leaf)


def _operand(operand: Operand) -> str:
    if isinstance(operand, Attribute):
        return f"{PREFIX}{operand.attribute_set}_{operand.name}"
    if isinstance(operand, Literals):
        return "[" + ",".join(_operand(item) for item in operand.items) + "]"
    if isinstance(operand, Reference):
        return operand.text
    if isinstance(operand.value, str):
        return '"' + re.sub(r'([`"])', r"`\1", operand.value) + '"'
    return "null" if operand.value is None else str(operand.value).capitalize()


def compare(attribute: Attribute, operator: str, value: Scalars) -> Comparison:
    """Make a comparison. Raises ValueError for an operator or a value that rules cannot have."""
    name = OPERATORS.get(operator.lower().removeprefix("-"))
    if name is None:
        raise ValueError(f"'{quoted(operator)}' is not one of {', '.join(OPERATORS.values())}")
    given = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in given):
        raise ValueError(
            "Conditional Access compares String attributes only, so the value must be text; put it in quotes"
        )
    if name in ("in", "notIn"):
        return Comparison(attribute, f"-{name}", Literals(tuple(Literal(item) for item in given)))
    if isinstance(value, list):
        raise ValueError(f"{name} takes one value, not a list; in and notIn take a list")
    return Comparison(attribute, f"-{name}", Literal(value))


_STYLE = Style("-and", "-or", "-not {}".format, _leaf)
CONDITIONAL_ACCESS = Dialect("conditional_access", parse, write, compare)
