# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Rules that decide by custom security attributes: their tree, and what the parsers of all dialects share. Pure.

A parser understands common mistakes as well. It collects a problem for each of them and continues, so that the printed
tree is the right form of the whole rule.
"""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import UnionType
from typing import ClassVar, NamedTuple, TypeAlias

from ..._errors import quoted
from ..model import AttributeName
from ..names import name_problem

SOME_SET, SOME_NAME, SOME_VALUE = "<AttributeSet>", "<Attribute>", "<value>"
"""What a right form has where the rule does not say it. Names cannot hold these characters."""
MAX_DEPTH = 50
MAX_LENGTH = 100_000
MAX_PROBLEMS = 50
"""Problems of a rule that are shown. Each has the right form of the whole rule, which may be long."""


@dataclass(frozen=True)
class Attribute:
    """A custom security attribute of the principal or application that a rule is about."""

    attribute_set: str
    name: str
    column: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return str(self.named)

    @property
    def named(self) -> AttributeName:
        """Return its name in the domain model."""
        return AttributeName(self.attribute_set, self.name)

    @property
    def known(self) -> bool:
        """Whether the rule says both names."""
        return "<" not in self.attribute_set + self.name


@dataclass(frozen=True)
class Literal:
    """A value that stands in a rule."""

    value: str | int | bool | None
    column: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True)
class Literals:
    """A list of values."""

    items: tuple[Literal, ...]


@dataclass(frozen=True)
class Reference:
    """An operand or condition that depends on something else than attributes, as its text, such as `@Resource[...]`."""

    text: str


Operand: TypeAlias = Attribute | Literal | Literals | Reference


@dataclass(frozen=True)
class Comparison:
    """An operator, spelled as the dialect spells it, between two operands."""

    left: Operand
    operator: str
    right: Operand


@dataclass(frozen=True)
class Call:
    """A function of a role condition: ActionMatches, SubOperationMatches or Exists."""

    function: str
    argument: Operand


@dataclass(frozen=True)
class Not:
    """A negation."""

    part: Node


@dataclass(frozen=True)
class Group:
    """A part in parentheses."""

    part: Node


@dataclass(frozen=True)
class And:
    """Parts that must all hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Or:
    """Alternatives: one part must hold."""

    parts: tuple[Node, ...]


Leaf: TypeAlias = Comparison | Call | Reference
Node: TypeAlias = Leaf | Not | Group | And | Or


@dataclass(frozen=True)
class Problem:
    """What is wrong with a rule, at which column (from 1), and the right form of the whole rule, where it is known."""

    message: str
    column: int | None = None
    right_form: str | None = None


def shown(problems: list[Problem]) -> list[Problem]:
    """Return the problems of a rule that are shown, and one for all others."""
    hidden = len(problems) - MAX_PROBLEMS
    more = [Problem(f"{hidden} more problems are not shown")] if hidden > 0 else []
    return problems[:MAX_PROBLEMS] + more


class InvalidRule(ValueError):
    """A text that is not a rule of its dialect: every problem, and the tree that was meant, if that can be seen."""

    def __init__(self, problems: list[Problem], meant: Node | None = None) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems
        self.meant = meant


@dataclass(frozen=True)
class Dialect:
    """How a service writes rules.

    `parse` takes a text and the attributes that are defined, to complete names, and raises InvalidRule. `write` prints
    a tree. `compare` makes the comparison that a person asks for by a neutral operator; it raises ValueError.
    """

    name: str
    parse: Callable[[str, Collection[AttributeName]], Node]
    write: Callable[[Node], str]
    compare: Callable[[Attribute, str, Scalars], Comparison]


Scalars: TypeAlias = "str | int | bool | list[str | int] | None"


def children(node: Node) -> tuple[Node, ...]:
    """Return the parts of a node."""
    if isinstance(node, And | Or):
        return node.parts
    return (node.part,) if isinstance(node, Not | Group) else ()


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield the comparisons, functions and references of a tree in their order."""
    if isinstance(node, Comparison | Call | Reference):
        yield node
    for part in children(node):
        yield from leaves(part)


def comparisons(node: Node) -> Iterator[tuple[Attribute, str, list[Literal]]]:
    """Yield each attribute of a tree with its operator and the values that it is compared with."""
    for leaf in leaves(node):
        if isinstance(leaf, Comparison):
            sides = (leaf.left, leaf.right), (leaf.right, leaf.left)
            yield from ((one, leaf.operator, values_of(other)) for one, other in sides if isinstance(one, Attribute))
        elif isinstance(leaf, Call) and isinstance(leaf.argument, Attribute):
            yield leaf.argument, leaf.function, []


def values_of(operand: Operand) -> list[Literal]:
    """Return the values that stand in an operand."""
    if isinstance(operand, Literals):
        return list(operand.items)
    return [operand] if isinstance(operand, Literal) else []


def with_leaves(node: Node, change: Callable[[Leaf], Node]) -> Node:
    """Return a tree in which each leaf is what `change` makes of it."""
    if isinstance(node, Comparison | Call | Reference):
        return change(node)
    if isinstance(node, Not | Group):
        return replace(node, part=with_leaves(node.part, change))
    return replace(node, parts=tuple(with_leaves(part, change) for part in node.parts))


def all_of(parts: list[Node]) -> Node:
    """Return a tree that holds where all parts hold; alternatives are put in parentheses."""
    if len(parts) == 1:
        return parts[0]
    return And(tuple(Group(part) if isinstance(part, Or) else part for part in parts))


@dataclass(frozen=True)
class Style:
    """How a dialect prints: its words for and and or, how it negates a text, and how it prints a leaf."""

    conjunction: str
    disjunction: str
    negate: Callable[[str], str]
    leaf: Callable[[Leaf], str]

    def write(self, node: Node) -> str:
        """Print a tree. A part gets parentheses where the tree would be another one without them."""
        if isinstance(node, And):
            return f" {self.conjunction} ".join(self._part(part, And | Or) for part in node.parts)
        if isinstance(node, Or):
            return f" {self.disjunction} ".join(self._part(part, Or) for part in node.parts)
        if isinstance(node, Not):
            return self.negate(self._part(node.part, And | Or))
        return f"({self.write(node.part)})" if isinstance(node, Group) else self.leaf(node)

    def _part(self, node: Node, in_parentheses: UnionType | type) -> str:
        return f"({self.write(node)})" if isinstance(node, in_parentheses) else self.write(node)


class Token(NamedTuple):
    """A piece of a rule: its kind, its text, and the column (from 1) at which it begins."""

    kind: str
    text: str
    column: int


_DOUBLE = r"&quot;|&\#0*34;|&\#x0*22;|\\\"|[\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb]"
_SINGLE = r"&apos;|&\#0*39;|&\#x0*27;|&[lr]squo;|\\'|[\u2018\u2019\u201a\u201b\u2032`\u00b4]"
MISQUOTED = {
    '"': rf"(?:{_DOUBLE}|&[lr]dquo;)(?:.*?)(?:{_DOUBLE}|&[lr]dquo;|\")|(?:{_SINGLE}|')(?:.*?)(?:{_SINGLE}|')",
    "'": rf"(?:{_DOUBLE}|&[lr]dquo;|\")(?:.*?)(?:{_DOUBLE}|&[lr]dquo;|\")|(?:{_SINGLE})(?:.*?)(?:{_SINGLE}|')",
}
"""Text in other quotes than the right ones, by these."""
INTEGER_TEXT = re.compile(r"-?[0-9]{1,18}")
EQUALITIES = {"==": "eq", "=": "eq", "!=": "ne", "<>": "ne", "equal": "eq", "equals": "eq", "notequals": "ne"}
"""Spellings that other languages have of the operators `eq` and `ne`."""
WORD = (
    r"(?:<[^<>\"']*>|&lt;.*?&gt;|\{\{.*?\}\}|\{[^{}\s\"']*\}"
    "|[^\\s()\\[\\]{}<>,\"'=!&|\\\\`\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb])+"
)
"""A word; placeholders may hold blanks."""
_ANY_QUOTE = re.compile(rf"{_DOUBLE}|{_SINGLE}|&[lr]dquo;|[\"']", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:[a-z]+|#[0-9]+|#x[0-9a-f]+);", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"<[^<>]*>|\{\{.*?\}\}|\{[^{}]*\}|%\w+%|\$\w+|\.\.\.|\u2026|\b(?:your|my|some)[_-]\w+", re.IGNORECASE
)
_VALUE_PLACEHOLDER = re.compile(
    r"<[\w -]*value[\w -]*>|\{[\w -]*value[\w -]*\}|\{\{.*\}\}|\.\.\.|\u2026", re.IGNORECASE
)
_ESCAPED_QUOTE = "\\"
_PREFIX = re.compile(
    r"(?P<owner>@?(?:user|principal|serviceprincipal|resource|application|app|agent)[./])?"
    r"custom[ _-]?security[ _-]?attributes?(?:[./:]|$)(?:id:)?(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
MENTION = re.compile(
    r"customSecurityAttributes?(?:/Id:|[./])(?P<attribute_set>\w+?)(?:_|/|\.)(?P<name>\w+)", re.IGNORECASE
)
"""An attribute in a text that no parser understands."""


class Parser:
    """Recursive descent over the tokens of a rule; a dialect adds `condition()` and says which words join conditions.

    Conjunction binds more than disjunction. Parentheses and negations may be nested MAX_DEPTH deep.
    """

    tokens: ClassVar[re.Pattern[str]]
    words: ClassVar[Mapping[str, str]]
    """And, or, not: by each accepted spelling in lower case, the one to print."""
    logic: ClassVar[Mapping[str, str]]
    """And, or, not: by the spelling to print, `and`, `or`, `not`."""
    quote = "'"
    title = "rule"
    """The name of the whole text in messages."""
    example = ""
    """A comparison, to show what is accepted."""

    def __init__(self, text: str, defined: Collection[AttributeName] = ()) -> None:
        self.text = text
        self.defined = defined
        self.problems: list[Problem] = []
        self.depth = 0
        self.position = 0
        if len(text) > MAX_LENGTH:
            raise self.failure(f"The rule has {len(text)} characters; at most {MAX_LENGTH} can be read", MAX_LENGTH)
        self.found = list(self.scan())
        self.end = Token("end", "", len(text.rstrip()) + 1)

    def scan(self) -> Iterator[Token]:
        """Yield the tokens. Raises InvalidRule at the first character that begins none."""
        position = 0
        while position < len(self.text):
            match = self.tokens.match(self.text, position)
            if match is None or match.end() == position:
                char = self.text[position]
                if char in "\"'":
                    raise self.failure(f"The quote {char} at column {position + 1} is not closed", position + 1)
                raise self.failure(f"The character '{quoted(char)}' is not expected", position + 1)
            kind = str(match.lastgroup)
            if kind != "space":
                yield Token(kind, match[0], position + 1)
            position = match.end()

    def shown(self, token: Token) -> str:
        """Return a token as a message shows it."""
        return f"the end of the {self.title}" if token.kind == "end" else f"'{quoted(token.text)}'"

    def rule(self, write: Callable[[Node], str]) -> Node:
        """Return the tree. Raises InvalidRule with all problems, each with the right form of the rule."""
        if not self.found:
            raise self.failure("The rule is empty", 1)
        tree = self.disjunction()
        if self.next.kind == "close":
            raise self.failure("The parenthesis is not opened", self.next.column)
        if self.next.kind != "end":
            joined = " or ".join(spelled for spelled, meaning in self.logic.items() if meaning != "not")
            raise self.failure(f"Expected {joined} before '{quoted(self.next.text)}'", self.next.column)
        if self.problems:
            form = write(tree)
            problems = sorted(self.problems, key=lambda problem: problem.column or 0)
            raise InvalidRule(shown([replace(problem, right_form=form) for problem in problems]), tree)
        return tree

    @property
    def next(self) -> Token:
        """The token to read, which is `end` after the last one."""
        return self.found[self.position] if self.position < len(self.found) else self.end

    def take(self) -> Token:
        """Return the next token and advance."""
        token = self.next
        self.position += 1
        return token

    def accept(self, kind: str) -> bool:
        """Take the next token if it is of a kind."""
        found = self.next.kind == kind
        self.position += found
        return found

    def failure(self, message: str, column: int) -> InvalidRule:
        """Return the error for what cannot be understood, with the mistakes that were found before."""
        return InvalidRule([*self.problems, Problem(message, column)])

    def wrong(self, message: str, column: int) -> None:
        """Collect a mistake whose right form is known."""
        self.problems.append(Problem(message, column))

    def disjunction(self) -> Node:
        """Return conditions joined by or."""
        parts = [self.conjunction()]
        while self.joined_by("or"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def conjunction(self) -> Node:
        """Return conditions joined by and."""
        parts = [self.negation()]
        while self.joined_by("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def negation(self) -> Node:
        """Return a condition, a part in parentheses, or the negation of either."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.failure(f"Parentheses and negations are nested more than {MAX_DEPTH} deep", self.next.column)
        node: Node
        if self.joined_by("not"):
            node = Not(self.negation())
        elif self.next.kind == "open":
            column = self.take().column
            node = Group(self.disjunction())
            if not self.accept("close"):
                if self.next.kind != "end":
                    raise self.failure(f"Expected ) before '{quoted(self.next.text)}'", self.next.column)
                self.wrong(f"The parenthesis at column {column} is not closed", column)
        else:
            node = self.condition()
        self.depth -= 1
        return node

    def joined_by(self, meaning: str) -> bool:
        """Take the next token if it is the word for and, or, or not; a misspelled one is a problem."""
        token = self.next
        if token.kind not in ("word", "symbol"):
            return False
        spelled = self.words.get(plain_dash(token.text).lower())
        if spelled is None or self.logic[spelled] != meaning:
            return False
        self.position += 1
        if token.text.lower() not in self.accepted(spelled):
            self.wrong(f"'{token.text}' does not join conditions here; write {spelled}", token.column)
        return True

    def accepted(self, spelled: str) -> Collection[str]:
        """Return the right spellings of and, or, not in lower case."""
        return (spelled.lower(),)

    def condition(self) -> Node:
        """Return a comparison or a function call."""
        raise NotImplementedError

    def unquoted(self, token: Token) -> str:
        """Return the text in quotes that are not the right ones, and collect the problem."""
        opening = _ANY_QUOTE.match(token.text)
        closing = [match for match in _ANY_QUOTE.finditer(token.text) if match.end() == len(token.text)]
        start, stop = (opening.end() if opening else 0), (closing[-1].start() if closing else len(token.text))
        first, inner = token.text[:start], token.text[start:stop]
        if first.startswith("&"):
            self.wrong(f"The rule has HTML escapes such as {first}; write {self.quote} around text", token.column)
            return html.unescape(inner)
        kind = "single" if first == "'" else "double" if first == '"' else "typographic"
        if first.startswith(_ESCAPED_QUOTE):
            self.wrong(f"The quotes are escaped as in JSON; write {self.quote} around text", token.column)
        else:
            name = "double" if self.quote == '"' else "single"
            self.wrong(f"The text is in {kind} quotes; write {name} quotes, {self.quote}", token.column)
        return inner

    def placeholder(self, text: str, column: int, instead: str) -> bool:
        """Whether a text is a placeholder that nobody filled in, which is a problem."""
        match = _PLACEHOLDER.search(html.unescape(text))
        if match is None:
            return False
        self.wrong(f"'{quoted(match[0])}' is a placeholder; write {instead}", column)
        return True

    def value(self, text: str, column: int) -> Literal:
        """Return a text in quotes as a value, unless it is a placeholder."""
        if _VALUE_PLACEHOLDER.fullmatch(text):
            self.wrong(f"'{quoted(text)}' is a placeholder; write the value", column)
            return Literal(SOME_VALUE, column)
        return Literal(text, column)

    def without_quotes(self, token: Token) -> Literal:
        """Return a word that stands where a text in quotes belongs, which is a problem."""
        if not _VALUE_PLACEHOLDER.fullmatch(token.text):
            right = f"{self.quote}{quoted(token.text)}{self.quote}"
            self.wrong(f"'{quoted(token.text)}' is not in quotes; write {right}", token.column)
        return self.value(token.text, token.column)

    def names(self, text: str, separator: str, column: int) -> Attribute:
        """Return the attribute that `Set_Name` stands for, whichever separator it has; `separator` is the right one.

        Names hold neither of the separators (graph-facts 4).
        """
        unescaped = html.unescape(text)
        if unescaped != text and _ENTITY.search(text):
            self.wrong("The rule has HTML escapes; write the characters themselves", column)
        if self.placeholder(unescaped, column, "the names of the attribute set and of the attribute"):
            parts = [part for part in re.split(r"[._/]", _PLACEHOLDER.sub("", unescaped)) if part]
            name = parts[0] if len(parts) == 1 and not unescaped.startswith(parts[0]) else SOME_NAME
            attribute_set = parts[0] if parts and unescaped.startswith(parts[0]) else SOME_SET
            return Attribute(attribute_set, name, column)
        parts = re.split(r"[._/]", unescaped)
        for part in parts:
            if problem := name_problem(part):
                raise self.failure(f"A name in '{quoted(text)}' cannot exist: {problem}", column)
        if len(parts) > 2:
            raise self.failure(f"'{quoted(text)}' has more than an attribute set and an attribute", column)
        if len(parts) == 1:
            return self._without_set(parts[0], separator, column)
        if unescaped[len(parts[0])] != separator:
            self.wrong(
                f"'{quoted(text)}' has '{unescaped[len(parts[0])]}' between attribute set and attribute;"
                f" write {parts[0]}{separator}{parts[1]}",
                column,
            )
        return Attribute(parts[0], parts[1], column)

    def _without_set(self, name: str, separator: str, column: int) -> Attribute:
        sets = sorted({attribute.attribute_set for attribute in self.defined if attribute.name == name})
        attribute_set = sets[0] if len(sets) == 1 else SOME_SET
        self.wrong(f"'{name}' names no attribute set; write {attribute_set}{separator}{name}", column)
        return Attribute(attribute_set, name, column)


def attribute_text(text: str) -> tuple[str, str] | None:
    """Return what stands before and behind the word customSecurityAttribute in a reference of any dialect."""
    match = _PREFIX.fullmatch(text)
    return None if match is None else (match["owner"] or "", match["rest"])


def plain_dash(word: str) -> str:
    """Return a word with a hyphen in place of a typographic dash at its beginning."""
    return f"-{word[1:]}" if word[:1] in "\u2010\u2011\u2012\u2013\u2014\u2212" and word else word


def nearest(name: str, names: Collection[str]) -> str:
    """Return the one of `names` that a person who wrote `name` most likely meant, or an empty text."""
    close = difflib.get_close_matches(name.lower(), [known.lower() for known in names], n=1)
    return next((known for known in names if close and known.lower() == close[0]), "")
