# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values at a time, by backups and by the audit log of the local Graph."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from _tenant import Tenant
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._core.model import AttributeName
from ansible_collections.entra.attributes.plugins.module_utils._errors import EntraError
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._operations import history_info
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignment import ASSIGNMENT
from ansible_collections.entra.attributes.plugins.module_utils._operations.audit_info import AUDIT_INFO
from ansible_collections.entra.attributes.plugins.module_utils._operations.export import EXPORT

from ...conftest import ADELE, PAYROLL

SOON, LATER = timedelta(minutes=6), timedelta(minutes=30)
"""A backup of SOON, and a look back from LATER, are past the slack and the lateness that the module allows for."""


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


def history(tenant: Tenant, at: datetime, graph: Graph | None = None, **options: Any) -> dict[str, Any]:
    """Return the result as of half an hour from now."""
    validated = ArgumentSpecValidator(history_info.HISTORY_INFO_SPEC, **history_info.HISTORY_INFO_CONSTRAINTS).validate(
        {"at": at.isoformat(), **options}
    )
    assert not validated.error_messages
    return history_info.run_history_info(
        validated.validated_parameters, graph or tenant.graph, False, now=utc_now() + LATER
    )


def assign(tenant: Tenant, name: str, value: Any, user: str = "adele@contoso.com") -> datetime:
    """Assign a value, or remove the attribute with null, and return a time after that."""
    state = {"state": "absent"} if value is None else {"value": value}
    tenant.run(ASSIGNMENT, user=user, attribute_set="Engineering", name=name, **state)
    return utc_now()


def back_up(tenant: Tenant, dest: Path, at: datetime) -> str:
    """Make a backup that says that it was made at a time."""
    made = str(tenant.run(EXPORT, dest=str(dest), backup=True)["backup"])
    seal = Path(made) / ".backup.json"
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    seal.write_text(json.dumps({**json.loads(seal.read_text()), "started": stamp, "finished": stamp}))
    return made


def shown(result: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return principal, attribute, values and certainty of each row."""
    return [(row["id"], row["name"], row["value"], row["certain"]) for row in result["history"]]


@pytest.mark.parametrize("seed", range(2))
def test_the_log_alone_shows_every_state_since_its_first_entry(tenant: Tenant, seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311
    values: list[Any] = [[1], [2, 1], None, [3]]
    held: dict[str, list[Any]] = {"CostCenter": [], "NumVendors": []}
    truth: list[tuple[datetime, dict[str, list[Any]]]] = []
    for number in range(6):
        name = chosen.choice(["CostCenter", "NumVendors"]) if number > 1 else ["CostCenter", "NumVendors"][number]
        value = chosen.choice([other for other in values if (other or []) != held[name]])
        value = value[0] if value and name == "NumVendors" else value
        if ([value] if isinstance(value, int) else value or []) != held[name]:
            at = assign(tenant, name, value)
            held = {**held, name: [value] if isinstance(value, int) else value or []}
            truth.append((at, held))
    for at, state in truth:
        rows = {row["name"]: row for row in history(tenant, at, user="adele@contoso.com")["history"]}
        for name, expected in state.items():
            if name in rows and rows[name]["certain"]:
                assert sorted(rows[name]["value"]) == sorted(expected)
        assert any(row["certain"] for row in rows.values())
    last = history(tenant, truth[-1][0], user="adele@contoso.com", attribute_set="Engineering", name="CostCenter")
    assert [(sorted(row["value"]), row["certain"]) for row in last["history"]] == [(sorted(held["CostCenter"]), True)]


def test_a_backup_shows_what_the_log_never_saw_change(tenant: Tenant, tmp_path: Path) -> None:
    state = tenant.emulator.tenant()
    next(user for user in state["users"] if user["id"] == ADELE)["customSecurityAttributes"] = {
        "Engineering": {"Certification": True}
    }
    tenant.emulator.tenant(state)
    at = assign(tenant, "NumVendors", 4)
    backup = back_up(tenant, tmp_path, at + SOON)
    result = history(tenant, at, user="adele@contoso.com", backups=str(tmp_path))
    assert shown(result) == [(ADELE, "Certification", [True], True), (ADELE, "NumVendors", [4], True)]
    assert result["history"][0]["source"] == f"the backup {Path(backup).name}"
    assert result["reach"]["backups"] == [backup]
    early = history(tenant, at - timedelta(days=1), user="adele@contoso.com", backups=str(tmp_path))
    assert [row["certain"] for row in early["history"]] == [False, False]
    assert "reaches back to that time" in early["history"][0]["reason"]


def test_an_attribute_lists_all_who_had_it(tenant: Tenant, tmp_path: Path) -> None:
    assign(tenant, "NumVendors", 4)
    at = assign(tenant, "NumVendors", 5, "alex@contoso.com")
    assign(tenant, "NumVendors", None)
    back_up(tenant, tmp_path, at + SOON)
    options = {"attribute_set": "Engineering", "name": "NumVendors", "backups": str(tmp_path)}
    rows = history(tenant, at, **options)["history"]
    assert [(row["user_principal_name"], row["value"], row["certain"]) for row in rows] == [
        ("adele@contoso.com", [4], True),
        ("alex@contoso.com", [5], True),
    ]
    now = history(tenant, utc_now(), **options)["history"]
    assert [(row["user_principal_name"], row["value"], row["certain"]) for row in now] == [
        ("alex@contoso.com", [5], True)
    ]


def test_a_principal_that_was_created_again_is_another_one(tenant: Tenant, tmp_path: Path) -> None:
    at = assign(tenant, "NumVendors", 4)
    back_up(tenant, tmp_path, at - SOON)
    state = tenant.emulator.tenant()
    new = ADELE[:-2] + "91"
    next(user for user in state["users"] if user["id"] == ADELE).update(id=new, customSecurityAttributes=None)
    tenant.emulator.tenant(state)  # which begins a new log
    options = {"user": "adele@contoso.com", "attribute_set": "Engineering", "name": "NumVendors"}
    assert shown(history(tenant, at, backups=str(tmp_path), **options)) == [
        (ADELE, "NumVendors", [4], False),
        (new, "NumVendors", [], False),
    ]


def test_a_service_principal_is_found_by_its_name(tenant: Tenant, tmp_path: Path) -> None:
    tenant.run(ASSIGNMENT, service_principal="payroll-api", attribute_set="Engineering", name="NumVendors", value=1)
    at = utc_now()
    back_up(tenant, tmp_path, at + SOON)
    result = history(tenant, at, service_principal="payroll-api", backups=str(tmp_path))
    assert shown(result) == [(PAYROLL, "NumVendors", [1], True)]


def test_without_the_permission_for_the_log_nothing_is_certain(tenant: Tenant, tmp_path: Path) -> None:
    at = assign(tenant, "NumVendors", 4)
    back_up(tenant, tmp_path, at - SOON)
    blind = tenant.allow(
        "CustomSecAttributeAssignment.Read.All", "CustomSecAttributeDefinition.Read.All", "User.Read.All"
    )
    result = history(tenant, at, blind.graph, user="adele@contoso.com", backups=str(tmp_path))
    assert shown(result) == [(ADELE, "NumVendors", [4], False)]
    assert "later changes may be missing" in result["history"][0]["reason"]
    assert "CustomSecAttributeAuditLogs.Read.All" in result["reach"]["message"]
    assert result["reach"]["audit_log_since"] is None


def test_an_empty_log_is_no_proof(tenant: Tenant) -> None:
    result = history(tenant, utc_now(), user="adele@contoso.com", attribute_set="Engineering", name="NumVendors")
    assert shown(result) == [(ADELE, "NumVendors", None, False)]
    assert result["reach"]["message"] == "The audit log has no entry, so it is not known how far back it reaches."


def test_the_log_is_read_by_the_object_id_and_from_the_backup_on(tenant: Tenant, tmp_path: Path) -> None:
    at = assign(tenant, "NumVendors", 4)
    back_up(tenant, tmp_path, at - SOON)
    tenant.emulator.clear()
    history(tenant, at, user="adele@contoso.com", backups=str(tmp_path))
    asked = [entry for entry in tenant.log if "/auditLogs/" in entry["path"]]
    assert [f"t/id eq '{ADELE}'" in entry["query"]["$filter"] for entry in asked] == [False, True]
    assert asked[0]["query"]["$top"] == "1"


def fails(make: Callable[[], object]) -> str:
    with pytest.raises(EntraError) as refusal:
        make()
    return str(refusal.value)


def test_what_cannot_be_is_refused(tenant: Tenant, tmp_path: Path) -> None:
    user = {"user": "adele@contoso.com"}
    assert "is in the future" in fails(lambda: history(tenant, utc_now() + timedelta(days=1), **user))
    assert "backups: " in fails(lambda: history(tenant, utc_now(), backups=str(tmp_path / "gone"), **user))
    (tmp_path / "2026-01-01T000000Z").mkdir()
    warned = history(tenant, utc_now(), backups=str(tmp_path), **user)["warnings"]
    assert warned == [
        "These folders are not whole backups, and were not read: 2026-01-01T000000Z (.backup.json is missing)."
    ]


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("Engineering_Project", AttributeName("Engineering", "Project")),
        ("Engineering", AttributeName("", "")),
        ("a_b_c", AttributeName("", "")),
        ("_b", AttributeName("", "")),
        (None, AttributeName("", "")),
    ],
)
def test_a_property_that_names_no_attribute_may_be_any(name: str | None, attribute: AttributeName) -> None:
    assert history_info._attribute(name) == attribute


@pytest.mark.parametrize(
    ("changes", "certain"),
    [({"result": "failure"}, True), ({"result": "timeout"}, False), ({"activity": "Update an attribute set"}, True)],
)
def test_an_entry_without_a_clear_result_ends_what_is_certain(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], certain: bool
) -> None:
    before = assign(tenant, "NumVendors", 4)
    (entry,) = tenant.run(AUDIT_INFO)["audits"]
    unclear = {**entry, "id": "unclear", "time": before.isoformat(), **changes}
    real = history_info.AuditLog.entries

    def entries(log: Any, since: datetime, **wanted: Any) -> Iterator[dict[str, Any]]:
        """Yield the entries, then one that the local Graph never writes."""
        yield from real(log, since=since, **wanted)
        yield unclear

    monkeypatch.setattr(history_info.AuditLog, "entries", entries)
    (row,) = history(tenant, before + timedelta(microseconds=1), user="adele@contoso.com")["history"]
    assert row["certain"] is certain


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"user": ""}, "exactly one of them is needed"),
        ({"user": 0, "attribute_set": "Engineering"}, "user: YAML read the integer 0"),
        ({"user": "adele@contoso.com", "backups": "a\0b"}, "backups: 'a\\x00b' cannot be a path"),
        ({"user": "adele@contoso.com", "backups": "\ud800"}, "backups: '\\ud800' cannot be a path"),
        ({"user": "adele@contoso.com", "backups": ""}, "backups: must not be empty"),
    ],
)
def test_an_empty_name_or_path_stands_for_nothing(tenant: Tenant, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(EntraError) as raised:
        history(tenant, utc_now(), **options)
    assert problem in str(raised.value)
