# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs in bad weather report what happened, and the next run ends in the desired state."""

from __future__ import annotations

import pytest
from _proxy import FAULTS, FaultProxy
from _runs import as_module, inside, populate, run

INSIDE, AS_MODULES = range(48), range(1000, 1012)


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
