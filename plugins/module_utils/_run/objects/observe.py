# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Collecting what an owner has in the cluster, in about one list request per kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..._cluster import kinds, read
from ..._cluster.connect import Cluster
from ..._mesh import labels, raw
from ..._plan.objects import inventory as inventories
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


def owned(
    cluster: Cluster,
    owner: str,
    wanted: Iterable[Object] = (),
    inventory: Iterable[str] = INVENTORY,
    known: Mapping[str, Sequence[Object]] | None = None,
) -> dict[Ref, Object]:
    """Every live object that carries the owner, and every wanted one that exists, whoever made it.

    :param inventory: the kinds that are looked through. Where the first of the wanted objects names those that the owner has, the others
        are left out.
    :param known: by kind, what was read already; whatever else carries the owner is among it.
    """
    wanted, inventory, known = list(wanted), list(inventory), known or {}
    first = inventories.first(wanted)
    live = _carrying(cluster, owner, [first.kind] if first and first.kind in inventory else [], known)
    recorded = inventories.recorded(live, first)
    there = inventory if recorded is None else {*recorded, *(obj["kind"] for obj in wanted)}
    live |= _carrying(cluster, owner, [name for name in inventory if name in there and not (first and name == first.kind)], known)
    read_before = {ref_of(obj): obj for objects in known.values() for obj in objects}
    for obj in wanted:
        ref = ref_of(obj)
        if ref not in live:
            found = read_before.get(ref) or read.get(cluster, kinds.of(obj), ref.name, ref.namespace or None)
            if found is not None:
                live[ref] = found
    return live


def _carrying(cluster: Cluster, owner: str, names: Iterable[str], known: Mapping[str, Sequence[Object]]) -> dict[Ref, Object]:
    """The objects of some kinds that carry the owner."""
    found: dict[Ref, Object] = {}
    for name in names:
        there = known[name] if name in known else read.objects(cluster, kinds.kind(name), labels=f"{labels.OWNER}={owner}")
        for obj in there:
            # Controllers copy labels to what they derive, such as the EndpointSlices of a Service: that goes with its owner.
            if raw.labels_of(obj).get(labels.OWNER) == owner and not obj["metadata"].get("ownerReferences"):
                found[ref_of(obj)] = obj
    return found
