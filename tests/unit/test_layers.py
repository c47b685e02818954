# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layers of ARCHITECTURE.md: imports go down only, the core is pure, each library is imported in its one place."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "ansible_collections.entra.attributes.plugins."

# From the top down: a package imports itself and what stands below it. `plugin_utils` never leaves the controller.
LAYERS = (
    ("edge",),
    ("plugin_utils",),
    ("_operations",),
    ("_operation",),
    ("_report",),
    ("_declarations",),
    ("_tenant",),
    ("_connection",),
    ("_graph", "_auth"),
    ("_core",),
    ("_secrets",),
    ("_errors",),
)
EDGE, CONTROLLER = 0, 1
RANKS = {package: rank for rank, packages in enumerate(LAYERS) for package in packages}
OFFLINE_FILES, MODULE_FILES = 29, 25
"""Files that the lookup `declarations` and, next to the credentials, a module load; fewer make a task start sooner."""
OFFLINE = ("_core", "_declarations")
"""Packages that load neither HTTP nor Graph."""
ANSIBLE = ("edge", "plugin_utils", "_operations", "_operation", "_declarations", "_connection")
PURE = {"__future__", "collections", "dataclasses", "enum", "functools", "itertools", "json", "math", "re", "typing"}
PURE |= {"difflib", "html", "marshal", "operator", "types", "unicodedata"}


@dataclass(frozen=True)
class Import:
    """One imported name: ``lazy`` when it happens inside a function."""

    name: str
    lazy: bool


def imports(node: ast.AST, package: str, lazy: bool = False) -> Iterator[Import]:
    """Yield the imports of a module, relative imports resolved, without the imports that only a type checker sees."""
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


def package(module: str) -> str:
    """Return the package of a module below ``plugins``, written with dots."""
    folder, name = module.split(".")[:2]
    return "plugin_utils" if folder == "plugin_utils" else name if folder == "module_utils" else "edge"


def violations(module: str, source: str) -> list[str]:
    """Return what a module below ``plugins`` imports and must not."""
    own = package(module)
    found = []
    for item in imports(ast.parse(source), (PREFIX + module).rpartition(".")[0]):
        if item.name.startswith(PREFIX):
            target = item.name.removeprefix(PREFIX)
            other = package(target)
            peers = own == other and own != "edge"
            if not peers and RANKS.get(other, EDGE) <= RANKS[own]:
                found.append(f"{module} imports {target}, which is not below it")
            elif own in OFFLINE and other in ("_graph", "_tenant"):
                found.append(f"{module} works offline and imports {target}")
            elif other == "plugin_utils" and module.startswith("modules."):
                found.append(f"{module} runs elsewhere and imports {target}, which stays on the controller")
            continue
        library = item.name.split(".")[0]
        if library == "ansible_collections":
            found.append(f"{module} imports {item.name} of another collection, or a file outside plugins")
        elif own == "_core" and library not in PURE | {"ansible"}:
            found.append(f"{module} is pure and imports {item.name}")
        elif library == "ansible" and own not in ANSIBLE:
            found.append(f"{module} imports Ansible below the edge")
        elif library == "requests" and own not in ("_graph", "_auth"):
            found.append(f"{module} imports requests beside the transport")
        elif library == "msal" and not (own == "_auth" and item.lazy):
            found.append(f"{module} imports msal elsewhere than inside a function of _auth")
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
        ("module_utils._graph.client", f"from {PREFIX}module_utils import _tenant", "not below"),
        ("module_utils._graph.client", "from .._tenant.principals import Directory", "not below"),
        ("module_utils._auth.client_secret", "from .._operation import Operation", "not below"),
        ("module_utils._auth.__init__", "from .._operation import Operation", "not below"),
        ("module_utils._errors", f"from {PREFIX}module_utils._secrets import Secrets", "not below"),
        ("module_utils._operation", f"from {PREFIX}modules.attribute_set import main", "not below"),
        ("module_utils._core.assignment_plan", "from .._auth import credential", "not below"),
        ("modules.attribute_set", f"from {PREFIX}modules.attribute_set_info import main", "not below"),
        ("modules.attribute_set", f"from {PREFIX}plugin_utils._action import LocalAction", "stays on the controller"),
        ("module_utils._operation", f"from {PREFIX}plugin_utils._action import LocalAction", "not below"),
        ("module_utils._operations.lookup", f"from {PREFIX}plugin_utils._controller import connected", "not below"),
        ("plugin_utils._hosts", f"from {PREFIX}inventory.directory import InventoryModule", "not below"),
        ("inventory.directory", f"from {PREFIX}lookup.custom_security_attribute import LookupModule", "not below"),
        ("lookup.custom_security_attribute", "import requests", "beside the transport"),
        ("plugin_utils._action", f"from {PREFIX}action.attribute_set import ActionModule", "not below"),
        ("module_utils._graph.client", "import ansible.module_utils.basic", "below the edge"),
        ("module_utils._core.values", "import os", "is pure"),
        ("module_utils._core.assignment_plan", "def plan():\n    from requests import get", "is pure"),
        ("module_utils._tenant.principals", "import requests", "beside the transport"),
        ("module_utils._auth._msal", "import msal", "inside a function"),
        ("module_utils._auth._msal", "try:\n    import msal\nexcept ImportError:\n    pass", "inside a function"),
        ("module_utils._graph.client", "def token():\n    import msal", "inside a function"),
        ("module_utils._graph.client", "import os\nHOME = os.environ['HOME']", "reads the environment"),
        ("modules.attribute_set", "from ansible_collections.community.general.plugins import x", "another collection"),
    ],
)
def test_a_violation_is_found(module: str, source: str, reason: str) -> None:
    assert [reason in line for line in violations(module, source)] == [True]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("modules.attribute_set", f"from {PREFIX}module_utils._tenant.schema import Schema"),
        ("action.attribute_set", f"from {PREFIX}plugin_utils._action import LocalAction"),
        ("inventory.directory", f"from {PREFIX}plugin_utils._hosts import hosts\nimport os\nHOME = os.environ"),
        ("lookup.custom_security_attribute", f"from {PREFIX}module_utils._operations.lookup import LOOKUP"),
        ("plugin_utils._action", f"from {PREFIX}module_utils._operation import connect\nimport os\nHOME = os.environ"),
        ("module_utils._operations.assignment", "from .._operation import run"),
        ("module_utils._core.assignment_plan", "from .values import read"),
        ("module_utils._auth._msal", "def library():\n    import msal\n    return msal"),
        ("module_utils._core.values", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import requests"),
    ],
)
def test_what_is_allowed_passes(module: str, source: str) -> None:
    assert violations(module, source) == []


def loaded(module: str) -> list[str]:
    """Return the files below ``plugins`` that a new process loads for one of them, without empty ones."""
    script = (
        "import importlib, os, sys\n"
        f"importlib.import_module({PREFIX + module!r})\n"
        f"found = [name for name in sys.modules if name.startswith({PREFIX!r})]\n"
        "files = {name: getattr(sys.modules[name], '__file__', None) for name in found}\n"
        "print(*(name for name, file in files.items() if file and os.path.getsize(file)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    return sorted(name.removeprefix(PREFIX) for name in done.stdout.split())


def test_the_offline_lookup_loads_neither_credentials_nor_transport() -> None:
    found = loaded("lookup.declarations")
    packages = {package(name) for name in found}
    assert packages == {"edge", "plugin_utils", "_declarations", "_core", "_errors"}
    assert len(found) <= OFFLINE_FILES, found


def test_a_module_loads_what_its_request_needs() -> None:
    found = loaded("modules.attribute_set_info")
    assert not {package(name) for name in found} & {"_report", "plugin_utils"}
    assert not [name for name in found if "batches" in name or "csv" in name or "principals" in name]
    assert len([name for name in found if package(name) != "_auth"]) <= MODULE_FILES, found
