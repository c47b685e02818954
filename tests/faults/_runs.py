# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Seeded runs through the proxy, each compared with the history and then finished in clear weather."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _claims import holds, untrue_claims
from _proxy import FaultProxy, Weather
from _reconcile import reconcile
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._errors import EntraError
from ansible_collections.entra.attributes.plugins.module_utils._operation import connect
from ansible_collections.entra.attributes.plugins.module_utils._operations import assignments as _bulk

PRINCIPALS = 45
LONGEST_SECONDS = 120
"""Seconds after which a run counts as endless."""
OPTIONS: dict[str, Any] = {"timeout": 1, "retries": 4, "max_wait": 30}

Run = Callable[[FaultProxy, Mapping[str, Any]], dict[str, Any]]


def inside(proxy: FaultProxy, options: Mapping[str, Any]) -> dict[str, Any]:
    """Run the module's operation in this process, as the action plugin does. Returns the task's result."""
    validator = ArgumentSpecValidator(_bulk.BULK.argument_spec(proxy.environment), **_bulk.BULK.constraints)
    validated = validator.validate(dict(options))
    assert not validated.error_messages, validated.error_messages
    return _bulk.BULK.result(validated.validated_parameters, proxy.environment, check_mode=False, diff=False)


def as_module(proxy: FaultProxy, options: Mapping[str, Any]) -> dict[str, Any]:
    """Run the module in a Python process, as Ansible does on a host. Returns what it prints."""
    module = "ansible_collections.entra.attributes.plugins.modules.custom_security_attributes"
    done = subprocess.run(
        [sys.executable, "-m", module],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {**options, "_ansible_remote_tmp": "/tmp"}}),
        env={**os.environ, **proxy.environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stdout[-2000:] + done.stderr[-2000:]
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@dataclass
class Report:
    """The outcome of one run: untrue claims, and the events on the way."""

    seed: int
    wrong: list[str] = field(default_factory=list)
    spoiled: list[str] = field(default_factory=list)
    writes: int = 0
    seconds: float = 0.0
    summary: Mapping[str, int] = field(default_factory=dict)


def identifier(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def populate(proxy: FaultProxy) -> None:
    """Make a tenant of users who have nothing."""
    tenant = proxy.emulator.tenant()
    tenant["users"] += [
        {"id": identifier(n), "displayName": f"User {n}", "userPrincipalName": f"u{n}@contoso.com"}
        for n in range(PRINCIPALS)
    ]
    proxy.emulator.tenant(tenant)


def assigned(proxy: FaultProxy) -> dict[str, Any]:
    """Return the attributes of all principals, by id."""
    tenant = proxy.emulator.tenant()
    everybody = tenant["users"] + tenant["servicePrincipals"]
    return {one["id"]: one.get("customSecurityAttributes") or {} for one in everybody}


def run(proxy: FaultProxy, seed: int, how: Run = inside) -> Report:
    """Change some principals in the weather of a seed, compare the claims, then finish in clear weather."""
    chance = random.Random(f"declared {seed}")  # noqa: S311 - repeatable
    before = assigned(proxy)
    wanted: dict[str, Any] = {}
    for number in chance.sample(range(PRINCIPALS), chance.choice([1, 3, 25, PRINCIPALS])):
        wanted[identifier(number)] = {
            "Engineering": {
                "NumVendors": chance.randint(1, 4),
                "Project": chance.choice([["Baker"], ["Alpine", "Baker"]]),
            }
        }
    options = {
        **OPTIONS,
        "assignments": [{"user": who, "attributes": attributes} for who, attributes in wanted.items()],
        "verify": chance.random() < 0.3,
        "on_error": chance.choice(["continue", "continue", "stop"]),
    }
    report = Report(seed)
    proxy.begin(weather := Weather.of(seed))
    began = time.monotonic()
    result = how(proxy, options)
    report.seconds = time.monotonic() - began
    history = list(proxy.history)
    proxy.begin(Weather.clear())
    report.wrong = untrue_claims(result, wanted, before, assigned(proxy), history)
    report.spoiled, report.writes, report.summary = weather.spoiled, len(history), result.get("summary", {})
    if report.seconds > LONGEST_SECONDS:
        report.wrong.append(f"it took {report.seconds:.0f} s")
    if "results" not in result and not result.get("error"):
        report.wrong.append(f"the results are lost: {result.get('msg')}")
    finished, after = how(proxy, options), assigned(proxy)
    if finished.get("failed") or not all(holds(after[who], desired) for who, desired in wanted.items()):
        report.wrong.append(f"the next run did not converge: {finished.get('msg')}")
    return report


def run_selecting(proxy: FaultProxy, seed: int) -> Report:
    """Change those whom a group and a filter select in the weather of a seed, and take a value from all others.

    A list of members that was cut must not look whole: whoever is missing in it would lose the value.
    """
    chance = random.Random(f"selected {seed}")  # noqa: S311 - repeatable
    tenant = proxy.emulator.tenant()
    members = chance.sample(range(PRINCIPALS), 20)
    sellers = [number for number in range(PRINCIPALS) if number % 3 == 0]
    holders = chance.sample(range(PRINCIPALS), 15)
    for number in range(PRINCIPALS):
        user = next(user for user in tenant["users"] if user["id"] == identifier(number))
        user["department"] = "Sales" if number in sellers else "Legal"
        if number in holders:
            user["customSecurityAttributes"] = {"Engineering": {"ProjectDate": "2026", "Project": ["Baker"]}}
    inner = {"id": identifier(9001), "displayName": "Inner", "members": [identifier(n) for n in members[10:]]}
    outer = {"id": identifier(9000), "displayName": "Outer"}
    outer["members"] = [inner["id"], *(identifier(number) for number in members[:10])]
    proxy.emulator.tenant({**tenant, "groups": [outer, inner]})
    wanted: dict[str, Any] = {identifier(number): {"Engineering": {}} for number in {*members, *sellers, *holders}}
    for number in sellers:
        wanted[identifier(number)]["Engineering"]["NumVendors"] = 4
    for number in {*members, *holders}:
        wanted[identifier(number)]["Engineering"]["ProjectDate"] = "2026" if number in members else None
    before = assigned(proxy)
    options = {
        **OPTIONS,
        "assignments": [
            {
                "users": {"group": "Outer"},
                "attributes": {"Engineering": {"ProjectDate": "2026"}},
                "exclusive": True,
            },
            {"users": {"filter": "department eq 'Sales'"}, "attributes": {"Engineering": {"NumVendors": 4}}},
        ],
        "verify": chance.random() < 0.3,
        "on_error": chance.choice(["continue", "stop"]),
    }
    report = Report(seed)
    proxy.begin(weather := Weather.of(seed))
    began = time.monotonic()
    result = inside(proxy, options)
    report.seconds, history = time.monotonic() - began, list(proxy.history)
    proxy.begin(Weather.clear())
    report.wrong = untrue_claims(result, wanted, before, assigned(proxy), history)
    report.spoiled, report.writes, report.summary = weather.spoiled, len(history), result.get("summary", {})
    if report.seconds > LONGEST_SECONDS:
        report.wrong.append(f"it took {report.seconds:.0f} s")
    finished, after = inside(proxy, options), assigned(proxy)
    if finished.get("failed") or not all(holds(after[who], desired) for who, desired in wanted.items()):
        report.wrong.append(f"the next run did not converge: {finished.get('msg')}")
    if inside(proxy, options)["changed"]:
        report.wrong.append("a finished run changes something")
    return report


def run_reconcile(proxy: FaultProxy, seed: int, folder: Path) -> Report:
    """Reconcile a folder in the weather of a seed, compare the claims, then finish in clear weather.

    Sets, definitions and assignments are new to the tenant. A second run afterwards finds nothing to change.
    """
    chance = random.Random(f"folder {seed}")  # noqa: S311 - repeatable
    people = chance.sample(range(PRINCIPALS), 12)
    wanted = {identifier(n): {"Sales": {"Region": chance.choice(["EMEA", "APAC"]), "Grade": n}} for n in people}
    text = {"attribute_set": "Sales", "name": "Region", "type": "string", "predefined_values_only": True}
    declared = {
        "attribute_sets": [{"name": "Sales"}],
        "definitions": [
            {**text, "predefined_values": ["EMEA", "APAC"], "inactive_predefined_values": ["LATAM"]},
            {"attribute_set": "Sales", "name": "Grade", "type": "integer"},
        ],
        "assignments": [{"user": who, "attributes": attributes} for who, attributes in wanted.items()],
    }
    (folder / "sales.json").write_text(json.dumps(declared))
    before = assigned(proxy)
    report = Report(seed)
    proxy.begin(weather := Weather.of(seed))
    began = time.monotonic()
    try:
        with connect(OPTIONS, proxy.environment) as graph:
            result = reconcile(graph, folder, report="all")
    except EntraError as error:
        result = error.as_result()
    report.seconds, report.spoiled, report.writes = time.monotonic() - began, weather.spoiled, len(proxy.history)
    history = list(proxy.history)
    proxy.begin(Weather.clear())
    claims = result
    if "results" in result:  # else it ended before any principal was written
        changed = any(entry["changed"] for entry in result["results"])
        claims = {**result, "changed": changed, "summary": result["summary"]["assignments"]}
    report.wrong = untrue_claims(claims, wanted, before, assigned(proxy), history)
    if (
        not result.get("failed")
        and not result.get("error")
        and not all(holds(assigned(proxy)[who], desired) for who, desired in wanted.items())
    ):
        report.wrong = ["it succeeded, and not everybody has the desired values"]
    if report.seconds > LONGEST_SECONDS:
        report.wrong.append(f"it took {report.seconds:.0f} s")
    with connect(OPTIONS, proxy.environment) as graph:
        reconcile(graph, folder)
        if reconcile(graph, folder)["changed"]:
            report.wrong.append("a finished run changes something")
    if not all(holds(assigned(proxy)[who], desired) for who, desired in wanted.items()):
        report.wrong.append("the next run did not converge")
    return report
