#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: custom_security_attribute_info
short_description: List the custom security attributes of users and service principals
version_added: 1.0.0
description:
  - Returns the assignments of one principal, or of every principal of a type that a filter selects.
  - Graph answers null both for hidden attributes and for none. If the token shows that the identity cannot read custom
    security attributes, the task fails.
options:
  user:
    description:
      - Object ID or user principal name of one user. An empty list if there is no such user.
      - A dictionary with the key C(mail) or C(employee_id) names a user by that property.
    type: raw
  service_principal:
    description:
      - Object ID, application (client) ID or display name of one service principal. The list is
        empty if it does not exist.
    type: str
  principal_type:
    description: List all users or all service principals, or only the ones that O(where) and O(filter) select. Required
      with O(where) and O(filter).
    type: str
    choices: [user, service_principal]
  attribute_set:
    description: Return the attributes of this set only.
    type: str
  name:
    description: Return this attribute only. Needs O(attribute_set).
    type: str
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.reads
  - entra.attributes._selection
  - entra.attributes._permissions.reads
seealso:
  - module: entra.attributes.custom_security_attribute
  - name: Manage custom security attributes with Microsoft Graph
    description: Microsoft's examples of lists and filters.
    link: https://learn.microsoft.com/graph/custom-security-attributes-examples
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: List the attributes of Adele
  entra.attributes.custom_security_attribute_info:
    user: adele@contoso.com
  register: adele

- name: List the users who work in Canada on market research
  entra.attributes.custom_security_attribute_info:
    principal_type: user
    where:
      - attribute_set: Marketing
        name: AppCountry
        value: Canada

- name: List the service principals that have a certification at all
  entra.attributes.custom_security_attribute_info:
    principal_type: service_principal
    where:
      - attribute_set: Engineering
        name: Certification
        operator: ne
        value: null
    attribute_set: Engineering
    name: Certification

- name: List the enabled users whose employee ID begins with GS
  entra.attributes.custom_security_attribute_info:
    principal_type: user
    where:
      - attribute_set: Marketing
        name: EmployeeId
        operator: startswith
        value: GS
    filter: accountEnabled eq true
"""

RETURN = r"""
principals:
  description: The principals in the order in which Graph gives them.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Object ID.
      type: str
      sample: 11111111-1111-4111-8111-111111111111
    type:
      description: V(user) or V(service_principal).
      type: str
      sample: user
    display_name:
      description: Display name.
      type: str
      sample: Adele Vance
    user_principal_name:
      description: User principal name.
      returned: for users
      type: str
      sample: adele@contoso.com
    app_id:
      description: Application (client) ID.
      returned: for service principals
      type: str
      sample: 22222222-2222-4222-8222-222222222222
    agent_type:
      description: The type in Graph, C(agentUser), C(agentIdentity) or C(agentIdentityBlueprintPrincipal).
      returned: for agents
      type: str
      sample: agentIdentity
    custom_security_attributes:
      description: Values by attribute set and attribute, with the names as spelled in Entra. Empty without
        assignments.
      type: dict
      sample:
        Engineering:
          Project: [Baker, Cascade]
          NumVendors: 8
          Certification: true
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.assignment_info import INFO


def main() -> None:
    run_module(INFO)


if __name__ == "__main__":
    main()
