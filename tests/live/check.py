# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live check: play one scenario through the modules, ask each question, and write the table of the answers.

Everything goes through the collection's own client and operations. After each step the program puts back the values of
the test principals, also after an error, Ctrl-C or SIGTERM. The table names nothing of the tenant.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from questions import CREATE, DEFINITIONS, QUESTIONS, SCHEMA, SETS, VALUES, Question

from ansible_collections.entra.attributes.plugins.module_utils._core.model import (
    SERVICE_PRINCIPAL,
    USER,
    AttributeName,
    Principal,
    PrincipalKind,
    PrincipalReference,
    nested,
)
from ansible_collections.entra.attributes.plugins.module_utils._errors import (
    AttributesHidden,
    EntraError,
    GraphError,
    NotFound,
    PermissionDenied,
)
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._operation import Operation, connect, connection_spec
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignment import ASSIGNMENT
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignment_info import INFO
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BULK
from ansible_collections.entra.attributes.plugins.module_utils._operations.attribute_set import SET
from ansible_collections.entra.attributes.plugins.module_utils._operations.definition import (
    DEFINITION,
    DEFINITION_INFO_CONSTRAINTS,
    DEFINITION_INFO_SPEC,
    run_definition_info,
)
from ansible_collections.entra.attributes.plugins.module_utils._tenant.permissions import (
    READ_ASSIGNMENTS,
    WRITE_ASSIGNMENTS,
    WRITE_DEFINITIONS,
)
from ansible_collections.entra.attributes.plugins.module_utils._tenant.principals import Directory
from ansible_collections.entra.attributes.plugins.module_utils._tenant.visibility import Visibility

KIT: dict[str, dict[str, Any]] = {
    "Text": {"type": "string"},
    "Texts": {"type": "string", "multi_valued": True},
    "Number": {"type": "integer"},
    "Numbers": {"type": "integer", "multi_valued": True},
    "Flag": {"type": "boolean"},
    "Hidden": {"type": "string", "searchable": False},
    "Cased": {"type": "string"},
    "Choice": {
        "type": "string",
        "predefined_values_only": True,
        "predefined_values": ["Red"],
        "inactive_predefined_values": ["Old"],
    },
    "Choices": {
        "type": "string",
        "multi_valued": True,
        "predefined_values_only": True,
        "predefined_values": ["Red"],
        "inactive_predefined_values": ["Green"],
    },
    "Retired": {"type": "string", "state": "deprecated"},
}
"""The definitions that the check needs in its attribute set, as options of custom_security_attribute_definition."""

KEPT_EMPTY = {"Choice", "Choices", "Retired"}
"""Attributes whose values cannot always be put back, so that the test principals have none."""
DEFINITION_INFO = Operation(run_definition_info, DEFINITION_INFO_SPEC, DEFINITION_INFO_CONSTRAINTS)
WIRE = {"string": "String", "integer": "Int32", "boolean": "Boolean"}
NO_PERMISSION = "not seen: permission"
UNKNOWN_LAG = 5.0
"""Seconds to wait for reads to catch up with writes, before the check has measured it."""
LONGEST_LAG = 60.0
_GUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_ADDRESS = re.compile(
    r"[^\s\"'<>()|@]+@(?!odata\.)[\w-]+(?:\.[\w-]+)+|[\w-]+(?:\.[\w-]+)*\.onmicrosoft\.\w+", re.IGNORECASE
)


class Abort(Exception):
    """The check cannot begin, or it could not put back a value."""


class Live:
    """The tenant under test: the test principals, the attribute set, and what has to be put back."""

    set_type = "#microsoft.graph.customSecurityAttributeValue"

    def __init__(
        self, graph: Graph, attribute_set: str, users: Sequence[str], service_principals: Sequence[str]
    ) -> None:
        self.graph = graph
        self.set = attribute_set
        self.lag: float | None = None
        self.directory, self.visibility = Directory(graph), Visibility(graph)
        self.users = [self.directory.find(PrincipalReference(USER, name)) for name in users]
        self.service_principals = [
            self.directory.find(PrincipalReference(SERVICE_PRINCIPAL, name)) for name in service_principals
        ]
        self._touched: dict[str, set[str]] = {}
        self._undo = contextlib.ExitStack()
        attribute = AttributeName(attribute_set, "Text")
        self.readable = self._sees(USER, attribute) and self._sees(SERVICE_PRINCIPAL, attribute)
        self.sees_all = self._sees(USER, None)
        for principal in self.principals:
            kept = {str(attribute) for attribute in principal.assignments}
            if kept := kept - {f"{attribute_set}.{name}" for name in KIT.keys() - KEPT_EMPTY}:
                raise Abort(f"{principal} has values of {', '.join(sorted(kept))}; remove them or take another.")

    def _sees(self, kind: PrincipalKind, attribute: AttributeName | None) -> bool:
        try:
            return self.visibility.check(kind, attribute)
        except AttributesHidden:
            return False

    @property
    def principals(self) -> list[Principal]:
        return [*self.users, *self.service_principals]

    # Values of the first test user

    def attributes(self) -> dict[str, Any] | None:
        """Return what Graph shows of the attributes of the first test user."""
        user = self.users[0]
        query = {"$select": "customSecurityAttributes"}
        shown = self.graph.get(f"/users/{user.id}", need=READ_ASSIGNMENTS[USER], query=query)
        attributes: dict[str, Any] | None = shown.get("customSecurityAttributes")
        return attributes

    def value(self, name: str) -> Any:
        return ((self.attributes() or {}).get(self.set) or {}).get(name)

    def assign(self, values: Mapping[str, Any], principal: Principal | None = None) -> None:
        """Assign values, null for none, in the form that Microsoft documents. Raises GraphError."""
        members: dict[str, Any] = {"@odata.type": self.set_type}
        for name, value in values.items():
            collection, wire = KIT[name].get("multi_valued"), WIRE[KIT[name]["type"]]
            members[name] = [] if value is None and collection else value
            if collection or (wire == "Int32" and value is not None):
                members[f"{name}@odata.type"] = f"#Collection({wire})" if collection else f"#{wire}"
        self._patch({self.set: members}, principal or self.users[0])

    def clear(self, principal: Principal | None = None) -> None:
        """Remove all values that the check can put back."""
        self.assign(dict.fromkeys(KIT.keys() - KEPT_EMPTY), principal)

    def tried(self, body: Any, show: str = "") -> str:
        """Send a body as the attributes of the first test user; return the answer, and what one attribute is then."""
        answer = self._answer(lambda: self._patch(body, self.users[0]), denied=True)
        if answer != "accepted" or not show:
            return answer
        self.settle()
        return f"accepted, shown as {json.dumps(self.value(show), ensure_ascii=False)}"

    def _patch(self, body: Any, principal: Principal) -> None:
        names = [*KIT] if body is None else [name for members in body.values() for name in members or KIT]
        known = {name.lower(): name for name in KIT if name != "Retired"}
        before = self._touched.get(principal.id, set())
        self._touched[principal.id] = before | {known[name.lower()] for name in names if name.lower() in known}
        path = principal.path
        try:
            self.graph.patch(path, {"customSecurityAttributes": body}, need=WRITE_ASSIGNMENTS[principal.kind])
        except GraphError as error:
            if error.status < 500 and not error.in_doubt:
                self._touched[principal.id] = before  # refused, so nothing was written
            raise

    # Time

    def seconds_until(self, shown: Callable[[], bool]) -> float:
        """Return the seconds until something is shown, at most a minute."""
        began = time.monotonic()
        if shown():
            return 0.0
        while time.monotonic() - began < LONGEST_LAG:
            time.sleep(0.5)
            if shown():
                break
        return max(1.0, time.monotonic() - began)

    def measure(self) -> float:
        """Return for how many seconds a GET is stale after a PATCH; the check waits as long before it reads."""
        for text in ("one", "two"):
            self.assign({"Text": text})
            self.lag = max(self.lag or 0.0, self.seconds_until(lambda wanted=text: bool(self.value("Text") == wanted)))
        return self.lag or 0.0

    def settle(self) -> None:
        """Wait until reads show what was written."""
        time.sleep(UNKNOWN_LAG if self.lag is None else self.lag)

    # Requests of other kinds

    def listed(self, path: str, query: Mapping[str, str], *, advanced: bool = False) -> str:
        return self._answer(lambda: self.graph.get(path, need=READ_ASSIGNMENTS[USER], query=query, advanced=advanced))

    def count(self, condition: str) -> int:
        return self.graph.count("/users", condition, need=READ_ASSIGNMENTS[USER])

    def created(self, path: str, body: Mapping[str, Any]) -> str:
        return self._answer(lambda: self.graph.post(path, body, need=WRITE_DEFINITIONS))

    def created_once(self, path: str, identifier: str, body: Mapping[str, Any]) -> str:
        """Create what cannot be deleted, unless an earlier check did."""
        items = self.graph.pages(path, need=WRITE_DEFINITIONS)
        return "accepted" if any(item.get("id") == identifier for item in items) else self.created(path, body)

    def value_created_once(self, name: str, value: str) -> str:
        path = f"{DEFINITIONS}/{self.set}_{name}/allowedValues"
        return self.created_once(path, value, {"id": value, "isActive": True})

    def new_definition(self, name: str) -> dict[str, Any]:
        return {
            "attributeSet": self.set,
            "name": name,
            "type": "String",
            "status": "Available",
            "isCollection": False,
            "isSearchable": True,
            "usePreDefinedValuesOnly": False,
        }

    def changed(self, path: str, body: Mapping[str, Any]) -> str:
        return self._answer(lambda: self.graph.patch(path, body, need=WRITE_DEFINITIONS))

    def sent(self, method: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> str:
        """Send a request with headers that the client has no word for."""
        graph = self.graph.in_version("v1.0")
        usual = graph._headers
        graph._headers = lambda advanced: {**usual(advanced), **headers}  # type: ignore[method-assign]
        return self._answer(lambda: graph._json(method, graph._url(path), WRITE_DEFINITIONS, body=body))

    def batched(self, method: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> str:
        part = {"id": "1", "method": method, "url": path, "body": body}
        part["headers"] = {"Content-Type": "application/json", **(headers or {})}
        answer = self.graph.batch([part], need=WRITE_DEFINITIONS).get("1")
        if answer is None:
            return "no answer"
        if 200 <= answer.status < 300:
            return "accepted"
        error = answer.body.get("error", {}) if isinstance(answer.body, dict) else {}
        return f"{answer.status} {error.get('code', '')} {error.get('message', '')}".strip()

    def rules(self, path: str, *, whole: bool) -> str:
        """Return the form in which policies show rules, without anything of their content."""
        forms, policies = set(), 0
        for item in self.graph.pages(path, need=READ_ASSIGNMENTS[USER]):
            policies += 1
            policy = item if whole else self.graph.get(f"{path}/{item['id']}", need=READ_ASSIGNMENTS[USER])
            forms |= {"shown" if rule else "null" if rule is None else "empty" for rule in _rules(policy)}
        if not policies:
            return "not seen: there are no policies"
        return " or ".join(sorted(forms)) or "absent"

    def _answer(self, call: Callable[[], object], *, denied: bool = False) -> str:
        """Return Graph's answer as text. A denial is one of a write of values; elsewhere it is raised."""
        try:
            call()
        except GraphError as error:
            if isinstance(error, PermissionDenied) and not denied:
                raise
            return f"{error.status} {error.code} {error.said}".strip()
        return "accepted"

    # Changes of other kinds that are put back

    def remove_at_end(self, name: str) -> None:
        """At the end of the step, remove a value of the first test user, if Graph shows one then."""

        def remove() -> None:
            self.settle()
            if self.value(name) is not None:
                self.assign({name: None})

        self._undo.callback(remove)

    def set_status(self, name: str, status: str) -> None:
        if status == "Available":
            self._undo.callback(self._change, f"/{self.set}_{name}", {"status": "Deprecated"})
            self._undo.callback(self.assign, {name: None})
            self._undo.callback(self._change, f"/{self.set}_{name}", {"status": "Available"})
        self._change(f"/{self.set}_{name}", {"status": status})

    def set_value(self, name: str, value: str, *, active: bool) -> None:
        path = f"/{self.set}_{name}/allowedValues/{value}"
        if active:
            self._undo.callback(self._change, path, {"isActive": False})
        self._change(path, {"isActive": active})

    def maximum(self, number: int) -> str:
        path = f"{SETS}/{self.set}"
        before = self.graph.get(path, need=WRITE_DEFINITIONS).get("maxAttributesPerSet")
        body = {"maxAttributesPerSet": before}
        self._undo.callback(self.graph.patch, path, body, need=WRITE_DEFINITIONS)
        return self.changed(path, {"maxAttributesPerSet": number})

    def _change(self, path: str, body: Mapping[str, Any]) -> None:
        self.graph.patch(f"{DEFINITIONS}{path}", body, need=WRITE_DEFINITIONS)
        self.settle()

    # The end of each step

    def put_back(self) -> None:
        """Put back each value that was written, then what else changed. Raises Abort where Graph does not show that."""
        problems = []
        for principal in self.principals:
            if names := self._touched.get(principal.id):
                before = nested(principal.assignments).get(self.set, {})
                try:
                    self.assign({name: before.get(name) for name in sorted(names)}, principal)
                    self.seconds_until(lambda who=principal: self._is_back(who))
                    if not self._is_back(principal):
                        problems.append(f"{principal}: Graph does not show the values from before: {before}")
                except EntraError as error:
                    problems.append(f"{principal}: had {before}: {error}")
                else:
                    del self._touched[principal.id]
        try:
            self._undo.close()
        except EntraError as error:
            problems.append(f"the definitions of the attribute set: {error}")
        if problems:
            raise Abort("Not put back: " + "; ".join(problems))

    def _is_back(self, principal: Principal) -> bool:
        shown = self.directory.find(PrincipalReference(principal.kind, principal.id))
        now, before = (nested(held.assignments).get(self.set) for held in (shown, principal))
        return _in_order(now) == _in_order(before)

    def tasks(self) -> Iterator[tuple[str, Operation, dict[str, Any], Callable[[Mapping[str, Any]], bool]]]:
        """Yield the tasks of the scenario: title, module, options, and whether its result is as documented."""
        user, other = (principal.id for principal in self.users)
        text = {"attribute_set": self.set, "name": "Text", "user": user}
        texts = {"attribute_set": self.set, "name": "Texts", "user": user}
        all_of_it = {"Text": "bulk", "Texts": ["b", "c"], "Number": 8, "Numbers": [1, 2], "Flag": False}
        declared = [{"user": who, "attributes": {self.set: all_of_it}} for who in (user, other)]
        declared += [
            {"service_principal": who.id, "attributes": {self.set: all_of_it}} for who in self.service_principals
        ]
        where = [{"attribute_set": self.set, "name": "Text", "value": "bulk"}]

        def changed(result: Mapping[str, Any]) -> bool:
            return bool(result["changed"])

        def same(result: Mapping[str, Any]) -> bool:
            return not result["changed"]

        def found(result: Mapping[str, Any]) -> bool:
            return {user, other} <= {item["id"] for item in result["principals"]}

        yield "assign a text", ASSIGNMENT, {**text, "value": "task", "verify": True}, changed
        yield "assign it again", ASSIGNMENT, {**text, "value": "task"}, same
        yield "append to a collection", ASSIGNMENT, {**texts, "value": ["a"], "append": True, "verify": True}, changed
        yield "assign all types to all test principals", BULK, {"assignments": declared, "verify": True}, changed
        yield "assign them again", BULK, {"assignments": declared}, same
        yield "find the users by an attribute", INFO, {"principal_type": "user", "where": where}, found
        yield "remove the text", ASSIGNMENT, {**text, "state": "absent", "verify": True}, changed

    def scenario(self) -> Iterator[tuple[str, str]]:
        """Play the scenario through the modules' operations; yield each task and its outcome."""
        for principal in self.principals:
            self.clear(principal)
        self.measure()
        self.assign({"Text": None})
        self.settle()
        for title, entry, options, as_documented in self.tasks():
            result = run(entry, options)
            if entry is INFO:  # the index of filters may be stale for a while
                self.seconds_until(lambda: as_documented(run(INFO, options)))  # noqa: B023 - called at once
                result = run(INFO, options)
            if result.get("failed"):
                yield title, f"failed: {result['msg']}"
            else:
                yield title, "as documented" if as_documented(result) else "not as documented"


def _in_order(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return values that can be compared, since Graph may show collections in any order; Retired is put back later."""
    kept = {name: value for name, value in (values or {}).items() if name != "Retired"}
    return {name: sorted(value) if isinstance(value, list) else value for name, value in kept.items()}


def _rules(value: Any) -> Iterator[Any]:
    """Yield the `rule` of each filter in a policy that can name attributes, which filters of devices cannot."""
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _rules(item)
    if isinstance(value, dict) and "rule" in value and "device." not in str(value["rule"]):
        yield value["rule"]


def run(entry: Operation, options: Mapping[str, Any], *, check_mode: bool = False) -> dict[str, Any]:
    """Run the operation of a module with the environment's credential."""
    validated = ArgumentSpecValidator(entry.argument_spec(os.environ), **entry.constraints).validate(dict(options))
    if validated.error_messages:
        raise Abort(" ".join(validated.error_messages))
    return entry.result(validated.validated_parameters, os.environ, check_mode=check_mode, diff=False)


def prepare(attribute_set: str, *, define: bool) -> bool:
    """Make the attribute set and its definitions with `define`, else look at them. Return whether they can be read.

    Raises Abort for what is missing.
    """
    known = run(DEFINITION_INFO, {"attribute_set": attribute_set})
    if known.get("failed"):
        if known["error"]["type"] == PermissionDenied.__name__:
            return False
        raise Abort(known["msg"])
    there = {item["name"]: item for item in known.get("definitions", [])}
    wanted = [(SET, {"name": attribute_set})] if not there else []
    for name, options in KIT.items():
        body = {"attribute_set": attribute_set, "name": name, **options}
        if name not in there and options.get("state"):
            wanted.append((DEFINITION, {**body, "state": "present"}))
        if name not in there or any(there[name][option] != value for option, value in _compared(options, there[name])):
            wanted.append((DEFINITION, body))
    if wanted and not define:
        names = ", ".join(dict.fromkeys(options["name"] for _entry, options in wanted))
        raise Abort(
            f"Missing in the tenant or different from what the check needs: {names}. Run it with --define once."
        )
    for entry, options in wanted:
        result = run(entry, options)
        if result.get("failed"):
            raise Abort(result["msg"])
    return True


def _compared(options: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the options that a definition must have as they are. Other predefined values do no harm."""
    for option, value in {"state": "present", **options}.items():
        yield option, known[option] if isinstance(value, list) and set(value) <= set(known[option]) else value


def masked(text: str, names: Mapping[str, str]) -> str:
    """Return a text for a cell of the table: without names and ids of the tenant, in one line."""
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = re.sub(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", names[name], text, flags=re.IGNORECASE)
    text = _ADDRESS.sub("NAME", _GUID.sub("ID", text))
    return " ".join(text.replace("|", "\\|").split())[:400]


def names_of(live: Live) -> dict[str, str]:
    """Return what must not be in the table, and the word in place of each."""
    names = {live.set: "SET"}
    for kind, principals in (("USER", live.users), ("SERVICE_PRINCIPAL", live.service_principals)):
        for principal in principals:
            names |= dict.fromkeys((principal.id, principal.display_name, principal.key), kind)
            names |= {principal.key.partition("@")[2]: "DOMAIN"}
    return names | {
        str(live.graph.claims().get(claim, "")): "ID" for claim in ("tid", "oid", "appid", "app_displayname")
    }


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let neither Ctrl-C nor SIGTERM in between."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def step(live: Live) -> Iterator[None]:
    """Put everything back at the end of a step, whatever happened in it."""
    try:
        yield
    finally:
        with uninterrupted():
            live.put_back()


def ask(live: Live, question: Question, *, define: bool, schema: bool) -> str:
    """Return the answer to a question, or why it was not seen."""
    needs = question.needs.split()
    if CREATE in needs and not define:
        return "not asked: it needs --define"
    if (VALUES in needs and not live.readable) or (SCHEMA in needs and not schema):
        return NO_PERMISSION
    try:
        with step(live):
            if VALUES in needs and live.lag is None:
                live.measure()
            return question.ask(live)
    except (PermissionDenied, NotFound):
        return NO_PERMISSION
    except EntraError as error:
        return f"failed: {error}"


def rows(
    live: Live, questions: Sequence[Question], *, define: bool, schema: bool
) -> Iterator[tuple[str, str, str, str]]:
    """Yield fact, title, expected and seen of each row."""
    if questions == QUESTIONS:
        try:
            with step(live):
                if not live.readable:
                    yield "modules", "the scenario", "as documented", NO_PERMISSION
                else:
                    for title, outcome in live.scenario():
                        yield "modules", title, "as documented", outcome
        except PermissionDenied:
            yield "modules", "the scenario", "as documented", NO_PERMISSION
        except EntraError as error:
            yield "modules", "the scenario", "as documented", f"failed: {error}"
    for question in questions:
        print(question.title, file=sys.stderr)
        yield question.fact, question.title, question.expected, ask(live, question, define=define, schema=schema)


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Ask a tenant what nobody knows of Graph, and write a table.")
    parser.add_argument("--set", required=True, help="the attribute set that is kept for this check")
    parser.add_argument("--users", required=True, nargs=2, help="two test users, by UPN or object ID")
    parser.add_argument("--service-principals", required=True, nargs=2, help="two test service principals, by an ID")
    parser.add_argument("--define", action="store_true", help="create definitions, which Entra never deletes")
    parser.add_argument("--only", default="", help="ask only the questions whose title contains this text")
    parser.add_argument("--to", type=Path, default=Path(".build/live-check.md"), help="the file for the table")
    return parser.parse_args(given)


def main(given: Sequence[str]) -> int:
    """Run the check; return the exit status."""
    options = arguments(given)
    questions = tuple(question for question in QUESTIONS if options.only in question.title)
    connection = ArgumentSpecValidator(connection_spec(os.environ)).validate({}).validated_parameters
    try:
        with connect(connection, os.environ) as graph:
            schema = prepare(options.set, define=options.define)
            live = Live(graph, options.set, options.users, options.service_principals)
            names = names_of(live)
            lines = ["| Fact | Question | Expected | Seen |", "|---|---|---|---|"]
            with step(live):
                for *row, seen in rows(live, questions, define=options.define, schema=schema):
                    lines.append(f"| {' | '.join([*row, masked(seen, names)])} |")
            options.to.parent.mkdir(parents=True, exist_ok=True)
            options.to.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except (Abort, EntraError) as error:
        print(f"The live check failed. {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. Every value was put back; there is no table.", file=sys.stderr)
        return 130
    print(f"The table is in {options.to}. Read it before you send it.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started it with SIGINT ignored
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
