#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: export
short_description: Export attribute sets, definitions and assignments to files
version_added: 1.0.0
description:
  - Writes what a tenant has, or a part of it, to a folder of files that say the same as declarations. The role
    P(entra.attributes.reconcile#role) takes them back, and has nothing to change as long as the tenant is the same.
  - The files are made to be committed. They are sorted, and they change only where the tenant did.
  - C(attribute_sets/NAME.yml) holds an attribute set and its definitions, C(assignments/users.yml) and
    C(assignments/service_principals.yml) hold who has what. Users are named by user principal name, service principals
    by application (client) ID, or by object ID where they have none of their own. Their display names are told for
    people.
  - Everything is read before anything is written. Where the identity may not read custom security attributes the task
    fails, since Microsoft Graph then hides them as if nothing was assigned.
options:
  dest:
    description:
      - Folder of the files, on the host where the task runs. It is made if it is not there.
      - A file in it which an earlier export made, and this one does not, is removed, such as
        C(attribute_sets/NAME.yml) of a set that O(attribute_sets) no longer lists. So each export needs a folder of its
        own.
      - The hidden file C(.export.json) in it lists the files that exports made. Other files are never replaced or
        removed. If one of them has a name that this export needs, the task fails.
      - All files are replaced together. If the task is cut off, the next export completes or discards what it left.
      - Must not be a symbolic link.
      - New files can be read by their owner only, as they hold values.
    type: path
    required: true
  attribute_sets:
    description: Names of the attribute sets to export, with their definitions and assignments. All by default.
    type: list
    elements: str
  principals:
    description: Of which principals the assignments are exported. An empty list exports none.
    type: list
    elements: str
    choices: [users, service_principals]
    default: [users, service_principals]
  format:
    description:
      - Whether assignments are written as V(yaml) or as V(csv), with a row for each principal and a column for each
        attribute, as O(entra.attributes.custom_security_attributes#module:src) describes it.
      - Principals with text that CSV cannot say go to a YAML file beside it. Such text is V(null), begins or ends with
        a blank, holds control characters, holds C(;) in a multi-valued attribute, or begins with C(=), C(+), C(-) or
        C(@), as a formula of a spreadsheet does.
    type: str
    choices: [yaml, csv]
    default: yaml
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.writes
  - entra.attributes._selection
  - entra.attributes._permissions.reads
notes:
  - Needs the Graph permission C(CustomSecAttributeDefinition.Read.All) as well.
  - O(where) and O(filter) select among all O(principals), so they must fit each kind that is listed there.
  - Principals to whom nothing is assigned are not in the files.
  - Predefined values that are inactive are listed as C(inactive_predefined_values), and deprecated definitions have
    C(state) V(deprecated).
  - A diff shows the files that change. Of files with more than 100,000 characters it only tells that they do.
seealso:
  - module: entra.attributes.custom_security_attributes
  - module: entra.attributes.custom_security_attribute_info
  - name: What custom security attributes are
    description: Microsoft's overview.
    link: https://learn.microsoft.com/entra/fundamentals/custom-security-attributes-overview
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: Keep all of the tenant in a repository
  entra.attributes.export:
    dest: "{{ playbook_dir }}/entra"

- name: Who of the service principals is certified, for a spreadsheet
  entra.attributes.export:
    dest: "{{ playbook_dir }}/certified"
    attribute_sets: [Engineering]
    principals: [service_principals]
    where:
      - attribute_set: Engineering
        name: Certification
        value: true
    format: csv
"""

RETURN = r"""
files:
  description: The files of the export, and those that were removed, in check mode as they would be.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Path of the file.
      type: str
      sample: /srv/entra/attribute_sets/Engineering.yml
    state:
      description: V(present), or V(absent) if it was removed.
      type: str
      sample: present
    changed:
      description: Whether it was written or removed.
      type: bool
    edited:
      description: Whether somebody edited it after the last export. A warning lists those that are replaced or removed.
      type: bool
summary:
  description: How much was exported.
  returned: success
  type: dict
  contains:
    attribute_sets:
      description: How many attribute sets.
      type: int
      sample: 2
    definitions:
      description: How many definitions.
      type: int
      sample: 10
    principals:
      description: How many principals with values.
      type: int
      sample: 3
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.export import EXPORT


def main() -> None:
    run_module(EXPORT)


if __name__ == "__main__":
    main()
