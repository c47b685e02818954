# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What the role reconcile does to attribute sets and definitions, and what undoes it; and what drifted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._core.model import AttributeSet, Definition
from .._core.schema_plan import (
    FORBID,
    PERMIT,
    SetPlan,
    plan_definition,
    plan_set,
)
from .._declarations.assignments import refuse
from .._declarations.declared import without_nulls
from .._declarations.specs import DEFINITION_SPEC, SET_SPEC, desired_definition, desired_set
from .._errors import InvalidDeclaration

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Steps:
    """What has to be done, in this order, assignments between `permit` and `forbid`.

    `attribute_sets`, `permit` and `forbid` are what was declared of those that change; `limits` are the attribute sets
    in which more definitions are active in between than can be at the end. `before` is what undoes it, in the form of a
    folder's file. `drifts` are the differences.
    """

    attribute_sets: list[Options] = field(default_factory=list)
    permit: list[Options] = field(default_factory=list)
    forbid: list[Options] = field(default_factory=list)
    limits: list[Options] = field(default_factory=list)
    before: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    drifts: list[dict[str, Any]] = field(default_factory=list)


def schema_steps(declared: Options, tenant: Options, kept: Options) -> Steps:
    """Compare what is declared with what the modules for information say that there is.

    `kept` is the `before` of a run that was cut off: it stays, and what is new comes to it. Raises
    InvalidDeclaration with everything that the service would refuse.
    """
    steps = Steps()
    problems: list[str] = []
    sets = [AttributeSet.from_result(one) for one in tenant["attribute_sets"]]
    definitions = [Definition.from_result(one) for one in tenant["definitions"]]
    before_sets = {one["name"]: dict(one) for one in kept.get("attribute_sets") or []}
    before_definitions = {_name(one): dict(one) for one in kept.get("definitions") or []}
    changed: list[tuple[Options, SetPlan]] = []
    for item in declared["attribute_sets"]:
        try:
            planned = plan_set(desired_set(_params(SET_SPEC, item)), sets)
        except InvalidDeclaration as forbidden:
            problems += [f"attribute set {item['name']}: {problem}" for problem in forbidden.problems]
            continue
        if planned.changed:
            was = planned.before.as_result() if planned.before else None
            changed.append((item, planned))
            steps.drifts.extend(_differences("attribute_set", item["name"], was, planned.after.as_result()))
            if was:  # what undoes a new one would create it again where it is not there
                before_sets.setdefault(item["name"], without_nulls(was))
        sets = [planned.meanwhile, *(one for one in sets if one.name != planned.after.name)]
    final = {definition.attribute: definition for definition in definitions}
    for item in declared["definitions"]:
        try:
            desired = replace(desired_definition(_params(DEFINITION_SPEC, item)), changes=PERMIT)
            permitted = plan_definition(desired, definitions, sets)
            others = [one for one in definitions if one != permitted.before]
            definitions = [*([permitted.after] if permitted.after else []), *others]
            forbidden_too = plan_definition(replace(desired, changes=FORBID), definitions)
        except InvalidDeclaration as forbidden:
            problems += [f"definition {_name(item)}: {problem}" for problem in forbidden.problems]
            continue
        after = forbidden_too.after
        if after:
            final[after.attribute] = after
        steps.permit.extend([item] if permitted.changed else [])
        steps.forbid.extend([item] if forbidden_too.changed else [])
        if permitted.changed or forbidden_too.changed:
            was, now = (side.as_result() if side else None for side in (permitted.before, after))
            steps.drifts.extend(_differences("definition", _name(item), was, now))
            _remember(before_definitions.setdefault(_name(item), _before(item, was, now or {})), now or {})
    for item, planned in changed:
        name, limit = planned.after.name, planned.after.max_attributes
        if planned.meanwhile == planned.after or _active(name, definitions) <= (limit or 0):
            steps.attribute_sets.append(item)
            continue
        first, last = _apart(item, planned)
        steps.attribute_sets.extend(first)
        steps.limits.append(last)
        active = _active(name, final.values())
        if active > (limit or 0):
            problems.append(
                f"attribute set {name}: would have {active} active attributes; its max_attributes_per_set is {limit}"
            )
    refuse(problems)
    steps.before["attribute_sets"] = list(before_sets.values())
    steps.before["definitions"] = list(before_definitions.values())
    return steps


def _active(attribute_set: str, definitions: Iterable[Definition]) -> int:
    return sum(one.attribute_set == attribute_set and not one.deprecated for one in definitions)


def _apart(item: Options, planned: SetPlan) -> tuple[list[Options], Options]:
    """What to do of a set before its definitions, and after, when those are deprecated that shall be."""
    rest = {key: value for key, value in item.items() if key != "max_attributes_per_set"}
    limit = {key: item[key] for key in ("name", "max_attributes_per_set")}
    return [rest] if planned.meanwhile != planned.before else [], limit


def _params(spec: Mapping[str, Any], item: Options) -> dict[str, Any]:
    params: dict[str, Any] = ArgumentSpecValidator(spec).validate(without_nulls(item)).validated_parameters
    return params


def _name(item: Options) -> str:
    return f"{item['attribute_set']}.{item['name']}"


def _before(item: Options, was: Options | None, now: Options) -> dict[str, Any]:
    """What undoes the change of a definition, as far as Entra lets it be undone."""
    if was is None:
        return {"attribute_set": item["attribute_set"], "name": item["name"], "state": "deprecated"}
    final = {"predefined_values_only"} if was["predefined_values_only"] != now["predefined_values_only"] else set()
    return {key: value for key, value in without_nulls(was).items() if key not in final}


def _remember(entry: dict[str, Any], now: Options) -> None:
    """Have an entry of `before` deactivate the predefined values that come new."""
    if "type" in entry:  # else the whole definition is new
        inactive = entry.get("inactive_predefined_values") or []
        listed = [*(entry.get("predefined_values") or []), *inactive]
        values = [*now["predefined_values"], *now["inactive_predefined_values"]]
        new = [value for value in values if value not in listed]
        entry["inactive_predefined_values"] = [*inactive, *new]


def _differences(kind: str, name: str, before: Options | None, after: Options | None) -> Iterator[dict[str, Any]]:
    """A drift for each property, or one for all of what is created."""
    if before is None or after is None:
        yield {"kind": kind, "object": name, "attribute": None, "before": before, "after": after}
        return
    for attribute, value in after.items():
        if before[attribute] != value:
            yield {"kind": kind, "object": name, "attribute": attribute, "before": before[attribute], "after": value}


def assignment_drifts(results: Sequence[Options]) -> Iterator[dict[str, Any]]:
    """A drift for each attribute that differs, from `results` of custom_security_attributes."""
    for one in results:
        principal, before, after = one["principal"], one["before"], one["after"]
        name = principal.get("user_principal_name") or principal["display_name"]
        for attribute_set in sorted({*before, *after}) if one["changed"] else ():
            was, now = before.get(attribute_set, {}), after.get(attribute_set, {})
            for attribute in sorted({*was, *now}):
                if was.get(attribute) != now.get(attribute):
                    yield {
                        "kind": principal["type"],
                        "object": name,
                        "id": principal["id"],
                        "attribute": f"{attribute_set}.{attribute}",
                        "before": was.get(attribute),
                        "after": now.get(attribute),
                    }
