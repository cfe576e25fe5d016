# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading what tells which part a cluster has in a mesh, in about six requests; nothing of a credential leaves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._cluster.connect import Cluster, connect
from ..._mesh import labels, locality, plane, raw, secret_data
from ..._plan.multicluster.discovery import Attached, ClusterSeen, address
from ..._plan.objects.steps import Object
from ..._plan.remote import control_plane, kubeconfig
from ..._plan.remote.secret import CLUSTER_UID, MULTICLUSTER, own_ids
from ..objects.partial import PartialReader
from ..survey.proxies import ISTIOD


def look(options: Mapping[str, Any], namespace: str) -> ClusterSeen:
    """What a cluster has of a mesh.

    :param options: of its connection. :param namespace: of its control plane.
    :raises MeshyardError: it cannot be reached.
    """
    return seen(connect(options), namespace)


def seen(cluster: Cluster, namespace: str) -> ClusterSeen:
    """What a connected cluster has of a mesh; what it refuses to show is noted."""
    reader = PartialReader(cluster)
    homes = reader.whole("Namespace", labels=f"{labels.NAMESPACE_NAME}={namespace}")
    home: Object = homes[0] if homes else {}
    deployments, hooks = reader.whole("Deployment", labels=ISTIOD), reader.whole("MutatingWebhookConfiguration")
    services = reader.whole("Service", namespace)
    planes = plane.control_planes(deployments, hooks, services)
    here = any(one.location == "cluster" for one in planes)
    secrets = reader.whole("Secret", namespace, labels=f"{MULTICLUSTER}=true") if here else []
    ids = own_ids(deployments)
    controlled_by = raw.annotations_of(home).get(control_plane.CONTROLLED_BY, "")
    return ClusterSeen(
        uid=cluster.uid,
        server=address(cluster.host),
        name=next(iter(ids)) if len(ids) == 1 else "",
        istiods=here,
        served=any(one.location == "remote" for one in planes),
        network=raw.labels_of(home).get(locality.NETWORK, ""),
        controlled_by=tuple(name.strip() for name in controlled_by.split(",") if name.strip()),
        attached=tuple(one for secret in secrets for one in _attached(secret)),
        unread=tuple(reader.unread),
    )


def _attached(secret: Object) -> list[Attached]:
    """The clusters of a remote secret: each key is the name of one."""
    uid = raw.annotations_of(secret).get(CLUSTER_UID, "")
    names = list(raw.mapping(secret, "data"))
    known = {name: kubeconfig.parse(secret_data.text(secret, name)) for name in names}
    return [Attached(name, uid if len(names) == 1 else "", address(found.server) if found else "") for name, found in known.items()]
