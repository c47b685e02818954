# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The options, run and result of `custom_security_attribute`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .._core.assignment_plan import Adjust, Desired, DesiredValue, Exactly, Plan, ensure_visible
from .._core.model import AttributeName, Principal, PrincipalReference, read_reference
from .._core.names import name_problem
from .._core.options import CHOICE, LEFT_OUT, TEXT, left_out
from .._core.values import checked, coerced, elements, in_order
from .._errors import EntraError, InvalidValue, OptionError
from .._graph.client import Graph
from .._graph.replication import persist
from .._operation import Operation, diff
from .._tenant.principals import REPEATED_WRITES, Directory
from .._tenant.schema import Schema
from .._tenant.visibility import Visibility
from .planner import Planner, SetDefinitions

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


@dataclass(frozen=True)
class Assignment:
    """The options of `custom_security_attribute`: an attribute of a principal, and its desired value."""

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
    """Do what `custom_security_attribute` does: one GET, and one PATCH if something differs.

    A definition is read only if it decides what is meant, if check mode predicts a write, or to explain a refusal. With
    `verify` the principal is read again. If another writer changed the attribute, it is planned and written again.
    Raises WriteNotConfirmed, and what the requests raise.
    """
    task = Assignment.from_params(params)
    warnings: list[str] = []
    directory = Directory(graph)
    planner = Planner(
        SetDefinitions(Schema(graph)),
        Visibility(graph),
        check_mode=check_mode,
        foresees=check_mode,
        warn=warnings.append,
        advice="Set type.",
    )
    principal = directory.find(task.who)
    planned = planner.plan(principal, task.desired)
    plans = [planned]
    while planned.changed and not check_mode:
        try:
            _assign(principal, planned, directory, planner, graph)
            unseen = directory.verify([(principal, plans)]).get(principal.id) if params["verify"] else None
            if unseen is None:
                break
            if unseen.shown is None or len(plans) > REPEATED_WRITES:
                raise unseen
            planned = planner.plan(replace(principal, assignments=unseen.shown), task.desired)
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


def _assign(principal: Principal, planned: Plan, directory: Directory, planner: Planner, graph: Graph) -> None:
    """Send the PATCH of a plan. If its answer is lost, read back whether it was applied."""
    try:
        persist(
            graph.patience,
            lambda: directory.assign(principal, planned),
            lambda error: planner.explain(error, planned),
        )
    except EntraError as error:
        if not error.in_doubt:
            raise
        directory.ensure_applied(principal, planned, error)


ASSIGNMENT = Operation(run_assignment, ASSIGNMENT_SPEC, ASSIGNMENT_CONSTRAINTS)
