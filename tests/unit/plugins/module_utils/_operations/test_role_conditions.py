# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions of Azure role assignments, read from the Azure Resource Manager next to the local Graph."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from random import Random
from typing import Any

import pytest
from _tenant import Tenant
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._connection import CLOUDS
from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    AuthenticationError,
    OptionError,
    UnexpectedResponse,
)
from ansible_collections.entra.attributes.plugins.module_utils._operations import consumer_info

PRODUCTION = "/subscriptions/88888888-8888-4888-8888-888888888801"
RESOURCES = "/providers/Microsoft.ResourceGraph/resources"
PROJECT = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Engineering_Project] StringEquals 'Baker'"


def conditions(tenant: Tenant, sources: tuple[str, ...] = ("role_conditions",), **options: Any) -> dict[str, Any]:
    """Run the module for role conditions, at the Azure Resource Manager next to the local Graph."""
    given = {"resource_manager_url": tenant.emulator.resource_manager_url, "cloud_environment": "AzureCloud", **options}
    filters = {name: given.pop(name) for name in ("attribute_set", "name", "value") if name in given}
    params = {"attribute_set": None, "name": None, "value": None, **filters, "sources": list(sources), **given}
    return consumer_info.run_consumer_info(params, tenant.graph, False)


def assigned(tenant: Tenant, *texts: str, reader: bool = True) -> None:
    """Let there be a role assignment for each condition; with `reader`, the default application can read them."""
    content = tenant.emulator.tenant()
    manager = content["resourceManager"]
    first = manager["roleAssignments"][0]
    assert "condition" not in first or not first["condition"]
    manager["roleAssignments"] = ([first] if reader else []) + [
        {**manager["roleAssignments"][1], "name": f"77777777-7777-4777-8777-7777777{number:05}", "condition": text}
        for number, text in enumerate(texts)
    ]
    tenant.emulator.tenant(content)
    tenant.emulator.clear()


def sent(tenant: Tenant) -> list[tuple[str, str]]:
    found = [(entry["method"], entry["path"]) for entry in tenant.emulator.requests("resource_manager")]
    tenant.emulator.clear()
    return found


def test_a_condition_is_a_consumer(tenant: Tenant) -> None:
    assigned(tenant, PROJECT)
    result = conditions(tenant)
    assert result["not_read"] == []
    (consumer,) = result["consumers"]
    assert consumer["kind"] == "role_condition"
    assert consumer["id"].startswith(PRODUCTION)
    assert consumer["place"].startswith(PRODUCTION)
    assert (consumer["state"], consumer["mode"], consumer["rule"]) == (None, None, PROJECT)
    assert consumer["attributes"] == [
        {"attribute_set": "Engineering", "name": "Project", "operator": "StringEquals", "values": ["Baker"]}
    ]
    assert consumer["display_name"].startswith("Storage Blob Data Reader: ")
    assert sent(tenant) == [("POST", RESOURCES)]


def test_the_tenant_of_the_local_graph(tenant: Tenant) -> None:
    result = conditions(tenant)
    assert [consumer["problems"] for consumer in result["consumers"]] == [[]] * len(result["consumers"])
    names = {(found["attribute_set"], found["name"]) for item in result["consumers"] for found in item["attributes"]}
    assert ("Engineering", "Project") in names


@pytest.mark.parametrize(("value", "number"), [("Baker", 1), ("Alpine", 0)])
def test_filters_apply(tenant: Tenant, value: str, number: int) -> None:
    assigned(tenant, PROJECT, PROJECT.replace("Project", "Other"))
    found = conditions(tenant, attribute_set="Engineering", name="Project", value=value)
    assert len(found["consumers"]) == number


def test_a_condition_without_an_attribute_is_none(tenant: Tenant) -> None:
    assigned(tenant, "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'a'")
    assert conditions(tenant) == {"changed": False, "consumers": [], "not_read": []}


def test_a_condition_that_is_cut_off_may_name_any_attribute(tenant: Tenant) -> None:
    assigned(tenant, f"((!(ActionMatches{{'x'}})) OR ({PROJECT}))")
    tenant.emulator.quirks(condition_length=20)
    (consumer,) = conditions(tenant, attribute_set="Marketing")["consumers"]
    assert consumer["problems"]


def test_pages_are_read_by_the_skip_token(tenant: Tenant) -> None:
    assigned(tenant, *[PROJECT.replace("Baker", f"P{number}") for number in range(2003)])
    result = conditions(tenant)
    values = [consumer["attributes"][0]["values"][0] for consumer in result["consumers"]]
    assert values == [f"P{number}" for number in range(2003)]
    assert sent(tenant) == [("POST", RESOURCES)] * 3


def test_the_environment_can_have_the_url(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTRA_RESOURCE_MANAGER_URL", tenant.emulator.resource_manager_url)
    operation, environment = consumer_info.CONSUMER_INFO, tenant.emulator.environment
    validator = ArgumentSpecValidator(operation.argument_spec(environment), **operation.constraints)
    params = validator.validate({"sources": ["role_conditions"]}).validated_parameters
    result = operation.result(params, environment, check_mode=False, diff=False)
    assert result["not_read"] == []
    assert result["consumers"]


def test_role_conditions_are_off_by_default(tenant: Tenant) -> None:
    tenant.run(consumer_info.CONSUMER_INFO)
    assert sent(tenant) == []


def test_without_a_role_nothing_is_shown_and_that_is_not_none(tenant: Tenant) -> None:
    assigned(tenant, PROJECT, reader=False)
    result = conditions(tenant)
    assert result["consumers"] == []
    (source,) = result["not_read"]
    assert (source["source"], source["permission"]) == ("role_conditions", "Reader")
    assert "can read no subscription" in source["message"]
    assert "needs the Azure role Reader at each subscription" in source["message"]
    assert sent(tenant) == [("POST", RESOURCES), ("GET", "/subscriptions")]


@pytest.mark.parametrize("status", [400, 403, 404, 429])
def test_a_refusal_is_a_source_that_was_not_read(tenant: Tenant, status: int) -> None:
    limited = tenant.through(tenant.connect(retries=0))
    tenant.emulator.faults({"match": {"path": RESOURCES}, "do": {"status": status}})
    (source,) = conditions(limited)["not_read"]
    assert f"Azure Resource Manager answered {status}" in source["message"]
    assert ("Azure role Reader" in source["message"]) == (status == 403)


def credentials(tenant: Tenant, kind: str, folder: Path) -> tuple[dict[str, str], dict[str, Any]]:
    """Return environment and options of a credential of this kind for the default application."""
    known, environment = tenant.emulator.credentials, dict(tenant.emulator.environment)
    if kind == "client_secret":
        return environment, {}
    del environment["AZURE_CLIENT_SECRET"]
    if kind == "client_certificate":
        return environment, {"certificate_path": known["certificate_pem"]}
    if kind == "federated_token":
        return environment, {"federated_token_file": known["federated_token_file"]}
    if kind == "managed_identity":
        del environment["AZURE_CLIENT_ID"]
        return {**environment, **known["app_service"]}, {"auth_source": kind}
    tokens = {name: tenant.emulator.token(permissions=["Policy.Read.All"], **audience) for name, audience in AUDIENCES}
    az = folder / "az"
    answers = [json.dumps({"accessToken": token, "expires_on": 9999999999}) for token in tokens.values()]
    azure = f"*{tenant.emulator.resource_manager_url}*"
    az.write_text(f"#!/bin/sh\ncase \"$*\" in {azure}) echo '{answers[1]}';; *) echo '{answers[0]}';; esac\n")
    az.chmod(az.stat().st_mode | stat.S_IXUSR)
    return {**environment, "PATH": f"{folder}:/usr/bin:/bin"}, {"auth_source": kind}


AUDIENCES: list[tuple[str, dict[str, str]]] = [("graph", {}), ("azure", {"audience": "resource_manager"})]


@pytest.mark.parametrize(
    "kind", ["client_secret", "client_certificate", "federated_token", "managed_identity", "azure_cli"]
)
def test_each_credential_has_a_token_for_each_host(
    tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    assigned(tenant, PROJECT)
    environment, options = credentials(tenant, kind, tmp_path)
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        if name in environment:
            monkeypatch.setenv(name, environment[name])
    same = tenant.through(tenant.connect(environment, **options))
    result = conditions(same, sources=("conditional_access_policies", "role_conditions"))
    if kind == "managed_identity":  # it is another application, without any permission or role
        assert {"role_conditions", "conditional_access_policies"} <= {found["source"] for found in result["not_read"]}
    else:
        assert "role_condition" in {consumer["kind"] for consumer in result["consumers"]}
    # The local Graph and its Azure Resource Manager refuse a token of the other one with 401.
    for service in ("graph", "resource_manager"):
        statuses = {entry["status"] for entry in tenant.emulator.requests(service)}
        assert statuses
        assert 401 not in statuses


def test_a_token_for_graph_is_not_sent_to_azure(tenant: Tenant) -> None:
    token = tenant.emulator.token(permissions=["Policy.Read.All"])
    with pytest.raises(OptionError, match="access_token is a token for Graph") as refusal:
        conditions(tenant.through(tenant.connect(access_token=token)))
    assert "client_secret" in refusal.value.hint
    assert sent(tenant) == []


def test_a_refused_token_is_renewed_once(tenant: Tenant) -> None:
    tenant.emulator.faults({"match": {"path": RESOURCES}, "do": {"status": 401}, "times": 1})
    assert conditions(tenant)["not_read"] == []
    assert len(sent(tenant)) == 2


def test_every_cloud_has_a_url_or_asks_for_it(tenant: Tenant) -> None:
    for name, cloud in CLOUDS.items():
        if not cloud.resource_manager:
            with pytest.raises(OptionError, match=f"resource_manager_url: is needed, because the URL of {name}"):
                conditions(tenant, resource_manager_url="", cloud_environment=name)
        else:
            assert cloud.resource_manager.startswith("https://management.")


@pytest.mark.parametrize("url", ["http://localhost", "https://user@localhost", "https://localhost?x=1"])
def test_the_url_is_an_https_url(tenant: Tenant, url: str) -> None:
    with pytest.raises(OptionError, match="resource_manager_url"):
        conditions(tenant, resource_manager_url=url)


def test_another_resource_is_refused_in_words(tenant: Tenant) -> None:
    with pytest.raises(AuthenticationError, match="AADSTS500011") as refusal:
        conditions(tenant, resource_manager_url="https://localhost:1")
    assert "the URLs" in refusal.value.hint


@pytest.mark.parametrize(
    "content",
    [{}, {"data": {}}, {"data": [1]}, {"data": [{"condition": 1}]}, {"data": [{"condition": "x"}]}],
)
def test_an_answer_of_another_shape_is_an_error(tenant: Tenant, content: Any) -> None:
    tenant.emulator.faults({"match": {"path": RESOURCES}, "do": {"status": 200, "json": content}})
    with pytest.raises(UnexpectedResponse):
        conditions(tenant)


def test_the_map_of_random_conditions(tenant: Tenant) -> None:
    random = Random(20261126)  # noqa: S311 - a seed of tests
    names = [f"{attribute_set}_{name}" for attribute_set in ("Engineering", "Other") for name in ("Project", "Level")]
    texts, expected = [], []
    for number in range(300):
        named = random.sample(names, random.randrange(4))
        parts = [PROJECT.replace("Engineering_Project", name).replace("Baker", f"v{number}") for name in named]
        action = "!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'})"
        texts.append(f"(({action}) OR ({random.choice((' AND ', ' OR ')).join(parts) or action}))")
        expected += [{(name, f"v{number}") for name in named}] if named else []
    assigned(tenant, *texts)
    result = conditions(tenant)
    assert result["not_read"] == []
    found = [
        {(f"{detail['attribute_set']}_{detail['name']}", detail["values"][0]) for detail in consumer["attributes"]}
        for consumer in result["consumers"]
    ]
    assert found == expected
    assert len(found) > 200
