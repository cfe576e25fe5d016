#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Installs, changes, takes over and removes the control plane of one revision."""

from __future__ import annotations

DOCUMENTATION = r"""
module: istio_revision
short_description: Install, change, take over or remove the control plane of one revision
author:
  - Meshyard contributors (@meshyard)
description:
  - Brings istiod of a version into a cluster as a revision of its own, beside the revisions that are there, and waits until
    it is ready to take pods.
  - The official chart is rendered by C(helm template) and written by server-side apply. There is no Helm release.
  - What this collection rendered is its own. A field that somebody else changed is put back, and RV(steps) names who changed
    it. Fields that istiod or an autoscaler writes are left alone. An object that is no longer part of the chart is deleted.
  - Ready means that the Deployment is available at its present generation, that istiod has set the CA bundles of its
    webhooks and closed its validation webhook (C(failurePolicy) C(Fail)), and that a pod sent through the API server (a dry
    run) comes back with a proxy of this revision.
  - Versions, values and everything else that would go wrong is refused before the first write.
options:
  state:
    description:
      - V(present) installs the revision or changes it to what is asked for.
      - >-
        V(absent) removes it, whoever made it, when nothing uses it any more. That is proven first, see RV(blockers). Pods of it
        that are being deleted are waited for. What Helm or istioctl made goes with it, also Helm's record of the release. What
        all revisions share stays, and so does the namespace.
    type: str
    choices: [present, absent]
    default: present
  revision:
    description:
      - Name of the revision. V(default) is the control plane without a revision, whose objects have no suffix.
      - When not given, it follows from O(version), such as V(1-32-0).
    type: str
  version:
    description:
      - Version of Istio, such as V(1.32.0), which is also the version of its chart.
      - Needed with O(state=present).
    type: str
  values:
    description:
      - Helm values of the istiod chart.
      - A key that the chart does not know is refused, with the key that was probably meant. So is a field of C(meshConfig)
        that Istio does not have; with a version of Istio that is newer than this collection knows, that is a warning.
      - >-
        A value of another type than the chart's own is refused, such as a number where the chart has a text (write V("1.32") in
        quotes). A number may be given as text, since older versions of Ansible make text of every template.
      - C(revision), C(revisionTags) and C(defaultRevision) are refused here. O(revision), M(meshyard.istio.istio_tag) and
        M(meshyard.istio.istio_base) set them.
    type: dict
    default: {}
  values_from_revision:
    description:
      - Another revision, whoever made it, whose values are carried over below O(values).
      - What belongs to its version is left behind. That is the image tag, images, the revision, tags and the compatibility
        version.
      - What this version of the chart does not read is left behind too, and named in a warning.
      - Once that revision is retired, the values that were carried over stay.
    type: str
  adopt:
    description:
      - Whether a revision of this name that Helm, istioctl or somebody else made is taken over. Without it such a revision is
        refused.
      - The fields of the former maker become those of this collection, so that none is left behind that O(values) and the
        chart do not have. Helm's labels and annotations go. Helm's record of its release stays until the revision is removed.
      - What a live operator or a GitOps controller keeps is refused in any case.
    type: bool
    default: false
  change_identity:
    description:
      - >-
        Whether a change of cluster name, network, mesh ID, trust domain or CA of a live revision is allowed. Pods that run
        keep their former identity, and istiod refuses them until they are restarted. For a new revision, whether it may differ from
        those beside it in what would part their workloads: also the root namespace, and trust domains without aliases of each other.
    type: bool
    default: false
  allow_downgrade:
    description:
      - Allow that the version of a live revision goes back by one minor, which is the way back from an upgrade in place.
      - Its pods must be restarted then. A proxy must not be newer than its control plane.
    type: bool
    default: false
  allow_unsupported:
    description:
      - Whether to go on with a version of Istio or Kubernetes, or with a change of the version in place, that is not
        supported.
    type: bool
    default: false
  force:
    description:
      - Whether O(state=absent) removes a revision that is in use. RV(blockers) then tells what that breaks.
    type: bool
    default: false
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.chart
  - meshyard.istio.connection
  - meshyard.istio.control_plane
  - meshyard.istio.peer.clusters
  - meshyard.istio.wait
notes:
  - The control plane's namespace is made when it is missing, and never removed.
  - The objects have the label C(meshyard.io/owner=revision-NAME) and the field manager C(meshyard-revision-NAME).
  - In check mode an account that may not write gets a prediction and a warning.
  - >-
    O(clusters) matters for O(state=absent) only. The proof that nothing uses the revision covers these clusters too. Take the
    revision away there first, by M(meshyard.istio.remote_istio). One that cannot be reached counts as using the revision, and so
    does one that a remote secret names and that is not in O(clusters).
  - Nothing is written in O(clusters).
seealso:
  - module: meshyard.istio.istio_base
  - module: meshyard.istio.istio_tag
  - module: meshyard.istio.istio_revision_info
"""

EXAMPLES = r"""
- name: Install Istio 1.32.0 as revision 1-32-0
  meshyard.istio.istio_revision:
    version: 1.32.0
    values:
      meshConfig:
        accessLogFile: /dev/stdout

- name: Install the next version with the values of the one that runs
  meshyard.istio.istio_revision:
    version: 1.32.0
    values_from_revision: 1-31-0

- name: Take over a control plane that Helm made
  meshyard.istio.istio_revision:
    version: 1.31.0
    revision: default
    values_from_revision: default
    adopt: true

- name: Remove a revision that nothing uses any more
  meshyard.istio.istio_revision:
    revision: 1-31-0
    state: absent

- name: Remove a revision that also served a remote cluster, once nothing uses it there either
  meshyard.istio.istio_revision:
    revision: 1-31-0
    state: absent
    clusters:
      - name: us
        kubeconfig: ~/.kube/config
        context: us
"""

RETURN = r"""
revision:
  description: Name of the revision.
  returned: success
  type: str
  sample: 1-32-0
version:
  description: Version that was asked for; null with O(state=absent).
  returned: success
  type: str
  sample: 1.32.0
made_by:
  description:
    - >-
      Who had made the revision when the module looked, one of V(meshyard), V(helm), V(istioctl), V(unknown) and V(nobody)
      where it did not exist.
  returned: success
  type: str
  sample: meshyard
components:
  description: State of the parts of the control plane; in check mode as they are before the run. Empty with O(state=absent).
  returned: success
  type: list
  elements: dict
  contains:
    component:
      description: What it is to the control plane.
      type: str
      sample: istiod
    kind:
      description: Kind of the object.
      type: str
      sample: Deployment
    name:
      description: Name of the object.
      type: str
      sample: istiod-1-32-0
    status:
      description:
        - V(created) when nothing has answered for it yet, V(reconciling) while it changes, V(available) when it can be used.
      type: str
      sample: available
ready:
  description: Whether all components are available.
  returned: success
  type: bool
  sample: true
blockers:
  description:
    - What uses the revision, with O(state=absent). The module fails on it unless O(force) is set.
    - What could not be read counts as use.
  returned: success, and when a revision in use was to be removed
  type: list
  elements: dict
  contains:
    cluster:
      description: Name of the cluster, for one of O(clusters) that which is given there.
      type: str
      sample: central
    kind:
      description: Kind of the object.
      type: str
      sample: Namespace
    namespace:
      description: Namespace of the object; empty for one of the cluster.
      type: str
    name:
      description: Name of the object.
      type: str
      sample: shop
    code:
      description:
        - How it uses the revision, for programs. C(tag) points to it, C(default_validator) and C(webhook) lead to it, C(namespace) and
          C(workload) bring new pods to it, C(pod) and C(proxy) have its sidecar or are connected to it, C(configuration) is read by it
          alone.
        - C(unread), C(istiod_not_asked), C(remote_secrets_unread), C(cluster_unreachable) and C(cluster_not_given) tell what could not be
          known.
        - C(successor) is what the revision that takes over lacks, C(grace) that it has been without use for too short a time.
      type: str
      sample: namespace
    reason:
      description: How it uses the revision, in words.
      type: str
      sample: its new pods come to it
    tag:
      description: Name of the tag by which it uses the revision; empty where there is none.
      type: str
  sample:
    - {cluster: central, kind: Namespace, namespace: shop, name: shop, code: namespace, reason: its new pods come to it, tag: ""}
removed:
  description: The objects that O(state=absent) removed.
  returned: success
  type: list
  elements: dict
  sample: [{kind: Deployment, namespace: istio-system, name: istiod-1-31-0}]
evidence:
  description: What the pods of istiod wait for, and the last warnings, when they did not become ready in time.
  returned: when istiod does not become ready
  type: dict
  sample:
    kind: Deployment
    namespace: istio-system
    name: istiod-1-32-0
    why: 0 of 1 pods are available
    pods: [{name: istiod-1-32-0-7d9f5-abcde, reasons: ["discovery: ImagePullBackOff"]}]
    events: []
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
    - {action: apply, kind: Deployment, namespace: istio-system, name: istiod-1-32-0, reason: new}
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
  description: Number of requests to the API servers of all clusters.
  returned: success
  type: int
  sample: 24
"""

from typing import Any

from ..module_utils._ansible import arguments, peers
from ..module_utils._ansible.flows import control_plane as planes
from ..module_utils._ansible.flows.blockers import blockers
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._mesh import revision as revisions
from ..module_utils._plan.control_plane import install, readiness, removal
from ..module_utils._plan.objects import adoption
from ..module_utils._plan.objects.steps import Object, ref_of
from ..module_utils._run.control_plane import identity as live_identity
from ..module_utils._run.control_plane import read as control_plane
from ..module_utils._run.control_plane import removal as control_plane_removal
from ..module_utils._run.objects import helm_records, rendering
from ..module_utils._run.tags import read as tags


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        **arguments.chart(),
        **arguments.clusters(),
        **arguments.waiting(),
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "revision": {"type": "str"},
        "version": {"type": "str"},
        "values": {"type": "dict", "default": {}},
        "values_from_revision": {"type": "str"},
        "adopt": {"type": "bool", "default": False},
        "change_identity": {"type": "bool", "default": False},
        "allow_downgrade": {"type": "bool", "default": False},
        "allow_unsupported": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
    }


def main() -> None:
    """Observe, decide, execute, wait, answer."""
    module = Module(
        argument_spec=spec(),
        supports_check_mode=True,
        required_if=[("state", "present", ("version",))],
        required_one_of=[("revision", "version")],
    )
    with reporting(module):
        names = _names(module.params)
        if module.params["state"] == "present":
            _present(module, names)
        else:
            _absent(Run(module), names)


def _names(params: dict[str, Any]) -> revisions.Names:
    return revisions.Names(arguments.revision(params), params["control_plane_namespace"])


def _present(module: Module, names: revisions.Names) -> None:
    version = arguments.version(module.params)
    control_plane.check_values(module.params["values"])
    chart = rendering.Renderer("istiod", version, module.params, module.warn)
    chart.begin(module.params["values"])
    run = Run(module)
    chart.refuse(module.params["values"])
    deployments = control_plane.deployments(run.cluster, names)
    install.refuse_elsewhere(deployments, names, run.cluster.name)
    rendered = _render(run, names, chart, control_plane.istiod(deployments, names))
    seen = control_plane.seen(run.cluster, names, rendered, deployments)
    targets = install.wanted(rendered, seen.live, names.revision)
    if not seen.live:
        _refuse_beside(run, names, targets)
    permissions = install.Permissions(run.params["adopt"], run.params["change_identity"])
    plan = planes.decide(run, names, targets, seen, permissions)
    parts = planes.carry_out(run, names, plan, targets, seen)
    run.answer(
        plan,
        revision=names.revision,
        version=str(version),
        made_by=control_plane.made_by(seen.live, names),
        components=[part.describe() for part in parts],
        ready=not readiness.missing(parts),
        blockers=[],
        removed=[],
    )


def _refuse_beside(run: Run, names: revisions.Names, targets: list[Object]) -> None:
    """Returns when a new control plane may stand beside what is there."""
    tags.refuse_name_of_tag(run.cluster, names.revision)
    if not run.params["change_identity"]:
        run.warn(*live_identity.check(run.cluster, names, targets, run.params["values_from_revision"]))


def _render(run: Run, names: revisions.Names, chart: rendering.Renderer, deployment: Object | None) -> list[Object]:
    params, cluster = run.params, run.cluster
    kubernetes = control_plane.kubernetes_version(cluster, chart.version, params["allow_unsupported"], run.warn)
    if not params["allow_unsupported"]:
        control_plane.check_step(deployment, chart.version, cluster, back=params["allow_downgrade"])
    values = control_plane.chosen_values(cluster, chart, names, params["values"], params["values_from_revision"], run.warn)
    return chart.objects(control_plane.release_name(deployment, names), names.namespace, values, kubernetes)


def _absent(run: Run, names: revisions.Names) -> None:
    cluster = run.cluster
    install.refuse_elsewhere(control_plane.deployments(cluster, names), names, cluster.name)
    others = peers.reached(run)
    found = removal.belonging(control_plane_removal.of_planes(cluster, names.namespace), names)
    adoption.refuse_operators(found, cluster.name)
    blocking = blockers(run, names, others) if found else []
    if not run.params["force"]:
        removal.refuse(blocking, names.revision, cluster.name)
    refs = [ref_of(obj) for obj in found]
    records = helm_records.to_remove(cluster, removal.releases_of(found), refs, run.warn)
    plan = removal.plan(found, records, f"revision {names.revision} is to be absent")
    if plan and not run.check:
        with run.writing(names.namespace):
            run.execute(plan)
            if run.params["wait"]:
                pods = removal.pods_of(names)
                run.until(control_plane_removal.until_gone(cluster, refs, names.namespace, pods))
    run.answer(
        plan,
        revision=names.revision,
        version=None,
        made_by=control_plane.made_by({ref_of(obj): obj for obj in found}, names),
        components=[],
        ready=False,
        blockers=blocking,
        removed=removal.listed(plan),
        requests=cluster.api.requests + sum(one.requests for one in others),
    )


if __name__ == "__main__":
    main()
