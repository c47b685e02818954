# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Principals as hosts: which variables they have, and what they are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..module_utils._core.names import name_problem
from ..module_utils._errors import OptionError

Evaluate: TypeAlias = "Callable[[str, Mapping[str, Any]], Any]"
"""The value of a Jinja expression with some variables; None where one of them is undefined."""

PROPERTIES = ("id", "type", "display_name", "user_principal_name", "app_id", "agent_type")
"""What a principal has beside its attributes; the keys of `Principal.as_result()`."""
OWN, ATTRIBUTES = "entra", "custom_security_attributes"
"""The variables of every host: its properties, and its attributes as `{attribute set: {name: value}}`."""
RESERVED = frozenset({"localhost", "127.0.0.1", "::1", "all", "ungrouped"})
"""What Ansible takes for the controller itself or a group; no principal may be meant by it, however it is spelled."""


@dataclass
class Host:
    """A principal on its way to be a host: `attributes` are all it has, `variables` are what was chosen of it."""

    properties: dict[str, Any]
    attributes: dict[str, dict[str, Any]]
    variables: dict[str, Any]
    name: str = ""


def hosts(principals: Sequence[Mapping[str, Any]], attributes: Any, evaluate: Evaluate) -> list[Host]:
    """The principals of a listing with their variables, in order. Raises OptionError for the option `attributes`."""
    choose = _chooser(attributes, evaluate)
    return [_host(principal, choose) for principal in principals]


def _host(principal: Mapping[str, Any], choose: Callable[[dict[str, Any]], dict[str, Any]]) -> Host:
    own = {key: principal[key] for key in PROPERTIES if key in principal}
    return Host(own, principal[ATTRIBUTES], {OWN: own, **choose(principal[ATTRIBUTES])})


def _chooser(option: Any, evaluate: Evaluate) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Makes the variables of all attributes: of all, of those that a list names, or by the names of a dictionary."""
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
    """Name each host by the first preference that yields a name which is its alone, at last by its id.

    A name that several would have is nobody's, so that it does not depend on the order who has it. No id of another
    host and nothing `RESERVED` is taken for a name. Returns the names that nobody got.
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
    """What an expression is that merely leads to one of the variables in `own`, or into it, as `entra.id` does.

    Most expressions do, and Jinja takes up to a millisecond for each of a hundred thousand hosts. Raises KeyError where
    nothing is there, ValueError for all other expressions.
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
    """What a host would be called: a property, an attribute, or the value of an expression; empty if it has none."""
    attribute_set, _dot, name = preference.partition(".")
    if preference in PROPERTIES:
        value = host.properties.get(preference)
    elif attribute_set not in host.variables and not (name_problem(attribute_set) or name_problem(name)):
        value = host.attributes.get(attribute_set, {}).get(name)
    else:
        value = evaluate(preference, {**host.attributes, **host.properties, **host.variables})
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""
