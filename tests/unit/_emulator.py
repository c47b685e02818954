# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start the local Graph of `roles/graph_emulator` as a separate process, and control it.

emulator = start(tmp_path, latency=0.05)
emulator.faults({"match": {"method": "PATCH"}, "do": {"status": 429, "headers": {"Retry-After": "2.128"}}})
...
emulator.stop()
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests
import urllib3

FILES = Path(__file__).resolve().parents[2] / "roles" / "graph_emulator" / "files"
START_SECONDS = 30


@dataclass
class Emulator:
    """A running emulator."""

    url: str
    environment: dict[str, str]  # what a client needs to reach it as the default application
    credentials: dict[str, Any]  # the content of ready.json: files, other applications, managed identity
    process: subprocess.Popen[bytes]
    secret: str  # of the control endpoints
    resource_manager_url: str
    session: requests.Session = field(default_factory=requests.Session)
    connections: urllib3.HTTPSConnectionPool = field(init=False)  # of the control endpoints

    def __post_init__(self) -> None:
        # A session of requests takes three times as long for a request, and most tests control as much as they test.
        bundle = self.environment["REQUESTS_CA_BUNDLE"]
        address = urlsplit(self.url)
        self.connections = urllib3.HTTPSConnectionPool(
            str(address.hostname), address.port, ca_certs=bundle, timeout=30, retries=False, maxsize=4
        )

    def control(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        """Call a control endpoint. Raises requests.HTTPError when it refuses."""
        headers = {"X-Emulator-Secret": self.secret, "Content-Type": "application/json"}
        query = f"?{urlencode(params)}" if params else ""
        data = None if body is None else json.dumps(body).encode()
        response = self.connections.urlopen(method, f"/_emulator/{path}{query}", body=data, headers=headers)
        text = response.data.decode()
        if response.status >= 400:
            raise requests.HTTPError(f"{response.status} {text}")
        return json.loads(text) if "json" in response.headers.get("Content-Type", "") else text

    def requests(self, kind: str | None = "graph") -> list[dict[str, Any]]:
        """Return the requests received so far, in order; `kind`: graph, token, identity, or None for all."""
        entries: list[dict[str, Any]] = self.control("GET", "requests", **({"kind": kind} if kind else {}))
        return entries

    def clear(self) -> None:
        """Empty the log of requests."""
        self.control("DELETE", "requests")

    def findings(self) -> list[str]:
        """Return what the published schema does not allow of the bodies sent and received since the start."""
        return [f"{entry['request']}: {entry['finding']}" for entry in self.control("GET", "findings")]

    def faults(self, *faults: dict[str, Any]) -> None:
        """Add faults."""
        self.control("POST", "faults", list(faults))

    def quirks(self, **quirks: Any) -> None:
        """Set quirks."""
        self.control("POST", "quirks", quirks)

    def reset(self) -> None:
        """Go back to the state at the start: no faults, no quirks, empty log. Tokens from before are worthless."""
        self.control("POST", "reset")

    def state(self, who: str) -> dict[str, dict[str, Any]]:
        """Return the stored attributes of a principal, by object id, UPN or app id."""
        stored: dict[str, dict[str, Any]] = self.control("GET", f"principals/{quote(who, safe='')}")
        return stored

    def tenant(self, replacement: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the whole tenant; put another in its place first, if one is given."""
        tenant: dict[str, Any] = self.control("PUT" if replacement else "GET", "state", replacement)
        return tenant

    def token(self, **wanted: Any) -> str:
        """Return a token: `permissions=[...]`, or `user=upn, scopes=[...], roles=[...], role_scopes={...}`."""
        return str(self.control("POST", "token", wanted)["access_token"])

    def stop(self) -> None:
        """Stop it, and wait until it is gone."""
        self.session.close()
        self.connections.close()
        self.process.terminate()
        self.process.wait(timeout=10)


def start(directory: Path, **options: Any) -> Emulator:
    """Start an emulator that keeps its files in `directory`; options are those of its command line, a flag is True.

    It ends with this process at the latest. Raises RuntimeError when it does not come up.
    """
    names = {f"--{name.replace('_', '-')}": value for name, value in options.items()}
    arguments = [name if value is True else f"{name}={value}" for name, value in names.items()]
    environment = {**os.environ, "PYTHONPATH": str(FILES)}
    process = subprocess.Popen(
        [sys.executable, "-m", "graph_emulator", f"--directory={directory}", f"--watch-pid={os.getpid()}", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    ready = directory / "ready.json"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if ready.exists():
            document = json.loads(ready.read_text())
            if document["pid"] == process.pid:
                return Emulator(
                    document["url"],
                    document["environment"],
                    document["credentials"],
                    process,
                    document["control"]["secret"],
                    document["resource_manager_url"],
                )
        time.sleep(0.02)
    process.kill()
    raise RuntimeError(f"the emulator did not start: exit status {process.wait()}")
