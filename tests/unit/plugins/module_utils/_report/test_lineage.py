# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lineage of a report, against an oracle that counts with a naive evaluator, and in the files of a report."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from _emulator import Emulator

from ansible_collections.entra.attributes.plugins.module_utils._core.model import (
    KINDS,
    SERVICE_PRINCIPAL,
    USER,
    AttributeSet,
    Definition,
    Principal,
    flat,
)
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.conditional_access import CONDITIONAL_ACCESS
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.conditions import Node, comparisons
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.dialects import attribute_details
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.odata import ODATA
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._report.figures import Figures, Mask
from ansible_collections.entra.attributes.plugins.module_utils._report.findings import find
from ansible_collections.entra.attributes.plugins.module_utils._report.lineage import count_matches, lineage
from ansible_collections.entra.attributes.plugins.module_utils._tenant.consumers import (
    SOURCES,
    Consumer,
    Consumers,
    NotRead,
)

from ...conftest import ADELE, PAYROLL
from .._core.rules._generator import ATTRIBUTES, SETS, TEXTS, assignments, naive, rule
from .conftest import report
from .test_formats import SCHEMA

AGENT_TYPES = {USER: "agentUser", SERVICE_PRINCIPAL: "agentIdentity"}
DIALECTS = {dialect.name: dialect for dialect in (CONDITIONAL_ACCESS, ODATA)}
DEFINITIONS = [
    Definition(
        attribute.attribute_set, attribute.name, "String", predefined_only=True, predefined=dict.fromkeys(TEXTS, True)
    )
    for attribute in ATTRIBUTES
]
READ = ("CustomSecAttributeAssignment.Read.All", "CustomSecAttributeDefinition.Read.All", "User.Read.All")
APPS, NAME = "Application.Read.All", "Organization.Read.All"
POLICIES, ROLES = "Policy.Read.All", "RoleManagement.Read.Directory"
WORKFLOWS = "LifecycleWorkflows-Workflow.Read.All"


def consumer(number: int, node: Node, dialect: str, **options: Any) -> Consumer:
    """Return the consumer that a reader makes of a rule."""
    text = DIALECTS[dialect].write(node)
    details = tuple(attribute_details(node, text))
    named = {"kind": "conditional_access_policy", "id": f"p{number}", "display_name": f"Policy {number}"}
    placed = {"state": "enabled", "place": "conditions", "rule": text, "attributes": details}
    return Consumer(**{**named, **placed, "dialect": dialect, "tree": node, **options})


def traced(found: list[Consumer], principals: list[Principal], mask: Mask | None = None, **more: Any) -> dict[str, Any]:
    """Return a report as far as its lineage needs it."""
    figures = Figures([AttributeSet(name) for name in SETS], DEFINITIONS, mask=mask)
    for principal in principals:
        figures.add(principal)
    result = figures.as_result()
    consumers = Consumers(found, more.get("not_read", []))
    matches = count_matches([each.as_rule() for each in found], figures, more.get("known", list(KINDS.values())))
    sources = more.get("sources", SOURCES)
    return {
        **result,
        "desired": None,
        "endings": None,
        "lineage": lineage(result["attributes"], consumers, sources, matches, figures.mask),
    }


@pytest.mark.slow
def test_counts_are_those_of_an_oracle() -> None:
    random = Random(20261126)  # noqa: S311 - a seed of tests
    total: Counter[str] = Counter()
    for _tenant in range(60):
        people = []
        for number in range(25):
            kind = random.choice((USER, SERVICE_PRINCIPAL))
            held = assignments(random) if random.random() < 0.8 else {}
            agent = AGENT_TYPES[kind] if random.random() < 0.3 else ""
            people.append((Principal(kind, str(number), f"P {number}", f"k{number}", agent, flat(held)), held))
        found, rules = [], []
        for number in range(6):
            dialect = random.choice(list(DIALECTS))
            node = rule(random, dialect, 2)
            kinds = frozenset(random.choice((["user"], ["service_principal"], KINDS)))
            found.append(consumer(number, node, dialect, kinds=kinds, agents_only=random.random() < 0.2))
            rules.append(node)
        shown = traced(found, [principal for principal, _held in people])["lineage"]
        for each, node, result in zip(found, rules, shown["consumers"], strict=True):
            expected: Counter[str] = Counter()
            for principal, held in people:
                if principal.kind.name in each.kinds and (principal.agent_type or not each.agents_only):
                    answer = naive(node, str(each.dialect), held, {})
                    expected["unknown"] += answer is None
                    expected[principal.kind.plural] += answer is True
                    expected["agents"] += answer is True and bool(principal.agent_type)
            assert result["matches"] == {name: expected[name] for name in result["matches"]}
            total.update(expected)
    assert min(total[name] for name in ("unknown", "users", "service_principals", "agents")) > 50


@pytest.mark.slow
def test_a_value_that_a_rule_does_not_read_makes_no_difference_to_it() -> None:
    random = Random(7)  # noqa: S311 - a seed of tests
    unread = 0
    for _rule in range(1500):
        dialect = random.choice(list(DIALECTS))
        node = rule(random, dialect, 2)
        shown = traced([consumer(0, node, dialect)], [])["lineage"]["attributes"]
        named = {(attribute.attribute_set, attribute.name) for attribute, _operator, _values in comparisons(node)}
        for entry in shown:
            pair = (entry["attribute_set"], entry["name"])
            assert bool(entry["consumers"]) == (pair in named)
            others = assignments(random)
            for value in entry["values"]:
                if isinstance(value["value"], str) and not value["consumers"]:
                    answers = []
                    for text in (value["value"], "a value that nobody names"):
                        held = {**others, pair[0]: {**others.get(pair[0], {}), pair[1]: text}}
                        answers.append(naive(node, dialect, held, {}))
                    assert answers[0] == answers[1]
                    unread += pair in named
    assert unread > 1000


def policy(text: str, **options: Any) -> Consumer:
    """Return a policy with this rule."""
    return consumer(0, CONDITIONAL_ACCESS.parse(text, ()), "conditional_access", **options)


BAKER = 'CustomSecurityAttribute.Engineering_Project -eq "Baker"'
APP = Principal(SERVICE_PRINCIPAL, "1", "App", "a", "", flat({"Engineering": {"Project": "Cascade"}}))


def kinds_of(found: dict[str, Any]) -> list[str]:
    return [finding.kind for finding in find({**found, "declared": None, "endings": None, "required": []})]


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, ["matches-nobody"]),
        ({"state": "enabledForReportingButNotEnforced"}, ["matches-nobody"]),
        ({"mode": "exclude"}, ["excludes-nobody"]),
        ({"state": "disabled"}, []),
        ({"tree": None}, []),
    ],
)
def test_a_rule_that_matches_nobody(options: dict[str, Any], kind: list[str]) -> None:
    found = kinds_of(traced([policy(BAKER, **options)], [APP]))
    assert [name for name in found if name.endswith("nobody")] == kind


def test_nothing_is_said_of_a_rule_if_principals_may_be_hidden() -> None:
    shown = traced([policy(BAKER)], [APP], known=[USER])
    assert shown["lineage"]["consumers"][0]["matches"] is None
    assert "matches-nobody" not in kinds_of(shown)
    negated = traced([policy(BAKER.replace("-eq", "-ne"))], [Principal(SERVICE_PRINCIPAL, "1", "A", "a", "", {})])
    assert negated["lineage"]["consumers"][0]["matches"]["unknown"] == 1
    assert "matches-nobody" not in kinds_of(negated)


def test_values_and_attributes_that_nothing_reads() -> None:
    shown = traced([policy(BAKER)], [APP])
    assert shown["lineage"]["complete"]
    found = {finding.kind: finding for finding in find({**shown, "declared": None, "endings": None, "required": []})}
    assert found["unread-value"].subject == "Engineering.Project"
    assert "Cascade: 1 principal" in found["unread-value"].details
    assert not any(detail.startswith("Baker:") for detail in found["unread-value"].details)
    assert len(found["unread-attribute"].details) == len(ATTRIBUTES) - 1


@pytest.mark.parametrize(
    "more",
    [
        {"not_read": [NotRead("lifecycle_workflows", WORKFLOWS, "403")]},
        {"sources": ["conditional_access_policies"]},
        {"consumer": {"certain": False, "tree": None, "rule": None}},
    ],
)
def test_nothing_is_called_unread_while_something_was_not_read(more: dict[str, Any]) -> None:
    shown = traced([policy(BAKER, **more.pop("consumer", {}))], [APP], **more)
    assert not shown["lineage"]["complete"]
    assert not [kind for kind in kinds_of(shown) if kind.startswith("unread")]


def test_names_that_differ_in_case_are_the_same_attribute() -> None:
    shown = traced([policy('CustomSecurityAttribute.engineering_PROJECT -eq "baker"')], [])["lineage"]
    (project,) = [entry for entry in shown["attributes"] if entry["consumers"]]
    assert (project["attribute_set"], project["name"]) == ("Engineering", "Project")
    assert {value["value"] for value in project["values"] if value["consumers"]} == {"Baker", "baker"}


# The files, of the local Graph's tenant


@pytest.fixture
def made(graph: Graph, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Makes a report of all formats, and returns its JSON."""

    def make(by: Graph | None = None, **options: Any) -> dict[str, Any]:
        formats = ["html", "json", "csv", "junit", "sarif", "markdown"]
        report(by or graph, tmp_path / "made", formats=formats, **options)
        document: dict[str, Any] = json.loads((tmp_path / "made" / "report.json").read_text())
        jsonschema.validate(document, SCHEMA)
        return document

    return make


@pytest.mark.usefixtures("assigned")
def test_every_format_has_the_lineage(made: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    document = made()
    named = {(found["id"][-2:], found["place"]): found for found in document["lineage"]["consumers"]}
    assert len(named) == document["summary"]["consumers"] == 11
    nobody = named["01", "conditions.applications.applicationFilter"]
    assert nobody["matches"] == {"users": 0, "service_principals": 0, "agents": 0, "unknown": 0}
    title = 'Conditional Access policy "Require MFA for the applications of Baker"'
    message = f"The rule of the {title} matches no principal"
    assert message in [finding["message"] for finding in document["findings"]]
    folder = tmp_path / "made"
    assert message in (folder / "report.sarif").read_text().replace('\\"', '"')
    (row,) = [row for row in csv.DictReader((folder / "report.csv").open()) if row["name"] == "Datacenter"]
    assert row["consumers"] == 'Conditional Access policy "Block agents outside the data centers of Europe"'
    junit = ElementTree.fromstring((folder / "junit.xml").read_bytes())  # noqa: S314 # just written
    (suite,) = [suite for suite in junit if suite.get("name") == "consumers"]
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert f"{title} conditions.applications.applicationFilter" in failed
    assert len(failed) < len(suite)
    lines = (folder / "summary.md").read_text().splitlines()
    assert any(line.startswith('| Conditional Access policy "Require MFA') and line.endswith("| 0 |") for line in lines)
    assert "matches no principal" in (folder / "index.html").read_text()


def test_a_rule_with_a_problem_has_its_right_form(made: Callable[..., dict[str, Any]], emulator: Emulator) -> None:
    state = emulator.tenant()
    conditions = state["conditionalAccessPolicies"][0]["conditions"]
    conditions["applications"]["applicationFilter"]["rule"] = BAKER.replace("_", ".").replace("-eq", "-contains")
    emulator.tenant(state)
    document = made()
    (finding,) = [finding for finding in document["findings"] if finding["kind"] == "rule-problem"]
    assert finding["code"] == BAKER.replace("-eq", "-contains")
    assert {finding["kind"] for finding in document["findings"]}.isdisjoint({"unread-value", "unread-attribute"})


@pytest.mark.parametrize(
    ("missing", "sources"),
    [
        (POLICIES, ["conditional_access_policies", "app_management_policies"]),
        (WORKFLOWS, ["lifecycle_workflows"]),
        (ROLES, ["directory_role_assignments"]),
    ],
)
def test_a_source_that_cannot_be_read_is_named_with_its_permission(
    made: Callable[..., dict[str, Any]],
    connect: Callable[..., Graph],
    emulator: Emulator,
    tmp_path: Path,
    missing: str,
    sources: list[str],
) -> None:
    permissions = sorted({*READ, APPS, NAME, POLICIES, ROLES, WORKFLOWS} - {missing})
    document = made(connect(access_token=emulator.token(permissions=permissions)))
    assert [found["source"] for found in document["lineage"]["not_read"]] == sources
    reasons = " ".join(entry["reason"] for entry in document["not_read"])
    assert missing in reasons
    assert not document["lineage"]["complete"]
    assert not [finding for finding in document["findings"] if finding["kind"].startswith("unread")]
    assert "nothing that was read" in (tmp_path / "made" / "index.html").read_text()


def test_without_sources_no_consumer_is_read(made: Callable[..., dict[str, Any]], emulator: Emulator) -> None:
    emulator.clear()
    document = made(sources=[])
    assert (document["lineage"], document["summary"]["consumers"]) == (None, None)
    assert not [request for request in emulator.requests() if "identity" in request["path"]]
    assert {"lifecycle workflows", "directory role assignments"} <= {entry["what"] for entry in document["not_read"]}


def test_declared_exposures_are_part_of_it(made: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "exposures.yml").write_text(
        "exposures:\n- {name: Badges, owner: Facilities, attributes: [Engineering.CostCenter, "
        "{Engineering.Project: [Cascade]}]}\n"
    )
    document = made(desired=str(tmp_path / "exposures.yml"))
    (exposure,) = [found for found in document["lineage"]["consumers"] if found["kind"] == "exposure"]
    assert (exposure["display_name"], exposure["owner"], exposure["matches"]) == ("Badges", "Facilities", None)
    assert exposure["place"].endswith("exposures.yml:2")
    number = document["lineage"]["consumers"].index(exposure)
    by_name = {entry["name"]: entry for entry in document["lineage"]["attributes"]}
    assert by_name["CostCenter"]["consumers"] == [number]
    reading = [entry["value"] for entry in by_name["Project"]["values"] if number in entry["consumers"]]
    assert reading == ["Cascade"]
    assert "owner: Facilities" in (tmp_path / "made" / "index.html").read_text()
    alone = made(desired=str(tmp_path / "exposures.yml"), sources=[])["lineage"]
    assert (len(alone["consumers"]), alone["complete"]) == (1, False)


def test_role_conditions_are_read_on_request(made: Callable[..., dict[str, Any]], emulator: Emulator) -> None:
    document = made(sources=["role_conditions"], resource_manager_url=emulator.resource_manager_url)
    found = document["lineage"]["consumers"]
    assert {consumer["kind"] for consumer in found} == {"role_condition"}
    assert {consumer["matches"] is None for consumer in found} == {True}
    assert "role conditions" not in [entry["what"] for entry in document["not_read"]]
    assert "role conditions" in [entry["what"] for entry in made()["not_read"]]


@pytest.mark.usefixtures("assigned")
def test_rules_about_masked_sets_are_masked(made: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    document = made(masked_attribute_sets=["Engineering"])
    consumers = document["lineage"]["consumers"]
    masked = [found for found in consumers if found["masked"]]
    assert {found["rule"] for found in masked} == {None}
    assert {found["matches"] is None for found in masked} == {True}
    assert masked[0]["display_name"] is None  # it quotes Baker
    assert any(found["rule"] for found in consumers)
    for file in (tmp_path / "made").iterdir():
        text = file.read_text()
        assert [value for value in ("Baker", "Dublin", "Frankfurt", "Alpine", "2026-12-31") if value in text] == []


def test_the_figures_count_what_the_tenant_has(made: Callable[..., dict[str, Any]], emulator: Emulator) -> None:
    state = emulator.tenant()
    for principal in state["users"] + state["servicePrincipals"]:
        if principal["id"] in (ADELE, PAYROLL):
            principal["customSecurityAttributes"] = {"Engineering": {"Project": ["Baker", "Cascade"]}}
    emulator.tenant(state)
    document = made()
    first = document["lineage"]["consumers"][0]
    assert first["matches"] == {"users": 0, "service_principals": 1, "agents": 0, "unknown": 0}
    (project,) = [entry for entry in document["lineage"]["attributes"] if entry["name"] == "Project"]
    values = {entry["value"]: entry["principals"] for entry in project["values"]}
    assert (project["principals"], values["Baker"], values["Cascade"], values["Alpine"]) == (2, 2, 2, 0)
