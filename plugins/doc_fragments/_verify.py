# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The option to verify writes."""

    DOCUMENTATION = r"""
options:
  verify:
    description:
      - Whether to read each changed principal again until Graph returns the new values, for at most half a minute. If
        Graph still returns the old value, the task fails with C(changed=true), because the write was accepted.
      - If another writer changed the same attribute since, the task plans and writes the principal again, at most three
        times. If the attribute still changes, the task fails.
      - Without this option, the task trusts the answer to the C(PATCH). Graph can return the former value for some
        seconds. A task that then adds or removes single values starts from that value and undoes the task before.
      - Verifying takes one request for each 20 changed principals, and more until Graph shows the new values. In check
        mode, and if nothing changed, the task reads nothing again.
    type: bool
    default: false
"""
