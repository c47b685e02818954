# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Federated tokens that a pipeline issues on request: GitHub Actions and Azure DevOps (graph-facts 10.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from .._errors import AuthenticationError
from ._login import json_object
from ._text import is_token

AUDIENCE = "api://AzureADTokenExchange"


@dataclass(frozen=True)
class Request:
    """Ask a pipeline for its token, in one request with the bearer token that the pipeline provides."""

    method: str
    address: str  # variable with the URL
    bearer: str  # variable with the bearer token
    member: str  # of the answer, which holds the token
    query: str
    needs: tuple[str, ...] = ()  # further variables, for the query

    def variables(self) -> tuple[str, ...]:
        return (self.address, self.bearer, *self.needs)


REQUESTS = (
    Request(
        "GET",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "value",
        f"audience={quote(AUDIENCE, safe='')}",
    ),
    Request(
        "POST",
        "SYSTEM_OIDCREQUESTURI",
        "SYSTEM_ACCESSTOKEN",
        "oidcToken",
        "api-version=7.1&serviceConnectionId={}",
        ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",),
    ),
)


def request_in(environment: Mapping[str, str]) -> Request | None:
    """Return the request for which every variable is set."""
    complete = (one for one in REQUESTS if all(environment.get(name, "").strip() for name in one.variables()))
    return next(complete, None)


def new_token(http: Any, request: Request, environment: Mapping[str, str]) -> str:
    """Ask the pipeline for a token. Raises AuthenticationError and TransportError, which show no part of it."""
    url, bearer = environment[request.address].strip(), environment[request.bearer].strip()
    if not re.fullmatch(r"https://[\w.-]+(:[0-9]{1,5})?(/[!-~]*)?", url, re.ASCII | re.IGNORECASE):
        raise AuthenticationError(f"{request.address} must be an https URL; no token is sent to it.")
    if not is_token(bearer):
        raise AuthenticationError(f"{request.bearer} is not a token: it has characters that a header cannot hold.")
    query = request.query.format(*(quote(environment[name].strip(), safe="") for name in request.needs))
    send = http.get if request.method == "GET" else http.post
    answer = send(
        f"{url}{'&' if '?' in url else '?'}{query}",
        headers={"Authorization": f"Bearer {bearer}", "Accept": "application/json", "Content-Type": "application/json"},
    )
    token = (json_object(answer) or {}).get(request.member)
    if answer.status_code != 200 or not is_token(token):
        raise AuthenticationError(
            f"{urlsplit(url).netloc} answered {answer.status_code} and gave no federated token of this pipeline.",
            "Check that the job may request tokens: id-token: write on GitHub, the service connection on Azure DevOps.",
        )
    http.secrets.add(token)
    return str(token)
