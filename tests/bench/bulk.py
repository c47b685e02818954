# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cost of bringing many principals in line: this collection, a playbook of `uri` tasks, and the floor.

Each job runs as a separate process from start to end, so the start of Ansible counts. The local Graph takes 50 ms for
every request. Rows that would take minutes are measured once; see `REPEATS`.
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

HERE = Path(__file__).parent
LATENCY = 0.05
FULL = os.environ.get("BENCH") != "quick"
SIZES = (1, 20, 100, 1_000, 10_000, 100_000) if FULL else (1, 20, 1_000)
MOST_LOOPED = 100
"""Principals up to which those ways are measured that send a request for each."""
MOST_CHANGED = 10_000
REPEATS = 3
QUOTA = {"writes": 3000, "seconds": 10, "scale": 1.0}
"""The service's own quota of 3,000 writes in 150 seconds, 15 times as fast."""
WRITES = 8_000


def control(method: str, path: str, body: Any = None) -> Any:
    """Call a control endpoint of the local Graph."""
    answer = requests.request(
        method,
        f"{os.environ['ENTRA_GRAPH_URL']}/_emulator/{path}",
        json=body,
        headers={"X-Emulator-Secret": os.environ["GRAPH_EMULATOR_SECRET"]},
        verify=os.environ["REQUESTS_CA_BUNDLE"],
        timeout=300,
    )
    answer.raise_for_status()
    return answer.json()


def name(number: int) -> str:
    return f"u{number}@contoso.com"


def populate(tenant: dict[str, Any], count: int, vendors: int | None) -> None:
    """Have so many users, all with this number of vendors, or none."""
    held = {"customSecurityAttributes": {"Engineering": {"NumVendors": vendors}}} if vendors else {}
    users = [
        {"id": f"00000000-0000-4000-8000-{n:012}", "displayName": f"User {n}", "userPrincipalName": name(n), **held}
        for n in range(count)
    ]
    control("PUT", "state", {**tenant, "users": users})
    control("DELETE", "requests")


def looped(options: dict[str, Any]) -> dict[str, Any]:
    """A play of the single module in a loop."""
    task = {"user": "{{ item }}", "attribute_set": "Engineering", "name": "NumVendors", "value": 4, "type": "integer"}
    return {"entra.attributes.custom_security_attribute": task, "loop": options["users"]}


def by_uri(options: dict[str, Any]) -> list[dict[str, Any]]:
    """A playbook without the collection: get a token, GET each user, PATCH each that differs."""
    authorized = {
        "headers": {"Authorization": "Bearer {{ token.json.access_token }}"},
        "ca_path": os.environ["REQUESTS_CA_BUNDLE"],
    }
    body = {
        "customSecurityAttributes": {
            "Engineering": {
                "@odata.type": "#Microsoft.DirectoryServices.CustomSecurityAttributeValue",
                "NumVendors@odata.type": "#Int32",
                "NumVendors": 4,
            }
        }
    }
    users = f"{os.environ['ENTRA_GRAPH_URL']}/v1.0/users"
    return [
        {
            "ansible.builtin.uri": {
                "url": f"{os.environ['AZURE_AUTHORITY_HOST']}/{os.environ['AZURE_TENANT_ID']}/oauth2/v2.0/token",
                "method": "POST",
                "body_format": "form-urlencoded",
                "body": {
                    "grant_type": "client_credentials",
                    "client_id": os.environ["AZURE_CLIENT_ID"],
                    "client_secret": os.environ["AZURE_CLIENT_SECRET"],
                    "scope": f"{os.environ['ENTRA_GRAPH_URL']}/.default",
                },
                "ca_path": os.environ["REQUESTS_CA_BUNDLE"],
            },
            "register": "token",
        },
        {
            "ansible.builtin.uri": {"url": users + "/{{ item }}?$select=customSecurityAttributes", **authorized},
            "loop": options["users"],
            "register": "found",
        },
        {
            "ansible.builtin.uri": {
                "url": users + "/{{ item.item }}",
                "method": "PATCH",
                "body_format": "json",
                "body": body,
                "status_code": 204,
                **authorized,
            },
            "loop": "{{ found.results }}",
            "loop_control": {"label": "{{ item.item }}"},
            "when": "((item.json.customSecurityAttributes or {}).Engineering | default({})).NumVendors | default != 4",
        },
    ]


def from_variables(options: dict[str, Any]) -> dict[str, Any]:
    """A play of the bulk module with its declarations in the play."""
    declared = [{"user": user, "attributes": {"Engineering": {"NumVendors": 4}}} for user in options["users"]]
    return {"entra.attributes.custom_security_attributes": {"assignments": declared, "report": "changed"}}


def from_file(options: dict[str, Any]) -> dict[str, Any]:
    """A play of the bulk module with its declarations in a CSV file."""
    return {"entra.attributes.custom_security_attributes": {"src": str(options["src"]), "report": "changed"}}


WAYS: dict[str, tuple[int, Callable[[dict[str, Any]], Any] | None]] = {
    "ansible.builtin.uri, playbook by hand": (MOST_LOOPED, by_uri),
    "custom_security_attribute in a loop": (MOST_LOOPED, looped),
    "custom_security_attributes, variables": (10_000, from_variables),
    "custom_security_attributes, CSV": (100_000, from_file),
    "floor: a Python script without Ansible": (100_000, None),
}


@dataclass
class Measured:
    """The time and memory of a job."""

    seconds: list[float] = field(default_factory=list)
    requests: int = 0
    memory: float = 0.0
    """Peak of the process and all below it, in MB; memory that they share counts once."""


@contextmanager
def job(way: Callable[[dict[str, Any]], Any] | None, count: int) -> Iterator[list[str]]:
    """The command that does the job."""
    with tempfile.TemporaryDirectory() as folder:
        src, playbook = Path(folder, "attributes.csv"), Path(folder, "play.json")
        users = [name(n) for n in range(count)]
        with src.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["user", "Engineering.NumVendors"])
            rows.writerows([user, 4] for user in users)
        if way is None:
            yield [sys.executable, str(HERE / "floor.py"), str(src)]
            return
        tasks = way({"users": users, "src": src})
        play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks if isinstance(tasks, list) else [tasks]}
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        yield ["ansible-playbook", str(playbook)]


def run(command: list[str]) -> tuple[float, float]:
    """Seconds and peak memory of a command. Raises CalledProcessError."""
    began, peak = time.perf_counter(), [0.0]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.1):
                peak[0] = max(peak[0], memory(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        _out, errors = process.communicate()
        seconds = time.perf_counter() - began
        ended.set()
        watcher.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=errors)
    return seconds, peak[0]


def memory(root: int) -> float:
    """Proportional memory in MB of a process and its descendants (Linux; elsewhere 0)."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has just ended
    family = {root}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    total = 0
    for process in family:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return total / 1024


def measure(tenant: dict[str, Any], way: Callable[[dict[str, Any]], Any] | None, count: int, change: bool) -> Measured:
    """Do a job a few times, each from the same beginning."""
    measured = Measured()
    with job(way, count) as command:
        for turn in range(REPEATS):
            if change or not turn:
                populate(tenant, count, None if change else 4)
            control("DELETE", "requests")
            seconds, peak = run(command)
            measured.seconds.append(seconds)
            measured.memory = max(measured.memory, peak)
            log = control("GET", "requests")
            measured.requests = sum(request["batch"] is None for request in log)
            patches = sum(request["method"] == "PATCH" for request in log)
            if patches != (count if change else 0):
                raise RuntimeError(f"{command}: {patches} of {count} were written")
            if seconds > 5:
                break
    return measured


def table(tenant: dict[str, Any]) -> None:
    """Print the duration of each way, by the number of principals."""
    print("| principals | way | check | requests | change | requests | memory | check, times as fast as uri | change |")
    print("|---|---|---|---|---|---|---|---|---|")
    for count in SIZES:
        base: dict[bool, float] = {}
        for title, (most, way) in WAYS.items():
            if count > most:
                continue
            cells, ratios, peak = [f"{count:,}", title], [], 0.0
            for change in (False, True):
                if change and count > MOST_CHANGED:
                    cells += ["-", "-"]
                    ratios.append("-")
                    continue
                measured = measure(tenant, way, count, change)
                median = statistics.median(measured.seconds)
                base.setdefault(change, median)
                cells += [f"{median:.2f} s", f"{measured.requests:,}"]
                ratios.append(f"{base[change] / median:.1f}" if count <= MOST_LOOPED else "-")
                peak = max(peak, measured.memory)
            print("| " + " | ".join([*cells, f"{peak:.0f} MB", *ratios]) + " |", flush=True)


def silent(options: dict[str, Any]) -> dict[str, Any]:
    """A play with a task in a loop that sends nothing."""
    return {"ansible.builtin.debug": {"msg": "{{ item }}"}, "loop": options["users"]}


def limit() -> None:
    """Print the lower bound of a loop: Ansible's own time for each item, and the wait for each request."""
    with job(silent, MOST_LOOPED) as command:
        seconds = statistics.median(run(command)[0] for _turn in range(REPEATS))
    print(f"| {MOST_LOOPED} items | seconds |")
    print("|---|---|")
    print(f"| ansible.builtin.debug in a loop, which sends nothing | {seconds:.2f} s |")
    for each, title in ((1, "check"), (2, "change")):
        least = seconds + each * LATENCY * MOST_LOOPED
        print(f"| with {each} x {LATENCY * 1000:.0f} ms for each item, to {title} | {least:.2f} s |")


def quota(tenant: dict[str, Any]) -> None:
    """Print how much of the write quota a run uses, and how often it runs into it."""
    populate(tenant, WRITES, None)
    control("POST", "quirks", {"throttle": QUOTA})
    with job(from_file, WRITES) as command:
        run(command)
    control("POST", "quirks", {"throttle": None})
    writes = [request for request in control("GET", "requests") if request["method"] == "PATCH"]
    times = sorted(request["time"] for request in writes if request["status"] == 204)
    available = QUOTA["writes"] * (1 + (times[-1] - times[0]) / QUOTA["seconds"])
    throttled = sum(request["status"] == 429 for request in writes)
    principals = {request["path"] for request in writes if request["status"] == 204}
    print("| writes | took | share of the quota used | answered 429 | lost or written twice |")
    print("|---|---|---|---|---|")
    print(
        f"| {len(times):,} | {times[-1] - times[0]:.1f} s | {len(times) / available:.1%} |"
        f" {throttled / len(writes):.2%} | {abs(WRITES - len(principals)) + len(times) - len(principals)} |"
    )


def main() -> None:
    """Print the tables."""
    tenant = control("GET", "state")
    control("POST", "quirks", {"latency": LATENCY})
    print("\nBulk: seconds from the start of the process to its end\n")
    table(tenant)
    print("\nThe least that a loop can take\n")
    limit()
    print("\nThe write quota, 15 times as fast\n")
    quota(tenant)
    print("\nNot measured here: az rest and msgraph-sdk, see BENCH=peers")
    control("POST", "quirks", {"latency": 0.0})
    control("PUT", "state", tenant)


if __name__ == "__main__":
    main()
