# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files in `examples` do on the local Graph what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from _tenant import Tenant

from ...conftest import ADELE, PAYROLL
from .test_assignments import bulk

ALEX = "33333333-3333-4333-8333-333333333302"
EXAMPLES = Path(__file__).resolve().parents[5] / "examples"
HELD: dict[str, dict[str, Any]] = {
    "by_mail.yml": {
        ADELE: {"Engineering": {"Project": ["Baker", "Cascade"], "NumVendors": 8, "Certification": True}},
        ALEX: {"Engineering": {"CostCenter": [1001]}, "Marketing": {"EmployeeId": "00123"}},
        PAYROLL: {"Engineering": {"Certification": True}},
    },
    "excel.csv": {
        ADELE: {
            "Engineering": {"Project": ["Baker", "Cascade"], "NumVendors": 8, "Certification": True},
            "Marketing": {"EmployeeId": "00123"},
        },
        ALEX: {"Engineering": {"Project": ["Alpine"], "Certification": False}},
    },
    "long_form.csv": {
        ADELE: {"Engineering": {"Project": ["Baker", "Cascade"], "NumVendors": 8}},
        ALEX: {"Marketing": {"AppCountry": ["Peru"], "EmployeeId": "00123"}},
    },
    "portal_download.csv": {
        ADELE: {"Engineering": {"Project": ["Alpine", "Baker"]}, "Marketing": {"EmployeeId": "00123"}},
        ALEX: {"Engineering": {"Project": ["Cascade"]}},
    },
}


def test_each_example_is_run() -> None:
    # tests/docs/test_example_folders.py runs playbooks with their files, and folders.
    files = {path.name for path in EXAMPLES.glob("*.csv")} - {"apps.csv"}
    assert files == {name for name in HELD if name.endswith(".csv")}
    for name in HELD:
        assert f"[`{name}`]({name})" in (EXAMPLES / "README.md").read_text()


@pytest.mark.parametrize("name", ["excel.csv", "portal_download.csv"])
def test_a_byte_order_mark_in_front_changes_nothing(tenant: Tenant, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + (EXAMPLES / name).read_bytes())
    bulk(tenant, src=str(tmp_path / name))
    assert {who: tenant.emulator.state(who) for who in HELD[name]} == HELD[name]


@pytest.mark.parametrize("name", HELD)
def test_an_example_assigns_what_it_says_and_nothing_the_second_time(tenant: Tenant, name: str) -> None:
    assert bulk(tenant, src=str(EXAMPLES / name))["summary"]["failed"] == 0
    assert {who: tenant.emulator.state(who) for who in HELD[name]} == HELD[name]
    assert not bulk(tenant, src=str(EXAMPLES / name))["changed"]
