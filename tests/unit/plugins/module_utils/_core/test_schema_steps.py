# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a schema: their order, their drifts, what undoes them, and what no tenant can have."""

from __future__ import annotations

from typing import Any

from ansible_collections.entra.attributes.plugins.module_utils._core.model import AttributeSet, Definition
from ansible_collections.entra.attributes.plugins.module_utils._core.schema_plan import (
    DesiredDefinition,
    DesiredSet,
    Placed,
)
from ansible_collections.entra.attributes.plugins.module_utils._core.schema_steps import SchemaPlan, plan_schema

PROJECT = Definition(
    "Engineering",
    "Project",
    "String",
    collection=True,
    predefined_only=True,
    predefined={"Alpine": True, "Baker": True, "Skagit": False},
    description="Active projects",
)
ENGINEERING = AttributeSet("Engineering", "Engineers", 2)
RETIRED = DesiredDefinition("Engineering", "Retired", type="Integer", deprecated=True)


def planned(*desired: DesiredSet | DesiredDefinition, kept: Any = None) -> SchemaPlan:
    sets = [Placed(wanted, "a.yml:1") for wanted in desired if isinstance(wanted, DesiredSet)]
    definitions = [Placed(wanted, "a.yml:2") for wanted in desired if isinstance(wanted, DesiredDefinition)]
    return plan_schema(sets, definitions, [ENGINEERING], [PROJECT], kept)


def phases(plan: SchemaPlan) -> list[tuple[str, str]]:
    return [(step.phase, step.as_step().id) for step in plan.steps]


def test_what_is_as_declared_needs_no_step() -> None:
    plan = planned(DesiredSet("Engineering", "Engineers", 2), DesiredDefinition("Engineering", "Project"))
    assert (plan.steps, plan.drifts, plan.problems) == ((), (), ())
    assert plan.before == {"attribute_sets": [], "definitions": []}
    assert plan.unchanged == {"attribute_set": 1, "definition": 1}


def test_steps_drifts_and_what_undoes_them() -> None:
    project = DesiredDefinition(
        "Engineering",
        "Project",
        predefined=["Nome", "Skagit"],
        inactive=["Baker", "Gone"],
        predefined_only=False,
    )
    region = DesiredDefinition("Sales", "Region", type="String")
    plan = planned(DesiredSet("Sales"), DesiredSet("Engineering", max_attributes=3), region, RETIRED, project)
    assert phases(plan) == [
        ("attribute_sets", "Sales"),
        ("attribute_sets", "Engineering"),
        ("permit", "Sales.Region"),
        ("permit", "Engineering.Retired"),
        ("permit", "Engineering.Project"),
        ("forbid", "Engineering.Retired"),
        ("forbid", "Engineering.Project"),
    ]
    undone = {key: value for key, value in PROJECT.as_result().items() if key != "predefined_values_only"}
    assert plan.before == {
        "attribute_sets": [ENGINEERING.as_result()],
        "definitions": [
            {"attribute_set": "Sales", "name": "Region", "state": "deprecated"},
            {"attribute_set": "Engineering", "name": "Retired", "state": "deprecated"},
            {**undone, "inactive_predefined_values": ["Skagit", "Nome", "Gone"]},
        ],
    }
    assert [(drift["object"], drift["attribute"]) for drift in plan.drifts] == [
        ("Sales", None),
        ("Engineering", "max_attributes_per_set"),
        ("Sales.Region", None),
        ("Engineering.Retired", None),
        ("Engineering.Project", "predefined_values_only"),
        ("Engineering.Project", "predefined_values"),
        ("Engineering.Project", "inactive_predefined_values"),
    ]
    changes = [(change.attribute, change.before, change.after) for change in plan.steps[-1].as_step().changes]
    assert changes == [("predefined_value Baker", "active", "inactive"), ("predefined_value Gone", None, "inactive")]
    permitted = {str(known.attribute): known for known in plan.definitions}
    assert not permitted["Engineering.Retired"].deprecated
    assert permitted["Engineering.Project"].predefined["Baker"]


def test_a_lower_limit_waits_only_if_others_have_to_be_deprecated_before() -> None:
    new = DesiredSet("Sales", "Sellers", 1)
    old = DesiredDefinition("Sales", "Old", type="String", deprecated=True)
    young = DesiredDefinition("Sales", "New", type="String")
    plan = planned(new, DesiredSet("Engineering", max_attributes=1), old, young)
    assert phases(plan) == [
        ("attribute_sets", "Sales"),
        ("attribute_sets", "Engineering"),
        ("permit", "Sales.Old"),
        ("permit", "Sales.New"),
        ("forbid", "Sales.Old"),
        ("limits", "Sales"),
    ]
    assert [change.attribute for change in plan.steps[0].as_step().changes] == ["description"]
    assert [change.attribute for change in plan.steps[-1].as_step().changes] == ["max_attributes_per_set"]
    (problem,) = planned(new, DesiredDefinition("Sales", "Old", type="String"), young).problems
    assert problem.message == ("attribute set Sales: would have 2 active attributes; its max_attributes_per_set is 1")
    assert problem.place == "a.yml:1"


def test_what_an_unfinished_run_kept_stays() -> None:
    before = {**PROJECT.as_result(), "description": "before"}
    other = {"attribute_set": "A", "name": "B", "state": "deprecated"}
    kept = {"attribute_sets": [{"name": "Engineering", "description": "before"}], "definitions": [before, other]}
    project = DesiredDefinition("Engineering", "Project", "new", predefined=["Alpine", "Baker", "Nome"])
    plan = planned(DesiredSet("Engineering", "new"), project, kept=kept)
    assert plan.before == {
        "attribute_sets": kept["attribute_sets"],
        "definitions": [{**before, "inactive_predefined_values": ["Skagit", "Nome"]}, other],
    }


def test_everything_that_entra_would_refuse_is_reported_at_once() -> None:
    plan = planned(
        DesiredSet("engineering"),
        DesiredDefinition("Nowhere", "A", type="String"),
        DesiredDefinition("Engineering", "Project", type="Integer"),
        DesiredDefinition("Engineering", "Second", type="String"),
        DesiredDefinition("Engineering", "Third", type="String"),
        DesiredDefinition("Engineering", "Fourth"),
    )
    room = "attribute set Engineering has 2 active attributes; its max_attributes_per_set is 2"
    messages = [problem.message for problem in plan.problems]
    assert messages[0].startswith("attribute set engineering: name differs from the existing Engineering by case only")
    assert messages[1].startswith("definition Nowhere.A: there is no attribute set Nowhere")
    assert messages[2] == "definition Engineering.Project: type is string and cannot become integer"
    assert messages[3] == f"definition Engineering.Third: {room}"
    assert messages[4].startswith("definition Engineering.Fourth: type must be given")
    assert len(messages) == 6


def test_to_undo_what_never_was_done_does_nothing() -> None:
    plan = planned(DesiredSet("Sales"), DesiredDefinition("Sales", "Region", type="String"))
    assert plan.before["attribute_sets"] == []
    undo = [
        DesiredDefinition(entry["attribute_set"], entry["name"], deprecated=True)
        for entry in plan.before["definitions"]
    ]
    assert planned(*undo).steps == ()
