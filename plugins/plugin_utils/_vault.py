# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Decryption with the vault secrets of Ansible, for what reads declared files."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleError

from ..module_utils._declarations.locations import Decrypt, Undecryptable
from . import _ansible


def decryption(loader: Any) -> Decrypt:
    """Return the function that decrypts text with the vault secrets of this run."""

    def decrypted(text: str) -> str:
        try:
            return str(_ansible.decrypt(loader, text).decode())
        except UnicodeDecodeError:
            raise Undecryptable("it does not hold UTF-8 text") from None
        except AnsibleError as error:
            raise Undecryptable(error.message) from None

    return decrypted
