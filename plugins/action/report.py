# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..module_utils._operation import Operation
from ..module_utils._operations.report import REPORT, run_report
from ..plugin_utils._action import LocalAction
from ..plugin_utils._vault import decryption


class ActionModule(LocalAction):
    OPERATION = REPORT

    def operation(self) -> Operation:
        """Return the operation with the vault secrets and the version of the collection, which a module lacks."""
        return replace(self.OPERATION, run=partial(run_report, decrypt=decryption(self._loader), version=_version()))


def _version() -> str:
    """Return the version of the collection if it was installed from an artifact, otherwise an empty text."""
    try:
        manifest = json.loads((Path(__file__).parents[2] / "MANIFEST.json").read_text())
        return str(manifest["collection_info"]["version"])
    except (OSError, ValueError, LookupError):
        return ""
