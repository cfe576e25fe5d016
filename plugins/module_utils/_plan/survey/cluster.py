# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What is in a mesh, and how it is told: control planes, namespaces, workloads, pods, gateways, proxies, statistics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from ..._mesh import gateway, labels, raw, statistics, syncz, workload
from ..._mesh.evidence import Evidence
from ..._mesh.injection import Decision
from ..._mesh.plane import ControlPlane
from ..._mesh.proxies import Proxy, injected_by, is_terminating, proxy_of
from ..._mesh.restart import Owners, owner_of_pod
from ..._mesh.verdict import Target, Verdict, verdicts
from ..._words import TIME
from ..dataplane import gateway_api
from ..dataplane.mesh import Mesh

AMBIENT = "ambient"
WAYPOINT_CLASS = "istio-waypoint"


@dataclass(frozen=True)
class Authority:
    """When a CA expires, and the object that says so."""

    expiry: datetime
    source: str


@dataclass(frozen=True)
class Survey:
    """What was read of a mesh; details are empty where nobody asked for them.

    :ivar namespaces: where pods were not listed, those in ambient mode alone.
    :ivar pods: unfinished pods, perhaps with their metadata only. :ivar counted: whether they were listed.
    :ivar gateways: of the Gateway API. :ivar connections: what the istiods of this cluster say.
    :ivar heard: what those of all clusters say, where several were read. :ivar name: of the cluster.
    :ivar cluster_id: by which istiod knows the cluster, empty where it does not tell. :ivar authorities: by control plane namespace.
    :ivar unreadable: sentences, one for each thing that could not be read.
    """

    mesh: Mesh
    namespaces: Sequence[raw.Raw] = ()
    pods: Sequence[raw.Raw] = ()
    workloads: Mapping[str, Sequence[raw.Raw]] = field(default_factory=dict)
    owners: Owners = field(default_factory=dict)
    services: Sequence[raw.Raw] = ()
    gateways: Sequence[raw.Raw] = ()
    connections: syncz.Connections | None = None
    cluster_id: str = ""
    authorities: Mapping[str, Authority | None] = field(default_factory=dict)
    evidence: Evidence | None = None
    unreadable: list[str] = field(default_factory=list)
    name: str = ""
    heard: syncz.Connections | None = None
    counted: bool = True

    @cached_property
    def namespace_labels(self) -> dict[str, dict[str, str]]:
        """The labels of every namespace."""
        return {raw.name(one): raw.labels_of(one) for one in self.namespaces}

    def running(self) -> dict[tuple[str, str, str], Counter[str]]:
        """By namespace, kind and name of a workload, the revisions of the proxies of its pods that are not being deleted."""
        found: dict[tuple[str, str, str], Counter[str]] = {}
        for pod in self.pods:
            if not is_terminating(pod):
                owner = owner_of_pod(pod, self.owners)
                found.setdefault((raw.namespace(pod), owner.kind, owner.name), Counter())[injected_by(pod) or statistics.NONE] += 1
        return found

    def target(self, pod: raw.Raw) -> Target:
        """What a new pod like this one would have."""
        namespace = raw.namespace(pod)
        around = self.namespace_labels.get(namespace, {})
        return self.mesh.target(gateway_api.of_pod(pod, around, self._gateways.get(namespace, ()), self.mesh).revision)

    @cached_property
    def _gateways(self) -> dict[str, list[raw.Raw]]:
        found: dict[str, list[raw.Raw]] = {}
        for one in self.gateways:
            found.setdefault(raw.namespace(one), []).append(one)
        return found

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """Every pod that has a proxy or should have one, held against what it should have."""
        targets = {(raw.namespace(pod), raw.name(pod)): self.target(pod) for pod in self.pods}
        asked = self.connections if self.heard is None else self.heard
        found = verdicts(self.pods, targets, asked, self.cluster_id, self.owners)
        return [replace(one, cluster=self.name) for one in found if one.desired or one.injected]

    def connected(self, plane: ControlPlane) -> list[syncz.Connection] | None:
        """The proxies that are connected to a control plane; of one that runs elsewhere those of this cluster. None if nobody asked."""
        if self.heard is not None and plane.location != "cluster":
            return [one for one in self.heard.of_plane(plane.revision) if one.cluster == self.cluster_id]
        return self.connections.of_plane(plane.revision) if self.connections is not None else None


def revisions(survey: Survey, only: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The control planes.

    :param only: revisions or tags to choose; all without any.
    """
    chosen = {survey.mesh.resolve(name) for name in only}
    pods = Counter(injected_by(pod) for pod in survey.pods) if survey.counted else None
    return [_revision(plane, survey, pods) for plane in survey.mesh.planes if not only or plane.revision in chosen]


def ambient(survey: Survey) -> dict[str, list[str]]:
    """What works without sidecars, which revisions of sidecars say nothing about."""
    modes = {name: marks.get(labels.DATAPLANE_MODE) for name, marks in survey.namespace_labels.items()}
    waypoints = [one for one in survey.gateways if raw.text(one, "spec", "gatewayClassName") == WAYPOINT_CLASS]
    return {
        "namespaces": sorted(name for name, mode in modes.items() if mode == AMBIENT),
        "waypoints": sorted(map(raw.qualified, waypoints)),
    }


def namespaces(survey: Survey) -> list[dict[str, Any]]:
    """The namespaces in which something concerns the mesh: an injection label, a pod with a proxy, ambient mode."""
    inhabited = {raw.namespace(pod) for pod in survey.pods if injected_by(pod)}
    found = [(name, marks, survey.mesh.decide(name, marks, {})) for name, marks in sorted(survey.namespace_labels.items())]
    keys = (labels.REV, labels.INJECTION, labels.DATAPLANE_MODE)
    return [
        _namespace(name, {key: marks[key] for key in keys if key in marks}, decision)
        for name, marks, decision in found
        if name in inhabited or decision.kind != "none" or any(key in marks for key in keys)
    ]


def pods(survey: Survey) -> list[dict[str, Any]]:
    """The pods that have a proxy or should have one."""
    running = {(one.namespace, one.pod): one for pod in survey.pods if (one := proxy_of(pod, survey.owners))}
    return [_pod(verdict, running.get((verdict.namespace, verdict.pod))) for verdict in survey.verdicts]


def workloads(survey: Survey) -> list[dict[str, Any]]:
    """The workloads with pods in the mesh or without: their images, and the revisions of the proxies of those that stay."""
    injected = survey.running()
    parsed = [workload.parse(obj, kind) for kind, objects in survey.workloads.items() for obj in objects]
    known = {(one.namespace, one.kind, one.name): one for one in parsed}
    return [_workload(line, known, injected, survey) for line in statistics.images(parsed)]


def gateways(survey: Survey) -> list[dict[str, Any]]:
    """The gateways."""
    found = gateway.gateways(survey.workloads, survey.services, survey.namespaces, survey.mesh.hooks, survey.mesh.planes)
    running = survey.running()
    return [
        {
            "kind": one.kind,
            "namespace": one.namespace,
            "name": one.name,
            "services": list(one.services),
            "gateway": one.gateway or None,
            "source": one.source,
            "desired": one.decision.revision,
            "running": sorted(running.get((one.namespace, one.kind, one.name), ())),
        }
        for one in found
    ]


def proxies(connections: syncz.Connections) -> list[dict[str, Any]]:
    """The connected proxies, as the istiods tell."""
    return [
        {
            "cluster": one.cluster,
            "namespace": one.namespace,
            "pod": one.pod,
            "version": one.version,
            "revision": one.plane,
            "istiod": one.istiod,
            "synced": one.synced,
            "pending": list(one.pending),
            "errors": list(one.errors),
        }
        for _key, one in sorted(connections.by_proxy.items())
    ]


def _revision(plane: ControlPlane, survey: Survey, pods_of: Mapping[str | None, int] | None) -> dict[str, Any]:
    authority = survey.authorities.get(plane.namespace) if plane.location == "cluster" else None
    connected = survey.connected(plane)
    return {
        "revision": plane.revision,
        "version": plane.version,
        "namespace": plane.namespace,
        "location": plane.location,
        "made_by": plane.made_by.kind,
        "maker": {"name": plane.made_by.name, "namespace": plane.made_by.namespace, "gitops": plane.made_by.gitops},
        "tags": list(plane.tags),
        "default": plane.default,
        "ready": plane.available,
        "status": "available" if plane.available else plane.rollout.why or f"webhook {plane.webhook}",
        "replicas": {"wanted": plane.replicas, "ready": plane.ready},
        "webhook": plane.webhook,
        "ca_expiry": authority.expiry.strftime(TIME) if authority else None,
        "ca_source": authority.source if authority else None,
        "pods": None if pods_of is None else pods_of.get(plane.revision, 0),
        "proxies": None if connected is None else len(connected),
    }


def _namespace(name: str, marks: Mapping[str, str], decision: Decision) -> dict[str, Any]:
    return {
        "name": name,
        "labels": dict(marks),
        "injection": decision.kind,
        "revision": decision.revision,
        "tag": decision.via,
        "reason": decision.reason,
    }


def _pod(verdict: Verdict, proxy: Proxy | None) -> dict[str, Any]:
    return {
        "namespace": verdict.namespace,
        "pod": verdict.pod,
        "workload": str(verdict.workload),
        "desired": verdict.desired,
        "revision": verdict.injected,
        "version": verdict.version,
        "image": proxy.image if proxy else None,
        "native": proxy.native if proxy else False,
        "gateway": proxy.gateway if proxy else False,
        "ready": proxy.ready if proxy else None,
    }


def _workload(
    line: dict[str, Any],
    known: Mapping[tuple[str, str, str], workload.Workload],
    injected: Mapping[tuple[str, str, str], Counter[str]],
    survey: Survey,
) -> dict[str, Any]:
    key = (line["namespace"], line["kind"], line["name"])
    one = known[key]
    around = survey.namespace_labels.get(one.namespace, {})
    decision = survey.mesh.decide(one.namespace, around, one.template_labels, one.template_annotations, one.host_network)
    return {**line, "desired": decision.revision, "pods": dict(sorted(injected.get(key, Counter()).items()))}
