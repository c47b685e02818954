# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The edge of what runs inside Ansible instead of in a Python of its own, where the task is local anyway.

A module costs a new Python, a new TLS connection and a new token, for every item of a loop. Here all items of a loop,
which Ansible works off in one process, share these. What comes out is the same on both ways.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible.parsing.ajson import AnsibleJSONEncoder
from ansible.plugins.action.normal import ActionModule as ModuleAction

from ansible_collections.entra.attributes.plugins.module_utils._graph import HAS_REQUESTS, Graph
from ansible_collections.entra.attributes.plugins.module_utils._module import Entry, connect, connection_spec

DISCOVERED = ("", "auto", "auto_legacy", "auto_silent", "auto_legacy_silent")
"""What stands for an interpreter that nobody chose."""
READ_AT_START = ("PYTHON", "LD_", "DYLD_", "OPENSSL_")
"""Variables so named have an effect on a process that starts, none on one that runs."""
IDLE_GRAPHS = 4
"""How many stay connected: a loop over some tenants finds each again, one over a thousand does not pile them up."""

_idle: dict[str, Graph] = {}


class LocalAction(ModuleAction):  # type: ignore[misc] # Ansible says nothing of its types
    """Runs `ENTRY` here where the task is local, and otherwise the module of the same name as Ansible runs modules."""

    ENTRY: ClassVar[Entry]

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The task's result; its keys are those of the module."""
        task_vars = task_vars or {}
        variables: dict[str, Any] = {}
        self._compute_environment_string(variables)
        if not self._is_here(task_vars, variables):
            return dict(super().run(tmp, task_vars))
        args = dict(self._task.args)
        self._update_module_args(self._task.action, args, task_vars)
        args = _plain(args)
        orders = {name: args.pop(name) for name in list(args) if name.startswith("_ansible_")}
        with _as_a_module(_plain({name: str(value) for name, value in variables.items()}), self._loader.get_basedir()):
            return self._result(args, orders)

    def _is_here(self, task_vars: dict[str, Any], variables: Mapping[str, Any]) -> bool:
        """Whether a module would run as this user on this machine, with nothing that only a new process can have."""
        return (
            self._connection.transport == "local"
            and self._connection.become is None
            and not self._task.async_val
            and not any(name.startswith(READ_AT_START) for name in variables)
            and _is_own(self._interpreter(task_vars))
            and HAS_REQUESTS
            and find_spec("msal") is not None
        )

    def _interpreter(self, task_vars: Mapping[str, Any]) -> str:
        """The Python that was chosen for modules by a variable or Ansible's configuration."""
        if self._task.delegate_to:
            task_vars = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, {})
        chosen = constants.config.get_config_value("INTERPRETER_PYTHON", variables=task_vars)
        return str(self._templar.template(chosen) or "")

    def _result(self, params: Mapping[str, Any], orders: Mapping[str, Any]) -> dict[str, Any]:
        """What AnsibleModule does with options and results. `orders` are what Ansible tells modules beside options."""
        environment = dict(os.environ)
        validator = ArgumentSpecValidator(self.ENTRY.argument_spec(environment), **self.ENTRY.constraints)
        validated = validator.validate(params)
        if validated.error_messages:
            message = validated.errors.msg
            if isinstance(validated.errors[0], UnsupportedError):
                message = f"Unsupported parameters for ({self._task.action}) module: {message}"
            result = {"failed": True, "msg": message}
        else:
            result = self.ENTRY.result(
                validated.validated_parameters,
                environment,
                check_mode=orders["_ansible_check_mode"],
                diff=orders["_ansible_diff"],
                connected=_connected,
            )
        twice = [f"Both option {one['option']} and its alias {one['alias']} are set." for one in validated._warnings]
        if twice:
            result["warnings"] = twice + result.get("warnings", [])
        if orders.get("_ansible_inject_invocation", True):
            result["invocation"] = {"module_args": validated.validated_parameters}
        kept = {name: value for name, value in result.items() if value is None or isinstance(value, bool)}
        return {**remove_values(result, validated._no_log_values), **kept}


def _is_own(interpreter: str) -> bool:
    """Whether it is this process' own, the same file of the same folder; or none was chosen."""
    own, other = Path(sys.executable), Path(interpreter)
    same = (own.parent.resolve(), own.resolve()) == (other.parent.resolve(), other.resolve())
    return same or interpreter in DISCOVERED


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """The value as a module receives it: JSON, in which nothing is a template, a vault or marked in any way."""
    plain: dict[str, Any] = json.loads(json.dumps(value, cls=AnsibleJSONEncoder, vault_to_text=True))
    return plain


@contextmanager
def _as_a_module(variables: Mapping[str, str], folder: str) -> Iterator[None]:
    """Meanwhile this process has the environment and folder of a local module, and libraries are as little heard.

    What a module's libraries log and warn ends with its process; here it would reach the terminal or Ansible's log.
    """
    environment, here, silenced = dict(os.environ), os.getcwd(), logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            logging.disable()
            os.environ.update(variables)
            os.chdir(folder)
            yield
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(environment)
            logging.disable(silenced)


@contextmanager
def _connected(params: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[Graph]:
    """The Graph that was left by a task with the very same connection options and environment, else a new one.

    It is left for the next one only if nothing failed, as an interrupted connection or a refused token is of no use.
    Processes share none, so that a fork does not speak on its parent's connection.
    """
    options = {name: params[name] for name in connection_spec(environment)}
    identity = json.dumps([os.getpid(), options, dict(environment)], sort_keys=True)
    key = hashlib.sha256(identity.encode()).hexdigest()
    with ExitStack() as stack:
        graph = stack.enter_context(_idle.pop(key) if key in _idle else connect(params, environment))
        yield graph
        stack.pop_all()
    _idle[key] = graph
    for oldest in list(_idle)[:-IDLE_GRAPHS]:
        with _idle.pop(oldest):
            pass  # at the end of which it is closed
