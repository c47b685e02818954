# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves and retirements of attributes: what holders get and lose, what is refused, and what rules become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BULK
from ansible_collections.entra.attributes.plugins.module_utils._operations.definition import DEFINITION
from ansible_collections.entra.attributes.plugins.module_utils._operations.reconcile import RECONCILE

from ...conftest import ADELE, PAYROLL

MOVE = {"from": "Engineering.Projct", "to": "Engineering.Title"}
TITLE = {"attribute_set": "Engineering", "name": "Title", "type": "string"}
RULE = 'CustomSecurityAttribute.Engineering_Projct -eq "Bakr"'


@pytest.fixture
def projct(tenant: Tenant) -> Tenant:
    """Let Engineering.Projct be defined and held by two users and an application, and let nothing name it."""
    tenant.run(DEFINITION, attribute_set="Engineering", name="Projct", type="string")
    named(tenant)
    hold(tenant, {"adele@contoso.com": {"Projct": "Bakr", "NumVendors": 4}, "alex@contoso.com": {"Projct": "Alpine"}})
    hold(tenant, {"payroll-api": {"Projct": "Bakr"}})
    return tenant


def hold(tenant: Tenant, held: dict[str, Any]) -> None:
    """Let principals have exactly these attributes of Engineering."""
    content = tenant.emulator.tenant()
    for principal in content["users"] + content["servicePrincipals"]:
        name = principal.get("userPrincipalName") or principal["displayName"]
        if name in held:
            principal["customSecurityAttributes"] = {"Engineering": held[name]}
    tenant.emulator.tenant(content)
    tenant.emulator.clear()


def of(tenant: Tenant, name: str) -> Any:
    """Return the attributes of Engineering that a principal has."""
    content = tenant.emulator.tenant()
    found = [
        principal
        for principal in content["users"] + content["servicePrincipals"]
        if name in (principal.get("userPrincipalName"), principal["displayName"])
    ]
    return (found[0].get("customSecurityAttributes") or {}).get("Engineering")


def named(tenant: Tenant, rule: str = "", state: str = "enabled") -> None:
    """Let the tenant have one policy with this filter, or none, and no workflow."""
    content = tenant.emulator.tenant()
    conditions = {"applications": {"applicationFilter": {"mode": "include", "rule": rule}}}
    policy = {"id": "1", "displayName": "Finance", "state": state, "conditions": conditions}
    content["conditionalAccessPolicies"] = [policy] if rule else []
    content["lifecycleWorkflows"] = content["appManagementPolicies"] = []
    content["defaultAppManagementPolicy"] = {"id": "0", "displayName": "Default", "isEnabled": False}
    tenant.emulator.tenant(content)
    tenant.emulator.clear()


def move(
    tenant: Tenant, *, definitions: Any = (TITLE,), assignments: Any = (), check: bool = False, **more: Any
) -> Any:
    declarations = {"definitions": [*definitions], "assignments": [*assignments], "moves": [{**MOVE, **more}]}
    return tenant.run(RECONCILE, check_mode=check, declarations=declarations, report="all")


def refused(tenant: Tenant, **more: Any) -> str:
    """Return why a move is refused, which writes nothing."""
    before = tenant.emulator.tenant()
    declarations = more.pop("declarations", {"definitions": [TITLE], "moves": [{**MOVE, **more.pop("move", {})}]})
    found = [tenant.fail(RECONCILE, declarations=declarations, check_mode=check, **more) for check in (True, False)]
    assert tenant.emulator.tenant() == before
    assert found[0]["msg"] == found[1]["msg"]
    return " ".join([found[1]["msg"], *found[1].get("failures", [])])


def definition(tenant: Tenant, name: str) -> Any:
    return next(known for known in tenant.emulator.tenant()["definitions"] if known["name"] == name)


def test_a_move_is_one_patch_for_each_holder_and_deprecates_the_old_definition(projct: Tenant) -> None:
    planned = move(projct, check=True, values={"Bakr": "Baker"})
    assert not projct.writes
    result = move(projct, values={"Bakr": "Baker"})
    written = [sent["path"].rpartition("/")[2] for sent in projct.writes if sent["batch"] is not None]
    assert len(written) == len(set(written)) == 3
    assert {ADELE, PAYROLL} < set(written)
    assert of(projct, "adele@contoso.com") == {"Title": "Baker", "NumVendors": 4}
    assert of(projct, "alex@contoso.com") == {"Title": "Alpine"}
    assert of(projct, "payroll-api") == {"Title": "Baker"}
    assert definition(projct, "Projct")["status"] == "Deprecated"
    assert planned["plan"] == result["plan"]
    assert result["summary"]["assignments"]["changed"] == 3
    projct.emulator.clear()
    again = move(projct, values={"Bakr": "Baker"})
    assert not again["changed"]
    assert not projct.writes
    assert len(projct.requests) <= 8


def test_a_principal_is_written_once_with_its_other_changes(projct: Tenant) -> None:
    declared = {"user": "adele@contoso.com", "attributes": {"Engineering": {"NumVendors": 7}}}
    move(projct, assignments=[declared])
    assert len([sent for sent in projct.writes if sent["path"].endswith(ADELE)]) == 1
    assert of(projct, "adele@contoso.com") == {"Title": "Bakr", "NumVendors": 7}


def test_what_is_declared_for_the_new_attribute_comes_first(projct: Tenant) -> None:
    declared = {"user": "adele@contoso.com", "attributes": {"Engineering": {"Title": "Cascade"}}}
    move(projct, assignments=[declared])
    assert of(projct, "adele@contoso.com") == {"Title": "Cascade", "NumVendors": 4}


def test_with_keep_old_the_old_value_stays(projct: Tenant) -> None:
    named(projct, RULE)
    result = move(projct, keep_old=True, values={"Bakr": "Baker"})
    assert of(projct, "adele@contoso.com") == {"Projct": "Bakr", "Title": "Baker", "NumVendors": 4}
    assert definition(projct, "Projct")["status"] == "Available"
    assert result["plan"]["notes"] == [
        'Engineering.Projct is not deprecated yet: the policy "Finance" (enabled) decides by it'
    ]
    assert not move(projct, keep_old=True, values={"Bakr": "Baker"})["changed"]
    named(projct)
    assert move(projct, keep_old=True, values={"Bakr": "Baker"})["changed"]
    assert definition(projct, "Projct")["status"] == "Deprecated"
    assert of(projct, "adele@contoso.com") == {"Projct": "Bakr", "Title": "Baker", "NumVendors": 4}
    assert not move(projct, keep_old=True, values={"Bakr": "Baker"})["changed"]


def test_a_policy_that_names_the_old_attribute_refuses_the_move_and_its_rule_is_shown(projct: Tenant) -> None:
    named(projct, RULE)
    message = refused(projct, move={"values": {"Bakr": "Baker"}})
    assert 'the policy "Finance" (enabled) decides by Engineering.Projct, and in_use=fail forbids' in message
    result = move(projct, in_use="warn", values={"Bakr": "Baker"})
    assert result["warnings"] == [
        'Attribute Engineering.Projct moves, but the policy "Finance" (enabled) decides by Engineering.Projct.'
    ]
    (rule,) = result["plan"]["rules"]
    assert (rule["rule"], rule["becomes"]) == (RULE, 'CustomSecurityAttribute.Engineering_Title -eq "Baker"')


def test_an_unread_source_refuses_by_its_permission(projct: Tenant) -> None:
    blind = projct.allow(
        "CustomSecAttributeAssignment.ReadWrite.All",
        "CustomSecAttributeDefinition.ReadWrite.All",
        "User.Read.All",
        "Application.Read.All",
    )
    assert "which needs Policy.Read.All" in refused(blind)
    assert move(blind, in_use="ignore")["changed"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"to": "Engineering.Heading"}, "Engineering.Heading is neither defined nor declared"),
        ({"to": "Engineering.title"}, "Engineering.title differs from the existing Engineering.Title by case only"),
        ({"to": "Engineering.Legacy"}, "Engineering.Legacy is deprecated"),
        ({"to": "Engineering.Projct"}, "from and to are both Engineering.Projct"),
        ({"from": "Engineering.projct"}, "Engineering.projct differs from the existing Engineering.Projct"),
        ({"to": "Title"}, "to: 'Title' is not an attribute as Set.Name"),
        ({"values": {"a": [1]}}, "values.a: each value is replaced by one value"),
        ({"values": {"a": "b\n"}}, "values.a"),
    ],
    ids=str,
)
def test_what_cannot_move_is_refused_before_the_first_write(projct: Tenant, more: Any, words: str) -> None:
    assert words in refused(projct, move=more)


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"Projct": "Alpine"}, "Engineering.Projct moves to Engineering.Title in moves[0]"),
        ({"Title": {"add": ["x"]}}, "Engineering.Title gets a value that moves in moves[0]"),
    ],
)
def test_what_is_declared_against_a_move_names_both_places(projct: Tenant, attributes: Any, words: str) -> None:
    declared = {"user": "adele@contoso.com", "attributes": {"Engineering": attributes}}
    assert f"assignments[0]: {words}" in refused(
        projct, declarations={"definitions": [TITLE], "assignments": [declared], "moves": [MOVE]}
    )


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({"from": "Engineering.Projct", "to": "Engineering.Level"}, "Engineering.Projct leaves in moves[0] already"),
        ({"from": "Engineering.Level", "to": "Engineering.Title"}, "moves[0] moves to Engineering.Title already"),
        ({"from": "Engineering.Title", "to": "Engineering.Level"}, "Engineering.Title itself leaves in moves[1]"),
    ],
)
def test_moves_that_touch_each_other_are_refused(projct: Tenant, second: Any, words: str) -> None:
    assert words in refused(projct, declarations={"definitions": [TITLE], "moves": [MOVE, second]})


def test_another_value_is_the_error_of_this_principal_and_the_others_move(projct: Tenant) -> None:
    move(projct, keep_old=True, in_use="ignore", definitions=[{**TITLE, "state": "present"}])
    hold(projct, {"adele@contoso.com": {"Projct": "Bakr", "Title": "Other"}, "alex@contoso.com": {"Projct": "Alpine"}})
    projct.run(DEFINITION, **TITLE)
    failed = projct.fail(RECONCILE, declarations={"definitions": [TITLE], "moves": [MOVE]})
    (reason,) = failed["failures"]
    assert 'Engineering.Title is "Other" already, and the move from Engineering.Projct would set it to "Bakr"' in reason
    assert of(projct, "alex@contoso.com") == {"Title": "Alpine"}
    assert of(projct, "adele@contoso.com") == {"Projct": "Bakr", "Title": "Other"}


@pytest.mark.parametrize(
    ("source", "held", "target", "values", "moved"),
    [
        ({"type": "string"}, "8", {"type": "integer"}, {}, 8),
        ({"type": "string"}, "true", {"type": "boolean"}, {}, True),
        ({"type": "string"}, "8", {"type": "integer", "multi_valued": True}, {}, [8]),
        ({"type": "integer"}, 8, {"type": "string"}, {}, "8"),
        ({"type": "integer", "multi_valued": True}, [8], {"type": "string"}, {"8": "eight"}, "eight"),
        ({"type": "boolean"}, True, {"type": "string"}, {"true": "yes"}, "yes"),
        ({"type": "string"}, "08", {"type": "integer"}, {}, None),
        ({"type": "integer", "multi_valued": True}, [8, 9], {"type": "string"}, {}, None),
        ({"type": "boolean"}, True, {"type": "string"}, {}, None),
        (
            {"type": "string"},
            "b",
            {"type": "string", "predefined_values_only": True, "predefined_values": ["a"]},
            {},
            None,
        ),
    ],
    ids=str,
)
def test_types_convert_where_nothing_is_lost(
    tenant: Tenant, source: Any, held: Any, target: Any, values: Any, moved: Any
) -> None:
    named(tenant)
    for name, wanted in (("Old", source), ("New", target)):
        tenant.run(DEFINITION, attribute_set="Engineering", name=name, **wanted)
    hold(tenant, {"adele@contoso.com": {"Old": held}})
    declarations = {"moves": [{"from": "Engineering.Old", "to": "Engineering.New", "values": values}]}
    if moved is None:
        reason = tenant.fail(RECONCILE, declarations=declarations)["failures"][0]
        assert "moves[0]: value of Engineering.New: " in reason
        assert of(tenant, "adele@contoso.com") == {"Old": held}
        assert definition(tenant, "Old")["status"] == "Available"
    else:
        tenant.run(RECONCILE, declarations=declarations)
        assert of(tenant, "adele@contoso.com") == {"New": moved}


def test_a_move_in_a_new_tenant_changes_nothing_and_says_so(tenant: Tenant) -> None:
    named(tenant)
    result = move(tenant, definitions=[TITLE, {"attribute_set": "Engineering", "name": "Projct", "type": "string"}])
    assert result["plan"]["notes"] == ["moves[0]: Engineering.Projct is not defined, so nothing moves"]
    assert not [known for known in tenant.emulator.tenant()["definitions"] if known["name"] == "Projct"]


@pytest.mark.parametrize("searchable", [True, False])
def test_holders_of_an_attribute_that_is_not_searchable_are_found_in_pages(tenant: Tenant, searchable: bool) -> None:
    named(tenant)
    tenant.run(DEFINITION, attribute_set="Engineering", name="Projct", type="string", searchable=searchable)
    hold(tenant, {"adele@contoso.com": {"Projct": "Bakr"}})
    move(tenant)
    assert of(tenant, "adele@contoso.com") == {"Title": "Bakr"}


RETIRED = {"attribute_set": "Engineering", "name": "Projct", "state": "retired"}


def retire(tenant: Tenant, by: str, check: bool = False, **options: Any) -> Any:
    """Retire by the module or by declarations."""
    if by == "module":
        return tenant.run(DEFINITION, check_mode=check, **{**RETIRED, **options})
    return tenant.run(RECONCILE, check_mode=check, declarations={"definitions": [{**RETIRED, **options}]})


WAYS = pytest.mark.parametrize("by", ["module", "declarations"])


@WAYS
def test_a_retired_attribute_has_no_holder_and_is_deprecated(projct: Tenant, by: str) -> None:
    before = projct.emulator.tenant()
    planned = retire(projct, by, check=True)
    assert projct.emulator.tenant() == before
    result = retire(projct, by)
    assert of(projct, "adele@contoso.com") == {"NumVendors": 4}
    assert not of(projct, "alex@contoso.com")
    assert not of(projct, "payroll-api")
    assert definition(projct, "Projct")["status"] == "Deprecated"
    assert planned["changed"]
    assert planned["diff"] == result["diff"]
    assert {found["principal"]["id"] for found in result["results"]} >= {ADELE, PAYROLL}
    projct.emulator.clear()
    assert not retire(projct, by)["changed"]
    assert not projct.writes


@WAYS
def test_retirement_is_refused_while_a_policy_decides_by_the_attribute(projct: Tenant, by: str) -> None:
    named(projct, RULE)
    before = projct.emulator.tenant()
    operation, options = DEFINITION, RETIRED
    if by == "declarations":
        operation, options = RECONCILE, {"declarations": {"definitions": [RETIRED]}}
    failed = projct.fail(operation, **options)
    assert 'the policy "Finance" (enabled) decides by Engineering.Projct' in " ".join(
        [failed["msg"], *failed.get("failures", [])]
    )
    assert projct.emulator.tenant() == before
    assert retire(projct, by, in_use="warn")["warnings"] == [
        'Attribute Engineering.Projct is retired, but the policy "Finance" (enabled) decides by Engineering.Projct.'
    ]


def test_max_changes_limits_a_retirement_by_the_module(projct: Tenant) -> None:
    before = projct.emulator.tenant()
    failed = projct.fail(DEFINITION, **RETIRED, max_changes="2")
    assert "3 of 3 principals would change; max_changes is 2" in failed["msg"]
    assert projct.emulator.tenant() == before


@WAYS
@pytest.mark.parametrize("collection", [True, False])
def test_a_retired_predefined_value_leaves_its_holders_and_becomes_inactive(
    tenant: Tenant, by: str, collection: bool
) -> None:
    named(tenant)
    wanted = {"attribute_set": "Engineering", "name": "Grade"}
    values = {"type": "integer", "predefined_values_only": True, "predefined_values": [1, 2, 3]}
    tenant.run(DEFINITION, **wanted, **values, multi_valued=collection)
    hold(tenant, {"adele@contoso.com": {"Grade": [1, 2] if collection else 2}})
    hold(tenant, {"alex@contoso.com": {"Grade": [1] if collection else 1}})
    for _again in range(2):
        retire(tenant, by, **wanted, state="present", retired_predefined_values=[2, 9])
        assert of(tenant, "adele@contoso.com") == ({"Grade": [1]} if collection else None)
        assert of(tenant, "alex@contoso.com") == {"Grade": [1] if collection else 1}
        active = {value["id"]: value["isActive"] for value in definition(tenant, "Grade")["allowedValues"]}
        assert active == {"1": True, "2": False, "3": True}


@WAYS
def test_a_retired_value_that_the_attribute_cannot_hold_is_refused_in_words(tenant: Tenant, by: str) -> None:
    named(tenant)
    wanted = {"attribute_set": "Engineering", "name": "Grade", "retired_predefined_values": ["x"]}
    tenant.run(DEFINITION, attribute_set="Engineering", name="Grade", type="integer")
    hold(tenant, {"adele@contoso.com": {"Grade": 1}})
    failed = (
        tenant.fail(DEFINITION, **wanted)
        if by == "module"
        else tenant.fail(RECONCILE, declarations={"definitions": [wanted]})
    )
    assert 'its type is Integer and "x" is not an integer' in " ".join([failed["msg"], *failed.get("failures", [])])


@WAYS
def test_a_retired_predefined_value_that_a_policy_names_stays(tenant: Tenant, by: str) -> None:
    wanted = {"attribute_set": "Engineering", "name": "Grade"}
    tenant.run(DEFINITION, **wanted, type="string", predefined_values_only=True, predefined_values=["High", "Low"])
    named(tenant, 'CustomSecurityAttribute.Engineering_Grade -eq "High"')
    hold(tenant, {"adele@contoso.com": {"Grade": "High"}})
    before = tenant.emulator.tenant()
    options = {**wanted, "retired_predefined_values": ["High"]}
    failed = (
        tenant.fail(DEFINITION, **options)
        if by == "module"
        else tenant.fail(RECONCILE, declarations={"definitions": [options]})
    )
    assert "in_use=fail forbids to deactivate High" in " ".join([failed["msg"], *failed.get("failures", [])])
    assert tenant.emulator.tenant() == before


def test_an_assignment_of_what_is_retired_names_both_places(projct: Tenant) -> None:
    declared = {"user": "adele@contoso.com", "attributes": {"Engineering": {"Projct": "Alpine"}}}
    failed = projct.fail(RECONCILE, declarations={"definitions": [RETIRED], "assignments": [declared]})
    assert "assignments[0]: Engineering.Projct is assigned here and retired in definitions[0]" in failed["msg"]


def test_items_that_select_and_moves_go_together_in_one_patch_each_with_its_reason(projct: Tenant) -> None:
    result = move(
        projct,
        assignments=[
            {"user": "adele@contoso.com", "attributes": {"Engineering": {"NumVendors": 7}}},
            {"service_principals": {"all": True}, "attributes": {"Engineering": {"Title": "App"}}},
            {
                "users": {"filter": "startsWith(displayName,'A')"},
                "attributes": {"Engineering": {"Certification": True}},
            },
        ],
    )
    assert of(projct, "adele@contoso.com") == {"Title": "Bakr", "NumVendors": 7, "Certification": True}
    assert of(projct, "alex@contoso.com") == {"Title": "Alpine", "Certification": True}
    assert of(projct, "payroll-api") == {"Title": "App"}
    paths = [sent["path"] for sent in projct.writes if sent["batch"] is not None]
    assert len(paths) == len(set(paths))
    reasons = {
        step["name"]: {
            (reason["attribute"].partition(".")[2], reason["by"], reason["place"]) for reason in step["reasons"]
        }
        for step in result["plan"]["steps"]
        if step["phase"] == "assignments"
    }
    moved = {("Projct", "move", "moves[0]"), ("Title", "move", "moves[0]")}
    ruled = ("Certification", "rule", "assignments[2]")
    assert reasons["adele@contoso.com"] == {*moved, ("NumVendors", "name", "assignments[0]"), ruled}
    assert reasons["alex@contoso.com"] == {*moved, ruled}
    assert reasons["payroll-api"] == {("Projct", "move", "moves[0]"), ("Title", "all", "assignments[1]")}
    assert not move(
        projct,
        assignments=[{"service_principals": {"all": True}, "attributes": {"Engineering": {"Title": "App"}}}],
    )["changed"]


def test_holders_that_graph_hides_are_not_taken_for_none(projct: Tenant) -> None:
    before = projct.emulator.tenant()
    definer = projct.allow("CustomSecAttributeDefinition.ReadWrite.All", "User.Read.All", "Application.Read.All")
    for operation, options in (
        (RECONCILE, {"declarations": {"definitions": [TITLE], "moves": [{**MOVE, "in_use": "ignore"}]}}),
        (DEFINITION, {**RETIRED, "in_use": "ignore"}),
    ):
        failed = definer.fail(operation, **options)
        assert failed["error"]["type"] == "AttributesHidden"
        assert "Graph hides them, so it is unknown what is assigned" in failed["msg"]
    assert projct.emulator.tenant() == before


@pytest.mark.parametrize(
    ("narrow", "moves"),
    [
        ({"attribute_sets": ["Engineering"]}, True),
        ({"sections": ["definitions", "moves"]}, True),
        ({"attribute_sets": ["Marketing"]}, False),
        ({"sections": ["definitions", "assignments"]}, False),
        ({"principals": ["adele@contoso.com"]}, False),
    ],
    ids=str,
)
def test_a_narrowed_run_moves_only_between_its_sets(projct: Tenant, narrow: Any, moves: bool) -> None:
    declarations = {
        "attribute_sets": [{"name": "Marketing"}],
        "definitions": [TITLE],
        "assignments": [{"user": "adele@contoso.com", "attributes": {"Engineering": {"NumVendors": 7}}}],
        "moves": [MOVE],
    }
    projct.run(RECONCILE, declarations=declarations, **narrow)
    assert of(projct, "alex@contoso.com") == ({"Title": "Alpine"} if moves else {"Projct": "Alpine"})
    assert definition(projct, "Projct")["status"] == ("Deprecated" if moves else "Available")


def test_the_snapshot_of_a_retirement_by_the_module_gives_the_values_back(projct: Tenant, tmp_path: Path) -> None:
    path = str(tmp_path / "before.jsonl")
    projct.run(DEFINITION, **RETIRED, snapshot_path=path)
    projct.run(DEFINITION, attribute_set="Engineering", name="Projct")
    projct.run(BULK, src=path)
    assert of(projct, "adele@contoso.com") == {"Projct": "Bakr", "NumVendors": 4}
    assert of(projct, "payroll-api") == {"Projct": "Bakr"}


def test_a_holder_that_fails_keeps_the_definition_and_is_named(projct: Tenant) -> None:
    projct.emulator.faults({"match": {"method": "PATCH", "path": ADELE}, "do": {"status": 403}})
    failed = projct.fail(DEFINITION, **RETIRED)
    assert failed["changed"]
    assert len(failed["failures"]) == 1
    assert definition(projct, "Projct")["status"] == "Available"
    assert projct.run(DEFINITION, **RETIRED)["changed"]
    assert definition(projct, "Projct")["status"] == "Deprecated"


def test_rules_of_a_masked_set_are_not_shown(projct: Tenant) -> None:
    named(projct, RULE)
    declarations = {"definitions": [TITLE], "moves": [{**MOVE, "in_use": "warn"}], "masked_sets": ["Engineering"]}
    result = projct.run(RECONCILE, declarations=declarations, check_mode=True)
    (rule,) = result["plan"]["rules"]
    assert (rule["rule"], rule["becomes"], rule["remark"]) == (None, None, "the rule is masked")
    assert "Bakr" not in str(result)


@pytest.mark.parametrize("masked", ["Engineering", "Marketing"])
def test_values_that_move_from_or_to_a_masked_set_are_not_shown(projct: Tenant, masked: str) -> None:
    named(projct, RULE)
    region = {"attribute_set": "Marketing", "name": "Region", "type": "string"}
    moved = {**MOVE, "to": "Marketing.Region", "values": {"Bakr": "Secret"}, "in_use": "warn"}
    declarations = {"definitions": [region], "moves": [moved], "masked_sets": [masked]}
    result = projct.run(RECONCILE, declarations=declarations, check_mode=True, report="all")
    (rule,) = result["plan"]["rules"]
    assert (rule["rule"], rule["becomes"], rule["remark"]) == (None, None, "the rule is masked")
    assert not [value for value in ("Secret", "Bakr", "Alpine") if value in str(result)]


def test_a_masked_set_in_another_case_is_refused(projct: Tenant) -> None:
    declarations = {"definitions": [TITLE], "moves": [MOVE], "masked_sets": ["engineering"]}
    assert "masked_sets: attribute set engineering is declared as Engineering" in refused(
        projct, declarations=declarations
    )


def test_a_value_that_the_next_run_would_purge_does_not_move(projct: Tenant) -> None:
    declared = {"user": "adele@contoso.com", "attributes": {"Engineering": {"NumVendors": 4}}}
    declarations = {"definitions": [TITLE], "moves": [MOVE], "assignments": [declared]}
    for _again in range(2):
        failed = projct.fail(RECONCILE, declarations=declarations, purge=True)
        assert "Engineering.Title gets its value by the move from Engineering.Projct, and purge" in str(failed)
        assert of(projct, "adele@contoso.com") == {"Projct": "Bakr", "NumVendors": 4}
        assert of(projct, "alex@contoso.com") == {"Title": "Alpine"}
    assert definition(projct, "Projct")["status"] == "Available"
    declared["attributes"]["Engineering"]["Title"] = "Bakr"  # type: ignore[index]
    assert projct.run(RECONCILE, declarations=declarations, purge=True)["changed"]
    assert of(projct, "adele@contoso.com") == {"Title": "Bakr", "NumVendors": 4}
    assert not projct.run(RECONCILE, declarations=declarations, purge=True)["changed"]


@pytest.mark.parametrize("changed_later", [False, True])
def test_a_plan_does_not_deprecate_what_a_principal_keeps_that_it_leaves_out(
    projct: Tenant, tmp_path: Path, changed_later: bool
) -> None:
    declarations, path = {"definitions": [TITLE], "moves": [MOVE]}, str(tmp_path / "plan.json")
    if changed_later:
        projct.run(RECONCILE, declarations=declarations, plan_path=path, check_mode=True)
        hold(projct, {"adele@contoso.com": {"Projct": "Cascade"}})
    else:
        projct.run(DEFINITION, **TITLE)
        hold(projct, {"adele@contoso.com": {"Projct": "Bakr", "Title": "Other"}})
        projct.fail(RECONCILE, declarations=declarations, plan_path=path, check_mode=True)
    result = projct.run(RECONCILE, apply_plan=path, on_stale="skip")
    (held,) = [warning for warning in result["warnings"] if warning.startswith("Skipped: ")]
    assert held.startswith("Skipped: Engineering.Projct: ")
    assert held.endswith(" is left out and may still hold it")
    assert of(projct, "alex@contoso.com") == {"Title": "Alpine"}
    assert definition(projct, "Projct")["status"] == "Available"
    assert "Engineering.Projct" not in [step["id"] for step in result["plan"]["steps"]]
