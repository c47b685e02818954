# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The clouds of Microsoft Entra: where each signs in and where its Graph is (graph-facts 10.1)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cloud:
    """The login URL and the Graph URL of a cloud, both without a trailing slash."""

    login: str
    graph: str


CLOUDS = {
    "AzureCloud": Cloud("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "AzureUSGovernment": Cloud("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "AzureUSGovernmentDoD": Cloud("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    "AzureChinaCloud": Cloud("https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
    "Bleu": Cloud("https://login.sovcloud-identity.fr", "https://graph.svc.sovcloud.fr"),
    "Delos": Cloud("https://login.sovcloud-identity.de", "https://graph.svc.sovcloud.de"),
    "GovSG": Cloud("https://login.sovcloud-identity.sg", "https://graph.svc.sovcloud.sg"),
}
