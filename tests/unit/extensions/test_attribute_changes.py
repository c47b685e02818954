# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source against the local Graph: each entry once and in order, across late entries, outages and kills."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _emulator import Emulator

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).resolve().parents[3] / "extensions/eda/plugins/event_source/attribute_changes.py"
# Not by runpy: Ansible's finder of collections claims this path where the checkout is an installed collection.
SPEC = importlib.util.spec_from_file_location("attribute_changes", SOURCE)
assert SPEC
assert SPEC.loader
MODULE = sys.modules["attribute_changes"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(MODULE)
PLUGIN = vars(MODULE)
SET_TYPE = "#Microsoft.DirectoryServices.CustomSecurityAttributeValue"
ADELE = "33333333-3333-4333-8333-333333333301"
QUICK: dict[str, Any] = {"interval": 0.05, "since": "1h"}

Entry = dict[str, Any]


@pytest.fixture(autouse=True)
def reach(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source reads the environment, as modules do; and the local Graph has no quota of reports here."""
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(PLUGIN["AuditLog"].entries.__globals__, "SECONDS", 0.0)


@pytest.fixture
def change(emulator: Emulator) -> Callable[..., None]:
    """Assigns ProjectDate to Adele, a number at a time."""
    token = emulator.token(permissions=["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All"])
    headers = {"Authorization": f"Bearer {token}"}

    def patch(*numbers: int) -> None:
        for number in numbers:
            members = {"@odata.type": SET_TYPE, "ProjectDate": str(number)}
            answer = emulator.session.patch(
                f"{emulator.url}/v1.0/users/{ADELE}",
                json={"customSecurityAttributes": {"Engineering": members}},
                headers=headers,
                verify=emulator.environment["REQUESTS_CA_BUNDLE"],
                timeout=10,
            )
            assert answer.status_code == 204

    return patch


def number(event: Entry) -> int:
    return int(event["targets"][0]["changes"][0]["after"][0])


class Pauses:
    """Stands in for time between two reads: remembers each pause, and waits for the interval of the tests only."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(min(seconds, QUICK["interval"]))


async def collect(
    wanted: int,
    seconds: float = 20.0,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    **options: Any,
) -> list[int]:
    """Return the events of the source, by the numbers assigned. Cancel it after `wanted` events."""
    queue: asyncio.Queue[Entry] = asyncio.Queue(1)  # as that of ansible-rulebook
    source = asyncio.create_task(PLUGIN["main"](queue, {**QUICK, **options}, sleep))
    seen: list[int] = []
    try:
        deadline = time.monotonic() + seconds
        while len(seen) < wanted and time.monotonic() < deadline:
            taking = asyncio.create_task(queue.get())
            await asyncio.wait({taking, source}, timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
            if taking.done():
                seen.append(number(taking.result()))
            taking.cancel()
            if source.done():
                source.result()
    finally:
        source.cancel()
        await asyncio.gather(source, return_exceptions=True)
    return seen


def test_each_change_is_an_event_in_order(change: Callable[..., None]) -> None:
    change(*range(250))
    assert asyncio.run(collect(250)) == list(range(250))


def test_an_event_is_an_entry_of_the_module(change: Callable[..., None]) -> None:
    async def first() -> Entry:
        queue: asyncio.Queue[Entry] = asyncio.Queue(1)
        source = asyncio.create_task(PLUGIN["main"](queue, QUICK))
        event = await asyncio.wait_for(queue.get(), 10)
        source.cancel()
        return event

    change(1)
    event = asyncio.run(first())
    assert event["activity"] == "Update attribute values assigned to a user"
    assert event["actor"]["display_name"] == "default" or event["actor"]["app_id"]
    assert event["targets"][0]["user_principal_name"] == "adele@contoso.com"


def test_it_begins_now_unless_told_otherwise(change: Callable[..., None]) -> None:
    change(1, 2)
    later = threading.Timer(0.5, change, [3])
    later.start()
    assert asyncio.run(collect(1, since=None)) == [3]


def test_late_entries_are_given_once(emulator: Emulator, change: Callable[..., None]) -> None:
    emulator.quirks(audit_delay=1.0, audit_resolution=1.0)
    change(*range(60))
    seen = asyncio.run(collect(60))
    assert sorted(seen) == list(range(60))


def test_only_the_overlap_is_read_again(emulator: Emulator, change: Callable[..., None]) -> None:
    change(*range(5))
    asyncio.run(collect(6, seconds=1.0, overlap=0))
    asked = [request["query"]["$filter"] for request in emulator.requests() if "/auditLogs/" in request["path"]]
    newest_but_one = sorted(request["time"] for request in emulator.requests() if request["method"] == "PATCH")[-2]
    begin = PLUGIN["instant"](asked[-1].removeprefix("activityDateTime ge ")).timestamp()
    assert len(asked) > 2
    assert begin == pytest.approx(newest_but_one, abs=0.5)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "headers": {"Retry-After": "0.01"}},
        {"status": 503},
        {"cut": "before"},
        {"html": True},
        {"truncate": True},
        {"expire_token": True},
    ],
)
def test_outages_delay_and_lose_nothing(
    emulator: Emulator, change: Callable[..., None], caplog: pytest.LogCaptureFixture, fault: dict[str, Any]
) -> None:
    change(*range(150))
    emulator.faults({"match": {"path": "/auditLogs/"}, "skip": 1, "times": 2, "do": fault})
    pauses = Pauses()
    with caplog.at_level(logging.WARNING):
        assert asyncio.run(collect(150, sleep=pauses)) == list(range(150))
    assert "next attempt in 1 s" in caplog.text
    assert 1.0 in pauses.seconds


def test_an_outage_at_the_start_is_waited_for(emulator: Emulator, change: Callable[..., None]) -> None:
    change(1)
    emulator.faults({"match": {"path": "/auditLogs/"}, "times": 2, "do": {"status": 503}})
    pauses = Pauses()
    assert asyncio.run(collect(1, sleep=pauses)) == [1]
    assert pauses.seconds[:2] == [1.0, 2.0]


def test_it_can_be_stopped_while_graph_is_away(emulator: Emulator) -> None:
    fault = {"status": 503, "headers": {"Retry-After": "20"}}
    emulator.faults({"match": {"path": "/auditLogs/"}, "times": None, "do": fault})
    began = time.monotonic()
    assert asyncio.run(collect(1, seconds=1.0)) == []
    assert time.monotonic() - began < 10


def test_what_waiting_does_not_heal_ends_it_at_the_start(emulator: Emulator) -> None:
    reader = emulator.credentials["applications"]["reader"]
    with pytest.raises(Exception, match=r"CustomSecAttributeAuditLogs\.Read\.All") as refusal:
        asyncio.run(collect(1, client_id=reader["client_id"], client_secret=reader["client_secret"]))
    assert type(refusal.value).__name__ == "PermissionDenied"
    with pytest.raises(Exception, match="AADSTS7000215") as refusal:
        asyncio.run(collect(1, client_secret="wrong-secret-that-nobody-uses"))
    assert type(refusal.value).__name__ == "AuthenticationError"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"intervall": 5}, "wrong options: intervall"),
        ({"interval": "soon"}, "interval"),
        ({"interval": -1}, "from 0 to"),
        ({"overlap": 1e20}, "from 0 to"),
        ({"overlap": "inf"}, "from 0 to"),
        ({"interval": "nan"}, "from 0 to"),
        ({"since": "0001-01-01T00:00:00+05:00"}, "ISO 8601"),
        ({"state_path": str(SOURCE.parent / "missing" / "state.json")}, "cannot be written: there is no folder"),
        ({"state_path": str(SOURCE / "state.json")}, "is not a folder"),
        ({"state_path": str(SOURCE.parent)}, "state_path: .* is a folder, not a regular file"),
        ({"state_path": "/dev/null"}, "state_path: /dev/null is a device, not a regular file"),
        ({"state_path": "a\0b"}, "state_path: .* cannot be a path"),
        ({"state_path": ""}, "state_path: must not be empty"),
        ({"since": "yesterday"}, "ISO 8601"),
        ({"state_path": str(SOURCE)}, "cannot be read as a state"),
    ],
)
def test_wrong_options_end_it(emulator: Emulator, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(Exception, match=reason) as refusal:
        asyncio.run(collect(1, **options))
    assert type(refusal.value).__name__ == "OptionError"
    assert emulator.requests(None) == []


def test_the_loop_is_never_blocked(emulator: Emulator, change: Callable[..., None]) -> None:
    change(1)
    emulator.quirks(latency=1.0)

    async def longest_gap() -> float:
        collecting = asyncio.create_task(collect(1))
        longest, last = 0.0, time.monotonic()
        while not collecting.done():
            await asyncio.sleep(0.01)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        assert await collecting == [1]
        return longest

    assert asyncio.run(longest_gap()) < 0.8


def test_a_restart_goes_on_with_the_last_event(change: Callable[..., None], tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    change(*range(10))
    assert asyncio.run(collect(11, seconds=1.0, state_path=state)) == list(range(10))
    saved = json.loads(Path(state).read_text())
    assert len(saved["ids"]) == 9
    change(10)
    assert asyncio.run(collect(2, state_path=state)) == [9, 10]
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"], "nothing is left of how it was written"


def test_what_changes_while_it_is_away_is_not_lost(change: Callable[..., None], tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    assert asyncio.run(collect(1, seconds=0.5, since=None, state_path=state)) == []
    change(1)
    assert asyncio.run(collect(1, since=None, state_path=state)) == [1]
    change(2)
    assert asyncio.run(collect(2, since=None, state_path=state)) == [1, 2]


def test_a_longer_overlap_repeats_nothing(change: Callable[..., None], tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    change(*range(5))
    asyncio.run(collect(6, seconds=1.0, state_path=state, overlap=0))
    assert asyncio.run(collect(6, seconds=1.0, state_path=state, overlap=900)) == [4]


def test_saving_forgets_nothing_that_the_same_reading_may_meet(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    begin = PLUGIN["instant"]("2026-11-22T08:00:00Z")
    position = PLUGIN["Position"](begin, begin, begin - begin, state)
    position.note({"id": "a", "time": "2026-11-22T08:00:01Z"})
    position.note({"id": "b", "time": "2026-11-22T08:00:02Z"})
    position.save()
    assert list(json.loads(state.read_text())["ids"]) == ["b"]
    assert list(position.given) == ["a", "b"]
    position.begin()
    assert list(position.given) == ["b"]


@pytest.mark.parametrize(
    "saved",
    [
        "[]",
        '{"since": "2026-01-01", "time": "2026-01-01", "ids": {"a": "soon"}}',
        '{"since": "2026-01-01", "time": "2026-01-01", "ids": {"a": 1}}',
        '{"since": "2026-01-01", "time": "2026-01-01", "ids": ["a"]}',
        '{"since": 1, "time": "2026-01-01", "ids": {}}',
        '{"since": "0001-01-01T00:00:00+05:00", "time": "2026-01-01", "ids": {}}',
    ],
)
def test_a_damaged_state_is_told(tmp_path: Path, saved: str) -> None:
    state = tmp_path / "state.json"
    state.write_text(saved)
    with pytest.raises(Exception, match="cannot be read as a state") as refusal:
        asyncio.run(collect(1, state_path=str(state)))
    assert type(refusal.value).__name__ == "OptionError"


def test_a_state_that_cannot_be_written_any_more_delays_nothing(
    change: Callable[..., None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()

    async def collected() -> list[int]:
        collecting = asyncio.create_task(collect(5, since=None, state_path=str(folder / "state.json")))
        while not (folder / "state.json").exists():
            await asyncio.sleep(0.01)
        (folder / "state.json").unlink()
        folder.rmdir()
        await asyncio.to_thread(change, *range(5))
        return await collecting

    assert asyncio.run(collected()) == list(range(5))
    assert "The state cannot be written" in caplog.text


def test_only_the_network_and_the_service_are_waited_for() -> None:
    names = PLUGIN["main"].__globals__
    lasting = names["_is_lasting"]
    assert lasting(names["OptionError"]("ca_path", "is none"))
    assert lasting(names["EntraError"]("A library is not installed"))
    assert lasting(names["GraphError"]("GET", 403))
    assert not lasting(names["GraphError"]("GET", 503))
    assert not lasting(names["TransportError"]("Nothing"))


DRIVER = """
import asyncio, runpy, sys
plugin = runpy.run_path(sys.argv[1])
plugin["AuditLog"].entries.__globals__["SECONDS"] = 0.0
plugin["main"].__globals__["SAVE_SECONDS"] = 0.01

async def main():
    queue = asyncio.Queue(1)
    args = {"interval": 0.05, "since": "1h", "state_path": sys.argv[2]}
    source = asyncio.create_task(plugin["main"](queue, args))
    while not source.done():
        event = await queue.get()
        print(event["targets"][0]["changes"][0]["after"][0], flush=True)

asyncio.run(main())
"""


def killed_at_random(state: Path, chance: random.Random) -> Iterator[list[int]]:
    """Start the source as a process, kill it after some events, and repeat. Return the events of each process."""
    while True:
        command = [sys.executable, "-c", DRIVER, str(SOURCE), str(state)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout is not None
        seen, enough = [], chance.randint(1, 100)
        for line in process.stdout:
            seen.append(int(line))
            if seen[-1] == 499:
                process.kill()
            elif len(seen) == enough:
                threading.Timer(chance.uniform(0.0, 0.01), process.kill).start()
        process.wait()
        yield seen


def test_killed_and_restarted_at_random_every_entry_of_500_comes_in_order(
    change: Callable[..., None], tmp_path: Path
) -> None:
    change(*range(500))
    seen: list[int] = []
    runs = 0
    for run in killed_at_random(tmp_path / "state.json", random.Random(6)):  # noqa: S311 - not secret
        runs += 1
        assert run == list(range(run[0], run[0] + len(run))), "each process gives them in order and once"
        assert not seen or run[0] <= seen[-1] + 1, "nothing is left out"
        seen += run
        if seen[-1] == 499 or runs > 60:
            break
    assert sorted(set(seen)) == list(range(500))
    assert runs >= 5
