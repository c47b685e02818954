# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exports of the local Graph's tenant: every file to the letter, what is written when, and what must not be missing."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from _checkout import ROOT
from _emulator import Emulator
from _tenant import Tenant
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    AttributesHidden,
    GraphError,
    InvalidDeclaration,
    OptionError,
    UndefinedAttribute,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._operations import export as _export

from ...conftest import ADELE, PAYROLL

SCHEMA_LINE = (
    "# yaml-language-server: $schema=https://raw.githubusercontent.com/entra-attributes/entra.attributes/main"
    "/roles/reconcile/files/declarations.schema.json"
)
MARKETING = f"""\
{SCHEMA_LINE}
---
attribute_sets:
  - name: "Marketing"
    description: "Attributes for marketing team"
    max_attributes_per_set: 25
definitions:
  - attribute_set: "Marketing"
    name: "AppCountry"
    description: "Countries of the app"
    type: "string"
    multi_valued: true
    searchable: true
    predefined_values_only: false
    state: "present"
  - attribute_set: "Marketing"
    name: "EmployeeId"
    description: "Id of the employee"
    type: "string"
    multi_valued: false
    searchable: true
    predefined_values_only: false
    state: "present"
"""
USERS = f"""\
{SCHEMA_LINE}
---
assignments:
  - user: "adele@contoso.com"
    display_name: "Adele Vance"
    attributes:
      Engineering:
        CostCenter:
          - 9
          - 1001
        Project:
          - "Alpine"
          - "Skagit"
      Marketing:
        EmployeeId: "=1+1"
  - user: "dara@contoso.com"
    display_name: "Dara Fox"
    attributes:
      Marketing:
        AppCountry:
          - "Canada"
          - "India"
"""
SERVICE_PRINCIPALS = f"""\
{SCHEMA_LINE}
---
assignments:
  - service_principal: "55555555-5555-4555-8555-555555555501"
    display_name: "payroll-api"
    attributes:
      Engineering:
        Certification: true
        Legacy: "8"
        NumVendors: 8
"""
USERS_CSV = "user,display_name,Marketing.AppCountry[]\ndara@contoso.com,Dara Fox,Canada;India\n"
SERVICE_PRINCIPALS_CSV = (
    "service_principal,display_name,Engineering.Certification,Engineering.Legacy,Engineering.NumVendors\n"
    "55555555-5555-4555-8555-555555555501,payroll-api,true,8,8\n"
)
ALL = [
    "assignments/service_principals.yml",
    "assignments/users.yml",
    "attribute_sets/Engineering.yml",
    "attribute_sets/Marketing.yml",
    "delegations.yml",
]


def export(graph: _graph.Graph, dest: Path, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    validated = ArgumentSpecValidator(_export.EXPORT_SPEC).validate({"dest": str(dest), **options})
    assert not validated.error_messages
    return _export.run_export(validated.validated_parameters, graph, check_mode)


def content(folder: Path) -> dict[str, str]:
    """All files of a folder by their path in it, without the list that an export makes for itself."""
    files = {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: text for name, text in files.items() if name != ".export.json"}


def outcome(result: dict[str, Any], folder: Path) -> list[tuple[str, str, bool]]:
    return [(str(Path(o["path"]).relative_to(folder)), o["state"], o["changed"]) for o in result["files"]]


@pytest.fixture
def assign(emulator: Emulator) -> Callable[..., None]:
    """Gives principals, by object id, other attributes."""

    def assigned(attributes: dict[str, Any], **properties: Any) -> None:
        tenant = emulator.tenant()
        for one in tenant["users"] + tenant["servicePrincipals"]:
            if one["id"] in attributes:
                one.update({"customSecurityAttributes": attributes[one["id"]], **properties})
        emulator.tenant(tenant)
        emulator.clear()

    return assigned


@pytest.fixture
def assigned(assign: Callable[..., None]) -> None:
    of_adele = {"CostCenter": [1001, 9], "Project": ["Skagit", "Alpine"]}
    of_payroll = {"Legacy": "8", "NumVendors": 8, "Certification": True}
    assign(
        {
            ADELE: {"Marketing": {"EmployeeId": "=1+1"}, "Engineering": of_adele},
            PAYROLL: {"Engineering": of_payroll},
        }
    )


@pytest.mark.usefixtures("assigned")
def test_a_tenant_is_a_folder_of_sorted_files(emulator: Emulator, graph: _graph.Graph, tmp_path: Path) -> None:
    predicted = export(graph, tmp_path / "new" / "folder", check_mode=True)
    assert not (tmp_path / "new").exists()
    result = export(graph, tmp_path / "new" / "folder")
    assert predicted == result
    written = content(tmp_path / "new" / "folder")
    assert list(written) == ALL
    assert written["attribute_sets/Marketing.yml"] == MARKETING
    assert written["assignments/users.yml"] == USERS
    assert written["assignments/service_principals.yml"] == SERVICE_PRINCIPALS
    assert outcome(result, tmp_path / "new" / "folder") == [(name, "present", True) for name in ALL]
    assert [one["after"] for one in result["diff"]] == list(written.values())
    assert {(one["before"], one["before_header"] == one["after_header"]) for one in result["diff"]} == {("", True)}
    assert result["summary"] == {"attribute_sets": 2, "definitions": 10, "principals": 3, "delegations": 4}
    count = len(result["files"])
    assert result["msg"].startswith("2 attribute sets, 10 definitions, 3 principals, 4 delegations. Files in ")
    assert result["msg"].endswith(f": {count}, {count} changed.")
    assert "warnings" not in result
    assert {request["method"] for request in emulator.requests()} == {"GET"}


def test_the_first_line_of_a_file_names_the_published_schema() -> None:
    schema = json.loads((ROOT / "roles/reconcile/files/declarations.schema.json").read_text())
    assert SCHEMA_LINE.endswith(f"$schema={schema['$id']}")


def test_what_is_deprecated_and_inactive_is_marked(graph: _graph.Graph, tmp_path: Path) -> None:
    export(graph, tmp_path, attribute_sets=["Engineering"], principals=[])
    found = {one["name"]: one for one in yaml.safe_load(content(tmp_path)[ALL[2]])["definitions"]}
    assert list(found) == sorted(found)
    assert {name: one["state"] for name, one in found.items() if one["state"] != "present"} == {"Legacy": "deprecated"}
    assert found["Project"] == {
        "attribute_set": "Engineering",
        "name": "Project",
        "description": "Active projects for user",
        "type": "string",
        "multi_valued": True,
        "searchable": True,
        "predefined_values_only": True,
        "predefined_values": ["Alpine", "Baker", "Cascade"],
        "inactive_predefined_values": ["Skagit"],
        "state": "present",
    }


@pytest.mark.usefixtures("assigned")
def test_only_what_differs_is_written(
    emulator: Emulator, graph: _graph.Graph, assign: Callable[..., None], tmp_path: Path
) -> None:
    export(graph, tmp_path)
    (tmp_path / ALL[1]).chmod(0o640)
    before, stamps = content(tmp_path), [(tmp_path / name).stat().st_mtime_ns for name in ALL]
    emulator.quirks(shuffle_collections=True, set_type_spelling="directory_services")
    again = export(graph, tmp_path)
    assert (again["changed"], again["diff"]) == (False, [])
    assert [(tmp_path / name).stat().st_mtime_ns for name in ALL] == stamps
    assign({ADELE: {"Marketing": {"EmployeeId": "GS45897"}}})
    predicted = export(graph, tmp_path, check_mode=True)
    assert content(tmp_path) == before
    result = export(graph, tmp_path)
    assert predicted == result
    assert outcome(result, tmp_path) == [(name, "present", name == ALL[1]) for name in ALL]
    assert [(one["before"], one["after"]) for one in result["diff"]] == [(USERS, content(tmp_path)[ALL[1]])]
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ALL]
    assert modes == [0o600, 0o640, 0o600, 0o600, 0o600]


@pytest.mark.usefixtures("assigned")
def test_a_file_that_is_no_longer_made_is_removed_and_no_other(graph: _graph.Graph, tmp_path: Path) -> None:
    export(graph, tmp_path)
    others = ["assignments/contractors.csv", "attribute_sets/notes.txt", "attribute_sets/.hidden.yml", "extra.yml"]
    for name in others:
        (tmp_path / name).write_text("mine")
    options = {"attribute_sets": ["Marketing"], "principals": ["users"], "format": "csv"}
    predicted = export(graph, tmp_path, check_mode=True, **options)
    assert set(content(tmp_path)) == {*ALL, *others}
    result = export(graph, tmp_path, **options)
    assert predicted == result
    assert outcome(result, tmp_path) == [
        (ALL[0], "absent", True),
        ("assignments/users.csv", "present", True),
        (ALL[1], "present", True),
        (ALL[2], "absent", True),
        (ALL[3], "present", False),
        (ALL[4], "present", True),
    ]
    assert set(content(tmp_path)) == {"assignments/users.csv", ALL[1], *ALL[3:], *others}
    assert result["summary"] == {"attribute_sets": 1, "definitions": 2, "principals": 2, "delegations": 1}
    assert export(graph, tmp_path, **options)["changed"] is False


@pytest.mark.usefixtures("assigned")
def test_csv_has_what_csv_can_say(graph: _graph.Graph, tmp_path: Path) -> None:
    export(graph, tmp_path, format="csv")
    written = content(tmp_path)
    assert written["assignments/users.csv"] == USERS_CSV
    assert written["assignments/service_principals.csv"] == SERVICE_PRINCIPALS_CSV
    assert [one["user"] for one in yaml.safe_load(written["assignments/users.yml"])["assignments"]] == [
        "adele@contoso.com"
    ]
    assert "assignments/service_principals.yml" not in written


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attributes", "fits"),
    [
        ({"Engineering": {"ProjectDate": 'say "a, b"; then c'}}, True),
        ({"Engineering": {"ProjectDate": "{{ lookup('pipe', 'id') }} # Straße \U0001f600"}}, True),
        ({"Engineering": {"ProjectDate": "Null"}}, False),
        ({"Engineering": {"ProjectDate": "#N/A"}}, False),
        ({"Engineering": {"CostCenter": [-1, 0]}}, True),
        ({"Engineering": {"ProjectDate": "null"}}, False),
        ({"Engineering": {"ProjectDate": " a"}}, False),
        ({"Engineering": {"ProjectDate": "a\u00a0"}}, False),
        ({"Engineering": {"ProjectDate": "a\nb"}}, False),
        ({"Engineering": {"ProjectDate": "a\x00b"}}, False),
        ({"Engineering": {"ProjectDate": "=1+1"}}, False),
        ({"Engineering": {"ProjectDate": "\uff1d1+1"}}, False),
        ({"Engineering": {"ProjectDate": "-1"}}, False),
        ({"Engineering": {"Datacenter": ["a;b"]}}, False),
        ({"Engineering": {"Datacenter": ["b", "null"]}}, False),
    ],
)
def test_what_csv_cannot_say_is_in_yaml(
    assign: Callable[..., None], graph: _graph.Graph, tmp_path: Path, attributes: dict[str, Any], fits: bool
) -> None:
    assign({PAYROLL: attributes})
    export(graph, tmp_path, format="csv", principals=["service_principals"])
    (written,) = (tmp_path / "assignments").iterdir()
    assert written.suffix == (".csv" if fits else ".yml")
    if fits:
        (header, row) = csv.reader(written.read_text().splitlines())
        ((name, value),) = attributes["Engineering"].items()
        assert header[2] == f"Engineering.{name}" + ("[]" if isinstance(value, list) else "")
        assert row[2] == (";".join(map(str, value)) if isinstance(value, list) else value)
    else:
        assert yaml.safe_load(written.read_text())["assignments"][0]["attributes"] == attributes


def test_an_app_id_that_several_share_names_none(
    assign: Callable[..., None], graph: _graph.Graph, tmp_path: Path
) -> None:
    reports = "44444444-4444-4444-8444-44444444440"
    held = {"Engineering": {"NumVendors": 1}}
    assign({reports + "2": held, reports + "3": held}, appId="55555555-5555-4555-8555-555555555502")
    assign({reports + "4": held}, appId=None, displayName=None)
    export(graph, tmp_path, principals=["service_principals"])
    declared = yaml.safe_load(content(tmp_path)[ALL[0]])["assignments"]
    assert [(one["service_principal"], one.get("display_name")) for one in declared] == [
        (reports + "2", "Reports"),
        (reports + "3", "Reports"),
        (reports + "4", None),
    ]


def test_3_nobody_found_by_what_is_not_searchable_empties_no_file(
    emulator: Emulator, graph: _graph.Graph, tmp_path: Path
) -> None:
    export(graph, tmp_path)
    before = content(tmp_path)
    emulator.quirks(unsearchable="empty")
    where = [{"attribute_set": "Engineering", "name": "Secret", "value": "x"}]
    with pytest.raises(OptionError, match="not searchable"):
        export(graph, tmp_path, principals=["users"], where=where)
    assert content(tmp_path) == before


def test_an_agent_is_named_by_its_id_also_where_its_siblings_are_not_selected(
    emulator: Emulator, graph: _graph.Graph, tmp_path: Path
) -> None:
    tenant = emulator.tenant()
    agents = [one for one in tenant["servicePrincipals"] if one.get("@odata.type")]
    for count, agent in enumerate(agents):
        agent.update(appId=agents[0]["appId"], customSecurityAttributes={"Engineering": {"NumVendors": count}})
    emulator.tenant(tenant)
    where = [{"attribute_set": "Engineering", "name": "NumVendors", "value": 1}]
    export(graph, tmp_path, where=where, principals=["service_principals"])
    (declared,) = yaml.safe_load(content(tmp_path)[ALL[0]])["assignments"]
    assert declared["service_principal"] == agents[1]["id"]


@pytest.mark.usefixtures("assigned")
def test_principals_are_selected_in_graph(emulator: Emulator, graph: _graph.Graph, tmp_path: Path) -> None:
    where = [{"attribute_set": "Engineering", "name": "NumVendors", "value": "8"}]
    result = export(graph, tmp_path, where=where, filter="accountEnabled eq true")
    assert result["summary"]["principals"] == 1
    assert list(content(tmp_path)) == [ALL[0], *ALL[2:4]]
    filters = [request["query"].get("$filter") for request in emulator.requests() if "users" in request["path"]]
    assert filters == ["customSecurityAttributes/Engineering/NumVendors eq 8 and (accountEnabled eq true)"]


def test_what_may_not_be_read_is_never_just_missing(
    emulator: Emulator, connect: Callable[..., _graph.Graph], tmp_path: Path
) -> None:
    blind = connect(access_token=emulator.token(permissions=["CustomSecAttributeDefinition.Read.All", "User.Read.All"]))
    with pytest.raises(AttributesHidden, match=r"CustomSecAttributeAssignment\.Read\.All"):
        export(blind, tmp_path, principals=["users"])
    undefined = connect(access_token=emulator.token(permissions=["CustomSecAttributeAssignment.Read.All"]))
    with pytest.raises(GraphError, match="403"):
        export(undefined, tmp_path)
    assert content(tmp_path) == {}


def test_a_role_for_one_set_exports_this_set(
    emulator: Emulator, connect: Callable[..., _graph.Graph], tmp_path: Path
) -> None:
    scopes = ["CustomSecAttributeAssignment.Read.All", "CustomSecAttributeDefinition.Read.All", "User.Read.All"]
    role_scopes = {"Attribute Assignment Reader": ["Marketing"]}
    token = emulator.token(user="adele@contoso.com", scopes=scopes, role_scopes=role_scopes)
    narrow = connect(access_token=token)
    named = export(narrow, tmp_path, attribute_sets=["Marketing"], principals=["users"], delegations=False)
    assert "warnings" not in named
    everything = export(narrow, tmp_path, principals=["users"], delegations=False)
    assert "may be hidden" in everything["warnings"][0]
    assert list(content(tmp_path)) == [ALL[1], ALL[3]]
    with pytest.raises(UndefinedAttribute, match="no attribute set Engineering"):
        export(narrow, tmp_path, attribute_sets=["Engineering"])


def test_a_set_of_which_nothing_is_seen_is_tried(
    emulator: Emulator, connect: Callable[..., _graph.Graph], tmp_path: Path
) -> None:
    scopes = ["CustomSecAttributeAssignment.Read.All", "CustomSecAttributeDefinition.Read.All", "User.Read.All"]
    role_scopes = {
        "Attribute Definition Reader": ["Engineering", "Marketing"],
        "Attribute Assignment Reader": ["Marketing"],
    }
    token = emulator.token(user="adele@contoso.com", scopes=scopes, role_scopes=role_scopes)
    with pytest.raises(AttributesHidden):
        export(connect(access_token=token), tmp_path, principals=["users"])
    assert content(tmp_path) == {}


def test_options_that_are_wrong(graph: _graph.Graph, tmp_path: Path) -> None:
    with pytest.raises(UndefinedAttribute, match=r"no attribute set engineering.*Engineering, Marketing"):
        export(graph, tmp_path, attribute_sets=["engineering", "Marketing"])
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="is a file, not a folder"):
        export(graph, tmp_path / "file")
    with pytest.raises(OptionError, match="cannot be used: File name too long"):
        export(graph, tmp_path / ("x" * 300))
    (tmp_path / "assignments").write_text("")
    with pytest.raises(OptionError, match="assignments"):
        export(graph, tmp_path)


def test_a_name_never_leaves_the_folder(emulator: Emulator, graph: _graph.Graph, tmp_path: Path) -> None:
    tenant = emulator.tenant()
    tenant["attributeSets"].append({"id": "../../evil"})
    emulator.tenant(tenant)
    with pytest.raises(InvalidDeclaration, match="evil"):
        export(graph, tmp_path / "dest")
    assert content(tmp_path) == {}


def test_a_diff_of_a_large_file_only_names_it(tenant: Tenant, tmp_path: Path) -> None:
    state = tenant.emulator.tenant()
    held = {"Engineering": {"ProjectDate": "x" * 64}}
    for number in range(700):
        names = {"displayName": f"User {number}", "userPrincipalName": f"u{number}@contoso.com"}
        state["users"].append(
            {"id": f"00000000-0000-4000-8000-{number:012}", **names, "customSecurityAttributes": held}
        )
    tenant.emulator.tenant(state)
    diff = tenant.run(_export.EXPORT, dest=str(tmp_path))["diff"]
    shown = {one["after_header"].rpartition("/")[2]: one["after"] for one in diff}
    assert shown["Marketing.yml"] == MARKETING
    assert shown["users.yml"].endswith("characters after\n")
