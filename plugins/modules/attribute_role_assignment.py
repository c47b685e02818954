#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: attribute_role_assignment
short_description: Delegate who can define, assign, or read custom security attributes
version_added: 1.0.0
description:
  - Assigns one of the six Entra roles for custom security attributes to a user, a service principal, or a group, or
    removes the role again. The role holds for the whole tenant or for one attribute set.
  - A role for the tenant is not limited by a role for an attribute set. The module warns if the new role assignment
    makes a principal both define and assign attributes, or has no effect next to another role.
  - The module finds out whether the role is already assigned. If so, it writes nothing.
options:
  role:
    description: Role to assign or to remove.
    type: str
    required: true
    choices:
      - attribute_assignment_administrator
      - attribute_assignment_reader
      - attribute_definition_administrator
      - attribute_definition_reader
      - attribute_log_administrator
      - attribute_log_reader
  attribute_set:
    description:
      - Attribute set for which the role holds. Without this option, the role holds for the whole tenant.
      - The attribute set must exist. Its name is matched exactly.
    type: str
  user:
    description:
      - User principal name or object ID of the user that gets or loses the role.
      - Set exactly one of O(user), O(service_principal), and O(group).
    type: str
  service_principal:
    description: Object ID, application ID, or display name of the service principal that gets or loses the role.
    type: str
  group:
    description:
      - Object ID or display name of the group that gets or loses the role.
      - The group must be role-assignable. Entra decides this when the group is created.
    type: str
  state:
    description: Whether the role is assigned.
    type: str
    choices: [present, absent]
    default: present
  force:
    description:
      - Whether to remove a role even if the removal can lock you out.
      - Without this option, the module does not remove the last assignment of an administrator role for the tenant. It
        also does not remove a role of the identity that runs the task, or of a group to which this identity belongs.
        If the members of the group cannot be read, or the token does not show the identity, the module does not remove
        the role either.
    type: bool
    default: false
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.writes
notes:
  - Needs the Graph permission C(RoleManagement.ReadWrite.Directory). A signed-in user also needs the Entra role
    Privileged Role Administrator.
  - To find a principal by its name, the module needs C(User.Read.All), C(Application.Read.All), or
    C(GroupMember.Read.All). To check an attribute set, it needs C(CustomSecAttributeDefinition.Read.All). Without
    these permissions, use object IDs. Graph then checks the principal and the attribute set.
  - An application does not need a role. Its Graph permissions hold for the whole tenant. A role does not limit them.
  - A group counts as a holder of a role even if it has no members.
seealso:
  - module: entra.attributes.attribute_role_assignment_info
  - module: entra.attributes.access_info
  - ref: ansible_collections.entra.attributes.docsite.guide_delegate
    description: Delegate attribute sets to the teams that own them.
  - name: Manage access to custom security attributes
    description: Microsoft's description of the roles and their scopes.
    link: https://learn.microsoft.com/entra/fundamentals/custom-security-attributes-manage
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: Adele assigns the attributes of Engineering
  entra.attributes.attribute_role_assignment:
    role: attribute_assignment_administrator
    attribute_set: Engineering
    user: adele@contoso.com

- name: A group defines the attributes of all attribute sets
  entra.attributes.attribute_role_assignment:
    role: attribute_definition_administrator
    group: Attribute administrators

- name: Payroll no longer reads the attributes of Engineering
  entra.attributes.attribute_role_assignment:
    role: attribute_assignment_reader
    attribute_set: Engineering
    service_principal: payroll-api
    state: absent
"""

RETURN = r"""
role_assignment:
  description: Role assignment after the task. Null if the role is not assigned. Predicted in check mode.
  returned: success
  type: dict
  contains:
    id:
      description: ID of the role assignment. Null in check mode for a new one.
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
previous_role_assignment:
  description: Role assignment before the task, with the same keys. Null if the role was not assigned.
  returned: success
  type: dict
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.role_assignment import DELEGATION


def main() -> None:
    run_module(DELEGATION)


if __name__ == "__main__":
    main()
