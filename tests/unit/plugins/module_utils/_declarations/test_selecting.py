# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Items that select principals, derive values or end: what they mean, and every mistake with its place."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import Adjust, Exactly
from ansible_collections.entra.attributes.plugins.module_utils._core.model import AttributeName, PrincipalReference
from ansible_collections.entra.attributes.plugins.module_utils._core.options import json_problems
from ansible_collections.entra.attributes.plugins.module_utils._core.selection import (
    Derived,
    Item,
    Selection,
    Where,
)
from ansible_collections.entra.attributes.plugins.module_utils._declarations.assignments import declarations
from ansible_collections.entra.attributes.plugins.module_utils._declarations.selecting import read_expiry
from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidDeclaration

REGION = AttributeName("Sales", "Region")
GIVEN = {"Sales": {"Region": "EMEA"}}
DOCUMENT = """
assignments:
  - users: {group: Sales EMEA, filter: "department eq 'Finance'"}
    attributes: {Sales: {Region: EMEA}}
    exclusive: true
    allow_empty: true
  - agents:
      blueprint: expense-bot
      where: [{attribute_set: Sales, name: Region, operator: ne, value: EMEA}, {attribute_set: A, name: B}]
    attributes: {Sales: {Region: {from: blueprint.Sales.Region, map: {EMEA: Europe}, default: World}}}
  - service_principals: {all: true}
    attributes: {Sales: {Tags: {add: [a]}}}
    expires: 2026-12-31
  - user: adele@contoso.com
    attributes: {Sales: {Region: EMEA}}
    expires: 2026-12-31T18:00:00+01:00
"""
JSON_LINES = """{"users": {"all": true}, "attributes": {"Sales": {"Region": {"from": "department"}}}}
{"user": "a", "attributes": {"Sales": {"Region": "EMEA"}}, "expires": "2026-12-31"}
"""


def items(*given: Any) -> list[Item]:
    return declarations(list(given), None).items


def problems(*given: Any) -> list[str]:
    with pytest.raises(InvalidDeclaration) as refusal:
        declarations(list(given), None)
    return refusal.value.problems


def test_items_of_a_document(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text(DOCUMENT)
    found = declarations(None, str(path))
    sales, agents, everyone, adele = found.items
    assert found.found == []
    assert [item.place for item in found.items] == [f"{path}:{line}" for line in (3, 7, 11, 14)]
    assert sales.who == Selection("users", group="Sales EMEA", filter="department eq 'Finance'")
    assert (sales.wishes, sales.exclusive, sales.allow_empty) == ({REGION: Exactly("EMEA")}, True, True)
    assert agents.who == Selection(
        "agents",
        blueprint="expense-bot",
        where=(Where(REGION, "ne", "EMEA"), Where(AttributeName("A", "B"), "eq", None)),
    )
    assert agents.wishes == {REGION: Derived("blueprint.Sales.Region", {"EMEA": "Europe"}, "World")}
    assert everyone.who == Selection("service_principals", everyone=True)
    assert everyone.wishes == {AttributeName("Sales", "Tags"): Adjust(["a"])}
    assert everyone.expires
    assert (everyone.expires.text, everyone.expires.at) == (
        "2026-12-31",
        datetime(2027, 1, 1, tzinfo=timezone.utc).timestamp(),
    )
    assert isinstance(adele.who, PrincipalReference)
    assert adele.expires
    assert adele.expires.at == datetime(2026, 12, 31, 17, tzinfo=timezone.utc).timestamp()


def test_items_of_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(JSON_LINES)
    first, second = declarations(None, str(path)).items
    assert first.wishes == {REGION: Derived("department")}
    assert second.expires
    assert second.place == f"{path}:2"


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection("users", everyone=True), "all users"),
        (Selection("users", group="Sales", filter="a eq 1"), "users in the group 'Sales' with a eq 1"),
        (
            Selection("agents", blueprint="bot", where=(Where(REGION, "ne", None), Where(REGION, "eq", "x"))),
            "agents of the blueprint 'bot' with Sales.Region ne null and Sales.Region eq 'x'",
        ),
        (Selection("service_principals", where=(Where(REGION, "eq", True),)), "with Sales.Region eq true"),
    ],
)
def test_a_selection_in_words(selection: Selection, words: str) -> None:
    assert str(selection).endswith(words)


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (
            {"users": {}},
            "users: is empty; give some of group, filter, where, all. To select all users, write",
        ),
        ({"users": "Sales"}, "users: must be a dictionary with some of group, filter, where, all"),
        ({"agents": []}, "agents: must be a dictionary with some of group, filter, where, blueprint, all"),
        ({"users": {"grp": "x"}}, "users: has the unknown key 'grp'; accepted are group, filter, where, all"),
        ({"users": {"blueprint": "x"}}, "users.blueprint: is only for agents"),
        ({"users": {"group": ""}}, "users.group: is empty"),
        ({"users": {"group": None}}, "users.group: null is not text"),
        ({"users": {"group": 7}}, "users.group: YAML read the integer 7"),
        ({"users": {"filter": " "}}, "users.filter: is empty"),
        ({"users": {"all": False}}, "users.all: must be true, not the Boolean false"),
        ({"users": {"all": "yes"}}, "users.all: must be true, not the text 'yes'"),
        ({"users": {"all": True, "group": "x"}}, "users.all: selects everyone, so it must be the only condition"),
        ({"users": {"where": []}}, "users.where: must be a list of dictionaries"),
        ({"users": {"where": ["x"]}}, "users.where[0]: must be a dictionary"),
        ({"users": {"where": [{"attribute_set": "A", "name": "B", "op": "eq"}]}}, "users.where[0]: has the unknown"),
        ({"users": {"where": [{"attribute_set": "A"}]}}, "users.where[0].name: null is not text"),
        ({"users": {"where": [{"attribute_set": "A b", "name": "B"}]}}, "users.where[0].attribute_set: 'A b' has"),
        (
            {"users": {"where": [{"attribute_set": "A", "name": "B", "operator": "gt"}]}},
            "users.where[0].operator: the text 'gt' is not one of eq, ne, startswith",
        ),
        (
            {"users": {"where": [{"attribute_set": "A", "name": "B", "operator": "startswith", "value": 1}]}},
            "users.where[0].value: startswith compares text, not the integer 1",
        ),
        (
            {"users": {"where": [{"attribute_set": "A", "name": "B", "value": ["x"]}]}},
            "users.where[0].value: must be a single value",
        ),
        ({"users": {"where": [{"attribute_set": "A", "name": "B", "value": 1.5}]}}, "users.where[0].value: YAML"),
        ({"users": {"all": True}, "display_name": "x"}, "display_name: is only for items that name a principal"),
        ({"users": {"all": True}, "expected": GIVEN}, "expected: is only for items that name a principal"),
        ({"users": {"all": True}, "expires": "tomorrow"}, "expires: the text 'tomorrow' is not a date; write a date"),
        ({"users": {"all": True}, "expires": 2026}, "expires: the integer 2026 is not a date"),
        ({"users": {"all": True}, "expires": "2026-02-30"}, "expires: 2026-02-30 is not a date that exists"),
        ({"users": {"all": True}, "expires": "2026-02-03T25:00Z"}, "expires: 2026-02-03T25:00Z is not a date that"),
        ({"users": {"all": True}, "expires": "2026-02-03T18:00"}, "expires: 2026-02-03T18:00 has no offset; write"),
        ({"users": {"all": True}, "expires": datetime(2026, 2, 3, 18)}, "expires: 2026-02-03T18:00:00 has no offset"),
        ({"users": {"all": True}, "exclusive": "yes"}, "exclusive: must be true or false, not the text 'yes'"),
        ({"user": "a", "expires": "2026-02-03", "expected": GIVEN}, "expected: does not go with exclusive, expires"),
    ],
)
def test_a_wrong_selection(who: Any, words: str) -> None:
    assert problems({**who, "attributes": GIVEN})[0].startswith(f"assignments[0].{words}")


def test_every_mistake_of_a_selection_is_reported() -> None:
    where = {"attribute_set": 1, "name": "B", "operator": "gt"}
    told = problems({"users": {"grp": "x", "group": "", "where": [where]}, "attributes": GIVEN})
    assert len(told) == 4


@pytest.mark.parametrize(
    "who",
    [
        {},
        {"users": {"all": True}, "agents": {"all": True}},
    ],
)
def test_an_item_names_or_selects(who: Any) -> None:
    accepted = "user, service_principal, users, service_principals, agents"
    assert problems({**who, "attributes": GIVEN}) == [f"assignments[0]: {accepted}: exactly one of them is needed"]


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("users", {"from": "departmnt"}, "from: users have no property 'departmnt' to take a value from; the nearest"),
        ("users", {"from": "Department"}, "the nearest are department"),
        ("users", {"from": "costCenter"}, "the nearest are employeeOrgData.costCenter"),
        ("users", {"from": "extensionAttribute7"}, "nearest are onPremisesExtensionAttributes.extensionAttribute7"),
        ("users", {"from": "zzzz"}, "from: users have no property 'zzzz' to take a value from"),
        ("users", {"from": "blueprint.A.B"}, "from: only agents take a value from their blueprint"),
        ("agents", {"from": "agent.A.B"}, "from: only users take a value from their agent"),
        ("agents", {"from": "blueprint.A"}, "from: write blueprint.AttributeSet.Attribute to take"),
        ("agents", {"from": "blueprint.A b.C"}, "from: 'A b' has characters"),
        ("users", {"from": ""}, "from must name a property, such as department"),
        ("users", {"from": 7}, "from must name a property"),
        ("users", {"map": {"a": "b"}}, "from must name a property"),
        ("users", {"from": "city", "add": ["x"]}, "has the unknown key 'add'; accepted are from, map, default"),
        ("users", {"from": "city", "map": {}}, "map must be a dictionary"),
        ("users", {"from": "city", "map": {True: "x"}}, "a key of map is wrong: YAML read the Boolean true"),
        ("users", {"from": "city", "map": {"a": None}}, "map: 'a': null is not a value; leave it out"),
        ("users", {"from": "city", "default": None}, "default: null is not a value; leave it out"),
        ("users", {"from": "city", "default": "x" * 65}, "default: text of 65 characters"),
    ],
)
def test_a_wrong_derived_value(kind: str, value: Any, words: str) -> None:
    (told,) = problems({kind: {"all": True}, "attributes": {"Sales": {"Region": value}}})
    assert told.startswith("assignments[0].attributes.Sales.Region: ")
    assert words in told


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"expires": "2026-12-31", "attributes": {"A": {"B": None}}}, "a removal cannot expire; leave out expires"),
        ({"expires": "2026-12-31", "attributes": {"A": {"B": []}}}, "a removal cannot expire"),
        (
            {"expires": "2026-12-31", "attributes": {"A": {"B": {"add": ["a"], "remove": ["b"]}}}},
            "an item that expires can add values, but not remove any",
        ),
        ({"exclusive": True, "attributes": {"A": {"B": None}}}, "exclusive is only for exact values and for add"),
        ({"exclusive": True, "attributes": {"A": {"B": {"from": "city"}}}}, "exclusive is only for exact values"),
        ({"exclusive": True, "attributes": {"A": {"B": {"remove": ["x"]}}}}, "exclusive is only for exact values"),
        (
            {
                "users": {"where": [{"attribute_set": "A", "name": "B"}]},
                "exclusive": True,
                "attributes": {"A": {"B": "x"}},
            },
            "an exclusive item cannot give an attribute that its own where reads",
        ),
    ],
)
def test_what_does_not_go_together(item: Any, words: str) -> None:
    assert problems({"users": {"all": True}, **item})[0].startswith(f"assignments[0].attributes.A.B: {words}")


def test_an_empty_selection_can_be_allowed_for_exclusive_items_only() -> None:
    told = problems({"users": {"all": True}, "allow_empty": True, "attributes": GIVEN})
    assert told == ["assignments[0]: allow_empty is only for exclusive items that select principals"]


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2026-12-31", datetime(2027, 1, 1, tzinfo=timezone.utc)),
        (date(2026, 12, 31), datetime(2027, 1, 1, tzinfo=timezone.utc)),
        ("2028-02-29", datetime(2028, 3, 1, tzinfo=timezone.utc)),
        ("2026-12-31T18:00Z", datetime(2026, 12, 31, 18, tzinfo=timezone.utc)),
        ("2026-12-31 18:00:30 +0130", datetime(2026, 12, 31, 16, 30, 30, tzinfo=timezone.utc)),
        (datetime(2026, 12, 31, 18, tzinfo=timezone.utc), datetime(2026, 12, 31, 18, tzinfo=timezone.utc)),
    ],
)
def test_a_date_ends_with_its_day_and_a_time_is_exact(value: Any, at: datetime) -> None:
    expiry = read_expiry(value)
    assert expiry.at == at.timestamp()
    assert [expiry.passed(at.timestamp() + seconds) for seconds in (-1, 0)] == [False, True]


def test_the_last_date_that_there_is_can_stand_for_never() -> None:
    assert read_expiry("9999-12-31").at == datetime(9999, 12, 31, tzinfo=timezone.utc).timestamp() + 86_400


def test_a_date_stays_text_only_as_the_end_of_an_item(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("- user: a\n  expires: 2026-12-31\n  attributes: {A: {expires: 2026-12-31}}\n")
    with pytest.raises(InvalidDeclaration) as refusal:
        declarations(None, str(path))
    (told,) = refusal.value.problems
    assert told.startswith(f"{path}:3: attributes.A.expires: 2026-12-31 is read by YAML as a date")


def test_json_keeps_only_the_end_of_an_item_as_a_date() -> None:
    item = {"user": "a", "expires": date(2026, 12, 31), "attributes": {"A": {"expires": date(2026, 12, 31)}}}
    found = json_problems({"assignments": [item], "declarations": {"assignments": [item]}}, {})
    assert [place for place, _problem in found] == [
        "assignments[0].attributes.A.expires",
        "declarations.assignments[0].attributes.A.expires",
    ]


def test_an_empty_end_in_a_file_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("- user: a\n  expires:\n  attributes: {A: {B: c}}\n")
    with pytest.raises(InvalidDeclaration, match="expires: is empty; leave it out if the values stay"):
        declarations(None, str(path))


def test_options_that_were_left_out_are_null() -> None:
    left_out = dict.fromkeys(
        ("users", "service_principals", "agents", "exclusive", "allow_empty", "expires", "expected")
    )
    found = declarations([{**left_out, "user": "a", "attributes": GIVEN}], None)
    assert (len(found.found), found.items) == (1, [])
    assert items({**left_out, "users": {"all": True}, "attributes": GIVEN})[0].who == Selection("users", everyone=True)


@pytest.mark.parametrize(
    ("where", "assignments", "holds"),
    [
        (Where(REGION, "eq", "EMEA"), {REGION: "EMEA"}, True),
        (Where(REGION, "eq", "EMEA"), {REGION: ["Asia", "EMEA"]}, True),
        (Where(REGION, "eq", "EMEA"), {REGION: "emea"}, False),
        (Where(REGION, "eq", "EMEA"), {}, False),
        (Where(REGION, "ne", "EMEA"), {}, True),
        (Where(REGION, "ne", "EMEA"), {REGION: "EMEA"}, False),
        (Where(REGION, "eq", None), {}, True),
        (Where(REGION, "ne", None), {REGION: 1}, True),
        (Where(REGION, "eq", 1), {REGION: True}, False),
        (Where(REGION, "startswith", "EM"), {REGION: "EMEA"}, True),
        (Where(REGION, "startswith", "EM"), {REGION: 7}, False),
    ],
)
def test_conditions(where: Where, assignments: Any, holds: bool) -> None:
    assert where.holds(assignments) is holds


@pytest.mark.parametrize("header", ["users", "Service Principals", "agents", "expires", "exclusive", "allow_empty"])
def test_a_selection_is_not_offered_in_csv(tmp_path: Path, header: str) -> None:
    path = tmp_path / "a.csv"
    for content in (f"user,Sales.Region,{header}\na,EMEA,x\n", f"user,attribute_set,name,value,{header}\na,A,B,c,x\n"):
        path.write_text(content)
        with pytest.raises(InvalidDeclaration) as refusal:
            declarations(None, str(path))
        assert f"'{header}' needs YAML or JSON; accepted are" in refusal.value.problems[0]
