# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Groups of a tenant by their names, and their members through all nested groups (consumer-facts 6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .._core.model import PrincipalKind, is_guid
from .._errors import AmbiguousPrincipal, EntraError, GraphError, OptionError, PermissionDenied
from .._graph.batches import Batches, Part, first_pages
from .._graph.client import Graph
from .._graph.odata import alternate_key, encoded, literal
from .._graph.shapes import page
from .permissions import READ_GROUPS, READ_HIDDEN_MEMBERS, Access
from .wire import GROUP_QUERY, GROUP_TYPE, MEMBER_TYPES, Group, parse_group, parse_id

_PATH = "/groups"


@dataclass(frozen=True)
class GroupReference:
    """A group as an item names it, and the place of the item."""

    name: str
    place: str

    @property
    def identity(self) -> str:
        """Return the name as it is compared."""
        return self.name.lower()


def placed(error: EntraError, place: str) -> EntraError:
    """Return an error whose message begins with the place of the item that it concerns."""
    error.message = f"{place}: {error.message}"
    return error


class Groups:
    """Groups behind a Graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def members(self, wanted: Sequence[tuple[GroupReference, PrincipalKind]]) -> list[frozenset[str]]:
        """Return the ids of the members of each group that have a kind, also of members of nested groups.

        A group is named by its object id, its unique name or its display name. Each is found once, and its members of a
        kind are read once, 999 to a page.

        Raises OptionError for a group that does not exist or whose members may be hidden, AmbiguousPrincipal for
        several, PermissionDenied and other errors of requests. All begin with the place of the item.
        """
        references = {reference.identity: reference for reference, _kind in wanted}
        groups = self._find(list(references.values()))
        places = {group.id: references[identity].place for identity, group in groups.items()}
        lists = list(dict.fromkeys((groups[reference.identity], kind) for reference, kind in wanted))
        found = self._read(lists, places)
        return [found[groups[reference.identity], kind] for reference, kind in wanted]

    def _find(self, references: Sequence[GroupReference]) -> dict[str, Group]:
        """Return the groups by the identities of their references."""
        parts = [(reference, path) for reference in references for path in _lookups(reference.name)]
        matches: dict[str, dict[int, list[Group]]] = {reference.identity: {} for reference in references}
        asked = [Part("GET", path) for _reference, path in parts]
        for number, answer in Batches(self._graph, READ_GROUPS).run(asked):
            reference, path = parts[number]
            if isinstance(answer, GraphError) and answer.status in (400, 404) and "$filter" not in path:
                continue  # no group has this id, or this unique name
            if isinstance(answer, EntraError):
                raise placed(answer, reference.place)
            what = f"GET {_PATH}"
            items = page(answer, what).items if "$filter" in path else [answer]
            matches[reference.identity][number] = [parse_group(item, what) for item in items]
        return {
            reference.identity: _exactly_one(
                reference, [matches[reference.identity][key] for key in sorted(matches[reference.identity])]
            )
            for reference in references
        }

    def _read(
        self, lists: Sequence[tuple[Group, PrincipalKind]], places: dict[str, str]
    ) -> dict[tuple[Group, PrincipalKind], frozenset[str]]:
        """Return the members in each list. A hidden membership without its permission is an error."""
        access = Access.of(self._graph.claims())
        shown = not access.missing(READ_HIDDEN_MEMBERS)
        groups = list(dict.fromkeys(group for group, _kind in lists))
        for group in groups:
            if group.hidden and not shown and access.kind:
                raise _hidden(group, places[group.id])
        casts = [(group, MEMBER_TYPES[kind], {"$select": "id"}) for group, kind in lists]
        casts += [(group, GROUP_TYPE, GROUP_QUERY) for group in groups if not shown]
        queries = [(f"{_PATH}/{group.id}/transitiveMembers/{cast}", query) for group, cast, query in casts]
        found: dict[tuple[Group, PrincipalKind], frozenset[str]] = {}
        for number, answer in first_pages(self._graph, READ_GROUPS, queries, advanced=True):
            group, _cast, _query = casts[number]
            if isinstance(answer, PermissionDenied) and group.hidden:
                raise _hidden(group, places[group.id])
            if isinstance(answer, EntraError):
                raise placed(answer, places[group.id])
            what = f"GET {queries[number][0]}"
            items = self._graph.rest(answer, what, need=READ_GROUPS, advanced=True)
            if number >= len(lists):
                for item in items:
                    if (nested := parse_group(item, what)).hidden:
                        raise _hidden(nested, places[group.id], f", which is in the group {group},")
                continue
            found[lists[number]] = frozenset(parse_id(item, what) for item in items)
            if group.hidden and not shown and not found[lists[number]]:
                raise _hidden(group, places[group.id])
        return found


def _lookups(name: str) -> Iterator[str]:
    """Yield the requests that may find a group with a name, in the order in which they count."""
    if is_guid(name):
        yield encoded(f"{_PATH}/{name}", GROUP_QUERY)
        return
    yield encoded(_PATH + alternate_key("uniqueName", name), GROUP_QUERY)
    yield encoded(_PATH, {**GROUP_QUERY, "$filter": f"displayName eq {literal(name)}"})


def _exactly_one(reference: GroupReference, found: Sequence[Sequence[Group]]) -> Group:
    """Return the group of the first request that found any. Raises OptionError for none, AmbiguousPrincipal."""
    groups = next(filter(None, found), [])
    if not groups:
        reason = f"there is no group '{reference.name}' in this tenant"
        raise OptionError(reference.place, reason, "Give an object id, a unique name or a display name.")
    if len(groups) > 1:
        message = f"{reference.place}: {len(groups)} groups are called '{reference.name}': " + ", ".join(
            group.id for group in groups
        )
        raise AmbiguousPrincipal(message, "Name one by its id.", [group.as_result() for group in groups])
    return groups[0]


def _hidden(group: Group, place: str, where: str = "") -> OptionError:
    """Return the error for a group whose members may be hidden."""
    return OptionError(
        place, f"the group {group}{where} hides its members from this identity", str(READ_HIDDEN_MEMBERS)
    )
