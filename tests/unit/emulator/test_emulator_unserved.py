# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of Graph that the local Graph does not serve: 501, never a refusal that Graph would not give."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from plain_client import ADELE, EVENTUAL, PAYROLL, Client, error_of

DEFINITIONS = "/v1.0/directory/customSecurityAttributeDefinitions"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1.0/$metadata"),
        ("GET", "/v1.0/me"),
        ("GET", "/v1.0/applications"),
        ("GET", "/v1.0/applications/33333333-3333-4333-8333-333333333301/owners"),
        ("GET", "/v1.0/me/memberOf"),
        ("GET", "/beta/riskyUsers"),
        ("GET", "/v1.0/users/delta"),
        ("GET", "/v1.0/servicePrincipals/delta?$select=id"),
        ("GET", f"/v1.0/users/{ADELE}/photo/$value"),
        ("GET", f"/v1.0/users/{ADELE}/mailFolders"),
        ("POST", f"/v1.0/users/{ADELE}/sendMail"),
        ("POST", f"/v1.0/servicePrincipals/{PAYROLL}/addPassword"),
        ("GET", "/v1.0/directory/deletedItems/microsoft.graph.user"),
        ("GET", "/v1.0/auditLogs/signIns"),
        ("POST", "/v1.0/users"),
        ("POST", "/v1.0/servicePrincipals"),
        ("DELETE", f"/v1.0/users/{ADELE}"),
        ("DELETE", f"/v1.0/servicePrincipals/{PAYROLL}"),
        ("GET", "/v1.0/users?$filter=endsWith(mail,'contoso.com')"),
        ("GET", "/v1.0/users?$filter=createdDateTime ge 2026-01-01T00:00:00Z"),
        ("GET", "/v1.0/users?$filter=assignedLicenses/any(x:x/skuId eq 11111111-1111-4111-8111-111111111111)"),
        ("GET", "/v1.0/users?$filter=aboutMe eq 'x'"),
        ("GET", "/v1.0/users?$expand=manager"),
        ("GET", f"/v1.0/users/{ADELE}?$expand=manager"),
        ("GET", f"/v1.0/users/{ADELE}?$select=aboutMe"),
        ("GET", '/v1.0/users?$search="displayName:Adele"'),
        ("GET", "/v1.0/groups/delta"),
        ("POST", "/v1.0/groups"),
        ("GET", "/v1.0/devices/33333333-3333-4333-8333-333333333301/registeredOwners"),
        ("GET", "/v1.0/directory/attributeSets?$filter=id eq 'Engineering'"),
        ("GET", "/v1.0/directory/attributeSets?$skip=1"),
        ("GET", f"{DEFINITIONS}?$count=true"),
        ("GET", f"{DEFINITIONS}/Engineering_Project/allowedValues?$orderby=id"),
        ("GET", f"{DEFINITIONS}?$expand=allowedValues($select=id)"),
    ],
)
def test_what_graph_has_is_501(graph: Client, method: str, path: str) -> None:
    address, _mark, options = path.partition("?")
    answer = graph.call(method, f"{address}?{quote(options, safe='$=&')}" if options else path, headers=EVENTUAL)
    assert error_of(answer) == (501, "NotEmulated")
    message = answer.json()["error"]["message"]
    assert message.startswith("The local Graph does not emulate ")
    assert message.endswith(" Microsoft Graph may serve it.")


@pytest.mark.parametrize(
    ("path", "segment"),
    [
        ("/v1.0/nope", "nope"),
        (f"/v1.0/users/{ADELE}/nope", "nope"),
        ("/v1.0/directory/nope", "nope"),
        ("/v1.0/auditLogs/customSecurityAttributeAudits", "customSecurityAttributeAudits"),
    ],
)
def test_what_graph_does_not_have_is_400(graph: Client, path: str, segment: str) -> None:
    refused = graph.get(path)
    assert error_of(refused) == (400, "BadRequest")
    assert refused.json()["error"]["message"] == f"Resource not found for the segment '{segment}'."


def test_the_tenant_can_be_read(graph: Client) -> None:
    found = graph.get("/v1.0/organization").json()
    assert found["@odata.context"].endswith("/v1.0/$metadata#organization")
    (tenant,) = found["value"]
    assert tenant["id"] == "11111111-1111-4111-8111-111111111111"
    assert [domain["name"] for domain in tenant["verifiedDomains"]] == ["contoso.com"]
    assert tenant["verifiedDomains"][0]["isDefault"] is True
    one = graph.get(f"/v1.0/organization/{tenant['id']}?$select=displayName").json()
    assert one["displayName"] == "Contoso"
    assert "id" not in one


def test_the_tenant_needs_a_permission(graph: Client) -> None:
    graph.token = graph.emulator.token(permissions=["Application.Read.All"])
    assert error_of(graph.get("/v1.0/organization")) == (403, "Authorization_RequestDenied")
