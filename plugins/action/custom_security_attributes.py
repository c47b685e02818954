# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..module_utils._operation import Operation
from ..module_utils._operations.assignments import BULK, run_bulk
from ..plugin_utils._action import LocalAction
from ..plugin_utils._progress import show_progress
from ..plugin_utils._vault import decryption


class ActionModule(LocalAction):
    OPERATION = BULK

    def operation(self) -> Operation:
        """Return the operation with what a module does not have: somebody who reads the progress, and vault secrets."""
        run = partial(run_bulk, progress=show_progress, decrypt=decryption(self._loader))
        return replace(self.OPERATION, run=run)
