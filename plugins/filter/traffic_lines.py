# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From predictions of traffic to lines that people read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plugin_utils.traffic_lines import lines

DOCUMENTATION = r"""
name: traffic_lines
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: One line for each place of clients of each service
description:
  - Writes what M(meshyard.istio.locality_lb) predicts as lines.
options:
  _input:
    description: C(prediction) of the module.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show where the traffic goes
  ansible.builtin.debug:
    msg: "{{ answer.prediction | meshyard.istio.traffic_lines }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
  sample: ["cart.shop.svc.cluster.local from eu eu/a: eu/a 100.0 % (eu 100.0 %); when those are down us/a"]
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"traffic_lines": lines}
