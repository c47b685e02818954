# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Action plugins that run a task inside Ansible's worker process, where the module would run on the same machine.

A module costs a new Python, a new TLS connection and a new token for every item of a loop. Here all items of a loop
share these. The results are the same both ways.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action.normal import ActionModule as ModuleAction

from ..module_utils._connection import secret_texts
from ..module_utils._core.options import json_problems, without_omitted
from ..module_utils._errors import OptionError
from ..module_utils._graph.transport import HAS_REQUESTS
from ..module_utils._operation import TRACE_VERBOSITY, Operation, invocation
from ..module_utils._secrets import without_options
from . import _ansible
from ._controller import connected, plain, quiet

DISCOVERED = ("", "auto", "auto_legacy", "auto_silent", "auto_legacy_silent")
"""Values of `ansible_python_interpreter` that choose no interpreter."""
READ_AT_START = ("PYTHON", "LD_", "DYLD_", "OPENSSL_")
"""Prefixes of variables that only affect a process when it starts."""

_reasons_shown: set[str] = set()


class LocalAction(ModuleAction):  # type: ignore[misc] # Ansible has no type hints
    """Runs `OPERATION` inside Ansible where the task is local, and otherwise the module of the same name."""

    OPERATION: ClassVar[Operation]

    def operation(self) -> Operation:
        """Return the operation to run inside Ansible."""
        return self.OPERATION

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; its keys are those of the module."""
        task_vars = task_vars or {}
        self._task.args = without_omitted(self._task.args)
        for option, problem in json_problems(self._task.args, self.OPERATION.argument_spec({})):
            return {"failed": True, **OptionError(option, problem).as_result()}
        trace = self._tracer(task_vars)
        if not self._can_run_in_process(task_vars):
            result = dict(super().run(tmp, task_vars))
            for line in result.pop("trace", None) or []:
                trace(line)
            return result
        args, added = _ansible.module_args(self, task_vars)
        try:
            args = plain(args)
        except OptionError as error:
            return {"failed": True, **error.as_result()}
        with _module_environment(_ansible.task_environment(self), self._loader.get_basedir()):
            return self._result(args, added, trace)

    def _tracer(self, task_vars: Mapping[str, Any]) -> Callable[[str], None]:
        """Return what shows a line about a request at `-vvv`."""
        host = task_vars.get("inventory_hostname")

        def show(line: str) -> None:
            if not self._task.no_log:
                self._display.vvv(line, host=host)

        return show

    def _can_run_in_process(self, task_vars: dict[str, Any]) -> bool:
        """Return whether a module would run as this user on this machine, and needs nothing of a new process."""
        is_local = (
            self._connection.transport == "local" and self._connection.become is None and not self._task.async_val
        )
        if not is_local or not HAS_REQUESTS or find_spec("msal") is None:
            return False
        if reason := _ansible.reason_for_modules(os.environ):
            if reason not in _reasons_shown:
                _reasons_shown.add(reason)
                self._display.v(f"Tasks of entra.attributes run as modules: {reason}.")
            return False
        needs_new_process = any(name.startswith(READ_AT_START) for name in _ansible.task_environment(self))
        return not needs_new_process and _is_controller_python(self._interpreter(task_vars))

    def _interpreter(self, task_vars: Mapping[str, Any]) -> str:
        """Return the Python that a variable or Ansible's configuration chooses for modules."""
        if self._task.delegate_to:
            task_vars = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, {})
        return str(self._templar.template(_ansible.interpreter(task_vars)) or "")

    def _result(
        self, params: Mapping[str, Any], added: Mapping[str, Any], trace: Callable[[str], None]
    ) -> dict[str, Any]:
        """Do what AnsibleModule does with options and results. `added` is what Ansible adds to a module's options."""
        environment = dict(os.environ)
        spec = self.OPERATION.argument_spec(environment)
        validated = ArgumentSpecValidator(spec, **self.OPERATION.constraints).validate(params)
        if validated.error_messages:
            message = validated.errors.msg
            if isinstance(validated.errors[0], UnsupportedError):
                message = f"Unsupported parameters for ({self._task.action}) module: {message}"
            result = {"failed": True, "msg": message}
        else:
            result = self.operation().result(
                validated.validated_parameters,
                environment,
                check_mode=self._task.check_mode,
                diff=self._task.diff,
                connected=connected,
                trace=trace if self._display.verbosity >= TRACE_VERBOSITY else None,
            )
        twice = [
            f"Both option {name} and its alias {alias} are set."
            for name, option in spec.items()
            for alias in option.get("aliases", ())
            if name in params and alias in params
        ]
        if twice:
            result["warnings"] = twice + result.get("warnings", [])
        if added.get("_ansible_inject_invocation", True):
            result["invocation"] = invocation(validated.validated_parameters)
        masked: dict[str, Any] = without_options(result, secret_texts(validated.validated_parameters, environment))
        return masked


def _is_controller_python(interpreter: str) -> bool:
    """Return whether it is the Python of this process (the same file of the same folder), or none was chosen."""
    own, other = Path(sys.executable), Path(interpreter)
    same = (own.parent.resolve(), own.resolve()) == (other.parent.resolve(), other.resolve())
    return same or interpreter in DISCOVERED


@contextmanager
def _module_environment(variables: Mapping[str, str], folder: str) -> Iterator[None]:
    """Give this process the environment and folder of a local module, and silence libraries."""
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
