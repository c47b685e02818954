# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of files against the local Graph: Entra gets what the file says, or the run fails before the first request."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from _tenant import Tenant
from hypothesis import HealthCheck, example, given, seed, settings
from hypothesis import strategies as st

from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    AmbiguousPrincipal,
    InvalidDeclaration,
    OptionError,
)
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignment import ASSIGNMENT
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BulkError

from ...conftest import ADELE
from .test_assignments import BATCH, bulk, failure, number, read_as, user

DOUBLE = {"id": number(1), "displayName": "Double", "userPrincipalName": "d@contoso.com"}
ADELE_MAIL, ADELE_EMPLOYEE = {"mail": "adele@contoso.com"}, {"employee_id": "E1001"}


def file(folder: Path, text: str, name: str = "a.yml") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("how", ["filters", "pages"])
def test_users_are_found_by_mail_and_employee_id(tenant: Tenant, how: str) -> None:
    items = [{**user("x", NumVendors=n), "user": {"mail": mail}} for n, mail in enumerate(["ADELE@contoso.com"])]
    items += [{**user("x", NumVendors=2), "user": {"employee_id": "e1002"}}, user("dara@contoso.com", NumVendors=3)]
    result = read_as(how, tenant, items)
    assert [one["after"] for one in result["results"]] == [{"Engineering": {"NumVendors": n}} for n in (0, 2, 3)]
    read = [one for one in tenant.log if one["method"] == "GET" and "/users" in one["path"]]
    assert any("employeeId" in json.dumps(one) for one in read)
    tenant.emulator.clear()
    assert not read_as(how, tenant, items)["changed"]
    assert tenant.requests == (["GET /v1.0/users"] if how == "pages" else [BATCH])


def test_a_property_is_read_only_where_it_is_asked_for(tenant: Tenant) -> None:
    bulk(tenant, [user("adele@contoso.com", NumVendors=1)], check_mode=True)
    assert "mail" not in json.dumps(tenant.log).lower()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["filters", "pages"])
def test_the_same_user_by_mail_and_by_id_is_declared_twice(tenant: Tenant, how: str) -> None:
    for other in (ADELE, ADELE_EMPLOYEE, "adele@contoso.com"):
        items = [{**user("x", NumVendors=1), "user": one} for one in (ADELE_MAIL, other)]
        with pytest.raises(OptionError, match=r"is declared twice, in assignments\[0\] and assignments\[1\]"):
            read_as(how, tenant, items)
    assert not tenant.writes
    with pytest.raises(InvalidDeclaration, match="user with the mail address 'ADELE@contoso"):
        bulk(
            tenant,
            [{**user("x", NumVendors=1), "user": {"mail": one}} for one in ("adele@contoso.com", "ADELE@contoso.com")],
        )


@pytest.mark.parametrize("how", ["filters", "pages"])
def test_items_that_name_one_user_in_different_ways_make_one_write(tenant: Tenant, how: str) -> None:
    items = [
        {**user("x", NumVendors=1), "user": ADELE_MAIL},
        {**user("x", Certification=True), "user": "adele@contoso.com"},
        user("dara@contoso.com", NumVendors=3),
    ]
    result = read_as(how, tenant, items)
    assert [entry["after"] for entry in result["results"]] == [
        {"Engineering": {"NumVendors": 1, "Certification": True}},
        {"Engineering": {"NumVendors": 3}},
    ]
    assert len(tenant.writes) == 2


def test_a_mail_address_of_several_users_lists_them(tenant: Tenant) -> None:
    state = tenant.emulator.tenant()
    state["users"].append({**DOUBLE, **ADELE_MAIL})
    tenant.emulator.tenant(state)
    error = failure(tenant, [{**user("x", NumVendors=1), "user": one} for one in (ADELE_MAIL, {"employee_id": "none"})])
    first, second = error.result["results"]
    assert first["msg"].startswith("user: 2 users have the mail address 'adele@contoso.com': id ")
    assert {one["user_principal_name"] for one in first["candidates"]} == {"adele@contoso.com", "d@contoso.com"}
    assert second["msg"] == "user: there is no user with the employee id 'none' in this tenant."
    assert second["principal"] == {"id": None, "type": "user", "display_name": "none", "user_principal_name": None}


def test_the_single_module_takes_a_mail_address(tenant: Tenant) -> None:
    options = {"attribute_set": "Engineering", "name": "NumVendors", "value": 5}
    assert tenant.run(ASSIGNMENT, user=ADELE_MAIL, **options)["changed"]
    assert not tenant.run(ASSIGNMENT, user=ADELE_EMPLOYEE, **options)["changed"]
    assert tenant.state[ADELE]["Engineering"]["NumVendors"] == 5
    state = tenant.emulator.tenant()
    state["users"].append({**DOUBLE, **ADELE_MAIL})
    tenant.emulator.tenant(state)
    with pytest.raises(AmbiguousPrincipal, match=r"user: 2 users have the mail address 'adele@contoso\.com'") as error:
        tenant.run(ASSIGNMENT, user=ADELE_MAIL, **options)
    assert {one["id"] for one in error.value.candidates} == {ADELE, number(1)}


@pytest.mark.parametrize(("on_missing", "warned"), [("warn", True), ("skip", False)])
def test_a_principal_that_does_not_exist_is_an_outcome_of_its_own(
    tenant: Tenant, on_missing: str, warned: bool
) -> None:
    items = [user("nobody@contoso.com", NumVendors=1), user("gone@contoso.com", NumVendors=None)]
    items += [user("adele@contoso.com", NumVendors=1)]
    for check_mode in (True, False):
        result = bulk(tenant, items, check_mode, on_missing=on_missing, on_error="stop")
        counts = result["summary"]
        assert (counts["changed"], counts["unchanged"], counts["failed"], counts["missing"]) == (1, 0, 0, 2)
        assert [one["missing"] for one in result["results"]] == [True, True, False]
        assert not any(one["failed"] for one in result["results"])
        assert result["results"][0]["msg"] == "user: there is no user 'nobody@contoso.com' in this tenant."
        said = "2 of 3 principals do not exist: assignments[0]: user 'nobody@contoso.com'; assignments[1]: user"
        assert [one.startswith(said) for one in result.get("warnings", [])] == [True] * warned
    assert tenant.state[ADELE]["Engineering"] == {"NumVendors": 1}


def test_an_ambiguous_principal_fails_whatever_happens_to_missing_ones(tenant: Tenant) -> None:
    item = {"service_principal": "Reports", "attributes": {"Engineering": {"NumVendors": 1}}}
    assert failure(tenant, [item], on_missing="skip").result["summary"]["failed"] == 1


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "a.yml",
            "- user: adele@contoso.com\n  attributes: {Marketing: {EmployeeId: NO}}\n",
            "YAML reads NO as a Boolean; write 'NO' for text.",
        ),
        (
            "a.csv",
            "user,Marketing.AppCountry\nadele@contoso.com,Peru\n",
            "multi-valued; give a list. Name the column Marketing.AppCountry[], and separate values by ; in its cells.",
        ),
    ],
)
def test_a_refused_value_says_what_to_write_in_the_file(
    tenant: Tenant, tmp_path: Path, name: str, text: str, words: str
) -> None:
    (failed,) = failure(tenant, src=file(tmp_path, text, name)).result["failures"]
    assert words in failed
    assert not tenant.writes


def test_one_row_of_the_long_form_is_what_the_attribute_is(tenant: Tenant, tmp_path: Path) -> None:
    text = (
        "upn;attribute_set;name;value\n"
        "adele@contoso.com;Marketing;AppCountry;Peru\n"
        "adele@contoso.com;Marketing;EmployeeId;00123\n"
        "adele@contoso.com;Engineering;NumVendors;8\n"
        "adele@contoso.com;Engineering;Certification;TRUE\n"
    )
    src = file(tmp_path, text, "a.csv")
    bulk(tenant, src=src)
    assert tenant.state[ADELE] == {
        "Marketing": {"AppCountry": ["Peru"], "EmployeeId": "00123"},
        "Engineering": {"NumVendors": 8, "Certification": True},
    }
    assert not bulk(tenant, src=src)["changed"]


def held(tenant: Tenant, name: str) -> Any:
    return tenant.emulator.state(ADELE).get("Marketing", {}).get(name)


ALPHABET = "0123456789abcdefxonyesNOtrufalsl+-_.:~!=<&*#%@'\"[]{}|>, TZ\u00e9"
SCALARS = st.one_of(
    st.text(ALPHABET, max_size=8),
    st.from_regex(r"[-+]?(0[bx]?)?[0-9_]{1,6}(\.[0-9]*)?(e[-+]?[0-9]+)?", fullmatch=True),
    st.from_regex(r"[0-9]{1,4}[-:][0-9]{1,2}[-:][0-9]{1,2}", fullmatch=True),
    st.sampled_from(
        ["~", "null", "Null", "NULL", "", "on", "Off", "YES", "no", "y", ".inf", "-.INF", ".NaN", "=", "<<"]
    ),
)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["yml", "json", "csv"])
@seed(20261126)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(scalar=SCALARS)
@example("00123")
@example("NO")
@example("1.10")
def test_entra_gets_the_text_of_the_file_or_nothing(
    tenant: Tenant, tmp_path_factory: pytest.TempPathFactory, ending: str, scalar: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    text = {
        "yml": f"- user: {ADELE}\n  attributes:\n    Marketing:\n      EmployeeId: {scalar}\n",
        "json": f'[{{"user": "{ADELE}", "attributes": {{"Marketing": {{"EmployeeId": {scalar}}}}}}}]',
        "csv": f"user,Marketing.EmployeeId\n{ADELE},{scalar}\n",
    }[ending]
    tenant.emulator.reset()
    before = held(tenant, "EmployeeId")
    tenant.emulator.clear()
    refused, problems = False, []
    try:
        bulk(tenant, src=file(folder, text, f"scalar.{ending}"))
    except InvalidDeclaration as error:
        refused, problems = True, error.problems
    except BulkError as error:
        problems = error.result["failures"]
    if problems:
        assert all(re.match(rf".*scalar\.{ending}:\d+: ", problem) for problem in problems)
        assert held(tenant, "EmployeeId") == before
        assert not refused or tenant.requests == []
        return
    now = held(tenant, "EmployeeId")
    written = _written(scalar.strip(), ending)
    assert now == (before if written == "" and ending == "csv" else None if written is None else written)


def _written(scalar: str, ending: str) -> str | None:
    """Return the text that stands in the file, without the quotes and comments of its format."""
    if scalar == "null" or (ending == "yml" and scalar in ("~", "[]")):
        return None
    if ending == "json":
        return str(json.loads(scalar))
    if ending == "csv":
        return scalar[1:-1].replace('""', '"').strip() if scalar[:1] == '"' else scalar.partition(",")[0].strip()
    plain = re.split(r"\s#", scalar)[0].strip()
    if plain[:2] == "! ":
        plain = plain[2:].strip()
    quoted = re.fullmatch(r"&\S+\s+(.*)", plain)
    plain = quoted[1].strip() if quoted else plain
    if plain[:1] == "'":
        return plain[1:-1].replace("''", "'")
    return plain[1:-1] if plain[:1] == '"' else plain


GOOD = {
    "yml": "assignments:\n- user: a@b\n  attributes:\n    Marketing: {EmployeeId: '1', AppCountry: [a, b]}\n",
    "json": '{"assignments": [{"user": "a@b", "attributes": {"Marketing": {"EmployeeId": "1", "AppCountry": ["a"]}}}]}',
    "jsonl": '{"user": "a@b", "attributes": {"A": {"B": "1"}}}\n{"user": "c@d", "attributes": {"A": {"B": 1}}}\n',
    "csv": 'user,Marketing.EmployeeId,Marketing.AppCountry[]\na@b,1,"x;y"\nc@d,null,\n',
}
CORPUS = [
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"- " * 50_000,
    b"\xff\xfe\x00",
    b"\x00",
    b"PK\x03\x04",
    b"sep=\n",
    b"$ANSIBLE_VAULT;1.1;AES256\n61",
    b'"',
    b"&a [*a]",
    b"- {user: {? a}, attributes: {A: {B: [[[1]]]}}}",
    b'{"assignments": [{"user": {"mail": ["x"]}, "attributes": {"A": {"B": {"add": {"x": 1}}}}}]}',
    b"NaN",
    b"1" * 10_000,
]


@st.composite
def mutations(draw: st.DrawFn, good: bytes) -> bytes:
    """Return a good file with some bytes replaced, inserted, taken out or repeated."""
    content = bytearray(good)
    for _step in range(draw(st.integers(1, 4))):
        here = draw(st.integers(0, len(content)))
        there = min(len(content), here + draw(st.integers(0, 6)))
        signs = [b"'", b'"', b"\n", b": ", b"[", b"}", b"&a ", b"*a", b"!!x ", b",", b";"]
        more = draw(
            st.one_of(
                st.binary(max_size=4),
                st.sampled_from(signs),
            )
        )
        content[here:there] = more * draw(st.integers(1, 3))
    return bytes(content)


@pytest.mark.slow
@pytest.mark.parametrize("ending", sorted(GOOD))
@seed(20261126)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(data=st.data())
def test_a_broken_file_ends_in_an_error_with_its_line_and_nothing_is_sent(
    tenant: Tenant, tmp_path_factory: pytest.TempPathFactory, ending: str, data: st.DataObject
) -> None:
    content = data.draw(st.one_of(mutations(GOOD[ending].encode()), st.sampled_from(CORPUS)))
    path = tmp_path_factory.getbasetemp() / f"fuzz.{ending}"
    path.write_bytes(content)
    tenant.emulator.clear()
    try:
        bulk(tenant, src=str(path), check_mode=True)
    except InvalidDeclaration as error:
        problems = error.problems
    except BulkError as error:
        problems = error.result["failures"]
    else:
        problems = []
    assert all(re.match(rf".*fuzz\.{ending}:\d+: |and \d+ more", problem) for problem in problems)
    assert max(map(len, problems), default=0) < 1000
    assert not tenant.writes
