# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Locality load balancing of a mesh, through the plan of the revision whose values it is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..._charts import values, versions
from ..._cluster import read
from ..._cluster.kinds import kind
from ..._errors import MeshyardError
from ..._mesh import raw, traffic_prediction
from ..._mesh.plane import ControlPlane
from ..._mesh.revision import Names
from ..._plan.control_plane import install
from ..._plan.finding import Finding
from ..._plan.locality import mesh_values
from ..._plan.locality import refusals as locality_refusals
from ..._plan.locality import services as locality_services
from ..._plan.objects.steps import Object, Plan
from ..._run.control_plane import read as revisions
from ..._run.locality import read as observation
from ..._run.objects.rendering import Renderer
from ..._words import listed
from ..module import Run
from . import control_plane as planes


@dataclass(frozen=True)
class _Plane:
    """The revision that is worked on. C(others) are the further revisions of the cluster."""

    plane: ControlPlane
    deployment: Object
    version: versions.Version
    names: Names
    config_map: Object
    recorded: Object
    others: Sequence[str]

    @property
    def title(self) -> str:
        return f"The mesh of revision {self.names.revision}"


@dataclass(frozen=True)
class _Outcome:
    """What the revision would be: its mesh configuration as a traffic policy, the steps, and what they need.

    C(drift) names the objects that differ from what was rendered before, and are put back by the same plan.
    """

    policy: raw.Raw
    plan: Plan = ()
    targets: Sequence[Object] = ()
    seen: revisions.Seen | None = None
    drift: Sequence[str] = ()


def settle(run: Run, asked: Object | None, members: Sequence[observation.Member]) -> None:
    """Sets what is asked for, or brings the former state back; ends the module.

    :param asked: the fields, or None for the former state. :param members: all clusters of the mesh.
    """
    found = _look(run)
    if asked is not None:
        mesh_values.refuse_version(found.version, asked, found.plane, run.cluster.name)
        decision = mesh_values.present(asked, found.recorded, found.config_map)
    else:
        decision = mesh_values.absent(found.recorded, found.config_map)
    outcome = _unchanged(run, found) if decision.nothing else _planned(run, found, decision, asked)
    if asked is not None:
        locality_refusals.refuse_policy(outcome.policy, asked, f"{found.title} on cluster {run.cluster.name}")
    predicted = _predicted(run, found, outcome, members)
    if outcome.seen is not None:
        planes.carry_out(run, found.names, outcome.plan, list(outcome.targets), outcome.seen)
    mesh = mesh_values.describe(found.plane, found.version, outcome.policy)
    run.answer(outcome.plan, rule=None, mesh=mesh, **predicted)


def _look(run: Run) -> _Plane:
    """The revision with its values.

    :raises MeshyardError: there is none, several and none was named, or others made it.
    """
    namespace = run.params["control_plane_namespace"]
    known = observation.planes(run.cluster, namespace)
    plane = mesh_values.chosen([one for one, _deployment in known.values()], run.params["revision"], run.cluster.name)
    names, deployment = Names(plane.revision, namespace), dict(known[plane.revision][1])
    config_map = read.get(run.cluster, kind("ConfigMap"), names.values, namespace)
    if config_map is None:
        raise MeshyardError(
            f"Revision {plane.revision} on cluster {run.cluster.name} has no ConfigMap {namespace}/{names.values} with its values.",
            "Run istio_revision with its values first, which makes it again.",
        )
    version = mesh_values.chart_version(plane, deployment)
    others = [name for name in known if name != plane.revision]
    return _Plane(plane, deployment, version, names, config_map, values.recorded(config_map), others)


def _unchanged(run: Run, found: _Plane) -> _Outcome:
    config = observation.mesh_config(run.cluster, found.names.namespace, found.names.revision)
    return _Outcome(traffic_prediction.mesh_policy(config))


def _planned(run: Run, found: _Plane, decision: mesh_values.Decision, asked: Object | None) -> _Outcome:
    """The same plan as that of istio_revision with these values, and the record of the former ones around it."""
    chart = Renderer("istiod", found.version, run.params, run.warn)
    chart.refuse(mesh_values.touched(asked or {}))
    kubernetes = read.server_version(run.cluster)
    release = revisions.release_name(found.deployment, found.names)

    def rendered(given: Object) -> list[Object]:
        return chart.objects(release, found.names.namespace, given, kubernetes)

    objects = rendered(decision.values)
    seen = revisions.seen(run.cluster, found.names, objects)
    targets = install.wanted(objects, seen.live, found.names.revision)
    plan = planes.decide(run, found.names, targets, seen, install.Permissions())
    drift: list[str] = []
    if plan and decision.values != found.recorded:
        former = install.wanted(rendered(found.recorded), seen.live, found.names.revision)
        drift = [str(step.ref) for step in planes.decide(run, found.names, former, seen, install.Permissions())]
    elif plan:
        drift = [str(step.ref) for step in plan]
    policy = _policy_of(objects, found.names)
    return _Outcome(policy, (*decision.before, *plan, *decision.after), targets, seen, drift)


def _policy_of(objects: Sequence[Object], names: Names) -> raw.Raw:
    texts = [raw.text(one, "data", "mesh") for one in objects if (one["kind"], raw.name(one)) == ("ConfigMap", names.mesh_config)]
    return traffic_prediction.mesh_policy(observation.parsed(texts[0]) if texts else {})


def _predicted(run: Run, found: _Plane, outcome: _Outcome, members: Sequence[observation.Member]) -> dict[str, Any]:
    """What is returned of the traffic after this run.

    :raises MeshyardError: weights leave places out that have endpoints.
    """
    mesh_traffic = observation.mesh_traffic(members, run.cluster, found.names.namespace)
    views = locality_services.views(mesh_traffic, outcome.policy)
    if run.params["state"] == "present" and not run.params["allow_starving"]:
        locality_services.refuse_starving(views, mesh_traffic.clients, found.title.lower())
    views_chosen, missing = locality_services.chosen(views, run.params["services"])
    setting = traffic_prediction.effective({}, {}, outcome.policy)
    findings = [*_of_revision(found, outcome), *locality_services.findings(views, views_chosen, missing, mesh_traffic, setting)]
    findings.sort(key=lambda one: one.level != "warning")
    for one in findings:
        if one.level == "warning":
            run.warn(f"{one.message} {one.remedy}")
    return {
        "prediction": locality_services.rows(views_chosen, mesh_traffic.clients),
        "coverage": locality_services.coverage(views, views_chosen),
        "findings": [one.describe(run.cluster.name) for one in findings],
    }


def _of_revision(found: _Plane, outcome: _Outcome) -> list[Finding]:
    findings = []
    if outcome.policy.get("outlierDetection") is not None:
        message = "Outlier detection of a mesh takes endpoints out that fail, but traffic keeps to its locality and fails over only for"
        remedy = "Give such services a rule with outlier_detection; failover of the mesh then counts for them."
        whose = "services whose DestinationRule has outlier detection."
        findings.append(Finding("warning", "failover_by_rule", f"revision {found.names.revision}", f"{message} {whose}", remedy))
    if outcome.drift:
        message = f"Revision {found.names.revision} had drifted from its values, and this run puts that back: {listed(outcome.drift)}."
        findings.append(Finding("warning", "drift", f"revision {found.names.revision}", message, "See steps for the fields."))
    if found.others:
        message = f"Proxies of {listed(found.others)} do not follow, since every revision has values of its own."
        findings.append(Finding("info", "other_revisions", f"revision {found.names.revision}", message, "Set it for these revisions too."))
    return findings
