# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""auth_source=azure_cli: the account that is signed in to the Azure CLI."""

from __future__ import annotations

import json
import subprocess
import time

from .._errors import AuthenticationError
from ._settings import Credential, Settings
from ._text import is_token

PATIENCE = 60
"""Seconds for the CLI to answer."""
LIFETIME = 600
"""Seconds that a token is used for of which the CLI, an old one, does not tell the end."""


class AzureCli(Credential):
    """tenant_id where it is not the CLI's own.

    A user's token of the CLI has no CSA permission; a service principal's may have (graph-facts 10.4).
    """

    NAME = "azure_cli"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._token = ""
        self._expires_on = 0.0

    def token(self) -> str:
        if time.time() > self._expires_on - 300:
            self._ask()
        return self._token

    def renew(self) -> bool:
        self._expires_on = 0.0
        return True

    def _ask(self) -> None:
        settings = self._settings
        command = ["az", "account", "get-access-token", "--output", "json", "--resource", settings.resource]
        if settings.tenant_id:
            command += ["--tenant", settings.tenant_id]
        try:
            # Not AnsibleModule.run_command: no module is at hand here, and run_command has no timeout.
            done = subprocess.run(  # pylint: disable=ansible-bad-function
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PATIENCE,
                env=dict(settings.environment),
                check=False,
            )
            answer = json.loads(done.stdout) if done.returncode == 0 else {}
            if not is_token(answer["accessToken"]):
                raise ValueError
            self._token = answer["accessToken"]
            self._expires_on = float(answer.get("expires_on") or time.time() + LIFETIME)
        except FileNotFoundError:
            raise AuthenticationError("The Azure CLI (az) is not installed or not on the PATH.") from None
        except OSError as error:
            raise AuthenticationError(f"The Azure CLI (az) cannot be run: {error.strerror}.") from None
        except subprocess.TimeoutExpired:
            raise AuthenticationError(f"The Azure CLI did not answer in {PATIENCE} seconds.") from None
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            said = next(
                (line for line in done.stderr.splitlines() if line.startswith("ERROR")), "ERROR: no token in its output"
            )
            raise AuthenticationError(
                f"The Azure CLI gave no token: {said[:300]}", "Sign in first: az login --allow-no-subscriptions"
            ) from None
