# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Count wordings that CONTRIBUTING advises against; fail above the ceiling of a kind of text. ``--list`` shows each."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

CEILINGS = {"guides": 10, "module documentation": 10, "docstrings and comments": 15}
DISCOURAGED = {
    "report, show, return": r"\b(tells?|telling|told)\b",
    "not a": r"\b(is|are|was|were) no (?!longer\b|more\b|need\b)\w",
    "must, must not, cannot": r"\bshall\b|\bmay not\b",
    "next to, besides, so": r"\b(beside|hence|thus|thereby|whereby|therein|thereof|whoever|whomever)\b",
    "continue": r"\b(goes|go|going|went) on\b",
    "because": r", as (it|they|this|that|there|these|those|nothing|nobody)\b",
    "the actor as subject": r"(?:^|[.:;] )(?-i:What|Who|Nobody|Nothing) (?!(is|are|do|does|can|if)\b)[^?.]+[.;:]",
    "whose, or two sentences": r"\bof (which|whom|what)\b",
    "anyway, own, alone": r"\b(all the same|of (its|their|his|her) own|by (itself|themselves))\b",
}
OTHERS = re.compile(r"(graph|consumer)-facts|CHANGELOG|CODE_OF_CONDUCT|LICENSES/|changelogs/")
MARKUP = re.compile(r"``.+?``|`[^`]+`_*|<!--.*?-->|:\w+:|\b[CEILMOPRUV]+\([^)]*\)")


def page(text: str) -> Iterator[tuple[str, int, str]]:
    """Yield the lines of Markdown or reStructuredText that are prose, with their kind and number."""
    depth, fenced = -1, False
    for number, line in enumerate(text.splitlines(), 1):
        indent = len(line) - len(line.lstrip())
        fenced ^= line.lstrip().startswith("```")
        if fenced or not line.strip() or -1 < depth < indent:
            continue
        literal = re.match(r"\s*\.\. (code-block|literalinclude|image|figure|_)|\s*\.\.$|(?!\s*\.\.).*::$", line)
        depth = indent if literal else -1
        yield "guides", number, "" if literal else line


def python(text: str) -> Iterator[tuple[str, int, str]]:
    """Yield the lines of documentation blocks, docstrings and comments, with their kind and number."""
    for node in ast.walk(ast.parse(text)):
        words, kind = "", "docstrings and comments"
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            words = ast.get_docstring(node) or ""
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("DOCUMENTATION", "RETURN"):
            words, kind = ast.literal_eval(node.value), "module documentation"
        for number, line in enumerate(words.splitlines()):
            yield kind, getattr(node, "lineno", 1) + number, re.sub(r"^\s*(- )?(\w+:(?=\s|$))?", "", line)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and "SPDX" not in token.string:
            yield "docstrings and comments", token.start[0], token.string


def main() -> int:
    """Count, and print the places of a kind that is above its ceiling; return the exit status."""
    listing = subprocess.run(["git", "ls-files", "*.md", "*.rst", "*.py"], capture_output=True, text=True, check=True)
    words, found = dict.fromkeys(CEILINGS, 0), {kind: list[str]() for kind in CEILINGS}
    for path in listing.stdout.splitlines():
        text = "" if OTHERS.search(path) else Path(path).read_text()
        for kind, number, marked in python(text) if path.endswith(".py") else page(text):
            line = MARKUP.sub("X", marked)
            words[kind] += len(re.findall(r"[A-Za-z']+", line))
            for better, pattern in DISCOURAGED.items():
                found[kind] += [f"{path}:{number}: better {better}: {line}"] * len(re.findall(pattern, line, re.I))
    density = {kind: 10_000 * len(found[kind]) / max(words[kind], 1) for kind in CEILINGS}
    for kind, ceiling in CEILINGS.items():
        places = found[kind] if density[kind] > ceiling or "--list" in sys.argv else []
        print(f"{kind}: {density[kind]:.0f} for 10,000 words, at most {ceiling}", *places, sep="\n")
    return int(any(density[kind] > CEILINGS[kind] for kind in CEILINGS))


if __name__ == "__main__":
    sys.exit(main())
