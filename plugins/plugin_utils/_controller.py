# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Functions that everything inside Ansible shares: actions, lookups and the inventory."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import ansible.template
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.utils.display import Display

from ..module_utils import _operation
from ..module_utils._connection import connection_spec, is_set
from ..module_utils._core.options import json_problems, strict, without_omitted
from ..module_utils._errors import EntraError, OptionError
from ..module_utils._graph.client import Graph
from ..module_utils._graph.transport import Trace
from ..module_utils._operation import REGISTER, TRACE_VERBOSITY, Operation
from . import _ansible

TEXT_IS_TEMPLATE = not hasattr(ansible.template, "trust_as_template")
"""Whether any text can be a template. Since ansible-core 2.19, only text that is marked as trusted can."""
IDLE_GRAPHS = 4
"""Graphs that stay connected. A loop over a few tenants finds each again, one over a thousand keeps only these."""

_idle: dict[str, Graph] = {}

connect = partial(_operation.connect, register=REGISTER)
"""`_operation.connect()` inside Ansible. Modules do not register tokens, which would appear in their output."""


def untrusted(value: Any) -> Any:
    """Return data from elsewhere, marked so that Ansible never templates it.

    Only text that looks like a template is marked, because `ansible-inventory --list` shows the mark.
    """
    if not TEXT_IS_TEMPLATE:
        return value
    if isinstance(value, dict):
        return {name: untrusted(item) for name, item in value.items()}
    if isinstance(value, list):
        return [untrusted(item) for item in value]
    if isinstance(value, str) and ("{" in value or "#jinja2:" in value):
        from ansible.utils.unsafe_proxy import wrap_var  # deprecated where it is of no use any more

        return wrap_var(value)
    return value


def trusted(template: str) -> str:
    """Return a template of the user, marked as trusted where Ansible needs that."""
    text: str = getattr(ansible.template, "trust_as_template", str)(template)
    return text


def plain(value: dict[str, Any]) -> dict[str, Any]:
    """Return options as a module receives them: JSON, where nothing is a template, a vault or marked in any way.

    Raises OptionError for a value that JSON cannot hold.
    """
    text = {}
    for name, option in value.items():
        try:
            text[name] = _ansible.plain(option)
        except (ValueError, RecursionError):
            raise OptionError(name, "has a number of thousands of digits, or lists nested thousands of times") from None
    return text


def validated(
    operation: Operation, option: Callable[[str], Any], direct: Mapping[str, Any], environment: Mapping[str, str]
) -> dict[str, Any]:
    """Return the options of a plugin, validated by the argument spec of its operation. Raises EntraError.

    `option` is the plugin's `get_option`, which reads all sources of options. Ansible has converted Booleans and
    numbers to text, and text to lists. Therefore options with strict types are read from `direct`, as the user wrote
    them. Options that are empty count as not set.
    """
    spec = operation.argument_spec(environment)

    def found(name: str) -> Any:
        names = [known for known in (name, *spec[name].get("aliases", ())) if known in direct and strict(spec[name])]
        return direct[names[0]] if names else option(name)

    given = {name: value for name in spec if is_set(value := found(name))}
    for place, problem in json_problems(given, spec):
        raise OptionError(place, problem)
    result = ArgumentSpecValidator(spec, **operation.constraints).validate(plain(without_omitted(given)))
    if result.error_messages:
        raise EntraError(result.errors.msg)
    params: dict[str, Any] = result.validated_parameters
    return params


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the logs and warnings of libraries, which would reach the terminal or Ansible's log."""
    silenced = logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable()
        try:
            yield
        finally:
            logging.disable(silenced)


def tracer() -> Trace | None:
    """Return what shows a line about a request, from `-vvv` on."""
    display = Display()
    return display.vvv if display.verbosity >= TRACE_VERBOSITY else None


@contextmanager
def connected(params: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[Graph]:
    """Yield the Graph of an earlier task with exactly the same connection options and environment, or a new one.

    The next task gets it only if nothing failed, because an interrupted connection or a refused token is useless.
    Processes share none, so that a fork does not use its parent's connection.
    """
    options = {name: params[name] for name in connection_spec(environment)}
    identity = json.dumps([os.getpid(), options, dict(environment)], sort_keys=True)
    key = hashlib.sha256(identity.encode()).hexdigest()
    with ExitStack() as stack:
        graph = stack.enter_context(_idle.pop(key) if key in _idle else connect(params, environment))
        graph.patience.restart()
        graph.trace = tracer()
        yield graph
        stack.pop_all()
    _idle[key] = graph
    for oldest in list(_idle)[:-IDLE_GRAPHS]:
        with _idle.pop(oldest):
            pass  # the end of the block closes it
