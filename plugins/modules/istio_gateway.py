#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Installs gateways from the official chart, and moves running gateways to another revision in place."""

from __future__ import annotations

DOCUMENTATION = r"""
module: istio_gateway
short_description: Install an Istio gateway, or move a running one to another revision
author:
  - Meshyard contributors (@meshyard)
description:
  - Installs an ingress or egress gateway from the official C(gateway) chart.
  - Moves a running gateway to another revision in place. Its Service stays the same object, with its UID, cluster IP, node
    ports and load balancer address. Only its pods are replaced, one after the other.
  - >-
    A gateway that others installed (Helm, istioctl, manifests) is moved by the smallest patch of its pod template, the label
    C(istio.io/rev) and a restart mark. The former label is kept in the annotation C(meshyard.io/former) of its Deployment,
    and O(state=former) gives it back.
  - >-
    A gateway that is not injected, as C(istioctl install) makes it, has its proxy written in its pod template. There the
    image, the address of istiod and the name of the mesh configuration are those of the revision, and are moved with it.
  - >-
    A Gateway of the Gateway API is moved by the label C(istio.io/rev) on the Gateway. Its control plane then rolls the
    Deployment that belongs to it.
  - A workload whose pods are right already is not restarted, so a run that was killed is taken up by running again.
options:
  name:
    description: Name of the gateway, which is that of its Deployment or DaemonSet, or of its Gateway of the Gateway API.
    type: str
    required: true
  namespace:
    description: Namespace of the gateway.
    type: str
    required: true
  state:
    description:
      - V(present) moves the gateway to O(revision); with O(version) it installs it, and keeps it as the chart renders it.
      - V(absent) removes a gateway that this module installed. One that others made is refused.
      - V(former) gives back what the gateway had before it was moved.
    type: str
    choices: [present, absent, former]
    default: present
  revision:
    description:
      - Revision of the control plane that the gateway is to belong to, or a tag that points to it.
      - Needed with O(state=present).
    type: str
  version:
    description:
      - Version of Istio whose chart is rendered. Needed to install a gateway.
      - >-
        Without it a gateway that exists is moved by a patch of its pod template, whoever made it, and no Helm is needed.
        A gateway that others made is moved that way in any case.
    type: str
  kind:
    description:
      - V(ingress) has a Service of the type C(LoadBalancer), V(egress) one of the type C(ClusterIP).
      - >-
        V(eastwest) has one of the type C(LoadBalancer) on the ports 15021, 15443, 15012 and 15017, for the workloads of other networks
        and for clusters without an istiod of their own. M(meshyard.istio.mesh_exposure) then says what it lets in.
      - When not given, it is as in the last call with O(version), at first V(ingress).
    type: str
    choices: [ingress, egress, eastwest]
  network:
    description:
      - With O(kind=eastwest), the network whose workloads are behind the gateway. Its Service and pods are labelled with it.
      - >-
        When not given, it is as in the last call with O(version), at first empty. It stays empty where the pods of all clusters
        reach each other, and only istiod is reached through the gateway.
    type: str
  values:
    description:
      - Values for the chart. Keys that the chart does not know are refused, and so are values of another type than its own.
      - When not given, those of the last call with O(version) are taken again, so that a move alone changes nothing else. What this
        version of the chart does not read is then left behind and named in a warning.
      - >-
        Unless they say otherwise, the Deployment never gives up a pod before another one is ready (C(maxUnavailable) is 0), and with
        O(kind=eastwest) a pod that is to end goes on until its last connection has ended, for up to 300 seconds
        (C(EXIT_ON_ZERO_ACTIVE_CONNECTIONS) in C(env), and C(terminationGracePeriodSeconds)), for it cannot ask for other connections.
    type: dict
  create_namespace:
    description: Whether a missing namespace is created.
    type: bool
    default: false
  forget_former:
    description: Whether the record of the former label is dropped. There is no O(state=former) after it.
    type: bool
    default: false
  planned_revisions:
    description:
      - Revisions and tags that an earlier task of the same run makes. Check mode takes them as installed and ready.
      - Ignored outside check mode.
    type: list
    elements: str
    default: []
  allow_unsupported:
    description: Whether a version of Istio or Kubernetes is accepted that this collection was not tested with.
    type: bool
    default: false
  wait_timeout:
    description:
      - How long, in seconds, the rollout may go without any progress.
      - When it is over the module fails and names the pods that are not ready and why. Running again takes up from there.
    type: int
    default: 300
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.connection
  - meshyard.istio.control_plane
  - meshyard.istio.chart
  - meshyard.istio.wait
notes:
  - >-
    A label of the namespace outweighs that of a pod. When C(istio.io/rev) or C(istio-injection) on the namespace leads the
    gateway elsewhere, the module fails and says so. M(meshyard.istio.namespace_revision) then moves the namespace.
  - >-
    A pod that ends goes on answering for C(terminationDrainDuration) (5 seconds unless C(meshConfig.defaultConfig) or the
    annotation C(proxy.istio.io/config) says otherwise), while Kubernetes takes it out of the Service. A load balancer that
    takes longer to notice needs a longer one, below the C(terminationGracePeriodSeconds) of the pod.
  - >-
    Waiting does not include an address from a load balancer. RV(gateway.address) is C(null) until there is one.
  - >-
    A gateway is refused while a release of it is open (M(meshyard.istio.workload_canary)). One whose changes wait for releases is
    resumed for the move and paused again, as M(meshyard.istio.namespace_revision) does. With the chart its pod template cannot change
    while it is paused.
  - >-
    In Istio before 1.29.5 and 1.30.2 the control plane may drop requests for up to 30 seconds when it takes over a Gateway
    of the Gateway API.
seealso:
  - module: meshyard.istio.namespace_revision
  - module: meshyard.istio.istio_revision
"""

EXAMPLES = r"""
- name: Install an ingress gateway
  meshyard.istio.istio_gateway:
    name: istio-ingress
    namespace: istio-ingress
    version: 1.31.0
    revision: 1-31-0
    values:
      service:
        externalTrafficPolicy: Local

- name: Move it to another revision, with its chart
  meshyard.istio.istio_gateway:
    name: istio-ingress
    namespace: istio-ingress
    version: 1.32.0
    revision: 1-32-0

- name: Move a gateway that Helm installed
  meshyard.istio.istio_gateway:
    name: istio-ingressgateway
    namespace: istio-system
    revision: 1-32-0

- name: Bring it back
  meshyard.istio.istio_gateway:
    name: istio-ingressgateway
    namespace: istio-system
    state: former
"""

RETURN = r"""
gateway:
  description: The gateway as it is now. In check mode its revision is the one that it would have, everything else is as it is.
  returned: success
  type: dict
  contains:
    name:
      description: Name of the gateway.
      type: str
    namespace:
      description: Namespace of the gateway.
      type: str
    revision:
      description: Revision that a new pod of the gateway gets; C(null) for none.
      type: str
    revision_before:
      description: The same before this call.
      type: str
    service:
      description: Name of its Service; C(null) without one, as are the values of it.
      type: str
    uid:
      description: UID of the Service.
      type: str
    cluster_ip:
      description: Cluster IP of the Service.
      type: str
    address:
      description: First address or host name of its load balancer.
      type: str
    node_ports:
      description: The node ports by the name of the port.
      type: dict
    pods:
      description: How many live pods there are (C(total)), and how many have the proxy of the revision (C(on_target)).
      type: dict
    endpoints:
      description: How many endpoints of its Service are ready.
      type: int
    ready:
      description: Whether its rollout is complete, every pod is on the revision, and its Service, if it has one, has a ready endpoint.
      type: bool
  sample:
    name: istio-ingress
    namespace: istio-ingress
    revision: 1-32-0
    revision_before: 1-31-0
    service: istio-ingress
    uid: 0f6c3c6e-6d4e-4c63-8d16-5d6f6dcb0f2b
    cluster_ip: 10.96.1.20
    address: 10.99.200.1
    node_ports: {http2: 30080}
    pods: {total: 2, on_target: 2}
    endpoints: 2
    ready: true
before:
  description: Name, UID, cluster IP, address and node ports of the Service before this call; C(null) without a Service.
  returned: success
  type: dict
  sample:
    service: istio-ingress
    uid: 0f6c3c6e-6d4e-4c63-8d16-5d6f6dcb0f2b
    cluster_ip: 10.96.1.20
    address: 10.99.200.1
    node_ports: {http2: 30080}
made_by:
  description: Who made the gateway. One of C(meshyard), C(helm), C(istioctl), C(operator), C(unknown) and C(nobody).
  returned: success
  type: str
  sample: helm
proof:
  description: Each pod that is as it should be, with its revision and image. Empty in check mode and with O(wait=false).
  returned: success
  type: list
  elements: dict
  sample:
    - namespace: istio-ingress
      pod: istio-ingress-6f7c9-k2p4d
      workload: Deployment istio-ingress
      revision: 1-32-0
      image: docker.io/istio/proxyv2:1.32.0
steps:
  description: What was written, or would be in check mode.
  returned: success
  type: list
  elements: dict
  sample:
    - {action: patch, kind: Deployment, namespace: istio-ingress, name: istio-ingress, reason: "restart for 1-32-0@1.32.0+0a1b2c3d4e"}
selectors:
  description: What selects pods by a label that the move changes, and would select them no more.
  returned: failure, with the code C(selector_loses_pods)
  type: list
  elements: dict
  sample:
    - {kind: Service, namespace: ingress, name: web, workload: Deployment ingress/web, labels: [istio.io/rev]}
denials:
  description: The changes that the API server would refuse, as RV(steps), with who denies each (C(by)) and its message.
  returned: failure, when a dry run of a change is refused
  type: list
  elements: dict
  sample:
    - action: patch
      kind: Deployment
      namespace: istio-ingress
      name: istio-ingress
      reason: restart for 1-32-0@1.32.0+0a1b2c3d4e
      by: policy.example.com
      message: images must be signed
stuck:
  description: The workload when it did not roll, with a code of the reason, its pods, the reasons and the last events.
  returned: failure, when the rollout does not go on
  type: list
  elements: dict
  sample: []
code:
  description: Why it failed, for programs. C(docs/codes.md) lists all codes.
  returned: failure
  type: str
  sample: rollout_stuck
verdict:
  description:
    - What the failure says of the revision.
    - V(failed) when a workload does not roll or pods are not what they should be, V(error) when something else stands against the move,
      so that nothing is to be moved back.
  returned: failure
  type: str
  sample: failed
cluster:
  description: The cluster that was used.
  returned: success
  type: dict
  sample: {host: "https://10.99.0.11:6443", context: central, uid: 6f1c8a1e-6a3f-4df1-9c1e-0d8f5a5f6b11}
requests:
  description: Number of requests to the API server.
  returned: success
  type: int
  sample: 12
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._cluster.wait import TimedOut
from ..module_utils._mesh.raw import Raw
from ..module_utils._plan.dataplane.mesh import Mesh
from ..module_utils._plan.gateways import addresses as gateway_addresses
from ..module_utils._plan.gateways import chart as gateway_chart
from ..module_utils._plan.gateways import move as gateway_move
from ..module_utils._plan.gateways import settings as gateway_settings
from ..module_utils._plan.gateways.model import GatewayMoveRequest, GatewayState, Move
from ..module_utils._run.control_plane.read import kubernetes_version
from ..module_utils._run.dataplane import proof, rollout, selectors
from ..module_utils._run.dataplane import read as dataplane
from ..module_utils._run.gateways import read as gateways
from ..module_utils._run.objects import execute
from ..module_utils._run.objects.rendering import Renderer


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        **arguments.chart(),
        **arguments.waiting(),
        "name": {"type": "str", "required": True},
        "namespace": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent", "former"], "default": "present"},
        "revision": {"type": "str"},
        "version": {"type": "str"},
        "kind": {"type": "str", "choices": ["ingress", "egress", "eastwest"]},
        "network": {"type": "str"},
        "values": {"type": "dict"},
        "create_namespace": {"type": "bool", "default": False},
        "forget_former": {"type": "bool", "default": False},
        "planned_revisions": {"type": "list", "elements": "str", "default": []},
        "allow_unsupported": {"type": "bool", "default": False},
    }


def main() -> None:
    """Observe, decide, execute, prove, answer."""
    module = Module(argument_spec=spec(), supports_check_mode=True)
    with reporting(module):
        chart = _chart(module)
        run = Run(module)
        found = gateways.find(run.cluster, run.params["namespace"], run.params["name"])
        if run.params["state"] == "absent":
            _absent(run, found)
        else:
            _move(run, found, chart)


def _chart(module: Module) -> Renderer | None:
    """The chart, once the options are found to go together and to suit it; None where nothing is rendered."""
    params = module.params
    gateway_settings.refuse_options(params)
    if params["state"] != "present" or not params["version"]:
        return None
    chart = Renderer("gateway", arguments.version(params), params, module.warn)
    if params["values"]:
        chart.refuse(params["values"])
    return chart


def _move(run: Run, found: GatewayState, chart: Renderer | None) -> None:
    request = GatewayMoveRequest(run.params["state"], run.params["revision"] or "", run.params["forget_former"], run.params["wait"])
    mesh = dataplane.mesh(run.cluster, run.params["control_plane_namespace"])
    if run.check:
        mesh = mesh.planned(run.params["planned_revisions"])
    gateway_move.refuse_release(found)
    gateway_chart.refuse_values(found, run.params["values"])
    if chart and not found.theirs:
        move = _rendered(run, found, chart, request, mesh)
    elif request.state == "former" and not found.exists:
        return run.answer((), gateway=None, before=None, made_by="nobody", proof=[])
    else:
        move = gateway_move.move(found, request, mesh)
    gateway_move.refuse_stuck(move)
    _refuse_losses(run, found, move)
    run.warn(*move.warnings)
    return _answer(run, found, move, gateway_move.now(found, mesh).revision, _execute(run, move))


def _refuse_losses(run: Run, found: GatewayState, move: Move) -> None:
    around, root = {found.namespace_state.name: found.namespace_state.labels}, run.params["control_plane_namespace"]
    selectors.refuse_losses(run.cluster, gateway_move.label_changes(found, move), around, root, run.warn)
    execute.rehearse(run.cluster, move.steps, run.warn, check=run.check)


def _rendered(run: Run, found: GatewayState, chart: Renderer, request: GatewayMoveRequest, mesh: Mesh) -> Move:
    """The steps towards what the chart renders, and what becomes of the workload then."""
    params, cluster = run.params, run.cluster
    how = gateway_settings.chart_settings(found, params["kind"], params["values"], params["network"])
    if not params["values"]:
        chart.refuse({})
        how = replace(how, values=chart.only_read(how.values, f"the last call for {found}"))
    kubernetes = kubernetes_version(cluster, chart.version, params["allow_unsupported"], run.warn)
    objects = chart.objects(found.name, found.namespace_state.name, how.chart_values(request.revision), kubernetes)
    targets = gateway_chart.wanted(objects, found, how, request, mesh)
    live = gateways.rendered(cluster, found, targets)
    gateway_chart.refuse_strangers(found, live, cluster.name)
    first = gateway_chart.namespace_step(found, create=params["create_namespace"], check=run.check)
    plan = execute.confirm(cluster, gateway_chart.converge(targets, live, found), run.warn)
    return gateway_chart.move(found, targets, (*first, *plan), request, mesh)


def _execute(run: Run, move: Move) -> Sequence[Raw]:
    """Writes and waits; returns the pods once each is proven, none where nobody waits for that."""
    if run.check:
        return []
    if not move.settled:
        with run.writing(run.params["control_plane_namespace"]):
            done = run.execute(move.plan)
            timeout, wait = run.params["wait_timeout"], run.params["wait"]
            rollout.roll(run, move.workload_plans, max_parallel=1, timeout=timeout, wait=wait, done=done)
    if not run.params["wait"]:
        return []
    return move.namespace_state.pods if move.settled else proof.prove(run, [move])[move.namespace_state.name]


def _answer(run: Run, found: GatewayState, move: Move, before: str | None, pods: Sequence[Raw]) -> None:
    now = _now(run, found) if move.steps and not run.check else found
    run.answer(
        move.steps,
        gateway={**gateway_move.describe(now, move), "revision_before": before},
        before=gateway_addresses.serves(found.service),
        made_by=now.made_by.kind if now.exists else "nobody",
        proof=proof.lines([move], {move.namespace_state.name: pods}),
    )


def _now(run: Run, found: GatewayState) -> GatewayState:
    """The gateway as it is after the move: behind its Service again, where somebody waits for that."""
    where = run.cluster, found.namespace_state.name, found.name
    if not run.params["wait"]:
        return gateways.find(*where)
    try:
        now: GatewayState = run.until(lambda: gateways.served(*where))
    except TimedOut as problem:
        problem.code, problem.verdict = "no_endpoints", "failed"
        raise
    return now


def _absent(run: Run, found: GatewayState) -> None:
    plan = gateway_chart.removal(found, gateways.rendered(run.cluster, found))
    if plan and not run.check:
        with run.writing(run.params["control_plane_namespace"]):
            run.execute(plan)
            if run.params["wait"]:
                run.until(lambda: gateways.gone(run.cluster, found))
    made_by = found.made_by.kind if found.exists else "nobody"
    run.answer(plan, gateway=None, before=gateway_addresses.serves(found.service), made_by=made_by, proof=[])


if __name__ == "__main__":
    main()
