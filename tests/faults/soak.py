# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""`soak.py [RUNS [FIRST_SEED]]`: many seeded runs through the fault proxy, and a table of their claims."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "faults"), str(TESTS / "unit")]  # pytest puts them there too

from _checkout import found_in  # noqa: E402 - see above

sys.path.insert(0, str(found_in()))

from _emulator import start  # noqa: E402
from _proxy import FAULTS, FaultProxy  # noqa: E402
from _runs import Report, as_module, inside, populate, run  # noqa: E402

EVERY_MODULE = 5
"""One run of so many starts the module in a process; the others run in the process of their local Graph."""
AT_ONCE = 8
"""Runs side by side, each with a local Graph of its own. Most of the time they wait for their next attempt."""


def run_seeds(seeds: range) -> list[Report]:
    """Run these seeds one after the other, and print every untrue claim."""
    reports: list[Report] = []
    with tempfile.TemporaryDirectory() as folder:
        emulator = start(Path(folder))
        try:
            with FaultProxy(emulator, Path(folder)).running() as proxy:
                populate(proxy)
                for seed in seeds:
                    reports.append(run(proxy, seed, as_module if seed % EVERY_MODULE == 0 else inside))
                    if reports[-1].wrong:
                        print(f"seed {seed}: {reports[-1].wrong}", flush=True)
        finally:
            emulator.stop()
    return reports


def main() -> int:
    """Run, print the table, and return the exit status."""
    runs, first = [int(word) for word in sys.argv[1:3]] + [600, 0][len(sys.argv) - 1 :]
    slices = [range(first + number, first + runs, AT_ONCE) for number in range(AT_ONCE)]
    with ProcessPoolExecutor(AT_ONCE) as pool:
        reports = [report for several in pool.map(run_seeds, slices) for report in several]
    faults = Counter(name for report in reports for name in report.spoiled)
    outcomes: Counter[str] = Counter()
    for report in reports:
        outcomes.update({name: number for name, number in report.summary.items() if isinstance(number, int)})
    rows = {
        "runs": len(reports),
        "kinds of faults that occurred, of all": f"{len(faults)} of {len(FAULTS)}",
        "answers spoiled": sum(faults.values()),
        "principals declared": outcomes["principals"],
        "writes that took effect": sum(report.writes for report in reports),
        **{f"reported as {name}": outcomes[name] for name in ("changed", "unchanged", "failed", "unknown", "skipped")},
        "runs with a result that contradicts the record": sum(bool(report.wrong) for report in reports),
        "longest run, seconds": round(max(report.seconds for report in reports), 1),
    }
    for name, figure in rows.items():
        print(f"{name:40} {figure}")
    return 1 if any(report.wrong for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
