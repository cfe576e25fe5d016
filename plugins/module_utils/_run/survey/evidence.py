# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading everything in a cluster that tells whether a revision is still in use. What may not be read stays unknown."""

from __future__ import annotations

from typing import Any

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._cluster.kinds import kind
from ..._mesh import labels as names
from ..._mesh import plane, raw, reduced, restart, workload
from ..._mesh.evidence import TEMPLATE_KINDS, Evidence
from . import proxies

# Configuration that only one revision reads when it carries that revision's label.
CONFIG_KINDS = (
    "Gateway",
    "IstioGateway",
    "HTTPRoute",
    "VirtualService",
    "DestinationRule",
    "ServiceEntry",
    "Sidecar",
    "WorkloadEntry",
    "WorkloadGroup",
    "EnvoyFilter",
    "ProxyConfig",
    "WasmPlugin",
    "Telemetry",
    "PeerAuthentication",
    "RequestAuthentication",
    "AuthorizationPolicy",
)
_FULL_KINDS = (*(name for name in TEMPLATE_KINDS if name != "ReplicaSet"), "ReplicationController", "Rollout")
_UNFINISHED = "status.phase!=Succeeded,status.phase!=Failed"
_REMOTE = "istio/multiCluster=true"
_CLUSTER = "networking.istio.io/cluster"


def collect(cluster: Cluster, namespace: str, *, retired_too: bool = True) -> Evidence:
    """All evidence of one cluster, in about thirty list requests and one question to each istiod pod.

    :param namespace: the control plane namespace, in which the remote secrets lie.
    :param retired_too: whether the run takes the revision's own objects away in this cluster as well.
    """
    replica_sets = _list(cluster, "ReplicaSet", metadata_only=True)
    workloads = {name: _list(cluster, name) for name in _FULL_KINDS}
    hooks = _list(cluster, "MutatingWebhookConfiguration")
    services = _list(cluster, "Service")
    planes = plane.control_planes(workloads["Deployment"] or (), hooks or (), services or ())
    istiods = _istiods(cluster)
    primary = any(one.location == "cluster" for one in planes)
    identity = proxies.cluster_id(istiods or ())
    return Evidence(
        cluster=cluster.name,
        primary=primary,
        namespaces=_list(cluster, "Namespace", metadata_only=True),
        pods=_list(cluster, "Pod", fields=_UNFINISHED),
        workloads={**workloads, "ReplicaSet": _unowned(cluster, replica_sets)},
        config={name: _list(cluster, name, labels=names.REV, metadata_only=True) for name in CONFIG_KINDS},
        mutating_webhooks=hooks,
        validating_webhooks=_list(cluster, "ValidatingWebhookConfiguration"),
        services=services,
        connections=proxies.connections(cluster, planes, istiods) if primary else None,
        remotes=_remotes(cluster, namespace, identity) if primary else (),
        owners=restart.owners_of(replica_sets or ()),
        retired_too=retired_too,
        identity=identity,
    )


def _list(
    cluster: Cluster, name: str, *, labels: str | None = None, fields: str | None = None, metadata_only: bool = False
) -> list[dict[str, Any]] | None:
    """What decisions read of all objects of a kind, or None where the API server refuses to show them."""
    try:
        return read.objects(cluster, kind(name), labels=labels, fields=fields, metadata_only=metadata_only, reduced=reduced.of(name))
    except ApiError:
        return None


def _istiods(cluster: Cluster) -> list[dict[str, Any]] | None:
    """The running istiods in full, for their environment tells by which name they know the cluster."""
    try:
        return proxies.istiods(cluster)
    except ApiError:
        return None


def _unowned(cluster: Cluster, replica_sets: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    """The ReplicaSets that nothing owns, in full: the others are the past of a Deployment, and many."""
    if replica_sets is None:
        return None
    alone = [(raw.namespace(one), raw.name(one)) for one in replica_sets if workload.owner(one) is None]
    try:
        found = [read.get(cluster, kind("ReplicaSet"), name, namespace) for namespace, name in alone]
    except ApiError:
        return None
    return [one for one in found if one is not None]


def _remotes(cluster: Cluster, namespace: str, own: str) -> list[str] | None:
    """The clusters that remote secrets name: each key of such a Secret is one, but istiod passes over its own."""
    try:
        secrets = read.objects(cluster, kind("Secret"), namespace, labels=_REMOTE)
    except ApiError:
        return None
    named = {key for secret in secrets for key in raw.mapping(secret, "data")}
    named |= {raw.annotations_of(secret).get(_CLUSTER, "") for secret in secrets}
    return sorted(named - {"", own})
