# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runs of both assignment modules against the local Graph: requests sent, state of the server, results."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from _emulator import Emulator

from ansible_collections.entra.attributes.plugins.module_utils._core.options import LEFT_OUT
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
from ansible_collections.entra.attributes.plugins.module_utils._operations import assignment as _assignment
from ansible_collections.entra.attributes.plugins.module_utils._operations import assignment_info as _assignment_info
from ansible_collections.entra.attributes.plugins.module_utils._operations.export import run_export
from ansible_collections.entra.attributes.plugins.module_utils._tenant.visibility import PERHAPS_HIDDEN

from ...conftest import ADELE, PAYROLL, Patient, ReadyToken, hold, waiting

Run = Callable[..., dict[str, Any]]
EXPORT_PARAMS = {
    "dest": "nowhere-to-be-written",
    "attribute_sets": None,
    "principals": ["users"],
    "filter": None,
    "format": "yaml",
}
DEFINITIONS = "/v1.0/directory/customSecurityAttributeDefinitions"


def assign(graph: _graph.Graph, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    principal = {"user": None if "service_principal" in options else "adele@contoso.com", "service_principal": None}
    defaults = {"attribute_set": "Engineering", "value": LEFT_OUT, "type": "auto", "append": False, "state": "present"}
    return _assignment.run_assignment({**principal, **defaults, "verify": False, **options}, graph, check_mode)


def info(graph: _graph.Graph, **options: Any) -> dict[str, Any]:
    defaults = dict.fromkeys(
        ["user", "service_principal", "principal_type", "where", "filter", "attribute_set", "name"]
    )
    return _assignment_info.run_info({**defaults, **options}, graph, False)


def sent(emulator: Emulator) -> list[str]:
    """The Graph requests since the last look, as `METHOD path`."""
    requests = [f"{request['method']} {request['path']}" for request in emulator.requests()]
    emulator.clear()
    return requests


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
    emulator: Emulator, graph: _graph.Graph, who: dict[str, str], name: str, value: Any
) -> None:
    read, path = (
        ("GET /v1.0/users/adele@contoso.com", f"/v1.0/users/{ADELE}")
        if "user" in who
        else ("GET /v1.0/servicePrincipals", f"/v1.0/servicePrincipals/{PAYROLL}")
    )
    first = assign(graph, name=name, value=value, **who)
    assert sent(emulator) == [read, f"PATCH {path}"]
    assert emulator.state(path.rsplit("/", 1)[1]) == {"Engineering": {name: value}}
    assert (first["changed"], first["value"], first["previous_value"]) == (True, value, None)
    second = assign(graph, name=name, value=value, **who)
    assert sent(emulator) == [read]
    assert (second["changed"], second["value"], second["previous_value"]) == (False, value, value)
    removed = assign(graph, name=name, state="absent", **who)
    assert sent(emulator) == [read, f"PATCH {path}"]
    assert (removed["changed"], removed["value"], removed["previous_value"]) == (True, None, value)
    assert not assign(graph, name=name, state="absent", **who)["changed"]
    assert emulator.state(path.rsplit("/", 1)[1]) == {}


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
def test_check_mode_predicts_what_the_run_does_and_only_reads(
    emulator: Emulator, graph: _graph.Graph, options: dict[str, Any]
) -> None:
    assign(graph, name="NumVendors", value=4)
    assign(graph, name="CostCenter", value=[1001, 1003])
    before = emulator.state(ADELE)
    emulator.clear()

    def outcome(check_mode: bool) -> Any:
        try:
            return assign(graph, check_mode, **options)
        except EntraError as error:
            return error

    predicted = outcome(check_mode=True)
    assert all(request["method"] == "GET" for request in emulator.requests())
    assert emulator.state(ADELE) == before
    done = outcome(check_mode=False)
    if isinstance(done, EntraError):
        assert isinstance(predicted, EntraError) or "the run will fail" in predicted["warnings"][0]
        assert emulator.state(ADELE) == before
    else:
        assert predicted == done


@pytest.mark.slow
@pytest.mark.parametrize(
    "who",
    [{"user": "adele@contoso.com"}, {"service_principal": "payroll-api"}, {"user": "sales-agent@contoso.com"}],
    ids=str,
)
def test_6_4_who_verifies_loses_nothing_of_what_follows_at_once(emulator: Emulator, who: dict[str, str]) -> None:
    graph = waiting(emulator, lambda seconds: time.sleep(seconds / 10))
    emulator.quirks(read_lag=0.5)
    for number in (1001, 1003):
        assert assign(graph, name="CostCenter", value=number, append=True, verify=True, **who)["changed"]
    found = assign(graph, name="CostCenter", value=1001, state="absent", verify=True, **who)
    assert (found["previous_value"], found["value"]) == ([1001, 1003], [1003])
    emulator.clear()
    assert not assign(graph, name="CostCenter", value=[1003], verify=True, **who)["changed"]
    assert [request["method"] for request in emulator.requests()] == ["GET"]


def test_6_4_a_write_that_is_never_shown_fails_and_is_told_as_a_change(emulator: Emulator, waits: Patient) -> None:
    graph = waiting(emulator, waits)
    emulator.faults({"match": {"method": "PATCH"}, "do": {"drop_write": True}})
    with pytest.raises(
        WriteNotConfirmed, match="accepted the write, but does not show it after half a minute"
    ) as failed:
        assign(graph, name="NumVendors", value=4, verify=True)
    assert failed.value.as_result()["changed"]
    assert waits.waits == list(REPLICATION_WAITS)
    assert assign(graph, name="NumVendors", value=4, verify=True)["changed"], "a later run writes it"
    assert emulator.state(ADELE) == {"Engineering": {"NumVendors": 4}}


def test_6_4_nothing_is_verified_in_check_mode(emulator: Emulator, waits: Patient) -> None:
    assert assign(waiting(emulator, waits), check_mode=True, name="NumVendors", value=4, verify=True)["changed"]
    assert waits.waits == []
    assert not [request for request in emulator.requests() if request["method"] != "GET"]


def test_no_definition_is_read_unless_the_type_is_in_doubt(emulator: Emulator, graph: _graph.Graph) -> None:
    assign(graph, name="NumVendors", value="4")
    assert f"GET {DEFINITIONS}" in sent(emulator)
    assert emulator.state(ADELE) == {"Engineering": {"NumVendors": 4}}
    assign(graph, name="NumVendors", value="8")
    assert f"GET {DEFINITIONS}" not in sent(emulator)
    assign(graph, name="Certification", value="true", type="boolean")
    assert f"GET {DEFINITIONS}" not in sent(emulator)
    assign(graph, name="ProjectDate", value="2022", type="string")
    assert f"GET {DEFINITIONS}" not in sent(emulator)
    assert emulator.state(ADELE) == {"Engineering": {"NumVendors": 8, "Certification": True, "ProjectDate": "2022"}}


def test_doubt_without_the_right_to_read_definitions_asks_for_the_type(
    emulator: Emulator, connect: Callable[..., _graph.Graph]
) -> None:
    token = emulator.token(permissions=["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All"])
    graph = connect(access_token=token)
    words = r"^value of Engineering.NumVendors: text that reads .* may be either\. Set type\. .*Definition\.Read\.All"
    with pytest.raises(InvalidValue, match=words):
        assign(graph, name="NumVendors", value="4")
    assert emulator.state(ADELE) == {}
    assert assign(graph, name="NumVendors", value="4", type="integer")["value"] == 4


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
def test_a_refusal_is_explained_from_the_definition(
    emulator: Emulator, graph: _graph.Graph, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(GraphError) as refusal:
        assign(graph, **options)
    assert words in refusal.value.details()["explanation"]
    assert refusal.value.status in (400, 404)
    assert refusal.value.request_id
    try:
        foreseen = assign(graph, check_mode=True, **options)["warnings"][0]
    except (InvalidValue, NameCaseMismatch) as error:
        foreseen = str(error)
    explanation = foreseen.partition(" Unless an earlier task")[0]
    assert str(refusal.value).startswith(f"{explanation} PATCH /v1.0/users/{ADELE}: Graph answered ")
    assert emulator.state(ADELE) == {}


def add_definitions(emulator: Emulator, *names: tuple[str, str], **properties: Any) -> None:
    """Have attributes of these sets and names, like ProjectDate but for `properties`."""
    tenant = emulator.tenant()
    like = next(one for one in tenant["definitions"] if one["name"] == "ProjectDate")
    tenant["attributeSets"] += [{"id": one} for one in {one for one, _name in names} - {"Engineering", "Marketing"}]
    tenant["definitions"] += [{**like, "attributeSet": one, "name": name, **properties} for one, name in names]
    emulator.tenant(tenant)


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
    emulator: Emulator,
    connect: Callable[..., _graph.Graph],
    permissions: list[str],
    options: dict[str, Any],
    words: str,
    check_mode: bool,
) -> None:
    graph = connect(access_token=emulator.token(permissions=[WRITE, "User.Read.All", *permissions]))
    assign(graph, name="Project", value=["Baker"])
    with pytest.raises(UndefinedAttribute, match=words):
        assign(graph, check_mode, **options)
    assert emulator.state(ADELE) == {"Engineering": {"Project": ["Baker"]}}


def test_a_type_that_is_new_is_no_crash(emulator: Emulator, graph: _graph.Graph) -> None:
    add_definitions(emulator, ("Engineering", "When"), type="DateTime")
    with pytest.raises(InvalidValue, match="its type is DateTime, which is none that is known here"):
        assign(graph, name="When", value="8")
    with pytest.raises(GraphError, match="its type is DateTime, which is none that is known here") as refusal:
        assign(graph, name="When", value="tomorrow")
    assert refusal.value.status == 400
    with pytest.raises(InvalidValue, match="its type is DateTime, which is none that is known here"):
        assign(graph, name="When", value="tomorrow", check_mode=True)


def test_where_a_tenant_has_both_spellings_each_is_itself(emulator: Emulator, graph: _graph.Graph) -> None:
    add_definitions(emulator, ("Engineering", "projectdate"), ("engineering", "ProjectDate"))
    for attribute_set, name in [("Engineering", "ProjectDate"), ("Engineering", "projectdate")]:
        assert not assign(graph, attribute_set=attribute_set, name=name, state="absent")["changed"]
        assert assign(graph, attribute_set=attribute_set, name=name, value=name)["changed"]
    assert assign(graph, attribute_set="engineering", name="ProjectDate", value="2022")["changed"]
    assert assign(graph, name="ProjectDate", state="absent")["changed"]
    assert emulator.state(ADELE) == {
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
    emulator: Emulator,
    waits: Patient,
    held: dict[str, Any],
    options: dict[str, Any],
    words: str,
    waited: tuple[float, ...],
) -> None:
    hold(emulator, "adele@contoso.com", **held)
    emulator.quirks(deprecated_removal="refuse", inactive_kept="refuse")
    with pytest.raises(GraphError) as refusal:
        assign(waiting(emulator, waits), **options)
    assert refusal.value.explanation.startswith(words)
    assert tuple(waits.waits) == waited
    emulator.quirks(deprecated_removal="accept", inactive_kept="accept")
    assert assign(waiting(emulator, waits), **options)["changed"], "whether Graph refuses this at all is unknown"


def test_definitions_that_fail_for_a_moment_are_no_spelling(emulator: Emulator, waits: Patient) -> None:
    hold(emulator, "adele@contoso.com", NumVendors=4)
    emulator.faults({"match": {"path": "/customSecurityAttributeDefinitions"}, "times": None, "do": {"status": 503}})
    with pytest.raises(GraphError, match="503"):
        assign(waiting(emulator, waits), name="numvendors", value="8")


def test_a_refusal_that_cannot_be_explained_says_why_not(
    emulator: Emulator, connect: Callable[..., _graph.Graph]
) -> None:
    token = emulator.token(permissions=["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All"])
    with pytest.raises(GraphError, match=r"cannot read it\..*CustomSecAttributeDefinition\.Read\.All"):
        assign(connect(access_token=token), name="Project", value=["Nome"])


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
    emulator: Emulator, graph: _graph.Graph, options: dict[str, Any], words: str
) -> None:
    with pytest.raises((OptionError, InvalidValue), match=words):
        assign(graph, **options)
    assert emulator.requests(None) == []


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
def test_users_of_all_spellings(emulator: Emulator, graph: _graph.Graph, name: str, found: str) -> None:
    result = assign(graph, user=name, name="NumVendors", value=1)
    assert result["principal"]["user_principal_name"] == found
    assert result["principal"]["type"] == "user"
    assert len(sent(emulator)) == 2
    assert emulator.state(found) == {"Engineering": {"NumVendors": 1}}


@pytest.mark.parametrize("name", [PAYROLL, "55555555-5555-4555-8555-555555555501", "payroll-api", " payroll-api "])
def test_service_principals_by_each_of_their_names(emulator: Emulator, graph: _graph.Graph, name: str) -> None:
    result = assign(graph, service_principal=name, name="NumVendors", value=1)
    assert result["principal"] == {
        "id": PAYROLL,
        "type": "service_principal",
        "display_name": "payroll-api",
        "app_id": "55555555-5555-4555-8555-555555555501",
    }
    assert len(sent(emulator)) == 2
    assert emulator.state(PAYROLL) == {"Engineering": {"NumVendors": 1}}


@pytest.mark.parametrize(
    ("who", "agent_type"),
    [
        ({"user": "sales-agent@contoso.com"}, "agentUser"),
        ({"service_principal": "sales-agent"}, "agentIdentity"),
        ({"service_principal": "sales-agents-blueprint"}, "agentIdentityBlueprintPrincipal"),
    ],
)
def test_agents_are_patched_as_what_they_are(
    emulator: Emulator, graph: _graph.Graph, who: dict[str, str], agent_type: str
) -> None:
    result = assign(graph, name="NumVendors", value=1, **who)
    assert result["principal"]["agent_type"] == agent_type
    assert emulator.requests()[-1]["body"]["@odata.type"] == f"#microsoft.graph.{agent_type}"
    assert emulator.state(result["principal"]["id"]) == {"Engineering": {"NumVendors": 1}}


def test_names_that_nobody_or_several_have(emulator: Emulator, graph: _graph.Graph) -> None:
    with pytest.raises(PrincipalNotFound, match=r"user: there is no user 'nobody@contoso\.com'"):
        assign(graph, user="nobody@contoso.com", name="NumVendors", value=1)
    almost = ADELE[:-1]
    with pytest.raises(PrincipalNotFound, match=f"user: there is no user '{almost}'"):
        assign(graph, user=almost, name="NumVendors", value=1)
    with pytest.raises(PrincipalNotFound, match="service_principal: there is no service principal 'nothing'"):
        assign(graph, service_principal="nothing", name="NumVendors", value=1)
    with pytest.raises(AmbiguousPrincipal, match=r"2 service principals are called 'Reports'.*5502.*5503") as refusal:
        assign(graph, service_principal="Reports", name="NumVendors", value=1)
    assert [candidate["display_name"] for candidate in refusal.value.candidates] == ["Reports", "Reports"]
    assert not [request for request in emulator.requests() if request["method"] != "GET"]


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
def test_null_is_no_proof_that_nothing_is_assigned(
    emulator: Emulator, connect: Callable[..., _graph.Graph], token: dict[str, Any]
) -> None:
    graph = connect(access_token=emulator.token(**token))
    with pytest.raises(AttributesHidden, match=r"CustomSecAttributeAssignment\.Read\.All.*Attribute Assignment Reader"):
        assign(graph, user="dara@contoso.com", attribute_set="Marketing", name="AppCountry", state="absent")
    with pytest.raises(AttributesHidden):
        info(graph, user="dara@contoso.com", attribute_set="Marketing", name="AppCountry")


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
def test_null_is_believed_to_who_may_read(
    emulator: Emulator, connect: Callable[..., _graph.Graph], token: dict[str, Any]
) -> None:
    graph = connect(access_token=emulator.token(**token))
    result = assign(graph, attribute_set="Marketing", name="AppCountry", state="absent")
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
def test_the_quirks_of_the_service_change_nothing(
    emulator: Emulator, graph: _graph.Graph, quirks: dict[str, Any]
) -> None:
    emulator.quirks(**quirks)
    for name, value in TYPES:
        assert assign(graph, name=name, value=value)["changed"]
    for name, value in TYPES:
        assert not assign(graph, name=name, value=value)["changed"]
    for name, _value in TYPES:
        assert assign(graph, name=name, state="absent")["changed"]
        assert not assign(graph, name=name, state="absent")["changed"]
    assert emulator.state(ADELE) == {}


def test_the_diff_shows_the_named_attribute_and_nothing_else(graph: _graph.Graph) -> None:
    assign(graph, name="NumVendors", value=4)
    assign(graph, name="Project", value=["Baker"])
    assert assign(graph, name="Project", value=["Cascade", "Alpine"])["diff"] == {
        "before": 'Engineering:\n  Project:\n    - "Baker"\n',
        "after": 'Engineering:\n  Project:\n    - "Alpine"\n    - "Cascade"\n',
        "before_header": f"user adele@contoso.com ({ADELE})",
        "after_header": f"user adele@contoso.com ({ADELE})",
    }


def names(result: dict[str, Any]) -> list[str]:
    return [principal["display_name"] for principal in result["principals"]]


@pytest.fixture
def tagged(graph: _graph.Graph, emulator: Emulator) -> _graph.Graph:
    for user, number in (("adele@contoso.com", 4), ("alex@contoso.com", 8)):
        assign(graph, user=user, name="NumVendors", value=number)
        assign(graph, user=user, name="Certification", value=number == 8)
        assign(graph, user=user, attribute_set="Marketing", name="EmployeeId", value=f"GS{number}")
    emulator.clear()
    return graph


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
    emulator: Emulator, tagged: _graph.Graph, where: list[tuple[str, str, str, Any]], found: list[str]
) -> None:
    keys = ("attribute_set", "name", "operator", "value")
    result = info(tagged, principal_type="user", where=[dict(zip(keys, item, strict=True)) for item in where])
    assert names(result) == found
    request = next(request for request in emulator.requests() if request["path"] == "/v1.0/users")
    assert request["headers"]["consistencylevel"] == "eventual"
    assert request["query"]["$count"] == "true"


def test_ne_with_a_value_also_selects_who_lacks_the_attribute(emulator: Emulator, tagged: _graph.Graph) -> None:
    condition = {"attribute_set": "Engineering", "name": "NumVendors", "operator": "ne"}
    everybody = {one["displayName"] for one in emulator.tenant()["users"]}
    others = info(tagged, principal_type="user", where=[{**condition, "value": 4}])
    assert set(names(others)) == everybody - {"Adele Vance"}
    holders = info(tagged, principal_type="user", where=[{**condition, "value": 4}, {**condition, "value": None}])
    assert names(holders) == ["Alex Wilber"]


def test_an_attribute_of_the_same_name_in_two_sets_is_two(emulator: Emulator, graph: _graph.Graph) -> None:
    add_definitions(emulator, ("Marketing", "ProjectDate"), type="Integer")
    for attribute_set in ("Engineering", "Marketing"):
        assert assign(graph, attribute_set=attribute_set, name="ProjectDate", value="2022")["changed"]
    assign(graph, user="alex@contoso.com", name="ProjectDate", value="2023")
    assert emulator.state(ADELE) == {"Engineering": {"ProjectDate": "2022"}, "Marketing": {"ProjectDate": 2022}}
    for attribute_set, value, found in [
        ("Engineering", "2022", ["Adele Vance"]),
        ("Marketing", "2022", ["Adele Vance"]),
        ("Engineering", "2023", ["Alex Wilber"]),
        ("Marketing", "2023", []),
    ]:
        where = {"attribute_set": attribute_set, "name": "ProjectDate", "operator": "eq", "value": value}
        listed = info(graph, principal_type="user", where=[where], attribute_set="Marketing", name="ProjectDate")
        assert names(listed) == found
        assert [one["custom_security_attributes"] for one in listed["principals"]] == [
            {"Marketing": {"ProjectDate": 2022}} if one == "Adele Vance" else {} for one in found
        ]
    assert assign(graph, attribute_set="Marketing", name="ProjectDate", state="absent")["previous_value"] == 2022
    assert emulator.state(ADELE) == {"Engineering": {"ProjectDate": "2022"}}


def test_3_nobody_found_by_what_is_not_searchable_is_no_answer(
    emulator: Emulator, graph: _graph.Graph, connect: Callable[..., _graph.Graph]
) -> None:
    assign(graph, name="Secret", value="x")
    emulator.quirks(unsearchable="empty")
    where = [
        {"attribute_set": "Marketing", "name": "EmployeeId", "operator": "ne", "value": None},
        {"attribute_set": "Engineering", "name": "Secret", "operator": "eq", "value": "x"},
    ]
    selected = {"principal_type": "user", "where": where, "filter": None}
    with pytest.raises(OptionError, match=r"where\[1\]\.name: Engineering\.Secret is not searchable"):
        info(graph, **selected)
    with pytest.raises(OptionError, match="not searchable"):
        _assignment_info.run_inventory({**selected, "strict_permissions": False}, graph, False)
    reader = connect(access_token=emulator.token(permissions=["User.Read.All", READ]))
    assert names(info(reader, **selected)) == [], "whose definitions it may not read"


def test_a_raw_filter_is_joined_and_results_are_narrowed(tagged: _graph.Graph) -> None:
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


def test_everybody_is_listed_in_pages_of_999(emulator: Emulator, graph: _graph.Graph) -> None:
    tenant = emulator.tenant()
    tenant["users"] += [
        {"id": f"00000000-0000-4000-8000-{n:012}", "displayName": f"User {n}", "userPrincipalName": f"u{n}@contoso.com"}
        for n in range(1200)
    ]
    emulator.tenant(tenant)
    emulator.clear()
    result = info(graph, principal_type="user")
    assert len(result["principals"]) == 1208
    assert emulator.requests()[0]["query"]["$top"] == "999"
    assert len(emulator.requests()) == 2
    assert result["principals"][0]["custom_security_attributes"] == {}
    dara = next(principal for principal in result["principals"] if principal["display_name"] == "Dara Fox")
    assert dara["custom_security_attributes"] == {"Marketing": {"AppCountry": ["Canada", "India"]}}


def test_nobody_of_that_name_is_an_empty_list_and_several_are_an_error(graph: _graph.Graph) -> None:
    assert info(graph, user="nobody@contoso.com")["principals"] == []
    assert info(graph, service_principal="nothing")["principals"] == []
    with pytest.raises(AmbiguousPrincipal, match="Reports"):
        info(graph, service_principal="Reports")


def test_a_list_that_may_be_blind_says_so(emulator: Emulator, connect: Callable[..., _graph.Graph]) -> None:
    scoped = emulator.token(
        user="alex@contoso.com", scopes=["User.Read.All", READ], role_scopes={READER: ["Engineering"]}
    )
    assert "may be hidden" in info(connect(access_token=scoped), user="dara@contoso.com")["warnings"][0]
    assign(connect(), user="dara@contoso.com", name="NumVendors", value=3)
    partly = info(connect(access_token=scoped), user="dara@contoso.com")
    assert partly["principals"][0]["custom_security_attributes"] == {"Engineering": {"NumVendors": 3}}
    assert "may be hidden" in partly["warnings"][0]
    with pytest.raises(AttributesHidden):
        assign(
            connect(access_token=scoped),
            user="dara@contoso.com",
            attribute_set="Marketing",
            name="AppCountry",
            state="absent",
        )
    with pytest.raises(AttributesHidden):
        info(connect(access_token=emulator.token(permissions=["User.Read.All"])), principal_type="user")


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_may_be_hidden_is_not_taken_for_nothing(
    emulator: Emulator, connect: Callable[..., _graph.Graph], check_mode: bool
) -> None:
    scopes = {ADMINISTRATOR: ["Engineering"]}
    scoped = emulator.token(user="alex@contoso.com", scopes=["User.Read.All", WRITE], role_scopes=scopes)
    graph = connect(access_token=scoped)
    result = assign(graph, check_mode, name="Secret", state="absent")
    assert not result["changed"]
    assert ["may be hidden" in warning for warning in result["warnings"]] == [True], "it is not searchable"
    assert "warnings" not in assign(graph, check_mode, name="NumVendors", state="absent")


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
    emulator: Emulator, graph: _graph.Graph, text: str, words: str
) -> None:
    for options in (
        {"name": "Secret", "value": text},
        {"name": "Datacenter", "value": ["a", text]},
        {"name": "Datacenter", "value": [text], "append": True},
    ):
        with pytest.raises(InvalidValue) as refusal:
            assign(graph, **options)
        assert f"the text has {words}" in str(refusal.value)
    assert emulator.requests(None) == []
    hold(emulator, "adele@contoso.com", Secret=text, Datacenter=[text, "a"])
    assert assign(graph, name="Datacenter", value="b", append=True)["value"] == [text, "a", "b"]
    assert assign(graph, name="Datacenter", value=[text, "b"], state="absent")["value"] == ["a"]
    assert assign(graph, name="Secret", value=text, state="absent")["changed"]
    assert emulator.state(ADELE) == {"Engineering": {"Datacenter": ["a"]}}


@pytest.mark.parametrize(
    "text",
    ["NO", "00123", "1.10", "12:30:45", "2022-10-01", "null", "~", "a b", "10\u00a0000", "\U0001f468\u200d\U0001f469",
     "\u2764\ufe0f", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "e\u0301", "{{ x }}", "*", "*******"],
    ids=ascii,
)  # fmt: skip
def test_graph_gets_the_very_text(emulator: Emulator, graph: _graph.Graph, text: str) -> None:
    assert assign(graph, name="ProjectDate", value=text)["value"] == text
    sent_values = emulator.requests()[-1]["body"]["customSecurityAttributes"]["Engineering"]
    assert sent_values["ProjectDate"] == text
    assert emulator.state(ADELE) == {"Engineering": {"ProjectDate": text}}


@pytest.mark.parametrize("value", [83, 45045])
def test_an_integer_never_replaces_text_unless_the_type_says_so(
    emulator: Emulator, graph: _graph.Graph, value: int
) -> None:
    words = f"its type is String; YAML read the integer {value} where text is needed; put it in quotes"
    with pytest.raises(GraphError) as unassigned:
        assign(graph, name="ProjectDate", value=value)
    assert words in str(unassigned.value)
    hold(emulator, "adele@contoso.com", ProjectDate="00083")
    with pytest.raises(InvalidValue) as assigned:
        assign(graph, name="ProjectDate", value=value)
    assert words in str(assigned.value)
    assert emulator.state(ADELE) == {"Engineering": {"ProjectDate": "00083"}}
    assert assign(graph, name="ProjectDate", value=value, type="string")["value"] == str(value)


@pytest.mark.parametrize(("options", "words"), [
    ({"value": None}, "null cannot be assigned"),
    ({"value": None, "state": "absent"}, "null cannot be assigned"),
    ({"value": "", "state": "absent"}, "empty text"),
    ({"value": [], "state": "absent"}, "the list is empty"),
    ({"append": True}, "no value is given"),
], ids=str)  # fmt: skip
def test_a_value_that_is_empty_removes_nothing_and_sends_nothing(
    emulator: Emulator, graph: _graph.Graph, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidValue, match=words):
        assign(graph, name="ProjectDate", **options)
    assert emulator.requests(None) == []


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
def test_a_wrong_value_of_a_condition_is_refused(graph: _graph.Graph, operator: str, value: Any, words: str) -> None:
    where = [{"attribute_set": "Marketing", "name": "AppCountry", "operator": operator, "value": value}]
    with pytest.raises(OptionError, match=rf"where\[0\]\.value: .*{words}") as refusal:
        info(graph, principal_type="user", where=where)
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
    emulator: Emulator, graph: _graph.Graph, condition: dict[str, Any], words: str
) -> None:
    where = [{"attribute_set": "Engineering", "operator": "eq", **condition}]
    for run in (
        lambda: info(graph, principal_type="user", where=where),
        lambda: _assignment_info.run_inventory(
            {"principal_type": "user", "where": where, "filter": None, "strict_permissions": True}, graph, False
        ),
        lambda: run_export({**EXPORT_PARAMS, "where": where}, graph, False),
    ):
        emulator.clear()
        with pytest.raises((OptionError, UndefinedAttribute)) as refusal:
            run()
        assert words in str(refusal.value)
        assert not [path for path in sent(emulator) if path.endswith(("/users", "/servicePrincipals"))]


def test_a_condition_goes_as_it_is_written_where_definitions_cannot_be_read(
    emulator: Emulator, connect: Callable[..., _graph.Graph]
) -> None:
    reader = connect(access_token=emulator.token(permissions=["User.Read.All", READ]))
    where = [{"attribute_set": "Engineering", "name": "NumVendors", "operator": "eq", "value": "8"}]
    with suppress(GraphError):
        info(reader, principal_type="user", where=where)
    assert "customSecurityAttributes/Engineering/NumVendors eq '8'" in str(emulator.requests()[-1]["query"])


def test_half_a_character_is_no_part_of_a_condition(emulator: Emulator, graph: _graph.Graph) -> None:
    where = {"attribute_set": "Engineering", "name": "ProjectDate", "operator": "eq", "value": "a\ud800"}
    for operator in ("eq", "ne", "startswith"):
        with pytest.raises(OptionError, match=r"where\[0\]\.value: .*half a character"):
            info(graph, principal_type="user", where=[{**where, "operator": operator}])
    with pytest.raises(OptionError, match=r"where\[0\]\.name: .* half a character"):
        info(graph, principal_type="user", where=[{**where, "name": "\ud800"}])
    with pytest.raises(OptionError, match="filter: has half a character"):
        info(graph, principal_type="user", filter="displayName eq '\ud800'")
    assert emulator.requests(None) == []


@pytest.mark.parametrize(
    "claims", [{}, {"roles": ["User.Read.All"]}], ids=["opaque", "an Entra role it does not tell of"]
)
def test_a_token_that_does_not_tell_is_no_obstacle(emulator: Emulator, claims: dict[str, Any]) -> None:
    class Silent(_graph.Graph):
        def claims(self) -> dict[str, Any]:
            return claims

    http = Http(verify=emulator.environment["REQUESTS_CA_BUNDLE"])
    blind = Silent(http, ReadyToken(emulator.token(permissions=["User.Read.All"])), emulator.url)
    with pytest.raises(AttributesHidden):
        assign(blind, name="NumVendors", state="absent")
    seeing = Silent(http, ReadyToken(emulator.token(permissions=["User.Read.All", READ])), emulator.url)
    assert not assign(seeing, name="NumVendors", state="absent")["changed"]


def test_what_is_shown_is_listed_whatever_the_token_tells(emulator: Emulator) -> None:
    class Silent(_graph.Graph):
        def claims(self) -> dict[str, Any]:
            return {"roles": ["User.Read.All"]}

    hold(emulator, "adele@contoso.com", NumVendors=4)
    http = Http(verify=emulator.environment["REQUESTS_CA_BUNDLE"])
    graph = Silent(http, ReadyToken(emulator.token(permissions=["User.Read.All", READ])), emulator.url)
    listed = info(graph, user="adele@contoso.com")
    assert listed["principals"][0]["custom_security_attributes"] == {"Engineering": {"NumVendors": 4}}
    assert listed["warnings"] == [PERHAPS_HIDDEN]
    selected = {"principal_type": "user", "where": None, "filter": None, "strict_permissions": True}
    assert _assignment_info.run_inventory(selected, graph, False)["warnings"] == [PERHAPS_HIDDEN]
    with pytest.raises(AttributesHidden):
        info(graph, user="megan+test@contoso.com")


def test_a_no_stays_a_no_where_asking_does_not_settle_it(
    emulator: Emulator, connect: Callable[..., _graph.Graph]
) -> None:
    graph = connect(access_token=emulator.token(permissions=["User.Read.All"]))
    emulator.faults({"match": {"path": "/users$"}, "do": {"status": 400}})
    with pytest.raises(AttributesHidden):
        assign(graph, name="NumVendors", state="absent")
    assert [request["status"] for request in emulator.requests()] == [200, 400]
