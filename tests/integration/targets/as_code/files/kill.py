# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""kill.py URL CA COMMAND...: run the command; kill it with its children once the local Graph shows attributes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from urllib.request import Request, urlopen

url, ca, *command = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
question = Request(url, headers={"X-Emulator-Secret": os.environ["GRAPH_EMULATOR_SECRET"]})


def assigned() -> bool:
    """Whether the principal at the URL has attributes."""
    with urlopen(question, context=context) as answer:
        return bool(json.load(answer))


def family(pid: int) -> list[int]:
    """Return the process and all that it started: Ansible's workers have separate sessions."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = dict(map(int, line.split()) for line in listing.splitlines())
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


process = subprocess.Popen(command)
while process.poll() is None and not assigned():
    time.sleep(0.02)
if process.poll() is not None:
    sys.exit("it ended before it could be killed")
for pid in family(process.pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
process.wait()
