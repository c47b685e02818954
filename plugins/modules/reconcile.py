#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: reconcile
short_description: Plan, apply, and undo attribute sets, definitions, and assignments that are declared in files
version_added: 1.0.0
description:
  - Reads declarations from files, compares them with the tenant, shows the plan, and writes what differs.
  - In check mode it is the plan of a change and the drift report. O(plan_path) keeps the plan, and O(apply_plan) does
    exactly what a kept plan says, or nothing.
  - The steps run in an order that Entra accepts. Attribute sets come first, then what definitions permit more, then
    assignments, then what definitions permit less, then lower limits of attribute sets.
  - It reports every mistake in the declarations at once, before it sends anything.
  - A run that was cut off can be started again. It does the rest.
options:
  src:
    description:
      - Files or folders with declarations. The guide
        L(Attributes as code,https://github.com/entra-attributes/entra.attributes/blob/main/docs/docsite/rst/guide_as_code.rst)
        describes them.
      - The folder of a snapshot is such a folder too. It undoes the run that kept it.
      - Where the task runs inside Ansible, a relative path is searched as files are, and then in the current folder.
    type: list
    elements: path
  declarations:
    description:
      - Declarations in addition to those of O(src), in the form of a file, a dictionary with any of
        C(attribute_sets), C(definitions), C(assignments), C(masked_sets), and C(protect).
      - At least one of O(src), O(declarations), and O(apply_plan) is needed.
    type: dict
  sections:
    description: The sections of the declarations that the run is about.
    type: list
    elements: str
    choices: [attribute_sets, definitions, assignments]
    default: [attribute_sets, definitions, assignments]
  attribute_sets:
    description: Narrow the run to these attribute sets, their definitions, and their assignments.
    type: list
    elements: str
    default: []
  principals:
    description:
      - Narrow the run to the assignments of these principals, by the names with which they are declared.
      - The run then leaves attribute sets and definitions alone.
    type: list
    elements: str
    default: []
  plan_path:
    description:
      - File for the plan, as JSON. It holds the tenant, the identity, the time, and every step with the values before
        and after it, its place, and a digest of the whole. A JSON Schema describes it.
      - A file for a pull request, of the same name with the ending C(.md), is written next to it.
      - Only its owner can read it, as it holds values. Those of C(masked_sets) are keyed hashes.
    type: path
  apply_plan:
    description:
      - The file of a plan. The task does exactly what the plan says, and reads only what the plan names.
      - It refuses a plan of another tenant, a plan that was edited, a plan that is older than O(plan_max_age), and
        every object that is no longer as the plan found it. An object that is already as the plan wants is not stale.
      - An interrupted task can be run again with the same plan.
      - If the plan holds masked values, O(src) or O(declarations) must give these values again. The task checks them
        against the plan.
    type: path
  plan_max_age:
    description: The number of days for which O(apply_plan) takes a plan.
    type: int
    default: 7
  plan_key:
    description:
      - Key of the hashes that a plan has in place of masked values. The run that applies the plan needs the same key.
      - Without a key, whoever has the plan can test guesses of a value.
    type: str
  on_stale:
    description:
      - What to do about objects that are no longer as the plan found them.
      - With V(fail) nothing is written. With V(skip) the task leaves these objects alone, and applies the rest.
    type: str
    choices: [fail, skip]
    default: fail
  snapshot_path:
    description:
      - Folder in which to save, before the first write, what is about to change. As O(src) it undoes the run.
      - The snapshot of a run that was cut off is continued, that of a finished run is replaced. Its files are sealed. A
        snapshot that was cut off or edited is refused.
      - Must not be a link, O(src), or a folder in it. Nothing is saved in check mode.
    type: path
  undo:
    description:
      - Whether O(src) must be the whole snapshot of a run. Anything else is refused, and so are options that declare or
        purge anything.
      - The entry point C(undo) of the role sets it.
    type: bool
    default: false
  report_path:
    description: File for RV(summary) as JSON, also in check mode and after a failure.
    type: path
  purge:
    description: Whether to remove attributes that an assignment does not list, only in the attribute sets that it
      names.
    type: bool
    default: false
  force:
    description: Whether to write even where the current value is not the one that a declaration expects.
    type: bool
    default: false
  max_changes:
    description:
      - How many principals may change at most, as a number or as a percentage of those declared, such as V(10%).
      - If more would change, nothing is written.
    type: str
  on_error:
    description:
      - Whether to continue with the other principals after one failed.
      - With V(stop) nothing is written where a principal is refused before the first write.
    type: str
    choices: [continue, stop]
    default: continue
  on_missing:
    description:
      - What to do about principals that do not exist. With V(fail) the task fails, after it has done the rest.
      - With V(warn) and V(skip) they are listed in the plan as missing, and do not fail the task.
    type: str
    choices: [fail, warn, skip]
    default: fail
  report:
    description: Which principals RV(results) holds.
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
  - To change attribute sets and definitions, it also needs the Graph permission
    C(CustomSecAttributeDefinition.ReadWrite.All), and of a signed-in user the Entra role Attribute Definition
    Administrator. To compare them, C(CustomSecAttributeDefinition.Read.All) is enough.
  - Entra deletes neither attribute sets nor definitions. A run that is undone leaves new definitions deprecated.
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

- name: Do exactly what was approved
  entra.attributes.reconcile:
    apply_plan: plan.json
    snapshot_path: snapshot

- name: Undo that
  entra.attributes.reconcile:
    src: snapshot

- name: Make one attribute set what is declared, and list people who left
  entra.attributes.reconcile:
    src: attributes
    attribute_sets: [Engineering]
    on_missing: warn
    max_changes: 10%
"""

RETURN = r"""
plan:
  description: The plan, as O(plan_path) has it, masked values as keyed hashes.
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
        C(place), and C(by)).
      type: list
      elements: dict
    unchanged:
      description: How many objects of each kind stay as they are.
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
      description: Why nothing of the plan is written.
      type: list
      elements: str
    notes:
      description: What else people should know.
      type: list
      elements: str
    affected:
      description: What opens or closes with O(consumers) V(report) or V(fail), a sentence for each policy or workflow.
      type: list
      elements: str
      sample: ['12 apps leave the policy "Require MFA for finance apps" (enabled)']
summary:
  description: How it went, in check mode how it would go.
  returned: always
  type: dict
  contains:
    check_mode:
      description: Whether it ran in check mode.
      type: bool
    failed:
      description: Whether anything failed.
      type: bool
    messages:
      description: What failed.
      type: list
      elements: str
    attribute_sets:
      description: C(declared), C(changed), C(failed), and the C(names) of those that changed.
      type: dict
    definitions:
      description: The same of definitions.
      type: dict
    assignments:
      description: The same of principals, and how many are C(missing).
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
      description: How many requests were sent, a batch counted as one.
      type: int
      sample: 12
    seconds:
      description: How long it took.
      type: float
      sample: 3.5
not_read:
  description: Sources of consumers that could not be read, each with C(source), C(permission), and C(message). As long
    as there are any, more consumers may be affected.
  returned: with O(consumers) V(report) or V(fail)
  type: list
  elements: dict
  sample: []
drifts:
  description: The differences, each with C(kind), C(object), C(attribute), C(before), and C(after), and of principals
    C(id). Of a set or definition that is missing C(attribute) is null, and C(after) is all of it.
  returned: always
  type: list
  elements: dict
results:
  description: What became of principals, as RV(entra.attributes.custom_security_attributes#module:results), with
    C(declared_in) for the place of the declaration. Values of masked sets are left out.
  returned: always
  type: list
  elements: dict
failures:
  description: Why each set, definition, and principal failed, with its place.
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
