# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""auth_source=managed_identity: the identity of the Azure resource that the task runs on."""

from __future__ import annotations

from typing import Any

from ansible_collections.entra.attributes.plugins.module_utils._auth._msal import access_token, msal
from ansible_collections.entra.attributes.plugins.module_utils._auth._settings import Credential, Settings
from ansible_collections.entra.attributes.plugins.module_utils._errors import AuthenticationError

MARKERS = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
"""The variables by which a platform says that it has an identity (graph-facts 10.3). A virtual machine sets none."""


class ManagedIdentity(Credential):
    """client_id for a user-assigned one. MSAL finds the endpoint in the environment of the process."""

    NAME = "managed_identity"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._client: Any = None

    def token(self) -> str:
        library = msal()
        settings = self._settings
        if self._client is None:
            identity = (
                library.UserAssignedManagedIdentity(client_id=settings.client_id)
                if settings.client_id
                else library.SystemAssignedManagedIdentity()
            )
            self._client = library.ManagedIdentityClient(identity, http_client=settings.http)
        try:
            answer = self._client.acquire_token_for_client(resource=settings.graph_url)
        except (ValueError, library.ManagedIdentityError) as error:
            raise AuthenticationError(
                f"The managed identity endpoint of this machine gave no token ({type(error).__name__}).",
                "Check that the machine has a managed identity, and client_id if it is a user-assigned one.",
            ) from None
        what = f"managed identity {settings.client_id or 'of the system'}"
        return access_token(answer, what, settings.http.secrets)

    def renew(self) -> bool:
        self._client = None
        return True
