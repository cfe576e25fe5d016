# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the findings of a module to lines that people read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..module_utils._words import lines

DOCUMENTATION = r"""
name: finding_lines
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: One line for each finding
description:
  - Writes the findings that modules such as M(meshyard.istio.upgrade_plan) return as lines, each with its level, its object, what was
    found and what to do.
options:
  _input:
    description: The findings.
    type: list
    elements: dict
    required: true
  limit:
    description: How many are written; a last line counts the rest. V(0) writes all.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Show what was found
  ansible.builtin.debug:
    msg: "{{ plan.findings | meshyard.istio.finding_lines(limit=10) }}"
"""

RETURN = r"""
_value:
  description: The lines, in the order of the findings.
  type: list
  elements: str
  sample: ["BLOCKER revision 1-31-0: The control plane to be left is not ready. Bring it back to health first."]
"""


def finding_lines(findings: Iterable[Mapping[str, Any]], limit: int = 0) -> list[str]:
    """A line for each finding; those beyond a limit are counted in a last one."""
    return lines((f"{one['level'].upper()} {one['object']}: {one['message']} {one['remedy']}" for one in findings), limit)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"finding_lines": finding_lines}
