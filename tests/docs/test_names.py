# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation and the messages name only options, variables, files, and commands that exist.

`make lint` checks the links of guides and plugins to options and results, and Sphinx those to guides.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from _documents import GUIDES, PAGES, PLUGINS, ROOT, constants, files, name, page_blocks, sources

PROSE = (*PAGES, "*.md", "docs/*.md")
CODE = (*PLUGINS, "roles/*/files/**/*.py")
SPECS = "roles/*/meta/argument_specs.yml"
EDITED_BY_TOOLS = ("CHANGELOG.md",)

# Names of others that look like ours, and whose they are.
FOREIGN = {
    "check_mode": "Ansible",
    "include_role": "Ansible",
    "module_defaults": "Ansible",
    "AZURE_SUBSCRIPTION_ID": "Azure Resource Manager of AWX, not read",
}
WORDS = re.compile(r"(?<![\w.$/%{<\"'-])[a-z]+(?:_[a-z]+)+(?![\w(/@<-]|\.[a-z])")
VARIABLES = re.compile(r"\b(?:AZURE|ENTRA)_[A-Z][A-Z_]+\b")
COLLECTION = re.compile(r"(?<![/\w-])entra\.attributes\.(?!docsite)((?:[a-z_]+\.?)+)")
PATHS = r"(?<![\w./~$:-])((?:%s)/[\w./*-]+)"
URLS = re.compile(r"https://github\.com/entra-attributes/entra\.attributes/(?:blob|tree)/main/([\w./-]+)")
LINKS = re.compile(r"\]\((?!https?:|#)([^)\s]+)\)")
BADGES = re.compile(r"github\.com/entra-attributes/entra\.attributes/actions/workflows/([\w.-]+)")
MAKE = re.compile(r"\bmake ([a-z][a-z-]*)")
SETTING = re.compile(r"([a-z_]+): ([a-zA-Z_]+)")


def prose() -> list[Path]:
    return [path for path in files(*PROSE) if name(path) not in EDITED_BY_TOOLS]


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what a page marks as literal in its sentences, with the line."""
    text = path.read_text()
    for block in page_blocks(path):
        text = text.replace(block.text, "\n" * block.text.count("\n"))
    pattern = r"``([^`]+?)``" if path.suffix == ".rst" else r"`([^`]+?)`"
    for match in re.finditer(pattern, re.sub(r"^ *```.*?^ *```$", _blank, text, flags=re.MULTILINE | re.DOTALL)):
        yield text.count("\n", 0, match.start()) + 1, " ".join(match[1].split())


def mentioned(path: Path) -> list[str]:
    """Return what a page marks as literal, and its commands."""
    return [*(literal for line, literal in literals(path)), *(block.script for block in page_blocks(path))]


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def documentation(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the documentation of a plugin, module or fragment: its part's name and content."""
    for part, text in constants(path).items():
        if part != "EXAMPLES" and part.isupper() and ("options:" in text or part == "RETURN"):
            yield part, yaml.safe_load(text)


def options(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every option of a specification with its aliases and suboptions, also in roles."""
    for option, details in spec.items():
        yield option, details
        yield from ((alias, details) for alias in details.get("aliases", ()))
        yield from options(details.get("suboptions") or details.get("options") or {})


def results(spec: dict[str, Any]) -> Iterator[str]:
    """Yield every key of a result."""
    for key, details in spec.items():
        yield key
        yield from results(details.get("contains") or {})


@cache
def known_options() -> dict[str, list[dict[str, Any]]]:
    """Return what is documented of each option, of all modules, plugins and roles together."""
    found: dict[str, list[dict[str, Any]]] = {}
    specs = [content for path in files(*PLUGINS) for part, content in documentation(path) if part != "RETURN"]
    specs += [entry for path in files(SPECS) for entry in yaml.safe_load(path.read_text())["argument_specs"].values()]
    for spec in specs:
        for option, details in options(spec.get("options") or {}):
            found.setdefault(option, []).append(details)
    return found


@cache
def known_results() -> set[str]:
    contents = [content for path in files(*PLUGINS) for part, content in documentation(path) if part == "RETURN"]
    # The guide on troubleshooting documents the results of every failure.
    return {key for content in contents for key in results(content)} | {"error", "client_request_id", "request_id"}


@cache
def words_in_code(*patterns: str) -> set[str]:
    """Return the texts in code that are one word, such as keys and names of variables, and the fields of classes."""
    found = set()
    for node in (node for path in files(*patterns) for node in ast.walk(ast.parse(path.read_text()))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"\w+", node.value):
            found.add(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


@cache
def known_variables() -> set[str]:
    """Return the variables that roles set, that examples make, and those that files of variables are full of."""
    found = set()
    for path in files("roles/*/*/*.yml", "playbooks/**/*.yml", "extensions/**/*.yml"):
        found |= set(re.findall(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b", path.read_text()))
    for documents in sources().values():
        for document in documents:
            found |= set(re.findall(r"^[ -]*([a-z][a-z0-9_]*):", document.text, re.MULTILINE))
    return found


def known(word: str) -> bool:
    return (
        word in known_options()
        or word in known_results()
        or word in known_variables()
        or word in words_in_code("roles/graph_emulator/files/**/*.py")
        or word in content_names()
        or word in FOREIGN
        or word in choices()
    )


@cache
def choices() -> set[str]:
    """Return the choices of options, and the sections of a configuration file in which options can stand."""
    specs = [spec for found in known_options().values() for spec in found]
    sections = {place["section"] for spec in specs for place in spec.get("ini") or ()}
    return sections | {str(choice) for spec in specs for choice in spec.get("choices") or ()}


@cache
def content_names() -> set[str]:
    """Return the names behind ``entra.attributes.``."""
    found = {path.stem for path in files(*PLUGINS, "playbooks/*.yml", "extensions/eda/rulebooks/*.yml")}
    found |= {path.name for path in files("roles/*")}
    return found | set(yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["action_groups"])


@pytest.mark.parametrize("page", files("README.md", "roles/*/README.md"), ids=name)
def test_options_in_markdown_exist(page: Path) -> None:
    assert [f"{name(page)}:{line}: {word}" for line, literal in literals(page) for word in unknown(literal)] == []


@pytest.mark.parametrize(
    ("literal", "wrong"),
    [
        ("max_changes", []),
        ("client_secret: s", []),
        ("max_changez", ["max_changez"]),
        ("append: true", []),
        ("state: absent", []),
        ("state: gone", ["state: gone"]),
        ("{add: [...], max_changez: 1}", ["max_changez"]),
        ("~/.azure/some_file", []),
    ],
)
def test_what_does_not_exist_is_found(literal: str, wrong: list[str]) -> None:
    assert unknown(literal) == wrong


def unknown(literal: str) -> list[str]:
    """Return the options that a literal names and nothing has, and a choice that its option does not offer."""
    if any(character in literal for character in "/=$~"):
        return []  # a path, URL or command; others look at these
    wrong = [word for word in WORDS.findall(literal) if not known(word)]
    if (setting := SETTING.fullmatch(literal)) and (specs := known_options().get(setting[1])):
        allowed = {str(choice) for spec in specs for choice in spec.get("choices") or ()}
        if all(spec.get("choices") for spec in specs) and setting[2] not in allowed:
            wrong.append(literal)
    return wrong


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts in code that people read: messages and hints, not documentation and not single words."""
    skipped = set()
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))  # docstrings
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "").isupper() for target in node.targets):
            skipped.add(id(node.value))
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in skipped else ""
        if isinstance(text, str) and " " in text.strip():
            yield node.lineno, text


@pytest.mark.parametrize("file", files("plugins/*_utils/**/*.py", "plugins/action/*.py"), ids=name)
def test_options_in_messages_exist(file: Path) -> None:
    wrong = [
        f"{name(file)}:{line}: {word} in {text!r}"
        for line, text in sentences(file)
        for word in WORDS.findall(text)
        if not known(word)
    ]
    assert wrong == []


@pytest.mark.parametrize("file", [*prose(), *files(*PLUGINS, SPECS)], ids=name)
def test_environment_variables_are_read(file: Path) -> None:
    read = words_in_code(*CODE) | set(FOREIGN)
    specs = [spec for specs in known_options().values() for spec in specs]
    declared = {variable["name"] for spec in specs for variable in spec.get("env") or ()}
    used = set(VARIABLES.findall(file.read_text()))
    # Code that reads a name has it alone. A message has it within a text.
    assert sorted(used - read - declared) == []


@pytest.mark.parametrize(
    "file", [*prose(), *files(*PLUGINS, SPECS, "roles/*/*/*.yml", "playbooks/**/*.yml", "meta/*.yml")], ids=name
)
def test_content_of_the_collection_exists(file: Path) -> None:
    wrong = []
    for match in COLLECTION.finditer(file.read_text()):
        parts = match[1].rstrip(".").split(".")
        if parts[0] in ("plugins", "roles"):
            found = bool(files("/".join(parts), "/".join(parts) + ".py"))
        else:
            found = parts[0] in content_names()
        if not found:
            wrong.append(match[0])
    assert wrong == []


@pytest.mark.parametrize("page", prose(), ids=name)
def test_files_exist(page: Path) -> None:
    text = page.read_text()
    folders = [path.name for path in ROOT.iterdir() if path.is_dir() and path.name not in (".git", ".build")]
    pattern = PATHS % "|".join(map(re.escape, folders))
    paths = [path.rstrip(".") for words in mentioned(page) for path in re.findall(pattern, words)]
    made = ("tests/output",)  # not there before the tests have run
    wrong = [path for path in [*paths, *URLS.findall(text)] if not files(path) and not path.startswith(made)]
    wrong += [badge for badge in BADGES.findall(text) if not files(f".github/workflows/{badge}")]
    if page.suffix == ".md":
        wrong += [link for link in LINKS.findall(text) if not (page.parent / link.split("#")[0]).exists()]
    assert wrong == []


@cache
@cache
def is_target(target: str) -> bool:
    return subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("page", prose(), ids=name)
def test_make_targets_exist(page: Path) -> None:
    targets = {target for text in mentioned(page) for target in MAKE.findall(text)}
    assert [target for target in sorted(targets) if not is_target(target)] == []


def calls(job: dict[str, Any]) -> list[str]:
    """The commands of a job that call make, with each value of its matrix."""
    matrix = job.get("strategy", {}).get("matrix", {})
    cases = matrix.get("include") or [{key: value} for key, values in matrix.items() for value in values] or [{}]
    found = []
    for case in cases:
        for step in job["steps"]:
            text = step.get("run", "")
            for variable, expression in step.get("env", {}).items():
                key = expression.removeprefix("${{ matrix.").removesuffix(" }}")
                text = text.replace(f"${variable}", case.get(key, ""))
            found += [line.replace('"', "") for line in text.splitlines() if line.startswith("make ")]
    return found


def test_workflows_call_what_exists() -> None:
    known = subprocess.run([sys.executable, ".ci/test.py", "?"], cwd=ROOT, capture_output=True, text=True, check=False)
    parts = set(re.findall(r"[\w.-]+", known.stderr.partition("there are")[2]))
    workflows = files(".github/workflows/*.yml")
    commands = [
        call for file in workflows for job in yaml.safe_load(file.read_text())["jobs"].values() for call in calls(job)
    ]
    assert {f"make test PARTS=core-{minor}" for minor in ("2.16", "2.22", "devel")} <= set(commands)
    for command in commands:
        _make, target, *chosen = command.replace("PARTS=", "").split()
        assert is_target(target), command
        assert parts.issuperset(chosen), command


def test_the_readme_lists_all_content() -> None:
    listed = (ROOT / "README.md").read_text().split("| Kind | Content |")[1].split("\n\n")[0]
    public = sorted(content for content in content_names() - {"all"} if not content.startswith("_"))
    assert [content for content in public if f"`{content}`" not in listed] == []


def test_the_guide_on_permissions_knows_every_module() -> None:
    guide = (ROOT / GUIDES / "guide_permissions.rst").read_text()
    kinds = {"module": "modules", "inventory": "inventory"}
    plugins = [f"{path.stem}#{kind}" for kind, folder in kinds.items() for path in files(f"plugins/{folder}/*.py")]
    assert [plugin for plugin in plugins if f":ansplugin:`entra.attributes.{plugin}`" not in guide] == []


def test_the_guide_on_permissions_has_what_errors_ask_for() -> None:
    guide = (ROOT / GUIDES / "guide_permissions.rst").read_text()
    asked = {
        str(word.value)
        for path in files("plugins/module_utils/**/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Need"
        for word in ast.walk(node)
        if isinstance(word, ast.Constant)
    }
    assert len(asked) >= 4
    assert [word for word in sorted(asked) if word not in guide] == []


def test_the_roles_of_the_guide_are_those_of_the_local_graph() -> None:
    guide = (ROOT / GUIDES / "guide_permissions.rst").read_text()
    access = (ROOT / "roles/graph_emulator/files/graph_emulator/access.py").read_text()
    shown = dict(re.findall(r"\* - (Attribute [\w ]+)\n    - ``([0-9a-f-]{36})``", guide))
    assert shown
    assert [role for role, template in shown.items() if f'"{role}": "{template}"' not in access] == []


PROGRAMS = {
    "az": "Azure CLI",
    "curl": "curl",
    "gh": "GitHub CLI",
    "docker": "a container engine",
    "podman": "a container engine",
}


@pytest.mark.parametrize("page", prose(), ids=name)
def test_programs_in_shell_blocks_exist(page: Path) -> None:
    wrong = []
    for block in page_blocks(page):
        assert subprocess.run(["bash", "-n"], input=block.script, text=True, check=False).returncode == 0, block
        wrong += [f"{block}: {program}" for program in programs(block.script) if not available(program)]
    assert wrong == []


def programs(script: str) -> Iterator[str]:
    """Yield the first word of each line of a script, without what is set before it."""
    script = re.sub(r"<<-?\s*'?(\w+)'?.*?^\1$", "", script, flags=re.MULTILINE | re.DOTALL)
    script = re.sub(r"'[^']*'", "''", script.replace("\\\n", " "))
    for line in re.split(r"[\n|]|&&|\$\(", script):
        words = [word for word in line.split("#")[0].split() if not re.match(r"\w+=", word)]
        if words and re.fullmatch(r"[\w./~-]+", words[0]):
            yield words[0]


def available(program: str) -> bool:
    known_to_bash = subprocess.run(["bash", "-c", f"type {program}"], capture_output=True, check=False).returncode == 0
    return known_to_bash or program in PROGRAMS or program.startswith(("~", "ansible")) or bool(shutil.which(program))
