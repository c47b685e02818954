# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every example is run, each in a tenant as at the start."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml
from _documents import PLUGINS, ROOT, Document, blocks, constants, files, name, sources
from _emulator import Emulator
from _needs import NEEDS, Need
from conftest import Run

SOURCES = sources()
# An inventory plugin reads a file only if its name fits.
INVENTORY_FILE = "{number}.directory.yml"


def needs(document: Document) -> Need:
    """Return what the table says of an example, all its lines together."""
    found = [
        need for (source, text), need in NEEDS.items() if source == document.block.source and text in document.text
    ]
    merged: dict[str, Any] = {"skip": "; ".join(filter(None, (need.skip for need in found)))}
    for need in found:
        for key, value in vars(need).items():
            if key != "skip":
                merged[key] = {**merged.get(key, {}), **value}
    return Need(**merged)


def examples(source: str, *kinds: str) -> list[Document]:
    """Return the examples of a page that can be run."""
    return [example for example in SOURCES[source] if example.kind in kinds and not needs(example).skip]


def with_examples(*kinds: str) -> list[str]:
    return [source for source in SOURCES if examples(source, *kinds)]


def tenant(emulator: Emulator, need: Need) -> dict[str, Any]:
    """Return the tenant at the start, with what an example needs besides."""
    document = emulator.tenant()
    for kind, key, wanted in (
        ("users", "userPrincipalName", need.users),
        ("servicePrincipals", "displayName", need.service_principals),
    ):
        there = {principal[key]: principal for principal in document[kind]}
        for who, attributes in wanted.items():
            if who not in there:
                there[who] = {"id": str(uuid.uuid4()), "displayName": who, key: who, "accountEnabled": True}
                there[who].update({"appId": str(uuid.uuid4())} if kind == "servicePrincipals" else {})
                document[kind].append(there[who])
            there[who]["customSecurityAttributes"] = attributes
    return document


def write(path: Path, content: str | list[dict[str, Any]] | dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


@pytest.mark.parametrize("source", with_examples("plays", "tasks"))
def test_playbooks_and_tasks_run(source: str, emulator: Emulator, run: Run, tmp_path: Path) -> None:
    batch: list[dict[str, Any]] = []
    inventories: list[str] = []
    for number, example in enumerate(examples(source, "plays", "tasks")):
        need = needs(example)
        for file, content in need.files.items():
            write(tmp_path / file, content)
        write(tmp_path / f"{number}.json", tenant(emulator, need))
        write(tmp_path / f"{number}.yml", example.text)
        if need.inventory:
            write(tmp_path / f"hosts{number}.yml", need.inventory)
            inventories.append(f"--inventory=hosts{number}.yml")
        begin = {
            "name": f"Begin as at the start, for {example.block}",
            "ansible.builtin.uri": {
                "url": f"{emulator.url}/_emulator/state",
                "method": "PUT",
                "src": str(tmp_path / f"{number}.json"),
                "remote_src": True,
                "headers": {"Content-Type": "application/json", "X-Emulator-Secret": emulator.secret},
                "ca_path": emulator.environment["REQUESTS_CA_BUNDLE"],
            },
        }
        batch.append({"hosts": "localhost", "gather_facts": False, "tasks": [begin]})
        if example.kind == "plays":
            batch.append({"ansible.builtin.import_playbook": f"{number}.yml", "vars": dict(need.variables)})
        else:
            tasks = [{"ansible.builtin.import_tasks": f"{number}.yml"}]
            batch.append(
                {"hosts": "localhost", "gather_facts": False, "vars": dict(need.variables), "tasks": tasks},
            )
    write(tmp_path / "batch.yml", yaml.safe_dump(batch))
    # A local Graph that an example starts ends with this process at the latest.
    variables = json.dumps({"graph_emulator_watch_pid": os.getpid()})
    result = run("ansible-playbook", "batch.yml", *inventories, "--extra-vars", variables)
    assert result.returncode == 0, f"{result.stdout[-6000:]}\n{result.stderr[-3000:]}"
    assert "no hosts matched" not in result.stdout, result.stdout[-6000:]


@pytest.mark.parametrize("source", with_examples("inventory"))
def test_inventories_have_hosts(source: str, emulator: Emulator, run: Run, tmp_path: Path) -> None:
    for number, example in enumerate(examples(source, "inventory")):
        need = needs(example)
        for file, content in need.files.items():
            write(tmp_path / file, content)
        emulator.reset()
        emulator.tenant(tenant(emulator, need))
        file = INVENTORY_FILE.format(number=number)
        write(tmp_path / file, example.text)
        result = run("ansible-inventory", "--inventory", file, "--list", "--extra-vars", json.dumps(need.variables))
        assert result.returncode == 0, f"{example.block}: {result.stderr[-3000:]}"
        assert json.loads(result.stdout)["_meta"]["hostvars"], f"{example.block}: no host\n{result.stderr[-3000:]}"


def test_the_table_speaks_of_what_is_there() -> None:
    there = {source: "".join(document.text for document in found) for source, found in SOURCES.items()}
    wrong = [(source, text) for source, text in NEEDS if (ROOT / source).exists() and text not in there[source]]
    assert wrong == []


def test_every_plugin_has_examples() -> None:
    documented = [name(path) for path in files(*PLUGINS) if "options:" in constants(path).get("DOCUMENTATION", "")]
    fragments = [source for source in documented if source.startswith("plugins/doc_fragments/")]
    assert [source for source in documented if source not in SOURCES and source not in fragments] == []


def test_json_can_be_parsed() -> None:
    for block in blocks():
        if block.language == "json":
            assert json.loads(block.text) is not None, block
