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
      - Whether to read each changed principal again until Graph shows the new values, for half a minute at most. If
        Graph still shows the old values, the task fails with C(changed=true), because Graph accepted the write.
      - If another writer changed the same attribute meanwhile, the task plans and writes the principal again, at most
        three times. If the attribute does not settle, the task fails and says so.
      - Without this option the task trusts the answer to the C(PATCH). Graph may show the former value for some
        seconds. A task that adds or removes single values then computes from it, and undoes the task before.
      - It takes one request for each 20 principals that were changed, and again for those not shown yet. Where nothing
        was written, as in check mode, nothing is read again.
    type: bool
    default: false
"""
