# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bytecode: inside Ansible, the collection's files are compiled once and not in each run."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[4] / "plugins"
PREFIX = "ansible_collections.entra.attributes.plugins."
REUSES = {"plugin_utils._action", "plugin_utils._controller", "plugin_utils._vault"}
EDGE = sorted(
    file for folder in ("action", "filter", "inventory", "lookup") for file in (PLUGINS / folder).glob("*.py")
)

SCRIPT = f"""
import os, sys
from importlib import import_module
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader([os.environ["TREE"]])
import_module("{PREFIX}action.custom_security_attributes")
for name, module in sys.modules.items():
    file = getattr(module, "__file__", None)
    if name.startswith("{PREFIX}") and os.path.isfile(file or "") and os.path.getsize(file):
        print(name.removeprefix("{PREFIX}"), type(module.__loader__).__name__)
"""


def loaders(cache: Path) -> dict[str, str]:
    """Return the loader of each file that an action plugin loads inside Ansible."""
    tree = next(folder for folder in sys.path if (Path(folder) / "ansible_collections" / "entra").is_dir())
    environment = {**os.environ, "TREE": tree, "PYTHONPYCACHEPREFIX": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True, cwd=cache
    )
    return dict(line.split() for line in done.stdout.splitlines() if not line.startswith("["))


def test_files_of_the_collection_are_loaded_with_their_bytecode(tmp_path: Path) -> None:
    found = loaders(tmp_path)
    compiled = [name for name, loader in found.items() if loader != "SourceFileLoader" and "_utils." in name]
    assert sorted(compiled) == ["plugin_utils._action", "plugin_utils._bytecode"]
    assert len(found) > 50
    assert [file.name for file in tmp_path.rglob("assignments_run.*.pyc")]


@pytest.mark.parametrize("file", EDGE, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_each_plugin_reuses_bytecode_before_it_loads_the_rest(file: Path) -> None:
    relative = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ImportFrom) and node.level]
    assert relative[0].module in REUSES
