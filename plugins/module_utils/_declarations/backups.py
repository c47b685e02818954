# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""A folder of backups: exports that are named by the time, each with a seal that is written last.

A folder is a backup only if its seal fits every file in it. Nothing else is ever removed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from .._errors import OptionError
from .folder import MANIFEST, check_export
from .storage import SWITCH, check_folder, now, read_regular, replace_file, sync_folder

SEAL = ".backup.json"
"""Says which tenant a backup is of, when it was made, and the digests of the lists of its files and principals."""
PRINCIPALS = ".principals.json"
"""The object ids of the principals by kind and by the names that they have in the files."""
FORMAT, VERSION = "entra.attributes/backup", 1
_TIME = "%Y-%m-%dT%H%M%SZ"
_AHEAD = 60
"""Seconds by which backups that are made in quick succession can run ahead of the time."""
_NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}Z")
_REMOVED = re.compile(r"\.[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}Z\.removed")
_HEADER_TIME = "%Y-%m-%dT%H:%M:%SZ"


class BrokenBackup(Exception):
    """The reason why a folder is not a whole backup."""


@dataclass(frozen=True)
class Backup:
    """A whole backup; the tenant was read from `started` to `finished`. `tenant_id` is null where it was not known.

    `complete` says that nothing was hidden from the identity that made it.
    """

    path: Path
    tenant_id: str | None
    started: datetime
    finished: datetime
    complete: bool

    def principals(self) -> dict[str, dict[str, str]]:
        """Return the object ids of its principals, by kind and by the names in its files.

        Raises OSError and BrokenBackup.
        """
        try:
            found: dict[str, dict[str, str]] = json.loads(read_regular(self.path / PRINCIPALS))
            if all(isinstance(object_id, str) for ids in found.values() for object_id in ids.values()):
                return found
        except (ValueError, AttributeError, RecursionError):
            pass
        raise BrokenBackup(f"its {PRINCIPALS} is damaged")


def new_backup(dest: str) -> Path:
    """Return the folder of the next backup in a folder of backups. Raises OptionError."""
    folder = check_folder("dest", dest)
    if os.path.lexists(folder / MANIFEST):
        raise OptionError("dest", f"{folder} is itself an export; with backup, give a folder that holds only backups")
    at = datetime.now(timezone.utc).replace(microsecond=0)
    soon = {(at + timedelta(seconds=number)).strftime(_TIME): number for number in range(_AHEAD)}
    try:
        taken = [soon[name] for name in os.listdir(folder) if name in soon] if os.path.isdir(folder) else []
    except OSError as error:
        raise OptionError("dest", f"{folder} cannot be read: {error.strerror}") from None
    at += timedelta(seconds=max(taken, default=-1) + 1)  # it comes after those of the same second
    return check_export(str(folder / at.strftime(_TIME)))


def reserve(folder: Path) -> Path:
    """Make the folder of a backup, with a later name if another run was faster. Raises OptionError."""
    try:
        os.makedirs(folder.parent, exist_ok=True)
        while True:
            try:
                os.mkdir(folder, 0o700)
                return folder
            except FileExistsError:
                folder = new_backup(str(folder.parent))
    except OSError as error:
        raise OptionError("dest", f"{error.filename or folder} cannot be made: {error.strerror}") from None


def seal(
    folder: Path, tenant_id: str | None, started: str, *, complete: bool, principals: Mapping[str, Mapping[str, str]]
) -> None:
    """Make an export that is complete a backup. Raises OptionError."""
    try:
        replace_file(folder / PRINCIPALS, (json.dumps(principals, indent=0) + "\n").encode(), private=True)
        content = {
            "format": FORMAT,
            "version": VERSION,
            "tenant_id": tenant_id,
            "started": started,
            "finished": now(),
            "complete": complete,
            "sha256": {name: _digest(folder / name) for name in (MANIFEST, PRINCIPALS)},
        }
        replace_file(folder / SEAL, (json.dumps(content, indent=1) + "\n").encode(), private=True)
    except OSError as error:
        raise OptionError("dest", f"{error.filename or folder} cannot be written: {error.strerror}") from None


def is_backup(folder: str | Path) -> bool:
    """Return whether a folder says that it is a backup."""
    return os.path.lexists(Path(folder) / SEAL)


def read_backup(folder: Path) -> Backup:
    """Return a backup, if its files are exactly those that were sealed. Raises BrokenBackup."""
    try:
        sealed = json.loads(read_regular(folder / SEAL))
        if not isinstance(sealed, dict) or (sealed.get("format"), sealed.get("version")) != (FORMAT, VERSION):
            raise BrokenBackup(f"its {SEAL} is damaged or of another version")
        digests = {name: _digest(folder / name) for name in (MANIFEST, PRINCIPALS)}
        if os.path.lexists(folder / SWITCH) or digests != sealed.get("sha256"):
            raise BrokenBackup("it was exported to again")
        _ensure_files(folder, json.loads(read_regular(folder / MANIFEST))["files"])
        started, finished = (_instant(sealed.get(key)) for key in ("started", "finished"))
    except FileNotFoundError as error:
        raise BrokenBackup(f"{Path(error.filename).name} is missing") from None
    except OSError as error:
        raise BrokenBackup(f"{error.filename} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BrokenBackup(f"its {SEAL} or {MANIFEST} is damaged") from None
    tenant = sealed.get("tenant_id")
    return Backup(
        folder, tenant if isinstance(tenant, str) else None, started, finished, sealed.get("complete") is True
    )


def _instant(text: Any) -> datetime:
    """Return a time. Raises ValueError and TypeError, also for one at the ends of what Python can compute with."""
    found = datetime.strptime(text, _HEADER_TIME).replace(tzinfo=timezone.utc)
    if not 2000 <= found.year < 9999:
        raise ValueError(text)
    return found


def _digest(path: Path) -> str:
    return hashlib.sha256(read_regular(path)).hexdigest()


def _ensure_files(folder: Path, digests: dict[str, str]) -> None:
    """Raise BrokenBackup for a file that is missing, changed or additional."""
    found = {path.relative_to(folder).as_posix() for path in _files(folder)}
    if more := sorted(found - {*digests, MANIFEST, PRINCIPALS, SEAL}):
        raise BrokenBackup(f"{more[0]} is not of the backup")
    for name, digest in digests.items():
        if name not in found:
            raise BrokenBackup(f"{name} is missing")
        if _digest(folder / name) != digest:
            raise BrokenBackup(f"{name} was changed")


def _files(folder: Path) -> Iterator[Path]:
    """Yield all files of a folder, and links to folders, which count as files."""
    for parent, folders, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)
        yield from (Path(parent, name) for name in folders if os.path.islink(Path(parent, name)))


def restorable_ids(sources: Sequence[str], tenant_id: str | None) -> dict[tuple[str, str], str]:
    """Return the object ids of the principals in backups among the sources, by kind and name.

    Raises OptionError for a backup that is not whole, or is of another tenant.
    """
    found: dict[tuple[str, str], str] = {}
    for src in sources:
        if not is_backup(src):
            continue
        hint = f"To use its files nevertheless, copy them to another folder without {SEAL}."
        try:
            backup = read_backup(Path(src))
            principals = backup.principals()
        except OSError as error:
            raise OptionError("src", f"{error.filename} cannot be read: {error.strerror}") from None
        except BrokenBackup as reason:
            raise OptionError("src", f"{src} is not a whole backup: {reason}", hint) from None
        if backup.tenant_id and tenant_id and backup.tenant_id != tenant_id:
            raise OptionError(
                "src", f"the backup {src} is of the tenant {backup.tenant_id}, but the token is for {tenant_id}", hint
            )
        found |= {(kind, name): object_id for kind, ids in principals.items() for name, object_id in ids.items()}
    return found


def find_backups(folder: Path, tenant_id: str | None, option: str = "dest") -> tuple[list[Backup], list[str]]:
    """Return the whole backups of a tenant in a folder, the oldest first, and why others with such names are none.

    Backups of other tenants are left out. Raises OptionError.
    """
    backups: list[Backup] = []
    broken: list[str] = []
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if _NAME.fullmatch(entry.name))
    except OSError as error:
        raise OptionError(option, f"{folder} cannot be read: {error.strerror}") from None
    for name in names:
        if os.path.islink(folder / name) or not os.path.isdir(folder / name):
            broken.append(f"{name} (it is not a folder)")
            continue
        try:
            backup = read_backup(folder / name)
        except BrokenBackup as reason:
            broken.append(f"{name} ({reason})")
        else:
            backups += [backup] if backup.tenant_id == tenant_id else []
    return backups, broken


def remove(backup: Backup) -> None:
    """Remove a backup. One whose removal is interrupted has another name, by which the next run finishes it.

    Raises OptionError.
    """
    leaving = backup.path.with_name(f".{backup.path.name}.removed")
    try:
        os.rename(backup.path, leaving)
        sync_folder(backup.path.parent)
        shutil.rmtree(leaving)
    except OSError as error:
        raise OptionError(
            "dest", f"the old backup {backup.path} cannot be removed: {error.strerror}. The new one is complete"
        ) from None


def clear(folder: Path) -> None:
    """Finish the removals that were interrupted. Raises OptionError."""
    try:
        for entry in os.scandir(folder):
            if _REMOVED.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
    except OSError as error:
        raise OptionError("dest", f"{error.filename} cannot be removed: {error.strerror}") from None
