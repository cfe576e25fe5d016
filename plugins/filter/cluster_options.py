# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From clusters of the mesh to the option C(clusters) of modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

DOCUMENTATION = r"""
name: cluster_options
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: Clusters of the mesh as the option clusters of modules takes them
description:
  - Makes elements of the option C(clusters) of the clusters that the filter P(meshyard.istio.mesh#filter) returns.
options:
  _input:
    description: Clusters, such as C(others) of the mesh.
    type: list
    elements: dict
    required: true
  fields:
    description: What else than its name and connection the option takes of a cluster. Fields that are empty are left out.
    type: list
    elements: str
    choices: [network, role, server]
    default: []
"""

EXAMPLES = r"""
- name: See whether any cluster of the mesh uses the revision
  meshyard.istio.istio_revision:
    state: absent
    revision: 1-31-0
    clusters: "{{ mesh.others | meshyard.istio.cluster_options }}"
  check_mode: true
  vars:
    mesh: "{{ hostvars | meshyard.istio.mesh(groups, inventory_hostname, ansible_play_batch) }}"
"""

RETURN = r"""
_value:
  description: One dictionary for each cluster.
  type: list
  elements: dict
  sample: [{name: us, kubeconfig: ~/.kube/config, context: us}]
"""


def cluster_options(clusters: Iterable[Mapping[str, Any]], fields: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Each cluster by its name, with its connection."""
    return [
        {"name": cluster["name"], **{name: cluster[name] for name in fields if cluster[name]}, **cluster["connection"]}
        for cluster in clusters
    ]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"cluster_options": cluster_options}
