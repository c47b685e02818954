#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: attribute_set
short_description: Manage an attribute set
version_added: 1.0.0
description:
  - Creates an attribute set for custom security attributes, or changes its description or limit, through Microsoft
    Graph.
  - Entra cannot delete or rename attribute sets, so O(state=absent) does not exist.
  - A name that differs only in case from an existing one is an error.
options:
  name:
    description:
      - Name of the attribute set. It can never change.
      - Up to 32 characters, without spaces, underscores and special characters. The first character is not a digit.
    type: str
    required: true
  description:
    description: Up to 128 characters. Without this option, the module does not change it.
    type: str
  max_attributes_per_set:
    description: Maximum number of active attributes of the set, up to the 500 of the tenant. Without this option, the
      module does not change it.
    type: int
  state:
    description: Entra offers only V(present).
    type: str
    choices: [present]
    default: present
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.writes
notes:
  - Needs the Graph permission C(CustomSecAttributeDefinition.ReadWrite.All). A signed-in user also needs the Entra role
    Attribute Definition Administrator.
  - After the module creates a set, it waits up to half a minute until Graph lists it.
seealso:
  - module: entra.attributes.attribute_set_info
  - module: entra.attributes.custom_security_attribute_definition
  - name: attributeSet resource type
    description: Microsoft's reference of attribute sets.
    link: https://learn.microsoft.com/graph/api/resources/attributeset
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: There is an attribute set for engineering
  entra.attributes.attribute_set:
    name: Engineering
    description: Attributes for engineering team
    max_attributes_per_set: 25
"""

RETURN = r"""
attribute_set:
  description: Attribute set after the task. Predicted in check mode.
  returned: success
  type: dict
  contains:
    name:
      description: Name.
      type: str
      sample: Engineering
    description:
      description: Description.
      type: str
      sample: Attributes for engineering team
    max_attributes_per_set:
      description: Maximum number of active attributes. Null if only the limit of the tenant counts.
      type: int
      sample: 25
previous_attribute_set:
  description: Attribute set before the task, with the same keys. Null if it did not exist.
  returned: success
  type: dict
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.attribute_set import SET


def main() -> None:
    run_module(SET)


if __name__ == "__main__":
    main()
