# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Laws of plans: counting, masking, protecting, staleness, and the round trip through a file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.entra.attributes.plugins.module_utils._core.model import AttributeName
from ansible_collections.entra.attributes.plugins.module_utils._core.selection import Reason
from ansible_collections.entra.attributes.plugins.module_utils._core.tenant_plan import (
    ASSIGN,
    DEFINITION,
    PERMIT,
    PHASES,
    PREDEFINED,
    Change,
    Finding,
    Step,
    TenantPlan,
    display,
    in_order,
    parse_plan,
    plan_document,
    protected,
    stale,
)
from ansible_collections.entra.attributes.plugins.module_utils._core.values import same

VALUES: st.SearchStrategy[Any] = st.none() | st.one_of(
    st.integers(-9, 9), st.booleans(), st.text(max_size=4), st.lists(st.text(max_size=3), min_size=1, max_size=3)
)
NAMES = st.sampled_from(["Sales.Region", "Sales.Tier", "Secret.Level"])


def change_of(attribute: str, before: Any, after: Any) -> Change:
    """Return a change of a principal, with its reason."""
    place = "a.yml:3"
    return Change(attribute, before, after, place, (Reason(AttributeName(*attribute.split(".")), place),))


CHANGES = st.lists(st.builds(change_of, NAMES, VALUES, VALUES), max_size=3, unique_by=lambda change: change.attribute)


@st.composite
def plans(draw: st.DrawFn) -> TenantPlan:
    ids = draw(st.lists(st.integers(0, 99), max_size=5, unique=True))
    principals = [
        Step(ASSIGN, "user", f"id-{number}", f"u{number}@contoso.com", tuple(draw(CHANGES)), f"b.csv:{number}")
        for number in ids
    ]
    value = Change(f"{PREDEFINED}{draw(st.text(max_size=3))}", None, "active", "c.yml:1")
    schema = [Step(PERMIT, DEFINITION, "Secret.Level", "Secret.Level", (value,), "c.yml:1", draw(st.booleans()))]
    missing = (Finding("user", "gone@contoso.com", "b.csv:9", "there is no such user"),)
    return TenantPlan(in_order(principals + schema), {"user": draw(st.integers(0, 9))}, missing, notes=("a note",))


@settings(derandomize=True, max_examples=200)
@given(plans())
def test_a_plan_survives_its_file(plan: TenantPlan) -> None:
    assert parse_plan(json.loads(json.dumps(plan_document(plan)))) == plan


@pytest.mark.slow
@settings(derandomize=True, max_examples=200)
@given(plans())
def test_a_plan_is_never_stale_against_itself_or_a_part_of_it(plan: TenantPlan) -> None:
    assert stale(plan, plan) == {}
    assert stale(plan, replace(plan, steps=plan.steps[1:])) == {}


@pytest.mark.slow
@settings(derandomize=True, max_examples=300)
@given(plans(), VALUES, st.integers(0, 99))
def test_a_foreign_value_makes_exactly_its_object_stale(plan: TenantPlan, foreign: Any, choice: int) -> None:
    changing = [step for step in plan.principals if step.changes]
    if not changing:
        return
    step = changing[choice % len(changing)]
    first = step.changes[0]
    if same(first.before, foreign):
        return
    moved = replace(step, changes=(replace(first, before=foreign), *step.changes[1:]))
    current = replace(plan, steps=tuple(moved if known is step else known for known in plan.steps))
    reasons = stale(plan, current)
    assert list(reasons) == [step.key]
    assert display(foreign) in reasons[step.key]


@pytest.mark.slow
@settings(derandomize=True, max_examples=200)
@given(plans())
def test_nothing_of_a_masked_set_is_left_but_whether_there_is_a_value(plan: TenantPlan) -> None:
    masked = plan.masked(["Secret"], lambda value: "x")
    for step, hidden in zip(plan.steps, masked.steps, strict=True):
        for change, shown in zip(step.changes, hidden.changes, strict=True):
            if change.attribute.startswith("Sales."):
                assert shown == change
            elif step.is_schema:
                assert shown.attribute == f"{PREDEFINED}x"
            else:
                values = [(change.before, shown.before), (change.after, shown.after)]
                assert all(now == (None if was is None else {"masked": "x"}) for was, now in values)
    assert masked.counts() == plan.counts()


def test_steps_of_different_phases_come_in_the_order_of_a_run() -> None:
    steps = [Step(phase, "user", phase, phase) for phase in reversed(PHASES)]
    assert [step.phase for step in in_order(steps)] == list(PHASES)


def test_a_created_object_that_somebody_else_made_otherwise_is_stale() -> None:
    created = Step(PERMIT, DEFINITION, "S.A", "S.A", (Change("description", None, "ours"),), creates=True)
    theirs = replace(created, changes=(Change("description", "theirs", "ours"),), creates=False)
    assert stale(TenantPlan((created,)), TenantPlan((theirs,))) == {
        created.key: "S.A: description is theirs; the plan was made when it was nothing"
    }
    assert stale(TenantPlan((theirs,)), TenantPlan((created,))) == {created.key: "S.A: it no longer exists"}


def test_protected_names_match_in_any_case_and_by_every_name() -> None:
    step = Step(ASSIGN, "service_principal", "1-2", "payroll", (Change("Sales.Region", 1, 2),), names=("APP-ID",))
    plan = TenantPlan((step, Step(PERMIT, DEFINITION, "Sales.Tier", "Sales.Tier", (Change("description", "", "x"),))))
    assert protected(plan, ["app-id"], []) == ["payroll is protected"]
    assert protected(plan, ["PAYROLL"], ["sales.region"]) == [
        "payroll is protected",
        "Sales.Region is protected; payroll would change",
    ]
    assert protected(plan, [], ["Sales"]) == [
        "Sales.Region is protected; payroll would change",
        "Sales.Tier is protected",
    ]
    assert protected(plan, ["somebody"], ["Sales.Other", "Other"]) == []
