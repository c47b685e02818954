# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebook of the collection under the real ansible-rulebook: it repairs what others change."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from _emulator import Emulator

ADELE = "33333333-3333-4333-8333-333333333301"
SET_TYPE = "#Microsoft.DirectoryServices.CustomSecurityAttributeValue"
WRITE = ["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All"]
PATIENCE = 60
"""Seconds for a Python, a Java and a playbook to start on a busy machine."""


def has_java() -> bool:
    """Whether there is a Java that ansible-rulebook can use, 17 or newer."""
    java = shutil.which("java")
    if not java:
        return False
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', told)
    return bool(version) and int(version[1]) >= 17


def until(condition: Callable[[], bool], process: subprocess.Popen[str], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def assign(emulator: Emulator, token: str, value: str) -> None:
    answer = emulator.session.patch(
        f"{emulator.url}/v1.0/users/{ADELE}",
        json={"customSecurityAttributes": {"Engineering": {"@odata.type": SET_TYPE, "ProjectDate": value}}},
        headers={"Authorization": f"Bearer {token}"},
        verify=emulator.environment["REQUESTS_CA_BUNDLE"],
        timeout=10,
    )
    assert answer.status_code == 204


def patches(emulator: Emulator) -> list[Any]:
    """What was written, one after the other."""
    bodies = [request["body"] for request in emulator.requests() if request["method"] == "PATCH"]
    return [body["customSecurityAttributes"]["Engineering"]["ProjectDate"] for body in bodies]


def own_token(emulator: Emulator) -> str:
    """A token of the application that the rulebook and its playbook run as."""
    variables = emulator.environment
    answer = emulator.session.post(
        f"{emulator.url}/{variables['AZURE_TENANT_ID']}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": variables["AZURE_CLIENT_ID"],
            "client_secret": variables["AZURE_CLIENT_SECRET"],
            "scope": f"{emulator.url}/.default",
        },
        verify=variables["REQUESTS_CA_BUNDLE"],
        timeout=10,
    )
    return str(answer.json()["access_token"])


@pytest.mark.skipif(not has_java(), reason="ansible-rulebook needs a Java 17 or newer, and there is none here")
def test_somebody_elses_change_is_repaired(emulator: Emulator, collection: Path, tmp_path: Path) -> None:
    rulebook: list[dict[str, Any]] = yaml.safe_load(
        (collection / "extensions/eda/rulebooks/repair_drift.yml").read_text()
    )
    source = rulebook[0]["sources"][0]["entra.attributes.attribute_changes"]
    (rule,) = rulebook[0]["rules"]
    assert rule["action"]["run_playbook"]["name"] == "entra.attributes.reconcile"
    # The same at a quicker pace.
    source["interval"] = 2
    rule["throttle"]["once_after"] = "1 second"
    (tmp_path / "rulebook.yml").write_text(yaml.safe_dump(rulebook))
    declared = {"user": ADELE, "attributes": {"Engineering": {"ProjectDate": "ours"}}}
    (tmp_path / "declarations").mkdir()
    (tmp_path / "declarations" / "users.yml").write_text(yaml.safe_dump({"assignments": [declared]}))
    variables = {
        "reconcile_src": str(tmp_path / "declarations"),
        "reconcile_app_id": emulator.environment["AZURE_CLIENT_ID"],
        "attribute_changes_state": str(tmp_path / "state.json"),
    }
    (tmp_path / "vars.yml").write_text(yaml.safe_dump(variables))
    (tmp_path / "inventory.yml").write_text(
        'all: {hosts: {localhost: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}}}'
    )
    command = ["ansible-rulebook", "--rulebook", "rulebook.yml", "-i", "inventory.yml", "--vars", "vars.yml", "-v"]
    log = tmp_path / "rulebook.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, **emulator.environment},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        until(lambda: bool(emulator.requests()), process, log)
        token = own_token(emulator)
        assign(emulator, token, "ours")
        seen = len(emulator.requests())
        until(lambda: len(emulator.requests()) > seen + 2, process, log)
        assert patches(emulator) == ["ours"], "what the role itself changes is no drift"
        foreign = {"scopes": WRITE, "roles": ["Attribute Assignment Administrator"]}
        assign(emulator, emulator.token(user="alex@contoso.com", **foreign), "somebody else's")
        until(lambda: emulator.state(ADELE)["Engineering"]["ProjectDate"] == "ours", process, log)
        seen = len(emulator.requests())
        until(lambda: len(emulator.requests()) > seen + 2, process, log)
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended already
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert patches(emulator) == ["ours", "somebody else's", "ours"], "repaired, once"
    assert emulator.environment["AZURE_CLIENT_SECRET"] not in log.read_text()
