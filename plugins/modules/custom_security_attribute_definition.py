#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: custom_security_attribute_definition
short_description: Manage the definition of a custom security attribute and its predefined values
version_added: 1.0.0
description:
  - Creates a definition, changes what can change, deprecates and reactivates it, through Microsoft Graph.
  - Entra deletes and renames no definition and no predefined value; they can be deprecated and deactivated.
  - Everything that Entra would refuse is refused before the first write, with all reasons at once.
options:
  attribute_set:
    description: Name of the attribute set, spelled as in Entra.
    type: str
    required: true
  name:
    description:
      - Name of the attribute. It can never change.
      - Up to 32 characters, no space, underscore or special character, and not a digit at the beginning.
      - A name that differs from an existing one of the set by case only is refused rather than made a twin.
    type: str
    required: true
  description:
    description: Up to 128 characters. Left alone if it is not set.
    type: str
  type:
    description: Type of the values. Needed to create the definition. It can never change.
    type: str
    choices: [string, integer, boolean]
  multi_valued:
    description: Whether an object can have several values; V(false) if it is not set. It can never change. Not for
      V(boolean).
    type: bool
  searchable:
    description: Whether filters can use the attribute; V(true) if it is not set. It can never change.
    type: bool
  predefined_values_only:
    description:
      - Whether only predefined values can be assigned; V(false) if it is not set. Not for O(type=boolean).
      - It can change from V(true) to V(false), but never back.
    type: bool
  predefined_values:
    description:
      - Values that are predefined and active, at most 100 with the inactive ones. Those of an integer attribute are
        written as numbers.
      - Missing ones are added, inactive ones reactivated. Others are left alone, unless
        O(purge_predefined_values=true).
    type: list
    elements: str
  inactive_predefined_values:
    description: Values that are predefined and inactive, none of them in O(predefined_values). Missing ones are added,
      active ones deactivated.
    type: list
    elements: str
  purge_predefined_values:
    description: Whether to deactivate the predefined values that O(predefined_values) does not list.
    type: bool
    default: false
  state:
    description:
      - V(present) creates the definition, or reactivates it if it is deprecated.
      - V(deprecated) deprecates it. Assignments stay, but no more can be made. Nothing is done if there is no such
        definition.
    type: str
    choices: [present, deprecated]
    default: present
  changes:
    description:
      - Which part to do, for playbooks that assign values in between.
      - V(permit) does not deprecate the definition and deactivates no value. If there is no such definition, it is
        created with all values active, and with O(state=deprecated) and a O(type) as well.
      - V(forbid) does the rest. In check mode it takes for done what V(permit) would do.
    type: str
    choices: [all, permit, forbid]
    default: all
  released:
    description:
      - Object IDs of principals that lose the attribute in the same play, for playbooks that remove values before.
      - RV(in_use) does not count them. In check mode they still hold the attribute, and after a write Graph may still
        show it for a while.
    type: list
    elements: str
    default: []
  in_use:
    description:
      - What to do with O(state=deprecated) if principals still hold a value of the attribute, or if that cannot be
        told, as Graph counts only searchable attributes and only for those who may read assignments.
      - V(fail) does not deprecate it, V(warn) warns, V(ignore) does not count.
    type: str
    choices: [fail, warn, ignore]
    default: warn
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.writes
notes:
  - Needs the Graph permission C(CustomSecAttributeDefinition.ReadWrite.All), and of a signed-in user the Entra role
    Attribute Definition Administrator. To count assignments it takes C(CustomSecAttributeAssignment.Read.All),
    C(User.Read.All) and C(Application.Read.All).
  - Graph may refuse a definition for a moment after its attribute set was created. As the module has then seen the set
    in Graph's own list, it tries again for half a minute at most. After it was created it waits likewise until Graph
    shows the definition.
  - In check mode an attribute set that does not exist is no error, as an earlier task may be about to create it.
seealso:
  - module: entra.attributes.attribute_set
  - module: entra.attributes.custom_security_attribute_definition_info
  - module: entra.attributes.custom_security_attribute
  - name: customSecurityAttributeDefinition resource type
    description: What a definition is in Microsoft Graph, and what can change.
    link: https://learn.microsoft.com/graph/api/resources/customsecurityattributedefinition
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: Users have projects, of a fixed list
  entra.attributes.custom_security_attribute_definition:
    attribute_set: Engineering
    name: Project
    description: Active projects for user
    type: string
    multi_valued: true
    predefined_values_only: true
    predefined_values: [Alpine, Baker, Cascade]

- name: The list has changed, and others can no longer be assigned
  entra.attributes.custom_security_attribute_definition:
    attribute_set: Engineering
    name: Project
    predefined_values: [Alpine, Cascade, Skagit]
    purge_predefined_values: true

- name: Users have a number of vendors
  entra.attributes.custom_security_attribute_definition:
    attribute_set: Engineering
    name: NumVendors
    type: integer

- name: The attribute is retired, if nobody holds it
  entra.attributes.custom_security_attribute_definition:
    attribute_set: Engineering
    name: NumVendors
    state: deprecated
    in_use: fail
"""

RETURN = r"""
definition:
  description:
    - The definition after the task, in check mode as predicted; null if there is none.
    - The keys are the options of this module.
  returned: success
  type: dict
  contains:
    attribute_set:
      description: Name of the attribute set.
      type: str
      sample: Engineering
    name:
      description: Name of the attribute.
      type: str
      sample: Project
    description:
      description: Description.
      type: str
      sample: Active projects for user
    type:
      description: V(string), V(integer) or V(boolean).
      type: str
      sample: string
    multi_valued:
      description: Whether an object can have several values.
      type: bool
      sample: true
    searchable:
      description: Whether filters can use it.
      type: bool
      sample: true
    predefined_values_only:
      description: Whether only predefined values can be assigned.
      type: bool
      sample: true
    predefined_values:
      description: The active predefined values, sorted.
      type: list
      elements: str
      sample: [Alpine, Baker, Cascade]
    inactive_predefined_values:
      description: The inactive predefined values, sorted.
      type: list
      elements: str
      sample: [Skagit]
    state:
      description: V(present) or V(deprecated).
      type: str
      sample: present
previous_definition:
  description: The definition before the task, with the same keys; null if there was none.
  returned: success
  type: dict
in_use:
  description: How many principals hold a value; null if it was not counted or could not be.
  returned: success
  type: dict
  contains:
    users:
      description: How many users.
      type: int
      sample: 3
    service_principals:
      description: How many service principals.
      type: int
      sample: 0
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.definition import DEFINITION


def main() -> None:
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
