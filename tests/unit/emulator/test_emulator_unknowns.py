# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both possible answers to each request whose real answer is unknown (graph-facts 13 and 16)."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from plain_client import ADELE, EVENTUAL, SET_TYPE, Client, error_of

BAD = (400, "Request_BadRequest")
SETS = "/v1.0/directory/attributeSets"
DEFINITIONS = "/v1.0/directory/customSecurityAttributeDefinitions"
VALUES = f"{DEFINITIONS}/Engineering_Project/allowedValues"
USER = f"/v1.0/users/{ADELE}"
FILTER = "/v1.0/users?$count=true&$select=userPrincipalName&$filter="
NEW: dict[str, Any] = {
    "attributeSet": "Marketing",
    "name": "Level",
    "type": "String",
    "status": "Available",
    "isCollection": False,
    "isSearchable": True,
    "usePreDefinedValuesOnly": False,
}
INTEGER = {**NEW, "type": "Integer", "usePreDefinedValuesOnly": True}
EMOJI = "\N{GRINNING FACE}"


def patch(members: Any, set_name: str = "Engineering") -> tuple[str, str, Any]:
    typed = {"@odata.type": SET_TYPE, **members} if members else members
    return "PATCH", USER, {"customSecurityAttributes": {set_name: typed}}


def value(identifier: str) -> dict[str, Any]:
    return {"id": identifier, "isActive": True}


@pytest.mark.parametrize(
    ("quirk", "other", "first", "second", "request_"),
    [
        ("unknown_set_status", 400, 404, 400, ("POST", DEFINITIONS, {**NEW, "attributeSet": "Nope"})),
        ("names", "case_insensitive", 201, 409, ("POST", SETS, {"id": "engineering"})),
        ("names", "case_insensitive", 201, 409, ("POST", DEFINITIONS, {**NEW, "name": "EMPLOYEEID"})),
        ("names", "case_insensitive", 201, 409, ("POST", VALUES, value("alpine"))),
        ("names", "case_insensitive", 404, 200, ("GET", f"{SETS}/engineering", None)),
        ("names", "case_insensitive", 404, 200, ("GET", f"{DEFINITIONS}/engineering_PROJECT", None)),
        ("names", "case_insensitive", 400, 204, patch({"projectdate": "x"}, "ENGINEERING")),
        ("unrestricted_values", "refuse", 201, 400, ("POST", DEFINITIONS, {**NEW, "allowedValues": [value("x")]})),
        (
            "unrestricted_values",
            "refuse",
            201,
            400,
            ("POST", f"{DEFINITIONS}/Engineering_ProjectDate/allowedValues", value("x")),
        ),
        ("max_below_use", "refuse", 204, 400, ("PATCH", f"{SETS}/Marketing", {"maxAttributesPerSet": 1})),
        ("unchanged_immutable", "accept", 400, 204, ("PATCH", f"{SETS}/Marketing", {"id": "Marketing"})),
        (
            "unchanged_immutable",
            "accept",
            400,
            204,
            ("PATCH", f"{DEFINITIONS}/Engineering_Project", {"name": "Project", "isSearchable": True}),
        ),
        ("unchanged_immutable", "accept", 400, 400, ("PATCH", f"{SETS}/Marketing", {"id": "Other"})),
        (
            "single_expand",
            "refuse",
            200,
            400,
            ("GET", f"{DEFINITIONS}/Engineering_Project?$expand=allowedValues", None),
        ),
        (
            "boolean_annotation",
            "refuse",
            204,
            400,
            patch({"Certification@odata.type": "#Boolean", "Certification": True}),
        ),
        (
            "duplicate_items",
            "refuse",
            204,
            400,
            patch({"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": [1, 1]}),
        ),
        ("other_empty", "refuse", 204, 400, patch({"CostCenter": None})),
        ("other_empty", "refuse", 204, 400, patch({"ProjectDate": []})),
        ("other_empty", "refuse", 204, 204, patch({"ProjectDate": None})),
        ("null_set", "remove", 400, 204, patch(None)),
        ("null_set", "remove", 400, 204, patch({})),
        ("decimal_integers", "accept", 400, 204, patch({"NumVendors@odata.type": "#Int32", "NumVendors": 5.0})),
        ("length_unit", "code_point", 400, 204, patch({"ProjectDate": EMOJI * 33})),
        ("length_unit", "code_point", 400, 201, ("POST", VALUES, value(EMOJI * 33))),
        ("length_unit", "code_point", 400, 204, ("PATCH", f"{SETS}/Marketing", {"description": EMOJI * 65})),
    ],
)
def test_13_and_16_a_request_has_two_answers(
    graph: Client, quirk: str, other: Any, first: int, second: int, request_: tuple[str, str, Any]
) -> None:
    before = graph.emulator.tenant()
    assert graph.call(*request_).status_code == first
    graph.emulator.tenant(before)
    graph.token = graph.emulator.token(
        permissions=["CustomSecAttributeAssignment.ReadWrite.All", "CustomSecAttributeDefinition.ReadWrite.All"]
    )
    graph.emulator.quirks(**{quirk: other}, check_schema=False)  # the schema forbids some values that a quirk accepts
    answer = graph.call(*request_)
    assert answer.status_code == second, answer.text


def test_16_null_for_a_set_can_remove_what_is_in_it(graph: Client) -> None:
    graph.assign({"ProjectDate": "x"})
    graph.emulator.quirks(null_set="remove", check_schema=False)
    assert graph.call(*patch(None)).status_code == 204
    assert graph.emulator.state(ADELE) == {}


def test_16_an_attribute_keeps_its_spelling(graph: Client) -> None:
    graph.emulator.quirks(names="case_insensitive")
    assert graph.call(*patch({"projectdate": "x"}, "ENGINEERING")).status_code == 204
    assert graph.emulator.state(ADELE) == {"Engineering": {"ProjectDate": "x"}}


@pytest.mark.parametrize("expression", ["NumVendors eq '4'", "Certification eq 1", "ProjectDate ne 4"])
def test_16_conditions_of_another_type(graph: Client, expression: str) -> None:
    path = f"{FILTER}customSecurityAttributes/Engineering/{expression}"
    assert error_of(graph.get(path, **EVENTUAL)) == (400, "Request_UnsupportedQuery")
    graph.emulator.quirks(mistyped_filter="empty")
    assert graph.get(path, **EVENTUAL).status_code == 200


def test_16_alternatives_of_conditions_on_attributes(graph: Client) -> None:
    condition = "customSecurityAttributes/Marketing/AppCountry eq 'Canada'"
    path = f"{FILTER}{condition} or displayName eq 'Adele Vance'"
    assert len(graph.get(path, **EVENTUAL).json()["value"]) == 2
    graph.emulator.quirks(attribute_or="refuse")
    assert error_of(graph.get(path, **EVENTUAL)) == (400, "Request_UnsupportedQuery")
    plain = f"{FILTER}{condition} and (displayName eq 'Dara Fox' or displayName eq 'Adele Vance')"
    assert len(graph.get(plain, **EVENTUAL).json()["value"]) == 1


@pytest.mark.parametrize("text", ["x", "1.0", "", "2147483648", "0x1", "\u0663"])
def test_16_predefined_values_of_an_integer_are_integers(graph: Client, text: str) -> None:
    assert error_of(graph.call("POST", DEFINITIONS, {**INTEGER, "allowedValues": [value(text)]})) == BAD
    assert graph.call("POST", DEFINITIONS, {**INTEGER, "allowedValues": [value("-1")]}).status_code == 201
    values = f"{DEFINITIONS}/Marketing_Level/allowedValues"
    assert error_of(graph.call("POST", values, value(text))) == BAD
    assert graph.call("POST", values, value("2147483647")).status_code == 201


def test_16_a_definition_can_be_made_deprecated(graph: Client) -> None:
    graph.call("PATCH", f"{SETS}/Marketing", {"maxAttributesPerSet": 2})
    made = graph.call("POST", DEFINITIONS, {**NEW, "status": "Deprecated"})
    assert (made.status_code, made.json()["status"]) == (201, "Deprecated")
    assert graph.assign({"Level": "x"}, set_name="Marketing").status_code == 400


def test_16_a_predefined_value_stands_once_in_a_new_definition(graph: Client) -> None:
    twice = {**NEW, "allowedValues": [value("x"), {"id": "x", "isActive": False}]}
    assert error_of(graph.call("POST", DEFINITIONS, twice)) == BAD


def test_4_and_16_limits_count_utf_16_units(graph: Client) -> None:
    assert graph.assign({"ProjectDate": EMOJI * 32}).status_code == 204
    assert error_of(graph.assign({"ProjectDate": EMOJI * 32 + "x"})) == BAD
    assert graph.assign({"ProjectDate": "ü" * 64}).status_code == 204


def test_a_quirk_takes_only_its_answers(graph: Client) -> None:
    with pytest.raises(requests.HTTPError, match="names is one of 'case_sensitive', 'case_insensitive', not 'x'"):
        graph.emulator.quirks(names="x")


def test_8_reads_have_a_quota_when_one_is_set(graph: Client) -> None:
    graph.emulator.quirks(read_quota={"units": 4, "seconds": 60})
    answers = [graph.get("/v1.0/users?$select=id&$top=1") for _time in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    headers = answers[-1].headers
    assert 0 < float(headers["Retry-After"]) <= 15
    assert headers["x-ms-throttle-scope"].startswith("Tenant_Application/Read/")
    assert headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert graph.assign({"ProjectDate": "x"}).status_code == 204, "writes have their own"
