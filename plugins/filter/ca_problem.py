# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From an intermediate certificate to why nobody would trust it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plugin_utils.trust import authority

DOCUMENTATION = r"""
name: ca_problem
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: Why nobody would trust what an intermediate certificate signs
description:
  - V(expired), V(not_a_ca), or V(other_key) where it does not belong to the key. Empty where nothing is wrong with it.
options:
  _input:
    description: What M(community.crypto.x509_certificate_info) returns for the certificate.
    type: dict
    required: true
  key:
    description: What M(community.crypto.openssl_privatekey_info) returns for the key.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ certificate | meshyard.istio.ca_problem(key) }}"
"""

RETURN = r"""
_value:
  description: The problem, or nothing.
  type: str
  sample: expired
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"ca_problem": authority}
