#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings what all control planes of a cluster share to a version, or takes it away."""

from __future__ import annotations

DOCUMENTATION = r"""
module: istio_base
short_description: Bring what all control planes of a cluster share to a version, or take it away
author:
  - Meshyard contributors (@meshyard)
description:
  - Installs the CRDs of Istio, the account by which other clusters read this one, and the default validator, which checks all
    Istio configuration.
  - CRDs go only forward. Each carries its version in the annotation C(meshyard.io/base-version), and a CRD that is newer in the
    cluster stays, see RV(crds.kept).
  - The default validator keeps its revision until O(default_revision) asks for another one.
  - A base that Helm or istioctl made stays theirs. Only its CRDs go forward, and the default validator moves when
    O(default_revision) asks for it. O(adopt) takes over the rest.
options:
  state:
    description:
      - V(present) brings the base to O(version).
      - >-
        V(absent) removes the default validator and the reader's account. CRDs stay, because with them all Istio configuration
        of the cluster would be deleted; RV(crds.kept) lists them.
    type: str
    choices: [present, absent]
    default: present
  version:
    description:
      - Version of Istio, such as V(1.32.0), which is also the version of its chart.
      - Needed with O(state=present).
    type: str
  values:
    description:
      - Helm values of the base chart. A key that the chart does not know is refused, and so is a value of another type than
        the chart's own.
      - C(defaultRevision) is refused here, O(default_revision) sets it.
    type: dict
    default: {}
  default_revision:
    description:
      - Revision of the control plane that the default validator asks.
      - When not given, the validator stays as it is. On a cluster without one, none is made.
      - A validator that exists moves only to a revision that is ready, since all Istio configuration would be refused otherwise.
        A new one lets everything pass until its revision is there and closes it.
    type: str
  planned_revisions:
    description:
      - Revisions that an earlier task of the same run makes. Check mode takes them as installed and ready.
      - Ignored outside check mode.
    type: list
    elements: str
    default: []
  adopt:
    description:
      - Whether a base that Helm, istioctl or somebody else made is taken over as a whole.
      - Helm's record of its release stays until the base is removed.
    type: bool
    default: false
  allow_unsupported:
    description:
      - Whether to go on with a version of Istio or Kubernetes that is not supported.
    type: bool
    default: false
  force:
    description:
      - Whether O(state=absent) removes the base although control planes are there.
    type: bool
    default: false
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.chart
  - meshyard.istio.connection
  - meshyard.istio.control_plane
  - meshyard.istio.wait
notes:
  - The control plane's namespace is made when it is missing, and never removed.
  - The objects have the label C(meshyard.io/owner=base) and the field manager C(meshyard-base).
  - It waits until the API server serves the CRDs, and, when O(default_revision) names a revision that is there, until that
    one has closed the default validator.
seealso:
  - module: meshyard.istio.istio_revision
"""

EXAMPLES = r"""
- name: Install the base, to be validated by revision 1-32-0
  meshyard.istio.istio_base:
    version: 1.32.0
    default_revision: 1-32-0

- name: Bring only the CRDs of a base that Helm made forward, and say so before
  meshyard.istio.istio_base:
    version: 1.32.0
  check_mode: true

- name: Let the new revision validate all configuration
  meshyard.istio.istio_base:
    version: 1.32.0
    default_revision: 1-32-0
"""

RETURN = r"""
version:
  description: Version that was asked for; null with O(state=absent).
  returned: success
  type: str
  sample: 1.32.0
made_by:
  description:
    - >-
      Who had made the base when the module looked, one of V(meshyard), V(helm), V(istioctl), V(unknown) and V(nobody) where
      it did not exist.
  returned: success
  type: str
  sample: helm
crds:
  description: The CRDs of Istio.
  returned: success
  type: dict
  contains:
    applied:
      description: Names of those that were written.
      type: list
      elements: str
      sample: [sidecars.networking.istio.io]
    kept:
      description: Names of those that stay because the cluster has newer ones; with O(state=absent), of all.
      type: list
      elements: str
      sample: []
  sample: {applied: [wasmplugins.extensions.istio.io], kept: []}
default_validator:
  description: The default validator after the run; in check mode before it.
  returned: success
  type: dict
  contains:
    revision:
      description: The revision that it asks; null where there is none.
      type: str
      sample: 1-32-0
    closed:
      description: Whether nothing passes without that revision's consent.
      type: bool
      sample: true
  sample: {revision: 1-31-0, closed: true}
removed:
  description: The objects that O(state=absent) removed.
  returned: success
  type: list
  elements: dict
  sample: []
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
    - {action: apply, kind: CustomResourceDefinition, namespace: null, name: wasmplugins.extensions.istio.io, reason: new}
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

import contextlib
from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._charts import values
from ..module_utils._mesh import revision as revisions
from ..module_utils._plan.control_plane import base, install, readiness, removal
from ..module_utils._plan.objects.steps import Object, Plan, Ref, ref_of
from ..module_utils._run.control_plane import base as control_plane_base
from ..module_utils._run.control_plane import read as control_plane
from ..module_utils._run.control_plane import removal as control_plane_removal
from ..module_utils._run.objects import execute, helm_records, rendering


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        **arguments.chart(),
        **arguments.waiting(),
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "version": {"type": "str"},
        "values": {"type": "dict", "default": {}},
        "default_revision": {"type": "str"},
        "planned_revisions": {"type": "list", "elements": "str", "default": []},
        "adopt": {"type": "bool", "default": False},
        "allow_unsupported": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
    }


def main() -> None:
    """Observe, decide, execute, wait, answer."""
    module = Module(argument_spec=spec(), supports_check_mode=True, required_if=[("state", "present", ("version",))])
    with reporting(module):
        if module.params["state"] == "present":
            _present(module)
        else:
            _absent(Run(module))


def _present(module: Module) -> None:
    params = module.params
    version = arguments.version(params)
    if params["default_revision"]:
        revisions.check_revision(params["default_revision"])
    control_plane.check_values(params["values"])
    chart = rendering.Renderer("base", version, params, module.warn)
    chart.begin(params["values"])
    run = Run(module)
    chart.refuse(params["values"])
    validating = control_plane_base.validators(run.cluster)
    before = control_plane_base.default_among(validating)
    rendered = _render(run, chart, params["default_revision"] or control_plane_base.revision_of(before))
    live = control_plane_base.seen(run.cluster, rendered, validating)
    decision = _decide(run, chart, rendered, live, before)
    plan, first = _complete(run, decision.plan, live)
    after = _execute(run, plan, first) or before
    run.answer(
        plan,
        version=str(version),
        made_by=decision.made_by,
        crds={"applied": list(decision.applied), "kept": list(decision.kept)},
        default_validator={
            "revision": control_plane_base.revision_of(after) or None,
            "closed": after is not None and readiness.trusted_and_closed(after),
        },
        removed=[],
    )


def _render(run: Run, chart: rendering.Renderer, default_revision: str) -> list[Object]:
    params = run.params
    kubernetes = control_plane.kubernetes_version(run.cluster, chart.version, params["allow_unsupported"], run.warn)
    namespace = params["control_plane_namespace"]
    own = {"global": {"istioNamespace": namespace}, "defaultRevision": default_revision}
    return chart.objects("istio-base", namespace, values.merge(own, params["values"]), kubernetes)


def _decide(run: Run, chart: rendering.Renderer, rendered: list[Object], live: dict[Ref, Object], before: Object | None) -> base.Decision:
    params, cluster = run.params, run.cluster
    asked = params["default_revision"] not in (None, control_plane_base.revision_of(before))
    planned = run.check and params["default_revision"] in params["planned_revisions"]
    if asked and before is not None and not planned:
        control_plane_base.refuse_target(params["default_revision"], control_plane_base.planes(cluster), cluster.name)
    request = base.BaseRequest(chart.version, params["adopt"], asked, params["control_plane_namespace"])
    decision = base.plan(rendered, live, request, cluster.name)
    run.warn(*decision.warnings, *install.warnings(decision.plan))
    return decision


def _complete(run: Run, steps: Plan, live: dict[Ref, Object]) -> tuple[Plan, Plan]:
    """The confirmed steps, and those of them that come before there is a place for a Lease."""
    namespace = run.params["control_plane_namespace"]
    filled = any(ref.namespace == namespace for ref in live)
    first = () if filled or control_plane.namespace_exists(run.cluster, namespace) else install.namespace_step(namespace)
    return (*first, *execute.confirm(run.cluster, steps, run.warn)), first


def _execute(run: Run, plan: Plan, first: Plan) -> Object | None:
    """Writes and waits; the default validator as it is then, None in check mode."""
    if run.check or not (plan or run.params["default_revision"]):
        return None
    run.execute(first)
    with run.writing(run.params["control_plane_namespace"]) if plan else contextlib.nullcontext():
        run.execute(plan[len(first) :])
        if run.params["wait"]:
            crds = [step.ref.name for step in plan if step.ref.kind == "CustomResourceDefinition"]
            run.until(control_plane_base.established(run.cluster, crds))
            revision = run.params["default_revision"]
            if revision and any(one.revision == revision for one in control_plane_base.planes(run.cluster)):
                run.until(control_plane_base.closed(run.cluster, revision))
    return control_plane_base.validator(run.cluster)


def _absent(run: Run) -> None:
    params, cluster = run.params, run.cluster
    planes = [f"{one.namespace}/{one.revision}" for one in control_plane_base.planes(cluster)]
    found = base.removal(control_plane_removal.of_base(cluster, params["control_plane_namespace"]), planes, params["force"], cluster.name)
    records = helm_records.to_remove(cluster, removal.releases_of(found), map(ref_of, found), run.warn)
    plan = removal.plan(found, records, "the base is to be absent")
    if plan and not run.check:
        with run.writing(params["control_plane_namespace"]):
            run.execute(plan)
    run.answer(
        plan,
        version=None,
        made_by=base.made_by(found),
        crds={"applied": [], "kept": control_plane_base.crds(cluster)},
        default_validator={"revision": None, "closed": False},
        removed=removal.listed(plan),
    )


if __name__ == "__main__":
    main()
