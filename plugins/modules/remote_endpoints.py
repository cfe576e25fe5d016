#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: remote_endpoints
short_description: Keep a remote cluster's addresses of istiod and of mirrored services up to date
author:
  - Meshyard contributors (@meshyard)
description:
  - >-
    Looks at what a primary cluster shows now, and writes it into the EndpointSlices that M(meshyard.istio.remote_istio) and
    M(meshyard.istio.mirrored_services) made on a remote cluster. Each slice says by itself where its addresses come from.
  - >-
    It is cheap enough for a schedule. It takes one request to the remote cluster, and to the primary one for the pods of all
    istiods, one for each gateway and one for each namespace with mirrored services. No chart is rendered.
  - >-
    Where the primary shows no address, because istiod is down, a slice stays as it is and a warning says so. A slice is never
    emptied.
  - Addresses that were given with O(meshyard.istio.remote_istio#module:reach=address) are left as they are.
options:
  watch:
    description:
      - How long to go on, in seconds. The clusters are looked at every two seconds, and each change is written at once.
      - A cluster that gives no answer meanwhile is a warning, and is asked again.
      - Check mode looks once.
    type: int
    default: 0
  wait_timeout:
    description:
      - How long to go on looking, in seconds, while the primary shows no address of an istiod. It ends as soon as there is one.
      - Check mode never waits.
    type: int
    default: 0
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.connection
  - meshyard.istio.control_plane
  - meshyard.istio.peer.primary
notes:
  - >-
    Only addresses are written, and for mirrored services also ports. Whatever else somebody changed in a slice is put back by the
    module that made it.
  - No Lease is taken, so that a long O(watch) holds up nobody.
seealso:
  - module: meshyard.istio.remote_istio
  - module: meshyard.istio.mirrored_services
"""

EXAMPLES = r"""
- name: Bring the addresses of istiod up to date
  meshyard.istio.remote_endpoints:
    kubeconfig: ~/.kube/config
    context: us
    primary:
      kubeconfig: ~/.kube/config
      context: eu

- name: Follow them for ten minutes, while the primary is under maintenance
  meshyard.istio.remote_endpoints:
    kubeconfig: ~/.kube/config
    context: us
    watch: 600
    primary:
      kubeconfig: ~/.kube/config
      context: eu
"""

RETURN = r"""
updates:
  description: Each slice that was written, or would be, with its addresses since and the seconds since the module began.
  returned: success
  type: list
  elements: dict
  sample:
    - {namespace: istio-system, name: istiod-1-32-0, addresses: [10.244.1.7], seconds: 4.1}
slices:
  description: All slices of this collection on the cluster, where their addresses come from, and their addresses.
  returned: success
  type: list
  elements: dict
  sample:
    - {namespace: istio-system, name: istiod-1-32-0, reach: pods, addresses: [10.244.1.7]}
missing:
  description: What the primary showed no address of at the end; those slices are as they were.
  returned: success
  type: list
  elements: str
  sample: [ready pod of istiod 1-32-0]
primary_cluster:
  description: The primary that was used.
  returned: success
  type: dict
  sample: {host: "https://10.99.0.11:6443", context: eu, uid: 6f1c8a1e-6a3f-4df1-9c1e-0d8f5a5f6b11}
steps:
  description: What was done to this cluster, or would be in check mode.
  returned: success
  type: list
  elements: dict
  sample:
    - {action: apply, kind: EndpointSlice, namespace: istio-system, name: istiod-1-32-0, reason: differs from what is wanted}
code:
  description: Why it failed, for programs. C(docs/codes.md) lists all codes.
  returned: failure
  type: str
  sample: forbidden
cluster:
  description: The cluster that was used.
  returned: success
  type: dict
  sample: {host: "https://10.99.0.12:6443", context: us, uid: 0a4be1f8-6a3f-4df1-9c1e-0d8f5a5f6b12}
requests:
  description: Number of requests to the API servers of both clusters.
  returned: success
  type: int
  sample: 12
"""

from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.flows.follow_endpoints import EndpointFollower
from ..module_utils._ansible.module import Module, Run, reporting


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        "primary": arguments.peer(),
        "watch": {"type": "int", "default": 0},
        "wait_timeout": {"type": "int", "default": 0},
    }


def main() -> None:
    """Observe, decide, execute, again while there is time, answer."""
    module = Module(argument_spec=spec(), supports_check_mode=True)
    with reporting(module):
        run = Run(module)
        primary = run.peer("primary")
        following = EndpointFollower(run, primary)
        following.follow(run.params["watch"], run.params["wait_timeout"])
        run.answer(
            following.plan,
            updates=following.updates,
            slices=following.slices,
            missing=[one.lack for one in following.missing],
            primary_cluster=primary.describe(),
            requests=run.cluster.api.requests + primary.api.requests,
        )


if __name__ == "__main__":
    main()
