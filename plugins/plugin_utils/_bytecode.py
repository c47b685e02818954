# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Import the collection's own files as Python imports any file: compiled once, and kept in `__pycache__`.

Ansible's loader of collections compiles each imported file in each run. It loads plugins themselves as Python does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType

PREFIX = __name__.rpartition(".plugin_utils.")[0]
OWN = (f"{PREFIX}.module_utils.", f"{PREFIX}.plugin_utils.")


class _Finder:
    """Finds the files of this collection, and leaves packages and everything else to other finders."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, _target: ModuleType | None = None) -> ModuleSpec | None:
        """Return the spec of a file."""
        if name.startswith(OWN):
            for folder in path or ():
                file = os.path.join(folder, f"{name.rpartition('.')[2]}.py")
                if os.path.isfile(file):
                    return spec_from_file_location(name, file)
        return None


def reuse_bytecode() -> None:
    """Make imports that follow use the bytecode of earlier runs."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
