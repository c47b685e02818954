# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare the report of a run with what happened: the history of the proxy and the state of the local Graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from _proxy import Write

Assigned = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""By object id, attribute set and name."""


def untrue_claims(
    result: Mapping[str, Any], wanted: Assigned, before: Assigned, after: Assigned, history: Sequence[Write]
) -> list[str]:
    """Return every claim of a result that differs from the truth, in words; none if all are true.

    `wanted` holds the desired values of each declared principal, `before` and `after` all that was assigned.
    """
    wrong: list[str] = []
    written = {write.principal for write in history}
    for write in history:
        for attribute_set, values in write.values.items():
            desired = wanted.get(write.principal, {}).get(attribute_set, {})
            wrong += [
                f"{write.principal}: {attribute_set}.{name} was written as {value}, which nobody declared"
                for name, value in values.items()
                if name not in desired or not _same(desired[name], value)
            ]
    for principal in before.keys() | after.keys():
        if principal not in written and before.get(principal, {}) != after.get(principal, {}):
            wrong.append(f"{principal} changed without a write")
    if "results" not in result:
        return wrong if result.get("changed", False) == bool(written) or "error" in result else [*wrong, "no results"]
    claimed: Counter[str] = Counter()
    for one in result["results"]:
        principal = one["principal"]["id"]
        name = principal or one["principal"]["display_name"]
        unknown = bool(one.get("unknown"))
        outcome = "unknown" if unknown else "failed" if one["failed"] else "changed" if one["changed"] else "unchanged"
        claimed["skipped" if one.get("skipped") else outcome] += 1
        if unknown and not one["changed"]:
            wrong.append(f"{name}: unknown, but changed is false")
        if unknown and "may have been applied" not in one["msg"]:
            wrong.append(f"{name}: unknown, but the message does not say so: {one['msg']}")
        if principal is None:
            continue
        if not unknown and one["changed"] != (principal in written):
            wrong.append(f"{name}: changed is {one['changed']}, written is {principal in written}: {one['msg']}")
        done = not (unknown or one["failed"] or one.get("skipped"))
        if done and not holds(after.get(principal, {}), wanted.get(principal, {})):
            wrong.append(f"{name}: reported as done, but has {after.get(principal)}")
        if one["failed"] and not one["msg"]:
            wrong.append(f"{name}: failed without a reason")
    for outcome in ("changed", "unchanged", "failed", "unknown", "skipped"):
        if (counted := result["summary"].get(outcome, 0)) != claimed[outcome]:
            wrong.append(f"summary has {counted} {outcome}, results have {claimed[outcome]}")
    if result["changed"] != any(one["changed"] for one in result["results"]):
        wrong.append(f"changed is {result['changed']}")
    named = [one["principal"]["id"] for one in result["results"] if one["principal"]["id"]]
    wrong += [f"{principal} was written, and no result names it" for principal in written - set(named)]
    return wrong


def holds(attributes: Mapping[str, Mapping[str, Any]], desired: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a principal with these attributes has every desired value."""
    return all(
        _same(attributes.get(attribute_set, {}).get(name), value)
        for attribute_set, values in desired.items()
        for name, value in values.items()
    )


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    return (one in (None, []) and other in (None, [])) or (type(one) is type(other) and one == other)
