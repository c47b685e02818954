# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that report only what changes keep no principal that has what is desired. They decide the same as others."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils._errors import EntraError
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BULK, run_bulk

BY_PAGES = replace(BULK, run=partial(run_bulk, choose=lambda filters, size: "pages"))
WORDS = ["a", "b", "4", "true"]


def number(n: int) -> str:
    return f"00000000-0000-4000-8000-{n:012}"


def assigned(chosen: random.Random) -> dict[str, Any]:
    """The attributes of a principal."""
    values: dict[str, Any] = {}
    if chosen.random() < 0.7:
        values["NumVendors"] = chosen.choice([1, 4])
    if chosen.random() < 0.5:
        values["Certification"] = chosen.choice([True, False])
    if chosen.random() < 0.5:
        values["CostCenter"] = chosen.sample([1, 4, 7], 2)
    return {"Engineering": values} if values else {}


def desired(chosen: random.Random) -> dict[str, Any]:
    """The declared attributes of a principal, now and then with a mistake."""
    values: dict[str, Any] = {}
    if chosen.random() < 0.8:
        values["NumVendors"] = chosen.choice([1, 4, "4", None, True, 1.5] if chosen.random() < 0.1 else [1, 4, 4, 4])
    if chosen.random() < 0.3 or not values:
        values["Certification"] = chosen.choice([True, False, "true", None])
    if chosen.random() < 0.3:
        values["CostCenter"] = chosen.choice([[1, 4], [4, 1], {"add": [4]}, {"remove": [7]}, []])
    return {"Engineering": values}


def directory(tenant: Tenant, chosen: random.Random) -> list[dict[str, Any]]:
    """Fill the tenant, and return what is declared of it: by name in any case, by id, by mail, and by two names."""
    state = tenant.emulator.tenant()
    items: list[dict[str, Any]] = []
    by_others = chosen.random() < 0.3
    for n in range(chosen.randint(20, 45)):
        is_user = chosen.random() < 0.8
        upn, app_id = f"u{n:02}@contoso.com", number(500 + n)
        principal = {"id": number(n), "displayName": f"Name {n}", "customSecurityAttributes": assigned(chosen)}
        principal |= {"userPrincipalName": upn, "mail": f"m{n}@contoso.com"} if is_user else {"appId": app_id}
        state["users" if is_user else "servicePrincipals"].append(principal)
        if chosen.random() < 0.1:
            continue
        name: Any = chosen.choice([upn, upn.upper()] if is_user else [app_id, app_id.upper()])
        if by_others and chosen.random() < 0.2:
            name = {"mail": principal["mail"]} if is_user else principal["displayName"]
        elif chosen.random() < 0.1:
            name = number(n)
        kind = "user" if is_user else "service_principal"
        items.append({kind: name, "attributes": desired(chosen)})
        if chosen.random() < 0.05 and name != number(n):
            items.append({kind: number(n), "attributes": {"Engineering": {"ProjectDate": chosen.choice(WORDS)}}})
    if chosen.random() < 0.3:
        items.append({"user": "nobody@contoso.com", "attributes": desired(chosen)})
    tenant.emulator.tenant(state)
    return items


def outcome(tenant: Tenant, check_mode: bool, **options: Any) -> dict[str, Any]:
    """Run, and return the result without what differs from run to run, also that of a failure."""
    try:
        result = tenant.run(BY_PAGES, check_mode=check_mode, **options)
    except EntraError as error:
        result = error.as_result()
    for key in ("seconds", "requests"):
        result.get("summary", {}).pop(key, None)
    return result


def pending(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in result.get("results", []) if entry["changed"]]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_a_light_run_decides_the_same(tenant: Tenant, seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 - repeatable
    items = directory(tenant, chosen)
    before = tenant.emulator.tenant()
    tenant.graph.page_size = chosen.choice([7, 10, 999])
    options = {"assignments": items, "on_missing": chosen.choice(["fail", "skip"]), "purge": chosen.random() < 0.3}
    options["on_error"] = chosen.choice(["stop", "continue"])
    for check_mode in (True, False):
        tenant.emulator.tenant(before)
        whole = outcome(tenant, check_mode, **options)
        tenant.emulator.tenant(before)
        light = outcome(tenant, check_mode, report="changed", **options)
        assert light.pop("results", []) == pending(whole)
        whole.pop("results", None)
        assert light == whole
        after = tenant.state
        tenant.emulator.tenant(before)
        outcome(tenant, check_mode, **options)
        assert tenant.state == after


@pytest.mark.parametrize("report", ["changed", "all"])
def test_two_users_with_one_name_are_never_taken_for_one(tenant: Tenant, report: str) -> None:
    state = tenant.emulator.tenant()
    held = {"Engineering": {"NumVendors": 4}}
    for n, name in enumerate(["a@contoso.com", "b@contoso.com", "c@contoso.com", "B@contoso.com"]):
        user = {"id": number(n), "displayName": f"Name {n}", "userPrincipalName": name}
        state["users"].append({**user, "customSecurityAttributes": held})
    tenant.emulator.tenant(state)
    items = [{"user": f"{letter}@contoso.com", "attributes": held} for letter in "abc"]
    result = outcome(tenant, True, assignments=items, report=report)
    assert (result["summary"]["failed"], result["summary"]["unchanged"]) == (1, 2)
    assert "b@contoso.com" in result["msg"]
    assert number(1) in result["msg"]
    assert number(3) in result["msg"]
