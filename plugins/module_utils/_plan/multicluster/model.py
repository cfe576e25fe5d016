# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The clusters that are to be one mesh, as they were found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

from ..._errors import MeshyardError
from ..._mesh import raw
from ..._mesh.certificate import Certificate
from ..._mesh.proxies import Proxy
from ..finding import Finding, Level
from ..remote.control_plane import NETWORK
from ..remote.secret import PrimaryState

Role = Literal["primary", "remote"]
Topology = Literal["primary_remote", "multi_primary"]
# A finding, with the name of the cluster it is about.
ClusterFinding = tuple[str, Finding]


@dataclass(frozen=True)
class Given:
    """A cluster as the options describe it.

    :ivar server: the URL by which istiods of other clusters reach its API server; empty for that of the connection.
    :ivar planned: its control plane is still to be installed or changed, so that what it lacks is no obstacle yet.
    """

    name: str
    role: Role = "primary"
    network: str = ""
    server: str = ""
    planned: bool = False


@dataclass(frozen=True)
class Trust:
    """The root certificates of a cluster, and the object that holds them."""

    object: str
    roots: tuple[Certificate, ...]

    @property
    def fingerprints(self) -> frozenset[str]:
        """What tells them apart."""
        return frozenset(one.fingerprint for one in self.roots)


@dataclass(frozen=True)
class Plane:
    """An istiod that runs in a cluster, and what it is to its proxies; empty texts are not set or could not be read."""

    revision: str
    version: str = ""
    cluster_id: str = ""
    serves_others: bool = False
    mesh_id: str = ""
    trust_domain: str = ""
    network: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Serving:
    """A revision that is to serve the joining cluster; without a version where that is not given."""

    revision: str
    version: str = ""


@dataclass(frozen=True)
class Gateway:
    """A Service that leads into a network from others."""

    object: str
    network: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reach:
    """The addresses by which the joining cluster is to reach this one's istiod; C(problem) where there is no way."""

    addresses: tuple[str, ...] = ()
    source: str = ""
    problem: MeshyardError | None = None


@dataclass(frozen=True)
class Probe:
    """Whether the joining cluster's API server answered a pod of this cluster: None where none could ask."""

    answered: bool | None
    why: str = ""


@dataclass(frozen=True)
class View:
    """One cluster.

    :ivar problem: why it could not be read at all. :ivar home: its control plane namespace.
    :ivar served: whether anything injects proxies here. :ivar own: the roots of its own CA, from a Secret.
    :ivar shown: the roots that its pods are told, from a ConfigMap. :ivar ranges: the pod ranges of its nodes.
    :ivar pods: the pods with an address of their own, by that address. :ivar unread: sentences on what could not be read.
    :ivar ca_read: whether it is known that there is no CA where C(own) and C(shown) are None.
    """

    given: Given
    host: str = ""
    uid: str = ""
    problem: MeshyardError | None = None
    home: raw.Raw | None = None
    planes: tuple[Plane, ...] = ()
    served: bool = False
    ca_read: bool = True
    own: Trust | None = None
    shown: Trust | None = None
    secrets: PrimaryState | None = None
    gateways: tuple[Gateway, ...] = ()
    kubernetes: str = ""
    ranges: tuple[str, ...] = ()
    pods: Mapping[str, str] = field(default_factory=dict)
    proxies: Sequence[Proxy] = ()
    reaches: tuple[Reach, ...] = ()
    probe: Probe | None = None
    unread: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the cluster in the mesh."""
        return self.given.name

    @property
    def is_primary(self) -> bool:
        """Whether an istiod of its own serves it."""
        return self.given.role == "primary"

    @property
    def labelled(self) -> str:
        """The network that its control plane namespace names."""
        return raw.labels_of(self.home or {}).get(NETWORK, "")

    @property
    def network(self) -> str:
        """The network it is in, or is to be in."""
        return self.given.network or self.labelled or next((plane.network for plane in self.planes if plane.network), "")

    @property
    def server(self) -> str:
        """The URL by which others are to reach its API server."""
        return self.given.server or self.host

    @property
    def trust(self) -> Trust | None:
        """The roots that its proxies trust: of a primary those of its CA."""
        return (self.own or self.shown) if self.is_primary else self.shown


@dataclass(frozen=True)
class MeshClusters:
    """All clusters.

    :ivar here: the one that is to join. :ivar others: the rest of the mesh.
    :ivar serving: the revisions that are to serve it; empty for all.
    """

    topology: Topology
    here: View
    others: Sequence[View]
    namespace: str = "istio-system"
    serving: tuple[Serving, ...] = ()

    @property
    def revisions(self) -> list[str]:
        """The revisions that are to serve it, by name."""
        return [one.revision for one in self.serving]

    @property
    def views(self) -> list[View]:
        """The clusters that could be read."""
        return [view for view in (self.here, *self.others) if view.problem is None]

    @property
    def primaries(self) -> list[View]:
        """The primaries that could be read."""
        return [view for view in self.views if view.is_primary]

    def pairs(self, *, primaries: bool = False) -> Iterator[tuple[View, View]]:
        """Every two clusters that could be read, or every two primaries."""
        return combinations(self.primaries if primaries else self.views, 2)

    def planes(self, view: View) -> tuple[Plane, ...]:
        """The istiods of a cluster that matter: those of the revisions, or all where it has none of them."""
        wanted = tuple(plane for plane in view.planes if plane.revision in self.revisions)
        return wanted or view.planes


def refused(cluster: str, level: Level, code: str, what: str, check: Callable[[], object]) -> Iterator[ClusterFinding]:
    """What another module would refuse, as a finding."""
    try:
        check()
    except MeshyardError as problem:
        yield cluster, Finding(level, code, what, problem.problem, problem.remedy)
