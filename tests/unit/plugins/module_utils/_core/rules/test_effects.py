# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which changes concern a rule, and how effects are put in words."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.model import AttributeName
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.conditional_access import CONDITIONAL_ACCESS
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.effects import (
    DecidingRule,
    Effect,
    PrincipalChange,
    effect_sentences,
    find_effects,
)
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.evaluation import Evaluator

PROJECT, LEVEL = AttributeName("Engineering", "Project"), AttributeName("Engineering", "Level")
TREE = CONDITIONAL_ACCESS.parse('CustomSecurityAttribute.Engineering_Project -contains "Baker"', ())
RULE = DecidingRule({"service_principal"}, {PROJECT}, Evaluator(TREE, "conditional_access"))
AGENTS = DecidingRule({"service_principal"}, {PROJECT}, RULE.evaluator, agents_only=True)
HIDDEN = DecidingRule({"service_principal"})
UNREADABLE = DecidingRule({"service_principal"}, {PROJECT})


@pytest.mark.parametrize(
    ("rule", "options", "effect"),
    [
        (RULE, {}, "enters"),
        (RULE, {"before": {PROJECT: ["Baker"]}, "changes": {PROJECT: None}}, "leaves"),
        (RULE, {"before": {PROJECT: ["Baker"]}}, None),
        (RULE, {"changes": {LEVEL: "Baker"}}, None),
        (RULE, {"kind": "user"}, None),
        (RULE, {"hidden": {"Engineering"}}, "may_change"),
        (RULE, {"hidden": {"Marketing"}}, "enters"),
        (RULE, {"changes": {AttributeName("engineering", "project"): ["Baker"]}}, "may_change"),
        (AGENTS, {}, None),
        (AGENTS, {"is_agent": True}, "enters"),
        (HIDDEN, {"changes": {LEVEL: "1"}}, "may_change"),
        (UNREADABLE, {}, "may_change"),
        (UNREADABLE, {"changes": {LEVEL: "1"}}, None),
    ],
)
def test_an_effect(rule: DecidingRule, options: dict[str, Any], effect: str | None) -> None:
    change = PrincipalChange(
        **{"kind": "service_principal", "before": {}, "changes": {PROJECT: ["Baker"]}, **options}  # type: ignore[arg-type]
    )
    assert list(find_effects([HIDDEN, rule], [change])) == [
        {
            **({0: "may_change"} if change.kind == "service_principal" else {}),
            **({1: effect} if effect else {}),
        }
    ]


def test_effects_become_sentences_and_what_acts_comes_first() -> None:
    def effect(
        name: str | None, kind: str = "leaves", state: str | None = "enabled", mode: str | None = None
    ) -> Effect:
        return Effect(kind, "policy", "p1", name, state, mode, "conditions")

    found = [("service_principal", effect("Off", state="disabled"))]
    found += [("service_principal", effect("Test", state="enabledForReportingButNotEnforced"))]
    found += [("service_principal", effect("Require MFA for finance apps"))] * 1200
    found += [("user", effect("Both", "enters")), ("service_principal", effect("Both", "enters"))]
    found += [("user", effect(None, "may_change", None)), ("user", effect("Block", "enters", mode="exclude"))]
    assert effect_sentences(found) == [
        '1 app and 1 user enter the policy "Both" (enabled)',
        '1 user enters the exclusion of the policy "Block" (enabled)',
        '1,200 apps leave the policy "Require MFA for finance apps" (enabled)',
        '1 user may enter or leave the policy "p1"',
        '1 app leaves the policy "Off" (disabled)',
        '1 app leaves the policy "Test" (report-only)',
    ]
