# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading where a service can be reached, and where those are who ask for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import read
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connect import Cluster
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.errors import ApiError
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import locality, raw
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.host import Service
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.locality import Client, Endpoint, Locality
from ansible_collections.meshyard.istio.plugins.module_utils._plan.locality_scene import Scene

_SERVICE_NAME = "kubernetes.io/service-name"


@dataclass(frozen=True)
class Member:
    """A cluster of the mesh under its name in Istio."""

    name: str
    cluster: Cluster


def scene(members: Iterable[Member], here: Cluster, service: Service, rules_in: frozenset[str], namespace: str) -> Scene:
    """All that bears on the traffic of a service.

    :param here: the cluster that holds the rules. :param rules_in: the namespaces whose rules may apply.
    :param namespace: of the control plane, whose label names the network.
    """
    clients: list[Client] = []
    endpoints: list[Endpoint] = []
    for member in members:
        network = _network(member.cluster, namespace)
        nodes = {raw.name(node): locality.of_node(node) for node in read.objects(member.cluster, kind("Node"), metadata_only=True)}
        clients += [Client(member.name, where, network) for where in sorted(set(nodes.values()))]
        endpoints += _endpoints(member, service, nodes, network)
    own = read.get(here, kind("Service"), service.name, service.namespace)
    return Scene(clients, endpoints, _rules(here, rules_in), own)


def _network(cluster: Cluster, namespace: str) -> str:
    found = read.get(cluster, kind("Namespace"), namespace, metadata_only=True)
    return raw.labels_of(found or {}).get(locality.NETWORK, "")


def _endpoints(member: Member, service: Service, nodes: dict[str, Locality], network: str) -> list[Endpoint]:
    """The ready endpoints, each pod once: a service of two address families has a slice for each."""
    slices = read.objects(member.cluster, kind("EndpointSlice"), service.namespace, labels=f"{_SERVICE_NAME}={service.name}")
    ready = [one for each in slices for one in raw.items(each, "endpoints") if raw.at(one, "conditions", "ready") is not False]
    unique = {raw.text(one, "targetRef", "name") or str(raw.items(one, "addresses")): one for one in ready}
    pods = read.objects(member.cluster, kind("Pod"), service.namespace, metadata_only=True) if ready else []
    marks = {raw.name(pod): raw.labels_of(pod) for pod in pods}
    found = []
    for one in unique.values():
        own = marks.get(raw.text(one, "targetRef", "name"), {})
        where = locality.of_pod(own, nodes.get(raw.text(one, "nodeName")))
        found.append(Endpoint(member.name, where, own.get(locality.NETWORK) or network, own))
    return found


def _rules(cluster: Cluster, namespaces: frozenset[str]) -> list[raw.Raw] | None:
    try:
        found = read.objects(cluster, kind("DestinationRule"))
    except ApiError as error:
        if error.status == 403:
            return None
        raise
    return [rule for rule in found if raw.namespace(rule) in namespaces]
