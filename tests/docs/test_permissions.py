# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation names the permissions and roles that the table of the code has."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from _documents import GUIDES, ROOT

from ansible_collections.entra.attributes.plugins.doc_fragments._permissions import ModuleDocFragment
from ansible_collections.entra.attributes.plugins.module_utils._core.model import USER
from ansible_collections.entra.attributes.plugins.module_utils._errors import Need
from ansible_collections.entra.attributes.plugins.module_utils._tenant.access import JOBS, Job
from ansible_collections.entra.attributes.plugins.module_utils._tenant.permissions import (
    READ_ASSIGNMENTS,
    READ_AUDITS,
    READ_DEFINITIONS,
    READ_GROUPS,
    READ_HIDDEN_MEMBERS,
    READ_POLICIES,
    READ_ROLE_ASSIGNMENTS,
    READ_WORKFLOWS,
    ROLE_IDS,
    WRITE_ASSIGNMENTS,
    WRITE_DEFINITIONS,
    WRITE_ROLE_ASSIGNMENTS,
)

NEEDS = {
    "custom_security_attribute_info": [*READ_ASSIGNMENTS.values()],
    "custom_security_attribute": [*WRITE_ASSIGNMENTS.values()],
    "custom_security_attributes": [*WRITE_ASSIGNMENTS.values()],
    "attribute_set_info": [READ_DEFINITIONS],
    "custom_security_attribute_definition_info": [READ_DEFINITIONS],
    "attribute_set": [WRITE_DEFINITIONS],
    "custom_security_attribute_definition": [WRITE_DEFINITIONS],
    "custom_security_attribute_audit_info": [READ_AUDITS],
    "custom_security_attribute_history_info": [READ_AUDITS],
    "custom_security_attribute_consumer_info": [READ_POLICIES, READ_WORKFLOWS, READ_ROLE_ASSIGNMENTS],
    "attribute_role_assignment": [WRITE_ROLE_ASSIGNMENTS],
    "attribute_role_assignment_info": [READ_ROLE_ASSIGNMENTS],
}
README = {
    "list attributes of users": READ_ASSIGNMENTS[USER],
    "assign attributes to users": WRITE_ASSIGNMENTS[USER],
    "manage attribute sets and definitions": WRITE_DEFINITIONS,
}


def lacks(text: str, need: Need) -> list[str]:
    """Return the permissions and roles of a need that a text does not name."""
    words = " ".join(text.split())
    return [name for name in (*need.permissions, *need.roles) if name not in words]


def rows() -> Iterator[tuple[str, str]]:
    """Yield the modules of each row of the guide's table, and the row's text."""
    guide = (ROOT / GUIDES / "guide_permissions.rst").read_text()
    table = guide.partition("Permissions by module\n---")[2].partition("\nWith the recommended")[0]
    for row in table.split("\n  * - ")[1:]:
        yield row.partition("\n    - ")[0], row


@pytest.mark.parametrize("module", NEEDS)
def test_the_guide_and_the_module_name_what_a_module_needs(module: str) -> None:
    first = next(row for names, row in rows() if f"entra.attributes.{module}#module`" in names)
    documentation = (ROOT / "plugins" / "modules" / f"{module}.py").read_text()
    fragments = re.findall(r"entra\.attributes\._permissions\.(\w+)", documentation)
    documentation += "".join(getattr(ModuleDocFragment, name.upper()) for name in fragments)
    for need in NEEDS[module]:
        assert lacks(first, need) == []
        assert lacks(documentation, need) == []


def test_the_guide_names_what_groups_need() -> None:
    (row,) = (row for names, row in rows() if names.startswith("``group``"))
    assert lacks(row, READ_GROUPS) == lacks(row, READ_HIDDEN_MEMBERS) == []


@pytest.mark.parametrize("job", JOBS, ids=lambda job: str(job.name))
def test_the_guide_names_what_a_job_needs(job: Job) -> None:
    guide = (ROOT / GUIDES / "guide_permissions.rst").read_text()
    table = guide.partition("Make an application for your jobs\n---")[2].partition("With the Azure CLI")[0]
    (row,) = [row for row in table.split("\n  * - ")[1:] if f"``{job.name}``" in row]
    by_name = {known.name: known for known in JOBS}
    needed = {name for known in (job, *(by_name[name] for name in job.after)) for name in known.need.permissions}
    assert set(re.findall(r"``([A-Z][\w.-]+)``", row)) == needed


@pytest.mark.parametrize("job", README)
def test_the_readme_names_the_permissions(job: str) -> None:
    (row,) = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith(f"| {job} |")]
    assert [name for name in README[job].permissions if name not in row] == []
    assert any(role in row for role in README[job].roles)


@pytest.mark.parametrize("page", [f"{GUIDES}/guide_permissions.rst", "docs/graph-facts.md"])
def test_pages_have_the_ids_of_roles(page: str) -> None:
    text = (ROOT / page).read_text()
    assert [role for role, identifier in ROLE_IDS.items() if identifier not in text] == []
