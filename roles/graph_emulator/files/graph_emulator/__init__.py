# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local stand-in for Microsoft Entra and the part of Microsoft Graph that custom security attributes need."""
