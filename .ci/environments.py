# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual environments under .build, made with the standard library alone on a machine that may lack pip and ensurepip.

uv fills the environments (seconds instead of minutes). Whatever pip can be found fetches uv, and pip's own settings
(files and ``PIP_*``) decide where from, for uv and for the tests that call pip with another HOME.
"""

from __future__ import annotations

import configparser
import contextlib
import fcntl
import glob
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / ".build"
CI = ROOT / ".ci"
CONSTRAINTS = CI / "constraints.txt"
DEVEL = "ansible-core @ https://github.com/ansible/ansible/archive/devel.tar.gz"

# The settings of pip that say where packages come from, and what uv calls them.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}


MINORS = range(10, 15)  # the Pythons 3.x that any supported ansible-core runs on


def say(message: str) -> None:
    """Print one line of progress."""
    print(message, file=sys.stderr, flush=True)


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one process at a time do what is called ``name`` in this checkout."""
    (BUILD / "lock").mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock" / name).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{name}: waiting for another run in this checkout")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def pip_settings() -> dict[str, str]:
    """Return where pip takes packages from: its configuration files, then its environment, the last one wins."""
    home = Path.home()
    files = [Path("/etc/pip.conf"), home / ".pip" / "pip.conf"]
    files.append(Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf")
    if chosen := os.environ.get("PIP_CONFIG_FILE"):
        files.append(Path(chosen))
    parser = configparser.RawConfigParser()
    parser.read(files)
    settings: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            settings.update(parser.items(section))
    for name in UV_NAMES:
        if value := os.environ.get("PIP_" + name.replace("-", "_").upper()):
            settings[name] = value
    return {name: settings[name] for name in UV_NAMES if settings.get(name)}


def uv_environment() -> dict[str, str]:
    """Return this process' environment with pip's settings in uv's words."""
    environment = {"UV_SYSTEM_CERTS": "1", "UV_INDEX_STRATEGY": "unsafe-best-match", "UV_LINK_MODE": "copy"}
    for name, value in pip_settings().items():
        separator = "," if name == "find-links" else " "
        environment[UV_NAMES[name]] = separator.join(value.split())
    return {**os.environ, **environment, "UV_PYTHON_DOWNLOADS": "never"}


def find_python(minors: tuple[int, ...]) -> Path | None:
    """Return the first Python ``3.<minor>`` that really runs, on PATH or among those of pyenv; None without one."""
    roots = [os.environ.get("PYENV_ROOT", "")]
    if pyenv := shutil.which("pyenv"):
        roots.append(subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False).stdout.strip())
    for minor in minors:
        name = f"python3.{minor}"
        candidates = [os.path.join(folder, name) for folder in os.get_exec_path()]
        for root in filter(None, roots):
            candidates += glob.glob(os.path.join(glob.escape(root), "versions", f"3.{minor}.*", "bin", name))
        for candidate in candidates:
            if not os.access(candidate, os.X_OK):
                continue
            # pyenv puts a shim on PATH for each version installed; it only works for the versions switched on.
            code = "import sys; print(sys.version_info[1], sys.executable, sep='\\n')"
            answer = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=False)
            if answer.returncode == 0 and answer.stdout.startswith(f"{minor}\n"):
                return Path(answer.stdout.splitlines()[1])
    return None


def _pip_commands(scratch: Path) -> Iterator[list[str]]:
    """Ways to call a pip, the cheapest first; a pip that comes out may still be missing, broken or offline."""
    names = ("python3", *(f"python3.{minor}" for minor in MINORS))
    for python in dict.fromkeys([sys.executable, *filter(None, map(shutil.which, names))]):
        yield [python, "-m", "pip"]
    if _succeeds([sys.executable, "-m", "venv", "venv"], scratch):
        yield [str(scratch / "venv" / "bin" / "python"), "-m", "pip"]
    # Debian and Ubuntu split ensurepip off Python, and the wheel it would install is a package, unpacked without root.
    unpack = ["sh", "-c", "apt-get download python3-pip-whl && dpkg-deb -x python3-pip-whl*.deb ."]
    for folder in (Path("/"), scratch):
        if folder != scratch or (shutil.which("apt-get") and _succeeds(unpack, scratch)):
            for wheel in (folder / "usr" / "share" / "python-wheels").glob("pip-*.whl"):
                yield [sys.executable, str(wheel / "pip")]


def _succeeds(command: list[str], folder: Path) -> bool:
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def uv() -> Path:
    """Return the uv of this checkout; fetch it the first time.

    Raises:
        SystemExit: no program on this machine can fetch it.
    """
    folder, scratch = BUILD / "uv", BUILD / "uv-bootstrap"
    binary = folder / "bin" / "uv"
    if binary.exists():
        return binary
    say("uv: fetching the installer of the environments")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    report = ""
    for pip in _pip_commands(scratch):
        command = [*pip, "install", "--quiet", "--target", str(folder), "-r", str(CI / "requirements-uv.txt")]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode == 0 and binary.exists():
            shutil.rmtree(scratch)
            return binary
        report += f"{' '.join(pip)}: {answer.stderr.strip()[-500:]}\n"
    if found := shutil.which("uv"):
        return Path(found)
    raise SystemExit(
        f"{report}No pip on this machine could fetch uv. Install pip (Debian, Ubuntu: python3-pip or python3-venv) or "
        "uv, and see that pip reaches its package index."
    )


def constraints(purpose: str) -> Path:
    """Return the file with the pins of an environment: a file for it alone, or the one that all others share."""
    alone = CI / f"constraints-{purpose}.txt"
    return alone if alone.exists() else CONSTRAINTS


def environment(purpose: str, python: Path | None = None, core: str = "") -> Path:
    """Return the virtual environment for ``.ci/requirements-<purpose>.txt``, made anew when a requirement changed.

    Args:
        purpose: names the requirements file, and the folder under ``.build/venv``.
        python: the interpreter, when it is not the one that runs this.
        core: the minor version of ansible-core, or ``devel``, when it is not the pinned one.
    """
    folder = BUILD / "venv" / "-".join(filter(None, (purpose, python.name if python else "", core)))
    interpreter = Path(os.path.realpath(python or sys.executable))
    digest = hashlib.sha256(str(interpreter).encode())
    for file in sorted([*CI.glob("*.txt"), *ROOT.glob("tests/*/requirements.txt"), *ROOT.glob("meta/*.txt"),
                        *ROOT.glob("roles/*/files/requirements.txt")]):  # fmt: skip
        digest.update(file.read_bytes())
    stamp = folder / ".stamp"
    with locked("environments"):
        if not stamp.exists() or stamp.read_text() != digest.hexdigest():
            say(f"{folder.relative_to(ROOT)}: installing requirements-{purpose}.txt")
            shutil.rmtree(folder, ignore_errors=True)
            requirements = ["-r", str(CI / f"requirements-{purpose}.txt"), "-c", str(constraints(purpose))]
            if core:
                own = ("ansible-core==", "resolvelib==")  # each core needs a different resolvelib
                pins = [line for line in CONSTRAINTS.read_text().splitlines() if not line.startswith(own)]
                others = folder.with_name(f"{folder.name}.txt")
                others.write_text("\n".join(pins))
                source = f"ansible-core=={core}.*" if core != "devel" else DEVEL
                requirements[-1:] = [str(others), source]
            for command in (
                ["venv", "--quiet", "--python", str(interpreter), str(folder)],
                ["pip", "install", "--quiet", "--compile-bytecode", "--python", str(folder), *requirements],
            ):
                subprocess.run([str(uv()), *command], env=uv_environment(), check=True)
            stamp.write_text(digest.hexdigest())
    return folder


def pin() -> None:
    """Write each constraints file: an exact version of everything its requirement files lead to, for each Python."""
    pinned: dict[Path, list[str]] = {}
    for file in sorted(CI.glob("requirements-*.txt")):
        purpose = file.stem.removeprefix("requirements-")
        pinned.setdefault(constraints(purpose), []).append(str(file.relative_to(ROOT)))
    options = ["--quiet", "--universal", "--python-version", "3.10", "--no-header", "--no-annotate", "--upgrade"]
    for target, requirements in pinned.items():
        command = [str(uv()), "pip", "compile", *options, *requirements, "--output-file", str(target)]
        subprocess.run(command, cwd=ROOT, env=uv_environment(), check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    pin()
