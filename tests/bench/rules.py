# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processor time to evaluate 50 rules for 100,000 principals, as `make bench` prints it.

Each principal has about ten of 15 attributes. The rules are of all dialects, with one to four comparisons.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import product
from random import Random

from ansible_collections.entra.attributes.plugins.module_utils._core.model import Assignments, AttributeName
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.dialects import DIALECTS
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.evaluation import Evaluator, evaluate_many

PRINCIPALS = 100_000
SETS, NAMES = ("Engineering", "Finance", "Access"), ("Project", "Level", "Region", "Owner", "Stage")
RULES = {"conditional_access": 30, "role_condition": 10, "odata": 10}


def rule(random: Random, dialect: str, value: Callable[[], str]) -> Evaluator:
    """Return a rule of one to four comparisons."""
    parts = []
    for _number in range(random.choice((1, 2, 3, 4))):
        attribute_set, name, text = random.choice(SETS), random.choice(NAMES), value()
        parts.append(
            {
                "conditional_access": f'CustomSecurityAttribute.{attribute_set}_{name} -contains "{text}"',
                "odata": f"customSecurityAttributes/{attribute_set}/{name} eq '{text}'",
                "role_condition": "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:"
                f"{attribute_set}_{name}] ForAnyOfAnyValues:StringEquals {{'{text}'}}",
            }[dialect]
        )
    word = {"conditional_access": ("-and", "-or"), "odata": ("and", "or"), "role_condition": ("AND", "OR")}[dialect]
    return Evaluator(DIALECTS[dialect].parse(f" {random.choice(word)} ".join(parts), ()), dialect)


def measure(values: int) -> tuple[float, int]:
    """Return the seconds, and how many answers were true; each attribute has so many different values."""
    random = Random(1)  # noqa: S311 - a seed of tests
    rules = [
        rule(random, dialect, lambda: f"Value {random.randrange(values)}")
        for dialect, number in RULES.items()
        for _rule in range(number)
    ]
    principals: list[Assignments] = [
        {
            AttributeName(attribute_set, name): [f"Value {random.randrange(values)}" for _value in range(2)]
            if name in ("Project", "Region")
            else f"Value {random.randrange(values)}"
            for attribute_set, name in product(SETS, NAMES)
            if random.random() < 0.7
        }
        for _principal in range(PRINCIPALS)
    ]
    start = time.process_time()
    true = sum(answer is True for answers in evaluate_many(rules, principals) for answer in answers)
    return time.process_time() - start, true


def main() -> None:
    """Print the table."""
    print("| principals | rules | different values of each attribute | processor time | rules that hold |")
    print("|---|---|---|---|---|")
    for values in (10, 1_000, 100_000):
        seconds, true = measure(values)
        print(f"| {PRINCIPALS:,} | {sum(RULES.values())} | {values:,} | {seconds:.1f} s | {true:,} |", flush=True)


if __name__ == "__main__":
    main()
