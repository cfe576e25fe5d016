#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lets other networks and clusters in through the east-west gateway of a cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mesh_exposure
short_description: Let other networks and clusters in through an east-west gateway
author:
  - Meshyard contributors (@meshyard)
description:
  - >-
    Makes the Gateways and VirtualServices of Istio by which an east-west gateway lets in the workloads of other networks
    (O(services)) and the proxies and API servers of clusters that have no istiod of their own (O(istiod_revisions)).
  - The gateway itself is installed by M(meshyard.istio.istio_gateway) with C(kind=eastwest).
  - >-
    A cluster has one exposure. What an earlier call made and this one does not name is taken away, so O(services) and
    O(istiod_revisions) always tell the whole of it.
  - >-
    An object of the same name that somebody else made stays as it is when it does the same, such as one of Istio's samples.
    When it does something else the module fails before it writes.
options:
  state:
    description:
      - V(present) exposes what O(services) and O(istiod_revisions) name, and nothing else.
      - V(absent) takes away all that this module made. Both are ignored then.
    type: str
    choices: [present, absent]
    default: present
  services:
    description:
      - Whether every service of the mesh can be reached through the gateway, on port 15443. Only workloads of the mesh get through.
      - >-
        The Gateway must be in the cluster from which istiod reads its configuration. There it also holds for the east-west
        gateways of the remote clusters whose pods O(selector) picks.
    type: bool
    default: false
  istiod_revisions:
    description:
      - >-
        Revisions of istiod that remote clusters reach through the gateway, on the ports 15012 and 15017; V(default) is the one
        without a revision. During a canary upgrade both revisions stand beside each other.
      - Each is found by its name in the TLS handshake, so remote clusters must ask for it by the name of its Service.
    type: list
    elements: str
    default: []
  selector:
    description: Labels of the pods of the east-west gateway.
    type: dict
    default:
      istio: eastwestgateway
  gateway_namespace:
    description:
      - Namespace of the objects, which must exist.
      - When not given, it is O(control_plane_namespace).
    type: str
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.connection
  - meshyard.istio.control_plane
notes:
  - The objects carry no revision label, so that the istiod of every revision reads them.
  - >-
    Check mode also works before Istio's CRDs and the namespace exist.
seealso:
  - module: meshyard.istio.istio_gateway
  - module: meshyard.istio.remote_istio
"""

EXAMPLES = r"""
- name: Install the east-west gateway
  meshyard.istio.istio_gateway:
    name: istio-eastwestgateway
    namespace: istio-system
    kind: eastwest
    network: net-eu
    version: 1.32.0
    revision: 1-32-0

- name: Let services of other networks in, and remote clusters reach both revisions of istiod
  meshyard.istio.mesh_exposure:
    services: true
    istiod_revisions: [1-31-0, 1-32-0]

- name: Let only istiod be reached
  meshyard.istio.mesh_exposure:
    istiod_revisions: [1-32-0]

- name: Take everything back
  meshyard.istio.mesh_exposure:
    state: absent
"""

RETURN = r"""
services:
  description: Whether services are exposed after the run.
  returned: success
  type: bool
  sample: true
istiod_revisions:
  description: The revisions of istiod that are exposed after the run.
  returned: success
  type: list
  elements: str
  sample: ["1-31-0", "1-32-0"]
made_by_others:
  description: Objects that are wanted, that somebody else made, and that were left as they are.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: C(Gateway) or C(VirtualService).
      type: str
      sample: Gateway
    namespace:
      description: Namespace of the object.
      type: str
      sample: istio-system
    name:
      description: Name of the object.
      type: str
      sample: cross-network-gateway
  sample:
    - {kind: Gateway, namespace: istio-system, name: cross-network-gateway}
steps:
  description: What was written, in order; in check mode, what would be.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(create), V(apply) or V(delete).
      type: str
      sample: create
    kind:
      description: C(Gateway) or C(VirtualService).
      type: str
      sample: VirtualService
    namespace:
      description: Namespace of the object.
      type: str
      sample: istio-system
    name:
      description: Name of the object.
      type: str
      sample: istiod-vs-1-32-0
    reason:
      description: Why.
      type: str
      sample: new
    fields:
      description: Paths of the fields that change, when an object is applied.
      type: list
      elements: str
      sample: ["spec.servers"]
    overruled:
      description: By path, the field manager whose change is put back, if there is one.
      type: dict
      sample: {"spec.servers": kubectl-edit}
  sample:
    - {action: apply, kind: Gateway, namespace: istio-system, name: istiod-gateway, reason: new}
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
requests:
  description: Number of requests to the API server.
  returned: success
  type: int
  sample: 9
"""

from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._mesh import labels
from ..module_utils._plan.objects import convergence
from ..module_utils._plan.objects.steps import Delete, Plan
from ..module_utils._plan.remote import exposure as mesh_exposure
from ..module_utils._plan.remote.exposure import ExposureRequest
from ..module_utils._run.objects import execute, observe
from ..module_utils._run.remote import exposure as running


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "services": {"type": "bool", "default": False},
        "istiod_revisions": {"type": "list", "elements": "str", "default": []},
        "selector": {"type": "dict", "default": {"istio": "eastwestgateway"}},
        "gateway_namespace": {"type": "str"},
    }


def main() -> None:
    """Observe, decide, execute, answer."""
    module = Module(argument_spec=spec(), supports_check_mode=True)
    with reporting(module):
        request = _request(module.params)
        run = Run(module)
        if module.params["state"] == "absent":
            _absent(run)
        else:
            _present(run, request)


def _request(params: dict[str, Any]) -> ExposureRequest:
    namespace = params["control_plane_namespace"]
    selector = {str(key): str(value) for key, value in params["selector"].items()}
    revisions = tuple(sorted({revision or labels.DEFAULT for revision in params["istiod_revisions"]}))
    request = ExposureRequest(namespace, params["gateway_namespace"] or namespace, selector, params["services"], revisions)
    if params["state"] == "present":
        request.check()
    return request


def _present(run: Run, request: ExposureRequest) -> None:
    wanted = mesh_exposure.objects(request)
    live = observe.owned(run.cluster, mesh_exposure.OWNER, wanted, mesh_exposure.INVENTORY)
    left = mesh_exposure.theirs(wanted, live, run.cluster.name)
    plan = execute.confirm(run.cluster, mesh_exposure.plan(wanted, live, left), run.warn)
    if any(not isinstance(step, Delete) for step in plan) and not run.check:
        running.refuse(run.cluster, request)
    run.warn(*([] if run.check else running.warnings(run.cluster, request)))
    _write(run, plan)
    others = [{"kind": ref.kind, "namespace": ref.namespace, "name": ref.name} for ref in left]
    run.answer(plan, services=request.services, istiod_revisions=list(request.revisions), made_by_others=others)


def _absent(run: Run) -> None:
    live = observe.owned(run.cluster, mesh_exposure.OWNER, (), mesh_exposure.INVENTORY)
    plan = convergence.removal(live, mesh_exposure.OWNER, "nothing is to be exposed")
    _write(run, plan)
    run.answer(plan, services=False, istiod_revisions=[], made_by_others=[])


def _write(run: Run, plan: Plan) -> None:
    if plan and not run.check:
        with run.writing(run.params["control_plane_namespace"]):
            run.execute(plan)


if __name__ == "__main__":
    main()
