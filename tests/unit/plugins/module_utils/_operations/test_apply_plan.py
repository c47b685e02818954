# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan that is kept and applied: exactly what was approved, or nothing."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from _emulator import Emulator
from _reconcile import FOLDER, PERMISSIONS, Killed, Mortal, reconcile
from jsonschema import Draft202012Validator

from ansible_collections.entra.attributes.plugins.module_utils._core.tenant_plan import parse_plan
from ansible_collections.entra.attributes.plugins.module_utils._declarations.plan_file import read_plan
from ansible_collections.entra.attributes.plugins.module_utils._errors import EntraError, OptionError, PlanRefused
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._operations.plan_view import lines

from ...conftest import ADELE, PAYROLL, ReadyToken

ROOT = Path(__file__).resolve().parents[5]

ALEX, DARA = "33333333-3333-4333-8333-333333333302", "dara@contoso.com"


@pytest.fixture
def tenant(emulator: Emulator) -> dict[str, Any]:
    state = emulator.tenant()
    held: dict[str, Any] = {
        ADELE: {"Engineering": {"NumVendors": 4}},
        PAYROLL: {"Engineering": {"Certification": True, "CostCenter": [1]}},
    }
    for principal in state["users"] + state["servicePrincipals"]:
        if principal["id"] in held:
            principal["customSecurityAttributes"] = held[principal["id"]]
    return emulator.tenant(state)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "all.yml").write_text(FOLDER)
    return path


@pytest.fixture
def plan(tenant: dict[str, Any], connect: Callable[..., Graph], folder: Path, tmp_path: Path) -> Path:
    reconcile(connect(), folder, check_mode=True, plan_path=str(tmp_path / "plan.json"))
    return tmp_path / "plan.json"


def writes(emulator: Emulator) -> list[tuple[Any, ...]]:
    """Return the writes that the local Graph got, in their order, and forget them."""
    requests = [entry for entry in emulator.requests() if entry["method"] != "GET" and "$batch" not in entry["path"]]
    emulator.clear()
    return [(entry["method"], entry["path"], json.dumps(entry["body"])) for entry in requests]


def unordered(write: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a write regardless of the order of the attributes in it."""
    return (*write[:2], json.dumps(json.loads(write[2]), sort_keys=True))


def content(emulator: Emulator) -> dict[str, Any]:
    state = emulator.tenant()
    return {key: state[key] for key in ("attributeSets", "definitions", "users", "servicePrincipals")}


def test_a_plan_that_is_applied_sends_the_writes_of_a_direct_run(
    emulator: Emulator, tenant: dict[str, Any], connect: Callable[..., Graph], folder: Path, plan: Path
) -> None:
    emulator.clear()
    reconcile(connect(), folder)
    direct, after = writes(emulator), content(emulator)
    emulator.tenant(tenant)
    assert reconcile(connect(), apply_plan=str(plan))["changed"]
    assert len(direct) > 12
    assert writes(emulator) == direct
    assert content(emulator) == after
    assert not reconcile(connect(), apply_plan=str(plan))["changed"]
    assert writes(emulator) == []


def test_the_plan_of_check_mode_is_that_of_the_run(
    emulator: Emulator, connect: Callable[..., Graph], folder: Path, plan: Path
) -> None:
    checked = reconcile(connect(), folder, check_mode=True)
    assert checked["changed"]
    kept = json.loads(plan.read_text())
    assert checked["plan"] == {key: kept[key] for key in checked["plan"]}
    done = reconcile(connect(), folder)
    assert done["plan"] == checked["plan"]
    assert done["drifts"] == checked["drifts"]
    assert done["diff"] == checked["diff"]


def test_the_file_of_a_plan_is_as_its_schema_describes(
    connect: Callable[..., Graph], folder: Path, tmp_path: Path, plan: Path
) -> None:
    schema = json.loads((ROOT / "roles/reconcile/files/plan.schema.json").read_text())
    (folder / "more.yml").write_text(
        "masked_sets: [Engineering]\nassignments: [{user: nobody, attributes: {Sales: {}}}]"
    )
    reconcile(connect(), folder, check_mode=True, on_missing="warn", plan_path=str(tmp_path / "masked.json"))
    Draft202012Validator.check_schema(schema)
    for path in (plan, tmp_path / "masked.json"):
        Draft202012Validator(schema).validate(json.loads(path.read_text()))
    assert "### Plan: 1 set and 2 definitions to create" in (tmp_path / "plan.md").read_text()


def test_nothing_of_a_masked_set_is_in_a_plan(
    emulator: Emulator, connect: Callable[..., Graph], folder: Path, tmp_path: Path
) -> None:
    (folder / "more.yml").write_text("masked_sets: [Engineering, Sales, Marketing]")
    result = reconcile(connect(), folder, check_mode=True, plan_path=str(tmp_path / "plan.json"))
    texts = [(tmp_path / name).read_text() for name in ("plan.json", "plan.md")]
    texts.append(json.dumps({key: result[key] for key in ("plan", "drifts", "diff", "summary", "results")}))
    texts.append("\n".join(line.text for line in lines(parse_plan(result["plan"]), 140)))
    for value in ("Moon", "Baker", "Nome", "Alpine", "Skagit", "E1", "Asia", "Canada"):
        assert not [text for text in texts if value in text], value


def test_a_masked_plan_is_applied_with_the_values_of_the_files_and_no_others(
    emulator: Emulator, tenant: dict[str, Any], connect: Callable[..., Graph], folder: Path, tmp_path: Path
) -> None:
    (folder / "more.yml").write_text("masked_sets: [Engineering, Sales]")
    path = str(tmp_path / "plan.json")
    reconcile(connect(), folder, check_mode=True, plan_path=path, plan_key="a key")
    emulator.clear()
    with pytest.raises(OptionError, match="src: is needed, as the plan masks the values of Engineering"):
        reconcile(connect(), apply_plan=path, plan_key="a key")
    for changed, key in ((FOLDER, "another"), (FOLDER.replace("Legacy: old", "Legacy: new"), "a key")):
        (folder / "all.yml").write_text(changed)
        with pytest.raises(PlanRefused, match="stale"):
            reconcile(connect(), folder, apply_plan=path, plan_key=key)
    assert writes(emulator) == []
    (folder / "all.yml").write_text(FOLDER + "- {user: lee@contoso.com, attributes: {Sales: {Region: Asia}}}\n")
    reconcile(connect(), folder, apply_plan=path, plan_key="a key")
    applied, after = writes(emulator), content(emulator)
    emulator.tenant(tenant)
    (folder / "all.yml").write_text(FOLDER)
    reconcile(connect(), folder)
    assert content(emulator) == after
    assert sorted(map(unordered, applied)) == sorted(map(unordered, writes(emulator)))


def test_only_what_the_plan_names_is_read(emulator: Emulator, connect: Callable[..., Graph], tmp_path: Path) -> None:
    folder = tmp_path / "one.yml"
    folder.write_text("- {user: adele@contoso.com, attributes: {Engineering: {NumVendors: 5}}}")
    reconcile(connect(), folder, check_mode=True, plan_path=str(tmp_path / "plan.json"))
    emulator.clear()
    reconcile(connect(), apply_plan=str(tmp_path / "plan.json"))
    read = [entry["path"] for entry in emulator.requests() if entry["method"] == "GET"]
    assert not [path for path in read if "servicePrincipals" in path or "attributeSets" in path]
    assert sum("/users" in path for path in read) <= 1


def foreign_write(state: dict[str, Any], dice: random.Random) -> str:
    """Change an object at random that a plan can be about, as another writer could. Return the object."""
    users = {user["userPrincipalName"]: user for user in state["users"]}
    choice = dice.randrange(9)
    if choice == 0:
        attributes = users["adele@contoso.com"].setdefault("customSecurityAttributes", {})
        attributes.setdefault("Engineering", {})["NumVendors"] = dice.randint(5, 9)
        return "value"
    if choice == 1:
        users["alex@contoso.com"].setdefault("customSecurityAttributes", {})["Engineering"] = {"Project": ["Alpine"]}
        return "value"
    if choice == 2:
        payroll = next(principal for principal in state["servicePrincipals"] if principal["id"] == PAYROLL)
        payroll["customSecurityAttributes"]["Engineering"]["CostCenter"] = [1, dice.randint(3, 9)]
        return "value"
    if choice == 3:
        state["users"] = [user for user in state["users"] if user["userPrincipalName"] != "alex@contoso.com"]
        return "principal"
    if choice == 4:
        next(known for known in state["attributeSets"] if known["id"] == "Engineering")["description"] = "Theirs"
        return "set"
    if choice == 5:
        legacy = next(known for known in state["definitions"] if known["name"] == "Legacy")
        legacy["description"] = "Theirs"
        return "definition"
    if choice == 6:
        state["attributeSets"].append({"id": "Sales", "description": "Theirs", "maxAttributesPerSet": 25})
        return "set"
    if choice == 7:
        users["dara@contoso.com"].setdefault("customSecurityAttributes", {})["Engineering"] = {"NumVendors": 77}
        return "unplanned"
    next(known for known in state["attributeSets"] if known["id"] == "Marketing")["description"] = "Theirs"
    return "unplanned"


@pytest.mark.slow
@pytest.mark.parametrize("on_stale", ["fail", "skip"])
def test_no_foreign_write_is_lost_unnoticed(
    emulator: Emulator, tenant: dict[str, Any], connect: Callable[..., Graph], plan: Path, on_stale: str
) -> None:
    for seed in range(50):
        dice = random.Random(f"{on_stale} {seed}")  # noqa: S311 - repeatable
        state = copy.deepcopy(tenant)
        kind = foreign_write(state, dice)
        disturbed = emulator.tenant(state)
        emulator.clear()
        message = ""
        try:
            result = reconcile(connect(), apply_plan=str(plan), on_stale=on_stale)
            message = " ".join(result.get("warnings", []))
        except EntraError as error:
            message = str(error)
        if kind == "unplanned":
            assert "stale" not in message, seed
        elif on_stale == "fail":
            assert "stale" in message, (seed, kind, message)
            assert writes(emulator) == [], seed
            assert content(emulator) == {key: disturbed[key] for key in content(emulator)}
        else:
            assert "stale" in message, (seed, kind, message)
            assert len(writes(emulator)) > 3
            assert not message.startswith("1 of"), (seed, message)
        kept = json.dumps(content(emulator))
        if kind in ("set", "definition"):
            assert '"Theirs"' in kept, (seed, message)
        if kind == "unplanned":
            assert '"Theirs"' in kept or "77" in kept, seed


def test_what_must_not_be_applied_is_refused_before_the_first_write(
    emulator: Emulator, connect: Callable[..., Graph], plan: Path, tmp_path: Path
) -> None:
    made = read_plan(str(plan))
    others = {
        "flipped": plan.read_bytes().replace(b"Sellers", b"Rellers"),
        "tenant": replace(made, tenant_id="22222222-2222-4222-8222-222222222222").content(),
        "old": replace(made, time="2026-01-01T00:00:00Z").content(),
        "cut": plan.read_bytes()[:-200],
    }
    emulator.clear()
    for name, changed in others.items():
        (tmp_path / name).write_bytes(changed)
        with pytest.raises(PlanRefused, match="Nothing was written"):
            reconcile(connect(), apply_plan=str(tmp_path / name))
    assert emulator.requests() == []


@pytest.mark.slow
def test_an_interrupted_apply_can_be_run_again(
    emulator: Emulator, tenant: dict[str, Any], connect: Callable[..., Graph], folder: Path, plan: Path, tmp_path: Path
) -> None:
    reconcile(connect(), folder)
    after = content(emulator)
    http = Mortal(emulator.environment["REQUESTS_CA_BUNDLE"], last_is_sent=True)
    token = ReadyToken(emulator.token(permissions=PERMISSIONS))
    graph = Graph(http, token, emulator.url)
    emulator.tenant(tenant)
    token.tokens = [emulator.token(permissions=PERMISSIONS)]
    reconcile(graph, apply_plan=str(plan))
    for lives in range(3, http.sent, 2):
        emulator.tenant(tenant)
        token.tokens = [emulator.token(permissions=PERMISSIONS)]
        http.live(lives)
        snapshot = tmp_path / f"{lives}"
        with pytest.raises(Killed):
            reconcile(graph, snapshot=snapshot, apply_plan=str(plan))
        http.live()
        reconcile(graph, snapshot=snapshot, apply_plan=str(plan))
        assert content(emulator) == after
        assert not reconcile(graph, snapshot, check_mode=True).get("failures")
