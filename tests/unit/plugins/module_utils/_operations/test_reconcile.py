# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of reconcile: killed anywhere and undone, approved, applied, and disturbed by foreign writes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from _emulator import Emulator
from _reconcile import FOLDER, PERMISSIONS, Killed, Mortal, reconcile

from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph

from ...conftest import ADELE, PAYROLL, ReadyToken

SEEDS, VARIANTS = 100, 5


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


def disturb(tenant: Mapping[str, Any], dice: Random) -> dict[str, Any]:
    """Return the tenant with other values, so that other steps are needed."""
    state = copy.deepcopy(dict(tenant))
    for user in state["users"]:
        if user["userPrincipalName"] in ("adele@contoso.com", "alex@contoso.com", "dara@contoso.com"):
            held = [{"Engineering": {"Project": ["Alpine"]}}, {"Marketing": {"AppCountry": ["Canada"]}}, None]
            user["customSecurityAttributes"] = dice.choice([user.get("customSecurityAttributes"), *held])
    legacy = next(known for known in state["definitions"] if known["name"] == "Legacy")
    legacy["description"] = dice.choice([legacy["description"], "In use again", "Other"])
    return state


@pytest.mark.slow
def test_a_run_killed_between_any_two_requests_can_be_run_again_and_undone(
    emulator: Emulator, tenant: dict[str, Any], tmp_path: Path
) -> None:
    http = Mortal(emulator.environment["REQUESTS_CA_BUNDLE"], last_is_sent=False)
    token = ReadyToken()
    graph = _graph.Graph(http, token, emulator.url)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "all.yml").write_text(FOLDER)

    def restore(state: Mapping[str, Any]) -> None:
        emulator.tenant(dict(state))
        token.tokens = [emulator.token(permissions=PERMISSIONS)]

    def kill(lives: int, last_is_sent: bool, src: Path, snapshot: Path | None = None) -> None:
        http.live(lives)
        http.last_is_sent = last_is_sent
        with pytest.raises(Killed):
            reconcile(graph, src, snapshot)
        http.live()

    for variant in range(VARIANTS):
        state = disturb(tenant, Random(variant))  # noqa: S311 - repeatable
        restore(state)
        before = seen(emulator.tenant())
        snapshot = tmp_path / f"whole {variant}"
        http.live()
        reconcile(graph, folder, snapshot)
        total, after = http.sent, seen(emulator.tenant())
        assert total > 20
        assert after[2][ADELE]["Sales"] == {"Region": "Moon", "Retired": 7}
        assert after[1]["Marketing", "EmployeeId"]["status"] == "Deprecated"
        emulator.clear()
        reconcile(graph, folder)
        assert not [sent for sent in emulator.requests() if sent["method"] != "GET" and "$batch" not in sent["path"]]
        assert seen(emulator.tenant()) == after
        http.live()
        reconcile(graph, snapshot)
        undo_total = http.sent
        assert_undone(emulator, before)
        for seed in range(variant, SEEDS, VARIANTS):
            dice = Random(f"kill {seed}")  # noqa: S311 - repeatable
            restore(state)
            snapshot = tmp_path / f"{seed}"
            kill(dice.randrange(total), dice.random() < 0.5, folder, snapshot)
            reconcile(graph, folder, snapshot)
            assert seen(emulator.tenant()) == after, seed
            if dice.random() < 0.5:
                kill(dice.randrange(undo_total), dice.random() < 0.5, snapshot)
            reconcile(graph, snapshot)
            assert_undone(emulator, before)


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ({"attribute_sets": ["Marketing"]}, ["Marketing_EmployeeId", "alex", "dara"]),
        ({"attribute_sets": ["Marketing"], "sections": ["assignments"]}, ["alex", "dara"]),
        ({"principals": ["DARA@contoso.com", "payroll-api"]}, ["dara", "payroll-api"]),
        ({"principals": ["dara@contoso.com", "adele@contoso.com"], "attribute_sets": ["Marketing"]}, ["dara"]),
    ],
    ids=str,
)
def test_a_narrowed_run_writes_only_its_part_which_can_be_undone(
    emulator: Emulator,
    tenant: dict[str, Any],
    graph: _graph.Graph,
    tmp_path: Path,
    options: dict[str, list[str]],
    written: list[str],
) -> None:
    (tmp_path / "all.yml").write_text(FOLDER)
    names = {user["id"]: user["userPrincipalName"].partition("@")[0] for user in tenant["users"]}
    names |= {principal["id"]: principal["displayName"] for principal in tenant["servicePrincipals"]}
    before = seen(tenant)
    emulator.clear()
    result = reconcile(graph, tmp_path / "all.yml", tmp_path / "snapshot", **options)
    writes = [sent["path"] for sent in emulator.requests() if sent["method"] == "PATCH"]
    assert {names.get(identity := path.rpartition("/")[2], identity) for path in writes} == set(written)
    changed = {drift["attribute"] for drift in result["drifts"] if drift["kind"] == "user"}
    assert not [name for name in changed if not name.startswith(options.get("attribute_sets", [""])[0])]
    reconcile(graph, tmp_path / "snapshot")
    assert_undone(emulator, before)
