# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Operations, and how modules and action plugins run them: options, a Graph made from them, errors as results."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ._auth._choice import credential
from ._auth._settings import Credential, Settings
from ._auth.managed_identity import MARKERS
from ._connection import (
    CLOUDS,
    connection_options,
    connection_spec,
    given,
    is_set,
    secret_texts,
)
from ._core.options import LEFT_OUT
from ._core.yaml_text import as_yaml
from ._errors import EntraError
from ._graph.client import Graph
from ._graph.patience import Patience
from ._graph.transport import Http, Trace
from ._secrets import Secrets, without_options

REGISTER: Callable[[str], object] | None = None
"""Makes ansible-core mask a secret wherever it shows text; None before 2.22, where `AnsibleModule` masks results."""
try:
    from ansible.module_utils.secrets import register_secret

    REGISTER = register_secret
except ImportError:
    pass

TRACE_VERBOSITY = 3
"""From `-vvv` on, each request is reported."""

Run = Callable[[Mapping[str, Any], Graph, bool], dict[str, Any]]
"""`run(params, graph, check_mode) -> result`: all that a module does, without AnsibleModule and os.environ."""

Connected = Callable[[Mapping[str, Any], Mapping[str, str]], AbstractContextManager[Graph]]
"""Yields the Graph of connection options and an environment, as `connect()` does. Raises OptionError."""


def connect(
    params: Mapping[str, Any], environment: Mapping[str, str], register: Callable[[str], object] | None = None
) -> Graph:
    """Return the Graph that the connection options describe, without sending anything. Raises OptionError.

    `register` is called with each secret, of the options now and of later requests.
    """
    options = connection_options(params, environment)
    for name in MARKERS:  # which MSAL looks for in the process' own environment, where empty ones count for it
        if not is_set(os.environ.get(name)):
            os.environ.pop(name, None)
    secrets = Secrets(register)
    secrets.add(*secret_texts(params, environment))
    http = Http(
        verify=(options["ca_path"] or True) if options["validate_certs"] else False,
        timeout=options["timeout"],
        patience=Patience(options["retries"], options["max_wait"]),
        environment=environment,
        secrets=secrets,
    )
    _authority_url, graph_url = _servers(options)
    return Graph(http, _credential(params, environment, http), graph_url, options["api_version"])


def _servers(options: Mapping[str, Any]) -> tuple[str, str]:
    """Return the URLs of the login host and of Graph."""
    cloud = CLOUDS[options["cloud_environment"]]
    return options["authority_url"] or cloud.login, options["graph_url"] or cloud.graph


def _credential(params: Mapping[str, Any], environment: Mapping[str, str], http: Http | None = None) -> Credential:
    """Return the credential that the options choose; without `http` it gives no token. Raises OptionError."""
    options = connection_options(params, environment)
    authority_url, graph_url = _servers(options)
    names = Settings.__dataclass_fields__.keys() & options.keys() - {"authority_url"}
    settings = Settings(
        http=http,
        authority_url=authority_url,
        resource=graph_url,
        environment=environment,
        given=given(params, environment),
        **{name: options[name] for name in names},
    )
    return credential(options["auth_source"], settings, environment)


@dataclass(frozen=True)
class Operation:
    """A module without its documentation: its run, the options that it adds, and their constraints.

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
        trace: Trace | None = None,
    ) -> dict[str, Any]:
        """Run with validated `params`. An EntraError becomes a failed result; everything else is raised.

        `trace` gets a line for each request.

        Options that were left out are null in `params` afterwards, which Ansible shows as the invocation.
        """
        warning = ""
        try:
            with connected(params, environment) as graph:
                graph.trace = trace
                warning = _credential(params, environment).warning()
                result = self.run({**params, **connection_options(params, environment)}, graph, check_mode)
        except EntraError as error:
            result = {"failed": True, **error.as_result()}
        finally:
            params.update((name, None) for name, value in params.items() if value is LEFT_OUT)
        if warning:
            result["warnings"] = [warning, *result.get("warnings", [])]
        if not diff:
            result.pop("diff", None)
        return result


def diff(
    title: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, *, why: str = ""
) -> dict[str, str]:
    """Return a task's `diff`: the data before and after as YAML, in the same order. Null gives an empty text.

    `why` is added to the title of the data after.
    """
    return {
        "before": as_yaml(before or {}),
        "after": as_yaml(after or {}),
        "before_header": title,
        "after_header": f"{title}, by {why}" if why else title,
    }


def invocation(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result's `invocation`, in which an option that was left out is null, as in Ansible's own."""
    return {"module_args": {name: None if value is LEFT_OUT else value for name, value in params.items()}}


class _Module(AnsibleModule):  # type: ignore[misc] # Ansible says nothing of its types
    """AnsibleModule whose results have no secret in them on any ansible-core."""

    requests: list[str] | None = None
    """The trace of the requests. The action plugin takes it out of the result and shows it."""

    def exit_json(self, **result: Any) -> None:
        super().exit_json(**self._masked(result))

    def fail_json(self, msg: str, **result: Any) -> None:
        super().fail_json(**self._masked({"msg": msg, **result}))

    def _masked(self, result: dict[str, Any]) -> dict[str, Any]:
        """Mask secrets in options and results. Since 2.22, ansible-core itself only masks output."""
        trace = {"trace": self.requests} if self.requests else {}
        result = {**result, **trace, "invocation": invocation(self.params)}
        if not REGISTER:
            return result
        if tracker := getattr(self, "_new_secrets", None):
            tracker.flush()  # else those of the environment go into the output, and into the file of an async job
        masked: dict[str, Any] = without_options(result, self.no_log_values)
        return masked


def run_module(operation: Operation) -> None:
    """Run an operation as a module: read the options, run, and exit with the result or the error."""
    module = _Module(
        argument_spec=operation.argument_spec(os.environ), supports_check_mode=True, **operation.constraints
    )
    module.no_log_values |= secret_texts(module.params, os.environ)
    module.requests = [] if module._verbosity >= TRACE_VERBOSITY else None
    trace = module.requests.append if module.requests is not None else None
    result = operation.result(module.params, os.environ, check_mode=module.check_mode, diff=module._diff, trace=trace)
    for warning in result.pop("warnings", []):
        module.warn(warning)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
