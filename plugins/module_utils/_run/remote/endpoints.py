# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading what EndpointSlices on a remote cluster depend on: the slices themselves, and what the primary shows."""

from __future__ import annotations

from collections.abc import Iterable

from ..._cluster import kinds, read
from ..._cluster.connect import Cluster
from ..._mesh import labels, raw
from ..._plan.gateways import addresses as gateway_addresses
from ..._plan.objects.steps import Object
from ..._plan.remote import endpoint_source, endpoints, mirrored_services

_SLICE, _SERVICE, _POD = kinds.kind("EndpointSlice"), kinds.kind("Service"), kinds.kind("Pod")


def slices(cluster: Cluster) -> list[Object]:
    """The slices of ours on a remote cluster, in one request."""
    return endpoints.ours(read.objects(cluster, _SLICE, labels=labels.OWNER))


def shown(primary: Cluster, namespace: str, sources: Iterable[endpoint_source.Source]) -> endpoints.Shown:
    """What the primary shows of these sources: one request for all istiods, and one for each gateway and namespace with services.

    :param namespace: of istiod.
    """
    by_reach: dict[str, list[endpoint_source.Source]] = {}
    for one in sources:
        by_reach.setdefault(one.reach, []).append(one)
    addresses = _istiods(primary, namespace, by_reach.get(endpoint_source.PODS, []))
    for one in by_reach.get(endpoint_source.GATEWAY, []):
        home, _slash, name = one.subject.partition("/")
        addresses[one] = gateway_addresses.addresses(read.get(primary, _SERVICE, name, home) or {})
    return endpoints.Shown(addresses, of_services(primary, [one.subject for one in by_reach.get(endpoint_source.SERVICE, [])]))


def of_services(primary: Cluster, subjects: Iterable[str]) -> dict[str, list[Object]]:
    """The slices of Services on the primary, by C(namespace/name), in one request for each namespace."""
    names: dict[str, list[str]] = {}
    for subject in subjects:
        home, _slash, name = subject.partition("/")
        names.setdefault(home, []).append(name)
    found: dict[str, list[Object]] = {}
    for home, wanted in names.items():
        for one in read.objects(primary, _SLICE, home, labels=f"{mirrored_services.SERVICE_NAME} in ({','.join(sorted(wanted))})"):
            found.setdefault(f"{home}/{raw.labels_of(one)[mirrored_services.SERVICE_NAME]}", []).append(one)
    return found


def services(primary: Cluster, subjects: Iterable[str]) -> dict[str, Object | None]:
    """Services of the primary by C(namespace/name), in one request each."""
    pairs = ((subject, *subject.split("/")) for subject in subjects)
    return {subject: read.get(primary, _SERVICE, name, home) for subject, home, name in pairs}


def missing_namespaces(cluster: Cluster, namespaces: Iterable[str]) -> list[str]:
    """Those namespaces that a cluster does not have, in one request each."""
    kind = kinds.kind("Namespace")
    return [name for name in sorted(set(namespaces)) if read.get(cluster, kind, name, metadata_only=True) is None]


def _istiods(primary: Cluster, namespace: str, sources: list[endpoint_source.Source]) -> dict[endpoint_source.Source, list[str]]:
    if not sources:
        return {}
    pods = read.objects(primary, _POD, namespace, labels="app=istiod")
    return {one: endpoint_source.of_pods(pod for pod in pods if raw.labels_of(pod).get(labels.REV) == one.subject) for one in sources}
