# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How files are replaced, and what is told where that fails."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._directory import USER, Principal
from ansible_collections.entra.attributes.plugins.module_utils._errors import OptionError
from ansible_collections.entra.attributes.plugins.module_utils._export import _bring
from ansible_collections.entra.attributes.plugins.module_utils._files import read, replace_file
from ansible_collections.entra.attributes.plugins.module_utils._plan import Exactly, plan
from ansible_collections.entra.attributes.plugins.module_utils._report import _write
from ansible_collections.entra.attributes.plugins.module_utils._snapshot import record

LONG = "x" * 5000


@pytest.fixture
def full() -> Iterator[None]:
    """No file can have more than 100 bytes."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, former[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, former)


@pytest.mark.parametrize("mode", [None, 0o640, 0o600])
def test_a_file_keeps_its_mode_and_a_new_one_is_its_owners(tmp_path: Path, mode: int | None) -> None:
    path = tmp_path / ("n" * 255)
    if mode is not None:
        path.write_text("before")
        path.chmod(mode)
    replace_file(path, b"after")
    assert path.read_bytes() == b"after"
    assert stat.S_IMODE(path.stat().st_mode) == (mode or 0o600)
    assert list(tmp_path.iterdir()) == [path]


def snapshot(path: Path) -> None:
    planned = plan({}, {"Engineering": {"Project": Exactly("Baker")}})
    record(str(path), [(Principal(USER, "1", LONG, "adele@contoso.com", "", {}), planned)])


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    "write",
    [
        snapshot,
        lambda path: _bring(path.parents[1], {f"assignments/{path.name}": LONG}, False),
        lambda path: _write(path.parent, {path.name: LONG}, False),
    ],
    ids=["snapshot", "export", "report"],
)
def test_what_cannot_be_written_is_named_and_nothing_is_left(tmp_path: Path, write: Callable[[Path], object]) -> None:
    path = tmp_path / "assignments" / "users.yml"
    path.parent.mkdir()
    path.write_text("")
    with pytest.raises(OptionError, match=rf": {path} cannot be .*: File too large"):
        write(path)
    assert list(path.parent.iterdir()) == [path]
    assert path.read_text() == ""
    with pytest.raises(OSError, match="File too large") as error:
        replace_file(path, LONG.encode())
    assert error.value.filename == str(path)


def test_what_is_no_file_is_left_out_but_a_broken_link_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "gone.yml").symlink_to(tmp_path / "nowhere.yml")
    (tmp_path / "some.yml").write_text("- {user: adele@contoso.com, attributes: {A: {B: 1}}}")
    problems: list[str] = []
    assert [section for section, _place, _item in read(str(tmp_path), problems)] == ["assignments"]
    assert problems == [f"{tmp_path / 'gone.yml'}:1: cannot be read: No such file or directory"]
