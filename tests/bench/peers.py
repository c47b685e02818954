# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same job with other tools: `uri` tasks, msgraph-sdk with 16 requests in flight, and `az rest` in a loop.

`BENCH=peers make bench` prints the table. `.ci/local_graph.sh python tests/bench/peers.py [PRINCIPALS]` does so for
another number. The ways take turns, and the medians count; a way that takes over 5 seconds has one turn. Both clients
of Microsoft have environments of their own, which this makes.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bulk
import reconcile

sys.path.insert(0, str(bulk.HERE.parents[1] / ".ci"))
from environments import environment

PRINCIPALS, TURNS, LONG = 100, 3, 5
SDK = bulk.HERE / "by_msgraph_sdk.py"
URL = '"$ENTRA_GRAPH_URL/v1.0/users/$user'
AZ_REST = f"""set -eu
body='{{"customSecurityAttributes": {{"Engineering": {{
  "@odata.type": "#Microsoft.DirectoryServices.CustomSecurityAttributeValue",
  "NumVendors@odata.type": "#Int32", "NumVendors": 4}}}}}}'
while read -r user; do
  held=$("$2" rest --url {URL}?\\$select=customSecurityAttributes" --headers "Authorization=Bearer $READY_TOKEN" \\
    --query customSecurityAttributes.Engineering.NumVendors </dev/null)
  [ "$held" = 4 ] ||
    "$2" rest --method patch --url {URL}" --headers "Authorization=Bearer $READY_TOKEN" --body "$body" </dev/null
done <"$1"
"""


@contextlib.contextmanager
def ways(count: int) -> Iterator[dict[str, list[str]]]:
    """Lend the command of each way; the first one is what the others are compared with."""
    clients, azure_cli = environment("clients") / "bin", environment("azure-cli") / "bin"
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        ours, by_uri = (stack.enter_context(bulk.job(play, count)) for play in (bulk.from_file, bulk.by_uri))
        users, loop = Path(folder, "users.txt"), Path(folder, "loop.sh")
        users.write_text("".join(f"{bulk.name(number)}\n" for number in range(count)), encoding="utf-8")
        loop.write_text(AZ_REST, encoding="utf-8")
        os.environ.update(AZURE_CONFIG_DIR=f"{folder}/azure", AZURE_CORE_COLLECT_TELEMETRY="no")
        az = str(azure_cli / "az")
        bulk.run([az, "rest", "--help"])  # the first run of all makes an index of all commands
        yield {
            "custom_security_attributes, CSV": ours,
            "ansible.builtin.uri, playbook by hand": by_uri,
            "msgraph-sdk, 16 requests in flight": [str(clients / "python"), str(SDK), str(users)],
            "az rest, a shell loop": ["sh", str(loop), str(users), az],
        }


def token() -> str:
    """Return a token for `az rest`, because `az login` does not know the local Graph."""
    permissions = ["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All"]
    return str(bulk.control("POST", "token", {"permissions": permissions})["access_token"])


def cost(tenant: dict[str, Any], command: list[str], count: int, change: bool) -> tuple[float, float, int]:
    """Return seconds, processor seconds and requests of a way. Raises RuntimeError where it leaves something undone."""
    bulk.populate(tenant, count, None if change else 4)
    os.environ["READY_TOKEN"] = token()
    used = reconcile.processor_seconds()
    seconds, _memory = bulk.run(command)
    used = reconcile.processor_seconds() - used
    log = bulk.control("GET", "requests")
    patches = sum(request["method"] == "PATCH" and request["status"] == 204 for request in log)
    if patches != (count if change else 0):
        raise RuntimeError(f"{command}: {patches} of {count} were written")
    return seconds, used, sum(request["batch"] is None for request in log)


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else PRINCIPALS
    tenant = bulk.control("GET", "state")
    bulk.control("POST", "quirks", {"latency": bulk.LATENCY})
    print("| work | way | time | ratio | processor time | ratio | requests |\n|---|---|---|---|---|---|---|")
    with ways(count) as commands:
        for change in (False, True):
            costs: dict[str, list[tuple[float, float, int]]] = {way: [] for way in commands}
            for _turn in range(TURNS):
                for way, command in commands.items():
                    if not any(seconds > LONG for seconds, _used, _requests in costs[way]):
                        costs[way].append(cost(tenant, command, count, change))
            base: tuple[float, ...] = ()
            for way, turns in costs.items():
                seconds, used, requests = (statistics.median(column) for column in zip(*turns, strict=True))
                base = base or (seconds, used)
                work = f"{'change' if change else 'check'} {count:,}"
                times = f"{seconds:.2f} s | {seconds / base[0]:.1f} | {used:.2f} s | {used / base[1]:.1f}"
                print(f"| {work} | {way} | {times} | {requests:.0f} |", flush=True)
    bulk.control("POST", "quirks", {"latency": 0.0})
    bulk.control("PUT", "state", tenant)


if __name__ == "__main__":
    main()
