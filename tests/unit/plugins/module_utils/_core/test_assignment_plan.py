# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner: properties that hold for all values, and the cases a person would ask about."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.entra.attributes.plugins.module_utils._core import values as _values
from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import (
    Adjust,
    DesiredValue,
    Exactly,
    Plan,
    needs_definition,
    plan,
)
from ansible_collections.entra.attributes.plugins.module_utils._core.model import (
    Assignments,
    AttributeName,
    Definition,
    flat,
)
from ansible_collections.entra.attributes.plugins.module_utils._core.names import new_text_problem
from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidValue, UndefinedAttribute

SETS = ["Engineering", "Marketing"]
NAMES = ["Alpha", "Beta", "Gamma"]
TEXTS = st.text(min_size=1, max_size=8).filter(lambda text: not new_text_problem(text))
INTEGERS = st.integers(-(2**31), 2**31 - 1)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Alpha": st.lists(TEXTS, min_size=1, max_size=4, unique=True),
    "Beta": st.lists(INTEGERS, min_size=1, max_size=4, unique=True),
    "Gamma": st.one_of(TEXTS, INTEGERS, st.booleans()),
}


@st.composite
def assignments(draw: st.DrawFn) -> Assignments:
    return {
        AttributeName(attribute_set, name): draw(VALUES[name])
        for attribute_set in draw(st.sets(st.sampled_from(SETS)))
        for name in draw(st.sets(st.sampled_from(NAMES)))
    }


@st.composite
def desires(draw: st.DrawFn) -> dict[AttributeName, DesiredValue]:
    desired: dict[AttributeName, DesiredValue] = {}
    for attribute_set in draw(st.sets(st.sampled_from(SETS))):
        for name in draw(st.sets(st.sampled_from(NAMES))):
            if name == "Gamma" or draw(st.booleans()):
                wanted: DesiredValue = Exactly(draw(st.none() | VALUES[name]))
            else:
                add, remove = draw(st.just([]) | VALUES[name]), draw(st.just([]) | VALUES[name])
                wanted = Adjust(add, [item for item in remove if item not in add])
            desired[AttributeName(attribute_set, name)] = wanted
    return desired


def applied(current: Assignments, planned: Plan) -> Assignments:
    """Apply a plan as Graph does: only the named attributes change, and collections are replaced (graph-facts 2.2)."""
    return {name: value for name, value in {**current, **planned.changes}.items() if value is not None}


def compatible(current: Assignments, desired: dict[AttributeName, DesiredValue]) -> bool:
    """Whether single values that are desired have the type that the attribute has."""
    for attribute, wanted in desired.items():
        now, value = current.get(attribute), wanted.assigns
        single = attribute.name == "Gamma" and now is not None and value is not None
        if single and _values.type_of(now) != _values.type_of(value):
            return False
    return True


@given(assignments(), desires())
def test_a_plan_applied_gives_what_is_desired_and_planning_again_gives_nothing(
    current: Assignments, desired: dict[AttributeName, DesiredValue]
) -> None:
    assume(compatible(current, desired))
    after = applied(current, plan(current, desired))
    for attribute, wanted in desired.items():
        now, then = current.get(attribute), after.get(attribute)
        if isinstance(wanted, Exactly):
            assert _values.same(then, wanted.value)
        else:
            kept = {item for item in _values.elements(now) if item not in wanted.remove}
            assert set(_values.elements(then)) == kept | set(wanted.add)
    again = plan(after, desired)
    assert not again.changed
    assert again.changes == {}
    assert again.before == again.after


@given(assignments(), desires())
def test_what_is_not_named_never_changes_and_the_plan_tells_the_truth(
    current: Assignments, desired: dict[AttributeName, DesiredValue]
) -> None:
    assume(compatible(current, desired))
    planned = plan(current, desired)
    after = applied(current, planned)
    every = [AttributeName(attribute_set, name) for attribute_set in SETS for name in NAMES]
    for attribute in every:
        now, then = current.get(attribute), after.get(attribute)
        if attribute in desired:
            assert _values.same(planned.before.get(attribute), now)
            assert _values.same(planned.after.get(attribute), then)
        else:
            assert _values.same(now, then)
            assert attribute not in {**planned.before, **planned.after, **planned.changes}
    differ = {attribute for attribute in every if not _values.same(current.get(attribute), after.get(attribute))}
    assert planned.changes.keys() == differ
    assert planned.changed == bool(differ)


@given(assignments(), desires())
def test_a_plan_is_the_same_after_it_was_a_document(
    current: Assignments, desired: dict[AttributeName, DesiredValue]
) -> None:
    assume(compatible(current, desired))
    planned = plan(current, desired)
    again = Plan.from_document(json.loads(json.dumps(planned.as_document())))
    assert again == planned
    assert hash(again) == hash(planned)
    assert again.changes.keys() == planned.changes.keys()


def test_plans_differ_by_type_and_not_by_order() -> None:
    attribute = AttributeName("S", "A")
    assert Plan.between({}, {attribute: 1}) != Plan.between({}, {attribute: True})
    assert Plan.between({}, {attribute: ["a", "b"]}) == Plan.between({}, {attribute: ["b", "a"]})
    assert Plan.between({}, {attribute: "a"}) != "another thing"


@given(st.lists(TEXTS, min_size=1, unique=True), st.randoms())
def test_the_order_of_a_collection_is_no_change(values: list[str], random: Any) -> None:
    shuffled = random.sample(values, len(values))
    assert not plan(flat({"S": {"A": values}}), flat({"S": {"A": Exactly(shuffled)}})).changed


SA = AttributeName("S", "A")


def change(current: Any, wanted: DesiredValue, definition: Definition | None = None) -> Any:
    """The new value of the attribute S.A, null if it is removed, or `nothing`."""
    planned = plan({} if current is None else {SA: current}, {SA: wanted}, {SA: definition} if definition else None)
    return planned.changes.get(SA, "nothing")


@pytest.mark.parametrize(
    ("current", "wanted", "sent"),
    [
        (None, Exactly(["b", "a"]), ["b", "a"]),
        (["a"], Adjust(add=["b"]), ["a", "b"]),
        (["a", "b"], Adjust(add=["b"]), "nothing"),
        (None, Adjust(add=["b"]), ["b"]),
        (["a", "b"], Adjust(remove=["b", "c"]), ["a"]),
        (["a"], Adjust(remove=["a"]), None),
        (["a", "b"], Adjust(add=["c"], remove=["a"]), ["b", "c"]),
        (None, Adjust(remove=["a"]), "nothing"),
        (None, Exactly(None), "nothing"),
        ("2022", Adjust(remove=["2021"]), "nothing"),
        (4, Exactly("8"), 8),
        (True, Exactly("False"), False),
        ("2022", Exactly("2022"), "nothing"),
        (8, Exactly("8"), "nothing"),
        ([1001], Adjust(add=["1003"]), [1001, 1003]),
        (None, Exactly("8", "Integer"), 8),
    ],
)
def test_what_changes(current: Any, wanted: DesiredValue, sent: Any) -> None:
    assert _values.same(change(current, wanted), sent)


@pytest.mark.parametrize("current", ["2022", 4, True])
@pytest.mark.parametrize("how", ["exactly", "remove"])
def test_what_is_removed_changes_to_null(current: Any, how: str) -> None:
    wanted = Exactly(None) if how == "exactly" else Adjust(remove=[current])
    planned = plan({SA: current, AttributeName("S", "B"): 1}, {SA: wanted})
    assert planned.changes == {SA: None}
    assert planned.before == {SA: current}
    assert planned.after == {}


@pytest.mark.parametrize(
    ("current", "wanted", "words"),
    [
        (["a"], Exactly("a"), "multi-valued"),
        ("a", Exactly(["a"]), "single-valued"),
        ("a", Adjust(add=["b"]), "single-valued"),
        (4, Exactly("abc"), "Integer"),
        (4, Exactly(True), "Integer"),
        ("a", Exactly(True), "String"),
        ("a", Exactly("8", "Integer"), "holds String values, but type=integer"),
        ([f"v{n}" for n in range(50)], Adjust(add=["one more"]), "51 values; Entra allows 50"),
    ],
)
def test_what_does_not_fit_is_refused(current: Any, wanted: DesiredValue, words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        change(current, wanted)


def test_fifty_values_are_counted_over_all_sets_and_may_shrink() -> None:
    other = AttributeName("T", "C")
    current = flat({"S": {"A": [f"v{n}" for n in range(30)]}, "T": {"B": [f"v{n}" for n in range(20)]}})
    with pytest.raises(InvalidValue, match=r"value of T\.C: the principal would hold 51 values"):
        plan(current, {other: Exactly(1)})
    assert plan(current, {other: Exactly(1), SA: Adjust(remove=["v1"])}).changed
    assert plan({SA: [f"v{n}" for n in range(60)]}, {SA: Adjust(remove=["v1"])}).changed


@pytest.mark.parametrize(
    ("current", "wanted", "doubt"),
    [
        (None, Exactly("8"), True),
        (None, Exactly("true"), True),
        (None, Adjust(add=["8"]), True),
        (None, Exactly("8", "String"), False),
        ("7", Exactly("8"), False),
        (None, Exactly("eight"), False),
        (None, Exactly(8), False),
        (None, Exactly(None), False),
        (None, Adjust(remove=["8"]), False),
    ],
)
def test_only_text_that_may_be_something_else_leaves_doubt(current: Any, wanted: DesiredValue, doubt: bool) -> None:
    assert needs_definition({} if current is None else {SA: current}, {SA: wanted}) == (["S.A"] if doubt else [])


TWINS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"S": {"Date": "x"}}, {"S": {"date": Exactly(None)}}, r"S\.date: the principal has S\.Date; names are matched"),
    ({"S": {"Date": "x"}}, {"S": {"date": Exactly("y")}}, r"S\.date: the principal has S\.Date"),
    ({"S": {"Date": ["x"]}}, {"S": {"date": Adjust(remove=["x"])}}, r"S\.date: the principal has S\.Date"),
    ({"S": {"Date": ["x"]}}, {"S": {"date": Adjust(add=["y"])}}, r"S\.date: the principal has S\.Date"),
    ({"S": {"Date": "x"}}, {"s": {"Date": Exactly(None)}}, "s: the principal has S; names are matched exactly"),
    ({"S": {"Date": "x"}}, {"s": {"Other": Exactly(1)}}, "s: the principal has S"),
    ({"S": {"Date": "x"}}, {"s": {}}, "s: the principal has S"),
    ({"S": {"Date": "x", "N": 1}}, {"S": {"N": Exactly(1), "DATE": Exactly(None)}}, r"S\.DATE: the principal has S\.D"),
]


@pytest.mark.parametrize("purge", [False, True], ids=["", "purge"])
@pytest.mark.parametrize(("current", "desired", "words"), TWINS)
def test_a_name_that_differs_by_case_only_is_no_other_attribute(
    current: dict[str, Any], desired: dict[str, Any], words: str, purge: bool
) -> None:
    held, wanted, sets = flat(current), flat(desired), desired.keys()
    assert needs_definition(held, wanted, sets)
    with pytest.raises(UndefinedAttribute, match=words):
        plan(held, wanted, sets=sets, purge=purge)
    with pytest.raises(UndefinedAttribute, match=words):
        plan(held, wanted, {AttributeName("S", "Date"): Definition("S", "Date", "String")}, sets=sets, purge=purge)


def test_purge_removes_what_is_not_named_in_the_sets_that_are() -> None:
    current = flat({"S": {"A": "x", "B": 1}, "T": {"C": True}})
    assert plan(current, {SA: Exactly("x")}, sets=["S"], purge=True).changes == {AttributeName("S", "B"): None}
    assert plan(current, {}, sets=["S"], purge=True).changes.keys() == {SA, AttributeName("S", "B")}
    assert needs_definition(current, {}, ["s"]) == ["s"]
    with pytest.raises(UndefinedAttribute, match="s: the principal has S"):
        plan(current, {}, sets=["s"], purge=True)


def test_where_both_spellings_are_defined_each_is_itself() -> None:
    current = flat({"S": {"Date": "x"}})
    names = [AttributeName("S", "Date"), AttributeName("S", "date"), AttributeName("s", "Date")]
    both = {name: Definition(*name, "String") for name in names}
    planned = plan(current, flat({"S": {"date": Exactly("y")}, "s": {"Date": Exactly("z")}}), both)
    assert planned.changes == flat({"S": {"date": "y"}, "s": {"Date": "z"}})
    assert not plan(current, flat({"S": {"date": Exactly(None)}, "s": {"Date": Exactly(None)}}), both).changed
    held = flat({"S": {"Date": "x", "date": "y"}})
    wanted = flat({"S": {"date": Exactly(None)}})
    assert not needs_definition(held, wanted)
    assert plan(held, wanted).changes == flat({"S": {"date": None}})


def test_the_definition_settles_doubt_and_forbids() -> None:
    assert _values.same(change(None, Exactly("8"), Definition("S", "A", "Integer")), 8)
    assert change(None, Exactly("8"), Definition("S", "A", "String")) == "8"
    with pytest.raises(InvalidValue, match="deprecated"):
        change(None, Exactly("x"), Definition("S", "A", "String", deprecated=True))
    assert change("x", Exactly("x"), Definition("S", "A", "String", deprecated=True)) == "nothing"
