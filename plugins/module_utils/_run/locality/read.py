# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading where a service can be reached, and where those are who ask for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._cluster.kinds import kind
from ..._mesh import locality, raw, reduced, traffic_prediction
from ..._mesh.host import Service
from ..._mesh.locality import Client, Endpoint, Locality
from ..._mesh.plane import ControlPlane, control_planes
from ..._mesh.revision import Names
from ..._plan.locality.model import ServiceTraffic
from ..._plan.locality.services import MeshTraffic
from ..._words import listed
from ..objects import rendering

_SERVICE_NAME = "kubernetes.io/service-name"


@dataclass(frozen=True)
class Member:
    """A cluster of the mesh under its name in Istio."""

    name: str
    cluster: Cluster


def traffic(
    members: Iterable[Member], here: Cluster, service: Service, rules_in: frozenset[str], namespace: str, revision: str | None = None
) -> ServiceTraffic:
    """All that bears on the traffic of a service.

    :param here: the cluster that holds the rules. :param rules_in: the namespaces whose rules may apply.
    :param namespace: of the control plane, whose label names the network. :param revision: whose settings are the mesh's.
    """
    clients: list[Client] = []
    endpoints: list[Endpoint] = []
    for member in members:
        place = _place(member, namespace)
        clients += place.clients
        endpoints += _endpoints(place, service)
    own = read.get(here, kind("Service"), service.name, service.namespace)
    rules = _rules(here)
    mesh, doubt = _mesh_policy(here, namespace, revision)
    return ServiceTraffic(clients, endpoints, rules and [rule for rule in rules if raw.namespace(rule) in rules_in], own, mesh, doubt)


def mesh_traffic(members: Iterable[Member], here: Cluster, namespace: str) -> MeshTraffic:
    """All that bears on the traffic of a mesh, in four lists of each cluster.

    :param here: the cluster that holds the rules. :param namespace: of the control plane.
    """
    clients: list[Client] = []
    endpoints: dict[Service, list[Endpoint]] = {}
    for member in members:
        place = _place(member, namespace)
        clients += place.clients
        for service, found in _all_endpoints(place).items():
            endpoints.setdefault(service, []).extend(found)
    services = {Service(raw.namespace(one), raw.name(one)): one for one in read.objects(here, kind("Service"))}
    return MeshTraffic(clients, endpoints, services, _rules(here), namespace)


def planes(cluster: Cluster, namespace: str) -> dict[str, tuple[ControlPlane, raw.Raw]]:
    """The control planes whose istiod runs in a cluster, by revision, each with its Deployment."""
    deployments = read.objects(cluster, kind("Deployment"), namespace, labels="app=istiod")
    return {found.revision: (found, one) for one in deployments for found in control_planes([one])}


def mesh_config(cluster: Cluster, namespace: str, revision: str) -> raw.Raw:
    """The mesh configuration of a revision; empty where there is none, or where it is broken."""
    found = read.get(cluster, kind("ConfigMap"), Names(revision, namespace).mesh_config, namespace)
    return parsed(raw.text(found or {}, "data", "mesh"))


def parsed(text: str) -> raw.Raw:
    """A mesh configuration from its text."""
    try:
        found = rendering.parse_yaml(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _mesh_policy(cluster: Cluster, namespace: str, revision: str | None) -> tuple[raw.Raw, str]:
    """What the mesh says for rules that leave it out, and why that is not sure."""
    try:
        known = [name for name in planes(cluster, namespace) if revision in (None, name)]
        found = [traffic_prediction.mesh_policy(mesh_config(cluster, namespace, name)) for name in known]
    except ApiError as error:
        if error.status != 403:
            raise
        return {}, "The settings of the mesh may not be read, so that Istio's defaults are supposed."
    if not found:
        return {}, "There is no such control plane on this cluster, so that Istio's defaults are supposed for the mesh."
    if any(one != found[0] for one in found):
        return found[0], f"The revisions {listed(known)} say different things for the mesh; those of {known[0]} are supposed."
    return found[0], ""


@dataclass(frozen=True)
class _Place:
    """A cluster with its nodes, and who asks from there."""

    member: Member
    nodes: dict[str, Locality]
    network: str

    @property
    def clients(self) -> list[Client]:
        return [Client(self.member.name, where, self.network) for where in sorted(set(self.nodes.values()))]


def _place(member: Member, namespace: str) -> _Place:
    found = read.objects(member.cluster, kind("Node"), metadata_only=True, reduced=reduced.of("Node"))
    nodes = {raw.name(node): locality.of_node(node) for node in found}
    return _Place(member, nodes, _network(member.cluster, namespace))


def _endpoints(place: _Place, service: Service) -> list[Endpoint]:
    """The ready endpoints of one service."""
    cluster = place.member.cluster
    slices = read.objects(cluster, kind("EndpointSlice"), service.namespace, labels=f"{_SERVICE_NAME}={service.name}")
    ready = _ready(slices)
    pods = read.objects(cluster, kind("Pod"), service.namespace, metadata_only=True) if ready else []
    marks = {raw.name(pod): raw.labels_of(pod) for pod in pods}
    return [_endpoint(place, one, marks.get(_pod_of(one), {})) for one in ready]


def _all_endpoints(place: _Place) -> dict[Service, list[Endpoint]]:
    """The ready endpoints of all services."""
    cluster = place.member.cluster
    grouped: dict[Service, list[raw.Raw]] = {}
    for one in read.objects(cluster, kind("EndpointSlice"), labels=_SERVICE_NAME):
        grouped.setdefault(Service(raw.namespace(one), raw.labels_of(one)[_SERVICE_NAME]), []).append(one)
    pods = read.objects(cluster, kind("Pod"), metadata_only=True, reduced=reduced.of("Pod")) if grouped else []
    marks = {(raw.namespace(pod), raw.name(pod)): raw.labels_of(pod) for pod in pods}
    return {
        service: [_endpoint(place, one, marks.get((service.namespace, _pod_of(one)), {})) for one in _ready(slices)]
        for service, slices in grouped.items()
    }


def _ready(slices: Iterable[raw.Raw]) -> list[raw.Raw]:
    """The ready endpoints of a service, each pod once: a service of two address families has a slice for each."""
    ready = [one for each in slices for one in raw.items(each, "endpoints") if raw.at(one, "conditions", "ready") is not False]
    return list({_pod_of(one) or str(raw.items(one, "addresses")): one for one in ready}.values())


def _pod_of(one: raw.Raw) -> str:
    return raw.text(one, "targetRef", "name")


def _endpoint(place: _Place, one: raw.Raw, marks: dict[str, str]) -> Endpoint:
    where = locality.of_pod(marks, place.nodes.get(raw.text(one, "nodeName")))
    return Endpoint(place.member.name, where, marks.get(locality.NETWORK) or place.network, marks)


def _network(cluster: Cluster, namespace: str) -> str:
    found = read.get(cluster, kind("Namespace"), namespace, metadata_only=True)
    return raw.labels_of(found or {}).get(locality.NETWORK, "")


def _rules(cluster: Cluster) -> list[raw.Raw] | None:
    try:
        return list(read.objects(cluster, kind("DestinationRule")))
    except ApiError as error:
        if error.status == 403:
            return None
        raise
