# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The connection options: one address for their sources, defaults, and rules (design 3.1).

Ansible only documents and transports them. `connection_options()` decides, for modules, actions, lookups, the inventory
and the event source alike.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.basic import AnsibleFallbackNotFound
from ansible.module_utils.parsing.convert_bool import boolean

from ._auth._choice import AUTH_SOURCES
from ._auth._text import token_text, trimmed
from ._core.names import not_text, text_problem, visible
from ._core.options import AsGiven, integer
from ._errors import OptionError

LONGEST_TIMEOUT, MOST_RETRIES, LONGEST_WAIT = 86_400, 100, 604_800
SECRET_VARIABLES = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "SYSTEM_ACCESSTOKEN", "IDENTITY_HEADER", "MSI_SECRET")
"""Variables without an option of their own that hold a secret."""


@dataclass(frozen=True)
class Cloud:
    """The URLs of a cloud, all without a trailing slash: login, Graph, and Azure Resource Manager where it is known."""

    login: str
    graph: str
    resource_manager: str = ""


CLOUDS = {
    "AzureCloud": Cloud(
        "https://login.microsoftonline.com", "https://graph.microsoft.com", "https://management.azure.com"
    ),
    "AzureUSGovernment": Cloud(
        "https://login.microsoftonline.us", "https://graph.microsoft.us", "https://management.usgovcloudapi.net"
    ),
    "AzureUSGovernmentDoD": Cloud(
        "https://login.microsoftonline.us", "https://dod-graph.microsoft.us", "https://management.usgovcloudapi.net"
    ),
    "AzureChinaCloud": Cloud(
        "https://login.partner.microsoftonline.cn",
        "https://microsoftgraph.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
    ),
    "Bleu": Cloud("https://login.sovcloud-identity.fr", "https://graph.svc.sovcloud.fr"),
    "Delos": Cloud("https://login.sovcloud-identity.de", "https://graph.svc.sovcloud.de"),
    "GovSG": Cloud("https://login.sovcloud-identity.sg", "https://graph.svc.sovcloud.sg"),
}
"""The clouds of Microsoft Entra (graph-facts 10.1, consumer-facts 3)."""


class Choices(list[str]):
    """The documented choices of an option; Ansible leaves their check to `connection_options()`."""

    def __contains__(self, item: object) -> bool:
        return True


def is_set(value: Any) -> bool:
    """Return whether an option or variable counts as set: null, empty text, and blanks of any kind do not."""
    return bool(trimmed(value)) if isinstance(value, str) else value is not None


def connection_spec(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the argument spec of the options that all modules share; `environment` is their second source."""

    def variable(*names: str) -> str:
        for name in names:
            if is_set(environment.get(name)):
                return environment[name]
        raise AnsibleFallbackNotFound

    def option(*names: str, type: str = "str", **spec: Any) -> dict[str, Any]:
        return {**spec, "type": AsGiven(type), "fallback": (variable, list(names))}

    return {
        "auth_source": option("ENTRA_AUTH_SOURCE", choices=Choices(AUTH_SOURCES), default="auto"),
        "tenant_id": option("AZURE_TENANT_ID", "AZURE_TENANT", aliases=["tenant"]),
        "client_id": option("AZURE_CLIENT_ID"),
        "client_secret": option("AZURE_CLIENT_SECRET", "AZURE_SECRET", aliases=["secret"], no_log=True),
        "certificate_path": option(
            "AZURE_CLIENT_CERTIFICATE_PATH",
            "AZURE_X509_CERTIFICATE_PATH",
            aliases=["x509_certificate_path"],
            type="path",
        ),
        "certificate_password": option("AZURE_CLIENT_CERTIFICATE_PASSWORD", no_log=True),
        "certificate_thumbprint": option("AZURE_THUMBPRINT", aliases=["thumbprint"]),
        "federated_token": option("AZURE_FEDERATED_TOKEN", no_log=True),
        "federated_token_file": option("AZURE_FEDERATED_TOKEN_FILE", type="path", no_log=False),
        "access_token": option("ENTRA_ACCESS_TOKEN", no_log=True),
        "cloud_environment": option("AZURE_CLOUD_ENVIRONMENT", choices=Choices(CLOUDS), default="AzureCloud"),
        "authority_url": option("AZURE_AUTHORITY_HOST"),
        "graph_url": option("ENTRA_GRAPH_URL"),
        "api_version": option(choices=Choices(["v1.0", "beta"]), default="v1.0"),
        "ca_path": option("REQUESTS_CA_BUNDLE", type="path"),
        "validate_certs": option(type="bool", default=True),
        "timeout": option(type="int", default=60),
        "retries": option(type="int", default=5),
        "max_wait": option(type="int", default=1800),
    }


def connection_options(params: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return each connection option: from `params`, else the first variable that is set, else its default.

    Options that were resolved before stay as they are. Raises OptionError for the first value that cannot be used.
    """
    options: dict[str, Any] = {}
    for name, spec in connection_spec(environment).items():
        value = _source(params, name, spec, environment)
        if value is not None:
            value = _READ.get(name, _READERS.get(spec["type"], _plain_text))(name, value)
        if value is not None and "choices" in spec and value not in list(spec["choices"]):
            raise OptionError(name, f"must be one of {', '.join(spec['choices'])}, not '{value[:64]}'")
        options[name] = value
    if options["validate_certs"] and options["ca_path"]:
        _check_authorities(options["ca_path"])
    return options


def read_files(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the files that the connection reads, by their options."""
    names = [name for name, spec in connection_spec({}).items() if spec["type"] == "path"]
    return [(name, params[name]) for name in names if is_set(params.get(name))]


def secret_texts(params: Mapping[str, Any], environment: Mapping[str, str]) -> set[str]:
    """Return the texts that must not be shown, whether the options can be used or not."""
    spec = connection_spec(environment)
    variables = [name for one in spec.values() if one.get("no_log") for name in one["fallback"][1]]
    found = [params.get(name) for name, one in spec.items() if one.get("no_log")]
    found += [environment.get(name) for name in (*variables, *SECRET_VARIABLES)]
    texts = [str(value) for value in found if is_set(value)]
    return {*texts, *map(trimmed, texts)}


def given(params: Mapping[str, Any], environment: Mapping[str, str]) -> frozenset[str]:
    """Return the options that a task sets. An option with the value of its variable comes from the environment."""
    return frozenset(
        name
        for name, spec in connection_spec(environment).items()
        if is_set(params.get(name)) and params[name] not in [*map(environment.get, spec["fallback"][1])]
    )


def _source(params: Mapping[str, Any], name: str, spec: Mapping[str, Any], environment: Mapping[str, str]) -> Any:
    values = [params.get(name), *map(environment.get, spec["fallback"][1])]
    return next((value for value in values if is_set(value)), spec.get("default"))


def _text(option: str, value: Any, secret: bool = False) -> str:
    """Return text as it was given. Raises OptionError for another type and for halves of characters."""
    if not isinstance(value, str):
        raise OptionError(option, not_text(value, secret=secret))
    if problem := text_problem(value):
        raise OptionError(option, "has half a character" if secret else problem)
    return str(value)


def _plain_text(option: str, value: Any) -> str:
    """Return text in one line, without what an editor leaves at its ends."""
    return _one_line(option, trimmed(_text(option, value)))


def _one_line(option: str, text: str) -> str:
    for position, char in enumerate(text, 1):
        if not char.isprintable():
            raise OptionError(option, f"has {visible(char)} at position {position}; remove it")
    return text


def _secret(option: str, value: Any) -> str:
    """Return a secret without the line breaks that a file ends with; blanks may belong to it."""
    secret = re.sub("\\A\ufeff|[\r\n\u200b\ufeff]+\\Z", "", _text(option, value, secret=True))
    if not secret.isprintable():
        raise OptionError(option, "has a line break or an invisible character inside", "Give the secret in one line.")
    return secret


def _token(option: str, value: Any) -> str:
    return token_text(option, _text(option, value, secret=True))


def _tenant(option: str, value: Any) -> str:
    tenant = _plain_text(option, value)
    if len(tenant) > 253 or not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", tenant):
        raise OptionError(option, f"must be the GUID or a domain name of the tenant, not {tenant[:64]!a}")
    return tenant


def _client(option: str, value: Any) -> str:
    client = _plain_text(option, value)
    if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", client):
        raise OptionError(option, f"must be the application (client) ID, a GUID, not {client[:64]!a}")
    return client


def _thumbprint(option: str, value: Any) -> str:
    digits = re.sub(r"[\s:]", "", _plain_text(option, value))
    if not re.fullmatch(r"[0-9A-Fa-f]{40}", digits):
        raise OptionError(option, "must be the SHA-1 thumbprint of the certificate, 40 hexadecimal digits")
    return digits


def _path(option: str, value: Any) -> str:
    path = _one_line(option, _text(option, value))
    return os.path.expanduser(os.path.expandvars(path))


def _boolean(option: str, value: Any) -> bool:
    try:
        return bool(boolean(value))
    except TypeError:
        raise OptionError(option, f"must be true or false, not {str(value)[:64]!a}") from None


def _integer(least: int, most: int) -> Callable[[str, Any], int]:
    def read(option: str, value: Any) -> int:
        number = integer(value)
        if number is None or not least <= number <= most:
            raise OptionError(option, f"must be an integer from {least} to {most}")
        return number

    return read


def https_url(option: str, value: Any) -> str:
    """Return a host or URL as an https URL without a trailing slash; tokens are sent over nothing else."""
    text = _plain_text(option, value)
    url = text if "://" in text else f"https://{text}"
    parts = _URL.fullmatch(url)
    shown = re.sub(r"//[^/]*@", "//***@", text)[:100]
    if url[:8].lower() != "https://":
        raise OptionError(option, f"{shown!a} must be an https URL; tokens are sent over nothing else")
    if not parts or not _is_host(parts["host"]) or not 0 < int(parts["port"] or 443) < 65536:
        raise OptionError(
            option,
            f"{shown!a} is not the URL of a host",
            "Write https://HOST, https://HOST:PORT or one of them with a path; user, query and fragment are not"
            " allowed.",
        )
    return f"https://{parts['host']}{':' + parts['port'] if parts['port'] else ''}{parts['path']}".rstrip("/")


def _is_host(host: str) -> bool:
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            return False
        return True
    return len(host) <= 253


def _check_authorities(path: str) -> None:
    """Raise OptionError for a `ca_path` that holds no certificate authority."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            if not any(re.fullmatch(r"[0-9a-f]{8}\.[0-9]+", name) for name in os.listdir(path)):
                raise OptionError(
                    "ca_path",
                    f"the folder {path} has no certificate authorities",
                    "Their files must be named by hashes; openssl rehash makes these names.",
                )
        elif not stat.S_ISREG(mode):
            raise OptionError("ca_path", f"{path} is neither a file nor a folder")
        else:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except FileNotFoundError:
        raise OptionError("ca_path", f"{path} does not exist") from None
    except ssl.SSLError:
        raise OptionError("ca_path", f"{path} is not a file of certificates in PEM") from None
    except OSError as error:
        raise OptionError("ca_path", f"{path} cannot be read: {error.strerror}") from None


_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_URL = re.compile(
    r"(?i:https)://(?P<host>\[[0-9A-Fa-f:.]+\]|[\w-]{1,63}(?:\.[\w-]{1,63})*)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[\w.~-]*)*)",
    re.ASCII,
)
_READERS: dict[str, Callable[[str, Any], Any]] = {"path": _path, "bool": _boolean}
_READ: dict[str, Callable[[str, Any], Any]] = {
    "tenant_id": _tenant,
    "client_id": _client,
    "client_secret": _secret,
    "certificate_password": _secret,
    "certificate_thumbprint": _thumbprint,
    "federated_token": _token,
    "access_token": _token,
    "authority_url": https_url,
    "graph_url": https_url,
    "timeout": _integer(1, LONGEST_TIMEOUT),
    "retries": _integer(0, MOST_RETRIES),
    "max_wait": _integer(0, LONGEST_WAIT),
}
