# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON Schema that editors check a folder's files by agrees with what reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ansible_collections.entra.attributes.plugins.module_utils._declarations.declared import declared
from ansible_collections.entra.attributes.plugins.module_utils._declarations.leaving import MOVE_SPEC
from ansible_collections.entra.attributes.plugins.module_utils._declarations.specs import DEFINITION_SPEC, SET_SPEC
from ansible_collections.entra.attributes.plugins.module_utils._errors import InvalidDeclaration
from ansible_collections.entra.attributes.plugins.module_utils._operations.assignments import BULK_SPEC

ROOT = Path(__file__).resolve().parents[5]
SCHEMA = json.loads((ROOT / "roles/reconcile/files/declarations.schema.json").read_text())


def a_set(**more: Any) -> Any:
    return {"attribute_sets": [{"name": "Sales", **more}]}


def a_definition(**more: Any) -> Any:
    return {"definitions": [{"attribute_set": "Sales", "name": "Region", **more}]}


def a_move(**more: Any) -> Any:
    return {"moves": [{"from": "Sales.Area", "to": "Sales.Region", **more}]}


def an_item(**item: Any) -> Any:
    return {"assignments": [item]}


def a_delegation(**item: Any) -> Any:
    return {"delegations": [{"role": "attribute_log_reader", **item}]}


def a_value(value: Any) -> Any:
    return an_item(user="a", attributes={"Sales": {"Region": value}})


GOOD = [
    [],
    {},
    {"attribute_sets": None, "definitions": None, "assignments": None, "masked_sets": None, "protect": None},
    {"masked_sets": ["Sales"], "protect": {"principals": ["a@contoso.com"], "attributes": ["Sales.Region", "Sales"]}},
    {"protect": {}},
    {"exposures": None},
    {
        "exposures": [
            {"name": "a", "owner": "b", "attributes": ["Sales.Region", {"Sales.Level": [1, 2], "Sales.A": "x"}]}
        ]
    },
    {"exposures": [{"name": "a", "owner": "b", "attributes": ["A.B"], "url": "https://a", "description": None}]},
    [{"user": "a@contoso.com", "attributes": {"Sales": {}}}],
    a_set(description="x" * 128, max_attributes_per_set=500, state="present"),
    a_set(description=None, max_attributes_per_set=None, state=None),
    {"attribute_sets": [{"name": "S" * 32}]},
    {"attribute_sets": [{"name": "Größe9"}]},
    a_definition(),
    a_definition(type="string", multi_valued=True, searchable=False, predefined_values_only=True, in_use="fail"),
    a_definition(predefined_values=["a", "x" * 64], inactive_predefined_values=["b"], purge_predefined_values=True),
    a_definition(type="integer", predefined_values=[1, "-2"], state="deprecated"),
    a_definition(type="boolean", multi_valued=False, predefined_values_only=False, predefined_values=[]),
    a_definition(state="retired", in_use="ignore"),
    a_definition(retired_predefined_values=["a", 8]),
    {"moves": None},
    a_move(values={"a": "b", "8": 9, "true": False}, keep_old=True, in_use="warn"),
    a_move(values=None, keep_old=None, in_use=None),
    an_item(user="a", display_name="A", attributes={"Sales": {"Region": "x"}}, expected={"Sales": {"Region": None}}),
    an_item(user={"mail": "a@b"}, attributes={"Sales": {}}),
    an_item(user={"employee_id": "1"}, attributes={"Sales": {}}),
    an_item(service_principal="a", user=None, attributes={"Sales": {"Region": "x"}}, expected=None),
    *map(a_value, [None, [], "x" * 64, 1, -(2**31), True, ["a", "b"], [1, 2], {"add": [1]}, {"remove": "a"}]),
    a_value({"add": ["a"], "remove": ["b"]}),
    an_item(users={"group": "a", "filter": "b"}, exclusive=True, allow_empty=True, attributes={"Sales": {"A": 1}}),
    an_item(users={"all": True}, user=None, agents=None, exclusive=None, attributes={"Sales": {}}),
    an_item(agents={"blueprint": "b", "where": [{"attribute_set": "A", "name": "B"}]}, attributes={"Sales": {}}),
    an_item(
        service_principals={"where": [{"attribute_set": "A", "name": "B", "operator": "startswith", "value": "x"}]},
        attributes={"Sales": {"A": {"from": "displayName", "map": {"a": 1, "b": ["x"]}, "default": False}}},
    ),
    *(
        an_item(user="a", attributes={"Sales": {"A": 1}}, expires=end)
        for end in ("2026-12-31", "2026-12-31T18:00Z", "2026-12-31 18:00:30.5 +0100")
    ),
    a_value({"from": "employeeId"}),
    {"delegations": None},
    a_delegation(user="a@contoso.com"),
    a_delegation(service_principal="a", user=None, attribute_set="Sales", state="absent", force=True),
    a_delegation(group="a", display_name="A", attribute_set=None, state=None, force=None),
]
BAD = [
    3,
    "text",
    [3],
    {"roles": []},
    {"delegations": {}},
    a_delegation(),
    a_delegation(user=None),
    a_delegation(user=" "),
    a_delegation(user="a", group="b"),
    a_delegation(user="a", role="owner"),
    a_delegation(user="a", attribute_set="9"),
    a_delegation(user="a", state="deprecated"),
    a_delegation(user="a", scope="/"),
    {"masked_sets": "Sales"},
    {"exposures": {}},
    {"exposures": [{"name": "a", "owner": "b"}]},
    {"exposures": [{"name": "a", "attributes": ["A.B"]}]},
    {"exposures": [{"name": "a", "owner": "b", "attributes": []}]},
    {"exposures": [{"name": "a", "owner": "b", "attributes": ["A"]}]},
    {"exposures": [{"name": "a", "owner": "b", "attributes": [1]}]},
    {"exposures": [{"name": "a", "owner": "b", "attributes": [{"A": 1}]}]},
    {"exposures": [{"name": "a", "owner": "b", "attributes": ["A.B"], "more": 1}]},
    {"masked_sets": [1]},
    {"masked_sets": [" "]},
    {"protect": ["a"]},
    {"protect": {"users": ["a"]}},
    {"protect": {"principals": "a"}},
    {"protect": {"attributes": [""]}},
    {"attribute_sets": {}},
    {"attribute_sets": [{}]},
    {"attribute_sets": [{"name": ""}]},
    {"attribute_sets": [{"name": "9lives"}]},
    {"attribute_sets": [{"name": "S" * 33}]},
    *({"attribute_sets": [{"name": f"A{char}"}]} for char in " `~!@#$%^&*()_-+={[}]|\\:;\"'<,>.?/"),
    a_set(description="x" * 129),
    a_set(max_attributes_per_set=0),
    a_set(max_attributes_per_set=501),
    a_set(max_attributes_per_set="many"),
    a_set(state="absent"),
    a_set(maximum=5),
    {"definitions": [{"name": "Region"}]},
    a_definition(attribute_set="A B"),
    a_definition(type="text"),
    a_definition(multi_valued="maybe"),
    a_definition(state="gone"),
    a_definition(in_use="ask"),
    a_definition(changes="permit"),
    a_definition(type="boolean", multi_valued=True),
    a_definition(type="boolean", predefined_values_only=True),
    a_definition(type="boolean", predefined_values=["true"]),
    a_definition(predefined_values=[""]),
    a_definition(predefined_values=["x" * 65]),
    a_definition(predefined_values=["a", "a"]),
    a_definition(predefined_values=[f"v{n}" for n in range(101)]),
    a_definition(purge_predefined_values=True),
    a_definition(retired_predefined_values=[""]),
    {"moves": [{"from": "Sales.Region"}]},
    a_move(to="Region"),
    a_move(to="Sales.Region.X"),
    a_move(to="9.Region"),
    a_move(values={"a": None}),
    a_move(values={"a": ["b"]}),
    a_move(values={"a": ""}),
    a_move(values=[]),
    a_move(in_use="ask"),
    a_move(state="present"),
    an_item(attributes={"Sales": {}}),
    an_item(user=" ", attributes={"Sales": {}}),
    an_item(user={"mail": "a@b", "employee_id": "1"}, attributes={"Sales": {}}),
    an_item(user={"name": "a"}, attributes={"Sales": {}}),
    an_item(user={"mail": 7}, attributes={"Sales": {}}),
    an_item(service_principal={"mail": "a@b"}, attributes={"Sales": {}}),
    an_item(user="a", service_principal="b", attributes={"Sales": {}}),
    an_item(user="a"),
    an_item(user="a", attributes={}),
    an_item(user="a", attributes=[]),
    an_item(user="a", attributes={"Sales": []}),
    an_item(user="a", attributes={"S S": {}}),
    an_item(user="a", attributes={"Sales": {"R.R": 1}}),
    an_item(user="a", attributes={"Sales": {}}, state="absent"),
    an_item(user="a", attributes={"Sales": {}}, expected=[]),
    an_item(user="a", attributes={"Sales": {}}, expected={"Sales": {"Region": {"add": [1]}}}),
    *(
        an_item(users=wrong, attributes={"Sales": {}})
        for wrong in (
            {},
            [],
            "a",
            {"all": False},
            {"group": ""},
            {"group": None},
            {"blueprint": "b"},
            {"where": []},
            {"where": [{"name": "B"}]},
            {"where": [{"attribute_set": "A", "name": "B", "operator": "gt"}]},
            {"where": [{"attribute_set": "A", "name": "B", "value": ["x"]}]},
            {"members": "a"},
        )
    ),
    an_item(users={"all": True}, user="a", attributes={"Sales": {}}),
    an_item(users={"all": True}, agents={"all": True}, attributes={"Sales": {}}),
    an_item(users={"all": True}, attributes={"Sales": {}}, exclusive="yes"),
    *(
        an_item(user="a", attributes={"Sales": {"A": 1}}, expires=end)
        for end in (None, "", "tomorrow", 2026, "2026-12-31T18:00", "31.12.2026")
    ),
    *map(a_value, [{"from": ""}, {"map": {"a": 1}}, {"from": "city", "map": {}}, {"from": "city", "add": [1]}]),
    *map(a_value, [{"from": "city", "default": None}, {"from": "city", "map": {"a": []}}, {"from": 7}]),
    *map(a_value, ["", "x" * 65, 2**31, 1.5, [True], ["a", 1], [[]], {}, {"set": 1}, {"add": {}}, {"add": True}]),
]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("document", "good"),
    [*((one, True) for one in GOOD), *((one, False) for one in BAD)],
    ids=lambda value: str(value)[:60],
)
def test_schema_and_reader_agree(tmp_path: Path, document: Any, good: bool) -> None:
    (tmp_path / "a.json").write_text(json.dumps(document))
    try:
        declared(str(tmp_path), {})
        read = True
    except InvalidDeclaration:
        read = False
    assert (read, Draft202012Validator(SCHEMA).is_valid(document)) == (good, good)


@pytest.mark.parametrize(
    ("kind", "spec", "more"),
    [
        ("attribute_set", SET_SPEC, {"override"}),
        ("definition", DEFINITION_SPEC, {"override"}),
        ("move", MOVE_SPEC, set()),
        ("assignment", BULK_SPEC["assignments"]["options"], {"override"}),
    ],
)
def test_the_schema_has_every_option(kind: str, spec: dict[str, Any], more: set[str]) -> None:
    assert SCHEMA["$defs"][kind]["properties"].keys() == {*spec, *more}
    for name, option in spec.items():
        if "choices" in option:
            assert SCHEMA["$defs"][kind]["properties"][name]["enum"] == [*option["choices"], None]
