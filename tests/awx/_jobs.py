# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs as AWX has ansible-runner run them: private data folders with project, inventory and what credentials inject."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from awx_plugins.credentials import plugins
from awx_plugins.interfaces import _temporary_private_inject_api as inject_api
from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
from awx_plugins.interfaces._temporary_private_credential_api import Credential

AWX = Path(__file__).resolve().parents[2] / "docs" / "awx"


def built_in_credential(variables: dict[str, str], **inputs: str) -> dict[str, str]:
    """Return what AWX's own code injects for an application in a credential Microsoft Azure Resource Manager."""
    application = {
        "subscription": "00000000-0000-0000-0000-000000000000",
        "client": variables["AZURE_CLIENT_ID"],
        "tenant": variables["AZURE_TENANT_ID"],
        "secret": variables["AZURE_CLIENT_SECRET"],
    }
    return injected(plugins.azure_rm, {**application, **inputs}, AWX)


def custom_credential(inputs: dict[str, str], folder: Path) -> dict[str, str]:
    """Return what AWX's own code injects for the credential type of docs/awx; its files go to `folder`."""
    form = yaml.safe_load((AWX / "input.yml").read_text())
    fields = {field["id"]: field for field in form["fields"]}
    assert inputs.keys() <= fields.keys()
    values = {name: field["default"] for name, field in fields.items() if "default" in field} | inputs
    injectors = yaml.safe_load((AWX / "injector.yml").read_text())
    kind = ManagedCredentialType(
        namespace="entra", name="Microsoft Entra application", kind="cloud", inputs=form, injectors=injectors
    )
    (folder / "env").mkdir(exist_ok=True)
    return injected(kind, values, folder)


def injected(kind: Any, inputs: dict[str, str], folder: Path) -> dict[str, str]:
    """Return the environment that AWX gives a job that runs outside a container, where paths stay as they are."""
    environment: dict[str, Any] = {}
    with mock.patch.object(inject_api, "get_incontainer_path", lambda path, *_folders, **_roots: path):
        inject_api.inject_credential(kind, Credential(inputs), environment, {}, [], str(folder))
    return environment


def reach(variables: dict[str, str]) -> dict[str, str]:
    """Options that lead to the local Graph instead of Microsoft's."""
    return {name: variables[name] for name in ("AZURE_AUTHORITY_HOST", "ENTRA_GRAPH_URL", "REQUESTS_CA_BUNDLE")}


@dataclass
class Outcome:
    """The artifacts of a job."""

    folder: Path
    status: str
    stdout: str
    events: list[dict[str, Any]]

    def results(self, task: str) -> list[dict[str, Any]]:
        """The results of a task's last event on each host."""
        done = ("runner_on_ok", "runner_on_failed")
        return [
            event["event_data"]["res"]
            for event in self.events
            if event["event"] in done and event["event_data"]["task"] == task
        ]


def prepare(folder: Path, env: dict[str, str], inventory: dict[str, Any], playbook: str | None = None) -> Path:
    """Make the private data folder; `inventory` is what AWX's inventory script prints."""
    for name in ("env", "inventory", "project"):
        (folder / name).mkdir(parents=True)
    (folder / "env" / "envvars").write_text(json.dumps(env))
    script = folder / "inventory" / "hosts"
    script.write_text(f"#!/usr/bin/env python3\nprint({json.dumps(json.dumps(inventory))})\n")
    script.chmod(0o700)
    shutil.copytree(AWX / "project", folder / "project", dirs_exist_ok=True)
    if playbook is not None:
        (folder / "project" / "attributes.yml").write_text(playbook)
    return folder


def start(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start ansible-runner in a private data folder."""
    command = ["ansible-runner", "run", str(folder), "--playbook", "attributes.yml", "--ident", "job", "--quiet"]
    return subprocess.Popen([*command, *options], stdin=subprocess.DEVNULL)


def outcome(folder: Path) -> Outcome:
    """Return the artifacts of a finished job."""
    artifacts = folder / "artifacts" / "job"
    events = [json.loads(file.read_text()) for file in sorted((artifacts / "job_events").glob("*.json"))]
    events.sort(key=lambda event: event["counter"])
    return Outcome(folder, (artifacts / "status").read_text(), (artifacts / "stdout").read_text(), events)


def hosts(entries: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The inventory that AWX's script prints, of the variables of hosts."""
    return {"all": {"hosts": sorted(entries)}, "_meta": {"hostvars": entries}}
