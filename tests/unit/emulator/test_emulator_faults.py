# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control endpoints: faults, quirks, the quota (graph-facts 8) and the log."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from plain_client import ADELE, DARA, Client, error_of

DATE = {"ProjectDate": "x"}
WRITTEN = {"Engineering": {"ProjectDate": "x"}}


def test_a_status_with_headers_for_a_number_of_times(graph: Client) -> None:
    throttled = {"status": 429, "headers": {"Retry-After": "2.128"}}
    graph.emulator.faults({"match": {"method": "PATCH"}, "times": 2, "do": throttled})
    for _attempt in range(2):
        refused = graph.assign(DATE)
        assert error_of(refused) == (429, "TooManyRequests")
        assert refused.headers["Retry-After"] == "2.128"
        assert graph.get("/v1.0/users").status_code == 200
    assert graph.emulator.state(ADELE) == {}
    assert graph.assign(DATE).status_code == 204


def test_skip_path_and_own_body(graph: Client) -> None:
    graph.emulator.faults(
        {"match": {"path": "/users/adele"}, "skip": 1, "times": None, "do": {"status": 503, "body": {"mine": 1}}}
    )
    statuses = [
        graph.get(f"/v1.0/users/{name}@contoso.com").status_code for name in ("adele", "dara", "adele", "adele")
    ]
    assert statuses == [200, 200, 503, 503]
    assert graph.get(f"/v1.0/users/{ADELE}").json() == {"mine": 1}
    graph.emulator.control("DELETE", "faults")
    assert graph.get(f"/v1.0/users/{ADELE}").status_code == 200


@pytest.mark.parametrize("kind", ["graph", "token"])
def test_a_request_is_echoed_with_its_credentials(graph: Client, kind: str) -> None:
    graph.emulator.faults({"match": {"kind": kind}, "do": {"echo": "plain"}})
    if kind == "graph":
        answer = graph.get("/v1.0/users")
        assert error_of(answer) == (400, "BadRequest")
        assert f"Bearer {graph.token}" in answer.json()["error"]["message"]
    else:
        environment = graph.emulator.environment
        url = f"{graph.emulator.url}/contoso.com/oauth2/v2.0/token"
        form = {"client_secret": "a~b"}
        answer = graph.emulator.session.post(url, data=form, verify=environment["REQUESTS_CA_BUNDLE"], timeout=10)
        assert "client_secret=a~b" in answer.json()["error_description"]


def test_a_token_request_can_fail_alone(graph: Client) -> None:
    graph.emulator.faults({"match": {"kind": "token"}, "do": {"status": 503}})
    assert graph.get("/v1.0/users").status_code == 200
    environment = graph.emulator.environment
    url = f"{graph.emulator.url}/contoso.com/oauth2/v2.0/token"
    answer = graph.emulator.session.post(url, data={}, verify=environment["REQUESTS_CA_BUNDLE"], timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")


@pytest.mark.parametrize(("moment", "stored"), [("before", {}), ("after", WRITTEN)])
def test_a_connection_is_cut(graph: Client, moment: str, stored: Any) -> None:
    graph.emulator.faults({"match": {"method": "PATCH"}, "do": {"cut": moment}})
    with pytest.raises(requests.ConnectionError):
        graph.assign(DATE)
    assert graph.emulator.state(ADELE) == stored
    assert graph.emulator.requests()[-1]["status"] is None
    assert graph.assign(DATE).status_code == 204


def test_a_delay_a_page_of_html_and_half_an_answer(graph: Client) -> None:
    graph.emulator.faults({"do": {"delay": 0.3}}, {"do": {"html": True}}, {"do": {"truncate": True}})
    begin = time.monotonic()
    assert graph.get("/v1.0/users").status_code == 200
    assert time.monotonic() - begin >= 0.3
    page = graph.get("/v1.0/users")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html")
    assert page.text.startswith("<!DOCTYPE html>")
    broken = graph.get("/v1.0/users")
    assert broken.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        broken.json()


def test_a_write_is_dropped_behind_a_204(graph: Client) -> None:
    graph.emulator.faults({"match": {"method": "PATCH"}, "do": {"drop_write": True}})
    assert graph.assign(DATE).status_code == 204
    assert graph.emulator.state(ADELE) == {}


def test_a_token_expires_in_between(graph: Client) -> None:
    graph.emulator.faults({"match": {"method": "PATCH"}, "do": {"expire_token": True}})
    assert graph.get("/v1.0/users").status_code == 200
    assert error_of(graph.assign(DATE)) == (401, "InvalidAuthenticationToken")
    assert error_of(graph.get("/v1.0/users")) == (401, "InvalidAuthenticationToken"), "the token stays dead"
    graph.token = graph.emulator.token(permissions=["User.Read.All"])
    assert graph.get("/v1.0/users").status_code == 200


@pytest.mark.parametrize("fault", [{"do": {"explode": True}}, {"match": {"host": "x"}, "do": {"delay": 1}}, {}])
def test_a_fault_that_is_none_is_refused(graph: Client, fault: dict[str, Any]) -> None:
    with pytest.raises(requests.HTTPError, match="400"):
        graph.emulator.faults(fault)


def test_quirks_of_reading(graph: Client) -> None:
    numbers = list(range(20))
    graph.assign({"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": numbers})
    graph.emulator.quirks(
        shuffle_collections=True, set_type_spelling="directory_services", omit_collection_annotations=True
    )
    engineering = graph.attributes()["Engineering"]
    assert engineering.pop("@odata.type") == "#Microsoft.DirectoryServices.CustomSecurityAttributeValue"
    assert list(engineering) == ["CostCenter"]
    assert engineering["CostCenter"] != numbers
    assert sorted(engineering["CostCenter"]) == numbers
    graph.emulator.reset()
    assert graph.emulator.state(ADELE) == {}


def test_an_unknown_quirk_is_refused(graph: Client) -> None:
    with pytest.raises(requests.HTTPError, match="no such quirk: nope"):
        graph.emulator.quirks(nope=True)


def test_latency(graph: Client) -> None:
    graph.emulator.quirks(latency=0.2)
    begin = time.monotonic()
    graph.get("/v1.0/users")
    assert time.monotonic() - begin >= 0.2


@pytest.mark.parametrize(("fractional", "expected"), [(True, True), (False, False)])
def test_8_the_quota_of_writes(graph: Client, fractional: bool, expected: bool) -> None:
    # 3,000 in 150 s, made a thousand times smaller: three at once, then one in 50 s.
    graph.emulator.quirks(throttle={"writes": 3000, "seconds": 150, "scale": 0.001}, fractional_retry_after=fractional)
    statuses = [graph.assign(DATE).status_code for _attempt in range(3)]
    assert statuses == [204, 204, 204]
    refused = graph.assign({"ProjectDate": "late"})
    assert error_of(refused) == (429, "TooManyRequests")
    assert 40 < float(refused.headers["Retry-After"]) <= 50
    assert ("." in refused.headers["Retry-After"]) is expected
    assert refused.headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    client_id = graph.emulator.environment["AZURE_CLIENT_ID"]
    tenant_id = graph.emulator.environment["AZURE_TENANT_ID"]
    assert refused.headers["x-ms-throttle-scope"] == f"Tenant_Application/ReadWrite/{client_id}/{tenant_id}"
    assert graph.emulator.state(ADELE) == WRITTEN
    assert graph.get("/v1.0/users").status_code == 200, "reads have another quota"


def test_8_the_bucket_fills_again_and_warns_before_it_is_empty(graph: Client) -> None:
    graph.emulator.quirks(throttle={"writes": 10, "seconds": 10_000})
    shares = [graph.assign(DATE).headers.get("x-ms-throttle-limit-percentage") for _attempt in range(10)]
    assert shares[0] is None
    assert float(shares[-1]) == 1.0
    assert graph.assign(DATE).status_code == 429
    graph.emulator.quirks(throttle={"writes": 10, "seconds": 0.1})
    time.sleep(0.1)
    assert graph.assign(DATE).status_code == 204


def test_the_log(graph: Client) -> None:
    graph.get(f"/v1.0/users/{DARA}?$select=id&note=%C3%BC", client_request_id="mine")
    graph.assign(DATE)
    first, second = graph.emulator.requests()
    assert (first["method"], first["path"], first["status"]) == ("GET", f"/v1.0/users/{DARA}", 200)
    assert first["query"] == {"$select": "id", "note": "ü"}
    assert first["raw_query"] == "$select=id&note=%C3%BC"
    assert first["headers"]["client-request-id"] == "mine"
    assert "authorization" not in first["headers"]
    assert first["body"] is None
    assert first["identity"] == graph.emulator.environment["AZURE_CLIENT_ID"]
    assert second["n"] == first["n"] + 1
    assert second["body"]["customSecurityAttributes"]["Engineering"]["ProjectDate"] == "x"
    assert second["time"] >= first["time"]
    graph.emulator.clear()
    assert graph.emulator.requests(kind=None) == []


def test_the_state_can_be_taken_and_put_back(graph: Client) -> None:
    before = graph.emulator.tenant()
    graph.assign(DATE)
    changed = graph.emulator.tenant()
    assert changed["users"][0]["customSecurityAttributes"] == WRITTEN
    assert graph.emulator.tenant(before) == before
    assert graph.emulator.state(ADELE) == {}


def test_an_unknown_principal_has_no_state(graph: Client) -> None:
    with pytest.raises(requests.HTTPError, match="404"):
        graph.emulator.state("nobody@contoso.com")
