#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: custom_security_attribute_definition_info
short_description: List the definitions of custom security attributes
version_added: 1.0.0
description:
  - Returns the definitions of the tenant, or of an attribute set, with their predefined values, by set and name.
options:
  attribute_set:
    description: Return the definitions of this attribute set only.
    type: str
  name:
    description: Return the definition of this attribute only. Needs O(attribute_set). None of that name gives an empty
      list.
    type: str
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.reads
notes:
  - Needs the Graph permission C(CustomSecAttributeDefinition.Read.All), and of a signed-in user one of the Entra roles
    Attribute Definition Reader, Attribute Definition Administrator, Attribute Assignment Reader and Attribute
    Assignment Administrator.
seealso:
  - module: entra.attributes.custom_security_attribute_definition
  - name: customSecurityAttributeDefinition resource type
    description: Microsoft's reference of definitions, with the properties that can change.
    link: https://learn.microsoft.com/graph/api/resources/customsecurityattributedefinition
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: List what can be assigned in engineering
  entra.attributes.custom_security_attribute_definition_info:
    attribute_set: Engineering
  register: engineering

- name: List the projects that are predefined
  entra.attributes.custom_security_attribute_definition_info:
    attribute_set: Engineering
    name: Project
  register: project
"""

RETURN = r"""
definitions:
  description: Definitions, sorted by set and name, with the keys of
    RV(entra.attributes.custom_security_attribute_definition#module:definition).
  returned: success
  type: list
  elements: dict
  sample:
    - attribute_set: Engineering
      name: Project
      description: Active projects for user
      type: string
      multi_valued: true
      searchable: true
      predefined_values_only: true
      predefined_values: [Alpine, Baker, Cascade]
      inactive_predefined_values: [Skagit]
      state: present
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.definition import DEFINITION_INFO


def main() -> None:
    run_module(DEFINITION_INFO)


if __name__ == "__main__":
    main()
