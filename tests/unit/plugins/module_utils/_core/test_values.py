# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values: what is refused before any request, coercion, reading of every shape, annotations on write."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.entra.attributes.plugins.module_utils._core import values as _values
from ansible_collections.entra.attributes.plugins.module_utils._core.values import Definition
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
    assert _values.name_problem(text) or text.encode()


def test_repeated_elements_are_given_once() -> None:
    assert _values.checked("S.A", ["b", "a", "b"]) == ["b", "a"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "is empty"),
        ("x" * 33, "33 characters"),
        ("1st", "starts with a digit"),
        ("Cost_Center", "'_'"),
        ("a b", "' '"),
        ("Project@odata.type", "'@'"),
        ("a/b", "'/'"),
        ("a\tb", r"'\t'"),
        ("a\u00a0b", r"'\xa0'"),
        ("a\u2028", r"'\u2028'"),
        ("\u0663x", "starts with a digit"),
        ("a\u200b", "U+200B (zero width space) at position 2"),
        ("a\ud800", "half a character, U+D800"),
        ("\ud800" * 33, "half a character, U+D800"),
    ],
)
def test_names_that_cannot_be(name: str, words: str) -> None:
    assert words in _values.name_problem(name)


@pytest.mark.parametrize("name", ["Project", "x" * 32, "Größe", "項目", "a1", "²x"])
def test_names_that_can_be(name: str) -> None:
    assert _values.name_problem(name) == ""


@pytest.mark.parametrize(
    ("name", "names", "other"),
    [
        ("project", ["Level", "Project"], "Project"),
        ("Project", ["Project"], ""),
        ("GRÖSSE", ["größe"], ""),
        ("GRÖßE", ["größe"], "größe"),
        ("Masse", ["Maße"], ""),
        ("Masse", [], ""),
    ],
)
def test_twins_differ_by_case_only(name: str, names: list[str], other: str) -> None:
    assert _values.twin(name, names) == other


@pytest.mark.parametrize("value", ["1", "-7", "true", "False", ["a", "8"]])
def test_text_that_a_template_may_have_made_is_in_doubt(value: str | list[str]) -> None:
    assert _values.doubtful(value)


@pytest.mark.parametrize(
    "value", ["a", "1.5", "2022-10-01", "yes", " 1", "", "+7", "007", "-0", 1, True, ["a", "b"], [1]]
)
def test_other_values_are_not_in_doubt(value: _values.Value) -> None:
    assert not _values.doubtful(value)


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
def test_coercion_where_nothing_is_lost(value: _values.Value, wanted: str, result: _values.Value) -> None:
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
def test_coercion_that_would_lose_something_is_refused(value: _values.Value, wanted: str, words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        _values.coerced("S.A", value, wanted)


@pytest.mark.parametrize(
    ("customs", "assignments"),
    [
        (None, {}),
        ({}, {}),
        ({"Engineering": {"@odata.type": "#microsoft.graph.customSecurityAttributeValue"}}, {}),
        ({"Engineering": {"ProjectDate": None, "Project": []}}, {}),
        (
            {
                "Engineering": {
                    "@odata.type": "#Microsoft.DirectoryServices.CustomSecurityAttributeValue",
                    "Project@odata.type": "#Collection(String)",
                    "Project": ["Baker", "Alpine", "Baker"],
                    "NumVendors": 8,
                    "Certification": False,
                }
            },
            {"Engineering": {"Project": ["Baker", "Alpine"], "NumVendors": 8, "Certification": False}},
        ),
        ({"Engineering": {"CostCenter": [1001]}}, {"Engineering": {"CostCenter": [1001]}}),
        (
            {"Engineering": {"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": ["1001"]}},
            {"Engineering": {"CostCenter": [1001]}},
        ),
        ({"Engineering": {"NumVendors@odata.type": "#Int32", "NumVendors": "4"}}, {"Engineering": {"NumVendors": 4}}),
    ],
)
def test_every_shape_that_graph_answers_is_read(customs: dict | None, assignments: dict) -> None:
    assert _values.read(customs) == assignments


def test_members_are_written_as_documented() -> None:
    body = _values.written(
        {
            "Engineering": {
                "ProjectDate": "2022-10-01",
                "Project": ["Baker", "Cascade"],
                "NumVendors": 4,
                "CostCenter": [1001, 1003],
                "Certification": True,
            },
            "Marketing": {"EmployeeId": None, "AppCountry": []},
        }
    )
    assert body == {
        "customSecurityAttributes": {
            "Engineering": {
                "@odata.type": "#Microsoft.DirectoryServices.CustomSecurityAttributeValue",
                "ProjectDate": "2022-10-01",
                "Project@odata.type": "#Collection(String)",
                "Project": ["Baker", "Cascade"],
                "NumVendors@odata.type": "#Int32",
                "NumVendors": 4,
                "CostCenter@odata.type": "#Collection(Int32)",
                "CostCenter": [1001, 1003],
                "Certification": True,
            },
            "Marketing": {
                "@odata.type": "#Microsoft.DirectoryServices.CustomSecurityAttributeValue",
                "EmployeeId": None,
                "AppCountry": [],
            },
        }
    }


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
def test_what_a_definition_forbids(
    value: _values.Value, definition: Definition, now: _values.Value | None, words: str
) -> None:
    problem = _values.definition_problem(value, definition, now)
    assert words in problem
    assert bool(words) == bool(problem)


def test_diffs_are_sorted_and_typed() -> None:
    text = _values.as_yaml(_values.in_order({"M": {"B": True}, "E": {"P": ["b", "a"], "Num": 8, "D": "8"}}))
    assert text == 'E:\n  D: "8"\n  Num: 8\n  P:\n    - "a"\n    - "b"\nM:\n  B: true\n'


_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(st.characters(exclude_categories=["Cs"])))
_KEYS = st.one_of(st.sampled_from(["No", "null", "y", "ON", "Straße", "1", "a b", "~", ""]), st.text(max_size=32))
_NODES = st.recursive(
    _SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3))
)


@pytest.mark.slow
@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
@given(document=st.dictionaries(_KEYS, _NODES, min_size=1, max_size=4))
@example(
    document={"No": ["\x85", "\u2028x", "\ufeff", "\x7f", "a: b # c", "{{ x }}", "=1", "1e3", "\U0001f600", "\t\r\n"]}
)
def test_every_yaml_parser_reads_what_was_written(loader: Any, document: dict[str, Any]) -> None:
    assert yaml.load(_values.as_yaml(document), Loader=loader) == document  # noqa: S506 - both are safe
