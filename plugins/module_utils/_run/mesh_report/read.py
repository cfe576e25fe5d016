# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading what a report tells of a mesh beside its control planes and workloads, in about twelve requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._cluster.kinds import kind
from ..._mesh import certificate, locality, plane, raw
from ..._mesh.revision import Names
from ..._plan.mesh_report import attached, entries, settings
from ..._plan.objects.steps import Object
from ..._plan.remote.secret import MULTICLUSTER, own_ids
from ..locality.read import parsed
from ..survey.proxies import ISTIOD

_ROOT = "istio-ca-root-cert"

T = TypeVar("T")


class _Reading:
    """Reads of one cluster in which a part that is refused is noted, and the rest goes on."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.unread: list[str] = []

    def listed(self, name: str, namespace: str | None = None, **options: Any) -> list[Object]:
        return self._attempt(lambda: read.objects(self.cluster, kind(name), namespace, **options), [])

    def get(self, name: str, one: str, namespace: str | None = None, **options: Any) -> Object | None:
        return self._attempt(lambda: read.get(self.cluster, kind(name), one, namespace, **options), None)

    def _attempt(self, what: Callable[[], T], instead: T) -> T:
        try:
            return what()
        except ApiError as problem:
            self.unread.append(problem.problem)
            return instead


def facts(cluster: Cluster, namespace: str) -> dict[str, Any]:
    """What a mesh is set to and reached by.

    :param namespace: of its control plane; the configuration of a plane in another namespace is read there.
    """
    seen = _Reading(cluster)
    deployments = seen.listed("Deployment", labels=ISTIOD)
    home = seen.get("Namespace", namespace, metadata_only=True)
    gateways = [*seen.listed("IstioGateway"), *seen.listed("Gateway")]
    virtual = seen.listed("VirtualService", reduced=entries.kept_of_route)
    routes = [one for name in ("HTTPRoute", "GRPCRoute") for one in seen.listed(name, reduced=entries.kept_of_route)]
    return {
        "network": raw.labels_of(home or {}).get(locality.NETWORK, ""),
        "cluster_names": sorted(own_ids(deployments)),
        "settings": [_settings(seen, one) for one in plane.control_planes(deployments)],
        "roots": _roots(seen, namespace),
        "remote_secrets": attached.attached(seen.listed("Secret", namespace, labels=f"{MULTICLUSTER}=true")),
        "services": entries.services(seen.listed("Service", reduced=entries.kept_of_service)),
        "listeners": entries.listeners(gateways, virtual, routes),
        "localities": settings.policies(seen.listed("DestinationRule", reduced=settings.kept_of_rule)),
        "unreadable": list(dict.fromkeys(seen.unread)),
    }


def _settings(seen: _Reading, found: plane.ControlPlane) -> dict[str, Any]:
    """What the mesh configuration of a control plane says; of one that may not be read nothing."""
    name = Names(found.revision, found.namespace).mesh_config
    config = seen.get("ConfigMap", name, found.namespace)
    said = settings.settings(parsed(raw.text(config, "data", "mesh"))) if config else {}
    return {"revision": found.revision, "namespace": found.namespace, "read": config is not None, **said}


def _roots(seen: _Reading, namespace: str) -> list[dict[str, Any]]:
    """The roots that proxies trust."""
    shown = seen.get("ConfigMap", _ROOT, namespace)
    roots = certificate.certificates(raw.text(shown or {}, "data", "root-cert.pem"))
    return [{"fingerprint": one.fingerprint, "expires": one.ends.strftime(attached.TIME)} for one in roots]
