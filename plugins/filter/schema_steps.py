# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: schema_steps
short_description: Compare declared attribute sets and definitions with those of a tenant
version_added: 1.0.0
author:
  - The entra.attributes authors (@entra-attributes)
description:
  - Tells which of the declared attribute sets and definitions have to change, and what undoes that.
  - It is what the role P(entra.attributes.reconcile#role) goes by. It fails with everything that Entra would refuse.
positional: attribute_sets, definitions, kept
options:
  _input:
    description: What the lookup P(entra.attributes.declarations#lookup) returns.
    type: dict
    required: true
  attribute_sets:
    description: What M(entra.attributes.attribute_set_info) returns of the tenant.
    type: list
    elements: dict
    required: true
  definitions:
    description: What M(entra.attributes.custom_security_attribute_definition_info) returns of the tenant.
    type: list
    elements: dict
    required: true
  kept:
    description: What RV(_value.before) was in a run that was cut off; it stays in RV(_value.before).
    type: dict
"""

EXAMPLES = r"""
- name: What has to change
  ansible.builtin.debug:
    msg: "{{ declared | entra.attributes.schema_steps(sets.attribute_sets, definitions.definitions) }}"
"""

RETURN = r"""
_value:
  description: What has to be done, in this order.
  type: dict
  contains:
    attribute_sets:
      description: The declared attribute sets that change.
      type: list
      elements: dict
    permit:
      description: The declared definitions of which something has to be done before values are assigned.
      type: list
      elements: dict
    forbid:
      description: The declared definitions of which something has to be done after values are assigned.
      type: list
      elements: dict
    limits:
      description: The attribute sets in which more attributes are active meanwhile than can be at the end, with the
        limit that they get last.
      type: list
      elements: dict
    before:
      description: Declarations that undo this, as far as Entra lets it be undone, in C(attribute_sets) and
        C(definitions).
      type: dict
    drifts:
      description: The differences, each with C(kind), C(object), C(attribute), C(before) and C(after). Attribute is
        null where the whole object is missing.
      type: list
      elements: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import InvalidDeclaration
from ..module_utils._operations.reconcile import schema_steps


def steps(
    declared: dict[str, Any],
    attribute_sets: list[dict[str, Any]],
    definitions: list[dict[str, Any]],
    kept: dict[str, Any] | None = None,
) -> dict[str, Any]:
    tenant = {"attribute_sets": attribute_sets, "definitions": definitions}
    try:
        return dict(vars(schema_steps(declared, tenant, kept or {})))
    except InvalidDeclaration as forbidden:
        raise AnsibleFilterError("\n".join(["what is declared cannot be:", *forbidden.problems])) from None


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"schema_steps": steps}
