# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hostile answers of Graph: each is a clear error within its time, or a success where that is right."""

from __future__ import annotations

import gzip
import resource
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from email.utils import formatdate
from typing import Any

import pytest
from _hostile import Hostile, Reply, Request, hostile, http

from ansible_collections.entra.attributes.plugins.module_utils._core.model import USER, PrincipalReference
from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    EntraError,
    GraphError,
    RequestTimeout,
    TransportError,
    UnexpectedResponse,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._graph.batches import Batches, Part
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._graph.transport import LONGEST_BODY, Http
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignment import ASSIGNMENT
from ansible_collections.entra.attributes.plugins.module_utils._operations.attribute_set import SET
from ansible_collections.entra.attributes.plugins.module_utils._operations.definition import DEFINITION
from ansible_collections.entra.attributes.plugins.module_utils._tenant.audit_log import AuditLog
from ansible_collections.entra.attributes.plugins.module_utils._tenant.principals import Directory
from ansible_collections.entra.attributes.plugins.module_utils._tenant.roles import Roles
from ansible_collections.entra.attributes.plugins.module_utils._tenant.schema import Schema

from ...conftest import ADELE, NEED, Patient, ReadyToken, patience

pytestmark = pytest.mark.slow

TOKEN = "the-bearer-token-of-the-hostile-tests"
ENVIRONMENT = {"ENTRA_ACCESS_TOKEN": TOKEN}
MEGABYTES = 200
USER_BODY = {"id": ADELE, "displayName": "Adele", "userPrincipalName": "adele@contoso.com"}
ADELE_REFERENCE = PrincipalReference(USER, "adele@contoso.com")
OK = Reply(http(200, USER_BODY))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    with hostile(tmp_path_factory.mktemp("hostile")) as running:
        yield running


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    with hostile(tmp_path_factory.mktemp("elsewhere")) as running:
        yield running


def connected(server: Hostile, *, timeout: float = 20, **options: Any) -> Graph:
    policy = patience(**{"sleep": Patient(), "retries": 1, **options})
    return Graph(Http(verify=server.ca, timeout=timeout, patience=policy), ReadyToken(TOKEN), server.url)


def a_batch(method: str) -> Callable[[Graph], Any]:
    def run(graph: Graph) -> Any:
        answers = [answer for _number, answer in Batches(graph, NEED).run([Part(method, f"/users/{ADELE}")])]
        assert len(answers) == 1
        if isinstance(answers[0], EntraError):
            raise answers[0]
        return answers[0]

    return run


OPERATIONS: dict[str, Callable[[Graph], Any]] = {
    "GET": lambda graph: graph.get("/users/adele", need=NEED),
    "page": lambda graph: list(graph.pages("/users", need=NEED)),
    "find": lambda graph: Directory(graph).find(ADELE_REFERENCE),
    "look_up": lambda graph: list(Directory(graph).look_up(USER, [ADELE_REFERENCE])),
    "count": lambda graph: Directory(graph).size(USER),
    "definitions": lambda graph: Schema(graph).definitions(),
    "sets": lambda graph: Schema(graph).sets(),
    "audit": lambda graph: list(AuditLog(graph).entries(since=datetime(2026, 1, 1, tzinfo=timezone.utc))),
    "roles": lambda graph: Roles(graph).assignments(),
    "PATCH": lambda graph: graph.patch(f"/users/{ADELE}", {"customSecurityAttributes": {}}, need=NEED),
    "POST": lambda graph: graph.post("/directory/attributeSets", {"id": "New"}, need=NEED),
    "GET in a batch": a_batch("GET"),
    "PATCH in a batch": a_batch("PATCH"),
}
WRITES = {"PATCH", "POST", "PATCH in a batch"}


def failed(graph: Graph, operation: str, within: float = 20) -> EntraError:
    """Run what must fail; check what holds for every failure, and return it."""
    began, peak = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(EntraError) as failure:
        OPERATIONS[operation](graph)
    assert time.monotonic() - began < within
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < peak + MEGABYTES * 1024
    assert TOKEN not in str(failure.value.as_result())
    assert len(str(failure.value)) < 1000
    return failure.value


PACKED = gzip.compress(b'{"id": "1", "value": [], "responses": []}')
FIRST = b"HTTP/1.1 200 OK\r\n"
CHUNKED = FIRST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

LOST = {
    "silence": Reply(b""),
    "a reset": Reply(b"", "cut"),
    "a part of the status line": Reply(b"HTTP/1.1 2"),
    "a part of the status line, reset": Reply(b"HTTP/1.1 2", "cut"),
    "a status line alone": Reply(FIRST, "cut"),
    "a part of a header": Reply(FIRST + b"Content-Le", "cut"),
    "headers alone": Reply(FIRST + b"Content-Length: 40\r\n\r\n"),
    "a part of the body": Reply(http(200, USER_BODY)[:-9]),
    "a part of the body, reset": Reply(http(200, USER_BODY)[:-9], "cut"),
    "a part of the body without a length": Reply(http(200, USER_BODY, length=False)[:-9]),
    "a length that is too short": Reply(http(200, USER_BODY, {"Content-Length": "20"}, length=False)),
    "two lengths": Reply(http(200, USER_BODY, {"Content-Length": "20, 30"}, length=False)),
    "a chunk that is cut": Reply(CHUNKED + b"40\r\n{"),
    "no last chunk": Reply(CHUNKED + b"2\r\n{}\r\n"),
    "a chunk size that is none": Reply(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
    "a negative chunk size": Reply(CHUNKED + b"-5\r\n{}\r\n0\r\n\r\n"),
    "another protocol": Reply(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "a status that is none": Reply(b"HTTP/1.1 abc OK\r\n\r\n{}"),
    "a thousand headers": Reply(FIRST + b"".join(b"X-%d: x\r\n" % n for n in range(1000)) + b"\r\n{}"),
    "a header without end": Reply(FIRST + b"X: " + b"x" * 100_000 + b"\r\n\r\n{}"),
    "HTML": Reply(http(200, "<!DOCTYPE html><title>Sign in</title>", {"Content-Type": "text/html"})),
    "text": Reply(http(200, "fine", {"Content-Type": "text/plain"})),
    "gzip that is none": Reply(http(200, b"not gzip at all", {"Content-Encoding": "gzip"})),
    "gzip that is cut": Reply(http(200, PACKED[:-9], {"Content-Encoding": "gzip"})),
    "gzip of garbage": Reply(http(200, gzip.compress(b"\x00\xff\xfe"), {"Content-Encoding": "gzip"})),
    "deflate that is none": Reply(http(200, b"\x78\x9cgarbage", {"Content-Encoding": "deflate"})),
    "a coding that was not asked for": Reply(http(200, b"{}", {"Content-Encoding": "br"})),
    "two codings": Reply(http(200, gzip.compress(PACKED), {"Content-Encoding": "gzip, gzip"})),
    "invalid UTF-8": Reply(http(200, b'{"id": "\xff\xfe"}')),
    "NUL bytes": Reply(http(200, b"\x00" * 100)),
    "a list": Reply(http(200, [])),
    "a number": Reply(http(200, "5")),
    "null": Reply(http(200, "null")),
    "JSON in text": Reply(http(200, '"{}"')),
    "nested beyond the recursion limit": Reply(http(200, '{"value":' + "[" * 100_000 + "]" * 100_000 + "}")),
    "an integer beyond all limits": Reply(http(200, '{"value":' + "1" * 10_000 + "}")),
    "NaN": Reply(http(200, '{"value": NaN}')),
    "a key twice": Reply(http(200, '{"value": [], "value": [{}]}')),
    "two objects": Reply(http(200, "{}{}")),
}
"""Answers that say nothing of what became of the request. It is sent again where that does no harm."""


@pytest.mark.parametrize("operation", ["page", "PATCH", "POST", "PATCH in a batch"])
@pytest.mark.parametrize("name", LOST)
def test_a_lost_answer_is_asked_for_again_where_that_does_no_harm(server: Hostile, name: str, operation: str) -> None:
    server.play(LOST[name])
    error = failed(connected(server), operation)
    assert isinstance(error, TransportError), error
    assert error.in_doubt is (operation in WRITES)
    assert bool(error.as_result().get("changed")) is error.in_doubt
    assert len(server.received) == (1 if operation == "POST" else 2)


@pytest.mark.parametrize("name", LOST)
def test_a_lost_answer_is_forgotten_when_the_next_one_comes(server: Hostile, name: str) -> None:
    server.play(LOST[name], OK)
    assert connected(server).get("/users/adele", need=NEED) == USER_BODY
    server.play(LOST[name], Reply(http(204)))
    connected(server).patch("/users/adele", {}, need=NEED)
    assert len(server.received) == 2


WHOLE = {
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", 12),
    "200 without content": (FIRST + b"Content-Length: 0\r\n\r\n", 34),
    "200": (FIRST + b"Content-Length: 12\r\n\r\n" + b'{"id": "123"}'[:12], 52),
    "chunked": (FIRST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 55),
}
"""Answers to a PATCH, and the bytes of each after which it is certain."""


@pytest.mark.parametrize("name", WHOLE)
def test_an_answer_that_is_cut_at_any_byte_is_certain_or_lost(server: Hostile, name: str) -> None:
    whole, enough = WHOLE[name]
    for length in range(len(whole)):
        server.play(Reply(whole[:length]), Reply(http(204)))
        OPERATIONS["PATCH"](connected(server))
        assert len(server.received) == (1 if length >= enough else 2), whole[:length]


ENDLESS = {
    "silence": Reply(b"", "hang"),
    "a status line, byte by byte": Reply(FIRST * 100, drip=0.05),
    "headers, byte by byte": Reply(FIRST + b"X: " + b"x" * 1000, drip=0.05),
    "a body, byte by byte": Reply(http(200, b" " * 1000), drip=0.05),
    "chunks, byte by byte": Reply(CHUNKED + b"1\r\n \r\n" * 200, drip=0.05),
    "a body without end or length": Reply(http(200, b" " * 100, length=False), "hang"),
    "a body that is shorter than it says": Reply(http(200, USER_BODY, {"Content-Length": "999"}, length=False), "hang"),
    "100 Continue again and again": Reply(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, drip=0.05),
}


@pytest.mark.parametrize("operation", ["GET", "PATCH", "PATCH in a batch"])
@pytest.mark.parametrize("name", ENDLESS)
def test_timeout_bounds_a_request_from_the_connection_to_the_last_byte(
    server: Hostile, name: str, operation: str
) -> None:
    server.play(ENDLESS[name])
    error = failed(connected(server, timeout=0.4, retries=0), operation, within=4)
    assert isinstance(error, RequestTimeout)
    assert error.in_doubt is (operation in WRITES)


def test_a_gzip_bomb_ends_at_the_limit_of_a_body(server: Hostile) -> None:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    bomb = b"".join(packer.compress(zeros) for _mb in range((LONGEST_BODY >> 20) + 40)) + packer.flush()
    server.play(Reply(http(200, bomb, {"Content-Encoding": "gzip"})))
    error = failed(connected(server, retries=0), "GET")
    assert isinstance(error, UnexpectedResponse)
    assert "64 MB" in str(error)


REFUSED = {
    "an error that is text": (400, {"error": "invalid_request"}),
    "an error that is a number": (400, {"error": 5}),
    "an error that is a list": (400, {"error": [{"code": "x"}]}),
    "an error that is null": (400, {"error": None}),
    "innerError that is text": (400, {"error": {"code": "x", "innerError": "text"}}),
    "innerError that is a number": (400, {"error": {"code": "x", "innerError": 5}}),
    "innererror that is a list": (403, {"error": {"code": "x", "innererror": [1]}}),
    "a code that is an object": (404, {"error": {"code": {}, "message": []}}),
    "a message that is null": (409, {"error": {"code": "x", "message": None}}),
    "a list": (400, []),
    "an empty body": (400, b""),
    "HTML": (403, "<html>"),
    "nested beyond the recursion limit": (400, "[" * 100_000),
    "a status that nobody knows": (499, {}),
    "a proxy that wants a password": (407, "<html>"),
}


@pytest.mark.parametrize("operation", ["GET", "PATCH", "PATCH in a batch"])
def test_a_redirect_is_not_graphs_refusal_so_a_write_is_in_doubt(server: Hostile, operation: str) -> None:
    server.play(Reply(http(302, b"")))
    error = failed(connected(server), operation)
    assert isinstance(error, GraphError)
    assert error.status == 302
    assert error.in_doubt is (operation != "GET")
    assert len(server.received) == 1


@pytest.mark.parametrize("operation", ["GET", "PATCH", "PATCH in a batch"])
@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_of_any_shape_is_a_refusal(server: Hostile, name: str, operation: str) -> None:
    status, body = REFUSED[name]
    server.play(Reply(http(status, body)))
    error = failed(connected(server), operation)
    assert isinstance(error, GraphError)
    assert error.status == status
    assert not error.in_doubt
    assert len(server.received) == 1


@pytest.mark.parametrize("location", ["{elsewhere}/v1.0/users", "https://[graph", "//", "\xff", "/v1.0/users/adele"])
def test_a_redirect_is_not_followed(server: Hostile, elsewhere: Hostile, location: str) -> None:
    server.play(Reply(http(302, b"", {"Location": location.replace("{elsewhere}", elsewhere.url)})))
    assert "302" in str(failed(connected(server), "GET"))
    assert len(server.received) == 1
    assert elsewhere.received == []


@pytest.mark.parametrize(
    ("told", "waited"),
    [
        ("3", 3.0),
        ("2.128", 2.128),
        ("0", 0.0),
        ("-5", 0.0),
        ("86400", 150.0),
        ("9" * 400, 2.0),
        ("nan", 2.0),
        ("inf", 2.0),
        ("1e999", 2.0),
        ("soon", 2.0),
        ("", 2.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 99 Oct 99999 99:99:99 GMT", 2.0),
        ("Mon, 01 Jan 9999 00:00:00 GMT", 150.0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_an_odd_retry_after_is_understood_or_ignored(server: Hostile, told: str, waited: float, status: int) -> None:
    waits = Patient()
    server.play(Reply(http(status, {}, {"Retry-After": told})), OK)
    connected(server, sleep=waits).get("/users/adele", need=NEED)
    assert waits.waits == [pytest.approx(waited, abs=1e-6)]


def test_retry_after_is_understood_as_a_date(server: Hostile) -> None:
    waits = Patient()
    server.play(Reply(http(429, {}, {"Retry-After": formatdate(time.time() + 60, usegmt=True)})), OK)
    connected(server, sleep=waits).get("/users/adele", need=NEED)
    assert 55 < waits.waits[0] <= 60


ROLE = {
    "id": "a",
    "roleDefinitionId": "58a13ea3-c632-46ae-9ee0-9c0d43cd7f3d",
    "principalId": ADELE,
    "directoryScopeId": "/",
}
NAME = {"attributeSet": "Engineering", "name": "Project", "id": "Engineering_Project", "type": "String"}
OPERATION = {"id": "1", "activityDateTime": "2026-05-01T10:00:00Z", "activityDisplayName": "Update"}


def customs(value: Any) -> dict[str, Any]:
    return {**USER_BODY, "customSecurityAttributes": value}


ODD: list[tuple[str, Any]] = [
    ("find", {}),
    ("find", {**USER_BODY, "id": None}),
    ("find", {**USER_BODY, "id": 5}),
    ("find", {**USER_BODY, "displayName": 5}),
    ("find", {**USER_BODY, "userPrincipalName": ["adele"]}),
    ("find", {**USER_BODY, "@odata.type": {}}),
    ("find", customs("text")),
    ("find", customs(5)),
    ("find", customs([])),
    ("find", customs({"Engineering": "text"})),
    ("find", customs({"Engineering": [1]})),
    ("find", customs({"Engineering": {"Project": {}}})),
    ("find", customs({"Engineering": {"Project": 1.5}})),
    ("find", customs({"Engineering": {"Project": ["a", 1]}})),
    ("find", customs({"Engineering": {"Project": [["a"]]}})),
    ("find", customs({"Engineering": {"Project": [None]}})),
    ("find", customs({"Engineering": {"Project@odata.type": "#Collection(Int32)", "Project": ["a", "b"]}})),
    ("find", customs({"Engineering": {"Project@odata.type": "#Int32", "Project": "a"}})),
    ("page", {}),
    ("page", {"value": None}),
    ("page", {"value": {}}),
    ("page", {"value": "text"}),
    ("page", {"value": [None]}),
    ("page", {"value": [5]}),
    ("page", {"value": [[]]}),
    ("page", {"value": [], "@odata.nextLink": 5}),
    ("page", {"value": [], "@odata.nextLink": {}}),
    ("page", {"value": [], "@odata.nextLink": "https://[graph"}),
    ("page", {"value": [], "@odata.nextLink": "/v1.0/users"}),
    ("count", {}),
    ("count", {"@odata.count": None}),
    ("count", {"@odata.count": -1}),
    ("count", {"@odata.count": 1.5}),
    ("count", {"@odata.count": "5"}),
    ("count", {"@odata.count": True}),
    ("count", '{"@odata.count": 1e999}'),
    ("definitions", {"value": [{}]}),
    ("definitions", {"value": [{**NAME, "name": 5}]}),
    ("definitions", {"value": [{**NAME, "type": None}]}),
    ("definitions", {"value": [{**NAME, "id": 5}]}),
    ("definitions", {"value": [{**NAME, "isCollection": "yes"}]}),
    ("definitions", {"value": [{**NAME, "status": 5}]}),
    ("definitions", {"value": [{**NAME, "description": []}]}),
    ("definitions", {"value": [{**NAME, "allowedValues": {}}]}),
    ("definitions", {"value": [{**NAME, "allowedValues": [None]}]}),
    ("definitions", {"value": [{**NAME, "allowedValues": [{"isActive": True}]}]}),
    ("definitions", {"value": [{**NAME, "allowedValues": [{"id": 5, "isActive": True}]}]}),
    ("definitions", {"value": [{**NAME, "allowedValues": [{"id": "a", "isActive": "yes"}]}]}),
    ("roles", {"value": [{}]}),
    ("roles", {"value": [{**ROLE, "id": None}]}),
    ("roles", {"value": [{**ROLE, "principalId": 5}]}),
    ("roles", {"value": [{**ROLE, "directoryScopeId": []}]}),
    ("roles", {"value": [{**ROLE, "principal": "Adele"}]}),
    ("roles", {"value": [{**ROLE, "principal": {"@odata.type": 5}}]}),
    ("roles", {"value": [{**ROLE, "principal": {"@odata.type": "#microsoft.graph.user", "displayName": 5}}]}),
    ("sets", {"value": [{}]}),
    ("sets", {"value": [{"id": 5}]}),
    ("sets", {"value": [{"id": "a", "maxAttributesPerSet": "25"}]}),
    ("sets", {"value": [{"id": "a", "description": 5}]}),
    ("audit", {"value": [{}]}),
    ("audit", {"value": [{**OPERATION, "id": 5}]}),
    ("audit", {"value": [{**OPERATION, "activityDateTime": "yesterday"}]}),
    ("audit", {"value": [{**OPERATION, "initiatedBy": "me"}]}),
    ("audit", {"value": [{**OPERATION, "initiatedBy": {"user": "me"}}]}),
    ("audit", {"value": [{**OPERATION, "targetResources": {}}]}),
    ("audit", {"value": [{**OPERATION, "targetResources": [5]}]}),
    ("audit", {"value": [{**OPERATION, "targetResources": [{"modifiedProperties": [None]}]}]}),
]


@pytest.mark.parametrize(("operation", "body"), ODD, ids=[f"{name}-{str(body)[:60]}" for name, body in ODD])
def test_an_odd_shape_is_named(server: Hostile, operation: str, body: Any) -> None:
    server.play(Reply(http(200, body)))
    error = failed(connected(server), operation)
    assert isinstance(error, UnexpectedResponse), error
    assert "/v1.0" in str(error) or "GET /" in str(error)


PART = {"id": "0", "status": 204, "headers": {}}
UNANSWERED: list[Any] = [
    {},
    {"responses": None},
    {"responses": {}},
    {"responses": "text"},
    {"responses": []},
    {"responses": [None]},
    {"responses": ["text", 5, [], True]},
    {"responses": [{"status": 204}]},
    {"responses": [{**PART, "id": None}]},
    {"responses": [{**PART, "id": 0}]},
    {"responses": [{**PART, "id": "7"}]},
    {"responses": [PART, PART]},
    {"responses": [PART, {**PART, "status": 400}]},
    {"responses": [{"id": "0"}]},
    {"responses": [{**PART, "status": "204"}]},
    {"responses": [{**PART, "status": None}]},
    {"responses": [{**PART, "status": True}]},
    {"responses": [{**PART, "status": 99}]},
    {"responses": [{**PART, "status": 100}]},
    {"responses": [{**PART, "status": 999}]},
]


@pytest.mark.parametrize("operation", ["GET in a batch", "PATCH in a batch"])
@pytest.mark.parametrize("body", UNANSWERED, ids=[str(body)[:70] for body in UNANSWERED])
def test_an_odd_batch_answers_none_of_its_requests(server: Hostile, operation: str, body: Any) -> None:
    server.play(Reply(http(200, body)))
    error = failed(connected(server), operation)
    assert isinstance(error, UnexpectedResponse), error
    assert error.in_doubt is (operation in WRITES)
    assert len(server.received) == 2


@pytest.mark.parametrize("part", [{"headers": 5}, {"headers": {"Retry-After": {}}}, {"headers": None}, {"body": "x"}])
def test_an_odd_part_that_is_not_needed_does_no_harm(server: Hostile, part: dict[str, Any]) -> None:
    server.play(Reply(http(200, {"responses": [None, {"id": "8"}, {**PART, **part}]})))
    OPERATIONS["PATCH in a batch"](connected(server))
    assert len(server.received) == 1


@pytest.mark.parametrize("body", ["text", 5, None, [], True])
def test_the_content_of_an_answer_in_a_batch_is_an_object(server: Hostile, body: Any) -> None:
    server.play(Reply(http(200, {"responses": [{**PART, "status": 200, "body": body}]})))
    assert isinstance(failed(connected(server), "GET in a batch"), UnexpectedResponse)


@pytest.mark.parametrize("reply", [http(200), http(202), http(204), http(200, {}), http(200, USER_BODY)])
def test_a_patch_succeeds_with_or_without_content(server: Hostile, reply: bytes) -> None:
    server.play(Reply(reply))
    OPERATIONS["PATCH"](connected(server))
    assert len(server.received) == 1


def test_members_that_are_not_known_are_ignored(server: Hostile) -> None:
    more = {"future": {"a": [1]}, "@odata.context": 5}
    server.play(Reply(http(200, {"value": [{**NAME, **more}], **more})))
    assert [found.name for found in Schema(connected(server)).definitions()] == ["Project"]


@pytest.mark.parametrize("loop", ["itself", "the first", "back and forth", "empty for ever"])
def test_pages_that_never_end_are_an_error(server: Hostile, loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_graph, "EMPTY_PAGES", 30)

    def link(request: Request) -> str:
        number = int(request.path.partition("page=")[2] or 0)
        targets = {"itself": max(number, 1), "the first": 0, "back and forth": 1 + number % 2}
        target = targets.get(loop, number + 1)
        return f"{server.url}/v1.0/users" + (f"?page={target}" if target else "")

    server.received.clear()
    server.answer = lambda request: Reply(http(200, {"value": [], "@odata.nextLink": link(request)}))
    error = failed(connected(server), "page", within=60)
    assert "read before" in str(error)
    assert len(server.received) <= 33


def test_a_page_may_be_empty_and_lead_to_another(server: Hostile) -> None:
    next_link = {"@odata.nextLink": f"{server.url}/v1.0/users?page=2"}
    server.play(Reply(http(200, {"value": [], **next_link})), Reply(http(200, {"value": [USER_BODY]})))
    assert OPERATIONS["page"](connected(server)) == [USER_BODY]


def test_no_page_of_another_host_is_asked_for(server: Hostile, elsewhere: Hostile) -> None:
    server.play(Reply(http(200, {"value": [], "@odata.nextLink": f"{elsewhere.url}/v1.0/users"})))
    assert "to which no token is sent" in str(failed(connected(server), "page"))
    part = {**PART, "status": 200, "body": {"value": [], "@odata.nextLink": f"{elsewhere.url}/v1.0/users"}}
    server.play(Reply(http(200, {"responses": [part]})))
    assert "to which no token is sent" in str(failed(connected(server), "look_up"))
    assert elsewhere.received == []


def test_a_look_up_follows_the_next_page(server: Hostile) -> None:
    first = {"value": [USER_BODY], "@odata.nextLink": f"{server.url}/v1.0/users?page=2"}
    server.play(
        Reply(http(200, {"responses": [{**PART, "status": 200, "body": first}]})),
        Reply(http(200, {"value": [{**USER_BODY, "id": "2"}]})),
    )
    assert [one.id for one in OPERATIONS["look_up"](connected(server))] == [ADELE, "2"]


@pytest.mark.parametrize("largest", [999, 500, 100, 1, 0])
@pytest.mark.parametrize("operation", ["select", "look_up"])
def test_a_page_size_that_graph_refuses_is_halved_and_remembered(server: Hostile, largest: int, operation: str) -> None:
    def answer(request: Request) -> Reply:
        url = request.json["requests"][0]["url"] if request.method == "POST" else request.path
        asked = int(url.partition("$top=")[2].partition("&")[0])
        refused = {"error": {"code": "Request_UnsupportedQuery", "message": f"Invalid page size specified: '{asked}'."}}
        status, body = (400, refused) if asked > largest else (200, {"value": [USER_BODY]})
        if request.method == "POST":
            return Reply(http(200, {"responses": [{"id": "0", "status": status, "body": body}]}))
        return Reply(http(status, body))

    server.received.clear()
    server.answer = answer
    directory = Directory(connected(server))

    def read() -> list[str]:
        found = directory.select(USER) if operation == "select" else directory.look_up(USER, [ADELE_REFERENCE])
        return [one.id for one in found]

    if not largest:
        with pytest.raises(GraphError, match="Invalid page size"):
            read()
        return
    assert read() == [ADELE]
    tried = len(server.received)
    assert read() == [ADELE]
    assert len(server.received) == tried + 1


def test_retries_are_refilled_and_max_wait_is_not(server: Hostile) -> None:
    busy = Reply(http(429, {}, {"Retry-After": "10"}))
    server.play(*[busy, busy, OK] * 5)
    graph = connected(server, retries=2, max_wait=65)
    for _request in range(3):
        graph.get("/users/adele", need=NEED)
    with pytest.raises(GraphError, match="max_wait=65"):
        graph.get("/users/adele", need=NEED)


@pytest.mark.parametrize(
    "token", ["a.b.c", "a.W10.c", "a.IltdIg.c", "a.eyJyb2xlcyI6NX0.c", "..", "", "é.é.é", "a", "a.e30=.c"]
)
def test_a_token_of_any_shape_is_a_token(token: str) -> None:
    graph = Graph(Http(), ReadyToken(token), "https://graph.example")
    assert isinstance(graph.claims(), dict)
    assert graph.identity() == [token]


class Tenant:
    """A tenant with one user and attribute sets, whose answers to writes are lost as often as is asked."""

    def __init__(self, server: Hostile, applied: bool, lost: int) -> None:
        self.value = "old"
        self.sets: list[dict[str, Any]] = []
        self.applied, self.lost = applied, lost
        self.unreadable = False
        server.received.clear()
        server.answer = self.answer

    def answer(self, request: Request) -> Reply:
        if request.method == "GET" and self.unreadable:
            return Reply(b"", "cut")
        if request.path.endswith("/attributeSets") and request.method == "GET":
            return Reply(http(200, {"value": self.sets}))
        user = customs({"Engineering": {"Project": self.value}})
        if request.method == "GET":
            return Reply(http(200, user))
        if request.path.endswith("/$batch"):
            return Reply(http(200, {"responses": [{"id": "0", "status": 200, "body": user}]}))
        loses, self.lost = self.lost > 0, self.lost - 1
        if not loses or self.applied:
            if any(known["id"] == request.json.get("id") for known in self.sets):
                said = "A conflicting object with one or more of the specified property values is present."
                return Reply(http(400, {"error": {"code": "Request_BadRequest", "message": said}}))
            if request.method == "POST":
                self.sets.append(request.json)
            else:
                self.value = request.json["customSecurityAttributes"]["Engineering"]["Project"]
        return Reply(http(200, USER_BODY)[:-5], "cut") if loses else Reply(http(204))


ASSIGN = {
    "user": ADELE,
    "service_principal": None,
    "attribute_set": "Engineering",
    "name": "Project",
    "value": "new",
    "type": "string",
    "append": False,
    "state": "present",
    "verify": False,
}


@pytest.mark.parametrize(
    ("applied", "lost", "succeeds"),
    [(True, 1, True), (False, 1, True), (True, 99, True), (False, 99, False)],
)
def test_a_module_reads_back_a_write_without_an_answer(
    server: Hostile, applied: bool, lost: int, succeeds: bool
) -> None:
    Tenant(server, applied, lost)
    result = ASSIGNMENT.result(
        ASSIGN, ENVIRONMENT, check_mode=False, diff=False, connected=lambda params, environment: connected(server)
    )
    assert result["changed"] is True
    assert bool(result.get("failed")) is not succeeds
    if succeeds:
        assert (result["previous_value"], result["value"]) == ("old", "new")
    else:
        assert "The write may have been applied." in result["msg"]


def test_a_write_that_cannot_be_read_back_may_have_been_applied(server: Hostile) -> None:
    tenant = Tenant(server, applied=True, lost=99)

    def answer(request: Request) -> Reply:
        reply = tenant.answer(request)
        tenant.unreadable = request.method == "PATCH"
        return Reply(b"", "cut") if request.path.endswith("/$batch") else reply

    server.answer = answer
    result = ASSIGNMENT.result(
        ASSIGN, ENVIRONMENT, check_mode=False, diff=False, connected=lambda params, environment: connected(server)
    )
    assert (result["failed"], result["changed"]) == (True, True)
    assert "may have been applied" in result["msg"]


@pytest.mark.parametrize(("applied", "lost", "posts"), [(True, 1, 1), (False, 1, 2), (False, 99, 6)])
def test_a_creation_without_an_answer_is_read_and_planned_again(
    server: Hostile, applied: bool, lost: int, posts: int
) -> None:
    tenant = Tenant(server, applied, lost)
    params = {"name": "New", "description": None, "max_attributes_per_set": None, "state": "present"}
    result = SET.result(
        params, ENVIRONMENT, check_mode=False, diff=False, connected=lambda params, environment: connected(server)
    )
    assert result["changed"] is True
    assert sum(request.method == "POST" for request in server.received) == posts
    if lost == 1:
        assert not result.get("failed")
        assert [known["id"] for known in tenant.sets] == ["New"]
        assert result["previous_attribute_set"] is None
    else:
        assert "The write may have been applied." in result["msg"]


CONFLICTS = [
    (409, "Request_MultipleObjectsWithSameKeyValue", "A conflicting object with one or more of the specified property"),
    (400, "Request_MultipleObjectsWithSameKeyValue", ""),
    (400, "Request_BadRequest", "A conflicting object with one or more of the specified property values is present"),
    (400, "Request_BadRequest", "Another object with the same value for property id already exists."),
    (400, "ConflictingObjectExists", ""),
    (409, "", ""),
]


@pytest.mark.parametrize(("status", "code", "message"), CONFLICTS)
@pytest.mark.parametrize("entry", [SET, DEFINITION], ids=["set", "definition"])
def test_on_any_conflict_it_is_read_and_planned_again(
    server: Hostile, entry: Any, status: int, code: str, message: str
) -> None:
    found: list[dict[str, Any]] = []

    def answer(request: Request) -> Reply:
        sets = request.path.partition("?")[0].endswith("/attributeSets")
        if request.method == "POST":
            found.append({"id": "New", "attributeSet": "New", "name": "Name", "type": "String", "isSearchable": True})
            return Reply(http(status, {"error": {"code": code, "message": message}}))
        if sets and entry is DEFINITION:
            return Reply(http(200, {"value": [{"id": "New"}]}))
        return Reply(http(200, {"value": found}))

    server.received.clear()
    server.answer = answer
    given = {"attribute_set": "New", "name": "Name", "type": "string"} if entry is DEFINITION else {"name": "New"}
    names = {name: option.get("default") for name, option in entry.spec.items()}
    result = entry.result(
        {**names, **given},
        ENVIRONMENT,
        check_mode=False,
        diff=False,
        connected=lambda params, environment: connected(server),
    )
    assert result["changed"] is False, result
    assert sum(request.method == "POST" for request in server.received) == 1
