# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims of tokens: the tenant that they name."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.entra.attributes.plugins.module_utils._tenant.permissions import tenant_of

OTHER = "99999999-9999-4999-8999-999999999999"


@pytest.mark.parametrize(
    ("claims", "option", "tenant"),
    [
        ({"tid": OTHER.upper()}, None, OTHER),
        ({"tid": OTHER}, "contoso.com", OTHER),
        ({}, OTHER, OTHER),
        ({}, "contoso.com", None),
        ({"tid": 5}, None, None),
        ({}, None, None),
    ],
)
def test_the_tenant_is_that_of_the_token_or_of_the_option(
    claims: dict[str, Any], option: str | None, tenant: str | None
) -> None:
    assert tenant_of(claims, option) == tenant
