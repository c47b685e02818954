#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: access_info
short_description: List what a credential can do, and which permissions are missing
version_added: 1.0.0
description:
  - Returns the tenant, the identity, the end of the token, its permissions and Entra roles, and a table of jobs.
  - The token shows most of it. The module tries a read if the token leaves it open. It never tries a write.
  - A job is unknown if neither the token nor a read shows whether it is possible. RV(jobs[].reason) says why.
options: {}
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.reads
notes:
  - Needs no permission. An application with C(Organization.Read.All) also gets the name of the tenant, and a signed-in
    user with the Entra role Directory Readers.
  - An Entra role that is limited to an attribute set is not in a token. The module finds such a role of the identity
    itself if it is allowed to read role assignments. It does not find the roles of groups.
  - An access token that is opaque shows neither permissions nor roles.
  - With a token that shows all jobs, the module sends two requests. Each job that it does not show takes one or two
    more. For attributes, the module tries a filter in up to 10 attribute sets.
seealso:
  - name: Microsoft Graph permissions reference
    description: All permissions and their IDs.
    link: https://learn.microsoft.com/en-us/graph/permissions-reference
  - module: entra.attributes.custom_security_attribute_info
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: List what the credential can do
  entra.attributes.access_info:
  register: access

- name: Show the jobs that are not known to be possible
  ansible.builtin.debug:
    msg: "{{ access.jobs | rejectattr('possible', 'sameas', true) | map(attribute='reason') }}"

- name: The credential can assign attributes to users
  ansible.builtin.assert:
    that: access.jobs | selectattr('name', 'eq', 'assign_user_attributes') | map(attribute='possible') | first is true
"""

RETURN = r"""
tenant:
  description: The tenant of the token. What is not known is null.
  returned: success
  type: dict
  contains:
    id:
      description: Tenant ID.
      type: str
      sample: 11111111-1111-4111-8111-111111111111
    display_name:
      description: Display name.
      type: str
      sample: Contoso
    domain:
      description: Default domain.
      type: str
      sample: contoso.com
identity:
  description: The identity that the token was issued for. What the token does not show is null.
  returned: success
  type: dict
  contains:
    name:
      description: User principal name, or the name and the client ID of an application.
      type: str
      sample: deploy (22222222-2222-4222-8222-222222222201)
    object_id:
      description: Object ID of the user or service principal.
      type: str
      sample: 55555555-5555-4555-8555-555555555501
    client_id:
      description: Client ID of the application that got the token.
      type: str
      sample: 22222222-2222-4222-8222-222222222201
token:
  description: The access token.
  returned: success
  type: dict
  contains:
    kind:
      description: V(application), V(user), or V(opaque) for a token that shows nothing.
      type: str
      sample: application
    end:
      description: Time in UTC when the token expires, or null.
      type: str
      sample: "2026-11-26T19:28:00Z"
permissions:
  description: Application permissions, or the delegated permissions of a user's token. Null for an opaque token.
  returned: success
  type: list
  elements: str
  sample: [CustomSecAttributeAssignment.ReadWrite.All, User.Read.All]
roles:
  description: Entra roles that decide about the jobs, and that the token or the role assignments show.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the role.
      type: str
      sample: Attribute Assignment Administrator
    attribute_set:
      description: Attribute set that the role is limited to, or null for the whole tenant.
      type: str
      sample: Engineering
jobs:
  description: What the identity can do.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description:
        - V(read_users), V(read_service_principals), V(read_definitions), V(write_definitions),
          V(read_user_attributes), V(read_service_principal_attributes), V(assign_user_attributes),
          V(assign_service_principal_attributes), V(read_audit_log), V(read_groups),
          V(read_conditional_access_policies), V(read_app_management_policies), V(read_lifecycle_workflows),
          V(read_directory_role_assignments), or V(delegate).
        - V(write_definitions) includes attribute sets. V(delegate) means to assign roles for attribute sets.
      type: str
      sample: assign_user_attributes
    possible:
      description: Whether the identity can do it in the whole tenant. Null if that is unknown.
      type: bool
      sample: false
    missing:
      description: Permissions that are missing. For a signed-in user who has them, the Entra roles. One role is enough.
      type: list
      elements: str
      sample: [CustomSecAttributeAssignment.ReadWrite.All]
    reason:
      description: Why the job is impossible or unknown. Empty if it is possible.
      type: str
      sample: The token does not have the application permission CustomSecAttributeAssignment.ReadWrite.All.
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.access_info import ACCESS_INFO


def main() -> None:
    run_module(ACCESS_INFO)


if __name__ == "__main__":
    main()
