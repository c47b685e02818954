# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The floor: the cost of the same job without Ansible. `floor.py FILE.csv [IN_FLIGHT]` lists all users and
writes what differs.

The file has the columns `user` and `Engineering.NumVendors`. It does no more than that: no retries, no types, no check
of rights, no results.
"""

from __future__ import annotations

import csv
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import requests

GRAPH = f"{os.environ['ENTRA_GRAPH_URL']}/v1.0"
SET_TYPE = "#Microsoft.DirectoryServices.CustomSecurityAttributeValue"


def session() -> requests.Session:
    """A session with a token."""
    started = requests.Session()
    started.verify = os.environ["REQUESTS_CA_BUNDLE"]
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["AZURE_CLIENT_ID"],
        "client_secret": os.environ["AZURE_CLIENT_SECRET"],
        "scope": f"{os.environ['ENTRA_GRAPH_URL']}/.default",
    }
    url = f"{os.environ['AZURE_AUTHORITY_HOST']}/{os.environ['AZURE_TENANT_ID']}/oauth2/v2.0/token"
    started.headers["Authorization"] = f"Bearer {started.post(url, data=form, timeout=60).json()['access_token']}"
    return started


def patch(number: int, user: str, value: int) -> dict[str, Any]:
    """A request of a batch."""
    members = {"@odata.type": SET_TYPE, "NumVendors@odata.type": "#Int32", "NumVendors": value}
    return {
        "id": str(number),
        "method": "PATCH",
        "url": f"/users/{user}",
        "headers": {"Content-Type": "application/json"},
        "body": {"customSecurityAttributes": {"Engineering": members}},
    }


def main() -> None:
    """Read the file, list the users, write the differences."""
    with open(sys.argv[1], encoding="utf-8") as file:
        desired = {row["user"]: int(row["Engineering.NumVendors"]) for row in csv.DictReader(file)}
    graph = session()
    changes = []
    url = f"{GRAPH}/users?$select=id,userPrincipalName,customSecurityAttributes&$top=999"
    while url:
        page = graph.get(url, timeout=60).json()
        for user in page["value"]:
            wanted = desired.get(user["userPrincipalName"])
            held = ((user["customSecurityAttributes"] or {}).get("Engineering") or {}).get("NumVendors")
            if wanted not in (None, held):
                changes.append(patch(len(changes), user["id"], wanted))
        url = page.get("@odata.nextLink", "")

    def send(batch: list[dict[str, Any]]) -> None:
        answers = graph.post(f"{GRAPH}/$batch", json={"requests": batch}, timeout=60).json()["responses"]
        if any(answer["status"] != 204 for answer in answers):
            raise SystemExit("a write was refused")

    left = iter(changes)
    with ThreadPoolExecutor(int(sys.argv[2]) if len(sys.argv) > 2 else 4) as pool:
        list(pool.map(send, iter(lambda: list(islice(left, 20)), [])))


if __name__ == "__main__":
    main()
