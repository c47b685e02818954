# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The place where a task runs, its environment, and its output. The target both_ways compares that with modules."""

from __future__ import annotations

import datetime
import importlib
import json
import logging
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from pkgutil import resolve_name
from types import SimpleNamespace
from typing import Any, ClassVar
from urllib.parse import quote

import ansible.template
import pytest
from _checkout import ROOT, found_in
from _emulator import Emulator
from ansible import __version__
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import connection_loader
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.entra.attributes.plugins.action.custom_security_attribute import ActionModule as Assign
from ansible_collections.entra.attributes.plugins.action.custom_security_attribute_info import ActionModule as Info
from ansible_collections.entra.attributes.plugins.action.custom_security_attributes import ActionModule as Bulk
from ansible_collections.entra.attributes.plugins.action.report import ActionModule as Report
from ansible_collections.entra.attributes.plugins.module_utils._core.assignment_plan import Exactly
from ansible_collections.entra.attributes.plugins.module_utils._declarations.assignments import declarations
from ansible_collections.entra.attributes.plugins.module_utils._declarations.locations import Undecryptable
from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    EntraError,
    InvalidDeclaration,
    InvalidValue,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._operation import Operation
from ansible_collections.entra.attributes.plugins.module_utils._operations import assignment as _assignment
from ansible_collections.entra.attributes.plugins.module_utils._operations import assignment_info as _assignment_info
from ansible_collections.entra.attributes.plugins.plugin_utils import _action, _ansible, _controller
from ansible_collections.entra.attributes.plugins.plugin_utils._vault import decryption

from ..conftest import ADELE, NEED

SECRET = "a-secret-that-no-other-word-contains"
TOKEN = {"access_token": SECRET}

# Since 2.19 only what a playbook says is a template.
trusted = getattr(ansible.template, "trust_as_template", str)

Result = dict[str, Any]


class Seen:
    """Stands in for a module's run: keeps what it was called with, and does what the test wants."""

    def __init__(self) -> None:
        self.calls: list[SimpleNamespace] = []
        self.does: Callable[[], Result] = lambda: {"changed": False}

    def __call__(self, params: Mapping[str, Any], graph: Graph, check_mode: bool) -> Result:
        here = {"environment": dict(os.environ), "folder": os.getcwd()}
        self.calls.append(SimpleNamespace(params=params, graph=graph, check_mode=check_mode, **here))
        return self.does()

    @property
    def last(self) -> SimpleNamespace:
        return self.calls[-1]


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Graph]]:
    """No Graph of another test, and none of this machine's credentials."""
    graphs: dict[str, Graph] = {}
    monkeypatch.setattr(_controller, "_idle", graphs)
    for name in [name for name in os.environ if name.startswith(("AZURE_", "ENTRA_", "REQUESTS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ANSIBLE_INJECT_INVOCATION", "true")
    yield graphs
    for graph in graphs.values():
        with graph:
            pass


Run = Callable[..., Result]


@pytest.fixture
def run(seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a task on the local connection, as Ansible's worker does. A module reports that it is one."""

    class Action(_action.LocalAction):  # type: ignore[misc]
        module_result: ClassVar[Result] = {}
        OPERATION = Operation(seen, {"value": {"type": "raw"}, "state": {"choices": ["present"]}})

        def _execute_module(self, **_options: Any) -> Result:
            return self.module_result

    def ran(
        variables: Result | None = None,
        *,
        become: Any = None,
        transport: str = "local",
        args: Any = None,
        module_result: Result | None = None,
        **keywords: Any,
    ) -> Result:
        Action.module_result = {"as": "module"} if module_result is None else module_result
        task = Task()
        task.action = "entra.attributes.something"
        task.args = TOKEN if args is None else args
        task.check_mode = task.diff = task.no_log = False
        for name, value in keywords.items():
            setattr(task, name, value)
        loader = DataLoader()
        loader.set_basedir(str(tmp_path))
        connection = connection_loader.get("local", PlayContext())
        connection.become = become
        monkeypatch.setattr(connection, "transport", transport)
        templar = ansible.template.Templar(loader=loader, variables=variables or {})
        action = Action(task, connection, PlayContext(), loader, templar, shared_loader_obj=None)
        return action.run(task_vars=variables or {})

    return ran


@pytest.mark.parametrize(("action", "entry"), [(Assign, _assignment.ASSIGNMENT), (Info, _assignment_info.INFO)])
def test_an_action_has_what_its_module_has(action: type[_action.LocalAction], entry: Operation) -> None:
    assert action.OPERATION is entry


class TestWay:
    """Whether it is a module."""

    @pytest.mark.parametrize(
        "interpreter",
        [
            None,
            "auto",
            "auto_silent",
            sys.executable,
            trusted("{{ ansible_playbook_python }}"),
            os.path.join(os.path.dirname(sys.executable), ".", os.path.basename(sys.executable)),
        ],
    )
    def test_here(self, run: Run, interpreter: str | None) -> None:
        chosen = {"ansible_python_interpreter": interpreter} if interpreter else {}
        assert run({"ansible_playbook_python": sys.executable, **chosen})["changed"] is False

    @pytest.mark.parametrize(
        "options",
        [
            {"transport": "ssh"},
            {"become": SimpleNamespace(name="sudo", get_option=lambda *_args, **_options: None)},
            {"async_val": 10},
            {"environment": [{"PYTHONPATH": "/somewhere"}]},
        ],
        ids=["transport", "become", "async", "environment"],
    )
    def test_a_module(self, run: Run, options: Result) -> None:
        assert run(**options) == {"as": "module"}

    @pytest.mark.parametrize("interpreter", ["/usr/bin/env python3", "python3", "/nowhere/python3"])
    def test_a_module_of_another_interpreter(self, run: Run, interpreter: str) -> None:
        assert run({"ansible_python_interpreter": interpreter}) == {"as": "module"}

    def test_the_same_file_in_another_folder_has_other_libraries(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "python").symlink_to(sys.executable)
        assert run({"ansible_python_interpreter": str(tmp_path / "python")}) == {"as": "module"}

    def test_the_interpreter_is_that_of_the_delegate(self, run: Run) -> None:
        others = {"ansible_delegated_vars": {"there": {"ansible_python_interpreter": "/nowhere/python3"}}}
        assert run(others, delegate_to="there") == {"as": "module"}
        assert run({"ansible_python_interpreter": "/nowhere/python3", "ansible_delegated_vars": {"there": {}}},
                   delegate_to="there")["changed"] is False  # fmt: skip

    def test_a_module_without_libraries(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_action, "HAS_REQUESTS", False)
        assert run() == {"as": "module"}
        monkeypatch.setattr(_action, "HAS_REQUESTS", True)
        monkeypatch.setattr(_action, "find_spec", {"requests": "a spec"}.get)
        assert run() == {"as": "module"}


class TestBridge:
    """Without a private name of ansible-core, or with a version that nobody tested, tasks run as modules."""

    @pytest.fixture(autouse=True)
    def loaded_again(self) -> Iterator[None]:
        yield
        importlib.reload(_ansible)

    @pytest.fixture
    def lines(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """What is shown at -v."""
        shown: list[str] = []
        monkeypatch.setattr(Display(), "v", shown.append)
        return shown

    def load_without(self, name: str) -> None:
        """Load the bridge where ansible-core does not have this name."""

        def lacks(_loader: DataLoader) -> None:
            raise AttributeError(name)

        with pytest.MonkeyPatch.context() as patch:
            path, _dot, attribute = name.rpartition(".")
            if name == _ansible.VAULT:  # which only instances have
                patch.setattr(DataLoader, attribute, property(lacks, lambda _loader, _value: None), raising=False)
            else:
                owner = resolve_name(path)
                patch.delattr(owner if attribute in vars(owner) else type(owner), attribute)
            importlib.reload(_ansible)

    @pytest.mark.parametrize(
        "name", [_ansible.ENVIRONMENT, _ansible.MODULE_ARGS, _ansible.CONFIGURATION, _ansible.ENCODER, _ansible.VAULT]
    )
    def test_a_missing_name_makes_tasks_modules_and_v_says_so_once(
        self, run: Run, lines: list[str], monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv(_ansible.SWITCH, "true")
        self.load_without(name)
        assert (name,) == _ansible.MISSING
        assert [run(), run()] == [{"as": "module"}] * 2
        (line,) = lines
        assert line == f"Tasks of entra.attributes run as modules: ansible-core {__version__} does not have {name}."

    def test_lookups_say_which_name_is_missing(self) -> None:
        self.load_without(_ansible.ENCODER)
        with pytest.raises(EntraError, match=f"ansible-core {__version__} does not have {_ansible.ENCODER}. Use"):
            _controller.plain({"principals": ["adele@contoso.com"]})

    @pytest.mark.parametrize(
        ("version", "switch", "reason"),
        [
            ("2.16.19", "", ""),
            ("2.22.0rc1", "", ""),
            ("2.22.7", "false", "ENTRA_RUN_IN_PROCESS is false"),
            ("2.23.0.dev0", "", "ansible-core 2.23.0.dev0 is newer than 2.22, the newest tested version"),
            ("2.23.0.dev0", "True", ""),
            ("3.0.0", "", "ansible-core 3.0.0 is newer"),
        ],
    )
    def test_an_untested_version_makes_tasks_modules_unless_the_switch_says_otherwise(
        self, version: str, switch: str, reason: str
    ) -> None:
        found = _ansible.reason_for_modules({_ansible.SWITCH: switch}, version)
        assert found.startswith(reason)
        assert bool(found) is bool(reason)

    def test_the_switch_makes_tasks_modules(self, run: Run, lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(_ansible.SWITCH, "no")
        assert run() == {"as": "module"}
        assert lines == ["Tasks of entra.attributes run as modules: ENTRA_RUN_IN_PROCESS is no."]

    def test_the_newest_tested_version_is_the_one_of_the_test_matrix(self) -> None:
        matrix = re.findall(r'^    "(2\.\d+)": \(', (ROOT / ".ci" / "test.py").read_text(), re.MULTILINE)
        assert max(matrix, key=lambda version: int(version.partition(".")[2])) == _ansible.NEWEST_TESTED


class TestTrace:
    """With -vvv, each request is one line."""

    @pytest.fixture
    def lines(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """What is shown at -vvv."""
        shown: list[str] = []
        monkeypatch.setattr(Display(), "verbosity", 3)
        monkeypatch.setattr(Display(), "vvv", lambda line, host=None: shown.append(f"<{host}> {line}"))
        return shown

    def asks(self, seen: Seen, emulator: Emulator, *paths: str) -> None:
        def ask() -> Result:
            for path in paths:
                with suppress(EntraError):
                    seen.last.graph.get(path, need=NEED, query={"$select": "id"})
            return {"changed": False}

        seen.does = ask

    def test_a_line_has_no_query_no_header_and_no_body(
        self, run: Run, seen: Seen, emulator: Emulator, reachable: None, lines: list[str]
    ) -> None:
        emulator.faults({"do": {"status": 503, "headers": {"Retry-After": 0}}, "match": {"kind": "graph"}})
        self.asks(seen, emulator, f"/users/{ADELE}", "/users/nobody@contoso.com")
        result = run({"inventory_hostname": "localhost"}, args={})
        assert "trace" not in result
        *_discovery, token, failed, repeated, refused = lines
        where, number = f"{emulator.url}/v1.0/users", "[0-9a-f-]{36}"
        assert re.fullmatch(rf"<localhost> POST https://\S+/token: 200 in \d+ ms, client-request-id {number}", token)
        assert re.fullmatch(rf"<localhost> GET {where}/{ADELE}: 503 in \d+ ms, request-id {number}", failed)
        assert re.fullmatch(
            rf"<localhost> GET {where}/{ADELE}: 200 in \d+ ms, request-id {number}, attempt 2", repeated
        )
        assert re.fullmatch(rf"<localhost> GET {where}/nobody@contoso.com: 404 in \d+ ms, request-id {number}", refused)

    def test_secrets_are_masked(
        self, run: Run, seen: Seen, emulator: Emulator, reachable: None, lines: list[str]
    ) -> None:
        secret = emulator.environment["AZURE_CLIENT_SECRET"]
        self.asks(seen, emulator, f"/users/{quote(secret, safe='')}")
        run(args={})
        assert re.fullmatch(r"<None> GET https://\S+/users/\*{8}: 404 in .+", lines[-1])
        assert not [line for line in lines if secret in line or quote(secret, safe="") in line]

    def test_no_log_shows_no_line(
        self, run: Run, seen: Seen, emulator: Emulator, reachable: None, lines: list[str]
    ) -> None:
        self.asks(seen, emulator, f"/users/{ADELE}")
        run(args={}, no_log=True)
        assert lines == []

    def test_below_vvv_nothing_is_shown(
        self,
        run: Run,
        seen: Seen,
        emulator: Emulator,
        reachable: None,
        lines: list[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(Display(), "verbosity", 2)
        self.asks(seen, emulator, f"/users/{ADELE}")
        run(args={})
        assert lines == []

    @pytest.mark.parametrize("verbosity", [2, 3])
    def test_a_module_returns_the_lines_to_its_action_plugin(self, emulator: Emulator, verbosity: int) -> None:
        options = {"user": "adele@contoso.com", "_ansible_verbosity": verbosity, "_ansible_remote_tmp": "/tmp"}
        module = "ansible_collections.entra.attributes.plugins.modules.custom_security_attribute_info"
        ran = subprocess.run(
            [sys.executable, "-m", module],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": options}),
            env={**os.environ, **emulator.environment, "PYTHONPATH": str(found_in())},
            capture_output=True,
            text=True,
            check=True,
        )
        found = json.loads(ran.stdout).get("trace", [])
        wanted = f"GET {emulator.url}/v1.0/users/adele@contoso.com: 200 in "
        assert [line[: len(wanted)] for line in found[-1:]] == [wanted][: verbosity - 2]

    def test_the_lines_of_a_module_are_shown_as_those_of_a_task_inside_ansible(
        self, run: Run, lines: list[str]
    ) -> None:
        answer = {"changed": False, "trace": ["GET https://localhost/v1.0/users: 200 in 3 ms"]}
        found = run({"inventory_hostname": "web"}, transport="ssh", module_result=answer)
        assert "trace" not in found
        assert lines == ["<web> GET https://localhost/v1.0/users: 200 in 3 ms"]


class TestProcess:
    """The surroundings of a run."""

    def test_the_environment_of_the_task_over_that_of_ansible(
        self, run: Run, seen: Seen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AZURE_CLIENT_ID", "of-the-process")
        monkeypatch.setenv("AZURE_TENANT_ID", "of-the-process")
        before = dict(os.environ)
        run(environment=[{"AZURE_TENANT_ID": "of-the-play", "NUMBER": 1}, {"AZURE_TENANT_ID": "of-the-task"}])
        assert seen.last.params["client_id"] == "of-the-process"
        assert seen.last.params["tenant_id"] == "of-the-task"
        assert seen.last.environment == {**before, "AZURE_TENANT_ID": "of-the-task", "NUMBER": "1"}
        assert dict(os.environ) == before

    def test_a_home_of_the_tasks_own(self, run: Run, seen: Seen) -> None:
        run(environment=[{"HOME": "/somewhere"}], args={**TOKEN, "certificate_path": "~/client.pem"})
        assert seen.last.params["certificate_path"] == "/somewhere/client.pem"

    def test_the_folder_of_the_playbook(self, run: Run, seen: Seen, tmp_path: Path) -> None:
        here = os.getcwd()
        run()
        assert seen.last.folder == str(tmp_path) != here
        assert os.getcwd() == here

    def test_all_is_as_before_when_it_is_interrupted(self, run: Run, seen: Seen, idle: dict[str, Graph]) -> None:
        class TimeIsUp(BaseException):
            pass

        def interrupted() -> Result:
            raise TimeIsUp

        before = (dict(os.environ), os.getcwd(), logging.root.manager.disable)
        seen.does = interrupted
        with pytest.raises(TimeIsUp):
            run(environment=[{"NUMBER": 1}])
        assert (dict(os.environ), os.getcwd(), logging.root.manager.disable) == before
        assert idle == {}

    def test_libraries_are_not_heard(
        self, run: Run, seen: Seen, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
    ) -> None:
        def talkative() -> Result:
            logging.getLogger("urllib3.connectionpool").warning("Retrying")
            warnings.warn("Unverified HTTPS request is being made", stacklevel=1)
            return {"changed": False}

        seen.does = talkative
        assert run() == {"changed": False, "invocation": run()["invocation"]}
        assert caplog.records == []
        assert recwarn.list == []

    @pytest.mark.parametrize("check_mode", [True, False])
    def test_check_mode(self, run: Run, seen: Seen, check_mode: bool) -> None:
        run(check_mode=check_mode)
        assert seen.last.check_mode is check_mode

    def test_options_are_plain(self, run: Run, seen: Seen) -> None:
        text = "{{ 1 + 1 }}"
        args = {**TOKEN, "value": wrap_var([text, {"day": "2022-10-01"}])}
        run(args=args)
        value = seen.last.params["value"]
        assert value == [text, {"day": "2022-10-01"}]
        assert value[0].__class__ is str
        assert args == {**TOKEN, "value": [text, {"day": "2022-10-01"}]}

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ([datetime.date(2022, 10, 1)], "value[0]: YAML read the date 2022-10-01 where text is needed"),
            (datetime.datetime(2022, 10, 1, 8), "value: YAML read the date 2022-10-01 08:00:00 where text"),
            ({"A": {False: 1}}, "value.A: a key is wrong: YAML read the Boolean false where text is needed"),
            ({83: 1}, "value: a key is wrong: YAML read the integer 83 where text is needed"),
        ],
        ids=str,
    )
    def test_what_json_would_change_is_refused_and_nothing_runs(
        self, run: Run, seen: Seen, value: Any, words: str
    ) -> None:
        result = run(args={**TOKEN, "value": value})
        assert result["failed"]
        assert result["msg"].startswith(words)
        assert seen.calls == []

    def test_a_date_as_a_secret_is_not_shown(self, run: Run, seen: Seen) -> None:
        result = run(args={"client_secret": datetime.date(2022, 10, 1)})
        assert result["msg"].startswith("client_secret: YAML read something else than text where text is needed")
        assert "2022" not in str(result)
        assert seen.calls == []

    def test_what_is_omitted_in_a_list_is_left_out(self, run: Run, seen: Seen) -> None:
        omitted = "__omit_place_holder__" + "0a" * 20
        run(args={**TOKEN, "value": ["a", omitted, {"b": omitted}]})
        assert seen.last.params["value"] == ["a", {}]


class TestResult:
    """The output of a task."""

    def test_secrets_are_masked(self, run: Run, seen: Seen) -> None:
        seen.does = lambda: {"changed": True, "value": SECRET, "warnings": [f"It is {SECRET}."]}
        result = run(args={"client_secret": SECRET, "client_id": "an-application", "tenant_id": "a-tenant"})
        assert result["changed"] is True
        assert result["value"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
        assert result["warnings"] == ["It is ********."]
        assert result["invocation"]["module_args"]["client_secret"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
        assert result["invocation"]["module_args"]["client_id"] == "an-application"

    def test_secrets_of_the_environment_are_masked(self, run: Run, seen: Seen) -> None:
        def refused() -> Result:
            raise InvalidValue("Engineering.Project", f"{SECRET} is none")

        seen.does = refused
        result = run(args={}, environment=[{"ENTRA_ACCESS_TOKEN": SECRET}])
        assert result["failed"] is True
        assert result["msg"] == "value of Engineering.Project: ******** is none."
        assert result["error"]["type"] == "InvalidValue"

    @pytest.mark.parametrize("diff", [True, False])
    def test_a_diff_where_it_is_asked_for(self, run: Run, seen: Seen, diff: bool) -> None:
        seen.does = lambda: {"changed": True, "diff": {"before": "", "after": "x"}}
        assert ("diff" in run(diff=diff)) is diff

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (
                {"valeu": 1},
                "Unsupported parameters for (entra.attributes.something) module: valeu. Supported parameters",
            ),
            ({"state": "gone"}, "value of state must be one of: present, got: gone"),
            ({"graph_url": "http://localhost"}, "graph_url: 'http://localhost' must be an https URL"),
        ],
    )
    def test_wrong_options(self, run: Run, seen: Seen, args: Result, message: str) -> None:
        result = run(args={**TOKEN, **args})
        assert result["failed"] is True
        assert result["msg"].startswith(message)
        assert seen.calls == []

    def test_an_option_given_twice(self, run: Run) -> None:
        result = run(args={**TOKEN, "tenant": "a", "tenant_id": "a"})
        assert result["warnings"] == ["Both option tenant_id and its alias tenant are set."]


class TestSessions:
    """Tasks that share a Graph."""

    def test_the_next_task_has_the_same(self, run: Run, seen: Seen) -> None:
        run()
        run(args={**TOKEN, "value": "another"}, check_mode=True)
        first, second = seen.calls
        assert first.graph is second.graph

    @pytest.mark.parametrize(
        "other",
        [
            {"args": {"access_token": "another-token"}},
            {"args": {**TOKEN, "graph_url": "https://localhost"}},
            {"args": {**TOKEN, "timeout": 61}},
            {"environment": [{"HTTPS_PROXY": "http://localhost:1"}]},
        ],
        ids=["token", "url", "timeout", "environment"],
    )
    def test_other_options_have_another(self, run: Run, seen: Seen, other: Result) -> None:
        for options in ({}, other, {}):
            run(**options)
        first, second, third = seen.calls
        assert first.graph is not second.graph
        assert first.graph is third.graph

    def test_another_process_has_another(self, run: Run, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
        run()
        monkeypatch.setattr(os, "getpid", lambda: -1)
        run()
        first, second = seen.calls
        assert first.graph is not second.graph

    def test_what_failed_is_closed(self, run: Run, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
        closed: list[Graph] = []
        monkeypatch.setattr(Graph, "__exit__", lambda graph, *_failure: closed.append(graph))

        def refused() -> Result:
            raise InvalidValue("Engineering.Project", "is none")

        seen.does = refused
        run()
        run()
        first, second = seen.calls
        assert first.graph is not second.graph
        assert closed == [first.graph, second.graph]

    def test_few_are_kept_and_the_oldest_is_closed(
        self, run: Run, seen: Seen, idle: dict[str, Graph], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        closed: list[Graph] = []
        monkeypatch.setattr(Graph, "__exit__", lambda graph, *_failure: closed.append(graph))
        for number in range(_controller.IDLE_GRAPHS + 1):
            run(args={"access_token": f"the-token-number-{number}"})
        assert closed == [seen.calls[0].graph]
        assert list(idle.values()) == [call.graph for call in seen.calls[1:]]

    def test_no_secret_is_a_key(self, run: Run, idle: dict[str, Graph]) -> None:
        run()
        assert [SECRET in key for key in idle] == [False]


class TestVault:
    """Files and values that ansible-vault encrypted, where the task runs inside Ansible."""

    def test_a_file_and_a_value_are_decrypted_with_the_secret_alone(self, tmp_path: Path) -> None:
        loader = DataLoader()
        secrets = [("default", VaultSecret(b"right"))]
        loader.set_vault_secrets(secrets)
        text = VaultLib(secrets).encrypt("- user: a@contoso.com\n  attributes: {A: {B: '00123'}}\n").decode()
        value = VaultLib(secrets).encrypt("00123").decode().replace("\n", "\n          ")
        inline = f"- user: a@contoso.com\n  attributes:\n    A:\n      B: !vault |\n          {value}\n"
        for content in (text, inline):
            path = tmp_path / "a.yml"
            path.write_text(content)
            (found,) = declarations(None, str(path), decryption(loader)).found
            assert found.desired == {("A", "B"): Exactly("00123")}
            for others in ([], [("default", VaultSecret(b"wrong"))]):
                loader.set_vault_secrets(others)
                with pytest.raises(InvalidDeclaration, match=r"a\.yml:\d: .*is encrypted with ansible-vault: "):
                    declarations(None, str(path), decryption(loader))
            loader.set_vault_secrets(secrets)

    @pytest.mark.parametrize("action", [Bulk, Report])
    def test_the_actions_that_read_declarations_hand_in_the_secret(self, action: type[_action.LocalAction]) -> None:
        run = action(*[SimpleNamespace()] * 3, SimpleNamespace(_vault=VaultLib([])), *[None] * 2).operation().run
        with pytest.raises(Undecryptable, match="no vault secrets"):
            run.keywords["decrypt"]("$ANSIBLE_VAULT;1.1;AES256\n6162")
