# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the variables of an inventory host to the connection that an option of a module takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plugin_utils.mesh_inventory import connection

DOCUMENTATION = r"""
name: connection
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: The connection to the cluster of an inventory host
description:
  - >-
    Makes the dictionary that the options C(primary), C(remote) and C(clusters) of modules take from variables of a host, as far as they
    are set: C(meshyard_) and the name of a connection option, such as C(meshyard_kubeconfig), C(meshyard_context), C(meshyard_host),
    C(meshyard_api_key), C(meshyard_client_cert), C(meshyard_proxy) and C(meshyard_expected_cluster_uid).
  - C(remote_cluster_connection) of the host comes in place of them, but for C(meshyard_expected_cluster_uid), which guards it too.
options:
  _input:
    description: The variables of the host, such as C(hostvars['eu']).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Serve this cluster by the istiod of eu
  meshyard.istio.remote_istio:
    cluster_name: us
    version: 1.32.0
    primary: "{{ hostvars['eu'] | meshyard.istio.connection }}"
"""

RETURN = r"""
_value:
  description: The connection; empty where none of the variables is set.
  type: dict
  sample: {kubeconfig: ~/.kube/config, context: eu}
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"connection": connection}
