# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options with anything in them: each task succeeds, or fails with an error that names the option."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from _emulator import Emulator
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.entra.attributes.plugins.module_utils._connection import connection_options, connection_spec
from ansible_collections.entra.attributes.plugins.module_utils._errors import OptionError
from ansible_collections.entra.attributes.plugins.module_utils._operation import Operation
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignment import ASSIGNMENT
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignment_info import INFO, INVENTORY
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BULK
from ansible_collections.entra.attributes.plugins.module_utils._operations.attribute_set import SET
from ansible_collections.entra.attributes.plugins.module_utils._operations.audit_info import AUDIT_INFO
from ansible_collections.entra.attributes.plugins.module_utils._operations.definition import DEFINITION
from ansible_collections.entra.attributes.plugins.module_utils._operations.history_info import HISTORY_INFO
from ansible_collections.entra.attributes.plugins.module_utils._operations.lookup import LOOKUP
from ansible_collections.entra.attributes.plugins.module_utils._operations.report import REPORT
from ansible_collections.entra.attributes.plugins.plugin_utils._controller import plain

PATIENCE = 10.0
"""Seconds for one task on a busy machine; a hang takes longer."""
MOST_SAID = 3000
"""Characters of a message, whatever an option holds."""
ATTRIBUTE = {"attribute_set": "Engineering", "name": "ProjectDate"}
ENTRIES: dict[str, tuple[Operation, dict[str, Any]]] = {
    "custom_security_attribute": (ASSIGNMENT, {"user": "adele@contoso.com", **ATTRIBUTE, "value": "today"}),
    "custom_security_attribute_info": (INFO, {"user": "adele@contoso.com"}),
    "custom_security_attribute_audit_info": (AUDIT_INFO, {}),
    "custom_security_attribute_history_info": (HISTORY_INFO, {"at": "1h", "user": "adele@contoso.com"}),
    "custom_security_attributes": (
        BULK,
        {"assignments": [{"user": "adele@contoso.com", "attributes": {"Engineering": {"ProjectDate": "today"}}}]},
    ),
    "custom_security_attribute_definition": (DEFINITION, ATTRIBUTE),
    "attribute_set": (SET, {"name": "Engineering"}),
    "lookup": (LOOKUP, {"principals": ["adele@contoso.com"]}),
    "inventory": (INVENTORY, {}),
    "report": (REPORT, {"dest": "report"}),
}
KNOWN = connection_spec({})
OWN = [
    (module, option)
    for module, (entry, _base) in ENTRIES.items()
    for option, spec in entry.spec.items()
    if spec.get("type", "str") not in ("path", "dict", "list", "raw") and not option.endswith(("_path", "dest", "src"))
]
"""The simple options of all modules; files have tests of their own."""

TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(categories=["Cc", "Cf", "Zs", "Zl", "Cs"]), min_size=1, max_size=5),
    st.sampled_from([
        "", " ", "\0", "\n", "a\0b", "\ud800", "\u200b", "../x", "%00", "{{ 7 * 7 }}", "*", "-1", "0", "1e999", "nan",
        "9" * 5000, "x" * 100_000, "https://[::1", "https://u:p@h", "http://h", "h:99999", "/dev/zero", "~nobody/x",
        "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-14:00", "999999999999999999w", "10%", "1000%", "' or 1 eq 1",
        "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "None", "[" * 5000, '{"a": ' * 5000,
    ]),
)  # fmt: skip
VALUES = st.one_of(
    TEXTS,
    st.integers(),
    st.sampled_from([10**9, 10**12, 10**400, -(10**5000), 2**31, 2**63]),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(TEXTS, max_size=2),
    st.dictionaries(st.text(max_size=5), TEXTS, max_size=2),
)


@pytest.mark.slow
@settings(max_examples=400, derandomize=True)
@example(option="graph_url", value="https://[::1")
@example(option="timeout", value=1000000000000)
@example(option="tenant_id", value="../x")
@example(option="ca_path", value="\0")
@example(option="access_token", value="t\u00f6ken")
@example(option="certificate_path", value="/a\0b")
@given(option=st.sampled_from(list(KNOWN)), value=VALUES)
def test_a_connection_option_is_taken_or_refused_by_name(option: str, value: Any) -> None:
    refused = None
    try:
        validated = ArgumentSpecValidator(connection_spec({})).validate(plain({option: value}))
        assert validated.error_messages == []
        options = connection_options(validated.validated_parameters, {})
    except OptionError as error:
        refused = error
    if refused is None:
        assert connection_options(options, {}) == options, "what was decided stays"
        return
    assert refused.option == option
    assert len(str(refused)) < MOST_SAID
    if KNOWN[option].get("no_log") and isinstance(value, str) and len(value) > 12:
        assert value[:12] not in str(refused)


@pytest.fixture
def run(emulator: Emulator) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """Runs a module in check mode as an identity that may read everything."""
    environment = {
        **{name: value for name, value in emulator.environment.items() if name != "AZURE_CLIENT_SECRET"},
        "ENTRA_ACCESS_TOKEN": emulator.token(
            permissions=[
                "CustomSecAttributeAssignment.ReadWrite.All",
                "CustomSecAttributeDefinition.ReadWrite.All",
                "CustomSecAttributeAuditLogs.Read.All",
                "User.Read.All",
                "Application.Read.All",
            ]
        ),
    }

    def ran(module: str, options: dict[str, Any]) -> dict[str, Any]:
        entry, base = ENTRIES[module]
        try:
            params = plain({**base, **options})
        except OptionError as error:
            return {"failed": True, **error.as_result()}
        validated = ArgumentSpecValidator(entry.argument_spec(environment), **entry.constraints).validate(params)
        if validated.error_messages:
            return {"failed": True, "msg": "; ".join(validated.error_messages)}
        return entry.result(validated.validated_parameters, environment, check_mode=True, diff=True)

    return ran


@pytest.mark.slow
@settings(
    max_examples=200,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(case=("custom_security_attributes", "max_changes"), value="9" * 5000)
@example(case=("custom_security_attribute", "user"), value=None)
@example(case=("custom_security_attribute", "user"), value="")
@example(case=("custom_security_attribute_audit_info", "limit"), value=10**400)
@example(case=("custom_security_attribute_audit_info", "since"), value="9" * 5000 + "w")
@given(case=st.sampled_from(OWN), value=VALUES)
def test_an_option_of_a_module_is_taken_or_refused_by_name(
    emulator: Emulator, run: Callable[[str, dict[str, Any]], dict[str, Any]], case: tuple[str, str], value: Any
) -> None:
    module, option = case
    emulator.clear()
    began = time.monotonic()
    result = run(module, {option: value})
    assert time.monotonic() - began < PATIENCE
    json.dumps(result)
    sent = emulator.requests()
    assert [one["method"] for one in sent if one["method"] not in ("GET", "POST")] == [], "check mode writes nothing"
    kind = result["error"]["type"] if "error" in result else "an error of Ansible's" if "failed" in result else ""
    if kind in ("OptionError", "an error of Ansible's"):
        assert option in result["msg"]
        assert sent == []
    if kind == "OptionError":
        assert len(result["msg"]) < MOST_SAID
