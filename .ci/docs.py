# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the documentation as a site in .build/site/html. The parts ``site`` and ``docs`` run this in their environment.

Warnings are errors, except for labels of Ansible's own documentation, which is another site.
"""

from __future__ import annotations

import re
import shutil
import subprocess

import yaml
from environments import BUILD, ROOT

COLLECTION = "entra.attributes"
SITE = BUILD / "site"
PAGES = SITE / "pages"
SOURCES = ROOT / "docs" / "docsite"
ELSEWHERE = re.compile(r"undefined label: '(?!ansible_collections\.entra\.)")
CONTENTS = re.compile(r"^\.\. contents::\n(?: +:.*\n)+", re.MULTILINE)
REFERENCE = {"Modules": ("module",), "Roles": ("role",), "Plugins": ("inventory", "lookup", "filter", "test")}


def main() -> None:
    """Build the site.

    Raises:
        SystemExit: with the warnings, if there are any.
        subprocess.CalledProcessError: a tool failed, and its output is printed.
    """
    shutil.rmtree(SITE, ignore_errors=True)
    PAGES.mkdir(mode=0o755, parents=True)
    options = ["--use-current", "--squash-hierarchy", "--fail-on-error", "--no-breadcrumbs", "--cleanup=everything"]
    run("antsibull-docs", "collection", *options, f"--dest-dir={PAGES}", COLLECTION)
    for page in PAGES.glob("*.rst"):  # the theme shows the contents of a page next to it
        page.write_text(CONTENTS.sub("", page.read_text()))
    write_index()
    warnings = SITE / "warnings.txt"
    options = ["--quiet", "--warning-file", str(warnings), "--conf-dir", str(SOURCES / "site")]
    run("sphinx-build", *options, "--doctree-dir", str(SITE / "doctrees"), str(PAGES), str(SITE / "html"))
    if ours := [line for line in warnings.read_text().splitlines() if not ELSEWHERE.search(line)]:
        raise SystemExit("\n".join(["Sphinx warns:", *ours]))
    print(f"The site: {SITE / 'html' / 'index.html'}")


def write_index() -> None:
    """Replace antsibull's index by the landing page, with the groups of the sidebar."""
    index = (SOURCES / "site" / "index.rst").read_text()
    for section in yaml.safe_load((SOURCES / "extra-docs.yml").read_text())["sections"]:
        pages = [f"docsite/{guide}" for guide in section["toctree"]]
        if section["title"] == "Reference":
            pages = [*map(str.lower, REFERENCE), "Environment variables <environment_variables>", *pages]
        index += toctree(pages, section["title"])
    for title, kinds in REFERENCE.items():
        write_list(title, kinds)
    (PAGES / "index.rst").write_text(index)
    shutil.copy(ROOT / "docs" / "report.png", PAGES)


def write_list(title: str, kinds: tuple[str, ...]) -> None:
    """Write a page that lists the modules, roles or plugins, with what each does."""
    names, lines = [], [":hide-toc:\n", title, "=" * len(title), "", ".. list-table::", ""]
    for kind in kinds:
        for page in sorted(PAGES.glob(f"*_{kind}.rst"), key=lambda page: page.stem.removesuffix(f"_{kind}")):
            heading = re.search(rf"^{COLLECTION}\.(\w+) {kind} -- (.+)$", page.read_text(), re.MULTILINE)
            if not heading:
                raise SystemExit(f"{page}: no heading was found")
            name = heading[1] if len(kinds) == 1 else f"{heading[1]} {kind}"
            names.append(f"{name} <{page.stem}>")
            lines += [f"  * - :doc:`{name} <{page.stem}>`", f"    - {heading[2]}"]
    (PAGES / f"{title.lower()}.rst").write_text("\n".join(lines) + "\n" + toctree(names))


def toctree(pages: list[str], caption: str = "") -> str:
    """Return the pages of a group of the sidebar."""
    options = ["  :hidden:", *([f"  :caption: {caption}"] if caption else [])]
    return "\n".join(["", ".. toctree::", *options, "", *(f"  {page}" for page in pages), ""])


def run(*command: str) -> None:
    """Run a tool, and print its output if it fails."""
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        print(answer.stdout + answer.stderr)
        answer.check_returncode()


if __name__ == "__main__":
    main()
