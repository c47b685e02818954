# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: start, files, the ways it ends."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from _emulator import FILES, Emulator, start
from plain_client import ADELE, PAYROLL, Client

pytestmark = pytest.mark.slow


def secret(value: str) -> dict[str, str]:
    return {"X-Emulator-Secret": value}


def gone(emulator: Emulator, directory: Path) -> bool:
    """Wait for the end; whether it was an orderly one."""
    return emulator.process.wait(timeout=15) == 0 and not (directory / "ready.json").exists()


def test_the_files_it_writes(tmp_path: Path) -> None:
    emulator = start(tmp_path)
    ready = json.loads((tmp_path / "ready.json").read_text())
    assert ready["pid"] == emulator.process.pid
    assert ready["url"] == f"https://localhost:{ready['port']}"
    assert ready["environment"]["ENTRA_GRAPH_URL"] == ready["environment"]["AZURE_AUTHORITY_HOST"] == ready["url"]
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    script = '. "$1"; echo "$AZURE_CLIENT_ID $AZURE_CLIENT_SECRET $REQUESTS_CA_BUNDLE $GRAPH_EMULATOR_SECRET"'
    shell = ["sh", "-c", script, "sh", str(tmp_path / "environment.sh")]
    output = subprocess.run(shell, capture_output=True, text=True, check=True, env={}).stdout.split()
    names = ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "REQUESTS_CA_BUNDLE", "GRAPH_EMULATOR_SECRET")
    assert output == [ready["environment"][name] for name in names]
    emulator.stop()
    assert gone(emulator, tmp_path)
    assert not (tmp_path / "environment.sh").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    emulator = start(tmp_path)
    emulator.process.send_signal(number)
    assert gone(emulator, tmp_path)


def test_it_ends_when_told_and_saves_its_state(tmp_path: Path) -> None:
    saved = tmp_path / "state.yml"
    emulator = start(tmp_path / "first", save_state=saved)
    client = Client(emulator, emulator.token(permissions=["CustomSecAttributeAssignment.ReadWrite.All"]))
    client.assign({"ProjectDate": "x"})
    client.assign({"Certification": True}, f"servicePrincipals/{PAYROLL}")
    emulator.control("POST", "stop")
    assert gone(emulator, tmp_path / "first")
    second = start(tmp_path / "second", state=saved)
    assert second.state(ADELE) == {"Engineering": {"ProjectDate": "x"}}
    assert second.state(PAYROLL) == {"Engineering": {"Certification": True}}
    as_json = second.tenant()
    second.stop()
    (tmp_path / "state.json").write_text(json.dumps(as_json))
    third = start(tmp_path / "third", state=tmp_path / "state.json")
    assert third.tenant() == as_json
    third.stop()


def test_it_ends_when_idle(tmp_path: Path) -> None:
    assert gone(start(tmp_path, idle_timeout=1), tmp_path)


def test_it_ends_with_the_process_it_watches(tmp_path: Path) -> None:
    watched = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    emulator = start(tmp_path, watch_pid=watched.pid)
    time.sleep(1.2)
    assert emulator.process.poll() is None
    watched.kill()
    watched.wait()
    assert gone(emulator, tmp_path)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the kernel tells who listens on Linux only")
def test_it_listens_on_the_loopback_interface_only(running: Emulator) -> None:
    ports = [int(url.rsplit(":", 1)[1]) for url in (running.url, running.resource_manager_url)]
    inodes = {os.readlink(link) for link in Path(f"/proc/{running.process.pid}/fd").iterdir()}
    own = [
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if f"socket:[{line.split()[9]}]" in inodes and line.split()[3] == "0A"
    ]
    assert sorted(own) == sorted(f"0100007F:{port:04X}" for port in ports)


def test_its_certificate_is_good_for_both_names_and_for_its_authority_only(running: Emulator) -> None:
    bundle = running.environment["REQUESTS_CA_BUNDLE"]
    for url in (running.url, running.url.replace("localhost", "127.0.0.1")):
        answer = requests.get(f"{url}/_emulator/state", headers=secret(running.secret), verify=bundle, timeout=10)
        assert answer.status_code == 200
    session = requests.Session()
    session.trust_env = False
    with pytest.raises(requests.exceptions.SSLError):
        session.get(f"{running.url}/_emulator/state", timeout=10)


def test_latency_of_the_command_line_outlives_a_reset(tmp_path: Path) -> None:
    emulator = start(tmp_path, latency=0.2)
    emulator.reset()
    client = Client(emulator, emulator.token(permissions=["User.Read.All"]))
    begin = time.monotonic()
    client.get("/v1.0/users")
    assert time.monotonic() - begin >= 0.2
    emulator.stop()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Return what a run of the command line came to."""
    return subprocess.run(
        [sys.executable, "-m", "graph_emulator", *arguments],
        env={**os.environ, "PYTHONPATH": str(FILES)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_detached_it_returns_when_it_is_ready_and_lives_on(tmp_path: Path) -> None:
    (tmp_path / "ready.json").write_text('{"pid": 1, "url": "https://localhost:1"}')  # left by one that was killed
    started = run("--detach", f"--directory={tmp_path}", f"--watch-pid={os.getpid()}")
    assert started.returncode == 0, started.stderr
    ready = json.loads((tmp_path / "ready.json").read_text())
    assert started.stdout == ready["url"] + "\n"
    bundle = ready["environment"]["REQUESTS_CA_BUNDLE"]
    control, headers = ready["control"]["url"], secret(ready["control"]["secret"])
    answer = requests.get(f"{control}/ready", headers=headers, verify=bundle, timeout=10)
    assert answer.json() == {"pid": ready["pid"]}
    requests.post(f"{control}/stop", headers=headers, verify=bundle, timeout=10)
    deadline = time.monotonic() + 10
    while (tmp_path / "ready.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_option_has_one_name(tmp_path: Path) -> None:
    """As each process would start another with `--det`, which is not what is taken off their command lines."""
    refused = run(f"--direct={tmp_path}", f"--state={tmp_path}")
    assert refused.returncode == 2
    assert "required: --directory" in refused.stderr


@pytest.mark.parametrize("text", ["{", "[]", "{}", "tenant: {id: x}\nusers: [{}]", "tenant: {id: x}\nsets: [", None])
@pytest.mark.parametrize("detach", [[], ["--detach"]], ids=["attached", "detached"])
def test_a_state_that_is_none_is_an_error_without_a_traceback(
    tmp_path: Path, text: str | None, detach: list[str]
) -> None:
    state = tmp_path / "state.yml"
    if text is not None:
        state.write_text(text)
    failed = run(f"--directory={tmp_path}", f"--state={state}", *detach)
    assert failed.returncode == 1
    assert f"{state} holds no tenant: " in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not (tmp_path / "ready.json").exists()


CONTROLS = ["ready", "requests", "state", "faults", "principals/adele@contoso.com", "nope"]


@pytest.mark.parametrize("path", CONTROLS)
@pytest.mark.parametrize("headers", [{}, {"X-Emulator-Secret": ""}, {"X-Emulator-Secret": "\xe9"}])
def test_control_endpoints_need_the_secret(running: Emulator, path: str, headers: dict[str, str]) -> None:
    url, bundle = f"{running.url}/_emulator/{path}", running.environment["REQUESTS_CA_BUNDLE"]
    refused = requests.get(url, headers=headers, verify=bundle, timeout=10)
    assert refused.status_code == 403
    assert "in the header X-Emulator-Secret" in refused.json()["error"]


@pytest.mark.parametrize("path", ["stop", "reset", "quirks", "faults", "token"])
def test_nothing_is_steered_without_the_secret(running: Emulator, path: str) -> None:
    url, bundle = f"{running.url}/_emulator/{path}", running.environment["REQUESTS_CA_BUNDLE"]
    assert requests.post(url, json={}, verify=bundle, timeout=10).status_code == 403
    assert running.control("GET", "ready") == {"pid": running.process.pid}


def test_the_folder_is_closed_to_others_whatever_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "graph"
    folder.mkdir()
    folder.chmod(0o755)
    emulator = start(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    emulator.stop()


def test_a_folder_that_is_shared_with_others_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    refused = run(f"--directory={folder}")
    assert refused.returncode == 1
    assert refused.stderr == f"{folder} is shared with other users; give a folder of its own with --directory\n"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["ready.json", "environment.sh", "ca.pem", "server.pem", "client.pem", "emulator.log"])
def test_links_in_the_folder_are_replaced_and_not_followed(tmp_path: Path, name: str) -> None:
    folder, target = tmp_path / "graph", tmp_path / "target"
    folder.mkdir()
    target.write_text("precious")
    (folder / name).symlink_to(target)
    started = run("--detach", f"--directory={folder}", f"--watch-pid={os.getpid()}")
    assert started.returncode == 0, started.stderr
    ready = json.loads((folder / "ready.json").read_text())
    assert target.read_text() == "precious"
    assert not (folder / name).is_symlink()
    os.kill(ready["pid"], signal.SIGTERM)


def test_a_link_in_place_of_the_lock_is_refused(tmp_path: Path) -> None:
    folder, target = tmp_path / "graph", tmp_path / "target"
    folder.mkdir()
    (folder / "emulator.lock").symlink_to(target)
    refused = run(f"--directory={folder}")
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"{folder}/emulator.lock cannot be used: ")
    assert not target.exists()


@pytest.mark.parametrize("detach", [[], ["--detach"]], ids=["attached", "detached"])
def test_a_second_start_in_the_same_folder_is_refused(tmp_path: Path, detach: list[str]) -> None:
    emulator = start(tmp_path)
    before = (tmp_path / "ready.json").read_text()
    refused = run(f"--directory={tmp_path}", *detach)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"A local Graph already runs in {tmp_path} (process {emulator.process.pid})."
        " Stop it, or give another --directory.\n"
    )
    assert (tmp_path / "ready.json").read_text() == before
    assert emulator.control("GET", "ready") == {"pid": emulator.process.pid}
    emulator.stop()


def test_one_that_was_killed_is_not_in_the_way_of_the_next(tmp_path: Path) -> None:
    first = start(tmp_path)
    first.process.kill()
    first.process.wait()
    assert (tmp_path / "ready.json").exists()
    second = start(tmp_path)
    assert second.control("GET", "ready") == {"pid": second.process.pid}
    assert second.secret != first.secret
    second.stop()
    assert gone(second, tmp_path)


def test_one_that_does_not_start_leaves_nothing_of_one_that_was_killed(tmp_path: Path) -> None:
    for name in ("ready.json", "environment.sh"):
        (tmp_path / name).write_text("{}")
    state = tmp_path / "state.yml"
    state.write_text("[]")
    assert run(f"--directory={tmp_path}", f"--state={state}").returncode == 1
    assert not (tmp_path / "ready.json").exists()
    assert not (tmp_path / "environment.sh").exists()
