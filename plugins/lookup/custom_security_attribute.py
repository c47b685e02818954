# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: custom_security_attribute
short_description: Look up custom security attributes of users and service principals
version_added: 1.0.0
author:
  - The entra.attributes authors (@entra-attributes)
description:
  - Reads one attribute, an attribute set or all custom security attributes of one or several principals.
  - One lookup reads all its principals together, 300 with each request. Lookups of a task share connection and token.
  - A value from Entra is never evaluated as a template.
options:
  _terms:
    description: Object IDs or user principal names of users; object IDs, application (client) IDs or display names of
      service principals.
    type: list
    elements: str
    required: true
  principal_type:
    description: Kind of principals that the terms name.
    type: str
    choices: [user, service_principal]
    default: user
  attribute_set:
    description: Name of the attribute set, spelled as in Entra. All sets by default.
    type: str
  name:
    description: Name of the attribute, spelled as in Entra. All attributes of the set by default. Needs
      O(attribute_set).
    type: str
  on_missing:
    description:
      - How to handle a principal that does not exist, or that lacks the attribute O(name).
      - V(error) fails, V(warn) leaves out the value and warns, V(skip) leaves it out.
      - A display name that several service principals share is always an error.
    type: str
    choices: [error, warn, skip]
    default: error
  on_denied:
    description: How to handle a principal that the identity cannot read, or whose attributes it cannot read. Graph then
      answers as if no value was assigned.
    type: str
    choices: [error, warn, skip]
    default: error
extends_documentation_fragment:
  - entra.attributes._connection.plugin
  - entra.attributes._permissions.reads
notes:
  - A lookup runs on the controller with the environment of Ansible. The C(environment) of a play or task has no effect.
  - With more than one term, use C(query), which always returns a list. C(lookup) joins several texts with commas.
  - In a loop, each lookup sends a request of its own. Give all principals to one C(query), which reads up to 300 in a
    request.
seealso:
  - module: entra.attributes.custom_security_attribute_info
  - plugin: entra.attributes.directory
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Show the projects of Adele
  ansible.builtin.debug:
    msg: >-
      {{ lookup('entra.attributes.custom_security_attribute', 'adele@contoso.com',
      attribute_set='Engineering', name='Project') }}

- name: Show the cost centers of two services, as far as they have any
  ansible.builtin.debug:
    msg: >-
      {{ query('entra.attributes.custom_security_attribute', 'payroll-api', 'billing-api',
      principal_type='service_principal', attribute_set='Engineering', name='CostCenter', on_missing='skip')
      | flatten | unique }}

- name: Show the employee IDs of many users, read in one request
  ansible.builtin.debug:
    msg: "{{ item.0 }}: {{ item.1 }}"
  loop: >-
    {{ users | zip(query('entra.attributes.custom_security_attribute', users,
    attribute_set='Marketing', name='EmployeeId')) }}
  vars:
    users:
      - adele@contoso.com
      - alex@contoso.com

- name: Show the employee ID of Alex, from all of his attributes
  ansible.builtin.debug:
    msg: "{{ attributes.Marketing.EmployeeId | default('nobody') }}"
  vars:
    attributes: "{{ lookup('entra.attributes.custom_security_attribute', 'alex@contoso.com') }}"
"""

RETURN = r"""
_raw:
  description:
    - The value of the attribute for each term, in their order.
    - Without O(name), a dictionary of the set's values. Without O(attribute_set), a dictionary of all sets. It is empty
      if no value is assigned.
  type: list
  elements: raw
"""

import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils._errors import EntraError
from ..module_utils._operations.lookup import LOOKUP
from ..plugin_utils._controller import connected, quiet, untrusted, validated


class LookupModule(LookupBase):  # type: ignore[misc] # Ansible says nothing of its types
    def run(self, terms: list[Any], variables: Mapping[str, Any] | None = None, **options: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=options)
        environment = dict(os.environ)
        principals = self._flatten(terms)
        try:
            params = validated(LOOKUP, self.get_option, {**options, "principals": principals}, environment)
            with quiet(), connected(params, environment) as graph:
                result = LOOKUP.run(params, graph, False)
        except EntraError as error:
            raise AnsibleLookupError(str(error)) from None
        for warning in result["warnings"]:
            self._display.warning(warning)
        values: list[Any] = untrusted(result["values"])
        return values
