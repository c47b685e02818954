# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder of an export: whose files it replaces, and what is left of one that is killed at any moment."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._declarations.files import read
from ansible_collections.entra.attributes.plugins.module_utils._declarations.folder import bring, check_export
from ansible_collections.entra.attributes.plugins.module_utils._errors import OptionError

OLD = {
    "attribute_sets/Gone.yml": b"attribute_sets: [{name: Gone}]",
    "attribute_sets/Kept.yml": b"attribute_sets: [{name: Kept}]",
    "attribute_sets/Other.yml": b"attribute_sets: [{name: Other}]",
    "assignments/users.yml": b"- {user: a, attributes: {A: {B: 1}}}",
}
NEW = {
    "attribute_sets/Kept.yml": OLD["attribute_sets/Kept.yml"],
    "attribute_sets/New.yml": b"attribute_sets: [{name: New}]",
    "attribute_sets/Other.yml": b"attribute_sets: [{name: Other, description: changed}]",
    "assignments/users.csv": b"user,A.B\na,2\n",
}
MINE = {
    "README.md": b"mine",
    ".gitignore": b"mine",
    "attribute_sets/notes.txt": b"mine",
    "attribute_sets/.hidden.yml": b"mine",
    "assignments/more.csv": b"user,A.B\nb,2\n",
    ".export.new.yml": b"mine",
}
EXPORTS_OWN = {".export.json", ".export.switch.json", ".export.new"}


class Killed(BaseException):
    """The process is gone."""


def put(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def content(folder: Path) -> dict[str, bytes]:
    """Return all files but the export's own notes."""
    files = {one.relative_to(folder): one for one in folder.rglob("*") if one.is_file()}
    return {str(name): one.read_bytes() for name, one in files.items() if name.parts[0] not in EXPORTS_OWN}


def assert_whole(folder: Path, *versions: dict[str, bytes]) -> None:
    """The user's files are unchanged. Readers see one of the versions, or are refused."""
    found = content(folder)
    assert {name: found[name] for name in MINE} == MINE
    problems: list[str] = []
    list(read(str(folder), problems))
    if not any("was cut off; run the export again" in one for one in problems):
        rest = {name: text for name, text in found.items() if name not in MINE}
        temporary = [name for name in rest if name.startswith(".entra-attributes-")]
        assert {name: text for name, text in rest.items() if name not in temporary} in versions


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path, MINE)
    bring(tmp_path, OLD, False)
    return tmp_path


MUTATING = ("open", "write", "fsync", "mkdir", "replace", "unlink", "rmdir", "fchmod")


def dying(monkeypatch: pytest.MonkeyPatch, lives: int, after: bool) -> Callable[[], int]:
    """Let so many file operations happen, and none after; the last one happens with `after`. Returns their number."""
    count = 0

    def mortal(real: Callable[..., Any]) -> Callable[..., Any]:
        def operation(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == lives and after:
                real(*args, **kwargs)
            if count >= lives:
                raise Killed
            return real(*args, **kwargs)

        return operation

    for name in MUTATING:
        monkeypatch.setattr(os, name, mortal(getattr(os, name)))
    return lambda: count


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_an_export_that_is_killed_at_any_file_operation_leaves_one_version(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # which is slow, and nothing here can lose power
    lives, ended, cut_off = 0, False, 0
    while not ended:
        lives += 1
        for following in (NEW, OLD):
            folder = tmp_path_factory.mktemp("dest")
            put(folder, MINE)
            bring(folder, OLD, False)
            with pytest.MonkeyPatch.context() as patch:
                dying(patch, lives, after)
                try:
                    bring(folder, NEW, False)
                    ended = True
                except Killed:
                    cut_off += (folder / ".export.switch.json").exists()
            assert_whole(folder, OLD, NEW)
            if (folder / ".export.switch.json").exists():
                predicted = [(one.path, one.before, one.after) for one in bring(folder, following, True)]
                assert predicted == [(one.path, one.before, one.after) for one in bring(folder, following, False)]
            assert not any(one.edited for one in bring(folder, following, False))
            assert content(folder) == {**MINE, **following}
            assert {one.name for one in folder.iterdir()} == {
                *(name.split("/")[0] for name in (*MINE, *following)),
                ".export.json",
            }
    assert lives > 40
    assert cut_off > 10


EXPORT = """
import json, sys, time
from pathlib import Path
from ansible_collections.entra.attributes.plugins.module_utils._declarations.folder import bring
versions = json.loads(sys.argv[2])
print("begun", flush=True)
while True:
    for files in versions:
        bring(Path(sys.argv[1]), {name: text.encode() for name, text in files.items()}, False)
"""


@pytest.mark.slow
def test_an_export_that_is_killed_is_completed_or_rolled_back_by_the_next(folder: Path) -> None:
    versions = json.dumps([{name: text.decode() for name, text in files.items()} for files in (NEW, OLD)])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for number in range(6):
        command = [sys.executable, "-c", EXPORT, str(folder), versions]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout
            process.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.01 + number * 0.0137)
            process.send_signal([signal.SIGKILL, signal.SIGTERM, signal.SIGINT][number % 3])
        assert_whole(folder, OLD, NEW)
    bring(folder, NEW, False)
    assert content(folder) == {**MINE, **NEW}
    assert not list(folder.glob(".entra-attributes-*"))


@pytest.mark.slow
def test_a_reader_refuses_what_a_switch_left_also_in_its_folders(folder: Path) -> None:
    (folder / ".export.switch.json").write_text("{}")
    for src in (folder, folder.parent, folder / "assignments", folder / "assignments" / "users.yml"):
        problems: list[str] = []
        list(read(str(src), problems))
        assert f"{folder}:1: an export to this folder was cut off; run the export again to complete it" in problems


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_file_that_no_export_made_is_not_replaced(folder: Path, check_mode: bool) -> None:
    put(folder, {"attribute_sets/New.yml": b"mine", "assignments/users.csv": b"mine, too"})
    before = content(folder)
    with pytest.raises(OptionError, match=r"no export made .*/users\.csv, .*/New\.yml, so it is not replaced"):
        bring(folder, NEW, check_mode)
    assert content(folder) == before
    (folder / "attribute_sets/New.yml").write_bytes(NEW["attribute_sets/New.yml"])
    (folder / "assignments/users.csv").unlink()
    outcomes = bring(folder, NEW, check_mode)
    assert [one.changed for one in outcomes if one.path.name == "New.yml"] == [False], "it is taken over"


def test_a_file_that_was_edited_is_reported_before_it_is_replaced(folder: Path) -> None:
    names = ["attribute_sets/Other.yml", "attribute_sets/Gone.yml", "assignments/users.yml"]
    put(folder, dict.fromkeys(names, b"edited"))
    (folder / "attribute_sets/Kept.yml").unlink()
    for check_mode in (True, False):
        outcomes = bring(folder, NEW, check_mode)
        assert [str(one.path.relative_to(folder)) for one in outcomes if one.edited] == [
            "assignments/users.yml",
            "attribute_sets/Gone.yml",
            "attribute_sets/Other.yml",
        ]
    assert content(folder) == {**MINE, **NEW}


def test_a_file_that_was_edited_during_a_switch_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.replace

    def cut(source: Any, target: Any) -> None:
        if str(target).endswith("Other.yml"):
            raise Killed
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", cut)
        with pytest.raises(Killed):
            bring(folder, NEW, False)
    put(folder, {"attribute_sets/Other.yml": b"edited"})
    assert [one.path.name for one in bring(folder, OLD, False) if one.edited] == ["Other.yml"]


DAMAGED: list[Any] = [
    {},
    [],
    {"files": {}, "version": 2},
    {"files": []},
    {"files": {"../../etc/passwd": "0"}},
    {"files": {"attribute_sets/../../x.yml": "0"}},
    {"files": {"attribute_sets/.x.yml": "0"}},
    {"files": {"assignments/users.yml": 1}},
]
DAMAGED_SWITCHES: list[Any] = [
    {"files": {}},
    {"files": {}, "before": {}, "write": {}, "remove": ["/etc/passwd"]},
    {"files": {}, "before": {}, "write": {"assignments/users.yml": "../x"}, "remove": []},
    {"files": {}, "before": {}, "write": [], "remove": []},
    {"files": {}, "before": {}, "write": {}, "remove": {}},
]
UNREADABLE = [b"", b"{", b"\xff", b"[" * 100_000]


def as_file(change: Any) -> bytes:
    known = {"format": "entra.attributes/export", "version": 1}
    return json.dumps({**known, **change} if change else change).encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "damaged"),
    [
        *((".export.json", one) for one in (*UNREADABLE, *map(as_file, DAMAGED))),
        *((".export.switch.json", one) for one in (*UNREADABLE, *map(as_file, DAMAGED + DAMAGED_SWITCHES))),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_damaged_list_of_files_removes_nothing(folder: Path, name: str, damaged: bytes, check_mode: bool) -> None:
    before = content(folder)
    (folder / name).write_bytes(damaged)
    for step in (lambda: check_export(str(folder)), lambda: bring(folder, NEW, check_mode)):
        with pytest.raises(OptionError, match=rf"dest: {folder}/{name}.* is damaged or of another version"):
            step()
    assert content(folder) == before


@pytest.mark.parametrize("part", ["assignments", "assignments/users.csv", ".export.new", ".export.json"])
@pytest.mark.parametrize("check_mode", [False, True])
def test_links_in_the_folder_are_not_followed(tmp_path: Path, part: str, check_mode: bool) -> None:
    folder, elsewhere = tmp_path / "dest", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / part).parent.mkdir(parents=True)
    (folder / part).symlink_to(elsewhere / "file" if part.endswith((".csv", ".json")) else elsewhere)

    def export() -> None:
        check_export(str(folder))
        bring(folder, NEW, check_mode)

    with pytest.raises(OptionError, match=r"^dest: .* is a symbolic link"):
        export()
    assert list(elsewhere.iterdir()) == []


def test_two_exports_to_a_folder_do_not_mix(folder: Path) -> None:
    other = os.open(folder, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(OptionError, match="another export writes to"):
        bring(folder, NEW, False)
    os.close(other)
    assert content(folder) == {**MINE, **OLD}


def test_a_file_keeps_its_mode_and_a_new_one_is_its_owners(folder: Path) -> None:
    (folder / "attribute_sets/Other.yml").chmod(0o640)
    bring(folder, NEW, False)
    modes = {name: stat.S_IMODE((folder / name).stat().st_mode) for name in NEW}
    assert modes == {name: 0o640 if name.endswith("Other.yml") else 0o600 for name in NEW}
