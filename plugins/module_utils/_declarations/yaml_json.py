# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""YAML, JSON and JSON Lines: items are read with the line of everything in them, and YAML is written.

No value of a document changes its type or text in silence. A value that YAML or JSON would read as something else
than what is written is refused, and the message quotes the text of the file.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, TypeAlias

from .._core.names import new_text_problem
from .._core.yaml_text import as_yaml
from .._errors import MissingLibrary, quoted
from .locations import (
    ASSIGNMENTS,
    BOUNDS,
    EXPOSURES,
    PROTECT,
    SECTIONS,
    Decrypt,
    Items,
    ParseError,
    SourceLocation,
    Undecryptable,
    nothing,
)
from .storage import RECORD

try:
    import yaml

    HAS_YAML = True
except ImportError:
    HAS_YAML = False

JSON_SCHEMA = (
    "https://raw.githubusercontent.com/entra-attributes/entra.attributes/main"
    "/roles/reconcile/files/declarations.schema.json"
)
"""Editors complete and check YAML files by it."""
MAX_DEPTH = 32
"""Levels of lists and dictionaries in each other. Declarations need eight."""
MAX_NODES = 20_000_000
MAX_ALIASED = 1_000_000
"""Values that aliases may make of a small document; of a large one ten times its own."""
MAX_PATH = 120
"""Characters of a path that messages show."""
_TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep"
_TOO_MANY = f"has more than {MAX_NODES:,} values; split the file, or use CSV or JSON Lines"
_FORM = f"must be a list of assignments, or a dictionary with {', '.join(SECTIONS)}"
_GAP = re.compile(r"[\s,:]*")
_PLAIN_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,10}")
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|NaN|-?Infinity', re.DOTALL)
_YAML = "tag:yaml.org,2002:"
_KEYS = frozenset({f"{_YAML}str", f"{_YAML}merge", f"{_YAML}value"})
"""Tags of the keys that stay what is written."""
_TEXT, _LIST, _DICTIONARY = f"{_YAML}str", f"{_YAML}seq", f"{_YAML}map"
_BOOLEANS = frozenset({"true", "false"})
_CONTAINERS = (dict, list)
EXPIRES_PATH = ("expires",)
"""Where an item has a date. Its text stays as it is written."""

_Path: TypeAlias = tuple[Hashable, ...]
_Lines: TypeAlias = "Callable[[_Path], int]"
"""Return the line of what a path leads to, or of the nearest thing on the way that is known."""
_Words: TypeAlias = "Mapping[_Path, str]"
"""The words that YAML reads as Booleans, as they are written, by their paths."""
_Note: TypeAlias = "Callable[[int, str], None]"
_Document: TypeAlias = "tuple[Any, _Lines, _Words]"


def write_yaml(content: Mapping[str, Any]) -> str:
    """Return a YAML document of declarations, which begins with the line that names its JSON Schema."""
    return f"# yaml-language-server: $schema={JSON_SCHEMA}\n---\n{as_yaml(content)}"


def document(name: str, text: str, problems: list[str], decrypt: Decrypt, *, parse: Callable[..., _Document]) -> Items:
    """Yield the items of a document's lists by the names of their sections; a mere list holds assignments."""
    try:
        content, line, words = parse(text, lambda line, problem: problems.append(f"{name}:{line}: {problem}"), decrypt)
    except ParseError as broken:
        problems.append(f"{name}:{broken}")
        return
    if not isinstance(content, Mapping | list | ItemsInTurn):
        problems.append(f"{name}:{line(())}: {_FORM}")
        return
    bare = not isinstance(content, Mapping)
    sections = content if isinstance(content, Mapping) else {ASSIGNMENTS: content}
    for section, items in sections.items():
        path: _Path = () if bare else (section,)
        if section == PROTECT and items is not None:
            yield section, SourceLocation(f"{name}:{line(path)}", partial(_in_document, name, line, path)), items
        elif section not in (*SECTIONS, *BOUNDS, EXPOSURES):
            problems.append(f"{name}:{line(path)}: '{quoted(str(section))}' is none of {', '.join(SECTIONS)}")
        elif isinstance(items, list | ItemsInTurn):
            try:
                for number, item in enumerate(items):
                    start = (*path, number)
                    inside = partial(_in_document, name, line, start)
                    label = f"{name}:{line(start)}"
                    remark = partial(_remark, words, start) if words else nothing
                    yield section, SourceLocation(label, inside, remark), item
            except ParseError as broken:
                problems.append(f"{name}:{broken}")
        elif items is not None:
            problems.append(f"{name}:{line(path)}: must be a list of {section.replace('_', ' ')}")


def _in_document(name: str, line: _Lines, start: _Path, _label: str, path: Sequence[str]) -> str:
    return f"{name}:{line((*start, *path))}: {quoted('.'.join(path), MAX_PATH)}"


def _remark(words: _Words, start: _Path, path: Sequence[str], reason: str) -> str:
    """Return that YAML reads a word as a Boolean, for the value at a path or one in it."""
    whole = (*start, *path)
    found = [word for place, word in words.items() if place[: len(whole)] == whole]
    if not found:
        return ""
    quotes = ", ".join(f"'{word}'" for word in found)
    return f"YAML reads {', '.join(found)} as a Boolean; write {quotes} for text"


def parse_yaml(text: str, note: _Note, decrypt: Decrypt, *, in_turn: bool = False) -> _Document:
    """Parse YAML, by the fast parser where it is there. Raises ParseError and MissingLibrary.

    With `in_turn`, the items of the document's lists are built one after the other, since all together take much
    memory. `note` is called with the problems of each as it is built.
    """
    if not HAS_YAML:
        raise MissingLibrary("PyYAML")
    words: dict[_Path, str] = {}
    with _as_parse_errors(text):
        loader = _loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader))(text, decrypt)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
        line = partial(_line_of_node, root)
        aliased = _survey(root, note, loader.nodes)
        build = partial(_built, loader, text, note, words)
        if root is None:
            return [], line, words
        if in_turn and not aliased:
            if root.tag == _LIST:
                return ItemsInTurn(root.value, (), build), line, words
            if root.tag == _DICTIONARY and all(key.tag == _TEXT for key, _value in root.value):
                content = {
                    key.value: ItemsInTurn(value.value, (key.value,), build)
                    if value.tag == _LIST and key.value in SECTIONS
                    else build(value, (key.value,))
                    for key, value in root.value
                }
                return content, line, words
        return build(root, ()), line, words


@contextmanager
def _as_parse_errors(text: str) -> Iterator[None]:
    """Raise errors of PyYAML as ParseError."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(filter(None, [error.context, error.problem]))
        raise ParseError(mark.line + 1 if mark else 1, quoted(said, 200)) from None
    except (yaml.YAMLError, ValueError) as error:  # a character that YAML forbids
        raise ParseError(text.count("\n", 0, getattr(error, "position", 0)) + 1, quoted(str(error), 200)) from None


class ItemsInTurn:
    """The items of a list at a path, each built in its turn, and its nodes are dropped after it. Raises ParseError."""

    def __init__(self, nodes: list[Any], path: _Path, build: Callable[[Any, _Path], Any]) -> None:
        self._nodes = nodes
        self._path = path
        self._build = build

    def __iter__(self) -> Iterator[Any]:
        for number, node in enumerate(self._nodes):
            yield self._build(node, (*self._path, number))
            self._nodes[number] = None


def _built(loader: Any, text: str, note: _Note, words: dict[_Path, str], node: Any, start: _Path) -> Any:
    """Return what a node at a path holds. Note what is wrong with it. Raises ParseError."""
    with _as_parse_errors(text):
        content = loader.construct_document(node)
    if not (loader.doubtful or loader.unseen or loader.words):
        return content
    noted = [doubted for doubted, _problem in (*loader.doubtful, *loader.unseen)]
    paths = _paths(node, start, set(map(id, (*noted, *loader.words))))
    for doubted, problem in loader.unseen:
        if places := [path for path in paths.get(id(doubted), []) if _is_value(path) and _is_written(path)]:
            note(doubted.start_mark.line + 1, f"{quoted('.'.join(map(str, _in_item(places[0]))), MAX_PATH)}: {problem}")
    for doubted, problem in loader.doubtful:
        dated = doubted.tag == f"{_YAML}timestamp"
        places = [
            path
            for path in paths.get(id(doubted), [])
            if _is_value(path) or (problem and not (dated and _in_item(path) == EXPIRES_PATH))
        ]
        if places:
            inside = ".".join(map(str, _in_item(places[0])))
            said = problem or "is empty; write null to remove the attribute"
            note(doubted.start_mark.line + 1, f"{quoted(inside, MAX_PATH)}: {said}" if inside else said)
    words |= {path: quoted(word.value) for word in loader.words for path in paths.get(id(word), [])}
    loader.forget()
    return content


def _in_item(path: _Path) -> _Path:
    """Return the part of a path that is inside an item."""
    return path[1:] if path and isinstance(path[0], int) else path[2:]


def _is_value(path: _Path) -> bool:
    """Return whether a path leads to a value of an attribute, or into one."""
    inside = _in_item(path)
    return len(inside) > 2 and inside[0] in ("attributes", "expected")


def _is_written(path: _Path) -> bool:
    """Return whether a path leads to a value that is to be assigned, not to be removed or expected."""
    inside = _in_item(path)
    return inside[0] == "attributes" and "remove" not in inside[3:4]


@lru_cache
def _loader(base: Any) -> Any:
    """Return a loader that notes what it cannot take as it is written.

    `doubtful` holds nodes and what is wrong with each (nothing for an empty one, which is wrong only as a value),
    `unseen` texts with characters that nobody sees there, as only double quotes have escapes for them, and `words` the
    Booleans in other words than true and false. Depth and number of the nodes are bounded while they are composed: the
    fast parser calls `descend_resolver()` for each before it goes deeper, and would crash later.
    """

    class Loader(base):  # type: ignore[misc] # chosen while running
        def __init__(self, text: str, decrypt: Decrypt) -> None:
            super().__init__(text)
            self.decrypt = decrypt
            self.nodes = self._depth = 0
            self.forget()

        def forget(self) -> None:
            self.doubtful: list[tuple[Any, str]] = []
            self.unseen: list[tuple[Any, str]] = []
            self.words: list[Any] = []

        def descend_resolver(self, current_node: Any, current_index: Any) -> None:
            self.nodes += 1
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise ParseError(current_node.start_mark.line + 1, _TOO_DEEP)
            if self.nodes > MAX_NODES:
                raise ParseError(current_node.start_mark.line + 1, _TOO_MANY)

        def ascend_resolver(self) -> None:
            self._depth -= 1

        def _as_written(self, node: Any, problem: str) -> str:
            self.doubtful.append((node, problem))
            return str(node.value) if isinstance(node, yaml.ScalarNode) else ""

        def _instead(self, node: Any, meaning: str) -> str:
            text = quoted(node.value)
            return self._as_written(node, f"{text} is read by YAML as {meaning}; write '{text}' for text")

        def text(self, node: Any) -> str:
            if not isinstance(node, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem=f"{node.tag} is not a scalar", problem_mark=node.start_mark)
            return str(node.value)

        def string(self, node: Any) -> str:
            written = self.text(node)
            if node.style != '"' and (problem := new_text_problem(written)):
                self.unseen.append((node, f"the text {problem}"))
            return written

        def integer(self, node: Any) -> int | str:
            written = self.text(node)
            if _PLAIN_INTEGER.fullmatch(written):
                return int(written)
            return self._instead(node, _integer_meant(self, node))

        def boolean(self, node: Any) -> bool | str:
            written = self.text(node)
            if written not in _BOOLEANS:
                if written.lower() not in self.bool_values:
                    return self.tagged(node)
                self.words.append(node)
            return bool(self.bool_values[written.lower()])

        def null(self, node: Any) -> None:
            written = self.text(node)
            if not written:
                self._as_written(node, "")
            elif written not in ("null", "~"):
                self._instead(node, "null, which is written null to remove an attribute")

        def number(self, node: Any) -> str:
            return self._instead(node, "a number that is not an integer")

        def date(self, node: Any) -> str:
            return self._instead(node, "a date")

        def secret(self, node: Any) -> str:
            try:
                return self.decrypt(self.text(node))
            except Undecryptable as reason:
                return self._as_written(node, f"is encrypted with ansible-vault: {reason}")

        def tagged(self, node: Any) -> str:
            tag = quoted(str(node.tag).replace(_YAML, "!!"))
            return self._as_written(node, f"has the YAML tag {tag}, which is not accepted; write plain text")

    constructors = {
        "str": Loader.string,
        "value": Loader.text,
        "merge": Loader.text,
        "int": Loader.integer,
        "bool": Loader.boolean,
        "null": Loader.null,
        "float": Loader.number,
        "timestamp": Loader.date,
    }
    for tag in ("binary", "set", "omap", "pairs"):
        constructors[tag] = Loader.tagged
    for tag, constructor in constructors.items():
        Loader.add_constructor(_YAML + tag, constructor)
    Loader.add_constructor("!vault", Loader.secret)
    Loader.add_constructor(None, Loader.tagged)
    return Loader


def _integer_meant(loader: Any, node: Any) -> str:
    if len(node.value) > 20:
        return "an integer"
    try:
        return f"the integer {loader.construct_yaml_int(node)}"
    except ValueError:
        return "an integer"


def _survey(root: Any, note: _Note, nodes: int) -> bool:
    """Note keys that a dictionary has twice, where YAML would take the last, and keys that YAML reads as no text.

    Returns whether there are aliases. Raises ParseError where they make too much of a document. Each node is looked at
    once.
    """
    seen: set[int] = set()
    shared = False
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, yaml.CollectionNode):
            continue
        if id(node) in seen:
            shared = True
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
            continue
        names = [key.value for key, _value in node.value if isinstance(key.value, str)]
        if len(set(names)) < len(names):
            for number, (key, _value) in enumerate(node.value):
                if key.value in names[:number]:
                    note(key.start_mark.line + 1, f"'{quoted(key.value)}' is there twice")
        for key, _value in node.value:
            if key.tag not in _KEYS and isinstance(key, yaml.ScalarNode):
                text = quoted(key.value)
                note(key.start_mark.line + 1, f"the key {text} is not text for YAML; write '{text}'")
        waiting += [value for _key, value in reversed(node.value)]
    if shared:
        _ensure_bounded(root, max(MAX_ALIASED, 10 * nodes))
    return shared


def _ensure_bounded(root: Any, most: int) -> None:
    """Raise ParseError where aliases make too many values or levels, or where a node holds itself."""
    sizes: dict[int, tuple[int, int]] = {}
    waiting = [root]
    opened: set[int] = set()
    while waiting:
        node = waiting[-1]
        children = _children(node)
        if id(node) in sizes:
            waiting.pop()
        elif id(node) in opened:
            below = [sizes[id(child)] for child in children]
            size, depth = 1 + sum(one for one, _depth in below), 1 + max((depth for _one, depth in below), default=0)
            line = node.start_mark.line + 1
            if size > most:
                raise ParseError(line, f"has aliases that expand it to more than {most:,} values")
            if depth > MAX_DEPTH:
                raise ParseError(line, _TOO_DEEP)
            sizes[id(node)] = (size, depth)
            waiting.pop()
        else:
            opened.add(id(node))
            unknown = [child for child in children if id(child) not in sizes]
            if any(id(child) in opened for child in unknown):
                raise ParseError(node.start_mark.line + 1, "holds itself by an alias")
            waiting += unknown


def _children(node: Any) -> Sequence[Any]:
    if isinstance(node, yaml.MappingNode):
        return [one for pair in node.value for one in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else ()


def _paths(root: Any, start: _Path, wanted: Collection[int]) -> dict[int, list[_Path]]:
    """Return the paths of nodes by their ids, from the path of the root on; with aliases a node has several."""
    found: dict[int, list[_Path]] = {}
    waiting: list[tuple[Any, _Path]] = [(root, start)]
    while waiting:
        node, path = waiting.pop()
        if id(node) in wanted:
            found.setdefault(id(node), []).append(path)
        if isinstance(node, yaml.MappingNode):
            waiting += [
                (value, (*path, key.value) if isinstance(key.value, str) else path) for key, value in node.value
            ]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(item, (*path, number)) for number, item in enumerate(node.value)]
    return found


def _line_of_node(node: Any, path: _Path) -> int:
    """Return the line of the node that a path leads to; that of its key where it has one."""
    line = node.start_mark.line if node else 0
    for step in path:
        if isinstance(node, yaml.SequenceNode):
            if not isinstance(step, int):
                break
            if node.value[step] is None:  # it was dropped
                break
            node = node.value[step]
            line = node.start_mark.line
            continue
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        key, node = next(((key, value) for key, value in pairs if key.value == step), (None, None))
        if key is None:
            break
        line = key.start_mark.line
    return int(line) + 1


class _Json:
    """A JSON parser that takes integers as they are written, and remembers other numbers until `problems()`."""

    def __init__(self) -> None:
        self._doubtful: set[str] = set()
        self._decoder = json.JSONDecoder(
            object_pairs_hook=_once, parse_int=self._integer, parse_float=self._other, parse_constant=self._other
        )

    def parse(self, text: str) -> Any:
        """Return the content. Raises ParseError, whose line counts from the beginning of `text`."""
        if text.count(",") > MAX_NODES:
            raise ParseError(1, _TOO_MANY)
        try:
            content = self._decoder.decode(text)
        except json.JSONDecodeError as error:
            raise ParseError(error.lineno, error.msg if text.strip() else "is empty") from None
        except ValueError as error:
            raise ParseError(1, str(error)) from None
        except RecursionError:
            raise ParseError(1, _TOO_DEEP) from None
        _ensure_shallow(content)
        return content

    def _integer(self, text: str) -> int | str:
        return int(text) if len(text) < 12 and text != "-0" else self._other(text)

    def _other(self, text: str) -> str:
        self._doubtful.add(text)
        return text

    def problems(self, text: str) -> Iterator[tuple[int, str]]:
        """Yield line and problem of each number of the text, which was parsed last, that is not accepted."""
        doubtful, line, start = self._doubtful, 1, 0
        self._doubtful = set()
        for match in _JSON_TOKEN.finditer(text) if doubtful else ():
            if match[0] in doubtful:
                line, start = line + text.count("\n", start, match.start()), match.start()
                number = quoted(match[0])
                yield line, f'{number} is not a 32-bit integer; write "{number}" for text'


def _ensure_shallow(content: Any) -> None:
    """Raise ParseError for what is nested too deeply."""
    level = [content] if isinstance(content, _CONTAINERS) else []
    for _depth in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, _CONTAINERS)
        ]
        if not level:
            return
    raise ParseError(1, _TOO_DEEP)


def parse_json(text: str, note: _Note, decrypt: Decrypt) -> _Document:
    """Parse JSON; the lines known are those of its lists and of their items. Raises ParseError."""
    parser = _Json()
    content = parser.parse(text)
    for number_line, problem in parser.problems(text):
        note(number_line, problem)
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
    return content, lambda path: next(lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines), {}


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, whose keys must differ. Raises ValueError."""
    content = dict(members)
    if len(content) < len(members):
        twice = next(key for number, (key, _value) in enumerate(members) if key in dict(members[:number]))
        raise ValueError(f"'{quoted(twice)}' is there twice")
    return content


def _elements(text: str, start: int, line: int) -> Iterator[tuple[int, int]]:
    """Yield offset and line of each element of the list, or of each key and value of the object, that is at `start`."""
    decoder = json.JSONDecoder(parse_int=str, parse_float=str)
    here = _skipped(text, start + 1)
    while text[here] not in "]}":
        line += text.count("\n", start, here)
        yield here, line
        start, here = here, _skipped(text, decoder.raw_decode(text, here)[1])


def _skipped(text: str, start: int) -> int:
    """Return where something begins, at `start` or behind the space, comma or colon there."""
    match = _GAP.match(text, start)
    return match.end() if match else start


def json_lines(name: str, text: str, problems: list[str], decrypt: Decrypt) -> Items:
    """Yield an assignment of each line that is not blank."""
    parser, sealed = _Json(), False
    for number, line in enumerate(io.StringIO(text), 1):  # splitlines() knows more ends of lines than JSON
        if line.strip():
            label = f"{name}:{number}"
            try:
                item = parser.parse(line)
            except ParseError as broken:
                problems.append(f"{label}:{str(broken).partition(':')[2]}")
            else:
                problems += [f"{label}: {problem}" for _line, problem in parser.problems(line)]
                if isinstance(item, dict) and RECORD in item:  # the seal of a snapshot was checked before
                    sealed = True
                    continue
                yield ASSIGNMENTS, SourceLocation(label, _in_line, restores=sealed), item


def _in_line(label: str, path: Sequence[str]) -> str:
    return f"{label}: {quoted('.'.join(path), MAX_PATH)}"
