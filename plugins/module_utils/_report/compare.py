# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Comparison of a tenant with its declarations. Pure: it plans as the modules do, and notes what would change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._core.assignment_plan import Desired, plan
from .._core.model import USER, AttributeName, AttributeSet, Definition, Principal
from .._core.schema_plan import (
    DefinitionPlan,
    DesiredDefinition,
    DesiredSet,
    Placed,
    SetPlan,
    plan_definition,
    plan_set,
)
from .._core.selection import Reason
from .._declarations.assignments import Declaration
from .._errors import InvalidDeclaration, InvalidValue, OptionError, UndefinedAttribute
from .figures import Mask

_VALUES = ("predefined_values", "inactive_predefined_values")
"""The properties of a definition that hold values."""
_MASKED = "The declaration cannot be applied; the reason is masked."


@dataclass
class Difference:
    """How a declared item differs from the tenant, and why it cannot be applied.

    `changes` have the keys `what`, `before` and `after`, those of a principal also `reasons`; `id` is that of a
    principal that was found. `reasons` say why it is to have its values, where items were decided about.
    """

    type: str
    name: str
    place: str = ""
    changes: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""
    id: str = ""
    reasons: list[dict[str, Any]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.changes or self.problem)

    def as_result(self) -> dict[str, Any]:
        """Return the item as JSON has it."""
        result = {"type": self.type, "name": self.name, "changes": self.changes, "problem": self.problem}
        if self.place:
            result["place"] = self.place
        if self.id:
            result["id"] = self.id
        if self.reasons:
            result["reasons"] = self.reasons
        return result


class Comparison:
    """Takes what is declared and what is there, and notes each declared item with its differences."""

    def __init__(self, definitions: Mapping[AttributeName, Definition], mask: Mask) -> None:
        self._definitions = definitions
        self._mask = mask
        self._found: list[Difference] = []

    def as_result(self) -> list[dict[str, Any]]:
        """Return all declared items as JSON has them."""
        return [difference.as_result() for difference in self._found]

    def compare_schema(
        self,
        desired_sets: Iterable[Placed[DesiredSet]],
        desired_definitions: Iterable[Placed[DesiredDefinition]],
        sets: Sequence[AttributeSet],
    ) -> None:
        """Compare attribute sets and definitions. Every definition is compared on its own."""
        planned_sets = {attribute_set.name: attribute_set for attribute_set in sets}
        for placed in desired_sets:
            desired = placed.desired
            difference = Difference("attribute_set", desired.name, placed.place)
            try:
                planned = plan_set(desired, sets)
            except InvalidDeclaration as error:
                difference.problem = str(error)
            else:
                planned_sets[desired.name] = planned.after
                difference.changes = _changes(planned)
            self._found.append(difference)
        definitions, known = list(self._definitions.values()), list(planned_sets.values())
        for placed_definition in desired_definitions:
            wanted = placed_definition.desired
            difference = Difference("definition", str(wanted.attribute), placed_definition.place)
            hidden = self._mask.hides(wanted.attribute_set)
            try:
                difference.changes = _changes(plan_definition(wanted, definitions, known))
            except InvalidDeclaration as error:
                difference.problem = _MASKED if hidden else str(error)
            for change in difference.changes:
                if change["what"] in _VALUES:
                    for side in ("before", "after"):
                        change[side] = self._mask.shown(wanted.attribute_set, change[side])
            self._found.append(difference)

    def of_kind(
        self, declarations: Sequence[Declaration], errors: Mapping[str, InvalidValue] | None = None
    ) -> KindComparison:
        """Return the comparison of the principals of one kind; `errors` are by id."""
        return KindComparison(self, declarations, errors or {})

    def note(self, difference: Difference) -> None:
        """Keep a difference."""
        self._found.append(difference)

    def differences(self, assignments: Mapping[AttributeName, Any], declaration: Declaration) -> Difference:
        """Return how assignments differ from a declaration, as `plan()` sees it."""
        difference = Difference(declaration.who.kind.name, declaration.who.name, declaration.label)
        desired: Desired = declaration.desired
        try:
            planned = plan(dict(assignments), desired, self._definitions, sets=declaration.attribute_sets)
        except UndefinedAttribute as error:
            difference.problem = str(error)
        except InvalidValue as error:
            difference.problem = self.words(error)
        else:
            reasons = declaration.reasons_for(planned.changes)
            difference.changes = [
                {
                    "what": str(name),
                    "before": self._mask.shown(name.attribute_set, planned.before.get(name)),
                    "after": self._mask.shown(name.attribute_set, value),
                    "reasons": [_shown(reason) for reason in reasons if reason.attribute == name],
                }
                for name, value in planned.changes.items()
            ]
        difference.reasons = [{"attribute": str(reason.attribute), **_shown(reason)} for reason in declaration.reasons]
        return difference

    def words(self, error: InvalidValue) -> str:
        """Return why a value cannot be assigned, without a masked value."""
        named = {attribute.partition(".")[0] for attribute in error.attribute.split(", ")}
        hidden = any(map(self._mask.hides, named))
        return f"value of {error.attribute}: does not fit, and is masked." if hidden else str(error)


def _shown(reason: Reason) -> dict[str, str | None]:
    """Return a reason as JSON has it, without the attribute that it is about."""
    return {key: value for key, value in reason.as_result().items() if key != "attribute"}


class KindComparison:
    """Compares the principals of one kind, in the order in which they come."""

    def __init__(
        self, comparison: Comparison, declarations: Sequence[Declaration], errors: Mapping[str, InvalidValue]
    ) -> None:
        self._comparison = comparison
        self._errors = errors
        self._declarations = {declaration.who.identity: declaration for declaration in declarations}
        self._found: dict[str, list[Difference]] = {}

    @property
    def properties(self) -> set[str]:
        """Return the lookup properties by which principals are declared."""
        return {declaration.who.by for declaration in self._declarations.values()} - {""}

    def compare(self, principal: Principal) -> bool:
        """Return whether a principal differs from a declaration of it."""
        drifts = False
        for identity in principal.identities & self._declarations.keys() if self._declarations else ():
            declaration = self._declarations[identity]
            difference = self._comparison.differences(principal.assignments, declaration)
            difference.id = principal.id
            if declaration.reasons:  # it was decided about, so that it is declared by id
                difference.name = principal.key if principal.kind is USER else principal.display_name
            if error := self._errors.get(principal.id):
                difference.problem = self._comparison.words(error)
            self._found.setdefault(identity, []).append(difference)
            drifts = drifts or bool(difference)
        return drifts

    def finish(self) -> None:
        """Note all declarations, also those of no principal and of several.

        Raises OptionError for a principal that is declared twice.
        """
        by_id: dict[str, Declaration] = {}
        for identity, declaration in self._declarations.items():
            found = self._found.get(identity, [])
            title = declaration.who.kind.title
            if len(found) == 1:
                other = by_id.setdefault(found[0].id, declaration)
                if other is not declaration:
                    places = f"{other.label} and {declaration.label}"
                    raise OptionError("desired", f"{title} {found[0].id} is declared twice, in {places}")
                self._comparison.note(found[0])
                continue
            ids = ", ".join(difference.id for difference in found)
            problem = f"More than one {title} has this name: {ids}." if found else f"There is no {title} of that name."
            who = declaration.who
            self._comparison.note(Difference(who.kind.name, who.name, declaration.label, problem=problem))


def _changes(planned: SetPlan | DefinitionPlan) -> list[dict[str, Any]]:
    """Return the properties that change, or that the whole is missing."""
    if not planned.changed or planned.after is None:
        return []
    if planned.before is None:
        return [{"what": "state", "before": "absent", "after": "present"}]
    before, after = planned.before.as_result(), planned.after.as_result()
    return [
        {"what": name, "before": before[name], "after": after[name]} for name in after if before[name] != after[name]
    ]
