# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""What was there before a run, as declarations that undo it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible_collections.entra.attributes.plugins.module_utils._directory import KINDS, Principal
from ansible_collections.entra.attributes.plugins.module_utils._errors import OptionError
from ansible_collections.entra.attributes.plugins.module_utils._files import replace_file
from ansible_collections.entra.attributes.plugins.module_utils._plan import Plan


def record(path: str, changes: Iterable[tuple[Principal, Plan]]) -> None:
    """Write down what is about to change, an item per principal and line: what undoes it, and what must be there then.

    A file that is there is continued: it keeps what was before the first of the runs, and expects what is after the
    last. A new one is for its owner only. Raises OptionError where it cannot be written.
    """
    items = _read(path)
    for principal, plan in changes:
        who = (principal.kind.name, principal.id)
        item = items.setdefault(who, {who[0]: who[1], "display_name": principal.display_name})
        for attribute_set, name in plan.changes():
            before = item.setdefault("attributes", {}).setdefault(attribute_set, {})
            before.setdefault(name, plan.before.get(attribute_set, {}).get(name))
            after = plan.after.get(attribute_set, {}).get(name)
            item.setdefault("expected", {}).setdefault(attribute_set, {})[name] = after
    lines = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items.values())
    try:
        replace_file(Path(path), lines.encode(errors="backslashreplace"))  # which is JSON's way, too
    except OSError as error:
        raise OptionError("snapshot_path", f"{path} cannot be written: {error.strerror}") from None


def _read(path: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The items of a snapshot, by kind and id; none if there is no file."""
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
        items = [json.loads(line) for line in lines if line.strip()]
        return {next((kind, item[kind]) for kind in KINDS if kind in item): item for item in items}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise OptionError("snapshot_path", f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, StopIteration):
        raise OptionError("snapshot_path", f"{path} is there, but is no snapshot") from None
