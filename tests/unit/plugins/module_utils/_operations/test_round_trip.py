# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Export and reconcile are each other's inverse, over random tenants of the local Graph."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from _emulator import Emulator
from _reconcile import reconcile, run
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.entra.attributes.plugins.module_utils._core.names import (
    MAX_TEXT,
    new_text_problem,
    utf16_length,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._operations.export import EXPORT

TRICKY_NAMES = ["No", "null", "y", "On", "True", "Straße", "user", "attributes", "Été"]
TRICKY_TEXT = ["null", "~", "true", "No", "8", "08", "1e3", "0x1F", "2022-10-01", "=1+1", "@SUM(A1)", "-", "+49", "..."]
TRICKY_TEXT += [
    ";",
    "a;b",
    " a",
    "a ",
    "a,b",
    '"',
    "'",
    "\\",
    "#",
    "a # b",
    "a: b",
    "- a",
    "[]",
    "{}",
    "[a]",
    "|",
    ">",
    "%",
]
TRICKY_TEXT += [
    "{{ lookup('pipe', 'id') }}",
    "{% raw %}",
    "!unsafe a",
    "&a",
    "*a",
    "a\nb",
    "\n",
    "\t",
    "\r",
    "---",
    "e\u0301",
]
TRICKY_TEXT += ["\x00", "\x7f", "\u0085", "\u00a0", "\u2028", "\ufeff", "\U0001f600"]

ANY_TEXT = st.one_of(
    st.sampled_from(TRICKY_TEXT), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64)
).filter(lambda text: utf16_length(text) <= MAX_TEXT)
TEXT = ANY_TEXT.filter(lambda text: not new_text_problem(text))
INTEGERS = st.integers(-(2**31), 2**31 - 1)
NAMES = st.one_of(
    st.sampled_from(TRICKY_NAMES),
    st.text(st.characters(categories=["L"]), min_size=1, max_size=6),
)
UPNS = [
    "adele@contoso.com",
    "o'brien@contoso.com",
    "l_f.com#EXT#@contoso.com",
    "$svc@contoso.com",
    "=x@contoso.com",
    "ö+t@contoso.com",
]


def unique(names: st.SearchStrategy[str], **size: int) -> st.SearchStrategy[list[str]]:
    return st.lists(names, unique_by=str.lower, **size)


@st.composite
def definitions(draw: st.DrawFn, attribute_set: str, name: str) -> dict[str, Any]:
    type_ = draw(st.sampled_from(["String", "Integer", "Boolean"]))
    free = type_ == "Boolean"
    texts = TEXT if type_ == "String" else INTEGERS.map(str)
    values = {} if free else draw(st.dictionaries(texts, st.booleans(), max_size=4))
    return {
        "attributeSet": attribute_set,
        "name": name,
        "type": type_,
        "description": draw(st.one_of(st.none(), TEXT)),
        "status": draw(st.sampled_from(["Available", "Available", "Deprecated"])),
        "isCollection": not free and draw(st.booleans()),
        "isSearchable": draw(st.booleans()),
        "usePreDefinedValuesOnly": not free and draw(st.booleans()),
        "allowedValues": [{"id": value, "isActive": active} for value, active in values.items()],
    }


@st.composite
def held(draw: st.DrawFn, schema: list[dict[str, Any]]) -> dict[str, Any]:
    """Return values of some definitions, including inactive values and deprecated definitions."""
    attributes: dict[str, Any] = {}
    for one in draw(st.lists(st.sampled_from(schema), unique_by=id) if schema else st.just([])):
        by_type = {"String": ANY_TEXT, "Integer": INTEGERS, "Boolean": st.booleans()}
        scalars: st.SearchStrategy[Any] = by_type[one["type"]]
        if one["usePreDefinedValuesOnly"]:
            known = [value["id"] for value in one["allowedValues"]]
            if not known:
                continue
            scalars = st.sampled_from(known if one["type"] == "String" else [int(value) for value in known])
        listed = st.lists(scalars, min_size=1, max_size=4, unique=True)
        attributes.setdefault(one["attributeSet"], {})[one["name"]] = draw(listed if one["isCollection"] else scalars)
    return attributes


@st.composite
def tenants(draw: st.DrawFn) -> dict[str, Any]:
    """The part of a tenant's state that an export is about."""
    sets = draw(unique(NAMES, min_size=1, max_size=3))
    schema = [draw(definitions(home, name)) for home in sets for name in draw(unique(NAMES, max_size=4))]
    active = Counter(one["attributeSet"] for one in schema if one["status"] == "Available")
    upns = draw(st.lists(st.sampled_from(UPNS), unique=True, max_size=4))
    app_ids = st.one_of(st.none(), st.integers(0, 3).map(lambda n: f"55555555-5555-4555-8555-{n:012}"))
    display_names = st.one_of(st.none(), TEXT)
    return {
        "attributeSets": [
            {
                "id": name,
                "description": draw(st.one_of(st.none(), TEXT)),
                "maxAttributesPerSet": draw(st.one_of(st.none(), st.integers(max(1, active[name]), 500))),
            }
            for name in sets
        ],
        "definitions": schema,
        "users": [
            {
                "id": f"33333333-3333-4333-8333-{number:012}",
                "userPrincipalName": upn,
                "displayName": draw(display_names),
                "customSecurityAttributes": draw(held(schema)),
            }
            for number, upn in enumerate(upns)
        ],
        "servicePrincipals": [
            {
                "id": f"44444444-4444-4444-8444-{number:012}",
                "appId": draw(app_ids),
                "displayName": draw(display_names),
                "customSecurityAttributes": draw(held(schema)),
            }
            for number in range(draw(st.integers(0, 3)))
        ],
    }


def emptied(tenant: dict[str, Any]) -> dict[str, Any]:
    """The same principals without anything."""
    bare = {
        kind: [{**one, "customSecurityAttributes": {}} for one in tenant[kind]]
        for kind in ("users", "servicePrincipals")
    }
    return {**tenant, "attributeSets": [], "definitions": [], **bare}


def writes(emulator: Emulator) -> list[Any]:
    """What was written since the last look, also inside of batches."""
    sent = [
        (request["method"], request["path"], request["body"])
        for request in emulator.requests()
        if request["method"] != "GET" and not request["path"].endswith("/$batch")
    ]
    emulator.clear()
    return sent


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


FULL_SET: dict[str, Any] = {
    "attributeSets": [{"id": "Full", "description": None, "maxAttributesPerSet": 1}],
    "definitions": [
        {"attributeSet": "Full", "name": "A", "status": "Deprecated"},
        {"attributeSet": "Full", "name": "B"},
        {"attributeSet": "Full", "name": "C", "status": "Deprecated"},
    ],
    "users": [
        {
            "id": "33333333-3333-4333-8333-333333333301",
            "userPrincipalName": UPNS[0],
            "customSecurityAttributes": {"Full": {"A": "a", "B": "b", "C": "c"}},
        }
    ],
    "servicePrincipals": [],
}
"""Its limit is reached, as others were deprecated to make room."""


@pytest.mark.slow
@pytest.mark.parametrize("form", ["yaml", "csv"])
@example(tenant=FULL_SET)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tenant=tenants())
def test_export_and_reconcile_are_inverse(
    emulator: Emulator, graph: _graph.Graph, form: str, tenant: dict[str, Any]
) -> None:
    tenant = {**emulator.tenant(), **tenant}
    emulator.tenant(tenant)
    emulator.clear()
    with tempfile.TemporaryDirectory() as name:
        folder, again = Path(name) / "folder", Path(name) / "again"
        assert run(EXPORT, graph, dest=str(folder), format=form)["changed"]
        assert not run(EXPORT, graph, dest=str(folder), format=form)["changed"]
        assert not reconcile(graph, folder)["changed"]
        assert writes(emulator) == []
        emulator.tenant(emptied(tenant))
        predicted = reconcile(graph, folder, check_mode=True)["plan"]
        assert writes(emulator) == []
        assert reconcile(graph, folder)["plan"] == predicted
        run(EXPORT, graph, dest=str(again), format=form)
        assert content(again) == content(folder)
        emulator.clear()
        reconcile(graph, folder)
        assert writes(emulator) == []
