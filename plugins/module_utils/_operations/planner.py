# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The planner: plan the change of a principal, foresee what Graph refuses, and explain what it refused.

It serves the single module, the bulk module and reconcile, so that all of them predict the same and say it in the same
words. They differ in the source of definitions only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from .._core.assignment_plan import (
    Definitions,
    Desired,
    Exactly,
    Plan,
    check,
    ensure_spelling,
    needs_definition,
    permanent_refusal_reason,
    plan,
)
from .._core.model import Assignments, AttributeName, Definition, Principal, Value
from .._core.values import same
from .._errors import (
    EntraError,
    GraphError,
    InvalidValue,
    NameCaseMismatch,
    PermissionDenied,
    UndefinedAttribute,
    ValueConflict,
)
from .._graph.replication import may_be_too_new
from .._tenant.schema import Schema
from .._tenant.visibility import PERHAPS_HIDDEN, Visibility


class DefinitionSource(Protocol):
    """Where definitions come from."""

    def read(self, attribute_sets: Iterable[str]) -> Definitions:
        """Return at least the definitions of these sets. Raises GraphError."""


class SetDefinitions:
    """The definitions of one attribute set, read each time: one request, and no more than is needed."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def read(self, attribute_sets: Iterable[str]) -> Definitions:
        """Return the definitions of the sets; of the tenant where a set has none, as its name may be misspelled."""
        found: dict[AttributeName, Definition] = {}
        for attribute_set in attribute_sets:
            definitions = self._schema.definitions(attribute_set) or self._schema.definitions()
            found.update((definition.attribute, definition) for definition in definitions)
        return found


class TenantDefinitions:
    """All definitions of the tenant, read once; the same error is raised each time if they cannot be read."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._found: Definitions | GraphError | None = None

    def read(self, attribute_sets: Iterable[str] = ()) -> Definitions:
        """Return all definitions."""
        if self._found is None:
            try:
                self._found = {known.attribute: known for known in self._schema.definitions()}
            except GraphError as error:
                self._found = error
        if isinstance(self._found, GraphError):
            raise self._found.with_traceback(None)  # which would grow each time
        return self._found

    def searchable(self, attribute_set: str) -> AttributeName | None:
        """Return an attribute of a set that a filter can ask for, or null where definitions cannot be read."""
        try:
            return searchable(self.read(), attribute_set)
        except PermissionDenied:
            return None


def searchable(definitions: Definitions, attribute_set: str) -> AttributeName | None:
    """Return an attribute of a set that a filter can ask for, null if there is none."""
    found = (known for known in definitions.values() if known.attribute_set == attribute_set and known.searchable)
    return next((known.attribute for known in found), None)


class KnownDefinitions:
    """Definitions that are known already, such as those that a run is about to create."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self._found = {known.attribute: known for known in definitions}

    def read(self, attribute_sets: Iterable[str] = ()) -> Definitions:
        """Return all of them."""
        return self._found


class Planner:
    """Plans principals with one source of definitions.

    `foresees` says whether each change is checked against the definitions before it is written. `warn` is called with
    warnings, perhaps several times with the same one. `advice` says how to declare a type without a definition.
    """

    def __init__(
        self,
        definitions: DefinitionSource,
        visibility: Visibility,
        *,
        check_mode: bool,
        foresees: bool,
        warn: Callable[[str], None],
        advice: str = "",
    ) -> None:
        self._definitions = definitions
        self._visibility = visibility
        self._check_mode = check_mode
        self._foresees = foresees
        self._warn = warn
        self._advice = advice

    def plan(
        self,
        principal: Principal,
        desired: Desired,
        *,
        expected: Mapping[AttributeName, Value | None] | None = None,
        sets: Collection[str] = (),
        purge: bool = False,
    ) -> Plan:
        """Return the plan of a principal. Definitions are read where they matter.

        `sets` are sets that are named as a whole; with `purge` they lose what is not desired. Raises
        AttributesHidden where Graph hides a set, ValueConflict for an attribute with neither its expected nor its
        desired value, InvalidValue and UndefinedAttribute for what Graph would refuse, and GraphError.
        """
        current, expected = principal.assignments, expected or {}
        self._ensure_visible(principal, [*desired, *expected], sets)
        definitions = None
        if unclear := needs_definition(current, desired, sets):
            try:
                definitions = self._definitions.read(dict.fromkeys(attribute.attribute_set for attribute in desired))
            except PermissionDenied as error:
                ensure_spelling(current, desired, sets=sets)  # which needs no definitions to be wrong
                hint = " ".join(filter(None, [self._advice, str(error)]))
                raise InvalidValue(", ".join(unclear), _why_unclear(desired), hint) from None
        planned = plan(current, desired, definitions, sets=sets, purge=purge)
        if expected:
            _ensure_expected(expected, current, desired, planned, definitions)
        if planned.changed and (self._foresees or definitions is not None):
            self._foresee(planned, definitions)
        if planned.changed and self._check_mode:
            for refusal in self._visibility.foreseen_refusals():
                self._warn(refusal)
        return planned

    def _ensure_visible(self, principal: Principal, named: Sequence[AttributeName], sets: Iterable[str]) -> None:
        """Make sure that sets without a visible value are not hidden. Raises AttributesHidden."""
        shown = {attribute.attribute_set for attribute in principal.assignments}
        first = {attribute.attribute_set: attribute for attribute in reversed(named)}
        for attribute_set in {*sets, *first} - shown:
            if not self._visibility.check_set(principal.kind, attribute_set, first.get(attribute_set)):
                self._warn(PERHAPS_HIDDEN)

    def _foresee(self, planned: Plan, definitions: Definitions | None) -> None:
        """Raise InvalidValue or UndefinedAttribute for what Graph would refuse, if the definitions can be read."""
        try:
            check(planned, self._read(planned) if definitions is None else definitions)
        except UndefinedAttribute as undefined:
            if not self._check_mode or isinstance(undefined, NameCaseMismatch):
                raise
            self._warn(f"{undefined} Unless an earlier task defines it, the run will fail.")
        except PermissionDenied:
            pass

    def _read(self, planned: Plan) -> Definitions:
        return self._definitions.read(dict.fromkeys(attribute.attribute_set for attribute in planned.changes))

    def explain(self, error: EntraError, planned: Plan) -> bool:
        """Add to a refusal what the definitions say about it. Return whether replication may be to blame.

        For a moment after a definition was created, Graph refuses values that the definition allows (graph-facts 6.2,
        6.4).
        """
        if not isinstance(error, GraphError) or not may_be_too_new(error):
            return False
        try:
            definitions = self._read(planned)
            check(planned, definitions)
        except (InvalidValue, UndefinedAttribute) as reason:
            error.explanation = str(reason)
            return False
        except EntraError as unreadable:
            error.hint = f"The definition would say why, but the identity cannot read it. {unreadable.hint}"
            return False
        error.explanation = permanent_refusal_reason(planned, definitions)
        if not error.explanation:
            error.hint = ALLOWED
        return planned.adds or not error.explanation


ALLOWED = "Its definition allows it. A new definition takes a moment; otherwise the reason is another one."


def _why_unclear(desired: Desired) -> str:
    """Return why only a definition says what is meant."""
    if any(isinstance(wanted, Exactly) and wanted.either for wanted in desired.values()):
        return "one row may be the only value or one of several; name the column value[] if it is a list"
    return "text that reads as an integer or Boolean may be either"


def _ensure_expected(
    expected: Mapping[AttributeName, Value | None],
    current: Assignments,
    desired: Desired,
    planned: Plan,
    definitions: Definitions | None,
) -> None:
    """Raise ValueConflict for an attribute with neither its expected nor its desired value, or NameCaseMismatch."""
    ensure_spelling(current, expected, definitions)
    for attribute, value in expected.items():
        found = current.get(attribute)
        fulfilled = attribute in desired and attribute not in planned.changes
        if not fulfilled and not same(found, value):
            said, was = (json.dumps(shown, ensure_ascii=False) for shown in (value, found))
            raise ValueConflict(
                f"{attribute} is expected to be {said}, but is {was}",
                "The value has changed since the snapshot. Check the audit log, or set force=true to overwrite it.",
            )
