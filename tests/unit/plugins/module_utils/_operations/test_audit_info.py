# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit log as the module reads it from the local Graph: requests, results, and pace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote

import pytest
from _emulator import Emulator
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._errors import GraphError, OptionError
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._operations import audit_info as _audit
from ansible_collections.entra.attributes.plugins.module_utils._tenant import audit_log as _audit_log

from ...conftest import ADELE, PAYROLL

SET_TYPE = "#Microsoft.DirectoryServices.CustomSecurityAttributeValue"
NOW = datetime(2026, 11, 22, 8, tzinfo=timezone.utc)
LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)


def audits(graph: _graph.Graph, **options: Any) -> list[dict[str, Any]]:
    """Return the result of a run, with its options validated as a module does."""
    validated = ArgumentSpecValidator(_audit.AUDIT_INFO_SPEC).validate(options)
    assert not validated.error_messages
    result = _audit.run_audit_info(validated.validated_parameters, graph, False)
    assert result["changed"] is False
    found: list[dict[str, Any]] = result["audits"]
    return found


def assign(graph: _graph.Graph, members: dict[str, Any], path: str = f"/users/{ADELE}") -> None:
    body = {"customSecurityAttributes": {"Engineering": {"@odata.type": SET_TYPE, **members}}}
    graph.patch(path, body, need=_audit_log.READ_AUDITS)


def assign_many(graph: _graph.Graph, count: int) -> None:
    for number in range(count):
        assign(graph, {"ProjectDate": str(number)})


def asked(emulator: Emulator) -> list[str]:
    """Return the requests to the log in readable form."""
    return [unquote(f"{one['path']}?{one['raw_query']}") for one in emulator.requests() if "/auditLogs/" in one["path"]]


def test_an_entry_holds_values_and_names(graph: _graph.Graph) -> None:
    several = {"CostCenter@odata.type": "#Collection(Int32)", "CostCenter": [1001, 1003]}
    assign(graph, {"ProjectDate": "a: [b]", "Certification": False, **several})
    assign(graph, {"ProjectDate": None})
    second, first = audits(graph)
    assert first["activity"] == "Update attribute values assigned to a user"
    assert first["result"] == "success"
    assert first["actor"].items() >= {"type": "service_principal", "display_name": "default"}.items()
    assert first["actor"]["app_id"].startswith("22222222-")
    (target,) = first["targets"]
    assert {name: target[name] for name in ("id", "type", "display_name", "user_principal_name")} == {
        "id": ADELE,
        "type": "user",
        "display_name": "Adele Vance",
        "user_principal_name": "adele@contoso.com",
    }
    assert target["changes"] == [
        {"property": "Engineering_ProjectDate", "before": [], "after": ["a: [b]"]},
        {"property": "Engineering_Certification", "before": [], "after": [False]},
        {"property": "Engineering_CostCenter", "before": [], "after": [1001, 1003]},
    ]
    assert second["targets"][0]["changes"] == [
        {"property": "Engineering_ProjectDate", "before": ["a: [b]"], "after": []}
    ]
    assert second["time"] > first["time"], "the newest first"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (None, []),
        ("", []),
        ("null", []),
        ("[25]", [25]),
        ('"Member"', ["Member"]),
        ("plain", ["plain"]),
        ("[]", []),
        (["x"], ["x"]),
    ],
)
def test_values_of_any_shape_become_lists(text: Any, values: list[Any]) -> None:
    assert _audit_log._values(text) == values


@pytest.mark.parametrize("missing", ["initiatedBy", "targetResources", "result", "correlationId"])
def test_an_entry_may_lack_what_is_not_essential(missing: str) -> None:
    item = {
        "id": "x",
        "activityDateTime": "2026-11-22T08:00:00Z",
        "activityDisplayName": "Add an attribute set",
        "result": "success",
        "correlationId": "y",
        "initiatedBy": {"user": {"id": "z"}, "app": None},
        "targetResources": [{"id": None, "modifiedProperties": None}],
    }
    entry = _audit_log._entry({**item, missing: None})
    assert entry["id"] == "x"
    assert entry.keys() == _audit_log._entry(item).keys()


def test_beta_is_asked_whatever_version_is_chosen(connect: Callable[..., _graph.Graph], emulator: Emulator) -> None:
    for version in ("v1.0", "beta"):
        audits(connect(api_version=version))
    assert [request.startswith("/beta/auditLogs/") for request in asked(emulator)] == [True, True]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 3),
        ({"activity": "Update attribute values"}, 2),
        ({"activity": "Add an attribute set"}, 1),
        ({"target": ADELE}, 1),
        ({"target": "ADELE@contoso.com"}, 1),
        ({"target": "Sales"}, 1),
        ({"target": "payroll-api"}, 1),
        ({"target": "user"}, 0),
        ({"actor": "default"}, 3),
        ({"actor": "22222222-2222-4222-8222-222222222201"}, 3),
        ({"actor": "adele@contoso.com"}, 0),
        ({"actor": "nobody"}, 0),
        ({"limit": 2}, 2),
        ({"limit": 1, "target": "Sales"}, 1),
        ({"until": "1h"}, 0),
        ({"since": "2026-01-01T00:00:00Z", "until": "2099-01-01"}, 3),
    ],
)
def test_options_select(graph: _graph.Graph, options: dict[str, Any], expected: int) -> None:
    graph.post("/directory/attributeSets", {"id": "Sales"}, need=_audit_log.READ_AUDITS)
    assign(graph, {"ProjectDate": "x"}, f"/servicePrincipals/{PAYROLL}")
    assign(graph, {"ProjectDate": "x"})
    assert len(audits(graph, **options)) == expected


def test_graph_is_asked_for_what_it_can_filter_by(graph: _graph.Graph, emulator: Emulator) -> None:
    audits(graph, since="2026-11-01", until="2026-11-02", activity="Add", actor="o'brien@contoso.com", target=ADELE)
    audits(graph, since="2026-11-01", actor="pipeline", target="adele@contoso.com", limit=5)
    audits(graph, since="2026-11-01", limit=5)
    filtered, unfiltered, limited = asked(emulator)
    assert (
        "$filter=activityDateTime ge 2026-11-01T00:00:00.000000Z and activityDateTime le 2026-11-02T00:00:00.000000Z"
        " and startswith(activityDisplayName,'Add')"
        " and initiatedBy/user/userPrincipalName eq 'o''brien@contoso.com'"
        f" and targetResources/any(t: t/id eq '{ADELE}')"
    ) in filtered
    assert "$filter=activityDateTime ge 2026-11-01T00:00:00.000000Z&$orderby=activityDateTime desc" in unfiltered
    assert unfiltered.endswith("$top=100"), "what is left out here must not count"
    assert limited.endswith("$top=5")


def test_pages_are_read_within_the_quota(graph: _graph.Graph, emulator: Emulator) -> None:
    assign_many(graph, 24)
    clock, waits = [0.0], []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    log = _audit_log.AuditLog(graph, clock=lambda: clock[0], sleep=sleep, page_size=2)
    assert len(list(log.entries(since=LONG_AGO))) == 24
    assert len(asked(emulator)) == 12
    assert [seconds for seconds in waits if seconds] == [10.0, 10.0], "5 requests in 10 seconds (graph-facts 8)"


def test_a_refusal_names_permission_and_role(connect: Callable[..., _graph.Graph], emulator: Emulator) -> None:
    token = emulator.token(permissions=["User.Read.All"])
    with pytest.raises(GraphError) as refusal:
        audits(connect(auth_source="access_token", access_token=token))
    assert refusal.value.status == 403
    assert "CustomSecAttributeAuditLogs.Read.All" in str(refusal.value)
    assert "Attribute Log Reader" in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24h", NOW - timedelta(hours=24)),
        ("90s", NOW - timedelta(seconds=90)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=timezone.utc)),
        ("2026-11-01T10:00:00Z", datetime(2026, 11, 1, 10, tzinfo=timezone.utc)),
        ("2026-11-01T10:00:00.1234567Z", datetime(2026, 11, 1, 10, 0, 0, 123456, tzinfo=timezone.utc)),
        ("2026-11-01T10:00:00.5Z", datetime(2026, 11, 1, 10, 0, 0, 500000, tzinfo=timezone.utc)),
        ("2026-11-01T10:00:00.250000+02:00", datetime(2026, 11, 1, 8, 0, 0, 250000, tzinfo=timezone.utc)),
    ],
)
def test_a_moment(text: str, expected: datetime) -> None:
    assert _audit.moment("since", text, NOW) == expected


@pytest.mark.parametrize(
    "options",
    [
        {"since": "yesterday"},
        {"since": "0001-01-01T00:00:00+05:00"},
        {"since": "0999-01-01"},
        {"since": "90000w"},
        {"until": "9999-12-31T23:00:00-05:00"},
        {"since": "24"},
        {"since": "9999999999w"},
        {"since": "99999999999999999999w"},
        {"until": "2026-13-01"},
        {"since": "1h", "until": "2h"},
        {"limit": 0},
    ],
)
def test_wrong_options_are_told_before_anything_is_sent(
    graph: _graph.Graph, emulator: Emulator, options: dict[str, Any]
) -> None:
    with pytest.raises(OptionError):
        audits(graph, **options)
    assert emulator.requests(None) == []
