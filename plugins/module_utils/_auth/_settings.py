# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The settings that credentials are made of, and the interface of credentials."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar


@dataclass(frozen=True)
class Settings:
    """The options of design 3.1 that make a credential; secrets stay out of its representation.

    `http` is an `Http` of `_transport`.
    `resource` is the URL of the service that tokens are for, and `authority_url` that of the login host, both without a
    trailing slash. `environment` is that of the task. `given` names the options that do not come from it.
    """

    http: Any = field(repr=False)
    authority_url: str
    resource: str
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    certificate_path: str | None = None
    certificate_password: str | None = field(default=None, repr=False)
    certificate_thumbprint: str | None = None
    federated_token: str | None = field(default=None, repr=False)
    federated_token_file: str | None = None
    access_token: str | None = field(default=None, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    given: frozenset[str] = frozenset()


class Credential(ABC):
    """A source of tokens.

    `NAME` is its auth_source. It takes one of the options in `STARTED_BY`, and those in `NEEDS` as well; those in
    `GOES_WITH` are of no use without it. So any in `STARTED_BY` and `GOES_WITH` shows that it is meant.
    """

    NAME: ClassVar[str]
    STARTED_BY: ClassVar[tuple[str, ...]] = ()
    NEEDS: ClassVar[tuple[str, ...]] = ()
    GOES_WITH: ClassVar[tuple[str, ...]] = ()

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @classmethod
    def begun(cls, settings: Settings) -> bool:
        """Whether any option of this credential alone is set."""
        return any(getattr(settings, option) for option in cls.STARTED_BY + cls.GOES_WITH)

    @classmethod
    def given(cls, settings: Settings) -> bool:
        """Whether any option of this credential alone is set as such, not in the environment."""
        return not settings.given.isdisjoint(cls.STARTED_BY + cls.GOES_WITH)

    @classmethod
    def missing(cls, settings: Settings) -> list[str]:
        """The options that must be set and are not."""
        missing = [option for option in cls.NEEDS if not getattr(settings, option)]
        if cls.STARTED_BY and not any(getattr(settings, option) for option in cls.STARTED_BY):
            missing.append(" or ".join(cls.STARTED_BY))
        return missing

    @abstractmethod
    def token(self) -> str:
        """An access token for the resource, from a cache where it is still valid. Raises AuthenticationError."""

    @abstractmethod
    def renew(self) -> bool:
        """Drop the cached token; False where there can be no other."""

    def for_resource(self, url: str) -> Credential:
        """Return the same credential for another service. Raises OptionError where it can have no token for it."""
        return type(self)(replace(self._settings, resource=url))

    def warning(self) -> str:
        """Return what a user must know before a long run, or an empty text. Raises OptionError."""
        return ""
