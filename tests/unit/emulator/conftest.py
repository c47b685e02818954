# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One local Graph for all tests here, reset to its start before each of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from _emulator import Emulator
from plain_client import Client

DEFAULT = [
    "CustomSecAttributeAssignment.ReadWrite.All",
    "CustomSecAttributeDefinition.ReadWrite.All",
    "User.Read.All",
    "Application.Read.All",
]


@pytest.fixture
def graph(emulator: Emulator) -> Client:
    """The client of the default application."""
    return Client(emulator, emulator.token(permissions=DEFAULT))


@pytest.fixture
def as_caller(emulator: Emulator) -> Callable[..., Client]:
    """Return a function that makes a client with the token described."""

    def make(**wanted: object) -> Client:
        return Client(emulator, emulator.token(**wanted))

    return make
