# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""auth_source=managed_identity: the identity of the Azure resource that the task runs on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._errors import AuthenticationError
from ._login import (
    CHECK_IDENTITY,
    NOTHING,
    IdentityEndpoint,
)
from ._msal import access_token, msal
from ._settings import Credential, Settings

PLATFORMS = {
    "Azure App Service, Functions, Automation, or Service Fabric": ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"),
    "Azure Machine Learning": ("MSI_ENDPOINT", "MSI_SECRET"),
    "Azure Arc": ("IDENTITY_ENDPOINT", "IMDS_ENDPOINT"),
    "a metadata service of its own": ("AZURE_POD_IDENTITY_AUTHORITY_HOST",),
}
"""The variables by which a platform shows that it has an identity (graph-facts 10.3). A virtual machine sets none."""
MARKERS = frozenset(name for names in PLATFORMS.values() for name in names)


class ManagedIdentity(Credential):
    """client_id for a user-assigned one. MSAL finds the endpoint in the environment of the process."""

    NAME = "managed_identity"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._client: Any = None

    @classmethod
    def offered(cls, settings: Settings) -> bool:
        """Return whether the environment of a platform is complete."""
        return any(names <= _present(settings.environment) for names in map(frozenset, PLATFORMS.values()))

    @classmethod
    def missing(cls, settings: Settings) -> list[str]:
        """Return the variable that the environment lacks next to one that is set. A virtual machine sets none."""
        present = _present(settings.environment)
        if not present or cls.offered(settings):
            return []
        halves = [" and ".join(sorted({*names} - present)) for names in PLATFORMS.values() if present & {*names}]
        return [f"{' or '.join(halves)} in the environment next to {' and '.join(sorted(present))}"]

    def token(self) -> str:
        library = msal()
        settings = self._settings
        if self._client is None:
            identity = (
                library.UserAssignedManagedIdentity(client_id=settings.client_id)
                if settings.client_id
                else library.SystemAssignedManagedIdentity()
            )
            self._client = library.ManagedIdentityClient(identity, http_client=IdentityEndpoint(settings.http))
        try:
            answer = self._client.acquire_token_for_client(resource=settings.resource)
        except library.ManagedIdentityError as error:
            raise AuthenticationError(f"{NOTHING}: {error}", CHECK_IDENTITY) from None
        except OSError as error:
            raise AuthenticationError(
                f"{NOTHING}: the key file of Azure Arc, {error.filename}, cannot be read: {error.strerror}.",
                "Run as a user of the group himds, which the agent of Azure Arc lets read it.",
            ) from None
        except ValueError:
            reason = "its address is not a URL, or the key file of Azure Arc is not text"
            raise AuthenticationError(f"{NOTHING}: {reason}.", CHECK_IDENTITY) from None
        what = f"managed identity {settings.client_id or 'of the system'}"
        return access_token(answer, what, settings.http.secrets)

    def renew(self) -> bool:
        self._client = None
        return True


def _present(environment: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for name in MARKERS if environment.get(name, "").strip())
