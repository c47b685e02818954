# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options: where each comes from, and what is refused before anything is sent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from _emulator import Emulator
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._connection import (
    connection_options,
    connection_spec,
    given,
    secret_texts,
)
from ansible_collections.entra.attributes.plugins.module_utils._errors import OptionError

GUID = "11111111-1111-4111-8111-111111111111"
VARIABLES = [
    ("ENTRA_AUTH_SOURCE", "auth_source", "azure_cli", "managed_identity"),
    ("AZURE_TENANT_ID", "tenant_id", GUID, "contoso.com"),
    ("AZURE_TENANT", "tenant_id", GUID, "contoso.com"),
    ("AZURE_CLIENT_ID", "client_id", GUID, "22222222-2222-4222-8222-222222222222"),
    ("AZURE_CLIENT_SECRET", "client_secret", "a~secret", "another secret"),
    ("AZURE_SECRET", "client_secret", "a~secret", "another secret"),
    ("AZURE_CLIENT_CERTIFICATE_PATH", "certificate_path", "/a.pem", "/b.pem"),
    ("AZURE_X509_CERTIFICATE_PATH", "certificate_path", "/a.pem", "/b.pem"),
    ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "certificate_password", "a pass", "b pass"),
    ("AZURE_THUMBPRINT", "certificate_thumbprint", "F00D" * 10, "BEEF" * 10),
    ("AZURE_FEDERATED_TOKEN", "federated_token", "a.b.c", "d.e.f"),
    ("AZURE_FEDERATED_TOKEN_FILE", "federated_token_file", "/a", "/b"),
    ("ENTRA_ACCESS_TOKEN", "access_token", "a.b.c", "d.e.f"),
    ("AZURE_CLOUD_ENVIRONMENT", "cloud_environment", "AzureChinaCloud", "Bleu"),
    ("AZURE_AUTHORITY_HOST", "authority_url", "https://a.example.com", "https://b.example.com"),
    ("ENTRA_GRAPH_URL", "graph_url", "https://a.example.com", "https://b.example.com"),
    ("REQUESTS_CA_BUNDLE", "ca_path", "CA", "CA"),
]
DEFAULTS = {
    "auth_source": "auto",
    "cloud_environment": "AzureCloud",
    "api_version": "v1.0",
    "validate_certs": True,
    "timeout": 60,
    "retries": 5,
    "max_wait": 1800,
}


def resolved(options: dict[str, Any], environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the options as a module has them: by Ansible's own validation, and then by the collection's."""
    variables = environment or {}
    validated = ArgumentSpecValidator(connection_spec(variables)).validate(options)
    assert validated.error_messages == [], "Ansible leaves connection options to the collection"
    return connection_options(validated.validated_parameters, variables)


@pytest.mark.parametrize(("variable", "option", "value", "other"), VARIABLES)
@pytest.mark.parametrize("empty", ["", "  ", "\n", None], ids=repr)
def test_an_empty_option_leaves_the_choice_to_its_variable(
    emulator: Emulator, variable: str, option: str, value: str, other: str, empty: str | None
) -> None:
    bundle = emulator.environment["REQUESTS_CA_BUNDLE"]
    value, other = (bundle if one == "CA" else one for one in (value, other))
    environment = {variable: value}
    assert resolved({}, environment)[option] == value
    assert resolved({option: empty}, environment)[option] == value
    assert resolved({option: other}, environment)[option] == other
    assert resolved({option: other}, environment)[option] == other


@pytest.mark.parametrize("option", connection_spec({}))
@pytest.mark.parametrize("empty", ["", " \t\n", None], ids=repr)
def test_an_empty_option_and_empty_variables_count_as_not_set(option: str, empty: str | None) -> None:
    names = connection_spec({})[option]["fallback"][1]
    environment = dict.fromkeys(names, empty or "")
    assert resolved({option: empty}, environment)[option] == DEFAULTS.get(option)
    assert given({option: empty}, environment) == frozenset()


def test_an_empty_variable_gives_way_to_the_next() -> None:
    assert resolved({}, {"AZURE_TENANT_ID": " ", "AZURE_TENANT": "contoso.com"})["tenant_id"] == "contoso.com"


def test_an_option_that_repeats_its_variable_does_not_count_as_given() -> None:
    environment = {"AZURE_CLIENT_CERTIFICATE_PATH": "~/cert.pem", "AZURE_CLIENT_ID": GUID}
    validated = ArgumentSpecValidator(connection_spec(environment)).validate({}).validated_parameters
    assert given(validated, environment) & {"certificate_path", "client_id"} == frozenset()
    assert "certificate_path" in given({**validated, "certificate_path": "/other.pem"}, environment)


@pytest.mark.parametrize(
    ("option", "value", "kept"),
    [
        ("access_token", "\ufeff a.b.c\u200b\r\n", "a.b.c"),
        ("federated_token", "a.b.c\n", "a.b.c"),
        ("client_secret", " s~ecret \r\n", " s~ecret "),
        ("client_secret", "\ufeffs~ecret\u200b", "s~ecret"),
        ("certificate_password", "pass word\n", "pass word"),
        ("certificate_thumbprint", "\u200ef0 0d" * 1 + " " + "F0:0D" * 9, "f00d" + "F00D" * 9),
        ("tenant_id", "contoso.com\n", "contoso.com"),
        ("graph_url", "graph.example.com/", "https://graph.example.com"),
        ("graph_url", " HTTPS://graph.example.com:8443/v/ ", "https://graph.example.com:8443/v"),
        ("authority_url", "https://[::1]:8443", "https://[::1]:8443"),
        ("certificate_path", "~/a b.pem", os.path.expanduser("~/a b.pem")),
        ("timeout", " 30 ", 30),
        ("timeout", 30.0, 30),
        ("validate_certs", "no", False),
        ("auth_source", "azure_cli ", "azure_cli"),
    ],
)
def test_what_editors_leave_at_the_ends_is_trimmed(option: str, value: Any, kept: Any) -> None:
    assert resolved({option: value})[option] == kept


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder with everything that is not a file of certificates."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "garbage").write_bytes(b"\xff\x00 garbage")
    (tmp_path / "empty").touch()
    return tmp_path


URL = "is not the URL of a host"
REFUSED: list[tuple[str, Any, str]] = [
    ("graph_url", "http://localhost", "must be an https URL"),
    ("authority_url", "ftp://login", "must be an https URL"),
    ("graph_url", "https://[::1", URL),
    ("graph_url", "https://[::g]", URL),
    ("graph_url", "https://user:hidden@graph.example.com", URL),
    ("graph_url", "https://graph.example.com?x=1", URL),
    ("graph_url", "https://graph.example.com#x", URL),
    ("graph_url", "https://graph.example.com:99999", URL),
    ("graph_url", "https://graph.example.com:0", URL),
    ("graph_url", "https://graph example.com", URL),
    ("graph_url", "https://a..b", URL),
    ("graph_url", "https://" + "a" * 64, URL),
    ("graph_url", "https://" + "a." * 200 + "b", URL),
    ("graph_url", "https://", URL),
    ("graph_url", "https://gr\u00e4ph.example.com", URL),
    ("graph_url", "https://graph\n.example.com", r"U\+000A \(line break\) at position 14"),
    ("graph_url", "https://graph.example.com\0", "NUL"),
    ("authority_url", "https://[::1", URL),
    ("authority_url", "https://user@login.example.com", URL),
    ("authority_url", "https://login.example.com:99999", URL),
    ("timeout", 1000000000000, "from 1 to 86400"),
    ("timeout", "1000000000000", "from 1 to 86400"),
    ("timeout", 0, "from 1 to 86400"),
    ("timeout", -1, "from 1 to 86400"),
    ("timeout", "nan", "must be an integer"),
    ("timeout", float("nan"), "must be an integer"),
    ("timeout", float("inf"), "must be an integer"),
    ("timeout", 1.5, "must be an integer"),
    ("timeout", True, "must be an integer"),
    ("timeout", "9" * 5000, "must be an integer"),
    ("timeout", "\u0663\u0660", "must be an integer"),
    ("timeout", [1], "must be an integer"),
    ("retries", 10**9, "from 0 to 100"),
    ("max_wait", -1, "from 0 to 604800"),
    ("retries", -1, "from 0 to 100"),
    ("validate_certs", "perhaps", "must be true or false"),
    ("validate_certs", 2, "must be true or false"),
    ("auth_source", "password", "must be one of auto, access_token"),
    ("cloud_environment", "AzureGermanCloud", "must be one of AzureCloud"),
    ("api_version", "v2.0", "must be one of v1.0, beta"),
    ("tenant_id", "../x", "must be the GUID or a domain name"),
    ("tenant_id", "a/b", "must be the GUID or a domain name"),
    ("tenant_id", "contoso..com", "must be the GUID or a domain name"),
    ("tenant_id", "a" * 300, "must be the GUID or a domain name"),
    ("tenant_id", "contoso.com?x", "must be the GUID or a domain name"),
    ("tenant_id", "con\u200btoso.com", r"U\+200B \(zero width space\)"),
    ("client_id", "../x", "must be the application"),
    ("client_id", "a b", "must be the application"),
    ("client_id", "\udcff", "half a character, U.DCFF"),
    ("tenant_id", 123, "YAML read the integer 123"),
    ("client_id", True, "YAML read the Boolean true"),
    ("graph_url", {"a": 1}, "a dictionary is not text"),
    ("certificate_path", "/a\0b", "NUL"),
    ("federated_token_file", "/a\0b", "NUL"),
    ("ca_path", "/a\0b", "NUL"),
    ("certificate_thumbprint", "xyz", "40 hexadecimal digits"),
    ("certificate_thumbprint", "F00D" * 16, "40 hexadecimal digits"),
    ("ca_path", "/does/not/exist.pem", "/does/not/exist.pem does not exist"),
    ("ca_path", "KEPT/fifo", "neither a file nor a folder"),
    ("ca_path", "KEPT/folder", "has no certificate authorities"),
    ("ca_path", "KEPT/garbage", "not a file of certificates"),
    ("ca_path", "KEPT/empty", "not a file of certificates"),
    ("ca_path", "/" + "a" * 5000, "cannot be read"),
]


@pytest.mark.parametrize(("option", "value", "words"), REFUSED, ids=lambda value: repr(value)[:40])
def test_what_cannot_be_used_is_refused_by_name(kept: Path, option: str, value: Any, words: str) -> None:
    if isinstance(value, str):
        value = value.replace("KEPT", str(kept))
    with pytest.raises(OptionError, match=words) as failure:
        resolved({option: value})
    assert failure.value.option == option
    assert str(failure.value).startswith(f"{option}: ")
    assert len(str(failure.value)) < 6000
    assert "hidden" not in str(failure.value)


@pytest.mark.parametrize("option", ["access_token", "federated_token", "client_secret", "certificate_password"])
@pytest.mark.parametrize("secret", ["se\ncret", "se\0cret", "se\ud800cret", 8372194, ["s3cr3t"], 1.5, True], ids=repr)
def test_a_secret_that_cannot_be_used_is_not_shown(option: str, secret: Any) -> None:
    with pytest.raises(OptionError) as failure:
        resolved({option: secret})
    assert failure.value.option == option
    shown = str(failure.value)
    assert not [part for part in ("cret", "8372194", "s3cr3t", "1.5", "True") if part in shown.replace("secret", "")]


@pytest.mark.parametrize("token", ["t\u00f6ken", "to ken", "\u4ee4", "a\u200bb"])
def test_a_token_that_no_header_can_hold_is_refused(token: str) -> None:
    with pytest.raises(OptionError, match="access_token: is not a token") as failure:
        resolved({"access_token": token})
    assert token not in str(failure.value)


def test_all_that_is_secret_is_known_as_such_whatever_else_is_wrong() -> None:
    environment = {"AZURE_SECRET": "env~secret\n", "ENTRA_ACCESS_TOKEN": " e.n.v ", "SYSTEM_ACCESSTOKEN": "of the job"}
    found = secret_texts({"client_secret": "", "federated_token": "o.p.t\n", "timeout": "wrong"}, environment)
    assert {"env~secret", "e.n.v", "of the job", "o.p.t", "o.p.t\n"} <= found
    assert "" not in found
