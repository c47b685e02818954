# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""This checkout, which may have any name and place, as the collection."""

from __future__ import annotations

import contextlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = "ansible_collections/entra/attributes"


def found_in() -> Path:
    """The folder in which Python and Ansible find this checkout as the collection; if need be a link in .build."""
    if ROOT.match(NAME):
        return ROOT.parents[2]
    folder = ROOT / ".build" / "tree"
    (folder / NAME).parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):  # made before, or by another worker at this moment
        (folder / NAME).symlink_to("../../../..")
    return folder
