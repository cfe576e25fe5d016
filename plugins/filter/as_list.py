# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a variable that may come as text to the list that it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plugin_utils.filters import refusing
from ..plugin_utils.text_list import as_list

DOCUMENTATION = r"""
name: as_list
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: The list that a variable means, also when it comes as text
description:
  - Surveys of AWX and C(-e NAME=VALUE) on the command line give text where a list is meant. This filter makes the list of it.
  - >-
    Text with commas, blanks or line breaks between names is a list of these names; text that begins as JSON or YAML does is read as
    that. What is a list already stays one. Nothing and empty text are an empty list.
options:
  _input:
    description: A list, or text.
    type: raw
    required: true
  elements:
    description:
      - What it is a list of. V(str) for names.
      - With V(list) it is a list of lists of names, such as waves. In text a semicolon or a line break stands between the lists.
      - With V(dict) text has to be JSON or YAML.
    type: str
    choices: [str, list, dict]
    default: str
"""

EXAMPLES = r"""
- name: The namespaces that the survey names
  ansible.builtin.debug:
    msg: "{{ 'default, kube-public' | meshyard.istio.as_list }}"  # [default, kube-public]

- name: Waves that come as text
  ansible.builtin.debug:
    msg: "{{ 'eu/shop; eu/cart, us/cart' | meshyard.istio.as_list(elements='list') }}"  # [[eu/shop], [eu/cart, us/cart]]
"""

RETURN = r"""
_value:
  description: The list.
  type: list
  elements: raw
  sample: [default, kube-public]
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"as_list": refusing(as_list)}
