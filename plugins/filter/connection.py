# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the variables of an inventory host to the connection that an option of a module takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

DOCUMENTATION = r"""
name: connection
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: The connection to the cluster of an inventory host
description:
  - >-
    Makes the dictionary that the options C(primary), C(remote) and C(clusters) of modules take from the variables C(meshyard_kubeconfig),
    C(meshyard_context), C(meshyard_host), C(meshyard_api_key), C(meshyard_ca_cert) and C(meshyard_validate_certs) of a host, as far as
    they are set.
options:
  _input:
    description: The variables of the host, such as C(hostvars['eu']).
    type: dict
    required: true
  expected_uid:
    description: Whether C(meshyard_expected_cluster_uid) comes along too.
    type: bool
    default: false
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

_PREFIX = "meshyard_"
_WORDS = ("kubeconfig", "context", "host", "api_key", "ca_cert", "validate_certs")
_UID = "expected_cluster_uid"


def connection(variables: Mapping[str, Any], expected_uid: bool = False) -> dict[str, Any]:
    """The connection to a host's cluster; empty where no variable of it is set."""
    words = (*_WORDS, _UID) if expected_uid else _WORDS
    return {word: variables[_PREFIX + word] for word in words if _PREFIX + word in variables}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"connection": connection}
