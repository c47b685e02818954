# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Where declared items stand: sections, places, and what every reader of files shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from .._core.model import PrincipalKind

SETS, DEFINITIONS, ASSIGNMENTS, MOVES, DELEGATIONS = SECTIONS = (
    "attribute_sets",
    "definitions",
    "assignments",
    "moves",
    "delegations",
)
MASKED_SETS, PROTECT = BOUNDS = ("masked_sets", "protect")
"""What binds a whole run of reconcile: sets whose values are masked, and what must not change."""
EXPOSURES = "exposures"
"""Consumers of attributes that no API lists. They are declared, and nothing is written for them."""
DISPLAY_NAME = "display_name"
"""A name for people. The collection does not use it."""
OVERRIDE = "override"
"""The key of an item that replaces what an earlier entry of `src` declares."""
VAULT = "$ANSIBLE_VAULT;"
"""The beginning of a text that ansible-vault encrypted."""


def nothing(path: Sequence[str], reason: str) -> str:
    """Return the remark of a form that has nothing to add."""
    return ""


@dataclass(slots=True)  # not frozen, which takes three times as long: there may be a million
class SourceLocation:
    """The place of an item.

    `label` names the item and `at()` something in it: problems begin with these. `inside` returns the place of a path
    in the item with a label. `remark()` returns what the form of
    the file adds to the reason for which a value in the item was refused, or an empty text. In a `literal` item nobody
    sees characters that cannot be seen, as no escape stands for them. An item that `restores` is of a sealed snapshot,
    or of an export that nobody changed since.
    """

    label: str
    inside: Callable[[str, Sequence[str]], str]
    remark: Callable[[Sequence[str], str], str] = nothing
    literal: bool = False
    restores: bool = False

    def at(self, *path: str) -> str:
        return self.inside(self.label, path)


@dataclass(slots=True)
class Rows:
    """Some rows of a table, each with a principal of one kind and attributes alone, in place of as many items.

    Rows with the same attributes share one object. The place of a row is that of the rows with its label.
    """

    kind: PrincipalKind
    labels: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    attributes: list[dict[str, dict[str, Any]]] = field(default_factory=list)

    def items(self, place: SourceLocation) -> Iterator[tuple[SourceLocation, dict[str, Any]]]:
        """Yield the place and content of each item."""
        for label, name, attributes in zip(self.labels, self.names, self.attributes, strict=True):
            yield replace(place, label=label), {self.kind.name: name, "attributes": attributes}


Items: TypeAlias = Iterator[tuple[str, SourceLocation, Any]]
"""Section, place and content of each item. Instead of many plain items there may be `Rows` of them."""
Decrypt: TypeAlias = "Callable[[str], str]"
"""Return what ansible-vault encrypted. Raises Undecryptable."""


class ParseError(Exception):
    """A document that cannot be read, from `line` on."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"{line}: {' '.join(reason.split())}")


class Undecryptable(Exception):
    """The reason why a text cannot be decrypted."""


def no_secret(text: str) -> str:
    """Raise Undecryptable: the `Decrypt` of a run that does not have Ansible's vault secrets."""
    raise Undecryptable(
        "only Ansible itself has the secret. Run the task on the controller (connection: local, with the Python that"
        " runs Ansible), or decrypt it first with ansible-vault"
    )


class Only(str):
    """A text that is either a value or the only one of a list. The file leaves that open; the attribute decides."""

    __slots__ = ()


def listed(section: str, items: Sequence[Any]) -> Items:
    """Yield the items of a variable, which are named by their number."""
    for number, item in enumerate(items):
        label = f"{section}[{number}]"
        yield section, SourceLocation(label, _dotted, literal=True), item


def _dotted(label: str, path: Sequence[str]) -> str:
    return ".".join([label, *path])


def split_override(place: SourceLocation, item: Any, problems: list[str]) -> tuple[Any, bool]:
    """Return an item without the key `override`, and whether it overrides; another value than a Boolean is noted."""
    if not isinstance(item, Mapping) or OVERRIDE not in item:
        return item, False
    overrides = item[OVERRIDE]
    if overrides is not None and not isinstance(overrides, bool):
        problems.append(f"{place.at(OVERRIDE)}: must be true or false")
    return {key: value for key, value in item.items() if key != OVERRIDE}, overrides is True


def overrides_nothing(label: str, title: str) -> str:
    """Return the problem of an item that has nothing to override."""
    return f"{label}: {title} overrides nothing, because no earlier entry of src declares it; remove override"
