# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A folder's sections checked together: what is right comes out as it is written, what is wrong with its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader

from ansible_collections.entra.attributes.plugins.lookup.declarations import DOCUMENTATION, LookupModule
from ansible_collections.entra.attributes.plugins.module_utils._declarations.declared import (
    Declared,
    declared,
    narrowed,
)
from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidDeclaration, OptionError

PROJECT: dict[str, Any] = {"attribute_set": "Engineering", "name": "Project", "type": "string"}
TEMPLATE = "{{ lookup('pipe', 'id') }}"


def problems(src: Path | None = None, **variables: Any) -> list[str]:
    with pytest.raises(InvalidDeclaration) as refusal:
        declared(str(src) if src else None, variables)
    return [problem.replace(str(src), "DIR") for problem in refusal.value.problems]


def test_variables_and_folder_come_together(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(
        "attribute_sets: [{name: Sales}]\n"
        "definitions: [{attribute_set: Sales, name: Region, type: string, state: deprecated, in_use: ignore}]\n"
        "assignments: [{user: a, attributes: {Sales: {Region: x}}}]\n"
    )
    variables = {"definitions": [PROJECT], "assignments": [{"user": "b", "attributes": {"Sales": {}}}]}
    found = declared(str(tmp_path), variables)
    assert found.attribute_sets == [{"name": "Sales"}]
    assert [one["name"] for one in found.definitions] == ["Project", "Region"]
    assert [one.who.name for one in found.assignments] == ["b", "a"]


SECTIONS = ("attribute_sets", "definitions", "assignments")


def narrow(
    sections: Sequence[str] = SECTIONS, sets: list[str] | None = None, principals: list[str] | None = None
) -> str:
    """Return what a narrowed run covers, as a text: sets, definitions, and the attributes of principals."""
    found: Declared = declared(
        None,
        {
            "attribute_sets": [{"name": "Sales"}, {"name": "Engineering"}],
            "definitions": [PROJECT, {"attribute_set": "Sales", "name": "Region"}],
            "assignments": [
                {
                    "user": "Adele@contoso.com",
                    "attributes": {"Sales": {"Region": "x"}, "Engineering": {"Project": "y"}},
                    "expected": {"Sales": {"Region": "a"}, "Engineering": {"Project": "b"}},
                },
                {"user": "alex@contoso.com", "attributes": {"Finance": {"Grade": 1}}},
                {"service_principal": "payroll", "attributes": {"Sales": {}}},
            ],
            "masked_sets": ["Sales"],
            "protect": {"principals": ["alex@contoso.com"]},
        },
    )
    part = narrowed(found, sections, sets or [], principals or [])
    assert (part.masked_sets, part.protected_principals) == (("Sales",), ("alex@contoso.com",))
    for declaration in part.assignments:
        assert not declaration.expected or declaration.expected.keys() == declaration.desired.keys()
    return "; ".join(
        [
            " ".join(placed.desired.name for placed in part.placed_sets),
            " ".join(str(placed.desired.attribute) for placed in part.placed_definitions),
            " ".join(
                f"{declaration.who.name}={'+'.join(declaration.attribute_sets)}/{len(declaration.desired)}"
                for declaration in part.assignments
            ),
        ]
    )


ADELE, ALEX, PAYROLL = "Adele@contoso.com=Sales+Engineering/2", "alex@contoso.com=Finance/1", "payroll=Sales/0"


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({}, f"Sales Engineering; Engineering.Project Sales.Region; {ADELE} {ALEX} {PAYROLL}"),
        ({"sets": ["Sales"]}, f"Sales; Sales.Region; Adele@contoso.com=Sales/1 {PAYROLL}"),
        ({"sets": ["Finance"]}, f"; ; {ALEX}"),
        (
            {"sets": ["Engineering", "Finance"]},
            f"Engineering; Engineering.Project; Adele@contoso.com=Engineering/1 {ALEX}",
        ),
        ({"principals": ["adele@CONTOSO.com", "payroll"]}, f"; ; {ADELE} {PAYROLL}"),
        ({"principals": ["payroll"], "sets": ["Engineering"]}, "; ; "),
        ({"principals": ["adele@contoso.com"], "sets": ["Sales"]}, "; ; Adele@contoso.com=Sales/1"),
        ({"sections": ["definitions"]}, "; Engineering.Project Sales.Region; "),
        (
            {"sections": ["attribute_sets", "assignments"], "sets": ["Sales"]},
            f"Sales; ; Adele@contoso.com=Sales/1 {PAYROLL}",
        ),
    ],
    ids=str,
)
def test_a_narrowed_run_covers_a_part(options: dict[str, list[str]], part: str) -> None:
    assert narrow(**options) == part


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sets": ["sales", "Sales", "Other"]}, "attribute_sets: Other, sales is not declared"),
        ({"principals": ["dara@contoso.com"]}, r"principals: dara@contoso\.com is not declared"),
    ],
    ids=str,
)
def test_a_part_that_is_not_declared_is_refused(options: dict[str, list[str]], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        narrow(**options)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (3, "is no dictionary"),
        ({}, "missing required arguments: name"),
        ({"name": None}, "missing required arguments: name"),
        ({"name": "A B"}, "attribute set A B: name 'A B' has characters that names cannot hold: ' '"),
        ({"name": "A", "descriptoin": "x"}, "has unknown keys: descriptoin"),
        ({"name": "A", "description": "x" * 129}, "attribute set A: description has 129 characters; Entra allows 128"),
        ({"name": "A", "max_attributes_per_set": 501}, "attribute set A: max_attributes_per_set must be 1 to 500"),
        ({"name": "A", "max_attributes_per_set": "many"}, "argument 'max_attributes_per_set' is of type"),
        ({"name": "A", "state": "absent"}, "value of state must be one of: present, got: absent"),
    ],
    ids=str,
)
def test_wrong_sets(item: Any, words: str) -> None:
    (told,) = problems(attribute_sets=[item])
    assert told.startswith(f"attribute_sets[0]: {words}")


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ([], "is no dictionary"),
        ({"name": "A"}, "missing required arguments: attribute_set"),
        ({**PROJECT, "name": "9"}, "definition Engineering.9: name '9' starts with a digit"),
        ({**PROJECT, "attribute_set": "A_B"}, "definition A_B.Project: attribute_set 'A_B' has characters"),
        ({**PROJECT, "type": "text"}, "value of type must be one of: string, integer, boolean, got: text"),
        ({**PROJECT, "changes": "permit"}, "has unknown keys: changes"),
        (
            {**PROJECT, "type": "boolean", "multi_valued": True},
            "definition Engineering.Project: a Boolean attribute cannot be multi_valued",
        ),
        (
            {**PROJECT, "predefined_values": ["a", "b"], "inactive_predefined_values": ["b"]},
            "definition Engineering.Project: predefined_values and inactive_predefined_values list b more than once",
        ),
        ({**PROJECT, "purge_predefined_values": True}, "purge_predefined_values is True but all of the following are"),
    ],
    ids=str,
)
def test_wrong_definitions(item: Any, words: str) -> None:
    (told,) = problems(definitions=[item])
    assert told.startswith(f"definitions[0]: {words}")


def test_what_is_declared_twice_is_told_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("attribute_sets:\n- name: Sales\ndefinitions:\n- {attribute_set: Sales, name: A}\n")
    (tmp_path / "b.yml").write_text("attribute_sets:\n- name: SALES\ndefinitions:\n- {attribute_set: sales, name: a}\n")
    assert problems(tmp_path) == [
        "DIR/b.yml:2: attribute set 'SALES' is declared in DIR/a.yml:2 already",
        "DIR/b.yml:4: definition 'sales.a' is declared in DIR/a.yml:4 already",
        "DIR/b.yml:4: attribute set sales is declared as Sales",
    ]


WRONG = {
    "01.yml": ("attribute_sets:\n- name: A B\n", 2),
    "02.yml": ("definitions:\n- {attribute_set: A, name: B, type: text}\n", 2),
    "03.yaml": ("definitions:\n\n- attribute_set: A\n  name: B\n  flavor: red\n", 3),
    "04.json": ('{"assignments": [\n{"user": "a"}]}', 2),
    "05.jsonl": ('\n{"user": "b", "attributes": {"A": {"B": ""}}}\n', 2),
    "06.csv": ("user,A.B\nc," + "x" * 65 + "\n", 2),
    "07.csv": ("name,A.B\n", 1),
    "08.yml": ("assignments:\n- user: d\n  attributes:\n    A:\n      B: [true]\n", 5),
    "09/deep.yml": ("attribute_set: []\n", 1),
    "10.yml": ("assignments: [\n", 2),
}


@pytest.fixture
def ten(tmp_path: Path) -> Path:
    for name, (text, _line) in WRONG.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_an_error_in_each_of_ten_files_is_told_with_its_line(ten: Path) -> None:
    told = problems(ten)
    places = {":".join(problem.split(":")[:2]) for problem in told}
    assert places == {f"DIR/{name}:{line}" for name, (_text, line) in WRONG.items()}


def test_what_yaml_makes_of_names_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("attribute_sets: [{name: 2024}]\ndefinitions: [{attribute_set: A, name: B}]\n")
    (tmp_path / "b.yml").write_text("definitions:\n- &d {attribute_set: E, name: x, description: *d}\n")
    told = problems(tmp_path)
    assert re.match("DIR/a.yml:1: argument 'name' is of type .*int.* and we were unable to convert to text", told[0])
    assert "DIR/b.yml:2: holds itself by an alias" in told


def lookup(*terms: str, **variables: Any) -> Any:
    plugin = LookupModule(loader=DataLoader())
    plugin._load_name = "declarations"
    constants.config.initialize_plugin_configuration_definitions(
        "lookup", "declarations", yaml.safe_load(DOCUMENTATION)["options"]
    )
    return plugin.run(list(terms), {}, **variables)


def test_the_lookup_gives_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(
        f'attribute_sets: [{{name: Sales, description: "{TEMPLATE}"}}]\n'
        "assignments: [{user: a, attributes: {A: {}}}]\n"
    )
    assert lookup(str(tmp_path), definitions=[PROJECT]) == [
        {
            "src": str(tmp_path),
            "attribute_sets": [{"name": "Sales", "description": TEMPLATE}],
            "definitions": [PROJECT],
            "assignments": 1,
            "moves": [],
            "exposures": [],
            "delegations": 0,
        }
    ]
    assert lookup(attribute_sets=[{"name": "Sales"}])[0]["src"] is None


def test_the_lookup_tells_everything_at_once(ten: Path) -> None:
    with pytest.raises(AnsibleError) as refusal:
        lookup(str(ten))
    assert all(f"{ten}/{name}:{line}: " in str(refusal.value) for name, (_text, line) in WRONG.items())
    with pytest.raises(AnsibleError, match="There is no file or folder nowhere, neither beside"):
        lookup("nowhere")
    (ten / "none").mkdir()
    with pytest.raises(AnsibleError, match="has no file with one of the endings"):
        lookup(str(ten / "none"))


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="there is no file or folder"):
        declared(str(tmp_path / "none.yml"), {})
