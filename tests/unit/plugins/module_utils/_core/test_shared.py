# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is shared is equal, in its types as well, and nothing else is shared."""

from __future__ import annotations

import random
from datetime import date
from itertools import combinations
from typing import Any

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.shared import MOST, Shared, SharedByObject
from ansible_collections.entra.attributes.plugins.module_utils._declarations.locations import Only

VALUES: list[Any] = [None, True, False, 0, 1, 1.0, "", "1", "true", [], ["1"], [1], [True], {}, {"1": 1}, {"1": True}]


def described(data: Any) -> str:
    """Return plain data with the types of everything in it."""
    if isinstance(data, dict):
        return f"{{{', '.join(f'{described(key)}: {described(value)}' for key, value in data.items())}}}"
    return f"[{', '.join(map(described, data))}]" if isinstance(data, list) else f"{type(data).__name__} {data!r}"


@pytest.mark.parametrize(("one", "other"), list(combinations(VALUES, 2)))
def test_data_of_other_types_or_content_is_apart(one: Any, other: Any) -> None:
    shared: Shared[str] = Shared()
    assert shared.get(["x", one], lambda: "one") == "one"
    assert shared.get(["x", other], lambda: "other") == "other"
    assert shared.get(["x", one], lambda: "again") == "one"


@pytest.mark.parametrize("data", [Only("4"), date(2026, 1, 1), [Only("4")], {"a": {"b": Only("4")}}, {object(): 1}])
def test_data_that_is_not_plain_is_not_shared(data: Any) -> None:
    shared: Shared[int] = Shared()
    assert [shared.get(data, lambda number=number: number) for number in (1, 2)] == [1, 2]  # type: ignore[misc]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_made_of_random_data_is_what_it_would_be_without_sharing(seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 - repeatable
    shared: Shared[str] = Shared()
    for _number in range(300):
        data = {str(chosen.randrange(3)): chosen.choices(VALUES, k=chosen.randrange(3))}
        assert shared.get(data, lambda data=data: described(data)) == described(data)  # type: ignore[misc]


def test_what_has_a_problem_is_made_again() -> None:
    shared: Shared[int] = Shared()
    problems: list[str] = []

    def make() -> int:
        problems.append("wrong")
        return 1

    for number in (1, 2):
        assert shared.get("x", make, problems) == 1
        assert len(problems) == number


def test_an_error_is_raised_each_time() -> None:
    shared: Shared[float] = Shared()
    for _time in range(2):
        with pytest.raises(ZeroDivisionError):
            shared.get("x", lambda: 1 / 0)


def test_memory_is_bounded() -> None:
    shared, by_object = Shared[int](), SharedByObject[int]()
    for number in range(2 * MOST + 1):
        shared.get(number, lambda: 0)
        by_object.get((object(),), "", lambda: 0)
    assert len(shared._made) <= MOST
    assert len(by_object._made) <= MOST


def test_the_same_objects_share_and_equal_ones_do_not() -> None:
    shared: SharedByObject[int] = SharedByObject()
    one, other = ["a"], ["a"]
    assert shared.get((one, other), 1, lambda: 1) == 1
    assert shared.get((one, other), 1, lambda: 2) == 1
    assert shared.get((one, other), 2, lambda: 3) == 3
    assert shared.get((other, one), 1, lambda: 4) == 4


def test_a_new_object_never_gets_what_belongs_to_one_that_is_gone() -> None:
    shared: SharedByObject[int] = SharedByObject()
    assert [shared.get(([number],), "", lambda number=number: number) for number in range(50)] == list(range(50))  # type: ignore[misc]
