# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a report in Chromium: what it shows, with JavaScript and without, and what must stay text."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from conftest import CLOSING, FORMULA, MARKUP, TEMPLATE, tenant
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from _emulator import Emulator

ROOT = Path(__file__).resolve().parents[2]
DESIRED = """\
definitions:
  - {attribute_set: Engineering, name: Project, type: string, multi_valued: true, predefined_values: [Alpine, Delta]}
assignments:
  - {user: user1@contoso.com, attributes: {Engineering: {Project: [Baker]}, Marketing: {EmployeeId: "<i>new</i>"}}}
  - {user: user2@contoso.com, attributes: {Engineering: {Project: [Cascade]}}}
  - {user: nobody@contoso.com, attributes: {Engineering: {Project: [Cascade]}}}
"""
REQUIRED = [
    {"attribute_set": "Engineering", "name": "Project", "principal_type": "user"},
    {"attribute_set": "Engineering", "name": "Certification", "principal_type": "agent"},
]
Opened = Callable[..., Page]


@pytest.fixture(autouse=True)
def files(emulator: Emulator, report: Callable[..., dict[str, Any]], tmp_path: Path) -> Path:
    emulator.tenant(tenant(emulator.tenant()))
    desired = tmp_path / "desired.yml"
    desired.write_text(DESIRED)
    report(desired=str(desired), required=REQUIRED)
    return tmp_path


def rows(page: Page) -> list[str]:
    """The principals that are shown."""
    return page.locator("#all tbody th").all_inner_texts()


def shot(page: Page, name: str) -> None:
    output = ROOT / "tests" / "output"
    output.mkdir(exist_ok=True)
    page.screenshot(path=output / f"report-{name}.png", full_page=True)


def test_principals_are_paged_searched_and_sorted(opened: Opened) -> None:
    page = opened()
    status = page.get_by_role("status")
    expect(status).to_have_text(re.compile(r"^1\u201350 of 30\d$"))
    assert len(rows(page)) == 50
    page.get_by_role("button", name="Next").click()
    expect(status).to_have_text(re.compile(r"^51\u2013100 of"))

    page.get_by_label("Search").fill("USER17@ cascade")
    assert rows(page) == ["User 17\nuser17@contoso.com"]
    page.get_by_label("Search").fill("no such principal")
    expect(status).to_have_text("Nobody is found.")

    page.get_by_label("Search").fill("user employeeid: e-")
    head = page.locator("#all thead th").nth(3)
    button = page.get_by_role("button", name="Values")
    button.focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    counts = [int(text) for text in page.locator("#all tbody td:nth-child(4)").all_inner_texts()]
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    downwards = [int(text) for text in page.locator("#all tbody td:nth-child(4)").all_inner_texts()]
    assert (counts, downwards) == (sorted(counts), sorted(downwards, reverse=True))
    assert counts[0] < downwards[0]


def test_what_to_look_at_is_told_and_found(opened: Opened) -> None:
    page = opened()
    page.get_by_label("only those to look at").check()
    page.get_by_label("Search").fill("lacks Engineering.Project")
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^1\u20133\d of 3\d$"))
    page.get_by_label("Search").fill("not as declared")
    assert [row.partition("\n")[0] for row in rows(page)] == ["User 1"]
    page.get_by_label("Search").fill("Skagit is inactive")
    assert len(rows(page)) == 4
    drift = page.get_by_role("table", name="What is not as declared").inner_text()
    assert "E-1\t<i>new</i>" in drift
    assert "There is no user of that name." in drift
    assert "user2@contoso.com" not in drift


def test_without_javascript_all_is_there(opened: Opened) -> None:
    page = opened(java_script_enabled=False)
    assert page.locator("#all tbody tr").count() > 300
    assert not page.get_by_label("Search").is_visible()
    page.get_by_role("link", name="Limits", exact=True).click()
    assert page.url.endswith("#limits")
    expect(page.get_by_role("table", name="Limits by how much of them is used")).to_contain_text("500")


def test_markup_formulas_and_templates_stay_text(opened: Opened) -> None:
    page = opened()
    for text in (MARKUP, FORMULA, TEMPLATE, CLOSING):
        page.get_by_label("Search").fill(text)
        cells = page.locator("#all tbody tr").filter(has_text=text)
        assert text in cells.first.inner_text()
    assert page.locator("main script, main b[onclick], main i:has-text('new')").count() == 0
    assert page.locator("script").count() == 1
    assert "49" not in page.get_by_role("heading").all_inner_texts()


def test_the_csv_files_hold_no_formula(files: Path) -> None:
    cells = [
        cell for name in ("report.csv", "principals.csv") for row in csv.reader((files / name).open()) for cell in row
    ]
    assert f"'{FORMULA}" in cells
    assert MARKUP in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


def test_junit_fails_what_is_to_look_at(files: Path) -> None:
    root = ElementTree.fromstring((files / "junit.xml").read_bytes())  # noqa: S314 # just written
    failed = {
        suite.get("name"): [case.get("name") for case in suite if case.find("failure") is not None] for suite in root
    }
    assert failed == {
        "drift": ["definition Engineering.Project", "user user1@contoso.com", "user nobody@contoso.com"],
        "required": ["Engineering.Project", "Engineering.Certification"],
        "values": ["Engineering.Project"],
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(opened: Opened, scheme: Any) -> None:
    page = opened(color_scheme=scheme)
    shot(page, scheme)
    ground, ink, soft, look = page.evaluate(
        """() => ['body|background-color', 'body|color', '.soft|color', '.look|color'].map(one => {
             const [selector, property] = one.split('|');
             return getComputedStyle(document.querySelector(selector)).getPropertyValue(property);
           })"""
    )
    assert (luminance(ground) < 0.5) == (scheme == "dark")
    assert contrast(ground, ink) > 7
    assert min(contrast(ground, soft), contrast(ground, look)) > 4.5  # WCAG 2.2, AA
    drawn = page.locator("svg .bar rect").first.evaluate("bar => getComputedStyle(bar).fill")
    assert contrast(ground, drawn) > 3


def test_on_paper_all_principals_are_there(opened: Opened) -> None:
    page = opened()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(rows(page)) > 300
    page.emulate_media(media="print")
    assert not page.get_by_label("Search").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(rows(page)) == 50


def test_on_a_narrow_screen_nothing_is_cut_off(opened: Opened) -> None:
    page = opened()
    page.set_viewport_size({"width": 390, "height": 800})
    shot(page, "narrow")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_every_table_and_section_has_a_name(opened: Opened) -> None:
    page = opened()
    names = page.evaluate("() => [...document.querySelectorAll('table')].map(one => one.caption?.textContent)")
    assert all(names)
    assert page.locator("main, header, footer, nav[aria-label]").count() == 4
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator("svg:not([aria-label])").count() == 0
    ids = page.evaluate("() => [...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids))
    targets = set(page.evaluate("() => [...document.querySelectorAll('a[href]')].map(one => one.hash.slice(1))"))
    assert targets <= set(ids)


def test_ten_thousand_users_fit_and_are_counted(
    emulator: Emulator, report: Callable[..., dict[str, Any]], opened: Opened, files: Path
) -> None:
    raw = tenant(emulator.tenant(), 10_000)
    emulator.tenant(raw)
    report(required=REQUIRED)
    assert (files / "index.html").stat().st_size < 10e6
    page = opened()
    held = [one.get("customSecurityAttributes", {}) for one in raw["users"]]
    expected = Counter(name for sets in held for values in sets.values() for name in values)
    table = page.get_by_role("table", name="Attributes by who holds them")
    told = {
        cells[0].partition(".")[2].split("\n")[0]: int(cells[2].replace(",", ""))
        for row in table.get_by_role("row").all()
        if "." in (cells := row.locator("th, td").all_inner_texts())[0]
    }
    assert {name: count for name, count in told.items() if count} == expected
    everybody = len(raw["users"]) + len(raw["servicePrincipals"])
    expect(page.get_by_role("listitem").filter(has_text="hold values").first).to_contain_text(f"{everybody:,}")
    page.get_by_label("Search").fill("user9999@")
    assert rows(page) == ["User 9999\nuser9999@contoso.com"]
    page.get_by_label("Search").fill("")
    with_values = sum(map(bool, held))
    lacking = sum("Project" not in sets.get("Engineering", {}) for sets in held) + 2  # two agents without Certification
    expect(page.get_by_role("status")).to_have_text(f"1\u201350 of {with_values + lacking:,}")


def channels(color: str) -> Iterator[float]:
    for number in re.findall(r"[\d.]+", color)[:3]:
        part = float(number) / 255
        yield part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def luminance(color: str) -> float:
    red, green, blue = channels(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
