# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a locality setting does to the traffic of each client: priorities, and the shares of those that come first.

It does what istiod does (pilot/pkg/networking/core/loadbalancer in istio/istio), endpoint by endpoint.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from . import locality as places
from . import raw
from .locality import Client, Endpoint, Locality

_ELSEWHERE, _MISSED = 3, 4
_DISTRIBUTION = "networking.istio.io/traffic-distribution"
_ZONE_FIRST = (places.NETWORK, places.REGION, places.ZONE)
# The labels by which istiod orders endpoints for a Service. The node of a client is not looked at here.
_PREFERRED = {
    "PreferClose": _ZONE_FIRST,
    "PreferSameZone": _ZONE_FIRST,
    "PreferSameNode": (*_ZONE_FIRST, places.SUBZONE),
}


@dataclass(frozen=True)
class Distribution:
    """Weights in percent by pattern of a locality, for clients in C(source)."""

    source: str
    to: Mapping[str, int]


@dataclass(frozen=True)
class Setting:
    """What the traffic policy of a rule says of localities.

    :ivar failover: pairs of regions, from and to.
    """

    enabled: bool = True
    outlier_detection: bool = False
    distribute: tuple[Distribution, ...] = ()
    failover: tuple[tuple[str, str], ...] = ()
    failover_priority: tuple[str, ...] = ()

    def distribution(self, client: Client) -> Distribution | None:
        """The weights for a client: those of the first pattern that names its locality."""
        named = (one for one in self.distribute if places.matches(one.source, client.locality))
        return next(named, None) if self.enabled else None

    @property
    def fails_over(self) -> bool:
        """Whether endpoints get priorities at all."""
        return self.enabled and self.outlier_detection and not self.distribute


@dataclass(frozen=True)
class Row:
    """What is predicted for one client.

    :ivar priorities: groups of endpoints; a group gets traffic while all before it are down.
    :ivar shares: by locality; empty where the client reaches nothing. They sum to 1.
    :ivar clusters: the same by cluster.
    """

    client: Client
    priorities: tuple[tuple[Endpoint, ...], ...]
    shares: Mapping[Locality, Fraction]
    clusters: Mapping[str, Fraction]

    def describe(self) -> dict[str, Any]:
        """The row as it is returned."""
        where = self.client.locality
        return {
            "from": {"cluster": self.client.cluster, "region": where.region, "zone": where.zone, "subzone": where.subzone},
            "priorities": [
                {"priority": number, "localities": sorted({str(one.locality) for one in group}), "endpoints": len(group)}
                for number, group in enumerate(self.priorities)
            ],
            "shares": {str(where): _percent(share) for where, share in sorted(self.shares.items())},
            "clusters": {name: _percent(share) for name, share in sorted(self.clusters.items())},
        }


def setting_of(policy: raw.Raw) -> Setting:
    """The locality setting of a traffic policy."""
    given = raw.mapping(policy, "loadBalancer", "localityLbSetting")
    return Setting(
        enabled=given.get("enabled") is not False,
        outlier_detection=policy.get("outlierDetection") is not None,
        distribute=tuple(Distribution(raw.text(one, "from"), raw.mapping(one, "to")) for one in raw.items(given, "distribute")),
        failover=tuple((raw.text(one, "from"), raw.text(one, "to")) for one in raw.items(given, "failover")),
        failover_priority=tuple(raw.items(given, "failoverPriority")),
    )


def mesh_policy(config: raw.Raw) -> dict[str, Any]:
    """What a mesh configuration says for rules that leave it out, in the shape of a traffic policy."""
    balancing = {key: config[key] for key in ("localityLbSetting", "zoneAwareLbSetting") if config.get(key) is not None}
    blocks = raw.mapping(config, "defaultTrafficPolicy")
    further = {key: blocks[key] for key in ("outlierDetection", "connectionPool") if blocks.get(key) is not None}
    return {**({"loadBalancer": balancing} if balancing else {}), **further}


def traffic_distribution(service: raw.Raw) -> str:
    """What a Service asks for by itself, in its specification or in Istio's annotation; empty where it does not."""
    preference = raw.text(service, "spec", "trafficDistribution") or raw.annotations_of(service).get(_DISTRIBUTION, "")
    return preference if preference in _PREFERRED else ""


def effective(policy: raw.Raw, service: raw.Raw, mesh: raw.Raw) -> Setting:
    """The setting that counts for a service: its rule's, else what the Service asks for, else the mesh's.

    Outlier detection of the mesh takes endpoints out, but istiod orders endpoints by locality for the outlier detection of a rule
    alone (pilot/pkg/xds/endpoints/endpoint_builder.go, getOutlierDetectionAndLoadBalancerSettings); seen so with live proxies.

    :param policy: the traffic policy of its rule, empty without one. :param mesh: what C(mesh_policy) returned.
    """
    outlier = policy.get("outlierDetection") is not None
    wanted = traffic_distribution(service)
    if raw.at(policy, "loadBalancer", "localityLbSetting") is not None:
        return replace(setting_of(policy), outlier_detection=outlier)
    if wanted:  # fails over by the readiness of the endpoints, without outlier detection
        return Setting(outlier_detection=True, failover_priority=_PREFERRED[wanted])
    return replace(setting_of(mesh), outlier_detection=outlier)


def predict(setting: Setting, clients: Iterable[Client], endpoints: Sequence[Endpoint]) -> list[Row]:
    """One row for each client."""
    return [_row(setting, client, endpoints) for client in clients]


def starved(setting: Setting, client: Client, endpoints: Iterable[Endpoint]) -> list[Locality]:
    """Localities with endpoints that get nothing from this client, because its weights do not name them."""
    given = setting.distribution(client)
    if given is None:
        return []
    return sorted({one.locality for one in endpoints if not any(places.matches(to, one.locality) for to in given.to)})


def _row(setting: Setting, client: Client, endpoints: Sequence[Endpoint]) -> Row:
    given = setting.distribution(client)
    if given is not None:
        named = tuple(one for one in endpoints if any(places.matches(to, one.locality) for to in given.to))
        return Row(client, (named,) if named else (), *_shares(named, _weights(given, named)))
    groups = _priorities(setting, client, endpoints)
    first = groups[0] if groups else ()
    return Row(client, groups, *_shares(first, Counter(one.locality for one in first)))


def _priorities(setting: Setting, client: Client, endpoints: Sequence[Endpoint]) -> tuple[tuple[Endpoint, ...], ...]:
    """The groups in their order; empty ones do not exist, so that the first has endpoints."""
    ranked: dict[tuple[int, int], list[Endpoint]] = {}
    for one in endpoints:
        rank = (_label_rank(setting, client, one), _place_rank(setting, client, one)) if setting.fails_over else (0, 0)
        ranked.setdefault(rank, []).append(one)
    return tuple(tuple(ranked[rank]) for rank in sorted(ranked))


def _label_rank(setting: Setting, client: Client, endpoint: Endpoint) -> int:
    """0 where all labels of the failover priority are the same, and the more the earlier the first differs."""
    theirs = endpoint.labels_for(client)
    for position, entry in enumerate(setting.failover_priority):
        key, given, value = entry.partition("=")
        mine = value if given else client.labels.get(key, "")
        if mine != theirs.get(key, ""):
            return len(setting.failover_priority) - position
    return 0


def _place_rank(setting: Setting, client: Client, endpoint: Endpoint) -> int:
    if setting.failover_priority and not setting.failover:
        return 0
    far = places.distance(client.locality, endpoint.locality)
    target = dict(reversed(setting.failover)).get(client.locality.region)
    missed = far == _ELSEWHERE and target is not None and endpoint.locality.region != target
    return _MISSED if missed else far


def _weights(given: Distribution, endpoints: Sequence[Endpoint]) -> dict[Locality, int]:
    """The weight of each locality: that of its pattern, split by endpoints and rounded up as istiod does."""
    count = Counter(one.locality for one in endpoints)
    weights: dict[Locality, int] = {}
    for pattern, weight in given.to.items():
        named = [where for where in count if places.matches(pattern, where)]
        total = sum(count[where] for where in named)
        weights |= {where: math.ceil(Fraction(count[where] * weight, total)) for where in named}
    return weights


def _shares(endpoints: Sequence[Endpoint], weights: Mapping[Locality, int]) -> tuple[dict[Locality, Fraction], dict[str, Fraction]]:
    total, count = sum(weights.values()), Counter(one.locality for one in endpoints)
    shares = {where: Fraction(weight, total) for where, weight in weights.items()}
    clusters: dict[str, Fraction] = {}
    for one in endpoints:
        clusters[one.cluster] = clusters.get(one.cluster, Fraction(0)) + shares[one.locality] / count[one.locality]
    return shares, clusters


def _percent(share: Fraction) -> float:
    return round(float(share * 100), 2)
