# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of the first pages, typed literally in a fresh clone, lead to users with attributes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from _documents import GUIDES, ROOT, page_blocks, transcript

CLONED = "https://github.com/entra-attributes/entra.attributes.git"
# Asks the local Graph of the shell that the page has opened.
QUESTION = """python -c '
import os, requests
secret = {"X-Emulator-Secret": os.environ["GRAPH_EMULATOR_SECRET"]}
for name in ("adele", "alex"):
    url = os.environ["ENTRA_GRAPH_URL"] + f"/_emulator/principals/{name}@contoso.com"
    print(name.upper(), "HAS", requests.get(url, headers=secret).json())
'"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Make a repository of the files as they are now, committed or not."""
    folder = tmp_path / "entra.attributes.git"
    folder.mkdir()
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout.split(b"\0")
    existing = b"\0".join(file for file in names if file and (ROOT / file.decode()).exists())
    copy = ["xargs", "-0", "cp", "--parents", "--preserve=mode", f"--target-directory={folder}"]
    subprocess.run(copy, cwd=ROOT, input=existing, check=True)
    author = ["-c", "user.name=Nobody", "-c", "user.email=nobody@contoso.com"]
    for arguments in (["init", "--quiet"], ["add", "--all"], [*author, "commit", "--quiet", "--message=As it is"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


def follow(commands: list[str], repository: Path) -> str:
    """Type commands into a shell in an empty folder, with an empty HOME; return what is then on the screen."""
    home, desk = repository.with_name("home"), repository.with_name("desk")
    home.mkdir()
    desk.mkdir()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in ("LC_ALL", "TMPDIR") or name.startswith(("PIP_", "SSL_")) or name.lower().endswith("_proxy")
    }
    environment["HOME"] = str(home)
    own = Path(sys.executable).parent
    environment["PATH"] = os.pathsep.join(folder for folder in os.get_exec_path() if Path(folder) != own)
    # Packages come from where this machine gets them, and not twice.
    environment["UV_CACHE_DIR"] = str(Path.home() / ".cache" / "uv")
    settings = Path.home() / ".config" / "pip" / "pip.conf"
    if settings.exists():
        environment.setdefault("PIP_CONFIG_FILE", str(settings))
    process = subprocess.run(
        ["bash"],
        cwd=desk,
        env=environment,
        input="\n".join(commands).replace(CLONED, str(repository)) + "\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert process.returncode == 0, process.stdout
    return process.stdout


def test_the_quick_start_ends_with_imported_users(repository: Path) -> None:
    page = ROOT / GUIDES / "guide_getting_started.rst"
    blocks = page_blocks(page)
    commands, shown = transcript("".join(block.text for block in blocks if block.language == "console"))
    assert commands[0] == f"git clone {CLONED}"
    assert commands[-1] == "exit"
    (undo,) = re.findall(r"``(ansible localhost [^`]+)``", page.read_text())
    screen = follow([*commands[:-1], QUESTION, undo, QUESTION, "exit"], repository)
    adele, alex, *undone = re.findall(r"^[A-Z]+ HAS .*", screen, re.MULTILINE)
    assert adele == "ADELE HAS {'Engineering': {'Project': ['Baker', 'Cascade'], 'NumVendors': 8}}"
    assert alex == "ALEX HAS {'Engineering': {'Project': ['Alpine'], 'NumVendors': 4}}"
    assert undone == ["ADELE HAS {'Engineering': {'Project': ['Baker', 'Cascade']}}", "ALEX HAS {}"]
    assert [line for line in shown if line not in screen] == [], screen


def test_the_readme_shows_what_is_seen(repository: Path) -> None:
    first = next(block.text for block in page_blocks(ROOT / "README.md") if block.language == "console")
    commands, shown = transcript(first)
    assert commands[0] == f"git clone {CLONED}"
    screen = follow(commands, repository)
    assert [line for line in shown if line not in screen] == [], screen


def test_the_shell_names_commands_that_work(repository: Path) -> None:
    banner = (ROOT / ".ci" / "shell.sh").read_text().replace("\\\\\n", "")
    commands = re.findall(r"^  (ansible.+)", banner, re.MULTILINE)
    assert len(commands) == 3
    screen = follow(
        ["cd ../entra.attributes.git", "make shell", *(f"{line} || exit 1" for line in commands), "exit"], repository
    )
    assert '+  ProjectDate: "2026-12-01"' in screen
    assert '"ProjectDate": "2026-12-01"' in screen
    assert "RETURN VALUES:" in screen
