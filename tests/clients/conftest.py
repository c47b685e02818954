# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft's own client for Python against the local Graph."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import pytest
from _emulator import Emulator
from azure.core.credentials_async import AsyncTokenCredential
from azure.identity.aio import ClientSecretCredential
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core import GraphClientFactory

Answer = TypeVar("Answer")


def settings(emulator: Emulator) -> dict[str, Any]:
    """Return what azure-identity needs for a cloud that it does not know."""
    bundle = emulator.environment["REQUESTS_CA_BUNDLE"]
    return {"authority": emulator.url, "disable_instance_discovery": True, "connection_verify": bundle}


def by_secret(emulator: Emulator) -> AsyncTokenCredential:
    known = emulator.environment
    return ClientSecretCredential(
        known["AZURE_TENANT_ID"], known["AZURE_CLIENT_ID"], known["AZURE_CLIENT_SECRET"], **settings(emulator)
    )


def client(emulator: Emulator, credential: AsyncTokenCredential, version: str = "v1.0") -> GraphServiceClient:
    """Return the client for the local Graph, made as for a national cloud."""
    provider = AzureIdentityAuthenticationProvider(
        credential, scopes=[f"{emulator.url}/.default"], allowed_hosts=["localhost"]
    )
    trust = ssl.create_default_context(cafile=emulator.environment["REQUESTS_CA_BUNDLE"])
    http = GraphClientFactory.create_with_default_middleware(client=httpx.AsyncClient(verify=trust))
    adapter = GraphRequestAdapter(provider, http)
    adapter.base_url = f"{emulator.url}/{version}"
    return GraphServiceClient(request_adapter=adapter)


@pytest.fixture
def call(emulator: Emulator) -> Callable[..., Any]:
    """Return a function that runs `work` with a client of a version, by another credential where one is given."""

    def called(
        work: Callable[[GraphServiceClient], Awaitable[Answer]],
        credential: Callable[[Emulator], AsyncTokenCredential] = by_secret,
        version: str = "v1.0",
    ) -> Answer:
        async def run() -> Answer:
            async with credential(emulator) as chosen:
                return await work(client(emulator, chosen, version))

        return asyncio.run(run())

    return called
