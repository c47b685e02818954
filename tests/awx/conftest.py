# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as AWX and Event-Driven Ansible run it; `make awx` puts it on ANSIBLE_COLLECTIONS_PATH."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

if sys.version_info < (3, 11):
    collect_ignore = ["test_runner.py", "test_slices.py", "test_ways_in.py"]  # AWX's own code needs Python 3.11


@pytest.fixture(scope="session")
def collection() -> Path:
    """The folder of the collection as it is installed."""
    found = [
        Path(folder) / "ansible_collections" / "entra" / "attributes"
        for folder in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(os.pathsep)
    ]
    assert found[0].is_dir(), "ANSIBLE_COLLECTIONS_PATH names no folder with the collection; make awx sets it"
    return found[0]
