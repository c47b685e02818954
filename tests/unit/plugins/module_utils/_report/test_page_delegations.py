# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delegations in a report: in its JSON, by the published schema, and on its page."""

from __future__ import annotations

import json
from pathlib import Path

from _tenant import Tenant
from jsonschema import Draft202012Validator

from .conftest import report

ROOT = Path(__file__).resolve().parents[5]
SCHEMA = json.loads((ROOT / "roles/report/files/report.schema.json").read_text())
READS = [
    "CustomSecAttributeAssignment.Read.All",
    "CustomSecAttributeDefinition.Read.All",
    "User.Read.All",
    "Application.Read.All",
]
ROLE_GROUP = "66666666-6666-4666-8666-666666666604"


def test_the_report_has_roles_and_what_they_do_not_separate(tenant: Tenant, tmp_path: Path) -> None:
    report(tenant.graph, tmp_path)
    document = json.loads((tmp_path / "report.json").read_text())
    Draft202012Validator(SCHEMA).validate(document)
    found = document["delegations"]
    assert [(item["role"], item["attribute_set"]) for item in found["role_assignments"]] == [
        ("attribute_assignment_administrator", None),
        ("attribute_assignment_administrator", "Marketing"),
        ("attribute_assignment_reader", "Engineering"),
        ("attribute_definition_administrator", None),
    ]
    assert ("defines_and_assigns", ROLE_GROUP) in [
        (problem["kind"], problem["principal"]["id"]) for problem in found["problems"]
    ]
    page = (tmp_path / "index.html").read_text()
    assert 'id="delegations-section"' in page
    assert "group Attribute administrators both defines and assigns attributes of the tenant" in page


def test_a_report_without_the_permission_or_the_source_has_none(tenant: Tenant, tmp_path: Path) -> None:
    blind = tenant.allow(*READS)
    report(blind.graph, tmp_path / "blind")
    document = json.loads((tmp_path / "blind" / "report.json").read_text())
    assert document["delegations"] is None
    assert "RoleManagement.Read.Directory" in str(document["not_read"])
    report(tenant.graph, tmp_path / "none", sources=[])
    assert json.loads((tmp_path / "none" / "report.json").read_text())["delegations"] is None
    assert "delegations-section" not in (tmp_path / "none" / "index.html").read_text()


def test_what_could_not_be_read_of_groups_is_named(tenant: Tenant, tmp_path: Path) -> None:
    report(tenant.allow(*READS, "RoleManagement.Read.Directory").graph, tmp_path)
    document = json.loads((tmp_path / "report.json").read_text())
    assert len(document["delegations"]["role_assignments"]) == 4
    assert "group members" in [item["what"] for item in document["not_read"]]
