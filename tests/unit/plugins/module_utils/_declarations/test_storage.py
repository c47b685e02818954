# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that runs keep: refused paths, replacing files, and seals."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from _emulator import Emulator
from _reconcile import reconcile
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._connection import connection_spec
from ansible_collections.entra.attributes.plugins.module_utils._declarations import storage as _storage
from ansible_collections.entra.attributes.plugins.module_utils._declarations.declared import declared
from ansible_collections.entra.attributes.plugins.module_utils._declarations.snapshot import (
    Folder,
    begin,
    check_kept,
    ensure_whole,
    finish,
)
from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidDeclaration, OptionError
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._operation import Operation
from ansible_collections.entra.attributes.plugins.module_utils._operations import assignments as _bulk
from ansible_collections.entra.attributes.plugins.module_utils._operations import export as _export
from ansible_collections.entra.attributes.plugins.module_utils._operations import report as _report

ITEMS = [{"user": "adele@contoso.com", "attributes": {"Engineering": {"NumVendors": 77}}}]


def run(entry: Operation, graph: _graph.Graph, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    """Return the result of a module that is given these options."""
    validated = ArgumentSpecValidator({**connection_spec({}), **entry.spec}, **entry.constraints).validate(options)
    assert not validated.error_messages
    return entry.run({**validated.validated_parameters, **options}, graph, check_mode)


def everything(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return kind, mode and content of all that is in a folder."""
    return {
        str(one.relative_to(folder)): (
            os.lstat(one).st_mode,
            os.lstat(one).st_ino,
            one.read_bytes() if one.is_file() and not one.is_symlink() else b"",
        )
        for one in sorted(folder.rglob("*"))
    }


# Paths


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with everything that a file cannot be written to."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder_link").symlink_to("folder")
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
    os.mknod(tmp_path / "device", 0o666 | stat.S_IFCHR, os.makedev(1, 3)) if os.geteuid() == 0 else None
    return tmp_path


NO_PATHS = [
    ("", "must not be empty"),
    ("  ", "must not be empty"),
    ("{0}/a\0b", "cannot be a path: it holds the character U\\+0000"),
    ("{0}/\ud800", "cannot be a path: it holds the character U\\+D800"),
    ("{0}/" + "x" * 300, "cannot be used: File name too long"),
    ("{0}/none/file", "cannot be written: there is no folder .*/none; create it first"),
    ("{0}/file/file", "cannot be written: .*/file is not a folder"),
    ("{0}/link", "is a symbolic link, which is not followed"),
    ("{0}/dangling", "is a symbolic link, which is not followed"),
    ("{0}/loop", "is a symbolic link, which is not followed"),
    ("{0}/folder_link", "is a symbolic link, which is not followed"),
    ("{0}/fifo", "is a FIFO, not a regular file"),
    ("{0}/socket", "is a socket, not a regular file"),
    ("{0}/folder", "is a folder, not a regular file"),
    ("/dev/null", "/dev/null is a device, not a regular file"),
    ("/dev/stdout", "/dev/stdout is a symbolic link"),
]
NO_FOLDERS = [
    *(one for one in NO_PATHS if "create it first" not in one[1] and "is a folder" not in one[1]),
    ("{0}/file", "is a file, not a folder"),
    ("{0}/fifo/none", "cannot be written: .*/fifo is not a folder"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("entry", "option", "path", "words"),
    [
        *((_bulk.BULK, option, *one) for option in ("results_path", "snapshot_path") for one in NO_PATHS),
        *((entry, "dest", *one) for entry in (_export.EXPORT, _report.REPORT) for one in NO_FOLDERS),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_path_that_cannot_be_is_refused_before_any_request(
    emulator: Emulator,
    graph: _graph.Graph,
    folder: Path,
    entry: Operation,
    option: str,
    path: str,
    words: str,
    check_mode: bool,
) -> None:
    before, null = everything(folder), os.stat("/dev/null")
    options = {"assignments": ITEMS} if entry is _bulk.BULK else {}
    words = words.replace("a regular file", "a folder") if option == "dest" else words
    with pytest.raises(OptionError, match=f"^{option}: .*{words}"):
        run(entry, graph, check_mode, **options, **{option: path.format(folder)})
    assert emulator.requests(None) == []
    assert everything(folder) == before
    assert (os.stat("/dev/null").st_mode, os.stat("/dev/null").st_ino) == (null.st_mode, null.st_ino)


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write to every folder")
def test_a_folder_that_is_not_writable_is_refused(graph: _graph.Graph, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OptionError, match=r"results_path: .* is not writable"):
        run(_bulk.BULK, graph, assignments=ITEMS, results_path=str(tmp_path / "record.jsonl"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"results_path": "x.jsonl", "snapshot_path": "x.jsonl"}, "snapshot_path: .* is also results_path"),
        ({"results_path": "x.jsonl", "snapshot_path": "src/../x.jsonl"}, "snapshot_path: .* is also results_path"),
        ({"results_path": "x.jsonl", "snapshot_path": "other/x.jsonl"}, "snapshot_path: .* is also results_path"),
        ({"results_path": "one.jsonl", "snapshot_path": "two.jsonl"}, "snapshot_path: .* is also results_path"),
        ({"results_path": "src/a.yml", "src": "src/a.yml"}, "results_path: .* is also src"),
        ({"snapshot_path": "src/a.yml", "src": "src/a.yml"}, "snapshot_path: .* is also src"),
        ({"results_path": "hard.yml", "src": "src/a.yml"}, "results_path: .* is also src"),
        ({"results_path": "src/new.jsonl"}, "results_path: .* is in the folder .* of src"),
        ({"snapshot_path": "src/deep/new.jsonl"}, "snapshot_path: .* is in the folder .* of src"),
        ({"snapshot_path": "other/src/new.jsonl"}, "snapshot_path: .* is in the folder .* of src"),
        ({"snapshot_path": "src/new.jsonl", "src": "other/src"}, "snapshot_path: .* is in the folder .* of src"),
        ({"results_path": "hard.yml"}, "results_path: .* is in the folder .* of src"),
        ({"results_path": "led.yml"}, "results_path: .* is in the folder .* of src"),
        ({"results_path": "ca.pem", "ca_path": "ca.pem"}, "results_path: .* is also ca_path"),
        ({"snapshot_path": "c.pem", "certificate_path": "c.pem"}, "snapshot_path: .* is also certificate_path"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("relative", [False, True])
def test_files_that_a_run_reads_or_keeps_are_never_overwritten(
    emulator: Emulator,
    graph: _graph.Graph,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, str],
    words: str,
    check_mode: bool,
    relative: bool,
) -> None:
    (tmp_path / "src" / "deep").mkdir(parents=True)
    (tmp_path / "src" / "a.yml").write_text(json.dumps(ITEMS))
    (tmp_path / "hard.yml").hardlink_to(tmp_path / "src" / "a.yml")
    (tmp_path / "led.yml").write_text("[]")
    (tmp_path / "src" / "b.yml").symlink_to("../led.yml")
    (tmp_path / "other").symlink_to(".")
    (tmp_path / "one.jsonl").write_text("")
    (tmp_path / "two.jsonl").hardlink_to(tmp_path / "one.jsonl")
    (tmp_path / "ca.pem").write_text("")
    before = everything(tmp_path)
    monkeypatch.chdir(tmp_path)
    paths = {name: path if relative else str(tmp_path / path) for name, path in {"src": "src", **options}.items()}
    with pytest.raises(OptionError, match=words):
        run(_bulk.BULK, graph, check_mode, **paths)
    assert emulator.requests(None) == []
    assert everything(tmp_path) == before


def test_files_may_be_next_to_one_another_and_to_what_is_read(graph: _graph.Graph, tmp_path: Path) -> None:
    (tmp_path / "src.yml").write_text(json.dumps(ITEMS))
    paths = {name: str(tmp_path / f"{name}.jsonl") for name in ("results_path", "snapshot_path")}
    assert run(_bulk.BULK, graph, src=str(tmp_path / "src.yml"), **paths)["changed"]


def test_a_fifo_as_src_does_not_block(graph: _graph.Graph, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yml")
    with pytest.raises(InvalidDeclaration, match="cannot be read: it is a FIFO, not a regular file"):
        run(_bulk.BULK, graph, src=str(tmp_path / "a.yml"))


# Replacing


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("mode", [None, 0o640, 0o600])
def test_a_file_keeps_its_mode_unless_it_is_private_and_a_new_one_is_its_owners(
    tmp_path: Path, mode: int | None, private: bool
) -> None:
    path = tmp_path / ("n" * 255)
    if mode is not None:
        path.write_text("before")
        path.chmod(mode)
    _storage.replace_file(path, b"after", private=private)
    assert path.read_bytes() == b"after"
    assert stat.S_IMODE(path.stat().st_mode) == (0o600 if private else mode or 0o600)
    assert list(tmp_path.iterdir()) == [path]


LIMITED = """
import resource, sys
from pathlib import Path
from ansible_collections.entra.attributes.plugins.module_utils import _errors
from ansible_collections.entra.attributes.plugins.module_utils._declarations import storage as _storage
from ansible_collections.entra.attributes.plugins.module_utils._core import model as _model
from ansible_collections.entra.attributes.plugins.module_utils._core import assignment_plan as _plan
from ansible_collections.entra.attributes.plugins.module_utils._declarations import snapshot as _snapshot
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
long = "x" * 5000
{0}
"""
WRITERS = {
    "replace": """
try:
    _storage.replace_file(path, long.encode())
except OSError as error:
    assert error.filename == str(path)
    print(error.strerror)
""",
    "snapshot": """
plan = _plan.plan({}, {_model.AttributeName("Engineering", "Project"): _plan.Exactly("Baker")})
try:
    _snapshot.record(str(path), [(_model.Principal(_model.USER, "1", long, "a@b", "", {}), plan)], None)
except _errors.OptionError as error:
    print(error)
""",
    "journal": """
former = path.read_bytes()
journal = _storage.Journal("results_path", path, {})
journal.add([{"n": 1}])
journal.add([{"n": long}])
journal.add([{"n": 2}])
journal.close()
assert path.read_text().splitlines() == ["{}", '{"n": 1}'], path.read_text()
path.write_bytes(former)
print(journal.problem)
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_is_reported_and_leaves_whole_files(tmp_path: Path, writer: str) -> None:
    path = tmp_path / "kept"
    former = _storage.sealed(_storage.header(_storage.SNAPSHOT, None), [])
    path.write_bytes(former)
    script = LIMITED.replace("{0}", WRITERS[writer])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], env=environment, capture_output=True, text=True, check=True
    )
    assert "File too large" in done.stdout
    assert path.read_bytes() == former
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_run_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    left = tmp_path / ".entra-attributes-abc123.new"
    left.write_text("half")
    foreign = [tmp_path / name for name in (".entra-attributes-abc123", "abc.new", ".hidden", "entra-attributes-1.new")]
    for one in foreign:
        one.write_text("mine")
    with _storage.aside(tmp_path) as (_descriptor, other):
        _storage.replace_file(tmp_path / "kept", b"whole")
        assert other.exists(), "a run that goes on keeps its file"
    assert not left.exists()
    assert sorted(tmp_path.iterdir()) == sorted([*foreign, tmp_path / "kept"])


REPLACE = """
import sys
from pathlib import Path
from ansible_collections.entra.attributes.plugins.module_utils._declarations.storage import replace_file
replace_file(Path(sys.argv[1]), b"0" * 100000)
print("begun", flush=True)
while True:
    for one in (b"a", b"b"):
        replace_file(Path(sys.argv[1]), one * 100000)
"""


@pytest.mark.slow
def test_a_kill_leaves_one_version_and_the_next_run_cleans_up(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for number in range(4):
        command = [sys.executable, "-c", REPLACE, str(path)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.02 + number * 0.013)
            process.send_signal(signal.SIGKILL)
        assert len(set(path.read_bytes())) == 1
        assert path.stat().st_size == 100000
    _storage.replace_file(path, b"whole")
    assert list(tmp_path.iterdir()) == [path]


# Seals


@pytest.fixture
def snapshot(graph: _graph.Graph, tmp_path: Path) -> Path:
    """Make the snapshot of a run that changed two users."""
    path = tmp_path / "snapshot.jsonl"
    other = {"user": "alex@contoso.com", "attributes": {"Engineering": {"ProjectDate": "é"}}}
    run(_bulk.BULK, graph, assignments=[*ITEMS, other], snapshot_path=str(path))
    return path


@pytest.mark.slow
def test_a_snapshot_that_is_cut_at_any_byte_is_refused(emulator: Emulator, snapshot: Path) -> None:
    whole = snapshot.read_bytes()
    for length in range(len(whole)):
        snapshot.write_bytes(whole[:length])
        with pytest.raises(InvalidDeclaration):
            declared(str(snapshot), {})
    snapshot.write_bytes(whole)
    assert len(declared(str(snapshot), {}).assignments) == 2


def cut(lines: list[str]) -> list[str]:
    return lines[:-1]


BROKEN: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "empty": (lambda lines: [], "is empty; a snapshot has a header and a seal at least"),
    "no seal": (cut, "is cut off: its last line, the seal, is missing"),
    "no header": (lambda lines: lines[1:], "is cut off or no snapshot: its first line, the header, is missing"),
    "a line less": (lambda lines: [lines[0], *lines[2:]], "lacks or repeats lines: it has 1 of the 2 that were sealed"),
    "edited": (
        lambda lines: [one.replace("NumVendors", "CostCenter") for one in lines],
        "was edited: its lines do not match the digest in its seal",
    ),
    "other order": (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "was edited"),
    "other header": (lambda lines: [lines[0].replace("202", "203", 1), *lines[1:]], "was edited"),
    "newer": (lambda lines: [lines[0].replace('"version": 1', '"version": 2'), *lines[1:]], "has version 2"),
    "results": (lambda lines: [lines[0].replace("/snapshot", "/results"), *lines[1:]], "has the format"),
    "nested": (lambda lines: ["[" * 100000 + "\n", *lines[1:]], "the header, is missing"),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", BROKEN)
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_broken_snapshot_is_neither_undone_nor_continued(
    emulator: Emulator, graph: _graph.Graph, snapshot: Path, way: str, check_mode: bool
) -> None:
    change, words = BROKEN[way]
    snapshot.write_text("".join(change(snapshot.read_text().splitlines(keepends=True))))
    broken = snapshot.read_bytes()
    emulator.clear()
    with pytest.raises(InvalidDeclaration, match=f"{snapshot}:1: .*{words}"):
        run(_bulk.BULK, graph, check_mode, src=str(snapshot))
    with pytest.raises(OptionError, match=f"snapshot_path: {snapshot} .*{words}.* It was not touched"):
        run(_bulk.BULK, graph, check_mode, assignments=ITEMS, snapshot_path=str(snapshot))
    assert emulator.requests() == []
    assert snapshot.read_bytes() == broken


@pytest.mark.parametrize("content", ["{\n", "[1]\n", '{"who": 1}\n', json.dumps(ITEMS[0]) + "\n"])
def test_a_file_that_is_no_snapshot_is_not_continued(
    emulator: Emulator, graph: _graph.Graph, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "snapshot.jsonl"
    path.write_text(content)
    with pytest.raises(OptionError, match=r"snapshot_path: .* is cut off or no snapshot"):
        run(_bulk.BULK, graph, assignments=ITEMS, snapshot_path=str(path))
    assert path.read_text() == content
    assert emulator.requests() == []


OTHER = "99999999-9999-4999-8999-999999999999"


def test_a_snapshot_of_another_tenant_is_neither_undone_nor_continued(
    emulator: Emulator, graph: _graph.Graph, snapshot: Path
) -> None:
    _first, *items, _seal = snapshot.read_bytes().splitlines(keepends=True)
    snapshot.write_bytes(_storage.sealed(_storage.header(_storage.SNAPSHOT, OTHER), items))
    emulator.clear()
    words = f"{snapshot} is a snapshot of the tenant {OTHER}, but the token is for the tenant"
    for source in (snapshot, snapshot.parent):
        with pytest.raises(OptionError, match=f"src: {words}"):
            run(_bulk.BULK, graph, src=str(source))
    assert emulator.requests() == []
    changed = [{"user": "dara@contoso.com", "attributes": {"Engineering": {"NumVendors": 1}}}]
    with pytest.raises(OptionError, match=f"snapshot_path: {words}"):
        run(_bulk.BULK, graph, assignments=changed, snapshot_path=str(snapshot))
    assert "Engineering" not in emulator.state("dara@contoso.com")


def test_a_snapshot_whose_tenant_is_unknown_is_undone_with_a_warning(graph: _graph.Graph, snapshot: Path) -> None:
    _first, *items, _seal = snapshot.read_bytes().splitlines(keepends=True)
    snapshot.write_bytes(_storage.sealed(_storage.header(_storage.SNAPSHOT, None), items))
    result = run(_bulk.BULK, graph, src=str(snapshot))
    assert result["summary"]["changed"] == 2
    assert f"The snapshot {snapshot} may be of another tenant" in result["warnings"][0]


def test_a_snapshot_and_its_continuation_are_private(graph: _graph.Graph, snapshot: Path) -> None:
    assert stat.S_IMODE(snapshot.stat().st_mode) == 0o600
    snapshot.chmod(0o644)
    more = [{"user": "dara@contoso.com", "attributes": {"Engineering": {"NumVendors": 1}}}]
    run(_bulk.BULK, graph, assignments=more, snapshot_path=str(snapshot))
    assert stat.S_IMODE(snapshot.stat().st_mode) == 0o600
    assert len(declared(str(snapshot), {}).assignments) == 3


# The folder that the role keeps


@pytest.fixture
def kept(tmp_path: Path, snapshot: Path) -> Path:
    """Make the folder of a finished snapshot."""
    folder = tmp_path / "kept"
    folder.mkdir()
    begin(str(folder), Folder(), {"attribute_sets": [{"name": "Sales"}], "definitions": []}, [], OTHER)
    snapshot.rename(folder / "assignments.jsonl")
    finish(str(folder))
    return folder


def edited(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))


def shortened(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


HARM: dict[str, tuple[Callable[[Path], object], str]] = {
    "no schema": (lambda kept: (kept / "schema.yml").unlink(), "it lacks schema.yml"),
    "no assignments": (lambda kept: (kept / "assignments.jsonl").unlink(), "it lacks assignments.jsonl"),
    "empty schema": (lambda kept: (kept / "schema.yml").write_text(""), "schema.yml is empty"),
    "plain schema": (lambda kept: (kept / "schema.yml").write_text("attribute_sets: []\n"), "the header, is missing"),
    "edited schema": (lambda kept: edited(kept / "schema.yml"), "schema.yml"),
    "cut schema": (lambda kept: shortened(kept / "schema.yml"), "the seal, is missing"),
    "plain assignments": (
        lambda kept: (kept / "assignments.jsonl").write_text(json.dumps(ITEMS[0]) + "\n"),
        "the header, is missing",
    ),
    "edited assignments": (lambda kept: edited(kept / "assignments.jsonl"), "assignments.jsonl"),
    "more": (lambda kept: (kept / "more.yml").write_text("[]"), "more.yml does not belong to the snapshot"),
}


@pytest.mark.parametrize("harm", HARM)
def test_the_folder_of_a_snapshot_is_undone_only_as_it_was_written(kept: Path, harm: str) -> None:
    assert OTHER in ensure_whole(str(kept))
    harmful, words = HARM[harm]
    harmful(kept)
    with pytest.raises(OptionError, match=f"^src: .*{words}"):
        ensure_whole(str(kept))
    if harm in ("edited schema", "cut schema"):
        with pytest.raises(InvalidDeclaration, match=r"schema\.yml:1: "):
            declared(str(kept), {})


def test_the_folder_of_an_unfinished_snapshot_is_continued_if_it_is_whole(kept: Path) -> None:
    assert check_kept([], str(kept)) == Folder(finished=True)
    (kept / "finished").unlink()
    found = check_kept([], str(kept))
    assert (found.finished, found.fresh, found.tenant_id) == (False, False, OTHER)
    assert found.kept["attribute_sets"] == [{"name": "Sales"}]
    for name in ("schema.yml", "assignments.jsonl"):
        whole = (kept / name).read_bytes()
        shortened(kept / name)
        with pytest.raises(OptionError, match=r"^snapshot_path: .* is cut off"):
            check_kept([], str(kept))
        (kept / name).write_bytes(whole)
    (kept / "schema.yml").unlink()
    with pytest.raises(OptionError, match=r"schema\.yml is missing, but .*assignments\.jsonl is there"):
        check_kept([], str(kept))


@pytest.mark.parametrize(
    ("src", "kept", "words"),
    [
        ("src", {"snapshot_path": "src"}, "snapshot_path: .* is in the folder .* of src"),
        ("src", {"snapshot_path": "src/deep"}, "snapshot_path: .* is in the folder .* of src"),
        ("src", {"snapshot_path": "link/src/deep"}, "snapshot_path: .* is in the folder .* of src"),
        ("src", {"report_path": "src/report.json"}, "report_path: .* is in the folder .* of src"),
        ("src/a.yml", {"report_path": "src/a.yml"}, "report_path: .* is also src"),
        ("src", {"plan_path": "src/plan.json"}, "plan_path: .* is in the folder .* of src"),
        ("src", {"plan_path": "plan.md"}, r"plan_path: .* must not end with \.md"),
        ("src", {"plan_path": "plan.json", "report_path": "plan.md"}, "report_path: .* is also plan_path"),
        (
            "src",
            {"snapshot_path": "kept", "report_path": "kept/report.json"},
            "report_path: .* is in the folder .* of snapshot_path",
        ),
        ("src", {"snapshot_path": "src/a.yml"}, "snapshot_path: .* is a file, not a folder"),
        ("src", {"snapshot_path": "link"}, "snapshot_path: .* is a symbolic link"),
        ("src", {"report_path": "/dev/null"}, "report_path: .* is a device, not a regular file"),
        ("src", {"report_path": "none/report.json"}, "report_path: .* there is no folder"),
        ("src", {"snapshot_path": ""}, "snapshot_path: must not be empty"),
    ],
)
def test_the_files_of_reconcile_are_checked(
    graph: _graph.Graph,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    src: str,
    kept: dict[str, str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("src", "kept"):
        (tmp_path / name).mkdir()
    (tmp_path / "src" / "a.yml").write_text("[]")
    (tmp_path / "link").symlink_to(".")
    before = everything(tmp_path)
    with pytest.raises(OptionError, match=f"^{words}"):
        reconcile(graph, Path(src), **kept)
    assert everything(tmp_path) == before
    assert graph.sent == 0
