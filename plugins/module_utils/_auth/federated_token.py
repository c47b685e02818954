# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""auth_source=federated_token: an application and a token of an issuer that it trusts (workload identity, OIDC)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.entra.attributes.plugins.module_utils._auth._msal import ConfidentialClient


class FederatedToken(ConfidentialClient):
    """tenant_id, client_id, and federated_token or federated_token_file; the file is read for each token."""

    NAME = "federated_token"
    STARTED_BY = ("federated_token", "federated_token_file")

    def _client_credential(self) -> dict[str, Any]:
        return {"client_assertion": self._assertion}

    def _assertion(self) -> str:
        if self._settings.federated_token:
            return self._settings.federated_token
        return Path(str(self._settings.federated_token_file)).read_text(encoding="utf-8").strip()
