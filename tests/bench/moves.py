# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rename across many holders: whole, killed at random and continued, and undone.

`.ci/local_graph.sh python tests/bench/moves.py` prints the table. It fails unless all values are right after each run.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import bulk

HOLDERS, KILLS = 10_000, 6
SET = "Load"
FLAGS = {"isCollection": False, "isSearchable": True, "usePreDefinedValuesOnly": False, "allowedValues": []}
OLD = {**FLAGS, "attributeSet": SET, "name": "Old", "description": "", "type": "String", "status": "Available"}
DECLARED = {
    "definitions": [{"attribute_set": SET, "name": "New", "type": "string"}],
    "moves": [{"from": f"{SET}.Old", "to": f"{SET}.New", "values": {"value 3": "three"}}],
}


def populate(tenant: dict[str, Any]) -> None:
    """Have holders of one attribute, and no policy that names it."""
    users = [
        {
            "id": f"00000000-0000-4000-8000-{number:012}",
            "displayName": f"User {number}",
            "userPrincipalName": bulk.name(number),
            "customSecurityAttributes": {SET: {"Old": f"value {number % 7}"}},
        }
        for number in range(HOLDERS)
    ]
    sets = [*tenant["attributeSets"], {"id": SET, "description": "Of the benchmark", "maxAttributesPerSet": None}]
    state = {**tenant, "attributeSets": sets, "definitions": [*tenant["definitions"], OLD], "users": users}
    bulk.control("PUT", "state", state)
    bulk.control("DELETE", "requests")


def held() -> Counter[str]:
    """Return how many users have each attribute with each value."""
    values = [
        (user.get("customSecurityAttributes") or {}).get(SET) or {} for user in bulk.control("GET", "state")["users"]
    ]
    return Counter(f"{name} = {value}" for own in values for name, value in own.items())


def expect(wanted: Counter[str], when: str) -> None:
    """Raise RuntimeError unless users have these values."""
    if held() != wanted:
        raise RuntimeError(f"{when}, users have {held()}")


def patches() -> tuple[Counter[str], int]:
    """Return the PATCHes of each user, and the number of requests, since they were looked at last."""
    log = bulk.control("GET", "requests")
    bulk.control("DELETE", "requests")
    sent = Counter(entry["path"] for entry in log if entry["method"] == "PATCH" and "/users/" in entry["path"])
    return sent, sum(entry["batch"] is None for entry in log)


def descendants(pid: int) -> list[int]:
    """Return the processes that a process began, and those that these began. Ansible's workers leave its group."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [found for child in children for found in (*descendants(child), child)]


def run(playbook: Path, seconds: float | None = None) -> float | None:
    """Run a playbook, and return how long it took; kill it after so many seconds, and return null.

    Raises RuntimeError if it fails.
    """
    began = time.perf_counter()
    command = ["ansible-playbook", str(playbook)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        for pid in [*descendants(process.pid), process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()
        return None
    if process.returncode:
        raise RuntimeError(output[-4000:])
    return time.perf_counter() - began


def play(path: Path, **options: Any) -> Path:
    """Write a playbook of one reconcile."""
    tasks = [{"entra.attributes.reconcile": {"report": "none", **options}}]
    path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    return path


def main() -> None:
    """Print the table."""
    tenant = bulk.control("GET", "state")
    bulk.control("POST", "quirks", {"latency": bulk.LATENCY})
    dice = random.Random(1)  # noqa: S311 - repeatable
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        rename = play(Path(folder, "rename.json"), declarations=DECLARED, snapshot_path=f"{folder}/snapshot")
        undo = play(Path(folder, "undo.json"), src=[f"{folder}/snapshot"], undo=True)
        populate(tenant)
        before = held()
        after = Counter({text.replace("Old", "New").replace("value 3", "three"): n for text, n in before.items()})
        whole = run(rename) or 0.0
        sent, requests = patches()
        expect(after, "After the rename")
        rows.append(("rename", whole, requests, sent, 0))
        undone = run(undo) or 0.0
        sent, requests = patches()
        expect(before, "After the undo")
        rows.append(("undo", undone, requests, sent, 0))
        populate(tenant)
        killed, began = 0, time.perf_counter()
        while run(rename, dice.uniform(0.2, 0.6) * whole if killed < KILLS else None) is None:
            killed += 1
        taken = time.perf_counter() - began
        sent, requests = patches()
        expect(after, "After the killed rename")
        rows.append(("rename, killed at random and continued", taken, requests, sent, killed))
        undone = run(undo) or 0.0
        sent, requests = patches()
        expect(before, "After the undo of the killed rename")
        rows.append(("undo of that", undone, requests, sent, 0))
    print("| run | time | kills | requests | users with one PATCH | with more |")
    print("|---|---|---|---|---|---|")
    for title, seconds, requests, sent, kills in rows:
        once = sum(number == 1 for number in sent.values())
        print(f"| {title} | {seconds:.1f} s | {kills} | {requests:,} | {once:,} | {len(sent) - once:,} |", flush=True)
    bulk.control("POST", "quirks", {"latency": 0.0})
    bulk.control("PUT", "state", tenant)


if __name__ == "__main__":
    main()
