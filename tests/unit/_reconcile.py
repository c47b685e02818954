# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reconcile as the module does it, a folder that takes every kind of step, and a process that can be killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._graph.patience import Patience
from ansible_collections.entra.attributes.plugins.module_utils._graph.transport import Answer, Http
from ansible_collections.entra.attributes.plugins.module_utils._operation import Operation
from ansible_collections.entra.attributes.plugins.module_utils._operations.reconcile import RECONCILE

FOLDER = """
attribute_sets:
- {name: Sales, description: Sellers}
- {name: Engineering, description: Builders}
definitions:
- {attribute_set: Sales, name: Region, type: string, predefined_values_only: true, predefined_values: [Asia],
   inactive_predefined_values: [Moon]}
- {attribute_set: Sales, name: Retired, type: integer, state: deprecated}
- {attribute_set: Engineering, name: Legacy, description: In use again}
- {attribute_set: Engineering, name: Project, predefined_values: [Alpine, Nome, Skagit],
   inactive_predefined_values: [Baker, Gone]}
- {attribute_set: Marketing, name: EmployeeId, state: deprecated}
assignments:
- user: adele@contoso.com
  attributes: {Sales: {Region: Moon, Retired: 7}, Engineering: {Legacy: old, NumVendors: null}}
- {user: alex@contoso.com, attributes: {Engineering: {Project: [Baker, Nome]}, Marketing: {EmployeeId: E1}}}
- {user: dara@contoso.com, attributes: {Marketing: {AppCountry: []}}}
- {service_principal: payroll-api, attributes: {Engineering: {Certification: false, CostCenter: {add: [2]}}}}
"""
PERMISSIONS = [
    "CustomSecAttributeAssignment.ReadWrite.All",
    "CustomSecAttributeDefinition.ReadWrite.All",
    "User.Read.All",
    "Application.Read.All",
]


class Killed(BaseException):
    """The process is gone."""


class Mortal(Http):
    """Sends so many requests; then the process is gone, with the next of them sent or not."""

    def __init__(self, ca: str, last_is_sent: bool) -> None:
        super().__init__(verify=ca, timeout=10, patience=Patience(retries=0))
        self.last_is_sent = last_is_sent
        self.live()

    def live(self, lives: int | None = None) -> None:
        self.lives, self.sent = lives, 0

    def exchange(self, method: str, url: str, **kwargs: Any) -> Answer:
        self.sent += 1
        if self.lives is not None and self.sent > self.lives:
            if self.sent == self.lives + 1 and self.last_is_sent:
                super().exchange(method, url, **kwargs)
            raise Killed
        return super().exchange(method, url, **kwargs)


def run(entry: Operation, graph: Graph, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    """Run a module with its options validated as the module does."""
    validated = ArgumentSpecValidator(entry.spec, **entry.constraints).validate(options)
    assert not validated.error_messages
    return entry.run(validated.validated_parameters, graph, check_mode)


def reconcile(
    graph: Graph,
    src: Path | None = None,
    snapshot: Path | None = None,
    *,
    check_mode: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Reconcile a folder."""
    paths = {"src": [str(src)]} if src else {}
    kept = {"snapshot_path": str(snapshot)} if snapshot else {}
    return run(RECONCILE, graph, check_mode, **paths, **kept, **options)
