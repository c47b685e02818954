# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup as a template calls it, against the local Graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from _emulator import Emulator
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar
from ansible.utils.display import Display

from ansible_collections.entra.attributes.plugins.plugin_utils import _controller
from ansible_collections.entra.attributes.plugins.plugin_utils._controller import trusted

from ..conftest import ADELE

pytestmark = pytest.mark.usefixtures("reachable")

NAME = "entra.attributes.custom_security_attribute"
EVIL = "{{ lookup('pipe', 'id') }}"
OF_ADELE = {
    "Engineering": {"Project": ["Baker", "Cascade"], "NumVendors": 0, "Certification": False},
    "Marketing": {"EmployeeId": EVIL},
}
CERTIFICATION = {"attribute_set": "Engineering", "name": "Certification"}

LookUp = Callable[..., list[Any]]


@pytest.fixture
def look_up(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[LookUp]:
    """Runs the lookup, after Adele was given attributes; the log of requests is empty, and nothing is connected."""
    tenant = emulator.tenant()
    tenant["users"][0]["customSecurityAttributes"] = OF_ADELE
    tenant["servicePrincipals"][0]["customSecurityAttributes"] = {"Engineering": {"CostCenter": [1001]}}
    emulator.tenant(tenant)
    emulator.clear()
    idle: dict[str, Any] = {}
    monkeypatch.setattr(_controller, "_idle", idle)

    def looked_up(*terms: Any, **options: Any) -> list[Any]:
        templar = Templar(loader=DataLoader())
        found: list[Any] = lookup_loader.get(NAME, loader=DataLoader(), templar=templar).run(
            list(terms), variables={}, **options
        )
        return found

    yield looked_up
    for graph in idle.values():
        with graph:
            pass


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, text, *_rest, **_options: told.append(str(text)))
    return told


class TestValues:
    def test_an_attribute_a_set_and_all(self, look_up: LookUp) -> None:
        assert look_up("adele@contoso.com", **CERTIFICATION) == [False]
        assert look_up(ADELE, attribute_set="Engineering", name="Project") == [["Baker", "Cascade"]]
        assert look_up("Adele@Contoso.com", attribute_set="Engineering") == [OF_ADELE["Engineering"]]
        assert look_up(" adele@contoso.com\n", attribute_set="Engineering") == [OF_ADELE["Engineering"]]
        assert look_up("adele@contoso.com") == [OF_ADELE]

    def test_several_in_one_request_in_their_order(self, look_up: LookUp, emulator: Emulator) -> None:
        others = [f"nobody{number}@contoso.com" for number in range(20)]
        found = look_up("dara@contoso.com", ["megan+test@contoso.com", ADELE], *others, ADELE, on_missing="skip")
        assert found == [{"Marketing": {"AppCountry": ["Canada", "India"]}}, {}, OF_ADELE, OF_ADELE]
        outer = [one for one in emulator.requests() if one["path"].endswith("/$batch")]
        assert len(outer) == 1

    @pytest.mark.parametrize(
        ("terms", "options", "words"),
        [
            ([83], {}, "YAML read the integer 83 where text is needed; put it in quotes"),
            ([True], {}, "YAML read the Boolean true where text is needed"),
            (["adele@contoso.com", None], {}, "null is not text"),
            (["adele@contoso.com\u200b"], {}, "principals: one of them has U+200B (zero width space) at position 18"),
            (["adele\u00a0@contoso.com"], {}, "principals: one of them has U+00A0 (no-break space) at position 6"),
            ([ADELE], {"attribute_set": False}, "YAML read the Boolean false where text is needed"),
            ([ADELE], {"attribute_set": "Engineering", "name": 83}, "YAML read the integer 83 where text is needed"),
            (
                [ADELE],
                {"attribute_set": "A\u200b"},
                "attribute_set: 'A\u200b' has U+200B (zero width space) at position 2",
            ),
        ],
        ids=str,
    )
    def test_what_is_not_the_text_of_a_name_is_refused_before_any_request(
        self, look_up: LookUp, emulator: Emulator, terms: list[Any], options: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(AnsibleError) as refusal:
            look_up(*terms, **options)
        assert words in str(refusal.value)
        assert emulator.requests(None) == []

    def test_what_is_omitted_is_left_out(self, look_up: LookUp) -> None:
        omitted = "__omit_place_holder__" + "0a" * 20
        assert look_up(ADELE, omitted, attribute_set=omitted) == [OF_ADELE]

    def test_none_at_all(self, look_up: LookUp, emulator: Emulator) -> None:
        assert look_up() == []
        assert look_up([]) == []
        assert emulator.requests(None) == []

    def test_service_principals(self, look_up: LookUp) -> None:
        for name in ("payroll-api", "44444444-4444-4444-8444-444444444401", "55555555-5555-4555-8555-555555555501"):
            found = look_up(name, principal_type="service_principal", attribute_set="Engineering", name="CostCenter")
            assert found == [[1001]]

    def test_connection_and_token_are_shared(self, look_up: LookUp, emulator: Emulator) -> None:
        for name in ("adele@contoso.com", "dara@contoso.com"):
            look_up(name)
        assert len([one for one in emulator.requests("token") if one["method"] == "POST"]) == 1


class TestTemplates:
    @pytest.mark.parametrize(
        "arguments", ["", ", attribute_set='Marketing'", ", attribute_set='Marketing', name='EmployeeId'"]
    )
    @pytest.mark.parametrize("unsafe", ["", ", allow_unsafe=true"])
    @pytest.mark.usefixtures("look_up")
    def test_a_value_is_never_one(self, arguments: str, unsafe: str) -> None:
        variables = {
            "read": trusted("{{ query('" + NAME + "', 'adele@contoso.com'" + arguments + unsafe + ") }}"),
            "again": trusted("{{ read }}"),
        }
        templar = Templar(loader=DataLoader(), variables=variables)
        for template in ("{{ again }}", "{{ again | to_json }}", "{{ again | first | string }}"):
            text = str(templar.template(trusted(template)))
            assert "lookup" in text
            assert "uid=" not in text


class TestMissing:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({}, "user: there is no user 'nobody@contoso.com'"),
            ({"principal_type": "service_principal"}, "there is no service principal 'nobody@contoso.com'"),
        ],
    )
    def test_a_principal(self, look_up: LookUp, warnings: list[str], options: dict[str, Any], words: str) -> None:
        with pytest.raises(AnsibleError, match=words):
            look_up("nobody@contoso.com", **options)
        assert look_up("nobody@contoso.com", on_missing="skip", **options) == []
        assert warnings == []
        assert look_up("nobody@contoso.com", on_missing="warn", **options) == []
        assert words in warnings[0]

    def test_an_attribute(self, look_up: LookUp, warnings: list[str]) -> None:
        names = ("dara@contoso.com", "adele@contoso.com")
        with pytest.raises(AnsibleError, match=r"user dara@contoso.com \(.*\) has no Engineering.Certification"):
            look_up(*names, **CERTIFICATION)
        assert look_up(*names, on_missing="skip", **CERTIFICATION) == [False]
        assert warnings == []
        assert look_up(*names, on_missing="warn", **CERTIFICATION) == [False]
        assert "has no Engineering.Certification" in warnings[0]

    def test_a_set_without_values_is_empty(self, look_up: LookUp) -> None:
        assert look_up("dara@contoso.com", attribute_set="Engineering") == [{}]

    def test_an_ambiguous_name_is_an_error_whatever_is_tolerated(self, look_up: LookUp) -> None:
        with pytest.raises(AnsibleError, match="2 service principals are called 'Reports': id 4"):
            look_up("Reports", principal_type="service_principal", on_missing="skip", on_denied="skip")


class TestDenied:
    """The blind cannot read attributes, strangers cannot read principals, and some can read one set only."""

    @pytest.fixture
    def tokens(self, emulator: Emulator) -> dict[str, str]:
        reading = ["CustomSecAttributeAssignment.Read.All", "User.Read.All"]
        role = {"Attribute Assignment Reader": ["Marketing"]}
        return {
            "blind": emulator.token(permissions=["User.Read.All"]),
            "stranger": emulator.token(permissions=["CustomSecAttributeAssignment.Read.All"]),
            "marketing": emulator.token(user="alex@contoso.com", scopes=reading, role_scopes=role),
        }

    @pytest.mark.parametrize("who", ["blind", "stranger"])
    def test_all(self, look_up: LookUp, warnings: list[str], tokens: dict[str, str], who: str) -> None:
        options = {"access_token": tokens[who], "on_missing": "skip", **CERTIFICATION}
        names = ("adele@contoso.com", "dara@contoso.com")
        with pytest.raises(AnsibleError, match=r"AttributeAssignment\.Read\.All and User\.Read\.All") as raised:
            look_up(*names, **options)
        assert tokens[who] not in str(raised.value)
        assert look_up(*names, on_denied="skip", **options) == []
        assert warnings == []
        assert look_up(*names, on_denied="warn", **options) == []
        assert "CustomSecAttributeAssignment.Read.All" in warnings[0]
        assert len(warnings) == 1

    def test_who_is_not_there_is_missing_nevertheless(self, look_up: LookUp, tokens: dict[str, str]) -> None:
        with pytest.raises(AnsibleError, match=r"there is no user 'nobody@contoso\.com'"):
            look_up("nobody@contoso.com", access_token=tokens["blind"], on_denied="skip")

    def test_some_sets(self, look_up: LookUp, warnings: list[str], tokens: dict[str, str]) -> None:
        options = {"access_token": tokens["marketing"]}
        employee = {"attribute_set": "Marketing", "name": "EmployeeId"}
        assert look_up("adele@contoso.com", **employee, **options) == [EVIL]
        with pytest.raises(AnsibleError, match="is not allowed to read these"):
            look_up("adele@contoso.com", **CERTIFICATION, **options)
        warnings.clear()
        assert look_up("adele@contoso.com", **options) == [{"Marketing": {"EmployeeId": EVIL}}]
        assert "some may be hidden" in warnings[0]


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"name": "Project"}, "required by 'name': attribute_set"),
            ({"attribute_set": "Engin eering"}, "attribute_set: "),
            ({"client_secret": "not-the-right-one-4711"}, "AADSTS7000215"),
            ({"ca_path": "/no/such/file"}, "ca_path: /no/such/file does not exist"),
            ({"on_missing": "cry"}, "on_missing"),
        ],
    )
    def test_what_is_wrong(self, look_up: LookUp, options: dict[str, Any], words: str) -> None:
        with pytest.raises(AnsibleError, match=words) as raised:
            look_up("adele@contoso.com", **options)
        assert "not-the-right-one-4711" not in str(raised.value)

    def test_a_term_that_can_be_no_name(self, look_up: LookUp) -> None:
        with pytest.raises(AnsibleError, match="principals: one of them has half a character"):
            look_up("adele@contoso.com", "\ud800")
        with pytest.raises(AnsibleError, match="principals: one of them is empty"):
            look_up("adele@contoso.com", " ")

    def test_variables_in_the_order_of_modules(
        self, look_up: LookUp, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AZURE_TENANT", "not-this-one")
        monkeypatch.setenv("AZURE_SECRET", "nor this")
        assert look_up("adele@contoso.com", **CERTIFICATION) == [False]
        monkeypatch.setenv("AZURE_TENANT", emulator.environment["AZURE_TENANT_ID"])
        monkeypatch.setenv("AZURE_TENANT_ID", "")
        assert look_up("adele@contoso.com", **CERTIFICATION) == [False]
