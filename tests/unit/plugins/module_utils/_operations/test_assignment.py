# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runs of both assignment modules against the local Graph: requests sent, state of the server, results."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    AmbiguousPrincipal,
    AttributesHidden,
    EntraError,
    GraphError,
    InvalidValue,
    NameCaseMismatch,
    OptionError,
    PrincipalNotFound,
    UndefinedAttribute,
    WriteNotConfirmed,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._graph.replication import REPLICATION_WAITS
from ansible_collections.entra.attributes.plugins.module_utils._graph.transport import Http
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignment import ASSIGNMENT
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignment_info import INFO, INVENTORY
from ansible_collections.entra.attributes.plugins.module_utils._operations.export import EXPORT
from ansible_collections.entra.attributes.plugins.module_utils._tenant.visibility import PERHAPS_HIDDEN

from ...conftest import ADELE, PAYROLL, Patient, ReadyToken, hold, waiting

Run = Callable[..., dict[str, Any]]
DEFINITIONS = "/v1.0/directory/customSecurityAttributeDefinitions"


def assign(tenant: Tenant, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    principal = {} if options.keys() & {"user", "service_principal"} else {"user": "adele@contoso.com"}
    return tenant.run(ASSIGNMENT, check_mode=check_mode, **principal, **{"attribute_set": "Engineering", **options})


def info(tenant: Tenant, **options: Any) -> dict[str, Any]:
    return tenant.run(INFO, **options)


TYPES = [
    ("ProjectDate", "2022-10-01"),
    ("Project", ["Baker", "Cascade"]),
    ("NumVendors", 4),
    ("CostCenter", [1001, 1003]),
    ("Certification", True),
]


@pytest.mark.parametrize(("name", "value"), TYPES)
@pytest.mark.parametrize(
    "who", [{"user": "adele@contoso.com"}, {"service_principal": "payroll-api"}], ids=["user", "service principal"]
)
def test_a_write_is_one_get_and_one_patch_and_a_no_op_one_get(
    tenant: Tenant, who: dict[str, str], name: str, value: Any
) -> None:
    read, path = (
        ("GET /v1.0/users/adele@contoso.com", f"/v1.0/users/{ADELE}")
        if "user" in who
        else ("GET /v1.0/servicePrincipals", f"/v1.0/servicePrincipals/{PAYROLL}")
    )
    first = assign(tenant, name=name, value=value, **who)
    assert tenant.requests == [read, f"PATCH {path}"]
    assert tenant.emulator.state(path.rsplit("/", 1)[1]) == {"Engineering": {name: value}}
    assert (first["changed"], first["value"], first["previous_value"]) == (True, value, None)
    second = assign(tenant, name=name, value=value, **who)
    assert tenant.requests == [read]
    assert (second["changed"], second["value"], second["previous_value"]) == (False, value, value)
    removed = assign(tenant, name=name, state="absent", **who)
    assert tenant.requests == [read, f"PATCH {path}"]
    assert (removed["changed"], removed["value"], removed["previous_value"]) == (True, None, value)
    assert not assign(tenant, name=name, state="absent", **who)["changed"]
    assert tenant.emulator.state(path.rsplit("/", 1)[1]) == {}


@pytest.mark.parametrize(
    "options",
    [
        {"name": "NumVendors", "value": 8},
        {"name": "NumVendors", "value": "8"},
        {"name": "CostCenter", "value": [1003, 1001]},
        {"name": "CostCenter", "value": 1005, "append": True},
        {"name": "CostCenter", "value": [1001, 7], "state": "absent"},
        {"name": "CostCenter", "state": "absent"},
        {"name": "Project", "value": ["Alpine"]},
        {"name": "Project", "value": ["Nome"]},
        {"name": "Legacy", "value": "x"},
        {"name": "Certification", "value": "true"},
        {"name": "ProjectDate", "value": 2022},
        {"name": "Unknown", "value": "x"},
        {"name": "Unknown", "state": "absent"},
    ],
    ids=str,
)
def test_check_mode_predicts_what_the_run_does_and_only_reads(tenant: Tenant, options: dict[str, Any]) -> None:
    assign(tenant, name="NumVendors", value=4)
    assign(tenant, name="CostCenter", value=[1001, 1003])
    before = tenant.emulator.state(ADELE)
    tenant.emulator.clear()

    def outcome(check_mode: bool) -> Any:
        try:
            return assign(tenant, check_mode, **options)
        except EntraError as error:
            return error

    predicted = outcome(check_mode=True)
    assert all(request["method"] == "GET" for request in tenant.log)
    assert tenant.emulator.state(ADELE) == before
    done = outcome(check_mode=False)
    if isinstance(done, EntraError):
        assert isinstance(predicted, EntraError) or "the run will fail" in predicted["warnings"][0]
        assert tenant.emulator.state(ADELE) == before
    else:
        assert predicted == done


@pytest.mark.slow
@pytest.mark.parametrize(
    "who",
    [{"user": "adele@contoso.com"}, {"service_principal": "payroll-api"}, {"user": "sales-agent@contoso.com"}],
    ids=str,
)
def test_6_4_who_verifies_loses_nothing_of_what_follows_at_once(tenant: Tenant, who: dict[str, str]) -> None:
    tenant = tenant.through(waiting(tenant.emulator, lambda seconds: time.sleep(seconds / 10)))
    tenant.emulator.quirks(read_lag=0.5)
    for number in (1001, 1003):
        assert assign(tenant, name="CostCenter", value=number, append=True, verify=True, **who)["changed"]
    found = assign(tenant, name="CostCenter", value=1001, state="absent", verify=True, **who)
    assert (found["previous_value"], found["value"]) == ([1001, 1003], [1003])
    tenant.emulator.clear()
    assert not assign(tenant, name="CostCenter", value=[1003], verify=True, **who)["changed"]
    assert [request["method"] for request in tenant.log] == ["GET"]


def test_6_4_a_write_that_is_never_shown_fails_and_is_told_as_a_change(tenant: Tenant, waits: Patient) -> None:
    tenant = tenant.through(waiting(tenant.emulator, waits))
    tenant.emulator.faults({"match": {"method": "PATCH"}, "do": {"drop_write": True}})
    with pytest.raises(
        WriteNotConfirmed, match="accepted the write, but does not show it after half a minute"
    ) as failed:
        assign(tenant, name="NumVendors", value=4, verify=True)
    assert failed.value.as_result()["changed"]
    assert waits.waits == list(REPLICATION_WAITS)
    assert assign(tenant, name="NumVendors", value=4, verify=True)["changed"], "a later run writes it"
    assert tenant.emulator.state(ADELE) == {"Engineering": {"NumVendors": 4}}


def test_6_4_nothing_is_verified_in_check_mode(tenant: Tenant, patient: Tenant, waits: Patient) -> None:
    assert assign(patient, check_mode=True, name="NumVendors", value=4, verify=True)["changed"]
    assert waits.waits == []
    assert not [request for request in tenant.log if request["method"] != "GET"]


def test_no_definition_is_read_unless_the_type_is_in_doubt(tenant: Tenant) -> None:
    assign(tenant, name="NumVendors", value="4")
    assert f"GET {DEFINITIONS}" in tenant.requests
    assert tenant.emulator.state(ADELE) == {"Engineering": {"NumVendors": 4}}
    assign(tenant, name="NumVendors", value="8")
    assert f"GET {DEFINITIONS}" not in tenant.requests
    assign(tenant, name="Certification", value="true", type="boolean")
    assert f"GET {DEFINITIONS}" not in tenant.requests
    assign(tenant, name="ProjectDate", value="2022", type="string")
    assert f"GET {DEFINITIONS}" not in tenant.requests
    assert tenant.emulator.state(ADELE) == {
        "Engineering": {"NumVendors": 8, "Certification": True, "ProjectDate": "2022"}
    }


def test_doubt_without_the_right_to_read_definitions_asks_for_the_type(tenant: Tenant) -> None:
    token = tenant.emulator.token(permissions=["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All"])
    tenant = tenant.through(tenant.connect(access_token=token))
    words = r"^value of Engineering.NumVendors: text that reads .* may be either\. Set type\. .*Definition\.Read\.All"
    with pytest.raises(InvalidValue, match=words):
        assign(tenant, name="NumVendors", value="4")
    assert tenant.emulator.state(ADELE) == {}
    assert assign(tenant, name="NumVendors", value="4", type="integer")["value"] == 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"name": "Project", "value": ["Nome"]},
            "Nome is not among its active predefined values: Alpine, Baker, Cascade",
        ),
        ({"name": "Project", "value": ["Skagit"]}, "Skagit is not among"),
        ({"name": "Project", "value": "Alpine"}, "multi-valued; give a list"),
        ({"name": "ProjectDate", "value": ["a"]}, "single-valued; give one value"),
        ({"name": "NumVendors", "value": "abc"}, '"abc" is not an integer'),
        ({"name": "ProjectDate", "value": 2022}, "its type is String; YAML read the integer 2022"),
        ({"name": "Legacy", "value": "x"}, "deprecated and can no longer be assigned"),
        ({"name": "Nothing", "value": ["Alpine"]}, "has no attribute Nothing. Its attributes are Certification"),
        ({"attribute_set": "Nothing", "name": "Project", "value": ["Alpine"]}, "no attribute set Nothing"),
        ({"name": "project", "value": ["Alpine"]}, "there is Engineering.Project; names are matched exactly."),
        ({"attribute_set": "engineering", "name": "Project", "value": ["Alpine"]}, "there is Engineering; names are"),
    ],
    ids=str,
)
def test_a_refusal_is_explained_from_the_definition(tenant: Tenant, options: dict[str, Any], words: str) -> None:
    with pytest.raises(GraphError) as refusal:
        assign(tenant, **options)
    assert words in refusal.value.details()["explanation"]
    assert refusal.value.status in (400, 404)
    assert refusal.value.request_id
    try:
        foreseen = assign(tenant, check_mode=True, **options)["warnings"][0]
    except (InvalidValue, NameCaseMismatch) as error:
        foreseen = str(error)
    explanation = foreseen.partition(" Unless an earlier task")[0]
    assert str(refusal.value).startswith(f"{explanation} PATCH /v1.0/users/{ADELE}: Graph answered ")
    assert tenant.emulator.state(ADELE) == {}


def add_definitions(tenant: Tenant, *names: tuple[str, str], **properties: Any) -> None:
    """Have attributes of these sets and names, like ProjectDate but for `properties`."""
    state = tenant.emulator.tenant()
    like = next(one for one in state["definitions"] if one["name"] == "ProjectDate")
    state["attributeSets"] += [{"id": one} for one in {one for one, _name in names} - {"Engineering", "Marketing"}]
    state["definitions"] += [{**like, "attributeSet": one, "name": name, **properties} for one, name in names]
    tenant.emulator.tenant(state)


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check mode"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "project", "state": "absent"}, r"Engineering\.project: the principal has Engineering\.Project"),
        ({"name": "project", "value": "Baker", "state": "absent"}, r"the principal has Engineering\.Project"),
        ({"name": "project", "value": "Alpine", "append": True}, r"the principal has Engineering\.Project"),
        ({"name": "project", "value": ["8"]}, r"the principal has Engineering\.Project"),
        ({"name": "Project", "attribute_set": "engineering", "state": "absent"}, "engineering: the principal has Eng"),
        ({"name": "ProjectDate", "attribute_set": "engineering", "value": "x"}, "engineering: the principal has Eng"),
    ],
    ids=str,
)
@pytest.mark.parametrize("permissions", [[], ["CustomSecAttributeDefinition.Read.All"]], ids=["blind", "seeing"])
def test_a_name_in_another_case_is_refused_not_ignored(
    tenant: Tenant,
    permissions: list[str],
    options: dict[str, Any],
    words: str,
    check_mode: bool,
) -> None:
    tenant = tenant.allow(WRITE, "User.Read.All", *permissions)
    assign(tenant, name="Project", value=["Baker"])
    with pytest.raises(UndefinedAttribute, match=words):
        assign(tenant, check_mode, **options)
    assert tenant.emulator.state(ADELE) == {"Engineering": {"Project": ["Baker"]}}


def test_a_type_that_is_new_is_no_crash(tenant: Tenant) -> None:
    add_definitions(tenant, ("Engineering", "When"), type="DateTime")
    with pytest.raises(InvalidValue, match="its type is DateTime, which is none that is known here"):
        assign(tenant, name="When", value="8")
    with pytest.raises(GraphError, match="its type is DateTime, which is none that is known here") as refusal:
        assign(tenant, name="When", value="tomorrow")
    assert refusal.value.status == 400
    with pytest.raises(InvalidValue, match="its type is DateTime, which is none that is known here"):
        assign(tenant, name="When", value="tomorrow", check_mode=True)


def test_where_a_tenant_has_both_spellings_each_is_itself(tenant: Tenant) -> None:
    add_definitions(tenant, ("Engineering", "projectdate"), ("engineering", "ProjectDate"))
    for attribute_set, name in [("Engineering", "ProjectDate"), ("Engineering", "projectdate")]:
        assert not assign(tenant, attribute_set=attribute_set, name=name, state="absent")["changed"]
        assert assign(tenant, attribute_set=attribute_set, name=name, value=name)["changed"]
    assert assign(tenant, attribute_set="engineering", name="ProjectDate", value="2022")["changed"]
    assert assign(tenant, name="ProjectDate", state="absent")["changed"]
    assert tenant.emulator.state(ADELE) == {
        "Engineering": {"projectdate": "projectdate"},
        "engineering": {"ProjectDate": "2022"},
    }


@pytest.mark.parametrize(
    ("held", "options", "words", "waited"),
    [
        ({"Legacy": "old"}, {"name": "Legacy", "state": "absent"}, "Engineering.Legacy is deprecated", ()),
        (
            {"Project": ["Skagit", "Baker"]},
            {"name": "Project", "value": ["Alpine"], "append": True},
            "Engineering.Project goes on to hold Skagit, no active predefined value any more",
            REPLICATION_WAITS,
        ),
    ],
    ids=["deprecated", "inactive, beside what may be too new"],
)
def test_4_a_refusal_that_time_does_not_heal_is_told(
    tenant: Tenant,
    patient: Tenant,
    waits: Patient,
    held: dict[str, Any],
    options: dict[str, Any],
    words: str,
    waited: tuple[float, ...],
) -> None:
    hold(tenant.emulator, "adele@contoso.com", **held)
    tenant.emulator.quirks(deprecated_removal="refuse", inactive_kept="refuse")
    with pytest.raises(GraphError) as refusal:
        assign(patient, **options)
    assert refusal.value.explanation.startswith(words)
    assert tuple(waits.waits) == waited
    tenant.emulator.quirks(deprecated_removal="accept", inactive_kept="accept")
    assert assign(patient, **options)["changed"], "whether Graph refuses this at all is unknown"


def test_definitions_that_fail_for_a_moment_are_no_spelling(tenant: Tenant, patient: Tenant) -> None:
    hold(tenant.emulator, "adele@contoso.com", NumVendors=4)
    tenant.emulator.faults(
        {"match": {"path": "/customSecurityAttributeDefinitions"}, "times": None, "do": {"status": 503}}
    )
    with pytest.raises(GraphError, match="503"):
        assign(patient, name="numvendors", value="8")


def test_a_refusal_that_cannot_be_explained_says_why_not(tenant: Tenant) -> None:
    token = tenant.emulator.token(permissions=["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All"])
    with pytest.raises(GraphError, match=r"cannot read it\..*CustomSecAttributeDefinition\.Read\.All"):
        assign(tenant.through(tenant.connect(access_token=token)), name="Project", value=["Nome"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "", "value": 1}, "name: is empty"),
        ({"name": "Cost Center", "value": 1}, "name: 'Cost Center' has characters"),
        ({"name": "A", "attribute_set": "9lives", "value": 1}, "attribute_set: '9lives' starts with a digit"),
        ({"name": "A", "user": " ", "value": 1}, "user: is empty"),
        ({"name": "A", "user": "a\udc00@contoso.com", "value": 1}, r"user: has half a character, U\+DC00"),
        ({"name": "A", "service_principal": "\ud800", "value": 1}, "service_principal: has half a character"),
        ({"name": "A\ud800", "value": 1}, "name: 'A.ud800' has half a character"),
        ({"name": "A", "value": "\ud800"}, "value of Engineering.A: the text has half a character"),
        ({"name": "A", "value": 1, "append": True, "state": "absent"}, "append: goes with state=present"),
        ({"name": "A"}, "value of Engineering.A: no value is given"),
        ({"name": "A", "value": ""}, "value of Engineering.A: empty text"),
        ({"name": "A", "value": "x" * 65}, "65 characters"),
        ({"name": "A", "value": 2**31}, "32-bit"),
        ({"name": "A", "value": [True]}, "Booleans"),
        ({"name": "A", "value": ["a", 1]}, "mixes"),
        ({"name": "A", "value": "abc", "type": "integer"}, '"abc" is not an integer'),
    ],
    ids=str,
)
def test_what_is_wrong_by_itself_is_told_before_any_request(
    tenant: Tenant, options: dict[str, Any], words: str
) -> None:
    with pytest.raises((OptionError, InvalidValue), match=words):
        assign(tenant, **options)
    assert tenant.emulator.requests(None) == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (ADELE, "adele@contoso.com"),
        ("Adele@Contoso.com", "adele@contoso.com"),
        ("lidia_fabrikam.com#EXT#@contoso.com", "lidia_fabrikam.com#EXT#@contoso.com"),
        ("o'brien@contoso.com", "o'brien@contoso.com"),
        ("megan+test@contoso.com", "megan+test@contoso.com"),
        ("$svc@contoso.com", "$svc@contoso.com"),
        (" adele@contoso.com\n", "adele@contoso.com"),
    ],
)
def test_users_of_all_spellings(tenant: Tenant, name: str, found: str) -> None:
    result = assign(tenant, user=name, name="NumVendors", value=1)
    assert result["principal"]["user_principal_name"] == found
    assert result["principal"]["type"] == "user"
    assert len(tenant.requests) == 2
    assert tenant.emulator.state(found) == {"Engineering": {"NumVendors": 1}}


@pytest.mark.parametrize("name", [PAYROLL, "55555555-5555-4555-8555-555555555501", "payroll-api", " payroll-api "])
def test_service_principals_by_each_of_their_names(tenant: Tenant, name: str) -> None:
    result = assign(tenant, service_principal=name, name="NumVendors", value=1)
    assert result["principal"] == {
        "id": PAYROLL,
        "type": "service_principal",
        "display_name": "payroll-api",
        "app_id": "55555555-5555-4555-8555-555555555501",
    }
    assert len(tenant.requests) == 2
    assert tenant.emulator.state(PAYROLL) == {"Engineering": {"NumVendors": 1}}


@pytest.mark.parametrize(
    ("who", "agent_type"),
    [
        ({"user": "sales-agent@contoso.com"}, "agentUser"),
        ({"service_principal": "sales-agent"}, "agentIdentity"),
        ({"service_principal": "sales-agents-blueprint"}, "agentIdentityBlueprintPrincipal"),
    ],
)
def test_agents_are_patched_as_what_they_are(tenant: Tenant, who: dict[str, str], agent_type: str) -> None:
    result = assign(tenant, name="NumVendors", value=1, **who)
    assert result["principal"]["agent_type"] == agent_type
    assert tenant.log[-1]["body"]["@odata.type"] == f"#microsoft.graph.{agent_type}"
    assert tenant.emulator.state(result["principal"]["id"]) == {"Engineering": {"NumVendors": 1}}


def test_names_that_nobody_or_several_have(tenant: Tenant) -> None:
    with pytest.raises(PrincipalNotFound, match=r"user: there is no user 'nobody@contoso\.com'"):
        assign(tenant, user="nobody@contoso.com", name="NumVendors", value=1)
    almost = ADELE[:-1]
    with pytest.raises(PrincipalNotFound, match=f"user: there is no user '{almost}'"):
        assign(tenant, user=almost, name="NumVendors", value=1)
    with pytest.raises(PrincipalNotFound, match="service_principal: there is no service principal 'nothing'"):
        assign(tenant, service_principal="nothing", name="NumVendors", value=1)
    with pytest.raises(AmbiguousPrincipal, match=r"2 service principals are called 'Reports'.*5502.*5503") as refusal:
        assign(tenant, service_principal="Reports", name="NumVendors", value=1)
    assert [candidate["display_name"] for candidate in refusal.value.candidates] == ["Reports", "Reports"]
    assert not [request for request in tenant.log if request["method"] != "GET"]


WRITE, READ = "CustomSecAttributeAssignment.ReadWrite.All", "CustomSecAttributeAssignment.Read.All"
READER, ADMINISTRATOR = "Attribute Assignment Reader", "Attribute Assignment Administrator"


@pytest.mark.parametrize(
    "token",
    [
        {"permissions": ["User.Read.All"]},
        {"user": "alex@contoso.com", "scopes": ["User.Read.All"], "roles": [READER]},
        {"user": "alex@contoso.com", "scopes": ["User.Read.All", READ], "roles": []},
        {"user": "alex@contoso.com", "scopes": ["User.Read.All", READ], "roles": ["Global Administrator"]},
    ],
    ids=["application", "no scope", "no role", "Global Administrator"],
)
def test_null_is_no_proof_that_nothing_is_assigned(tenant: Tenant, token: dict[str, Any]) -> None:
    tenant = tenant.through(tenant.connect(access_token=tenant.emulator.token(**token)))
    with pytest.raises(AttributesHidden, match=r"CustomSecAttributeAssignment\.Read\.All.*Attribute Assignment Reader"):
        assign(tenant, user="dara@contoso.com", attribute_set="Marketing", name="AppCountry", state="absent")
    with pytest.raises(AttributesHidden):
        info(tenant, user="dara@contoso.com", attribute_set="Marketing", name="AppCountry")


@pytest.mark.parametrize(
    "token",
    [
        {"permissions": ["User.Read.All", READ]},
        {"user": "alex@contoso.com", "scopes": ["User.Read.All", WRITE], "roles": [ADMINISTRATOR]},
        {
            "user": "alex@contoso.com",
            "scopes": ["User.Read.All", READ],
            "role_scopes": {READER: ["Marketing"]},
        },
    ],
    ids=["application", "role", "role for one set"],
)
def test_null_is_believed_to_who_may_read(tenant: Tenant, token: dict[str, Any]) -> None:
    tenant = tenant.through(tenant.connect(access_token=tenant.emulator.token(**token)))
    result = assign(tenant, attribute_set="Marketing", name="AppCountry", state="absent")
    assert not result["changed"]


@pytest.mark.parametrize(
    "quirks",
    [
        {"empty_shape": "{}"},
        {"empty_shape": "type_only"},
        {"set_type_spelling": "directory_services", "omit_collection_annotations": True, "shuffle_collections": True},
    ],
    ids=str,
)
def test_the_quirks_of_the_service_change_nothing(tenant: Tenant, quirks: dict[str, Any]) -> None:
    tenant.emulator.quirks(**quirks)
    for name, value in TYPES:
        assert assign(tenant, name=name, value=value)["changed"]
    for name, value in TYPES:
        assert not assign(tenant, name=name, value=value)["changed"]
    for name, _value in TYPES:
        assert assign(tenant, name=name, state="absent")["changed"]
        assert not assign(tenant, name=name, state="absent")["changed"]
    assert tenant.emulator.state(ADELE) == {}


def test_the_diff_shows_the_named_attribute_and_nothing_else(tenant: Tenant) -> None:
    assign(tenant, name="NumVendors", value=4)
    assign(tenant, name="Project", value=["Baker"])
    assert assign(tenant, name="Project", value=["Cascade", "Alpine"])["diff"] == {
        "before": 'Engineering:\n  Project:\n    - "Baker"\n',
        "after": 'Engineering:\n  Project:\n    - "Alpine"\n    - "Cascade"\n',
        "before_header": f"user adele@contoso.com ({ADELE})",
        "after_header": f"user adele@contoso.com ({ADELE})",
    }


def names(result: dict[str, Any]) -> list[str]:
    return [principal["display_name"] for principal in result["principals"]]


@pytest.fixture
def tagged(tenant: Tenant) -> Tenant:
    for user, number in (("adele@contoso.com", 4), ("alex@contoso.com", 8)):
        assign(tenant, user=user, name="NumVendors", value=number)
        assign(tenant, user=user, name="Certification", value=number == 8)
        assign(tenant, user=user, attribute_set="Marketing", name="EmployeeId", value=f"GS{number}")
    tenant.emulator.clear()
    return tenant


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ([("Marketing", "AppCountry", "eq", "Canada")], ["Dara Fox"]),
        ([("Marketing", "AppCountry", "eq", "canada")], []),
        ([("Engineering", "NumVendors", "eq", 8)], ["Alex Wilber"]),
        ([("Engineering", "NumVendors", "eq", "8")], ["Alex Wilber"]),
        ([("Engineering", "Certification", "eq", False)], ["Adele Vance"]),
        ([("Marketing", "EmployeeId", "startswith", "GS")], ["Adele Vance", "Alex Wilber"]),
        ([("Marketing", "EmployeeId", "ne", None)], ["Adele Vance", "Alex Wilber"]),
        (
            [("Marketing", "EmployeeId", "startswith", "GS"), ("Engineering", "NumVendors", "eq", 4)],
            ["Adele Vance"],
        ),
    ],
    ids=str,
)
def test_conditions_select(
    tenant: Tenant, tagged: Tenant, where: list[tuple[str, str, str, Any]], found: list[str]
) -> None:
    keys = ("attribute_set", "name", "operator", "value")
    result = info(tagged, principal_type="user", where=[dict(zip(keys, item, strict=True)) for item in where])
    assert names(result) == found
    request = next(request for request in tenant.log if request["path"] == "/v1.0/users")
    assert request["headers"]["consistencylevel"] == "eventual"
    assert request["query"]["$count"] == "true"


def test_ne_with_a_value_also_selects_who_lacks_the_attribute(tenant: Tenant, tagged: Tenant) -> None:
    condition = {"attribute_set": "Engineering", "name": "NumVendors", "operator": "ne"}
    everybody = {one["displayName"] for one in tenant.emulator.tenant()["users"]}
    others = info(tagged, principal_type="user", where=[{**condition, "value": 4}])
    assert set(names(others)) == everybody - {"Adele Vance"}
    holders = info(tagged, principal_type="user", where=[{**condition, "value": 4}, {**condition, "value": None}])
    assert names(holders) == ["Alex Wilber"]


def test_an_attribute_of_the_same_name_in_two_sets_is_two(tenant: Tenant) -> None:
    add_definitions(tenant, ("Marketing", "ProjectDate"), type="Integer")
    for attribute_set in ("Engineering", "Marketing"):
        assert assign(tenant, attribute_set=attribute_set, name="ProjectDate", value="2022")["changed"]
    assign(tenant, user="alex@contoso.com", name="ProjectDate", value="2023")
    assert tenant.emulator.state(ADELE) == {"Engineering": {"ProjectDate": "2022"}, "Marketing": {"ProjectDate": 2022}}
    for attribute_set, value, found in [
        ("Engineering", "2022", ["Adele Vance"]),
        ("Marketing", "2022", ["Adele Vance"]),
        ("Engineering", "2023", ["Alex Wilber"]),
        ("Marketing", "2023", []),
    ]:
        where = {"attribute_set": attribute_set, "name": "ProjectDate", "operator": "eq", "value": value}
        listed = info(tenant, principal_type="user", where=[where], attribute_set="Marketing", name="ProjectDate")
        assert names(listed) == found
        assert [one["custom_security_attributes"] for one in listed["principals"]] == [
            {"Marketing": {"ProjectDate": 2022}} if one == "Adele Vance" else {} for one in found
        ]
    assert assign(tenant, attribute_set="Marketing", name="ProjectDate", state="absent")["previous_value"] == 2022
    assert tenant.emulator.state(ADELE) == {"Engineering": {"ProjectDate": "2022"}}


def test_3_nobody_found_by_what_is_not_searchable_is_no_answer(tenant: Tenant) -> None:
    assign(tenant, name="Secret", value="x")
    tenant.emulator.quirks(unsearchable="empty")
    where = [
        {"attribute_set": "Marketing", "name": "EmployeeId", "operator": "ne", "value": None},
        {"attribute_set": "Engineering", "name": "Secret", "operator": "eq", "value": "x"},
    ]
    selected = {"principal_type": "user", "where": where}
    with pytest.raises(OptionError, match=r"where\[1\]\.name: Engineering\.Secret is not searchable"):
        info(tenant, **selected)
    with pytest.raises(OptionError, match="not searchable"):
        tenant.run(INVENTORY, **selected, strict_permissions=False)
    reader = tenant.allow("User.Read.All", READ)
    assert names(info(reader, **selected)) == [], "whose definitions it may not read"


def test_a_raw_filter_is_joined_and_results_are_narrowed(tagged: Tenant) -> None:
    where = [{"attribute_set": "Marketing", "name": "EmployeeId", "operator": "ne", "value": None}]
    result = info(
        tagged,
        principal_type="user",
        where=where,
        filter="department eq 'Marketing' or department eq 'Sales'",
        attribute_set="Engineering",
        name="NumVendors",
    )
    assert result["principals"] == [
        {
            "id": "33333333-3333-4333-8333-333333333302",
            "type": "user",
            "display_name": "Alex Wilber",
            "user_principal_name": "alex@contoso.com",
            "custom_security_attributes": {"Engineering": {"NumVendors": 8}},
        }
    ]


def test_everybody_is_listed_in_pages_of_999(tenant: Tenant) -> None:
    state = tenant.emulator.tenant()
    state["users"] += [
        {"id": f"00000000-0000-4000-8000-{n:012}", "displayName": f"User {n}", "userPrincipalName": f"u{n}@contoso.com"}
        for n in range(1200)
    ]
    tenant.emulator.tenant(state)
    tenant.emulator.clear()
    result = info(tenant, principal_type="user")
    assert len(result["principals"]) == 1208
    assert tenant.log[0]["query"]["$top"] == "999"
    assert len(tenant.log) == 3, "the first page, the number of users, and the second page"
    assert result["principals"][0]["custom_security_attributes"] == {}
    dara = next(principal for principal in result["principals"] if principal["display_name"] == "Dara Fox")
    assert dara["custom_security_attributes"] == {"Marketing": {"AppCountry": ["Canada", "India"]}}


def test_nobody_of_that_name_is_an_empty_list_and_several_are_an_error(tenant: Tenant) -> None:
    assert info(tenant, user="nobody@contoso.com")["principals"] == []
    assert info(tenant, service_principal="nothing")["principals"] == []
    with pytest.raises(AmbiguousPrincipal, match="Reports"):
        info(tenant, service_principal="Reports")


def test_a_list_that_may_be_blind_says_so(tenant: Tenant) -> None:
    scoped = tenant.emulator.token(
        user="alex@contoso.com", scopes=["User.Read.All", READ], role_scopes={READER: ["Engineering"]}
    )
    assert (
        "may be hidden"
        in info(tenant.through(tenant.connect(access_token=scoped)), user="dara@contoso.com")["warnings"][0]
    )
    assign(tenant, user="dara@contoso.com", name="NumVendors", value=3)
    partly = info(tenant.through(tenant.connect(access_token=scoped)), user="dara@contoso.com")
    assert partly["principals"][0]["custom_security_attributes"] == {"Engineering": {"NumVendors": 3}}
    assert "may be hidden" in partly["warnings"][0]
    with pytest.raises(AttributesHidden):
        assign(
            tenant.through(tenant.connect(access_token=scoped)),
            user="dara@contoso.com",
            attribute_set="Marketing",
            name="AppCountry",
            state="absent",
        )
    with pytest.raises(AttributesHidden):
        info(tenant.allow("User.Read.All"), principal_type="user")


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_may_be_hidden_is_not_taken_for_nothing(tenant: Tenant, check_mode: bool) -> None:
    scopes = {ADMINISTRATOR: ["Engineering"]}
    scoped = tenant.emulator.token(user="alex@contoso.com", scopes=["User.Read.All", WRITE], role_scopes=scopes)
    tenant = tenant.through(tenant.connect(access_token=scoped))
    result = assign(tenant, check_mode, name="Secret", state="absent")
    assert not result["changed"]
    assert ["may be hidden" in warning for warning in result["warnings"]] == [True], "it is not searchable"
    assert "warnings" not in assign(tenant, check_mode, name="NumVendors", state="absent")


NEVER_WRITTEN = [
    ("GS45897\n", "U+000A (line break) at position 8; remove it; a YAML block scalar has none at its end if it begins"),
    ("Peru\nChile", "U+000A (line break) at position 5"),
    ("a\tb", "U+0009 (tab) at position 2"),
    ("a\0", "U+0000 (NUL) at position 2"),
    ("a\x9f", "U+009F (control character) at position 2"),
    ("a\u200b", "U+200B (zero width space) at position 2"),
    ("\ufeffa", "U+FEFF (zero width no-break space) at position 1"),
    ("a\u00adb", "U+00AD (soft hyphen) at position 2"),
    ("a\u202eb", "U+202E (right-to-left override) at position 2"),
    ("a\u2028b", "U+2028 (line separator) at position 2"),
    ("a\u3164", "U+3164 (hangul filler) at position 2"),
    ("a\ufffd", "U+FFFD (replacement character) at position 2"),
    ("a\u200d", "U+200D (zero width joiner) at position 2"),
    (" a", "U+0020 (space) at position 1"),
    ("a\u00a0", "U+00A0 (no-break space) at position 2"),
    ("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER, by which Ansible masks a secret"),
    ("key-********", "********, by which Ansible masks a secret; give the value itself"),
    ("$REDACTED$", "$REDACTED$, by which Ansible masks a secret"),
]


@pytest.mark.parametrize(("text", "words"), NEVER_WRITTEN, ids=[ascii(text) for text, _words in NEVER_WRITTEN])
def test_text_that_nobody_means_is_never_written_and_what_is_held_stays_or_goes(
    tenant: Tenant, text: str, words: str
) -> None:
    for options in (
        {"name": "Secret", "value": text},
        {"name": "Datacenter", "value": ["a", text]},
        {"name": "Datacenter", "value": [text], "append": True},
    ):
        with pytest.raises(InvalidValue) as refusal:
            assign(tenant, **options)
        assert f"the text has {words}" in str(refusal.value)
    assert tenant.emulator.requests(None) == []
    hold(tenant.emulator, "adele@contoso.com", Secret=text, Datacenter=[text, "a"])
    assert assign(tenant, name="Datacenter", value="b", append=True)["value"] == [text, "a", "b"]
    assert assign(tenant, name="Datacenter", value=[text, "b"], state="absent")["value"] == ["a"]
    assert assign(tenant, name="Secret", value=text, state="absent")["changed"]
    assert tenant.emulator.state(ADELE) == {"Engineering": {"Datacenter": ["a"]}}


@pytest.mark.parametrize(
    "text",
    ["NO", "00123", "1.10", "12:30:45", "2022-10-01", "null", "~", "a b", "10\u00a0000", "\U0001f468\u200d\U0001f469",
     "\u2764\ufe0f", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "e\u0301", "{{ x }}", "*", "*******"],
    ids=ascii,
)  # fmt: skip
def test_graph_gets_the_very_text(tenant: Tenant, text: str) -> None:
    assert assign(tenant, name="ProjectDate", value=text)["value"] == text
    sent_values = tenant.log[-1]["body"]["customSecurityAttributes"]["Engineering"]
    assert sent_values["ProjectDate"] == text
    assert tenant.emulator.state(ADELE) == {"Engineering": {"ProjectDate": text}}


@pytest.mark.parametrize("value", [83, 45045])
def test_an_integer_never_replaces_text_unless_the_type_says_so(tenant: Tenant, value: int) -> None:
    words = f"its type is String; YAML read the integer {value} where text is needed; put it in quotes"
    with pytest.raises(GraphError) as unassigned:
        assign(tenant, name="ProjectDate", value=value)
    assert words in str(unassigned.value)
    hold(tenant.emulator, "adele@contoso.com", ProjectDate="00083")
    with pytest.raises(InvalidValue) as assigned:
        assign(tenant, name="ProjectDate", value=value)
    assert words in str(assigned.value)
    assert tenant.emulator.state(ADELE) == {"Engineering": {"ProjectDate": "00083"}}
    assert assign(tenant, name="ProjectDate", value=value, type="string")["value"] == str(value)


@pytest.mark.parametrize(("options", "words"), [
    ({"value": None}, "null cannot be assigned"),
    ({"value": None, "state": "absent"}, "null cannot be assigned"),
    ({"value": "", "state": "absent"}, "empty text"),
    ({"value": [], "state": "absent"}, "the list is empty"),
    ({"append": True}, "no value is given"),
], ids=str)  # fmt: skip
def test_a_value_that_is_empty_removes_nothing_and_sends_nothing(
    tenant: Tenant, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidValue, match=words):
        assign(tenant, name="ProjectDate", **options)
    assert tenant.emulator.requests(None) == []


@pytest.mark.parametrize(
    ("operator", "value", "words"),
    [
        ("eq", ["Canada"], "must be a single value"),
        ("eq", "", "empty text"),
        ("startswith", None, "null"),
        ("startswith", True, "its type is String"),
        ("ne", 2**31, "outside the range"),
    ],
)
def test_a_wrong_value_of_a_condition_is_refused(tenant: Tenant, operator: str, value: Any, words: str) -> None:
    where = [{"attribute_set": "Marketing", "name": "AppCountry", "operator": operator, "value": value}]
    with pytest.raises(OptionError, match=rf"where\[0\]\.value: .*{words}") as refusal:
        info(tenant, principal_type="user", where=where)
    assert "state=absent" not in str(refusal.value)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"name": "ProjectDate", "value": 2022}, "its type is String; YAML read the integer 2022 where text is needed"),
        ({"name": "ProjectDate", "value": True}, "its type is String; YAML read the Boolean true where text is needed"),
        ({"name": "NumVendors", "value": "many"}, 'its type is Integer and "many" is not an integer'),
        ({"name": "NumVendors", "operator": "ne", "value": "08"}, '"08" is not an integer; write 8'),
        ({"name": "Certification", "value": 1}, "its type is Boolean and 1 is not true or false"),
        ({"name": "NumVendors", "operator": "startswith", "value": "8"}, "startswith goes with String attributes"),
        ({"name": "Projct", "value": "x"}, "Engineering has no attribute Projct. Its attributes are Certification"),
        ({"name": "project", "value": "x"}, "there is Engineering.Project"),
        ({"attribute_set": "engineering", "name": "Project", "value": "x"}, "there is Engineering"),
        ({"attribute_set": "Nothing", "name": "A", "value": "x"}, "There is no attribute set Nothing"),
    ],
    ids=str,
)
def test_a_condition_that_its_definition_rules_out_reads_no_principal(
    tenant: Tenant, condition: dict[str, Any], words: str
) -> None:
    where = [{"attribute_set": "Engineering", "operator": "eq", **condition}]
    for run in (
        lambda: info(tenant, principal_type="user", where=where),
        lambda: tenant.run(INVENTORY, where=where),
        lambda: tenant.run(EXPORT, dest="nowhere-to-be-written", principals=["users"], where=where),
    ):
        tenant.emulator.clear()
        with pytest.raises((OptionError, UndefinedAttribute)) as refusal:
            run()
        assert words in str(refusal.value)
        assert not [path for path in tenant.requests if path.endswith(("/users", "/servicePrincipals"))]


def test_a_condition_goes_as_it_is_written_where_definitions_cannot_be_read(tenant: Tenant) -> None:
    reader = tenant.allow("User.Read.All", READ)
    where = [{"attribute_set": "Engineering", "name": "NumVendors", "operator": "eq", "value": "8"}]
    with suppress(GraphError):
        info(reader, principal_type="user", where=where)
    assert "customSecurityAttributes/Engineering/NumVendors eq '8'" in str(tenant.log[-1]["query"])


def test_half_a_character_is_no_part_of_a_condition(tenant: Tenant) -> None:
    where = {"attribute_set": "Engineering", "name": "ProjectDate", "operator": "eq", "value": "a\ud800"}
    for operator in ("eq", "ne", "startswith"):
        with pytest.raises(OptionError, match=r"where\[0\]\.value: .*half a character"):
            info(tenant, principal_type="user", where=[{**where, "operator": operator}])
    with pytest.raises(OptionError, match=r"where\[0\]\.name: .* half a character"):
        info(tenant, principal_type="user", where=[{**where, "name": "\ud800"}])
    with pytest.raises(OptionError, match="filter: has half a character"):
        info(tenant, principal_type="user", filter="displayName eq '\ud800'")
    assert tenant.emulator.requests(None) == []


@pytest.mark.parametrize(
    "claims", [{}, {"roles": ["User.Read.All"]}], ids=["opaque", "an Entra role it does not tell of"]
)
def test_a_token_that_does_not_tell_is_no_obstacle(tenant: Tenant, claims: dict[str, Any]) -> None:
    class Silent(_graph.Graph):
        def claims(self) -> dict[str, Any]:
            return claims

    http = Http(verify=tenant.emulator.environment["REQUESTS_CA_BUNDLE"])
    blind = tenant.through(
        Silent(http, ReadyToken(tenant.emulator.token(permissions=["User.Read.All"])), tenant.emulator.url)
    )
    with pytest.raises(AttributesHidden):
        assign(blind, name="NumVendors", state="absent")
    seeing = tenant.through(
        Silent(http, ReadyToken(tenant.emulator.token(permissions=["User.Read.All", READ])), tenant.emulator.url)
    )
    assert not assign(seeing, name="NumVendors", state="absent")["changed"]


def test_what_is_shown_is_listed_whatever_the_token_tells(tenant: Tenant) -> None:
    class Silent(_graph.Graph):
        def claims(self) -> dict[str, Any]:
            return {"roles": ["User.Read.All"]}

    hold(tenant.emulator, "adele@contoso.com", NumVendors=4)
    http = Http(verify=tenant.emulator.environment["REQUESTS_CA_BUNDLE"])
    tenant = tenant.through(
        Silent(http, ReadyToken(tenant.emulator.token(permissions=["User.Read.All", READ])), tenant.emulator.url)
    )
    listed = info(tenant, user="adele@contoso.com")
    assert listed["principals"][0]["custom_security_attributes"] == {"Engineering": {"NumVendors": 4}}
    assert listed["warnings"] == [PERHAPS_HIDDEN]
    assert tenant.run(INVENTORY)["warnings"] == [PERHAPS_HIDDEN]
    with pytest.raises(AttributesHidden):
        info(tenant, user="megan+test@contoso.com")


def test_a_no_stays_a_no_where_asking_does_not_settle_it(tenant: Tenant) -> None:
    tenant = tenant.allow("User.Read.All")
    tenant.emulator.faults({"match": {"path": "/users$"}, "do": {"status": 400}})
    with pytest.raises(AttributesHidden):
        assign(tenant, name="NumVendors", state="absent")
    assert [request["status"] for request in tenant.log] == [200, 400]
