# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the helpers of the unit tests usable here, and runs commands as a reader of the documentation would."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAME = "ansible_collections/entra/attributes"
SECONDS = 240  # far above what any example needs
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tests" / "unit")]

from _emulator import Emulator, start  # noqa: E402

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def tree() -> Path:
    """Return the folder in which Ansible finds this checkout as the collection."""
    if ROOT.match(NAME):
        return ROOT.parents[2]
    folder = ROOT / ".build" / "tree"
    (folder / NAME).parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        (folder / NAME).symlink_to("../../../..")
    return folder


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = start(tmp_path_factory.mktemp("graph"))
    yield emulator
    emulator.stop()


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    return running


@pytest.fixture
def run(running: Emulator, tmp_path: Path) -> Run:
    """Run a program of this environment in `tmp_path`, with the local Graph's environment and an empty HOME."""
    (tmp_path / "home").mkdir()
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AZURE_", "ENTRA_"))},
        **running.environment,
        "ANSIBLE_COLLECTIONS_PATH": str(tree()),
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "HOME": str(tmp_path / "home"),
        "NO_PROXY": "localhost,127.0.0.1",
    }

    def command(program: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            # Told to end, Ansible takes its workers along; killed by a limit of Python's, it would not.
            ["timeout", str(SECONDS), str(Path(sys.executable).with_name(program)), *arguments],
            cwd=tmp_path,
            env={**variables, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return command
