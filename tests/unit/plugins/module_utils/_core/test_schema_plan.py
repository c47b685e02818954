# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Planning of attribute sets and definitions: each limit and forbidden change of graph-facts 4, in a person's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.model import AttributeSet, Definition
from ansible_collections.entra.attributes.plugins.module_utils._core.schema_plan import (
    DefinitionPlan,
    DesiredDefinition,
    DesiredSet,
    SetPlan,
    plan_definition,
    plan_set,
)
from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidDeclaration

ENGINEERING = AttributeSet("Engineering", "Attributes for engineering team", 25)
PROJECT = Definition(
    "Engineering",
    "Project",
    "String",
    collection=True,
    predefined_only=True,
    predefined={"Alpine": True, "Baker": True, "Skagit": False},
    description="Active projects",
    id="Engineering_Project",
)
CERTIFICATION = Definition("Engineering", "Certification", "Boolean", id="Engineering_Certification")
LEGACY = Definition("Engineering", "Legacy", "String", deprecated=True, id="Engineering_Legacy")
TENANT = (PROJECT, CERTIFICATION, LEGACY)


def possible(desired: Any) -> Any:
    """Return the desired state, as the planner gets it."""
    if desired.problems():
        raise InvalidDeclaration("what is desired", desired.problems())
    return desired


def a_set(name: str, description: str | None = None, limit: int | None = None, sets: Any = (ENGINEERING,)) -> Any:
    return plan_set(possible(DesiredSet(name, description, limit)), sets)


@pytest.mark.parametrize(
    ("arguments", "after", "changes"),
    [
        (("Marketing",), AttributeSet("Marketing"), {}),
        (("Marketing", "d", 25), AttributeSet("Marketing", "d", 25), {}),
        (("Engineering",), ENGINEERING, {}),
        (("Engineering", "Attributes for engineering team", 25), ENGINEERING, {}),
        (("Engineering", None, 20), replace(ENGINEERING, max_attributes=20), {"max_attributes": 20}),
        (("Engineering", ""), replace(ENGINEERING, description=""), {"description": ""}),
        (
            ("Engineering", "new", 20),
            AttributeSet("Engineering", "new", 20),
            {"description": "new", "max_attributes": 20},
        ),
    ],
)
def test_a_set_is_created_updated_or_left(arguments: Any, after: AttributeSet, changes: Any) -> None:
    planned = a_set(*arguments)
    assert (planned.after, planned.changes) == (after, changes)
    assert planned.creates == (after.name == "Marketing")
    assert planned.changed == bool(planned.creates or changes)
    assert SetPlan.from_document(planned.as_document()) == planned
    assert len({planned, SetPlan.from_document(planned.as_document())}) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("engineering",), "name differs from the existing Engineering by case only"),
        (("1st",), "name '1st' starts with a digit"),
        (("x" * 33,), "33 characters"),
        (("Cost Center",), "characters that names cannot hold"),
        (("Marketing", "\ud800"), "description has half a character, U+D800"),
        (("Marketing", "x" * 129), "description has 129 characters; Entra allows 128"),
        (("Marketing", None, 501), "max_attributes_per_set must be 1 to 500, not 501"),
        (("Marketing", None, 0), "max_attributes_per_set must be 1 to 500, not 0"),
        (
            ("Marketing", None, None, [AttributeSet(f"S{n}") for n in range(500)]),
            "the tenant has 500 attribute sets; Entra allows 500",
        ),
    ],
    ids=str,
)
def test_a_set_that_cannot_be(arguments: Any, words: str) -> None:
    with pytest.raises(InvalidDeclaration) as refusal:
        a_set(*arguments)
    assert words in str(refusal.value)


def test_all_problems_of_a_set_are_told_at_once() -> None:
    with pytest.raises(InvalidDeclaration) as refusal:
        a_set("1 st", "x" * 129, 501)
    assert len(refusal.value.problems) == 3


def definition(name: str, tenant: Any = TENANT, sets: Any = (ENGINEERING,), **wished: Any) -> DefinitionPlan:
    return plan_definition(possible(DesiredDefinition("Engineering", name, **wished)), tenant, sets)


def test_a_definition_is_created_as_it_is_declared() -> None:
    planned = definition(
        "Level",
        type="String",
        description="Deployment level",
        collection=True,
        searchable=False,
        predefined_only=True,
        predefined=["Public", "Private"],
    )
    assert planned.creates
    assert planned.after == Definition(
        "Engineering",
        "Level",
        "String",
        collection=True,
        searchable=False,
        predefined_only=True,
        predefined={"Public": True, "Private": True},
        description="Deployment level",
        id="Engineering_Level",
    )
    assert (planned.changes, planned.switched_values, planned.added_values) == ({}, {}, {})
    again = definition(
        "Level", [*TENANT, planned.after], type="String", collection=True, predefined=["Private", "Public"], purge=True
    )
    assert not again.changed
    bare = definition("Level", type="Integer").after
    assert bare == Definition("Engineering", "Level", "Integer", id="Engineering_Level")


@pytest.mark.parametrize(
    ("name", "wished", "changes", "switched", "added"),
    [
        ("Project", {}, {}, {}, {}),
        ("Project", {"type": "String", "collection": True, "searchable": True, "predefined_only": True}, {}, {}, {}),
        ("Project", {"description": "d"}, {"description": "d"}, {}, {}),
        ("Project", {"deprecated": True}, {"deprecated": True}, {}, {}),
        ("Legacy", {}, {"deprecated": False}, {}, {}),
        ("Legacy", {"deprecated": True}, {}, {}, {}),
        ("Project", {"predefined_only": False}, {"predefined_only": False}, {}, {}),
        ("Project", {"predefined": ["Baker", "Alpine"]}, {}, {}, {}),
        ("Project", {"predefined": ["Skagit", "Cascade"]}, {}, {"Skagit": True}, {"Cascade": True}),
        ("Project", {"predefined": ["Baker"], "purge": True}, {}, {"Alpine": False}, {}),
        ("Project", {"predefined": [], "purge": True}, {}, {"Alpine": False, "Baker": False}, {}),
        (
            "Project",
            {"description": "d", "predefined": ["Skagit"], "purge": True, "predefined_only": False},
            {"description": "d", "predefined_only": False},
            {"Skagit": True, "Alpine": False, "Baker": False},
            {},
        ),
        ("Project", {"inactive": ["Alpine", "Skagit", "Nome"]}, {}, {"Alpine": False}, {"Nome": False}),
        (
            "Project",
            {"predefined": ["Skagit"], "inactive": ["Baker"], "purge": True},
            {},
            {"Skagit": True, "Alpine": False, "Baker": False},
            {},
        ),
    ],
    ids=str,
)
def test_only_what_differs_is_sent_and_the_second_time_nothing(
    name: str, wished: dict[str, Any], changes: Any, switched: dict[str, bool], added: dict[str, bool]
) -> None:
    planned = definition(name, **wished)
    assert not planned.creates
    assert planned.changes == changes
    assert list(planned.switched_values.items()) == list(switched.items()), "what is activated goes first"
    assert planned.added_values == added
    rest = [known for known in TENANT if known.name != name]
    assert not definition(name, [*rest, planned.after], **wished).changed
    assert DefinitionPlan.from_document(planned.as_document()) == planned
    assert len({planned, DefinitionPlan.from_document(planned.as_document())}) == 1


def test_what_was_never_there_need_not_be_deprecated() -> None:
    planned = definition("Level", deprecated=True)
    assert not planned.changed
    assert planned.after is None


MANY = [Definition("Other", f"A{n}", "String") for n in range(500)]


@pytest.mark.parametrize(
    ("name", "wished", "words"),
    [
        ("Level", {}, "type must be given to create it"),
        ("project", {"type": "String"}, "name differs from the existing Project by case only"),
        ("Cost_Center", {"type": "String"}, "characters that names cannot hold: '_'"),
        ("2nd", {"type": "String"}, "starts with a digit"),
        ("x" * 33, {"type": "String"}, "33 characters"),
        ("Level", {"type": "String", "description": "x" * 129}, "description has 129 characters"),
        ("Level", {"type": "String", "predefined": ["\ud800"]}, "the text has half a character"),
        ("Level", {"type": "Boolean", "collection": True}, "a Boolean attribute cannot be multi_valued"),
        ("Level", {"type": "Boolean", "predefined_only": True}, "a Boolean attribute cannot have predefined values"),
        ("Level", {"type": "String", "predefined": ["x" * 65]}, "65 characters"),
        ("Level", {"type": "String", "predefined": [""]}, "empty text"),
        ("Level", {"type": "Integer", "predefined": ["one"]}, '"one" is not an integer'),
        ("Level", {"type": "Integer", "predefined": ["2147483648"]}, "32-bit"),
        ("Level", {"type": "String", "predefined": ["a", "a"]}, "lists a more than once"),
        (
            "Level",
            {"type": "String", "predefined": [f"v{n}" for n in range(101)]},
            "101 predefined values, inactive ones included; Entra allows 100",
        ),
        ("Project", {"predefined": [f"v{n}" for n in range(98)]}, "101 predefined values"),
        ("Project", {"type": "Integer"}, "type is string and cannot become integer"),
        ("Project", {"collection": False}, "multi_valued is true and cannot become false"),
        ("Project", {"searchable": False}, "searchable is true and cannot become false"),
        ("Legacy", {"predefined_only": True}, "predefined_values_only is false and cannot become true"),
        ("Certification", {"collection": True}, "multi_valued is false and cannot become true"),
        ("Level", {"type": "String", "tenant": MANY}, "the tenant has 500 active definitions; Entra allows 500"),
        ("Legacy", {"tenant": [*MANY, LEGACY]}, "the tenant has 500 active definitions"),
        (
            "Level",
            {"type": "String", "sets": [replace(ENGINEERING, max_attributes=2)]},
            "its max_attributes_per_set is 2",
        ),
        ("Level", {"type": "String", "sets": []}, "there is no attribute set Engineering; create it first"),
        ("Level", {"type": "String", "sets": [AttributeSet("engineering")]}, "the existing engineering by case only"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_entra_would_refuse_is_refused_before(name: str, wished: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidDeclaration) as refusal:
        definition(name, **wished)
    assert words in str(refusal.value)


def test_deprecated_definitions_take_no_room() -> None:
    retired = [replace(known, deprecated=True) for known in MANY]
    assert definition("Level", [*TENANT, *retired], type="String").changed


def test_all_problems_of_a_definition_are_told_at_once() -> None:
    with pytest.raises(InvalidDeclaration) as refusal:
        definition("Project", type="Integer", collection=False, searchable=False)
    assert len(refusal.value.problems) == 3
    assert "attribute Engineering.Project" in str(refusal.value)
    with pytest.raises(InvalidDeclaration) as refusal:
        definition("1st", type="Boolean", collection=True, description="x" * 129, predefined=["a", "a"])
    assert len(refusal.value.problems) == 5


def test_the_type_that_is_not_named_is_that_of_the_definition() -> None:
    with pytest.raises(InvalidDeclaration) as refusal:
        definition("Certification", predefined=["a"])
    assert refusal.value.problems == ["a Boolean attribute cannot have predefined values"]
    numbers = Definition("Engineering", "Numbers", "Integer", id="Engineering_Numbers")
    with pytest.raises(InvalidDeclaration) as refusal:
        definition("Numbers", [numbers], predefined=["one", "02"])
    assert [problem[:60] for problem in refusal.value.problems] == [
        'value of predefined_values: its type is Integer and "one" is',
        'value of predefined_values: its type is Integer and "02" is ',
    ]


def test_in_check_mode_the_set_may_still_be_missing() -> None:
    assert definition("Level", [], None, type="String").changed
