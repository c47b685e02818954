# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Visibility: whether a value that Graph does not show is not assigned, or only hidden. Null proves neither.

Graph answers null, or leaves out attribute sets, for a caller that is not allowed to read them (graph-facts 2.4). The
token's claims usually settle it. They do not for an opaque token, and for an Entra role that is scoped to attribute
sets. Then a filter on an attribute does: Graph refuses filters on values that it hides (graph-facts 3).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from .._core.model import AttributeName, Definition, PrincipalKind
from .._errors import AttributesHidden, GraphError, PermissionDenied
from .._graph.client import Graph
from .permissions import ASSIGN_ATTRIBUTES, READ_ASSIGNMENTS, foreseen_refusals, may_read
from .principals import Directory

PERHAPS_HIDDEN = "The token does not show that the identity may read all attribute sets; some may be hidden."


def _none(attribute_set: str) -> None:
    return None


class Visibility:
    """Checks the access of the identity of a Graph to attribute values.

    Every check returns whether that is known, and raises AttributesHidden where Graph is known to hide values.
    `searchable` returns an attribute of a set that a filter can ask for, if one is known.
    """

    def __init__(self, graph: Graph, searchable: Callable[[str], AttributeName | None] = _none) -> None:
        self._graph = graph
        self._directory = Directory(graph)
        self._searchable = searchable
        self._checked: dict[tuple[PrincipalKind, str], bool] = {}
        self._refusals: list[str] | None = None

    def foreseen_refusals(self) -> list[str]:
        """Return the warning that Graph will refuse to assign, if the token shows that."""
        if self._refusals is None:
            self._refusals = foreseen_refusals(self._graph.claims(), ASSIGN_ATTRIBUTES)
        return self._refusals

    def check(self, kind: PrincipalKind, attribute: AttributeName | None = None) -> bool:
        """Check the claims of the token. Where they leave it open, filter on the attribute.

        A filter that Graph refuses for another reason settles nothing, such as one on an attribute that is not
        searchable.
        """
        allowed = may_read(self._graph.claims())
        if not allowed and attribute is not None:
            try:
                self._directory.count(kind, attribute)
                allowed = True
            except PermissionDenied:
                allowed = False
            except GraphError:
                pass
        if allowed is False:
            raise AttributesHidden(
                f"The identity is not allowed to read these custom security attributes of {kind.title}s. Graph hides"
                " them, so it is unknown what is assigned.",
                str(READ_ASSIGNMENTS[kind]),
            )
        return allowed is True

    def check_set(self, kind: PrincipalKind, attribute_set: str, attribute: AttributeName | None) -> bool:
        """Check once that a set is readable, by the attribute that is named, or else by one that is searchable."""
        place = (kind, attribute_set)
        if place not in self._checked:
            self._checked[place] = self._check_set(kind, attribute_set, attribute)
        return self._checked[place]

    def _check_set(self, kind: PrincipalKind, attribute_set: str, attribute: AttributeName | None) -> bool:
        denied = None
        try:
            if self.check(kind, attribute):
                return True
        except AttributesHidden as error:
            denied = error
        if other := self._searchable(attribute_set):
            return self.check(kind, other)
        if denied:
            raise denied
        return False

    def check_shown(self, kind: PrincipalKind, seen: bool, attribute: AttributeName | None) -> bool:
        """Check a selection of principals. If any values were `seen`, the identity can read at least some sets."""
        try:
            return self.check(kind, None if seen else attribute)
        except AttributesHidden:
            if not seen:
                raise
            return False

    def check_unseen(
        self, kind: PrincipalKind, definitions: Iterable[Definition], unseen: Collection[str], *, named: bool
    ) -> bool:
        """Check the sets without any visible value after all principals of a kind were read.

        Where the claims leave it open, one searchable attribute of each set is tried. Unless somebody `named` the
        sets, there may be others that are hidden as a whole.
        """
        if self.check(kind):
            return True
        searchable = {known.attribute_set: known.attribute for known in definitions if known.searchable}
        tried = [self.check(kind, attribute) for attribute in searchable.values()]
        return named and all(tried) and set(unseen) <= searchable.keys()
