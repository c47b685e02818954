# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs with moves: killed and continued, undone, approved and applied, masked, protected, and seen by a policy."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from _emulator import Emulator
from _reconcile import PERMISSIONS, Killed, Mortal, reconcile
from jsonschema import Draft202012Validator

from ansible_collections.entra.attributes.plugins.module_utils._core.model import flat
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.conditional_access import CONDITIONAL_ACCESS
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.evaluation import evaluate
from ansible_collections.entra.attributes.plugins.module_utils._declarations.plan_file import read_plan
from ansible_collections.entra.attributes.plugins.module_utils._errors import EntraError
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph

from ...conftest import ReadyToken

SEEDS = 24
ROOT = Path(__file__).resolve().parents[5]
FOLDER = """
definitions:
- {attribute_set: Engineering, name: Title, type: string, predefined_values_only: true,
   predefined_values: [Alpine, Baker]}
- {attribute_set: Engineering, name: Gone, state: retired}
- {attribute_set: Engineering, name: Grade, retired_predefined_values: [Low]}
assignments:
- {user: adele@contoso.com, attributes: {Engineering: {NumVendors: 7}}}
moves:
- {from: Engineering.Projct, to: Engineering.Title, values: {Bakr: Baker}}
"""
WITHOUT_CONSUMERS = (
    FOLDER.replace("Baker}}\n", "Baker}, in_use: ignore}\n")
    .replace("state: retired", "state: retired, in_use: ignore")
    .replace("[Low]}", "[Low], in_use: ignore}")
)
OLD, NEW = "CustomSecurityAttribute.Engineering_Projct", "CustomSecurityAttribute.Engineering_Title"


@pytest.fixture
def tenant(emulator: Emulator) -> dict[str, Any]:
    """Return a tenant of twelve users with attributes that leave, and no consumer."""
    state = emulator.tenant()
    flags = {"isCollection": False, "isSearchable": True, "usePreDefinedValuesOnly": False, "status": "Available"}
    for name in ("Projct", "Gone", "Grade"):
        values = [{"id": value, "isActive": True} for value in ("High", "Low")] if name == "Grade" else []
        more = {
            "attributeSet": "Engineering",
            "name": name,
            "type": "String",
            "description": "",
            "allowedValues": values,
        }
        state["definitions"].append({**flags, **more})
    for number in range(12):
        held: dict[str, Any] = {"Projct": ["Bakr", "Alpine"][number % 2]} if number % 3 else {"Gone": "x"}
        held |= {"Grade": ["High", "Low"][number % 2]} if number % 4 else {}
        name = f"holder{number}"
        state["users"].append(
            {
                "id": f"00000000-0000-4000-8000-{number:012}",
                "displayName": name,
                "userPrincipalName": f"{name}@contoso.com",
                "customSecurityAttributes": {"Engineering": held},
            }
        )
    state["conditionalAccessPolicies"] = state["lifecycleWorkflows"] = state["appManagementPolicies"] = []
    state["defaultAppManagementPolicy"] = {"id": "0", "displayName": "Default", "isEnabled": False}
    return emulator.tenant(state)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "all.yml").write_text(WITHOUT_CONSUMERS)
    return path


def held(emulator: Emulator) -> dict[str, Any]:
    """Return the attributes of everybody who has any, by name."""
    return {
        user["userPrincipalName"].partition("@")[0]: user["customSecurityAttributes"]["Engineering"]
        for user in emulator.tenant()["users"]
        if (user.get("customSecurityAttributes") or {}).get("Engineering")
    }


def statuses(emulator: Emulator) -> dict[str, Any]:
    """Return the status of each definition, and its active values."""
    return {
        known["name"]: (known["status"], sorted(value["id"] for value in known["allowedValues"] if value["isActive"]))
        for known in emulator.tenant()["definitions"]
        if known["attributeSet"] == "Engineering"
    }


def after(before: dict[str, Any]) -> dict[str, Any]:
    """Return what everybody has after the folder was applied."""
    found = {"adele": {"NumVendors": 7}}
    for name, values in before.items():
        wanted = {
            **found.get(name, {}),
            **{key: value for key, value in values.items() if key not in ("Gone", "Projct")},
        }
        if "Projct" in values:
            wanted["Title"] = {"Bakr": "Baker"}.get(values["Projct"], values["Projct"])
        if wanted.get("Grade") == "Low":
            del wanted["Grade"]
        if name == "adele":
            wanted["NumVendors"] = 7
        found[name] = wanted
    return {name: values for name, values in found.items() if values}


@pytest.mark.slow
def test_a_run_killed_anywhere_is_continued_and_undone(
    emulator: Emulator, tenant: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    http = Mortal(emulator.environment["REQUESTS_CA_BUNDLE"], last_is_sent=False)
    token = ReadyToken()
    graph = Graph(http, token, emulator.url)

    def restore() -> None:
        emulator.tenant(tenant)
        token.tokens = [emulator.token(permissions=PERMISSIONS)]

    restore()
    before, defined = held(emulator), statuses(emulator)
    http.live()
    emulator.clear()
    reconcile(graph, folder)
    total, patched = http.sent, [sent["path"] for sent in emulator.requests() if "/users/" in sent["path"]]
    assert held(emulator) == after(before)
    assert (
        len(patched)
        == len(set(patched))
        == 13 - sum(values == after(before).get(name) for name, values in before.items())
    )
    for seed in range(SEEDS):
        dice = Random(f"move {seed}")  # noqa: S311 - repeatable
        restore()
        http.live(dice.randrange(total))
        http.last_is_sent = dice.random() < 0.5
        with pytest.raises(Killed):
            reconcile(graph, folder, tmp_path / f"{seed}")
        http.live()
        reconcile(graph, folder, tmp_path / f"{seed}")
        assert held(emulator) == after(before), seed
        assert statuses(emulator)["Projct"][0] == statuses(emulator)["Gone"][0] == "Deprecated"
        assert not reconcile(graph, folder)["changed"]
        reconcile(graph, tmp_path / f"{seed}")
        assert held(emulator) == before, seed
        assert {name: status for name, status in statuses(emulator).items() if name in defined} == defined


def test_an_approved_move_is_applied_exactly_without_reading_its_holders_again(
    emulator: Emulator, tenant: dict[str, Any], folder: Path, tmp_path: Path, connect: Callable[..., Graph]
) -> None:
    before, plan = held(emulator), tmp_path / "plan.json"
    planned = reconcile(connect(), folder, check_mode=True, plan_path=str(plan))
    document = json.loads(plan.read_text())
    Draft202012Validator(json.loads((ROOT / "roles/reconcile/files/plan.schema.json").read_text())).validate(document)
    assert held(emulator) == before
    done = reconcile(connect(), apply_plan=str(plan))
    assert held(emulator) == after(before)
    assert done["plan"]["steps"] == planned["plan"]["steps"]
    assert not reconcile(connect(), apply_plan=str(plan))["changed"]
    assert not reconcile(connect(), folder)["changed"]


def test_values_that_move_in_a_masked_set_are_hashes_in_the_plan_and_are_applied(
    emulator: Emulator, tenant: dict[str, Any], folder: Path, tmp_path: Path, connect: Callable[..., Graph]
) -> None:
    (folder / "masks.yml").write_text("masked_sets: [Engineering]\n")
    before, plan = held(emulator), tmp_path / "plan.json"
    result = reconcile(connect(), folder, check_mode=True, plan_path=str(plan))
    assert not [word for word in ("Bakr", "Baker", "Alpine") if word in plan.read_text() + json.dumps(result["plan"])]
    reconcile(connect(), folder, apply_plan=str(plan))
    assert held(emulator) == after(before)
    assert not reconcile(connect(), folder, apply_plan=str(plan))["changed"]


@pytest.mark.parametrize("attribute", ["Engineering.Projct", "Engineering.Title", "Engineering.Gone"])
def test_what_is_protected_neither_moves_nor_retires(
    emulator: Emulator, tenant: dict[str, Any], folder: Path, connect: Callable[..., Graph], attribute: str
) -> None:
    (folder / "protect.yml").write_text(f"protect: {{attributes: [{attribute}]}}\n")
    before = emulator.tenant()
    with pytest.raises(EntraError, match=f"{attribute} is protected"):
        reconcile(connect(), folder)
    assert emulator.tenant() == before


def test_max_changes_counts_holders(
    emulator: Emulator, tenant: dict[str, Any], folder: Path, connect: Callable[..., Graph]
) -> None:
    before = emulator.tenant()
    with pytest.raises(EntraError, match="principals would change; max_changes is 5"):
        reconcile(connect(), folder, max_changes="5")
    assert emulator.tenant() == before


@pytest.mark.parametrize(("limit", "words"), [(None, "500 active definitions"), (7, "max_attributes_per_set is 7")])
def test_limits_count_while_both_attributes_exist(
    emulator: Emulator,
    tenant: dict[str, Any],
    folder: Path,
    connect: Callable[..., Graph],
    limit: int | None,
    words: str,
) -> None:
    state = emulator.tenant()
    active = [known for known in state["definitions"] if known["status"] == "Available"]
    engineering = next(known for known in state["attributeSets"] if known["id"] == "Engineering")
    engineering["maxAttributesPerSet"] = limit and sum(known["attributeSet"] == "Engineering" for known in active)
    for number in range(0 if limit else 500 - len(active)):
        state["definitions"].append({**active[0], "attributeSet": "Marketing", "name": f"More{number}"})
    emulator.tenant(state)
    before = emulator.tenant()
    with pytest.raises(EntraError) as refused:
        reconcile(connect(), folder)
    reasons = " ".join(refused.value.result["failures"])
    assert words.replace("7", str(engineering["maxAttributesPerSet"])) in reasons if limit else words in reasons
    assert emulator.tenant() == before


def test_a_principal_with_fifty_values_can_move_one_but_not_keep_both(
    emulator: Emulator, tenant: dict[str, Any], folder: Path, connect: Callable[..., Graph]
) -> None:
    state = emulator.tenant()
    full = {"Projct": "Bakr", "CostCenter": [*range(49)]}
    state["users"][-1]["customSecurityAttributes"] = {"Engineering": full}
    emulator.tenant(state)
    name = state["users"][-1]["userPrincipalName"].partition("@")[0]
    text = (
        "definitions: [{attribute_set: Engineering, name: Title, type: string}]\nmoves:\n- {from: Engineering.Projct, "
    )
    (folder / "all.yml").write_text(f"{text}to: Engineering.Title, in_use: ignore, keep_old: true}}\n")
    with pytest.raises(EntraError) as refused:
        reconcile(connect(), folder)
    (reason,) = refused.value.result["failures"]
    assert "the principal would hold 51 values; Entra allows 50" in reason
    assert held(emulator)[name] == full
    (folder / "all.yml").write_text(f"{text}to: Engineering.Title, in_use: ignore}}\n")
    reconcile(connect(), folder)
    assert held(emulator)[name] == {"Title": "Bakr", "CostCenter": [*range(49)]}


def states(emulator: Emulator, run: Callable[[Graph], Any], http: Mortal, graph: Graph) -> Iterator[dict[str, Any]]:
    """Yield what everybody has before, after each request of a run that is killed and continued, and afterwards."""
    yield held(emulator)
    while True:
        http.live(http.sent + 1)
        try:
            run(graph)
        except Killed:
            yield held(emulator)
            continue
        yield held(emulator)
        return


def test_with_keep_old_nobody_ever_matches_neither_the_old_rule_nor_the_new_one(
    emulator: Emulator, tenant: dict[str, Any], folder: Path, connect: Callable[..., Graph]
) -> None:
    state = emulator.tenant()
    old = f'{OLD} -eq "Bakr"'
    conditions = {"applications": {"applicationFilter": {"mode": "include", "rule": old}}}
    policy = {"id": "1", "displayName": "Finance", "state": "enabled", "conditions": conditions}
    emulator.tenant({**state, "conditionalAccessPolicies": [policy]})
    move = "{from: Engineering.Projct, to: Engineering.Title, values: {Bakr: Baker}"
    title = "definitions: [{attribute_set: Engineering, name: Title, type: string}]"
    (folder / "all.yml").write_text(f"{title}\nmoves: [{move}, keep_old: true}}]\n")
    (rule,) = reconcile(connect(), folder, check_mode=True)["plan"]["rules"]
    assert (rule["rule"], rule["becomes"]) == (old, f'{NEW} -eq "Baker"')
    trees = [CONDITIONAL_ACCESS.parse(rule[key], ()) for key in ("rule", "becomes")]

    def matching(values: dict[str, Any]) -> tuple[set[str], set[str]]:
        by_rule = [
            {name for name, own in values.items() if evaluate(tree, "conditional_access", flat({"Engineering": own}))}
            for tree in trees
        ]
        return by_rule[0], by_rule[1]

    http = Mortal(emulator.environment["REQUESTS_CA_BUNDLE"], last_is_sent=True)
    graph = Graph(http, ReadyToken(emulator.token(permissions=[*PERMISSIONS, "Policy.Read.All"])), emulator.url)
    seen = [*states(emulator, lambda one: reconcile(one, folder), http, graph)]
    concerned = matching(seen[0])[0]
    assert len(concerned) == 4
    assert all(concerned <= set.union(*matching(moment)) for moment in seen)
    assert any(matching(earlier) != matching(later) for earlier, later in pairwise(seen))
    assert matching(seen[-1]) == (concerned, concerned)
    policy["conditions"] = {"applications": {"applicationFilter": {"mode": "include", "rule": rule["becomes"]}}}
    emulator.tenant({**emulator.tenant(), "conditionalAccessPolicies": [policy]})
    (folder / "all.yml").write_text(f"{title}\nmoves: [{move}}}]\n")
    reconcile(connect(), folder, consumers="fail")
    assert matching(held(emulator)) == (set(), concerned)


def test_rules_are_in_the_plan_file_its_markdown_and_back(
    emulator: Emulator, tenant: dict[str, Any], folder: Path, tmp_path: Path, connect: Callable[..., Graph]
) -> None:
    rule = f'{OLD} -eq "Bakr"'
    conditions = {"applications": {"applicationFilter": {"mode": "include", "rule": rule}}}
    policy = {"id": "1", "displayName": "Finance | all", "state": "enabled", "conditions": conditions}
    emulator.tenant({**emulator.tenant(), "conditionalAccessPolicies": [policy]})
    (folder / "all.yml").write_text(FOLDER.replace("Baker}}\n", "Baker}, in_use: warn}\n"))
    plan = tmp_path / "plan.json"
    result = reconcile(connect(), folder, check_mode=True, plan_path=str(plan))
    Draft202012Validator(json.loads((ROOT / "roles/reconcile/files/plan.schema.json").read_text())).validate(
        json.loads(plan.read_text())
    )
    kept = read_plan(str(plan)).plan
    assert [*map(asdict, kept.rules)] == result["plan"]["rules"]
    text = plan.with_suffix(".md").read_text()
    assert "#### Rules to change" in text
    assert "Finance &#124; all" in text
    assert f"new: <code>{html.escape(NEW)}".replace("_", "&#95;") in text
    assert reconcile(connect(), apply_plan=str(plan))["changed"]
