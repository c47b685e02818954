# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of reconcile: killed anywhere and undone, approved, applied, and disturbed by foreign writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from _emulator import Emulator
from _reconcile import FOLDER, PERMISSIONS, Killed, Mortal, reconcile

from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph

from ...conftest import ADELE, PAYROLL, ReadyToken


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
    reconcile(graph, folder, snapshot)
    total, after = http.sent, seen(emulator.tenant())
    assert after[2][ADELE] == {"Sales": {"Region": "Moon", "Retired": 7}, "Engineering": {"Legacy": "old"}}
    assert after[1]["Marketing", "EmployeeId"]["status"] == "Deprecated"
    assert total > 20
    emulator.clear()
    reconcile(graph, folder)
    assert not [one for one in emulator.requests() if one["method"] != "GET" and "$batch" not in one["path"]]
    assert seen(emulator.tenant()) == after

    for lives in range(total):
        emulator.tenant(tenant)
        token.tokens = [emulator.token(permissions=PERMISSIONS)]
        snapshot = tmp_path / f"{lives}"
        http.live(lives)
        with pytest.raises(Killed):
            reconcile(graph, folder, snapshot)
        http.live()
        reconcile(graph, folder, snapshot)
        assert seen(emulator.tenant()) == after
        reconcile(graph, snapshot)
        assert_undone(emulator, before)
