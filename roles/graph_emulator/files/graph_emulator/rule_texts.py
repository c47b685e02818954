# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that name attributes, in the form for a caller who cannot read attributes (consumer-facts 11)."""

from __future__ import annotations

from typing import Any, Literal

Hidden = Literal["shown", "null", "empty", "absent"]


def hide_rules(value: Any, form: Hidden) -> Any:
    """Return a JSON value with each rule that names an attribute hidden: null, empty, or its whole object absent."""
    if form == "shown" or not isinstance(value, dict):
        return value
    shown = {
        name: hide_rules(member, form)
        for name, member in value.items()
        if not (form == "absent" and _names_attribute(member))
    }
    if _names_attribute(value):
        shown["rule"] = None if form == "null" else ""
    return shown


def _names_attribute(value: Any) -> bool:
    return isinstance(value, dict) and "customsecurityattribute" in str(value.get("rule", "")).lower()
