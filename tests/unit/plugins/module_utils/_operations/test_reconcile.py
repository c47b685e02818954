# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be done to a schema and what undoes it; and the role's runs in its order, killed anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from _emulator import Emulator
from _reconcile import reconcile, steps
from ansible.errors import AnsibleFilterError

from ansible_collections.entra.attributes.plugins.filter.assignment_drifts import FilterModule as Drifts
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._graph.patience import Patience
from ansible_collections.entra.attributes.plugins.module_utils._graph.transport import Answer, Http

from ...conftest import ADELE, PAYROLL, ReadyToken

SALES = {"name": "Sales", "description": "", "max_attributes_per_set": None}
PROJECT = {
    "attribute_set": "Engineering",
    "name": "Project",
    "description": "Active projects",
    "type": "string",
    "multi_valued": True,
    "searchable": True,
    "predefined_values_only": True,
    "predefined_values": ["Alpine", "Baker"],
    "inactive_predefined_values": ["Skagit"],
    "state": "present",
}
ENGINEERING = {"name": "Engineering", "description": "Engineers", "max_attributes_per_set": 2}


def planned(*, sets: Any = (), definitions: Any = (), kept: Any = None) -> dict[str, Any]:
    wanted = {"attribute_sets": list(sets), "definitions": list(definitions)}
    result: dict[str, Any] = steps(wanted, [ENGINEERING], [PROJECT], kept)
    return result


def test_what_is_as_declared_needs_no_step() -> None:
    nothing = {"attribute_sets": [], "permit": [], "forbid": [], "limits": [], "drifts": []}
    kept = {"attribute_sets": [], "definitions": []}
    assert planned(sets=[ENGINEERING], definitions=[PROJECT]) == {**nothing, "before": kept}


def test_steps_drifts_and_what_undoes_them() -> None:
    limited = {"name": "Engineering", "max_attributes_per_set": 3}
    region = {"attribute_set": "Sales", "name": "Region", "type": "string"}
    retired = {"attribute_set": "Engineering", "name": "Retired", "type": "integer", "state": "deprecated"}
    project = {
        "attribute_set": "Engineering",
        "name": "Project",
        "predefined_values": ["Nome", "Skagit"],
        "inactive_predefined_values": ["Baker", "Gone"],
        "predefined_values_only": False,
    }
    result = planned(sets=[{"name": "Sales"}, limited], definitions=[region, retired, project])
    assert result["attribute_sets"] == [{"name": "Sales"}, limited]
    assert result["permit"] == [region, retired, project]
    assert result["forbid"] == [retired, project]
    undone = {key: value for key, value in PROJECT.items() if key != "predefined_values_only"}
    assert result["before"] == {
        "attribute_sets": [ENGINEERING],
        "definitions": [
            {"attribute_set": "Sales", "name": "Region", "state": "deprecated"},
            {"attribute_set": "Engineering", "name": "Retired", "state": "deprecated"},
            {**undone, "inactive_predefined_values": ["Skagit", "Nome", "Gone"]},
        ],
    }
    drifts = [(one["kind"], one["object"], one["attribute"], one["before"]) for one in result["drifts"]]
    assert drifts == [
        ("attribute_set", "Sales", None, None),
        ("attribute_set", "Engineering", "max_attributes_per_set", 2),
        ("definition", "Sales.Region", None, None),
        ("definition", "Engineering.Retired", None, None),
        ("definition", "Engineering.Project", "predefined_values_only", True),
        ("definition", "Engineering.Project", "predefined_values", ["Alpine", "Baker"]),
        ("definition", "Engineering.Project", "inactive_predefined_values", ["Skagit"]),
    ]
    assert result["drifts"][3]["after"]["state"] == "deprecated"
    assert result["drifts"][-1]["after"] == ["Baker", "Gone"]


def test_a_lower_limit_waits_only_if_others_have_to_be_deprecated_before() -> None:
    new = {"name": "Sales", "description": "Sellers", "max_attributes_per_set": 1}
    definitions = [
        {"attribute_set": "Sales", "name": name, "type": "string", "state": state}
        for name, state in (("Old", "deprecated"), ("New", "present"))
    ]
    enough = {**ENGINEERING, "max_attributes_per_set": 1}
    result = planned(sets=[new, enough], definitions=definitions)
    assert result["attribute_sets"] == [{"name": "Sales", "description": "Sellers"}, enough]
    assert [one["name"] for one in result["permit"]] == ["Old", "New"]
    assert result["limits"] == [{"name": "Sales", "max_attributes_per_set": 1}]
    with pytest.raises(
        AnsibleFilterError, match="Sales: would have 2 active attributes; its max_attributes_per_set is 1"
    ):
        planned(sets=[new], definitions=[{**one, "state": "present"} for one in definitions])


def test_what_an_unfinished_run_kept_stays() -> None:
    kept = {
        "attribute_sets": [{"name": "Engineering", "description": "before"}],
        "definitions": [
            {**PROJECT, "description": "before"},
            {"attribute_set": "A", "name": "B", "state": "deprecated"},
        ],
    }
    new = {**PROJECT, "description": "new", "predefined_values": ["Alpine", "Baker", "Nome"]}
    result = planned(sets=[{"name": "Engineering", "description": "new"}], definitions=[new], kept=kept)
    before = {**PROJECT, "description": "before", "inactive_predefined_values": ["Skagit", "Nome"]}
    assert result["before"] == {
        "attribute_sets": kept["attribute_sets"],
        "definitions": [before, kept["definitions"][1]],
    }


def test_everything_that_entra_would_refuse_is_told_at_once() -> None:
    with pytest.raises(AnsibleFilterError) as refusal:
        planned(
            sets=[{"name": "engineering"}],
            definitions=[
                {"attribute_set": "Nowhere", "name": "A", "type": "string"},
                {"attribute_set": "Engineering", "name": "Project", "type": "integer"},
                {"attribute_set": "Engineering", "name": "Second", "type": "string"},
                {"attribute_set": "Engineering", "name": "Third", "type": "string"},
                {"attribute_set": "Engineering", "name": "Fourth"},
            ],
        )
    told = str(refusal.value).split("\n")
    assert told[0] == "what is declared cannot be:"
    assert told[1] == "attribute set engineering: name differs from the existing Engineering by case only; spell it so"
    assert told[2] == "definition Nowhere.A: there is no attribute set Nowhere; create it first"
    assert told[3] == "definition Engineering.Project: type is string and cannot become integer"
    room = "attribute set Engineering has 2 active attributes; its max_attributes_per_set is 2"
    assert told[4] == f"definition Engineering.Third: {room}"
    assert told[5:] == [
        "definition Engineering.Fourth: type must be given to create it",
        f"definition Engineering.Fourth: {room}",
    ]


def test_drifts_of_assignments() -> None:
    adele = {"type": "user", "id": "1", "display_name": "Adele", "user_principal_name": "adele@contoso.com"}
    payroll = {"type": "service_principal", "id": "2", "display_name": "payroll-api", "app_id": "3"}
    results = [
        {
            "principal": adele,
            "changed": True,
            "before": {"A": {"X": 1, "Y": 2}},
            "after": {"A": {"X": 1}, "B": {"Z": "z"}},
        },
        {"principal": payroll, "changed": True, "before": {}, "after": {"A": {"X": True}}},
        {"principal": payroll, "changed": False, "before": {"A": {"X": 1}}, "after": {"A": {"X": 1}}},
    ]
    found = Drifts().filters()["assignment_drifts"](results)
    assert [tuple(one.values()) for one in found] == [
        ("user", "adele@contoso.com", "1", "A.Y", 2, None),
        ("user", "adele@contoso.com", "1", "B.Z", None, "z"),
        ("service_principal", "payroll-api", "2", "A.X", None, True),
    ]


# The role's runs


class Killed(BaseException):
    """The process is gone."""


class Mortal(Http):
    """Sends so many requests; then the process is gone, with the next of them sent or not."""

    def __init__(self, ca: str, last_is_sent: bool) -> None:
        super().__init__(verify=ca, timeout=10, patience=Patience(retries=0))
        self.last_is_sent = last_is_sent
        self.live()

    def live(self, lives: int | None = None) -> None:
        self.lives, self.sent = lives, 0

    def exchange(self, method: str, url: str, **kwargs: Any) -> Answer:
        self.sent += 1
        if self.lives is not None and self.sent > self.lives:
            if self.sent == self.lives + 1 and self.last_is_sent:
                super().exchange(method, url, **kwargs)
            raise Killed
        return super().exchange(method, url, **kwargs)


FOLDER = """
attribute_sets:
- {name: Sales, description: Sellers}
- {name: Engineering, description: Builders}
definitions:
- {attribute_set: Sales, name: Region, type: string, predefined_values_only: true, predefined_values: [Asia],
   inactive_predefined_values: [Moon]}
- {attribute_set: Sales, name: Retired, type: integer, state: deprecated}
- {attribute_set: Engineering, name: Legacy, description: In use again}
- {attribute_set: Engineering, name: Project, predefined_values: [Alpine, Nome, Skagit],
   inactive_predefined_values: [Baker, Gone]}
- {attribute_set: Marketing, name: EmployeeId, state: deprecated}
assignments:
- user: adele@contoso.com
  attributes: {Sales: {Region: Moon, Retired: 7}, Engineering: {Legacy: old, NumVendors: null}}
- {user: alex@contoso.com, attributes: {Engineering: {Project: [Baker, Nome]}, Marketing: {EmployeeId: E1}}}
- {user: dara@contoso.com, attributes: {Marketing: {AppCountry: []}}}
- {service_principal: payroll-api, attributes: {Engineering: {Certification: false, CostCenter: {add: [2]}}}}
"""
PERMISSIONS = [
    "CustomSecAttributeAssignment.ReadWrite.All",
    "CustomSecAttributeDefinition.ReadWrite.All",
    "User.Read.All",
    "Application.Read.All",
]


@pytest.fixture
def tenant(emulator: Emulator) -> dict[str, Any]:
    state = emulator.tenant()
    held: dict[str, Any] = {
        ADELE: {"Engineering": {"NumVendors": 4}},
        PAYROLL: {"Engineering": {"Certification": True, "CostCenter": [1]}},
    }
    for one in state["users"] + state["servicePrincipals"]:
        if one["id"] in held:
            one["customSecurityAttributes"] = held[one["id"]]
    return emulator.tenant(state)


def seen(tenant: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Sets, definitions and assignments of a tenant, regardless of order."""
    definitions = {
        (one["attributeSet"], one["name"]): {
            **one,
            "allowedValues": {value["id"]: value["isActive"] for value in one["allowedValues"]},
        }
        for one in tenant["definitions"]
    }
    principals = tenant["users"] + tenant["servicePrincipals"]
    assigned = {one["id"]: one["customSecurityAttributes"] for one in principals if one.get("customSecurityAttributes")}
    return {one["id"]: one for one in tenant["attributeSets"]}, definitions, assigned


def assert_undone(emulator: Emulator, before: tuple[Any, Any, Any]) -> None:
    """All is as before, but for what Entra cannot delete."""
    sets, definitions, assigned = seen(emulator.tenant())
    assert {name: sets[name] for name in before[0]} == before[0]
    assert assigned == before[2]
    for name, definition in definitions.items():
        if name not in before[1]:
            assert definition["status"] == "Deprecated"
            continue
        values = definition.pop("allowedValues")
        old = dict(before[1][name])
        old_values = old.pop("allowedValues")
        assert definition == old
        assert {value: values[value] for value in old_values} == old_values
        assert not any(active for value, active in values.items() if value not in old_values)


@pytest.mark.slow
@pytest.mark.parametrize("last_is_sent", [False, True], ids=["before", "after"])
def test_killed_between_any_two_requests(
    emulator: Emulator, tenant: dict[str, Any], tmp_path: Path, last_is_sent: bool
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "all.yml").write_text(FOLDER)
    before = seen(tenant)

    http = Mortal(emulator.environment["REQUESTS_CA_BUNDLE"], last_is_sent)
    token = ReadyToken(emulator.token(permissions=PERMISSIONS))
    graph = _graph.Graph(http, token, emulator.url)
    snapshot = tmp_path / "whole"
    snapshot.mkdir()
    reconcile(graph, folder, snapshot)
    total, after = http.sent, seen(emulator.tenant())
    assert after[2][ADELE] == {"Sales": {"Region": "Moon", "Retired": 7}, "Engineering": {"Legacy": "old"}}
    assert after[1]["Marketing", "EmployeeId"]["status"] == "Deprecated"
    assert total > 30
    emulator.clear()
    reconcile(graph, folder)
    assert not [one for one in emulator.requests() if one["method"] != "GET" and "$batch" not in one["path"]]
    assert seen(emulator.tenant()) == after

    for lives in range(total):
        emulator.tenant(tenant)
        token.tokens = [emulator.token(permissions=PERMISSIONS)]
        snapshot = tmp_path / f"{lives}"
        snapshot.mkdir()
        http.live(lives)
        with pytest.raises(Killed):
            reconcile(graph, folder, snapshot)
        http.live()
        reconcile(graph, folder, snapshot)
        assert seen(emulator.tenant()) == after
        reconcile(graph, snapshot)
        assert_undone(emulator, before)


def test_to_undo_what_never_was_done_does_nothing() -> None:
    new = planned(
        sets=[{"name": "Sales"}], definitions=[{"attribute_set": "Sales", "name": "Region", "type": "string"}]
    )
    undone = planned(sets=new["before"]["attribute_sets"], definitions=new["before"]["definitions"])
    assert {**undone, "before": None} == {
        "attribute_sets": [],
        "permit": [],
        "forbid": [],
        "limits": [],
        "drifts": [],
        "before": None,
    }
