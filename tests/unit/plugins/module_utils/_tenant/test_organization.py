# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of the tenant, and of the identity whose token is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from _emulator import Emulator

from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._tenant.organization import (
    describe_identity,
    read_organization,
)


def test_the_names_are_those_of_the_tenant(graph: Graph) -> None:
    organization = read_organization(graph)
    assert (organization.display_name, organization.domain, organization.problem) == ("Contoso", "contoso.com", "")
    assert organization.id == graph.claims()["tid"]


def test_a_refusal_leaves_the_names_unknown(connect: Callable[..., Graph], emulator: Emulator) -> None:
    token = emulator.token(permissions=["CustomSecAttributeDefinition.Read.All"])
    organization = read_organization(connect(access_token=token))
    assert (organization.display_name, organization.domain) == ("", "")
    assert "Organization.Read.All" in organization.problem


@pytest.mark.parametrize(
    ("claims", "shown"),
    [
        ({"upn": "adele@contoso.com", "appid": "1"}, "adele@contoso.com"),
        ({"preferred_username": "adele@contoso.com"}, "adele@contoso.com"),
        ({"appid": "1", "app_displayname": "Pipeline"}, "Pipeline (1)"),
        ({"azp": "1"}, "1"),
        ({"app_displayname": "Pipeline"}, "Pipeline"),
        ({"upn": 8, "appid": None}, ""),
        ({}, ""),
    ],
)
def test_the_identity_is_a_user_or_an_application(claims: dict[str, Any], shown: str) -> None:
    assert describe_identity(claims) == shown
