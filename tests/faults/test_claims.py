# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs in bad weather report what happened, and the next run ends in the desired state."""

from __future__ import annotations

from pathlib import Path

import pytest
from _proxy import FAULTS, FaultProxy
from _runs import as_module, inside, populate, run, run_reconcile, run_selecting

INSIDE, AS_MODULES, RECONCILED = range(40), range(1000, 1010), range(2000, 2015)
SELECTED = (*range(3000, 3005), 3022)


@pytest.fixture(autouse=True)
def tenant(emulator: object, proxy: FaultProxy) -> None:
    populate(proxy)


def test_there_are_many_kinds_of_faults() -> None:
    assert len(FAULTS) >= 60


@pytest.mark.parametrize("seed", INSIDE)
def test_a_run_inside_ansible_claims_the_truth(proxy: FaultProxy, seed: int) -> None:
    report = run(proxy, seed, inside)
    assert not report.wrong, report


@pytest.mark.parametrize("seed", AS_MODULES)
def test_a_run_as_a_module_claims_the_truth(proxy: FaultProxy, seed: int) -> None:
    report = run(proxy, seed, as_module)
    assert not report.wrong, report


@pytest.mark.parametrize("seed", SELECTED)
def test_a_run_that_selects_claims_the_truth(proxy: FaultProxy, seed: int) -> None:
    report = run_selecting(proxy, seed)
    assert not report.wrong, report


@pytest.mark.parametrize("seed", RECONCILED)
def test_a_reconcile_claims_the_truth_and_the_next_one_finishes_it(
    proxy: FaultProxy, tmp_path: Path, seed: int
) -> None:
    report = run_reconcile(proxy, seed, tmp_path)
    assert not report.wrong, report
