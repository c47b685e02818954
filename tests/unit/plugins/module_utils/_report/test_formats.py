# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The formats of a report for programs: each file is well-formed, holds the figures, and takes names as text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from _emulator import Emulator

from ansible_collections.entra.attributes.plugins.module_utils._core.model import USER
from ansible_collections.entra.attributes.plugins.module_utils._errors import OptionError
from ansible_collections.entra.attributes.plugins.module_utils._graph import client as _graph
from ansible_collections.entra.attributes.plugins.module_utils._tenant.permissions import WRITE_ASSIGNMENTS

from ...conftest import ADELE
from .conftest import report

ROOT = Path(__file__).resolve().parents[5]
SCHEMA = json.loads((ROOT / "roles/report/files/report.schema.json").read_text())
REQUIRED = [{"attribute_set": "Engineering", "name": "Project", "principal_type": "user"}]
PICTURE = b"\x89PNG\r\n\x1a\n"


@pytest.mark.usefixtures("assigned")
@pytest.mark.parametrize("masked", [[], ["Engineering", "Marketing"]])
def test_json_fits_its_schema(graph: _graph.Graph, tmp_path: Path, desired: Path, masked: list[str]) -> None:
    options = {"desired": str(desired), "required": REQUIRED, "masked_attribute_sets": masked, "formats": ["json"]}
    for _run in range(2):
        report(graph, tmp_path, compare_to=str(tmp_path / "report.json"), **options)
        document = json.loads((tmp_path / "report.json").read_text())
        jsonschema.validate(document, SCHEMA)
        path = tmp_path / "report.json"
        path.write_text(path.read_text().replace(document["made"], "2026-01-01T00:00:00Z"))
    assert document["since"]["made"] == "2026-01-01T00:00:00Z"
    assert document["tenant"]["display_name"] == "Contoso"
    assert document["identity"].startswith("default (")
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.usefixtures("assigned")
def test_sarif_has_the_findings_and_their_lines(graph: _graph.Graph, tmp_path: Path, desired: Path) -> None:
    result = report(graph, tmp_path / "made", desired=str(desired), required=REQUIRED, formats=["sarif"])
    (run,) = json.loads((tmp_path / "made" / "report.sarif").read_text())["runs"]
    assert [(found["ruleId"], found["level"]) for found in run["results"]] == [
        (found["kind"], {"high": "error", "medium": "warning", "low": "note"}[found["severity"]])
        for found in result["findings"]
    ]
    assert {found["ruleId"] for found in run["results"]} <= {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert all(found["locations"] for found in run["results"])


@pytest.mark.usefixtures("assigned")
def test_markdown_is_a_summary_in_which_names_are_text(graph: _graph.Graph, tmp_path: Path, desired: Path) -> None:
    result = report(
        graph, tmp_path / "made", desired=str(desired), title="<b>| `x`\n# y", required=REQUIRED, formats=["markdown"]
    )
    text = (tmp_path / "made" / "summary.md").read_text()
    assert r"\<b\>\| \`x\` \# y" in text.splitlines()[0]
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("| high")] == [
        5
    ] * len([finding for finding in result["findings"] if finding["severity"] == "high"])
    assert f"| Findings of high severity | {result['figures']['high']} |" in text


@pytest.mark.usefixtures("assigned")
def test_metrics_are_the_figures(graph: _graph.Graph, tmp_path: Path) -> None:
    path = tmp_path / "entra.prom"
    options: dict[str, Any] = {"formats": ["json"], "required": REQUIRED, "metrics_path": str(path)}
    result = report(graph, tmp_path / "made", **options)
    text = path.read_text()
    shown = {
        name: int(value)
        for name, value in re.findall(r'^entra_attributes_(\w+)\{tenant_id="[^"]+"\} (\d+)$', text, re.M)
    }
    assert shown.pop("report_timestamp_seconds") > 1e9
    assert shown == {name: value for name, value in result["figures"].items() if value is not None}
    assert text.endswith("# EOF\n")
    assert path.stat().st_mode & 0o777 == 0o644
    path.write_text(re.sub(r"(seconds\{.*\}) \d+", r"\1 8", text))
    assert not report(graph, tmp_path / "made", **options)["changed"]
    with pytest.raises(OptionError, match="metrics_path"):
        report(graph, tmp_path / "made", **{**options, "metrics_path": str(tmp_path / "made" / "report.json")})


def test_the_message_is_the_verdict_the_figures_and_the_files(graph: _graph.Graph, tmp_path: Path) -> None:
    result = report(graph, tmp_path, formats=["json", "markdown"])
    assert re.fullmatch(
        rf"[A-Z][^\n]*\. \d+ principals, findings: \d+ high, \d+ medium, \d+ low\."
        rf" Files in {re.escape(str(tmp_path))}: report\.json, summary\.md",
        result["msg"],
    )


def test_a_folder_of_earlier_reports(graph: _graph.Graph, tmp_path: Path) -> None:
    report(graph, tmp_path / "made", formats=["json"])
    text = (tmp_path / "made" / "report.json").read_text()
    made = json.loads(text)["made"]
    folder = tmp_path / "reports"
    for name, content in {
        "a.json": text.replace(made, "2026-01-01T00:00:00Z"),
        "2026-02/report.json": text.replace(made, "2026-02-01T00:00:00Z"),
        "other.json": text.replace(made, "2026-03-01T00:00:00Z").replace('"tenant": {"id": "', '"tenant": {"id": "x'),
        "broken.json": text[:99],
        "notes.json": "[]",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    report(graph, tmp_path / "made", formats=["json"], compare_to=str(folder))
    document = json.loads((tmp_path / "made" / "report.json").read_text())
    assert [point["made"][:7] for point in document["history"]] == ["2026-01", "2026-02"]
    assert document["since"]["made"].startswith("2026-02")
    for name, reason in (("other", "another tenant"), ("broken", "not JSON"), ("notes", r"not a report\.json")):
        with pytest.raises(OptionError, match=f"compare_to: .*{reason}"):
            report(graph, tmp_path / "made", formats=["json"], compare_to=str(folder / f"{name}.json"))
    missing = report(graph, tmp_path / "made", formats=["json"], compare_to=str(tmp_path / "none"))
    assert "does not exist" in missing["warnings"][0]


@pytest.mark.parametrize(
    ("content", "type_"),
    [(PICTURE, "png"), (b"\xff\xd8\xff", "jpeg"), (b"RIFFxxxxWEBP", "webp"), (b"\n<svg/>", "svg+xml")],
)
def test_a_logo_is_part_of_the_page(graph: _graph.Graph, tmp_path: Path, content: bytes, type_: str) -> None:
    (tmp_path / "logo").write_bytes(content)
    report(graph, tmp_path / "made", formats=["html", "json"], logo=str(tmp_path / "logo"))
    assert f'src="data:image/{type_};base64,' in (tmp_path / "made" / "index.html").read_text()
    assert "base64" not in (tmp_path / "made" / "report.json").read_text()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"<html>", "not a PNG"), (PICTURE + bytes(300_000), "larger than 256 KiB"), (None, "cannot be read")],
)
def test_what_cannot_be_a_logo_is_refused(
    graph: _graph.Graph, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / "logo").write_bytes(content)
    with pytest.raises(OptionError, match=f"logo: .*{reason}"):
        report(graph, tmp_path / "made", logo=str(tmp_path / "logo"))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("cloud", "center"),
    [
        ("AzureCloud", "https://entra.microsoft.com/#view"),
        ("AzureUSGovernmentDoD", "https://entra.microsoft.us/#view"),
        ("AzureChinaCloud", "https://entra.microsoftonline.cn/#view"),
        ("Bleu", None),
    ],
)
@pytest.mark.usefixtures("assigned")
def test_principals_link_to_the_admin_center_of_their_cloud(
    graph: _graph.Graph, tmp_path: Path, cloud: str, center: str | None
) -> None:
    report(graph, tmp_path, cloud_environment=cloud, required=REQUIRED, formats=["html"])
    links = re.findall(r'href="(https://[^"]+)"', (tmp_path / "index.html").read_text())
    assert all(center and link.startswith(center) for link in links)
    assert bool(links) == bool(center)
    assert (
        not center or f"{center}/Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/~/overview/userId/{ADELE}" in links
    )


def test_drift_has_its_author_where_the_audit_log_can_be_read(
    graph: _graph.Graph, connect: Callable[..., _graph.Graph], emulator: Emulator, tmp_path: Path
) -> None:
    written = {"@odata.type": "#Microsoft.DirectoryServices.CustomSecurityAttributeValue", "ProjectDate": "2026"}
    body = {"customSecurityAttributes": {"Engineering": written}}
    graph.patch(f"/users/{ADELE}", body, need=WRITE_ASSIGNMENTS[USER])
    (tmp_path / "wanted.yml").write_text(
        "assignments: [{user: adele@contoso.com, attributes: {Engineering: {ProjectDate: '2027', NumVendors: 1}}}]\n"
    )
    options: dict[str, Any] = {"desired": str(tmp_path / "wanted.yml"), "formats": ["html", "json"], "audit": True}
    report(graph, tmp_path / "made", **options)
    document = json.loads((tmp_path / "made" / "report.json").read_text())
    jsonschema.validate(document, SCHEMA)
    (declared,) = document["declared"]
    changes = {change["what"]: change for change in declared["changes"]}
    assert changes["Engineering.ProjectDate"]["by"] == "default"
    assert "by" not in changes["Engineering.NumVendors"]
    assert "Last changed" in (tmp_path / "made" / "index.html").read_text()
    permissions = ["CustomSecAttributeAssignment.Read.All", "CustomSecAttributeDefinition.Read.All", "User.Read.All"]
    other = connect(access_token=emulator.token(permissions=permissions))
    report(other, tmp_path / "other", principals=["users"], **options)
    document = json.loads((tmp_path / "other" / "report.json").read_text())
    (reason,) = [entry["reason"] for entry in document["not_read"] if entry["what"] == "audit log"]
    assert "CustomSecAttributeAuditLogs.Read.All" in reason
