# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The private names of ansible-core that the collection uses, all of them, checked when this file loads.

Ansible may rename them in any minor release. Tasks need them only to run inside Ansible. Without one of them, tasks
run as modules.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

import ansible
from ansible import constants
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib

from ..module_utils._errors import EntraError

if TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

NEWEST_TESTED = "2.22"
SWITCH = "ENTRA_RUN_IN_PROCESS"
"""The environment variable that decides where local tasks run, whatever the version of ansible-core."""

ENVIRONMENT = "ansible.plugins.action.ActionBase._compute_environment_string"
MODULE_ARGS = "ansible.plugins.action.ActionBase._update_module_args"
CONFIGURATION = "ansible.constants.config.get_config_value"
ENCODER = "ansible.parsing.ajson.AnsibleJSONEncoder"
VAULT = "ansible.parsing.dataloader.DataLoader._vault"


def _has(name: str) -> bool:
    try:
        return DataLoader()._vault is not None if name == VAULT else resolve_name(name) is not None
    except (ImportError, AttributeError):
        return False


MISSING = tuple(name for name in (ENVIRONMENT, MODULE_ARGS, CONFIGURATION, ENCODER, VAULT) if not _has(name))


def reason_for_modules(environment: Mapping[str, str], version: str = ansible.__version__) -> str:
    """Return why local tasks run as modules with this ansible-core, or an empty text if they run inside Ansible."""
    if MISSING:
        return f"ansible-core {version} does not have {', '.join(MISSING)}"
    chosen = environment.get(SWITCH, "").strip().lower()
    if chosen in ("true", "yes", "1"):
        return ""
    if chosen in ("false", "no", "0"):
        return f"{SWITCH} is {chosen}"
    if _minor(version) > _minor(NEWEST_TESTED):
        return (
            f"ansible-core {version} is newer than {NEWEST_TESTED}, the newest tested version; {SWITCH} overrides this"
        )
    return ""


def _minor(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".")[:2])


def task_environment(action: ActionBase) -> dict[str, str]:
    """Return the `environment` of a task, templated."""
    variables: dict[str, Any] = {}
    action._compute_environment_string(variables)
    texts: dict[str, str] = plain({name: str(value) for name, value in variables.items()})
    return texts


def module_args(action: ActionBase, task_vars: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options of a task as a module receives them, and apart from them what Ansible adds (`_ansible_...`).

    Raises what `plain` raises.
    """
    args = dict(action._task.args)
    action._update_module_args(action._task.action, args, task_vars)
    added = {name: args.pop(name) for name in list(args) if name.startswith("_ansible_")}
    return args, added


def interpreter(task_vars: Mapping[str, Any]) -> Any:
    """Return the Python that a variable or Ansible's configuration chooses for modules; it may be a template."""
    return constants.config.get_config_value("INTERPRETER_PYTHON", variables=task_vars)


def plain(value: Any) -> Any:
    """Return plain JSON data, without templates, vaults and marks.

    Raises ValueError, RecursionError, and EntraError where ansible-core has no encoder.
    """
    _ensure(ENCODER)
    return json.loads(json.dumps(value, cls=resolve_name(ENCODER), vault_to_text=True))


def decrypt(loader: Any, text: str) -> bytes:
    """Return a text without its encryption, by the vault secrets of this run. Raises AnsibleError and EntraError."""
    _ensure(VAULT)
    decrypted: bytes = VaultLib(secrets=loader._vault.secrets).decrypt(text.encode())
    return decrypted


def _ensure(name: str) -> None:
    if name in MISSING:
        raise EntraError(
            f"ansible-core {ansible.__version__} does not have {name}.",
            f"Use ansible-core {NEWEST_TESTED} or older, or a newer version of this collection.",
        )
