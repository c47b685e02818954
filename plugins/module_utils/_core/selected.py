# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The request and the answer of the read that comes before the decision who gets which value. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .model import AttributeName, Principal, PrincipalReference
from .selection import Selection


@dataclass(frozen=True, slots=True)
class Holder:
    """A value whose holders of one kind must be read, because an exclusive item may take it from them."""

    kind: str
    attribute: AttributeName
    value: str | int | bool


@dataclass(frozen=True)
class Wanted:
    """Whom a run has to read, and which properties, before it is decided who gets what.

    `selections` have their places, for errors. `properties` are wanted of each kind of principal in Graph, by its name.
    `changing` are the attributes that the run may change: a `where` that reads another one may narrow what is read.
    With `blueprints`, the blueprints of all agents that are read are needed as well; with `agents`, the agents of all
    users.
    """

    names: Sequence[PrincipalReference]
    selections: Sequence[tuple[Selection, str]]
    properties: Mapping[str, Collection[str]]
    holders: Sequence[Holder] = ()
    changing: Collection[AttributeName] = ()
    blueprints: bool = False
    agents: bool = False


@dataclass(frozen=True)
class Selected:
    """The principals that were read, by id, and the numbers of the selections that select each.

    `selected_by` does not take `where` into account, which is decided on the state that the run leaves. It is right for
    every principal that was read; whom nothing selects is missing. Principals of the same selections share one set,
    so that what follows of it can be found once. `readings` says how each kind was read.
    """

    principals: Mapping[str, Principal]
    selected_by: Mapping[str, frozenset[int]]
    readings: Mapping[str, str]


class Selector(Protocol):
    """Reads principals of a tenant."""

    def read(self, wanted: Wanted, update: Callable[[], None]) -> Selected:
        """Read. `update` is called after each answer. Raises EntraError, with the place where it is about an item."""
