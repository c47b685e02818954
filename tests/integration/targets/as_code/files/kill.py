# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""kill.py CONTROL CA COMMAND...: run the command, and kill it with all its children after a hundred PATCHes."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from urllib.request import urlopen

control, ca, *command = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)


def patched() -> int:
    """How many of the requests received were PATCHes of users."""
    with urlopen(f"{control}/requests?kind=graph", context=context) as answer:
        return sum(one["method"] == "PATCH" and "/users/" in one["path"] for one in json.load(answer))


before = patched()
process = subprocess.Popen(command, start_new_session=True)
while process.poll() is None and patched() < before + 100:
    time.sleep(0.05)
if process.poll() is not None:
    sys.exit("it ended before it could be killed")
os.killpg(process.pid, signal.SIGKILL)
process.wait()
