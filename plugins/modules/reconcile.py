#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: reconcile
short_description: Plan, apply, and undo what files declare of attribute sets, definitions, assignments, and delegations
version_added: 1.0.0
description:
  - Reads declarations from files, compares them with the tenant, shows the plan, and writes what differs.
  - In check mode, the module shows the plan and the drift, and writes nothing. O(plan_path) saves the plan.
    O(apply_plan) applies exactly a saved plan, or nothing.
  - The steps run in an order that Entra accepts. Attribute sets come first. New definitions and values follow, then
    assignments, moves, and delegations. Retired definitions and values, and lower limits of attribute sets, come last.
  - The module reports all mistakes in the declarations together, before it sends a request.
  - You can start an interrupted run again. It completes the rest.
options:
  src:
    description:
      - Files or folders with declarations. The guide
        L(Attributes as code,https://github.com/entra-attributes/entra.attributes/blob/main/docs/docsite/rst/guide_as_code.rst)
        describes them.
      - The folder of a snapshot is such a folder too. It undoes the run that saved it.
      - If the task runs inside Ansible, a relative path is searched next to the playbook, then in the current
        folder.
    type: list
    elements: path
  declarations:
    description:
      - Declarations in addition to those of O(src), in the form of a file, a dictionary with any of
        C(attribute_sets), C(definitions), C(assignments), C(moves), C(delegations), C(exposures), C(masked_sets), and
        C(protect).
      - Set at least one of O(src), O(declarations), and O(apply_plan).
    type: dict
  sections:
    description: Sections of the declarations to plan and apply.
    type: list
    elements: str
    choices: [attribute_sets, definitions, assignments, moves, delegations]
    default: [attribute_sets, definitions, assignments, moves, delegations]
  attribute_sets:
    description: Narrow the run to these attribute sets, their definitions, assignments, and delegations, and moves
      between them.
    type: list
    elements: str
    default: []
  principals:
    description:
      - Narrow the run to the assignments of these principals. Use the names of the declarations. If declarations select
        principals, object IDs, user principal names, application IDs and display names are accepted as well.
      - The run then leaves attribute sets, definitions, moves, and delegations alone.
    type: list
    elements: str
    default: []
  plan_path:
    description:
      - JSON file for the plan. It contains the tenant, the identity, the time, every step with its place and the values
        before and after, and a digest of the whole. A JSON Schema describes the file.
      - The module writes a second file next to it, with the extension C(.md), for a pull request.
      - Only the owner can read the files, because they contain values. Values of C(masked_sets) are keyed hashes.
    type: path
  apply_plan:
    description:
      - File of a saved plan. The module applies exactly this plan, and reads only the objects that it names.
      - The module refuses a plan of another tenant, an edited plan, and a plan that is older than O(plan_max_age). It
        also refuses every object that has changed since the plan. An object that already matches the plan is accepted.
      - You can run an interrupted task again with the same plan.
      - If the plan contains masked values, O(src) or O(declarations) must contain these values. The module compares
        them with the plan.
    type: path
  plan_max_age:
    description: Number of days after which O(apply_plan) refuses a plan.
    type: int
    default: 7
  warn_days:
    description: Number of days. Declarations with C(expires) that end within this time are notes of the plan.
    type: int
    default: 14
  plan_key:
    description:
      - Key of the hashes that replace masked values in a plan. The run that applies the plan needs the same key.
      - Without a key, a reader of the plan can test guesses of a value.
    type: str
  on_stale:
    description:
      - What to do if objects have changed since the plan.
      - With V(fail), the module writes nothing. With V(skip), it leaves these objects alone and applies the rest.
    type: str
    choices: [fail, skip]
    default: fail
  snapshot_path:
    description:
      - Snapshot folder. Before the first write, the module saves the current values of everything that it is about to
        change. Use the folder as O(src) to undo the run.
      - The module continues the snapshot of an interrupted run, and replaces the snapshot of a finished run. The files
        are sealed. The module refuses an incomplete or edited snapshot.
      - It must not be a link, O(src), or a folder in O(src). The module saves no snapshot in check mode.
    type: path
  undo:
    description:
      - Whether O(src) must be the complete snapshot of a run. The module then refuses other sources, and options that
        declare or purge something. O(declarations) can only hold C(masked_sets).
      - The entry point C(undo) of the role sets this option.
    type: bool
    default: false
  report_path:
    description: File for RV(summary) as JSON, also in check mode and after a failure.
    type: path
  purge:
    description: Whether to remove attributes that an assignment does not list, within the attribute sets that it names.
    type: bool
    default: false
  force:
    description: Whether to write even if the current value differs from the expected one, and whether to remove roles
      even if the removal can lock you out, as O(entra.attributes.attribute_role_assignment#module:force) describes.
    type: bool
    default: false
  max_changes:
    description:
      - Maximum number of principals to change, or a percentage of the declared principals, such as V(10%).
      - If more would change, the module writes nothing.
    type: str
  on_error:
    description:
      - Whether to continue with the other principals after one failed.
      - With V(stop), the module writes nothing if a principal fails before the first write.
    type: str
    choices: [continue, stop]
    default: continue
  on_missing:
    description:
      - What to do if a principal does not exist. With V(fail), the task fails after it has applied the rest.
      - With V(warn) and V(skip), the plan lists it as missing, and the task does not fail.
    type: str
    choices: [fail, warn, skip]
    default: fail
  report:
    description: Principals in RV(results).
    type: str
    choices: [all, changed, failed, none]
    default: changed
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._consumers
  - entra.attributes._verify
  - entra.attributes._attributes
  - entra.attributes._attributes.writes
  - entra.attributes._permissions.writes
notes:
  - To change attribute sets and definitions, the module also needs the Graph permission
    C(CustomSecAttributeDefinition.ReadWrite.All). A signed-in user also needs the Entra role Attribute Definition
    Administrator. To compare them, C(CustomSecAttributeDefinition.Read.All) is enough.
  - To compare and change delegations, the module also needs the Graph permission
    C(RoleManagement.ReadWrite.Directory). A signed-in user also needs the Entra role Privileged Role Administrator. See
    M(entra.attributes.attribute_role_assignment). Role assignments that are not declared are left alone.
  - Entra cannot delete attribute sets and definitions. Undo deprecates new definitions.
seealso:
  - module: entra.attributes.custom_security_attributes
  - ref: ansible_collections.entra.attributes.docsite.guide_as_code
    description: The files, plan and apply, drift, and undo.
  - name: Custom security attributes
    description: Microsoft's overview.
    link: https://learn.microsoft.com/entra/fundamentals/custom-security-attributes-overview
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: Show what would change, and keep the plan for approval
  entra.attributes.reconcile:
    src: attributes
    plan_path: plan.json
  check_mode: true

- name: Apply exactly the approved plan
  entra.attributes.reconcile:
    apply_plan: plan.json
    snapshot_path: snapshot

- name: Undo that
  entra.attributes.reconcile:
    src: snapshot

- name: Reconcile one attribute set, and list users who left
  entra.attributes.reconcile:
    src: attributes
    attribute_sets: [Engineering]
    on_missing: warn
    max_changes: 10%
"""

RETURN = r"""
plan:
  description: Plan, as in O(plan_path). Masked values are keyed hashes.
  returned: once the declarations were read and compared
  type: dict
  contains:
    summary:
      description: The counts that the printed plan begins with.
      type: dict
      sample: {"principals_changed": 20, "values_set": 18, "values_removed": 3, "unchanged": 405}
    steps:
      description: The steps in their order, each with C(phase), C(kind), C(id), C(name), C(names), C(creates),
        C(place), C(changes) (each with C(attribute), C(before), and C(after)), and C(reasons) (each with C(attribute),
        C(place), C(by), C(selection), and C(expires), as in
        RV(entra.attributes.custom_security_attributes#module:results[].reasons)).
      type: list
      elements: dict
    unchanged:
      description: Number of unchanged objects by kind.
      type: dict
    missing:
      description: The principals that do not exist, each with C(kind), C(name), C(place), and C(message).
      type: list
      elements: dict
    refused:
      description: The declarations that cannot be applied, with the same keys.
      type: list
      elements: dict
    blocked:
      description: Reasons why the module does not apply the plan.
      type: list
      elements: str
    notes:
      description: Further notes for readers.
      type: list
      elements: str
    affected:
      description: With O(consumers) V(report) or V(fail), a sentence for each policy or workflow that opens or closes.
      type: list
      elements: str
      sample: ['12 apps leave the policy "Require MFA for finance apps" (enabled)']
    effects:
      description: The same as a list of C(effect), C(title), C(id), C(display_name), C(state), C(mode), C(place) and
        C(owner). Null with O(consumers=ignore).
      type: list
      elements: dict
summary:
  description: Outcome of the run. Predicted in check mode.
  returned: always
  type: dict
  contains:
    check_mode:
      description: Whether the run was in check mode.
      type: bool
    failed:
      description: Whether anything failed.
      type: bool
    messages:
      description: Failures.
      type: list
      elements: str
    attribute_sets:
      description: C(declared), C(changed), C(failed), and the C(names) of changed objects.
      type: dict
    definitions:
      description: The same for definitions.
      type: dict
    assignments:
      description: The same for principals, and the number of C(missing) ones. If values are derived from properties,
        also C(missing_properties) and C(unmapped_properties), as the summary of
        M(entra.attributes.custom_security_attributes) has them.
      type: dict
    delegations:
      description: The same for delegations.
      type: dict
    drifts:
      description: RV(drifts).
      type: list
      elements: dict
    snapshot_path:
      description: O(snapshot_path), or empty.
      type: str
      sample: snapshots/2026-11-26
    plan_path:
      description: O(plan_path), or empty.
      type: str
      sample: plan.json
    requests:
      description: Number of requests. A batch counts as one.
      type: int
      sample: 12
    seconds:
      description: Duration in seconds.
      type: float
      sample: 3.5
not_read:
  description: Sources of consumers that could not be read, each with C(source), C(permission), and C(message). If the
    list is not empty, more consumers may be affected.
  returned: with O(consumers) V(report) or V(fail)
  type: list
  elements: dict
  sample: []
drifts:
  description: Differences, each with C(kind), C(object), C(attribute), C(before), and C(after), and with C(id) for
    principals and delegations. For a missing set or definition, C(attribute) is null, and C(after) is the whole object.
    For a delegation, C(attribute) is C(state).
  returned: always
  type: list
  elements: dict
results:
  description: Outcomes of principals, as in RV(entra.attributes.custom_security_attributes#module:results), with
    C(declared_in) for the place of the declaration. They contain no values of masked sets.
  returned: always
  type: list
  elements: dict
failures:
  description: Reason of each failed set, definition, and principal, with its place.
  returned: if anything failed
  type: list
  elements: str
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.reconcile import RECONCILE


def main() -> None:
    run_module(RECONCILE)


if __name__ == "__main__":
    main()
