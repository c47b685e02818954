# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""auth_source=client_certificate: an application and a certificate with its key, as PEM or PFX."""

from __future__ import annotations

import re
from typing import Any

from .._errors import OptionError
from ._msal import ConfidentialClient, msal
from ._text import read_file

NEEDED = (
    "is not usable: it must hold an RSA private key and its certificate as PEM or PFX, or the key alone together with"
    " certificate_thumbprint; certificate_password must open it"
)
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)


class ClientCertificate(ConfidentialClient):
    """tenant_id, client_id, certificate_path, and certificate_password where the key is encrypted.

    MSAL computes the thumbprint from the certificate; certificate_thumbprint (SHA-1) is for a PEM file that holds the
    key alone. The chain in the file is sent along, so trust by subject name and issuer works.
    """

    NAME = "client_certificate"
    STARTED_BY = ("certificate_path",)
    GOES_WITH = ("certificate_password", "certificate_thumbprint")

    def token(self) -> str:
        msal()
        # MSAL brings these libraries along, and lets their errors through.
        from cryptography.exceptions import UnsupportedAlgorithm
        from jwt.exceptions import PyJWTError

        try:
            return super().token()
        except (ValueError, TypeError, UnsupportedAlgorithm, PyJWTError):
            # The libraries' own words may hold a part of the key.
            raise OptionError("certificate_path", f"{self._settings.certificate_path} {NEEDED}") from None

    def _client_credential(self) -> dict[str, Any]:
        path, password = str(self._settings.certificate_path), self._settings.certificate_password
        content = read_file("certificate_path", path)
        if b"-----BEGIN" not in content:
            return {"private_key_pfx_path": path, "passphrase": password, "public_certificate": True}
        blocks = [(block[1], block[0]) for block in _PEM.finditer(content.decode("utf-8", "replace"))]
        credential: dict[str, Any] = {"private_key": "\n".join(text for kind, text in blocks if "PRIVATE KEY" in kind)}
        certificates = [text for kind, text in blocks if kind == "CERTIFICATE"]
        if certificates:
            credential["public_certificate"] = "\n".join(certificates)
        else:
            credential["thumbprint"] = self._settings.certificate_thumbprint
        if password:
            credential["passphrase"] = password
        return credential
