# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mask over credentials in what comes back, in whatever encoding."""

from __future__ import annotations

import base64
import html
import json
import random
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from _emulator import Emulator
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.entra.attributes.plugins.module_utils import _secrets
from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    AuthenticationError,
    GraphError,
    TransportError,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._graph.transport import Http
from ansible_collections.entra.attributes.plugins.module_utils._secrets import (
    ENOUGH,
    MASK,
    WHOLE,
    Secrets,
    without_options,
)

from ..conftest import ADELE, NEED

Connect = Callable[..., Graph]

SECRET = 'q7~Zk/"+&<é pW-_0x!1234'
TOKEN = f"{'eyJhbGciOiJub25lIn0'}.{'eyJ0aWQiOiJjb250b3NvIn0'}.{'c2lnbmF0dXJlLW9mLWEtdG9rZW4'}"

ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "percent": lambda text: quote(text, safe=""),
    "percent, lower case": lambda text: quote(text, safe="").lower() if text.lower() == text else quote(text),
    "percent, slash kept": quote,
    "percent, mixed case": lambda text: "".join(
        f"%{byte:02x}" if place % 2 else f"%{byte:02X}" for place, byte in enumerate(text.encode())
    ),
    "form": quote_plus,
    "percent twice": lambda text: quote(quote(text)),
    "json": lambda text: json.dumps(text)[1:-1],
    "json, not ascii": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json, slashes": lambda text: json.dumps(text)[1:-1].replace("/", r"\/"),
    "json, spelled out": lambda text: re.sub("(....)", r"\\u\1", text.encode("utf-16-be").hex().upper()),
    "json twice": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "python": lambda text: "".join(f"\\x{ord(one):02x}" if ord(one) < 256 else one for one in text),
    "html": html.escape,
    "html, decimal": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "html, hexadecimal": lambda text: "".join(f"&#x{ord(one):x};" for one in text),
    "html, upper case": lambda text: "".join(f"&#X{ord(one):04X};" for one in text),
    "json of html": lambda text: json.dumps(html.escape(text))[1:-1],
    "percent of json": lambda text: quote(json.dumps(text)[1:-1]),
    "html of percent": lambda text: html.escape(quote_plus(text)),
}
BASE64 = {
    "base64": base64.b64encode,
    "base64, for URLs": base64.urlsafe_b64encode,
    "base64, in lines": base64.encodebytes,
    "base64, without padding": lambda data: base64.b64encode(data).rstrip(b"="),
    "base64 twice": lambda data: base64.b64encode(base64.b64encode(data)),
}


def spellings(secret: str) -> dict[str, str]:
    """Return a secret in every encoding, and in base64 at each place of a group of four."""
    found = {name: encode(secret) for name, encode in ENCODINGS.items()}
    for name, encode in BASE64.items():
        for before in ("", "a", "ab", "grant_type=client_credentials&client_secret="):
            for inner, text in {"": secret, " of a form": quote_plus(secret)}.items():
                found[f"{name}{inner} after {len(before)}"] = encode(f"{before}{text}&x=y".encode()).decode()
    return found


def secrets(*values: str) -> Secrets:
    found = Secrets()
    found.add(*values)
    return found


@pytest.mark.parametrize("secret", [SECRET, TOKEN, "s3c!"], ids=["secret", "token", "short"])
@pytest.mark.parametrize("encoding", spellings(SECRET))
def test_a_secret_is_masked_in_every_encoding(encoding: str, secret: str) -> None:
    spelled = spellings(secret)[encoding]
    assert secrets(secret).masked(f"It was ({spelled}).").rstrip("&x=y\n") in {
        f"It was ({MASK}).",
        f"It was ({MASK}\n).",
    }


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=4, max_size=60), st.data())
def test_no_encoding_remains(secret: str, data: st.DataObject) -> None:
    known = secrets(secret)
    secret = secret.strip()
    spelled = data.draw(st.sampled_from(list(spellings(secret).values())))
    if len(secret) >= 4:
        assert spelled.strip() not in known.masked(f"It was: {spelled} :so it was")


@given(st.text(max_size=200))
def test_other_text_stays(text: str) -> None:
    assert secrets("a-secret-that-no-text-contains", TOKEN).masked(text) == text


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_beginning_of_a_secret_is_masked_where_its_echo_was_cut(encoding: str) -> None:
    spelled = ENCODINGS[encoding](SECRET[: ENOUGH + 2])
    assert secrets(SECRET).masked(f"Authorization: Bearer {spelled}") == f"Authorization: Bearer {MASK}"


@pytest.mark.parametrize("segment", TOKEN.split("."))
def test_a_segment_of_a_token_is_masked(segment: str) -> None:
    assert secrets(TOKEN).masked(f"It was ({segment}).") == f"It was ({MASK})."


def test_a_short_secret_shreds_nothing() -> None:
    assert secrets("s", "ab", "abc").masked("abc is as short as this") == "abc is as short as this"


def test_secrets_are_registered_once() -> None:
    seen: list[str] = []
    known = Secrets(seen.append)
    for _time in range(2):
        known.add(SECRET, None, "", f" {TOKEN}\n")
    assert seen == [SECRET, TOKEN]


class TestData:
    """Answers that look right, which are searched without reading each text in them."""

    @pytest.mark.parametrize(
        "encoding", [name for name in spellings(SECRET) if "lines" not in name and "twice" not in name]
    )
    def test_a_long_secret_is_masked(self, encoding: str) -> None:
        content = {"value": [{"displayName": f"It was {spellings(SECRET)[encoding]}", "id": 1}]}
        masked = secrets(SECRET).masked_data(content, json.dumps(content).encode())
        assert spellings(SECRET)[encoding] not in masked["value"][0]["displayName"]
        assert MASK in masked["value"][0]["displayName"]

    def test_a_name_is_not_masked_for_a_short_secret(self) -> None:
        content = {"userPrincipalName": "adele@contoso.com", "companyName": "contoso"}
        assert secrets("contoso", SECRET).masked_data(content, json.dumps(content).encode()) == content

    def test_keys_are_masked(self) -> None:
        content = {"error": {TOKEN: [TOKEN, 1, None]}}
        assert secrets(TOKEN).masked_error(content) == {"error": {MASK: [MASK, 1, None]}}


ECHOES = ["plain", "percent", "form", "json", "unicode", "html", "decimal", "hexadecimal", "base64", "base64url"]
CREDENTIALS: dict[str, dict[str, str]] = {
    "client_secret": {"client_secret": "a~secret/with+signs&more==and-a-length"},
    "federated_token": {"client_secret": "", "federated_token": TOKEN},
    "access_token": {"access_token": TOKEN},
}


class TestEchoes:
    """A host in between answers with the request, credentials included."""

    @pytest.mark.parametrize("echo", ECHOES)
    @pytest.mark.parametrize("auth_source", ["client_secret", "federated_token"])
    def test_by_the_login_host(self, emulator: Emulator, connect: Connect, auth_source: str, echo: str) -> None:
        emulator.faults({"match": {"kind": "token", "method": "POST"}, "do": {"echo": echo}})
        options = CREDENTIALS[auth_source]
        with pytest.raises(AuthenticationError) as refused:
            connect(auth_source=auth_source, **options).get(f"/users/{ADELE}", need=NEED)
        assert "AADSTS900000" in str(refused.value)
        self.assert_hidden(str(refused.value), options[auth_source])

    @pytest.mark.parametrize("echo", ECHOES)
    @pytest.mark.parametrize("status", [400, 404, 200])
    def test_by_graph(self, emulator: Emulator, connect: Connect, status: int, echo: str) -> None:
        graph, token = connect(access_token=TOKEN), TOKEN
        emulator.faults({"match": {"kind": "graph"}, "do": {"echo": echo, "status": status}})
        try:
            said = graph.get(f"/users/{ADELE}", need=NEED)
        except GraphError as error:
            said = {"error": error.as_result()}
        self.assert_hidden(json.dumps(said), token)

    @pytest.mark.parametrize("echo", ECHOES)
    def test_by_graph_within_a_batch(self, emulator: Emulator, connect: Connect, echo: str) -> None:
        graph = connect()
        graph.get(f"/users/{ADELE}", need=NEED)
        emulator.faults({"match": {"path": f"^/v1.0/users/{ADELE}$"}, "do": {"echo": echo}})
        part = {"id": "1", "method": "GET", "url": f"/users/{ADELE}", "headers": {"X": graph._token()}}
        answer = graph.batch([part], need=NEED)["1"]
        assert answer.status == 400
        self.assert_hidden(json.dumps({"body": answer.body, "headers": answer.headers}), graph._token())

    def test_by_a_proxy_with_a_password(self) -> None:
        http = Http(environment={"HTTPS_PROXY": "http://ansible:p%40ssw0rd@localhost:1"}, timeout=1)
        with pytest.raises(TransportError):
            http.exchange("GET", "https://localhost:2")
        assert http.secrets.masked(f"Basic {base64.b64encode(b'ansible:p@ssw0rd').decode()}") == f"Basic {MASK}"

    @staticmethod
    def assert_hidden(text: str, secret: str) -> None:
        """No form of the secret is in the JSON, and the mask is."""
        assert MASK in text
        for spelled in spellings(secret).values():
            for shown in (text, json.loads(text) if text.startswith("{") else text):
                assert spelled.strip()[:ENOUGH] not in str(shown)


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("1234", WHOLE),
        (1234, WHOLE),
        (912345, WHOLE),
        ("it is 1234.", f"it is {MASK}."),
        (["1234", {"name": "a1234"}], [WHOLE, {"name": f"a{MASK}"}]),
        ({"1234": "12345"}, {"1234": f"{MASK}5"}),
        (True, True),
        (None, None),
        (123, 123),
        (1.5, 1.5),
        ("", ""),
    ],
)
def test_results_are_masked_as_by_ansible(value: Any, masked: Any) -> None:
    assert without_options(value, {"1234"}) == masked
    assert without_options(value, set()) == value


PIECES = ["1234", 'a"b\\c', "caf\u00e9", "\n\t", "\U0001f600", "x", '"', "\\", "\ud83d", "true", "1e+20", "inf"]


@pytest.mark.parametrize("seed", range(200))
def test_one_search_for_all_secrets_of_options_finds_what_a_look_at_each_value_does(seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 - repeatable

    def text() -> str:
        return "".join(chosen.choices(PIECES, k=chosen.randint(1, 4)))

    def value(depth: int) -> Any:
        kinds: list[Any] = [text, lambda: 12345, lambda: True, lambda: None, lambda: 1e20, lambda: float("inf")]
        if depth:
            kinds += [lambda: [value(depth - 1), value(depth - 1)], lambda: {text(): value(depth - 1)}] * 3
        return chosen.choice(kinds)()

    result, secrets = {"results": [value(3), value(3)]}, {text(), text()}
    assert without_options(result, secrets) == _secrets._without(result, secrets)


def test_only_the_parts_of_a_result_that_hold_a_secret_are_made_again() -> None:
    result = {"results": [{"msg": "fine"}], "invocation": {"module_args": {"client_secret": "s3cret"}}}
    masked = without_options(result, {"s3cret"})
    assert masked["results"] is result["results"]
    assert masked["invocation"] == {"module_args": {"client_secret": _secrets.WHOLE}}
