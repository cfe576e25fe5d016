#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tells what is left of an upgrade, and what stands against it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade_plan
short_description: Tell what is left of a mesh upgrade, and what stands against it
author:
  - Meshyard contributors (@meshyard)
description:
  - Reads a cluster and says from which revision to which an upgrade leads, which namespaces and gateways are still to be
    moved and in which waves, and everything that would stop the upgrade or that its user should know before it begins.
  - It remembers nothing. Called again at any moment of an upgrade it tells what is left then, so that a run that was killed
    is taken up where it was.
  - It writes nothing, but for one temporary pod with O(pull_test=true) outside check mode.
  - The phases of the role C(meshyard.istio.canary_upgrade) begin with this module.
options:
  operation:
    description:
      - What is planned.
      - V(upgrade) leads from the old revision to the new one.
      - V(in_place) gives the revision that is there another version; it stays in use by all that it has, which is restarted.
      - V(retire) is about the old revision after the upgrade.
      - V(rollback) leads back. Without O(namespaces) it gives back all that the upgrade changed, as annotations, labels and the
        record of the upgrade tell. With O(namespaces) it brings back exactly those.
    type: str
    choices: [upgrade, in_place, retire, rollback]
    default: upgrade
  version:
    description:
      - Version of Istio to upgrade to, such as V(1.32.0).
      - Needed with O(operation=upgrade), unless an upgrade has begun and its record tells.
    type: str
  revision:
    description: Revision to upgrade to. When not given, it is that of the record, or made from O(version).
    type: str
  from_revision:
    description:
      - Revision to be left. When not given, it is that of the record, or the only other control plane.
      - With several other control planes and no record the module fails and lists them.
    type: str
  namespaces:
    description: Only these namespaces. When not given, all of the mesh.
    type: list
    elements: str
  exclude_namespaces:
    description: All but these namespaces.
    type: list
    elements: str
    default: []
  waves:
    description:
      - The waves, a list of lists of namespaces. Namespaces in no wave are not moved.
      - V(CLUSTER/NAMESPACE) is a namespace of that cluster alone, see O(cluster_name), and V(NAMESPACE) one of every cluster.
      - When empty, waves are derived. The smallest namespace comes first, the others follow in bounded batches.
    type: list
    elements: raw
    default: []
  cluster_name:
    description:
      - Name of this cluster in O(waves), O(namespaces) and O(exclude_namespaces), where one list is for several clusters.
    type: str
  max_wave_size:
    description: The most namespaces in a derived wave.
    type: int
    default: 10
  gateways:
    description: When gateways move. With V(skip) they are left out.
    type: str
    choices: [first, last, skip]
    default: first
  values:
    description:
      - Helm values of the new control plane. They tell where the image of the new proxies comes from.
      - >-
        A value of another type than that of the istiod chart is refused, and so is a field of C(meshConfig) that Istio does not have.
        Whether the chart knows all other keys is told by M(meshyard.istio.istio_revision) in check mode.
    type: dict
    default: {}
  clusters_in_run:
    description: Names of the other clusters that are upgraded in the same run, as remote secrets name them.
    type: list
    elements: str
    default: []
  remote:
    description:
      - >-
        Whether the cluster is known to be served by the istiod of another one, whose upgrade this plan is a part of. The plan is
        then about the revisions by which that istiod serves this cluster (see M(meshyard.istio.remote_istio)), and it does not
        matter that the new one is not here yet.
      - Without it such a cluster is a finding of the level V(blocker), since no control plane may be installed there.
    type: bool
    default: false
  pull_test:
    description:
      - Whether to try by a temporary pod in the control plane namespace that the image of the new proxies can be pulled.
      - Only done when no node has the image yet, and not in check mode.
    type: bool
    default: false
  wait_timeout:
    description: How long, in seconds, the temporary pod may take.
    type: int
    default: 120
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes.info
  - meshyard.istio.connection
  - meshyard.istio.control_plane
seealso:
  - module: meshyard.istio.upgrade_gate
  - module: meshyard.istio.upgrade_record
"""

EXAMPLES = r"""
- name: Say what an upgrade would do, and what stands against it
  meshyard.istio.upgrade_plan:
    version: 1.32.0
  register: plan

- name: Refuse while something stands against it
  ansible.builtin.assert:
    that: plan.findings | selectattr('level', 'eq', 'blocker') | length == 0
    fail_msg: "{{ plan.findings | selectattr('level', 'eq', 'blocker') | map(attribute='message') | list }}"

- name: Say what the upgrade of a primary means for a remote cluster
  meshyard.istio.upgrade_plan:
    version: 1.32.0
    remote: true
"""

RETURN = r"""
from_revision:
  description: Revision that is left; C(null) when there is none to be left.
  returned: success
  type: str
  sample: 1-31-0
from_version:
  description: Its version of Istio.
  returned: success
  type: str
  sample: 1.31.0
to_revision:
  description: Revision that the upgrade leads to.
  returned: success
  type: str
  sample: 1-32-0
to_version:
  description: Its version of Istio.
  returned: success
  type: str
  sample: 1.32.0
from_plane:
  description: The control plane of RV(from_revision), C(null) where it does not exist.
  returned: success
  type: dict
  sample: {revision: 1-31-0, version: 1.31.0, ready: true, made_by: helm}
to_plane:
  description: The control plane of RV(to_revision), C(null) where it does not exist.
  returned: success
  type: dict
  sample: {revision: 1-32-0, version: 1.32.0, ready: true, made_by: meshyard}
waves:
  description:
    - The waves of namespaces that are left. C(name) says all of a wave in words.
    - In a rollback the namespaces of C(give_back) get their former labels back, those of C(move) new ones.
    - C(number) is the place of the wave in O(waves), or among those that are derived.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: "Wave 1 of 2: shop", number: 1, namespaces: [shop], give_back: [], move: [shop]}
gateway_waves:
  description: The same for namespaces that hold gateways alone and whose labels decide about them.
  returned: success
  type: list
  elements: dict
  sample: []
gateways:
  description:
    - The gateways that are left and that labels of their namespace do not move.
    - M(meshyard.istio.istio_gateway) moves them. C(kind) and C(name) are those of the workload, or of the Gateway of the Gateway
      API that istiod makes it from.
  returned: success
  type: list
  elements: dict
  sample:
    - {namespace: ingress, name: gateway, kind: Deployment, service: gateway, revision: 1-31-0, made_by: meshyard}
tags:
  description: All revision tags, and whether this operation moves them in the end.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: prod, revision: 1-31-0, moves: true}
give_back:
  description:
    - Namespaces whose former labels lead to RV(to_revision) by now, or will once the tags are moved of which RV(tags) tells so. Then
      they can be given back.
  returned: success
  type: list
  elements: str
  sample: []
remaining:
  description: Namespaces that would have to move and are left out.
  returned: success
  type: list
  elements: str
  sample: []
arrived:
  description: Namespaces in which something is on RV(to_revision).
  returned: success
  type: list
  elements: str
  sample: []
moved:
  description: Namespaces that a move has changed and whose former labels are still kept.
  returned: success
  type: list
  elements: str
  sample: []
moved_gateways:
  description: Gateways that a move has changed and whose former labels are still kept, in the form of RV(gateways).
  returned: success
  type: list
  elements: dict
  sample: []
pending:
  description: The names of all namespaces and gateways that are left.
  returned: success
  type: dict
  sample: {namespaces: [shop], gateways: [ingress/gateway]}
default_revision:
  description: Revision of the default validator; C(null) without one.
  returned: success
  type: str
  sample: 1-31-0
new_default_revision:
  description: Revision that the default validator is to get in the end; C(null) when it stays.
  returned: success
  type: str
  sample: 1-32-0
findings:
  description:
    - What stands against the operation or should be known, blockers first.
    - The blocker C(release_open) names a Deployment with an open release (M(meshyard.istio.workload_canary)) that would be moved.
  returned: success
  type: list
  elements: dict
  contains:
    level:
      description: One of C(blocker), C(warning) and C(info).
      type: str
    code:
      description: A word for the kind of finding.
      type: str
    cluster:
      description: The cluster.
      type: str
    object:
      description: The object it is about.
      type: str
    message:
      description: What is wrong.
      type: str
    remedy:
      description: What to do about it.
      type: str
  sample:
    - level: warning
      code: no_readiness_probe
      cluster: central
      object: Deployment shop/web
      message: Deployment shop/web has no readiness probe.
      remedy: Give its containers one.
possible:
  description: Whether the cluster has anything that the operation could be about.
  returned: success
  type: bool
  sample: true
done:
  description: Whether nothing is left to be done.
  returned: success
  type: bool
  sample: false
record:
  description: The record of the upgrade that is open, C(null) when none is.
  returned: success
  type: dict
  sample: {from_revision: 1-31-0, to_revision: 1-32-0, opened_by: ops on build-7 (process 4711)}
steps:
  description: Always empty, for this module changes nothing.
  returned: success
  type: list
  elements: dict
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
requests:
  description: Number of requests to the API server.
  returned: success
  type: int
  sample: 12
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._mesh.revision import Names
from ..module_utils._mesh.waves import of_cluster
from ..module_utils._plan.control_plane import common_identity
from ..module_utils._plan.finding import Finding
from ..module_utils._plan.preflight import checks as preflight_checks
from ..module_utils._plan.preflight import releases
from ..module_utils._plan.preflight.model import Image, PreflightInput
from ..module_utils._plan.upgrade import planning
from ..module_utils._plan.upgrade.remaining import Selection, default_revision
from ..module_utils._plan.upgrade.report import IN_PLACE, ROLLBACK, UPGRADE, report
from ..module_utils._plan.upgrade.route import Asked
from ..module_utils._run.control_plane import identity as live_identity
from ..module_utils._run.preflight import image_pull, trial_pods
from ..module_utils._run.preflight import read as reading
from ..module_utils._run.survey import evidence
from ..module_utils._run.upgrade import record


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        "operation": {"type": "str", "choices": ["upgrade", "in_place", "retire", "rollback"], "default": "upgrade"},
        "version": {"type": "str"},
        "revision": {"type": "str"},
        "from_revision": {"type": "str"},
        "namespaces": {"type": "list", "elements": "str"},
        "exclude_namespaces": {"type": "list", "elements": "str", "default": []},
        "waves": {"type": "list", "elements": "raw", "default": []},
        "cluster_name": {"type": "str"},
        "max_wave_size": {"type": "int", "default": 10},
        "gateways": {"type": "str", "choices": ["first", "last", "skip"], "default": "first"},
        "values": {"type": "dict", "default": {}},
        "clusters_in_run": {"type": "list", "elements": "str", "default": []},
        "remote": {"type": "bool", "default": False},
        "pull_test": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 120},
    }


def main() -> None:
    """Observe, judge, answer."""
    module = Module(argument_spec=spec(), supports_check_mode=True)
    with reporting(module):
        arguments.refuse_mistyped(module.params)
        run = Run(module)
        namespace, kind = run.params["control_plane_namespace"], run.params["operation"]
        seen = planning.Seen(evidence.collect(run.cluster, namespace), namespace, record.find(run.cluster, namespace))
        planned = planning.plan(kind, _asked(run.params), seen, _selection(run.params))
        found = _against_rollback(seen, planned) if kind == ROLLBACK else preflight_checks.findings(_scene(run, seen, planned))
        run.answer(
            (),
            **report(kind, planned.route, planned.left, seen.record, default_revision(seen.evidence)),
            findings=[finding.describe(run.cluster.name) for finding in found],
        )


def _against_rollback(seen: planning.Seen, planned: planning.Planned) -> list[Finding]:
    return [*planning.against_rollback(planned), *releases.against(planned.left, seen.evidence)]


def _asked(params: dict[str, Any]) -> Asked:
    return Asked(params["from_revision"] or "", params["revision"] or "", params["version"] or "")


def _selection(params: dict[str, Any]) -> Selection:
    cluster = params["cluster_name"] or ""
    return Selection(
        namespaces=of_cluster(params["namespaces"], cluster) if params["namespaces"] else None,
        excluded=of_cluster(params["exclude_namespaces"], cluster),
        waves=params["waves"],
        cluster=cluster,
        max_wave_size=params["max_wave_size"],
        gateways=params["gateways"],
    )


def _scene(run: Run, seen: planning.Seen, planned: planning.Planned) -> PreflightInput:
    extra = reading.extras(run.cluster)
    given = PreflightInput(
        route=planned.route,
        upgrade=planned.left,
        members=planned.members,
        evidence=seen.evidence,
        namespace=seen.namespace,
        kubernetes=extra.kubernetes,
        envoy_filters=extra.lists["EnvoyFilter"],
        wasm_plugins=extra.lists["WasmPlugin"],
        api_gateways=extra.lists["Gateway"],
        budgets=extra.lists["PodDisruptionBudget"],
        image=_image(run, planned, extra),
        unread=extra.unread,
        remote=run.params["remote"],
        clusters_in_run=frozenset(run.params["clusters_in_run"]),
        identity=_identity(run, planned),
    )
    ahead = run.params["operation"] in (UPGRADE, IN_PLACE)
    return replace(given, trials=trial_pods.attempt(run.cluster, given.restarted)) if ahead else given


def _identity(run: Run, planned: planning.Planned) -> tuple[Mapping[str, str], Mapping[str, str]] | None:
    """What the old control plane shares with those beside it, and what a new one with these values would."""
    route = planned.route
    if run.params["operation"] != UPGRADE or route.new or not route.old or run.params["remote"]:
        return None
    live = live_identity.of_live(run.cluster, Names(route.from_revision, run.params["control_plane_namespace"]))
    return live, common_identity.of_values(run.params["values"], live)


def _image(run: Run, planned: planning.Planned, extra: reading.Extras) -> Image | None:
    """The image of the new proxies; None where no upgrade is ahead."""
    params, route = run.params, planned.route
    if params["operation"] not in (UPGRADE, IN_PLACE) or not route.old or not planned.left.pending:
        return None
    image = reading.image(extra, planned.members, route.from_revision, route.to_version, params["values"])
    if image.present or run.check or not params["pull_test"]:
        return image
    secrets = (params["values"].get("global") or {}).get("imagePullSecrets") or []
    return image_pull.attempt(run.cluster, params["control_plane_namespace"], image, secrets, run.until)


if __name__ == "__main__":
    main()
