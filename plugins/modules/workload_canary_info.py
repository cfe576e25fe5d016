#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tells which workloads are being released and which wait for a release."""

from __future__ import annotations

DOCUMENTATION = r"""
module: workload_canary_info
short_description: Tell which workloads are being released and which wait for a release
author:
  - Meshyard contributors (@meshyard)
description:
  - Lists each Deployment that is in a release of M(meshyard.istio.workload_canary), or whose changes wait for one.
  - Reads only, and needs no record but those on the Deployments and the routes. A Deployment whose record cannot be read is named in
    RV(unreadable) and does not fail the module.
options:
  namespaces:
    description: Namespaces to look at. When empty, all of them.
    type: list
    elements: str
    default: []
  names:
    description: Names of Deployments to look at. When empty, all of them.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes.info
  - meshyard.istio.connection
  - meshyard.istio.peer.config_cluster
seealso:
  - module: meshyard.istio.workload_canary
"""

EXAMPLES = r"""
- name: Find all releases of a cluster
  meshyard.istio.workload_canary_info:
  register: found

- name: Say who waits
  ansible.builtin.debug:
    msg: "{{ found.workloads | selectattr('waiting') | rejectattr('refused') | map(attribute='name') | list }}"
"""

RETURN = r"""
workloads:
  description: The Deployments, by namespace and name.
  returned: success
  type: list
  elements: dict
  contains:
    namespace:
      description: Namespace of the Deployment.
      type: str
    name:
      description: Name of the Deployment.
      type: str
    enabled:
      description: Whether changes of its template wait for a release.
      type: bool
    waiting:
      description: Whether a changed template waits, and is not being released.
      type: bool
    refused:
      description: Whether the template that waits was released before and taken back.
      type: bool
    release:
      description: The release, as M(meshyard.istio.workload_canary) returns it. C(null) where there is none.
      type: dict
    age:
      description: Seconds since it began. C(null) where there is none.
      type: int
    idle:
      description: Seconds since it came to its phase and weight. C(null) where there is none.
      type: int
    canary:
      description: How many pods the canary is to have (C(replicas)), and how many are C(ready). C(null) where there is none.
      type: dict
    routes:
      description: Every route to the Service, whether it is as the release wrote it, and the share of the canary in it.
      type: list
      elements: dict
  sample:
    - namespace: shop
      name: web
      enabled: true
      waiting: false
      refused: false
      release: {phase: progressing, weight: 5, service: web, judged: false}
      age: 90
      idle: 20
      canary: {replicas: 1, ready: 1}
      routes:
        - {kind: VirtualService, namespace: shop, name: web, state: ours, weight: 5}
unreadable:
  description: What is wrong with the records of Deployments that are therefore missing in RV(workloads), and what to do about it.
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
  sample: 5
"""

from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._run.release import survey


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        "config_cluster": arguments.peer(),
        "namespaces": {"type": "list", "elements": "str", "default": []},
        "names": {"type": "list", "elements": "str", "default": []},
    }


def main() -> None:
    """Observe, answer."""
    module = Module(argument_spec=spec(), supports_check_mode=True)
    with reporting(module):
        run = Run(module)
        config = run.peer("config_cluster") if run.params["config_cluster"] else run.cluster
        found = survey.survey(run.cluster, config, run.params["namespaces"], run.params["names"], survey.at_present())
        run.answer((), workloads=found.workloads, unreadable=found.unreadable)


if __name__ == "__main__":
    main()
