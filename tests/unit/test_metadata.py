# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the files at the root say about the collection agrees with what is in it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def test_the_user_agent_carries_the_version_of_galaxy_yml() -> None:
    versions = [
        node.value.value
        for file in sorted((ROOT / "plugins" / "module_utils").glob("*.py"))
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id == "VERSION"
    ]
    assert versions == [load("galaxy.yml")["version"]]


def test_the_action_group_holds_every_module() -> None:
    modules = sorted(file.stem for file in (ROOT / "plugins" / "modules").glob("*.py"))
    assert load("meta/runtime.yml")["action_groups"] == {"all": modules}


def test_the_execution_environment_names_an_existing_file() -> None:
    python = load("meta/execution-environment.yml")["dependencies"]["python"]
    assert "msal" in (ROOT / python).read_text()
