# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifecycle workflows, which have attributes in their scope, their trigger and their tasks (consumer-facts 2)."""

from __future__ import annotations

import re
from typing import Any, Final

from .access import Caller
from .directory import Directory, Resource
from .exchange import Request, Response, denied, not_emulated, not_found
from .faults import Quirks
from .pages import Listing
from .query import check_options
from .rule_texts import hide_rules

PATH: Final = "identityGovernance/lifecycleWorkflows/workflows"
INVALID: Final = "This rule contains invalid properties"
_ATTRIBUTE: Final = re.compile(r"customSecurityAttributes/(\w+)/(\w+)")


class Workflows:
    """Reads of workflows. The list has no conditions, a single workflow has them."""

    def __init__(self, directory: Directory, quirks: Quirks) -> None:
        self.directory = directory
        self.quirks = quirks
        self.listing = Listing("lifecycleWorkflows", PATH, directory, quirks)

    def many(self, request: Request, caller: Caller, base: str) -> Response:
        """Answer with a page of workflows."""
        _require_read(request, allowed=caller.may_read_workflows)
        return self.listing.many(request, caller, base, self._listed)

    def one(self, key: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer with one workflow and its conditions."""
        _require_read(request, allowed=caller.may_read_workflows)

        def show(workflow: Resource) -> dict[str, Any]:
            conditions = workflow.properties.get("executionConditions")
            if not caller.readable_assignments:
                conditions = hide_rules(conditions, self.quirks.unreadable_scope)
            return {**self._listed(workflow), "executionConditions": conditions}

        return self.listing.one(key, request, base, show, also=frozenset({"executionConditions"}))

    def tasks(self, key: str, request: Request, caller: Caller, base: str) -> Response:
        """Answer with the tasks of a workflow, whose arguments can name attributes too."""
        _require_read(request, allowed=caller.may_read_workflow_tasks)
        check_options(request, frozenset(), "the tasks of a workflow")
        workflow = self.directory.resource("lifecycleWorkflows", key)
        if workflow is None:
            raise not_found(key)
        context = f"{base}/$metadata#{PATH}('{workflow.id}')/tasks"
        return Response(200, {"@odata.context": context, "value": workflow.properties.get("tasks", [])})

    def _listed(self, workflow: Resource) -> dict[str, Any]:
        shown = {
            name: value for name, value in workflow.properties.items() if name not in ("executionConditions", "tasks")
        }
        shown.setdefault("quarantineDetails", None)
        if self._is_stopped(workflow):
            if self.quirks.stopped_workflow == "disabled":
                shown |= {"isEnabled": False, "isSchedulingEnabled": False}
            elif self.quirks.stopped_workflow == "quarantined":
                # Only types of thresholds are documented, so that of an invalid rule is unknown.
                shown["quarantineDetails"] = {
                    "@odata.type": "#microsoft.graph.identityGovernance.quarantineDetails",
                    "quarantinedDateTime": shown.get("lastModifiedDateTime"),
                    "quarantineType": "unknownFutureValue",
                    "quarantineReason": INVALID,
                }
        return shown

    def _is_stopped(self, workflow: Resource) -> bool:
        """Return whether the scope names an attribute that is not available, which invalidates the whole rule."""
        scope = (workflow.properties.get("executionConditions") or {}).get("scope") or {}
        named = [self.directory.definitions.get(found) for found in _ATTRIBUTE.findall(scope.get("rule") or "")]
        return any(definition is None or definition.status == "Deprecated" for definition in named)


def _require_read(request: Request, *, allowed: bool) -> None:
    if request.method != "GET":
        raise not_emulated("changes of lifecycle workflows")
    if not allowed:
        raise denied()
