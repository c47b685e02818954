# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The meaning of bulk declarations, from variables and from files of every form, and the messages about wrong ones."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import Adjust, Exactly
from ansible_collections.entra.attributes.plugins.module_utils._core.model import SERVICE_PRINCIPAL, USER, nested
from ansible_collections.entra.attributes.plugins.module_utils._declarations import yaml_json as _yaml_json
from ansible_collections.entra.attributes.plugins.module_utils._declarations.assignments import (
    Declaration,
    declarations,
    parse_desired,
)
from ansible_collections.entra.attributes.plugins.module_utils._declarations.csv_files import ACCEPTED
from ansible_collections.entra.attributes.plugins.module_utils._declarations.locations import SECTIONS
from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    InvalidDeclaration,
    MissingLibrary,
    OptionError,
)

ITEMS: list[dict[str, Any]] = [
    {
        "user": "adele@contoso.com",
        "attributes": {
            "Engineering": {"Project": ["Baker", "Cascade"], "NumVendors": 8, "Certification": True, "Legacy": None},
            "Marketing": {"EmployeeId": "GS45897", "AppCountry": []},
        },
    },
    {
        "service_principal": "payroll-api",
        "attributes": {"Engineering": {"CostCenter": {"add": [1001, 1001], "remove": 1003}, "Project": {"add": "x"}}},
    },
]
MEANT = [
    (
        USER,
        "adele@contoso.com",
        {
            "Engineering": {
                "Project": Exactly(["Baker", "Cascade"]),
                "NumVendors": Exactly(8),
                "Certification": Exactly(True),
                "Legacy": Exactly(None),
            },
            "Marketing": {"EmployeeId": Exactly("GS45897"), "AppCountry": Exactly(None)},
        },
    ),
    (
        SERVICE_PRINCIPAL,
        "payroll-api",
        {"Engineering": {"CostCenter": Adjust([1001], [1003]), "Project": Adjust(["x"])}},
    ),
]


NOT_AN_ITEM = "must be a dictionary with attributes and either user or service_principal"
KNOWN_SECTIONS = ", ".join(SECTIONS)
NOT_A_DOCUMENT = f"must be a list of assignments, or a dictionary with {KNOWN_SECTIONS}"
NOBODY = "no column says who it is, such as user, mail, employeeId or service_principal"
UNKNOWN = f"is not known; accepted are {ACCEPTED}"
NOT_UTF_8 = (
    "is not UTF-8 text. In Excel, save it with the type CSV UTF-8 (Comma delimited);"
    " elsewhere choose the encoding UTF-8"
)


def meant(found: list[Declaration]) -> list[Any]:
    return [(one.who.kind, one.who.name, nested(one.desired)) for one in found]


def problems(items: Any = None, src: Path | None = None) -> list[str]:
    with pytest.raises(InvalidDeclaration) as refusal:
        declarations(items, str(src) if src else None)
    return [problem.replace(f"{src}", "FILE") for problem in refusal.value.problems]


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def written(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def test_every_form_of_value() -> None:
    assert meant(declarations(ITEMS, None).found) == MEANT
    assert [one.label for one in declarations(ITEMS, None).found] == ["assignments[0]", "assignments[1]"]
    assert declarations([], None).found == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps(ITEMS)),
        ("a.json", json.dumps({"assignments": ITEMS})),
        ("a.JSON", "\ufeff" + json.dumps(ITEMS)),
        ("a.jsonl", "\n\n".join(json.dumps(item) for item in ITEMS) + "\r\n"),
        ("a.ndjson", "\ufeff" + "\n".join(json.dumps(item) for item in ITEMS)),
        ("a.yml", json.dumps(ITEMS)),
        ("a.yaml", "assignments: " + json.dumps(ITEMS)),
    ],
)
def test_documents(file: Any, name: str, content: str) -> None:
    assert meant(declarations(None, str(file(name, content))).found) == MEANT


def test_what_yaml_takes_for_something_else_is_told_with_what_to_write(file: Any) -> None:
    text = """\
- user: adele@contoso.com
  attributes:
    Engineering:
      ProjectDate: 2022-10-01
      NumVendors: 8.0
"""
    assert problems(src=file("a.yml", text)) == [
        "FILE:4: attributes.Engineering.ProjectDate: 2022-10-01 is read by YAML as a date; write '2022-10-01' for text",
        "FILE:5: attributes.Engineering.NumVendors: 8.0 is read by YAML as a number that is not an integer; write '8.0'"
        " for text",
    ]


class Counted(int):
    """An integer that counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return int(self) == other

    def __hash__(self) -> int:
        return int(self)


def test_long_lists_to_add_and_remove_are_compared_in_time() -> None:
    numbers = [Counted(number) for number in range(2000)]
    meant = parse_desired("CostCenter", {"add": numbers[:1000], "remove": numbers[1000:]})
    assert meant == Adjust([*range(1000)], [*range(1000, 2000)])
    assert Counted.compared < 10_000
    with pytest.raises(OptionError, match="999 is both added and removed"):
        parse_desired("CostCenter", {"add": numbers[:1000], "remove": numbers[999:]})


def test_yaml_without_its_fast_loader(file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file("a.yml", json.dumps(ITEMS))
    monkeypatch.delattr(_yaml_json.yaml, "CSafeLoader", raising=False)
    assert meant(declarations(None, str(path)).found) == MEANT
    monkeypatch.setattr(_yaml_json, "HAS_YAML", False)
    with pytest.raises(MissingLibrary, match="PyYAML"):
        declarations(None, str(path))


def test_csv(file: Any) -> None:
    path = file(
        "a.csv",
        "\ufeffuser, service_principal ,Engineering.Project[],Engineering.ProjectDate,Marketing.AppCountry[]\r\n"
        'adele@contoso.com,,Baker ; Cascade,"a;""b"", c",null\r\n'
        "\r\n"
        ",payroll-api,,null\r\n"
        "nothing@contoso.com,,,,\r\n"
        '"o\'brien@contoso.com",,Alpine,8,\r\n',
    )
    found = declarations(None, str(path)).found
    assert meant(found) == [
        (
            USER,
            "adele@contoso.com",
            {
                "Engineering": {"Project": Exactly(["Baker", "Cascade"]), "ProjectDate": Exactly('a;"b", c')},
                "Marketing": {"AppCountry": Exactly(None)},
            },
        ),
        (SERVICE_PRINCIPAL, "payroll-api", {"Engineering": {"ProjectDate": Exactly(None)}}),
        (USER, "o'brien@contoso.com", {"Engineering": {"Project": Exactly(["Alpine"]), "ProjectDate": Exactly("8")}}),
    ]
    assert [one.label for one in found] == [f"{path}:2", f"{path}:4", f"{path}:6"]


def test_all_wrong_cells_are_told_with_file_row_and_column(file: Any) -> None:
    path = file(
        "a.csv",
        "user,service_principal,Engineering.Project[],Engineering.ProjectDate\n"
        f"a@contoso.com,,Baker;;Cascade,{'x' * 65}\n"
        ",,Baker,\n"
        "b@contoso.com,payroll-api,Baker,\n"
        "c@contoso.com,,Baker,2022,8\n",
    )
    told = problems(src=path)
    assert told[0].startswith("FILE:2: column Engineering.Project: empty text")
    assert told[1].startswith("FILE:2: column Engineering.ProjectDate: text of 65 characters")
    assert told[2:] == [
        "FILE:3: user, service_principal: exactly one of them is needed",
        "FILE:4: user, service_principal: exactly one of them is needed",
        "FILE:5: cell 5 '8' has no header",
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "", [f"FILE:1: {NOBODY}"]),
        (
            "a.csv",
            "user|Engineering.Project\n",
            [f"FILE:1: column 1 'user|Engineering.Project' {UNKNOWN}", f"FILE:1: {NOBODY}"],
        ),
        (
            "a.csv",
            "user,Project,Engineering.9,Engineering.A,Engineering.A[],user\n",
            [
                f"FILE:1: column 2 'Project' {UNKNOWN}",
                f"FILE:1: column 3 'Engineering.9' {UNKNOWN}",
                "FILE:1: column 5 'Engineering.A[]' is there twice",
                "FILE:1: column 6 'user' is there twice",
            ],
        ),
        ("a.csv", 'user,A.B\na@b,"x\nc@d,y\n', ["FILE:3: unexpected end of data"]),
        ("a.json", "[{]", ["FILE:1: Expecting property name enclosed in double quotes"]),
        ("a.json", '[{"user": "a", "user": "b"}]', ["FILE:1: 'user' is there twice"]),
        (
            "a.json",
            "[" + "1" * 5000 + "]",
            [
                "FILE:1: " + "1" * 57 + '... is not a 32-bit integer; write "' + "1" * 57 + '..." for text',
                "FILE:1: " + NOT_AN_ITEM,
            ],
        ),
        ("a.jsonl", '{"user": "a", "user": "b"}', ["FILE:1: 'user' is there twice"]),
        ("a.jsonl", "[" * 100_000, ["FILE:1: is nested more than 32 levels deep"]),
        ("a.json", '{"items": []}', [f"FILE:1: 'items' is none of {KNOWN_SECTIONS}"]),
        ("a.yml", "a", ["FILE:1: " + NOT_A_DOCUMENT]),
        ("a.yml", "[3]", ["FILE:1: " + NOT_AN_ITEM]),
        (
            "a.csv",
            b"user,A.B\nJ\xfcrgen,1\n",
            [f"FILE:2: {NOT_UTF_8}"],
        ),
        ("a.jsonl", '[]\n{"user"\n', None),
    ],
)
def test_wrong_files(file: Any, name: str, content: Any, words: list[str] | None) -> None:
    told = problems(src=file(name, content))
    if words is None:
        assert all(re.match(r"FILE:[12]: (must be a dictionary|Expecting)", one) for one in told)
        assert told
    else:
        assert told == words


def test_a_mistake_in_yaml_is_told_with_its_line(file: Any) -> None:
    (told,) = problems(src=file("a.yml", "assignments:\n- user: a\n  attributes: {A: {B: [}}\n"))
    assert told.startswith("FILE:3: while parsing a flow ")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", "", r"src: .*a\.txt has none of the endings \.yml, \.yaml, \.json, \.jsonl, \.ndjson, \.csv"),
        ("a", "", "none of the endings"),
    ],
)
def test_unusable_files(file: Any, name: str, content: Any, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        declarations(None, str(file(name, content)))


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"src: there is no file or folder .*missing\.csv"):
        declarations(None, str(tmp_path / "missing.csv"))
    (tmp_path / "folder.yml").mkdir()
    with pytest.raises(OptionError, match=r"src: the folder .*folder\.yml has no file with one of the endings"):
        declarations(None, str(tmp_path / "folder.yml"))


def test_what_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # nobody may go there by its absolute path
    tmp_path.chmod(0o755)
    for name in (".git", "private"):
        Path(name).mkdir()
        Path(name, "b.yml").write_text("assignments: []\n")
        Path(name).chmod(0o700 if os.geteuid() == 0 else 0)
    Path("a.yml").write_text("assignments:\n- user: a\n  attributes: {A: {B: 1}}\n")
    me = os.geteuid()
    if me == 0:  # who may read everything
        os.seteuid(65534)
    try:
        assert problems(src=Path(".")) == ["private:1: cannot be read: Permission denied"]
        assert problems(src=Path("private")) == ["FILE:1: cannot be read: Permission denied"]
        with pytest.raises(OptionError, match=r"src: there is no file or folder .*b\.yml, or it may not be reached"):
            declarations(None, "private/b.yml")
    finally:
        os.seteuid(me)
        for name in (".git", "private"):
            Path(name).chmod(0o700)


SCATTERED = [
    "assignments:",
    "  - user: a@contoso.com",
    "    display_name: Only for people",
    "    attributes:",
    "      Engineering:",
    "        Project: [Baker]",
    "        NumVendors: 99999999999",
    "  - user: b@contoso.com",
    "    attributes: {Engineering: 3}",
    "  - {service_principal: c, attributes: {Sales: {'Bad Name': 1}}, expected: {Sales: {Region: {add: [x]}}}}",
]
PROBLEMS = [
    (7, "attributes.Engineering.NumVendors: the integer 99999999999 is outside the range of 32-bit integers,"),
    (9, "attributes.Engineering: must be a dictionary of attributes"),
    (10, "attributes.Sales: attribute 'Bad Name' has characters that names cannot hold: ' '"),
    (10, "expected.Sales.Region: must be an exact value"),
]


def test_each_problem_of_yaml_is_told_with_its_line(file: Any) -> None:
    told = problems(src=file("a.yml", "\n".join(SCATTERED)))
    assert len(told) == len(PROBLEMS)
    for problem, (line, words) in zip(told, PROBLEMS, strict=True):
        assert problem.startswith(f"FILE:{line}: {words}")


@pytest.mark.parametrize("bare", [True, False])
def test_each_problem_of_json_is_told_with_the_line_of_its_item(file: Any, bare: bool) -> None:
    items = yaml.safe_load("\n".join(SCATTERED))["assignments"]
    text = json.dumps(items if bare else {"definitions": [], "assignments": items}, indent=2)
    first = text.splitlines()
    starts = [number for number, line in enumerate(first, 1) if line == ("  {" if bare else "    {")]
    told = problems(src=file("a.json", "\n" + text))
    assert [problem.split(": ")[0] for problem in told] == [f"FILE:{starts[n] + 1}" for n in (0, 1, 2, 2)]


def test_a_key_that_is_there_twice_is_told(file: Any) -> None:
    told = problems(src=file("a.yml", "assignments: []\n'assignments': []\ndefinitions:\n- {name: a, name: b}\n"))
    assert told == ["FILE:2: 'assignments' is there twice", "FILE:4: 'name' is there twice"]


def test_yaml_that_cannot_be_constructed_is_told(file: Any) -> None:
    assert (
        problems(src=file("a.yml", "- 2022-13-45\n"))[0]
        == "FILE:1: 2022-13-45 is read by YAML as a date; write '2022-13-45' for text"
    )
    assert problems(src=file("a.yml", "- 1\n- \x07\n"))[0].startswith("FILE:2: ")
    assert problems(src=file("a.yml", "a: 1\n---\nb: 1\n"))[0].startswith("FILE:2: expected a single document")


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "b" / ".git").mkdir(parents=True)
    (tmp_path / "a.yml").write_text(
        "attribute_sets:\n- what: ever\ndefinitions:\nassignments:\n- user: a\n  attributes: {A: {B: 1}}\n"
    )
    (tmp_path / "b" / "c.csv").write_text("display_name,user,A.B\nBe,b,1\n")
    (tmp_path / "b" / "d.jsonl").write_text('{"user": "d", "attributes": {"A": {"B": "\u2028"}}}\n')
    (tmp_path / "b" / "README.md").write_text("# Read me")
    (tmp_path / "b" / "empty.yml").write_text("# nothing")
    (tmp_path / "b" / ".git" / "hidden.yml").write_text("wrong")
    (tmp_path / ".hidden.yml").write_text("wrong")
    found = declarations([{"user": "v", "attributes": {"A": {"B": 1}}}], str(tmp_path)).found
    labels = ["assignments[0]", f"{tmp_path}/a.yml:5", f"{tmp_path}/b/c.csv:2", f"{tmp_path}/b/d.jsonl:1"]
    assert [(one.label, one.who.name) for one in found] == list(zip(labels, "vabd", strict=True))


def test_all_files_of_a_folder_are_told_of_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("assignments:\n- user: A\n  attributes: {A: {B: 1}}\n")
    (tmp_path / "b.csv").write_text("user,A.B\na,1\n")
    (tmp_path / "c.json").write_text("{")
    (tmp_path / "d.yml").write_text("roles: []\n")
    (tmp_path / "e.csv").write_bytes(b"user\n\xff")
    assert problems(src=tmp_path) == [
        "FILE/b.csv:2: A.B of user 'a' is declared in FILE/a.yml:2 already",
        "FILE/c.json:1: Expecting property name enclosed in double quotes",
        f"FILE/d.yml:1: 'roles' is none of {KNOWN_SECTIONS}",
        f"FILE/e.csv:2: {NOT_UTF_8}",
    ]


def item(attributes: Any, **who: Any) -> dict[str, Any]:
    return {**(who or {"user": "a@contoso.com"}), "attributes": attributes}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            item({"A": {"B": 1}}, user="a", service_principal="b"),
            "assignments[0]: user, service_principal: exactly one of them is needed",
        ),
        (item({"A": {"B": 1}}, user=" "), "assignments[0]: user: is empty"),
        (item({"A": {"B": 1}}, user="a", state="absent"), "assignments[0]: has unknown keys: state"),
        (item({}), "assignments[0].attributes: must be a dictionary of attribute sets"),
        (item({"A": 1}), "assignments[0].attributes.A: must be a dictionary of attributes"),
        (item({"9": {"B": 1}}), "assignments[0].attributes.9: attribute set '9' starts with a digit"),
        (item({"A": {"B C": 1}}), "assignments[0].attributes.A: attribute 'B C' has characters"),
        (item({"A": {"B": ""}}), "assignments[0].attributes.A.B: empty text"),
        (item({"A": {"B": 2**31}}), "assignments[0].attributes.A.B: the integer 2147483648 is outside"),
        (item({"A": {"B": [True]}}), "assignments[0].attributes.A.B: a list cannot hold Booleans"),
        (item({"A": {"B": {}}}), "assignments[0].attributes.A.B: a dictionary can have the keys add and remove only"),
        (item({"A": {"B": {"set": 1}}}), "assignments[0].attributes.A.B: a dictionary can have the keys add"),
        (item({"A": {"B": {"add": [1], "remove": [1]}}}), "assignments[0].attributes.A.B: 1 is both added and removed"),
    ],
    ids=str,
)
def test_wrong_items(wrong: dict[str, Any], words: str) -> None:
    (told,) = problems([wrong])
    assert told.startswith(words)


def test_who_is_declared_twice_is_told_with_both_places() -> None:
    twice = [item({"A": {"B": 1}}), item({"A": {"B": 1}}, service_principal="a@contoso.com"), item({"A": {"B": 2}})]
    assert problems(twice) == ["assignments[2]: A.B of user 'a@contoso.com' is declared in assignments[0] already"]


def test_items_of_one_principal_are_one_declaration_with_the_place_of_each_attribute() -> None:
    items = [
        item({"A": {"B": 1}}, user="a"),
        item({"A": {"B": 1}}, user="b"),
        item({"A": {"C": 2}, "D": {"E": 3}}, user="A"),
    ]
    merged, other = declarations(items, None).found
    assert merged.label == "assignments[0] and assignments[2]"
    assert {str(name): merged.place_of(name) for name in merged.desired} == {
        "A.B": "assignments[0]",
        "A.C": "assignments[2]",
        "D.E": "assignments[2]",
    }
    assert merged.attribute_sets == ("A", "D")
    assert other.label == "assignments[1]"


@pytest.mark.parametrize("name", ["one.json", "one.yml"])  # JSON is YAML, too
def test_who_is_declared_twice_in_one_line_is_told(file: Any, name: str) -> None:
    path = file(name, json.dumps([item({"A": {"B": 1}}), item({"A": {"B": 2}})]))
    assert problems(src=path) == ["FILE:1: A.B of user 'a@contoso.com' is declared in FILE:1 already"]


def test_many_problems_are_counted_beyond_fifty() -> None:
    told = problems([item({"A": {"B": ""}}, user=f"u{n}") for n in range(53)])
    assert len(told) == 51
    assert told[-1] == "and 3 more"
