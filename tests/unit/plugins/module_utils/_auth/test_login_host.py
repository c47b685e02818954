# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers that a login host, an identity endpoint or a pipeline would not give: clear errors, no secret elsewhere."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from _emulator import Emulator

from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    AuthenticationError,
    EntraError,
    OptionError,
    UnexpectedResponse,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._operation import Operation

from ...conftest import ADELE, NEED

Connect = Callable[..., _graph.Graph]
DEEP = "[" * 100_000
ELSEWHERE = "ELSEWHERE"
"""Stands for a host and port where somebody listens who must not be sent anything."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A host that is asked nothing, which is proved at the end."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield f"127.0.0.1:{other.getsockname()[1]}"
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            other.accept()


def token(**changed: Any) -> dict[str, Any]:
    return {"token_type": "Bearer", "expires_in": 3599, "access_token": "eyJ.hidden.token", **changed}


def discovery(**changed: Any) -> dict[str, Any]:
    own = {name: f"https://{{own}}/t/{name}" for name in ("authorization_endpoint", "token_endpoint")}
    return {**own, **changed}


NOT_ENTRA = "something that is not Entra's"
UNREADABLE = "answered 200 with (an empty body|JSON that is not an object|.* that is not JSON)"
LIFETIME = "whose lifetime .* is not a positive number"
NO_TOKEN = "without an access token"
DISCOVERY: list[tuple[dict[str, Any], str]] = [
    ({"status": 302, "headers": {"Location": "https://ELSEWHERE/"}}, "a redirect, which is not followed"),
    ({"status": 200, "body": ""}, UNREADABLE),
    ({"status": 200, "body": "<html>Sign in</html>"}, UNREADABLE),
    ({"status": 200, "body": []}, UNREADABLE),
    ({"status": 200, "body": "null"}, UNREADABLE),
    ({"status": 200, "body": DEEP}, UNREADABLE),
    ({"status": 200, "body": {}}, "has no authorization_endpoint on its own host"),
    ({"status": 200, "body": discovery(token_endpoint="https://ELSEWHERE/t/token")}, "has no token_endpoint"),
    ({"status": 200, "body": discovery(token_endpoint="http://{own}/t/token")}, "has no token_endpoint"),
    ({"status": 200, "body": discovery(token_endpoint="https://{own}@ELSEWHERE/t/token")}, "has no token_endpoint"),
    ({"status": 200, "body": discovery(token_endpoint="https://{own}")}, "has no token_endpoint"),
    ({"status": 200, "body": discovery(token_endpoint="https://[::1/t")}, "has no token_endpoint"),
    ({"status": 200, "body": discovery(token_endpoint=["https://{own}/t/token"])}, "has no token_endpoint"),
    ({"status": 200, "body": discovery(token_endpoint=None)}, "has no token_endpoint"),
    ({"status": 200, "body": discovery(authorization_endpoint=7)}, "has no authorization_endpoint"),
    ({"status": 400, "body": {"error": "invalid_tenant"}}, "does not know tenant"),
    ({"status": 404, "body": "<html>not found</html>"}, "does not know tenant"),
    ({"status": 429, "body": "slow down"}, "cannot issue tokens now: it answered 429"),
    ({"status": 500, "body": DEEP}, "cannot issue tokens now: it answered 500"),
]
TOKENS: list[tuple[dict[str, Any], str]] = [
    ({"status": 307, "headers": {"Location": "https://ELSEWHERE/"}}, "a redirect, which is not followed"),
    ({"status": 200, "body": ""}, UNREADABLE),
    ({"status": 200, "body": "<html>Sign in</html>"}, UNREADABLE),
    ({"status": 200, "body": [token()]}, UNREADABLE),
    ({"status": 200, "body": '"eyJ.hidden.token"'}, UNREADABLE),
    ({"status": 200, "body": DEEP}, UNREADABLE),
    ({"status": 200, "body": '{"a":' * 50_000}, UNREADABLE),
    ({"status": 200, "body": json.dumps(token())[:-5]}, UNREADABLE),
    ({"status": 200, "body": {}}, NO_TOKEN),
    ({"status": 200, "body": token(access_token=None)}, NO_TOKEN),
    ({"status": 200, "body": token(access_token=["eyJ.hidden.token"])}, NO_TOKEN),
    ({"status": 200, "body": token(access_token="eyJ.hidden\ntoken")}, NO_TOKEN),
    ({"status": 200, "body": token(access_token="eyJ.hidden\u20ac")}, NO_TOKEN),
    ({"status": 200, "body": json.dumps(token()).replace("3599", "1e999")}, LIFETIME),
    ({"status": 200, "body": json.dumps(token()).replace("3599", "NaN")}, UNREADABLE),
    ({"status": 200, "body": json.dumps(token()).replace("3599", "9" * 400)}, LIFETIME),
    ({"status": 200, "body": token(expires_in="soon")}, LIFETIME),
    ({"status": 200, "body": token(expires_in=-1)}, LIFETIME),
    ({"status": 200, "body": token(expires_in=None)}, LIFETIME),
    ({"status": 200, "body": token(expires_in=[3599])}, LIFETIME),
    ({"status": 400, "body": "<html>Bad</html>"}, NOT_ENTRA),
    ({"status": 401, "body": {"error": {"message": "of another shape"}}}, "Entra gave no token .*: of another shape"),
    ({"status": 401, "body": {"error": ["x"], "error_description": 7}}, "Entra gave no token .*: no explanation"),
    ({"status": 403, "body": DEEP}, NOT_ENTRA),
]


def filled(fault: dict[str, Any], own: str, other: str) -> dict[str, Any]:
    """Return a fault with the names of the hosts."""
    text = json.dumps(fault).replace("{own}", own.partition("//")[2]).replace(ELSEWHERE, other)
    found: dict[str, Any] = json.loads(text)
    return found


def refused(graph: _graph.Graph, words: str, error: type[EntraError] | None = None) -> str:
    """Return the message of the error that using the graph ends in."""
    with pytest.raises(error or (AuthenticationError, UnexpectedResponse), match=words) as failure:
        graph.get(f"/users/{ADELE}", need=NEED)
    assert "hidden" not in str(failure.value)
    assert len(str(failure.value)) < 2000
    return str(failure.value)


@pytest.mark.parametrize(("fault", "words"), DISCOVERY, ids=lambda value: str(value)[:60])
def test_discovery_that_entra_would_not_give(
    emulator: Emulator, connect: Connect, elsewhere: str, fault: dict[str, Any], words: str
) -> None:
    emulator.faults({"match": {"kind": "identity"}, "times": None, "do": filled(fault, emulator.url, elsewhere)})
    message = refused(connect(retries=0), words)
    assert emulator.url.partition("//")[2] in message
    assert [one["method"] for one in emulator.requests(None)] == ["GET"], "no credential was sent"


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "words"), TOKENS, ids=lambda value: str(value)[:60])
def test_a_token_answer_that_entra_would_not_give(
    emulator: Emulator, connect: Connect, elsewhere: str, fault: dict[str, Any], words: str
) -> None:
    emulator.faults(
        {"match": {"kind": "token", "method": "POST"}, "times": None, "do": filled(fault, emulator.url, elsewhere)}
    )
    graph = connect(retries=0)
    message = refused(graph, words)
    assert emulator.environment["AZURE_CLIENT_SECRET"] not in message
    assert emulator.requests() == []
    emulator.reset()
    assert graph.get(f"/users/{ADELE}", need=NEED)["id"] == ADELE, "nothing of the answer is remembered"


@pytest.mark.parametrize("lifetime", ["3599", 3599.5, 3599], ids=repr)
def test_a_lifetime_is_taken_as_text_and_number(emulator: Emulator, connect: Connect, lifetime: Any) -> None:
    ready = emulator.token(permissions=["User.Read.All"])
    body = token(access_token=ready, expires_in=lifetime, scope=7, id_token=["x"], client_info=7, refresh_in="x")
    emulator.faults({"match": {"kind": "token", "method": "POST"}, "do": {"status": 200, "body": body}})
    assert connect().get(f"/users/{ADELE}", need=NEED)["id"] == ADELE


IDENTITY: list[tuple[dict[str, Any], str]] = [
    ({"status": 302, "headers": {"Location": "https://ELSEWHERE/"}}, "gave no token: it answered 302"),
    ({"status": 200, "body": "<html>"}, UNREADABLE),
    ({"status": 200, "body": DEEP}, UNREADABLE),
    ({"status": 200, "body": [token()]}, UNREADABLE),
    ({"status": 200, "body": {"access_token": "eyJ.hidden", "expires_on": "1e999"}}, LIFETIME),
    ({"status": 200, "body": {"access_token": "eyJ.hidden", "expires_on": []}}, LIFETIME),
    ({"status": 200, "body": {"access_token": "eyJ.hid\r\nden", "expires_on": "9999999999"}}, NO_TOKEN),
    ({"status": 400, "body": {"error": "invalid_request", "error_description": "no identity"}}, "400: no identity"),
    ({"status": 401, "body": "", "headers": {"WWW-Authenticate": "Basic realm=/tmp/x.key"}}, "gave no token"),
    ({"status": 404, "body": "[1]"}, "it answered 404: no explanation"),
]


@pytest.mark.parametrize(("fault", "words"), IDENTITY, ids=lambda value: str(value)[:60])
def test_an_identity_endpoint_that_answers_nonsense(
    emulator: Emulator,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: str,
    fault: dict[str, Any],
    words: str,
) -> None:
    for name, value in emulator.credentials["app_service"].items():
        monkeypatch.setenv(name, value)
    emulator.faults({"match": {"path": "/msi/"}, "times": None, "do": filled(fault, emulator.url, elsewhere)})
    environment = {**emulator.environment, **emulator.credentials["app_service"]}
    refused(connect(environment, auth_source="managed_identity", client_id="", retries=0), words)


def reach(emulator: Emulator) -> dict[str, str]:
    """Return the environment with what leads to the local Graph, and without a credential."""
    names = ("AZURE_AUTHORITY_HOST", "ENTRA_GRAPH_URL", "REQUESTS_CA_BUNDLE")
    return {**os.environ, **{name: emulator.environment[name] for name in names}}


@pytest.fixture
def arc(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with the agent of Azure Arc, whose folder of keys is this one. Its endpoint challenges."""
    from msal import managed_identity

    monkeypatch.setitem(managed_identity._supported_arc_platforms_and_their_prefixes, "linux", str(tmp_path))
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{emulator.url}/metadata/identity/oauth2/token")
    monkeypatch.setenv("IMDS_ENDPOINT", emulator.url)
    challenge = {"WWW-Authenticate": f"Basic realm={tmp_path}/key.key"}
    emulator.faults({"match": {"path": "/metadata/"}, "do": {"status": 401, "body": "", "headers": challenge}})
    return tmp_path / "key.key"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "the key file of Azure Arc, .*key.key, cannot be read: No such file"),
        ("folder", "the key file of Azure Arc, .*key.key, cannot be read: Is a directory"),
        (b"x" * 5000, "shall not be larger than 4KB"),
        (b"\xff\xfe", "the key file of Azure Arc is not text"),
    ],
    ids=["missing", "folder", "large", "binary"],
)
def test_a_key_file_of_azure_arc_that_cannot_be_used(
    emulator: Emulator, connect: Connect, arc: Path, content: bytes | str | None, words: str
) -> None:
    if content == "folder":
        arc.mkdir()
    elif isinstance(content, bytes):
        arc.write_bytes(content)
    refused(connect(reach(emulator), auth_source="managed_identity"), words)


def test_a_key_file_of_azure_arc_is_sent_to_its_endpoint(emulator: Emulator, connect: Connect, arc: Path) -> None:
    arc.write_text("the-key")
    ready = emulator.token(permissions=["User.Read.All"])
    emulator.faults(
        {"match": {"path": "/metadata/"}, "do": {"status": 200, "body": token(access_token=ready, expires_in="3599")}}
    )
    graph = connect(reach(emulator), auth_source="managed_identity")
    assert graph.get(f"/users/{ADELE}", need=NEED)["id"] == ADELE


GITHUB = {"ACTIONS_ID_TOKEN_REQUEST_URL": "{own}/oidc/token?api-version=2.0"}
AZURE_DEVOPS = {
    "SYSTEM_OIDCREQUESTURI": "{own}/oidc/token",
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "99999999-9999-4999-8999-999999999999",
}
BEARERS = {
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer-hidden-of-the-job",
    "SYSTEM_ACCESSTOKEN": "bearer-hidden-of-the-job",
}
PIPELINES = [
    pytest.param(
        GITHUB, "value", "GET", {"api-version": "2.0", "audience": "api://AzureADTokenExchange"}, id="GitHub Actions"
    ),
    pytest.param(
        AZURE_DEVOPS,
        "oidcToken",
        "POST",
        {"api-version": "7.1", "serviceConnectionId": "99999999-9999-4999-8999-999999999999"},
        id="Azure DevOps",
    ),
]


def pipeline(emulator: Emulator, variables: dict[str, str]) -> dict[str, str]:
    """Return the environment of a job that may request tokens, of the default application without its secret."""
    own = {name: value.replace("{own}", emulator.url) for name, value in variables.items()}
    bearers = {name: value for name, value in BEARERS.items() if name.split("_", maxsplit=1)[0] in str(variables)}
    return {
        **{name: value for name, value in emulator.environment.items() if name != "AZURE_CLIENT_SECRET"},
        **own,
        **bearers,
    }


def assertion(emulator: Emulator, life: float = 600) -> str:
    """Return a token of the trusted issuer that ends in so many seconds."""
    ready = Path(emulator.credentials["federated_token_file"]).read_text()
    key = Path(emulator.credentials["federated_issuer_key"]).read_text()
    claims = jwt.decode(ready, options={"verify_signature": False})
    header = jwt.get_unverified_header(ready)
    return jwt.encode({**claims, "exp": int(time.time() + life)}, key, algorithm="RS256", headers=header)


def asked(emulator: Emulator) -> list[dict[str, Any]]:
    """Return the requests for a token of the pipeline."""
    return [one for one in emulator.requests(None) if one["path"] == "/oidc/token"]


@pytest.mark.parametrize(("variables", "member", "method", "query"), PIPELINES)
def test_a_pipeline_is_asked_for_a_federated_token_whenever_entra_needs_one(
    emulator: Emulator,
    connect: Connect,
    variables: dict[str, str],
    member: str,
    method: str,
    query: dict[str, str],
) -> None:
    body = {member: assertion(emulator)}
    emulator.faults({"match": {"path": "/oidc/"}, "times": None, "do": {"status": 200, "body": body}})
    graph = connect(pipeline(emulator, variables))
    for _turn in range(2):
        assert graph.get(f"/users/{ADELE}", need=NEED)["id"] == ADELE
    assert [(one["method"], one["query"]) for one in asked(emulator)] == [(method, query)]
    assert graph.renew()
    assert graph.get(f"/users/{ADELE}", need=NEED)["id"] == ADELE
    assert len(asked(emulator)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("source", ["federated_token", "federated_token_file"])
@pytest.mark.parametrize(("life", "requests"), [(-30, 1), (30, 1), (600, 0)])
def test_a_token_that_has_expired_is_replaced_by_the_pipeline(
    emulator: Emulator, connect: Connect, tmp_path: Path, source: str, life: float, requests: int
) -> None:
    given = assertion(emulator, life)
    (tmp_path / "token").write_text(given)
    emulator.faults(
        {"match": {"path": "/oidc/"}, "times": None, "do": {"status": 200, "body": {"value": assertion(emulator)}}}
    )
    options = {source: given if source == "federated_token" else str(tmp_path / "token")}
    graph = connect(pipeline(emulator, GITHUB), **options)
    assert graph.get(f"/users/{ADELE}", need=NEED)["id"] == ADELE
    assert len(asked(emulator)) == requests


NOT_ISSUED = "gave no federated token of this pipeline"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 403, "body": "<html>"}, f"answered 403 and {NOT_ISSUED}"),
        ({"status": 302, "headers": {"Location": "https://ELSEWHERE/"}}, f"answered 302 and {NOT_ISSUED}"),
        ({"status": 200, "body": DEEP}, UNREADABLE),
        ({"status": 200, "body": {"value": ["eyJ.hidden"]}}, NOT_ISSUED),
        ({"status": 200, "body": {"value": "eyJ.hidden\nx"}}, NOT_ISSUED),
        ({"status": 200, "body": {"oidcToken": "eyJ.hidden"}}, NOT_ISSUED),
    ],
    ids=str,
)
def test_a_pipeline_that_issues_nothing(
    emulator: Emulator, connect: Connect, elsewhere: str, fault: dict[str, Any], words: str
) -> None:
    emulator.faults({"match": {"path": "/oidc/"}, "times": None, "do": filled(fault, emulator.url, elsewhere)})
    refused(connect(pipeline(emulator, GITHUB), retries=0), words)
    assert [one for one in emulator.requests("token") if one["method"] == "POST"] == []


@pytest.mark.parametrize(
    "url", ["http://ELSEWHERE/x", "https://user:hidden@ELSEWHERE/x", "https://[::1", "ELSEWHERE", "https://a b/"]
)
def test_the_bearer_of_a_pipeline_goes_over_tls_alone(
    emulator: Emulator, connect: Connect, elsewhere: str, url: str
) -> None:
    environment = pipeline(emulator, {"ACTIONS_ID_TOKEN_REQUEST_URL": url.replace(ELSEWHERE, elsewhere)})
    refused(connect(environment), "ACTIONS_ID_TOKEN_REQUEST_URL must be an https URL")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("folder", "is a folder"),
        ("fifo", "is not a regular file"),
        (None, "cannot be read: No such file"),
        (b"", "is empty"),
        ("hidden\n".encode("utf-16"), "is not a text file in UTF-8"),
        (b"\xffhidden", "is not a text file in UTF-8"),
        (b"eyJ.hidden\neyJ.hidden\n", "is not a token"),
        ("eyJ.hidden\u20ac".encode(), "is not a token"),
        (b"e" * 1_000_001, "has more than 1000000 bytes"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_federated_token_file_that_holds_no_token(
    emulator: Emulator, connect: Connect, tmp_path: Path, content: bytes | str | None, words: str
) -> None:
    path = tmp_path / "token"
    if content == "folder":
        path.mkdir()
    elif content == "fifo":
        os.mkfifo(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    environment = {name: value for name, value in emulator.environment.items() if name != "AZURE_CLIENT_SECRET"}
    graph = connect(environment, federated_token_file=str(path))
    refused(graph, f"federated_token_file: .*{words}", OptionError)
    assert [one for one in emulator.requests("token") if one["method"] == "POST"] == []


def test_a_federated_token_file_as_editors_leave_it(emulator: Emulator, connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"\ufeff{assertion(emulator)} \u200b\r\n")
    environment = {name: value for name, value in emulator.environment.items() if name != "AZURE_CLIENT_SECRET"}
    graph = connect(environment, federated_token_file=str(path))
    assert graph.get(f"/users/{ADELE}", need=NEED)["id"] == ADELE


@pytest.mark.parametrize(
    ("life", "variables", "words"),
    [
        (3600, {}, ""),
        (300, {}, "The federated token expires in 5 minutes, and this task cannot get another one"),
        (-5, {}, "The federated token has expired, and this task cannot get another one"),
        (300, GITHUB, ""),
    ],
    ids=str,
)
def test_a_task_warns_of_a_federated_token_that_ends_soon(
    emulator: Emulator, life: float, variables: dict[str, str], words: str
) -> None:
    environment = pipeline(emulator, variables)
    params = {"federated_token": assertion(emulator, life)}
    result = Operation(lambda *_: {"changed": False}, {}).result(params, environment, check_mode=False, diff=False)
    assert [one.startswith(words) for one in result.get("warnings", [])] == ([True] if words else [])
