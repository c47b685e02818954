# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files at the root agree with the content of the collection."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.entra.attributes.plugins.module_utils._declarations.delegations import DELEGATION_SPEC
from ansible_collections.entra.attributes.plugins.module_utils._declarations.leaving import MOVE_SPEC
from ansible_collections.entra.attributes.plugins.module_utils._declarations.specs import DEFINITION_SPEC, SET_SPEC
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BULK_SPEC

ROOT = Path(__file__).resolve().parents[2]


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def test_the_version_is_in_one_place() -> None:
    stated = re.compile(
        rb"""\bversion\b["']?\s*[=:]\s*["']?""" + re.escape(load("galaxy.yml")["version"].encode()), re.IGNORECASE
    )
    folders = ("plugins", "roles", "playbooks", "extensions", "meta")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.suffix in (".py", ".yml")]
    assert stated.search((ROOT / "galaxy.yml").read_bytes())
    assert [str(file) for file in files if stated.search(file.read_bytes())] == []


def test_the_action_group_holds_every_module() -> None:
    modules = sorted(file.stem for file in (ROOT / "plugins" / "modules").glob("*.py"))
    assert load("meta/runtime.yml")["action_groups"] == {"all": modules}


def test_the_execution_environment_names_an_existing_file() -> None:
    python = load("meta/execution-environment.yml")["dependencies"]["python"]
    assert "msal" in (ROOT / python).read_text()


@pytest.mark.parametrize("name", [".github/workflows/attributes.yml", ".gitlab-ci.yml", "azure-pipelines.yml"])
def test_a_pipeline_is_yaml_runs_the_playbook_and_has_no_secret(name: str) -> None:
    text = (ROOT / "examples" / "starter" / name).read_text()
    assert isinstance(load(f"examples/starter/{name}"), dict)
    assert "ansible-playbook entra.attributes.reconcile" in text
    assert "AZURE_FEDERATED_TOKEN" in text or "id-token: write" in text
    assert "SECRET" not in text
    variables = set(re.findall(r"--extra-vars (reconcile_\w+)=", text))
    options = load("roles/reconcile/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert variables
    assert variables <= options.keys()


def test_options_of_the_role_reconcile_are_those_of_the_modules() -> None:
    options = load("roles/reconcile/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    for variable, spec in (
        ("reconcile_attribute_sets", SET_SPEC),
        ("reconcile_definitions", DEFINITION_SPEC),
        ("reconcile_moves", MOVE_SPEC),
        ("reconcile_delegations", {**DELEGATION_SPEC, "display_name": {"type": "str"}}),
    ):
        documented = {
            name: {key: value for key, value in option.items() if key != "description"}
            for name, option in options[variable]["options"].items()
        }
        assert documented == spec
    assert options["reconcile_assignments"]["options"].keys() == BULK_SPEC["assignments"]["options"].keys()
