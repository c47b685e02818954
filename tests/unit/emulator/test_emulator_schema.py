# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attribute sets, definitions and predefined values, their limits and the roles (graph-facts 1.2 to 1.4, 4 and 5.3)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from plain_client import ADELE, Client, error_of

BAD = (400, "Request_BadRequest")
DENIED = (403, "Authorization_RequestDenied")
SETS = "/v1.0/directory/attributeSets"
DEFINITIONS = "/v1.0/directory/customSecurityAttributeDefinitions"


def test_1_2_attribute_sets(graph: Client) -> None:
    listed = graph.get("/v1.0/directory/attributeSets").json()
    assert listed["@odata.context"] == f"{graph.emulator.url}/v1.0/$metadata#directory/attributeSets"
    assert listed["value"][0] == {
        "description": "Attributes for engineering team",
        "id": "Engineering",
        "maxAttributesPerSet": 25,
    }
    one = graph.get("/v1.0/directory/attributeSets/Engineering").json()
    assert one.pop("@odata.context").endswith("/$metadata#directory/attributeSets/$entity")
    assert one == listed["value"][0]
    assert graph.get("/v1.0/directory/attributeSets('Engineering')").json()["id"] == "Engineering"
    assert error_of(graph.get("/v1.0/directory/attributeSets/Nope")) == (404, "Request_ResourceNotFound")


def test_1_2_pages_of_attribute_sets(graph: Client) -> None:
    first = graph.get("/v1.0/directory/attributeSets?$top=1&$select=id").json()
    second = graph.get(first["@odata.nextLink"]).json()
    assert (first["value"], second["value"]) == ([{"id": "Engineering"}], [{"id": "Marketing"}])
    assert "@odata.nextLink" not in second


def test_1_3_a_definition(graph: Client) -> None:
    found = graph.get(f"{DEFINITIONS}/Engineering_Project").json()
    assert found.pop("@odata.context").endswith("#directory/customSecurityAttributeDefinitions/$entity")
    assert found == {
        "attributeSet": "Engineering",
        "description": "Active projects for user",
        "id": "Engineering_Project",
        "isCollection": True,
        "isSearchable": True,
        "name": "Project",
        "status": "Available",
        "type": "String",
        "usePreDefinedValuesOnly": True,
    }
    assert error_of(graph.get(f"{DEFINITIONS}/Engineering_Nope")) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("attributeSet eq 'Marketing'", ["Marketing_EmployeeId", "Marketing_AppCountry"]),
        ("status eq 'Deprecated'", ["Engineering_Legacy"]),
        (
            "attributeSet eq 'Engineering' and status eq 'Available' and type eq 'Boolean'",
            ["Engineering_Certification"],
        ),
        ("type eq 'Integer' and isCollection eq true", ["Engineering_CostCenter"]),
    ],
)
def test_1_3_definitions_by_equality(graph: Client, expression: str, expected: list[str]) -> None:
    found = graph.get(f"{DEFINITIONS}?$filter={expression}").json()["value"]
    assert [item["id"] for item in found] == expected


@pytest.mark.parametrize(
    "expression", ["name ne 'x'", "startswith(name,'P')", "type eq 'x' or type eq 'y'", "nope eq 1"]
)
def test_1_3_other_filters_are_refused(graph: Client, expression: str) -> None:
    assert graph.get(f"{DEFINITIONS}?$filter={expression}").status_code == 400


def test_1_3_predefined_values_come_only_when_expanded(graph: Client) -> None:
    assert all("allowedValues" not in item for item in graph.get(DEFINITIONS).json()["value"])
    expanded = graph.get(f"{DEFINITIONS}?$expand=allowedValues").json()["value"]
    by_id = {item["id"]: item["allowedValues"] for item in expanded}
    assert by_id["Engineering_ProjectDate"] == []
    assert {"id": "Skagit", "isActive": False} in by_id["Engineering_Project"]
    assert graph.get(f"{DEFINITIONS}?$expand=nope").status_code == 400


def test_1_4_predefined_values(graph: Client) -> None:
    listed = graph.get(f"{DEFINITIONS}/Engineering_Project/allowedValues").json()
    assert listed["@odata.context"].endswith("Definitions('Engineering_Project')/allowedValues")
    assert len(listed["value"]) == 4
    one = graph.get(f"{DEFINITIONS}/Engineering_Project/allowedValues/Alpine").json()
    assert (one["id"], one["isActive"]) == ("Alpine", True)
    unknown = graph.get(f"{DEFINITIONS}/Engineering_Project/allowedValues/Denali")
    assert error_of(unknown) == (404, "Request_ResourceNotFound")


def test_1_2_a_set_is_made_and_changed(graph: Client) -> None:
    made = graph.call("POST", SETS, {"id": "Sales", "description": "x"})
    assert made.status_code == 201
    expected = {"description": "x", "id": "Sales", "maxAttributesPerSet": None}
    assert {name: made.json()[name] for name in expected} == expected
    changed = graph.call("PATCH", f"{SETS}/Sales", {"description": "y", "maxAttributesPerSet": 20})
    assert (changed.status_code, changed.content) == (204, b"")
    found = graph.get(f"{SETS}/Sales").json()
    assert (found["description"], found["maxAttributesPerSet"]) == ("y", 20)
    assert error_of(graph.call("PATCH", f"{SETS}/Nope", {"description": "y"}))[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": "x" * 33},
        {"id": "1st"},
        {"id": "two words"},
        {"id": "under_score"},
        {"id": "da-sh"},
        {"id": "Sales", "description": "x" * 129},
        {"id": "Sales", "maxAttributesPerSet": "25"},
        {"id": "Sales", "maxAttributesPerSet": 501},
        {"id": "Sales", "nope": 1},
    ],
)
def test_4_a_set_that_cannot_be(graph: Client, body: dict[str, Any]) -> None:
    assert error_of(graph.call("POST", SETS, body)) == BAD
    assert len(graph.get(SETS).json()["value"]) == 2


def test_4_a_set_never_changes_its_id_and_is_never_made_twice(graph: Client) -> None:
    assert error_of(graph.call("PATCH", f"{SETS}/Marketing", {"id": "Sales"})) == BAD
    assert graph.call("POST", SETS, {"id": "Marketing"}).status_code == 409
    assert graph.call("POST", SETS, {"id": "Größe"}).status_code == 201, "letters of any language"


NEW: dict[str, Any] = {
    "attributeSet": "Marketing",
    "name": "Level",
    "type": "String",
    "status": "Available",
    "isCollection": True,
    "isSearchable": True,
    "usePreDefinedValuesOnly": True,
}


def test_1_3_a_definition_is_made_and_used(graph: Client) -> None:
    values = [{"id": "Gold", "isActive": True}, {"id": "Lead", "isActive": False}]
    made = graph.call("POST", DEFINITIONS, {**NEW, "allowedValues": values})
    assert made.status_code == 201
    assert made.json()["id"] == "Marketing_Level"
    assert "allowedValues" not in made.json()
    assert graph.get(f"{DEFINITIONS}/Marketing_Level/allowedValues").json()["value"] == values
    gold = {"Level@odata.type": "#Collection(String)", "Level": ["Gold"]}
    assert graph.assign(gold, set_name="Marketing").status_code == 204
    assert graph.emulator.state(ADELE) == {"Marketing": {"Level": ["Gold"]}}
    assert graph.call("POST", DEFINITIONS, NEW).status_code == 409


@pytest.mark.parametrize(
    "change",
    [
        *({name: None} for name in NEW if name != "attributeSet"),
        {"name": "a b"},
        {"type": "Decimal"},
        {"type": "Boolean"},
        {"type": "Boolean", "isCollection": False},
        {"isCollection": "true"},
        {"status": "Disabled"},
        {"description": "x" * 129},
        {"allowedValues": [{"id": "x" * 65, "isActive": True}]},
        {"allowedValues": [{"id": str(number), "isActive": True} for number in range(101)]},
        {"id": "Marketing_Level"},
    ],
)
def test_4_a_definition_that_cannot_be(graph: Client, change: dict[str, Any]) -> None:
    assert error_of(graph.call("POST", DEFINITIONS, {**NEW, **change})) == BAD
    assert graph.get(f"{DEFINITIONS}/Marketing_Level").status_code == 404


def test_4_a_definition_in_a_set_that_is_not_there_or_full(graph: Client) -> None:
    assert error_of(graph.call("POST", DEFINITIONS, {**NEW, "attributeSet": "Nope"}))[0] == 404
    graph.call("PATCH", f"{SETS}/Marketing", {"maxAttributesPerSet": 2})
    assert error_of(graph.call("POST", DEFINITIONS, NEW)) == BAD
    graph.call("PATCH", f"{DEFINITIONS}/Marketing_EmployeeId", {"status": "Deprecated"})
    assert graph.call("POST", DEFINITIONS, NEW).status_code == 201, "deactivated ones do not count"
    assert error_of(graph.call("PATCH", f"{DEFINITIONS}/Marketing_EmployeeId", {"status": "Available"})) == BAD


def test_1_3_what_changes_on_a_definition(graph: Client) -> None:
    project = f"{DEFINITIONS}/Engineering_Project"
    for change in ({"description": "y"}, {"status": "Deprecated"}, {"status": "Available"}):
        assert graph.call("PATCH", project, change).status_code == 204
        name = next(iter(change))
        assert graph.get(project).json()[name] == change[name]
    assert graph.call("PATCH", project, {"usePreDefinedValuesOnly": False}).status_code == 204
    assert error_of(graph.call("PATCH", project, {"usePreDefinedValuesOnly": True})) == BAD, "never back"


@pytest.mark.parametrize("name", ["type", "isCollection", "isSearchable", "name", "attributeSet", "id"])
def test_4_what_never_changes_on_a_definition(graph: Client, name: str) -> None:
    project = f"{DEFINITIONS}/Engineering_Project"
    before = graph.get(project).json()
    assert error_of(graph.call("PATCH", project, {name: before[name], "description": "changed"})) == BAD
    assert graph.get(project).json() == before


def test_1_4_predefined_values_are_added_and_switched(graph: Client) -> None:
    values = f"{DEFINITIONS}/Engineering_Project/allowedValues"
    graph.emulator.quirks(check_schema=False)
    made = graph.call("POST", values, {"id": "Denali", "isActive": "true"})  # text, as in a sample
    graph.emulator.quirks(check_schema=True)
    assert (made.status_code, made.json()["isActive"]) == (201, True)
    assert graph.call("POST", values, {"id": "Denali", "isActive": True}).status_code == 409
    assert graph.call("PATCH", f"{values}/Denali", {"isActive": False}).status_code == 204
    assert graph.get(f"{values}/Denali").json()["isActive"] is False
    assert error_of(graph.call("PATCH", f"{values}/Denali", {"id": "Rainier"})) == BAD
    for body in ({"id": "x"}, {"isActive": True}, {"id": "", "isActive": True}, {"id": "x", "isActive": "maybe"}):
        assert error_of(graph.call("POST", values, body)) == BAD
    malformed = graph.call("POST", values, {"allowedValues@delta": [{"id": "x", "isActive": True}]})
    assert error_of(malformed) == (500, "Service_InternalServerError")
    for number in range(95):
        assert graph.call("POST", values, {"id": str(number), "isActive": True}).status_code == 201
    assert error_of(graph.call("POST", values, {"id": "101st", "isActive": True})) == BAD
    certification = f"{DEFINITIONS}/Engineering_Certification/allowedValues"
    assert error_of(graph.call("POST", certification, {"id": "true", "isActive": True})) == BAD


def test_1_3_values_through_the_definition_need_odata_4_01(graph: Client) -> None:
    project = f"{DEFINITIONS}/Engineering_Project"
    delta = {"allowedValues@delta": [{"id": "Baker", "isActive": False}, {"id": "Denali", "isActive": True}]}
    assert error_of(graph.call("PATCH", project, delta)) == BAD
    assert graph.call("PATCH", project, delta, {"OData-Version": "4.01"}).status_code == 204
    values = {item["id"]: item["isActive"] for item in graph.get(f"{project}/allowedValues").json()["value"]}
    assert values == {"Alpine": True, "Baker": False, "Cascade": True, "Skagit": False, "Denali": True}


def test_5_2_writing_definitions_needs_its_permission(as_caller: Any) -> None:
    reader = as_caller(permissions=["CustomSecAttributeDefinition.Read.All", "Directory.ReadWrite.All"])
    assert error_of(reader.call("POST", SETS, {"id": "Sales"})) == DENIED
    assert error_of(reader.call("PATCH", f"{SETS}/Marketing", {"description": "y"})) == DENIED
    assert error_of(reader.call("POST", DEFINITIONS, NEW)) == DENIED
    assert error_of(reader.call("PATCH", f"{DEFINITIONS}/Engineering_Project", {"description": "y"})) == DENIED


def test_5_3_a_definition_administrator_of_one_set(as_caller: Any) -> None:
    scopes = ["CustomSecAttributeDefinition.ReadWrite.All"]
    scoped = as_caller(user=ADELE, scopes=scopes, role_scopes={"Attribute Definition Administrator": ["Marketing"]})
    assert scoped.call("POST", DEFINITIONS, NEW).status_code == 201
    assert scoped.call("PATCH", f"{DEFINITIONS}/Marketing_Level", {"description": "y"}).status_code == 204
    assert error_of(scoped.call("PATCH", f"{SETS}/Marketing", {"description": "y"})) == DENIED
    assert error_of(scoped.call("POST", SETS, {"id": "Sales"})) == DENIED
    assert error_of(scoped.call("POST", DEFINITIONS, {**NEW, "attributeSet": "Engineering"})) == DENIED
    assert error_of(scoped.call("PATCH", f"{DEFINITIONS}/Engineering_Project", {"description": "y"})) == DENIED


REPLICATION = 1.0


def in_time(age: float, created: float, call: Callable[[], requests.Response]) -> requests.Response:
    """Answer of a call `age` of the replication time after `created`."""
    time.sleep(max(0.0, created + age * REPLICATION - time.monotonic()))
    return call()


@pytest.mark.slow
def test_6_4_a_new_set_is_not_shown_at_once_and_not_usable_when_it_is(graph: Client) -> None:
    graph.emulator.quirks(replication=REPLICATION)
    assert graph.call("POST", SETS, {"id": "Sales"}).status_code == 201
    created = time.monotonic()
    assert error_of(graph.get(f"{SETS}/Sales"))[0] == 404
    assert error_of(graph.call("PATCH", f"{SETS}/Sales", {"description": "x"}))[0] == 404
    assert len(graph.get(SETS).json()["value"]) == 2
    assert graph.call("POST", SETS, {"id": "Sales"}).status_code == 409, "it is there all the same"
    assert in_time(0.55, created, lambda: graph.get(f"{SETS}/Sales")).status_code == 200
    assert len(graph.get(SETS).json()["value"]) == 3
    definition = {**NEW, "attributeSet": "Sales"}
    assert error_of(graph.call("POST", DEFINITIONS, definition)) == (404, "Request_ResourceNotFound")
    assert in_time(1.05, created, lambda: graph.call("POST", DEFINITIONS, definition)).status_code == 201


def test_6_4_a_set_that_is_too_new_can_be_answered_with_400(graph: Client) -> None:
    graph.emulator.quirks(replication=60, new_set_status=400)
    assert graph.call("POST", SETS, {"id": "Sales"}).status_code == 201
    assert error_of(graph.call("POST", DEFINITIONS, {**NEW, "attributeSet": "Sales"})) == BAD
    assert error_of(graph.call("POST", DEFINITIONS, {**NEW, "attributeSet": "Nope"}))[0] == 404


CONFLICT = "A conflicting object with one or more of the specified property values is present in the directory."


@pytest.mark.parametrize(
    ("status", "code"), [(409, "Request_MultipleObjectsWithSameKeyValue"), (400, "Request_BadRequest")]
)
def test_14_what_exists(graph: Client, status: int, code: str) -> None:
    graph.emulator.quirks(conflict_status=status)
    assert graph.call("POST", DEFINITIONS, NEW).status_code == 201
    values = f"{DEFINITIONS}/Engineering_Project/allowedValues"
    for path, body in ((SETS, {"id": "Marketing"}), (DEFINITIONS, NEW), (values, {"id": "Alpine", "isActive": True})):
        again = graph.call("POST", path, body)
        assert error_of(again) == (status, code)
        error = again.json()["error"]
        assert error["message"] == error["details"][0]["message"] == CONFLICT
        assert error["details"][0]["code"] == "ConflictingObjects"


@pytest.mark.slow
def test_6_4_a_new_definition_is_not_shown_at_once_and_not_usable_when_it_is(graph: Client) -> None:
    graph.emulator.quirks(replication=REPLICATION)
    definition = {**NEW, "type": "String", "isCollection": False, "usePreDefinedValuesOnly": False}
    assert graph.call("POST", DEFINITIONS, definition).status_code == 201
    created = time.monotonic()
    expanded = f"{DEFINITIONS}?$expand=allowedValues&$filter=attributeSet eq 'Marketing'"
    assert error_of(graph.get(f"{DEFINITIONS}/Marketing_Level"))[0] == 404
    assert len(graph.get(expanded).json()["value"]) == 2
    assert in_time(0.55, created, lambda: graph.get(f"{DEFINITIONS}/Marketing_Level")).status_code == 200
    assert len(graph.get(expanded).json()["value"]) == 3
    assert error_of(graph.assign({"Level": "x"}, set_name="Marketing")) == BAD
    assert in_time(1.05, created, lambda: graph.assign({"Level": "x"}, set_name="Marketing")).status_code == 204


def test_1_4_expanded_values_can_go_on_elsewhere(graph: Client) -> None:
    values = graph.get(f"{DEFINITIONS}/Engineering_Project/allowedValues").json()["value"]
    graph.emulator.quirks(expanded_values=3)
    expanded = {item["name"]: item for item in graph.get(f"{DEFINITIONS}?$expand=allowedValues").json()["value"]}
    link = expanded["Project"]["allowedValues@odata.nextLink"]
    rest = graph.get(link).json()["value"]
    assert [*expanded["Project"]["allowedValues"], *rest] == values
    assert "allowedValues@odata.nextLink" not in expanded["ProjectDate"]


@pytest.mark.slow
@pytest.mark.parametrize("through", ["child", "parent"])
def test_6_4_a_new_predefined_value_is_not_shown_at_once_and_not_usable_when_it_is(graph: Client, through: str) -> None:
    graph.emulator.quirks(replication=REPLICATION)
    project = f"{DEFINITIONS}/Engineering_Project"
    denali: dict[str, Any] = {"id": "Denali", "isActive": True}
    if through == "child":
        assert graph.call("POST", f"{project}/allowedValues", denali).status_code == 201
    else:
        delta = {"allowedValues@delta": [denali]}
        assert graph.call("PATCH", project, delta, {"OData-Version": "4.01"}).status_code == 204
    created = time.monotonic()
    assigned = {"Project@odata.type": "#Collection(String)", "Project": ["Denali"]}
    assert error_of(graph.get(f"{project}/allowedValues/Denali"))[0] == 404
    assert denali not in graph.get(f"{project}/allowedValues").json()["value"]
    assert in_time(0.55, created, lambda: graph.get(f"{project}/allowedValues/Denali")).status_code == 200
    assert denali in graph.get(f"{project}/allowedValues").json()["value"]
    assert error_of(graph.assign(assigned)) == BAD
    assert in_time(1.05, created, lambda: graph.assign(assigned)).status_code == 204


def test_6_4_replication_hides_nothing_that_was_there_and_ends_with_a_reset(graph: Client) -> None:
    graph.emulator.quirks(replication=60)
    assert len(graph.get(SETS).json()["value"]) == 2
    assert graph.assign({"ProjectDate": "x"}).status_code == 204
    assert graph.call("POST", SETS, {"id": "Sales"}).status_code == 201
    assert [item["id"] for item in graph.emulator.tenant()["attributeSets"]] == ["Engineering", "Marketing", "Sales"]
    graph.emulator.reset()
    again = Client(graph.emulator, graph.emulator.token(permissions=["CustomSecAttributeDefinition.ReadWrite.All"]))
    assert again.call("POST", SETS, {"id": "Sales"}).status_code == 201
    assert again.get(f"{SETS}/Sales").status_code == 200


def test_1_2_and_1_3_lists_have_an_order(graph: Client) -> None:
    def ids(path: str) -> list[str]:
        return [item["id"] for item in graph.get(path).json()["value"]]

    assert ids(f"{SETS}?$orderby=id desc") == ["Marketing", "Engineering"]
    assert ids(f"{SETS}?$orderby=maxAttributesPerSet,id asc") == ["Engineering", "Marketing"]
    by_type = ids(f"{DEFINITIONS}?$orderby=type desc,name&$filter=attributeSet eq 'Engineering'")
    assert by_type[:2] == ["Engineering_Datacenter", "Engineering_Legacy"]
    assert by_type[-1] == "Engineering_Certification"
    assert error_of(graph.get(f"{SETS}?$orderby=nope")) == (400, "BadRequest")


def test_1_3_one_definition_with_its_values(graph: Client) -> None:
    found = graph.get(f"{DEFINITIONS}/Engineering_Project?$select=id&$expand=allowedValues").json()
    assert found["@odata.context"].endswith("Definitions(id,allowedValues())/$entity")
    context = "#directory/customSecurityAttributeDefinitions('Engineering_Project')/allowedValues"
    assert found["allowedValues@odata.context"].endswith(context)
    assert found["allowedValues"][0] == {"id": "Alpine", "isActive": True}
    assert "name" not in found


@pytest.mark.parametrize(
    ("path", "context"),
    [
        (f"{SETS}?$select=id,description", "attributeSets(id,description)"),
        (f"{SETS}/Engineering?$select=ID", "attributeSets(id)/$entity"),
        (f"{DEFINITIONS}?$select=name", "customSecurityAttributeDefinitions(name)"),
        (f"{DEFINITIONS}?$expand=allowedValues", "customSecurityAttributeDefinitions(allowedValues())"),
        (
            f"{DEFINITIONS}/Engineering_Project/allowedValues?$select=id",
            "customSecurityAttributeDefinitions('Engineering_Project')/allowedValues(id)",
        ),
    ],
)
def test_1_2_to_1_4_contexts_name_what_was_selected(graph: Client, path: str, context: str) -> None:
    assert graph.get(path).json()["@odata.context"].endswith(f"$metadata#directory/{context}")


@pytest.mark.parametrize("path", [SETS, DEFINITIONS, f"{DEFINITIONS}/Engineering_Project/allowedValues"])
@pytest.mark.parametrize("option", ["$nope=1", "$skiptoken=x", "$skiptoken=5", "$skiptoken=", "$top=0"])
def test_1_2_to_1_4_bad_options_are_refused(graph: Client, path: str, option: str) -> None:
    assert graph.get(f"{path}?{option}").status_code == 400


def test_1_3_a_page_token_belongs_to_its_query(graph: Client) -> None:
    link = graph.get(f"{DEFINITIONS}?$top=3&$filter=attributeSet eq 'Engineering'").json()["@odata.nextLink"]
    assert len(graph.get(link).json()["value"]) == 3
    assert error_of(graph.get(link.replace("Engineering", "Marketing"))) == (400, "Directory_ExpiredPageToken")


@pytest.mark.parametrize(
    "expression", ["name eq description", "name eq 'Project' and name eq 'EmployeeId'", "isCollection eq 1"]
)
def test_1_3_conditions_that_no_definition_meets(graph: Client, expression: str) -> None:
    answer = graph.get(f"{DEFINITIONS}?$filter={expression}")
    assert answer.status_code == 400 or answer.json()["value"] == []
