# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: rule_details
short_description: Read and check a rule that decides by custom security attributes
version_added: 1.0.0
author:
  - The entra.attributes authors (@entra-attributes)
description:
  - Reads a filter of Conditional Access, a condition of Azure role assignments, or the scope of a lifecycle workflow.
    Returns the attributes that it names and what is wrong with it, and evaluates it for given assignments.
  - It needs neither a credential nor a tenant, so that a pipeline can check a rule before anybody saves it.
  - It fails for wrong arguments only. What is wrong with the rule is in RV(_value.problems).
positional: dialect, definitions, assignments
options:
  _input:
    description: The text of the rule.
    type: str
    required: true
  dialect:
    description:
      - V(conditional_access) is a filter of a Conditional Access policy.
      - V(role_condition) is a condition of an Azure role assignment, version 2.0.
      - V(odata) is the scope of a lifecycle workflow, or a filter of Graph.
    type: str
    choices: [conditional_access, role_condition, odata]
    required: true
  definitions:
    description:
      - The definitions to compare the rule with. They can be declared ones, or those that
        M(entra.attributes.custom_security_attribute_definition_info) returns.
      - C(attribute_set) and C(name) are required. C(type), C(state), C(predefined_values_only), C(predefined_values)
        and C(inactive_predefined_values) are used.
      - If they are left out, the rule is not compared with definitions. An empty list means that nothing is defined.
    type: list
    elements: dict
  assignments:
    description:
      - The assignments of a principal, in the form of
        RV(entra.attributes.custom_security_attribute_info#module:principals[].custom_security_attributes). An empty
        dictionary means that nothing is assigned.
      - If they are left out, the rule is not evaluated.
    type: dict
seealso:
  - plugin: entra.attributes.to_rule
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Check a filter of Conditional Access
  ansible.builtin.assert:
    that: details.problems == []
    fail_msg: "{{ details.problems | map(attribute='message') | join('. ') }}"
  vars:
    details: "{{ rule | entra.attributes.rule_details('conditional_access', definitions) }}"
    rule: CustomSecurityAttribute.Engineering_Project -contains "Baker"
    definitions:
      - attribute_set: Engineering
        name: Project
        type: string
        predefined_values_only: true
        predefined_values: [Baker, Cascade]

- name: Ask whether a principal with these attributes matches a filter
  ansible.builtin.assert:
    that: details.matches
  vars:
    details: "{{ rule | entra.attributes.rule_details('conditional_access', assignments=attributes) }}"
    rule: CustomSecurityAttribute.Engineering_Project -contains "Baker"
    attributes: {Engineering: {Project: [Baker, Cascade]}}
"""

RETURN = r"""
_value:
  description: Content of the rule.
  type: dict
  contains:
    valid:
      description: Whether the text is a rule of its dialect. A valid rule can have problems, such as an attribute that
        is not defined.
      type: bool
    attributes:
      description: Each comparison of an attribute. If the text cannot be understood, the attributes that it mentions.
      type: list
      elements: dict
      contains:
        attribute_set:
          description: Name of the attribute set.
          type: str
        name:
          description: Name of the attribute.
          type: str
        operator:
          description: The operator of the dialect, without the hyphen of Conditional Access. Null if the text cannot be
            understood.
          type: str
        values:
          description: The values that the attribute is compared with. Empty where it is compared with something else,
            such as a tag of a blob.
          type: list
          elements: raw
    problems:
      description: What is wrong with the rule. After 50 problems, the last entry says how many more there are.
      type: list
      elements: dict
      contains:
        message:
          description: What is wrong, and what to write instead.
          type: str
        column:
          description: Where it is wrong, as the number of the character, from 1. Null for the whole rule.
          type: int
        right_form:
          description: The whole rule with all corrections, or null where the correction is not known.
            C(<AttributeSet>), C(<Attribute>) and C(<value>) stand for names and values that the rule lacks.
          type: str
    matches:
      description: Whether the rule holds for O(assignments). Null means that this is not known, for RV(_value.reason).
      type: bool
      returned: with O(assignments)
    reason:
      description: Why it is not known whether the rule holds, or null. Microsoft does not document everything, and a
        condition may depend on a resource or a request.
      type: str
      returned: with O(assignments)
  sample:
    valid: false
    attributes: [{attribute_set: Engineering, name: Project, operator: contains, values: [Baker]}]
    problems:
      - message: "'Engineering.Project' has '.' between attribute set and attribute; write Engineering_Project"
        column: 1
        right_form: CustomSecurityAttribute.Engineering_Project -contains "Baker"
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._core.rules.dialects import rule_details
from ..module_utils._errors import OptionError
from ..plugin_utils._controller import untrusted


def details(text: Any, dialect: Any, definitions: Any = None, assignments: Any = None) -> dict[str, Any]:
    try:
        found: dict[str, Any] = untrusted(rule_details(text, dialect, definitions, assignments))
        return found
    except OptionError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"rule_details": details}
