# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log of custom security attributes, its permission and its quota (graph-facts 1.6, 5.2 and 8)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from plain_client import ADELE, PAYROLL, Client, error_of

AUDITS = "/beta/auditLogs/customSecurityAttributeAudits"
READ_AUDITS = "CustomSecAttributeAuditLogs.Read.All"
SETS = "/v1.0/directory/attributeSets"
DEFINITIONS = "/v1.0/directory/customSecurityAttributeDefinitions"
ADELE_ID = "33333333-3333-4333-8333-333333333301"


@pytest.fixture
def log(as_caller: Callable[..., Client]) -> Client:
    return as_caller(permissions=[READ_AUDITS])


def entries(log: Client, query: str = "") -> list[dict[str, Any]]:
    response = log.get(f"{AUDITS}{query}")
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["value"]
    return found


def changes(entry: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what an entry says has changed, by name: old and new, parsed."""
    (target,) = entry["targetResources"]
    return {
        change["displayName"]: tuple(text and json.loads(text) for text in (change["oldValue"], change["newValue"]))
        for change in target["modifiedProperties"][:-1]
    }


def test_1_6_the_last_change_names_the_others(graph: Client, log: Client) -> None:
    graph.assign({"ProjectDate": "2026-11-22", "Certification": True})
    (entry,) = entries(log)
    names = [change["displayName"] for change in entry["targetResources"][0]["modifiedProperties"]]
    assert names == ["Engineering_ProjectDate", "Engineering_Certification", "Included Updated Properties"]
    summary = entry["targetResources"][0]["modifiedProperties"][-1]
    assert summary["oldValue"] is None
    assert summary["newValue"] == '"Engineering_ProjectDate, Engineering_Certification"'


def test_1_6_a_user_who_made_a_change_has_a_type_and_a_home(as_caller: Callable[..., Client], log: Client) -> None:
    scopes = ["CustomSecAttributeAssignment.ReadWrite.All"]
    as_caller(user=ADELE, scopes=scopes, roles=["Attribute Assignment Administrator"]).assign({"ProjectDate": "x"})
    (entry,) = entries(log)
    assert entry["initiatedBy"]["user"] == {
        "id": ADELE_ID,
        "displayName": "Adele Vance",
        "userPrincipalName": ADELE,
        "ipAddress": "127.0.0.1",
        "userType": "Member",
        "homeTenantId": "11111111-1111-4111-8111-111111111111",
        "homeTenantName": "contoso.com",
    }


def test_1_6_an_assignment_to_a_user(graph: Client, log: Client) -> None:
    graph.assign({"ProjectDate": "2026-11-22"})
    graph.assign({"ProjectDate": None, "NumVendors@odata.type": "#Int32", "NumVendors": 4})
    second, first = entries(log)
    assert first["activityDisplayName"] == "Update attribute values assigned to a user"
    assert first["category"] == "AttributeManagement"
    assert first["operationType"] == "Update"
    assert (first["result"], first["loggedByService"]) == ("success", "Core Directory")
    (target,) = first["targetResources"]
    assert (target["id"], target["type"], target["userPrincipalName"]) == (ADELE_ID, "User", ADELE)
    assert first["initiatedBy"]["user"] is None
    assert first["initiatedBy"]["app"].keys() >= {"appId", "displayName", "servicePrincipalId"}
    assert changes(first) == {"Engineering_ProjectDate": (None, ["2026-11-22"])}
    assert changes(second) == {
        "Engineering_ProjectDate": (["2026-11-22"], None),
        "Engineering_NumVendors": (None, [4]),
    }


def test_1_6_an_assignment_to_a_service_principal_by_a_signed_in_user(
    as_caller: Callable[..., Client], log: Client
) -> None:
    scopes = ["CustomSecAttributeAssignment.ReadWrite.All", "Application.Read.All"]
    caller = as_caller(user=ADELE, scopes=scopes, roles=["Attribute Assignment Administrator"])
    members = {"Project@odata.type": "#Collection(String)", "Project": ["Baker", "Alpine"]}
    assert caller.assign(members, f"servicePrincipals/{PAYROLL}").status_code == 204
    (entry,) = entries(log)
    assert entry["activityDisplayName"] == "Update attribute values assigned to a servicePrincipal"
    assert entry["initiatedBy"]["app"] is None
    assert entry["initiatedBy"]["user"]["userPrincipalName"] == ADELE
    assert entry["targetResources"][0]["id"] == PAYROLL
    assert changes(entry) == {"Engineering_Project": (None, ["Baker", "Alpine"])}


def test_1_6_sets_definitions_and_predefined_values(graph: Client, log: Client) -> None:
    graph.call("PATCH", f"{SETS}/Engineering", {"maxAttributesPerSet": 20})
    graph.call("POST", SETS, {"id": "Sales"})
    kind = {"type": "String", "isCollection": False, "isSearchable": True, "usePreDefinedValuesOnly": True}
    graph.call("POST", DEFINITIONS, {"attributeSet": "Sales", "name": "Region", "status": "Available", **kind})
    graph.call("POST", f"{DEFINITIONS}/Sales_Region/allowedValues", {"id": "Asia", "isActive": True})
    graph.call("PATCH", f"{DEFINITIONS}/Sales_Region/allowedValues/Asia", {"isActive": False})
    graph.call("PATCH", f"{DEFINITIONS}/Sales_Region", {"status": "Deprecated"})
    found = entries(log, "?$orderby=activityDateTime asc")
    assert [(entry["activityDisplayName"], entry["operationType"]) for entry in found] == [
        ("Update an attribute set", "Update"),
        ("Add an attribute set", "Add"),
        ("Add custom security attribute definition in an attribute set", "Add"),
        *[("Update custom security attribute definition in an attribute set", "Update")] * 3,
    ]
    assert changes(found[0]) == {"MaxAttributesPerSet": ([25], [20])}, "the sample of graph-facts 1.6"
    assert changes(found[3])["AllowedValues"] == ([], [{"id": "Asia", "isActive": True}])
    assert changes(found[5]) == {"Status": (["Available"], ["Deprecated"])}


def test_1_6_what_is_refused_or_changes_nothing_is_no_change(graph: Client, log: Client) -> None:
    graph.assign({"ProjectDate": None})
    graph.assign({"Nope": "x"})
    assert entries(log) == []


def test_1_6_one_entry(graph: Client, log: Client) -> None:
    graph.assign({"ProjectDate": "2026-11-22"})
    (entry,) = entries(log)
    one = log.get(f"{AUDITS}/{entry['id']}").json()
    assert one.pop("@odata.context").endswith("#auditLogs/customSecurityAttributeAudits/$entity")
    assert one == entry
    assert error_of(log.get(f"{AUDITS}/nope"))[0] == 404


def test_1_6_beta_only(log: Client) -> None:
    assert error_of(log.get(AUDITS.replace("/beta/", "/v1.0/"))) == (400, "BadRequest")
    assert log.get(AUDITS).status_code == 200


def test_1_6_pages_of_a_hundred_at_most(graph: Client, log: Client) -> None:
    for number in range(5):
        graph.assign({"ProjectDate": str(number)})
    assert error_of(log.get(f"{AUDITS}?$top=101"))[0] == 400
    assert log.get(f"{AUDITS}?$top=100").status_code == 200
    page = log.get(f"{AUDITS}?$top=2&$orderby=activityDateTime").json()
    seen = page["value"]
    graph.assign({"ProjectDate": "meanwhile"})
    while "@odata.nextLink" in page:
        page = log.get(page["@odata.nextLink"]).json()
        seen += page["value"]
    values = [changes(entry)["Engineering_ProjectDate"][1] for entry in seen]
    assert values == [["0"], ["1"], ["2"], ["3"], ["4"], ["meanwhile"]]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("activityDisplayName eq 'Add an attribute set'", 1),
        ("startswith(activityDisplayName,'Update attribute values')", 2),
        ("activityDateTime ge 2020-01-01T00:00:00Z and activityDateTime le 2099-01-01T00:00:00Z", 3),
        ("activityDateTime le 2020-01-01T00:00:00Z", 0),
        (f"targetResources/any(t: t/id eq '{ADELE_ID}')", 1),
        ("targetResources/any(t: startswith(t/displayName,'payroll'))", 1),
        ("initiatedBy/user/userPrincipalName eq 'adele@contoso.com'", 0),
        ("loggedByService eq 'Core Directory'", 3),
    ],
)
def test_1_6_filters(graph: Client, log: Client, condition: str, expected: int) -> None:
    graph.assign({"ProjectDate": "x"})
    graph.assign({"ProjectDate": "x"}, f"servicePrincipals/{PAYROLL}")
    graph.call("POST", SETS, {"id": "Sales"})
    assert len(entries(log, f"?$filter={condition}")) == expected


@pytest.mark.parametrize(
    "option",
    [
        "$filter=activityDisplayName ne 'x'",
        "$filter=category eq 'AttributeManagement'",
        "$filter=activityDateTime gt 2020-01-01T00:00:00Z",
        "$filter=activityDateTime ge 'yesterday'",
        "$filter=startswith(loggedByService,'Core')",
        "$filter=activityDisplayName eq 'x' or activityDisplayName eq 'y'",
        "$filter=targetResources/any(t: t/userPrincipalName eq 'x')",
        "$filter=targetResources/all(t: t/id eq 'x')",
        "$orderby=activityDisplayName",
        "$count=true",
        "$skip=1",
        "$nope=1",
        "$skiptoken=nope",
    ],
)
def test_1_6_what_is_not_documented_is_refused(log: Client, option: str) -> None:
    assert log.get(f"{AUDITS}?{option}").status_code == 400


def test_5_2_who_may_read(as_caller: Callable[..., Client]) -> None:
    denied = (403, "Authorization_RequestDenied")
    assert error_of(as_caller(permissions=["CustomSecAttributeAssignment.ReadWrite.All"]).get(AUDITS)) == denied
    without = as_caller(user=ADELE, scopes=[READ_AUDITS], roles=["Global Administrator"])
    assert error_of(without.get(AUDITS)) == denied
    for role in ("Attribute Log Reader", "Attribute Log Administrator"):
        assert as_caller(user=ADELE, scopes=[READ_AUDITS], roles=[role]).get(AUDITS).status_code == 200
    assert as_caller(permissions=[READ_AUDITS]).call("POST", AUDITS, {}).status_code == 405


def test_8_five_reports_in_ten_seconds(log: Client) -> None:
    log.emulator.quirks(throttle={"seconds": 150_000})
    statuses = [log.get(AUDITS).status_code for _attempt in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    refused = log.get(AUDITS)
    assert float(refused.headers["Retry-After"]) > 100
    assert refused.headers["x-ms-throttle-scope"].startswith("Tenant_Application/Read/")


def test_8_the_quota_of_reports_is_scaled_in_time_with_that_of_writes(log: Client) -> None:
    log.emulator.quirks(throttle={"seconds": 1.5})
    assert [log.get(AUDITS).status_code for _attempt in range(6)][:5] == [200] * 5
    time.sleep(0.1)
    assert log.get(AUDITS).status_code == 200


@pytest.mark.slow
def test_8_entries_appear_late_and_out_of_order(graph: Client, log: Client) -> None:
    graph.emulator.quirks(audit_delay=1.0, audit_resolution=60)
    for number in range(20):
        graph.assign({"ProjectDate": str(number)})
    early = len(entries(log))
    assert early < 20
    time.sleep(1.0)
    found = entries(log)
    assert len(found) == 20
    assert len({entry["activityDateTime"] for entry in found}) <= 2
