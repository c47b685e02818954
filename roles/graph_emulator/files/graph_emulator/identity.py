# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The identity service: discovery, token endpoint and managed identity (graph-facts 10).

It verifies every credential. Error codes are the well-known AADSTS numbers, with shortened texts.
"""

from __future__ import annotations

import base64
import hmac
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, Final

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from jwt.algorithms import RSAAlgorithm

from .credentials import Credentials
from .directory import Application, Directory, FederatedCredential
from .exchange import Request, Response
from .faults import Quirks
from .tokens import GRAPH_APP_ID, KEY_ID, Tokens

GENERATED: Final = "generated"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS: Final = ["RS256", "PS256"]


class TokenError(Exception):
    """An error of the token endpoint."""

    def __init__(self, status: int, error: str, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.code = code

    def response(self) -> Response:
        """Return the OAuth error with Entra's additions."""
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        timestamp = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")
        ids = f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}"
        body = {
            "error": self.error,
            "error_description": f"AADSTS{self.code}: {self} {ids}",
            "error_codes": [self.code],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
        }
        return Response(self.status, body)


class IdentityService:
    """Issuer of tokens for verified credentials."""

    def __init__(
        self,
        directory: Directory,
        credentials: Credentials,
        url: str,
        header_secret: str,
        quirks: Quirks,
        resource_manager_url: str,
    ) -> None:
        self.directory = directory
        self.credentials = credentials
        self.url = url
        self.resource_manager_url = resource_manager_url
        self.tokens = Tokens(directory, credentials.signing, url, quirks)
        self.header_secret = header_secret  # the IDENTITY_HEADER of App Service

    # Discovery

    def discovery(self, tenant: str) -> Response:
        """Answer the OpenID configuration of a tenant."""
        self._check_tenant(tenant)
        base = f"{self.url}/{tenant}"
        return Response(
            200,
            {
                "issuer": f"{self.url}/{self.directory.tenant_id}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "tenant_region_scope": "EU",
            },
        )

    def keys(self, tenant: str) -> Response:
        """Answer the public keys of the access tokens."""
        self._check_tenant(tenant)
        key = RSAAlgorithm.to_jwk(self.tokens.key.public_key(), as_dict=True)
        return Response(200, {"keys": [{**key, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]})

    def _check_tenant(self, tenant: str) -> None:
        if tenant.lower() not in [self.directory.tenant_id.lower(), *map(str.lower, self.directory.domains)]:
            raise TokenError(400, "invalid_tenant", 90002, f"Tenant '{tenant}' not found.")

    # Token endpoint

    def token(self, tenant: str, request: Request) -> Response:
        """Answer a token request (graph-facts 10.2). Raises TokenError."""
        self._check_tenant(tenant)
        form = request.form
        request.caller_name = form.get("client_id")
        for name in ("grant_type", "client_id", "scope"):
            if not form.get(name):
                text = f"The request body must contain the following parameter: '{name}'."
                raise TokenError(400, "invalid_request", 900144, text)
        if form["grant_type"] != "client_credentials":
            text = f"The app requested an unsupported grant type '{form['grant_type']}'."
            raise TokenError(400, "unsupported_grant_type", 70003, text)
        application = self.directory.applications.get(form["client_id"])
        if application is None or application.managed_identity:
            text = f"Application with identifier '{form['client_id']}' was not found in the directory."
            raise TokenError(400, "unauthorized_client", 700016, text)
        self._authenticate(application, tenant, form)
        resource, slash, default = form["scope"].rpartition("/")
        if not slash or default != ".default":
            text = f"The provided value for scope {form['scope']} is not valid. It must end in /.default."
            raise TokenError(400, "invalid_scope", 1002012, text)
        audience = self._audience(resource)
        if audience is None:
            text = f"The resource principal named {resource} was not found in the tenant."
            raise TokenError(400, "invalid_resource", 500011, text)
        token = self.tokens.issue_for_application(application, audience)
        lifetime = self.tokens.lifetime
        body = {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token}
        return Response(200, body)

    def _audience(self, resource: str) -> str | None:
        """Return the audience of tokens for a resource, or None for a resource that does not exist."""
        known = {self.url: self.url, GRAPH_APP_ID: self.url, self.resource_manager_url: self.resource_manager_url}
        return known.get(resource.rstrip("/"))

    def _authenticate(self, application: Application, tenant: str, form: dict[str, str]) -> None:
        """Raise TokenError unless the form authenticates the application."""
        if "client_secret" in form:
            _check_secret(application, form["client_secret"])
        elif form.get("client_assertion_type") == ASSERTION_TYPE and form.get("client_assertion"):
            self._check_assertion(application, tenant, form["client_assertion"])
        else:
            text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise TokenError(401, "invalid_client", 7000218, text)

    def _check_assertion(self, application: Application, tenant: str, assertion: str) -> None:
        """Check an assertion signed by the application itself, or by an issuer that it trusts."""
        try:
            header = jwt.get_unverified_header(assertion)
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            raise _bad_assertion(50027, "JWT token is invalid or malformed.") from error
        if claims.get("iss") == application.client_id:
            key = self._certificate(application, header).public_key()
            audiences = [
                f"{self.url}/{name}{suffix}"
                for name in (tenant, self.directory.tenant_id)
                for suffix in ("", "/", "/v2.0", "/oauth2/v2.0/token")
            ]
            claims = _decoded(assertion, key, audiences, 700027, 700023)
            if claims["sub"] != application.client_id:
                raise _bad_assertion(700021, "Client assertion application identifier doesn't match 'client_id'.")
        else:
            credential = _federated(application, claims)
            key = self._issuer_key(credential)
            _decoded(assertion, key, [credential.audience], 50013, 700212)

    def _certificate(self, application: Application, header: dict[str, Any]) -> x509.Certificate:
        """Return the registered certificate that the header names by thumbprint. Raises TokenError."""
        for text in application.certificates:
            certificate = self.credentials.client_certificate
            if text != GENERATED:
                certificate = x509.load_pem_x509_certificate(text.encode())
            older, newer = hashes.SHA1(), hashes.SHA256()  # noqa: S303 - the header x5t is defined so
            for name, algorithm in (("x5t#S256", newer), ("x5t", older)):
                # MSAL keeps the padding.
                if str(header.get(name, "")).rstrip("=") == _thumbprint(certificate, algorithm):
                    return certificate
        text = "The certificate with identifier used to sign the client assertion is not registered on application."
        raise _bad_assertion(700027, text)

    def _issuer_key(self, credential: FederatedCredential) -> Any:
        if credential.public_key == GENERATED:
            return self.credentials.issuer.public_key()
        return serialization.load_pem_public_key(credential.public_key.encode())

    # Managed identity

    def app_service(self, request: Request) -> Response:
        """Answer App Service's identity endpoint, api-version 2019-08-01."""

        def refusal(status: int, message: str) -> Response:
            return Response(status, {"statusCode": status, "message": message})

        if not hmac.compare_digest(request.headers.get("x-identity-header", ""), self.header_secret):
            return refusal(401, "The X-IDENTITY-HEADER is missing or wrong.")
        if request.query.get("api-version") != "2019-08-01":
            return refusal(400, "The api-version is not supported.")
        return self._managed_identity(request, refusal, bad_resource_status=500)

    def metadata_service(self, request: Request) -> Response:
        """Answer a virtual machine's metadata service, api-version 2018-02-01."""

        def refusal(status: int, message: str) -> Response:
            return Response(status, {"error": "invalid_request", "error_description": message})

        if request.headers.get("metadata", "").lower() != "true":
            return refusal(400, "Required metadata header not specified")
        if request.query.get("api-version") != "2018-02-01":
            return refusal(400, "The api-version is not supported.")
        return self._managed_identity(request, refusal, bad_resource_status=400)

    def _managed_identity(
        self, request: Request, refusal: Callable[[int, str], Response], bad_resource_status: int
    ) -> Response:
        client_id = request.query.get("client_id")
        application = next(
            (
                application
                for application in self.directory.applications.values()
                if application.managed_identity
                and (application.client_id == client_id if client_id else application.managed_identity == "system")
            ),
            None,
        )
        if application is None:
            return refusal(400, "Identity not found")
        request.caller_name = application.client_id
        resource = request.query.get("resource", "")
        audience = self._audience(resource)
        if audience is None:
            return refusal(bad_resource_status, f"The resource principal named {resource} was not found in the tenant.")
        body = {
            "access_token": self.tokens.issue_for_application(application, audience),
            "client_id": application.client_id,
            "expires_in": str(self.tokens.lifetime),
            "expires_on": str(int(time.time()) + self.tokens.lifetime),
            "resource": resource,
            "token_type": "Bearer",
        }
        return Response(200, body)


def _check_secret(application: Application, secret: str) -> None:
    for registered in application.secrets:
        if hmac.compare_digest(registered["value"].encode(), secret.encode()):
            if registered.get("expires", time.time() + 1) <= time.time():
                text = f"The provided client secret keys for app '{application.client_id}' are expired."
                raise TokenError(401, "invalid_client", 7000222, text)
            return
    text = f"Invalid client secret provided for app '{application.client_id}'."
    raise TokenError(401, "invalid_client", 7000215, text)


def _federated(application: Application, claims: dict[str, Any]) -> FederatedCredential:
    """Return the registered credential that the claims match. Raises TokenError that names the difference."""
    of_issuer = [item for item in application.federated if item.issuer == claims.get("iss")]
    of_subject = [item for item in of_issuer if item.subject == claims.get("sub")]
    if not of_issuer:
        raise _bad_assertion(700211, "No matching federated identity record found for presented assertion issuer.")
    if not of_subject:
        raise _bad_assertion(700213, "No matching federated identity record found for presented assertion subject.")
    return of_subject[0]


def _decoded(assertion: str, key: Any, audiences: list[str], bad_signature: int, bad_audience: int) -> dict[str, Any]:
    """Return the claims of an assertion after a check of signature, time and audience. Raises TokenError."""
    try:
        return jwt.decode(
            assertion,
            key,
            algorithms=_ALGORITHMS,
            audience=audiences,
            leeway=5,
            options={"require": ["exp", "iss", "sub", "aud"]},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise _bad_assertion(700024, "Client assertion is not within its valid time range.") from error
    except jwt.InvalidAudienceError as error:
        raise _bad_assertion(bad_audience, "The audience of the client assertion does not match.") from error
    except jwt.InvalidTokenError as error:
        raise _bad_assertion(bad_signature, "Client assertion failed signature validation.") from error


def _bad_assertion(code: int, text: str) -> TokenError:
    return TokenError(401, "invalid_client", code, text)


def _thumbprint(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    return base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).decode().rstrip("=")
