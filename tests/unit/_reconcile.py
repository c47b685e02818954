# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role reconcile does with a folder, as the runs of its modules in its order."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.filter.schema_steps import FilterModule
from ansible_collections.entra.attributes.plugins.module_utils._declarations.declared import declared
from ansible_collections.entra.attributes.plugins.module_utils._declarations.snapshot import check_kept
from ansible_collections.entra.attributes.plugins.module_utils._declarations.storage import SNAPSHOT, header
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._operation import Entry
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BULK
from ansible_collections.entra.attributes.plugins.module_utils._operations.attribute_set import SET, run_set_info
from ansible_collections.entra.attributes.plugins.module_utils._operations.definition import (
    DEFINITION,
    run_definition_info,
)

steps = FilterModule().filters()["schema_steps"]


def run(entry: Entry, graph: Graph, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    """A run of a module with its options validated as the module does."""
    validated = ArgumentSpecValidator(entry.spec, **entry.constraints).validate(options)
    assert not validated.error_messages
    return entry.run(validated.validated_parameters, graph, check_mode)


def sealed_yaml(content: Any, tenant: str | None = None) -> bytes:
    """Return a document with the header and the seal that the role writes."""
    body = f"# {json.dumps(header(SNAPSHOT, tenant))}\n{yaml.safe_dump(content)}".encode()
    seal = {"record": "seal", "lines": body.count(b"\n") - 1, "sha256": hashlib.sha256(body).hexdigest()}
    return body + f"# {json.dumps(seal)}\n".encode()


def reconcile(
    graph: Graph, src: Path, snapshot: Path | None = None, *, check_mode: bool = False
) -> list[dict[str, Any]]:
    """The results of its tasks, in their order."""
    folder = check_kept(str(src), str(snapshot) if snapshot else None, None)
    wanted = declared(str(src), {})
    kept = yaml.safe_load(folder.kept) if folder.kept else {}
    sets = run_set_info({"name": None}, graph, False)["attribute_sets"]
    definitions = run_definition_info({"attribute_set": None, "name": None}, graph, False)["definitions"]
    todo = steps({"attribute_sets": wanted.attribute_sets, "definitions": wanted.definitions}, sets, definitions, kept)
    if snapshot:
        if folder.finished:
            for file in ("schema.yml", "assignments.jsonl", "finished"):
                (snapshot / file).unlink(missing_ok=True)
        (snapshot / "schema.yml").write_bytes(sealed_yaml(todo["before"]))
    results = [run(SET, graph, check_mode, **item) for item in todo["attribute_sets"]]
    results += [run(DEFINITION, graph, check_mode, **item, changes="permit") for item in todo["permit"]]
    if wanted.assignments:
        path = {"snapshot_path": str(snapshot / "assignments.jsonl")} if snapshot else {}
        results.append(run(BULK, graph, check_mode, src=str(src), definitions=wanted.definitions, **path))
    results += [run(DEFINITION, graph, check_mode, **item, changes="forbid") for item in todo["forbid"]]
    results += [run(SET, graph, check_mode, **item) for item in todo["limits"]]
    if snapshot:
        names = [name for name in ("schema.yml", "assignments.jsonl") if (snapshot / name).exists()]
        (snapshot / "finished").write_text("\n".join(names) + "\n")
    return results
