# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sliced job: four processes at once, each with its part of one inventory, all with the quota of one application."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from _emulator import Emulator
from _jobs import built_in_credential, hosts, outcome, prepare, reach, start

SLICES = 4
PRINCIPALS = 10_000
QUOTA = {"writes": 3000, "seconds": 30}
"""The published one (graph-facts 8), five times as fast."""
TASK = "The attributes of all hosts of this slice are as declared"


def upn(number: int) -> str:
    return f"user{number:05}@contoso.com"


def slices(entries: dict[str, dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return the output of AWX's inventory script for each slice: every n-th host in the order of names."""
    names = sorted(entries)
    return [hosts({name: entries[name] for name in names[first::count]}) for first in range(count)]


def test_four_slices_share_the_quota(emulator: Emulator, tmp_path: Path) -> None:
    tenant = emulator.tenant()
    tenant["users"] = [
        {
            "id": f"33333333-3333-4333-8333-{number:012}",
            "displayName": f"User {number}",
            "userPrincipalName": upn(number),
        }
        for number in range(PRINCIPALS)
    ]
    emulator.tenant(tenant)
    declared = {
        upn(number): {
            "entra_assignment": {
                "user": "{{ inventory_hostname }}",
                "attributes": {"Engineering": {"NumVendors": number}},
            }
        }
        for number in range(PRINCIPALS)
    }
    env = {**built_in_credential(emulator.environment), **reach(emulator.environment)}
    emulator.quirks(throttle=QUOTA)
    emulator.clear()
    inventories = enumerate(slices(declared, SLICES))
    folders = [prepare(tmp_path / f"slice{number}", env, inventory) for number, inventory in inventories]
    for process in [start(folder) for folder in folders]:
        process.wait()
    jobs = [outcome(folder) for folder in folders]
    assert [job.status for job in jobs] == ["successful"] * SLICES, [job.stdout for job in jobs]
    summaries = [job.results(TASK)[0]["summary"] for job in jobs]
    assert [summary["changed"] for summary in summaries] == [PRINCIPALS // SLICES] * SLICES

    writes = [request for request in emulator.requests() if request["method"] == "PATCH"]
    done = [request for request in writes if request["status"] == 204]
    assert len(Counter(request["path"] for request in done)) == len(done) == PRINCIPALS, "none lost, none done twice"
    held = {user["userPrincipalName"]: user["customSecurityAttributes"] for user in emulator.tenant()["users"]}
    assert held == {upn(number): {"Engineering": {"NumVendors": number}} for number in range(PRINCIPALS)}

    times = sorted(request["time"] for request in done)
    available = QUOTA["writes"] * (1 + (times[-1] - times[0]) / QUOTA["seconds"])
    used = len(done) / available
    throttled = sum(request["status"] == 429 for request in writes) / len(writes)
    print(f"{used:.1%} of the quota used in {times[-1] - times[0]:.1f} s, {throttled:.2%} answered 429, {summaries}")
    assert used >= 0.9


PART = 400
PARTS = 3
APPLICATION_QUOTA = {"writes": 600, "seconds": 1_000_000}
"""Enough for one part. It is not refilled, so one application could never write all parts."""


def with_applications(tenant: dict[str, Any]) -> list[dict[str, str]]:
    """Add an application for each part to the tenant, and return what the credential of each job has."""
    credentials = []
    for number in range(PARTS):
        application = f"22222222-2222-4222-8222-2222222223{number:02}"
        secret = f"local-graph-secret-of-part-{number}-5c1e"
        permissions = ["CustomSecAttributeAssignment.ReadWrite.All", "CustomSecAttributeDefinition.Read.All"]
        tenant["applications"].append(
            {
                "client_id": application,
                "display_name": f"part {number}",
                "secrets": [{"value": secret}],
                "permissions": [*permissions, "User.Read.All"],
            }
        )
        credentials.append({"client": application, "secret": secret})
    return credentials


def test_jobs_with_an_application_each_use_the_quota_of_each(emulator: Emulator, tmp_path: Path) -> None:
    tenant = emulator.tenant()
    tenant["users"] = [
        {
            "id": f"33333333-3333-4333-8333-{number:012}",
            "displayName": f"User {number}",
            "userPrincipalName": upn(number),
        }
        for number in range(PARTS * PART)
    ]
    credentials = with_applications(tenant)
    emulator.tenant(tenant)
    declared = {
        upn(number): {"entra_assignment": {"user": upn(number), "attributes": {"Engineering": {"NumVendors": number}}}}
        for number in range(PARTS * PART)
    }
    emulator.quirks(throttle=APPLICATION_QUOTA)
    emulator.clear()
    jobs = []
    for number, credential in enumerate(credentials):
        env = {**built_in_credential(emulator.environment, **credential), **reach(emulator.environment)}
        folder = prepare(tmp_path / f"part{number}", env, hosts(declared))
        jobs.append((folder, start(folder, "--limit", f"all[{number * PART}:{(number + 1) * PART - 1}]")))
    for _folder, process in jobs:
        process.wait()
    outcomes = [outcome(folder) for folder, _process in jobs]
    assert [job.status for job in outcomes] == ["successful"] * PARTS, [job.stdout for job in outcomes]
    assert [job.results(TASK)[0]["summary"]["changed"] for job in outcomes] == [PART] * PARTS

    writes = [request for request in emulator.requests() if request["method"] == "PATCH"]
    assert {request["status"] for request in writes} == {204}
    assert len({request["path"] for request in writes}) == len(writes) == PARTS * PART > APPLICATION_QUOTA["writes"]
