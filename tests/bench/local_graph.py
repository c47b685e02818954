# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests that the local Graph answers in a second with many principals, and its memory.

`.ci/local_graph.sh python tests/bench/local_graph.py` prints the table of docs/benchmarks.md. Numbers of principals can
be given as arguments. Each is measured in a separate local Graph, with one client that waits for each answer.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from _emulator import Emulator, start

SIZES = (10_000, 100_000, 1_000_000)
ONES, BATCHES = 1000, 250
PERMISSIONS = ["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All", "Application.Read.All"]
SELECTED = "$select=id,displayName,userPrincipalName,customSecurityAttributes"
VENDORS = "$filter=customSecurityAttributes/Engineering/NumVendors eq 2"


@dataclass
class Measured:
    """One kind of request: how many there were, the seconds of each, and the processor time they took together."""

    seconds: list[float] = field(default_factory=list)
    processor: float = 0.0

    def row(self) -> str:
        """The cells of the table."""
        count, total = len(self.seconds), sum(self.seconds)
        median, longest = sorted(self.seconds)[count // 2] * 1000, max(self.seconds) * 1000
        processor = self.processor / count * 1000
        return f"{count:,} | {count / total:,.0f} | {processor:.1f} ms | {median:.1f} ms | {longest:.0f} ms"


def processor_seconds(pid: int) -> float:
    """The processor time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, name: str) -> float:
    """MB of a process: VmRSS of now, or VmHWM, the peak."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(f"{name}:"))


class Client:
    """Sends requests to one local Graph, and measures them."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.headers = {
            "Authorization": f"Bearer {emulator.token(permissions=PERMISSIONS)}",
            "ConsistencyLevel": "eventual",
        }

    def send(self, path: str, body: Any = None) -> Any:
        """Return the answer to a GET, or to a POST of a body. Raises requests.HTTPError."""
        url = path if path.startswith("https:") else f"{self.emulator.url}/v1.0{path}"
        answer = self.emulator.session.request(
            "GET" if body is None else "POST",
            url,
            json=body,
            headers=self.headers,
            verify=self.emulator.environment["REQUESTS_CA_BUNDLE"],
            timeout=300,
        )
        answer.raise_for_status()
        self.took = answer.elapsed.total_seconds()
        return answer.json()

    def measure(self, answers: Iterator[Any]) -> Measured:
        """Take all answers."""
        measured, before = Measured(), processor_seconds(self.emulator.process.pid)
        for _answer in answers:
            measured.seconds.append(self.took)
        measured.processor = processor_seconds(self.emulator.process.pid) - before
        return measured

    def pages(self, path: str) -> Iterator[Any]:
        """Yield all pages of a collection."""
        link: str | None = path
        while link:
            page = self.send(link)
            link = page.get("@odata.nextLink")
            yield page

    def ones(self, users: int) -> Iterator[Any]:
        """Yield single users, spread over the tenant."""
        for number in range(0, users, max(users // ONES, 1)):
            yield self.send(f"/users/user-{number:07}@contoso.com?{SELECTED}")

    def batches(self, users: int) -> Iterator[Any]:
        """Yield the answers to batches of 20 writes, each write to another user."""
        attributes = {
            "Engineering": {"@odata.type": "#microsoft.graph.customSecurityAttributeValue", "ProjectDate": "x"}
        }
        for batch in range(BATCHES):
            yield self.send(
                "/$batch",
                {
                    "requests": [
                        {
                            "id": str(number),
                            "method": "PATCH",
                            "url": f"/users/user-{(batch * 20 + number) % users:07}@contoso.com",
                            "headers": {"Content-Type": "application/json"},
                            "body": {"customSecurityAttributes": attributes},
                        }
                        for number in range(20)
                    ]
                },
            )


def seconds(action: Callable[[], Any]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def measure(count: int) -> None:
    """Print the rows of one number of principals."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        emulator = start(Path(folder), principals=count)
        ready = time.perf_counter() - began
        pid, client, users = emulator.process.pid, Client(emulator), count - count // 10
        at_start = memory(pid, "VmRSS")
        table = {
            "pages of 999 users": client.pages(f"/users?$top=999&{SELECTED}"),
            "pages of 999 users by a filter on an attribute": client.pages(
                f"/users?$count=true&$top=999&{SELECTED}&{VENDORS}"
            ),
            "pages of 999 users in the order of names": client.pages(
                f"/users?$orderby=displayName&$top=999&{SELECTED}"
            ),
            "pages of 999 service principals": client.pages("/servicePrincipals?$top=999"),
            "one user by name": client.ones(users),
            "batches of 20 writes": client.batches(users),
        }
        for name, answers in table.items():
            print(f"| {count:,} | {name} | {client.measure(answers).row()} |", flush=True)
        peak = memory(pid, "VmHWM")
        state, reset = seconds(emulator.tenant), seconds(emulator.reset)
        emulator.stop()
    FIGURES.append(f"| {count:,} | {ready:.1f} s | {at_start:.0f} MB | {peak:.0f} MB | {state:.2f} s | {reset:.2f} s |")


FIGURES: list[str] = []


def main() -> None:
    """Print the tables."""
    print("| principals | requests | number | per second | processor time of each | median | longest |")
    print("|---|---|---|---|---|---|---|")
    for count in map(int, sys.argv[1:]) if sys.argv[1:] else SIZES:
        measure(count)
    print("\n| principals | start | memory then | peak | state | reset |")
    print("|---|---|---|---|---|---|")
    print("\n".join(FIGURES))


if __name__ == "__main__":
    main()
