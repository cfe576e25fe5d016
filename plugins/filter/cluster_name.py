# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the variables of an inventory host to the name of its cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plugin_utils.mesh_inventory import cluster_name

DOCUMENTATION = r"""
name: cluster_name
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: What the cluster of an inventory host is called in the mesh
description:
  - >-
    The first of the variables C(remote_cluster_name), C(canary_upgrade_cluster_name), C(locality_cluster_name) and
    C(meshyard_cluster_name) that the inventory sets for the host, else the name of the host. All roles call the cluster by it.
options:
  _input:
    description: The variables of the host, such as C(hostvars['eu']).
    type: dict
    required: true
  host:
    description: The inventory host.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Say how eu is called
  ansible.builtin.debug:
    msg: "{{ hostvars['eu'] | meshyard.istio.cluster_name('eu') }}"
"""

RETURN = r"""
_value:
  description: The name.
  type: str
  sample: eu
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"cluster_name": cluster_name}
