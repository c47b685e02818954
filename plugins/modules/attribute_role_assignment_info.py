#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: attribute_role_assignment_info
short_description: List who can define, assign, or read custom security attributes
version_added: 1.0.0
description:
  - Returns who holds one of the six Entra roles for custom security attributes, for the tenant or one attribute set.
  - Reports where the roles do not separate duties, or do not limit a principal as they seem to.
options:
  role:
    description: Return the assignments of this role only.
    type: str
    choices:
      - attribute_assignment_administrator
      - attribute_assignment_reader
      - attribute_definition_administrator
      - attribute_definition_reader
      - attribute_log_administrator
      - attribute_log_reader
  attribute_set:
    description: Return the assignments for this attribute set only. Those for the tenant are left out.
    type: str
  user:
    description: Return the assignments of this user only. User principal name or object ID.
    type: str
  service_principal:
    description: Return the assignments of this service principal only. Object ID, application ID, or display name.
    type: str
  group:
    description: Return the assignments of this group only. Object ID or display name.
    type: str
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.reads
notes:
  - Needs the Graph permission C(RoleManagement.Read.Directory). A signed-in user also needs the Entra role Privileged
    Role Administrator.
  - The module reads the members of groups with C(GroupMember.Read.All), and the permissions of applications that hold a
    role with C(Application.Read.All). RV(not_read) lists what it could not read. There may then be more problems.
  - The list has active assignments only. Eligible assignments of Privileged Identity Management are not in it.
seealso:
  - module: entra.attributes.attribute_role_assignment
  - ref: ansible_collections.entra.attributes.docsite.guide_delegate
    description: Delegate attribute sets to the teams that own them.
  - name: List unifiedRoleAssignments
    description: Microsoft's reference of role assignments.
    link: https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: List who can assign the attributes of Engineering
  entra.attributes.attribute_role_assignment_info:
    role: attribute_assignment_administrator
    attribute_set: Engineering
  register: assigners

- name: Find principals that both define and assign attributes
  entra.attributes.attribute_role_assignment_info:
  register: roles
  failed_when: roles.problems | selectattr('kind', 'eq', 'defines_and_assigns') | length > 10
"""

RETURN = r"""
role_assignments:
  description: Role assignments, sorted by role, attribute set, and principal.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: ID of the role assignment.
      type: str
      sample: oz6KWDLGrkaJ7pwNQ81_PUREREREREREhERERERERAKmZmZm-1
    role:
      description: Role, as in O(role).
      type: str
      sample: attribute_assignment_administrator
    attribute_set:
      description: Attribute set for which the role holds. Null stands for the tenant.
      type: str
      sample: Engineering
    user:
      description: User principal name of the user, or null.
      type: str
      sample: adele@contoso.com
    service_principal:
      description: Application ID of the service principal, or null. The object ID of an agent.
      type: str
      sample: null
    group:
      description: Display name of the group, or null.
      type: str
      sample: null
    principal:
      description: Principal that holds the role, with C(id), C(type), C(display_name), and C(user_principal_name) or
        C(app_id).
      type: dict
problems:
  description: Problems that concern the listed role assignments, sorted by principal.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description:
        - V(defines_and_assigns) - one principal both defines and assigns the attributes of a set, also through a group
          or an application permission.
        - V(included_in_tenant_role) - a role for the tenant includes the role for an attribute set.
        - V(included_in_permission) - an application permission includes the role, for the whole tenant.
      type: str
      sample: defines_and_assigns
    principal:
      description: Principal, with C(id), C(type), C(display_name), and C(user_principal_name) or C(app_id).
      type: dict
    role_assignments:
      description: IDs of the role assignments that the problem is about.
      type: list
      elements: str
    message:
      description: Problem in one sentence.
      type: str
      sample: group Attribute administrators both defines and assigns attributes of the tenant
not_read:
  description: What could not be read, with C(source) (V(group_members) or V(application_permissions)) and C(message).
  returned: success
  type: list
  elements: dict
tenant_id:
  description: ID of the tenant, from the token or from O(tenant_id). Null if neither has it.
  returned: success
  type: str
  sample: 11111111-1111-4111-8111-111111111111
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.role_assignment import DELEGATION_INFO


def main() -> None:
    run_module(DELEGATION_INFO)


if __name__ == "__main__":
    main()
