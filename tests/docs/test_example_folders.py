# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks, the Molecule scenario and the starter repository in `examples` run against the local Graph."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import yaml
from _documents import ROOT
from conftest import Run

EXAMPLES = ROOT / "examples"


def recap(output: str) -> dict[str, int]:
    """Return the counts of the last line of a playbook run."""
    line = next(line for line in reversed(output.splitlines()) if " ok=" in line)
    return {name: int(count) for name, count in (word.split("=") for word in line.split(":")[1].split())}


def test_the_molecule_scenario_passes(run: Run, tmp_path: Path) -> None:
    """Run the playbooks in the scenario's sequence, as Molecule does, and check mode and a second run as well."""
    shutil.copytree(EXAMPLES / "molecule", tmp_path / "repository")
    scenario = tmp_path / "repository" / "molecule" / "default"
    settings: dict[str, Any] = yaml.safe_load((scenario / "molecule.yml").read_text())
    (tmp_path / "hosts.json").write_text(json.dumps(settings["provisioner"]["inventory"]["hosts"]))
    playbooks = {"check": ("converge", "--check"), "idempotence": ("converge",)}

    def step(name: str) -> dict[str, int]:
        playbook, *options = playbooks.get(name, (name,))
        result = run(
            "ansible-playbook",
            "--inventory=hosts.json",
            str(scenario / f"{playbook}.yml"),
            *options,
            MOLECULE_EPHEMERAL_DIRECTORY=str(tmp_path / "ephemeral"),
        )
        assert result.returncode == 0, f"{name}: {result.stdout[-3000:]}\n{result.stderr[-2000:]}"
        return recap(result.stdout)

    steps = settings["scenario"]["test_sequence"]
    assert (steps[0], steps[-1]) == ("create", "destroy")
    (tmp_path / "ephemeral").mkdir()
    try:
        counts = {name: step(name) for name in steps[:-1]}
    finally:
        step("destroy")
    changed = {name: counts[name]["changed"] for name in ("check", "converge", "idempotence")}
    assert changed == {"check": 1, "converge": 1, "idempotence": 0}
    assert not (tmp_path / "ephemeral" / "graph" / "ready.json").exists()
