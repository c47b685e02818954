# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The run of `report`: read the tenant, compute the figures, and write them as a page and as files for pipelines."""

from __future__ import annotations

import json
import os
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from .._connection import read_files
from .._core.model import KINDS_BY_PLURAL, PrincipalKind
from .._core.options import DICT, INTEGER, LIST, TEXT
from .._core.rules.role_conditions import ROLE_CONDITION
from .._declarations.declared import Declared, declared
from .._declarations.locations import Decrypt, no_secret
from .._declarations.storage import (
    OptionPath,
    check_apart,
    check_file,
    check_folder,
    read_regular,
    replace_file,
)
from .._errors import GraphError, OptionError
from .._graph.client import Graph
from .._operation import Operation
from .._report.compare import Comparison, KindComparison
from .._report.figures import Figures, Mask, Requirement
from .._report.finding import SEVERITIES, counted
from .._report.formats import NAMES, files, metrics
from .._report.history import FORMAT, VERSION, Earlier, complete, parse_report
from .._report.lineage import count_matches, lineage
from .._report.lineage_findings import kind_title
from .._report.page import times
from .._tenant.audit_log import AuditLog
from .._tenant.consumers import ROLE_CONDITIONS, ROLES, SOURCES, Consumers, exposed, read_consumers
from .._tenant.organization import Organization, describe_identity, read_organization
from .._tenant.permissions import tenant_of
from .._tenant.principals import Directory
from .._tenant.schema import Schema
from .._tenant.visibility import PERHAPS_HIDDEN, Visibility
from .consumer_info import SOURCES_SPEC, resource_manager
from .report_declarations import LEFT_ALONE, Decided, decide
from .role_assignment import describe_delegations
from .selections import ending_soon

REPORT_SPEC: dict[str, Any] = {
    "dest": {"type": "path", "required": True},
    "desired": {"type": "path"},
    "required": {
        "type": LIST,
        "elements": DICT,
        "default": [],
        "options": {
            "attribute_set": {"type": TEXT, "required": True},
            "name": {"type": TEXT, "required": True},
            "principal_type": {"type": "str", "choices": ["user", "service_principal", "agent"]},
        },
    },
    "masked_attribute_sets": {"type": LIST, "elements": TEXT, "default": []},
    "principals": {
        "type": "list",
        "elements": "str",
        "choices": list(KINDS_BY_PLURAL),
        "default": list(KINDS_BY_PLURAL),
    },
    "formats": {
        "type": "list",
        "elements": "str",
        "choices": list(NAMES),
        "default": ["html", "json", "csv", "junit"],
    },
    "compare_to": {"type": "path"},
    "audit": {"type": "bool", "default": False},
    "title": {"type": "str", "default": "Custom security attributes"},
    "logo": {"type": "path"},
    "metrics_path": {"type": "path"},
    "warn_days": {"type": INTEGER, "default": 14},
    **SOURCES_SPEC,
}
AUDIT_DAYS = 30
"""Days of the audit log in which a report looks for the last change."""
MOST_AUDITS = 2000
"""Entries of the audit log that a report reads."""
MOST_LOGO = 256 * 1024
"""Bytes of a logo."""
_PICTURES: dict[str, bytes | tuple[bytes, ...]] = {
    "image/png": b"\x89PNG\r\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/webp": b"RIFF",
    "image/svg+xml": (b"<svg", b"<?xml"),
}
_MADE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LOCAL = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
_METRIC_TIME = re.compile(r"(?<=timestamp_seconds\{).*")
_SHOWN = ("kind", "severity", "subject", "message", "advice")
"""What the result has of a finding."""

Report = Mapping[str, Any]


def run_report(
    params: Mapping[str, Any],
    graph: Graph,
    check_mode: bool,
    decrypt: Decrypt = no_secret,
    version: str = "",
) -> dict[str, Any]:
    """Run `report`: read everything, then write the files. It has changed if they say something else than before.

    `version` is that of the collection, if known. Raises before it writes anything.
    """
    dest, metrics_path = check_folder("dest", params["dest"]), params["metrics_path"]
    if params["warn_days"] < 0:
        raise OptionError("warn_days", f"must be at least 0, not {params['warn_days']}")
    desired = params["desired"]
    wanted = declared(desired, {}, decrypt) if desired else None
    written = [dest / name for form in params["formats"] for name in NAMES[form]]
    if os.path.lexists(dest):
        written = [check_file("dest", path) for path in written]
    outputs: list[OptionPath] = [("dest", path) for path in written]
    inputs: list[OptionPath] = [(name, params[name]) for name in ("desired", "logo") if params[name]]
    inputs += read_files(params)
    for output in outputs:
        check_apart([output], inputs)
    if metrics_path:
        check_apart([("metrics_path", check_file("metrics_path", metrics_path))], [*outputs, *inputs])
    logo = _logo(params["logo"])
    claims = graph.claims()
    organization = read_organization(graph)
    tenant_id = organization.id or tenant_of(claims, params["tenant_id"]) or ""
    earlier = _earlier(params["compare_to"], tenant_id)
    schema = Schema(graph)
    sets, definitions = schema.sets(), schema.definitions()
    required = [Requirement(**item) for item in params["required"]]
    mask = Mask(params["masked_attribute_sets"], wanted.masked_sets if wanted else ())
    figures = Figures(sets, definitions, required, mask)
    comparison = Comparison(figures.definitions, mask)
    if wanted:
        comparison.compare_schema(wanted.placed_sets, wanted.placed_definitions, sets)
    consumers = _read_consumers(params, graph, wanted)
    kinds = [KINDS_BY_PLURAL[plural] for plural in dict.fromkeys(params["principals"])]
    now = datetime.now(timezone.utc)
    decided = Decided()
    if wanted:
        decided = decide(graph, wanted, kinds, figures.definitions, mask.attribute_sets, now.timestamp())
    known = []
    for kind in kinds:
        declarations = [declaration for declaration in decided.declarations if declaration.who.kind is kind]
        if _read(figures, graph, kind, comparison.of_kind(declarations, decided.errors)):
            known.append(kind)
    certain = known == kinds
    differences = _nearby(comparison.as_result()) if wanted else None
    not_read = _not_read(params, wanted, certain, organization) + _sources_not_read(params["sources"], consumers)
    not_read += [
        {"what": counted(count, "derived value"), "reason": LEFT_ALONE[why]}
        for why, count in decided.left_alone.items()
        if count
    ]
    if params["audit"] and differences:
        not_read += _add_authors(graph, differences, now)
    report: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "made": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "made_local": now.astimezone().isoformat(timespec="seconds"),
        "title": params["title"],
        "tenant": {"id": tenant_id or None, "display_name": organization.display_name, "domain": organization.domain},
        "cloud": params["cloud_environment"],
        "identity": describe_identity(claims),
        "collection_version": version,
        "desired": desired,
        "not_read": not_read,
        **figures.as_result(differences),
    }
    report["endings"] = _endings(decided, now, params["warn_days"]) if wanted else None
    report["lineage"] = _lineage(report, consumers, params["sources"], figures, known)
    report["delegations"], unread = describe_delegations(graph) if ROLES in params["sources"] else (None, [])
    not_read += [{"what": item["source"].replace("_", " "), "reason": item["message"]} for item in unread]
    report["summary"]["consumers"] = len(report["lineage"]["consumers"]) if report["lineage"] else None
    complete(report, earlier)
    outcomes = _write(dest, files(report, params["formats"], logo), check_mode)
    if metrics_path:
        text = metrics(report, int(now.timestamp()))
        outcomes.append(_write_metrics(Path(metrics_path), text, check_mode))
    result: dict[str, Any] = {
        "changed": any(outcome["changed"] for outcome in outcomes),
        "files": outcomes,
        "figures": report["summary"],
        "state": report["state"],
        "findings": [
            {key: finding[key] for key in _SHOWN} | {"principals": len(finding["principals"])}
            for finding in report["findings"]
        ],
        "msg": _message(report, dest, outcomes, check_mode),
    }
    warnings = _warnings(params, wanted, certain)
    return {**result, "warnings": warnings} if warnings else result


def _message(report: Report, dest: Path, outcomes: Sequence[Mapping[str, Any]], check_mode: bool) -> str:
    """Return the verdict, the figures and where the files are, in one line."""
    summary = report["summary"]
    names = ", ".join(
        os.path.relpath(outcome["path"], dest) if Path(outcome["path"]).parent == dest else outcome["path"]
        for outcome in outcomes
    )
    figures = ", ".join(f"{summary[severity]} {severity}" for severity in SEVERITIES)
    return (
        f"{report['verdict']} {counted(summary['principals'], 'principal')}, findings: {figures}."
        f" {'Would be' if check_mode else 'Files'} in {dest}: {names}"
    )


def _not_read(
    params: Mapping[str, Any], wanted: Declared | None, certain: bool, organization: Organization
) -> list[dict[str, str]]:
    """Return what the report does not cover, with the reason."""
    left_out = [kind.title for plural, kind in KINDS_BY_PLURAL.items() if plural not in params["principals"]]
    found = [{"what": f"{title}s", "reason": "the option principals leaves them out"} for title in left_out]
    if organization.problem:
        found.append({"what": "name of the tenant", "reason": organization.problem})
    if not certain:
        found.append({"what": "attributes that are hidden from the identity", "reason": PERHAPS_HIDDEN})
    if wanted is None:
        found.append({"what": "drift", "reason": "no declarations were given"})
    if not params["required"]:
        found.append({"what": "required attributes", "reason": "none were given"})
    return found


def _endings(decided: Decided, now: datetime, days: int) -> list[dict[str, Any]]:
    """Return the items that end within so many days, the first one first."""
    folder = f"{os.getcwd()}{os.sep}"
    return [
        {
            "place": ending.place.removeprefix(folder),
            "expires": ending.expires,
            "attributes": list(map(str, ending.attributes)),
            "principals": ending.principals,
        }
        for ending in ending_soon(decided.endings, now.timestamp(), days)
    ]


def _read_consumers(params: Mapping[str, Any], graph: Graph, wanted: Declared | None) -> Consumers | None:
    """Return what decides by attributes, with the declared exposures, unless neither is asked for nor declared."""
    exposures = wanted.exposures if wanted else ()
    if not params["sources"] and not exposures:
        return None
    consumers = Consumers()
    if params["sources"]:
        consumers = read_consumers(graph, params["sources"], resource_manager(params, graph))
    folder = f"{os.getcwd()}{os.sep}"
    consumers.found += [exposed(replace(exposure, place=exposure.place.removeprefix(folder))) for exposure in exposures]
    return consumers


def _lineage(
    report: Report,
    consumers: Consumers | None,
    sources: Sequence[str],
    figures: Figures,
    known: Sequence[PrincipalKind],
) -> dict[str, Any] | None:
    """Return the lineage, unless no source was asked for. Of the `known` kinds nothing can be hidden."""
    if consumers is None:
        return None
    rules = [
        # A condition concerns only the principal that has the role.
        replace(consumer.as_rule(), evaluator=None) if consumer.dialect == ROLE_CONDITION.name else consumer.as_rule()
        for consumer in consumers.found
    ]
    matches = count_matches(rules, figures, known)
    return lineage(report["attributes"], consumers, sources, matches, figures.mask)


def _sources_not_read(sources: Sequence[str], consumers: Consumers | None) -> list[dict[str, str]]:
    """Return what may decide by attributes and was not read, with the reason."""
    found = [
        {"what": kind_title(source), "reason": "the option sources leaves them out"}
        for source in (*SOURCES, ROLE_CONDITIONS)
        if source not in sources
    ]
    if consumers:
        found += [
            {"what": kind_title(source.source), "reason": f"{source.message} (needs {source.permission})"}
            for source in consumers.not_read
        ]
        hidden = sum(not consumer.certain for consumer in consumers.found)
        if hidden:
            found.append({"what": counted(hidden, "rule"), "reason": "hidden from the identity, or not valid"})
    return found


def _warnings(params: Mapping[str, Any], wanted: Declared | None, certain: bool) -> list[str]:
    warnings = []
    compare_to = params["compare_to"]
    if compare_to and not os.path.lexists(compare_to):
        warnings.append(f"compare_to: {compare_to} does not exist, so this report is compared with none.")
    others = [kind for plural, kind in KINDS_BY_PLURAL.items() if plural not in params["principals"]]
    named = {item.who.kind for item in wanted.assignments} | {item.of for item in wanted.items} if wanted else set()
    left_out = [f"{kind.title}s" for kind in others if kind in named]
    if left_out:
        warnings.append(f"desired declares {' and '.join(left_out)}, which principals leaves out.")
    if not certain:
        warnings.append(f"{PERHAPS_HIDDEN} What is hidden is missing in the report.")
    return warnings


def _read(figures: Figures, graph: Graph, kind: PrincipalKind, compared: KindComparison) -> bool:
    """Count and compare all principals of a kind; return whether nothing can be hidden.

    Raises OptionError for a principal that is declared twice, AttributesHidden if Graph hides what is assigned.
    """
    seen: set[str] = set()
    for principal in Directory(graph).select(kind, properties=compared.properties):
        seen.update(name.attribute_set for name in principal.assignments)
        figures.add(principal, compared.compare(principal))
    compared.finish()
    unseen = {name.attribute_set for name in figures.definitions} - seen
    hidden = [definition for definition in figures.definitions.values() if definition.attribute_set in unseen]
    return Visibility(graph).check_unseen(kind, hidden, unseen, named=False)


def _nearby(differences: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return differences with their places relative to the current folder, mostly that of a repository."""
    folder = f"{os.getcwd()}{os.sep}"
    for difference in differences:
        reasons = [reason for change in difference["changes"] for reason in change.get("reasons", ())]
        for placed in (difference, *reasons, *difference.get("reasons", ())):
            if "place" in placed:
                placed["place"] = placed["place"].removeprefix(folder)
    return differences


def _add_authors(graph: Graph, differences: Iterable[dict[str, Any]], now: datetime) -> list[dict[str, str]]:
    """Add to each change of a principal who changed the attribute last, and when; return what could not be read."""
    wanted = {
        (difference["id"], change["what"].replace(".", "_", 1)): change
        for difference in differences
        if "id" in difference
        for change in difference["changes"]
    }
    entries = AuditLog(graph).entries(since=now - timedelta(days=AUDIT_DAYS), newest_first=True, limit=MOST_AUDITS)
    try:
        for entry in entries if wanted else ():
            actor = entry["actor"]
            for target in entry["targets"]:
                for changed in target["changes"]:
                    if change := wanted.pop((target["id"], changed["property"]), None):
                        author = actor["user_principal_name"] or actor["display_name"] or actor["id"] or "not known"
                        change.update(by=author, at=entry["time"])
            if not wanted:
                break
    except GraphError as error:
        return [{"what": "audit log", "reason": str(error)}]
    return []


def _write(dest: Path, files: Iterable[tuple[str, str]], check_mode: bool) -> list[dict[str, Any]]:
    """Write the files, and return which of them differ from before, apart from the time. Raises OptionError."""
    outcomes = []
    for name, text in files:
        path, content = dest / name, text.encode(errors="replace")
        try:
            before = path.read_bytes() if path.exists() else None
            changed = before is None or _timeless(name, before) != _timeless(name, content)
            if not check_mode and before != content:
                os.makedirs(dest, exist_ok=True)
                replace_file(path, content)
        except OSError as error:
            raise OptionError("dest", f"{error.filename or dest} cannot be used: {error.strerror}") from None
        outcomes.append({"path": str(path), "changed": changed})
    return sorted(outcomes, key=lambda outcome: str(outcome["path"]))


def _timeless(name: str, content: bytes) -> bytes:
    """Return a file without the time at which it was made, which precedes any other time in it."""
    made = None if name.endswith(".csv") else _MADE.search(content)
    if not made:
        return content
    local = _LOCAL.search(content) if name.endswith((".html", ".json")) else None
    written = times(made[0].decode(), local[0].decode() if local else made[0].decode())
    for form in sorted(written, key=len, reverse=True):
        content = content.replace(form.encode(), b"")
    return content


def _write_metrics(path: Path, text: str, check_mode: bool) -> dict[str, Any]:
    """Write the metrics, which other accounts can read, since the node exporter has its own. Raises OptionError."""
    try:
        before = path.read_text(errors="replace") if path.exists() else None
        changed = before is None or _METRIC_TIME.sub("", before) != _METRIC_TIME.sub("", text)
        if not check_mode:
            replace_file(path, text.encode())
            if before is None:
                path.chmod(0o644)
    except OSError as error:
        raise OptionError("metrics_path", f"{error.filename or path} cannot be used: {error.strerror}") from None
    return {"path": str(path), "changed": changed}


def _logo(path: str | None) -> str | None:
    """Return a picture as a data URL. Raises OptionError for a file that is not a small picture."""
    if not path:
        return None
    try:
        content = read_regular(path, MOST_LOGO + 1)
    except OSError as error:
        raise OptionError("logo", f"{path} cannot be read: {error.strerror}") from None
    if len(content) > MOST_LOGO:
        raise OptionError("logo", f"{path} is larger than {MOST_LOGO // 1024} KiB")
    for type_, starts in _PICTURES.items():
        if content.lstrip().startswith(starts):
            return f"data:{type_};base64,{b64encode(content).decode()}"
    raise OptionError("logo", f"{path} is not a PNG, JPEG, WebP or SVG picture")


def _earlier(path: str | None, tenant_id: str) -> list[Earlier]:
    """Return the earlier reports of the tenant in a file or folder, the oldest first.

    Reports of other tenants in a folder are left out. Raises OptionError for another file than a report of the tenant.
    """
    if not path or not os.path.lexists(path):
        return []
    is_folder = os.path.isdir(path)
    paths = sorted([*Path(path).glob("*.json"), *Path(path).glob("*/report.json")]) if is_folder else [Path(path)]
    found = []
    for file in paths:
        try:
            earlier = parse_report(json.loads(read_regular(file)))
        except (OSError, ValueError, RecursionError) as error:
            if is_folder:
                continue
            reason = error.strerror if isinstance(error, OSError) else "it is not JSON"
            raise OptionError("compare_to", f"{file} cannot be read: {reason}") from None
        if earlier and tenant_id in ("", earlier.tenant_id):
            found.append(earlier)
        elif not is_folder:
            reason = "a report of another tenant" if earlier else "not a report.json of this collection"
            raise OptionError("compare_to", f"{file} is {reason}")
    return sorted(found, key=lambda report: report.made)


REPORT = Operation(run_report, REPORT_SPEC)
