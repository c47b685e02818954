#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: attribute_set_info
short_description: List the attribute sets
version_added: 1.0.0
description:
  - Returns the attribute sets of the tenant that the identity may read, by name.
options:
  name:
    description: Return this attribute set only. None of that name gives an empty list.
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
  - module: entra.attributes.attribute_set
  - name: attributeSet resource type
    description: Microsoft's reference of attribute sets.
    link: https://learn.microsoft.com/graph/api/resources/attributeset
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: List the attribute sets
  entra.attributes.attribute_set_info:
  register: sets
"""

RETURN = r"""
attribute_sets:
  description: Attribute sets, sorted by name. The keys are the options of M(entra.attributes.attribute_set).
  returned: success
  type: list
  elements: dict
  sample:
    - name: Engineering
      description: Attributes for engineering team
      max_attributes_per_set: 25
tenant_id:
  description: ID of the tenant, from the token or from O(tenant_id). Null if neither has it.
  returned: success
  type: str
  sample: 11111111-1111-4111-8111-111111111111
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.attribute_set import SET_INFO


def main() -> None:
    run_module(SET_INFO)


if __name__ == "__main__":
    main()
