# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation as a site in .build/site/html. Run by the part ``docs``, whose environment shows it the collection.

Warnings are errors, except for labels of Ansible's own documentation, which stands elsewhere.
"""

from __future__ import annotations

import re
import shutil
import subprocess

from environments import BUILD

COLLECTION = "entra.attributes"
SITE = BUILD / "site"
WORK = BUILD / "work" / "site"
TEMPLATE = ("--use-current", "--squash-hierarchy", "--fail-on-error")
WORDS = {
    "project": COLLECTION,
    "title": COLLECTION,
    "html-short-title": COLLECTION,
    "copyright": f"{COLLECTION} authors",
}
ELSEWHERE = re.compile(r"undefined label: '(?!ansible_collections\.entra\.)")


def main() -> None:
    """Make the site anew.

    Raises:
        SystemExit: with the warnings, if there are any.
        subprocess.CalledProcessError: a tool failed, and has said why.
    """
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(mode=0o755, parents=True)
    words = [f"--{option}={text}" for option, text in WORDS.items()]
    run("antsibull-docs", "sphinx-init", *TEMPLATE, "--lenient", *words, "--dest-dir", str(WORK), COLLECTION)
    configuration = ["--config-file", str(WORK / "antsibull-docs.cfg")]
    pages = WORK / "rst"
    pages.chmod(0o755)
    run(
        "antsibull-docs",
        *configuration,
        "collection",
        "--cleanup=everything",
        *TEMPLATE,
        f"--dest-dir={pages}",
        COLLECTION,
    )
    # Without intersphinx, which would fetch the labels of other sites.
    warnings = WORK / "warnings.txt"
    options = ["-D", "extensions=sphinx_antsibull_ext", "--quiet", "--warning-file", str(warnings)]
    run("sphinx-build", "-b", "html", "-c", str(WORK), *options, str(pages), str(WORK / "html"))
    if ours := [line for line in warnings.read_text().splitlines() if not ELSEWHERE.search(line)]:
        raise SystemExit("\n".join(["The site is not right:", *ours]))
    shutil.rmtree(SITE, ignore_errors=True)
    SITE.mkdir()
    (WORK / "html").rename(SITE / "html")
    print(f"The site: {SITE / 'html' / 'index.html'}")


def run(*command: str) -> None:
    """Run a tool quietly, unless it fails."""
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        print(answer.stdout + answer.stderr)
        answer.check_returncode()


if __name__ == "__main__":
    main()
