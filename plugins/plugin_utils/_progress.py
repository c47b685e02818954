# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The progress of a long run on the screen of Ansible."""

from __future__ import annotations

import sys

from ansible.utils.display import Display

from ..module_utils._operations.progress import Progress

IS_TERMINAL = sys.stdout.isatty()
"""Found out where Ansible loads the plugin, as the process of a task has no terminal."""


def show_progress(progress: Progress) -> None:
    """Show a bar in a terminal, and a line elsewhere."""
    display = Display()
    display.display(progress.bar_line(display.columns) if IS_TERMINAL else progress.line())
