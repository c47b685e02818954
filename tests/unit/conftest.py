# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the collection importable by its full name, by Python and by Ansible's loader of plugins alike."""

from __future__ import annotations

import sys
from pathlib import Path

from _checkout import NAME
from ansible.plugins.loader import init_plugin_loader
from ansible.utils.collection_loader import AnsibleCollectionConfig
from hypothesis import HealthCheck, settings

# How fast this machine is at the moment says nothing about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


# Ansible finds plugins by their full names only in collections that it has imported itself.
if AnsibleCollectionConfig.collection_finder is None:
    init_plugin_loader([path for path in sys.path if (Path(path) / NAME).is_dir()])
