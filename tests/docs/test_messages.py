# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each error text that the guide on troubleshooting quotes can really be met."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import ansible
import pytest
from _documents import GUIDES, ROOT, files

GUIDE = ROOT / GUIDES / "guide_troubleshooting.rst"
HOLE = "\0"
MARKS = ".,;:()'\""
# Messages of other programs.
OTHERS = {
    "unable to get local issuer certificate": "OpenSSL",
    "InvalidAuthenticationToken": "Microsoft Graph",
}


def quotes() -> list[str]:
    """Return the texts that head a paragraph, and those in the tables of texts."""
    text = GUIDE.read_text()
    heads = re.findall(r"^(``.+``(?: \(.*\)|, and the like)?)\n  \S", text, re.MULTILINE)
    cells = re.findall(r"^    \* - (``.+)\n      - ", text, re.MULTILINE)
    return [quote for line in [*heads, *cells] for quote in re.findall(r"``([^`]+)``", line)]


def templates_of(path: Path) -> list[list[str]]:
    """Return the texts of a Python file as words, with HOLE for what is put into them at run time."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        text = ""
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = re.sub(r"%[sdr]", HOLE, node.value)
        if text:
            found.append(text.split())
    return found


@cache
def templates() -> list[list[str]]:
    """Return the texts of the collection and the local Graph, and those of Ansible's checks of options."""
    checks = Path(ansible.__file__).parent / "module_utils" / "common"
    paths = [*files("plugins/**/*.py", "roles/*/files/**/*.py"), checks / "parameters.py", checks / "validation.py"]
    return [template for path in [*paths, checks.parent / "errors.py"] for template in templates_of(path)]


def said(piece: str) -> bool:
    """Whether the words of a piece stand one after the other in some text, and at least half of them are its own.

    Up to four of the other words may be what one hole is filled with.
    """
    words = piece.split()
    return any(
        2 * own_words(words, template[start:]) >= len(words)
        for template in templates()
        for start in range(len(template))
    )


def own_words(words: list[str], template: list[str]) -> int:
    """Return the number of further words of a text that begins with these, or -100 if no text begins so."""
    if not words or not template:
        return -100 if words else 0
    if HOLE not in template[0]:
        return 1 + own_words(words[1:], template[1:]) if same(words[0], template[0]) else -100
    filled = ".+".join(re.escape(part) for part in template[0].strip(".,;:").split(HOLE))
    return max(
        own_words(words[count:], template[1:]) if re.fullmatch(filled, " ".join(words[:count]).strip(".,;:")) else -100
        for count in range(1, 5)
    )


def same(word: str, other: str) -> bool:
    return word.strip(MARKS) == other.strip(MARKS)


def unsaid(quote: str) -> list[str]:
    """Return the pieces of a quoted text that nothing says; ``...`` and a colon end a piece."""
    pieces = [piece.strip(" .,;:[]()'\"") for piece in quote.split("...")]
    found = []
    for piece in (piece for piece in pieces if piece and not piece.startswith("/")):
        joints = [[piece], *([piece[: colon.start()], piece[colon.end() :]] for colon in re.finditer(": ", piece))]
        joints.append(piece.split(": "))
        if not any(all(said(part) or part in OTHERS for part in joint) for joint in joints):
            found.append(piece)
    return found


def test_the_guide_quotes_texts() -> None:
    assert len(quotes()) > 50


@pytest.mark.parametrize("quote", dict.fromkeys(quotes()))
def test_a_quoted_text_can_be_met(quote: str) -> None:
    assert unsaid(quote) == []


@pytest.mark.parametrize(
    "quote",
    [
        "name: '...' has characters that names cannot keep: ...",
        "the list is full ...",
        "value of ...: the text is too long",
    ],
)
def test_a_text_that_nothing_says_is_found(quote: str) -> None:
    assert unsaid(quote) != []
