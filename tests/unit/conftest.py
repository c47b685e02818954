# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the collection importable by its full name when plain pytest runs in a checkout of any name and place.

ansible-test has done so already. Otherwise the checkout gets a symlink to itself below .build/tree.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible.plugins.loader import init_plugin_loader
from ansible.utils.collection_loader import AnsibleCollectionConfig
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from _emulator import Emulator

# How fast this machine is at the moment says nothing about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# Plain pytest has done this; ansible-test has not, and the helpers beside this file are imported by their short name.
sys.path.insert(0, str(Path(__file__).parent))

ROOT = Path(__file__).resolve().parents[2]
NAME = "ansible_collections/entra/attributes"


def importable() -> bool:
    try:
        return importlib.util.find_spec(NAME.replace("/", ".")) is not None
    except ModuleNotFoundError:
        return False


if not importable():
    if ROOT.match(NAME):
        tree = ROOT.parents[2]
    else:
        tree = ROOT / ".build" / "tree"
        (tree / NAME).parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # made before, or by another worker at this moment
            (tree / NAME).symlink_to("../../../..")
    sys.path.insert(0, str(tree))

# Ansible finds plugins by their full names only in collections that it has imported itself.
if AnsibleCollectionConfig.collection_finder is None:
    init_plugin_loader([path for path in sys.path if (Path(path) / NAME).is_dir()])


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    from _emulator import start

    emulator = start(tmp_path_factory.mktemp("graph"))
    yield emulator
    emulator.stop()


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    return running
