# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The execution environment: ansible-builder makes its build context, and finds what the collection asks for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml


def builder(*arguments: str) -> str:
    answer = subprocess.run(["ansible-builder", *arguments], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.mark.parametrize(
    ("name", "words"),
    [("execution-environment", ["ansible-runner"]), ("decision-environment", ["ansible-runner", "JAVA_HOME"])],
)
def test_the_build_context(collection: Path, tmp_path: Path, name: str, words: list[str]) -> None:
    definition, context = str(collection / f"{name}.yml"), tmp_path / "context"
    builder("create", "--file", definition, "--context", str(context), "--output-filename", "Containerfile")
    instructions = (context / "Containerfile").read_text()
    assert "ansible-galaxy collection install" in instructions
    assert [word for word in words if word not in instructions] == []
    assert re.search(r"ubi9:\d", instructions), "a pinned base"
    requirements = yaml.safe_load((context / "_build" / "requirements.yml").read_text())
    assert requirements == {"collections": [{"name": "entra.attributes"}]}


def test_the_libraries_come_from_the_collection(collection: Path) -> None:
    found = yaml.safe_load(builder("introspect", str(collection.parents[2])).partition("---")[2])
    libraries = [line.partition(">=")[0] for line in found["python"]]
    assert libraries == ["requests", "msal"], found
