# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a folder that are read."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.entra.attributes.plugins.module_utils._declarations.files import read


def test_what_is_no_file_is_left_out_but_a_broken_link_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "gone.yml").symlink_to(tmp_path / "nowhere.yml")
    (tmp_path / "some.yml").write_text("- {user: adele@contoso.com, attributes: {A: {B: 1}}}")
    problems: list[str] = []
    assert [section for section, _place, _item in read(str(tmp_path), problems)] == ["assignments"]
    assert problems == [f"{tmp_path / 'gone.yml'}:1: cannot be read: No such file or directory"]
