# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole work with custom security attributes in msgraph-sdk and azure-identity, against the local Graph."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from _emulator import Emulator
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import CertificateCredential, ClientAssertionCredential, ClientSecretCredential
from conftest import settings
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph import GraphServiceClient
from msgraph.generated.models.agent_identity import AgentIdentity
from msgraph.generated.models.agent_identity_blueprint_principal import AgentIdentityBlueprintPrincipal
from msgraph.generated.models.agent_user import AgentUser
from msgraph.generated.models.allowed_value import AllowedValue
from msgraph.generated.models.attribute_set import AttributeSet
from msgraph.generated.models.custom_security_attribute_definition import CustomSecurityAttributeDefinition
from msgraph.generated.models.custom_security_attribute_value import CustomSecurityAttributeValue
from msgraph.generated.models.group import Group
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.generated.models.unified_role_assignment import UnifiedRoleAssignment
from msgraph.generated.models.user import User
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core import PageIterator
from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

ADELE, PAYROLL = "33333333-3333-4333-8333-333333333301", "44444444-4444-4444-8444-444444444401"
ALEX, DARA = "33333333-3333-4333-8333-333333333302", "33333333-3333-4333-8333-333333333303"
WORKFLOW = "99999999-9999-4999-8999-999999999921"
ATTRIBUTE_ASSIGNMENT_READER = "ffd52fa5-98dc-465c-991d-fc073eb59f8f"
SALES = "66666666-6666-4666-8666-666666666601"
AGENTS: dict[str, type[User] | type[ServicePrincipal]] = {
    "33333333-3333-4333-8333-333333333308": AgentUser,
    "44444444-4444-4444-8444-444444444404": AgentIdentity,
    "44444444-4444-4444-8444-444444444405": AgentIdentityBlueprintPrincipal,
}
QueryParameters = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters
WRITTEN_SET = {"@odata.type": "#Microsoft.DirectoryServices.CustomSecurityAttributeValue"}
VALUES = {
    "string": ({"ProjectDate": "2024-11-15"}, {"ProjectDate": "2024-11-15"}),
    "integer": ({"NumVendors@odata.type": "#Int32", "NumVendors": 8}, {"NumVendors": 8}),
    "boolean": ({"Certification": True}, {"Certification": True}),
    "strings": (
        {"Project@odata.type": "#Collection(String)", "Project": ["Baker", "Alpine"]},
        {"Project": ["Baker", "Alpine"]},
    ),
    "integers": (
        {"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": [1001, 1003]},
        {"CostCenter": [1001, 1003]},
    ),
}
Call = Callable[..., Any]


def assigned(members: dict[str, Any]) -> CustomSecurityAttributeValue:
    """Return attributes of one set in the form that the client takes."""
    return CustomSecurityAttributeValue(additional_data={"Engineering": {**WRITTEN_SET, **members}})


def by_certificate(emulator: Emulator) -> AsyncTokenCredential:
    known = emulator.environment
    path = emulator.credentials["certificate_pem"]
    return CertificateCredential(known["AZURE_TENANT_ID"], known["AZURE_CLIENT_ID"], path, **settings(emulator))


def by_federated_token(emulator: Emulator) -> AsyncTokenCredential:
    known = emulator.environment
    path = Path(emulator.credentials["federated_token_file"])
    return ClientAssertionCredential(
        known["AZURE_TENANT_ID"], known["AZURE_CLIENT_ID"], lambda: path.read_text().strip(), **settings(emulator)
    )


def by_wrong_secret(emulator: Emulator) -> AsyncTokenCredential:
    known = emulator.environment
    return ClientSecretCredential(
        known["AZURE_TENANT_ID"], known["AZURE_CLIENT_ID"], "not-the-secret-at-all", **settings(emulator)
    )


@pytest.mark.parametrize("credential", [by_certificate, by_federated_token])
def test_other_credentials_give_a_token(call: Call, credential: Callable[..., Any]) -> None:
    async def work(graph: GraphServiceClient) -> Any:
        return await graph.directory.attribute_sets.get()

    assert {one.id for one in call(work, credential).value} == {"Engineering", "Marketing"}


def test_a_wrong_secret_is_refused_with_the_code_of_entra(call: Call) -> None:
    async def work(graph: GraphServiceClient) -> Any:
        return await graph.directory.attribute_sets.get()

    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        call(work, by_wrong_secret)


def test_sets_definitions_and_values_are_created_and_changed(call: Call) -> None:
    async def work(graph: GraphServiceClient) -> Any:
        sets = graph.directory.attribute_sets
        await sets.post(AttributeSet(id="Sales", description="Sales", max_attributes_per_set=25))
        await sets.by_attribute_set_id("Sales").patch(
            AttributeSet(description="Sales people", max_attributes_per_set=20)
        )
        definitions = graph.directory.custom_security_attribute_definitions
        created = await definitions.post(
            CustomSecurityAttributeDefinition(
                attribute_set="Sales",
                name="Region",
                description="Where they sell",
                type="String",
                status="Available",
                is_collection=True,
                is_searchable=True,
                use_pre_defined_values_only=True,
                allowed_values=[AllowedValue(id="EMEA", is_active=True)],
            )
        )
        one = definitions.by_custom_security_attribute_definition_id(created.id)
        await one.allowed_values.post(AllowedValue(id="APAC", is_active=True))
        await one.allowed_values.by_allowed_value_id("EMEA").patch(AllowedValue(is_active=False))
        await one.patch(CustomSecurityAttributeDefinition(description="Where", status="Deprecated"))
        return await sets.by_attribute_set_id("Sales").get(), await one.get(), await one.allowed_values.get()

    attribute_set, definition, values = call(work)
    assert (attribute_set.description, attribute_set.max_attributes_per_set) == ("Sales people", 20)
    assert (definition.id, definition.status, definition.description) == ("Sales_Region", "Deprecated", "Where")
    assert {one.id: one.is_active for one in values.value} == {"EMEA": False, "APAC": True}


def test_a_set_that_exists_is_a_conflict(call: Call) -> None:
    async def work(graph: GraphServiceClient) -> Any:
        await graph.directory.attribute_sets.post(AttributeSet(id="Engineering"))

    with pytest.raises(ODataError) as refusal:
        call(work)
    assert refusal.value.response_status_code == 409
    assert refusal.value.error.code == "Request_MultipleObjectsWithSameKeyValue"


@pytest.mark.parametrize("members", VALUES)
@pytest.mark.parametrize("who", [ADELE, PAYROLL, *AGENTS])
def test_values_of_every_type_are_written_read_and_removed(
    emulator: Emulator, call: Call, who: str, members: str
) -> None:
    written, stored = VALUES[members]
    removal = {name: [] if isinstance(value, list) else None for name, value in stored.items()}
    is_user = who == ADELE or AGENTS.get(who) is AgentUser

    async def work(graph: GraphServiceClient) -> tuple[Any, Any]:
        one = graph.users.by_user_id(who) if is_user else graph.service_principals.by_service_principal_id(who)
        kind = AGENTS.get(who) or (User if is_user else ServicePrincipal)
        query = QueryParameters(select=["id", "customSecurityAttributes"])
        await one.patch(kind(custom_security_attributes=assigned(written)))
        read = await one.get(request_configuration=RequestConfiguration(query_parameters=query))
        held = emulator.state(who)["Engineering"]
        await one.patch(kind(custom_security_attributes=assigned(removal)))
        return read, held

    read, held = call(work)
    shown = read.custom_security_attributes.additional_data["Engineering"]
    assert {name: held[name] for name in stored} == stored
    assert {name: plain(shown[name]) for name in stored} == {name: as_read(value) for name, value in stored.items()}
    assert not stored.keys() & emulator.state(who).get("Engineering", {}).keys()


def plain(value: Any) -> Any:
    """Return a value without the wrapper that the client puts around members of unknown objects."""
    inner = value.get_value() if hasattr(value, "get_value") else value
    return [plain(one) for one in inner] if isinstance(inner, list) else inner


def as_read(value: Any) -> Any:
    """Return a value as the client reads it: text that looks like a date becomes one."""
    return datetime.fromisoformat(value) if value == "2024-11-15" else value


def test_advanced_filters_find_principals_by_value(call: Call) -> None:
    async def work(graph: GraphServiceClient) -> list[Any]:
        await graph.users.by_user_id(ADELE).patch(User(custom_security_attributes=assigned(VALUES["strings"][0])))
        query = QueryParameters(
            count=True,
            select=["id", "displayName", "customSecurityAttributes"],
            filter="customSecurityAttributes/Engineering/Project eq 'Baker'",
        )
        config = RequestConfiguration(query_parameters=query)
        config.headers.add("ConsistencyLevel", "eventual")
        found = await graph.users.get(request_configuration=config)
        assert found.odata_count == len(found.value)
        return list(found.value)

    assert ADELE in {one.id for one in call(work)}


def test_a_filter_without_the_opt_in_is_refused(call: Call) -> None:
    async def work(graph: GraphServiceClient) -> Any:
        query = QueryParameters(filter="customSecurityAttributes/Engineering/Project eq 'Baker'")
        return await graph.users.get(request_configuration=RequestConfiguration(query_parameters=query))

    with pytest.raises(ODataError, match="Engineering_Project") as refusal:
        call(work)
    assert refusal.value.error.code == "Request_UnsupportedQuery"


def test_twenty_writes_in_a_batch_and_pages_of_the_result(emulator: Emulator, call: Call) -> None:
    emulator.quirks(check_schema=False)  # msgraph-core writes `depends_on` for `dependsOn`
    tenant = emulator.tenant()
    names = [f"00000000-0000-4000-8000-{n:012}" for n in range(20)]
    tenant["users"] += [
        {"id": one, "displayName": f"User {n}", "userPrincipalName": f"u{n}@contoso.com"} for n, one in enumerate(names)
    ]
    emulator.tenant(tenant)

    async def work(graph: GraphServiceClient) -> tuple[list[int], list[str]]:
        content = BatchRequestContent()
        for one in names:
            user = User(custom_security_attributes=assigned(VALUES["integer"][0]))
            request = graph.users.by_user_id(one).to_patch_request_information(user)
            content.add_request(None, BatchRequestItem(request))
        answer = await BatchRequestBuilder(graph.request_adapter).post(content)
        statuses = [one.status for one in answer.responses.values()]
        query = QueryParameters(top=7, select=["id", "customSecurityAttributes"])
        first = await graph.users.get(request_configuration=RequestConfiguration(query_parameters=query))
        seen: list[str] = []

        def note(one: User) -> bool:
            if (one.custom_security_attributes or CustomSecurityAttributeValue()).additional_data.get("Engineering"):
                seen.append(one.id)
            return True

        await PageIterator(first, graph.request_adapter).iterate(note)
        return statuses, seen

    statuses, seen = call(work)
    assert statuses == [204] * 20
    assert set(names) <= set(seen)
    assert len(seen) == len(set(seen))


def test_the_audit_log_names_the_change(call: Call) -> None:
    async def work(graph: GraphServiceClient) -> Any:
        await graph.users.by_user_id(ADELE).patch(User(custom_security_attributes=assigned(VALUES["boolean"][0])))
        request = RequestInformation(Method.GET, "{+baseurl}/auditLogs/customSecurityAttributeAudits", {})
        request.headers.add("Accept", "application/json")
        return json.loads(await graph.request_adapter.send_primitive_async(request, "bytes", {"XXX": ODataError}))

    page = call(work, version="beta")
    assert page["value"][0]["activityDisplayName"] == "Update attribute values assigned to a user"


def test_nested_groups_list_their_transitive_members(call: Call) -> None:
    async def work(graph: GraphServiceClient) -> tuple[Any, Any]:
        group = graph.groups.by_group_id(SALES)
        return await group.transitive_members.get(), await group.transitive_members.graph_user.get()

    members, users = call(work)
    kinds = {one.id: type(one) for one in members.value}
    assert kinds == {
        ALEX: User,
        DARA: User,
        "44444444-4444-4444-8444-444444444404": AgentIdentity,
        "66666666-6666-4666-8666-666666666602": Group,
    }
    assert {one.id for one in users.value} == {ALEX, DARA}


def test_conditional_access_policies_show_the_rules_of_their_filters(call: Call) -> None:
    async def work(graph: GraphServiceClient) -> Any:
        return await graph.identity.conditional_access.policies.get()

    rules = [
        one.conditions.applications.application_filter.rule
        for one in call(work).value
        if one.conditions.applications.application_filter
    ]
    assert rules == ['CustomSecurityAttribute.Engineering_Project -contains "Baker"']


def test_app_management_policies_show_whom_they_exempt(call: Call) -> None:
    async def work(graph: GraphServiceClient) -> tuple[Any, Any]:
        policies = graph.policies
        return await policies.default_app_management_policy.get(), await policies.app_management_policies.get()

    default, custom = call(work)
    exemptions = [
        *default.application_restrictions.password_credentials[0].exclude_actors.custom_security_attributes,
        *custom.value[0].restrictions.key_credentials[0].exclude_actors.custom_security_attributes,
    ]
    first, second = exemptions
    assert (first.id, first.value) == ("Marketing_EmployeeId", "GS45897")
    # The client reads this type only with `#` before its name. Published policies have it either way.
    assert (second.id, second.additional_data["value"]) == ("Engineering_ProjectDate", datetime(2026, 12, 31))


def test_one_lifecycle_workflow_shows_its_scope_and_its_tasks(call: Call) -> None:
    async def work(graph: GraphServiceClient) -> tuple[Any, Any, Any]:
        workflows = graph.identity_governance.lifecycle_workflows.workflows
        one = workflows.by_workflow_id(WORKFLOW)
        return await workflows.get(), await one.get(), await one.tasks.get()

    listed, workflow, tasks = call(work)
    assert [one.execution_conditions for one in listed.value] == [None] * 3
    assert "customSecurityAttributes/Engineering/Certification eq true" in workflow.execution_conditions.scope.rule
    assert {one.value for task in tasks.value for one in task.arguments} >= {
        "User/customSecurityAttributes/Marketing/EmployeeId"
    }


def test_role_assignments_are_listed_created_and_deleted(call: Call) -> None:
    async def work(graph: GraphServiceClient) -> tuple[Any, Any, Any]:
        assignments = graph.role_management.directory.role_assignments
        reader = UnifiedRoleAssignment(
            role_definition_id=ATTRIBUTE_ASSIGNMENT_READER,
            principal_id=ADELE,
            directory_scope_id="/attributeSets/Marketing",
        )
        created = await assignments.post(reader)
        during = await assignments.get()
        await assignments.by_unified_role_assignment_id(created.id).delete()
        return created, during, await assignments.get()

    created, during, after = call(work)
    assert created.directory_scope_id == "/attributeSets/Marketing"
    assert {one.id for one in during.value} - {one.id for one in after.value} == {created.id}
