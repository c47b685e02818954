# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.utils.display import Display

from ..module_utils._core.tenant_plan import TenantPlan, parse_plan
from ..module_utils._operation import Operation
from ..module_utils._operations.plan_view import CHANGE, CREATE, HEAD, PROBLEM, REMOVE, lines
from ..module_utils._operations.reconcile import RECONCILE, run_reconcile
from ..plugin_utils._action import LocalAction
from ..plugin_utils._progress import show_progress
from ..plugin_utils._vault import decryption

COLORS = {
    HEAD: constants.COLOR_HIGHLIGHT,
    CREATE: constants.COLOR_OK,
    CHANGE: constants.COLOR_CHANGED,
    REMOVE: constants.COLOR_ERROR,
    PROBLEM: constants.COLOR_ERROR,
}
WRITTEN = ("plan_path", "apply_plan", "snapshot_path", "report_path")
"""Options whose relative paths are taken from the current folder, whichever folder the playbook is in."""


class ActionModule(LocalAction):
    OPERATION = RECONCILE

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task. What ran elsewhere, as a module, is shown when it is through."""
        self._shown = False
        if self._connection.transport == "local":
            self._task.args = self._absolute(dict(self._task.args))
        result = super().run(tmp, task_vars)
        if not self._shown and result.get("plan", {}).get("unchanged"):
            show(parse_plan(result["plan"]), "")
        return result

    def operation(self) -> Operation:
        """Return the operation with what a module does not have: somebody who reads, and vault secrets."""
        run = partial(run_reconcile, show=self._show, progress=show_progress, decrypt=decryption(self._loader))
        return replace(self.OPERATION, run=run)

    def _show(self, plan: TenantPlan, advice: str) -> None:
        self._shown = True
        show(plan, advice)

    def _absolute(self, args: dict[str, Any]) -> dict[str, Any]:
        """Return the options with absolute paths. A source is searched as files are, then in the current folder."""
        for option in WRITTEN:
            if isinstance(args.get(option), str) and args[option].strip():
                args[option] = os.path.abspath(os.path.expanduser(args[option]))
        if isinstance(src := args.get("src"), str | list):
            args["src"] = [self._found(path) for path in ([src] if isinstance(src, str) else src) if path]
        return args

    def _found(self, path: Any) -> Any:
        if not isinstance(path, str):
            return path
        try:
            return str(self._find_needle("files", path))
        except AnsibleError:
            return os.path.abspath(os.path.expanduser(path))


def show(plan: TenantPlan, advice: str) -> None:
    """Print a plan, as wide as the terminal."""
    display = Display()
    for line in lines(plan, display.columns, advice):
        display.display(line.text, color=COLORS.get(line.tone))
