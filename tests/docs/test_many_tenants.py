# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One play for two local Graphs: overlays, crossed credentials, and a tenant that cannot be reached."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from _documents import ROOT
from _emulator import FILES, Emulator, start
from conftest import Run

FABRIKAM = "11111111-1111-4111-8111-111111111112"
PAYROLL = "55555555-5555-4555-8555-555555555501"


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A second local Graph, with another tenant, another secret and a certificate authority of its own."""
    state = yaml.safe_load((FILES / "graph_emulator" / "default_state.yml").read_text())
    state["tenant"]["id"] = FABRIKAM
    state["applications"][0]["secrets"] = [{"value": "the-secret-of-the-other-tenant"}]
    folder = tmp_path_factory.mktemp("other")
    (folder / "state.json").write_text(json.dumps(state))
    graph = start(folder, state=folder / "state.json")
    yield graph
    graph.stop()


def options(graph: Emulator) -> dict[str, Any]:
    """Return the connection options of the default application of a local Graph."""
    variables = graph.environment
    return {
        "auth_source": "client_secret",
        "tenant_id": variables["AZURE_TENANT_ID"],
        "client_id": variables["AZURE_CLIENT_ID"],
        "client_secret": variables["AZURE_CLIENT_SECRET"],
        "authority_url": variables["AZURE_AUTHORITY_HOST"],
        "graph_url": graph.url,
        "ca_path": variables["REQUESTS_CA_BUNDLE"],
        "retries": 0,
    }


class Runs:
    """Runs the example with these connection options for its tenants."""

    def __init__(self, run: Run, folder: Path) -> None:
        self._run, self._folder = run, folder
        shutil.copytree(ROOT / "examples" / "tenants", folder, dirs_exist_ok=True)

    def __call__(self, *arguments: str, **connections: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return by tenant: whether it failed by the recap, and the summary in its report."""
        for report in self._folder.glob("*.json"):
            report.unlink()
        hosts = {name: {"entra": connection} for name, connection in connections.items()}
        (self._folder / "local.yml").write_text(yaml.safe_dump({"tenants": {"hosts": hosts}}))
        done = self._run("ansible-playbook", "-i", "inventory.yml", "-i", "local.yml", "reconcile.yml", *arguments)
        self.output = done.stdout
        recap = dict(re.findall(r"^(\w+) +: ok=.*failed=(\d)", done.stdout, re.MULTILINE))
        assert recap.keys() == connections.keys(), done.stdout[-3000:] + done.stderr[-2000:]
        assert (done.returncode == 0) == (set(recap.values()) == {"0"})
        return {
            name: {"failed": recap[name] == "1", **json.loads((self._folder / f"{name}.json").read_text())}
            for name in connections
        }


@pytest.fixture
def runs(run: Run, tmp_path: Path) -> Runs:
    return Runs(run, tmp_path)


def refused(graph: Emulator) -> list[Any]:
    """Return the requests that carried a token of somebody else."""
    return [entry for entry in graph.requests() if entry["status"] in (401, 403)]


def test_each_tenant_gets_the_baseline_and_its_overlay(emulator: Emulator, other: Emulator, runs: Runs) -> None:
    other.reset()
    tenants = {"contoso": options(emulator), "fabrikam": options(other)}
    planned = runs("--check", **tenants)
    assert [len(planned[name]["drifts"]) for name in tenants] == [4, 3]
    assert emulator.state(PAYROLL) == other.state(PAYROLL) == {}
    done = runs(**tenants)
    assert [done[name]["failed"] for name in tenants] == [False, False]
    assert emulator.state(PAYROLL) == {"Access": {"Sensitivity": "Internal"}}
    assert other.state(PAYROLL) == {"Access": {"Sensitivity": "Confidential"}}
    assert emulator.state("adele@contoso.com")["Access"] == {"Sensitivity": "Confidential"}
    assert "Access" not in other.state("adele@contoso.com")
    assert refused(emulator) == refused(other) == []
    again = runs(**tenants)
    assert [again[name]["drifts"] for name in tenants] == [[], []]


def test_crossed_credentials_fail_where_they_are_wrong_and_nowhere_else(
    emulator: Emulator, other: Emulator, runs: Runs
) -> None:
    other.reset()
    mine, crossed = options(emulator), {**options(other), "client_secret": options(emulator)["client_secret"]}
    done = runs(contoso=mine, fabrikam=crossed)
    assert [done[name]["failed"] for name in done] == [False, True]
    assert "contoso: 4 changes" in runs.output
    assert "fabrikam: failed" in runs.output
    assert emulator.state(PAYROLL) == {"Access": {"Sensitivity": "Internal"}}
    assert (other.requests(), other.state(PAYROLL)) == ([], {})
    assert mine["client_secret"] not in runs.output


def test_a_tenant_that_cannot_be_reached_does_not_stop_the_others(emulator: Emulator, runs: Runs) -> None:
    gone = {**options(emulator), "graph_url": "https://localhost:9", "authority_url": "https://localhost:9"}
    done = runs(contoso=gone, fabrikam=options(emulator))
    assert [done[name]["failed"] for name in done] == [True, False]
    assert done["contoso"]["messages"] != []
    assert emulator.state(PAYROLL) == {"Access": {"Sensitivity": "Confidential"}}


def test_a_tenant_that_declares_a_value_twice_without_override_is_named_with_both_places(
    emulator: Emulator, runs: Runs, tmp_path: Path
) -> None:
    overlay = tmp_path / "tenants" / "fabrikam" / "access.yml"
    overlay.write_text(overlay.read_text().replace("    override: true\n", ""))
    done = runs("--check", contoso=options(emulator), fabrikam=options(emulator))
    assert [done[name]["failed"] for name in done] == [False, True]
    (message,) = done["fabrikam"]["messages"]
    assert re.search(
        r"fabrikam/access\.yml:\d+: Access\.Sensitivity of .* is declared in .*baseline/access\.yml:\d+", message
    )
