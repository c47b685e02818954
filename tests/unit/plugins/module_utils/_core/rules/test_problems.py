# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with rules that can be parsed, and what the filters make of rules."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.model import AttributeName, Definition
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.conditions import Attribute, InvalidRule
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.dialects import (
    DIALECTS,
    rule_details,
    to_rule,
)
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.problems import find_problems
from ansible_collections.entra.attributes.plugins.module_utils._errors import OptionError

from ._generator import SETS, TEXTS

CA, ROLE, ODATA = "conditional_access", "role_condition", "odata"
CSA = "CustomSecurityAttribute."
ID = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:"
PATH = "customSecurityAttributes/"
TAG = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs/tags:Project<$key_case_sensitive$>]"
DEFINITIONS: list[dict[str, Any]] = [
    {
        "attribute_set": "Engineering",
        "name": "Project",
        "type": "string",
        "multi_valued": True,
        "predefined_values_only": True,
        "predefined_values": ["Baker", "Cascade", "R&D"],
        "inactive_predefined_values": ["Skagit"],
        "state": "present",
    },
    {"attribute_set": "Engineering", "name": "NumVendors", "type": "integer"},
    {"attribute_set": "Engineering", "name": "Certification", "type": "boolean"},
    {"attribute_set": "Engineering", "name": "Note", "type": "string", "predefined_values": ["a"]},
    {"attribute_set": "Marketing", "name": "Old", "type": "string", "state": "deprecated"},
]


@pytest.mark.parametrize(
    ("dialect", "text", "words", "column", "right_form"),
    [
        (
            CA,
            f'{CSA}Engineering_Projct -contains "Baker"',
            "did you mean Engineering.Project?",
            1,
            'Project -contains "Baker"',
        ),
        (
            CA,
            f'{CSA}Enginering_Project -contains "Baker"',
            "any attribute of a set Enginering",
            1,
            "Engineering_Project",
        ),
        (CA, f'{CSA}Zebra_Qqq -contains "Baker"', "Zebra.Qqq is not defined", 1, None),
        (CA, f'{CSA}engineering_Note -eq "x"', "is spelled Engineering.Note", 1, "Engineering_Note"),
        (CA, f'{CSA}Engineering_NumVendors -eq "8"', "compares String attributes only", 1, None),
        (CA, f'{CSA}Engineering_Certification -eq "true"', "is of type Boolean", 1, None),
        (CA, f'{CSA}Marketing_Old -eq "x"', "Marketing.Old is deprecated", 1, None),
        (CA, f'{CSA}Engineering_Project -contains "Bakr"', "did you mean Baker?", 55, '-contains "Baker"'),
        (CA, f'{CSA}Engineering_Project -contains "baker"', "did you mean Baker?", 55, '-contains "Baker"'),
        (CA, f'{CSA}Engineering_Project -in ["Baker","Xyzzy"]', "not among the predefined values", 58, None),
        (CA, f'{CSA}Engineering_Project -contains "Skagit"', "an inactive value", 55, None),
        (ROLE, f"{ID}Engineering_Project] StringEquals 'Bakr'", "did you mean Baker?", 94, "'Baker'"),
        (ROLE, f"{ID}Engineering_NumVendors] StringEquals '8'", "with the text '8'", 97, None),
        (
            ROLE,
            f"{ID}Engineering_Project] StringEquals {TAG}",
            "1 predefined value that blob tags cannot hold: R&D",
            1,
            None,
        ),
        (ROLE, f"{TAG} StringEquals 'a&b'", "'a&b' has '&', which blob tags cannot hold", 124, None),
        (
            ROLE,
            "Exists @Request[a] AND Exists @Request[b] OR Exists @Request[c]",
            "ambiguous",
            None,
            "(Exists @Request[a] AND",
        ),
        (ROLE, "@Resource[a] StringEquals '" + "x" * 8200 + "'", "at most 8192 are allowed", None, None),
        (ODATA, f"{PATH}Engineering/NumVendors eq '8'", "is of type Integer", 52, "NumVendors eq 8"),
        (ODATA, f"{PATH}Engineering/Note eq 8", "is of type String", 46, "Note eq '8'"),
        (ODATA, f"{PATH}Engineering/Certification eq 'True'", "is of type Boolean", 55, "Certification eq true"),
        (ODATA, f"{PATH}Engineering/NumVendors ge 8", "does not document ge", 1, None),
        (ODATA, f"{PATH}Marketing/Old eq 'x'", "a workflow stops", 1, None),
    ],
)
def test_a_problem(dialect: str, text: str, words: str, column: int | None, right_form: str | None) -> None:
    details = rule_details(text, dialect, DEFINITIONS)
    assert details["valid"]
    (problem,) = details["problems"]
    assert words in problem["message"]
    assert problem["column"] == column
    if right_form is None:
        assert problem["right_form"] is None
    else:
        assert right_form in problem["right_form"]
        assert rule_details(problem["right_form"], dialect, DEFINITIONS)["problems"] == []


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (CA, f'{CSA}Engineering_Project -contains "Baker" -and {CSA}Engineering_Note -eq "anything"'),
        (CA, f'{CSA}Engineering_Project -startsWith "Ba"'),
        (CA, "device.isCompliant -eq True"),
        (ROLE, f"{ID}Engineering_Project] StringLike 'Ba*'"),
        (
            ROLE,
            f"{ID}Engineering_Note] StringEquals {TAG} AND {TAG} StringLike 'a*' AND {TAG} StringEquals 'A-z 0+.:/=_'",
        ),
        (ROLE, "(Exists @Request[a] AND Exists @Request[b]) OR Exists @Request[c]"),
        (ODATA, f"{PATH}Engineering/NumVendors eq 8 and {PATH}Engineering/Project ne null and department ge 'x'"),
        (ODATA, f"startsWith({PATH}Engineering/Project,'Ba')"),
    ],
)
def test_no_problem(dialect: str, text: str) -> None:
    assert rule_details(text, dialect, DEFINITIONS)["problems"] == []


def test_all_corrections_are_in_each_right_form() -> None:
    text = f'{CSA}Engineering_Projct -contains "x" -or {CSA}Engineering_Project -contains "Bakr"'
    right = f'{CSA}Engineering_Project -contains "x" -or {CSA}Engineering_Project -contains "Baker"'
    assert [problem["right_form"] for problem in rule_details(text, CA, DEFINITIONS)["problems"]] == [right, right]


def test_all_applications_with_an_including_filter() -> None:
    tree = DIALECTS[CA].parse(f'{CSA}Engineering_Note -eq "x"', ())
    (problem,) = find_problems(tree, DIALECTS[CA], all_applications=True)
    assert "targets every application; leave includeApplications empty" in problem.message
    assert find_problems(tree, DIALECTS[CA]) == []


def test_without_definitions_nothing_is_compared_with_them() -> None:
    assert rule_details(f'{CSA}A_B -eq "x"', CA)["problems"] == []
    (problem,) = rule_details(f'{CSA}A_B -eq "x"', CA, [])["problems"]
    assert problem == {"message": "A.B is not defined", "column": 1, "right_form": None}


def test_details_of_a_valid_rule() -> None:
    text = f'{CSA}Engineering_Project -contains "Baker" -and {CSA}Engineering_Note -in ["a","b"]'
    attributes = [
        {"attribute_set": "Engineering", "name": "Project", "operator": "contains", "values": ["Baker"]},
        {"attribute_set": "Engineering", "name": "Note", "operator": "in", "values": ["a", "b"]},
    ]
    assert rule_details(text, CA) == {"valid": True, "attributes": attributes, "problems": []}
    held = {"Engineering": {"Project": ["Baker"], "Note": "a"}}
    assert rule_details(text, CA, None, held) == {
        "valid": True,
        "attributes": attributes,
        "problems": [],
        "matches": True,
        "reason": None,
    }
    assert rule_details(text, CA, assignments={})["matches"] is False
    unknown = rule_details(text, CA, DEFINITIONS, {"Engineering": {"Project": ["Baker"], "Note": "A"}})
    assert unknown["matches"] is None
    assert "case" in unknown["reason"]


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (CA, f'{CSA}Marketing_Old -eq "x"'),
        (ODATA, f"{PATH}Marketing/Old eq 'x'"),
        (ROLE, f"{ID}No_One] StringEquals 'x'"),
    ],
)
def test_what_is_not_available_is_not_evaluated(dialect: str, text: str) -> None:
    details = rule_details(text, dialect, DEFINITIONS, {"Marketing": {"Old": "x"}})
    assert details["matches"] is None
    assert "is not documented" in details["reason"]


def test_details_of_a_rule_that_is_not_valid() -> None:
    wrong = rule_details(f'{CSA}Engineering.Project -eq "x" -and {CSA}Note -eq "y"', CA, None, {})
    assert not wrong["valid"]
    assert wrong["attributes"] == [
        {"attribute_set": "Engineering", "name": "Project", "operator": "eq", "values": ["x"]}
    ]
    assert (wrong["matches"], wrong["reason"]) == (None, "The rule is not valid")
    broken = rule_details(f'{CSA}A_B -eq "x" {CSA}C_D "', CA)
    names = [(found["attribute_set"], found["name"], found["operator"]) for found in broken["attributes"]]
    assert (broken["valid"], names) == (False, [("A", "B", None), ("C", "D", None)])
    empty = rule_details("", ROLE, DEFINITIONS, {})
    assert [problem["message"] for problem in empty["problems"]] == ["The rule is empty"]


CONDITIONS = [
    {"attribute_set": "Engineering", "name": "Project", "operator": "contains", "value": "Baker"},
    {"attribute_set": "Engineering", "name": "Note", "value": "x"},
]


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (CA, f'{CSA}Engineering_Project -contains "Baker" -and {CSA}Engineering_Note -eq "x"'),
        (
            ROLE,
            f"{ID}Engineering_Project] ForAnyOfAnyValues:StringEquals {{'Baker'}}"
            f" AND {ID}Engineering_Note] StringEquals 'x'",
        ),
        (ODATA, f"{PATH}Engineering/Project eq 'Baker' and {PATH}Engineering/Note eq 'x'"),
    ],
)
def test_conditions_become_a_rule(dialect: str, text: str) -> None:
    assert to_rule(CONDITIONS, dialect) == text
    assert rule_details(text, dialect, DEFINITIONS)["problems"] == []


@pytest.mark.parametrize(
    ("dialect", "operator", "value", "text"),
    [
        (CA, "-EQ", "x", '-eq "x"'),
        (CA, "in", ["x", "y"], '-in ["x","y"]'),
        (CA, "startswith", "x", '-startsWith "x"'),
        (CA, "eq", 'say "hi`', '-eq "say `"hi``"'),
        (ROLE, "ne", "x", "StringNotEquals 'x'"),
        (ROLE, "eq", 8, "NumericEquals 8"),
        (ROLE, "eq", True, "BoolEquals true"),
        (ROLE, "in", [8, 9], "ForAnyOfAnyValues:NumericEquals {8, 9}"),
        (ROLE, "StringEqualsIgnoreCase", "x", "StringEqualsIgnoreCase 'x'"),
        (ROLE, "forallofanyvalues:stringlike", ["x*"], "ForAllOfAnyValues:StringLike {'x*'}"),
        (ODATA, "ne", None, "ne null"),
        (ODATA, "eq", True, "eq true"),
        (ODATA, "eq", -5, "eq -5"),
        (ODATA, "eq", "O'Brien", "eq 'O''Brien'"),
        (ODATA, "in", ["x"], "in ('x')"),
    ],
)
def test_an_operator_and_a_value_become_a_comparison(dialect: str, operator: str, value: Any, text: str) -> None:
    condition = {"attribute_set": "S", "name": "A", "operator": operator, "value": value}
    assert to_rule([condition], dialect).partition(" ")[2] == text


@pytest.mark.parametrize(
    ("conditions", "dialect", "words"),
    [
        ([], CA, "not a list of at least one condition"),
        ("text", CA, "the text 'text' is not a list"),
        (None, CA, "null is not a list"),
        ([1], CA, "conditions[0]: the integer 1 is not a dictionary"),
        ([{"attribute_set": "S", "name": "A"}], CA, "conditions[0]: it has no value"),
        ([{"attribute_set": "S", "name": "A", "values": ["x"]}], CA, "unknown key values; accepted are attribute_set"),
        (
            [{"attribute_set": "S_T", "name": "A", "value": "x"}],
            CA,
            "conditions[0].attribute_set: 'S_T' has characters",
        ),
        (
            [{"attribute_set": 1, "name": "A", "value": "x"}],
            CA,
            "conditions[0].attribute_set: the integer 1 is not a name",
        ),
        ([{"attribute_set": "S", "name": "A", "value": 8}], CA, "compares String attributes only"),
        ([{"attribute_set": "S", "name": "A", "value": ["x"]}], CA, "eq takes one value, not a list"),
        ([{"attribute_set": "S", "name": "A", "operator": "like", "value": "x"}], CA, "'like' is not one of eq, ne"),
        ([{"attribute_set": "S", "name": "A", "operator": 1, "value": "x"}], CA, "the integer 1 is not an operator"),
        ([{"attribute_set": "S", "name": "A", "operator": "in", "value": []}], CA, "cannot hold these values"),
        ([{"attribute_set": "S", "name": "A", "value": "<value>"}], CA, "is a placeholder"),
        ([{"attribute_set": "S", "name": "A", "value": "it's"}], ROLE, "single quote"),
        ([{"attribute_set": "S", "name": "A", "value": None}], ROLE, "cannot compare with null"),
        ([{"attribute_set": "S", "name": "A", "operator": "in", "value": ["x", 1]}], ROLE, "mixes types"),
        ([{"attribute_set": "S", "name": "A", "operator": "NumericEquals", "value": "5"}], ROLE, "the text '5'"),
        ([{"attribute_set": "S", "name": "A", "operator": "StringEquals", "value": 5}], ROLE, "the integer 5"),
        ([{"attribute_set": "S", "name": "A", "operator": "GuidEquals", "value": "x"}], ROLE, "the text 'x'"),
        ([{"attribute_set": "S", "name": "A", "operator": "eq", "value": ["x"]}], ROLE, "takes one value"),
        (
            [{"attribute_set": "S", "name": "A", "operator": "match", "value": "x"}],
            ROLE,
            "not an operator for this value",
        ),
        ([{"attribute_set": "S", "name": "A", "value": 1.5}], ODATA, "the number 1.5 is not a value"),
        ([{"attribute_set": "S", "name": "A", "value": date(2026, 1, 1)}], ODATA, "the date 2026-01-01 is not a value"),
        ([{"attribute_set": "S", "name": "A", "value": 2**40}], ODATA, "32-bit"),
        ([{"attribute_set": "S", "name": "A", "operator": "ge", "value": 1}], ODATA, "is not one of eq, ne, in"),
        (
            [{"attribute_set": "S", "name": "A", "operator": "startsWith", "value": 1}],
            ODATA,
            "startsWith compares text",
        ),
        ([{"attribute_set": "S", "name": "A", "operator": "in", "value": []}], ODATA, "the list is empty"),
        (CONDITIONS, "CONDITIONAL", "is not one of conditional_access, role_condition, odata"),
        (CONDITIONS, ["odata"], "dialect: a list is not one of"),
    ],
)
def test_what_cannot_become_a_rule(conditions: Any, dialect: Any, words: str) -> None:
    with pytest.raises(OptionError) as caught:
        to_rule(conditions, dialect)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((None, CA), "null is not the text of a rule"),
        ((["x"], CA), "a list is not the text"),
        (("x", None), "dialect: null is not one of"),
        (("x", CA, "x"), "definitions: the text 'x' is not a list"),
        (("x", CA, [1]), "definitions[0]: the integer 1 is not a dictionary"),
        (("x", CA, [{"attribute_set": "S"}]), "definitions[0].name: null is not a name"),
        (("x", CA, [{"attribute_set": "S", "name": "A", "predefined_values": "x"}]), "predefined_values: the text 'x'"),
        (("x", CA, None, [1]), "assignments: a list is not a dictionary"),
        (("x", CA, None, {"S": 1}), "assignments.S: the integer 1 is not a dictionary"),
        (("x", CA, None, {"S": {"A": 1.5}}), "assignments.S.A: the number 1.5 is not a value"),
        (("x", CA, None, {"S": {"A": [None, {}]}}), "assignments.S.A: a dictionary is not a value"),
    ],
)
def test_wrong_arguments(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(OptionError) as caught:
        rule_details(*arguments)
    assert words in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
def test_random_conditions_are_read_back(dialect: str) -> None:
    random = Random(3)  # noqa: S311 - a seed of tests
    texts = [
        *TEXTS,
        *('a"b', "`", "a\\b", "&quot;", "&amp;", "\u201cx\u201d", "\U0001f600", "(x)", "{x}", "$x", "%x%", "null"),
    ]
    for _number in range(2000):
        value = random.choice(texts)
        condition = {"attribute_set": random.choice(SETS), "name": "N\u00e4me", "operator": "eq", "value": value}
        details = rule_details(
            to_rule([condition], dialect), dialect, None, {condition["attribute_set"]: {"N\u00e4me": value}}
        )
        assert details["valid"]
        assert [found["values"] for found in details["attributes"]] == [[value]]
        assert details["matches"] is True


@pytest.mark.parametrize("dialect", DIALECTS)
def test_hostile_arguments_raise_nothing_else(dialect: str) -> None:
    random = Random(8)  # noqa: S311 - a seed of tests
    odd: list[Any] = [
        None,
        True,
        1,
        2**70,
        1.5,
        float("nan"),
        "",
        "x",
        "\ud800",
        b"x",
        [],
        [[]],
        {},
        {1: 2},
        date.min,
        (),
    ]
    odd += [
        {"attribute_set": "S", "name": "A", "value": thing, "operator": other} for thing in odd[:8] for other in odd[:8]
    ]
    odd += [{"S": {"A": thing}} for thing in odd[:16]] + [[thing] for thing in odd[:40]]
    refused = 0
    for _number in range(4000):
        text, definitions, assignments = (random.choice(odd) for _argument in range(3))
        calls = (lambda: rule_details(text, dialect, definitions, assignments), lambda: to_rule(text, dialect))  # noqa: B023
        for call in calls:
            try:
                call()
            except OptionError as error:
                refused += len(str(error)) > 0
    assert refused > 4000


def test_an_attribute_is_found_by_its_names_alone() -> None:
    assert {Attribute("S", "A", 5): 1}[Attribute("S", "A", 9)] == 1
    assert (
        find_problems(
            DIALECTS[CA].parse(f'{CSA}S_A -eq "x"', ()),
            DIALECTS[CA],
            {AttributeName("S", "A"): Definition("S", "A", "String")},
        )
        == []
    )
    with pytest.raises(InvalidRule, match="is empty"):
        DIALECTS[CA].parse("", ())
