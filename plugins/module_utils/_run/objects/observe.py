# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Collecting what an owner has in the cluster, in about one list request per kind."""

from __future__ import annotations

from collections.abc import Iterable

from ..._cluster import kinds, read
from ..._cluster.connect import Cluster
from ..._mesh import labels
from ..._plan.objects.steps import Object, Ref, ref_of

# What the base, istiod and gateway charts may hold: the kinds that are looked through for objects to prune.
INVENTORY = (
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Service",
    "EndpointSlice",
    "Deployment",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "NetworkPolicy",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "EnvoyFilter",
)


def owned(cluster: Cluster, owner: str, wanted: Iterable[Object] = (), inventory: Iterable[str] = INVENTORY) -> dict[Ref, Object]:
    """Every live object that carries the owner, and every wanted one that exists, whoever made it."""
    live: dict[Ref, Object] = {}
    for name in inventory:
        for obj in read.objects(cluster, kinds.kind(name), labels=f"{labels.OWNER}={owner}"):
            # Controllers copy labels to what they derive, such as the EndpointSlices of a Service: that goes with its owner.
            if not obj["metadata"].get("ownerReferences"):
                live[ref_of(obj)] = obj
    for obj in wanted:
        ref = ref_of(obj)
        if ref not in live:
            found = read.get(cluster, kinds.of(obj), ref.name, ref.namespace or None)
            if found is not None:
                live[ref] = found
    return live
