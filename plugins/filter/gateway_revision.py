# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the revisions that serve a cluster to that of one of its gateways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plugin_utils.revisions import of_gateway

DOCUMENTATION = r"""
name: gateway_revision
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: The revision that a gateway belongs to
description:
  - The one that the gateway has, if it is among those that serve the cluster, else the first that serves it.
options:
  _input:
    description: The revisions that serve the cluster, with their versions.
    type: list
    elements: dict
    required: true
  gateways:
    description: C(gateways) of M(meshyard.istio.istio_revision_info).
    type: list
    elements: dict
    required: true
  namespace:
    description: Namespace of the gateway.
    type: str
    required: true
  name:
    description: Name of the gateway.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ serving | meshyard.istio.gateway_revision(info.gateways, 'istio-system', 'istio-eastwestgateway') }}"
"""

RETURN = r"""
_value:
  description: The revision with its version; empty where none serves the cluster.
  type: dict
  sample: {revision: 1-32-0, version: 1.32.0}
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"gateway_revision": of_gateway}
