# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Localities: where nodes, clients and endpoints are, and which patterns of a locality setting name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import raw

REGION = "topology.kubernetes.io/region"
ZONE = "topology.kubernetes.io/zone"
SUBZONE = "topology.istio.io/subzone"
NETWORK = "topology.istio.io/network"
CLUSTER = "topology.istio.io/cluster"
PLACES = (REGION, ZONE, SUBZONE)
ANY = "*"
UNKNOWN = "unknown"

_FORMER = "failure-domain.beta.kubernetes.io"  # what nodes had before Kubernetes 1.17, which istiod still reads
_OF_POD = "istio-locality"


@dataclass(frozen=True, order=True)
class Locality:
    """Region, zone and subzone; empty where nobody knows."""

    region: str = ""
    zone: str = ""
    subzone: str = ""

    def __str__(self) -> str:
        return "/".join(self.parts).rstrip("/") or UNKNOWN

    @property
    def parts(self) -> tuple[str, str, str]:
        """The three in their order."""
        return self.region, self.zone, self.subzone

    @property
    def labels(self) -> dict[str, str]:
        """The labels that istiod adds to whoever is here."""
        return {key: value for key, value in zip(PLACES, self.parts, strict=True) if value}


@dataclass(frozen=True)
class Client:
    """Whoever asks from one locality of one cluster."""

    cluster: str
    locality: Locality
    network: str = ""

    @property
    def labels(self) -> dict[str, str]:
        """Those labels of its proxy that its place alone tells."""
        return labels_at(self.cluster, self.network, self.locality)


@dataclass(frozen=True)
class Endpoint:
    """One ready endpoint of a service; C(labels) are those of its pod."""

    cluster: str
    locality: Locality
    network: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def is_behind_gateway(self, client: Client) -> bool:
        """Whether the client reaches it through an east-west gateway, which hides all but its network, cluster and locality."""
        return bool(self.network and client.network and self.network != client.network)

    def labels_for(self, client: Client) -> dict[str, str]:
        """The labels that a failover priority compares."""
        if self.is_behind_gateway(client):
            return labels_at(self.cluster, self.network, Locality())
        return {**self.labels, **labels_at(self.cluster, self.network, self.locality)}


def labels_at(cluster: str, network: str, locality: Locality) -> dict[str, str]:
    """The labels that istiod adds by place; empty ones are left out."""
    added = {CLUSTER: cluster, NETWORK: network}
    return {**locality.labels, **{key: value for key, value in added.items() if value}}


def of_node(node: raw.Raw) -> Locality:
    """The locality of a node, as istiod reads it."""
    marks = raw.labels_of(node)
    region = marks.get(REGION) or marks.get(f"{_FORMER}/region", "")
    zone = marks.get(ZONE) or marks.get(f"{_FORMER}/zone", "")
    return Locality(region, zone, marks.get(SUBZONE, ""))


def of_pod(marks: Mapping[str, str], node: Locality | None) -> Locality:
    """The locality of a pod: that of its node unless its own label names another one."""
    label = marks.get(_OF_POD, "")
    return parse(label if "/" in label else label.replace(".", "/")) if label else node or Locality()


def parse(text: str) -> Locality:
    """A locality from C(region/zone/subzone), of which parts at the end may be missing."""
    region, zone, subzone = (*text.split("/", 2), "", "")[:3]
    return Locality(region, zone, subzone)


def matches(pattern: str, locality: Locality) -> bool:
    """Whether a pattern such as C(eu/a) or C(eu/*) names a locality; missing parts stand for any."""
    wanted = parse(pattern).parts
    return all(want in ("", ANY) or want == part for want, part in zip(wanted, locality.parts, strict=True)) and bool(wanted[0])


def covers(wide: str, narrow: str) -> bool:
    """Whether all that the second pattern names is named by the first one too."""
    pairs = zip(parse(wide).parts, parse(narrow).parts, strict=True)
    return all(want in ("", ANY) or want == part for want, part in pairs)


def distance(client: Locality, endpoint: Locality) -> int:
    """How far: 0 in the same subzone, 1 in the same zone, 2 in the same region, 3 elsewhere."""
    same = 0
    for mine, theirs in zip(client.parts, endpoint.parts, strict=True):
        if mine != theirs:
            break
        same += 1
    return 3 - same
