# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What stands in the files of a folder, and in which line: items of attribute sets, definitions and assignments."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from ansible_collections.entra.attributes.plugins.module_utils._directory import KINDS
from ansible_collections.entra.attributes.plugins.module_utils._errors import MissingLibrary, OptionError
from ansible_collections.entra.attributes.plugins.module_utils._storage import (
    RECORD,
    SWITCH,
    read_regular,
    seal_problem,
)
from ansible_collections.entra.attributes.plugins.module_utils._values import name_problem

try:
    import yaml

    HAS_YAML = True
except ImportError:
    HAS_YAML = False

SETS, DEFINITIONS, ASSIGNMENTS = SECTIONS = ("attribute_sets", "definitions", "assignments")
SPOKEN = "display_name"
"""Tells people who is meant, and is not used."""
CSV_LIST = "[]"
CSV_SEPARATOR = ";"
CSV_REMOVED = "null"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, the wide forms among them."""
_GAP = re.compile(r"[\s,:]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item stands (`label`) and where something in it does (`at()`): what problems begin with."""

    label: str
    inside: Callable[[Sequence[str]], str]

    def at(self, *path: str) -> str:
        return self.inside(path)


Items: TypeAlias = "Iterator[tuple[str, Place, Any]]"
"""Section, place and content of each item."""


class _Broken(Exception):
    """A document that cannot be read, from `line` on."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"{line}: {' '.join(reason.split())}")


def listed(section: str, items: Sequence[Any]) -> Items:
    """The items of a variable, which are told by their number."""
    for number, item in enumerate(items):
        label = f"{section}[{number}]"
        yield section, Place(label, partial(_dotted, label)), item


def _dotted(label: str, path: Sequence[str]) -> str:
    return ".".join([label, *path])


def read(src: str, problems: list[str]) -> Items:
    """The items of a file, or of all files of a folder in the order of their paths; what is wrong is noted.

    Hidden files, and those with other endings, are no part of a folder. Raises OptionError where there is nothing to
    read, MissingLibrary for YAML where PyYAML is not installed.
    """
    for file in paths(src, problems):
        try:
            content = read_regular(file)
            # utf-8-sig, as spreadsheets and Windows put a byte order mark in front.
            text = content.decode("utf-8-sig")
        except OSError as error:
            problems.append(f"{file}:1: cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            problems.append(f"{file}:{line}: is not UTF-8 text")
        else:
            if problem := seal_problem(file, content, whole=str(file) == src):
                problems.append(f"{file}:1: {problem}")
            else:
                yield from _READERS[file.suffix.lower()](str(file), text, problems)


def paths(src: str, problems: list[str]) -> list[Path]:
    """Return the files that `src` means. Raises OptionError where there is nothing to read."""
    endings = ", ".join(_READERS)
    unread: list[str] = []
    if not os.path.exists(src):
        raise OptionError("src", f"there is no file or folder {src}, or it may not be reached")
    if os.path.isdir(src):
        files = _in_folder(Path(src), unread)
        if not files and not unread:
            raise OptionError("src", f"the folder {src} has no file with one of the endings {endings}")
    elif Path(src).suffix.lower() in _READERS:
        files = [Path(src)]
    else:
        raise OptionError("src", f"{src} has none of the endings {endings}")
    problems += unread
    folders = {folder for file in files for folder in (file.parent, file.parent.parent)}
    problems += [
        f"{folder}:1: an export to this folder was cut off; run the export again to complete it"
        for folder in sorted(folders)
        if os.path.lexists(folder / SWITCH)
    ]
    return files


def _in_folder(folder: Path, problems: list[str]) -> list[Path]:
    """The files of a folder and those below it, in the order of their paths; a folder that cannot be read is noted."""

    def note(error: OSError) -> None:
        problems.append(f"{Path(error.filename)}:1: cannot be read: {error.strerror}")

    files: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(parent, name) for name in names if not name.startswith(".")]
    # A link to nothing is told as such.
    return sorted(file for file in files if file.suffix.lower() in _READERS and (file.is_file() or file.is_symlink()))


_Path: TypeAlias = tuple[Hashable, ...]
_Lines: TypeAlias = "Callable[[_Path], int]"
"""Tells the line of what a path leads to, or of the nearest thing on the way that is known."""


def _document(name: str, text: str, problems: list[str], parse: Callable[..., tuple[Any, _Lines]]) -> Items:
    """The lists of a document by the names of their sections; a mere list holds assignments."""
    try:
        content, line = parse(text, lambda line, problem: problems.append(f"{name}:{line}: {problem}"))
    except _Broken as broken:
        problems.append(f"{name}:{broken}")
        return
    bare = not isinstance(content, Mapping)
    for section, items in ({ASSIGNMENTS: content} if bare else content).items():
        path: _Path = () if bare else (section,)
        if section not in SECTIONS:
            problems.append(f"{name}:{line(path)}: '{section}' is none of {', '.join(SECTIONS)}")
        elif isinstance(items, list):
            for number, item in enumerate(items):
                start = (*path, number)
                yield section, Place(f"{name}:{line(start)}", partial(_in_document, name, line, start)), item
        elif items is not None:
            problems.append(f"{name}:{line(path)}: holds no list of {section.replace('_', ' ')}")


def _in_document(name: str, line: _Lines, start: _Path, path: Sequence[str]) -> str:
    return f"{name}:{line((*start, *path))}: {'.'.join(path)}"


def _yaml(text: str, note: Callable[[int, str], None]) -> tuple[Any, _Lines]:
    """YAML by the fast parser where it is there. Its nodes know their lines."""
    if not HAS_YAML:
        raise MissingLibrary("PyYAML")
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        try:
            root = loader.get_single_node()
            for line, key in _repeated(root):
                note(line, f"'{key}' is there twice")
            content = None if root is None else loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(filter(None, [error.context, error.problem]))
        raise _Broken(mark.line + 1 if mark else 1, said) from None
    except (yaml.YAMLError, ValueError) as error:  # a character that YAML forbids, a date that is none
        raise _Broken(text.count("\n", 0, getattr(error, "position", 0)) + 1, str(error)) from None
    return content, partial(_line_of_node, root)


def _repeated(root: Any) -> Iterator[tuple[int, str]]:
    """The keys of which a dictionary has two, where YAML would take the last; once for each node, aliases or not."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
            continue
        keys = [key.value for key, _value in node.value if isinstance(key.value, str)]
        if len(set(keys)) < len(keys):
            repeated = (key for number, (key, _value) in enumerate(node.value) if key.value in keys[:number])
            yield from ((key.start_mark.line + 1, key.value) for key in repeated)
        waiting += [value for _key, value in reversed(node.value)]


def _line_of_node(node: Any, path: _Path) -> int:
    """The line of the node that a path leads to; that of its key where it has one."""
    line = node.start_mark.line if node else 0
    for step in path:
        if isinstance(node, yaml.SequenceNode):
            node = node.value[step]
            line = node.start_mark.line
            continue
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        key, node = next(((key, value) for key, value in pairs if key.value == step), (None, None))
        if key is None:
            break
        line = key.start_mark.line
    return int(line) + 1


def _json(text: str, note: Callable[[int, str], None]) -> tuple[Any, _Lines]:
    """JSON; the lines known are those of its lists and of their items."""
    try:
        content = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise _Broken(error.lineno, error.msg) from None
    except ValueError as error:
        raise _Broken(1, str(error)) from None
    except RecursionError:
        raise _Broken(1, "is nested too deeply") from None
    start = _skipped(text, 0)
    lines: dict[_Path, int] = {(): text.count("\n", 0, start) + 1}
    if isinstance(content, list):
        lines |= {(number,): line for number, (_offset, line) in enumerate(_elements(text, start, lines[()]))}
    elif isinstance(content, dict):
        members = _elements(text, start, lines[()])
        for (offset, line), (value, value_line) in zip(members, members, strict=False):
            section = json.JSONDecoder().raw_decode(text, offset)[0]
            lines[section,] = line
            if text[value] == "[":
                items = enumerate(_elements(text, value, value_line))
                lines |= {(section, number): item_line for number, (_offset, item_line) in items}
    return content, lambda path: next(lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines)


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, whose keys must differ. Raises ValueError."""
    content = dict(members)
    if len(content) < len(members):
        twice = next(key for number, (key, _value) in enumerate(members) if key in dict(members[:number]))
        raise ValueError(f"'{twice}' is there twice")
    return content


def _elements(text: str, start: int, line: int) -> Iterator[tuple[int, int]]:
    """Offset and line of each element of the list, or of each key and value of the object, that begins at `start`."""
    decoder = json.JSONDecoder()
    here = _skipped(text, start + 1)
    while text[here] not in "]}":
        line += text.count("\n", start, here)
        yield here, line
        start, here = here, _skipped(text, decoder.raw_decode(text, here)[1])


def _skipped(text: str, start: int) -> int:
    """Where something begins, at `start` or behind the space, comma or colon there."""
    match = _GAP.match(text, start)
    return match.end() if match else start


def _json_lines(name: str, text: str, problems: list[str]) -> Items:
    for number, line in enumerate(io.StringIO(text), 1):  # splitlines() knows more ends of lines than JSON
        if line.strip():
            label = f"{name}:{number}"
            try:
                item = json.loads(line, object_pairs_hook=_once)
            except (ValueError, RecursionError) as error:
                problems.append(f"{label}: {error}")
                continue
            if not (isinstance(item, dict) and RECORD in item):  # the seal of a snapshot was checked before
                yield ASSIGNMENTS, Place(label, partial(_in_line, f"{label}: ")), item


def _in_line(label: str, path: Sequence[str]) -> str:
    return label + ".".join(path)


def _csv(name: str, text: str, problems: list[str]) -> Items:
    """A row per principal, a column per `Set.Attribute`, `[]` behind it if it is multi-valued.

    An empty cell leaves the attribute alone, `null` removes it, `;` separates the values of a multi-valued one.
    """
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)  # else an open quote takes the rest for a cell
    try:
        columns = _columns(f"{name}:1", next(rows, []), problems)
        for row in rows if columns else ():
            label = f"{name}:{rows.line_num}"
            if len(row) > len(columns):
                problems.append(f"{label}: has {len(row)} cells, but the header has {len(columns)}")
            item: dict[str, Any] = {"attributes": {}}
            for (attribute_set, attribute, multiple), cell in zip(columns, map(str.strip, row), strict=False):
                if not cell:
                    continue
                if attribute:
                    item["attributes"].setdefault(attribute_set, {})[attribute] = _cell(cell, multiple)
                else:
                    item[attribute_set] = cell
            if item["attributes"]:
                yield ASSIGNMENTS, Place(label, partial(_in_row, f"{label}: column ")), item
    except csv.Error as error:
        problems.append(f"{name}:{rows.line_num}: {error}")


def _in_row(label: str, path: Sequence[str]) -> str:
    return label + ".".join(path[1:])  # without `attributes`


def _columns(label: str, header: Sequence[str], problems: list[str]) -> list[tuple[str, str, bool]]:
    """What each column holds: (who it is, "", no) or (attribute set, attribute, multi-valued)."""
    columns: list[tuple[str, str, bool]] = []
    who = (*KINDS, SPOKEN)
    wrong = [] if any(name.strip() in KINDS for name in header) else [f"{label}: no column is {' or '.join(KINDS)}"]
    for number, name in enumerate(map(str.strip, header), 1):
        attribute_set, _dot, attribute = name.removesuffix(CSV_LIST).partition(".")
        column = (attribute_set, attribute)
        if name not in who and (name_problem(attribute_set) or name_problem(attribute)):
            wrong.append(f"{label}: column {number} '{name}' is neither {', '.join(who)} nor Set.Attribute")
        elif column in [other[:2] for other in columns]:
            wrong.append(f"{label}: column {number} '{name}' is there twice")
        columns.append((*column, name.endswith(CSV_LIST)))
    problems += wrong
    return [] if wrong else columns


def _cell(cell: str, multiple: bool) -> Any:
    if cell == CSV_REMOVED:
        return None
    return [part.strip() for part in cell.split(CSV_SEPARATOR)] if multiple else cell


_READERS: dict[str, Callable[[str, str, list[str]], Items]] = {
    ".yml": partial(_document, parse=_yaml),
    ".yaml": partial(_document, parse=_yaml),
    ".json": partial(_document, parse=_json),
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".csv": _csv,
}
