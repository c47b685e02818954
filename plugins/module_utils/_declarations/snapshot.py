# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Snapshots: the values from before a run, as sealed declarations that undo it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._core.assignment_plan import Plan
from .._core.model import KINDS, Principal
from .._core.yaml_text import as_yaml
from .._errors import OptionError
from .files import paths
from .locations import ParseError, no_secret
from .storage import (
    COMMENT,
    SNAPSHOT,
    BrokenSeal,
    as_line,
    check_apart,
    check_file,
    check_folder,
    comment_of,
    first_record,
    header,
    read_regular,
    replace_file,
    sealed,
    tenant_problem,
    unsealed,
)
from .yaml_json import parse_yaml

Items = dict[tuple[str, str], dict[str, Any]]
"""The items of a snapshot by kind and id of their principals."""
HEADER_BYTES = 4096
"""More than any header has."""
ASSIGNMENTS_FILE, SCHEMA_FILE, FINISHED_FILE = "assignments.jsonl", "schema.yml", "finished"
"""The files in the folder of a snapshot of the role reconcile."""


def record(path: str, changes: Iterable[tuple[Principal, Plan]], tenant: str | None) -> None:
    """Save each principal that is about to change as a line: the values to restore, and the values expected then.

    An existing snapshot is continued and sealed again: it keeps the values from before its first run, and expects those
    from after the last. Raises OptionError for a file that is not a whole snapshot of this tenant.
    """
    first, items = load(path, tenant)
    for principal, plan in changes:
        who = (principal.kind.name, principal.id)
        item = items.setdefault(who, {who[0]: who[1], "display_name": principal.display_name})
        for attribute, value in plan.changes.items():
            attribute_set, name = attribute
            before = item.setdefault("attributes", {}).setdefault(attribute_set, {})
            before.setdefault(name, plan.before.get(attribute))
            item.setdefault("expected", {}).setdefault(attribute_set, {})[name] = value
    try:
        replace_file(Path(path), sealed(first, map(as_line, items.values())), private=True)
    except OSError as error:
        raise OptionError("snapshot_path", f"{path} cannot be written: {error.strerror}") from None


def load(path: str, tenant: str | None = None) -> tuple[dict[str, Any], Items]:
    """Return header and items of a snapshot to continue, or new ones without a file. Raises OptionError."""
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


# The folder that the role reconcile keeps


def ensure_whole(src: str) -> list[str]:
    """Return the tenants of a snapshot's folder, whose files must all be whole. Raises OptionError."""
    folder = Path(src)
    expected = [SCHEMA_FILE]
    try:
        expected += read_regular(folder / FINISHED_FILE).decode(errors="replace").split()
    except FileNotFoundError:
        pass  # of a run that was cut off
    except OSError as error:
        raise OptionError("src", f"{folder / FINISHED_FILE} cannot be read: {error.strerror}") from None
    missing = sorted({name for name in expected if not (folder / name).is_file()})
    if missing:
        raise OptionError("src", f"{src} is not a whole snapshot: it lacks {', '.join(missing)}")
    tenants = set()
    for path in paths(src, []):
        if path.parent != folder or path.name not in (SCHEMA_FILE, ASSIGNMENTS_FILE):
            raise OptionError("src", f"{path} does not belong to the snapshot {src}; move it away")
        try:
            tenants.add(unsealed(read_regular(path), comment_of(path)).get("tenant_id"))
        except OSError as error:
            raise OptionError("src", f"{path} cannot be read: {error.strerror}") from None
        except BrokenSeal as broken:
            raise OptionError("src", f"{path} {broken}") from None
    return sorted(filter(None, tenants))


def is_snapshot(src: str) -> bool:
    """Return whether a folder is the snapshot of a reconcile."""
    try:
        return first_record(read_regular(Path(src, SCHEMA_FILE), HEADER_BYTES), COMMENT).get("format") == SNAPSHOT
    except OSError:
        return os.path.isdir(src) and any(os.path.lexists(Path(src, name)) for name in (FINISHED_FILE,))


@dataclass(frozen=True)
class Folder:
    """The folder of a snapshot as a run finds it: whether its run is finished, and what it keeps of the schema."""

    finished: bool = False
    fresh: bool = True
    kept: Mapping[str, Any] = field(default_factory=dict)
    tenant_id: str | None = None


def check_kept(src: Sequence[str], snapshot: str | None) -> Folder:
    """Return the folder of the snapshot that a run is about to keep.

    Raises OptionError where it cannot be written, or where a file would be read or overwritten.
    """
    if snapshot is None:
        return Folder()
    option = "snapshot_path"
    folder = check_folder(option, snapshot)
    files = [(option, folder / name) for name in (SCHEMA_FILE, ASSIGNMENTS_FILE, FINISHED_FILE)]
    for file in files if os.path.lexists(folder) else ():
        check_file(*file)
    for file in files:
        check_apart([file], [("src", path) for path in src])
    return _found(*(path for _option, path in files))


def _found(schema: Path, assignments: Path, finished: Path) -> Folder:
    if finished.exists():
        return Folder(finished=True)
    if not schema.exists():
        if assignments.exists():
            raise OptionError("snapshot_path", f"{schema} is missing, but {assignments} is there", NOT_CONTINUED)
        return Folder()
    try:
        content = read_regular(schema)
        first = unsealed(content, COMMENT)
        if assignments.exists():
            unsealed(read_regular(assignments))
        kept, _line, _words = parse_yaml(content.decode(), lambda line, problem: None, no_secret)
    except OSError as error:
        raise OptionError("snapshot_path", f"{error.filename} cannot be read: {error.strerror}") from None
    except (BrokenSeal, ParseError) as broken:
        raise OptionError("snapshot_path", f"{schema.parent}: a file in it {broken}", NOT_CONTINUED) from None
    return Folder(fresh=False, kept=kept, tenant_id=first.get("tenant_id"))


def begin(
    path: str,
    folder: Folder,
    before: Mapping[str, Any],
    changes: Sequence[tuple[Principal, Plan]],
    tenant: str | None,
) -> None:
    """Save what undoes a run, before its first write. Raises OptionError.

    The snapshot of a finished run is replaced, that of a run that was cut off is continued.
    """
    home = Path(path)
    schema, assignments, finished = (home / name for name in (SCHEMA_FILE, ASSIGNMENTS_FILE, FINISHED_FILE))
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.finished:
            for file in (schema, assignments, finished):
                file.unlink(missing_ok=True)
        first = header(SNAPSHOT, tenant or folder.tenant_id)
        replace_file(schema, sealed(first, [as_yaml(before).encode()], COMMENT), private=True)
    except OSError as error:
        raise OptionError("snapshot_path", f"{error.filename} cannot be written: {error.strerror}") from None
    if changes:
        record(str(assignments), changes, tenant)


def finish(path: str) -> None:
    """Note which files the snapshot of a finished run has. Raises OptionError."""
    names = [name for name in (SCHEMA_FILE, ASSIGNMENTS_FILE) if Path(path, name).exists()]
    try:
        replace_file(Path(path, FINISHED_FILE), "".join(f"{name}\n" for name in names).encode(), private=True)
    except OSError as error:
        raise OptionError("snapshot_path", f"{error.filename} cannot be written: {error.strerror}") from None
