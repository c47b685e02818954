# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: directory
short_description: Use users or service principals of Microsoft Entra as hosts, with their custom security attributes
version_added: 1.0.0
author:
  - The entra.attributes authors (@entra-attributes)
description:
  - Turns each user or service principal into a host. Its custom security attributes become variables of the host, and
    groups. The inventory reads a directory in pages of 999.
  - The configuration is a YAML file whose name ends in C(entra_attributes.yml), C(entra_attributes.yaml),
    C(directory.yml) or C(directory.yaml).
  - Every host has the variable C(entra), a dictionary with C(id), C(type), C(display_name), C(user_principal_name) or
    C(app_id), and C(agent_type) for agents.
  - Every host has the variable C(custom_security_attributes), the values by attribute set and attribute, with the names
    of Entra. It is empty if no value is assigned. O(attributes) changes this variable.
  - A value from Entra is never evaluated as a template.
  - These hosts are not machines. Run tasks on the controller, with C(connection=local).
options:
  plugin:
    description: Name of this plugin.
    type: str
    required: true
    choices: [entra.attributes.directory]
  principal_type:
    description: Kind of principals. Agent users are users. Agent identities and blueprints are service principals.
    type: str
    choices: [user, service_principal]
    default: user
  attributes:
    description:
      - Attributes that the hosts have as variables. All by default.
      - A list of C(Set.Attribute), or C(Set) for a whole set, keeps only these in C(custom_security_attributes).
      - A dictionary replaces C(custom_security_attributes) by variables with the names of its keys. Its values are
        C(Set.Attribute) or C(Set), and can have Jinja filters, as in C(Engineering.Project | first).
      - A host lacks the variable of an attribute that is not assigned, unless the filter C(default) sets it.
    type: raw
  hostnames:
    description:
      - Names of a host, in order of preference. A host gets the first name that its principal has and no other
        principal has, and finally its object ID.
      - A property (V(id), V(display_name), V(user_principal_name), V(app_id)), an attribute with a single value as
        C(Set.Attribute), or a Jinja expression of these and of the host's variables.
      - If several principals would have the same name, none of them gets it. C(localhost), C(127.0.0.1), C(::1),
        C(all) and C(ungrouped) are never used, in any case of letters, because Ansible uses these names itself. The
        inventory warns about such names.
    type: list
    elements: str
    default: [user_principal_name, display_name, app_id]
  filters:
    description:
      - Jinja conditions on the host's variables, for conditions that Graph cannot evaluate. All of them must be true.
        They cannot use the variables of O(compose).
    type: list
    elements: str
    default: []
  strict_permissions:
    description:
      - Whether to fail if the identity cannot read custom security attributes. Graph then answers as if no value was
        assigned.
      - With V(false), the inventory warns and contains what is visible.
    type: bool
    default: true
extends_documentation_fragment:
  - entra.attributes._connection.plugin
  - entra.attributes._selection
  - entra.attributes._permissions.reads
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
notes:
  - Text options, and the texts in O(where), can be templates, such as
    C({{ lookup('ansible.builtin.file', '/run/secrets/entra') }}). Options with choices, numbers, Booleans and the
    options of the cache cannot. O(attributes), O(hostnames), O(filters), O(compose), O(groups) and O(keyed_groups)
    contain expressions instead.
  - The key of O(keyed_groups) can have any type. Characters that are not allowed in the name of a group become C(_).
  - The cache contains attributes but no credential. The tenant, the application, the host of Graph and the selection
    identify an entry. With O(access_token) or O(auth_source=azure_cli), or if O(tenant_id) or O(client_id) is not set,
    the token identifies tenant and application.
  - The cache plugin V(jsonfile) keeps the cache for the next run. Choose a folder that only authorized people can read.
    V(memory), the default, keeps it for one run.
seealso:
  - module: entra.attributes.custom_security_attribute_info
  - plugin: entra.attributes.custom_security_attribute
    plugin_type: lookup
  - name: Manage custom security attributes with Microsoft Graph
    description: Microsoft's examples of lists and filters.
    link: https://learn.microsoft.com/graph/custom-security-attributes-examples
"""

EXAMPLES = r"""
# certified.entra_attributes.yml: certified service principals, in groups by project and by cost center, cached for an
# hour. The credential comes from the environment. Only the first line is required. Alone, it turns all users into
# hosts, with their user principal names.
plugin: entra.attributes.directory
principal_type: service_principal
where:
  - attribute_set: Engineering
    name: Certification
    value: true
attributes:
  projects: Engineering.Project | default([])
  cost_centers: Engineering.CostCenter | default([])
  vendors: Engineering.NumVendors | default(0)
hostnames:
  - display_name
  - app_id
keyed_groups:
  - key: projects
    prefix: project
  - key: cost_centers
    prefix: cost_center
groups:
  agents: entra.agent_type is defined
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/entra-inventory
cache_timeout: 3600
"""

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError, AnsibleUndefinedVariable
from ansible.inventory.data import InventoryData
from ansible.inventory.group import to_safe_group_name
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ..module_utils._connection import connection_options
from ..module_utils._errors import EntraError
from ..module_utils._graph.client import Graph
from ..module_utils._operations.assignment_info import INVENTORY
from ..plugin_utils._controller import (
    connect,
    quiet,
    tracer,
    trusted,
    untrusted,
    validated,
)
from ..plugin_utils._hosts import (
    ATTRIBUTES,
    OWN,
    Host,
    followed,
    give_names,
    hosts,
)

ENDINGS = tuple(f"{name}.{ending}" for name in ("entra_attributes", "directory") for ending in ("yml", "yaml"))
EXPRESSIONS = ("attributes", "hostnames", "filters", "compose", "groups", "keyed_groups")
NAMES_TOLD = 5


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc] # Ansible says nothing of its types
    NAME = "entra.attributes.directory"

    _keying = False
    _own: tuple[str, ...] = ()

    def verify_file(self, path: str) -> bool:
        return bool(super().verify_file(path)) and path.endswith(ENDINGS)

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        direct = self._set_templated(self._read_config_data(path))
        attributes = self.get_option("attributes")
        if not self.get_option("use_extra_vars"):
            self._own = (OWN, *attributes) if isinstance(attributes, dict) else (OWN, ATTRIBUTES)
        try:
            listing = self._listing(direct, cache)
            every = hosts(untrusted(listing["principals"]), attributes, self._evaluate)
        except EntraError as error:
            raise AnsibleParserError(str(error)) from None
        chosen = [host for host in every if self._passes(host)]
        clashes = give_names(chosen, [str(name) for name in self.get_option("hostnames")], self._evaluate)
        for warning in listing["warnings"] + ([_told(clashes)] if clashes else []):
            self.display.warning(warning)
        for host in chosen:
            self._add(host)

    def _set_templated(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Set the options again, with the templates of the file evaluated, and return them.

        Options that contain expressions stay as they are.
        """
        self.templar.available_variables = self._vars
        options = {
            name: value if name in EXPRESSIONS else self.templar.template(value) for name, value in config.items()
        }
        self.set_options(direct=options, var_options=self._vars)
        return options

    def _listing(self, direct: Mapping[str, Any], cache: bool) -> dict[str, Any]:
        """Return `principals` and `warnings`, from the cache if it is enabled and has them."""
        environment = dict(os.environ)
        params = validated(INVENTORY, self.get_option, direct, environment)
        with quiet(), connect(params, environment) as graph:
            graph.trace = tracer()
            if not self.get_option("cache"):
                return INVENTORY.run(params, graph, False)
            key = self._key({**params, **connection_options(params, environment)}, graph)
            try:
                listing: dict[str, Any] | None = self._cache[key] if cache else None
            except KeyError:
                listing = None
            if listing is None:
                listing = self._cache[key] = INVENTORY.run(params, graph, False)
            return listing

    def _key(self, params: Mapping[str, Any], graph: Graph) -> str:
        """Return the key of a cache entry, made of reader, host and selection."""
        reader = [params["tenant_id"], params["client_id"]]
        if not all(reader) or params["access_token"] or params["auth_source"] == "azure_cli":
            reader += graph.identity()
        where = [params[name] for name in ("cloud_environment", "graph_url", "api_version")]
        what = [params[name] for name in INVENTORY.spec]
        digest = hashlib.sha256(json.dumps([reader, where, what], sort_keys=True).encode()).hexdigest()
        return f"{self.NAME}_{digest[:32]}"

    def _evaluate(self, expression: str, variables: Mapping[str, Any]) -> Any:
        """The value of an expression; None where it is undefined, and where it fails unless `strict` is set."""
        try:
            return self._compose(trusted(expression), dict(variables))
        except AnsibleUndefinedVariable:
            return None
        except AnsibleError as error:
            if self.get_option("strict"):
                raise AnsibleParserError(f"{expression}: {error}") from error
            return None

    def _passes(self, host: Host) -> bool:
        return all(
            self._evaluate(f"true if ({condition}) else false", host.variables)
            for condition in self.get_option("filters")
        )

    def _add(self, host: Host) -> None:
        strict = self.get_option("strict")
        self.inventory.add_host(host.name)
        known = self.inventory.get_host(host.name)
        for variable, value in host.variables.items():
            known.set_variable(variable, value)  # the inventory's own would visit each value again to tag it
        self._set_composite_vars(self.get_option("compose"), host.variables, host.name, strict)
        variables = known.get_vars()
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host.name, strict, False)
        self._keying = True
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host.name, strict, False)
        self._keying = False

    def _compose(self, template: str, variables: Mapping[str, Any], *options: Any) -> Any:
        """As Ansible does, but quickly, and the key of a group may also be an integer or a Boolean."""
        try:
            value = followed(template, variables, self._own)
        except KeyError:
            raise AnsibleUndefinedVariable(f"{template} is undefined") from None
        except ValueError:
            value = untrusted(super()._compose(template, variables, *options))
        return str(value) if self._keying and isinstance(value, int) else value

    @staticmethod
    def _sanitize_group_name(name: str) -> str:
        """Whatever Ansible is set to: a name with braces would be a template to ansible-core before 2.19."""
        return str(to_safe_group_name(name, force=True, silent=True))


def _told(clashes: list[str]) -> str:
    more = f" and {len(clashes) - NAMES_TOLD} more" if len(clashes) > NAMES_TOLD else ""
    return (
        "Host names that several principals would have, or that mean something else to Ansible:"
        f" {', '.join(clashes[:NAMES_TOLD])}{more}."
        " These are called by the next of hostnames, or by their ids."
    )
