# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup `declarations` decides about sample principals, without a tenant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader

from ansible_collections.entra.attributes.plugins.lookup.declarations import DOCUMENTATION, LookupModule

RULES = """
definitions:
  - {attribute_set: Sales, name: Level, type: integer}
  - {attribute_set: Sales, name: Tags, type: string, multi_valued: true}
assignments:
  - users: {group: Sales EMEA, filter: "accountEnabled eq true"}
    attributes: {Sales: {Region: EMEA}}
    exclusive: true
  - users: {filter: "employeeOrgData/costCenter eq 'C1'"}
    attributes: {Sales: {Level: {from: employeeId}, Title: {from: jobTitle, map: {Analyst: L1}, default: L0}}}
  - users: {filter: "department eq 'sales'"}
    attributes: {Sales: {Tags: {add: [sales]}}}
  - user: adele@contoso.com
    attributes: {Sales: {Vault: true}}
    expires: 2026-12-31
  - user: {mail: alex@contoso.com}
    attributes: {Sales: {Region: Asia}}
  - service_principal: bots
    attributes: {Sales: {Owner: Megan}}
  - agents: {blueprint: bots}
    attributes: {Sales: {Owner: {from: blueprint.Sales.Owner}}}
  - users: {where: [{attribute_set: Sales, name: Region, value: EMEA}]}
    attributes: {Sales: {Tags: {add: [europe]}}}
  - users: {filter: "userType eq 'Member'"}
    attributes: {Sales: {Owner: {from: agent.Sales.Owner}}}
"""
SAMPLES = """
- name: adele@contoso.com
  groups: [sales emea]
  properties: {accountEnabled: true, employeeId: "17", jobTitle: Boss, employeeOrgData: {costCenter: C1}}
- name: alex@contoso.com
  groups: [Sales EMEA]
  properties: {mail: alex@contoso.com, accountEnabled: true, department: Sales}
- name: dara@contoso.com
  groups: [Sales EMEA]
  properties: {accountEnabled: false, employeeId: no number, employeeOrgData: {costCenter: C1}}
  assignments: {Sales: {Region: EMEA, Vault: true}}
- {kind: agent, name: bot-7, blueprint: bots}
- {kind: blueprint, name: bots}
- {kind: agent_user, name: bot-7@contoso.com, agent: bot-7, properties: {userType: Member}}
- {kind: service_principal, name: payroll-api}
"""


def lookup(tmp_path: Path, rules: str = RULES, samples: str = SAMPLES, **options: Any) -> list[dict[str, Any]]:
    (tmp_path / "rules").mkdir(exist_ok=True)
    (tmp_path / "rules" / "a.yml").write_text(rules)
    (tmp_path / "samples.yml").write_text(samples)
    plugin = LookupModule(loader=DataLoader())
    plugin._load_name = "declarations"
    constants.config.initialize_plugin_configuration_definitions(
        "lookup", "declarations", yaml.safe_load(DOCUMENTATION)["options"]
    )
    given = {"principals": str(tmp_path / "samples.yml"), "at": "2026-06-01", **options}
    (found,) = plugin.run([str(tmp_path / "rules")], {}, **given)
    principals: list[dict[str, Any]] = found["principals"]
    return principals


def test_rules_are_tested_without_a_tenant(tmp_path: Path) -> None:
    adele, alex, dara, agent, blueprint, agent_user, other = lookup(tmp_path)
    assert adele["after"] == {
        "Sales": {"Region": "EMEA", "Level": 17, "Title": "L0", "Tags": ["europe"], "Vault": True}
    }
    assert {"attribute": "Sales.Region", "place": f"{tmp_path}/rules/a.yml:6", "by": "group"}.items() <= adele[
        "reasons"
    ][0].items()
    assert [reason["expires"] for reason in adele["reasons"] if reason["attribute"] == "Sales.Vault"] == ["2026-12-31"]
    assert alex["after"] == {"Sales": {"Region": "Asia"}}
    assert dara["before"] == {"Sales": {"Region": "EMEA", "Vault": True}}
    assert dara["after"] == {"Sales": {"Title": "L0", "Vault": True}}
    assert "the property employeeId is 'no number'" in dara["msg"]
    assert [one["after"] for one in (agent, blueprint, agent_user)] == [{"Sales": {"Owner": "Megan"}}] * 3
    assert (other["after"], other["reasons"], other["msg"]) == ({}, [], "")


def test_what_only_graph_can_decide_is_reported(tmp_path: Path) -> None:
    alex = lookup(tmp_path)[1]
    assert alex["unknown"] == [
        f"{tmp_path}/rules/a.yml:11: department eq 'sales': "
        "The texts differ in case only, and whether case counts is not documented"
    ]


def test_the_time_decides_what_has_ended(tmp_path: Path) -> None:
    samples = "- {name: adele@contoso.com, assignments: {Sales: {Vault: true}}}"
    assert lookup(tmp_path, samples=samples, at="2026-12-31T23:59Z")[0]["after"] == {"Sales": {"Vault": True}}
    assert lookup(tmp_path, samples=samples, at="2026-12-31")[0]["after"] == {}


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ("a: b", "must be a list of dictionaries with some of kind, name"),
        ("- 7", "samples.yml:1: must be a dictionary"),
        ("- {name: a, group: b}", "samples.yml:1: has the unknown key 'group'"),
        ("- {kind: robot, name: a}", "kind: the text 'robot' is not one of user, service_principal, agent, blueprint"),
        ("- {kind: user}", "name: null is not text"),
        ("- {name: a, groups: b}", "groups: must be a list"),
        ("- {name: a, properties: b}", "properties: must be a dictionary"),
        ("- {name: a, assignments: {Sales: x}}", "assignments: must be a dictionary of attribute sets"),
        ("- {name: a, assignments: {Sales: {A: [a, 1]}}}", "assignments: Sales.A: the list mixes text and integers"),
        ("- {name: a", "samples.yml:2: while parsing"),
    ],
)
def test_a_wrong_file_of_samples(tmp_path: Path, samples: str, words: str) -> None:
    with pytest.raises(AnsibleError) as refused:
        lookup(tmp_path, samples=samples)
    assert words in str(refused.value)


def test_items_that_contradict_each_other(tmp_path: Path) -> None:
    rules = "- {users: {all: true}, attributes: {A: {B: 1}}}\n- {users: {all: true}, attributes: {A: {B: 2}}}\n"
    with pytest.raises(AnsibleError, match=r"a.yml:1 and .*a.yml:2 want different values of A.B for user adele"):
        lookup(tmp_path, rules=rules)


def test_a_wrong_time(tmp_path: Path) -> None:
    with pytest.raises(AnsibleError, match="at: the text 'noon' is not a date"):
        lookup(tmp_path, at="noon")
