# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Graph's JSON: every shape that is read, and every body as documented."""

from __future__ import annotations

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import Plan
from ansible_collections.entra.attributes.plugins.module_utils._core.model import (
    SERVICE_PRINCIPAL,
    USER,
    AttributeName,
    AttributeSet,
    Definition,
    Principal,
    flat,
    nested,
)
from ansible_collections.entra.attributes.plugins.module_utils._tenant.wire import (
    SET_TYPE,
    definition_body,
    definition_changes,
    parse_assignments,
    parse_definition,
    parse_principal,
    parse_set,
    patch_body,
    principal_query,
    set_body,
    set_changes,
)


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
    found = parse_assignments({"customSecurityAttributes": customs}, "GET /users")
    assert nested(found) == assignments


def test_members_are_written_as_documented() -> None:
    before = flat({"Marketing": {"EmployeeId": "GS1", "AppCountry": ["France"]}})
    after = flat(
        {
            "Engineering": {
                "ProjectDate": "2022-10-01",
                "Project": ["Baker", "Cascade"],
                "NumVendors": 4,
                "CostCenter": [1001, 1003],
                "Certification": True,
            }
        }
    )
    body = patch_body(Principal(USER, "1", "Adele", "adele@contoso.com", "", before), Plan.between(before, after))
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


def test_the_patch_of_an_agent_names_its_type() -> None:
    blueprint = Principal(SERVICE_PRINCIPAL, "1", "Bot", "2", "agentIdentity", {})
    body = patch_body(blueprint, Plan.between({}, {AttributeName("S", "A"): "x"}))
    assert body == {
        "@odata.type": "#microsoft.graph.agentIdentity",
        "customSecurityAttributes": {"S": {"@odata.type": SET_TYPE, "A": "x"}},
    }


LEVEL = Definition(
    "Engineering",
    "Level",
    "String",
    collection=True,
    searchable=False,
    predefined_only=True,
    predefined={"Public": True, "Private": False},
    description="Deployment level",
    id="Engineering_Level",
)


def test_a_definition_is_written_with_the_documented_members_and_read_again() -> None:
    body = definition_body(LEVEL)
    assert body == {
        "attributeSet": "Engineering",
        "description": "Deployment level",
        "isCollection": True,
        "isSearchable": False,
        "name": "Level",
        "status": "Available",
        "type": "String",
        "usePreDefinedValuesOnly": True,
        "allowedValues": [{"id": "Public", "isActive": True}, {"id": "Private", "isActive": False}],
    }
    assert parse_definition({**body, "id": "Engineering_Level"}, "GET") == LEVEL
    bare = definition_body(Definition("Engineering", "Plain", "Integer"))
    assert body.keys() - bare.keys() == {"description", "allowedValues"}
    assert (bare["isCollection"], bare["isSearchable"], bare["usePreDefinedValuesOnly"]) == (False, True, False)


def test_changes_are_written_under_the_keys_of_graph() -> None:
    assert definition_changes({"description": "d", "deprecated": True, "predefined_only": False}) == {
        "description": "d",
        "status": "Deprecated",
        "usePreDefinedValuesOnly": False,
    }
    assert definition_changes({"deprecated": False}) == {"status": "Available"}
    assert set_changes({"max_attributes": 20}) == {"maxAttributesPerSet": 20}


@pytest.mark.parametrize("attribute_set", [AttributeSet("S"), AttributeSet("S", "d", 25)])
def test_an_attribute_set_is_read_as_it_was_written(attribute_set: AttributeSet) -> None:
    assert parse_set(set_body(attribute_set), "GET") == attribute_set
    assert set_body(AttributeSet("S")) == {"id": "S"}


def test_properties_come_with_the_same_query() -> None:
    paths = ["employeeOrgData.costCenter", "employeeOrgData.division", "displayName", "department"]
    select = "id,displayName,userPrincipalName,department,employeeId,employeeOrgData,customSecurityAttributes"
    assert principal_query(USER, ["employee_id"], paths) == {"$select": select}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("department", "Sales"),
        ("tags", ["HR"]),
        ("accountEnabled", False),
        ("employeeOrgData.costCenter", "1001"),
        ("employeeOrgData.division", None),
        ("onPremisesExtensionAttributes.extensionAttribute1", None),
        ("jobTitle", None),
        ("city", ""),
        ("department.name", None),
    ],
)
def test_a_property_is_read_as_it_is(path: str, value: object) -> None:
    item = {
        "id": "1",
        "accountEnabled": False,
        "city": "",
        "department": "Sales",
        "employeeOrgData": {"costCenter": "1001", "division": None},
        "jobTitle": None,
        "onPremisesExtensionAttributes": None,
        "tags": ["HR"],
    }
    expected = {} if value is None else {path: value}
    assert parse_principal(USER, item, paths=[path]).properties == expected
    assert parse_principal(USER, item).properties == {}
