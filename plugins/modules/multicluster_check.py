#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Explains why clusters cannot become one mesh, or are not."""

from __future__ import annotations

DOCUMENTATION = r"""
module: multicluster_check
short_description: Explain why clusters cannot become one mesh, or are not
author:
  - Meshyard contributors (@meshyard)
description:
  - Reads the cluster that is to join a mesh and the clusters of that mesh, and explains everything that stands against it before
    anything is written. Also of clusters that are joined already.
  - It looks at root certificates, trust domains and mesh IDs, names of clusters and networks, remote secrets that are there, gateways
    between networks, pod ranges that overlap in one network, the ways to API servers and to istiod, and versions.
  - It writes nothing, but for one temporary pod in every other primary with O(probe=true) outside check mode.
  - A finding is not a failure, RV(possible) tells whether there is a blocker. A cluster of O(clusters) that does not answer is a
    blocker too, and the others are looked at all the same.
options:
  cluster_name:
    description: Name of this cluster in the mesh. It has to be a DNS label.
    type: str
    required: true
  network:
    description: Network of this cluster. When not given, it is the one that its control plane namespace names.
    type: str
    default: ""
  server:
    description: URL by which the istiods of other clusters reach the API server of this one. By default that of the connection.
    type: str
  topology:
    description:
      - With V(primary_remote) the istiod of another cluster is to serve this one.
      - With V(multi_primary) this cluster has an istiod of its own, or gets one.
    type: str
    choices: [primary_remote, multi_primary]
    default: primary_remote
  revision:
    description:
      - Revision that is to serve this cluster. When not given, it is made from O(version).
      - Without both all control planes of the primaries are looked at.
    type: str
  version:
    description: Version of Istio that is to serve this cluster. By default the version of that revision on the primaries.
    type: str
  revisions:
    description:
      - Revisions that are to serve this cluster, where they are several or all are to be looked at. In place of O(revision) and O(version).
    type: list
    elements: dict
    suboptions:
      revision:
        description: Revision. When not given, it is made from the version.
        type: str
      version:
        description: Version of Istio of that revision.
        type: str
  reach:
    description:
      - How this cluster is to reach the istiod of a primary, as in M(meshyard.istio.remote_istio).
      - Only looked at with O(topology=primary_remote).
    type: str
    choices: [gateway, address, pods]
    default: gateway
  addresses:
    description: IP addresses of istiod for O(reach=address).
    type: list
    elements: str
    default: []
  gateway_service:
    description: Namespace and name of the Service of the east-west gateway on the primary, for O(reach=gateway).
    type: str
    default: istio-system/istio-eastwestgateway
  probe:
    description:
      - Whether to try by a temporary pod in the control plane namespace of every other primary that O(server) answers there. The pod is
        deleted again whatever happens.
      - Not done in check mode, and not with a server that a pod cannot mean.
    type: bool
    default: false
  probe_image:
    description: Image of the temporary pod, with C(sleep), C(sh) and one of C(curl), C(python3), C(fortio) and C(wget).
    type: str
  wait_timeout:
    description: How long, in seconds, a temporary pod may take to start.
    type: int
    default: 120
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes.info
  - meshyard.istio.connection
  - meshyard.istio.control_plane
  - meshyard.istio.peer.compared
notes:
  - An account that may not read Secrets gets the root certificate from the ConfigMap C(istio-ca-root-cert). What else it may not read
    is a warning.
seealso:
  - module: meshyard.istio.remote_istio
  - module: meshyard.istio.remote_secret
"""

EXAMPLES = r"""
- name: Say what stands against joining
  meshyard.istio.multicluster_check:
    cluster_name: us
    network: us-net
    server: https://10.99.0.12:6443
    version: 1.32.0
    clusters:
      - name: eu
        network: eu-net
        kubeconfig: ~/.kube/config
        context: eu
    probe: true
    probe_image: registry.example.com/curl:8
  register: checked

- name: Refuse while something stands against it
  ansible.builtin.assert:
    that: checked.possible
    fail_msg: "{{ checked.findings | selectattr('level', 'eq', 'blocker') | map(attribute='message') | list }}"

- name: Compare two primaries
  meshyard.istio.multicluster_check:
    cluster_name: us
    topology: multi_primary
    clusters:
      - name: eu
        context: eu
"""

RETURN = r"""
possible:
  description: Whether no finding is a blocker.
  returned: success
  type: bool
  sample: true
findings:
  description: What stands against one mesh or should be known, blockers first.
  returned: success
  type: list
  elements: dict
  contains:
    level:
      description: One of C(blocker), C(warning) and C(info).
      type: str
    code:
      description: A word for the kind of finding.
      type: str
      sample: roots_differ
    cluster:
      description: Name of the cluster it is about.
      type: str
    object:
      description: The object it is about.
      type: str
    message:
      description: What is wrong.
      type: str
    remedy:
      description: What to do about it.
      type: str
  sample:
    - level: blocker
      code: roots_differ
      cluster: us
      object: Secret istio-system/cacerts
      message: The clusters us and eu have no root certificate in common.
      remedy: Give both an intermediate of one root before they are one mesh.
clusters:
  description: What was read of every cluster, this one first. What could not be read or is not set is C(null) or empty.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name in the mesh.
      type: str
      sample: eu
    role:
      description: C(primary) or C(remote).
      type: str
      sample: primary
    reachable:
      description: Whether it could be read.
      type: bool
      sample: true
    host:
      description: URL of the API server.
      type: str
      sample: "https://10.99.0.11:6443"
    uid:
      description: UID of its C(kube-system) namespace.
      type: str
      sample: 6f1c8a1e-6a3f-4df1-9c1e-0d8f5a5f6b11
    network:
      description: The network it is in, or is to be in.
      type: str
      sample: eu-net
    mesh_id:
      description: The mesh ID of its istiod.
      type: str
      sample: mesh1
    trust_domain:
      description: The trust domain of its istiod.
      type: str
      sample: cluster.local
    roots:
      description: SHA-256 fingerprints of the root certificates that its proxies trust.
      type: list
      elements: str
      sample: [9f2c1a5b7d3e]
    kubernetes:
      description: Version of the API server.
      type: str
      sample: 1.36.3
    planes:
      description: The istiods that run in it.
      type: list
      elements: dict
      sample: [{revision: 1-32-0, version: 1.32.0, cluster_id: eu, serves_others: true}]
    gateways:
      description: The Services that lead into its network.
      type: list
      elements: dict
      sample: [{service: istio-system/istio-eastwestgateway, network: eu-net, addresses: [10.98.1.20]}]
steps:
  description: Always empty, for this module changes nothing.
  returned: success
  type: list
  elements: dict
  sample: []
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
  description: Number of requests to the API servers of all clusters.
  returned: success
  type: int
  sample: 12
"""

from datetime import UTC, datetime
from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.flows.multicluster_check import Checking
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._plan.multicluster import checks as multicluster_checks


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        "cluster_name": {"type": "str", "required": True},
        "network": {"type": "str", "default": ""},
        "server": {"type": "str"},
        "topology": {"type": "str", "choices": ["primary_remote", "multi_primary"], "default": "primary_remote"},
        "revision": {"type": "str"},
        "version": {"type": "str"},
        "revisions": {
            "type": "list",
            "elements": "dict",
            "required_one_of": [("revision", "version")],
            "options": {"revision": {"type": "str"}, "version": {"type": "str"}},
        },
        "clusters": _clusters(),
        "reach": {"type": "str", "choices": ["gateway", "address", "pods"], "default": "gateway"},
        "addresses": {"type": "list", "elements": "str", "default": []},
        "gateway_service": {"type": "str", "default": "istio-system/istio-eastwestgateway"},
        "probe": {"type": "bool", "default": False},
        "probe_image": {"type": "str"},
        "wait_timeout": {"type": "int", "default": 120},
    }


def _clusters() -> dict[str, Any]:
    """The other clusters, each with its own connection."""
    own = {
        "name": {"type": "str", "required": True},
        "network": {"type": "str", "default": ""},
        "role": {"type": "str", "choices": ["primary", "remote"], "default": "primary"},
        "server": {"type": "str"},
        "planned": {"type": "bool", "default": False},
    }
    return {"type": "list", "elements": "dict", "required": True, "options": {**arguments.peer()["options"], **own}}


def main() -> None:
    """Observe, judge, answer."""
    module = Module(
        argument_spec=spec(),
        supports_check_mode=True,
        mutually_exclusive=[("revisions", "revision"), ("revisions", "version")],
        required_if=[("probe", True, ("probe_image",)), ("reach", "address", ("addresses",))],
    )
    with reporting(module):
        checking = Checking(Run(module, module.params["cluster_name"]))
        mesh_clusters = checking.mesh_clusters()
        found = multicluster_checks.findings(mesh_clusters, datetime.now(UTC))
        checking.run.answer(
            (),
            findings=[finding.describe(cluster) for cluster, finding in found],
            possible=multicluster_checks.possible(found),
            clusters=multicluster_checks.described(mesh_clusters),
            requests=checking.requests,
        )


if __name__ == "__main__":
    main()
