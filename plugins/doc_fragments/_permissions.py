# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What an identity needs to read and to write assignments; the other modules say themselves what they need."""

    READS = r"""
options: {}
notes:
  - Needs the Graph permissions C(CustomSecAttributeAssignment.Read.All), and C(User.Read.All) for users,
    C(Application.Read.All) for service principals; of a signed-in user also the Entra role Attribute Assignment Reader
    or Attribute Assignment Administrator. Global Administrator has none of these by default.
"""

    WRITES = r"""
options: {}
notes:
  - Needs the Graph permissions C(CustomSecAttributeAssignment.ReadWrite.All), and C(User.Read.All) for users,
    C(Application.Read.All) for service principals; of a signed-in user also the Entra role Attribute Assignment
    Administrator. Global Administrator has none of these by default.
"""
