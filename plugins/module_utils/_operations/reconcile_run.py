# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""One run of `reconcile`: it reads and plans the whole, and then writes it in the order of the phases."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._core.assignment_plan import Plan
from .._core.model import KINDS, AttributeName, Principal
from .._core.moves import Departure
from .._core.schema_plan import plan_definition, plan_set
from .._core.schema_steps import DefinitionStep, SchemaPlan, SchemaStep, SetStep, plan_schema
from .._core.selection import Item
from .._core.tenant_plan import (
    ASSIGN,
    DEFINITION,
    DELEGATION,
    FORBID,
    LIMITS,
    MASKED,
    MOVE,
    PERMIT,
    SCHEMA_KINDS,
    SETS,
    Change,
    Finding,
    Key,
    Step,
    TenantPlan,
    in_order,
    protected,
    stale,
)
from .._declarations.assignments import Declaration
from .._declarations.declared import Declared
from .._declarations.locations import DELEGATIONS
from .._declarations.plan_file import Mask, PlanFile
from .._errors import EntraError, InvalidDeclaration, PlanRefused
from .._graph.client import Graph
from .._tenant.consumers import ConsumerReader
from .._tenant.principals import Directory
from .._tenant.schema import Schema
from .approved_plan import (
    approved_assignments,
    approved_definitions,
    approved_sets,
    masked_assignments,
    masked_items,
    masked_purges,
)
from .assignments_entries import AssignmentEntry, Settings
from .assignments_reader import reading
from .assignments_run import AssignmentRun
from .delegations import DelegationRun, approved_delegations
from .departures import DepartureRun
from .planner import KnownDefinitions
from .progress import Show
from .usage import check_usage

REASON_MASKED = "the declaration is refused; the reason is masked"


@dataclass
class SchemaOutcome:
    """What became of the steps of sets and definitions."""

    written: list[SchemaStep] = field(default_factory=list)
    failed: list[tuple[SchemaStep, EntraError]] = field(default_factory=list)
    lost: bool = False
    """Whether no further step was tried, because there is no connection or no token any more."""


class ReconcileRun:
    """Reads, plans and writes. `declared` is what is wanted; with `approved`, that plan bounds what is done."""

    def __init__(
        self,
        params: Mapping[str, Any],
        graph: Graph,
        declared: Declared,
        approved: PlanFile | None,
        mask: Mask,
        progress: Show,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.now = clock()
        self._params, self._graph, self._mask = params, graph, mask
        self.declared, self._approved = declared, approved
        self._schema = Schema(graph)
        self._consumers = ConsumerReader(graph, declared.exposures)
        self._progress = progress
        self.warnings: list[str] = []
        self.assignments: AssignmentRun | None = None
        self.schema = SchemaPlan()
        self.departing: DepartureRun | None = None
        self.outcome = SchemaOutcome()
        on_missing = "fail" if approved else params["on_missing"]
        self.delegations = DelegationRun(graph, params["force"], on_missing, params["on_error"])
        self.plan = TenantPlan()
        self.is_planned = False

    # Planning

    def read_and_plan(self, kept: Mapping[str, Any]) -> None:
        """Read the tenant and plan everything; `kept` is what the snapshot of a run that was cut off holds.

        Where that fails, entries say that nothing was written of them.
        """
        try:
            self._read_and_plan(kept)
            self.is_planned = True
        finally:
            for entry in () if self.is_planned else self.entries:
                entry.skipped = entry.pending or not (entry.plan or entry.error or entry.missing)

    def _read_and_plan(self, kept: Mapping[str, Any]) -> None:
        approved = self._approved.plan if self._approved else None
        schema_steps = approved and any(step.is_schema for step in approved.steps)
        departures = self._departures(approved)
        departing = self.departing = DepartureRun(departures, self._graph, self._consumers)
        if schema_steps or self.declared.attribute_sets or self.declared.definitions or departures:
            sets, definitions = self._schema.sets_and_definitions()
            known = {definition.attribute: definition for definition in definitions}
            wanted_sets = self.declared.placed_sets
            wanted = departing.with_deprecations(self.declared.placed_definitions, known)
            if approved:
                masked = self.declared.masked_sets
                wanted_sets = approved_sets(approved)
                wanted = approved_definitions(approved, definitions, masked, wanted)
            self.schema = plan_schema(wanted_sets, wanted, sets, definitions, kept)
            meanwhile = {definition.attribute: definition for definition in self.schema.definitions}
            departing.read(known, meanwhile, checks=not approved)
        new_sets = [step.as_step().name for step in self.schema.steps if isinstance(step, SetStep)]
        delegated = approved_delegations(approved) if approved else self.declared.delegations
        self.delegations.read_and_plan(delegated, new_sets)
        declarations, holders, items = self.declared.assignments, departing.holders, self.declared.items
        if approved:
            masked = self.declared.masked_sets
            own = masked_assignments(approved, masked, declarations)
            holders = departing.masked_holders(approved, masked)
            items = masked_items(approved, masked, items, self._mask)
            purged = masked_purges(approved, masked, own, items)
            declarations = [*approved_assignments(approved), *own, *purged]
        self.assignments = assignments = self._assignment_run(declarations, holders, items)
        assignments.read_and_plan()
        refused = [*self.schema.problems, *departing.refused, *self._in_use(), *self.delegations.refused]
        self.plan = self._tenant_plan(refused)
        if self._approved:
            self._hold_to(self._approved.plan)
        self.warnings += [*sorted(assignments.warnings), *self._undefined_exposures()]
        self.warnings += [*departing.warnings, *self.delegations.warnings]
        self.plan = replace(
            self.plan,
            blocked=tuple(self._blocked()),
            affected=tuple(assignments.affected()),
            effects=assignments.effect_documents(),
            rules=tuple(departing.rules),
        )

    def _departures(self, approved: TenantPlan | None) -> list[Departure]:
        """Return the departures to plan. An approved plan lacks only values of masked sets."""
        masked = set(self.declared.masked_sets)
        found = self.declared.departures
        return found if approved is None else [departure for departure in found if departure.attribute_sets & masked]

    def _assignment_run(
        self,
        declarations: Sequence[Declaration],
        holders: Sequence[tuple[Declaration, Principal]],
        items: Sequence[Item],
    ) -> AssignmentRun:
        names = ("purge", "force", "on_error", "on_missing", "verify", "tenant_id", "consumers")
        given = {name: self._params[name] for name in names if name in self._params}
        settings = Settings(**given, report="none", diff_limit=0)  # both come from the plan
        choose = reading
        if self._approved:  # whose principals are the only ones to be read
            settings = replace(settings, purge=False, on_missing="fail")
            choose = _by_filters
        known = KnownDefinitions(self.schema.definitions) if self.schema.definitions else None
        return AssignmentRun(
            declarations,
            settings,
            self._graph,
            definitions=known,
            show=self._progress,
            choose=choose,
            consumers=self._consumers,
            holders=holders,
            items=items,
            only=() if self._approved else self.declared.only,
            masked=self.declared.masked_sets,
            now=lambda: self.now,
            light=self._params["report"] != "all" and self._approved is None,
        )

    @property
    def entries(self) -> list[AssignmentEntry]:
        """The declarations of principals, each with what became of it."""
        return self.assignments.entries if self.assignments else []

    def _tenant_plan(self, refused: list[Finding]) -> TenantPlan:
        steps = [step.as_step() for step in (*self.schema.steps, *self.delegations.steps)]
        missing: list[Finding] = [*self.delegations.missing]
        unchanged = Counter(dict(self.schema.unchanged))
        if unheld := self.delegations.plan.unchanged:
            unchanged[DELEGATION] = unheld
        for entry in self.entries:
            reference = entry.declaration.who
            if entry.missing or entry.error:
                finding = Finding(reference.kind.name, reference.name, entry.declaration.label, self._reason(entry))
                (missing if entry.missing else refused).append(finding)
            elif entry.pending and entry.principal:
                steps.append(_principal_step(entry, entry.principal))
            else:
                unchanged[reference.kind.name] += 1
        return TenantPlan(in_order(steps), dict(unchanged), tuple(missing), tuple(refused))

    def _reason(self, entry: AssignmentEntry) -> str:
        """Return why an entry is left out; of masked sets without the reason, which may quote a value."""
        if entry.error and set(self.declared.masked_sets) & {name.attribute_set for name in entry.declaration.desired}:
            return REASON_MASKED
        return str(entry.error or entry.missing or "")

    def _in_use(self) -> Iterator[Finding]:
        """Warn of what still uses a retired definition or predefined value, or yield it with in_use=fail."""
        for step in self.schema.steps:
            if not isinstance(step, DefinitionStep) or step.phase != FORBID or step.declared.in_use == "ignore":
                continue
            before, after = step.plan.before, step.plan.after
            if before is None or after is None or before.deprecated:
                continue
            attribute = before.attribute
            released = {
                entry.principal.id
                for entry in self.entries
                if entry.pending
                and entry.principal
                and entry.plan
                and entry.plan.changes.get(attribute, "") in (None, [])
            }
            masked = attribute.attribute_set in self.declared.masked_sets
            try:
                found = check_usage(
                    before,
                    after,
                    step.declared.in_use,
                    Directory(self._graph),
                    self._consumers,
                    released,
                    masked=masked,
                )
                self.warnings += [warning for warning in found.get("warnings", []) if warning not in self.warnings]
            except InvalidDeclaration as refusal:
                for problem in refusal.problems:
                    yield Finding("definition", str(attribute), step.declared.place, f"{attribute}: {problem}")

    def _undefined_exposures(self) -> Iterator[str]:
        """Yield which exposures use an attribute that is not defined, if consumers were read."""
        effects = self.assignments.effects if self.assignments else None
        if effects is None or effects.consumers.defined is None:
            return
        defined = effects.consumers.defined | {definition.attribute for definition in self.schema.definitions}
        for exposure in self.declared.exposures:
            if missing := [str(attribute) for attribute in exposure.attributes if attribute not in defined]:
                yield f"{exposure.place}: exposure '{exposure.name}' uses {', '.join(missing)}, which is not defined."

    def _blocked(self) -> Iterator[str]:
        """Yield why nothing of the plan must be written."""
        if self.schema_refused:
            yield "attribute sets or definitions cannot be made as they are declared"
        if any(finding.kind == MOVE for finding in self.plan.refused):
            yield "moves cannot be made as they are declared"
        yield from self.assignments.consumer_refusals() if self.assignments else ()
        yield from self.delegations.blocked()
        yield from protected(self.plan, self.declared.protected_principals, self.declared.protected_attributes)

    @property
    def schema_refused(self) -> list[Finding]:
        """The declarations of sets and definitions that this tenant cannot have."""
        return [finding for finding in self.plan.refused if finding.kind in ("attribute_set", "definition")]

    def shown(self) -> TenantPlan:
        """Return the plan as it is shown and kept: values of masked sets are masked."""
        return self.plan.masked(self.declared.masked_sets, self._mask)

    # Approval

    def _hold_to(self, approved: TenantPlan) -> None:
        """Leave out every object that is not as the approved plan found it. Raises PlanRefused with on_stale=fail."""
        names = {step.key: step.name for step in approved.steps}
        self._keep_entries([entry for entry in self.entries if _key(entry) in names])
        self.delegations.keep(names)
        self.plan = self.plan.without({step.key for step in self.plan.steps} - names.keys())
        reasons = {**stale(approved, self.shown()), **dict(self._unfulfilled(approved))}
        for entry in self.entries:
            if entry.error:
                reasons[_key(entry)] = f"{names[_key(entry)]}: {self._reason(entry)}"
        for finding in (*self.schema.problems, *self.delegations.refused):
            reasons[finding.kind, finding.name] = finding.message
        for key, reason in self._not_approved(approved):
            reasons.setdefault(key, f"{names[key]}: {reason}")
        if reasons and self._params["on_stale"] == "fail":
            listed = "; ".join(list(reasons.values())[:10])
            more = f"; and {len(reasons) - 10} more" if len(reasons) > 10 else ""
            raise PlanRefused(
                f"The plan is stale: {listed}{more}. Nothing was written.",
                "Make a new plan, or apply the rest of this one with on_stale=skip.",
            )
        for step in self.plan.principals:
            needed = [change.attribute for change in step.changes if (DEFINITION, change.attribute) in reasons]
            if needed:
                reasons.setdefault(step.key, f"{step.name}: the definition {needed[0]} is stale")
        held = dict(self._still_held(approved, reasons))
        self.warnings += [f"Skipped, because the plan is stale: {reason}" for reason in reasons.values()]
        self.warnings += [f"Skipped: {reason}" for reason in held.values()]

        def stays(step: Step) -> bool:
            return step.key not in reasons and not (step.phase == FORBID and step.key in held)

        kept = tuple(step for step in self.schema.steps if stays(step.as_step()))
        self.schema = replace(self.schema, steps=kept, problems=())
        self.delegations.keep(names, reasons)
        self.delegations.refused.clear()
        self._keep_entries([entry for entry in self.entries if _key(entry) not in reasons])
        self.plan = replace(self.plan, steps=tuple(filter(stays, self.plan.steps)), refused=())

    def _still_held(self, approved: TenantPlan, left_out: Collection[Key]) -> Iterator[tuple[Key, str]]:
        """Yield the definitions that must not end, since a principal that is left out may hold what ends."""
        refused = [finding.name for finding in approved.refused if finding.kind in KINDS]
        holders = {
            change.attribute: step.name
            for step in approved.principals
            if step.key in left_out
            for change in step.changes
        }
        for step in self.plan.steps:
            holder = holders.get(step.id) or next(iter(refused), None)
            if step.phase == FORBID and holder and step.key not in left_out:
                yield step.key, f"{step.name}: {holder} is left out and may still hold it"

    def _not_approved(self, approved: TenantPlan) -> Iterator[tuple[Key, str]]:
        """Yield the principals whose change affects a consumer that acts, and that the approved plan does not show.

        A plan that was made without reading consumers shows none, so nothing is compared with it.
        """
        assignments = self.assignments
        if assignments is None or assignments.effects is None or approved.effects is None:
            return
        known = {(effect["effect"], effect["id"], effect["place"]) for effect in approved.effects}
        said = " ".join(approved.notes)
        unread = [sentence for sentence in assignments.effects.unread() if sentence not in said]
        for entry in self.entries:
            new = [
                f"{effect.sentence({entry.declaration.who.kind.name: 1})}, and the plan does not say so"
                for effect in entry.effects or ()
                if effect.decides and (effect.effect, effect.id, effect.place) not in known
            ]
            for reason in [*new, *unread] if entry.pending else ():
                yield _key(entry), reason

    def _ensure_approved(self, step: SchemaStep) -> None:
        """Raise PlanRefused if a step that was planned again is not what was approved."""
        if self._approved:
            again = TenantPlan((step.as_step(),)).masked(self.declared.masked_sets, self._mask)
            for reason in stale(self._approved.plan, again).values():
                raise PlanRefused(f"The plan became stale during the run: {reason}.")

    def _unfulfilled(self, approved: TenantPlan) -> Iterator[tuple[Key, str]]:
        """Yield the principals with a masked value that the declarations do not give any more."""
        entries = {_key(entry): entry for entry in self.entries}
        changes = {step.key: step.changes for step in self.shown().principals}
        for step in approved.principals:
            principal = entries[step.key].principal if step.key in entries else None
            held = principal.assignments if principal else {}
            for change in step.changes:
                if not isinstance(change.before, Mapping) and not isinstance(change.after, Mapping):
                    continue
                value = held.get(AttributeName(*change.attribute.split(".", 1)))
                now = None if value is None else {MASKED: self._mask(value)}
                if now != change.after and not any(change.is_same(other) for other in changes.get(step.key, ())):
                    yield step.key, f"{step.name}: {change.attribute} is not declared as the plan wants it"

    def _keep_entries(self, entries: list[AssignmentEntry]) -> None:
        if self.assignments:
            self.assignments.entries[:] = entries

    # Writing

    @property
    def failed(self) -> bool:
        """Whether anything that was to be written failed."""
        return bool(self.outcome.failed or self.delegations.failed) or any(entry.error for entry in self.entries)

    def write(self) -> None:
        """Write the steps. A phase begins only if nothing failed in those before it that it rests on."""
        assignments = self.assignments
        self._write_schema((SETS, PERMIT))
        if not self.outcome.failed and assignments:
            self.warnings += assignments.write().get("warnings", [])
        if not self.failed:
            self.delegations.write()
        if not self.failed:
            self._write_schema((FORBID,))
        if not self.failed:
            self._write_schema((LIMITS,))
        for entry in self.entries:
            entry.skipped = entry.pending and not entry.written

    def _write_schema(self, phases: Collection[str]) -> None:
        for step in self.schema.steps:
            if step.phase not in phases or self.outcome.lost:
                continue
            if self.outcome.failed and step.phase != self.outcome.failed[0][0].phase:
                return
            try:
                self._write_step(step)
                self.outcome.written.append(step)
            except EntraError as error:
                error.message = f"{step.as_step().name}: {error.message}"
                self.outcome.failed.append((step, error))
                self.outcome.lost = error.in_doubt or self._params["on_error"] == "stop"

    def _write_step(self, step: SchemaStep) -> None:
        """Send a step; plan it again where a conflict or a lost answer shows that the tenant is not as it was read."""
        schema, planned, tried = Schema(self._graph), step, False

        def attempt() -> None:
            nonlocal planned, tried
            if tried:
                planned = self._planned_again(step)
            tried = True
            _apply(schema, planned)

        schema.persist(attempt)

    def _planned_again(self, step: SchemaStep) -> SchemaStep:
        if isinstance(step, SetStep):
            again: SchemaStep = replace(step, plan=plan_set(step.declared.desired, self._schema.sets()))
        else:
            sets, definitions = self._schema.sets(), self._schema.definitions()
            again = replace(step, plan=plan_definition(step.declared.desired, definitions, sets))
        self._ensure_approved(again)
        return again

    # Results

    @property
    def wrote(self) -> bool:
        """Return whether anything was written, or may have been."""
        unsure = any(error.changed or error.in_doubt for _step, error in self.outcome.failed)
        unsure |= self.delegations.wrote
        return bool(self.outcome.written) or unsure or any(entry.changed(False) for entry in self.entries)

    def before(self, kept: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
        """Return the declarations that undo sets, definitions and delegations; `kept` as in `read_and_plan()`."""
        delegations = self.delegations.before(kept.get(DELEGATIONS) or ())
        return {**self.schema.before, **({DELEGATIONS: delegations} if delegations else {})}

    def changes(self) -> list[tuple[Principal, Plan]]:
        """Return what is about to change of principals."""
        return [
            (entry.principal, entry.plan) for entry in self.entries if entry.pending and entry.principal and entry.plan
        ]

    def schema_names(self, kind: str, planned: bool) -> list[str]:
        """Return the sets or definitions that were changed, or would be."""
        steps = self.schema.steps if planned else self.outcome.written
        return list(dict.fromkeys(step.as_step().name for step in steps if step.as_step().kind == kind))

    def failed_schema(self, kind: str) -> int:
        """Return how many sets or definitions failed or are refused."""
        failed = {step.as_step().id for step, _error in self.outcome.failed if step.as_step().kind == kind}
        return len(failed | {finding.name for finding in self.schema.problems if finding.kind == kind})

    def failures(self) -> list[str]:
        """Return why each set, definition and principal failed."""
        schema = [
            finding.message if not finding.place else f"{finding.place}: {finding.message}"
            for finding in self.plan.refused
            if finding.kind in (*SCHEMA_KINDS, MOVE)
        ]
        schema += [f"{step.declared.place}: {error}" for step, error in self.outcome.failed]
        schema += self.delegations.failures()
        return schema + [f"{entry.declaration.label}: {self._reason(entry)}" for entry in self.entries if entry.error]

    def results(self, planned: bool, report: str) -> list[dict[str, Any]]:
        """Return what became of the principals that `report` wants, with masked values left out."""
        chosen = [
            entry
            for entry in self.entries
            if report in ("all", entry.outcome(planned)) or (report == "changed" and entry.changed(planned))
        ]
        return [self._result(entry, planned) for entry in chosen]

    def _result(self, entry: AssignmentEntry, planned: bool) -> dict[str, Any]:
        result = {**entry.as_result(planned), "declared_in": entry.declaration.label}
        for side in ("before", "after"):
            values = {name: held for name, held in result[side].items() if name not in self.declared.masked_sets}
            result[side] = values
        return {**result, "msg": self._reason(entry) or result["msg"]}


def _by_filters(filters: int, size: Callable[[], int]) -> str:
    """Return the way of reading that reads nobody else."""
    return "filters"


def _apply(schema: Schema, step: SchemaStep) -> None:
    if isinstance(step, SetStep):
        schema.apply_set(step.plan)
    else:
        schema.apply_definition(step.plan)


def _key(entry: AssignmentEntry) -> Key:
    principal = entry.principal
    return entry.declaration.who.kind.name, principal.id if principal else entry.declaration.who.name


def _principal_step(entry: AssignmentEntry, principal: Principal) -> Step:
    plan, declaration = entry.plan or Plan({}, {}, {}), entry.declaration
    changes = tuple(
        Change(
            str(attribute),
            plan.before.get(attribute),
            plan.after.get(attribute),
            declaration.place_of(attribute),
            tuple(declaration.reasons_for([attribute])),
        )
        for attribute in plan.changes
    )
    shown = principal.as_result()
    name = shown.get("user_principal_name") or principal.display_name
    names = tuple(other for other in (principal.display_name, principal.key) if other != name)
    return Step(ASSIGN, principal.kind.name, principal.id, name, changes, declaration.label, names=names)
