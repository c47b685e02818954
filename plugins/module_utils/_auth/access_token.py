# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""auth_source=access_token: a token for Graph that somebody else obtained."""

from __future__ import annotations

from .._errors import OptionError
from ._settings import Credential


class AccessToken(Credential):
    """access_token alone; it cannot be renewed."""

    NAME = "access_token"
    STARTED_BY = ("access_token",)

    def token(self) -> str:
        return str(self._settings.access_token)

    def for_resource(self, url: str) -> Credential:
        raise OptionError(
            "auth_source",
            f"access_token is a token for Graph, and {url} needs one of its own",
            "Use another credential, such as client_secret, or leave out the source role_conditions.",
        )

    def renew(self) -> bool:
        return False
