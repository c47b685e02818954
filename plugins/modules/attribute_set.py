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
  - Entra deletes and renames no attribute set, so there is no O(state=absent).
  - A set whose name differs from an existing one by case only is refused rather than made a twin.
options:
  name:
    description:
      - Name of the attribute set. It can never change.
      - Up to 32 characters, no space, underscore or special character, and not a digit at the beginning.
    type: str
    required: true
  description:
    description: Up to 128 characters. Left alone if it is not set.
    type: str
  max_attributes_per_set:
    description: How many active attributes the set can have, up to the 500 of the tenant. Left alone if it is not set.
    type: int
  state:
    description: V(present) is all that Entra offers.
    type: str
    choices: [present]
    default: present
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.writes
notes:
  - Needs the Graph permission C(CustomSecAttributeDefinition.ReadWrite.All), and of a signed-in user the Entra role
    Attribute Definition Administrator.
  - After it was created the module waits until Graph shows the set, for half a minute at most.
seealso:
  - module: entra.attributes.attribute_set_info
  - module: entra.attributes.custom_security_attribute_definition
  - name: attributeSet resource type
    description: What an attribute set is in Microsoft Graph.
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
  description: The attribute set after the task, in check mode as predicted.
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
      description: How many active attributes it can have; null if only the limit of the tenant counts.
      type: int
      sample: 25
previous_attribute_set:
  description: The attribute set before the task, with the same keys; null if there was none.
  returned: success
  type: dict
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.attribute_set import SET


def main() -> None:
    run_module(SET)


if __name__ == "__main__":
    main()
