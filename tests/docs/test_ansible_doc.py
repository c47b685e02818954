# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The output of `ansible-doc` is complete: it describes every option and result, and links to Microsoft's pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Run

KINDS = ("module", "inventory", "lookup", "filter", "test", "cache", "callback", "role")


def described(options: dict[str, Any], path: str) -> Iterator[str]:
    """Yield the options without a description, or with one that is not a sentence."""
    for option, details in options.items():
        text = details.get("description") or ""
        text = text if isinstance(text, str) else " ".join(text)
        if not text.rstrip().endswith((".", ")")):
            yield f"{path}.{option}"
        yield from described(details.get("suboptions") or details.get("options") or {}, f"{path}.{option}")


def sampled(results: dict[str, Any], path: str, samples: bool) -> Iterator[str]:
    """Yield the results without a description or type, and if `samples`, the texts and numbers without a sample."""
    for result, details in results.items():
        simple = details.get("type") not in ("bool", "dict", "list")
        if not (details.get("description") and details.get("type")) or (samples and simple and "sample" not in details):
            yield f"{path}.{result}"
        inner = details.get("contains") or {}
        yield from sampled(inner, f"{path}.{result}", samples and "sample" not in details)


@pytest.mark.parametrize("kind", KINDS)
def test_documentation_is_complete(kind: str, run: Run) -> None:
    listed = run("ansible-doc", "--type", kind, "--list", "--json", "entra.attributes")
    names = [name for name in json.loads(listed.stdout or "{}") if name.startswith("entra.attributes.")]
    if not names:
        return
    answer = run("ansible-doc", "--type", kind, "--json", *names)
    assert answer.returncode == 0, answer.stderr
    missing = []
    for name, content in json.loads(answer.stdout).items():
        if kind == "role":
            for entry, spec in content["entry_points"].items():
                missing += described(spec.get("options") or {}, f"{name} {entry}")
                parts = ("short_description", "description")
                missing += [f"{name} {entry}: {part}" for part in parts if not spec.get(part)]
            continue
        missing += described(content["doc"].get("options") or {}, name)
        missing += sampled(content.get("return") or {}, name, samples=kind == "module")
        links = [str(entry.get("link")) for entry in content["doc"].get("seealso", ())]
        if kind in ("module", "inventory") and not any("//learn.microsoft.com/" in link for link in links):
            missing.append(f"{name}: a page of Microsoft in seealso")
        parts = ("examples", "return") if kind == "module" else ("examples",)
        missing += [f"{name}: {part}" for part in parts if not content.get(part)]
    assert missing == []
