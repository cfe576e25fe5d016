# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The evidence of use of several clusters of one mesh, read at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError, Unreachable
from ..._cluster.peer import Peer
from ..._mesh import usage
from ..._mesh.blocker import Blocker
from ..._mesh.evidence import Evidence
from . import evidence

_AT_ONCE = 8


@dataclass(frozen=True)
class Everywhere:
    """What was read: of the first cluster, of the others, and by name why one could not be reached."""

    own: Evidence
    others: tuple[Evidence, ...] = ()
    unreached: dict[str, str] = field(default_factory=dict)

    def blockers(self, revision: str) -> list[Blocker]:
        """All that stands against deleting a revision of the first cluster."""
        return usage.blockers(revision, [self.own, *self.others], unreached=self.unreached)


def collect(cluster: Cluster, namespace: str, peers: Sequence[Peer] = ()) -> Everywhere:
    """All evidence of a cluster and of its peers.

    :param namespace: the control plane namespace, which is the same in all of them.
    """
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        others = pool.map(lambda peer: _of_peer(peer, namespace), peers)
        own = evidence.collect(cluster, namespace)
        found = list(others)
    pairs = list(zip(peers, found, strict=True))
    return Everywhere(
        own=own,
        others=tuple(one for one in found if isinstance(one, Evidence)),
        unreached={peer.name: one for peer, one in pairs if isinstance(one, str)},
    )


def _of_peer(peer: Peer, namespace: str) -> Evidence | str:
    """The evidence of a cluster, or why it could not be reached."""
    if peer.cluster is None:
        return peer.problem
    try:
        return evidence.collect(peer.cluster, namespace, retired_too=False)
    except (ApiError, Unreachable) as problem:
        return problem.problem.rstrip(".")
