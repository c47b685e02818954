# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy between runs and the local Graph, for all tests of a process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from _emulator import Emulator
from _proxy import FaultProxy


@pytest.fixture(scope="session")
def proxy(running: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultProxy]:
    with FaultProxy(running, tmp_path_factory.mktemp("proxy")).running() as proxy:
        yield proxy
