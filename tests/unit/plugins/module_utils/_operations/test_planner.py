# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner behind the single and the bulk module: the same predictions and reasons, in the same words."""

from __future__ import annotations

from typing import Any

import pytest
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils._graph.replication import REPLICATION_WAITS
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignment import ASSIGNMENT
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BULK

from ...conftest import ADELE, hold

WRITE = ("CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All")
READ_DEFINITIONS = "CustomSecAttributeDefinition.Read.All"
REFUSED = {"match": {"method": "PATCH"}, "times": None, "do": {"status": 400}}


def single(tenant: Tenant, name: str, value: Any, attribute_set: str = "Engineering", **options: Any) -> str:
    """Return why the single module fails, without its request and the advice about its own options."""
    result = tenant.fail(ASSIGNMENT, user=ADELE, attribute_set=attribute_set, name=name, value=value, **options)
    return str(result["msg"]).replace(" Set type.", "")


def bulk(tenant: Tenant, name: str, value: Any, attribute_set: str = "Engineering", **options: Any) -> str:
    """Return why the only principal of a bulk run fails."""
    items = [{"user": ADELE, "attributes": {attribute_set: {name: value}}}]
    return str(tenant.fail(BULK, assignments=items, **options)["results"][0]["msg"])


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("Project", ["Nome"], "Nome is not among its active predefined values"),
        ("Project", "Alpine", "the attribute is multi-valued; give a list"),
        ("Legacy", "x", "the attribute is deprecated and can no longer be assigned"),
        ("NumVendors", "many", "is not an integer"),
        ("numvendors", 4, "Engineering.numvendors: there is Engineering.NumVendors"),
    ],
)
def test_check_mode_refuses_in_the_same_words(tenant: Tenant, name: str, value: Any, words: str) -> None:
    found = single(tenant, name, value, check_mode=True)
    assert words in found
    assert bulk(tenant, name, value, check_mode=True) == found
    assert tenant.writes == []


def test_an_undefined_attribute_is_the_same_warning_in_check_mode(tenant: Tenant) -> None:
    one = tenant.run(ASSIGNMENT, check_mode=True, user=ADELE, attribute_set="Sales", name="Region", value="x")
    items = [{"user": ADELE, "attributes": {"Sales": {"Region": "x"}}}]
    assert tenant.run(BULK, check_mode=True, assignments=items)["warnings"] == one["warnings"]
    assert one["warnings"][0].endswith("Unless an earlier task defines it, the run will fail.")


def test_text_that_may_be_of_another_type_is_refused_where_definitions_cannot_be_read(tenant: Tenant) -> None:
    blind = tenant.allow(*WRITE)
    words = "value of Engineering.NumVendors: text that reads as an integer or Boolean may be either. GET "
    for found in (single(blind, "NumVendors", "4"), bulk(blind, "NumVendors", "4")):
        assert found.startswith(words)
        assert READ_DEFINITIONS in found


@pytest.mark.parametrize(
    ("name", "held", "value", "words", "attempts"),
    [
        ("NumVendors", None, 4, "Its definition allows it.", len(REPLICATION_WAITS) + 1),
        ("Legacy", "old", None, "Engineering.Legacy is deprecated", 1),
    ],
)
def test_a_refusal_is_explained_by_the_definition(
    tenant: Tenant, patient: Tenant, name: str, held: Any, value: Any, words: str, attempts: int
) -> None:
    if held:
        hold(tenant.emulator, "adele@contoso.com", **{name: held})
    tenant.emulator.faults(REFUSED)
    state = {"state": "absent"} if value is None else {"value": value}
    one = patient.fail(ASSIGNMENT, user=ADELE, attribute_set="Engineering", name=name, **state)
    assert len(tenant.writes) == attempts
    assert tenant.requests
    many = bulk(patient, name, value)
    assert len(tenant.writes) == attempts
    assert words in one["msg"]
    assert words in many


def test_a_refusal_is_not_explained_where_definitions_cannot_be_read(tenant: Tenant) -> None:
    tenant.emulator.faults(REFUSED)
    blind = tenant.allow(*WRITE)
    for found in (single(blind, "NumVendors", 4), bulk(blind, "NumVendors", 4)):
        assert "The definition would say why, but the identity cannot read it." in found
        assert READ_DEFINITIONS in found
    assert len(tenant.writes) == 2


@pytest.mark.parametrize("sets", [[], ["Marketing"]], ids=["no set", "another set"])
def test_a_hidden_set_is_not_taken_for_empty(tenant: Tenant, sets: list[str]) -> None:
    token = tenant.emulator.token(
        user="alex@contoso.com",
        scopes=["User.Read.All", WRITE[0]],
        role_scopes={"Attribute Assignment Administrator": sets},
    )
    scoped = tenant.through(tenant.connect(access_token=token))
    one = scoped.fail(ASSIGNMENT, user=ADELE, attribute_set="Engineering", name="NumVendors", value=4)
    items = [{"user": ADELE, "attributes": {"Engineering": {"NumVendors": 4}}}]
    assert scoped.fail(BULK, assignments=items) == one
    assert one["error"]["type"] == "AttributesHidden"
    assert tenant.writes == []
