# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: to_rule
short_description: Write a rule that decides by custom security attributes
version_added: 1.0.0
author:
  - The entra.attributes authors (@entra-attributes)
description:
  - Writes the text of a filter of Conditional Access, of a condition of Azure role assignments, or of the scope of a
    lifecycle workflow, from a list of comparisons that must all hold.
  - It needs neither a credential nor a tenant. It fails for what such a text cannot express.
  - P(entra.attributes.rule_details#filter) reads such a text.
positional: dialect
options:
  _input:
    description:
      - The comparisons. Each has C(attribute_set), C(name), C(value) and C(operator). Without C(operator), it is V(eq).
        The case of operators does not matter.
      - C(value) is a list for V(in) and V(notIn), and for operators of conditions such as
        V(ForAnyOfAnyValues:StringEquals); otherwise it is one value.
    type: list
    elements: dict
    required: true
  dialect:
    description:
      - V(conditional_access) is a filter of a Conditional Access policy. The operators are V(eq), V(ne), V(startsWith),
        V(notStartsWith), V(contains), V(notContains), V(in), V(notIn), V(match) and V(notMatch). Values are text, since
        Conditional Access compares String attributes only.
      - V(role_condition) is a condition of an Azure role assignment. The operators are those of the format, such as
        V(StringEqualsIgnoreCase), and V(eq), V(ne), V(startsWith), V(notStartsWith), V(contains) and V(in), which
        become the operator for the type of the value. The text is the expression alone, without actions.
      - V(odata) is the scope of a lifecycle workflow, or a filter of Graph. The operators are V(eq), V(ne),
        V(startsWith), V(in) and V(contains), which becomes V(eq). V(null) as a value stands for no value.
    type: str
    choices: [conditional_access, role_condition, odata]
    required: true
seealso:
  - plugin: entra.attributes.rule_details
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show a filter of Conditional Access
  ansible.builtin.debug:
    msg: "{{ conditions | entra.attributes.to_rule('conditional_access') }}"
  vars:
    conditions:
      - attribute_set: Engineering
        name: Project
        operator: contains
        value: Baker
      - attribute_set: Engineering
        name: Datacenter
        operator: in
        value: [Dublin, Frankfurt]
    # CustomSecurityAttribute.Engineering_Project -contains "Baker"
    # -and CustomSecurityAttribute.Engineering_Datacenter -in ["Dublin","Frankfurt"]

- name: Show the scope of a lifecycle workflow
  ansible.builtin.debug:
    msg: >-
      {{ [{'attribute_set': 'Engineering', 'name': 'Certification', 'value': true}]
         | entra.attributes.to_rule('odata') }}
    # customSecurityAttributes/Engineering/Certification eq true
"""

RETURN = r"""
_value:
  description: The text of the rule.
  type: str
  sample: CustomSecurityAttribute.Engineering_Project -contains "Baker"
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._core.rules.dialects import to_rule
from ..module_utils._errors import OptionError
from ..plugin_utils._controller import untrusted


def rule(conditions: Any, dialect: Any) -> str:
    try:
        text: str = untrusted(to_rule(conditions, dialect))
        return text
    except OptionError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"to_rule": rule}
