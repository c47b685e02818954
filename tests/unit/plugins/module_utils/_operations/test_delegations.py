# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delegations as a phase of reconcile against the local Graph: plan, apply, approve, undo, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from _reconcile import Killed, Mortal
from _tenant import Tenant

from ansible_collections.entra.attributes.plugins.module_utils._errors import EntraError, PlanRefused
from ansible_collections.entra.attributes.plugins.module_utils._graph.client import Graph
from ansible_collections.entra.attributes.plugins.module_utils._operations.export import EXPORT
from ansible_collections.entra.attributes.plugins.module_utils._operations.reconcile import RECONCILE
from ansible_collections.entra.attributes.plugins.module_utils._operations.role_assignment import DELEGATION

from ...conftest import ReadyToken
from .test_role_assignment import ADELE, ALEX, ASSIGNER, PATH, PAYROLL, READER, ROLE_GROUP, TITLE, held, hold, writes

PERMISSIONS = [
    "CustomSecAttributeAssignment.ReadWrite.All",
    "CustomSecAttributeDefinition.ReadWrite.All",
    "User.Read.All",
    "Application.Read.All",
    "GroupMember.Read.All",
    "RoleManagement.ReadWrite.Directory",
]
READS = "Attribute Assignment Reader"
DELEGATIONS = """
attribute_sets:
  - name: Sales
delegations:
  - {role: attribute_assignment_administrator, attribute_set: Sales, user: adele@contoso.com}
  - {role: attribute_assignment_reader, attribute_set: Engineering, service_principal: payroll-api}
  - {role: attribute_assignment_reader, attribute_set: Marketing, group: Attribute administrators, display_name: Admins}
  - role: attribute_assignment_reader
    attribute_set: Engineering
    user: 33333333-3333-4333-8333-333333333307
    state: absent
"""
CREATED = {
    (TITLE, ADELE, "/attributeSets/Sales"),
    (READS, PAYROLL, "/attributeSets/Engineering"),
    (READS, ROLE_GROUP, "/attributeSets/Marketing"),
}
REMOVED = {(READS, "33333333-3333-4333-8333-333333333307", "/attributeSets/Engineering")}


@pytest.fixture
def admin(tenant: Tenant) -> Tenant:
    return tenant.allow(*PERMISSIONS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "delegations.yml").write_text(DELEGATIONS)
    return tmp_path / "src"


def item(role: str = READER, attribute_set: str | None = "Engineering", **more: Any) -> dict[str, Any]:
    return {"role": role, **({"attribute_set": attribute_set} if attribute_set else {}), **more}


def declare(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"declarations": {"delegations": list(items), **more}}


def test_check_run_second_run_and_undo(admin: Tenant, folder: Path, tmp_path: Path) -> None:
    before = held(admin)
    snapshot = str(tmp_path / "snapshot")
    checked = admin.run(RECONCILE, check_mode=True, src=[str(folder)])
    assert writes(admin) == []
    done = admin.run(RECONCILE, src=[str(folder)], snapshot_path=snapshot)
    kinds = [write.partition(" ")[0] for write in writes(admin)]
    assert kinds == ["POST", "POST", "POST", "POST", "DELETE"]  # the set, then creations before the deletion
    assert (checked["plan"], checked["drifts"], checked["diff"]) == (done["plan"], done["drifts"], done["diff"])
    counts = done["plan"]["summary"]
    assert (counts["delegations_created"], counts["delegations_removed"], counts["principals_changed"]) == (3, 1, 0)
    assert done["summary"]["delegations"] == {
        "declared": 4,
        "changed": 4,
        "failed": 0,
        "names": [
            "Attribute Assignment Administrator for Sales: user adele@contoso.com",
            "Attribute Assignment Reader for Engineering: service principal payroll-api",
            "Attribute Assignment Reader for Marketing: group Attribute administrators",
            "Attribute Assignment Reader for Engineering: user $svc@contoso.com",
        ],
    }
    assert held(admin) == (before - REMOVED) | CREATED
    again = admin.run(RECONCILE, src=[str(folder)])
    assert (again["changed"], writes(admin)) == (False, [])
    assert again["plan"]["unchanged"]["delegation"] == 4
    undone = admin.run(RECONCILE, src=[snapshot], undo=True)
    assert undone["changed"] is True
    assert held(admin) == before
    assert admin.run(RECONCILE, src=[snapshot], undo=True)["changed"] is False


@pytest.mark.slow
def test_a_run_that_is_killed_anywhere_is_repeated_and_undone(tenant: Tenant, folder: Path, tmp_path: Path) -> None:
    before, ca = held(tenant), tenant.emulator.environment["REQUESTS_CA_BUNDLE"]
    state, random = tenant.emulator.tenant(), Random(4)  # noqa: S311
    for number, lives in enumerate(random.sample(range(7, 16), 7)):
        tenant.emulator.tenant(state)
        token = ReadyToken(tenant.emulator.token(permissions=PERMISSIONS))
        http = Mortal(ca, last_is_sent=bool(number % 2))
        mortal = tenant.through(Graph(http, token, tenant.emulator.url))
        snapshot = str(tmp_path / f"snapshot{number}")
        http.live(lives)
        with pytest.raises(Killed):
            mortal.run(RECONCILE, src=[str(folder)], snapshot_path=snapshot)
        http.live()
        mortal.run(RECONCILE, src=[str(folder)], snapshot_path=snapshot)
        assert held(tenant) == (before - REMOVED) | CREATED
        mortal.run(RECONCILE, src=[snapshot], undo=True)
        assert held(tenant) == before


def test_what_is_not_declared_is_left_alone(admin: Tenant) -> None:
    before = held(admin)
    admin.run(RECONCILE, **declare(item(user=ADELE)), purge=True)
    assert held(admin) == before | {(READS, ADELE, "/attributeSets/Engineering")}


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([item(user="nobody@contoso.com")], "there is no user 'nobody@contoso.com' in this tenant"),
        ([item(group="Engineering")], "only role-assignable groups hold a role"),
        ([item(attribute_set="Nowhere", user=ADELE)], "There is no attribute set Nowhere"),
        ([item(attribute_set="engineering", user=ADELE)], "there is Engineering"),
        ([item(user=ADELE), item(user="adele@contoso.com")], "is declared twice, also in delegations[0]"),
    ],
)
def test_what_the_tenant_cannot_have_is_refused_and_nothing_is_written(
    admin: Tenant, items: list[dict[str, Any]], message: str
) -> None:
    wanted = declare(*items, item(user=ALEX), attribute_sets=[{"name": "Sales"}])
    for check_mode in (True, False):
        failed = admin.fail(RECONCILE, check_mode=check_mode, **wanted)
        assert "delegations cannot be made as they are declared" in failed["msg"]
        assert message in str(failed["failures"])
        assert message in str(failed["plan"]["refused"])
    assert writes(admin) == []


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([{"role": "owner", "user": "a"}], "value of role must be one of"),
        ([{"role": READER}], "one of the following is required: user, service_principal, group"),
        ([item(user="a", group="b")], "mutually exclusive"),
        ([item(user="a", scope="/")], "has unknown keys: scope"),
        ([item(user="a"), item(user="A", state="absent")], "is declared in delegations[0] already"),
        ([item(attribute_set="a b", user="a")], "characters that names cannot hold"),
    ],
)
def test_mistakes_are_found_without_a_tenant(admin: Tenant, items: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(EntraError) as failure:
        admin.run(RECONCILE, **declare(*items))
    assert message in str(failure.value)
    assert admin.requests == []


def test_missing_principals_follow_on_missing(admin: Tenant) -> None:
    wanted = declare(item(user="nobody@contoso.com"), item(user=ADELE))
    warned = admin.run(RECONCILE, **wanted, on_missing="warn")
    assert "nobody@contoso.com" in str(warned["plan"]["missing"])
    assert "nobody@contoso.com" in str(warned["warnings"])
    assert (READS, ADELE, "/attributeSets/Engineering") in held(admin)
    assert "warnings" not in admin.run(RECONCILE, **wanted, on_missing="skip")


def test_dangerous_removals_block_the_plan_and_force_shows_in_it(admin: Tenant, tmp_path: Path) -> None:
    hold(admin, (TITLE, ALEX, "/"))
    admin = admin.allow(*PERMISSIONS)
    last = item(ASSIGNER, None, user="alex@contoso.com", state="absent")
    blocked = admin.fail(RECONCILE, **declare(last, item(user=ADELE)))
    assert "nobody else holds this role for the tenant; force=true removes it anyway" in blocked["msg"]
    assert writes(admin) == []
    replaced = declare(last, item(ASSIGNER, None, user="adele@contoso.com"))
    plan = tmp_path / "plan.json"
    admin.run(RECONCILE, check_mode=True, **replaced, plan_path=str(plan))  # another administrator comes first
    forced = admin.run(RECONCILE, check_mode=True, **declare({**last, "force": True}), plan_path=str(plan))
    assert {"attribute": "force", "before": None, "after": True} in forced["plan"]["steps"][0]["changes"]
    assert "(forced)" in plan.with_suffix(".md").read_text()
    admin.run(RECONCILE, apply_plan=str(plan))
    assert held(admin) == set()


def test_an_approved_plan_is_applied_exactly_or_not_at_all(admin: Tenant, folder: Path, tmp_path: Path) -> None:
    plan, before = tmp_path / "plan.json", held(admin)
    admin.run(RECONCILE, check_mode=True, src=[str(folder)], plan_path=str(plan))
    markdown = plan.with_suffix(".md").read_text()
    assert "3 roles to assign, 1 role to remove" in markdown
    assert "Attribute Assignment Administrator for Sales: user adele&#64;contoso.com" in markdown
    # What somebody did in the meantime is either what the plan wants, or not its object.
    admin.run(DELEGATION, role=READER, attribute_set="Engineering", service_principal="payroll-api")
    admin.run(DELEGATION, role=READER, attribute_set="Engineering", user="alex@contoso.com")
    writes(admin)
    admin.run(RECONCILE, apply_plan=str(plan))
    assert held(admin) == (before - REMOVED) | CREATED | {(READS, ALEX, "/attributeSets/Engineering")}
    assert admin.run(RECONCILE, apply_plan=str(plan))["changed"] is False


def test_an_approved_plan_does_not_remove_the_last_administrator(admin: Tenant, tmp_path: Path) -> None:
    hold(admin, (TITLE, ALEX, "/"), (TITLE, ADELE, "/"))
    admin, plan = admin.allow(*PERMISSIONS), tmp_path / "plan.json"
    gone = declare(item(ASSIGNER, None, user="alex@contoso.com", state="absent"))
    admin.run(RECONCILE, check_mode=True, **gone, plan_path=str(plan))
    admin.run(DELEGATION, role=ASSIGNER, user=ADELE, state="absent")
    with pytest.raises(PlanRefused, match="nobody else holds this role"):
        admin.run(RECONCILE, apply_plan=str(plan))
    assert held(admin) == {(TITLE, ALEX, "/")}


def test_a_stale_plan(admin: Tenant, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    admin.run(RECONCILE, check_mode=True, **declare(item(user=ADELE), item(user=ALEX)), plan_path=str(plan))
    state = admin.emulator.tenant()
    state["users"] = [user for user in state["users"] if user["id"] != ALEX]
    admin.emulator.tenant(state)
    admin = admin.allow(*PERMISSIONS)
    for on_missing in ("fail", "skip"):
        with pytest.raises(PlanRefused, match="The plan is stale"):
            admin.run(RECONCILE, apply_plan=str(plan), on_missing=on_missing)
    assert writes(admin) == []
    admin.run(RECONCILE, apply_plan=str(plan), on_stale="skip")
    assert writes(admin) == [f"POST {PATH}"]


def test_protection_names_principals_and_sets(admin: Tenant) -> None:
    for protect in ({"principals": ["adele@contoso.com"]}, {"attributes": ["Engineering"]}):
        with pytest.raises(PlanRefused, match="is protected"):
            admin.run(RECONCILE, **declare(item(user=ADELE), protect=protect))
    admin.run(RECONCILE, **declare(item(user=ADELE), protect={"principals": [ALEX], "attributes": ["Marketing"]}))
    assert (READS, ADELE, "/attributeSets/Engineering") in held(admin)


def test_narrowed_runs(admin: Tenant, folder: Path) -> None:
    narrow = admin.run(RECONCILE, check_mode=True, src=[str(folder)], attribute_sets=["Marketing"])
    assert [step["id"].split(":")[1] for step in narrow["plan"]["steps"]] == ["Marketing"]
    assert (
        admin.run(RECONCILE, check_mode=True, src=[str(folder)], sections=["attribute_sets"])["plan"]["summary"][
            "delegations_created"
        ]
        == 0
    )


def test_masked_sets_hide_nothing_of_delegations(admin: Tenant) -> None:
    done = admin.run(RECONCILE, check_mode=True, **declare(item(user=ADELE), masked_sets=["Engineering"]))
    assert done["plan"]["steps"][0]["changes"] == [{"attribute": "state", "before": "absent", "after": "present"}]


def test_a_missing_permission_is_foreseen_and_nothing_is_half_written(tenant: Tenant) -> None:
    reader = tenant.allow(*PERMISSIONS[:5], "RoleManagement.Read.Directory")
    wanted = declare(
        item(user=ADELE), definitions=[{"attribute_set": "Engineering", "name": "Project", "state": "deprecated"}]
    )
    checked = reader.run(RECONCILE, check_mode=True, **wanted)
    assert "RoleManagement.ReadWrite.Directory" in str(checked["warnings"])
    failed = reader.fail(RECONCILE, **wanted)
    assert failed["error"]["type"] == "PermissionDenied"
    assert failed["summary"]["delegations"]["failed"] == 1
    assert [entry["method"] for entry in reader.log if entry["method"] in ("PATCH", "DELETE")] == []
    blind = tenant.allow(*PERMISSIONS[:5])
    assert "RoleManagement.Read.Directory" in blind.fail(RECONCILE, check_mode=True, **wanted)["msg"]


def test_nothing_is_deleted_after_a_creation_failed(admin: Tenant, folder: Path) -> None:
    sent = admin.graph.post

    def refused(path: str, body: Any, **options: Any) -> Any:
        """Send one creation for a principal that cannot hold a role."""
        if body.get("principalId") == PAYROLL:
            body = {**body, "principalId": "77777777-7777-4777-8777-777777777701"}
        return sent(path, body, **options)

    admin.graph.post = refused  # type: ignore[method-assign]
    failed = admin.fail(RECONCILE, src=[str(folder)])
    assert "cannot be assigned to a device" in failed["msg"]
    assert (failed["changed"], failed["summary"]["delegations"]["failed"]) == (True, 1)
    assert held(admin) >= REMOVED


def test_roles_that_do_not_separate_duties_are_notes(admin: Tenant) -> None:
    both = [item(ASSIGNER, user=ADELE), item("attribute_definition_administrator", user=ADELE)]
    done = admin.run(RECONCILE, check_mode=True, **declare(*both))
    assert done["plan"]["notes"] == ["user adele@contoso.com both defines and assigns attributes of Engineering"]


def test_the_published_schema_takes_the_plan(admin: Tenant, folder: Path, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    root = Path(__file__).resolve().parents[5]
    schema = json.loads((root / "roles/reconcile/files/plan.schema.json").read_text())
    plan = tmp_path / "plan.json"
    admin.run(RECONCILE, check_mode=True, src=[str(folder)], plan_path=str(plan))
    jsonschema.Draft202012Validator(schema).validate(json.loads(plan.read_text()))


def test_an_export_has_the_delegations_and_reconcile_reads_them_back(admin: Tenant, tmp_path: Path) -> None:
    before = held(admin)
    exported = admin.run(EXPORT, dest=str(tmp_path / "all"))
    assert exported["summary"]["delegations"] == 4
    assert "warnings" not in exported
    again = admin.run(RECONCILE, check_mode=True, src=[str(tmp_path / "all")])
    assert (again["changed"], again["plan"]["unchanged"]["delegation"]) == (False, 4)
    hold(admin)
    admin = admin.allow(*PERMISSIONS)
    admin.run(RECONCILE, src=[str(tmp_path / "all")])
    assert held(admin) == before
    part = admin.run(EXPORT, dest=str(tmp_path / "part"), attribute_sets=["Marketing"])
    assert part["summary"]["delegations"] == 1
    assert admin.run(EXPORT, dest=str(tmp_path / "none"), delegations=False)["summary"]["delegations"] == 0


def test_an_export_says_that_it_could_not_read_delegations(tenant: Tenant, tmp_path: Path) -> None:
    blind = tenant.allow(*PERMISSIONS[:5])
    exported = blind.run(EXPORT, dest=str(tmp_path))
    assert not (tmp_path / "delegations.yml").exists()
    (warning,) = exported["warnings"]
    assert "does not have the permission RoleManagement.Read.Directory" in warning
    assert not any("roleAssignments" in request for request in blind.requests)


def test_names_of_the_tenant_do_not_break_a_line(admin: Tenant) -> None:
    state = admin.emulator.tenant()
    payroll = next(item for item in state["servicePrincipals"] if item["id"] == PAYROLL)
    payroll["displayName"] = "pay\nroll \x1b[31m" + "x" * 300
    admin.emulator.tenant(state)
    admin = admin.allow(*PERMISSIONS)
    both = [item(role, service_principal=PAYROLL) for role in (ASSIGNER, "attribute_definition_administrator")]
    plan = admin.run(RECONCILE, check_mode=True, **declare(*both))["plan"]
    shown = [*plan["notes"], *(step["name"] for step in plan["steps"])]
    assert len(shown) == 3
    assert all(text.isprintable() and len(text) < 160 for text in shown)


def test_a_delegation_that_fails_is_named_once(admin: Tenant) -> None:
    admin.emulator.faults({"match": {"method": "POST", "path": "roleAssignments"}, "do": {"status": 403}, "times": 99})
    failed = admin.fail(RECONCILE, **declare(item(user="alex@contoso.com")))
    name = "Attribute Assignment Reader for Engineering: user alex@contoso.com: "
    assert failed["msg"].count(name) == 1
    assert [problem.count(name) for problem in failed["failures"]] == [1]
