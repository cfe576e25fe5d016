#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tells which control planes a cluster has, and who uses them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: istio_revision_info
short_description: Tell which Istio control planes a cluster has, and who uses them
author:
  - Meshyard contributors (@meshyard)
description:
  - Returns every control plane of a cluster, whoever made it, with version, tags, readiness and the expiry of its CA.
  - Without O(gather) about ten requests are made, and neither pods nor namespaces are listed, however large the cluster is. With a
    detail they are, in pages of 500 objects, of which only what is needed is kept.
  - Reads only. What may not be read is named in RV(unreadable) and does not fail the module, except for the control planes
    themselves.
options:
  gather:
    description:
      - Details to return as well. Without any, there are the control planes and their tags only.
      - V(pods) are the pods that have a proxy or should have one, with the revision they have and the one they should have.
      - V(workloads) are all Deployments, StatefulSets and DaemonSets with their images and the revisions of their proxies.
      - V(namespaces) are the namespaces that concern the mesh, and what a new pod gets there.
      - V(gateways) are the gateways, with the Services before them.
      - V(proxies) are the connected proxies as every istiod replica tells them, with version and whether they are in sync.
      - >-
        V(blockers) is all that stands against deleting a revision. It looks through everything in the cluster that may use
        one. What cannot be read counts as use.
      - V(statistics) is how far a migration is, in pods and in workloads. It also asks every istiod.
        Pods that are being deleted do not count.
    type: list
    elements: str
    choices: [pods, workloads, namespaces, gateways, proxies, blockers, statistics]
    default: []
  cluster_name:
    description:
      - Name of this cluster in the answer, by which istiod knows it. When not given, it is the context, else the address.
      - Give it together with O(clusters) for a cluster that has no istiod of its own.
    type: str
  revisions:
    description:
      - Revisions or tags to return in RV(revisions) and RV(blockers). Without any, all are.
      - One that does not exist is left out.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes.info
  - meshyard.istio.connection
  - meshyard.istio.control_plane
  - meshyard.istio.peer.clusters
notes:
  - >-
    With O(clusters) the views of all clusters are joined, and every row names its cluster. The proxies that an istiod knows of
    another cluster are held against the pods of that cluster. A cluster that cannot be reached is named in RV(unreadable), and
    it blocks every revision in RV(blockers).
  - >-
    To ask the istiods, the account needs the permission to C(create) and C(get) C(pods/portforward) in the namespaces of the
    control planes.
  - >-
    The expiry of the CA is read from the certificates in the Secrets C(cacerts) or C(istio-ca-secret). Without permission to
    read them, that of the root in the ConfigMap C(istio-ca-root-cert) is told.
seealso:
  - module: meshyard.istio.istio_revision
  - module: meshyard.istio.upgrade_gate
"""

EXAMPLES = r"""
- name: Tell which control planes there are
  meshyard.istio.istio_revision_info:
  register: mesh

- name: Show how far a migration is
  meshyard.istio.istio_revision_info:
    gather: [statistics]
  register: mesh

- name: Find out what keeps a revision from being deleted
  meshyard.istio.istio_revision_info:
    gather: [blockers]
    revisions: [1-31-0]
  register: mesh

- name: Show how far a migration is in all clusters of a mesh
  meshyard.istio.istio_revision_info:
    gather: [statistics, blockers]
    cluster_name: eu
    clusters:
      - name: us
        kubeconfig: ~/.kube/config
        context: us
  register: mesh

- name: Fail when a CA expires within thirty days
  ansible.builtin.assert:
    that: item.ca_expiry is none or item.ca_expiry > '%Y-%m-%dT%H:%M:%SZ' | strftime(now(utc=true).timestamp() + 30 * 86400)
    fail_msg: The CA of {{ item.revision }} expires on {{ item.ca_expiry }}.
  loop: "{{ mesh.revisions }}"
"""

RETURN = r"""
revisions:
  description: The control planes, by namespace and revision, with O(clusters) for one cluster after the other.
  returned: success
  type: list
  elements: dict
  contains:
    cluster:
      description: Name of the cluster, for one of O(clusters) that which is given there.
      type: str
    revision:
      description: Name of the revision, V(default) for the one without a name.
      type: str
    version:
      description: Version of istiod, by its image.
      type: str
    namespace:
      description: Namespace of istiod.
      type: str
    location:
      description:
        - V(cluster) for an istiod in this cluster, V(remote) for one of another cluster that serves this one, V(orphan) when
          nothing but a webhook is left of it.
      type: str
    made_by:
      description: Who made it, V(meshyard), V(helm), V(istioctl), V(operator) or V(unknown).
      type: str
    maker:
      description: Name and namespace of the Helm release, the owner of istioctl or the operator's resource, and a GitOps tool.
      type: dict
    tags:
      description: Revision tags that point to it.
      type: list
      elements: str
    default:
      description: Whether pods of namespaces with C(istio-injection=enabled) come to it.
      type: bool
    ready:
      description: Whether its present generation runs completely and its webhook can be called.
      type: bool
    status:
      description: V(available), or what is missing.
      type: str
    replicas:
      description: Replicas of istiod, wanted and ready.
      type: dict
    webhook:
      description: State of its injection webhook, V(ready), V(no_ca_bundle), V(deactivated) or V(missing).
      type: str
    ca_expiry:
      description: When the first certificate of its CA expires; C(null) where that is not known.
      type: str
    ca_source:
      description: The object that tells so.
      type: str
    pods:
      description:
        - Number of unfinished pods whose proxy it injected. C(null) where pods were not listed, which is so without O(gather) and
          with V(proxies) alone.
      type: int
    proxies:
      description:
        - Number of connected proxies, for V(remote) those of the cluster. C(null) unless V(proxies) or V(statistics) is gathered.
      type: int
  sample:
    - cluster: central
      revision: 1-32-0
      version: 1.32.0
      namespace: istio-system
      location: cluster
      made_by: meshyard
      maker: {name: revision-1-32-0, namespace: "", gitops: null}
      tags: [prod]
      default: false
      ready: true
      status: available
      replicas: {wanted: 2, ready: 2}
      webhook: ready
      ca_expiry: "2036-11-18T09:12:31Z"
      ca_source: Secret istio-system/istio-ca-secret
      pods: 24
      proxies: null
ambient:
  description:
    - Namespaces in ambient mode and waypoints, which work without sidecars and which these modules leave alone.
    - The name of another cluster and a slash stand before what is there.
  returned: success
  type: dict
  sample: {namespaces: [], waypoints: []}
pods:
  description: The pods. C(null) unless gathered.
  returned: success
  type: list
  elements: dict
  sample:
    - {cluster: central, namespace: shop, pod: web-5d4c7-x2x8q, workload: Deployment web, desired: 1-32-0, revision: 1-31-0,
       version: 1.31.0, image: "docker.io/istio/proxyv2:1.31.0", native: true, gateway: false, ready: true}
workloads:
  description:
    - The workloads. C(desired) is the revision that a new pod gets, C(pods) the number of pods by the revision they have.
    - C(null) unless gathered.
  returned: success
  type: list
  elements: dict
  sample:
    - {cluster: central, namespace: shop, kind: Deployment, name: web, images: ["registry.example.com/web:7"], desired: 1-32-0,
       pods: {1-31-0: 3}}
namespaces:
  description:
    - The namespaces that concern the mesh. C(injection) is V(revision), V(none), V(blocked) (the API server refuses new pods) or
      V(double) (two control planes inject them).
    - C(null) unless gathered.
  returned: success
  type: list
  elements: dict
  sample:
    - {cluster: central, name: shop, labels: {istio.io/rev: prod}, injection: revision, revision: 1-32-0, tag: prod,
       reason: "The pod gets a sidecar of revision 1-32-0 by tag prod."}
gateways:
  description:
    - The gateways. C(source) says where the revision comes from, C(desired) is the revision of a new pod, C(running) are those of
      its pods.
    - C(null) unless gathered.
  returned: success
  type: list
  elements: dict
  sample:
    - {cluster: central, kind: Deployment, namespace: istio-ingress, name: istio-ingress, services: [istio-ingress], gateway: null,
       source: pod label, desired: 1-32-0, running: [1-31-0]}
proxies:
  description: The connected proxies, also those of other clusters. C(null) unless gathered.
  returned: success
  type: list
  elements: dict
  sample:
    - {cluster: central, namespace: shop, pod: web-5d4c7-x2x8q, version: 1.32.0, revision: 1-32-0, istiod: istiod-1-32-0-6d9f-b4x2k,
       synced: true, pending: [], errors: []}
blockers:
  description:
    - What stands against deleting each revision, by revision. An empty list says that it may go.
    - C(code) and C(tag) are those of RV(meshyard.istio.istio_revision#module:blockers). C(unknown) tells that use could only not be ruled
      out, C(ending) that it is a pod which is being deleted. A gateway that is being deleted goes on with what it has, and is no use.
    - C(null) unless gathered.
  returned: success
  type: dict
  sample:
    1-31-0:
      - cluster: central
        kind: Namespace
        namespace: ""
        name: shop
        code: namespace
        reason: its new pods come to it
        tag: ""
        unknown: false
        ending: false
statistics:
  description:
    - How many pods and workloads each revision should have (C(desired)), has injected (C(injected)) and has connected
      (C(connected)), and the pods for which that differs. A workload whose pods are of several revisions counts as C(mixed).
    - C(null) unless gathered.
  returned: success
  type: dict
  sample:
    pods:
      total: 3
      desired: {1-32-0: 3}
      injected: {1-31-0: 1, 1-32-0: 2}
      connected: {1-31-0: 1, 1-32-0: 2}
      versions: {1.31.0: 1, 1.32.0: 2}
    workloads:
      total: 2
      desired: {1-32-0: 2}
      injected: {1-31-0: 1, 1-32-0: 1}
      connected: {1-31-0: 1, 1-32-0: 1}
    mismatches:
      - {cluster: central, namespace: shop, pod: cart-7f8b-2jq4x, workload: Deployment cart, desired: 1-32-0, injected: 1-31-0,
         connected: 1-31-0, version: 1.31.0, status: failed, reason: "its sidecar is of revision 1-31-0, and should be of 1-32-0"}
unreadable:
  description: What could not be read, in sentences. Empty when nothing is missing in the answer.
  returned: success
  type: list
  elements: str
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
  sample: {host: "https://10.99.0.11:6443", context: central, uid: 6f1c8a1e-6a3f-4df1-9c1e-0d8f5a5f6b11}
steps:
  description: Always empty.
  returned: success
  type: list
  elements: dict
  sample: []
requests:
  description: Number of requests to the API servers of all clusters, without the questions to istiods.
  returned: success
  type: int
  sample: 12
"""

from typing import Any

from ..module_utils._ansible import arguments, peers
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._plan.survey import clusters as clusters_survey
from ..module_utils._run.survey import survey

DETAILS = ("pods", "workloads", "namespaces", "gateways", "proxies", "blockers", "statistics")


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        **arguments.clusters(),
        "cluster_name": {"type": "str"},
        "gather": {"type": "list", "elements": "str", "choices": list(DETAILS), "default": []},
        "revisions": {"type": "list", "elements": "str", "default": []},
    }


def main() -> None:
    """Observe and answer."""
    module = Module(argument_spec=spec(), supports_check_mode=True)
    with reporting(module):
        run = Run(module)
        params = run.params
        own = params["cluster_name"] or ""
        others = peers.reached(run, own)
        seen = survey.everywhere(run.cluster, own, params["control_plane_namespace"], params["gather"], others)
        planes = clusters_survey.revisions(seen, params["revisions"])
        names = [plane["revision"] for plane in planes]
        run.answer(
            (),
            revisions=planes,
            ambient=clusters_survey.ambient(seen),
            **{name: clusters_survey.detail(name, seen, names) if name in params["gather"] else None for name in DETAILS},
            unreadable=seen.unreadable,
            requests=run.cluster.api.requests + sum(one.requests for one in others),
        )


if __name__ == "__main__":
    main()
