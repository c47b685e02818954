# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fixtures of the tests of the site."""

from __future__ import annotations

from _chromium import browser

__all__ = ["browser"]
