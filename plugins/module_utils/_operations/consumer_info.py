# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The options, run and result of the module for consumers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import env_fallback

from .._connection import CLOUDS, https_url, is_set
from .._core.names import read_as
from .._core.options import TEXT
from .._core.rules.dialects import may_decide, value_text
from .._errors import OptionError
from .._graph.client import Graph
from .._graph.resource_manager import ResourceManager
from .._operation import Operation
from .._tenant.consumers import ROLE_CONDITIONS, SOURCES, Consumer, read_consumers

SOURCES_SPEC: dict[str, Any] = {
    "sources": {
        "type": "list",
        "elements": "str",
        "choices": [*SOURCES, ROLE_CONDITIONS],
        "default": list(SOURCES),
    },
    "resource_manager_url": {"type": TEXT, "fallback": (env_fallback, ["ENTRA_RESOURCE_MANAGER_URL"])},
}
CONSUMER_INFO_SPEC: dict[str, Any] = {
    "attribute_set": {"type": TEXT},
    "name": {"type": TEXT},
    "value": {"type": "raw"},
    **SOURCES_SPEC,
}
CONSUMER_INFO_CONSTRAINTS = {"required_by": {"name": ("attribute_set",), "value": ("name",)}}


def run_consumer_info(params: Mapping[str, Any], graph: Graph, check_mode: bool) -> dict[str, Any]:
    """Return what decides by attributes, or by one attribute or value, and what could not be read."""
    value = params["value"]
    if value is not None and not isinstance(value, str | int):
        raise OptionError("value", f"{read_as(value)} is not a value; give text, an integer or a Boolean")
    consumers = read_consumers(graph, params["sources"], resource_manager(params, graph))
    wanted = (params["attribute_set"], params["name"], None if value is None else value_text(value))
    return {
        "changed": False,
        "consumers": [consumer.as_result() for consumer in consumers.found if _concerns(consumer, *wanted)],
        "not_read": [vars(not_read) for not_read in consumers.not_read],
    }


def resource_manager(params: Mapping[str, Any], graph: Graph) -> ResourceManager | None:
    """Return Azure Resource Manager if it is to be asked. Raises OptionError without a URL or a token for it."""
    if ROLE_CONDITIONS not in params["sources"]:
        return None
    given, cloud = params["resource_manager_url"], params["cloud_environment"]
    if not is_set(given) and not CLOUDS[cloud].resource_manager:
        raise OptionError("resource_manager_url", f"is needed, because the URL of {cloud} is not known")
    url = https_url("resource_manager_url", given) if is_set(given) else CLOUDS[cloud].resource_manager
    return ResourceManager(graph, graph.tokens_for(url), url)


def _concerns(consumer: Consumer, attribute_set: str | None, name: str | None, value: str | None) -> bool:
    """Whether a consumer decides by an attribute or value, or may.

    A hidden rule may name anything. Whether the case of names counts is not documented.
    """
    if attribute_set is None or not consumer.certain:
        return True
    return any(
        attribute["attribute_set"].lower() == attribute_set.lower()
        and (name is None or attribute["name"] is None or attribute["name"].lower() == name.lower())
        and (value is None or may_decide(attribute, value))
        for attribute in consumer.attributes
    )


CONSUMER_INFO = Operation(run_consumer_info, CONSUMER_INFO_SPEC, CONSUMER_INFO_CONSTRAINTS)
