# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start the emulator: `python -m graph_emulator --directory DIR`."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import gc
import json
import os
import secrets
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import trustme
import uvicorn
import yaml

from . import directory
from .credentials import Credentials, write_client_files, write_json, write_private
from .edge import CONTROL_HEADER, Edge, Protocol
from .service import Service

START_SECONDS = 60
LOCK_SECONDS = 2  # a local Graph that is ending can hold the folder for that long
DEFAULT_STATE = Path(__file__).with_name("default_state.yml")


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the command line as attributes."""
    parser = argparse.ArgumentParser(
        prog="graph_emulator",
        description="A local Microsoft Graph on 127.0.0.1.",
        allow_abbrev=False,  # --detach is removed from the command line by its name
    )
    parser.add_argument("--directory", type=Path, required=True, help="where ready.json, keys and certificates go")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--resource-manager-port", type=int, default=0, help="of Azure Resource Manager, likewise")
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE, help="tenant to begin with, YAML or JSON")
    parser.add_argument("--principals", type=natural, help="how many users and service principals to generate")
    parser.add_argument("--save-state", type=Path, help="where to write the tenant at the end, YAML or JSON")
    parser.add_argument("--idle-timeout", type=float, help="seconds without a request after which it ends")
    parser.add_argument("--watch-pid", type=int, help="process whose end is its end too")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds added to every answer")
    parser.add_argument("--check-schema", action="store_true", help="check each body against Graph's published schema")
    parser.add_argument("--detach", action="store_true", help="start it in the background, return when it is ready")
    return parser.parse_args(arguments)


def natural(text: str) -> int:
    """Return a number of the command line. Raises argparse.ArgumentTypeError for other text and below 0."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of 0 or more")
    return int(text)


def main() -> None:
    """Serve until a signal stops the process."""
    options = parse_arguments()
    options.directory = options.directory.resolve()
    try:
        prepare(options.directory)
        lock = take(options.directory)
        for name in ("ready.json", "environment.sh"):  # left by a killed local Graph
            (options.directory / name).unlink(missing_ok=True)
    except OSError as error:
        sys.exit(f"{error.filename or options.directory} cannot be used: {error.strerror}")
    if options.detach:
        os.close(lock)  # for the process that serves
        start_detached(options.directory, [argument for argument in sys.argv[1:] if argument != "--detach"])
        return
    try:
        document = directory.load(options.state)
        if options.principals is not None:
            document["principals"] = {**document.get("principals", {}), "count": options.principals}
        directory.parse(document)
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        sys.exit(f"{options.state} holds no tenant: {type(error).__name__}: {error}")
    with listening(options.port) as listener, listening(options.resource_manager_port) as resource_manager:
        port = listener.getsockname()[1]
        url, resource_manager_url = address(listener), address(resource_manager)
        service = Service(
            document,
            Credentials.generate(),
            url,
            header_secret=secrets.token_hex(16),
            control_secret=secrets.token_urlsafe(32),
            resource_manager_url=resource_manager_url,
        )
        service.keep_quirks(latency=options.latency, check_schema=options.check_schema)
        ready_files = write_ready_files(service, options.directory, port)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        try:
            print(url, flush=True)
            gc.set_threshold(100_000)  # a page makes thousands of objects, none of them in a cycle
            asyncio.run(serve(service, [listener, resource_manager], options))
        finally:
            if options.save_state:
                directory.save(options.save_state, service.state())
            for path in ready_files:  # last, because other processes wait for that
                path.unlink(missing_ok=True)


def prepare(folder: Path) -> None:
    """Make the folder if it does not exist, and close it to other users. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_mode & stat.S_ISVTX or found.st_uid != os.geteuid():
        sys.exit(f"{folder} is shared with other users; give a folder of its own with --directory")
    folder.chmod(0o700)


def take(folder: Path) -> int:
    """Return an open file that locks the folder until this process ends, for any reason. Raises OSError.

    Exits if another local Graph holds the folder.
    """
    lock = os.open(folder / "emulator.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                other = os.read(lock, 20).decode("ascii", "replace").strip()
                sys.exit(
                    f"A local Graph already runs in {folder} (process {other}). Stop it, or give another --directory."
                )
            time.sleep(0.05)
        else:
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            return lock


def listening(port: int) -> socket.socket:
    """Return a socket that listens on the loopback interface."""
    listener = socket.create_server(("127.0.0.1", port))
    # Every connection inherits it; asyncio sets it only if the protocol is named. Without it, each answer
    # waits 40 ms for the client's delayed acknowledgment.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def address(listener: socket.socket) -> str:
    """Return the URL of a listening socket."""
    return f"https://localhost:{listener.getsockname()[1]}"


def start_detached(folder: Path, arguments: list[str]) -> None:
    """Start a local Graph that outlives this process, and print its URL when it is ready.

    Exits with the end of its log if it does not start. The log stays in the folder as `emulator.log`.
    """
    ready, log = folder / "ready.json", folder / "emulator.log"
    log.unlink(missing_ok=True)  # a link would lead to another file
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", __package__, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            sys.exit(f"The local Graph did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)
    print(json.loads(ready.read_text())["url"])


def end(*_: object) -> None:
    """Exit on a signal: uvicorn shuts down, restores this handler and repeats the signal."""
    raise SystemExit


def write_ready_files(service: Service, folder: Path, port: int) -> list[Path]:
    """Write certificates, credentials and, last, the ready file. Return the files to remove."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    write_private(folder / "ca.pem", authority.cert_pem.bytes())
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    write_private(folder / "server.pem", certificate.private_key_pem.bytes() + chain)
    first = next(iter(service.directory.applications.values()))
    claims = {"iss": "", "sub": "", "aud": ""}
    if first.federated:
        credential = first.federated[0]
        claims = {"iss": credential.issuer, "sub": credential.subject, "aud": credential.audience}
    client_files = write_client_files(service.credentials, folder, claims)
    environment = {
        "AZURE_AUTHORITY_HOST": service.url,
        "ENTRA_GRAPH_URL": service.url,
        "ENTRA_RESOURCE_MANAGER_URL": service.resource_manager_url,
        "REQUESTS_CA_BUNDLE": str(folder / "ca.pem"),
        "AZURE_TENANT_ID": service.directory.tenant_id,
        "AZURE_CLIENT_ID": first.client_id,
        "AZURE_CLIENT_SECRET": first.secrets[0]["value"] if first.secrets else "",
        "GRAPH_EMULATOR_SECRET": service.control_secret,
    }
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    write_private(folder / "environment.sh", exports.encode())
    ready = folder / "ready.json"
    document: dict[str, Any] = {
        "pid": os.getpid(),
        "port": port,
        "url": service.url,
        "control": {"url": f"{service.url}/_emulator", "header": CONTROL_HEADER, "secret": service.control_secret},
        "resource_manager_url": service.resource_manager_url,
        "environment": environment,
        "credentials": {
            **client_files,
            "applications": {
                application.display_name: {
                    "client_id": application.client_id,
                    "client_secret": application.secrets[0]["value"] if application.secrets else None,
                }
                for application in service.directory.applications.values()
            },
            "app_service": {
                "IDENTITY_ENDPOINT": f"{service.url}/msi/token",
                "IDENTITY_HEADER": service.header_secret,
            },
            "metadata_service": {"AZURE_POD_IDENTITY_AUTHORITY_HOST": service.url},
        },
    }
    write_json(ready, document)
    return [ready, folder / "environment.sh"]


async def serve(service: Service, listeners: list[socket.socket], options: argparse.Namespace) -> None:
    """Serve on the sockets until stopped, idle for too long, or until the watched process ends."""
    pem = str(options.directory / "server.pem")

    def stop() -> None:
        server.should_exit = True

    edge = Edge(service, stop)
    config = uvicorn.Config(
        edge,
        http=Protocol,
        ws="none",
        lifespan="off",
        ssl_certfile=pem,
        ssl_keyfile=pem,
        access_log=False,
        log_level="warning",
        timeout_keep_alive=60,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)

    async def watch() -> None:
        while not server.should_exit:
            await asyncio.sleep(1)
            idle = time.monotonic() - edge.last_request
            if options.idle_timeout and idle > options.idle_timeout:
                stop()
            if options.watch_pid and not is_running(options.watch_pid):
                stop()

    watching = asyncio.create_task(watch())
    await server.serve(listeners)
    watching.cancel()


def is_running(pid: int) -> bool:
    """Return whether a process with this ID exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it belongs to another user
    return True


if __name__ == "__main__":
    main()
