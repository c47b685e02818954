# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""All tests and checks: ``test.py [PART ...] [-- ARGUMENT ...]``, the parts two at a time, each with its own HOME.

``test.py release`` runs what a release must pass.

One part alone shows its output as it comes. Several write a log each below .build/logs, and the end of a log is shown
when something in it failed. Arguments after ``--`` go to the last command of each chosen part.
"""

from __future__ import annotations

import configparser
import contextlib
import glob
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import collection
from environments import BUILD, CI, MINORS, ROOT, environment, find_python, locked, pip_settings, say

PARALLEL = 2
TIME_LIMIT = 25 * 60  # seconds a single command may take: far above what any needs, below what a CI waits
GET_PIP_VERSIONS = ("23_1_2", "24_2", "25_2")  # asked for by ansible-core 2.16, 2.17 to 2.19, 2.20 and newer


@dataclass(frozen=True)
class Count:
    """How many tests passed, failed and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        figures = (f"{number} {word}" for word, number in vars(self).items() if number)
        return ", ".join(figures) or "nothing ran"


def count_pytest(log: str) -> Count:
    """Read pytest's closing line."""
    closing = re.findall(r"^=* ?(.*\d+ (?:passed|failed|error).*) in [\d.]+s", log, re.MULTILINE)
    number = {word: int(figure) for figure, word in re.findall(r"(\d+) ([a-z]+)", closing[-1] if closing else "")}
    failed = number.get("failed", 0) + number.get("error", 0) + number.get("errors", 0)
    return Count(number.get("passed", 0) + number.get("xfailed", 0), failed, number.get("skipped", 0))


def count_ansible_test(log: str) -> Count:
    """Count the sanity tests or integration targets that ansible-test names, and what it lists as failed."""
    named = r"^Running (?:sanity test \"\S+\"|\S+ integration test (?:role|script))"
    started = len(set(re.findall(named, log, re.MULTILINE)))
    listed = re.search(r"The (\d+) \w+ test\(s\) listed below", log)
    failed = int(listed[1]) if listed else 0
    return Count(started - failed, failed)


def count_molecule(log: str) -> Count:
    """Count the scenarios that molecule sums up."""
    failed = [int(figure) for figure in re.findall(r"^\w+ +: actions=\d+ .*failed=(\d+)", log, re.MULTILINE)]
    return Count(failed.count(0), len(failed) - failed.count(0))


def count_hooks(log: str) -> Count:
    """Count the hooks that pre-commit names with their verdict."""
    verdicts = re.findall(r"^.+?\.{3,}(?:\(.*\))?(Passed|Failed|Skipped)$", log, re.MULTILINE)
    return Count(*(verdicts.count(verdict) for verdict in ("Passed", "Failed", "Skipped")))


def count_one(_log: str) -> Count:
    """Count a command whose exit status says it all."""
    return Count(passed=1)


@dataclass(frozen=True)
class Check:
    """A command, where it runs (in the checkout, else in the part's copy of it) and how its tests are counted."""

    command: str
    count: Callable[[str], Count] = count_one
    in_checkout: bool = False


@dataclass(frozen=True)
class Part:
    """Checks that run one after the other in one environment, with the first of ``minors`` this machine has.

    ``core`` is the minor version of ansible-core, where the Python does not decide it.
    """

    purpose: str
    checks: tuple[Check, ...]
    minors: tuple[int, ...] = ()
    core: str = ""


# An idle worker takes tests from the other one, as some tests take as long as a hundred others.
UNIT = Check("python -m pytest -n 2 --dist worksteal tests/unit", count_pytest, in_checkout=True)
# The two halves of it: `make unit` is run after each change, `make slow` before a change is handed in.
FAST = Check(f"{UNIT.command} -m 'not slow'", count_pytest, in_checkout=True)
SLOW = Check(f"{UNIT.command} -m slow", count_pytest, in_checkout=True)
# Branches of plugins/ as well, against the limit in .coveragerc.
UNIT_COVERAGE = Check(
    f"{UNIT.command} --cov --cov-report=term-missing --cov-report=html "
    "--cov-report=markdown:.build/coverage/summary.md",
    count_pytest,
    in_checkout=True,
)
# Decisions and effects of tasks, without slow tests, transport, credentials, report and controller.
QUICK = Check(
    "python -m pytest -n 2 -m 'not slow' tests/unit/test_layers.py "
    + " ".join(f"tests/unit/plugins/module_utils/{package}" for package in ("_core", "_declarations", "_operations")),
    count_pytest,
    in_checkout=True,
)
# The list of linters is .pre-commit-config.yaml; those of pre-push are all of them.
LINT = Check("pre-commit run --all-files --verbose --hook-stage pre-push", count_hooks, in_checkout=True)
INTEGRATION = Check("ansible-test integration --local --color no --continue-on-error", count_ansible_test)
# Inventory and lookups are not modules. round_trip covers in short the role that as_code covers at length.
AS_MODULES = Check(
    f".ci/as_modules.sh {INTEGRATION.command} --exclude as_code --exclude inventory --exclude lookup",
    count_ansible_test,
)
AWX = Check("python -m pytest tests/awx", count_pytest, in_checkout=True)
# msgraph-sdk and kiota warn of their own classes, which the tests do not use.
CLIENTS = Check("python -m pytest -W ignore::DeprecationWarning tests/clients", count_pytest, in_checkout=True)
SITE = (
    Check("python .ci/docs.py", in_checkout=True),
    Check("python -m pytest tests/site", count_pytest, in_checkout=True),
)
DOCS = Check("python -m pytest -n 2 --dist worksteal tests/docs", count_pytest)
SANITY = Check("ansible-test sanity --local --color no", count_ansible_test)
# Until ansible-core 2.22 is final, its pylint needs a library straight from a repository instead of a package index.
SANITY_NEWEST = Check(f"{SANITY.command} --skip-test pylint", count_ansible_test)
BUILD_ARTIFACT = Check("ansible-galaxy collection build --output-path tests/output")
INSTALL = Check("sh -c 'ansible-galaxy collection install --offline --force tests/output/*.tar.gz -p tests/output'")
GALAXY = (
    BUILD_ARTIFACT,
    Check("sh -c 'cd tests/output && python -m galaxy_importer.main *.tar.gz'"),
)

PARTS = {
    "unit": Part("test", (FAST,)),
    "slow": Part("test", (SLOW,)),
    "lint": Part("lint", (LINT,)),
    # The Python decides the ansible-core (.ci/requirements-core.txt): the oldest supported one, and the newest.
    "core-oldest": Part("test", (UNIT, INTEGRATION, SANITY), minors=(10,)),
    "core-newest": Part("test", (UNIT_COVERAGE, INTEGRATION, SANITY_NEWEST), minors=(14, 13)),
    "sanity": Part("test", (SANITY,)),
    "integration": Part("test", (INTEGRATION,)),
    "modules": Part("test", (AS_MODULES,)),
    "awx": Part("awx", (AWX,)),
    "clients": Part("clients", (CLIENTS,)),
    "molecule": Part("molecule", (Check("molecule test --all", count_molecule),)),
    # Most of these runs wait for their next attempt, so that many share a processor.
    "faults": Part("test", (Check("python -m pytest -n 8 tests/faults", count_pytest, in_checkout=True),)),
    "report": Part("report", (Check("python -m pytest tests/report", count_pytest, in_checkout=True),)),
    "docs": Part("docs", (*SITE, DOCS)),
    "galaxy": Part("lint", GALAXY),
}
ENDS = ("core-oldest", "core-newest")
COVERED = ("unit", "slow", "sanity", "integration")
"""Parts that both ends hold. The ansible-core in between runs the integration tests as modules."""

# Every supported ansible-core, and the Pythons it runs on, the newest first; the oldest one has the oldest Python.
CORES = {
    "2.16": (10,),
    "2.17": (12, 11),
    "2.18": (13, 12, 11),
    "2.19": (13, 12, 11),
    "2.20": (14, 13, 12),
    "2.21": (14, 13, 12),
    "2.22": (14, 13),
}
# The checks of a release, on every ansible-core that the Pythons of this machine run.
RELEASE = {
    "lint": PARTS["lint"],
    "docs": PARTS["docs"],
    "galaxy": PARTS["galaxy"],
    "artifact": Part("release", (Check(f"python .ci/artifact.py {BUILD / 'release'}"),)),
    # Galaxy's importer and ansible-lint bring the ansible-core they support.
    **{
        f"core-{core}": Part(
            "test", (BUILD_ARTIFACT, INSTALL, UNIT, SANITY_NEWEST if core == "2.22" else SANITY), minors, core
        )
        for core, minors in CORES.items()
    },
}
# Parts that run only if they are named.
OTHERS = {
    "quick": Part("test", (QUICK,)),
    "site": Part("docs", SITE),
    "core-devel": Part("test", (UNIT, SANITY_NEWEST), (14, 13), "devel"),
}
KNOWN = {**PARTS, **RELEASE, **OTHERS}


@dataclass(frozen=True)
class Outcome:
    """The outcome of a part. ``reason`` says why it could not run."""

    part: str
    count: Count = Count()
    seconds: float = 0.0
    reason: str = ""

    @property
    def verdict(self) -> str:
        """Return one word for it."""
        return "skipped" if self.reason else "FAILED" if self.count.failed else "ok"


def prepare_home(name: str, venv: Path) -> Path:
    """Make the part's HOME: pip's settings in a file, as ansible-test hands no ``PIP_*`` on, and the get-pip shim."""
    home = BUILD / "home" / name
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    settings = configparser.RawConfigParser()
    settings["global"] = {**pip_settings(), "cache-dir": str(BUILD / "cache" / "pip")}
    (home / ".config" / "pip").mkdir(parents=True, exist_ok=True)
    with (home / ".config" / "pip" / "pip.conf").open("w") as file:
        settings.write(file)
    for package in glob.glob(str(venv / "lib" / "python*" / "site-packages" / "pip")):
        shutil.copytree(package, cache / "pip", dirs_exist_ok=True)
        for version in GET_PIP_VERSIONS:
            shutil.copyfile(CI / "get_pip_shim.py", cache / f"get_pip_{version}.py")
    return home


def job_environment(home: Path, venv: Path, tree: Path) -> dict[str, str]:
    """Return the environment of a part's commands: without a real tenant, and with the part's Python first."""
    # Other Pythons, for the sanity tests that compile and import with each, go last; a pyenv shim possibly fails.
    path = [str(venv / "bin"), *(folder for folder in os.get_exec_path() if Path(folder).name != "shims")]
    path += [str(python.parent) for minor in MINORS if (python := find_python((minor,)))]
    foreign = ("ANSIBLE_", "AZURE_", "ENTRA_", "PYTHON", "VIRTUAL_ENV", "XDG_")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(foreign)},
        "ANSIBLE_COLLECTIONS_PATH": str(tree),
        "HOME": str(home),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(BUILD / "cache" / "hypothesis"),
        "LC_ALL": "C.UTF-8",
        "MYPY_CACHE_DIR": str(BUILD / "cache" / "mypy"),
        "MYPYPATH": str(tree),
        "NO_COLOR": "1",
        "PATH": os.pathsep.join(dict.fromkeys(path)),
        "RUFF_CACHE_DIR": str(BUILD / "cache" / "ruff"),
    }


class Runner:
    """Runs parts, and knows what has to be ended when the run is interrupted.

    Args:
        arguments: what is added to the last command of each part.
        live: show what the commands print.
    """

    def __init__(self, arguments: list[str], live: bool) -> None:
        self.arguments = arguments
        self.live = live
        self.stopped = False
        self.processes: set[subprocess.Popen[str]] = set()

    def stop(self) -> None:
        """End what runs, with all that it started, and begin nothing more."""
        self.stopped = True
        for process in list(self.processes):
            end(process)

    def run(self, name: str) -> Outcome:
        """Run the checks of a part, also those after one that failed."""
        part = KNOWN[name]
        python = find_python(part.minors) if part.minors else None
        if part.minors and not python:
            return Outcome(name, reason="no Python " + " or ".join(f"3.{minor}" for minor in part.minors) + " here")
        with locked(name):
            began = time.monotonic()
            venv = environment(part.purpose, python, part.core)
            copy = collection.copy(BUILD / "work" / name)
            variables = job_environment(prepare_home(name, venv), venv, copy.parents[2])
            count = Count()
            log = BUILD / "logs" / f"{name}.log"
            log.parent.mkdir(exist_ok=True)
            log.write_text("")
            for check in part.checks:
                command = shlex.split(check.command) + (self.arguments if check is part.checks[-1] else [])
                text, status = self.execute(command, ROOT if check.in_checkout else copy, variables, log)
                result = verdict(check, text, status)
                count += result
                if result.failed and not self.live and not self.stopped:
                    say(f"{name}: {shlex.join(command)} failed (all of it: {log.relative_to(ROOT)})\n{tail(text)}")
            return Outcome(name, count, time.monotonic() - began)

    def execute(self, command: list[str], folder: Path, variables: dict[str, str], log: Path) -> tuple[str, int]:
        """Run one command; return what it printed and its exit status."""
        if self.stopped:
            return "", 1
        began, lines = time.monotonic(), []
        with log.open("a") as file:
            file.write(f"$ {shlex.join(command)}\n")
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self.processes.add(process)
            limit = threading.Timer(TIME_LIMIT, end, [process])
            limit.start()
            for line in process.stdout or ():
                lines.append(line)
                file.write(line)
                if self.live:
                    print(line, end="", flush=True)
            status = process.wait()
            limit.cancel()
            self.processes.discard(process)
            file.write(f"# exit status {status} after {time.monotonic() - began:.1f} s\n\n")
        return "".join(lines), status


def end(process: subprocess.Popen[str]) -> None:
    """End a command's process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


def verdict(check: Check, text: str, status: int) -> Count:
    """Count a finished check: an exit status that is not zero is a failure, and so is a check that tested nothing."""
    count = check.count(text)
    if count.failed or (status == 0 and count.passed):
        return count
    return Count(0 if check.count is count_one else count.passed, 1, count.skipped)


def tail(text: str, lines: int = 60) -> str:
    """Return the last lines of a command's output."""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def report(outcomes: Iterable[Outcome], seconds: float) -> int:
    """Print the table of the parts, then the sum as a test runner's closing line; return the exit status."""
    total = Count()
    print("\npart          result   seconds  tests and checks")
    for outcome in outcomes:
        print(f"{outcome.part:13} {outcome.verdict:8} {outcome.seconds:7.1f}  {outcome.reason or outcome.count}")
        total += outcome.count
    print("\n" + f" {total} in {seconds:.1f}s ".center(80, "="))
    return 1 if total.failed or not total.passed else 0


def interrupt(_number: int, _frame: object) -> NoReturn:
    """Treat a request to end like Ctrl-C."""
    raise KeyboardInterrupt


def usual() -> list[str]:
    """Return the parts that make up all tests on this machine."""
    both = all(find_python(PARTS[name].minors) for name in ENDS)
    return [name for name in PARTS if not (both and name in COVERED)]


def main() -> int:
    """Run the parts named on the command line, those of a release, or all others; return the exit status."""
    words = sys.argv[1:]
    split = words.index("--") if "--" in words else len(words)
    chosen = list(RELEASE) if words[:split] == ["release"] else words[:split] or usual()
    if unknown := [name for name in chosen if name not in KNOWN]:
        raise SystemExit(f"Unknown part {', '.join(unknown)}; there are {', '.join(KNOWN)}, and release.")
    signal.signal(signal.SIGTERM, interrupt)
    began = time.monotonic()
    collection.link()
    runner = Runner(words[split + 1 :], live=len(chosen) == 1)
    outcomes = []
    with ThreadPoolExecutor(PARALLEL) as pool:
        try:
            for outcome in pool.map(runner.run, chosen):
                outcomes.append(outcome)
                say(f"{outcome.part}: {outcome.verdict}, {outcome.seconds:.0f} s, {outcome.reason or outcome.count}")
        except KeyboardInterrupt:
            runner.stop()
            pool.shutdown(cancel_futures=True)
            return 130
    return report(outcomes, time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(main())
