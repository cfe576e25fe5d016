# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the inventory to the mesh of one of its hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..plugin_utils.filters import refusing
from ..plugin_utils.mesh_inventory import Inventory, Own, Variables

DOCUMENTATION = r"""
name: mesh
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: The mesh of an inventory host
description:
  - Tells which hosts of the groups C(istio_primary) and C(istio_remote) are one mesh with a host, what each cluster is called and how
    it is reached.
  - >-
    A remote cluster belongs to its primary: that of C(remote_cluster_primary), else the only one of the inventory. Primaries are one mesh
    where one of them has C(remote_cluster_exchange) set, with the remote clusters of all of them.
  - Variables that are not needed are not looked at, so that they may be templates that cannot be evaluated here.
options:
  _input:
    description: C(hostvars).
    type: dict
    required: true
  groups:
    description: C(groups).
    type: dict
    required: true
  host:
    description: The inventory host.
    type: str
    required: true
  run:
    description: The hosts that take part in the run, such as C(ansible_play_batch).
    type: list
    elements: str
    required: true
  own:
    description:
      - What the variables of a role say of the host, in place of the inventory. What is empty says nothing.
    type: dict
    default: {}
    suboptions:
      name:
        description: Name of its cluster.
        type: str
      network:
        description: Network of its cluster.
        type: str
      server:
        description: URL of its API server as other clusters reach it.
        type: str
      connection:
        description: Connection to its cluster.
        type: dict
      primary:
        description: Inventory host of its primary.
        type: str
      primary_connection:
        description: Connection to its primary.
        type: dict
      exchange:
        description: Whether all primaries read each other.
        type: bool
"""

EXAMPLES = r"""
- name: Say which clusters are left out
  ansible.builtin.debug:
    msg: "{{ (hostvars | meshyard.istio.mesh(groups, inventory_hostname, ansible_play_batch)).left_out }}"
"""

RETURN = r"""
_value:
  description:
    - >-
      The cluster of the host: C(host), C(name), C(role) (C(primary) or C(remote)), C(network), C(server), C(connection), a
      dictionary with options of modules, and C(expose) and C(exchange), which tell whether C(remote_cluster_expose) and
      C(remote_cluster_exchange) are set for it.
    - >-
      C(primary) is the primary of a remote cluster, empty for a primary and where nothing tells which it is; C(peers) are the other
      primaries, C(remotes) the other remote clusters, C(others) all of these, each with the fields above.
    - >-
      C(members) are the hosts of the mesh, this one first, C(left_out) those of them that are not in the run, C(candidates) the hosts that
      could be meant as primary, C(names) the names of clusters by host, of the mesh and of the run.
  type: dict
  sample:
    host: us
    name: us
    role: remote
    network: net-us
    server: https://10.0.0.12:6443
    connection: {kubeconfig: ~/.kube/config, context: us}
    expose: false
    exchange: false
    primary:
      host: eu
      name: eu
      role: primary
      network: net-eu
      server: ""
      connection: {kubeconfig: ~/.kube/config, context: eu}
      expose: true
      exchange: false
    peers: []
    remotes: []
    others:
      - host: eu
        name: eu
        role: primary
        network: net-eu
        server: ""
        connection: {kubeconfig: ~/.kube/config, context: eu}
        expose: true
        exchange: false
    members: [us, eu]
    left_out: []
    candidates: [eu]
    names: {us: us, eu: eu}
"""


def mesh(
    hostvars: Mapping[str, Variables],
    groups: Mapping[str, Sequence[str]],
    host: str,
    run: Iterable[str],
    own: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The mesh of a host as a dictionary."""
    return Inventory(hostvars, groups).mesh(host, run, Own(**(own or {}))).describe()


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"mesh": refusing(mesh)}
