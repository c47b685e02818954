# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local stand-in for Microsoft Entra and Microsoft Graph, as far as custom security attributes need them."""
