# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the control planes that were found to the revisions that run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plugin_utils.revisions import running

DOCUMENTATION = r"""
name: running_revisions
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: The revisions that run in a cluster, by version
description:
  - Of the control planes that M(meshyard.istio.istio_revision_info) returns, those that run in the cluster, the oldest version first.
options:
  _input:
    description: C(revisions) of the module.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what runs
  ansible.builtin.debug:
    msg: "{{ info.revisions | meshyard.istio.running_revisions }}"
"""

RETURN = r"""
_value:
  description: Revisions with their versions.
  type: list
  elements: dict
  sample: [{revision: 1-31-9, version: 1.31.9}, {revision: 1-31-10, version: 1.31.10}]
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"running_revisions": running}
