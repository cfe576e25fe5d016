# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From Secrets beside istiod to the clusters that it still has to do with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plugin_utils.joined_clusters import still_joined

DOCUMENTATION = r"""
name: clusters_still_joined
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: The clusters that a primary reads or that read it
description:
  - Tells by the remote secrets of a primary which clusters it reads, and by the tokens of its reader which clusters read it.
options:
  _input:
    description: The remote secrets.
    type: list
    elements: dict
    required: true
  tokens:
    description: The Secrets with tokens of service accounts.
    type: list
    elements: dict
    required: true
  leaving:
    description: Clusters whose remote secrets this run takes away.
    type: list
    elements: str
    default: []
  check_mode:
    description: Whether nothing is taken away really, so that what leaves is still there.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show them
  ansible.builtin.debug:
    msg: "{{ secrets.resources | meshyard.istio.clusters_still_joined(tokens.resources) }}"
"""

RETURN = r"""
_value:
  description: Names of remote secrets, and clusters by their UID.
  type: list
  elements: str
  sample: [istio-remote-secret-us]
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"clusters_still_joined": still_joined}
