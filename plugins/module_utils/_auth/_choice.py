# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Choose the credential of a task. Each kind has one file; MSAL speaks the protocol.

A credential sends no request before the first token is needed, and MSAL is imported only then.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from .._errors import OptionError
from ._settings import Credential, Settings
from .access_token import AccessToken
from .azure_cli import AzureCli
from .client_certificate import ClientCertificate
from .client_secret import ClientSecret
from .federated_token import FederatedToken
from .managed_identity import ManagedIdentity

_KINDS: dict[str, type[Credential]] = {
    "access_token": AccessToken,
    "client_secret": ClientSecret,
    "client_certificate": ClientCertificate,
    "federated_token": FederatedToken,
    "managed_identity": ManagedIdentity,
    "azure_cli": AzureCli,
}
AUTH_SOURCES = ("auto", *_KINDS)


def credential(auth_source: str, settings: Settings, environment: Mapping[str, str]) -> Credential:
    """The credential that `auth_source` names, or for `auto` the first complete one.

    Raises OptionError where there is none, or half a one.
    """
    kind = _KINDS[_detected(settings, environment) if auth_source == "auto" else auth_source]
    missing = kind.missing(settings)
    if missing:
        raise OptionError(
            "auth_source",
            f"{kind.NAME} needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not set",
        )
    return kind(settings)


def _detected(settings: Settings, environment: Mapping[str, str]) -> str:
    """Explicit credentials first, by options before the environment; then what the machine offers, never by a probe.

    Of several that are begun in the same place, the first complete one.
    """
    begun = [name for name, kind in _KINDS.items() if kind.begun(settings)]
    begun = [name for name in begun if _KINDS[name].given(settings)] or begun
    for name in begun:
        if not _KINDS[name].missing(settings):
            return name
    if begun:
        return begun[0]
    for kind in (FederatedToken, ManagedIdentity):
        if kind.offered(settings):
            return kind.NAME
    if settings.client_id:
        raise OptionError(
            "auth_source", "client_id is set but client_secret, certificate_path or federated_token is not"
        )
    if shutil.which("az", path=environment.get("PATH")):
        return "azure_cli"
    raise OptionError(
        "auth_source",
        "no credential was found",
        "Set tenant_id, client_id and client_secret, certificate_path or federated_token; or access_token;"
        " or their environment variables; or auth_source=managed_identity on a machine that has one.",
    )
