# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Which principals: conditions on custom security attributes, and whatever else Graph can filter by."""

    DOCUMENTATION = r"""
options:
  where:
    description:
      - Conditions on custom security attributes, all of which must hold.
      - Graph answers them from an index, where a change may show a little later.
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
          - V(eq) holds where the attribute, or one of the values of a multi-valued one, equals O(where[].value).
          - V(ne) holds where it does not, principals without the attribute included.
          - V(startswith) holds where text begins with O(where[].value).
        type: str
        choices: [eq, ne, startswith]
        default: eq
      value:
        description:
          - Text, an integer or a Boolean. Text is case-sensitive.
          - Null, or left out, selects the principals without the attribute; with V(ne) it selects those that have it.
            V(startswith) needs text.
        type: raw
  filter:
    description:
      - An OData filter, for what O(where) cannot express, such as conditions on other properties. It is joined to
        O(where) by C(and).
    type: str
"""
