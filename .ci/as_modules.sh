#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# as_modules.sh COMMAND...: run COMMAND, an ansible-test in a copy of the collection, with an interpreter for modules that is
# the same Python, and not Ansible's own to whoever looks. Thus nothing runs inside Ansible that could be a module.
set -euo pipefail
interpreter=$PWD/tests/output/python
mkdir -p tests/output
printf '#!/bin/sh\nexec "%s" "$@"\n' "$(python -c 'import sys; print(sys.executable)')" >"$interpreter"
chmod +x "$interpreter"
echo "ansible_python_interpreter: $interpreter" >tests/integration/integration_config.yml
exec "$@"
