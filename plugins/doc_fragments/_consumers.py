# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The option for the policies and workflows that a change affects."""

    DOCUMENTATION = r"""
options:
  consumers:
    description:
      - What to do about the policies and workflows that decide by the attributes. They are called consumers.
      - V(ignore) reads none of them.
      - V(report) compares each rule before and after the change. The result lists which rules each changed principal
        enters or leaves. Where the answer is not known, the principal may enter or leave the rule.
      - V(fail) does the same. If that affects an enabled consumer, or may affect it, the task fails and writes nothing.
        The same holds if a source of consumers could not be read. Disabled and report-only policies are reported only.
      - With O(verify), a principal that another writer changed meanwhile is compared again before it is written again.
        With V(fail), it is not written again if that affects an enabled consumer.
      - Conditional Access policies, app management policies, and lifecycle workflows are read, after planning and only
        if a principal would change. That needs the permissions C(Policy.Read.All),
        C(LifecycleWorkflows-Workflow.Read.All), and C(CustomSecAttributeDefinition.Read.All).
      - Sign-ins notice a changed attribute at the next token.
    type: str
    choices: [ignore, report, fail]
    default: ignore
"""
