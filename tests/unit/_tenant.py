# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The harness of tests that run operations: a local Graph as a tenant.

result = tenant.run(ASSIGNMENT, user="adele@contoso.com", attribute_set="Engineering", name="NumVendors", value=4)
assert tenant.requests == ["GET /v1.0/users/adele@contoso.com", f"PATCH /v1.0/users/{ADELE}"]
assert tenant.state[ADELE] == {"Engineering": {"NumVendors": 4}}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from _emulator import Emulator
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._errors import EntraError
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._operation import Operation


@dataclass
class Tenant:
    """A tenant of the local Graph, and the Graph through which operations reach it."""

    emulator: Emulator
    graph: Graph
    connect: Callable[..., Graph]

    def run(self, operation: Operation, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """Run an operation with its options validated as a module does. Raises EntraError."""
        validated = ArgumentSpecValidator(operation.spec, **operation.constraints).validate(options)
        assert not validated.error_messages, validated.error_messages
        return operation.run(validated.validated_parameters, self.graph, check_mode)

    def fail(self, operation: Operation, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """Return the failed result of an operation, which must fail."""
        try:
            self.run(operation, check_mode=check_mode, **options)
        except EntraError as error:
            return error.as_result()
        raise AssertionError("the operation did not fail")

    def through(self, graph: Graph) -> Tenant:
        """Return the tenant as this Graph reaches it."""
        return replace(self, graph=graph)

    def allow(self, *permissions: str) -> Tenant:
        """Return the tenant as an application with exactly these permissions reaches it."""
        return self.through(self.connect(access_token=self.emulator.token(permissions=list(permissions))))

    @property
    def requests(self) -> list[str]:
        """The HTTP requests since they were looked at last, as `METHOD path`, without what is inside of batches."""
        found = [f"{entry['method']} {entry['path']}" for entry in self.emulator.requests() if entry["batch"] is None]
        self.emulator.clear()
        return found

    @property
    def log(self) -> list[dict[str, Any]]:
        """Everything that the local Graph logged of the requests since they were looked at last."""
        return self.emulator.requests()

    @property
    def writes(self) -> list[dict[str, Any]]:
        """The writes since the requests were looked at last, also those inside of batches."""
        return [
            entry for entry in self.emulator.requests() if entry["method"] in ("PATCH", "POST") and not batch(entry)
        ]

    @property
    def state(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The attributes of everybody who has any, by object id."""
        tenant = self.emulator.tenant()
        principals = tenant["users"] + tenant["servicePrincipals"]
        return {
            principal["id"]: principal["customSecurityAttributes"]
            for principal in principals
            if principal.get("customSecurityAttributes")
        }


def batch(request: dict[str, Any]) -> bool:
    """Return whether a request is a batch of others."""
    return str(request["path"]).endswith("/$batch")
