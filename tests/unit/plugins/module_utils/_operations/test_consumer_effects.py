# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changes of principals do to the policies and workflows of the local Graph, and when a run must not write."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from _checkout import ROOT
from _tenant import Tenant
from jsonschema import Draft202012Validator

from ansible_collections.entra.attributes.plugins.module_utils._core.rules.conditional_access import CONDITIONAL_ACCESS
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.conditions import (
    Attribute,
    Comparison,
    Literal,
    Node,
    comparisons,
)
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.odata import ODATA
from ansible_collections.entra.attributes.plugins.module_utils._core.tenant_plan import parse_plan
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BULK
from ansible_collections.entra.attributes.plugins.module_utils._operations.plan_view import lines
from ansible_collections.entra.attributes.plugins.module_utils._operations.reconcile import RECONCILE

from ...conftest import ADELE, PAYROLL, Patient, waiting
from .._core.rules._generator import ATTRIBUTES, SETS, TEXTS, naive, rule

WRITE, APPS = "CustomSecAttributeAssignment.ReadWrite.All", "Application.Read.All"
DEFINITIONS, POLICIES = "CustomSecAttributeDefinition.Read.All", "Policy.Read.All"
WORKFLOWS = "LifecycleWorkflows-Workflow.Read.All"
ALL = (WRITE, "User.Read.All", APPS, DEFINITIONS, POLICIES, WORKFLOWS)
SCHEMA = ROOT / "roles" / "reconcile" / "files" / "plan.schema.json"
TITLE = "Require MFA for the applications of Baker"
APPLICATIONS = "conditions.applications.applicationFilter"


def project(*values: str) -> list[dict[str, Any]]:
    """Return the declaration that gives the app these projects."""
    return [{"service_principal": PAYROLL, "attributes": {"Engineering": {"Project": list(values) or None}}}]


def with_policy(tenant: Tenant, text: str, **properties: Any) -> None:
    """Let the tenant have one policy, whose filter selects applications, and no workflow."""
    state = tenant.emulator.tenant()
    first = state["conditionalAccessPolicies"][0]
    conditions = {"applications": {"applicationFilter": {"mode": properties.pop("mode", "include"), "rule": text}}}
    state["conditionalAccessPolicies"] = [{**first, "conditions": conditions, **properties}]
    state["lifecycleWorkflows"], state["appManagementPolicies"] = [], []
    state["defaultAppManagementPolicy"] = {"id": "0", "displayName": "Default", "isEnabled": False}
    tenant.emulator.tenant(state)
    tenant.emulator.clear()


BAKER = 'CustomSecurityAttribute.Engineering_Project -contains "Baker"'


def effects(result: dict[str, Any]) -> dict[str, list[str]]:
    """Return the names of the consumers that the only principal enters, leaves, or may."""
    (entry,) = result["results"]
    return {effect: [found["display_name"] for found in listed] for effect, listed in entry["consumers"].items()}


def test_a_principal_enters_and_leaves(tenant: Tenant) -> None:
    with_policy(tenant, BAKER)
    tenant.run(BULK, assignments=project("Cascade"))
    result = tenant.run(BULK, assignments=project("Baker"), consumers="report")
    (entry,) = result["results"]
    assert entry["consumers"] == {
        "enters": [
            {
                "id": "99999999-9999-4999-8999-999999999901",
                "display_name": TITLE,
                "state": "enabled",
                "mode": "include",
                "place": APPLICATIONS,
            }
        ],
        "leaves": [],
        "may_change": [],
    }
    assert result["not_read"] == []
    left = tenant.run(BULK, assignments=project("Cascade"), consumers="report")
    assert effects(left) == {"enters": [], "leaves": [TITLE], "may_change": []}


def test_what_nothing_decides_by_has_no_effect(tenant: Tenant) -> None:
    with_policy(tenant, BAKER)
    app = [{"service_principal": PAYROLL, "attributes": {"Engineering": {"NumVendors": 77}}}]
    user = [{"user": ADELE, "attributes": {"Engineering": {"Project": ["Baker", "Cascade", "Alpine"]}}}]
    for assignments in (app, user):
        result = tenant.run(BULK, assignments=assignments, consumers="fail")
        assert result["changed"]
        assert effects(result) == {"enters": [], "leaves": [], "may_change": []}


def test_ignore_reads_nothing_more(tenant: Tenant) -> None:
    result = tenant.run(BULK, assignments=project("Alpine"))
    assert "not_read" not in result
    assert "consumers" not in result["results"][0]
    assert not [request for request in tenant.requests if "identity" in request]


def test_without_changes_no_consumer_is_read(tenant: Tenant) -> None:
    tenant.run(BULK, assignments=project("Baker"))
    assert tenant.requests
    result = tenant.run(BULK, assignments=project("Baker"), consumers="fail")
    assert not result["changed"]
    assert "consumers" not in result["results"][0]
    assert not [request for request in tenant.requests if "identity" in request]


@pytest.mark.parametrize("check_mode", [False, True])
def test_fail_writes_nothing(tenant: Tenant, check_mode: bool) -> None:
    tenant.run(BULK, assignments=project("Cascade"))
    with_policy(tenant, BAKER)
    before = tenant.state[PAYROLL]
    result = tenant.fail(BULK, assignments=project("Baker"), consumers="fail", check_mode=check_mode)
    assert f'Nothing was done: 1 app enters the policy "{TITLE}" (enabled).' in result["msg"]
    assert "next token" in result["msg"]
    assert effects(result)["enters"] == [TITLE]
    assert not result["changed"]
    assert tenant.state[PAYROLL] == before


@pytest.mark.parametrize("state", ["disabled", "enabledForReportingButNotEnforced"])
def test_fail_permits_what_does_not_act(tenant: Tenant, state: str) -> None:
    tenant.run(BULK, assignments=project("Cascade"))
    with_policy(tenant, BAKER, state=state)
    result = tenant.run(BULK, assignments=project("Baker"), consumers="fail")
    assert result["results"][0]["consumers"]["enters"][0]["state"] == state
    assert tenant.state[PAYROLL]["Engineering"]["Project"] == ["Baker"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('CustomSecurityAttribute.Engineering_Project -eq "Baker"', "1 app may enter or leave the policy"),
        ('CustomSecurityAttribute.Engineering_Undefined -contains "Baker" -or ' + BAKER, "1 app may enter or leave"),
        ("no rule at all", "1 app may enter or leave the policy"),
    ],
)
def test_unknown_is_no_answer(tenant: Tenant, text: str, words: str) -> None:
    tenant.run(BULK, assignments=project("Cascade"))
    with_policy(tenant, text)
    result = tenant.fail(BULK, assignments=project("Baker", "Cascade"), consumers="fail")
    assert words in result["msg"]
    assert effects(result)["may_change"] == [TITLE]


def test_an_excluding_filter_is_named_as_such(tenant: Tenant) -> None:
    tenant.run(BULK, assignments=project("Cascade"))
    with_policy(tenant, BAKER, mode="exclude")
    result = tenant.fail(BULK, assignments=project("Baker"), consumers="fail")
    assert f'1 app enters the exclusion of the policy "{TITLE}" (enabled)' in result["msg"]


@pytest.mark.parametrize("missing", [DEFINITIONS, POLICIES, WORKFLOWS])
def test_a_source_that_cannot_be_read_is_said_and_fails(tenant: Tenant, missing: str) -> None:
    tenant.run(BULK, assignments=project("Cascade"))
    with_policy(tenant, BAKER)
    narrow = tenant.allow(*sorted({*ALL} - {missing}))
    reported = narrow.run(BULK, assignments=project("Baker"), consumers="report")
    assert {found["permission"] for found in reported["not_read"]} == {missing}
    result = narrow.fail(BULK, assignments=project("Alpine"), consumers="fail")
    assert f"could not be read, which needs {missing}" in result["msg"]
    assert tenant.state[PAYROLL]["Engineering"]["Project"] == ["Baker"]


def test_requests_are_few(tenant: Tenant) -> None:
    state = tenant.emulator.tenant()
    policy, workflow = state["conditionalAccessPolicies"][0], state["lifecycleWorkflows"][0]
    state["conditionalAccessPolicies"] = [{**policy, "id": f"{policy['id'][:-3]}{n:03}"} for n in range(200)]
    state["lifecycleWorkflows"] = [{**workflow, "id": f"{workflow['id'][:-3]}{n:03}"} for n in range(20)]
    tenant.emulator.tenant(state)
    tenant.emulator.clear()
    tenant.run(BULK, assignments=project("Cascade"), check_mode=True)
    alone = len(tenant.requests)
    tenant.run(BULK, assignments=project("Cascade"), check_mode=True, consumers="report")
    assert 0 < len(tenant.requests) - alone <= 60


SET_NAMES = [(attribute.attribute_set, attribute.name) for attribute in ATTRIBUTES]
APP_FILTERS = ("applications.applicationFilter", "clientApplications.servicePrincipalFilter")
DEFINED = [
    {
        "attributeSet": attribute_set,
        "name": name,
        "type": "String",
        "isCollection": name == "Project",
        "isSearchable": True,
        "status": "Deprecated" if name == "Country" else "Available",
        "usePreDefinedValuesOnly": False,
        "description": "",
    }
    for attribute_set, name in SET_NAMES
]


def random_values(random: Random) -> dict[str, dict[str, Any]]:
    """Return values of all attributes that are not deprecated, or null."""
    values: dict[str, dict[str, Any]] = {}
    for attribute_set, name in SET_NAMES:
        if name != "Country" and random.random() < 0.7:
            many = random.sample(TEXTS[:6], random.choice((1, 2, 3)))
            values.setdefault(attribute_set, {})[name] = random.choice([None, many if name == "Project" else many[0]])
    return values


def random_rule(random: Random, dialect: str) -> Node:
    """Return a random rule, or a comparison of the kind that people write."""
    if random.random() < 0.4:
        return rule(random, dialect, 2)
    name, operator = ("Project", "-contains") if dialect == "conditional_access" else ("Level", "eq")
    return Comparison(Attribute(random.choice(SETS), name), operator, Literal(random.choice(TEXTS[4:6])))


def expected_effect(node: Node, dialect: str, before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """Return what the naive evaluator says of a rule, and null for no effect."""
    named = {(attribute.attribute_set, attribute.name) for attribute, _operator, _values in comparisons(node)}
    states = [{pair: state.get(pair[0], {}).get(pair[1]) for pair in named} for state in (before, after)]
    if states[0] == states[1]:
        return None
    if any(name == "Country" for _set, name in named):  # which is deprecated
        return "may_change"
    answers = [naive(node, dialect, held, {}) for held in (before, after)]
    if None in answers:
        return "may_change"
    return None if answers[0] == answers[1] else "enters" if answers[1] else "leaves"


@pytest.mark.slow
def test_random_tenants_and_plans(tenant: Tenant) -> None:
    random = Random(20261127)  # noqa: S311 - a seed of tests
    with_policy(tenant, BAKER)
    state = tenant.emulator.tenant()
    policy = state["conditionalAccessPolicies"][0]
    names = {definition["name"] for definition in DEFINED}
    kept = [known for known in state["definitions"] if known["name"] not in names]
    state["definitions"] = [*kept, *DEFINED]
    found: Counter[str] = Counter()
    for _tenant in range(200):
        policies, workflows, rules = [], [], {}
        for number in range(random.randrange(1, 5)):
            node, owner = random_rule(random, "conditional_access"), random.choice(APP_FILTERS)
            rules[PAYROLL, f"p{number}"] = (node, "conditional_access")
            filtered = {"mode": "include", "rule": CONDITIONAL_ACCESS.write(node)}
            conditions = {owner.split(".")[0]: {owner.split(".")[1]: filtered}}
            policies.append({**policy, "id": f"p{number}", "conditions": conditions})
        for number in range(random.randrange(3)):
            node = rule(random, "odata", 2)
            rules[ADELE, f"w{number}"] = (node, "odata")
            workflows.append(workflow(f"w{number}", ODATA.write(node)))
        state["conditionalAccessPolicies"], state["lifecycleWorkflows"] = policies, workflows
        for principal in state["users"] + state["servicePrincipals"]:
            if principal["id"] in (ADELE, PAYROLL):
                values = random_values(random)
                principal["customSecurityAttributes"] = {
                    attribute_set: {name: value for name, value in of_set.items() if value}
                    for attribute_set, of_set in values.items()
                }
        tenant.emulator.tenant(state)
        before = tenant.state
        tenant = tenant.through(tenant.connect())
        plan = [
            {key: who, "attributes": random_values(random) or {"Engineering": {"Level": None}}}
            for key, who in (("user", ADELE), ("service_principal", PAYROLL))
        ]
        result = tenant.run(BULK, assignments=plan, consumers="report")
        assert result["not_read"] == []
        after = tenant.state
        for entry in result["results"]:
            who = entry["principal"]["id"]
            told = {item["id"]: effect for effect, listed in entry.get("consumers", {}).items() for item in listed}
            expected = {
                identity: effect
                for (owner, identity), (node, dialect) in rules.items()
                if owner == who and (effect := expected_effect(node, dialect, before.get(who, {}), after.get(who, {})))
            }
            assert told == expected
            found.update(told.values())
    assert min(found[effect] for effect in ("enters", "leaves", "may_change")) > 20


def workflow(identity: str, text: str) -> dict[str, Any]:
    """Return a workflow whose scope has a rule."""
    prefix = "#microsoft.graph.identityGovernance."
    scope = {"@odata.type": f"{prefix}ruleBasedSubjectSet", "rule": text}
    conditions = {"@odata.type": f"{prefix}triggerAndScopeBasedConditions", "scope": scope}
    return {"id": identity, "displayName": identity, "isEnabled": True, "executionConditions": conditions, "tasks": []}


def test_reconcile_shows_what_opens_in_its_plan(tenant: Tenant, tmp_path: Path) -> None:
    tenant.run(BULK, assignments=project("Cascade"))
    with_policy(tenant, BAKER)
    declarations = {"assignments": project("Baker")}
    path = tmp_path / "plan.json"
    sentence = f'1 app enters the policy "{TITLE}" (enabled)'
    planned = tenant.run(RECONCILE, declarations=declarations, consumers="report", plan_path=str(path), check_mode=True)
    assert planned["plan"]["affected"] == [sentence]
    assert planned["plan"]["notes"] == ["Sign-ins notice a changed attribute at the next token."]
    assert [found["display_name"] for found in planned["results"][0]["consumers"]["enters"]] == [TITLE]
    shown = [line.text for line in lines(parse_plan(json.loads(path.read_text())), 100)]
    assert shown[shown.index("Policies and workflows") + 1].strip() == sentence
    assert "Policies and workflows" in path.with_suffix(".md").read_text()
    assert "enters the policy" in path.with_suffix(".md").read_text()

    refused = tenant.fail(RECONCILE, declarations=declarations, consumers="fail")
    assert refused["plan"]["blocked"] == [sentence]
    assert f"Nothing was written: {sentence}." in refused["msg"]
    assert tenant.state[PAYROLL]["Engineering"]["Project"] == ["Cascade"]

    tenant.run(RECONCILE, apply_plan=str(path))
    assert tenant.state[PAYROLL]["Engineering"]["Project"] == ["Baker"]


def test_reconcile_says_what_was_not_read(tenant: Tenant) -> None:
    tenant.run(BULK, assignments=project("Cascade"))
    narrow = tenant.allow(*sorted({*ALL} - {WORKFLOWS}))
    declarations = {"assignments": [{"user": ADELE, "attributes": {"Engineering": {"NumVendors": 77}}}]}
    planned = narrow.run(RECONCILE, declarations=declarations, consumers="report", check_mode=True)
    assert [found["source"] for found in planned["not_read"]] == ["lifecycle_workflows"]
    assert planned["plan"]["notes"] == [
        f"lifecycle_workflows could not be read, which needs {WORKFLOWS}, so more may open or close"
    ]
    refused = narrow.fail(RECONCILE, declarations=declarations, consumers="fail")
    assert refused["plan"]["blocked"] == [f"lifecycle_workflows could not be read, which needs {WORKFLOWS}"]
    assert "not_read" not in narrow.run(RECONCILE, declarations=declarations)


@pytest.mark.parametrize(
    ("sets", "effect"), [(["Engineering"], "may_change"), (["Engineering", "Marketing"], "enters")]
)
def test_values_that_are_hidden_may_decide(tenant: Tenant, sets: list[str], effect: str) -> None:
    tenant.run(BULK, assignments=project("Cascade"))
    with_policy(tenant, BAKER + ' -and CustomSecurityAttribute.Marketing_AppCountry -contains "Canada"')
    state = tenant.emulator.tenant()
    (app,) = (found for found in state["servicePrincipals"] if found["id"] == PAYROLL)
    app["customSecurityAttributes"]["Marketing"] = {"AppCountry": ["Canada"]}
    tenant.emulator.tenant(state)
    token = tenant.emulator.token(
        user="alex@contoso.com",
        scopes=list(ALL),
        roles=["Security Reader", "Lifecycle Workflows Administrator"],
        role_scopes={"Attribute Assignment Administrator": sets},
    )
    scoped = tenant.through(tenant.connect(access_token=token))
    result = scoped.run(BULK, assignments=project("Baker"), consumers="report", check_mode=True)
    assert effects(result)[effect] == [TITLE]


# Applying an approved plan


def approved(tenant: Tenant, folder: Path, consumers: str = "report") -> dict[str, str]:
    """Keep a plan that lets the app enter the policy, and return the options that apply it."""
    plan = str(folder / "plan.json")
    wanted = {"assignments": project("Baker")}
    tenant.run(RECONCILE, declarations=wanted, consumers=consumers, plan_path=plan, check_mode=True)
    return {"apply_plan": plan}


@pytest.fixture
def tagged(tenant: Tenant) -> Tenant:
    """Let the app have another project, and one policy decide by the project Baker."""
    tenant.run(BULK, assignments=project("Cascade"))
    with_policy(tenant, BAKER)
    return tenant


def test_an_approved_policy_is_not_stale(tagged: Tenant, tmp_path: Path) -> None:
    apply = approved(tagged, tmp_path)
    document = json.loads((tmp_path / "plan.json").read_text())
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert [(effect["effect"], effect["display_name"]) for effect in document["effects"]] == [("enters", TITLE)]
    result = tagged.run(RECONCILE, **apply, consumers="report")
    assert result["changed"]
    assert tagged.state[PAYROLL]["Engineering"]["Project"] == ["Baker"]


def test_another_policy_makes_the_plan_stale(tagged: Tenant, tmp_path: Path) -> None:
    apply = approved(tagged, tmp_path)
    with_policy(tagged, BAKER, id="5", displayName="Another")
    before = tagged.state[PAYROLL]
    refused = tagged.fail(RECONCILE, **apply, consumers="report")
    assert '1 app enters the policy "Another" (enabled), and the plan does not say so' in refused["msg"]
    assert tagged.state[PAYROLL] == before
    skipped = tagged.run(RECONCILE, **apply, consumers="report", on_stale="skip")
    assert not skipped["changed"]
    assert '"Another"' in skipped["warnings"][0]


@pytest.mark.parametrize(
    ("made_with", "applied_with", "state"),
    [("report", "ignore", "enabled"), ("ignore", "report", "enabled"), ("report", "report", "disabled")],
)
def test_what_is_not_compared_is_not_stale(
    tagged: Tenant, tmp_path: Path, made_with: str, applied_with: str, state: str
) -> None:
    apply = approved(tagged, tmp_path, made_with)
    with_policy(tagged, BAKER, id="5", displayName="Another", state=state)
    assert tagged.run(RECONCILE, **apply, consumers=applied_with)["changed"]


def test_the_other_direction_of_the_same_policy_is_stale(tagged: Tenant, tmp_path: Path) -> None:
    apply = approved(tagged, tmp_path)
    with_policy(tagged, BAKER.replace("Baker", "Cascade"))
    assert (
        f'1 app leaves the policy "{TITLE}" (enabled), and'
        in tagged.fail(RECONCILE, **apply, consumers="report")["msg"]
    )


def test_a_source_that_can_no_longer_be_read_makes_the_plan_stale(tagged: Tenant, tmp_path: Path) -> None:
    apply = approved(tagged, tmp_path)
    blind = tagged.allow(*(permission for permission in ALL if permission != WORKFLOWS))
    assert "lifecycle_workflows could not be read" in blind.fail(RECONCILE, **apply, consumers="report")["msg"]
    apply = approved(blind, tmp_path)
    assert blind.run(RECONCILE, **apply, consumers="report")["changed"]


def test_fail_applies_nothing_that_an_enabled_policy_decides_by(tagged: Tenant, tmp_path: Path) -> None:
    apply = approved(tagged, tmp_path)
    assert "1 app enters the policy" in tagged.fail(RECONCILE, **apply, consumers="fail")["msg"]


# Another writer


@pytest.mark.parametrize(("consumers", "ends_with"), [("fail", ["Baker"]), ("report", ["Cascade"])])
def test_a_second_write_is_compared_again(tenant: Tenant, waits: Patient, consumers: str, ends_with: list[str]) -> None:
    tenant.run(BULK, assignments=project("Alpine"))
    with_policy(tenant, BAKER)

    def meddle(seconds: float) -> None:
        """Another writer gives the app the project that the policy decides by."""
        waits(seconds)
        if len(waits.waits) == 1:
            state = tenant.emulator.tenant()
            app = next(found for found in state["servicePrincipals"] if found["id"] == PAYROLL)
            app["customSecurityAttributes"]["Engineering"]["Project"] = ["Baker"]
            tenant.emulator.tenant(state)

    tenant.emulator.faults({"match": {"method": "PATCH", "path": PAYROLL}, "do": {"drop_write": True}})
    meddled = tenant.through(waiting(tenant.emulator, meddle, permissions=ALL))
    options: dict[str, Any] = {"assignments": project("Cascade"), "verify": True, "consumers": consumers}
    result = meddled.fail(BULK, **options) if consumers == "fail" else meddled.run(BULK, **options)
    (entry,) = result["results"]
    assert [found["display_name"] for found in entry["consumers"]["leaves"]] == [TITLE]
    assert result["changed"], "the first write was accepted"
    assert tenant.state[PAYROLL]["Engineering"]["Project"] == ends_with
    if consumers == "fail":
        assert "Another writer changed the principal meanwhile. It was not written again" in entry["msg"]
        assert f'1 app leaves the policy "{TITLE}" (enabled).' in entry["msg"]
