# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Asking the istiods how they read a remote cluster: every ready replica, for each reads by itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._cluster import kinds, portforward, read
from ..._cluster.connect import Cluster
from ..._cluster.wait import Pending, Ready
from ..._errors import MeshyardError
from ..._mesh import raw
from ..probe.source import is_ready
from ..survey.proxies import ISTIOD, PORT

CLUSTERS, ENDPOINTS = "/debug/clusterz", "/debug/endpointShardz"
SYNCED, UNKNOWN, CLOSED, UNREADABLE = "synced", "unknown", "closed", "unreadable"
SETTLED_SECONDS = 5.0
_LAST_USED = "kubernetes.io/legacy-token-last-used"
_TIMEOUT = 20.0


@dataclass(frozen=True)
class ClusterSyncStatus:
    """What one istiod says of a remote cluster.

    :ivar status: C(synced), C(syncing), C(timeout) or C(closed); C(unknown) where it does not know the cluster, C(unreadable)
        where it did not answer, for C(reason).
    """

    istiod: str
    status: str
    endpoints: int = 0
    reason: str = ""

    def describe(self) -> dict[str, str]:
        """As the module returns it."""
        return {"istiod": self.istiod, "status": self.status}


def ask(cluster: Cluster, namespace: str, secret: str, name: str) -> list[ClusterSyncStatus]:
    """What every ready istiod of a namespace says of the cluster that a remote secret names."""
    pods = [pod for pod in read.objects(cluster, kinds.kind("Pod"), namespace, labels=ISTIOD) if is_ready(pod)]
    return [_ask(cluster, namespace, raw.name(pod), f"{namespace}/{secret}", name) for pod in pods]


def _ask(cluster: Cluster, namespace: str, pod: str, secret: str, name: str) -> ClusterSyncStatus:
    try:
        clusters = _page(cluster, namespace, pod, CLUSTERS)
        if not isinstance(clusters, list):
            raise ValueError(CLUSTERS)
        status = next((raw.text(one, "syncStatus") for one in clusters if _is(one, secret, name)), UNKNOWN)
        return ClusterSyncStatus(pod, status, counted(_page(cluster, namespace, pod, ENDPOINTS), name))
    except MeshyardError as problem:
        return ClusterSyncStatus(pod, UNREADABLE, reason=problem.problem.rstrip("."))
    except (ValueError, AttributeError, TypeError):
        return ClusterSyncStatus(pod, UNREADABLE, reason="it did not answer with the JSON of a debug page")


def _page(cluster: Cluster, namespace: str, pod: str, path: str) -> Any:
    return json.loads(portforward.http_get(cluster, namespace, pod, PORT, path, timeout=_TIMEOUT))


def _is(one: raw.Raw, secret: str, name: str) -> bool:
    return (raw.text(one, "id"), raw.text(one, "secretName")) == (name, secret)


def counted(shards: Mapping[str, Mapping[str, raw.Raw]], name: str) -> int:
    """The endpoints of a cluster in the answer of C(/debug/endpointShardz): by service, namespace, and registry with cluster."""
    return sum(
        len(endpoints or ())
        for namespaces in shards.values()
        for found in namespaces.values()
        for registry, endpoints in raw.mapping(found, "Shards").items()
        if registry.partition("/")[2] == name
    )


def missing(said: list[ClusterSyncStatus], endpoints: int, name: str) -> str:
    """What is still awaited before all istiods read a cluster, in words; empty where nothing is."""
    for one in said:
        if one.status == UNREADABLE:
            return f"an answer of istiod {one.istiod}: {one.reason}"
        if one.status != SYNCED:
            return f"istiod {one.istiod} to be in sync with cluster {name} (it says {one.status})"
        if one.endpoints < endpoints:
            return f"istiod {one.istiod} to have {endpoints} endpoints of cluster {name} again (it has {one.endpoints})"
    return ""


def synced(cluster: Cluster, namespace: str, secret: str, name: str) -> Callable[[], Pending | Ready[list[ClusterSyncStatus]]]:
    """The condition that every ready istiod is in sync with a cluster; it holds where no istiod is ready."""

    def look() -> Pending | Ready[list[ClusterSyncStatus]]:
        said = ask(cluster, namespace, secret, name)
        awaited = missing(said, 0, name)
        return Pending(awaited) if awaited else Ready(said)

    return look


def forgotten(cluster: Cluster, namespace: str, secret: str, name: str) -> Callable[[], Pending | Ready[None]]:
    """The condition that no ready istiod reads a cluster any more, so that nothing it writes there comes back."""

    def look() -> Pending | Ready[None]:
        late = next((one for one in ask(cluster, namespace, secret, name) if one.status not in (UNKNOWN, CLOSED)), None)
        return Pending(f"istiod {late.istiod} to forget cluster {name}") if late else Ready(None)

    return look


@dataclass
class Swapped:
    """The condition that every istiod reads by a new token and lost nothing.

    istiod does not tell by which token it reads. So its answer must hold for a while after the swap, and where the API server of the
    remote cluster notes the use of tokens, as it did for the old one, it must have noted that of the new one.

    :ivar ask: asks the istiods. :ivar token: reads the new token Secret. :ivar endpoints: how many there were before.
    :ivar noted: whether the use of the old token was noted. :ivar clock: seconds that only grow.
    """

    name: str
    ask: Callable[[], list[ClusterSyncStatus]]
    token: Callable[[], raw.Raw | None]
    endpoints: int
    noted: bool
    clock: Callable[[], float] = time.monotonic
    _since: float | None = None

    def look(self) -> Pending | Ready[list[ClusterSyncStatus]]:
        """Judges what is seen now."""
        said = self.ask()
        awaited = missing(said, self.endpoints, self.name) if said else "an istiod that is ready"
        if not awaited and self.noted and not is_used(self.token() or {}):
            awaited = f"istiod to use the new token of cluster {self.name}"
        if awaited:
            self._since = None
            return Pending(awaited)
        self._since = self.clock() if self._since is None else self._since
        if self.clock() - self._since < SETTLED_SECONDS:
            return Pending(f"the istiods to stay in sync with cluster {self.name} for {SETTLED_SECONDS:.0f} s")
        return Ready(said)


def is_used(token: raw.Raw) -> bool:
    """Whether the API server has noted that a token was used."""
    return _LAST_USED in raw.labels_of(token)
