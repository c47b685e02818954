#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: custom_security_attribute
short_description: Manage one custom security attribute of a user or service principal
version_added: 1.0.0
description:
  - Assigns, updates and removes one custom security attribute of one Microsoft Entra user or service principal through
    Microsoft Graph.
  - The module reads the assigned value, compares it, and sends one C(PATCH) only if it differs. It never touches other
    attributes.
  - The module never creates principals. Attribute sets and definitions must exist.
options:
  user:
    description:
      - Object ID or user principal name of the user. Guests, C(#EXT#) names and agent users are possible.
      - A dictionary with the key C(mail) or C(employee_id) names a user by that property. If several users have it, the
        task fails and lists them.
      - Set exactly one of O(user) and O(service_principal).
    type: raw
  service_principal:
    description:
      - Object ID, application (client) ID or display name of the service principal. Managed identities, agent
        identities and their blueprint principals are possible.
      - If several service principals have the display name, the task fails and lists them.
    type: str
  attribute_set:
    description: Name of the attribute set, spelled as in Entra.
    type: str
    required: true
  name:
    description: Name of the attribute, spelled as in Entra.
    type: str
    required: true
  value:
    description:
      - Text, an integer, a Boolean, a list of texts, or a list of integers. Required with O(state=present).
      - For a multi-valued attribute, set a list. The attribute then has exactly these values. To keep other values, use
        O(append). The order does not matter.
      - With O(state=absent), the module removes only these values.
      - A single value without a list is possible with O(append) and O(state=absent). Otherwise it is an error for a
        multi-valued attribute.
      - Put quotes around text that YAML reads as something else, such as dates, numbers and C(yes). An integer for a
        String attribute is an error, unless O(type=string).
      - Text can have up to 64 characters, and integers 32 bits. Empty text, empty lists and null are errors, also with
        O(state=absent).
      - New text must not contain line breaks, control characters, invisible characters, leading or trailing blanks, or
        the text that Ansible masks secrets with.
    type: raw
  type:
    description:
      - Type of the attribute. Templates can turn integers and Booleans into text, so that the type is in doubt.
      - With V(auto), the module uses the type of the value that is assigned now. If the attribute is not assigned, it
        uses the type of O(value). If O(value) is text that could be an integer or a Boolean, it reads the definition.
        This needs the Graph permission C(CustomSecAttributeDefinition.Read.All).
      - With any other choice, the module does not read the definition for this purpose.
    type: str
    choices: [auto, string, integer, boolean]
    default: auto
  append:
    description:
      - Whether to add O(value) to the values of a multi-valued attribute instead of replacing them.
      - Entra replaces a collection as a whole. A change by another writer between reading and writing is lost. The
        change of a task moments before can be lost too, because Graph does not show it yet. To avoid that, set one
        list, or use O(verify).
    type: bool
    default: false
  state:
    description:
      - V(present) assigns O(value).
      - V(absent) removes O(value) from the assigned values. Without O(value), it removes the attribute.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._verify
  - entra.attributes._attributes
  - entra.attributes._attributes.writes
  - entra.attributes._permissions.writes
notes:
  - Graph can refuse a new attribute or predefined value for a short time. If the definition allows the value, the
    module repeats the request for up to half a minute. This needs the Graph permission
    C(CustomSecAttributeDefinition.Read.All).
  - In check mode, the module warns about an attribute that is not defined, because an earlier task can define it.
seealso:
  - module: entra.attributes.custom_security_attribute_info
  - module: entra.attributes.custom_security_attribute_definition
  - name: Manage custom security attributes with Microsoft Graph
    description: Microsoft's examples of the requests that this module sends.
    link: https://learn.microsoft.com/graph/custom-security-attributes-examples
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: Adele works on Baker and Cascade, and on nothing else
  entra.attributes.custom_security_attribute:
    user: adele@contoso.com
    attribute_set: Engineering
    name: Project
    value: [Baker, Cascade]

- name: The payroll service is certified
  entra.attributes.custom_security_attribute:
    service_principal: payroll-api
    attribute_set: Engineering
    name: Certification
    value: true

- name: Adele works on Alpine, too
  entra.attributes.custom_security_attribute:
    user: adele@contoso.com
    attribute_set: Engineering
    name: Project
    value: Alpine
    append: true

- name: Adele works on each of these, too, one after the other
  entra.attributes.custom_security_attribute:
    user: adele@contoso.com
    attribute_set: Engineering
    name: Project
    value: "{{ item }}"
    append: true
    verify: true
  loop: [Baker, Cascade]

- name: A number that a template yields
  entra.attributes.custom_security_attribute:
    user: adele@contoso.com
    attribute_set: Engineering
    name: NumVendors
    value: "{{ vendors | default(4) }}"
    type: integer

- name: Adele no longer works on Baker
  entra.attributes.custom_security_attribute:
    user: adele@contoso.com
    attribute_set: Engineering
    name: Project
    value: Baker
    state: absent

- name: Adele has no project date
  entra.attributes.custom_security_attribute:
    user: adele@contoso.com
    attribute_set: Engineering
    name: ProjectDate
    state: absent
"""

RETURN = r"""
principal:
  description: The principal.
  returned: success
  type: dict
  contains:
    id:
      description: Object ID.
      type: str
      sample: 11111111-1111-4111-8111-111111111111
    type:
      description: V(user) or V(service_principal).
      type: str
      sample: user
    display_name:
      description: Display name.
      type: str
      sample: Adele Vance
    user_principal_name:
      description: User principal name.
      returned: for users
      type: str
      sample: adele@contoso.com
    app_id:
      description: Application (client) ID.
      returned: for service principals
      type: str
      sample: 22222222-2222-4222-8222-222222222222
    agent_type:
      description: The type in Graph, C(agentUser), C(agentIdentity) or C(agentIdentityBlueprintPrincipal).
      returned: for agents
      type: str
      sample: agentIdentity
attribute_set:
  description: Name of the attribute set.
  returned: success
  type: str
  sample: Engineering
name:
  description: Name of the attribute.
  returned: success
  type: str
  sample: Project
value:
  description: Value after the task. Predicted in check mode. Null if the attribute is not assigned.
  returned: success
  type: raw
  sample: [Baker, Cascade]
previous_value:
  description: Value before the task. Null if the attribute was not assigned.
  returned: success
  type: raw
  sample: null
error:
  description: The failure as data. C(msg) describes it in a sentence.
  returned: failure
  type: dict
  contains:
    type:
      description: The kind of error, such as V(OptionError), V(InvalidValue), V(PrincipalNotFound),
        V(AuthenticationError) or V(PermissionDenied).
      type: str
      sample: PermissionDenied
    hint:
      description: Next step for a person, if known.
      type: str
      sample: Check the network, cloud_environment, authority_url and graph_url.
    option:
      description: Name of the wrong option.
      returned: if an option is wrong
      type: str
      sample: ca_path
    attribute:
      description: The attribute that cannot hold the value.
      returned: if a value is wrong
      type: str
      sample: Engineering.Project
    status:
      description: HTTP status.
      returned: if Graph refused
      type: int
      sample: 403
    code:
      description: Graph's error code.
      returned: if Graph refused
      type: str
      sample: Authorization_RequestDenied
    explanation:
      description: Reason of the refusal, if the definition shows it.
      returned: if Graph refused
      type: str
      sample: Attribute set Engineering has no attribute Projekt.
    message:
      description: Graph's error message.
      returned: if Graph refused
      type: str
      sample: Insufficient privileges to complete the operation.
    request_id:
      description: Graph's ID of the request, for Microsoft's support.
      returned: if Graph refused
      type: str
      sample: 66666666-6666-4666-8666-666666666666
    client_request_id:
      description: The ID that this module gave to the request.
      returned: if Graph refused
      type: str
      sample: 77777777-7777-4777-8777-777777777777
    candidates:
      description: The principals that have the name.
      returned: if a display name is ambiguous
      type: list
      elements: dict
      sample:
        - id: 44444444-4444-4444-8444-444444444402
          type: service_principal
          display_name: Reports
          app_id: 55555555-5555-4555-8555-555555555502
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.assignment import ASSIGNMENT


def main() -> None:
    run_module(ASSIGNMENT)


if __name__ == "__main__":
    main()
