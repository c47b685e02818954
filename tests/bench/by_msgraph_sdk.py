# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft's client for Python at the job of the benchmark. `by_msgraph_sdk.py USERS.txt` reads each user, and
writes those that differ, with 16 requests in flight. `peers.py` runs it in the environment of the part `clients`.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from pathlib import Path

import httpx
from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.custom_security_attribute_value import CustomSecurityAttributeValue
from msgraph.generated.models.user import User
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph_core import GraphClientFactory

IN_FLIGHT = 16
DESIRED = 4
MEMBERS = {
    "@odata.type": "#Microsoft.DirectoryServices.CustomSecurityAttributeValue",
    "NumVendors@odata.type": "#Int32",
    "NumVendors": DESIRED,
}
SELECT = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=["customSecurityAttributes"])


def client(credential: ClientSecretCredential) -> GraphServiceClient:
    """Return the client for the local Graph, made as for a national cloud."""
    url = os.environ["ENTRA_GRAPH_URL"]
    provider = AzureIdentityAuthenticationProvider(credential, scopes=[f"{url}/.default"], allowed_hosts=["localhost"])
    trust = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    http = GraphClientFactory.create_with_default_middleware(client=httpx.AsyncClient(verify=trust, limits=limits))
    adapter = GraphRequestAdapter(provider, http)
    adapter.base_url = f"{url}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


async def bring_in_line(users: list[str]) -> None:
    """Read each user, and write those that differ."""
    known = os.environ
    credential = ClientSecretCredential(
        known["AZURE_TENANT_ID"],
        known["AZURE_CLIENT_ID"],
        known["AZURE_CLIENT_SECRET"],
        authority=known["AZURE_AUTHORITY_HOST"],
        disable_instance_discovery=True,
        connection_verify=known["REQUESTS_CA_BUNDLE"],
    )
    async with credential:
        scope = f"{known['ENTRA_GRAPH_URL']}/.default"
        await credential.get_token(scope, enable_cae=True)  # one for all requests, in the form in which the client asks
        graph, slots = client(credential), asyncio.Semaphore(IN_FLIGHT)

        async def bring(user: str) -> None:
            async with slots:
                item = graph.users.by_user_id(user)
                found = await item.get(request_configuration=RequestConfiguration(query_parameters=SELECT))
                sets = found.custom_security_attributes.additional_data if found.custom_security_attributes else {}
                if (sets.get("Engineering") or {}).get("NumVendors") != DESIRED:
                    attributes = CustomSecurityAttributeValue(additional_data={"Engineering": MEMBERS})
                    await item.patch(User(custom_security_attributes=attributes))

        await asyncio.gather(*map(bring, users))


if __name__ == "__main__":
    asyncio.run(bring_in_line(Path(sys.argv[1]).read_text(encoding="utf-8").split()))
