# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner: properties that hold for all values, and the cases a person would ask about."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.entra.attributes.plugins.module_utils._core import values as _values
from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import (
    Adjusted,
    Exactly,
    Wish,
    in_doubt,
    plan,
)
from ansible_collections.entra.attributes.plugins.module_utils._core.values import Definition
from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidValue, UndefinedAttribute

NAMES = ["Alpha", "Beta", "Gamma"]
TEXTS = st.text(min_size=1, max_size=8).filter(lambda text: not _values.new_text_problem(text))
INTEGERS = st.integers(-(2**31), 2**31 - 1)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Alpha": st.lists(TEXTS, min_size=1, max_size=4, unique=True),
    "Beta": st.lists(INTEGERS, min_size=1, max_size=4, unique=True),
    "Gamma": st.one_of(TEXTS, INTEGERS, st.booleans()),
}


@st.composite
def assignments(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    drawn = {
        attribute_set: {name: draw(VALUES[name]) for name in draw(st.sets(st.sampled_from(NAMES)))}
        for attribute_set in draw(st.sets(st.sampled_from(["Engineering", "Marketing"])))
    }
    return {attribute_set: values for attribute_set, values in drawn.items() if values}


@st.composite
def wishes(draw: st.DrawFn) -> dict[str, dict[str, Wish]]:
    desired: dict[str, dict[str, Wish]] = {}
    for attribute_set in draw(st.sets(st.sampled_from(["Engineering", "Marketing"]))):
        for name in draw(st.sets(st.sampled_from(NAMES))):
            if name == "Gamma" or draw(st.booleans()):
                wish: Wish = Exactly(draw(st.none() | VALUES[name]))
            else:
                add, remove = draw(st.just([]) | VALUES[name]), draw(st.just([]) | VALUES[name])
                wish = Adjusted(add, [item for item in remove if item not in add])
            desired.setdefault(attribute_set, {})[name] = wish
    return desired


def applied(current: dict[str, Any], body: dict[str, Any] | None) -> dict[str, Any]:
    """What Graph makes of a PATCH: only the named members change, collections are replaced (graph-facts 2.2)."""
    result = copy.deepcopy(current)
    for attribute_set, members in (body or {"customSecurityAttributes": {}})["customSecurityAttributes"].items():
        for name, value in members.items():
            if "@" not in name:
                result.setdefault(attribute_set, {})[name] = value
    return _values.read(result)


def compatible(current: dict[str, Any], desired: dict[str, dict[str, Wish]]) -> bool:
    """Whether single values that are desired have the type that the attribute has."""
    for attribute_set, members in desired.items():
        now, wish = current.get(attribute_set, {}).get("Gamma"), members.get("Gamma")
        wanted = wish.value if isinstance(wish, Exactly) else None
        if now is not None and wanted is not None and _values.type_of(now) != _values.type_of(wanted):
            return False
    return True


@given(assignments(), wishes())
def test_a_plan_applied_gives_what_is_desired_and_planning_again_gives_nothing(
    current: dict[str, Any], desired: dict[str, dict[str, Wish]]
) -> None:
    assume(compatible(current, desired))
    after = applied(current, plan(current, desired).body)
    for attribute_set, members in desired.items():
        for name, wish in members.items():
            now, then = current.get(attribute_set, {}).get(name), after.get(attribute_set, {}).get(name)
            if isinstance(wish, Exactly):
                assert _values.same(then, wish.value)
            else:
                kept = {item for item in now or [] if item not in wish.remove}
                assert set(then or []) == kept | set(wish.add)
    again = plan(after, desired)
    assert not again.changed
    assert again.body is None
    assert again.before == again.after


@given(assignments(), wishes())
def test_what_is_not_named_never_changes_and_the_plan_tells_the_truth(
    current: dict[str, Any], desired: dict[str, dict[str, Wish]]
) -> None:
    assume(compatible(current, desired))
    planned = plan(current, desired)
    after = applied(current, planned.body)
    for attribute_set in ("Engineering", "Marketing"):
        for name in NAMES:
            now, then = current.get(attribute_set, {}).get(name), after.get(attribute_set, {}).get(name)
            if name in desired.get(attribute_set, {}):
                assert _values.same(planned.before.get(attribute_set, {}).get(name), now)
                assert _values.same(planned.after.get(attribute_set, {}).get(name), then)
            else:
                assert _values.same(now, then)
                assert name not in planned.before.get(attribute_set, {})
                assert name not in planned.after.get(attribute_set, {})
    assert planned.changed == any(
        not _values.same(current.get(attribute_set, {}).get(name), after.get(attribute_set, {}).get(name))
        for attribute_set in ("Engineering", "Marketing")
        for name in NAMES
    )


@given(st.lists(TEXTS, min_size=1, unique=True), st.randoms())
def test_the_order_of_a_collection_is_no_change(values: list[str], random: Any) -> None:
    shuffled = random.sample(values, len(values))
    assert not plan({"S": {"A": values}}, {"S": {"A": Exactly(shuffled)}}).changed


def one(current: Any, wish: Wish, definition: Definition | None = None) -> Any:
    """The members of the PATCH for one attribute S.A, or None."""
    have = {} if current is None else {"S": {"A": current}}
    planned = plan(have, {"S": {"A": wish}}, {("S", "A"): definition} if definition else None)
    return planned.body and planned.body["customSecurityAttributes"]["S"].get("A", "missing")


@pytest.mark.parametrize(
    ("current", "wish", "sent"),
    [
        (None, Exactly(["b", "a"]), ["b", "a"]),
        (["a"], Adjusted(add=["b"]), ["a", "b"]),
        (["a", "b"], Adjusted(add=["b"]), None),
        (None, Adjusted(add=["b"]), ["b"]),
        (["a", "b"], Adjusted(remove=["b", "c"]), ["a"]),
        (["a"], Adjusted(remove=["a"]), []),
        (["a", "b"], Adjusted(add=["c"], remove=["a"]), ["b", "c"]),
        (None, Adjusted(remove=["a"]), None),
        (None, Exactly(None), None),
        ("2022", Adjusted(remove=["2021"]), None),
        (4, Exactly("8"), 8),
        (True, Exactly("False"), False),
        ("2022", Exactly("2022"), None),
        (8, Exactly("8"), None),
        ([1001], Adjusted(add=["1003"]), [1001, 1003]),
        (None, Exactly("8", "Integer"), 8),
    ],
)
def test_what_is_sent(current: Any, wish: Wish, sent: Any) -> None:
    assert _values.same(one(current, wish), sent)


@pytest.mark.parametrize("current", ["2022", 4, True])
@pytest.mark.parametrize("wish", ["exactly", "remove"])
def test_single_values_are_removed_by_null(current: Any, wish: str) -> None:
    desired = {"S": {"A": Exactly(None) if wish == "exactly" else Adjusted(remove=[current])}}
    planned = plan({"S": {"A": current, "B": 1}}, desired)
    assert planned.body is not None
    assert planned.body["customSecurityAttributes"]["S"] == {"@odata.type": _values.WRITTEN_SET_TYPE, "A": None}
    assert planned.before == {"S": {"A": current}}
    assert planned.after == {}


@pytest.mark.parametrize(
    ("current", "wish", "words"),
    [
        (["a"], Exactly("a"), "multi-valued"),
        ("a", Exactly(["a"]), "single-valued"),
        ("a", Adjusted(add=["b"]), "single-valued"),
        (4, Exactly("abc"), "Integer"),
        (4, Exactly(True), "Integer"),
        ("a", Exactly(True), "String"),
        ("a", Exactly("8", "Integer"), "holds String values, but type=integer"),
        ([f"v{n}" for n in range(50)], Adjusted(add=["one more"]), "51 values; Entra allows 50"),
    ],
)
def test_what_does_not_fit_is_refused(current: Any, wish: Wish, words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        one(current, wish)


def test_fifty_values_are_counted_over_all_sets_and_may_shrink() -> None:
    current = {"S": {"A": [f"v{n}" for n in range(30)]}, "T": {"B": [f"v{n}" for n in range(20)]}}
    with pytest.raises(InvalidValue, match="51 values"):
        plan(current, {"T": {"C": Exactly(1)}})
    assert plan(current, {"T": {"C": Exactly(1)}, "S": {"A": Adjusted(remove=["v1"])}}).changed
    overfull = {"S": {"A": [f"v{n}" for n in range(60)]}}
    assert plan(overfull, {"S": {"A": Adjusted(remove=["v1"])}}).changed


@pytest.mark.parametrize(
    ("current", "wish", "doubt"),
    [
        (None, Exactly("8"), True),
        (None, Exactly("true"), True),
        (None, Adjusted(add=["8"]), True),
        (None, Exactly("8", "String"), False),
        ("7", Exactly("8"), False),
        (None, Exactly("eight"), False),
        (None, Exactly(8), False),
        (None, Exactly(None), False),
        (None, Adjusted(remove=["8"]), False),
    ],
)
def test_only_text_that_may_be_something_else_leaves_doubt(current: Any, wish: Wish, doubt: bool) -> None:
    have = {} if current is None else {"S": {"A": current}}
    assert bool(in_doubt(have, {"S": {"A": wish}})) is doubt


TWINS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"S": {"Date": "x"}}, {"S": {"date": Exactly(None)}}, r"S\.date: the principal has S\.Date; names are matched"),
    ({"S": {"Date": "x"}}, {"S": {"date": Exactly("y")}}, r"S\.date: the principal has S\.Date"),
    ({"S": {"Date": ["x"]}}, {"S": {"date": Adjusted(remove=["x"])}}, r"S\.date: the principal has S\.Date"),
    ({"S": {"Date": ["x"]}}, {"S": {"date": Adjusted(add=["y"])}}, r"S\.date: the principal has S\.Date"),
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
    assert in_doubt(current, desired)
    with pytest.raises(UndefinedAttribute, match=words):
        plan(current, desired, purge=purge)
    with pytest.raises(UndefinedAttribute, match=words):
        plan(current, desired, {("S", "Date"): Definition("S", "Date", "String")}, purge=purge)


def test_where_both_spellings_are_defined_each_is_itself() -> None:
    current = {"S": {"Date": "x"}}
    both = {key: Definition(*key, "String") for key in [("S", "Date"), ("S", "date"), ("s", "Date")]}
    planned = plan(current, {"S": {"date": Exactly("y")}, "s": {"Date": Exactly("z")}}, both)
    assert list(planned.changes()) == [("S", "date"), ("s", "Date")]
    assert not plan(current, {"S": {"date": Exactly(None)}, "s": {"Date": Exactly(None)}}, both).changed
    held = {"S": {"Date": "x", "date": "y"}}
    assert not in_doubt(held, {"S": {"date": Exactly(None)}})
    assert list(plan(held, {"S": {"date": Exactly(None)}}).changes()) == [("S", "date")]


def test_the_definition_settles_doubt_and_forbids() -> None:
    assert _values.same(one(None, Exactly("8"), Definition("S", "A", "Integer")), 8)
    assert one(None, Exactly("8"), Definition("S", "A", "String")) == "8"
    with pytest.raises(InvalidValue, match="deprecated"):
        one(None, Exactly("x"), Definition("S", "A", "String", deprecated=True))
    assert one("x", Exactly("x"), Definition("S", "A", "String", deprecated=True)) is None
