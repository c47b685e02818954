# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""auth_source=client_secret: an application and its secret."""

from __future__ import annotations

from ._msal import ConfidentialClient


class ClientSecret(ConfidentialClient):
    """tenant_id, client_id, client_secret."""

    NAME = "client_secret"
    STARTED_BY = ("client_secret",)

    def _client_credential(self) -> str | None:
        return self._settings.client_secret
