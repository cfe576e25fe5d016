# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the use of a revision to lines that people read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plugin_utils.blockers import lines

DOCUMENTATION = r"""
name: blocker_lines
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: One line for each blocker
description:
  - Writes the blockers that modules such as M(meshyard.istio.istio_revision) return as lines, each once.
options:
  _input:
    description: The blockers.
    type: list
    elements: dict
    required: true
  limit:
    description: How many are written; a last line counts the rest. V(0) writes all.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Show what uses the revision
  ansible.builtin.debug:
    msg: "{{ answer.blockers | meshyard.istio.blocker_lines(limit=10) }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
  sample: [Namespace shop (its new pods come to it)]
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"blocker_lines": lines}
