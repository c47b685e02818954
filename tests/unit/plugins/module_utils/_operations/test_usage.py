# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What still uses a definition or a predefined value that is retired: policies and workflows of the local Graph."""

from __future__ import annotations

from typing import Any

import pytest
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidDeclaration
from ansible_collections.entra.attributes.plugins.module_utils._operations.definition import DEFINITION
from ansible_collections.entra.attributes.plugins.module_utils._operations.reconcile import RECONCILE

DEFINE, ASSIGNED = "CustomSecAttributeDefinition.ReadWrite.All", "CustomSecAttributeAssignment.Read.All"
COUNTS = (DEFINE, ASSIGNED, "User.Read.All", "Application.Read.All")
POLICIES, WORKFLOWS = "Policy.Read.All", "LifecycleWorkflows-Workflow.Read.All"
FORBIDDEN = "in_use=fail forbids to deprecate it"


@pytest.fixture
def grade(tenant: Tenant) -> Tenant:
    """Let a definition Engineering.Grade be that nobody holds and nothing names."""
    wanted = {"type": "string", "predefined_values_only": True, "predefined_values": ["High", "Higher", "Low"]}
    tenant.run(DEFINITION, attribute_set="Engineering", name="Grade", **wanted)
    named(tenant, "")
    return tenant


def named(tenant: Tenant, rule: str, *, state: str = "enabled", scope: str = "") -> None:
    """Let the tenant have one policy with this filter and one workflow with this scope, where they are given."""
    content = tenant.emulator.tenant()
    conditions = {"applications": {"applicationFilter": {"mode": "include", "rule": rule}}}
    policy = {"id": "1", "displayName": "Finance", "state": state, "conditions": conditions}
    content["conditionalAccessPolicies"] = [policy] if rule else []
    executed = {
        "@odata.type": "#microsoft.graph.identityGovernance.triggerAndScopeBasedConditions",
        "scope": {"@odata.type": "#microsoft.graph.identityGovernance.ruleBasedSubjectSet", "rule": scope},
    }
    workflow = {"id": "2", "displayName": "Joiner", "isEnabled": True, "executionConditions": executed}
    content["lifecycleWorkflows"] = [workflow] if scope else []
    content["appManagementPolicies"] = []
    content["defaultAppManagementPolicy"] = {"id": "0", "displayName": "Default", "isEnabled": False}
    tenant.emulator.tenant(content)
    tenant.emulator.clear()


GRADE = 'CustomSecurityAttribute.Engineering_Grade -eq "High"'


def deprecate_grade(tenant: Tenant, in_use: str = "warn", **options: Any) -> dict[str, Any]:
    wanted = {"state": "deprecated", **options}
    return tenant.run(DEFINITION, attribute_set="Engineering", name="Grade", in_use=in_use, **wanted)


def refusal(tenant: Tenant, **options: Any) -> str:
    """Return the message of in_use=fail, which wrote nothing."""
    before = tenant.emulator.tenant()
    for check_mode in (True, False):
        with pytest.raises(InvalidDeclaration) as refused:
            deprecate_grade(tenant, "fail", check_mode=check_mode, **options)
    assert tenant.emulator.tenant() == before
    return str(refused.value)


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_deprecated_attribute_names_its_policies_and_workflows(grade: Tenant, check_mode: bool) -> None:
    named(grade, GRADE, scope="customSecurityAttributes/Engineering/Grade eq 'Low'")
    result = deprecate_grade(grade, check_mode=check_mode)
    assert result["warnings"] == [
        'Attribute Engineering.Grade is deprecated, but the policy "Finance" (enabled) and the workflow "Joiner"'
        " (enabled) decide by it."
    ]
    assert [(found["kind"], found["display_name"], found["state"]) for found in result["consumers"]] == [
        ("conditional_access_policy", "Finance", "enabled"),
        ("lifecycle_workflow", "Joiner", "enabled"),
    ]


def test_fail_refuses_by_name(grade: Tenant) -> None:
    named(grade, GRADE)
    assert f'the policy "Finance" (enabled) decides by it; {FORBIDDEN}' in refusal(grade)
    named(grade, "", scope="customSecurityAttributes/Engineering/Grade eq 'Low'")
    assert f'the workflow "Joiner" (enabled) decides by it; {FORBIDDEN}' in refusal(grade)


@pytest.mark.parametrize(
    ("state", "words"), [("disabled", "disabled"), ("enabledForReportingButNotEnforced", "report-only")]
)
def test_what_does_not_act_is_a_warning_only(grade: Tenant, state: str, words: str) -> None:
    named(grade, GRADE, state=state)
    result = deprecate_grade(grade, "fail")
    assert result["changed"]
    assert result["warnings"] == [
        f'Attribute Engineering.Grade is deprecated, but the policy "Finance" ({words}) decides by it.'
    ]


def test_another_attribute_is_no_reason(grade: Tenant) -> None:
    named(grade, 'CustomSecurityAttribute.Engineering_Grades -eq "High"')
    result = deprecate_grade(grade, "fail")
    assert result["changed"]
    assert result["consumers"] == []
    assert "warnings" not in result


def test_a_rule_that_nobody_can_read_may_decide_by_it(grade: Tenant) -> None:
    named(grade, "this is not a rule")
    assert f'the policy "Finance" (enabled) may decide by it; {FORBIDDEN}' in refusal(grade)
    assert 'the policy "Finance" (enabled) may decide by it.' in deprecate_grade(grade)["warnings"][0]


@pytest.mark.parametrize(
    ("missing", "sources"),
    [(POLICIES, "conditional_access_policies and app_management_policies"), (WORKFLOWS, "lifecycle_workflows")],
)
def test_a_source_that_was_not_read_is_not_none(grade: Tenant, missing: str, sources: str) -> None:
    permitted = grade.allow(*COUNTS, *({POLICIES, WORKFLOWS} - {missing}))
    sentence = f"{sources} could not be read, which needs {missing}, so consumers are not known"
    assert f"{sentence}; {FORBIDDEN}" in refusal(permitted)
    grade.emulator.clear()
    result = deprecate_grade(permitted)
    assert result["changed"]
    assert result["warnings"] == [f"{sentence}."]
    assert len(grade.requests) < 12


@pytest.mark.parametrize(
    ("rule", "is_named"),
    [
        (GRADE, True),
        (GRADE.replace("High", "high"), True),
        (GRADE.replace("-eq", "-contains"), True),
        (GRADE.replace("High", "Low"), False),
        (GRADE.replace("-eq", "-ne").replace("High", "Low"), False),
        (GRADE.replace("Grade", "Grades"), False),
    ],
)
def test_a_deactivated_value_is_looked_for(grade: Tenant, rule: str, is_named: bool) -> None:
    named(grade, rule)
    retire = {"state": "present", "inactive_predefined_values": ["High"]}
    if is_named:
        wanted = 'the policy "Finance" (enabled) decides by High; in_use=fail forbids to deactivate High'
        assert wanted in refusal(grade, **retire)
    result = deprecate_grade(grade, "warn" if is_named else "fail", **retire)
    assert result["changed"]
    assert ("warnings" in result) == is_named
    assert len(result["consumers"]) == is_named
    assert result["in_use"] is None, "holders keep the value"


def test_a_rule_that_is_not_valid_may_decide_by_other_values_than_it_names(grade: Tenant) -> None:
    named(grade, GRADE.replace('"High"', "'Low'"))
    words = 'the policy "Finance" (enabled) may decide by High; in_use=fail forbids to deactivate High'
    assert words in refusal(grade, state="present", inactive_predefined_values=["High"])


def test_purging_deactivates_values_as_well(grade: Tenant) -> None:
    named(grade, GRADE)
    purge = {"state": "present", "predefined_values": ["Low"], "purge_predefined_values": True}
    assert "decides by High or Higher; in_use=fail forbids to deactivate High, Higher" in refusal(grade, **purge)


def test_consumers_are_read_only_where_something_is_retired(grade: Tenant) -> None:
    named(grade, GRADE)
    wanted: list[dict[str, Any]] = [
        {"state": "present", "description": "x"},
        {"state": "present", "predefined_values": ["New"], "inactive_predefined_values": ["Never"]},
        {"state": "deprecated", "in_use": "ignore"},
        {"state": "deprecated"},
    ]
    for options in wanted:
        assert deprecate_grade(grade, options.pop("in_use", "fail"), **options)["consumers"] is None
    assert not [request for request in grade.requests if "identity" in request or "policies" in request]


def declared(**options: Any) -> dict[str, Any]:
    return {"definitions": [{"attribute_set": "Engineering", "name": "Grade", "state": "deprecated", **options}]}


def test_reconcile_warns_and_refuses_in_the_same_words(grade: Tenant) -> None:
    named(grade, GRADE)
    before = grade.emulator.tenant()
    refused = grade.fail(RECONCILE, declarations=declared(in_use="fail"))
    messages = [item["message"] for item in refused["plan"]["refused"]]
    assert 'Engineering.Grade: the policy "Finance" (enabled) decides by it' in messages
    assert grade.emulator.tenant() == before
    result = grade.run(RECONCILE, declarations=declared())
    assert (
        'Attribute Engineering.Grade is deprecated, but the policy "Finance" (enabled) decides by it.'
        in (result["warnings"])
    )


def test_reconcile_reads_consumers_once_and_shows_no_masked_value(grade: Tenant) -> None:
    named(grade, GRADE)
    retired = {"state": "present", "inactive_predefined_values": ["High"], "in_use": "warn"}
    user = {"user": "adele@contoso.com", "attributes": {"Engineering": {"NumVendors": 77}}}
    wanted = {**declared(**retired), "assignments": [user], "masked_sets": ["Engineering"]}
    result = grade.run(RECONCILE, declarations=wanted, consumers="report", check_mode=True)
    assert 'deactivated, but the policy "Finance" (enabled) decides by one of them.' in str(result["warnings"])
    assert "High" not in str(result["warnings"])
    policies = [request for request in grade.requests if request.endswith("conditionalAccess/policies")]
    assert policies == [f"GET /{version}/identity/conditionalAccess/policies" for version in ("v1.0", "beta")]
