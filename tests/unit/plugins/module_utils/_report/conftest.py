# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tenant with hostile values, declarations that differ from it, and reports on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from _emulator import Emulator
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._operations import report as _report

from ...conftest import ADELE, PAYROLL

FORMULA = "=cmd|' /C calc'!A0"
NASTY = "</script><b>&\x01 {{ 7*7 }}"


CONNECTION = {"tenant_id": {}, "cloud_environment": {"default": "AzureCloud"}}


def report(graph: _graph.Graph, dest: Path, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    validated = ArgumentSpecValidator({**_report.REPORT_SPEC, **CONNECTION}).validate({"dest": str(dest), **options})
    assert not validated.error_messages
    return _report.run_report(validated.validated_parameters, graph, check_mode)


@pytest.fixture
def assigned(emulator: Emulator) -> None:
    tenant = emulator.tenant()
    given = {
        ADELE: {"Engineering": {"Project": ["Skagit", "Baker"], "Legacy": "8"}, "Marketing": {"EmployeeId": FORMULA}},
        PAYROLL: {"Engineering": {"NumVendors": -8}, "Marketing": {"EmployeeId": NASTY}},
    }
    for one in tenant["users"] + tenant["servicePrincipals"]:
        if one["id"] in given:
            one["customSecurityAttributes"] = given[one["id"]]
    emulator.tenant(tenant)
    emulator.clear()


@pytest.fixture
def desired(tmp_path: Path) -> Path:
    folder = tmp_path / "desired"
    folder.mkdir()
    (folder / "sets.yml").write_text(
        "attribute_sets: [{name: Engineering, description: Other}, {name: Marketing}]\n"
        "definitions: [{attribute_set: Marketing, name: New, type: string, predefined_values: [hush]},\n"
        "  {attribute_set: Marketing, name: EmployeeId, type: integer}]\n"
    )
    (folder / "people.csv").write_text(
        "user,Engineering.Project[],Marketing.EmployeeId\n"
        "adele@contoso.com,Baker,secret\n"
        "dara@contoso.com,,null\n"
        "ghost@contoso.com,Baker,\n"
        "alex@contoso.com,Nowhere,\n"
    )
    (folder / "apps.yml").write_text(
        "assignments: [{service_principal: payroll-api, attributes: {Engineering: {NumVendors: -8}}},"
        " {service_principal: Reports, attributes: {Engineering: {NumVendors: 1}}}]\n"
    )
    return folder
