# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the namespace of a control plane to its network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plugin_utils.joined_clusters import namespace_network

DOCUMENTATION = r"""
name: namespace_network
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: The network that a namespace is marked with
description:
  - Reads the label by which istiod knows the network of pods, and whether this collection put it there.
options:
  _input:
    description: The namespace as C(resources) of M(kubernetes.core.k8s_info).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ (namespace.resources | meshyard.istio.namespace_network).name }}"
"""

RETURN = r"""
_value:
  description: Its name, empty where there is none, and whether the mark is of this collection.
  type: dict
  sample: {name: net-eu, ours: true}
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"namespace_network": namespace_network}
