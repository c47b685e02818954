# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Evaluation of a rule for given assignments: true, false, or unknown with the reasons. Pure.

Only what Microsoft documents is answered. A comparison of an attribute that is not assigned does not hold. Whether its
negation holds is documented for OData alone (graph-facts 3, consumer-facts 1 and 3), so elsewhere a negated comparison
of a missing attribute is unknown. For that, each comparison is compiled with the number of negations in front of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from operator import eq, ge, gt, le, lt, ne
from typing import Any, TypeAlias

from ..model import Assignments, AttributeName, Value, is_guid
from ..values import type_of
from .conditions import (
    And,
    Attribute,
    Call,
    Comparison,
    Group,
    Leaf,
    Literal,
    Literals,
    Node,
    Not,
    Operand,
    Or,
    Reference,
    leaves,
)


@dataclass(frozen=True)
class Unknown:
    """The answer that is neither true nor false, with its reasons."""

    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join(self.reasons)

    def __bool__(self) -> bool:
        raise TypeError("an unknown answer is neither true nor false")

    def joined(self, other: Unknown) -> Unknown:
        """Return both together, each reason once."""
        return self if other is self else Unknown(tuple(dict.fromkeys(self.reasons + other.reasons)))


Answer: TypeAlias = bool | Unknown
Known: TypeAlias = Mapping[str, Value]
"""What is known besides assignments: a reference by its text, `action` and `suboperation` of a role condition."""
Key: TypeAlias = AttributeName | str
"""An attribute, or a property."""
State: TypeAlias = Mapping[Any, Any]
"""Assignments, and properties under their names."""


@dataclass(frozen=True)
class _OtherCase:
    """An attribute that is not assigned, while one is whose name differs in case."""

    name: str


_Held: TypeAlias = "Value | _OtherCase | None"
_Test: TypeAlias = "Callable[[Sequence[_Held]], Answer]"

_CASE = Unknown(("The texts differ in case only, and whether case counts is not documented",))
_MULTIPLE = "{} has several values, and how {} treats these is not documented"
_TYPE = "{} holds {}, and how {} compares it is not documented"
_ABSENT = "{} is not assigned, and what {} does then is not documented"
_SEVERAL = Unknown(("The property has several values",))
_MIXED = Unknown(("AND and OR are mixed without parentheses, which is ambiguous",))


class Evaluator:
    """A rule that is ready to be applied to many principals.

    `attributes` are those that decide, each once; `known` is the same for all principals. `properties` maps references
    to properties, which differ from principal to principal: they stand next to the assignments, and count as attributes
    here. A property that is not there is null.
    """

    def __init__(
        self, tree: Node, dialect: str, known: Known | None = None, properties: Mapping[str, str] | None = None
    ) -> None:
        compiler = _Compiler(dialect, known or {}, properties or {})
        keys = [compiler.key(operand) for leaf in leaves(tree) for operand in operands(leaf)]
        self.attributes = tuple(dict.fromkeys(key for key in keys if key is not None))
        compiler.places = {key: place for place, key in enumerate(self.attributes)}
        self._decide = compiler.test(tree, negated=False)
        self.tests = {attribute: compiler.tests_of(attribute) for attribute in self.attributes}
        """The tests of each attribute, or null where it is compared with another one."""

    def __call__(self, assignments: State) -> Answer:
        """Return the answer for the assignments and properties of a principal."""
        return self._decide([held(assignments, attribute) for attribute in self.attributes])


def evaluate(tree: Node, dialect: str, assignments: Assignments, known: Known | None = None) -> Answer:
    """Return what a rule decides for the assignments of one principal."""
    return Evaluator(tree, dialect, known)(assignments)


def evaluate_many(rules: Sequence[Evaluator], principals: Iterable[State]) -> Iterator[tuple[Answer, ...]]:
    """Yield for each principal the answers of all rules.

    For the rules, an attribute has few kinds of values. Each combination of kinds is decided once, and its answers are
    the same object.
    """
    kinds: dict[Key, _Kinds] = {}
    views = [
        [kinds.setdefault(attribute, _Kinds(len(kinds))).view(tests) for attribute, tests in rule.tests.items()]
        for rule in rules
    ]
    decided: list[dict[Any, Answer]] = [{} for rule in rules]
    seen: dict[tuple[int, ...], tuple[Answer, ...]] = {}
    steps = list(zip(rules, views, decided, strict=True))
    for assignments, combination in _combinations(kinds, principals):
        answers = seen.get(combination)
        if answers is None:
            found = []
            for rule, viewed, known in steps:
                part = tuple([table[combination[place]] for place, table in viewed])
                answer = known.get(part)
                if answer is None:
                    answer = known[part] = rule(assignments)
                found.append(answer)
            answers = seen[combination] = tuple(found)
        yield answers


def _combinations(kinds: Mapping[Key, _Kinds], principals: Iterable[State]) -> Iterator[tuple[State, tuple[int, ...]]]:
    """Yield each principal with the numbers of the kinds of its values.

    Only what is assigned is looked at, unless names differ in case.
    """
    names = {_lower(key) for key in kinds}
    places = {key: kind.place if len(names) == len(kinds) else _CASES for key, kind in kinds.items()}
    finders = [kind.of for kind in kinds.values()]
    absent = [find(None) for find in finders]
    for state in principals:
        numbers = absent.copy()
        for key, value in state.items():
            place = places.get(key)
            if place is None:
                place = places[key] = _CASES if _lower(key) in names else _UNNAMED
            if place >= 0:
                numbers[place] = finders[place](value)
            elif place == _CASES:
                numbers = [kind.of(held(state, named)) for named, kind in kinds.items()]
                break
        yield state, tuple(numbers)


_UNNAMED, _CASES = -1, -2
"""Stand for the place of an attribute that no rule names, and of one whose name differs from another one in case."""
_REMEMBERED = 10_000
"""Texts of an attribute that are remembered although no constant occurs in them."""


class _Kinds:
    """The kinds of values of an attribute. Comparisons have the same outcome for all values of a kind."""

    def __init__(self, place: int) -> None:
        self.place = place
        """Where its kind stands in a combination."""
        self.tests: list[_LeafTest] = []
        self.comparable = True
        """Whether only constants are compared with the attribute, so that its tests decide."""
        self.views: list[tuple[int, int, list[int], dict[Any, int]]] = []
        self.values: dict[Any, int] = {}
        self.kinds: dict[Any, int] = {}
        self.remembered: set[str] = set()
        """Some texts in which no constant occurs."""
        self.plain: dict[bool | None, int] = {}
        """The kinds of values in which no constant occurs: one text (null), a list of one text (true), of several."""

    def view(self, tests: Sequence[_LeafTest] | None) -> tuple[int, list[int]]:
        """Add the tests of a rule, and return what this rule sees of a combination: a place, and a number by kind.

        The number is the same for kinds that do not differ to the rule. Null stands for the tests of an attribute that
        is compared with another one.
        """
        self.comparable = self.comparable and tests is not None
        first = len(self.tests)
        self.tests += tests or ()
        table: list[int] = []
        self.views.append((first, len(self.tests), table, {}))
        return self.place, table

    def of(self, value: _Held) -> int:
        """Return the number of the kind of a value."""
        if value.__class__ is str:
            number = self.values.get(value)
            return number if number is not None else self._of_text(value)
        if value.__class__ is not list:
            # 1 must not stand for true.
            return self._of_key((value.__class__, repr(value)), value)
        if not value:
            return self.of(None)
        if not all(map(self._is_plain, value)):
            return self._of_key((list, repr(value)), value)
        is_single = len(value) == 1
        number = self.plain.get(is_single)
        if number is None:
            number = self.plain[is_single] = self._number(repr(value), value)
        return number

    def _of_text(self, value: Any) -> int:
        if not self._is_plain(value):
            return self._of_key(value, value)
        number = self.plain.get(None)
        if number is None:
            number = self.plain[None] = self._number(value, value)
        if len(self.values) < _REMEMBERED:
            self.values[value] = number
        return number

    def _of_key(self, key: Any, value: _Held) -> int:
        number = self.values.get(key)
        if number is None:
            number = self.values[key] = self._number(key, value)
        return number

    def _number(self, key: Any, value: _Held) -> int:
        """Return the number of the kind of a value by all tests."""
        outcomes = tuple([test.decide(value) for test in self.tests]) if self.comparable else key
        number = self.kinds.setdefault(outcomes, len(self.kinds))
        for first, last, table, seen in self.views:
            if number == len(table):
                part = outcomes[first:last] if self.comparable else number
                table.append(seen.setdefault(part, len(seen)))
        return number

    def _is_plain(self, text: Any) -> bool:
        """Return whether it is a text without any constant, which no test distinguishes from another such text."""
        if text.__class__ is not str or self._occurs is None:
            return False
        if text in self.remembered:
            return True
        is_plain = not self._occurs(text.casefold())
        if is_plain and len(self.remembered) < _REMEMBERED:
            self.remembered.add(text)
        return is_plain

    @cached_property
    def _occurs(self) -> Callable[[str], object] | None:
        """Return what finds a constant in a text of folded case; null if constants are not all that decides.

        Folding looks at each letter alone, and `lower()` does not: a sigma at the end of a word becomes another one.
        """
        constants: set[str] = set()
        for test in self.tests:
            if test.constants is None:
                return None
            constants.update(constant.casefold() for constant in test.constants)
        if not self.comparable:
            return None
        return re.compile("|".join(map(re.escape, sorted(constants))) if constants else "(?!)").search


def held(assignments: State, attribute: Key) -> _Held:
    """Return the value of an attribute, null if it is not assigned, or a name that differs in case.

    Return a property as it is.
    """
    value: Value | None = assignments.get(attribute)
    if isinstance(attribute, str) or (value is not None and value != []):
        return value
    lower = _lower(attribute)
    for other, value in assignments.items():
        if other.__class__ is str or value in (None, []):
            continue
        if _lower(other) == lower and other != attribute:
            return _OtherCase(str(other))
    return None


@lru_cache(4096)
def _lower(key: Key) -> tuple[str, ...]:
    return (key,) if isinstance(key, str) else (key.attribute_set.lower(), key.name.lower())


def operands(leaf: Leaf) -> tuple[Operand, ...]:
    if isinstance(leaf, Comparison):
        return leaf.left, leaf.right
    return (leaf.argument,) if isinstance(leaf, Call) else (leaf,)


@dataclass(frozen=True)
class _LeafTest:
    """The test of a leaf that asks for one attribute only.

    `constants` are the texts that decide: the outcome is the same for all texts in which none of them occurs, in large
    or small letters. It is null if something else in a text decides as well.
    """

    decide: Callable[[_Held], Answer]
    constants: tuple[str, ...] | None


class _Compiler:
    """Makes functions of the nodes of a tree."""

    def __init__(self, dialect: str, known: Known, properties: Mapping[str, str]) -> None:
        self.places: Mapping[Key, int] = {}
        self.known = known
        self.properties = properties
        self.mixed_is_unknown = dialect == "role_condition"
        self.tests: dict[Key, list[_LeafTest]] = {}
        self.related: set[Key] = set()
        self.compare = {
            "conditional_access": _conditional_access,
            "role_condition": _role_condition,
            "odata": _odata,
        }[dialect]

    def key(self, operand: Operand) -> Key | None:
        """Return the attribute or property that an operand stands for, null if it is the same for all principals."""
        if isinstance(operand, Attribute):
            return operand.named
        return self.properties.get(operand.text) if isinstance(operand, Reference) else None

    def test(self, node: Node, negated: bool) -> _Test:
        """Return the test of a node that stands behind an odd number of negations, or an even one."""
        if isinstance(node, Group):
            return self.test(node.part, negated)
        if isinstance(node, Not):
            return _negation(self.test(node.part, not negated))
        if isinstance(node, Or) and self.mixed_is_unknown and any(isinstance(part, And) for part in node.parts):
            return lambda values: _MIXED
        if isinstance(node, And | Or):
            return _combination([self.test(part, negated) for part in node.parts], decisive=isinstance(node, Or))
        return self.leaf(node, negated)

    def leaf(self, leaf: Leaf, negated: bool) -> _Test:
        """Return the test of a comparison, a function or a property."""
        if isinstance(leaf, Comparison):
            return self.comparison(leaf, negated)
        if isinstance(leaf, Reference) and (key := self.key(leaf)):
            depends = _depends(leaf.text)
            return self.of(key, lambda value: value if isinstance(value, bool) else depends)
        if isinstance(leaf, Reference):
            value = self.known.get(leaf.text)
            answer = value if isinstance(value, bool) else _depends(leaf.text)
            return lambda values: answer
        if isinstance(leaf.argument, Attribute):
            name = str(leaf.argument)
            return self.of(leaf.argument.named, lambda value: _exists(name, value), ())
        found = self.call(leaf)
        return lambda values: found

    def call(self, call: Call) -> Answer:
        """Return the answer of a function that does not ask for an attribute."""
        if isinstance(call.argument, Reference):
            return True if self.known.get(call.argument.text) is not None else _depends(call.argument.text)
        kind = "action" if call.function == "ActionMatches" else "suboperation"
        actual = self.known.get(kind)
        if call.function == "Exists" or not isinstance(actual, str):
            return _depends(f"the {kind}")
        answers = [_matches(actual, str(item.value), _ACTION) for item in _literals(call.argument)]
        return _joined(answers, decisive=True)

    def comparison(self, comparison: Comparison, negated: bool) -> _Test:
        """Return the test of a comparison, whichever side its attributes are on."""
        left, right, operator, compare = comparison.left, comparison.right, comparison.operator, self.compare
        one, other = self.key(left), self.key(right)
        if one is not None and other is not None:
            self.related |= {one, other}
            names, first, second = (_name(left), _name(right)), self.places[one], self.places[other]
            return lambda values: compare(
                names[0], operator, _compared(names[0], values[first]), _compared(names[1], values[second]), negated
            )
        if one is not None:
            name, constant = _name(left), self.constant(right)
            return self.of(
                one,
                lambda value: compare(name, operator, _compared(name, value), constant, negated),
                _constants(operator, constant),
            )
        if other is not None:
            name, constant = _name(right), self.constant(left)
            return self.of(other, lambda value: compare(name, operator, constant, _compared(name, value), negated))
        answer = compare("", operator, self.constant(left), self.constant(right), negated)
        return lambda values: answer

    def of(self, attribute: Key, test: Callable[[_Held], Answer], constants: tuple[str, ...] | None = None) -> _Test:
        """Return the test of a leaf that asks for one attribute only."""
        self.tests.setdefault(attribute, []).append(_LeafTest(test, constants))
        place = self.places[attribute]
        return lambda values: test(values[place])

    def tests_of(self, attribute: Key) -> list[_LeafTest] | None:
        """Return the tests of an attribute, or null if it is also compared with another attribute."""
        return None if attribute in self.related else self.tests.get(attribute, [])

    def constant(self, operand: Operand) -> Any:
        """Return the value of an operand other than an attribute, or Unknown."""
        if isinstance(operand, Reference):
            return self.known.get(operand.text, _depends(operand.text))
        items = [literal.value for literal in _literals(operand)]
        return items if isinstance(operand, Literals) else items[0]


def _name(operand: Operand) -> str:
    """Return the name of an attribute. That of a property is empty, for Graph compares it in another way."""
    return str(operand) if isinstance(operand, Attribute) else ""


_BY_CONSTANTS = re.compile(
    r"-(eq|ne|in|notIn|contains|notContains|startsWith|notStartsWith)|eq|ne|in|startsWith"
    r"|(For\w+:)?String(Not)?(Equals|StartsWith)(IgnoreCase)?"
)
"""Operators that only ask whether a text is a constant, begins with one, or contains one."""


def _constants(operator: str, constant: Any) -> tuple[str, ...] | None:
    """Return the texts that a comparison looks for, or null if something else in a text decides as well."""
    if not _BY_CONSTANTS.fullmatch(operator):
        return None
    return tuple(item for item in (constant if isinstance(constant, list) else [constant]) if isinstance(item, str))


def _compared(name: str, value: _Held) -> Any:
    """Return the value of an attribute as it is compared: `_MISSING` if it is not assigned, or Unknown."""
    if not name:
        return _SEVERAL if isinstance(value, list) else value
    if value is None:
        return _MISSING
    return _other_case(name, value) if isinstance(value, _OtherCase) else value


_MISSING = object()
"""The value of an attribute that is not assigned; null is a literal."""
_ACTION = re.compile(r"\*")
_WILDCARD = re.compile(r"\\[*?\\]|[*?]")


def _literals(operand: Operand) -> Sequence[Literal]:
    return operand.items if isinstance(operand, Literals) else [operand] if isinstance(operand, Literal) else []


def _depends(on: str) -> Unknown:
    return Unknown((f"It depends on {on}",))


def _other_case(name: str, found: _OtherCase) -> Unknown:
    return Unknown((f"{name} is not assigned, but {found.name} is, whose name differs in case",))


def _exists(name: str, value: _Held) -> Answer:
    return _other_case(name, value) if isinstance(value, _OtherCase) else value is not None


def _negation(test: _Test) -> _Test:
    def negated(values: Sequence[_Held]) -> Answer:
        answer = test(values)
        return answer if answer.__class__ is Unknown else not answer

    return negated


def _combination(tests: Sequence[_Test], decisive: bool) -> _Test:
    return lambda values: _joined([test(values) for test in tests], decisive)


def _joined(answers: Sequence[Answer], decisive: bool) -> Answer:
    """Join answers by and, where a false one decides, or by or, where a true one decides."""
    if decisive in answers:
        return decisive
    unknown = [answer for answer in answers if isinstance(answer, Unknown)]
    return reduce(Unknown.joined, unknown) if unknown else not decisive


def _opposite(answer: Answer) -> Answer:
    return answer if isinstance(answer, Unknown) else not answer


def _text_answer(exact: bool, ignoring_case: bool) -> Answer:
    """Return the answer where it is not documented whether case counts."""
    return True if exact else _CASE if ignoring_case else False


def _conditional_access(name: str, operator: str, left: Any, right: Any, negated: bool) -> Answer:
    """Compare as far as Conditional Access documents it (consumer-facts 1).

    The treatment of case is unknown, and for several values only Contains is shown.
    """
    positive = _POSITIVE.get(operator, operator)
    if left is _MISSING:
        undocumented = negated or positive is not operator or right is None
        return Unknown((_ABSENT.format(name, operator),)) if undocumented else False
    if isinstance(left, Unknown):
        return left
    if right is None or positive == "-match":
        what = f"{operator} null" if right is None else operator
        return Unknown((f"How Conditional Access evaluates {what} is not documented",))
    answer = _conditional_access_text(name, positive, left, right)
    return answer if positive is operator else _opposite(answer)


def _conditional_access_text(name: str, operator: str, left: Any, right: Any) -> Answer:
    several, wanted = isinstance(left, list), right if isinstance(right, list) else [right]
    if several and operator != "-contains":
        return Unknown((_MULTIPLE.format(name, operator),))
    for item in [*(left if several else [left]), *wanted]:
        if not isinstance(item, str):
            return Unknown((_TYPE.format(name, "a value that is not text", "Conditional Access"),))
    if operator == "-startsWith":
        return _text_answer(left.startswith(right), left.casefold().startswith(right.casefold()))
    if operator == "-contains":
        texts = left if several else [left]
        folded = [text.casefold() for text in texts]
        if right in texts or right.casefold() in folded:
            return _text_answer(right in texts, ignoring_case=True)
        if any(right.casefold() in text for text in folded):
            return Unknown((f"Whether {operator} finds a part of a text is not documented",))
        return False
    return _text_answer(left in wanted, left.casefold() in [item.casefold() for item in wanted])


_POSITIVE = {
    "-ne": "-eq",
    "-notIn": "-in",
    "-notContains": "-contains",
    "-notStartsWith": "-startsWith",
    "-notMatch": "-match",
}


def _odata(name: str, operator: str, left: Any, right: Any, negated: bool) -> Answer:
    """Compare as Graph documents it for filters on attributes (graph-facts 3).

    Text is case-sensitive, eq finds any element of a collection, and ne is the negation of eq, also without a value.
    Whether case counts in other properties, which have no `name` here, is not documented.
    """
    for side in (left, right):
        if isinstance(side, Unknown):
            return side
    if right is _MISSING and operator in ("eq", "ne"):
        left, right = right, left
    if operator in ("eq", "ne"):
        answer = _odata_equal(name, left, right)
        return _opposite(answer) if operator == "ne" else answer
    if (left is _MISSING or (left is None and not name)) and operator in ("in", "startsWith"):
        return Unknown((_ABSENT.format(name, operator),)) if negated else False
    if isinstance(left, list) or right is _MISSING:
        return Unknown((_MULTIPLE.format(name, operator),))
    if operator == "in" and isinstance(right, list):
        return _joined([_odata_equal(name, left, item) for item in right], decisive=True)
    if operator == "startsWith" and isinstance(left, str) and isinstance(right, str):
        exact = left.startswith(right)
        return exact if name else _text_answer(exact, left.casefold().startswith(right.casefold()))
    return Unknown((f"How Graph evaluates {operator} for {name or 'this property'} is not documented",))


def _odata_equal(name: str, left: Any, right: Any) -> Answer:
    if left is None or right is None:
        return left in (None, _MISSING) and right in (None, _MISSING)
    if left is _MISSING or right is _MISSING:
        return False
    if isinstance(right, list) and not isinstance(left, list):
        left, right = right, left
    if isinstance(right, list):
        return Unknown((_MULTIPLE.format(name, "eq"),))
    if isinstance(left, list):
        return _joined([_odata_equal(name, item, right) for item in left], decisive=True)
    if type_of(left) != type_of(right):
        return Unknown((_TYPE.format(name or "This property", "a value of another type", "Graph"),))
    if not name and isinstance(left, str):
        return _text_answer(left == right, left.casefold() == right.casefold())
    return bool(left == right)


_NUMERIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "Equals": eq,
    "NotEquals": ne,
    "LessThan": lt,
    "LessThanEquals": le,
    "GreaterThan": gt,
    "GreaterThanEquals": ge,
}


def _role_condition(name: str, operator: str, left: Any, right: Any, negated: bool) -> Answer:
    """Compare as the format of conditions documents it (consumer-facts 3)."""
    cross, _colon, base = operator.rpartition(":")
    every_left, every_right = cross.startswith("ForAll"), cross.endswith("AllValues")
    if left is _MISSING or right is _MISSING:
        undocumented = negated or "Not" in base or every_left or every_right
        return Unknown((_ABSENT.format(name, operator),)) if undocumented else False
    for side in (left, right):
        if isinstance(side, Unknown):
            return side
    lefts, rights = (side if isinstance(side, list) else [side] for side in (left, right))
    if not cross and (len(lefts) != 1 or len(rights) != 1):
        return Unknown((_MULTIPLE.format(name or "One side", operator),))
    compare = _pair_test(name, base)
    rows = [_joined([compare(one, other) for other in rights], decisive=not every_right) for one in lefts]
    return _joined(rows, decisive=not every_left)


@lru_cache(1024)
def _pair_test(name: str, operator: str) -> Callable[[Any, Any], Answer]:
    """Return what compares two single values."""
    kind = next(kind for kind in ("String", "Numeric", "Bool", "Guid", "DateTime") if operator.startswith(kind))
    rest = operator.removeprefix(kind)
    wanted: type = {"Numeric": int, "Bool": bool}.get(kind, str)
    mistyped = Unknown((_TYPE.format(name or "One side", "a value of another type", operator),))
    compare = _text_test(rest)
    if kind == "DateTime":
        return lambda left, right: Unknown((f"{operator} is not evaluated here",))
    if kind == "Numeric":
        compare = _NUMERIC[rest]
    if kind == "Bool":
        compare = eq if rest == "Equals" else ne

    def of_type(left: Any, right: Any) -> Answer:
        for value in (left, right):
            if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
                return mistyped
        return compare(left, right)

    def of_guids(left: Any, right: Any) -> Answer:
        if not all(isinstance(value, str) and is_guid(value) for value in (left, right)):
            return mistyped
        return (left.lower() == right.lower()) is (rest == "Equals")

    return of_guids if kind == "Guid" else of_type


def _text_test(operator: str) -> Callable[[Any, Any], bool]:
    """Return what compares two texts by the rest of an operator, such as NotLikeIgnoreCase."""
    name = operator.removesuffix("IgnoreCase").removeprefix("Not")
    compare: Callable[[Any, Any], bool] = {
        "StartsWith": lambda left, right: left.startswith(right),
        "Like": lambda left, right: bool(_pattern(right, _WILDCARD).fullmatch(left)),
    }.get(name, eq)
    positive = not operator.startswith("Not")
    if operator.endswith("IgnoreCase"):
        return lambda left, right: compare(left.lower(), right.lower()) is positive
    return lambda left, right: compare(left, right) is positive


@lru_cache(1024)
def _pattern(text: str, wildcards: re.Pattern[str]) -> re.Pattern[str]:
    """Return the pattern that a text with wildcards stands for; a backslash makes a wildcard a character.

    Each part between asterisks is looked for once, from the left, so that no text takes long.
    """
    parts, position = [""], 0
    for match in wildcards.finditer(text):
        parts[-1] += re.escape(text[position : match.start()])
        if match[0] == "*":
            parts.append("")
        else:
            parts[-1] += "." if match[0] == "?" else re.escape(match[0][1:])
        position = match.end()
    parts[-1] += re.escape(text[position:])
    first, *others = parts
    last = f".*{others.pop()}" if others else ""
    inner = (f"(?=(?P<part{number}>.*?{part}))(?P=part{number})" for number, part in enumerate(others) if part)
    return re.compile(f"{first}{''.join(inner)}{last}", re.DOTALL)


def _matches(actual: str, pattern: str, wildcards: re.Pattern[str]) -> Answer:
    """Whether an action matches a pattern, where it is not documented whether case counts."""
    return _text_answer(
        bool(_pattern(pattern, wildcards).fullmatch(actual)),
        bool(_pattern(pattern.lower(), wildcards).fullmatch(actual.lower())),
    )
