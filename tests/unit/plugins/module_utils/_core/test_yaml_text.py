# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML for diffs and exports: every parser reads what was written."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.entra.attributes.plugins.module_utils._core.yaml_text import as_yaml

_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(st.characters(exclude_categories=["Cs"])))
_KEYS = st.one_of(st.sampled_from(["No", "null", "y", "ON", "Straße", "1", "a b", "~", ""]), st.text(max_size=32))
_NODES = st.recursive(
    _SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3))
)


@pytest.mark.slow
@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
@given(document=st.dictionaries(_KEYS, _NODES, min_size=1, max_size=4))
@example(
    document={"No": ["\x85", "\u2028x", "\ufeff", "\x7f", "a: b # c", "{{ x }}", "=1", "1e3", "\U0001f600", "\t\r\n"]}
)
def test_every_yaml_parser_reads_what_was_written(loader: Any, document: dict[str, Any]) -> None:
    assert yaml.load(as_yaml(document), Loader=loader) == document  # noqa: S506 - both are safe
