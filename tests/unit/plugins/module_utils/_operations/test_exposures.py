# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exposures, the declared consumers: what is accepted, and what runs and lookups show of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from _tenant import Tenant
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader

from ansible_collections.entra.attributes.plugins.module_utils._core.model import AttributeName
from ansible_collections.entra.attributes.plugins.module_utils._declarations.declared import declared
from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidDeclaration
from ansible_collections.entra.attributes.plugins.module_utils._operations.export import EXPORT
from ansible_collections.entra.attributes.plugins.module_utils._operations.reconcile import RECONCILE

from ...conftest import PAYROLL

EXPORTED: dict[str, Any] = {
    "name": "Payroll export",
    "owner": "finance@contoso.com",
    "attributes": ["Engineering.NumVendors", {"Engineering.Project": ["Baker", "Cascade"]}],
}
SENTENCE = '1 app changes what the exposure "Payroll export" (owner finance@contoso.com) uses'


def vendors(number: int) -> list[dict[str, Any]]:
    return [{"service_principal": PAYROLL, "attributes": {"Engineering": {"NumVendors": number}}}]


def quiet(tenant: Tenant) -> None:
    """Let the tenant have no policy and no workflow."""
    state = tenant.emulator.tenant()
    state["conditionalAccessPolicies"], state["lifecycleWorkflows"], state["appManagementPolicies"] = [], [], []
    state["defaultAppManagementPolicy"] = {"id": "0", "displayName": "Default", "isEnabled": False}
    tenant.emulator.tenant(state)
    tenant.emulator.clear()


def test_an_exposure_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "exposures.yml").write_text(
        "exposures:\n- name: Payroll export\n  owner: finance\n  url: https://wiki\n"
        "  attributes: [Finance.Grade, Finance.Level: [1, 2], Finance.Center: A]\n"
    )
    (found,) = declared(str(tmp_path), {}).exposures
    assert (found.name, found.owner, found.url, found.description) == (
        "Payroll export",
        "finance",
        "https://wiki",
        None,
    )
    assert found.place == f"{tmp_path}/exposures.yml:2"
    assert found.attributes == {
        AttributeName("Finance", "Grade"): [],
        AttributeName("Finance", "Level"): [1, 2],
        AttributeName("Finance", "Center"): ["A"],
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": None}, "missing required arguments: name"),
        ({"owner": None}, "missing required arguments: owner"),
        ({"owner": " "}, "owner is empty"),
        ({"attributes": None}, "missing required arguments: attributes"),
        ({"attributes": []}, "attributes is empty"),
        ({"attributes": ["Engineering"]}, "must be an attribute as Set.Name"),
        ({"attributes": ["Engineering.A.B"]}, "must be an attribute as Set.Name"),
        ({"attributes": [1]}, "must be an attribute as Set.Name"),
        ({"attributes": [["Engineering.A"]]}, "must be an attribute as Set.Name"),
        ({"attributes": [{"Engineering": {"A": 1}}]}, "must be an attribute as Set.Name"),
        ({"attributes": [{"Engineering.A": 1.5}]}, "attributes: value of Engineering.A"),
        ({"attributes": [{"Engineering.A": [{"b": 1}]}]}, "attributes: value of Engineering.A"),
        ({"attributes": ["Engineering.A", "Engineering.A"]}, "attributes lists Engineering.A twice"),
        ({"team": "x"}, "has unknown keys: team"),
    ],
)
def test_a_wrong_exposure_is_reported_with_its_place(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidDeclaration) as refusal:
        declared(None, {"exposures": [{**EXPORTED, **change}]})
    assert words in str(refusal.value)
    assert "exposures[0]" in str(refusal.value)


def test_two_exposures_with_one_name_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidDeclaration, match="exposure 'payroll EXPORT' is declared in exposures"):
        declared(None, {"exposures": [EXPORTED, {**EXPORTED, "name": "payroll EXPORT"}]})


@pytest.mark.parametrize("consumers", ["report", "fail"])
def test_a_plan_names_it_and_is_not_refused(tenant: Tenant, consumers: str) -> None:
    quiet(tenant)
    declarations = {"assignments": vendors(77), "exposures": [EXPORTED]}
    result = tenant.run(RECONCILE, declarations=declarations, consumers=consumers)
    assert result["changed"]
    assert result["plan"]["affected"] == [SENTENCE]
    (entry,) = result["results"]
    assert entry["consumers"] == {
        "enters": [],
        "leaves": [],
        "may_change": [
            {
                "id": "Payroll export",
                "display_name": "Payroll export",
                "state": None,
                "mode": None,
                "place": "exposures[0]",
            }
        ],
    }


def test_what_it_does_not_use_does_not_concern_it(tenant: Tenant) -> None:
    quiet(tenant)
    exposure = {**EXPORTED, "attributes": ["Engineering.ProjectDate"]}
    result = tenant.run(
        RECONCILE, declarations={"assignments": vendors(77), "exposures": [exposure]}, consumers="report"
    )
    assert result["plan"]["affected"] == []


def test_ignore_shows_none(tenant: Tenant) -> None:
    result = tenant.run(RECONCILE, declarations={"assignments": vendors(77), "exposures": [EXPORTED]})
    assert result["plan"]["affected"] == []


def test_an_attribute_that_is_not_defined_is_a_warning(tenant: Tenant) -> None:
    quiet(tenant)
    exposure = {**EXPORTED, "attributes": ["Engineering.NumVendor", "Engineering.Soon"]}
    soon = [{"attribute_set": "Engineering", "name": "Soon", "type": "string"}]
    declarations = {"assignments": vendors(77), "definitions": soon, "exposures": [exposure]}
    result = tenant.run(RECONCILE, declarations=declarations, consumers="report", check_mode=True)
    assert result["warnings"] == [
        "exposures[0]: exposure 'Payroll export' uses Engineering.NumVendor, which is not defined."
    ]


@pytest.mark.parametrize(
    ("definition", "in_use"),
    [
        ({"name": "NumVendors", "state": "deprecated"}, True),
        ({"name": "Project", "inactive_predefined_values": ["Baker"]}, True),
        ({"name": "Project", "inactive_predefined_values": ["Alpine"]}, False),
        ({"name": "ProjectDate", "state": "deprecated"}, False),
    ],
)
def test_what_it_uses_is_in_use(tenant: Tenant, definition: dict[str, Any], in_use: bool) -> None:
    quiet(tenant)
    wanted = [{"attribute_set": "Engineering", "in_use": "fail", **definition}]
    declarations = {"definitions": wanted, "exposures": [EXPORTED]}
    if in_use:
        refused = tenant.fail(RECONCILE, declarations=declarations)
        messages = " ".join(item["message"] for item in refused["plan"]["refused"])
        assert 'the exposure "Payroll export" (owner finance@contoso.com) decides by' in messages
    else:
        assert tenant.run(RECONCILE, declarations=declarations)["changed"]


def test_the_lookup_returns_them() -> None:
    lookup = lookup_loader.get("entra.attributes.declarations", loader=DataLoader())
    (found,) = lookup.run([], exposures=[EXPORTED])
    assert found["exposures"] == [
        {
            "name": "Payroll export",
            "owner": "finance@contoso.com",
            "attributes": [
                {"attribute_set": "Engineering", "name": "NumVendors", "values": []},
                {"attribute_set": "Engineering", "name": "Project", "values": ["Baker", "Cascade"]},
            ],
            "description": None,
            "url": None,
            "place": "exposures[0]",
        }
    ]


def test_an_export_leaves_them_alone(tenant: Tenant, tmp_path: Path) -> None:
    file = tmp_path / "exposures.yml"
    file.write_text("exposures: [{name: a, owner: b, attributes: [Engineering.Project]}]\n")
    before = file.read_bytes()
    for _turn in range(2):
        tenant.run(EXPORT, dest=str(tmp_path))
    assert file.read_bytes() == before
    assert [exposure.name for exposure in declared(str(tmp_path), {}).exposures] == ["a"]
    assert not tenant.run(RECONCILE, src=[str(tmp_path)])["changed"]
