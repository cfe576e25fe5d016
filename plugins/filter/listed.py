# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From many names to a few and a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..module_utils._words import listed

DOCUMENTATION = r"""
name: listed
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: The first of many names, and how many more there are
description:
  - Writes names for a message, at most ten of them and the number of the others, however many there are.
options:
  _input:
    description: The names.
    type: list
    elements: str
    required: true
  separator:
    description: What stands between two of them.
    type: str
    default: ", "
"""

EXAMPLES = r"""
- name: Say which namespaces are left
  ansible.builtin.debug:
    msg: "Left out: {{ plan.remaining | meshyard.istio.listed }}."
"""

RETURN = r"""
_value:
  description: The text.
  type: str
  sample: shop, cart and 4,990 more
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"listed": listed}
