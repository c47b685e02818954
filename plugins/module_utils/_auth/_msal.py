# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Tokens by MSAL, for the credentials that prove an application to Entra (graph-facts 10.2, 10.3)."""

from __future__ import annotations

import re
import time
from abc import abstractmethod
from typing import Any

from .._errors import AuthenticationError, MissingLibrary
from .._secrets import Secrets
from ._login import LoginHost
from ._settings import Credential, Settings

KEPT = 60.0
"""Seconds for which a token is kept. MSAL looks one up in more time than the rest of a request takes."""
RENEWED = 300.0
"""Seconds before the end of a token from which MSAL asks for another one."""
HINTS = {
    "AADSTS7000215": "client_secret is wrong; give the secret's value, not its id.",
    "AADSTS7000222": "client_secret has expired; make a new one for the application.",
    "AADSTS700016": "client_id is not an application of this tenant; check client_id, tenant_id and cloud_environment.",
    "AADSTS90002": "tenant_id is not known in this cloud; check tenant_id and cloud_environment.",
    "AADSTS700027": "The certificate is not registered with the application, or the key is not the one it belongs to.",
    "AADSTS700024": "The federated token or the machine's clock is out of date.",
    "AADSTS70021": "The application trusts no issuer with the subject and audience of this federated_token.",
    "AADSTS70025": "The application has no federated credentials.",
    "AADSTS500011": "The URL is not a resource of this cloud; check cloud_environment and the URLs.",
}


def msal() -> Any:
    """The MSAL library, imported when the first token is asked for."""
    try:
        import msal as library
    except ImportError:
        raise MissingLibrary("msal") from None
    return library


def access_token(answer: dict[str, Any], what: str, secrets: Secrets) -> str:
    """Return the token in MSAL's answer. Raises AuthenticationError with Entra's own text and what to do about it."""
    if "access_token" in answer:
        return str(answer["access_token"])
    said = secrets.masked(str(answer.get("error_description") or answer.get("error") or "no token and no explanation"))
    code = re.search(r"AADSTS[0-9]+", said)
    hint = next((text for prefix, text in HINTS.items() if code and code.group().startswith(prefix)), "")
    raise AuthenticationError(f"Entra gave no token for {what}: {' '.join(said.split())}", hint)


class ConfidentialClient(Credential):
    """An application that proves who it is by what `_client_credential()` returns, in MSAL's form."""

    NEEDS = ("tenant_id", "client_id")

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._application: Any = None
        self._kept, self._kept_until = "", 0.0

    @abstractmethod
    def _client_credential(self) -> Any:
        """Raises OptionError where the credential cannot be read."""

    def token(self) -> str:
        if time.monotonic() < self._kept_until:
            return self._kept
        settings = self._settings
        library = msal()
        if self._application is None:
            self._application = library.ConfidentialClientApplication(
                settings.client_id,
                client_credential=self._client_credential(),
                authority=f"{settings.authority_url}/{settings.tenant_id}",
                # The authority is configuration, not something to look up: no other host is asked about it.
                instance_discovery=False,
                http_client=LoginHost(settings.http, settings.authority_url, str(settings.tenant_id)),
            )
        answer = self._application.acquire_token_for_client([f"{settings.resource}/.default"])
        what = f"application {settings.client_id} in tenant {settings.tenant_id}"
        self._kept = access_token(answer, what, settings.http.secrets)
        lasts = answer.get("expires_in")
        self._kept_until = time.monotonic() + min(KEPT, lasts - RENEWED) if isinstance(lasts, int) else 0.0
        return self._kept

    def renew(self) -> bool:
        self._kept_until = 0.0
        if self._application is not None:
            self._application.remove_tokens_for_client()
        return True
