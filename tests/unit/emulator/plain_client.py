# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain client for the local Graph: `requests` and nothing of this collection, for what is tested is the stand-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests
from _emulator import Emulator

SET_TYPE = "#Microsoft.DirectoryServices.CustomSecurityAttributeValue"
ADELE = "adele@contoso.com"
DARA = "dara@contoso.com"
PAYROLL = "44444444-4444-4444-8444-444444444401"
EVENTUAL = {"ConsistencyLevel": "eventual"}


@dataclass
class Client:
    """Calls Graph with a token."""

    emulator: Emulator
    token: str

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        url = path if path.startswith("https://") else f"{self.emulator.url}{path}"
        return self.emulator.session.request(
            method,
            url,
            json=body,
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
            verify=self.emulator.environment["REQUESTS_CA_BUNDLE"],
            timeout=10,
        )

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.call("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def assign(self, members: dict[str, Any], who: str = f"users/{ADELE}", set_name: str = "Engineering") -> Any:
        """PATCH attributes of one set, with the type of the set as every sample of Microsoft has it."""
        body = {"customSecurityAttributes": {set_name: {"@odata.type": SET_TYPE, **members}}}
        return self.call("PATCH", f"/v1.0/{who}", body)

    def attributes(self, who: str = f"users/{ADELE}") -> Any:
        response = self.get(f"/v1.0/{who}?$select=customSecurityAttributes")
        assert response.status_code == 200, response.text
        return response.json()["customSecurityAttributes"]


def error_of(response: requests.Response) -> tuple[int, str]:
    """Return status and code of a refusal."""
    return response.status_code, response.json()["error"]["code"]
