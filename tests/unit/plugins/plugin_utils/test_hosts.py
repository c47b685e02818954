# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables and names of hosts, apart from Ansible."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.entra.attributes.plugins.module_utils._errors import OptionError
from ansible_collections.entra.attributes.plugins.plugin_utils._hosts import Host, followed, give_names, hosts

ASSIGNED = {"Engineering": {"Project": ["Baker", "Cascade"], "NumVendors": 8}, "Marketing": {"EmployeeId": "GS1"}}
ADELE = {
    "id": "a",
    "type": "user",
    "display_name": "Adele",
    "user_principal_name": "adele@contoso.com",
    "custom_security_attributes": ASSIGNED,
}


def never(expression: str, variables: Mapping[str, Any]) -> Any:
    raise AssertionError(f"Jinja is asked for {expression}")


def variables(attributes: Any, evaluate: Any = never) -> dict[str, Any]:
    [host] = hosts([ADELE], attributes, evaluate)
    own = host.variables.pop("entra")
    assert own == {key: ADELE[key] for key in ("id", "type", "display_name", "user_principal_name")}
    return host.variables


class TestVariables:
    def test_all_attributes_verbatim(self) -> None:
        assert variables(None) == {"custom_security_attributes": ASSIGNED}

    def test_chosen_by_a_list(self) -> None:
        narrowed = {"Engineering": {"Project": ["Baker", "Cascade"]}, "Marketing": {"EmployeeId": "GS1"}}
        chosen = variables(["Engineering.Project", "Marketing", "Marketing.AppCountry", "Sales", "Sales.Region"])
        assert chosen == {"custom_security_attributes": narrowed}

    def test_the_whole_set_and_one_of_it(self) -> None:
        whole = {"custom_security_attributes": {"Engineering": ASSIGNED["Engineering"]}}
        assert variables(["Engineering", "Engineering.Project"]) == whole
        assert variables(["Engineering.Project", "Engineering"]) == whole

    def test_renamed_by_a_dictionary(self) -> None:
        chosen = {"vendors": "Engineering.NumVendors", "marketing": "Marketing", "region": "Sales.Region"}
        assert variables(chosen) == {"vendors": 8, "marketing": {"EmployeeId": "GS1"}}

    def test_transformed_by_filters(self) -> None:
        asked = []

        def evaluate(expression: str, given: Mapping[str, Any]) -> Any:
            asked.append((expression, given))
            return "first" if given else None

        chosen = {"project": "Engineering.Project | first", "region": "Sales.Region|default('none')"}
        assert variables(chosen, evaluate) == {"project": "first"}
        assert asked == [("this | first", {"this": ["Baker", "Cascade"]}), ("this |default('none')", {})]

    @pytest.mark.parametrize(
        ("option", "word"),
        [
            ("Engineering", "must be a list"),
            (8, "must be a list"),
            (["Engineering.Project.Name"], "'Engineering.Project.Name' is no attribute"),
            (["Engineering."], "is no attribute"),
            ([".Project"], "is no attribute"),
            ({"project": "{{ Engineering.Project }}"}, "is no attribute"),
            ({"not-a-name": "Engineering.Project"}, "'not-a-name' cannot be the name"),
            ({"entra": "Engineering.Project"}, "'entra' cannot be the name"),
        ],
    )
    def test_what_cannot_be_chosen(self, option: Any, word: str) -> None:
        with pytest.raises(OptionError, match="attributes: ") as raised:
            hosts([], option, never)
        assert word in str(raised.value)


def host(identity: str, attributes: dict[str, dict[str, Any]] | None = None, **properties: str) -> Host:
    own = {"id": identity, **properties}
    return Host(own, attributes or {}, {"entra": own})


class TestNames:
    def test_the_first_that_is_there(self) -> None:
        coded = host("a", {"Sales": {"Code": "A1"}}, display_name="A")
        number = host("b", {"Sales": {"Code": 8}}, display_name="B")
        several = host("c", {"Sales": {"Code": ["A1", "A2"]}}, display_name="C")
        nothing = host("d")
        every = [coded, number, several, nothing]
        assert give_names(every, ["Sales.Code", "display_name"], never) == []
        assert [one.name for one in every] == ["A1", "8", "C", "d"]

    def test_an_expression(self) -> None:
        seen: list[Mapping[str, Any]] = []

        def evaluate(expression: str, given: Mapping[str, Any]) -> Any:
            assert expression == "Sales.Code | lower"
            seen.append(given)
            return "a1"

        one = host("a", {"Sales": {"Code": "A1"}}, display_name="A")
        give_names([one], ["Sales.Code | lower"], evaluate)
        assert one.name == "a1"
        properties = {"id": "a", "display_name": "A"}
        assert seen == [{"Sales": {"Code": "A1"}, **properties, "entra": properties}]

    def test_what_two_would_be_called_is_neither(self) -> None:
        every = [
            host("a", display_name="Reports", app_id="1"),
            host("b", display_name="Reports"),
            host("c", app_id="Reports"),
            host("d", display_name="Payroll"),
        ]
        assert give_names(every, ["display_name", "app_id"], never) == ["Reports", "Reports"]
        assert [one.name for one in every] == ["1", "b", "c", "Payroll"]

    def test_nobody_takes_the_id_of_another(self) -> None:
        every = [host("a", display_name="b"), host("b", display_name="B"), host("c", display_name="c")]
        assert give_names(every, ["display_name"], never) == ["b"]
        assert [one.name for one in every] == ["a", "B", "c"]

    @pytest.mark.parametrize("name", ["localhost", "LocalHost", "127.0.0.1", "::1", "all", "Ungrouped"])
    def test_what_means_something_else_to_ansible_is_nobodys(self, name: str) -> None:
        every = [host("a", display_name=name, app_id="x"), host("b", display_name="B")]
        assert give_names(every, ["display_name", "app_id"], never) == [name]
        assert [one.name for one in every] == ["x", "B"]

    @given(
        st.lists(st.tuples(st.sampled_from(["", "0", "1", "x"]), st.sampled_from(["", "2", "x", "y"])), max_size=8),
        st.randoms(use_true_random=False),
    )
    def test_names_are_unique_and_regardless_of_order(self, named: list[tuple[str, str]], order: random.Random) -> None:
        every = [host(str(number), display_name=a, app_id=b) for number, (a, b) in enumerate(named)]
        give_names(every, ["display_name", "app_id"], never)
        names = {one.properties["id"]: one.name for one in every}
        assert len(set(names.values())) == len(every)
        assert "" not in names.values()
        order.shuffle(every)
        for one in every:
            one.name = ""
        give_names(every, ["display_name", "app_id"], never)
        assert {one.properties["id"]: one.name for one in every} == names


PLACES: dict[str, Any] = {"entra": {"id": "a", "items": 8}, "other": {"id": "b"}}


class TestFollowed:
    @pytest.mark.parametrize(
        ("expression", "value"), [("entra.id", "a"), (" entra.items ", 8), ("entra", PLACES["entra"])]
    )
    def test_a_path(self, expression: str, value: Any) -> None:
        assert followed(expression, PLACES, ["entra"]) == value

    def test_nothing_there(self) -> None:
        with pytest.raises(KeyError):
            followed("entra.name", PLACES, ["entra"])

    @pytest.mark.parametrize(
        "expression", ["other.id", "entra.id.upper", "entra.id | upper", "entra['id']", "entra.id == 'a'", "'a'"]
    )
    def test_what_jinja_is_for(self, expression: str) -> None:
        with pytest.raises(ValueError, match=re.escape(expression)):
            followed(expression, PLACES, ["entra"])
