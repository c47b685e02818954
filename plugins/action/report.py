# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..module_utils._operation import Entry
from ..module_utils._operations.report import REPORT, run_report
from ..plugin_utils._action import LocalAction
from ..plugin_utils._controller import decryption


class ActionModule(LocalAction):
    ENTRY = REPORT

    def entry(self) -> Entry:
        """Return the entry with the vault secrets, which a module does not have."""
        return replace(self.ENTRY, run=partial(run_report, decrypt=decryption(self._loader)))
