# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs under ansible-runner: credentials of AWX reach the modules, secrets reach no event, results are counted."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jq
import pytest
import yaml
from _emulator import Emulator
from _jobs import AWX, Outcome, built_in_credential, custom_credential, outcome, prepare, reach, start

ADELE = "33333333-3333-4333-8333-333333333301"
PAYROLL = "44444444-4444-4444-8444-444444444401"
BULK_TASK = "The attributes of all hosts of this slice are as declared"
ASSIGNED = {"Engineering": {"Project": ["Baker", "Cascade"]}}
"""What the inventory of docs/awx declares for Adele."""


def run(folder: Path, env: dict[str, str], *options: str, playbook: str | None = None) -> Outcome:
    """A job with the inventory of docs/awx, as AWX takes it over, and one host more."""
    command = ["ansible-inventory", "-i", str(AWX / "project" / "inventory.yml"), "--list"]
    inventory = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    inventory["all"]["hosts"] = ["nothing-declared"]
    prepare(folder, env, inventory, playbook)
    start(folder, *options).wait()
    return outcome(folder)


def secrets_of(emulator: Emulator) -> list[str]:
    """What must be seen nowhere, a certificate's key by its lines."""
    key = Path(emulator.credentials["certificate_pem"]).read_text()
    lines = [line for line in key.partition("PRIVATE KEY")[2].splitlines() if len(line) > 50]
    assert lines
    token = Path(emulator.credentials["federated_token_file"]).read_text().strip()
    return [emulator.environment["AZURE_CLIENT_SECRET"], token, *lines]


@pytest.fixture(params=["built-in", "secret", "certificate", "federated token"])
def credential(request: pytest.FixtureRequest, emulator: Emulator, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables that each kind of credential injects."""
    variables = emulator.environment
    identity = {"tenant_id": variables["AZURE_TENANT_ID"], "client_id": variables["AZURE_CLIENT_ID"]}
    inputs = {
        "secret": {"client_secret": variables["AZURE_CLIENT_SECRET"]},
        "certificate": {"certificate": Path(emulator.credentials["certificate_pem"]).read_text()},
        "federated token": {"federated_token": Path(emulator.credentials["federated_token_file"]).read_text().strip()},
    }
    if request.param == "built-in":
        yield built_in_credential(variables)
    else:
        yield custom_credential({**identity, **inputs[request.param]}, tmp_path)


def test_a_job_gets_its_credential_and_tells_no_secret(
    emulator: Emulator, credential: dict[str, str], tmp_path: Path
) -> None:
    job = run(tmp_path / "job", {**credential, **reach(emulator.environment)}, "-vvvv")
    assert job.status == "successful", job.stdout
    assert emulator.state(ADELE) == ASSIGNED
    assert emulator.state(PAYROLL) == {"Engineering": {"Certification": True}}
    (result,) = job.results(BULK_TASK)
    assert result["changed"] is True
    assert result["summary"]["principals"] == 3, "a host without a declaration is left alone"
    told = job.stdout + str(job.events)
    assert '"principals": 3' in job.stdout, "this much is told"
    assert [secret for secret in secrets_of(emulator) if secret in told] == []
    # The one file that holds the environment is `command`, which AWX removes with the folder.
    files = [file for file in (job.folder / "artifacts").rglob("*") if file.is_file() and file.name != "command"]
    held = "".join(file.read_text() for file in files)
    assert [secret for secret in secrets_of(emulator) if secret in held] == []


def test_a_plan_writes_nothing_and_shows_the_diff(emulator: Emulator, tmp_path: Path) -> None:
    env = {**built_in_credential(emulator.environment), **reach(emulator.environment)}
    job = run(tmp_path / "job", env, "--cmdline=--check --diff")
    assert job.status == "successful", job.stdout
    assert emulator.state(ADELE) == {}
    (result,) = job.results(BULK_TASK)
    assert [one["after_header"].split()[-2] for one in result["diff"]] == [
        "payroll-api",
        "adele@contoso.com",
        "alex@contoso.com",
    ]
    assert '+    - "Baker"' in job.stdout


def test_a_refused_job_names_the_permission(emulator: Emulator, tmp_path: Path) -> None:
    reader = emulator.credentials["applications"]["reader"]
    variables = {
        **emulator.environment,
        "AZURE_CLIENT_ID": reader["client_id"],
        "AZURE_CLIENT_SECRET": reader["client_secret"],
    }
    job = run(tmp_path / "job", {**built_in_credential(variables), **reach(variables)})
    assert job.status == "failed"
    (result,) = job.results(BULK_TASK)
    assert "CustomSecAttributeAssignment.ReadWrite.All" in result["msg"]
    assert reader["client_secret"] not in job.stdout + str(job.events)


COUNTED = """
- name: What counts
  hosts: localhost
  gather_facts: false
  tasks:
    - name: One
      entra.attributes.custom_security_attribute: &one
        user: adele@contoso.com
        attribute_set: Engineering
        name: ProjectDate
        value: "2026-11-22"
    - name: Several
      entra.attributes.custom_security_attribute:
        <<: *one
        user: "{{ item }}"
      loop: [alex@contoso.com, dara@contoso.com]
    - name: Many
      entra.attributes.custom_security_attributes:
        assignments:
          - {service_principal: payroll-api, attributes: {Engineering: {Certification: true}}}
          - {user: adele@contoso.com, attributes: {Engineering: {Certification: true}}}
    - name: Who has what
      entra.attributes.custom_security_attribute_info:
        principal_type: user
"""


def test_managed_principals_are_counted_from_events(emulator: Emulator, tmp_path: Path, collection: Path) -> None:
    queries = yaml.safe_load((collection / "extensions/audit/event_query.yml").read_text())
    assert all((collection / f"plugins/modules/{name.rpartition('.')[2]}.py").exists() for name in queries)
    env = {**built_in_credential(emulator.environment), **reach(emulator.environment)}
    job = run(tmp_path / "job", env, playbook=COUNTED)
    assert job.status == "successful", job.stdout
    counted: dict[str, list[dict[str, Any]]] = {}
    for event in job.events:
        data = event.get("event_data", {})
        query = queries.get(data.get("resolved_action"))
        if query and event["event"] in ("runner_on_ok", "runner_item_on_ok"):
            counted.setdefault(data["task"], []).extend(jq.compile(query["query"]).input(data["res"]).all())
    names = {task: sorted({one["name"] for one in found}) for task, found in counted.items()}
    assert names == {
        "One": ["adele@contoso.com"],
        "Several": ["alex@contoso.com", "dara@contoso.com"],
        "Many": ["adele@contoso.com", "payroll-api"],
    }
    assert counted["One"][0] == {
        "name": "adele@contoso.com",
        "canonical_facts": {"id": ADELE},
        "facts": {"infra_type": "PublicCloud", "infra_bucket": "Identity", "device_type": "user"},
    }


def test_the_credential_type_asks_for_what_it_injects() -> None:
    inputs = yaml.safe_load((AWX / "input.yml").read_text())
    assert set(inputs["required"]) <= {field["id"] for field in inputs["fields"]}
    secret = {field["id"] for field in inputs["fields"] if field.get("secret")}
    assert secret == {"client_secret", "certificate", "certificate_password", "federated_token"}
    text = (AWX / "injector.yml").read_text()
    assert all(field["id"] in text for field in inputs["fields"])


def test_the_templates_name_what_is_there() -> None:
    (play,) = yaml.safe_load((AWX / "objects.yml").read_text())
    templates = next(task["awx.awx.job_template"] for task in play["tasks"] if "awx.awx.job_template" in task)
    (loop,) = (task["loop"] for task in play["tasks"] if "awx.awx.job_template" in task)
    assert templates["playbook"] == "{{ item.playbook }}"
    assert all((AWX / "project" / item["playbook"]).is_file() for item in loop)
    source = next(task["awx.awx.inventory_source"] for task in play["tasks"] if "awx.awx.inventory_source" in task)
    assert (AWX / "project" / source["source_path"]).is_file()
    workflow = next(
        task["awx.awx.workflow_job_template"] for task in play["tasks"] if "awx.awx.workflow_job_template" in task
    )
    nodes = {node["identifier"]: node for node in workflow["workflow_nodes"]}
    followers = {name: [one["identifier"] for one in node["related"]["success_nodes"]] for name, node in nodes.items()}
    assert followers == {"plan": ["approval"], "approval": ["apply"], "apply": []}
