# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/organization`: the name and the domains of the tenant."""

from __future__ import annotations

from typing import Any, Final

from . import query
from .access import Caller
from .directory import Directory
from .exchange import Request, Response, denied, not_emulated, not_found
from .properties import selected

_TYPE: Final = "microsoft.graph.organization"
_READERS: Final = (
    "Organization.Read.All Organization.ReadWrite.All Directory.Read.All Directory.ReadWrite.All User.Read "
    "User.Read.All User.ReadWrite.All"
)
_EMPTY: Final = (
    "deletedDateTime businessPhones city country countryLetterCode createdDateTime marketingNotificationEmails "
    "onPremisesLastSyncDateTime onPremisesSyncEnabled postalCode preferredLanguage privacyProfile "
    "securityComplianceNotificationMails securityComplianceNotificationPhones state street "
    "technicalNotificationMails assignedPlans provisionedPlans"
)
_LISTS: Final = ("Mails", "Phones", "Emails", "Plans")


def organization(path: list[str], directory: Directory, request: Request, caller: Caller, base: str) -> Response:
    """Answer `/organization` and `/organization/{id}`."""
    if request.method != "GET":
        raise not_emulated(f"{request.method} of /organization")
    if caller.permissions.isdisjoint(_READERS.split()):
        raise denied()
    query.check_options(request, frozenset({"$select"}), "/organization")
    item: dict[str, Any] = {"id": directory.tenant_id}
    item |= {name: [] if name.endswith(_LISTS) else None for name in _EMPTY.split()}
    first = directory.domains[0] if directory.domains else "localhost"
    item |= {
        "displayName": first.split(".")[0].capitalize(),
        "tenantType": "AAD",
        "verifiedDomains": [
            {
                "capabilities": "",
                "isDefault": name == first,
                "isInitial": name == first,
                "name": name,
                "type": "Managed",
            }
            for name in directory.domains
        ],
    }
    names = selected(request.query.get("$select"), frozenset(item), _TYPE)
    cut = item if names is None else {name: item[name] for name in names}
    context = f"{base}/$metadata#organization" + (f"({','.join(names)})" if names else "")
    if len(path) == 1:
        return Response(200, {"@odata.context": context, "value": [cut]})
    if path[1].lower() != directory.tenant_id.lower():
        raise not_found(path[1])
    return Response(200, {"@odata.context": f"{context}/$entity", **cut})
