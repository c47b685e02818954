# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""OData rules of lifecycle workflows, and filters of Graph on attributes (consumer-facts 2, graph-facts 3). Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import ClassVar

from ..._errors import quoted
from ..model import AttributeName
from .conditions import (
    EQUALITIES,
    INTEGER_TEXT,
    MISQUOTED,
    WORD,
    Attribute,
    Call,
    Comparison,
    Dialect,
    Group,
    Leaf,
    Literal,
    Literals,
    Node,
    Not,
    Operand,
    Parser,
    Reference,
    Scalars,
    Style,
    Token,
    attribute_text,
    nearest,
)

PATH = "customSecurityAttributes/"
INFIX = {name: name for name in ("eq", "ne", "gt", "ge", "lt", "le", "in")}
FUNCTIONS = {name.lower(): name for name in ("startsWith", "endsWith", "contains")}
DOCUMENTED = ("eq", "ne", "in", "startsWith")
"""The operators that Microsoft documents for attributes."""
_OTHER_LITERAL = re.compile(r"-?[0-9][\w.:+-]*|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""Decimals, dates, times and GUIDs, which are values of other properties."""
_NAMES = re.compile(r"[^\W\d][^\W_]*_[^\W\d][^\W_]*")
_EXAMPLE = f"{PATH}<AttributeSet>/<Attribute> eq '<value>'"


class _Parser(Parser):
    quote = "'"
    example = _EXAMPLE
    tokens = re.compile(
        rf"(?P<space>(?:\s|&nbsp;)+)|(?P<text>'(?:[^']|'')*')|(?P<misquoted>{MISQUOTED[chr(39)]})"
        r"|(?P<open>\()|(?P<close>\))|(?P<list>\[)|(?P<end_of_list>\])|(?P<comma>,)"
        rf"|(?P<symbol>==|!=|<>|=|&&|&amp;&amp;|\|\||!)|(?P<source>@\w+\[[^\]]*\])|(?P<word>{WORD})",
        re.IGNORECASE | re.DOTALL,
    )
    logic: ClassVar = {"and": "and", "or": "or", "not": "not"}
    words: ClassVar = {
        **{spelled: meaning for meaning in ("and", "or", "not") for spelled in (meaning, f"-{meaning}")},
        **{"&&": "and", "&amp;&amp;": "and", "||": "or", "!": "not"},
    }

    def negation(self) -> Node:
        """Return a condition or its negation; `not` binds more than operators, so a comparison needs parentheses."""
        column = self.next.column
        node = super().negation()
        if isinstance(node, Not) and isinstance(node.part, Comparison) and node.part.operator in INFIX:
            self.wrong("not binds more than an operator; put the comparison in parentheses", column)
            return Not(Group(node.part))
        return node

    def condition(self) -> Node:
        """Return a comparison, a function, or a property that is true or false."""
        token = self.take()
        if token.text.lower() in FUNCTIONS and self.next.kind == "open":
            return self.function(FUNCTIONS[token.text.lower()])
        left = self.operand(token)
        if isinstance(left, Reference) and self.next.kind in ("end", "close"):
            return left
        if isinstance(left, Reference) and (self.next.text.lower() in self.words):
            return left
        operator = self.operator()
        if operator in FUNCTIONS.values():
            return Comparison(left, operator, self.single(self.take(), left))
        if operator != "in":
            return Comparison(left, operator, self.operand(self.take(), left))
        return Comparison(left, operator, self.items(left))

    def function(self, name: str) -> Comparison:
        """Return `startsWith(path,'text')` as a comparison."""
        column = self.take().column
        left = self.operand(self.take())
        if not self.accept("comma"):
            raise self.failure(f"Expected {name}(path,'text')", column)
        right = self.single(self.take(), left)
        if not self.accept("close"):
            raise self.failure(f"Expected ) before '{quoted(self.next.text)}'", self.next.column)
        return Comparison(left, name, right)

    def operator(self) -> str:
        """Return the operator between two operands."""
        token = self.take()
        bare = token.text.lower().removeprefix("-")
        name = INFIX.get(bare) or EQUALITIES.get(bare) or FUNCTIONS.get(bare)
        if token.kind not in ("word", "symbol") or name is None:
            close = nearest(bare, [*INFIX, *FUNCTIONS.values()])
            hint = f"; did you mean {close}?" if close else ""
            raise self.failure(f"Expected one of {', '.join(INFIX)}, not {self.shown(token)}{hint}", token.column)
        if name in FUNCTIONS.values():
            self.wrong(f"{name} is a function; write {name}({PATH}...,'...')", token.column)
        elif token.text.lower() != name:
            self.wrong(f"'{token.text}' is not an operator; write {name}", token.column)
        return name

    def items(self, left: Operand) -> Literals:
        """Return the values of `in`."""
        opening = self.take()
        closing = {"open": "close", "list": "end_of_list"}.get(opening.kind)
        if closing is None:
            raise self.failure("in takes values in parentheses, such as ('Baker','Cascade')", opening.column)
        items = [self.single(self.take(), left)]
        while self.accept("comma"):
            items.append(self.single(self.take(), left))
        if not self.accept(closing):
            raise self.failure(
                f"Expected a comma or the end of the list, not '{quoted(self.next.text)}'", self.next.column
            )
        if opening.kind == "list":
            self.wrong("A list stands in parentheses, ( and )", opening.column)
        return Literals(tuple(items))

    def operand(self, token: Token, other: Operand | None = None) -> Operand:
        """Return an attribute, a property or a value; `other` is the operand on the left, if this is the right one."""
        if token.kind == "source":
            inner = token.text[token.text.index("[") + 1 : -1]
            found = attribute_text(inner.removeprefix("Microsoft.Directory/"))
            if found is None:
                raise self.failure(f"'{quoted(token.text)}' belongs to a condition of a role assignment", token.column)
            self.wrong(
                f"'{quoted(token.text)}' belongs to a condition of a role assignment; write {PATH}", token.column
            )
            return self.names(found[1], "/", token.column)
        if token.kind != "word":
            return self.single(token, other)
        if self.next.kind == "open":
            return self.reference(token)
        found = attribute_text(token.text)
        if found is not None:
            owner, rest = found
            if owner:
                self.wrong(f"A rule begins a path with {PATH}, not with '{owner}'", token.column)
            elif token.text[: len(PATH)] != PATH:
                self.wrong(f"'{quoted(token.text)}' has another prefix; write {PATH}", token.column)
            return self.names(rest, "/", token.column)
        if self.lacks_prefix(token.text):
            self.wrong(f"'{quoted(token.text)}' has no prefix; write {PATH} in front of it", token.column)
            return self.names(token.text, "/", token.column)
        is_value = token.text.lower() in ("true", "false", "null") or INTEGER_TEXT.fullmatch(token.text)
        if isinstance(other, Attribute) or is_value:
            return self.single(token, other)
        if not re.match(r"[^\W\d]", token.text) and not _OTHER_LITERAL.fullmatch(token.text):
            raise self.failure(f"'{quoted(token.text)}' is not expected", token.column)
        return Reference(token.text)

    def lacks_prefix(self, text: str) -> bool:
        """Whether a path can only be that of an attribute, by its form or by the definitions."""
        if _NAMES.fullmatch(text) and not text.lower().startswith("extension_"):
            return True
        return any(text == f"{attribute.attribute_set}/{attribute.name}" for attribute in self.defined)

    def reference(self, token: Token) -> Reference:
        """Return a function or a lambda of other properties as its text."""
        if not re.fullmatch(r"[\w/.-]+", token.text):
            raise self.failure(f"'{quoted(token.text)}' is not expected before (", token.column)
        if attribute_text(token.text):
            function = token.text.rpartition("/")[2]
            raise self.failure(f"{quoted(function)}() cannot be used on a custom security attribute", token.column)
        depth = 0
        while True:
            part = self.take()
            if part.kind == "end":
                raise self.failure("The parenthesis is not closed", token.column)
            if part.kind in ("word", "source") and attribute_text(part.text):
                raise self.failure(
                    f"{quoted(token.text)}() cannot be used on a custom security attribute", token.column
                )
            depth += (part.kind == "open") - (part.kind == "close")
            if not depth:
                return Reference(self.text[token.column - 1 : part.column - 1 + len(part.text)])

    def single(self, token: Token, other: Operand | None = None) -> Literal:
        """Return one value."""
        if token.kind == "text":
            return self.value(token.text[1:-1].replace("''", "'"), token.column)
        if token.kind == "misquoted":
            return self.value(self.unquoted(token), token.column)
        if token.kind == "word":
            lower = token.text.lower()
            if lower in ("true", "false", "null"):
                return Literal({"true": True, "false": False}.get(lower), token.column)
            if INTEGER_TEXT.fullmatch(token.text):
                return Literal(int(token.text), token.column)
            if isinstance(other, Attribute) and lower not in self.words and lower not in INFIX:
                return self.without_quotes(token)
        raise self.failure(f"Expected a comparison such as {_EXAMPLE}, not {self.shown(token)}", token.column)


def parse(text: str, defined: Collection[AttributeName] = ()) -> Node:
    """Return the tree of a rule; `defined` completes names. Raises InvalidRule."""
    return _Parser(text, defined).rule(write)


def write(node: Node) -> str:
    """Print a tree."""
    return _STYLE.write(node)


def _leaf(leaf: Leaf) -> str:
    if isinstance(leaf, Reference | Call):
        return _operand(leaf) if isinstance(leaf, Reference) else str(leaf)
    left, right = _operand(leaf.left), _operand(leaf.right)
    if leaf.operator in FUNCTIONS.values():
        return f"{leaf.operator}({left},{right})"
    return f"{left} {leaf.operator} {right}"


def _operand(operand: Operand) -> str:
    if isinstance(operand, Attribute):
        return f"{PATH}{operand.attribute_set}/{operand.name}"
    if isinstance(operand, Literals):
        return "(" + ",".join(_operand(item) for item in operand.items) + ")"
    if isinstance(operand, Reference):
        return operand.text
    if isinstance(operand.value, str):
        return "'" + operand.value.replace("'", "''") + "'"
    return "null" if operand.value is None else str(operand.value).lower()


def compare(attribute: Attribute, operator: str, value: Scalars) -> Comparison:
    """Make a comparison. Raises ValueError for an operator or a value that rules cannot have."""
    lower = operator.lower().removeprefix("-")
    name = {"contains": "eq"}.get(lower) or INFIX.get(lower) or FUNCTIONS.get(lower)
    if name not in DOCUMENTED:
        raise ValueError(f"'{quoted(operator)}' is not one of {', '.join(DOCUMENTED)} and contains")
    if name == "in":
        items = value if isinstance(value, list) else [value]
        if not items:
            raise ValueError("the list is empty")
        return Comparison(attribute, name, Literals(tuple(Literal(item) for item in items)))
    if isinstance(value, list):
        raise ValueError(f"{name} takes one value, not a list; in takes a list")
    if name == "startsWith" and not isinstance(value, str):
        raise ValueError("startsWith compares text")
    return Comparison(attribute, name, Literal(value))


_STYLE = Style("and", "or", "not {}".format, _leaf)
ODATA = Dialect("odata", parse, write, compare)
