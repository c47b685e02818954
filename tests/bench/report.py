# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long the report of a large tenant takes, how large its page is, and what that takes of memory."""

from __future__ import annotations

import json
import resource
import tempfile
from pathlib import Path
from typing import Any

import bulk

SIZES = (10_000, 100_000) if bulk.FULL else (10_000,)
PROJECTS = ["Alpine", "Baker", "Cascade", "Skagit"]


def populate(tenant: dict[str, Any], count: int) -> None:
    """Have so many users, nine of ten with seven values of six attributes."""
    users = [
        {
            "id": f"00000000-0000-4000-8000-{n:012}",
            "displayName": f"Person {n} of the Company",
            "userPrincipalName": bulk.name(n),
            "customSecurityAttributes": {
                "Engineering": {
                    "Project": [PROJECTS[n % 4]],
                    "NumVendors": n % 9,
                    "CostCenter": [1000 + n % 7, 2000 + n % 5],
                    "Certification": n % 2 == 0,
                },
                "Marketing": {"EmployeeId": f"E-{n}", "AppCountry": ["Canada"]},
            }
            if n % 10
            else {},
        }
        for n in range(count)
    ]
    bulk.control("PUT", "state", {**tenant, "users": users})
    bulk.control("DELETE", "requests")


def processor() -> float:
    """Return the processor time of all processes that were run and have ended."""
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    return times.ru_utime + times.ru_stime


def main() -> None:
    """Print the table."""
    tenant = bulk.control("GET", "state")
    bulk.control("POST", "quirks", {"latency": bulk.LATENCY})
    print("| users | report | processor time | requests | memory | page | JSON |")
    print("|---|---|---|---|---|---|---|")
    for count in SIZES:
        populate(tenant, count)
        with tempfile.TemporaryDirectory() as folder:
            playbook, dest = Path(folder, "play.json"), Path(folder, "report")
            required = [{"attribute_set": "Engineering", "name": "Project"}]
            task = {"entra.attributes.report": {"dest": str(dest), "required": required}}
            playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
            before = processor()
            seconds, memory = bulk.run(["ansible-playbook", str(playbook)])
            used = processor() - before
            sizes = [(dest / name).stat().st_size / 1e6 for name in ("index.html", "report.json")]
        requests = len(bulk.control("GET", "requests"))
        page, document = (f"{size:.1f} MB" for size in sizes)
        row = [f"{count:,}", f"{seconds:.1f} s", f"{used:.1f} s", str(requests), f"{memory:.0f} MB", page, document]
        print(f"| {' | '.join(row)} |", flush=True)
    bulk.control("POST", "quirks", {"latency": 0.0})
    bulk.control("PUT", "state", tenant)


if __name__ == "__main__":
    main()
