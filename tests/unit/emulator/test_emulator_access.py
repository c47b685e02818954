# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what, and the tokens that say who (graph-facts 5 and 6.2)."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from plain_client import ADELE, DARA, EVENTUAL, PAYROLL, SET_TYPE, error_of

DENIED = (403, "Authorization_RequestDenied")
READ = "CustomSecAttributeAssignment.Read.All"
WRITE = "CustomSecAttributeAssignment.ReadWrite.All"
DEFINITIONS = "CustomSecAttributeDefinition.Read.All"
COUNTRY_FILTER = "/v1.0/users?$count=true&$filter=customSecurityAttributes/Marketing/AppCountry eq 'Canada'"


def test_2_4_no_permission_to_read_attributes_is_null_with_200(as_caller: Any) -> None:
    assert as_caller(permissions=["User.Read.All"]).attributes(f"users/{DARA}") is None
    assert as_caller(permissions=["User.Read.All", READ]).attributes(f"users/{DARA}") is not None
    assert as_caller(permissions=["User.Read.All", WRITE]).attributes(f"users/{DARA}") is not None
    page = as_caller(permissions=["User.Read.All"]).get("/v1.0/users?$select=id,customSecurityAttributes").json()
    assert {user["customSecurityAttributes"] for user in page["value"]} == {None}


@pytest.mark.parametrize("shape", ["{}", "type_only"])
def test_2_4_no_permission_is_null_whatever_nothing_looks_like(as_caller: Any, emulator: Any, shape: str) -> None:
    emulator.quirks(empty_shape=shape)
    assert as_caller(permissions=["User.Read.All"]).attributes(f"users/{DARA}") is None
    expected = {} if shape == "{}" else {"@odata.type": "#microsoft.graph.customSecurityAttributeValue"}
    seen = as_caller(permissions=["User.Read.All", READ]).attributes(f"users/{ADELE}")
    assert (seen if shape == "{}" else seen["Engineering"]) == expected


@pytest.mark.parametrize(
    ("path", "permission"),
    [(f"/v1.0/users/{ADELE}", "User.Read.All"), (f"/v1.0/servicePrincipals/{PAYROLL}", "Application.Read.All")],
)
def test_5_2_the_object_itself_needs_its_own_permission(as_caller: Any, path: str, permission: str) -> None:
    assert error_of(as_caller(permissions=[READ]).get(path)) == DENIED
    assert error_of(as_caller(permissions=[READ]).get(path.rsplit("/", 1)[0])) == DENIED
    assert as_caller(permissions=[permission]).get(path).status_code == 200
    assert as_caller(permissions=["Directory.Read.All"]).get(path).status_code == 200


@pytest.mark.parametrize("permissions", [[], [READ], ["User.ReadWrite.All"], ["Directory.ReadWrite.All"]])
def test_6_2_writing_without_the_permission(as_caller: Any, permissions: list[str]) -> None:
    caller = as_caller(permissions=["User.Read.All", *permissions])
    assert error_of(caller.assign({"ProjectDate": "x"})) == DENIED
    assert caller.emulator.state(ADELE) == {}


def test_5_2_writing_attributes_alone_needs_one_permission(as_caller: Any) -> None:
    assert as_caller(permissions=[WRITE]).assign({"ProjectDate": "x"}).status_code == 204


@pytest.mark.parametrize("path", ["attributeSets", "customSecurityAttributeDefinitions/Engineering_Project"])
def test_5_2_definitions_need_theirs(as_caller: Any, path: str) -> None:
    assert error_of(as_caller(permissions=[READ, "Directory.Read.All"]).get(f"/v1.0/directory/{path}")) == DENIED
    assert as_caller(permissions=[DEFINITIONS]).get(f"/v1.0/directory/{path}").status_code == 200


def test_3_filtering_needs_the_permission_to_read(as_caller: Any) -> None:
    assert error_of(as_caller(permissions=["User.Read.All"]).get(COUNTRY_FILTER, **EVENTUAL)) == DENIED
    assert as_caller(permissions=["User.Read.All", READ]).get(COUNTRY_FILTER, **EVENTUAL).status_code == 200


SCOPES = ["User.Read.All", WRITE, DEFINITIONS]


@pytest.mark.parametrize("roles", [[], ["Global Administrator"], ["Attribute Definition Administrator"]])
def test_5_3_delegated_needs_the_role_and_global_administrator_is_none(as_caller: Any, roles: list[str]) -> None:
    caller = as_caller(user=ADELE, scopes=SCOPES, roles=roles)
    assert caller.attributes(f"users/{DARA}") is None
    assert error_of(caller.assign({"ProjectDate": "x"})) == DENIED
    assert error_of(caller.get(COUNTRY_FILTER, **EVENTUAL)) == DENIED


def test_5_3_delegated_needs_the_scope_as_well(as_caller: Any) -> None:
    caller = as_caller(user=ADELE, scopes=["User.Read.All"], roles=["Attribute Assignment Administrator"])
    assert caller.attributes(f"users/{DARA}") is None
    assert error_of(caller.assign({"ProjectDate": "x"})) == DENIED


def test_5_3_reader_reads_and_administrator_writes(as_caller: Any) -> None:
    reader = as_caller(user=ADELE, scopes=SCOPES, roles=["Attribute Assignment Reader"])
    assert reader.attributes(f"users/{DARA}")["Marketing"]["AppCountry"] == ["Canada", "India"]
    assert reader.get("/v1.0/directory/attributeSets").status_code == 200
    assert error_of(reader.assign({"ProjectDate": "x"})) == DENIED
    writer = as_caller(user=ADELE, scopes=SCOPES, roles=["Attribute Assignment Administrator"])
    assert writer.assign({"ProjectDate": "x"}).status_code == 204


def test_5_3_a_role_on_one_set_shows_and_changes_that_set_only(as_caller: Any, graph: Any) -> None:
    graph.assign({"ProjectDate": "x"}, f"users/{DARA}")
    scoped = as_caller(user=ADELE, scopes=SCOPES, role_scopes={"Attribute Assignment Administrator": ["Engineering"]})
    assert list(scoped.attributes(f"users/{DARA}")) == ["Engineering"]
    assert scoped.assign({"ProjectDate": "y"}).status_code == 204
    assert error_of(scoped.assign({"EmployeeId": "y"}, set_name="Marketing")) == DENIED
    both = {
        "Engineering": {"@odata.type": SET_TYPE, "ProjectDate": "z"},
        "Marketing": {"@odata.type": SET_TYPE, "EmployeeId": "z"},
    }
    assert error_of(scoped.call("PATCH", f"/v1.0/users/{ADELE}", {"customSecurityAttributes": both})) == DENIED
    assert scoped.emulator.state(ADELE) == {"Engineering": {"ProjectDate": "y"}}
    assert error_of(scoped.get(COUNTRY_FILTER, **EVENTUAL)) == DENIED
    sets = scoped.get("/v1.0/directory/attributeSets").json()["value"]
    assert [item["id"] for item in sets] == ["Engineering"]
    assert error_of(scoped.get("/v1.0/directory/customSecurityAttributeDefinitions/Marketing_EmployeeId")) == DENIED


def test_tokens_look_like_entras(emulator: Any) -> None:
    app = jwt.decode(emulator.token(permissions=[READ, "User.Read.All"]), options={"verify_signature": False})
    assert (app["aud"], app["idtyp"], app["roles"]) == (emulator.url, "app", [READ, "User.Read.All"])
    assert app["wids"] == ["0997a1d0-0d1d-4acb-b408-d5ca73121e90"]
    assert app["tid"] == emulator.environment["AZURE_TENANT_ID"]
    assert app["appid"] == emulator.environment["AZURE_CLIENT_ID"]
    assert app["exp"] - app["iat"] == 3599
    delegated = emulator.token(
        user=ADELE,
        scopes=["User.Read.All", READ],
        roles=["Attribute Assignment Reader"],
        role_scopes={"Attribute Assignment Administrator": ["Engineering"]},
    )
    user = jwt.decode(delegated, options={"verify_signature": False})
    assert (user["idtyp"], user["upn"], user["scp"]) == ("user", ADELE, f"{READ} User.Read.All")
    assert user["wids"] == ["ffd52fa5-98dc-465c-991d-fc073eb59f8f"], "a role on one set is not in the token"


def forged(token: str, **claims: Any) -> str:
    """Return the token with other claims, signed with a key that is not the service's."""
    own = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode({**own, **claims}, "a key of thirty-two bytes or more", algorithm="HS256")


def test_6_2_tokens_are_verified(graph: Any, emulator: Any) -> None:
    good = graph.token
    cases = {
        "Access token is empty.": "",
        "Access token has expired or is not yet valid.": emulator.token(permissions=[], expires_in=-10),
    }
    for message, token in cases.items():
        graph.token = token
        refused = graph.get("/v1.0/users")
        assert error_of(refused) == (401, "InvalidAuthenticationToken")
        assert refused.json()["error"]["message"] == message
        assert refused.headers["WWW-Authenticate"].startswith("Bearer ")
    head, payload, signature = good.split(".")
    for token in ("nonsense", forged(good), f"{head}.{payload}.{signature[::-1]}"):
        graph.token = token
        assert error_of(graph.get("/v1.0/users")) == (401, "InvalidAuthenticationToken")
    graph.token = good
    assert graph.get("/v1.0/users").status_code == 200
    emulator.reset()
    assert error_of(graph.get("/v1.0/users")) == (401, "InvalidAuthenticationToken"), "tokens from before a reset"
