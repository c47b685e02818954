# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: declarations
short_description: Read and check attribute sets, definitions and assignments of a folder
version_added: 1.0.0
author:
  - The entra.attributes authors (@entra-attributes)
description:
  - Reads declarations of attribute sets, definitions, assignments and moves from a folder or file on the controller, in
    the form that the role P(entra.attributes.reconcile#role) takes.
  - The lookup reports all mistakes together, each with file and line. It needs no tenant.
  - Nothing is sent.
options:
  _terms:
    description:
      - Paths of folders or files. A relative one is searched as files are, first in C(files) of
        the role or next to the playbook, then in the current folder.
      - Without any, only the variables are checked.
    type: list
    elements: str
  attribute_sets:
    description: Attribute sets from a variable, in addition to the path.
    type: list
    elements: dict
  definitions:
    description: Definitions from a variable, in addition to the path.
    type: list
    elements: dict
  assignments:
    description: Assignments from a variable, in addition to the path.
    type: list
    elements: dict
  moves:
    description: Moves from a variable, in addition to the path.
    type: list
    elements: dict
  delegations:
    description: Delegations from a variable, in addition to the path.
    type: list
    elements: dict
  exposures:
    description: Exposures from a variable, in addition to the path.
    type: list
    elements: dict
seealso:
  - module: entra.attributes.attribute_set
  - module: entra.attributes.custom_security_attribute_definition
  - module: entra.attributes.custom_security_attributes
"""

EXAMPLES = r"""
- name: What is declared is right in itself
  ansible.builtin.set_fact:
    declared: "{{ lookup('entra.attributes.declarations', 'attributes') }}"

- name: Show how much it is
  ansible.builtin.debug:
    msg: "{{ declared.definitions | length }} definitions, {{ declared.assignments }} principals"
"""

RETURN = r"""
_raw:
  description: Declarations of each path, together with the variables.
  type: list
  elements: dict
  contains:
    src:
      description: Absolute path; null if only variables were checked.
      type: str
    attribute_sets:
      description: Attribute sets, unchanged.
      type: list
      elements: dict
    definitions:
      description: Definitions, unchanged.
      type: list
      elements: dict
    assignments:
      description: How many principals are declared.
      type: int
    delegations:
      description: How many delegations are declared.
      type: int
    moves:
      description: Moves, unchanged.
      type: list
      elements: dict
    exposures:
      description: Exposures, which are consumers that no API lists. Each has C(name), C(owner), C(attributes),
        C(description), C(url) and C(place). C(attributes) is a list of C(attribute_set), C(name) and C(values).
      type: list
      elements: dict
"""

import os
from typing import Any

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils._core.model import Exposure
from ..module_utils._declarations.declared import declared
from ..module_utils._declarations.locations import EXPOSURES, SECTIONS
from ..module_utils._errors import EntraError, InvalidDeclaration
from ..plugin_utils._vault import decryption


class LookupModule(LookupBase):  # type: ignore[misc] # Ansible says nothing of its types
    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        declarations = {section: self.get_option(section) for section in (*SECTIONS, EXPOSURES)}
        try:
            return [self._read(self._found(term, variables), declarations) for term in terms or [""]]
        except InvalidDeclaration as forbidden:
            raise AnsibleError("\n".join(["what is declared is wrong:", *forbidden.problems])) from None
        except EntraError as error:
            raise AnsibleError(str(error)) from None

    def _path(self, term: str, variables: dict[str, Any] | None) -> str | None:
        """Return an absolute path, below the current folder: a playbook of a collection is called from elsewhere."""
        if not term:
            return None
        found = self.find_file_in_search_path(variables, "files", term, ignore_missing=True)
        return str(found or os.path.abspath(term))

    def _found(self, term: str, variables: dict[str, Any] | None) -> str | None:
        found = self._path(term, variables)
        if found and not os.path.exists(found):
            raise AnsibleLookupError(
                f"There is no file or folder {term}, neither beside the playbook nor in files or the current folder."
            )
        return found

    def _read(self, src: str | None, variables: dict[str, Any]) -> dict[str, Any]:
        found = declared(src, variables, decryption(self._loader))
        return {
            "src": src,
            "attribute_sets": found.attribute_sets,
            "definitions": found.definitions,
            "assignments": len(found.assignments),
            "moves": found.moves,
            "exposures": [_shown(exposure) for exposure in found.exposures],
            "delegations": len(found.delegations),
        }


def _shown(exposure: Exposure) -> dict[str, Any]:
    """Return an exposure in JSON's types."""
    attributes = [
        {"attribute_set": attribute.attribute_set, "name": attribute.name, "values": list(values)}
        for attribute, values in exposure.attributes.items()
    ]
    return {**vars(exposure), "attributes": attributes}
