#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# local_graph.sh COMMAND...: run COMMAND with the collection installed and a local Graph to talk to, which is gone at
# the end. PYTHON, when set, is the interpreter the environment is made with.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
"${PYTHON:-python3}" .ci/collection.py

# Nothing of a real tenant may leak into the local one, nor the other way round.
unset "${!AZURE_@}" "${!ENTRA_@}"
export NO_PROXY=localhost,127.0.0.1
export PATH=$root/.build/venv/run/bin:$PATH ANSIBLE_COLLECTIONS_PATH=$root/.build/collections ANSIBLE_LOCALHOST_WARNING=false
export ANSIBLE_INVENTORY_UNPARSED_WARNING=false

echo "The local Graph starts"
graph=$(mktemp -d "$root/.build/graph.XXXXXX")
PYTHONPATH=$root/roles/graph_emulator/files python -m graph_emulator --directory "$graph" --watch-pid $$ \
    >"$graph/server.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$graph"
echo "The local Graph has stopped"' EXIT
for _ in $(seq 150); do
    if [ -e "$graph/ready.json" ] || ! kill -0 "$server" 2>/dev/null; then break; fi
    sleep 0.1
done
if [ ! -e "$graph/ready.json" ]; then
    cat "$graph/server.log" >&2
    exit 1
fi
# shellcheck source=/dev/null
. "$graph/environment.sh"
"$@"
