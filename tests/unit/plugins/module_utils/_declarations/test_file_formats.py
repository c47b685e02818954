# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files as people have them: what is read from each format, and what is refused before the first request."""

from __future__ import annotations

import codecs
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import Exactly
from ansible_collections.entra.attributes.plugins.module_utils._declarations import files as _files
from ansible_collections.entra.attributes.plugins.module_utils._declarations import yaml_json as _yaml_json
from ansible_collections.entra.attributes.plugins.module_utils._declarations.assignments import (
    Declaration,
    declarations,
)
from ansible_collections.entra.attributes.plugins.module_utils._declarations.locations import Undecryptable
from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidDeclaration, OptionError

File = Callable[..., Path]


@pytest.fixture
def file(tmp_path: Path) -> File:
    def written(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def declared(path: Path, decrypt: Callable[[str], str] | None = None) -> list[Any]:
    """Return (kind, property, name, {Set.Attribute: value}) of each declaration."""
    found = (declarations(None, str(path), decrypt) if decrypt else declarations(None, str(path))).found
    return [(one.who.kind.name, one.who.by, one.who.name, values(one)) for one in found]


def values(one: Declaration) -> dict[str, Any]:
    return {str(name): wanted.value for name, wanted in one.desired.items() if isinstance(wanted, Exactly)}


def problems(path: Path) -> list[str]:
    with pytest.raises(InvalidDeclaration) as refusal:
        declarations(None, str(path))
    return [problem.replace(str(path), "FILE") for problem in refusal.value.problems]


def yaml_of(value: str) -> str:
    return f"- user: a@contoso.com\n  attributes:\n    A:\n      B: {value}\n"


def instead(text: str, meaning: str) -> str:
    return f"FILE:4: attributes.A.B: {text} is read by YAML as {meaning}; write '{text}' for text"


NUMBER, DATE = "a number that is not an integer", "a date"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("00123", instead("00123", "the integer 83")),
        ("0x1F", instead("0x1F", "the integer 31")),
        ("0b11", instead("0b11", "the integer 3")),
        ("1_000", instead("1_000", "the integer 1000")),
        ("+8", instead("+8", "the integer 8")),
        ("-0", instead("-0", "the integer 0")),
        ("12:30:45", instead("12:30:45", "the integer 45045")),
        ("0x_", instead("0x_", "an integer")),
        ("1.10", instead("1.10", NUMBER)),
        ("1.0", instead("1.0", NUMBER)),
        (".inf", instead(".inf", NUMBER)),
        (".NaN", instead(".NaN", NUMBER)),
        ("1:30.5", instead("1:30.5", NUMBER)),
        ("2026-01-01", instead("2026-01-01", DATE)),
        ("2026-13-45", instead("2026-13-45", DATE)),
        ("2001-12-14t21:59:43.10-05:00", instead("2001-12-14t21:59:43.10-05:00", DATE)),
        ("Null", instead("Null", "null, which is written null to remove an attribute")),
        ("NULL", instead("NULL", "null, which is written null to remove an attribute")),
        ("", "FILE:4: attributes.A.B: is empty; write null to remove the attribute"),
        ("!!binary aGk=", "FILE:4: attributes.A.B: has the YAML tag !!binary, which is not accepted; write plain text"),
        ("!mine x", "FILE:4: attributes.A.B: has the YAML tag !mine, which is not accepted; write plain text"),
        ("!!python/name:os.system x", "FILE:4: attributes.A.B: has the YAML tag !!python/name:os.system,"),
        ("!!set {a}", "FILE:4: attributes.A.B: has the YAML tag !!set, which is not accepted; write plain text"),
        ("!!bool maybe", "FILE:4: attributes.A.B: has the YAML tag !!bool, which is not accepted; write plain text"),
        ("[DK, NO, SE]", "FILE:4: attributes.A.B: a list cannot hold Booleans;"),
        ("9" * 5000, f"FILE:4: attributes.A.B: {'9' * 57}... is read by YAML as an integer;"),
        ("0x" + "f" * 9000, f"FILE:4: attributes.A.B: 0x{'f' * 55}... is read by YAML as an integer;"),
        ("!!int [1]", "FILE:4: tag:yaml.org,2002:int is not a scalar"),
        ("!!str {=: x}", "FILE:4: tag:yaml.org,2002:str is not a scalar"),
    ],
)
def test_yaml_that_reads_as_something_else_is_refused_with_the_text_of_the_file(
    file: File, text: str, problem: str
) -> None:
    found = problems(file("a.yml", yaml_of(text)))[0]
    assert found.startswith(problem)
    assert len(found) < 300


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("GS45897", "GS45897"),
        ("'00123'", "00123"),
        ("'NO'", "NO"),
        ("1e3", "1e3"),
        ("08", "08"),
        ("=", "="),
        ("<<", "<<"),
        ("'~'", "~"),
        ("!!str 00123", "00123"),
        ("8", 8),
        ("-2147483648", -2147483648),
        ("true", True),
        ("NO", False),
        ("on", True),
        ("null", None),
        ("~", None),
        ("[]", None),
        ("[a, '1']", ["a", "1"]),
    ],
)
def test_yaml_that_stays_what_it_is(file: File, text: str, value: object) -> None:
    assert declared(file("a.yml", yaml_of(text))) == [("user", "", "a@contoso.com", {"A.B": value})]


def test_a_list_of_country_codes_is_refused_with_the_word_of_the_file(file: File) -> None:
    assert problems(file("a.yml", yaml_of("[DK, NO, SE]"))) == [
        "FILE:4: attributes.A.B: a list cannot hold Booleans; Boolean attributes hold a single value."
        " YAML reads NO as a Boolean; write 'NO' for text"
    ]


@pytest.mark.parametrize("key", ["No", "on", "8", "1.5", "2026-01-01", "~"])
def test_keys_that_are_no_text_are_refused(file: File, key: str) -> None:
    for text in (yaml_of("x").replace("A:", f"{key}:"), yaml_of("x").replace("B:", f"{key}:")):
        line = 3 if "B:" in text else 4
        assert f"FILE:{line}: the key {key} is not text for YAML; write '{key}'" in problems(file("a.yml", text))
    quotes = file("a.yml", yaml_of("x").replace("A:", "'No':"))
    assert declared(quotes) == [("user", "", "a@contoso.com", {"No.B": "x"})]


def test_merged_and_aliased_values_are_read(file: File) -> None:
    text = (
        "- user: a@contoso.com\n  attributes: &all\n    A: &A {B: &B [x, y]}\n"
        "- user: b@contoso.com\n  attributes: *all\n"
        "- user: c@contoso.com\n  attributes: {A: {<<: *A, C: *B}}\n"
    )
    assert [one[3] for one in declared(file("a.yml", text))] == [
        {"A.B": ["x", "y"]},
        {"A.B": ["x", "y"]},
        {"A.B": ["x", "y"], "A.C": ["x", "y"]},
    ]


LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    + ["assignments: [*a11]"]
)
MERGES = "\n".join(
    ["a0: &a0 {k: v}"]
    + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    + ["assignments: []"]
)
DEEP_ALIASES = "\n".join(["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 2000)])


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.yml", "[" * 100_000, "FILE:1: is nested more than 32 levels deep"),
        ("a.yml", "{a: " * 100_000, "FILE:1: is nested more than 32 levels deep"),
        ("a.yml", "- " * 100_000 + "a", "FILE:1: is nested more than 32 levels deep"),
        ("a.yml", "? " * 100_000 + "a", "FILE:1: is nested more than 32 levels deep"),
        ("a.yml", '["]", ' * 100_000, "FILE:1: is nested more than 32 levels deep"),
        ("a.yml", LAUGHS, "has aliases that expand it to more than 1,000,000 values"),
        ("a.yml", MERGES, "has aliases that expand it to more than 1,000,000 values"),
        ("a.yml", DEEP_ALIASES, "is nested more than 32 levels deep"),
        ("a.yml", "- &a {user: a, attributes: *a}", "FILE:1: holds itself by an alias"),
        ("a.yml", "- ? [1, 2]\n  : x", "FILE:1: while constructing a mapping, found unhashable key"),
        ("a.yml", yaml_of(f"'{'x' * 1_000_000}'"), "FILE:4: attributes.A.B: text of 1000000 characters"),
        ("a.yml", yaml_of("x").replace("B:", f"? {'B' * 1_000_000}\n      :"), "FILE:3: attributes.A: attribute 'BBB"),
        ("a.yml", yaml_of("\x00"), "FILE:4: "),
        ("a.yml", b"- \xff\xfe", "FILE:1: is not UTF-8 text"),
        ("a.yml", "null", f"FILE:1: {_yaml_json._FORM}"),
        ("a.json", "null", f"FILE:1: {_yaml_json._FORM}"),
        ("a.json", "3", f"FILE:1: {_yaml_json._FORM}"),
        ("a.json", "", "FILE:1: is empty"),
        ("a.json", "[" * 100_000, "FILE:1: is nested more than 32 levels deep"),
        ("a.json", "[" * 40 + "]" * 40, "FILE:1: is nested more than 32 levels deep"),
        ("a.json", '{"a":' * 100_000, "FILE:1: is nested more than 32 levels deep"),
        (
            "a.json",
            '[\n{"user": "a", "attributes": {"A": {"B": NaN}}}]',
            'FILE:2: NaN is not a 32-bit integer; write "NaN"',
        ),
        (
            "a.json",
            '[{"user": "-Infinity", "attributes": {"A": {"B":\n-Infinity}}}]',
            "FILE:2: -Infinity is not a 32-bit",
        ),
        (
            "a.json",
            '[{"user": "a", "attributes": {"A": {"B": 1.10}}}]',
            'FILE:1: 1.10 is not a 32-bit integer; write "1.10"',
        ),
        (
            "a.json",
            '[{"user": "a", "attributes": {"A": {"B": 1e3}}}]',
            'FILE:1: 1e3 is not a 32-bit integer; write "1e3"',
        ),
        ("a.json", '[{"user": "a", "attributes": {"A": {"B": -0}}}]', 'FILE:1: -0 is not a 32-bit integer; write "-0"'),
        ("a.json", '[{"user": "a", "attributes": {"A": {"B": "\\ud800"}}}]', "FILE:1: attributes.A.B: "),
        ("a.json", '[{"user": "\\ud800", "attributes": {"A": {"B": "x"}}}]', "FILE:1: user: "),
        ("a.jsonl", "null\n", "FILE:1: must be a dictionary with attributes"),
        ("a.jsonl", "\n" + "[" * 100_000, "FILE:2: is nested more than 32 levels deep"),
        ("a.jsonl", '\n{"user": "a", "attributes": {"A": {"B": 1.10}}}', "FILE:2: 1.10 is not a 32-bit integer"),
        ("a.jsonl", '{"user": "a", "attributes": {"A": {"B": ' + "1" * 5000 + "}}}", "FILE:1: 111"),
        ("a.csv", b"PK\x03\x04\x14\x00", "FILE:1: is an Excel or OpenDocument workbook, not a text. In Excel, save it"),
        (
            "a.csv",
            b"\xd0\xcf\x11\xe0\xa1",
            "FILE:1: is an Excel workbook, not a text. In Excel, save it with the type CSV",
        ),
        ("a.csv", "user,A.B\nJürgen@contoso.com,x\n".encode("cp1252"), "FILE:2: is not UTF-8 text. In Excel, save it"),
        ("a.csv", b"\xff\xfeu", "FILE:1: is not UTF-16 text."),
        ("a.csv", "user,A.B\na,x\x00y" + "z" * 200_000, "FILE:2: "),
    ],
    ids=str,
)
def test_files_that_broke_the_controller_end_in_one_line(
    file: File, name: str, content: str | bytes, problem: str
) -> None:
    began = time.monotonic()
    found = problems(file(name, content))
    assert problem in found[0] if not problem.startswith("FILE") else found[0].startswith(problem)
    assert max(map(len, found)) < 400
    assert time.monotonic() - began < 10


def test_the_slow_yaml_parser_has_the_same_limits(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(_yaml_json.yaml, "CSafeLoader", raising=False)
    assert problems(file("a.yml", "[" * 5_000)) == ["FILE:1: is nested more than 32 levels deep"]
    assert problems(file("a.yml", yaml_of("00123"))) == [instead("00123", "the integer 83")]


def test_a_file_that_is_too_large_is_not_read(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_files, "MAX_BYTES", 1024 * 1024)
    path = file("a.yml", "")
    os.truncate(path, 1024 * 1024 + 1)
    assert problems(path) == ["FILE:1: is larger than 1 MiB; split it into several files"]


def test_a_document_with_too_many_values_is_refused(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_yaml_json, "MAX_NODES", 1000)
    for name in ("a.yml", "a.json"):
        assert "has more than 20,000,000 values; split the file" in problems(file(name, json.dumps([0] * 1002)))[0]


def test_what_is_not_a_regular_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yml"
    os.mkfifo(pipe)
    assert problems(pipe)[0].endswith("not a regular file")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    assert problems(tmp_path / "zero.csv")[0].endswith("not a regular file")
    with pytest.raises(OptionError, match="has no file with one of the endings"):
        declarations(None, str(tmp_path))


@pytest.mark.parametrize("ending", ["xlsx", "xls", "ods", "XLSM"])
def test_a_workbook_is_refused_with_how_to_save_it(file: File, ending: str) -> None:
    with pytest.raises(OptionError, match=r"In Excel, save it with the type CSV UTF-8 \(Comma delimited\)"):
        declarations(None, str(file(f"a.{ending}", b"PK\x03\x04")))


ROWS = [["user", "A.B", "A.C[]"], ["jürgen@contoso.com", "00123", "x;y"], ["b@contoso.com", "null", ""]]
MEANT = [
    ("user", "", "jürgen@contoso.com", {"A.B": "00123", "A.C": ["x", "y"]}),
    ("user", "", "b@contoso.com", {"A.B": None}),
]


def text_of(delimiter: str, end: str = "\n") -> str:
    cells = ([f'"{cell}"' if delimiter in cell else cell for cell in row] for row in ROWS)
    return "".join(delimiter.join(row) + end for row in cells)


@pytest.mark.parametrize(
    "content",
    [
        text_of(",").encode(),
        text_of(";").encode(),
        text_of("\t").encode(),
        codecs.BOM_UTF8 + text_of(";", "\r\n").encode(),
        text_of("\t", "\r\n").encode("utf-16"),
        codecs.BOM_UTF16_BE + text_of(",").encode("utf-16-be"),
        text_of(",", "\r").encode(),
        ("sep=;\r\n" + text_of(";", "\r\n")).encode(),
        ("sep=,\n" + text_of(",")).encode(),
        text_of(",").replace("\n", ",,,\n").encode() + b",,,,,\n\n,,\n",
    ],
    ids=["comma", "semicolon", "tab", "bom", "utf-16", "utf-16-be", "cr", "sep", "sep-comma", "empty-columns"],
)
def test_csv_as_spreadsheets_write_it(file: File, content: bytes) -> None:
    assert declared(file("a.csv", content)) == MEANT


def test_lines_are_counted_with_the_line_of_the_delimiter(file: File) -> None:
    assert problems(file("a.csv", "sep=;\nuser;A.B\na;x\nb;#N/A\n"))[0].startswith("FILE:4: column A.B: '#N/A' is not")


GUID = "33333333-3333-4333-8333-333333333301"


@pytest.mark.parametrize(
    ("header", "row", "who"),
    [
        ("user", "a@b", ("user", "", "a@b")),
        ("USERPRINCIPALNAME", "a@b", ("user", "", "a@b")),
        ("Upn", "a@b", ("user", "", "a@b")),
        ("Mail", "a@b", ("user", "mail", "a@b")),
        ("Employee ID", "00123", ("user", "employee_id", "00123")),
        ("service_principal", "payroll", ("service_principal", "", "payroll")),
        ("Service Principal", "payroll", ("service_principal", "", "payroll")),
        ("AppId", GUID, ("service_principal", "", GUID)),
        ("Application ID,Object Id", f"x,{GUID}", ("service_principal", "", GUID)),
        ("id,upn", f"{GUID},a@b", ("user", "", GUID)),
        ("mail,userPrincipalName,employeeId", "m@b,a@b,7", ("user", "", "a@b")),
        ("mail,userPrincipalName,employeeId", "m@b,,7", ("user", "mail", "m@b")),
        ("upn,displayName,appId", ",x,y", ("service_principal", "", "y")),
    ],
)
def test_headers_that_say_who_it_is(file: File, header: str, row: str, who: tuple[str, ...]) -> None:
    assert declared(file("a.csv", f"{header},A.B\n{row},x\n")) == [(*who, {"A.B": "x"})]


PORTAL = (
    "userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,accountEnabled,usageLocation,"
    "streetAddress,state,country,officeLocation,city,postalCode,telephoneNumber,mobilePhone,alternateEmailAddress,"
    "ageGroup,consentProvidedForMinor,legalAgeGroupClassification,companyName,creationType,directorySynced,"
    "invitationState,identityIssuer,createdDateTime"
)


def test_the_file_that_the_portal_downloads_works_with_columns_added(file: File) -> None:
    row = f"a@contoso.com,Ada,,a.b@contoso.com,,{GUID}" + ",x" * 23
    path = file("a.csv", f"\ufeff{PORTAL},A.B,A.C[]\n{row},00123,x;y\n")
    assert declared(path) == [("user", "", GUID, {"A.B": "00123", "A.C": ["x", "y"]})]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("id,A.B\nx,y\n", "FILE:1: the column id does not say whose it is; name it user or service_principal"),
        ("A.B\ny\n", "FILE:1: no column says who it is, such as user, mail, employeeId or service_principal"),
        ("user,Nickname,A.B\na,b,c\n", "FILE:1: column 2 'Nickname' is not known; accepted are user,"),
        ("user,upn,A.B\n", None),
        ("user,service_principal,A.B\na,b,c\n", "FILE:2: user, service_principal: exactly one of them is needed"),
        ("user,service_principal,A.B\n,,c\n", "FILE:2: user, service_principal: exactly one of them is needed"),
        ("user,A.B,\na,b,c\n", "FILE:2: cell 3 'c' has no header"),
        ("user,A.B\na,b\nA,c\n", "FILE:3: A.B of user 'A' is declared in FILE:2 already"),
        *(
            (f"user,A.B\na,{cell}\n", f"FILE:2: column A.B: '{cell}' is not taken for a value. Write null to remove")
            for cell in [
                "NULL",
                "Null",
                "#N/A",
                "n/a",
                "#REF!",
                "#VALUE!",
                "#DIV/0!",
                "#NAME?",
                "#NV",
                "NaN",
                "-",
                "####",
            ]
        ),
        ("user,A.B[]\na,x;#N/A\n", "FILE:2: column A.B: '#N/A' is not taken for a value."),
        ("user,A.B[]\na,x;null\n", "FILE:2: column A.B: 'null' is not taken for a value."),
        ("user,attribute_set,name\na,A,B\n", "FILE:1: the long form needs one column value or value[]"),
        ("user,attribute_set,name,value,Size\na,A,B,c,d\n", "FILE:1: column 5 'Size' is not known"),
        ("user,attribute_set,name,value\na,A,,c\n", "FILE:2: has a value, but no name"),
        ("user,attribute_set,name,value\na,A,B,c\na,A,B,null\n", "FILE:3: removes the attribute to which FILE:2 gives"),
        ("user,attribute_set,name,value\na,A,B,n/a\n", "FILE:2: value: 'n/a' is not taken for a value."),
        ("user,attribute_set,name,value\na,A,B,c\na,A,D E,c\n", "FILE:2: A: attribute 'D E' has characters"),
    ],
)
def test_csv_that_is_refused(file: File, text: str, problem: str | None) -> None:
    if problem is None:
        assert problems(file("a.csv", text)) == ["FILE:1: column 2 'upn' is there twice"]
    else:
        assert problems(file("a.csv", text))[0].startswith(problem)


def test_the_long_form_makes_lists_of_several_rows(file: File) -> None:
    text = (
        "UserPrincipalName;Attribute Set;Name;Value\n"
        "a@contoso.com;A;B;x\n"
        "b@contoso.com;A;B;x\n"
        "A@contoso.com;A;B;y\n"
        "a@contoso.com;A;C;00123\n"
        "b@contoso.com;A;D;null\n"
        "b@contoso.com;A;E;\n"
    )
    assert declared(file("a.csv", text)) == [
        ("user", "", "a@contoso.com", {"A.B": ["x", "y"], "A.C": "00123"}),
        ("user", "", "b@contoso.com", {"A.B": ["x"], "A.D": None}),
    ]
    wide = file("b.csv", "user,attribute_set,name,value[]\na,A,B,x;y\n")
    assert declared(wide) == [("user", "", "a", {"A.B": ["x", "y"]})]


def test_a_row_of_the_long_form_leaves_to_the_attribute_whether_it_is_a_list(file: File) -> None:
    (found,) = declarations(None, str(file("a.csv", "user,attribute_set,name,value\na,A,B,x\n"))).found
    assert found.desired == {("A", "B"): Exactly("x", either=True)}


SECRET = "$ANSIBLE_VAULT;1.1;AES256\n6162"


def decrypted(text: str) -> str:
    if "6162" not in text:
        raise Undecryptable("wrong secret")
    return yaml_of("'00123'")


def test_thousands_of_rows_are_read_as_each_of_them(file: File) -> None:
    rows = [[f"u{number}@contoso.com", str(number % 3), "x" * (number % 5)] for number in range(2_500)]
    rows[1_700][0] = "U3@contoso.com"  # again, for another attribute
    rows[1_700][1:] = ["", "y"]
    rows[3][2] = ""
    header = "user,A.Number,A.Text\n"
    whole = file("a.csv", header + "".join(f"{','.join(row)}\n" for row in rows))
    one_by_one = [
        {
            "user": name,
            "attributes": {"A": {**({"Number": count} if count else {}), **({"Text": text} if text else {})}},
        }
        for name, count, text in rows
    ]
    expected = declarations(one_by_one, None).found
    found = declarations(None, str(whole)).found
    assert [(one.who, one.desired, one.attribute_sets) for one in found] == [
        (one.who, one.desired, one.attribute_sets) for one in expected
    ]
    assert found[3].label == f"{whole}:5 and {whole}:1702"
    assert [one.label for one in found[1_699:1_701]] == [f"{whole}:1701", f"{whole}:1703"]
    rows[700][2], rows[1_800][0], rows[2_400][0] = "#N/A", "a\u200bb", "u2@contoso.com"
    said = problems(file("b.csv", header + "".join(f"{','.join(row)}\n" for row in rows)))
    assert sorted(problem.partition(": ")[0] for problem in said) == ["FILE:1802", "FILE:2402", "FILE:702"]


@pytest.mark.parametrize("name", ["a.yml", "a.csv", "a.json", "a.jsonl"])
def test_an_encrypted_file_is_refused_without_the_secret(file: File, name: str) -> None:
    (problem,) = problems(file(name, SECRET))
    assert problem.startswith("FILE:1: is encrypted with ansible-vault: only Ansible itself has the secret.")


def test_an_encrypted_file_is_read_with_the_secret(file: File) -> None:
    assert declared(file("a.yml", SECRET), decrypted) == [("user", "", "a@contoso.com", {"A.B": "00123"})]
    value = file("b.yml", yaml_of("!vault |\n          $ANSIBLE_VAULT;1.1;AES256\n          6162"))
    assert declared(value, lambda text: "00123") == [("user", "", "a@contoso.com", {"A.B": "00123"})]
    assert problems(value)[0].startswith("FILE:4: attributes.A.B: is encrypted with ansible-vault: only Ansible itself")
    with pytest.raises(InvalidDeclaration, match="is encrypted with ansible-vault: wrong secret"):
        declared(file("a.yml", SECRET.replace("6162", "")), decrypted)


@pytest.mark.parametrize(
    ("who", "problem"),
    [
        (
            {"mail": "a@contoso.com", "employee_id": "1"},
            "user: a dictionary must have exactly one of the keys mail and",
        ),
        ({}, "user: a dictionary must have exactly one of the keys mail and employee_id"),
        ({"name": "a"}, "user: a dictionary must have exactly one of the keys mail and employee_id"),
        ({"mail": 7}, "user: YAML read the integer 7 where text is needed; put it in quotes"),
        ({"mail": " "}, "user: is empty"),
        (["a"], "user: a list is not text"),
        (True, "user: YAML read the Boolean true where text is needed"),
        (None, "user, service_principal, users, service_principals, agents: exactly one of them is needed"),
    ],
)
def test_a_user_that_is_named_in_a_wrong_way(who: object, problem: str) -> None:
    with pytest.raises(InvalidDeclaration) as refusal:
        declarations([{"user": who, "attributes": {"A": {"B": "x"}}}], None)
    assert refusal.value.problems[0].startswith(f"assignments[0]: {problem}")
