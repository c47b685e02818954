# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The checked answers of the login host and of a machine's identity endpoint, as MSAL sees them.

MSAL meets an answer that Entra would not send with exceptions of many libraries, or with none. So it is handed only
what was checked here, rebuilt from the members that it needs.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .._errors import AuthenticationError
from ._text import is_token

LONGEST_LIFE = 366 * 86_400
"""Seconds that a token can live by any configuration of Entra, and more."""
MOST_SAID = 16_000
"""Characters of an explanation that are repeated."""


@dataclass(frozen=True)
class Answer:
    """An answer in the form that MSAL takes."""

    status_code: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def raise_for_status(self) -> None:
        """Answers with a status that would raise do not get here."""


class LoginHost:
    """An `http_client` of MSAL for one authority: discovery by GET, tokens by POST, and both from its host alone."""

    def __init__(self, http: Any, authority_url: str, tenant_id: str) -> None:
        self._http = http
        self._url = authority_url
        self._tenant = tenant_id

    def get(self, url: str, **kwargs: Any) -> Answer:
        """Return the discovery document. Raises AuthenticationError and TransportError."""
        answer = self._http.get(url, **kwargs)
        if 400 <= answer.status_code < 500 and answer.status_code != 429:
            raise AuthenticationError(
                f"{self._url} does not know tenant {self._tenant}, or is not a login host of Entra.",
                "Check tenant_id, cloud_environment and authority_url.",
            )
        status, content = self._content(answer)
        known = {}
        for name in ("authorization_endpoint", "token_endpoint"):
            known[name] = content.get(name)
            if not _is_below(known[name], self._url):
                raise AuthenticationError(
                    f"The discovery document of {self._url} has no {name} on its own host; no credential is sent to"
                    " another one.",
                    "Check authority_url and the proxy.",
                )
        return Answer(status, json.dumps(known))

    def post(self, url: str, **kwargs: Any) -> Answer:
        """Return a token or Entra's refusal. Raises AuthenticationError and TransportError."""
        status, content = self._content(self._http.post(url, **kwargs))
        if status == 200:
            return Answer(status, json.dumps(_token(content, self._url)))
        return Answer(status, json.dumps({"error": "refused", "error_description": _said(content)}))

    def close(self) -> None:
        """The connections belong to the task's `Http`."""

    def _content(self, answer: Any) -> tuple[int, dict[str, Any]]:
        status = answer.status_code
        if 300 <= status < 400:
            raise AuthenticationError(
                f"{self._url} answered {status}, a redirect, which is not followed.",
                "Something in between answered, such as a sign-in page; check authority_url and the proxy.",
            )
        if status == 429 or status >= 500:
            raise AuthenticationError(f"{self._url} cannot issue tokens now: it answered {status}.", "Try again later.")
        content = json_object(answer)
        if content is None:
            raise AuthenticationError(
                f"{self._url} answered {status} with something that is not Entra's.",
                "Check authority_url and the proxy.",
            )
        return status, content


class IdentityEndpoint:
    """An `http_client` of MSAL for the identity of a machine, whose forms differ by platform (graph-facts 10.3)."""

    def __init__(self, http: Any) -> None:
        self._http = http

    def get(self, url: str, **kwargs: Any) -> Answer:
        """Return a token, or the challenge of Azure Arc. Raises AuthenticationError and TransportError."""
        answer = self._http.get(url, **kwargs)
        challenge = {name: value for name, value in answer.headers.items() if name.lower() == "www-authenticate"}
        if answer.status_code == 401 and challenge and "Authorization" not in kwargs.get("headers", {}):
            return Answer(401, "", challenge)
        content = json_object(answer) or {}
        if answer.status_code != 200:
            raise AuthenticationError(f"{NOTHING}: it answered {answer.status_code}: {_said(content)}", CHECK_IDENTITY)
        token = _token(content, "The managed identity endpoint of this machine")
        echoed = {name: content[name] for name in ("client_id", "object_id", "msi_res_id") if name in content}
        ends = {"expires_on": str(int(time.time()) + token["expires_in"])}
        return Answer(200, json.dumps({**echoed, **token, **ends}))

    def post(self, url: str, **kwargs: Any) -> Answer:
        """No platform is asked by POST."""
        raise NotImplementedError(url)

    def close(self) -> None:
        """The connections belong to the task's `Http`."""


NOTHING = "The managed identity endpoint of this machine gave no token"
CHECK_IDENTITY = "Check that the machine has a managed identity, and client_id if it is a user-assigned one."


def json_object(answer: Any) -> dict[str, Any] | None:
    """Return the JSON object of an answer; None where it is something else, or nested too deeply.

    A success is read as it came: the mask over known secrets would damage a token that shares a part with one.
    """
    try:
        content = json.loads(answer.text) if answer.status_code == 200 else answer.error
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _token(content: Mapping[str, Any], who: str) -> dict[str, Any]:
    """Return the token of an answer and its lifetime in seconds. Raises AuthenticationError without a part of it."""
    token, lifetime = content.get("access_token"), _lifetime(content)
    if not is_token(token):
        raise AuthenticationError(f"{who} answered 200 without an access token.", "Check authority_url and the proxy.")
    if not lifetime:
        raise AuthenticationError(
            f"{who} issued a token whose lifetime (expires_in) is not a positive number of seconds.",
            "Check authority_url and the proxy.",
        )
    return {"access_token": token, "token_type": "Bearer", "expires_in": lifetime}


def _lifetime(content: Mapping[str, Any]) -> int:
    """Return the seconds until a token ends, by `expires_in` or else `expires_on`; 0 where neither makes sense."""
    try:
        if "expires_in" in content:
            seconds = float(content["expires_in"])
        else:
            seconds = float(content["expires_on"]) - time.time()
    except (KeyError, ValueError, TypeError, OverflowError):
        return 0
    return int(seconds) if math.isfinite(seconds) and 1 <= seconds <= LONGEST_LIFE else 0


def _said(content: Mapping[str, Any]) -> str:
    """Return the explanation that an error of any shape contains, in one line."""
    error = content.get("error")
    inner = error if isinstance(error, Mapping) else {}
    parts = (content.get("error_description"), content.get("message"), inner.get("message"), error)
    said = next((part for part in parts if isinstance(part, str) and part.strip()), "no explanation")
    return " ".join(said[:MOST_SAID].split())


def _is_below(url: Any, authority_url: str) -> bool:
    """Return whether a URL is an https URL on the host and port of the authority."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable():
        return False
    try:
        found, own = urlsplit(url), urlsplit(authority_url)
        same = (found.hostname, found.port or 443) == (own.hostname, own.port or 443)
    except ValueError:
        return False
    return found.scheme == "https" and same and "@" not in found.netloc and bool(found.path.strip("/"))
