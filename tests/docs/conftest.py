# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the helpers of the unit tests usable here, and runs commands as a reader of the documentation would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from _emulator import Emulator

SECONDS = 240  # far above what any example needs
sys.path.insert(0, str(Path(__file__).parent))

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(running: Emulator, tree: Path, tmp_path: Path) -> Run:
    """Run a program of this environment in `tmp_path`, with the local Graph's environment and an empty HOME."""
    (tmp_path / "home").mkdir()
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AZURE_", "ENTRA_"))},
        **running.environment,
        "ANSIBLE_COLLECTIONS_PATH": str(tree),
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "HOME": str(tmp_path / "home"),
        "NO_PROXY": "localhost,127.0.0.1",
    }

    def command(program: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            # A signal to end makes Ansible end its workers too. A kill by Python's own limit would not.
            ["timeout", str(SECONDS), str(Path(sys.executable).with_name(program)), *arguments],
            cwd=tmp_path,
            env={**variables, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return command
