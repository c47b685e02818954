# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The dialects by name, and what the filters `to_rule` and `rule_details` do. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from ..._errors import OptionError, quoted
from ..model import Assignments, AttributeName, Definition, flat
from ..names import name_problem, read_as
from ..values import integer_problem
from .conditional_access import CONDITIONAL_ACCESS
from .conditions import MENTION, Attribute, Dialect, InvalidRule, Node, all_of, comparisons
from .evaluation import Unknown, evaluate
from .odata import ODATA
from .problems import Definitions, doubts, find_problems
from .role_conditions import ROLE_CONDITION

DIALECTS = {dialect.name: dialect for dialect in (CONDITIONAL_ACCESS, ROLE_CONDITION, ODATA)}


def dialect_of(name: Any) -> Dialect:
    """Return the dialect with a name. Raises OptionError."""
    dialect = DIALECTS.get(name) if isinstance(name, str) else None
    if dialect is None:
        raise OptionError("dialect", f"{read_as(name)} is not one of {', '.join(DIALECTS)}")
    return dialect


def to_rule(conditions: Any, dialect: Any) -> str:
    """Return the rule that holds where all conditions hold. Raises OptionError for what a rule cannot express."""
    chosen = dialect_of(dialect)
    if not isinstance(conditions, list | tuple) or not conditions:
        raise OptionError("conditions", f"{read_as(conditions)} is not a list of at least one condition")
    tree = all_of([_condition(f"conditions[{place}]", item, chosen) for place, item in enumerate(conditions)])
    text = chosen.write(tree)
    try:
        understood = chosen.parse(text, ())
    except InvalidRule as error:
        raise OptionError("conditions", f"a rule cannot hold these values: {error}") from None
    if repr(understood) != repr(tree):
        raise OptionError("conditions", "a rule cannot hold these values so that they are read back")
    return text


def _condition(option: str, item: Any, dialect: Dialect) -> Node:
    """Return one comparison."""
    if not isinstance(item, Mapping):
        raise OptionError(option, f"{read_as(item)} is not a dictionary with attribute_set, name, operator and value")
    accepted = ("attribute_set", "name", "operator", "value")
    if unknown := [key for key in item if key not in accepted]:
        raise OptionError(option, f"unknown key {quoted(str(unknown[0]))}; accepted are {', '.join(accepted)}")
    if "value" not in item:
        raise OptionError(option, "it has no value")
    operator = item.get("operator", "eq")
    if not isinstance(operator, str):
        raise OptionError(f"{option}.operator", f"{read_as(operator)} is not an operator")
    attribute = _attribute(option, item)
    value = item["value"]
    plain: Any = [_scalar(f"{option}.value", each) for each in value] if isinstance(value, list) else None
    try:
        return dialect.compare(attribute, operator, _scalar(f"{option}.value", value) if plain is None else plain)
    except ValueError as error:
        raise OptionError(option, str(error)) from None


def _attribute(option: str, item: Mapping[Any, Any]) -> Attribute:
    return Attribute(_name(option, item, "attribute_set"), _name(option, item, "name"))


def _name(option: str, item: Mapping[Any, Any], key: str) -> str:
    """Return the name of an attribute set or attribute."""
    name = item.get(key)
    if not isinstance(name, str):
        raise OptionError(f"{option}.{key}", f"{read_as(name)} is not a name")
    if problem := name_problem(str(name)):
        raise OptionError(f"{option}.{key}", problem)
    return str(name)


def _scalar(option: str, value: Any) -> str | int | bool | None:
    """Return text, an integer, a Boolean or null in Python's own types."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if problem := integer_problem(value):
            raise OptionError(option, problem)
        return int(value)
    if isinstance(value, str):
        return str(value)
    raise OptionError(option, f"{read_as(value)} is not a value; give text, an integer or a Boolean")


def rule_details(text: Any, dialect: Any, definitions: Any = None, assignments: Any = None) -> dict[str, Any]:
    """Return what a rule says, what is wrong with it, and what it decides for assignments.

    Raises OptionError for arguments that are not of the documented shape, and never for what the rule says.
    """
    chosen = dialect_of(dialect)
    if not isinstance(text, str):
        raise OptionError("rule", f"{read_as(text)} is not the text of a rule")
    defined = None if definitions is None else dict(_definitions(definitions))
    held = None if assignments is None else _assignments(assignments)
    tree: Node | None
    try:
        tree = chosen.parse(str(text), defined or ())
        problems, valid = find_problems(tree, chosen, defined), True
    except InvalidRule as error:
        tree, problems, valid = error.meant, error.problems, False
    details = {
        "valid": valid,
        "attributes": list(attribute_details(tree, str(text))),
        "problems": [asdict(problem) for problem in problems],
    }
    return details if held is None else {**details, **_decision(tree if valid else None, chosen, defined, held)}


def attribute_details(tree: Node | None, text: str) -> Iterator[dict[str, Any]]:
    """Yield each comparison of an attribute; of a rule that cannot be parsed, the attributes that its text mentions."""
    if tree is None:
        for mention in dict.fromkeys(match.groups() for match in MENTION.finditer(text)):
            yield {"attribute_set": mention[0], "name": mention[1], "operator": None, "values": []}
        return
    for attribute, operator, literals in comparisons(tree):
        if attribute.known:
            yield {
                "attribute_set": attribute.attribute_set,
                "name": attribute.name,
                "operator": operator.removeprefix("-"),
                "values": [literal.value for literal in literals],
            }


_EXACT = re.compile(r"eq|in|equals|(ForAnyOfAnyValues:)?(String|Numeric|Bool|Guid)Equals(IgnoreCase)?")
"""Operators that hold for the values they name and for no other one."""


def may_decide(details: Mapping[str, Any], value: Any) -> bool:
    """Return whether a comparison, as `attribute_details()` has it, can have another outcome by this value.

    Values without an operator are those that an exposure uses.
    """
    text = value_text(value).lower()
    values = [value_text(compared).lower() for compared in details["values"]]
    if details["operator"] == "contains":
        return any(compared in text for compared in values)
    return not values or not _EXACT.fullmatch(details["operator"] or "eq") or text in values


def value_text(value: Any) -> str:
    """Return a value as rules write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _decision(
    tree: Node | None, dialect: Dialect, definitions: Definitions | None, assignments: Assignments
) -> dict[str, Any]:
    """Return whether the rule holds, and why that is unknown."""
    if tree is None:
        return {"matches": None, "reason": "The rule is not valid"}
    if definitions is not None and (reasons := doubts(tree, definitions)):
        return {"matches": None, "reason": "; ".join(reasons)}
    answer = evaluate(tree, dialect.name, assignments)
    if isinstance(answer, Unknown):
        return {"matches": None, "reason": str(answer)}
    return {"matches": answer, "reason": None}


def _definitions(definitions: Any) -> Iterator[tuple[AttributeName, Definition]]:
    """Yield definitions in the form of the info module or of declarations; only the names are required."""
    if not isinstance(definitions, list | tuple):
        raise OptionError("definitions", f"{read_as(definitions)} is not a list")
    for place, item in enumerate(definitions):
        option = f"definitions[{place}]"
        if not isinstance(item, Mapping):
            raise OptionError(option, f"{read_as(item)} is not a dictionary with attribute_set and name")
        attribute = _attribute(option, item)
        yield (
            attribute.named,
            Definition(
                attribute_set=attribute.attribute_set,
                name=attribute.name,
                type=str(item.get("type") or "").capitalize(),
                deprecated=item.get("state") == "deprecated",
                predefined_only=item.get("predefined_values_only") is True,
                predefined={
                    str(value): key == "predefined_values"
                    for key in ("predefined_values", "inactive_predefined_values")
                    for value in _list(f"{option}.{key}", item.get(key))
                },
            ),
        )


def _list(option: str, value: Any) -> list[Any]:
    if value is not None and not isinstance(value, list | tuple):
        raise OptionError(option, f"{read_as(value)} is not a list")
    return list(value or [])


def _assignments(assignments: Any) -> Assignments:
    """Return what is assigned, given as attribute sets with attributes, in Python's own types."""
    if not isinstance(assignments, Mapping):
        raise OptionError("assignments", f"{read_as(assignments)} is not a dictionary of attribute sets")
    plain: dict[str, dict[str, Any]] = {}
    for attribute_set, values in assignments.items():
        if not isinstance(values, Mapping):
            raise OptionError(f"assignments.{quoted(str(attribute_set))}", f"{read_as(values)} is not a dictionary")
        plain[str(attribute_set)] = {}
        for name, value in values.items():
            option = f"assignments.{quoted(str(attribute_set))}.{quoted(str(name))}"
            items = [_scalar(option, item) for item in value] if isinstance(value, list | tuple) else None
            plain[str(attribute_set)][str(name)] = _scalar(option, value) if items is None else items
    return flat(plain)
