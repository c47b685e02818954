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
from _emulator import Emulator
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._core.names import name_problem
from ansible_collections.entra.attributes.plugins.module_utils._core.options import LEFT_OUT
from ansible_collections.entra.attributes.plugins.module_utils._declarations import specs as _specs
from ansible_collections.entra.attributes.plugins.module_utils._errors import EntraError, GraphError, InvalidDeclaration
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._graph.patience import Patience
from ansible_collections.entra.attributes.plugins.module_utils._graph.replication import REPLICATION_WAITS
from ansible_collections.entra.attributes.plugins.module_utils._operations import assignment as _assignment
from ansible_collections.entra.attributes.plugins.module_utils._operations import attribute_set as _attribute_set
from ansible_collections.entra.attributes.plugins.module_utils._operations import definition as _definitions

from ...conftest import NEED, Patient, waiting

SETS = "/v1.0/directory/attributeSets"
DEFINITIONS = "/v1.0/directory/customSecurityAttributeDefinitions"
PROJECT = f"{DEFINITIONS}/Engineering_Project"
READ, WRITE = "CustomSecAttributeDefinition.Read.All", "CustomSecAttributeDefinition.ReadWrite.All"
IMMUTABLE = {"id", "name", "attributeSet", "type", "isCollection", "isSearchable"}


def run(
    function: Callable[..., dict[str, Any]], spec: dict[str, Any], constraints: dict[str, Any], **given: Any
) -> Any:
    """A run with its options validated as a module does."""
    graph, check_mode = given.pop("graph"), given.pop("check_mode", False)
    validated = ArgumentSpecValidator(spec, **constraints).validate(given)
    assert not validated.error_messages
    return function(validated.validated_parameters, graph, check_mode)


def a_set(graph: _graph.Graph, name: str, **options: Any) -> dict[str, Any]:
    result: dict[str, Any] = run(_attribute_set.run_set, _specs.SET_SPEC, {}, graph=graph, name=name, **options)
    return result


def a_definition(graph: _graph.Graph, name: str, attribute_set: str = "Engineering", **options: Any) -> dict[str, Any]:
    spec, constraints = _definitions.DEFINITION.spec, _specs.DEFINITION_CONSTRAINTS
    options |= {"attribute_set": attribute_set, "name": name}
    result: dict[str, Any] = run(_definitions.run_definition, spec, constraints, graph=graph, **options)
    return result


def assign(graph: _graph.Graph, name: str, value: Any, user: str = "adele@contoso.com", **options: Any) -> Any:
    spec, constraints = _assignment.ASSIGNMENT_SPEC, _assignment.ASSIGNMENT_CONSTRAINTS
    options = {"attribute_set": "Engineering", **options}
    if "service_principal" not in options:
        options["user"] = user
    return run(_assignment.run_assignment, spec, constraints, graph=graph, name=name, value=value, **options)


def sent(emulator: Emulator) -> list[tuple[str, str, Any]]:
    """The Graph requests since the last look: method, path, body."""
    requests = [(request["method"], request["path"], request["body"]) for request in emulator.requests()]
    emulator.clear()
    return requests


def written(emulator: Emulator) -> list[tuple[str, str, Any]]:
    return [request for request in sent(emulator) if request[0] != "GET"]


def stored(emulator: Emulator, name: str, attribute_set: str = "Engineering") -> dict[str, Any]:
    """A definition as the local Graph holds it, its predefined values as `{value: active}`."""
    found: dict[str, Any] = next(
        one for one in emulator.tenant()["definitions"] if (one["attributeSet"], one["name"]) == (attribute_set, name)
    )
    return {**found, "allowedValues": {value["id"]: value["isActive"] for value in found["allowedValues"]}}


# Attribute sets


def test_1_2_a_set_is_created_with_the_documented_members(emulator: Emulator, graph: _graph.Graph) -> None:
    result = a_set(graph, "Sales", description="Attributes for sales", max_attributes_per_set=20)
    body = {"id": "Sales", "description": "Attributes for sales", "maxAttributesPerSet": 20}
    assert sent(emulator) == [("GET", SETS, None), ("POST", SETS, body), ("GET", SETS, None)]
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
    assert a_set(graph, "Größe")["changed"], "letters of any language"
    assert written(emulator) == [("POST", SETS, {"id": "Größe"})]


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
def test_1_2_only_what_differs_of_a_set_is_sent(
    emulator: Emulator, graph: _graph.Graph, options: dict[str, Any], body: dict[str, Any]
) -> None:
    result = a_set(graph, "Engineering", **options)
    assert sent(emulator) == [("GET", SETS, None), ("PATCH", f"{SETS}/Engineering", body)]
    assert result["diff"]["before"] != result["diff"]["after"]
    assert {name: result["attribute_set"][name] for name in options} == options
    assert not a_set(graph, "Engineering", **options)["changed"]
    assert sent(emulator) == [("GET", SETS, None)]


def test_sets_are_listed_by_name(emulator: Emulator, graph: _graph.Graph) -> None:
    a_set(graph, "Accounts")
    emulator.clear()

    def listed(**options: Any) -> list[str]:
        found = run(_attribute_set.run_set_info, _attribute_set.SET_INFO_SPEC, {}, graph=graph, **options)
        assert not found["changed"]
        return [one["name"] for one in found["attribute_sets"]]

    assert listed() == ["Accounts", "Engineering", "Marketing"]
    assert listed(name="Marketing") == ["Marketing"]
    assert listed(name="marketing") == []
    assert [request[0] for request in sent(emulator)] == ["GET"] * 3


def test_4_the_tenant_is_full_of_sets(emulator: Emulator, graph: _graph.Graph) -> None:
    emulator.tenant({**emulator.tenant(), "attributeSets": [{"id": f"S{number}"} for number in range(500)]})
    emulator.clear()
    with pytest.raises(InvalidDeclaration, match="the tenant has 500 attribute sets; Entra allows 500"):
        a_set(graph, "Sales")
    assert not written(emulator)
    assert not a_set(graph, "S499")["changed"], "found on the last page"


@pytest.mark.parametrize("status", [409, 400])
@pytest.mark.parametrize("kind", ["set", "definition", "first definition"])
def test_6_4_what_graph_does_not_list_yet_is_not_made_again(
    emulator: Emulator, graph: _graph.Graph, waits: Patient, kind: str, status: int
) -> None:
    def task(graph: _graph.Graph) -> dict[str, Any]:
        if kind == "set":
            return a_set(graph, "Sales")
        return a_definition(graph, "Level", "Empty" if kind == "first definition" else "Engineering", type="string")

    def sleep(seconds: float) -> None:
        waits(seconds)
        emulator.quirks(replication=0)

    tenant = emulator.tenant()
    tenant["attributeSets"].append({"id": "Empty"})
    emulator.tenant(tenant)
    emulator.quirks(conflict_status=status)
    assert task(graph)["changed"]
    emulator.quirks(replication=60)
    emulator.clear()
    assert not task(waiting(emulator, sleep))["changed"]
    assert [body for method, _path, body in sent(emulator) if method == "POST"]
    assert waits.waits == [1.0]


@pytest.mark.parametrize("meanwhile", [True, False], ids=["by another", "by this"])
def test_what_was_written_before_a_conflict_counts(
    emulator: Emulator, graph: _graph.Graph, waits: Patient, meanwhile: bool
) -> None:
    def sleep(seconds: float) -> None:
        waits(seconds)
        if meanwhile:
            a_definition(graph, "Project", predefined_values=["Second"])

    emulator.faults({"match": {"method": "POST", "path": "allowedValues"}, "skip": 1, "do": {"status": 409}})
    result = a_definition(waiting(emulator, sleep), "Project", predefined_values=["First", "Second"])
    assert result["changed"]
    assert "First" not in result["previous_definition"]["predefined_values"]
    assert {"First", "Second"} <= set(result["definition"]["predefined_values"])
    assert ['"First"' in result["diff"][when] for when in ("before", "after")] == [False, True]
    assert waits.waits == [1.0]


# Definitions


def test_what_was_written_before_a_refusal_counts(emulator: Emulator, graph: _graph.Graph) -> None:
    a_definition(graph, "Sizes", type="string", predefined_values=["S"])
    refused = {"match": {"method": "POST", "path": "/allowedValues"}, "skip": 1, "do": {"status": 403}}
    emulator.faults(refused)
    with pytest.raises(GraphError) as partly:
        a_definition(graph, "Sizes", predefined_values=["M", "L"])
    assert partly.value.as_result()["changed"]
    emulator.faults({**refused, "skip": 0})
    with pytest.raises(GraphError) as not_at_all:
        a_definition(graph, "Sizes", predefined_values=["M", "L"])
    assert "changed" not in not_at_all.value.as_result()


def test_1_3_a_definition_is_created_with_the_documented_members(emulator: Emulator, graph: _graph.Graph) -> None:
    result = a_definition(
        graph,
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
    assert sent(emulator) == [*reads, ("POST", DEFINITIONS, body), ("GET", DEFINITIONS, None)]
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
def test_1_3_a_definition_of_each_type_as_small_as_can_be(emulator: Emulator, graph: _graph.Graph, type_: str) -> None:
    assert a_definition(graph, "Level", type=type_, searchable=False)["changed"]
    [(_method, _path, body)] = written(emulator)
    assert body == {
        "attributeSet": "Engineering",
        "isCollection": False,
        "isSearchable": False,
        "name": "Level",
        "status": "Available",
        "type": type_.capitalize(),
        "usePreDefinedValuesOnly": False,
    }
    assert not a_definition(graph, "Level", type=type_, searchable=False)["changed"]
    assert [request[0] for request in sent(emulator)] == ["GET"]


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
    emulator: Emulator,
    graph: _graph.Graph,
    name: str,
    options: dict[str, Any],
    writes: list[tuple[str, str, Any]],
) -> None:
    before = emulator.tenant()
    predicted = a_definition(graph, name, check_mode=True, **options)
    assert emulator.tenant() == before
    assert not written(emulator)
    done = a_definition(graph, name, **options)
    assert done == predicted
    requests = written(emulator)
    assert requests == writes
    assert not any(IMMUTABLE & body.keys() for method, _path, body in requests if method == "PATCH")
    assert done["changed"] == bool(writes) == (done["diff"]["before"] != done["diff"]["after"])
    again = a_definition(graph, name, **options)
    assert not again["changed"]
    assert again["definition"] == done["definition"]
    assert again["diff"]["before"] == again["diff"]["after"]
    assert not written(emulator)


def test_a_no_op_is_one_get(emulator: Emulator, graph: _graph.Graph) -> None:
    a_definition(graph, "Project", type="string", predefined_values=["Alpine"])
    [request] = emulator.requests()
    assert (request["method"], request["path"]) == ("GET", DEFINITIONS)
    assert request["query"] == {"$expand": "allowedValues", "$filter": "attributeSet eq 'Engineering'"}


def test_1_4_values_go_there_and_back(emulator: Emulator, graph: _graph.Graph) -> None:
    def purge(*values: str) -> tuple[str, str]:
        result = a_definition(graph, "Project", predefined_values=list(values), purge_predefined_values=True)
        assert result["changed"]
        allowed = stored(emulator, "Project")["allowedValues"]
        assert sorted(value for value, active in allowed.items() if active) == sorted(values)
        assert sorted(allowed) == ["Alpine", "Baker", "Cascade", "Skagit"], "none is lost, none is made twice"
        return result["diff"]["before"], result["diff"]["after"]

    before, after = purge("Skagit")
    assert yaml.safe_load(before)["predefined_values"] == ["Alpine", "Baker", "Cascade"]
    assert yaml.safe_load(before)["inactive_predefined_values"] == ["Skagit"]
    assert yaml.safe_load(after)["predefined_values"] == ["Skagit"]
    assert yaml.safe_load(after)["inactive_predefined_values"] == ["Alpine", "Baker", "Cascade"]
    assert purge("Alpine", "Baker", "Cascade") == (after, before)


def test_a_definition_goes_there_and_back(emulator: Emulator, graph: _graph.Graph) -> None:
    for state, status in (("deprecated", "Deprecated"), ("present", "Available")):
        result = a_definition(graph, "Project", state=state)
        assert result["changed"]
        assert result["definition"]["state"] == state
        assert f'state: "{state}"\n' in result["diff"]["after"]
        assert stored(emulator, "Project")["status"] == status


@pytest.mark.parametrize("value", ["two words", "and/or", "C#", "100%", "Größe", "what?", "a+b", "it's", "..", "$it's"])
def test_1_4_values_of_all_spellings(emulator: Emulator, graph: _graph.Graph, value: str) -> None:
    assert a_definition(graph, "Project", predefined_values=[value])["changed"]
    assert written(emulator) == [("POST", f"{PROJECT}/allowedValues", {"id": value, "isActive": True})]
    assert a_definition(graph, "Project", predefined_values=[], purge_predefined_values=True)["changed"]
    as_key = {"..": "('..')", "$it's": "('$it''s')"}.get(value, f"/{value}")
    addressed = [unquote(path).removeprefix(f"{PROJECT}/allowedValues") for _method, path, _body in written(emulator)]
    assert as_key in addressed
    assert stored(emulator, "Project")["allowedValues"][value] is False
    assert a_definition(graph, "Project", predefined_values=[value])["changed"]
    assert assign(graph, "Project", [value])["changed"]


def test_1_4_integers_are_predefined_as_text_and_assigned_as_numbers(emulator: Emulator, graph: _graph.Graph) -> None:
    options = {"type": "integer", "predefined_values_only": True, "predefined_values": [1, 20]}
    assert a_definition(graph, "Level", **options)["changed"]
    assert stored(emulator, "Level")["allowedValues"] == {"1": True, "20": True}
    assert not a_definition(graph, "Level", **options)["changed"]
    assert assign(graph, "Level", 20)["changed"]
    assert emulator.state("adele@contoso.com") == {"Engineering": {"Level": 20}}
    with pytest.raises(InvalidDeclaration, match='"007" is not an integer; write 7'):
        a_definition(graph, "Level", predefined_values=["007"])


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
    emulator: Emulator, graph: _graph.Graph, attribute_set: str, name: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidDeclaration, match=words):
        a_definition(graph, name, attribute_set, **options)
    assert not written(emulator)


def test_half_a_character_finds_nothing_and_is_no_name(emulator: Emulator, graph: _graph.Graph) -> None:
    for attribute_set, name in [("Engineering", "A\ud800"), ("\ud800", "A")]:
        with pytest.raises(InvalidDeclaration, match="half a character"):
            a_definition(graph, name, attribute_set, type="string")
    assert not written(emulator)


@pytest.mark.parametrize("name", ["a\tb", "a\u00a0b", "a\u2028b", "a\nb", "\u0663x", "²x", "项目", "_", "9"])
def test_4_the_local_graph_takes_the_names_that_we_take(emulator: Emulator, graph: _graph.Graph, name: str) -> None:
    if name_problem(name):
        with pytest.raises(GraphError, match="Graph answered 400"):
            graph.post("/directory/attributeSets", {"id": name}, need=NEED)
    else:
        graph.post("/directory/attributeSets", {"id": name}, need=NEED)
        assert name in [one["id"] for one in emulator.tenant()["attributeSets"]]


def test_graph_may_be_blind_to_case_in_filters(emulator: Emulator, graph: _graph.Graph) -> None:
    found = emulator.tenant()["definitions"][1]
    values = [{"id": "Alpine", "isActive": True}]
    answer = {"value": [{**found, "id": "Engineering_Project", "allowedValues": values}]}
    emulator.faults({"match": {"path": "Definitions"}, "do": {"status": 200, "body": answer}})
    with pytest.raises(InvalidDeclaration, match="attribute_set differs from the existing Engineering by case only"):
        a_definition(graph, "Project", "engineering", type="string")


def test_in_check_mode_a_set_may_still_be_made_but_no_twin(emulator: Emulator, graph: _graph.Graph) -> None:
    predicted = a_definition(graph, "Level", "Sales", type="string", check_mode=True)
    assert predicted["changed"]
    warnings = predicted.pop("warnings")
    assert warnings == ["There is no attribute set Sales. Unless an earlier task creates it, the run will fail."]
    assert "warnings" not in a_definition(graph, "Level", "Sales", state="deprecated", check_mode=True)
    with pytest.raises(InvalidDeclaration, match="differs from the existing Engineering"):
        a_definition(graph, "Level", "engineering", type="string", check_mode=True)
    with pytest.raises(InvalidDeclaration, match="starts with a digit"):
        a_definition(graph, "Level", "1st", type="string", check_mode=True)
    a_set(graph, "Sales")
    assert a_definition(graph, "Level", "Sales", type="string") == predicted
    with pytest.raises(InvalidDeclaration, match="differs from the existing Engineering"):
        a_set(graph, "ENGINEERING", check_mode=True)
    assert len(written(emulator)) == 2


def test_4_what_can_never_change_is_told_at_once_and_nothing_is_half_done(
    emulator: Emulator, graph: _graph.Graph
) -> None:
    before = emulator.tenant()
    with pytest.raises(InvalidDeclaration) as refusal:
        a_definition(
            graph,
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
    assert not written(emulator)
    assert emulator.tenant() == before


@pytest.mark.slow
def test_4_the_tenant_or_the_set_is_full_of_definitions(emulator: Emulator, graph: _graph.Graph) -> None:
    tenant = emulator.tenant()
    many = [{"attributeSet": "Marketing", "name": f"A{number}"} for number in range(499)]
    project = next(one for one in tenant["definitions"] if one["name"] == "Project")
    legacy = next(one for one in tenant["definitions"] if one["name"] == "Legacy")
    limited = [{"id": "Engineering", "maxAttributesPerSet": 1}, {"id": "Marketing"}]
    emulator.tenant({**tenant, "attributeSets": limited, "definitions": [*many, project, legacy]})
    emulator.clear()
    for name, options in (("Level", {"type": "string"}), ("Legacy", {})):
        with pytest.raises(InvalidDeclaration) as refusal:
            a_definition(graph, name, **options)
        assert refusal.value.problems == [
            "the tenant has 500 active definitions; Entra allows 500",
            "attribute set Engineering has 1 active attributes; its max_attributes_per_set is 1",
        ]
    assert not written(emulator)
    assert not a_definition(graph, "Project")["changed"], "what is there needs no room"
    a_definition(graph, "Project", state="deprecated")
    assert a_definition(graph, "Legacy")["changed"], "deprecated ones take none"


def test_definitions_are_listed_by_name(emulator: Emulator, graph: _graph.Graph) -> None:
    def listed(**options: Any) -> list[str]:
        spec, constraints = _definitions.DEFINITION_INFO_SPEC, _definitions.DEFINITION_INFO_CONSTRAINTS
        found = run(_definitions.run_definition_info, spec, constraints, graph=graph, **options)
        assert not found["changed"]
        return [f"{one['attribute_set']}.{one['name']}" for one in found["definitions"]]

    everything = listed()
    assert len(everything) == 10
    assert everything == sorted(everything)
    assert listed(attribute_set="Marketing") == ["Marketing.AppCountry", "Marketing.EmployeeId"]
    assert listed(attribute_set="Engineering", name="Project") == ["Engineering.Project"]
    assert listed(attribute_set="Engineering", name="project") == []
    assert [request[0] for request in sent(emulator)] == ["GET"] * 4


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
def test_the_type_is_named_in_any_case(emulator: Emulator, graph: _graph.Graph, type_: str) -> None:
    assert a_definition(graph, "Level", type=type_)["definition"]["type"] == "string"
    assert emulator.requests()[-2]["body"]["type"] == "String"


def test_integers_are_no_predefined_values_of_a_string_attribute(emulator: Emulator, graph: _graph.Graph) -> None:
    words = "predefined_values: YAML read the integer 1 where text is needed; put it in quotes"
    with pytest.raises(InvalidDeclaration, match=words):
        a_definition(graph, "Level", type="string", predefined_values=[1, "a"])
    assert emulator.requests(None) == []
    with pytest.raises(InvalidDeclaration, match=words):
        a_definition(graph, "Project", predefined_values=[1])
    assert not written(emulator)


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
def test_text_that_nobody_means_is_not_defined(
    emulator: Emulator, graph: _graph.Graph, options: dict[str, Any], words: str
) -> None:
    for name in ("Level", "Project"):
        with pytest.raises(InvalidDeclaration, match=words):
            a_definition(graph, name, type="string", **options)
    assert not written(emulator)


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_is_wrong_by_itself_is_told_at_once_and_before_any_request(
    emulator: Emulator, graph: _graph.Graph, check_mode: bool
) -> None:
    wrong = {"description": "x" * 129, "check_mode": check_mode}
    with pytest.raises(InvalidDeclaration) as refusal:
        a_set(graph, "1st", max_attributes_per_set=501, **wrong)
    assert len(refusal.value.problems) == 3
    with pytest.raises(InvalidDeclaration) as refusal:
        a_definition(graph, "A_B", "C D", type="integer", predefined_values=["one", "one"], **wrong)
    assert len(refusal.value.problems) == 6
    assert emulator.requests(None) == []


# Definitions in use


@pytest.fixture
def held(emulator: Emulator, graph: _graph.Graph) -> _graph.Graph:
    """NumVendors and Secret are held by two users, NumVendors also by a service principal."""
    for user in ("adele@contoso.com", "alex@contoso.com"):
        assign(graph, "NumVendors", 1, user)
        assign(graph, "Secret", "x", user)
    assign(graph, "NumVendors", 1, service_principal="payroll-api")
    emulator.clear()
    return graph


ALEX = "33333333-3333-4333-8333-333333333302"
HELD = {"users": 2, "service_principals": 1}


@pytest.mark.parametrize("check_mode", [True, False])
def test_who_holds_a_deprecated_attribute_is_counted(emulator: Emulator, held: _graph.Graph, check_mode: bool) -> None:
    result = a_definition(held, "NumVendors", state="deprecated", check_mode=check_mode)
    assert result["changed"]
    assert result["in_use"] == HELD
    assert result["warnings"] == [
        "Attribute Engineering.NumVendors is deprecated, but 2 users and 1 service principal hold it."
    ]
    counts = [request for request in emulator.requests() if "$count" in request["query"]]
    assert [request["path"] for request in counts] == ["/v1.0/users", "/v1.0/servicePrincipals"]
    for request in counts:
        assert request["query"]["$filter"] == "customSecurityAttributes/Engineering/NumVendors ne null"
        assert request["query"]["$top"] == "1"
        assert request["headers"]["consistencylevel"] == "eventual"
    assert stored(emulator, "NumVendors")["status"] == ("Available" if check_mode else "Deprecated")


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_attribute_in_use_is_not_deprecated_if_that_is_forbidden(
    emulator: Emulator, held: _graph.Graph, check_mode: bool
) -> None:
    with pytest.raises(
        InvalidDeclaration, match="2 users and 1 service principal hold it; in_use=fail forbids to deprecate"
    ):
        a_definition(held, "NumVendors", state="deprecated", in_use="fail", check_mode=check_mode)
    assert stored(emulator, "NumVendors")["status"] == "Available"
    assert not written(emulator)
    unused = a_definition(held, "ProjectDate", state="deprecated", in_use="fail", check_mode=check_mode)
    assert unused["in_use"] == {"users": 0, "service_principals": 0}
    assert unused["changed"]
    assert "warnings" not in unused


def test_what_is_deprecated_already_may_be_in_use(emulator: Emulator, held: _graph.Graph) -> None:
    a_definition(held, "NumVendors", state="deprecated", in_use="ignore")
    assert [request[0] for request in sent(emulator)] == ["GET", "PATCH"]
    again = a_definition(held, "NumVendors", state="deprecated", in_use="fail")
    assert not again["changed"]
    assert again["in_use"] == HELD
    assert "2 users" in again["warnings"][0]
    assert assign(held, "NumVendors", LEFT_OUT, state="absent")["changed"], "removing goes on"
    assert a_definition(held, "NumVendors", state="deprecated")["in_use"] == {"users": 1, "service_principals": 1}
    assert a_definition(held, "NumVendors", state="deprecated", in_use="ignore")["in_use"] is None


def test_what_is_not_searchable_cannot_be_counted(emulator: Emulator, held: _graph.Graph) -> None:
    with pytest.raises(InvalidDeclaration, match="cannot be told: it is not searchable; in_use=fail"):
        a_definition(held, "Secret", state="deprecated", in_use="fail")
    assert not written(emulator)
    result = a_definition(held, "Secret", state="deprecated")
    assert result["in_use"] is None
    assert result["warnings"] == [
        "Attribute Engineering.Secret is deprecated, but how many principals hold it cannot be told:"
        " it is not searchable."
    ]
    assert {path for _method, path, _body in sent(emulator)} == {DEFINITIONS, f"{DEFINITIONS}/Engineering_Secret"}


def test_who_may_not_read_assignments_cannot_count(
    emulator: Emulator, held: _graph.Graph, connect: Callable[..., _graph.Graph]
) -> None:
    definer = connect(access_token=emulator.token(permissions=[WRITE, "User.Read.All", "Application.Read.All"]))
    with pytest.raises(InvalidDeclaration, match="cannot be told") as refusal:
        a_definition(definer, "NumVendors", state="deprecated", in_use="fail")
    assert "CustomSecAttributeAssignment.Read.All" in str(refusal.value)
    result = a_definition(definer, "NumVendors", state="deprecated")
    assert result["changed"]
    assert result["in_use"] is None
    assert "403" in result["warnings"][0]


# Permissions


@pytest.mark.parametrize(
    "task",
    [
        lambda graph: a_set(graph, "Sales"),
        lambda graph: a_set(graph, "Marketing", description="x"),
        lambda graph: a_definition(graph, "Level", type="string"),
        lambda graph: a_definition(graph, "Project", description="x"),
        lambda graph: a_definition(graph, "Project", predefined_values=["Denali"]),
        lambda graph: a_definition(graph, "Project", predefined_values=["Skagit"]),
    ],
    ids=["set", "change of a set", "definition", "change of a definition", "value", "change of a value"],
)
def test_5_2_what_is_missing_to_write_or_read_is_named(
    emulator: Emulator, connect: Callable[..., _graph.Graph], task: Callable[[_graph.Graph], Any]
) -> None:
    before = emulator.tenant()
    reader = connect(access_token=emulator.token(permissions=[READ, "Directory.ReadWrite.All"]))
    with pytest.raises(GraphError) as refusal:
        task(reader)
    assert refusal.value.status == 403
    assert WRITE in refusal.value.hint
    assert "Attribute Definition Administrator" in refusal.value.hint
    blind = connect(access_token=emulator.token(permissions=["User.Read.All"]))
    with pytest.raises(GraphError) as unreadable:
        task(blind)
    assert unreadable.value.status == 403
    assert READ in unreadable.value.hint
    assert "Attribute Definition Reader" in unreadable.value.hint
    assert emulator.tenant() == before


def test_5_3_an_administrator_of_one_set_defines_in_it(
    emulator: Emulator, connect: Callable[..., _graph.Graph]
) -> None:
    administrator = {"Attribute Definition Administrator": ["Marketing"]}
    token = emulator.token(user="alex@contoso.com", scopes=[WRITE], role_scopes=administrator)
    scoped = connect(access_token=token)
    assert a_definition(scoped, "Level", "Marketing", type="string")["changed"]
    assert not a_definition(scoped, "Level", "Marketing", type="string")["changed"]
    with pytest.raises(InvalidDeclaration, match="there is no attribute set Engineering"):
        a_definition(scoped, "Level", "Engineering", type="string")
    with pytest.raises(GraphError, match="403"):
        a_set(scoped, "Marketing", description="x")


# Replication (graph-facts 6.4)


@pytest.mark.slow
@pytest.mark.parametrize("status", [404, 400])
def test_6_4_set_definition_assignment_value_follow_each_other(emulator: Emulator, waits: Patient, status: int) -> None:
    def sleep(seconds: float) -> None:
        waits(seconds)
        time.sleep(seconds / 10)

    hurried = waiting(emulator, sleep)
    emulator.quirks(replication=1.0, new_set_status=status)
    assert a_set(hurried, "Sales")["changed"]
    options = {"type": "string", "predefined_values_only": True, "predefined_values": ["Gold"]}
    assert a_definition(hurried, "Level", "Sales", **options)["changed"]
    assert assign(hurried, "Level", "Gold", attribute_set="Sales")["changed"]
    assert a_definition(hurried, "Level", "Sales", predefined_values=["Silver"])["changed"]
    assert assign(hurried, "Level", "Silver", attribute_set="Sales")["changed"]
    assert emulator.state("adele@contoso.com") == {"Sales": {"Level": "Silver"}}
    answers = [(request["method"], request["status"]) for request in emulator.requests() if request["method"] != "GET"]
    assert answers.count(("POST", 201)) == 3
    assert answers.count(("PATCH", 204)) == 2
    assert ("POST", status) in answers, "the definition in the new set"
    assert ("PATCH", 400) in answers, "the assignment of the new attribute"
    assert set(waits.waits) <= set(REPLICATION_WAITS)


def test_6_4_waiting_has_an_end(emulator: Emulator, waits: Patient) -> None:
    impatient = waiting(emulator, waits)
    emulator.quirks(replication=60)
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
        ("Definitions$", 404, lambda graph: a_definition(graph, "Level", type="string"), ""),
        ("/users/", 400, lambda graph: assign(graph, "NumVendors", 1), "Its definition allows it."),
    ],
    ids=["definition", "assignment"],
)
def test_6_4_a_refusal_that_lasts_is_passed_on(
    emulator: Emulator, waits: Patient, path: str, status: int, task: Callable[..., Any], hint: str
) -> None:
    method = "POST" if status == 404 else "PATCH"
    emulator.faults({"match": {"method": method, "path": path}, "times": None, "do": {"status": status}})
    with pytest.raises(GraphError) as refusal:
        task(waiting(emulator, waits))
    assert refusal.value.status == status
    assert refusal.value.hint.startswith(hint)
    assert waits.waits == list(REPLICATION_WAITS)
    assert len(written(emulator)) == len(REPLICATION_WAITS) + 1


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    ("method", "name", "options"),
    [("PATCH", "Project", {"description": "x"}), ("POST", "Level", {"type": "string"})],
    ids=["changed", "created in a set that has others"],
)
def test_6_4_other_refusals_of_a_write_are_no_replication(
    emulator: Emulator, waits: Patient, method: str, name: str, options: dict[str, Any], status: int
) -> None:
    emulator.faults({"match": {"method": method}, "times": None, "do": {"status": status}})
    with pytest.raises(EntraError, match=str(status)):
        a_definition(waiting(emulator, waits), name, **options)
    assert waits.waits == []


def test_6_4_pauses_are_jittered(waits: Patient) -> None:
    Patience(sleep=waits, jitter=lambda: 0.5).pause(4.0)
    assert waits.waits == [3.0]


def test_1_4_predefined_values_that_are_not_all_expanded_are_read(emulator: Emulator, graph: _graph.Graph) -> None:
    listed = {"attribute_set": "Engineering", "name": None}
    whole = _definitions.run_definition_info(listed, graph, False)
    emulator.quirks(expanded_values=1)
    emulator.clear()
    assert _definitions.run_definition_info(listed, graph, False) == whole
    values = ("GET", f"{DEFINITIONS}/Engineering_Project/allowedValues", None)
    assert sent(emulator) == [("GET", DEFINITIONS, None), values]
    assert not a_definition(graph, "Project", predefined_values=["Alpine", "Baker"])["changed"]
    assert assign(graph, "Project", ["Baker"], check_mode=True)["changed"]


def test_what_never_was_and_has_no_type_stays_away(emulator: Emulator, graph: _graph.Graph) -> None:
    assert not a_definition(graph, "Level", state="deprecated")["changed"]
    assert not written(emulator)


def test_a_value_cannot_be_active_and_inactive(graph: _graph.Graph) -> None:
    with pytest.raises(
        InvalidDeclaration, match="predefined_values and inactive_predefined_values list Baker more than once"
    ):
        a_definition(graph, "Project", predefined_values=["Baker"], inactive_predefined_values=["Baker"])
