#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tells what a mesh is set to, and by what it is reached."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mesh_info
short_description: Tell what a mesh is set to, and by what it is reached
author:
  - Meshyard contributors (@meshyard)
description:
  - Returns of one cluster the mesh configuration of each control plane, the roots that proxies trust, the clusters that are read by remote
    secrets, the Services of gateways with what they listen to, and the rules that send traffic by locality.
  - >-
    Makes about fifteen requests, and one more for each 500 objects of a kind. Neither pods nor workloads are listed: those
    M(meshyard.istio.istio_revision_info) tells.
  - Reads only. What may not be read is named in RV(unreadable) and does not fail the module. Nothing of a credential is returned.
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes.info
  - meshyard.istio.connection
  - meshyard.istio.control_plane
seealso:
  - module: meshyard.istio.istio_revision_info
  - module: meshyard.istio.workload_canary_info
"""

EXAMPLES = r"""
- name: Read what a mesh is set to
  meshyard.istio.mesh_info:
  register: mesh

- name: Show the trust domain of each revision
  ansible.builtin.debug:
    msg: "{{ item.revision }}: {{ item.trust_domain | default('not read') }}"
  loop: "{{ mesh.settings }}"
  loop_control:
    label: "{{ item.revision }}"
"""

RETURN = r"""
network:
  description: The network of the cluster, by the label of its control plane namespace. Empty without one.
  returned: success
  type: str
  sample: net-eu
cluster_names:
  description: The names by which the istiods of this cluster know it. Empty where none runs here.
  returned: success
  type: list
  elements: str
  sample: [eu]
settings:
  description:
    - The mesh configuration in effect, of each control plane that runs here, with Istio's defaults.
    - Where C(read) is false it is not there or may not be read, and only C(revision) and C(namespace) are told.
  returned: success
  type: list
  elements: dict
  contains:
    revision:
      description: Name of the revision.
      type: str
    namespace:
      description: Namespace of its istiod.
      type: str
    read:
      description: Whether its mesh configuration was read.
      type: bool
    trust_domain:
      description: The trust domain of workloads.
      type: str
    trust_domain_aliases:
      description: Other trust domains that count as the same.
      type: list
      elements: str
    mesh_id:
      description: ID of the mesh. Empty where it is not set.
      type: str
    auto_mtls:
      description: Whether clients use mutual TLS by themselves where the server has a proxy.
      type: bool
    min_tls:
      description: The oldest version of TLS between workloads.
      type: str
    outbound_policy:
      description: V(ALLOW_ANY), or V(REGISTRY_ONLY) where workloads reach only what is registered.
      type: str
    locality:
      description: The locality setting of the whole mesh in words. Empty where it is not set.
      type: str
  sample:
    - revision: 1-32-0
      namespace: istio-system
      read: true
      trust_domain: cluster.local
      trust_domain_aliases: []
      mesh_id: mesh1
      auto_mtls: true
      min_tls: TLSV1_2
      outbound_policy: ALLOW_ANY
      locality: eu fails over to us
roots:
  description: The root certificates that proxies of this cluster trust, by the ConfigMap C(istio-ca-root-cert).
  returned: success
  type: list
  elements: dict
  sample:
    - {fingerprint: 3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d, expires: "2036-11-18T09:12:31Z"}
remote_secrets:
  description:
    - The clusters that istiods of this cluster read. C(uid) is that of their namespace kube-system, where the Secret tells it.
    - C(token_expiry) is C(null) for a token that does not expire. C(usable) tells whether the Secret holds a kubeconfig.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: us, secret: istio-system/istio-remote-secret-us, server: "https://10.99.0.12:6443",
       uid: 6f1c8a1e-6a3f-4df1-9c1e-0d8f5a5f6b11, token_expiry: null, usable: true}
services:
  description: The Services that lead in from outside, and those of gateways inside.
  returned: success
  type: list
  elements: dict
  sample:
    - {namespace: istio-ingress, name: istio-ingress, type: LoadBalancer, addresses: [10.98.1.20], ports: [80/TCP, 443/TCP], network: ""}
listeners:
  description:
    - What gateways listen to, by the objects Gateway of Istio and of the Gateway API. C(routed_hosts) are those of the VirtualServices
      and routes behind.
  returned: success
  type: list
  elements: dict
  sample:
    - {group: networking.istio.io, namespace: shop, name: shop, selector: {istio: ingress}, ports: [443/HTTPS], hosts: [shop.example.com],
       routed_hosts: [shop.example.com]}
localities:
  description: The DestinationRules that send traffic by locality, each in words.
  returned: success
  type: list
  elements: dict
  sample:
    - {namespace: shop, name: cart, host: cart.shop.svc.cluster.local, locality: "from eu/*: 80 % to eu/*, 20 % to us/*",
       outlier_detection: true}
unreadable:
  description: What could not be read, in sentences.
  returned: success
  type: list
  elements: str
  sample: []
cluster:
  description: The cluster that was used.
  returned: success
  type: dict
  sample: {host: "https://10.99.0.11:6443", context: central, uid: 6f1c8a1e-6a3f-4df1-9c1e-0d8f5a5f6b11}
requests:
  description: Number of requests to the API server.
  returned: success
  type: int
  sample: 15
"""

from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._run.mesh_report import read


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {**arguments.connection(), **arguments.control_plane_namespace()}


def main() -> None:
    """Observe, answer."""
    module = Module(argument_spec=spec(), supports_check_mode=True)
    with reporting(module):
        run = Run(module)
        run.answer((), **read.facts(run.cluster, run.params["control_plane_namespace"]))


if __name__ == "__main__":
    main()
