# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the artifact of a release holds, and that the release can be cut.

Run by the part ``artifact`` in a copy of the collection, whose changelog becomes that of the release.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
from pathlib import Path

import yaml

# What the certification's template of a README asks for.
HEADINGS = (
    "Description", "Requirements", "Installation", "Use Cases", "Testing", "Contributing", "Support", "Release notes",
    "Related information", "License information",
)  # fmt: skip
NEEDED = (
    "README.md",
    "CHANGELOG.rst",
    "COPYING",
    "LICENSES/GPL-3.0-or-later.txt",
    "meta/runtime.yml",
    "meta/ee-requirements.txt",
)
UNWANTED = re.compile(
    r"(^|/)(\.(?!ansible-lint$|yamllint$)[^/]+|__pycache__|output|Makefile|[^/]+\.(pyc|tar\.gz))(/|$)"
    r"|^tests/integration/inventory$"
)


def main() -> None:
    """Check everything.

    Raises:
        SystemExit: with what is wrong, if anything is.
        subprocess.CalledProcessError: a tool failed, and has said why.
    """
    version = yaml.safe_load(Path("galaxy.yml").read_text())["version"]
    release = version.split("-")[0]
    fragments = [entry for file in Path("changelogs/fragments").glob("*.y*ml") for entry in entries(file)]
    subprocess.run(["ansible-galaxy", "collection", "build", "--output-path", "tests/output"], check=True)
    with tarfile.open(f"tests/output/entra-attributes-{version}.tar.gz") as archive:
        files = archive.getnames()
    subprocess.run(["antsibull-changelog", "release", "--version", release], check=True)
    subprocess.run(["antsibull-changelog", "lint-changelog-yaml", "changelogs/changelog.yaml"], check=True)
    readme, changelog = Path("README.md").read_text(), " ".join(Path("CHANGELOG.rst").read_text().split())
    problems = [
        *(f"not in the artifact: {name}" for name in NEEDED if name not in files),
        *(f"in the artifact: {name}" for name in files if UNWANTED.search(name)),
        *(f"README.md: no section {heading}" for heading in HEADINGS if f"\n## {heading}\n" not in readme),
        *([] if f" v{release} " in changelog else [f"CHANGELOG.rst: no v{release}"]),
        *(f"CHANGELOG.rst does not say: {entry}" for entry in fragments if entry.rstrip(".") not in changelog),
    ]
    if problems:
        raise SystemExit("\n".join(problems))
    print(f"The artifact has {len(files)} files, and the changelog of {release} {len(fragments)} entries.")


def entries(fragment: Path) -> list[str]:
    """Return the sentences of a changelog fragment, as they stand in the changelog."""
    content = yaml.safe_load(fragment.read_text())
    texts = [text for part in content.values() for text in (part if isinstance(part, list) else [part])]
    return [" ".join(text.split()) for text in texts]


if __name__ == "__main__":
    main()
