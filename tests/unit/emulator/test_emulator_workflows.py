# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifecycle workflows: conditions, tasks, and what stops them (consumer-facts 2)."""

from __future__ import annotations

from typing import Any

import pytest
from plain_client import ADELE, Client, error_of

WORKFLOWS = "/v1.0/identityGovernance/lifecycleWorkflows/workflows"
JOINER, MOVER, LEAVER = (f"99999999-9999-4999-8999-99999999992{n}" for n in range(1, 4))
ASSIGNMENTS = "CustomSecAttributeAssignment.Read.All"
RULE = "(department eq 'Engineering') and (customSecurityAttributes/Engineering/Certification eq true)"
DENIED = (403, "Authorization_RequestDenied")


@pytest.fixture
def reader(as_caller: Any) -> Client:
    """A client that reads workflows with their tasks, and assignments."""
    client: Client = as_caller(permissions=["LifecycleWorkflows-Workflow.Read.All", ASSIGNMENTS])
    return client


def workflow(client: Client, key: str) -> dict[str, Any]:
    response = client.get(f"{WORKFLOWS}/{key}")
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_2_the_list_has_no_conditions_and_one_workflow_has_them(reader: Client) -> None:
    listed = reader.get(WORKFLOWS).json()["value"]
    assert [item["id"] for item in listed] == [JOINER, MOVER, LEAVER]
    assert not any({"executionConditions", "tasks"} & item.keys() for item in listed)
    assert workflow(reader, JOINER)["executionConditions"]["scope"]["rule"] == RULE
    trigger = workflow(reader, MOVER)["executionConditions"]["trigger"]
    assert trigger["triggerAttributes"] == [{"name": "User/customSecurityAttributes/Engineering/Project"}]


def test_2_workflows_are_selected_and_filtered(reader: Client) -> None:
    found = reader.get(f"{WORKFLOWS}?$filter=category eq 'mover'&$select=id,isEnabled").json()["value"]
    assert found == [{"id": MOVER, "isEnabled": True}]
    assert workflow(reader, f"{JOINER}?$select=executionConditions").keys() == {"@odata.context", "executionConditions"}
    assert error_of(reader.get(f"{WORKFLOWS}?$select=executionConditions")) == (400, "BadRequest")
    assert error_of(reader.get(f"{WORKFLOWS}/{ADELE}")) == (404, "Request_ResourceNotFound")


def test_2_arguments_of_tasks_name_attributes(reader: Client) -> None:
    task = reader.get(f"{WORKFLOWS}/{JOINER}/tasks").json()["value"][0]
    assert {"name": "to", "value": "User/customSecurityAttributes/Marketing/EmployeeId"} in task["arguments"]
    assert error_of(reader.get(f"{WORKFLOWS}/{ADELE}/tasks")) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize(
    ("permission", "one", "tasks"),
    [
        ("LifecycleWorkflows-Workflow.ReadBasic.All", 200, 403),
        ("LifecycleWorkflows-Workflow.Read.All", 200, 200),
        ("LifecycleWorkflows.Read.All", 200, 200),
        ("Directory.Read.All", 403, 403),
        ("Policy.Read.All", 403, 403),
    ],
)
def test_2_permissions_of_workflows_and_tasks(as_caller: Any, permission: str, one: int, tasks: int) -> None:
    caller = as_caller(permissions=[permission])
    assert caller.get(WORKFLOWS).status_code == one
    assert caller.get(f"{WORKFLOWS}/{JOINER}").status_code == one
    assert caller.get(f"{WORKFLOWS}/{JOINER}/tasks").status_code == tasks


def test_2_a_signed_in_user_needs_a_role_as_well(as_caller: Any) -> None:
    scopes = ["LifecycleWorkflows.Read.All"]
    assert error_of(as_caller(user=ADELE, scopes=scopes).get(WORKFLOWS)) == DENIED
    role = "Lifecycle Workflows Administrator"
    assert as_caller(user=ADELE, scopes=scopes, roles=[role]).get(WORKFLOWS).status_code == 200


@pytest.mark.parametrize(("form", "rule"), [("empty", ""), ("null", None), ("shown", RULE), ("absent", None)])
def test_2_quirk_how_a_scope_looks_to_who_cannot_read_attributes(
    as_caller: Any, emulator: Any, form: str, rule: str | None
) -> None:
    emulator.quirks(unreadable_scope=form)
    plain = as_caller(permissions=["LifecycleWorkflows-Workflow.ReadBasic.All"])
    conditions = workflow(plain, JOINER)["executionConditions"]
    assert conditions.get("scope", {}).get("rule") == rule
    assert ("scope" in conditions) == (form != "absent")
    # A scope that names no attribute is not hidden.
    assert workflow(plain, MOVER)["executionConditions"]["scope"]["rule"] == "department eq 'Engineering'"


@pytest.mark.parametrize(
    ("answer", "reason", "enabled"),
    [("quarantined", "This rule contains invalid properties", True), ("disabled", None, False), ("silent", None, True)],
)
def test_2_a_deprecated_attribute_in_the_scope_stops_the_workflow(
    as_caller: Any, reader: Client, emulator: Any, answer: str, reason: str | None, enabled: bool
) -> None:
    emulator.quirks(stopped_workflow=answer)
    writer = as_caller(permissions=["CustomSecAttributeDefinition.ReadWrite.All"])
    definition = "/v1.0/directory/customSecurityAttributeDefinitions/Engineering_Certification"
    assert workflow(reader, JOINER)["quarantineDetails"] is None
    assert writer.call("PATCH", definition, {"status": "Deprecated"}).status_code == 204
    for found in (workflow(reader, JOINER), reader.get(WORKFLOWS).json()["value"][0]):
        assert (found["quarantineDetails"] or {}).get("quarantineReason") == reason
        assert found["isEnabled"] is enabled
    assert workflow(reader, MOVER)["quarantineDetails"] is None
    assert writer.call("PATCH", definition, {"status": "Available"}).status_code == 204
    assert workflow(reader, JOINER)["quarantineDetails"] is None


def test_workflows_of_a_state_come_back(emulator: Any) -> None:
    tenant = emulator.tenant()
    del tenant["lifecycleWorkflows"][:2]
    assert emulator.tenant(tenant) == tenant
    client = Client(emulator, emulator.token(permissions=["LifecycleWorkflows.Read.All"]))
    assert [item["id"] for item in client.get(WORKFLOWS).json()["value"]] == [LEAVER]
