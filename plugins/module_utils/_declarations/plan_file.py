# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The file of a plan: canonical JSON with a digest, so that a run can be bound to what was approved."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from .._core.selection import Item
from .._core.tenant_plan import TenantPlan, parse_plan, plan_document
from .._core.values import same
from .._errors import OptionError, PlanRefused
from .declared import Declared
from .storage import now, read_regular

FORMAT, VERSION = "entra.attributes/plan", 1
COLLECTION_VERSION = "1.0.0-dev"
MAX_BYTES = 512 * 1024 * 1024
NOTHING_WRITTEN = "Nothing was written."
MAKE_ANOTHER = "Make a new plan with plan_path, have it approved, and apply that one."
_TIME = "%Y-%m-%dT%H:%M:%SZ"

Mask = Callable[[Any], str]


@dataclass(frozen=True)
class PlanFile:
    """A plan with what binds it: its tenant, who made it when, from what, and how its values are masked."""

    plan: TenantPlan
    tenant_id: str | None = None
    identity: str = ""
    time: str = ""
    declarations: str = ""
    masked_sets: tuple[str, ...] = ()
    salt: str = ""

    def content(self) -> bytes:
        """Return the content of the file."""
        document = {
            "format": FORMAT,
            "version": VERSION,
            "collection_version": COLLECTION_VERSION,
            "tenant_id": self.tenant_id,
            "identity": self.identity,
            "time": self.time,
            "declarations": {"hmac_sha256": self.declarations},
            "masked": {"attribute_sets": list(self.masked_sets), "salt": self.salt},
            **plan_document(self.plan),
        }
        return canonical({**document, "sha256": digest(document)}) + b"\n"


def new_salt() -> str:
    """Return a salt for the masks of one plan."""
    return secrets.token_hex(16)


def masking(salt: str, key: str) -> Mask:
    """Return what masks a value: a keyed hash, the same for lists in another order.

    Without the key, or the plan if there is no key, values cannot be tried out.
    """
    secret = f"{salt}{key}".encode()

    def mask(value: Any) -> str:
        ordered = sorted(value, key=lambda item: (str(type(item)), item)) if isinstance(value, list) else value
        return hmac.new(secret, canonical(ordered), hashlib.sha256).hexdigest()

    return mask


def canonical(document: Any) -> bytes:
    """Return the one way to write a document as JSON: keys sorted, no blanks, UTF-8."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="backslashreplace")


def digest(document: Mapping[str, Any]) -> str:
    """Return the digest of a document without its own."""
    return hashlib.sha256(canonical({key: document[key] for key in document if key != "sha256"})).hexdigest()


def digest_of(found: Declared, mask: Mask) -> str:
    """Return the keyed digest of the declarations."""
    assignments = [
        [
            declaration.who.kind.name,
            declaration.who.by,
            declaration.who.name.lower(),
            sorted((str(name), repr(value)) for name, value in declaration.desired.items()),
        ]
        for declaration in found.assignments
    ]
    schema = [repr(placed.desired) for placed in found.placed_sets]
    schema += [repr(placed.desired) for placed in found.placed_definitions]
    schema += map(repr, found.departures)
    schema += [repr(placed.desired) for placed in found.delegations]
    return mask({"schema": schema, "assignments": assignments, "items": list(map(_item_text, found.items))})


def _item_text(item: Item) -> str:
    """Return what an item wants, without where it stands."""
    wishes = sorted((str(name), repr(wish)) for name, wish in item.wishes.items())
    return repr((item.who, wishes, item.exclusive, item.allow_empty, item.expires))


def read_plan(path: str) -> PlanFile:
    """Return the plan in a file. Raises OptionError where there is none, PlanRefused where it is not as written."""
    try:
        content = read_regular(path, MAX_BYTES)
    except OSError as error:
        raise OptionError("apply_plan", f"{path} cannot be read: {error.strerror}") from None
    try:
        document = json.loads(content)
        form, version = document["format"], document["version"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _refused(path, "is not a plan, or was cut off or edited") from None
    if form != FORMAT:
        raise _refused(path, f"has the format {form!r}; a plan has {FORMAT!r}")
    if version != VERSION:
        raise _refused(path, f"has version {version!r} of the format; this release reads {VERSION}")
    try:
        whole = canonical(document) + b"\n" == content and document["sha256"] == digest(document)
        if not whole:
            raise _refused(path, "was edited after it was made: its content does not match its digest")
        return PlanFile(
            parse_plan(document),
            document["tenant_id"],
            str(document["identity"]),
            str(document["time"]),
            str(document["declarations"]["hmac_sha256"]),
            tuple(map(str, document["masked"]["attribute_sets"])),
            str(document["masked"]["salt"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _refused(path, "is not a plan that this release can read") from None


def ensure_current(path: str, made: PlanFile, tenant: str | None, max_age: int) -> None:
    """Raise PlanRefused for a plan of another tenant, one that is too old, and one that must not be applied."""
    if not tenant or not made.tenant_id or not same(tenant, made.tenant_id):
        of, here = made.tenant_id or "an unknown tenant", tenant or "an unknown tenant"
        raise _refused(path, f"is a plan for {of}, but the token is for {here}")
    try:
        age = _parsed(now()) - _parsed(made.time)
    except ValueError:
        raise _refused(path, "has a time that cannot be read") from None
    if age > timedelta(days=max_age):
        days = "day" if max_age == 1 else "days"
        raise _refused(path, f"was made at {made.time}, and plan_max_age allows {max_age} {days}")
    if made.plan.blocked:
        raise _refused(path, f"must not be applied: {'; '.join(made.plan.blocked)}")


def markdown_path(path: str | Path) -> Path:
    """Return the file for a pull request, which stands next to the plan. Raises OptionError for the path itself."""
    other = Path(path).with_suffix(".md") if Path(path).name else Path(path)
    if other == Path(path):
        raise OptionError("plan_path", f"{path} must not end with .md; give a name such as plan.json")
    return other


def _parsed(time: str) -> datetime:
    return datetime.strptime(time, _TIME).replace(tzinfo=timezone.utc)


def _refused(path: str, reason: str) -> PlanRefused:
    return PlanRefused(f"The plan {path} {reason}. {NOTHING_WRITTEN}", MAKE_ANOTHER)
