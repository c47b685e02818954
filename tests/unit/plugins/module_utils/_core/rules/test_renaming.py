# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules after a move: the attribute and its values change, everything else stays as it was."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.model import AttributeName, Definition
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.dialects import DIALECTS
from ansible_collections.entra.attributes.plugins.module_utils._core.rules.renaming import Renaming

CA, ROLE, ODATA = "conditional_access", "role_condition", "odata"
OLD = "CustomSecurityAttribute.Engineering_Projct"
NEW = "CustomSecurityAttribute.Engineering_Project"
PRINCIPAL = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Engineering_"


def renamed(dialect: str, rule: str, values: dict[str, Any] | None = None, **target: Any) -> tuple[str | None, str]:
    definition = Definition("Engineering", "Project", target.pop("type", "String"), **target)
    renaming = Renaming(AttributeName("Engineering", "Projct"), definition, values or {})
    return renaming.rule(rule, DIALECTS[dialect])


@pytest.mark.parametrize(
    ("dialect", "rule", "becomes"),
    [
        (CA, f'{OLD} -eq "Bakr"', f'{NEW} -eq "Baker"'),
        (CA, f'{OLD} -eq "Alpine"', f'{NEW} -eq "Alpine"'),
        (CA, f'-not ({OLD} -in ["Bakr", "Nome"])', f'-not ({NEW} -in ["Baker","Nome"])'),
        (
            CA,
            f'{OLD} -eq "Bakr" -or CustomSecurityAttribute.Sales_Bakr -eq "Bakr"',
            f'{NEW} -eq "Baker" -or CustomSecurityAttribute.Sales_Bakr -eq "Bakr"',
        ),
        (CA, 'CustomSecurityAttribute.engineering_projct -eq "Bakr"', f'{NEW} -eq "Baker"'),
        (ROLE, f"{PRINCIPAL}Projct] StringEquals 'Bakr'", f"{PRINCIPAL}Project] StringEquals 'Baker'"),
        (ROLE, f"Exists {PRINCIPAL}Projct]", f"Exists {PRINCIPAL}Project]"),
        (
            ODATA,
            "customSecurityAttributes/Engineering/Projct eq 'Bakr'",
            "customSecurityAttributes/Engineering/Project eq 'Baker'",
        ),
        (
            ODATA,
            "customSecurityAttributes/Engineering/Projct ne null",
            "customSecurityAttributes/Engineering/Project ne null",
        ),
    ],
)
def test_the_attribute_and_its_values_change(dialect: str, rule: str, becomes: str) -> None:
    assert renamed(dialect, rule, {"Bakr": "Baker"}) == (becomes, "")


def test_values_get_the_type_of_the_new_attribute() -> None:
    rule = "customSecurityAttributes/Engineering/Projct eq '8'"
    assert renamed(ODATA, rule, type="Integer") == ("customSecurityAttributes/Engineering/Project eq 8", "")
    becomes, reason = renamed(ODATA, rule.replace("8", "x"), type="Integer")
    assert becomes is None
    assert "is not an integer" in reason


@pytest.mark.parametrize(
    ("rule", "values", "target", "remark"),
    [
        (f'{OLD} -contains "Bak"', {"Bakr": "Baker"}, {}, "-contains may compare with a part of a value that changes"),
        (f'{OLD} -match "B.*"', {"Bakr": "Baker"}, {}, "-match may compare with a part of a value that changes"),
        (f'{OLD} -eq "8"', {}, {"type": "Integer"}, "Conditional Access compares String attributes only"),
        (f'{OLD} -eq "Bakr"', {}, {"predefined_only": True, "predefined": {"Baker": True}}, "did you mean Baker?"),
    ],
)
def test_a_remark_says_what_to_check(rule: str, values: Any, target: Any, remark: str) -> None:
    becomes, said = renamed(CA, rule, values, **target)
    assert becomes is not None
    assert becomes.startswith(NEW)
    assert remark in said


def test_a_rule_that_cannot_be_read_is_left_to_people() -> None:
    becomes, reason = renamed(CA, f"{OLD} equals Bakr")
    assert becomes is None
    assert reason.startswith("the rule cannot be read: ")
