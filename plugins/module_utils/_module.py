# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What the edges share, modules and action plugins alike: options, a Graph made from them, and errors as results."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.basic import AnsibleFallbackNotFound, AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._auth._choice import AUTH_SOURCES, credential
from ansible_collections.entra.attributes.plugins.module_utils._auth._settings import Settings
from ansible_collections.entra.attributes.plugins.module_utils._clouds import CLOUDS
from ansible_collections.entra.attributes.plugins.module_utils._errors import EntraError, OptionError
from ansible_collections.entra.attributes.plugins.module_utils._graph import Graph
from ansible_collections.entra.attributes.plugins.module_utils._options import LEFT_OUT
from ansible_collections.entra.attributes.plugins.module_utils._patience import Patience
from ansible_collections.entra.attributes.plugins.module_utils._secrets import Secrets, without_options
from ansible_collections.entra.attributes.plugins.module_utils._transport import Http
from ansible_collections.entra.attributes.plugins.module_utils._values import as_yaml

REGISTER: Callable[[str], object] | None = None
"""Makes ansible-core mask a secret wherever it shows text; None before 2.22, where `AnsibleModule` masks results."""
try:
    from ansible.module_utils.secrets import register_secret

    REGISTER = register_secret
except ImportError:
    pass

Run = Callable[[Mapping[str, Any], Graph, bool], dict[str, Any]]
"""`run(params, graph, check_mode) -> result`: all that a module does, without AnsibleModule and os.environ."""

Connected = Callable[[Mapping[str, Any], Mapping[str, str]], AbstractContextManager[Graph]]
"""Yields the Graph of connection options and an environment, as `connect()` does. Raises OptionError."""


SECRET_OPTIONS = ("client_secret", "certificate_password", "federated_token", "access_token")
"""The options that Ansible is asked to mask, and the masks of answers hold from the beginning."""


def connection_spec(environment: Mapping[str, str]) -> dict[str, Any]:
    """The argument spec of the options that all modules share (design 3.1), `environment` is their second source."""

    def variable(*names: str) -> str:
        for name in names:
            if environment.get(name):
                return environment[name]
        raise AnsibleFallbackNotFound

    def option(*names: str, **spec: Any) -> dict[str, Any]:
        return {**spec, "fallback": (variable, list(names))}

    return {
        "auth_source": option("ENTRA_AUTH_SOURCE", choices=list(AUTH_SOURCES), default="auto"),
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
        "cloud_environment": option("AZURE_CLOUD_ENVIRONMENT", choices=list(CLOUDS), default="AzureCloud"),
        "authority_url": option("AZURE_AUTHORITY_HOST"),
        "graph_url": option("ENTRA_GRAPH_URL"),
        "api_version": {"choices": ["v1.0", "beta"], "default": "v1.0"},
        "ca_path": option("REQUESTS_CA_BUNDLE", type="path"),
        "validate_certs": {"type": "bool", "default": True},
        "timeout": {"type": "int", "default": 60},
        "retries": {"type": "int", "default": 5},
        "max_wait": {"type": "int", "default": 1800},
    }


def read_files(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the files that the connection reads, by their options."""
    names = [name for name, spec in connection_spec({}).items() if spec.get("type") == "path"]
    return [(name, params[name]) for name in names if params.get(name)]


def connect(
    params: Mapping[str, Any], environment: Mapping[str, str], register: Callable[[str], object] | None = None
) -> Graph:
    """Return the Graph that the connection options describe. Nothing is sent yet. Raises OptionError.

    `register` is called with each secret, those of the options and those that are sent later.
    """
    cloud = CLOUDS[params["cloud_environment"]]
    authority_url = _https("authority_url", params["authority_url"] or cloud.login)
    graph_url = _https("graph_url", params["graph_url"] or cloud.graph)
    for option, least in (("timeout", 1), ("retries", 0), ("max_wait", 0)):
        if params[option] < least:
            raise OptionError(option, f"must be at least {least}, not {params[option]}")
    if params["validate_certs"] and params["ca_path"] and not os.path.exists(params["ca_path"]):
        raise OptionError("ca_path", f"{params['ca_path']} does not exist")
    secrets = Secrets(register)
    secrets.add(*(params[name] for name in SECRET_OPTIONS))
    http = Http(
        verify=(params["ca_path"] or True) if params["validate_certs"] else False,
        timeout=params["timeout"],
        patience=Patience(params["retries"], params["max_wait"]),
        environment=environment,
        secrets=secrets,
    )
    names = Settings.__dataclass_fields__.keys() & params.keys() - {"authority_url", "graph_url"}
    settings = Settings(
        http=http,
        authority_url=authority_url,
        graph_url=graph_url,
        environment=environment,
        given=_given(params, environment),
        **{name: params[name] or None for name in names},
    )
    return Graph(http, credential(params["auth_source"], settings, environment), graph_url, params["api_version"])


def _given(params: Mapping[str, Any], environment: Mapping[str, str]) -> frozenset[str]:
    """The connection options that are not as the environment alone makes them; plugins are given absolute paths."""
    spec = connection_spec(environment)
    alone = ArgumentSpecValidator(spec).validate({}).validated_parameters
    same = {name: {value} if value is None else {value, os.path.abspath(str(value))} for name, value in alone.items()}
    return frozenset(name for name in alone if params[name] not in {None, "", *same[name]})


def _https(option: str, url: str) -> str:
    """A host or URL as an https URL without a trailing slash; tokens are not sent over anything else."""
    if "://" not in url:
        url = f"https://{url}"
    if not url.startswith("https://"):
        raise OptionError(option, f"'{url}' must be an https URL; tokens are sent over nothing else")
    return url.rstrip("/")


@dataclass(frozen=True)
class Entry:
    """What there is to a module beside its documentation: its run, the options it adds, and how they go together.

    `constraints` are keyword arguments that AnsibleModule and ArgumentSpecValidator have in common.
    """

    run: Run
    spec: Mapping[str, Any]
    constraints: Mapping[str, Any] = field(default_factory=dict)

    def argument_spec(self, environment: Mapping[str, str]) -> dict[str, Any]:
        """All options, with `environment` as the second source of the shared ones."""
        return {**connection_spec(environment), **self.spec}

    def result(
        self,
        params: dict[str, Any],
        environment: Mapping[str, str],
        *,
        check_mode: bool,
        diff: bool,
        connected: Connected = connect,
    ) -> dict[str, Any]:
        """Run with validated `params`. An EntraError becomes a failed result; everything else is raised.

        Options that were left out are null in `params` afterwards, which Ansible shows as the invocation.
        """
        try:
            with connected(params, environment) as graph:
                result = self.run(params, graph, check_mode)
        except EntraError as error:
            result = {"failed": True, **error.as_result()}
        finally:
            params.update((name, None) for name, value in params.items() if value is LEFT_OUT)
        if not diff:
            result.pop("diff", None)
        return result


def diff(title: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, str]:
    """A task's `diff`: what there was and what there is, as YAML in its order; null is no text."""
    return {
        "before": as_yaml(before or {}),
        "after": as_yaml(after or {}),
        "before_header": title,
        "after_header": title,
    }


def invocation(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result's `invocation`, in which an option that was left out is null, as in Ansible's own."""
    return {"module_args": {name: None if value is LEFT_OUT else value for name, value in params.items()}}


class _Module(AnsibleModule):  # type: ignore[misc] # Ansible says nothing of its types
    """AnsibleModule whose results have no secret in them on any ansible-core."""

    def exit_json(self, **result: Any) -> None:
        super().exit_json(**self._masked(result))

    def fail_json(self, msg: str, **result: Any) -> None:
        super().fail_json(**self._masked({"msg": msg, **result}))

    def _masked(self, result: dict[str, Any]) -> dict[str, Any]:
        """Mask the options, which ansible-core does by itself before 2.22. Since then it masks what it shows."""
        result = {**result, "invocation": invocation(self.params)}
        if not REGISTER:
            return result
        if tracker := getattr(self, "_new_secrets", None):
            tracker.flush()  # else those of the environment go into the output, and into the file of an async job
        masked: dict[str, Any] = without_options(result, self.no_log_values)
        return masked


def run_module(entry: Entry) -> None:
    """What every module's `main()` does: read the options, run, and exit with the result or the error."""
    module = _Module(argument_spec=entry.argument_spec(os.environ), supports_check_mode=True, **entry.constraints)
    result = entry.result(module.params, os.environ, check_mode=module.check_mode, diff=module._diff)
    for warning in result.pop("warnings", []):
        module.warn(warning)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
