# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: assignment_drifts
short_description: List the attributes that differ
version_added: 1.0.0
author:
  - The entra.attributes authors (@entra-attributes)
description:
  - Lists each attribute of each principal that M(entra.attributes.custom_security_attributes) changed, or in check mode
    would change.
options:
  _input:
    description: The RV(entra.attributes.custom_security_attributes#module:results) of the module.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: What differs
  ansible.builtin.debug:
    msg: "{{ checked.results | entra.attributes.assignment_drifts }}"
"""

RETURN = r"""
_value:
  description: The differences, each with C(kind), C(object), C(id), C(attribute), C(before) and C(after).
  type: list
  elements: dict
"""

from typing import Any

from ..module_utils._operations.reconcile import assignment_drifts


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"assignment_drifts": lambda results: list(assignment_drifts(results))}
