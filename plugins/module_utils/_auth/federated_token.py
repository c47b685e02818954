# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""auth_source=federated_token: an application and a token of an issuer that it trusts (workload identity, OIDC)."""

from __future__ import annotations

import time
from typing import Any

from .._auth import _runner
from ._msal import ConfidentialClient
from ._settings import Settings
from ._text import claims, read_token

SOON = 600.0
"""Seconds; a token that ends within them cannot be counted on for a long run."""
SKEW = 60.0
"""Seconds before its end from which a token is not sent any more."""


class FederatedToken(ConfidentialClient):
    """tenant_id, client_id, and federated_token, federated_token_file, or a pipeline that issues tokens.

    The file is read for each token. Where the pipeline can issue tokens, it replaces one that has expired.
    """

    NAME = "federated_token"
    STARTED_BY = ("federated_token", "federated_token_file")

    @classmethod
    def missing(cls, settings: Settings) -> list[str]:
        missing = super().missing(settings)
        return [option for option in missing if option in cls.NEEDS or not _runner.request_in(settings.environment)]

    @classmethod
    def offered(cls, settings: Settings) -> bool:
        """Return whether the pipeline completes this credential: tenant and application are set, a token is not."""
        return not cls.missing(settings)

    def warning(self) -> str:
        token = self._stored()
        left = _end(token) - time.time()
        if not token or left > SOON or _runner.request_in(self._settings.environment):
            return ""
        ends = "has expired" if left <= 0 else f"expires in {max(1, round(left / 60))} minutes"
        return (
            f"The federated token {ends}, and this task cannot get another one. A run that needs a new access token"
            " later, usually after an hour, will fail then. Keep the token in federated_token_file and renew that file."
        )

    def _client_credential(self) -> dict[str, Any]:
        return {"client_assertion": self._assertion}

    def _assertion(self) -> str:
        token, settings = self._stored(), self._settings
        request = _runner.request_in(settings.environment)
        if request and (not token or _end(token) < time.time() + SKEW):
            return _runner.new_token(settings.http, request, settings.environment)
        return token

    def _stored(self) -> str:
        """Return the token of the options; empty if none is set. Raises OptionError."""
        settings = self._settings
        if settings.federated_token or not settings.federated_token_file:
            return settings.federated_token or ""
        return read_token("federated_token_file", settings.federated_token_file)


def _end(token: str) -> float:
    """Return when a token expires, in seconds since 1970; infinity if it does not say so."""
    end = claims(token).get("exp")
    return float(end) if isinstance(end, int) and abs(end) < 10**12 else float("inf")
