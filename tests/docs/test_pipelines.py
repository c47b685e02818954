# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pipelines of the starter repository: their commands plan, apply exactly that plan, and report drift."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from _documents import ROOT
from _emulator import Emulator

STARTER = ROOT / "examples" / "starter"
PEOPLE = [f"u{number}@contoso.com" for number in range(20)]
PLAN = ["plan.json", "plan.md", "report.json"]


@dataclass
class Pipeline:
    """The commands of the jobs, and the paths that the job `plan` keeps for the job `apply`."""

    plan: list[str]
    apply: list[str]
    drift: list[str]
    kept: list[str]
    folder: str = "."
    """Folder in which the job `apply` finds them."""


def load(name: str) -> Any:
    return yaml.safe_load((STARTER / name).read_text())


def github() -> Pipeline:
    jobs = load(".github/workflows/attributes.yml")["jobs"]
    plan, apply = ({step["name"]: step for step in jobs[job]["steps"] if "name" in step} for job in ("plan", "apply"))
    planning = [plan[name]["run"] for name in ("Plan", "Show the plan to those who approve it", "Find changes")]
    kept = plan["Keep the plan"]["with"]["path"].split()
    return Pipeline(planning, [apply["Apply"]["run"]], [*planning, plan["Fail on drift"]["run"]], kept)


def gitlab() -> Pipeline:
    jobs = load(".gitlab-ci.yml")
    return Pipeline(*(jobs[job]["script"] for job in ("plan", "apply", "drift")), jobs["plan"]["artifacts"]["paths"])


def azure() -> Pipeline:
    plan, apply = (stage["jobs"][0] for stage in load("azure-pipelines.yml")["stages"])
    planning = {step.get("displayName"): step for step in plan["steps"]}
    applying = apply["strategy"]["runOnce"]["deploy"]["steps"]
    (planned,) = (step["inputs"]["inlineScript"] for step in planning.values() if "inputs" in step)
    (applied,) = (step["inputs"]["inlineScript"] for step in applying if "inputs" in step)
    find, fail = (planning[name]["script"] for name in ("Find changes", "Fail on drift"))
    (kept,) = (step["publish"] for step in planning.values() if "publish" in step)
    applied = applied.replace("$(Pipeline.Workspace)", "$PWD")
    return Pipeline([planned, find], [applied], [planned, fail], [f"{kept}/{name}" for name in PLAN], "plan")


PIPELINES = pytest.mark.parametrize("read", [github, gitlab, azure])


@PIPELINES
def test_a_pipeline_plans_applies_that_plan_and_finds_drift(
    emulator: Emulator, tree: Path, tmp_path: Path, read: Callable[[], Pipeline]
) -> None:
    pipeline = read()
    repository, runner = tmp_path / "repository", tmp_path / "runner"
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
        "GITHUB_OUTPUT": str(tmp_path / "outputs"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        # Variables that the task AzureCLI@2 passes to a script.
        "tenantId": emulator.environment["AZURE_TENANT_ID"],
        "servicePrincipalId": emulator.environment["AZURE_CLIENT_ID"],
        "idToken": token.read_text(),
    }

    def run(commands: list[str], folder: Path) -> tuple[int, list[Any]]:
        """The exit status and the drifts of the report."""
        command = ["timeout", "120", "bash", "-c", "\n".join(["set -e", *commands])]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        print(done.stdout, done.stderr)
        printed.append(done.stdout)
        (report,) = (path for path in folder.rglob("report.json") if path.parent.name != "plan")
        return done.returncode, [drift["object"] for drift in json.loads(report.read_text())["drifts"]]

    printed: list[str] = []
    assert run(pipeline.drift, repository) == (1, PEOPLE[:1])
    assert run(pipeline.plan, repository) == (0, PEOPLE[:1])
    assert emulator.state(PEOPLE[0]) == {}
    (runner / pipeline.folder).mkdir(parents=True)
    for path in pipeline.kept:
        shutil.move(repository / path, runner / pipeline.folder)
    assert {path.name for path in (runner / pipeline.folder).iterdir()} == set(PLAN)
    assert run(pipeline.apply, runner) == (0, PEOPLE[:1])
    assert emulator.state(PEOPLE[0]) == {"Engineering": {"NumVendors": 8}}
    assert len(list(runner.rglob("snapshot/assignments.jsonl"))) == 1
    assert run(pipeline.drift, repository) == (0, [])
    assert run(pipeline.plan, repository) == (0, [])
    if read is github:
        assert (tmp_path / "outputs").read_text().split() == ["changes=True"] * 2 + ["changes=False"] * 2
        assert "### Plan: 1 principal to change" in (tmp_path / "summary.md").read_text()
    if read is azure:
        found = [re.findall(r"##vso\[.*\](\w+)", text) for text in printed]
        assert found == [[], ["True"], [], [], ["False"]]


def test_a_job_that_writes_waits_for_an_approval_and_for_the_reviewed_branch() -> None:
    hub = load(".github/workflows/attributes.yml")["jobs"]
    assert {name: job.get("environment") for name, job in hub.items()} == {
        "plan": "entra-plan",
        "comment": None,
        "apply": "entra",
    }
    assert "github.event_name == 'push'" in hub["apply"]["if"]
    lab = load(".gitlab-ci.yml")
    writers = [name for name, job in lab.items() if "$APPLY_CLIENT_ID" in str(job)]
    assert writers == ["apply"]
    assert lab["apply"]["environment"] == "entra"
    (rule,) = lab["apply"]["rules"]
    assert rule["when"] == "manual"
    assert "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" in rule["if"]
    plan, apply = load("azure-pipelines.yml")["stages"]
    assert "'azureSubscription': 'entra'" not in str(plan)
    assert "eq(variables['Build.SourceBranch'], 'refs/heads/main')" in apply["condition"]
    assert [job["environment"] for job in apply["jobs"]] == ["entra"]


def populate(emulator: Emulator) -> None:
    """Have the users, all but the first with what is declared."""
    tenant = emulator.tenant()
    for number, name in enumerate(PEOPLE):
        values = {"Engineering": {"NumVendors": 8}} if number else {}
        user = {"id": f"00000000-0000-4000-8000-{number:012}", "displayName": name, "userPrincipalName": name}
        tenant["users"].append({**user, "customSecurityAttributes": values})
    emulator.tenant(tenant)
