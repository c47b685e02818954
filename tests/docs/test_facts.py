# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each `graph-facts 6.2` of the repository leads to a section of docs/graph-facts.md, and each section is cited.

The same holds for `consumer-facts 5` and docs/consumer-facts.md.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache

import pytest
from _documents import ROOT

FACTS = ("graph-facts", "consumer-facts")
NUMBER = r"[0-9]+(?:\.[0-9]+)?"


@cache
def headings(facts: str) -> list[str]:
    """Return the numbers of the sections, in their order."""
    return re.findall(rf"^##+ ({NUMBER})\.? ", (ROOT / f"docs/{facts}.md").read_text(), re.MULTILINE)


def citation(facts: str) -> re.Pattern[str]:
    """Return what a citation looks like."""
    return re.compile(rf"{facts} ({NUMBER}(?:(?:, | and | to ){NUMBER})*)")


def cited(facts: str, text: str) -> Iterator[str]:
    """Yield the numbers that a text cites, of a range those in between as well."""
    for match in citation(facts).finditer(text):
        numbers = re.findall(NUMBER, match[1])
        yield from numbers
        for first, last in re.findall(rf"({NUMBER}) to ({NUMBER})", match[1]):
            known = [*headings(facts), first, last]
            yield from known[known.index(first) : known.index(last) + 1]


@cache
def texts(facts: str) -> dict[str, str]:
    """Return the files of the repository that cite facts."""
    found = ["git", "grep", "--untracked", "--name-only", "-z", "-I", facts, "--", ".", f":!docs/{facts}.md"]
    names = subprocess.run(found, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return {name: (ROOT / name).read_text() for name in names if name and not (ROOT / name).samefile(__file__)}


@pytest.mark.parametrize(("facts", "least"), [("graph-facts", 100), ("consumer-facts", 20)])
def test_each_citation_leads_to_a_section(facts: str, least: int) -> None:
    citations = [(name, number) for name, text in texts(facts).items() for number in cited(facts, text)]
    assert len(citations) > least
    assert [f"{name}: {number}" for name, number in citations if number not in headings(facts)] == []


@pytest.mark.parametrize("facts", FACTS)
def test_each_mention_is_a_citation(facts: str) -> None:
    wrong = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
        for name, text in texts(facts).items()
        for match in re.finditer(rf"{facts}(?!\.md)", text)
        if not citation(facts).match(text, match.start())
    ]
    assert wrong == []


@pytest.mark.parametrize("facts", FACTS)
def test_each_section_is_cited(facts: str) -> None:
    numbers = {number for text in texts(facts).values() for number in cited(facts, text)}
    # A chapter is there for its sections as well.
    numbers |= {number.split(".")[0] for number in numbers}
    assert [number for number in headings(facts) if number not in numbers] == []


@pytest.mark.parametrize("facts", FACTS)
def test_sections_are_in_order(facts: str) -> None:
    numbers = headings(facts)
    assert numbers == sorted(set(numbers), key=lambda number: [int(part) for part in number.split(".")])


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("(graph-facts 8)", ["8"]),
        ("(graph-facts 1.6, 5.2 and 8).", ["1.6", "5.2", "8"]),
        ("(graph-facts 1.2 to 1.4 and 4)", ["1.2", "1.3", "1.4", "4"]),
        ("graph-facts 6.2, on 2 of them", ["6.2"]),
        ("consumer-facts 5", []),
        ("[docs/graph-facts.md](docs/graph-facts.md)", []),
    ],
)
def test_numbers_are_read(text: str, numbers: list[str]) -> None:
    assert sorted(set(cited("graph-facts", text))) == numbers
