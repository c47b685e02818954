# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runs of the modules for attribute sets and definitions against the local Graph: requests sent, state, results."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from _tenant import Tenant
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._core.names import name_problem
from ansible_collections.entra.attributes.plugins.module_utils._core.options import LEFT_OUT
from ansible_collections.entra.attributes.plugins.module_utils._declarations import specs as _specs
from ansible_collections.entra.attributes.plugins.module_utils._errors import EntraError, GraphError, InvalidDeclaration
from ansible_collections.entra.attributes.plugins.module_utils._graph.patience import Patience
from ansible_collections.entra.attributes.plugins.module_utils._graph.replication import REPLICATION_WAITS
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignment import ASSIGNMENT
from ansible_collections.entra.attributes.plugins.module_utils._operations.attribute_set import SET, SET_INFO
from ansible_collections.entra.attributes.plugins.module_utils._operations.definition import DEFINITION, DEFINITION_INFO

from ...conftest import NEED, Patient, waiting

SETS = "/v1.0/directory/attributeSets"
DEFINITIONS = "/v1.0/directory/customSecurityAttributeDefinitions"
PROJECT = f"{DEFINITIONS}/Engineering_Project"
READ, WRITE = "CustomSecAttributeDefinition.Read.All", "CustomSecAttributeDefinition.ReadWrite.All"
IMMUTABLE = {"id", "name", "attributeSet", "type", "isCollection", "isSearchable"}


def a_set(tenant: Tenant, name: str, **options: Any) -> dict[str, Any]:
    return tenant.run(SET, name=name, **options)


def a_definition(tenant: Tenant, name: str, attribute_set: str = "Engineering", **options: Any) -> dict[str, Any]:
    return tenant.run(DEFINITION, attribute_set=attribute_set, name=name, **options)


def assign(tenant: Tenant, name: str, value: Any, user: str = "adele@contoso.com", **options: Any) -> Any:
    principal = {} if "service_principal" in options else {"user": user}
    return tenant.run(ASSIGNMENT, name=name, value=value, **principal, **{"attribute_set": "Engineering", **options})


def sent(tenant: Tenant) -> list[tuple[str, str, Any]]:
    """The Graph requests since the last look: method, path, body."""
    requests = [(request["method"], request["path"], request["body"]) for request in tenant.log]
    tenant.emulator.clear()
    return requests


def written(tenant: Tenant) -> list[tuple[str, str, Any]]:
    return [request for request in sent(tenant) if request[0] != "GET"]


def stored(tenant: Tenant, name: str, attribute_set: str = "Engineering") -> dict[str, Any]:
    """A definition as the local Graph holds it, its predefined values as `{value: active}`."""
    found: dict[str, Any] = next(
        one
        for one in tenant.emulator.tenant()["definitions"]
        if (one["attributeSet"], one["name"]) == (attribute_set, name)
    )
    return {**found, "allowedValues": {value["id"]: value["isActive"] for value in found["allowedValues"]}}


# Attribute sets


def test_1_2_a_set_is_created_with_the_documented_members(tenant: Tenant) -> None:
    result = a_set(tenant, "Sales", description="Attributes for sales", max_attributes_per_set=20)
    body = {"id": "Sales", "description": "Attributes for sales", "maxAttributesPerSet": 20}
    assert sent(tenant) == [("GET", SETS, None), ("POST", SETS, body), ("GET", SETS, None)]
    assert result == {
        "changed": True,
        "attribute_set": {"name": "Sales", "description": "Attributes for sales", "max_attributes_per_set": 20},
        "diff": {
            "before": "",
            "after": 'name: "Sales"\ndescription: "Attributes for sales"\nmax_attributes_per_set: 20\n',
            "before_header": "attribute set Sales",
            "after_header": "attribute set Sales",
        },
        "previous_attribute_set": None,
    }
    assert a_set(tenant, "Größe")["changed"], "letters of any language"
    assert written(tenant) == [("POST", SETS, {"id": "Größe"})]


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({"description": "new"}, {"description": "new"}),
        ({"description": ""}, {"description": ""}),
        ({"max_attributes_per_set": 20}, {"maxAttributesPerSet": 20}),
        ({"description": "Attributes for engineering team", "max_attributes_per_set": 20}, {"maxAttributesPerSet": 20}),
    ],
    ids=str,
)
def test_1_2_only_what_differs_of_a_set_is_sent(tenant: Tenant, options: dict[str, Any], body: dict[str, Any]) -> None:
    result = a_set(tenant, "Engineering", **options)
    assert sent(tenant) == [("GET", SETS, None), ("PATCH", f"{SETS}/Engineering", body)]
    assert result["diff"]["before"] != result["diff"]["after"]
    assert {name: result["attribute_set"][name] for name in options} == options
    assert not a_set(tenant, "Engineering", **options)["changed"]
    assert sent(tenant) == [("GET", SETS, None)]


def test_sets_are_listed_by_name(tenant: Tenant) -> None:
    a_set(tenant, "Accounts")
    tenant.emulator.clear()

    def listed(**options: Any) -> list[str]:
        found = tenant.run(SET_INFO, **options)
        assert not found["changed"]
        return [one["name"] for one in found["attribute_sets"]]

    assert listed() == ["Accounts", "Engineering", "Marketing"]
    assert listed(name="Marketing") == ["Marketing"]
    assert listed(name="marketing") == []
    assert [request[0] for request in sent(tenant)] == ["GET"] * 3


def test_4_the_tenant_is_full_of_sets(tenant: Tenant) -> None:
    tenant.emulator.tenant(
        {**tenant.emulator.tenant(), "attributeSets": [{"id": f"S{number}"} for number in range(500)]}
    )
    tenant.emulator.clear()
    with pytest.raises(InvalidDeclaration, match="the tenant has 500 attribute sets; Entra allows 500"):
        a_set(tenant, "Sales")
    assert not written(tenant)
    assert not a_set(tenant, "S499")["changed"], "found on the last page"


@pytest.mark.parametrize("status", [409, 400])
@pytest.mark.parametrize("kind", ["set", "definition", "first definition"])
def test_6_4_what_graph_does_not_list_yet_is_not_made_again(
    tenant: Tenant, waits: Patient, kind: str, status: int
) -> None:
    def task(tenant: Tenant) -> dict[str, Any]:
        if kind == "set":
            return a_set(tenant, "Sales")
        return a_definition(tenant, "Level", "Empty" if kind == "first definition" else "Engineering", type="string")

    def sleep(seconds: float) -> None:
        waits(seconds)
        tenant.emulator.quirks(replication=0)

    state = tenant.emulator.tenant()
    state["attributeSets"].append({"id": "Empty"})
    tenant.emulator.tenant(state)
    tenant.emulator.quirks(conflict_status=status)
    assert task(tenant)["changed"]
    tenant.emulator.quirks(replication=60)
    tenant.emulator.clear()
    assert not task(tenant.through(waiting(tenant.emulator, sleep)))["changed"]
    assert [body for method, _path, body in sent(tenant) if method == "POST"]
    assert waits.waits == [1.0]


@pytest.mark.parametrize("meanwhile", [True, False], ids=["by another", "by this"])
def test_what_was_written_before_a_conflict_counts(tenant: Tenant, waits: Patient, meanwhile: bool) -> None:
    def sleep(seconds: float) -> None:
        waits(seconds)
        if meanwhile:
            a_definition(tenant, "Project", predefined_values=["Second"])

    tenant.emulator.faults({"match": {"method": "POST", "path": "allowedValues"}, "skip": 1, "do": {"status": 409}})
    result = a_definition(
        tenant.through(waiting(tenant.emulator, sleep)), "Project", predefined_values=["First", "Second"]
    )
    assert result["changed"]
    assert "First" not in result["previous_definition"]["predefined_values"]
    assert {"First", "Second"} <= set(result["definition"]["predefined_values"])
    assert ['"First"' in result["diff"][when] for when in ("before", "after")] == [False, True]
    assert waits.waits == [1.0]


# Definitions


def test_what_was_written_before_a_refusal_counts(tenant: Tenant) -> None:
    a_definition(tenant, "Sizes", type="string", predefined_values=["S"])
    refused = {"match": {"method": "POST", "path": "/allowedValues"}, "skip": 1, "do": {"status": 403}}
    tenant.emulator.faults(refused)
    with pytest.raises(GraphError) as partly:
        a_definition(tenant, "Sizes", predefined_values=["M", "L"])
    assert partly.value.as_result()["changed"]
    tenant.emulator.faults({**refused, "skip": 0})
    with pytest.raises(GraphError) as not_at_all:
        a_definition(tenant, "Sizes", predefined_values=["M", "L"])
    assert "changed" not in not_at_all.value.as_result()


def test_1_3_a_definition_is_created_with_the_documented_members(tenant: Tenant) -> None:
    result = a_definition(
        tenant,
        "Level",
        description="Deployment level",
        type="string",
        multi_valued=True,
        predefined_values_only=True,
        predefined_values=["Public", "Private"],
    )
    body = {
        "attributeSet": "Engineering",
        "description": "Deployment level",
        "isCollection": True,
        "isSearchable": True,
        "name": "Level",
        "status": "Available",
        "type": "String",
        "usePreDefinedValuesOnly": True,
        "allowedValues": [{"id": "Public", "isActive": True}, {"id": "Private", "isActive": True}],
    }
    reads = [("GET", DEFINITIONS, None), ("GET", SETS, None), ("GET", DEFINITIONS, None)]
    assert sent(tenant) == [*reads, ("POST", DEFINITIONS, body), ("GET", DEFINITIONS, None)]
    assert result["changed"]
    assert result["in_use"] is None
    assert result["definition"] == {
        "attribute_set": "Engineering",
        "name": "Level",
        "description": "Deployment level",
        "type": "string",
        "multi_valued": True,
        "searchable": True,
        "predefined_values_only": True,
        "predefined_values": ["Private", "Public"],
        "inactive_predefined_values": [],
        "state": "present",
    }
    assert result["diff"]["before"] == ""
    assert 'predefined_values:\n  - "Private"\n  - "Public"\n' in result["diff"]["after"]


@pytest.mark.parametrize("type_", ["string", "integer", "boolean"])
def test_1_3_a_definition_of_each_type_as_small_as_can_be(tenant: Tenant, type_: str) -> None:
    assert a_definition(tenant, "Level", type=type_, searchable=False)["changed"]
    [(_method, _path, body)] = written(tenant)
    assert body == {
        "attributeSet": "Engineering",
        "isCollection": False,
        "isSearchable": False,
        "name": "Level",
        "status": "Available",
        "type": type_.capitalize(),
        "usePreDefinedValuesOnly": False,
    }
    assert not a_definition(tenant, "Level", type=type_, searchable=False)["changed"]
    assert [request[0] for request in sent(tenant)] == ["GET"]


CHANGES: list[tuple[str, dict[str, Any], list[tuple[str, str, Any]]]] = [
    ("Project", {}, []),
    ("Project", {"type": "string", "multi_valued": True, "searchable": True, "predefined_values_only": True}, []),
    ("Project", {"description": "Active projects for user", "predefined_values": ["Cascade", "Alpine"]}, []),
    ("Project", {"description": "d"}, [("PATCH", PROJECT, {"description": "d"})]),
    ("Project", {"predefined_values_only": False}, [("PATCH", PROJECT, {"usePreDefinedValuesOnly": False})]),
    (
        "Legacy",
        {},
        [("PATCH", f"{DEFINITIONS}/Engineering_Legacy", {"status": "Available"})],
    ),
    (
        "Project",
        {"predefined_values": ["Denali", "Skagit"]},
        [
            ("POST", f"{PROJECT}/allowedValues", {"id": "Denali", "isActive": True}),
            ("PATCH", f"{PROJECT}/allowedValues/Skagit", {"isActive": True}),
        ],
    ),
    (
        "Project",
        {"predefined_values": ["Alpine", "Baker"], "purge_predefined_values": True},
        [("PATCH", f"{PROJECT}/allowedValues/Cascade", {"isActive": False})],
    ),
    (
        "Project",
        {"predefined_values": [], "purge_predefined_values": True},
        [("PATCH", f"{PROJECT}/allowedValues/{name}", {"isActive": False}) for name in ("Alpine", "Baker", "Cascade")],
    ),
    (
        "Project",
        {
            "description": "d",
            "predefined_values_only": False,
            "predefined_values": ["Denali", "Skagit", "Alpine", "Baker"],
            "purge_predefined_values": True,
        },
        [
            ("PATCH", PROJECT, {"description": "d", "usePreDefinedValuesOnly": False}),
            ("POST", f"{PROJECT}/allowedValues", {"id": "Denali", "isActive": True}),
            ("PATCH", f"{PROJECT}/allowedValues/Skagit", {"isActive": True}),
            ("PATCH", f"{PROJECT}/allowedValues/Cascade", {"isActive": False}),
        ],
    ),
    (
        "Project",
        {"state": "deprecated"},
        [("PATCH", PROJECT, {"status": "Deprecated"})],
    ),
    ("Legacy", {"state": "deprecated"}, []),
    ("Nothing", {"state": "deprecated"}, []),
]


@pytest.mark.parametrize(("name", "options", "writes"), CHANGES, ids=str)
def test_1_3_1_4_check_mode_predicts_the_run_that_sends_only_what_differs_and_only_once(
    tenant: Tenant,
    name: str,
    options: dict[str, Any],
    writes: list[tuple[str, str, Any]],
) -> None:
    before = tenant.emulator.tenant()
    predicted = a_definition(tenant, name, check_mode=True, **options)
    assert tenant.emulator.tenant() == before
    assert not written(tenant)
    done = a_definition(tenant, name, **options)
    assert done == predicted
    requests = written(tenant)
    assert requests == writes
    assert not any(IMMUTABLE & body.keys() for method, _path, body in requests if method == "PATCH")
    assert done["changed"] == bool(writes) == (done["diff"]["before"] != done["diff"]["after"])
    again = a_definition(tenant, name, **options)
    assert not again["changed"]
    assert again["definition"] == done["definition"]
    assert again["diff"]["before"] == again["diff"]["after"]
    assert not written(tenant)


def test_a_no_op_is_one_get(tenant: Tenant) -> None:
    a_definition(tenant, "Project", type="string", predefined_values=["Alpine"])
    [request] = tenant.emulator.requests()
    assert (request["method"], request["path"]) == ("GET", DEFINITIONS)
    assert request["query"] == {"$expand": "allowedValues", "$filter": "attributeSet eq 'Engineering'"}


def test_1_4_values_go_there_and_back(tenant: Tenant) -> None:
    def purge(*values: str) -> tuple[str, str]:
        result = a_definition(tenant, "Project", predefined_values=list(values), purge_predefined_values=True)
        assert result["changed"]
        allowed = stored(tenant, "Project")["allowedValues"]
        assert sorted(value for value, active in allowed.items() if active) == sorted(values)
        assert sorted(allowed) == ["Alpine", "Baker", "Cascade", "Skagit"], "none is lost, none is made twice"
        return result["diff"]["before"], result["diff"]["after"]

    before, after = purge("Skagit")
    assert yaml.safe_load(before)["predefined_values"] == ["Alpine", "Baker", "Cascade"]
    assert yaml.safe_load(before)["inactive_predefined_values"] == ["Skagit"]
    assert yaml.safe_load(after)["predefined_values"] == ["Skagit"]
    assert yaml.safe_load(after)["inactive_predefined_values"] == ["Alpine", "Baker", "Cascade"]
    assert purge("Alpine", "Baker", "Cascade") == (after, before)


def test_a_definition_goes_there_and_back(tenant: Tenant) -> None:
    for state, status in (("deprecated", "Deprecated"), ("present", "Available")):
        result = a_definition(tenant, "Project", state=state)
        assert result["changed"]
        assert result["definition"]["state"] == state
        assert f'state: "{state}"\n' in result["diff"]["after"]
        assert stored(tenant, "Project")["status"] == status


@pytest.mark.parametrize("value", ["two words", "and/or", "C#", "100%", "Größe", "what?", "a+b", "it's", "..", "$it's"])
def test_1_4_values_of_all_spellings(tenant: Tenant, value: str) -> None:
    assert a_definition(tenant, "Project", predefined_values=[value])["changed"]
    assert written(tenant) == [("POST", f"{PROJECT}/allowedValues", {"id": value, "isActive": True})]
    assert a_definition(tenant, "Project", predefined_values=[], purge_predefined_values=True)["changed"]
    as_key = {"..": "('..')", "$it's": "('$it''s')"}.get(value, f"/{value}")
    addressed = [unquote(path).removeprefix(f"{PROJECT}/allowedValues") for _method, path, _body in written(tenant)]
    assert as_key in addressed
    assert stored(tenant, "Project")["allowedValues"][value] is False
    assert a_definition(tenant, "Project", predefined_values=[value])["changed"]
    assert assign(tenant, "Project", [value])["changed"]


def test_1_4_integers_are_predefined_as_text_and_assigned_as_numbers(tenant: Tenant) -> None:
    options = {"type": "integer", "predefined_values_only": True, "predefined_values": [1, 20]}
    assert a_definition(tenant, "Level", **options)["changed"]
    assert stored(tenant, "Level")["allowedValues"] == {"1": True, "20": True}
    assert not a_definition(tenant, "Level", **options)["changed"]
    assert assign(tenant, "Level", 20)["changed"]
    assert tenant.emulator.state("adele@contoso.com") == {"Engineering": {"Level": 20}}
    with pytest.raises(InvalidDeclaration, match='"007" is not an integer; write 7'):
        a_definition(tenant, "Level", predefined_values=["007"])


@pytest.mark.parametrize(
    ("attribute_set", "name", "options", "words"),
    [
        ("Engineering", "project", {"type": "string"}, "name differs from the existing Project by case only"),
        ("Engineering", "project", {"state": "deprecated"}, "name differs from the existing Project by case only"),
        ("engineering", "Project", {"type": "string"}, "attribute_set differs from the existing Engineering by case"),
        ("engineering", "Project", {"state": "deprecated"}, "attribute_set differs from the existing Engineering"),
        ("Sales", "Level", {"type": "string"}, "there is no attribute set Sales; create it first"),
        ("9lives", "Level", {"type": "string"}, "attribute_set '9lives' starts with a digit"),
    ],
)
def test_names_that_are_not_there(
    tenant: Tenant, attribute_set: str, name: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidDeclaration, match=words):
        a_definition(tenant, name, attribute_set, **options)
    assert not written(tenant)


def test_half_a_character_finds_nothing_and_is_no_name(tenant: Tenant) -> None:
    for attribute_set, name in [("Engineering", "A\ud800"), ("\ud800", "A")]:
        with pytest.raises(InvalidDeclaration, match="half a character"):
            a_definition(tenant, name, attribute_set, type="string")
    assert not written(tenant)


@pytest.mark.parametrize("name", ["a\tb", "a\u00a0b", "a\u2028b", "a\nb", "\u0663x", "²x", "项目", "_", "9"])
def test_4_the_local_graph_takes_the_names_that_we_take(tenant: Tenant, name: str) -> None:
    if name_problem(name):
        with pytest.raises(GraphError, match="Graph answered 400"):
            tenant.graph.post("/directory/attributeSets", {"id": name}, need=NEED)
    else:
        tenant.graph.post("/directory/attributeSets", {"id": name}, need=NEED)
        assert name in [one["id"] for one in tenant.emulator.tenant()["attributeSets"]]


def test_graph_may_be_blind_to_case_in_filters(tenant: Tenant) -> None:
    found = tenant.emulator.tenant()["definitions"][1]
    values = [{"id": "Alpine", "isActive": True}]
    answer = {"value": [{**found, "id": "Engineering_Project", "allowedValues": values}]}
    tenant.emulator.faults({"match": {"path": "Definitions"}, "do": {"status": 200, "body": answer}})
    with pytest.raises(InvalidDeclaration, match="attribute_set differs from the existing Engineering by case only"):
        a_definition(tenant, "Project", "engineering", type="string")


def test_in_check_mode_a_set_may_still_be_made_but_no_twin(tenant: Tenant) -> None:
    predicted = a_definition(tenant, "Level", "Sales", type="string", check_mode=True)
    assert predicted["changed"]
    warnings = predicted.pop("warnings")
    assert warnings == ["There is no attribute set Sales. Unless an earlier task creates it, the run will fail."]
    assert "warnings" not in a_definition(tenant, "Level", "Sales", state="deprecated", check_mode=True)
    with pytest.raises(InvalidDeclaration, match="differs from the existing Engineering"):
        a_definition(tenant, "Level", "engineering", type="string", check_mode=True)
    with pytest.raises(InvalidDeclaration, match="starts with a digit"):
        a_definition(tenant, "Level", "1st", type="string", check_mode=True)
    a_set(tenant, "Sales")
    assert a_definition(tenant, "Level", "Sales", type="string") == predicted
    with pytest.raises(InvalidDeclaration, match="differs from the existing Engineering"):
        a_set(tenant, "ENGINEERING", check_mode=True)
    assert len(written(tenant)) == 2


def test_4_what_can_never_change_is_told_at_once_and_nothing_is_half_done(tenant: Tenant) -> None:
    before = tenant.emulator.tenant()
    with pytest.raises(InvalidDeclaration) as refusal:
        a_definition(
            tenant,
            "NumVendors",
            description="this could change",
            type="string",
            multi_valued=True,
            searchable=False,
            predefined_values_only=True,
        )
    assert refusal.value.problems == [
        "type is integer and cannot become string",
        "multi_valued is false and cannot become true",
        "searchable is true and cannot become false",
        "predefined_values_only is false and cannot become true",
    ]
    assert not written(tenant)
    assert tenant.emulator.tenant() == before


@pytest.mark.slow
def test_4_the_tenant_or_the_set_is_full_of_definitions(tenant: Tenant) -> None:
    state = tenant.emulator.tenant()
    many = [{"attributeSet": "Marketing", "name": f"A{number}"} for number in range(499)]
    project = next(one for one in state["definitions"] if one["name"] == "Project")
    legacy = next(one for one in state["definitions"] if one["name"] == "Legacy")
    limited = [{"id": "Engineering", "maxAttributesPerSet": 1}, {"id": "Marketing"}]
    tenant.emulator.tenant({**state, "attributeSets": limited, "definitions": [*many, project, legacy]})
    tenant.emulator.clear()
    for name, options in (("Level", {"type": "string"}), ("Legacy", {})):
        with pytest.raises(InvalidDeclaration) as refusal:
            a_definition(tenant, name, **options)
        assert refusal.value.problems == [
            "the tenant has 500 active definitions; Entra allows 500",
            "attribute set Engineering has 1 active attributes; its max_attributes_per_set is 1",
        ]
    assert not written(tenant)
    assert not a_definition(tenant, "Project")["changed"], "what is there needs no room"
    a_definition(tenant, "Project", state="deprecated")
    assert a_definition(tenant, "Legacy")["changed"], "deprecated ones take none"


def test_definitions_are_listed_by_name(tenant: Tenant) -> None:
    def listed(**options: Any) -> list[str]:
        found = tenant.run(DEFINITION_INFO, **options)
        assert not found["changed"]
        return [f"{one['attribute_set']}.{one['name']}" for one in found["definitions"]]

    everything = listed()
    assert len(everything) == 10
    assert everything == sorted(everything)
    assert listed(attribute_set="Marketing") == ["Marketing.AppCountry", "Marketing.EmployeeId"]
    assert listed(attribute_set="Engineering", name="Project") == ["Engineering.Project"]
    assert listed(attribute_set="Engineering", name="project") == []
    assert [request[0] for request in sent(tenant)] == ["GET"] * 4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"attribute_set": False, "name": "B"}, "YAML read the Boolean false where text is needed"),
        ({"attribute_set": "A", "name": 83}, "YAML read the integer 83 where text is needed"),
        ({"attribute_set": "A", "name": "B", "description": 1.5}, "YAML read the number 1.5 where text is needed"),
        ({"attribute_set": "A", "name": "B", "predefined_values": [True]}, "the Boolean true where text is needed"),
        ({"attribute_set": "A", "name": "B", "predefined_values": "DK,SE"}, "'DK,SE' is not a list; write a list"),
        ({"attribute_set": "A", "name": "B", "inactive_predefined_values": [1.10]}, "the number 1.1 where text"),
        ({"attribute_set": "A", "name": "B", "purge_predefined_values": True}, "predefined_values"),
        ({"attribute_set": "A", "name": "B", "state": "absent"}, "value of state must be one of: present, deprecated"),
        ({"attribute_set": "A", "name": "B", "type": "Text"}, "value of type must be one of"),
        ({"name": "B"}, "missing required arguments: attribute_set"),
    ],
    ids=str,
)
def test_options_that_are_refused_by_themselves(given: dict[str, Any], message: str) -> None:
    validator = ArgumentSpecValidator(_specs.DEFINITION_SPEC, **_specs.DEFINITION_CONSTRAINTS)
    assert any(message in text for text in validator.validate(given).error_messages)


@pytest.mark.parametrize("type_", ["String", "string", "STRING"])
def test_the_type_is_named_in_any_case(tenant: Tenant, type_: str) -> None:
    assert a_definition(tenant, "Level", type=type_)["definition"]["type"] == "string"
    assert tenant.emulator.requests()[-2]["body"]["type"] == "String"


def test_integers_are_no_predefined_values_of_a_string_attribute(tenant: Tenant) -> None:
    words = "predefined_values: YAML read the integer 1 where text is needed; put it in quotes"
    with pytest.raises(InvalidDeclaration, match=words):
        a_definition(tenant, "Level", type="string", predefined_values=[1, "a"])
    assert tenant.emulator.requests(None) == []
    with pytest.raises(InvalidDeclaration, match=words):
        a_definition(tenant, "Project", predefined_values=[1])
    assert not written(tenant)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"predefined_values": ["a\n"]}, r"predefined_values: the text has U\+000A \(line break\) at position 2"),
        ({"inactive_predefined_values": ["a\u200b"]}, r"predefined_values: the text has U\+200B"),
        ({"predefined_values": ["********"]}, "by which Ansible masks a secret"),
        ({"description": "Two\nlines"}, r"description has U\+000A"),
        ({"description": "$REDACTED$"}, "by which Ansible masks a secret"),
    ],
    ids=str,
)
def test_text_that_nobody_means_is_not_defined(tenant: Tenant, options: dict[str, Any], words: str) -> None:
    for name in ("Level", "Project"):
        with pytest.raises(InvalidDeclaration, match=words):
            a_definition(tenant, name, type="string", **options)
    assert not written(tenant)


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_is_wrong_by_itself_is_told_at_once_and_before_any_request(tenant: Tenant, check_mode: bool) -> None:
    wrong = {"description": "x" * 129, "check_mode": check_mode}
    with pytest.raises(InvalidDeclaration) as refusal:
        a_set(tenant, "1st", max_attributes_per_set=501, **wrong)
    assert len(refusal.value.problems) == 3
    with pytest.raises(InvalidDeclaration) as refusal:
        a_definition(tenant, "A_B", "C D", type="integer", predefined_values=["one", "one"], **wrong)
    assert len(refusal.value.problems) == 6
    assert tenant.emulator.requests(None) == []


# Definitions in use


@pytest.fixture
def held(tenant: Tenant) -> Tenant:
    """NumVendors and Secret are held by two users, NumVendors also by a service principal."""
    for user in ("adele@contoso.com", "alex@contoso.com"):
        assign(tenant, "NumVendors", 1, user)
        assign(tenant, "Secret", "x", user)
    assign(tenant, "NumVendors", 1, service_principal="payroll-api")
    tenant.emulator.clear()
    return tenant


ALEX = "33333333-3333-4333-8333-333333333302"
HELD = {"users": 2, "service_principals": 1}


@pytest.mark.parametrize("check_mode", [True, False])
def test_who_holds_a_deprecated_attribute_is_counted(tenant: Tenant, held: Tenant, check_mode: bool) -> None:
    result = a_definition(held, "NumVendors", state="deprecated", check_mode=check_mode)
    assert result["changed"]
    assert result["in_use"] == HELD
    assert result["warnings"] == [
        "Attribute Engineering.NumVendors is deprecated, but 2 users and 1 service principal hold it."
    ]
    counts = [request for request in tenant.emulator.requests() if "$count" in request["query"]]
    assert [request["path"] for request in counts] == ["/v1.0/users", "/v1.0/servicePrincipals"]
    for request in counts:
        assert request["query"]["$filter"] == "customSecurityAttributes/Engineering/NumVendors ne null"
        assert request["query"]["$top"] == "1"
        assert request["headers"]["consistencylevel"] == "eventual"
    assert stored(tenant, "NumVendors")["status"] == ("Available" if check_mode else "Deprecated")


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_attribute_in_use_is_not_deprecated_if_that_is_forbidden(
    tenant: Tenant, held: Tenant, check_mode: bool
) -> None:
    with pytest.raises(
        InvalidDeclaration, match="2 users and 1 service principal hold it; in_use=fail forbids to deprecate"
    ):
        a_definition(held, "NumVendors", state="deprecated", in_use="fail", check_mode=check_mode)
    assert stored(tenant, "NumVendors")["status"] == "Available"
    assert not written(tenant)
    a_definition(held, "Unused", type="string", description="x")
    unused = a_definition(held, "Unused", state="deprecated", in_use="fail", check_mode=check_mode)
    assert unused["in_use"] == {"users": 0, "service_principals": 0}
    assert unused["changed"]
    assert "warnings" not in unused


def test_what_is_deprecated_already_may_be_in_use(tenant: Tenant, held: Tenant) -> None:
    a_definition(held, "NumVendors", state="deprecated", in_use="ignore")
    assert [request[0] for request in sent(tenant)] == ["GET", "PATCH"]
    again = a_definition(held, "NumVendors", state="deprecated", in_use="fail")
    assert not again["changed"]
    assert again["in_use"] == HELD
    assert "2 users" in again["warnings"][0]
    assert assign(held, "NumVendors", LEFT_OUT, state="absent")["changed"], "removing goes on"
    assert a_definition(held, "NumVendors", state="deprecated")["in_use"] == {"users": 1, "service_principals": 1}
    assert a_definition(held, "NumVendors", state="deprecated", in_use="ignore")["in_use"] is None


def test_what_is_not_searchable_cannot_be_counted(tenant: Tenant, held: Tenant) -> None:
    with pytest.raises(InvalidDeclaration, match="cannot be told: it is not searchable; in_use=fail"):
        a_definition(held, "Secret", state="deprecated", in_use="fail")
    assert not written(tenant)
    result = a_definition(held, "Secret", state="deprecated")
    assert result["in_use"] is None
    assert result["warnings"] == [
        "Attribute Engineering.Secret is deprecated, but how many principals hold it cannot be told:"
        " it is not searchable."
    ]
    paths = {path for _method, path, _body in sent(tenant)}
    assert f"{DEFINITIONS}/Engineering_Secret" in paths
    assert not paths & {"/v1.0/users", "/v1.0/servicePrincipals"}


def test_who_may_not_read_assignments_cannot_count(tenant: Tenant, held: Tenant) -> None:
    definer = tenant.allow(WRITE, "User.Read.All", "Application.Read.All")
    with pytest.raises(InvalidDeclaration, match="cannot be told") as refusal:
        a_definition(definer, "NumVendors", state="deprecated", in_use="fail")
    assert "CustomSecAttributeAssignment.Read.All" in str(refusal.value)
    result = a_definition(definer, "NumVendors", state="deprecated")
    assert result["changed"]
    assert result["in_use"] is None
    assert result["consumers"] == []
    assert "403" in result["warnings"][0]
    assert "conditional_access_policies" in result["warnings"][1]


# Permissions


@pytest.mark.parametrize(
    "task",
    [
        lambda tenant: a_set(tenant, "Sales"),
        lambda tenant: a_set(tenant, "Marketing", description="x"),
        lambda tenant: a_definition(tenant, "Level", type="string"),
        lambda tenant: a_definition(tenant, "Project", description="x"),
        lambda tenant: a_definition(tenant, "Project", predefined_values=["Denali"]),
        lambda tenant: a_definition(tenant, "Project", predefined_values=["Skagit"]),
    ],
    ids=["set", "change of a set", "definition", "change of a definition", "value", "change of a value"],
)
def test_5_2_what_is_missing_to_write_or_read_is_named(tenant: Tenant, task: Callable[[Tenant], Any]) -> None:
    before = tenant.emulator.tenant()
    reader = tenant.allow(READ, "Directory.ReadWrite.All")
    with pytest.raises(GraphError) as refusal:
        task(reader)
    assert refusal.value.status == 403
    assert WRITE in refusal.value.hint
    assert "Attribute Definition Administrator" in refusal.value.hint
    blind = tenant.allow("User.Read.All")
    with pytest.raises(GraphError) as unreadable:
        task(blind)
    assert unreadable.value.status == 403
    assert READ in unreadable.value.hint
    assert "Attribute Definition Reader" in unreadable.value.hint
    assert tenant.emulator.tenant() == before


def test_5_3_an_administrator_of_one_set_defines_in_it(tenant: Tenant) -> None:
    administrator = {"Attribute Definition Administrator": ["Marketing"]}
    token = tenant.emulator.token(user="alex@contoso.com", scopes=[WRITE], role_scopes=administrator)
    scoped = tenant.through(tenant.connect(access_token=token))
    assert a_definition(scoped, "Level", "Marketing", type="string")["changed"]
    assert not a_definition(scoped, "Level", "Marketing", type="string")["changed"]
    with pytest.raises(InvalidDeclaration, match="there is no attribute set Engineering"):
        a_definition(scoped, "Level", "Engineering", type="string")
    with pytest.raises(GraphError, match="403"):
        a_set(scoped, "Marketing", description="x")


# Replication (graph-facts 6.4)


@pytest.mark.slow
@pytest.mark.parametrize("status", [404, 400])
def test_6_4_set_definition_assignment_value_follow_each_other(tenant: Tenant, waits: Patient, status: int) -> None:
    def sleep(seconds: float) -> None:
        waits(seconds)
        time.sleep(seconds / 10)

    hurried = tenant.through(waiting(tenant.emulator, sleep))
    tenant.emulator.quirks(replication=1.0, new_set_status=status)
    assert a_set(hurried, "Sales")["changed"]
    options = {"type": "string", "predefined_values_only": True, "predefined_values": ["Gold"]}
    assert a_definition(hurried, "Level", "Sales", **options)["changed"]
    assert assign(hurried, "Level", "Gold", attribute_set="Sales")["changed"]
    assert a_definition(hurried, "Level", "Sales", predefined_values=["Silver"])["changed"]
    assert assign(hurried, "Level", "Silver", attribute_set="Sales")["changed"]
    assert tenant.emulator.state("adele@contoso.com") == {"Sales": {"Level": "Silver"}}
    answers = [
        (request["method"], request["status"]) for request in tenant.emulator.requests() if request["method"] != "GET"
    ]
    assert answers.count(("POST", 201)) == 3
    assert answers.count(("PATCH", 204)) == 2
    assert ("POST", status) in answers, "the definition in the new set"
    assert ("PATCH", 400) in answers, "the assignment of the new attribute"
    assert set(waits.waits) <= set(REPLICATION_WAITS)


def test_6_4_waiting_has_an_end(tenant: Tenant, patient: Tenant, waits: Patient) -> None:
    impatient = patient
    tenant.emulator.quirks(replication=60)
    assert a_set(impatient, "Sales")["changed"], "201 is proof; the wait is but a courtesy"
    assert waits.waits == [1.0, 2.0, 4.0, 8.0, 16.0]
    waits.waits.clear()
    with pytest.raises(InvalidDeclaration, match="there is no attribute set Sales"):
        a_definition(impatient, "Level", "Sales", type="string")
    assert waits.waits == [], "what Graph does not list was perhaps never made"
    with pytest.raises(GraphError, match="409"):
        a_set(impatient, "Sales")
    assert waits.waits == [1.0, 2.0, 4.0, 8.0, 16.0]


@pytest.mark.parametrize(
    ("path", "status", "task", "hint"),
    [
        ("Definitions$", 404, lambda tenant: a_definition(tenant, "Level", type="string"), ""),
        ("/users/", 400, lambda tenant: assign(tenant, "NumVendors", 1), "Its definition allows it."),
    ],
    ids=["definition", "assignment"],
)
def test_6_4_a_refusal_that_lasts_is_passed_on(
    tenant: Tenant, patient: Tenant, waits: Patient, path: str, status: int, task: Callable[..., Any], hint: str
) -> None:
    method = "POST" if status == 404 else "PATCH"
    tenant.emulator.faults({"match": {"method": method, "path": path}, "times": None, "do": {"status": status}})
    with pytest.raises(GraphError) as refusal:
        task(patient)
    assert refusal.value.status == status
    assert refusal.value.hint.startswith(hint)
    assert waits.waits == list(REPLICATION_WAITS)
    assert len(written(tenant)) == len(REPLICATION_WAITS) + 1


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    ("method", "name", "options"),
    [("PATCH", "Project", {"description": "x"}), ("POST", "Level", {"type": "string"})],
    ids=["changed", "created in a set that has others"],
)
def test_6_4_other_refusals_of_a_write_are_no_replication(
    tenant: Tenant, patient: Tenant, waits: Patient, method: str, name: str, options: dict[str, Any], status: int
) -> None:
    tenant.emulator.faults({"match": {"method": method}, "times": None, "do": {"status": status}})
    with pytest.raises(EntraError, match=str(status)):
        a_definition(patient, name, **options)
    assert waits.waits == []


def test_6_4_pauses_are_jittered(waits: Patient) -> None:
    Patience(sleep=waits, jitter=lambda: 0.5).pause(4.0)
    assert waits.waits == [3.0]


def test_1_4_predefined_values_that_are_not_all_expanded_are_read(tenant: Tenant) -> None:
    whole = tenant.run(DEFINITION_INFO, attribute_set="Engineering")
    tenant.emulator.quirks(expanded_values=1)
    tenant.emulator.clear()
    assert tenant.run(DEFINITION_INFO, attribute_set="Engineering") == whole
    values = ("GET", f"{DEFINITIONS}/Engineering_Project/allowedValues", None)
    assert sent(tenant) == [("GET", DEFINITIONS, None), values]
    assert not a_definition(tenant, "Project", predefined_values=["Alpine", "Baker"])["changed"]
    assert assign(tenant, "Project", ["Baker"], check_mode=True)["changed"]


def test_what_never_was_and_has_no_type_stays_away(tenant: Tenant) -> None:
    assert not a_definition(tenant, "Level", state="deprecated")["changed"]
    assert not written(tenant)


def test_a_value_cannot_be_active_and_inactive(tenant: Tenant) -> None:
    with pytest.raises(
        InvalidDeclaration, match="predefined_values and inactive_predefined_values list Baker more than once"
    ):
        a_definition(tenant, "Project", predefined_values=["Baker"], inactive_predefined_values=["Baker"])
