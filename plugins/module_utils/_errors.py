# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The errors of the collection: everything that a user, a file, the network or the service can cause.

`error.type` of a failed result is the name of one of these classes.

EntraError
├── OptionError            an option is wrong; no request was sent
├── InvalidDeclaration     declarations break rules; every problem is listed, nothing was written
├── InvalidValue           a value does not fit its attribute; no write was sent
├── UndefinedAttribute     an attribute has no definition
│   └── NameCaseMismatch   a name exists in another case only
├── PrincipalNotFound      no principal has the name
├── AmbiguousPrincipal     several principals have the name
├── AttributeNotAssigned   a principal does not have the attribute
├── ValueConflict          an attribute has neither the expected nor the desired value; it was not written
├── PlanRefused            a plan is stale, edited, expired, of another tenant, or touches what is protected
├── AttributesHidden       the identity cannot read the attributes that were asked for
├── WriteNotConfirmed      Graph accepted a write and does not show it
├── MissingLibrary         a Python library is not installed
├── AuthenticationError    no token was obtained
├── TransportError         Graph gave no usable answer; a write may have been applied if the error is in doubt
│   ├── ConnectionFailed   the host cannot be reached, or the connection was cut
│   ├── RequestTimeout     the answer took too long
│   ├── TlsError           the certificate is not trusted, or TLS failed otherwise
│   ├── ProxyError         the proxy cannot be used
│   └── UnexpectedResponse the answer is not what Graph or Entra sends
└── GraphError             Graph answered with an error: status, code, request id
    ├── PermissionDenied   403
    ├── NotFound           404
    ├── Conflict           409
    └── Throttled          429
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Need:
    """The Graph permissions of an operation and, for users, the Entra roles that allow it (graph-facts 5.2)."""

    permissions: tuple[str, ...]
    roles: tuple[str, ...]

    def __str__(self) -> str:
        permissions = " and ".join(self.permissions)
        if not self.roles:
            return f"It needs the Graph permission {permissions} with admin consent."
        return (
            f"An application needs the Graph permission {permissions} with admin consent;"
            f" a signed-in user needs the same as delegated permission and the Entra role {' or '.join(self.roles)}."
            " Global Administrator has none of these by default. The module access_info lists what the identity can do."
        )


def printable(text: str) -> str:
    """Return text that every output can hold: a lone surrogate, which UTF-8 cannot encode, becomes its escape."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def quoted(text: str, most: int = 60) -> str:
    """Return text as a message quotes it: in one line, not longer than `most`, invisible characters as escapes."""
    cut = text if len(text) <= most else f"{text[: most - 3]}..."
    shown = (char if char.isprintable() else char.encode("unicode_escape", "backslashreplace").decode() for char in cut)
    return cut if cut.isprintable() else "".join(shown)


class EntraError(Exception):
    """A failure in one sentence. `hint` says what to do next."""

    changed = False
    """Whether something was written before."""
    in_doubt = False
    """Whether a write that got no definite answer may have been applied. Then the result counts as a change."""

    result: Mapping[str, Any] = MappingProxyType({})
    """What is known of the whole task that failed."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = printable(message)
        self.hint = hint

    def __str__(self) -> str:
        message = self.message if self.message.endswith(".") else f"{self.message}."
        doubt = "The write may have been applied." if self.in_doubt else ""
        return " ".join(filter(None, [message, doubt, self.hint]))

    def __copy__(self) -> EntraError:
        """Return a separate error for one of several requests that failed together."""
        copied = type(self).__new__(type(self), *self.args)
        copied.__dict__.update(self.__dict__)
        return copied

    def details(self) -> dict[str, Any]:
        """The members of `error` in a task's result."""
        return {"hint": self.hint}

    def as_result(self) -> dict[str, Any]:
        """The keyword arguments of `fail_json`."""
        changed = {"changed": True} if self.changed or self.in_doubt else {}
        error = {"type": type(self).__name__, **self.details()}
        return {**self.result, "msg": str(self), "error": error, **changed}


class OptionError(EntraError):
    """An option is wrong, alone or together with another option. A reason that quotes a long text is shortened."""

    def __init__(self, option: str, reason: str, hint: str = "") -> None:
        if len(reason) > 1000:
            reason = f"{reason[:600]} ... {reason[-300:]}"
        super().__init__(f"{option}: {reason}", hint)
        self.option = option
        self.reason = reason

    def details(self) -> dict[str, Any]:
        return {"option": self.option, **super().details()}


class PlanRefused(EntraError):
    """A plan that must not be applied."""


class InvalidValue(EntraError):
    """A value that its attribute cannot hold."""

    def __init__(self, attribute: object, reason: str, hint: str = "") -> None:
        super().__init__(f"value of {attribute}: {reason}", hint)
        self.attribute = str(attribute)
        self.reason = reason

    def details(self) -> dict[str, Any]:
        return {"attribute": self.attribute, **super().details()}


class UndefinedAttribute(EntraError):
    """An attribute set or attribute that does not exist, or that the identity cannot see."""


class NameCaseMismatch(UndefinedAttribute):
    """A name that differs only in case from an existing one. Entra does not allow both (graph-facts 4)."""

    def __init__(self, name: str, other: str, hint: str = "") -> None:
        super().__init__(f"{name}: {other}; names are matched exactly.", hint)


class ValueConflict(EntraError):
    """An attribute that has neither the value it is expected to have nor the one desired."""


class InvalidDeclaration(EntraError):
    """A declaration that the service would refuse, with every reason at once."""

    def __init__(self, what: str, problems: list[str]) -> None:
        super().__init__(f"{what}: " + "; ".join(problems) + ".")
        self.problems = [printable(problem) for problem in problems]

    def details(self) -> dict[str, Any]:
        return {"problems": self.problems, **super().details()}


class PrincipalNotFound(EntraError):
    """No principal has the name."""


class AmbiguousPrincipal(EntraError):
    """More than one principal has the name; `candidates` are these principals as results name them."""

    def __init__(self, message: str, hint: str, candidates: list[dict[str, Any]]) -> None:
        super().__init__(message, hint)
        self.candidates = candidates

    def details(self) -> dict[str, Any]:
        return {"candidates": self.candidates, **super().details()}


class AttributeNotAssigned(EntraError):
    """An attribute that was asked for is not assigned to the principal."""


class AttributesHidden(EntraError):
    """Graph answers null for attributes that the caller cannot read (graph-facts 2.4). This error says so."""


class WriteNotConfirmed(EntraError):
    """A write that Graph accepted, so that it counts as a change, and does not show since (graph-facts 6.4).

    `shown` holds the assignments that Graph shows instead, where another writer changed the same attributes.
    """

    def __init__(self, principal: object, cause: EntraError | None = None, shown: Any = None) -> None:
        told = f"{principal}: Graph accepted the write, but does not show it after half a minute"
        hint = (
            "Graph may show it soon, another writer may have changed it, or Graph dropped it."
            " A later run writes what is missing then."
        )
        if cause:
            told = f"{principal}: Graph accepted the write, but it could not be verified: {cause}"
        if shown is not None:
            told = f"{principal}: Graph accepted the write, but another writer changed the same attribute since"
            hint = "Run tasks that change the same attribute one after the other."
        super().__init__(told, hint)
        self.changed = True
        self.shown = shown


class MissingLibrary(EntraError):
    """A Python library is not installed where the task runs."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The Python library {name} is not installed on {platform.node()} for {sys.executable}.",
            f"Install it there: {sys.executable} -m pip install {name}",
        )


class AuthenticationError(EntraError):
    """No token: a credential is incomplete, refused or out of date."""


class TransportError(EntraError):
    """No usable answer of Graph or of the login host."""


class ConnectionFailed(TransportError):
    """The host cannot be reached, or the connection was cut."""


class RequestTimeout(TransportError):
    """The answer took longer than `timeout`, or the task waited longer than `max_wait`."""


class TlsError(TransportError):
    """The certificate is not trusted, or TLS failed for another reason."""


class ProxyError(TransportError):
    """The proxy cannot be used."""


class UnexpectedResponse(TransportError):
    """An answer that neither Graph nor Entra sends: another format, another shape, another host."""


class GraphError(EntraError):
    """Graph's own refusal (graph-facts 6.1).

    If the definition explains the refusal, `explanation` comes first, so that a run says what check mode predicted.
    """

    retry_after: float | None = None
    """Seconds after which Graph asks to try again."""

    def __init__(
        self,
        operation: str,
        status: int,
        code: str = "",
        message: str = "",
        request_id: str = "",
        client_request_id: str = "",
        hint: str = "",
    ) -> None:
        said = f"{code}: {message}" if code and message else code or message or "no further explanation"
        ids = f" [request-id {request_id}]" if request_id else ""
        super().__init__(f"{operation}: Graph answered {status} {said}{ids}", hint)
        self.operation = operation
        self.status = status
        self.code = code
        self.request_id = request_id
        self.client_request_id = client_request_id
        self.said = message
        self.explanation = ""

    def __str__(self) -> str:
        return f"{self.explanation} {super().__str__()}".lstrip()

    def details(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "code": self.code,
            "message": self.said,
            "request_id": self.request_id,
            "client_request_id": self.client_request_id,
            "explanation": self.explanation,
            **super().details(),
        }


class PermissionDenied(GraphError):
    """403: the identity lacks a permission or a role."""


class NotFound(GraphError):
    """404."""


class Conflict(GraphError):
    """409: the object that a request would create exists already."""


class Throttled(GraphError):
    """429: Graph still throttles after all retries."""
