# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Finding the objects of a control plane or of the base whoever made them, and seeing that they are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..._cluster import kinds, read
from ..._cluster.connect import Cluster
from ..._cluster.wait import Pending, Ready
from ..._plan.control_plane import base, removal
from ..._plan.objects.steps import Object, Ref, ref_of


def of_planes(cluster: Cluster, namespace: str) -> list[Object]:
    """The metadata of everything among which the objects of a control plane are: one list for each kind."""
    inside = [_list(cluster, name, namespace) for name in removal.NAMESPACED]
    return [obj for found in (*inside, *(_list(cluster, name) for name in removal.CLUSTER_WIDE)) for obj in found]


def of_base(cluster: Cluster, namespace: str) -> list[Object]:
    """The metadata of everything among which the objects of the base are, but the CRDs."""
    return [obj for name in base.INVENTORY for obj in _list(cluster, name, namespace if kinds.kind(name).namespaced else None)]


def until_gone(cluster: Cluster, refs: Iterable[Ref], namespace: str = "", pods: str = "") -> Callable[[], Pending | Ready[None]]:
    """The condition that none of these objects is left, nor a pod.

    :param pods: the label selector of the pods; empty for none.
    """
    left = list(refs)

    def look() -> Pending | Ready[None]:
        left[:] = [ref for ref in left if _exists(cluster, ref)]
        if left:
            return Pending(f"{left[0]} to be gone")
        if not pods:
            return Ready(None)
        still = read.objects(cluster, kinds.kind("Pod"), namespace, labels=pods, metadata_only=True)
        return Pending(f"{ref_of(still[0])} to be gone") if still else Ready(None)

    return look


def _list(cluster: Cluster, name: str, namespace: str | None = None) -> list[Object]:
    return read.objects(cluster, kinds.kind(name), namespace, metadata_only=True)


def _exists(cluster: Cluster, ref: Ref) -> bool:
    return read.get(cluster, kinds.kind(ref.kind), ref.name, ref.namespace or None, metadata_only=True) is not None
