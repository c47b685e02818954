# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Who is selected by what they are, values that are derived from properties, and the reasons of values. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from .assignment_plan import Adjust, Exactly
from .model import (
    SERVICE_PRINCIPAL,
    USER,
    Assignments,
    AttributeName,
    Principal,
    PrincipalKind,
    PrincipalReference,
    Value,
)
from .names import read_as
from .values import elements, same


def _names(text: str) -> list[str]:
    return text.split()


USERS, SERVICE_PRINCIPALS, AGENTS, BLUEPRINTS = "users", "service_principals", "agents", "blueprints"
SELECTED_KINDS: Mapping[str, PrincipalKind] = {
    USERS: USER,
    SERVICE_PRINCIPALS: SERVICE_PRINCIPAL,
    AGENTS: SERVICE_PRINCIPAL,
}
"""What an item can select. Agent identities and their blueprints are service principals to Graph, and not here."""
EQUAL, DIFFERENT, STARTS = OPERATORS = ("eq", "ne", "startswith")
"""How a condition compares an attribute. With `eq` any element of a multi-valued attribute may be equal."""
BY_NAME, BY_GROUP, BY_RULE, BY_ALL = "name", "group", "rule", "all"
BY_MOVE, BY_RETIREMENT = "move", "retirement"
"""Why an item concerns a principal."""
BLUEPRINT_LINK, AGENT_LINK = "agentIdentityBlueprintId", "identityParentId"
"""The properties that name the blueprint of an agent, by its app id, and the agent of a user (consumer-facts 7)."""
LINKED = {"blueprint": BLUEPRINTS, "agent": AGENTS}
"""What `from` begins with where it names an attribute of another principal, and the class of that principal."""
_AGENT_CLASSES = {"agentidentity": AGENTS, "agentidentityblueprintprincipal": BLUEPRINTS}
_USER_PROPERTIES = _names(
    "accountEnabled businessPhones city companyName country createdDateTime creationType department displayName"
    " employeeHireDate employeeId employeeOrgData.costCenter employeeOrgData.division employeeType externalUserState"
    " faxNumber givenName id identityParentId imAddresses jobTitle mail mailNickname mobilePhone officeLocation"
    " onPremisesDistinguishedName onPremisesDomainName onPremisesImmutableId onPremisesSamAccountName"
    " onPremisesSecurityIdentifier onPremisesSyncEnabled onPremisesUserPrincipalName otherMails postalCode"
    " preferredDataLocation preferredLanguage proxyAddresses state streetAddress surname usageLocation"
    " userPrincipalName userType"
)
_SERVICE_PRINCIPAL_PROPERTIES = _names(
    "accountEnabled alternativeNames appDescription appDisplayName appId appOwnerOrganizationId"
    " appRoleAssignmentRequired applicationTemplateId createdDateTime description disabledByMicrosoftStatus displayName"
    " homepage id loginUrl notes notificationEmailAddresses preferredSingleSignOnMode servicePrincipalNames"
    " servicePrincipalType signInAudience tags"
)
_EXTENSIONS = [f"onPremisesExtensionAttributes.extensionAttribute{number}" for number in range(1, 16)]
PROPERTIES: Mapping[str, frozenset[str]] = {
    USERS: frozenset([*_USER_PROPERTIES, *_EXTENSIONS]),
    SERVICE_PRINCIPALS: frozenset(_SERVICE_PRINCIPAL_PROPERTIES),
    AGENTS: frozenset([*_SERVICE_PRINCIPAL_PROPERTIES, BLUEPRINT_LINK]),
}
"""The properties that values can be derived from, which come with the same page (consumer-facts 7)."""


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on an attribute. A null value stands for no value."""

    attribute: AttributeName
    operator: str
    value: str | int | bool | None

    def __str__(self) -> str:
        return self.text()

    def text(self, masked: Collection[str] = ()) -> str:
        """Return the condition in words, without its value in a masked attribute set."""
        shown = "null" if self.value is None else str(self.value).lower()
        if isinstance(self.value, str):
            shown = f"'{self.value}'"
        if self.value is not None and self.attribute.attribute_set in masked:
            shown = "(masked)"
        return f"{self.attribute} {self.operator} {shown}"

    def holds(self, assignments: Assignments) -> bool:
        """Return whether a principal with these assignments fulfills the condition (graph-facts 3)."""
        held = elements(assignments.get(self.attribute))
        if self.operator == STARTS:
            return any(isinstance(item, str) and item.startswith(str(self.value)) for item in held)
        equal = not held if self.value is None else any(same(item, self.value) for item in held)
        return equal if self.operator == EQUAL else not equal


@dataclass(frozen=True, slots=True)
class Selection:
    """The principals of a kind that fulfill every condition that is given; `everyone` stands for no condition."""

    kind: str
    group: str = ""
    filter: str = ""
    where: tuple[Where, ...] = ()
    blueprint: str = ""
    everyone: bool = False

    def __str__(self) -> str:
        return self.text()

    def text(self, masked: Collection[str] = ()) -> str:
        """Return the selection in words, without values of masked attribute sets."""
        parts = [f"in the group '{self.group}'"] if self.group else []
        parts += [f"of the blueprint '{self.blueprint}'"] if self.blueprint else []
        hidden = any(f"/{attribute_set}/".lower() in self.filter.lower() for attribute_set in masked)
        rules = ["(masked)" if hidden else self.filter] if self.filter else []
        rules += [condition.text(masked) for condition in self.where]
        parts += [f"with {' and '.join(rules)}"] if rules else []
        title = self.kind.replace("_", " ")
        return f"all {title}" if self.everyone else " ".join([title, *parts])

    @property
    def of(self) -> PrincipalKind:
        """Return the kind of principal in Graph."""
        return SELECTED_KINDS[self.kind]

    @property
    def by(self) -> str:
        """Return why a principal is concerned, in one word."""
        return BY_GROUP if self.group else BY_ALL if self.everyone else BY_RULE


def class_of(principal: Principal) -> str:
    """Return the kind of an item that selects a principal, `blueprints` for one that only its name selects."""
    if principal.kind is USER:
        return USERS
    return _AGENT_CLASSES.get(principal.agent_type.lower(), SERVICE_PRINCIPALS)


@lru_cache(1024)
def _link(source: str) -> tuple[str, AttributeName] | None:
    owner, dot, rest = source.partition(".")
    attribute_set, second_dot, name = rest.partition(".")
    return (LINKED[owner], AttributeName(attribute_set, name)) if dot and second_dot and owner in LINKED else None


@dataclass(frozen=True, slots=True)
class Derived:
    """The value of a property, or of an attribute of the blueprint or agent that a principal belongs to.

    `mapping` has the value for each text that the property may hold; null takes the property itself. `default` is for a
    property that is missing, and for one that `mapping` lacks; null leaves the attribute alone.
    """

    source: str
    mapping: Mapping[str, Any] | None = field(default=None, hash=False)
    default: Any = field(default=None, hash=False)

    @property
    def link(self) -> tuple[str, AttributeName] | None:
        """Return the class of the principal that has the attribute to take, and the attribute, if it is not a property.

        The class is `blueprints` or `agents`.
        """
        return _link(self.source)

    @property
    def properties(self) -> tuple[str, ...]:
        """Return the properties that have to be read."""
        link = self.link
        if link is None:
            return (self.source,)
        return (BLUEPRINT_LINK if link[0] == BLUEPRINTS else AGENT_LINK,)


Wish: TypeAlias = Exactly | Adjust | Derived
"""What an item wants of an attribute."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """The wishes of several items, each to give or to take, so that the attribute ends with a value that `fits`.

    An approved plan has only a hash of a masked value. It names the items, and not which of them take their values.
    """

    wishes: tuple[Wish, ...]
    fits: Callable[[Value | None], bool]

    @property
    def assigns(self) -> Value | None:
        return None


@dataclass(frozen=True, slots=True)
class Expiry:
    """The end of an item: as it was written, and in seconds since 1970."""

    text: str
    at: float

    def __str__(self) -> str:
        return self.text

    def passed(self, now: float) -> bool:
        """Return whether the item has ended."""
        return now >= self.at


def _no_remark(path: Any, reason: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Item:
    """The wishes of one item of the declarations, for the principal that it names or the principals that it selects.

    `place` is where it stands, `places` where each of its attributes does, if these differ. `attribute_sets` are the
    sets that it names. `remark()` adds to the reason why a value is refused, as that of a declaration does.
    """

    place: str
    who: PrincipalReference | Selection
    wishes: Mapping[AttributeName, Wish | OneOf]
    attribute_sets: tuple[str, ...] = ()
    exclusive: bool = False
    allow_empty: bool = False
    expires: Expiry | None = None
    places: Mapping[AttributeName, str] = field(default_factory=dict)
    remark: Callable[[Any, str], str] = _no_remark

    @property
    def selection(self) -> Selection | None:
        """Return the selection, unless the item names its principal."""
        return self.who if isinstance(self.who, Selection) else None

    @property
    def of(self) -> PrincipalKind:
        """Return the kind, in Graph, of the principals that it is about."""
        return self.who.of if isinstance(self.who, Selection) else self.who.kind

    def derived(self) -> Iterator[Derived]:
        """Yield the wishes that take a value from a property."""
        for wish in self.wishes.values():
            for part in wish.wishes if isinstance(wish, OneOf) else (wish,):
                if isinstance(part, Derived):
                    yield part

    @property
    def by(self) -> str:
        """Return why a principal is concerned, in one word."""
        return self.who.by if isinstance(self.who, Selection) else BY_NAME

    def place_of(self, attribute: AttributeName) -> str:
        """Return where an attribute is declared."""
        return self.places.get(attribute, self.place)


def selecting_first(items: Iterable[Item]) -> list[Item]:
    """Return the items that select before those that name, so that their numbers are those of selections."""
    return sorted(items, key=lambda item: item.selection is None)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a principal is to have a value, or to lose one."""

    attribute: AttributeName
    place: str
    by: str = BY_NAME
    selection: str = ""
    expires: str = ""

    def as_result(self) -> dict[str, str | None]:
        """Return the reason as results and plans have it; what does not apply is null."""
        return {
            "attribute": str(self.attribute),
            "place": self.place,
            "by": self.by,
            "selection": self.selection or None,
            "expires": self.expires or None,
        }


def why(reasons: Iterable[Reason]) -> str:
    """Return which selections and ends decided, each with its place; an empty text where only names did."""
    found: dict[str, None] = {}
    for reason in reasons:
        words = [reason.selection] if reason.selection else []
        words += [f"until {reason.expires}"] if reason.expires else []
        if words:
            found[f"{reason.place} ({', '.join(words)})"] = None
    return " and ".join(found)


def shown(value: Any) -> str:
    """Return a property as a message quotes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value[:3]))}{', ...' if len(value) > 3 else ''}]"
    return f"'{value[:80]}'" if isinstance(value, str) else read_as(value)
