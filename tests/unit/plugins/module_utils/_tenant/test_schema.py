# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attribute sets and definitions, read at the same time."""

from __future__ import annotations

import pytest
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils._errors import PermissionDenied
from ansible_collections.entra.attributes.plugins.module_utils._tenant.schema import Schema

SETS, DEFINITIONS = r"attributeSets$", r"customSecurityAttributeDefinitions$"


def test_sets_and_definitions_are_what_each_read_gives(tenant: Tenant) -> None:
    schema = Schema(tenant.graph)
    sets, definitions = schema.sets_and_definitions()
    assert (sets, definitions) == (schema.sets(), schema.definitions())
    assert {known.attribute_set for known in definitions} <= {known.name for known in sets}


@pytest.mark.parametrize(
    ("refused", "named"),
    [([SETS], "attributeSets"), ([DEFINITIONS], "Definitions"), ([DEFINITIONS, SETS], "attributeSets")],
)
def test_the_first_refusal_is_reported_whichever_comes_first(tenant: Tenant, refused: list[str], named: str) -> None:
    tenant.emulator.faults(
        *({"match": {"method": "GET", "path": path}, "times": None, "do": {"status": 403}} for path in refused)
    )
    with pytest.raises(PermissionDenied, match=named):
        Schema(tenant.graph).sets_and_definitions()
