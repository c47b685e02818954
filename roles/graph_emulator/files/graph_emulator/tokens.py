# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens, issued and verified as signed JWTs (graph-facts 5 and 6.2)."""

from __future__ import annotations

import time
import uuid
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from .access import ROLE_TEMPLATES, Caller, Sets, assigned_roles
from .directory import Application, Directory
from .exchange import GraphError
from .faults import Quirks

GRAPH_APP_ID: Final = "00000003-0000-0000-c000-000000000000"
KEY_ID: Final = "signing-key-of-this-start"
_EVERY_APPLICATION_WID: Final = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"  # in every app-only token


class Tokens:
    """The access tokens of one tenant, for Graph or another audience. The private key is new at each start."""

    def __init__(self, directory: Directory, key: rsa.RSAPrivateKey, url: str, quirks: Quirks) -> None:
        self.directory = directory
        self.key = key
        self.url = url
        self.quirks = quirks
        self._callers: dict[str, Caller] = {}  # by the `uti` of valid tokens
        # By token and audience, so that a signature is checked once.
        self._verified: dict[tuple[str, str], tuple[Caller, float]] = {}

    @property
    def lifetime(self) -> int:
        """Return the seconds for which a token is valid."""
        return self.quirks.token_lifetime

    def issue(self, caller: Caller, lifetime: int | None = None, audience: str | None = None) -> str:
        """Return an access token, by default for Graph. A negative lifetime makes an expired token."""
        now = int(time.time())
        unique = uuid.uuid4().hex
        lifetime = self.lifetime if lifetime is None else lifetime
        wids = [ROLE_TEMPLATES[role] for role, sets in caller.roles.items() if sets.everything]
        claims: dict[str, Any] = {
            "aud": audience or self.url,
            "iss": f"{self.url}/{self.directory.tenant_id}/",
            "iat": now + min(lifetime, 0),
            "nbf": now + min(lifetime, 0),
            "exp": now + lifetime,
            "app_displayname": self._display_name(caller.app_id),
            "appid": caller.app_id,
            "appidacr": "1",
            "oid": caller.object_id,
            "sub": caller.object_id,
            "tid": self.directory.tenant_id,
            "uti": unique,
            "ver": "1.0",
        }
        if caller.delegated:
            claims |= {"idtyp": "user", "scp": " ".join(sorted(caller.permissions)), "upn": caller.name, "wids": wids}
        else:
            claims |= {
                "idtyp": "app",
                "roles": sorted(caller.permissions),
                "wids": [*wids, _EVERY_APPLICATION_WID],
            }
        self._callers[unique] = caller
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": KEY_ID})

    def issue_for_user(
        self,
        upn: str,
        scopes: list[str],
        roles: list[str],
        role_scopes: dict[str, list[str]],
        lifetime: int | None,
        audience: str | None = None,
    ) -> str:
        """Return a delegated token with the given roles and those that the state assigns to the user.

        Raises KeyError for an unknown user or role.
        """
        user = self.directory.by_name("users", upn)
        if user is None:
            raise KeyError(upn)
        held = {role: Sets(everything=True) for role in roles}
        held |= {role: Sets(names=frozenset(sets)) for role, sets in role_scopes.items()}
        unknown = held.keys() - ROLE_TEMPLATES.keys()
        if unknown:
            raise KeyError(", ".join(unknown))
        for role, sets in assigned_roles(self.directory, user.id).items():
            held[role] = held.get(role, Sets()) | sets
        application = next(iter(self.directory.applications))
        return self.issue(Caller(upn, application, user.id, frozenset(scopes), True, held), lifetime, audience)

    def issue_for_permissions(self, permissions: list[str], lifetime: int | None, audience: str | None = None) -> str:
        """Return an app-only token of the default application with other permissions."""
        application = next(iter(self.directory.applications.values()))
        return self.issue(self._application_caller(application, permissions), lifetime, audience)

    def issue_for_application(self, application: Application, audience: str | None = None) -> str:
        """Return an app-only token with what the application was granted."""
        return self.issue(self._application_caller(application, application.permissions), audience=audience)

    def expire_all(self) -> None:
        """Invalidate every token issued so far."""
        self._callers.clear()
        self._verified.clear()

    def caller(self, authorization: str, audience: str | None = None) -> Caller:
        """Return the bearer of the token in an Authorization header, by default for Graph.

        Raises GraphError (401, graph-facts 6.2).
        """
        audience = audience or self.url
        scheme, _separator, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise self._unauthenticated("Access token is empty.")
        known = self._verified.get((token, audience))
        if known is not None and known[1] > time.time():
            return known[0]
        key = self.key.public_key()
        try:
            claims = jwt.decode(token, key, algorithms=["RS256"], audience=audience)
        except jwt.ExpiredSignatureError as error:
            raise self._unauthenticated("Access token has expired or is not yet valid.") from error
        except jwt.InvalidAudienceError as error:
            raise self._unauthenticated("Access token validation failure. Invalid audience.") from error
        except jwt.InvalidTokenError as error:
            raise self._unauthenticated("Access token validation failure.") from error
        caller = self._callers.get(claims["uti"])
        if caller is None:
            raise self._unauthenticated("Access token has expired or is not yet valid.")
        self._verified[token, audience] = (caller, claims["exp"])
        return caller

    def _unauthenticated(self, message: str) -> GraphError:
        challenge = (
            f'Bearer realm="", authorization_uri="{self.url}/common/oauth2/authorize", client_id="{GRAPH_APP_ID}"'
        )
        return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": challenge})

    def _application_caller(self, application: Application, permissions: list[str]) -> Caller:
        principal = self.directory.by_name("servicePrincipals", application.client_id)
        object_id = principal.id if principal else str(uuid.uuid5(uuid.NAMESPACE_OID, application.client_id))
        roles = {role: Sets(everything=True) for role in application.roles} | assigned_roles(self.directory, object_id)
        client_id = application.client_id
        return Caller(client_id, client_id, object_id, frozenset(permissions), roles=roles)

    def _display_name(self, client_id: str) -> str:
        application = self.directory.applications.get(client_id)
        return application.display_name if application else client_id
