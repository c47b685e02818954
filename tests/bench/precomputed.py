# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server of ready answers, so that a benchmark measures the client: its processor time is a few percent of a run.

`precomputed.py FOLDER USERS LATENCY HELD DEFINITIONS` prints the variables of its environment as JSON. It knows only
the requests of the benchmarks, and checks nothing. Each user has HELD as Engineering.NumVendors; 0 leaves all without.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import ssl
import sys
import time
from bisect import bisect_left, bisect_right
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

import trustme

TENANT = "11111111-1111-4111-8111-111111111111"
PAGE = 999
SET_TYPE = "#Microsoft.DirectoryServices.CustomSecurityAttributeValue"
ROLES = [
    "CustomSecAttributeAssignment.ReadWrite.All",
    "CustomSecAttributeDefinition.ReadWrite.All",
    "User.Read.All",
    "Application.Read.All",
]
QUOTED = re.compile(r"'((?:[^']|'')*)'")
NUMBERS = re.compile(rb'"id": ?"([0-9]+)"')


def name(number: int) -> str:
    """Return the user principal name of a user; names are in the order of numbers."""
    return f"u{number:07}@contoso.com"


class Answers:
    """The answers to all requests of a benchmark."""

    def __init__(self, users: int, held: int, definitions: int) -> None:
        self.url = ""
        self.requests = self.patches = 0
        self.names = [name(number) for number in range(users)]
        members = {"@odata.type": SET_TYPE, "NumVendors@odata.type": "#Int32", "NumVendors": held}
        attributes = json.dumps({"Engineering": members} if held else None)
        self.users = [
            f'{{"id":"00000000-0000-4000-8000-{number:012}","displayName":"User {number}","userPrincipalName":"{upn}",'
            f'"customSecurityAttributes":{attributes}}}'.encode()
            for number, upn in enumerate(self.names)
        ]
        kinds = [("NumVendors", "Integer"), *((f"Other{number:04}", "String") for number in range(definitions))]
        self.definitions = [
            {
                "id": f"Engineering_{title}",
                "attributeSet": "Engineering",
                "name": title,
                "type": kind,
                "status": "Available",
                "isCollection": False,
                "isSearchable": True,
                "usePreDefinedValuesOnly": False,
                "description": "",
                "allowedValues": [],
            }
            for title, kind in kinds
        ]

    def answer(self, method: str, target: str, body: bytes) -> bytes:
        """Return the body of the answer to a request."""
        parts = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        path = unquote(parts.path)
        if path == "/_bench":
            return json.dumps({"requests": self.requests, "patches": self.patches, "cpu": time.process_time()}).encode()
        if path.endswith("/$batch"):
            return self.batch(body)
        if path.endswith("/users"):
            return self.listing(parts.query, query)
        if path.endswith("/attributeSets"):
            return json.dumps({"value": [{"id": "Engineering", "description": ""}]}).encode()
        if path.endswith("/customSecurityAttributeDefinitions"):
            return json.dumps({"value": self.definitions}).encode()
        if path.endswith("/token"):
            return json.dumps({"token_type": "Bearer", "expires_in": 3599, "access_token": token()}).encode()
        if path.endswith("/openid-configuration"):
            base = f"{self.url}/{TENANT}"
            return json.dumps(
                {
                    "issuer": f"{base}/v2.0",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                }
            ).encode()
        return b'{"value": []}'

    def listing(self, given: str, query: dict[str, str]) -> bytes:
        """Return a page of users, all or those of a range or those of a list of names."""
        text = query.get("$filter", "")
        if " in (" in text:
            numbers = (int(found[1:8]) for found in QUOTED.findall(text))
            return b'{"value":[' + b",".join(self.users[number] for number in numbers) + b"]}"
        first, last = 0, len(self.users)
        for operator, border in re.findall(r"userPrincipalName (ge|le) '([^']*)'", text):
            if operator == "ge":
                first = bisect_left(self.names, border)
            else:
                last = bisect_right(self.names, border)
        size = int(query.get("$top", "100"))
        start = int(query.get("$skiptoken", first))
        end = min(start + size, last)
        count = b'"@odata.count":%d,' % (last - first) if query.get("$count") == "true" else b""
        link = b""
        if end < last:
            kept = "&".join(part for part in given.split("&") if not part.startswith(("$skiptoken", "%24skiptoken")))
            link = f'"@odata.nextLink":"{self.url}/v1.0/users?{kept}&{quote("$")}skiptoken={end}",'.encode()
        return b"{" + count + link + b'"value":[' + b",".join(self.users[start:end]) + b"]}"

    def batch(self, body: bytes) -> bytes:
        """Return the answers to a batch: 204 for each write, users for each filter of names."""
        if b'"PATCH"' in body:
            numbers = NUMBERS.findall(body)
            self.patches += len(numbers)
            return b'{"responses":[' + b",".join(b'{"id":"%s","status":204}' % number for number in numbers) + b"]}"
        responses = []
        for part in json.loads(body)["requests"]:
            answer = json.loads(self.answer("GET", "/v1.0" + part["url"], b""))
            responses.append({"id": part["id"], "status": 200, "body": answer})
        return json.dumps({"responses": responses}).encode()


def token() -> str:
    """Return a token in the form of a JWT, which nobody checks."""
    claims = {"tid": TENANT, "oid": TENANT, "roles": ROLES, "exp": int(time.time()) + 3599}
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "x"])


async def serve(folder: Path, answers: Answers, latency: float) -> None:
    """Answer on a free port until the process is ended."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    bundle = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                method, target, _version = head.split(b"\r\n", 1)[0].decode().split(" ")
                length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                await asyncio.sleep(latency)
                answers.requests += target != "/_bench"
                found = answers.answer(method, target, body)
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(found)
                )
                writer.write(found)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    server = await asyncio.start_server(talk, "localhost", 0, ssl=context, backlog=64)
    answers.url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    environment = {
        "ENTRA_GRAPH_URL": answers.url,
        "AZURE_AUTHORITY_HOST": answers.url,
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": TENANT,
        "AZURE_CLIENT_SECRET": "benchmark",
        "REQUESTS_CA_BUNDLE": str(bundle),
        "NO_PROXY": "localhost",
    }
    print(json.dumps(environment), flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve as the arguments say."""
    folder, users, latency, held, definitions = sys.argv[1:]
    answers = Answers(int(users), int(held), int(definitions))
    asyncio.run(serve(Path(folder), answers, float(latency)))


if __name__ == "__main__":
    main()
