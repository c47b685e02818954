# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What a rule decides for given assignments: true, false, or unknown with its reasons. Pure.

Only what Microsoft documents is answered. A comparison of an attribute that is not assigned does not hold. Whether its
negation holds is documented for OData alone (graph-facts 3, consumer-facts 1 and 3), so elsewhere a negated comparison
of a missing attribute is unknown. For that, each comparison is compiled with the number of negations in front of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import eq, ge, gt, itemgetter, le, lt, ne
from typing import Any, TypeAlias

from ..model import BOOLEAN, INTEGER, STRING, NestedAssignments, Value
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
from .role_conditions import GUID


@dataclass(frozen=True)
class Unknown:
    """Neither true nor false: what would have to be known."""

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
_MIXED = Unknown(("AND and OR are mixed without parentheses, which is ambiguous",))


class Evaluator:
    """A rule that is ready to be applied to many principals.

    `attributes` are those that decide, each once; `known` is the same for all principals.
    """

    def __init__(self, tree: Node, dialect: str, known: Known | None = None) -> None:
        named = [operand for leaf in leaves(tree) for operand in _operands(leaf) if isinstance(operand, Attribute)]
        self.attributes = tuple(dict.fromkeys(named))
        self._compiler = _Compiler(dialect, {name: place for place, name in enumerate(self.attributes)}, known or {})
        self.decide = self._compiler.test(tree, negated=False)
        """The answer for the values of `attributes`, in this order."""

    def __call__(self, assignments: NestedAssignments) -> Answer:
        """Return the answer for the assignments of a principal."""
        return self.decide([held(assignments, attribute) for attribute in self.attributes])


def evaluate(tree: Node, dialect: str, assignments: NestedAssignments, known: Known | None = None) -> Answer:
    """Return what a rule decides for the assignments of one principal."""
    return Evaluator(tree, dialect, known)(assignments)


def evaluate_many(rules: Sequence[Evaluator], principals: Iterable[NestedAssignments]) -> Iterator[tuple[Answer, ...]]:
    """Yield for each principal the answers of all rules. Principals with the same relevant values are decided once."""
    attributes = list(dict.fromkeys(attribute for rule in rules for attribute in rule.attributes))
    places = {attribute: place for place, attribute in enumerate(attributes)}
    relevant = [_selection([places[attribute] for attribute in rule.attributes]) for rule in rules]
    decided: list[dict[Any, Answer]] = [{} for rule in rules]
    seen: dict[tuple[Any, ...], tuple[Answer, ...]] = {}
    for assignments in principals:
        values = [held(assignments, attribute) for attribute in attributes]
        # A list cannot be a key, and 1 must not stand for true.
        key = tuple([value if value.__class__ is str else (value.__class__, repr(value)) for value in values])
        answers = seen.get(key)
        if answers is None:
            found = []
            for rule, select, known in zip(rules, relevant, decided, strict=True):
                part = select(key)
                answer = known.get(part)
                if answer is None:
                    answer = known[part] = rule.decide(select(values))
                found.append(answer)
            answers = seen[key] = tuple(found)
        yield answers


def _selection(places: list[int]) -> Callable[[Sequence[Any]], Any]:
    """Return what picks the items at some places, always as a sequence."""
    if len(places) == 1:
        place = places[0]
        return lambda items: (items[place],)
    return itemgetter(*places) if places else lambda items: ()


def held(assignments: NestedAssignments, attribute: Attribute) -> _Held:
    """Return the value of an attribute, null if it is not assigned. A name that differs in case is no answer."""
    values = assignments.get(attribute.attribute_set)
    value = None if values is None else values.get(attribute.name)
    if value is not None and value != []:
        return value
    for attribute_set, members in assignments.items():
        if attribute_set == attribute.attribute_set or attribute_set.lower() == _lower(attribute.attribute_set):
            for name, other in members.items():
                if name.lower() == _lower(attribute.name) and other is not None and other != [] and other is not value:
                    return _OtherCase(f"{attribute_set}.{name}")
    return None


@lru_cache
def _lower(name: str) -> str:
    return name.lower()


def _operands(leaf: Leaf) -> tuple[Operand, ...]:
    if isinstance(leaf, Comparison):
        return leaf.left, leaf.right
    return (leaf.argument,) if isinstance(leaf, Call) else (leaf,)


class _Compiler:
    """Makes functions of the nodes of a tree."""

    def __init__(self, dialect: str, places: Mapping[Attribute, int], known: Known) -> None:
        self.places = places
        self.known = known
        self.mixed_is_unknown = dialect == "role_condition"
        self.compare = {
            "conditional_access": _conditional_access,
            "role_condition": _role_condition,
            "odata": _odata,
        }[dialect]

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
        if isinstance(leaf, Reference):
            value = self.known.get(leaf.text)
            answer = value if isinstance(value, bool) else _depends(leaf.text)
            return lambda values: answer
        if isinstance(leaf.argument, Attribute):
            place, name = self.places[leaf.argument], str(leaf.argument)
            return lambda values: _exists(name, values[place])
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
        return _any(answers)

    def comparison(self, comparison: Comparison, negated: bool) -> _Test:
        """Return the test of a comparison, whichever side its attributes are on."""
        left, right = self.side(comparison.left), self.side(comparison.right)
        names = [str(one) for one in (comparison.left, comparison.right) if isinstance(one, Attribute)]
        name, operator, compare = names[0] if names else "", comparison.operator, self.compare

        return lambda values: compare(name, operator, left(values), right(values), negated)

    def side(self, operand: Operand) -> Callable[[Sequence[_Held]], Any]:
        """Return what gets the value of an operand: `_MISSING` for an attribute that is not assigned, or Unknown."""
        if isinstance(operand, Attribute):
            place, name = self.places[operand], str(operand)

            def value(values: Sequence[_Held]) -> Any:
                found = values[place]
                if found is None:
                    return _MISSING
                return _other_case(name, found) if isinstance(found, _OtherCase) else found

            return value
        constant: Any
        if isinstance(operand, Reference):
            constant = self.known.get(operand.text, _depends(operand.text))
        else:
            items = [literal.value for literal in _literals(operand)]
            constant = items if isinstance(operand, Literals) else items[0]
        return lambda values: constant


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
    return lambda values: _joined((test(values) for test in tests), decisive)


def _joined(answers: Iterable[Answer], decisive: bool) -> Answer:
    """Join answers by and, of which a false one decides, or by or, of which a true one decides."""
    unknown: Unknown | None = None
    for answer in answers:
        if answer is decisive:
            return decisive
        if isinstance(answer, Unknown):
            unknown = answer if unknown is None else unknown.joined(answer)
    return not decisive if unknown is None else unknown


def _any(answers: Iterable[Answer]) -> Answer:
    return _joined(answers, decisive=True)


def _all(answers: Iterable[Answer]) -> Answer:
    return _joined(answers, decisive=False)


def _opposite(answer: Answer) -> Answer:
    return answer if isinstance(answer, Unknown) else not answer


def _text_answer(exact: bool, ignoring_case: bool) -> Answer:
    """Return the answer where it is not documented whether case counts."""
    return True if exact else _CASE if ignoring_case else False


def _conditional_access(name: str, operator: str, left: Any, right: Any, negated: bool) -> Answer:
    """Compare as far as Conditional Access documents it (consumer-facts 1).

    The treatment of case is unknown, and for several values only Contains is shown.
    """
    negative = operator in ("-ne", "-notIn", "-notContains", "-notStartsWith", "-notMatch")
    if left is _MISSING:
        return Unknown((_ABSENT.format(name, operator),)) if negated or negative or right is None else False
    answer: Answer
    if isinstance(left, Unknown):
        return left
    if right is None or operator in ("-match", "-notMatch"):
        return Unknown(
            (f"How Conditional Access evaluates {operator}{' null' if right is None else ''} is not documented",)
        )
    wanted = right if isinstance(right, list) else [right]
    if not all(isinstance(item, str) for item in wanted):
        return Unknown((_TYPE.format(name, "text", "Conditional Access"),))
    if isinstance(left, list):
        if operator not in ("-contains", "-notContains") or not all(isinstance(item, str) for item in left):
            return Unknown((_MULTIPLE.format(name, operator),))
        answer = _text_answer(right in left, any(right.lower() in item.lower() for item in left))
    elif not isinstance(left, str):
        return Unknown((_TYPE.format(name, "a value that is not text", "Conditional Access"),))
    elif operator in ("-startsWith", "-notStartsWith"):
        answer = _text_answer(left.startswith(right), left.lower().startswith(right.lower()))
    elif operator in ("-contains", "-notContains"):
        if left != right and right.lower() in left.lower():
            return Unknown((f"Whether {operator} finds a part of a text is not documented",))
        answer = left == right
    else:
        answer = _text_answer(left in wanted, left.lower() in [item.lower() for item in wanted])
    return _opposite(answer) if negative else answer


def _odata(name: str, operator: str, left: Any, right: Any, negated: bool) -> Answer:
    """Compare as Graph documents it for filters on attributes (graph-facts 3).

    Text is case-sensitive, eq finds any element of a collection, and ne is the negation of eq, also without a value.
    """
    for side in (left, right):
        if isinstance(side, Unknown):
            return side
    if not name and isinstance(left, str) and isinstance(right, str) and operator in ("eq", "ne") and left != right:
        same = left.lower() == right.lower()
        return _CASE if same else operator == "ne"
    if right is _MISSING and operator in ("eq", "ne"):
        left, right = right, left
    if operator in ("eq", "ne"):
        answer = _odata_equal(name, left, right)
        return _opposite(answer) if operator == "ne" else answer
    if left is _MISSING and operator in ("in", "startsWith"):
        return Unknown((_ABSENT.format(name, operator),)) if negated else False
    if isinstance(left, list) or right is _MISSING:
        return Unknown((_MULTIPLE.format(name, operator),))
    if operator == "in" and isinstance(right, list):
        return _any(_odata_equal(name, left, item) for item in right)
    if operator == "startsWith" and isinstance(left, str) and isinstance(right, str):
        return left.startswith(right)
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
        return _any(_odata_equal(name, item, right) for item in left)
    if type_of(left) != type_of(right):
        return Unknown((_TYPE.format(name, "a value of another type", "Graph"),))
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
    right_quantifier, left_quantifier = (_all if every_right else _any), (_all if every_left else _any)
    return left_quantifier(right_quantifier(_role_pair(name, base, one, other) for other in rights) for one in lefts)


def _role_pair(name: str, operator: str, left: Any, right: Any) -> Answer:
    """Compare two single values."""
    kind = next(kind for kind in ("String", "Numeric", "Bool", "Guid", "DateTime") if operator.startswith(kind))
    rest = operator.removeprefix(kind)
    wanted = {"Numeric": INTEGER, "Bool": BOOLEAN}.get(kind, STRING)
    guids = kind == "Guid" and all(isinstance(side, str) and GUID.fullmatch(side) for side in (left, right))
    if {type_of(left), type_of(right)} != {wanted} or (kind == "Guid" and not guids):
        return Unknown((_TYPE.format(name or "One side", "a value of another type", operator),))
    if kind == "DateTime":
        return Unknown((f"{operator} is not evaluated here",))
    if kind == "Numeric":
        return bool(_NUMERIC[rest](left, right))
    if kind == "Bool":
        return (left is right) is (rest == "Equals")
    if kind == "Guid":
        return (left.lower() == right.lower()) is (rest == "Equals")
    if rest.endswith("IgnoreCase"):
        left, right, rest = left.lower(), right.lower(), rest.removesuffix("IgnoreCase")
    negative, rest = rest.startswith("Not"), rest.removeprefix("Not")
    if rest == "Like":
        return bool(_pattern(right, _WILDCARD).fullmatch(left)) is not negative
    return (left == right if rest == "Equals" else left.startswith(right)) is not negative


@lru_cache(1024)
def _pattern(text: str, wildcards: re.Pattern[str]) -> re.Pattern[str]:
    """Return the pattern that a text with wildcards stands for; a backslash makes a wildcard a character."""
    meant = {"*": ".*", "?": "."}
    parts, position = [], 0
    for match in wildcards.finditer(text):
        parts.append(re.escape(text[position : match.start()]))
        parts.append(meant.get(match[0]) or re.escape(match[0][1:]))
        position = match.end()
    return re.compile("".join([*parts, re.escape(text[position:])]), re.DOTALL)


def _matches(actual: str, pattern: str, wildcards: re.Pattern[str]) -> Answer:
    """Whether an action matches a pattern, where it is not documented whether case counts."""
    return _text_answer(
        bool(_pattern(pattern, wildcards).fullmatch(actual)),
        bool(_pattern(pattern.lower(), wildcards).fullmatch(actual.lower())),
    )
