# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading a gateway: its workload, pods and Service, and what was rendered for it."""

from __future__ import annotations

from collections.abc import Iterable

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.kinds import kind
from ..._cluster.wait import Pending, Ready
from ..._mesh import gateway, labels, raw, workload
from ..._plan.dataplane import gateway_api
from ..._plan.dataplane.labels import NamespaceState
from ..._plan.gateways import chart as gateway_chart
from ..._plan.gateways.model import GatewayState, owner
from ..._plan.objects.steps import Object, Ref
from ..dataplane.read import pods_with
from ..objects import observe

Raw = raw.Raw
_SERVICE_NAME = "kubernetes.io/service-name"


def find(cluster: Cluster, namespace: str, name: str) -> GatewayState:
    """What is there under this name: four to seven requests."""
    home = read.get(cluster, kind("Namespace"), namespace, metadata_only=True)
    if home is None:
        return GatewayState(name, NamespaceState(namespace, None))
    found = _workload(cluster, namespace, name)
    api = None
    if found is None or gateway_api.is_managed(found):
        api = read.get(cluster, kind("Gateway"), _gateway_name(found, name), namespace)
    if found is None and api is not None:
        found = _of_gateway(cluster, namespace, name)
    service = _service(cluster, found, name) if found else None
    return GatewayState(
        name=name,
        namespace_state=NamespaceState(namespace, home, (found,) if found else (), tuple(_pods(cluster, found))),
        workload=found,
        api=api,
        service=service,
        endpoints=_endpoints(cluster, service) if service else 0,
    )


def served(cluster: Cluster, namespace: str, name: str) -> Pending | Ready[GatewayState]:
    """The gateway once its Service, if it has one, has a ready endpoint; one that is scaled to nothing needs none."""
    found = find(cluster, namespace, name)
    wanted = workload.parse(found.workload).replicas if found.workload else 0
    if found.served or not wanted:
        return Ready(found)
    return Pending(f"a ready endpoint of Service {raw.qualified(found.service or {})}")


def rendered(cluster: Cluster, found: GatewayState, wanted: Iterable[Object] = ()) -> dict[Ref, Object]:
    """The objects in its namespace that were rendered for this gateway, and the wanted ones that exist."""
    everywhere = observe.owned(cluster, owner(found.name), wanted, gateway_chart.INVENTORY)
    return {ref: obj for ref, obj in everywhere.items() if ref.namespace == found.namespace_state.name}


def gone(cluster: Cluster, found: GatewayState) -> Pending | Ready[bool]:
    """Whether all pods of a removed gateway have been told to end; one that has connections may take its time."""
    pods = [pod for pod in _pods(cluster, found.workload) if raw.at(pod, "metadata", "deletionTimestamp") is None]
    return Pending(f"{len(pods)} pods of {found} to end") if pods else Ready(True)


def _workload(cluster: Cluster, namespace: str, name: str) -> Object | None:
    candidates = (read.get(cluster, kind(one), name, namespace) for one in gateway.KINDS)
    return next((found for found in candidates if found is not None), None)


def _gateway_name(found: Object | None, name: str) -> str:
    return raw.labels_of(found).get(labels.GATEWAY_NAME, name) if found else name


def _of_gateway(cluster: Cluster, namespace: str, name: str) -> Object | None:
    """The Deployment that istiod keeps for a Gateway."""
    made = read.objects(cluster, kind("Deployment"), namespace, labels=f"{labels.GATEWAY_NAME}={name}")
    return made[0] if made else None


def _pods(cluster: Cluster, found: Raw | None) -> list[Object]:
    return pods_with(cluster, raw.namespace(found), workload.parse(found).selector) if found else []


def _service(cluster: Cluster, found: Raw, name: str) -> Object | None:
    """The Service that selects its pods: the one of its name where there are several."""
    services = read.objects(cluster, kind("Service"), raw.namespace(found))
    names = gateway.services_of(workload.parse(found).template_labels, raw.namespace(found), services)
    chosen = name if name in names else next(iter(names), None)
    return next((one for one in services if raw.name(one) == chosen), None)


def _endpoints(cluster: Cluster, service: Raw) -> int:
    """How many endpoints of a Service are ready."""
    wanted = f"{_SERVICE_NAME}={raw.name(service)}"
    slices = read.objects(cluster, kind("EndpointSlice"), raw.namespace(service), labels=wanted)
    return sum(raw.at(one, "conditions", "ready") is not False for found in slices for one in raw.items(found, "endpoints"))
