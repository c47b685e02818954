# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Conditions of Azure role assignments, version 2.0 of their format (consumer-facts 3). Pure.

Operators, functions and the path of an attribute are accepted in any case and printed as documented
(consumer-facts 12).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import product
from typing import ClassVar

from ..._errors import quoted
from ..model import BOOLEAN, INTEGER, STRING, AttributeName, is_guid
from ..names import read_as
from ..values import type_of
from .conditions import (
    INTEGER_TEXT,
    MISQUOTED,
    Attribute,
    Call,
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
    values_of,
)

PATH = "Microsoft.Directory/CustomSecurityAttributes/Id:"
MAX_CONDITION = 8 * 1024
"""Bytes that a condition can have (consumer-facts 12)."""
_ORDER = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
COMPARED = (
    *(
        f"String{negation}{name}{case}"
        for name, negation, case in product(("Equals", "StartsWith", "Like"), ("", "Not"), ("", "IgnoreCase"))
    ),
    *(f"{kind}{name}" for kind in ("Numeric", "DateTime") for name in _ORDER),
    *(f"{kind}{name}" for kind in ("Bool", "Guid") for name in ("Equals", "NotEquals")),
)
CROSS = tuple(f"For{left}Of{right}Values:" for left, right in product(("Any", "All"), ("Any", "All")))
OPERATORS = {f"{cross}{name}".lower(): f"{cross}{name}" for cross in ("", *CROSS) for name in COMPARED}
FUNCTIONS = {name.lower(): name for name in ("ActionMatches", "SubOperationMatches", "Exists")}
_NEUTRAL = {"eq": "Equals", "ne": "NotEquals", "startswith": "StartsWith", "notstartswith": "NotStartsWith"}
"""Operators of other dialects for one value; the type of the value is put in front."""
_MEANT = {**_NEUTRAL, "=": "Equals", "==": "Equals", "!=": "NotEquals", "equals": "Equals", "notequals": "NotEquals"}
_SOURCES = {name.lower(): name for name in ("Principal", "Resource", "Request", "Environment")}
_SOURCE = re.compile(r"(@?)(\w+)\[(.*)\]", re.DOTALL)
_EXAMPLE = f"@Principal[{PATH}<AttributeSet>_<Attribute>] StringEquals '<value>'"


class _Parser(Parser):
    quote = "'"
    title = "condition"
    example = _EXAMPLE
    tokens = re.compile(
        rf"(?P<space>(?:\s|&nbsp;)+)|(?P<text>'[^']*')|(?P<misquoted>{MISQUOTED[chr(39)]})"
        r"|(?P<source>@?\w+\[[^\]]*\])|(?P<open>\()|(?P<close>\))|(?P<list>\{)|(?P<end_of_list>\})|(?P<comma>,)"
        r"|(?P<symbol>&&|&amp;&amp;|\|\||==|!=|=|!)"
        "|(?P<word>[^\\s()\\[\\]{},\"'=!&|\u201c\u201d\u201e\u201f\u2018\u2019\u201a]+)",
        re.IGNORECASE | re.DOTALL,
    )
    logic: ClassVar = {"AND": "and", "OR": "or", "NOT": "not"}
    words: ClassVar = {
        **{spelled: meaning.upper() for meaning in ("and", "or", "not") for spelled in (meaning, f"-{meaning}")},
        **{"&&": "AND", "&amp;&amp;": "AND", "||": "OR", "!": "NOT"},
    }

    def accepted(self, spelled: str) -> Collection[str]:
        """Return the words and signs for and, or, not."""
        return spelled.lower(), {"AND": "&&", "OR": "||", "NOT": "!"}[spelled]

    def condition(self) -> Node:
        """Return a function call or a comparison."""
        function = FUNCTIONS.get(self.next.text.lower())
        if self.next.kind == "word" and function:
            column = self.take().column
            if function != "Exists" and self.next.kind != "list":
                raise self.failure(f"{function} takes a pattern in braces, such as {function}{{'...'}}", column)
            return Call(function, self.operand())
        left = self.operand()
        token = self.take()
        operator = OPERATORS.get(token.text.lower())
        if token.kind == "word" and operator:
            return Comparison(left, operator, self.operand())
        meant = _MEANT.get(token.text.removeprefix("-").lower())
        if token.kind not in ("word", "symbol") or meant is None:
            close = nearest(token.text.removeprefix("-"), OPERATORS.values()) or "StringEquals"
            raise self.failure(f"Expected an operator such as {close}, not {self.shown(token)}", token.column)
        right = self.operand()
        operator = f"{_kind(right)}{meant}"
        if operator not in COMPARED:
            raise self.failure(f"'{token.text}' is not an operator of conditions", token.column)
        self.wrong(f"'{token.text}' is not an operator of conditions; write {operator}", token.column)
        return Comparison(left, operator, right)

    def operand(self) -> Operand:
        """Return an attribute, a reference, a value or a list of values."""
        token = self.take()
        if token.kind == "source":
            return self.source(token)
        if token.kind == "list":
            items = [self.single(self.take())]
            while self.accept("comma"):
                items.append(self.single(self.take()))
            if not self.accept("end_of_list"):
                raise self.failure(f"Expected a comma or }}, not '{quoted(self.next.text)}'", self.next.column)
            return Literals(tuple(items))
        if token.kind == "word":
            attribute = self.bare(token)
            if attribute:
                return attribute
        return self.single(token)

    def source(self, token: Token) -> Attribute | Reference:
        """Return what `@Source[name]` stands for."""
        match = _SOURCE.fullmatch(token.text)
        at, source, inner = match.groups() if match else ("", "", "")
        name = _SOURCES.get(source.lower())
        if name is None:
            if attribute_text(inner) is None and not inner.lower().startswith(PATH.lower()):
                raise self.failure(
                    f"Expected @{', @'.join(_SOURCES.values())} before [, not '{quoted(source)}'", token.column
                )
            self.wrong(f"'{quoted(at + source)}' is not a source of attributes; write @Principal", token.column)
            name = "Principal"
        elif not at:
            self.wrong(f"A source begins with @; write @{name}", token.column)
        if name != "Principal":
            if re.search(r"[\\`]\$", inner):
                self.wrong("The dollar signs are escaped for a shell; write $ alone", token.column)
                inner = re.sub(r"[\\`]+\$", "$", inner)
            if "$" in inner and re.search(r"&[lg]t;", inner):
                self.wrong("The condition has HTML escapes; write < and >", token.column)
                inner = inner.replace("&lt;", "<").replace("&gt;", ">")
            return Reference(f"@{name}[{inner}]")
        if inner.lower().startswith(PATH.lower()):
            return self.names(inner[len(PATH) :], "_", token.column)
        self.wrong(f"An attribute of the principal begins with {PATH}", token.column)
        found = attribute_text(inner.removeprefix("Microsoft.Directory/"))
        return self.names(found[1] if found else inner, "_", token.column)

    def bare(self, token: Token) -> Attribute | None:
        """Return the attribute that a word names in the way of another dialect, or nothing."""
        text = token.text
        found = attribute_text(text.removeprefix("Microsoft.Directory/"))
        plain = re.fullmatch(r"[^\W\d]\w*", text) and text.count("_") == 1
        if found is None and not plain:
            return None
        right = f"@Principal[{PATH}<AttributeSet>_<Attribute>]"
        self.wrong(f"'{quoted(text)}' is not how a condition names an attribute; write {right}", token.column)
        return self.names(found[1] if found else text, "_", token.column)

    def single(self, token: Token) -> Literal:
        """Return one value."""
        if token.kind == "text":
            return self.value(token.text[1:-1], token.column)
        if token.kind == "misquoted":
            inner = self.unquoted(token)
            if "'" in inner:
                raise self.failure("No documented form of a condition can hold a single quote in a text", token.column)
            return self.value(inner, token.column)
        if token.kind == "word":
            lower = token.text.lower()
            if lower in ("true", "false"):
                return Literal(lower == "true", token.column)
            if INTEGER_TEXT.fullmatch(token.text):
                return Literal(int(token.text), token.column)
            if is_guid(token.text):
                return Literal(token.text, token.column)
            if re.fullmatch(r"[^\W\d]\w*", token.text) and lower not in OPERATORS and lower not in self.words:
                return self.without_quotes(token)
        raise self.failure(
            f"Expected an attribute or a value, such as in {_EXAMPLE}, not {self.shown(token)}", token.column
        )


def _kind(operand: Operand) -> str:
    """Return the first part of the operators that compare what an operand holds."""
    value = next((literal.value for literal in values_of(operand)), None)
    return "String" if value is None else {BOOLEAN: "Bool", INTEGER: "Numeric", STRING: "String"}[type_of(value)]


def parse(text: str, defined: Collection[AttributeName] = ()) -> Node:
    """Return the tree of a condition; `defined` completes names. Raises InvalidRule."""
    return _Parser(text, defined).rule(write)


def write(node: Node) -> str:
    """Print a tree in one line."""
    return _STYLE.write(node)


def _negated(text: str) -> str:
    return f"!{text}" if text.startswith("(") else f"NOT {text}"


def _leaf(leaf: Leaf) -> str:
    if isinstance(leaf, Comparison):
        bare = leaf.operator.endswith(("GuidEquals", "GuidNotEquals"))
        return f"{_operand(leaf.left, bare)} {leaf.operator} {_operand(leaf.right, bare)}"
    if isinstance(leaf, Call):
        blank = "" if isinstance(leaf.argument, Literals) else " "
        return f"{leaf.function}{blank}{_operand(leaf.argument)}"
    return leaf.text


def _operand(operand: Operand, bare: bool = False) -> str:
    if isinstance(operand, Attribute):
        return f"@Principal[{PATH}{operand.attribute_set}_{operand.name}]"
    if isinstance(operand, Literals):
        return "{" + ", ".join(_operand(item, bare) for item in operand.items) + "}"
    if isinstance(operand, Reference):
        return operand.text
    if isinstance(operand.value, str):
        return operand.value if bare and is_guid(operand.value) else f"'{operand.value}'"
    return str(operand.value).lower()


def compare(attribute: Attribute, operator: str, value: Scalars) -> Comparison:
    """Make a comparison. Raises ValueError for an operator or a value that conditions cannot have."""
    given = value if isinstance(value, list) else [value]
    if any(item is None for item in given):
        raise ValueError("a condition cannot compare with null; Exists asks whether there is a value")
    if any(isinstance(item, str) and "'" in item for item in given):
        raise ValueError("no documented form of a condition can hold a single quote in a text")
    literals = Literals(tuple(Literal(item) for item in given))
    kinds = {_kind(literal) for literal in literals.items}
    if len(kinds) != 1:
        raise ValueError("the list is empty or mixes types")
    kind = kinds.pop()
    lower = operator.lower().removeprefix("-")
    if lower in ("in", "contains") and kind != "Bool":
        return Comparison(attribute, f"ForAnyOfAnyValues:{kind}Equals", literals)
    name = OPERATORS.get(f"{kind}{_NEUTRAL[lower]}".lower() if lower in _NEUTRAL else operator.lower())
    if name is None:
        raise ValueError(
            f"'{quoted(operator)}' is not an operator for this value; use eq, ne, startsWith, notStartsWith, contains,"
            " in, or an operator of the format, such as StringEqualsIgnoreCase"
        )
    base = name.rpartition(":")[2]
    if base.startswith(("Guid", "DateTime")):
        fits = kind == "String" and (base.startswith("DateTime") or all(is_guid(str(item)) for item in given))
    else:
        fits = base.startswith(kind)
    if not fits:
        raise ValueError(f"{name} does not compare with {read_as(given[0])}")
    if name.startswith(CROSS):
        return Comparison(attribute, name, literals)
    if isinstance(value, list):
        raise ValueError(
            f"{name} takes one value; for a list, use in or an operator such as ForAnyOfAnyValues:{kind}Equals"
        )
    return Comparison(attribute, name, literals.items[0])


_STYLE = Style("AND", "OR", _negated, _leaf)
ROLE_CONDITION = Dialect("role_condition", parse, write, compare)
