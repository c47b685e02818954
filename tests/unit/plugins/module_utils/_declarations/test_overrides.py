# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A later entry of `src` replaces what an earlier one declares only where it says `override: true`."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import Exactly
from ansible_collections.entra.attributes.plugins.module_utils._declarations.declared import Declared, declared
from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidDeclaration

ADELE = "adele@contoso.com"


def layers(tmp_path: Path, *contents: dict[str, Any]) -> list[str]:
    """Write a folder for each content, and return them."""
    folders = []
    for number, content in enumerate(contents):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "all.yml").write_text(yaml.safe_dump(content, sort_keys=False))
        folders.append(str(folder))
    return folders


def assign(user: str, override: Any = None, **attributes: Any) -> dict[str, Any]:
    """Return a document with one assignment in the attribute set A."""
    item = {"user": user, "attributes": {"A": attributes}}
    return {"assignments": [{**item, "override": override} if override is not None else item]}


def values(found: Declared) -> dict[str, dict[str, Any]]:
    """Return the exact values by principal and attribute."""
    return {
        declaration.who.name.lower(): {
            attribute.name: wanted.value
            for attribute, wanted in declaration.desired.items()
            if isinstance(wanted, Exactly)
        }
        for declaration in found.assignments
    }


def problems(tmp_path: Path, *contents: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidDeclaration) as refusal:
        declared(layers(tmp_path, *contents), {})
    return [problem.replace(f"{tmp_path}/", "") for problem in refusal.value.problems]


def test_an_override_replaces_the_attributes_that_it_names_and_no_others(tmp_path: Path) -> None:
    found = declared(layers(tmp_path, assign(ADELE, x=1, y=2), assign(ADELE.upper(), True, x=3)), {})
    assert values(found) == {ADELE: {"y": 2, "x": 3}}
    (adele,) = found.assignments
    assert {attribute.name: adele.place_of(attribute) for attribute in adele.desired} == {
        "y": f"{tmp_path}/0/all.yml:2",
        "x": f"{tmp_path}/1/all.yml:2",
    }


def test_an_override_can_remove_a_value_and_can_be_overridden_itself(tmp_path: Path) -> None:
    contents = [assign(ADELE, x=1), assign(ADELE, True, x=2), assign(ADELE, True, x=None)]
    found = declared(layers(tmp_path, *contents), {})
    assert values(found) == {ADELE: {"x": None}}
    assert found.assignments[0].label == f"{tmp_path}/2/all.yml:2"


def test_files_override_what_variables_declare(tmp_path: Path) -> None:
    found = declared(layers(tmp_path, assign(ADELE, True, x=2)), assign(ADELE, x=1))
    assert values(found) == {ADELE: {"x": 2}}


def test_an_override_of_a_set_or_a_definition_replaces_all_of_it(tmp_path: Path) -> None:
    base = {
        "attribute_sets": [{"name": "A", "description": "base"}, {"name": "B"}],
        "definitions": [{"attribute_set": "A", "name": "x", "type": "string", "predefined_values": ["1"]}],
    }
    overlay = {
        "attribute_sets": [{"name": "A", "max_attributes_per_set": 9, "override": True}],
        "definitions": [{"attribute_set": "A", "name": "x", "type": "string", "override": True}],
    }
    found = declared(layers(tmp_path, base, overlay), {})
    assert found.attribute_sets == [{"name": "A", "max_attributes_per_set": 9}, {"name": "B"}]
    assert found.definitions == [{"attribute_set": "A", "name": "x", "type": "string"}]
    assert [(placed.desired.name, placed.desired.description) for placed in found.placed_sets] == [
        ("A", None),
        ("B", None),
    ]
    assert [(placed.place, placed.desired.predefined) for placed in found.placed_definitions] == [
        (f"{tmp_path}/1/all.yml:6", None)
    ]


@pytest.mark.parametrize("override", [None, False])
def test_without_override_the_same_attribute_twice_is_an_error(tmp_path: Path, override: Any) -> None:
    twice = problems(tmp_path, assign(ADELE, x=1), assign(ADELE, override, x=1))
    assert twice == [f"1/all.yml:2: A.x of user '{ADELE}' is declared in 0/all.yml:2 already"]


NOTHING = "overrides nothing, because no earlier entry of src declares it; remove override"


@pytest.mark.parametrize(
    ("base", "overlay", "expected"),
    [
        ({"assignments": []}, assign(ADELE, True, x=1), [f"1/all.yml:2: A.x of user '{ADELE}' {NOTHING}"]),
        (
            assign(ADELE, y=1),
            assign(ADELE, True, y=2, x=1, z=1),
            [f"1/all.yml:2: A.x, A.z of user '{ADELE}' {NOTHING}"],
        ),
        (assign(ADELE, x=1), assign(ADELE, True), [f"1/all.yml:2: no attribute of user '{ADELE}' {NOTHING}"]),
        (assign(ADELE, x=1), assign(ADELE, "yes", x=2), ["1/all.yml:6: override: must be true or false"]),
        ({}, {"attribute_sets": [{"name": "A", "override": True}]}, [f"1/all.yml:2: attribute set 'A' {NOTHING}"]),
        (
            {"definitions": [{"attribute_set": "A", "name": "y"}]},
            {"definitions": [{"attribute_set": "A", "name": "x", "override": True}]},
            [f"1/all.yml:2: definition 'A.x' {NOTHING}"],
        ),
    ],
)
def test_an_override_that_cannot_be_is_an_error(
    tmp_path: Path, base: dict[str, Any], overlay: dict[str, Any], expected: list[str]
) -> None:
    found = problems(tmp_path, base, overlay)
    assert [problem for problem in found if "already" not in problem] == expected


def test_an_override_of_the_same_entry_of_src_is_an_error(tmp_path: Path) -> None:
    both = {"assignments": [*assign(ADELE, x=1)["assignments"], *assign(ADELE, True, x=2)["assignments"]]}
    twice = problems(tmp_path, {}, both)
    assert twice == [f"1/all.yml:6: A.x of user '{ADELE}' {NOTHING}"]


def test_two_overrides_in_one_entry_of_src_are_an_error(tmp_path: Path) -> None:
    overlay = {"assignments": [*assign(ADELE, True, x=2)["assignments"], *assign(ADELE, True, x=3)["assignments"]]}
    assert problems(tmp_path, assign(ADELE, x=1), overlay) == [
        f"1/all.yml:7: A.x of user '{ADELE}' is declared in 1/all.yml:2 already"
    ]


def select(value: Any, override: bool = False, **more: Any) -> dict[str, Any]:
    """Return a document with one item that selects the members of a group."""
    item = {"users": {"group": "Sales"}, "attributes": {"A": {"x": value}}, **more}
    return {"assignments": [{**item, "override": True} if override else item]}


def test_an_override_of_the_same_selection_replaces_its_attributes(tmp_path: Path) -> None:
    base = select(1, attributes={"A": {"x": 1, "y": 1}})
    base["assignments"] += [{"users": {"group": "Other"}, "attributes": {"A": {"x": 5}}}]
    found = declared(layers(tmp_path, base, select(2, True)), {})
    assert [
        (str(item.who), {name.name: getattr(wish, "value", None) for name, wish in item.wishes.items()})
        for item in found.items
    ] == [
        ("users in the group 'Sales'", {"y": 1}),
        ("users in the group 'Other'", {"x": 5}),
        ("users in the group 'Sales'", {"x": 2}),
    ]


def test_a_value_that_ends_and_one_that_stays_override_each_other(tmp_path: Path) -> None:
    ends = {"assignments": [{**assign(ADELE, x=2)["assignments"][0], "expires": "2026-12-31", "override": True}]}
    found = declared(layers(tmp_path, assign(ADELE, x=1), ends, assign(ADELE, True, x=3)), {})
    assert (values(found), found.items) == ({ADELE: {"x": 3}}, [])


@pytest.mark.parametrize(
    ("overlays", "problem"),
    [
        ([{"assignments": []}, select(2, True)], f"2/all.yml:2: A.x of users in the group 'Sales' {NOTHING}"),
        (
            [select(1), {"assignments": [*select(2, True)["assignments"], *select(3, True)["assignments"]]}],
            "2/all.yml:8: A.x of users in the group 'Sales' is overridden already",
        ),
    ],
)
def test_an_override_of_a_selection_that_cannot_be_is_an_error(
    tmp_path: Path, overlays: list[dict[str, Any]], problem: str
) -> None:
    assert problems(tmp_path, {}, *overlays) == [problem]


@pytest.mark.parametrize("seed", range(30))
def test_any_layers_give_the_values_of_the_last_layer_that_declares_them(tmp_path: Path, seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311
    users, names = [f"u{number}@contoso.com" for number in range(4)], ["x", "y", "z"]
    expected: dict[tuple[str, str], int] = {}
    contents = []
    for _layer in range(3):
        before, items = dict(expected), []
        for user in users:
            picked = [name for name in names if chosen.random() < 0.6]
            for overrides in (False, True):
                mine = {name: chosen.randint(0, 99) for name in picked if ((user, name) in before) is overrides}
                if mine:
                    items.append({"user": user, "attributes": {"A": mine}, "override": overrides})
                    expected.update({(user, name): value for name, value in mine.items()})
        contents.append({"assignments": items})
    found = values(declared(layers(tmp_path, *contents), {}))
    assert {(user, name): value for user, held in found.items() for name, value in held.items()} == expected
