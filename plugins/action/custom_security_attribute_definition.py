# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ..module_utils._operations.definition import DEFINITION
from ..plugin_utils._action import LocalAction


class ActionModule(LocalAction):
    OPERATION = DEFINITION
