#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Points a revision tag to a revision, or takes it away."""

from __future__ import annotations

DOCUMENTATION = r"""
module: istio_tag
short_description: Point a revision tag to a revision, or take it away
author:
  - Meshyard contributors (@meshyard)
description:
  - A tag is a second name of a revision, which namespaces follow by the label C(istio.io/rev). It lives in a webhook
    configuration and in a Service. Both are always moved together, because istiod takes each of them for a claim.
  - A new tag gets the CA bundle of its revision at once, so that no pod is refused in between.
  - The tag V(default) is what namespaces with C(istio-injection=enabled) follow. While it points to a revision, the webhooks of
    a control plane without a revision are put to sleep, and they wake up when the tag goes.
  - A tag that Helm or istioctl made is taken over.
options:
  name:
    description:
      - Name of the tag. It may not be the name of a revision, but for V(default).
    type: str
    required: true
  state:
    description:
      - V(present) points the tag to O(revision).
      - V(absent) takes it away. That is refused while namespaces or workloads follow it and would be left without a sidecar.
    type: str
    choices: [present, absent]
    default: present
  revision:
    description:
      - The revision, which must be there and ready.
      - Needed with O(state=present).
    type: str
  planned_revisions:
    description:
      - Revisions that an earlier task of the same run makes. Check mode takes them as installed and ready.
      - Ignored outside check mode.
    type: list
    elements: str
    default: []
  force:
    description:
      - Whether O(state=absent) takes the tag away from those who follow it. Their new pods start without a sidecar then.
    type: bool
    default: false
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.connection
  - meshyard.istio.control_plane
  - meshyard.istio.wait
notes:
  - Pods that run keep their proxy when a tag moves. M(meshyard.istio.namespace_revision) restarts them.
  - Gateways of the Gateway API that follow the tag roll at once when it moves.
  - The default validator does not follow the tag V(default). M(meshyard.istio.istio_base) moves it.
  - It waits until the webhooks of the tag have a CA bundle, and until a pod sent through the API server (a dry run) comes back
    with a proxy of the revision.
seealso:
  - module: meshyard.istio.istio_revision
  - module: meshyard.istio.namespace_revision
"""

EXAMPLES = r"""
- name: Point the tag prod to revision 1-32-0
  meshyard.istio.istio_tag:
    name: prod
    revision: 1-32-0

- name: Let namespaces with istio-injection=enabled come to revision 1-32-0
  meshyard.istio.istio_tag:
    name: default
    revision: 1-32-0

- name: Take a tag away that nobody follows
  meshyard.istio.istio_tag:
    name: canary
    state: absent
"""

RETURN = r"""
name:
  description: Name of the tag.
  returned: success
  type: str
  sample: prod
revision:
  description: The revision that it points to after the run; null with O(state=absent).
  returned: success
  type: str
  sample: 1-32-0
former_revision:
  description: The revision that it pointed to before; null where it did not exist.
  returned: success
  type: str
  sample: 1-31-0
steps:
  description: What was written, in order; in check mode, what would be.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(create), V(adopt), V(apply) or V(delete).
      type: str
      sample: apply
    kind:
      description: Kind of the object.
      type: str
      sample: Deployment
    namespace:
      description: Namespace of the object; null for one of the cluster.
      type: str
      sample: istio-system
    name:
      description: Name of the object.
      type: str
      sample: istiod-1-32-0
    reason:
      description: Why.
      type: str
      sample: differs from what is wanted
    fields:
      description: Paths of the fields that change, when an object is applied.
      type: list
      elements: str
      sample: ["spec.template.spec.containers[discovery].image"]
    overruled:
      description: By path, the field manager whose change is put back, if there is one.
      type: dict
      sample: {"spec.template.spec.containers[discovery].image": kubectl-edit}
  sample:
    - {action: apply, kind: MutatingWebhookConfiguration, namespace: null, name: istio-revision-tag-prod, reason: new}
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
  sample: 24
"""

from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._mesh import labels
from ..module_utils._mesh.plane import ControlPlane
from ..module_utils._mesh.revision import Names, check_revision
from ..module_utils._plan.objects.steps import Object, Plan, ref_of
from ..module_utils._plan.tags import removal as tag_removal
from ..module_utils._plan.tags import tag
from ..module_utils._run.control_plane.readiness import Injection
from ..module_utils._run.objects import execute
from ..module_utils._run.tags import read as tags


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        **arguments.waiting(),
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "revision": {"type": "str"},
        "planned_revisions": {"type": "list", "elements": "str", "default": []},
        "force": {"type": "bool", "default": False},
    }


def main() -> None:
    """Observe, decide, execute, wait, answer."""
    module = Module(argument_spec=spec(), supports_check_mode=True, required_if=[("state", "present", ("revision",))])
    with reporting(module):
        tag.refuse_name(module.params["name"], ())
        check_revision(module.params["revision"] or labels.DEFAULT)
        run = Run(module)
        found = tags.seen(run.cluster, module.params["control_plane_namespace"])
        former = found.revision(module.params["name"])
        plan = _present(run, found) if module.params["state"] == "present" else _absent(run, found)
        revision = module.params["revision"] if module.params["state"] == "present" else None
        run.answer(plan, name=module.params["name"], revision=revision, former_revision=former)


def _present(run: Run, found: tags.Seen) -> Plan:
    name, revision, cluster = run.params["name"], run.params["revision"], run.cluster
    tag.refuse_name(name, found.planes)
    target, plane = _target(run, found)
    default = found.configuration(Names(labels.DEFAULT, found.namespace).mutating_webhook)
    steps = tag.plan(name, target, found.tag(name), default, cluster.name)
    run.warn(*tag.warnings(name, steps))
    plan = execute.confirm(cluster, steps, run.warn)
    injection = Injection(cluster, found.namespace, name, revision, plane.image, run.warn) if plane and plane.image else None
    if not run.check:
        _execute(run, plan, tag.objects(name, target), injection)
    return plan


def _target(run: Run, found: tags.Seen) -> tuple[tag.Target, ControlPlane | None]:
    """What the tag is to point to; without a control plane where only an earlier task of this check run makes it."""
    name, revision = run.params["name"], run.params["revision"]
    known = {plane.revision for plane in found.planes}
    if run.check and revision not in known and revision in run.params["planned_revisions"]:
        return tag.planned(Names(revision, found.namespace)), None
    plane = tag.target_plane(revision, name, found.planes, run.cluster.name)
    return tags.target(run.cluster, found, name, revision), plane


def _execute(run: Run, plan: Plan, wanted: list[Object], injection: Injection | None) -> None:
    settled = tags.settled(run.cluster, map(ref_of, wanted), injection)
    if not plan:
        if run.params["wait"]:
            run.until(settled)
        return
    with run.writing(run.params["control_plane_namespace"]):
        run.execute(plan)
        if run.params["wait"]:
            run.until(settled)


def _absent(run: Run, found: tags.Seen) -> Plan:
    name, cluster = run.params["name"], run.cluster
    live = found.tag(name)
    if live and not run.params["force"]:
        tag_removal.refuse(name, tags.followers(cluster, found, name), cluster.name)
    default = found.configuration(Names(labels.DEFAULT, found.namespace).mutating_webhook)
    plan = tag_removal.plan(name, live, default, cluster.name)
    if plan and not run.check:
        with run.writing(found.namespace):
            run.execute(plan)
    return plan


if __name__ == "__main__":
    main()
