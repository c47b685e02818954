# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for the get-pip script that ansible-test downloads for its sanity environments.

test.py puts it into the cache where ansible-test looks first, next to a copy of pip's own package, so that sanity tests
need no host but the package index pip is set up for.
"""

from __future__ import annotations

import runpy
import sys

UNKNOWN_TO_PIP = ("--no-setuptools", "--no-wheel")

sys.argv[1:] = ["install", *(argument for argument in sys.argv[1:] if argument not in UNKNOWN_TO_PIP)]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
