# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How near the collection comes to the physical limit, by a server of ready answers (`precomputed.py`).

Each row compares a run with a script that sends the same requests and does nothing else, or with an empty play. Times
of one row are taken in turn, so ratios hold on a busy machine too. `limits.py [ROW ...]` measures some of the rows.
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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bulk
import requests
from precomputed import name

HERE = Path(__file__).parent
FULL = os.environ.get("BENCH") not in ("quick", "limits")
TURNS = 3 if FULL else 1
NO_SCRIPT = "-"


@dataclass
class Cost:
    """Wall time, processor time and peak memory of a process with all below it, and what the server saw."""

    wall: float
    cpu: float
    memory: float
    requests: int = 0
    served: float = 0.0
    """The server's own share of the processor time."""

    @property
    def summary(self) -> str:
        return f"{self.wall:.2f} s, CPU {self.cpu:.2f} s, {self.memory:.0f} MB, {self.requests} requests"


@contextmanager
def server(users: int, latency: float = 0.05, held: int = 4, definitions: int = 0) -> Iterator[dict[str, str]]:
    """Run the server, and lend the variables with which it is reached."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(HERE / "precomputed.py"), folder, *map(str, (users, latency, held, definitions))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                yield {**os.environ, **json.loads(process.stdout.readline())}
            finally:
                process.terminate()


def seen(environment: dict[str, str]) -> dict[str, float]:
    """Return the counters of the server."""
    answer = requests.get(
        f"{environment['ENTRA_GRAPH_URL']}/_bench", verify=environment["REQUESTS_CA_BUNDLE"], timeout=60
    )
    found: dict[str, float] = answer.json()
    return found


def cost(environment: dict[str, str], *command: str) -> Cost:
    """Run a command to its end. Raises CalledProcessError."""
    before, began, peak, ended = seen(environment), time.perf_counter(), [0.0], threading.Event()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)

        def watch() -> None:
            while not ended.wait(0.1):
                peak[0] = max(peak[0], bulk.memory(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        _pid, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        watcher.join()
        if process.returncode:
            output.seek(0)
            raise subprocess.CalledProcessError(process.returncode, command, output.read()[-3000:])
    after = seen(environment)
    cpu = used.ru_utime + used.ru_stime
    return Cost(wall, cpu, peak[0], int(after["requests"] - before["requests"]), (after["cpu"] - before["cpu"]) / cpu)


def in_turn(environment: dict[str, str], *commands: list[str]) -> list[Cost]:
    """Return the medians of the costs of commands that take turns."""
    turns = [[cost(environment, *command) for command in commands] for _turn in range(TURNS)]
    return [
        Cost(*(statistics.median(getattr(turn, field) for turn in each) for field in Cost.__dataclass_fields__))  # type: ignore[arg-type]
        for each in zip(*turns, strict=True)
    ]


def table_of(folder: Path, users: int, value: int = 4) -> Path:
    """Write a CSV file that gives each user the value."""
    src = folder / "attributes.csv"
    with src.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["user", "Engineering.NumVendors"])
        rows.writerows([name(number), value] for number in range(users))
    return src


def play(folder: Path, *tasks: dict[str, Any], **keys: Any) -> list[str]:
    """Write a playbook, and return the command that runs it."""
    path = folder / f"play{len(list(folder.glob('play*')))}.json"
    path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks), **keys}]))
    return ["ansible-playbook", str(path)]


def empty(folder: Path) -> list[str]:
    """Return the command of a play that does nothing."""
    return play(folder, {"ansible.builtin.meta": "noop"})


def script(src: Path, in_flight: int = 4) -> list[str]:
    """Return the command of the script without Ansible."""
    return [sys.executable, str(HERE / "floor.py"), str(src), str(in_flight)]


def from_csv(folder: Path, src: Path, **options: Any) -> list[str]:
    """Return the command of a play with the bulk module."""
    task = {"src": str(src), "report": "changed", **options}
    return play(folder, {"entra.attributes.custom_security_attributes": task})


def row(title: str, goal: str, measured: str, *costs: Cost) -> None:
    """Print a row of the table."""
    details = "; ".join(found.summary for found in costs)
    served = max(found.served for found in costs)
    print(f"| {title} | {goal} | {measured} | {details}; server {served:.0%} |", flush=True)


def check(folder: Path, users: int = 100_000, latency: float = 0.05) -> None:
    """Check everyone from a CSV file."""
    with server(users, latency) as environment:
        src = table_of(folder, users)
        ours, theirs, start = in_turn(environment, from_csv(folder, src), script(src), empty(folder))
    title = f"check {users:,} from CSV, {latency * 1000:.0f} ms a request"
    if latency > 0.1:
        row(title, "0.25 of the script", f"{ours.wall / theirs.wall:.2f}", ours, theirs)
    elif users > 100_000:
        row(title, "CPU 18 s, 1.2 GB", f"CPU {ours.cpu:.1f} s, {ours.memory / 1024:.1f} GB", ours)
    else:
        row(title, "0.4 of the script", f"{ours.wall / theirs.wall:.2f}", ours, theirs)
        goal = "CPU 1.2 of the script; 250 MB"
        row(
            "its CPU beyond Ansible's start",
            goal,
            f"{(ours.cpu - start.cpu) / theirs.cpu:.2f}; {ours.memory:.0f} MB",
            ours,
            theirs,
            start,
        )


def change(folder: Path, users: int, in_flight: int, goal: str) -> None:
    """Change everyone from a CSV file."""
    with server(users, held=0) as environment:
        src = table_of(folder, users)
        ours, theirs, start = in_turn(environment, from_csv(folder, src), script(src, in_flight), empty(folder))
    beyond = ours.wall - (start.wall if in_flight > 4 else 0)
    title = f"change {users:,}{', beyond start' if in_flight > 4 else ''}, of a script with {in_flight} in flight"
    row(title, goal, f"{beyond / theirs.wall:.2f}", ours, theirs, start)


def reconcile(folder: Path, users: int = 100_000) -> None:
    """Reconcile a folder in YAML that changes nothing."""
    lines = [f"  - user: {name(n)}\n    attributes: {{Engineering: {{NumVendors: 4}}}}\n" for n in range(users)]
    (folder / "src").mkdir()
    (folder / "src" / "assignments.yml").write_text("---\nassignments:\n" + "".join(lines))
    task = {"src": [str(folder / "src")]}
    with server(users) as environment:
        (ours,) = in_turn(environment, play(folder, {"entra.attributes.reconcile": task}))
    row(f"reconcile {users:,} in YAML", "12 s, 500 MB", f"{ours.wall:.1f} s, {ours.memory:.0f} MB", ours)


def inventory(folder: Path, users: int = 100_000) -> None:
    """List everyone as hosts in two keyed groups."""
    source = folder / "directory.yml"
    keyed = [
        {"key": "custom_security_attributes.Engineering.NumVendors", "prefix": "vendors"},
        {"key": "entra.type", "prefix": "type"},
    ]
    source.write_text(json.dumps({"plugin": "entra.attributes.directory", "keyed_groups": keyed}))
    with server(users) as environment:
        (ours,) = in_turn(
            environment, [*play(folder, {"ansible.builtin.meta": "noop"}, hosts="none"), "-i", str(source)]
        )
    row(f"inventory of {users:,}, two keyed groups", "15 s, 420 MB", f"{ours.wall:.1f} s, {ours.memory:.0f} MB", ours)


def results(folder: Path, users: int = 10_000) -> None:
    """Register the results of all."""
    with server(users) as environment:
        src = table_of(folder, users)
        task = {"entra.attributes.custom_security_attributes": {"src": str(src)}, "register": "found"}
        ours, start = in_turn(environment, play(folder, task), empty(folder))
    row(f"{users:,} results registered", "CPU 3 empty plays", f"{ours.cpu / start.cpu:.1f}", ours, start)


def definitions(folder: Path, count: int = 1_000) -> None:
    """Reconcile definitions of which nothing changes."""
    declared = [{"attribute_set": "Engineering", "name": f"Other{n:04}", "type": "String"} for n in range(count)]
    (folder / "src").mkdir()
    (folder / "src" / "definitions.json").write_text(json.dumps({"definitions": declared}))
    with server(1, definitions=count) as environment:
        ours, start = in_turn(
            environment, play(folder, {"entra.attributes.reconcile": {"src": [str(folder / "src")]}}), empty(folder)
        )
    title = f"{count:,} definitions in a no-op reconcile, beyond start"
    row(title, "0.5 s", f"{ours.wall - start.wall:.2f} s", ours, start)


def lookup(folder: Path, count: int = 100) -> None:
    """Look names up in a loop, and all at once."""
    plugin = "entra.attributes.custom_security_attribute"
    names = [name(number) for number in range(count)]
    one = {"ansible.builtin.debug": {"msg": f"{{{{ lookup('{plugin}', item) }}}}"}, "loop": names}
    every = {
        "ansible.builtin.debug": {"msg": f"{{{{ query('{plugin}', *names) | length }}}}"},
        "vars": {"names": names},
    }
    with server(count) as environment:
        looped, together, start = in_turn(environment, play(folder, one), play(folder, every), empty(folder))
    title = f"lookup of {count} names in a loop; in one query; beyond start"
    row(title, "1 s", f"{looped.wall - start.wall:.1f} s; {together.wall - start.wall:.1f} s", looped, together, start)


ROWS = {
    "check": check,
    "slow": lambda folder: check(folder, latency=0.5),
    "change1000": lambda folder: change(folder, 1_000, 16, "1.5"),
    "change10000": lambda folder: change(folder, 10_000, 4, "0.6"),
    "reconcile": reconcile,
    "inventory": inventory,
    "results": results,
    "definitions": definitions,
    "lookup": lookup,
    **({"million": lambda folder: check(folder, 1_000_000)} if FULL else {}),
}


def main() -> None:
    """Print the table."""
    print("| work | goal | measured | ours; the script; an empty play; the server's CPU, of ours |\n|---|---|---|---|")
    for title in sys.argv[1:] or ROWS:
        with tempfile.TemporaryDirectory() as folder:
            ROWS[title](Path(folder))


if __name__ == "__main__":
    main()
