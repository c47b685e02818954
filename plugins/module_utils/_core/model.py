# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The domain model: principals, assignments, attribute sets and definitions. Pure.

`as_result()` names the properties as results and options do. Graph's names are in `_tenant/wire.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

from .._errors import OptionError
from .names import not_text, principal_problem

Scalar: TypeAlias = "str | int | bool"
Value: TypeAlias = "str | int | bool | list[str] | list[int]"
STRING, INTEGER, BOOLEAN = "String", "Integer", "Boolean"

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_Content = TypeVar("_Content")


class AttributeName(NamedTuple):
    """The name of an attribute: its attribute set, and its own name in there."""

    attribute_set: str
    name: str

    def __str__(self) -> str:
        return f"{self.attribute_set}.{self.name}"


attribute_name = lru_cache(maxsize=1024)(AttributeName)
"""Return the name of an attribute. The same few come with every principal, and share one object."""
Assignments: TypeAlias = "dict[AttributeName, Value]"
"""The values that are assigned to a principal, with names as their owners spelled them."""
NestedAssignments: TypeAlias = "dict[str, dict[str, Value]]"
"""`{attribute set: {name: value}}`, the form of results and files."""


def nested(values: Mapping[AttributeName, _Content]) -> dict[str, dict[str, _Content]]:
    """Return `{attribute set: {name: value}}`, the form of results and files, in the same order."""
    found: dict[str, dict[str, _Content]] = {}
    for (attribute_set, name), value in values.items():
        if attribute_set in found:
            found[attribute_set][name] = value
        else:
            found[attribute_set] = {name: value}
    return found


def flat(values: Mapping[str, Mapping[str, _Content]]) -> dict[AttributeName, _Content]:
    """Return the inverse of `nested()`."""
    return {
        AttributeName(attribute_set, name): value
        for attribute_set, members in values.items()
        for name, value in members.items()
    }


@dataclass(frozen=True)
class AttributeSet:
    """An attribute set; `max_attributes` is null where only the limit of the tenant counts."""

    name: str
    description: str = ""
    max_attributes: int | None = None

    def as_result(self) -> dict[str, Any]:
        """Return the set as results name it; the keys are the module's options."""
        return {
            "name": self.name,
            "description": self.description,
            "max_attributes_per_set": self.max_attributes,
        }

    @classmethod
    def from_result(cls, result: Mapping[str, Any]) -> AttributeSet:
        """Return the inverse of `as_result()`."""
        return cls(result["name"], result["description"], result["max_attributes_per_set"])


@dataclass(frozen=True)
class Definition:
    """A custom security attribute definition.

    `type` is String, Integer or Boolean; `predefined` maps every predefined value to whether it is active; `id`
    is the one that Graph gave, by which it is addressed.
    """

    attribute_set: str
    name: str
    type: str
    collection: bool = False
    deprecated: bool = False
    predefined_only: bool = False
    predefined: Mapping[str, bool] = field(default_factory=dict, hash=False)
    description: str = ""
    searchable: bool = True
    id: str = ""

    @property
    def attribute(self) -> AttributeName:
        """Return the name of the attribute that it defines."""
        return AttributeName(self.attribute_set, self.name)

    def values(self, active: bool) -> list[str]:
        """Return the active or the inactive predefined values, sorted."""
        return sorted(value for value, is_active in self.predefined.items() if is_active == active)

    def as_result(self) -> dict[str, Any]:
        """Return the definition as results name it; the keys are the module's options."""
        return {
            "attribute_set": self.attribute_set,
            "name": self.name,
            "description": self.description,
            "type": self.type.lower(),
            "multi_valued": self.collection,
            "searchable": self.searchable,
            "predefined_values_only": self.predefined_only,
            "predefined_values": self.values(active=True),
            "inactive_predefined_values": self.values(active=False),
            "state": "deprecated" if self.deprecated else "present",
        }

    @classmethod
    def from_result(cls, result: Mapping[str, Any]) -> Definition:
        """Return the inverse of `as_result()`; its id is the one that Graph gives by that name (graph-facts 1.3)."""
        values = ((True, result["predefined_values"]), (False, result["inactive_predefined_values"]))
        return cls(
            attribute_set=result["attribute_set"],
            name=result["name"],
            type=result["type"].capitalize(),
            collection=result["multi_valued"],
            deprecated=result["state"] == "deprecated",
            predefined_only=result["predefined_values_only"],
            predefined={value: active for active, listed in values for value in listed},
            description=result["description"],
            searchable=result["searchable"],
            id=definition_id(result["attribute_set"], result["name"]),
        )


def definition_id(attribute_set: str, name: str) -> str:
    """Return the id that Graph gives a definition (graph-facts 1.3)."""
    return f"{attribute_set}_{name}"


@dataclass(frozen=True, eq=False)
class PrincipalKind:
    """A kind of principal: its name in options and results, and the path of its collection in Graph.

    `key` is the property that names a principal next to its id, as results call it. There is one object for each kind.
    """

    name: str
    key: str
    path: str

    @property
    def plural(self) -> str:
        """Return the name of several, as options and results have it."""
        return f"{self.name}s"

    @property
    def title(self) -> str:
        """Return the name in a sentence."""
        return self.name.replace("_", " ")

    @property
    def key_title(self) -> str:
        """Return the name of `key` in a sentence."""
        return self.key.replace("_", " ")


USER = PrincipalKind("user", "user_principal_name", "/users")
SERVICE_PRINCIPAL = PrincipalKind("service_principal", "app_id", "/servicePrincipals")
KINDS = {kind.name: kind for kind in (USER, SERVICE_PRINCIPAL)}
KINDS_BY_PLURAL = {kind.plural: kind for kind in KINDS.values()}
LOOKUP_TITLES = {"mail": "mail address", "employee_id": "employee id"}
"""The properties other than names by which a user can be referred to, each as a sentence calls it."""


def is_guid(text: str) -> bool:
    """Return whether a text is a GUID, as object ids and app ids are."""
    return len(text) == 36 and _GUID.fullmatch(text) is not None


def identity(by: str, name: str) -> str:
    """Return a name without case, after the property that it is of; no name has a line break."""
    return f"{by}\n{name.lower()}" if by else name.lower()


@dataclass(slots=True, unsafe_hash=True)  # not frozen, which takes three times as long: there may be a million
class PrincipalReference:
    """A principal as somebody refers to it: by id, UPN, app id or display name, or `by` a lookup property."""

    kind: PrincipalKind
    name: str
    by: str = ""

    def __str__(self) -> str:
        title = f"{self.kind.title} with the {LOOKUP_TITLES[self.by]}" if self.by else self.kind.title
        return f"{title} '{self.name}'"

    @property
    def identity(self) -> str:
        """Return the name as it is compared, without case, after the property that it is of."""
        return identity(self.by, self.name)

    def as_result(self) -> dict[str, Any]:
        """Return what `Principal.as_result()` is where no principal, or more than one, has this name."""
        upn = self.name if self.kind is USER and "@" in self.name and not self.by else None
        return {"id": None, "type": self.kind.name, "display_name": self.name, self.kind.key: upn}


def read_reference(item: Mapping[str, Any]) -> PrincipalReference:
    """Return the principal that an item or the options of a task refer to. Raises OptionError.

    A user is named by a text, or by a dictionary with the mail address or the employee id.
    """
    given = [kind for kind in KINDS.values() if item.get(kind.name) not in (None, "")]
    if len(given) != 1:
        raise OptionError(", ".join(KINDS), "exactly one of them is needed")
    kind = given[0]
    name, by = item[kind.name], ""
    if isinstance(name, Mapping) and kind is USER:
        if len(name) != 1 or not set(name) <= LOOKUP_TITLES.keys():
            keys = " and ".join(LOOKUP_TITLES)
            raise OptionError(kind.name, f"a dictionary must have exactly one of the keys {keys}")
        ((by, name),) = name.items()
    if not isinstance(name, str):
        raise OptionError(kind.name, not_text(name))
    name = name.strip()
    if problem := principal_problem(name):
        raise OptionError(kind.name, problem)
    return PrincipalReference(kind, name, by)


@dataclass(slots=True)  # not frozen, which takes three times as long: there may be a million
class Principal:
    """A user or service principal with its assignments; `key` is the UPN or the app id.

    `others` holds the lookup properties that were read, as (property, value). `properties` holds Graph's values of
    further properties by their paths, of those that were asked for and are not null.

    `agent_type` is the Graph type of an agent identity, of its blueprint or of an agent user, else empty. `assignments`
    hold what Graph showed, which may be less than there is: see `_tenant/visibility.py`. `properties` are those that
    were asked for, with Graph's names and values; a member of a property has a path such as `employeeOrgData.division`.
    """

    kind: PrincipalKind
    id: str
    display_name: str
    key: str
    agent_type: str
    assignments: Assignments
    others: tuple[tuple[str, str], ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind.title} {self.key if self.kind is USER else self.display_name} ({self.id})"

    @property
    def path(self) -> str:
        """Return its path in Graph, below the version."""
        return f"{self.kind.path}/{self.id}"

    @property
    def identities(self) -> set[str]:
        """Return all that it can be referred to by, as `PrincipalReference.identity` is. A GUID is an id."""
        found = {self.id.lower(), self.key.lower()}
        if self.kind is SERVICE_PRINCIPAL and not is_guid(self.display_name):
            found.add(self.display_name.lower())
        if self.others:
            found.update(identity(by, value) for by, value in self.others)
        return found

    def as_result(self) -> dict[str, Any]:
        """Return the keys by which results name a principal."""
        result = {"id": self.id, "type": self.kind.name, "display_name": self.display_name, self.kind.key: self.key}
        if self.agent_type:
            result["agent_type"] = self.agent_type
        return result


@dataclass(frozen=True)
class Exposure:
    """A declared consumer of attributes, such as an export to another system. It has no rule.

    `attributes` are what it uses, each with the values that matter to it; no values stand for all. `place` is where it
    is declared.
    """

    name: str
    owner: str
    attributes: Mapping[AttributeName, list[Scalar]]
    description: str | None = None
    url: str | None = None
    place: str = ""
