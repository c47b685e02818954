# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The output of the playbook reconcile: how long and how wide it is, in color and without, and what it says once."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from _emulator import Emulator

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
TREE = next(path for path in sys.path if Path(path, "ansible_collections/entra/attributes/galaxy.yml").exists())
PEOPLE = [f"user{number}@contoso.com" for number in range(24)]
MARK = "\x1b["
PLAYBOOK = "- import_playbook: entra.attributes.reconcile\n"
UNDO = "- import_playbook: entra.attributes.undo\n"
ROLE = "- {hosts: localhost, gather_facts: false, roles: [entra.attributes.reconcile]}\n"


def play(
    emulator: Emulator, folder: Path, *options: str, content: str = PLAYBOOK, width: int | None = None, **variables: str
) -> tuple[int, list[str]]:
    """Run a playbook in a terminal of a width, or without one as a job runs. Returns its status and its lines."""
    (folder / "play.yml").write_text(content)
    program = str(Path(sys.executable).parent / "ansible-playbook")
    command = [program, "play.yml", "--extra-vars", json.dumps({"reconcile_src": "people.json"}), *options]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "COLUMNS"))},
        **emulator.environment,
        "ANSIBLE_COLLECTIONS_PATH": TREE,
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_DEVEL_WARNING": "false",
        "HOME": str(folder),
        "TERM": "xterm-256color",
        **variables,
    }
    if width is None:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=writer, stdout=writer, stderr=writer)
    os.close(writer)
    output = b""
    with suppress(OSError):  # the end of a terminal
        while part := os.read(reader, 65536):
            output += part
    os.close(reader)
    return process.wait(), output.decode().replace("\r\n", "\n").splitlines()


@pytest.fixture
def folder(emulator: Emulator, tmp_path: Path) -> Path:
    """Make a folder with 24 people, 20 of whom differ from what is declared, each in another way."""
    tenant = emulator.tenant()
    items: list[dict[str, Any]] = []
    for number, name in enumerate(PEOPLE):
        held = {"Engineering": {"NumVendors": number + (100 if number < 20 else 0)}}
        identity = {"id": f"00000000-0000-4000-8000-{number:012}", "displayName": name, "userPrincipalName": name}
        tenant["users"].append({**identity, "customSecurityAttributes": held})
        items.append({"user": name, "attributes": {"Engineering": {"NumVendors": number}}})
    emulator.tenant(tenant)
    (tmp_path / "people.json").write_text(json.dumps({"assignments": items}))
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "variables"),
    [
        (80, {"ANSIBLE_FORCE_COLOR": "true"}),
        (140, {"ANSIBLE_NOCOLOR": "true"}),
        (None, {}),
        (None, {"ANSIBLE_FORCE_COLOR": "true"}),
    ],
    ids=["80 columns", "140 columns without color", "a job", "a job with color"],
)
def test_twenty_changes_are_seen_without_scrolling(
    emulator: Emulator, folder: Path, width: int | None, variables: dict[str, str]
) -> None:
    status, output = play(emulator, folder, "--check", width=width, **variables)
    colored = any(MARK in line for line in output)
    lines = [ESCAPES.sub("", line) for line in output]
    plan = lines[next(number for number, line in enumerate(lines) if line.startswith("Plan:")) :]
    assert status == 0, output
    assert colored == ("ANSIBLE_FORCE_COLOR" in variables)  # else Ansible decides by what the terminal can do
    assert len(lines) <= 40
    assert plan[0] == "Plan: 20 principals to change (20 values set), 4 unchanged"
    for number in range(20):
        assert f"  ~ Engineering.NumVendors: {number + 100} -> {number}  {PEOPLE[number]}" in plan
    assert not [line for line in plan[:24] if len(line) > (width or 79)]
    assert not [line for line in lines if "skipping" in line]


@pytest.mark.slow
@pytest.mark.parametrize(("content", "most"), [(PLAYBOOK, 14), (ROLE, 17)], ids=["playbook", "role"])
def test_a_run_is_short(emulator: Emulator, folder: Path, content: str, most: int) -> None:
    """Ansible's first and last line, which are empty, do not count. All other empty lines do."""
    for plan, limit in (("20 principals to change (20 values set), 4", 40), ("nothing to change, 24", most)):
        status, lines = play(emulator, folder, content=content)
        assert status == 0, lines
        assert f"Plan: {plan} unchanged" in lines
        assert len("\n".join(lines).strip().split("\n")) <= limit


@pytest.mark.slow
def test_a_run_without_changes_is_short_and_one_with_mistakes_says_them_once(emulator: Emulator, folder: Path) -> None:
    assert play(emulator, folder)[0] == 0
    status, lines = play(emulator, folder)
    assert status == 0
    assert "Plan: nothing to change, 24 unchanged" in lines
    assert len([line for line in lines if line.strip()]) <= 15
    (folder / "people.json").write_text(
        '{"assignments": [{"user": "nobody@contoso.com", "attributes": {"A": {"B": 1}}}]}'
    )
    status, lines = play(emulator, folder)
    assert status != 0
    assert sum("nobody@contoso.com" in line for line in lines) == 1
    (folder / "people.json").write_text('{"assignments": [{"user": "a", "attrs": {}}]}')
    status, lines = play(emulator, folder)
    assert status != 0
    assert sum(line.startswith("fatal:") and "has unknown keys: attrs" in line for line in lines) == 1
    assert sum("has unknown keys" in line for line in lines if not line.startswith("[ERROR]")) == 1
    assert len(lines) < 30


@pytest.mark.slow
def test_the_role_masks_and_protects_what_its_variables_name(emulator: Emulator, folder: Path) -> None:
    snapshot = str(folder / "snapshot")

    def run(content: str, **variables: Any) -> tuple[int, str]:
        options = json.dumps({"reconcile_masked_sets": ["Engineering"], **variables})
        status, lines = play(emulator, folder, "--extra-vars", options, content=content, COLUMNS="200")
        return status, "\n".join(lines)

    protect = {"attributes": ["Engineering.NumVendors"]}
    status, text = run(ROLE, reconcile_snapshot_path=snapshot, reconcile_protect=protect)
    assert status != 0
    assert "Nothing was written: Engineering.NumVendors is protected" in text
    status, text = run(ROLE, reconcile_snapshot_path=snapshot)
    assert status == 0, text
    assert "20 x Engineering.NumVendors: (masked) -> (masked)" in text
    status, text = run(UNDO, reconcile_src=snapshot, reconcile_undo_path=snapshot)
    assert status == 0, text
    assert "20 x Engineering.NumVendors: (masked) -> (masked)" in text
