# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Principals as hosts: their variables and names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..module_utils._core.names import name_problem
from ..module_utils._errors import OptionError

Evaluate: TypeAlias = "Callable[[str, Mapping[str, Any]], Any]"
"""Returns the value of a Jinja expression with some variables, or null where one of them is undefined."""

PROPERTIES = ("id", "type", "display_name", "user_principal_name", "app_id", "agent_type")
"""The properties of a principal besides its attributes; the keys of `Principal.as_result()`."""
OWN, ATTRIBUTES = "entra", "custom_security_attributes"
"""The variables of every host: its properties, and its attributes as `{attribute set: {name: value}}`."""
RESERVED = frozenset({"localhost", "127.0.0.1", "::1", "all", "ungrouped"})
"""Names that mean the controller itself or a group to Ansible, in any case. A principal must not have them."""


@dataclass
class Host:
    """A principal that becomes a host: `attributes` are all of its attributes, `variables` those that were chosen."""

    properties: dict[str, Any]
    attributes: dict[str, dict[str, Any]]
    variables: dict[str, Any]
    name: str = ""


def hosts(principals: Sequence[Mapping[str, Any]], attributes: Any, evaluate: Evaluate) -> list[Host]:
    """Return the principals of a listing with their variables. Raises OptionError for the option `attributes`."""
    choose = _chooser(attributes, evaluate)
    return [_host(principal, choose) for principal in principals]


def _host(principal: Mapping[str, Any], choose: Callable[[dict[str, Any]], dict[str, Any]]) -> Host:
    own = {key: principal[key] for key in PROPERTIES if key in principal}
    return Host(own, principal[ATTRIBUTES], {OWN: own, **choose(principal[ATTRIBUTES])})


def _chooser(option: Any, evaluate: Evaluate) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return the function that chooses variables: all attributes, those in a list, or renamed as in a dictionary."""
    if option is None:
        return lambda attributes: {ATTRIBUTES: attributes}
    if isinstance(option, Mapping):
        wanted = {str(variable): _transformed(variable, text) for variable, text in option.items()}
        return lambda attributes: _renamed(attributes, wanted, evaluate)
    if isinstance(option, Sequence) and not isinstance(option, str):
        paths = [_path(item) for item in option]
        return lambda attributes: {ATTRIBUTES: _narrowed(attributes, paths)}
    raise OptionError("attributes", "must be a list of attributes, or a dictionary of variables and attributes")


def _path(item: Any) -> tuple[str, str]:
    """`Set.Name` or `Set` as names; the second is empty for a whole set."""
    attribute_set, _dot, name = str(item).strip().partition(".")
    problem = name_problem(attribute_set) or (_dot and name_problem(name))
    if problem:
        raise OptionError("attributes", f"'{item}' is no attribute; write Set.Name, or Set for all of its attributes")
    return attribute_set, name


def _transformed(variable: Any, text: Any) -> tuple[tuple[str, str], str]:
    """`Set.Name | filters` as the attribute and the expression that changes it."""
    if not str(variable).isidentifier() or variable == OWN:
        raise OptionError("attributes", f"'{variable}' cannot be the name of a host variable")
    path, pipe, filters = str(text).partition("|")
    return _path(path), f"this |{filters}" if pipe else ""


def _renamed(
    attributes: Mapping[str, Any], wanted: Mapping[str, tuple[tuple[str, str], str]], evaluate: Evaluate
) -> dict[str, Any]:
    variables = {}
    for variable, ((attribute_set, name), expression) in wanted.items():
        values = attributes.get(attribute_set)
        value = values.get(name) if values and name else values
        if expression:
            value = evaluate(expression, {} if value is None else {"this": value})
        if value is not None:
            variables[variable] = value
    return variables


def _narrowed(attributes: Mapping[str, Any], paths: Sequence[tuple[str, str]]) -> dict[str, Any]:
    narrowed: dict[str, Any] = {}
    for attribute_set, name in paths:
        values = attributes.get(attribute_set, {})
        chosen = {name: values[name]} if name in values else {} if name else values
        if chosen:
            narrowed[attribute_set] = {**narrowed.get(attribute_set, {}), **chosen}
    return narrowed


def give_names(every: Sequence[Host], preferences: Sequence[str], evaluate: Evaluate) -> list[str]:
    """Name each host by the first preference that gives a unique name, or else by its id.

    No host gets a name that several would have, so that names do not depend on the order. The id of another host and
    `RESERVED` names are not used either. Return the names that no host got.
    """
    nameless = list(every)
    taken = {host.properties["id"] for host in every}
    clashes: list[str] = []
    for preference in preferences:
        wanted = [_wished(host, preference, evaluate) for host in nameless]
        times = Counter(wanted)
        for host, name in zip(nameless, wanted, strict=True):
            free = name not in taken and name.lower() not in RESERVED
            if times[name] == 1 and (free or name == host.properties["id"]):
                host.name = name
        clashes += [name for name in times.keys() - {host.name for host in nameless} if name]
        taken.update(wanted)
        nameless = [host for host in nameless if not host.name]
    for host in nameless:
        host.name = host.properties["id"]
    return sorted(clashes)


def followed(expression: str, variables: Mapping[str, Any], own: Collection[str]) -> Any:
    """Return the value of an expression that is only a path to or into a variable of `own`, such as `entra.id`.

    Most expressions are, and Jinja takes up to a millisecond for each of a hundred thousand hosts. Raises KeyError if
    the path leads nowhere, ValueError for all other expressions.
    """
    first, *others = expression.strip().split(".")
    if first not in own or not all(name.isidentifier() for name in others):
        raise ValueError(expression)
    value: Any = variables
    for name in (first, *others):
        if not isinstance(value, dict):
            raise ValueError(expression)
        value = value[name]
    return value


def _wished(host: Host, preference: str, evaluate: Evaluate) -> str:
    """Return the name of a host by a preference: a property, an attribute or an expression; empty if it has none."""
    attribute_set, _dot, name = preference.partition(".")
    if preference in PROPERTIES:
        value = host.properties.get(preference)
    elif attribute_set not in host.variables and not (name_problem(attribute_set) or name_problem(name)):
        value = host.attributes.get(attribute_set, {}).get(name)
    else:
        value = evaluate(preference, {**host.attributes, **host.properties, **host.variables})
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""
