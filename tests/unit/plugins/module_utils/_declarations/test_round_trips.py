# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each format gives back what was written to it: the same principals get the same values, in the same types."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import plan
from ansible_collections.entra.attributes.plugins.module_utils._core.model import (
    SERVICE_PRINCIPAL,
    USER,
    Assignments,
    AttributeName,
    Definition,
    PrincipalKind,
    nested,
)
from ansible_collections.entra.attributes.plugins.module_utils._core.names import (
    MAX_TEXT,
    new_text_problem,
    principal_problem,
    utf16_length,
)
from ansible_collections.entra.attributes.plugins.module_utils._declarations.assignments import declarations
from ansible_collections.entra.attributes.plugins.module_utils._declarations.csv_files import fits, write_csv
from ansible_collections.entra.attributes.plugins.module_utils._declarations.storage import (
    SNAPSHOT,
    as_line,
    header,
    sealed,
)
from ansible_collections.entra.attributes.plugins.module_utils._declarations.yaml_json import write_yaml

KIT = [
    Definition("No", "Text", "String"),
    Definition("No", "true", "String", collection=True),
    Definition("Größe", "Number", "Integer"),
    Definition("Größe", "Numbers", "Integer", collection=True),
    Definition("Größe", "Flag", "Boolean"),
]
DEFINITIONS = {definition.attribute: definition for definition in KIT}
TRICKY = ["null", "~", "8", "08", "true", "1e3", "=1+1", "-", "a;b", '"', "'", "# a", "a: b", "{{ x }}", "---", "a,b"]
TEXTS = st.one_of(st.sampled_from(TRICKY), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64))
TEXTS = TEXTS.filter(lambda text: utf16_length(text) <= MAX_TEXT and not new_text_problem(text))
NAMES = st.text(min_size=1, max_size=12).filter(lambda name: name == name.strip() and not principal_problem(name))
SCALARS = {"String": TEXTS, "Integer": st.integers(-(2**31), 2**31 - 1), "Boolean": st.booleans()}


@st.composite
def items(draw: st.DrawFn) -> tuple[PrincipalKind, list[tuple[str, Assignments]]]:
    """Principals of a kind, each with its name and assignments."""
    kind = draw(st.sampled_from([USER, SERVICE_PRINCIPAL]))
    found = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique_by=str.lower)):
        chosen = draw(st.lists(st.sampled_from(KIT), min_size=1, unique_by=lambda definition: definition.attribute))
        held: Assignments = {}
        for definition in chosen:
            scalar = SCALARS[definition.type]
            value = draw(st.lists(scalar, min_size=1, max_size=3, unique=True) if definition.collection else scalar)
            held[definition.attribute] = value
        found.append((name, held))
    return kind, found


def as_items(kind: PrincipalKind, principals: list[tuple[str, Assignments]]) -> list[dict[str, Any]]:
    return [{kind.name: name, "attributes": nested(held)} for name, held in principals]


def read_again(ending: str, content: bytes) -> list[tuple[str, str, Assignments]]:
    """Return who gets which values by a file with this content, in a tenant in which nothing is assigned."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a{ending}")
        path.write_bytes(content)
        found = declarations(None, str(path)).found
    return [(one.who.kind.name, one.who.name, plan({}, one.desired, DEFINITIONS).after) for one in found]


WRITERS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    ".yml": lambda found: write_yaml({"assignments": found}).encode(),
    ".json": lambda found: json.dumps({"assignments": found}, ensure_ascii=False).encode(),
    ".jsonl": lambda found: sealed(header(SNAPSHOT, None), map(as_line, found)),
}


@pytest.mark.slow
@pytest.mark.parametrize("ending", WRITERS)
@given(drawn=items())
@example(drawn=(USER, [("a@b", {AttributeName("No", "Text"): "null", AttributeName("Größe", "Flag"): False})]))
def test_what_a_file_declares_is_what_was_written_to_it(
    ending: str, drawn: tuple[PrincipalKind, list[tuple[str, Assignments]]]
) -> None:
    kind, principals = drawn
    content = WRITERS[ending](as_items(kind, principals))
    assert read_again(ending, content) == [(kind.name, name, held) for name, held in principals]


@pytest.mark.slow
@given(drawn=items())
@example(drawn=(USER, [("a@b", {AttributeName("No", "true"): ["x"], AttributeName("Größe", "Number"): -1})]))
def test_what_fits_into_cells_comes_back_from_them(
    drawn: tuple[PrincipalKind, list[tuple[str, Assignments]]],
) -> None:
    kind, principals = drawn
    fitting = [one for one in principals if fits(as_items(kind, [one])[0])]
    content = write_csv(kind, as_items(kind, fitting)).encode()
    assert read_again(".csv", content) == [(kind.name, name, held) for name, held in fitting]


@pytest.mark.parametrize("text", ["null", " a", "a ", "=1", "+1", "-1", "@a", "N/A", "a\u00a0b\n"])
def test_text_that_cells_would_change_does_not_fit(text: str) -> None:
    assert not fits({"user": "a@b", "attributes": {"S": {"A": text}}})
    assert not fits({"user": "a@b", "attributes": {"S": {"A": [text]}}})


def test_a_separator_fits_where_cells_hold_one_value() -> None:
    assert fits({"user": "a@b", "attributes": {"S": {"A": "a;b"}}})
    assert not fits({"user": "a@b", "attributes": {"S": {"A": ["a;b"]}}})
