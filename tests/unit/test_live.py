# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live check against the local Graph: it shows the answer that a quirk plays, and leaves no value behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _emulator import Emulator, start

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "live"))

import check
from questions import QUESTIONS, VALUES, Question

pytestmark = pytest.mark.slow

ADELE, ALEX = "33333333-3333-4333-8333-333333333301", "33333333-3333-4333-8333-333333333302"
PAYROLL, REPORTS = "44444444-4444-4444-8444-444444444401", "44444444-4444-4444-8444-444444444402"
OPTIONS = ["--set", "LiveCheck", "--users", "adele@contoso.com", ALEX, "--service-principals", PAYROLL, REPORTS]
BEFORE: dict[str, Any] = {"Text": "mine", "Numbers": [4, 3], "Flag": True}
HELD = {ADELE: {"LiveCheck": BEFORE}, ALEX: {}, PAYROLL: {"LiveCheck": BEFORE}, REPORTS: {}}
NO_ATTRIBUTES = ["User.Read.All", "Application.Read.All", "Policy.Read.All", "LifecycleWorkflows-Workflow.Read.All"]

OTHER_QUIRKS: dict[str, Any] = {
    "shuffle_collections": True,
    "empty_shape": "type_only",
    "conflict_status": 400,
    "unknown_set_status": 400,
    "names": "case_insensitive",
    "unrestricted_values": "refuse",
    "max_below_use": "refuse",
    "unchanged_immutable": "accept",
    "single_expand": "refuse",
    "unsearchable": "empty",
    "deprecated_removal": "refuse",
    "inactive_kept": "refuse",
    "boolean_annotation": "refuse",
    "duplicate_items": "refuse",
    "other_empty": "refuse",
    "null_set": "remove",
    "decimal_integers": "accept",
    "length_unit": "code_point",
    "attribute_or": "refuse",
    "mistyped_filter": "empty",
    "scope_filter": "refuse",
    "range_of_names": "refuse",
}
OTHER_ANSWERS = {
    "order of a collection": 'accepted, shown as ["',
    "shape after the last removal": "attribute sets with their type alone",
    "an attribute set that exists": "400",
    "a definition that exists": "400",
    "a predefined value that exists": "400",
    "a definition in an unknown attribute set": "400",
    "an attribute by its name in another case": 'accepted, shown as "x"',
    "an attribute set by its name in another case": 'accepted, shown as "x"',
    "an attribute set that differs by case": "400",
    "an attribute that differs by case": "400",
    "a predefined value that differs by case": "400",
    "a predefined value of an unrestricted attribute": "400",
    "maxAttributesPerSet below the number in use": "400",
    "an immutable property, repeated unchanged": "accepted",
    "$expand=allowedValues of one definition": "400",
    "a condition on an attribute that is not searchable": "accepted",
    "removing a deprecated attribute": "400",
    "an inactive value that stays in a collection": "400",
    "#Boolean on a Boolean": "400",
    "a value twice in a collection": "400",
    "null on a collection": "400",
    "[] on a single value": "400",
    "null for a whole attribute set": "accepted, shown as null",
    "{} for a whole attribute set": "accepted, shown as null",
    "5.0 for an Integer": "accepted, shown as 5",
    "a text of 33 emoji, which are 66 UTF-16 units": "accepted",
    "or between conditions on attributes": "400",
    "a condition that compares an Integer with text": "accepted",
    "role assignments filtered by the scope of a set": "400",
    "a range of user principal names with customSecurityAttributes": "400",
    "a range of names of service principals with customSecurityAttributes": "400",
}
"""What the table shows with these quirks, where that differs from the local Graph as it is."""

Run = Callable[..., dict[str, tuple[str, str]]]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A local Graph that does not check bodies: the check sends wrong ones on purpose."""
    emulator = start(tmp_path_factory.mktemp("graph"))
    yield emulator
    emulator.stop()


@pytest.fixture
def run(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a function that runs the check, and returns expected and seen by the titles of the table's rows."""
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, status: int = 0) -> dict[str, tuple[str, str]]:
        table = tmp_path / "table.md"
        table.unlink(missing_ok=True)
        assert check.main([*OPTIONS, "--to", str(table), *arguments]) == status
        if status:
            assert not table.exists()
            return {}
        text = table.read_text()
        assert not re.search(r"LiveCheck|contoso|Adele|payroll|[0-9a-f]{8}-[0-9a-f]{4}-", text, re.IGNORECASE)
        rows = [line[2:-2].split(" | ") for line in text.splitlines()[2:]]
        return {title: (expected, seen) for _fact, title, expected, seen in rows}

    return run


@pytest.fixture
def kit(run: Run, emulator: Emulator) -> Emulator:
    """The local Graph with the definitions of the check, and with values that two of its principals had before."""
    run("--define", "--only", "nothing")
    for kind, principal in (("user", ADELE), ("service_principal", PAYROLL)):
        for name, value in BEFORE.items():
            options = {kind: principal, "attribute_set": "LiveCheck", "name": name, "value": value}
            assert check.run(check.ASSIGNMENT, options)["changed"]
    return emulator


def held(emulator: Emulator) -> dict[str, Any]:
    return {principal: emulator.state(principal) for principal in HELD}


def test_the_answers_are_as_expected_and_every_value_is_put_back(run: Run, kit: Emulator) -> None:
    rows = run("--define")
    assert [title for title, (expected, seen) in rows.items() if not fits(expected, seen)] == []
    assert len(rows) == len(QUESTIONS) + 7  # tasks of the scenario
    assert held(kit) == HELD
    assert run("--define") == rows
    assert held(kit) == HELD


def fits(expected: str, seen: str) -> bool:
    return seen.startswith("501 NotEmulated" if expected == "unknown" else expected)


def test_the_table_shows_the_other_answers(run: Run, kit: Emulator) -> None:
    kit.quirks(**OTHER_QUIRKS)
    rows = run("--define")
    wanted = {title: expected for title, (expected, _seen) in rows.items()} | OTHER_ANSWERS
    assert {title: rows[title] for title in wanted if not fits(wanted[title], rows[title][1])} == {}
    assert [title for title in OTHER_ANSWERS if fits(*rows[title])] == []
    assert held(kit) == HELD


@pytest.mark.parametrize(
    ("quirks", "title", "seen"),
    [
        ({"empty_shape": "{}"}, "shape after the last removal", "{}"),
        ({"read_lag": 0.7}, "seconds for which a GET is stale after a PATCH", "shown after at most "),
    ],
)
def test_a_quirk_of_reads_is_seen(run: Run, kit: Emulator, quirks: dict[str, Any], title: str, seen: str) -> None:
    kit.quirks(**quirks)
    assert run("--only", title)[title][1].startswith(seen)
    assert held(kit) == HELD


@pytest.mark.parametrize(
    ("form", "in_policies", "in_workflows"),
    [
        ("shown", "shown", "shown"),
        ("null", "null", "null or shown"),
        ("empty", "empty", "empty or shown"),
        ("absent", "absent", "shown"),
    ],
)
def test_rules_are_asked_for_by_an_application_that_sees_no_attributes(
    run: Run, kit: Emulator, monkeypatch: pytest.MonkeyPatch, form: str, in_policies: str, in_workflows: str
) -> None:
    monkeypatch.setenv("ENTRA_AUTH_SOURCE", "access_token")
    monkeypatch.setenv("ENTRA_ACCESS_TOKEN", kit.token(permissions=NO_ATTRIBUTES))
    kit.quirks(unreadable_rule=form, unreadable_scope=form)
    rows = run("--only", "rules in")
    assert [seen for _expected, seen in rows.values()] == [in_policies, in_workflows]


def test_without_permission_nothing_is_written_and_the_rows_say_so(
    run: Run, kit: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTRA_AUTH_SOURCE", "access_token")
    monkeypatch.setenv("ENTRA_ACCESS_TOKEN", kit.token(permissions=["User.Read.All", "Application.Read.All"]))
    kit.clear()
    rows = run()
    asked = {seen for title, (_expected, seen) in rows.items()}
    assert asked == {check.NO_PERMISSION, "not asked: it needs --define"}
    assert {entry["method"] for entry in kit.requests()} == {"GET"}


def test_an_identity_that_only_reads_sees_no_answers_to_writes(
    run: Run, kit: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", "22222222-2222-4222-8222-222222222204")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "local-graph-secret-of-the-reader-application-58e2")
    monkeypatch.setenv("ENTRA_AUTH_SOURCE", "client_secret")
    rows = run()
    assert rows["text for an Integer"][1] == rows["the scenario"][1] == check.NO_PERMISSION
    assert rows["$top=999 for definitions"][1] == "accepted"
    assert held(kit) == HELD


def test_definitions_are_made_only_with_define(
    run: Run, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    run(status=1)
    assert "Run it with --define once." in capsys.readouterr().err
    assert {entry["method"] for entry in emulator.requests()} == {"GET"}


def test_principals_with_other_values_are_left_alone(
    run: Run, kit: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"user": ALEX, "attribute_set": "Engineering", "name": "NumVendors", "value": 8}
    check.run(check.ASSIGNMENT, options)
    kit.clear()
    run(status=1)
    assert "has values of Engineering.NumVendors; remove them" in capsys.readouterr().err
    assert {entry["method"] for entry in kit.requests()} == {"GET"}


@pytest.mark.parametrize(("failure", "status"), [(KeyboardInterrupt, 130), (SystemExit, None), (RuntimeError, None)])
def test_what_was_written_is_put_back_after_a_failure(
    run: Run, kit: Emulator, monkeypatch: pytest.MonkeyPatch, failure: type[BaseException], status: int | None
) -> None:
    def fail(live: check.Live) -> str:
        live.set_value("Choices", "Green", active=True)
        live.set_status("Retired", "Available")
        live.assign({"Text": "gone", "Numbers": None, "Retired": "x", "Choices": ["Green"]})
        live.assign({"Text": "gone"}, live.service_principals[0])
        assert held(kit) != HELD
        raise failure

    before = kit.tenant()
    monkeypatch.setattr(check, "QUESTIONS", (Question("13", "failing", VALUES, "", fail),))
    if status is None:
        with pytest.raises(failure):
            run("--only", "failing")
    else:
        run("--only", "failing", status=status)
    assert held(kit) == HELD
    assert kit.tenant()["definitions"] == before["definitions"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_check_after_everything_was_put_back(
    kit: Emulator, tree: Path, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    kit.quirks(read_lag=1.0)
    table = tmp_path / "none.md"
    command = [sys.executable, check.__file__, *OPTIONS, "--only", "GET is stale", "--to", str(table)]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        while held(kit) == HELD:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(timeout=30) == status
    assert held(kit) == HELD
    assert not table.exists()


def test_what_could_not_be_put_back_is_named_with_its_value(
    run: Run, kit: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    kit.faults({"match": {"method": "PATCH"}, "do": {"status": 400}, "times": None, "skip": 2})
    run("--only", "shape after", status=1)
    printed = capsys.readouterr().err
    assert "Not put back: user adele@contoso.com" in printed
    assert json.dumps(BEFORE["Numbers"]) in printed or "mine" in printed
