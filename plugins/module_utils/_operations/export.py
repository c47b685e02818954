# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The run of `export`: the tenant, or a part of it, as a folder of files that can be declared again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .._core.model import (
    KINDS_BY_PLURAL,
    SERVICE_PRINCIPAL,
    Assignments,
    AttributeSet,
    Definition,
    Principal,
    PrincipalKind,
)
from .._core.names import counted, name_problem
from .._core.options import INTEGER, LIST, TEXT
from .._core.values import in_order
from .._declarations.backups import clear, find_backups, new_backup, remove, reserve, seal
from .._declarations.csv_files import fits, write_csv
from .._declarations.folder import bring, check_export
from .._declarations.locations import ASSIGNMENTS, DEFINITIONS, DELEGATIONS, DISPLAY_NAME, SETS
from .._declarations.storage import now
from .._declarations.yaml_json import write_yaml
from .._errors import InvalidDeclaration, OptionError, UndefinedAttribute
from .._graph.client import Graph
from .._operation import Operation
from .._tenant.permissions import tenant_of
from .._tenant.principals import Directory
from .._tenant.schema import Schema
from .._tenant.visibility import PERHAPS_HIDDEN, Visibility
from .assignment_info import SELECTION_SPEC, selection
from .delegations import read_delegations

EXPORT_SPEC: dict[str, Any] = {
    "dest": {"type": "path", "required": True},
    "attribute_sets": {"type": LIST, "elements": TEXT},
    "principals": {
        "type": "list",
        "elements": "str",
        "choices": list(KINDS_BY_PLURAL),
        "default": list(KINDS_BY_PLURAL),
    },
    **SELECTION_SPEC,
    "delegations": {"type": "bool", "default": True},
    "format": {"type": "str", "choices": ["yaml", "csv"], "default": "yaml"},
    "backup": {"type": "bool", "default": False},
    "keep": {"type": INTEGER},
}
MOST_SHOWN = 100_000
"""Characters of a file up to which a diff shows it."""

Item = dict[str, Any]


def run_export(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """Read everything, then write the files that differ. Raises before it writes anything."""
    schema, directory, visibility = Schema(graph), Directory(graph), Visibility(graph)
    _check_backup(params)
    started = now()
    dest = new_backup(params["dest"]) if params["backup"] else check_export(params["dest"])
    sets = {found.name: found for found in schema.sets()}
    definitions = schema.definitions()
    chosen = _chosen(params["attribute_sets"], {*sets, *(known.attribute_set for known in definitions)})
    files = {
        f"{SETS}/{name}.yml": _set_file(sets.get(name), [known for known in definitions if known.attribute_set == name])
        for name in chosen
    }
    condition, certain, exported = selection(params, schema), True, 0
    ids: dict[str, dict[str, str]] = {}
    for plural in dict.fromkeys(params["principals"]):
        kind = KINDS_BY_PLURAL[plural]
        principals = list(directory.select(kind, condition))
        items = _items(kind, principals, chosen if params["attribute_sets"] else None, ids.setdefault(kind.name, {}))
        seen = {attribute_set for item in items for attribute_set in item["attributes"]}
        unseen = [known for known in definitions if known.attribute_set in set(chosen) - seen]
        proven = visibility.check_unseen(kind, unseen, set(chosen) - seen, named=bool(params["attribute_sets"]))
        certain = certain and proven
        files.update(_assignment_files(plural, kind, items, params["format"]))
        exported += len(items)
    delegations: list[Item] = []
    unread = ""
    if params["delegations"] and not condition:
        delegations, unread = read_delegations(graph, params["attribute_sets"])
    if delegations:
        files[f"{DELEGATIONS}.yml"] = write_yaml({DELEGATIONS: delegations})
    if params["backup"] and not check_mode:
        dest = reserve(dest)
    outcome = _bring(dest, files, check_mode)
    result = {
        **outcome,
        "summary": {
            "attribute_sets": len(chosen),
            "definitions": sum(known.attribute_set in chosen for known in definitions),
            "principals": exported,
            "delegations": len(delegations),
        },
    }
    result["msg"] = _message(result, dest)
    if unread:
        result["warnings"] = [f"Delegations are missing in {dest}: {unread}", *result.get("warnings", [])]
    if not certain:
        hidden = f"{PERHAPS_HIDDEN} What is hidden is missing in {dest}."
        result["warnings"] = [hidden, *result.get("warnings", [])]
    if params["backup"]:
        tenant = tenant_of(graph.claims(), params.get("tenant_id"))
        if not check_mode:
            seal(dest, tenant, started, complete=certain, principals=ids)
        removed, warnings = _remove_old(dest, tenant, params["keep"], check_mode)
        result = {**result, "backup": str(dest), "removed_backups": removed}
        result["warnings"] = [*result.get("warnings", []), *warnings]
    return result


def _message(result: Mapping[str, Any], dest: Path) -> str:
    """Return the figures, and where the files are, in one line. It is the same in check mode."""
    summary, changes = result["summary"], sum(file["changed"] for file in result["files"])
    figures = ", ".join(counted(count, name.rstrip("s").replace("_", " ")) for name, count in summary.items())
    return f"{figures}. Files in {dest}: {len(result['files'])}, {changes} changed."


def _check_backup(params: Mapping[str, Any]) -> None:
    """Raise OptionError for options that do not fit a backup, which is always of the whole tenant."""
    keep = params["keep"]
    if not params["backup"]:
        if keep is not None:
            raise OptionError("keep", "is a number of backups; set backup=true as well")
        return
    if keep is not None and keep < 1:
        raise OptionError("keep", f"must be at least 1, not {keep}")
    if params["format"] != "yaml":
        raise OptionError("format", "must be yaml for a backup")
    selected = [name for name in ("attribute_sets", "where", "filter") if params[name]]
    selected += [] if set(params["principals"]) == set(KINDS_BY_PLURAL) else ["principals"]
    if selected:
        raise OptionError(
            "backup", f"is of the whole tenant; leave out {', '.join(selected)}, or export a part without backup"
        )


def _remove_old(dest: Path, tenant: str | None, keep: int | None, check_mode: bool) -> tuple[list[str], list[str]]:
    """Remove all but the newest backups of the tenant. Return those removed, and warnings. Raises OptionError."""
    if keep is None or not dest.parent.exists():
        return [], []
    if tenant is None:
        return [], ["No old backup was removed, because the token does not name its tenant. Set tenant_id to its ID."]
    if not check_mode:
        clear(dest.parent)
    backups, broken = find_backups(dest.parent, tenant)
    kept = keep - 1 if check_mode else keep  # the new one is not there yet
    old = backups[: len(backups) - kept] if kept < len(backups) else []
    for backup in () if check_mode else old:
        remove(backup)
    warnings = (
        [f"These folders in {dest.parent} are not whole backups, and stay: {', '.join(broken)}."] if broken else []
    )
    return [str(backup.path) for backup in old], warnings


def _chosen(wanted: Sequence[str] | None, names: set[str]) -> list[str]:
    """Return the attribute sets to export, sorted. Raises UndefinedAttribute and InvalidDeclaration."""
    missing = sorted(set(wanted or ()) - names)
    if missing:
        raise UndefinedAttribute(
            f"There is no attribute set {', '.join(missing)}, or it may not be read.",
            f"Names are matched exactly; there are: {', '.join(sorted(names)) or 'none'}.",
        )
    chosen = sorted(wanted or names)
    problems = [f"attribute set {problem}" for name in chosen if (problem := name_problem(name))]
    if problems:  # Entra allows no such name; it must not become the path of a file.
        raise InvalidDeclaration("dest", problems)
    return chosen


def _set_file(attribute_set: AttributeSet | None, definitions: Iterable[Definition]) -> str:
    """Return the file of an attribute set and its definitions; the keys are options of their modules."""
    document = {
        SETS: [_declared(attribute_set.as_result())] if attribute_set else [],
        DEFINITIONS: [_declared(known.as_result()) for known in sorted(definitions, key=lambda known: known.name)],
    }
    return write_yaml({key: values for key, values in document.items() if values})


def _declared(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties without those that declare nothing."""
    return {name: value for name, value in properties.items() if value is not None and value != []}


def _items(
    kind: PrincipalKind, principals: Sequence[Principal], chosen: Sequence[str] | None, ids: dict[str, str]
) -> list[Item]:
    """Return a declaration for each principal with values in the chosen sets (null: all), sorted by name.

    Their object ids by these names are added to `ids`.

    An app id names neither agents, which may share that of their blueprint with some that are not selected, nor any of
    several that have it.
    """
    counts = Counter(principal.key.lower() for principal in principals)
    items = []
    for principal in principals:
        assignments = _narrowed(principal.assignments, chosen)
        if assignments:
            shared = counts[principal.key.lower()] > 1 or (kind is SERVICE_PRINCIPAL and principal.agent_type)
            item: Item = {kind.name: principal.id if shared or not principal.key else principal.key}
            ids[item[kind.name]] = principal.id
            if principal.display_name:
                item[DISPLAY_NAME] = principal.display_name
            items.append({**item, "attributes": in_order(assignments)})
    return sorted(items, key=lambda item: (item[kind.name].casefold(), item[kind.name]))


def _narrowed(assignments: Assignments, chosen: Sequence[str] | None) -> Assignments:
    return {name: value for name, value in assignments.items() if chosen is None or name.attribute_set in chosen}


def _assignment_files(plural: str, kind: PrincipalKind, items: Sequence[Item], form: str) -> dict[str, str]:
    """Return the files with the assignments of a kind. Items that CSV cannot hold go to a YAML file next to it."""
    rows = [item for item in items if fits(item)] if form == "csv" else []
    others = [item for item in items if not fits(item)] if form == "csv" else list(items)
    files = {f"{ASSIGNMENTS}/{plural}.csv": write_csv(kind, rows)} if rows else {}
    return {**files, f"{ASSIGNMENTS}/{plural}.yml": write_yaml({ASSIGNMENTS: others})} if others else files


def _bring(dest: Path, files: Mapping[str, str], check_mode: bool) -> dict[str, Any]:
    """Make the files in the two folders those given, and return what became of each. Raises OptionError."""
    outcomes = bring(dest, {name: text.encode() for name, text in files.items()}, check_mode)
    changed = [outcome for outcome in outcomes if outcome.changed]
    edited = [str(outcome.path) for outcome in changed if outcome.edited]
    result: dict[str, Any] = {
        "changed": bool(changed),
        "files": [
            {
                "path": str(outcome.path),
                "state": "absent" if outcome.after is None else "present",
                "changed": outcome.changed,
                "edited": outcome.edited,
            }
            for outcome in outcomes
        ],
        "diff": [_diff(str(outcome.path), outcome.before, outcome.after) for outcome in changed],
    }
    if edited:
        replaced = "would be replaced" if check_mode else "were replaced"
        result["warnings"] = [f"These files were edited after the last export, and {replaced}: {', '.join(edited)}."]
    return result


def _diff(path: str, before: bytes | None, after: bytes | None) -> dict[str, str]:
    """Return the diff of a file; a large one is only named."""
    texts = [(content or b"").decode(errors="replace") for content in (before, after)]
    if max(map(len, texts)) > MOST_SHOWN:
        texts = [f"{len(text)} characters {word}\n" for text, word in zip(texts, ("before", "after"), strict=True)]
    return {"before": texts[0], "after": texts[1], "before_header": path, "after_header": path}


EXPORT = Operation(run_export, EXPORT_SPEC)
