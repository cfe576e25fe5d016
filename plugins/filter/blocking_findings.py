# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the findings of a module to those that stand against going on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plugin_utils.findings import blocking

DOCUMENTATION = r"""
name: blocking_findings
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: The blockers among findings that nobody accepted
description:
  - Of the findings that modules such as M(meshyard.istio.multicluster_check) return, the blockers that are not accepted by their code.
options:
  _input:
    description: The findings.
    type: list
    elements: dict
    required: true
  accept:
    description: Codes of findings that do not count.
    type: list
    elements: str
    default: []
  gateway_planned:
    description: Whether the run makes the east-west gateway of the primary later, which settles what is said of its absence.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Refuse while something stands against it
  ansible.builtin.assert:
    that: checked.findings | meshyard.istio.blocking_findings(accept=['server_not_tried']) | length == 0
"""

RETURN = r"""
_value:
  description: The findings.
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"blocking_findings": blocking}
