# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that AWX injects reach each way into the collection, also if most of them are empty."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from _emulator import Emulator
from _jobs import built_in_credential, custom_credential, hosts, outcome, prepare, reach, start

PLAYBOOK = """
- name: Each way in
  hosts: localhost
  gather_facts: false
  vars:
    users: [adele@contoso.com, alex@contoso.com]
    attribute: {attribute_set: Engineering, name: ProjectDate}
  tasks:
    - name: Action
      entra.attributes.custom_security_attribute: "{{ attribute | combine({'user': users[0], 'value': 'a'}) }}"
    - name: Module
      entra.attributes.custom_security_attribute: "{{ attribute | combine({'user': users[1], 'value': 'b'}) }}"
      environment: {PYTHON_OF: a process of its own}
    - name: Lookup
      ansible.builtin.debug:
        msg: "{{ query('entra.attributes.custom_security_attribute', *users, **attribute) }}"
"""
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
EVENTS = """
import asyncio, runpy, sys
source = runpy.run_path(sys.argv[1])
async def watch():
    try:
        await asyncio.wait_for(source["main"](asyncio.Queue(), {"interval": 0.2, "retries": ""}), 3)
    except asyncio.TimeoutError:
        print("it watched")
asyncio.run(watch())
"""


@pytest.fixture(params=["built-in", "built-in of a cloud", "secret", "certificate", "federated token"])
def environment(request: pytest.FixtureRequest, emulator: Emulator, tmp_path: Path) -> dict[str, str]:
    """The environment of a job with each kind of credential, and without any other credential of this machine."""
    variables = emulator.environment
    pem = Path(emulator.credentials["certificate_pem"]).read_text()
    assertion = Path(emulator.credentials["federated_token_file"]).read_text()
    inputs: dict[str, dict[str, str]] = {
        "secret": {"client_secret": variables["AZURE_CLIENT_SECRET"]},
        "certificate": {"certificate": pem},
        "federated token": {"federated_token": assertion + "\n"},
    }
    identity = {"tenant_id": variables["AZURE_TENANT_ID"], "client_id": variables["AZURE_CLIENT_ID"]}
    if request.param.startswith("built-in"):
        cloud = {"cloud_environment": "AzureCloud"} if request.param.endswith("cloud") else {}
        injected = built_in_credential(variables, **cloud)
    else:
        injected = custom_credential({**identity, **inputs[request.param]}, tmp_path)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "ENTRA_"))}
    return {**own, **injected, **reach(variables), "ENTRA_AUTH_SOURCE": ""}


def test_each_way_in_has_the_credential(
    emulator: Emulator, environment: dict[str, str], collection: Path, tmp_path: Path
) -> None:
    injected = {name: value for name, value in environment.items() if os.environ.get(name) != value}
    folder = prepare(tmp_path / "job", injected, hosts({"localhost": LOCAL}), PLAYBOOK)
    start(folder).wait()
    job = outcome(folder)
    assert job.status == "successful", job.stdout
    (result,) = job.results("Lookup")
    assert result["msg"] == ["a", "b"]

    (tmp_path / "directory.yml").write_text("plugin: entra.attributes.directory\n")
    command = ["ansible-inventory", "-i", str(tmp_path / "directory.yml"), "--list", "--yaml"]
    listed = run(command, environment)
    assert "ProjectDate" in listed

    source = collection / "extensions/eda/plugins/event_source/attribute_changes.py"
    assert run([sys.executable, "-c", EVENTS, str(source)], environment) == "it watched\n"
    asked: list[dict[str, Any]] = [one for one in emulator.requests() if "auditLogs" in one["path"]]
    assert {one["status"] for one in asked} == {200}


def run(command: list[str], environment: dict[str, str]) -> str:
    """Return what a command prints. Fails with what it says if it fails."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
