# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What a run changes for the consumers of attributes, and whether `consumers=fail` forbids that."""

from __future__ import annotations

from collections.abc import Sequence

from .._core.assignment_plan import Plan
from .._core.model import AttributeName, Principal, PrincipalKind
from .._core.rules.effects import Effect, PrincipalChange, find_effects
from .._errors import AttributesHidden
from .._tenant.consumers import TITLES, ConsumerReader, Consumers
from .._tenant.visibility import Visibility

CONSUMERS_SPEC = {"consumers": {"type": "str", "choices": ["ignore", "report", "fail"], "default": "ignore"}}
NOTICED = "Sign-ins notice a changed attribute at the next token."


class ConsumerEffects:
    """The effects of the changes of a run. Consumers are read once, and only if there are changes."""

    def __init__(self, reader: ConsumerReader, visibility: Visibility) -> None:
        self._reader = reader
        self._visibility = visibility
        self.consumers = Consumers()

    def find(self, changes: Sequence[tuple[Principal, Plan]]) -> list[tuple[Effect, ...]]:
        """Return the effects on each principal. Raises TransportError and AuthenticationError."""
        if not changes:
            return []
        self.consumers = self._reader.consumers
        rules = [consumer.as_rule() for consumer in self.consumers.found]
        named = {attribute.attribute_set: attribute for rule in rules for attribute in rule.attributes or ()}
        hidden = {
            kind: {name for name, attribute in named.items() if not self._shows(kind, attribute)}
            for kind in dict.fromkeys(principal.kind for principal, _plan in changes)
        }
        found = find_effects(rules, [_change(*change, hidden[change[0].kind]) for change in changes])
        return [tuple(self._effect(place, effect) for place, effect in by_place.items()) for by_place in found]

    def _shows(self, kind: PrincipalKind, attribute: AttributeName) -> bool:
        """Return whether Graph is known to show the attribute set of an attribute."""
        try:
            return self._visibility.check_set(kind, attribute.attribute_set, attribute)
        except AttributesHidden:
            return False

    def _effect(self, place: int, effect: str) -> Effect:
        consumer = self.consumers.found[place]
        title = TITLES[consumer.kind]
        return Effect(
            effect,
            title,
            consumer.id,
            consumer.display_name,
            consumer.state,
            consumer.mode,
            consumer.place,
            consumer.owner,
        )

    def unread(self) -> list[str]:
        """Return which sources could not be read, each in a sentence without a period."""
        return [
            f"{source.source} could not be read, which needs {source.permission}" for source in self.consumers.not_read
        ]

    def not_read(self) -> list[dict[str, str]]:
        """Return the sources that could not be read, as results have them."""
        return [dict(vars(source)) for source in self.consumers.not_read]


def _change(principal: Principal, plan: Plan, hidden: set[str]) -> PrincipalChange:
    shown = {attribute.attribute_set for attribute in [*principal.assignments, *plan.changes]}
    return PrincipalChange(
        principal.kind.name, principal.assignments, plan.changes, bool(principal.agent_type), hidden - shown
    )
