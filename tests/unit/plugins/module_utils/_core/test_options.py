# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types of argument specs, as Ansible's own validator uses them."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.entra.attributes.plugins.module_utils._core.options import (
    CHOICE,
    DICT,
    LEFT_OUT,
    LIST,
    SECRET,
    TEXT,
    TEXT_OR_INTEGER,
    left_out,
    without_omitted,
)

OMIT = "__omit_place_holder__" + "0a" * 20
SPEC: dict[str, Any] = {
    "name": {"type": TEXT},
    "password": {"type": SECRET, "no_log": True},
    "type": {"type": CHOICE, "choices": ["string", "integer"]},
    "names": {"type": LIST, "elements": TEXT},
    "values": {"type": LIST, "elements": TEXT_OR_INTEGER},
    "items": {"type": LIST, "elements": DICT, "options": {"name": {"type": TEXT, "required": True}}},
    "attributes": {"type": DICT},
    "value": {"type": "raw", "fallback": (left_out,)},
}
QUOTES = "where text is needed; put it in quotes, or use the filter string in a template"


def validated(**options: Any) -> Any:
    return ArgumentSpecValidator(SPEC).validate(copy.deepcopy(options))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": False}, f"YAML read the Boolean false {QUOTES}"),
        ({"name": 83}, f"YAML read the integer 83 {QUOTES}"),
        ({"name": 2**20000}, f"YAML read an integer of 20001 bits {QUOTES}"),
        ({"name": 1.1}, f"YAML read the number 1.1 {QUOTES}"),
        ({"name": date(2022, 10, 1)}, f"YAML read the date 2022-10-01 {QUOTES}"),
        ({"name": ["a"]}, "a list is not text"),
        ({"name": {"a": "b"}}, "a dictionary is not text"),
        ({"type": True}, f"the Boolean true {QUOTES}"),
        ({"type": "text"}, "must be one of: string, integer, got: text"),
        ({"names": ["DK", False]}, f"the Boolean false {QUOTES}"),
        ({"names": ["DK", None]}, "null is not text"),
        ({"names": True}, f"the Boolean true {QUOTES}"),
        ({"names": "a,b"}, "the text 'a,b' is not a list; write a list, such as [a, b]"),
        ({"names": "[a, b]"}, "the text '[a, b]' is not a list"),
        ({"names": " "}, "empty text is not a list; write [] for an empty list"),
        ({"names": {"a": 1}}, "a dictionary is not a list; begin each item with a hyphen"),
        ({"values": [1.10]}, f"the number 1.1 {QUOTES}"),
        ({"values": [True]}, f"the Boolean true {QUOTES}"),
        ({"values": [{"a": 1}]}, "a dictionary is not text"),
        ({"values": [2**31]}, "the integer 2147483648 is outside the range of 32-bit integers"),
        ({"items": ["name=a"]}, "the text 'name=a' is not a dictionary; write keys and values"),
        ({"items": [{"name": True}]}, f"the Boolean true {QUOTES}"),
        ({"attributes": "a"}, "is not a dictionary"),
        ({"attributes": [1]}, "a list is not a dictionary"),
        ({"attributes": {False: {}}}, f"a key is wrong: YAML read the Boolean false {QUOTES}"),
        ({"attributes": {"Set": {False: "a"}}}, f"a key is wrong: YAML read the Boolean false {QUOTES}"),
        ({"attributes": {"Set": [{None: "a"}]}}, "a key is wrong: null is not text"),
    ],
    ids=range(27),
)
def test_an_option_that_would_change_is_an_error_with_what_to_write(options: dict[str, Any], words: str) -> None:
    message = validated(**options).error_messages[0]
    assert next(iter(options)) in message
    assert words in message


def test_a_secret_that_is_not_text_is_not_shown() -> None:
    (message,) = validated(password=83).error_messages
    assert "YAML read something else than text where text is needed; put it in quotes" in message
    assert "83" not in message


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ({"name": "On"}, "On"),
        ({"name": "0123"}, "0123"),
        ({"name": None}, None),
        ({"password": "0123"}, "0123"),
        ({"type": "String"}, "string"),
        ({"names": "NO"}, ["NO"]),
        ({"names": ["a,b"]}, ["a,b"]),
        ({"names": '["a", "b"]'}, ["a", "b"]),
        ({"names": []}, []),
        ({"values": ["on", 7]}, ["on", 7]),
        ({"values": 7}, [7]),
        ({"attributes": '{"A": {"B": true}}'}, {"A": {"B": True}}),
        ({"value": None}, None),
    ],
    ids=str,
)
def test_an_option_that_stays_as_it_is_written_is_taken(options: dict[str, Any], taken: Any) -> None:
    result = validated(**options)
    assert result.error_messages == []
    assert result.validated_parameters[next(iter(options))] == taken


def test_an_option_that_is_left_out_is_not_null() -> None:
    assert validated().validated_parameters["value"] is LEFT_OUT


def test_what_is_omitted_is_left_out_at_every_level() -> None:
    items = [{"name": "a", "description": OMIT}, OMIT]
    options = {"items": items, "value": {"A": {"B": OMIT, "C": ["x", OMIT, f"{OMIT}."]}}, "name": OMIT}
    assert without_omitted(options) == {"items": [{"name": "a"}], "value": {"A": {"C": ["x", f"{OMIT}."]}}}


@pytest.mark.parametrize(("type_", "name"), [(TEXT, "str"), (LIST, "list"), (DICT, "dict")])
def test_documentation_names_the_type_as_ansible_does(type_: str, name: str) -> None:
    assert type_ == name
    assert copy.deepcopy(type_) == name
