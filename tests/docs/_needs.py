# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The needs of examples beyond the tenant of the local Graph, and the examples that cannot be run, with the reason.

A key is the path of a page or plugin and a text that stands in an example, or is empty for all examples there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from _documents import GUIDES, ROOT, page_blocks


@dataclass(frozen=True)
class Need:
    """The needs of an example.

    Args:
        files: by their path in the folder of the playbook.
        users: attributes of users, by user principal name; who is not in the tenant is added.
        service_principals: the same by display name.
        variables: the values that the example leaves to its reader.
        inventory: the hosts of a play that is not about localhost, as a YAML inventory.
        skip: why it cannot be run here.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    service_principals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    inventory: Mapping[str, Any] = field(default_factory=dict)
    skip: str = ""


def shown(page: str, beginning: str) -> str:
    """Return the block of a page that begins so, such as a file that an example elsewhere needs."""
    return next(block.text for block in page_blocks(ROOT / page) if block.text.startswith(beginning))


REAL = "It goes to a real tenant, or has a credential of one."
ADELE_ID = "33333333-3333-4333-8333-333333333301"
ADELE = {"adele@contoso.com": {"Engineering": {"Project": ["Baker", "Cascade"], "CostCenter": [1001]}}}
PAYROLL = {"payroll-api": {"Engineering": {"Certification": True, "Project": ["Baker"], "CostCenter": [1001]}}}
VENDORS = {name: {"Engineering": {"NumVendors": 4}} for name in ("adele@contoso.com", "alex@contoso.com")}

DECLARED = "attribute_sets:\n  - name: Engineering\n    max_attributes_per_set: 25\n"
FOLDER = {"attributes/engineering.yml": DECLARED}
CONSUMED = """
attribute_sets: [{name: Finance}, {name: Agents}]
definitions:
  - {attribute_set: Finance, name: Sensitivity, type: string, multi_valued: true}
  - {attribute_set: Agents, name: Approval, type: string}
"""

EMPLOYEES = {name: {**ADELE["adele@contoso.com"], "Marketing": {"EmployeeId": "E1001"}} for name in VENDORS}
RULES = "assignments: [{users: {group: Sales EMEA}, attributes: {Sales: {Region: EMEA}}}]"
SAMPLES = "[{name: kim@contoso.com, groups: [Sales EMEA]}]"

BACKUP = "backups/2026-11-26T030001Z/assignments/service_principals.yml"
LOST = "assignments: [{service_principal: payroll-api, attributes: {Engineering: {Project: [Baker]}}}]"

TENANTS = ROOT / "examples" / "tenants"
SECRET = next(
    line.split("value: ")[1]
    for line in (ROOT / "roles/graph_emulator/files/graph_emulator/default_state.yml").read_text().splitlines()
    if "- value: " in line
)
CONTOSO = {"client_id": "22222222-2222-4222-8222-222222222201", "client_secret": SECRET}

CSV = shown(f"{GUIDES}/guide_bulk.rst", "user,service_principal,")

NEEDS: Mapping[tuple[str, str], Need] = {
    ("examples/README.md", ""): Need(files={"excel.csv": (ROOT / "examples/excel.csv").read_text()}),
    (f"{GUIDES}/guide_as_code.rst", ""): Need(files=FOLDER),
    (f"{GUIDES}/guide_backup.rst", "what Adele had"): Need(users=ADELE, files={"backups/README.md": "Mine.\n"}),
    (f"{GUIDES}/guide_backup.rst", "after a recovery"): Need(files={BACKUP: LOST}),
    ("plugins/modules/custom_security_attribute_history_info.py", ""): Need(files={"backups/README.md": "Mine.\n"}),
    (f"{GUIDES}/guide_consumers.rst", "Check the filters"): Need(files={"entra/definitions.yml": CONSUMED}),
    (f"{GUIDES}/guide_consumers.rst", "Who matches a filter"): Need(service_principals=PAYROLL),
    (f"{GUIDES}/guide_many_tenants.rst", "awx.awx"): Need(skip="There is no AWX."),
    (f"{GUIDES}/guide_many_tenants.rst", "hosts: localhost"): Need(
        files={name: (TENANTS / name).read_text() for name in ("baseline/access.yml", "tenants/contoso/access.yml")},
        variables={"tenant": "contoso"},
    ),
    (f"{GUIDES}/guide_many_tenants.rst", "hosts: tenants"): Need(
        files={name: (TENANTS / name).read_text() for name in ("baseline/access.yml", "tenants/contoso/access.yml")},
        inventory={"tenants": {"hosts": {"contoso": {"ansible_connection": "local", "entra": CONTOSO}}}},
    ),
    (f"{GUIDES}/guide_rename.rst", ""): Need(users=VENDORS, service_principals=PAYROLL),
    (f"{GUIDES}/guide_inventory.rst", ""): Need(
        users=ADELE, service_principals={"payroll-api": {"Engineering": {"NumVendors": 8}}}
    ),
    (f"{GUIDES}/guide_inventory.rst", "hosts: project_Baker"): Need(
        inventory={"project_Baker": {"hosts": {"adele": {"ansible_connection": "local", "entra": {"id": ADELE_ID}}}}},
    ),
    (f"{GUIDES}/guide_inventory.rst", "/run/secrets/entra"): Need(skip=REAL),
    (f"{GUIDES}/guide_migration.rst", "name: Assign with uri"): Need(skip=REAL),
    ("plugins/inventory/directory.py", ""): Need(service_principals=PAYROLL),
    ("plugins/lookup/custom_security_attribute.py", ""): Need(
        users=EMPLOYEES, service_principals={**PAYROLL, "billing-api": {}}
    ),
    ("plugins/lookup/declarations.py", ""): Need(files=FOLDER),
    ("plugins/lookup/declarations.py", "samples.yml"): Need(
        files={"attributes/sales.yml": RULES, "samples.yml": SAMPLES}
    ),
    ("README.md", ""): Need(files=FOLDER),
    ("roles/reconcile/README.md", ""): Need(files=FOLDER),
    ("plugins/modules/report.py", ""): Need(files={"entra/engineering.yml": DECLARED}),
    ("plugins/modules/reconcile.py", ""): Need(files=FOLDER),
    ("plugins/modules/custom_security_attributes.py", ""): Need(
        files={"attributes.csv": CSV}, users={"contractor@contoso.com": {}}
    ),
    (f"{GUIDES}/guide_bulk.rst", "src: attributes.csv"): Need(files={"attributes.csv": CSV}),
}
