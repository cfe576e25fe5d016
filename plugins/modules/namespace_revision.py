#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves namespaces to a revision of the control plane, out of the mesh, or back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: namespace_revision
short_description: Move namespaces to a revision of the control plane, out of the mesh, or back
author:
  - Meshyard contributors (@meshyard)
description:
  - Labels namespaces so that their new pods get the sidecar of a revision, restarts the workloads whose pods are not there
    yet, waits for the rollouts, and proves the result pod by pod.
  - A pod is right when its annotation C(istio.io/rev) names the revision and its proxy has the version of that revision. A
    workload whose pods are right is not restarted, so a run that was killed is taken up by running again.
  - The labels of a namespace change in one patch, together with the annotation C(meshyard.io/former) that keeps the former
    ones. O(state=former) gives them back.
  - Whatever would go wrong is refused before the first write. A namespace that does not exist or belongs to the system, a
    revision or tag that no ready webhook serves, pods that the API server would refuse or that two control planes would
    inject.
  - On the way out and back (O(state=absent), O(state=former)) there is nothing to do in a namespace that does not exist any more or is
    being deleted. A warning names it, and the others are moved.
  - Pods of a Gateway of the Gateway API follow their namespace by themselves and are only waited for.
  - >-
    A namespace in which a release of a Deployment is open (M(meshyard.istio.workload_canary)) is refused, whatever O(state) says.
  - >-
    A Deployment whose changes wait for releases (the annotation C(meshyard.io/release-enabled)) is restarted on the pod template that
    was released last. The patch that restarts it also resumes it, and once it has rolled a second one pauses it again. What changes its
    pod template between the two rolls out at once. Where a change waits already nothing is touched, and it is returned in
    RV(not_restartable).
options:
  namespaces:
    description: Names of the namespaces.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(present) moves the namespaces to O(revision).
      - V(absent) takes them out of the mesh. The labels are removed and pods restarted without a sidecar.
      - >-
        V(former) gives back the labels that this module or O(state=absent) replaced, and restarts what then is not on the
        revision that the labels lead to. After a tag was moved that is usually nothing.
    type: str
    choices: [present, absent, former]
    default: present
  revision:
    description:
      - Revision of the control plane that the pods are to come to, or a tag that points to it.
      - Needed with O(state=present).
    type: str
  label:
    description:
      - What to write into the label C(istio.io/rev). It must lead to O(revision), as a tag does.
      - When not given, it is O(revision).
    type: str
  scope:
    description:
      - What carries the revision with O(state=present).
      - V(namespace) labels the namespace. Every pod in it that does not refuse a sidecar comes into the mesh.
      - >-
        V(pods) labels the templates of those workloads that ask for a sidecar by labels of their own (C(istio.io/rev) or
        C(sidecar.istio.io/inject=true)), and leaves the namespace and all other workloads alone. Gateways are left to
        M(meshyard.istio.istio_gateway). The former labels are kept in the annotation C(meshyard.io/former) of the workload.
      - >-
        V(auto) is V(pods) in a namespace that has neither C(istio.io/rev) nor C(istio-injection) and has pods that ask by
        themselves, else V(namespace).
    type: str
    choices: [auto, namespace, pods]
    default: auto
  restart:
    description:
      - Whether workloads are restarted whose pods are not right.
      - With V(false) only namespaces are labelled; the workloads are returned as C(pending).
    type: bool
    default: true
  max_parallel:
    description: How many workloads roll at a time.
    type: int
    default: 5
  forget_former:
    description:
      - Whether the record of the former labels is dropped. There is no O(state=former) after it.
      - Only with O(state=present) and O(state=absent).
    type: bool
    default: false
  planned_revisions:
    description:
      - Revisions and tags that an earlier task of the same run makes. Check mode takes them as installed and ready.
      - Ignored outside check mode.
    type: list
    elements: str
    default: []
  wait:
    description:
      - Whether to wait for the rollouts and to prove the result.
      - >-
        With V(false) all workloads are patched at once, whatever O(max_parallel) says, and RV(proof) is empty. Check mode
        never waits.
      - >-
        With V(false) a Deployment whose changes wait for releases stays resumed. A later run that finds it rolled out pauses it again.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long, in seconds, the rollout of one workload may go without any progress.
      - >-
        When it is over the module fails and names the pods that are not ready, why, and what was done before. Running again
        takes up from there.
    type: int
    default: 300
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.connection
  - meshyard.istio.control_plane
notes:
  - >-
    A restart is the annotation C(meshyard.io/restarted-for) on the pod template. Its value names the revision, the version of
    its proxies and a hash of its values and injection templates.
  - >-
    The label C(istio-injection) outweighs C(istio.io/rev), and a label of the namespace outweighs one of the pod. Therefore
    C(istio-injection) is removed in the same patch that writes C(istio.io/rev).
seealso:
  - module: meshyard.istio.istio_gateway
  - module: meshyard.istio.istio_tag
  - module: meshyard.istio.upgrade_gate
"""

EXAMPLES = r"""
- name: Move two namespaces to the new revision
  meshyard.istio.namespace_revision:
    namespaces: [shop, cart]
    revision: 1-32-0

- name: Let a namespace follow the tag prod, which leads to the same revision
  meshyard.istio.namespace_revision:
    namespaces: [shop]
    revision: 1-32-0
    label: prod

- name: Undo the move
  meshyard.istio.namespace_revision:
    namespaces: [shop, cart]
    state: former

- name: Take a namespace out of the mesh, three workloads at a time
  meshyard.istio.namespace_revision:
    namespaces: [batch]
    state: absent
    max_parallel: 3
"""

RETURN = r"""
namespaces:
  description: Each namespace as it was and is, or would be in check mode. Those that do not exist any more are left out.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the namespace.
      type: str
    revision_before:
      description: Revision that a plain new pod got before; C(null) for none.
      type: str
    revision:
      description: Revision that a plain new pod gets now; C(null) for none.
      type: str
    labels_before:
      description: The labels C(istio.io/rev) and C(istio-injection) as they were.
      type: dict
    labels:
      description: The same labels as they are now.
      type: dict
    workloads:
      description:
        - What became of each workload, as kind, name, status and reason.
        - >-
          The status is C(restarted), C(already) (it was right, or is not in the mesh), C(pending) (O(restart=false)),
          C(automatic) (istiod rolls the gateway by itself), C(left) (a gateway that only
          M(meshyard.istio.istio_gateway) moves), or C(not_restartable).
      type: list
      elements: dict
    pods:
      description: How many pods are to have a revision or to have none (C(total)), and how many of them do (C(on_target)).
      type: dict
  sample:
    - name: shop
      revision_before: 1-31-0
      revision: 1-32-0
      labels_before: {istio.io/rev: prod}
      labels: {istio.io/rev: 1-32-0}
      workloads: [{kind: Deployment, name: web, status: restarted, reason: 3 of 3 pods not on 1-32-0}]
      pods: {total: 3, on_target: 3}
not_restartable:
  description: Workloads whose pods are not right and that nobody can restart from here, with the reason and what to do.
  returned: success
  type: list
  elements: dict
  sample:
    - {namespace: shop, kind: StatefulSet, name: db, reason: "StatefulSet shop/db has the update strategy OnDelete: ..."}
proof:
  description:
    - Each pod that is as it should be, with the revision that injected it and the image of its proxy, both C(null) without one.
    - Empty in check mode, with O(wait=false) and with O(restart=false).
  returned: success
  type: list
  elements: dict
  sample:
    - {namespace: shop, pod: web-5d4c7-x2x8q, workload: Deployment web, revision: 1-32-0, image: "docker.io/istio/proxyv2:1.32.0"}
steps:
  description: What was written, or would be in check mode.
  returned: success
  type: list
  elements: dict
  sample:
    - {action: patch, kind: Namespace, namespace: null, name: shop, reason: move to 1-32-0}
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
    - {action: patch, kind: Deployment, namespace: shop, name: web, reason: restart, by: policy.example.com, message: images must be signed}
stuck:
  description: The workloads that did not roll, with a code of the reason, their pods, the reasons and the last events.
  returned: failure, when a rollout does not go on
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

from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._errors import InvalidOption
from ..module_utils._plan.dataplane import model as dataplane_model
from ..module_utils._plan.dataplane import move as dataplane_move
from ..module_utils._plan.dataplane import selectors as dataplane_selectors
from ..module_utils._plan.dataplane.labels import MoveRequest
from ..module_utils._plan.dataplane.model import Migration
from ..module_utils._run.dataplane import proof, rollout, selectors
from ..module_utils._run.dataplane import read as dataplane
from ..module_utils._run.objects import execute


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        **arguments.waiting(),
        "namespaces": {"type": "list", "elements": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent", "former"], "default": "present"},
        "revision": {"type": "str"},
        "label": {"type": "str"},
        "scope": {"type": "str", "choices": ["auto", "namespace", "pods"], "default": "auto"},
        "restart": {"type": "bool", "default": True},
        "max_parallel": {"type": "int", "default": 5},
        "forget_former": {"type": "bool", "default": False},
        "planned_revisions": {"type": "list", "elements": "str", "default": []},
    }


def main() -> None:
    """Observe, decide, execute, prove, answer."""
    module = Module(argument_spec=spec(), supports_check_mode=True, required_if=[("state", "present", ("revision",))])
    with reporting(module):
        request = _request(module.params)
        run = Run(module)
        migration = _decide(run, request)
        pods = _execute(run, migration) if not run.check else None
        _answer(run, migration, pods)


def _request(params: dict[str, Any]) -> MoveRequest:
    if params["max_parallel"] < 1:
        raise InvalidOption(f"max_parallel is {params['max_parallel']}, so that nothing could roll.", "Give 1 or more.")
    present = params["state"] == "present"
    if present and not params["revision"]:
        raise InvalidOption("State present needs a revision.", "Name the revision or tag that the namespaces are to come to.")
    if not present and (params["revision"] or params["label"]):
        raise InvalidOption(f"revision and label have no meaning with state {params['state']}.", "Leave them out.")
    return MoveRequest(
        state=params["state"],
        revision=params["revision"] or "",
        label=params["label"] or params["revision"] or "",
        scope=params["scope"],
        restart=params["restart"],
        forget=params["forget_former"],
        wait=params["wait"],
    )


def _decide(run: Run, request: MoveRequest) -> dataplane_model.Migration:
    namespace = run.params["control_plane_namespace"]
    mesh = dataplane.mesh(run.cluster, namespace)
    if run.check:
        mesh = mesh.planned(run.params["planned_revisions"])
    namespace_states = dataplane.namespaces(run.cluster, dict.fromkeys(run.params["namespaces"]))
    migration = dataplane_move.decide(namespace_states, request, mesh, frozenset({namespace, *(plane.namespace for plane in mesh.planes)}))
    run.warn(*migration.warnings)
    _refuse_denied(run, migration)
    return migration


def _refuse_denied(run: Run, migration: Migration) -> None:
    """Asks before the first write what the API server would say to all of them, and what they would take pods away from."""
    around = {move.namespace_state.name: move.after for move in migration.moves}
    workloads = [obj for move in migration.moves for obj in move.namespace_state.workloads]
    changed = dataplane_selectors.changes(migration.restarts, workloads)
    selectors.refuse_losses(run.cluster, changed, around, run.params["control_plane_namespace"], run.warn)
    execute.rehearse(run.cluster, migration.plan, run.warn, check=run.check)


def _execute(run: Run, migration: Migration) -> proof.Pods | None:
    """Writes and waits; the pods by namespace once all is proven, None where nobody waits for that."""
    waits = run.params["wait"] and run.params["restart"]
    if migration.plan:
        with run.writing(run.params["control_plane_namespace"]):
            _roll(run, migration, run.execute(migration.labelling), wait=waits)
    elif waits:
        _roll(run, migration, [], wait=True)
    if not waits:
        return None
    if migration.settled:
        return {move.namespace_state.name: move.namespace_state.pods for move in migration.moves}
    return proof.prove(run, migration.moves)


def _roll(run: Run, migration: Migration, done: list[dict[str, Any]], *, wait: bool) -> None:
    rollout.roll(
        run,
        migration.workload_plans,
        max_parallel=run.params["max_parallel"],
        timeout=run.params["wait_timeout"],
        wait=wait,
        done=done,
    )


def _answer(run: Run, migration: Migration, pods: proof.Pods | None) -> None:
    now = {move.namespace_state.name: pods[move.namespace_state.name] if pods else move.namespace_state.pods for move in migration.moves}
    run.answer(
        migration.plan,
        namespaces=[move.describe(proof.live(now[move.namespace_state.name])) for move in migration.moves],
        not_restartable=[
            {
                "namespace": workload_plan.workload.namespace,
                "kind": workload_plan.workload.kind,
                "name": workload_plan.workload.name,
                "reason": workload_plan.reason,
            }
            for workload_plan in migration.workload_plans
            if workload_plan.status == "not_restartable"
        ],
        proof=proof.lines(migration.moves, now) if pods else [],
    )


if __name__ == "__main__":
    main()
