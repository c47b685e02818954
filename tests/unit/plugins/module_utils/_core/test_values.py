# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values: what is refused before any request, coercion, what definitions refuse."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.entra.attributes.plugins.module_utils._core import values as _values
from ansible_collections.entra.attributes.plugins.module_utils._core.model import AttributeName, Definition, Value
from ansible_collections.entra.attributes.plugins.module_utils._core.names import name_problem
from ansible_collections.entra.attributes.plugins.module_utils._core.yaml_text import as_yaml
from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidValue


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "empty text"),
        (None, "null"),
        ("x" * 65, "65 characters"),
        ("\U0001f600" * 32 + "x", r"65 UTF-16 units \(33 characters; an emoji counts as two units\); at most 64"),
        (2**31, "32-bit"),
        (-(2**31) - 1, "32-bit"),
        ([True, False], "list cannot hold Booleans"),
        (["a", 1], "mixes text and integers"),
        (["a", True], "list cannot hold Booleans"),
        ([], "list is empty"),
        ([""], "empty text"),
        ([["a"]], r"a list is not a value"),
        (1.5, r"YAML read the number 1\.5 where text is needed; put it in quotes"),
        (8.0, r"the number 8\.0; put it in quotes for text, or write 8 for an integer"),
        ([8, -7.0], r"the number -7\.0; put it in quotes for text, or write -7 for an integer"),
        (1e300, r"the number 1e\+300 where text is needed"),
        (float("nan"), r"the number nan where text is needed"),
        (date(2022, 10, 1), "the date 2022-10-01 where text is needed; put it in quotes"),
        (datetime(2022, 10, 1, 12), "the date 2022-10-01 12:00:00 where text is needed; put it in quotes"),
        ({"a": 1}, "a dictionary is not a value"),
        ("a\ud83d", "half a character, U\\+D83D"),
        (["a", "\udcff"], "half a character, U\\+DCFF"),
        ("\U0001f600" * 65, "65 characters"),
    ],
)
def test_what_no_attribute_can_hold_is_refused(value: object, words: str) -> None:
    with pytest.raises(InvalidValue, match=words) as refusal:
        _values.checked("Engineering.Project", value)
    assert "value of Engineering.Project" in str(refusal.value)


@pytest.mark.parametrize(
    "value", ["x" * 64, "é" * 64, "\U0001f600" * 32, 2**31 - 1, -(2**31), 0, True, False, ["a", "b"], [1, 2]]
)
def test_what_some_attribute_can_hold_is_kept(value: object) -> None:
    assert _values.same(_values.checked("S.A", value), value)


@given(st.text(st.characters(), max_size=70))  # with lone surrogates
def test_all_that_is_taken_can_be_sent_and_all_refusals_be_told(text: str) -> None:
    try:
        taken = _values.checked("S.A", text)
    except InvalidValue as refusal:
        taken = str(refusal)
    assert str(taken).encode()
    assert name_problem(text) or text.encode()


def test_repeated_elements_are_given_once() -> None:
    assert _values.checked("S.A", ["b", "a", "b"]) == ["b", "a"]


@pytest.mark.parametrize("value", ["1", "-7", "true", "False", ["a", "8"]])
def test_text_that_a_template_may_have_made_is_in_doubt(value: str | list[str]) -> None:
    assert _values.ambiguous_type(value)


@pytest.mark.parametrize(
    "value", ["a", "1.5", "2022-10-01", "yes", " 1", "", "+7", "007", "-0", 1, True, ["a", "b"], [1]]
)
def test_other_values_are_not_in_doubt(value: Value) -> None:
    assert not _values.ambiguous_type(value)


@pytest.mark.parametrize(
    ("value", "wanted", "result"),
    [
        ("8", "Integer", 8),
        ("-8", "Integer", -8),
        ("True", "Boolean", True),
        ("false", "Boolean", False),
        (["1", "2"], "Integer", [1, 2]),
        (["a"], "String", ["a"]),
    ],
)
def test_coercion_where_nothing_is_lost(value: Value, wanted: str, result: Value) -> None:
    assert _values.same(_values.coerced("S.A", value, wanted), result)


@pytest.mark.parametrize(
    ("value", "wanted", "words"),
    [
        ("abc", "Integer", '"abc" is not an integer'),
        ("1.0", "Integer", "not an integer"),
        ("2147483648", "Integer", "32-bit"),
        ("08", "Integer", '"08" is not an integer; write 8'),
        ("+8", "Integer", "write 8"),
        (" 8", "Integer", "write 8"),
        ("8.0", "Integer", "write 8"),
        (8, "String", "the integer 8 where text is needed; put it in quotes"),
        (["1", "01"], "Integer", "write 1"),
        (True, "Integer", "true is not an integer"),
        (True, "String", "put it in quotes"),
        ("yes", "Boolean", "not true or false"),
        (1, "Boolean", "not true or false"),
        (["true"], "Boolean", "single value"),
        ("8", "DateTime", "its type is DateTime, which is none that is known here"),
    ],
)
def test_coercion_that_would_lose_something_is_refused(value: Value, wanted: str, words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        _values.coerced("S.A", value, wanted)


PROJECT = Definition(
    "Engineering", "Project", "String", True, False, True, {"Alpine": True, "Baker": True, "Skagit": False}
)


@pytest.mark.parametrize(
    ("value", "definition", "now", "words"),
    [
        (["Alpine", "Nome"], PROJECT, None, "Nome is not among its active predefined values: Alpine, Baker"),
        (["Skagit"], PROJECT, None, "Skagit is not among"),
        (["Skagit", "Alpine"], PROJECT, ["Skagit"], ""),
        ("Alpine", PROJECT, None, "multi-valued"),
        ([1], PROJECT, None, "its type is String; YAML read the integer 1 where"),
        (["a"], Definition("S", "A", "String"), None, "single-valued"),
        ("a", Definition("S", "A", "String", deprecated=True), None, "deprecated"),
        (["a"], Definition("S", "A", "String", collection=True, deprecated=True), ["a", "b"], ""),
        (8, Definition("S", "A", "Integer", predefined_only=True, predefined={"8": True}), None, ""),
    ],
)
def test_what_a_definition_forbids(value: Value, definition: Definition, now: Value | None, words: str) -> None:
    problem = _values.definition_problem(value, definition, now)
    assert words in problem
    assert bool(words) == bool(problem)


def test_diffs_are_sorted_and_typed() -> None:
    held: dict[AttributeName, Value] = {
        AttributeName("M", "B"): True,
        AttributeName("E", "P"): ["b", "a"],
        AttributeName("E", "Num"): 8,
        AttributeName("E", "D"): "8",
    }
    text = as_yaml(_values.in_order(held))
    assert text == 'E:\n  D: "8"\n  Num: 8\n  P:\n    - "a"\n    - "b"\nM:\n  B: true\n'
