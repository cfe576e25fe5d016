# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the use of a revision to that which other things do not take along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plugin_utils.blockers import besides

DOCUMENTATION = r"""
name: blockers_besides
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: The blockers that stay when other things leave
description:
  - >-
    Of the blockers that modules such as M(meshyard.istio.istio_revision) return, those that are left when namespaces, gateways and tags go
    with the revision.
options:
  _input:
    description: The blockers.
    type: list
    elements: dict
    required: true
  namespaces:
    description: Namespaces that leave, with all that is in them.
    type: list
    elements: str
    default: []
  gateways:
    description: Gateways that leave, each with C(namespace) and C(name).
    type: list
    elements: dict
    default: []
  tags:
    description: Tags that are taken away.
    type: list
    elements: str
    default: []
  codes:
    description: Codes of blockers that do not count.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show what else uses the revision
  ansible.builtin.debug:
    msg: "{{ answer.blockers | meshyard.istio.blockers_besides(namespaces=['shop']) | meshyard.istio.blocker_lines }}"
"""

RETURN = r"""
_value:
  description: The blockers that are left.
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"blockers_besides": besides}
