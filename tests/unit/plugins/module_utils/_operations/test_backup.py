# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups of a tenant: which are kept, and what a restore brings back to whom."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils._operations.export import EXPORT
from ansible_collections.entra.attributes.plugins.module_utils._operations.reconcile import RECONCILE

from ...conftest import ADELE, PAYROLL

ALEX = "33333333-3333-4333-8333-333333333302"
HELD: dict[str, Any] = {
    ADELE: {"Engineering": {"NumVendors": 4}, "Marketing": {"EmployeeId": "a"}},
    ALEX: {"Engineering": {"NumVendors": 5}},
    PAYROLL: {"Engineering": {"Certification": True}},
}


def principals(tenant: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tenant["users"] + tenant["servicePrincipals"]
    return found


@pytest.fixture
def held(tenant: Tenant) -> Tenant:
    """The tenant in which exactly these principals have values."""
    state = tenant.emulator.tenant()
    for principal in principals(state):
        principal["customSecurityAttributes"] = HELD.get(principal["id"])
    tenant.emulator.tenant(state)
    return tenant


def lose(tenant: Tenant, **new: dict[str, Any]) -> None:
    """Take all values away, and change properties of principals by object id."""
    state = tenant.emulator.tenant()
    for principal in principals(state):
        principal["customSecurityAttributes"] = None
        principal.update(new.get(principal["id"], {}))
    tenant.emulator.tenant(state)


def back_up(tenant: Tenant, dest: Path, **options: Any) -> dict[str, Any]:
    return tenant.run(EXPORT, dest=str(dest), backup=True, **options)


def test_a_backup_is_a_new_folder_and_the_oldest_are_removed(held: Tenant, tmp_path: Path) -> None:
    made = [back_up(held, tmp_path, keep=2) for _number in range(4)]
    folders = [result["backup"] for result in made]
    assert [result["changed"] for result in made] == [True] * 4
    assert [result["removed_backups"] for result in made] == [[], [], folders[:1], folders[1:2]]
    assert sorted(map(str, tmp_path.iterdir())) == folders[2:]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_check_mode_predicts_and_writes_nothing(held: Tenant, tmp_path: Path) -> None:
    first = back_up(held, tmp_path)["backup"]
    predicted = back_up(held, tmp_path, keep=1, check_mode=True)
    assert (predicted["changed"], predicted["removed_backups"]) == (True, [first])
    assert [str(path) for path in tmp_path.iterdir()] == [first]


def test_what_is_no_whole_backup_of_this_tenant_stays(held: Tenant, tmp_path: Path) -> None:
    edited, kept = (Path(back_up(held, tmp_path)["backup"]) for _number in range(2))
    (edited / "assignments/users.yml").write_text("assignments: []\n")
    (tmp_path / "2020-01-01T000000Z").mkdir()
    (tmp_path / "notes").mkdir()
    result = back_up(held, tmp_path, keep=1)
    assert result["removed_backups"] == [str(kept)]
    assert result["warnings"] == [
        f"These folders in {tmp_path} are not whole backups, and stay: 2020-01-01T000000Z (.backup.json is missing),"
        f" {edited.name} (assignments/users.yml was changed)."
    ]
    assert edited.exists()
    assert (tmp_path / "notes").exists()


def test_nothing_is_removed_where_the_tenant_is_not_known(
    held: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(held.graph), "claims", lambda graph: {})  # as of an opaque token
    made = [back_up(held, tmp_path, keep=1) for _number in range(2)]
    assert made[1]["removed_backups"] == []
    assert "the token does not name its tenant" in made[1]["warnings"][-1]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"keep": 1}, "keep: is a number of backups; set backup=true as well"),
        ({"backup": True, "format": "csv"}, "format: must be yaml for a backup"),
        ({"backup": True, "keep": 0}, "keep: must be at least 1, not 0"),
        (
            {"backup": True, "attribute_sets": ["Engineering"], "principals": ["users"], "filter": "x eq 1"},
            "backup: is of the whole tenant; leave out attribute_sets, filter, principals",
        ),
    ],
)
def test_options_that_do_not_fit_a_backup(held: Tenant, tmp_path: Path, options: dict[str, Any], words: str) -> None:
    assert words in held.fail(EXPORT, dest=str(tmp_path), **options)["msg"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("narrowed", "restored"),
    [
        ({}, HELD),
        ({"attribute_sets": ["Marketing"]}, {ADELE: {"Marketing": {"EmployeeId": "a"}}}),
        ({"principals": ["adele@contoso.com"]}, {ADELE: HELD[ADELE]}),
        (
            {"principals": ["adele@contoso.com"], "attribute_sets": ["Engineering"]},
            {ADELE: {"Engineering": {"NumVendors": 4}}},
        ),
    ],
)
def test_a_backup_is_restored_whole_or_in_part(
    held: Tenant, tmp_path: Path, narrowed: dict[str, Any], restored: dict[str, Any]
) -> None:
    backup = back_up(held, tmp_path)["backup"]
    assert held.run(RECONCILE, src=[backup])["changed"] is False
    lose(held)
    predicted = held.run(RECONCILE, src=[backup], check_mode=True, **narrowed)
    done = held.run(RECONCILE, src=[backup], **narrowed)
    assert predicted["plan"] == done["plan"]
    assert held.state == restored
    assert held.run(RECONCILE, src=[backup], **narrowed)["changed"] is False


def test_principals_that_were_recreated_are_found_and_no_other_is_guessed(held: Tenant, tmp_path: Path) -> None:
    backup = back_up(held, tmp_path)["backup"]
    new_adele, new_payroll = ADELE[:-2] + "91", PAYROLL[:-2] + "91"
    lose(
        held,
        **{
            ADELE: {"id": new_adele},
            PAYROLL: {"id": new_payroll, "displayName": "payroll (new)"},
            ALEX: {"userPrincipalName": "alex.new@contoso.com"},
        },
    )
    failed = held.fail(RECONCILE, src=[backup])
    assert "there is no user 'alex@contoso.com' in this tenant" in str(failed["summary"]["messages"])
    payroll_app = "55555555-5555-4555-8555-555555555501"
    assert [note for note in failed["plan"]["notes"] if "object ID" in note] == [
        "2 principals with another object ID than in the backup (created again, or somebody else with the same name):"
        f" {payroll_app}, adele@contoso.com"
    ]
    assert held.state == {new_adele: HELD[ADELE], new_payroll: HELD[PAYROLL]}
    skipped = held.run(RECONCILE, src=[backup], on_missing="skip")
    assert [finding["name"] for finding in skipped["plan"]["missing"]] == ["alex@contoso.com"]


def test_an_app_id_that_two_have_now_is_listed_and_nobody_gets_its_values(held: Tenant, tmp_path: Path) -> None:
    backup = back_up(held, tmp_path)["backup"]
    state = held.emulator.tenant()
    payroll = next(known for known in principals(state) if known["id"] == PAYROLL)
    lose(held)
    state = held.emulator.tenant()
    state["servicePrincipals"].append({**payroll, "id": PAYROLL[:-2] + "92", "customSecurityAttributes": None})
    held.emulator.tenant(state)
    failed = held.fail(RECONCILE, src=[backup])
    assert held.state == {ADELE: HELD[ADELE], ALEX: HELD[ALEX]}
    assert PAYROLL[:-2] + "92" in str(failed["summary"]["messages"])


def test_a_changed_backup_is_not_restored(held: Tenant, tmp_path: Path) -> None:
    backup = Path(back_up(held, tmp_path)["backup"])
    (backup / "assignments/users.yml").write_text("assignments: []\n")
    held.emulator.clear()
    assert "is not a whole backup: assignments/users.yml was changed" in held.fail(RECONCILE, src=[str(backup)])["msg"]
    assert held.writes == []
