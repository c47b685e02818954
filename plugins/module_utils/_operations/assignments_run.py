# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""One run over many principals: read as cheaply as possible, plan everything, then write what differs.

The bulk module and reconcile use it.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from .._core.assignment_plan import Definitions, Plan
from .._core.desired_state import MISSING, UNMAPPED, DesiredState, resolve
from .._core.model import Principal, PrincipalReference
from .._core.rules.effects import Effect, effect_sentences
from .._core.selected import Selector
from .._core.selection import Item, selecting_first
from .._core.shared import SharedByObject
from .._declarations.assignments import Declaration
from .._declarations.snapshot import record
from .._errors import (
    EntraError,
    PermissionDenied,
    PlanRefused,
)
from .._graph.client import Graph
from .._tenant.consumers import ConsumerReader
from .._tenant.permissions import tenant_of
from .._tenant.schema import Schema
from .._tenant.selections import TenantSelector
from .._tenant.visibility import Visibility
from .assignments_entries import OUTCOMES, AssignmentEntry, ResultsFile, Settings, diffs, selected_results
from .assignments_reader import Reader, reading
from .assignments_writer import Writer
from .consumer_effects import ConsumerEffects
from .planner import DefinitionSource, Planner, TenantDefinitions
from .progress import Progress, Show, show_nothing
from .selections import (
    decided_entries,
    ensure_stable_filters,
    narrowed_entries,
    needs_definitions,
    refuse,
    wanted,
    with_typed_conditions,
)

NAMES_SHOWN = 5
OVERTAKEN = "Another writer changed the principal meanwhile. It was not written again, because consumers=fail"


class AssignmentRun:
    """Makes the principals of a tenant what declarations say.

    `read_and_plan()` sends no write. Afterwards `entries` hold the plans, and `write()` carries them out. `definitions`
    is the source of definitions, by default the tenant. `choose` decides how to read, as `reading()` does. `holders`
    are principals that were read already, each with what is declared of it. `items` select principals, derive values or
    end; `only` then narrows the run to principals of these names, and reasons quote no value of `masked` sets. A
    `light` run keeps no principal that has what is desired.
    """

    def __init__(
        self,
        declarations: Sequence[Declaration],
        settings: Settings,
        graph: Graph,
        *,
        check_mode: bool = False,
        definitions: DefinitionSource | None = None,
        show: Show = show_nothing,
        choose: Callable[[int, Callable[[], int]], str] = reading,
        consumers: ConsumerReader | None = None,
        holders: Sequence[tuple[Declaration, Principal]] = (),
        items: Sequence[Item] = (),
        only: Collection[str] = (),
        masked: Collection[str] = (),
        selector: Selector | None = None,
        now: Callable[[], float] = time.time,
        light: bool = False,
    ) -> None:
        self.entries = [AssignmentEntry(declaration) for declaration in declarations]
        self.entries += [AssignmentEntry(declaration, (principal,)) for declaration, principal in holders]
        self.warnings: set[str] = set()
        self.results = ResultsFile(settings.results_path, self.entries)
        self._settings = settings
        self._graph = graph
        self._check_mode = check_mode
        self._sent_before = graph.sent
        self._began = time.monotonic()
        self._progress = progress = Progress(show, len(self.entries), graph.patience.clock)
        tenant = TenantDefinitions(Schema(graph))
        visibility = Visibility(graph, tenant.searchable)
        self.effects: ConsumerEffects | None = None
        """What the run changes for consumers, if that was asked for."""
        if settings.consumers != "ignore":
            self.effects = ConsumerEffects(consumers or ConsumerReader(graph), visibility)
        self._planner = Planner(
            definitions or tenant,
            visibility,
            check_mode=check_mode,
            foresees=True,
            warn=self.warnings.add,
        )
        self._plans: SharedByObject[Plan] = SharedByObject()
        """Definitions are the same for the whole run, so a plan follows from what is held and what is declared."""
        self._definitions = definitions or tenant
        self._items = selecting_first(items)
        self._only, self._masked = only, masked
        self._selector = selector or TenantSelector(graph, choose, tenant.read)
        self._now = now
        self.state = DesiredState({})
        """What was decided between items."""
        self._reader = Reader(graph, self.entries, settings, self, self.warnings.add, progress, choose, light)
        self._writer = Writer(graph, self.entries, settings, self, self.record, self.results, progress)

    @property
    def failures(self) -> list[str]:
        """Return why each of the entries that failed did."""
        return [entry.failure for entry in self.entries if entry.error]

    def read_and_plan(self) -> None:
        """Find every principal and plan its changes. An error about one of them is noted in its entry.

        Raises OptionError for a principal that is declared twice, AttributesHidden, and GraphError where reading fails.
        """
        with gc_paused():
            if self._items:
                self._read_selected()
            else:
                self._reader.read()
            if self.effects:
                self._find_effects(self.effects)

    def _read_selected(self) -> None:
        """Read whom the items concern, decide between the items, and plan what was decided."""
        definitions = self._known_definitions()
        ensure_stable_filters(self._items, [entry.declaration for entry in self.entries])
        items = with_typed_conditions(self._items, definitions)
        naming = {
            number: AssignmentEntry(Declaration(item.place, item.who, {}))
            for number, item in enumerate(items)
            if isinstance(item.who, PrincipalReference)
        }
        self.entries += naming.values()
        request = wanted(items, [entry.declaration for entry in self.entries if not entry.found])
        selected = self._selector.read(request, self._progress.update)
        self._reader.readings.update(selected.readings)
        now = self._now()
        ended = [entry for number, entry in naming.items() if (end := items[number].expires) and end.passed(now)]
        self._reader.match(selected.principals.values(), may_lack=ended)
        named = {number: [entry.principal.id] for number, entry in naming.items() if entry.principal}
        for entry in self.entries:
            if entry.principal and entry.declaration.desired and not entry.declaration.gives_way:
                named[len(items)] = [entry.principal.id]
                items.append(entry.declaration.as_item())
        self.state = resolve(
            items,
            selected.selected_by,
            named,
            selected.principals,
            now,
            definitions,
            masked=self._masked,
            purge=self._settings.purge,
        )
        refuse(self.state)
        entries = decided_entries(self.entries, items, self.state, selected.principals)
        self.entries[:] = narrowed_entries(entries, self._only)
        self._progress.total = len(self.entries)
        for entry in self.entries:
            if entry.principal:
                self._reader.plan(entry, entry.principal)
                decision = self.state.decisions.get(entry.principal.id)
                if decision and decision.error:
                    entry.error = decision.error
            self._progress.update()

    def _known_definitions(self) -> Definitions:
        """Return the definitions, if items need them and the identity can read them."""
        if not needs_definitions(self._items):
            return {}
        sets = {name for item in self._items for name in item.attribute_sets}
        sets |= {
            condition.attribute.attribute_set
            for item in self._items
            if item.selection
            for condition in item.selection.where
        }
        sets |= {wish.link[1].attribute_set for item in self._items for wish in item.derived() if wish.link}
        try:
            return self._definitions.read(sorted(sets))
        except PermissionDenied:
            return {}

    def _find_effects(self, effects: ConsumerEffects) -> None:
        """Note in each entry what its plan changes for consumers."""
        pending = [(entry, entry.change) for entry in self.entries if entry.pending and entry.change]
        found = effects.find([change for _entry, change in pending])
        for (entry, _change), of_entry in zip(pending, found, strict=True):
            entry.effects = of_entry

    def affected(self) -> list[str]:
        """Return which consumers are affected, each in a sentence without a period."""
        return effect_sentences(self._effects_found())

    def effect_documents(self) -> tuple[dict[str, Any], ...] | None:
        """Return each effect once, as a plan keeps it; null if consumers were not to be read."""
        distinct = dict.fromkeys(effect for _kind, effect in self._effects_found())
        return tuple(map(asdict, distinct)) if self.effects else None

    def consumer_refusals(self) -> list[str]:
        """Return why `consumers=fail` forbids the run: each consumer that acts, and each source that was not read."""
        if self._settings.consumers != "fail" or not self.effects:
            return []
        acting = [(kind, effect) for kind, effect in self._effects_found() if effect.decides]
        return [*effect_sentences(acting), *self.effects.unread()]

    def _effects_found(self) -> list[tuple[str, Effect]]:
        """Return each effect with the kind of the principal."""
        return [
            (entry.declaration.who.kind.name, effect)
            for entry in self.entries
            if entry.pending
            for effect in entry.effects or ()
        ]

    def plan(self, entry: AssignmentEntry, principal: Principal) -> None:
        """Set the plan of an entry. Raises what `Planner.plan` raises."""
        declaration = entry.declaration
        entry.plan = self._plans.get(
            (principal.assignments, declaration.desired, declaration.expected),
            (principal.kind.name, declaration.attribute_sets),
            lambda: self._planner.plan(
                principal,
                declaration.desired,
                expected={} if self._settings.force else declaration.expected,
                sets=declaration.attribute_sets,
                purge=self._settings.purge,
            ),
        )

    def explain(self, error: EntraError, entry: AssignmentEntry) -> bool:
        """Add the reason to a refusal. Return whether replication may be to blame."""
        return entry.plan is not None and self._planner.explain(error, entry.plan)

    def permitted(self, changes: Sequence[tuple[AssignmentEntry, Principal]]) -> list[AssignmentEntry]:
        """Return the entries that can be written again, after another writer changed their principals.

        The principals have the values that they have now. With consumers=fail, an entry that would affect a consumer
        that acts gets an error instead.
        """
        planned = [(entry, principal, entry.plan) for entry, principal in changes if entry.plan]
        if self.effects is None:
            return [entry for entry, _principal, _plan in planned]
        found = self.effects.find([(principal, plan) for _entry, principal, plan in planned])
        for (entry, principal, _plan), effects in zip(planned, found, strict=True):
            entry.effects = tuple(dict.fromkeys([*(entry.effects or ()), *effects]))
            acting = [(principal.kind.name, effect) for effect in effects if effect.decides]
            if acting and self._settings.consumers == "fail":
                entry.error = PlanRefused(f"{OVERTAKEN}: {'; '.join(effect_sentences(acting))}.")
        return [entry for entry, _principal, _plan in planned if entry.error is None]

    def record(self) -> None:
        """Save the values that are about to change in the snapshot, if there is one. Raises OptionError."""
        changes = [entry.change for entry in self.entries if entry.pending and entry.change]
        if changes and self._settings.snapshot_path:
            record(self._settings.snapshot_path, changes, self.tenant())

    def tenant(self) -> str | None:
        """Return the id of the tenant, if the token or the options name it."""
        return tenant_of(self._graph.claims(), self._settings.tenant_id)

    def write(self) -> dict[str, Any]:
        """Write what is planned, and return the result. In check mode, the result is what would be written.

        Nothing is written if an entry failed and on_error=stop. No error ends the writing: entries keep what is known.
        Raises OptionError before the first write.
        """
        stopped = self._settings.stops and bool(self.failures)
        planned = self._check_mode and not stopped
        writes = not self._check_mode and not stopped
        if writes:
            self.record()
        self.results.begin(self.tenant(), self._check_mode)
        try:
            if writes:
                try:
                    self._writer.write()
                except Exception as error:  # noqa: BLE001 - the one guard: the result keeps what is known of each write
                    self._writer.interrupt(error)
            if not planned:
                for entry in self.entries:
                    entry.skipped = entry.pending and not entry.written
            result = self.result(planned)
            self.results.finish(result["summary"], planned)
        finally:
            self.results.close()
        return result

    def result(self, planned: bool) -> dict[str, Any]:
        """Return the result of the run, of the plan alone if `planned`."""
        self._progress.finish()
        report = self._settings.report
        others = [entry for entry in self.entries if not entry.settled]
        counts = Counter(entry.outcome(planned) for entry in others)
        counts["unchanged"] += len(self.entries) - len(others)
        result = {
            "changed": any(entry.changed(planned) for entry in others),
            "results": selected_results(self.entries if report == "all" else others, report, planned),
            "summary": {
                "principals": len(self.entries),
                **{outcome: counts[outcome] for outcome in OUTCOMES},
                "requests": self._graph.sent - self._sent_before,
                "throttled": self._writer.throttled,
                "reading": self._reader.readings,
                **self.left_alone(),
                "seconds": round(time.monotonic() - self._began, 1),
            },
            "diff": diffs(others, self._settings.diff_limit, planned),
        }
        if self.effects:
            result["not_read"] = self.effects.not_read()
        if self.warnings:
            result["warnings"] = sorted(self.warnings)
        return result

    def left_alone(self) -> dict[str, int]:
        """Return how many attributes derived values left alone, by the reason, if there are such values."""
        if not any(wish for item in self._items for wish in item.derived()):
            return {}
        return {why: self.state.left_alone.get(why, 0) for why in (MISSING, UNMAPPED)}


@contextmanager
def gc_paused() -> Iterator[None]:
    """Do not look for garbage, since many declarations are none, and let threads take turns quickly.

    Another thread asks for the next page (`Graph.pages`). It must not wait until this one is planned.
    """
    collects, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(0.0005)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if collects:
            gc.enable()
