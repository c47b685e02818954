# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rules cost that select principals, in proportion to a check of the same principals by their names.

`.ci/local_graph.sh python tests/bench/selections.py` prints the table. All ways take turns, and the medians count. The
processor time is that of Ansible and all its processes. A number of principals can be given as argument.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import bulk
import reconcile

PRINCIPALS, RULES, TURNS = 100_000, 100, 3
GROUPS, MEMBERS = 10, 900
LARGE = 5_000
"""Members of the group that is read alone."""
CITIES = ("London", "Munich", "Seattle", "Toronto")
HELD = {"Engineering": {"NumVendors": 4}}


def identifier(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def name(number: int) -> str:
    """Return the name of a user; every letter begins as many names."""
    return f"{ascii_lowercase[number % 26]}{number}@contoso.com"


def populate(tenant: dict[str, Any], count: int) -> None:
    """Have so many users in 80 departments and 4 cities who hold what is declared, and groups of them."""
    users = [
        {
            "id": identifier(number),
            "displayName": f"User {number}",
            "userPrincipalName": name(number),
            "department": f"Department {number % (RULES - 2 * GROUPS)}",
            "city": CITIES[number // RULES % len(CITIES)],
            "customSecurityAttributes": HELD,
        }
        for number in range(count)
    ]
    groups = [
        {
            "id": f"00000000-0000-4000-9000-{group:012}",
            "displayName": f"Group {group}",
            "members": [identifier(number * (GROUPS + group) % count) for number in range(size)],
        }
        for group, size in enumerate([*[MEMBERS] * GROUPS, LARGE])
    ]
    bulk.control("PUT", "state", {**tenant, "users": users, "groups": groups})


def rules() -> Iterator[dict[str, Any]]:
    """Yield a hundred rules: by department, by department and city, by group."""
    for number in range(RULES - 2 * GROUPS):
        yield {"filter": f"department eq 'Department {number}'"}
    for number in range(GROUPS):
        yield {"filter": f"department eq 'Department {number}' and city in ('London','Munich')"}
        yield {"group": f"Group {number}"}


def declare(folder: Path, count: int) -> dict[str, Path]:
    """Write the declarations of each way, and return their files."""
    named, ruled, grouped = folder / "named.csv", folder / "rules.json", folder / "group.json"
    with named.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["user", "Engineering.NumVendors"])
        rows.writerows([name(number), 4] for number in range(count))
    ruled.write_text(json.dumps([{"users": rule, "attributes": HELD} for rule in rules()]), encoding="utf-8")
    of_group = {"users": {"group": f"Group {GROUPS}"}, "attributes": HELD}
    grouped.write_text(json.dumps([of_group]), encoding="utf-8")
    return {
        f"{count:,} users by name, CSV": named,
        f"{RULES} rules that select all of them": ruled,
        f"one group of {LARGE:,}": grouped,
    }


def main(count: int = PRINCIPALS) -> None:
    """Print the table."""
    tenant = bulk.control("GET", "state")
    populate(tenant, count)
    bulk.control("POST", "quirks", {"latency": bulk.LATENCY})
    with tempfile.TemporaryDirectory() as folder:
        ways = declare(Path(folder), count)
        taken: dict[str, list[tuple[float, float]]] = {title: [] for title in ways}
        requests: dict[str, tuple[int, int]] = {}
        for _turn in range(TURNS):
            for title, src in ways.items():
                task = {"entra.attributes.custom_security_attributes": {"src": str(src), "report": "changed"}}
                play = {"hosts": "localhost", "gather_facts": False, "tasks": [task]}
                playbook = Path(folder, "play.json")
                playbook.write_text(json.dumps([play]), encoding="utf-8")
                bulk.control("DELETE", "requests")
                seconds, processor, _lines = reconcile.run(playbook)
                taken[title].append((seconds, processor))
                log = bulk.control("GET", "requests")
                members = sum("/transitiveMembers/microsoft.graph.user" in request["path"] for request in log)
                requests[title] = (sum(request["batch"] is None for request in log), members)
                if any(request["method"] == "PATCH" for request in log):
                    raise RuntimeError(f"{title} wrote something")
    print("| way | nothing to change | ratio | processor time | ratio | requests | pages of members |")
    print("|---|---|---|---|---|---|---|")
    for title, times in reconcile.compared(taken):
        print(f"| {title} | {times} | {requests[title][0]} | {requests[title][1]} |", flush=True)
    bulk.control("POST", "quirks", {"latency": 0.0})
    bulk.control("PUT", "state", tenant)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
