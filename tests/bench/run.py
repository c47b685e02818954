# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cost of a task. `make bench` runs this with the local Graph's environment set.

A no-op `custom_security_attribute` task and an `ansible.builtin.uri` task that sends the same GET take turns in one
playbook run. Both have a ready token. What counts is the ratio of the medians, as machines differ and may be busy.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import bulk
import limits
import peers
import reconcile
import report
import requests
import selections
import yaml

TURNS = 20
HERE = Path(__file__).parent
ADELE = "33333333-3333-4333-8333-333333333301"
MODULE, URI = "custom_security_attribute, nothing to change", "ansible.builtin.uri, the same GET"


def ready_token() -> str:
    """A token of the local Graph that may do what the tasks do."""
    permissions = ["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All"]
    answer = requests.post(
        f"{os.environ['ENTRA_GRAPH_URL']}/_emulator/token",
        json={"permissions": permissions},
        headers={"X-Emulator-Secret": os.environ["GRAPH_EMULATOR_SECRET"]},
        verify=os.environ["REQUESTS_CA_BUNDLE"],
        timeout=30,
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def play(token: str) -> list[dict[str, object]]:
    """The playbook: both tasks in turns."""
    select = "id,displayName,userPrincipalName,customSecurityAttributes"
    module = {
        "name": MODULE,
        "entra.attributes.custom_security_attribute": {
            "user": ADELE,
            "attribute_set": "Engineering",
            "name": "NumVendors",
            "state": "absent",
        },
        "environment": {"ENTRA_ACCESS_TOKEN": token},
    }
    uri = {
        "name": URI,
        "ansible.builtin.uri": {
            "url": f"{os.environ['ENTRA_GRAPH_URL']}/v1.0/users/{ADELE}?$select={select}",
            "headers": {"Authorization": f"Bearer {token}"},
            "ca_path": os.environ["REQUESTS_CA_BUNDLE"],
        },
    }
    return [{"hosts": "localhost", "gather_facts": False, "tasks": [uri, module] * TURNS}]


def measure() -> dict[str, list[float]]:
    """The seconds of each task, by its name; the first turn, which fills caches, is left out."""
    with tempfile.TemporaryDirectory() as folder:
        playbook, times = Path(folder, "bench.yml"), Path(folder, "times")
        playbook.write_text(yaml.safe_dump(play(ready_token())))
        settings = {
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "task_times",
            "BENCH_TIMES": str(times),
        }
        subprocess.run(
            ["ansible-playbook", str(playbook)],
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        taken: dict[str, list[float]] = {}
        for line in times.read_text().splitlines():
            name, seconds = json.loads(line)
            taken.setdefault(name, []).append(seconds)
    return {name: seconds[1:] for name, seconds in taken.items()}


def main() -> None:
    """Print the tables that docs/benchmarks.md holds; with BENCH=limits or BENCH=peers only one of them."""
    if os.environ.get("BENCH") == "peers":
        print("\nPeers\n")
        peers.main()
        return
    print("\nLimits\n")
    limits.main()
    if os.environ.get("BENCH") == "limits":
        return
    print()
    taken = measure()
    base = statistics.median(taken[URI])
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {TURNS - 1} turns\n")
    print("| task | median | fastest | ratio of the medians |")
    print("|---|---|---|---|")
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        print(f"| {name} | {median:.2f} s | {min(seconds):.2f} s | {median / base:.2f} |", flush=True)
    bulk.main()
    print("\nReconcile\n")
    reconcile.main()
    print("\nSelections\n")
    selections.main()
    print("\nReports\n")
    report.main()
    print("\nRules\n", flush=True)
    paths = {"PYTHONPATH": os.environ["ANSIBLE_COLLECTIONS_PATH"]}
    subprocess.run([sys.executable, str(HERE / "rules.py")], env={**os.environ, **paths}, check=True)


if __name__ == "__main__":
    main()
