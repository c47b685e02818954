# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluation of rules: the documented semantics, and unknown for everything else."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.model import AttributeName, flat
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.dialects import DIALECTS
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.evaluation import (
    Answer,
    Evaluator,
    Unknown,
    evaluate,
    evaluate_many,
)

from ._generator import ATTRIBUTES, KNOWN, TEXTS, assignments, naive, rule

CA, ROLE, ODATA = "conditional_access", "role_condition", "odata"
PRINCIPAL = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:S_A]"
GUID = "5e467623-bb1f-42f4-a55d-6e525e11384b"


def answer(dialect: str, text: str, value: Any, **known: Any) -> bool | None:
    """Return what a rule decides where S.A has a value, null for unknown."""
    held = {} if value is None else {AttributeName("S", "A"): value}
    found = evaluate(DIALECTS[dialect].parse(text, ()), dialect, held, known)
    return None if isinstance(found, Unknown) else found


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ('-eq "x"', "x", True),
        ('-eq "x"', "y", False),
        ('-eq "x"', "X", None),  # whether case counts is unknown
        ('-eq "x"', None, False),
        ('-eq "x"', ["x"], None),  # the treatment of several values is unknown
        ('-eq "x"', ["x", "y"], None),
        ('-eq "8"', 8, None),  # only String attributes work
        ('-eq "true"', True, None),
        ("-eq null", None, None),
        ("-ne null", "x", None),
        ('-ne "x"', "y", True),
        ('-ne "x"', "x", False),
        ('-ne "x"', "X", None),
        ('-ne "x"', None, None),  # whether ne holds without a value is unknown
        ('-ne "x"', ["y"], None),
        ('-contains "x"', ["x", "y"], True),
        ('-contains "x"', ["y", "z"], False),
        ('-contains "x"', ["X"], None),
        ('-contains "x"', ["xy"], None),  # a part of a value
        ('-contains "x"', "x", True),
        ('-contains "x"', "xy", None),
        ('-contains "x"', "y", False),
        ('-contains "x"', None, False),
        ('-notContains "x"', ["y"], True),
        ('-notContains "x"', ["x", "y"], False),
        ('-notContains "x"', None, None),
        ('-in ["x","y"]', "y", True),
        ('-in ["x","y"]', "Y", None),
        ('-in ["x","y"]', "z", False),
        ('-in ["x","y"]', None, False),
        ('-in ["x","y"]', ["x"], None),
        ('-notIn ["x","y"]', "z", True),
        ('-startsWith "x"', "xy", True),
        ('-startsWith "x"', "Xy", None),
        ('-startsWith "x"', "yx", False),
        ('-notStartsWith "x"', "yx", True),
        ('-match "x"', "x", None),
        ('-match "x"', None, False),
    ],
)
def test_conditional_access(condition: str, value: Any, expected: bool | None) -> None:
    assert answer(CA, f"CustomSecurityAttribute.S_A {condition}", value) is expected


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ("StringEquals 'x'", "x", True),
        ("StringEquals 'x'", "X", False),  # case-sensitive
        ("StringEqualsIgnoreCase 'x'", "X", True),
        ("StringNotEquals 'x'", "X", True),
        ("StringStartsWith 'x'", "xy", True),
        ("StringNotStartsWithIgnoreCase 'x'", "Xy", False),
        ("StringLike 'a*c?'", "abcd", True),
        ("StringLike 'A*C?'", "abcd", False),
        ("StringLike 'a*c'", "abcd", False),
        ("StringLikeIgnoreCase 'A*C?'", "abcd", True),
        (r"StringLike 'a\*'", "a*", True),
        (r"StringLike 'a\*'", "ab", False),
        (r"StringLike 'a\?b'", "a?b", True),
        ("StringLike 'a.c'", "abc", False),
        ("StringNotLike 'a*'", "b", True),
        ("NumericGreaterThanEquals 5", 5, True),
        ("NumericLessThan 5", 5, False),
        ("NumericEquals 5", "5", None),
        ("BoolEquals true", True, True),
        ("BoolNotEquals true", True, False),
        ("BoolEquals true", 1, None),
        (f"GuidEquals {GUID}", GUID.upper(), True),
        (f"GuidEquals {GUID}", "x", None),
        ("DateTimeEquals '2022-06-01T00:00:00.0Z'", "2022-06-01T00:00:00.0Z", None),
        ("StringEquals 'x'", ["x"], True),
        ("StringEquals 'x'", ["x", "y"], None),
        ("StringEquals 'x'", 8, None),
        ("StringEquals 'x'", None, False),
        ("StringNotEquals 'x'", None, None),
        ("ForAnyOfAnyValues:StringEquals {'x', 'y'}", ["y", "z"], True),
        ("ForAnyOfAnyValues:StringEquals {'x', 'y'}", "y", True),
        ("ForAnyOfAnyValues:StringEquals {'x', 'y'}", None, False),
        ("ForAllOfAnyValues:StringEquals {'x', 'y'}", ["y", "z"], False),
        ("ForAllOfAnyValues:StringEquals {'x', 'y'}", None, None),
        ("ForAnyOfAllValues:NumericLessThan {15, 18}", [10, 20], True),
        ("ForAllOfAllValues:NumericLessThan {25, 30}", [10, 20], True),
        ("ForAllOfAllValues:NumericLessThan {15, 25, 30}", [10, 20], False),
        ("StringEquals @Resource[containers:name]", "x", None),
        ("StringEquals @Resource[containers:name]", None, False),  # the attribute is lost, whatever the container
    ],
)
def test_role_condition(condition: str, value: Any, expected: bool | None) -> None:
    assert answer(ROLE, f"{PRINCIPAL} {condition}", value) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{'red', 'blue'} ForAnyOfAnyValues:StringEquals {'blue', 'green'}", True),
        ("{'red', 'blue'} ForAnyOfAnyValues:StringEquals {'orange', 'green'}", False),
        ("{'red', 'blue'} ForAllOfAnyValues:StringEquals {'orange', 'red', 'blue'}", True),
        ("{'red', 'blue'} ForAllOfAnyValues:StringEquals {'red', 'green'}", False),
        ("{10, 20} ForAnyOfAllValues:NumericLessThan {15, 18}", True),
        ("{10, 20} ForAllOfAllValues:NumericLessThan {5, 15, 18}", False),
        ("{10, 20} ForAllOfAllValues:NumericLessThan {25, 30}", True),
        ("{10, 20} ForAllOfAllValues:NumericLessThan {15, 25, 30}", False),
    ],
)
def test_the_documented_cross_products(text: str, expected: bool) -> None:
    assert answer(ROLE, text, None) is expected


@pytest.mark.parametrize(
    ("action", "value", "expected"),
    [
        ("Microsoft.Storage/blobs/write", None, True),  # an action that is not named is allowed
        ("Microsoft.Storage/blobs/read", "x", True),
        ("Microsoft.Storage/blobs/read", "y", False),
        ("Microsoft.Storage/blobs/read", None, False),
        ("microsoft.storage/blobs/READ", "y", None),  # whether case counts is unknown
        (None, "x", True),
        (None, "y", None),
    ],
)
def test_actions_of_role_conditions(action: str | None, value: Any, expected: bool | None) -> None:
    text = f"((!(ActionMatches{{'Microsoft.Storage/blobs/read'}})) OR ({PRINCIPAL} StringEquals 'x'))"
    known = {} if action is None else {"action": action}
    assert answer(ROLE, text, value, **known) is expected


def test_patterns_of_actions() -> None:
    text = "ActionMatches{'Microsoft.Authorization/roleAssignments/*'} AND NOT SubOperationMatches{'Blob.List'}"
    write = "Microsoft.Authorization/roleAssignments/write"
    assert answer(ROLE, text, None, action=write, suboperation="Blob.Get") is True
    assert answer(ROLE, text, None, action=write, suboperation="Blob.List") is False
    assert answer(ROLE, text, None, action="Microsoft.Authorization/roleDefinitions/write") is False
    assert answer(ROLE, text, None, action=write) is None


def test_mixed_words_without_parentheses_are_ambiguous() -> None:
    mixed = f"{PRINCIPAL} StringEquals 'x' AND {PRINCIPAL} StringEquals 'x' OR {PRINCIPAL} StringEquals 'x'"
    assert answer(ROLE, mixed, "x") is None
    grouped = f"({PRINCIPAL} StringEquals 'x' AND {PRINCIPAL} StringEquals 'x') OR {PRINCIPAL} StringEquals 'x'"
    assert answer(ROLE, grouped, "x") is True


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("PATH eq 'x'", "x", True),
        ("PATH eq 'x'", "X", False),  # case-sensitive
        ("PATH eq 'x'", ["y", "x"], True),  # any element
        ("PATH eq 'x'", None, False),
        ("PATH eq 8", 8, True),
        ("PATH eq true", True, True),
        ("PATH eq 1", True, None),
        ("PATH eq '8'", 8, None),
        ("PATH ne 'x'", None, True),  # without a value, too
        ("PATH ne 'x'", ["y", "x"], False),
        ("not (PATH eq 'x')", None, True),
        ("PATH eq null", None, True),
        ("PATH ne null", "x", True),
        ("PATH ne null", None, False),
        ("PATH in ('x','y')", "y", True),
        ("PATH in ('x','y')", None, False),
        ("PATH in ('x','y')", ["y"], None),
        ("not (PATH in ('x','y'))", None, None),
        ("startsWith(PATH,'x')", "xy", True),
        ("startsWith(PATH,'x')", "Xy", False),
        ("startsWith(PATH,'x')", ["xy"], None),
        ("PATH gt 5", 8, None),
        ("'x' eq PATH", "x", True),
        ("department eq 'x'", None, None),
        ("(department eq 'x') and (PATH eq 'x')", "y", False),
        ("(department eq 'x') or (PATH eq 'x')", "x", True),
    ],
)
def test_odata(text: str, value: Any, expected: bool | None) -> None:
    assert answer(ODATA, text.replace("PATH", "customSecurityAttributes/S/A"), value) is expected


@pytest.mark.parametrize(
    ("department", "expected"), [("Finance", True), ("finance", None), ("Sales", False), (None, None)]
)
def test_a_property_counts_where_it_is_known(department: str | None, expected: bool | None) -> None:
    known = {} if department is None else {"department": department}
    assert answer(ODATA, "department eq 'Finance'", None, **known) is expected


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("department eq 'Sales'", "Sales", True),
        ("department eq 'Sales'", "sales", None),  # whether case counts is unknown
        ("department eq 'Sales'", "Legal", False),
        ("department eq 'Sales'", None, False),
        ("department ne 'Sales'", None, True),
        ("department ne 'Sales'", "SALES", None),
        ("department ne null", "Sales", True),
        ("department eq null", None, True),
        ("not(department eq 'Sales')", "Legal", True),
        ("department in ('Sales','Legal')", "Legal", True),
        ("department in ('Sales','Legal')", "legal", None),
        ("department in ('Sales','Legal')", None, False),
        ("not(department in ('Sales','Legal'))", None, None),
        ("startsWith(department,'Sa')", "Sales", True),
        ("startsWith(department,'sa')", "Sales", None),
        ("startsWith(department,'x')", "Sales", False),
        ("startsWith(department,'x')", None, False),
        ("not(startsWith(department,'x'))", None, None),
        ("endsWith(department,'s')", "Sales", None),
        ("department eq 'Sales'", ["Sales"], None),
        ("department eq 8", "8", None),
        ("department", True, True),
        ("department eq false", True, False),
        ("department", "Sales", None),
        ("department eq 'Sales' and customSecurityAttributes/S/A eq 'x'", "Sales", True),
        ("department eq city", "Sales", None),
    ],
)
def test_a_property_of_each_principal(text: str, value: Any, expected: bool | None) -> None:
    rule = Evaluator(DIALECTS[ODATA].parse(text, ()), ODATA, properties={"department": "unit"})
    state = {AttributeName("S", "A"): "x", **({} if value is None else {"unit": value})}
    found = rule(state)
    assert (None if isinstance(found, Unknown) else found) is expected
    assert list(evaluate_many([rule], [state, {}, state]))[::2] == [(found,)] * 2


def test_only_and_and_or_turn_unknown_into_an_answer() -> None:
    unknown, true, false = (f"CustomSecurityAttribute.S_A {text}" for text in ('-match "x"', '-eq "x"', '-eq "y"'))
    table = {
        f"{unknown} -and {true}": None,
        f"{unknown} -and {false}": False,
        f"{unknown} -or {true}": True,
        f"{unknown} -or {false}": None,
        f"-not ({unknown})": None,
        f"-not ({unknown} -and {false})": True,
    }
    assert {text: answer(CA, text, "x") for text in table} == table


@pytest.mark.parametrize(("value", "part"), [(["Bakery"], True), ("Bakery", True), (["BAKER"], False)])
def test_contains_says_whether_a_part_or_the_case_is_in_doubt(value: Any, part: bool) -> None:
    tree = DIALECTS[CA].parse('CustomSecurityAttribute.S_A -contains "Baker"', ())
    found = evaluate(tree, CA, {AttributeName("S", "A"): value})
    assert ("part of a text" in str(found), "case only" in str(found)) == (part, not part)


def test_many_wildcards_take_no_time() -> None:
    text = f"{PRINCIPAL} StringLike '{'*a' * 30}*b'"  # all ways to place them are more than a computer can try
    assert answer(ROLE, text, "a" * 64) is False
    assert answer(ROLE, text, "a" * 64 + "b") is True


def test_a_missing_attribute_behind_negations() -> None:
    positive = 'CustomSecurityAttribute.S_A -eq "x"'
    assert answer(CA, positive, None) is False
    assert answer(CA, f"-not {positive}", None) is None
    assert answer(CA, f"-not (-not {positive})", None) is False


def test_a_name_in_another_case_is_no_answer() -> None:
    tree = DIALECTS[CA].parse('CustomSecurityAttribute.S_A -eq "x"', ())
    for held in ({"S": {"a": "x"}}, {"s": {"A": "x"}}, {"S": {"A": []}, "s": {"A": "x"}}):
        found = evaluate(tree, CA, flat(held))
        assert isinstance(found, Unknown)
        assert "differs in case" in str(found)
    assert evaluate(tree, CA, flat({"S": {"A": "x", "a": "y"}})) is True
    assert evaluate(tree, CA, flat({"S": {"A": []}})) is False


def test_reasons_say_what_is_unknown_each_once() -> None:
    text = f"{PRINCIPAL} StringEquals @Resource[a] AND {PRINCIPAL} StringEquals @Resource[a] AND NOT Exists @Request[b]"
    found = evaluate(DIALECTS[ROLE].parse(text, ()), ROLE, flat({"S": {"A": "x"}}))
    assert isinstance(found, Unknown)
    assert found.reasons == ("It depends on @Resource[a]", "It depends on @Request[b]")
    with pytest.raises(TypeError, match="neither true nor false"):
        assert found


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_naive_evaluator_agrees(dialect: str) -> None:
    random = Random(20261126)  # noqa: S311 - a seed of tests
    outcomes = []
    for _number in range(10_000):
        tree, held = rule(random, dialect), assignments(random)
        known = random.choice(({}, KNOWN))
        found = evaluate(tree, dialect, flat(held), known)
        expected = naive(tree, dialect, held, known)
        assert (None if isinstance(found, Unknown) else found) is expected, (DIALECTS[dialect].write(tree), held, known)
        outcomes.append(expected)
    assert all(outcomes.count(outcome) > 1000 for outcome in (True, False, None))


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
def test_many_principals_are_decided_as_one_by_one(dialect: str) -> None:
    random = Random(7)  # noqa: S311 - a seed of tests
    rules = [Evaluator(rule(random, dialect), dialect) for _number in range(20)]
    nested: list[dict[str, dict[str, Any]]] = [assignments(random) for _number in range(300)] * 2
    nested += [{}, {"Engineering": {"Project": 1}}, {"Engineering": {"Project": True}}, {"engineering": {"Level": 1}}]
    principals = [flat(held) for held in nested]
    expected: list[tuple[Answer, ...]] = [tuple(rule(held) for rule in rules) for held in principals]
    assert list(evaluate_many(rules, principals)) == expected
    assert list(evaluate_many([], principals)) == [()] * len(principals)


@pytest.mark.parametrize(
    ("operator", "constant", "texts"),
    [
        ("eq", "", ["other", ""]),
        ("startsWith", "\u0391\u03a3", ["other", "\u0391\u03a3\u0392"]),  # lower() makes another sigma of a last one
    ],
)
def test_a_constant_that_is_empty_or_folds_by_its_place(operator: str, constant: str, texts: list[str]) -> None:
    rule = Evaluator(DIALECTS[CA].parse(f'CustomSecurityAttribute.S_A -{operator} "{constant}"', ()), CA)
    principals = [{AttributeName("S", "A"): text} for text in texts]
    assert list(evaluate_many([rule], principals)) == [(False,), (True,)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_texts_in_which_no_constant_occurs_are_decided_as_one_by_one(dialect: str) -> None:
    random = Random(12)  # noqa: S311 - a seed of tests
    texts = [
        *TEXTS,
        "",
        "unlike",
        "unlike 2",
        "other",
        *(form for text in TEXTS for form in (f"x{text}y", text.upper())),
    ]
    for _number in range(60):
        rules = [Evaluator(rule(random, dialect, 2), dialect) for _rule in range(6)]
        principals: list[dict[AttributeName, Any]] = [
            {
                AttributeName(attribute.attribute_set, attribute.name): random.choice(
                    (random.choice(texts), random.choices(texts, k=random.randrange(4)), [random.choice(texts)], None)
                )
                for attribute in ATTRIBUTES
                if random.random() < 0.8
            }
            for _principal in range(60)
        ]
        if random.random() < 0.3:
            principals[30] = {AttributeName(name.attribute_set.lower(), name.name): "unlike" for name in principals[30]}
        expected = [tuple(rule(held) for rule in rules) for held in principals]
        assert list(evaluate_many(rules, principals)) == expected
