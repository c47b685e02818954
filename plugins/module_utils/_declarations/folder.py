# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The folder of an export: its files, which are all replaced together.

New files are written to a folder aside. A file, the switch, then lists what has to be moved and removed. From then on
the new version counts, and the next reader completes the switch. Without it the old version counts, and the folder
aside is removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._errors import OptionError
from .locations import ASSIGNMENTS, DELEGATIONS, SETS
from .storage import (
    SWITCH,
    check_file,
    check_folder,
    clear,
    read_regular,
    replace_file,
    sync_folder,
    write_all,
)

MANIFEST = ".export.json"
"""Lists the files that the last export made, with their digests."""
ASIDE = ".export.new"
"""The folder in which an export writes its files before it puts them in their places."""
FORMAT, VERSION = "entra.attributes/export", 1
_NAME = re.compile(rf"({SETS}/[^/.][^/]*\.yml|{ASSIGNMENTS}/[a-z_]+\.(yml|csv)|{DELEGATIONS}\.yml)")
_STAGED = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Outcome:
    """A file of the folder, before and after; `edited` says that somebody changed it after the last export."""

    path: Path
    before: bytes | None
    after: bytes | None
    edited: bool

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class _Switch:
    """What has to be done until the new version is in its place, and what there was before."""

    write: dict[str, str] = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)
    before: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def check_export(dest: str) -> Path:
    """Return the folder, if an export can be written there. Raises OptionError."""
    folder = check_folder("dest", dest)
    for name in (SETS, ASSIGNMENTS, ASIDE):
        check_folder("dest", folder / name)
    _known(folder)
    return folder


def bring(dest: Path, files: Mapping[str, bytes], check_mode: bool) -> list[Outcome]:
    """Make the files of the export those given, all of them or none, and return what became of each.

    Raises OptionError. A file that no export made is neither replaced nor removed.
    """
    try:
        if check_mode:
            known, pending = _known(dest)
            return _compared(dest, files, known, pending, [])
        os.makedirs(dest, exist_ok=True)
        with _alone(dest):
            known, pending = _known(dest)
            edited = _complete(dest, pending) if pending else []
            _tidy(dest)
            outcomes = _compared(dest, files, known, None, edited)
            digests = {name: _digest(content) for name, content in sorted(files.items())}
            if digests != known or any(outcome.changed for outcome in outcomes) or not os.path.exists(dest / MANIFEST):
                _switch(dest, [outcome for outcome in outcomes if outcome.changed], digests)
            return outcomes
    except OSError as error:
        raise OptionError("dest", f"{error.filename or dest} cannot be read or written: {error.strerror}") from None


@contextmanager
def _alone(dest: Path) -> Iterator[None]:
    """Keep other exports out of the folder, where its file system can do that."""
    descriptor = os.open(dest, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OptionError("dest", f"another export writes to {dest}; wait until it has ended") from None
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(descriptor)


def _known(dest: Path) -> tuple[dict[str, str], _Switch | None]:
    """Return the digests of the files that an export made, and what is left to do of one that was cut off."""
    switch = _read(dest / SWITCH)
    if switch is not None:
        pending = _Switch(*(switch.get(name) for name in ("write", "remove", "before", "files")))  # type: ignore[arg-type]
        if not (
            _digests(pending.files)
            and _digests(pending.before)
            and isinstance(pending.write, dict)
            and isinstance(pending.remove, list)
            and all(_NAME.fullmatch(str(name)) for name in (*pending.write, *pending.remove))
            and all(_STAGED.fullmatch(str(name)) for name in pending.write.values())
        ):
            raise _damaged(dest / SWITCH)
        return pending.files, pending
    manifest = _read(dest / MANIFEST)
    files = {} if manifest is None else manifest.get("files")
    if not _digests(files):
        raise _damaged(dest / MANIFEST)
    return dict(files or {}), None


def is_as_exported(file: Path, content: bytes) -> bool:
    """Return whether an export wrote this content to a file of its folder, and nobody changed it since."""
    for dest in (file.parent, file.parent.parent):
        try:
            manifest = _read(dest / MANIFEST)
        except OptionError:
            continue  # it is damaged, and proves nothing
        files = (manifest or {}).get("files") or {}
        if _digests(files) and files.get(file.relative_to(dest).as_posix()) == _digest(content):
            return True
    return False


def _digests(files: Any) -> bool:
    return isinstance(files, dict) and all(
        _NAME.fullmatch(name) and isinstance(digest, str) for name, digest in files.items()
    )


def _read(path: Path) -> dict[str, Any] | None:
    """Return a file that exports write for themselves; null if there is none. Raises OptionError."""
    if not os.path.lexists(path):
        return None
    check_file("dest", path)
    try:
        content = json.loads(read_regular(path))
    except OSError as error:
        raise OptionError("dest", f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise _damaged(path) from None
    if not isinstance(content, dict) or (content.get("format"), content.get("version")) != (FORMAT, VERSION):
        raise _damaged(path)
    return content


def _damaged(path: Path) -> OptionError:
    return OptionError(
        "dest",
        f"{path}, which says what an export made, is damaged or of another version",
        "Restore it, or export to an empty folder.",
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _compared(
    dest: Path,
    files: Mapping[str, bytes],
    known: Mapping[str, str],
    pending: _Switch | None,
    edited: Sequence[str],
) -> list[Outcome]:
    """Return what is to become of each file. Raises OptionError for those that no export made."""
    outcomes, foreign = [], []
    for name in sorted({*files, *known}):
        path, before, after = dest / name, _content(dest, name, pending), files.get(name)
        if before is None and after is None:
            continue
        if name not in known and before not in (None, after):
            foreign.append(str(path))
        touched = before is not None and name in known and _digest(before) != known[name]
        outcomes.append(Outcome(path, before, after, touched or name in edited))
    if foreign:
        raise OptionError(
            "dest",
            f"no export made {', '.join(foreign)}, so it is not replaced",
            f"Move it away, or export to another folder. A folder from a repository needs its {MANIFEST} as well.",
        )
    return outcomes


def _content(dest: Path, name: str, pending: _Switch | None) -> bytes | None:
    """Return the content that a file has after an interrupted switch is completed."""
    if pending and name in pending.write and os.path.exists(staged := dest / ASIDE / pending.write[name]):
        return read_regular(staged)
    if pending and name in pending.remove:
        return None
    path = dest / name
    if not os.path.isdir(path.parent):
        return None
    check_file("dest", path)
    return read_regular(path) if os.path.lexists(path) else None


def _switch(dest: Path, outcomes: Sequence[Outcome], digests: dict[str, str]) -> None:
    """Write the new files aside, then the switch, and carry it out. Raises OSError."""
    names = {outcome.path: outcome.path.relative_to(dest).as_posix() for outcome in outcomes}
    wanted = [outcome for outcome in outcomes if outcome.after is not None]
    switch = _Switch(
        write={names[outcome.path]: str(number) for number, outcome in enumerate(wanted)},
        remove=[names[outcome.path] for outcome in outcomes if outcome.after is None],
        before={names[outcome.path]: _digest(outcome.before) for outcome in outcomes if outcome.before is not None},
        files=digests,
    )
    try:
        os.mkdir(dest / ASIDE, 0o700)
        for outcome in wanted:
            _stage(dest / ASIDE / switch.write[names[outcome.path]], outcome)
        sync_folder(dest / ASIDE)
        _keep(dest / SWITCH, vars(switch))
    except OSError:
        _tidy(dest)
        raise
    _complete(dest, switch)


def _stage(path: Path, outcome: Outcome) -> None:
    """Write a new file aside, with the mode of the one that it replaces."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        write_all(descriptor, outcome.after or b"")
        if outcome.before is not None:
            os.fchmod(descriptor, stat.S_IMODE(os.lstat(outcome.path).st_mode))
        os.fsync(descriptor)
    except OSError as error:
        error.filename = str(outcome.path)
        raise
    finally:
        os.close(descriptor)


def _keep(path: Path, content: Mapping[str, Any]) -> None:
    document = {"format": FORMAT, "version": VERSION, **content}
    replace_file(path, (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())


def _complete(dest: Path, switch: _Switch) -> list[str]:
    """Carry out what is left of a switch, and return the files that somebody edited since it began. Raises OSError."""
    edited = []
    for name, number in switch.write.items():
        staged = dest / ASIDE / number
        if os.path.lexists(staged):
            edited += _touched(dest, name, switch)
            os.makedirs((dest / name).parent, exist_ok=True)
            os.replace(staged, dest / name)
    for name in switch.remove:
        edited += _touched(dest, name, switch)
        with suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(dest / name)
    for folder in {(dest / name).parent for name in (*switch.write, *switch.remove)}:
        sync_folder(folder)
    _keep(dest / MANIFEST, {"files": switch.files})
    os.unlink(dest / SWITCH)
    sync_folder(dest)
    _tidy(dest)
    return edited


def _touched(dest: Path, name: str, switch: _Switch) -> list[str]:
    content = _content(dest, name, None)
    return [name] if content is not None and _digest(content) != switch.before.get(name) else []


def _tidy(dest: Path) -> None:
    """Remove the files that a killed export left, when no switch needs them."""
    clear(dest)
    with suppress(FileNotFoundError):
        for entry in os.scandir(dest / ASIDE):
            os.unlink(entry.path)
        os.rmdir(dest / ASIDE)
