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
  principals:
    description:
      - YAML or JSON file with sample principals, which is searched like a path of declarations. The lookup returns what
        is declared for each of them in RV(_raw[].principals). So a repository tests its rules without a tenant.
      - The file is a list of dictionaries. C(name) is the user principal name of a user, or the display name. C(kind)
        is C(user) (default), C(service_principal), C(agent), C(blueprint) or C(agent_user).
      - C(groups) is a list of the names or IDs of all groups that the principal is a member of, nested ones included.
      - C(properties) is a dictionary of properties with the names of Graph. C(assignments) is a dictionary of values by
        attribute set and attribute.
      - C(blueprint) names the blueprint of an agent, and C(agent) the agent of an agent user. C(id) and C(app_id) are
        needed only where declarations use them.
    type: str
  at:
    description: Time for declarations that end, such as V(2026-12-31T18:00:00+01:00). A date stands for its end in UTC.
      The present time by default.
    type: str
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

- name: A member of the sales group gets the region, and why
  ansible.builtin.assert:
    that:
      - sample.after.Sales.Region == 'EMEA'
      - sample.reasons[0].by == 'group'
      - sample.unknown == []
  vars:
    sample: "{{ lookup('entra.attributes.declarations', 'attributes', principals='samples.yml').principals[0] }}"
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
      description: How many principals are declared by name, and how many items select principals, derive values or end.
      type: int
    principals:
      description: What is declared for the sample principals, in the order of their file.
      returned: with O(principals)
      type: list
      elements: dict
      contains:
        principal:
          description: Principal, with the keys that M(entra.attributes.custom_security_attribute) returns.
          type: dict
        before:
          description: Its attributes in the file.
          type: dict
        after:
          description: Its attributes after a run.
          type: dict
        reasons:
          description: Why it has the declared values, as in
            RV(entra.attributes.custom_security_attributes#module:results[].reasons).
          type: list
          elements: dict
        unknown:
          description: Filters of declarations that only Graph can decide for this principal. They count as not
            fulfilled.
          type: list
          elements: str
        msg:
          description: Why a value cannot be assigned. Otherwise empty.
          type: str
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
import time
from typing import Any

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils._core.model import Exposure
from ..module_utils._declarations.declared import declared
from ..module_utils._declarations.locations import EXPOSURES, SECTIONS
from ..module_utils._declarations.selecting import read_expiry
from ..module_utils._errors import EntraError, InvalidDeclaration
from ..plugin_utils._vault import decryption


class LookupModule(LookupBase):  # type: ignore[misc] # Ansible says nothing of its types
    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        declarations = {section: self.get_option(section) for section in (*SECTIONS, EXPOSURES)}
        principals, at = self.get_option("principals"), self.get_option("at")
        samples = self._found(principals, variables) if principals else None
        try:
            return [self._read(self._found(term, variables), declarations, samples, at) for term in terms or [""]]
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

    def _read(self, src: str | None, variables: dict[str, Any], samples: str | None, at: str | None) -> dict[str, Any]:
        decrypt = decryption(self._loader)
        found = declared(src, variables, decrypt)
        decisions = {}
        if samples:
            from ..module_utils._declarations.samples import decided, read_samples  # which only samples need

            now = read_expiry(at, "at").at if at else time.time()
            decisions["principals"] = decided(found, read_samples(samples, decrypt), now)
        return {
            **decisions,
            "src": src,
            "attribute_sets": found.attribute_sets,
            "definitions": found.definitions,
            "assignments": len(found.assignments) + len(found.items),
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
