# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a reconcile that finds nothing to change costs, in proportion to the bulk module over the same files.

`.ci/local_graph.sh python tests/bench/reconcile.py` prints the table. Both ways take turns, and the medians count. The
processor time is that of Ansible and all its processes, which other work on the machine hardly affects.
"""

from __future__ import annotations

import csv
import json
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import bulk

DEFINITIONS, PRINCIPALS, ACTIVE, TURNS = 1_000, 10_000, 400, 3
"""Entra allows 500 active definitions, so the others are deprecated."""
SET = "Load"
FLAGS = {"isCollection": False, "isSearchable": True, "usePreDefinedValuesOnly": False, "allowedValues": []}


def definitions() -> list[dict[str, Any]]:
    """Return the definitions as they are declared."""
    return [
        {
            "attribute_set": SET,
            "name": f"Attribute{number}",
            "type": "string",
            "description": f"Number {number}",
            "state": "present" if number < ACTIVE else "deprecated",
        }
        for number in range(DEFINITIONS)
    ]


def populate(tenant: dict[str, Any]) -> None:
    """Have what is declared, and nothing else."""
    defined = [
        {
            **FLAGS,
            "attributeSet": SET,
            "name": item["name"],
            "description": item["description"],
            "type": "String",
            "status": "Available" if item["state"] == "present" else "Deprecated",
        }
        for item in definitions()
    ]
    users = [
        {
            "id": f"00000000-0000-4000-8000-{number:012}",
            "displayName": f"User {number}",
            "userPrincipalName": bulk.name(number),
            "customSecurityAttributes": {SET: {f"Attribute{number % ACTIVE}": f"value {number % 7}"}},
        }
        for number in range(PRINCIPALS)
    ]
    sets = [*tenant["attributeSets"], {"id": SET, "description": "Of the benchmark", "maxAttributesPerSet": ACTIVE}]
    state = {**tenant, "attributeSets": sets, "definitions": tenant["definitions"] + defined, "users": users}
    bulk.control("PUT", "state", state)


def declare(folder: Path) -> None:
    """Write the declarations: sets and definitions as JSON, assignments as CSV."""
    sets = [{"name": SET, "description": "Of the benchmark", "max_attributes_per_set": ACTIVE}]
    schema = {"attribute_sets": sets, "definitions": definitions()}
    (folder / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    for part in range(ACTIVE // 100):  # a column for each attribute
        names = [f"Attribute{number}" for number in range(part * 100, part * 100 + 100)]
        with (folder / f"people{part}.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["user", *(f"{SET}.{name}" for name in names)])
            for number in range(PRINCIPALS):
                column = number % ACTIVE - part * 100
                if 0 <= column < 100:
                    rows.writerow([bulk.name(number), *[""] * column, f"value {number % 7}", *[""] * (99 - column)])


def processor_seconds() -> float:
    """Return the processor time of all processes that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(playbook: Path) -> tuple[float, float, int]:
    """Return how long a playbook takes, its processor time, and how many lines it prints. Raises CalledProcessError."""
    began, used = time.perf_counter(), processor_seconds()
    done = subprocess.run(["ansible-playbook", str(playbook)], capture_output=True, text=True, check=True)
    return time.perf_counter() - began, processor_seconds() - used, len(done.stdout.splitlines())


def compared(taken: Mapping[str, Sequence[tuple[float, float]]]) -> Iterator[tuple[str, str]]:
    """Yield each way with the cells of its times: wall and processor, each with its ratio to the first way."""
    base: list[float] = []
    for title, turns in taken.items():
        medians = [statistics.median(column) for column in zip(*turns, strict=True)]
        base = base or medians
        cells = (f"{median:.2f} s | {median / first:.2f}" for median, first in zip(medians, base, strict=True))
        yield title, " | ".join(cells)


def main() -> None:
    """Print the table."""
    tenant = bulk.control("GET", "state")
    populate(tenant)
    bulk.control("POST", "quirks", {"latency": bulk.LATENCY})
    with tempfile.TemporaryDirectory() as folder:
        declared = Path(folder, "declared")
        declared.mkdir()
        declare(declared)
        bulk_task = {"entra.attributes.custom_security_attributes": {"src": str(declared), "report": "changed"}}
        bulk_play = {"hosts": "localhost", "gather_facts": False, "tasks": [bulk_task]}
        reconcile_play = {"import_playbook": "entra.attributes.reconcile", "vars": {"reconcile_src": str(declared)}}
        plays: dict[str, dict[str, Any]] = {
            "custom_security_attributes": bulk_play,
            "the playbook entra.attributes.reconcile": reconcile_play,
        }
        taken: dict[str, list[tuple[float, float]]] = {title: [] for title in plays}
        requests, printed = {}, {}
        for _turn in range(TURNS):
            for title, play in plays.items():
                playbook = Path(folder, "play.json")
                playbook.write_text(json.dumps([play]), encoding="utf-8")
                bulk.control("DELETE", "requests")
                seconds, processor, printed[title] = run(playbook)
                taken[title].append((seconds, processor))
                log = bulk.control("GET", "requests")
                requests[title] = sum(request["batch"] is None for request in log)
                if any(request["method"] == "PATCH" for request in log):
                    raise RuntimeError(f"{title} wrote something")
    print("| way | nothing to change | ratio | processor time | ratio | requests | lines printed |")
    print("|---|---|---|---|---|---|---|")
    for title, times in compared(taken):
        print(f"| {title} | {times} | {requests[title]} | {printed[title]} |", flush=True)
    bulk.control("POST", "quirks", {"latency": 0.0})
    bulk.control("PUT", "state", tenant)


if __name__ == "__main__":
    main()
