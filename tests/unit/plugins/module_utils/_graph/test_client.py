# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Transport against the local Graph: retries, waits, pages, and answers that are none."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from _emulator import Emulator

from ansible_collections.entra.attributes.plugins.module_utils._errors import GraphError, TransportError
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._graph.odata import literal
from ansible_collections.entra.attributes.plugins.module_utils._graph.patience import Patience
from ansible_collections.entra.attributes.plugins.module_utils._graph.transport import Http

from ...conftest import ADELE, NEED, Patient, ReadyToken

PATH = f"/users/{ADELE}"
BODY = {
    "customSecurityAttributes": {
        "Engineering": {
            "@odata.type": "#Microsoft.DirectoryServices.CustomSecurityAttributeValue",
            "NumVendors@odata.type": "#Int32",
            "NumVendors": 4,
        }
    }
}


def statuses(emulator: Emulator, method: str) -> list[int]:
    return [request["status"] for request in emulator.requests() if request["method"] == method]


def assigned(emulator: Emulator) -> Any:
    return emulator.state(ADELE).get("Engineering", {}).get("NumVendors")


def test_a_throttled_write_waits_as_long_as_it_is_told(
    emulator: Emulator, impatient: _graph.Graph, waits: Patient
) -> None:
    emulator.faults({"match": {"method": "PATCH"}, "do": {"status": 429, "headers": {"Retry-After": "2.128"}}})
    impatient.patch(PATH, BODY, need=NEED)
    assert waits.waits == [2.128]
    assert statuses(emulator, "PATCH") == [429, 204]
    assert assigned(emulator) == 4


@pytest.mark.parametrize(("told", "waited"), [("86400", 150.0), ("-3", 0.0), ("0", 0.0)])
def test_an_odd_retry_after_is_clamped(
    emulator: Emulator, impatient: _graph.Graph, waits: Patient, told: str, waited: float
) -> None:
    emulator.faults({"match": {"method": "GET"}, "do": {"status": 429, "headers": {"Retry-After": told}}})
    impatient.get(PATH, need=NEED)
    assert waits.waits == [waited]


def test_a_burst_of_errors_is_outlasted_with_growing_waits(
    emulator: Emulator, impatient: _graph.Graph, waits: Patient
) -> None:
    emulator.faults({"match": {"method": "PATCH"}, "times": 3, "do": {"status": 503}})
    impatient.patch(PATH, BODY, need=NEED)
    assert waits.waits == [2.0, 4.0, 8.0]
    assert statuses(emulator, "PATCH") == [503, 503, 503, 204]


def test_it_gives_up_in_the_end_and_says_what_graph_said(
    emulator: Emulator, impatient: _graph.Graph, waits: Patient
) -> None:
    emulator.faults({"match": {"method": "PATCH"}, "times": None, "do": {"status": 429}})
    with pytest.raises(GraphError, match="429 TooManyRequests") as refusal:
        impatient.patch(PATH, BODY, need=NEED)
    assert "throttles" in refusal.value.hint
    assert len(waits.waits) == 5
    assert assigned(emulator) is None


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_cut_connection_is_tried_again(emulator: Emulator, impatient: _graph.Graph, when: str) -> None:
    emulator.faults({"match": {"method": "PATCH"}, "do": {"cut": when}})
    impatient.patch(PATH, BODY, need=NEED)
    assert len(statuses(emulator, "PATCH")) == 2
    assert assigned(emulator) == 4


def test_a_refused_token_is_renewed_once(emulator: Emulator) -> None:
    dead = emulator.token(permissions=["User.Read.All"], expires_in=-60)
    alive = emulator.token(permissions=["User.Read.All"])
    http = Http(verify=emulator.environment["REQUESTS_CA_BUNDLE"])
    assert _graph.Graph(http, ReadyToken(dead, alive), emulator.url).get(PATH, need=NEED)["id"] == ADELE
    assert statuses(emulator, "GET") == [401, 200]
    with pytest.raises(GraphError, match="401 InvalidAuthenticationToken"):
        _graph.Graph(http, ReadyToken(dead), emulator.url).get(PATH, need=NEED)


def test_an_expired_token_in_the_middle_is_replaced_by_msal(
    emulator: Emulator, connect: Callable[..., _graph.Graph]
) -> None:
    graph = connect()
    graph.get(PATH, need=NEED)
    emulator.faults({"match": {"method": "PATCH"}, "do": {"expire_token": True}})
    graph.patch(PATH, BODY, need=NEED)
    assert statuses(emulator, "PATCH") == [401, 204]
    assert len(emulator.requests("token")) >= 2


def test_pages_are_followed_to_the_end_with_their_headers(emulator: Emulator, impatient: _graph.Graph) -> None:
    users = [item["id"] for item in impatient.pages("/users", need=NEED, query={"$top": "3"}, advanced=True)]
    requests = emulator.requests()
    assert len(users) == len(set(users)) == 8
    assert len(requests) == 3
    assert all(request["headers"]["consistencylevel"] == "eventual" for request in requests)


def test_large_pages_are_asked_for_and_others_are_taken(emulator: Emulator, impatient: _graph.Graph) -> None:
    def read() -> list[str]:
        return [item["id"] for item in impatient.pages("/users", need=NEED, large=True)]

    assert len(read()) > 3
    refusal = {"error": {"code": "BadRequest", "message": "The limit of '100' for Top query has been exceeded."}}
    emulator.faults({"match": {"method": "GET"}, "do": {"status": 400, "body": refusal}})
    emulator.clear()
    found = read()
    assert ["$top" in request["query"] for request in emulator.requests()] == [True, False]
    assert found == read()
    assert impatient.page_size == 999
    emulator.faults(*[{"match": {"method": "GET"}, "do": {"status": 400, "body": refusal}}] * 2)
    with pytest.raises(GraphError, match="limit of '100'"):
        read()


def test_a_next_page_elsewhere_gets_no_token(emulator: Emulator, impatient: _graph.Graph) -> None:
    elsewhere = {"value": [{"id": "1"}], "@odata.nextLink": "https://graph.example.com/v1.0/users?$skiptoken=x"}
    emulator.faults({"match": {"method": "GET"}, "do": {"status": 200, "body": elsewhere}})
    with pytest.raises(TransportError, match=r"graph\.example\.com, to which no token is sent"):
        list(impatient.pages("/users", need=NEED))
    assert len(emulator.requests()) == 1


def test_an_identity_is_that_of_the_claims_or_the_token_itself(emulator: Emulator) -> None:
    http = Http()
    tokens = [emulator.token(user=user) for user in ("adele@contoso.com", "adele@contoso.com", "alex@contoso.com")]
    one, again, other = (_graph.Graph(http, ReadyToken(token), emulator.url).identity() for token in tokens)
    assert one == again != other
    assert ADELE in one
    assert _graph.Graph(http, ReadyToken("opaque"), emulator.url).identity() == ["opaque"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://graph.microsoft.com/v1.0", "https://GRAPH.Microsoft.com:443", True),
        ("https://graph.microsoft.com", "https://graph.microsoft.com:8443", False),
        ("https://graph.microsoft.com", "http://graph.microsoft.com", False),
        ("https://graph.microsoft.com", "https://graph.microsoft.com@elsewhere.example", False),
        ("https://graph.microsoft.com", "https://user@graph.microsoft.com", False),
        ("https://graph.microsoft.com", "https://graph.microsoft.com:port", False),
        ("https://graph.microsoft.com", "https://[graph", False),
    ],
)
def test_an_origin_has_one_spelling(one: str, other: str, same: bool) -> None:
    assert (_graph._origin(one) == _graph._origin(other)) is same


@pytest.mark.parametrize("fault", [{"html": True}, {"truncate": True}])
def test_what_is_not_json_is_asked_for_again_and_not_taken_for_an_answer(
    emulator: Emulator, impatient: _graph.Graph, fault: dict[str, Any]
) -> None:
    emulator.faults({"match": {"method": "GET"}, "times": 2, "do": fault})
    assert impatient.get(PATH, need=NEED)["id"] == ADELE
    emulator.faults({"match": {"method": "GET"}, "times": None, "do": fault})
    with pytest.raises(TransportError, match=r"GET /v1.0/users/.* that is not JSON"):
        impatient.get(PATH, need=NEED)


def test_an_error_page_of_a_proxy_is_told_by_its_status(emulator: Emulator, impatient: _graph.Graph) -> None:
    emulator.faults({"do": {"status": 407, "body": None}})
    with pytest.raises(GraphError, match="407 no further explanation"):
        impatient.get(PATH, need=NEED)


def test_a_refusal_names_permission_role_and_request(emulator: Emulator) -> None:
    http = Http(verify=emulator.environment["REQUESTS_CA_BUNDLE"])
    graph = _graph.Graph(http, ReadyToken(emulator.token(permissions=["User.Read.All"])), emulator.url)
    with pytest.raises(GraphError) as refusal:
        graph.patch(PATH, BODY, need=NEED)
    error = refusal.value
    assert (error.status, error.code) == (403, "Authorization_RequestDenied")
    assert error.request_id
    assert error.client_request_id == emulator.requests()[-1]["headers"]["client-request-id"]
    assert "Some.Permission" in str(error)
    assert "Some Role" in str(error)
    assert "Global Administrator has none" in str(error)


def test_who_it_is_and_what_for_can_be_seen_by_the_service(emulator: Emulator, impatient: _graph.Graph) -> None:
    impatient.get(PATH, need=NEED)
    headers = emulator.requests()[-1]["headers"]
    assert headers["user-agent"] == "ansible-entra.attributes"


def test_an_untrusted_certificate_is_told_as_such(emulator: Emulator) -> None:
    graph = _graph.Graph(Http(), ReadyToken("token"), emulator.url)
    with pytest.raises(TransportError, match=r"TLS connection failed: .*ca_path"):
        graph.get(PATH, need=NEED)
    assert emulator.requests() == []


def test_the_authorities_are_parsed_once_for_all_connections_to_a_host(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = []
    load = ssl.SSLContext.load_verify_locations

    def counted(context: ssl.SSLContext, *args: Any, **kwargs: Any) -> None:
        parsed.append(context)
        load(context, *args, **kwargs)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counted)
    http = Http(verify=emulator.environment["REQUESTS_CA_BUNDLE"])
    url, closing = f"{emulator.environment['ENTRA_GRAPH_URL']}/v1.0/users", {"Connection": "close"}
    answers = [http.exchange("GET", url, headers=closing) for _connection in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert len(parsed) == 1


def test_an_unreachable_host_is_told_as_such(waits: Patient) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{closed.getsockname()[1]}"
        graph = _graph.Graph(Http(patience=Patience(sleep=waits)), ReadyToken("token"), url)
        with pytest.raises(TransportError, match="cannot be reached: Connection refused"):
            graph.get(PATH, need=NEED)
    assert len(waits.waits) == 2


def test_a_slow_answer_is_told_as_such(emulator: Emulator) -> None:
    http = Http(verify=emulator.environment["REQUESTS_CA_BUNDLE"], timeout=0.2, patience=Patience(retries=0))
    emulator.faults({"match": {"method": "GET"}, "do": {"delay": 1}})
    with pytest.raises(TransportError, match="no answer in time"):
        _graph.Graph(http, ReadyToken(emulator.token(permissions=["User.Read.All"])), emulator.url).get(PATH, need=NEED)


def test_a_proxy_of_the_environment_is_used_and_its_password_not_told(emulator: Emulator, waits: Patient) -> None:
    environment = {"HTTPS_PROXY": "http://me:proxy-password-of-the-test@127.0.0.1:9"}
    ca = emulator.environment["REQUESTS_CA_BUNDLE"]
    proxied = Http(verify=ca, environment=environment, patience=Patience(sleep=waits))
    with pytest.raises(TransportError, match="proxy cannot be used") as failure:
        _graph.Graph(proxied, ReadyToken("token"), emulator.url).get(PATH, need=NEED)
    assert "proxy-password-of-the-test" not in str(failure.value)
    direct = Http(verify=ca, environment={**environment, "NO_PROXY": "localhost"})
    token = ReadyToken(emulator.token(permissions=["User.Read.All"]))
    assert _graph.Graph(direct, token, emulator.url).get(PATH, need=NEED)["id"] == ADELE


@pytest.mark.parametrize(
    ("value", "text"),
    [("Baker", "'Baker'"), ("o'brien", "'o''brien'"), (8, "8"), (True, "true"), (None, "null"), ("8", "'8'")],
)
def test_literals_of_filters(value: Any, text: str) -> None:
    assert literal(value) == text
