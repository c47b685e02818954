# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The options, runs and results of `custom_security_attribute` and `custom_security_attribute_info`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .._core.assignment_plan import (
    Adjust,
    Definitions,
    Desired,
    DesiredValue,
    Exactly,
    Plan,
    check,
    definition_of,
    ensure_spelling,
    ensure_visible,
    needs_definition,
    permanent_refusal_reason,
    plan,
)
from .._core.model import (
    KINDS,
    STRING,
    Assignments,
    AttributeName,
    Definition,
    Principal,
    PrincipalKind,
    PrincipalReference,
    Value,
    nested,
    read_reference,
)
from .._core.names import name_problem, text_problem
from .._core.options import (
    CHOICE,
    DICT,
    LEFT_OUT,
    LIST,
    TEXT,
    left_out,
)
from .._core.values import checked, coerced, elements, in_order
from .._errors import (
    AttributesHidden,
    EntraError,
    GraphError,
    InvalidValue,
    NameCaseMismatch,
    OptionError,
    PermissionDenied,
    PrincipalNotFound,
    UndefinedAttribute,
)
from .._graph.client import Graph
from .._operation import Entry, diff
from .._tenant.principals import REPEATED_WRITES, Directory
from .._tenant.schema import Schema
from .._tenant.wire import condition

PRINCIPAL_SPEC = {"user": {"type": "raw"}, "service_principal": {"type": TEXT}}
VERIFY_SPEC = {"verify": {"type": "bool", "default": False}}

ASSIGNMENT_SPEC = {
    **PRINCIPAL_SPEC,
    "attribute_set": {"type": TEXT, "required": True},
    "name": {"type": TEXT, "required": True},
    "value": {"type": "raw", "fallback": (left_out,)},
    "type": {"type": CHOICE, "choices": ["auto", "string", "integer", "boolean"], "default": "auto"},
    "append": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    **VERIFY_SPEC,
}
ASSIGNMENT_CONSTRAINTS = {
    "mutually_exclusive": [("user", "service_principal")],
    "required_one_of": [("user", "service_principal")],
}

SELECTION_SPEC = {
    "where": {
        "type": LIST,
        "elements": DICT,
        "options": {
            "attribute_set": {"type": TEXT, "required": True},
            "name": {"type": TEXT, "required": True},
            "operator": {"type": "str", "choices": ["eq", "ne", "startswith"], "default": "eq"},
            "value": {"type": "raw"},
        },
    },
    "filter": {"type": TEXT},
}

INFO_SPEC = {
    **PRINCIPAL_SPEC,
    **SELECTION_SPEC,
    "principal_type": {"type": "str", "choices": list(KINDS)},
    "attribute_set": {"type": TEXT},
    "name": {"type": TEXT},
}
INFO_CONSTRAINTS = {
    "mutually_exclusive": [("user", "service_principal", "principal_type")],
    "required_one_of": [("user", "service_principal", "principal_type")],
    "required_by": {"where": ("principal_type",), "filter": ("principal_type",), "name": ("attribute_set",)},
}
INVENTORY_SPEC = {
    **SELECTION_SPEC,
    "principal_type": {"type": "str", "choices": list(KINDS), "default": "user"},
    "strict_permissions": {"type": "bool", "default": True},
}
PERHAPS_HIDDEN = "The token does not show that the identity may read all attribute sets; some may be hidden."


@dataclass(frozen=True)
class Assignment:
    """The options of `custom_security_attribute`: which attribute of which principal, and what it is to be."""

    who: PrincipalReference
    attribute: AttributeName
    value: DesiredValue

    @property
    def desired(self) -> Desired:
        """Return the desired value in the form that `plan()` takes."""
        return {self.attribute: self.value}

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Assignment:
        """Raises OptionError and InvalidValue for everything that is wrong in any tenant."""
        who = read_reference(params)
        check_names(params)
        attribute = AttributeName(params["attribute_set"], params["name"])
        return cls(who, attribute, _desired_value(attribute, params))


def check_names(params: Mapping[str, Any], prefix: str = "") -> None:
    """Raises OptionError where `attribute_set` or `name` can be no name."""
    for option in ("attribute_set", "name"):
        problem = name_problem(params[option]) if params[option] is not None else ""
        if problem:
            raise OptionError(prefix + option, problem)


def _desired_value(attribute: AttributeName, params: Mapping[str, Any]) -> DesiredValue:
    type_ = None if params["type"] == "auto" else params["type"].capitalize()
    absent = params["state"] == "absent"
    if absent and params["append"]:
        raise OptionError("append", "goes with state=present; with state=absent the value is what is removed")
    if params["value"] is LEFT_OUT:
        if absent:
            return Exactly(None)
        raise InvalidValue(attribute, "no value is given", "To remove the attribute, use state=absent.")
    value = checked(attribute, params["value"])
    if type_:
        value = coerced(attribute, value, type_, named=True)
    if not absent:
        ensure_visible(attribute, elements(value))
    if not absent and not params["append"]:
        return Exactly(value, type_)
    return Adjust(remove=elements(value), type=type_) if absent else Adjust(add=elements(value), type=type_)


def run_assignment(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`custom_security_attribute`: one GET, and one PATCH if something differs.

    A definition is read only where it is in doubt what is meant, where check mode predicts a write, or to explain a
    refusal. With `verify` the principal is read again, and planned and written again where another writer changed the
    attribute meanwhile. Raises WriteNotConfirmed, and what the requests raise.
    """
    task = Assignment.from_params(params)
    directory, schema = Directory(graph), Schema(graph)
    principal = directory.find(task.who)
    warnings = []
    if all(held.attribute_set != task.attribute.attribute_set for held in principal.assignments):
        known = directory.ensure_readable(task.who.kind, task.attribute)
        warnings = [] if known else [PERHAPS_HIDDEN]
    try:
        planned = _plan(task, principal.assignments, schema)
        if planned.changed and check_mode:
            _predict(task, planned, schema)
    except UndefinedAttribute as undefined:
        if not check_mode or isinstance(undefined, NameCaseMismatch):
            raise
        planned = plan(principal.assignments, task.desired)
        warnings += [f"{undefined} Unless an earlier task defines it, the run will fail."]
    plans = [planned]
    while planned.changed and not check_mode:
        try:
            _assign(task, principal, planned, directory, schema, graph)
            unseen = directory.verify([(principal, plans)]).get(principal.id) if params["verify"] else None
            if unseen is None:
                break
            if unseen.shown is None or len(plans) > REPEATED_WRITES:
                raise unseen
            planned = _plan(task, unseen.shown, schema)
        except EntraError as error:
            error.changed = error.changed or len(plans) > 1
            raise
        plans.append(planned)
    return {
        "changed": plans[0].changed,
        "principal": principal.as_result(),
        "attribute_set": task.attribute.attribute_set,
        "name": task.attribute.name,
        "value": planned.after.get(task.attribute),
        "previous_value": plans[0].before.get(task.attribute),
        "diff": diff(str(principal), in_order(plans[0].before), in_order(planned.after)),
        **({"warnings": warnings} if warnings else {}),
    }


def _assign(
    task: Assignment, principal: Principal, planned: Plan, directory: Directory, schema: Schema, graph: Graph
) -> None:
    """Send the PATCH of a plan, and read back whether it was applied if its answer was lost."""
    try:
        graph.persist(
            lambda: directory.assign(principal, planned),
            lambda error: _lagging(error, task, planned, schema),
        )
    except EntraError as error:
        if not error.in_doubt:
            raise
        directory.ensure_applied(principal, planned, error)


def _plan(task: Assignment, current: Assignments, schema: Schema) -> Plan:
    """Plan, with the definition only where it is in doubt what is meant."""
    if not needs_definition(current, task.desired):
        return plan(current, task.desired)
    try:
        definitions = _definitions(task.attribute.attribute_set, schema)
    except GraphError as error:
        if isinstance(error, PermissionDenied):
            ensure_spelling(current, task.desired)  # which needs no definitions to be wrong
        error.hint = f"Text that reads as an integer or Boolean may be either: set type. {error.hint}"
        raise
    planned = plan(current, task.desired, definitions)
    definition_of(task.attribute, definitions)
    return planned


def _definitions(attribute_set: str, schema: Schema) -> Definitions:
    """Those of the attribute set; of the tenant where it has none, as the set may be spelled otherwise."""
    found = schema.definitions(attribute_set) or schema.definitions()
    return {definition.attribute: definition for definition in found}


def _predict(task: Assignment, planned: Plan, schema: Schema) -> None:
    """Refuse in check mode what Graph would refuse, as far as the definition may be read."""
    with suppress(PermissionDenied):
        check(planned, _definitions(task.attribute.attribute_set, schema))


def _lagging(error: EntraError, task: Assignment, planned: Plan, schema: Schema) -> bool:
    """Whether Graph refused what its own definition allows, as it does for a moment after the definition was created.

    Other refusals are explained from the definition, since Graph's own texts are unknown (graph-facts 6.2, 6.4).
    """
    if not isinstance(error, GraphError) or error.status not in (400, 404):
        return False
    try:
        definitions = _definitions(task.attribute.attribute_set, schema)
        check(planned, definitions)
    except (InvalidValue, UndefinedAttribute) as reason:
        error.explanation = str(reason)
        return False
    except EntraError as unreadable:
        error.hint = f"The definition could tell why, but may not be read. {unreadable.hint}"
        return False
    error.explanation = permanent_refusal_reason(planned, definitions)
    if not error.explanation:
        error.hint = "Its definition allows it. A new definition takes a moment; otherwise the reason is another one."
    return planned.adds or not error.explanation


def run_info(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """`custom_security_attribute_info`: the principals asked for and what is assigned to them."""
    check_names(params)
    directory = Directory(graph)
    attribute_set, name = params["attribute_set"], params["name"]
    if params["principal_type"]:
        kind = KINDS[params["principal_type"]]
        principals = _selected(params, graph)
    else:
        who = read_reference(params)
        kind = who.kind
        try:
            principals = iter([directory.find(who)])
        except PrincipalNotFound:
            principals = iter(())
    found = [_listed(principal, attribute_set, name) for principal in principals]
    attribute = AttributeName(attribute_set, name) if attribute_set and name else None
    known = _shows_all(directory, kind, found, attribute)
    return {"changed": False, "principals": found, **({} if known else {"warnings": [PERHAPS_HIDDEN]})}


def _shows_all(
    directory: Directory, kind: PrincipalKind, found: Sequence[Mapping[str, Any]], attribute: AttributeName | None
) -> bool:
    """Return whether Graph is known to show everything. Raises AttributesHidden where it cannot show anything."""
    seen = any(principal["custom_security_attributes"] for principal in found)
    try:
        return directory.ensure_readable(kind, None if seen else attribute)
    except AttributesHidden:
        if not seen:
            raise
        return False


def run_inventory(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """The inventory `directory`: the principals that are selected and what is assigned to them.

    Unless `strict_permissions` is set, it is a warning that the identity may not read this; what it may is listed.
    """
    found: list[dict[str, Any]] = []
    warnings = []
    try:
        found.extend(_listed(principal) for principal in _selected(params, graph))
        if not _shows_all(Directory(graph), KINDS[params["principal_type"]], found, None):
            warnings = [PERHAPS_HIDDEN]
    except (AttributesHidden, PermissionDenied) as error:
        if params["strict_permissions"]:
            raise
        warnings = [str(error)]
    return {"principals": found, "warnings": warnings}


def _selected(params: Mapping[str, Any], graph: Graph) -> Iterator[Principal]:
    """The principals that `where` and `filter` select. Raises what `selection` does."""
    return Directory(graph).select(KINDS[params["principal_type"]], selection(params, Schema(graph)))


def _listed(principal: Principal, attribute_set: str | None = None, name: str | None = None) -> dict[str, Any]:
    """A principal with its assignments, narrowed to a set and an attribute where those are given."""
    assignments = {
        attribute: value
        for attribute, value in principal.assignments.items()
        if attribute_set in (None, attribute.attribute_set) and name in (None, attribute.name)
    }
    return {**principal.as_result(), "custom_security_attributes": nested(assignments)}


def selection(params: Mapping[str, Any], schema: Schema) -> str:
    """Return the OData filter of `where` and `filter`, empty without them.

    Raises OptionError, UndefinedAttribute and GraphError.
    """
    where = params["where"] or []
    for index, item in enumerate(where):
        check_names(item, f"where[{index}].")
        _compared(index, item, None)
    if params["filter"] and (problem := text_problem(params["filter"])):
        raise OptionError("filter", problem)
    definitions = _definitions_of({item["attribute_set"] for item in where}, schema)
    conditions = []
    for index, item in enumerate(where):
        attribute = AttributeName(item["attribute_set"], item["name"])
        definition = definition_of(attribute, definitions) if definitions else None
        conditions.append(condition(attribute, item["operator"], _compared(index, item, definition)))
        if definition and not definition.searchable:
            raise OptionError(
                f"where[{index}].name",
                f"{attribute} is not searchable, so that Graph finds nobody by it",
                "Read all principals instead, and choose by what they have.",
            )
    if params["filter"]:
        conditions.append(f"({params['filter']})" if conditions else params["filter"])
    return " and ".join(conditions)


def _definitions_of(attribute_sets: set[str], schema: Schema) -> Definitions:
    """Return the definitions of these sets, or none where the identity cannot read them."""
    found: dict[AttributeName, Definition] = {}
    with suppress(PermissionDenied):
        for attribute_set in sorted(attribute_sets):
            found.update(_definitions(attribute_set, schema))
    return found


def _compared(index: int, item: Mapping[str, Any], definition: Definition | None) -> Value | None:
    """Return the value that a condition compares with, in the type of its definition. Raises OptionError."""
    attribute = f"{item['attribute_set']}.{item['name']}"
    value: Value | None = item["value"]
    starts = item["operator"] == "startswith"
    try:
        if isinstance(value, list):
            raise InvalidValue(attribute, "must be a single value; eq matches collections that hold it")
        if starts and definition and definition.type != STRING:
            raise InvalidValue(attribute, f"its type is {definition.type}; startswith goes with String attributes")
        if value is None and not starts:
            return None
        wanted = STRING if starts else definition.type if definition else None
        return coerced(attribute, checked(attribute, value), wanted) if wanted else checked(attribute, value)
    except InvalidValue as error:
        raise OptionError(f"where[{index}].value", f"{attribute}: {error.reason}") from None


ASSIGNMENT = Entry(run_assignment, ASSIGNMENT_SPEC, ASSIGNMENT_CONSTRAINTS)
INFO = Entry(run_info, INFO_SPEC, INFO_CONSTRAINTS)
INVENTORY = Entry(run_inventory, INVENTORY_SPEC)
