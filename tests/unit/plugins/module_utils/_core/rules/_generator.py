# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random rules of each dialect, random assignments, and a second evaluator that knows nothing of the first.

The evaluator is naive: it walks the tree for each principal, and asks each comparison for its outcomes under every
reading of what is not documented. A comparison of a missing attribute may be false or null, and null does not match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from random import Random
from typing import Any

from ansible_collections.entra.attributes.plugins.module_utils._core.rules.conditions import (
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
    Or,
    Reference,
)

SETS = ("Engineering", "Marketing")
NAMES = ("Project", "Level", "Country")
TEXTS = ("Baker", "baker", "Bake", "BAKERY", "Cascade", "a b", "-eq", "x\u00e9", "5", "true", "and")
NUMBERS = (0, 1, -3, 5, 2147483647)
GUIDS = ("5e467623-bb1f-42f4-a55d-6e525e11384b", "5E467623-BB1F-42F4-A55D-6E525E11384B")
ATTRIBUTES = [Attribute(attribute_set, name) for attribute_set, name in product(SETS, NAMES)]
CONTAINER, PATH = Reference("@Resource[containers:name]"), Reference("@Request[path]")
KNOWN: dict[str, Any] = {CONTAINER.text: "Baker", "action": "Blobs/Read", "department": "Baker", "accountEnabled": True}


def rule(random: Random, dialect: str, depth: int = 3) -> Node:
    """Return a random tree in the form in which a parser returns it."""
    kind = random.choice(("leaf", "and", "or", "not", "group")) if depth else "leaf"
    if kind == "leaf":
        return LEAVES[dialect](random)
    if kind == "group":
        return Group(rule(random, dialect, depth - 1))
    if kind == "not":
        part = rule(random, dialect, depth - 1)
        bare = not isinstance(part, And | Or) and (dialect != "odata" or not isinstance(part, Comparison | Not))
        return Not(part if bare else Group(part))
    parts = [rule(random, dialect, depth - 1) for _number in range(random.choice((2, 2, 3)))]
    if kind == "and":
        return And(tuple(Group(part) if isinstance(part, And | Or) else part for part in parts))
    return Or(tuple(Group(part) if isinstance(part, Or) else part for part in parts))


def _conditional_access(random: Random) -> Leaf:
    operator = random.choice(
        ("eq", "ne", "startsWith", "notStartsWith", "contains", "notContains", "in", "notIn", "match", "notMatch")
    )
    texts = (*TEXTS, 'say "hi"', "tick`", "it's")
    if operator in ("in", "notIn"):
        return Comparison(random.choice(ATTRIBUTES), f"-{operator}", _literals(random, texts))
    return Comparison(random.choice(ATTRIBUTES), f"-{operator}", Literal(random.choice((*texts, None))))


def _odata(random: Random) -> Leaf:
    operator = random.choice(("eq", "ne", "in", "startsWith", "eq", "ne", "ge"))
    if random.random() < 0.15:
        return random.choice((Reference("accountEnabled"), Comparison(Reference("department"), "eq", Literal("Baker"))))
    attribute = random.choice(ATTRIBUTES)
    if operator == "in":
        return Comparison(attribute, operator, _literals(random, (*TEXTS, "it's")))
    values = (*TEXTS, "it's") if operator == "startsWith" else (*TEXTS, *NUMBERS, True, False, None)
    return Comparison(attribute, operator, Literal(random.choice(values)))


def _role_condition(random: Random) -> Leaf:
    chance = random.random()
    if chance < 0.1:
        return Call("ActionMatches", _literals(random, ("Blobs/*", "blobs/read", "Queues/Read", "*")))
    if chance < 0.15:
        return Call("SubOperationMatches", Literals((Literal("Blob.List"),)))
    if chance < 0.2:
        return Call("Exists", random.choice([*ATTRIBUTES, CONTAINER, PATH]))
    kind, values = random.choice((("String", TEXTS), ("String", TEXTS), ("Numeric", NUMBERS), ("Guid", GUIDS)))
    names = {
        "String": [f"{no}{name}{case}" for no, name, case in product(("", "Not"), _TEXT_TESTS, ("", "IgnoreCase"))],
        "Numeric": list(_NUMBER_TESTS),
        "Guid": ["Equals", "NotEquals"],
    }[kind]
    operator = f"{kind}{random.choice(names)}"
    left: Any = random.choice(ATTRIBUTES)
    right: Any = random.choice([*ATTRIBUTES, CONTAINER, PATH]) if random.random() < 0.3 else None
    if random.random() < 0.5:
        operator = f"For{random.choice(('Any', 'All'))}Of{random.choice(('Any', 'All'))}Values:{operator}"
        right = right or _literals(random, values)
    right = right or Literal(random.choice(values))
    return Comparison(*random.choice(((left, operator, right), (right, operator, left))))


def _literals(random: Random, values: tuple[Any, ...]) -> Literals:
    return Literals(tuple(Literal(random.choice(values)) for _number in range(random.choice((1, 2, 3)))))


LEAVES: dict[str, Callable[[Random], Leaf]] = {
    "conditional_access": _conditional_access,
    "odata": _odata,
    "role_condition": _role_condition,
}


def assignments(random: Random) -> dict[str, dict[str, Any]]:
    """Return what a principal may have: each attribute absent, single, or multi-valued."""
    held: dict[str, dict[str, Any]] = {}
    for attribute in ATTRIBUTES:
        kind = random.choice(("none", "text", "text", "texts", "number", "numbers", "boolean", "guid"))
        value = {
            "none": None,
            "text": random.choice(TEXTS),
            "texts": random.sample(TEXTS, random.choice((1, 2, 3))),
            "number": random.choice(NUMBERS),
            "numbers": random.sample(NUMBERS, 2),
            "boolean": random.choice((True, False)),
            "guid": random.choice(GUIDS),
        }[kind]
        if value is not None:
            held.setdefault(attribute.attribute_set, {})[attribute.name] = value
    return held


# The possible outcomes of a comparison. A tree combines them in the logic of SQL.
T, F, U, N = "true", "false", "unknown", "false or null"
_FALSE, _NULL, _TRUE = range(3)
_POSSIBLE = {T: {_TRUE}, F: {_FALSE}, U: {_FALSE, _NULL, _TRUE}, N: {_FALSE, _NULL}}


def naive(node: Node, dialect: str, held: dict[str, dict[str, Any]], known: dict[str, Any]) -> bool | None:
    """Return what a rule decides, null for unknown."""
    possible = _possible(node, dialect, held, known)
    return True if possible == {_TRUE} else None if _TRUE in possible else False


def _possible(node: Node, dialect: str, held: dict[str, dict[str, Any]], known: dict[str, Any]) -> set[int]:
    if isinstance(node, Group):
        return _possible(node.part, dialect, held, known)
    if isinstance(node, Not):
        return {_TRUE - outcome for outcome in _possible(node.part, dialect, held, known)}
    if isinstance(node, And | Or):
        if dialect == "role_condition" and isinstance(node, Or) and any(isinstance(part, And) for part in node.parts):
            return _POSSIBLE[U]
        parts = [_possible(part, dialect, held, known) for part in node.parts]
        return {(min if isinstance(node, And) else max)(outcomes) for outcomes in product(*parts)}
    return _POSSIBLE[{"conditional_access": _ca, "odata": _graph, "role_condition": _azure}[dialect](node, held, known)]


def _value(operand: Any, held: dict[str, dict[str, Any]], known: dict[str, Any]) -> Any:
    """Return the value of an operand; `...` where it is unknown, `()` where an attribute is not assigned."""
    if isinstance(operand, Attribute):
        return held.get(operand.attribute_set, {}).get(operand.name, ())
    if isinstance(operand, Reference):
        return known.get(operand.text, ...)
    return [item.value for item in operand.items] if isinstance(operand, Literals) else operand.value


def _agreed(outcomes: Iterator[bool]) -> str:
    found = set(outcomes)
    return U if len(found) > 1 else T if True in found else F


def _ca(leaf: Leaf, held: dict[str, dict[str, Any]], known: dict[str, Any]) -> str:
    assert isinstance(leaf, Comparison)
    value, wanted = _value(leaf.left, held, known), _value(leaf.right, held, known)
    negative = leaf.operator.lower().startswith(("-ne", "-not"))
    name = {"-ne": "eq"}.get(leaf.operator) or leaf.operator[1:].replace("notS", "s").replace("notC", "c")
    name = name.replace("notIn", "in")
    if value == ():
        return U if negative or wanted is None else N
    if wanted is None or "atch" in name:
        return U
    several = isinstance(value, list)
    if (several and name != "contains") or not all(isinstance(item, str) for item in (value if several else [value])):
        return U

    def readings() -> Iterator[bool]:
        for fold in (str, str.lower):
            items = [fold(item) for item in (value if several else [value])]
            among = [fold(item) for item in (wanted if isinstance(wanted, list) else [wanted])]
            if name == "startsWith":
                yield any(item[: len(among[0])] == among[0] for item in items)
            else:
                yield bool(set(items) & set(among))
            if name == "contains":
                yield any(item.find(among[0]) >= 0 for item in items)

    outcome = _agreed(readings())
    return {T: F, F: T, U: U}[outcome] if negative else outcome


def _graph(leaf: Leaf, held: dict[str, dict[str, Any]], known: dict[str, Any]) -> str:
    if isinstance(leaf, Reference):
        return {True: T, False: F}.get(known.get(leaf.text), U)  # type: ignore[call-overload,no-any-return]
    assert isinstance(leaf, Comparison)
    value, wanted = _value(leaf.left, held, known), _value(leaf.right, held, known)
    if value is ...:
        return U
    if leaf.operator == "ge":
        return U
    if leaf.operator in ("eq", "ne"):
        outcome = _equal(value, wanted)
        return {T: F, F: T, U: U}[outcome] if leaf.operator == "ne" else outcome
    if value == ():
        return N
    if isinstance(value, list):
        return U
    if leaf.operator == "in":
        outcomes = {_equal(value, item) for item in wanted}
        return T if T in outcomes else U if U in outcomes else F
    if not isinstance(value, str):
        return U
    return T if value.startswith(wanted) else F


def _equal(value: Any, wanted: Any) -> str:
    if value == () or wanted is None:
        return T if value == () and wanted is None else F
    items = value if isinstance(value, list) else [value]
    if any(type(item) is type(wanted) and item == wanted for item in items):
        return T
    return U if any(type(item) is not type(wanted) for item in items) else F


_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "Equals": lambda left, right: left == right,
    "StartsWith": lambda left, right: left.startswith(right),
    "Like": lambda left, right: left == right,  # no text here has a wildcard
}
_NUMBER_TESTS: dict[str, Callable[[int, int], bool]] = {
    "Equals": lambda left, right: left == right,
    "NotEquals": lambda left, right: left != right,
    "LessThan": lambda left, right: left < right,
    "LessThanEquals": lambda left, right: left <= right,
    "GreaterThan": lambda left, right: left > right,
    "GreaterThanEquals": lambda left, right: left >= right,
}


def _azure(leaf: Leaf, held: dict[str, dict[str, Any]], known: dict[str, Any]) -> str:
    if isinstance(leaf, Call):
        return _function(leaf, held, known)
    assert isinstance(leaf, Comparison)
    left, right = _value(leaf.left, held, known), _value(leaf.right, held, known)
    if () in (left, right):
        harmless = "ForAll" not in leaf.operator and "AllValues" not in leaf.operator and "Not" not in leaf.operator
        return N if harmless else U
    if left is ... or right is ...:
        return U
    lefts, rights = (side if isinstance(side, list) else [side] for side in (left, right))
    cross, _colon, operator = leaf.operator.rpartition(":")
    if not cross and len(lefts) * len(rights) != 1:
        return U
    table = [[_pair(operator, one, other) for other in rights] for one in lefts]
    rows = [_quantified(row, "AllValues" in cross) for row in table]
    return _quantified(rows, "ForAll" in cross)


def _quantified(outcomes: list[str], every: bool) -> str:
    order = (F, U, T) if every else (T, U, F)
    return next(outcome for outcome in order if outcome in outcomes)


def _pair(operator: str, left: Any, right: Any) -> str:
    if operator.startswith("Numeric"):
        if not all(isinstance(side, int) and not isinstance(side, bool) for side in (left, right)):
            return U
        return T if _NUMBER_TESTS[operator[7:]](left, right) else F
    if operator.startswith("Guid"):
        if not all(side in GUIDS for side in (left, right)):
            return U
        return T if (left.upper() == right.upper()) != ("Not" in operator) else F
    if not all(isinstance(side, str) for side in (left, right)):
        return U
    if operator.endswith("IgnoreCase"):
        left, right = left.upper(), right.upper()
    name = operator.replace("String", "").replace("IgnoreCase", "").replace("Not", "")
    return T if _TEXT_TESTS[name](left, right) != ("Not" in operator) else F


def _function(call: Call, held: dict[str, dict[str, Any]], known: dict[str, Any]) -> str:
    if isinstance(call.argument, Attribute):
        return F if _value(call.argument, held, known) == () else T
    if isinstance(call.argument, Reference):
        return T if call.argument.text in known else U
    action = known.get("action" if call.function == "ActionMatches" else "suboperation")
    if action is None:
        return U
    assert isinstance(call.argument, Literals)
    outcomes = set()
    for item in call.argument.items:
        parts = str(item.value).split("*")
        assert len(parts) <= 2
        outcomes.add(
            _agreed(
                iter(
                    [
                        fold(action).startswith(fold(parts[0])) and fold(action).endswith(fold(parts[-1]))
                        if len(parts) == 2
                        else fold(action) == fold(parts[0])
                        for fold in (str, str.lower)
                    ]
                )
            )
        )
    return next(outcome for outcome in (T, U, F) if outcome in outcomes)
