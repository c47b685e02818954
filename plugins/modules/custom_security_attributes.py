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
  - Makes the custom security attributes of many principals match their declarations. The module reads everything, plans
    everything, and then sends one C(PATCH) for each principal that differs, in batches, as fast as Microsoft Graph
    allows.
  - The module leaves attribute sets and attributes alone that a declaration does not name.
  - The module reports all mistakes in the declarations together, before it sends a request.
  - If a principal fails, the module still writes and reports the others, unless O(on_error=stop). Then the task fails.
  - You can start an interrupted run again at any time. It continues where it stopped.
options:
  assignments:
    description:
      - The values of each principal. At least one of O(assignments) and O(src) is needed.
      - Different items, also of different files, can declare different attributes of one principal. An attribute that
        two items declare for one principal is an error, also if they name the principal in different ways.
    type: list
    elements: dict
    suboptions:
      user:
        description: Object ID or user principal name of a user, or a dictionary with C(mail) or C(employee_id). Set
          exactly one of O(assignments[].user), O(assignments[].service_principal), O(assignments[].users),
          O(assignments[].service_principals), and O(assignments[].agents).
        type: raw
      service_principal:
        description: Object ID, application (client) ID or display name of a service principal.
        type: str
      users:
        description:
          - Users that fulfill every condition of this dictionary. It needs at least one condition.
          - C(group) is the object ID or name of a group. Members of nested groups count. C(filter) is an OData filter
            on properties, such as C(department eq 'Finance').
          - C(where) is a list of conditions on attributes. Each has C(attribute_set), C(name), C(operator) (C(eq),
            C(ne) or C(startswith), C(eq) by default) and C(value). A condition sees the values that other items of the
            run give.
          - C(all=true) selects all users. It must be the only condition.
          - An item that names a principal overrides items that select it, attribute by attribute. Two items that select
            a principal must not want different values of an attribute. Values of C(add) are united.
        type: dict
      service_principals:
        description: Service principals that fulfill every condition, as in O(assignments[].users). Agent identities and
          their blueprints are left out.
        type: dict
      agents:
        description: Agent identities that fulfill every condition, as in O(assignments[].users). C(blueprint) is
          another condition. It is the application ID, object ID or display name of a blueprint.
        type: dict
      exclusive:
        description:
          - Whether all other principals of the kind lose these values. Their other values stay, and so does a value
            that another item gives them. O(max_changes) counts them.
          - It is only for exact values and for C(add).
        type: bool
      allow_empty:
        description: Whether an exclusive item can select nobody. Otherwise the task fails, since everyone would lose
          the values.
        type: bool
      expires:
        description:
          - A date or a time, after which the module removes the values that the item gave. A date ends with its day in
            UTC. A time needs an offset, such as V(2026-12-31T18:00:00+01:00).
          - The module removes an exact value only if the attribute still has this value. It removes values of C(add)
            one by one. A value that another item gives stays.
          - The values are removed by the first run after the end. An item that removes values cannot expire. After the
            end, the item can name a principal that does not exist any more.
        type: str
      display_name:
        description: Name for readers of the file. The module does not use it. It is only for items that name a
          principal.
        type: str
      attributes:
        description:
          - Dictionary of attribute sets. Each is a dictionary of values by attribute.
          - A value is text, an integer, a Boolean, or a list of texts or integers. A multi-valued attribute then has
            exactly the values of the list.
          - Null or C([]) removes the attribute.
          - A dictionary with the lists C(add) and C(remove) changes these values of a multi-valued attribute, and keeps
            the other values that Graph shows. See O(verify).
          - A dictionary with C(from) takes the value of a property, such as C(from=employeeId) or
            C(from=employeeOrgData.costCenter). C(map) is a dictionary with the value for each text of the property.
            C(default) is the value for a missing property, and for a text that C(map) lacks. Without it, the attribute
            stays as it is.
          - For agents, C(from=blueprint.AttributeSet.Attribute) takes an attribute of the blueprint. For agent users,
            C(from=agent.AttributeSet.Attribute) takes one of the agent identity. Both take the value after the run.
        type: dict
        required: true
      expected:
        description:
          - Values that the principal must have before the module writes, in the form of O(assignments[].attributes).
            Only exact values are possible. Null means that the attribute must not be assigned.
          - If an attribute has neither its expected nor its desired value, the principal fails.
        type: dict
  src:
    description:
      - File or folder with declarations, on the host where the task runs, in addition to O(assignments). The file
        extension decides how a file is read. The module ignores hidden files and other extensions in a folder.
      - C(.yml), C(.yaml) and C(.json) contain a list like O(assignments), or a dictionary with this list under
        C(assignments). The module ignores C(attribute_sets) and C(definitions) in this dictionary.
      - C(.jsonl) and C(.ndjson) contain one element of this list in each line.
      - C(.csv) contains one principal in each row, with commas, semicolons or tabs between cells. The columns are
        C(user), C(userPrincipalName), C(mail), C(employeeId), C(service_principal), C(appId), and attributes such as
        C(Engineering.NumVendors). A multi-valued attribute ends with C([]), such as C(Engineering.Project[]), and C(;)
        separates its values. An empty cell leaves the attribute alone, and C(null) removes it. The text of a cell is
        converted to the type of the attribute.
      - A C(.csv) file with the columns C(attribute_set), C(name) and C(value) contains one value in each row.
      - Files and values that C(ansible-vault) encrypted are decrypted if the task runs inside Ansible.
      - YAML needs the Python library PyYAML where the task runs.
    type: path
  purge:
    description:
      - Whether to remove attributes that a declaration does not list, within the attribute sets that it names.
      - The module never removes attributes that the identity cannot read.
    type: bool
    default: false
  force:
    description: Whether to write even if the current value differs from O(assignments[].expected).
    type: bool
    default: false
  max_changes:
    description:
      - Maximum number of principals to change, or a percentage of the declared principals, such as V(10%).
      - If more would change, the module writes nothing. The task fails with the plan in RV(results) and RV(summary).
    type: str
  on_error:
    description:
      - Whether to continue with the other principals after one failed, or to stop.
      - With V(stop), the module writes nothing if a principal fails before the first write, for example because it does
        not exist. After a failed write, the module finishes the requests that it has sent, and sends no more.
    type: str
    choices: [continue, stop]
    default: continue
  on_missing:
    description:
      - What to do if a principal does not exist. With V(fail), it fails.
      - With V(warn) and V(skip), it counts as RV(summary.missing), and the task does not fail. V(warn) also warns.
    type: str
    choices: [fail, warn, skip]
    default: fail
  report:
    description: Principals in RV(results).
    type: str
    choices: [all, changed, failed, none]
    default: all
  results_path:
    description:
      - Results file on the host where the task runs, with the results of all principals as JSON Lines. Its folder must
        exist.
      - The file is a journal. It begins with a header, gets a line with each answer, and ends with the summary. After a
        run was killed, it contains all answers until then.
      - The module replaces an existing file after planning. A task that fails before does not change the file.
      - In check mode, the file contains the plan. Only its owner can read it, because it contains values.
      - It must be neither O(snapshot_path) nor O(src), not in the folder O(src), and not a link, device, or FIFO.
    type: path
  snapshot_path:
    description:
      - Snapshot file on the host where the task runs. Before the first write, the module saves the current values of
        everything that it is about to change. It writes no snapshot in check mode. The folder must exist.
      - Use the snapshot as O(src) to undo this task. Attributes that others changed since then are not undone.
      - The module seals the snapshot with the tenant, the number of lines, and their digest. A snapshot that is empty,
        cut off, edited, or of another tenant is an error.
      - The module continues an existing file. After an interrupted task was started again, the snapshot undoes both. To
        begin a new snapshot, remove the file.
      - Only its owner can read the file, because it contains values.
      - It must be neither O(results_path) nor O(src), not in the folder O(src), and not a link, device, or FIFO.
    type: path
  diff_limit:
    description: Maximum number of principals in a diff.
    type: int
    default: 100
  priority:
    description: With V(low), Graph throttles the writes of this task first when the service is busy.
    type: str
    choices: [low, normal]
    default: normal
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._consumers
  - entra.attributes._verify
  - entra.attributes._attributes
  - entra.attributes._attributes.writes
  - entra.attributes._permissions.writes
notes:
  - Graph allows an application 3,000 writes in 150 seconds in a tenant, in batches too. 10,000 changes take about six
    minutes. 10,000 principals without changes take a few seconds.
  - If the identity can read definitions, the module compares changes with them. A change that they forbid fails without
    a request.
  - The module reads one kind of principals with one request for every 300 declared, or for every 999 in the tenant,
    whichever takes fewer.
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

- name: Nothing is written if that opens or closes a policy
  entra.attributes.custom_security_attributes:
    assignments:
      - service_principal: payroll-api
        attributes:
          Engineering:
            Certification: true
    consumers: fail

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

- name: Assign by group and property, and until a date
  entra.attributes.custom_security_attributes:
    assignments:
      - users: {group: Sales EMEA}
        attributes: {Marketing: {AppCountry: [Canada]}}
        exclusive: true
      - users: {filter: "department eq 'Engineering'"}
        attributes:
          Marketing: {EmployeeId: {from: employeeId}}
          Engineering: {ProjectDate: {from: jobTitle, map: {Analyst: 2027-01, Manager: 2027-06}, default: 2027-12}}
      - user: contractor@contoso.com
        attributes: {Engineering: {Certification: true}}
        expires: "2026-12-31"
    max_changes: 100
"""

RETURN = r"""
results:
  description: Outcome of each principal that O(report) selects, in the order of the declarations. The planned outcome
    in check mode, and if O(max_changes) stops the run.
  returned: once all principals were read and none was declared twice
  type: list
  elements: dict
  contains:
    principal:
      description: Principal, with the keys that M(entra.attributes.custom_security_attribute) returns. If none or
        several match, C(id) is null, and C(display_name) is the declared name. C(user_principal_name) is the
        declared name if it is one. Otherwise it is null, or C(app_id).
      type: dict
      sample:
        id: 33333333-3333-4333-8333-333333333301
        type: user
        display_name: Adele Vance
        user_principal_name: adele@contoso.com
    candidates:
      description: Principals that match the declared name, with the same keys.
      returned: if several match
      type: list
      elements: dict
    changed:
      description: Whether Graph accepted the change, or may have accepted it. In a plan, whether the principal would
        change. With O(verify), it can be true for a principal that failed.
      type: bool
    failed:
      description: Whether the principal failed.
      type: bool
    skipped:
      description: Whether the run stopped before the module wrote this principal, with O(on_error=stop).
      type: bool
    unknown:
      description: Whether the outcome of the write is unknown. The answer was lost, and Graph did not show the new
        values afterwards, or did not answer.
      type: bool
    missing:
      description: Whether the principal does not exist, with O(on_missing) V(warn) or V(skip).
      type: bool
    msg:
      description: Reason of a failed, skipped, unknown, or missing principal.
      type: str
      sample: "user: there is no user 'dara@contoso.com' in this tenant."
    before:
      description: Declared attributes before the task.
      type: dict
      sample: {Engineering: {NumVendors: 4}}
    after:
      description: Declared attributes after the task. In a plan, as predicted.
      type: dict
      sample: {Engineering: {NumVendors: 8}}
    reasons:
      description: Why the principal has each of these values, or loses it.
      type: list
      elements: dict
      contains:
        attribute:
          description: Attribute, as C(Set.Name).
          type: str
        place:
          description: Place of the declaration.
          type: str
        by:
          description: Whether the declaration names the principal (V(name)) or selects it by a group (V(group)), by
            another condition (V(rule)), or as one of all (V(all)). In reconcile also V(move) and V(retirement), for
            holders of an attribute whose values leave.
          type: str
        selection:
          description: The selection in words. Null for a declaration that names the principal.
          type: str
        expires:
          description: The end of the declaration. Null if it does not end.
          type: str
      sample:
        - attribute: Engineering.NumVendors
          place: "attributes/sales.yml:3"
          by: group
          selection: users in the group 'Sales EMEA'
          expires: null
    consumers:
      description:
        - Policies and workflows whose rules the change affects, each with C(id), C(display_name), C(state), C(mode),
          and C(place) of the rule.
        - An excluding rule has the mode C(exclude). A principal that enters it is excluded from the policy.
      returned: if the principal changed or would change, with O(consumers) V(report) or V(fail)
      type: dict
      contains:
        enters:
          description: Rules that did not hold for the principal before, and hold afterwards.
          type: list
          elements: dict
        leaves:
          description: Rules that held before, and do not hold afterwards.
          type: list
          elements: dict
        may_change:
          description: Rules that name a changed attribute, and of which the answer is not known.
          type: list
          elements: dict
      sample:
        enters:
          - id: 99999999-9999-4999-8999-999999999901
            display_name: Require MFA for the applications of Baker
            state: enabled
            mode: include
            place: conditions.applications.applicationFilter
        leaves: []
        may_change: []
not_read:
  description: Sources of consumers that could not be read, each with C(source), C(permission), and C(message). As long
    as there are any, more consumers may be affected.
  returned: with O(consumers) V(report) or V(fail)
  type: list
  elements: dict
  sample: []
failures:
  description: Reason of each failed principal, with every O(report).
  returned: if principals failed
  type: list
  elements: str
  sample: ["attributes.csv:7: user: there is no user 'dara@contoso.com' in this tenant."]
summary:
  description: Counts. In check mode, and if O(max_changes) stops the run, the counts of the plan.
  returned: with RV(results)
  type: dict
  contains:
    principals:
      description: Number of principals that are declared or selected, or that lose a value.
      type: int
      sample: 10000
    changed:
      description: Number of changed principals. In a plan, the number to change. Failed principals do not count.
      type: int
      sample: 25
    unchanged:
      description: Number of principals without a difference.
      type: int
      sample: 9974
    failed:
      description: Number of failed principals.
      type: int
      sample: 1
    missing:
      description: Number of principals that do not exist, with O(on_missing) V(warn) or V(skip).
      type: int
      sample: 0
    unknown:
      description: Number of principals with an unknown outcome, because the answer of the write was lost.
      type: int
      sample: 0
    skipped:
      description: Number of principals that the run did not reach, with O(on_error=stop).
      type: int
      sample: 0
    requests:
      description: Number of requests to Graph. A batch counts as one.
      type: int
      sample: 15
    throttled:
      description: Number of writes that Graph throttled.
      type: int
      sample: 0
    reading:
      description: Way of reading users and service principals. V(filters) by name, or V(pages) of all principals.
      type: dict
      sample: {users: pages}
    missing_properties:
      description: Number of attributes that stay as they are because a property is missing.
      returned: if a value is derived from a property
      type: int
      sample: 0
    unmapped_properties:
      description: Number of attributes that stay as they are because C(map) lacks the text of a property.
      returned: if a value is derived from a property
      type: int
      sample: 0
    seconds:
      description: Duration in seconds.
      type: float
      sample: 4.2
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.assignments import BULK


def main() -> None:
    run_module(BULK)


if __name__ == "__main__":
    main()
