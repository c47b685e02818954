# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pipelines of the starter repository: their commands plan, apply and report drift."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from _documents import ROOT
from _emulator import Emulator

STARTER = ROOT / "examples" / "starter"
PEOPLE = [f"u{number}@contoso.com" for number in range(20)]
Jobs = dict[str, list[str]]


def load(name: str) -> Any:
    return yaml.safe_load((STARTER / name).read_text())


def github() -> Jobs:
    job = load(".github/workflows/attributes.yml")["jobs"]["reconcile"]
    steps = {step["name"]: step["run"] for step in job["steps"] if "run" in step}
    return {"plan": [steps["Plan"]], "apply": [steps["Apply"]], "drift": [steps["Plan"], steps["Fail on drift"]]}


def gitlab() -> Jobs:
    return {job: load(".gitlab-ci.yml")[job]["script"] for job in ("plan", "apply", "drift")}


def azure() -> Jobs:
    content = load("azure-pipelines.yml")
    checking, applying = (variables["options"] for variables in content["variables"].values())
    reconcile = next(step["inputs"]["inlineScript"] for step in content["steps"] if "inputs" in step)
    fail = next(step["script"] for step in content["steps"] if step.get("displayName") == "Fail on drift")
    plan, apply = (reconcile.replace("$(options)", options) for options in (checking, applying))
    return {"plan": [plan], "apply": [apply], "drift": [plan, fail]}


@pytest.mark.parametrize("jobs", [github, gitlab, azure])
def test_a_pipeline_plans_applies_and_finds_drift(
    emulator: Emulator, tree: Path, tmp_path: Path, jobs: Callable[[], Jobs]
) -> None:
    repository = tmp_path / "repository"
    (repository / "attributes").mkdir(parents=True)
    declared = [{"user": name, "attributes": {"Engineering": {"NumVendors": 8}}} for name in PEOPLE]
    (repository / "attributes" / "people.json").write_text(json.dumps({"assignments": declared}))
    populate(emulator)
    token = Path(emulator.credentials["federated_token_file"])
    environment = {
        **{name: value for name, value in emulator.environment.items() if name != "AZURE_CLIENT_SECRET"},
        "ANSIBLE_COLLECTIONS_PATH": str(tree),
        "ANSIBLE_NOCOLOR": "true",
        "AZURE_FEDERATED_TOKEN_FILE": str(token),
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        # Variables that the task AzureCLI@2 passes to a script.
        "tenantId": emulator.environment["AZURE_TENANT_ID"],
        "servicePrincipalId": emulator.environment["AZURE_CLIENT_ID"],
        "idToken": token.read_text(),
    }

    def run(job: str) -> tuple[int, list[Any]]:
        """The exit status and the drifts of the report."""
        command = ["timeout", "120", "bash", "-c", "\n".join(["set -e", *jobs()[job]])]
        done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)
        print(done.stdout, done.stderr)
        (report,) = repository.rglob("report.json")
        return done.returncode, [drift["object"] for drift in json.loads(report.read_text())["drifts"]]

    assert run("drift") == (1, PEOPLE[:1])
    assert run("plan") == (0, PEOPLE[:1])
    assert emulator.state(PEOPLE[0]) == {}
    assert run("apply") == (0, PEOPLE[:1])
    assert emulator.state(PEOPLE[0]) == {"Engineering": {"NumVendors": 8}}
    assert len(list(repository.rglob("snapshot/assignments.jsonl"))) == 1
    assert run("drift") == (0, [])


def populate(emulator: Emulator) -> None:
    """Have the users, all but the first with what is declared."""
    tenant = emulator.tenant()
    for number, name in enumerate(PEOPLE):
        values = {"Engineering": {"NumVendors": 8}} if number else {}
        user = {"id": f"00000000-0000-4000-8000-{number:012}", "displayName": name, "userPrincipalName": name}
        tenant["users"].append({**user, "customSecurityAttributes": values})
    emulator.tenant(tenant)
