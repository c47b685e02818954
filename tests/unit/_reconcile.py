# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role reconcile does with a folder, as the runs of its modules in its order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._bulk import BULK
from ansible_collections.entra.attributes.plugins.module_utils._declared import declared
from ansible_collections.entra.attributes.plugins.module_utils._definitions import DEFINITION, SET
from ansible_collections.entra.attributes.plugins.module_utils._graph import Graph
from ansible_collections.entra.attributes.plugins.module_utils._module import Entry


def run(entry: Entry, graph: Graph, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    """A run of a module with its options validated as the module does."""
    validated = ArgumentSpecValidator(entry.spec, **entry.constraints).validate(options)
    assert not validated.error_messages, validated.error_messages
    return entry.run(validated.validated_parameters, graph, check_mode)


def reconcile(graph: Graph, folder: Path, check_mode: bool = False, **bulk: Any) -> list[dict[str, Any]]:
    """The results of all tasks: sets, what permits more, assignments, what forbids more."""
    found = declared(str(folder), {})
    results = [run(SET, graph, check_mode, **one) for one in found.attribute_sets]
    results += [run(DEFINITION, graph, check_mode, **one, changes="permit") for one in found.definitions]
    results.append(run(BULK, graph, check_mode, src=str(folder), definitions=found.definitions, **bulk))
    results += [run(DEFINITION, graph, check_mode, **one, changes="forbid") for one in found.definitions]
    return results
