# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of a plan: its content, and the refusal of any other content, tenant or time."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ansible_collections.entra.attributes.plugins.module_utils._core.model import AttributeName
from ansible_collections.entra.attributes.plugins.module_utils._core.selection import Reason
from ansible_collections.entra.attributes.plugins.module_utils._core.tenant_plan import (
    ASSIGN,
    Change,
    Step,
    TenantPlan,
)
from ansible_collections.entra.attributes.plugins.module_utils._declarations.plan_file import (
    COLLECTION_VERSION,
    PlanFile,
    canonical,
    digest,
    ensure_current,
    markdown_path,
    masking,
    read_plan,
)
from ansible_collections.entra.attributes.plugins.module_utils._declarations.storage import now
from ansible_collections.entra.attributes.plugins.module_utils._errors import OptionError, PlanRefused

TENANT = "11111111-1111-4111-8111-111111111111"
REASON = Reason(AttributeName("Sales", "Region"), "a.yml:3")
CHANGE = Change("Sales.Region", None, "Straße", "a.yml:3", (REASON,))
STEP = Step(ASSIGN, "user", "1", "adele@contoso.com", (CHANGE,), "a.yml:3")
MADE = PlanFile(TenantPlan((STEP,), {"user": 3}), TENANT, "app", now(), "d", ("Secret",), "salt")


def kept(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    return str(path)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    assert read_plan(kept(tmp_path, MADE.content())) == MADE


@pytest.mark.slow
def test_every_flipped_bit_is_refused(tmp_path: Path) -> None:
    content = MADE.content()
    path = kept(tmp_path, content)
    with Path(path).open("r+b", buffering=0) as file:
        for bit in range(8 * len(content)):
            byte = content[bit // 8]
            os.pwrite(file.fileno(), bytes([byte ^ 1 << bit % 8]), bit // 8)
            with pytest.raises(PlanRefused, match="Nothing was written"):
                read_plan(path)
            os.pwrite(file.fileno(), bytes([byte]), bit // 8)
    assert read_plan(path) == MADE


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"format": 1}', b"[" * 100_000])
def test_what_is_not_a_plan_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(PlanRefused, match=r"is not a plan|has the format|has version"):
        read_plan(kept(tmp_path, content))


def test_a_digest_over_something_else_than_a_plan_does_not_help(tmp_path: Path) -> None:
    document = json.loads(MADE.content())
    del document["steps"]
    content = canonical({**document, "sha256": digest(document)}) + b"\n"
    with pytest.raises(PlanRefused, match="not a plan that this release can read"):
        read_plan(kept(tmp_path, content))


def test_a_plan_that_is_not_there_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"apply_plan: .*cannot be read"):
        read_plan(str(tmp_path / "none.json"))


@pytest.mark.parametrize(
    ("made", "tenant", "reason"),
    [
        (MADE, "22222222-2222-4222-8222-222222222222", "is a plan for 11111111"),
        (MADE, None, "an unknown tenant"),
        (replace(MADE, tenant_id=None), TENANT, "an unknown tenant"),
        (replace(MADE, time="2020-01-01T00:00:00Z"), TENANT, "plan_max_age allows 7 days"),
        (replace(MADE, time="yesterday"), TENANT, "time that cannot be read"),
        (replace(MADE, plan=TenantPlan(blocked=("adele is protected",))), TENANT, "adele is protected"),
    ],
)
def test_a_plan_that_must_not_be_applied(made: PlanFile, tenant: str | None, reason: str) -> None:
    with pytest.raises(PlanRefused, match=reason):
        ensure_current("plan.json", made, tenant, 7)
    ensure_current("plan.json", MADE, TENANT, 7)


def test_a_mask_depends_on_salt_and_key_and_not_on_the_order_of_values() -> None:
    assert masking("s", "k")(["b", "a", "c"]) == masking("s", "k")(["c", "b", "a"])
    values = {masking(salt, key)(value) for salt in "st" for key in ("", "k") for value in (1, True, "1", ["1"])}
    assert len(values) == 16
    assert all(len(value) == 64 for value in values)


def test_the_file_for_a_pull_request_stands_next_to_the_plan() -> None:
    assert markdown_path("out/plan.json") == Path("out/plan.md")
    with pytest.raises(OptionError, match="must not end with"):
        markdown_path("plan.md")


def test_the_version_is_that_of_the_collection() -> None:
    galaxy = yaml.safe_load((Path(__file__).parents[5] / "galaxy.yml").read_text())
    assert galaxy["version"] == COLLECTION_VERSION
