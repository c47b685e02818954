# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of the tenant, and the file that they are loaded from and saved to.

Objects are plain dataclasses and dicts in an index. Generated principals become objects once they are changed.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from . import generated
from .generated import Generated, Members

Value = str | int | bool | list[str] | list[int]
Attributes = dict[str, dict[str, Value]]  # set name -> attribute name -> value
Collection = Literal[
    "users",
    "servicePrincipals",
    "groups",
    "devices",
    "directoryObjects",  # all of the above
    "conditionalAccessPolicies",
    "appManagementPolicies",
    "lifecycleWorkflows",
    "roleAssignments",
    "roleDefinitions",  # they are built in, so a state file does not contain them
    "appRoleAssignments",  # made of the permissions of applications
]

COLLECTIONS: Final[tuple[Collection, Collection]] = ("users", "servicePrincipals")  # of objects with attributes
DIRECTORY_OBJECTS: Final[tuple[Collection, ...]] = (*COLLECTIONS, "groups", "devices")
EVERY_COLLECTION: Final[tuple[Collection, ...]] = (
    *DIRECTORY_OBJECTS,
    "conditionalAccessPolicies",
    "appManagementPolicies",
    "lifecycleWorkflows",
    "roleAssignments",
)
# Links from one object to others, by the name of the navigation property: in the state file one object id or a list.
LINKS: Final[dict[Collection, tuple[str, ...]]] = {
    "users": ("manager", "sponsors"),
    "servicePrincipals": ("owners", "sponsors"),
    "groups": ("members", "owners"),
}


@dataclass
class Resource:
    """One object of a collection: its Graph properties, and its links to other objects."""

    collection: Collection
    properties: dict[str, Any]
    derived_type: str | None = None  # "#microsoft.graph.agentUser" and its like
    links: dict[str, list[str]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The object id."""
        return str(self.properties["id"])

    def visible_attributes(self) -> Attributes:
        """Return no custom security attributes: only a principal has them."""
        return {}


@dataclass
class Principal(Resource):
    """A user or service principal, with its custom security attributes."""

    # Stored attributes, each with the time from which reads return it. The last ones are current.
    versions: list[tuple[float, Attributes]] = field(default_factory=list)

    @property
    def attributes(self) -> Attributes:
        """Return the custom security attributes as last written."""
        return self.versions[-1][1] if self.versions else {}

    def visible_attributes(self) -> Attributes:
        """Return the custom security attributes as reads return them now (graph-facts 6.4)."""
        if len(self.versions) > 1:
            now = time.monotonic()
            while len(self.versions) > 1 and self.versions[1][0] <= now:
                del self.versions[0]
        return self.versions[0][1] if self.versions else {}

    def store(self, attributes: Attributes, lag: float) -> None:
        """Replace the attributes. Reads show the former ones for `lag` more seconds."""
        if lag <= 0:
            self.versions = [(0.0, attributes)]
        else:
            self.versions = [*(self.versions or [(0.0, {})]), (time.monotonic() + lag, attributes)]


@dataclass
class AttributeSet:
    """An attribute set (graph-facts 1.1)."""

    id: str
    description: str | None = None
    maxAttributesPerSet: int | None = None  # noqa: N815 - Graph's own name, in the state file as on the wire


@dataclass
class Definition:
    """A custom security attribute definition (graph-facts 1.1), named as Graph names its members."""

    attributeSet: str  # noqa: N815
    name: str
    type: str = "String"
    description: str | None = None
    status: str = "Available"
    isCollection: bool = False  # noqa: N815
    isSearchable: bool = True  # noqa: N815
    usePreDefinedValuesOnly: bool = False  # noqa: N815
    allowedValues: dict[str, bool] = field(default_factory=dict)  # noqa: N815 - value -> active

    @property
    def id(self) -> str:
        """Return `<Set>_<Name>`, which is unambiguous, because names have no underscore (graph-facts 1.3)."""
        return f"{self.attributeSet}_{self.name}"


@dataclass
class FederatedCredential:
    """An issuer whose tokens an application accepts. `public_key`: PEM, or "generated"."""

    issuer: str
    subject: str
    audience: str = "api://AzureADTokenExchange"
    public_key: str = "generated"


@dataclass
class Application:
    """A client of the identity service, or a managed identity."""

    client_id: str
    display_name: str = ""
    secrets: list[dict[str, Any]] = field(default_factory=list)  # {"value": text, "expires": epoch or absent}
    certificates: list[str] = field(default_factory=list)  # PEM, or "generated": the certificate of this start
    federated: list[FederatedCredential] = field(default_factory=list)
    permissions: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    managed_identity: Literal["system", "user"] | None = None


@dataclass
class Subscription:
    """A subscription of Azure, named as Azure Resource Manager names its members."""

    subscriptionId: str  # noqa: N815
    displayName: str = ""  # noqa: N815


@dataclass
class AzureRoleAssignment:
    """A role assignment of Azure (consumer-facts 3), named as Azure Resource Manager names its members."""

    name: str
    scope: str
    roleDefinitionId: str  # noqa: N815
    principalId: str  # noqa: N815
    principalType: str = "User"  # noqa: N815
    description: str | None = None
    condition: str | None = None
    conditionVersion: str | None = None  # noqa: N815


@dataclass
class Directory:
    """One tenant with all its objects."""

    tenant_id: str
    domains: list[str]
    applications: dict[str, Application] = field(default_factory=dict)
    sets: dict[str, AttributeSet] = field(default_factory=dict)
    definitions: dict[tuple[str, str], Definition] = field(default_factory=dict)
    members: dict[Collection, Members[Resource]] = field(
        default_factory=lambda: {name: Members() for name in EVERY_COLLECTION}
    )
    principals: dict[str, Any] = field(default_factory=dict)  # settings of generated ones, as in the state document
    default_app_management_policy: dict[str, Any] = field(default_factory=dict)
    subscriptions: list[Subscription] = field(default_factory=list)
    azure_role_assignments: list[AzureRoleAssignment] = field(default_factory=list)
    # When requests made parts of the schema: (set,), (set, attribute) or (set, attribute, value) -> monotonic time.
    created: dict[tuple[str, ...], float] = field(default_factory=dict)
    _by_id: dict[tuple[Collection, str], Resource] = field(default_factory=dict)
    _by_name: dict[tuple[Collection, str], Principal] = field(default_factory=dict)

    def note_creation(self, *part: str) -> None:
        """Record that a part of the schema was made now."""
        self.created[part] = time.monotonic()

    def age(self, *part: str) -> float:
        """Return the seconds since a part of the schema was made: infinity for one of the start."""
        return time.monotonic() - self.created.get(part, -math.inf)

    def generate(self, count: int, attributes: list[Attributes]) -> None:
        """Add generated principals. One in ten is a service principal.

        `attributes` are those of the first of each twenty (`generated.KINDS`). Raises ValueError for more, and for a
        count below 0.
        """
        usable = isinstance(attributes, list) and all(isinstance(item, dict) for item in attributes)
        if count < 0 or not usable or len(attributes) > generated.KINDS:
            raise ValueError(
                f"'principals' takes a 'count' of 0 or more, and a list of up to {generated.KINDS} 'attributes', "
                "each as an object"
            )
        self.principals = {"count": count, "attributes": attributes}
        apps = count // 10
        domain = self.domains[0] if self.domains else "contoso.com"
        self.members["users"] = Members(
            Generated(
                count - apps,
                generated.user_names(domain),
                generated.user_properties,
                attributes,
                partial(_principal, "users"),
            )
        )
        self.members["servicePrincipals"] = Members(
            Generated(
                apps,
                generated.service_principal_names(),
                generated.service_principal_properties,
                attributes,
                partial(_principal, "servicePrincipals"),
            )
        )

    def add(self, resource: Resource) -> None:
        """Add an object. Index it by object ID, and a principal by UPN or app ID too."""
        if not self.members[resource.collection].keep(resource, resource.id):
            self.members[resource.collection].add(resource)
            self._by_id[resource.collection, resource.id.lower()] = resource
        if isinstance(resource, Principal):
            name = resource.properties.get(NAME_PROPERTY[resource.collection])
            if name:
                # Agent identities share the app ID of their blueprint: the alternate key belongs to the first one.
                self._by_name.setdefault((resource.collection, str(name).lower()), resource)

    def remove(self, resource: Resource) -> None:
        """Remove an object."""
        self.members[resource.collection].remove(resource)
        del self._by_id[resource.collection, resource.id.lower()]

    def update(self, principal: Principal, properties: dict[str, Any]) -> None:
        """Change properties, and the index with them. A generated principal is stored from then on."""
        self.members[principal.collection].keep(principal, principal.id)
        if properties:
            self.members[principal.collection].renamed()
        name_property = NAME_PROPERTY[principal.collection]
        if name_property in properties:
            self._by_name.pop((principal.collection, str(principal.properties.get(name_property)).lower()), None)
            self._by_name[principal.collection, str(properties[name_property]).lower()] = principal
        principal.properties.update(properties)

    def resource(self, collection: Collection, key: str) -> Resource | None:
        """Find an object of any collection by its id."""
        found = self._by_id.get((collection, key.lower()))
        return self.members[collection].named("id", key) if found is None else found

    def directory_object(self, key: str) -> Resource | None:
        """Find a user, service principal, group or device by object id."""
        found = (self.resource(collection, key) for collection in DIRECTORY_OBJECTS)
        return next((resource for resource in found if resource is not None), None)

    def linked(self, resource: Resource, link: str) -> list[Resource]:
        """Return the directory objects that a link leads to."""
        found = (self.directory_object(key) for key in resource.links.get(link, []))
        return [other for other in found if other is not None]

    def groups_of(self, key: str) -> list[Resource]:
        """Return the groups that an object is in, directly or through other groups."""
        found: list[Resource] = []
        waiting = [key]
        while waiting:
            member = waiting.pop()
            for group in self.members["groups"]:
                if member in group.links.get("members", []) and group not in found:
                    found.append(group)
                    waiting.append(group.id)
        return found

    def group_by_unique_name(self, name: str) -> Resource | None:
        """Find a group by its alternate key (consumer-facts 6)."""
        named = (group for group in self.members["groups"] if group.properties.get("uniqueName"))
        return next((group for group in named if group.properties["uniqueName"].lower() == name.lower()), None)

    def by_id(self, collection: Collection, key: str) -> Principal | None:
        """Find a principal by object id."""
        found = self.resource(collection, key)
        return found if isinstance(found, Principal) else None

    def by_name(self, collection: Collection, key: str) -> Principal | None:
        """Find a user by UPN or a service principal by app id."""
        found: Resource | None = self._by_name.get((collection, key.lower()))
        if found is None:
            found = self.members[collection].named(NAME_PROPERTY[collection], key)
            if found is not None and str(found.properties.get(NAME_PROPERTY[collection])).lower() != key.lower():
                return None  # it was renamed
        return found if isinstance(found, Principal) else None


_PIECE: Final = 1000  # entries that are written at once
_SAMPLED: Final = 10  # generated principals have values of these definitions
NAME_PROPERTY: Final[dict[Collection, str]] = {"users": "userPrincipalName", "servicePrincipals": "appId"}


def parse(document: dict[str, Any]) -> Directory:
    """Make a directory of the state document that `dump` makes."""
    directory = Directory(document["tenant"]["id"], list(document["tenant"].get("domains", [])))
    for entry in document.get("applications", []):
        federated = [FederatedCredential(**item) for item in entry.get("federated", [])]
        directory.applications[entry["client_id"]] = Application(**{**entry, "federated": federated})
    for entry in document.get("attributeSets", []):
        directory.sets[entry["id"]] = AttributeSet(**entry)
    for entry in document.get("definitions", []):
        allowed = {item["id"]: bool(item["isActive"]) for item in entry.get("allowedValues", [])}
        definition = Definition(**{**entry, "allowedValues": allowed})
        directory.definitions[definition.attributeSet, definition.name] = definition
    if "principals" in document:
        wanted = document["principals"]
        directory.generate(wanted["count"], wanted.get("attributes") or list(_samples(directory)))
    for collection in EVERY_COLLECTION:
        for entry in document.get(collection, []):
            directory.add(_parse(collection, entry))
    directory.default_app_management_policy = dict(document.get("defaultAppManagementPolicy", {}))
    azure = document.get("resourceManager", {})
    directory.subscriptions = [Subscription(**entry) for entry in azure.get("subscriptions", [])]
    directory.azure_role_assignments = [AzureRoleAssignment(**entry) for entry in azure.get("roleAssignments", [])]
    return directory


def dump(directory: Directory) -> dict[str, Any]:
    """Return the state document, in plain JSON that `parse` reads. Collections can be iterators.

    `as_json` writes those in pieces. For generated principals the document has the count, the attributes,
    and the changed ones.
    """
    return {
        "tenant": {"id": directory.tenant_id, "domains": directory.domains},
        "applications": [asdict(application) for application in directory.applications.values()],
        "attributeSets": [asdict(attribute_set) for attribute_set in directory.sets.values()],
        "definitions": [
            {
                **asdict(definition),
                "allowedValues": [{"id": key, "isActive": on} for key, on in definition.allowedValues.items()],
            }
            for definition in directory.definitions.values()
        ],
        **({"principals": directory.principals} if directory.principals else {}),
        **{name: map(_dump, directory.members[name].kept()) for name in EVERY_COLLECTION},
        "defaultAppManagementPolicy": directory.default_app_management_policy,
        "resourceManager": {
            "subscriptions": [asdict(subscription) for subscription in directory.subscriptions],
            "roleAssignments": [asdict(assignment) for assignment in directory.azure_role_assignments],
        },
    }


def _parse(collection: Collection, entry: dict[str, Any]) -> Resource:
    properties = dict(entry)
    derived_type = properties.pop("@odata.type", None) if collection in DIRECTORY_OBJECTS else None
    links = {name: _ids(properties.pop(name)) for name in LINKS.get(collection, ()) if name in properties}
    if collection in COLLECTIONS:
        attributes = properties.pop("customSecurityAttributes", None)
        versions: list[tuple[float, Attributes]] = [(0.0, attributes)] if attributes else []
        return Principal(collection, properties, derived_type, links, versions)
    return Resource(collection, properties, derived_type, links)


def _principal(collection: Collection, properties: dict[str, Any], attributes: Attributes) -> Resource:
    return Principal(collection, properties, versions=[(0.0, attributes)] if attributes else [])


def _samples(directory: Directory) -> Iterator[Attributes]:
    """Yield attributes for a fifth of the generated principals, which the definitions of the tenant allow."""
    available = [item for item in directory.definitions.values() if item.status == "Available"]
    for kind in range(generated.KINDS // 5):
        attributes: Attributes = {}
        for definition in available[:_SAMPLED]:
            values = _sample_values(definition)
            if values:
                value = values[kind % len(values)]
                chosen: Value = [value] if definition.isCollection else value  # type: ignore[assignment]
                attributes.setdefault(definition.attributeSet, {})[definition.name] = chosen
        yield attributes


def _sample_values(definition: Definition) -> list[str] | list[int] | list[bool]:
    if definition.type == "Boolean":
        return [True, False]
    values = [value for value, active in definition.allowedValues.items() if active]
    if not definition.usePreDefinedValuesOnly:
        values = ["1", "2", "3", "4"]
    return [int(value) for value in values] if definition.type == "Integer" else values


def _ids(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _dump(resource: Resource) -> dict[str, Any]:
    entry = {**resource.properties, **resource.links}
    if resource.derived_type:
        entry["@odata.type"] = resource.derived_type
    if isinstance(resource, Principal) and resource.attributes:
        entry["customSecurityAttributes"] = resource.attributes
    return entry


def load(path: Path) -> dict[str, Any]:
    """Read a state document from a JSON or YAML file. Raises OSError, ValueError or yaml.YAMLError."""
    text = path.read_text(encoding="utf-8")
    document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    if not isinstance(document, dict) or "tenant" not in document:
        raise ValueError("the member 'tenant' is missing")
    return document


def as_json(document: dict[str, Any]) -> Iterator[str]:
    """Yield the text of a state document in pieces, so that a large one is never in memory as a whole."""
    opening = "{"
    for name, value in document.items():
        yield f"{opening}\n{json.dumps(name)}: "
        opening = ","
        if isinstance(value, (dict, str)):
            yield json.dumps(value, ensure_ascii=False)
            continue
        items = iter(value)
        separator = "["
        while piece := [json.dumps(item, ensure_ascii=False) for item in islice(items, _PIECE)]:
            yield separator + "\n" + ",\n".join(piece)
            separator = ","
        yield "]" if separator == "," else "[]"
    yield "}\n"


def save(path: Path, document: dict[str, Any]) -> None:
    """Write a state document as JSON or YAML, by the name of the file."""
    with path.open("w", encoding="utf-8") as file:
        if path.suffix == ".json":
            file.writelines(as_json(document))
            return
        for name, value in document.items():
            plain = value if isinstance(value, (dict, str)) else list(value)
            yaml.safe_dump({name: plain}, file, sort_keys=False)
