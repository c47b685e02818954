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
  - Writes a tenant, or a part of it, to a folder of declarations. The role P(entra.attributes.reconcile#role) reads it,
    and changes nothing as long as the tenant stays the same.
  - The files are made for version control. They are sorted, and they change only where the tenant changed.
  - C(attribute_sets/NAME.yml) contains an attribute set and its definitions. C(assignments/users.yml) and
    C(assignments/service_principals.yml) contain the assignments. The files name users by user principal name, and
    service principals by application (client) ID, or by object ID if that ID does not identify them. They add
    display names for readers.
  - The module reads everything before it writes a file. Graph hides attributes that the identity cannot read. The task
    then fails.
options:
  dest:
    description:
      - Folder of the files, on the host where the task runs. The module creates it.
      - The module removes files of earlier exports that are not part of this export, such as C(attribute_sets/NAME.yml)
        of a set that O(attribute_sets) no longer lists. Use a separate folder for each export.
      - The hidden file C(.export.json) lists the files that exports made. The module never replaces or removes other
        files. If one of them has a name that the export needs, the task fails.
      - The module replaces all files together. If the task is interrupted, the next export completes or discards the
        rest.
      - Must not be a symbolic link.
      - Only the owner can read new files, because they contain values.
    type: path
    required: true
  attribute_sets:
    description: Names of the attribute sets to export, with their definitions and assignments. All by default.
    type: list
    elements: str
  principals:
    description: Kinds of principals whose assignments are exported. An empty list exports none.
    type: list
    elements: str
    choices: [users, service_principals]
    default: [users, service_principals]
  delegations:
    description:
      - Whether to write who holds which role for custom security attributes to C(delegations.yml). With
        O(attribute_sets), the file has the roles for these sets only. An export that selects principals by O(where) or
        O(filter) has no delegations.
      - To read them, the module needs the Graph permission C(RoleManagement.Read.Directory). Without it, the module
        warns, and the export has no delegations.
    type: bool
    default: true
  format:
    description:
      - Format of the assignments. V(csv) has a row for each principal and a column for each attribute, as described in
        O(entra.attributes.custom_security_attributes#module:src).
      - CSV cannot hold every text. Principals with such text go to an additional YAML file. The text is V(null), begins
        or ends with a blank, contains control characters, contains C(;) in a multi-valued attribute, or begins with
        C(=), C(+), C(-) or C(@) like a formula of a spreadsheet.
    type: str
    choices: [yaml, csv]
    default: yaml
  backup:
    description:
      - Whether to make a backup. The export then goes to a new folder in O(dest) with the time in UTC as its name, such
        as C(2026-11-26T210316Z).
      - A backup is of the whole tenant and in YAML, so O(format=csv) and the options that select a part are refused.
      - The hidden file C(.backup.json) in it has the tenant, the time, and digests. The hidden file C(.principals.json)
        has the object IDs of the principals, by which M(entra.attributes.custom_security_attribute_history_info) knows
        who was deleted and created again. M(entra.attributes.reconcile)
        refuses a backup whose files were changed, and a backup of another tenant.
    type: bool
    default: false
  keep:
    description:
      - Number of backups of this tenant to keep in O(dest), with the new one. The module removes the oldest.
      - It removes only whole backups of this tenant. If a backup was changed, the module leaves it and warns.
      - Without this option, all stay.
    type: int
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.writes
  - entra.attributes._selection
  - entra.attributes._permissions.reads
notes:
  - Needs the Graph permission C(CustomSecAttributeDefinition.Read.All) as well.
  - O(where) and O(filter) select among all O(principals), so they must fit each kind that is listed there.
  - The files leave out principals without assignments.
  - The files list inactive predefined values as C(inactive_predefined_values). Deprecated definitions have C(state)
    V(deprecated).
  - A diff shows the files that change. For a file with more than 100,000 characters, it shows only its name.
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

- name: Back up the tenant, and keep the last 30 backups
  entra.attributes.export:
    dest: "{{ playbook_dir }}/backups"
    backup: true
    keep: 30
  register: export

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
  description: Files of the export, and removed files. Predicted in check mode.
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
      description: Whether the file was written or removed.
      type: bool
    edited:
      description: Whether somebody edited the file after the last export. A warning lists edited files that the export
        replaces or removes.
      type: bool
backup:
  description: Folder of the backup. In check mode, its name has the time of the check.
  returned: success and O(backup) is true
  type: str
  sample: /srv/backups/2026-11-26T210316Z
removed_backups:
  description: Folders of old backups that were removed. Predicted in check mode.
  returned: success and O(backup) is true
  type: list
  elements: str
  sample: [/srv/backups/2026-10-27T210312Z]
msg:
  description: The figures, and where the files are, in one line.
  returned: success
  type: str
  sample: "2 attribute sets, 10 definitions, 3 principals, 4 delegations. Files in /srv/entra: 4, 1 changed."
summary:
  description: Counts of the export.
  returned: success
  type: dict
  contains:
    attribute_sets:
      description: Number of attribute sets.
      type: int
      sample: 2
    definitions:
      description: Number of definitions.
      type: int
      sample: 10
    delegations:
      description: Number of delegations.
      type: int
      sample: 4
    principals:
      description: Number of principals with values.
      type: int
      sample: 3
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.export import EXPORT


def main() -> None:
    run_module(EXPORT)


if __name__ == "__main__":
    main()
