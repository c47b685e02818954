# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Permissions to read and to write assignments. Other modules document their own permissions."""

    READS = r"""
options: {}
notes:
  - Needs the Graph permission C(CustomSecAttributeAssignment.Read.All), and C(User.Read.All) for users or
    C(Application.Read.All) for service principals.
  - A signed-in user also needs the Entra role Attribute Assignment Reader or Attribute Assignment Administrator. Global
    Administrator does not include it.
"""

    WRITES = r"""
options: {}
notes:
  - Needs the Graph permission C(CustomSecAttributeAssignment.ReadWrite.All), and C(User.Read.All) for users or
    C(Application.Read.All) for service principals.
  - A signed-in user also needs the Entra role Attribute Assignment Administrator. Global Administrator does not include
    it.
"""
