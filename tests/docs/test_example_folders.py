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
AGENT_USER = "33333333-3333-4333-8333-333333333308"
AGENT, BLUEPRINT = "44444444-4444-4444-8444-444444444404", "44444444-4444-4444-8444-444444444405"


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
    assert playbooks == {"exempt.yml", "exempt_rulebook.yml", "offboard.yml", "tag_apps.yml"}
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir()} == {"agents", "molecule", "starter", "tenants"}


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


def test_agents_have_the_approval_of_their_blueprint(emulator: Emulator, run: Run, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "agents", tmp_path / "agents")
    orphan = {
        "@odata.type": "#microsoft.graph.agentIdentity",
        "id": "44444444-4444-4444-8444-444444444499",
        "appId": "55555555-5555-4555-8555-555555555599",
        "displayName": "orphan-agent",
        "servicePrincipalType": "ServiceIdentity",
        "agentIdentityBlueprintId": "55555555-5555-4555-8555-555555555598",
    }
    tenant = emulator.tenant()
    emulator.tenant({**tenant, "servicePrincipals": [*tenant["servicePrincipals"], orphan]})
    assert changed(run, "agents/agents.yml") == 2
    approved = {"AgentAttributes": {"AgentApprovalStatus": ["IT_Approved"]}}
    tagged = [AGENT_USER, AGENT, BLUEPRINT]
    assert [emulator.state(known) for known in tagged] == [approved] * 3
    report = json.loads((tmp_path / "agents/report/report.json").read_text())
    assert {row["display_name"] for row in report["principals"] if row["missing"]} == untagged(emulator.tenant())
    assert changed(run, "agents/agents.yml") == 0


def untagged(tenant: dict[str, Any]) -> set[str]:
    """Return the agents without approval, as the published check for agents reads them, with their users."""
    agents = [
        principal
        for principal in tenant["users"] + tenant["servicePrincipals"]
        if ".agent" in principal.get("@odata.type", "")
    ]
    return {agent["displayName"] for agent in agents if not agent.get("customSecurityAttributes")}


def test_an_exemption_ends_by_itself(emulator: Emulator, run: Run, tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "exempt.yml", tmp_path)
    definition = {"attributeSet": "Access", "name": "Exempt", "type": "Boolean"}
    tenant = emulator.tenant()
    sets = [*tenant["attributeSets"], {"id": "Access", "description": "", "maxAttributesPerSet": 25}]
    emulator.tenant({**tenant, "attributeSets": sets, "definitions": [*tenant["definitions"], definition]})
    app = ("--extra-vars", "app=payroll-api")
    assert changed(run, "exempt.yml", *app) == 3
    assert emulator.state("55555555-5555-4555-8555-555555555501") == {"Access": {"Exempt": True}}
    source = ("--extra-vars", f"reconcile_src={tmp_path}/exemptions")
    assert changed(run, "entra.attributes.reconcile", *source) == 0
    file = tmp_path / "exemptions" / "payroll-api.yml"
    declared = yaml.safe_load(file.read_text())
    declared["assignments"][0]["expires"] = "2026-01-01T04:00:00+00:00"
    file.write_text(yaml.safe_dump(declared))
    assert changed(run, "entra.attributes.reconcile", *source) > 0
    assert emulator.state("55555555-5555-4555-8555-555555555501") == {}
    assert changed(run, "entra.attributes.reconcile", *source) == 0


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
