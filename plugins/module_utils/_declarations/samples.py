# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Sample principals, and what is declared for them, so that a repository tests its rules without a tenant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .._core.assignment_plan import Definitions, plan
from .._core.desired_state import Decision, resolve
from .._core.model import (
    SERVICE_PRINCIPAL,
    USER,
    Definition,
    Principal,
    PrincipalReference,
    flat,
    nested,
)
from .._core.names import not_text, read_as
from .._core.rules.evaluation import Unknown
from .._core.rules.property_filter import property_filter
from .._core.selection import AGENT_LINK, BLUEPRINT_LINK, PROPERTIES, Item, Selection, class_of, selecting_first
from .._core.values import checked
from .._errors import EntraError, InvalidDeclaration, InvalidValue, OptionError, quoted
from .assignments import refuse
from .declared import Declared
from .locations import Decrypt, ParseError
from .storage import read_regular
from .yaml_json import parse_json, parse_yaml

OPTION = "principals"
AGENT_USER = "agent_user"
KINDS = {
    "user": (USER, ""),
    "service_principal": (SERVICE_PRINCIPAL, ""),
    "agent": (SERVICE_PRINCIPAL, "agentIdentity"),
    "blueprint": (SERVICE_PRINCIPAL, "agentIdentityBlueprintPrincipal"),
    AGENT_USER: (USER, "agentUser"),
}
KEYS = ("kind", "name", "id", "app_id", "groups", "blueprint", "agent", "properties", "assignments")
_LOOKUPS = {"mail": "mail", "employee_id": "employeeId"}


@dataclass(frozen=True)
class Sample:
    """A principal with the groups that it is a member of, nested ones included, and the name of its blueprint."""

    principal: Principal
    groups: frozenset[str] = frozenset()
    blueprint: str = ""


def read_samples(path: str, decrypt: Decrypt) -> list[Sample]:
    """Return the principals of a YAML or JSON file. Raises InvalidDeclaration with every mistake, and OptionError."""
    problems: list[str] = []
    parse = parse_json if Path(path).suffix.lower() == ".json" else parse_yaml
    try:
        text = read_regular(path).decode()
        content, line, _words = parse(text, lambda at, problem: problems.append(f"{path}:{at}: {problem}"), decrypt)
    except OSError as error:
        raise OptionError(OPTION, f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise OptionError(OPTION, f"{path} is not UTF-8 text") from None
    except ParseError as broken:
        raise OptionError(OPTION, f"{path}:{broken}") from None
    if not isinstance(content, list):
        raise OptionError(OPTION, f"{path} must be a list of dictionaries with some of {', '.join(KEYS)}")
    found = [
        sample
        for number, item in enumerate(content)
        if (sample := _sample(f"{path}:{line((number,))}", number, item, problems))
    ]
    refuse(problems)
    return _linked(found)


def _sample(place: str, number: int, item: Any, problems: list[str]) -> Sample | None:
    """Return a principal, or null for mistakes, which are noted."""
    before = len(problems)
    problems += [f"{place}: {problem}" for problem in _problems(item)]
    if len(problems) > before:
        return None
    kind, agent_type = KINDS[item.get("kind", "user")]
    name, known = item["name"], item.get("id") or f"00000000-0000-4000-8000-{number:012}"
    key = name if kind is USER else item.get("app_id") or name
    names = {"id": known, "displayName": name, "userPrincipalName" if kind is USER else "appId": key}
    properties = {**names, **dict(_paths(item.get("properties") or {}))}
    principal = Principal(
        kind=kind,
        id=known,
        display_name=str(properties["displayName"]),
        key=key,
        agent_type=agent_type,
        assignments=flat(item.get("assignments") or {}),
        others=tuple((by, str(properties[known])) for by, known in _LOOKUPS.items() if properties.get(known)),
        properties=properties,
    )
    if item.get("agent"):
        principal = replace(principal, properties={**properties, AGENT_LINK: item["agent"]})
    groups = frozenset(group.lower() for group in item.get("groups") or ())
    return Sample(principal, groups, str(item.get("blueprint") or ""))


def _problems(item: Any) -> Iterator[str]:
    """Yield what is wrong with a sample."""
    if not isinstance(item, Mapping):
        yield f"must be a dictionary with some of {', '.join(KEYS)}"
        return
    for key in item:
        if key not in KEYS:
            yield f"has the unknown key '{quoted(str(key))}'; accepted are {', '.join(KEYS)}"
    if item.get("kind", "user") not in KINDS:
        yield f"kind: {read_as(item['kind'])} is not one of {', '.join(KINDS)}"
    for key in ("name", "id", "app_id", "blueprint", "agent"):
        if (key in item or key == "name") and not isinstance(item.get(key), str):
            yield f"{key}: {not_text(item.get(key))}"
    groups = item.get("groups") or []
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        yield "groups: must be a list of the names or ids that items use"
    if not isinstance(item.get("properties") or {}, Mapping):
        yield "properties: must be a dictionary"
    assignments = item.get("assignments") or {}
    if not isinstance(assignments, Mapping) or not all(isinstance(held, Mapping) for held in assignments.values()):
        yield "assignments: must be a dictionary of attribute sets"
        return
    for attribute, value in flat(assignments).items():
        try:
            checked(attribute, value)
        except InvalidValue as error:
            yield f"assignments: {attribute}: {error.reason}"


def _paths(properties: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in properties.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{before}{name}.")
        elif value is not None:
            yield f"{before}{name}", value


def _linked(samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples with the links to blueprints and agents, which name these as people do."""
    ids = {name: sample.principal for sample in samples for name in sample.principal.identities}
    found = []
    for sample in samples:
        properties = dict(sample.principal.properties)
        if blueprint := ids.get(sample.blueprint.lower()):
            properties[BLUEPRINT_LINK] = blueprint.key
        if agent := ids.get(str(properties.get(AGENT_LINK, "")).lower()):
            properties[AGENT_LINK] = agent.id
        found.append(replace(sample, principal=replace(sample.principal, properties=properties)))
    return found


def decided(found: Declared, samples: Sequence[Sample], now: float) -> list[dict[str, Any]]:
    """Return what is declared for sample principals: their values before and after, with the reasons.

    Raises InvalidDeclaration for items that contradict each other.
    """
    items = selecting_first(found.items)
    items += [declaration.as_item() for declaration in found.assignments]
    definitions = _definitions(found)
    principals = {sample.principal.id: sample.principal for sample in samples}
    selected_by, unknown = _selected(items, samples)
    named = {
        number: [known for known, principal in principals.items() if _is_named(item.who, principal)]
        for number, item in enumerate(items)
        if isinstance(item.who, PrincipalReference)
    }
    state = resolve(items, selected_by, named, principals, now, definitions)
    if state.conflicts:
        raise InvalidDeclaration("what is declared is wrong", list(map(str, state.conflicts)))
    return [
        _result(principal, state.decisions.get(known) or Decision({}), definitions, unknown.get(known, []))
        for known, principal in principals.items()
    ]


def _selected(
    items: Sequence[Item], samples: Sequence[Sample]
) -> tuple[dict[str, frozenset[int]], dict[str, list[str]]]:
    """Return the items that select each sample, without regard to `where`, and for whom that is unknown."""
    filters = {
        number: property_filter(item.selection.filter, PROPERTIES[item.selection.kind])
        for number, item in enumerate(items)
        if item.selection and item.selection.filter
    }
    selected: dict[str, frozenset[int]] = {}
    unknown: dict[str, list[str]] = {}
    for sample in samples:
        numbers = set()
        for number, item in enumerate(items):
            if item.selection is None or not _may_be(item.selection, sample):
                continue
            rule = filters.get(number)
            answer = (
                rule(sample.principal.properties)
                if rule
                else number not in filters or Unknown(("Only Graph knows this filter",))
            )
            if isinstance(answer, Unknown):
                unknown.setdefault(sample.principal.id, []).append(f"{item.place}: {item.selection.filter}: {answer}")
            elif answer:
                numbers.add(number)
        if numbers:
            selected[sample.principal.id] = frozenset(numbers)
    return selected, unknown


def _may_be(selection: Selection, sample: Sample) -> bool:
    """Return whether the kind, the group and the blueprint of a selection are those of a sample."""
    if class_of(sample.principal) != selection.kind:
        return False
    if selection.group and selection.group.lower() not in sample.groups:
        return False
    names = {sample.blueprint.lower(), str(sample.principal.properties.get(BLUEPRINT_LINK, "")).lower()}
    return not selection.blueprint or selection.blueprint.lower() in names


def _is_named(who: PrincipalReference, principal: Principal) -> bool:
    return who.kind is principal.kind and who.identity in principal.identities


def _definitions(found: Declared) -> Definitions:
    """Return the definitions that are declared with their type."""
    return {
        placed.desired.attribute: Definition(
            placed.desired.attribute_set,
            placed.desired.name,
            placed.desired.type,
            collection=bool(placed.desired.collection),
        )
        for placed in found.placed_definitions
        if placed.desired.type
    }


def _result(
    principal: Principal, decision: Decision, definitions: Definitions, unknown: Sequence[str]
) -> dict[str, Any]:
    held = principal.assignments
    after, problem = dict(held), str(decision.error or "")
    try:
        for attribute, value in plan(held, decision.desired, definitions).changes.items():
            after.pop(attribute, None)
            if value is not None:
                after[attribute] = value
    except EntraError as error:
        problem = problem or str(error)
    return {
        "principal": principal.as_result(),
        "before": nested(held),
        "after": nested(after),
        "reasons": [reason.as_result() for reason in decision.reasons],
        "unknown": list(unknown),
        "msg": problem,
    }
