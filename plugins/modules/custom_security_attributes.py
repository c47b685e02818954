#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: custom_security_attributes
short_description: Manage custom security attributes of many users and service principals in one task
version_added: 1.0.0
description:
  - Makes the custom security attributes of many principals what is declared. It reads all, plans all, and then writes
    what differs with one C(PATCH) for each principal, in batches, as fast as Microsoft Graph allows.
  - Attribute sets and attributes that a declaration does not name are left alone.
  - Everything that is wrong with the declarations is told at once, before anything is sent.
  - A principal that fails does not hold up the others, unless O(on_error=stop). They are written and reported, and then
    the task fails.
  - A run that was cut off can be started again at any time; it goes on where it stopped.
options:
  assignments:
    description:
      - What shall be assigned to whom. At least one of O(assignments) and O(src) is needed.
      - A principal that is declared twice is an error, also if it is named in different ways.
    type: list
    elements: dict
    suboptions:
      user:
        description: Object ID or user principal name of a user, or a dictionary with C(mail) or C(employee_id). Exactly
          one of this and O(assignments[].service_principal) is needed.
        type: raw
      service_principal:
        description: Object ID, application (client) ID or display name of a service principal.
        type: str
      display_name:
        description: Tells people who it is, and is not used.
        type: str
      attributes:
        description:
          - A dictionary of attribute sets, each of which is a dictionary of values by attribute.
          - A value is text, an integer, a Boolean, or a list of texts or integers, which a multi-valued attribute has
            exactly afterwards.
          - Null or C([]) removes the attribute.
          - A dictionary with C(add) and C(remove), each a list, changes these values of a multi-valued attribute and
            keeps others, as far as Graph shows them; see O(verify).
        type: dict
        required: true
      expected:
        description:
          - What the principal must have before anything of it is written, in the form of
            O(assignments[].attributes), exact values only; null for what must not be assigned.
          - If an attribute has neither its expected value nor the one desired, the principal fails.
        type: dict
  src:
    description:
      - File with declarations, or folder with files, on the host where the task runs, beside those of O(assignments).
        The ending of a file tells what it is. Hidden files and other endings are no part of a folder.
      - C(.yml), C(.yaml) and C(.json) hold a list as O(assignments), or a dictionary with that list under
        C(assignments), beside which it may have C(attribute_sets) and C(definitions) for others.
      - C(.jsonl) and C(.ndjson) hold one element of that list in each line.
      - C(.csv) holds a principal in each row, with commas, semicolons or tabs between cells. A column is called
        C(user), C(userPrincipalName), C(mail), C(employeeId), C(service_principal), C(appId), or by an attribute such
        as C(Engineering.NumVendors); C([]) behind it says that it is multi-valued, such as C(Engineering.Project[]). An
        empty cell leaves the attribute alone, C(null) removes it, C(;) separates the values of a multi-valued one.
        Everything is text, which becomes what the attribute is.
      - A C(.csv) file with the columns C(attribute_set), C(name) and C(value) holds one value in each row.
      - Files and values that C(ansible-vault) encrypted are decrypted where the task runs inside Ansible.
      - YAML needs the Python library PyYAML where the task runs.
    type: path
  definitions:
    description:
      - Definitions that tasks of the same playbook declare before this one. In check mode, in which they are not made,
        it takes for done what these tasks permit more.
      - The options are those of M(entra.attributes.custom_security_attribute_definition).
    type: list
    elements: dict
    suboptions:
      attribute_set:
        description: Name of the attribute set.
        type: str
        required: true
      name:
        description: Name of the attribute.
        type: str
        required: true
      description:
        description: Description.
        type: str
      type:
        description: Type of the values.
        type: str
        choices: [string, integer, boolean]
      multi_valued:
        description: Whether an object can have several values.
        type: bool
      searchable:
        description: Whether filters can use the attribute.
        type: bool
      predefined_values_only:
        description: Whether only predefined values can be assigned.
        type: bool
      predefined_values:
        description: Values that are predefined and active.
        type: list
        elements: str
      inactive_predefined_values:
        description: Values that are predefined and inactive.
        type: list
        elements: str
      purge_predefined_values:
        description: Whether predefined values that are not listed are deactivated.
        type: bool
        default: false
      state:
        description: V(present) or V(deprecated).
        type: str
        choices: [present, deprecated]
        default: present
      in_use:
        description: What is done with a definition that is deprecated and in use.
        type: str
        choices: [fail, warn, ignore]
        default: warn
  purge:
    description:
      - Whether to remove attributes that a declaration does not list, only in the attribute sets that it names.
      - What the identity may not read is never removed.
    type: bool
    default: false
  force:
    description: Whether to write even where the current value is not that of O(assignments[].expected).
    type: bool
    default: false
  max_changes:
    description:
      - How many principals may change, as a number or as a percentage of those declared, such as V(10%).
      - If there are more, nothing is written, and the task fails with the plan in RV(results) and RV(summary).
    type: str
  on_error:
    description:
      - Whether to go on with the others after one failed, or to stop.
      - With V(stop) nothing is written where one fails before the first write, such as a principal that is not found or
        a value that its definition forbids. After one could not be written, what was begun is finished.
    type: str
    choices: [continue, stop]
    default: continue
  on_missing:
    description:
      - What to do about principals that do not exist. With V(fail) they fail.
      - With V(warn) and V(skip) they count as RV(summary.missing), and nothing fails for them, whatever is declared for
        them. V(warn) also warns.
    type: str
    choices: [fail, warn, skip]
    default: fail
  report:
    description: Which principals RV(results) holds.
    type: str
    choices: [all, changed, failed, none]
    default: all
  results_path:
    description:
      - File on the host where the task runs that keeps the results of all principals as JSON Lines. Its folder must
        exist.
      - It is a journal. It begins with a header, gets a line as each answer comes, and ends with the summary. So it
        holds all answers of a run that was killed.
      - The former file is replaced when everything is planned. A task that is refused before does not touch it.
      - It is written in check mode as well, then with the plan. Only its owner can read it, as it holds values.
      - Must not be O(snapshot_path), O(src), nor in the folder O(src), and must not be a link, device, or FIFO.
    type: path
  snapshot_path:
    description:
      - File on the host where the task runs to which, before the first write, is written what is about to change; never
        in check mode. Its folder must exist.
      - As O(src) it undoes this task, as far as nobody changed the same attributes since.
      - It is sealed with the tenant, the number of its lines, and their digest. A snapshot that is empty, cut off,
        edited, or of another tenant is refused.
      - A file that is there is continued, so that the snapshot of a task that was cut off and is started again undoes
        both. To begin anew, remove it.
      - Only its owner can read the file, as it holds values.
      - Must not be O(results_path), O(src), nor in the folder O(src), and must not be a link, device, or FIFO.
    type: path
  diff_limit:
    description: How many principals a diff shows at most.
    type: int
    default: 100
  priority:
    description: With V(low) Graph sheds the writes of this task first where it is busy.
    type: str
    choices: [low, normal]
    default: normal
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._verify
  - entra.attributes._attributes
  - entra.attributes._attributes.writes
  - entra.attributes._permissions.writes
notes:
  - Graph allows an application 3,000 writes in 150 seconds in a tenant, in whatever way they are sent. So 10,000
    changes take about six minutes, and 10,000 principals without changes a few seconds.
  - If anything changes, the definitions are read first, if the identity may. What they forbid fails and is not sent.
  - To read one kind of principals it takes one request for each 300 that are declared, or for each 999 that there are,
    whichever is less.
seealso:
  - module: entra.attributes.custom_security_attribute
  - name: Microsoft Graph service-specific throttling limits
    description: The quota of writes, under Identity and access.
    link: https://learn.microsoft.com/graph/throttling-limits
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: The directory's attributes are as declared
  entra.attributes.custom_security_attributes:
    assignments:
      - user: adele@contoso.com
        attributes:
          Engineering:
            Project: [Baker, Cascade]
            CostCenter: {add: [1001], remove: [1003]}
            NumVendors: 8
            ProjectDate: null
      - service_principal: payroll-api
        attributes:
          Engineering:
            Certification: true
    max_changes: 500

- name: The directory's attributes are as in a file
  entra.attributes.custom_security_attributes:
    src: "{{ playbook_dir }}/attributes.csv"
    report: changed
    results_path: "{{ playbook_dir }}/record.jsonl"
    snapshot_path: "{{ playbook_dir }}/snapshot.jsonl"

- name: Values are added, and the next task finds them
  entra.attributes.custom_security_attributes:
    assignments:
      - user: adele@contoso.com
        attributes:
          Engineering:
            CostCenter: {add: [1005]}
    verify: true

- name: The directory's attributes are as they were before
  entra.attributes.custom_security_attributes:
    src: "{{ playbook_dir }}/snapshot.jsonl"
"""

RETURN = r"""
results:
  description: What became of each principal, in the order of the declarations, as far as O(report) wants it. In check
    mode, and if there are more changes than O(max_changes), what would become of it.
  returned: once all principals were read and none was found to be declared twice
  type: list
  elements: dict
  contains:
    principal:
      description: The principal, with the keys that M(entra.attributes.custom_security_attribute) returns. If there is
        none, or several, C(id) is null, C(display_name) is what was declared, and so is C(user_principal_name) where
        that is one; else it or C(app_id) is null.
      type: dict
      sample:
        id: 33333333-3333-4333-8333-333333333301
        type: user
        display_name: Adele Vance
        user_principal_name: adele@contoso.com
    candidates:
      description: All who have the name that was declared, with the same keys.
      returned: if there are several
      type: list
      elements: dict
    changed:
      description: Whether Graph accepted the change, or may have; as a plan, whether there would be one. With O(verify)
        it may be true for a principal that failed.
      type: bool
    failed:
      description: Whether it failed.
      type: bool
    skipped:
      description: Whether the run stopped before this principal was written, with O(on_error=stop).
      type: bool
    unknown:
      description: Whether the write may have been applied. Its answer was lost, and Graph did not show the new values
        afterwards, or could not be asked.
      type: bool
    missing:
      description: Whether it does not exist and O(on_missing) is V(warn) or V(skip).
      type: bool
    msg:
      description: Why it failed, was skipped, is unknown, or is missing.
      type: str
      sample: "user: there is no user 'dara@contoso.com' in this tenant."
    before:
      description: The declared attributes as they were.
      type: dict
      sample: {Engineering: {NumVendors: 4}}
    after:
      description: The declared attributes as they are; as a plan, as predicted.
      type: dict
      sample: {Engineering: {NumVendors: 8}}
failures:
  description: Why each of the principals that failed did, whatever O(report) wants.
  returned: if principals failed
  type: list
  elements: str
  sample: ["attributes.csv:7: user: there is no user 'dara@contoso.com' in this tenant."]
summary:
  description: The counts, in check mode and beyond O(max_changes) of the plan.
  returned: with RV(results)
  type: dict
  contains:
    principals:
      description: How many were declared.
      type: int
      sample: 10000
    changed:
      description: How many were changed; as a plan, how many would be. Those that failed are not among them.
      type: int
      sample: 25
    unchanged:
      description: How many had nothing to change.
      type: int
      sample: 9974
    failed:
      description: How many failed.
      type: int
      sample: 1
    missing:
      description: How many do not exist, with O(on_missing) V(warn) or V(skip).
      type: int
      sample: 0
    unknown:
      description: How many may have been changed, because the answer of their write was lost.
      type: int
      sample: 0
    skipped:
      description: How many were not reached with O(on_error=stop).
      type: int
      sample: 0
    requests:
      description: How many requests were sent to Graph, batches counted as one.
      type: int
      sample: 15
    throttled:
      description: How many writes Graph told to come again later.
      type: int
      sample: 0
    reading:
      description: How users and service principals were read, V(filters) by name, V(pages) all there are.
      type: dict
      sample: {users: pages}
    seconds:
      description: How long it took.
      type: float
      sample: 4.2
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.assignments import BULK


def main() -> None:
    run_module(BULK)


if __name__ == "__main__":
    main()
