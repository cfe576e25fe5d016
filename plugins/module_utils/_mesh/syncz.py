# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Which proxies are connected to which istiod, from the answers of C(/debug/syncz) of every replica."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from .._errors import MeshyardError
from . import raw

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Connection:
    """The stream between one proxy and one istiod.

    C(cluster) is the proxy's cluster ID as istiod knows it, C(version) the proxy's own, C(plane) the revision and
    C(istiod) the pod that was asked. C(pending) are the resource types that were sent and not acknowledged, C(errors)
    what the proxy rejected. C(sent) is the time of the last push in seconds since 1970, 0 where istiod does not tell.
    """

    namespace: str
    pod: str
    cluster: str
    version: str
    plane: str
    istiod: str
    pending: tuple[str, ...]
    errors: tuple[str, ...]
    idle: bool
    sent: float

    @property
    def synced(self) -> bool:
        """Whether it was sent something, and acknowledged all of it."""
        return not (self.idle or self.pending or self.errors)

    @property
    def key(self) -> Key:
        """Cluster ID, namespace and pod."""
        return self.cluster, self.namespace, self.pod


@dataclass(frozen=True)
class Silent:
    """An istiod pod that could not be asked, and why."""

    plane: str
    istiod: str
    reason: str


@dataclass(frozen=True)
class Connections:
    """The connections of a mesh, and the istiod pods that could not be asked."""

    by_proxy: Mapping[Key, Connection] = field(default_factory=dict)
    silent: tuple[Silent, ...] = ()

    def find(self, namespace: str, pod: str, cluster: str = "") -> Connection | None:
        """The connection of a pod; without a cluster ID that of the first cluster with a pod of that name."""
        if cluster:
            return self.by_proxy.get((cluster, namespace, pod))
        return self._anywhere.get((namespace, pod))

    @cached_property
    def _anywhere(self) -> dict[tuple[str, str], Connection]:
        # The first cluster by name is written last, and so it is the one that stays.
        return {key[1:]: one for key, one in sorted(self.by_proxy.items(), reverse=True)}

    def of_plane(self, revision: str) -> list[Connection]:
        """The connections to the istiods of a revision."""
        return [one for _key, one in sorted(self.by_proxy.items()) if one.plane == revision]


def parse(answer: Any, plane: str, istiod: str) -> list[Connection]:
    """The connections in the decoded answer of one istiod pod.

    :raises MeshyardError: the answer is not what C(/debug/syncz) gives.
    """
    entries = answer if answer is not None else []
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise MeshyardError(
            f"The istiod pod {istiod} of revision {plane} did not answer with a list of proxies.",
            "Check that port 15014 of this pod is istiod's own.",
            code="unreachable",
        )
    return [_connection(entry, plane, istiod) for entry in entries if raw.text(entry, "proxy")]


def merge(connections: Iterable[Connection], silent: Iterable[Silent] = ()) -> Connections:
    """One connection per proxy out of the answers of all replicas.

    A proxy that has just reconnected can be listed twice: the stream with the latest push counts, and where times do
    not tell, the one that is worse off.
    """
    found: dict[Key, Connection] = {}
    for one in connections:
        rival = found.get(one.key)
        if rival is None or (one.sent, not one.synced) > (rival.sent, not rival.synced):
            found[one.key] = one
    return Connections(found, tuple(silent))


def _connection(entry: raw.Raw, plane: str, istiod: str) -> Connection:
    pod, _dot, namespace = raw.text(entry, "proxy").rpartition(".")
    resources = _resources(entry) or _flat(entry)
    return Connection(
        namespace=namespace,
        pod=pod,
        cluster=raw.text(entry, "cluster_id"),
        version=raw.text(entry, "istio_version") or raw.text(entry, "proxy_version"),
        plane=plane,
        istiod=istiod,
        pending=tuple(sorted(name for name, one in resources.items() if one.get("sent") != one.get("acked"))),
        errors=tuple(sorted(f"{name}: {one['lastError']}" for name, one in resources.items() if one.get("lastError"))),
        idle=not any(one.get("sent") for one in resources.values()),
        sent=max((_seconds(raw.text(one, "sentTime")) for one in resources.values()), default=0.0),
    )


def _resources(entry: raw.Raw) -> dict[str, dict[str, Any]]:
    """The newer shape: a map from type URL to what was sent and acknowledged."""
    given = raw.mapping(entry, "resources")
    return {_short(url): dict(one) for url, one in given.items() if isinstance(one, Mapping)}


def _seconds(timestamp: str) -> float:
    try:
        return max(0.0, datetime.fromisoformat(timestamp).timestamp())
    except ValueError:
        return 0.0


def _short(type_url: str) -> str:
    return type_url.rpartition(".")[2] or type_url


def _flat(entry: raw.Raw) -> dict[str, dict[str, Any]]:
    """The older shape: fields such as C(cluster_sent) and C(cluster_acked)."""
    kinds = sorted({key.rpartition("_")[0] for key in entry if key.endswith(("_sent", "_acked"))})
    return {kind: {"sent": entry.get(f"{kind}_sent"), "acked": entry.get(f"{kind}_acked")} for kind in kinds}
