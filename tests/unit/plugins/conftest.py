# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A local Graph for the tests of the plugins, and what they reach it with."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from _emulator import Emulator
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils import _operation as _module
from ansible_collections.entra.attributes.plugins.module_utils._errors import Need
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._graph.patience import Patience
from ansible_collections.entra.attributes.plugins.module_utils._graph.transport import Http

ADELE = "33333333-3333-4333-8333-333333333301"
PAYROLL = "44444444-4444-4444-8444-444444444401"
NEED = Need(("Some.Permission",), ("Some Role",))


@pytest.fixture
def connect(emulator: Emulator) -> Callable[..., _graph.Graph]:
    """Makes a Graph as a module does, from the environment of the default application and the options given."""

    def connected(environment: dict[str, str] | None = None, **options: Any) -> _graph.Graph:
        variables = emulator.environment if environment is None else environment
        return _module.connect(options, variables)

    return connected


@pytest.fixture
def graph(connect: Callable[..., _graph.Graph]) -> _graph.Graph:
    return connect()


@pytest.fixture
def tenant(emulator: Emulator, connect: Callable[..., _graph.Graph]) -> Tenant:
    """The tenant of the local Graph, as the default application reaches it."""
    return Tenant(emulator, connect(), connect)


class Patient:
    """Stands in for time: remembers how long was waited, and does not wait."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def waits() -> Patient:
    return Patient()


def patience(sleep: Callable[[float], None], jitter: float = 1.0, **options: Any) -> Patience:
    """A retry policy that waits by `sleep`, and whose clock is ahead by what was waited."""
    ahead = 0.0

    def wait(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds
        sleep(seconds)

    return Patience(**options, clock=lambda: time.monotonic() + ahead, sleep=wait, jitter=lambda: jitter)


class ReadyToken:
    """A token source that has its tokens already; `renew` moves to the next."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)

    def token(self) -> str:
        return self.tokens[0]

    def renew(self) -> bool:
        self.tokens = self.tokens[1:] or self.tokens
        return True


class FreshToken:
    """A token source that asks the local Graph for a token at the first request, and whenever one is refused."""

    PERMISSIONS = (
        "CustomSecAttributeAssignment.ReadWrite.All",
        "CustomSecAttributeDefinition.ReadWrite.All",
        "User.Read.All",
        "Application.Read.All",
    )

    def __init__(self, emulator: Emulator, permissions: Sequence[str] = PERMISSIONS) -> None:
        self._emulator = emulator
        self._permissions = permissions
        self._token = ""

    def token(self) -> str:
        if not self._token:
            self.renew()
        return self._token

    def renew(self) -> bool:
        self._token = self._emulator.token(permissions=list(self._permissions))
        return True


def waiting(
    emulator: Emulator,
    sleep: Callable[[float], None],
    jitter: float = 1.0,
    permissions: Sequence[str] = FreshToken.PERMISSIONS,
    **options: Any,
) -> _graph.Graph:
    """A Graph that waits by `sleep`; `options` are those of `Patience`."""
    policy = patience(sleep, jitter, **options)
    http = Http(verify=emulator.environment["REQUESTS_CA_BUNDLE"], timeout=5, patience=policy)
    return _graph.Graph(http, FreshToken(emulator, permissions), emulator.url)


@pytest.fixture
def patient(tenant: Tenant, waits: Patient) -> Tenant:
    """The tenant, reached by a Graph whose waits are recorded instead of waited."""
    return tenant.through(waiting(tenant.emulator, waits))


def hold(emulator: Emulator, who: str, **attributes: Any) -> None:
    """Let a user have attributes of Engineering that cannot be assigned any more; tokens from before are worthless."""
    tenant = emulator.tenant()
    found = next(user for user in tenant["users"] if user["userPrincipalName"] == who)
    found["customSecurityAttributes"] = {"Engineering": attributes}
    emulator.tenant(tenant)


@pytest.fixture
def impatient(emulator: Emulator, waits: Patient) -> _graph.Graph:
    """A Graph whose waits are recorded instead of waited, and whose jitter is 1."""
    http = Http(verify=emulator.environment["REQUESTS_CA_BUNDLE"], timeout=5, patience=patience(waits))
    token = emulator.token(permissions=["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All"])
    return _graph.Graph(http, ReadyToken(token), emulator.url)


@pytest.fixture
def reachable(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process' environment is that of the default application, with none of this machine's credentials."""
    for name in [name for name in os.environ if name.startswith(("AZURE_", "ENTRA_", "REQUESTS_"))]:
        monkeypatch.delenv(name)
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
