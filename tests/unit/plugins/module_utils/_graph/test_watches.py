# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Watches: one thread ends exchanges at their deadlines, and is gone with the last of them."""

from __future__ import annotations

import socket
import threading
from types import SimpleNamespace

from ansible_collections.entra.attributes.plugins.module_utils._graph.transport import WATCHER, Watches


def watchers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == WATCHER]


def test_exchanges_at_once_share_a_thread_that_ends_with_the_last() -> None:
    watches = Watches(60)
    with watches.watch() as first, watches.watch() as second:
        (watcher,) = watchers()
    watcher.join(10)
    assert not watcher.is_alive()
    assert first.done.is_set()
    assert second.done.is_set()
    assert not (first.expired)
    assert not (second.expired)
    with watches.watch():
        assert [watcher.is_alive() for watcher in watchers()] == [True]


def test_each_exchange_is_ended_at_its_deadline() -> None:
    watches = Watches(0.05)
    pairs = [socket.socketpair() for _exchange in range(3)]
    with watches.watch() as first, watches.watch() as second, watches.watch() as third:
        for watch, (near, _far) in zip((first, second, third), pairs, strict=True):
            watch.connection = SimpleNamespace(sock=near)
        assert [near.recv(1) for near, _far in pairs] == [b"", b"", b""]
    assert first.expired
    assert second.expired
    assert third.expired
    for near, far in pairs:
        near.close()
        far.close()


def test_what_ends_in_time_does_not_keep_others_from_their_deadline() -> None:
    watches = Watches(0.05)
    near, far = socket.socketpair()
    with watches.watch() as late:
        late.connection = SimpleNamespace(sock=near)
        with watches.watch() as early:
            pass
        assert near.recv(1) == b""
    assert (late.expired, early.expired) == (True, False)
    near.close()
    far.close()
