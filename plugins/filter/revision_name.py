# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a version to the revision that is made from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..module_utils._mesh.revision import revision_name

DOCUMENTATION = r"""
name: revision_name
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: The revision that is made from a version
description:
  - The name that modules give to a control plane when only its version is told.
options:
  _input:
    description: The version.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ '1.32.0' | meshyard.istio.revision_name }}"  # 1-32-0
"""

RETURN = r"""
_value:
  description: The revision.
  type: str
  sample: 1-32-0
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"revision_name": revision_name}
