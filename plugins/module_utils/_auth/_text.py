# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Credentials as people keep them: text with what editors leave at its ends, and files that may be anything."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import stat
from typing import Any

from .._errors import OptionError

MOST_BYTES = 1_000_000
"""Of a file with a credential; real ones are a hundred times smaller."""
_ENDS = re.compile(r"\A[\s\u200b-\u200f\u2060\ufeff]+|[\s\u200b-\u200f\u2060\ufeff]+\Z")
_HEADER_SAFE = re.compile(r"[!-~]+")


def trimmed(text: str) -> str:
    """Return text without the blanks, line breaks and invisible characters at its ends."""
    return _ENDS.sub("", text)


def token_text(option: str, text: str) -> str:
    """Return a token as a header can hold it. Raises OptionError, which shows no part of it."""
    token = trimmed(text)
    if not _HEADER_SAFE.fullmatch(token):
        raise OptionError(
            option,
            "is not a token: it is empty or has characters inside that an HTTP header cannot hold",
            "Give the token alone, in one line.",
        )
    return token


def is_token(text: Any) -> bool:
    """Return whether a header can hold a value of an answer as a token."""
    return isinstance(text, str) and _HEADER_SAFE.fullmatch(text) is not None


def claims(token: str) -> dict[str, Any]:
    """Return the claims of a token, unverified; empty where it is opaque."""
    try:
        payload = token.split(".")[1]
        content = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def read_file(option: str, path: str) -> bytes:
    """Return the content of the regular file that an option names. Raises OptionError."""
    try:
        with open(path, "rb", opener=_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OptionError(option, f"{path} is not a regular file")
            content = file.read(MOST_BYTES + 1)
    except IsADirectoryError:
        raise OptionError(option, f"{path} is a folder; a file is needed") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path is not valid"
        raise OptionError(option, f"{path} cannot be read: {reason}") from None
    if len(content) > MOST_BYTES:
        raise OptionError(option, f"{path} has more than {MOST_BYTES} bytes; this is not a credential")
    if not content.strip():
        raise OptionError(option, f"{path} is empty")
    return content


def _at_once(path: str, flags: int) -> int:
    """Open a file as `open()` does, but do not wait for the writer of a FIFO."""
    return os.open(path, flags | os.O_NONBLOCK)


def read_token(option: str, path: str) -> str:
    """Return the token in a file. Raises OptionError."""
    content = read_file(option, path)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise OptionError(option, f"{path} is not a text file in UTF-8; save it in this encoding") from None
    try:
        return token_text(option, text)
    except OptionError as error:
        raise OptionError(option, f"{path} {error.reason}", error.hint) from None
