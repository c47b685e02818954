# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Appends the name and the seconds of every task to the file named by BENCH_TIMES, as JSON lines."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_times
type: aggregate
short_description: Record how long each task takes
description: Appends the name and the seconds of every task to the file named by C(BENCH_TIMES), as JSON lines.
"""


class CallbackModule(CallbackBase):
    """Measures from the start of a task in a worker to its result in the strategy."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_times"

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._started = time.perf_counter()

    def v2_runner_on_ok(self, result: Any) -> None:
        seconds = time.perf_counter() - self._started
        name = (getattr(result, "task", None) or result._task).get_name()
        with open(os.environ["BENCH_TIMES"], "a", encoding="utf-8") as times:
            times.write(json.dumps([name, seconds]) + "\n")
