# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report, in Chromium, of a tenant full of names that must stay text.

The local Graph and the way to import the collection are those of the unit tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _chromium import browser
from _emulator import Emulator
from playwright.sync_api import Browser, Page

__all__ = ["browser"]

MARKUP = "<b onclick=alert(1)>&amp;</b><script>alert(1)</script>"
FORMULA = "=cmd|'/C calc'!A0"
TEMPLATE = "{{ 7*7 }}{% raw %}"
CLOSING = "</script></style></table>-->"


def tenant(state: dict[str, Any], count: int = 300) -> dict[str, Any]:
    """A tenant of some hundred users, agents, and names and values that are markup, formulas and templates."""
    projects = ["Alpine", "Baker", "Cascade"]

    def attributes(number: int) -> dict[str, Any]:
        held: dict[str, Any] = {"Project": [projects[number % 3]], "NumVendors": number % 7}
        if number % 2:
            held["CostCenter"] = [1000 + number % 4, 2000]
        if number % 5 == 0:
            held["Certification"] = number % 10 == 0
        return {"Engineering": held, "Marketing": {"EmployeeId": f"E-{number}"}}

    users = [
        {
            "id": f"00000000-0000-4000-8000-{number:012}",
            "displayName": f"User {number}",
            "userPrincipalName": f"user{number}@contoso.com",
            **({"customSecurityAttributes": attributes(number)} if number % 10 else {}),
        }
        for number in range(count)
    ]
    evil = [MARKUP, FORMULA, TEMPLATE, CLOSING]
    users += [
        {
            "id": f"00000000-0000-4000-9000-{number:012}",
            "displayName": text,
            "userPrincipalName": f"evil{number}@contoso.com",
            "customSecurityAttributes": {
                "Engineering": {"Project": ["Skagit"], "Secret": "hidden"},
                "Marketing": {"EmployeeId": text, "AppCountry": evil},
            },
        }
        for number, text in enumerate(evil)
    ]
    return {**state, "users": users}


@pytest.fixture
def report(emulator: Emulator, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Makes a report of the local Graph's tenant as the module does, by default into tmp_path."""
    from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

    from ansible_collections.entra.attributes.plugins.module_utils._operations.report import REPORT

    def made(**options: Any) -> dict[str, Any]:
        variables = emulator.environment
        validated = ArgumentSpecValidator(REPORT.argument_spec(variables)).validate({"dest": str(tmp_path), **options})
        assert not validated.error_messages
        result = REPORT.result(validated.validated_parameters, variables, check_mode=False, diff=False)
        assert not result.get("failed"), result["msg"]
        return result

    return made


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens the page, with a context's options; at the end nothing may have been said on the console or asked for."""
    said: list[str] = []
    pages: list[Page] = []

    def open_page(**options: Any) -> Page:
        options.setdefault("viewport", {"width": 1360, "height": 900})
        page = browser.new_context(**options).new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
        page.goto((tmp_path / "index.html").as_uri())
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.context.close()
    assert said == []
