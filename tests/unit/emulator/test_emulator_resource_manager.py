# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure Resource Manager next to Graph: another host, another audience (consumer-facts 3 and 11)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from _emulator import Emulator
from plain_client import Client, error_of

PRODUCTION, DEVELOPMENT = (f"/subscriptions/88888888-8888-4888-8888-88888888880{n}" for n in (1, 2))
LIST = "/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01"
GRAPH = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
QUERY = (
    "authorizationresources | where type =~ 'microsoft.authorization/roleassignments' "
    "| where tostring(properties.condition) contains 'CustomSecurityAttributes' "
    "| project id, principalId=properties.principalId, scope=properties.scope, role=properties.roleDefinitionId, "
    "condition=properties.condition"
)
READER = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
DARA, ALEX = "dara@contoso.com", "alex@contoso.com"


@dataclass
class Azure:
    """Calls Azure Resource Manager with a token."""

    emulator: Emulator
    token: str

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.emulator.session.request(
            method,
            f"{self.emulator.resource_manager_url}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
            verify=self.emulator.environment["REQUESTS_CA_BUNDLE"],
            timeout=10,
        )

    def names(self, path: str) -> list[str]:
        response = self.call("GET", path)
        assert response.status_code == 200, response.text
        return [item["name"][-2:] for item in response.json()["value"]]

    def query(self, text: str, **members: Any) -> Any:
        response = self.call("POST", GRAPH, {"query": text, "options": {"resultFormat": "objectArray"}, **members})
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture
def azure(emulator: Emulator) -> Azure:
    """The default application, which is a Reader of the production subscription."""
    return Azure(emulator, emulator.token(permissions=[], audience="resource_manager"))


def as_user(emulator: Emulator, user: str) -> Azure:
    return Azure(emulator, emulator.token(user=user, audience="resource_manager"))


def replace(emulator: Emulator, assignments: list[dict[str, Any]]) -> Azure:
    """Put other role assignments into the state, and return the default application."""
    tenant = emulator.tenant()
    tenant["resourceManager"]["roleAssignments"] = assignments
    emulator.tenant(tenant)
    return Azure(emulator, emulator.token(permissions=[], audience="resource_manager"))


def test_3_tokens_of_graph_and_of_resource_manager_are_not_interchangeable(azure: Azure, emulator: Emulator) -> None:
    graph_token = emulator.token(permissions=["User.Read.All"])
    refusal = Azure(emulator, graph_token).call("GET", f"{PRODUCTION}{LIST}")
    assert (refusal.status_code, "audience" in refusal.json()["error"]["message"]) == (401, True)
    assert Azure(emulator, "").call("GET", f"{PRODUCTION}{LIST}").status_code == 401
    assert error_of(Client(emulator, azure.token).get("/v1.0/users")) == (401, "InvalidAuthenticationToken")
    assert emulator.resource_manager_url != emulator.url


def test_3_the_token_endpoint_serves_the_audience(emulator: Emulator) -> None:
    environment = emulator.environment
    answer = emulator.session.post(
        f"{emulator.url}/{environment['AZURE_TENANT_ID']}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": environment["AZURE_CLIENT_ID"],
            "client_secret": environment["AZURE_CLIENT_SECRET"],
            "scope": f"{emulator.resource_manager_url}/.default",
        },
        verify=environment["REQUESTS_CA_BUNDLE"],
        timeout=10,
    )
    assert Azure(emulator, answer.json()["access_token"]).names(f"{PRODUCTION}{LIST}") == ["01", "02", "03"]


@pytest.mark.parametrize(
    ("scope", "query", "names"),
    [
        (PRODUCTION, "", ["01", "02", "03"]),
        (PRODUCTION, "&$filter=atScope()", ["01"]),
        (PRODUCTION.upper().replace("SUBSCRIPTIONS", "subscriptions"), "", ["01", "02", "03"]),
        (f"{PRODUCTION}/resourceGroups/data", "", ["01", "02", "03"]),
        (f"{PRODUCTION}/resourceGroups/other", "", ["01"]),
        (PRODUCTION, "&$filter=principalId eq '33333333-3333-4333-8333-333333333302'", ["03"]),
    ],
)
def test_3_role_assignments_of_a_scope(azure: Azure, scope: str, query: str, names: list[str]) -> None:
    assert azure.names(f"{scope}{LIST}{query}") == names


def test_3_conditions_stand_in_the_properties(azure: Azure) -> None:
    items = azure.call("GET", f"{PRODUCTION}{LIST}").json()["value"]
    assert items[1]["id"].endswith(f"/providers/Microsoft.Authorization/roleAssignments/{items[1]['name']}")
    properties = items[1]["properties"]
    reference = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Engineering_Project]"
    assert reference in properties["condition"]
    assert (properties["conditionVersion"], properties["principalType"]) == ("2.0", "Group")
    assert items[0]["properties"]["condition"] is None


@pytest.mark.parametrize(("version", "known"), [("2018-01-01-preview", False), ("2020-03-01-preview", True)])
def test_3_old_versions_know_no_conditions(azure: Azure, version: str, known: bool) -> None:
    items = azure.call("GET", f"{PRODUCTION}{LIST.replace('2022-04-01', version)}").json()["value"]
    assert ["condition" in item["properties"] for item in items] == [known] * 3


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", f"{DEVELOPMENT}{LIST}", 403, "AuthorizationFailed"),
        ("GET", LIST, 403, "AuthorizationFailed"),
        ("GET", f"{PRODUCTION}{LIST.partition('?')[0]}", 400, "MissingApiVersionParameter"),
        ("GET", f"{PRODUCTION}{LIST}x", 400, "InvalidApiVersionParameter"),
        ("GET", f"{PRODUCTION}{LIST}&$filter=assignedTo('x')", 501, "NotEmulated"),
        ("GET", f"{PRODUCTION}/resourceGroups?api-version=2022-04-01", 501, "NotEmulated"),
        ("POST", f"{PRODUCTION}{LIST}", 405, "Request_BadRequest"),
        ("POST", GRAPH, 400, "BadRequest"),
    ],
)
def test_3_refusals(azure: Azure, method: str, path: str, status: int, code: str) -> None:
    assert error_of(azure.call(method, path, {} if method == "POST" else None)) == (status, code)


def test_3_resource_graph_finds_the_conditions_that_name_attributes(azure: Azure) -> None:
    answer = azure.query(QUERY)
    assert (answer["totalRecords"], answer["count"]) == (1, 1)
    row = answer["data"][0]
    assert row.keys() == {"id", "principalId", "scope", "role", "condition"}
    assert row["condition"].endswith("Id:Engineering_Project]))")


def test_3_resource_graph_is_paged_by_skip_tokens(emulator: Emulator) -> None:
    condition = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Engineering_Project] StringEquals 'x'"
    app = "dece1dea-2e2c-56c7-8727-c596521f5538"
    many = [
        {"name": str(uuid.UUID(int=n)), "scope": PRODUCTION, "roleDefinitionId": READER, "principalId": app}
        | {"principalType": "ServicePrincipal", "condition": condition, "conditionVersion": "2.0"}
        for n in range(1, 6)
    ]
    azure, rows, options = replace(emulator, many), [], {"$top": 2}
    while True:
        answer = azure.query(QUERY, options=options)
        rows += answer["data"]
        if "$skipToken" not in answer:
            break
        options = {"$top": 2, "$skipToken": answer["$skipToken"]}
    assert len({row["id"] for row in rows}) == len(rows) == 5
    refusal = azure.call("POST", GRAPH, {"query": QUERY, "options": {"$skipToken": "?"}})
    assert error_of(refusal) == (400, "BadRequest")


def test_3_each_caller_sees_what_a_role_of_its_own_or_of_its_groups_lets_it_read(emulator: Emulator) -> None:
    dara = as_user(emulator, DARA)
    subscriptions = dara.call("GET", "/subscriptions?api-version=2022-12-01").json()
    assert [item["displayName"] for item in subscriptions["value"]] == ["Development"]
    assert dara.query(QUERY)["data"] == []
    # Alex has a role on blobs, which does not let him read role assignments.
    assert as_user(emulator, ALEX).query("authorizationresources")["data"] == []
    nested = "66666666-6666-4666-8666-666666666601"  # Sales EMEA, which contains Sales UK, which contains Dara
    root = "/providers/Microsoft.Management/managementGroups/11111111-1111-4111-8111-111111111111"
    item = {"name": "x01", "scope": root, "roleDefinitionId": READER, "principalId": nested, "principalType": "Group"}
    replace(emulator, [item])
    seen = as_user(emulator, DARA).call("GET", "/subscriptions?api-version=2022-12-01").json()
    assert seen["count"]["value"] == 2
    assert as_user(emulator, DARA).names(f"{DEVELOPMENT}{LIST}") == ["01"]


def test_3_a_query_can_be_narrowed_to_subscriptions(azure: Azure) -> None:
    everything = "authorizationresources | project name, subscriptionId"
    assert len(azure.query(everything)["data"]) == 3
    assert azure.query(everything, subscriptions=[DEVELOPMENT.rpartition("/")[2]])["data"] == []


def test_11_quirk_resource_graph_cuts_long_conditions(azure: Azure, emulator: Emulator) -> None:
    emulator.quirks(condition_length=20)
    rows = azure.query(
        "authorizationresources | where isnotempty(properties.condition) | project c=properties.condition"
    )
    assert [len(row["c"]) for row in rows["data"]] == [20, 20]
    whole = azure.call("GET", f"{PRODUCTION}{LIST}").json()["value"][1]["properties"]["condition"]
    assert len(whole) > 20


@pytest.mark.parametrize(
    "query",
    ["resources", "authorizationresources | summarize count()", "authorizationresources | project name=strcat(id)"],
)
def test_other_queries_are_answered_as_not_emulated(azure: Azure, query: str) -> None:
    assert error_of(azure.call("POST", GRAPH, {"query": query})) == (501, "NotEmulated")


def test_the_state_of_azure_comes_back_and_is_checked(emulator: Emulator) -> None:
    tenant = emulator.tenant()
    assert emulator.tenant(tenant) == tenant
    del tenant["resourceManager"]["roleAssignments"][0]["scope"]
    with pytest.raises(requests.HTTPError, match="scope"):
        emulator.tenant(tenant)


def test_requests_are_logged_under_their_own_kind(azure: Azure, emulator: Emulator) -> None:
    azure.names(f"{PRODUCTION}{LIST}")
    entry = emulator.requests("resource_manager")[-1]
    assert (entry["path"], entry["status"]) == (f"{PRODUCTION}{LIST.partition('?')[0]}", 200)
    emulator.faults({"match": {"kind": "resource_manager"}, "do": {"status": 429}})
    assert error_of(azure.call("GET", f"{PRODUCTION}{LIST}")) == (429, "TooManyRequests")
