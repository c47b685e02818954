# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each `graph-facts 6.2` of the repository leads to a section of docs/graph-facts.md, and each section is cited."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache

import pytest
from _documents import ROOT

FACTS = "docs/graph-facts.md"
NUMBER = r"[0-9]+(?:\.[0-9]+)?"
CITATION = re.compile(rf"graph-facts ({NUMBER}(?:(?:, | and | to ){NUMBER})*)")
MENTION = re.compile(r"graph-facts(?!\.md)")


@cache
def headings() -> list[str]:
    """Return the numbers of the sections, in their order."""
    return re.findall(rf"^##+ ({NUMBER})\.? ", (ROOT / FACTS).read_text(), re.MULTILINE)


def cited(text: str) -> Iterator[str]:
    """Yield the numbers that a text cites, of a range those in between as well."""
    for match in CITATION.finditer(text):
        numbers = re.findall(NUMBER, match[1])
        yield from numbers
        for first, last in re.findall(rf"({NUMBER}) to ({NUMBER})", match[1]):
            known = [*headings(), first, last]
            yield from known[known.index(first) : known.index(last) + 1]


@cache
def texts() -> dict[str, str]:
    """Return the files of the repository that cite facts."""
    found = ["git", "grep", "--untracked", "--name-only", "-z", "-I", "graph-facts", "--", ".", f":!{FACTS}"]
    names = subprocess.run(found, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return {name: (ROOT / name).read_text() for name in names if name and not (ROOT / name).samefile(__file__)}


def test_each_citation_leads_to_a_section() -> None:
    citations = [(name, number) for name, text in texts().items() for number in cited(text)]
    assert len(citations) > 100
    assert [f"{name}: {number}" for name, number in citations if number not in headings()] == []


def test_each_mention_is_a_citation() -> None:
    wrong = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
        for name, text in texts().items()
        for match in MENTION.finditer(text)
        if not CITATION.match(text, match.start())
    ]
    assert wrong == []


def test_each_section_is_cited() -> None:
    numbers = {number for text in texts().values() for number in cited(text)}
    # A chapter is there for its sections as well.
    numbers |= {number.split(".")[0] for number in numbers}
    assert [number for number in headings() if number not in numbers] == []


def test_sections_are_in_order() -> None:
    assert headings() == sorted(set(headings()), key=lambda number: [int(part) for part in number.split(".")])


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("(graph-facts 8)", ["8"]),
        ("(graph-facts 1.6, 5.2 and 8).", ["1.6", "5.2", "8"]),
        ("(graph-facts 1.2 to 1.4 and 4)", ["1.2", "1.3", "1.4", "4"]),
        ("graph-facts 6.2, on 2 of them", ["6.2"]),
        ("[docs/graph-facts.md](docs/graph-facts.md)", []),
    ],
)
def test_numbers_are_read(text: str, numbers: list[str]) -> None:
    assert sorted(set(cited(text))) == numbers
