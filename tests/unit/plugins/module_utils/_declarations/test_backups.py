# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders that count as whole backups, and those that are removed."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._declarations import backups
from ansible_collections.entra.attributes.plugins.module_utils._declarations.folder import bring
from ansible_collections.entra.attributes.plugins.module_utils._errors import OptionError

MINE, OTHER = "11111111-1111-4111-8111-111111111111", "99999999-1111-4111-8111-111111111111"
FILES = {"attribute_sets/A.yml": b"attribute_sets: [{name: A}]", "assignments/users.yml": b"assignments: []"}


def back_up(dest: Path, tenant: str | None = MINE, files: dict[str, bytes] | None = None) -> Path:
    """Make a backup of these files, and return its folder."""
    folder = backups.new_backup(str(dest))
    bring(folder, FILES if files is None else files, False)
    backups.seal(folder, tenant, "2026-11-26T21:03:16Z", complete=True, principals={"user": {"a": "1"}})
    return folder


def edit(folder: Path) -> None:
    (folder / "assignments/users.yml").write_text("assignments: [{}]")


def edit_list(folder: Path) -> None:
    manifest = json.loads((folder / ".export.json").read_text())
    del manifest["files"]["assignments/users.yml"]
    (folder / ".export.json").write_text(json.dumps(manifest))


def link(folder: Path) -> None:
    os.symlink("/", folder / "assignments" / "root")


def spoil(folder: Path) -> None:
    (folder / ".backup.json").write_text("[")


def cut_off(folder: Path) -> None:
    (folder / ".export.switch.json").write_text("{}")


BROKEN: list[tuple[Callable[[Path], object], str]] = [
    (edit, "assignments/users.yml was changed"),
    (edit_list, "it was exported to again"),
    (link, "assignments/root is not of the backup"),
    (spoil, "its .backup.json or .export.json is damaged"),
    (cut_off, "it was exported to again"),
    (lambda folder: (folder / "attribute_sets/A.yml").unlink(), "attribute_sets/A.yml is missing"),
    (lambda folder: (folder / ".backup.json").unlink(), ".backup.json is missing"),
    (lambda folder: (folder / ".export.json").unlink(), ".export.json is missing"),
    (lambda folder: (folder / ".principals.json").write_text("{}"), "it was exported to again"),
    (lambda folder: (folder / "notes.txt").write_text("mine"), "notes.txt is not of the backup"),
    (lambda folder: (folder / ".backup.json").write_text("{}"), "its .backup.json is damaged or of another version"),
]


def test_backups_of_one_second_have_names_of_their_own_in_order(tmp_path: Path) -> None:
    made = [back_up(tmp_path) for _number in range(3)]
    assert [path.name for path in made] == sorted({path.name for path in made})
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d{6}Z", path.name) for path in made)
    found, broken = backups.find_backups(tmp_path, MINE)
    assert ([backup.path for backup in found], broken) == (made, [])
    assert found[0].started.isoformat() == "2026-11-26T21:03:16+00:00"


def test_runs_at_the_same_time_have_folders_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    chosen = backups.new_backup(str(folder))
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(backups.reserve, [chosen] * 20))
    assert len(set(made)) == 20
    assert set(made) == set(folder.iterdir())


@pytest.mark.parametrize(("harm", "reason"), BROKEN)
def test_what_is_no_longer_whole_is_no_backup(tmp_path: Path, harm: Callable[[Path], object], reason: str) -> None:
    kept, harmed = back_up(tmp_path), back_up(tmp_path)
    harm(harmed)
    found, broken = backups.find_backups(tmp_path, MINE)
    assert ([backup.path for backup in found], broken) == ([kept], [f"{harmed.name} ({reason})"])


def test_an_empty_tenant_has_a_backup(tmp_path: Path) -> None:
    made = back_up(tmp_path, files={})
    assert [backup.path for backup in backups.find_backups(tmp_path, MINE)[0]] == [made]


def test_backups_of_other_tenants_and_other_folders_are_left_out(tmp_path: Path) -> None:
    mine = back_up(tmp_path)
    back_up(tmp_path, OTHER)
    back_up(tmp_path, None)
    os.rename(back_up(tmp_path), tmp_path / "before-the-move")
    os.symlink(mine, tmp_path / "2030-01-01T000000Z")
    found, broken = backups.find_backups(tmp_path, MINE)
    assert [backup.path for backup in found] == [mine]
    assert broken == ["2030-01-01T000000Z (it is not a folder)"]


def test_an_interrupted_removal_is_finished_by_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = back_up(tmp_path)
    (backup,), _broken = backups.find_backups(tmp_path, MINE)
    with monkeypatch.context() as patch:
        patch.setattr(backups.shutil, "rmtree", lambda path: None)
        backups.remove(backup)
    assert os.listdir(tmp_path) == [f".{made.name}.removed"]
    assert backups.find_backups(tmp_path, MINE) == ([], [])
    (tmp_path / ".mine.removed").mkdir()
    backups.clear(tmp_path)
    assert os.listdir(tmp_path) == [".mine.removed"]


def test_a_folder_that_is_an_export_takes_no_backups(tmp_path: Path) -> None:
    bring(tmp_path, FILES, False)
    with pytest.raises(OptionError, match="is itself an export"):
        backups.new_backup(str(tmp_path))


@pytest.mark.parametrize(("harm", "reason"), BROKEN)
def test_only_a_whole_backup_is_restored(tmp_path: Path, harm: Callable[[Path], object], reason: str) -> None:
    made = back_up(tmp_path)
    ids = backups.restorable_ids([str(made), str(made / "assignments"), "nowhere"], MINE)
    assert ids == {("user", "a"): "1"}
    harm(made)
    if backups.is_backup(made):
        with pytest.raises(OptionError, match=f"is not a whole backup: {re.escape(reason)}"):
            backups.restorable_ids([str(made)], MINE)
    else:  # an ordinary folder of declarations
        backups.restorable_ids([str(made)], MINE)


@pytest.mark.parametrize("content", ["", "null", "[" * 9999, '{"user": []}', '{"user": {"adele@contoso.com": 5}}'])
def test_principals_that_are_sealed_but_cannot_be_are_not_restored(tmp_path: Path, content: str) -> None:
    (folder := back_up(tmp_path)).joinpath(".principals.json").write_text(content)
    sealed = json.loads((folder / ".backup.json").read_text())
    sealed["sha256"][".principals.json"] = hashlib.sha256(content.encode()).hexdigest()
    (folder / ".backup.json").write_text(json.dumps(sealed))
    with pytest.raises(OptionError, match=r"is not a whole backup: its \.principals\.json is damaged"):
        backups.restorable_ids([str(folder)], MINE)


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_backup_at_the_ends_of_time_is_damaged(tmp_path: Path, time: str) -> None:
    folder = back_up(tmp_path)
    sealed = json.loads((folder / ".backup.json").read_text())
    (folder / ".backup.json").write_text(json.dumps({**sealed, "started": time, "finished": time}))
    assert "is damaged" in backups.find_backups(tmp_path, MINE)[1][0]


@pytest.mark.parametrize(("of", "token", "refused"), [(MINE, OTHER, True), (None, OTHER, False), (MINE, None, False)])
def test_a_backup_of_another_tenant_is_not_restored(
    tmp_path: Path, of: str | None, token: str | None, refused: bool
) -> None:
    made = back_up(tmp_path, of)
    if refused:
        with pytest.raises(OptionError, match=f"is of the tenant {of}, but the token is for {token}"):
            backups.restorable_ids([str(made)], token)
    else:
        backups.restorable_ids([str(made)], token)
