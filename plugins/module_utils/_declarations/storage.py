# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Files that a run keeps: where they can be, how they are replaced, the journal, and the seal."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeAlias

from .._errors import OptionError

RECORD = "record"
"""The key that tells a header, a seal, a result and a summary from an item."""
COMMENT = "# "
"""Precedes header and seal in YAML."""
SWITCH = ".export.switch.json"
"""The file in a folder that says that an export is about to put its files there."""
SNAPSHOT, RESULTS = "entra.attributes/snapshot", "entra.attributes/results"
VERSION = 1
SYNC_SECONDS = 1.0
"""Seconds after which a journal is written through to the disk."""
_PREFIX, _SUFFIX = ".entra-attributes-", ".new"
"""How the names of temporary files begin and end. Only such files are ever removed as leftovers."""
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}

OptionPath: TypeAlias = "tuple[str, str | Path]"
"""An option and the path that it names, or a path that follows from it."""


# Paths


def check_file(option: str, path: str | Path) -> Path:
    """Return the path, if a regular file is or can be written there. Raises OptionError, and never follows a link."""
    checked = check_path(option, path, "file")
    _ensure_kind(option, checked, stat.S_IFREG)
    _ensure_folder(option, checked, checked.parent)
    return checked


def check_folder(option: str, path: str | Path) -> Path:
    """Return the path, if a folder is or can be made there. Raises OptionError, and never follows a link."""
    checked = check_path(option, path, "folder")
    _ensure_kind(option, checked, stat.S_IFDIR)
    existing = next(folder for folder in (checked, *checked.absolute().parents) if os.path.lexists(folder))
    _ensure_folder(option, checked, existing)
    return checked


def check_path(option: str, path: str | Path, what: str) -> Path:
    """Return the path, if anything can have it. Raises OptionError."""
    text = str(path)
    if not text.strip():
        raise OptionError(option, f"must not be empty; give the path of a {what}")
    bad = next((char for char in text if char == "\0" or "\ud800" <= char <= "\udfff"), "")
    if bad:
        raise OptionError(option, f"{text!r} cannot be a path: it holds the character U+{ord(bad):04X}")
    return Path(text)


def _ensure_kind(option: str, path: Path, wanted: int) -> None:
    try:
        kind = stat.S_IFMT(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise OptionError(option, f"{path} cannot be used: {error.strerror}") from None
    if kind == stat.S_IFLNK:
        raise OptionError(option, f"{path} is a symbolic link, which is not followed; give the path that it leads to")
    if kind != wanted:
        what = "regular file" if wanted == stat.S_IFREG else "folder"
        raise OptionError(option, f"{path} is {_KINDS.get(kind, 'a file')}, not a {what}; give another path")


def _ensure_folder(option: str, path: Path, folder: Path) -> None:
    """Raise OptionError if nothing can be put into the folder."""
    if not os.path.lexists(folder):
        raise OptionError(option, f"{path} cannot be written: there is no folder {folder}; create it first")
    if not os.path.isdir(folder):
        raise OptionError(option, f"{path} cannot be written: {folder} is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OptionError(option, f"{path} cannot be written: the folder {folder} is not writable")


def check_apart(written: Sequence[OptionPath], others: Sequence[OptionPath]) -> None:
    """Make sure that each written file is neither another one, nor one of the others, nor in a folder among them.

    Hard links and links to folders count. Raises OptionError.
    """
    for number, (option, path) in enumerate(written):
        for other_option, other in written[:number]:
            if _same(path, other):
                raise OptionError(option, f"{path} is also {other_option}; give each a file of its own")
        for other_option, other in others:
            if _same(path, other):
                raise OptionError(option, f"{path} is also {other_option}, and would overwrite it; choose another file")
            if os.path.isdir(other) and _inside(path, other):
                raise OptionError(
                    option, f"{path} is in the folder {other} of {other_option}; choose a file outside of it"
                )


def _same(path: str | Path, other: str | Path) -> bool:
    with suppress(OSError):
        return os.path.samefile(path, other)
    return os.path.realpath(path) == os.path.realpath(other)


def _inside(path: str | Path, folder: str | Path) -> bool:
    """Whether a file is below a folder, or is there under another name."""
    if any(_same(parent, folder) for parent in Path(os.path.realpath(path)).parents):
        return True
    if not os.path.exists(path):
        return False
    return any(_same(path, Path(parent, name)) for parent, _folders, names in os.walk(folder) for name in names)


def read_regular(path: str | Path, size: int = -1) -> bytes:
    """Return the content of a regular file, up to `size` bytes. A FIFO cannot block it. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
        if kind != stat.S_IFREG:
            raise OSError(0, f"it is {_KINDS.get(kind, 'not a file')}, not a regular file", str(path))
        return file.read(size)


# Replacing


@contextmanager
def aside(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield the descriptor and path of a new file in a folder, locked, and for its owner only.

    It is removed unless it was renamed. Leftovers of a killed run are removed first.
    """
    clear(folder)
    descriptor, name = _locked(folder)
    try:
        yield descriptor, Path(name)
    finally:
        try:
            with suppress(FileNotFoundError):
                os.unlink(name)  # it is gone where it took its place
        finally:
            os.close(descriptor)


def _locked(folder: Path) -> tuple[int, str]:
    """Make a temporary file and lock it, so that no other run removes it as a leftover."""
    while True:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=_PREFIX, suffix=_SUFFIX)
        with suppress(OSError):  # a file system without locks, on which nothing is cleared either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.path.exists(name):
            return descriptor, name
        os.close(descriptor)


def clear(folder: Path) -> None:
    """Remove the temporary files that killed runs left in a folder. An active run keeps its files locked."""
    with suppress(OSError), os.scandir(folder) as entries:
        names = [entry.path for entry in entries if entry.name.startswith(_PREFIX) and entry.name.endswith(_SUFFIX)]
        for name in names:
            with suppress(OSError):
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(name)
                finally:
                    os.close(descriptor)


def replace_file(path: Path, content: bytes, *, private: bool = False) -> None:
    """Put a file in its place at once and as a whole, or leave what is there.

    It keeps the mode of the one that it replaces, unless it is private; a new one is for its owner only. Raises
    OSError, whose `filename` is that of the file.
    """
    try:
        with aside(path.parent) as (descriptor, new):
            write_all(descriptor, content)
            if not private:
                with suppress(FileNotFoundError):
                    os.fchmod(descriptor, stat.S_IMODE(os.lstat(path).st_mode))
            os.fsync(descriptor)
            os.replace(new, path)
        sync_folder(path.parent)
    except OSError as error:
        error.filename = str(path)
        raise


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of it, as a write may take only a part. Raises OSError."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk, where its file system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# Headers, journals and seals


def now() -> str:
    """Return the time as it stands in headers."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def header(form: str, tenant: str | None, **more: Any) -> dict[str, Any]:
    """Return the first line of a file that a run keeps."""
    return {RECORD: "header", "format": form, "version": VERSION, "tenant_id": tenant, "time": now(), **more}


def as_line(record: Mapping[str, Any]) -> bytes:
    """Return a line of JSON. Half a character, which UTF-8 cannot hold, is written as JSON escapes it."""
    return (json.dumps(record, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


class Journal:
    """A file of JSON lines that grows during a run, so that a kill loses no line.

    It takes the place of the former file with its first line. `problem` says why it could not be written any further,
    if that is so; the run continues.
    """

    def __init__(self, option: str, path: Path, first: Mapping[str, Any]) -> None:
        self._option, self._path = option, path
        self._synced = time.monotonic()
        self.problem = ""
        self._size = 0
        self._descriptor = -1
        try:
            with aside(path.parent) as (descriptor, new):
                write_all(descriptor, as_line(first))
                os.fsync(descriptor)
                os.replace(new, path)
                self._descriptor = os.dup(descriptor)
            self._size = os.lseek(self._descriptor, 0, os.SEEK_CUR)
            sync_folder(path.parent)
        except OSError as error:
            raise self._error(error) from None

    def _error(self, error: OSError) -> OptionError:
        return OptionError(self._option, f"{self._path} cannot be written: {error.strerror}")

    def add(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Write lines, which the operating system has when this returns, and the disk a second later."""
        if self.problem:
            return
        lines = b"".join(map(as_line, records))
        try:
            write_all(self._descriptor, lines)
            self._size += len(lines)
            if time.monotonic() - self._synced >= SYNC_SECONDS:
                os.fsync(self._descriptor)
                self._synced = time.monotonic()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.problem = str(self._error(error))
        with suppress(OSError):
            os.ftruncate(self._descriptor, self._size)  # half a line would hide that the others are whole

    def close(self) -> None:
        """Have all of it on the disk. A file that somebody removed or replaced in between is a problem."""
        if self._descriptor < 0:
            return
        try:
            if not self.problem:
                os.fsync(self._descriptor)
                if not os.path.samestat(os.fstat(self._descriptor), os.stat(self._path)):
                    self.problem = str(OptionError(self._option, f"{self._path} was replaced during the run"))
        except OSError as error:
            self._fail(error)
        finally:
            os.close(self._descriptor)
            self._descriptor = -1


def sealed(first: Mapping[str, Any], lines: Iterable[bytes], comment: str = "") -> bytes:
    """Return a header, lines, and a last line with their number and digest; `comment` as in `unsealed()`."""
    before = comment.encode()
    content = b"".join([before, as_line(first), *lines])
    seal = {RECORD: "seal", "lines": content.count(b"\n") - 1, "sha256": hashlib.sha256(content).hexdigest()}
    return content + before + as_line(seal)


class BrokenSeal(Exception):
    """Says what is missing or wrong of a file that must be sealed."""


def unsealed(content: bytes, comment: str = "") -> dict[str, Any]:
    """Return the header of a sealed snapshot, if it is whole and as it was written. Raises BrokenSeal.

    Header and seal stand behind `comment` where the format is not JSON.
    """
    lines = content.split(b"\n")
    if not content.strip():
        raise BrokenSeal("is empty; a snapshot has a header and a seal at least")
    first = _record(lines[0], comment)
    if first.get(RECORD) != "header":
        raise BrokenSeal("is cut off or no snapshot: its first line, the header, is missing")
    if first.get("format") != SNAPSHOT:
        raise BrokenSeal(f"has the format {first.get('format')!r}; a snapshot has {SNAPSHOT!r}")
    if first.get("version") != VERSION:
        raise BrokenSeal(f"has version {first.get('version')!r} of the format; this release reads {VERSION}")
    last = _record(lines[-2], comment) if len(lines) > 2 and not lines[-1] else {}
    if last.get(RECORD) != "seal":
        raise BrokenSeal("is cut off: its last line, the seal, is missing")
    if last.get("lines") != len(lines) - 3:
        raise BrokenSeal(f"lacks or repeats lines: it has {len(lines) - 3} of the {last.get('lines')} that were sealed")
    body = content[: len(content) - len(lines[-2]) - 1]
    if last.get("sha256") != hashlib.sha256(body).hexdigest():
        raise BrokenSeal("was edited: its lines do not match the digest in its seal")
    return first


def _record(line: bytes, comment: str) -> dict[str, Any]:
    """Return a line as a record; empty if it is none."""
    try:
        text = line.decode()
        found = json.loads(text[len(comment) :]) if text.startswith(comment) else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def first_record(content: bytes, comment: str = "") -> dict[str, Any]:
    """Return the header of a file; empty if it has none."""
    found = _record(content.partition(b"\n")[0], comment)
    return found if found.get(RECORD) == "header" else {}


def comment_of(path: Path) -> str:
    """Return what precedes header and seal in a file of this ending."""
    return COMMENT if path.suffix.lower() in (".yml", ".yaml") else ""


def seal_problem(path: Path, content: bytes, *, whole: bool) -> str:
    """Return what is wrong with a file that has a header or a seal; empty where it is whole, or has neither.

    If JSON lines are the only input, an empty file is an error, because it can be the rest of a snapshot.
    """
    comment = comment_of(path)
    last = _record(content.rstrip().rpartition(b"\n")[2], comment)
    lines = path.suffix.lower() in (".jsonl", ".ndjson")
    if first_record(content, comment) or last.get(RECORD) == "seal" or (whole and lines and not content.strip()):
        try:
            unsealed(content, comment)
        except BrokenSeal as broken:
            return str(broken)
    return ""


def tenant_problem(first: Mapping[str, Any], tenant: str | None) -> str:
    """Return why a snapshot is not of this tenant; empty where it is, or where one of the two is unknown."""
    of = first.get("tenant_id")
    if not of or not tenant or of == tenant:
        return ""
    return f"is a snapshot of the tenant {of}, but the token is for the tenant {tenant}"
