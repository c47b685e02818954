# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as files, as an artifact, and installed the way a user installs it.

Run as a script: make the environment ``run`` and install the collection into .build/collections.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from environments import BUILD, ROOT, environment, locked, say

NAME = Path("ansible_collections/entra/attributes")
INSTALLED = BUILD / "collections"


def files() -> list[Path]:
    """Return the files of the collection, relative to its root: tracked ones and new ones that git does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in sorted(listing.split("\0")) if name and os.path.lexists(ROOT / name)]


def copy(folder: Path) -> Path:
    """Copy the collection below ``folder`` where ansible-test accepts it; return the copy's root."""
    shutil.rmtree(folder, ignore_errors=True)
    for file in files():
        target = folder / NAME / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, target, follow_symlinks=False)
    # A separate repository: the one around it ignores everything below .build, and tools would see no file.
    subprocess.run(["git", "init", "--quiet", str(folder / NAME)], check=True)
    return folder / NAME


def link() -> None:
    """Make .build/tree, where this checkout is importable as ``ansible_collections.entra.attributes``."""
    tree = BUILD / "tree" / NAME
    tree.parent.mkdir(parents=True, exist_ok=True)
    if not tree.is_symlink():
        tree.symlink_to("../../../..")


def install() -> None:
    """Build the artifact and install it into .build/collections, when a file of it changed since the last time."""
    galaxy = environment("run") / "bin" / "ansible-galaxy"
    digest = hashlib.sha256()
    for file in files():
        digest.update(f"{file}\0".encode() + (ROOT / file).read_bytes())
    stamp = INSTALLED / ".stamp"
    with locked("collection"):
        if stamp.exists() and stamp.read_text() == digest.hexdigest():
            return
        say("entra.attributes: ansible-galaxy collection build, install")
        artifacts = BUILD / "artifacts"
        shutil.rmtree(artifacts, ignore_errors=True)
        shutil.rmtree(INSTALLED, ignore_errors=True)
        source = copy(BUILD / "work" / "install")
        build = [str(galaxy), "collection", "build", "--output-path", str(artifacts)]
        subprocess.run(build, cwd=source, check=True, stdout=subprocess.DEVNULL)
        (artifact,) = artifacts.glob("*.tar.gz")
        # --force: with the same version anywhere else on the collections path, nothing would be installed.
        target = ["collection", "install", "--force", "--offline", str(artifact), "-p", str(INSTALLED)]
        quiet = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(INSTALLED)}
        subprocess.run([str(galaxy), *target], env=quiet, check=True, stdout=subprocess.DEVNULL)
        stamp.write_text(digest.hexdigest())


if __name__ == "__main__":
    install()
