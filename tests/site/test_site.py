# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The site as a reader sees it: links lead somewhere, and pages fit a desktop and a phone.

`make site` builds it first. Pictures of the pages go to tests/output/site.
"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / ".build" / "site" / "html"
PICTURES = ROOT / "tests" / "output" / "site"
PAGES = ("index.html", "docsite/guide_bulk.html", "custom_security_attribute_definition_info_module.html")
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
    .filter((element) => !element.closest(".table-wrapper, .highlight, .sidebar-drawer, .toc-drawer"))
    .map((element) => element.outerHTML.slice(0, 120))"""


class Links(HTMLParser):
    """The links of a page, and the anchors that others can link to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors = {""}
        self.feed(path.read_text())

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links |= {value for name, value in attrs if name in ("href", "src") and value}
        self.anchors |= {value for name, value in attrs if name in ("id", "name") and value}


def dead_links(site: Path) -> list[str]:
    """Return the links that lead to no file of the site, or to no anchor of its page."""
    pages = {path.resolve(): Links(path) for path in site.rglob("*.html")}
    dead = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = target.is_file() and (target not in pages or unquote(parts.fragment) in pages[target].anchors)
            if not parts.scheme and not there:
                dead.append(f"{path.relative_to(site.resolve())}: {link}")
    return sorted(dead)


def test_every_link_within_the_site_leads_somewhere() -> None:
    assert (SITE / "index.html").exists(), "`make site` builds the site"
    assert dead_links(SITE) == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="#there" id="there"><a href="b.html#x"><img src="c.png">')
    (tmp_path / "b.html").write_text("")
    assert dead_links(tmp_path) == ["a.html: b.html#x", "a.html: c.png"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 390])
def test_pages_fit_the_window(browser: Browser, width: int, scheme: str) -> None:
    said: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.on("console", lambda message: said.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    page.on("requestfailed", lambda request: said.append(f"{page.url}: {request.url}"))
    for name in PAGES:
        page.goto((SITE / name).as_uri())
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{Path(name).stem}-{width}-{scheme}.png")
        assert "ERROR:" not in page.inner_text("article")
        assert page.evaluate("document.documentElement.scrollWidth") == width, page.evaluate(TOO_WIDE)
    context.close()
    assert said == []


def test_every_page_fits_a_phone(browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 900}, java_script_enabled=False)
    page = context.new_page()
    wide = []
    for path in sorted(SITE.rglob("*.html")):
        page.goto(path.as_uri())
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            wide.append(f"{path.relative_to(SITE)}: {page.evaluate(TOO_WIDE)}")
    context.close()
    assert wide == []


def test_the_sidebar_has_the_groups(browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    page = context.new_page()
    page.goto((SITE / "index.html").as_uri())
    groups = page.locator(".sidebar-tree .caption-text").all_text_contents()
    context.close()
    assert groups == ["Start", "Work", "Operate", "Reference"]
