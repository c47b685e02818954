# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The data of the page's table of principals, and the addresses of principals in the admin center."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from .finding import RULES, as_text, type_title

ADMIN_CENTERS = {
    "AzureCloud": "https://entra.microsoft.com",
    "AzureUSGovernment": "https://entra.microsoft.us",
    "AzureUSGovernmentDoD": "https://entra.microsoft.us",
    "AzureChinaCloud": "https://entra.microsoftonline.cn",
}
"""The Microsoft Entra admin center of each cloud in which it is known (graph-facts 10.1)."""
_USER = "/#view/Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/~/overview/userId/{id}"
_SERVICE_PRINCIPAL = "/#view/Microsoft_AAD_IAM/ManagedAppMenuBlade/~/Overview/objectId/{id}/appId/{key}"

Report = Mapping[str, Any]
Row = Mapping[str, Any]


def key(row: Row) -> str:
    return str(row.get("user_principal_name") or row.get("app_id") or row["id"])


def admin_links(report: Report) -> dict[str, str]:
    """Return the addresses of principals in the admin center, by type; none in a cloud where it is not known."""
    center = ADMIN_CENTERS.get(report["cloud"])
    return {"user": center + _USER, "service_principal": center + _SERVICE_PRINCIPAL} if center else {}


def encoded(text: str) -> str:
    """Return text for an address. Only letters, digits and a few marks stay as they are."""
    return re.sub(
        r"[^\w.@-]",
        lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode(errors="replace")),
        text,
        flags=re.ASCII,
    )


Facts: TypeAlias = "tuple[str, str, str, str, str]"
"""What a principal has, what is declared, where and why it is declared, and who changed it last."""
NO_FACTS: Facts = ("", "", "", "", "")


def find_evidence(report: Report) -> dict[tuple[str, str], Facts]:
    """Return the facts about principals, by the id of the principal and the key of the finding."""
    found: dict[tuple[str, str], Facts] = {}
    for declared in report["declared"] or ():
        if "id" in declared:
            place = declared.get("place") or ""
            for change in declared["changes"]:
                author = f"{change['by']}, {change['at'][:19].replace('T', ' ')} UTC" if "by" in change else ""
                reasons = change.get("reasons") or ()
                places = list(dict.fromkeys(reason["place"] for reason in reasons)) or [place]
                why = "; ".join(filter(None, map(reason_text, reasons)))
                facts = as_text(change["before"]), as_text(change["after"]), " and ".join(places), why, author
                found[declared["id"], f"drift {change['what']}"] = facts
            if declared["problem"]:
                found[declared["id"], "invalid"] = ("", declared["problem"], place, "", "")
    kinds = {"inactive": "inactive", "outside": "not-predefined"}
    for row in report["principals"]:
        for bad in row["bad_values"]:
            found[row["id"], f"{kinds[bad['standing']]} {bad['attribute']}"] = (as_text(bad["value"]), *NO_FACTS[1:])
    return found


def reason_text(reason: Mapping[str, Any]) -> str:
    """Return why a principal is to have a value; nothing if an item just names the principal."""
    until = f"until {reason['expires']}" if reason["expires"] else None
    return ", ".join(filter(None, [reason["selection"], until]))


def value_index(report: Report) -> list[dict[Any, int]]:
    """Return a number for each value of each attribute, in the order of the distribution."""
    return [
        {entry["value"]: number for number, entry in enumerate(attribute["distribution"] or ()) if entry["principals"]}
        for attribute in report["attributes"]
    ]


def data(report: Report) -> str:
    """Return the principals as JSON that can stand in a page. Masked values are in it only as their number."""
    attributes = report["attributes"]
    index = value_index(report)
    number_of = {(item["attribute_set"], item["name"]): number for number, item in enumerate(attributes)}
    evidence = find_evidence(report)
    findings_of: dict[str, list[Any]] = {}
    for number, finding in enumerate(report["findings"]):
        for name in finding["principals"]:
            held, declared, *others = evidence.get((name, finding["key"]), NO_FACTS)
            place = ", ".join(filter(None, others))
            words = f"is {held}, declared is {declared}" if held and declared else held or declared
            told = f"{words} ({place})" if words and place else words or place
            findings_of.setdefault(name, []).append([number, told] if told else number)
    reasons, reasons_of = _reasons(report, number_of)
    kinds: dict[tuple[str, str], int] = {}
    rows = []
    for row in report["principals"]:
        kind = kinds.setdefault((row["type"], row.get("agent_type") or ""), len(kinds))
        assigned = list(_held(row, number_of, index))
        entry = [kind, row["id"], row["display_name"], key(row), assigned, findings_of.get(row["id"], [])]
        rows.append([*entry, reasons_of[row["id"]]] if row["id"] in reasons_of else entry)
    links = admin_links(report)
    document = {
        "kinds": [
            {"title": type_title(agent or type_), "type": type_, "agent": bool(agent), "link": links.get(type_)}
            for type_, agent in kinds
        ],
        "attributes": [
            {"name": f"{item['attribute_set']}.{item['name']}", "group": item["attribute_set"]} for item in attributes
        ],
        "values": [list(map(as_text, values)) for values in index],
        "findings": [
            {
                "title": f"{RULES[finding['kind']].title} {finding['subject']}".strip(),
                "severity": finding["severity"],
                "kind": finding["kind"],
                "group": finding["attribute_set"],
                "subject": finding["subject"],
            }
            for finding in report["findings"]
        ],
        "reasons": reasons,
        "rows": rows,
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _reasons(report: Report, number_of: Mapping[tuple[str, str], int]) -> tuple[list[str], dict[str, dict[int, int]]]:
    """Return all reasons, and by the id of a principal and the number of an attribute that of its reason."""
    numbers: dict[str, int] = {}
    found: dict[str, dict[int, int]] = {}
    for declared in report["declared"] or ():
        for reason in declared.get("reasons") or ():
            attribute_set, _dot, name = reason["attribute"].partition(".")
            text = ", ".join(filter(None, [reason_text(reason), reason["place"]]))
            if "id" in declared and (attribute_set, name) in number_of:
                by_attribute = found.setdefault(declared["id"], {})
                by_attribute[number_of[attribute_set, name]] = numbers.setdefault(text, len(numbers))
    return list(numbers), found


def _held(row: Row, number_of: Mapping[tuple[str, str], int], index: Sequence[Mapping[Any, int]]) -> Iterator[Any]:
    """Yield the number of each attribute and of its value; of masked values minus how many there are."""
    for group, values in row["custom_security_attributes"].items():
        for name, value in values.items():
            number = number_of[group, name]
            yield number
            if isinstance(value, dict):
                yield -value["masked"]
            elif isinstance(value, list):
                yield [index[number][item] for item in value]
            else:
                yield index[number][value]
