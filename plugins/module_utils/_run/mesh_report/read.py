# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading what a report tells of a mesh beside its control planes and workloads, in about twelve requests."""

from __future__ import annotations

from typing import Any

from ..._cluster.connect import Cluster
from ..._mesh import certificate, locality, plane, raw
from ..._mesh.revision import Names
from ..._plan.mesh_report import attached, entries, settings
from ..._plan.remote.secret import MULTICLUSTER, own_ids
from ..._words import TIME
from ..locality.read import parsed
from ..objects.partial import PartialReader
from ..survey.proxies import ISTIOD

_ROOT = "istio-ca-root-cert"


def facts(cluster: Cluster, namespace: str) -> dict[str, Any]:
    """What a mesh is set to and reached by.

    :param namespace: of its control plane; the configuration of a plane in another namespace is read there.
    """
    seen = PartialReader(cluster)
    deployments = seen.whole("Deployment", labels=ISTIOD)
    home = seen.get("Namespace", None, namespace, metadata_only=True)
    gateways = [*seen.whole("IstioGateway"), *seen.whole("Gateway")]
    virtual = seen.whole("VirtualService", reduced=entries.kept_of_route)
    routes = [one for name in ("HTTPRoute", "GRPCRoute") for one in seen.whole(name, reduced=entries.kept_of_route)]
    return {
        "network": raw.labels_of(home or {}).get(locality.NETWORK, ""),
        "cluster_names": sorted(own_ids(deployments)),
        "settings": [_settings(seen, one) for one in plane.control_planes(deployments)],
        "roots": _roots(seen, namespace),
        "remote_secrets": attached.attached(seen.whole("Secret", namespace, labels=f"{MULTICLUSTER}=true")),
        "services": entries.services(seen.whole("Service", reduced=entries.kept_of_service)),
        "listeners": entries.listeners(gateways, virtual, routes),
        "localities": settings.policies(seen.whole("DestinationRule", reduced=settings.kept_of_rule)),
        "unreadable": list(dict.fromkeys(seen.unread)),
    }


def _settings(seen: PartialReader, found: plane.ControlPlane) -> dict[str, Any]:
    """What the mesh configuration of a control plane says; of one that may not be read nothing."""
    name = Names(found.revision, found.namespace).mesh_config
    config = seen.get("ConfigMap", found.namespace, name)
    said = settings.settings(parsed(raw.text(config, "data", "mesh"))) if config else {}
    return {"revision": found.revision, "namespace": found.namespace, "read": config is not None, **said}


def _roots(seen: PartialReader, namespace: str) -> list[dict[str, Any]]:
    """The roots that proxies trust."""
    shown = seen.get("ConfigMap", namespace, _ROOT)
    roots = certificate.certificates(raw.text(shown or {}, "data", "root-cert.pem"))
    return [{"fingerprint": one.fingerprint, "expires": one.ends.strftime(TIME)} for one in roots]
