#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: custom_security_attribute_consumer_info
short_description: List which policies and workflows decide by custom security attributes
version_added: 1.0.0
description:
  - Returns the consumers of custom security attributes, which are filters of Conditional Access policies, exemptions of
    app management policies, lifecycle workflows, and directory roles at the scope of an attribute set. On request, it
    also returns conditions of Azure role assignments.
  - Reads Conditional Access in both versions of Microsoft Graph, because only beta has filters for agents.
  - A source that the identity cannot read does not fail the task. It is in RV(not_read), with the permission. As long
    as something is in RV(not_read), there may be more consumers.
options:
  attribute_set:
    description:
      - Return only what decides by attributes of this attribute set. The case of names does not matter here, since
        Microsoft does not document whether it counts in rules.
    type: str
  name:
    description: Return only what decides by this attribute. Needs O(attribute_set).
    type: str
  value:
    description:
      - Return only what may decide by this value of the attribute. Needs O(name).
      - A rule that compares with other values only is left out, if its operator holds for no other value.
    type: raw
  sources:
    description:
      - Sources to read.
      - V(role_conditions) asks Azure Resource Manager, which is another host and needs a token of its own. The module
        uses the same credential for it. This cannot be O(access_token), which is a token for Graph.
    type: list
    elements: str
    choices:
      - conditional_access_policies
      - app_management_policies
      - lifecycle_workflows
      - directory_role_assignments
      - role_conditions
    default:
      - conditional_access_policies
      - app_management_policies
      - lifecycle_workflows
      - directory_role_assignments
  resource_manager_url:
    description:
      - URL of Azure Resource Manager, for the source V(role_conditions). By default, the module uses the environment
        variable E(ENTRA_RESOURCE_MANAGER_URL), or the URL of O(cloud_environment). For V(Bleu), V(Delos) and V(GovSG),
        set one of them.
    type: str
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.reads
notes:
  - Needs the Graph permission C(Policy.Read.All) for policies, C(LifecycleWorkflows-Workflow.Read.All) for workflows,
    and C(RoleManagement.Read.Directory) for directory roles. To compare rules with definitions, it needs
    C(CustomSecAttributeDefinition.Read.All).
  - A signed-in user also needs the Entra role Security Reader or Conditional Access Administrator for policies,
    Lifecycle Workflows Administrator for workflows, and Privileged Role Administrator for directory roles.
  - Microsoft may hide rules from an identity that cannot read custom security attributes. Such a consumer has no
    RV(consumers[].rule), and is returned whatever O(attribute_set) is.
  - Conditional Access allows one request in a second for the whole tenant. Workflows take two requests each.
  - For conditions of Azure role assignments, the identity needs an Azure role such as Reader at each subscription, or
    at a management group above them. Azure shows only role assignments that the identity can read, and does not report
    that there are others. If it can read no subscription, the source is in RV(not_read).
seealso:
  - name: Filter for applications in Conditional Access
    description: Microsoft's page on attributes in a policy.
    link: https://learn.microsoft.com/entra/identity/conditional-access/concept-filter-for-applications
  - plugin: entra.attributes.rule_details
    plugin_type: filter
  - module: entra.attributes.custom_security_attribute_definition_info
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: List what decides by the project
  entra.attributes.custom_security_attribute_consumer_info:
    attribute_set: Engineering
    name: Project
  register: project

- name: Show the policies and workflows
  ansible.builtin.debug:
    msg: "{{ item.display_name }} ({{ item.state }}): {{ item.rule or item.place }}"
  loop: "{{ project.consumers }}"
  loop_control:
    label: "{{ item.id }}"

- name: List the conditions of Azure role assignments as well
  entra.attributes.custom_security_attribute_consumer_info:
    attribute_set: Engineering
    sources:
      - conditional_access_policies
      - app_management_policies
      - lifecycle_workflows
      - directory_role_assignments
      - role_conditions

- name: List the policies that have a problem
  entra.attributes.custom_security_attribute_consumer_info:
    sources: [conditional_access_policies]
  register: policies

- name: No filter has a problem, and all were read
  ansible.builtin.assert:
    that:
      - policies.consumers | selectattr('problems') | list == []
      - policies.not_read == []
"""

RETURN = r"""
consumers:
  description: Consumers of attributes. A policy with several filters is returned once for each filter.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: V(conditional_access_policy), V(app_management_policy), V(lifecycle_workflow),
        V(directory_role_assignment) or V(role_condition).
      type: str
      sample: conditional_access_policy
    id:
      description: ID of the policy, workflow or role assignment.
      type: str
      sample: 99999999-9999-4999-8999-999999999901
    display_name:
      description: Display name. For a directory role, the role and who has it. For a role condition, the Azure role or
        the ID of its definition, and the object ID of who has it.
      type: str
      sample: Require MFA for the applications of Baker
    state:
      description: V(enabled), V(disabled), or V(enabledForReportingButNotEnforced) for a Conditional Access policy that
        only reports. Null for a directory role or a role condition.
      type: str
      sample: enabled
    place:
      description: Where the attribute is named, such as the path of the filter in the policy. For a role condition, the
        scope of the role assignment.
      type: str
      sample: conditions.applications.applicationFilter
    mode:
      description: V(include) or V(exclude) for a filter, V(exclude) for an exemption, otherwise null.
      type: str
      sample: include
    rule:
      description: Text of the rule. Null if there is none, or if Graph does not show it.
      type: str
      sample: CustomSecurityAttribute.Engineering_Project -contains "Baker"
    attributes:
      description: Attributes that it names, as RV(entra.attributes.rule_details#filter:_value.attributes). C(name) is
        null for a whole attribute set, and C(operator) is null where nothing is compared.
      type: list
      elements: dict
      sample: [{attribute_set: Engineering, name: Project, operator: contains, values: [Baker]}]
    problems:
      description: What is wrong with the rule, as RV(entra.attributes.rule_details#filter:_value.problems).
      type: list
      elements: dict
      sample: []
not_read:
  description: What could not be read, so that there may be more consumers.
  returned: success
  type: list
  elements: dict
  contains:
    source:
      description: One of O(sources), or V(definitions), with which rules are compared.
      type: str
      sample: lifecycle_workflows
    permission:
      description: The Graph permission that it needs, or the Azure role.
      type: str
      sample: LifecycleWorkflows-Workflow.Read.All
    message:
      description: Why it could not be read.
      type: str
      sample: The identity cannot read lifecycle workflows.
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.consumer_info import CONSUMER_INFO


def main() -> None:
    run_module(CONSUMER_INFO)


if __name__ == "__main__":
    main()
