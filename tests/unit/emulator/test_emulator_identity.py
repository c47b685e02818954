# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The identity service: every credential is verified, through real MSAL and by hand (graph-facts 10)."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jwt
import msal
import pytest
import requests
from _emulator import Emulator
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from plain_client import Client

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def ca(emulator: Emulator) -> str:
    return emulator.environment["REQUESTS_CA_BUNDLE"]


def msal_token(emulator: Emulator, credential: Any, authority: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what MSAL gets for the default application."""
    environment = emulator.environment
    session = requests.Session()
    session.trust_env = False
    session.verify = ca(emulator)
    tenant = f"{environment['AZURE_AUTHORITY_HOST']}/{environment['AZURE_TENANT_ID']}"
    application = msal.ConfidentialClientApplication(
        environment["AZURE_CLIENT_ID"],
        client_credential=credential,
        http_client=session,
        **(authority or {"authority": tenant, "instance_discovery": False}),
    )
    result: dict[str, Any] = application.acquire_token_for_client([f"{environment['ENTRA_GRAPH_URL']}/.default"])
    return result


def ask(emulator: Emulator, tenant: str | None = None, **form: str) -> requests.Response:
    """POST to the token endpoint; the form begins as that of the default application, "" leaves a member out."""
    environment = emulator.environment
    body = {
        "grant_type": "client_credentials",
        "client_id": environment["AZURE_CLIENT_ID"],
        "scope": f"{emulator.url}/.default",
        **form,
    }
    return emulator.session.post(
        f"{emulator.url}/{tenant or environment['AZURE_TENANT_ID']}/oauth2/v2.0/token",
        data={name: value for name, value in body.items() if value},
        verify=ca(emulator),
        timeout=10,
    )


def refusal(response: requests.Response) -> tuple[int, str, list[int]]:
    """Return status, error and codes, having checked that the description is Entra's kind of sentence."""
    body = response.json()
    code = body["error_codes"][0]
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    for word in ("Trace ID: ", "Correlation ID: ", "Timestamp: "):
        assert word in body["error_description"]
    assert body["correlation_id"] in body["error_description"]
    return response.status_code, body["error"], body["error_codes"]


def test_msal_with_a_secret(emulator: Emulator) -> None:
    result = msal_token(emulator, emulator.environment["AZURE_CLIENT_SECRET"])
    assert (result["token_type"], result["expires_in"]) == ("Bearer", 3599)
    assert Client(emulator, result["access_token"]).get("/v1.0/users").status_code == 200


@pytest.mark.parametrize("suffix", ["", "/v2.0"])
def test_msal_with_an_oidc_authority(emulator: Emulator, suffix: str) -> None:
    tenant = f"{emulator.url}/{emulator.environment['AZURE_TENANT_ID']}{suffix}"
    result = msal_token(emulator, emulator.environment["AZURE_CLIENT_SECRET"], {"oidc_authority": tenant})
    assert "access_token" in result


def test_msal_with_the_tenants_domain(emulator: Emulator) -> None:
    authority = {"authority": f"{emulator.url}/contoso.com", "instance_discovery": False}
    assert "access_token" in msal_token(emulator, emulator.environment["AZURE_CLIENT_SECRET"], authority)


def test_the_lifetime_of_tokens_can_be_set(emulator: Emulator) -> None:
    emulator.quirks(token_lifetime=60)
    result = msal_token(emulator, emulator.environment["AZURE_CLIENT_SECRET"])
    claims = jwt.decode(result["access_token"], options={"verify_signature": False})
    assert result["expires_in"] == claims["exp"] - claims["iat"] == 60


def test_msal_with_a_wrong_secret(emulator: Emulator) -> None:
    result = msal_token(emulator, "not-the-secret-of-this-application")
    assert (result["error"], result["error_codes"]) == ("invalid_client", [7000215])


def pem_credential(emulator: Emulator, *, thumbprint: bool) -> dict[str, str]:
    pem = Path(emulator.credentials["certificate_pem"]).read_text()
    if thumbprint:
        return {"private_key": pem, "thumbprint": emulator.credentials["certificate_thumbprint"]}
    certificate = pem[pem.index("-----BEGIN CERTIFICATE") :]
    return {"private_key": pem, "public_certificate": certificate}


@pytest.mark.parametrize("thumbprint", [True, False], ids=["x5t RS256", "x5t#S256 PS256"])
def test_msal_with_a_certificate_in_pem(emulator: Emulator, thumbprint: bool) -> None:
    assert "access_token" in msal_token(emulator, pem_credential(emulator, thumbprint=thumbprint))


def test_msal_with_a_certificate_in_pfx(emulator: Emulator) -> None:
    credentials = emulator.credentials
    pfx = {
        "private_key_pfx_path": credentials["certificate_pfx"],
        "passphrase": credentials["certificate_password"],
        "public_certificate": True,
    }
    assert "access_token" in msal_token(emulator, pfx)


def foreign_certificate() -> tuple[rsa.RSAPrivateKey, bytes]:
    """Return a key that no application has, and its certificate in DER."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "foreign")])
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return key, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def own_assertion(emulator: Emulator, key: Any = None, der: bytes | None = None, **claims: Any) -> str:
    """Return a client assertion of the default application, signed as MSAL does by default."""
    pem = Path(emulator.credentials["certificate_pem"]).read_bytes()
    if key is None:
        loaded = serialization.load_pem_private_key(pem, None)
        assert isinstance(loaded, rsa.RSAPrivateKey)
        key = loaded
    der = der or x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
    client_id = emulator.environment["AZURE_CLIENT_ID"]
    now = int(time.time())
    own = {
        "aud": f"{emulator.url}/{emulator.environment['AZURE_TENANT_ID']}/oauth2/v2.0/token",
        "iss": client_id,
        "sub": client_id,
        "iat": now,
        "nbf": now,
        "exp": now + 600,
    }
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")
    return jwt.encode({**own, **claims}, key, algorithm="PS256", headers={"x5t#S256": thumbprint})


def ask_with(emulator: Emulator, assertion: str) -> requests.Response:
    return ask(emulator, client_assertion_type=ASSERTION_TYPE, client_assertion=assertion)


def test_assertions_by_certificate_are_verified(emulator: Emulator) -> None:
    key, der = foreign_certificate()
    hour_ago = int(time.time()) - 3600
    assert ask_with(emulator, own_assertion(emulator)).status_code == 200
    cases: list[tuple[str, int]] = [
        (own_assertion(emulator, key, der), 700027),  # a certificate that is not registered
        (own_assertion(emulator, key), 700027),  # the registered thumbprint, signed with another key
        (own_assertion(emulator, aud="https://elsewhere.example.com/token"), 700023),
        (own_assertion(emulator, sub="22222222-2222-4222-8222-222222222202"), 700021),
        (own_assertion(emulator, iat=hour_ago, nbf=hour_ago, exp=hour_ago + 600), 700024),
        (own_assertion(emulator, nbf=int(time.time()) + 3600), 700024),
        ("nonsense", 50027),
    ]
    for assertion, code in cases:
        assert refusal(ask_with(emulator, assertion)) == (401, "invalid_client", [code])


def test_the_certificate_of_one_application_is_not_that_of_another(emulator: Emulator) -> None:
    other = emulator.credentials["applications"]["blind"]["client_id"]
    assertion = own_assertion(emulator, iss=other, sub=other)
    refused = ask(emulator, client_id=other, client_assertion_type=ASSERTION_TYPE, client_assertion=assertion)
    assert refusal(refused) == (401, "invalid_client", [700027])


def test_msal_with_a_federated_token(emulator: Emulator) -> None:
    token = Path(emulator.credentials["federated_token_file"]).read_text()
    assert "access_token" in msal_token(emulator, {"client_assertion": lambda: token})


def federated(emulator: Emulator, key: Any = None, **claims: Any) -> str:
    """Return a token of the foreign issuer, valid by default."""
    right = jwt.decode(
        Path(emulator.credentials["federated_token_file"]).read_text(), options={"verify_signature": False}
    )
    key = key or Path(emulator.credentials["federated_issuer_key"]).read_text()
    return jwt.encode({**right, **claims}, key, algorithm="RS256")


def test_federated_assertions_are_verified(emulator: Emulator) -> None:
    assert ask_with(emulator, federated(emulator)).status_code == 200
    cases: list[tuple[str, int]] = [
        (federated(emulator, iss="https://issuer.example.net"), 700211),
        (federated(emulator, sub="repo:somebody/else:ref:refs/heads/main"), 700213),
        (federated(emulator, aud="api://SomethingElse"), 700212),
        (federated(emulator, exp=int(time.time()) - 600), 700024),
        (federated(emulator, rsa.generate_private_key(65537, 2048)), 50013),
    ]
    for assertion, code in cases:
        assert refusal(ask_with(emulator, assertion)) == (401, "invalid_client", [code])


def test_refusals_of_the_token_endpoint(emulator: Emulator) -> None:
    secret = emulator.environment["AZURE_CLIENT_SECRET"]
    expired = emulator.credentials["applications"]["expired"]
    identity = emulator.credentials["applications"]["system-identity"]["client_id"]
    unknown = "99999999-9999-4999-8999-999999999999"
    cases: list[tuple[dict[str, str], tuple[int, str, list[int]]]] = [
        ({"client_secret": "wrong"}, (401, "invalid_client", [7000215])),
        ({**expired}, (401, "invalid_client", [7000222])),
        ({"client_secret": secret, "client_id": unknown}, (400, "unauthorized_client", [700016])),
        ({"client_secret": secret, "client_id": identity}, (400, "unauthorized_client", [700016])),
        ({"client_secret": secret, "tenant": "fabrikam.com"}, (400, "invalid_tenant", [90002])),
        ({"client_secret": secret, "scope": emulator.url}, (400, "invalid_scope", [1002012])),
        ({"client_secret": secret, "scope": f"{emulator.url}/User.Read"}, (400, "invalid_scope", [1002012])),
        (
            {"client_secret": secret, "scope": "https://vault.azure.net/.default"},
            (400, "invalid_resource", [500011]),
        ),
        ({"client_secret": secret, "grant_type": "password"}, (400, "unsupported_grant_type", [70003])),
        ({"client_secret": secret, "grant_type": ""}, (400, "invalid_request", [900144])),
        ({"client_secret": secret, "client_id": ""}, (400, "invalid_request", [900144])),
        ({}, (401, "invalid_client", [7000218])),
        ({"client_assertion": federated(emulator)}, (401, "invalid_client", [7000218])),
    ]
    for form, expected in cases:
        assert refusal(ask(emulator, **form)) == expected, form


def test_discovery_and_keys(emulator: Emulator) -> None:
    tenant = emulator.environment["AZURE_TENANT_ID"]
    for path in (f"/{tenant}/v2.0", f"/{tenant}", "/contoso.com/v2.0"):
        url = f"{emulator.url}{path}/.well-known/openid-configuration"
        found = emulator.session.get(url, verify=ca(emulator), timeout=10).json()
        assert found["issuer"] == f"{emulator.url}/{tenant}/v2.0"
        assert found["token_endpoint"].startswith(emulator.url)
    keys = emulator.session.get(found["jwks_uri"], verify=ca(emulator), timeout=10).json()
    token = emulator.token(permissions=["User.Read.All"])
    key = jwt.PyJWK(keys["keys"][0])
    assert jwt.decode(token, key, algorithms=["RS256"], audience=emulator.url)["roles"] == ["User.Read.All"]
    url = f"{emulator.url}/fabrikam.com/v2.0/.well-known/openid-configuration"
    unknown = emulator.session.get(url, verify=ca(emulator), timeout=10)
    assert refusal(unknown) == (400, "invalid_tenant", [90002])


@pytest.mark.parametrize("client_id", [None, "22222222-2222-4222-8222-222222222211"])
@pytest.mark.parametrize("kind", ["app_service", "metadata_service"])
def test_msal_with_a_managed_identity(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, kind: str, client_id: str | None
) -> None:
    for name, value in emulator.credentials[kind].items():
        monkeypatch.setenv(name, value)
    session = requests.Session()
    session.trust_env = False
    session.verify = ca(emulator)
    identity: Any = msal.SystemAssignedManagedIdentity()
    if client_id:
        identity = msal.UserAssignedManagedIdentity(client_id=client_id)
    result = msal.ManagedIdentityClient(identity, http_client=session).acquire_token_for_client(resource=emulator.url)
    claims = jwt.decode(result["access_token"], options={"verify_signature": False})
    assert claims["appid"] == (client_id or "22222222-2222-4222-8222-222222222210")
    assert 3590 < result["expires_in"] <= 3599
    assert Client(emulator, result["access_token"]).get("/v1.0/servicePrincipals").status_code == 200


def test_managed_identity_is_verified(emulator: Emulator) -> None:
    header = emulator.credentials["app_service"]["IDENTITY_HEADER"]

    def status(path: str, headers: dict[str, str], **query: str) -> int:
        url = f"{emulator.url}{path}"
        answer = emulator.session.get(url, headers=headers, params=query, verify=ca(emulator), timeout=10)
        return answer.status_code

    service = {"api-version": "2019-08-01", "resource": emulator.url}
    good = {"X-IDENTITY-HEADER": header}
    assert status("/msi/token", good, **service) == 200
    assert status("/msi/token", {"X-IDENTITY-HEADER": "wrong"}, **service) == 401
    assert status("/msi/token", {}, **service) == 401
    assert status("/msi/token", good, **{**service, "api-version": "2017-09-01"}) == 400
    assert status("/msi/token", good, **{**service, "resource": "https://vault.azure.net"}) == 500
    assert status("/msi/token", good, **service, client_id="22222222-2222-4222-8222-222222222201") == 400
    metadata = {"api-version": "2018-02-01", "resource": emulator.url}
    path = "/metadata/identity/oauth2/token"
    assert status(path, {"Metadata": "true"}, **metadata) == 200
    assert status(path, {}, **metadata) == 400
    assert status(path, {"Metadata": "true"}, **{**metadata, "resource": "https://vault.azure.net"}) == 400


def test_no_credential_is_logged(emulator: Emulator) -> None:
    secret, assertion = emulator.environment["AZURE_CLIENT_SECRET"], own_assertion(emulator)
    token = ask(emulator, client_secret=secret).json()["access_token"]
    ask_with(emulator, assertion)
    Client(emulator, token).get("/v1.0/users")
    log = emulator.requests(kind=None)
    assert [entry["kind"] for entry in log] == ["token", "token", "graph"]
    assert {entry["identity"] for entry in log} == {emulator.environment["AZURE_CLIENT_ID"]}
    assert log[0]["body"]["grant_type"] == "client_credentials"
    for text in (secret, assertion, token):
        assert text not in json.dumps(log)
