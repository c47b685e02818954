# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""``artifact.py FOLDER``: the artifact of a release with its bill of materials, checked; and the changelog can be cut.

Run by the part ``artifact`` in a copy of the collection, whose changelog becomes that of the release.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import yaml

# The headings that the certification's README template requires.
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
STARTER = "examples/starter/"  # a repository with hidden files, to be copied as it is
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
    folder = Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["ansible-galaxy", "collection", "build", "--output-path", folder], check=True)
    artifact = folder / f"entra-attributes-{version}.tar.gz"
    with tarfile.open(artifact) as archive:
        files = archive.getnames()
    write_bill_of_materials(artifact, version)
    if fragments:  # else the release has been cut
        subprocess.run(["antsibull-changelog", "release", "--version", release], check=True)
    subprocess.run(["antsibull-changelog", "lint-changelog-yaml", "changelogs/changelog.yaml"], check=True)
    readme, changelog = Path("README.md").read_text(), " ".join(Path("CHANGELOG.rst").read_text().split())
    problems = [
        *(f"not in the artifact: {name}" for name in NEEDED if name not in files),
        *(f"in the artifact: {name}" for name in files if UNWANTED.search(name) and not name.startswith(STARTER)),
        *(f"README.md: no section {heading}" for heading in HEADINGS if f"\n## {heading}\n" not in readme),
        *([] if f" v{release} " in changelog else [f"CHANGELOG.rst: no v{release}"]),
        *(f"CHANGELOG.rst does not say: {entry}" for entry in fragments if entry.rstrip(".") not in changelog),
    ]
    if problems:
        raise SystemExit("\n".join(problems))
    print(f"The artifact has {len(files)} files, and the changelog of {release} {len(fragments)} entries.")


def write_bill_of_materials(artifact: Path, version: str) -> None:
    """Write what the artifact needs at run time next to it, as CycloneDX."""
    bill = artifact.with_name("sbom.cdx.json")
    options = ["--output-reproducible", "--mc-type", "library", "--output-file", str(bill)]
    subprocess.run(["cyclonedx-py", "requirements", *options, "meta/ee-requirements.txt"], check=True)
    content = json.loads(bill.read_text())
    digest = hashlib.sha256(artifact.read_bytes()).hexdigest()
    content["metadata"]["component"] = {
        "type": "library",
        "bom-ref": "root-component",
        "group": "entra",
        "name": "attributes",
        "version": version,
        "purl": f"pkg:generic/entra/attributes@{version}",
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "licenses": [{"license": {"id": "GPL-3.0-or-later"}}],
    }
    bill.write_text(json.dumps(content, indent=2))


def entries(fragment: Path) -> list[str]:
    """Return the sentences of a changelog fragment, as in the changelog, without trivial changes."""
    content = {name: part for name, part in yaml.safe_load(fragment.read_text()).items() if name != "trivial"}
    texts = [text for part in content.values() for text in (part if isinstance(part, list) else [part])]
    return [" ".join(text.split()) for text in texts]


if __name__ == "__main__":
    main()
