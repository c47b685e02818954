# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What uses an attribute or a predefined value: the principals that hold it, and the consumers that decide by it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from .._core.model import KINDS, AttributeName, Definition, PrincipalKind
from .._core.names import counted
from .._core.rules.effects import acts
from .._errors import GraphError, InvalidDeclaration
from .._tenant.consumers import Consumer, ConsumerReader, NotRead
from .._tenant.principals import Directory
from .._tenant.wire import condition

CONSUMERS_SHOWN = 10
NOT_SEARCHABLE = "it is not searchable"


@dataclass(frozen=True)
class Holders:
    """The principals with a value of an attribute. `counts` is null where they cannot be counted."""

    counts: dict[str, int] | None
    reason: str = ""
    """Why they cannot be counted."""

    def __bool__(self) -> bool:
        """Return whether there are holders, or may be."""
        return self.counts is None or any(self.counts.values())

    def __str__(self) -> str:
        if self.counts is None:
            return f"how many principals hold it cannot be told: {self.reason}"
        held = [counted(self.counts[kind.plural], kind.title) for kind in KINDS.values() if self.counts[kind.plural]]
        return f"{' and '.join(held)} {'holds' if sum(self.counts.values()) == 1 else 'hold'} it"


def count_holders(definition: Definition, directory: Directory, released: Collection[str] = ()) -> Holders:
    """Count the principals with an attribute, without the `released` ones, which are about to lose it or just did.

    What is not searchable is not counted, since a filter may find nothing instead of being refused (graph-facts 3).
    """
    if not definition.searchable:
        return Holders(None, NOT_SEARCHABLE)
    try:
        return Holders({kind.plural: _count(directory, kind, definition, released) for kind in KINDS.values()})
    except GraphError as error:
        return Holders(None, str(error).rstrip("."))


def _count(directory: Directory, kind: PrincipalKind, definition: Definition, released: Collection[str]) -> int:
    count = directory.count(kind, definition.attribute)
    if not count or not released:
        return count
    holds = condition(definition.attribute, "ne", None)
    return sum(principal.id not in released for principal in directory.select(kind, holds))


@dataclass(frozen=True)
class ConsumerUsage:
    """The consumers that decide by an attribute or value, or may, and the sources that could not be read."""

    named: str
    """What they decide by, in the words of a message."""
    found: Sequence[Consumer] = ()
    doubtful: Sequence[Consumer] = ()
    """Those whose rule is hidden or not valid, so that it may name anything."""
    not_read: Sequence[NotRead] = ()

    def refusals(self) -> list[str]:
        """Return why it must stay as it is, each without a period: what acts by it, or may."""
        found, doubtful = ([consumer for consumer in side if acts(consumer.state)] for side in self._sides)
        return [*self._sentences(found, doubtful), *self.unread()]

    def warnings(self) -> list[str]:
        """Return every consumer in sentences without a period; those that do not act have their state."""
        return self._sentences(*self._sides)

    def unread(self) -> list[str]:
        """Return in a sentence without a period that sources could not be read, if so."""
        if not self.not_read:
            return []
        sources = " and ".join(dict.fromkeys(source.source for source in self.not_read))
        permissions = " and ".join(dict.fromkeys(source.permission for source in self.not_read))
        return [f"{sources} could not be read, which needs {permissions}, so consumers are not known"]

    @property
    def _sides(self) -> tuple[Sequence[Consumer], Sequence[Consumer]]:
        return self.found, self.doubtful

    def _sentences(self, found: Sequence[Consumer], doubtful: Sequence[Consumer]) -> list[str]:
        found, doubtful = (list({str(consumer): consumer for consumer in side}.values()) for side in (found, doubtful))
        certain = [f"{_listed(found)} {'decides' if len(found) == 1 else 'decide'} by {self.named}"] if found else []
        return certain + ([f"{_listed(doubtful)} may decide by {self.named}"] if doubtful else [])

    def as_result(self) -> list[dict[str, str | None]]:
        """Return the consumers as results name them."""
        names = ("kind", "id", "display_name", "state", "place")
        return [{name: getattr(consumer, name) for name in names} for consumer in (*self.found, *self.doubtful)]


def find_usage(
    attribute: AttributeName, reader: ConsumerReader, values: Collection[str] = (), *, named: str = ""
) -> ConsumerUsage:
    """Return the consumers of an attribute, or of these values of it.

    `named` says in messages what they decide by. Raises TransportError and AuthenticationError.
    """
    consumers = reader.consumers
    return ConsumerUsage(
        named or (f"{attribute} = {' or '.join(values)}" if values else str(attribute)),
        [consumer for consumer in consumers.found if consumer.names(attribute, values)],
        [consumer for consumer in consumers.found if not consumer.certain and not consumer.names(attribute, values)],
        [source for source in consumers.not_read if source.source != "definitions"],
    )


def check_usage(
    before: Definition,
    after: Definition,
    in_use: str,
    directory: Directory,
    reader: ConsumerReader,
    released: Collection[str] = (),
    *,
    masked: bool = False,
) -> dict[str, Any]:
    """Return what uses an attribute or values that `after` retires, as a result has it, with warnings.

    Holders are counted of an attribute that is deprecated. Consumers are read only if the attribute or a value is not
    retired yet. With `masked`, no message shows a value. Raises InvalidDeclaration with in_use=fail, TransportError and
    AuthenticationError.
    """
    attribute, deprecates = before.attribute, after.deprecated and not before.deprecated
    values = [value for value, active in after.predefined.items() if not active and before.predefined.get(value)]
    named = "it" if after.deprecated else "one of them" if masked else " or ".join(values)
    subject = f"Attribute {attribute} is deprecated"
    if not after.deprecated:
        subject = f"Predefined values of {attribute} are deactivated"
    result: dict[str, Any] = {"in_use": None, "consumers": None}
    refusals: list[str] = []
    warnings: list[str] = []
    if after.deprecated and (holders := count_holders(before, directory, released)):
        refusals += [str(holders)] if deprecates else []
        warnings.append(f"{subject}, but {holders}.")
    if after.deprecated:
        result["in_use"] = holders.counts
    if deprecates or (values and not after.deprecated):
        usage = find_usage(attribute, reader, () if deprecates else values, named=named)
        result["consumers"] = usage.as_result()
        refusals += usage.refusals()
        warnings += [f"{subject}, but {sentence}." for sentence in usage.warnings()]
        warnings += [f"{sentence}." for sentence in usage.unread()]
    if in_use == "fail" and refusals:
        forbidden = "deprecate it" if deprecates else "deactivate them" if masked else f"deactivate {', '.join(values)}"
        raise InvalidDeclaration(f"attribute {attribute}", [*refusals, f"in_use=fail forbids to {forbidden}"])
    return {**result, **({"warnings": warnings} if warnings else {})}


def _listed(consumers: Sequence[Consumer]) -> str:
    shown = [f"the {consumer}" for consumer in consumers]
    more = [f"{len(shown) - CONSUMERS_SHOWN} more"] if len(shown) > CONSUMERS_SHOWN else []
    return " and ".join([*shown[:CONSUMERS_SHOWN], *more])
