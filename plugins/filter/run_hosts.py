# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the groups of an inventory to the hosts of a playbook."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible import context

from ..plugin_utils import run_hosts as decision
from ..plugin_utils.filters import refusing

DOCUMENTATION = r"""
name: run_hosts
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: The hosts that a playbook works on
description:
  - The clusters of the mesh by the groups C(istio_primary) and C(istio_remote), as a pattern for C(hosts).
  - >-
    An inventory whose hosts are in none of them is refused, so that a mistyped path or group neither ends a run that did nothing nor
    leads it to the current context of the kubeconfig. Not with C(--syntax-check), for which any inventory will do.
options:
  _input:
    description: The groups of the inventory (C(groups)).
    type: dict
    required: true
  part:
    description: Which clusters of the mesh are meant.
    type: str
    choices: [mesh, primary, remote]
    default: mesh
  local:
    description:
      - Whether the playbook works on C(localhost), and there on the current context, where no inventory is given, or one that has
        C(localhost) and no primary.
    type: bool
    default: false
  unreachable:
    description: Whether clusters that gave the inventory plugin no answer (C(meshyard_unreachable)) are meant as well, as for a report.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Upgrade the clusters of the mesh
  hosts: "{{ groups | meshyard.istio.run_hosts(local=true) }}"
  tasks: []
"""

RETURN = r"""
_value:
  description: A pattern of hosts.
  type: str
  sample: istio_primary:istio_remote
"""


# What Ansible looks for when nobody says where the inventory is.
_DEFAULT = "/etc/ansible/hosts"


def run_hosts(groups: Mapping[str, Sequence[str]], part: decision.Part = "mesh", local: bool = False, unreachable: bool = False) -> str:
    """The pattern of hosts."""
    if context.CLIARGS.get("syntax"):  # linters give any inventory, and no host is looked at
        return decision.run_hosts({}, part, local=local)
    sources = [str(source) for source in context.CLIARGS.get("inventory") or () if source != _DEFAULT]
    return decision.run_hosts(groups, part, local=local, unreachable=unreachable, sources=sources)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"run_hosts": refusing(run_hosts)}
