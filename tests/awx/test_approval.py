# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The workflow of docs/awx: a job plans, and after an approval another job applies exactly that plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from _emulator import Emulator
from _jobs import AWX, Outcome, built_in_credential, outcome, prepare, reach, start

ADELE = "33333333-3333-4333-8333-333333333301"
TEMPLATE = "{{ 7 * 7 }}"
"""A value that must reach Graph as it is."""


def run(emulator: Emulator, folder: Path, playbook: str, *options: str, passed: str | None = None) -> Outcome:
    """A job with the built-in credential, and with what earlier jobs of the workflow passed."""
    env = {**built_in_credential(emulator.environment), **reach(emulator.environment)}
    prepare(folder, env, {})
    declared = [{"user": "adele@contoso.com", "attributes": {"Engineering": {"ProjectDate": TEMPLATE}}}]
    (folder / "project" / "attributes" / "Dates.json").write_text(json.dumps(declared))
    if passed is not None:
        # AWX marks variables that no template of its own gives, so that Ansible does not evaluate them.
        (folder / "env" / "extravars").write_text(f"attributes_plan: !unsafe {passed}\n")
    start(folder, "--playbook", playbook, *options).wait()
    return outcome(folder)


def artifacts(job: Outcome) -> dict[str, Any]:
    """What AWX passes to the later jobs of a workflow."""
    (event,) = (event for event in job.events if event["event"] == "playbook_on_stats")
    data: dict[str, Any] = event["event_data"]["artifact_data"]
    return data


def test_a_job_applies_the_plan_that_was_approved(emulator: Emulator, tmp_path: Path) -> None:
    (expected,) = yaml.safe_load((AWX / "project" / "attributes" / "Engineering.yml").read_text())["assignments"][:1]
    planned = run(emulator, tmp_path / "plan", "plan.yml", "--cmdline=--check --diff")
    assert planned.status == "successful", planned.stdout
    assert "Plan: 3 principals to change" in planned.stdout
    assert emulator.state(ADELE) == {}
    passed = artifacts(planned)["attributes_plan"]

    applied = run(emulator, tmp_path / "apply", "apply.yml", passed=passed)
    assert applied.status == "successful", applied.stdout
    assert "Plan: 3 principals to change" in applied.stdout
    assert emulator.state(ADELE) == {"Engineering": {**expected["attributes"]["Engineering"], "ProjectDate": TEMPLATE}}

    again = run(emulator, tmp_path / "again", "apply.yml", passed=passed)
    assert again.status == "successful", again.stdout
    assert "nothing to change" in again.stdout


@pytest.mark.parametrize("passed", [None, "H4sIAAAAAAAA"])
def test_a_job_without_a_whole_plan_fails_before_it_asks_graph(
    emulator: Emulator, tmp_path: Path, passed: str | None
) -> None:
    job = run(emulator, tmp_path / "apply", "apply.yml", passed=passed)
    assert job.status == "failed"
    assert emulator.requests() == []
