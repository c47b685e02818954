# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Custom security attributes of one object (graph-facts 2, 4 and 6.2)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from plain_client import ADELE, DARA, PAYROLL, SET_TYPE, Client, error_of

READ_TYPE = "#microsoft.graph.customSecurityAttributeValue"
BAD = (400, "Request_BadRequest")

# members of the set as sent, name, value as stored
ACCEPTED: list[tuple[dict[str, Any], str, Any]] = [
    ({"ProjectDate": "2022-10-01"}, "ProjectDate", "2022-10-01"),
    ({"ProjectDate@odata.type": "#String", "ProjectDate": "x"}, "ProjectDate", "x"),
    ({"Certification": True}, "Certification", True),
    ({"Certification": False}, "Certification", False),
    ({"NumVendors@odata.type": "#Int32", "NumVendors": 4}, "NumVendors", 4),
    ({"NumVendors@odata.type": "#Int32", "NumVendors": -(2**31)}, "NumVendors", -(2**31)),
    ({"NumVendors@odata.type": "#Int32", "NumVendors": 2**31 - 1}, "NumVendors", 2**31 - 1),
    (
        {"Project@odata.type": "#Collection(String)", "Project": ["Baker", "Cascade"]},
        "Project",
        ["Baker", "Cascade"],
    ),
    ({"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": [1001, 1003]}, "CostCenter", [1001, 1003]),
    ({"ProjectDate": "ü" * 64}, "ProjectDate", "ü" * 64),
    ({"ProjectDate": " # % & * + \\ : \" / < > ?'"}, "ProjectDate", " # % & * + \\ : \" / < > ?'"),
]


@pytest.mark.parametrize(("members", "name", "stored"), ACCEPTED)
@pytest.mark.parametrize("who", [f"users/{ADELE}", f"servicePrincipals/{PAYROLL}"])
def test_2_1_every_type_is_written_with_204(
    graph: Client, who: str, members: dict[str, Any], name: str, stored: Any
) -> None:
    response = graph.assign(members, who)
    assert (response.status_code, response.content) == (204, b"")
    assert graph.emulator.state(who.split("/")[1]) == {"Engineering": {name: stored}}


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("Int32 not annotated", {"NumVendors": 4}),
    ("Int32 annotated as another type", {"NumVendors@odata.type": "#Int64", "NumVendors": 4}),
    ("collection not annotated", {"Project": ["Baker"]}),
    ("collection annotated as another", {"Project@odata.type": "#Collection(Int32)", "Project": ["Baker"]}),
    ("text for an integer", {"NumVendors@odata.type": "#Int32", "NumVendors": "4"}),
    ("number for text", {"ProjectDate": 20221001}),
    ("text for a Boolean", {"Certification": "true"}),
    ("number for a Boolean", {"Certification": 1}),
    ("Boolean for an integer", {"NumVendors@odata.type": "#Int32", "NumVendors": True}),
    ("fraction for an integer", {"NumVendors@odata.type": "#Int32", "NumVendors": 4.5}),
    ("mixed collection", {"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": [1001, "1003"]}),
    ("Booleans in a collection", {"Datacenter@odata.type": "#Collection(String)", "Datacenter": [True]}),
    ("list of Booleans", {"Certification@odata.type": "#Collection(Boolean)", "Certification": [True]}),
    ("scalar for a collection", {"Project@odata.type": "#Collection(String)", "Project": "Baker"}),
    ("list for a single value", {"ProjectDate@odata.type": "#Collection(String)", "ProjectDate": ["x"]}),
    ("object for a value", {"ProjectDate": {"x": 1}}),
    ("above 32 bits", {"NumVendors@odata.type": "#Int32", "NumVendors": 2**31}),
    ("below 32 bits", {"NumVendors@odata.type": "#Int32", "NumVendors": -(2**31) - 1}),
    ("empty text", {"ProjectDate": ""}),
    ("empty text in a collection", {"Datacenter@odata.type": "#Collection(String)", "Datacenter": [""]}),
    ("null in a collection", {"Datacenter@odata.type": "#Collection(String)", "Datacenter": [None]}),
    ("65 characters", {"ProjectDate": "x" * 65}),
    ("not predefined", {"Project@odata.type": "#Collection(String)", "Project": ["Denali"]}),
    ("predefined in another case", {"Project@odata.type": "#Collection(String)", "Project": ["baker"]}),
    ("inactive predefined value", {"Project@odata.type": "#Collection(String)", "Project": ["Skagit"]}),
    ("deprecated definition", {"Legacy": "x"}),
    ("unknown attribute", {"Nope": "x"}),
    ("attribute in another case", {"projectDate": "x"}),
    ("annotation without its property", {"NumVendors@odata.type": "#Int32"}),
]


@pytest.mark.parametrize("members", [item[1] for item in REFUSED], ids=[item[0] for item in REFUSED])
def test_2_and_4_what_breaks_a_rule_is_refused_and_changes_nothing(graph: Client, members: dict[str, Any]) -> None:
    before = {"Certification": True, "ProjectDate": "before"}
    assert graph.assign(before).status_code == 204
    # A lawful change before and after the unlawful one in the same body: a refusal is atomic.
    refused = graph.assign({"Secret": "first", **members, "ProjectDate": members.get("ProjectDate", "last")})
    assert error_of(refused) == BAD
    assert graph.emulator.state(ADELE) == {"Engineering": before}


def test_2_1_both_spellings_of_the_set_type_are_accepted(graph: Client) -> None:
    for spelling in (SET_TYPE, READ_TYPE):
        body = {"customSecurityAttributes": {"Engineering": {"@odata.type": spelling, "ProjectDate": spelling[:20]}}}
        assert graph.call("PATCH", f"/v1.0/users/{ADELE}", body).status_code == 204
        assert graph.emulator.state(ADELE)["Engineering"]["ProjectDate"] == spelling[:20]


def test_2_2_only_what_is_named_changes_and_a_collection_is_replaced(graph: Client) -> None:
    graph.assign({"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": [1, 2], "Certification": True})
    graph.assign({"EmployeeId": "GS45897"}, set_name="Marketing")
    graph.assign({"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": [2, 3]})
    assert graph.emulator.state(ADELE) == {
        "Engineering": {"CostCenter": [2, 3], "Certification": True},
        "Marketing": {"EmployeeId": "GS45897"},
    }


def test_2_2_several_sets_in_one_body(graph: Client) -> None:
    sets = {
        "Engineering": {"@odata.type": SET_TYPE, "ProjectDate": "x"},
        "Marketing": {"@odata.type": SET_TYPE, "EmployeeId": "y"},
    }
    assert graph.call("PATCH", f"/v1.0/users/{ADELE}", {"customSecurityAttributes": sets}).status_code == 204
    assert graph.emulator.state(ADELE) == {"Engineering": {"ProjectDate": "x"}, "Marketing": {"EmployeeId": "y"}}


@pytest.mark.parametrize("nothing", [None, []])
@pytest.mark.parametrize(
    "members",
    [{"ProjectDate": "x"}, {"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": [1]}],
)
def test_2_1_null_and_empty_list_remove(graph: Client, members: dict[str, Any], nothing: Any) -> None:
    name = list(members)[-1]
    graph.assign({**members, "Certification": True})
    assert graph.assign({name: nothing}).status_code == 204
    assert graph.emulator.state(ADELE) == {"Engineering": {"Certification": True}}
    assert graph.assign({name: nothing}).status_code == 204, "removing what is not there"


def test_2_1_removal_with_the_annotation_of_the_collection(graph: Client) -> None:
    graph.assign({"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": [1]})
    graph.assign({"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": []})
    assert graph.emulator.state(ADELE) == {}


@pytest.mark.parametrize("body", [None, {"Engineering": None}, {"Engineering": []}, {"Engineering": 4}, "text"])
def test_2_2_null_for_a_whole_set_is_refused(graph: Client, body: Any) -> None:
    graph.assign({"ProjectDate": "x"})
    refused = graph.call("PATCH", f"/v1.0/users/{ADELE}", {"customSecurityAttributes": body})
    assert error_of(refused) == BAD
    assert graph.emulator.state(ADELE) == {"Engineering": {"ProjectDate": "x"}}


def test_2_3_what_is_read_carries_the_annotations_of_reading(graph: Client) -> None:
    graph.assign(
        {
            "Project@odata.type": "#Collection(String)",
            "Project": ["Baker", "Alpine"],
            "ProjectDate": "2024-11-15",
            "NumVendors@odata.type": "#Int32",
            "NumVendors": 8,
            "CostCenter@odata.type": "#Collection(Int32)",
            "CostCenter": [1001, 1003],
            "Certification": False,
        }
    )
    graph.assign({"EmployeeId": "GS45897"}, set_name="Marketing")
    response = graph.get(f"/v1.0/users/{ADELE}?$select=customSecurityAttributes").json()
    assert response == {
        "@odata.context": f"{graph.emulator.url}/v1.0/$metadata#users(customSecurityAttributes)/$entity",
        "customSecurityAttributes": {
            "Engineering": {
                "@odata.type": READ_TYPE,
                "Project@odata.type": "#Collection(String)",
                "Project": ["Baker", "Alpine"],
                "ProjectDate": "2024-11-15",
                "NumVendors": 8,
                "CostCenter@odata.type": "#Collection(Int32)",
                "CostCenter": [1001, 1003],
                "Certification": False,
            },
            "Marketing": {"@odata.type": READ_TYPE, "EmployeeId": "GS45897"},
        },
    }


def test_2_3_echoing_what_was_read_is_refused_because_int32_has_lost_its_annotation(graph: Client) -> None:
    graph.assign({"NumVendors@odata.type": "#Int32", "NumVendors": 8})
    echo = graph.call("PATCH", f"/v1.0/users/{ADELE}", {"customSecurityAttributes": graph.attributes()})
    assert error_of(echo) == BAD


def test_2_4_nothing_assigned_is_null_also_after_the_last_removal(graph: Client) -> None:
    assert graph.attributes() is None
    graph.assign({"ProjectDate": "x"})
    graph.assign({"ProjectDate": None})
    assert graph.attributes() is None


def test_1_1_a_type_may_be_new(graph: Client) -> None:
    tenant = graph.emulator.tenant()
    like = {"attributeSet": "Engineering", "type": "DateTime", "isCollection": True}
    tenant["definitions"] += [{**like, "name": "When"}, {**like, "name": "Then", "isCollection": False}]
    tenant["users"][0]["customSecurityAttributes"] = {"Engineering": {"When": ["2022-10-01"]}}
    graph.emulator.tenant(tenant)
    graph.token = graph.emulator.token(permissions=["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All"])
    graph.emulator.quirks(check_schema=False)  # which knows three types
    assert graph.attributes()["Engineering"]["When"] == ["2022-10-01"]
    assert graph.attributes()["Engineering"]["When@odata.type"] == "#Collection(DateTime)"
    assert error_of(graph.assign({"Then": "2022-10-01"})) == (400, "Request_BadRequest")


def test_1_5_never_returned_unless_selected(graph: Client) -> None:
    assert "customSecurityAttributes" not in graph.get(f"/v1.0/users/{DARA}").json()
    assert "customSecurityAttributes" not in graph.get(f"/v1.0/users/{DARA}?$select=id").json()
    assert all("customSecurityAttributes" not in user for user in graph.get("/v1.0/users").json()["value"])


def test_1_5_beta_behaves_the_same(graph: Client) -> None:
    body = {"customSecurityAttributes": {"Engineering": {"@odata.type": SET_TYPE, "ProjectDate": "x"}}}
    assert graph.call("PATCH", f"/beta/users/{ADELE}", body).status_code == 204
    read = graph.get(f"/beta/users/{ADELE}?$select=customSecurityAttributes").json()
    assert read["customSecurityAttributes"]["Engineering"]["ProjectDate"] == "x"
    assert "/beta/$metadata" in read["@odata.context"]


@pytest.mark.parametrize(
    ("path", "type_name"),
    [
        ("users/sales-agent@contoso.com", "#microsoft.graph.agentUser"),
        ("servicePrincipals/44444444-4444-4444-8444-444444444404", "#microsoft.graph.agentIdentity"),
        (
            "servicePrincipals/44444444-4444-4444-8444-444444444405",
            "#microsoft.graph.agentIdentityBlueprintPrincipal",
        ),
    ],
)
def test_1_5_agents_name_their_type_and_want_it_named(graph: Client, path: str, type_name: str) -> None:
    attributes = {"Engineering": {"@odata.type": SET_TYPE, "ProjectDate": "x"}}
    assert graph.get(f"/v1.0/{path}?$select=id").json()["@odata.type"] == type_name
    graph.emulator.quirks(agent_user_type="required")
    assert error_of(graph.assign({"ProjectDate": "x"}, path)) == BAD
    wrong = {"@odata.type": "#microsoft.graph.device", "customSecurityAttributes": attributes}
    assert error_of(graph.call("PATCH", f"/v1.0/{path}", wrong)) == BAD
    right = {"@odata.type": type_name, "customSecurityAttributes": attributes}
    assert graph.call("PATCH", f"/v1.0/{path}", right).status_code == 204
    assert graph.emulator.state(path.split("/")[1]) == {"Engineering": {"ProjectDate": "x"}}


def test_4_fifty_values_per_object_counting_every_value_of_a_collection(graph: Client) -> None:
    forty_nine = {"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": list(range(49))}
    assert graph.assign(forty_nine).status_code == 204
    assert graph.assign({"EmployeeId": "fiftieth"}, set_name="Marketing").status_code == 204
    assert error_of(graph.assign({"ProjectDate": "fifty-first"})) == BAD
    swap: dict[str, Any] = {"ProjectDate": "fiftieth", "Certification": None, "CostCenter": []}
    assert graph.assign(swap).status_code == 204


def test_4_an_inactive_value_that_is_assigned_may_stay(graph: Client) -> None:
    tenant = graph.emulator.tenant()
    adele = next(user for user in tenant["users"] if user["userPrincipalName"] == ADELE)
    adele["customSecurityAttributes"] = {"Engineering": {"Project": ["Skagit", "Baker"]}}
    graph.emulator.tenant(tenant)
    graph.token = graph.emulator.token(permissions=["CustomSecAttributeAssignment.ReadWrite.All"])
    keep = {"Project@odata.type": "#Collection(String)", "Project": ["Alpine", "Skagit"]}
    assert graph.assign(keep).status_code == 204
    leave = {"Project@odata.type": "#Collection(String)", "Project": ["Alpine"]}
    assert graph.assign(leave).status_code == 204
    assert error_of(graph.assign(keep)) == BAD, "once gone it is newly assigned"


def test_4_a_collection_that_keeps_an_inactive_value_can_be_refused(graph: Client) -> None:
    tenant = graph.emulator.tenant()
    adele = next(user for user in tenant["users"] if user["userPrincipalName"] == ADELE)
    adele["customSecurityAttributes"] = {"Engineering": {"Project": ["Skagit", "Baker"]}}
    graph.emulator.tenant(tenant)
    graph.token = graph.emulator.token(permissions=["CustomSecAttributeAssignment.ReadWrite.All"])
    graph.emulator.quirks(inactive_kept="refuse")
    assert error_of(graph.assign({"Project@odata.type": "#Collection(String)", "Project": ["Alpine", "Skagit"]})) == BAD
    assert graph.assign({"Project@odata.type": "#Collection(String)", "Project": ["Alpine"]}).status_code == 204


def with_legacy(graph: Client) -> None:
    """Give Adele a value of the attribute that is deprecated by now."""
    tenant = graph.emulator.tenant()
    adele = next(user for user in tenant["users"] if user["userPrincipalName"] == ADELE)
    adele["customSecurityAttributes"] = {"Engineering": {"Legacy": "old"}}
    graph.emulator.tenant(tenant)
    graph.token = graph.emulator.token(permissions=["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All"])


def test_4_a_deprecated_attribute_stays_readable_and_can_be_removed_by_default(graph: Client) -> None:
    with_legacy(graph)
    assert graph.attributes()["Engineering"]["Legacy"] == "old"
    assert error_of(graph.assign({"Legacy": "new"})) == BAD
    assert graph.assign({"Legacy": None}).status_code == 204
    assert graph.emulator.state(ADELE) == {}


def test_4_removal_of_a_deprecated_attribute_can_be_refused(graph: Client) -> None:
    with_legacy(graph)
    graph.emulator.quirks(deprecated_removal="refuse")
    assert error_of(graph.assign({"Legacy": None})) == BAD
    assert graph.emulator.state(ADELE) == {"Engineering": {"Legacy": "old"}}


def test_6_2_set_object_without_type_or_unknown_set(graph: Client) -> None:
    for body in ({"Engineering": {"ProjectDate": "x"}}, {"Nope": {"@odata.type": SET_TYPE, "ProjectDate": "x"}}):
        refused = graph.call("PATCH", f"/v1.0/users/{ADELE}", {"customSecurityAttributes": body})
        assert error_of(refused) == BAD
        message = refused.json()["error"]["message"]
        assert message.startswith("Invalid property")
        assert next(iter(body)) in message


def test_6_2_name_of_the_property_in_pascal_case(graph: Client) -> None:
    body = {"CustomSecurityAttributes": {"Engineering": {"@odata.type": SET_TYPE, "ProjectDate": "x"}}}
    refused = graph.call("PATCH", f"/v1.0/users/{ADELE}", body)
    assert error_of(refused) == BAD
    assert refused.json()["error"]["message"].startswith("Invalid property")


def test_6_2_stringified_json_is_accepted_and_changes_nothing(graph: Client) -> None:
    graph.emulator.quirks(check_schema=False)
    text = json.dumps({"@odata.type": SET_TYPE, "ProjectDate": "x"})
    response = graph.call("PATCH", f"/v1.0/users/{ADELE}", {"customSecurityAttributes": {"Engineering": text}})
    assert response.status_code == 204
    assert graph.emulator.state(ADELE) == {}


@pytest.mark.parametrize("body", [{}, {"Engineering": {"@odata.type": SET_TYPE}}])
def test_6_2_a_body_that_holds_nothing_in_effect_is_answered_like_dropped_nulls(graph: Client, body: Any) -> None:
    refused = graph.call("PATCH", f"/v1.0/users/{ADELE}", {"customSecurityAttributes": body})
    assert error_of(refused) == (403, "Authorization_RequestDenied")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"/v1.0/users/{ADELE}"),
        ("POST", f"/v1.0/servicePrincipals/{PAYROLL}"),
        ("DELETE", "/v1.0/directory/attributeSets/Engineering"),
        ("DELETE", "/v1.0/directory/customSecurityAttributeDefinitions/Engineering_Project"),
    ],
)
def test_6_2_wrong_method(graph: Client, method: str, path: str) -> None:
    refused = graph.call(method, path, {})
    assert error_of(refused) == (405, "Request_BadRequest")
    assert refused.json()["error"]["message"] == "Specified HTTP method is not allowed for the request target."


def test_6_1_errors_carry_ids_and_answers_echo_the_clients(graph: Client) -> None:
    mine = "0e4a9a52-9f1c-4d0f-8a52-4f0a6d1f2c11"
    refused = graph.get("/v1.0/users/nobody@contoso.com", client_request_id=mine)
    inner = refused.json()["error"]["innerError"]
    assert inner["client-request-id"] == refused.headers["client-request-id"] == mine
    assert inner["request-id"] == refused.headers["request-id"] != mine
    assert inner["date"]
    assert graph.get("/v1.0/users").headers["x-ms-resource-unit"] == "2"
    assert graph.get("/v1.0/users?$select=id").headers["x-ms-resource-unit"] == "1"
    assert graph.get("/v1.0/servicePrincipals").headers["x-ms-resource-unit"] == "1"


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"{}", "text/plain"),
        (rb'{"customSecurityAttributes": {"\ud800": {}}}', "application/json"),
        (b'{"customSecurityAttributes": {"\xed\xa0\x80": {}}}', "application/json"),
    ],
)
def test_6_2_unreadable_bodies(graph: Client, content: bytes, content_type: str) -> None:
    response = graph.emulator.session.patch(
        f"{graph.emulator.url}/v1.0/users/{ADELE}",
        data=content,
        headers={"Authorization": f"Bearer {graph.token}", "Content-Type": content_type},
        verify=graph.emulator.environment["REQUESTS_CA_BUNDLE"],
        timeout=10,
    )
    assert error_of(response) == (400, "BadRequest")
    assert graph.emulator.requests()[-1]["status"] == 400


def test_6_4_reads_can_lag_behind_writes(graph: Client) -> None:
    graph.emulator.quirks(read_lag=0.6)
    graph.assign({"ProjectDate": "x"})
    assert graph.attributes() is None
    assert graph.emulator.state(ADELE) == {"Engineering": {"ProjectDate": "x"}}
    graph.assign({"Certification": True})
    assert graph.emulator.state(ADELE) == {"Engineering": {"ProjectDate": "x", "Certification": True}}
    graph.emulator.quirks(read_lag=0)
    deadline = time.monotonic() + 10
    while "Certification" not in (graph.attributes() or {}).get("Engineering", {}):
        assert time.monotonic() < deadline, "the write never became visible"


def test_other_properties_need_their_own_permission_and_are_changed_with_it(graph: Client, as_caller: Any) -> None:
    both = {
        "department": "Sales",
        "customSecurityAttributes": {"Engineering": {"@odata.type": SET_TYPE, "ProjectDate": "x"}},
    }
    assert error_of(graph.call("PATCH", f"/v1.0/users/{ADELE}", both)) == (403, "Authorization_RequestDenied")
    assert graph.emulator.state(ADELE) == {}
    permissions = ["User.ReadWrite.All", "CustomSecAttributeAssignment.ReadWrite.All"]
    writer = as_caller(permissions=permissions)
    assert writer.call("PATCH", f"/v1.0/users/{ADELE}", both).status_code == 204
    assert writer.get(f"/v1.0/users/{ADELE}?$select=department").json()["department"] == "Sales"
    assert error_of(writer.call("PATCH", f"/v1.0/users/{ADELE}", {"id": "x"})) == BAD
    assert error_of(writer.call("PATCH", f"/v1.0/users/{ADELE}", {"nope": "x"})) == BAD
