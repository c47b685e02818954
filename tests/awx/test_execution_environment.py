# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The execution environment: ansible-builder makes its build context, and finds what the collection asks for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml


def builder(*arguments: str) -> str:
    answer = subprocess.run(["ansible-builder", *arguments], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def test_the_build_context(collection: Path, tmp_path: Path) -> None:
    definition, context = str(collection / "execution-environment.yml"), tmp_path / "context"
    builder("create", "--file", definition, "--context", str(context), "--output-filename", "Containerfile")
    instructions = (context / "Containerfile").read_text()
    assert "ansible-galaxy collection install" in instructions
    assert "ansible-runner" in instructions
    requirements = yaml.safe_load((context / "_build" / "requirements.yml").read_text())
    assert requirements == {"collections": [{"name": "entra.attributes"}]}


def test_the_libraries_come_from_the_collection(collection: Path) -> None:
    found = yaml.safe_load(builder("introspect", str(collection.parents[2])).partition("---")[2])
    libraries = [line.partition(">=")[0] for line in found["python"]]
    assert libraries == ["requests", "msal"], found
