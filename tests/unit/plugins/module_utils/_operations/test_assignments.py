# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of the bulk module against the local Graph: requests sent, state of the server, results, and what goes wrong."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import random
import re
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from _checkout import found_in
from _emulator import Emulator
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils._core import shared as _shared
from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import Exactly
from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import plan as planned
from ansible_collections.entra.attributes.plugins.module_utils._core.model import USER, flat
from ansible_collections.entra.attributes.plugins.module_utils._declarations import snapshot as _snapshot
from ansible_collections.entra.attributes.plugins.module_utils._declarations import storage as _storage
from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    AttributesHidden,
    GraphError,
    InvalidDeclaration,
    OptionError,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._graph.replication import REPLICATION_WAITS
from ansible_collections.entra.attributes.plugins.module_utils._graph.transport import Http
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BULK, BulkError, run_bulk
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments_entries import OUTCOMES
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments_reader import reading
from ansible_collections.entra.attributes.plugins.module_utils._tenant import principals as _directory
from ansible_collections.entra.attributes.plugins.module_utils._tenant import wire as _wire
from ansible_collections.entra.attributes.plugins.module_utils._tenant.wire import parse_principal

from ...conftest import ADELE, PAYROLL, Patient, ReadyToken, hold, waiting

DEFINITIONS = "GET /v1.0/directory/customSecurityAttributeDefinitions"
BATCH = "POST /v1.0/$batch"
PERMISSIONS = ["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All", "CustomSecAttributeDefinition.Read.All"]
WRITE, READ = "CustomSecAttributeAssignment.ReadWrite.All", "CustomSecAttributeAssignment.Read.All"


def journal(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the lines of a journal by what they record; the results without what only the journal has."""
    lines: dict[str, list[dict[str, Any]]] = {"header": [], "result": [], "summary": []}
    for line in path.read_text().splitlines():
        one = json.loads(line)
        lines[one.pop("record")].append(one)
    return lines


def results(path: Path) -> list[dict[str, Any]]:
    """Return the results of a journal in the order of the declarations; of each the last line counts."""
    last = {one.pop("index"): one for one in journal(path)["result"]}
    return [{key: value for key, value in last[n].items() if key != "declared_in"} for n in sorted(last)]


def bulk(tenant: Tenant, items: Any = None, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    given = {"assignments": items, **options} if items is not None else options
    return tenant.run(BULK, check_mode=check_mode, **given)


def failure(tenant: Tenant, items: Any = None, check_mode: bool = False, **options: Any) -> BulkError:
    with pytest.raises(BulkError) as refusal:
        bulk(tenant, items, check_mode, **options)
    return refusal.value


def user(name: str, attribute_set: str = "Engineering", **attributes: Any) -> dict[str, Any]:
    return {"user": name, "attributes": {attribute_set: attributes}}


def service_principal(name: str, **attributes: Any) -> dict[str, Any]:
    return {"service_principal": name, "attributes": {"Engineering": attributes}}


def number(n: int) -> str:
    return f"00000000-0000-4000-8000-{n:012}"


def populate(tenant: Tenant, count: int, assigned: Callable[[int], Any] = lambda n: None) -> None:
    """Add users u0@contoso.com and so on, and forget the requests."""
    state = tenant.emulator.tenant()
    for n in range(count):
        one = {"id": number(n), "displayName": f"User {n}", "userPrincipalName": f"u{n}@contoso.com"}
        state["users"].append({**one, "customSecurityAttributes": assigned(n) or {}})
    tenant.emulator.tenant(state)
    tenant.emulator.clear()


def everybody(count: int, **attributes: Any) -> list[dict[str, Any]]:
    return [user(f"u{n}@contoso.com", **attributes) for n in range(count)]


def outcomes(summary: Mapping[str, Any]) -> dict[str, int]:
    """The outcomes that a summary counts, without those that nobody has."""
    return {name: summary[name] for name in OUTCOMES if summary[name]}


def overwrite(tenant: Tenant, n: int, centers: list[int]) -> None:
    """Another writer gives a user these cost centers."""
    members = {"@odata.type": "#Microsoft.DirectoryServices.CustomSecurityAttributeValue"}
    members |= {"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": centers}
    answer = requests.patch(
        f"{tenant.emulator.url}/v1.0/users/{number(n)}",
        json={"customSecurityAttributes": {"Engineering": members}},
        headers={"Authorization": f"Bearer {tenant.emulator.token(permissions=[WRITE, 'User.Read.All'])}"},
        verify=tenant.emulator.environment["REQUESTS_CA_BUNDLE"],
        timeout=30,
    )
    assert answer.status_code == 204, answer.text


# What is written


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"user": ADELE, "attributes": {False: {"A": "a"}}}, "attribute set: YAML read the Boolean false where text"),
        ({"user": ADELE, "attributes": {"A": {83: "a"}}}, "attributes.A: attribute: YAML read the integer 83 where"),
        ({"user": ADELE, "attributes": {"A": {"B": 1.1}}}, "1.1 is read by YAML as a number that is not an integer"),
        ({"user": ADELE, "attributes": {"A\u200b": {"B": "b"}}}, "has U+200B (zero width space) at position 2"),
    ],
    ids=str,
)
def test_a_declaration_that_is_not_what_it_says_is_refused_before_any_request(
    tenant: Tenant, tmp_path: Path, item: dict[Any, Any], words: str
) -> None:
    (tmp_path / "a.yml").write_text(yaml.safe_dump([item]))
    with pytest.raises(InvalidDeclaration) as refusal:
        bulk(tenant, src=str(tmp_path / "a.yml"))
    assert words in str(refusal.value)
    assert tenant.emulator.requests(None) == []


@pytest.mark.parametrize(
    ("name", "held", "value", "words"),
    [
        ("ProjectDate", "00083", 83, "its type is String; YAML read the integer 83 where text is needed"),
        ("ProjectDate", None, 83, "its type is String; YAML read the integer 83 where text is needed"),
        ("ProjectDate", "00083", True, "its type is String; YAML read the Boolean true where text is needed"),
        ("Project", ["Baker"], "Alpine", "the attribute is multi-valued; give a list."),
        ("Project", None, "Alpine", "the attribute is multi-valued; give a list."),
    ],
)
def test_what_does_not_fit_is_refused_in_the_same_words_whether_or_not_something_is_assigned(
    tenant: Tenant, name: str, held: Any, value: Any, words: str
) -> None:
    if held is not None:
        hold(tenant.emulator, "adele@contoso.com", **{name: held})
    before = tenant.state
    tenant.emulator.clear()
    assert words in failure(tenant, [user(ADELE, **{name: value})]).result["results"][0]["msg"]
    assert tenant.writes == []
    assert tenant.state == before


UNSEEN = "Peru\nChi\u200ble"
DECLARED = [user(ADELE, ProjectDate=UNSEEN)]
FILES = {
    "a.json": json.dumps(DECLARED),
    "a.jsonl": json.dumps(DECLARED[0], ensure_ascii=False),
    "a.yml": f"- user: {ADELE}\n  attributes:\n    Engineering:\n      ProjectDate: {json.dumps(UNSEEN)}\n",
    "block.yml": f"- user: {ADELE}\n  attributes:\n    Engineering:\n      ProjectDate: |\n        Pe\n        ru\n",
    "plain.yml": f"- user: {ADELE}\n  attributes:\n    Engineering:\n      ProjectDate: Peru\u200b\n",
    "a.csv": f"user,Engineering.ProjectDate\n{ADELE},Peru\u200b\n",
}


@pytest.mark.parametrize("name", [None, "block.yml", "plain.yml", "a.csv"])
def test_text_that_nobody_sees_is_refused_before_the_first_request(
    tenant: Tenant, tmp_path: Path, name: str | None
) -> None:
    if name:
        (tmp_path / name).write_text(FILES[name])
    options: dict[str, Any] = {"src": str(tmp_path / name)} if name else {"items": DECLARED}
    with pytest.raises(
        InvalidDeclaration, match=r"ProjectDate.*the text has U\+(000A|200B).* at position [0-9]+; remove it"
    ):
        bulk(tenant, **options)
    assert tenant.emulator.requests(None) == []


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.yml"])
def test_text_that_a_file_spells_out_may_stay_and_is_not_written_anew(
    tenant: Tenant, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text(FILES[name])
    words = failure(tenant, src=str(tmp_path / name)).result["results"][0]["msg"]
    assert "the text has U+000A (line break) at position 5; remove it" in words
    hold(tenant.emulator, "adele@contoso.com", ProjectDate=UNSEEN)
    tenant.emulator.clear()
    assert not bulk(tenant, src=str(tmp_path / name))["changed"]
    assert tenant.writes == []


def test_undo_restores_text_that_nobody_would_write(tenant: Tenant, tmp_path: Path) -> None:
    hold(tenant.emulator, "adele@contoso.com", ProjectDate=UNSEEN, Datacenter=["Redmond", "a\tb"])
    before, snapshot = tenant.state, str(tmp_path / "snapshot.jsonl")
    bulk(tenant, [user(ADELE, ProjectDate=None, Datacenter=["Redmond"])], snapshot_path=snapshot)
    assert tenant.state != before
    assert bulk(tenant, src=snapshot)["summary"]["changed"] == 1
    assert tenant.state == before


# Reading


def test_a_hundred_principals_are_read_in_one_request(tenant: Tenant) -> None:
    populate(tenant, 100)
    first = bulk(tenant, everybody(100, NumVendors=4))
    assert tenant.requests == [BATCH, DEFINITIONS] + [BATCH] * 5
    assert first["summary"]["requests"] == 7
    again = bulk(tenant, everybody(100, NumVendors=4))
    assert tenant.requests == [BATCH]
    assert (first["changed"], again["changed"]) == (True, False)
    assert again["summary"]["requests"] == 1, "those of this run, also where a loop goes on with the same Graph"
    assert (again["summary"]["unchanged"], again["summary"]["reading"]) == (100, {"users": "filters"})
    assert tenant.state[number(99)] == {"Engineering": {"NumVendors": 4}}


@pytest.mark.parametrize(
    ("filters", "size", "how"),
    [
        (67, 100_000, "filters"),  # 4 requests instead of 101
        (667, 10_000, "pages"),  # 11 instead of 34
        (6667, 100_000, "pages"),  # 101 instead of 334
        (6667, 500_000, "filters"),  # 334 instead of 501
        (220, 10_989, "filters"),  # 11, as many
        (221, 10_989, "pages"),  # 11 instead of 12
    ],
)
def test_the_way_of_fewer_requests_is_taken(filters: int, size: int, how: str) -> None:
    assert reading(filters, lambda: size) == how


@pytest.mark.slow
def test_a_whole_directory_is_read_in_pages_and_a_part_of_it_by_name(tenant: Tenant) -> None:
    populate(tenant, 10_000, lambda n: {"Engineering": {"NumVendors": 4}})
    result = bulk(tenant, everybody(10_000, NumVendors=4), report="none")
    sent = tenant.requests
    assert set(sent) == {"GET /v1.0/users"}
    assert 11 <= len(sent) <= 1 + 5 * 3, "counted, then five ranges of at most three pages"
    assert (result["summary"]["reading"], result["summary"]["unchanged"]) == ({"users": "pages"}, 10_000)
    result = bulk(tenant, everybody(1_000, NumVendors=4), report="none")
    assert sorted(tenant.requests) == ["GET /v1.0/users"] + [BATCH] * 4
    assert (result["summary"]["reading"], result["summary"]["unchanged"]) == ({"users": "filters"}, 1_000)


def read_as(how: str, tenant: Tenant, items: Any) -> dict[str, Any]:
    """Run with principals read in pages or by filters, whichever takes fewer requests."""
    return tenant.run(replace(BULK, run=partial(run_bulk, choose=lambda filters, size: how)), assignments=items)


@pytest.mark.parametrize("how", ["filters", "pages"])
def test_everybody_is_found_by_each_of_their_names(tenant: Tenant, how: str) -> None:
    users = ["adele@CONTOSO.com", "33333333-3333-4333-8333-333333333302", "lidia_fabrikam.com#EXT#@contoso.com"]
    users += ["o'brien@contoso.com", "megan+test@contoso.com", "$svc@contoso.com", "sales-agent@contoso.com"]
    others = ["payroll-api", "55555555-5555-4555-8555-555555555502", "44444444-4444-4444-8444-444444444403"]
    others += ["sales-agent", "Sales-Agents-Blueprint"]
    items = [user(name, NumVendors=1) for name in users] + [service_principal(name, NumVendors=1) for name in others]
    result = read_as(how, tenant, items)
    assert result["summary"]["changed"] == len(tenant.state) - 1 == 12  # Dara has attributes from the beginning
    assert [one["principal"]["type"] for one in result["results"]] == ["user"] * 7 + ["service_principal"] * 5
    types = {one["body"]["@odata.type"] for one in tenant.writes if "@odata.type" in one["body"]}
    assert types == {
        f"#microsoft.graph.{agent}" for agent in ("agentUser", "agentIdentity", "agentIdentityBlueprintPrincipal")
    }
    tenant.emulator.clear()
    again = read_as(how, tenant, items)
    assert not again["changed"]
    assert again["summary"]["reading"] == {"users": how, "service_principals": how}
    assert tenant.requests == (["GET /v1.0/users", "GET /v1.0/servicePrincipals"] if how == "pages" else [BATCH] * 2)


@pytest.mark.parametrize("how", ["filters", "pages"])
def test_sharp_s_is_not_ss(tenant: Tenant, how: str) -> None:
    state = tenant.emulator.tenant()
    state["servicePrincipals"].append({"id": number(1), "appId": number(2), "displayName": "Maße"})
    tenant.emulator.tenant(state)
    items = [service_principal("MASSE", NumVendors=1), service_principal("MAßE", NumVendors=2)]
    with pytest.raises(BulkError) as refusal:
        read_as(how, tenant, items)
    assert [one["failed"] for one in refusal.value.result["results"]] == [True, False]
    assert tenant.state[number(1)] == {"Engineering": {"NumVendors": 2}}


NOBODY, GUID = "nobody@contoso.com", "66666666-6666-4666-8666-666666666666"
REPORTS = ["44444444-4444-4444-8444-444444444402", "44444444-4444-4444-8444-444444444403"]


def test_all_who_have_a_name_are_told_and_one_of_them_may_be_declared_by_its_id(tenant: Tenant) -> None:
    state = tenant.emulator.tenant()
    third = "44444444-4444-4444-8444-4444444444ff"
    reports = next(one for one in state["servicePrincipals"] if one["displayName"] == "Reports")
    state["servicePrincipals"].append({**reports, "id": third, "appId": third.replace("4", "5")})
    tenant.emulator.tenant(state)
    error = failure(tenant, [service_principal(name, NumVendors=1) for name in ("Reports", REPORTS[0])])
    assert "3 service principals are called 'Reports'" in str(error)
    assert {one["id"] for one in error.result["results"][0]["candidates"]} == {*REPORTS, third}
    assert error.result["results"][0]["before"] == {}
    assert [one["changed"] for one in error.result["results"]] == [False, True]


def test_names_that_nobody_or_several_have_fail_alone(tenant: Tenant) -> None:
    items = [
        user(NOBODY, NumVendors=1),
        user("adele@contoso.com", NumVendors=1),
        service_principal("Reports", NumVendors=1),
        service_principal("nothing", NumVendors=1),
        service_principal(GUID, NumVendors=1),
    ]
    for check_mode in (True, False):
        error = failure(tenant, items, check_mode)
        results = error.result["results"]
        assert [one["failed"] for one in results] == [True, False, True, True, True]
        assert [one["principal"] for one in results if one["failed"]] == [
            {"id": None, "type": "user", "display_name": NOBODY, "user_principal_name": NOBODY},
            {"id": None, "type": "service_principal", "display_name": "Reports", "app_id": None},
            {"id": None, "type": "service_principal", "display_name": "nothing", "app_id": None},
            {"id": None, "type": "service_principal", "display_name": GUID, "app_id": None},
        ]
        assert results[0]["msg"] == "user: there is no user 'nobody@contoso.com' in this tenant."
        assert results[2]["msg"].startswith("service_principal: 2 service principals are called 'Reports': id 4444")
        assert [one["id"] for one in results[2]["candidates"]] == REPORTS
        assert results[1]["changed"]
        assert str(error).startswith(
            "4 of 5 principals failed, 1 would be changed, 0 would be left unchanged. assignments[0]"
            if check_mode
            else "4 of 5 principals failed, 1 was changed, 0 were left unchanged. assignments[0]"
        )
    assert [one["path"] for one in tenant.writes] == [f"/v1.0/users/{ADELE}"]


@pytest.mark.parametrize(
    "items",
    [
        [user("adele@contoso.com", NumVendors=1), user(ADELE, NumVendors=1)],
        [service_principal("payroll-api", NumVendors=1), service_principal(PAYROLL, NumVendors=1)],
        [
            service_principal("55555555-5555-4555-8555-555555555501", NumVendors=1),
            service_principal(PAYROLL, NumVendors=2),
        ],
    ],
    ids=["UPN and id", "display name and id", "app id and id"],
)
def test_the_same_principal_by_two_names_is_refused(tenant: Tenant, items: list[dict[str, Any]]) -> None:
    items.insert(1, user("alex@contoso.com", NumVendors=1))
    with pytest.raises(OptionError, match=r"is declared twice, in assignments\[0\] and assignments\[2\]"):
        bulk(tenant, items)
    assert not tenant.writes


def test_mistakes_are_told_before_any_request(tenant: Tenant, tmp_path: Path) -> None:
    with pytest.raises(InvalidDeclaration):
        bulk(tenant, [user("adele@contoso.com", NumVendors=2**31)])
    with pytest.raises(OptionError, match="results_path"):
        bulk(tenant, [user("adele@contoso.com", NumVendors=1)], results_path=str(tmp_path / "no" / "file"))
    for wrong in ("many", "-1", "nan%", "1.5", "%", ""):
        with pytest.raises(OptionError, match="max_changes"):
            bulk(tenant, [user("adele@contoso.com", NumVendors=1)], max_changes=wrong)
    with pytest.raises(OptionError, match="diff_limit: must be at least 0, not -1"):
        bulk(tenant, [user("adele@contoso.com", NumVendors=1)], diff_limit=-1)
    assert tenant.emulator.requests(None) == []


# Planning


def assigned_at_random(chance: random.Random) -> dict[str, Any]:
    """Attributes that a principal may hold."""
    engineering: dict[str, Any] = {}
    if chance.random() < 0.6:
        engineering["Project"] = chance.sample(["Alpine", "Baker", "Cascade", "Skagit"], chance.randint(1, 3))
    if chance.random() < 0.6:
        engineering["CostCenter"] = chance.sample(range(1, 9), chance.randint(1, 5))
    if chance.random() < 0.6:
        engineering["NumVendors"] = chance.randint(1, 3)
    if chance.random() < 0.5:
        engineering["Certification"] = chance.random() < 0.5
    if chance.random() < 0.3:
        engineering["Legacy"] = "x"
    marketing = {"EmployeeId": chance.choice(["GS1", "2"])} if chance.random() < 0.4 else {}
    return {name: values for name, values in (("Engineering", engineering), ("Marketing", marketing)) if values}


def desired_at_random(chance: random.Random) -> dict[str, Any]:
    """Declarations of every form, now and then such as Graph refuses."""
    centers = chance.sample(range(1, 9), 4)
    choices: dict[str, list[Any]] = {
        "Project": [["Alpine"], ["Cascade", "Baker"], {"add": ["Baker"]}, {"add": "Alpine", "remove": "Skagit"}, None],
        "CostCenter": [centers[:2], {"add": centers[:1], "remove": centers[1:]}, {"remove": centers}, []],
        "NumVendors": [1, 2, "3", None],
        "Certification": [True, "False", None],
        "Legacy": [None],
    }
    refused = {"Project": ["Nome"], "NumVendors": "many", "Legacy": "y", "CostCenter": [str(2**31)], "Nothing": 1}
    engineering = {name: chance.choice(values) for name, values in choices.items() if chance.random() < 0.5}
    if chance.random() < 0.05:
        name = chance.choice(list(refused))
        engineering[name] = refused[name]
    marketing = {"EmployeeId": chance.choice([None, "GS1", "2"])} if chance.random() < 0.4 else {}
    return {"Engineering": engineering, **({"Marketing": marketing} if marketing else {})}


@pytest.mark.slow
@pytest.mark.parametrize("purge", [False, True])
def test_check_mode_predicts_what_the_run_does(tenant: Tenant, purge: bool) -> None:
    chance = random.Random(f"pairs {purge}")  # noqa: S311 - repeatable
    populate(tenant, 500, lambda n: assigned_at_random(chance))
    items = [{"user": number(n), "attributes": desired_at_random(chance)} for n in range(500)]
    before = tenant.state
    predicted = failure(tenant, items, check_mode=True, purge=purge).result
    assert not tenant.writes
    assert tenant.state == before
    undefined = {n for n, item in enumerate(items) if "Nothing" in item["attributes"]["Engineering"]}
    assert ["Unless an earlier task defines it" in warning for warning in predicted["warnings"]] == [True]
    done = failure(tenant, items, purge=purge).result
    after = tenant.state
    assert min(done["summary"][count] for count in ("changed", "failed")) > 10
    written = Counter(request["path"].rsplit("/", 1)[1] for request in tenant.writes)
    for n, (plan, result) in enumerate(zip(predicted["results"], done["results"], strict=True)):
        held = after.get(number(n), {})
        assert written[number(n)] == result["changed"]
        if n in undefined:
            assert result["failed"]
            assert "has no attribute Nothing" in result["msg"]
        else:
            assert plan == result
        if not result["changed"]:
            assert held == before.get(number(n), {})
        for attribute_set, wishes in items[n]["attributes"].items():
            told = result["after"].get(attribute_set, {})
            kept = held.get(attribute_set, {})
            if purge and not result["failed"]:
                assert plain(kept) == plain(told)
            assert plain({name: kept[name] for name in wishes if name in kept}) == plain(
                {name: told[name] for name in wishes if name in told}
            )
    again = failure(tenant, items, purge=purge).result
    assert again["summary"]["changed"] == 0
    assert len(tenant.writes) == sum(written.values())


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: sorted(value) if isinstance(value, list) else value for name, value in values.items()}


def test_purge_removes_within_the_sets_that_are_named(tenant: Tenant) -> None:
    held = {"Engineering": {"NumVendors": 4, "Project": ["Baker"]}, "Marketing": {"EmployeeId": "GS1"}}
    populate(tenant, 3, lambda n: held)
    items = [
        user("u0@contoso.com", NumVendors=4),
        {"user": "u1@contoso.com", "attributes": {"Engineering": {}}},
        user("u2@contoso.com", "Marketing", EmployeeId="GS1"),
    ]
    result = bulk(tenant, items, purge=True)
    assert [one["changed"] for one in result["results"]] == [True, True, False]
    assert result["results"][0]["before"] == {"Engineering": held["Engineering"]}
    state = tenant.state
    assert state[number(0)] == {"Engineering": {"NumVendors": 4}, "Marketing": {"EmployeeId": "GS1"}}
    assert state[number(1)] == {"Marketing": {"EmployeeId": "GS1"}}
    assert state[number(2)] == held


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check mode"])
@pytest.mark.parametrize("purge", [False, True], ids=["", "purge"])
@pytest.mark.parametrize("permissions", [[], ["CustomSecAttributeDefinition.Read.All"]], ids=["blind", "seeing"])
def test_a_name_in_another_case_is_refused_not_ignored(
    tenant: Tenant, permissions: list[str], purge: bool, check_mode: bool
) -> None:
    populate(tenant, 6, lambda n: {"Engineering": {"CostCenter": [1001]}})
    items = [
        user("u0@contoso.com", costcenter=None),
        user("u1@contoso.com", costcenter={"remove": [1001]}),
        user("u2@contoso.com", costcenter=[1001]),
        user("u3@contoso.com", "engineering", CostCenter=None),
        {"user": "u4@contoso.com", "attributes": {"engineering": {}}},
        user("u5@contoso.com", CostCenter=[1003]),
    ]
    tenant = tenant.allow(WRITE, "User.Read.All", *permissions)
    refusal = failure(tenant, items, check_mode, purge=purge)
    assert [one["failed"] for one in refusal.result["results"]] == [True] * 5 + [False]
    assert all("Engineering.costcenter: the principal has Engineering.CostCenter" in one for one in told(refusal)[:3])
    assert all("engineering: the principal has Engineering" in one for one in told(refusal)[3:])
    untouched = {number(n): {"Engineering": {"CostCenter": [1001]}} for n in range(5)}
    assert {who: values for who, values in tenant.state.items() if who in untouched} == untouched
    assert tenant.state[number(5)] == {"Engineering": {"CostCenter": [1001 if check_mode else 1003]}}


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check mode"])
def test_a_name_that_is_defined_in_another_case_is_nothing_to_be_defined(tenant: Tenant, check_mode: bool) -> None:
    items = [user("adele@contoso.com", numvendors=4), user("dara@contoso.com", "engineering", NumVendors=4)]
    refusal = failure(tenant, items, check_mode)
    assert "Engineering.numvendors: there is Engineering.NumVendors" in told(refusal)[0]
    assert "engineering.NumVendors: there is Engineering;" in told(refusal)[1]
    assert "warnings" not in refusal.result
    assert not tenant.writes


def test_an_expected_name_in_another_case_is_no_guard(tenant: Tenant) -> None:
    hold(tenant.emulator, "adele@contoso.com", NumVendors=4)
    item = {**user("adele@contoso.com", NumVendors=9), "expected": {"Engineering": {"numvendors": None}}}
    assert "Engineering.numvendors: the principal has Engineering.NumVendors" in told(failure(tenant, [item]))[0]
    assert not tenant.writes


@pytest.mark.parametrize("names", [("NumVendors", "Secret"), ("Secret", "NumVendors")], ids=str)
def test_what_is_asked_to_prove_the_right_to_read_can_be_asked(tenant: Tenant, names: tuple[str, str]) -> None:
    class Silent(_graph.Graph):
        def claims(self) -> dict[str, Any]:
            return {"roles": ["User.Read.All"]}

    permissions = [READ, "User.Read.All", "CustomSecAttributeDefinition.Read.All"]
    token = ReadyToken(tenant.emulator.token(permissions=permissions))
    silent = Silent(Http(verify=tenant.emulator.environment["REQUESTS_CA_BUNDLE"]), token, tenant.emulator.url)
    tenant = tenant.through(silent)
    assert not bulk(tenant, [user("adele@contoso.com", **dict.fromkeys(names))])["changed"]


def told(refusal: BulkError) -> list[str]:
    return [str(one) for one in refusal.result["failures"]]


def test_an_attribute_of_the_same_name_in_two_sets_is_two(tenant: Tenant) -> None:
    state = tenant.emulator.tenant()
    like = next(one for one in state["definitions"] if one["name"] == "ProjectDate")
    state["definitions"].append({**like, "attributeSet": "Marketing", "type": "Integer"})
    tenant.emulator.tenant(state)
    both = {"user": ADELE, "attributes": {one: {"ProjectDate": "2022"} for one in ("Engineering", "Marketing")}}
    for check_mode in (True, False):
        (told,) = bulk(tenant, [both], check_mode)["results"]
        assert told["after"] == {"Engineering": {"ProjectDate": "2022"}, "Marketing": {"ProjectDate": 2022}}
    assert tenant.emulator.state(ADELE) == told["after"]
    assert bulk(tenant, [user(ADELE, "Marketing", EmployeeId="x")], purge=True)["changed"]
    assert tenant.emulator.state(ADELE) == {"Engineering": {"ProjectDate": "2022"}, "Marketing": {"EmployeeId": "x"}}


def test_text_of_a_csv_file_is_typed_by_the_definitions_in_one_request(tenant: Tenant, tmp_path: Path) -> None:
    populate(tenant, 60)
    rows = [f"u{n}@contoso.com,{n + 1},1;2,true,2022" for n in range(60)]
    header = "user,Engineering.NumVendors,Engineering.CostCenter[],Engineering.Certification,Engineering.ProjectDate"
    src = tmp_path / "attributes.csv"
    src.write_text("\n".join([header, *rows]))
    assert bulk(tenant, src=str(src))["summary"]["changed"] == 60
    assert Counter(tenant.requests)[DEFINITIONS] == 1
    assert tenant.state[number(7)] == {
        "Engineering": {"NumVendors": 8, "CostCenter": [1, 2], "Certification": True, "ProjectDate": "2022"}
    }
    assert not bulk(tenant, src=str(src))["changed"]
    assert tenant.requests == [BATCH]


@pytest.mark.parametrize("limit", ["5", "9%", "9.9%", "0"])
def test_above_max_changes_nothing_is_written(tenant: Tenant, limit: str) -> None:
    populate(tenant, 60, lambda n: {"Engineering": {"NumVendors": 4}} if n >= 6 else None)
    for check_mode in (True, False):
        error = failure(tenant, everybody(60, NumVendors=4), check_mode, max_changes=limit, report="changed")
        assert str(error) == f"6 of 60 principals would change; max_changes is {limit}. Nothing was done."
        assert error.as_result()["changed"] is False
        assert [one["after"] for one in error.result["results"]] == [{"Engineering": {"NumVendors": 4}}] * 6
        assert "failures" not in error.result
    assert not tenant.writes
    assert bulk(tenant, everybody(60, NumVendors=4), max_changes="10%")["summary"]["changed"] == 6


def test_above_max_changes_those_who_fail_are_told_too(tenant: Tenant) -> None:
    items = [user("adele@contoso.com", NumVendors=4), user(NOBODY, NumVendors=4)]
    error = failure(tenant, items, max_changes="0")
    assert error.result["failures"] == ["assignments[1]: user: there is no user 'nobody@contoso.com' in this tenant."]
    assert str(error) == (
        "1 of 2 principals would change, 1 failed; max_changes is 0. Nothing was done. " + error.result["failures"][0]
    )
    assert [one["changed"] for one in error.result["results"]] == [True, False]
    assert not tenant.writes


def test_what_results_hold_and_the_journal_of_all(tenant: Tenant, tmp_path: Path) -> None:
    populate(tenant, 3, lambda n: {"Engineering": {"NumVendors": 4}} if n else None)
    items = [*everybody(3, NumVendors=4), user("nobody@contoso.com", NumVendors=4)]
    path = tmp_path / "record.jsonl"
    path.write_text("something old")
    path.chmod(0o644)
    full = failure(tenant, items, check_mode=True, results_path=str(path)).result["results"]
    assert results(path) == full
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for report, held in (("all", full), ("changed", full[:1]), ("failed", full[3:]), ("none", [])):
        path.unlink()
        error = failure(tenant, items, check_mode=True, report=report, results_path=str(path))
        assert error.result["results"] == held
        assert results(path) == full
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_journal_begins_with_a_header_and_ends_with_the_summary(
    tenant: Tenant, tmp_path: Path, check_mode: bool
) -> None:
    path = tmp_path / "record.jsonl"
    items = [user("adele@contoso.com", NumVendors=77), user("dara@contoso.com"), user(NOBODY, NumVendors=1)]
    result = failure(tenant, items, check_mode, results_path=str(path)).result
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["record"] for line in lines] == ["header", "result", "result", "result", "summary"]
    assert [line["index"] for line in lines[1:-1]] == [1, 2, 0]
    assert lines[3]["declared_in"] == "assignments[0]"
    first, last = lines[0], lines[-1]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", first.pop("run_id"))
    assert abs(datetime.fromisoformat(first.pop("time")[:-1] + "+00:00").timestamp() - time.time()) < 60
    assert first == {
        "record": "header",
        "format": "entra.attributes/results",
        "version": 1,
        "tenant_id": tenant.emulator.environment["AZURE_TENANT_ID"],
        "check_mode": check_mode,
    }
    assert {key: last[key] for key in result["summary"]} == result["summary"]
    assert last["record"] == "summary"


def test_a_later_line_of_a_journal_corrects_an_earlier_one(tenant: Tenant, patient: Tenant, tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    populate(tenant, 1)
    tenant.emulator.faults({"match": {"method": "PATCH", "path": number(0)}, "times": 1, "do": {"status": 400}})
    bulk(patient, everybody(1, NumVendors=4), results_path=str(path))
    assert [one["failed"] for one in journal(path)["result"]] == [True, False]
    assert results(path)[0]["changed"]


@pytest.mark.parametrize(
    "options",
    [
        {"max_changes": "0"},
        {"snapshot_path": "record.jsonl/no"},
        {"assignments": [user("adele@contoso.com", NumVendors=2**31)]},
        {"assignments": [user("adele@contoso.com", NumVendors=1), user(ADELE, NumVendors=2)]},
    ],
    ids=["limit", "path", "declaration", "twice"],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_run_that_is_refused_leaves_the_former_journal(
    tenant: Tenant, tmp_path: Path, options: dict[str, Any], check_mode: bool
) -> None:
    path = tmp_path / "record.jsonl"
    path.write_text("former")
    if "snapshot_path" in options:
        options = {"snapshot_path": str(tmp_path / options["snapshot_path"])}
    wished = {"assignments": [user("adele@contoso.com", NumVendors=77)], **options}
    with pytest.raises((OptionError, BulkError, InvalidDeclaration)):
        bulk(tenant, check_mode=check_mode, items=wished.pop("assignments"), results_path=str(path), **wished)
    assert path.read_text() == "former"
    assert list(tmp_path.iterdir()) == [path]


def test_half_characters_are_refused_in_words_that_can_be_told(tenant: Tenant, tmp_path: Path) -> None:
    src = tmp_path / "assignments.jsonl"
    src.write_text(
        r"""
{"user": "adele@contoso.com", "attributes": {"Engineering": {"ProjectDate": "a\ud800"}}}
{"user": "\ud800@contoso.com", "attributes": {"Engineering": {"\ud800": 1}, "\ud800": {"A": 1}}}
{"user": "dara@contoso.com", "\ud800": 1, "attributes": {"Engineering": {"ProjectDate": "b"}}}
"""
    )
    with pytest.raises(InvalidDeclaration) as refusal:
        bulk(tenant, src=str(src))
    assert [problem.rpartition("has ")[2] for problem in refusal.value.problems] == [
        "half a character, U+D800",
        "half a character, U+D800",
        "half a character, U+D800",
        "half a character, U+D800",
        r"unknown keys: \ud800",
    ]
    assert json.dumps(refusal.value.as_result(), ensure_ascii=False).encode()
    assert tenant.emulator.requests(None) == []


def test_what_graph_gives_is_recorded_whatever_it_holds(tmp_path: Path) -> None:
    record, snapshot = tmp_path / "record.jsonl", tmp_path / "snapshot.jsonl"
    values = {"S": {"A": "\ud800", "B": "\\\ud800", "C": "é\U0001f600"}}
    written = _storage.Journal("results_path", record, {})
    written.add([values])
    written.close()
    assert json.loads(record.read_text().splitlines()[1]) == values
    item = {"id": ADELE, "displayName": "Adele \ud800", "customSecurityAttributes": values}
    adele = parse_principal(USER, item)
    assert adele.display_name == r"Adele \ud800"
    changes = [(adele, planned(flat(values), flat({"S": {name: Exactly(None) for name in "ABC"}})))]
    _snapshot.record(str(snapshot), changes, None)
    assert json.loads(snapshot.read_text().splitlines()[1])["attributes"] == values


class Meddled(_graph.Graph):
    """A Graph whose batches of writes are sent after something else happens."""

    happens: Callable[[], object] = staticmethod(lambda: None)

    def batch(self, parts: Any, *, need: Any) -> Any:
        if parts[0]["method"] == "PATCH":
            self.happens()
        return super().batch(parts, need=need)


def meddled(tenant: Tenant, happens: Callable[[], object]) -> Tenant:
    graph = Meddled(tenant.graph._http, tenant.graph._tokens, tenant.emulator.url)
    graph.happens = happens  # type: ignore[method-assign]
    return tenant.through(graph)


def test_a_results_file_that_is_lost_during_the_run_hides_neither_writes_nor_failures(
    tenant: Tenant, tmp_path: Path
) -> None:
    path = tmp_path / "folder" / "record.jsonl"
    path.parent.mkdir()
    items = [user("adele@contoso.com", NumVendors=77), user(NOBODY, NumVendors=1)]
    losing = meddled(tenant, lambda: (path.unlink(), path.parent.rmdir()))
    told = failure(losing, items, results_path=str(path)).as_result()
    assert f" results_path: {path} cannot be written: No such file or directory." in told["msg"]
    assert told["changed"]
    assert (told["summary"]["changed"], len(told["failures"])) == (1, 1)
    assert told["results"][0]["after"] == {"Engineering": {"NumVendors": 77}}


def test_the_diff_shows_who_changes_in_order_up_to_a_limit(tenant: Tenant) -> None:
    populate(tenant, 9, lambda n: {"Engineering": {"NumVendors": 4}} if n % 2 else None)
    diff = bulk(tenant, everybody(9, NumVendors=4)[::-1], check_mode=True, diff_limit=3)["diff"]
    assert [one["after_header"] for one in diff] == [f"user u{n}@contoso.com ({number(n)})" for n in (0, 2, 4)]
    assert diff[0]["before"] == ""
    assert diff[0]["after"] == "Engineering:\n  NumVendors: 4\n"


# Rights


def test_who_may_not_read_learns_it_before_anything_is_written(tenant: Tenant) -> None:
    blind = tenant.allow("User.Read.All", "Application.Read.All")
    for items in ([user("adele@contoso.com", NumVendors=None)], [user("adele@contoso.com")]):
        with pytest.raises(AttributesHidden, match=r"CustomSecAttributeAssignment\.Read\.All"):
            bulk(blind, items, purge=True)


def test_a_role_for_one_attribute_set(tenant: Tenant) -> None:
    populate(tenant, 2, lambda n: {"Marketing": {"EmployeeId": "GS1"}})
    token = tenant.emulator.token(
        user="alex@contoso.com",
        scopes=["User.Read.All", WRITE],
        role_scopes={"Attribute Assignment Administrator": ["Engineering"]},
    )
    tenant = tenant.through(tenant.connect(access_token=token))
    assert bulk(tenant, everybody(2, NumVendors=4), purge=True)["summary"]["changed"] == 2
    assert tenant.state[number(1)] == {"Marketing": {"EmployeeId": "GS1"}, "Engineering": {"NumVendors": 4}}
    with pytest.raises(AttributesHidden):
        bulk(tenant, [user("u0@contoso.com", "Marketing", EmployeeId=None)])
    assert tenant.state[number(0)] == tenant.state[number(1)]


def test_without_the_right_to_read_definitions(tenant: Tenant) -> None:
    populate(tenant, 3)
    tenant = tenant.allow(WRITE, "User.Read.All")
    assert bulk(tenant, everybody(2, NumVendors=4))["summary"]["changed"] == 2
    assert Counter(tenant.requests)[DEFINITIONS] == 1
    items = [user("u0@contoso.com", Project=["Nome"]), user("u1@contoso.com", Project=["Baker"])]
    results = failure(tenant, items).result["results"]
    assert "Graph answered 400" in results[0]["msg"]
    assert "The definition would say why, but the identity cannot read it" in results[0]["msg"]
    assert results[1]["changed"]
    items = [user("u0@contoso.com", NumVendors=4, ProjectDate="a"), user("u2@contoso.com", NumVendors="4")]
    error = failure(tenant, items)
    assert [one["changed"] for one in error.result["results"]] == [True, False]
    message = error.result["results"][1]["msg"]
    assert message.startswith(
        "value of Engineering.NumVendors: text that reads as an integer or Boolean may be either."
    )
    assert message.count("CustomSecAttributeDefinition.Read.All") == 1


def test_definitions_that_cannot_be_read_now_are_no_one_s_fault(tenant: Tenant) -> None:
    tenant.emulator.faults({"match": {"path": "Definitions"}, "times": None, "do": {"status": 400}})
    with pytest.raises(GraphError, match="Definitions: Graph answered 400"):
        bulk(tenant, [user("adele@contoso.com", NumVendors="4")])
    assert not tenant.writes


HIDDEN = ["The token does not show that the identity may read all attribute sets; some may be hidden."]


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_may_be_hidden_is_not_taken_for_nothing(tenant: Tenant, check_mode: bool) -> None:
    populate(tenant, 2, lambda n: {"Marketing": {"EmployeeId": "GS1"}})
    token = {"user": "alex@contoso.com", "scopes": ["User.Read.All", WRITE]}

    def scoped(*sets: str, **more: Any) -> Tenant:
        role_scopes = {"Attribute Assignment Administrator": list(sets)}
        scoped_token = tenant.emulator.token(**{**token, **more}, role_scopes=role_scopes)
        return tenant.through(tenant.connect(access_token=scoped_token))

    nameless = [{"user": f"u{n}@contoso.com", "attributes": {"Marketing": {}}} for n in range(2)]
    warned = bulk(scoped("Engineering"), nameless, check_mode, purge=True)
    assert (warned["changed"], warned["warnings"]) == (False, HIDDEN), "the definitions may not be read"
    readable = [*token["scopes"], "CustomSecAttributeDefinition.Read.All"]
    with pytest.raises(AttributesHidden):
        bulk(
            scoped("Engineering", scopes=readable, roles=["Attribute Definition Reader"]),
            nameless,
            check_mode,
            purge=True,
        )
    seeing = scoped("Engineering", scopes=readable)
    for items in (
        [user("u0@contoso.com", Secret=None)],
        [{"user": "u0@contoso.com", "attributes": {"Engineering": {}}}],
    ):
        assert "warnings" not in bulk(seeing, items, check_mode, purge=True), "another attribute proves it"
    unproven = bulk(scoped("Engineering"), [user("u0@contoso.com", Secret=None)], check_mode)
    assert unproven["warnings"] == HIDDEN
    assert not tenant.writes


# Writing


def test_what_the_definitions_forbid_is_told_and_the_others_are_written(tenant: Tenant) -> None:
    populate(tenant, 6)
    items = everybody(6, NumVendors=4)
    items[1]["attributes"]["Engineering"]["Legacy"] = "x"
    items[2]["attributes"]["Engineering"]["Project"] = ["Nome", "Baker"]
    items[4]["attributes"]["Engineering"]["Nothing"] = 1
    error = failure(tenant, items)
    assert [one["failed"] for one in error.result["results"]] == [False, True, True, False, True, False]
    assert [one["changed"] for one in error.result["results"]] == [True, False, False, True, False, True]
    assert str(error).startswith(
        "3 of 6 principals failed, 3 were changed, 0 were left unchanged."
        " assignments[1]: value of Engineering.Legacy: the attribute is deprecated and can no longer be assigned.;"
        " assignments[2]: value of Engineering.Project: Nome is not among its active predefined values: Alpine"
    )
    assert "Attribute set Engineering has no attribute Nothing." in error.result["results"][4]["msg"]
    assert set(tenant.state) >= {number(n) for n in (0, 3, 5)}
    assert len(tenant.writes) == 3


def test_what_graph_refuses_for_a_moment_is_sent_again(tenant: Tenant, patient: Tenant, waits: Patient) -> None:
    populate(tenant, 30)
    tenant.emulator.faults({"match": {"method": "PATCH"}, "skip": 4, "times": 3, "do": {"status": 404}})
    result = bulk(patient, everybody(30, NumVendors=4))
    assert result["summary"]["changed"] == 30
    assert len(tenant.writes) == 33
    assert waits.waits == [1.0]
    tenant.emulator.faults({"match": {"method": "PATCH", "path": number(3)}, "times": None, "do": {"status": 400}})
    error = failure(patient, everybody(30, NumVendors=5))
    assert [n for n, one in enumerate(error.result["results"]) if one["failed"]] == [3]
    assert error.result["summary"]["changed"] == 29


@pytest.mark.parametrize(
    ("held", "wanted", "words", "waited"),
    [
        ({"Legacy": "old"}, {"Legacy": None}, "Engineering.Legacy is deprecated", ()),
        (
            {"Project": ["Skagit"]},
            {"Project": {"add": ["Alpine"]}},
            "Engineering.Project goes on to hold Skagit",
            REPLICATION_WAITS,
        ),
    ],
    ids=["deprecated", "inactive, beside what may be too new"],
)
def test_4_a_refusal_that_time_does_not_heal_is_told(
    tenant: Tenant,
    patient: Tenant,
    waits: Patient,
    held: dict[str, Any],
    wanted: dict[str, Any],
    words: str,
    waited: tuple[float, ...],
) -> None:
    hold(tenant.emulator, "adele@contoso.com", **held)
    tenant.emulator.quirks(deprecated_removal="refuse", inactive_kept="refuse")
    items = [user("adele@contoso.com", **wanted), user("dara@contoso.com", NumVendors=4)]
    error = failure(patient, items)
    assert words in error.result["results"][0]["msg"]
    assert (error.result["summary"]["failed"], error.result["summary"]["changed"]) == (1, 1)
    assert tuple(waits.waits) == waited


def test_6_4_what_is_new_is_waited_for_beside_what_is_deprecated(
    tenant: Tenant, patient: Tenant, waits: Patient
) -> None:
    hold(tenant.emulator, "adele@contoso.com", Legacy="old")
    tenant.emulator.faults({"match": {"method": "PATCH"}, "times": 2, "do": {"status": 400}})
    result = bulk(patient, [user("adele@contoso.com", Legacy=None, NumVendors=4)])
    assert result["changed"]
    assert waits.waits == [1.0, 2.0]
    assert tenant.emulator.state("adele@contoso.com") == {"Engineering": {"NumVendors": 4}}


def test_a_refusal_of_a_whole_batch_is_nobodys_own(tenant: Tenant, patient: Tenant) -> None:
    hold(tenant.emulator, "dara@contoso.com", Legacy="old")
    tenant.emulator.faults({"match": {"path": r"\$batch$"}, "skip": 1, "times": None, "do": {"status": 400}})
    items = [user("adele@contoso.com", NumVendors=4), user("dara@contoso.com", Legacy=None)]
    error = failure(patient, items)
    assert all("deprecated" not in one["msg"] for one in error.result["results"])


@pytest.mark.slow
def test_6_4_who_verifies_loses_nothing_of_what_follows_at_once(tenant: Tenant) -> None:
    tenant = tenant.through(waiting(tenant.emulator, lambda seconds: time.sleep(seconds / 10)))
    tenant.emulator.quirks(read_lag=0.5)
    for one in (1001, 1003):
        items = [user("adele@contoso.com", CostCenter={"add": [one]}), service_principal("payroll-api", NumVendors=one)]
        result = bulk(tenant, items, verify=True)
        assert (result["changed"], result["summary"]["changed"], result["summary"]["failed"]) == (True, 2, 0)
    assert tenant.emulator.state("adele@contoso.com") == {"Engineering": {"CostCenter": [1001, 1003]}}


def test_what_cannot_be_verified_is_told_as_a_change(tenant: Tenant, patient: Tenant, waits: Patient) -> None:
    tenant.emulator.faults({"match": {"method": "GET", "path": f"/users/{ADELE}"}, "times": None, "do": {"html": True}})
    refusal = failure(patient, [user(ADELE, NumVendors=4), user(NOBODY)], verify=True, report="changed")
    (told,) = refusal.result["results"]
    assert (told["changed"], told["failed"]) == (True, True)
    assert "is not an object" in told["msg"]


def test_6_4_what_is_shown_is_not_read_again(tenant: Tenant, waits: Patient) -> None:
    populate(tenant, 45)

    def sleep(seconds: float) -> None:
        waits(seconds)
        tenant.emulator.quirks(read_lag=0)

    result = bulk(tenant.through(waiting(tenant.emulator, sleep)), everybody(45, NumVendors=4), verify=True)
    assert result["summary"]["changed"] == 45
    log = tenant.log
    assert result["summary"]["requests"] == len([one for one in log if one["batch"] is None])
    assert Counter(one["method"] for one in log if re.search(r"/users/", one["path"])) == {"PATCH": 45, "GET": 45}
    assert waits.waits == []


def test_6_4_a_write_that_is_never_shown_fails_and_is_told_as_a_change(
    tenant: Tenant, patient: Tenant, waits: Patient
) -> None:
    populate(tenant, 30)
    tenant.emulator.faults({"match": {"method": "PATCH", "path": number(3)}, "do": {"drop_write": True}})
    error = failure(patient, everybody(30, NumVendors=4), verify=True)
    dropped = error.result["results"][3]
    assert "Graph accepted the write, but does not show it after half a minute" in dropped["msg"]
    assert (dropped["failed"], dropped["changed"], dropped["after"]) == (True, True, {"Engineering": {"NumVendors": 4}})
    assert (error.result["summary"]["failed"], error.result["summary"]["changed"]) == (1, 29)
    assert error.result["changed"]
    assert waits.waits == list(REPLICATION_WAITS)
    reads = Counter(one["path"] for one in tenant.log if one["method"] == "GET" and "/users/" in one["path"])
    assert reads.pop(f"/v1.0/users/{number(3)}") == len(REPLICATION_WAITS) + 1
    assert set(reads.values()) == {1}


def test_6_4_what_cannot_be_read_again_is_not_asked_for_twice(tenant: Tenant, patient: Tenant, waits: Patient) -> None:
    gone = {"match": {"method": "GET", "path": f"/users/{ADELE}"}, "do": {"status": 404}}
    tenant.emulator.faults(gone, {**gone, "times": None, "do": {"status": 403}})
    error = failure(patient, [user(ADELE, NumVendors=4)], verify=True)
    assert re.search("it could not be verified: GET .*403", error.result["results"][0]["msg"])
    assert waits.waits == [1.0]


@pytest.mark.parametrize("options", [{}, {"verify": True, "check_mode": True}], ids=str)
def test_who_does_not_verify_reads_nothing_again(tenant: Tenant, options: dict[str, Any]) -> None:
    assert bulk(tenant, [user("adele@contoso.com", NumVendors=4)], **options)["changed"]
    assert not [one for one in tenant.log if one["path"].startswith("/v1.0/users/") and one["method"] == "GET"]


def test_a_stop_at_the_first_refusal(tenant: Tenant) -> None:
    populate(tenant, 200)
    tenant = tenant.allow(WRITE, "User.Read.All")
    tenant.emulator.quirks(latency=0.02)
    tenant.emulator.faults({"match": {"method": "PATCH"}, "skip": 10, "times": 1, "do": {"status": 400}})
    error = failure(tenant, everybody(200, NumVendors=4), on_error="stop")
    written = {one["path"].rsplit("/", 1)[1] for one in tenant.writes if one["status"] == 204}
    counts = error.result["summary"]
    assert counts["failed"] == 1
    assert counts["changed"] == len(written) < 200
    assert {one["principal"]["id"] for one in error.result["results"] if one["changed"]} == written
    assert len(error.result["diff"]) == min(len(written), 100)


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("wrong", [user(NOBODY, NumVendors=4), user("u9@contoso.com", Project=["Nome"])], ids=str)
def test_a_stop_before_the_first_write(tenant: Tenant, tmp_path: Path, check_mode: bool, wrong: dict[str, Any]) -> None:
    populate(tenant, 10)
    snapshot = tmp_path / "snapshot.jsonl"
    items = [*everybody(3, NumVendors=4), wrong]
    error = failure(tenant, items, check_mode, on_error="stop", snapshot_path=str(snapshot))
    assert not tenant.writes
    assert not snapshot.exists()
    counts = error.result["summary"]
    assert outcomes(counts) == {"skipped": 3, "failed": 1}
    assert (error.result["changed"], error.result["diff"]) == (False, [])
    assert [one["changed"] for one in error.result["results"]] == [False] * 4
    assert [one["skipped"] for one in error.result["results"]] == [True] * 3 + [False]
    assert bulk(tenant, items[:3], check_mode, on_error="stop")["summary"]["changed"] == 3


@pytest.mark.slow
@pytest.mark.parametrize("times", [3, None], ids=["replication", "lasting"])
def test_a_stop_waits_for_what_may_be_replication(tenant: Tenant, waits: Patient, times: int | None) -> None:
    populate(tenant, 200)
    tenant = tenant.through(waiting(tenant.emulator, waits))
    tenant.emulator.quirks(latency=0.02)
    tenant.emulator.faults({"match": {"method": "PATCH", "path": number(3)}, "times": times, "do": {"status": 400}})
    items = [*everybody(200, NumVendors=4), service_principal(PAYROLL, NumVendors=4)]
    if times:
        assert bulk(tenant, items, on_error="stop")["summary"]["changed"] == 201
        assert waits.waits == list(REPLICATION_WAITS[:times])
    else:
        counts = failure(tenant, items, on_error="stop").result["summary"]
        assert counts["failed"] == 1
        assert counts["changed"] < 199  # the batches that were on their way, and nobody of the other kind
        assert waits.waits == list(REPLICATION_WAITS)
    refused = [n for n, one in enumerate(tenant.writes) if one["status"] == 400]
    assert refused[1:] == list(range(refused[1], refused[-1] + 1))  # no other request comes between


@pytest.mark.parametrize("verify", [False, True])
def test_when_graph_is_gone_the_rest_is_not_tried(tenant: Tenant, waits: Patient, verify: bool) -> None:
    populate(tenant, 200)
    tenant = tenant.through(waiting(tenant.emulator, waits, 0.0, retries=1))
    tenant.emulator.faults({"match": {"path": r"\$batch$"}, "skip": 3, "times": None, "do": {"cut": "before"}})
    error = failure(tenant, everybody(200, NumVendors=4), verify=verify)
    counts, results = error.result["summary"], error.result["results"]
    assert outcomes(counts) == (
        {"failed": 120, "unknown": 80} if verify else {"changed": 40, "failed": 80, "unknown": 80}
    )
    assert results[199]["msg"].startswith("Nothing more was sent after: ")
    written = [one["msg"] for one in results if one["changed"] and not one["unknown"]]
    assert len(written) == 40
    assert all("may have been applied" in one["msg"] and one["changed"] for one in results if one["unknown"])
    assert all(("could not be verified: Nothing more" in message) == verify for message in written)
    assert len(tenant.requests) < 25  # the last ones read back what is in doubt


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_lost_answer_is_read_back_and_nothing_is_denied(tenant: Tenant, waits: Patient, cut: str) -> None:
    populate(tenant, 3)
    tenant = tenant.through(waiting(tenant.emulator, waits, 0.0, retries=0))
    tenant.emulator.faults({"match": {"path": r"\$batch$"}, "skip": 1, "do": {"cut": cut}})
    if cut == "after":
        result = bulk(tenant, everybody(3, NumVendors=4))
        assert outcomes(result["summary"]) == {"changed": 3}
        return
    error = failure(tenant, everybody(3, NumVendors=4)).as_result()
    assert outcomes(error["summary"]) == {"unknown": 3}
    assert error["changed"]
    assert "0 of 3 principals failed, 3 may have been changed" in error["msg"]
    assert not tenant.state.keys() & {number(n) for n in range(3)}


def test_an_error_that_nobody_foresaw_loses_no_result(tenant: Tenant, tmp_path: Path) -> None:
    populate(tenant, 200)
    batches = count()

    def fail() -> None:
        if next(batches) == 7:
            raise ZeroDivisionError("of a secret")

    items = everybody(200, NumVendors=4)
    assert bulk(tenant, items, check_mode=True)["summary"]["changed"] == 200
    error = failure(meddled(tenant, fail), items, results_path=str(tmp_path / "journal.jsonl")).as_result()
    assert sum(outcomes(error["summary"]).values()) == 200
    held = tenant.state
    told: dict[bool, set[str]] = {True: set(), False: set()}
    for one in error["results"]:
        told[one["unknown"]].add(one["principal"]["id"])
    assert len(told[False]) >= 20
    assert told[False] <= held.keys()
    assert "an unexpected ZeroDivisionError" in error["msg"]
    assert "of a secret" not in json.dumps(error)


def test_what_another_writer_puts_there_meanwhile_is_planned_and_written_again(
    tenant: Tenant, waits: Patient, tmp_path: Path
) -> None:
    populate(tenant, 3, lambda n: {"Engineering": {"CostCenter": [1]}})

    def meddle(seconds: float) -> None:
        """Another writer restores the list from before this task, and adds a value."""
        waits(seconds)
        if len(waits.waits) == 1:
            overwrite(tenant, 1, [1, 3])

    tenant = tenant.through(waiting(tenant.emulator, meddle))
    tenant.emulator.faults({"match": {"method": "PATCH", "path": number(1)}, "do": {"drop_write": True}})
    snapshot = tmp_path / "snapshot.jsonl"
    items = everybody(3, CostCenter={"add": [2]})
    result = bulk(tenant, items, verify=True, snapshot_path=str(snapshot))
    assert outcomes(result["summary"]) == {"changed": 3}
    assert sorted(tenant.state[number(1)]["Engineering"]["CostCenter"]) == [1, 2, 3]
    assert result["results"][1]["before"] == {"Engineering": {"CostCenter": [1]}}
    assert sorted(result["results"][1]["after"]["Engineering"]["CostCenter"]) == [1, 2, 3]


def test_a_list_that_never_settles_fails_and_says_so(tenant: Tenant, waits: Patient) -> None:
    populate(tenant, 1, lambda n: {"Engineering": {"CostCenter": [1]}})
    others = iter(range(100, 200))

    class Restless(_graph.Graph):
        def batch(self, parts: Any, *, need: Any) -> Any:
            answers = super().batch(parts, need=need)
            if parts[0]["method"] == "PATCH":
                overwrite(tenant, 0, [next(others)])
            return answers

    calm = waiting(tenant.emulator, waits)
    tenant = tenant.through(Restless(calm._http, calm._tokens, tenant.emulator.url))
    error = failure(tenant, everybody(1, CostCenter={"add": [2]}), verify=True).as_result()
    assert "another writer changed the same attribute since" in error["msg"]
    assert error["changed"]
    assert next(others) == 100 + 1 + _directory.REPEATED_WRITES


@pytest.mark.parametrize("match", [{"method": "PATCH"}, {"path": r"\$batch$"}], ids=["inside", "outside"])
def test_tokens_that_expire_in_the_middle(tenant: Tenant, match: dict[str, str]) -> None:
    populate(tenant, 100)
    tenant.emulator.faults({"match": match, "skip": 3, "do": {"expire_token": True}})
    assert bulk(tenant, everybody(100, NumVendors=4))["summary"]["changed"] == 100
    assert len([one for one in tenant.state.values() if one == {"Engineering": {"NumVendors": 4}}]) == 100
    assert 2 <= len(tenant.emulator.requests("token")) <= 5  # each batch in flight may ask for a new one


def test_low_priority_is_told_to_graph(tenant: Tenant) -> None:
    bulk(tenant, [user("adele@contoso.com", NumVendors=4)], priority="low")
    bulk(tenant, [user("adele@contoso.com", NumVendors=5)])
    priorities = [one["headers"].get("x-ms-throttle-priority") for one in tenant.writes]
    assert priorities == ["low", None]


# What goes wrong

RUNS, AT_A_TIME = 200, 25


def faults_at_random(chance: random.Random) -> list[dict[str, Any]]:
    expired = {"match": {"kind": "graph"}, "do": {"expire_token": True}, "skip": chance.randint(0, 40)}
    return [fault_at_random(chance) for _fault in range(chance.randint(1, 5))] + [expired] * chance.randint(0, 1)


def fault_at_random(chance: random.Random) -> dict[str, Any]:
    batch, write, anything = {"path": r"\$batch$"}, {"method": "PATCH"}, {"kind": "graph"}
    soon = {"Retry-After": chance.choice(["0.013", "0.004", "0"])}
    match, do = chance.choice(
        [
            (write, {"status": 429, "headers": soon}),
            (write, {"status": 503, "headers": soon}),
            (write, {"cut": chance.choice(["before", "after"])}),
            (batch, {"status": 429, "headers": soon}),
            (batch, {"status": 503, "headers": soon}),
            (batch, {"cut": chance.choice(["before", "after"])}),
            (anything, {"status": chance.choice([429, 503]), "headers": soon}),
            (anything, {"cut": chance.choice(["before", "after"])}),
        ]
    )
    return {"match": match, "do": do, "skip": chance.randint(0, 40), "times": chance.randint(1, 3)}


def check_log(emulator: Emulator) -> Counter[str]:
    """How many PATCH each principal got, at most one of them in a batch that the client got the answer of."""
    written: Counter[str] = Counter()
    answered: set[str] = set()
    outer_answered = False
    for request in emulator.requests():
        if request["batch"] is None:
            outer_answered = request["status"] == 200
        elif request["method"] == "PATCH":
            principal = request["path"].rsplit("/", 1)[1]
            assert principal not in answered, "it was written already"
            if request["status"] == 204 and outer_answered:
                answered.add(principal)
            written[principal] += 1
    return written


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, RUNS, AT_A_TIME))
def test_whatever_goes_wrong_the_state_is_right_and_so_are_the_results(
    tenant: Tenant, waits: Patient, first: int
) -> None:
    populate(tenant, 30, lambda n: assigned_at_random(random.Random(first + n)))  # noqa: S311 - repeatable
    tenant = tenant.through(waiting(tenant.emulator, waits, retries=15))
    before = tenant.state
    for seed in range(first, first + AT_A_TIME):
        chance = random.Random(seed)  # noqa: S311 - repeatable
        numbers = {n: chance.randint(1, 3) for n in chance.sample(range(30), 27)}
        centers = {"add": chance.randint(1, 4), "remove": chance.randint(5, 8)}
        items = [user(f"u{n}@contoso.com", NumVendors=value, CostCenter=centers) for n, value in numbers.items()]
        tenant.emulator.clear()
        tenant.emulator.control("DELETE", "faults")
        tenant.emulator.faults(*faults_at_random(chance))
        tenant.emulator.quirks(shuffle_batch=True, shuffle_collections=True, empty_shape=chance.choice(["null", "{}"]))
        result = bulk(tenant, items)
        tenant.emulator.quirks(shuffle_collections=False)
        written, after = check_log(tenant.emulator), tenant.state
        for (n, value), one in zip(numbers.items(), result["results"], strict=True):
            now = after[number(n)]["Engineering"]
            assert now["NumVendors"] == value, seed
            assert centers["add"] in now["CostCenter"], seed
            assert centers["remove"] not in now["CostCenter"], seed
            assert one["changed"] == (number(n) in written) == (before.get(number(n)) != after[number(n)]), seed
        assert result["summary"]["changed"] == len(written)
        before = after


RUN = """
import json, os, sys
from ansible_collections.entra.attributes.plugins.module_utils._operations import assignments as _bulk
from ansible_collections.entra.attributes.plugins.module_utils import _operation as _module
_bulk.run_bulk(json.load(sys.stdin), _module.connect({}, os.environ), False)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("after", "end"), [(1, signal.SIGKILL), (70, signal.SIGTERM), (130, signal.SIGINT), (190, signal.SIGKILL)]
)
def test_a_run_that_is_killed_is_finished_by_the_next(
    tenant: Tenant, tmp_path: Path, after: int, end: signal.Signals
) -> None:
    populate(tenant, 400, lambda n: {"Engineering": {"NumVendors": 1}} if n % 2 else None)
    before = tenant.state
    items = everybody(400, NumVendors=4)
    tenant.emulator.quirks(latency=0.5)
    environment = {**os.environ, **tenant.emulator.environment, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", RUN], env=environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin
    record, snapshot = tmp_path / "record.jsonl", tmp_path / "snapshot.jsonl"
    defaults = {name: option.get("default") for name, option in BULK.spec.items()}
    record.write_text("former")
    kept = {"results_path": str(record), "snapshot_path": str(snapshot)}
    process.stdin.write(json.dumps({**defaults, "assignments": items, **kept}).encode())
    process.stdin.close()
    deadline = time.monotonic() + 30
    while len(tenant.writes) < after and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(end)
    assert process.wait() != 0
    tenant.emulator.quirks(latency=0.0)
    time.sleep(0.2)  # what was under way arrives
    killed = len(tenant.writes)
    assert after <= killed < 400
    written = {one["principal"]["id"] for one in journal(record)["result"]}
    applied = {one["path"].rpartition("/")[2] for one in tenant.writes}
    assert written <= applied
    assert len(applied - written) <= 120, "those on their way, six batches at most by then"
    assert journal(record)["summary"] == []
    assert bulk(tenant, items, **kept)["summary"]["changed"] == 400 - killed
    assert len(journal(record)["summary"]) == 1
    assert set(Counter(one["path"] for one in tenant.writes).values()) == {1}
    assert len(tenant.writes) == 400
    assert not bulk(tenant, items)["changed"]
    assert len(tenant.writes) == 400
    assert sorted(tmp_path.iterdir()) == [record, snapshot]
    assert bulk(tenant, src=str(snapshot))["summary"]["changed"] == 400
    assert tenant.state == before


# Sharing


@pytest.mark.parametrize("seed", range(6))
def test_what_equal_principals_share_changes_no_result(
    tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chosen = random.Random(seed)  # noqa: S311 - repeatable
    values: list[Any] = [None, 1, 2, 4]
    projects: list[Any] = [None, ["Baker"], ["Baker", "Alpine"], ["Alpine", "Baker"]]

    def held(number: int) -> dict[str, Any]:
        given = {"NumVendors": chosen.choice(values), "Project": chosen.choice(projects)}
        return {"Engineering": {name: value for name, value in given.items() if value is not None}}

    populate(tenant, 60, held)
    src = tmp_path / "attributes.csv"
    cells = ["", "null", "1", "4", "x", "n/a", "99999999999"]
    lists = ["", "null", "Baker", "Alpine;Baker", "Nowhere"]
    rows = [f"u{number}@contoso.com,{chosen.choice(cells[:5])},{chosen.choice(lists)}" for number in range(60)]
    src.write_text("\n".join(["user,Engineering.NumVendors,Engineering.Project[]", *rows]))
    given = {"src": str(src), "purge": chosen.random() < 0.5}
    together = tenant.fail(BULK, check_mode=True, **given)
    monkeypatch.setattr(_shared, "MOST", 0)
    monkeypatch.setattr(_wire, "_parsed", _shared.Shared())
    apart = tenant.fail(BULK, check_mode=True, **given)
    assert together["results"] == apart["results"]
    outcomes = together["summary"]
    assert outcomes == {**apart["summary"], "seconds": outcomes["seconds"]}
    assert min(outcomes["changed"], outcomes["unchanged"], outcomes["failed"]) > 0


# Progress


def test_a_long_run_says_how_far_it_is_and_a_short_one_nothing(tenant: Tenant) -> None:
    populate(tenant, 60)
    said: list[str] = []
    spoken = replace(BULK, run=partial(run_bulk, progress=lambda progress: said.append(progress.line())))
    tenant.run(spoken, check_mode=True, assignments=everybody(60, NumVendors=4))
    assert said == []
    ticks = count(0, 5)
    tenant.graph.patience.clock = lambda: float(next(ticks))
    result = tenant.run(spoken, assignments=everybody(60, NumVendors=4))
    assert re.fullmatch(r"1 of 60 read, 1 to change, 0 written, 0 throttled", said[0])
    assert any(re.search(r"\b30 written, 0 throttled, about [0-9,]+ s left$", line) for line in said)
    assert said[-1] == "60 of 60 read, 60 to change, 60 written, 0 throttled"
    assert "throttled," not in json.dumps(result), "lines are for people, not for the result"


@pytest.mark.slow
def test_a_person_at_a_terminal_sees_it(tenant: Tenant, tmp_path: Path) -> None:
    """The task itself, in a terminal: two lines of progress at most for some six seconds, and a result without them."""
    populate(tenant, 400)
    tenant.emulator.quirks(latency=2.2)
    task = {"assignments": everybody(400, NumVendors=4), "report": "none"}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"entra.attributes.custom_security_attributes": task}],
    }
    playbook = tmp_path / "play.json"
    playbook.write_text(json.dumps([play]))
    collections = found_in()
    environment = {**os.environ, **tenant.emulator.environment, "ANSIBLE_COLLECTIONS_PATH": str(collections)}
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "ansible.cli.playbook", "--check", "-v", str(playbook)]
    with subprocess.Popen(command, env=environment, stdin=terminal, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal shows like that
            while some := os.read(controller, 65536):
                shown += some
    os.close(controller)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r", "").splitlines()
    assert process.returncode == 0, lines
    progress = [line for line in lines if re.match(r"\[#*\.*\] [0-9]+ of 400 read$", line)]
    assert progress[-1] == f"[{'#' * 30}] 400 of 400 read"
    assert 2 <= len(progress) <= 3


# Snapshots and what is expected


def test_a_snapshot_undoes_the_run_and_nothing_else(tenant: Tenant, tmp_path: Path) -> None:
    bulk(tenant, [user("adele@contoso.com", NumVendors=4, CostCenter=[1, 2], ProjectDate="2024")])
    before, snapshot = tenant.state, tmp_path / "snapshot.jsonl"
    wished = [
        user("adele@contoso.com", NumVendors=5, CostCenter={"add": [3]}, ProjectDate=None, Certification=True),
        service_principal("payroll-api", Project=["Baker"]),
        user("alex@contoso.com"),
        user("nobody@contoso.com", NumVendors=1),
    ]
    failure(tenant, wished, check_mode=True, snapshot_path=str(snapshot))
    assert not snapshot.exists()
    failure(tenant, wished, snapshot_path=str(snapshot))
    assert stat.S_IMODE(snapshot.stat().st_mode) == 0o600
    first, *items, seal = [json.loads(line) for line in snapshot.read_text().splitlines()]
    assert first.pop("time")
    assert first == {
        "record": "header",
        "format": "entra.attributes/snapshot",
        "version": 1,
        "tenant_id": tenant.emulator.environment["AZURE_TENANT_ID"],
    }
    assert (seal["record"], seal["lines"]) == ("seal", 2)
    assert items == [
        {
            "user": ADELE,
            "display_name": "Adele Vance",
            "attributes": {
                "Engineering": {"NumVendors": 4, "CostCenter": [1, 2], "ProjectDate": "2024", "Certification": None}
            },
            "expected": {
                "Engineering": {"NumVendors": 5, "CostCenter": [1, 2, 3], "ProjectDate": None, "Certification": True}
            },
        },
        {
            "service_principal": PAYROLL,
            "display_name": "payroll-api",
            "attributes": {"Engineering": {"Project": None}},
            "expected": {"Engineering": {"Project": ["Baker"]}},
        },
    ]
    bulk(tenant, [user("adele@contoso.com", Secret="untouched")])
    assert bulk(tenant, src=str(snapshot))["summary"]["changed"] == 2
    before[ADELE]["Engineering"]["Secret"] = "untouched"
    assert tenant.state == before
    assert not bulk(tenant, src=str(snapshot))["changed"]


def test_a_snapshot_is_continued(tenant: Tenant, tmp_path: Path) -> None:
    before, snapshot = tenant.state, str(tmp_path / "snapshot.jsonl")
    bulk(
        tenant,
        [user("adele@contoso.com", NumVendors=1), user("alex@contoso.com", NumVendors=1)],
        snapshot_path=snapshot,
    )
    bulk(tenant, [user(ADELE, NumVendors=2, Certification=True)], snapshot_path=snapshot)
    bulk(tenant, [user(ADELE, NumVendors=2)], snapshot_path=snapshot)
    bulk(tenant, src=snapshot)
    assert tenant.state == before


@pytest.mark.parametrize(
    ("now", "expected", "desired", "written"),
    [
        (1, 1, 2, True),
        (3, 1, 2, False),
        (2, 1, 2, True),
        (None, 1, 2, False),
        (None, None, 2, True),
        (1, None, 2, False),
        (1, 1, None, True),
        (2, 1, None, False),
        (None, 1, None, True),
    ],
)
def test_what_was_changed_since_is_left_alone_unless_told(
    tenant: Tenant, now: int | None, expected: int | None, desired: int | None, written: bool
) -> None:
    bulk(tenant, [user("adele@contoso.com", NumVendors=now, ProjectDate="before")])
    one = user("adele@contoso.com", NumVendors=desired, ProjectDate="after")
    one["expected"] = {"Engineering": {"NumVendors": expected}}
    if not written:
        for check_mode in (True, False):
            (result,) = failure(tenant, [one], check_mode).result["results"]
            assert result["msg"].startswith(
                f"Engineering.NumVendors is expected to be {json.dumps(expected)}, but is {json.dumps(now)}. "
            )
            assert result["after"]["Engineering"].get("NumVendors") == now
        assert tenant.state[ADELE]["Engineering"]["ProjectDate"] == "before"
    bulk(tenant, [one], force=not written)
    assert tenant.state[ADELE] == {
        "Engineering": {**({"NumVendors": desired} if desired else {}), "ProjectDate": "after"}
    }


def test_what_is_expected_of_other_attributes(tenant: Tenant) -> None:
    one = {**user("adele@contoso.com", NumVendors=1), "expected": {"Marketing": {"EmployeeId": "GS1"}}}
    assert "Marketing.EmployeeId is expected" in str(failure(tenant, [one]))
    bulk(tenant, [user("adele@contoso.com", "Marketing", EmployeeId="GS1")])
    assert bulk(tenant, [one])["changed"]
