# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collections: $select, $filter, $top, $count, $orderby and pages, and addresses (graph-facts 3 and 9)."""

from __future__ import annotations

from itertools import chain
from typing import Any
from urllib.parse import quote

import pytest
from plain_client import ADELE, DARA, EVENTUAL, PAYROLL, Client, error_of

UNSUPPORTED = (400, "Request_UnsupportedQuery")
USERS = "/v1.0/users?$count=true&$select=userPrincipalName&$filter="


def found(graph: Client, expression: str, collection: str = "users", **headers: str) -> list[str]:
    name = "userPrincipalName" if collection == "users" else "displayName"
    advanced = "&$count=true" if headers else ""
    path = f"/v1.0/{collection}?$select={name}{advanced}&$filter={quote(expression)}"
    response = graph.get(path, **headers)
    assert response.status_code == 200, response.text
    if headers:
        assert response.json()["@odata.count"] == len(response.json()["value"])
    return [item[name].split("@")[0] for item in response.json()["value"]]


@pytest.fixture
def assigned(graph: Client) -> Client:
    """Adele and Alex with attributes, in addition to Dara's of the default state."""
    graph.assign(
        {
            "ProjectDate": "2022-10-01",
            "NumVendors@odata.type": "#Int32",
            "NumVendors": 4,
            "Certification": True,
            "CostCenter@odata.type": "#Collection(Int32)",
            "CostCenter": [1001, 1003],
        }
    )
    graph.assign({"EmployeeId": "GS1"}, set_name="Marketing")
    graph.assign({"EmployeeId": "gs2"}, "users/alex@contoso.com", "Marketing")
    return graph


EVERYBODY = ["adele", "alex", "dara", "lidia_fabrikam.com#EXT#", "o'brien", "megan+test", "$svc", "sales-agent"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Marketing/AppCountry eq 'Canada'", ["dara"]),
        ("Marketing/AppCountry eq 'canada'", []),
        ("Engineering/CostCenter eq 1003", ["adele"]),
        ("Engineering/NumVendors eq 4", ["adele"]),
        ("Engineering/Certification eq true", ["adele"]),
        ("Marketing/EmployeeId ne null", ["adele", "alex"]),
        ("Marketing/EmployeeId eq null", EVERYBODY[2:]),
        ("Marketing/AppCountry ne 'Canada'", [name for name in EVERYBODY if name != "dara"]),
        ("Marketing/EmployeeId eq 'GS1' and startswith(displayName,'Adele')", ["adele"]),
        ("Marketing/EmployeeId eq 'GS1' and customSecurityAttributes/Engineering/NumVendors eq 5", []),
        (
            "Marketing/EmployeeId eq 'GS1' or customSecurityAttributes/Marketing/AppCountry eq 'India'",
            ["adele", "dara"],
        ),
    ],
)
def test_3_attributes_in_filters(assigned: Client, expression: str, expected: list[str]) -> None:
    assert found(assigned, f"customSecurityAttributes/{expression}", **EVENTUAL) == expected


def test_3_starts_with_and_not_in_the_spellings_of_the_samples(assigned: Client) -> None:
    path = "customSecurityAttributes/Marketing/EmployeeId"
    for function in ("startsWith", "startswith"):
        assert found(assigned, f"{function}({path},'GS')", **EVENTUAL) == ["adele"]
    for negation in (f"not(startsWith({path},'GS'))", f"NOT startsWith({path}, 'GS')", f"not ({path} eq 'GS1')"):
        assert found(assigned, negation, **EVENTUAL) == EVERYBODY[1:]


def test_3_names_that_begin_like_keywords(graph: Client) -> None:
    tenant = graph.emulator.tenant()
    names = ["AllowList", "Anything", "NullValue", "TrueName", "All", "Notes", "Inside"]
    tenant["definitions"] += [{"attributeSet": "Marketing", "name": name} for name in names]
    tenant["users"][0]["customSecurityAttributes"] = {"Marketing": dict.fromkeys(names, "x")}
    graph.emulator.tenant(tenant)
    graph.token = graph.emulator.token(permissions=["User.Read.All", "CustomSecAttributeAssignment.Read.All"])
    for name in names:
        assert found(graph, f"customSecurityAttributes/Marketing/{name} eq 'x'", **EVENTUAL) == ["adele"], name


def test_3_the_message_that_refuses_default_mode(graph: Client) -> None:
    text = "Unsupported or invalid query filter clause specified for property 'Marketing_AppCountry' of resource"
    path = "/v1.0/users?$filter=customSecurityAttributes/Marketing/AppCountry eq 'Canada'"
    for refused in (graph.get(path), graph.get(path, **EVENTUAL), graph.get(f"{path}&$count=true")):
        assert error_of(refused) == UNSUPPORTED
        assert refused.json()["error"]["message"] == f"{text} 'CustomSecurityAttributeValue'."


def test_3_consistency_level_as_query_parameter(graph: Client) -> None:
    path = "customSecurityAttributes/Marketing/AppCountry eq 'Canada'&ConsistencyLevel=eventual"
    response = graph.get(f"{USERS}{path}")
    assert (response.status_code, response.json()["@odata.count"]) == (200, 1)


@pytest.mark.parametrize(
    "expression",
    [
        "customSecurityAttributes/Engineering/Secret eq 'x'",  # not searchable
        "customSecurityAttributes/Engineering/Nope eq 'x'",
        "customSecurityAttributes/Engineering/NumVendors gt 3",
        "customSecurityAttributes/Marketing/AppCountry in ('Canada')",
        "customSecurityAttributes/Marketing/AppCountry/any(x:x eq 'Canada')",
        "customSecurityAttributes/Marketing eq null",
        "contains(customSecurityAttributes/Marketing/EmployeeId,'GS')",
    ],
)
def test_3_what_attributes_do_not_serve(graph: Client, expression: str) -> None:
    assert graph.get(f"{USERS}{quote(expression)}", **EVENTUAL).status_code == 400


def test_3_what_is_not_searchable_can_be_answered_as_if_nobody_had_it(graph: Client) -> None:
    assert graph.assign({"Secret": "x"}).status_code == 204
    graph.emulator.quirks(unsearchable="empty")
    for condition in ("eq 'x'", "ne null"):
        response = graph.get(f"{USERS}customSecurityAttributes/Engineering/Secret {condition}", **EVENTUAL)
        assert (response.status_code, response.json()["value"]) == (200, [])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("userPrincipalName eq 'ADELE@contoso.com'", ["adele"]),
        ("displayName eq 'Patrick O''Brien'", ["o'brien"]),
        ("startswith(displayName,'a')", ["adele", "alex"]),
        ("id eq '33333333-3333-4333-8333-333333333303'", ["dara"]),
        ("id in ('33333333-3333-4333-8333-333333333301')", ["adele"]),
        ("id in ('33333333-3333-4333-8333-333333333301','33333333-3333-4333-8333-333333333302')", ["adele", "alex"]),
        ("accountEnabled eq false", ["dara"]),
        ("department eq 'Marketing' and accountEnabled eq true", ["alex"]),
        ("employeeId eq 'E1001' or mail eq 'dara@contoso.com'", ["adele", "dara"]),
    ],
)
def test_9_common_properties_in_default_mode(graph: Client, expression: str, expected: list[str]) -> None:
    assert found(graph, expression) == expected


def test_9_service_principals_by_display_name_and_app_id(graph: Client) -> None:
    assert found(graph, "displayName eq 'reports'", "servicePrincipals") == ["Reports", "Reports"]
    assert found(graph, "appId eq '55555555-5555-4555-8555-555555555501'", "servicePrincipals") == ["payroll-api"]
    assert found(graph, "servicePrincipalType eq 'ManagedIdentity'", "servicePrincipals") == ["system-identity"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("userPrincipalName ge 'megan+test@contoso.com'", ["o'brien", "megan+test", "sales-agent"]),
        ("userPrincipalName le 'ALEX@contoso.com'", ["adele", "alex", "$svc"]),
        ("userPrincipalName ge 'alex@contoso.com' and userPrincipalName le 'dara@contoso.com'", ["alex", "dara"]),
        ("userPrincipalName ge 'o''brien@contoso.com'", ["o'brien", "sales-agent"]),
    ],
)
def test_3_ranges_of_names(graph: Client, expression: str, expected: list[str]) -> None:
    assert found(graph, expression) == expected


def test_3_ranges_of_service_principals_lack_those_without_a_name(graph: Client) -> None:
    tenant = graph.emulator.tenant()
    names = [entry["displayName"] for entry in tenant["servicePrincipals"]]
    nameless = {"id": "44444444-4444-4444-8444-444444444499", "appId": "55555555-5555-4555-8555-555555555599"}
    graph.emulator.tenant({**tenant, "servicePrincipals": [*tenant["servicePrincipals"], nameless]})
    graph.token = graph.emulator.token(permissions=["Application.Read.All"])
    below, above = (found(graph, f"displayName {side} 'Reports'", "servicePrincipals") for side in ("le", "ge"))
    assert sorted([*below, *above]) == sorted([*names, "Reports", "Reports"])
    path = "/v1.0/servicePrincipals?$select=id&$filter=displayName%20eq%20null"
    assert graph.get(path).json()["value"] == [{"id": nameless["id"]}]


@pytest.mark.parametrize("expression", ["userPrincipalName ge null", "userPrincipalName le 4"])
def test_3_the_border_of_a_range_is_text(graph: Client, expression: str) -> None:
    assert error_of(graph.get(f"/v1.0/users?$filter={expression}")) == UNSUPPORTED


def test_3_ranges_can_be_refused_together_with_attributes(graph: Client) -> None:
    path = "/v1.0/users?$filter=userPrincipalName%20ge%20%27a%27&$select=id"
    graph.emulator.quirks(range_of_names="refuse")
    assert graph.get(path).status_code == 200
    assert error_of(graph.get(f"{path},customSecurityAttributes")) == UNSUPPORTED


@pytest.mark.parametrize("expression", ["department ne 'Sales'", "not(department eq 'Sales')"])
def test_3_negation_is_an_advanced_query(graph: Client, expression: str) -> None:
    assert error_of(graph.get(f"/v1.0/users?$filter={expression}")) == UNSUPPORTED
    assert found(graph, expression, **EVENTUAL) == EVERYBODY


@pytest.mark.parametrize("expression", ["nope eq 'x'", "displayName eq", "displayName eq 'x' displayName", "id"])
def test_invalid_filters(graph: Client, expression: str) -> None:
    assert graph.get(f"/v1.0/users?$filter={expression}").status_code == 400


def test_3_fifteen_expressions_of_in_and_or(graph: Client) -> None:
    def listed(count: int) -> str:
        return ",".join(f"'{number}'" for number in range(count))

    assert found(graph, f"id in ({listed(15)})") == []
    assert error_of(graph.get(f"/v1.0/users?$filter=id in ({listed(16)})")) == UNSUPPORTED
    many = " or ".join(f"employeeId eq '{number}'" for number in range(15))
    assert found(graph, many) == []
    assert error_of(graph.get(f"/v1.0/users?$filter={many} or employeeId eq 'x'")) == UNSUPPORTED


@pytest.mark.parametrize("size", ["0", "1000", "-1", "x"])
def test_3_page_size(graph: Client, size: str) -> None:
    refused = graph.get(f"/v1.0/users?$top={size}")
    assert error_of(refused) == UNSUPPORTED
    text = f"Invalid page size specified: '{size}'. Must be between 1 and 999 inclusive."
    assert refused.json()["error"]["message"] == text
    assert graph.get("/v1.0/users?$top=999").status_code == 200


@pytest.mark.parametrize("option", ["$skip=1", "$search=x", "$apply=x", "$nope=1"])
def test_3_options_that_are_refused(graph: Client, option: str) -> None:
    assert graph.get(f"/v1.0/users?{option}").status_code == 400


def test_14_search_without_its_header(graph: Client) -> None:
    refused = graph.get('/v1.0/users?$search="displayName:Adele"')
    assert error_of(refused) == UNSUPPORTED
    text = "Request with $search query parameter only works through MSGraph with a special request header"
    assert refused.json()["error"]["message"] == f"{text}: 'ConsistencyLevel: eventual'"


@pytest.mark.parametrize(
    "path",
    [
        "/v1.0/Users?$Select=DISPLAYNAME&$top=1",
        "/v1.0/users?select=displayName&top=1",
        "/beta/USERS?select=displayname&$top=1",
    ],
)
def test_16_case_of_names_and_the_dollar_sign_are_free(graph: Client, path: str) -> None:
    assert graph.get(path).json()["value"] == [{"displayName": "Adele Vance"}]
    assert graph.get("/v1.0/directory/attributesets?$select=ID&$top=1").json()["value"] == [{"id": "Engineering"}]


def pages(graph: Client, path: str, **headers: str) -> list[list[str]]:
    result: list[list[str]] = []
    while path:
        response = graph.get(path, **headers)
        assert response.status_code == 200, response.text
        result.append([item["userPrincipalName"].split("@")[0] for item in response.json()["value"]])
        path = response.json().get("@odata.nextLink", "")
        assert not path or path.startswith(f"{graph.emulator.url}/v1.0/users?")
    return result


@pytest.mark.parametrize("size", [1, 3, 4, 7, 8, 9])
def test_3_pages_hold_everybody_once(graph: Client, size: int) -> None:
    result = pages(graph, f"/v1.0/users?$select=userPrincipalName&$top={size}")
    assert list(chain.from_iterable(result)) == EVERYBODY
    assert [len(page) for page in result[:-1]] == [size] * (len(result) - 1)
    assert 0 < len(result[-1]) <= size


def test_3_default_page_is_of_100(graph: Client) -> None:
    tenant = graph.emulator.tenant()
    tenant["users"] = [
        {
            "id": f"33333333-3333-4333-8333-{number:012}",
            "displayName": "x",
            "userPrincipalName": f"u{number}@contoso.com",
        }
        for number in range(1099)
    ]
    graph.emulator.tenant(tenant)
    graph.token = graph.emulator.token(permissions=["User.Read.All"])
    assert [len(page) for page in pages(graph, "/v1.0/users")][:2] == [100, 100]
    assert [len(page) for page in pages(graph, "/v1.0/users?$top=999")] == [999, 100]


def test_3_pages_of_an_advanced_query_need_the_header_again(assigned: Client) -> None:
    path = f"{USERS}customSecurityAttributes/Marketing/AppCountry ne 'Canada'&$top=3"
    assert list(chain.from_iterable(pages(assigned, path, **EVENTUAL))) == [
        name for name in EVERYBODY if name != "dara"
    ]
    first = assigned.get(path, **EVENTUAL).json()
    assert first["@odata.count"] == 7
    assert error_of(assigned.get(first["@odata.nextLink"])) == UNSUPPORTED


def test_3_a_page_token_belongs_to_its_query(graph: Client) -> None:
    link = graph.get("/v1.0/users?$top=3").json()["@odata.nextLink"]
    for other in (link.replace("top=3", "top=4"), "/v1.0/users?$skiptoken=x", "/v1.0/users?$skiptoken=%C3%BC"):
        assert error_of(graph.get(other)) == (400, "Directory_ExpiredPageToken")


def test_3_count_needs_the_header(graph: Client) -> None:
    assert "@odata.count" not in graph.get("/v1.0/users?$count=true").json()
    assert graph.get("/v1.0/users?$count=true", **EVENTUAL).json()["@odata.count"] == len(EVERYBODY)
    assert graph.get("/v1.0/users/$count").status_code == 400
    counted = graph.get("/v1.0/users/$count", **EVENTUAL)
    assert (counted.text, counted.headers["Content-Type"].split(";")[0]) == (str(len(EVERYBODY)), "text/plain")
    filtered = graph.get("/v1.0/servicePrincipals/$count?$filter=displayName eq 'Reports'", **EVENTUAL)
    assert filtered.text == "2"


def test_order(graph: Client) -> None:
    def ordered(option: str) -> list[str]:
        value = graph.get(f"/v1.0/users?$select=displayName&$orderby={option}").json()["value"]
        return [item["displayName"] for item in value]

    names = ordered("displayName")
    assert names == sorted(names, key=str.casefold)
    assert ordered("displayName desc") == names[::-1]
    assert error_of(graph.get("/v1.0/users?$orderby=department")) == UNSUPPORTED
    assert error_of(graph.get("/v1.0/users?$orderby=displayName&$filter=accountEnabled eq true")) == UNSUPPORTED


def test_3_an_advanced_query_in_a_long_url(graph: Client) -> None:
    long = " and ".join(["customSecurityAttributes/Marketing/AppCountry eq 'Canada'"] * 40)
    assert graph.get(f"{USERS}{long}", **EVENTUAL).status_code == 414


def test_select(graph: Client) -> None:
    user = graph.get(f"/v1.0/users/{ADELE}?$select=id,displayName,employeeType").json()
    context = f"{graph.emulator.url}/v1.0/$metadata#users(id,displayName,employeeType)/$entity"
    assert user == {
        "@odata.context": context,
        "id": "33333333-3333-4333-8333-333333333301",
        "displayName": "Adele Vance",
        "employeeType": None,
    }
    assert error_of(graph.get(f"/v1.0/users/{ADELE}?$select=nope")) == (400, "BadRequest")
    assert "department" not in graph.get(f"/v1.0/users/{ADELE}").json(), "not among the defaults of v1.0"


def test_1_1_defaults_are_always_there(graph: Client) -> None:
    """As the published schema has them: null, or an empty list where null is not allowed."""
    user = graph.get("/v1.0/users/o'brien@contoso.com").json()
    del user["@odata.context"]
    assert user == {
        "businessPhones": [],
        "displayName": "Patrick O'Brien",
        "givenName": None,
        "jobTitle": None,
        "mail": None,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": None,
        "userPrincipalName": "o'brien@contoso.com",
        "id": "33333333-3333-4333-8333-333333333305",
    }
    found = graph.get(f"/v1.0/servicePrincipals/{PAYROLL}").json()
    for name in ("addIns", "alternativeNames", "appRoles", "keyCredentials", "oauth2PermissionScopes", "replyUrls"):
        assert found[name] == [], name
    assert (found["homepage"], found["appRoleAssignmentRequired"]) == (None, False)
    assert found["servicePrincipalNames"] == ["55555555-5555-4555-8555-555555555501"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("servicePrincipalNames/any(c:c eq '55555555-5555-4555-8555-555555555501')", ["payroll-api"]),
        ("tags/any(tag:tag eq 'hr')", ["payroll-api"]),
        ("tags/any(t:startswith(t,'H')) and displayName eq 'payroll-api'", ["payroll-api"]),
        ("tags/any(t:t eq 'IT')", []),
    ],
)
def test_items_of_collections(graph: Client, condition: str, expected: list[str]) -> None:
    """The first is the first request of `az ad sp show`."""
    assert found(graph, condition, "servicePrincipals") == expected


def test_6_1_headers_of_answers(graph: Client) -> None:
    answer = graph.get("/v1.0/users?$top=1", client_request_id="mine")
    assert (answer.headers["OData-Version"], answer.headers["Cache-Control"]) == ("4.0", "no-cache")
    assert answer.headers["client-request-id"] == "mine"


def test_select_of_a_service_principal(graph: Client) -> None:
    service_principal = graph.get(f"/v1.0/servicePrincipals/{PAYROLL}").json()
    assert service_principal["displayName"] == "payroll-api"
    assert service_principal["@odata.context"].endswith("$metadata#servicePrincipals/$entity")


@pytest.mark.parametrize(
    ("address", "display_name"),
    [
        ("users/33333333-3333-4333-8333-333333333301", "Adele Vance"),
        ("users/ADELE@CONTOSO.COM", "Adele Vance"),
        ("users('adele@contoso.com')", "Adele Vance"),
        ("users/lidia_fabrikam.com%23EXT%23@contoso.com", "Lidia Holloway"),
        ("users/o'brien@contoso.com", "Patrick O'Brien"),
        ("users('o''brien@contoso.com')", "Patrick O'Brien"),
        ("users(%27o%27%27brien@contoso.com%27)", "Patrick O'Brien"),
        ("users/megan%2Btest@contoso.com", "Megan Bowen"),
        ("users('$svc@contoso.com')", "Service Account"),
        ("users(%27%24svc%40contoso.com%27)", "Service Account"),
        (f"servicePrincipals/{PAYROLL}", "payroll-api"),
        ("servicePrincipals(appId='55555555-5555-4555-8555-555555555501')", "payroll-api"),
    ],
)
def test_9_addresses(graph: Client, address: str, display_name: str) -> None:
    response = graph.get(f"/v1.0/{address}")
    assert response.status_code == 200, response.text
    assert response.json()["displayName"] == display_name
    assert graph.emulator.requests()[-1]["path"] == f"/v1.0/{address}", "the log keeps the path as it was sent"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("users/nobody@contoso.com", (404, "Request_ResourceNotFound")),
        ("users/33333333-3333-4333-8333-33333333330", (400, "Request_BadRequest")),
        ("users/lidia_fabrikam.com#EXT#@contoso.com", (404, "Request_ResourceNotFound")),
        ("users/megan+test@contoso.com", (404, "Request_ResourceNotFound")),
        ("users/$svc@contoso.com", (400, "BadRequest")),
        ("users/%24svc@contoso.com", (400, "BadRequest")),
        (f"users/{PAYROLL}", (404, "Request_ResourceNotFound")),
        ("servicePrincipals/55555555-5555-4555-8555-555555555501", (404, "Request_ResourceNotFound")),
        ("servicePrincipals/payroll-api", (400, "Request_BadRequest")),
        ("servicePrincipals(appId='66666666-5555-4555-8555-555555555501')", (404, "Request_ResourceNotFound")),
        ("nope", (400, "BadRequest")),
    ],
)
def test_9_wrong_addresses(graph: Client, address: str, expected: tuple[int, str]) -> None:
    refused = graph.get(f"/v1.0/{address}")
    assert error_of(refused) == expected
    if expected[0] == 404 and "(" not in address and "#" not in address and "+" not in address:
        key = address.split("/")[1]
        text = f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
        assert refused.json()["error"]["message"] == text


def test_unknown_version(graph: Client) -> None:
    assert error_of(graph.get("/v2.0/users")) == (400, "BadRequest")


def test_dara_is_read_in_a_page_like_alone(graph: Client) -> None:
    page: Any = graph.get("/v1.0/users?$select=userPrincipalName,customSecurityAttributes").json()["value"]
    by_upn = {user["userPrincipalName"]: user["customSecurityAttributes"] for user in page}
    assert by_upn[DARA] == graph.attributes(f"users/{DARA}")
