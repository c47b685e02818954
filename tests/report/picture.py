# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes docs/report.png, the picture of the README: `make report ARGS="tests/report/picture.py -k picture"`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Page

if TYPE_CHECKING:
    from _emulator import Emulator

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "report.png"
PROJECTS = ["Alpine", "Baker", "Cascade", "Alpine"]
DESIRED = """\
assignments:
  - {user: user7@contoso.com, attributes: {Engineering: {Project: [Alpine]}}}
  - {user: user8@contoso.com, attributes: {Engineering: {Project: [Baker]}}}
"""
REQUIRED = [
    {"attribute_set": "Engineering", "name": "Project", "principal_type": "user"},
    {"attribute_set": "Engineering", "name": "Project", "principal_type": "agent"},
]


def users() -> list[dict[str, Any]]:
    """Return 1,240 users. A few lack their project or still have a retired one."""
    return [
        {
            "id": f"00000000-0000-4000-8000-{number:012}",
            "displayName": f"User {number}",
            "userPrincipalName": f"user{number}@contoso.com",
            "customSecurityAttributes": {
                "Engineering": {
                    "NumVendors": number % 7,
                    **({"Project": ["Skagit" if number % 90 == 3 else PROJECTS[number % 4]]} if number % 105 else {}),
                    **({"CostCenter": [1000 + number % 4]} if number % 2 else {}),
                },
                **({"Marketing": {"EmployeeId": f"E-{number}"}} if number % 3 else {}),
            },
        }
        for number in range(1240)
    ]


def test_picture(
    emulator: Emulator, report: Callable[..., dict[str, Any]], opened: Callable[..., Page], tmp_path: Path
) -> None:
    emulator.tenant({**emulator.tenant(), "users": users()})
    (tmp_path / "desired.yml").write_text(DESIRED)
    options = {"desired": str(tmp_path / "desired.yml"), "required": REQUIRED}
    report(**options)
    earlier = tmp_path / "earlier.json"
    document = json.loads((tmp_path / "report.json").read_text())
    document["made"] = "2026-10-01T06:00:00Z"
    document["findings"] = document["findings"][:2]
    earlier.write_text(json.dumps(document))
    report(**options, compare_to=str(earlier))
    page = opened(viewport={"width": 1200, "height": 900}, reduced_motion="reduce")
    page.evaluate(  # a path of this machine and the date of today are nobody's business
        """() => document.querySelectorAll('.facts div, .first pre').forEach(part => {
             if (part.textContent.startsWith('Compared with')) part.lastChild.textContent = 'entra';
             if (part.textContent.startsWith('Read at')) part.lastChild.textContent = '2026-11-02 06:00:00 UTC';
             part.innerHTML = part.innerHTML.replace(/reconcile_src=\\S+/, 'reconcile_src=entra');
           })"""
    )
    page.screenshot(path=PICTURE, clip={"x": 0, "y": 0, "width": 1200, "height": 1190}, full_page=True)
    assert PICTURE.stat().st_size < 300_000
