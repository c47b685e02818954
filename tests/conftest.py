# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for tests of all kinds: the folder of the collection, and a local Graph."""

from __future__ import annotations

import importlib.util
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "unit"))

from _checkout import NAME, found_in
from _emulator import Emulator, start


def importable() -> bool:
    try:
        return importlib.util.find_spec(NAME.replace("/", ".")) is not None
    except ModuleNotFoundError:
        return False


if not importable():
    sys.path.insert(0, str(found_in()))


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # by a shell, and children inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tree() -> Path:
    return found_in()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = start(tmp_path_factory.mktemp("graph"), check_schema=True)
    yield emulator
    findings = emulator.findings()
    emulator.stop()
    assert not findings, "\n".join(sorted(set(findings))[:20])


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    return running
