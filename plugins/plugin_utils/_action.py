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

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action.normal import ActionModule as ModuleAction

from ..module_utils._connection import secret_texts
from ..module_utils._core.options import json_problems, without_omitted
from ..module_utils._errors import OptionError
from ..module_utils._graph.transport import HAS_REQUESTS
from ..module_utils._operation import Entry, invocation
from ..module_utils._secrets import without_options
from ._controller import connected, plain, quiet

DISCOVERED = ("", "auto", "auto_legacy", "auto_silent", "auto_legacy_silent")
"""What stands for an interpreter that nobody chose."""
READ_AT_START = ("PYTHON", "LD_", "DYLD_", "OPENSSL_")
"""Variables so named have an effect on a process that starts, none on one that runs."""


class LocalAction(ModuleAction):  # type: ignore[misc] # Ansible says nothing of its types
    """Runs `ENTRY` here where the task is local, and otherwise the module of the same name as Ansible runs modules."""

    ENTRY: ClassVar[Entry]

    def entry(self) -> Entry:
        """Return what is run here."""
        return self.ENTRY

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The task's result; its keys are those of the module."""
        task_vars = task_vars or {}
        variables: dict[str, Any] = {}
        self._compute_environment_string(variables)
        self._task.args = without_omitted(self._task.args)
        for option, problem in json_problems(self._task.args, self.ENTRY.argument_spec({})):
            return {"failed": True, **OptionError(option, problem).as_result()}
        if not self._is_here(task_vars, variables):
            return dict(super().run(tmp, task_vars))
        args = dict(self._task.args)
        self._update_module_args(self._task.action, args, task_vars)
        try:
            args = plain(args)
        except OptionError as error:
            return {"failed": True, **error.as_result()}
        orders = {name: args.pop(name) for name in list(args) if name.startswith("_ansible_")}
        with _as_a_module(plain({name: str(value) for name, value in variables.items()}), self._loader.get_basedir()):
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
            result = self.entry().result(
                validated.validated_parameters,
                environment,
                check_mode=orders["_ansible_check_mode"],
                diff=orders["_ansible_diff"],
                connected=connected,
            )
        twice = [f"Both option {one['option']} and its alias {one['alias']} are set." for one in validated._warnings]
        if twice:
            result["warnings"] = twice + result.get("warnings", [])
        if orders.get("_ansible_inject_invocation", True):
            result["invocation"] = invocation(validated.validated_parameters)
        hidden = validated._no_log_values | secret_texts(validated.validated_parameters, environment)
        masked: dict[str, Any] = without_options(result, hidden)
        return masked


def _is_own(interpreter: str) -> bool:
    """Whether it is this process' own, the same file of the same folder; or none was chosen."""
    own, other = Path(sys.executable), Path(interpreter)
    same = (own.parent.resolve(), own.resolve()) == (other.parent.resolve(), other.resolve())
    return same or interpreter in DISCOVERED


@contextmanager
def _as_a_module(variables: Mapping[str, str], folder: str) -> Iterator[None]:
    """Meanwhile this process has the environment and folder of a local module, and libraries are as little heard."""
    environment, here = dict(os.environ), os.getcwd()
    with quiet():
        try:
            os.environ.update(variables)
            os.chdir(folder)
            yield
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(environment)
