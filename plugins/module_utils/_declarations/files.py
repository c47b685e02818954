# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Read the items of files and folders, whatever their format."""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from .._errors import OptionError, quoted
from .csv_files import read_csv
from .folder import is_as_exported
from .locations import (
    VAULT,
    Decrypt,
    Items,
    ParseError,
    Undecryptable,
    no_secret,
)
from .storage import SWITCH, read_regular, seal_problem
from .yaml_json import (
    document,
    json_lines,
    parse_json,
    parse_yaml,
)

MAX_BYTES = 256 * 1024 * 1024
_WORKBOOKS = {b"PK\x03\x04": "an Excel or OpenDocument workbook", b"\xd0\xcf\x11\xe0": "an Excel workbook"}
_WORKBOOK_ENDINGS = (".xlsx", ".xlsm", ".xls", ".ods")
_SAVE_AS = "In Excel, save it with the type CSV UTF-8 (Comma delimited)"


def read(src: str, problems: list[str], decrypt: Decrypt = no_secret) -> Items:
    """Yield the items of a file, or of all files of a folder in the order of their paths; problems are noted.

    Hidden files, and those with other endings, are not part of a folder. Raises OptionError where there is nothing to
    read, MissingLibrary for YAML where PyYAML is not installed.
    """
    for file in paths(src, problems):
        try:
            content = _plain(read_regular(file, MAX_BYTES + 1), decrypt)
            if problem := seal_problem(file, content, whole=str(file) == src):
                raise ParseError(1, problem)
            text = _text(content)
        except OSError as error:
            problems.append(f"{file}:1: cannot be read: {error.strerror}")
        except ParseError as broken:
            problems.append(f"{file}:{broken}")
        else:
            restores = is_as_exported(file, content)
            for section, place, item in _READERS[file.suffix.lower()](str(file), text, problems, decrypt):
                yield section, replace(place, restores=True) if restores else place, item


def paths(src: str, problems: list[str]) -> list[Path]:
    """Return the files that `src` means. Raises OptionError where there is nothing to read."""
    endings = ", ".join(_READERS)
    unread: list[str] = []
    if not os.path.exists(src):
        raise OptionError("src", f"there is no file or folder {quoted(src, 200)}, or it may not be reached")
    if os.path.isdir(src):
        files = _in_folder(Path(src), unread)
        if not files and not unread:
            raise OptionError("src", f"the folder {src} has no file with one of the endings {endings}")
    elif Path(src).suffix.lower() in _READERS:
        files = [Path(src)]
    else:
        how = f" {_SAVE_AS}." if Path(src).suffix.lower() in _WORKBOOK_ENDINGS else ""
        raise OptionError("src", f"{src} has none of the endings {endings}.{how}")
    problems += unread
    folders = {folder for file in files for folder in (file.parent, file.parent.parent)}
    problems += [
        f"{folder}:1: an export to this folder was cut off; run the export again to complete it"
        for folder in sorted(folders)
        if os.path.lexists(folder / SWITCH)
    ]
    return files


def _plain(content: bytes, decrypt: Decrypt) -> bytes:
    """Return the content of a file that may be encrypted. Raises ParseError."""
    if len(content) > MAX_BYTES:
        raise ParseError(1, f"is larger than {MAX_BYTES // 1024**2} MiB; split it into several files")
    if not content.startswith(VAULT.encode()):
        return content
    try:
        return decrypt(content.decode("ascii", "replace")).encode()
    except Undecryptable as reason:
        raise ParseError(1, f"is encrypted with ansible-vault: {reason}") from None


def _text(content: bytes) -> str:
    """Return the text of a file: UTF-8 with or without a byte order mark, or UTF-16 with one. Raises ParseError."""
    for signature, what in _WORKBOOKS.items():
        if content.startswith(signature):
            raise ParseError(1, f"is {what}, not a text. {_SAVE_AS}")
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16") if wide else content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        text = "UTF-16" if wide else "UTF-8"
        raise ParseError(line, f"is not {text} text. {_SAVE_AS}; elsewhere choose the encoding UTF-8") from None


def _in_folder(folder: Path, problems: list[str]) -> list[Path]:
    """The files of a folder and those below it, in the order of their paths; a folder that cannot be read is noted."""

    def note(error: OSError) -> None:
        problems.append(f"{Path(error.filename)}:1: cannot be read: {error.strerror}")

    files: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(parent, name) for name in names if not name.startswith(".")]
    # A link to nothing is reported.
    return sorted(file for file in files if file.suffix.lower() in _READERS and (file.is_file() or not file.exists()))


_READERS: dict[str, Callable[[str, str, list[str], Decrypt], Items]] = {
    ".yml": partial(document, parse=partial(parse_yaml, in_turn=True)),
    ".yaml": partial(document, parse=partial(parse_yaml, in_turn=True)),
    ".json": partial(document, parse=parse_json),
    ".jsonl": json_lines,
    ".ndjson": json_lines,
    ".csv": read_csv,
}
