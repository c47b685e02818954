# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The questions of the live check: each asks Graph for one fact that no page of Microsoft settles.

`expected` is the beginning of the answer that docs/graph-facts.md names or that the local Graph gives by default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from check import Live

VALUES, SCHEMA, CREATE, POLICIES = "values", "schema", "create", "policies"
"""What a question can need: values of the test principals, the schema, leave to create in it, policies."""
BOTH, DEFINE = f"{VALUES} {SCHEMA}", f"{SCHEMA} {CREATE}"

INTEGER, TEXTS, INTEGERS = "#Int32", "#Collection(String)", "#Collection(Int32)"
EMOJI = "\N{GRINNING FACE}"
ORDER = ["h", "c", "f", "a", "g", "b", "e", "d"]
SETS = "/directory/attributeSets"
DEFINITIONS = "/directory/customSecurityAttributeDefinitions"


@dataclass(frozen=True)
class Question:
    """One row of the table. `ask` returns the answer, or raises a GraphError of 403 or 404 for a missing permission."""

    fact: str
    title: str
    needs: str
    expected: str
    ask: Callable[[Live], str]


def write(members: Mapping[str, Any], show: str = "", first: Mapping[str, Any] | None = None) -> Callable[[Live], str]:
    """Return a question: assign `first`, then send `members` as they stand, and show what came of the one named."""

    def ask(live: Live) -> str:
        if first:
            live.assign(first)
        return live.tried({live.set: {"@odata.type": live.set_type, **members}}, show)

    return ask


def whole(body: Callable[[str], Any]) -> Callable[[Live], str]:
    """Return a question: assign a text, then send a body in place of all attributes."""

    def ask(live: Live) -> str:
        if not live.sees_all:
            return "not seen: the identity does not see all attribute sets, so it could not put them back"
        live.assign({"Text": "here"})
        return live.tried(body(live.set), "Text")

    return ask


def inactive_stays(live: Live) -> str:
    live.set_value("Choices", "Green", active=True)
    live.assign({"Choices": ["Green"]})
    live.set_value("Choices", "Green", active=False)
    live.settle()
    members = {"Choices": ["Green", "Red"], "Choices@odata.type": TEXTS}
    return live.tried({live.set: {"@odata.type": live.set_type, **members}}, "Choices")


def deprecated_assignment(live: Live) -> str:
    live.remove_at_end("Retired")
    return live.tried({live.set: {"@odata.type": live.set_type, "Retired": "x"}})


def deprecated_removal(live: Live) -> str:
    live.set_status("Retired", "Available")
    live.assign({"Retired": "old"})
    live.set_status("Retired", "Deprecated")
    live.settle()
    return live.tried({live.set: {"@odata.type": live.set_type, "Retired": None}}, "Retired")


def other_case(live: Live) -> str:
    live.assign({"Text": "here"})
    return live.tried({live.set.swapcase(): {"@odata.type": live.set_type, "Text": "x"}}, "Text")


def empty_shape(live: Live) -> str:
    live.assign({"Text": "here"})
    live.clear()
    live.settle()
    shown = live.attributes()
    if not shown:
        return "null" if shown is None else "{}"
    names = [name for members in shown.values() if isinstance(members, dict) for name in members]
    return "attribute sets with their type alone" if set(names) <= {"@odata.type"} else "other values are assigned"


def staleness(live: Live) -> str:
    seconds = live.measure()
    return "shown at once" if seconds < 1 else f"shown after at most {seconds:.0f} s"


def filtered(text: str, *, select: str = "id,customSecurityAttributes") -> Callable[[Live], str]:
    """Return a question: list users by an advanced filter, in which SET stands for the path of the attribute set."""

    def ask(live: Live) -> str:
        condition = text.replace("SET", f"customSecurityAttributes/{live.set}").replace("ID", live.users[0].id)
        return live.listed("/users", {"$filter": condition, "$select": select, "$top": "1"}, advanced=True)

    return ask


def index(live: Live) -> str:
    live.assign({"Text": "indexed"})
    condition = f"customSecurityAttributes/{live.set}/Text eq 'indexed' and id eq '{live.users[0].id}'"
    seconds = live.seconds_until(lambda: live.count(condition) == 1)
    return "found at once" if seconds < 1 else f"found after at most {seconds:.0f} s"


def listed(path: str, query: Mapping[str, str]) -> Callable[[Live], str]:
    """Return a question: list a collection."""
    return lambda live: live.listed(path, query)


def by_ids(live: Live) -> str:
    path = "/directoryObjects/getByIds?$select=id,customSecurityAttributes"
    return live.batched("POST", path, {"ids": [live.users[0].id], "types": ["user"]})


def expanded(live: Live) -> str:
    return live.listed(f"{DEFINITIONS}/{live.set}_Choice", {"$expand": "allowedValues"})


def again(what: str) -> Callable[[Live], str]:
    """Return a question: create what exists, which adds nothing to the tenant."""

    def ask(live: Live) -> str:
        if what == "set":
            return live.created(SETS, {"id": live.set})
        if what == "definition":
            return live.created(DEFINITIONS, live.new_definition("Text"))
        return live.created(f"{DEFINITIONS}/{live.set}_Choice/allowedValues", {"id": "Red", "isActive": True})

    return ask


def twin(what: str) -> Callable[[Live], str]:
    """Return a question: create what differs only by case from what exists, unless an earlier check did."""

    def ask(live: Live) -> str:
        if what == "set":
            name = live.set[0].swapcase() + live.set[1:]
            return live.created_once(SETS, name, {"id": name})
        if what == "definition":
            return live.created_once(DEFINITIONS, f"{live.set}_cASED", live.new_definition("cASED"))
        return live.value_created_once("Choice", "rED")

    return ask


def unknown_set(live: Live) -> str:
    return live.created(DEFINITIONS, {**live.new_definition("Text"), "attributeSet": "NoSuchSet"})


def unchanged(live: Live) -> str:
    return live.changed(f"{DEFINITIONS}/{live.set}_Text", {"name": "Text"})


def low_maximum(live: Live) -> str:
    return live.maximum(1)


def delta(*, version: bool, batched: bool) -> Callable[[Live], str]:
    """Return a question: repeat a predefined value as it is by a delta of its definition."""

    def ask(live: Live) -> str:
        headers = {"OData-Version": "4.01"} if version else {}
        body = {"allowedValues@delta": [{"id": "Old", "isActive": False}]}
        send = live.batched if batched else live.sent
        return send("PATCH", f"{DEFINITIONS}/{live.set}_Choice", body, headers)

    return ask


def odd_key(live: Live) -> str:
    created = live.value_created_once("Choice", "a/b #%1")
    if created != "accepted":
        return f"not created: {created}"
    live.settle()
    return live.changed(f"{DEFINITIONS}/{live.set}_Choice/allowedValues/a%2Fb%20%23%251", {"isActive": True})


def rules(path: str, *, whole: bool = True) -> Callable[[Live], str]:
    """Return a question: in which form policies show their rules; not `whole` if a list leaves out conditions."""
    return lambda live: live.rules(path, whole=whole)


def scopes(live: Live) -> str:
    query = {"$filter": f"directoryScopeId eq '/attributeSets/{live.set}'"}
    return live.listed("/roleManagement/directory/roleAssignments", query)


QUESTIONS = (
    Question("13", "seconds for which a GET is stale after a PATCH", VALUES, "shown at once", staleness),
    Question("13", "seconds for which a filter is stale after a PATCH", VALUES, "found at once", index),
    Question("13", "text for an Integer", VALUES, "400", write({"Number": "5", "Number@odata.type": INTEGER})),
    Question("13", "a single value for a collection", VALUES, "400", write({"Texts": "a"})),
    Question("13", "a value that is not predefined", VALUES, "400", write({"Choice": "Purple"})),
    Question("13", "an inactive predefined value", VALUES, "400", write({"Choice": "Old"})),
    Question("13", "an inactive value that stays in a collection", BOTH, "accepted", inactive_stays),
    Question("13", "assigning a deprecated attribute", VALUES, "400", deprecated_assignment),
    Question("13", "removing a deprecated attribute", BOTH, "accepted", deprecated_removal),
    Question(
        "13",
        "51 values",
        VALUES,
        "400",
        write({"Texts": [f"v{number}" for number in range(51)], "Texts@odata.type": TEXTS}),
    ),
    Question("13", "a text of 65 ASCII characters", VALUES, "400", write({"Text": "x" * 65})),
    Question("13", "a text of 33 emoji, which are 66 UTF-16 units", VALUES, "400", write({"Text": EMOJI * 33})),
    Question(
        "13",
        "a value twice in a collection",
        VALUES,
        'accepted, shown as ["a"]',
        write({"Texts": ["a", "a"], "Texts@odata.type": TEXTS}, "Texts"),
    ),
    Question("13", "an unknown attribute", VALUES, "400", write({"NoSuchAttribute": "x"})),
    Question(
        "13",
        "an unknown attribute set",
        VALUES,
        "400",
        lambda live: live.tried({"NoSuchSet": {"@odata.type": live.set_type, "Text": "x"}}),
    ),
    Question("13", "an Integer without its annotation", VALUES, "400", write({"Number": 5})),
    Question("13", "a collection without its annotation", VALUES, "400", write({"Texts": ["a"]})),
    Question("13", "a set without its annotation", VALUES, "400", lambda live: live.tried({live.set: {"Text": "x"}})),
    Question("16", "5.0 for an Integer", VALUES, "400", write({"Number": 5.0, "Number@odata.type": INTEGER}, "Number")),
    Question(
        "16", "#Boolean on a Boolean", VALUES, "accepted", write({"Flag": True, "Flag@odata.type": "#Boolean"}, "Flag")
    ),
    Question(
        "13",
        "order of a collection",
        VALUES,
        f"accepted, shown as {str(ORDER).replace(chr(39), chr(34))}",
        write({"Texts": ORDER, "Texts@odata.type": TEXTS}, "Texts"),
    ),
    Question(
        "13", "an attribute by its name in another case", VALUES, "400", write({"tEXT": "x"}, "Text", {"Text": "here"})
    ),
    Question("13", "an attribute set by its name in another case", VALUES, "400", other_case),
    Question("13", "a predefined value in another case", VALUES, "400", write({"Choice": "gREEN"}, "Choice")),
    Question("13", "null on a collection", VALUES, "accepted", write({"Texts": None}, "Texts", {"Texts": ["a"]})),
    Question("13", "[] on a single value", VALUES, "accepted", write({"Text": []}, "Text", {"Text": "a"})),
    Question("13", "null for a whole attribute set", VALUES, "400", whole(lambda name: {name: None})),
    Question("13", "{} for a whole attribute set", VALUES, "400", whole(lambda name: {name: {}})),
    Question("13", "null for all attributes", VALUES, "400", whole(lambda _name: None)),
    Question("16", "{} for all attributes", VALUES, "403", whole(lambda _name: {})),
    Question("13", "shape after the last removal", VALUES, "null", empty_shape),
    Question("13", "getByIds with customSecurityAttributes", VALUES, "unknown", by_ids),
    Question("13", "id in (...) with customSecurityAttributes", VALUES, "accepted", filtered("id in ('ID')")),
    Question("13", "ge with customSecurityAttributes in $select", VALUES, "unknown", filtered("displayName ge 'a'")),
    Question(
        "16", "or between conditions on attributes", VALUES, "accepted", filtered("SET/Text eq 'a' or SET/Text eq 'b'")
    ),
    Question("16", "a condition that compares an Integer with text", VALUES, "400", filtered("SET/Number eq 'a'")),
    Question("13", "a condition on an attribute that is not searchable", VALUES, "400", filtered("SET/Hidden eq 'a'")),
    Question(
        "13",
        "a page of 999 users with customSecurityAttributes",
        VALUES,
        "accepted",
        listed("/users", {"$select": "id,customSecurityAttributes", "$top": "999"}),
    ),
    Question(
        "3",
        "a range of user principal names with customSecurityAttributes",
        VALUES,
        "accepted",
        listed("/users", {"$select": "id,customSecurityAttributes", "$filter": "userPrincipalName ge 'g'"}),
    ),
    Question(
        "3",
        "a range of names of service principals with customSecurityAttributes",
        VALUES,
        "accepted",
        listed("/servicePrincipals", {"$select": "id,customSecurityAttributes", "$filter": "displayName ge 'g'"}),
    ),
    Question(
        "3",
        "service principals without a name",
        VALUES,
        "accepted",
        listed("/servicePrincipals", {"$select": "id,customSecurityAttributes", "$filter": "displayName eq null"}),
    ),
    Question("13", "$top=999 for attribute sets", SCHEMA, "accepted", listed(SETS, {"$top": "999"})),
    Question("13", "$top=999 for definitions", SCHEMA, "accepted", listed(DEFINITIONS, {"$top": "999"})),
    Question("13", "$expand=allowedValues of one definition", SCHEMA, "accepted", expanded),
    Question("13", "an attribute set that exists", SCHEMA, "409", again("set")),
    Question("13", "a definition that exists", SCHEMA, "409", again("definition")),
    Question("13", "a predefined value that exists", SCHEMA, "409", again("value")),
    Question("16", "an immutable property, repeated unchanged", SCHEMA, "400", unchanged),
    Question("13", "a definition in an unknown attribute set", DEFINE, "404", unknown_set),
    Question("13", "an attribute set that differs by case", DEFINE, "accepted", twin("set")),
    Question("13", "an attribute that differs by case", DEFINE, "accepted", twin("definition")),
    Question("13", "a predefined value that differs by case", DEFINE, "accepted", twin("value")),
    Question(
        "16",
        "a predefined value of an unrestricted attribute",
        DEFINE,
        "accepted",
        lambda live: live.value_created_once("Text", "Free"),
    ),
    Question("16", "maxAttributesPerSet below the number in use", DEFINE, "accepted", low_maximum),
    Question("13", "a predefined value with / # % and a space as key", DEFINE, "accepted", odd_key),
    Question("13", "allowedValues@delta with OData-Version", DEFINE, "accepted", delta(version=True, batched=False)),
    Question("13", "allowedValues@delta without it", DEFINE, "400", delta(version=False, batched=False)),
    Question("13", "allowedValues@delta in a batch", DEFINE, "accepted", delta(version=True, batched=True)),
    Question(
        "consumers 11", "rules in Conditional Access", POLICIES, "shown", rules("/identity/conditionalAccess/policies")
    ),
    Question(
        "consumers 11",
        "rules in lifecycle workflows",
        POLICIES,
        "shown",
        rules("/identityGovernance/lifecycleWorkflows/workflows", whole=False),
    ),
    Question("consumers 11", "role assignments filtered by the scope of a set", POLICIES, "accepted", scopes),
)
