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
  - Creates, changes, deprecates and reactivates a definition through Microsoft Graph.
  - Entra cannot delete or rename definitions and predefined values. It can deprecate definitions and deactivate
    predefined values.
  - Before the first write, the module checks everything that Entra would refuse, and reports all reasons together.
options:
  attribute_set:
    description: Name of the attribute set, spelled as in Entra.
    type: str
    required: true
  name:
    description:
      - Name of the attribute. It can never change.
      - Up to 32 characters, without spaces, underscores and special characters. The first character is not a digit.
      - A name that differs only in case from an existing one of the set is an error.
    type: str
    required: true
  description:
    description: Up to 128 characters. Without this option, the module does not change it.
    type: str
  type:
    description: Type of the values. Required to create the definition. It can never change.
    type: str
    choices: [string, integer, boolean]
  multi_valued:
    description: Whether a principal can have several values. A new definition has V(false) by default. It can never
      change. Not for O(type=boolean).
    type: bool
  searchable:
    description: Whether filters can use the attribute. A new definition has V(true) by default. It can never change.
    type: bool
  predefined_values_only:
    description:
      - Whether only predefined values can be assigned. A new definition has V(false) by default. Not for
        O(type=boolean).
      - It can change from V(true) to V(false), but never back.
    type: bool
  predefined_values:
    description:
      - Active predefined values. A definition can have up to 100, active and inactive together. Write the values of an
        integer attribute as numbers.
      - The module adds missing values and reactivates inactive ones. It leaves other values alone, unless
        O(purge_predefined_values=true).
    type: list
    elements: str
  inactive_predefined_values:
    description: Inactive predefined values. They must not be in O(predefined_values). The module adds missing values
      and deactivates active ones.
    type: list
    elements: str
  retired_predefined_values:
    description:
      - Values that all principals lose. Those that are predefined are deactivated afterwards. They must not be in
        O(predefined_values) and O(inactive_predefined_values).
      - Of a multi-valued attribute, principals keep their other values.
    type: list
    elements: str
  purge_predefined_values:
    description: Whether to deactivate the predefined values that O(predefined_values) does not list.
    type: bool
    default: false
  state:
    description:
      - V(present) creates the definition, or reactivates it if it is deprecated.
      - V(deprecated) deprecates it. Assignments stay, but Entra accepts no new ones. If the definition does not exist,
        the module changes nothing.
      - V(retired) removes the attribute from all principals, with one request each, and deprecates it afterwards. If
        the definition does not exist, the module changes nothing.
      - You can run an interrupted retirement again. It completes the rest.
    type: str
    choices: [present, deprecated, retired]
    default: present
  in_use:
    description:
      - What to do if something still uses what the task retires.
      - With O(state=deprecated), principals use the attribute if they hold a value of it, or if their number is
        unknown. Graph counts only searchable attributes, and only for an identity that can read assignments.
      - Conditional Access policies, app management policies and lifecycle workflows use an attribute if they decide by
        it. They use a predefined value if they compare with it. The module reads them only if the task deprecates the
        attribute or deactivates a value. Conditions of Azure role assignments are not read.
      - With V(fail), the task fails and names what uses the attribute. It also fails if a source could not be read. A
        policy or workflow that is disabled or report-only is a warning.
      - With V(warn), the task warns. With V(ignore), it neither counts nor reads.
      - V(fail) by default with O(state=retired) and O(retired_predefined_values), because these take values away. Then
        only policies and workflows count. Otherwise V(warn) by default.
    type: str
    choices: [fail, warn, ignore]
  max_changes:
    description: Maximum number of principals that O(state=retired) and O(retired_predefined_values) change, or a
      percentage of those that hold what is retired. If more would change, the task fails and writes nothing.
    type: str
  snapshot_path:
    description:
      - Snapshot file for O(state=retired) and O(retired_predefined_values). Before the first write, the module saves
        the values that principals are about to lose.
      - To undo the task, reactivate the definition with O(state=present), and use the file as
        O(entra.attributes.custom_security_attributes#module:src).
    type: path
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.writes
notes:
  - Needs the Graph permission C(CustomSecAttributeDefinition.ReadWrite.All). A signed-in user also needs the Entra role
    Attribute Definition Administrator. Retiring needs C(CustomSecAttributeAssignment.ReadWrite.All) as well, and the
    role Attribute Assignment Administrator. Counting assignments needs C(CustomSecAttributeAssignment.Read.All),
    C(User.Read.All) and C(Application.Read.All). Reading policies and workflows needs C(Policy.Read.All) and
    C(LifecycleWorkflows-Workflow.Read.All).
  - Graph can refuse a definition for a short time after its attribute set was created. The module then repeats the
    request for up to half a minute. Afterwards it waits up to half a minute until Graph lists the definition.
  - In check mode, the module warns about an attribute set that does not exist, because an earlier task can create it.
seealso:
  - module: entra.attributes.attribute_set
  - module: entra.attributes.custom_security_attribute_definition_info
  - module: entra.attributes.custom_security_attribute
  - name: customSecurityAttributeDefinition resource type
    description: Microsoft's reference of definitions, with the properties that can change.
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

- name: The attribute is retired, if nobody holds it and nothing decides by it
  entra.attributes.custom_security_attribute_definition:
    attribute_set: Engineering
    name: NumVendors
    state: deprecated
    in_use: fail

- name: Nobody holds the attribute any more, and it can no longer be assigned
  entra.attributes.custom_security_attribute_definition:
    attribute_set: Engineering
    name: NumVendors
    state: retired
    max_changes: 50
    snapshot_path: before-numvendors-was-retired.jsonl
"""

RETURN = r"""
definition:
  description:
    - Definition after the task. Predicted in check mode. Null if it does not exist.
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
  description: Definition before the task, with the same keys. Null if it did not exist.
  returned: success
  type: dict
summary:
  description: Outcome for the principals that hold what is retired, as in
    RV(entra.attributes.custom_security_attributes#module:summary).
  returned: with O(state=retired) or O(retired_predefined_values), if the definition exists
  type: dict
results:
  description: Outcomes of the principals that lost what is retired, as in
    RV(entra.attributes.custom_security_attributes#module:results).
  returned: with O(state=retired) or O(retired_predefined_values), if the definition exists
  type: list
  elements: dict
failures:
  description: Reason of each principal that failed. The definition then stays as it is.
  returned: if a principal failed
  type: list
  elements: str
in_use:
  description: Number of principals that hold a value. Null if the module did not or could not count them.
  returned: success
  type: dict
  contains:
    users:
      description: Number of users.
      type: int
      sample: 3
    service_principals:
      description: Number of service principals.
      type: int
      sample: 0
consumers:
  description:
    - The policies and workflows that decide by the attribute or the deactivated values, or may.
    - Null if the task deprecates and deactivates nothing, and with O(in_use=ignore).
    - A source that could not be read is in a warning.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: V(conditional_access_policy), V(app_management_policy) or V(lifecycle_workflow).
      type: str
      sample: conditional_access_policy
    id:
      description: Object ID.
      type: str
      sample: 99999999-9999-4999-8999-999999999901
    display_name:
      description: Display name.
      type: str
      sample: Require MFA for the applications of Baker
    state:
      description: State, as Graph shows it.
      type: str
      sample: enabled
    place:
      description: The filter, scope or other place that names the attribute.
      type: str
      sample: conditions.applications.applicationFilter
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.definition import DEFINITION


def main() -> None:
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
