# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and certificates, which are new at each start, in files for clients and in the identity service."""

from __future__ import annotations

import datetime
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

PFX_PASSPHRASE: Final = "pfx-passphrase-of-the-local-graph"  # noqa: S105 - of a throw-away key
FEDERATED_LIFETIME: Final = 24 * 3600


@dataclass
class Credentials:
    """Private keys by purpose, and the certificate of the default application."""

    signing: rsa.RSAPrivateKey  # signs access tokens
    client: rsa.RSAPrivateKey
    client_certificate: x509.Certificate
    issuer: rsa.RSAPrivateKey  # of the foreign issuer that signs federated tokens

    @classmethod
    def generate(cls) -> Credentials:
        """Make new keys."""
        signing, client, issuer = (rsa.generate_private_key(65537, 2048) for _purpose in range(3))
        return cls(signing, client, _self_signed(client), issuer)


def _self_signed(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "client of the local graph")])
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )


def federated_token(key: rsa.RSAPrivateKey, claims: dict[str, Any]) -> str:
    """Return a token as a foreign issuer would sign it."""
    now = int(time.time())
    return jwt.encode({"iat": now, "nbf": now - 5, "exp": now + FEDERATED_LIFETIME, **claims}, key, algorithm="RS256")


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    """Return an unencrypted PKCS#8 key."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, in one step."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    temporary.replace(path)


def write_client_files(credentials: Credentials, directory: Path, federated_claims: dict[str, Any]) -> dict[str, str]:
    """Write the files with which clients authenticate. Returns the paths by purpose, and the PFX's passphrase."""
    certificate = credentials.client_certificate.public_bytes(serialization.Encoding.PEM)
    encryption = serialization.BestAvailableEncryption(PFX_PASSPHRASE.encode())
    pfx = pkcs12.serialize_key_and_certificates(
        b"client", credentials.client, credentials.client_certificate, None, encryption
    )
    token = federated_token(credentials.issuer, federated_claims)
    files = {
        "certificate_pem": ("client.pem", private_pem(credentials.client) + certificate),
        "certificate_pfx": ("client.pfx", pfx),
        "federated_token_file": ("federated.jwt", token.encode()),
        "federated_issuer_key": ("federated-issuer.pem", private_pem(credentials.issuer)),
    }
    for name, data in files.values():
        write_private(directory / name, data)
    paths = {purpose: str(directory / name) for purpose, (name, _data) in files.items()}
    return {
        **paths,
        "certificate_password": PFX_PASSPHRASE,
        "certificate_thumbprint": credentials.client_certificate.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303
    }


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write a private JSON file in one step."""
    write_private(path, json.dumps(document, indent=1).encode())
