#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Releases a change of a Deployment by steps of real traffic, one phase a call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: workload_canary
short_description: Release a change of a Deployment by steps of real traffic
author:
  - Meshyard contributors (@meshyard)
description:
  - Brings the release of one Deployment to a phase. The Deployment stays what it is, no copy of it becomes the stable one, and nothing is
    left behind at the end.
  - The phases are V(prepared), V(weight) once for each step, V(promoted), V(weight) back to 0, and V(finished). Until the promotion
    V(aborted) takes everything back. Each call does one of them and waits for it. One that was killed is gone on with by calling it again,
    and a second call changes nothing.
  - A release pauses the Deployment, gives it the new template, and adds a Deployment C(NAME-canary) with it, a Service C(SERVICE-canary)
    and copies of the DestinationRules and policies that count for the pods. Every route to the Service, inside the mesh and at gateways,
    in VirtualServices, HTTPRoutes and GRPCRoutes, gets a destination for the canary beside that of the Service. Where nobody routes
    to the Service inside the mesh, a VirtualService C(NAME-release) does.
  - What a release is for and how far it is lies in the annotation C(meshyard.io/release) of the Deployment, written in the patch that
    it describes. What a route was before lies in an annotation of that route. A route that somebody else changes under way is never
    written over.
  - With V(enabled) a Deployment is paused between releases too, so that an ordinary change of its template, such as by
    C(kubectl set image), starts no rollout and waits for a release.
options:
  namespace:
    description: Namespace of the Deployment.
    type: str
    required: true
  name:
    description: Name of the Deployment. One that is released may have 52 characters, and its Service 56.
    type: str
    required: true
  state:
    description:
      - V(prepared) begins the release. Then its canary is ready and has no traffic yet.
      - V(weight) gives the canary O(weight) percent of the traffic. Before, it gets the pods for it.
      - V(scaled) does of that what brings no traffic to it, and waits until whoever will get more is ready. Where one route leads to the
        pods of several clusters, all of them are scaled before it is changed.
      - V(promoted) lets the Deployment itself roll out the template, which is possible once the canary has all the traffic.
      - V(finished) takes away all that the release added, which is possible once V(weight) has brought the canary back to 0.
      - >-
        V(aborted) gives all traffic back at once, takes away all that the release added, and takes the change of the template back. From
        V(promoted) on this is refused, since the Deployment is no safe target then.
      - V(enabled) makes changes of the template wait for a release, V(disabled) makes them roll out by themselves again.
    type: str
    choices: [prepared, scaled, weight, promoted, finished, aborted, enabled, disabled]
    required: true
  image:
    description:
      - The image to release, with O(state=prepared).
      - When neither this nor O(patch) is given, the changed template of a Deployment that waits for a release is released.
    type: str
  container:
    description:
      - The container whose image changes.
      - When not given, it is the only one, or that of the annotation C(kubectl.kubernetes.io/default-container).
    type: str
  patch:
    description: A strategic merge patch of the pod template to release, with O(state=prepared).
    type: dict
  weight:
    description: Percentage of the traffic that the canary is to have. Needed with O(state=weight) and O(state=scaled).
    type: int
  service:
    description: The Service that clients call. When not given, it is the only one that selects the pods.
    type: str
  policy_gap:
    description:
      - What to do about policies that select the pods of the Deployment and would not select those of its canary, such as an
        AuthorizationPolicy, a NetworkPolicy or a PodDisruptionBudget.
      - V(copy) gives the canary a copy of each while the release is on. V(fail) refuses the release, V(warn) goes on without them.
    type: str
    choices: [copy, fail, warn]
    default: copy
  drain_seconds:
    description: How long the canary answers on, in seconds, after routes have forgotten it and before it is removed.
    type: int
    default: 30
  min_ready_seconds:
    description:
      - >-
        How long, in seconds, pods must have been ready before they get more of the traffic, so that the proxies of all callers know them.
        A control plane at ease tells them within a second, and a busy one within its C(PILOT_DEBOUNCE_MAX), 10 seconds by default.
    type: int
    default: 5
  retry_refused:
    description:
      - Whether a template of an enabled Deployment that was taken back before is released again, with O(state=prepared).
      - With V(false) nothing is done then, and RV(refused) tells so. Right for schedules.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long pods may take to be ready, in seconds.
      - When it is over the module fails and names what is not ready and why. Running again takes up the wait.
    type: int
    default: 300
  verdicts:
    description:
      - What M(meshyard.istio.metric_gate) said of the weight that the canary has, with O(state=weight). It is kept in the record, for
        M(meshyard.istio.workload_canary_info) and for a run that goes on from here.
    type: list
    elements: dict
    default: []
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.connection
  - meshyard.istio.control_plane
  - meshyard.istio.peer.config_cluster
  - meshyard.istio.peer.left_out
notes:
  - The canary's pods differ from those of the Deployment in each label by which a Service or the Deployment selects them.
  - >-
    While a Deployment is paused, C(kubectl rollout restart) refuses it and C(kubectl rollout status) waits for ever; scaling works.
  - A HorizontalPodAutoscaler of the Deployment is kept from shrinking it while it has no traffic, and gets its minimum back at the end.
seealso:
  - module: meshyard.istio.workload_canary_info
  - module: meshyard.istio.metric_gate
"""

EXAMPLES = r"""
- name: Begin the release of a new image
  meshyard.istio.workload_canary:
    namespace: shop
    name: web
    state: prepared
    image: registry.example.com/web:2.0.1

- name: Give it 5 percent of the traffic
  meshyard.istio.workload_canary:
    namespace: shop
    name: web
    state: weight
    weight: 5

- name: Take it back
  meshyard.istio.workload_canary:
    namespace: shop
    name: web
    state: aborted

- name: Let changes of a Deployment wait for a release
  meshyard.istio.workload_canary:
    namespace: shop
    name: web
    state: enabled
"""

RETURN = r"""
release:
  description: The release as it is after the call, or would be in check mode. C(null) where there is none.
  returned: success
  type: dict
  contains:
    phase:
      description: How far it is.
      type: str
    weight:
      description: Percentage of the traffic that the canary is to have.
      type: int
    run:
      description: Who began it.
      type: str
    template:
      description: Hash of the pod template that is released.
      type: str
    service:
      description: The Service whose traffic is moved.
      type: str
    policy_gap:
      description: What was asked for with O(policy_gap).
      type: str
    begun:
      description: When it began.
      type: str
    moved:
      description: When it came to this phase and weight.
      type: str
    verdicts:
      description: What was given as O(verdicts) for this weight.
      type: list
      elements: dict
    judged:
      description: Whether all of these are V(passed).
      type: bool
  sample:
    phase: progressing
    weight: 5
    run: AWX job 12
    template: 1d0c4c0f9a3f6a55
    service: web
    policy_gap: copy
    begun: "2026-11-27T10:00:00+00:00"
    moved: "2026-11-27T10:01:10+00:00"
    verdicts: []
    judged: false
routes:
  description: Every route to the Service before this call, whether it is as the release wrote it, and the share of the canary in it.
  returned: success
  type: list
  elements: dict
  sample:
    - {kind: VirtualService, namespace: shop, name: web, state: ours, weight: 5}
findings:
  description: With O(state=prepared), what the user of the release should know.
  returned: success
  type: list
  elements: dict
  sample:
    - level: info
      code: policy_gap
      cluster: central
      object: PodDisruptionBudget shop/web
      message: PodDisruptionBudget shop/web selects pods of Deployment shop/web, and would not select those of its canary.
      remedy: "policy_gap: copy gives the canary a copy of it while the release is on."
refused:
  description: Whether what was to be released was taken back before, and O(retry_refused=false) leaves it at that.
  returned: success
  type: bool
  sample: false
service_present:
  description: Whether the cluster has a Service of this name (O(service), or that of the Deployment), though it has no such Deployment.
  returned: failure, with the code C(workload_missing)
  type: bool
  sample: false
logs:
  description: With O(state=aborted), the last lines that the canary wrote.
  returned: success
  type: list
  elements: dict
  sample:
    - {pod: web-canary-7c9d8-k2lm4, container: web, lines: ["connection refused"]}
steps:
  description: What was written, or would be in check mode.
  returned: success
  type: list
  elements: dict
  sample:
    - {action: patch, kind: VirtualService, namespace: shop, name: web, reason: give web-canary 5 % of the traffic to Service shop/web}
done:
  description: What was written before it failed.
  returned: failure, after the first write
  type: list
  elements: dict
  sample: []
stuck:
  description: The Deployment that does not roll, with a code of the reason, its pods, their reasons, the last events and log lines.
  returned: failure, with the codes C(canary_not_ready) and C(rollout_stuck)
  type: list
  elements: dict
  sample: []
code:
  description: Why it failed, for programs. C(docs/codes.md) lists all codes.
  returned: failure
  type: str
  sample: canary_not_ready
verdict:
  description:
    - What the failure says of what is released.
    - V(failed) when its pods are not ready or its canary is gone, V(inconclusive) when somebody changed something under way, V(error) when
      something else stands against it.
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
  sample: 24
"""

from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.flows import workload_canary
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._errors import InvalidOption

_STATES = ["prepared", "scaled", "weight", "promoted", "finished", "aborted", "enabled", "disabled"]


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        **arguments.clusters(),
        "config_cluster": arguments.peer(),
        "namespace": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": _STATES, "required": True},
        "image": {"type": "str"},
        "container": {"type": "str"},
        "patch": {"type": "dict"},
        "weight": {"type": "int"},
        "service": {"type": "str"},
        "policy_gap": {"type": "str", "choices": ["copy", "fail", "warn"], "default": "copy"},
        "drain_seconds": {"type": "int", "default": 30},
        "min_ready_seconds": {"type": "int", "default": 5},
        "retry_refused": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 300},
        "verdicts": {"type": "list", "elements": "dict", "default": []},
    }


def main() -> None:
    """Observe, decide, execute, answer."""
    with_weight = [("state", state, ("weight",)) for state in ("scaled", "weight")]
    module = Module(argument_spec=spec(), supports_check_mode=True, required_if=with_weight)
    with reporting(module):
        _check(module.params)
        workload_canary.carry_out(Run(module))


def _check(params: dict[str, Any]) -> None:
    if params["state"] != "prepared" and (params["image"] is not None or params["patch"]):
        raise InvalidOption(f"image and patch have no meaning with state {params['state']}.", "Give them with state prepared.")
    if params["container"] and params["image"] is None:
        raise InvalidOption("container is given without image.", "Give the image of that container as well.")
    weight = params["weight"]
    if weight is not None and not 0 <= weight <= 100:
        raise InvalidOption(f"weight is {weight}.", "Give a percentage between 0 and 100.")


if __name__ == "__main__":
    main()
