# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The option to read again what was written."""

    DOCUMENTATION = r"""
options:
  verify:
    description:
      - Whether to read again what was written until Graph shows it, for half a minute at most. What it does not show by
        then fails, and is told as changed, since Graph accepted it.
      - Without it the answer to the C(PATCH) is believed. Graph may then show the former value for some seconds, and a
        task that adds values to those it reads, or removes some of them, may undo the one before.
      - It takes one request for each 20 principals that were changed, and again for those not shown yet. Where nothing
        was written, as in check mode, nothing is read again.
    type: bool
    default: false
"""
