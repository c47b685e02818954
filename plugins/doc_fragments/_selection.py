# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options that select principals: conditions on custom security attributes, and an OData filter."""

    DOCUMENTATION = r"""
options:
  where:
    description:
      - Conditions on custom security attributes. All of them must be true.
      - Graph evaluates them with an index, in which a change appears a little later.
    type: list
    elements: dict
    suboptions:
      attribute_set:
        description: Name of the attribute set, spelled as in Entra.
        type: str
        required: true
      name:
        description: Name of the attribute, spelled as in Entra. It must be a searchable attribute.
        type: str
        required: true
      operator:
        description:
          - V(eq) selects principals whose attribute, or one of its values, equals O(where[].value).
          - V(ne) selects all others. This includes principals without the attribute.
          - V(startswith) selects principals whose text begins with O(where[].value).
        type: str
        choices: [eq, ne, startswith]
        default: eq
      value:
        description:
          - Text, an integer or a Boolean. Text is case-sensitive. V(startswith) needs text.
          - Null selects the principals without the attribute. With V(ne), null selects those that have it. A value that
            is left out is null.
        type: raw
  filter:
    description:
      - OData filter for conditions that O(where) cannot express, such as those on other properties. A principal must
        match both.
    type: str
"""
