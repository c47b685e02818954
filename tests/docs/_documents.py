# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of the documentation, the blocks in them, and the examples of modules and plugins."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
GUIDES = "docs/docsite/rst"
PAGES = ("README.md", "examples/README.md", "roles/*/README.md", f"{GUIDES}/*.rst")
PLUGINS = ("plugins/*/*.py", "extensions/*/plugins/*/*.py")

_RST = re.compile(
    r"^(?P<indent> *)\.\. code-block:: *(?P<language>\w+)\n(?P<options>(?:(?P=indent) +:[^\n]*\n)*)\n"
    r"(?P<text>(?:(?P=indent) +[^\n]*\n|[ ]*\n)+)",
    re.MULTILINE,
)
_MARKDOWN = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


class _Loader(yaml.SafeLoader):
    """Reads any tag, such as ``!vault`` of Ansible and ``!reference`` of GitLab, as what stands behind it."""


def _untagged(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_Loader.add_multi_constructor("!", _untagged)


@dataclass(frozen=True)
class Block:
    """A block of a page, or the EXAMPLES of a plugin."""

    source: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"

    @property
    def script(self) -> str:
        """Its commands, if it is made of such."""
        if self.language == "console":
            return "\n".join(transcript(self.text)[0])
        return self.text if self.language in ("bash", "shell", "sh") else ""

    def documents(self) -> list[Document]:
        """Parse the YAML documents of the block. Raises ValueError, naming the block."""
        commented = re.sub(r"^((?:#[^\n]*\n)+)---\n", r"---\n\1", self.text, flags=re.MULTILINE)
        texts = re.split(r"^---\n", commented, flags=re.MULTILINE)
        try:
            # S506: the loader is a SafeLoader.
            parsed = [(text, yaml.load(text, _Loader)) for text in texts]  # noqa: S506
        except yaml.YAMLError as error:
            raise ValueError(f"{self}: {error}") from error
        return [Document(self, text, content) for text, content in parsed if content is not None]


@dataclass(frozen=True)
class Document:
    """One YAML document of a block."""

    block: Block
    text: str
    content: Any

    @property
    def kind(self) -> str:
        """Return its kind: plays, tasks, a rulebook, an inventory, or data."""
        items = self.content if isinstance(self.content, list) else []
        if items and all(isinstance(item, dict) for item in items):
            if any("rules" in item for item in items):
                return "rulebook"
            if any({"hosts", "import_playbook", "ansible.builtin.import_playbook"} & set(item) for item in items):
                return "plays"
            if any("block" in item or any(str(key).count(".") >= 2 for key in item) for item in items):
                return "tasks"
        return "inventory" if isinstance(self.content, dict) and "plugin" in self.content else "data"


def files(*patterns: str) -> list[Path]:
    """Return the files of the collection that match any of the patterns."""
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def name(path: Path) -> str:
    """Return the path of a file below the root of the collection."""
    return path.relative_to(ROOT).as_posix()


def page_blocks(path: Path) -> list[Block]:
    """Return all blocks of a page."""
    text = path.read_text() + "\n"
    pattern = _RST if path.suffix == ".rst" else _MARKDOWN
    return [
        Block(
            name(path),
            text.count("\n", 0, match.start("text")) + 1,
            match["language"],
            textwrap.dedent(match["text"]).strip("\n") + "\n",
        )
        for match in pattern.finditer(text)
    ]


def constants(path: Path) -> dict[str, str]:
    """Return the texts that a Python file assigns to names, in classes as well, such as EXAMPLES and DOCUMENTATION."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found.update({target.id: node.value.value for target in node.targets if isinstance(target, ast.Name)})
    return found


def blocks() -> Iterator[Block]:
    """Yield every block of every page, and the EXAMPLES of every plugin."""
    for path in files(*PAGES):
        yield from page_blocks(path)
    for path in files(*PLUGINS):
        if examples := constants(path).get("EXAMPLES"):
            line = path.read_text().splitlines().index('EXAMPLES = r"""') + 2
            yield Block(name(path), line, "yaml", examples.strip("\n") + "\n")


def sources() -> dict[str, list[Document]]:
    """Return the YAML documents of all blocks by their source."""
    found: dict[str, list[Document]] = {}
    for block in blocks():
        if block.language in ("yaml", "yml"):
            found.setdefault(block.source, []).extend(block.documents())
    return found


def transcript(text: str) -> tuple[list[str], list[str]]:
    """Return the commands of a console block, and the lines of output that it shows.

    A command follows a prompt, with its here-document or continued lines. ``...`` stands for what is left out.
    """
    commands: list[str] = []
    shown: list[str] = []
    end = ""
    for line in text.splitlines():
        if end or (commands and commands[-1].endswith("\\")):
            commands[-1] += f"\n{line}"
            end = "" if line == end else end
        elif line.startswith("$ "):
            commands.append(line[2:])
            here = re.search(r"<<-?\s*'?(\w+)'?", line)
            end = here[1] if here else ""
        elif line.strip() not in ("", "..."):
            shown.append(line.strip())
    return commands, shown
