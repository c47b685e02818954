#!/usr/bin/python
# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Report who has which custom security attributes, and what to look at
version_added: 1.0.0
description:
  - Reads the attribute sets, definitions and assignments of a tenant, and writes a page for people and files for
    pipelines about them. Nothing is written to Microsoft Graph.
  - They tell how many principals hold each attribute and value, which principals lack a required attribute, which
    values are inactive or not predefined, which deprecated attributes are still assigned, which limits of Entra are
    nearly reached, and, where a folder of declarations is given, what is not as declared.
  - The page is a single file. It loads nothing and sends nothing, works without JavaScript, and can be printed.
    Names and values stay text in all files, whatever markup, formula or template they look like.
options:
  dest:
    description:
      - Folder of the files, on the host where the task runs. It is made if it is not there.
      - New files can be read by their owner only, as they hold values. Files of formats that are not asked for are left
        alone.
    type: path
    required: true
  desired:
    description:
      - A folder or file with attribute sets, definitions and assignments as they shall be, such as
        M(entra.attributes.export) writes them. What differs is reported as drift.
      - Attributes that are not declared do not differ.
    type: path
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
          - Who must have it. By default all principals that are read.
          - V(agent) means agent identities, their blueprints and agent users.
        type: str
        choices: [user, service_principal, agent]
  masked_attribute_sets:
    description:
      - Names of attribute sets of which no value is told, in no file, neither by itself nor by how many hold it.
        The files then tell how many values there are.
      - A set that the tenant does not have is an error, as a wrong name would hide nothing.
    type: list
    elements: str
    default: []
  principals:
    description: Which principals are read. What O(desired) declares of others is not compared, which is a warning.
    type: list
    elements: str
    choices: [users, service_principals]
    default: [users, service_principals]
  formats:
    description:
      - V(html) writes the page, C(index.html). It needs the Python library Jinja2, which Ansible has, where the task
        runs. It has charts if the Python library pygal is installed there, else a warning says that they are missing.
      - V(json) writes all figures and principals, C(report.json).
      - V(csv) writes a row for each attribute, C(report.csv), and for each principal, C(principals.csv). A cell that a
        spreadsheet could take for a formula has an apostrophe in front.
      - V(junit) writes C(junit.xml) with a test case for each thing that is declared, each required attribute, and
        each attribute by its predefined values. What is not so is a failure.
    type: list
    elements: str
    choices: [html, json, csv, junit]
    default: [html, json, csv, junit]
attributes:
  diff_mode:
    support: none
    details:
      - An earlier report may tell values that are masked now.
extends_documentation_fragment:
  - entra.attributes._connection
  - entra.attributes._attributes
  - entra.attributes._attributes.writes
  - entra.attributes._permissions.reads
notes:
  - Needs the Graph permission C(CustomSecAttributeDefinition.Read.All) as well.
  - Where the identity may not read custom security attributes the task fails, since Microsoft Graph then hides them as
    if nothing was assigned.
  - A limit counts as nearly reached from 80 % on.
  - Principals that hold nothing, and lack nothing that is required, are only counted.
seealso:
  - module: entra.attributes.export
  - module: entra.attributes.custom_security_attributes
  - name: What custom security attributes are
    description: Microsoft's overview.
    link: https://learn.microsoft.com/entra/fundamentals/custom-security-attributes-overview
author:
  - The entra.attributes authors (@entra-attributes)
"""

EXAMPLES = r"""
- name: Report on the tenant
  entra.attributes.report:
    dest: "{{ playbook_dir }}/report"

- name: Let a pipeline fail where agents have no project, or something is not as the repository says
  entra.attributes.report:
    dest: "{{ playbook_dir }}/report"
    desired: "{{ playbook_dir }}/entra"
    required:
      - attribute_set: Engineering
        name: Project
        principal_type: agent
    masked_attribute_sets: [Marketing]
    formats: [html, junit]
"""

RETURN = r"""
changed:
  description: Whether a file says something else than before, the time aside, which is renewed anyway.
  returned: success
  type: bool
figures:
  description: How much there is, and how much of it to look at.
  returned: success
  type: dict
  contains:
    principals:
      description: How many principals there are.
      type: int
      sample: 10016
    users:
      description: How many of them are users.
      type: int
      sample: 10008
    service_principals:
      description: How many are service principals.
      type: int
      sample: 8
    agents:
      description: How many of both are agents.
      type: int
      sample: 3
    with_values:
      description: How many principals hold values.
      type: int
      sample: 9400
    attribute_sets:
      description: How many attribute sets there are.
      type: int
      sample: 2
    definitions:
      description: How many definitions are active.
      type: int
      sample: 9
    deprecated_definitions:
      description: How many are deprecated.
      type: int
      sample: 1
    drift:
      description: How many attribute sets, definitions and principals are not as declared. Null without O(desired).
      type: int
      sample: 3
    missing_required:
      description: How many principals lack a required attribute.
      type: int
      sample: 32
    bad_values:
      description: How many principals hold values that are inactive or not predefined.
      type: int
      sample: 4
    deprecated_in_use:
      description: How many deprecated attributes are still assigned.
      type: int
      sample: 1
    limits_near:
      description: How many limits are nearly reached.
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
      description: Whether it says something else than before.
      type: bool
"""

from ..module_utils._operation import run_module
from ..module_utils._operations.report import REPORT


def main() -> None:
    run_module(REPORT)


if __name__ == "__main__":
    main()
