#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: custom_security_attribute_audit_info
short_description: List who changed which custom security attribute and when
version_added: 1.0.0
description:
  - Returns entries of the audit log of custom security attributes, the newest first. The log has an entry for each
    change of attribute sets, definitions and assignments.
  - Only the beta version of Microsoft Graph has this log, so the module ignores O(api_version). Microsoft may change
    this version without notice.
options:
  since:
    description: Return entries from this time on. A time in ISO 8601, in UTC unless it has another offset, or an age,
      which is a number with one of the units V(s), V(m), V(h), V(d) and V(w).
    type: str
    default: 24h
  until:
    description: Return entries up to this time, in the form of O(since).
    type: str
  activity:
    description:
      - Return only entries of this activity. The name of the activity, or the beginning of the name.
      - Microsoft documents C(Add an attribute set), C(Update an attribute set), C(Add custom security attribute
        definition in an attribute set), C(Update custom security attribute definition in an attribute set), C(Update
        attribute values assigned to a user) and C(Update attribute values assigned to a servicePrincipal).
    type: str
  actor:
    description:
      - Return only changes by this user or application. Object ID, user principal name, application (client) ID or
        display name.
      - Graph can filter by a user principal name. For any other value, the module reads all entries of the period and
        selects from them.
    type: str
  target:
    description:
      - Return only changes of this user, service principal, attribute set or definition. Object ID, user principal name
        or display name, as far as the log has it.
      - Graph can filter by an object ID. For any other value, the module reads all entries of the period and selects
        from them.
    type: str
  limit:
    description: Maximum number of entries to return. The newest are returned.
    type: int
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.reads
notes:
  - Needs the Graph permission C(CustomSecAttributeAuditLogs.Read.All). A signed-in user also needs the Entra role
    Attribute Log Reader or Attribute Log Administrator.
  - Graph returns 100 entries for each request, and allows five requests in ten seconds. The module waits, so 3,000
    entries take a minute.
  - An entry can appear in the log some minutes after the change.
seealso:
  - module: entra.attributes.custom_security_attribute_info
  - name: customSecurityAttributeAudit resource type
    description: The log in Microsoft's reference.
    link: https://learn.microsoft.com/graph/api/resources/customsecurityattributeaudit?view=graph-rest-beta
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: List what changed since yesterday
  entra.attributes.custom_security_attribute_audit_info:
  register: log

- name: List who assigned what to Adele this month
  entra.attributes.custom_security_attribute_audit_info:
    activity: Update attribute values assigned to a user
    target: adele@contoso.com
    since: 30d
  register: adele

- name: List the last ten changes of a pipeline
  entra.attributes.custom_security_attribute_audit_info:
    actor: attributes-pipeline
    since: 2026-11-01
    limit: 10
  register: pipeline
"""

RETURN = r"""
audits:
  description: The entries, the newest first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: ID of the entry.
      type: str
      sample: Directory_66666666-6666-4666-8666-666666666601_GXP3K_386490241
    time:
      description: Time of the change, in UTC.
      type: str
      sample: "2026-11-22T08:15:30.433478Z"
    activity:
      description: Activity, in Microsoft's words.
      type: str
      sample: Update attribute values assigned to a user
    result:
      description: Result of the activity, such as V(success) or V(failure).
      type: str
      sample: success
    reason:
      description: Reason of a failure.
      type: str
      sample: ""
    correlation_id:
      description: ID that the logs of Microsoft's services share.
      type: str
      sample: 77777777-7777-4777-8777-777777777701
    actor:
      description: User or application that made the change. C(id), C(type) (V(user) or V(service_principal)),
        C(display_name), C(user_principal_name) of a user and C(app_id) of an application. A value that the log lacks is
        null.
      type: dict
      sample:
        id: 44444444-4444-4444-8444-444444444409
        type: service_principal
        display_name: attributes-pipeline
        user_principal_name: null
        app_id: 22222222-2222-4222-8222-222222222201
    targets:
      description: Changed objects.
      type: list
      elements: dict
      contains:
        id:
          description: ID of the object.
          type: str
        type:
          description: V(user), V(service_principal), or V(other) for attribute sets and definitions.
          type: str
        display_name:
          description: Display name of the object, as far as the log has it.
          type: str
        user_principal_name:
          description: User principal name of a user.
          type: str
        changes:
          description: Changes of the object.
          type: list
          elements: dict
          contains:
            property:
              description: Name of the changed property in the log.
              type: str
            before:
              description: Values before the change. An empty list means that no value was assigned.
              type: list
              elements: raw
            after:
              description: Values after the change.
              type: list
              elements: raw
      sample:
        - id: 33333333-3333-4333-8333-333333333301
          type: user
          display_name: Adele Vance
          user_principal_name: adele@contoso.com
          changes:
            - property: Engineering_Project
              before: [Baker]
              after: [Baker, Cascade]
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.audit_info import AUDIT_INFO


def main() -> None:
    run_module(AUDIT_INFO)


if __name__ == "__main__":
    main()
