# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Waiting for the last pods of a revision to end, where nothing else stands against deleting it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..._cluster.connect import Cluster
from ..._cluster.peer import Peer
from ..._cluster.wait import Pending, Ready
from ..._mesh.blocker import Blocker
from . import evidence_of_clusters


def observe(cluster: Cluster, namespace: str, revision: str, peers: Sequence[Peer] = ()) -> Callable[[], Pending | Ready[list[Blocker]]]:
    """The condition that what stands against deleting a revision is final: nothing of it, or something that does not go by itself.

    :param namespace: the control plane namespace. :param peers: the other clusters of the mesh.
    """

    def look() -> Pending | Ready[list[Blocker]]:
        found = evidence_of_clusters.collect(cluster, namespace, peers).blockers(revision)
        if found and all(one.ending for one in found):
            return Pending(f"{found[0].kind} {found[0].namespace}/{found[0].name} to end")
        return Ready(found)

    return look
