#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Report who has which custom security attributes, and what needs attention
version_added: 1.0.0
description:
  - Reads the attribute sets, definitions and assignments of a tenant, and writes a page for people and files for
    pipelines. The module does not write to Microsoft Graph.
  - The page begins with a verdict and the three things to do first. It lists findings with their severity, their reason
    and their repair, how many principals hold each attribute and value, which policies and workflows decide by them and
    whom these select, what changed since an earlier report, and every principal with values or findings.
  - The page is a single file. It loads nothing and sends nothing, and can be printed. Names and values stay text in all
    files, whatever markup, formula or template they look like.
options:
  dest:
    description:
      - Folder of the files, on the host where the task runs. The module creates it if it does not exist.
      - New files are readable by their owner only, because they hold values. Files of formats that are not requested
        stay as they are.
    type: path
    required: true
  desired:
    description:
      - A folder or file with the declared attribute sets, definitions and assignments, such as
        M(entra.attributes.export) writes them. Differences are reported as drift.
      - Attributes that are not declared are not compared.
      - Items that select principals, derive values or end are decided as M(entra.attributes.reconcile) does, which
        costs the same reads and permissions. Each difference has the reason why the value should be there.
    type: path
  compare_to:
    description:
      - An earlier C(report.json) of this tenant, or a folder with such files. In a folder, the module reads C(*.json)
        and C(*/report.json), leaves out other files and other tenants, and compares with the newest report.
      - The report then lists new and resolved findings, and how each figure moved in all these reports.
      - A path that does not exist is a warning, so that the first report of a pipeline succeeds.
    type: path
  audit:
    description:
      - Shows who changed each attribute that differs from O(desired) last, and when, if it was in the last 30 days.
      - The module reads at most 2,000 entries of the audit log, at the pace that Graph allows, for up to a minute.
      - You need the Graph permission C(CustomSecAttributeAuditLogs.Read.All). Without it, the report says so and leaves
        this out.
    type: bool
    default: false
  required:
    description: Attributes that principals must have.
    type: list
    elements: dict
    default: []
    suboptions:
      attribute_set:
        description: Name of the attribute set, spelled as in Entra.
        type: str
        required: true
      name:
        description: Name of the attribute, spelled as in Entra.
        type: str
        required: true
      principal_type:
        description:
          - Kind of principals that must have it. By default all principals that are read.
          - V(agent) means agent identities, their blueprints and agent users.
        type: str
        choices: [user, service_principal, agent]
  masked_attribute_sets:
    description:
      - Attribute sets whose values must not appear in any file. Only the number of values is reported.
      - A set that the tenant does not have is an error, because a wrong name would hide nothing.
      - The C(masked_sets) of O(desired) are masked as well.
    type: list
    elements: str
    default: []
  principals:
    description:
      - Kinds of principals to read. Declarations of O(desired) about other kinds are not compared, which is a warning.
    type: list
    elements: str
    choices: [users, service_principals]
    default: [users, service_principals]
  formats:
    description:
      - V(html) writes the page, C(index.html).
      - V(json) writes all figures, findings and principals, C(report.json).
      - V(csv) writes a row for each attribute, C(report.csv), and for each principal, C(principals.csv). A cell that a
        spreadsheet could read as a formula begins with an apostrophe.
      - V(junit) writes C(junit.xml) with a test case for each declared item, each required attribute, the predefined
        values of each attribute, and each rule. Each difference is a failure, and so is a rule that matches nobody.
      - V(sarif) writes the findings, C(report.sarif), with file and line of the declarations that they are about.
      - V(markdown) writes a summary for the page of a pipeline, C(summary.md).
    type: list
    elements: str
    choices: [html, json, csv, junit, sarif, markdown]
    default: [html, json, csv, junit]
  metrics_path:
    description:
      - File for the figures as metrics in OpenMetrics text. In the folder of the textfile collector of Prometheus' node
        exporter, its name must end with C(.prom).
      - A new file is readable by everyone. It holds numbers and the tenant ID only.
    type: path
  sources:
    description:
      - Sources of consumers to read, as in M(entra.attributes.custom_security_attribute_consumer_info). An
        empty list reads none.
      - The report shows for each attribute and value what decides by it, and for each rule how many principals it
        selects.
      - The C(exposures) of O(desired) are part of the lineage.
      - A source that the identity cannot read is named in the report, with the permission. Nothing is called unread
        then.
      - The name of a policy that quotes a masked value is replaced by its ID.
    type: list
    elements: str
    choices:
      - conditional_access_policies
      - app_management_policies
      - lifecycle_workflows
      - directory_role_assignments
      - role_conditions
    default:
      - conditional_access_policies
      - app_management_policies
      - lifecycle_workflows
      - directory_role_assignments
  resource_manager_url:
    description:
      - URL of Azure Resource Manager, for the source V(role_conditions). By default, the module uses the environment
        variable E(ENTRA_RESOURCE_MANAGER_URL), or the URL of O(cloud_environment). For V(Bleu), V(Delos) and V(GovSG),
        set one of them.
    type: str
  warn_days:
    description: Lists the items of O(desired) that end within so many days.
    type: int
    default: 14
  title:
    description: Title of the page and of the summary.
    type: str
    default: Custom security attributes
  logo:
    description: A PNG, JPEG, WebP or SVG picture of at most 256 KiB for the head of the page.
    type: path
attributes:
  diff_mode:
    support: none
    details:
      - An earlier report may hold values that are masked now.
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.writes
  - entra.attributes._permissions.reads
notes:
  - You need the Graph permission C(CustomSecAttributeDefinition.Read.All) as well.
  - To read O(sources), you need C(Policy.Read.All) for policies, C(LifecycleWorkflows-Workflow.Read.All) for workflows,
    and C(RoleManagement.Read.Directory) for directory roles. A signed-in user also needs the Entra role Security Reader
    or Conditional Access Administrator, Lifecycle Workflows Administrator, or Privileged Role Administrator.
  - If the identity must not read custom security attributes, the task fails, because Microsoft Graph then hides them as
    if nothing were assigned.
  - The report shows the name of the tenant if the identity is allowed to read it. An application needs the Graph
    permission C(Organization.Read.All) or C(Directory.Read.All) for that.
  - A limit counts as nearly reached from 80 % on.
  - Principals without values and findings are only counted.
seealso:
  - module: entra.attributes.export
  - module: entra.attributes.custom_security_attributes
  - module: entra.attributes.custom_security_attribute_consumer_info
  - name: What custom security attributes are
    description: Microsoft's overview.
    link: https://learn.microsoft.com/entra/fundamentals/custom-security-attributes-overview
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: Report on the tenant, and on what changed since last time
  entra.attributes.report:
    dest: "{{ playbook_dir }}/report"
    compare_to: "{{ playbook_dir }}/report/report.json"

- name: Report to a pipeline whether agents have a project, and whether the tenant is as declared
  entra.attributes.report:
    dest: "{{ playbook_dir }}/report"
    desired: "{{ playbook_dir }}/entra"
    required:
      - attribute_set: Engineering
        name: Project
        principal_type: agent
    masked_attribute_sets: [Marketing]
    formats: [html, junit, sarif, markdown]
"""

RETURN = r"""
changed:
  description:
    - Whether a file differs from the one before, apart from the time. The comparison of O(compare_to) counts as well.
  returned: success
  type: bool
msg:
  description: The verdict, the figures, and where the files are, in one line.
  returned: success
  type: str
  sample: >-
    At risk: 32 principals lack a required attribute. 10,016 principals, findings: 1 high, 1 medium, 0 low.
    Files in /srv/report: index.html, report.json
state:
  description:
    - V(at_risk) with a finding of high severity, V(needs_attention) with one of medium severity, otherwise V(all_well).
  returned: success
  type: str
  sample: at_risk
findings:
  description: Facts that need attention, the most severe first.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: Kind of the finding.
      type: str
      sample: missing
    severity:
      description: V(high), V(medium) or V(low).
      type: str
      sample: high
    subject:
      description: The attribute, attribute set, limit or policy.
      type: str
      sample: Engineering.Project
    message:
      description: The finding in one sentence.
      type: str
      sample: 32 principals lack the required attribute Engineering.Project
    advice:
      description: The way to repair it.
      type: str
      sample: Declare a value for each of them, and apply the declarations.
    principals:
      description: Number of principals concerned.
      type: int
      sample: 32
figures:
  description: The figures of the tenant.
  returned: success
  type: dict
  contains:
    principals:
      description: Number of principals.
      type: int
      sample: 10016
    users:
      description: Number of users among them.
      type: int
      sample: 10008
    service_principals:
      description: Number of service principals among them.
      type: int
      sample: 8
    agents:
      description: Number of agents among both.
      type: int
      sample: 3
    with_values:
      description: Number of principals with values.
      type: int
      sample: 9400
    attribute_sets:
      description: Number of attribute sets.
      type: int
      sample: 2
    definitions:
      description: Number of active definitions.
      type: int
      sample: 9
    deprecated_definitions:
      description: Number of deprecated definitions.
      type: int
      sample: 1
    drift:
      description:
        - Number of attribute sets, definitions and principals that differ from their declaration. Null without
          O(desired).
      type: int
      sample: 3
    missing_required:
      description: Number of principals that lack a required attribute.
      type: int
      sample: 32
    bad_values:
      description: Number of principals with values that are inactive or not predefined.
      type: int
      sample: 4
    deprecated_in_use:
      description: Number of deprecated attributes that are still assigned.
      type: int
      sample: 1
    limits_near:
      description: Number of limits that are nearly reached.
      type: int
      sample: 0
    consumers:
      description: Number of filters, scopes and roles that name attributes. Null if O(sources) is empty.
      type: int
      sample: 11
    high:
      description: Number of findings of high severity.
      type: int
      sample: 1
    medium:
      description: Number of findings of medium severity.
      type: int
      sample: 1
    low:
      description: Number of findings of low severity.
      type: int
      sample: 0
files:
  description: The files of the report, in check mode as they would be.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Path of the file.
      type: str
      sample: /srv/report/index.html
    changed:
      description: Whether it differs from the one before, apart from the time.
      type: bool
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.report import REPORT


def main() -> None:
    run_module(REPORT)


if __name__ == "__main__":
    main()
