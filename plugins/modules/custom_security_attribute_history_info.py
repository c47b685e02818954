#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: custom_security_attribute_history_info
short_description: List which custom security attributes were assigned at a time
version_added: 1.0.0
description:
  - Returns the values that a principal had at a time, or the principals that had an attribute. It finds them in
    backups, in the audit log of custom security attributes, and in what is assigned now.
  - A value is certain only if no change can be missing. The module otherwise returns the likely value and the reason
    why it is not certain, or null.
  - Only the beta version of Microsoft Graph has the audit log, so the module ignores O(api_version) for it.
options:
  at:
    description: The time. In ISO 8601, in UTC unless it has another offset, or an age, which is a number with one of
      the units V(s), V(m), V(h), V(d) and V(w).
    type: str
    required: true
  user:
    description:
      - Object ID or user principal name of a user.
      - A dictionary with the key C(mail) or C(employee_id) names a user by that property, if the user exists now.
    type: raw
  service_principal:
    description: Object ID, application (client) ID or display name of a service principal. A display name is for one
      that exists now.
    type: str
  attribute_set:
    description: Return the attributes of this set only. Required without O(user) and O(service_principal).
    type: str
  name:
    description: Return this attribute only. Needs O(attribute_set).
    type: str
  backups:
    description:
      - Folder of backups that M(entra.attributes.export) made with O(entra.attributes.export#module:backup). The module
        reads the last backup before O(at) and the first one after it.
      - Without backups, the module knows only attributes that changed in the time of the audit log.
    type: path
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.reads
  - entra.attributes._permissions.reads
notes:
  - The audit log needs the Graph permission C(CustomSecAttributeAuditLogs.Read.All). A signed-in user also needs the
    Entra role Attribute Log Reader or Attribute Log Administrator. Without the permission, no value is certain.
  - The oldest entry of the audit log shows how far back it reaches. Microsoft keeps entries for a limited time.
  - Changes of the last 15 minutes can be missing in the log. Backups count as five minutes longer than they took,
    because clocks differ.
  - Microsoft documents only one sample of how the log names a change. If an entry has an unknown form, no value after
    it is certain until the next known one.
  - Principals are compared by object ID. One that was deleted and created again is another one, and both are listed if
    a backup has the former one.
seealso:
  - module: entra.attributes.custom_security_attribute_audit_info
  - module: entra.attributes.custom_security_attribute_info
  - module: entra.attributes.export
  - name: customSecurityAttributeAudit resource type
    description: The log in Microsoft's reference.
    link: https://learn.microsoft.com/graph/api/resources/customsecurityattributeaudit?view=graph-rest-beta
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: List what Adele had an hour ago
  entra.attributes.custom_security_attribute_history_info:
    user: adele@contoso.com
    at: 1h
  register: adele

- name: List who had a project at the beginning of the month
  entra.attributes.custom_security_attribute_history_info:
    attribute_set: Engineering
    name: Project
    at: 2026-11-01T00:00:00Z
    backups: "{{ playbook_dir }}/backups"
  register: project
"""

RETURN = r"""
history:
  description:
    - The attributes, sorted by principal.
    - If no principal is named, attributes that a principal certainly did not have are left out.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Object ID.
      type: str
      sample: 33333333-3333-4333-8333-333333333301
    type:
      description: V(user) or V(service_principal).
      type: str
      sample: user
    display_name:
      description: Display name, null if only a backup has the principal.
      type: str
      sample: Adele Vance
    user_principal_name:
      description: User principal name of a user. If the user does not exist now, the former one.
      type: str
      sample: adele@contoso.com
    app_id:
      description: Application (client) ID of a service principal.
      type: str
      sample: 55555555-5555-4555-8555-555555555501
    attribute_set:
      description: Attribute set.
      type: str
      sample: Engineering
    name:
      description: Attribute.
      type: str
      sample: Project
    value:
      description: Value, always as a list. Empty if nothing was assigned, null if it is not known.
      type: list
      elements: raw
      sample: [Baker]
    certain:
      description: Whether no change can be missing.
      type: bool
    source:
      description: What shows the values.
      type: str
      sample: the backup 2026-11-01T030001Z
    reason:
      description: Reason why the values are not certain, otherwise empty.
      type: str
      sample: ""
reach:
  description: What was read.
  returned: success
  type: dict
  contains:
    audit_log_since:
      description: Time since which the module knows every change, null if it could not read the audit log.
      type: str
      sample: "2026-10-27T08:15:30.433478+00:00"
    audit_log_until:
      description: Time until which it knows every change.
      type: str
      sample: "2026-11-26T20:45:00+00:00"
    backups:
      description: Folders of the backups that were read.
      type: list
      elements: str
      sample: [/srv/backups/2026-11-01T030001Z]
    message:
      description: Reason why the audit log was not read, otherwise empty.
      type: str
      sample: ""
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.history_info import HISTORY_INFO


def main() -> None:
    run_module(HISTORY_INFO)


if __name__ == "__main__":
    main()
