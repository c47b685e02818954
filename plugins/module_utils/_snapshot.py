# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Snapshots: the values from before a run, as sealed declarations that undo it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.entra.attributes.plugins.module_utils._directory import KINDS, Principal
from ansible_collections.entra.attributes.plugins.module_utils._errors import OptionError
from ansible_collections.entra.attributes.plugins.module_utils._files import paths
from ansible_collections.entra.attributes.plugins.module_utils._plan import Plan
from ansible_collections.entra.attributes.plugins.module_utils._storage import (
    SNAPSHOT,
    BrokenSeal,
    as_line,
    comment_of,
    first_record,
    header,
    read_regular,
    replace_file,
    sealed,
    tenant_problem,
    unsealed,
)

Items = dict[tuple[str, str], dict[str, Any]]
"""The items of a snapshot by kind and id of their principals."""
HEADER_BYTES = 4096
"""More than any header has."""
ASSIGNMENTS_FILE, SCHEMA_FILE, FINISHED_FILE = "assignments.jsonl", "schema.yml", "finished"
"""The files in the folder of a snapshot of the role reconcile."""


def record(path: str, changes: Iterable[tuple[Principal, Plan]], tenant: str | None) -> None:
    """Save what is about to change, a principal in each line: what undoes it, and what must be there then.

    An existing snapshot is continued and sealed again: it keeps the values from before its first run, and expects those
    from after the last. Raises OptionError for a file that is not a whole snapshot of this tenant.
    """
    first, items = load(path, tenant)
    for principal, plan in changes:
        who = (principal.kind.name, principal.id)
        item = items.setdefault(who, {who[0]: who[1], "display_name": principal.display_name})
        for attribute_set, name in plan.changes():
            before = item.setdefault("attributes", {}).setdefault(attribute_set, {})
            before.setdefault(name, plan.before.get(attribute_set, {}).get(name))
            after = plan.after.get(attribute_set, {}).get(name)
            item.setdefault("expected", {}).setdefault(attribute_set, {})[name] = after
    try:
        replace_file(Path(path), sealed(first, map(as_line, items.values())), private=True)
    except OSError as error:
        raise OptionError("snapshot_path", f"{path} cannot be written: {error.strerror}") from None


def load(path: str, tenant: str | None = None) -> tuple[dict[str, Any], Items]:
    """Return header and items of a snapshot to continue; new ones if there is no file. Raises OptionError."""
    try:
        content = read_regular(path)
    except FileNotFoundError:
        return header(SNAPSHOT, tenant), {}
    except OSError as error:
        raise OptionError("snapshot_path", f"{path} cannot be read: {error.strerror}") from None
    try:
        first = unsealed(content)
        if problem := tenant_problem(first, tenant):
            raise BrokenSeal(problem)
        items = map(json.loads, content.splitlines()[1:-1])
        return {**first, "tenant_id": first.get("tenant_id") or tenant}, {_who(item): item for item in items}
    except BrokenSeal as broken:
        raise OptionError("snapshot_path", f"{path} {broken}", NOT_CONTINUED) from None
    except (ValueError, TypeError, StopIteration, RecursionError):
        raise OptionError("snapshot_path", f"{path} is not a snapshot", NOT_CONTINUED) from None


NOT_CONTINUED = "It was not touched. Give another path, or move the file away to begin a new snapshot."


def _who(item: dict[str, Any]) -> tuple[str, str]:
    return next((kind, str(item[kind])) for kind in KINDS if kind in item)


def headers(src: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the headers of the snapshots among the files of `src`."""
    for path in paths(src, []):
        try:
            found = first_record(read_regular(path, HEADER_BYTES), comment_of(path))
        except OSError:
            continue  # reading reports it
        if found.get("format") == SNAPSHOT:
            yield path, found
