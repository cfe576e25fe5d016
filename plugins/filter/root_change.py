# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a root certificate to what it means for workloads that run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plugin_utils.trust import root

DOCUMENTATION = r"""
name: root_change
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: How a root certificate compares with those that workloads trust
description:
  - V(same) where workloads trust it already, V(other) where they trust another one, V(none) where there are none, and V(unknown) where a
    control plane runs and its root cannot be read.
options:
  _input:
    description: The certificate as PEM.
    type: str
    required: true
  secrets:
    description: The Secret C(cacerts), as C(resources) of M(kubernetes.core.k8s_info).
    type: list
    elements: dict
    required: true
  shown:
    description: The ConfigMap C(istio-ca-root-cert), likewise.
    type: list
    elements: dict
    required: true
  runs:
    description: Whether a control plane runs.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ lookup('ansible.builtin.file', 'root-cert.pem') | meshyard.istio.root_change(cacerts.resources, shown.resources, true) }}"
"""

RETURN = r"""
_value:
  description: One of V(none), V(same), V(other) and V(unknown).
  type: str
  sample: same
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"root_change": root}
