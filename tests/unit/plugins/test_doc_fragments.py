# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documented options of plugins and modules equal the options that they take."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.parsing.yaml.loader import AnsibleLoader
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import add_fragments

from ansible_collections.entra.attributes.plugins.doc_fragments._connection import ModuleDocFragment
from ansible_collections.entra.attributes.plugins.inventory import directory
from ansible_collections.entra.attributes.plugins.lookup import custom_security_attribute
from ansible_collections.entra.attributes.plugins.module_utils._connection import connection_spec
from ansible_collections.entra.attributes.plugins.module_utils._operation import Operation
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignment_info import INVENTORY
from ansible_collections.entra.attributes.plugins.module_utils._operations.lookup import LOOKUP

SPEC = connection_spec({})
MODULES: dict[str, Any] = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
PLUGINS: dict[str, Any] = yaml.safe_load(ModuleDocFragment.PLUGIN)["options"]


@pytest.mark.parametrize("option", SPEC)
def test_modules_are_documented_as_they_are(option: str) -> None:
    assert MODULES[option]["type"] == SPEC[option]["type"]
    assert MODULES[option].get("choices", []) == list(SPEC[option].get("choices", []))
    assert MODULES[option].get("default") == SPEC[option].get("default")


def test_the_fragments_have_the_same_options() -> None:
    assert list(MODULES) == list(SPEC)
    assert list(PLUGINS) == list(SPEC)


@pytest.mark.parametrize("option", SPEC)
def test_variables_are_the_same_for_modules_and_plugins(option: str) -> None:
    variables = SPEC[option]["fallback"][1]
    # Ansible takes the last variable that is set, a module the first.
    assert [one["name"] for one in PLUGINS[option].get("env", [])] == variables[::-1]
    assert all(f"C({name})" in str(MODULES[option]["description"]) for name in variables)


@pytest.mark.parametrize("option", SPEC)
def test_all_but_secrets_may_be_in_ansible_cfg(option: str) -> None:
    place = [] if SPEC[option].get("no_log") else [{"section": "entra_attributes", "key": option}]
    assert PLUGINS[option].get("ini", []) == place


@pytest.mark.parametrize(
    ("text", "operation", "others"),
    [
        (
            directory.DOCUMENTATION,
            INVENTORY,
            {"plugin", "attributes", "filters", "hostnames", "strict", "compose", "groups", "keyed_groups"},
        ),
        (custom_security_attribute.DOCUMENTATION, LOOKUP, {"_terms"}),
    ],
    ids=["inventory", "lookup"],
)
def test_the_documentation_of_a_plugin_has_the_options_of_its_operation(
    text: str, operation: Operation, others: set[str]
) -> None:
    documentation = AnsibleLoader(text).get_single_data()
    add_fragments(documentation, __file__, fragment_loader)
    options = documentation["options"]
    spec = {name: one for name, one in operation.argument_spec({}).items() if name != "principals"}
    assert spec.keys() | others <= options.keys()
    for name, one in spec.items():
        told = options[name]
        assert told["description"]
        # The collection itself reads connection options, since Ansible takes empty text for a value.
        kind, choices = ("raw", []) if name in SPEC else (one.get("type", "str"), one.get("choices", []))
        assert told.get("type", "str") == kind
        assert list(told.get("choices", [])) == list(choices)
        assert all(f"V({choice})" in str(told["description"]) for choice in one.get("choices", []) if name in SPEC)
        assert told.get("default") == one.get("default")
        assert told.get("suboptions", {}).keys() == one.get("options", {}).keys()
