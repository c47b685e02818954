#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# A shell for people, which local_graph.sh runs: a folder of its own, what is there, and what to try.
set -euo pipefail
guide=$PWD/docs/docsite/rst/guide_getting_started.rst
mkdir -p .build/shell
cd .build/shell
cat <<END

This shell has Ansible, the collection, and a local Microsoft Graph. Nothing reaches a real tenant.
Users:       adele@contoso.com, alex@contoso.com, dara@contoso.com. Service principal: payroll-api.
Attributes:  Project, ProjectDate, NumVendors, and more, in the attribute set Engineering.
This folder: $PWD. Files stay here. Assignments are gone when you exit.

Try:
  ansible localhost -m entra.attributes.custom_security_attribute --diff \\
    -a 'user=adele@contoso.com attribute_set=Engineering name=ProjectDate value=2026-12-01'
  ansible localhost -m entra.attributes.custom_security_attribute_info -a 'user=adele@contoso.com'
  ansible-doc entra.attributes.custom_security_attributes

Quick start: $guide

END
PS1='(local Graph) \W\$ ' exec bash --norc
