# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The printed plan and the one for a pull request: content, length and width."""

from __future__ import annotations

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._core.tenant_plan import (
    ASSIGN,
    ATTRIBUTE_SET,
    DEFINITION,
    FORBID,
    PERMIT,
    SETS,
    Change,
    Finding,
    Step,
    TenantPlan,
)
from ansible_collections.entra.attributes.plugins.module_utils._operations.plan_view import (
    CHANGE,
    CREATE,
    HEAD,
    PROBLEM,
    REMOVE,
    columns,
    fitted,
    headline,
    lines,
    markdown,
)

REGION = (
    Change("type", None, "string"),
    Change("multi_valued", None, True),
    Change("predefined_value Asia", None, "active"),
)


def users(count: int, change: Change | None = None) -> list[Step]:
    return [
        Step(
            ASSIGN,
            "user",
            f"{number}",
            f"user{number}@contoso.com",
            (change or Change("Finance.CostCenter", f"CC-{number}", f"CC-{number + 1}"),),
            f"people.csv:{number + 2}",
        )
        for number in range(count)
    ]


def whole() -> TenantPlan:
    schema = [
        Step(SETS, ATTRIBUTE_SET, "Sales", "Sales", creates=True),
        Step(PERMIT, DEFINITION, "Sales.Region", "Sales.Region", REGION, creates=True),
        Step(PERMIT, DEFINITION, "Finance.Tier", "Finance.Tier", (Change("description", "", "Tier of support"),)),
        Step(
            FORBID, DEFINITION, "Finance.Tier", "Finance.Tier", (Change("predefined_value Gold", "active", "inactive"),)
        ),
    ]
    principals = users(18, Change("Finance.CostCenter", "CC-1500", "CC-1000"))
    gone = [Step(ASSIGN, "user", "x", "alex@contoso.com", (Change("Finance.Tier", "Gold", None),))]
    missing = Finding("user", "dara@contoso.com", "people.csv:40", "there is no user 'dara@contoso.com' in this tenant")
    refused = Finding("user", "lee@contoso.com", "people.csv:41", "value of Finance.Tier: 'Lead' is not predefined")
    return TenantPlan((*schema, *principals, *gone), {"user": 405}, (missing,), (refused,))


@pytest.mark.parametrize("width", [80, 140])
def test_the_view_reads_from_counts_to_what_to_do(width: int) -> None:
    shown = lines(whole(), width, "Run again without check mode to apply it.")
    text = [line.text for line in shown]
    assert " ".join(line.strip() for line in text[: text.index("Attribute sets and definitions")]) == (
        "Plan: 1 set and 1 definition to create, 1 definition to change, 19 principals to change (18 values set,"
        " 1 removed), 405 unchanged, 1 missing, 1 refused"
    )
    body = text[text.index("Attribute sets and definitions") :]
    assert body[:3] == [
        "Attribute sets and definitions",
        "  + attribute set Sales",
        "  + definition Sales.Region: string, multi-valued, 1 predefined value",
    ]
    assert " ".join(line.strip() for line in body[3 : body.index("Assignments")]) == (
        '~ definition Finance.Tier: description "" -> Tier of support; value Gold deactivated'
    )
    body = body[body.index("Assignments") :]
    assert body[:2] == ["Assignments", "  ~ 18 x Finance.CostCenter: CC-1500 -> CC-1000"]
    assert body[2].startswith("      user0@contoso.com, user1@contoso.com")
    assert body[2].endswith("more")
    assert body[3:] == [
        "  - Finance.Tier: Gold -> nothing  alex@contoso.com",
        "Missing",
        "  people.csv:40: there is no user 'dara@contoso.com' in this tenant",
        "Refused",
        "  people.csv:41: value of Finance.Tier: 'Lead' is not predefined",
        "Run again without check mode to apply it.",
    ]
    assert all(columns(line) <= width for line in text)
    assert {CREATE, REMOVE, CHANGE, PROBLEM, HEAD} <= {line.tone for line in shown}


def test_a_plan_without_changes_is_one_line() -> None:
    plan = TenantPlan(unchanged={"user": 10_000, "definition": 1_000})
    assert [line.text for line in lines(plan, 80, "Do something.")] == ["Plan: nothing to change, 11,000 unchanged"]


def test_twenty_changes_are_at_most_forty_lines_with_those_of_ansible() -> None:
    one_by_one = lines(TenantPlan(tuple(users(20))), 80)
    pairs = [step for value in range(10) for step in users(2, Change("Finance.Tier", None, f"{value}"))]
    assert max(len(one_by_one), len(lines(TenantPlan(tuple(pairs)), 80))) <= 24


def test_a_huge_plan_stays_short() -> None:
    assert len(lines(TenantPlan(tuple(users(5_000))), 80)) < 40


def test_text_with_control_characters_cannot_leave_its_line() -> None:
    step = Step(ASSIGN, "user", "1", "a\x1b[2J@contoso.com", (Change("A.B", "x\ny", "\u202eevil"),))
    text = "".join(line.text for line in lines(TenantPlan((step,)), 140))
    assert text.isprintable()


def test_wide_characters_count_twice() -> None:
    assert columns(fitted("名" * 60, 80)) <= 80
    assert headline(TenantPlan(tuple(users(1)))) == "Plan: 1 principal to change (1 value set), 0 unchanged"


def test_the_text_for_a_pull_request_is_markdown_that_values_cannot_break() -> None:
    step = Step(ASSIGN, "user", "1", "<img src=x>@team", (Change("A.B", "|`a` *b*", "</details>"),), "a|b.yml:1")
    text = markdown(TenantPlan((step,)), "0" * 64)
    assert "<img" not in text
    assert "@team" not in text
    assert text.count("</details>") == 1
    assert all(
        row.count("|") == 5 for row in text.splitlines() if row.startswith("| <code>&lt;img") and "yml" not in row
    )


@pytest.mark.slow
def test_the_text_for_a_pull_request_fits_into_a_comment() -> None:
    small, huge = markdown(whole(), "0" * 64), markdown(TenantPlan(tuple(users(20_000))), "0" * 64)
    assert len(huge.encode()) <= 60_000
    assert "more" in huge
    assert small.startswith("### Plan: 1 set and 1 definition to create")
    assert "<code>people.csv:40</code>" in small
    assert huge.rstrip().endswith("`" + "0" * 64 + "`")
