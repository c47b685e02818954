# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names that Entra accepts, and names that differ only in case."""

from __future__ import annotations

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.names import case_variant, name_problem


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "is empty"),
        ("x" * 33, "33 characters"),
        ("1st", "starts with a digit"),
        ("Cost_Center", "'_'"),
        ("a b", "' '"),
        ("Project@odata.type", "'@'"),
        ("a/b", "'/'"),
        ("a\tb", r"'\t'"),
        ("a\u00a0b", r"'\xa0'"),
        ("a\u2028", r"'\u2028'"),
        ("\u0663x", "starts with a digit"),
        ("a\u200b", "U+200B (zero width space) at position 2"),
        ("a\ud800", "half a character, U+D800"),
        ("\ud800" * 33, "half a character, U+D800"),
    ],
)
def test_names_that_cannot_be(name: str, words: str) -> None:
    assert words in name_problem(name)


@pytest.mark.parametrize("name", ["Project", "x" * 32, "Größe", "項目", "a1", "²x"])
def test_names_that_can_be(name: str) -> None:
    assert name_problem(name) == ""


@pytest.mark.parametrize(
    ("name", "names", "other"),
    [
        ("project", ["Level", "Project"], "Project"),
        ("Project", ["Project"], ""),
        ("GRÖSSE", ["größe"], ""),
        ("GRÖßE", ["größe"], "größe"),
        ("Masse", ["Maße"], ""),
        ("Masse", [], ""),
    ],
)
def test_a_case_variant_differs_in_case_only(name: str, names: list[str], other: str) -> None:
    assert case_variant(name, names) == other
