#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: custom_security_attribute_audit_info
short_description: Tell who changed which custom security attribute when
version_added: 1.0.0
description:
  - Returns entries of the audit log of custom security attributes, the newest first. Attribute sets, definitions and
    assignments each have theirs.
  - Only the beta version of Microsoft Graph has this log, so it is asked whatever O(api_version) says. Microsoft may
    change it without notice.
options:
  since:
    description: Return entries from this time on. A time in ISO 8601, in UTC where it says nothing else, or how long
      ago as a number with one of the units V(s), V(m), V(h), V(d) and V(w).
    type: str
    default: 24h
  until:
    description: Return entries up to this time, written as O(since).
    type: str
  activity:
    description:
      - Return entries of this activity only. Its name, or the beginning of it.
      - Microsoft names C(Add an attribute set), C(Update an attribute set), C(Add custom security attribute definition
        in an attribute set), C(Update custom security attribute definition in an attribute set), C(Update attribute
        values assigned to a user) and C(Update attribute values assigned to a servicePrincipal).
    type: str
  actor:
    description:
      - Return what this user or application did only. Object ID, user principal name, application (client) ID or
        display name.
      - Graph is asked for a user principal name. By anything else it cannot filter, so all entries of the time are
        read, and those of others are left out here.
    type: str
  target:
    description:
      - Return what happened to this user, service principal, attribute set or definition only. Object ID, user
        principal name or display name, as far as the log has it.
      - Graph is asked for an object ID. By anything else all entries of the time are read, and others are left out
        here.
    type: str
  limit:
    description: Return so many entries at most, the newest.
    type: int
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.reads
notes:
  - Needs the Graph permission C(CustomSecAttributeAuditLogs.Read.All), and of a signed-in user one of the Entra roles
    Attribute Log Reader and Attribute Log Administrator.
  - Graph gives 100 entries at a time, five times in ten seconds. The module keeps to that by itself, so 3,000 entries
    take a minute.
  - An entry can appear in the log some minutes after what it tells of.
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
      description: When it happened, in UTC.
      type: str
      sample: "2026-11-22T08:15:30.433478Z"
    activity:
      description: What was done, in Microsoft's words.
      type: str
      sample: Update attribute values assigned to a user
    result:
      description: What became of it, such as V(success) and V(failure).
      type: str
      sample: success
    reason:
      description: Why it failed.
      type: str
      sample: ""
    correlation_id:
      description: ID that goes through the logs of Microsoft's services.
      type: str
      sample: 77777777-7777-4777-8777-777777777701
    actor:
      description: Who did it. C(id), C(type) (V(user) or V(service_principal)), C(display_name),
        C(user_principal_name) of a user and C(app_id) of an application; null is what the log does not tell.
      type: dict
      sample:
        id: 44444444-4444-4444-8444-444444444409
        type: service_principal
        display_name: attributes-pipeline
        user_principal_name: null
        app_id: 22222222-2222-4222-8222-222222222201
    targets:
      description: What it was done to.
      type: list
      elements: dict
      contains:
        id:
          description: Its ID.
          type: str
        type:
          description: V(user), V(service_principal) or V(other), as attribute sets and definitions are.
          type: str
        display_name:
          description: Its display name, as far as the log has it.
          type: str
        user_principal_name:
          description: The user principal name of a user.
          type: str
        changes:
          description: What changed of it.
          type: list
          elements: dict
          contains:
            property:
              description: The name of it in the log.
              type: str
            before:
              description: The values before, none in an empty list.
              type: list
              elements: raw
            after:
              description: The values after.
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
