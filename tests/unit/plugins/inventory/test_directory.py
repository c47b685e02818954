# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory as Ansible loads and parses it, against the local Graph."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from _emulator import Emulator
from ansible import context
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader
from ansible.template import Templar
from ansible.utils.display import Display
from ansible.utils.vars import load_extra_vars

from ansible_collections.entra.attributes.plugins.plugin_utils._controller import trusted

from ..conftest import ADELE

pytestmark = pytest.mark.usefixtures("reachable")

PERMISSION = "CustomSecAttributeAssignment.Read.All"
ROLE = "Attribute Assignment Reader"
EVIL = "{{ lookup('pipe', 'id') }}"
OF_ADELE = {
    "Engineering": {
        "Project": ["Baker", "Cascade"],
        "CostCenter": [1001, 1003],
        "NumVendors": 8,
        "Certification": True,
        "ProjectDate": "2024-11-15",
    },
    "Marketing": {"EmployeeId": "GS1"},
}
OF_ALEX = {"Engineering": {"NumVendors": 0, "Certification": False}, "Marketing": {"EmployeeId": EVIL}}

Parse = Callable[..., InventoryData]


@pytest.fixture
def parse(emulator: Emulator, tmp_path: Path) -> Parse:
    """Parses the options as a file, after Adele and Alex were given attributes; the log of requests is empty."""
    tenant = emulator.tenant()
    tenant["users"][0]["customSecurityAttributes"] = OF_ADELE
    tenant["users"][1]["customSecurityAttributes"] = OF_ALEX
    emulator.tenant(tenant)
    emulator.clear()
    file = tmp_path / "directory.yml"

    def parsed(*, refresh: bool = False, **options: Any) -> InventoryData:
        file.write_text(yaml.safe_dump({"plugin": "entra.attributes.directory", **options}, sort_keys=False))
        plugin = inventory_loader.get("entra.attributes.directory")
        inventory = InventoryData()
        plugin.parse(inventory, DataLoader(), str(file), cache=not refresh)
        if options.get("cache"):
            plugin.update_cache_if_changed()
        inventory.reconcile_inventory()
        return inventory

    return parsed


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, text, *_rest, **_options: told.append(str(text)))
    return told


def variables(inventory: InventoryData, host: str) -> dict[str, Any]:
    found = dict(inventory.hosts[host].vars)
    for name in ("inventory_file", "inventory_dir"):
        found.pop(name, None)
    return found


def groups(inventory: InventoryData) -> dict[str, list[str]]:
    return {
        name: sorted(host.name for host in group.hosts)
        for name, group in inventory.groups.items()
        if name not in ("all", "ungrouped")
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"filter": 83}, "YAML read the integer 83 where text is needed; put it in quotes"),
        ({"where": [{"attribute_set": False, "name": "A"}]}, "YAML read the Boolean false where text is needed"),
        ({"where": [{"attribute_set": "A", "name": 83}]}, "YAML read the integer 83 where text is needed"),
        ({"where": [{"attribute_set": "A", "name": "B", "value": 1.5}]}, "YAML read the number 1.5 where text"),
        (
            {"where": [{"attribute_set": "A", "name": "B", "value": date(2022, 10, 1)}]},
            "where[0].value: YAML read the date 2022-10-01 where text is needed",
        ),
    ],
    ids=str,
)
def test_a_condition_that_is_not_what_the_file_says_is_refused_before_any_request(
    parse: Parse, emulator: Emulator, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(AnsibleParserError) as refusal:
        parse(**options)
    assert words in str(refusal.value)
    assert emulator.requests(None) == []


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("entra_attributes.yml", True),
        ("prod.entra_attributes.yaml", True),
        ("directory.yml", True),
        ("users_directory.yaml", True),
        ("hosts.yml", False),
        ("directory.json", False),
    ],
)
def test_the_name_tells_whose_file_it_is(tmp_path: Path, name: str, taken: bool) -> None:
    (tmp_path / name).touch()
    assert inventory_loader.get("entra.attributes.directory").verify_file(str(tmp_path / name)) is taken
    assert inventory_loader.get("entra.attributes.directory").verify_file(str(tmp_path / "no" / name)) is False


class TestHosts:
    def test_users(self, parse: Parse, emulator: Emulator) -> None:
        inventory = parse()
        assert len(inventory.hosts) == 8
        assert variables(inventory, "adele@contoso.com") == {
            "entra": {
                "id": ADELE,
                "type": "user",
                "display_name": "Adele Vance",
                "user_principal_name": "adele@contoso.com",
            },
            "custom_security_attributes": OF_ADELE,
        }
        assert variables(inventory, "megan+test@contoso.com")["custom_security_attributes"] == {}
        assert variables(inventory, "sales-agent@contoso.com")["entra"]["agent_type"] == "agentUser"
        assert [one["method"] for one in emulator.requests()] == ["GET"]

    def test_service_principals_of_one_name(self, parse: Parse, warnings: list[str]) -> None:
        inventory = parse(principal_type="service_principal")
        app_ids = [f"55555555-5555-4555-8555-55555555550{number}" for number in (2, 3)]
        named = {"payroll-api", *app_ids, "sales-agent", "sales-agents-blueprint", "system-identity"}
        assert set(inventory.hosts) == named
        assert variables(inventory, "sales-agent")["entra"] == {
            "id": "44444444-4444-4444-8444-444444444404",
            "type": "service_principal",
            "display_name": "sales-agent",
            "app_id": "55555555-5555-4555-8555-555555555504",
            "agent_type": "agentIdentity",
        }
        assert len(warnings) == 1
        assert "several principals would have, or that mean something else to Ansible: Reports." in warnings[0]

    def test_where_and_filter(self, parse: Parse) -> None:
        where = [{"attribute_set": "Engineering", "name": "Certification", "operator": "ne"}]
        assert set(parse(where=where).hosts) == {"adele@contoso.com", "alex@contoso.com"}
        assert set(parse(where=where, filter="displayName eq 'Alex Wilber'").hosts) == {"alex@contoso.com"}

    def test_filters_after_the_fact(self, parse: Parse) -> None:
        many = "custom_security_attributes.Engineering.NumVendors > 4"
        assert set(parse(filters=[many]).hosts) == {"adele@contoso.com"}
        assert set(parse(filters=["entra.agent_type is defined", many]).hosts) == set()
        assert set(parse(filters=["custom_security_attributes.Engineering.Certification"]).hosts) == {
            "adele@contoso.com"
        }

    def test_strict(self, parse: Parse) -> None:
        assert len(parse(filters=["entra.id | no_such_filter"]).hosts) == 0
        with pytest.raises(AnsibleParserError, match="no_such_filter"):
            parse(filters=["entra.id | no_such_filter"], strict=True)

    def test_attributes_and_names_of_them(self, parse: Parse) -> None:
        inventory = parse(
            attributes={
                "employee": "Marketing.EmployeeId",
                "projects": "Engineering.Project | default([]) | map('lower') | list",
            },
            hostnames=["employee", "entra.display_name | replace(' ', '-')"],
            filters=["employee is not defined or employee is not search('lookup')"],
            compose={"first_project": "projects[0]"},
        )
        assert "Megan-Bowen" in inventory.hosts
        assert len(inventory.hosts) == 7
        chosen = variables(inventory, "GS1")
        chosen.pop("entra")
        assert chosen == {"employee": "GS1", "projects": ["baker", "cascade"], "first_project": "baker"}
        assert variables(inventory, "Megan-Bowen")["projects"] == []


class TestGroups:
    def test_all_five_types(self, parse: Parse) -> None:
        names = ("Project", "CostCenter", "NumVendors", "Certification", "ProjectDate")
        keyed = [{"prefix": name, "key": f"custom_security_attributes.Engineering.{name}"} for name in names]
        adele, alex = ["adele@contoso.com"], ["alex@contoso.com"]
        expected = {
            "Project_Baker": adele,
            "Project_Cascade": adele,
            "CostCenter_1001": adele,
            "CostCenter_1003": adele,
            "NumVendors_8": adele,
            "NumVendors_0": alex,
            "Certification_True": adele,
            "Certification_False": alex,
            "ProjectDate_2024_11_15": adele,
        }
        assert groups(parse(keyed_groups=keyed)) == expected
        # The same by Jinja instead of a plain path.
        jinja = [{**one, "key": f"({one['key']})"} for one in keyed]
        assert groups(parse(keyed_groups=jinja)) == expected

    def test_conditions_and_composed_variables(self, parse: Parse) -> None:
        inventory = parse(
            compose={"vendors": "custom_security_attributes.Engineering.NumVendors", "double": "vendors * 2"},
            groups={"certified": "custom_security_attributes.Engineering.Certification", "busy": "vendors > 4"},
        )
        assert groups(inventory) == {"certified": ["adele@contoso.com"], "busy": ["adele@contoso.com"]}
        assert variables(inventory, "alex@contoso.com")["vendors"] == 0

    def test_extra_variables(self, parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(context, "CLIARGS", {"extra_vars": ("entra=overridden",)})
        load_extra_vars.__dict__.pop("extra_vars", None)
        try:
            inventory = parse(compose={"seen": "entra"}, use_extra_vars=True)
        finally:
            load_extra_vars.__dict__.pop("extra_vars", None)
        assert variables(inventory, "adele@contoso.com")["seen"] == "overridden"


class TestTemplates:
    def test_a_value_is_never_one(self, parse: Parse) -> None:
        key = "custom_security_attributes.Marketing.EmployeeId"
        inventory = parse(
            hostnames=["Marketing.EmployeeId | upper", "user_principal_name"],
            compose={"same": key, "greeting": f"'Hi ' ~ {key}", "all": "custom_security_attributes | to_json"},
            groups={"evil": f"'lookup' in {key}"},
            keyed_groups=[{"prefix": "of", "key": key}],
        )
        name = EVIL.upper()
        found = variables(inventory, name)
        assert found["same"] == EVIL
        assert found["greeting"] == f"Hi {EVIL}"
        assert EVIL in found["all"].replace('\\"', '"')
        assert groups(inventory) == {"evil": [name], "of_GS1": ["GS1"], "of____lookup__pipe____id_____": [name]}
        # Return what a task makes of the same variables, with a value that an inventory could read differently.
        templar = Templar(loader=DataLoader(), variables=inventory.hosts[name].get_vars())
        for variable in ("same", "greeting", "all", "custom_security_attributes", "inventory_hostname"):
            assert "uid=" not in str(templar.template(trusted("{{ " + variable + " }}")))
            assert "LOOKUP" in str(templar.template(trusted("{{ " + variable + " }}"))).upper()

    def test_options_may_be(self, parse: Parse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        secret = tmp_path / "secret"
        secret.write_text(os.environ["AZURE_CLIENT_SECRET"])
        monkeypatch.delenv("AZURE_CLIENT_SECRET")
        looked_up = "{{ lookup('ansible.builtin.file', '" + str(secret) + "') }}"
        where = [{"attribute_set": "Marketing", "name": "EmployeeId", "value": "{{ 'GS' ~ 1 }}"}]
        assert set(parse(secret=looked_up, where=where).hosts) == {"adele@contoso.com"}


class TestPermissions:
    def test_strict(self, parse: Parse, emulator: Emulator) -> None:
        token = emulator.token(permissions=["User.Read.All"])
        with pytest.raises(AnsibleParserError, match=PERMISSION) as raised:
            parse(access_token=token)
        assert token not in str(raised.value)

    def test_lenient(self, parse: Parse, emulator: Emulator, warnings: list[str]) -> None:
        inventory = parse(access_token=emulator.token(permissions=["User.Read.All"]), strict_permissions=False)
        assert len(inventory.hosts) == 8
        assert variables(inventory, "adele@contoso.com")["custom_security_attributes"] == {}
        assert len(warnings) == 1
        assert PERMISSION in warnings[0]

    def test_a_filter_on_what_is_hidden(self, parse: Parse, emulator: Emulator, warnings: list[str]) -> None:
        where = [{"attribute_set": "Engineering", "name": "Certification", "value": True}]
        options = {"where": where, "access_token": emulator.token(permissions=["User.Read.All"])}
        with pytest.raises(AnsibleParserError, match="403"):
            parse(**options)
        assert len(parse(strict_permissions=False, **options).hosts) == 0
        assert "403" in warnings[0]

    def test_some_sets_only(self, parse: Parse, emulator: Emulator, warnings: list[str]) -> None:
        token = emulator.token(
            user="dara@contoso.com",
            scopes=[PERMISSION, "User.Read.All"],
            role_scopes={"Attribute Assignment Reader": ["Marketing"]},
        )
        inventory = parse(access_token=token)
        seen = variables(inventory, "adele@contoso.com")["custom_security_attributes"]
        assert seen == {"Marketing": {"EmployeeId": "GS1"}}
        assert "some may be hidden" in warnings[0]


class TestErrors:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"client_secret": "not-the-right-one-4711"}, "AADSTS7000215"),
            ({"where": [{"attribute_set": "Engineering"}]}, "missing required arguments: name found in where"),
            ({"where": [{"attribute_set": "Engin eering", "name": "x"}]}, r"where\[0\].attribute_set: "),
            ({"filter": "no such filter"}, "400"),
            ({"attributes": "Engineering"}, "attributes: must be a list"),
            ({"timeout": 0}, "timeout: must be an integer from 1 to"),
            ({"graph_url": "http://localhost"}, "graph_url: "),
        ],
    )
    def test_are_told_as_a_module_tells_them(self, parse: Parse, options: dict[str, Any], words: str) -> None:
        with pytest.raises(AnsibleParserError, match=words) as raised:
            parse(**options)
        assert "not-the-right-one-4711" not in str(raised.value)


class TestCache:
    @pytest.fixture
    def options(self, tmp_path: Path) -> dict[str, Any]:
        return {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}

    def test_nothing_is_asked_of_anybody(
        self, parse: Parse, emulator: Emulator, options: dict[str, Any], tmp_path: Path
    ) -> None:
        first = parse(**options)
        assert emulator.requests(None)
        emulator.clear()
        again = parse(**options, keyed_groups=[{"key": "entra.type", "separator": ""}])
        assert emulator.requests(None) == []
        for host in first.hosts:
            assert variables(again, host) == variables(first, host)
        assert len(groups(again)["user"]) == 8
        [file] = (tmp_path / "cache").iterdir()
        assert emulator.environment["AZURE_CLIENT_SECRET"] not in file.name + file.read_text()
        assert EVIL in file.read_text()

    def test_a_refresh_reads_anew(self, parse: Parse, emulator: Emulator, options: dict[str, Any]) -> None:
        parse(**options)
        emulator.clear()
        parse(**options, refresh=True)
        assert len(emulator.requests()) == 1
        parse(**options)
        assert len(emulator.requests()) == 1

    @pytest.mark.parametrize(
        "other",
        [
            {"principal_type": "service_principal"},
            {"filter": "displayName eq 'Adele Vance'"},
            {"api_version": "beta"},
            {"strict_permissions": False},
        ],
    )
    def test_another_question_is_another_entry(
        self, parse: Parse, emulator: Emulator, options: dict[str, Any], other: dict[str, Any]
    ) -> None:
        parse(**options)
        emulator.clear()
        parse(**options, **other)
        assert len(emulator.requests()) == 1

    def test_tokens_of_others_are_told_apart(self, parse: Parse, emulator: Emulator, options: dict[str, Any]) -> None:
        reading = {"scopes": [PERMISSION, "User.Read.All"], "roles": [ROLE]}
        tokens = [emulator.token(user=user, **reading) for user in ("adele@contoso.com", "alex@contoso.com")]
        asked = []
        for token in (*tokens, *tokens):
            emulator.clear()
            parse(**options, access_token=token)
            asked.append(len(emulator.requests()))
        assert asked == [1, 1, 0, 0]
