# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layers of ARCHITECTURE.md: imports go down only, the core is pure, each library is imported in its one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "ansible_collections.entra.attributes.plugins."

# From the top down. What is not named here is of the module_utils edge. CONTROLLER is what never leaves the controller.
EDGE, CONTROLLER, RUN, DOMAIN, TRANSPORT, CORE, AUTH, LEAF = range(8)
ANSIBLE = (EDGE, CONTROLLER, RUN)
LAYERS = {
    "_audit_log": DOMAIN,
    "_csv_files": DOMAIN,
    "_directory": DOMAIN,
    "_declarations": DOMAIN,
    "_files": DOMAIN,
    "_folder": DOMAIN,
    "_locations": DOMAIN,
    "_schema": DOMAIN,
    "_storage": DOMAIN,
    "_yaml_json": DOMAIN,
    "_graph": TRANSPORT,
    "_odata": TRANSPORT,
    "_patience": TRANSPORT,
    "_shapes": TRANSPORT,
    "_transport": TRANSPORT,
    "_batch": TRANSPORT,
    "_figures": CORE,
    "_options": CORE,
    "_plan": CORE,
    "_plan_schema": CORE,
    "_values": CORE,
    "_auth": AUTH,
    "_clouds": LEAF,
    "_errors": LEAF,
    "_secrets": LEAF,
}
PURE = {"__future__", "collections", "dataclasses", "enum", "functools", "itertools", "json", "math", "re", "typing"}
PURE |= {"unicodedata"}


@dataclass(frozen=True)
class Import:
    """One imported name: ``lazy`` when it happens inside a function."""

    name: str
    lazy: bool


def imports(node: ast.AST, package: str, lazy: bool = False) -> Iterator[Import]:
    """Yield what a module imports, relative imports resolved; what only a type checker sees is left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, lazy) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - child.level + 1] if child.level else []
            base = ".".join([*parents, *filter(None, [child.module])])
            yield from (Import(f"{base}.{alias.name}", lazy) for alias in child.names)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            for other in child.orelse:
                yield from imports(other, package, lazy)
        else:
            yield from imports(child, package, lazy or isinstance(child, ast.FunctionDef | ast.Lambda))


def layer(module: str) -> int:
    """Return the layer of a module below ``plugins``, written with dots."""
    if module.startswith("plugin_utils."):
        return CONTROLLER
    if not module.startswith("module_utils."):
        return EDGE
    return LAYERS.get(module.split(".")[1], RUN)


def violations(module: str, source: str) -> list[str]:
    """Return what a module below ``plugins`` imports and may not."""
    own = layer(module)
    package = (PREFIX + module).rpartition(".")[0]
    found = []
    for item in imports(ast.parse(source), package):
        if item.name.startswith(PREFIX):
            target = item.name.removeprefix(PREFIX)
            below = layer(target)
            if below < own or (below == own and own in (EDGE, LEAF)) or (own == CORE and below == AUTH):
                found.append(f"{module} imports {target}, which is not below it")
            elif below == CONTROLLER and module.startswith("modules."):
                found.append(f"{module} runs elsewhere and imports {target}, which stays on the controller")
            continue
        library = item.name.split(".")[0]
        if library == "ansible_collections":
            found.append(f"{module} imports {item.name} of another collection, or a file outside plugins")
        elif library == "ansible" and own not in ANSIBLE:
            found.append(f"{module} imports Ansible below the edge")
        elif library == "requests" and own in (*ANSIBLE, DOMAIN, LEAF):
            found.append(f"{module} imports requests beside the transport")
        elif library == "msal" and not (own == AUTH and item.lazy):
            found.append(f"{module} imports msal elsewhere than inside a function of _auth")
        elif own == CORE and library not in PURE:
            found.append(f"{module} is pure and imports {item.name}")
    if own not in ANSIBLE and any(
        isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") for node in ast.walk(ast.parse(source))
    ):
        found.append(f"{module} reads the environment, which is handed in")
    return found


def plugins() -> list[str]:
    files = sorted((ROOT / "plugins").rglob("*.py"))
    return [".".join(file.relative_to(ROOT / "plugins").with_suffix("").parts) for file in files]


@pytest.mark.parametrize("module", plugins())
def test_imports_go_down(module: str) -> None:
    source = (ROOT / "plugins" / module.replace(".", "/")).with_suffix(".py").read_text()
    assert violations(module, source) == []


@pytest.mark.parametrize("module", [name for name in plugins() if "_utils." in name])
def test_utils_are_private(module: str) -> None:
    assert module.split(".")[1].startswith("_")


def test_the_local_graph_knows_nothing_of_the_collection() -> None:
    names = [
        item.name
        for file in (ROOT / "roles" / "graph_emulator" / "files").rglob("*.py")
        for item in imports(ast.parse(file.read_text()), "graph_emulator")
    ]
    assert any(name.startswith("starlette") for name in names)
    assert not [name for name in names if name.startswith("ansible")]


@pytest.mark.parametrize(
    ("module", "source", "reason"),
    [
        ("module_utils._graph", f"from {PREFIX}module_utils import _directory", "not below"),
        ("module_utils._graph", "from ._directory import Directory", "not below"),
        ("module_utils._auth.client_secret", "from .._graph import Graph", "not below"),
        ("module_utils._auth.__init__", "from .._graph import Graph", "not below"),
        ("module_utils._errors", f"from {PREFIX}module_utils._clouds import CLOUDS", "not below"),
        ("module_utils._module", f"from {PREFIX}modules.attribute_set import main", "not below"),
        ("module_utils._plan", "from ._auth import credential", "not below"),
        ("modules.attribute_set", f"from {PREFIX}modules.attribute_set_info import main", "not below"),
        ("modules.attribute_set", f"from {PREFIX}plugin_utils._action import LocalAction", "stays on the controller"),
        ("module_utils._module", f"from {PREFIX}plugin_utils._action import LocalAction", "not below"),
        ("module_utils._lookup", f"from {PREFIX}plugin_utils._controller import connected", "not below"),
        ("plugin_utils._hosts", f"from {PREFIX}inventory.directory import InventoryModule", "not below"),
        ("inventory.directory", f"from {PREFIX}lookup.custom_security_attribute import LookupModule", "not below"),
        ("lookup.custom_security_attribute", "import requests", "beside the transport"),
        ("plugin_utils._action", f"from {PREFIX}action.attribute_set import ActionModule", "not below"),
        ("module_utils._graph", "import ansible.module_utils.basic", "below the edge"),
        ("module_utils._values", "import os", "is pure"),
        ("module_utils._plan", "def plan():\n    from requests import get", "is pure"),
        ("module_utils._directory", "import requests", "beside the transport"),
        ("module_utils._auth._msal", "import msal", "inside a function"),
        ("module_utils._auth._msal", "try:\n    import msal\nexcept ImportError:\n    pass", "inside a function"),
        ("module_utils._graph", "def token():\n    import msal", "inside a function"),
        ("module_utils._graph", "import os\nHOME = os.environ['HOME']", "reads the environment"),
        ("modules.attribute_set", "from ansible_collections.community.general.plugins import x", "another collection"),
    ],
)
def test_a_violation_is_found(module: str, source: str, reason: str) -> None:
    assert [reason in line for line in violations(module, source)] == [True]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("modules.attribute_set", f"from {PREFIX}module_utils._schema import Schema"),
        ("action.attribute_set", f"from {PREFIX}plugin_utils._action import LocalAction"),
        ("inventory.directory", f"from {PREFIX}plugin_utils._hosts import hosts\nimport os\nHOME = os.environ"),
        ("lookup.custom_security_attribute", f"from {PREFIX}module_utils._lookup import LOOKUP"),
        ("plugin_utils._action", f"from {PREFIX}module_utils._module import connect\nimport os\nHOME = os.environ"),
        ("module_utils._assignment", "from ._module import run"),
        ("module_utils._plan", "from ._values import read"),
        ("module_utils._auth._msal", "def library():\n    import msal\n    return msal"),
        ("module_utils._values", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import requests"),
    ],
)
def test_what_is_allowed_passes(module: str, source: str) -> None:
    assert violations(module, source) == []
