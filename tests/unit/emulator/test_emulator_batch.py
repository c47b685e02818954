# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON batching (graph-facts 7)."""

from __future__ import annotations

from typing import Any

import pytest
from plain_client import ADELE, DARA, SET_TYPE, Client, error_of


def patch(identifier: str, who: str, value: str, **more: Any) -> dict[str, Any]:
    attributes = {"Engineering": {"@odata.type": SET_TYPE, "ProjectDate": value}}
    return {
        "id": identifier,
        "method": "PATCH",
        "url": f"/users/{who}",
        "headers": {"Content-Type": "application/json"},
        "body": {"customSecurityAttributes": attributes},
        **more,
    }


def run(graph: Client, *steps: dict[str, Any]) -> dict[str, dict[str, Any]]:
    response = graph.call("POST", "/v1.0/$batch", {"requests": list(steps)})
    assert response.status_code == 200, response.text
    return {answer["id"]: answer for answer in response.json()["responses"]}


def test_7_every_request_is_answered_under_its_id(graph: Client) -> None:
    answers = run(
        graph,
        patch("write", ADELE, "x"),
        {"id": "read", "method": "GET", "url": f"users/{DARA}?$select=id,customSecurityAttributes"},
        {"id": "none", "method": "GET", "url": "/users/nobody@contoso.com"},
        {"id": "bare", "method": "GET", "url": "users/lidia_fabrikam.com%23EXT%23@contoso.com"},
    )
    assert {key: answer["status"] for key, answer in answers.items()} == {
        "write": 204,
        "read": 200,
        "none": 404,
        "bare": 200,
    }
    assert "body" not in answers["write"]
    assert answers["read"]["body"]["customSecurityAttributes"]["Marketing"]["AppCountry"] == ["Canada", "India"]
    assert answers["none"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert answers["read"]["headers"]["x-ms-resource-unit"] == "1"
    assert graph.emulator.state(ADELE) == {"Engineering": {"ProjectDate": "x"}}


def test_7_sub_requests_are_logged_with_their_id(graph: Client) -> None:
    run(graph, patch("one", ADELE, "x"))
    batch, step = graph.emulator.requests()
    assert (batch["path"], batch["batch"], batch["status"]) == ("/v1.0/$batch", None, 200)
    assert (step["path"], step["batch"], step["status"]) == (f"/v1.0/users/{ADELE}", "one", 204)
    assert step["method"] == "PATCH"
    assert step["body"]["customSecurityAttributes"]["Engineering"]["ProjectDate"] == "x"


def test_7_headers_are_those_of_the_sub_request(graph: Client) -> None:
    url = "/users?$count=true&$filter=customSecurityAttributes/Marketing/AppCountry eq 'Canada'"
    with_header = {"id": "1", "method": "GET", "url": url, "headers": {"ConsistencyLevel": "eventual"}}
    without = {"id": "2", "method": "GET", "url": url}
    answers = run(graph, with_header, without)
    assert (answers["1"]["status"], answers["2"]["status"]) == (200, 400)
    assert answers["1"]["body"]["@odata.count"] == 1


def test_3_long_advanced_queries_go_into_a_batch(graph: Client) -> None:
    long = " and ".join(["customSecurityAttributes/Marketing/AppCountry eq 'Canada'"] * 40)
    url = f"/users?$count=true&$filter={long}"
    step = {"id": "1", "method": "GET", "url": url, "headers": {"ConsistencyLevel": "eventual"}}
    assert run(graph, step)["1"]["status"] == 200


def test_14_answers_with_a_body_have_a_content_type(graph: Client) -> None:
    """Microsoft's client raises an error for each body without one."""
    answers = run(
        graph,
        patch("write", ADELE, "x"),
        {"id": "read", "method": "GET", "url": "/users"},
        {"id": "none", "method": "GET", "url": "/users/nobody@contoso.com"},
    )
    assert "Content-Type" not in answers["write"]["headers"]
    for key in ("read", "none"):
        assert answers[key]["headers"]["Content-Type"].startswith("application/json;odata.metadata=minimal"), key


@pytest.mark.parametrize("headers", [{}, None, {"Accept": "application/json"}])
def test_14_a_write_without_content_type_spoils_the_whole_batch(graph: Client, headers: Any) -> None:
    steps = [patch("other", DARA, "x"), patch("1", ADELE, "x", headers=headers)]
    refused = graph.call("POST", "/v1.0/$batch", {"requests": steps})
    assert error_of(refused) == (400, "BadRequest")
    text = "Write request with id '1' does not contain a Content-Type header."
    assert refused.json()["error"]["message"] == text
    del steps[1]["body"]
    refused = graph.call("POST", "/v1.0/$batch", {"requests": steps})
    text = "Write request id : 1 does not contain Content-Type header or body."
    assert refused.json()["error"]["message"] == text
    assert "ProjectDate" not in graph.emulator.state(DARA).get("Engineering", {})


def test_14_a_deletion_needs_no_content_type(graph: Client) -> None:
    step = {"id": "1", "method": "DELETE", "url": "/directory/attributeSets/Engineering"}
    assert run(graph, step)["1"]["status"] == 405


@pytest.mark.parametrize(
    "steps",
    [
        [{"id": str(number), "method": "GET", "url": "/users"} for number in range(21)],
        [{"id": "A", "method": "GET", "url": "/users"}, {"id": "a", "method": "GET", "url": "/users"}],
        [{"method": "GET", "url": "/users"}],
        [{"id": "1", "url": "/users"}],
        [{"id": "1", "method": "GET", "url": "/users", "dependsOn": ["2"]}],
        None,
        [],
        ["x"],
    ],
    ids=["more than 20", "same id twice", "no id", "no method", "depends on nothing", "no list", "empty", "text"],
)
def test_7_a_malformed_batch_is_refused_as_a_whole(graph: Client, steps: Any) -> None:
    assert error_of(graph.call("POST", "/v1.0/$batch", {"requests": steps})) == (400, "BadRequest")
    assert len(graph.emulator.requests()) == 1


def test_7_twenty_are_accepted(graph: Client) -> None:
    steps = [patch(str(number), ADELE, str(number)) for number in range(20)]
    assert {answer["status"] for answer in run(graph, *steps).values()} == {204}


def test_7_what_depends_on_a_failure_fails_with_424(graph: Client) -> None:
    answers = run(
        graph,
        patch("1", "nobody@contoso.com", "x"),
        patch("2", ADELE, "x", dependsOn=["1"]),
        patch("3", ADELE, "y", dependsOn=["2"]),
        patch("4", DARA, "z"),
    )
    assert [answers[key]["status"] for key in "1234"] == [404, 424, 424, 204]
    assert graph.emulator.state(ADELE) == {}


def test_7_a_throttled_sub_request_says_so_itself(graph: Client) -> None:
    path = f"/users/{ADELE}$"
    throttled = {"status": 429, "headers": {"Retry-After": "2.128"}}
    graph.emulator.faults({"match": {"method": "PATCH", "path": path}, "do": throttled})
    answers = run(graph, patch("1", ADELE, "x"), patch("2", DARA, "x"))
    assert (answers["1"]["status"], answers["2"]["status"]) == (429, 204)
    assert answers["1"]["headers"]["Retry-After"] == "2.128"
    assert answers["1"]["body"]["error"]["code"] == "TooManyRequests"


def test_7_answers_can_come_in_any_order(graph: Client) -> None:
    graph.emulator.quirks(shuffle_batch=True)
    steps = [{"id": str(number), "method": "GET", "url": "/users"} for number in range(20)]
    response = graph.call("POST", "/v1.0/$batch", {"requests": steps}).json()
    ids = [answer["id"] for answer in response["responses"]]
    assert ids != [step["id"] for step in steps]
    assert sorted(ids) == sorted(str(step["id"]) for step in steps)


def test_6_2_only_post(graph: Client) -> None:
    assert error_of(graph.get("/v1.0/$batch")) == (405, "Request_BadRequest")
