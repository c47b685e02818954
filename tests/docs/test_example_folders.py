# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks, the Molecule scenario and the starter repository in `examples` run against the local Graph."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from _documents import ROOT
from _emulator import Emulator
from conftest import Run

EXAMPLES = ROOT / "examples"


def recap(output: str) -> dict[str, int]:
    """Return the counts of the last line of a playbook run."""
    line = next(line for line in reversed(output.splitlines()) if " ok=" in line)
    return {name: int(count) for name, count in (word.split("=") for word in line.split(":")[1].split())}


def changed(run: Run, *arguments: str, **environment: str) -> int:
    """Run a playbook, which must succeed, and return the number of tasks that changed something."""
    result = run("ansible-playbook", *arguments, **environment)
    assert result.returncode == 0, f"{arguments}: {result.stdout[-3000:]}\n{result.stderr[-2000:]}"
    return recap(result.stdout)["changed"]


def test_each_playbook_is_run_here() -> None:
    playbooks = {path.name for path in EXAMPLES.glob("*.yml") if "assignments" not in yaml.safe_load(path.read_text())}
    assert playbooks == {"offboard.yml", "tag_apps.yml"}
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir()} == {"molecule", "starter", "tenants"}


def test_the_readme_names_everything() -> None:
    readme = (EXAMPLES / "README.md").read_text()
    assert [
        path.name for path in EXAMPLES.iterdir() if path.name != "README.md" and f"]({path.name})" not in readme
    ] == []


def test_tagging_apps_tags_them_once(emulator: Emulator, run: Run, tmp_path: Path) -> None:
    for name in ("tag_apps.yml", "apps.csv"):
        shutil.copy(EXAMPLES / name, tmp_path)
    assert changed(run, "tag_apps.yml", "--check") == 3
    assert emulator.state("55555555-5555-4555-8555-555555555501") == {}
    assert changed(run, "tag_apps.yml") == 3
    assert emulator.state("55555555-5555-4555-8555-555555555501") == {"Access": {"Sensitivity": "Confidential"}}
    assert emulator.state("55555555-5555-4555-8555-555555555502") == {"Access": {"Sensitivity": "Internal"}}
    result = run("ansible-playbook", "tag_apps.yml")
    assert recap(result.stdout)["changed"] == 0
    assert '"system-identity"' in result.stdout
    assert '"payroll-api"' not in result.stdout


def test_offboarding_removes_everything_and_keeps_a_snapshot(emulator: Emulator, run: Run, tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "offboard.yml", tmp_path)
    before = emulator.state("dara@contoso.com")
    assert before
    assert changed(run, "offboard.yml", "--extra-vars", "leaver=dara@contoso.com") == 1
    assert emulator.state("dara@contoso.com") == {}
    assert changed(run, "offboard.yml", "--extra-vars", "leaver=dara@contoso.com") == 0
    task = {"entra.attributes.custom_security_attributes": {"src": str(tmp_path / "dara@contoso.com.jsonl")}}
    (tmp_path / "restore.json").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    assert changed(run, "restore.json") == 1
    assert emulator.state("dara@contoso.com") == before


def test_offboarding_a_user_who_does_not_exist_changes_nothing(emulator: Emulator, run: Run, tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "offboard.yml", tmp_path)
    assert changed(run, "offboard.yml", "--extra-vars", "leaver=nobody@contoso.com") == 0
    assert emulator.state("dara@contoso.com") != {}


@pytest.mark.parametrize("definitions", ["defined", "undefined"])
def test_the_starter_repository_is_applied_once(emulator: Emulator, run: Run, tmp_path: Path, definitions: str) -> None:
    """Apply it to the tenant of the local Graph, and to one that has no attribute sets yet."""
    shutil.copytree(EXAMPLES / "starter", tmp_path / "repository")
    if definitions == "undefined":
        tenant = emulator.tenant()
        for user in tenant["users"]:
            user.pop("customSecurityAttributes", None)
        emulator.tenant({**tenant, "attributeSets": [], "definitions": []})
    source = ("--extra-vars", f"reconcile_src={tmp_path}/repository/attributes")
    assert changed(run, "entra.attributes.reconcile", "--check", "--diff", *source) > 0
    assert emulator.state("adele@contoso.com") == {}
    assert changed(run, "entra.attributes.reconcile", *source) > 0
    assert emulator.state("adele@contoso.com") == {"Engineering": {"Project": ["Baker", "Cascade"], "NumVendors": 8}}
    assert emulator.state("alex@contoso.com") == {
        "Marketing": {"EmployeeId": "00123", "AppCountry": ["Canada", "Peru"]}
    }
    assert changed(run, "entra.attributes.reconcile", *source) == 0


def test_the_molecule_scenario_passes(run: Run, tmp_path: Path) -> None:
    """Run the playbooks in the scenario's sequence, as Molecule does, and check mode and a second run as well."""
    shutil.copytree(EXAMPLES / "molecule", tmp_path / "repository")
    scenario = tmp_path / "repository" / "molecule" / "default"
    settings: dict[str, Any] = yaml.safe_load((scenario / "molecule.yml").read_text())
    (tmp_path / "hosts.json").write_text(json.dumps(settings["provisioner"]["inventory"]["hosts"]))
    playbooks = {"check": ("converge", "--check"), "idempotence": ("converge",)}

    def step(name: str) -> int:
        playbook, *options = playbooks.get(name, (name,))
        arguments = ("--inventory=hosts.json", str(scenario / f"{playbook}.yml"), *options)
        return changed(run, *arguments, MOLECULE_EPHEMERAL_DIRECTORY=str(tmp_path / "ephemeral"))

    steps = settings["scenario"]["test_sequence"]
    assert (steps[0], steps[-1]) == ("create", "destroy")
    (tmp_path / "ephemeral").mkdir()
    try:
        counts = {name: step(name) for name in steps[:-1]}
    finally:
        step("destroy")
    assert {name: counts[name] for name in ("check", "converge", "idempotence")} == {
        "check": 1,
        "converge": 1,
        "idempotence": 0,
    }
    assert not (tmp_path / "ephemeral" / "graph" / "ready.json").exists()
