# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files in `examples` do on the local Graph what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from _emulator import Emulator

from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph

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
    # Playbooks and folders are run by tests/docs/test_example_folders.py.
    assert {path.name for path in EXAMPLES.glob("*.csv")} == {name for name in HELD if name.endswith(".csv")}
    for name in HELD:
        assert f"[`{name}`]({name})" in (EXAMPLES / "README.md").read_text()


@pytest.mark.parametrize("name", ["excel.csv", "portal_download.csv"])
def test_a_byte_order_mark_in_front_changes_nothing(
    emulator: Emulator, graph: _graph.Graph, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + (EXAMPLES / name).read_bytes())
    bulk(graph, src=str(tmp_path / name))
    assert {who: emulator.state(who) for who in HELD[name]} == HELD[name]


@pytest.mark.parametrize("name", HELD)
def test_an_example_assigns_what_it_says_and_nothing_the_second_time(
    emulator: Emulator, graph: _graph.Graph, name: str
) -> None:
    assert bulk(graph, src=str(EXAMPLES / name))["summary"]["failed"] == 0
    assert {who: emulator.state(who) for who in HELD[name]} == HELD[name]
    assert not bulk(graph, src=str(EXAMPLES / name))["changed"]
