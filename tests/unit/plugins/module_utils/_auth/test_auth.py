# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials against the local Graph, which verifies each; and which one is chosen."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from _emulator import Emulator
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.entra.attributes.plugins.module_utils._auth._choice import credential
from ansible_collections.entra.attributes.plugins.module_utils._auth._settings import Credential, Settings
from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    AuthenticationError,
    OptionError,
    TransportError,
    UnexpectedResponse,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph

from ...conftest import ADELE, NEED

Connect = Callable[..., _graph.Graph]


def whoami(graph: _graph.Graph) -> str:
    """Use the token for a read, and return the application that it was made for."""
    assert graph.get(f"/users/{ADELE}", need=NEED)["id"] == ADELE
    return str(graph.claims()["appid"])


@pytest.fixture
def without_secret(emulator: Emulator) -> dict[str, str]:
    return {name: value for name, value in emulator.environment.items() if name != "AZURE_CLIENT_SECRET"}


def test_client_secret(emulator: Emulator, connect: Connect) -> None:
    assert whoami(connect()) == emulator.environment["AZURE_CLIENT_ID"]
    assert [request["method"] for request in emulator.requests("token")].count("POST") == 1


@pytest.mark.parametrize(
    "options",
    [
        {"certificate_path": "certificate_pem"},
        {"certificate_path": "certificate_pfx", "certificate_password": "certificate_password"},
    ],
    ids=["PEM", "PFX"],
)
def test_client_certificate(
    emulator: Emulator, connect: Connect, without_secret: dict[str, str], options: dict[str, str]
) -> None:
    graph = connect(without_secret, **{name: emulator.credentials[key] for name, key in options.items()})
    assert whoami(graph) == emulator.environment["AZURE_CLIENT_ID"]


def test_a_key_without_certificate_needs_its_thumbprint(
    emulator: Emulator, connect: Connect, without_secret: dict[str, str], tmp_path: Path
) -> None:
    both = Path(emulator.credentials["certificate_pem"]).read_text()
    key = tmp_path / "key.pem"
    key.write_text(
        both[both.index("-----BEGIN PRIVATE") : both.index("-----END PRIVATE")] + "-----END PRIVATE KEY-----\n"
    )
    thumbprint = emulator.credentials["certificate_thumbprint"]
    assert whoami(connect(without_secret, certificate_path=str(key), certificate_thumbprint=thumbprint))
    with pytest.raises(OptionError, match=r"certificate_path: .*key alone together with certificate_thumbprint"):
        whoami(connect(without_secret, certificate_path=str(key)))


@pytest.mark.parametrize(
    ("content", "password", "words"),
    [
        (None, None, "cannot be read: No such file"),
        ("folder", None, "is a folder"),
        ("fifo", None, "is not a regular file"),
        (b"", None, "is empty"),
        (b"nothing", None, "is not usable"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", None, "is not usable"),
        (b"-----BEGIN CERTIFICATE-----\n\xff\n-----END CERTIFICATE-----\n", None, "is not usable"),
        (b"x" * 1_000_001, None, "has more than 1000000 bytes"),
        ("pfx", "wrong-passphrase-of-the-test", "is not usable"),
    ],
)
def test_a_certificate_that_cannot_be_used(
    emulator: Emulator,
    connect: Connect,
    without_secret: dict[str, str],
    tmp_path: Path,
    content: str | bytes | None,
    password: str | None,
    words: str,
) -> None:
    path = tmp_path / "certificate"
    if content == "pfx":
        path = Path(emulator.credentials["certificate_pfx"])
    elif content == "folder":
        path.mkdir()
    elif content == "fifo":
        os.mkfifo(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(OptionError, match=f"certificate_path: {re.escape(str(path))} {words}") as failure:
        whoami(connect(without_secret, certificate_path=str(path), certificate_password=password))
    assert "wrong-passphrase-of-the-test" not in str(failure.value)


def test_a_certificate_whose_key_is_not_rsa(
    emulator: Emulator, connect: Connect, without_secret: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "elliptic.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    der = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    both = Path(emulator.credentials["certificate_pem"]).read_text()
    path.write_text(key.private_bytes(*der).decode() + both[both.index("-----BEGIN CERTIFICATE") :])
    with pytest.raises(OptionError, match=r"certificate_path: .*must hold an RSA private key"):
        whoami(connect(without_secret, certificate_path=str(path)))


def test_federated_token_as_text_and_as_file(
    emulator: Emulator, connect: Connect, without_secret: dict[str, str]
) -> None:
    file = emulator.credentials["federated_token_file"]
    assert whoami(connect(without_secret, federated_token_file=file))
    assert whoami(connect(without_secret, federated_token=Path(file).read_text()))


def test_a_federated_token_file_is_read_for_each_token(
    emulator: Emulator, connect: Connect, without_secret: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(Path(emulator.credentials["federated_token_file"]).read_text())
    graph = connect(without_secret, federated_token_file=str(file))
    whoami(graph)
    file.write_text("no.longer.valid")
    emulator.faults({"match": {"method": "GET", "kind": "graph"}, "do": {"expire_token": True}})
    with pytest.raises(AuthenticationError, match="AADSTS"):
        whoami(graph)
    file.unlink()
    with pytest.raises(OptionError, match=f"federated_token_file: {file} cannot be read"):
        whoami(connect(without_secret, federated_token_file=str(file)))


def test_a_federated_token_of_somebody_else_is_refused(
    emulator: Emulator, connect: Connect, without_secret: dict[str, str]
) -> None:
    key = Path(emulator.credentials["federated_issuer_key"]).read_text()
    token = Path(emulator.credentials["federated_token_file"]).read_text()
    claims = jwt.decode(token, options={"verify_signature": False})
    stranger = jwt.encode({**claims, "sub": "repo:evil/repo"}, key, algorithm="RS256")
    with pytest.raises(AuthenticationError, match=r"AADSTS70021\d*.*trusts no issuer") as failure:
        whoami(connect(without_secret, federated_token=stranger))
    assert stranger not in str(failure.value)


@pytest.mark.parametrize("client_id", [None, "22222222-2222-4222-8222-222222222211"], ids=["system", "user"])
def test_managed_identity_where_the_environment_shows_one(
    emulator: Emulator, connect: Connect, monkeypatch: pytest.MonkeyPatch, client_id: str | None
) -> None:
    markers = emulator.credentials["app_service"]
    for name, value in markers.items():
        monkeypatch.setenv(name, value)
    environment = {
        name: value
        for name, value in emulator.environment.items()
        if not name.startswith(("AZURE_CLIENT", "AZURE_TEN"))
    }
    graph = connect({**environment, **markers}, client_id=client_id)
    assert whoami(graph) == (client_id or "22222222-2222-4222-8222-222222222210")


def test_a_managed_identity_that_is_none(emulator: Emulator, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", emulator.credentials["app_service"]["IDENTITY_ENDPOINT"])
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    with pytest.raises(AuthenticationError, match="no token"):
        whoami(connect(auth_source="managed_identity", client_id=None))


def fake_az(folder: Path, script: str) -> dict[str, str]:
    """A PATH with an `az` that is this shell script."""
    az = folder / "az"
    az.write_text(f"#!/bin/sh\n{script}\n")
    az.chmod(az.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_azure_cli(emulator: Emulator, connect: Connect, tmp_path: Path) -> None:
    token = emulator.token(permissions=["User.Read.All"])
    answer = json.dumps({"accessToken": token, "expires_on": 9999999999})
    environment = {
        "ENTRA_GRAPH_URL": emulator.url,
        "REQUESTS_CA_BUNDLE": emulator.environment["REQUESTS_CA_BUNDLE"],
        **fake_az(tmp_path, f"echo \"$@\" >> {tmp_path}/calls; echo '{answer}'"),
    }
    graph = connect(environment, tenant_id="contoso.com")
    for _turn in range(2):
        assert graph.get(f"/users/{ADELE}", need=NEED)["id"] == ADELE
    call = f"account get-access-token --output json --resource {emulator.url} --tenant contoso.com\n"
    assert (tmp_path / "calls").read_text() == call


def test_azure_cli_that_tells_no_end_is_not_asked_each_time(connect: Connect, tmp_path: Path) -> None:
    answer = json.dumps({"accessToken": "t", "expiresOn": "2026-11-22 10:00:00.000000"})
    graph = connect(fake_az(tmp_path, f"echo >> {tmp_path}/calls; echo '{answer}'"), auth_source="azure_cli")
    assert graph.identity() == graph.identity() == ["t"]
    assert (tmp_path / "calls").read_text() == "\n"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'ERROR: Please run az login to setup account.' >&2; exit 1", "Please run az login"),
        ("echo nonsense", "no token in its output"),
        ("echo '{}'", "no token in its output"),
        ("echo '[]'", "no token in its output"),
        ("printf '\\377'", "no token in its output"),
    ],
)
def test_azure_cli_that_gives_none(connect: Connect, tmp_path: Path, script: str, words: str) -> None:
    with pytest.raises(AuthenticationError, match=words):
        connect(fake_az(tmp_path, script), auth_source="azure_cli").claims()


def test_azure_cli_that_is_not_there(connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(AuthenticationError, match="not installed"):
        connect({"PATH": str(tmp_path)}, auth_source="azure_cli").claims()


def test_azure_cli_that_cannot_be_run(connect: Connect, tmp_path: Path) -> None:
    (tmp_path / "az").write_text("")
    with pytest.raises(AuthenticationError, match=r"az\) cannot be run: Permission denied"):
        connect({"PATH": str(tmp_path)}, auth_source="azure_cli").claims()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"client_secret": "a-wrong-secret-of-the-test"}, "AADSTS7000215.*client_secret is wrong"),
        ({"client_id": "22222222-2222-4222-8222-222222222203", "client_secret": "expired"}, "AADSTS7000222.*expired"),
        ({"client_id": "99999999-9999-4999-8999-999999999999"}, "AADSTS700016.*not an application of this tenant"),
        ({"tenant_id": "99999999-9999-4999-8999-999999999999"}, "does not know tenant"),
    ],
    ids=str,
)
def test_entra_s_refusals_come_with_its_words_and_what_to_do(
    emulator: Emulator, connect: Connect, options: dict[str, str], words: str
) -> None:
    if options.get("client_secret") == "expired":
        options = {**options, "client_secret": emulator.credentials["applications"]["expired"]["client_secret"]}
    with pytest.raises(AuthenticationError, match=words) as failure:
        whoami(connect(**options))
    assert "secret-of-the" not in str(failure.value)
    assert emulator.requests() == []


@pytest.mark.slow
def test_a_token_service_in_trouble_is_tried_again_and_then_told(emulator: Emulator, connect: Connect) -> None:
    emulator.faults({"match": {"kind": "token", "method": "POST"}, "times": 1, "do": {"status": 503}})
    assert whoami(connect())
    emulator.faults({"match": {"kind": "token", "method": "POST"}, "times": None, "do": {"status": 503}})
    with pytest.raises(AuthenticationError):
        whoami(connect(retries=0))


@pytest.mark.parametrize("fault", [{"html": True}, {"truncate": True}], ids=str)
def test_a_login_host_that_answers_nonsense(emulator: Emulator, connect: Connect, fault: dict[str, Any]) -> None:
    emulator.faults({"match": {"kind": "token"}, "times": None, "do": fault})
    with pytest.raises(UnexpectedResponse, match=r"localhost:[0-9]+ answered 200 with .* that is not JSON"):
        whoami(connect(retries=0))


def test_a_login_host_that_is_not_there(emulator: Emulator, connect: Connect) -> None:
    with pytest.raises(TransportError, match=r"localhost:9: cannot be reached.*authority_url"):
        whoami(connect(authority_url="https://localhost:9", retries=0))


def test_a_ready_token_is_used_without_msal_and_not_renewed(emulator: Emulator, connect: Connect) -> None:
    graph = connect(access_token=emulator.token(permissions=["User.Read.All"]))
    assert graph.get(f"/users/{ADELE}", need=NEED)["id"] == ADELE
    assert emulator.requests("token") == []


def issued(emulator: Emulator) -> list[dict[str, Any]]:
    return [request for request in emulator.requests("token") if request["method"] == "POST"]


@pytest.mark.parametrize(("lifetime", "asked"), [(3599, 1), (200, 6)])
def test_a_token_is_kept_unless_it_ends_soon(emulator: Emulator, connect: Connect, lifetime: int, asked: int) -> None:
    emulator.quirks(token_lifetime=lifetime)
    graph = connect()
    for _request in range(3):
        whoami(graph)
    assert len(issued(emulator)) == asked


def test_a_token_that_graph_refused_is_not_kept(emulator: Emulator, connect: Connect) -> None:
    graph = connect()
    whoami(graph)
    assert graph.renew()
    whoami(graph)
    assert len(issued(emulator)) == 2


def test_msal_is_not_imported_before_a_token_is_asked_for() -> None:
    code = (
        "import sys;"
        " from ansible_collections.entra.attributes.plugins.module_utils import _operation;"
        " from ansible_collections.entra.attributes.plugins.module_utils._operations import assignment;"
        "sys.exit('msal' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=False).returncode
        == 0
    )


SECRET = {"tenant_id": "t", "client_id": "c", "client_secret": "s"}
CERTIFICATE = {"tenant_id": "t", "client_id": "c", "certificate_path": "p"}
FEDERATED = {"tenant_id": "t", "client_id": "c", "federated_token_file": "f"}
APPLICATION_OPTIONS = {"tenant_id": "t", "client_id": "c"}
ENDPOINT, HEADER = {"IDENTITY_ENDPOINT": "x"}, {"IDENTITY_HEADER": "x"}
GITHUB = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://x", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}
AZURE_DEVOPS = {
    "SYSTEM_OIDCREQUESTURI": "https://x",
    "SYSTEM_ACCESSTOKEN": "x",
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "x",
}


def chosen(auth_source: str, environment: dict[str, str] | None = None, **options: str) -> str:
    variables = {"PATH": "/nonexistent", **(environment or {})}
    settings = Settings(http=None, authority_url="", resource="", environment=variables, **options)  # type: ignore[arg-type]
    return credential(auth_source, settings, variables).NAME


@pytest.mark.parametrize(
    ("options", "environment", "name"),
    [
        ({"access_token": "a", **SECRET}, {}, "access_token"),
        ({**SECRET, **CERTIFICATE}, {}, "client_secret"),
        ({**CERTIFICATE, **FEDERATED}, {}, "client_certificate"),
        ({**FEDERATED}, ENDPOINT | HEADER, "federated_token"),
        ({"tenant_id": "t", "client_id": "c"}, {"MSI_ENDPOINT": "x", "MSI_SECRET": "x"}, "managed_identity"),
        ({}, ENDPOINT | HEADER, "managed_identity"),
        ({}, ENDPOINT | HEADER | {"IDENTITY_SERVER_THUMBPRINT": "x"}, "managed_identity"),
        ({}, ENDPOINT | {"IMDS_ENDPOINT": "x"}, "managed_identity"),
        ({}, {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "x"}, "managed_identity"),
        ({**APPLICATION_OPTIONS}, GITHUB, "federated_token"),
        ({**APPLICATION_OPTIONS}, AZURE_DEVOPS, "federated_token"),
        ({**APPLICATION_OPTIONS}, GITHUB | ENDPOINT | HEADER, "federated_token"),
        ({**SECRET}, GITHUB, "client_secret"),
        ({}, GITHUB | ENDPOINT | HEADER, "managed_identity"),
    ],
)
def test_auto_takes_the_first_complete_one(options: dict[str, str], environment: dict[str, str], name: str) -> None:
    assert chosen("auto", environment, **options) == name


TOKEN = {"ENTRA_ACCESS_TOKEN": "a"}
APPLICATION = {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c"}


@pytest.mark.parametrize(
    ("options", "environment", "name"),
    [
        ({"client_secret": "s"}, {**TOKEN, **APPLICATION}, "client_secret"),
        ({"federated_token": "f"}, {**TOKEN, **APPLICATION, "AZURE_SECRET": "s"}, "federated_token"),
        (
            {"certificate_password": "p"},
            {**TOKEN, **APPLICATION, "AZURE_X509_CERTIFICATE_PATH": "~/p"},
            "client_certificate",
        ),
        ({"client_secret": "s", "access_token": "a"}, APPLICATION, "access_token"),
        ({"tenant_id": "t", "client_id": "c"}, {**TOKEN, "AZURE_SECRET": "s"}, "access_token"),
        ({}, {**TOKEN, **APPLICATION, "AZURE_CLIENT_CERTIFICATE_PATH": "~/p"}, "access_token"),
        ({}, {**APPLICATION, "AZURE_SECRET": "s", "AZURE_THUMBPRINT": "F00D" * 10}, "client_secret"),
    ],
    ids=str,
)
def test_auto_prefers_options_to_the_environment(
    connect: Connect, options: dict[str, str], environment: dict[str, str], name: str
) -> None:
    graph = connect({"PATH": "/nonexistent", **environment}, **options)
    assert isinstance(graph._tokens, Credential)
    assert name == graph._tokens.NAME


def test_half_a_credential_in_options_is_not_passed_over(connect: Connect) -> None:
    with pytest.raises(OptionError, match="client_secret needs client_id, which is not set"):
        connect({"PATH": "/nonexistent", **TOKEN}, client_secret="s", tenant_id="t")


def test_auto_takes_the_cli_only_where_nothing_else_was_meant(tmp_path: Path) -> None:
    path = fake_az(tmp_path, "true")
    assert chosen("auto", path) == "azure_cli"
    with pytest.raises(OptionError, match="client_id is set but"):
        chosen("auto", path, client_id="c")


@pytest.mark.parametrize(
    ("auth_source", "options", "words"),
    [
        ("auto", {"client_secret": "s"}, "client_secret needs tenant_id and client_id, which are not set"),
        ("auto", {"client_secret": "s", "client_id": "c"}, "client_secret needs tenant_id, which is not set"),
        ("auto", {"certificate_path": "p", "tenant_id": "t"}, "client_certificate needs client_id"),
        (
            "auto",
            {"certificate_password": "p"},
            "client_certificate needs tenant_id and client_id and certificate_path,",
        ),
        ("auto", {"certificate_thumbprint": "x", **APPLICATION_OPTIONS}, "client_certificate needs certificate_path, "),
        ("client_certificate", APPLICATION_OPTIONS, "client_certificate needs certificate_path, which is not set"),
        ("auto", {"federated_token": "f"}, "federated_token needs tenant_id and client_id"),
        ("auto", {"client_id": "c", "tenant_id": "t"}, "client_id is set but client_secret, certificate_path or"),
        ("auto", {}, "no credential was found"),
        ("client_secret", {"tenant_id": "t", "client_id": "c"}, "client_secret needs client_secret, which is not set"),
        ("access_token", {}, "access_token needs access_token"),
        ("federated_token", {"tenant_id": "t", "client_id": "c"}, "needs federated_token or federated_token_file"),
    ],
)
def test_half_a_credential_names_the_missing_half(auth_source: str, options: dict[str, str], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        chosen(auth_source, **options)


@pytest.mark.parametrize(
    "environment",
    [
        {"MSI_ENDPOINT": "x"},
        {"MSI_ENDPOINT": "x", "MSI_SECRET": " "},
        ENDPOINT,
        ENDPOINT | {"IDENTITY_HEADER": ""},
        HEADER,
        {"IMDS_ENDPOINT": "x"},
        {"AZURE_POD_IDENTITY_AUTHORITY_HOST": ""},
        {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://x"},
        {name: value for name, value in AZURE_DEVOPS.items() if name != "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"},
    ],
    ids=str,
)
def test_half_an_environment_offers_nothing(environment: dict[str, str]) -> None:
    with pytest.raises(OptionError, match="no credential was found"):
        chosen("auto", environment)
    with pytest.raises(OptionError, match="client_id is set but"):
        chosen("auto", environment, **APPLICATION_OPTIONS)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"MSI_ENDPOINT": "x"}, "managed_identity needs MSI_SECRET in the environment"),
        (ENDPOINT, "managed_identity needs IDENTITY_HEADER or IMDS_ENDPOINT in the environment"),
        (HEADER, "managed_identity needs IDENTITY_ENDPOINT in the environment"),
    ],
    ids=str,
)
def test_a_managed_identity_by_half_an_environment_is_not_probed(environment: dict[str, str], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        chosen("managed_identity", environment)
    assert chosen("managed_identity", dict.fromkeys(environment, "")) == "managed_identity"


def test_secrets_are_in_no_representation() -> None:
    settings = Settings(
        http=None,  # type: ignore[arg-type]
        authority_url="",
        resource="",
        client_secret="the-secret-1",
        certificate_password="the-secret-2",
        federated_token="the-secret-3",
        access_token="the-secret-4",
        environment={"X": "the-secret-5"},
    )
    assert "the-secret" not in repr(settings)
